"""From sums to a report."""

from __future__ import annotations

from .._arguments import error
from .._names import family
from .metrics import _DEFINITIONS, _EXPOSED, _HOLDOUT, _METRICS, _flat
from .parts import Partial, summarize
from .table import Report
from .tables import _Source
from .times import _date, _day, _days

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .._edgetally import Totals
    from .plan import _Plan


@family
def report(
    df: Any,
    metric: str = "roas",
    *,
    columns: Mapping[str, str] | None = None,
    by: Any = (),
    date: str | None = None,
    window: Any = None,
    week_start: str = "monday",
    tz: str = "UTC",
    now: Any = None,
    lag: Any = None,
    adjust: str | None = None,
    attribution_window: Any = None,
    allow_mismatch: bool = False,
    arms: Sequence[Any] | None = None,
    nan_policy: str = "propagate",
    errors: str = "raise",
    threads: int | None = None,
    **options: Any,
) -> Report:
    """A metric by segment and window: ratios of sums, never means of ratios, with the calculators' own intervals.

    ``df`` is a pandas or Polars DataFrame, an Arrow table, anything that speaks Arrow, or a mapping of columns.
    ``metric`` is ``roas``, ``mer``, ``roi``, ``funnel``, ``target_cpa``, ``cpa``, ``cpc``, ``cpm``, ``ctr``, ``cac``
    or ``lift``. ``columns`` maps the metric's arguments to the table's columns where they are not called the same;
    further keywords, as ``gross_margin`` or ``confidence``, go to the calculator of that name. ``by`` names the
    segments' columns; a pair such as ``("signup", "month")`` makes cohorts of a date. For ``lift``, the table has
    both arms in a row (``exposed_users``, ``exposed_conversions``, ``holdout_users``, ``holdout_conversions``), or
    one (``columns={"arm": "group", "conversions": "bought"}``, with ``users`` where a row is more than one user, and
    ``arms=("ads", "psa")`` to say which is exposed).

    ``date`` names the column with the day, ``window`` is ``day``, ``week``, ``month``, ``quarter``, ``year`` or a
    number of days (counted from Monday, 1970-01-05). Instants are cut to days in ``tz``; those without a zone are
    taken as UTC. A window is ``complete`` when it is over at ``now`` (default: today) and the data reach over all of
    it, and ``mature`` when ``lag`` days (default: ``attribution_window`` where that is a number of days, else none)
    have passed since. ``adjust`` (``bh``, ``holm``) corrects the p-values of a lift for the number of rows;
    ``expected_split``, as ``(9, 1)``, tests the split of the users (``srm``); ``total`` of a lift has the stratified
    estimates too, and a warning where they contradict the pooled one. ``nan_policy`` says what a missing number does:
    ``propagate`` makes the segment's sums ``NaN``, ``omit`` counts it as zero, ``raise`` refuses.
    ``attribution_window`` is noted, so that reports with different ones are not compared by mistake.

    >>> import edgetally as et
    >>> rows = {
    ...     "channel": ["search", "search", "social", "social"],
    ...     "spend": [100.0, 300.0, 50.0, 0.0],
    ...     "revenue": [500.0, 600.0, 40.0, 10.0],
    ... }
    >>> r = et.report(rows, "roas", by="channel")
    >>> r["channel"], r["roas"].tolist(), round(float(r.total["roas"][0]), 4)
    (['search', 'social'], [2.75, 1.0], 2.5556)
    """
    part = summarize(
        df,
        metric,
        columns=columns,
        by=by,
        date=date,
        window=window,
        week_start=week_start,
        tz=tz,
        arms=arms,
        nan_policy=nan_policy,
        threads=threads,
    )
    kind = _Source(df).kind if type(df).__module__.partition(".")[0] in ("pandas", "polars") else "arrow"
    if isinstance(df, dict):
        kind = "mapping"
    return _make(part, kind, now, lag, adjust, attribution_window, allow_mismatch, errors, options)


def _make(
    part: Partial,
    kind: str,
    now: Any,
    lag: Any,
    adjust: str | None,
    attribution_window: Any,
    allow_mismatch: bool,
    errors: str,
    options: dict[str, Any],
) -> Report:
    plan = part._plan
    metric = _METRICS[plan.metric]
    for name in options:
        if name not in metric.options:
            known = f"; it takes {', '.join(metric.options)}" if metric.options else ""
            raise error("unknown_argument", f"{plan.metric} has no argument {name!r}{known}")
    if adjust not in (None, "bh", "holm"):
        raise error("unknown_choice", "adjust is not one of bh, holm")
    wait = _days(lag, "lag")
    if wait is None:
        wait = attribution_window if isinstance(attribution_window, int) else 0
    settings = {
        "options": dict(options),
        "adjust": adjust,
        "attribution_window": attribution_window,
        "lag": wait,
        "allow_mismatch": allow_mismatch,
    }
    today = _day(now, plan.tz) if plan.date is not None else 0
    full = (plan, settings, kind, today, wait, adjust, errors)
    places = list(range(len(plan.by)))
    rest = list(range(len(plan.by), len(part._totals.kinds)))
    total = _table(part._totals.by(rest), 0, full, None) if places else None
    return _table(part._totals, len(places), full, total)


def _table(totals: Totals, by: int, full: Any, total: Report | None) -> Report:
    import numpy as np

    plan, settings, kind, today, wait, adjust, errors = full
    metric = _METRICS[plan.metric]
    columns: dict[str, Any] = {}
    definition = {}
    kinds = totals.kinds
    keys = [totals.key(place) for place in range(len(kinds))]
    sums = {role: totals.sums(place) for place, role in enumerate(plan.roles)}
    rows = totals.rows()
    if plan.has_arm:
        keys, sums, rows = _by_arm(plan, keys, sums, rows)
    for place, name in enumerate(plan.by[:by]):
        column = keys[place]
        columns[name] = [_date(value) for value in column] if kinds[place] == "date" else column
        definition[name] = "A segment." if plan.by_windows[place] is None else "First day of the cohort's window."
    _windows(columns, plan, keys[by] if plan.date is not None else None, len(rows), totals, today, wait)
    columns["rows"] = rows
    sums["rows"] = rows
    for role in sums:
        if role != "rows":
            columns[role] = sums[role]
            definition[role] = f"Sum of {plan.columns.get(role, role)}."
    warnings: list[str] = []
    if len(rows):
        result = metric.calculate(sums, {**settings["options"], "errors": errors})
        for name, value in _flat(result).items():
            if name not in columns:
                columns[name] = np.full(len(rows), value) if isinstance(value, float) else value
                base = name.removesuffix("_low").removesuffix("_high")
                text = result.definition.get(name) or result.definition.get(base, "")
                end = " Lower end." if name == f"{base}_low" else " Upper end." if name == f"{base}_high" else ""
                definition[name] = text + end
        if plan.metric == "lift":
            _lift_flags(columns, result, adjust)
            if total is not None:
                warnings += _stratify(columns, sums, total, settings["options"].get("confidence", 0.95))
    for name in columns:
        if name in _DEFINITIONS:
            definition[name] = _DEFINITIONS[name]
    if plan.date is not None and plan.window != ("all", 0):
        if not all(columns["complete"]):
            warnings.append("Some windows are not complete: do not compare them with complete ones.")
        if not all(columns["mature"]):
            warnings.append("Some windows are not mature: late conversions are still to come.")
    if "srm" in columns and any(columns["srm"]):
        warnings.append("The users of some rows were not split as planned: believe no lift of theirs.")
    return Report(columns, definition, plan, settings, kind, total, tuple(warnings))


def _windows(
    columns: dict[str, Any], plan: _Plan, days: list[Any] | None, rows: int, totals: Totals, today: int, wait: int
) -> None:
    """The five columns that every row carries; empty where the table has no date."""
    from .._edgetally import window_around

    names = ("window_start", "window_end", "n_days", "complete", "mature")
    if days is None:
        for name in names:
            columns[name] = [None] * rows
        return
    place = len(totals.kinds) - 1 - plan.has_arm
    reach = totals.reach[place]
    known: dict[Any, tuple[Any, ...]] = {None: (None,) * 5}
    for day in set(days) - {None}:
        if plan.window == ("all", 0):
            start, end = reach[0], reach[1] + 1
        else:
            kind, length = plan.window or ("all", 0)
            start, end = window_around(kind, length, day)
        complete = today >= end and reach[0] <= start and end <= reach[1] + 1
        known[day] = (_date(start), _date(end), end - start, complete, today - end >= wait)
    for name, column in zip(names, zip(*(known[day] for day in days), strict=True) if rows else [()] * 5, strict=True):
        columns[name] = list(column)


def _by_arm(plan: _Plan, keys: list[Any], sums: dict[str, Any], rows: Any) -> Any:
    """Rows of one arm each, side by side."""
    import numpy as np

    arm = keys[-1]
    if plan.arms is None:

        def side(value: Any) -> int | None:
            word = str(value).lower()
            return 0 if word in _EXPOSED else 1 if word in _HOLDOUT else None

    else:
        exposed, holdout = plan.arms

        def side(value: Any) -> int | None:
            return 0 if value == exposed else 1 if value == holdout else None

    sides = [side(value) for value in arm]
    unknown = sorted({str(value) for value, s in zip(arm, sides, strict=True) if s is None})
    if unknown and plan.arms is None:
        raise error("unknown_choice", f"which arm is {', '.join(unknown)}? Say it with arms=(exposed, holdout)")
    names = list(zip(*keys[:-1], strict=True)) if keys[:-1] else [()] * len(arm)
    order: dict[Any, int] = {}
    for name, s in zip(names, sides, strict=True):
        if s is not None:
            order.setdefault(name, len(order))
    users = sums.get("users", rows)
    columns: dict[str, Any] = {"users": users, "conversions": sums["conversions"]}
    columns.update({name: sums[name] for name in ("revenue", "spend") if name in sums})
    new = {name: np.zeros((2, len(order))) for name in (*columns, "rows")}
    for place, (name, s) in enumerate(zip(names, sides, strict=True)):
        if s is not None:
            for role, column in columns.items():
                new[role][s, order[name]] = column[place]
            new["rows"][s, order[name]] = rows[place]
    wide = {
        "exposed_users": new["users"][0],
        "exposed_conversions": new["conversions"][0],
        "holdout_users": new["users"][1],
        "holdout_conversions": new["conversions"][1],
    }
    if "revenue" in new:
        wide["exposed_revenue"] = new["revenue"][0]
    if "spend" in new:
        wide["spend"] = new["spend"][0]
    back = [list(column) for column in zip(*order, strict=True)] if keys[:-1] and order else [[] for _ in keys[:-1]]
    return back, wide, new["rows"].sum(axis=0)


def _lift_flags(columns: dict[str, Any], result: Any, adjust: str | None) -> None:
    import numpy as np

    columns.pop("quality", None)
    flags = result.flags
    rows = len(columns["rows"])
    columns["flags"] = [", ".join(name for name, up in flags.items() if up[place]) for place in range(rows)]
    columns["srm"] = [bool(up) for up in flags["srm"]]
    if adjust is not None:
        from .._experiment import adjust_pvalues

        adjusted = adjust_pvalues(np.asarray(columns["p_value"], dtype=np.float64), method=adjust)
        columns["p_adjusted"] = np.asarray(adjusted.adjusted)


def _stratify(columns: dict[str, Any], sums: dict[str, Any], total: Report, confidence: float) -> list[str]:
    """What the segments say together, for the report of all of them; and where all users together say the opposite."""
    import numpy as np

    from .._experiment import segment_lift

    names = ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
    places: dict[Any, list[int]] = {}
    for place, start in enumerate(columns["window_start"]):
        places.setdefault(start, []).append(place)
    found: dict[str, list[Any]] = {}
    warnings = []
    for start in total["window_start"]:
        rows = places.get(start, [])
        lift = segment_lift(rows, *(sums[name][rows] for name in names), confidence=confidence)
        for name, value in (
            ("stratified_abs_lift", lift.stratified_abs_lift_exposed_weights),
            ("mantel_haenszel_abs_lift", lift.mantel_haenszel_diff),
        ):
            for end, number in (("", value.estimate), ("_low", value.low), ("_high", value.high)):
                found.setdefault(name + end, []).append(number)
        found.setdefault("heterogeneity_p", []).append(lift.heterogeneity_p)
        simpson = bool(lift.simpson_warning)
        found.setdefault("simpson", []).append(simpson)
        if simpson:
            when = "" if start is None else f" in the window from {start}"
            warnings.append(
                f"Simpson's paradox{when}: all users have a lift of {lift.pooled_abs_lift:+.4g}, the segments, "
                f"weighed by exposed users, {lift.stratified_abs_lift_exposed_weights.estimate:+.4g}. Believe the "
                "segments, and ask why the split depends on them."
            )
    for name, values in found.items():
        total._columns[name] = values if name == "simpson" else np.array(values, dtype=np.float64)
        base = name.removesuffix("_low").removesuffix("_high")
        end = " Lower end." if name.endswith("_low") else " Upper end." if name.endswith("_high") else ""
        total.definition[name] = _DEFINITIONS[base] + end
    return warnings

"""From sums to a report."""

from __future__ import annotations

from .. import _arguments, _dates
from .._arguments import error
from .._edgetally import EdgetallyError
from .._names import family
from . import lifts, windows
from .metrics import DEFINITIONS, FLAGS, MADE_OF, METRICS, Made
from .parts import Partial, summarize
from .table import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .._edgetally import Totals
    from .plan import Plan


@family
def report(
    df: Any,
    metric: Any = None,
    *,
    metrics: Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
    by: Any = (),
    date: Any = None,
    window: Any = None,
    week_start: str = "monday",
    tz: str | None = None,
    now: Any = None,
    lag: Any = None,
    adjust: str | None = None,
    attribution_window: Any = None,
    allow_mismatch: bool = False,
    arms: Sequence[Any] | None = None,
    nan_policy: str = "propagate",
    errors: str = "coerce",
    threads: int | None = None,
    **options: Any,
) -> Report:
    """A metric by segment and window: ratios of sums, never means of ratios, with the calculators' own intervals.

    ``df`` is a pandas or Polars DataFrame, an Arrow table, anything that speaks Arrow, or a mapping of columns.
    ``metric`` is ``roas`` (the default), ``mer``, ``roi``, ``funnel``, ``target_cpa``, ``cpa``, ``cpc``, ``cpm``,
    ``ctr``, ``cac``, ``aov``, ``conversion_rate`` or ``lift``, or a plain sum: ``revenue``, ``spend``, ``cost``,
    ``conversions``, ``clicks``, ``impressions``, ``users``, ``new_customers``. A list, or ``metrics``, gives several
    side by side. ``columns`` maps what they sum to the table's columns where these are not called the same; further
    keywords, as ``gross_margin`` or ``confidence``, go to the calculators that take them. ``by`` names the segments'
    columns; a pair such as ``("signup", "month")`` makes cohorts of a date. For ``lift``, the table has both arms in
    a row (``exposed_users``, ``exposed_conversions``, ``holdout_users``, ``holdout_conversions``), or one
    (``columns={"arm": "group", "conversions": "bought"}``, with ``users`` where a row is more than one user, and
    ``arms=("ads", "psa")`` to say which is exposed). ``arms=("ads", "video", "psa")`` compares several exposed arms
    with the holdout, which is the last one. ``revenue`` of both arms makes the money of a lift, with its variance
    where a row is a user.

    ``date`` names the column with the day, ``window`` is ``day``, ``week``, ``month``, ``quarter``, ``year`` or a
    number of days (counted from Monday, 1970-01-05). Days are texts such as ``2026-05-04`` or ``20260504``, such
    numbers, periods, dates or instants. Instants with a time zone are cut to days in their own zone, or in ``tz``
    where they are kept in UTC; those without one are days as they are written, or UTC where ``tz`` is given. A
    window is ``complete`` when it is over at ``now`` (default: today) and the data reach over all of it, and
    ``mature`` when ``lag`` days (default: ``attribution_window`` where that is a number of days, else none) have
    passed since. ``adjust`` (``bh``, ``holm``) corrects the p-values of a lift for the number of rows, as several
    arms always do; ``expected_split``, as ``(9, 1)``, tests the split of the users (``srm``); ``total`` of a lift has
    the stratified estimates too, and a warning where they contradict the pooled one. ``attribution_window`` is
    noted, so that reports with different ones are not compared by mistake.

    ``nan_policy`` says what a missing number does: ``propagate`` makes the segment's sums ``NaN``, ``omit`` leaves
    the row out of everything that the metric sums, ``raise`` refuses. A segment that breaks a rule, such as more
    conversions than users, is ``NaN`` with the flag ``refused`` and named in ``warnings``; with ``errors="raise"``
    all of them are named in an error.

    >>> import edgetally as et
    >>> rows = {
    ...     "channel": ["search", "search", "social", "social"],
    ...     "spend": [100.0, 300.0, 50.0, 0.0],
    ...     "revenue": [500.0, 600.0, 40.0, 10.0],
    ... }
    >>> r = et.report(rows, ["roas", "spend"], by="channel")
    >>> r.channel, r.roas.tolist(), round(float(r.total.roas[0]), 4)
    (['search', 'social'], [2.75, 1.0], 2.5556)
    """
    part = summarize(
        df,
        metric,
        metrics=metrics,
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
    return make(part, now, lag, adjust, attribution_window, allow_mismatch, errors, options)


def _check_options(plan: Plan, options: dict[str, Any], adjust: Any, errors: Any) -> None:
    taken = list(dict.fromkeys(name for metric in plan.metrics for name in METRICS[metric].options))
    for name in options:
        if name not in taken:
            known = f"; it takes {', '.join(taken)}" if taken else ""
            raise error("unknown_argument", f"{' with '.join(plan.metrics)} has no argument {name!r}{known}")
    if adjust is not None and (not isinstance(adjust, str) or adjust not in ("bh", "holm")):
        raise error("unknown_choice", "adjust is not one of bh, holm")
    if not isinstance(errors, str) or errors not in ("raise", "coerce"):
        raise error("unknown_choice", "errors is not one of raise, coerce")
    for name, value in options.items():
        words = name in ("method", "alternative", "relative", "expected_split")
        if not words and value is not None:
            options[name] = _arguments.number(name, value)
    if options.get("confidence") is not None:
        options["confidence"] = _arguments.confidence(options["confidence"])
        if not 0.0 < options["confidence"] < 1.0:
            raise error("not_inside_0_1", "confidence is not above 0 and below 1")
    if "confidence" in options and options["confidence"] is None:
        del options["confidence"]


def make(
    part: Partial,
    now: Any,
    lag: Any,
    adjust: str | None,
    attribution_window: Any,
    allow_mismatch: bool,
    errors: str,
    options: dict[str, Any],
) -> Report:
    """The report of these sums."""
    plan = part._plan
    options = dict(options)
    _check_options(plan, options, adjust, errors)
    wait = windows.read_lag("lag", lag)
    if wait is None:
        days = hasattr(attribution_window, "total_seconds") or (
            hasattr(attribution_window, "__index__") and not isinstance(attribution_window, bool)
        )
        wait = windows.read_lag("attribution_window", attribution_window) if days else 0
    settings = {
        "options": options,
        "adjust": adjust,
        "attribution_window": attribution_window,
        "lag": wait,
        "allow_mismatch": allow_mismatch,
    }
    today = 0
    if plan.date is not None:
        today = _today(plan) if now is None else _dates.day("now", now, plan.tz) or 0
    maker = _Maker(part, settings, today, errors)
    places = len(plan.by)
    rest = list(range(places, len(part._totals.kinds)))
    total = maker.table(part._totals.by(rest), 0, None) if places else None
    made = maker.table(part._totals, places, total)
    made.warnings = (*part._notes, *made.warnings)
    return made


def _today(plan: Plan) -> int:
    import datetime

    now = datetime.datetime.now(_dates.zone_info(plan.tz or "UTC"))
    return now.date().toordinal() - _dates.EPOCH


class _Maker:
    """What the report of all rows and the report of the segments have in common."""

    def __init__(self, part: Partial, settings: dict[str, Any], today: int, errors: str) -> None:
        self.part = part
        self.plan = part._plan
        self.settings = settings
        self.today = today
        self.errors = errors
        # The rows of the table at hand that break a rule, with the rule's code.
        self.said: list[tuple[str, str]] = []

    def table(self, totals: Totals, by: int, total: Report | None) -> Report:
        """One report; ``by`` is how many of the keys are segments."""
        import numpy as np

        plan, settings = self.plan, self.settings
        layout = plan.layout
        warnings: list[str] = []
        kinds = totals.kinds
        keys = [totals.key(place) for place in range(len(kinds))]
        rows = totals.rows()
        sums: dict[str, dict[str, Any]] = {}
        used: dict[str, Any] = {}
        for metric in plan.metrics:
            found = {role: totals.sums(layout.of[metric, role]) for role in plan.roles_of(metric)}
            used[metric] = rows
            if metric in layout.left_out:
                used[metric] = rows - totals.sums(layout.left_out[metric])
                if (used[metric] == 0).any():
                    found = {role: np.where(used[metric] == 0, np.nan, values) for role, values in found.items()}
            sums[metric] = found
        # The report of the segments speaks for both.
        if total is not None or not plan.by:
            warnings += self._omitted(totals, layout)
        arms: list[Any] = []
        if plan.has_arm:
            found = sums["lift"]
            if layout.squares is not None:
                place = layout.of["lift", "revenue"]
                found["revenue_about_mean"] = totals.about_means(
                    place, place, layout.squares, layout.left_out.get("lift")
                )
            keys, sums["lift"], used["lift"], arms, said = lifts.side_by_side(plan, keys, found, rows, used["lift"])
            rows = used["lift"]
            if total is not None or not plan.by:
                warnings += said
        columns: dict[str, Any] = {}
        definition: dict[str, str] = {}
        for place, name in enumerate(plan.by[:by]):
            column = keys[place]
            columns[str(name)] = [_dates.date(value) for value in column] if kinds[place] == "date" else column
            text = "A segment." if plan.by_windows[place] is None else "First day of the cohort's window."
            definition[str(name)] = text
        if plan.arms is not None and len(plan.arms[0]) > 1:
            columns["arm"] = arms
        days = keys[by] if plan.date is not None else None
        reach = totals.reach[by] if plan.date is not None else None
        for name, column in windows.describe(plan.window, days, len(rows), reach, self.today, settings["lag"]).items():
            columns[name] = column
        # Plain sums have the plain names.
        order = sorted(plan.metrics, key=lambda metric: METRICS[metric].required != (metric,))
        columns["rows"] = used[order[0]]
        flags: dict[str, Any] = {}
        is_total = by < len(plan.by)
        self.said = []
        for metric in order:
            self._metric(metric, sums[metric], used[metric], columns, definition, flags, warnings, is_total)
        if self.errors == "raise" and self.said and not is_total:
            raise error(self.said[0][0], "; ".join(one for _, one in self.said))
        if total is not None:
            warnings += [warning for warning in total.warnings if warning.startswith("refused")]
        if "lift" in plan.metrics and len(rows):
            warnings += self._after_lift(columns, definition, flags, sums["lift"], total)
        columns["flags"] = _words(flags, len(rows))
        if "srm" in flags:
            columns["srm"] = [bool(up) for up in flags["srm"]]
        for name in columns:
            if name in DEFINITIONS:
                definition[name] = DEFINITIONS[name]
        if plan.date is not None and plan.window != windows.ALL:
            if not all(columns["complete"]):
                warnings.append(
                    "windows_incomplete: Some windows are not complete: do not compare them with complete ones."
                )
            if not all(columns["mature"]):
                warnings.append("windows_immature: Some windows are not mature: late conversions are still to come.")
        if any(columns.get("srm", ())):
            warnings.append("srm: The users of some rows were not split as planned: believe no lift of theirs.")
        warnings += [f"{name}: {text}" for name, text in FLAGS.items() if name in flags and np.any(flags[name])]
        warnings += self._margins() if total is not None or not plan.by else []
        made = Report(
            columns, definition, plan, settings, self.part._kind, total, tuple(warnings), self.part._likes[:by]
        )
        made._day = self.part._likes[len(plan.by)] if plan.date is not None else None
        _in_order(made)
        return made

    def _omitted(self, totals: Totals, layout: Any) -> list[str]:
        """How many rows were left out, and what was missing in them."""
        said: dict[str, None] = {}
        count = int(totals.rows().sum())
        for metric, term in layout.left_out.items():
            out = int(totals.sums(term).sum())
            if out:
                names = ", ".join(str(self.plan.columns[role]) for role in self.plan.roles_of(metric))
                said[f"omitted: {out:,} of {count:,} rows were left out, with no number in one of: {names}."] = None
        return list(said)

    def _margins(self) -> list[str]:
        """Where profit counts revenue whole, since nobody said what is left of it."""
        options = self.settings["options"]
        asked = [METRICS[metric].margin for metric in self.plan.metrics if METRICS[metric].margin is not None]
        missing = list(dict.fromkeys(name for name in asked if options.get(name) is None))
        if not missing:
            return []
        said = " or ".join(map(str, missing))
        return [f"margin_not_given: No {said} was given, so profit counts revenue whole, as if goods cost nothing."]

    def _metric(
        self,
        metric: str,
        sums: dict[str, Any],
        used: Any,
        columns: dict[str, Any],
        definition: dict[str, str],
        flags: dict[str, Any],
        warnings: list[str],
        is_total: bool,
    ) -> None:
        """One metric's sums and columns, added to those that are there."""
        import numpy as np

        plan = self.plan
        for role, values in sums.items():
            text = f"Sum of {plan.columns.get(role, role)}."
            if role.endswith("_about_mean"):
                continue
            _add(columns, definition, metric, role, values, text)
        if used is not columns["rows"] and not np.array_equal(used, columns["rows"]):
            _add(columns, definition, metric, "rows", used, "Rows of the table that were summed for this metric.")
        options = {name: value for name, value in self.settings["options"].items() if name in METRICS[metric].options}
        if not len(used):
            # The columns are those of any report, without rows.
            nothing = dict.fromkeys([*sums, "rows"], np.array([np.nan]))
            made = METRICS[metric].calculate(nothing, {**options, "errors": "coerce"})
            made.columns = {name: np.asarray(value)[:0] for name, value in made.columns.items()}
            made.flags = {name: np.zeros(0, dtype=bool) for name in made.flags}
        else:
            made = self._guarded(metric, {**sums, "rows": used}, options, columns, flags, warnings, is_total)
        for name, value in made.columns.items():
            if name not in sums:
                column = np.full(len(used), value) if isinstance(value, float) else value
                _add(columns, definition, metric, name, column, made.definition.get(name, ""))
        for name, up in made.flags.items():
            flags[name] = flags[name] | up if name in flags else np.asarray(up)

    def _guarded(
        self,
        metric: str,
        sums: dict[str, Any],
        options: dict[str, Any],
        columns: dict[str, Any],
        flags: dict[str, Any],
        warnings: list[str],
        is_total: bool,
    ) -> Made:
        """The calculator's answer; rows that break a rule are named, with the rule, and take no other along."""
        import numpy as np

        calculate = METRICS[metric].calculate
        try:
            return calculate(sums, {**options, "errors": "raise"})
        except EdgetallyError as problem:
            if _argument(problem) in METRICS[metric].options:
                raise
        made: Made = calculate(sums, {**options, "errors": "coerce"})
        refused = np.zeros(len(sums["rows"]), dtype=bool) if made.refused is None else np.asarray(made.refused)
        said, code = [], "refused"
        for row in np.flatnonzero(refused).tolist():
            try:
                calculate({name: values[[row]] for name, values in sums.items()}, {**options, "errors": "raise"})
            except EdgetallyError as problem:
                if _argument(problem) in METRICS[metric].options:
                    raise
                code = problem.code
                said.append(f"{self._where(columns, row, is_total)}: {self._rule(metric, problem)}")
        self.said += [(code, one) for one in said]
        if said:
            flags["refused"] = flags["refused"] | refused if "refused" in flags else refused
            more = f"; and {len(said) - 20} more" if len(said) > 20 else ""
            rest = " The total still sums their rows." if self.plan.by and not is_total else ""
            warnings.append(f"refused: {metric} is NaN for {'; '.join(said[:20])}{more}.{rest}")
        return made

    def _where(self, columns: dict[str, Any], row: int, is_total: bool) -> str:
        names = [*map(str, self.plan.by), "arm"]
        parts = ["the total"] if is_total else []
        parts += [f"{name} {columns[name][row]}" for name in names if name in columns]
        if columns["window_start"][row] is not None:
            parts.append(f"window from {columns['window_start'][row]}")
        return ", ".join(parts) or "all rows"

    def _rule(self, metric: str, problem: EdgetallyError) -> str:
        """The rule in the words of the caller: sums by the names of their columns."""
        argument = _argument(problem)
        text = str(problem).replace("[0]", "")
        rest = text[len(argument) :]
        column = self.plan.columns.get(argument)
        if column is not None and column != argument:
            return f"{argument} (the sum of {column}){rest}"
        if metric == "funnel" and argument in MADE_OF:
            return f"{argument} ({MADE_OF[argument]}){rest}"
        return text

    def _after_lift(
        self,
        columns: dict[str, Any],
        definition: dict[str, str],
        flags: dict[str, Any],
        sums: Any,
        total: Report | None,
    ) -> list[str]:
        import numpy as np

        del definition, flags
        several = self.plan.arms is not None and len(self.plan.arms[0]) > 1
        adjust = self.settings["adjust"] or ("holm" if several else None)
        if adjust is not None and "p_value" in columns:
            from .._multiplicity import adjust_pvalues

            adjusted = adjust_pvalues(np.asarray(columns["p_value"], dtype=np.float64), method=adjust)
            columns["p_adjusted"] = np.asarray(adjusted.adjusted)
        if total is None or self.settings["options"].get("method", "score") is None:
            return []
        return lifts.stratify(columns, sums, total, self.settings["options"].get("confidence", 0.95))


def _argument(problem: EdgetallyError) -> str:
    """The argument that an error begins with."""
    import re

    found = re.match(r"\w+", str(problem))
    return found[0] if found else ""


def _add(columns: dict[str, Any], definition: dict[str, str], metric: str, name: str, values: Any, text: str) -> None:
    """A column by its own name; by the metric's too, where another metric's column of that name differs."""
    import numpy as np

    if name in columns:
        mine, theirs = (np.asarray(part) for part in (values, columns[name]))
        numbers = mine.dtype.kind in "fiu" and theirs.dtype.kind in "fiu"
        if np.array_equal(mine, theirs, equal_nan=numbers):
            return
        name = f"{metric}_{name}"
    columns[name] = values
    definition[name] = text


def _words(flags: dict[str, Any], rows: int) -> list[str]:
    """The flags that are up, by row."""
    import numpy as np

    flags = {name: up for name, up in flags.items() if np.any(up)}
    if not flags:
        return [""] * rows
    return [", ".join(name for name, up in flags.items() if up[place]) for place in range(rows)]


def _in_order(made: Report) -> None:
    """Ordered categories in their order, where the sums come in the order of words."""
    orders = [(place, like.order) for place, like in enumerate(made._likes) if like.order is not None]
    if not orders:
        return
    names = [str(name) for name in made._plan.by]
    ranks = {place: {value: rank for rank, value in enumerate(order)} for place, order in orders}
    last = {place: len(order) for place, order in orders}
    # Stable from the last key to the first; keys without an order of their own are in theirs already.
    places = list(range(len(made)))
    for place in reversed(range(len(names))):
        column = made._columns[names[place]]
        if place in ranks:
            places.sort(key=lambda row: ranks[place].get(column[row], last[place]))
        else:
            seen = {value: rank for rank, value in enumerate(dict.fromkeys(_sorted(column)))}
            places.sort(key=lambda row: seen[column[row]])
    made._take(places)


def _sorted(column: list[Any]) -> list[Any]:
    known = [value for value in column if value is not None]
    key = (lambda value: value.encode()) if known and isinstance(known[0], str) else (lambda value: value)
    return [*sorted(known, key=key), None]

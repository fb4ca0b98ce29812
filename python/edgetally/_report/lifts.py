"""Lifts of a report: rows of one arm side by side, money with its variance, and what segments say together."""

from __future__ import annotations

from .._arguments import error, missing
from .metrics import DEFINITIONS, Made, of_result, ratio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .plan import Plan
    from .table import Report

COUNTS = ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
# What arms are mostly called, where `arms` does not say it.
_EXPOSED = frozenset({"exposed", "treatment", "treated", "test", "1", "true"})
_HOLDOUT = frozenset({"holdout", "control", "0", "false"})


def lift(sums: dict[str, Any], options: dict[str, Any]) -> Made:
    """The lift of summed counts; of money too, where both arms have revenue."""
    from .. import _lift as module

    options = dict(options)
    relative = options.pop("relative", "fieller")
    options["expected_split"] = _split(options.get("expected_split"))
    if "spend" in sums:
        if options.get("spend") is not None:
            raise error("one_goal", "spend is a column and an argument: pass one of them")
        options["spend"] = sums["spend"]
    both = "exposed_revenue" in sums and "holdout_revenue" in sums
    one_armed = "exposed_revenue" in sums and not both and options.get("aov") is None
    if one_armed:
        options["aov"] = ratio(sums["exposed_revenue"], sums["exposed_conversions"])
    result = module.lift(*(sums[name] for name in COUNTS), **options)
    made = of_result(result)
    made.columns.pop("quality", None)
    made.flags = dict(getattr(result, "flags", None) or {})
    if one_armed:
        made.flags["holdout_revenue_unknown"] = sums["exposed_conversions"] >= 0
    if both:
        _money(made, sums, options, relative)
    return made


def _split(split: Any) -> Any:
    if split is None or isinstance(split, (int, float)):
        return split
    try:
        exposed, holdout = split
        return float(exposed) / (float(exposed) + float(holdout))
    except (TypeError, ValueError, ZeroDivisionError):
        raise error(
            "wrong_type", "expected_split is not the exposed share, or a pair of exposed and holdout as (9, 1)"
        ) from None


def _money(made: Made, sums: dict[str, Any], options: dict[str, Any], relative: str) -> None:
    """Revenue per user of both arms (Welch): what the advertising brought in, instead of conversions times a value."""
    import numpy as np

    from .._revenue import lift_revenue

    arms, known = [], True
    for arm in ("exposed", "holdout"):
        users, conversions, revenue = (sums[f"{arm}_{name}"] for name in ("users", "conversions", "revenue"))
        mean = ratio(revenue, users)
        with np.errstate(all="ignore"):
            if f"{arm}_revenue_about_mean" in sums:
                about = sums[f"{arm}_revenue_about_mean"]
            elif f"{arm}_revenue_squares" in sums:
                about = sums[f"{arm}_revenue_squares"] - revenue * mean
                about = np.where((about < 0) & (about > -1e-9 * sums[f"{arm}_revenue_squares"]), 0.0, about)
                if (about < 0).any():
                    raise error(
                        "impossible",
                        f"{arm}_revenue_squares[{int(np.argmax(about < 0))}] is too small for the sum of revenue",
                    )
            else:
                # As if every order of an arm had the same value: the counts alone vary.
                known = False
                about = ratio(revenue, conversions) ** 2 * conversions * (1 - ratio(conversions, users))
                about = np.where(conversions == 0, np.where(revenue == 0, 0.0, np.nan), about)
            sd = np.sqrt(about / np.where(users > 1, users - 1, np.nan))
        arms += [mean, sd, users]
    money = lift_revenue(
        *arms,
        spend=options.get("spend"),
        margin=options.get("margin"),
        confidence=options.get("confidence", 0.95),
        relative=relative,
        errors=options["errors"],
    )
    table = of_result(money)
    share = options.get("margin")
    for name, source in (
        ("revenue_per_user_diff", "diff"),
        ("revenue_p_value", "p_value"),
        ("revenue_rel_lift", "rel_lift"),
        ("incremental_revenue", "incremental_revenue"),
        ("incremental_roas", "incremental_roas"),
        ("incremental_profit", "incremental_profit"),
    ):
        for end in ("", "_low", "_high"):
            found = ("diff_ci" if source == "diff" and end else source) + end
            if found in table.columns:
                made.columns[name + end] = table.columns[found]
                made.definition = {**made.definition, name + end: table.definition[found]}
    for end in ("", "_low", "_high"):
        name = f"incremental_gross_profit{end}"
        if name in made.columns:
            made.columns[name] = np.asarray(table.columns[f"incremental_revenue{end}"]) * (
                np.nan if share is None else share
            )
    low, high = (np.asarray(made.columns[f"incremental_revenue{end}"], dtype=np.float64) for end in ("_low", "_high"))
    made.flags["revenue_interval_includes_zero"] = (low <= 0.0) & (high >= 0.0)
    if money._refused is not None:
        made.refused = money._refused if made.refused is None else made.refused | money._refused
    if not known:
        made.flags["order_values_taken_as_equal"] = sums["exposed_users"] >= 0


# --- Rows of one arm -------------------------------------------------------------------------------------------------


def _sides(plan: Plan, values: list[Any]) -> tuple[tuple[Any, ...], Any]:
    """The exposed arms and the holdout among those that the table has."""
    column = plan.columns["arm"]
    there = [value for value in dict.fromkeys(values) if value is not None]
    said = ", ".join(map(str, there[:10])) + (", ..." if len(there) > 10 else "")
    if plan.arms is not None:
        exposed, holdout = plan.arms
        for name in (*exposed, holdout):
            if name not in there and not missing(name):
                raise error("unknown_choice", f"arms has {name!r}, which no row of {column} has; there are {said}")
        return exposed, holdout
    sides: dict[str, list[Any]] = {"exposed": [], "holdout": []}
    unknown = []
    for value in there:
        word = str(value).strip().lower()
        if word in _EXPOSED or word in _HOLDOUT:
            sides["exposed" if word in _EXPOSED else "holdout"].append(value)
        else:
            unknown.append(str(value))
    if unknown:
        raise error("unknown_choice", f"which arm is {', '.join(unknown[:10])}? Say it with arms=(exposed, holdout)")
    for side, found in sides.items():
        if len(found) > 1:
            both = ", ".join(map(str, found))
            raise error("unknown_choice", f"several arms are {side}: {both}. Say it with arms=(exposed, holdout)")
        if not found:
            raise error("missing", f"no row of {column} is {side}; there are {said or 'none'}: say it with arms")
    return (sides["exposed"][0],), sides["holdout"][0]


def side_by_side(
    plan: Plan, keys: list[Any], sums: dict[str, Any], rows: Any, used: Any
) -> tuple[list[list[Any]], dict[str, Any], Any, list[Any], list[str]]:
    """Rows of one arm each, side by side: keys, sums, rows, the exposed arms and what to warn of.

    ``used`` are the rows that were not left out, which are users where no column says how many.
    """
    import numpy as np

    arms = keys[-1]
    if not arms:
        empty = np.zeros(0)
        roles = [f"{arm}_{role}" for arm in ("exposed", "holdout") for role in ("users", "conversions")]
        return [[] for _ in keys[:-1]], dict.fromkeys(roles, empty), empty, [], []
    exposed, holdout = _sides(plan, arms)
    names = list(zip(*keys[:-1], strict=True)) if keys[:-1] else [()] * len(arms)
    place = {(name, arm): number for number, (name, arm) in enumerate(zip(names, arms, strict=True))}
    order = list(dict.fromkeys(names))
    wanted = {*exposed, holdout}
    order = [name for name in order if any((name, arm) in place for arm in wanted)]
    warnings = []
    others = {arm: 0 for arm in dict.fromkeys(arms) if arm not in wanted}
    for arm, count in zip(arms, rows.tolist(), strict=True):
        if arm in others:
            others[arm] += int(count)
    if sum(others.values()):
        said = ", ".join("no arm" if arm is None else str(arm) for arm in list(others)[:10])
        out, count = sum(others.values()), int(rows.sum())
        warnings.append(f"other_arms: {out:,} of {count:,} rows are of other arms ({said}) and were left out.")
    columns = {"users": used, **sums}
    if "users" in sums:
        columns["users"] = sums["users"]

    def take(values: Any, arm: Any) -> Any:
        found = (place.get((name, arm)) for name in order)
        return np.array([0.0 if number is None else values[number] for number in found], dtype=np.float64)

    wide: dict[str, list[Any]] = {}
    total = []
    for arm in exposed:
        for role, values in columns.items():
            if role == "spend":
                wide.setdefault("spend", []).append(take(values, arm))
                continue
            wide.setdefault(f"exposed_{role}", []).append(take(values, arm))
            wide.setdefault(f"holdout_{role}", []).append(take(values, holdout))
        total.append(take(rows, arm) + take(rows, holdout))
    # By segment, and within it by arm.
    several = len(exposed)

    def weave(parts: list[Any]) -> Any:
        return np.stack(parts, axis=1).reshape(-1) if parts else np.zeros(0)

    back = [[value for value in column for _ in range(several)] for column in zip(*order, strict=True)]
    if not back:
        back = [[] for _ in keys[:-1]]
    return (
        back,
        {role: weave(parts) for role, parts in wide.items()},
        weave(total),
        list(exposed) * len(order),
        warnings,
    )


# --- Segments together -----------------------------------------------------------------------------------------------


def stratify(columns: dict[str, Any], sums: dict[str, Any], total: Report, confidence: float) -> list[str]:
    """What the segments say together, for the report of all of them; and where all users together say the opposite."""
    import numpy as np

    from .._segments import segment_lift

    def identity(table: Any, place: int) -> tuple[Any, ...]:
        return tuple(table[name][place] for name in ("window_start", "arm") if name in table)

    places: dict[Any, list[int]] = {}
    for place in range(len(columns["rows"])):
        places.setdefault(identity(columns, place), []).append(place)
    found: dict[str, list[Any]] = {}
    warnings = []
    for at in range(len(total)):
        where = identity(total._columns, at)
        rows = places.get(where, [])
        # Segments whose counts break a rule are named elsewhere.
        rows = [place for place in rows if _possible(sums, place)]
        estimates: tuple[Any, ...] = (None, None)
        heterogeneity, simpson, pooled = np.nan, False, np.nan
        try:
            lift = segment_lift(rows, *(sums[count][rows] for count in COUNTS), confidence=confidence)
            estimates = (lift.stratified_abs_lift_exposed_weights, lift.mantel_haenszel_diff)
            heterogeneity, simpson = lift.heterogeneity_p, bool(lift.simpson_warning)
            pooled = lift.pooled_abs_lift
        except ValueError:
            pass
        for column, value in zip(("stratified_abs_lift", "mantel_haenszel_abs_lift"), estimates, strict=True):
            for end, part in (("", "estimate"), ("_low", "low"), ("_high", "high")):
                found.setdefault(column + end, []).append(np.nan if value is None else getattr(value, part))
        found.setdefault("heterogeneity_p", []).append(heterogeneity)
        found.setdefault("simpson", []).append(simpson)
        if simpson:
            when = "" if where[0] is None else f" in the window from {where[0]}"
            warnings.append(
                f"simpson: Simpson's paradox{when}: all users have a lift of {pooled:+.4g}, the segments, "
                f"weighed by exposed users, {estimates[0].estimate:+.4g}. Believe the "
                "segments, and ask why the split depends on them."
            )
    for name, values in found.items():
        total._columns[name] = values if name == "simpson" else np.array(values, dtype=np.float64)
        base = name.removesuffix("_low").removesuffix("_high")
        end = " Lower end." if name.endswith("_low") else " Upper end." if name.endswith("_high") else ""
        total.definition[name] = DEFINITIONS[base] + end
    return warnings


def _possible(sums: dict[str, Any], place: int) -> bool:
    users, conversions, holdout_users, holdout_conversions = (float(sums[name][place]) for name in COUNTS)
    whole = all(x == x and x >= 0 and x == int(x) for x in (users, conversions, holdout_users, holdout_conversions))
    return whole and conversions <= users and holdout_conversions <= holdout_users

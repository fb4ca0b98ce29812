"""Experiments: planning, peeking, segments, means, and many tests at once."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from . import numbers
from .common import capital, null_of
from .picture import Panel, Picture, left_out, thinned, tone
from .say import Say, Show, flat
from .words import chance

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_SEGMENTS = 30


# Segments


def _segment_sentence(say: Say) -> str:
    low = flat(say.result["per_segment_abs_ci"].low)
    high = flat(say.result["per_segment_abs_ci"].high)
    names = [str(name) for name in say.result["segment"]]
    up = [name for name, end in zip(names, low, strict=False) if end > 0]
    down = [name for name, end in zip(names, high, strict=False) if end < 0]
    together = say("stratified_abs_lift_exposed_weights")
    parts = [f"{len(up)} of {len(names)} segments gained"] if len(up) > 1 else [f"{up[0]} gained"] if up else []
    if not (up or down):
        parts = ["no segment's change is sure by itself"]
    if down:
        parts.append(f"{len(down)} lost" if len(down) > 1 else f"{down[0]} lost")
    text = f"{' and '.join(parts)}; all together, within segments, {together}"
    if say.result["simpson_warning"]:
        text += ". Beware: pooled, they say the opposite (Simpson's paradox)"
    return capital(text) + "."


def _segment_picture(say: Say) -> Picture:
    interval = say.result["per_segment_abs_ci"]
    rows = list(
        zip(
            map(str, say.result["segment"]),
            flat(interval.estimate),
            flat(interval.low),
            flat(interval.high),
            strict=False,
        )
    )
    rows.sort(key=lambda row: (row[1] != row[1], -row[1] if row[1] == row[1] else 0.0))
    count = len(rows)
    rows = [rows[at] for at in thinned(count, _MOST_SEGMENTS)]
    panel = Panel(
        x="difference of the rates", x_unit="points", rows=[*(row[0] for row in rows), "all, within segments"]
    )
    for at, (_, estimate, low, high) in enumerate(rows):
        panel.span(at, estimate, low, high, tone(low, high))
    whole = say.three("stratified_abs_lift_exposed_weights")
    panel.span(len(rows), *whole, "second")
    panel.rule(0.0, style="solid")
    pooled = say.value("pooled_abs_lift")
    panel.rule(pooled, f"pooled {numbers.number(pooled, 'points')}")
    p = say.value("heterogeneity_p")
    notes = [f"Do the segments differ? {chance(p)}" if p == p else "", left_out(count, len(rows), "segments")]
    if say.result["simpson_warning"]:
        notes.append(
            "Simpson's paradox: all users together and the segments have lifts of different signs, because the arms "
            "are split differently in each segment. Believe the segments."
        )
    return Picture(_segment_sentence(say), [panel], notes=notes)


def _arms_sentence(say: Say) -> str:
    rows = list(
        zip(map(str, say.result["arm"]), flat(say.result["diff"].estimate), flat(say.result["reject"]), strict=False)
    )
    better = [name for name, estimate, reject in rows if reject == 1.0 and estimate > 0]
    worse = [name for name, estimate, reject in rows if reject == 1.0 and estimate < 0]
    if not (better or worse):
        return f"None of {len(rows)} arms differs surely from the holdout."
    sides = ((better, "above"), (worse, "below"))
    parts = [f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} surely {side}" for names, side in sides if names]
    return f"Of {len(rows)} arms {' and '.join(parts)} the holdout."


def _arms_picture(say: Say) -> Picture:
    interval = say.result["diff"]
    rows = list(zip(flat(interval.estimate), flat(interval.low), flat(interval.high), strict=False))
    order = sorted(range(len(rows)), key=lambda at: -rows[at][0])[:_MOST_SEGMENTS]
    names = [str(name) for name in say.result["arm"]]
    panel = Panel(x="difference to the holdout's rate", x_unit="points", rows=[names[at] for at in order])
    for row, at in enumerate(order):
        panel.span(row, *rows[at], tone(*rows[at][1:]))
    panel.rule(0.0, "holdout")
    return Picture(
        _arms_sentence(say), [panel], notes=[left_out(len(rows), len(order), "arms", "those with the lowest rates")]
    )


def _inferior_sentence(say: Say) -> str:
    p = numbers.p_value(say.value("non_inferiority_p"))
    if say.value("non_inferior") != say.value("non_inferior"):
        return "Whether the loss stays within the margin is undefined for these counts."
    if say.value("non_inferior") == 1.0:
        return f"The exposed are not worse than the holdout by the margin or more (p = {p})."
    return f"A loss of the margin or more cannot be excluded (p = {p})."


def _roas_sentence(say: Say) -> str:
    rows = [
        row for row in zip(map(str, say.result["segment"]), flat(say.result["roas"]), strict=False) if row[1] == row[1]
    ]
    text = f"Every unit of spend brought {say('total')} of revenue"
    if len(rows) > 1:
        best, worst = max(rows, key=lambda row: row[1]), min(rows, key=lambda row: row[1])
        text += f": most in {best[0]} ({best[1]:.2f}), least in {worst[0]} ({worst[1]:.2f})"
    return text + "."


def _roas_picture(say: Say) -> Picture:
    rows = sorted(zip(map(str, say.result["segment"]), flat(say.result["roas"]), strict=False), key=lambda row: -row[1])
    rows = [row for row in rows if row[1] == row[1]][:_MOST_SEGMENTS]
    panel = Panel(x="revenue per unit of spend (ROAS)", x_unit="times", rows=[row[0] for row in rows], zero=True)
    for at, (_, value) in enumerate(rows):
        panel.bar(at, 0.0, value, "main", f"{value:.2f}")
    panel.rule(say.value("total"), f"all {say('total')}")
    return Picture(_roas_sentence(say), [panel])


# Sequential


def _looks(say: Say) -> tuple[list[float], list[float], list[float], list[str]]:
    """Estimate and ends at each look: those of the ``looks`` that were given with this one, or its own rows."""
    given: Sequence[Any] = [*say.options["looks"]] if say.options.get("looks") is not None else []
    if given and all(hasattr(look, "confidence_sequence") for look in given):
        if given[-1] is not say.result and given[-1] != say.result:
            given = [*given, say.result]
        parts = [look.confidence_sequence for look in given]
        columns = [[float(getattr(part, end)) for part in parts] for end in ("estimate", "low", "high")]
    else:
        columns = (
            [list(map(float, part)) for part in say.column("confidence_sequence")]
            if say.rows() is not None
            else [[x] for x in say.three("confidence_sequence")]
        )
    count = len(columns[0])
    names = say.names(count) if say.rows() is not None else []
    if not names or names == [str(at) for at in range(count)]:
        names = [str(at + 1) for at in range(count)]
    return columns[0], columns[1], columns[2], names


def _decided(low: list[float], high: list[float]) -> int | None:
    return next((at for at, (a, b) in enumerate(zip(low, high, strict=True)) if a > 0 or b < 0), None)


def _sequential_sentence(say: Say) -> str:
    estimate, low, high, names = _looks(say)
    if not estimate or estimate[-1] != estimate[-1]:
        return "There is nothing to see yet."
    last = numbers.interval(estimate[-1], low[-1], high[-1], "points")
    at = _decided(low, high)
    many = len(estimate) > 1
    if at is None:
        when = f"After {len(estimate)} looks the test" if many else "The test"
        return f"{when} is undecided: the difference is {last}, and zero cannot be excluded. Go on."
    side = "lift the rate" if low[at] > 0 else "lower the rate"
    when = f"The interval left zero at look {names[at]} of {len(estimate)}" if many else "The test may stop"
    return f"{when}: the ads {side}, now by {last}."


def _sequential_picture(say: Say) -> Picture:
    estimate, low, high, names = _looks(say)
    if len(estimate) == 1:
        panel = Panel(x="difference of the rates", x_unit="points", rows=["now"])
        panel.span(0, estimate[0], low[0], high[0], tone(low[0], high[0]))
        panel.rule(0.0, "no effect")
        return Picture(_sequential_sentence(say), [panel])
    numbered = names == [str(at + 1) for at in range(len(names))]
    panel = Panel(x="look", y="difference", x_unit="whole", y_unit="points")
    if not numbered:
        panel.columns = names
    x = [at + numbered for at in range(len(estimate))]
    panel.band(x, low, high, "main", "interval, valid at all looks")
    panel.line(x, estimate, "main", "difference")
    panel.rule(0.0, "no effect", across=True)
    at = _decided(low, high)
    if at is not None:
        panel.dots([x[at]], [estimate[at]], "loss" if high[at] < 0 else "ink", "first look that excludes zero", "large")
    return Picture(_sequential_sentence(say), [panel])


def _played_sentence(say: Say) -> str:
    return (
        f"The always-valid test rejected in {say('rejected')} of the runs; a plain test that is looked at as often, in "
        f"{say('naive')}."
    )


def _played_picture(say: Say) -> Picture:
    names = [name for name in ("rejected", "fixed", "naive") if name in say]
    said = {
        "rejected": "always-valid test",
        "fixed": "plain test, one look at the end",
        "naive": "plain test, every look",
    }
    panel = Panel(x="share of the runs that rejected", x_unit="percent", rows=[said[name] for name in names], zero=True)
    for row, name in enumerate(names):
        panel.bar(
            row, 0.0, say.value(name), "loss" if name == "naive" else "main", numbers.number(say.value(name), "percent")
        )
    return Picture(_played_sentence(say), [panel])


# Means


def _revenue_sentence(say: Say) -> str:
    estimate, low, high = say.three("incremental_revenue")
    if estimate != estimate:
        return f"The difference per user is {say('diff_ci')}."
    if low > 0:
        text = f"The ads added {say.size('incremental_revenue')} of revenue"
    elif high < 0:
        text = f"The ads took away {say.size('incremental_revenue')} of revenue"
    else:
        text = f"Whether the ads added revenue is open: {say('incremental_revenue')}"
    profit, low, high = say.three("incremental_profit")
    if profit == profit and low == low:
        verb = "earned" if low > 0 else "lost" if high < 0 else ""
        text += (
            f" and {verb} {say.size('incremental_profit')}"
            if verb
            else f", and whether they paid is open: profit {say('incremental_profit')}"
        )
    return text + "."


def _revenue_picture(say: Say) -> Picture:
    whole = Panel("All exposed users", x_unit="money", rows=[])
    for name in ("incremental_revenue", "incremental_profit"):
        if isfinite(say.value(name)):
            whole.rows.append(name.rpartition("_")[2])
            three = say.three(name)
            whole.span(len(whole.rows) - 1, *three, tone(three[1], three[2]))
    whole.rule(0.0, style="solid")
    each = _one("Each user", "difference per user", "money", say.three("diff_ci"))
    relative = _one("Relative to the holdout", "relative lift", "percent", say.three("rel_lift"))
    notes = [chance(say.value("p_value"))]
    return Picture(_revenue_sentence(say), [whole, each, relative], layout=[[0], [1, 2]], notes=notes)


def _one(title: str, label: str, unit: str, three: tuple[float, float, float], null: float = 0.0) -> Panel:
    panel = Panel(title, x=label, x_unit=unit, rows=[""])
    panel.span(0, *three, tone(three[1], three[2], null))
    panel.rule(null, "no effect")
    return panel


def _ratio_sentence(say: Say) -> str:
    _, low, high = say.three("diff_ci_z")
    verb = "is open" if not (low > 0 or high < 0) else "rose" if low > 0 else "fell"
    start = f"The ratio {verb}" if verb != "is open" else "Whether the ratio changed is open"
    return f"{start}: {say('ratio_exposed')} against {say('ratio_holdout')}, a difference of {say('diff_ci_z')}."


def _ratio_picture(say: Say) -> Picture:
    first = _one("Difference of the ratios", "difference", "number", say.three("diff_ci_z"))
    second = _one("Relative to the holdout", "relative lift", "percent", say.three("rel_lift"))
    return Picture(_ratio_sentence(say), [first, second], notes=[chance(say.value("p_value"))])


def _cuped_rows(say: Say) -> list[tuple[str, tuple[float, float, float]]]:
    rows = [("without", say.three("raw_ci"))]
    for name, label in (("within_arm", "adjusted, within arms"), ("pooled", "adjusted, pooled")):
        interval = say.result[name]["diff_ci"]
        rows.append((label, (float(interval.estimate), float(interval.low), float(interval.high))))
    return rows


def _cuped_sentence(say: Say) -> str:
    _, three = _cuped_rows(say)[1]
    if three[0] != three[0]:
        return f"The covariate does not vary, so the plain difference stands: {say('raw_ci')}."
    saved = say("variance_reduction_within")
    start = f"The covariate explains {saved} of the variance"
    return f"{start}: the difference is {numbers.interval(*three)}, not {say('raw_ci')}."


def _cuped_picture(say: Say) -> Picture:
    rows = _cuped_rows(say)
    panel = Panel(x="difference of the means", rows=[row[0] for row in rows])
    for at, (_, three) in enumerate(rows):
        panel.span(at, *three, tone(three[1], three[2]))
    panel.rule(0.0, "no effect")
    return Picture(_cuped_sentence(say), [panel])


# Planning and checks


def _size_sentence(say: Say) -> str:
    if not isfinite(say.value("n_total")):
        return "No number of users reaches this power."
    return f"The test needs {say('n_total')} users: {say('n_treatment')} exposed and {say('n_control')} held out."


def _size_picture(say: Say) -> Picture:
    panel = Panel(x="users", x_unit="count", rows=["exposed", "held out"], zero=True)
    for row, name in enumerate(("n_treatment", "n_control")):
        panel.bar(row, 0.0, say.value(name), "main", say(name))
    return Picture(_size_sentence(say), [panel])


def _power_sentence(say: Say) -> str:
    return f"Such a test finds such an effect in {numbers.number(say.value('power'), 'percent', places=0)} of cases."


def _mde_sentence(say: Say) -> str:
    if not isfinite(say.value("mde_abs")):
        return "These users cannot find an effect of any size."
    return f"The smallest effect that such a test can be expected to find is {say('mde_rel')}, {say('mde_abs')}."


def _srm_sentence(say: Say) -> str:
    p = numbers.p_value(say.value("p_value"))
    if say.result["mismatch"]:
        return f"The users were not split as planned (p = {p}): believe no lift of this test before you know why."
    return f"Nothing says that the users were not split as planned (p = {p})."


def _adjust_sentence(say: Say) -> str:
    adjusted = [p for p in flat(say.result["adjusted"]) if p == p]
    kept = sum(1 for value in flat(say.result["reject"]) if value == 1.0)
    verb = "stands" if kept == 1 else "stand"
    return f"{kept} of {len(adjusted)} tests {verb} after the correction for their number."


def _adjust_picture(say: Say) -> Picture:
    adjusted, reject = flat(say.result["adjusted"]), flat(say.result["reject"])
    order = sorted((at for at, p in enumerate(adjusted) if p == p), key=lambda at: adjusted[at])[:_MOST_SEGMENTS]
    names = say.names(len(adjusted))
    panel = Panel(x="adjusted p-value", rows=[names[at] for at in order], zero=True)
    for row, at in enumerate(order):
        panel.bar(row, 0.0, adjusted[at], "gain" if reject[at] == 1.0 else "unsure", numbers.p_value(adjusted[at]))
    return Picture(_adjust_sentence(say), [panel])


def _compat_sentence(say: Say) -> str:
    return f"GrowthBook's engine would say {say('ci')}, p = {say('p_value')}."


def _compat_picture(say: Say) -> Picture:
    names = [
        name for name in ("ci", "sequential_ci", "credible", "prior_ci") if say.three(name)[1] == say.three(name)[1]
    ]
    said = {
        "ci": "Student's",
        "sequential_ci": "sequential",
        "credible": "credible",
        "prior_ci": "credible, with the prior",
    }
    panel = Panel(x="effect", x_unit="percent", rows=[said[name] for name in names])
    for row, name in enumerate(names):
        three = say.three(name)
        panel.span(row, *three, tone(three[1], three[2], null_of(say, name) or 0.0))
    panel.rule(0.0, "no effect")
    return Picture(_compat_sentence(say), [panel])


def _cost_sentence(say: Say) -> str:
    return f"This split sees as much as an even one of {say('effective_share')} of the users."


_REVENUE_UNITS = {
    "diff": "money",
    "se": "money",
    "diff_ci": "money",
    "rel_ci_delta": "percent",
    "rel_ci_fieller": "percent",
}

SHOWN = {
    "SegmentLiftResult": Show(_segment_sentence, _segment_picture, whole=True),
    "SegmentRoasResult": Show(_roas_sentence, _roas_picture, {"total": "times", "roas": "times"}),
    "SequentialResult": Show(
        _sequential_sentence,
        _sequential_picture,
        {"confidence_sequence": "points"},
        "confidence_sequence",
        whole=True,
        options=("looks",),
    ),
    "SequentialSimulationResult": Show(_played_sentence, _played_picture, {"mean_stop": "number"}),
    "LiftRevenueResult": Show(_revenue_sentence, _revenue_picture, _REVENUE_UNITS, "rel_lift"),
    "RatioMetricResult": Show(_ratio_sentence, _ratio_picture, {"diff": "number", "diff_ci_z": "number"}),
    "CupedResult": Show(
        _cuped_sentence, _cuped_picture, dict.fromkeys(("raw_diff", "raw_ci", "within_arm", "pooled"), "number")
    ),
    "CupedAdjustment": Show(None, None, {"diff": "number", "diff_ci": "number"}),
    "LiftArmsResult": Show(_arms_sentence, _arms_picture, whole=True),
    "NonInferiorityResult": Show(_inferior_sentence, None, {"non_inferiority_p": "p"}, null=None),
    "SampleSizeRevenueResult": Show(_size_sentence, _size_picture, {"diff": "money"}, headline="n_total", null=None),
    "LiftPowerRevenueResult": Show(_power_sentence, null=None),
    "LiftMdeRevenueResult": Show(_mde_sentence, None, {"mde_abs": "money"}, headline="mde_rel", null=None),
    "SampleSizeResult": Show(_size_sentence, _size_picture, headline="n_total", null=None),
    "LiftPowerResult": Show(_power_sentence, null=None),
    "LiftMdeResult": Show(_mde_sentence, headline="mde_rel", null=None),
    "HoldoutCostResult": Show(_cost_sentence, null=None),
    "SrmResult": Show(_srm_sentence),
    "AdjustPvaluesResult": Show(_adjust_sentence, _adjust_picture, whole=True),
    "GbstatsCompatResult": Show(
        _compat_sentence,
        _compat_picture,
        dict.fromkeys(["ci", "expected", "credible", "sequential_ci", "risk", "prior_expected", "prior_ci"], "percent")
        | {"prior_chance_to_win": "probability"},
    ),
}

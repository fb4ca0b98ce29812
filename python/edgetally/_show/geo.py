"""Experiments by region: the treated against what they would have had."""

from __future__ import annotations

from math import isfinite
from typing import Any

from .._edgetally import Interval
from . import numbers
from .picture import Panel, Picture, floats, tone
from .say import Say, Show, flat, is_column
from .words import chance


def _sentence(say: Say) -> str:
    name = next((name for name in ("did_ci", "average_effect") if name in say), "")
    estimate, low, high = say.three(name)
    if estimate != estimate:
        if is_column(say.result["counterfactual"]) and not len(say.result["counterfactual"]):
            return "There are no periods after the start yet: the double is fitted, and nothing compared."
        return "The effect on the treated regions is undefined."
    if low > 0:
        text = f"The treated regions gained {say.size(name)} per period"
    elif high < 0:
        text = f"The treated regions lost {say.size(name)} per period"
    elif low == low:
        text = f"Whether the treated regions gained is open: {say(name)} per period"
    else:
        verb = "gained" if estimate >= 0 else "lost"
        text = f"The treated regions {verb} {say.size(name)} per period, with no interval to it"
    if isfinite(say.value("lift")):
        text += f", {numbers.number(say.value('lift'), 'percent')} of what they would have had"
    return text + "."


def _picture(say: Say) -> Picture:
    name = next((name for name in ("did_ci", "average_effect") if name in say), "")
    path = _path(say, name)
    effect = Panel("Effect per period", x="effect per period", rows=[""])
    three = say.three(name)
    effect.span(0, *three, tone(three[1], three[2]))
    effect.rule(0.0, "no effect")
    returns = Panel("Outcome per unit of spend", x="incremental ROAS", x_unit="times", rows=[""])
    if isfinite(say.value("iroas")):
        returns.span(0, *say.three("iroas"))
    notes = [chance(say.value("p_value"))]
    return Picture(_sentence(say), [*path, effect, returns], notes=notes)


def _path(say: Say, name: str) -> list[Panel]:
    """The treated and their counterfactual over the periods, with the band of the average effect around it."""
    got: Any = say.result["counterfactual"]
    kept = say.kept()
    if numbers.is_number(got) and kept.get("panel"):
        treated_pre, treated_post, control_pre, control_post = (_mean(kept[key]) for key in _SIDES)
        # The controls, moved to where the treated were before the start.
        gap = sum(treated_pre) / len(treated_pre) - sum(control_pre) / len(control_pre)
        before, after = ([x + gap for x in control] for control in (control_pre, control_post))
        return [_two(say, name, treated_pre, treated_post, before, after)]
    if numbers.is_number(got):
        panel = Panel("After the start", x="outcome per period", rows=["treated", "would have had"], zero=True)
        effect = say.value("did")
        if not isfinite(effect):
            return []
        panel.bar(0, 0.0, float(got) + effect, "main", numbers.number(float(got) + effect))
        panel.bar(1, 0.0, float(got), "unsure", numbers.number(float(got)))
        return [panel]
    ends = (flat(got.low), flat(got.high)) if isinstance(got, Interval) else None
    double = flat(got.estimate if isinstance(got, Interval) else got)
    treated = [a + b for a, b in zip(double, flat(say.result["effect"]), strict=False)]
    seen, fitted = list(floats(kept.get("treated_pre", ()))), []
    if seen and "weights" in say and len(kept.get("donors_pre", ())) == len(say.result["weights"]):
        weights, donors = flat(say.result["augmented_weights"]), kept["donors_pre"]
        fitted = [sum(w * row[at] for w, row in zip(weights, donors, strict=True)) for at in range(len(seen))]
    return [_two(say, name, seen if fitted else [], treated, fitted, double, ends)]


def _mean(rows: Any) -> list[float]:
    """The mean over the regions, period by period."""
    return [sum(column) / len(column) for column in zip(*rows, strict=False)]


def _two(
    say: Say,
    name: str,
    before: list[float],
    treated: list[float],
    fitted: list[float],
    double: list[float],
    ends: tuple[list[float], list[float]] | None = None,
) -> Panel:
    """The treated and their counterfactual; after the start the band that the interval of the effect leaves it."""
    start = len(before)
    title = "The treated and what they would have had"
    panel = Panel(title, x="period (the start is 0)", y="outcome", x_unit="whole")
    x = [float(at - start) for at in range(start + len(double))]
    estimate, low, high = say.three(name)
    if ends is not None:
        panel.band(x[start:], *ends, "unsure", "interval")
    elif isfinite(low) and isfinite(high) and len(double) > 1:
        # The interval of the mean effect, around where the double is.
        around = [d + estimate - high for d in double], [d + estimate - low for d in double]
        panel.band(x[start:], *around, "unsure", "interval of the mean effect")
    panel.line(x, fitted + double, "unsure", "would have had", "dashed")
    panel.line(x[: start + len(treated)], before + treated, "main", "treated")
    if start:
        panel.rule(-0.5, "start")
    return panel


def _power_sentence(say: Say) -> str:
    least = say.value("detectable_lift")
    false = [p for lift, p in zip(flat(say.result["lifts"]), flat(say.result["power"]), strict=False) if lift == 0]
    if false and false[0] > _FALSE:
        often = numbers.number(false[0], "percent")
        return f"This test finds a lift where there is none in {often} of its runs: do not use it."
    if not isfinite(least):
        return "None of these lifts would be found often enough: test longer, or with more regions."
    return f"A test like this would find a lift of {numbers.number(least, 'percent')} often enough."


def _power_picture(say: Say) -> Picture:
    lifts, power = flat(say.result["lifts"]), flat(say.result["power"])
    panel = Panel(x="true lift", y="tests that find it", x_unit="percent", y_unit="percent", zero=True)
    panel.line(lifts, power, "main")
    panel.dots(lifts, power, "main")
    least = say.value("detectable_lift")
    if isfinite(least):
        panel.rule(least, f"detectable {numbers.number(least, 'percent')}")
    return Picture(_power_sentence(say), [panel])


# A test that finds nothing so often is none.
_FALSE = 0.25
_SIDES = ("treated_pre", "treated_post", "control_pre", "control_post")

_UNITS = {
    "did": "number",
    "did_ci": "number",
    "counterfactual": "number",
    "average_effect": "number",
    "effect": "number",
    "incremental": "number",
    "weights": "percent",
    "augmented_weights": "percent",
    "lifts": "percent",
    "power": "percent",
    "detectable_lift": "percent",
    "windows": "count",
}

SHOWN = {
    "GeoDidResult": Show(_sentence, _picture, _UNITS),
    "GeoSyntheticControlResult": Show(_sentence, _picture, _UNITS),
    "GeoCounterfactualResult": Show(_sentence, _picture, {**_UNITS, "prob_positive": "probability"}),
    "GeoPowerResult": Show(_power_sentence, _power_picture, _UNITS),
}

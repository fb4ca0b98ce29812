"""Lift: what was added and what it earned; posteriors; methods side by side."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, nan
from typing import Any

from . import numbers, units
from .picture import Panel, Picture, tone
from .say import Say, Show, flat
from .words import chance

# Points at which a posterior is drawn.
_POINTS = 121


def _sentence(say: Say) -> str:
    estimate, low, high = say.three("incremental_conversions")
    if estimate != estimate:
        return "The lift of these counts is undefined."
    if low != low:  # without intervals
        verb = "added" if estimate >= 0 else "took away"
        text = f"The ads {verb} {say.size('incremental_conversions', 'orders')} by this estimate"
    elif low > 0:
        text = f"The ads added {say.size('incremental_conversions', 'orders')}"
    elif high < 0:
        text = f"The ads took away {say.size('incremental_conversions', 'orders')}"
    else:
        text = f"Whether the ads added orders is open: {say('incremental_conversions')}"
    text += _money(say, low <= 0 <= high)
    probability = say.value("prob_profit_positive")
    if probability == probability:
        text += f"; the probability of a profit is {say('prob_profit_positive')}"
    elif say.value("prob_lift_positive") == say.value("prob_lift_positive"):
        text += f"; the probability of a lift is {say('prob_lift_positive')}"
    return text + "."


def _money(say: Say, unsure: bool) -> str:
    estimate, low, high = say.three("incremental_profit")
    if estimate != estimate:
        return ""
    if low != low:
        return f" and {'earned' if estimate >= 0 else 'lost'} {say.size('incremental_profit')}"
    join = ", and they" if unsure else " and"
    if low > 0:
        return f"{join} earned {say.size('incremental_profit')}"
    if high < 0:
        return f"{join} lost {say.size('incremental_profit')}"
    return f", and whether they paid is open: profit {say('incremental_profit')}"


def _row(panel: Panel, row: int, three: tuple[float, float, float], null: float = 0.0, good: str = "up") -> None:
    if three[1] == three[1]:
        panel.span(row, *three, tone(three[1], three[2], null, good=good))
    else:
        panel.span(row, *three, "unsure")


def _added(say: Say) -> Panel:
    panel = Panel("Orders added", x="orders", x_unit="count", rows=[""])
    _row(panel, 0, say.three("incremental_conversions"))
    panel.rule(0.0, "no effect", style="solid")
    needed = say.value("break_even_incremental_conversions")
    if isfinite(needed):
        panel.rule(needed, f"break-even {numbers.number(needed, 'count')}")
    return panel


def _picture(say: Say) -> Picture:
    panels = [_added(say)]
    money = Panel("What they earned", x="", x_unit="money", rows=[])
    for name in ("incremental_revenue", "incremental_gross_profit", "incremental_profit"):
        if isfinite(say.value(name)):
            money.rows.append({"incremental_gross_profit": "gross profit"}.get(name, name.rpartition("_")[2]))
            _row(money, len(money.rows) - 1, say.three(name))
    money.rule(0.0, style="solid")
    relative = Panel("Lift over the holdout", x="relative lift", x_unit="percent", rows=[""])
    _row(relative, 0, say.three("rel_lift"))
    relative.rule(0.0, style="solid")
    roas = Panel("Revenue per unit of spend", x="incremental ROAS", x_unit="times", rows=[""])
    revenue, profit = say.value("incremental_revenue"), say.value("incremental_gross_profit")
    line = revenue / profit if isfinite(revenue) and profit else nan
    _row(roas, 0, say.three("incremental_roas"), line if isfinite(line) else 0.0)
    if isfinite(line) and line > 0:
        roas.rule(line, f"break-even {line:.2f}")
    posterior = _posterior_of_profit(say)
    notes = [" ".join(part for part in (chance(say.value("p_value")), _flags(say)) if part)]
    if posterior is None:
        return Picture(
            _sentence(say), [*panels, money, relative, roas], layout=[[0], [1], [2, 3]], notes=notes, small=2
        )
    layout = [[0], [1], [2], [3, 4]]
    return Picture(_sentence(say), [posterior, *panels, money, relative, roas], layout=layout, notes=notes)


def _flags(say: Say) -> str:
    flags = say.result._flags()
    return f"Flags: {', '.join(flag.replace('_', ' ') for flag in flags)}." if flags else "No flags."


def _counts(say: Say) -> tuple[float, float, float, float] | None:
    """The four counts, from what the fields say of them; ``None`` where they cannot be told."""
    rates = say.value("exposed_rate"), say.value("holdout_rate")
    difference = rates[0] - rates[1]
    conversions = say.value("expected_conversions") + say.value("incremental_conversions")
    both = say.value("incremental_conversions_rolled_out")
    if not (rates[0] > 0 and difference and isfinite(conversions) and isfinite(both)):
        return None
    users = conversions / rates[0]
    others = both / difference - users
    counts = users, conversions, others, others * rates[1]
    if any(abs(count - round(count)) > 1e-3 + 1e-9 * abs(count) or round(count) < 0 for count in counts):
        return None
    return tuple(map(float, map(round, counts)))  # type: ignore[return-value]


def _posterior_of_profit(say: Say) -> Panel | None:
    """The posterior of the profit, where the prior can be told: the flat one, or Jeffreys'."""
    counts, probability = _counts(say), say.value("prob_profit_positive")
    if counts is None or probability != probability:
        return None
    from .. import lift_bayes

    for prior in (1.0, 0.5):
        check: Any = lift_bayes(*counts, prior_alpha=prior, prior_beta=prior, intervals=False)
        if abs(float(check.prob_lift_positive) - say.value("prob_lift_positive")) < 1e-8:
            break
    else:
        return None
    low, high = say.three("abs_lift")[1:]
    drawn = _density(counts, (prior, prior), low, high)
    if drawn is None:
        return None
    spend = say.value("incremental_gross_profit") - say.value("incremental_profit")
    each = say.value("incremental_gross_profit") / (say.value("abs_lift") or nan)
    where = [each * difference - spend for difference in drawn[0]]
    panel = Panel("Profit, after the data", x="profit", x_unit="money", y="", y_unit="hidden", zero=False)
    _shade(panel, where, drawn[1], 0.0, f"profit: {say('prob_profit_positive')}")
    panel.rule(0.0, "break-even")
    return panel


def _shade(panel: Panel, x: list[float], density: list[float], at: float, label: str) -> None:
    zero = [0.0] * len(x)
    panel.line(x, density, "main")
    above = [y if value >= at else 0.0 for value, y in zip(x, density, strict=True)]
    panel.band(x, zero, above, "main", f"probability of a {label}")


def _density(
    counts: tuple[float, ...], prior: tuple[float, float], low: float, high: float
) -> tuple[list[float], list[float]] | None:
    """The posterior density of the difference of two rates, by differences of its exact distribution."""
    from .. import lift_bayes

    if not (isfinite(low) and isfinite(high) and high > low):
        return None
    room = 0.55 * (high - low)
    edges = [low - room + (high - low + 2 * room) * at / _POINTS for at in range(_POINTS + 1)]
    edges = [min(max(edge, -1.0), 1.0) for edge in edges]
    got: Any = lift_bayes(*counts, prior_alpha=prior[0], prior_beta=prior[1], threshold=edges, intervals=False)
    beyond = flat(got.prob_above_threshold)
    if not all(map(isfinite, beyond)):
        return None
    middle = [(a + b) / 2 for a, b in pairwise(edges) if b > a]
    density = [(p - q) / (b - a) for a, b, p, q in zip(edges, edges[1:], beyond, beyond[1:], strict=False) if b > a]
    return middle, density


def _bayes_sentence(say: Say) -> str:
    probability = say.value("prob_lift_positive")
    if probability != probability:
        return "The posterior of these counts is undefined."
    text = f"With a probability of {say('prob_lift_positive')} the ads lift the rate"
    if isfinite(say.value("diff_credible")) and say.three("diff_credible")[1] == say.three("diff_credible")[1]:
        text += f"; the difference is {say('diff_credible')}"
    if isfinite(say.value("prob_above_threshold")):
        text += f", above break-even with {say('prob_above_threshold')}"
    return text + "."


def _bayes_picture(say: Say) -> Picture:
    difference = Panel("Difference of the rates", x="difference", x_unit="points", rows=[""])
    _row(difference, 0, say.three("diff_credible"))
    difference.rule(0.0, "no effect")
    ratio = Panel("Ratio of the rates", x="ratio", x_unit="times", rows=[""])
    _row(ratio, 0, say.three("ratio_credible"), 1.0)
    ratio.rule(1.0, "no effect")
    posterior = _kept_posterior(say)
    panels = [difference, ratio] if posterior is None else [posterior, ratio]
    return Picture(_bayes_sentence(say), panels)


def _kept_posterior(say: Say) -> Panel | None:
    kept = say.kept()
    names = ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
    _, low, high = say.three("diff_credible")
    if not all(isinstance(kept.get(name), (int, float)) for name in names):
        return None
    prior = float(kept.get("prior_alpha", 1.0)), float(kept.get("prior_beta", 1.0))
    drawn = _density(tuple(float(kept[name]) for name in names), prior, low, high)
    if drawn is None:
        return None
    at = kept.get("threshold")
    at = 0.0 if at is None else float(at)
    panel = Panel(
        "Difference of the rates, after the data", x="difference of the rates", x_unit="points", y_unit="hidden"
    )
    enough = f"lift: {say('prob_lift_positive')}"
    if at:
        enough = f"profit (more than {numbers.number(at, 'points')}): {say('prob_above_threshold')}"
        panel.rule(0.0, "no effect", style="solid")
    _shade(panel, *drawn, at, enough)
    panel.rule(at, "break-even" if at else "no effect")
    return panel


def _methods_sentence(say: Say) -> str:
    ends = [say.three(name)[1:] for name in say.result.fields if say.three(name)[1] == say.three(name)[1]]
    if not ends:
        return "No method gives an interval for these counts."
    ratio = "ratio" in say
    null = 1.0 if ratio else 0.0
    inside = sum(1 for low, high in ends if low <= null <= high)
    if ratio:  # the interval of the relative lift is about 0
        inside = sum(1 for name in say.result.fields if name.startswith("ratio_") and _includes(say, name, 1.0))
        ends = [
            end
            for name, end in ((n, say.three(n)[1:]) for n in say.result.fields)
            if name.startswith("ratio_") and end[0] == end[0]
        ]
    what = f"{'Ratio' if ratio else 'Difference'} of the rates {say('ratio' if ratio else 'diff')}"
    if inside == 0:
        return f"{what}: all {len(ends)} methods exclude no effect."
    if inside == len(ends):
        return f"{what}: no method excludes no effect."
    return f"{what}: {len(ends) - inside} of {len(ends)} methods exclude no effect, so it hangs on the method."


def _includes(say: Say, name: str, null: float) -> bool:
    _, low, high = say.three(name)
    return low <= null <= high


def _methods_picture(say: Say) -> Picture:
    ratio = "ratio" in say
    prefix, null = ("ratio_", 1.0) if ratio else ("diff_", 0.0)
    names = [name for name in say.result.fields if name.startswith(prefix) and say.three(name)[1] == say.three(name)[1]]
    label = "ratio of the rates" if ratio else "difference of the rates"
    rows = [name.removeprefix(prefix).replace("_", " ") for name in names]
    panel = Panel(x=label, x_unit="times" if ratio else "points", rows=rows)
    for row, name in enumerate(names):
        _row(panel, row, say.three(name), null)
    panel.rule(null, "no effect")
    return Picture(_methods_sentence(say), [panel])


def _rate_sentence(say: Say) -> str:
    name = "wilson" if "wilson" in say else "rate"
    return f"The rate is {say(name)}." if isfinite(say.value(name)) else "The rate is undefined: there are no users."


def _rate_picture(say: Say) -> Picture:
    names = [name for name in say.result.fields if say.three(name)[1] == say.three(name)[1]]
    panel = Panel(x="rate", x_unit="percent", rows=[units.words(name) for name in names])
    for row, name in enumerate(names):
        panel.span(row, *say.three(name))
    return Picture(_rate_sentence(say), [panel])


def _score_sentence(say: Say) -> str:
    estimate, low, high = say.three("diff")
    if estimate != estimate:
        return "The difference of these rates is undefined."
    verb = "is open" if low <= 0 <= high else "is above zero" if low > 0 else "is below zero"
    return f"The difference of the rates {verb}: {say('diff')}, a ratio of {say('ratio')}."


def _score_picture(say: Say) -> Picture:
    difference = Panel("Difference of the rates", x="difference", x_unit="points", rows=[""])
    _row(difference, 0, say.three("diff"))
    difference.rule(0.0, "no effect")
    ratio = Panel("Ratio of the rates", x="ratio", x_unit="times", rows=[""])
    _row(ratio, 0, say.three("ratio"), 1.0)
    ratio.rule(1.0, "no effect")
    return Picture(_score_sentence(say), [difference, ratio], notes=[chance(say.value("p_value"))])


def _p_sentence(say: Say) -> str:
    test = "Fisher's mid-p" if say.value("exact") == 1.0 else "the score test"
    return chance(say.value("p_value"), test) or "There is no p-value for these counts."


def _p_picture(say: Say) -> Picture:
    names = [
        name for name in say.result.fields if say.unit(name) == "p" and name != "p_value" and isfinite(say.value(name))
    ]
    panel = Panel(x="p-value", rows=[name.removeprefix("p_").replace("_", " ") for name in names], zero=True)
    for row, name in enumerate(names):
        value = say.value(name)
        panel.bar(row, 0.0, value, "gain" if value < 0.05 else "unsure", numbers.p_value(value))
    panel.rule(0.05, "0.05")
    return Picture(_p_sentence(say), [panel])


_LIFT = Show(_sentence, _picture, headline="rel_lift")

SHOWN = {
    "LiftEstimates": _LIFT,
    "LiftDiffCiResult": Show(_methods_sentence, _methods_picture, headline="diff_score"),
    "LiftRelCiResult": Show(_methods_sentence, _methods_picture, headline="ratio_score", null=1.0),
    "LiftCiResult": Show(_score_sentence, _score_picture, headline="diff"),
    "RateCiResult": Show(_rate_sentence, _rate_picture, headline="wilson", null=None),
    "RateResult": Show(_rate_sentence, _rate_picture, null=None),
    "LiftPValueResult": Show(_p_sentence, _p_picture, {"exact": "number"}),
    "LiftBayesResult": Show(_bayes_sentence, _bayes_picture, headline="diff_credible"),
}

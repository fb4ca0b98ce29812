"""Funnels and the prices of advertising: the funnel itself, what moves its profit, ceilings of cost."""

from __future__ import annotations

from math import isfinite, log10
from typing import TYPE_CHECKING

from . import numbers, units
from .common import capital, template
from .picture import Panel, Picture, tone
from .say import Say, Show, flat

if TYPE_CHECKING:
    from collections.abc import Sequence

_SWING = 0.2


def _funnel_sentence(say: Say) -> str:
    profit = say.value("profit_per_mille")
    if profit != profit:
        return "The profit of this funnel is undefined."
    verb = "earn" if profit >= 0 else "lose"
    text = f"1,000 impressions {verb} {say.size('profit_per_mille')}"
    if isfinite(say.value("cpa")):
        text += f": an order costs {say('cpa')}"
        if isfinite(say.value("break_even_cpa")):
            text += f" and may cost {say('break_even_cpa')}"
    return text + "."


def _funnel_picture(say: Say) -> Picture:
    clicks, orders = say.value("clicks_per_mille"), say.value("conversions_per_mille")
    revenue, contribution = say.value("revenue_per_mille"), say.value("contribution_per_mille")
    profit = say.value("profit_per_mille")
    cost = contribution - profit
    rows = ["impressions", "clicks", "orders"]
    steps = Panel("From 1,000 impressions to orders (widths are logarithms)", x_unit="hidden", rows=rows)
    bought = numbers.number(orders / clicks if clicks else float("nan"), "percent")
    each = [
        f"1,000, for {say.money(cost)}",
        f"{numbers.number(clicks, 'count')}, {numbers.number(clicks / 1000, 'percent')} of them, {say('cpc')} each",
        f"{numbers.number(orders, 'count')}, {bought} of the clicks, {say('cpa')} each",
    ]
    for row, (count, text) in enumerate(zip((1000.0, clicks, orders), each, strict=True)):
        if count > 0:
            # Shares of a thousandth would be no bar at all: lengths are logarithms, from a hundredth of an order on.
            half = max(log10(count / 0.01), 0.2) / 2
            steps.bar(row, -half, half, "main", text)
    money = waterfall(
        "Money of 1,000 impressions",
        [
            ("revenue", revenue),
            ("goods, fees", contribution - revenue),
            ("", contribution),
            ("ads", -cost),
            ("profit", profit),
        ],
        say,
        totals=(0, 2, 4),
        names=["revenue", "goods, fees", "contribution", "ads", "profit"],
    )
    return Picture(_funnel_sentence(say), [steps, money, _own_tornado(say, cost)], layout=[[0], [1, 2]])


def waterfall(
    title: str,
    parts: Sequence[tuple[str, float]],
    say: Say,
    *,
    totals: Sequence[int],
    names: Sequence[str] = (),
) -> Panel:
    """Steps from a sum to a sum: totals stand on the ground, what is added or taken hangs between them."""
    panel = Panel(title, y="", y_unit="money", columns=names or [name for name, _ in parts], zero=True)
    level = 0.0
    for place, (_, amount) in enumerate(parts):
        if place in totals:
            level = amount
            last = place == len(parts) - 1
            shade = ("gain" if amount >= 0 else "loss") if last else "main"
            panel.column(place, 0.0, amount, shade, say.money(amount))
        elif isfinite(amount):
            panel.column(place, level, level + amount, "unsure", say.money(amount))
            level += amount
    return panel


def _own_tornado(say: Say, cost: float) -> Panel:
    """What a fifth more and less of each input does to the profit, from the fields alone."""
    contribution = say.value("contribution_per_mille")
    base = contribution - cost
    moves = [
        ("click rate", contribution),
        ("conversion rate", contribution),
        ("order value", contribution),
        ("CPM", -cost),
    ]
    if say.value("contribution_margin") < 1.0:
        moves.insert(3, ("contribution margin", contribution))
    moves = sorted((move for move in moves if isfinite(move[1])), key=lambda move: -abs(move[1]))
    low = [base - _SWING * move for _, move in moves]
    high = [base + _SWING * move for _, move in moves]
    return _tornado([name for name, _ in moves], low, high, base, "profit of 1,000 impressions", "money", _SWING, say)


def _tornado(
    names: list[str],
    low: list[float],
    high: list[float],
    base: float,
    label: str,
    unit: str,
    swing: float | None,
    say: Say,
    title: str = "What moves the profit most",
) -> Panel:
    panel = Panel(title, x=label, x_unit=unit, rows=names)
    share = "" if swing is None else f"{100 * swing:.0f}%"
    for row, (down, up) in enumerate(zip(low, high, strict=True)):
        if isfinite(down) and isfinite(up):
            panel.bar(row, base, down, "loss", f"{share} less" if share and row == 0 else "")
            panel.bar(row, base, up, "main", f"{share} more" if share and row == 0 else "")
    panel.rule(base, f"now {numbers.number(base, unit, say.currency)}", style="solid")
    return panel


def _tornado_sentence(say: Say) -> str:
    order = list(say.result["order"])
    if not order:
        return "Nothing that may be moved changes this output."
    low, high = flat(say.result["low"])[0], flat(say.result["high"])[0]
    output, unit, swing = _output(say)
    ends = " to ".join(numbers.number(value, unit, say.currency) for value in sorted((low, high)))
    by = "" if swing is None else f", by {100 * swing:.0f}% either way,"
    return f"{capital(units.words(order[0]))} moves {output} most: moved alone{by} from {ends}."


def _output(say: Say) -> tuple[str, str, float | None]:
    kept = say.kept()
    name = str(kept.get("output", ""))
    return units.words(name) if name else "the output", units.unit(name) if name else "number", kept.get("swing")


def _tornado_picture(say: Say) -> Picture:
    output, unit, swing = _output(say)
    names = [units.words(str(name)) for name in say.result["order"]]
    low, high = flat(say.result["low"]), flat(say.result["high"])
    panel = _tornado(names, low, high, say.value("base"), output, unit, swing, say, "")
    return Picture(_tornado_sentence(say), [panel])


def _uncertain_sentence(say: Say) -> str:
    name = "cpa_ci_delta" if isfinite(say.three("cpa_ci_delta")[1]) else "cpa_ci_poisson"
    text = (
        f"An order costs {say(name)}"
        if isfinite(say.value("cpa"))
        else "There were no orders, so their cost has no estimate"
    )
    if isfinite(say.value("prob_profit_positive")):
        text += f"; the probability of a profit is {say('prob_profit_positive')}"
    return text + "."


def _uncertain_picture(say: Say) -> Picture:
    cost = Panel("Cost of an order", x="cost per order", x_unit="money", rows=["delta method", "exact (Poisson)"])
    cost.span(0, *say.three("cpa_ci_delta"))
    cost.span(1, *say.three("cpa_ci_poisson"))
    returns = Panel("Revenue per unit of spend", x="ROAS", x_unit="times", rows=[""])
    returns.span(0, *say.three("roas_ci_delta"))
    return Picture(_uncertain_sentence(say), [cost, returns])


def _solution_sentence(say: Say) -> str:
    ways = [
        f"{units.words(name.partition('_')[2])} {'up to' if name.startswith('max') else 'of'} {say(name)}"
        for name in ("required_cvr", "required_ctr", "required_aov", "max_cpm")
        if isfinite(say.value(name))
    ]
    return (
        f"Any one of these reaches the goal alone: {', '.join(ways)}." if ways else "No input reaches the goal alone."
    )


def _elasticity_sentence(say: Say) -> str:
    known = [(name, say.value(name)) for name in say.result.fields if isfinite(say.value(name))]
    if not known:
        return "The elasticities are undefined: the output is zero."
    name, value = max(known, key=lambda item: abs(item[1]))
    return f"{capital(units.words(name))} counts most: 1% more of it moves the output by {value:+.2f}%."


def _elasticity_picture(say: Say) -> Picture:
    known = [(name, say.value(name)) for name in say.result.fields if isfinite(say.value(name)) and say.value(name)]
    known.sort(key=lambda item: -abs(item[1]))
    panel = Panel(
        x="per cent of the output for 1% more of the input", rows=[units.words(name) for name, _ in known], zero=True
    )
    for row, (_, value) in enumerate(known):
        panel.bar(row, 0.0, value, "gain" if value > 0 else "loss", f"{value:+.2f}")
    panel.rule(0.0, style="solid")
    return Picture(_elasticity_sentence(say), [panel])


def _change_sentence(say: Say) -> str:
    before, after = say.value("cpa_before"), say.value("cpa_after")
    if not (isfinite(before) and isfinite(after)):
        return "The cost of an order is undefined before or after."
    verb = "rose" if after > before else "fell" if after < before else "stayed"
    moves = sorted((abs(say.value(name)), name) for name in ("cpm", "ctr", "cvr") if isfinite(say.value(name)))
    why = f", mostly because of the {units.words(moves[-1][1])}" if moves and moves[-1][0] > 0 else ""
    return f"An order's cost {verb} from {say('cpa_before')} to {say('cpa_after')}{why}."


def _change_picture(say: Say) -> Picture:
    names = ["cpm", "ctr", "cvr"]
    # Logarithms add up without a remainder; shown as the factor that each stage is.
    cost = Panel(
        "Cost of an order", x="change of the cost (log)", rows=[units.words(name) for name in names], zero=True
    )
    for row, name in enumerate(names):
        value = say.value(name)
        if isfinite(value):
            from math import exp

            cost.bar(row, 0.0, value, "loss" if value > 0 else "gain", f"{100 * (exp(value) - 1):+.1f}%")
    fields = [name for name in say.result.fields if name.startswith("profit_") and name != "profit_change"]
    profit = Panel("Profit of 1,000 impressions", x="change of the profit", x_unit="money", zero=True)
    profit.rows = [units.words(name.removeprefix("profit_")) for name in fields]
    for row, name in enumerate(fields):
        value = say.value(name)
        profit.bar(row, 0.0, value, "gain" if value >= 0 else "loss", say(name))
    return Picture(_change_sentence(say), [cost, profit])


def _target_sentence(say: Say) -> str:
    if not isfinite(say.value("target_cpa")):
        return "The target is undefined."
    text = f"A customer may cost {say('target_cpa')}"
    binding = say.result.binding  # type: ignore[attr-defined]
    rules = {
        "break_even": "the break-even",
        "buffer": "the buffer decides",
        "max_share": "the greatest share decides",
        "ltv_to_cac": "the ratio of lifetime value to cost decides",
        "payback_cpa": "the payback decides",
    }
    if binding in rules:
        text += f": {rules[binding]}"
    adjusted = say.value("incrementality_adjusted_target")
    if isfinite(adjusted):
        text += f"; an attributed one, of whom only a share is incremental, {say('incrementality_adjusted_target')}"
    return text + "."


def _target_picture(say: Say) -> Picture:
    gross, target, kept = say.value("gross_profit_ltv"), say.value("target_cpa"), say.kept()
    names, parts, totals = ["gross profit"], [("", gross)], [0]
    ltv = float(kept["ltv"]) if numbers.is_number(kept.get("ltv")) else gross
    if isfinite(ltv) and abs(ltv - gross) > 1e-9 * abs(ltv):
        names, parts, totals = (
            ["lifetime value", "costs", "gross profit"],
            [("", ltv), ("", gross - ltv), ("", gross)],
            [0, 2],
        )
    if target != gross:
        names += ["kept"]
        parts += [("", target - gross)]
    names += ["target"]
    parts += [("", target)]
    totals += [len(parts) - 1]
    adjusted = say.value("incrementality_adjusted_target")
    if isfinite(adjusted) and adjusted != target:
        names += ["not caused", "attributed target"]
        parts += [("", adjusted - target), ("", adjusted)]
        totals += [len(parts) - 1]
    steps = waterfall("From lifetime value to the target", parts, say, totals=totals, names=names)
    rules = [
        ("break-even", "break_even_cpa"),
        ("buffer", "target_by_buffer"),
        ("share", "target_by_share"),
        ("ratio", "target_by_ratio"),
        ("payback", "target_by_payback"),
    ]
    rules = [(label, name) for label, name in rules if isfinite(say.value(name))]
    ceilings = Panel(
        "What each rule allows", x="cost per customer", x_unit="money", rows=[label for label, _ in rules], zero=True
    )
    for row, (_, name) in enumerate(rules):
        value = say.value(name)
        ceilings.bar(row, 0.0, value, "gain" if value == target else "unsure", say(name))
    return Picture(_target_sentence(say), [steps, ceilings])


def _roas_sentence(say: Say) -> str:
    profit = say.value("profit")
    if not isfinite(say.value("roas")):
        return "Without spend there is no return on it."
    verb = "earned" if profit >= 0 else "lost"
    text = f"Every unit of spend brought {say('roas')} of revenue; the ads {verb} {say.size('profit')}"
    if isfinite(say.value("break_even_roas")):
        text += f" and break even at {say('break_even_roas')}"
    return text + "."


def _roas_picture(say: Say) -> Picture:
    panel = Panel(x="revenue per unit of spend (ROAS)", x_unit="times", rows=[""], zero=True)
    value, needed = say.value("roas"), say.value("break_even_roas")
    panel.bar(0, 0.0, value, tone(value, value, needed) if isfinite(needed) else "main", say("roas"))
    if isfinite(needed):
        panel.rule(needed, f"break-even {needed:.2f}")
    return Picture(_roas_sentence(say), [panel])


def _mer_sentence(say: Say) -> str:
    if not isfinite(say.value("mer")):
        return "Without spend there is no return on it."
    verb = "leaves" if say.value("profit") >= 0 else "loses"
    return f"All marketing brings {say('mer')} of revenue per unit of spend and {verb} {say.size('profit')}."


SHOWN = {
    "FunnelResult": Show(_funnel_sentence, _funnel_picture, headline="profit_per_mille"),
    "FunnelTornado": Show(_tornado_sentence, _tornado_picture, {"low": "number", "high": "number"}),
    "FunnelUncertainty": Show(_uncertain_sentence, _uncertain_picture, headline="cpa_ci_delta", null=None),
    "FunnelSolution": Show(_solution_sentence, headline="required_cvr"),
    "FunnelElasticity": Show(
        _elasticity_sentence,
        _elasticity_picture,
        dict.fromkeys(["cpm", "ctr", "cvr", "aov", "gross_margin", "payment_fees", "shipping", "returns"], "number"),
    ),
    "FunnelDecomposition": Show(
        _change_sentence,
        _change_picture,
        dict.fromkeys(("cpm", "ctr", "cvr"), "number") | {"profit_margin": "money"},
        headline="log_ratio",
    ),
    "TargetCpaResult": Show(_target_sentence, _target_picture, headline="target_cpa"),
    "RoasResult": Show(_roas_sentence, _roas_picture, headline="roas"),
    "TargetRoasResult": Show(template("The ads have to bring {target_roas} of revenue per unit of spend.")),
    "BreakEvenRoasResult": Show(template("The ads pay from {break_even_roas} of revenue per unit of spend on.")),
    "MaxCpcResult": Show(template("A click may cost {target_cpc}; at {break_even_cpc} it leaves nothing.")),
    "BreakEvenCpmResult": Show(
        template("1,000 impressions may cost {target_cpm}; at {break_even_cpm} they leave nothing."),
        headline="break_even_cpm",
    ),
    "BreakEvenCtrResult": Show(
        template("The click rate has to be {break_even_ctr} for nothing to be lost."), headline="break_even_ctr"
    ),
    "BreakEvenCvrResult": Show(
        template("The conversion rate has to be {break_even_cvr} for nothing to be lost."), headline="break_even_cvr"
    ),
    "ClickCvrResult": Show(template("{cvr} of the clicks buy; an order takes {clicks_per_conversion} clicks.")),
    "CplToCacResult": Show(template("A customer costs {all_in_cac}, of it {cac} for the ads.")),
    "CacResult": Show(template("A new customer costs {cac} and is paid back after {payback_months}.")),
    "BlendedCacResult": Show(template("A new customer costs {blended_cac} in all, {paid_cac} of it for the ads.")),
    "LtvToCacResult": Show(template("A customer is worth {ratio} times the cost: {ltv}."), headline="ratio"),
    "CpaResult": Show(template("A conversion costs {cpa}.")),
    "CpcResult": Show(template("A click costs {cpc}.")),
    "CpmResult": Show(template("1,000 impressions cost {cpm}.")),
    "CtrResult": Show(template("{ctr} of the impressions are clicked.")),
    "MerResult": Show(_mer_sentence, headline="mer"),
}

"""Response curves and budgets: data, band, optimum, marginal return; before and after by channel."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

from .._arguments import error
from . import numbers
from .picture import Panel, Picture, floats, left_out, nothing
from .say import Say, Show, flat

_POINTS = 80
# What says that there is no curve to read an optimum from.
_NO_CURVE = {
    "no_response": "Spend does not move revenue in these data: there is no best spend to find",
    "not_increasing": "Revenue does not rise with spend in these data: no spend is the best",
    "straight_line": "Revenue rises with spend as a straight line does: nothing says where more spend stops paying",
}


def _fit_sentence(say: Say) -> str:
    warnings = tuple(say.result["warnings"] or ())
    for word, text in _NO_CURVE.items():
        if word in warnings:
            return f"{text}."
    best = say.value("optimal_spend")
    if best == best and isfinite(best):
        name = _known_best(say)
        shown = numbers.interval(best, *say.three(name)[1:], "money", say.currency)
        if best == 0:
            return "No spend on this curve pays for itself: the best is not to spend."
        profit = say.value("optimal_profit")
        tail = f", for a profit of {say.money(profit)}" if isfinite(profit) else ""
        if _held_back(say, name):
            return f"More spend pays up to {shown} per period, as far as the data or the cap go{tail}."
        return f"The most profitable spend is {shown} per period{tail}."
    r2 = say.value("r2")
    text = f"A {_model(say)} curve explains {numbers.number(r2, 'percent', places=0)} of the variance of revenue"
    return (
        f"{text}; a best spend needs a margin."
        if say.value("margin") != say.value("margin")
        else f"{text}; it has no best spend."
    )


def _known_best(say: Say) -> str:
    """The field of the best spend that has an interval."""
    names = ("optimal_spend_ci_bootstrap", "optimal_spend_ci_delta")
    return next((name for name in names if isfinite(say.three(name)[1])), "optimal_spend")


def _held_back(say: Say, name: str) -> bool:
    """Whether the best spend is only where the data or a cap end, so that nothing says how sure it is."""
    beyond = say.value("optimal_spend_uncapped") > say.value("optimal_spend") * (1 + 1e-9)
    return beyond and not isfinite(say.three(name)[1])


def _model(say: Say) -> str:
    return str(say.result["model"]).replace("_", "-").replace("michaelis-menten", "Michaelis-Menten")


def _fit_picture(say: Say) -> Picture:
    fit: Any = say.result
    spend, revenue, _ = fit._engine.data()
    seen = [x for x in floats(spend) if isfinite(x)]
    if not seen:
        return Picture(_fit_sentence(say), [])
    best, margin = say.value("optimal_spend"), say.value("margin")
    top = max(seen)
    # An optimum far away would press the data into a corner.
    shown = best if isfinite(best) and best <= 2.5 * top else nan
    end = 1.08 * max(top, shown if shown == shown else 0.0)
    # The spend that is just paid back is worth a look beyond the data, not a long one.
    even = None if set(_NO_CURVE) & set(say.result["warnings"] or ()) else _break_even(fit, margin, 1.6 * end)
    end = max(end, 1.05 * even) if even is not None else end
    x = [end * step / _POINTS for step in range(1, _POINTS + 1)]
    curve = fit.predict(x)
    panel = Panel("Revenue", x="spend per period", y="revenue", x_unit="money", y_unit="money", zero=True)
    _unseen(panel, seen, end)
    panel.band(x, flat(curve.low), flat(curve.high), "main", "interval of the curve")
    panel.line(x, flat(curve.estimate), "main", f"{_model(say)} curve")
    panel.dots(spend, revenue, "ink", "observed")
    panels = [panel]
    if isfinite(margin) and margin > 0 and not set(_NO_CURVE) & set(say.result["warnings"] or ()):
        panel.line([0.0, end], [0.0, end / margin], "unsure", "spend paid back", "dashed")
        if even is not None:
            panel.dots([even], [even / margin], "loss", f"break-even {numbers.tick(even, 'money')}", "large")
    if shown == shown and shown > 0:
        height = float(fit.predict(shown).estimate)
        panel.dots([shown], [height], "second", f"optimum {numbers.number(shown, 'money', say.currency)}", "large")
    if not {"no_response", "not_increasing"} & set(say.result["warnings"] or ()):
        panels.append(_marginal(fit, seen, end, shown, margin))
    notes = (
        [f"The best spend, {say.money(best)}, lies far beyond the data and is not shown."]
        if best == best and shown != shown and isfinite(best)
        else []
    )
    return Picture(_fit_sentence(say), panels, notes=notes)


def _unseen(panel: Panel, seen: list[float], end: float) -> None:
    regions = [(0.0, min(seen)), (max(seen), end)]
    for at, (low, high) in enumerate(region for region in regions if region[1] - region[0] > 0.04 * end):
        panel.hatch(low, high, "no data" if at == 0 else "")


def _break_even(fit: Any, margin: float, end: float) -> float | None:
    """Where margin times the curve is the spend again, beyond where it pays; within what is drawn."""
    if not (isfinite(margin) and margin > 0):
        return None
    steps = [end * step / 200 for step in range(1, 201)]
    gain = [margin * y - x for x, y in zip(steps, flat(fit.predict(steps).estimate), strict=True)]
    for at in range(1, len(steps)):
        before, after = gain[at - 1], gain[at]
        if before > 0 >= after:
            return steps[at - 1] + (steps[at] - steps[at - 1]) * before / (before - after)
    return None


def _marginal(fit: Any, seen: list[float], end: float, best: float, margin: float) -> Panel:
    low = min(x for x in seen if x > 0) if any(x > 0 for x in seen) else end / _POINTS
    start = max(min(low, end / 12), end / _POINTS)
    x = [start + (end - start) * step / _POINTS for step in range(_POINTS + 1)]
    got = fit.marginal_roas(x)
    panel = Panel(
        "Return of the next unit of spend",
        x="spend per period",
        y="marginal ROAS",
        x_unit="money",
        y_unit="times",
        zero=True,
    )
    _unseen(panel, seen, end)
    panel.band(x, flat(got.low), flat(got.high), "main")
    panel.line(x, flat(got.estimate), "main")
    if isfinite(margin) and margin > 0:
        panel.rule(1 / margin, f"pays for itself: {1 / margin:.2f}", across=True)
    if best == best and best > 0:
        panel.rule(best, "optimum")
    # The first steps of a curve may be as steep as they like.
    top = sorted(y for y in flat(got.estimate) if isfinite(y))
    most = max(3 * top[4 * len(top) // 5], 2.5 / margin if isfinite(margin) and margin > 0 else 0.0) if top else 0.0
    if top and top[-1] > most > 0:
        keep = [at for at, y in enumerate(flat(got.estimate)) if y <= most]
        panel.marks = [mark for mark in panel.marks if mark.kind not in ("band", "line")]
        panel.band(
            [x[at] for at in keep], [flat(got.low)[at] for at in keep], [flat(got.high)[at] for at in keep], "main"
        )
        panel.line([x[at] for at in keep], [flat(got.estimate)[at] for at in keep], "main")
    return panel


def _marginal_sentence(say: Say) -> str:
    gap, best = say.value("spend_gap"), say.value("optimal_spend")
    if not isfinite(best):
        return "There is no best spend on this curve."
    way = "more" if gap > 0 else "less"
    if gap == 0:
        return f"Today's spend of {say('optimal_spend')} is the best on this curve."
    return (
        f"On this curve {say.money(abs(gap))} {way} would be best, {say('optimal_spend')} in all, for "
        f"{say('profit_delta')} more profit; the exponent is assumed."
    )


def _power_picture(say: Say) -> Picture:
    best, k = say.value("optimal_spend"), say.value("coefficient")
    now, roas = best - say.value("spend_gap"), say.value("current_roas")
    if not (isfinite(best) and isfinite(k) and isfinite(roas) and roas and now > 0):
        return nothing(_marginal_sentence(say))
    exponent = say.value("marginal_roas_current") / roas
    margin = (say.value("marginal_profit_current") + 1.0) / (say.value("marginal_roas_current") or nan)
    end = min(1.35 * max(best, now), 12 * now)
    x = [end * step / _POINTS for step in range(1, _POINTS + 1)]
    panel = Panel("Profit", x="spend", y="profit", x_unit="money", y_unit="money")
    panel.line(x, [margin * k * s**exponent - s for s in x], "main", f"assumed exponent {exponent:.2f}")
    panel.dots([now], [say.value("current_profit")], "ink", f"now {numbers.tick(now, 'money')}", "large")
    panel.dots([best], [say.value("optimal_profit")], "second", f"optimum {numbers.tick(best, 'money')}", "large")
    panel.rule(0.0, across=True, style="solid")
    slope = Panel(
        "Return of the next unit of spend", x="spend", y="marginal ROAS", x_unit="money", y_unit="times", zero=True
    )
    slope.line(x[4:], [exponent * k * s ** (exponent - 1) for s in x[4:]], "main")
    if isfinite(margin) and margin > 0:
        slope.rule(1 / margin, f"pays for itself: {1 / margin:.2f}", across=True)
    slope.rule(now, "now")
    return Picture(_marginal_sentence(say), [panel, slope])


def _optimum_sentence(say: Say) -> str:
    best = say.value("optimal_spend")
    if best != best:
        return "There is no best spend: either more is always better, or the data show no curve."
    if best == 0:
        return "No spend on this curve pays for itself: the best is not to spend."
    name = _known_best(say)
    if _held_back(say, name):
        return f"More spend pays up to {say(name)}, as far as the data or the cap go, for a profit of {say('profit')}."
    return f"The most profitable spend is {say(name)}, for a profit of {say('profit')}."


def _optimum_picture(say: Say) -> Picture:
    names = [
        name
        for name in ("optimal_spend_ci_delta", "optimal_spend_ci_bootstrap")
        if say.three(name)[1] == say.three(name)[1]
    ]
    if not names:
        return nothing(_optimum_sentence(say))
    panel = Panel(x="optimal spend", x_unit="money", rows=[name.rpartition("_")[2] for name in names])
    for row, name in enumerate(names):
        panel.span(row, *say.three(name))
    return Picture(_optimum_sentence(say), [panel])


def _adstock_sentence(say: Say) -> str:
    values = [x for x in flat(say.result["adstock"]) if isfinite(x)]
    return (
        f"Carried-over spend over {len(values)} periods, {say.money(max(values))} at its highest."
        if values
        else "There is no spend."
    )


def _adstock_picture(say: Say) -> Picture:
    values = flat(say.result["adstock"])
    panel = Panel(x="period", y="spend at work", x_unit="whole", y_unit="money", zero=True)
    panel.line(floats(range(1, len(values) + 1)), values, "main")
    return Picture(_adstock_sentence(say), [panel])


def _curve_sentence(say: Say) -> str:
    params = ", ".join(f"{name} = {say.shown(value)}" for name, value in say.result["params"].items())
    return f"A {_model(say)} curve through both points: {params}."


def _selection_sentence(say: Say) -> str:
    best, weights = say.result["best"], say.result["weights"]
    rival = [name for name, delta in say.result["delta_aicc"].items() if name != best and delta < 2]
    share = numbers.number(weights[best], "percent", places=0)
    text = f"The data prefer {str(best).replace('_', '-')}, with {share} of the evidence"
    return f"{text}, but do not exclude {', '.join(rival)}." if rival else f"{text}."


def _selection_picture(say: Say) -> Picture:
    names = list(say.result["ranking"])
    panel = Panel(
        x="share of the evidence (Akaike weight)",
        x_unit="percent",
        rows=[str(name).replace("_", "-") for name in names],
        zero=True,
    )
    weights = say.result["weights"]
    for row, name in enumerate(names):
        value = float(weights[name])
        panel.bar(
            row,
            0.0,
            value,
            "main" if name == say.result["best"] else "unsure",
            numbers.number(value, "percent", places=0),
        )
    return Picture(_selection_sentence(say), [panel])


def _plan_names(say: Say) -> list[str]:
    count = len(say.result["spend"])
    return [str(name) for name in say.result["channels"]] if "channels" in say else [str(at) for at in range(count)]


def _plan_sentence(say: Say) -> str:
    price = say.value("shadow_price")
    count = len(say.result["spend"])
    over = "in one channel" if count == 1 else f"over {count:,} channels"
    text = f"{say('total_spend')} {over} brings {say('total_revenue')} of revenue"
    if isfinite(say.value("profit")):
        text += f" and {'a profit' if say.value('profit') >= 0 else 'a loss'} of {say.size('profit')}"
    if not isfinite(price):
        return f"{text}."
    revenue, spend, profit = say.value("total_revenue"), say.value("total_spend"), say.value("profit")
    worth = price * (profit + spend) / revenue if isfinite(profit) and revenue else nan
    tail = f", {'more' if worth > 1 else 'less'} than it costs at this margin" if abs(worth - 1) > 1e-6 else ""
    return f"{text}; the next unit would bring {price:.2f}{tail}."


def _before(say: Say, names: list[str]) -> list[float]:
    """What each channel had before: as plot() was told, else the mean spend of the data that it was fitted to."""
    given = say.options.get("before")
    if given is not None:
        values = [given.get(name) for name in say.result["channels"]] if hasattr(given, "get") else list(given)
        if len(values) != len(names):
            raise error("length_mismatch", "before does not have as many rows as channels")
        return list(floats(values))
    current = say.result["current_spend"] if "current_spend" in say else None
    found = flat(current) if current is not None else list(floats(say.kept().get("before", ())))
    return found if len(found) == len(names) and all(map(isfinite, found)) else []


def _plan_picture(say: Say) -> Picture:
    names, spend = _plan_names(say), flat(say.result["spend"])
    total = say.value("total_spend")
    order = sorted(range(len(names)), key=lambda at: -spend[at])[:24]
    other, label = _before(say, names), "before"
    plan = say.result["profit_plan"] if "profit_plan" in say else None
    if not other and plan is not None and abs(plan.total_spend - total) > 1e-6 * abs(total):
        other, label = flat(plan.spend), "most profitable plan"
    if not other and len(names) > 1:
        other, label = [total / len(names)] * len(names), "split evenly"
    money = Panel("Spend by channel", x="spend", x_unit="money", rows=[names[at] for at in order], zero=True)
    for row, at in enumerate(order):
        money.bar(row, 0.0, spend[at], "main", say.money(spend[at]))
    if other:
        money.dots([other[at] for at in order], floats(range(len(order))), "ink", label, "hollow")
    rows = [names[at] for at in order]
    slope = Panel("Return of the next unit", x="marginal ROAS", x_unit="times", rows=rows, zero=True)
    returns, price = flat(say.result["marginal_roas"]), say.value("shadow_price")
    for row, at in enumerate(order):
        value = returns[at]
        alike = abs(value - price) <= 1e-3 * abs(price)
        slope.bar(row, 0.0, value, "second" if alike else "unsure", f"{value:.2f}" if isfinite(value) else "")
    if isfinite(price):
        slope.rule(price, f"shadow price {price:.2f}")
        money.headroom = True
    notes = [left_out(len(names), len(order), "channels", "those with the lowest spend")]
    return Picture(_plan_sentence(say), [money, slope], layout=[[0, 1]], notes=notes)


def _evaluation_sentence(say: Say) -> str:
    return f"At this spend the curve brings {say('revenue')}; the next unit {say('marginal_roas')}."


SHOWN = {
    "ResponseFit": Show(
        _fit_sentence,
        _fit_picture,
        {"params": "number", "params_ci": "number", "std_errors": "number", "covariance": "number", "theta": "number"},
    ),
    "MarginalRoasResult": Show(_marginal_sentence, _power_picture, {"coefficient": "number"}, "optimal_spend"),
    "ResponseOptimum": Show(_optimum_sentence, _optimum_picture, headline="optimal_spend", null=None),
    "ResponseEvaluation": Show(_evaluation_sentence),
    "AdstockResult": Show(_adstock_sentence, _adstock_picture, {"adstock": "money"}, whole=True),
    "TwoPointCurve": Show(_curve_sentence, None, {"params": "number"}),
    "ResponseSelection": Show(_selection_sentence, _selection_picture, {"weights": "percent"}),
    "AllocationPlan": Show(_plan_sentence, _plan_picture, {"gap": "money"}, whole=True, options=("before",)),
}

"""Cash flows, lifetime value, payback."""

from __future__ import annotations

from math import isfinite
from typing import Any

from . import numbers
from .picture import Panel, Picture, floats, nothing
from .say import Say, Show, flat


def _cash_sentence(say: Say) -> str:
    npv = say.value("npv")
    if npv != npv:
        return "The value of these cash flows is undefined."
    verb = "earns" if npv >= 0 else "loses"
    text = f"The money {verb} {say.size('npv')} in present value"
    if isfinite(say.value("payback_periods")):
        text += f" and is back after {numbers.number(say.value('payback_periods'), 'number')} periods"
    else:
        text += " and never comes back within these periods" if say.value("total") < 0 else ""
    if isfinite(say.value("irr")):
        text += f"; its internal rate of return is {say('irr')} per period"
    return text + "."


def _cash_picture(say: Say) -> Picture:
    kept = say.kept()
    flows = [float(flow) for flow in kept.get("cash_flows", ())]
    if not flows:
        return nothing(_cash_sentence(say))
    rate, total, present, level, value = float(kept.get("rate", 0.0)), 0.0, 0.0, [], []
    for at, flow in enumerate(flows):
        total += flow
        present += flow / (1 + rate) ** at
        level.append(total)
        value.append(present)
    few = len(flows) <= 60
    x = [float(at) for at in range(len(flows))]
    panel = Panel(x="period", y="cash", x_unit="whole", y_unit="money")
    if few:
        for at, flow in enumerate(flows):
            panel.column(at, 0.0, flow, "gain" if flow >= 0 else "loss")
    panel.line(x, level, "second", "cumulated")
    if rate:
        panel.line(x, value, "unsure", "cumulated, discounted", "dashed")
    panel.rule(0.0, across=True, style="solid")
    payback = say.value("payback_periods")
    if isfinite(payback):
        panel.rule(payback, f"paid back after {numbers.number(payback)}")
    return Picture(_cash_sentence(say), [panel])


def _roi_sentence(say: Say) -> str:
    if not isfinite(say.value("roi")):
        return f"Profit {say('profit')}; without a cost there is no return on it."
    verb = "earned" if say.value("profit") >= 0 else "lost"
    text = f"The money {verb} {say.size('profit')}, {say('roi')} of the cost"
    if isfinite(say.value("payback_months")):
        text += f", and is back after {say('payback_months')}"
    return text + "."


def _roi_picture(say: Say) -> Picture:
    cost, profit = say.value("break_even_revenue"), say.value("profit")
    panel = Panel(x="", x_unit="money", rows=["revenue", "cost", "profit"], zero=True)
    for row, value in enumerate((cost + profit, cost, profit)):
        shade = "unsure" if row < 2 else "gain" if profit >= 0 else "loss"
        panel.bar(row, 0.0, value, shade, say.money(value))
    return Picture(_roi_sentence(say), [panel])


def _annuity_sentence(say: Say) -> str:
    verb = "earns" if say.value("npv") >= 0 else "loses"
    text = f"The investment {verb} {say.size('npv')} in present value"
    years = say.value("discounted_payback_years")
    return f"{text}, and is back after {numbers.number(years)} years." if isfinite(years) else f"{text}."


def _ltv_sentence(say: Say) -> str:
    if not isfinite(say.value("ltv")):
        return "The lifetime value is undefined or has no bound."
    name = next((name for name in ("ltv_ci_delta", "ltv") if name in say), "ltv")
    text = f"A customer is worth {say(name)} of gross profit"
    if isfinite(say.value("lifetime_months")):
        text += f", over an expected {say('lifetime_months')}"
    return text + "."


def _ltv_picture(say: Say) -> Picture:
    said = {
        "ltv_simple": "for ever, not discounted",
        "ltv_discounted_due": "for ever, paid at the start",
        "ltv_discounted_end": "for ever, paid at the end",
        "ltv_horizon_undiscounted": "to the horizon, not discounted",
        "ltv_horizon_due": "to the horizon, paid at the start",
        "ltv_horizon_end": "to the horizon, paid at the end",
    }
    names = [name for name in said if isfinite(say.value(name))]
    panel = Panel(x="lifetime value", x_unit="money", rows=[said[name] for name in names], zero=True)
    for row, name in enumerate(names):
        panel.bar(row, 0.0, say.value(name), "main" if say.value(name) == say.value("ltv") else "unsure", say(name))
    return Picture(_ltv_sentence(say), [panel])


def _cumulated(columns: list[tuple[str, list[float], str, str]], start: int = 1) -> Panel:
    panel = Panel(x="age in periods", y="gross profit per customer", x_unit="whole", y_unit="money", zero=True)
    for label, values, shade, style in columns:
        panel.line([float(at + start) for at in range(len(values))], values, shade, label, style)
    return panel


def _retention_picture(say: Say) -> Picture:
    values = flat(say.result["cumulative"])
    panel = _cumulated([("cumulated", values, "main", "")])
    panel.rule(say.value("ltv"), f"lifetime value {say('ltv')}", across=True)
    return Picture(_ltv_sentence(say), [panel])


def _cohort_picture(say: Say) -> Picture:
    rows: list[Any] = list(say.result["cumulative_per_customer"])
    columns = [("single cohorts" if at == 0 else "", flat(row), "unsure", "thin") for at, row in enumerate(rows[:40])]
    columns.append(("all cohorts", flat(say.result["pooled_cumulative"]), "main", ""))
    return Picture(_ltv_sentence(say), [_cumulated(columns)])


def _sbg_sentence(say: Say) -> str:
    left = (
        f"{say('retention_1')} of the customers stay through the first period, {say('survival_12')} are left after 12"
    )
    if isfinite(say.value("ltv")):
        return f"A customer is worth {say('ltv')}: {left}."
    if isfinite(say.value("discounted_expected_lifetime")):
        return f"A customer stays an expected {say('discounted_expected_lifetime')} discounted periods: {left}."
    return "The survivors do not tell how long customers stay."


def _sbg_picture(say: Say) -> Picture:
    survival, retention = flat(say.result["survival"]), flat(say.result["retention"])
    panel = Panel("Customers left", x="periods", y="customers left", x_unit="whole", y_unit="percent", zero=True)
    panel.line(floats(range(len(survival))), survival, "main")
    stay = Panel("Who stays through a period", x="period", y="retention", x_unit="whole", y_unit="percent")
    stay.line(floats(range(1, len(retention) + 1)), retention, "second")
    return Picture(_sbg_sentence(say), [panel, stay], layout=[[0, 1]])


def _payback_sentence(say: Say) -> str:
    for name in ("payback_months", "months_discounted", "months_with_churn", "months_simple"):
        if isfinite(say.value(name)):
            return f"A customer's cost is back after {say(name)}; the value is {say('ltv_to_cac')} times the cost."
    return "A customer's cost is never paid back under these assumptions."


def _payback_picture(say: Say) -> Picture:
    said = {
        "months_simple": "if nobody leaves",
        "months_with_churn": "with churn",
        "months_discounted": "with churn, discounted",
        "payback_months": "payback",
    }
    names = [name for name in said if isfinite(say.value(name))]
    panel = Panel(x="payback", x_unit="months", rows=[said[name] for name in names], zero=True)
    for row, name in enumerate(names):
        panel.bar(row, 0.0, say.value(name), "main", numbers.number(say.value(name)))
    return Picture(_payback_sentence(say), [panel])


def _max_cpa_sentence(say: Say) -> str:
    return f"A customer may cost {say('max_cpa')} and is paid back in time."


def _irr_sentence(say: Say) -> str:
    return (
        f"The yearly rate of return is {say('irr')}."
        if isfinite(say.value("irr"))
        else "There is no single rate of return."
    )


_SBG_UNITS = {
    "alpha": "number",
    "beta": "number",
    "discounted_expected_lifetime": "number",
    "residual_lifetime": "number",
    "correlation": "number",
}

SHOWN = {
    "CashFlowsResult": Show(_cash_sentence, _cash_picture, {"total": "money", "irr_roots": "percent"}),
    "XirrResult": Show(_irr_sentence, None, {"irr_roots": "percent"}),
    "RoiResult": Show(_roi_sentence, _roi_picture, headline="roi"),
    "AnnuityResult": Show(_annuity_sentence, None, {"annuity_factor": "number"}),
    "LtvResult": Show(_ltv_sentence, _ltv_picture, {"monthly_discount": "percent"}),
    "LtvFromCountsResult": Show(_ltv_sentence),
    "LtvBootstrapResult": Show(_ltv_sentence, headline="ltv_ci_delta", null=None),
    "RetentionLtvResult": Show(_ltv_sentence, _retention_picture, whole=True),
    "CohortLtvResult": Show(
        _ltv_sentence, _cohort_picture, {"cumulative_per_customer": "money", "cohorts": "count"}, whole=True
    ),
    "SbgResult": Show(_sbg_sentence, _sbg_picture, _SBG_UNITS),
    "PaybackResult": Show(_payback_sentence, _payback_picture, headline="months_with_churn"),
    "TwoPhasePaybackResult": Show(_payback_sentence, _payback_picture, headline="payback_months"),
    "TargetCpaPaybackResult": Show(_max_cpa_sentence, headline="max_cpa"),
}

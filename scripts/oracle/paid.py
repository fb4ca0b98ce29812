"""The calculators of paid advertising: their formulas, written out in exact fractions."""

from __future__ import annotations

from typing import Any

import edgetally as et
import numpy as np

from .harness import Oracle, Q, fields, formulas, mixed, precise, spread, stacked

NO_MARGIN = "no break-even where nothing is left of an order: NaN"


def money(random: np.random.Generator, count: int) -> np.ndarray:
    """Amounts, also none, tiny and huge."""
    return mixed(random, count, np.round(spread(random, count, 0.01, 1e7), 2), 0.0, 1e-9, 1e12, 1.0)


def share(random: np.random.Generator, count: int) -> np.ndarray:
    """Shares from 0 to 1, both among them."""
    return mixed(random, count, random.random(count), 0.0, 1.0, 0.5, 1e-9)


def rate(random: np.random.Generator, count: int) -> np.ndarray:
    """Rates as campaigns have them, 0 and 1 among them."""
    return mixed(random, count, spread(random, count, 1e-5, 0.9), 0.0, 1.0)


def whole(random: np.random.Generator, count: int) -> np.ndarray:
    """Counts."""
    return mixed(random, count, np.floor(spread(random, count, 1, 1e7)), 0.0, 1.0)


def costs(random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """What is taken off revenue."""
    return {
        "gross_margin": share(random, count),
        "payment_fees": mixed(random, count, random.uniform(0, 0.2, count), 0.0),
        "shipping": mixed(random, count, random.uniform(0, 0.2, count), 0.0),
        "returns": mixed(random, count, random.uniform(0, 0.3, count), 0.0),
    }


def lowest(*ceilings: Q) -> Q:
    """The least of those that are given."""
    given = [one for one in ceilings if one.value is not None]
    return min(given, key=lambda one: one.value) if given else Q(None)


def positive(what: Q) -> Q:
    """A break-even that exists only for a contribution above zero."""
    return what if what.value is not None and what.value > 0 else Q(None)


def ratios(oracle: Oracle) -> None:
    """Ratios of two sums."""
    count = oracle.rows
    r = oracle.random("ratios")
    formulas(
        oracle,
        "cpa",
        {"spend": money(r, count), "conversions": whole(r, count)},
        lambda spend, conversions: {"cpa": spend / conversions},
    )
    formulas(
        oracle,
        "cpc",
        {"spend": money(r, count), "clicks": whole(r, count)},
        lambda spend, clicks: {"cpc": spend / clicks},
    )
    formulas(
        oracle,
        "cpm",
        {"spend": money(r, count), "impressions": whole(r, count)},
        lambda spend, impressions: {"cpm": 1000 * spend / impressions},
    )
    clicks = whole(r, count)
    formulas(
        oracle,
        "ctr",
        {"clicks": clicks, "impressions": np.maximum(clicks, whole(r, count))},
        lambda clicks, impressions: {"ctr": clicks / impressions},
    )


def returns_on_spend(oracle: Oracle) -> None:
    """ROAS, MER, ROI and what breaks even."""
    count = oracle.rows
    r = oracle.random("returns")

    def roas(revenue: Q, spend: Q, gross_margin: Q, payment_fees: Q, shipping: Q, returns: Q, target_profit: Q) -> Any:
        cm = gross_margin - payment_fees - shipping - returns
        profit = revenue * cm - spend
        pays, leaves = positive(cm), positive(cm - target_profit)
        return {
            "roas": revenue / spend,
            "contribution_margin": cm,
            "profit": profit,
            "profit_margin": profit / revenue,
            "profit_per_dollar": profit / spend,
            "break_even_roas": 1 / pays,
            "break_even_revenue": spend / pays,
            "required_revenue": spend / leaves,
        }

    formulas(
        oracle,
        "roas",
        {
            "revenue": money(r, count),
            "spend": money(r, count),
            **costs(r, count),
            "target_profit": mixed(r, count, r.uniform(0, 0.5, count), 0.0),
        },
        roas,
    )

    def mer(revenue: Q, spend: Q, margin: Q, buffer: Q, target_mer: Q, target_profit: Q) -> Any:
        gross = revenue * margin
        needed = (spend + target_profit) / positive(margin)
        return {
            "mer": revenue / spend,
            "spend_share": spend / revenue,
            "gross_profit": gross,
            "profit": gross - spend,
            "profit_margin": (gross - spend) / revenue,
            "break_even_mer": 1 / margin,
            "break_even_revenue": spend / margin,
            "revenue_shortfall": spend / margin - revenue,
            "target_mer": 1 / (margin * (1 - buffer)),
            "required_revenue": needed,
            "required_mer": needed / spend,
            "max_spend_at_target_mer": revenue / target_mer,
        }

    formulas(
        oracle,
        "mer",
        {
            "revenue": money(r, count),
            "spend": money(r, count),
            "margin": share(r, count),
            "buffer": share(r, count),
            "target_mer": mixed(r, count, spread(r, count, 0.1, 50), 1.0),
            "target_profit": money(r, count),
        },
        mer,
    )

    def roi(revenue: Q, cost: Q) -> Any:
        profit = revenue - cost
        monthly = profit / 12
        return {
            "profit": profit,
            "roi": profit / cost,
            "multiple": revenue / cost,
            "profit_margin": profit / revenue,
            "break_even_revenue": cost,
            "monthly_profit": monthly,
        }

    formulas(oracle, "roi", {"revenue": money(r, count), "cost": money(r, count)}, roi)

    def break_even(gross_margin: Q, payment_fees: Q, shipping: Q, returns: Q, aov: Q, cvr: Q) -> Any:
        cm = gross_margin - payment_fees - shipping - returns
        pays = positive(cm)
        return {
            "contribution_margin": cm,
            "break_even_roas": 1 / pays,
            "break_even_cpa": aov * cm,
            "break_even_cpc": aov * cm * cvr,
        }

    taken = costs(r, count)
    lost = taken["gross_margin"] - taken["payment_fees"] - taken["shipping"] - taken["returns"] <= 0
    formulas(
        oracle,
        "break_even_roas",
        {**taken, "aov": money(r, count), "cvr": rate(r, count)},
        break_even,
        explained=[("break_even_cpa", lost, NO_MARGIN), ("break_even_cpc", lost, NO_MARGIN)],
    )

    def target(
        gross_margin: Q, payment_fees: Q, shipping: Q, returns: Q, fixed_cost_share: Q, profit_share: Q, aov: Q, cvr: Q
    ) -> Any:
        cm = gross_margin - payment_fees - shipping - returns
        a = cm - fixed_cost_share - profit_share
        return {
            "contribution_margin": cm,
            "ad_share": a,
            "target_roas": 1 / positive(a),
            "max_cpa": aov * a,
            "max_cpc": aov * a * cvr,
        }

    shares = {
        "fixed_cost_share": mixed(r, count, r.uniform(0, 0.3, count), 0.0),
        "profit_share": mixed(r, count, r.uniform(0, 0.3, count), 0.0),
    }
    lost = (
        taken["gross_margin"] - sum(value for name, value in {**taken, **shares}.items() if name != "gross_margin") <= 0
    )
    formulas(
        oracle,
        "target_roas",
        {**taken, **shares, "aov": money(r, count), "cvr": rate(r, count)},
        target,
        explained=[("max_cpa", lost, NO_MARGIN), ("max_cpc", lost, NO_MARGIN)],
    )


def bids(oracle: Oracle) -> None:
    """What a click, a lead, a thousand impressions may cost."""
    count = oracle.rows
    r = oracle.random("bids")

    def max_cpc(aov: Q, margin: Q, cvr: Q, buffer: Q, ctr: Q, lead_to_customer: Q) -> Any:
        cpa = aov * margin
        aim = cpa * (1 - buffer)
        return {
            "break_even_cpa": cpa,
            "target_cpa": aim,
            "break_even_cpc": cpa * cvr,
            "target_cpc": aim * cvr,
            "break_even_cpm": 1000 * cpa * cvr * ctr,
            "target_cpm": 1000 * aim * cvr * ctr,
            "break_even_cpl": cpa * lead_to_customer,
            "target_cpl": aim * lead_to_customer,
        }

    formulas(
        oracle,
        "max_cpc",
        {
            "aov": money(r, count),
            "margin": share(r, count),
            "cvr": rate(r, count),
            "buffer": share(r, count),
            "ctr": rate(r, count),
            "lead_to_customer": rate(r, count),
        },
        max_cpc,
    )

    def cpm(ctr: Q, cvr: Q, aov: Q, margin: Q, buffer: Q) -> Any:
        cpa = aov * margin
        keep = 1 - buffer
        return {
            "conversions_per_mille": 1000 * ctr * cvr,
            "contribution_per_conversion": cpa,
            "break_even_cpm": 1000 * ctr * cvr * cpa,
            "target_cpm": 1000 * ctr * cvr * cpa * keep,
            "break_even_cpc": cvr * cpa,
            "target_cpc": cvr * cpa * keep,
            "break_even_cpa": cpa,
            "target_cpa": cpa * keep,
        }

    order = {"aov": money(r, count), "margin": share(r, count)}
    formulas(
        oracle,
        "break_even_cpm",
        {"ctr": rate(r, count), "cvr": rate(r, count), **order, "buffer": share(r, count)},
        cpm,
    )

    def ctr(cpm: Q, cvr: Q, aov: Q, margin: Q, buffer: Q, current_ctr: Q) -> Any:
        cpc = aov * margin * cvr
        aim = cpc * (1 - buffer)
        return {
            "break_even_cpc": cpc,
            "target_cpc": aim,
            "break_even_ctr": cpm / (1000 * cpc),
            "target_ctr": cpm / (1000 * aim),
            "current_roas": 1000 * current_ctr * cvr * aov / cpm,
            "current_profit_per_mille": 1000 * current_ctr * cpc - cpm,
        }

    formulas(
        oracle,
        "break_even_ctr",
        {
            "cpm": money(r, count),
            "cvr": rate(r, count),
            **order,
            "buffer": share(r, count),
            "current_ctr": rate(r, count),
        },
        ctr,
    )

    def cvr(cpm: Q, ctr: Q, aov: Q, margin: Q, buffer: Q, current_cvr: Q) -> Any:
        cpc = cpm / (1000 * ctr)
        cpa = aov * margin
        return {
            "cpc": cpc,
            "break_even_cpa": cpa,
            "target_cpa": cpa * (1 - buffer),
            "break_even_cvr": cpc / cpa,
            "target_cvr": cpc / (cpa * (1 - buffer)),
            "current_roas": 1000 * ctr * current_cvr * aov / cpm,
            "break_even_cpm_at_current": 1000 * ctr * current_cvr * cpa,
            "current_profit_per_mille": 1000 * ctr * current_cvr * cpa - cpm,
        }

    formulas(
        oracle,
        "break_even_cvr",
        {
            "cpm": money(r, count),
            "ctr": rate(r, count),
            **order,
            "buffer": share(r, count),
            "current_cvr": rate(r, count),
        },
        cvr,
    )

    def lead(cpl: Q, lead_to_customer: Q, target_cac: Q, sales_cost_per_lead: Q) -> Any:
        all_in = cpl + sales_cost_per_lead
        return {
            "cac": cpl / lead_to_customer,
            "all_in_cpl": all_in,
            "all_in_cac": all_in / lead_to_customer,
            "required_rate": cpl / target_cac,
        }

    formulas(
        oracle,
        "cpl_to_cac",
        {
            "cpl": money(r, count),
            "lead_to_customer": rate(r, count),
            "target_cac": money(r, count),
            "sales_cost_per_lead": money(r, count),
        },
        lead,
    )

    def clicks(clicks: Q, conversions: Q, target_conversions: Q, spend: Q, revenue: Q) -> Any:
        return {
            "cvr": conversions / clicks,
            "clicks_per_conversion": clicks / conversions,
            "required_clicks": target_conversions * clicks / conversions,
            "cpc": spend / clicks,
            "cpa": spend / conversions,
            "roas": revenue / spend,
        }

    conversions = whole(r, count)
    formulas(
        oracle,
        "click_cvr",
        {
            "clicks": np.maximum(conversions, whole(r, count)),
            "conversions": conversions,
            "target_conversions": whole(r, count),
            "spend": money(r, count),
            "revenue": money(r, count),
        },
        clicks,
    )


def customers(oracle: Oracle) -> None:
    """What a customer costs and may cost."""
    count = oracle.rows
    r = oracle.random("customers")

    def cac(spend: Q, new_customers: Q, arpa: Q, gross_margin: Q, target_payback_months: Q) -> Any:
        cost = spend / new_customers
        month = arpa * gross_margin
        return {
            "cac": cost,
            "gross_profit_month": month,
            "payback_months": cost / month,
            "cac_to_annual_gross_profit": cost / (12 * month),
            "max_cac": month * target_payback_months,
            "required_arpa": cost / (gross_margin * target_payback_months),
        }

    formulas(
        oracle,
        "cac",
        {
            "spend": money(r, count),
            "new_customers": whole(r, count),
            "arpa": money(r, count),
            "gross_margin": share(r, count),
            "target_payback_months": mixed(r, count, np.floor(r.uniform(1, 36, count)), 1.0),
        },
        cac,
    )

    def blended(variable_spend: Q, fixed_spend: Q, new_customers: Q, arpa: Q, gross_margin: Q) -> Any:
        total = variable_spend + fixed_spend
        return {
            "paid_cac": variable_spend / new_customers,
            "blended_cac": total / new_customers,
            "payback_months": total / new_customers / (arpa * gross_margin),
            "fixed_share": fixed_spend / total,
        }

    formulas(
        oracle,
        "blended_cac",
        {
            "variable_spend": money(r, count),
            "fixed_spend": money(r, count),
            "new_customers": whole(r, count),
            "arpa": money(r, count),
            "gross_margin": share(r, count),
        },
        blended,
    )

    def ltv(cac: Q, arpa: Q, churn: Q, gross_margin: Q, target_ratio: Q) -> Any:
        month = arpa * gross_margin
        value = month / churn
        return {
            "ltv": value,
            "ratio": value / cac,
            "payback_months": cac / month,
            "max_cac": value / target_ratio,
        }

    churn = rate(r, count)
    formulas(
        oracle,
        "ltv_to_cac",
        {
            "cac": money(r, count),
            "arpa": money(r, count),
            "churn": churn,
            "gross_margin": share(r, count),
            "target_ratio": spread(r, count, 0.1, 20),
        },
        ltv,
        explained=[("*", churn == 0, "customers that never leave are worth infinitely much")],
    )

    def target(ltv: Q, margin: Q, buffer: Q, max_share: Q, ltv_to_cac: Q, payback_cpa: Q, share_incremental: Q) -> Any:
        gross = ltv * margin
        by = (gross * (1 - buffer), gross * max_share, gross / ltv_to_cac, payback_cpa)
        aim = lowest(*by) if any(one.value is not None for one in by) else gross
        return {
            "gross_profit_ltv": gross,
            "break_even_cpa": gross,
            "target_by_buffer": by[0],
            "target_by_share": by[1],
            "target_by_ratio": by[2],
            "target_by_payback": by[3],
            "target_cpa": aim,
            "incrementality_adjusted_target": aim * share_incremental,
        }

    formulas(
        oracle,
        "target_cpa",
        {
            "ltv": money(r, count),
            "margin": share(r, count),
            "buffer": mixed(r, count, r.random(count), 0.0, 1.0),
            "max_share": share(r, count),
            "ltv_to_cac": spread(r, count, 0.5, 10),
            "payback_cpa": money(r, count),
            "share_incremental": share(r, count),
        },
        target,
    )


def funnels(oracle: Oracle) -> None:
    """Impressions, clicks, conversions, revenue."""
    count = oracle.rows
    r = oracle.random("funnels")
    base = {"cpm": money(r, count), "ctr": rate(r, count), "cvr": rate(r, count), "aov": money(r, count)}

    def funnel(cpm: Q, ctr: Q, cvr: Q, aov: Q, gross_margin: Q, payment_fees: Q, shipping: Q, returns: Q) -> Any:
        cm = gross_margin - payment_fees - shipping - returns
        clicks = 1000 * ctr
        orders = clicks * cvr
        revenue = orders * aov
        pays = positive(cm)
        return {
            "clicks_per_mille": clicks,
            "conversions_per_mille": orders,
            "revenue_per_mille": revenue,
            "contribution_margin": cm,
            "contribution_per_mille": revenue * cm,
            "profit_per_mille": revenue * cm - cpm,
            "cpc": cpm / clicks,
            "cpa": cpm / orders,
            "roas": revenue / cpm,
            "break_even_roas": 1 / pays,
            "profit_per_order": aov * cm,
            "break_even_ctr": cpm / (1000 * cvr * aov * pays),
            "break_even_cvr": cpm / (clicks * aov * pays),
            "break_even_aov": cpm / (orders * pays),
        }

    formulas(oracle, "funnel", {**base, **costs(r, count)}, funnel)

    def solve(cpm: Q, ctr: Q, cvr: Q, aov: Q, target_roas: Q) -> Any:
        return {
            "required_cvr": target_roas * cpm / (1000 * ctr * aov),
            "required_ctr": target_roas * cpm / (1000 * cvr * aov),
            "required_aov": target_roas * cpm / (1000 * ctr * cvr),
            "max_cpm": 1000 * ctr * cvr * aov / target_roas,
            "max_cpc": cvr * aov / target_roas,
            "max_cpa": aov / target_roas,
        }

    goal = spread(r, count, 0.1, 50)
    with np.errstate(all="ignore"):
        above = {
            "required_cvr": goal * base["cpm"] / (1000 * base["ctr"] * base["aov"]) > 1,
            "required_ctr": goal * base["cpm"] / (1000 * base["cvr"] * base["aov"]) > 1,
        }
    formulas(
        oracle,
        "funnel_solve",
        {**base, "target_roas": goal},
        solve,
        explained=[(name, mask, "a rate above 1 cannot be reached: NaN") for name, mask in above.items()],
    )

    sure = {
        "cpm": spread(r, count, 0.1, 100),
        "ctr": spread(r, count, 1e-4, 0.5),
        "cvr": spread(r, count, 1e-4, 0.5),
        "aov": spread(r, count, 1, 1e4),
    }

    def elasticity(cpm: Q, ctr: Q, cvr: Q, aov: Q, gross_margin: Q, payment_fees: Q, shipping: Q, returns: Q) -> Any:
        revenue = 1000 * ctr * cvr * aov
        cm = gross_margin - payment_fees - shipping - returns
        profit = revenue * cm - cpm
        return {
            "cpm": 0 - cpm / profit,
            "ctr": revenue * cm / profit,
            "cvr": revenue * cm / profit,
            "aov": revenue * cm / profit,
            "gross_margin": revenue * gross_margin / profit,
            "payment_fees": 0 - revenue * payment_fees / profit,
            "shipping": 0 - revenue * shipping / profit,
            "returns": 0 - revenue * returns / profit,
        }

    formulas(oracle, "funnel_elasticity", {**sure, **costs(r, count)}, elasticity, like=1e-11)


def curves(oracle: Oracle) -> None:
    """What has powers and logarithms."""
    count = oracle.rows
    r = oracle.random("curves")

    def marginal(spend: Any, revenue: Any, margin: Any, exponent: Any, cap: Any) -> Any:
        k = revenue / spend**exponent
        best = (margin * k * exponent) ** (1 / (1 - exponent))
        at = min(best, cap)
        profit, there = margin * revenue - spend, margin * k * at**exponent - at
        return {
            "coefficient": k,
            "current_roas": revenue / spend,
            "current_profit": profit,
            "marginal_roas_current": exponent * revenue / spend,
            "marginal_profit_current": margin * exponent * revenue / spend - 1,
            "optimal_spend_uncapped": best,
            "optimal_spend": at,
            "optimal_revenue": k * at**exponent,
            "optimal_profit": there,
            "optimal_roas": k * at**exponent / at,
            "marginal_roas_optimal": exponent * k * at ** (exponent - 1),
            "marginal_profit_optimal": margin * exponent * k * at ** (exponent - 1) - 1,
            "spend_gap": at - spend,
            "profit_delta": there - profit,
        }

    inputs = {
        "spend": spread(r, count, 1, 1e7),
        "revenue": spread(r, count, 1, 1e8),
        "margin": mixed(r, count, r.uniform(0.05, 1, count), 1.0),
        "exponent": mixed(r, count, r.uniform(0.05, 0.9, count), 0.5),
        "cap": spread(r, count, 100, 1e8),
    }
    profit = inputs["margin"] * inputs["revenue"] + inputs["spend"]
    precise(
        oracle,
        "marginal_roas",
        inputs,
        marginal,
        like=1e-11,
        scale={
            "current_profit": profit,
            "marginal_profit_current": 1.0 + profit / inputs["spend"],
            "marginal_profit_optimal": 1.0,
            "spend_gap": inputs["spend"],
            "profit_delta": profit,
        },
    )

    def roi(revenue: Any, cost: Any, months: Any) -> Any:
        alive = cost > 0
        monthly = (revenue - cost) / months
        return {
            "annualized_roi": (revenue / cost) ** (12 / months) - 1 if alive else None,
            "monthly_profit": monthly,
            "payback_months": cost * months / revenue if revenue > 0 else None,
        }

    precise(
        oracle,
        "roi",
        {
            "revenue": mixed(r, count, spread(r, count, 1, 1e7), 0.0),
            "cost": mixed(r, count, spread(r, count, 1, 1e7), 0.0),
            "months": mixed(r, count, np.floor(r.uniform(1, 60, count)), 12.0),
        },
        roi,
        scale={"annualized_roi": 1.0},
    )

    def decompose(**x: Any) -> Any:
        import mpmath

        logs = {
            "cpm": mpmath.log(x["cpm_after"] / x["cpm_before"]),
            "ctr": -mpmath.log(x["ctr_after"] / x["ctr_before"]),
            "cvr": -mpmath.log(x["cvr_after"] / x["cvr_before"]),
        }
        total = sum(logs.values())
        before = x["cpm_before"] / (1000 * x["ctr_before"] * x["cvr_before"])
        after = x["cpm_after"] / (1000 * x["ctr_after"] * x["cvr_after"])
        profit = [1000 * x[f"ctr_{t}"] * x[f"cvr_{t}"] * x[f"aov_{t}"] - x[f"cpm_{t}"] for t in ("before", "after")]
        return {
            "cpa_before": before,
            "cpa_after": after,
            "log_ratio": total,
            **logs,
            "profit_change": profit[1] - profit[0],
            "profit_cpm": x["cpm_before"] - x["cpm_after"],
        }

    moved = {}
    for name, low, high in (("cpm", 0.1, 100), ("ctr", 1e-4, 0.5), ("cvr", 1e-4, 0.5), ("aov", 1, 1e4)):
        before = spread(r, count, low, high)
        moved[f"{name}_before"] = before
        # Often what does not move, or hardly.
        moved[f"{name}_after"] = before * mixed(r, count, r.uniform(0.5, 1.9, count), 1.0, 1 + 1e-9)
    size = 1000 * np.maximum(
        moved["ctr_before"] * moved["cvr_before"] * moved["aov_before"],
        moved["ctr_after"] * moved["cvr_after"] * moved["aov_after"],
    )
    precise(
        oracle,
        "funnel_decompose",
        moved,
        decompose,
        scale={
            **dict.fromkeys(("log_ratio", "cpm", "ctr", "cvr"), 1e-3),
            "profit_change": size + moved["cpm_before"],
            "profit_cpm": moved["cpm_before"],
        },
    )


def counted(oracle: Oracle) -> None:
    """A funnel of counts: Poisson orders, and two Beta posteriors by Gauss and Legendre."""
    from scipy import special, stats

    r = oracle.random("funnel_from_counts")
    n = oracle.rows
    impressions = np.floor(spread(r, n, 10, 1e6))
    clicks = r.binomial(impressions.astype(np.int64), spread(r, n, 1e-3, 0.5)).astype(float)
    conversions = r.binomial(clicks.astype(np.int64), spread(r, n, 1e-2, 0.5)).astype(float)
    spend = spread(r, n, 1, 1e5)
    aov = spread(r, n, 1, 1e3)
    margin = r.uniform(0.1, 1, n)
    asked = {
        "impressions": impressions,
        "clicks": clicks,
        "conversions": conversions,
        "spend": spend,
        "revenue": conversions * aov,
    }
    result = et.funnel_from_counts(**asked, margin=margin, aov=aov)
    names = ("cpa", "cpa_ci_poisson", "posterior_mean_conversion_per_impression", "prob_profit_positive", "log_cpa_se")
    some = conversions > 0
    with np.errstate(all="ignore"):
        low, high = stats.chi2.ppf(0.025, 2 * conversions) / 2, stats.chi2.ppf(0.975, 2 * conversions + 2) / 2
        theirs = {
            "cpa": np.where(some, spend / conversions, np.nan),
            "cpa_ci_poisson.low": spend / high,
            "cpa_ci_poisson.high": np.where(some, spend / np.where(some, low, 1), np.inf),
            "log_cpa_se": np.where(some, np.sqrt(1 / conversions - 1 / impressions), np.nan),
        }
    a, b = 1 + clicks, 1 + impressions - clicks
    c, d = 1 + conversions, 1 + clicks - conversions
    theirs["posterior_mean_conversion_per_impression"] = a / (a + b) * c / (c + d)
    # Whether ctr times cvr is above what an impression costs: over the distribution of ctr.
    need = spend / impressions / (aov * margin)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    levels = (nodes + 1) / 2
    ctr = special.betaincinv(a[:, None], b[:, None], levels)
    theirs["prob_profit_positive"] = (
        special.betaincc(c[:, None], d[:, None], np.minimum(need[:, None] / ctr, 1)) * weights / 2
    ).sum(1)
    ours = fields(result, *names)
    oracle.compare(
        "funnel_from_counts",
        "SciPy chi2 and Beta, Gauss-Legendre",
        ours,
        theirs,
        asked,
        like=5e-5,
        scale={"prob_profit_positive": 1.0, "log_cpa_se": 1e-3},
    )

    rows, found, seen = [], [], []
    for _ in range(oracle.rows):
        base = {
            "cpm": float(spread(r, 1, 1, 100)[0]),
            "ctr": float(spread(r, 1, 1e-3, 0.3)[0]),
            "cvr": float(spread(r, 1, 1e-3, 0.3)[0]),
        }
        base |= {"aov": float(spread(r, 1, 1, 1e3)[0]), "gross_margin": float(r.uniform(0.2, 0.8))}
        swing = float(r.choice([0.1, 0.2]))
        result = et.funnel_tornado(**base, swing=swing)

        def profit(**x: float) -> float:
            return 1000 * x["ctr"] * x["cvr"] * x["aov"] * x["gross_margin"] - x["cpm"]

        which = str(r.choice(list(base)))
        at = list(result.order).index(which)
        ends = [profit(**{**base, which: base[which] * (1 + sign * swing)}) for sign in (-1, 1)]
        rows.append({"base": profit(**base), "low": ends[0], "high": ends[1], "swing": abs(ends[1] - ends[0])})
        found.append({"base": result.base, "low": result.low[at], "high": result.high[at], "swing": result.swing[at]})
        seen.append(f"{base}, {swing}, {which}")
    size = np.array([abs(row["base"]) + 100 for row in rows])
    oracle.compare(
        "funnel_tornado",
        "the formula, an input at a time",
        stacked(found),
        stacked(rows),
        {"inputs": seen},
        like=1e-11,
        scale=dict.fromkeys(rows[0], size),
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    for part in (counted, curves, ratios, returns_on_spend, bids, customers, funnels):
        part(oracle)

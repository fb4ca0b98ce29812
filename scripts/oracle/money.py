"""Cash flows, lifetime value, payback, funnels from counts, changes of event rates."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import edgetally as et
import mpmath
import numpy as np
from scipy import integrate, optimize, special, stats

from .harness import fields, mixed, precise, spread, stacked

if TYPE_CHECKING:
    from .harness import Oracle

NAN = math.nan
EVEN = "rates that repeat beside others: there the flows are worth less than the last digit of one of them"
NEAR = "two rates, or a touch, nearer to each other than the rounding of the flows: one rate, or one more or less"


# --- Cash flows ---------------------------------------------------------------------------------------------------------


def product(roots: list[int], times: int) -> list[int]:
    """The flows, in whole numbers, whose growths are these tenths; the powers of ten go into the flows."""
    flows = [times]
    for tenth in roots:
        longer = [0] * (len(flows) + 1)
        for at, flow in enumerate(flows):
            longer[at] -= 10 * flow
            longer[at + 1] += tenth * flow
        flows = longer
    return flows


def growths(flows: list[float]) -> tuple[list[Any], bool]:
    """All growths above zero at which flows are worth nothing, in many digits; and whether doubles can tell them apart."""
    exact = [mpmath.mpf(flow) for flow in flows]
    while exact and exact[0] == 0:
        exact.pop(0)
    while exact and exact[-1] == 0:
        exact.pop()
    if len(exact) < 2:
        return [], True
    # In powers of the growth: the first flow has the highest one.
    size = max(abs(flow) for flow in exact)
    found = mpmath.polyroots([flow / size for flow in exact], maxsteps=200, extraprec=400, error=False)
    real, clear = [], True
    for root in found:
        # A pair that nearly touches the axis has an imaginary part of the order of the root of the rounding.
        if mpmath.re(root) > 0 and abs(mpmath.im(root)) < 1e-6 * abs(root):
            clear &= abs(mpmath.im(root)) < mpmath.mpf(10) ** -25
            real.append(mpmath.re(root))
    real = sorted(root for root in real if mpmath.mpf(10) ** -12 < root < mpmath.mpf(10) ** 12)
    apart = all(b - a > 1e-6 * b for a, b in zip(real, real[1:], strict=False))
    return real, clear and apart


def worth(flows: list[float], rate: float) -> Any:
    """Net present value, and the sum of the sizes of its terms."""
    growth = 1 + mpmath.mpf(rate)
    terms = [mpmath.mpf(flow) / growth**t for t, flow in enumerate(flows)]
    return mpmath.fsum(terms), mpmath.fsum(map(abs, terms))


def nothing(flows: list[float], rates: Any) -> float:
    """Whether the flows are worth less, at the first and the last of these rates, than the rounding of one of them."""
    for rate in (rates[0], rates[-1]) if len(rates) else ():
        value, size = worth(flows, float(rate))
        if abs(value) > size * 2.0**-52:
            return 0.0
    return 1.0


def cash_flows(oracle: Oracle) -> None:
    """Every rate of return in many digits: random flows, and flows made from rates that repeat."""
    r = oracle.random("roi_cashflows")
    ours, theirs, inputs, fuzzy = [], [], [], []
    with mpmath.workdps(40):
        for row in range(oracle.rows):
            kind = row % 4
            if kind == 0:
                # One to three growths, each up to four times; whole numbers that doubles hold.
                tenths = [int(x) for x in r.choice([5, 8, 9, 10, 10, 10, 11, 12, 15, 20, 30], r.integers(1, 4), replace=False)]
                made = [tenth for tenth in tenths for _ in range(int(r.integers(1, 4)))][:8]
                flows = [float(x) for x in product(made, int(r.integers(1, 50)))]
                real = sorted({mpmath.mpf(tenth) / 10 for tenth in made})
                clear = True
            else:
                length = int(r.integers(2, 8))
                drawn = r.integers(-20, 21, length).astype(float) if kind == 1 else np.round(1000 * r.standard_normal(length), 2)
                if kind == 3:
                    drawn = np.abs(drawn)
                    drawn[0] *= -1
                flows = drawn.tolist()
                real, clear = growths(flows)
            rate = float(r.choice([0.0, 0.01, 0.1, -0.5, 2.0]))
            got = et.roi_cashflows(flows, rate)
            value, size = worth(flows, rate)
            total = math.fsum(flows)
            roots = [float(x - 1) for x in real]
            theirs.append(
                {
                    "npv": float(value),
                    "total": total,
                    "rates": len(roots),
                    "irr": roots[0] if len(roots) == 1 else NAN,
                    "first": roots[0] if roots else NAN,
                    "last": roots[-1] if roots else NAN,
                    "payback_periods": payback(flows, 0.0),
                    "discounted_payback_periods": payback(flows, rate),
                }
            )
            ours.append(
                {
                    "npv": got.npv,
                    "total": got.total,
                    "rates": len(got.irr_roots),
                    "irr": got.irr,
                    "first": got.irr_roots[0] if got.irr_roots else NAN,
                    "last": got.irr_roots[-1] if got.irr_roots else NAN,
                    "payback_periods": got.payback_periods,
                    "discounted_payback_periods": got.discounted_payback_periods,
                    "size": float(size),
                    "even": nothing(flows, got.irr_roots),
                }
            )
            inputs.append((flows, rate))
            fuzzy.append(not clear)
    mine, other = stacked(ours), stacked(theirs)
    repeated = np.arange(oracle.rows) % 4 == 0
    for name, where, like in (
        ("roi_cashflows", ~repeated, 1e-9),
        # A rate that repeats three times is known to a third of the digits that doubles have, fewer where others are near.
        ("roi_cashflows", repeated, 1e-4),
    ):
        against = "mpmath polynomial roots" if like < 1e-6 else "rates that repeat, by construction"
        oracle.compare(
            name,
            against,
            {key: value[where] for key, value in mine.items()},
            {key: value[where] for key, value in other.items()},
            {"cash_flows": [x[0] for x, keep in zip(inputs, where, strict=True) if keep], "rate": [x[1] for x, keep in zip(inputs, where, strict=True) if keep]},
            like=like,
            scale={"npv": mine["size"][where], "total": mine["size"][where] + 1, "irr": 1.0, "first": 1.0, "last": 1.0},
            explained=[
                *((key, np.array(fuzzy)[where], NEAR) for key in ("rates", "irr", "first", "last")),
                *((key, repeated[where] & (mine["even"][where] == 1), EVEN) for key in ("irr", "first", "last")),
            ],
        )


def payback(flows: list[float], rate: float) -> float:
    """Periods until discounted flows add up, straight inside the period."""
    growth = 1 + mpmath.mpf(rate)
    total = mpmath.mpf(0)
    size = mpmath.mpf(0)
    for t, flow in enumerate(flows):
        term = mpmath.mpf(flow) / growth**t
        before = total
        total += term
        size += abs(term)
        if total >= -4.5e-16 * size:
            return 0.0 if t == 0 else float(t - 1 + min(max(-before / term, 0), 1))
    return NAN


def dated(oracle: Oracle) -> None:
    """Flows on dates with one change of sign, which have one rate: by bisection in many digits."""
    r = oracle.random("xirr")
    ours, theirs, inputs = [], [], []
    with mpmath.workdps(30):
        for _ in range(oracle.rows):
            count = int(r.integers(2, 7))
            flows = np.round(spread(r, count, 1, 1e5), 2)
            flows[0] *= -1
            days = np.concatenate([[0], np.sort(r.integers(1, 2000, count - 1))]).astype(float)
            rate = float(r.choice([0.0, 0.1, -0.3]))
            got = et.xirr(flows.tolist(), days.tolist(), rate=rate)

            pairs = list(zip(map(mpmath.mpf, flows.tolist()), (mpmath.mpf(day) / 365 for day in days.tolist()), strict=True))

            def value(u: Any, pairs: Any = pairs) -> Any:
                return mpmath.fsum(flow * mpmath.exp(-u * time) for flow, time in pairs)

            def slope(u: Any, pairs: Any = pairs) -> Any:
                return mpmath.fsum(-time * flow * mpmath.exp(-u * time) for flow, time in pairs)

            root, (low, high) = NAN, (-27.631, 27.631)
            if value(low) * value(high) < 0:
                near = mpmath.mpf(optimize.brentq(lambda u: float(value(u)), low, high, xtol=1e-13))
                for _step in range(4):
                    near -= value(near) / slope(near)
                root = float(mpmath.expm1(near))
            theirs.append({"irr": root, "npv": float(value(mpmath.log1p(rate)))})
            ours.append({"irr": got.irr, "npv": got.npv, "size": float(np.abs(flows).sum() * 3)})
            inputs.append((flows.tolist(), days.tolist(), rate))
    oracle.compare(
        "xirr",
        "mpmath root search",
        stacked(ours),
        stacked(theirs),
        {"cash_flows": [x[0] for x in inputs], "days": [x[1] for x in inputs], "rate": [x[2] for x in inputs]},
        scale={"irr": 1.0, "npv": stacked(ours)["size"]},
    )


def annuities(oracle: Oracle) -> None:
    """Level payments, and the month's rate."""
    r, count = oracle.random("roi_annuity"), oracle.rows

    def annuity(investment: Any, cash_flow: Any, years: Any, rate: Any) -> Any:
        factor = mpmath.fsum((1 + rate) ** -t for t in range(1, int(years) + 1))
        paid, simple, discounted = mpmath.mpf(0), None, None
        for t in range(1, int(years) + 1):
            term = cash_flow * (1 + rate) ** -t
            if discounted is None and term > 0 and paid + term >= investment * (1 - mpmath.mpf("1e-15")):
                discounted = t - 1 + min(max((investment - paid) / term, 0), 1)
            paid += term
        if investment == 0:
            simple = discounted = mpmath.mpf(0)
        elif cash_flow > 0 and investment / cash_flow <= years:
            simple = investment / cash_flow
        return {
            "npv": cash_flow * factor - investment,
            "annuity_factor": factor,
            "profitability_index": cash_flow * factor / investment if investment else None,
            "required_cash_flow": investment / factor,
            "simple_payback_years": simple,
            "discounted_payback_years": discounted,
        }

    inputs = {
        "investment": mixed(r, count, np.round(spread(r, count, 1, 1e6), 2), 0.0),
        "cash_flow": mixed(r, count, np.round(spread(r, count, 1, 1e6), 2), 0.0, -5.0),
        "years": r.integers(1, 30, count).astype(float),
        "rate": mixed(r, count, r.uniform(-0.3, 0.8, count), 0.0, 1e-12),
    }
    precise(
        oracle,
        "roi_annuity",
        inputs,
        annuity,
        like=1e-10,
        scale={"npv": inputs["investment"] + 100 * np.abs(inputs["cash_flow"])},
    )
    inputs = {"annual": mixed(r, count, r.uniform(-0.99, 5, count), 0.0, -1.0, 1e-12)}
    precise(oracle, "rate_monthly", inputs, lambda annual: {"monthly": mpmath.expm1(mpmath.log1p(annual) / 12) if annual > -1 else -1})


# --- Lifetime value -----------------------------------------------------------------------------------------------------


def lifetimes(oracle: Oracle) -> None:
    """Sums month by month."""
    r, count = oracle.random("ltv"), oracle.rows

    def ltv(arpa: Any, churn: Any, gross_margin: Any, annual_discount: Any, horizon: Any, expansion: Any) -> Any:
        profit, monthly = arpa * gross_margin, (1 + annual_discount) ** (mpmath.mpf(1) / 12) - 1
        kept, step = 1 - churn, (1 + expansion) * (1 - churn)
        months = range(int(horizon))
        plain = mpmath.fsum(profit * step**t for t in months)
        due = mpmath.fsum(profit * (step / (1 + monthly)) ** t for t in months)
        # In the sum that doubles form, since a difference of nothing decides between a value and none.
        shrinking = 1 - step / (1 + monthly)
        whole = profit / shrinking if shrinking > 0 else (mpmath.inf if profit else mpmath.mpf(0))
        return {
            "ltv": due,
            "gross_profit_month": profit,
            "lifetime_months": 1 / churn if churn else mpmath.inf,
            "monthly_discount": monthly,
            "ltv_simple": profit / churn if churn else (mpmath.inf if profit else mpmath.mpf(0)),
            "ltv_discounted_due": whole,
            "ltv_horizon_undiscounted": plain,
            "ltv_horizon_due": due,
            "ltv_horizon_end": due / (1 + monthly),
            "retention_12": kept**12,
            "retention_horizon": kept ** int(horizon),
        }

    inputs = {
        "arpa": mixed(r, count, np.round(spread(r, count, 0.1, 1e4), 2), 0.0),
        "churn": mixed(r, count, spread(r, count, 1e-4, 1), 0.0, 1.0),
        "gross_margin": mixed(r, count, r.random(count), 0.0, 1.0),
        "annual_discount": mixed(r, count, r.uniform(0.01, 1, count), 0.0),
        "horizon": r.integers(1, 40, count).astype(float),
        "expansion": mixed(r, count, r.uniform(-0.02, 0.02, count), 0.0, 0.0),
    }
    level = (inputs["churn"] == 0) & (inputs["expansion"] == 0) & (inputs["annual_discount"] == 0)
    near = np.abs((1 + inputs["expansion"]) * (1 - inputs["churn"]) / (1 + inputs["annual_discount"]) ** (1 / 12) - 1) < 1e-5
    reason = "customers shrink by less than a hundred-thousandth a month: the difference has lost digits"
    precise(oracle, "ltv", inputs, ltv, like=1e-9, explained=[("ltv_discounted_due", near & ~level, reason)])

    def counted(gross_profit_month: Any, customer_months: Any, churned: Any, gross_profit_se: Any) -> Any:
        z = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf("0.95"))
        if customer_months == 0:
            return dict.fromkeys(("ltv", "churn", "log_ltv_se", "ltv.low", "ltv.high"))
        churn = churned / customer_months
        if churned == 0:
            most = -mpmath.log(mpmath.mpf("0.025")) / customer_months
            return {"ltv": None, "churn": churn, "log_ltv_se": None, "ltv.low": gross_profit_month / most, "ltv.high": mpmath.inf}
        value = gross_profit_month / churn
        if gross_profit_month == 0:
            return {"ltv": value, "churn": churn, "log_ltv_se": None, "ltv.low": None, "ltv.high": None}
        se = mpmath.sqrt((1 - churn) / churned + (gross_profit_se / gross_profit_month) ** 2)
        if se == 0:
            return {"ltv": value, "churn": churn, "log_ltv_se": None, "ltv.low": None, "ltv.high": None}
        reach = mpmath.exp(z * se)
        return {"ltv": value, "churn": churn, "log_ltv_se": se, "ltv.low": value / reach, "ltv.high": value * reach}

    months = mixed(r, count, np.floor(spread(r, count, 1, 1e7)), 1.0)
    inputs = {
        "gross_profit_month": mixed(r, count, np.round(spread(r, count, 0.1, 1e4), 2), 0.0),
        "customer_months": months,
        "churned": np.where(r.random(count) < 0.1, months, np.where(r.random(count) < 0.1, 0.0, np.floor(months * r.random(count) ** 4))),
        "gross_profit_se": mixed(r, count, spread(r, count, 0.01, 10), 0.0, 0.0),
    }
    precise(oracle, "ltv_from_counts", inputs, counted, like=1e-10)


def tables(oracle: Oracle) -> None:
    """Retention tables and triangles of cohorts, added up in many digits."""
    r = oracle.random("tables")
    ours, theirs, inputs = [], [], []
    for _ in range(oracle.rows):
        length = int(r.integers(1, 9))
        retention = np.sort(np.round(r.random(length), 3))[::-1].tolist()
        profit = np.round(spread(r, length, 1, 500), 2).tolist()
        discount, timing = float(r.choice([0.0, 0.1, 0.5])), str(r.choice(["start", "end"]))
        tail = None if r.random() < 0.5 else float(r.choice([0.1, 0.5, 1.0]))
        got = et.ltv_retention(retention, profit, annual_discount=discount, timing=timing, tail_churn=tail)
        monthly = mpmath.mpf(1 + mpmath.mpf(discount)) ** (mpmath.mpf(1) / 12)
        later = monthly if timing == "end" else mpmath.mpf(1)
        terms = [mpmath.mpf(p) * mpmath.mpf(q) / monthly**t for t, (p, q) in enumerate(zip(profit, retention, strict=True))]
        beyond = mpmath.mpf(0)
        if tail is not None:
            step = (1 - mpmath.mpf(tail)) / monthly
            beyond = terms[-1] * step / (1 - step)
        theirs.append({"ltv": float((mpmath.fsum(terms) + beyond) / later), "tail": float(beyond / later)})
        ours.append({"ltv": got.ltv, "tail": got.tail})
        inputs.append((retention, profit, discount, timing, tail))
    names = ("retention", "gross_profit", "annual_discount", "timing", "tail_churn")
    oracle.compare(
        "ltv_retention",
        "sums in many digits",
        stacked(ours),
        stacked(theirs),
        {name: [str(x[at]) for x in inputs] for at, name in enumerate(names)},
        like=1e-11,
    )
    ours, theirs, triangles = [], [], []
    for _ in range(oracle.rows):
        cohorts = int(r.integers(1, 6))
        sizes = r.integers(1, 1000, cohorts).astype(float).tolist()
        rows = [np.round(100 * r.standard_normal(int(r.integers(1, 6))) + 50, 2).tolist() for _ in range(cohorts)]
        got = et.ltv_cohort(sizes, rows)
        total = 0.0
        for age in range(max(map(len, rows))):
            there = [k for k in range(cohorts) if len(rows[k]) > age]
            total += math.fsum(rows[k][age] for k in there) / math.fsum(sizes[k] for k in there)
        theirs.append({"ltv": total})
        ours.append({"ltv": got.ltv})
        triangles.append((sizes, rows))
    oracle.compare(
        "ltv_cohort",
        "sums",
        stacked(ours),
        stacked(theirs),
        {"cohort_sizes": [x[0] for x in triangles], "gross_profit": [x[1] for x in triangles]},
        scale={"ltv": 1.0},
    )


def likelihood(seen: list[int], alpha: float, beta: float) -> Any:
    """The logarithm of the likelihood of a beta distribution of churn, in many digits."""
    with mpmath.workdps(40):
        a, b = mpmath.mpf(alpha), mpmath.mpf(beta)
        leaves = a / (a + b)
        stays = 1 - leaves
        total = (seen[0] - seen[1]) * mpmath.log(leaves)
        for t in range(2, len(seen)):
            leaves *= (b + t - 2) / (a + b + t - 1)
            stays -= leaves
            total += (seen[t - 1] - seen[t]) * mpmath.log(leaves)
        return total + seen[-1] * mpmath.log(stays)


def survivors(oracle: Oracle) -> None:
    """The fitted beta distribution of churn: as likely as the best that a general search finds."""
    r = oracle.random("ltv_sbg")
    ours, theirs, inputs, higher = [], [], [], []
    while len(inputs) < oracle.rows:
        alpha, beta = float(spread(r, 1, 0.3, 5)[0]), float(spread(r, 1, 0.3, 10)[0])
        left, seen = int(spread(r, 1, 50, 5000)[0]), []
        churn = r.beta(alpha, beta, left)
        for _period in range(int(r.integers(4, 10))):
            seen.append(churn.size)
            churn = churn[r.random(churn.size) >= churn]
        seen.append(churn.size)
        if len(set(seen)) < len(seen) or seen[-1] == 0:
            continue
        got = et.ltv_sbg(seen)
        if not got.identified:
            continue

        def minus(point: Any, seen: Any = seen) -> float:
            a, b = np.exp(np.clip(point, -15, 15))
            total = 0.0
            for t in range(1, len(seen)):
                total += (seen[t - 1] - seen[t]) * (special.betaln(a + 1, b + t - 1) - special.betaln(a, b))
            return -(total + seen[-1] * (special.betaln(a, b + len(seen) - 1) - special.betaln(a, b)))

        best = optimize.minimize(minus, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000})
        a, b = np.exp(best.x)
        theirs.append({"log_likelihood": -best.fun, "alpha": a, "beta": b})
        ours.append({"log_likelihood": got.log_likelihood, "alpha": float(got.alpha), "beta": float(got.beta)})
        inputs.append(seen)
        higher.append(likelihood(seen, float(got.alpha), float(got.beta)) > likelihood(seen, a, b))
    oracle.compare(
        "ltv_sbg",
        "SciPy's Nelder-Mead",
        stacked(ours),
        stacked(theirs),
        {"survivors": inputs},
        like=1e-4,
        explained=[(name, higher, "ours is the likelier one, in 40 digits: the search stops early") for name in ("alpha", "beta")],
    )


def paybacks(oracle: Oracle) -> None:
    """Month after month."""
    r, count = oracle.random("payback"), oracle.rows

    def payback_months(cac: Any, gross_profit_month: Any, churn: Any, annual_discount: Any) -> Any:
        monthly = (1 + annual_discount) ** (mpmath.mpf(1) / 12) - 1

        def months(cost: Any, q: Any) -> Any:
            if cost == 0:
                return mpmath.mpf(0)
            if gross_profit_month == 0:
                return None
            if q == 1:
                return cost / gross_profit_month
            rest = 1 - cost * (1 - q) / gross_profit_month
            if rest <= 0:
                return None
            return mpmath.log(rest) / mpmath.log(q) if q > 0 else mpmath.mpf(0)

        life = gross_profit_month / churn if churn else (mpmath.inf if gross_profit_month else mpmath.mpf(0))
        return {
            "months_simple": cac / gross_profit_month if gross_profit_month else None,
            "months_with_churn": months(cac, 1 - churn),
            "months_discounted": months(cac * (1 + monthly), (1 - churn) / (1 + monthly)),
            "ltv": life,
        }

    inputs = {
        "cac": mixed(r, count, np.round(spread(r, count, 1, 1e4), 2), 0.0),
        "gross_profit_month": mixed(r, count, np.round(spread(r, count, 1, 1e4), 2), 0.0),
        "churn": mixed(r, count, spread(r, count, 1e-4, 1), 0.0, 1.0),
        "annual_discount": mixed(r, count, r.uniform(0.01, 1, count), 0.0),
    }
    none = (inputs["gross_profit_month"] == 0) & (inputs["cac"] == 0)
    precise(
        oracle,
        "payback",
        inputs,
        payback_months,
        like=1e-8,
        explained=[("*", none, "a customer who costs nothing and brings nothing: 0 of 0 is NaN")],
    )

    def two_phase(cac: Any, arpa: Any, early_churn: Any, early_months: Any, steady_churn: Any, expansion: Any, horizon: Any) -> Any:
        alive, paying, total, at = mpmath.mpf(1), arpa, mpmath.mpf(0), None
        for month in range(1, int(horizon) + 1):
            earned = alive * paying
            if at is None and total + earned >= cac * (1 - mpmath.mpf("1e-14")):
                at = month - 1 + ((cac - total) / earned if earned else 0)
            total += earned
            alive *= 1 - (early_churn if month <= early_months else steady_churn)
            paying *= 1 + expansion
        return {
            "payback_months": mpmath.mpf(0) if cac == 0 else at,
            "cumulative_gross_profit": total,
            "ltv_to_cac": total / cac if cac else None,
        }

    inputs = {
        "cac": mixed(r, count, np.round(spread(r, count, 1, 1e4), 2), 0.0),
        "arpa": mixed(r, count, np.round(spread(r, count, 1, 1e3), 2), 0.0),
        "early_churn": mixed(r, count, r.random(count), 0.0, 1.0),
        "early_months": r.integers(0, 9, count).astype(float),
        "steady_churn": mixed(r, count, r.random(count) / 4, 0.0, 1.0),
        "expansion": mixed(r, count, r.uniform(-0.05, 0.05, count), 0.0),
        "horizon": r.integers(1, 40, count).astype(float),
    }
    precise(oracle, "payback_two_phase", inputs, two_phase, like=1e-8)

    def ceiling(gross_profit_month: Any, payback_months: Any, churn: Any, annual_discount: Any) -> Any:
        monthly = (1 + annual_discount) ** (mpmath.mpf(1) / 12)
        return {
            "max_cpa": mpmath.fsum(gross_profit_month * ((1 - churn) / monthly) ** t for t in range(int(payback_months))),
            "max_cpa_no_churn": gross_profit_month * payback_months,
        }

    inputs = {
        "gross_profit_month": mixed(r, count, np.round(spread(r, count, 0.1, 1e4), 2), 0.0),
        "payback_months": r.integers(0, 37, count).astype(float),
        "churn": mixed(r, count, spread(r, count, 1e-4, 1), 0.0, 1.0),
        "annual_discount": mixed(r, count, r.uniform(0.0, 1, count), 0.0),
    }
    precise(oracle, "target_cpa_payback", inputs, ceiling, like=1e-11)


# --- Funnels from counts --------------------------------------------------------------------------------------------------


def counts(oracle: Oracle) -> None:
    """Delta method, Garwood's interval by SciPy's gamma distribution, the probability by its quadrature."""
    r, count = oracle.random("funnel_uncertainty"), oracle.rows
    impressions = mixed(r, count, np.floor(spread(r, count, 1, 1e6)), 1.0)
    clicks = np.where(r.random(count) < 0.1, impressions, r.binomial(impressions.astype(int), spread(r, count, 1e-3, 1)))
    conversions = np.where(r.random(count) < 0.1, clicks, r.binomial(clicks.astype(int), spread(r, count, 1e-3, 1)))
    inputs = {
        "impressions": impressions,
        "clicks": clicks.astype(float),
        "conversions": conversions.astype(float),
        "cpm": mixed(r, count, np.round(spread(r, count, 0.1, 500), 2), 0.0),
        "aov": mixed(r, count, np.round(spread(r, count, 1, 1e4), 2), 0.0),
        "margin": mixed(r, count, r.random(count), 1.0, 0.0, -0.1),
    }
    got = et.funnel_uncertainty(**inputs)
    rows = []
    z = stats.norm.ppf(0.975)
    for n, k, x, cpm, aov, margin in zip(*inputs.values(), strict=True):
        spend = cpm * n / 1000
        cpa, roas = (spend / x if x else NAN), (x * aov / spend if spend else NAN)
        square = (1 - k / n) / k + (1 - x / k) / x if x else NAN
        se = math.sqrt(square) if square > 0 else NAN
        reach = math.exp(z * se)
        fewest, most = (stats.gamma.ppf(0.025, x) if x else 0.0), stats.gamma.ppf(0.975, x + 1)
        low, high = spend / most, (spend / fewest if fewest else (math.inf if spend else NAN))
        row = {
            "cpa": cpa,
            "log_cpa_se": se,
            "cpa_ci_delta.low": cpa / reach if cpa else NAN,
            "cpa_ci_delta.high": cpa * reach if cpa else NAN,
            "roas": roas,
            "roas_ci_delta.low": roas / reach if roas else NAN,
            "roas_ci_delta.high": roas * reach if roas else NAN,
            "cpa_ci_poisson.low": NAN if low == high or (math.isnan(high) and not spend) else low,
            "cpa_ci_poisson.high": NAN if low == high else high,
            "posterior_mean_conversion_per_impression": (k + 1) / (n + 2) * (x + 1) / (k + 2),
            "prob_profit_positive": chance(n, k, x, cpm, aov * margin),
        }
        if math.isnan(row["cpa_ci_poisson.high"]) and spend == 0 and x == 0:
            row["cpa_ci_poisson.low"] = 0.0
        rows.append(row)
    theirs = stacked(rows)
    oracle.compare(
        "funnel_uncertainty",
        "SciPy's gamma, beta and quad",
        fields(got),
        theirs,
        inputs,
        like=1e-8,
        scale={"prob_profit_positive": 1.0},
    )
    spend = inputs["cpm"] * impressions / 1000
    other = et.funnel_from_counts(
        impressions, inputs["clicks"], inputs["conversions"], spend, inputs["conversions"] * inputs["aov"],
        margin=inputs["margin"], aov=inputs["aov"],
    )
    oracle.compare("funnel_from_counts", "funnel_uncertainty's reference", fields(other), theirs, inputs, like=1e-8, scale={"prob_profit_positive": 1.0})


def chance(n: float, k: float, x: float, cpm: float, worth: float) -> float:
    """P(1000 X Y worth > cpm) of two beta variables."""
    if worth <= 0:
        return 0.0
    bound = cpm / (1000 * worth)
    if bound <= 0:
        return 1.0
    if bound >= 1:
        return 0.0
    one, two = stats.beta(k + 1, n - k + 1), (x + 1, k - x + 1)
    low, high = max(bound, one.ppf(1e-13)), one.ppf(1 - 1e-13)
    if low >= high:
        return 0.0
    a, b = k + 1, n - k + 1
    log = special.betaln(a, b)

    def density(at: float) -> float:
        inside = special.xlogy(a - 1, at) + special.xlog1py(b - 1, -at) - log
        return math.exp(inside) * special.betaincc(*two, min(bound / at, 1.0))

    middle = float(np.clip(bound / max(stats.beta.ppf(0.5, *two), 1e-300), low, high))
    cuts = np.unique(np.concatenate([[low], np.clip(one.ppf([1e-6, 0.01, 0.5, 0.99, 1 - 1e-6]), low, high), [middle, high]]))
    return float(sum(integrate.quad(density, p, q, epsabs=1e-13, epsrel=1e-11, limit=200)[0] for p, q in zip(cuts, cuts[1:], strict=False)))


# --- Events -------------------------------------------------------------------------------------------------------------


def events(oracle: Oracle) -> None:
    """Changes of rates by SciPy's binomial test; shares and copies by hand."""
    r, count = oracle.random("events.rate_change"), oracle.rows
    inputs = {
        "count_new": mixed(r, count, np.floor(spread(r, count, 1, 3e3)), 0.0, 1.0),
        "exposure_new": mixed(r, count, np.round(spread(r, count, 0.1, 1e3), 3), 24.0),
        "count_old": mixed(r, count, np.floor(spread(r, count, 1, 3e3)), 0.0, 1.0),
        "exposure_old": mixed(r, count, np.round(spread(r, count, 0.1, 1e3), 3), 24.0),
    }
    near = r.random(count) < 0.5
    inputs["count_old"][near] = r.poisson(np.maximum(1, inputs["count_new"] * inputs["exposure_old"] / inputs["exposure_new"])[near].clip(0, 1e5))
    rows = []
    for new, t1, old, t0 in zip(*inputs.values(), strict=True):
        n, p = int(new + old), t1 / (t1 + t0)
        below, above = stats.binom.cdf(new, n, p), stats.binom.sf(new - 1, n, p)
        half = stats.binom.pmf(new, n, p) / 2
        low = stats.beta.ppf(0.025, new, old + 1) if new else 0.0
        high = stats.beta.ppf(0.975, new + 1, old) if old else 1.0
        test = stats.binomtest(int(new), n, p) if n else None
        rows.append(
            {
                "rate_ratio": (new / t1) / (old / t0) if old else NAN,
                "p_exact_minlike": test.pvalue if test else 1.0,
                "p_exact_central": min(1.0, 2 * min(below, above)),
                "p_mid": min(1.0, 2 * min(stats.binom.cdf(new - 1, n, p) + half, stats.binom.sf(new, n, p) + half)),
                "ratio_ci_exact.low": low / (1 - low) * t0 / t1,
                "ratio_ci_exact.high": high / (1 - high) * t0 / t1 if old else math.inf,
            }
        )
    got = et.events.rate_change(**inputs)
    tiny = np.asarray(got.p_exact_central) < 1e-250
    reason = "below 1e-250 SciPy's binomial distribution loses its digits; ours keeps those of an exact sum"
    oracle.compare(
        "events.rate_change",
        "SciPy's binomtest and beta",
        fields(got),
        stacked(rows),
        inputs,
        like=1e-7,
        explained=[(name, tiny, reason) for name in ("p_exact_minlike", "p_exact_central", "p_mid")],
    )
    phi = mixed(r, count, spread(r, count, 0.5, 50), 1.0)
    rows = []
    for (new, t1, old, t0), wide in zip(zip(*inputs.values(), strict=True), np.maximum(phi, 1), strict=True):
        share, z = t1 / (t1 + t0), stats.norm.ppf(0.975)
        ratio = (new / t1) / (old / t0) if old else NAN
        if new and old:
            error = math.sqrt(wide * (1 / new + 1 / old))
            score, p = math.log(ratio) / error, 2 * stats.norm.sf(abs(math.log(ratio) / error))
            low, high = ratio * math.exp(-z * error), ratio * math.exp(z * error)
        else:
            score, n = NAN, (new + old) / wide
            p = min(1.0, 2 * (share if new else 1 - share) ** n)
            # All on one side: the share at which that has a chance of a fortieth.
            edge = 0.025 ** (1 / n) if n else 0.0
            low = edge / (1 - edge) * t0 / t1 if new else 0.0
            high = (1 - edge) / edge * t0 / t1 if old else math.inf
        rows.append({"rate_ratio": ratio, "z": score, "p_value": p, "ratio_ci.low": low, "ratio_ci.high": high})
    got = et.events.rate_change_overdispersed(**inputs, dispersion=phi)
    oracle.compare(
        "events.rate_change_overdispersed", "SciPy's normal", fields(got), stacked(rows), {**inputs, "dispersion": phi}, like=1e-7,
        scale={"z": 1.0},
    )
    ours, theirs, seen = [], [], []
    for _ in range(count):
        pixel = r.integers(0, 12, int(r.integers(0, 15))).tolist()
        server = r.integers(0, 12, int(r.integers(0, 15))).tolist()
        found = et.events.dedup([f"k{x}" for x in pixel], [f"k{x}" for x in server])
        one, two = Counter(pixel), Counter(server)
        union, raw = len(one | two), len(pixel) + len(server)
        overlap = len(one.keys() & two.keys())
        theirs.append(
            {
                "overlap": overlap,
                "union": union,
                "server_only": len(two) - overlap,
                "pixel_duplicate_rate": (len(pixel) - len(one)) / len(pixel) if pixel else NAN,
                "overlap_rate": overlap / union if union else NAN,
                "overcount_rate": (raw - union) / union if union else NAN,
            }
        )
        ours.append({name: float(found[name]) for name in theirs[-1]})
        seen.append((pixel, server))
    oracle.compare("events.dedup", "sets", stacked(ours), stacked(theirs), {"pixel": [x[0] for x in seen], "server": [x[1] for x in seen]})


def check(oracle: Oracle) -> None:
    """All of them."""
    cash_flows(oracle)
    dated(oracle)
    annuities(oracle)
    lifetimes(oracle)
    tables(oracle)
    survivors(oracle)
    paybacks(oracle)
    counts(oracle)
    events(oracle)

"""Closed-form calculators on columns against the same formulas in vectorised NumPy, one thread, interleaved in one run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import edgetally as et
import numpy as np

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
# Of three fields that are read, and of all.
GOAL_THREE, GOAL_ALL = 2.0, 1.2

random = np.random.default_rng(7)


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A quotient, NaN where the denominator is zero; what a careful user writes."""
    return np.where(b == 0.0, np.nan, a / b)


def column(low: float, high: float) -> np.ndarray:
    """Random numbers between two."""
    return random.uniform(low, high, ROWS)


def counts(most: int) -> np.ndarray:
    """Random whole numbers as floats."""
    return random.integers(1, most, ROWS).astype(np.float64)


def numpy_funnel(cpm, ctr, cvr, aov, gross_margin, payment_fees):  # noqa: ANN001, ANN201, D103
    clicks = 1000.0 * ctr
    conversions = clicks * cvr
    revenue = conversions * aov
    margin = np.full(len(cpm), gross_margin - payment_fees)
    contribution = revenue * margin
    profit = contribution - cpm
    good = margin > 0.0
    return (
        clicks, conversions, revenue, margin, contribution, profit,
        ratio(cpm, clicks), ratio(cpm, conversions), ratio(revenue, cpm),
        np.where(good, 1.0 / margin, np.nan), np.where(good, aov * margin, np.nan), aov * margin,
        np.where(good, contribution, np.nan), ratio(cpm, 1000.0 * cvr * aov * margin),
        ratio(cpm, clicks * aov * margin), ratio(cpm, conversions * margin),
    )  # fmt: skip


def numpy_roi(revenue, cost, months):  # noqa: ANN001, ANN201, D103
    profit = revenue - cost
    roi = ratio(profit, cost)
    monthly = profit / months
    return (
        profit, roi, (1.0 + roi) ** (12.0 / months) - 1.0, ratio(revenue, cost), ratio(profit, revenue), cost.copy(),
        monthly, np.where(monthly > 0, cost / monthly, np.nan), np.where(revenue > 0, cost * months / revenue, np.nan),
    )  # fmt: skip


def numpy_target_cpa(ltv, margin, buffer, max_share):  # noqa: ANN001, ANN201, D103
    gross = ltv * margin
    by_buffer = gross * (1.0 - buffer)
    by_share = gross * max_share
    return gross, gross.copy(), by_buffer, by_share, np.minimum(gross, np.minimum(by_buffer, by_share))


def numpy_marginal_roas(spend, revenue, margin, exponent):  # noqa: ANN001, ANN201, D103
    k = revenue / spend**exponent
    now = ratio(revenue, spend)
    profit = margin * revenue - spend
    marginal = exponent * now
    best = (margin * exponent * k) ** (1.0 / (1.0 - exponent))
    best_revenue = k * best**exponent
    best_profit = margin * best_revenue - best
    best_roas = ratio(best_revenue, best)
    return (
        k, now, profit, marginal, margin * marginal - 1.0, best, best.copy(), best_revenue, best_profit, best_roas,
        exponent * best_roas, margin * exponent * best_roas - 1.0, best - spend, best_profit - profit,
    )  # fmt: skip


def numpy_funnel_three(cpm, ctr, cvr, aov, gross_margin, payment_fees):  # noqa: ANN001, ANN201, D103
    conversions = 1000.0 * ctr * cvr
    revenue = conversions * aov
    return ratio(cpm, conversions), ratio(revenue, cpm), revenue * (gross_margin - payment_fees) - cpm


def numpy_roi_three(revenue, cost, months):  # noqa: ANN001, ANN201, D103
    profit = revenue - cost
    roi = ratio(profit, cost)
    return profit, roi, (1.0 + roi) ** (12.0 / months) - 1.0


def numpy_target_cpa_three(ltv, margin, buffer, max_share):  # noqa: ANN001, ANN201, D103
    gross = ltv * margin
    by_buffer = gross * (1.0 - buffer)
    return gross, by_buffer, np.minimum(gross, np.minimum(by_buffer, gross * max_share))


def numpy_marginal_roas_three(spend, revenue, margin, exponent):  # noqa: ANN001, ANN201, D103
    marginal = exponent * ratio(revenue, spend)
    k = revenue / spend**exponent
    best = (margin * exponent * k) ** (1.0 / (1.0 - exponent))
    return marginal, best, margin * (k * best**exponent) - best


def read(result: et.Result, fields: str) -> tuple[object, ...]:
    """Some fields of a result, as a caller reads them."""
    return tuple(result[name] for name in fields.split())


def all_of(result: et.Result) -> tuple[object, ...]:
    """Every field, one after the other."""
    return tuple(result[name] for name in result.fields)


Case = tuple[Callable[[], object], Callable[[], object], float]


def cases() -> dict[str, Case]:
    """Ours and theirs, on the same columns, and the goal."""
    cpm, ctr, cvr, aov = column(5, 20), column(0.005, 0.03), column(0.01, 0.05), column(30, 150)
    revenue, cost, months = column(1e3, 1e4), column(1e3, 8e3), column(1, 24)
    spend, margin, exponent = column(1e4, 1e5), column(0.3, 0.6), column(0.6, 0.9)
    ltv, buffer, share = column(500, 5000), column(0, 0.3), column(0.2, 0.9)
    revenue_now = spend * 4

    def funnel() -> et.Result:
        return et.funnel(cpm, ctr, cvr, aov, gross_margin=0.6, payment_fees=0.03, threads=1)

    def roi() -> et.Result:
        return et.roi(revenue, cost, months=months, threads=1)

    def target_cpa() -> et.Result:
        return et.target_cpa(ltv, margin=margin, buffer=buffer, max_share=share, threads=1)

    def marginal_roas() -> et.Result:
        return et.marginal_roas(spend, revenue_now, margin=margin, exponent=exponent, threads=1)

    return {
        "funnel, three": (
            lambda: read(funnel(), "cpa roas profit_per_mille"),
            lambda: numpy_funnel_three(cpm, ctr, cvr, aov, 0.6, 0.03),
            GOAL_THREE,
        ),
        "ROI, three": (
            lambda: read(roi(), "profit roi annualized_roi"),
            lambda: numpy_roi_three(revenue, cost, months),
            GOAL_THREE,
        ),
        "target CPA, three": (
            lambda: read(target_cpa(), "break_even_cpa target_by_buffer target_cpa"),
            lambda: numpy_target_cpa_three(ltv, margin, buffer, share),
            GOAL_THREE,
        ),
        "marginal ROAS, three": (
            lambda: read(marginal_roas(), "marginal_roas_current optimal_spend optimal_profit"),
            lambda: numpy_marginal_roas_three(spend, revenue_now, margin, exponent),
            GOAL_THREE,
        ),
        "funnel, all": (
            lambda: all_of(funnel()),
            lambda: numpy_funnel(cpm, ctr, cvr, aov, 0.6, 0.03),
            GOAL_ALL,
        ),
        "ROI, all": (lambda: all_of(roi()), lambda: numpy_roi(revenue, cost, months), GOAL_ALL),
        "target CPA, all": (
            lambda: all_of(target_cpa()),
            lambda: numpy_target_cpa(ltv, margin, buffer, share),
            GOAL_ALL,
        ),
        "marginal ROAS, all": (
            lambda: all_of(marginal_roas()),
            lambda: numpy_marginal_roas(spend, revenue_now, margin, exponent),
            GOAL_ALL,
        ),
    }


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call; what it made is dropped outside the clock."""
    start = time.perf_counter()
    made = call()
    seconds = time.perf_counter() - start
    del made
    return seconds


if __name__ == "__main__":
    print(f"{ROWS:,} rows, one thread, medians of {ROUNDS} interleaved rounds")
    a, b = np.empty(ROWS), np.ones(ROWS)
    band = max(16 * ROWS / timed(lambda: np.copyto(a, b)) for _ in range(5))
    print(f"  memory, read and written by a copy                {band / 1e9:5.1f} GB/s")
    for name, (ours, theirs, goal) in cases().items():
        seen = []
        for _ in range(ROUNDS + 1):
            seen.append((timed(ours), timed(theirs)))
        mine, other = (median(x) for x in zip(*seen[1:], strict=True))
        times = median(y / x for x, y in seen[1:])
        verdict = "met" if times >= goal else "not met"
        print(
            f"  {name:<22}{ROWS / mine / 1e6:7.1f} M rows/s   NumPy {ROWS / other / 1e6:6.1f}   {times:5.2f} x   goal {goal:g} x: {verdict}"
        )

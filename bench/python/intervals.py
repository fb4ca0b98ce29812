"""Intervals, posteriors and fits against what people use today, interleaved in one run; single calls and the import."""

from __future__ import annotations

import subprocess
import sys
import time
import timeit
import warnings
from collections.abc import Callable
from statistics import median

import edgetally as et
import numpy as np
from scipy.optimize import curve_fit
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

ROUNDS = 5
random = np.random.default_rng(11)
warnings.simplefilter("ignore")


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def line(what: str, mine: float, other: float, ratio: float, goal: float) -> None:
    """One comparison."""
    verdict = "met" if ratio >= goal else "not met"
    print(f"  {what:<58}{1e3 * mine:10.3f} ms {1e3 * other:11.2f} ms {ratio:9.1f} x  goal {goal:g} x: {verdict}")


def compare(
    what: str, ours: Callable[[], object], theirs: Callable[[], object], goal: float, scale: float = 1.0
) -> None:
    """Interleaved rounds; ``scale`` is how much less work the rival is given."""
    seen = [(timed(ours), scale * timed(theirs)) for _ in range(ROUNDS + 1)][1:]
    mine, other = (median(x) for x in zip(*seen, strict=True))
    line(what, mine, other, median(y / x for x, y in seen), goal)


def arms(rows: int) -> tuple[np.ndarray, ...]:
    """Random experiments as whole numbers in floats."""
    n1 = random.integers(1_000, 100_000, rows).astype(float)
    n0 = random.integers(1_000, 100_000, rows).astype(float)
    x1 = np.floor(n1 * random.uniform(0.005, 0.03, rows))
    x0 = np.floor(n0 * random.uniform(0.005, 0.03, rows))
    return n1, x1, n0, x0


def newcombe() -> None:
    """Both closed forms against one of them."""
    n1, x1, n0, x0 = arms(1_000_000)
    compare(
        "Newcombe + MOVER, 1e6 rows; statsmodels: Newcombe alone",
        lambda: et.lift_ci(n1, x1, n0, x0, method="newcombe", threads=1),
        lambda: confint_proportions_2indep(x1, n1, x0, n0, method="newcomb", compare="diff"),
        10,
    )


def score() -> None:
    """Intervals of difference and ratio with p-value, against a loop over rows for the difference alone."""
    rows, few = 100_000, 300
    n1, x1, n0, x0 = arms(rows)

    def loop() -> None:
        for row in range(few):
            try:
                confint_proportions_2indep(x1[row], n1[row], x0[row], n0[row], method="score", compare="diff")
                proportions_ztest([x1[row], x0[row]], [n1[row], n0[row]])
            except ValueError:
                continue  # issue 10269: about one table in fourteen

    compare(
        "score, difference + ratio + p, 1e5 rows; statsmodels loop",
        lambda: et.lift_ci(n1, x1, n0, x0, method="score", threads=1),
        loop,
        2_000,
        scale=rows / few,
    )


def bayes() -> None:
    """One comparison with everything, against draws for the probability and the expected loss."""

    def draws() -> None:
        a = random.beta(1201, 98801, 200_000)
        b = random.beta(901, 99101, 200_000)
        np.mean(a > b)
        np.mean(np.maximum(a - b, 0.0))
        np.quantile(a - b, [0.025, 0.975])
        np.quantile(a / b, [0.025, 0.975])

    def ours() -> None:
        for _ in range(20):
            et.lift_bayes(100_000, 1_200, 100_000, 900)

    compare("one Bayesian comparison; 2 x 1e5 draws in NumPy", ours, draws, 100, scale=20)


def hill() -> None:
    """A fit and a thousand resamples of it."""
    spend = np.geomspace(1_000, 120_000, 24)
    revenue = 4e5 * spend**1.6 / (5e4**1.6 + spend**1.6) * (1 + 0.05 * random.standard_normal(24))

    def model(s: np.ndarray, top: float, half: float, n: float) -> np.ndarray:
        return top * s**n / (half**n + s**n)

    start = (revenue.max() * 1.5, float(np.median(spend)), 1.5)

    def theirs() -> None:
        best, _ = curve_fit(model, spend, revenue, p0=start, maxfev=5_000)
        for _ in range(1_000):
            rows = random.integers(0, 24, 24)
            try:
                curve_fit(model, spend[rows], revenue[rows], p0=best, maxfev=5_000)
            except RuntimeError:
                continue

    compare(
        "Hill fit + 1,000 resamples, n = 24; SciPy curve_fit",
        lambda: et.fit_response(spend, revenue, model="hill", margin=0.4, n_boot=1_000, threads=1),
        theirs,
        30,
    )


def single() -> None:
    """Calls with numbers, and what the import takes."""
    calls = {
        "funnel": lambda: et.funnel(12, 0.015, 0.03, 80, gross_margin=0.6, payment_fees=0.03),
        "roi": lambda: et.roi(5000, 3000, months=12),
        "target_cpa": lambda: et.target_cpa(3000, margin=0.6, buffer=0.2),
        "marginal_roas": lambda: et.marginal_roas(50_000, 200_000, margin=0.4),
        "lift": lambda: et.lift(100_000, 1_200, 100_000, 900),
        "lift, with money": lambda: et.lift(100_000, 1_200, 100_000, 900, spend=50_000, aov=80, margin=0.4),
    }
    for name, call in calls.items():
        best = min(timeit.repeat(call, number=20_000, repeat=3)) / 20_000
        goal = 1.5 if name == "lift" else 2.0
        met = "met" if 1e6 * best <= goal else "not met"
        print(f"  a call of {name:<48}{1e6 * best:10.2f} us  goal {goal:g} us: {met}")

    def start(program: str) -> float:
        return timed(lambda: subprocess.run([sys.executable, "-I", "-c", program], check=True))

    pairs = [(start("import edgetally"), start("pass")) for _ in range(15)]
    more = median(a - b for a, b in pairs)
    print(
        f"  import edgetally, over bare Python{1e3 * more:34.1f} ms  goal 20 ms: {'met' if more <= 0.02 else 'not met'}"
    )


if __name__ == "__main__":
    print("Intervals and fits: ours, theirs, how many times, one thread")
    newcombe()
    score()
    bayes()
    hill()
    print("Single calls")
    single()

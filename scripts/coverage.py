"""How often the intervals hold what they are to hold: writes docs/calculators/coverage.md.

Two rates: by full enumeration of the outcomes, no randomness. Everything else: by simulation with a fixed seed and known truth.
Run it with `make coverage`; it takes some minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import edgetally as et
import numpy as np

TARGET = Path(__file__).parents[1] / "docs/calculators/coverage.md"
QUICK = "--quick" in sys.argv

# Users exposed and held out, their true rates.
TABLES = [
    (100_000, 100_000, 0.012, 0.009),
    (9_000, 1_000, 0.02, 0.02),
    (90_000, 10_000, 0.001, 0.0008),
    (1_000, 1_000, 0.01, 0.008),
    (450, 50, 0.05, 0.03),
    (5_000, 5_000, 0.0006, 0.0004),
    (20, 20, 0.3, 0.2),
]
DIFFERENCE = ["wald", "agresti_caffo", "newcombe", "score"]
RATIO = ["katz", "log_adjusted", "mover", "score"]


def binomial(n: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes within nine standard deviations, and their probabilities."""
    spread = 9 * np.sqrt(n * p * (1 - p)) + 12
    k = np.arange(max(0, int(n * p - spread)), min(n, int(n * p + spread)) + 1)
    steps = np.log((n - k[:-1]) / (k[1:])) + np.log(p / (1 - p))
    log = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(log - log.max())
    return k.astype(float), weights / weights.sum()


def by_enumeration() -> list[str]:
    """Coverage and the two misses of each method, for every table."""
    rows = []
    for n1, n0, p1, p0 in TABLES[1:] if QUICK else TABLES:
        k1, w1 = binomial(n1, p1)
        k0, w0 = binomial(n0, p0)
        x1, x0 = np.repeat(k1, len(k0)), np.tile(k0, len(k1))
        weight = np.repeat(w1, len(k0)) * np.tile(w0, len(k1))
        cells = []
        for method, function, prefix, truth in (
            *((m, et.lift_diff_ci, "diff", p1 - p0) for m in DIFFERENCE),
            *((m, et.lift_rel_ci, "ratio", p1 / p0) for m in RATIO),
        ):
            interval = function(float(n1), x1, float(n0), x0, threads=1)[f"{prefix}_{method}"]
            low, high = np.asarray(interval.low), np.asarray(interval.high)
            # What is not defined misses: it tells the reader nothing.
            above = weight[~(low <= truth)].sum()
            below = weight[(low <= truth) & ~(high >= truth)].sum()
            cells.append(f"{1 - above - below:.4f} ({above:.3f}/{below:.3f})")
        rows.append(f"| {n1:,} : {n0:,}, {p1:g} : {p0:g} | " + " | ".join(cells) + " |")
    return rows


def simulated(name: str, truth: float, low: Any, high: Any) -> str:
    """One line of the second table."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    held = np.mean((low <= truth) & (truth <= high))
    error = np.sqrt(held * (1 - held) / len(low))
    return f"| {name} | {len(low):,} | {held:.4f} ± {error:.4f} |"


def revenue(rows: int) -> list[str]:
    """Skewed revenue per user with many zeros, in two arms of different size."""
    random = np.random.default_rng(11)
    n1, n0 = 4_000, 1_000

    def arm(n: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
        orders = random.binomial(n, rate, rows)
        mean, square = np.zeros(rows), np.zeros(rows)
        for row, count in enumerate(orders):
            value = random.lognormal(3.5, 0.7, count)
            mean[row], square[row] = value.sum() / n, (value**2).sum() / n
        return mean, np.sqrt((square - mean**2) * n / (n - 1))

    each = np.exp(3.5 + 0.7**2 / 2)
    m1, s1 = arm(n1, 0.05)
    m0, s0 = arm(n0, 0.04)
    r = et.lift_revenue(
        exposed_mean=m1, exposed_sd=s1, exposed_users=float(n1), holdout_mean=m0, holdout_sd=s0, holdout_users=float(n0)
    )
    return [
        simulated("revenue per user, difference (Welch)", 0.01 * each, r.diff_ci.low, r.diff_ci.high),
        simulated("revenue per user, relative (Fieller)", 0.25, r.rel_ci_fieller.low, r.rel_ci_fieller.high),
        simulated("revenue per user, relative (delta)", 0.25, r.rel_ci_delta.low, r.rel_ci_delta.high),
    ]


def curves(rows: int) -> list[str]:
    """A Hill curve seen through noise of 10 % of revenue; 52 weeks, standard deviation of the logarithm of spend 0.8."""
    random = np.random.default_rng(12)
    top, half, n = 400_000.0, 50_000.0, 1.6
    truth = et.response_optimum("hill", {"vmax": top, "k": half, "n": n}, margin=0.5).optimal_spend
    ends: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for seed in range(rows):
        spend = 50_000 * np.exp(0.8 * random.standard_normal(52))
        revenue = top * spend**n / (half**n + spend**n) * (1 + 0.1 * random.standard_normal(52))
        for noise in ("multiplicative", "additive"):
            fit = et.fit_response(spend, revenue, model="hill", noise=noise, n_boot=1_000, seed=seed)
            best = fit.optimum(0.5, extrapolate=True)
            ends.setdefault((noise, "delta"), []).append(tuple(best.optimal_spend_ci_delta))
            ends.setdefault((noise, "bootstrap"), []).append(tuple(best.optimal_spend_ci_bootstrap))
    lines = []
    for (noise, kind), pairs in ends.items():
        low, high = zip(*pairs, strict=True)
        name = f'optimal spend of a Hill fit, n = 52, noise="{noise}" ({kind})'
        lines.append(simulated(name, truth, low, high))
    return lines


def correlated(random: np.random.Generator, rows: int, likeness: float) -> np.ndarray:
    """Normal numbers whose neighbours are alike."""
    values = random.standard_normal(rows + 100)
    for row in range(1, rows + 100):
        values[row] = likeness * values[row - 1] + np.sqrt(1 - likeness**2) * values[row]
    return values[100:]


def evidence(rows: int) -> list[str]:
    """How often a fit sees a rise, a fall, a bend, and gives an optimum, where the truth is known."""
    random = np.random.default_rng(14)
    lines = []

    def row(
        name: str,
        truth: Any,
        weeks: int,
        spread: float,
        seen: Any,
        *,
        like: float = 0.0,
        carried: float = 0.0,
        **options: Any,
    ) -> None:
        rises, falls, bends, optima = 0, 0, 0, 0
        for _ in range(rows):
            spend = np.exp(spread * correlated(random, weeks, like))
            level = truth(et.adstock(spend, carried, normalize=True).adstock if carried else spend)
            fit = et.response_fit("log", spend, seen(level), **options)
            rises += fit.p_response < 0.05
            falls += fit.verdict == "not_increasing"
            bends += fit.p_saturation < 0.05
            optima += fit.verdict == "curve"
        shown = " | ".join(f"{100 * count / rows:.1f}" for count in (rises, falls, bends, optima))
        lines.append(f"| {name} | {weeks} | {spread:g} | {shown} |")

    def added(share: float) -> Any:
        return lambda level: level + share * level.mean() * random.standard_normal(len(level))

    def scaled(share: float) -> Any:
        return lambda level: level * np.exp(share * random.standard_normal(len(level)))

    def flat(spend: np.ndarray) -> np.ndarray:
        return np.full(len(spend), 5.0)

    def serial(like: float) -> Any:
        return lambda level: level + correlated(random, len(level), like)

    for weeks in (6, 12, 26, 52, 104):
        for spread in (0.3, 0.8):
            row("nothing", flat, weeks, spread, added(0.1))
    row("nothing, log-normal noise", flat, 26, 0.8, lambda m: m + np.exp(random.standard_normal(len(m))))
    row("nothing, Student's noise with 3 degrees", flat, 26, 0.8, lambda m: m + random.standard_t(3, len(m)))
    row("the same, `loss='huber'`", flat, 26, 0.8, lambda m: m + random.standard_t(3, len(m)), loss="huber")
    row("nothing, `noise='multiplicative'`", flat, 26, 0.8, scaled(0.3), noise="multiplicative")
    row("nothing, `adstock=0.5`", flat, 52, 0.8, added(0.1), adstock=0.5)
    row("nothing, `adstock='estimate'`", flat, 52, 0.8, added(0.1), adstock="estimate")
    for like in (0.5, 0.8):
        name = f"nothing, spend and noise of neighbours correlated {like:g}"
        row(name, flat, 52, 0.8, serial(like), like=like)
        row(f"{name}, `newey_west=4`", flat, 52, 0.8, serial(like), like=like, newey_west=4)
    row("falling, `6 - s`", lambda s: 6 - s, 26, 0.8, added(0.25))
    for name, truth in (("`2 s`", lambda s: 2 * s), ("`5 + s`", lambda s: 5 + s)):
        for weeks, spread, share in ((26, 0.3, 0.1), (26, 0.8, 0.1), (26, 0.8, 0.25), (52, 0.8, 0.1)):
            row(f"line {name}, noise {share:.0%}", truth, weeks, spread, added(share))
        row(f"line {name}, noise 20 % of revenue", truth, 26, 0.8, scaled(0.2))
        row("the same, `noise='multiplicative'`", truth, 26, 0.8, scaled(0.2), noise="multiplicative")
    row("line `2 s`, `baseline=False`", lambda s: 2 * s, 26, 0.8, added(0.1), baseline=False)
    for name, truth in (
        ("`8 s / (1 + s)`", lambda s: 8 * s / (1 + s)),
        ("`6 (1 - exp(-s))`", lambda s: -6 * np.expm1(-s)),
        ("`5 s^0.5`", lambda s: 5 * np.sqrt(s)),
        ("`8 s^1.6 / (1 + s^1.6)`", lambda s: 8 * s**1.6 / (1 + s**1.6)),
    ):
        for weeks, spread, share in ((12, 0.8, 0.1), (26, 0.3, 0.1), (26, 0.8, 0.1), (26, 0.8, 0.25), (52, 0.8, 0.25)):
            row(f"curve {name}, noise {share:.0%}", truth, weeks, spread, added(share))
    curve = lambda s: 8 * s / (1 + s)  # noqa: E731
    row("curve `8 s / (1 + s)`, noise 10%, `baseline=False`", curve, 26, 0.3, added(0.1), baseline=False)
    row("the same carried over by 0.5, `adstock=0.5, normalize=True`", curve, 52, 0.8, added(0.1), carried=0.5, adstock=0.5, normalize=True)
    row("the same, `adstock='estimate'`", curve, 52, 0.8, added(0.1), carried=0.5, adstock="estimate", normalize=True)
    return lines


def looks(rows: int) -> list[str]:
    """No effect at all, twenty looks at 5,000 users per arm each: how often does some look find one?"""
    random = np.random.default_rng(13)
    a = np.cumsum(random.binomial(5_000, 0.02, (rows, 20)), axis=1).astype(float)
    b = np.cumsum(random.binomial(5_000, 0.02, (rows, 20)), axis=1).astype(float)
    users = np.broadcast_to(5_000.0 * np.arange(1, 21), a.shape)
    fixed = et.lift_ci(users, a, users, b).p_value
    always = et.lift_sequential(users, a, users, b, tau=0.002).p_always_valid
    held = [1 - np.mean((p < 0.05).any(axis=1)) for p in (fixed, always)]
    return [
        f"| no effect, 20 looks, p < 0.05 at none of them: fixed-size test at every look | {rows:,} | {held[0]:.4f} |",
        f"| no effect, 20 looks, p < 0.05 at none of them: always-valid p (mSPRT, tau 0.002) | {rows:,} | {held[1]:.4f} |",
    ]


def curve_or_none(rows: int) -> list[str]:
    """The section on whether there is a curve."""
    return [
        "## Is there a curve at all?",
        "",
        "How many of a hundred fits ([response](response.md)) see revenue rise (`p_response` < 0.05), fall (`not_increasing`), level off",
        f"(`p_saturation` < 0.05), and give an optimum (`curve`); {rows:,} fits each. Spend is log-normal with this standard deviation of",
        "its logarithm. Where spend does nothing, a rise and a fall are false alarms, 5 of a hundred each; where revenue is a line, a bend is.",
        "",
        "| the truth | weeks | sd of log spend | rise | fall | bend | optimum |",
        "|---|---|---|---|---|---|---|",
        *evidence(rows),
        "",
        "Rows that are alike are told by `newey_west`, `adstock` or `block`; without them the test takes each week for news. A bend has to be",
        "seen both with noise by amounts and with noise by per cent, so that neither passes for the other. Where spend hardly varies, a curve is",
        "not told from a line with a base; to say that there is none (`baseline=False`) helps.",
    ]


def document() -> str:
    """The page."""
    rows = 400 if QUICK else 20_000
    head = "| users, rates | " + " | ".join([*(f"diff {m}" for m in DIFFERENCE), *(f"ratio {m}" for m in RATIO)]) + " |"
    lines = [
        "# Do the intervals hold?",
        "",
        "Written by `make coverage` (`scripts/coverage.py`); every interval at 95 %.",
        "",
        "## Two rates, by enumeration",
        "",
        "Every possible outcome with its probability; no simulation. In brackets the two misses: interval wholly above the truth / wholly",
        "below it. An interval that is not defined counts as a miss of the first kind.",
        "",
        head,
        "|---" * (1 + len(DIFFERENCE) + len(RATIO)) + "|",
        *by_enumeration(),
        "",
        "The default is `score` for both: from 94 to 96 % in every row, and it excludes no effect exactly when its own p-value does.",
        "`newcombe` with `mover` is the fast closed form and errs on the safe side where events are rare. `wald` and `katz` are there",
        "for comparison.",
        "",
        "## Everything else, by simulation with a known truth",
        "",
        "The noise around the curve is a share of revenue: `noise=\"multiplicative\"` is told so, the default is not, and its intervals",
        "pay for it. Prefer the bootstrap, and say how the noise behaves where it is known.",
        "",
        "| what | runs | held |",
        "|---|---|---|",
        *revenue(rows),
        *curves(rows // 10),
        *looks(rows),
        "",
        *curve_or_none(max(rows // 10, 40)),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    text = document()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(text)

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
from coverage_regions import regions

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
            interval = function(float(n1), x1, float(n0), x0, threads=1)[
                f"{prefix}_{method}"
            ]
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
        exposed_mean=m1,
        exposed_sd=s1,
        exposed_users=float(n1),
        holdout_mean=m0,
        holdout_sd=s0,
        holdout_users=float(n0),
    )
    return [
        simulated(
            "revenue per user, difference (Welch)",
            0.01 * each,
            r.diff_ci.low,
            r.diff_ci.high,
        ),
        simulated(
            "revenue per user, relative (Fieller)",
            0.25,
            r.rel_ci_fieller.low,
            r.rel_ci_fieller.high,
        ),
        simulated(
            "revenue per user, relative (delta)",
            0.25,
            r.rel_ci_delta.low,
            r.rel_ci_delta.high,
        ),
    ]


def curves(rows: int) -> list[str]:
    """A Hill curve seen through noise of 10 % of revenue; 52 weeks, standard deviation of the logarithm of spend 0.8."""
    random = np.random.default_rng(12)
    top, half, n = 400_000.0, 50_000.0, 1.6
    truth = et.response_optimum(
        "hill", {"vmax": top, "k": half, "n": n}, margin=0.5
    ).optimal_spend
    ends: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for seed in range(rows):
        spend = 50_000 * np.exp(0.8 * random.standard_normal(52))
        revenue = (
            top
            * spend**n
            / (half**n + spend**n)
            * (1 + 0.1 * random.standard_normal(52))
        )
        for noise in ("multiplicative", "additive"):
            fit = et.fit_response(
                spend, revenue, model="hill", noise=noise, n_boot=1_000, seed=seed
            )
            best = fit.optimum(0.5, extrapolate=True)
            ends.setdefault((noise, "delta"), []).append(
                tuple(best.optimal_spend_ci_delta)
            )
            ends.setdefault((noise, "bootstrap"), []).append(
                tuple(best.optimal_spend_ci_bootstrap)
            )
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
        row(f"the same, `noise='multiplicative'`", truth, 26, 0.8, scaled(0.2), noise="multiplicative")
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


# Tests that are looked at: exposed share, rate, looks; the mixture's width over the rate; users that join before each look.
SHARES = [0.5, 0.8, 0.9, 0.95, 0.99]
RATES = [0.0005, 0.001, 0.01, 0.03]
LOOKS = [10, 60, 200]
WIDTHS = [0.3, 1.0, 3.0]
USERS = 2_000


def closed_forms(
    exposed: float, holdout: float, share: float, looks: int, tau: float, rows: int
) -> list[float]:
    """How often some look rejects by the closed form, with each arm's own variance and with that of both together."""
    random = np.random.default_rng(14)
    n1 = round(USERS * share)
    n0 = USERS - n1
    users1, users0 = n1 * np.arange(1.0, looks + 1), n0 * np.arange(1.0, looks + 1)
    x1 = np.cumsum(random.binomial(n1, exposed, (rows, looks)), axis=1)
    x0 = np.cumsum(random.binomial(n0, holdout, (rows, looks)), axis=1)
    p1, p0 = x1 / users1, x0 / users0
    both = (x1 + x0) / (users1 + users0)
    own = p1 * (1 - p1) / users1 + p0 * (1 - p0) / users0
    pooled = both * (1 - both) * (1 / users1 + 1 / users0)
    shares = []
    for variance in (own, pooled):
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = (p1 - p0) ** 2 / variance * tau**2 / (
                variance + tau**2
            ) / 2 - np.log1p(tau**2 / variance) / 2
        shares.append(
            float((np.nan_to_num(gain, nan=0.0) >= np.log(20)).any(axis=1).mean())
        )
    return shares


def looked_at(rows: int) -> tuple[list[str], list[str], float]:
    """Both tables of tests with looks: false alarms, and power with the misses; and the worst false alarm of ours."""
    alarms, powers, worst = [], [], 0.0
    for share in SHARES[3:4] if QUICK else SHARES:
        n1 = round(USERS * share)
        for rate in RATES[1:2] if QUICK else RATES:
            name = f"| {share * 100:.0f} : {100 - share * 100:.0f}, {rate:.2%} |"
            alarm, power = [], []
            for looks in LOOKS[:1] if QUICK else LOOKS:

                def play(
                    exposed: float,
                    tau: float,
                    looks: int = looks,
                    rate: float = rate,
                    n1: int = n1,
                ) -> Any:
                    return et.sequential_simulation(
                        exposed,
                        rate,
                        exposed_users_per_look=n1,
                        holdout_users_per_look=USERS - n1,
                        looks=looks,
                        tau=tau,
                        repetitions=rows,
                        seed=15,
                    )

                none = [
                    (
                        *closed_forms(rate, rate, share, looks, w * rate, rows),
                        play(rate, w * rate).rejected,
                    )
                    for w in WIDTHS
                ]
                own, pooled, ours = (max(column) for column in zip(*none, strict=True))
                worst = max(worst, ours)
                alarm.append(f" {own:.1%}, {pooled:.1%}, **{ours:.1%}** |")
                own, pooled = closed_forms(1.5 * rate, rate, share, looks, rate, rows)
                lifted = play(1.5 * rate, rate)
                missed = max(
                    play(factor * rate, w * rate).missed
                    for factor in (0.5, 1.5)
                    for w in WIDTHS[::2]
                )
                power.append(
                    f" {own:.0%}, {pooled:.0%}, **{lifted.rejected:.0%}** ({missed:.1%}) |"
                )
            alarms.append(name + "".join(alarm))
            powers.append(name + "".join(power))
            print(alarms[-1], powers[-1], file=sys.stderr, flush=True)
    return alarms, powers, worst


def peeking(rows: int) -> str:
    """No effect at all, twenty looks at 5,000 users per arm each: how often does some look at a plain test find one?"""
    random = np.random.default_rng(13)
    a = np.cumsum(random.binomial(5_000, 0.02, (rows, 20)), axis=1).astype(float)
    b = np.cumsum(random.binomial(5_000, 0.02, (rows, 20)), axis=1).astype(float)
    users = np.broadcast_to(5_000.0 * np.arange(1, 21), a.shape)
    fixed = et.lift_ci(users, a, users, b).p_value
    return f"{np.mean((fixed < 0.05).any(axis=1)):.1%}"


def many_arms(rows: int) -> list[str]:
    """Arms against one holdout, without an effect: how often is one found?"""
    random = np.random.default_rng(16)
    lines = []
    for arms, rate in (
        ((10_000, 10_000, 10_000), 0.05),
        ((10_000,) * 6, 0.05),
        ((30_000, 30_000, 30_000, 10_000), 0.01),
        ((2_000, 5_000, 20_000, 10_000), 0.02),
    ):
        names = [*map(str, range(len(arms) - 1)), "holdout"]
        plain = dunnett = holm = 0
        for _ in range(rows):
            counts = [int(random.binomial(n, rate)) for n in arms]
            r = et.lift_arms(names, arms, counts, holdout="holdout")
            plain += bool((r.p_value <= 0.05).any())
            dunnett += bool(r.reject.any())
            holm += bool((r.p_holm <= 0.05).any())
        users = " : ".join(f"{n:,}" for n in arms)
        lines.append(
            f"| {users}, {rate:.0%} | {plain / rows:.1%} | {dunnett / rows:.1%} | {holm / rows:.1%} |"
        )
    return lines


def cuped_relative(rows: int) -> list[str]:
    """The relative lift after CUPED, true lift 10 %, correlation 0.83."""
    random = np.random.default_rng(17)
    ends = {"within_arm": [], "pooled": []}
    for _ in range(rows):
        x1, x0 = random.normal(10, 3, 200), random.normal(10, 3, 100)
        y1, y0 = 1.1 * (x1 + random.normal(0, 2, 200)), x0 + random.normal(0, 2, 100)
        r = et.cuped(y1, x1, y0, x0)
        for name, found in ends.items():
            found.append(tuple(r[name].rel_lift))
    return [
        simulated(
            f"CUPED, relative lift (Fieller), {name}", 0.1, *zip(*found, strict=True)
        )
        for name, found in ends.items()
    ]


def not_inferior(rows: int) -> list[str]:
    """The exposed are worse by exactly the margin, 10 %: how often are they called no worse, at 2.5 %?"""
    random = np.random.default_rng(18)
    lines = []
    for n1, n0, rate in (
        (10_000, 10_000, 0.05),
        (9_000, 1_000, 0.05),
        (90_000, 10_000, 0.002),
    ):
        x1, x0 = random.binomial(n1, 0.9 * rate, rows), random.binomial(n0, rate, rows)
        relative = et.lift_non_inferiority(n1, x1, n0, x0, non_inferiority=0.1)
        absolute = et.lift_non_inferiority(
            n1, x1, n0, x0, non_inferiority=0.1 * rate, margin_scale="absolute"
        )
        verdicts = [float(np.nanmean(r.non_inferior)) for r in (relative, absolute)]
        lines.append(
            f"| {n1:,} : {n0:,}, {rate:.1%} | {rows:,} | {verdicts[0]:.2%} | {verdicts[1]:.2%} |"
        )
    return lines


def document() -> str:
    """The page."""
    rows = 400 if QUICK else 20_000
    plays = 200 if QUICK else 1_000
    alarms, powers, worst = looked_at(plays)
    head = (
        "| users, rates | "
        + " | ".join(
            [*(f"diff {m}" for m in DIFFERENCE), *(f"ratio {m}" for m in RATIO)]
        )
        + " |"
    )
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
        'The noise around the curve is a share of revenue: `noise="multiplicative"` is told so, the default is not, and its intervals',
        "pay for it. Prefer the bootstrap, and say how the noise behaves where it is known.",
        "",
        "| what | runs | held |",
        "|---|---|---|",
        *revenue(rows),
        *curves(rows // 10),
        *cuped_relative(rows // 10),
        "",
        "## Tests that are looked at",
        "",
        f"Twenty looks at a plain test at 5 % find something in {peeking(rows)} of the tests where there is nothing. The tables: the share of",
        f"{plays:,} tests in which some look rejects at 5 %, 2,000 users joining before each look; in a row the split of the users and",
        "the rate, in a column the number of looks. Three numbers: the closed form of the mixture test with each arm's own variance;",
        "with the variance of both arms together (`p_always_valid_pooled`); and, in bold, `sequential`.",
        "",
        "Without an effect, the worst of `tau` at 0.3, 1 and 3 times the rate. The standard error of a cell at 5 % is",
        f"{np.sqrt(0.05 * 0.95 / plays):.1%}; the worst cell of `sequential` is {worst:.1%}.",
        "",
        "| users, rate | " + " | ".join(f"{n} looks" for n in LOOKS) + " |",
        "|---" * (1 + len(LOOKS)) + "|",
        *alarms,
        "",
        "Exposed half as many again, `tau` the rate: the power. In brackets how often the confidence sequence misses the truth at some",
        "look, the worst of half the rate and half as many again, `tau` at 0.3 and 3 times the rate.",
        "",
        "| users, rate | " + " | ".join(f"{n} looks" for n in LOOKS) + " |",
        "|---" * (1 + len(LOOKS)) + "|",
        *powers,
        "",
        "With equal arms nothing is lost. With a small holdout the closed form finds more, because it finds as much where there is",
        "nothing.",
        "",
        "## Several arms against one holdout",
        "",
        "No arm has an effect: how often is one found at 5 %? The last number of users is the holdout's.",
        "",
        f"| users, rate ({rows // 4:,} runs) | each at 5 % | `lift_arms` (Dunnett) | Holm |",
        "|---|---|---|---|",
        *many_arms(rows // 4),
        "",
        "## No worse by more than a margin",
        "",
        "The exposed are worse by exactly the margin of 10 %: how often are they called no worse? At most 2.5 % is promised.",
        "",
        "| users, rate | runs | relative | absolute |",
        "|---|---|---|---|",
        *not_inferior(rows),
        "",
        *regions(rows // 10),
        "## Is there a curve at all?",
        "",
        "How many of a hundred fits ([response](response.md)) see revenue rise (`p_response` < 0.05), fall (`not_increasing`), level off",
        f"(`p_saturation` < 0.05), and give an optimum (`curve`); {max(rows // 10, 40):,} fits each. Spend is log-normal with this standard deviation of",
        "its logarithm. Where spend does nothing, a rise and a fall are false alarms, 5 of a hundred each; where revenue is a line, a bend is.",
        "",
        "| the truth | weeks | sd of log spend | rise | fall | bend | optimum |",
        "|---|---|---|---|---|---|---|",
        *evidence(max(rows // 10, 40)),
        "",
        "Rows that are alike are told by `newey_west`, `adstock` or `block`; without them the test takes each week for news. A line whose noise",
        "grows with revenue wants `noise=\"multiplicative\"`. Where spend hardly varies, a curve is not told from a line with a base; to say that",
        "there is no base (`baseline=False`) helps.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    text = document()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(text)

"""How often the intervals of experiments by region hold, and how often their tests raise a false alarm.

`scripts/coverage.py` puts the lines on its page; run alone, this prints them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import edgetally as et
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = [
    "## Regions, by simulation",
    "",
    "The true effect is known, and is 1.5 noise standard deviations a period. `held`: the interval holds it. `alarms`: the share of",
    "tests of no effect with p at most 0.05. `found`: the same with the effect. `width`: the interval's median width in noise",
    "standard deviations. `against`: results whose interval excludes zero while p is above 0.05, or the other way round.",
    "",
    "| what | runs | held | alarms | found | width | against |",
    "|---|---|---|---|---|---|---|",
]
TAIL = [
    "",
    "With `n` donors a placebo test at 5 % can reject in `floor(0.05 (n + 1)) / (n + 1)` of cases at most: 1 of 26 with 25 donors.",
    "Difference in differences relabels regions in Welch's standard errors, so that its rate holds for skewed changes too, and nearly",
    "where the few treated regions vary twice as much as the controls, which is what it bears least. A forecast is wide where the level has wandered, and a little too sure of it; where it has not, it",
    "is more careful than it had to be.",
]
EFFECT = 1.5


def line(name: str, rows: int, one: Callable[[float], Any]) -> str:
    """One line: the same test with and without an effect."""
    held, alarms, found, against = 0, 0, 0, 0
    widths = []
    for _ in range(rows):
        nothing, (interval, p_value) = one(0.0), one(EFFECT)
        for ends, p in (nothing, (interval, p_value)):
            against += (ends.low > 0.0 or ends.high < 0.0) != (p <= 1 - 0.95)
        held += interval.low <= EFFECT <= interval.high
        alarms += nothing[1] <= 1 - 0.95
        found += p_value <= 1 - 0.95
        widths.append(interval.high - interval.low)
    shares = " | ".join(f"{count / rows:.3f}" for count in (held, alarms, found))
    return f"| {name} | {rows:,} | {shares} | {np.median(widths):.2f} | {against} |"


def differences(rows: int) -> list[str]:
    """Panels of ten periods before and five after."""
    lines = []
    for name, treated, control, spread, skewed in (
        ("`geo_did`, 10 : 10 regions", 10, 10, 1.0, False),
        ("`geo_did`, 4 : 16 regions", 4, 16, 1.0, False),
        ("`geo_did`, 4 : 16, effects differ between treated regions", 4, 16, 2.0, False),
        ("`geo_did`, 16 : 4, effects differ between treated regions", 16, 4, 2.0, False),
        ("`geo_did`, 5 : 10, skewed changes", 5, 10, 1.0, True),
        ("`geo_did`, 1 : 24 regions", 1, 24, 1.0, False),
    ):
        random = np.random.default_rng(21)

        def one(
            effect: float,
            random: Any = random,
            treated: int = treated,
            control: int = control,
            spread: float = spread,
            skewed: bool = skewed,
        ) -> Any:
            count = treated + control
            # Every region has a change of its own, whose standard deviation is 1 for controls.
            drawn = random.lognormal(0, 1, count) - np.exp(0.5) if skewed else random.standard_normal(count)
            drawn = drawn / (np.sqrt((np.e - 1) * np.e) if skewed else 1.0)
            drawn[:treated] *= spread
            level = 100 + 10 * random.standard_normal((count, 1))
            before = level + random.standard_normal((count, 10))
            after = level + random.standard_normal((count, 5)) + drawn[:, None]
            after[:treated] += effect
            got = et.geo_did(
                before[:treated], after[:treated], before[treated:], after[treated:], permutations=2_000
            )
            return got.did_ci, got.p_value

        lines.append(line(name, rows, one))
    return lines


def doubles(rows: int) -> list[str]:
    """Regions that follow two common random walks, each with a part of its own."""
    lines = []
    for name, donors, before, after, kind in (
        ("`geo_synthetic_control`, 25 donors, 30 periods before, 4 after", 25, 30, 4, "plain"),
        ("`geo_synthetic_control`, 39 donors, 30 before, 4 after", 39, 30, 4, "plain"),
        ("`geo_synthetic_control`, 25 donors, noise lasts (autocorrelation 0.7)", 25, 30, 4, "lasting"),
        ("`geo_synthetic_control`, 25 donors, some noisier than others", 25, 30, 4, "uneven"),
        ("`geo_synthetic_control`, 25 donors, 12 before", 25, 12, 4, "plain"),
    ):
        random = np.random.default_rng(22)

        def one(
            effect: float,
            random: Any = random,
            donors: int = donors,
            before: int = before,
            after: int = after,
            kind: str = kind,
        ) -> Any:
            periods = before + after
            common = random.standard_normal((2, periods)).cumsum(axis=1)
            noise = random.standard_normal((donors + 1, periods))
            if kind == "lasting":
                for t in range(1, periods):
                    noise[:, t] = 0.7 * noise[:, t - 1] + np.sqrt(1 - 0.49) * noise[:, t]
            if kind == "uneven":
                noise *= np.exp(0.5 * random.standard_normal((donors + 1, 1)))
            level = 100 + 20 * random.standard_normal((donors + 1, 1))
            all_of = level + random.standard_normal((donors + 1, 2)) @ common + noise
            got = et.geo_synthetic_control(
                all_of[0, :before], all_of[1:, :before], all_of[0, before:] + effect, all_of[1:, before:]
            )
            return got.average_effect, got.p_value

        lines.append(line(name, rows, one))
    return lines


def forecasts(rows: int) -> list[str]:
    """No region without ads: one series, before and after."""
    lines = []
    week = np.array([3.0, 0.0, -1.0, -2.0, 0.0, 1.0, 4.0])
    for name, before, after, kind in (
        ("`geo_counterfactual`, 60 days before, 10 after, noise alone", 60, 10, "noise"),
        ("`geo_counterfactual`, 56 : 14, a week's pattern", 56, 14, "week"),
        ("`geo_counterfactual`, 90 : 14, a level that wanders (0.3 of the noise a day)", 90, 14, "walk"),
        ("`geo_counterfactual`, 90 : 14, nothing but a level that wanders", 90, 14, "wander"),
        ("`geo_counterfactual`, 90 : 14, noise lasts (autocorrelation 0.5)", 90, 14, "lasting"),
        ("`geo_counterfactual`, 60 : 10, a covariate explains most", 60, 10, "covariate"),
    ):
        random = np.random.default_rng(23)

        def one(
            effect: float, random: Any = random, before: int = before, after: int = after, kind: str = kind
        ) -> Any:
            periods = before + after
            noise = random.standard_normal(periods)
            series, covariates = 100 + noise, []
            if kind == "week":
                series = series + np.resize(week, periods)
            if kind == "walk":
                series = series + 0.3 * random.standard_normal(periods).cumsum()
            if kind == "wander":
                series = 100 + noise.cumsum()
            if kind == "lasting":
                for t in range(1, periods):
                    noise[t] = 0.5 * noise[t - 1] + np.sqrt(0.75) * noise[t]
                series = 100 + noise
            if kind == "covariate":
                covariates = [random.standard_normal(periods).cumsum()]
                series = series + 2 * covariates[0]
            got = et.geo_counterfactual(
                series[:before],
                series[before:] + effect,
                [x[:before] for x in covariates],
                [x[before:] for x in covariates],
                season=7 if kind == "week" else 1,
            )
            return got.average_effect, got.p_value

        lines.append(line(name, rows, one))
    return lines


def regions(rows: int) -> list[str]:
    """The section of the page."""
    return [*HEAD, *differences(rows), *doubles(rows), *forecasts(rows), *TAIL, ""]


if __name__ == "__main__":
    print("\n".join(regions(100 if "--quick" in sys.argv else 2_000)))

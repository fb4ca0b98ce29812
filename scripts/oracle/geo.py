"""Experiments by region: differences, relabelling one by one, doubles by another search, placebo tests by hand."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import edgetally as et
import numpy as np
from scipy import optimize, stats

from .harness import stacked

if TYPE_CHECKING:
    from .harness import Oracle

NAN = math.nan


def lists(oracle: Oracle) -> None:
    """Four lists: Welch's four-sample interval by NumPy and SciPy's Student distribution."""
    r = oracle.random("geo_did")
    ours, theirs, inputs = [], [], []
    for row in range(oracle.rows):
        unit = 2.0 ** int(r.integers(-300, 300)) if row % 3 == 0 else 1.0
        four = [np.round(r.normal(100, 10, int(r.integers(1, 7))), 1) for _ in range(4)]
        if row % 7 == 0:
            four = [np.full(x.size, x[0]) for x in four]
        if row % 11 == 0:
            four[0] = np.full(four[0].size, four[0][0])
        got = et.geo_did(*(x * unit for x in four), spend=unit)
        means = [x.mean() for x in four]
        did = means[1] - means[0] - means[3] + means[2]
        single = any(x.size < 2 for x in four)
        squares = [0.0 if np.ptp(x) == 0 else x.var(ddof=1) / x.size for x in four] if not single else [NAN]
        total = sum(squares)
        low = high = se = df = NAN
        if total > 0:
            df = total**2 / sum(s * s / (x.size - 1) for s, x in zip(squares, four, strict=True))
            se = math.sqrt(total)
            reach = stats.t.ppf(0.975, df) * se
            low, high = did - reach, did + reach
        theirs.append(
            {
                "did": did,
                "std_error": se,
                "degrees_of_freedom": df,
                "low": low,
                "high": high,
                "iroas": did * four[1].size,
                "lift": did / (means[0] + means[3] - means[2]),
            }
        )
        ours.append(
            {
                "did": got.did / unit,
                "std_error": got.std_error / unit,
                "degrees_of_freedom": got.degrees_of_freedom,
                "low": got.did_ci.low / unit,
                "high": got.did_ci.high / unit,
                "iroas": got.iroas.estimate,
                "lift": got.lift,
            }
        )
        inputs.append([(x * unit).tolist() for x in four])
    scale = {"did": 100.0, "low": 100.0, "high": 100.0, "iroas": 1000.0, "lift": 1.0}
    oracle.compare(
        "geo_did", "NumPy and SciPy's t, four lists", stacked(ours), stacked(theirs), {"lists": inputs}, like=1e-10, scale=scale
    )


def share(changes: np.ndarray, ways: np.ndarray, effect: float, treated: int) -> float:
    """The p-value of an effect: every relabelling by itself."""
    x = changes.copy()
    x[:treated] -= effect
    inside = np.where(ways, x, 0.0)
    k, m = treated, x.size - treated
    one, two = inside.sum(1) / k, (x.sum() - inside.sum(1)) / m
    gap = np.abs(one - two)
    if k > 1 and m > 1:
        first = (np.where(ways, (x - one[:, None]) ** 2, 0.0)).sum(1) / (k - 1) / k
        second = (np.where(~ways, (x - two[:, None]) ** 2, 0.0)).sum(1) / (m - 1) / m
        with np.errstate(all="ignore"):
            gap = np.where(gap > 1e-12, gap / np.sqrt(first + second), 0.0)
    return float(np.mean(gap >= gap[0] * (1 - 1e-9)))


def panels(oracle: Oracle) -> None:
    """Regions: standard error as SciPy's two-sample test has it, and the test and the interval's ends by every relabelling."""
    r = oracle.random("geo_did panels")
    ours, theirs, inputs = [], [], []
    known: dict[tuple[int, int], np.ndarray] = {}
    for row in range(oracle.rows):
        k, m = int(r.integers(1, 5)), int(r.integers(1, 6))
        if (k, m) not in known:
            ways = np.zeros((math.comb(k + m, k), k + m), bool)
            for at, choice in enumerate(itertools.combinations(range(k + m), k)):
                ways[at, list(choice)] = True
            known[k, m] = ways
        ways = known[k, m]
        changes = r.normal(0, 1, k + m) * np.where(np.arange(k + m) < k, r.choice([1, 4]), 1.0)
        if row % 5 == 0:
            changes = np.round(changes)
        before, shift = r.normal(100, 20, (k + m, 4)), r.normal(0, 1, (k + m, 4))
        after = before.mean(1, keepdims=True) + changes[:, None] + (shift - shift.mean(1, keepdims=True))
        if row % 5 == 0:
            before, after = np.zeros((k + m, 1)), changes[:, None]
        confidence = float(r.choice([0.5, 0.8, 0.9, 0.95]))
        got = et.geo_did(before[:k], after[:k], before[k:], after[k:], confidence=confidence)
        changes = after.mean(1) - before.mean(1)
        se = df = NAN
        if k > 1 and m > 1:
            a, b = changes[:k].var(ddof=1) / k, changes[k:].var(ddof=1) / m
            if a + b > 1e-24:
                test = stats.ttest_ind(changes[:k], changes[k:], equal_var=False)
                se, df = math.sqrt(a + b), float(test.df)
        still = "no_variance" in got.flags
        p = NAN if still else share(changes, ways, 0.0, k)
        low, high = got.did_ci
        held = 1.0 if still or low < high else 0.0
        for end, out in ((low, -1.0), (high, 1.0)):
            if math.isfinite(end):
                # Just inside it is not rejected, just outside it is.
                near = 1e-6 * max(1.0, abs(end))
                inside = share(changes, ways, end - out * near, k) > 1 - confidence
                outside = share(changes, ways, end + out * near, k) <= 1 - confidence
                held *= inside and outside
        theirs.append(
            {
                "did": changes[:k].mean() - changes[k:].mean(),
                "std_error": se,
                "degrees_of_freedom": df,
                "p_value": p,
                "ends": 1.0,
                "excludes zero": NAN if still else float(p <= 1 - confidence),
                "flagged": float((k > 1 or m > 1) and np.ptp(changes[:k]) < 1e-12 and np.ptp(changes[k:]) < 1e-12),
            }
        )
        ours.append(
            {
                "did": got.did,
                "std_error": got.std_error,
                "degrees_of_freedom": got.degrees_of_freedom,
                "p_value": got.p_value,
                "ends": float(held),
                "excludes zero": NAN if math.isnan(low) else float(low > 0 or high < 0),
                "flagged": float(still),
            }
        )
        inputs.append((k, m, changes.tolist(), confidence))
    mine, others = stacked(ours), stacked(theirs)
    reason = "a relabelling is counted at every effect between the two ends at which it is as extreme: a p-value is never smaller"
    larger = mine["p_value"] > others["p_value"]
    point = (mine["flagged"] > 0) & (others["flagged"] == 0)
    alone = "so many regions changed alike that nothing but the estimate would be left: undefined, with a flag"
    oracle.compare(
        "geo_did",
        "every relabelling, one by one",
        mine,
        others,
        {"treated": [x[0] for x in inputs], "changes": [x[2] for x in inputs], "confidence": [x[3] for x in inputs]},
        like=1e-8,
        scale={"did": 100.0},
        explained=[("p_value", larger, reason), *((name, point, alone) for name in ("p_value", "std_error", "excludes zero", "flagged"))],
    )


def nearest(treated: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """Weights on the simplex by non-negative least squares, their sum held by a heavy row."""
    heavy = 1e4 * max(1.0, float(np.abs(donors).max()))
    rows = np.vstack([donors.T - treated[:, None], np.full(donors.shape[0], heavy)])
    weights, _ = optimize.nnls(rows, np.concatenate([np.zeros(treated.size), [heavy]]), maxiter=10_000)
    return weights / weights.sum()


def doubles(oracle: Oracle) -> None:
    """The double by non-negative least squares, and the placebo test by hand."""
    r = oracle.random("geo_synthetic_control")
    ours, theirs, inputs = [], [], []
    for row in range(oracle.rows):
        donors, after = int(r.integers(2, 12)), int(r.integers(1, 5))
        # Doubles are the only nearest ones where there are more periods than donors.
        before = int(r.integers(2, 12)) if row % 6 == 0 else donors + int(r.integers(1, 9))
        common = r.normal(0, 3, before + after).cumsum()
        cells = r.normal(50, 15, (donors + 1, 1)) + r.normal(1, 0.5, (donors + 1, 1)) * common + r.normal(0, 1, (donors + 1, before + after))
        if row % 9 == 0:
            cells[0, :before] = cells[1:, :before].mean(0)
        confidence = float(r.choice([0.5, 0.8, 0.9]))
        got = et.geo_synthetic_control(
            cells[0, :before], cells[1:, :before], cells[0, before:], cells[1:, before:], confidence=confidence
        )
        miss, mean = np.empty(donors + 1), np.empty(donors + 1)
        for at in range(donors + 1):
            others = [k for k in range(1, donors + 1) if k != at]
            weights = nearest(cells[at, :before], cells[others, :before])
            gap = cells[at] - weights @ cells[others]
            miss[at], mean[at] = math.sqrt(np.mean(gap[:before] ** 2)), gap[before:].mean()
        # Some doubles are not the only nearest ones: then what follows is ours to choose.
        measure = np.sqrt(miss**2 + (0.25 * np.median(miss)) ** 2)
        score = np.abs(mean) / measure
        p = float(np.mean(score >= score[0] * (1 - 1e-9)))
        allowed = max(x for x in range(donors + 2) if x / (donors + 1) <= 1 - confidence)
        reach = np.sort(score[1:])[::-1][allowed - 1] * measure[0] if allowed else math.inf
        theirs.append(
            {"pre_rmse": miss[0], "average_effect": mean[0], "p_value": p, "low": mean[0] - reach, "high": mean[0] + reach}
        )
        ours.append(
            {
                "pre_rmse": got.pre_rmse,
                "average_effect": got.average_effect.estimate,
                "p_value": got.p_value,
                "low": got.average_effect.low,
                "high": got.average_effect.high,
                "loose": float(donors > before or bool(np.min(miss) < 1e-6)),
            }
        )
        inputs.append((cells.tolist(), before, confidence))
    mine = stacked(ours)
    loose = mine["loose"] > 0
    reason = "some region is met exactly by more mixes than one, which do not agree afterwards"
    oracle.compare(
        "geo_synthetic_control",
        "SciPy's nnls, placebos by hand",
        mine,
        stacked(theirs),
        {"cells": inputs, "before": [x[1] for x in inputs]},
        like=1e-5,
        scale={"pre_rmse": 1.0, "average_effect": 10.0, "low": 10.0, "high": 10.0},
        explained=[(name, loose, reason) for name in ("average_effect", "p_value", "low", "high")],
    )


def plans(oracle: Oracle) -> None:
    """Power: each window of the history run as a test of its own."""
    r = oracle.random("geo_power")
    ours, theirs, inputs = [], [], []
    for _ in range(oracle.rows):
        donors, length, periods = int(r.integers(2, 7)), int(r.integers(8, 16)), int(r.integers(1, 4))
        cells = r.normal(50, 5, (donors + 1, 1)) + r.normal(0, 2, length).cumsum() + r.normal(0, 1, (donors + 1, length))
        lift, confidence = float(r.choice([0.0, 0.05, 0.3])), float(r.choice([0.5, 0.8]))
        got = et.geo_power(cells[0], list(cells[1:]), periods, lifts=[lift], confidence=confidence, least_before=4)
        found = []
        for start in range(4, length - periods + 1):
            end = start + periods
            test = et.geo_synthetic_control(
                cells[0, :start], cells[1:, :start], cells[0, start:end] * (1 + lift), cells[1:, start:end]
            )
            found.append(test.p_value <= 1 - confidence)
        theirs.append({"power": float(np.mean(found)), "windows": len(found)})
        ours.append({"power": got.power[0], "windows": got.windows})
        inputs.append((cells.tolist(), periods, lift, confidence))
    oracle.compare("geo_power", "window by window", stacked(ours), stacked(theirs), {"history": inputs})


def forecasts(oracle: Oracle) -> None:
    """The forecast by generalised least squares with the whole matrix of covariances, mixed over the same grid."""
    r = oracle.random("geo_counterfactual")
    ours, theirs, inputs = [], [], []
    grid = np.exp(np.linspace(math.log(1e-3), math.log(1e2), 41))
    for _ in range(oracle.rows):
        before, after, season = int(r.integers(12, 40)), int(r.integers(1, 8)), int(r.choice([1, 1, 3, 4]))
        count = int(r.integers(0, 3))
        every = before + after
        covariates = r.normal(0, 1, (count, every)).cumsum(1)
        y = 50 + r.normal(0, 1, every) + float(r.choice([0, 0.3, 1])) * r.normal(0, 1, every).cumsum()
        y += np.resize(r.normal(0, 2, season), every) + (r.normal(0, 1, count) @ covariates if count else 0)
        got = et.geo_counterfactual(
            y[:before], y[before:], list(covariates[:, :before]), list(covariates[:, before:]), season=season
        )
        dummies = [(np.arange(every) % season == phase) - 1 / season for phase in range(season - 1)]
        design = np.column_stack([np.ones(every), *dummies, *covariates])
        free = before - design.shape[1]
        at, weights, centers, spreads = np.arange(every), [], [], []
        for wander in grid:
            whole = wander * np.minimum(at[:, None], at[None, :]) + np.eye(every)
            inner, cross = whole[:before, :before], whole[before:, :before]
            solve = np.linalg.inv(inner)
            one, two = design[:before], design[before:]
            normal = one.T @ solve @ one
            beta = np.linalg.solve(normal, one.T @ solve @ y[:before])
            rest = y[:before] - one @ beta
            squares = rest @ solve @ rest
            weights.append(-0.5 * (np.linalg.slogdet(inner)[1] + np.linalg.slogdet(normal)[1] + free * math.log(squares)))
            mean = np.full(after, 1 / after)
            away = two - cross @ solve @ one
            error = whole[before:, before:] - cross @ solve @ cross.T + away @ np.linalg.solve(normal, away.T)
            centers.append(mean @ (two @ beta + cross @ solve @ rest))
            spreads.append(math.sqrt(squares / free * (mean @ error @ mean)))
        share = np.exp(np.array(weights) - max(weights))
        share /= share.sum()
        center, spread = np.array(centers), np.array(spreads)

        def below(x: float, share: Any = share, center: Any = center, spread: Any = spread, free: int = free) -> float:
            return float(share @ stats.t.cdf((x - center) / spread, free))

        seen, wide = y[before:].mean(), 60 * spread.max()
        low = optimize.brentq(lambda x: below(x) - 0.025, center.min() - wide, center.max() + wide, xtol=1e-12)
        high = optimize.brentq(lambda x: below(x) - 0.975, center.min() - wide, center.max() + wide, xtol=1e-12)
        chance = below(seen)
        theirs.append(
            {
                "average_effect": seen - share @ center,
                "low": seen - high,
                "high": seen - low,
                "p_value": 2 * min(chance, 1 - chance),
                "prob_positive": chance,
            }
        )
        ends = got.average_effect
        ours.append(
            {
                "average_effect": ends.estimate,
                "low": ends.low,
                "high": ends.high,
                "p_value": got.p_value,
                "prob_positive": got.prob_positive,
            }
        )
        inputs.append((y.tolist(), covariates.tolist(), before, season))
    scale = {"average_effect": 10.0, "low": 10.0, "high": 10.0, "p_value": 1.0}
    oracle.compare(
        "geo_counterfactual",
        "NumPy, the whole matrix of covariances",
        stacked(ours),
        stacked(theirs),
        {"series": inputs},
        like=1e-7,
        scale=scale,
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    forecasts(oracle)
    lists(oracle)
    panels(oracle)
    doubles(oracle)
    plans(oracle)

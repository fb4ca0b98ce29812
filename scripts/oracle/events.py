"""The quality of events: exact tests against SciPy, counting by sets."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import edgetally as et
import numpy as np
from scipy import stats

from .harness import Oracle, fields, mixed, precise, spread, stacked


def rate_change(oracle: Oracle) -> None:
    """The new count given the sum is binomial."""
    r = oracle.random("rate_change")
    n = oracle.rows
    asked = {
        "count_new": mixed(r, n, np.floor(spread(r, n, 1, 1e4)), 0.0, 1.0),
        "exposure_new": mixed(r, n, spread(r, n, 0.1, 1e3), 1.0, 24.0),
        "count_old": mixed(r, n, np.floor(spread(r, n, 1, 1e4)), 0.0, 1.0),
        "exposure_old": mixed(r, n, spread(r, n, 0.1, 1e3), 1.0, 24.0),
    }
    near = r.random(n) < 0.5
    asked["count_old"][near] = r.poisson(asked["count_new"][near] * r.uniform(0.7, 1.4, int(near.sum())))
    asked["exposure_old"][near] = asked["exposure_new"][near]
    k, e1, m, e0 = asked.values()
    ours = fields(et.events.rate_change(*asked.values()))
    total, share = k + m, e1 / (e1 + e0)
    with np.errstate(all="ignore"):
        low = np.where(k == 0, 0.0, stats.beta.ppf(0.025, k, m + 1))
        high = np.where(m == 0, 1.0, stats.beta.ppf(0.975, k + 1, m))
        ratio = np.where(m == 0, np.where(k == 0, np.nan, np.inf), k / e1 / (m / e0))
        ends = [end / (1 - end) * e0 / e1 for end in (low, high)]
    none = total == 0
    minlike = [
        stats.binomtest(int(a), int(b), float(c)).pvalue if b else math.nan
        for a, b, c in zip(k, total, share, strict=True)
    ]
    below, above = stats.binom.cdf(k, total, share), stats.binom.sf(k - 1, total, share)
    here = stats.binom.pmf(k, total, share)
    central = np.minimum(1, 2 * np.minimum(below, above))
    mid = np.minimum(1, 2 * np.minimum(below - here / 2, above - here / 2))
    nothing = [("*", none, "no events at all: nothing to compare")]
    oracle.compare(
        "events_rate_change",
        "SciPy binomtest, beta, binom",
        ours,
        {
            "rate_ratio": ratio,
            "p_exact_minlike": minlike,
            "p_exact_central": central,
            "p_mid": mid,
            "ratio_ci_exact.low": ends[0],
            "ratio_ci_exact.high": ends[1],
        },
        asked,
        like=1e-7,
        scale=dict.fromkeys(("p_exact_minlike", "p_exact_central", "p_mid"), 1e-9),
        explained=[*nothing, ("rate_ratio", (m == 0) & (k > 0), "no ratio to a rate of 0")],
    )
    asked["count_new"], asked["count_old"] = np.maximum(k, 1), np.maximum(m, 1)

    def quasi(count_new: Any, exposure_new: Any, count_old: Any, exposure_old: Any, dispersion: Any) -> Any:
        import mpmath

        log = mpmath.log(count_new / exposure_new / (count_old / exposure_old))
        se = mpmath.sqrt(max(dispersion, 1) * (1 / count_new + 1 / count_old))
        z = mpmath.mpf(float(stats.norm.ppf(0.975)))
        return {
            "rate_ratio": mpmath.exp(log),
            "z": log / se,
            "p_value": mpmath.erfc(abs(log / se) / mpmath.sqrt(2)),
            "ratio_ci.low": mpmath.exp(log - z * se),
            "ratio_ci.high": mpmath.exp(log + z * se),
        }

    precise(
        oracle,
        "events_rate_change_overdispersed",
        {**asked, "dispersion": mixed(r, n, spread(r, n, 0.5, 100), 1.0)},
        quasi,
        scale={"z": 1e-3},
    )


def seasonal(oracle: Oracle) -> None:
    """Means and medians, Pearson's dispersion, quasi-Poisson."""
    r = oracle.random("seasonal_change")
    rows, found, asked = [], [], []
    for _ in range(oracle.rows):
        bins, past = int(r.integers(1, 8)), int(r.integers(2, 7))
        level = spread(r, bins, 2, 2000)
        history = r.poisson(level[:, None] * r.gamma(20, 1 / 20, (bins, past)))
        history[history.sum(1) == 0, 0] = 1
        current = r.poisson(level * r.choice([0.5, 1.0, 1.2], bins)) + 1
        median = bool(r.random() < 0.3)
        expected = np.median(history, axis=1) if median else history.mean(1)
        if (expected == 0).any():
            expected = history.mean(1)
            median = False
        mean = history.mean(1)
        pearson = ((history - mean[:, None]) ** 2 / mean[:, None]).sum() / (bins * (past - 1))
        phi = max(1.0, pearson)
        result = et.events.seasonal_change(history.tolist(), current.tolist(), baseline="median" if median else "mean")
        ours = {"expected": result.expected[0], "ratio": result.ratio[0], "total_ratio": result.total_ratio}
        theirs = {
            "expected": expected[0],
            "ratio": current[0] / expected[0],
            "total_ratio": current.sum() / expected.sum(),
        }
        if not median:
            ours["dispersion"], theirs["dispersion"] = result.dispersion, phi
            z = math.log(current[0] / expected[0]) / math.sqrt(phi * (1 / current[0] + 1 / history[0].sum()))
            total = math.log(theirs["total_ratio"]) / math.sqrt(phi * (1 / current.sum() + 1 / history.sum()))
            ours |= {
                "z": result.z[0],
                "p_value": result.p_value[0],
                "total_z": result.total_z,
                "total_p": result.total_p,
            }
            theirs |= {
                "z": z,
                "p_value": 2 * stats.norm.sf(abs(z)),
                "total_z": total,
                "total_p": 2 * stats.norm.sf(abs(total)),
            }
        else:
            for name in ("dispersion", "z", "p_value", "total_z", "total_p"):
                ours[name] = theirs[name] = math.nan
        rows.append(theirs)
        found.append(ours)
        asked.append(f"{history.tolist()}, {current.tolist()}, {'median' if median else 'mean'}")
    oracle.compare(
        "events_seasonal_change",
        "NumPy means and medians, SciPy's normal distribution",
        stacked(found),
        stacked(rows),
        {"history, current, baseline": asked},
        scale={"z": 1e-3, "total_z": 1e-3},
    )


def copies(oracle: Oracle) -> None:
    """Sets and dictionaries."""
    r = oracle.random("dedup")
    rows, found, asked = [], [], []
    for _ in range(oracle.rows):
        pixel = [None if r.random() < 0.1 else str(v) for v in r.integers(0, 12, int(r.integers(0, 15)))]
        server = [None if r.random() < 0.1 else str(v) for v in r.integers(6, 18, int(r.integers(0, 15)))]
        result = et.events.dedup(pixel, server)
        # One without an id is a copy of none.
        alone = [sum(v is None for v in side) for side in (pixel, server)]
        sets = [{v for v in side if v is not None} for side in (pixel, server)]
        unique = [len(s) + a for s, a in zip(sets, alone, strict=True)]
        both = len(sets[0] & sets[1])
        union = unique[0] + unique[1] - both

        def over(a: float, b: float) -> float:
            return a / b if b else math.nan

        rows.append(
            {
                "pixel_unique": unique[0],
                "server_unique": unique[1],
                "overlap": both,
                "union": union,
                "overlap_rate": over(both, union),
                "pixel_duplicate_rate": over(len(pixel) - unique[0], len(pixel)),
                "server_duplicate_rate": over(len(server) - unique[1], len(server)),
                "server_only": unique[1] - both,
                "pixel_coverage_of_server": over(both, unique[1]),
                "server_uplift": over(unique[1] - both, unique[0]),
                "counted_without_dedup": len(pixel) + len(server),
                "overcount_rate": over(len(pixel) + len(server) - union, union),
            }
        )
        found.append({name: float(result[name]) for name in rows[-1]})
        asked.append(f"{pixel}, {server}")
    oracle.compare(
        "events_dedup", "Python sets", stacked(found), stacked(rows), {"pixel_ids, server_ids": asked}, like=1e-13
    )


def identifiers(oracle: Oracle) -> None:
    """Shares and products in fractions."""
    r = oracle.random("match_quality")
    rows, found, asked = [], [], []
    for _ in range(oracle.rows):
        names = list("abcd")[: int(r.integers(1, 5))]
        chance = {name: float(mixed(r, 1, r.random(1), 0.0, 1.0)[0]) for name in names}
        events = [{name: bool(r.random() < 0.5) for name in names} for _ in range(int(r.integers(1, 12)))]
        result = et.events.match_quality(events, chance)
        scores = []
        for event in events:
            miss = Fraction(1)
            for name in names:
                if event[name]:
                    miss *= 1 - Fraction(chance[name])
            scores.append(1 - miss)
        share = Fraction(sum(event[names[0]] for event in events), len(events))
        some = Fraction(sum(any(event.values()) for event in events), len(events))
        rows.append(
            {
                "score_0_10": float(10 * sum(scores) / len(scores)),
                "coverage": float(share),
                "any_identifier": float(some),
            }
        )
        found.append(
            {
                "score_0_10": result.score_0_10,
                "coverage": result.coverage[names[0]],
                "any_identifier": result.any_identifier,
            }
        )
        other = et.events.coverage(events, names)
        rows[-1]["coverage()"], found[-1]["coverage()"] = float(share), other.coverage[names[0]]
        asked.append(f"{events}, {chance}")
    ours, theirs = stacked(found), stacked(rows)
    oracle.compare(
        "events_match_quality",
        "products of fractions",
        ours,
        {k: v for k, v in theirs.items() if k != "coverage()"},
        {"events, match_probability": asked},
        like=1e-12,
    )
    oracle.compare(
        "events_coverage",
        "shares of fractions",
        ours,
        {"coverage()": theirs["coverage()"]},
        {"events": asked},
        like=1e-12,
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    for part in (rate_change, seasonal, copies, identifiers):
        part(oracle)

"""Revenue per user: Welch against SciPy, Fieller by its quadratic, CUPED and ratios by their sums."""

from __future__ import annotations

import math
from typing import Any

import edgetally as et
import numpy as np
from scipy import stats

from .harness import Oracle, fields, mixed, precise, spread, stacked

NOTHING = "nothing varies: a difference without a test"


def fieller(m1: Any, v1: Any, m0: Any, v0: Any, t: Any) -> tuple[float, float]:
    """The ratio's interval in many digits; all numbers where the denominator may be 0."""
    import mpmath

    with mpmath.workdps(50):
        m1, v1, m0, v0, t = (mpmath.mpf(float(x)) for x in (m1, v1, m0, v0, t))
        a = m0**2 - t**2 * v0
        if a <= 0:
            return -math.inf, math.inf
        root = mpmath.sqrt(max((m0 * m1) ** 2 - a * (m1**2 - t**2 * v1), 0))
        return float((m0 * m1 - root) / a), float((m0 * m1 + root) / a)


def from_moments(oracle: Oracle) -> None:
    """Means and standard deviations."""
    r = oracle.random("lift_revenue")
    n = oracle.rows
    asked = {
        "exposed_mean": mixed(r, n, spread(r, n, 0.01, 1e5), 0.0, 1.0),
        "exposed_sd": mixed(r, n, spread(r, n, 0.001, 1e5), 1.0, 0.0),
        "exposed_users": np.floor(spread(r, n, 2, 1e6)),
        "holdout_mean": mixed(r, n, spread(r, n, 0.01, 1e5), 1.0),
        "holdout_sd": mixed(r, n, spread(r, n, 0.001, 1e5), 1.0, 0.0),
        "holdout_users": np.floor(spread(r, n, 2, 1e6)),
    }
    near = r.random(n) < 0.5
    asked["holdout_mean"][near] = asked["exposed_mean"][near] * r.uniform(0.8, 1.2, int(near.sum()))
    confidence = mixed(r, n, r.uniform(0.5, 0.999, n), 0.95)
    m1, s1, n1, m0, s0, n0 = asked.values()
    spend, margin = spread(r, n, 1, 1e6), r.uniform(0.05, 1, n)
    result = et.lift_revenue(**asked, spend=spend, margin=margin, confidence=confidence)
    ours = fields(result)
    v1, v0 = s1**2 / n1, s0**2 / n0
    test = stats.ttest_ind_from_stats(m1, s1, n1, m0, s0, n0, equal_var=False)
    with np.errstate(all="ignore"):
        se = np.sqrt(v1 + v0)
        df = (v1 + v0) ** 2 / (v1**2 / (n1 - 1) + v0**2 / (n0 - 1))
        t = stats.t.ppf(0.5 + confidence / 2, df)
    low, high = m1 - m0 - t * se, m1 - m0 + t * se
    size = np.abs(m1) + np.abs(m0)
    theirs = {
        "diff": m1 - m0,
        "se": se,
        "t": test.statistic,
        "df": df,
        "p_value": test.pvalue,
        "diff_ci.low": low,
        "diff_ci.high": high,
        "incremental_revenue.low": n1 * low,
        "incremental_revenue.high": n1 * high,
        "incremental_roas.low": n1 * low / spend,
        "incremental_profit.high": n1 * high * margin - spend,
    }
    constant = (s1 == 0) & (s0 == 0)
    oracle.compare(
        "lift_revenue",
        "SciPy ttest_ind_from_stats, Welch",
        ours,
        theirs,
        {**asked, "confidence": confidence},
        like=1e-7,
        scale={
            "diff": size,
            "t": size / np.where(se > 0, se, 1),
            "p_value": 1e-6 + 0 * se,
            "diff_ci.low": size,
            "diff_ci.high": size,
            "incremental_revenue.low": n1 * size,
            "incremental_revenue.high": n1 * size,
            "incremental_roas.low": n1 * size / spend,
            "incremental_profit.high": n1 * size + spend,
        },
        explained=[("*", constant, NOTHING)],
    )
    found = [fieller(*row) for row in zip(m1, v1, m0, v0, t, strict=True)]
    lows, highs = np.array(found).T
    middle = np.where(m0 != 0, m1 / np.where(m0 == 0, 1, m0), np.nan)
    oracle.compare(
        "lift_revenue",
        "Fieller's quadratic, mpmath",
        ours,
        {"rel_lift": middle - 1, "rel_ci_fieller.low": lows - 1, "rel_ci_fieller.high": highs - 1},
        {**asked, "confidence": confidence},
        like=1e-7,
        scale={
            "rel_lift": middle,
            "rel_ci_fieller.low": np.where(np.isfinite(lows), np.abs(lows) + 1, 1.0),
            "rel_ci_fieller.high": np.where(np.isfinite(highs), np.abs(highs) + 1, 1.0),
        },
        explained=[("*", constant, NOTHING)],
    )


def values(r: np.random.Generator, n: int) -> np.ndarray:
    """Revenue of users: many zeros, some large, at times all alike."""
    kind = r.random()
    if kind < 0.05:
        return np.full(n, round(float(spread(r, 1, 0.01, 1e4)[0]), 2))
    some = np.where(r.random(n) < r.uniform(0.1, 1), np.round(r.lognormal(3, 1, n), 2), 0.0)
    return some * (10.0 ** r.integers(-6, 9) if kind > 0.9 else 1.0)


def from_values(oracle: Oracle) -> None:
    """A value per user; CUPED and ratios with two."""
    r = oracle.random("values")
    rows: dict[str, list[dict[str, float]]] = {
        "lift_revenue_values": [],
        "cuped": [],
        "cuped_from_sums": [],
        "ratio_metric": [],
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in rows}
    asked: dict[str, list[str]] = {name: [] for name in rows}
    # Whose variance is what is left of sums when they are rounded.
    alike: list[bool] = []
    scales: dict[str, list[dict[str, float]]] = {name: [] for name in rows}

    def note(name: str, ours: dict[str, float], theirs: dict[str, float], scale: dict[str, float], *what: Any) -> None:
        rows[name].append(theirs)
        found[name].append({key: float(ours[key]) for key in theirs})
        scales[name].append({key: float(scale.get(key, 0.0)) for key in theirs})
        asked[name].append(", ".join(str(np.asarray(one).tolist()) for one in what))

    while len(rows["cuped"]) < oracle.rows:
        n1, n0 = int(r.integers(2, 40)), int(r.integers(2, 40))
        y1, y0 = values(r, n1), values(r, n0)
        test = stats.ttest_ind(y1, y0, equal_var=False)
        ours = fields(et.lift_revenue_values(y1, y0))
        size = float(np.abs(y1).max() + np.abs(y0).max())
        theirs = {"diff": y1.mean() - y0.mean(), "p_value": float(test.pvalue), "df": float(test.df)}
        if np.ptp(y1) == np.ptp(y0) == 0:
            theirs |= {"p_value": math.nan, "df": math.nan}
        note("lift_revenue_values", ours, theirs, {"diff": size, "p_value": 1e-6}, y1, y0)

        # A covariate that explains some of it, all of it, or nothing.
        x1 = y1 * r.choice([0.0, 0.5, 1.0]) + r.normal(0, float(r.choice([1.0, 10.0])), n1) * max(1.0, y1.std())
        x0 = y0 * r.choice([0.0, 0.5, 1.0]) + r.normal(0, float(r.choice([1.0, 10.0])), n0) * max(1.0, y0.std())
        # Within: the covariances of both arms over their variances; pooled: all users as one sample.
        within = (np.cov(x1, y1)[0, 1] + np.cov(x0, y0)[0, 1]) / (np.var(x1, ddof=1) + np.var(x0, ddof=1))
        xs, ys = np.concatenate([x1, x0]), np.concatenate([y1, y0])
        pooled = np.cov(xs, ys)[0, 1] / np.var(xs, ddof=1)
        result = et.cuped(y1, x1, y0, x0)
        theirs, ours, scale = {}, {}, {}
        for name, theta in (("within_arm", within), ("pooled", pooled)):
            # As if the covariate's mean were that of all users.
            a1, a0 = y1 - theta * (x1 - xs.mean()), y0 - theta * (x0 - xs.mean())
            test = stats.ttest_ind(a1, a0, equal_var=False)
            part = result[name]
            theirs |= {
                f"{name}.theta": theta,
                f"{name}.diff": a1.mean() - a0.mean(),
                f"{name}.var_exposed": a1.var(ddof=1),
                f"{name}.p_value": float(test.pvalue),
            }
            ours |= {f"{name}.{key}": part[key] for key in ("theta", "diff", "var_exposed", "p_value")}
            width = float(np.abs(theta * xs).max() + np.abs(ys).max())
            scale |= {
                f"{name}.theta": 1e-3,
                f"{name}.diff": width,
                f"{name}.var_exposed": width**2,
                f"{name}.p_value": 1e-4,
            }
        if np.ptp(y1) > 0 or np.ptp(y0) > 0:
            note("cuped", ours, theirs, scale, y1, x1, y0, x0)
            sums = [
                [len(a), a.sum(), b.sum(), (a * a).sum(), (b * b).sum(), (a * b).sum()] for a, b in ((y1, x1), (y0, x0))
            ]
            again = et.cuped_from_sums(*sums)
            loose = {key: value * 100 for key, value in scale.items()}
            mine = {
                f"{name}.{key}": again[name][key]
                for name in ("within_arm", "pooled")
                for key in ("theta", "diff", "var_exposed", "p_value")
            }
            note("cuped_from_sums", mine, theirs, loose, *sums)
            alike.append(bool(np.ptp(y1) == 0 or np.ptp(y0) == 0))

        d1, d0 = np.floor(r.uniform(1, 9, n1)), np.floor(r.uniform(1, 9, n0))
        ratio = []
        for num, den in ((y1, d1), (y0, d0)):
            q = num.sum() / den.sum()
            ratio.append((q, np.var(num - q * den, ddof=1) / len(num) / den.mean() ** 2))
        (q1, v1), (q0, v0) = ratio
        se = math.sqrt(v1 + v0)
        z = (q1 - q0) / se if se > 0 else math.nan
        wide = size / min(d1.min(), d0.min())
        note(
            "ratio_metric",
            fields(et.ratio_metric(y1, d1, y0, d0)),
            {
                "ratio_exposed": q1,
                "ratio_holdout": q0,
                "diff": q1 - q0,
                "se": se,
                "p_value": 2 * stats.norm.sf(abs(z)),
                "diff_ci_z.low": q1 - q0 - stats.norm.ppf(0.975) * se if se > 0 else math.nan,
            },
            {"diff": wide, "se": 1e-9 * wide, "p_value": 1e-6, "diff_ci_z.low": wide},
            y1,
            d1,
            y0,
            d0,
        )
    words = {
        "lift_revenue_values": "SciPy ttest_ind, Welch",
        "cuped": "regression by its sums, then SciPy ttest_ind",
        "cuped_from_sums": "regression by its sums, then SciPy ttest_ind",
        "ratio_metric": "delta method by its residuals, SciPy",
    }
    for name, against in words.items():
        theirs = stacked(rows[name])
        oracle.compare(
            name,
            against,
            stacked(found[name]),
            theirs,
            {"values": asked[name]},
            like=1e-7,
            scale=stacked(scales[name]),
            explained=[
                (f"{part}.p_value", alike, "all users of an arm are alike: the sums keep the rounding of that alone")
                for part in (("within_arm", "pooled") if name == "cuped_from_sums" else ())
            ],
        )


def product(oracle: Oracle) -> None:
    """The variance of a product."""
    r = oracle.random("product")
    n = oracle.rows

    def formula(exposed_users: Any, diff: Any, diff_se: Any, aov: Any, aov_se: Any) -> Any:
        import mpmath

        delta = exposed_users * mpmath.sqrt((aov * diff_se) ** 2 + (diff * aov_se) ** 2)
        exact = exposed_users * mpmath.sqrt((aov * diff_se) ** 2 + (diff * aov_se) ** 2 + (diff_se * aov_se) ** 2)
        return {"incremental_revenue": exposed_users * diff * aov, "se_delta": delta, "se_exact_independent": exact}

    precise(
        oracle,
        "lift_revenue_product",
        {
            "exposed_users": np.floor(spread(r, n, 1, 1e7)),
            "diff": mixed(r, n, r.normal(0, 0.01, n), 0.0),
            "diff_se": mixed(r, n, spread(r, n, 1e-6, 0.1), 0.0),
            "aov": mixed(r, n, spread(r, n, 0.1, 1e4), 0.0),
            "aov_se": mixed(r, n, spread(r, n, 0.01, 1e3), 0.0),
        },
        formula,
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    for part in (from_moments, from_values, product):
        part(oracle)

"""Arms, margins, plans for revenue, and one method's intervals: SciPy, statsmodels, and the definitions."""

from __future__ import annotations

from typing import Any

import edgetally as et
import numpy as np
from scipy import special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from .harness import Oracle, arms, fields, mixed, spread
from .rates import restricted_difference, restricted_ratio, score_difference, score_ratio

Array = np.ndarray[Any, Any]


def one_method(oracle: Oracle) -> None:
    """``lift_ci``: each method written out."""
    r = oracle.random("lift_ci")
    n = oracle.rows
    table = arms(r, n)
    n1, x1, n0, x0 = table.values()
    confidence = mixed(r, n, r.uniform(0.5, 0.999, n), 0.95)
    z = stats.norm.ppf(0.5 + confidence / 2)
    p1, p0 = x1 / n1, x0 / n0
    none = (x1 == 0) & (x0 == 0)
    with np.errstate(all="ignore"):
        d, ratio = p1 - p0, p1 / p0
        v1, v0 = p1 * (1 - p1) / n1, p0 * (1 - p0) / n0
        wald = np.sqrt(v1 + v0)
        log = np.sqrt((1 - p1) / x1 + (1 - p0) / x0)
        l1, u1 = proportion_confint(x1, n1, 1 - confidence, "wilson")
        l0, u0 = proportion_confint(x0, n0, 1 - confidence, "wilson")
        q1, q0 = (x1 + 1) / (n1 + 2), (x0 + 1) / (n0 + 2)
        caffo = np.sqrt(q1 * (1 - q1) / (n1 + 2) + q0 * (1 - q0) / (n0 + 2))
        pooled = (x1 + x0) / (n1 + n0)
        pool = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0) * (n1 + n0) / (n1 + n0 - 1))
        score = score_difference(n1, x1, n0, x0, z)
        # Halving has few digits where both rates are 0; there one rate at the end is 0, and the other follows.
        k = z**2 * (n1 + n0) / (n1 + n0 - 1)
        score = (
            np.where(none, -k / n0 / (1 + k / n0), score[0]),
            np.where(none, k / n1 / (1 + k / n1), score[1]),
        )
        relative = score_ratio(n1, x1, n0, x0, z)
        relative = np.where(x1 == 0, 0.0, relative[0]), np.where(x0 == 0, np.inf, relative[1])
        delta = np.sqrt(v1 / p0**2 + p1**2 / p0**4 * v0)
        ways: dict[str, dict[str, Any]] = {
            "newcombe": {
                "diff.low": d - np.sqrt((p1 - l1) ** 2 + (u0 - p0) ** 2),
                "diff.high": d + np.sqrt((u1 - p1) ** 2 + (p0 - l0) ** 2),
            },
            "agresti_caffo": {
                "diff.low": np.maximum(-1, q1 - q0 - z * caffo),
                "diff.high": np.minimum(1, q1 - q0 + z * caffo),
            },
            "katz": {"ratio.low": ratio * np.exp(-z * log), "ratio.high": ratio * np.exp(z * log)},
            "delta": {"ratio.low": ratio - z * delta, "ratio.high": ratio + z * delta},
            "wald": {"diff.low": d - z * wald, "diff.high": d + z * wald},
            "score": {
                "z": d / pool,
                "p_value": 2 * stats.norm.sf(np.abs(d / pool)),
                "diff.low": score[0],
                "diff.high": score[1],
                "ratio.low": relative[0],
                "ratio.high": relative[1],
            },
        }
    edge = (x1 == 0) | (x0 == 0) | (x1 == n1) | (x0 == n0)
    for method, theirs in ways.items():
        ours = fields(et.lift_ci(**table, confidence=confidence, method=method))
        theirs |= {"diff": d, "ratio": ratio}
        oracle.compare(
            "lift_ci",
            f"{method} written out, Wilson of statsmodels" if method == "newcombe" else f"{method} written out",
            ours,
            theirs,
            {**table, "confidence": confidence},
            like=1e-8,
            scale={
                "diff": np.maximum(p1, p0),
                "diff.low": np.maximum(p1, p0) + wald,
                "diff.high": np.maximum(p1, p0) + wald,
                "p_value": theirs.get("p_value", 0) * (1 + (d / pool) ** 2) + 1e-290,
                "z": 1 + np.abs(d / pool),
                "ratio.low": np.where(np.isfinite(delta), delta, 0),
                "ratio.high": np.where(np.isfinite(delta), delta, 0),
            },
            explained=[
                ("z", none | ((x1 == n1) & (x0 == n0)), "nothing varies: no difference, p-value 1"),
                ("p_value", none | ((x1 == n1) & (x0 == n0)), "nothing varies: no difference, p-value 1"),
                ("ratio", x0 == 0, "no ratio to a rate of 0"),
                ("ratio.low", x0 == 0, "no ratio to a rate of 0"),
                ("ratio.high", x0 == 0, "no ratio to a rate of 0"),
                ("ratio.low", edge & (method in ("katz", "delta")), "no variance where none or all converted"),
                ("ratio.high", edge & (method in ("katz", "delta")), "no variance where none or all converted"),
                ("diff.low", edge & (method == "wald"), "no variance where none or all converted"),
                ("diff.high", edge & (method == "wald"), "no variance where none or all converted"),
            ],
        )


def margins(oracle: Oracle) -> None:
    """Non-inferiority: the restricted rates by halving."""
    for scale in ("relative", "absolute"):
        r = oracle.random(f"non-inferiority {scale}")
        n = oracle.rows
        table = arms(r, n)
        n1, x1, n0, x0 = table.values()
        confidence = mixed(r, n, r.uniform(0.5, 0.999, n), 0.95)
        margin = np.clip(spread(r, n, 1e-4, 0.9), 1e-6, 0.999)
        ours = fields(
            et.lift_non_inferiority(**table, non_inferiority=margin, margin_scale=scale, confidence=confidence)
        )
        users = n1 + n0
        with np.errstate(all="ignore"):
            if scale == "relative":
                ratio = 1 - margin
                p0 = restricted_ratio(n1, x1, n0, x0, ratio)
                p1, distance = ratio * p0, x1 / n1 - ratio * x0 / n0
                variance = p1 * (1 - p1) / n1 + ratio**2 * p0 * (1 - p0) / n0
            else:
                p0 = restricted_difference(n1, x1, n0, x0, -margin)
                p1, distance = np.clip(p0 - margin, 0, 1), x1 / n1 - x0 / n0 + margin
                variance = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
            z = distance / np.sqrt(variance * users / (users - 1))
            p = stats.norm.sf(z)
        none = (x1 == 0) & (x0 == 0)
        z = np.where(none & (scale == "relative"), np.nan, z)
        p = np.where(none & (scale == "relative"), np.nan, p)
        verdict = np.where(np.isnan(p), np.nan, (p <= (1 - confidence) / 2).astype(float))
        near = np.abs(p - (1 - confidence) / 2) < 1e-9
        oracle.compare(
            "lift_non_inferiority",
            f"the likeliest rates at the margin by halving, {scale}",
            ours,
            {"non_inferiority_z": z, "non_inferiority_p": p, "non_inferior": verdict},
            {**table, "margin": margin, "confidence": confidence},
            like=1e-7,
            scale={"non_inferiority_z": 1 + np.abs(z), "non_inferiority_p": p * (1 + z**2) + 1e-290},
            explained=[("non_inferior", near, "p-value and error rate are equal to rounding")],
        )


def exceeds(loads: Array, z: float) -> float:
    """The chance that any of the statistics is beyond ``z``; by the trapezoidal rule, whose error is nothing here."""
    rest = np.sqrt(1 - loads**2)
    step = min(0.05, 0.4 * float((rest / loads).min()))
    t = np.arange(-40, 40 + step, step)[:, None]
    with np.errstate(divide="ignore"):
        beyond = special.ndtr((-z - loads * t) / rest) + special.ndtr((-z + loads * t) / rest)
        any_ = -np.expm1(np.log1p(-np.minimum(beyond, 1)).sum(axis=1))
    return float((stats.norm.pdf(t[:, 0]) * any_).sum() * step)


def several(oracle: Oracle) -> None:
    """Arms against one holdout: Dunnett's integral, Holm by statsmodels, score intervals by halving."""
    r = oracle.random("lift_arms")
    flat: dict[str, list[Any]] = {name: [] for name in ("n1", "x1", "n0", "x0", "z", "confidence")}
    ours: dict[str, list[Any]] = {}
    theirs: dict[str, list[Any]] = {"p_adjusted": [], "p_holm": [], "critical": [], "reject": []}
    asked: list[str] = []
    while len(asked) < oracle.rows:
        k = int(r.integers(1, 6))
        holdout = int(spread(r, 1, 20, 1e5)[0])
        users = np.floor(holdout * spread(r, k, 0.1, 20)) + 1
        rate = float(spread(r, 1, 1e-3, 0.9)[0])
        conversions = r.binomial(users.astype(int), np.clip(rate * r.uniform(0.7, 1.4, k), 0, 1)).astype(float)
        kind = r.random(k)
        conversions[kind < 0.05] = 0
        conversions[kind > 0.97] = users[kind > 0.97]
        x0 = float(r.binomial(holdout, rate))
        confidence = float(r.choice([0.8, 0.9, 0.95, 0.99]))
        names = ["psa", *(f"arm {i}" for i in range(k))]
        result = et.lift_arms(
            names, [holdout, *users], [x0, *conversions], holdout="psa", confidence=confidence
        )
        values = fields(result, "rate", "diff", "rel_lift", "z", "p_value", "p_adjusted", "p_holm", "reject")
        for name, value in values.items():
            ours.setdefault(name, []).extend(np.asarray(value, dtype=float))
        ours.setdefault("critical", []).extend([exceeds(np.sqrt(users / (users + holdout)), result.critical)] * k)
        loads = np.sqrt(users / (users + holdout))
        z = np.asarray(result.z, dtype=float)
        exact = np.array([exceeds(loads, abs(one)) if one == one else np.nan for one in z])
        theirs["p_adjusted"].extend(exact)
        known = ~np.isnan(z)
        holm = np.full(k, np.nan)
        if known.any():
            holm[known] = multipletests(np.asarray(result.p_value, dtype=float)[known], method="holm")[1]
        theirs["p_holm"].extend(holm)
        theirs["critical"].extend([1 - confidence] * k)
        close = np.abs(exact - (1 - confidence)) < 1e-9
        theirs["reject"].extend(np.where(close, np.asarray(result.reject, dtype=float), exact <= 1 - confidence))
        for name, value in (
            ("n1", users),
            ("x1", conversions),
            ("n0", [float(holdout)] * k),
            ("x0", [x0] * k),
            ("z", [result.critical] * k),
            ("confidence", [confidence] * k),
        ):
            flat[name].extend(value)
        asked.extend([f"{holdout}, {x0}, {users.tolist()}, {conversions.tolist()}, {confidence}"] * k)
    n1, x1, n0, x0_, critical, _ = (np.array(value, dtype=float) for value in flat.values())
    with np.errstate(all="ignore"):
        pooled = (x1 + x0_) / (n1 + n0)
        se = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0) * (n1 + n0) / (n1 + n0 - 1))
        z = (x1 / n1 - x0_ / n0) / se
        score = score_difference(n1, x1, n0, x0_, critical)
        ratio = score_ratio(n1, x1, n0, x0_, critical)
        truth = {
            "rate": x1 / n1,
            "diff": x1 / n1 - x0_ / n0,
            "z": z,
            "p_value": 2 * stats.norm.sf(np.abs(z)),
            "diff.low": score[0],
            "diff.high": score[1],
            "rel_lift.low": ratio[0] - 1,
            "rel_lift.high": ratio[1] - 1,
            **{name: np.array(value, dtype=float) for name, value in theirs.items()},
        }
    nothing = np.isnan(z)
    oracle.compare(
        "lift_arms",
        "Dunnett's integral, statsmodels' Holm, halving",
        {name: np.array(value) for name, value in ours.items()},
        truth,
        {"arms": asked},
        like=1e-8,
        scale={
            "diff": np.maximum(x1 / n1, x0_ / n0),
            "diff.low": np.maximum(x1 / n1, x0_ / n0),
            "diff.high": np.maximum(x1 / n1, x0_ / n0),
            "rel_lift.low": np.ones_like(z),
            "rel_lift.high": 1 + np.where(np.isfinite(ratio[1]), ratio[1], 0),
            "z": 1 + np.abs(z),
            "p_value": truth["p_value"] * (1 + z**2) + 1e-290,
            "p_adjusted": truth["p_adjusted"] * (1 + z**2) + 1e-16,
        },
        explained=[
            ("*", nothing, "nothing varies: no difference, p-value 1"),
            ("rel_lift.low", x0_ == 0, "no ratio to a rate of 0"),
            ("rel_lift.high", x0_ == 0, "no ratio to a rate of 0"),
        ],
    )


def welch_power(diff: Array, s1: Array, n1: Array, s0: Array, n0: Array, alpha: Array) -> Array:
    """The chance beyond both critical values, over the logarithm of the estimated standard deviation."""
    with np.errstate(all="ignore"):
        v1, v0 = s1**2 / n1, s0**2 / n0
        share = v1 / (v1 + v0)
        df = 1 / (share**2 / (n1 - 1) + (1 - share) ** 2 / (n0 - 1))
        nc, t = np.abs(diff) / np.sqrt(v1 + v0), stats.t.isf(alpha / 2, df)
        half, least = df / 2, -40 / df - 14 / np.sqrt(2 * df)
        x = least[:, None] + (8 / np.sqrt(2 * df) + 2 / df - least)[:, None] * np.linspace(0, 1, 800)
        s = np.exp(x)
        # Degrees of freedom beyond 10^5: Stirling's series has the digits that differences of logarithms lose.
        constant = np.where(
            df > 1e5,
            0.5 * np.log(half / np.pi * 2) - 1 / (12 * half),
            np.log(2) + half * np.log(half) - special.gammaln(half) - half,
        )
        weight = np.exp(constant[:, None] + df[:, None] * x - half[:, None] * np.expm1(2 * x))
        edge = t[:, None] * s
        beyond = special.ndtr(nc[:, None] - edge) + special.ndtr(-nc[:, None] - edge)
        smooth = (weight * beyond).sum(axis=1) * (x[:, 1] - x[:, 0])
        # Where the freedom is small, over the difference instead: the chance that the standard deviation is small enough.
        nodes, weights = special.roots_legendre(400)
        left, right = np.maximum(0, nc - 10), nc + 10
        u = left[:, None] + (right - left)[:, None] * (nodes + 1) / 2
        below = special.gammainc(half[:, None], half[:, None] * (u / t[:, None]) ** 2)
        normal = stats.norm.pdf(u - nc[:, None]) + stats.norm.pdf(u + nc[:, None])
        return np.where(df < 50, (right - left) / 2 * ((below * normal) @ weights), smooth)


def revenue(oracle: Oracle) -> None:
    """Power, smallest effect and users of a test of means."""
    r = oracle.random("power of revenue")
    n = oracle.rows
    s1, s0 = spread(r, n, 0.1, 1e4), spread(r, n, 0.1, 1e4)
    s1 = np.where(r.random(n) < 0.6, s0 * r.uniform(0.5, 2, n), s1)
    n1, n0 = (np.floor(spread(r, n, 2, 1e6)) for _ in range(2))
    alpha = mixed(r, n, r.uniform(0.001, 0.4, n), 0.05)
    se = np.sqrt(s1**2 / n1 + s0**2 / n0)
    diff = mixed(r, n, se * r.uniform(-6, 6, n), 0.0)
    plan = {"exposed_sd": s1, "exposed_users": n1, "holdout_sd": s0, "holdout_users": n0}
    against = "Student's noncentral t by the trapezoidal rule"
    asked = {"diff": diff, **plan, "alpha": alpha}
    want = {"power": welch_power(diff, s1, n1, s0, n0, alpha)}
    ours = fields(et.lift_power_revenue(**asked))
    oracle.compare("lift_power_revenue", against, ours, want, asked, like=1e-7, scale={"power": np.full(n, 1.0)})
    # SciPy's series where it is known to be good.
    with np.errstate(all="ignore"):
        share = s1**2 / n1 / (s1**2 / n1 + s0**2 / n0)
        df = 1 / (share**2 / (n1 - 1) + (1 - share) ** 2 / (n0 - 1))
        t, nc = stats.t.isf(alpha / 2, df), np.abs(diff) / se
        series = stats.nct.sf(t, df, nc) + stats.nct.cdf(-t, df, nc)
    oracle.compare(
        "lift_power_revenue",
        "SciPy's noncentral t",
        ours,
        {"power": series},
        asked,
        like=1e-7,
        scale={"power": np.full(n, 1.0)},
        explained=[("power", np.isnan(series), "SciPy gives no number")],
    )

    power = np.clip(alpha + (1 - alpha) * r.uniform(0.02, 0.99, n), 0, 0.999)
    mean = mixed(r, n, spread(r, n, 0.1, 1e4), 1.0)
    asked = {**plan, "holdout_mean": mean, "alpha": alpha, "power": power}
    least = et.lift_mde_revenue(**asked)
    oracle.compare(
        "lift_mde_revenue",
        f"the power at the answer, {against}",
        {"power": welch_power(np.asarray(least.mde_abs), s1, n1, s0, n0, alpha), "mde_rel": least.mde_rel},
        {"power": power, "mde_rel": np.asarray(least.mde_abs) / mean},
        asked,
        like=1e-7,
    )

    ratio = mixed(r, n, spread(r, n, 0.1, 20), 1.0)
    effect = s0 * spread(r, n, 0.001, 3) * r.choice([-1.0, 1.0], n)
    asked = {
        "holdout_mean": mean,
        "holdout_sd": s0,
        "mde": effect,
        "exposed_sd": s1,
        "ratio": ratio,
        "alpha": alpha,
        "power": power,
    }
    need = et.sample_size_revenue(**asked)
    exact = np.asarray(need.n_control_exact)
    reached = welch_power(effect, s1, ratio * exact, s0, exact, alpha)
    fewest = exact <= np.maximum(2, 2 / ratio) * (1 + 1e-12)
    whole = np.ceil(exact)
    oracle.compare(
        "sample_size_revenue",
        f"the power at the answer, {against}",
        {
            "power": np.where(fewest & (reached >= power), power, reached),
            "n_control": need.n_control,
            "n_treatment": need.n_treatment,
            "n_total": need.n_total,
            "diff": need.diff,
        },
        {
            "power": power,
            "n_control": whole,
            "n_treatment": np.ceil(ratio * exact),
            "n_total": np.asarray(need.n_control) + np.asarray(need.n_treatment),
            "diff": effect,
        },
        asked,
        like=1e-6,
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    for part in (one_method, margins, several, revenue):
        part(oracle)

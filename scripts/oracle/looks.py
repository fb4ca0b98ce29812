"""Tests that are looked at while they run, and another engine's numbers: NumPy and SciPy, formula by formula."""

from __future__ import annotations

from typing import Any

import edgetally as et
import numpy as np
from scipy import special, stats

from .harness import Oracle, arms, fields, mixed, spread
from .rates import restricted_difference

Array = np.ndarray[Any, Any]
NODES, WEIGHTS = special.roots_legendre(160)


def halve(inside: Array, outside: Array, holds: Any, steps: int = 80) -> Array:
    """The last place between both where something holds."""
    inside, outside = inside.copy(), outside.copy()
    for _ in range(steps):
        middle = (inside + outside) / 2
        yes = holds(middle)
        inside, outside = np.where(yes, middle, inside), np.where(yes, outside, middle)
    return inside


def log_evidence(n1: Array, x1: Array, n0: Array, x0: Array, delta: Array, tau: Array) -> Array:
    """The mixture of binomial likelihoods over the one at ``delta``: a sum of nodes around its top."""
    p0 = restricted_difference(n1, x1, n0, x0, delta)
    p0 = np.clip(np.where(delta == 0, (x1 + x0) / (n1 + n0), p0), 0, 1)
    p1 = np.clip(p0 + delta, 0, 1)
    wide = np.sqrt(tau**2 + delta**2)
    with np.errstate(all="ignore"):
        v = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
        a, b = p1 * (1 - p1) / n1 / v, p0 * (1 - p0) / n0 / v
        # What a unit of the mixture does to each rate and its complement, as a share of it.
        cells = [
            (x1, (1 - p1) / n1 / v * wide),
            (n1 - x1, -p1 / n1 / v * wide),
            (x0, -(1 - p0) / n0 / v * wide),
            (n0 - x0, p0 / n0 / v * wide),
        ]
        del a, b
        low = -1 / np.max([np.maximum(s, 1e-300) for _, s in cells], axis=0)
        high = 1 / np.max([np.maximum(-s, 1e-300) for _, s in cells], axis=0)

    def log(t: Array) -> Array:
        total = -0.5 * t * t
        with np.errstate(all="ignore"):
            for count, slope in cells:
                shape = (-1, *[1] * (t.ndim - 1))
                part = np.log1p(np.maximum(slope.reshape(shape) * t, -1.0))
                total = total + np.where(count.reshape(shape) > 0, count.reshape(shape) * part, 0.0)
        return total

    def slope(t: Array) -> Array:
        total = -t
        with np.errstate(all="ignore"):
            for count, s in cells:
                total = total + np.where(count > 0, count * s / np.maximum(1 + s * t, 0.0), 0.0)
        return total

    # Everything that matters lies around the top; the logarithm is concave.
    left, right = np.maximum(low, -1e6), np.minimum(high, 1e6)
    top = halve(left, right, lambda t: slope(t) > 0, 110)
    most = log(top)
    ends = [halve(top, np.clip(top + side * 10, left, right), lambda t: log(t) > most - 42, 60) for side in (-1, 1)]
    total = np.zeros_like(top)
    for end in ends:
        for k in range(3):
            from_, to = top + (end - top) * k / 3, top + (end - top) * (k + 1) / 3
            t = from_[:, None] + (to - from_)[:, None] * (NODES + 1) / 2
            total += np.abs(to - from_) / 2 * (np.exp(log(t) - most[:, None]) @ WEIGHTS)
    mass = np.where(high - low < 1, 0.0, special.ndtr(high) - special.ndtr(low))
    with np.errstate(all="ignore"):
        middle = low[:, None] + (high - low)[:, None] * (NODES + 1) / 2
        mass = np.where(high - low < 1, (high - low) / 2 * (stats.norm.pdf(middle) @ WEIGHTS), mass)
        found = most + np.log(total) - 0.5 * np.log(2 * np.pi) - np.log(mass)
        # Rates of 0 and 1 alone: what was seen is certain there, or impossible.
        possible = (x1 == n1 * p1) & (x0 == n0 * p0)
        return np.where(v > 0, found, np.where(possible, 0.0, np.inf))


def looks(oracle: Oracle) -> None:
    """The closed forms, the likelihood, and what the ends of the interval are."""
    for kind in ("msprt", "asympcs"):
        r = oracle.random(f"sequential {kind}")
        n = oracle.rows
        table = arms(r, n)
        n1, x1, n0, x0 = table.values()
        alpha = mixed(r, n, r.uniform(0.001, 0.4, n), 0.05, 0.01)
        tau = spread(r, n, 1e-5, 1.0)
        tuning = np.floor(spread(r, n, 10, 1e6))
        previous = mixed(r, n, r.uniform(0, 1, n), 1.0)
        options: dict[str, Any] = {"tau": tau} if kind == "msprt" else {"tuning": tuning}
        ours = fields(et.sequential(**table, kind=kind, alpha=alpha, previous_p=previous, **options))
        p1, p0, users = x1 / n1, x0 / n0, n1 + n0
        d, pooled = p1 - p0, (x1 + x0) / users
        own = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
        both = pooled * (1 - pooled) * (1 / n1 + 1 / n0)
        a = -2 * np.log(alpha)
        rho = (a + np.log1p(a)) / tuning
        with np.errstate(all="ignore"):
            skew = (p1 * (1 - p1) * (1 - 2 * p1) / n1**2 - p0 * (1 - p0) * (1 - 2 * p0) / n0**2) / own**1.5
        few = ~((np.min([x1, n1 - x1, x0, n0 - x0], axis=0) >= 25) & (np.abs(skew) <= 0.05))

        def closed(v: Array) -> tuple[Array, Array]:
            with np.errstate(all="ignore"):
                mix = tau**2 if kind == "msprt" else v * users * rho
                log = 0.5 * np.log(v / (v + mix)) + mix * d**2 / (2 * v * (v + mix))
                width = np.sqrt(2 * v * (v + mix) / mix * (-np.log(alpha) + 0.5 * np.log((v + mix) / v)))
            return np.where(v > 0, log, 0.0), np.where(v > 0, width, np.inf)

        log_own, width = closed(own)
        log_both, _ = closed(both)
        mixture = tau if kind == "msprt" else np.sqrt(both * users * rho)
        nothing = few & (mixture == 0)
        safe = np.where(mixture > 0, mixture, 1.0)
        log = np.where(few, np.where(nothing, 0.0, log_evidence(n1, x1, n0, x0, 0 * d, safe)), log_own)
        with np.errstate(all="ignore"):
            theirs = {
                "small_counts": few.astype(float),
                "log_e_value": log,
                "e_value": np.exp(log),
                "p_always_valid": np.minimum(previous, np.exp(-log)),
                "e_value_pooled": np.exp(log_both),
                "p_always_valid_pooled": np.minimum(previous, np.exp(-log_both)),
                "confidence_sequence": d,
            }
        # What an exponent of such a size loses.
        big = np.abs(log) + np.where(own > 0, d**2 / np.where(own > 0, own, 1), 0) + 1
        with np.errstate(all="ignore"):
            wide = {
                "log_e_value": 1 + 0 * d,
                "e_value": np.minimum(theirs["e_value"] * big, 1e300),
                "e_value_pooled": np.minimum(theirs["e_value_pooled"] * (np.abs(log_both) + 1), 1e300),
                "p_always_valid": theirs["p_always_valid"] * big,
                "p_always_valid_pooled": theirs["p_always_valid_pooled"] * (np.abs(log_both) + 1),
                "confidence_sequence": 1e-3 + 0 * d,
            }
        asked = {**table, "alpha": alpha, **options}
        against = "SciPy: closed form, mixture of binomials by nodes"
        oracle.compare("sequential", f"{against}, {kind}", ours, theirs, asked, like=1e-8, scale=wide)
        normal = ~few
        oracle.compare(
            "sequential",
            f"the formula of the interval, {kind}",
            {name: ours[name][normal] for name in ("confidence_sequence.low", "confidence_sequence.high")},
            {
                "confidence_sequence.low": (d - width)[normal],
                "confidence_sequence.high": (d + width)[normal],
            },
            {name: value[normal] for name, value in asked.items()},
            like=1e-10,
            scale={
                "confidence_sequence.low": (width + np.abs(d))[normal],
                "confidence_sequence.high": (width + np.abs(d))[normal],
            },
        )
        # At the ends, the evidence is one over the error rate; or the end is the last difference there is.
        chosen = few & ~nothing
        row = [value[chosen] for value in (n1, x1, n0, x0)]
        evidence, limit = {}, -np.log(alpha[chosen])
        for side, last in (("low", -1.0), ("high", 1.0)):
            end = ours[f"confidence_sequence.{side}"][chosen]
            there = log_evidence(*row, end, safe[chosen])
            closer = log_evidence(*row, end + (1e-7 if side == "low" else -1e-7) * np.abs(end), safe[chosen])
            farther = log_evidence(*row, np.clip(end + last * 1e-7 * np.abs(end), -1, 1), safe[chosen])
            jump = (closer <= limit + 1e-6) & (farther >= limit - 1e-6)
            fine = (np.abs(there - limit) < 1e-6) | jump | ((end == last) & (there <= limit + 1e-6))
            evidence[side] = np.where(fine, limit, there)
        oracle.compare(
            "sequential",
            f"the evidence at the ends of the interval, {kind}",
            evidence,
            {"low": limit, "high": limit},
            {name: value[chosen] for name, value in asked.items()} | {
                "low": ours["confidence_sequence.low"][chosen],
                "high": ours["confidence_sequence.high"][chosen],
            },
            like=1e-6,
            scale={"low": limit * 0 + 1, "high": limit * 0 + 1},
        )


def played(oracle: Oracle) -> None:
    """The same tests played with NumPy's binomials; shares may differ by what chance explains."""
    r = oracle.random("sequential_simulation")
    names = ("rejected", "missed", "naive", "fixed", "mean_stop")
    ours, theirs, asked = [], [], []
    many, once = 400, 100
    for _ in range(max(2, oracle.rows // once)):
        holdout_rate = float(spread(r, 1, 0.003, 0.4)[0])
        exposed_rate = min(1.0, holdout_rate * float(r.choice([1.0, 1.0, 1.2, 0.8])))
        exposed, holdout = (int(n) for n in spread(r, 2, 50, 2000))
        looks_, alpha = int(r.integers(2, 15)), float(r.choice([0.05, 0.1, 0.2]))
        options = {"tau": float(spread(r, 1, 0.002, 0.1)[0])} if r.random() < 0.6 else {"tuning": float(exposed * 4)}
        result = et.sequential_simulation(
            exposed_rate,
            holdout_rate,
            exposed_users_per_look=exposed,
            holdout_users_per_look=holdout,
            looks=looks_,
            alpha=alpha,
            repetitions=many,
            seed=int(r.integers(0, 2**63)),
            **options,
        )
        x1 = np.cumsum(r.binomial(exposed, exposed_rate, (many, looks_)), axis=1).astype(float)
        x0 = np.cumsum(r.binomial(holdout, holdout_rate, (many, looks_)), axis=1).astype(float)
        n1, n0 = (np.broadcast_to(np.arange(1, looks_ + 1) * float(n), x1.shape) for n in (exposed, holdout))
        kind = "msprt" if "tau" in options else "asympcs"
        flat = [value.ravel() for value in (n1, x1, n0, x0)]
        look = et.sequential(*flat, kind=kind, alpha=alpha, **options)
        low, high = (np.reshape(v, x1.shape) for v in (look.confidence_sequence.low, look.confidence_sequence.high))
        over = np.reshape(look.log_e_value, x1.shape) >= -np.log(alpha)
        truth, pooled = exposed_rate - holdout_rate, (x1 + x0) / (n1 + n0)
        z = np.abs(x1 / n1 - x0 / n0) > stats.norm.isf(alpha / 2) * np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0))
        stop = np.where(over.any(axis=1), over.argmax(axis=1) + 1, looks_)
        missed = ((low > truth) | (high < truth)).any(axis=1)
        for name, per in zip(names, (over.any(axis=1), missed, z.any(axis=1), z[:, -1], stop), strict=True):
            one, other = float(result[name]), float(per.mean())
            # Both are means of as many tests; five standard errors of their difference.
            share = (one + other) / 2
            var = per.var() + 0.5 * looks_ / many if name == "mean_stop" else share * (1 - share) + 2 / many
            within = abs(one - other) <= 5 * np.sqrt(2 * var / many)
            ours.append(one)
            theirs.append(one if within else other)
            asked.append(f"{name}, {exposed_rate}, {holdout_rate}, {exposed}, {holdout}, {looks_}, {alpha}, {options}")
    oracle.compare(
        "sequential_simulation",
        f"NumPy's binomials, {many} tests a row, within five standard errors",
        {"share": np.array(ours)},
        {"share": np.array(theirs)},
        {"test": asked},
    )


def other_engine(oracle: Oracle) -> None:
    """GrowthBook's formulas with SciPy's distributions."""
    for difference in ("relative", "absolute"):
        r = oracle.random(f"gbstats {difference}")
        n = oracle.rows
        table = arms(r, n)
        n1, x1, n0, x0 = table.values()
        alpha = mixed(r, n, r.uniform(0.001, 0.4, n), 0.05)
        tuning = np.floor(spread(r, n, 10, 1e6))
        mean, sd = mixed(r, n, r.normal(0, 0.2, n), 0.0), mixed(r, n, spread(r, n, 0.01, 10), 0.3)
        options = {"alpha": alpha, "tuning": tuning, "prior_mean": mean, "prior_sd": sd}
        result = et.gbstats_compat(**table, difference=difference, **options)
        ours = fields(result, *(name for name in result.fields if name != "risk"))
        ours["keep"], ours["choose"] = result.risk
        p1, p0 = x1 / n1, x0 / n0
        with np.errstate(all="ignore"):
            v1, v0 = p1 * (1 - p1) / n1, p0 * (1 - p0) / n0
            v1, v0 = (np.where((v1 == 0) | (v0 == 0), np.nan, v) for v in (v1, v0))
            df = (v1 + v0) ** 2 / (v1**2 / (n1 - 1) + v0**2 / (n0 - 1))
            relative = difference == "relative"
            effect = (p1 - p0) / p0 if relative else p1 - p0
            v = v1 / p0**2 + p1**2 / p0**4 * v0 if relative else v1 + v0
            effect = np.where(np.isnan(v), np.nan, effect)
            se = np.sqrt(v)
            t = stats.t.isf(alpha / 2, df)
            z = stats.norm.isf(alpha / 2)
            a = -2 * np.log(alpha)
            rho2 = (a + np.log1p(a)) / tuning
            big = n1 + n0
            # Waudby-Smith and others, equation 9: the half width for a variance of N v.
            half = np.sqrt(v) * np.sqrt(2 * (big * rho2 + 1) / (big * rho2) * np.log(np.sqrt(big * rho2 + 1) / alpha))
            log_e = 0.5 * (effect**2 / v) * big * rho2 / (1 + big * rho2) - 0.5 * np.log1p(big * rho2)
            prior_mean, prior_sd = (mean, sd) if relative else (mean * p0, sd * p0)
            precision = 1 / v + 1 / prior_sd**2
            posterior = (effect / v + prior_mean / prior_sd**2) / precision
            spread_ = precision**-0.5
            q = effect / se
            loss = [se * _loss(-q), se * _loss(q)]
            theirs = {
                "expected": effect,
                "se": se,
                "ci.low": effect - t * se,
                "ci.high": effect + t * se,
                "p_value": 2 * stats.t.sf(np.abs(q), df),
                "sequential_ci.low": effect - half,
                "sequential_ci.high": effect + half,
                "sequential_p": np.where(np.isnan(v), np.nan, np.minimum(1, np.exp(-log_e))),
                "chance_to_win": special.ndtr(q),
                "credible.low": effect - z * se,
                "credible.high": effect + z * se,
                "keep": loss[0],
                "choose": loss[1],
                "prior_chance_to_win": special.ndtr(posterior / spread_),
                "prior_expected": posterior,
                "prior_ci.low": posterior - z * spread_,
                "prior_ci.high": posterior + z * spread_,
            }
            size = np.abs(effect) + se
            reach = np.abs(effect) + (t + half / se + 1) * se
            exponent = 1 + q**2
            scale = {
                **{name: reach for name in theirs if name.endswith((".low", ".high"))},
                "expected": p1 / p0 + 1 if relative else p1 + p0,
                "se": size,
                "p_value": theirs["p_value"] * exponent + 1e-290,
                "sequential_p": theirs["sequential_p"] * (1 + np.abs(log_e)) * 10,
                "chance_to_win": theirs["chance_to_win"] * exponent,
                "keep": loss[0] * exponent,
                "choose": loss[1] * exponent,
                "prior_expected": np.abs(prior_mean) + size,
                "prior_chance_to_win": theirs["prior_chance_to_win"] * (1 + (posterior / spread_) ** 2),
            }
        oracle.compare(
            "gbstats_compat",
            f"SciPy's Student and normal, {difference}",
            ours,
            theirs,
            {**table, **options},
            like=1e-8,
            scale=scale,
        )


def _loss(z: Array) -> Array:
    """The mean of what a standard normal variable exceeds ``z`` by, times its chance; the tail by the scaled ``erfc``."""
    with np.errstate(all="ignore"):
        mills = np.sqrt(np.pi / 2) * special.erfcx(z / np.sqrt(2))
        near = stats.norm.pdf(z) - z * stats.norm.sf(z)
        # Beyond 6 the difference has fewer digits than this series.
        far = sum((-1) ** k * special.factorial2(2 * k + 1) / z ** (2 * k + 2) for k in range(7))
        middle = stats.norm.pdf(z) * (1 - z * mills)
        return np.where(z > 25, stats.norm.pdf(z) * far, np.where(z > 0, middle, near))


def check(oracle: Oracle) -> None:
    """All of them."""
    looks(oracle)
    played(oracle)
    other_engine(oracle)

"""Two rates: intervals, p-values, posteriors, sizes, splits, segments."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import edgetally as et
import numpy as np
from scipy import special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from .harness import Oracle, Q, arm, arms, fields, formulas, mixed, precise, spread, stacked

Array = np.ndarray[Any, Any]


def ends(name: str, pair: Any) -> dict[str, Any]:
    """Low and high under the names of a field's."""
    return {f"{name}.low": pair[0], f"{name}.high": pair[1]}


# --- One rate --------------------------------------------------------------------------------------------------------


def rate_ci(oracle: Oracle) -> None:
    """Against statsmodels."""
    r = oracle.random("rate_ci")
    n, x = arm(r, oracle.rows)
    confidence = mixed(r, oracle.rows, r.uniform(0.5, 0.999, oracle.rows), 0.95, 0.9, 0.99)
    ours = fields(et.rate_ci(x, n, confidence=confidence))
    theirs: dict[str, Any] = {"rate": x / n}
    for name, method in (
        ("wilson", "wilson"),
        ("agresti_coull", "agresti_coull"),
        ("jeffreys", "jeffreys"),
        ("normal", "normal"),
        ("clopper_pearson", "beta"),
    ):
        found = [proportion_confint(a, b, 1 - c, method) for a, b, c in zip(x, n, confidence, strict=True)]
        theirs |= ends(name, np.array(found, dtype=float).T)
    inputs = {"count": x, "n": n, "confidence": confidence}
    none, all_of_them = x == 0, x == n
    oracle.compare(
        "rate_ci",
        "statsmodels proportion_confint",
        ours,
        theirs,
        inputs,
        like=1e-8,
        scale={name: np.full(oracle.rows, 1e-3) * x.clip(1) / n for name in theirs},
        explained=[
            ("jeffreys.low", none, "Jeffreys' interval begins at 0 without conversions (Brown, Cai and DasGupta 2001)"),
            (
                "jeffreys.high",
                all_of_them,
                "Jeffreys' interval ends at 1 where all converted (Brown, Cai and DasGupta 2001)",
            ),
            ("agresti_coull.low", ours["agresti_coull.low"] == 0, "cut to 0 and 1"),
            ("agresti_coull.high", ours["agresti_coull.high"] == 1, "cut to 0 and 1"),
        ],
    )


# --- Two rates -------------------------------------------------------------------------------------------------------


def halved(low: Array, high: Array, above: Callable[[Array], Array], steps: int = 110) -> Array:
    """Where something that falls goes through zero, by halving: ``above`` says where it is not there yet."""
    low, high = low.copy(), high.copy()
    for _ in range(steps):
        middle = (low + high) / 2
        right = above(middle)
        low, high = np.where(right, middle, low), np.where(right, high, middle)
    return (low + high) / 2


def restricted_difference(n1: Array, x1: Array, n0: Array, x0: Array, d: Array) -> Array:
    """The likeliest rate of the holdout where the rates differ by ``d``; by the slope of the likelihood, which falls."""

    def rising(p: Array) -> Array:
        with np.errstate(all="ignore"):
            a = np.where(x1 > 0, x1 / (p + d), 0.0) - np.where(n1 > x1, (n1 - x1) / (1 - p - d), 0.0)
            b = np.where(x0 > 0, x0 / p, 0.0) - np.where(n0 > x0, (n0 - x0) / (1 - p), 0.0)
        return a + b > 0

    return halved(np.maximum(0.0, -d), np.minimum(1.0, 1.0 - d), rising, 60)


def restricted_ratio(n1: Array, x1: Array, n0: Array, x0: Array, ratio: Array) -> Array:
    """The likeliest rate of the holdout where the exposed rate is ``ratio`` times it."""

    def rising(p: Array) -> Array:
        with np.errstate(all="ignore"):
            slope = np.where(n1 > x1, (n1 - x1) * ratio / (1 - ratio * p), 0.0)
            return (x1 + x0) / p - slope - np.where(n0 > x0, (n0 - x0) / (1 - p), 0.0) > 0

    return halved(np.zeros_like(ratio), np.minimum(1.0, 1.0 / ratio), rising, 60)


def score_difference(n1: Array, x1: Array, n0: Array, x0: Array, z: Array) -> tuple[Array, Array]:
    """Miettinen and Nurminen's interval, by halving of a halving: slow, and nothing in it can go wrong."""
    n = n1 + n0
    seen = x1 / n1 - x0 / n0

    def statistic(d: Array) -> Array:
        p = restricted_difference(n1, x1, n0, x0, d)
        q = np.clip(p + d, 0, 1)
        with np.errstate(all="ignore"):
            return (seen - d) / np.sqrt((q * (1 - q) / n1 + p * (1 - p) / n0) * n / (n - 1))

    low = halved(np.full_like(seen, -1.0), seen, lambda d: statistic(d) > z, 60)
    high = halved(seen, np.ones_like(seen), lambda d: statistic(d) > -z, 60)
    return low, high


def score_ratio(n1: Array, x1: Array, n0: Array, x0: Array, z: Array) -> tuple[Array, Array]:
    """The same for the ratio, on the logarithm."""
    n = n1 + n0

    def statistic(log: Array) -> Array:
        ratio = np.exp(log)
        p = restricted_ratio(n1, x1, n0, x0, ratio)
        q = np.clip(ratio * p, 0, 1)
        with np.errstate(all="ignore"):
            return (x1 / n1 - ratio * x0 / n0) / np.sqrt((q * (1 - q) / n1 + ratio**2 * p * (1 - p) / n0) * n / (n - 1))

    with np.errstate(all="ignore"):
        seen = np.log(x1 / n1) - np.log(x0 / n0)
    far = np.full_like(z, 40.0)
    low = halved(-far, np.where(np.isfinite(seen), seen, far * np.sign(seen)), lambda log: statistic(log) > z, 70)
    high = halved(np.where(np.isfinite(seen), seen, far * np.sign(seen)), far, lambda log: statistic(log) > -z, 70)
    return np.exp(low), np.exp(high)


def difference(oracle: Oracle) -> None:
    """Closed forms against statsmodels; the score interval against halving."""
    r = oracle.random("lift_diff_ci")
    inputs = arms(r, oracle.rows)
    n1, x1, n0, x0 = inputs.values()
    confidence = mixed(r, oracle.rows, r.uniform(0.5, 0.999, oracle.rows), 0.95, 0.9)
    result = et.lift_diff_ci(**inputs, confidence=confidence)
    ours = fields(result)
    theirs: dict[str, Any] = {
        "diff": [
            float(Fraction(int(a), int(b)) - Fraction(int(c), int(d)))
            for b, a, d, c in zip(n1, x1, n0, x0, strict=True)
        ]
    }
    for name, method in (("diff_wald", "wald"), ("diff_newcombe", "newcomb"), ("diff_agresti_caffo", "agresti-caffo")):
        found = [
            confint_proportions_2indep(a, b, c, d, method=method, compare="diff", alpha=1 - e)
            for b, a, d, c, e in zip(n1, x1, n0, x0, confidence, strict=True)
        ]
        theirs |= ends(name, np.array(found, dtype=float).T)
    asked = {**inputs, "confidence": confidence}
    wide = {name: np.maximum(1e-3, 0.0) * np.ones(oracle.rows) for name in theirs}
    oracle.compare(
        "lift_diff_ci",
        "statsmodels confint_proportions_2indep",
        ours,
        theirs,
        asked,
        like=1e-9,
        scale=wide,
        explained=[
            (
                "*",
                np.abs(np.stack([ours["diff_agresti_caffo.low"], ours["diff_agresti_caffo.high"]])).max(0) == 1,
                "cut to -1 and 1",
            ),
        ],
    )
    low, high = score_difference(n1, x1, n0, x0, stats.norm.ppf(0.5 + confidence / 2))
    width = np.nan_to_num(ours["diff_score.high"] - ours["diff_score.low"])
    oracle.compare(
        "lift_diff_ci",
        "halving of the score statistic",
        ours,
        ends("diff_score", (low, high)),
        asked,
        like=1e-8,
        scale=ends("diff_score", (width, width)),
    )


def relative(oracle: Oracle) -> None:
    """Katz and the adjusted logarithm against statsmodels, the score interval against halving, MOVER by its equation."""
    r = oracle.random("lift_rel_ci")
    inputs = arms(r, oracle.rows)
    n1, x1, n0, x0 = inputs.values()
    confidence = mixed(r, oracle.rows, r.uniform(0.5, 0.999, oracle.rows), 0.95, 0.9)
    z = stats.norm.ppf(0.5 + confidence / 2)
    ours = fields(et.lift_rel_ci(**inputs, confidence=confidence))
    asked = {**inputs, "confidence": confidence}
    with np.errstate(all="ignore"):
        ratio = np.where(x0 == 0, np.where(x1 == 0, np.nan, np.inf), (x1 * n0) / (x0 * n1))
        spread_of = np.sqrt(1 / x1 - 1 / n1 + 1 / x0 - 1 / n0)
        katz = np.exp(np.log(ratio) - z * spread_of), np.exp(np.log(ratio) + z * spread_of)
    none = (x1 == 0) | (x0 == 0)
    katz = tuple(np.where(none, np.nan, end) for end in katz)
    found = [
        confint_proportions_2indep(a, b, c, d, method="log-adjusted", compare="ratio", alpha=1 - e)
        for b, a, d, c, e in zip(n1, x1, n0, x0, confidence, strict=True)
    ]
    theirs = {"ratio": ratio, "rel_lift": ratio - 1, **ends("ratio_katz", katz)}
    theirs |= ends("ratio_log_adjusted", np.array(found, dtype=float).T)
    oracle.compare(
        "lift_rel_ci",
        "statsmodels confint_proportions_2indep, ratio",
        ours,
        theirs,
        asked,
        scale={"rel_lift": np.where(np.isfinite(ratio), ratio, 1.0)},
        explained=[("ratio", x0 == 0, "no ratio to a rate of 0"), ("rel_lift", x0 == 0, "no ratio to a rate of 0")],
    )
    low, high = score_ratio(n1, x1, n0, x0, z)
    # No conversions at all, or none in one arm: one end or both are open.
    low, high = np.where(x1 == 0, 0.0, low), np.where(x0 == 0, np.inf, high)
    oracle.compare(
        "lift_rel_ci",
        "halving of the score statistic",
        ours,
        ends("ratio_score", (low, high)),
        asked,
        like=1e-8,
        explained=[("*", (x1 == 0) & (x0 == 0), "nothing is known of the ratio without any conversion")],
    )
    # MOVER-R by its quadratic, from Wilson's limits (Donner and Zou 2012).
    l1, u1 = np.array([proportion_confint(a, b, 1 - c, "wilson") for a, b, c in zip(x1, n1, confidence, strict=True)]).T
    l0, u0 = np.array([proportion_confint(a, b, 1 - c, "wilson") for a, b, c in zip(x0, n0, confidence, strict=True)]).T
    p1, p0 = x1 / n1, x0 / n0

    def solved(one: Array, other: Array, sign: float) -> Array:
        import mpmath

        ends_: list[float] = []
        with mpmath.workdps(40):
            for a, b, p, q in zip(one, other, p1, p0, strict=True):
                a, b, p, q = map(mpmath.mpf, (float(a), float(b), float(p), float(q)))
                under = (p * q) ** 2 - a * b * (2 * p - a) * (2 * q - b)
                below = b * (2 * q - b)
                # A holdout without conversions leaves the lower end known.
                ends_.append(float((p * q + sign * mpmath.sqrt(max(under, 0))) / below) if below else math.inf)
        return np.array(ends_)

    # Statsmodels' limits are 0 but for rounding where there are no conversions.
    l1, l0 = np.where(x1 == 0, 0.0, l1), np.where(x0 == 0, 0.0, l0)
    mover = ends("ratio_mover", (solved(l1, u0, -1), solved(u1, l0, +1)))
    oracle.compare(
        "lift_rel_ci",
        "MOVER-R's quadratic with statsmodels' Wilson limits",
        ours,
        mover,
        asked,
        like=1e-7,
        explained=[("*", (x1 == 0) & (x0 == 0), "nothing is known of the ratio without any conversion")],
    )


def one_sided(oracle: Oracle) -> None:
    """One-sided intervals are the two-sided ones of twice the error rate."""
    r = oracle.random("one_sided")
    inputs = arms(r, oracle.rows)
    for name in ("lift_diff_ci", "lift_rel_ci"):
        function = getattr(et, name)
        two = fields(function(**inputs, confidence=0.9))
        for side, end, open_ in (("greater", "low", "high"), ("less", "high", "low")):
            one = fields(function(**inputs, confidence=0.95, alternative=side))
            names = [key for key in one if key.endswith(f".{end}")]
            oracle.compare(name, "itself, one-sided and two-sided", one, {key: two[key] for key in names}, inputs)


def lift(oracle: Oracle) -> None:
    """Money from the ends of the score interval, in fractions."""
    r = oracle.random("lift")
    inputs = arms(r, oracle.rows)
    inputs |= {
        "spend": mixed(r, oracle.rows, spread(r, oracle.rows, 1, 1e6), 0.0),
        "aov": mixed(r, oracle.rows, spread(r, oracle.rows, 1, 1e4), 0.0),
        "margin": mixed(r, oracle.rows, r.random(oracle.rows), 0.0, 1.0),
    }

    def point(
        exposed_users: Q, exposed_conversions: Q, holdout_users: Q, holdout_conversions: Q, spend: Q, aov: Q, margin: Q
    ) -> Any:
        p1, p0 = exposed_conversions / exposed_users, holdout_conversions / holdout_users
        diff = p1 - p0
        more = exposed_users * diff
        revenue = more * aov
        return {
            "exposed_rate": p1,
            "holdout_rate": p0,
            "abs_lift": diff,
            "rel_lift": diff / p0,
            "expected_conversions": exposed_users * p0,
            "incremental_conversions": more,
            "incremental_revenue": revenue,
            "incremental_gross_profit": revenue * margin,
            "incremental_profit": revenue * margin - spend,
            "incremental_roas": revenue / spend,
            "incremental_cpa": spend / more,
        }

    n1, x1, n0, x0 = list(inputs.values())[:4]
    none = x1 * n0 == x0 * n1
    below = x1 * n0 < x0 * n1
    formulas(
        oracle,
        "lift",
        inputs,
        point,
        explained=[
            ("incremental_cpa", below, "no cost per conversion that was not added"),
            ("rel_lift", (x0 == 0) & ~none, "no ratio to a rate of 0"),
        ],
    )
    result = et.lift(**inputs)
    low, high = score_difference(n1, x1, n0, x0, np.full(oracle.rows, stats.norm.ppf(0.975)))
    scale = n1 * np.maximum(1e-12, high - low)
    worth = scale * inputs["aov"] * inputs["margin"] + inputs["spend"]
    oracle.compare(
        "lift",
        "halving of the score statistic, times the formulas",
        fields(result),
        {
            **ends("abs_lift", (low, high)),
            **ends("incremental_conversions", (n1 * low, n1 * high)),
            **ends(
                "incremental_profit",
                [n1 * end * inputs["aov"] * inputs["margin"] - inputs["spend"] for end in (low, high)],
            ),
        },
        inputs,
        like=1e-8,
        scale={
            **ends("abs_lift", (high - low, high - low)),
            **ends("incremental_conversions", (scale, scale)),
            **ends("incremental_profit", (worth, worth)),
        },
    )
    economics = et.lift_economics(**inputs)
    same = {key: value for key, value in fields(result).items()}
    oracle.compare(
        "lift_economics", "lift", fields(economics), {k: v for k, v in same.items() if k != "quality"}, inputs
    )


# --- p-values --------------------------------------------------------------------------------------------------------


def z_tests(oracle: Oracle) -> None:
    """The three statistics in many digits."""
    r = oracle.random("z_tests")
    inputs = arms(r, oracle.rows)

    def tests(exposed_users: Any, exposed_conversions: Any, holdout_users: Any, holdout_conversions: Any) -> Any:
        import mpmath

        n1, x1, n0, x0 = exposed_users, exposed_conversions, holdout_users, holdout_conversions
        n, x = n1 + n0, x1 + x0
        diff = x1 / n1 - x0 / n0
        pooled = x / n * (1 - x / n) * (1 / n1 + 1 / n0)
        own = x1 / n1 * (1 - x1 / n1) / n1 + x0 / n0 * (1 - x0 / n0) / n0

        def p(z: Any) -> Any:
            return None if z is None else mpmath.erfc(abs(z) / mpmath.sqrt(2))

        z = diff / mpmath.sqrt(pooled) if pooled > 0 else None
        u = diff / mpmath.sqrt(own) if own > 0 else None
        s = z * mpmath.sqrt((n - 1) / n) if z is not None else None
        return {"z_pooled": z, "p_pooled": p(z), "p_score": p(s), "z_unpooled": u, "p_unpooled": p(u)}

    n1, x1, n0, x0 = inputs.values()
    flat = (x1 + x0 == 0) | (x1 + x0 == n1 + n0)
    certain = ((x1 == 0) | (x1 == n1)) & ((x0 == 0) | (x0 == n0)) & ~flat
    precise(
        oracle,
        "lift_p_value",
        inputs,
        tests,
        like=1e-11,
        unconditional=False,
        explained=[
            ("*", flat, "two arms alike in which nothing varies: see p_value"),
            ("z_unpooled", certain, "rates of 0 and 1 vary by nothing: infinite"),
            ("p_unpooled", certain, "rates of 0 and 1 vary by nothing: 0"),
        ],
    )


def exact(oracle: Oracle) -> None:
    """Fisher's, its mid-p, Boschloo's and Barnard's by counting every table; small arms."""
    r = oracle.random("exact")
    inputs = arms(r, oracle.rows, 300.0)
    rows = []
    for n1, x1, n0, x0 in zip(*(value.astype(int).tolist() for value in inputs.values()), strict=True):
        m = x1 + x0
        ways = {k: math.comb(n1, k) * math.comb(n0, m - k) for k in range(max(0, m - n0), min(n1, m) + 1)}
        total = sum(ways.values())
        here = ways[x1]
        two = sum(w for w in ways.values() if w <= here)
        equal = sum(w for w in ways.values() if w == here)
        rows.append(
            {"p_fisher": float(Fraction(two, total)), "p_fisher_mid": float(Fraction(2 * two - equal, 2 * total))}
        )
    ours = fields(et.lift_p_value(**inputs, unconditional=False), "p_fisher", "p_fisher_mid")
    sums = inputs["exposed_conversions"] + inputs["holdout_conversions"]
    flat = (sums == 0) | (sums == inputs["exposed_users"] + inputs["holdout_users"])
    oracle.compare(
        "lift_p_value",
        "counting, given the total (whole numbers)",
        ours,
        stacked(rows),
        inputs,
        like=1e-9,
        explained=[("p_fisher_mid", flat, "where no or all users converted there is one table alone: 1, not its half")],
    )

    few = min(oracle.rows, 10_000)
    r = oracle.random("unconditional")
    small = {
        "exposed_users": r.integers(1, 13, few).astype(float),
        "holdout_users": r.integers(1, 13, few).astype(float),
    }
    small["exposed_conversions"] = np.floor(r.random(few) * (small["exposed_users"] + 1))
    small["holdout_conversions"] = np.floor(r.random(few) * (small["holdout_users"] + 1))
    rows = [
        unconditional(
            *(
                int(small[k][at])
                for k in ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
            )
        )
        for at in range(few)
    ]
    ours = fields(et.lift_p_value(**small), "p_boschloo", "p_barnard")
    oracle.compare(
        "lift_p_value", "counting, the greatest over all common rates", ours, stacked(rows), small, like=1e-7
    )


_TABLES: dict[tuple[int, int], Any] = {}


def unconditional(n1: int, x1: int, n0: int, x0: int) -> dict[str, float]:
    """Every table that is as extreme, at the common rate where they are the likeliest together."""
    key = (n1, n0)
    if key not in _TABLES:
        cells = [(a, b) for a in range(n1 + 1) for b in range(n0 + 1)]
        fisher = {}
        for a, b in cells:
            m = a + b
            ways = {k: math.comb(n1, k) * math.comb(n0, m - k) for k in range(max(0, m - n0), min(n1, m) + 1)}
            total = sum(ways.values())
            up = Fraction(sum(w for k, w in ways.items() if k >= a), total)
            down = Fraction(sum(w for k, w in ways.items() if k <= a), total)
            fisher[a, b] = (up, down)
        squared = {}
        for a, b in cells:
            m = a + b
            top = (a * n0 - b * n1) ** 2
            squared[a, b] = Fraction(top * (n1 + n0), m * (n1 + n0 - m)) if 0 < m < n1 + n0 else Fraction(0)
        weights = np.array([float(math.comb(n1, a) * math.comb(n0, b)) for a, b in cells])
        _TABLES[key] = cells, fisher, squared, weights, np.array([a + b for a, b in cells], dtype=float)
    cells, fisher, squared, weights, sums = _TABLES[key]

    def greatest(inside: Any) -> float:
        w, s = weights[inside], sums[inside]

        def at(p: Any) -> Any:
            p = np.asarray(p)[:, None]
            with np.errstate(all="ignore"):
                return (w * p**s * (1 - p) ** (n1 + n0 - s)).sum(1)

        grid = np.linspace(0, 1, 513)
        for _ in range(5):
            values = at(grid)
            best = int(values.argmax())
            low, high = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
            grid = np.linspace(low, high, 65)
        return float(min(1.0, at(grid).max()))

    up, down = fisher[x1, x0]
    boschloo = 2 * min(
        greatest(np.array([fisher[cell][0] <= up for cell in cells])),
        greatest(np.array([fisher[cell][1] <= down for cell in cells])),
    )
    barnard = greatest(np.array([squared[cell] >= squared[x1, x0] for cell in cells]))
    return {"p_boschloo": min(1.0, boschloo), "p_barnard": barnard}


# --- Posteriors ------------------------------------------------------------------------------------------------------


def bayes(oracle: Oracle) -> None:
    """Two Beta posteriors by Gauss and Legendre, with SciPy's distribution functions."""
    r = oracle.random("bayes")
    count = oracle.rows
    inputs = arms(r, count, 1e5)
    prior = {
        "prior_alpha": mixed(r, count, r.uniform(1, 5, count), 1.0),
        "prior_beta": mixed(r, count, r.uniform(1, 50, count), 1.0),
    }
    n1, x1, n0, x0 = inputs.values()
    a1, b1 = prior["prior_alpha"] + x1, prior["prior_beta"] + n1 - x1
    a0, b0 = prior["prior_alpha"] + x0, prior["prior_beta"] + n0 - x0
    ours = fields(et.lift_bayes(**inputs, **prior))
    nodes, weights = np.polynomial.legendre.leggauss(48)

    def integral(what: Callable[[Array], Array], pieces: Array) -> Array:
        """Piece by piece between quantiles of both posteriors, so that no peak is between nodes."""
        total = np.zeros(count)
        for low, high in zip(pieces[:-1], pieces[1:], strict=True):
            half = (high - low)[:, None] / 2
            x = low[:, None] + half * (nodes + 1)
            with np.errstate(all="ignore"):
                total += np.where(half > 0, what(x) * weights * half, 0.0).sum(1)
        return total

    def column(values: Array) -> Array:
        return values[:, None]

    levels = [1e-300, 1e-12, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-3, 1 - 1e-6]
    cuts = [special.betaincinv(a, b, level) for a, b in ((a1, b1), (a0, b0)) for level in levels]
    cuts += [special.betainccinv(a, b, level) for a, b in ((a1, b1), (a0, b0)) for level in (1e-12, 1e-300)]

    def pieces_of(cuts: list[Array]) -> Array:
        """Where SciPy does not find a quantile there is no cut."""
        return np.sort(np.clip(np.nan_to_num(np.vstack([np.zeros(count), *cuts, np.ones(count)])), 0, 1), axis=0)

    pieces = pieces_of(cuts)
    half_way = len(levels)
    holdout_cuts = [*cuts[half_way : 2 * half_way], *cuts[2 * half_way + 2 :]]
    f1 = lambda x: special.betainc(column(a1), column(b1), x)  # noqa: E731
    f0 = lambda x: special.betainc(column(a0), column(b0), x)  # noqa: E731
    g1 = lambda x: special.betaincc(column(a1), column(b1), x)  # noqa: E731
    g0 = lambda x: special.betaincc(column(a0), column(b0), x)  # noqa: E731

    def density(a: Array, b: Array) -> Callable[[Array], Array]:
        log = -special.betaln(a, b)

        def at(x: Array) -> Array:
            with np.errstate(all="ignore"):
                return np.exp(special.xlogy(column(a - 1), x) + special.xlog1py(column(b - 1), -x) + column(log))

        return at

    d1 = density(a1, b1)
    ship = integral(lambda x: f1(x) * g0(x), pieces)
    keep = integral(lambda x: g1(x) * f0(x), pieces)
    theirs = {
        "prob_lift_positive": integral(lambda x: d1(x) * f0(x), pieces),
        "prob_lift_not_positive": integral(lambda x: d1(x) * g0(x), pieces),
        "posterior_mean_diff": a1 / (a1 + b1) - a0 / (a0 + b0),
        "expected_loss_ship": ship,
        "expected_loss_keep": keep,
    }
    oracle.compare(
        "lift_bayes",
        "Gauss-Legendre over SciPy's Beta",
        ours,
        theirs,
        {**inputs, **prior},
        like=1e-7,
        scale={
            "prob_lift_positive": 1e-3,
            "prob_lift_not_positive": 1e-3,
            "posterior_mean_diff": a1 / (a1 + b1) + a0 / (a0 + b0),
            "expected_loss_ship": 1e-3 * keep,
            "expected_loss_keep": 1e-3 * ship,
        },
    )
    tail: dict[str, Any] = {}
    # The ends of the credible interval have 2.5 % beyond them.
    for name, moved, back in (
        ("diff_credible", lambda cut, end: cut + end, lambda x, end: x - column(end)),
        ("ratio_credible", lambda cut, end: cut * end, lambda x, end: x / column(end)),
    ):

        def beyond(end: Array, moved: Any = moved, back: Any = back) -> Array:
            there = pieces_of([*cuts, *(moved(cut, end) for cut in [*holdout_cuts, np.zeros(count), np.ones(count)])])
            return integral(lambda x: d1(x) * g0(np.clip(back(x, end), 0, 1)), there)

        tail[name] = beyond

        with np.errstate(all="ignore"):
            tails = {f"{name}.low": beyond(ours[f"{name}.low"]), f"{name}.high": 1 - beyond(ours[f"{name}.high"])}
        oracle.compare(
            "lift_bayes",
            "the probability beyond each end is 2.5 %",
            tails,
            dict.fromkeys(tails, 0.025),
            {**inputs, **prior},
            like=2e-5,
        )

    below = tail["diff_credible"]
    # A difference that would not matter, one from which on it pays, and the money that makes it.
    spread_of = np.sqrt(a1 * b1 / (a1 + b1) ** 2 / (a1 + b1 + 1) + a0 * b0 / (a0 + b0) ** 2 / (a0 + b0 + 1))
    rope, threshold = (
        np.minimum(spread_of * r.uniform(0.1, 2, count), 0.9),
        np.clip(r.normal(0, 1, count) * spread_of, -0.9, 0.9),
    )
    wider = fields(et.lift_bayes(**inputs, **prior, rope=rope, threshold=threshold))
    oracle.compare(
        "lift_bayes",
        "Gauss-Legendre over SciPy's Beta",
        wider,
        {"prob_in_rope": below(rope) - below(-rope), "prob_above_threshold": 1 - below(threshold)},
        {**inputs, **prior, "rope": rope, "threshold": threshold},
        like=1e-7,
        scale={"prob_in_rope": 1e-2, "prob_above_threshold": 1e-2},
    )
    money = {"spend": n1 * np.maximum(threshold, 0) * 32, "aov": np.full(count, 80.0), "margin": np.full(count, 0.4)}
    economics = et.lift_economics(**inputs, **money, bayes=(prior["prior_alpha"], prior["prior_beta"]))
    oracle.compare(
        "lift_economics",
        "Gauss-Legendre over SciPy's Beta",
        fields(economics, "prob_lift_positive", "prob_profit_positive"),
        {
            "prob_lift_positive": theirs["prob_lift_positive"],
            "prob_profit_positive": 1 - below(np.maximum(threshold, 0)),
        },
        {**inputs, **prior, **money},
        like=1e-7,
        scale={"prob_lift_positive": 1e-2, "prob_profit_positive": 1e-2},
    )


# --- Sizes -----------------------------------------------------------------------------------------------------------


def sizes(oracle: Oracle) -> None:
    """Fleiss's formula and its inversion, with SciPy's normal distribution."""
    r = oracle.random("sizes")
    count = oracle.rows
    p0 = mixed(r, count, spread(r, count, 1e-4, 0.9), 0.5)
    p1 = np.clip(p0 * r.uniform(0.3, 1.9, count), 1e-6, 0.999)
    ratio = mixed(r, count, spread(r, count, 0.05, 20), 1.0)
    alpha = mixed(r, count, r.uniform(0.001, 0.4, count), 0.05)
    power = mixed(r, count, r.uniform(0.45, 0.99, count), 0.8)
    za, zb = stats.norm.isf(alpha / 2), stats.norm.ppf(power)
    pooled = (p0 + ratio * p1) / (1 + ratio)
    null = np.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    true = np.sqrt(p0 * (1 - p0) + p1 * (1 - p1) / ratio)
    h = 2 * np.arcsin(np.sqrt(p1)) - 2 * np.arcsin(np.sqrt(p0))
    exact_ = ((za * null + zb * true) / (p1 - p0)) ** 2
    asked = {"baseline": p0, "target": p1, "ratio": ratio, "alpha": alpha, "power": power}
    result = et.sample_size(p0, p1, ratio=ratio, alpha=alpha, power=power, errors="coerce")
    oracle.compare(
        "sample_size",
        "Fleiss's formula with SciPy",
        fields(result),
        {
            "n_control_exact": exact_,
            "n_control_unpooled": ((za + zb) * true / (p1 - p0)) ** 2,
            "n_control_arcsine": ((za + zb) / h) ** 2 * (1 + 1 / ratio),
            "n_control": np.ceil(exact_),
            "n_treatment": np.ceil(exact_ * ratio),
            "n_total": np.ceil(exact_) + np.ceil(exact_ * ratio),
        },
        asked,
        like=1e-8,
        refused=(np.asarray(result.status) & 1) != 0,
    )

    n0 = np.floor(spread(r, count, 10, 1e7))
    n1 = np.floor(spread(r, count, 10, 1e7))

    def chance(base: Array, other: Array) -> Array:
        q = (n0 * base + n1 * other) / (n0 + n1)
        at_null = np.sqrt(q * (1 - q) * (1 / n0 + 1 / n1))
        at_true = np.sqrt(base * (1 - base) / n0 + other * (1 - other) / n1)
        d, z = other - base, stats.norm.isf(alpha / 2)
        return stats.norm.sf((z * at_null - d) / at_true) + stats.norm.cdf((-z * at_null - d) / at_true)

    found = et.lift_power(holdout_rate=p0, exposed_rate=p1, holdout_users=n0, exposed_users=n1, alpha=alpha)
    oracle.compare(
        "lift_power",
        "its definition with SciPy",
        fields(found),
        {"power": chance(p0, p1)},
        {"holdout_rate": p0, "exposed_rate": p1, "holdout_users": n0, "exposed_users": n1, "alpha": alpha},
        like=1e-9,
    )
    aim = r.uniform(0.5, 0.95, count)
    for direction in ("up", "down"):
        mde = et.lift_mde(
            holdout_rate=p0, holdout_users=n0, exposed_users=n1, alpha=alpha, power=aim, direction=direction, errors="coerce"
        )
        gap = np.asarray(mde.mde_abs)
        known = np.isfinite(gap)
        far = chance(p0, np.full(count, 1 - 1e-12) if direction == "up" else np.full(count, 1e-12))
        oracle.compare(
            "lift_mde",
            "the power at the answer, with SciPy",
            {"power": np.where(known, chance(p0, np.clip(p0 + np.where(known, gap, 0), 0, 1)), np.nan)},
            {"power": aim},
            {"holdout_rate": p0, "holdout_users": n0, "exposed_users": n1, "alpha": alpha, "power": aim},
            like=1e-8,
            refused=(np.asarray(mde.status) & 1) != 0,
            explained=[
                ("power", ~known & (far < aim + 1e-9), "no effect in this direction is found with that power"),
                ("power", aim <= alpha, "the error rate alone is that much"),
            ],
        )
    share = mixed(r, count, r.uniform(0.001, 0.999, count), 0.5)
    formulas(
        oracle,
        "holdout_cost",
        {"holdout_share": share},
        lambda holdout_share: {
            "variance_inflation": 1 / (4 * holdout_share * (1 - holdout_share)),
            "effective_share": 4 * holdout_share * (1 - holdout_share),
        },
    )


# --- Many ------------------------------------------------------------------------------------------------------------


def many(oracle: Oracle) -> None:
    """Adjusted p-values against statsmodels, a list each."""
    r = oracle.random("adjust_pvalues")
    names = {
        "holm": "holm",
        "fdr_bh": "fdr_bh",
        "bonferroni": "bonferroni",
        "hommel": "hommel",
        "fdr_by": "fdr_by",
        "simes_hochberg": "simes-hochberg",
    }
    theirs: dict[str, list[float]] = {name: [] for name in names}
    ours: dict[str, list[float]] = {name: [] for name in names}
    asked: list[str] = []
    while len(asked) < oracle.rows:
        length = int(r.integers(1, 15))
        p = mixed(r, length, r.random(length) ** r.integers(1, 6), 0.0, 1.0, 0.05)
        if r.random() < 0.3:
            p = np.round(p, 1)
        result = et.adjust_pvalues(p)
        for name, method in names.items():
            theirs[name] += multipletests(p, method=method)[1].tolist()
            ours[name] += np.asarray(result[name]).tolist()
        asked += [str(p.tolist())] * length
    oracle.compare(
        "adjust_pvalues",
        "statsmodels multipletests",
        {name: np.array(values) for name, values in ours.items()},
        {name: np.array(values) for name, values in theirs.items()},
        {"p_values": asked},
        like=1e-12,
    )


def splits(oracle: Oracle) -> None:
    """SciPy's chi-square and binomial tests, and the Dirichlet-multinomial evidence."""
    r = oracle.random("srm")
    rows, found, asked = [], [], []
    for _ in range(oracle.rows):
        arms_ = int(r.choice([2, 2, 2, 3, 5]))
        weights = mixed(r, arms_, r.uniform(0.05, 1, arms_), 1.0)
        share = weights / weights.sum()
        total = int(spread(r, 1, 1, 1e6)[0])
        true = share if r.random() < 0.5 else r.dirichlet(20 * share + 0.01)
        seen = r.multinomial(total, true)
        result = et.srm(seen.astype(float), weights)
        chi = stats.chisquare(seen, total * share)

        def evidence(k: float, seen: Any = seen, share: Any = share, total: int = total) -> float:
            a = k * share
            with_prior = special.gammaln(k) - special.gammaln(k + total)
            with_prior += (special.gammaln(a + seen) - special.gammaln(a)).sum()
            return float(with_prior - special.xlogy(seen, share).sum())

        rows.append(
            {
                "chi2": chi.statistic,
                "p_value": chi.pvalue,
                # Of nobody there is no p-value.
                "p_exact_binomial": stats.binomtest(int(seen[0]), total, share[0]).pvalue
                if arms_ == 2 and total > 0
                else math.nan,
                "log_bayes_factor_k100": evidence(100.0),
                "log_bayes_factor_k10000": evidence(10_000.0),
            }
        )
        found.append({name: float(result[name]) for name in rows[-1]})
        asked.append(f"{seen.tolist()}, {weights.tolist()}")
    size = np.array([abs(row["log_bayes_factor_k100"]) for row in rows]) + 1
    total_size = np.array([sum(map(float, text.split("]")[0][1:].split(","))) for text in asked])
    oracle.compare(
        "srm",
        "SciPy chisquare, binomtest, gammaln",
        stacked(found),
        stacked(rows),
        {"observed, weights": asked},
        like=1e-7,
        # gammaln of a million, less another: seven digits are left of a small difference.
        scale={
            "chi2": 1e-6,
            "log_bayes_factor_k100": size + 1e-6 * total_size,
            "log_bayes_factor_k10000": size + 1e-6 * total_size,
        },
    )


def segments(oracle: Oracle) -> None:
    """Mantel and Haenszel with Sato's variance, weights, and Cochran's Q, written out."""
    r = oracle.random("segment_lift")
    rows, found, asked = [], [], []
    z = stats.norm.ppf(0.975)
    for _ in range(oracle.rows):
        parts = int(r.integers(1, 7))
        table = arms(r, parts, 1e5)
        n1, x1, n0, x0 = table.values()
        result = et.segment_lift(list(range(parts)), n1, x1, n0, x0)
        p1, p0 = x1 / n1, x0 / n0
        d = p1 - p0
        weight = n1 * n0 / (n1 + n0)
        mh = (weight * d).sum() / weight.sum()
        n = n1 + n0
        p_ = (n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) / n**2
        q_ = (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n)
        sato = (mh * p_.sum() + q_.sum()) / weight.sum() ** 2
        v = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
        w = n1 / n1.sum()
        mean, se = (w * d).sum(), math.sqrt((w**2 * v).sum())
        rows.append(
            {
                "pooled_abs_lift": x1.sum() / n1.sum() - x0.sum() / n0.sum(),
                "stratified_abs_lift_exposed_weights": mean,
                "stratified_abs_lift_exposed_weights.low": mean - z * se,
                "stratified_abs_lift_exposed_weights.high": mean + z * se,
                "mantel_haenszel_diff": mh,
                "mantel_haenszel_diff.low": mh - z * math.sqrt(max(sato, 0)),
                "mantel_haenszel_diff.high": mh + z * math.sqrt(max(sato, 0)),
            }
        )
        ours = fields(result, *dict.fromkeys(key.partition(".")[0] for key in rows[-1]))
        found.append({name: float(ours[name]) for name in rows[-1]})
        asked.append(str([value.astype(int).tolist() for value in table.values()]))
    ours, theirs = stacked(found), stacked(rows)
    constant = np.array([v["mantel_haenszel_diff.low"] == v["mantel_haenszel_diff.high"] for v in rows])
    oracle.compare(
        "segment_lift",
        "Mantel-Haenszel and Sato written out",
        ours,
        theirs,
        {"exposed, conversions, holdout, conversions": asked},
        like=1e-9,
        scale=dict.fromkeys(theirs, 1e-3),
        explained=[
            ("*", constant, "an interval without width is given as undefined"),
            *(
                (f"{weighted}.{end}", theirs[f"{weighted}.low"] == theirs[f"{weighted}.high"], "an interval without width is given as undefined")
                for weighted in ("stratified_abs_lift_exposed_weights",)
                for end in ("low", "high")
            ),
        ],
    )

    r = oracle.random("segment_roas")
    ours_, theirs_, asked = [], [], []
    while len(asked) < oracle.rows:
        n = int(r.integers(1, 12))
        spend = mixed(r, n, np.round(spread(r, n, 0.01, 1e6), 2), 0.0)
        revenue = mixed(r, n, np.round(spread(r, n, 0.01, 1e6), 2), 0.0)
        by = r.integers(0, 3, n).tolist()
        result = et.segment_roas(spend, revenue, by=by)
        for which in dict.fromkeys(by):
            money = [
                sum(Fraction(float(v)) for v, b in zip(values, by, strict=True) if b == which)
                for values in (revenue, spend)
            ]
            theirs_.append(float(money[0] / money[1]) if money[1] else math.nan)
            ours_.append(float(np.asarray(result.roas)[list(result.segment).index(which)]))
            asked.append(f"{spend.tolist()}, {revenue.tolist()}, {by}")
    oracle.compare(
        "segment_roas",
        "sums of fractions",
        {"roas": np.array(ours_)},
        {"roas": np.array(theirs_)},
        {"spend, revenue, by": asked},
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    for part in (rate_ci, difference, relative, one_sided, lift, z_tests, exact, bayes, sizes, many, splits, segments):
        part(oracle)

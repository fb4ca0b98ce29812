"""Response curves, adstock and budgets: formulas in many digits, searches by brute force, and the test of a curve written anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import edgetally as et
import mpmath
import numpy as np
from scipy import optimize, stats

from .harness import mixed, precise, spread, stacked

if TYPE_CHECKING:
    from .harness import Oracle

NAN = math.nan
MODELS = {
    "power": ("k", "b"),
    "log": ("a", "c"),
    "michaelis_menten": ("vmax", "k"),
    "negexp": ("vmax", "c"),
    "hill": ("vmax", "k", "n"),
}


def parameters(r: np.random.Generator, model: str, count: int) -> dict[str, np.ndarray]:
    """Amplitudes, scales and shapes over orders of magnitude."""
    if model == "power":
        return {"k": spread(r, count, 1e-3, 1e6), "b": mixed(r, count, r.uniform(0.02, 0.98, count), 0.5, 0.999)}
    first = spread(r, count, 1e-3, 1e9)
    second = first * spread(r, count, 1e-4, 1e4)
    if model != "hill":
        return dict(zip(MODELS[model], (first, second), strict=True))
    return {"vmax": first, "k": second, "n": mixed(r, count, spread(r, count, 0.1, 12.0), 1.0, 1.0 + 1e-12, 2.0)}


def exact(model: str, s: Any, p: Any, q: Any, n: Any = None) -> tuple[Any, Any]:
    """Revenue and slope, as the page has them, in as many digits as mpmath is set to."""
    if model == "power":
        return p * s**q, p * q * s ** (q - 1)
    if model == "log":
        return p * mpmath.log1p(s / q), p / (q + s)
    if model == "michaelis_menten":
        return p * s / (q + s), p * q / (q + s) ** 2
    if model == "negexp":
        return -p * mpmath.expm1(-s / q), p / q * mpmath.exp(-s / q)
    power = (s / q) ** n
    return p * power / (1 + power), p * n * power / s / (1 + power) ** 2


def evaluations(oracle: Oracle) -> None:
    """A curve at a spend."""
    for model, names in MODELS.items():
        r = oracle.random(f"response_eval {model}")
        rows = oracle.rows
        params = parameters(r, model, rows)
        scale = params[names[1]] if model != "power" else np.ones(rows)
        spend = mixed(r, rows, scale * spread(r, rows, 1e-9, 1e5), 1.0, 1e-300, 1e12)
        got = et.response_eval(model, params, spend)
        theirs = []
        with mpmath.workdps(60):
            for row in zip(spend, *(params[name] for name in names), strict=True):
                s, *values = map(mpmath.mpf, map(float, row))
                revenue, slope = exact(model, s, *values)
                theirs.append(
                    {
                        "revenue": float(revenue),
                        "marginal_roas": float(slope),
                        "average_roas": float(revenue / s),
                        "elasticity": float(slope * s / revenue),
                    }
                )
        ours = {name: getattr(got, name) for name in theirs[0]}
        small = np.abs(stacked(theirs)["revenue"]) < 1e-290
        oracle.compare(
            "response_eval",
            f"mpmath, 60 digits: {model}",
            ours,
            stacked(theirs),
            {"spend": spend, **params},
            like=1e-11,
            explained=[("*", small, "a revenue near or below the smallest float")],
        )
        none = et.response_eval(model, params, 0.0)
        with np.errstate(all="ignore"):
            first, second = params[names[0]], params[names[1]]
            start = first / second if model != "power" else np.full(rows, np.inf)
            if model == "hill":
                n = params["n"]
                start = np.where(n > 1, 0.0, np.where(n == 1, first / second, np.inf))
        nothing = {"revenue": np.zeros(rows), "marginal_roas": start, "average_roas": np.full(rows, NAN)}
        oracle.compare(
            "response_eval",
            f"limits at no spend: {model}",
            {name: getattr(none, name) for name in nothing},
            nothing,
            params,
            like=1e-12,
        )


def log_slope(model: str, t: np.ndarray, params: dict[str, np.ndarray]) -> np.ndarray:
    """The logarithm of the slope at the spend ``e**t``."""
    p, q, *rest = params.values()
    if model == "power":
        return np.log(p) + np.log(q) + (q - 1) * t
    if model == "log":
        return np.log(p) - np.logaddexp(np.log(q), t)
    if model == "michaelis_menten":
        return np.log(p) + np.log(q) - 2 * np.logaddexp(np.log(q), t)
    if model == "negexp":
        return np.log(p) - np.log(q) - np.exp(np.minimum(t - np.log(q), 700))
    n = rest[0]
    u = t - np.log(q)
    return np.log(p) + np.log(n) - np.log(q) + (n - 1) * u - 2 * np.logaddexp(0, n * u)


def revenue_of(model: str, s: np.ndarray, params: dict[str, np.ndarray]) -> np.ndarray:
    """Revenue, by NumPy."""
    p, q, *rest = params.values()
    with np.errstate(all="ignore"):
        if model == "power":
            return p * s**q
        if model == "log":
            return p * np.log1p(s / q)
        if model == "michaelis_menten":
            return p * (s / (q + s))
        if model == "negexp":
            return -p * np.expm1(-s / q)
        u = rest[0] * (np.log(s) - np.log(q))
        return np.where(s > 0, p / (1 + np.exp(-u)), 0.0)


def turn(model: str, params: dict[str, np.ndarray]) -> np.ndarray:
    """The logarithm of the spend from which on the slope falls."""
    if model != "hill":
        return np.full(len(params[MODELS[model][0]]), -1_400.0)
    n = params["n"]
    with np.errstate(all="ignore"):
        return np.where(n > 1, np.log(params["k"]) + np.log((n - 1) / (n + 1)) / n, -1_400.0)


def falls_to(model: str, price: np.ndarray, params: dict[str, np.ndarray]) -> np.ndarray:
    """The logarithm of the largest spend at which the slope is the price: halving, 200 times."""
    low, high = turn(model, params), np.full(len(price), 1_400.0)
    for _ in range(200):
        middle = 0.5 * (low + high)
        above = log_slope(model, middle, params) > price
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return 0.5 * (low + high)


def optima(oracle: Oracle) -> None:
    """The most profitable spend: halving for the slope, and no point of a grid that earns more."""
    for model in MODELS:
        r = oracle.random(f"response_optimum {model}")
        rows = oracle.rows
        params = parameters(r, model, rows)
        margin = mixed(r, rows, r.uniform(0.01, 1.0, rows), 1.0, 1e-6)
        t = falls_to(model, -np.log(margin), params)
        with np.errstate(all="ignore"):
            spend = np.exp(t)
            start = log_slope(model, turn(model, params), params) if model == "hill" else None
            profit = margin * revenue_of(model, spend, params) - spend
        pays = profit > 0
        if start is not None:
            pays &= start > -np.log(margin)
        theirs = {"optimal_spend": np.where(pays, spend, 0.0), "profit": np.where(pays, profit, 0.0)}
        got = et.response_optimum(model, params, margin)
        scale = {"profit": np.where(pays, margin * revenue_of(model, spend, params), 0.0)}
        # Where nothing is left but rounding, or no float holds the spend.
        with np.errstate(all="ignore"):
            edge = (np.abs(profit) < 1e-9 * spend) | ~np.isfinite(spend) | (spend < 1e-290)
            # Where the slope hardly changes, its spend is known to fewer digits.
            flat = (np.abs(log_slope(model, t + 1e-4, params) - log_slope(model, t - 1e-4, params)) < 2e-7) | (
                np.abs(t - turn(model, params)) < 1e-3
            )
        oracle.compare(
            "response_optimum",
            f"halving of the slope: {model}",
            {name: getattr(got, name) for name in theirs},
            theirs,
            {**params, "margin": margin},
            like=1e-8,
            scale=scale,
            explained=[
                ("*", edge, "a profit of nothing but rounding, or beyond what floats hold"),
                ("optimal_spend", flat, "a slope that hardly falls"),
            ],
        )
        better = np.zeros(rows)
        usable = np.isfinite(got.optimal_spend)
        best = np.where(usable, got.profit, np.inf)
        for step in np.linspace(-12, 12, 241):
            s = np.exp(np.log(params[list(params)[1]] if model != "power" else np.maximum(spend, 1e-300)) + step)
            with np.errstate(all="ignore"):
                gain = margin * revenue_of(model, s, params) - s
                better = np.maximum(better, (gain - best) / np.maximum(np.abs(gain), s))
        oracle.compare(
            "response_optimum",
            f"no spend of 241 earns more: {model}",
            {"more": np.maximum(better, 0.0) > 1e-9},
            {"more": np.zeros(rows)},
            {**params, "margin": margin},
        )


def increments(oracle: Oracle) -> None:
    """Extra over extra."""
    r = oracle.random("response_incremental")
    inputs = {
        "extra_spend": mixed(r, oracle.rows, r.normal(0, 1e4, oracle.rows), 0.0, 1e-300, -1e15),
        "extra_revenue": mixed(r, oracle.rows, r.normal(0, 1e5, oracle.rows), 0.0, 1e300),
    }
    precise(
        oracle,
        "response_incremental",
        inputs,
        lambda extra_spend, extra_revenue: {"marginal_roas": extra_revenue / extra_spend if extra_spend else None},
        like=1e-15,
    )


def points(oracle: Oracle) -> None:
    """The curve through two points goes through them; which exist is known."""
    for model in ("power", "log", "michaelis_menten", "negexp"):
        r = oracle.random(f"response_two_point {model}")
        rows = oracle.rows
        s1 = spread(r, rows, 1e-6, 1e9)
        s2 = s1 * (1 + mixed(r, rows, spread(r, rows, 1e-3, 1e4), 1.0))
        r1 = spread(r, rows, 1e-6, 1e9)
        growth = mixed(r, rows, 1 + (s2 / s1 - 1) * r.uniform(-0.2, 1.2, rows), 1.0, 2.0)
        r2 = r1 * np.abs(growth)
        exists = (r2 / r1 > 1) & (r2 / r1 < s2 / s1) if model != "power" else np.ones(rows, bool)
        ours, refused = [], []
        for row in zip(s1, s2, r1, r2, strict=True):
            try:
                curve = et.response_two_point(row[:2], row[2:], model=model)
                values = {name: np.array([value]) for name, value in curve.params.items()}
                ours.append([float(revenue_of(model, np.array([s]), values)[0]) for s in row[:2]])
                refused.append(False)
            except et.EdgetallyError:
                ours.append([NAN, NAN])
                refused.append(True)
        edge = (np.abs(r2 / r1 - 1) < 1e-6) | (np.abs(r2 / r1 / (s2 / s1) - 1) < 1e-6) | (r2 == 0)
        with np.errstate(all="ignore"):
            steep = np.log(r2 / r1) / np.log(s2 / s1)
            # Level at a spend of 1, or scale, beyond what floats hold.
            edge |= (np.abs(steep * np.log(s1)) > 650) if model == "power" else steep < 0.0017 if model == "log" else False
        oracle.compare(
            "response_two_point",
            f"goes through both points: {model}",
            {"first": [row[0] for row in ours], "second": [row[1] for row in ours], "refused": refused},
            {
                "first": np.where(refused, NAN, r1),
                "second": np.where(refused, NAN, r2),
                "refused": np.where(exists, 0.0, 1.0),
            },
            {"s1": s1, "s2": s2, "r1": r1, "r2": r2},
            like=1e-8,
            explained=[("*", edge, "a line or a constant within six digits, or parameters that no float holds")],
        )


def adstocks(oracle: Oracle) -> None:
    """Every lag by itself, in the long floats of the machine, and a past of rows."""
    r = oracle.random("adstock")
    ours, theirs, inputs = [], [], []
    for _ in range(oracle.rows):
        rows = int(r.integers(1, 25))
        spend = np.round(r.exponential(100, rows) * (r.random(rows) < 0.8), 2)
        theta = float(r.choice([0.0, 1.0, 0.5, 0.99, 0.99 * r.random()]))
        lag = None if r.random() < 0.4 else int(r.integers(1, 30))
        normalize = bool(r.random() < 0.5) and not (theta == 1.0 and lag is None)
        initial = r.choice(["zero", "steady", "amount"])
        if theta == 1.0 and lag is None:
            initial = "zero"
        level = {"zero": 0.0, "steady": spend[0], "amount": 37.5}[str(initial)]
        given = 37.5 if initial == "amount" else str(initial)
        past = 0 if level == 0.0 else 30 if lag is not None else int(min(8_000, 50 / max(1e-3, 1 - theta)))
        long = np.concatenate([np.full(past, level), spend]).astype(np.longdouble)
        weights = np.longdouble(theta) ** np.arange(len(long) if lag is None else lag).astype(np.longdouble)
        total = weights.sum() if lag is not None else np.longdouble(NAN) if theta == 1.0 else 1 / (1 - np.longdouble(theta))
        full = np.convolve(long, weights)[past : past + rows] / (total if normalize else 1)
        got = et.adstock(spend, theta, normalize=normalize, max_lag=lag, initial=given).adstock
        at = int(r.integers(0, rows))
        ours.append({"adstock": got[at], "sum": np.sum(got)})
        theirs.append({"adstock": float(full[at]), "sum": float(full.sum())})
        inputs.append((spend.tolist(), theta, lag, normalize, given))
    oracle.compare("adstock", "every lag by itself, in long floats", stacked(ours), stacked(theirs), {"call": inputs}, like=1e-11)


def channel(r: np.random.Generator, concave: bool) -> tuple[str, dict[str, float]]:
    """A channel's curve."""
    if not concave:
        return "hill", {
            "vmax": float(spread(r, 1, 1e4, 1e6)[0]),
            "k": float(spread(r, 1, 1e3, 1e5)[0]),
            "n": float(r.uniform(1.05, 5.0)),
        }
    model = str(r.choice(["power", "log", "michaelis_menten", "negexp", "hill"]))
    if model == "power":
        return model, {"k": float(spread(r, 1, 1.0, 1e3)[0]), "b": float(r.uniform(0.2, 0.95))}
    params = [float(spread(r, 1, 1e3, 1e6)[0]), float(spread(r, 1, 1e3, 1e5)[0])]
    if model == "hill":
        params.append(float(r.uniform(0.3, 1.0)))
    return model, dict(zip(MODELS[model], params, strict=True))


def columns(params: dict[str, float]) -> dict[str, np.ndarray]:
    """The same as arrays of one."""
    return {name: np.array([value]) for name, value in params.items()}


def budgets(oracle: Oracle) -> None:
    """Concave channels by one price for all, sought with SciPy's root finder over spends of one's own."""
    r = oracle.random("allocate concave")
    ours, theirs, inputs = [], [], []
    for _ in range(oracle.rows):
        count = int(r.integers(1, 6))
        all_of = [channel(r, True) for _ in range(count)]
        lower = np.where(r.random(count) < 0.3, np.round(r.uniform(0, 5_000, count)), 0.0)
        upper = np.where(r.random(count) < 0.3, lower + np.round(r.uniform(0, 5e4, count)), math.inf)
        least, most = lower.sum(), min(upper.sum(), 5e5)
        budget = float(r.choice([least, most, least + (most - least) * 10 ** r.uniform(-5, 0)]))
        curves = [{"model": model, "params": params} for model, params in all_of]
        got = et.allocate(curves, budget, lower=lower.tolist(), upper=upper.tolist(), margin=0.4)

        def spends(price: float, all_of: Any = all_of, lower: Any = lower, upper: Any = upper) -> np.ndarray:
            free = [inverse(model, params, price) for model, params in all_of]
            return np.clip(free, lower, upper)

        if budget <= least:
            spend = lower
        elif budget >= upper.sum():
            spend = upper
        else:
            price = optimize.brentq(lambda x: float(np.sum(spends(x))) - budget, -690, 690, xtol=1e-14, rtol=1e-14)
            spend = spends(price)
        profitable = np.minimum(spends(-math.log(0.4)), upper)
        if profitable.sum() > budget:
            profitable = spend
        revenue = [float(revenue_of(m, np.array([s]), columns(p))[0]) for (m, p), s in zip(all_of, spend, strict=True)]
        earned = [float(revenue_of(m, np.array([s]), columns(p))[0]) for (m, p), s in zip(all_of, profitable, strict=True)]
        ours.append(
            {
                "total_spend": got.total_spend,
                "total_revenue": got.total_revenue,
                "profit": got.profit_plan.profit,
                "gap": got.gap,
            }
        )
        theirs.append(
            {
                "total_spend": budget,
                "total_revenue": sum(revenue),
                "profit": 0.4 * sum(earned) - float(np.sum(profitable)),
                "gap": 0.0,
            }
        )
        inputs.append((curves, budget, lower.tolist(), upper.tolist()))
    scale = {"profit": [row["total_spend"] + row["total_revenue"] for row in theirs], "gap": [1e3] * len(theirs)}
    oracle.compare(
        "allocate", "SciPy's brentq for the price, concave", stacked(ours), stacked(theirs), {"call": inputs}, like=1e-9, scale=scale
    )


def inverse(model: str, params: dict[str, float], price: float) -> float:
    """Where a concave curve's slope is ``e**price``: formulas, and halving for Hill's."""
    p, q, *_ = params.values()
    wanted = math.exp(price)
    if model == "power":
        return math.exp(min(700.0, (math.log(p * q) - price) / (1 - q)))
    if model == "log":
        return max(0.0, p / wanted - q)
    if model == "michaelis_menten":
        return max(0.0, math.sqrt(p * q / wanted) - q)
    if model == "negexp":
        return max(0.0, q * (math.log(p / q) - price))
    low, high = -700.0, 700.0
    made = columns(params)
    if params["n"] == 1.0:
        return max(0.0, math.sqrt(p * q / wanted) - q)
    for _ in range(100):
        middle = 0.5 * (low + high)
        if log_slope(model, np.array([middle]), made)[0] > price:
            low = middle
        else:
            high = middle
    return math.exp(low)


def starts(oracle: Oracle) -> None:
    """S-shaped channels: every division of the budget on a grid, and finer around its best; none brings more."""
    r = oracle.random("allocate S")
    behind, shadow, inputs = [], [], []
    for _ in range(oracle.rows):
        pair = [channel(r, bool(r.random() < 0.3)) for _ in range(2)]
        budget = float(spread(r, 1, 1e2, 3e5)[0])
        got = et.allocate([{"model": model, "params": params} for model, params in pair], budget)

        def total(s: np.ndarray, pair: Any = pair, budget: float = budget) -> np.ndarray:
            (m1, p1), (m2, p2) = pair
            return revenue_of(m1, s, columns(p1)) + revenue_of(m2, budget - s, columns(p2))

        grid = np.linspace(0, budget, 401)
        at = int(np.argmax(total(grid)))
        fine = np.linspace(grid[max(at - 1, 0)], grid[min(at + 1, 400)], 401)
        best = float(np.max(total(fine)))
        behind.append(max(0.0, best - got.total_revenue) / best > 1e-9)
        step = budget * 1e-6
        more = et.allocate([{"model": model, "params": params} for model, params in pair], budget + step)
        slope = (more.total_revenue - got.total_revenue) / step
        apart = abs(slope - got.shadow_price)
        rounding = 1e-9 * got.total_revenue > apart * step
        shadow.append(apart > 1e-2 * max(slope, got.shadow_price) and got.gap == 0.0 and not rounding)
        inputs.append((pair, budget))
    oracle.compare(
        "allocate",
        "every division on a grid, S-shaped",
        {"behind": behind, "shadow": shadow},
        {"behind": np.zeros(len(behind)), "shadow": np.zeros(len(shadow))},
        {"call": inputs},
    )


def first_units(oracle: Oracle) -> None:
    """Without a budget, the price is the slope of the best first unit."""
    r = oracle.random("allocate nothing")
    ours, theirs, inputs = [], [], []
    for _ in range(oracle.rows):
        all_of = [channel(r, bool(r.random() < 0.8)) for _ in range(int(r.integers(1, 5)))]
        got = et.allocate([{"model": model, "params": params} for model, params in all_of], 0)
        first = []
        for model, params in all_of:
            p, q, *rest = params.values()
            n = rest[0] if rest else 1.0
            first.append(math.inf if model == "power" or n < 1 else 0.0 if n > 1 else p / q)
        ours.append({"shadow_price": got.shadow_price})
        theirs.append({"shadow_price": max(first)})
        inputs.append(all_of)
    oracle.compare("allocate", "the first unit's slope", stacked(ours), stacked(theirs), {"channels": inputs}, like=1e-12)


def chance(values: np.ndarray, shapes: list[np.ndarray], out: list[np.ndarray], roots: np.ndarray) -> tuple[float, float]:
    """Hotelling's bound once more: NumPy's QR and SciPy's Student."""
    q, _ = np.linalg.qr(np.column_stack([column * roots for column in out]))

    def rest(column: np.ndarray) -> np.ndarray:
        column = column * roots
        for _ in range(2):
            column = column - q @ (q.T @ column)
        return column

    path = [rest(shape) for shape in shapes]
    path = [column / np.linalg.norm(column) for column in path]
    seen = rest(values)
    seen = seen / np.linalg.norm(seen)
    length = sum(2 * math.asin(np.linalg.norm(a - b) / 2) for a, b in zip(path, path[1:], strict=False))
    left = len(values) - len(out)

    def tube(share: float) -> float:
        if share <= 0:
            return 1.0
        other = 1 - share**2
        tail = stats.t.sf(share * math.sqrt((left - 1) / other), left - 1)
        return min(1.0, float(tail + length / (2 * math.pi) * other ** (left / 2 - 1)))

    shares = [float(column @ seen) for column in path]
    return tube(max(shares)), tube(-min(shares))


def evidence(oracle: Oracle) -> None:
    """Whether there is a curve: the test written anew; and the fit, which SciPy's search does not get below."""
    r = oracle.random("response_fit evidence")
    ours, theirs, inputs = [], [], []
    for row in range(oracle.rows):
        rows = int(r.integers(5, 60))
        spend = np.round(np.exp(r.normal(9, float(r.choice([0.1, 0.5, 1.0])), rows)), 2)
        shape = row % 4
        level = [np.full(rows, 2e4), 2e4 + spend, 5e4 * spend / (8e3 + spend), 4e4 - spend][shape]
        revenue = level + float(r.choice([0.01, 0.1, 0.4])) * np.abs(level).mean() * r.standard_normal(rows)
        weights = np.exp(r.normal(0, 0.5, rows)) if row % 3 == 0 else np.ones(rows)
        got = et.response_fit("michaelis_menten", spend, revenue, weights=weights)
        x = spend / spend.max()
        ordered = np.sort(x)
        ks = np.geomspace(20.0, 0.5 * ordered[len(x) // 10], 16)
        shapes = [x / (k + x) for k in ks]
        roots, one = np.sqrt(weights), np.ones(rows)
        up, _ = chance(revenue, shapes, [one], roots)
        bend, _ = chance(revenue, shapes, [one, x], roots)
        slope, base = np.polyfit(spend, revenue, 1, w=roots)
        fitted = optimize.minimize_scalar(
            lambda t, spend=spend, revenue=revenue, weights=weights: projected(np.exp(t), spend, revenue, weights),
            bounds=(math.log(spend.max()) - 24, math.log(spend.max()) + 13),
            method="bounded",
            options={"xatol": 1e-10},
        )
        ours.append(
            {
                "p_response": got.p_response,
                "p_saturation": got.p_saturation,
                "constant": got.constant,
                "base": got.line["base"],
                "slope": got.line["slope"],
                "above": got.rss > fitted.fun * (1 + 1e-7),
            }
        )
        theirs.append(
            {
                "p_response": up,
                "p_saturation": bend,
                "constant": np.average(revenue, weights=weights),
                "base": base,
                "slope": slope,
                "above": 0.0,
            }
        )
        inputs.append((spend.tolist(), revenue.tolist(), weights.tolist()))
    oracle.compare(
        "response_fit",
        "NumPy's QR, SciPy's Student and minimiser",
        stacked(ours),
        stacked(theirs),
        {"columns": inputs},
        like=1e-6,
        scale={"base": [1e4] * len(theirs), "slope": [1.0] * len(theirs)},
    )


def projected(k: float, spend: np.ndarray, revenue: np.ndarray, weights: np.ndarray) -> float:
    """The weighted sum of squares of the best amplitude."""
    g = spend / (k + spend)
    amplitude = (weights * g * revenue).sum() / (weights * g * g).sum()
    return float((weights * (revenue - amplitude * g) ** 2).sum())


def check(oracle: Oracle) -> None:
    """Everything of response curves."""
    evaluations(oracle)
    optima(oracle)
    increments(oracle)
    points(oracle)
    adstocks(oracle)
    budgets(oracle)
    starts(oracle)
    first_units(oracle)
    evidence(oracle)

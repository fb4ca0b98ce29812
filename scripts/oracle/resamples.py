"""Curves that are chosen by criteria, and resampled customers: SciPy's least squares, NumPy's own bootstrap."""

from __future__ import annotations

import math
from typing import Any

import edgetally as et
import numpy as np
from scipy import optimize, stats

from .harness import Oracle, spread, stacked

Array = np.ndarray[Any, Any]


def shape(model: str, spend: Array, scale: float) -> Array:
    """What the amplitude is multiplied with."""
    match model:
        case "power":
            return spend**scale
        case "log":
            return np.log1p(spend / scale)
        case "michaelis_menten":
            return spend / (scale + spend)
    return -np.expm1(-spend / scale)


def squares(model: str, spend: Array, revenue: Array) -> float:
    """The least sum of squares, over a grid and then by SciPy; the amplitude follows from the scale."""

    def rest(t: float) -> float:
        g = shape(model, spend, math.exp(t))
        with np.errstate(all="ignore"):
            amplitude = max((g * revenue).sum() / (g * g).sum(), 0.0)
            return float(((revenue - amplitude * g) ** 2).sum())

    top = math.log(spend.max())
    low, high = (math.log(1e-4), math.log(1.0)) if model == "power" else (top - 12, top + 9)
    grid = np.linspace(low, high, 90)
    best = int(np.argmin([rest(t) for t in grid]))
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(optimize.minimize_scalar(rest, bounds=around, method="bounded", options={"xatol": 1e-10}).fun)


def curves(oracle: Oracle) -> None:
    """Sums of squares, and the criteria that follow from them."""
    models = ("power", "log", "michaelis_menten", "negexp")
    chosen: list[dict[str, float]] = []
    truth: list[dict[str, float]] = []
    fits: list[dict[str, float]] = []
    best: list[dict[str, float]] = []
    asked: list[str] = []
    r = oracle.random("response_select")
    for _ in range(oracle.rows):
        n = int(r.integers(8, 30))
        spend = np.round(np.exp(r.uniform(6, 11, n)), 2)
        model, top = str(r.choice(models)), spend.max()
        scale = float(r.uniform(0.3, 0.8)) if model == "power" else top * float(r.uniform(0.1, 0.6))
        level = shape(model, spend, scale)
        revenue = 2 * top * level / level.max() * (1 + 0.05 * r.standard_normal(n))
        found = et.response_select(models, spend, revenue)
        rss = {name: squares(name, spend, revenue) for name in models}
        k = 3
        aic = {name: n * math.log(value / n) + 2 * k for name, value in rss.items()}
        aicc = {name: value + 2 * k * (k + 1) / (n - k - 1) for name, value in aic.items()}
        least = min(aicc.values())
        total = sum(math.exp(-0.5 * (value - least)) for value in aicc.values())
        fit = et.fit_response(spend, revenue, model=model, n_boot=0)
        ours = {"best": float(aicc[found.best] - least)}
        want = {"best": 0.0}
        for name in models:
            ours |= {f"aicc.{name}": found.aicc[name], f"aic.{name}": found.aic[name], f"bic.{name}": found.bic[name]}
            ours |= {f"delta.{name}": found.delta_aicc[name], f"weight.{name}": found.weights[name]}
            want |= {f"aicc.{name}": aicc[name], f"aic.{name}": aic[name]}
            want |= {f"bic.{name}": aic[name] - 2 * k + k * math.log(n)}
            want |= {f"delta.{name}": aicc[name] - least, f"weight.{name}": math.exp(-0.5 * (aicc[name] - least)) / total}
        chosen.append(ours)
        truth.append(want)
        fits.append({"rss": fit.rss})
        best.append({"rss": rss[model]})
        asked.append(f"{model}, {spend.tolist()}, {revenue.tolist()}")
    # Four models a row.
    theirs = stacked(truth)
    oracle.compare(
        "response_select",
        "SciPy's least squares, criteria by hand",
        stacked(chosen),
        theirs,
        {"columns": asked},
        like=1e-5,
        scale={name: np.ones(len(asked)) for name in theirs},
    )
    oracle.compare(
        "fit_response", "SciPy's least squares", stacked(fits), stacked(best), {"columns": asked}, like=1e-6
    )


def customers(oracle: Oracle) -> None:
    """The estimate and its error by formula, the percentiles by NumPy's bootstrap with other random numbers."""
    r = oracle.random("ltv_bootstrap")
    ours, theirs, asked = [], [], []
    ends: list[dict[str, float]] = []
    near: list[dict[str, float]] = []
    boots = 400
    for row in range(oracle.rows):
        n = int(r.integers(5, 60))
        months = np.floor(spread(r, n, 1, 40))
        profit = np.round(months * spread(r, n, 1, 100) * (r.random(n) < 0.9), 2)
        left = (r.random(n) < r.uniform(0.1, 1)).astype(float)
        confidence = float(r.choice([0.8, 0.9, 0.95]))
        played = row % 10 == 0
        got = et.ltv_bootstrap(
            profit, months, left, n_boot=boots if played else 20, seed=int(r.integers(0, 2**60)), confidence=confidence
        )
        asked.append(f"{profit.tolist()}, {months.tolist()}, {left.tolist()}, {confidence}")
        gone = left.sum()
        value = profit.sum() / gone if gone else math.nan
        with np.errstate(all="ignore"):
            parts = profit / profit.sum() - left / gone if profit.sum() and gone else np.full(n, np.nan)
            se = math.sqrt(n / (n - 1) * ((parts - parts.mean()) ** 2).sum())
        z = stats.norm.ppf(0.5 + confidence / 2)
        theirs.append(
            {
                "ltv": value,
                "churn": gone / months.sum(),
                "gross_profit_month": profit.sum() / months.sum(),
                "log_ltv_se": se,
                "low": value * math.exp(-z * se),
                "high": value * math.exp(z * se),
            }
        )
        ours.append(
            {
                "ltv": float(got.ltv),
                "churn": got.churn,
                "gross_profit_month": got.gross_profit_month,
                "log_ltv_se": got.log_ltv_se,
                "low": got.ltv_ci_delta.low,
                "high": got.ltv_ci_delta.high,
            }
        )
        if not played or gone < 4:
            continue
        draws = r.integers(0, n, (boots, n))
        with np.errstate(all="ignore"):
            again = np.sort(profit[draws].sum(axis=1) / left[draws].sum(axis=1))
        tail = (1 - confidence) / 2
        # Five standard errors of a share, in two samples.
        slack = 5 * math.sqrt(2 * tail * (1 - tail) / boots) + 2 / boots
        bounds = {}
        for side, share in (("low", tail), ("high", 1 - tail)):
            least, most = (
                again[min(boots - 1, max(0, int((share + sign * slack) * boots)))] for sign in (-1.0, 1.0)
            )
            least = -math.inf if share - slack <= 0 else least
            most = math.inf if share + slack >= 1 else most
            bounds[side] = float(least <= getattr(got.ltv, side) <= most)
        ends.append(bounds)
        near.append({"low": 1.0, "high": 1.0})
    oracle.compare(
        "ltv_bootstrap",
        "NumPy: ratio and delta method",
        stacked(ours),
        stacked(theirs),
        {"customers": asked},
        like=1e-9,
        explained=[
            ("*", [row["ltv"] != row["ltv"] for row in theirs], "nobody left: see the flag"),
        ],
    )
    oracle.compare(
        "ltv_bootstrap",
        f"NumPy's bootstrap with other draws, {boots} each, within five standard errors",
        stacked(ends),
        stacked(near),
        {"row": list(range(len(ends)))},
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    curves(oracle)
    customers(oracle)

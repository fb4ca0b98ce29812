"""Response curves: revenue as a function of spend, their fits, optima and budgets."""

from __future__ import annotations

from . import _edgetally
from ._arguments import count, error, floats, number, optional_floats
from ._edgetally import Calculator, Interval
from ._result import Result, field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import Any

    from ._arguments import Number, Numbers


__all__ = [
    "AdstockResult",
    "Allocation",
    "AllocationPlan",
    "FittedOptimum",
    "ResponseEvaluation",
    "ResponseFit",
    "ResponseIncrement",
    "ResponseOptimum",
    "ResponseSelection",
    "TwoPointCurve",
    "adstock",
    "allocate",
    "fit_response",
    "response_eval",
    "response_fit",
    "response_incremental",
    "response_optimum",
    "response_select",
    "response_two_point",
]

_PARAMETERS = {
    "power": ("k", "b"),
    "log": ("a", "c"),
    "michaelis_menten": ("vmax", "k"),
    "negexp": ("vmax", "c"),
    "hill": ("vmax", "k", "n"),
}


# As many as a bootstrap of customers takes.
_MOST_RESAMPLES = 1_000_000


def _columns_of(spend: Any, answer: Any, arguments: tuple[Any, ...]) -> Interval[Any]:
    """Give an interval for a number or for a column of spends, in the column's own kind."""
    if isinstance(spend, (int, float)) and not isinstance(spend, bool):
        estimate, low, high = answer([float(spend)], *arguments)
        return Interval(estimate[0], low[0], high[0])
    import numpy as np

    from ._columns import Form

    form = Form()
    (column,), _ = form.columns(("spend",), (spend,))
    if isinstance(column, float) or column is None:
        estimate, low, high = answer([number("spend", spend)], *arguments)
        return Interval(estimate[0], low[0], high[0])
    return Interval(*(form.wrap(np.asarray(part)) for part in answer(column.tolist(), *arguments)))


def _params(model: Any, params: Any) -> tuple[Any, ...]:
    names = _PARAMETERS.get(model) if isinstance(model, str) else None
    if names is None:
        raise error("unknown_choice", f"model is not one of {', '.join(_PARAMETERS)}")
    if not hasattr(params, "keys") or set(params) != set(names):
        raise error("wrong_parameters", f"params does not have exactly the parameters of {model}: {', '.join(names)}")
    return tuple(params[name] for name in names)


class ResponseEvaluation(Result):
    """What ``response_eval`` returns."""

    __slots__ = ()

    revenue: Number = field("Revenue at this spend.")
    marginal_roas: Number = field("Revenue of the next unit of spend; infinite where the curve starts upright.")
    average_roas: Number = field("Revenue per unit of spend.")
    elasticity: Number = field("Per cent of revenue for one per cent of spend.")


class ResponseOptimum(Result):
    """What ``response_optimum`` and ``ResponseFit.optimum`` return."""

    __slots__ = ()

    optimal_spend: Number = field(
        "Spend with the highest profit; zero where none pays, undefined where more is always better."
    )
    revenue: Number = field("Revenue at the optimal spend.")
    profit: Number = field("Margin times revenue less spend at the optimum.")
    marginal_roas: Number = field(
        "Revenue of the next unit of spend at the optimum: one over the margin, unless capped."
    )


class FittedOptimum(ResponseOptimum):
    """What ``ResponseFit.optimum`` returns."""

    __slots__ = ()

    optimal_spend_uncapped: Any = field("Spend with the highest profit, wherever it lies.")
    log_optimal_spend_se: Any = field("Standard error of the logarithm of the optimal spend, by the delta method.")
    optimal_spend_ci_delta: Any = field("Optimal spend with its interval by the delta method on the log scale.")
    optimal_spend_ci_bootstrap: Any = field("Optimal spend with the percentile interval of the resamples.")
    capped: Any = field("Whether the cap, or half as much again as the largest spend seen, holds the optimum back.")


class ResponseIncrement(Result):
    """What ``response_incremental`` returns."""

    __slots__ = ()

    marginal_roas: Number = field("Extra revenue per unit of extra spend.")


_EVAL = {model: Calculator(f"response.eval.{model}", ResponseEvaluation) for model in _PARAMETERS}
_OPTIMUM = {model: Calculator(f"response.optimum.{model}", ResponseOptimum) for model in _PARAMETERS}
_INCREMENTAL = Calculator("response.incremental", ResponseIncrement)


def response_eval(
    model: str,
    params: Mapping[str, Numbers],
    spend: Numbers,
    *,
    errors: str = "raise",
    threads: int | None = None,
) -> ResponseEvaluation:
    """Evaluate a response curve at a spend: revenue, marginal and average return, elasticity.

    ``model`` and its ``params``, all above zero: ``power`` ``k s**b`` (``k``, ``b``); ``log`` ``a ln(1 + s/c)``
    (``a``, ``c``); ``michaelis_menten`` ``vmax s / (k + s)`` (``vmax``, ``k``); ``negexp`` ``vmax (1 - exp(-s/c))``
    (``vmax``, ``c``); ``hill`` ``vmax s**n / (k**n + s**n)`` (``vmax``, ``k``, ``n``). Parameters and spend may be
    columns.

    >>> import edgetally as et
    >>> at = et.response_eval("michaelis_menten", {"vmax": 400_000, "k": 50_000}, 50_000)
    >>> at.revenue, at.marginal_roas, at.average_roas, at.elasticity
    (200000.0, 2.0, 4.0, 0.5)
    """
    values = _params(model, params)
    return _EVAL[model]((*values, spend), errors, threads)


def response_optimum(
    model: str,
    params: Mapping[str, Numbers],
    margin: Numbers,
    *,
    cap: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> ResponseOptimum:
    """Find the spend on a curve that leaves the most of ``margin * revenue - spend``, not above ``cap``.

    ``margin`` is the share of revenue left before the spend. Models and parameters as in ``response_eval``. For
    ``hill`` the optimum is the root to the right of the inflexion, kept only if it leaves more than not spending.

    >>> import edgetally as et
    >>> best = et.response_optimum("log", {"a": 90_000, "c": 20_000}, margin=0.4)
    >>> best.optimal_spend, best.marginal_roas
    (16000.0, 2.5)
    """
    values = _params(model, params)
    return _OPTIMUM[model]((*values, margin, cap), errors, threads)


def response_incremental(
    extra_spend: Numbers, extra_revenue: Numbers, *, errors: str = "raise", threads: int | None = None
) -> ResponseIncrement:
    """Give the marginal return of an observed change: extra revenue per unit of extra spend.

    Both may be negative, for a cut.

    >>> import edgetally as et
    >>> et.response_incremental(10_000, 25_000).marginal_roas
    2.5
    """
    return _INCREMENTAL((extra_spend, extra_revenue), errors, threads)


class TwoPointCurve(Result):
    """What ``response_two_point`` returns; ``result["b"]`` and ``result.b`` are the parameters."""

    __slots__ = ()

    model: str = field("The family of the curve.")
    params: Any = field("Its parameters by name.")

    def __getitem__(self, key: str | int) -> Any:
        """Get a field, or a parameter of the curve."""
        if isinstance(key, str) and key in self.params:
            return self.params[key]
        return super().__getitem__(key)

    def __getattr__(self, name: str) -> Any:
        """Get a parameter of the curve."""
        if not name.startswith("_") and name in self.params:
            return self.params[name]
        raise AttributeError(name)


def response_two_point(spend: Numbers, revenue: Numbers, *, model: str = "power") -> TwoPointCurve:
    """Draw the curve through two points, each a spend and its revenue; ``hill`` has three parameters and is refused.

    Two points have no residuals, so that nothing says how wrong the curve is; fit more where there are more.

    >>> import edgetally as et
    >>> curve = et.response_two_point([50_000, 100_000], [200_000, 300_000])
    >>> round(curve.b, 4), round(curve.k, 2)
    (0.585, 356.7)
    """
    if not isinstance(model, str):
        raise error("unknown_choice", f"model is not one of {', '.join(_PARAMETERS)}")
    params = _edgetally.response_two_point(model, floats("spend", spend), floats("revenue", revenue))
    return TwoPointCurve((model, params))


class AdstockResult(Result):
    """What ``adstock`` returns; a column by itself too."""

    __slots__ = ()

    adstock: Any = field("What of past and present spend is at work in each period.")

    def __len__(self) -> int:
        """Periods."""
        return len(self.adstock)

    def __iter__(self) -> Any:
        """Period by period."""
        return iter(self.adstock)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Give the column."""
        import numpy as np

        del copy
        return np.asarray(self.adstock, dtype=dtype)


def adstock(
    spend: Numbers,
    theta: float,
    *,
    normalize: bool = False,
    max_lag: int | None = None,
) -> AdstockResult:
    """Spend carried over: ``a[t] = spend[t] + theta * a[t-1]``, rows being consecutive periods.

    ``theta`` is the share left after a period. With ``max_lag`` the sum ends after so many periods, the present one
    included. ``normalize`` divides by the sum of the weights, so that a steady spend is its own adstock. Source:
    Broadbent (1979).

    >>> import edgetally as et
    >>> et.adstock([100, 0, 0, 50], 0.5).adstock
    [100.0, 50.0, 25.0, 62.5]
    """
    lag = None if max_lag is None else count("max_lag", max_lag)
    if isinstance(spend, (list, tuple)):
        return AdstockResult(
            (_edgetally.response_adstock(floats("spend", spend), number("theta", theta), bool(normalize), lag),)
        )
    import numpy as np

    from ._columns import Form

    form = Form()
    column = form.read("spend", spend)
    if column is None or isinstance(column, float) or column.ndim != 1:
        raise error("wrong_type", "spend is not a column of numbers")
    form.shape = column.shape
    carried = _edgetally.response_adstock(column.tolist(), number("theta", theta), bool(normalize), lag)
    return AdstockResult((form.wrap(np.asarray(carried)),))


class ResponseSelection(Result):
    """What ``response_select`` and ``ResponseFit.compare`` return."""

    __slots__ = ()

    best: str = field("The model that the criterion prefers.")
    ranking: Any = field("All fitted models, the best first.")
    delta_aicc: Any = field("How far each model's corrected Akaike criterion lies above the lowest.")
    weights: Any = field("Akaike weights: each model's share of the evidence.")
    aicc: Any = field("Corrected Akaike criterion by model.")
    aic: Any = field("Akaike criterion by model.")
    bic: Any = field("Schwarz criterion by model.")
    rmse_leave_one_out: Any = field("Root mean square error of predicting each row from the others, by model.")
    rmse_rolling_origin: Any = field(
        "Root mean square error of predicting each later row from those before it, by model."
    )
    optimal_spend: Any = field("Optimal spend by model.")
    averaged_optimal_spend: float = field("Optimal spend averaged by weight over the models within 2 of the best.")


class ResponseFit(Result):
    """A fitted response curve: what ``fit_response`` and ``response_fit`` return."""

    __slots__ = ()

    model: str = field("The family of the curve.")
    params: Any = field("Estimates by name, the baseline included where there is one.")
    params_ci: Any = field("Intervals of the parameters: percentiles of the resamples, or linearised without them.")
    std_errors: Any = field("Standard errors of the parameters, linearised.")
    covariance: Any = field("Covariance matrix of the parameters, in the order of params.")
    baseline: float = field("Revenue without spend; zero when not asked for.")
    theta: float = field("Share of spend carried to the next period; undefined without adstock.")
    rss: float = field("Sum of weighted squared residuals.")
    sigma: float = field("Residual standard deviation.")
    r2: float = field("Share of the variance of revenue that the curve explains.")
    aic: float = field("Akaike criterion n ln(rss / n) + 2 K.")
    aicc: float = field("Akaike criterion corrected for few rows.")
    bic: float = field("Schwarz criterion n ln(rss / n) + K ln n.")
    rows: int = field("Rows used.")
    converged: bool = field("Whether the search arrived.")
    log_sd_spend: float = field("Standard deviation of the logarithm of spend: how much the data can show.")
    failed_resamples: int = field("Resamples that held no curve.")
    margin: float = field("Share of revenue left before the spend.")
    optimal_spend: float = field("Spend with the highest profit, within the cap.")
    optimal_spend_uncapped: float = field("Spend with the highest profit, wherever it lies.")
    log_optimal_spend_se: float = field("Standard error of the logarithm of the optimal spend, by the delta method.")
    optimal_spend_ci_delta: Interval[float] = field(
        "Optimal spend with its interval by the delta method on the log scale."
    )
    optimal_spend_ci_bootstrap: Interval[float] = field("Optimal spend with the percentile interval of the resamples.")
    optimal_profit: float = field("Margin times revenue less spend at the optimum.")
    warnings: Any = field("What the data cannot show, as stable words.")

    @property
    def _engine(self) -> Any:
        return self._values[len(self.fields)]

    def _flags(self) -> tuple[str, ...]:
        return tuple(self.warnings)

    def __getitem__(self, key: str | int) -> Any:
        """Get a field; ``marginal_roas_50000`` and ``marginal_roas_50000_se`` are the return there and its error."""
        if isinstance(key, str) and key not in self.fields:
            found = self._at(key)
            if found is not None:
                return found
        return super().__getitem__(key)

    def __getattr__(self, name: str) -> Any:
        """``marginal_roas_50000`` and the like."""
        found = None if name.startswith("_") else self._at(name)
        if found is None:
            raise AttributeError(name)
        return found

    def _at(self, name: str) -> float | None:
        prefix = "marginal_roas_"
        if not name.startswith(prefix):
            return None
        spend, _, error = name[len(prefix) :].partition("_")
        try:
            value = self._engine.marginal_roas_error(float(spend))
        except ValueError:
            return None
        return value[1] if error == "se" else value[0]

    def predict(self, spend: Numbers, *, confidence: float = 0.95) -> Interval[Any]:
        """Revenue at a steady spend per period, with its interval; for a column of spends the three are columns."""
        return _columns_of(spend, self._engine.predict, (float(confidence),))

    def marginal_roas(self, spend: Numbers, *, confidence: float = 0.95) -> Interval[Any]:
        """Revenue of the next unit of a steady spend, with its interval; columns for a column of spends."""
        return _columns_of(spend, self._engine.marginal_roas, (float(confidence),))

    def optimum(
        self, margin: float, cap: float | None = None, *, extrapolate: bool = False, confidence: float = 0.95
    ) -> FittedOptimum:
        """Find the most profitable steady spend.

        Not above ``cap``, and not above one and a half times the largest spend seen unless ``extrapolate``.
        """
        optimum, uncapped, error, delta, drawn, capped = self._engine.optimum(
            number("margin", margin),
            None if cap is None else number("cap", cap),
            bool(extrapolate),
            float(confidence),
        )
        return FittedOptimum((*optimum, uncapped, error, Interval(*delta), Interval(*drawn), capped))

    def compare(
        self, candidates: Sequence[str] | None = None, *, criterion: str = "aicc", cross_validate: bool = True
    ) -> ResponseSelection:
        """Try the other models on the same data, with leave-one-out and rolling-origin errors."""
        spend, revenue, options = self._engine.data()
        margin = None if self.margin != self.margin else self.margin
        return _select(candidates or tuple(_PARAMETERS), spend, revenue, options, criterion, margin, cross_validate)


def _select(
    candidates: Sequence[str],
    spend: list[float],
    revenue: list[float],
    options: dict[str, Any],
    criterion: str,
    margin: float | None,
    cross_validate: bool,
) -> ResponseSelection:
    places = {"aicc": "aicc", "aic": "aic", "bic": "bic", "leave_one_out": "loo", "rolling_origin": "rolling"}
    if criterion not in places:
        raise error("unknown_choice", f"criterion is not one of {', '.join(places)}")
    if isinstance(candidates, str) or not all(isinstance(name, str) for name in candidates):
        raise error("wrong_type", "candidates is not a list of models")
    cross_validate = cross_validate or criterion in ("leave_one_out", "rolling_origin")
    rows, average = _edgetally.response_compare(
        list(candidates), spend, revenue, options, margin, False, cross_validate
    )
    table = {
        name: {
            "delta": delta,
            "weight": weight,
            "aic": criteria[0],
            "aicc": criteria[1],
            "bic": criteria[2],
            "optimum": best,
            "loo": errors[0],
            "rolling": errors[1],
        }
        for name, delta, weight, criteria, best, errors in rows
    }
    key = places[criterion]
    # Sorting is stable: what ties, or is undefined, stays in the order of the corrected criterion.
    ranking = sorted(table, key=lambda name: (table[name][key] != table[name][key], table[name][key]))

    def by(column: str) -> dict[str, float]:
        return {name: table[name][column] for name in ranking}

    return ResponseSelection(
        (
            ranking[0],
            ranking,
            by("delta"),
            by("weight"),
            by("aicc"),
            by("aic"),
            by("bic"),
            by("loo"),
            by("rolling"),
            by("optimum"),
            average,
        )
    )


def _options(
    *,
    baseline: bool = False,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
    newey_west: int | None = None,
    n_boot: int = 0,
    block: int | str | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    estimate = adstock == "estimate"
    if isinstance(adstock, str) and not estimate:
        raise error("unknown_choice", "adstock is neither a share from 0 to 1 nor 'estimate'")
    if isinstance(block, str) and block != "auto":
        raise error("unknown_choice", "block is neither a whole number from 1 nor 'auto'")
    return {
        "baseline": bool(baseline),
        "weights": optional_floats("weights", weights),
        "loss": str(loss),
        "loss_scale": None if loss_scale is None else number("loss_scale", loss_scale),
        "noise": str(noise),
        "theta": None if adstock is None or estimate else number("adstock", adstock),
        "estimate_theta": estimate,
        "normalize": bool(normalize),
        "max_lag": None if max_lag is None else count("max_lag", max_lag),
        "newey_west": None if newey_west is None else count("newey_west", newey_west, 0),
        "n_boot": count("n_boot", n_boot, 0),
        "block": None if block is None or block == "auto" else count("block", block),
        "series": adstock is not None or newey_west is not None or block == "auto",
        "seed": count("seed", seed, 0) % 2**64,
    }


def _fitted(
    model: str,
    spend: list[float],
    revenue: list[float],
    options: dict[str, Any],
    margin: float | None,
    cap: float | None,
    extrapolate: bool,
    confidence: float,
    threads: int | None,
) -> ResponseFit:
    if model != "auto" and model not in _PARAMETERS:
        raise error("unknown_choice", f"model is not one of auto, {', '.join(_PARAMETERS)}")
    if options["n_boot"] > _MOST_RESAMPLES:
        raise error("resamples_out_of_range", "n_boot is not from 0 to 1,000,000")
    for name in ("block", "newey_west"):
        if options[name] is not None and options[name] >= len(spend) > 0:
            raise error("exceeds", f"{name} {options[name]} is not below the number of rows")
    confidence = number("confidence", confidence)
    engine = _edgetally.ResponseModel(model, spend, revenue, options, threads)
    params = engine.params()
    (rss, sigma, r2, aic, aicc, bic), (rows, converged, baseline, theta, log_sd, failed) = engine.numbers()
    intervals = [Interval(*three) for three in engine.params_interval(float(confidence))]
    nan = float("nan")
    best: tuple[Any, ...] = (nan, nan, nan, Interval(nan, nan, nan), Interval(nan, nan, nan), nan)
    if margin is not None:
        optimum, uncapped, deviation, delta, drawn, _ = engine.optimum(
            number("margin", margin),
            None if cap is None else number("cap", cap),
            bool(extrapolate),
            float(confidence),
        )
        best = (optimum[0], uncapped, deviation, Interval(*delta), Interval(*drawn), optimum[2])
    return ResponseFit(
        (
            engine.model,
            params,
            dict(zip(params, intervals, strict=False)),
            engine.std_errors(),
            engine.covariance(),
            baseline,
            theta,
            rss,
            sigma,
            r2,
            aic,
            aicc,
            bic,
            rows,
            converged,
            log_sd,
            failed,
            nan if margin is None else number("margin", margin),
            *best,
            engine.warnings(margin),
            engine,
        )
    )


def response_fit(
    model: str,
    spend: Numbers,
    revenue: Numbers,
    *,
    margin: float | None = None,
    cap: float | None = None,
    extrapolate: bool = False,
    confidence: float = 0.95,
    baseline: bool = False,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
    newey_west: int | None = None,
    n_boot: int = 0,
    block: int | str | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> ResponseFit:
    """One model fitted to past spends and revenues; ``fit_response`` with the model in front and without resamples.

    >>> import edgetally as et
    >>> spend = [1000, 2000, 4000, 8000, 16000, 32000]
    >>> fit = et.response_fit("michaelis_menten", spend, [7810, 14720, 28100, 50600, 86100, 130500], margin=0.4)
    >>> round(fit.params["vmax"], -3), round(fit.r2, 4)
    (273000.0, 1.0)
    """
    options = _options(
        baseline=baseline,
        weights=weights,
        loss=loss,
        loss_scale=loss_scale,
        noise=noise,
        adstock=adstock,
        normalize=normalize,
        max_lag=max_lag,
        newey_west=newey_west,
        n_boot=n_boot,
        block=block,
        seed=seed,
    )
    columns = floats("spend", spend), floats("revenue", revenue)
    return _fitted(model, *columns, options, margin, cap, extrapolate, confidence, threads)


def fit_response(
    spend: Numbers,
    revenue: Numbers,
    *,
    group: Sequence[Hashable] | None = None,
    model: str = "auto",
    margin: float | None = None,
    cap: float | None = None,
    extrapolate: bool = False,
    confidence: float = 0.95,
    baseline: bool = False,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
    newey_west: int | None = None,
    n_boot: int = 1000,
    block: int | str | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Any:
    """Fit a response curve to past spends and their revenues, with its uncertainty: a ``ResponseFit``.

    ``model`` is one of those of ``response_eval``, or ``auto``: the one with the lowest corrected Akaike criterion.
    ``baseline`` adds revenue without spend. ``weights`` are those of squared residuals. ``loss`` is ``linear``,
    ``huber`` or ``soft_l1``, robust beyond ``loss_scale`` (by default 1.345 robust standard deviations).
    ``noise="multiplicative"`` takes residuals of logarithms. For consecutive periods, ``adstock`` is the share
    carried over or ``"estimate"``, with ``normalize`` and ``max_lag`` as in ``adstock()``; ``newey_west`` is the lag
    of standard errors that allow for correlation. ``n_boot`` resamples (rows; for periods, blocks of ``block`` rows
    or the cube root of all) give percentile intervals that depend on ``seed`` and not on ``threads``. With a
    ``margin`` the optimum is among the fields; it stays below ``cap`` and below half as much again as the largest
    spend, unless ``extrapolate``.

    With ``group`` (a label per row) a curve is fitted per group, and a dictionary comes back, which ``allocate``
    takes as its channels.

    A curve is not an experiment: where spend followed demand, it shows demand.

    >>> import edgetally as et
    >>> spend = [1000, 2000, 4000, 8000, 16000, 32000, 48000]
    >>> revenue = [7810, 14720, 28100, 50600, 86100, 130500, 161000]
    >>> fit = et.fit_response(spend, revenue, model="michaelis_menten", margin=0.4, n_boot=200)
    >>> low, high = fit.marginal_roas(10_000)
    >>> low < fit.marginal_roas(10_000).estimate < high
    True
    >>> round(fit.optimum(0.4).marginal_roas, 6)
    2.5
    """
    settings: dict[str, Any] = {
        "baseline": baseline,
        "loss": loss,
        "loss_scale": loss_scale,
        "noise": noise,
        "adstock": adstock,
        "normalize": normalize,
        "max_lag": max_lag,
        "newey_west": newey_west,
        "n_boot": n_boot,
        "block": block,
        "seed": seed,
    }
    money, income, given = floats("spend", spend), floats("revenue", revenue), optional_floats("weights", weights)
    rest = (margin, cap, extrapolate, confidence, threads)
    if group is None:
        return _fitted(model, money, income, _options(weights=given, **settings), *rest)
    labels = group.tolist() if hasattr(group, "tolist") else list(group)
    if len(labels) != len(money):
        raise error("length_mismatch", "group does not have as many rows as spend")
    if len(income) != len(money) or (given is not None and len(given) != len(money)):
        raise error("length_mismatch", "spend, revenue and weights differ in length")
    places: dict[Hashable, list[int]] = {}
    for place, label in enumerate(labels):
        places.setdefault(label, []).append(place)
    return {
        label: _fitted(
            model,
            [money[i] for i in rows],
            [income[i] for i in rows],
            _options(weights=None if given is None else [given[i] for i in rows], **settings),
            *rest,
        )
        for label, rows in places.items()
    }


def response_select(
    candidates: Sequence[str],
    spend: Numbers,
    revenue: Numbers,
    *,
    criterion: str = "aicc",
    margin: float | None = None,
    cross_validate: bool = False,
    baseline: bool = False,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
) -> ResponseSelection:
    """Which of several response curves the data prefer.

    ``criterion`` is ``aicc`` (Hurvich and Tsai 1989), ``aic``, ``bic``, ``leave_one_out`` or ``rolling_origin``.
    Where models lie within 2 of the best, the data do not decide, and ``averaged_optimal_spend`` (with a ``margin``)
    weighs their optima by Akaike weights.

    >>> import edgetally as et
    >>> spend = [1000, 2000, 4000, 8000, 16000, 32000, 48000, 64000]
    >>> revenue = [7810, 14720, 28100, 50600, 86100, 130500, 161000, 178000]
    >>> et.response_select(["power", "log", "michaelis_menten"], spend, revenue).best
    'michaelis_menten'
    """
    options = _options(
        baseline=baseline,
        weights=weights,
        loss=loss,
        loss_scale=loss_scale,
        noise=noise,
        adstock=adstock,
        normalize=normalize,
        max_lag=max_lag,
    )
    columns = floats("spend", spend), floats("revenue", revenue)
    return _select(candidates, *columns, options, criterion, margin, cross_validate)


class AllocationPlan(Result):
    """A division of a budget over channels."""

    __slots__ = ()

    spend: Any = field("Spend of each channel.")
    revenue: Any = field("Revenue of each channel.")
    marginal_roas: Any = field("Revenue of the next unit of spend, by channel.")
    shadow_price: Any = field("Revenue of one more unit of budget.")
    total_spend: Any = field("Sum of spends.")
    total_revenue: Any = field("Sum of revenues.")
    profit: Any = field("Margin times revenue less spend; undefined without a margin.")


class Allocation(AllocationPlan):
    """What ``allocate`` returns."""

    __slots__ = ()

    channels: Any = field("Names of the channels; their places where they have none.")
    gap: float = field("Revenue that no plan could exceed this one by: zero for curves that are concave.")
    profit_plan: Any = field("With a margin, the most profitable plan within the budget, which may spend less.")


def _bounds(name: str, value: Any, names: Sequence[Any], other: float) -> list[float]:
    if value is None:
        return [other] * len(names)
    if hasattr(value, "keys"):
        unknown = [str(key) for key in value if key not in names]
        if unknown:
            raise error("unknown_channel", f"{name} names channels that are not there: {', '.join(unknown)}")
        return [number(name, value.get(key, other)) for key in names]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [float(value)] * len(names)
    column = floats(name, value)
    if len(column) != len(names):
        raise error("length_mismatch", f"{name} does not have as many rows as channels")
    return column


def allocate(
    channels: Any,
    budget: float,
    *,
    lower: Any = None,
    upper: Any = None,
    margin: float | None = None,
) -> Allocation:
    """Divide a budget over channels so that revenue is the highest, and with a ``margin`` so that profit is.

    ``channels`` is a list of ``{"model": .., "params": {..}}`` and ``ResponseFit``, or a dictionary of them by name,
    as ``fit_response`` with ``group`` returns it. ``lower`` and ``upper`` bound each channel: one number for all, a
    list, or a dictionary by name. At the optimum every channel that is not at a bound has the same marginal return,
    the shadow price of the budget; where that is below ``1 / margin``, the last units lose money, and ``profit_plan``
    says what to spend instead. Bounds that the budget cannot meet exactly are an error.

    >>> import edgetally as et
    >>> strong = {"model": "power", "params": {"k": 60, "b": 0.75}}
    >>> weak = {"model": "power", "params": {"k": 30, "b": 0.75}}
    >>> plan = et.allocate([strong, weak], 100_000)
    >>> round(plan.spend[0] / plan.spend[1], 6), round(plan.shadow_price, 4)
    (16.0, 2.5692)
    """
    named = hasattr(channels, "keys") and not {"model", "params"} <= set(channels)
    if not named and (hasattr(channels, "keys") or isinstance(channels, (str, bytes, Result))):
        raise error("wrong_type", "channels is not a list and no dictionary of channels")
    entries = list(channels.values()) if named else list(channels)
    names = tuple(channels) if named else tuple(range(len(entries)))
    curves: list[tuple[str, list[float]]] = []
    for entry in entries:
        if isinstance(entry, ResponseFit):
            curves.append(entry._engine.steady())
        elif isinstance(entry, TwoPointCurve):
            curves.append((entry.model, [float(value) for value in entry.params.values()]))
        elif hasattr(entry, "keys") and {"model", "params"} <= set(entry):
            values = _params(entry["model"], entry["params"])
            curves.append(
                (entry["model"], [number(name, value) for name, value in zip(entry["params"], values, strict=True)])
            )
        else:
            raise error("wrong_type", "channels holds something that is neither a model with its params nor a fit")
    plan, profitable, gap = _edgetally.response_allocate(
        curves,
        number("budget", budget),
        _bounds("lower", lower, names, 0.0),
        _bounds("upper", upper, names, float("inf")),
        None if margin is None else number("margin", margin),
    )
    answer = Allocation((*plan, names, gap, None if profitable is None else AllocationPlan(profitable)))
    spent = [entry._engine.data()[0] if isinstance(entry, ResponseFit) else [] for entry in entries]
    return kept(answer, before=tuple(sum(one) / len(one) if one else float("nan") for one in spent))

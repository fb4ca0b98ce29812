"""Response curves fitted to past spends: the fit, what it says, and which curve the data prefer."""

from __future__ import annotations

from . import _edgetally
from ._adstock import carried
from ._arguments import choice, count, error, floats, missing, number, optional, same_length
from ._arguments import confidence as checked
from ._edgetally import EdgetallyError, Interval
from ._response import PARAMETERS, ResponseOptimum
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from typing import Any

    from ._arguments import Numbers

__all__ = [
    "FittedOptimum",
    "ResponseFit",
    "ResponseSelection",
    "fit_response",
    "response_fit",
    "response_select",
]

# As many as a bootstrap of customers takes.
_MOST_RESAMPLES = 1_000_000


def _columns_of(spend: Any, answer: Any, confidence: Any) -> Interval[Any]:
    """Give an interval for a number or for a column of spends, in the column's own kind."""
    level = number("confidence", checked(confidence))
    if isinstance(spend, (int, float)) and not isinstance(spend, bool):
        estimate, low, high = answer([float(spend)], level)
        return Interval(estimate[0], low[0], high[0])
    import numpy as np

    from ._columns import Form

    form = Form()
    (column,), _ = form.columns(("spend",), (spend,))
    if isinstance(column, float) or column is None:
        estimate, low, high = answer([number("spend", spend)], level)
        return Interval(estimate[0], low[0], high[0])
    return Interval(*(form.wrap(np.asarray(part)) for part in answer(column.tolist(), level)))


class FittedOptimum(ResponseOptimum):
    """What ``ResponseFit.optimum`` returns."""

    __slots__ = ()

    optimal_spend_uncapped: float = field("Spend with the highest profit, wherever it lies.")
    log_optimal_spend_se: float = field("Standard error of the logarithm of the optimal spend, by the delta method.")
    optimal_spend_ci_delta: Interval[float] = field(
        "Optimal spend with its interval by the delta method on the log scale."
    )
    optimal_spend_ci_bootstrap: Interval[float] = field("Optimal spend with the percentile interval of the resamples.")
    capped: bool = field("Whether the cap, or half as much again as the largest spend seen, holds the optimum back.")


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
    yardsticks: Any = field("Corrected Akaike criterion of a constant and of a straight line, to be beaten by a curve.")
    verdict: str = field("Whether the data show a curve at all: as in a fit.")
    warnings: Any = field("What the data cannot show, as stable words.")


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
    verdict: str = field(
        "What the data show: curve, straight_line, no_response or not_increasing; unknown if nothing was tested."
    )
    p_response: float = field("How likely so much of a rise is where revenue has nothing to do with spend.")
    p_saturation: float = field("How likely so much of a bend is where revenue is a straight line.")
    constant: float = field("Mean revenue: the curve of spend that does nothing.")
    line: Any = field("The straight line over a steady spend: base and slope.")
    missing_rows: int = field("Rows left out since a number is missing in them, or in spends that still work in them.")

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
        spend, _, part = name[len(prefix) :].partition("_")
        try:
            value = self._engine.marginal_roas_error(float(spend))
        except ValueError:
            return None
        return value[1] if part == "se" else value[0]

    def predict(self, spend: Numbers, *, confidence: float = 0.95) -> Interval[Any]:
        """Revenue at a steady spend per period, with its interval; for a column of spends the three are columns."""
        return _columns_of(spend, self._engine.predict, confidence)

    def marginal_roas(self, spend: Numbers, *, confidence: float = 0.95) -> Interval[Any]:
        """Revenue of the next unit of a steady spend, with its interval; columns for a column of spends."""
        return _columns_of(spend, self._engine.marginal_roas, confidence)

    def optimum(
        self, margin: float, cap: float | None = None, *, extrapolate: bool = False, confidence: float = 0.95
    ) -> FittedOptimum:
        """Find the most profitable steady spend.

        Not above ``cap``, and not above one and a half times the largest spend seen unless ``extrapolate``. Everything
        is ``NaN`` where the data show no curve (``verdict``).
        """
        optimum, uncapped, deviation, delta, drawn, capped = self._engine.optimum(
            number("margin", margin),
            optional("cap", cap),
            bool(extrapolate),
            number("confidence", checked(confidence)),
        )
        return FittedOptimum((*optimum, uncapped, deviation, Interval(*delta), Interval(*drawn), capped))

    def compare(
        self, candidates: Sequence[str] | None = None, *, criterion: str = "aicc", cross_validate: bool = True
    ) -> ResponseSelection:
        """Try the other models on the same data, with leave-one-out and rolling-origin errors."""
        spend, revenue, options = self._engine.data()
        margin = None if self.margin != self.margin else self.margin
        return _select(candidates or tuple(PARAMETERS), spend, revenue, options, criterion, margin, cross_validate)


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
    key = choice("criterion", criterion, places)
    if isinstance(candidates, str) or not hasattr(candidates, "__iter__"):
        raise error("wrong_type", "candidates is not a list of models")
    try:
        named = list(candidates)
    except TypeError:
        raise error("wrong_type", "candidates is not a list of models") from None
    models = [choice("candidates", name, tuple(PARAMETERS)) for name in named]
    cross_validate = bool(cross_validate) or key in ("loo", "rolling")
    rows, average, (constant, line), (verdict, omitted) = _edgetally.response_compare(
        models, spend, revenue, options, optional("margin", margin), False, cross_validate
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
            {"constant": constant, "straight_line": line},
            verdict,
            [*(["missing_rows"] if omitted else []), *_WORDS[verdict]],
        )
    )


# What a verdict says among the warnings.
_WORDS = {
    "unknown": (),
    "curve": (),
    "straight_line": ("straight_line",),
    "no_response": ("no_response",),
    "not_increasing": ("no_response", "not_increasing"),
}


def _options(
    *,
    baseline: bool | None = None,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
    initial: float | str = "zero",
    newey_west: int | None = None,
    n_boot: int = 0,
    block: int | str | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    if isinstance(block, str) and block != "auto":
        raise error("unknown_choice", "block is neither a whole number from 1 nor 'auto'")
    if not (baseline is None or type(baseline).__name__ in ("bool", "bool_")):
        raise error("wrong_type", f"baseline is not True, False or None, but {type(baseline).__name__}")
    resamples = count("n_boot", n_boot, 0)
    if resamples > _MOST_RESAMPLES:
        raise error("resamples_out_of_range", "n_boot is not from 0 to 1,000,000")
    return {
        "baseline": bool(baseline),
        "through_origin": baseline is not None and not baseline,
        "weights": weights,
        "loss": choice("loss", loss, ("linear", "huber", "soft_l1")),
        "loss_scale": optional("loss_scale", loss_scale),
        "noise": choice("noise", noise, ("additive", "multiplicative")),
        **carried(adstock, normalize=normalize, max_lag=max_lag, initial=initial),
        "newey_west": None if newey_west is None else count("newey_west", newey_west, 0),
        "n_boot": resamples,
        "block": None if block is None or block == "auto" else count("block", block),
        "series": adstock is not None or newey_west is not None or block is not None,
        "seed": count("seed", seed, 0),
    }


def _data(spend: Any, revenue: Any, weights: Any, nan_policy: Any) -> tuple[list[float], list[float], Any]:
    """The columns of a fit, a row of one belonging to a row of the others."""
    choice("nan_policy", nan_policy, ("omit", "raise"))
    given = {"spend": spend, "revenue": revenue} | ({} if weights is None else {"weights": weights})
    if all(isinstance(column, (list, tuple)) for column in given.values()):
        read = {name: floats(name, column) for name, column in given.items()}
    else:
        from ._arguments import arrays

        read = {name: column.tolist() for name, column in arrays(**given)[1].items()}
    same_length(read)
    for name, column in read.items():
        for row, value in enumerate(column):
            if value != value and nan_policy == "raise":
                raise error(
                    "missing_values", f"{name}[{row}] is missing: nan_policy='omit' leaves such rows out of the fit"
                )
            # Said here, where the rows are the caller's own and not those of a group.
            if value < 0 and name != "revenue":
                raise error("negative", f"{name}[{row}] is negative")
            if value in (float("inf"), float("-inf")):
                raise error("not_finite", f"{name}[{row}] is infinite")
    known = [value for value in read["revenue"] if value == value]
    largest = max(map(abs, known), default=0.0)
    if largest and not 1e-150 < largest < 1e150 and min(known) != max(known):
        # Their squares are infinite, or zero: any curve would do.
        size, unit = ("large", "larger") if largest > 1.0 else ("small", "smaller")
        raise error("out_of_range", f"revenue is too {size} to be squared: pass it in a {unit} unit")
    return read["spend"], read["revenue"], read.get("weights")


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
    choice("model", model, ("auto", *PARAMETERS))
    for name in ("block", "newey_west"):
        if options[name] is not None and options[name] >= len(spend) > 0:
            raise error("exceeds", f"{name} {options[name]} is not below the number of rows")
    level = number("confidence", checked(confidence))
    profit = optional("margin", margin)
    engine = _edgetally.ResponseModel(model, spend, revenue, options, threads)
    params = engine.params()
    (rss, sigma, r2, aic, aicc, bic), (rows, converged, baseline, theta, log_sd, failed) = engine.numbers()
    intervals = [Interval(*three) for three in engine.params_interval(level)]
    nan = float("nan")
    best: tuple[Any, ...] = (nan, nan, nan, Interval(nan, nan, nan), Interval(nan, nan, nan), nan)
    if profit is not None:
        optimum, uncapped, deviation, delta, drawn, _ = engine.optimum(
            profit, optional("cap", cap), bool(extrapolate), level
        )
        best = (optimum[0], uncapped, deviation, Interval(*delta), Interval(*drawn), optimum[2])
    verdict, (response, _, saturation), constant, line, omitted = engine.evidence()
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
            nan if profit is None else profit,
            *best,
            engine.warnings(profit),
            verdict,
            response,
            saturation,
            constant,
            dict(zip(("base", "slope"), line, strict=True)),
            omitted,
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
    baseline: bool | None = None,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
    initial: float | str = "zero",
    newey_west: int | None = None,
    n_boot: int = 0,
    block: int | str | None = None,
    seed: int = 0,
    nan_policy: str = "omit",
    threads: int | None = None,
) -> ResponseFit:
    """One model fitted to past spends and revenues; ``fit_response`` with the model in front and without resamples.

    >>> import edgetally as et
    >>> spend = [1000, 2000, 4000, 8000, 16000, 32000]
    >>> fit = et.response_fit("michaelis_menten", spend, [7810, 14720, 28100, 50600, 86100, 130500], margin=0.4)
    >>> round(fit.params["vmax"], -3), round(fit.r2, 4)
    (273000.0, 1.0)
    """
    money, income, given = _data(spend, revenue, weights, nan_policy)
    options = _options(
        baseline=baseline,
        weights=given,
        loss=loss,
        loss_scale=loss_scale,
        noise=noise,
        adstock=adstock,
        normalize=normalize,
        max_lag=max_lag,
        initial=initial,
        newey_west=newey_west,
        n_boot=n_boot,
        block=block,
        seed=seed,
    )
    return _fitted(model, money, income, options, margin, cap, extrapolate, confidence, threads)


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
    baseline: bool | None = None,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
    initial: float | str = "zero",
    newey_west: int | None = None,
    n_boot: int = 1000,
    block: int | str | None = None,
    seed: int = 0,
    nan_policy: str = "omit",
    threads: int | None = None,
) -> Any:
    """Fit a response curve to past spends and their revenues, with its uncertainty: a ``ResponseFit``.

    ``model`` is one of those of ``response_eval``, or ``auto``: the one with the lowest corrected Akaike criterion.
    ``baseline=True`` adds revenue without spend, ``False`` says that there is none. ``weights`` are those of squared
    residuals. ``loss`` is ``linear``, ``huber`` or ``soft_l1``, robust beyond ``loss_scale`` (by default 1.345 robust
    standard deviations). ``noise="multiplicative"`` takes residuals of logarithms. For consecutive periods, ``adstock``
    is the share carried over or ``"estimate"``, with ``normalize``, ``max_lag`` and ``initial`` as in ``adstock()``;
    ``newey_west`` is the lag of standard errors that allow for correlation. ``n_boot`` resamples (rows; for periods,
    blocks of ``block`` rows or the cube root of all) give percentile intervals that depend on ``seed`` and not on
    ``threads``. With a ``margin`` the optimum is among the fields; it stays below ``cap`` and below half as much again
    as the largest spend, unless ``extrapolate``.

    Each fit is held against a constant and a straight line. Where the data show no curve (``verdict``, and a word among
    ``warnings``), the optimum and its intervals are ``NaN``: a curve drawn through them all the same has one, to any
    number of digits, and it says nothing.

    A row in which a number is missing is left out (``missing_rows``), and its spend works on; after a missing spend,
    rows are left out while more than 5 % of their adstock is unknown. ``nan_policy="raise"`` makes it an error.

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
        "initial": initial,
        "newey_west": newey_west,
        "n_boot": n_boot,
        "block": block,
        "seed": seed,
    }
    money, income, given = _data(spend, revenue, weights, nan_policy)
    if group is None:
        return _fitted(
            model, money, income, _options(weights=given, **settings), margin, cap, extrapolate, confidence, threads
        )
    fits: dict[Hashable, ResponseFit] = {}
    for label, rows in _groups(group, len(money)).items():
        own = None if given is None else [given[i] for i in rows]
        spends, incomes = [money[i] for i in rows], [income[i] for i in rows]
        options = _options(weights=own, **settings)
        try:
            fits[label] = _fitted(model, spends, incomes, options, margin, cap, extrapolate, confidence, threads)
        except EdgetallyError as refusal:
            raise error(refusal.code, f"group {label!r}: {refusal}") from None
    return fits


def _groups(group: Any, rows: int) -> dict[Hashable, list[int]]:
    """The rows of each label, in the order of their first rows."""
    if isinstance(group, (str, bytes)) or not hasattr(group, "__iter__"):
        raise error("wrong_type", "group is not a column of labels")
    labels = group.tolist() if hasattr(group, "tolist") else list(group)
    if len(labels) != rows:
        raise error("length_mismatch", "group does not have as many rows as spend")
    places: dict[Hashable, list[int]] = {}
    for place, label in enumerate(labels):
        if missing(label) or label != label:
            raise error("missing_values", f"group[{place}] is missing: name it, or leave the row out")
        try:
            places.setdefault(label, []).append(place)
        except TypeError:
            raise error("wrong_type", f"group[{place}] is not a label, but {type(label).__name__}") from None
    return places


def response_select(
    candidates: Sequence[str],
    spend: Numbers,
    revenue: Numbers,
    *,
    criterion: str = "aicc",
    margin: float | None = None,
    cross_validate: bool = False,
    baseline: bool | None = None,
    weights: Numbers = None,
    loss: str = "linear",
    loss_scale: float | None = None,
    noise: str = "additive",
    adstock: float | str | None = None,
    normalize: bool = False,
    max_lag: int | None = None,
    initial: float | str = "zero",
    newey_west: int | None = None,
    nan_policy: str = "omit",
) -> ResponseSelection:
    """Which of several response curves the data prefer.

    ``criterion`` is ``aicc`` (Hurvich and Tsai 1989), ``aic``, ``bic``, ``leave_one_out`` or ``rolling_origin``.
    Where models lie within 2 of the best, the data do not decide, and ``averaged_optimal_spend`` (with a ``margin``)
    weighs their optima by Akaike weights. The best of several curves may still be none: ``yardsticks`` has the
    corrected criterion of a constant and of a straight line, and ``verdict`` says what the data show, as in a fit.

    >>> import edgetally as et
    >>> spend = [1000, 2000, 4000, 8000, 16000, 32000, 48000, 64000]
    >>> revenue = [7810, 14720, 28100, 50600, 86100, 130500, 161000, 178000]
    >>> et.response_select(["power", "log", "michaelis_menten"], spend, revenue).best
    'michaelis_menten'
    """
    money, income, given = _data(spend, revenue, weights, nan_policy)
    options = _options(
        baseline=baseline,
        weights=given,
        loss=loss,
        loss_scale=loss_scale,
        noise=noise,
        adstock=adstock,
        normalize=normalize,
        max_lag=max_lag,
        initial=initial,
        newey_west=newey_west,
    )
    return _select(candidates, money, income, options, criterion, margin, cross_validate)

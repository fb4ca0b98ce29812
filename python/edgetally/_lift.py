"""Lift: what advertising added, with intervals and economics. Each works on numbers and on columns."""

from __future__ import annotations

from ._arguments import choice
from ._edgetally import Calculator, EdgetallyError
from ._names import family
from ._result import LOW_COUNTS, SRM, Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Bounds, Number, Numbers


__all__ = [
    "LiftCiResult",
    "LiftDiffCiResult",
    "LiftEconomicsResult",
    "LiftEstimates",
    "LiftRelCiResult",
    "LiftResult",
    "LiftRevenueProductResult",
    "LiftScoreResult",
    "RateCiResult",
    "RateResult",
    "lift",
    "lift_ci",
    "lift_diff_ci",
    "lift_economics",
    "lift_rel_ci",
    "lift_revenue_product",
    "rate_ci",
]

# As numbers, since a calculator takes columns of numbers.
_ALTERNATIVES = {"two-sided": 0.0, "greater": 1.0, "less": 2.0}

# The bits of ``quality``, as the core has them.
_FLAGS = {"low_counts": 1, "negative_lift": 2, "interval_includes_zero": 4, "underpowered": 8, "srm": 16}


class LiftEstimates(Result):
    """What ``lift(..., method=None)`` returns: estimates without intervals."""

    __slots__ = ()

    exposed_rate: Any = field("Conversions per exposed user.")
    holdout_rate: Any = field("Conversions per user of the holdout.")
    abs_lift: Any = field("Exposed rate less holdout rate.")
    rel_lift: Any = field("The same as a fraction of the holdout rate.")
    expected_conversions: Any = field("Conversions that the exposed would have had without the advertising.")
    incremental_conversions: Any = field("Conversions of the exposed beyond those.")
    incremental_revenue: Any = field("Revenue of the incremental conversions.")
    incremental_gross_profit: Any = field("Contribution of the incremental conversions before advertising.")
    incremental_profit: Any = field("Contribution of the incremental conversions less spend.")
    incremental_roas: Any = field("Incremental revenue per unit of spend.")
    incremental_cpa: Any = field("Spend per incremental conversion.")


class LiftResult(LiftEstimates):
    """What ``lift`` returns."""

    __slots__ = ()

    share_incremental: Bounds = field("Incremental conversions as a share of the exposed users' conversions.")
    incremental_conversions_per_mille: Bounds = field("Incremental conversions per 1,000 exposed users.")
    incremental_conversions_rolled_out: Bounds = field("Incremental conversions if the holdout had been exposed too.")
    break_even_incremental_conversions: Number = field(
        "Incremental conversions at which the incremental profit is zero."
    )
    break_even_diff: Number = field("Difference of the rates at which the incremental profit is zero.")
    z: Number = field("Statistic of the score test of no difference.")
    p_value: Number = field("Its p-value.")
    split_p_value: Number = field("p-value of the split of the users, against expected_split.")
    quality: Number = field(
        "Sum of 1 low counts, 2 negative lift, 4 interval includes zero, 8 underpowered, 16 uneven split."
    )

    @property
    def flags(self) -> Any:
        """What a reader has to be told beside the numbers: words, or for columns a column of booleans by word.

        ``low_counts``: fewer than 5 expected in some cell, so that normal approximations are poor. ``negative_lift``:
        the exposed converted less often. ``interval_includes_zero``. ``underpowered``: ``mde`` was given and is
        larger than what was observed. ``srm``: ``expected_split`` was given and was not kept (p below 0.001); the
        numbers stand, a decision should not.
        """
        bits: Any = self["quality"]
        if isinstance(bits, float):
            return self._flags()
        from numpy import asarray, nan_to_num

        known = nan_to_num(asarray(bits)).astype("uint8")
        return {name: (known & bit) != 0 for name, bit in _FLAGS.items()}

    def _flags(self) -> tuple[str, ...]:
        bits: Any = self["quality"]
        if not isinstance(bits, float) or bits != bits:
            return ()
        return tuple(name for name, bit in _FLAGS.items() if int(bits) & bit)

    @property
    def status(self) -> Any:
        """Bits per row: 1 refused (``errors="coerce"``), 2 some field undefined, 8 low counts, 16 uneven split."""
        bits = super().status
        flags = self.flags
        if isinstance(flags, tuple):
            return bits | LOW_COUNTS * ("low_counts" in flags) | SRM * ("srm" in flags)
        return bits | flags["low_counts"] * LOW_COUNTS | flags["srm"] * SRM


class LiftEconomicsResult(LiftResult):
    """What ``lift_economics`` returns, and ``lift`` with ``bayes``."""

    __slots__ = ()

    prob_lift_positive: Number = field("Posterior probability that the exposed rate is higher.")
    prob_profit_positive: Number = field("Posterior probability that the incremental profit is above zero.")


_METHODS = ("score", "newcombe", "agresti_caffo", "wald", "katz", "delta")
_LIFT: dict[Any, Calculator] = {method: Calculator(f"lift.{method}", LiftResult) for method in _METHODS}
_LIFT[None] = Calculator("lift.point", LiftEstimates)
_ECONOMICS: dict[Any, Calculator] = {
    method: Calculator(f"lift.economics.{method}", LiftEconomicsResult) for method in _METHODS
}


@family
def lift(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    spend: Numbers = None,
    aov: Numbers = None,
    margin: Numbers = None,
    confidence: Numbers = 0.95,
    method: str | None = "score",
    alternative: str = "two-sided",
    bayes: tuple[Numbers, Numbers] | None = None,
    expected_split: Numbers = None,
    mde: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> Any:
    """What advertising added, from an experiment with a holdout: conversions, money, and how sure that is.

    Counts are whole numbers; ``spend`` is for the exposed users, ``aov`` revenue per conversion, ``margin`` the share
    of it left after variable costs. What is not given leaves undefined (``NaN``) what depends on it. Everything is
    exposed less holdout, scaled to the exposed users, so that the holdout may be smaller.

    ``method`` makes the intervals: ``"score"`` (Miettinen and Nurminen 1985, for difference and ratio; excludes zero
    exactly when ``p_value`` is below ``1 - confidence``), ``"newcombe"`` (Newcombe 1998 with MOVER-R, closed form,
    many times faster), or for comparison ``"agresti_caffo"``, ``"wald"``, ``"katz"`` and ``"delta"``. ``None`` gives
    estimates alone, for millions of rows. ``alternative="greater"`` or ``"less"`` makes intervals and p-value
    one-sided. The interval of ``incremental_cpa`` is open upwards where no effect cannot be excluded, and undefined
    where there was certainly none.

    ``bayes=(1, 1)``, or another Beta prior, adds the posterior probabilities of a lift and of a profit, as
    ``lift_economics``.

    ``expected_split`` is the share of users that was to be exposed; it is tested, and ``flags`` has ``srm`` when it
    was not kept. ``mde`` is the smallest difference of rates that the experiment could find (see ``lift_mde``), for
    the flag ``underpowered``.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in ``.status``.

    >>> import edgetally as et
    >>> r = et.lift(100_000, 1_200, 100_000, 900, spend=50_000, aov=80, margin=0.4)
    >>> print(f"{r.incremental_conversions:.0f}")
    300 [211, 390]
    >>> print(f"{r.incremental_profit:,.0f}")
    -40,400 [-43,253, -37,531]
    >>> r.p_value < 1e-10, r.flags
    (True, ())
    """
    side = choice("alternative", alternative, _ALTERNATIVES)
    counts = (exposed_users, exposed_conversions, holdout_users, holdout_conversions, spend, aov, margin)
    if method is None and bayes is None:
        return _LIFT[None](counts, errors, threads)
    options = (confidence, side, expected_split, mde)
    if bayes is None:
        return choice("method", method, _LIFT)((*counts, *options), errors, threads)
    return choice("method", method, _ECONOMICS)((*counts, *options, *_prior(bayes)), errors, threads)


def lift_economics(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    spend: Numbers = None,
    aov: Numbers = None,
    margin: Numbers = None,
    confidence: Numbers = 0.95,
    method: str = "score",
    alternative: str = "two-sided",
    bayes: tuple[Numbers, Numbers] = (1.0, 1.0),
    expected_split: Numbers = None,
    mde: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftEconomicsResult:
    """As ``lift``, with the probabilities of a lift and of a profit after the data.

    ``bayes`` is the Beta prior of either rate: conversions and users without one that it is worth, ``(1, 1)`` for all
    rates alike. Without ``spend``, ``aov`` and ``margin`` the probability of a profit is undefined.

    >>> import edgetally as et
    >>> r = et.lift_economics(900_000, 9_900, 100_000, 1_000, spend=20_000, aov=80, margin=0.4)
    >>> round(r.prob_profit_positive, 4)
    0.8138
    >>> print(f"{r.incremental_cpa:.2f}")
    22.22 [13.57, 67.37]
    """
    side = choice("alternative", alternative, _ALTERNATIVES)
    return choice("method", method, _ECONOMICS)(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            spend,
            aov,
            margin,
            confidence,
            side,
            expected_split,
            mde,
            *_prior(bayes),
        ),
        errors,
        threads,
    )


def _prior(bayes: Any) -> tuple[Numbers, Numbers]:
    if isinstance(bayes, (tuple, list)) and len(bayes) == 2:
        return bayes[0], bayes[1]
    error = EdgetallyError("bayes is not a pair of numbers above 0, the parameters of a Beta distribution")
    error.code = "wrong_type"
    raise error


class LiftDiffCiResult(Result):
    """What ``lift_diff_ci`` returns."""

    __slots__ = ()

    diff: Number = field("Exposed rate less holdout rate.")
    diff_wald: Bounds = field("Normal, with the variance at the observed rates.")
    diff_newcombe: Bounds = field("From the Wilson intervals of both rates (Newcombe 1998).")
    diff_agresti_caffo: Bounds = field(
        "Wald after adding one conversion and one user without to each arm, cut to -1 and 1."
    )
    diff_score: Bounds = field("What the score test with N / (N - 1) does not reject (Miettinen and Nurminen 1985).")
    diff_score_uncorrected: Bounds = field("The same without N / (N - 1) (Mee 1984).")


_DIFF_CI = Calculator("lift.diff_ci", LiftDiffCiResult)


def lift_diff_ci(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    confidence: Numbers = 0.95,
    alternative: str = "two-sided",
    errors: str = "raise",
    threads: int | None = None,
) -> LiftDiffCiResult:
    """The interval of the difference of two rates, by five methods side by side.

    Errors: counts that are not whole numbers from 0 to 2**53, more conversions than users, a confidence that is not
    within 0 and 1. Without users in an arm everything is ``NaN``. For one method at speed see ``lift_ci``.

    >>> import edgetally as et
    >>> r = et.lift_diff_ci(70, 56, 80, 48)
    >>> [round(end, 4) for end in r.diff_newcombe]
    [0.0524, 0.3339]
    >>> [round(end, 4) for end in r.diff_score]
    [0.0528, 0.3382]
    """
    return _DIFF_CI(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            confidence,
            choice("alternative", alternative, _ALTERNATIVES),
        ),
        errors,
        threads,
    )


class LiftRelCiResult(Result):
    """What ``lift_rel_ci`` returns."""

    __slots__ = ()

    ratio: Number = field("Exposed rate over holdout rate.")
    rel_lift: Number = field("The ratio less one.")
    ratio_katz: Bounds = field(
        "Normal on the logarithm (Katz and others 1978); undefined without conversions in one arm."
    )
    ratio_log_adjusted: Bounds = field(
        "The same with half a conversion and half a user added to each arm (Walter 1975)."
    )
    ratio_score: Bounds = field("What the score test with N / (N - 1) does not reject (Miettinen and Nurminen 1985).")
    ratio_score_uncorrected: Bounds = field("The same without N / (N - 1) (Koopman 1984).")
    ratio_mover: Bounds = field("From the Wilson intervals of both rates (MOVER-R, Donner and Zou 2012).")
    ratio_fieller: Bounds = field("Fieller's, at the observed rates; what of it is not negative (1954).")
    rel_lift_delta_normal: Bounds = field("Normal on the relative lift, by the delta method.")


_REL_CI = Calculator("lift.rel_ci", LiftRelCiResult)


def lift_rel_ci(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    confidence: Numbers = 0.95,
    alternative: str = "two-sided",
    errors: str = "raise",
    threads: int | None = None,
) -> LiftRelCiResult:
    """The interval of the ratio of two rates, and of the relative lift, by seven methods side by side.

    Without conversions in the holdout the ratio is undefined, and its score and MOVER-R intervals are open upwards.
    Errors as ``lift_diff_ci``. For one method at speed see ``lift_ci``.

    >>> import edgetally as et
    >>> r = et.lift_rel_ci(100_000, 1_200, 100_000, 900)
    >>> [round(end, 4) for end in r.ratio_score]
    [1.2235, 1.453]
    >>> [round(end, 4) for end in r.rel_lift_delta_normal]
    [0.2187, 0.448]
    """
    return _REL_CI(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            confidence,
            choice("alternative", alternative, _ALTERNATIVES),
        ),
        errors,
        threads,
    )


class LiftCiResult(Result):
    """What ``lift_ci`` returns."""

    __slots__ = ()

    diff: Any = field("Exposed rate less holdout rate.")
    ratio: Any = field("Exposed rate over holdout rate; the relative lift is one less.")


class LiftScoreResult(LiftCiResult):
    """What ``lift_ci`` returns for ``method="score"``: the test that its intervals invert as well."""

    __slots__ = ()

    z: Any = field("Statistic of the score test of no difference.")
    p_value: Any = field("Its p-value.")


_CI: dict[Any, Calculator] = {
    "score": Calculator("lift.ci.score", LiftScoreResult),
    **{
        method: Calculator(f"lift.ci.{method}", LiftCiResult)
        for method in ("score_uncorrected", "newcombe", "agresti_caffo", "wald", "katz", "delta", "fieller")
    },
}


def lift_ci(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    confidence: Numbers = 0.95,
    method: str = "score",
    alternative: str = "two-sided",
    errors: str = "raise",
    threads: int | None = None,
) -> Any:
    """Difference and ratio of two rates with intervals by one method, and nothing else: for tables of millions of rows.

    ``"score"`` (with the test), ``"score_uncorrected"``, ``"newcombe"`` (with MOVER-R for the ratio),
    ``"agresti_caffo"`` (with the adjusted logarithm), ``"wald"`` and ``"delta"`` (with the delta method), ``"katz"``
    and ``"fieller"`` (with Wald for the difference). Errors as ``lift_diff_ci``.

    >>> import edgetally as et
    >>> r = et.lift_ci([1_000, 100_000], [12, 1_200], [1_000, 100_000], [9, 900], method="newcombe")
    >>> r.diff.low.round(6).tolist()
    [-0.006513, 0.002108]
    """
    return choice("method", method, _CI)(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            confidence,
            choice("alternative", alternative, _ALTERNATIVES),
        ),
        errors,
        threads,
    )


class LiftRevenueProductResult(Result):
    """What ``lift_revenue_product`` returns."""

    __slots__ = ()

    incremental_revenue: Bounds = field(
        "Incremental conversions times order value, with a normal interval by the exact error."
    )
    se_delta: Number = field("Its standard error to the first order.")
    se_exact_independent: Number = field(
        "Its standard error when difference and order value are independent (Goodman 1960)."
    )


_REVENUE_PRODUCT = Calculator("lift.revenue_product", LiftRevenueProductResult)


def lift_revenue_product(
    exposed_users: Numbers,
    diff: Numbers,
    diff_se: Numbers,
    aov: Numbers,
    aov_se: Numbers,
    *,
    confidence: Numbers = 0.95,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftRevenueProductResult:
    """Incremental revenue when the revenue per conversion is an estimate too.

    ``diff`` and ``diff_se`` are the difference of the rates and its standard error, ``aov`` and ``aov_se`` the mean
    order value and its own. Errors: a negative or infinite standard error or order value.

    >>> import edgetally as et
    >>> r = et.lift_revenue_product(100_000, 0.003, 0.000455788, 80.0, 1.5)
    >>> float(r.incremental_revenue), round(r.se_delta, 2), round(r.se_exact_independent, 2)
    (24000.0, 3673.97, 3674.6)
    """
    return _REVENUE_PRODUCT(
        (exposed_users, diff, diff_se, aov, aov_se, confidence),
        errors,
        threads,
    )


class RateCiResult(Result):
    """What ``rate_ci`` returns."""

    __slots__ = ()

    rate: Number = field("Count per trial.")
    wilson: Bounds = field("What the score test does not reject (Wilson 1927).")
    agresti_coull: Bounds = field("Normal around the middle of Wilson's, cut to 0 and 1 (1998).")
    jeffreys: Bounds = field("Quantiles of the Beta distribution after Jeffreys' prior.")
    normal: Bounds = field("Normal, with the variance at the observed rate, cut to 0 and 1.")
    clopper_pearson: Bounds = field("Exact: never below its confidence (1934).")


class RateResult(Result):
    """What ``rate_ci`` returns for one method."""

    __slots__ = ()

    rate: Any = field("Count per trial.")


_RATE_CI: dict[Any, Calculator] = {
    None: Calculator("rate_ci", RateCiResult),
    **{
        method: Calculator(f"rate_ci.{method}", RateResult)
        for method in ("wilson", "agresti_coull", "jeffreys", "normal", "clopper_pearson")
    },
}


def rate_ci(
    count: Numbers,
    n: Numbers,
    *,
    confidence: Numbers = 0.95,
    method: str | None = None,
    alternative: str = "two-sided",
    errors: str = "raise",
    threads: int | None = None,
) -> Any:
    """The interval of one rate, ``count`` of ``n``: by five methods, or as ``.rate`` by the one that is named.

    Of those ``"wilson"``, ``"agresti_coull"`` and ``"normal"`` are closed forms; ``"jeffreys"`` and
    ``"clopper_pearson"`` need quantiles of the Beta distribution. Errors: counts that are not whole numbers,
    ``count`` above ``n``. Without trials everything is ``NaN``.

    >>> import edgetally as et
    >>> [round(end, 4) for end in et.rate_ci(0, 10).wilson]
    [0.0, 0.2775]
    >>> print(f"{et.rate_ci(30, 1_000, method='clopper_pearson').rate:.2%}")
    3.00% [2.03%, 4.26%]
    """
    return choice("method", method, _RATE_CI)(
        (count, n, confidence, choice("alternative", alternative, _ALTERNATIVES)),
        errors,
        threads,
    )

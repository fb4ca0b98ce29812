"""Intervals of two rates, and of one, by several methods. Each works on numbers and on columns."""

from __future__ import annotations

from ._arguments import choice
from ._edgetally import Calculator
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Bounds, Number, Numbers


__all__ = [
    "LiftCiResult",
    "LiftDiffCiResult",
    "LiftRelCiResult",
    "LiftScoreResult",
    "RateCiResult",
    "RateResult",
    "lift_ci",
    "lift_diff_ci",
    "lift_rel_ci",
    "rate_ci",
]

# As numbers, since a calculator takes columns of numbers.
ALTERNATIVES = {"two-sided": 0.0, "greater": 1.0, "less": 2.0}


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
            choice("alternative", alternative, ALTERNATIVES),
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
            choice("alternative", alternative, ALTERNATIVES),
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
            choice("alternative", alternative, ALTERNATIVES),
        ),
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
        (count, n, confidence, choice("alternative", alternative, ALTERNATIVES)),
        errors,
        threads,
    )

"""Lift: what advertising added, with intervals and economics. Each works on numbers and on columns."""

from __future__ import annotations

from ._arguments import choice, error, place
from ._edgetally import Calculator
from ._lift_ci import ALTERNATIVES
from ._names import family
from ._result import LOW_COUNTS, SRM, Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Bounds, Number, Numbers


__all__ = [
    "LiftEconomicsResult",
    "LiftEstimates",
    "LiftNonInferiorityResult",
    "LiftResult",
    "LiftRevenueProductResult",
    "NonInferiorityResult",
    "lift",
    "lift_economics",
    "lift_non_inferiority",
    "lift_revenue_product",
]

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


class LiftNonInferiorityResult(LiftResult):
    """What ``lift`` returns with ``non_inferiority``."""

    __slots__ = ()

    non_inferiority_z: Number = field("Statistic of the score test at the margin.")
    non_inferiority_p: Number = field("One-sided p-value: of a loss of the margin or more.")
    non_inferior: Number = field("1 where that is at most half of one less the confidence, 0 where it is not.")


class NonInferiorityResult(Result):
    """What ``lift_non_inferiority`` returns."""

    __slots__ = ()

    non_inferiority_z: Number = field("Statistic of the score test at the margin.")
    non_inferiority_p: Number = field("One-sided p-value: of a loss of the margin or more.")
    non_inferior: Number = field("1 where that is at most half of one less the confidence, 0 where it is not.")


_NON_INFERIORITY = Calculator("lift.non_inferiority", NonInferiorityResult)
_SCALES = ("relative", "absolute")

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
    non_inferiority: Numbers = None,
    margin_scale: str = "relative",
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

    ``non_inferiority=0.05`` asks besides whether the exposed rate is no more than 5 % below the holdout's, as
    ``lift_non_inferiority``; ``margin_scale="absolute"`` makes it a difference of rates.

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
    side = choice("alternative", alternative, ALTERNATIVES)
    if bayes is None and non_inferiority is None and method is not None:
        values = (
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
        )
        return choice("method", method, _LIFT)(values, errors, threads)
    counts = (exposed_users, exposed_conversions, holdout_users, holdout_conversions, spend, aov, margin)
    if method is None and bayes is None:
        return _LIFT[None](counts, errors, threads)
    options = (confidence, side, expected_split, mde)
    if non_inferiority is not None:
        if bayes is not None or alternative != "two-sided":
            raise error("one_goal", "non_inferiority is one question, bayes or a one-sided alternative another")
        whole = choice("method", method, _LIFT)((*counts, *options), errors, threads)
        test = lift_non_inferiority(
            *counts[:4],
            non_inferiority=non_inferiority,
            margin_scale=margin_scale,
            confidence=confidence,
            errors=errors,
            threads=threads,
        )
        refused = whole._refused if test._refused is None else test._refused
        return LiftNonInferiorityResult((*whole._values, *test._values), refused)
    return choice("method", method, _ECONOMICS)((*counts, *options, *_prior(bayes)), errors, threads)


def lift_non_inferiority(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    non_inferiority: Numbers,
    margin_scale: str = "relative",
    confidence: Numbers = 0.95,
    errors: str = "raise",
    threads: int | None = None,
) -> NonInferiorityResult:
    """Whether the exposed convert no worse than the holdout by more than a margin that was agreed on before.

    ``non_inferiority=0.05`` is a margin of 5 % of the holdout's rate; with ``margin_scale="absolute"`` it is a
    difference of rates, so 0.001 is 0.1 percentage points. One-sided score test at the margin (Farrington and Manning
    1990 for the difference; Koopman 1984 for the ratio), at half of one less the confidence, 2.5 %: the verdict is
    whether the lower end of the score interval at ``confidence`` is above the margin.

    >>> import edgetally as et
    >>> test = et.lift_non_inferiority(50_000, 2_490, 50_000, 2_500, non_inferiority=0.1)
    >>> round(test.non_inferiority_p, 4), test.non_inferior
    (0.0001, 1.0)
    """
    scale = place("margin_scale", margin_scale, _SCALES)
    arms = (exposed_users, exposed_conversions, holdout_users, holdout_conversions)
    return _NON_INFERIORITY((*arms, non_inferiority, scale, confidence), errors, threads)


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
    side = choice("alternative", alternative, ALTERNATIVES)
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
    raise error("wrong_type", "bayes is not a pair of numbers above 0, the parameters of a Beta distribution")


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

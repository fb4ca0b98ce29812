"""Lifetime value: constant churn, counts, customers, retention tables, cohorts, a fitted curve."""

from __future__ import annotations

from . import _edgetally
from ._arguments import choice, error, floats, number, optional
from ._arguments import confidence as checked
from ._edgetally import Calculator
from ._flags import Flagged, holds, noted
from ._names import family
from ._result import Result, field, headline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Number, Numbers
    from ._edgetally import Interval

__all__ = [
    "CohortLtvResult",
    "LtvBootstrapResult",
    "LtvFromCountsResult",
    "LtvResult",
    "LtvToCacResult",
    "RetentionLtvResult",
    "SbgResult",
    "ltv",
    "ltv_bootstrap",
    "ltv_cohort",
    "ltv_from_counts",
    "ltv_retention",
    "ltv_sbg",
    "ltv_to_cac",
]


class LtvResult(Flagged):
    """What ``ltv`` returns; ``float()`` of it is ``.ltv``."""

    __slots__ = ()

    ltv: Number = field(
        "The value asked for: within the horizon when there is one, else the whole life; discounted, by timing."
    )
    gross_profit_month: Number = field("Gross profit per customer and month.")
    lifetime_months: Number = field("Expected months as a customer: one over churn.")
    monthly_discount: Number = field("The monthly rate of the yearly discount.")
    ltv_simple: Number = field("Gross profit over churn: no discount, expansion or horizon.")
    ltv_discounted_due: Number = field("Whole life, discounted, with expansion, first payment now.")
    ltv_discounted_end: Number = field("Whole life, discounted, with expansion, first payment after a month.")
    ltv_horizon_undiscounted: Number = field("Within the horizon, with expansion, not discounted.")
    ltv_horizon_due: Number = field("Within the horizon, discounted, first payment now.")
    ltv_horizon_end: Number = field("Within the horizon, discounted, first payment after a month.")
    retention_12: Number = field("Share of customers left after 12 months.")
    retention_horizon: Number = field("Share of customers left after the horizon.")

    def __float__(self) -> float:
        """The value asked for."""
        return headline(self, "ltv")

    def _marks(self) -> dict[str, Any]:
        return {"unbounded": holds(lambda value: value == float("inf"), self.ltv)}


_LTV = {timing: Calculator(f"ltv.{timing}", LtvResult) for timing in ("start", "end")}


@family
def ltv(
    arpa: Numbers,
    *,
    churn: Numbers,
    gross_margin: Numbers = None,
    annual_discount: Numbers = 0.0,
    horizon: Numbers = None,
    expansion: Numbers = 0.0,
    timing: str = "start",
    errors: str = "raise",
    threads: int | None = None,
) -> LtvResult:
    """Lifetime value of a customer with constant churn, as gross profit.

    ``arpa`` is revenue per account and month, ``churn`` the share of customers lost a month, ``expansion`` the
    growth of a remaining customer's revenue a month, ``horizon`` whole months. ``timing="start"`` counts the first
    month in full, ``"end"`` discounts it by a month. Without churn and discount the value is infinite, and is kept
    so. Columns work as everywhere. The result may be passed on as ``target_cpa(ltv=...)``, with a margin of 1.

    >>> import edgetally as et
    >>> customer = et.ltv(200, gross_margin=0.8, churn=0.03, annual_discount=0.12, horizon=36)
    >>> round(customer.ltv_simple, 2), round(customer.ltv, 2)
    (5333.33, 3117.76)
    """
    values = (arpa, gross_margin, churn, annual_discount, horizon, expansion)
    return noted(
        _LTV[choice("timing", timing, ("start", "end"))](values, errors, threads),
        margin_not_given=gross_margin is None,
    )


class LtvFromCountsResult(Flagged):
    """What ``ltv_from_counts`` returns; ``float()`` of it is the estimate."""

    __slots__ = ()

    ltv: Any = field("Monthly gross profit over churn, with its interval by the delta method on the logarithm.")
    churn: Any = field("Customers lost per customer month.")
    log_ltv_se: Any = field("Standard error of the logarithm of the value.")

    def _marks(self) -> dict[str, Any]:
        return {
            "nobody_left": holds(lambda churn: churn == 0.0, self.churn),
            "no_variance": holds(lambda value, low: (value == value) & (low != low), self.ltv.estimate, self.ltv.low),
        }

    def __float__(self) -> float:
        """The estimate."""
        return headline(self, "ltv")


_FROM_COUNTS = Calculator("ltv.from_counts", LtvFromCountsResult)


def ltv_from_counts(
    gross_profit_month: Numbers,
    customer_months: Numbers,
    churned: Numbers,
    *,
    gross_profit_se: Numbers = 0.0,
    confidence: Numbers = 0.95,
    errors: str = "raise",
    threads: int | None = None,
) -> LtvFromCountsResult:
    """Lifetime value with an interval, from what was counted.

    ``churned`` customers left in ``customer_months`` months in which one could; ``gross_profit_se`` is the standard
    error of the mean gross profit. When nobody left there is no estimate, and the lower end rests on the exact
    Poisson bound.

    >>> import edgetally as et
    >>> f"{et.ltv_from_counts(160, 10_000, 300, gross_profit_se=4).ltv:.5g}"
    '5333.3 [4722, 6023.8]'
    """
    values = (gross_profit_month, customer_months, churned, gross_profit_se, checked(confidence))
    return _FROM_COUNTS(values, errors, threads)


class LtvBootstrapResult(Flagged):
    """What ``ltv_bootstrap`` returns; ``float()`` of it is the estimate."""

    __slots__ = ()

    ltv: Any = field("Gross profit of all over the number who left, with percentiles of the resampled values.")
    ltv_ci_delta: Any = field("The same with the interval by the delta method over customers.")
    log_ltv_se: Any = field("Standard error of the logarithm by the delta method.")
    gross_profit_month: Any = field("Gross profit per observed month.")
    churn: Any = field("Customers lost per observed month.")
    unbounded_share: Any = field("Share of samples in which nobody left.")

    def _marks(self) -> dict[str, Any]:
        return {
            "nobody_left": holds(lambda churn: churn == 0.0, self.churn),
            "no_variance": holds(lambda value, low: (value == value) & (low != low), self.ltv.estimate, self.ltv.low),
        }

    def __float__(self) -> float:
        """The estimate."""
        return float(self.ltv)


def ltv_bootstrap(
    gross_profit: Any,
    months: Any,
    churned: Any,
    *,
    n_boot: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> LtvBootstrapResult:
    """Lifetime value of a list of customers, with a bootstrap over them (Efron 1979).

    One row per customer: gross profit so far, months observed, and 1 for who has left, 0 for who is still there. Profit
    per month over churn per month is all profit over all who left. The same seed gives the same interval everywhere.

    >>> import edgetally as et
    >>> customers = et.ltv_bootstrap([120, 80, 200, 40] * 25, [6, 4, 10, 2] * 25, [1, 1, 0, 1] * 25)
    >>> round(customers.ltv.estimate, 2), customers.ltv.low < customers.ltv.estimate < customers.ltv.high
    (146.67, True)
    """
    if isinstance(n_boot, bool) or not isinstance(n_boot, int) or not 1 <= n_boot <= 1_000_000:
        raise error("resamples_out_of_range", "n_boot is not a whole number from 1 to 1,000,000")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise error("not_a_count", "seed is not a whole number from 0 below 2^64")
    return LtvBootstrapResult(
        _edgetally._ltv_bootstrap(
            floats("gross_profit", gross_profit),
            floats("months", months),
            floats("churned", churned),
            n_boot,
            seed,
            number("confidence", checked(confidence)),
        )
    )


class RetentionLtvResult(Result):
    """What ``ltv_retention`` returns; ``float()`` of it is ``.ltv``."""

    __slots__ = ()

    ltv: Any = field("Discounted gross profit per customer, with the tail when there is one.")
    ltv_undiscounted: Any = field("The same without discount.")
    tail: Any = field("What of the value lies beyond the table: assumed, not observed.")
    lifetime_months: Any = field("Expected months as a customer.")
    cumulative: Any = field("Discounted gross profit up to each month of the table.")

    def __float__(self) -> float:
        """The value."""
        return float(self.ltv)


def ltv_retention(
    retention: Any,
    gross_profit: Any,
    *,
    annual_discount: float = 0.0,
    timing: str = "start",
    tail_churn: float | None = None,
) -> RetentionLtvResult:
    """Lifetime value by a table of retention: ``sum of gross_profit[t] * retention[t] / (1 + discount)**t``.

    ``retention[t]`` is the share of customers who pay in month ``t``, the first being month 0; ``gross_profit`` one
    number or one per month. With ``tail_churn`` the table goes on for ever with that churn; without, it ends.

    >>> import edgetally as et
    >>> et.ltv_retention([1.0, 0.6, 0.45], 40).ltv
    82.0
    """
    return RetentionLtvResult(
        _edgetally._ltv_retention(
            floats("retention", retention),
            floats("gross_profit", gross_profit if hasattr(gross_profit, "__len__") else [gross_profit]),
            number("annual_discount", annual_discount),
            choice("timing", timing, ("start", "end")),
            optional("tail_churn", tail_churn),
        )
    )


class CohortLtvResult(Result):
    """What ``ltv_cohort`` returns; ``float()`` of it is ``.ltv``."""

    __slots__ = ()

    ltv: float = field("Gross profit per customer up to the highest age.")
    pooled_cumulative: Any = field(
        "Gross profit per customer up to each age; every age uses only cohorts that reached it."
    )
    cumulative_per_customer: Any = field("The same for each cohort by itself.")
    customers: Any = field("Customers behind each age.")
    cohorts: Any = field("Cohorts behind each age.")

    def __float__(self) -> float:
        """The value."""
        return float(self.ltv)


def ltv_cohort(cohort_sizes: Any, gross_profit: Any) -> CohortLtvResult:
    """Lifetime value by a triangle of cohorts: one row of gross profit per cohort, by age.

    Rows may be of different length, or a rectangular table (NumPy, pandas, Polars) with ``NaN`` or nulls for ages
    not yet reached. At each age the profits of the cohorts that reached it are divided by the customers of the same
    cohorts.

    >>> import edgetally as et
    >>> triangle = et.ltv_cohort([1000, 1200, 900], [[16000, 12000, 9500], [19500, 14800], [14200]])
    >>> [round(value, 4) for value in triangle.pooled_cumulative]
    [16.0323, 28.2141, 37.7141]
    """
    rows = gross_profit
    if not isinstance(rows, (list, tuple)):
        import numpy as np

        try:
            rows = np.asarray(rows.to_numpy() if hasattr(rows, "to_numpy") else rows, dtype=np.float64)
        except Exception:  # whatever a stranger's object does
            raise error("wrong_type", "gross_profit is not a table of numbers") from None
        if rows.ndim != 2:
            raise error("wrong_type", f"gross_profit has {rows.ndim} dimensions where a table has two")
        rows = rows.tolist()
    rows = [floats("gross_profit", row) for row in rows]
    return CohortLtvResult(_edgetally._ltv_cohort(floats("cohort_sizes", cohort_sizes), rows))


class SbgResult(Flagged):
    """What ``ltv_sbg`` returns; ``float()`` of it is the lifetime value, or the expected lifetime without a profit."""

    __slots__ = ()

    alpha: Interval[float] = field("First parameter of the beta distribution of churn, with its interval.")
    beta: Interval[float] = field("Second parameter, with its interval.")
    log_likelihood: float = field("Log likelihood at the maximum.")
    discounted_expected_lifetime: Interval[float] = field(
        "Expected discounted periods as a customer, with its interval."
    )
    ltv: Interval[float] = field("That times the gross profit of a period; undefined without one.")
    retention_1: float = field("Share of customers who stay through the first period.")
    survival_8: float = field("Share of customers left after 8 periods.")
    survival_12: float = field("Share of customers left after 12 periods.")
    log_alpha_se: float = field("Standard error of the logarithm of alpha.")
    log_beta_se: float = field("Standard error of the logarithm of beta.")
    correlation: float = field("Correlation of the two logarithms.")
    identified: bool = field("Whether the survivors tell both parameters.")
    well_identified: bool = field("Whether both standard errors are below 1.")
    boundary: Any = field("Why the parameters cannot be told; None when they can.")
    survival: Any = field("Share of customers left after 0, 1, 2 ... periods.")
    retention: Any = field("Share of those still there who stay through period 1, 2 ...")
    residual_lifetime: Any = field("Discounted expected further periods of who has renewed 0, 1, 2 ... times.")

    def __float__(self) -> float:
        """The lifetime value, or the expected lifetime without a profit."""
        value = float(self.ltv)
        return value if value == value else float(self.discounted_expected_lifetime)

    def _marks(self) -> dict[str, Any]:
        return {
            "not_identified": not self.identified,
            "weakly_identified": bool(self.identified) and not self.well_identified,
        }

    def _is_single(self) -> bool:
        return True


def ltv_sbg(
    survivors: Any,
    *,
    annual_discount: float = 0.0,
    gross_profit: float | None = None,
    confidence: float = 0.95,
    periods: int | None = None,
) -> SbgResult:
    """Fit the shifted-beta-geometric model of retention to one cohort (Fader and Hardie 2007), by maximum likelihood.

    ``survivors[0]`` is the size of the cohort, ``survivors[t]`` how many are left after ``t`` periods;
    ``annual_discount`` is the rate of one period, a year in the paper. ``gross_profit`` per period turns the
    expected lifetime into money. ``survival`` and the like go to ``periods``, at least 12 unless given. Intervals
    are by the observed information on the log scale.

    >>> import edgetally as et
    >>> fit = et.ltv_sbg([1000, 631, 468, 382, 326, 289, 262, 241], annual_discount=0.1, gross_profit=100)
    >>> round(fit.alpha.estimate, 3), round(fit.beta.estimate, 3), f"{fit.ltv:.4g}"
    (0.704, 1.182, '369.5 [347.3, 393.2]')
    """
    column = floats("survivors", survivors)
    if periods is None:
        periods = max(12, len(column) - 1)
    elif isinstance(periods, bool) or not isinstance(periods, int) or not 0 <= periods <= 10_000:
        raise error("not_a_count", "periods is not a whole number from 0 to 10,000")
    groups = _edgetally._ltv_sbg(
        column,
        number("annual_discount", annual_discount),
        optional("gross_profit", gross_profit),
        number("confidence", checked(confidence)),
        periods,
    )
    return SbgResult(tuple(value for group in groups for value in group))


class LtvToCacResult(Flagged):
    """What ``ltv_to_cac`` returns."""

    __slots__ = ()

    ltv: Number = field("Gross profit over a customer's life.")
    ratio: Number = field("Lifetime value per unit of cost.")
    payback_months: Number = field("Months until gross profit has returned the cost.")
    max_cac: Number = field("Highest cost at the wanted ratio.")

    def _marks(self) -> dict[str, Any]:
        return {"unbounded": holds(lambda value: value == float("inf"), self["ltv"])}


_LTV_TO_CAC = Calculator("ltv_to_cac", LtvToCacResult)


def ltv_to_cac(
    cac: Numbers,
    arpa: Numbers,
    *,
    churn: Numbers,
    gross_margin: Numbers = None,
    target_ratio: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> LtvToCacResult:
    """Lifetime value against what it cost.

    ``arpa`` is revenue per customer and month, ``churn`` the share of customers lost a month; without discounting.
    With a churn of 0 the lifetime value has no end and is infinite.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> r = et.ltv_to_cac(cac=500, arpa=200, gross_margin=0.8, churn=0.03, target_ratio=3)
    >>> round(r.ratio, 3), round(r.max_cac, 2)
    (10.667, 1777.78)
    """
    return noted(
        _LTV_TO_CAC(
            (
                cac,
                arpa,
                gross_margin,
                churn,
                target_ratio,
            ),
            errors,
            threads,
        ),
        margin_not_given=gross_margin is None,
    )

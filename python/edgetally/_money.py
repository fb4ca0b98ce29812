"""Cash flows, lifetime value, payback, and the funnel backwards."""

from __future__ import annotations

from . import _edgetally
from ._arguments import choice, error, floats, number, optional
from ._edgetally import Calculator
from ._names import family
from ._result import Result, field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._arguments import Bounds, Number, Numbers
    from ._edgetally import Interval


__all__ = [
    "AnnuityResult",
    "CashFlowsResult",
    "CohortLtvResult",
    "FunnelDecomposition",
    "FunnelElasticity",
    "FunnelSolution",
    "FunnelTornado",
    "FunnelUncertainty",
    "LtvBootstrapResult",
    "LtvFromCountsResult",
    "LtvResult",
    "MonthlyRateResult",
    "PaybackResult",
    "RetentionLtvResult",
    "SbgResult",
    "TargetCpaPaybackResult",
    "TwoPhasePaybackResult",
    "XirrResult",
    "funnel_decompose",
    "funnel_elasticity",
    "funnel_from_counts",
    "funnel_solve",
    "funnel_tornado",
    "funnel_uncertainty",
    "ltv",
    "ltv_bootstrap",
    "ltv_cohort",
    "ltv_from_counts",
    "ltv_retention",
    "ltv_sbg",
    "payback",
    "payback_two_phase",
    "rate_monthly",
    "roi_annuity",
    "roi_cashflows",
    "target_cpa_payback",
    "xirr",
]


def _headline(result: Result, field: str) -> float:
    """One number of a result, for where a number is wanted."""
    value = result[field]
    if isinstance(value, float):
        return value
    return float(value) if hasattr(value, "__float__") and not hasattr(value, "__len__") else _many(result, field)


def _many(result: Result, field: str) -> NoReturn:
    raise error("wrong_type", f"{type(result).__name__} holds columns: pass its .{field}")


# Cash flows


class CashFlowsResult(Result):
    """What ``roi_cashflows`` returns."""

    __slots__ = ()

    npv: float = field("Net present value: each flow divided by (1 + rate)^t, the first in full.")
    irr: float = field("The rate at which the net present value is zero; undefined when there is none or several.")
    irr_unique: bool = field("Whether exactly one rate makes the net present value zero.")
    irr_roots: Any = field("All rates that do, from the lowest.")
    payback_periods: float = field("Periods until the flows first add up to zero, interpolated inside the period.")
    discounted_payback_periods: float = field("The same with discounted flows.")
    total: float = field("The sum of the flows.")
    multiple: float = field("What comes after the first flow per unit of it; undefined unless that one is negative.")
    profitability_index: float = field("Present value of what comes after the first flow per unit of it.")
    mirr: float = field("Modified internal rate of return; needs both its rates.")

    def _flags(self) -> tuple[str, ...]:
        """Several rates of return."""
        return ("several rates of return: none of them is the return",) if len(self.irr_roots) > 1 else ()


def roi_cashflows(
    cash_flows: Any,
    rate: float = 0.0,
    *,
    finance_rate: float | None = None,
    reinvest_rate: float | None = None,
) -> CashFlowsResult:
    """Net present value, every internal rate of return, payback and multiples of a column of cash flows.

    The first flow is now, each further one a period later; money that goes out is negative. ``rate`` is per period.
    Flows that change their sign more than once may have several rates of return: then ``irr`` is ``NaN``,
    ``irr_unique`` false, and all of them are in ``irr_roots``. ``mirr`` (Lin 1976) finances what goes out at
    ``finance_rate`` and reinvests what comes in at ``reinvest_rate``. Raises for no flows, infinite ones, or a rate
    of -1 or less.

    >>> import edgetally as et
    >>> project = et.roi_cashflows([-3000, 500, 800, 1200, 1500, 1800], rate=0.01)
    >>> round(project.npv, 2), round(project.irr, 4), round(project.payback_periods, 2)
    (2598.1, 0.2138, 3.33)
    >>> [round(rate, 9) for rate in et.roi_cashflows([-100, 230, -132]).irr_roots]
    [0.1, 0.2]
    """
    flows, each = floats("cash_flows", cash_flows), number("rate", rate)
    rates = optional("finance_rate", finance_rate), optional("reinvest_rate", reinvest_rate)
    return kept(CashFlowsResult(_edgetally._roi_cashflows(flows, each, *rates)), cash_flows=tuple(flows), rate=each)


class XirrResult(Result):
    """What ``xirr`` returns."""

    __slots__ = ()

    irr: Any = field("The yearly rate at which the present value is zero; undefined when there is none or several.")
    irr_unique: Any = field("Whether exactly one rate does.")
    irr_roots: Any = field("All rates that do, from the lowest.")
    npv: Any = field("Net present value on the earliest day at the given yearly rate; undefined without one.")

    def __float__(self) -> float:
        """The rate."""
        return float(self.irr)


def _days(value: Any) -> list[float]:
    """Dates as days from any origin; numbers are days already."""
    if isinstance(value, (list, tuple)) and all(hasattr(item, "toordinal") for item in value):
        return [float(item.toordinal()) for item in value]
    numbers = isinstance(value, (list, tuple)) and all(isinstance(item, (int, float)) for item in value)
    if not numbers:
        import numpy as np

        try:
            array = np.asarray(value.to_numpy() if hasattr(value, "to_numpy") else value)
            if array.dtype.kind in "OU":
                array = array.astype("datetime64[D]")
        except (TypeError, ValueError):
            raise error("wrong_type", "dates is not a column of dates") from None
        if array.dtype.kind == "M":
            if np.isnat(array).any():
                return [float("nan")] * array.size
            return array.astype("datetime64[D]").astype(np.float64).reshape(-1).tolist()
    return floats("dates", value)


def xirr(cash_flows: Any, dates: Any, *, rate: float | None = None) -> XirrResult:
    """Yearly internal rate of return of flows on given dates, actual days over 365 as spreadsheets count.

    ``dates`` are dates of any kind (``datetime.date``, NumPy, pandas, Polars, ISO text) or day numbers, in any
    order; the time of day is dropped. With a yearly ``rate``, ``npv`` is the value on the earliest day. Several
    rates of return are treated as in ``roi_cashflows``.

    >>> import edgetally as et
    >>> year = et.xirr([-1000, 1100], ["2025-01-01", "2026-01-01"])
    >>> round(year.irr, 12)
    0.1
    """
    return XirrResult(_edgetally._xirr(floats("cash_flows", cash_flows), _days(dates), optional("rate", rate)))


class AnnuityResult(Result):
    """What ``roi_annuity`` returns."""

    __slots__ = ()

    npv: Number = field("Net present value; the first payment comes after one year.")
    annuity_factor: Number = field("Present value of one unit a year.")
    profitability_index: Number = field("Present value of the payments per unit of investment.")
    required_cash_flow: Number = field("Yearly payment at which the net present value is zero.")
    simple_payback_years: Number = field(
        "Years until the payments add up to the investment; undefined when they never do."
    )
    discounted_payback_years: Number = field("The same with discounted payments, interpolated inside the year.")


_ANNUITY = Calculator("roi.annuity", AnnuityResult)


def roi_annuity(
    investment: Numbers,
    cash_flow: Numbers,
    years: Numbers,
    *,
    rate: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> AnnuityResult:
    """Compare a level yearly payment with an investment made now.

    ``rate`` is the yearly discount rate, ``years`` a whole number. Numbers give numbers; where any argument is a column
    the fields are columns of its kind.

    >>> import edgetally as et
    >>> machine = et.roi_annuity(100_000, 30_000, 5, rate=0.12)
    >>> round(machine.npv, 2), round(machine.annuity_factor, 4)
    (8143.29, 3.6048)
    """
    return _ANNUITY((investment, cash_flow, years, rate), errors, threads)


class MonthlyRateResult(Result):
    """What ``rate_monthly`` returns."""

    __slots__ = ()

    monthly: Number = field("The monthly rate that compounds to the yearly one.")

    def __float__(self) -> float:
        """The rate."""
        return _headline(self, "monthly")


_MONTHLY = Calculator("rate.monthly", MonthlyRateResult)


def rate_monthly(annual: Numbers, *, errors: str = "raise", threads: int | None = None) -> MonthlyRateResult:
    """Give the monthly rate that compounds to a yearly one: ``(1 + annual)**(1/12) - 1``.

    >>> import edgetally as et
    >>> round(et.rate_monthly(0.12).monthly, 6)
    0.009489
    """
    return _MONTHLY((annual,), errors, threads)


# Lifetime value


class LtvResult(Result):
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
        return _headline(self, "ltv")

    def _flags(self) -> tuple[str, ...]:
        """A value without bound."""
        endless = float("inf")
        values = (self.ltv_simple, self.ltv_discounted_due)
        if any(isinstance(value, float) and value == endless for value in values):
            return ("without bound: nobody leaves, or revenue grows faster than customers do",)
        return ()


_LTV = {timing: Calculator(f"ltv.{timing}", LtvResult) for timing in ("start", "end")}


@family
def ltv(
    arpa: Numbers,
    *,
    churn: Numbers,
    gross_margin: Numbers = 1.0,
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
    return _LTV[choice("timing", timing, ("start", "end"))](values, errors, threads)


class LtvFromCountsResult(Result):
    """What ``ltv_from_counts`` returns; ``float()`` of it is the estimate."""

    __slots__ = ()

    ltv: Any = field("Monthly gross profit over churn, with its interval by the delta method on the logarithm.")
    churn: Any = field("Customers lost per customer month.")
    log_ltv_se: Any = field("Standard error of the logarithm of the value.")

    def __float__(self) -> float:
        """The estimate."""
        return _headline(self, "ltv")


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
    values = (gross_profit_month, customer_months, churned, gross_profit_se, confidence)
    return _FROM_COUNTS(values, errors, threads)


class LtvBootstrapResult(Result):
    """What ``ltv_bootstrap`` returns; ``float()`` of it is the estimate."""

    __slots__ = ()

    ltv: Any = field("Gross profit of all over the number who left, with percentiles of the resampled values.")
    ltv_ci_delta: Any = field("The same with the interval by the delta method over customers.")
    log_ltv_se: Any = field("Standard error of the logarithm by the delta method.")
    gross_profit_month: Any = field("Gross profit per observed month.")
    churn: Any = field("Customers lost per observed month.")
    unbounded_share: Any = field("Share of samples in which nobody left.")

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
            number("confidence", confidence),
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
        except (TypeError, ValueError):
            raise error("wrong_type", "gross_profit is not a table of numbers") from None
        if rows.ndim != 2:
            raise error("wrong_type", f"gross_profit has {rows.ndim} dimensions where a table has two")
        rows = rows.tolist()
    rows = [floats("gross_profit", row) for row in rows]
    return CohortLtvResult(_edgetally._ltv_cohort(floats("cohort_sizes", cohort_sizes), rows))


class SbgResult(Result):
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

    def _flags(self) -> tuple[str, ...]:
        """What the parameters are worth."""
        if not self.identified:
            return (f"parameters not identified: {self.boundary}",)
        return () if self.well_identified else ("parameters weakly identified",)


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
        number("confidence", confidence),
        periods,
    )
    return SbgResult(tuple(value for group in groups for value in group))


class PaybackResult(Result):
    """What ``payback`` returns."""

    __slots__ = ()

    months_simple: Number = field("Acquisition cost over monthly gross profit.")
    months_with_churn: Number = field("Months with churn; undefined when a lifetime does not pay the cost back.")
    months_discounted: Number = field("Months with churn and discount, payments at the end of the month.")
    ltv: Number = field("Gross profit over churn.")
    ltv_to_cac: Number = field("That per unit of acquisition cost.")


_PAYBACK = Calculator("payback", PaybackResult)


@family
def payback(
    cac: Numbers,
    gross_profit_month: Numbers,
    *,
    churn: Numbers = 0.0,
    annual_discount: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> PaybackResult:
    """Months until a customer has paid back what they cost.

    With churn ``n`` solves ``gross_profit_month * (1 - (1 - churn)**n) / churn = cac``; the index is continuous.

    >>> import edgetally as et
    >>> months = et.payback(500, 160, churn=0.03)
    >>> months.months_simple, round(months.months_with_churn, 3)
    (3.125, 3.232)
    """
    return _PAYBACK((cac, gross_profit_month, churn, annual_discount), errors, threads)


class TwoPhasePaybackResult(Result):
    """What ``payback_two_phase`` returns."""

    __slots__ = ()

    payback_months: Number = field(
        "Months until gross profit reaches the cost; undefined when it does not within the horizon."
    )
    cumulative_gross_profit: Number = field("Gross profit per acquired customer within the horizon.")
    ltv_to_cac: Number = field("That per unit of acquisition cost.")


_TWO_PHASE = Calculator("payback.two_phase", TwoPhasePaybackResult)


def payback_two_phase(
    cac: Numbers,
    arpa: Numbers,
    *,
    early_churn: Numbers,
    early_months: Numbers,
    steady_churn: Numbers,
    gross_margin: Numbers = 1.0,
    expansion: Numbers = 0.0,
    horizon: Numbers = 36,
    errors: str = "raise",
    threads: int | None = None,
) -> TwoPhasePaybackResult:
    """Payback of customers who leave more easily in their first months.

    Everybody pays the first month; ``early_churn`` holds after each of the first ``early_months`` months,
    ``steady_churn`` after that. The month of payback is interpolated.

    >>> import edgetally as et
    >>> slow = et.payback_two_phase(
    ...     6000, 800, gross_margin=0.8, early_churn=0.06, early_months=3, steady_churn=0.01, expansion=0.005
    ... )
    >>> round(slow.payback_months, 2), round(slow.ltv_to_cac, 2)
    (10.89, 3.04)
    """
    values = (cac, arpa, gross_margin, early_churn, early_months, steady_churn, expansion, horizon)
    return _TWO_PHASE(values, errors, threads)


# Target CPA


class TargetCpaPaybackResult(Result):
    """What ``target_cpa_payback`` returns; ``float()`` of it is ``.max_cpa``."""

    __slots__ = ()

    max_cpa: Number = field("Retained, discounted gross profit of the months: the most that a customer may cost.")
    max_cpa_no_churn: Number = field("The same if nobody left and nothing were discounted.")

    def __float__(self) -> float:
        """The most that a customer may cost."""
        return _headline(self, "max_cpa")


_PAYBACK_CPA = Calculator("target_cpa.payback", TargetCpaPaybackResult)


def target_cpa_payback(
    gross_profit_month: Numbers,
    *,
    payback_months: Numbers,
    churn: Numbers = 0.0,
    annual_discount: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> TargetCpaPaybackResult:
    """Give the most that a customer may cost who has to be paid back within so many months, the first in full.

    ``sum over t < payback_months of gross_profit_month * (1 - churn)**t / (1 + discount)**t``. The result may be passed
    on as ``target_cpa(payback_cpa=...)``.

    >>> import edgetally as et
    >>> round(et.target_cpa_payback(160, payback_months=12, churn=0.03).max_cpa, 2)
    1632.84
    """
    values = (gross_profit_month, churn, payback_months, annual_discount)
    return _PAYBACK_CPA(values, errors, threads)


class FunnelSolution(Result):
    """What ``funnel_solve`` returns."""

    __slots__ = ()

    required_cvr: Number = field("Conversion rate that reaches the goal while the rest stays.")
    required_ctr: Number = field("Click rate that does.")
    required_aov: Number = field("Order value that does.")
    max_cpm: Number = field("Highest cost per 1,000 impressions that does.")
    max_cpc: Number = field("Highest cost per click.")
    max_cpa: Number = field("Highest cost per conversion.")
    feasible: bool = field("Whether every one of them can be reached.")

    def _flags(self) -> tuple[str, ...]:
        """A goal that some input cannot reach by itself."""
        return ("some input cannot reach the goal alone",) if self.feasible is False else ()


_SOLVE = {
    "target_roas": Calculator("funnel.solve.roas", FunnelSolution),
    "target_profit_per_mille": Calculator("funnel.solve.profit", FunnelSolution),
}


def funnel_solve(
    cpm: Numbers,
    ctr: Numbers,
    cvr: Numbers,
    aov: Numbers,
    *,
    margin: Numbers = 1.0,
    target_roas: Numbers = None,
    target_profit_per_mille: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelSolution:
    """Each input of a funnel as it has to be for a goal, while the others stay.

    The goal is either ``target_roas``, revenue per ad spend, or ``target_profit_per_mille``, profit per 1,000
    impressions after a contribution ``margin``. What cannot be reached, such as a rate above 1, is ``NaN``, and
    ``feasible`` false.

    >>> import edgetally as et
    >>> goal = et.funnel_solve(12, 0.015, 0.03, 80, target_roas=4)
    >>> round(goal.required_cvr, 6), round(goal.max_cpc, 6), goal.feasible
    (0.04, 0.6, True)
    """
    given = {"target_roas": target_roas, "target_profit_per_mille": target_profit_per_mille}
    goals = [name for name, value in given.items() if value is not None]
    if len(goals) != 1:
        raise error("one_goal", "exactly one of target_roas and target_profit_per_mille is needed")
    result = _SOLVE[goals[0]]((cpm, ctr, cvr, aov, margin, given[goals[0]]), errors, threads)
    *numbers, feasible = result._values
    if feasible == feasible if isinstance(feasible, float) else hasattr(feasible, "__eq__"):
        answer = feasible == 1.0
        # Arrow's columns do not compare by ==.
        feasible = answer if isinstance(feasible, float) or not isinstance(answer, bool) else feasible
    return FunnelSolution((*numbers, feasible), result._refused)


_OUTPUTS = ("profit_per_mille", "contribution_per_mille", "revenue_per_mille", "roas", "cpa", "cpc")


class FunnelTornado(Result):
    """What ``funnel_tornado`` returns."""

    __slots__ = ()

    base: float = field("The output as it is.")
    order: Any = field("The inputs that move it, the strongest first.")
    low: Any = field("The output with each input lowered by the swing.")
    high: Any = field("The output with each input raised by the swing.")
    swing: Any = field("How far the two are apart.")


def funnel_tornado(
    cpm: float,
    ctr: float,
    cvr: float,
    aov: float,
    *,
    gross_margin: float = 1.0,
    payment_fees: float = 0.0,
    shipping: float = 0.0,
    returns: float = 0.0,
    swing: float = 0.2,
    output: str = "profit_per_mille",
) -> FunnelTornado:
    """Move each input of a funnel on its own by ``swing`` of itself, down and up, and sort by what that does.

    ``output`` is one of profit_per_mille, contribution_per_mille, revenue_per_mille, roas, cpa, cpc. Rates are not
    raised above 1; inputs that do nothing are left out; ties keep the order of the inputs.

    >>> import edgetally as et
    >>> bars = et.funnel_tornado(12, 0.015, 0.03, 80, gross_margin=0.6, payment_fees=0.03)
    >>> bars.order[0], round(bars.swing[0], 2)
    ('gross_margin', 8.64)
    """
    given = {
        "cpm": cpm,
        "ctr": ctr,
        "cvr": cvr,
        "aov": aov,
        "gross_margin": gross_margin,
        "payment_fees": payment_fees,
        "shipping": shipping,
        "returns": returns,
    }
    inputs = [number(name, value) for name, value in given.items()]
    share, name = number("swing", swing), choice("output", output, _OUTPUTS)
    return kept(FunnelTornado(_edgetally._funnel_tornado(inputs, share, name)), output=name, swing=share)


class FunnelElasticity(Result):
    """What ``funnel_elasticity`` returns."""

    __slots__ = ()

    cpm: Number = field("Per cent of the output for one per cent of the cost per 1,000 impressions.")
    ctr: Number = field("For one per cent of the click rate.")
    cvr: Number = field("For one per cent of the conversion rate.")
    aov: Number = field("For one per cent of the order value.")
    gross_margin: Number = field("For one per cent of the gross margin.")
    payment_fees: Number = field("For one per cent of the payment fees.")
    shipping: Number = field("For one per cent of shipping.")
    returns: Number = field("For one per cent of returns.")


_ELASTICITY = {name: Calculator(f"funnel.elasticity.{name}", FunnelElasticity) for name in _OUTPUTS}


def funnel_elasticity(
    cpm: Numbers,
    ctr: Numbers,
    cvr: Numbers,
    aov: Numbers,
    *,
    gross_margin: Numbers = 1.0,
    payment_fees: Numbers = 0.0,
    shipping: Numbers = 0.0,
    returns: Numbers = 0.0,
    output: str = "profit_per_mille",
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelElasticity:
    """By how many per cent an output of the funnel moves for one per cent of each input, by formula.

    ``output`` as in ``funnel_tornado``. Undefined where the output is zero.

    >>> import edgetally as et
    >>> e = et.funnel_elasticity(12, 0.015, 0.03, 80, gross_margin=0.6, payment_fees=0.03)
    >>> round(e.cpm, 3), round(e.ctr, 3)
    (-1.408, 2.408)
    """
    values = (cpm, ctr, cvr, aov, gross_margin, payment_fees, shipping, returns)
    return _ELASTICITY[choice("output", output, _OUTPUTS)](values, errors, threads)


class FunnelUncertainty(Result):
    """What ``funnel_uncertainty`` and ``funnel_from_counts`` return."""

    __slots__ = ()

    cpa: Number = field("Cost per conversion.")
    log_cpa_se: Number = field("Standard error of its logarithm.")
    cpa_ci_delta: Bounds = field("Cost per conversion, with its interval symmetric on the logarithm.")
    roas: Number = field("Revenue per unit of ad spend.")
    roas_ci_delta: Bounds = field("The same, with the interval of the cost per conversion.")
    prob_profit_positive: Number = field(
        "Probability that impressions bring more than they cost, given counts and prior."
    )
    posterior_mean_conversion_per_impression: Number = field("Mean of ctr times cvr given counts and prior.")
    cpa_ci_poisson: Bounds = field("Cost per conversion, with the exact interval of a Poisson number of conversions.")


_UNCERTAINTY = Calculator("funnel.uncertainty", FunnelUncertainty)
_COUNTS = Calculator("funnel.from_counts", FunnelUncertainty)


def _prior(prior: Any) -> tuple[Any, Any]:
    if isinstance(prior, (str, bytes)) or not hasattr(prior, "__len__") or len(prior) != 2:
        raise error("wrong_type", "prior is not a pair of numbers")
    return prior[0], prior[1]


def funnel_uncertainty(
    impressions: Numbers,
    clicks: Numbers,
    conversions: Numbers,
    *,
    cpm: Numbers,
    aov: Numbers,
    margin: Numbers = 1.0,
    confidence: Numbers = 0.95,
    prior: Any = (1.0, 1.0),
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelUncertainty:
    """Cost per conversion, return, and probability of a profit, with the uncertainty of what was counted.

    Price, order value and contribution ``margin`` are taken as known. Delta method with two independent binomial
    stages; exact interval by Garwood (1936); probability by quadrature over beta distributions of both rates that
    start from ``prior``. Without conversions the cost has no estimate, and its exact interval no upper end.

    >>> import edgetally as et
    >>> sparse = et.funnel_uncertainty(20_000, 300, 9, cpm=12, aov=80, margin=0.57)
    >>> f"{sparse.cpa_ci_delta:.4g}", round(sparse.prob_profit_positive, 3)
    ('26.67 [13.88, 51.24]', 0.957)
    """
    values = (impressions, clicks, conversions, cpm, aov, margin, confidence, *_prior(prior))
    return _UNCERTAINTY(values, errors, threads)


def funnel_from_counts(
    impressions: Numbers,
    clicks: Numbers,
    conversions: Numbers,
    spend: Numbers,
    revenue: Numbers,
    *,
    margin: Numbers = 1.0,
    aov: Numbers = None,
    confidence: Numbers = 0.95,
    prior: Any = (1.0, 1.0),
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelUncertainty:
    """``funnel_uncertainty`` from what a report holds: spend and revenue in place of price and order value.

    The order value is revenue per conversion; where there are none, give ``aov`` to have a probability at all.

    >>> import edgetally as et
    >>> report = et.funnel_from_counts(20_000, 300, 9, spend=240, revenue=720, margin=0.57)
    >>> round(report.roas, 6), round(report.prob_profit_positive, 3)
    (3.0, 0.957)
    """
    values = (impressions, clicks, conversions, spend, revenue, margin, confidence, *_prior(prior), aov)
    return _COUNTS(values, errors, threads)


class FunnelDecomposition(Result):
    """What ``funnel_decompose`` returns."""

    __slots__ = ()

    cpa_before: Any = field("Cost per conversion before.")
    cpa_after: Any = field("Cost per conversion after.")
    log_ratio: Any = field("Logarithm of their ratio: the sum of the next three.")
    cpm: Any = field("What the price of impressions adds to it.")
    ctr: Any = field("What the click rate adds; negative when it rose.")
    cvr: Any = field("What the conversion rate adds; negative when it rose.")
    cpm_share: Any = field("Share of the price of impressions; shares add up to 1 and may be negative.")
    ctr_share: Any = field("Share of the click rate.")
    cvr_share: Any = field("Share of the conversion rate.")
    profit_change: Any = field("Change of the profit per 1,000 impressions: the sum of the next five.")
    profit_cpm: Any = field("What the price of impressions adds to it.")
    profit_ctr: Any = field("What the click rate adds.")
    profit_cvr: Any = field("What the conversion rate adds.")
    profit_aov: Any = field("What the order value adds.")
    profit_margin: Any = field("What the margin adds.")


_DECOMPOSE = Calculator("funnel.decompose", FunnelDecomposition)


def funnel_decompose(
    *,
    cpm_before: Numbers,
    ctr_before: Numbers,
    cvr_before: Numbers,
    cpm_after: Numbers,
    ctr_after: Numbers,
    cvr_after: Numbers,
    aov_before: Numbers = None,
    aov_after: Numbers = None,
    margin_before: Numbers = 1.0,
    margin_after: Numbers = 1.0,
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelDecomposition:
    """What changed the cost per conversion, and the profit, between two periods, stage by stage without a remainder.

    The cost is a product, so the logarithms of the ratios add up. The change of the contribution is shared by the
    logarithmic mean (Ang 2005), which leaves no remainder either; profit needs the order values.

    >>> import edgetally as et
    >>> change = et.funnel_decompose(
    ...     cpm_before=12, ctr_before=0.015, cvr_before=0.03, cpm_after=15, ctr_after=0.018, cvr_after=0.03
    ... )
    >>> round(change.cpm, 4), round(change.ctr, 4), round(change.log_ratio, 4)
    (0.2231, -0.1823, 0.0408)
    """
    values = (
        cpm_before,
        ctr_before,
        cvr_before,
        cpm_after,
        ctr_after,
        cvr_after,
        aov_before,
        aov_after,
        margin_before,
        margin_after,
    )
    return _DECOMPOSE(values, errors, threads)

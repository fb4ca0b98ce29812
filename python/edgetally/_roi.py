"""Return on a cost, cash flows, rates of return."""

from __future__ import annotations

from . import _edgetally
from ._arguments import floats, number, optional
from ._edgetally import Calculator
from ._flags import Flagged
from ._names import family
from ._result import Result, field, headline, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Number, Numbers

__all__ = [
    "AnnuityResult",
    "CashFlowsResult",
    "MonthlyRateResult",
    "RoiResult",
    "XirrResult",
    "rate_monthly",
    "roi",
    "roi_annuity",
    "roi_cashflows",
    "xirr",
]


class RoiResult(Result):
    """What ``roi`` returns."""

    __slots__ = ()

    profit: Number = field("Revenue less cost.")
    roi: Number = field("Profit per unit of cost.")
    annualized_roi: Number = field("The yearly rate that compounds to the return.")
    multiple: Number = field("Revenue per unit of cost.")
    profit_margin: Number = field("Profit per unit of revenue.")
    break_even_revenue: Number = field("Revenue at which profit is zero: the cost.")
    monthly_profit: Number = field("Profit per month.")
    payback_months_after_cost: Number = field(
        "Cost divided by a monthly profit that the cost has already been taken from; to compare."
    )
    payback_months: Number = field("Months until revenue has returned the cost.")


_ROI = Calculator("roi", RoiResult)


@family
def roi(
    revenue: Numbers, cost: Numbers, *, months: Numbers = 12.0, errors: str = "raise", threads: int | None = None
) -> RoiResult:
    """Return on a cost, over so many months.

    ``annualized_roi`` is ``(1 + roi) ** (12 / months) - 1``; a total loss is -1, and less than nothing left is
    undefined. ``payback_months`` divides the cost by the revenue of a month; ``payback_months_after_cost`` divides
    it by a profit that the cost has already been taken from, and is kept for comparison.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> r = et.roi(revenue=5000, cost=3000, months=12)
    >>> round(r.roi, 4), round(r.payback_months, 2)
    (0.6667, 7.2)
    """
    return _ROI(
        (
            revenue,
            cost,
            months,
        ),
        errors,
        threads,
    )


class CashFlowsResult(Flagged):
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

    def _marks(self) -> dict[str, Any]:
        return _rates(self.irr_roots)


def _rates(roots: Any) -> dict[str, Any]:
    return {"no_rate": len(roots) == 0, "several_rates": len(roots) > 1}


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


class XirrResult(Flagged):
    """What ``xirr`` returns."""

    __slots__ = ()

    irr: Any = field("The yearly rate at which the present value is zero; undefined when there is none or several.")
    irr_unique: Any = field("Whether exactly one rate does.")
    irr_roots: Any = field("All rates that do, from the lowest.")
    npv: Any = field("Net present value on the earliest day at the given yearly rate; undefined without one.")

    def _marks(self) -> dict[str, Any]:
        return _rates(self.irr_roots)

    def __float__(self) -> float:
        """The rate."""
        return float(self.irr)


def _days(value: Any) -> list[float]:
    """Dates as days from any origin; numbers are days already."""
    if isinstance(value, (list, tuple)):
        numbers = all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value)
    else:
        dtype = getattr(value, "dtype", None)
        numbers = getattr(dtype, "kind", "") in ("i", "u", "f") or bool(getattr(dtype, "is_numeric", bool)())
    if numbers or not hasattr(value, "__len__"):
        return floats("dates", value)
    from . import _dates

    days = _dates.days("dates", value)
    return [float("nan") if day == _dates.MISSING else float(day) for day in days.tolist()]


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
        return headline(self, "monthly")


_MONTHLY = Calculator("rate.monthly", MonthlyRateResult)


def rate_monthly(annual: Numbers, *, errors: str = "raise", threads: int | None = None) -> MonthlyRateResult:
    """Give the monthly rate that compounds to a yearly one: ``(1 + annual)**(1/12) - 1``.

    >>> import edgetally as et
    >>> round(et.rate_monthly(0.12).monthly, 6)
    0.009489
    """
    return _MONTHLY((annual,), errors, threads)

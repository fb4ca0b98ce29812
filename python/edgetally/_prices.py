"""What impressions, clicks, conversions, leads and customers have cost."""

from __future__ import annotations

from ._edgetally import Calculator
from ._flags import Flagged, holds, noted
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Number, Numbers

__all__ = [
    "BlendedCacResult",
    "CacResult",
    "ClickCvrResult",
    "CpaResult",
    "CpcResult",
    "CplToCacResult",
    "CpmResult",
    "CtrResult",
    "blended_cac",
    "cac",
    "click_cvr",
    "cpa",
    "cpc",
    "cpl_to_cac",
    "cpm",
    "ctr",
]


class CpmResult(Result):
    """What ``cpm`` returns."""

    __slots__ = ()

    cpm: Number = field("Cost per 1,000 impressions.")


_CPM = Calculator("cpm", CpmResult)


def cpm(spend: Numbers, impressions: Numbers, *, errors: str = "raise", threads: int | None = None) -> CpmResult:
    """Cost per thousand impressions.

    Money and a count.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> et.cpm(spend=1200, impressions=100_000).cpm
    12.0
    """
    return _CPM(
        (
            spend,
            impressions,
        ),
        errors,
        threads,
    )


class CpcResult(Result):
    """What ``cpc`` returns."""

    __slots__ = ()

    cpc: Number = field("Cost per click.")


_CPC = Calculator("cpc", CpcResult)


def cpc(spend: Numbers, clicks: Numbers, *, errors: str = "raise", threads: int | None = None) -> CpcResult:
    """Cost per click.

    Money and a count.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> et.cpc(spend=1000, clicks=800).cpc
    1.25
    """
    return _CPC(
        (
            spend,
            clicks,
        ),
        errors,
        threads,
    )


class CtrResult(Result):
    """What ``ctr`` returns."""

    __slots__ = ()

    ctr: Number = field("Clicks per impression.")


_CTR = Calculator("ctr", CtrResult)


def ctr(clicks: Numbers, impressions: Numbers, *, errors: str = "raise", threads: int | None = None) -> CtrResult:
    """Clicks per impression.

    Two counts. Not capped: some networks count clicks without their impression.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> et.ctr(clicks=2000, impressions=100_000).ctr
    0.02
    """
    return _CTR(
        (
            clicks,
            impressions,
        ),
        errors,
        threads,
    )


class CpaResult(Result):
    """What ``cpa`` returns."""

    __slots__ = ()

    cpa: Number = field("Cost per conversion.")


_CPA = Calculator("cpa", CpaResult)


def cpa(spend: Numbers, conversions: Numbers, *, errors: str = "raise", threads: int | None = None) -> CpaResult:
    """Cost per conversion.

    Money and a number of conversions, which may be fractional where attribution shares them out.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> et.cpa(spend=2000, conversions=160).cpa
    12.5
    """
    return _CPA(
        (
            spend,
            conversions,
        ),
        errors,
        threads,
    )


class ClickCvrResult(Result):
    """What ``click_cvr`` returns."""

    __slots__ = ()

    cvr: Number = field("Conversions per click.")
    clicks_per_conversion: Number = field("Clicks per conversion.")
    required_clicks: Number = field("Clicks that the target needs at this rate.")
    cpc: Number = field("Cost per click.")
    cpa: Number = field("Cost per conversion.")
    roas: Number = field("Revenue per unit of ad spend.")


_CLICK_CVR = Calculator("click_cvr", ClickCvrResult)


def click_cvr(
    clicks: Numbers,
    conversions: Numbers,
    *,
    target_conversions: Numbers = None,
    spend: Numbers = None,
    revenue: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> ClickCvrResult:
    """From clicks to conversions, and how many clicks a target needs.

    Counts; ``spend`` and ``revenue`` are money.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> c = et.click_cvr(clicks=12_000, conversions=360, target_conversions=500)
    >>> c.cvr, round(c.required_clicks)
    (0.03, 16667)
    """
    return _CLICK_CVR(
        (
            clicks,
            conversions,
            target_conversions,
            spend,
            revenue,
        ),
        errors,
        threads,
    )


class CplToCacResult(Flagged):
    """What ``cpl_to_cac`` returns."""

    __slots__ = ()

    cac: Number = field("Advertising cost per customer.")
    all_in_cpl: Number = field("Cost per lead with sales cost.")
    all_in_cac: Number = field("Cost per customer with sales cost.")
    required_rate: Number = field("Customers per lead that meet the target.")

    def _marks(self) -> dict[str, Any]:
        return {"not_reachable": holds(lambda rate: rate > 1.0, self["required_rate"])}


_CPL_TO_CAC = Calculator("cpl_to_cac", CplToCacResult)


def cpl_to_cac(
    cpl: Numbers,
    lead_to_customer: Numbers,
    *,
    target_cac: Numbers = None,
    sales_cost_per_lead: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> CplToCacResult:
    """From a lead's cost to a customer's.

    ``lead_to_customer`` is customers per lead; the rest is money.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> c = et.cpl_to_cac(cpl=80, lead_to_customer=0.05, target_cac=1500)
    >>> c.cac, round(c.required_rate, 5)
    (1600.0, 0.05333)
    """
    return _CPL_TO_CAC(
        (
            cpl,
            lead_to_customer,
            target_cac,
            sales_cost_per_lead,
        ),
        errors,
        threads,
    )


class CacResult(Flagged):
    """What ``cac`` returns."""

    __slots__ = ()

    cac: Number = field("Spend per new customer.")
    gross_profit_month: Number = field("Gross profit per customer and month.")
    payback_months: Number = field("Months until gross profit has returned the cost.")
    cac_to_annual_gross_profit: Number = field("Cost per unit of a year's gross profit.")
    max_cac: Number = field("Highest cost that is earned back in the wanted months.")
    required_arpa: Number = field("Revenue per customer and month that earns the cost back in the wanted months.")


_CAC = Calculator("cac", CacResult)


def cac(
    spend: Numbers,
    new_customers: Numbers,
    *,
    arpa: Numbers = None,
    gross_margin: Numbers = None,
    target_payback_months: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> CacResult:
    """What a new customer has cost, and how soon it is earned back.

    ``arpa`` is revenue per customer and month. Without churn; see ``payback``.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> c = et.cac(spend=20_000, new_customers=40, arpa=200, gross_margin=0.8)
    >>> c.cac, c.payback_months
    (500.0, 3.125)
    """
    return noted(
        _CAC(
            (
                spend,
                new_customers,
                arpa,
                gross_margin,
                target_payback_months,
            ),
            errors,
            threads,
        ),
        margin_not_given=gross_margin is None and arpa is not None,
    )


class BlendedCacResult(Flagged):
    """What ``blended_cac`` returns."""

    __slots__ = ()

    paid_cac: Number = field("Advertising per new customer.")
    blended_cac: Number = field("All spend per new customer.")
    payback_months: Number = field("Months until gross profit has returned the blended cost.")
    fixed_share: Number = field("Fixed spend per unit of all spend.")


_BLENDED_CAC = Calculator("blended_cac", BlendedCacResult)


def blended_cac(
    variable_spend: Numbers,
    fixed_spend: Numbers,
    new_customers: Numbers,
    *,
    arpa: Numbers = None,
    gross_margin: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> BlendedCacResult:
    """What a new customer has cost with everything that was spent.

    ``variable_spend`` is advertising, ``fixed_spend`` agencies, salaries and tools.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> c = et.blended_cac(variable_spend=70_000, fixed_spend=85_000, new_customers=120)
    >>> round(c.paid_cac, 2), round(c.blended_cac, 2)
    (583.33, 1291.67)
    """
    return noted(
        _BLENDED_CAC(
            (
                variable_spend,
                fixed_spend,
                new_customers,
                arpa,
                gross_margin,
            ),
            errors,
            threads,
        ),
        margin_not_given=gross_margin is None and arpa is not None,
    )

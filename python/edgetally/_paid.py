"""The calculators of paid advertising. Each works on numbers and on columns; see ``docs/calculators``."""

from __future__ import annotations

from ._edgetally import Calculator
from ._names import family
from ._result import Result, field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Number, Numbers


# The exponents that a power curve of advertising may have: 0.6 to 0.9 are common.
EXPONENTS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


class FunnelResult(Result):
    """What ``funnel`` returns."""

    __slots__ = ()

    clicks_per_mille: Number = field("Clicks per 1,000 impressions.")
    conversions_per_mille: Number = field("Conversions per 1,000 impressions.")
    revenue_per_mille: Number = field("Revenue per 1,000 impressions.")
    contribution_margin: Number = field("Share of revenue left after goods, payment fees, shipping and returns.")
    contribution_per_mille: Number = field("Contribution before advertising per 1,000 impressions.")
    profit_per_mille: Number = field("Contribution less advertising per 1,000 impressions.")
    cpc: Number = field("Cost per click.")
    cpa: Number = field("Cost per conversion.")
    roas: Number = field("Revenue per unit of ad spend.")
    break_even_roas: Number = field("Return on ad spend at which contribution pays exactly for the ads.")
    break_even_cpa: Number = field("Cost per conversion at which contribution pays exactly for the ads.")
    profit_per_order: Number = field("Contribution of one order before advertising.")
    break_even_cpm: Number = field("Cost per 1,000 impressions at which profit is zero.")
    break_even_ctr: Number = field("Click rate at which profit is zero.")
    break_even_cvr: Number = field("Conversion rate at which profit is zero.")
    break_even_aov: Number = field("Order value at which profit is zero.")


_FUNNEL = Calculator("funnel", FunnelResult)


@family
def funnel(
    cpm: Numbers,
    ctr: Numbers,
    cvr: Numbers,
    aov: Numbers,
    *,
    gross_margin: Numbers = 1.0,
    payment_fees: Numbers = 0.0,
    shipping: Numbers = 0.0,
    returns: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelResult:
    """From a thousand impressions to profit.

    Rates and shares are fractions: ``ctr`` clicks per impression, ``cvr`` orders per click, the four margins shares
    of revenue. ``cpm`` and ``aov`` are money. The contribution margin may be negative and is not clamped; break-
    even points are then undefined.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> f = et.funnel(cpm=12, ctr=0.015, cvr=0.03, aov=80, gross_margin=0.60, payment_fees=0.03)
    >>> round(f.profit_per_mille, 2), round(f.cpa, 2), round(f.break_even_cpa, 2)
    (8.52, 26.67, 45.6)
    """
    return _FUNNEL(
        (
            cpm,
            ctr,
            cvr,
            aov,
            gross_margin,
            payment_fees,
            shipping,
            returns,
        ),
        errors,
        threads,
    )


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
    payback_months_metrickit: Number = field(
        "Cost divided by monthly profit after that cost; to compare with MetricKit."
    )
    payback_months: Number = field("Months until revenue has returned the cost.")


_ROI = Calculator("roi", RoiResult)


@family
def roi(
    revenue: Numbers, cost: Numbers, *, months: Numbers = 12.0, errors: str = "raise", threads: int | None = None
) -> RoiResult:
    """Return on a cost, over so many months.

    ``annualized_roi`` is ``(1 + roi) ** (12 / months) - 1``; a total loss is -1, and less than nothing left is
    undefined. ``payback_months`` divides the cost by the revenue of a month; ``payback_months_metrickit`` divides
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


class MarginalRoasResult(Result):
    """What ``marginal_roas`` returns."""

    __slots__ = ()

    coefficient: Number = field("The factor k of revenue = k * spend ** exponent.")
    current_roas: Number = field("Revenue per unit of spend today.")
    current_profit: Number = field("Margin times revenue less spend today.")
    marginal_roas_current: Number = field("Revenue of the next unit of spend today.")
    marginal_profit_current: Number = field("Profit of the next unit of spend today.")
    optimal_spend_uncapped: Number = field("Spend with the highest profit.")
    optimal_spend: Number = field("Spend with the highest profit, within the cap.")
    optimal_revenue: Number = field("Revenue at the optimal spend.")
    optimal_profit: Number = field("Profit at the optimal spend.")
    optimal_roas: Number = field("Revenue per unit of spend at the optimal spend.")
    marginal_roas_optimal: Number = field(
        "Revenue of the next unit at the optimal spend: one over the margin, unless capped."
    )
    marginal_profit_optimal: Number = field(
        "Profit of the next unit of spend at the optimal spend: zero, unless capped."
    )
    spend_gap: Number = field("Optimal spend less today's.")
    profit_delta: Number = field("Optimal profit less today's.")

    def sensitivity(self, exponents: tuple[float, ...] = EXPONENTS) -> list[dict[str, float]]:
        """The optimum under other exponents, a dictionary each.

        Keys: ``exponent``, ``optimal_spend``, ``optimal_profit``, ``profit_delta``.

        Only for a single spend. The same point of today lies on all of these curves.
        """
        # Today's point and the margin, from what the result says of them.
        roas, spend = self["current_roas"], self["optimal_spend"] - self["spend_gap"]
        margin = (self["marginal_profit_current"] + 1.0) / self["marginal_roas_current"]
        rows = []
        for exponent in exponents:
            at = marginal_roas(spend, roas * spend, margin=margin, exponent=exponent)
            rows.append(
                {
                    "exponent": exponent,
                    "optimal_spend": at["optimal_spend"],
                    "optimal_profit": at["optimal_profit"],
                    "profit_delta": at["profit_delta"],
                }
            )
        return rows


_MARGINAL_ROAS = Calculator("marginal_roas", MarginalRoasResult)


def marginal_roas(
    spend: Numbers,
    revenue: Numbers,
    *,
    margin: Numbers = 1.0,
    exponent: Numbers = 0.75,
    cap: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> MarginalRoasResult:
    """The best spend on a power curve through today's spend and revenue.

    Revenue is taken as ``k * spend ** exponent``. The optimum ``(margin * exponent * k) ** (1 / (1 - exponent))``
    is almost entirely the assumed exponent: look at ``.sensitivity()``, and fit the curve (``fit_response``) where
    there are data. ``cap`` limits the spend.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> m = et.marginal_roas(spend=50_000, revenue=200_000, margin=0.4, exponent=0.75)
    >>> round(m.optimal_spend), round(m.profit_delta), m.marginal_roas_current
    (103680, 4560, 3.0)
    >>> [round(row["optimal_spend"]) for row in m.sensitivity((0.6, 0.75, 0.9))]
    [45149, 103680, 1916880]
    """
    return _MARGINAL_ROAS(
        (
            spend,
            revenue,
            margin,
            exponent,
            cap,
        ),
        errors,
        threads,
    )


class TargetCpaResult(Result):
    """What ``target_cpa`` returns."""

    __slots__ = ()

    gross_profit_ltv: Number = field("Lifetime value times margin.")
    break_even_cpa: Number = field("Cost per customer at which lifetime profit is zero.")
    target_by_buffer: Number = field("Ceiling that keeps the buffer.")
    target_by_share: Number = field("Ceiling at the maximal share of contribution.")
    target_by_ratio: Number = field("Ceiling at the wanted ratio of lifetime value to cost.")
    target_by_payback: Number = field("Ceiling by payback time.")
    target_cpa: Number = field("The lowest of the ceilings that are given, else break-even.")
    incrementality_adjusted_target: Number = field(
        "Target for attributed conversions, of which only a share is incremental."
    )

    def __float__(self) -> float:
        """The target."""
        return float(self["target_cpa"])

    @property
    def binding(self) -> Any:
        """Which rule sets the target; only for single values.

        ``"break_even"``, or the name of the argument.
        """
        ceilings = {
            "break_even": self["break_even_cpa"],
            "buffer": self["target_by_buffer"],
            "max_share": self["target_by_share"],
            "ltv_to_cac": self["target_by_ratio"],
            "payback_cpa": self["target_by_payback"],
        }
        met = [name for name, ceiling in ceilings.items() if ceiling == self["target_cpa"]]
        return met[-1] if met else None


_TARGET_CPA = Calculator("target_cpa", TargetCpaResult)


@family
def target_cpa(
    ltv: Numbers,
    *,
    margin: Numbers = 1.0,
    buffer: Numbers = None,
    max_share: Numbers = None,
    ltv_to_cac: Numbers = None,
    payback_cpa: Numbers = None,
    share_incremental: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> TargetCpaResult:
    """What a customer may cost, by the strictest of the rules that are given.

    ``ltv`` is lifetime revenue (or profit, with ``margin=1``), a number, a column, or the result of ``ltv``.
    ``buffer`` is the share of contribution to keep, ``max_share`` the share that may be spent, ``ltv_to_cac`` the
    ratio to reach (3 means a third), ``payback_cpa`` a ceiling as ``target_cpa_payback`` gives it. A rule that is
    ``None`` is off, and a rule of 0 is not. ``share_incremental`` is the share of attributed conversions that the
    ads have caused: compare attributed CPA with ``incrementality_adjusted_target``.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> t = et.target_cpa(ltv=3000, margin=0.6, buffer=0.2)
    >>> t.target_cpa, t.break_even_cpa, t.binding
    (1440.0, 1800.0, 'buffer')
    """
    answer = _TARGET_CPA(
        (
            ltv,
            margin,
            buffer,
            max_share,
            ltv_to_cac,
            payback_cpa,
            share_incremental,
        ),
        errors,
        threads,
    )
    return kept(answer, ltv=ltv, margin=margin)


class RoasResult(Result):
    """What ``roas`` returns."""

    __slots__ = ()

    roas: Number = field("Revenue per unit of ad spend.")
    contribution_margin: Number = field("Share of revenue left after goods, payment fees, shipping and returns.")
    profit: Number = field("Contribution less ad spend.")
    profit_margin: Number = field("Profit per unit of revenue.")
    profit_per_dollar: Number = field("Profit per unit of ad spend.")
    break_even_roas: Number = field("Return on ad spend at which profit is zero.")
    break_even_revenue: Number = field("Revenue at which this spend makes no loss.")
    required_revenue: Number = field("Revenue at which this spend leaves the target profit.")


_ROAS = Calculator("roas", RoasResult)


def roas(
    revenue: Numbers,
    spend: Numbers,
    *,
    gross_margin: Numbers = 1.0,
    payment_fees: Numbers = 0.0,
    shipping: Numbers = 0.0,
    returns: Numbers = 0.0,
    target_profit: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> RoasResult:
    """Return on ad spend, and the profit behind it.

    The margins are shares of revenue, ``target_profit`` the share of revenue that is to be left as profit.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> r = et.roas(revenue=5000, spend=1000, gross_margin=0.60, payment_fees=0.03, target_profit=0.10)
    >>> r.roas, round(r.profit), round(r.required_revenue, 2)
    (5.0, 1850, 2127.66)
    """
    return _ROAS(
        (
            revenue,
            spend,
            gross_margin,
            payment_fees,
            shipping,
            returns,
            target_profit,
        ),
        errors,
        threads,
    )


class MerResult(Result):
    """What ``mer`` returns."""

    __slots__ = ()

    mer: Number = field("All revenue per unit of marketing spend.")
    spend_share: Number = field("Marketing spend per unit of revenue.")
    gross_profit: Number = field("Revenue times margin.")
    profit: Number = field("Gross profit less marketing spend.")
    profit_margin: Number = field("Profit per unit of revenue.")
    break_even_mer: Number = field("Ratio at which profit is zero.")
    break_even_revenue: Number = field("Revenue at which this spend makes no loss.")
    revenue_shortfall: Number = field("Break-even revenue less revenue; negative is a surplus.")
    target_mer: Number = field("Ratio that keeps the buffer.")
    required_revenue: Number = field("Revenue at which the target profit is left.")
    required_mer: Number = field("That revenue per unit of spend.")
    max_spend_at_target_mer: Number = field("Spend at which this revenue meets the given ratio.")


_MER = Calculator("mer", MerResult)


def mer(
    revenue: Numbers,
    spend: Numbers,
    *,
    margin: Numbers = 1.0,
    buffer: Numbers = 0.0,
    target_mer: Numbers = None,
    target_profit: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> MerResult:
    """Marketing efficiency ratio: all revenue over all marketing spend.

    ``buffer`` is the share of contribution to keep, ``target_profit`` money. The field ``target_mer`` is what
    margin and buffer ask for; the argument is a ratio of your own, for ``max_spend_at_target_mer``.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> m = et.mer(revenue=500_000, spend=100_000, margin=0.4, buffer=0.2, target_mer=3)
    >>> m.mer, m.break_even_mer, round(m.target_mer, 3), round(m.max_spend_at_target_mer)
    (5.0, 2.5, 3.125, 166667)
    """
    return _MER(
        (
            revenue,
            spend,
            margin,
            buffer,
            target_mer,
            target_profit,
        ),
        errors,
        threads,
    )


class TargetRoasResult(Result):
    """What ``target_roas`` returns."""

    __slots__ = ()

    contribution_margin: Number = field("Share of revenue left after goods, payment fees, shipping and returns.")
    ad_share: Number = field("Share of revenue that advertising may cost.")
    target_roas: Number = field("Revenue per unit of ad spend that is needed.")
    max_cpa: Number = field("Highest cost per order.")
    max_cpc: Number = field("Highest cost per click.")


_TARGET_ROAS = Calculator("target_roas", TargetRoasResult)


def target_roas(
    gross_margin: Numbers,
    *,
    payment_fees: Numbers = 0.0,
    shipping: Numbers = 0.0,
    returns: Numbers = 0.0,
    fixed_cost_share: Numbers = 0.0,
    profit_share: Numbers = 0.0,
    aov: Numbers = None,
    cvr: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> TargetRoasResult:
    """The return on ad spend that leaves fixed costs and profit.

    All but ``aov`` (money) are shares of revenue; ``cvr`` is orders per click.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> t = et.target_roas(0.60, payment_fees=0.03, fixed_cost_share=0.10, profit_share=0.10, aov=80, cvr=0.025)
    >>> round(t.target_roas, 4), round(t.max_cpa, 2), round(t.max_cpc, 2)
    (2.7027, 29.6, 0.74)
    """
    return _TARGET_ROAS(
        (
            gross_margin,
            payment_fees,
            shipping,
            returns,
            fixed_cost_share,
            profit_share,
            aov,
            cvr,
        ),
        errors,
        threads,
    )


class BreakEvenRoasResult(Result):
    """What ``break_even_roas`` returns."""

    __slots__ = ()

    contribution_margin: Number = field("Share of revenue left after goods, payment fees, shipping and returns.")
    break_even_roas: Number = field("Return on ad spend at which profit is zero.")
    break_even_cpa: Number = field("Cost per order at which profit is zero.")
    break_even_cpc: Number = field("Cost per click at which profit is zero.")


_BREAK_EVEN_ROAS = Calculator("break_even_roas", BreakEvenRoasResult)


def break_even_roas(
    gross_margin: Numbers,
    *,
    payment_fees: Numbers = 0.0,
    shipping: Numbers = 0.0,
    returns: Numbers = 0.0,
    aov: Numbers = None,
    cvr: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> BreakEvenRoasResult:
    """The return on ad spend at which nothing is won or lost.

    The margins are shares of revenue; ``aov`` is money per order, ``cvr`` orders per click.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> round(et.break_even_roas(gross_margin=0.60, payment_fees=0.03).break_even_roas, 4)
    1.7544
    """
    return _BREAK_EVEN_ROAS(
        (
            gross_margin,
            payment_fees,
            shipping,
            returns,
            aov,
            cvr,
        ),
        errors,
        threads,
    )


class MaxCpcResult(Result):
    """What ``max_cpc`` returns."""

    __slots__ = ()

    break_even_cpa: Number = field("Cost per order at which profit is zero.")
    target_cpa: Number = field("Cost per order that keeps the buffer.")
    break_even_cpc: Number = field("Cost per click at which profit is zero.")
    target_cpc: Number = field("Cost per click that keeps the buffer.")
    break_even_cpm: Number = field("Cost per 1,000 impressions at which profit is zero.")
    target_cpm: Number = field("Cost per 1,000 impressions that keeps the buffer.")
    break_even_cpl: Number = field("Cost per lead at which profit is zero.")
    target_cpl: Number = field("Cost per lead that keeps the buffer.")


_MAX_CPC = Calculator("max_cpc", MaxCpcResult)


def max_cpc(
    aov: Numbers,
    margin: Numbers,
    cvr: Numbers,
    *,
    buffer: Numbers = 0.0,
    ctr: Numbers = None,
    lead_to_customer: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> MaxCpcResult:
    """What a click may cost.

    ``margin`` is the share of the order value ``aov`` that is contribution, ``buffer`` the share of contribution to
    keep, ``ctr`` gives ceilings per 1,000 impressions, ``lead_to_customer`` ceilings per lead.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> round(et.max_cpc(aov=80, margin=0.4, cvr=0.025, buffer=0.2).target_cpc, 2)
    0.64
    """
    return _MAX_CPC(
        (
            aov,
            margin,
            cvr,
            buffer,
            ctr,
            lead_to_customer,
        ),
        errors,
        threads,
    )


class BreakEvenCpmResult(Result):
    """What ``break_even_cpm`` returns."""

    __slots__ = ()

    conversions_per_mille: Number = field("Conversions per 1,000 impressions.")
    contribution_per_conversion: Number = field("Contribution of one order before advertising.")
    break_even_cpm: Number = field("Cost per 1,000 impressions at which profit is zero.")
    target_cpm: Number = field("Cost per 1,000 impressions that keeps the buffer.")
    break_even_cpc: Number = field("Cost per click at which profit is zero.")
    target_cpc: Number = field("Cost per click that keeps the buffer.")
    break_even_cpa: Number = field("Cost per order at which profit is zero.")
    target_cpa: Number = field("Cost per order that keeps the buffer.")


_BREAK_EVEN_CPM = Calculator("break_even_cpm", BreakEvenCpmResult)


def break_even_cpm(
    ctr: Numbers,
    cvr: Numbers,
    aov: Numbers,
    margin: Numbers,
    *,
    buffer: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> BreakEvenCpmResult:
    """What a thousand impressions may cost.

    ``margin`` is the share of the order value ``aov`` that is contribution, ``buffer`` the share of contribution to
    keep.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> round(et.break_even_cpm(ctr=0.015, cvr=0.025, aov=80, margin=0.4, buffer=0.2).target_cpm, 2)
    9.6
    """
    return _BREAK_EVEN_CPM(
        (
            ctr,
            cvr,
            aov,
            margin,
            buffer,
        ),
        errors,
        threads,
    )


class BreakEvenCtrResult(Result):
    """What ``break_even_ctr`` returns."""

    __slots__ = ()

    break_even_cpc: Number = field("Cost per click at which profit is zero.")
    target_cpc: Number = field("Cost per click that keeps the buffer.")
    break_even_ctr: Number = field("Click rate at which profit is zero.")
    target_ctr: Number = field("Click rate that keeps the buffer.")
    current_roas: Number = field("Revenue per unit of ad spend at the current click rate.")
    current_profit_per_mille: Number = field("Profit per 1,000 impressions at the current click rate.")


_BREAK_EVEN_CTR = Calculator("break_even_ctr", BreakEvenCtrResult)


def break_even_ctr(
    cpm: Numbers,
    cvr: Numbers,
    aov: Numbers,
    margin: Numbers,
    *,
    buffer: Numbers = 0.0,
    current_ctr: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> BreakEvenCtrResult:
    """The click rate at which nothing is won or lost.

    ``margin`` is the share of the order value ``aov`` that is contribution, ``buffer`` the share of contribution to
    keep.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> round(et.break_even_ctr(cpm=12, cvr=0.025, aov=80, margin=0.4, buffer=0.2).target_ctr, 5)
    0.01875
    """
    return _BREAK_EVEN_CTR(
        (
            cpm,
            cvr,
            aov,
            margin,
            buffer,
            current_ctr,
        ),
        errors,
        threads,
    )


class BreakEvenCvrResult(Result):
    """What ``break_even_cvr`` returns."""

    __slots__ = ()

    cpc: Number = field("Cost per click.")
    break_even_cpa: Number = field("Cost per order at which profit is zero.")
    target_cpa: Number = field("Cost per order that keeps the buffer.")
    break_even_cvr: Number = field("Conversion rate at which profit is zero.")
    target_cvr: Number = field("Conversion rate that keeps the buffer.")
    current_roas: Number = field("Revenue per unit of ad spend at the current conversion rate.")
    break_even_cpm_at_current: Number = field("Cost per 1,000 impressions at which the current rate breaks even.")
    current_profit_per_mille: Number = field("Profit per 1,000 impressions at the current conversion rate.")


_BREAK_EVEN_CVR = Calculator("break_even_cvr", BreakEvenCvrResult)


def break_even_cvr(
    cpm: Numbers,
    ctr: Numbers,
    aov: Numbers,
    margin: Numbers,
    *,
    buffer: Numbers = 0.0,
    current_cvr: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> BreakEvenCvrResult:
    """The conversion rate at which nothing is won or lost.

    ``margin`` is the share of the order value ``aov`` that is contribution, ``buffer`` the share of contribution to
    keep.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> round(et.break_even_cvr(cpm=12, ctr=0.015, aov=80, margin=0.4, buffer=0.2).target_cvr, 5)
    0.03125
    """
    return _BREAK_EVEN_CVR(
        (
            cpm,
            ctr,
            aov,
            margin,
            buffer,
            current_cvr,
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


class CplToCacResult(Result):
    """What ``cpl_to_cac`` returns."""

    __slots__ = ()

    cac: Number = field("Advertising cost per customer.")
    all_in_cpl: Number = field("Cost per lead with sales cost.")
    all_in_cac: Number = field("Cost per customer with sales cost.")
    required_rate: Number = field("Customers per lead that meet the target.")


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


class CacResult(Result):
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
    gross_margin: Numbers = 1.0,
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
    return _CAC(
        (
            spend,
            new_customers,
            arpa,
            gross_margin,
            target_payback_months,
        ),
        errors,
        threads,
    )


class BlendedCacResult(Result):
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
    gross_margin: Numbers = 1.0,
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
    return _BLENDED_CAC(
        (
            variable_spend,
            fixed_spend,
            new_customers,
            arpa,
            gross_margin,
        ),
        errors,
        threads,
    )


class LtvToCacResult(Result):
    """What ``ltv_to_cac`` returns."""

    __slots__ = ()

    ltv: Number = field("Gross profit over a customer's life.")
    ratio: Number = field("Lifetime value per unit of cost.")
    payback_months: Number = field("Months until gross profit has returned the cost.")
    max_cac: Number = field("Highest cost at the wanted ratio.")


_LTV_TO_CAC = Calculator("ltv_to_cac", LtvToCacResult)


def ltv_to_cac(
    cac: Numbers,
    arpa: Numbers,
    *,
    churn: Numbers,
    gross_margin: Numbers = 1.0,
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
    return _LTV_TO_CAC(
        (
            cac,
            arpa,
            gross_margin,
            churn,
            target_ratio,
        ),
        errors,
        threads,
    )


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


__all__ = [
    "BlendedCacResult",
    "BreakEvenCpmResult",
    "BreakEvenCtrResult",
    "BreakEvenCvrResult",
    "BreakEvenRoasResult",
    "CacResult",
    "ClickCvrResult",
    "CpaResult",
    "CpcResult",
    "CplToCacResult",
    "CpmResult",
    "CtrResult",
    "FunnelResult",
    "LtvToCacResult",
    "MarginalRoasResult",
    "MaxCpcResult",
    "MerResult",
    "RoasResult",
    "RoiResult",
    "TargetCpaResult",
    "TargetRoasResult",
    "blended_cac",
    "break_even_cpm",
    "break_even_ctr",
    "break_even_cvr",
    "break_even_roas",
    "cac",
    "click_cvr",
    "cpa",
    "cpc",
    "cpl_to_cac",
    "cpm",
    "ctr",
    "funnel",
    "ltv_to_cac",
    "marginal_roas",
    "max_cpc",
    "mer",
    "roas",
    "roi",
    "target_cpa",
    "target_roas",
]

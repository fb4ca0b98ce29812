"""Revenue per unit of spend: ROAS, MER, what they have to reach, and the next unit."""

from __future__ import annotations

from ._edgetally import Calculator
from ._flags import Flagged, noted
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._arguments import Number, Numbers

__all__ = [
    "BreakEvenRoasResult",
    "MarginalRoasResult",
    "MerResult",
    "RoasResult",
    "TargetRoasResult",
    "break_even_roas",
    "marginal_roas",
    "mer",
    "roas",
    "target_roas",
]


# The exponents that a power curve of advertising may have: 0.6 to 0.9 are common.
EXPONENTS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


class MarginalRoasResult(Flagged):
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
    margin: Numbers = None,
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
    return noted(
        _MARGINAL_ROAS(
            (
                spend,
                revenue,
                margin,
                exponent,
                cap,
            ),
            errors,
            threads,
        ),
        margin_not_given=margin is None,
    )


class RoasResult(Flagged):
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
    gross_margin: Numbers = None,
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
    return noted(
        _ROAS(
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
        ),
        margin_not_given=gross_margin is None,
    )


class MerResult(Flagged):
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
    margin: Numbers = None,
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
    return noted(
        _MER(
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
        ),
        margin_not_given=margin is None,
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

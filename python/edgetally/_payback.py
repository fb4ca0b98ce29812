"""Months until a customer has paid back."""

from __future__ import annotations

from ._edgetally import Calculator
from ._flags import Flagged, noted
from ._names import family
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._arguments import Number, Numbers

__all__ = [
    "PaybackResult",
    "TwoPhasePaybackResult",
    "payback",
    "payback_two_phase",
]


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


class TwoPhasePaybackResult(Flagged):
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
    gross_margin: Numbers = None,
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
    return noted(_TWO_PHASE(values, errors, threads), margin_not_given=gross_margin is None)

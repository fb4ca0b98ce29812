"""What a click or a thousand impressions may cost, and the rates at which nothing is won or lost."""

from __future__ import annotations

from ._edgetally import Calculator
from ._flags import Flagged, holds
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Number, Numbers

__all__ = [
    "BreakEvenCpmResult",
    "BreakEvenCtrResult",
    "BreakEvenCvrResult",
    "MaxCpcResult",
    "break_even_cpm",
    "break_even_ctr",
    "break_even_cvr",
    "max_cpc",
]


def _above_one(even: Any, target: Any) -> Any:
    """Whether a rate cannot be reached, or the one that keeps the buffer; of columns, where."""
    return holds(lambda even, target: (even > 1.0) | (target > 1.0), even, target)


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


class BreakEvenCtrResult(Flagged):
    """What ``break_even_ctr`` returns."""

    __slots__ = ()

    break_even_cpc: Number = field("Cost per click at which profit is zero.")
    target_cpc: Number = field("Cost per click that keeps the buffer.")
    break_even_ctr: Number = field("Click rate at which profit is zero.")
    target_ctr: Number = field("Click rate that keeps the buffer.")
    current_roas: Number = field("Revenue per unit of ad spend at the current click rate.")
    current_profit_per_mille: Number = field("Profit per 1,000 impressions at the current click rate.")

    def _marks(self) -> dict[str, Any]:
        return {"not_reachable": _above_one(self["break_even_ctr"], self["target_ctr"])}


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


class BreakEvenCvrResult(Flagged):
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

    def _marks(self) -> dict[str, Any]:
        return {"not_reachable": _above_one(self["break_even_cvr"], self["target_cvr"])}


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

"""What a customer may cost."""

from __future__ import annotations

from ._edgetally import Calculator
from ._flags import Flagged, noted
from ._names import family
from ._result import Result, field, headline, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Number, Numbers

__all__ = [
    "TargetCpaPaybackResult",
    "TargetCpaResult",
    "target_cpa",
    "target_cpa_payback",
]


class TargetCpaResult(Flagged):
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
    margin: Numbers = None,
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
    answer = noted(
        _TARGET_CPA(
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
        ),
        margin_not_given=margin is None and not isinstance(ltv, Result),
    )
    # What the waterfall begins with.
    if isinstance(ltv, (int, float)):
        answer._kept = {"ltv": ltv}
        return answer
    return kept(answer, ltv=ltv)


class TargetCpaPaybackResult(Result):
    """What ``target_cpa_payback`` returns; ``float()`` of it is ``.max_cpa``."""

    __slots__ = ()

    max_cpa: Number = field("Retained, discounted gross profit of the months: the most that a customer may cost.")
    max_cpa_no_churn: Number = field("The same if nobody left and nothing were discounted.")

    def __float__(self) -> float:
        """The most that a customer may cost."""
        return headline(self, "max_cpa")


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

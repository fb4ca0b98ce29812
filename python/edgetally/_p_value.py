"""P-values of two rates."""

from __future__ import annotations

from ._arguments import choice
from ._edgetally import Calculator
from ._lift_ci import ALTERNATIVES
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._arguments import Number, Numbers


__all__ = ["LiftPValueResult", "lift_p_value"]


class LiftPValueResult(Result):
    """What ``lift_p_value`` returns."""

    __slots__ = ()

    p_value: Number = field(
        "The one that fits the counts: the score test's, or Fisher's mid-p where a cell expects under 5."
    )
    exact: Number = field("1 where p_value is Fisher's mid-p, 0 where it is the score test's.")
    z_pooled: Number = field("Difference of the rates over its standard error with one rate for both arms.")
    p_pooled: Number = field("p-value of z_pooled.")
    p_score: Number = field("p-value of the score test: z_pooled with the variance times N / (N - 1).")
    z_unpooled: Number = field("Difference of the rates over its standard error with each arm's own rate.")
    p_unpooled: Number = field("p-value of z_unpooled.")
    p_fisher: Number = field("Fisher's exact p-value, given the total of conversions.")
    p_fisher_mid: Number = field(
        "The same with half the probability of what was seen and of what is exactly as likely."
    )
    p_boschloo: Number = field("Boschloo's unconditional p-value; up to 600 users.")
    p_barnard: Number = field("Barnard's unconditional p-value with the pooled statistic; up to 600 users.")
    p_barnard_pooled: Number = field("The same as scipy has it, which splits exact ties by rounding.")


_P_VALUE = Calculator("lift.p_value", LiftPValueResult)


def lift_p_value(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    alternative: str = "two-sided",
    unconditional: bool = True,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftPValueResult:
    """Whether two rates differ: normal, exact and unconditional p-values, and the one that fits the counts.

    ``alternative`` is ``"two-sided"``, ``"greater"`` (exposed above holdout) or ``"less"``. Fisher's test works for any
    number of users; two-sided it sums all tables not more likely than the one seen. Boschloo's and Barnard's tests take
    the supremum over the common rate, up to 600 users in both arms together (a millisecond or two each there;
    ``unconditional=False`` leaves them out); two-sided, Boschloo's is twice the smaller one-sided value, so that it can
    exceed Fisher's. When both rates are 0 or both are 1, every p-value is 1; without users in an arm, ``NaN``.

    Errors: counts that are not whole numbers, more conversions than users. Sources: Miettinen and Nurminen 1985
    (score), Lancaster 1961 (mid-p), Barnard 1947, Boschloo 1970.

    >>> import edgetally as et
    >>> p = et.lift_p_value(70, 56, 80, 48)
    >>> round(p.p_score, 5), round(p.p_fisher, 5), round(p.p_barnard, 5)
    (0.00826, 0.01252, 0.00887)
    >>> round(et.lift_p_value(50, 1, 450, 0).p_value, 6)
    0.05
    """
    return _P_VALUE(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            choice("alternative", alternative, ALTERNATIVES),
            float(bool(unconditional)),
        ),
        errors,
        threads,
    )

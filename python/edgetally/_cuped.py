"""CUPED: the lift of a mean with the noise taken out that was known before."""

from __future__ import annotations

from . import _edgetally
from ._arguments import arrays, error, floats, number
from ._flags import Flagged, includes_zero
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Numbers
    from ._edgetally import Interval


__all__ = [
    "CupedAdjustment",
    "CupedResult",
    "cuped",
    "cuped_from_sums",
]


class CupedAdjustment(Result):
    """One variant of the adjustment that ``cuped`` makes."""

    __slots__ = ()

    theta: float = field("The factor of the covariate.")
    mean_exposed: float = field("Adjusted mean of the exposed.")
    mean_holdout: float = field("Adjusted mean of the holdout.")
    var_exposed: float = field("Variance of an adjusted exposed user.")
    var_holdout: float = field("Variance of an adjusted holdout user.")
    diff: float = field("Adjusted mean of the exposed less that of the holdout.")
    diff_ci: Interval[float] = field("The difference with Student's interval.")
    se: float = field("Standard error of the difference.")
    t: float = field("The difference over its standard error.")
    df: float = field("Satterthwaite's degrees of freedom.")
    p_value: float = field("Welch's two-sided p-value.")
    variance_reduction: float = field("Share of the variance of the difference that the covariate explains.")
    rel_lift: Interval[float] = field("The difference over the adjusted mean of the holdout, with Fieller's interval.")


class CupedResult(Flagged):
    """What ``cuped`` returns."""

    __slots__ = ()

    within_arm: CupedAdjustment = field("Adjusted with the factor from within the arms.")
    pooled: CupedAdjustment = field("Adjusted with the factor from all users as one sample.")
    raw_diff: float = field("The difference without adjustment.")
    raw_p: float = field("Its p-value by Welch.")
    raw_ci: Interval[float] = field("The difference without adjustment, with Student's interval.")
    variance_reduction_within: float = field(
        "Share of the variance of the difference that the covariate explains, within_arm."
    )
    variance_reduction_pooled: float = field("The same, pooled.")
    constant_covariate: bool = field("The covariate does not vary within the arms: neither variant adjusts.")

    def _marks(self) -> dict[str, Any]:
        return {
            "interval_includes_zero": includes_zero(self[0].diff_ci),
            "constant_covariate": self[7],
            "no_variation": self[0].se == 0.0,
        }


def cuped(
    exposed_y: Numbers,
    exposed_x: Numbers,
    holdout_y: Numbers,
    holdout_x: Numbers,
    *,
    confidence: float = 0.95,
) -> CupedResult:
    """The lift of a mean with the noise taken out that a covariate from before the test explains.

    ``y`` is the outcome, ``x`` the covariate (often the same quantity before the test), a row per user. The adjusted
    outcome is ``y - theta * (x - mean of all x)``; ``theta`` from within the arms, ``(cov1 + cov0) / (var1 + var0)``,
    or from all users as one sample (Deng, Xu, Kohavi and Walker 2013). Where the covariate does not vary within the
    arms, ``theta`` is 0, both variants are the raw difference, and the flag ``constant_covariate`` says so. The
    relative lift leaves out zero exactly when the variant's p-value is below one less the confidence.

    >>> import edgetally as et
    >>> r = et.cuped([4.1, 6.0, 7.9, 10.2], [1, 2, 3, 4], [3.0, 5.2, 7.1, 8.9], [1, 2, 3, 4])
    >>> round(r.raw_p, 2), r.within_arm.p_value < 0.001
    (0.6, True)
    """
    _, flat = arrays(
        samples=[("exposed_y", "exposed_x"), ("holdout_y", "holdout_x")],
        exposed_y=exposed_y,
        exposed_x=exposed_x,
        holdout_y=holdout_y,
        holdout_x=holdout_x,
    )
    return _cuped(_edgetally._cuped(*flat.values(), number("confidence", confidence)))


def _cuped(values: Any) -> CupedResult:
    *variants, raw, raw_p, raw_ci, within, pooled, constant = values
    both = (CupedAdjustment((*fields, relative)) for fields, relative in variants)
    return CupedResult((*both, raw, raw_p, raw_ci, within, pooled, constant))


def cuped_from_sums(exposed: Numbers, holdout: Numbers, *, confidence: float = 0.95) -> CupedResult:
    """``cuped`` from each arm's sums: users, sum of y, of x, of y squared, of x squared, of x times y.

    Sums of days or segments are added before; nothing else is needed. Sums of squares of large values lose digits:
    shift the values by a constant, or pass them to ``cuped``. Sums that no values have together (a sum of squares below
    the square of the sum over the users, a correlation beyond 1) are refused by name; rounding is forgiven.

    >>> import edgetally as et
    >>> r = et.cuped_from_sums((4, 28.2, 10, 219.26, 30, 80.6), (4, 24.2, 10, 165.66, 30, 70.3))
    >>> round(r.raw_diff, 6)
    1.0
    """
    arms = [floats(name, values) for name, values in (("exposed", exposed), ("holdout", holdout))]
    for name, arm in zip(("exposed", "holdout"), arms, strict=True):
        if len(arm) != 6:
            raise error("length_mismatch", f"{name} does not have six numbers: users and five sums")
    return _cuped(_edgetally._cuped_from_sums(*arms, number("confidence", confidence)))

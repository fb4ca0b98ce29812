"""Ratios of sums, such as revenue per order."""

from __future__ import annotations

from . import _edgetally
from ._arguments import arrays, number
from ._flags import Flagged, includes_zero
from ._result import field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Numbers
    from ._edgetally import Interval


__all__ = [
    "RatioMetricResult",
    "lift_ratio_metric",
    "ratio_metric",
]


class RatioMetricResult(Flagged):
    """What ``lift_ratio_metric`` returns."""

    __slots__ = ()

    ratio_exposed: float = field("Sum of numerators over sum of denominators of the exposed.")
    se_exposed: float = field("Its standard error.")
    ratio_holdout: float = field("Sum of numerators over sum of denominators of the holdout.")
    se_holdout: float = field("Its standard error.")
    diff: float = field("Exposed ratio less holdout ratio.")
    se: float = field("Standard error of the difference.")
    z: float = field("The difference over its standard error.")
    p_value: float = field("Two-sided normal p-value; NaN when nothing varies.")
    diff_ci_z: Interval[float] = field("The difference with the normal interval.")
    rel_lift: Interval[float] = field("The difference relative to the holdout's ratio, with Fieller's interval.")

    def _marks(self) -> dict[str, Any]:
        return {"interval_includes_zero": includes_zero(self[8]), "no_variation": self[5] == 0.0}


def lift_ratio_metric(
    exposed_num: Numbers,
    exposed_den: Numbers,
    holdout_num: Numbers,
    holdout_den: Numbers,
    *,
    confidence: float = 0.95,
) -> RatioMetricResult:
    """The lift of a ratio such as revenue per order, from two columns per arm with a row per user.

    Users are randomised, orders are not: the numerator and the denominator of a user belong together, so the variance
    takes their covariance (delta method; Deng, Knoblich and Lu 2018).

    >>> import edgetally as et
    >>> r = et.lift_ratio_metric([3, 0, 5, 2], [4, 1, 6, 3], [2, 1, 3, 0], [4, 2, 5, 1])
    >>> round(r.ratio_exposed, 4), r.ratio_holdout
    (0.7143, 0.5)
    """
    _, flat = arrays(
        samples=[("exposed_num", "exposed_den"), ("holdout_num", "holdout_den")],
        exposed_num=exposed_num,
        exposed_den=exposed_den,
        holdout_num=holdout_num,
        holdout_den=holdout_den,
    )
    return RatioMetricResult(_edgetally._ratio_metric(*flat.values(), number("confidence", confidence)))


ratio_metric = lift_ratio_metric

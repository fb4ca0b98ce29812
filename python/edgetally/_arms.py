"""Several arms against one holdout."""

from __future__ import annotations

from . import _edgetally
from ._arguments import arrays, error, number, same_length
from ._edgetally import Interval
from ._flags import Flagged
from ._result import field
from ._segments import groups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from typing import Any

    from ._arguments import Bounds, Numbers


__all__ = ["LiftArmsResult", "lift_arms"]


class LiftArmsResult(Flagged):
    """What ``lift_arms`` returns; columns have a row per arm without the holdout, in the order of their first row."""

    __slots__ = ()

    arm: list[Any] = field("The arms.")
    users: Any = field("Users of each arm.")
    conversions: Any = field("Conversions of each arm.")
    rate: Any = field("Conversions per user.")
    holdout_rate: float = field("Conversions per user of the holdout.")
    diff: Bounds = field("Rate of the arm less that of the holdout, with an interval that holds for all arms together.")
    rel_lift: Bounds = field("The same relative to the holdout's rate, with such an interval.")
    z: Any = field("Statistic of the score test.")
    p_value: Any = field("Its p-value, not adjusted for the number of arms.")
    p_adjusted: Any = field("The p-value adjusted by Dunnett's method: the chance of any false discovery.")
    p_holm: Any = field("The p-value adjusted by Holm's method instead.")
    reject: Any = field("Whether p_adjusted is at most one less the confidence: then diff and rel_lift exclude zero.")
    critical: float = field("The value that no statistic exceeds with the confidence when nothing differs.")
    holdout_users: float = field("Users of the holdout.")

    def _marks(self) -> dict[str, Any]:
        import numpy as np

        conversions = np.append(self[2], self[4] * self[13])
        rest = np.append(self[1] - self[2], self[13] * (1.0 - self[4]))
        return {"low_counts": bool((np.minimum(conversions, rest) < 5).any()), "no_arm_differs": not self[11].any()}


def lift_arms(
    arm: Iterable[Hashable],
    users: Numbers,
    conversions: Numbers,
    *,
    holdout: Hashable,
    confidence: float = 0.95,
) -> LiftArmsResult:
    """The lift of each of several arms over one holdout, with all comparisons true together.

    A row per arm, or several that are added up; ``holdout`` is the label of the arm that the others are compared with.
    Three arms at 5 % each find something where there is nothing in one of nine cases. Dunnett's method (1955) holds
    that chance at 5 %: it knows that the comparisons share the holdout, and so gives away less than Bonferroni's.
    Intervals are score intervals at its critical value, and exclude zero exactly when ``p_adjusted`` is below one less
    the confidence.

    >>> import edgetally as et
    >>> r = et.lift_arms(["psa", "video", "search"], [10_000] * 3, [480, 570, 540], holdout="psa")
    >>> r.arm, r.p_adjusted.round(4).tolist(), r.reject.tolist()
    (['video', 'search'], [0.0083, 0.0973], [True, False])
    """
    labels, group = groups("arm", arm)
    if holdout not in labels:
        raise error("unknown_choice", "holdout is not among the labels of arm")
    if len(labels) < 2:
        raise error("too_few_rows", "arm has no other label than the holdout's")
    import numpy as np

    _, flat = arrays(users=users, conversions=conversions)
    same_length({"arm": group, **flat})
    for name, values in flat.items():
        # Before rows are added up, so that an error names the row.
        wrong = (values < 0) | (values != np.trunc(values)) & (values == values)
        if wrong.any():
            raise error("not_a_count", f"{name}[{int(wrong.argmax())}] is not a whole number from 0 to 2^53")
    of = [np.bincount(group, weights=values, minlength=len(labels)) for values in flat.values()]
    place = labels.index(holdout)
    (n0, x0), (n, x) = (float(column[place]) for column in of), (np.delete(column, place) for column in of)
    level = number("confidence", confidence)
    diff, relative, (z, p_value, adjusted, holm), critical = _edgetally._many_arms(n, x, n0, x0, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates, rate = x / n, np.divide(x0, n0)
    return LiftArmsResult(
        (
            [label for label in labels if label != holdout],
            n,
            x,
            rates,
            float(rate),
            Interval(*diff),
            Interval(*relative),
            z,
            p_value,
            adjusted,
            holm,
            adjusted <= 1.0 - level,
            critical,
            n0,
        )
    )

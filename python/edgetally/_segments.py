"""One experiment, many segments: whether they agree, and what is true of all."""

from __future__ import annotations

from . import _edgetally
from ._arguments import arrays, error, number, same_length
from ._edgetally import Interval
from ._flags import Flagged
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from typing import Any

    from ._arguments import Bounds, Numbers


__all__ = [
    "SegmentLiftResult",
    "SegmentRoasResult",
    "segment_lift",
    "segment_roas",
]


class SegmentLiftResult(Flagged):
    """What ``segment_lift`` returns; columns have a row per segment."""

    __slots__ = ()

    segment: Any = field("The segments, in the order of their first row.")
    per_segment_abs_lift: Any = field("Exposed rate less holdout rate of each segment.")
    per_segment_abs_ci: Bounds = field("The difference with its score interval.")
    per_segment_rel_lift: Any = field("The difference relative to the holdout's rate.")
    p_score: Any = field("P-value of the score test of each segment, not adjusted for their number.")
    p_holm: Any = field("The same adjusted by Holm: the chance of any false discovery.")
    p_bh: Any = field("The same adjusted by Benjamini and Hochberg: the share of false discoveries.")
    reject_holm: Any = field("Whether p_holm is at most one less the confidence.")
    reject_bh: Any = field("Whether p_bh is at most one less the confidence.")
    pooled_abs_lift: float = field("Difference of the rates, all segments pooled as if they were one.")
    stratified_abs_lift_exposed_weights: Interval[float] = field(
        "Mean of the segments' differences, weighted by exposed users."
    )
    mantel_haenszel_diff: Interval[float] = field(
        "Mantel and Haenszel's difference, with an interval from Sato's variance."
    )
    heterogeneity_q: float = field("Cochran's Q: do the segments differ in their difference?")
    heterogeneity_df: float = field("Its degrees of freedom.")
    heterogeneity_p: float = field("Its p-value.")
    simpson_warning: bool = field("Whether the pooled and the stratified difference have different signs.")
    exposed_users: Any = field("Exposed users of each segment.")
    exposed_conversions: Any = field("Exposed conversions of each segment.")
    holdout_users: Any = field("Holdout users of each segment.")
    holdout_conversions: Any = field("Holdout conversions of each segment.")

    def _marks(self) -> dict[str, Any]:
        return {"simpson": self[15], "segments_differ": self[14] < 0.05}


def groups(name: str, labels: Iterable[Hashable]) -> tuple[list[Hashable], list[int]]:
    """Labels in the order of their first row, and the place of each row's."""
    if isinstance(labels, (str, bytes)):
        raise error("wrong_type", f"{name} is not a column of labels, but {type(labels).__name__}")
    if hasattr(labels, "to_pylist"):
        labels = labels.to_pylist()
    elif hasattr(labels, "tolist"):
        labels = labels.tolist()
    elif hasattr(labels, "to_list"):
        labels = labels.to_list()
    if not hasattr(labels, "__iter__"):
        raise error("missing" if labels is None else "wrong_type", f"{name} is not a column of labels")
    places: dict[Hashable, int] = {}
    group = []
    for row, label in enumerate(labels):
        try:
            group.append(places.setdefault(label, len(places)))
        except TypeError:
            raise error("wrong_type", f"{name}[{row}] is not a label, but {type(label).__name__}") from None
    return list(places), group


def segment_lift(
    segment: Iterable[Hashable],
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    confidence: float = 0.95,
) -> SegmentLiftResult:
    """The lift of each segment, the lift over all of them, and whether they agree.

    A row per segment, or several that are added up. Where the arms are split differently in each segment, throwing
    them together compares segments and not arms: use the stratified estimates, which compare within segments.
    Variances: Sato (1989) for Mantel and Haenszel's difference; Cochran's Q for the heterogeneity. The p-values of
    the segments are adjusted for their number.

    >>> import edgetally as et
    >>> s = et.segment_lift(["a", "b"], [9000, 1000], [90, 100], [1000, 9000], [8, 810])
    >>> s.per_segment_abs_lift.tolist(), s.pooled_abs_lift, s.simpson_warning
    ([0.002, 0.01], -0.0628, True)
    """
    labels, group = groups("segment", segment)
    _, flat = arrays(
        exposed_users=exposed_users,
        exposed_conversions=exposed_conversions,
        holdout_users=holdout_users,
        holdout_conversions=holdout_conversions,
    )
    same_length({"segment": group, **flat})
    ((lift, *ends, relative), p_values, rejects, *rest), sums = _edgetally._segment_lift(
        group, *flat.values(), number("confidence", confidence)
    )
    return SegmentLiftResult((labels, lift, Interval(*ends), relative, *p_values, *rejects, *rest, *sums))


class SegmentRoasResult(Result):
    """What ``segment_roas`` returns; ``result["search"]`` is the return of the segment ``"search"``."""

    __slots__ = ()

    segment: Any = field("The segments, in the order of their first row.")
    roas: Any = field("Sum of revenue over sum of spend of each segment; NaN without spend.")
    total: float = field("All revenue over all spend.")
    revenue: Any = field("Revenue of each segment.")
    spend: Any = field("Spend of each segment.")
    mean_of_ratios: Any = field("What averaging the rows' ratios would say; wrong, for comparison only.")

    def __getitem__(self, key: Any) -> Any:
        """A field, or the return of a segment by its label as text; a field wins over a segment of its name."""
        try:
            return super().__getitem__(key)
        except KeyError:
            for prefix, column in (("", self.roas), ("mean_of_ratios_", self.mean_of_ratios)):
                for place, label in enumerate(self.segment):
                    if key == f"{prefix}{label}":
                        return float(column[place])
            raise


def segment_roas(
    spend: Numbers, revenue: Numbers, *, by: str | Iterable[Hashable], **columns: Iterable[Hashable]
) -> SegmentRoasResult:
    """Return on ad spend of each segment and of all: always the ratio of the sums, never the mean of the ratios.

    ``by`` is a column of labels, or the name of one that is passed as a further keyword.

    >>> import edgetally as et
    >>> r = et.segment_roas([100, 300, 50, 0], [500, 600, 40, 10], by=["search", "search", "social", "social"])
    >>> r["search"], r["social"], round(r.total, 3)
    (2.75, 1.0, 2.556)
    """
    if isinstance(by, str):
        if by not in columns:
            raise error("missing", f"by names the column {by}, which is not there")
        labels, group = groups(by, columns[by])
    else:
        labels, group = groups("by", by)
    _, flat = arrays(spend=spend, revenue=revenue)
    same_length({"by": group, **flat})
    (roas, revenues, spends, means), total = _edgetally._segment_roas(group, *flat.values())
    return SegmentRoasResult((labels, roas, total, revenues, spends, means))

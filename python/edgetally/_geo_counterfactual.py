"""What a series would have been, where no region was left without ads."""

from __future__ import annotations

from . import _edgetally, _geo_panel
from ._arguments import confidence as checked
from ._arguments import count, error, floats, number
from ._edgetally import Interval
from ._flags import Flagged, flagged
from ._result import field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._arguments import Numbers

__all__ = ["GeoCounterfactualResult", "geo_counterfactual"]


class GeoCounterfactualResult(Flagged):
    """What ``geo_counterfactual`` returns."""

    __slots__ = ()

    average_effect: Interval[float] = field("Mean effect per period, with its interval.")
    incremental: Interval[float] = field("Sum of the effects, with its interval.")
    lift: Interval[float] = field("That sum as a fraction of what would have been.")
    iroas: Interval[float] = field("Incremental outcome per unit of spend, with its interval.")
    p_value: float = field("Twice the smaller of the probabilities that the mean effect is above and below zero.")
    prob_positive: float = field("Probability that the mean effect is above zero.")
    counterfactual: Interval[Any] = field("What would have been after the start, by period, with intervals.")
    effect: Any = field("What was, less that, by period.")
    coefficients: Any = field("By how much the outcome moves with each covariate.")
    noise: float = field("Standard deviation of the noise before the start.")
    wandering: float = field("Standard deviation of the level's steps, as a share of that of the noise.")

    def _is_single(self) -> bool:
        return True


def geo_counterfactual(
    pre: Numbers = None,
    post: Numbers = None,
    covariates_pre: Any = (),
    covariates_post: Any = (),
    *,
    table: Any = None,
    date: str = "date",
    outcome: str = "outcome",
    covariates: Sequence[str] = (),
    start: Any = None,
    end: Any = None,
    season: int = 1,
    spend: float | None = None,
    confidence: float = 0.95,
) -> GeoCounterfactualResult:
    """What a series would have been without the ads, from its own past and from series that the ads did not move.

    ``pre`` and ``post`` are outcomes by period, the covariates a list of such series each. Or the first is a table
    with a row per date (rows of one date are added up): ``date``, ``outcome`` and ``covariates`` name its columns,
    ``start`` is the first date of the ads. ``season`` is the number of periods after which a pattern returns: 7 for
    days.

    The outcome is taken as a level that wanders, a season, covariates and noise (Harvey 1989). How much the level
    wanders is not known: every answer is a mixture over it, weighted by how well it explains the past. The interval
    excludes zero exactly when ``p_value`` is at most ``1 - confidence``.

    This is the weakest of the designs: whatever else began on the same day is counted as an effect. With regions
    left out take ``geo_did`` or ``geo_synthetic_control``. ``flags``: ``no_variance`` and ``perfect_fit``, where
    nothing is left unexplained before the start, so that nothing tells how far the forecast is off.

    >>> import edgetally as et
    >>> before = [100 + 7 * t % 5 for t in range(40)]
    >>> got = et.geo_counterfactual(before, [112, 110, 113], spend=10)
    >>> round(got.average_effect.estimate, 1), got.p_value < 0.01
    (9.6, True)
    """
    if table is None and post is None and _geo_panel.is_table(pre):
        table, pre = pre, None
    if table is not None:
        if pre is not None:
            raise error("wrong_type", "pre and a table say the same: pass one of them")
        series = _geo_panel.series(table, date=date, outcome=outcome, covariates=covariates, start=start, end=end)
    else:
        for name, value in {"pre": pre, "post": post}.items():
            if value is None:
                raise error("missing", f"{name} is required")
        series = (
            floats("pre", pre),
            floats("post", post),
            _geo_panel.regions("covariates_pre", covariates_pre),
            _geo_panel.regions("covariates_post", covariates_post),
        )
    intervals, chances, (expected, low, high, effect), last = _edgetally.geo_expected(
        *series,
        count("season", season),
        number("confidence", checked(confidence)),
        None if spend is None else number("spend", spend),
    )
    coefficients, noise, wandering, flags = last
    return flagged(
        GeoCounterfactualResult,
        (
            *(Interval(*interval) for interval in intervals),
            *chances,
            Interval(expected, low, high),
            effect,
            coefficients,
            noise,
            wandering,
        ),
        flags,
    )

"""The plan of a test by regions: what it would have found in history."""

from __future__ import annotations

from . import _edgetally, _geo_panel
from ._arguments import confidence as checked
from ._arguments import count, floats, number
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._arguments import Numbers

__all__ = ["GeoPowerResult", "geo_power"]


class GeoPowerResult(Result):
    """What ``geo_power`` returns."""

    __slots__ = ()

    lifts: Any = field("Lifts that were put in.")
    power: Any = field("Share of simulated tests that found each of them.")
    windows: int = field("Simulated tests per lift.")
    detectable_lift: float = field("Smallest of the lifts that is found with the target power.")


def geo_power(
    treated: Numbers,
    donors: Numbers,
    periods: int,
    *,
    lifts: Sequence[float] = (0.0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3),
    confidence: float | None = None,
    alpha: float | None = None,
    target: float = 0.8,
    least_before: int = 10,
) -> GeoPowerResult:
    """Simulate how often a test of so many ``periods`` would have found a lift, on history without a test.

    Every window of the history, after at least ``least_before`` periods, is taken as a test; the treated region is
    raised by each lift, and the placebo test of ``geo_synthetic_control`` is run at ``confidence`` (0.9 where nothing
    is said; ``alpha`` is one less it).

    >>> import edgetally as et
    >>> donors = [[10, 12, 11, 13, 12, 14], [20, 19, 21, 22, 21, 23], [5, 6, 7, 6, 8, 7]]
    >>> got = et.geo_power([15, 15.5, 16, 17.5, 16.5, 18.4], donors, 2, lifts=[0, 1], confidence=0.75, least_before=3)
    >>> got.windows, got.power[1]
    (2, 1.0)
    """
    level = number("confidence", checked(confidence, alpha=alpha, fallback=0.9))
    steps = floats("lifts", list(lifts))
    power, windows, least = _edgetally.geo_simulated_power(
        floats("treated", treated),
        _geo_panel.regions("donors", donors),
        count("periods", periods),
        count("least_before", least_before),
        steps,
        1.0 - level if alpha is None else number("alpha", alpha),
        number("target", target),
    )
    return GeoPowerResult((steps, power, windows, least))

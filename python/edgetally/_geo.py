"""Experiments by region: difference in differences, synthetic control."""

from __future__ import annotations

from . import _edgetally
from ._arguments import count, error, floats, number
from ._edgetally import Interval
from ._result import Result, field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._arguments import Numbers


__all__ = [
    "GeoDidResult",
    "GeoPowerResult",
    "GeoSyntheticControlResult",
    "geo_did",
    "geo_power",
    "geo_synthetic_control",
]


def _is_table(value: Any) -> bool:
    if getattr(value, "ndim", 1) == 2:
        return True
    return isinstance(value, (list, tuple)) and len(value) > 0 and hasattr(value[0], "__len__")


def _table(name: str, value: Any) -> list[list[float]]:
    """Read a list per region; a two-dimensional array has a row per region."""
    if getattr(value, "ndim", 1) == 2:
        value = list(value.to_numpy() if hasattr(value, "to_numpy") else value)
    if not isinstance(value, (list, tuple)):
        raise error("wrong_type", f"{name} is not a list of regions, each a column of numbers")
    return [floats(name, region) for region in value]


class GeoDidResult(Result):
    """What ``geo_did`` returns."""

    __slots__ = ()

    did: float = field("Gain of the treated beyond the change of the controls, per row.")
    did_ci: Interval[float] = field("The gain with its interval.")
    counterfactual: float = field("What the treated would have had: their mean before, plus the controls' change.")
    lift: float = field("The gain as a fraction of the counterfactual.")
    std_error: float = field("Standard error of the gain; by region for panels.")
    degrees_of_freedom: float = field("Of the interval, by Welch's formula.")
    p_value: float = field(
        "Share of relabellings of the regions with as large a difference; undefined without regions."
    )
    incremental: float = field("The gain over all treated rows after the start.")
    iroas: Interval[float] = field("Incremental outcome per unit of spend, with its interval.")


def geo_did(
    treated_pre: Numbers,
    treated_post: Numbers,
    control_pre: Numbers,
    control_post: Numbers,
    *,
    spend: float | None = None,
    confidence: float = 0.95,
    permutations: int = 10_000,
    seed: int = 0,
) -> GeoDidResult:
    """Difference in differences: what treated regions gained beyond the change of the controls.

    Each argument is a list of outcomes, or a list per region of its outcomes by period (rows of an array). With
    regions, the standard error counts regions and not rows (Bell and McCaffrey 2002), and the p-value relabels them:
    all ways where these are not more than ``permutations``, else so many random ones. ``spend`` gives the incremental
    return.

    >>> import edgetally as et
    >>> got = et.geo_did([100, 104, 98], [130, 128, 134], [90, 95, 88], [97, 99, 96])
    >>> round(got.did, 3), got.counterfactual, round(got.lift, 4)
    (23.667, 107.0, 0.2212)
    """
    named = {
        "treated_pre": treated_pre,
        "treated_post": treated_post,
        "control_pre": control_pre,
        "control_post": control_post,
    }
    panel = any(_is_table(value) for value in named.values())
    rows = [_table(name, value) if panel else [floats(name, value)] for name, value in named.items()]
    numbers, interval, p_value, incremental, iroas = _edgetally.geo_difference(
        *rows,
        panel,
        float(confidence),
        None if spend is None else number("spend", spend),
        count("permutations", permutations),
        count("seed", seed, 0),
    )
    did, counterfactual, lift, error, degrees = numbers
    answer = GeoDidResult(
        (did, Interval(*interval), counterfactual, lift, error, degrees, p_value, incremental, Interval(*iroas))
    )
    return kept(answer, **dict(zip(named, (tuple(map(tuple, side)) for side in rows), strict=True)), panel=panel)


class GeoSyntheticControlResult(Result):
    """What ``geo_synthetic_control`` returns."""

    __slots__ = ()

    weights: Any = field("Weight of each donor: not negative, their sum is one.")
    augmented_weights: Any = field("Weights with the ridge correction; the same without one.")
    ridge: Any = field("Penalty of the correction; None without one.")
    pre_rmse: float = field("Root mean square distance to the double before the test.")
    pre_rmse_share: float = field("That distance as a fraction of the treated region's mean.")
    counterfactual: Any = field("The double after the start, by period.")
    effect: Any = field("The treated region less its double, by period.")
    average_effect: Interval[float] = field(
        "Mean effect per period, with an interval from the donors' placebo effects."
    )
    incremental: float = field("Sum of the effects.")
    lift: float = field("That sum as a fraction of the double's.")
    iroas: Interval[float] = field("Incremental outcome per unit of spend, with its interval.")
    p_value: float = field("Share of regions whose distance after by that before is as large as the treated one's.")
    placebo_effects: Any = field("Mean effect that each donor would have had, as if treated.")


def geo_synthetic_control(
    treated_pre: Numbers,
    donors_pre: Numbers,
    treated_post: Numbers = (),
    donors_post: Numbers = (),
    *,
    ridge: float | str | None = None,
    spend: float | None = None,
    confidence: float = 0.95,
) -> GeoSyntheticControlResult:
    """Build the double of a treated region, mixed from donor regions, and what the region did beyond it.

    ``treated_pre`` and ``treated_post`` are outcomes by period, the donors a list of such lists (rows of an array).
    Weights minimise the squared distance before the test (Abadie and Gardeazabal 2003). ``ridge`` is the penalty of
    the augmented estimator (Ben-Michael, Feller and Rothstein 2021) or ``"auto"``. p-value and interval compare with
    donors that were not treated (Abadie, Diamond and Hainmueller 2010); with ``n`` donors no p-value is below ``1 /
    (n + 1)``, and ends are infinite where that is above ``1 - confidence``.

    >>> import edgetally as et
    >>> got = et.geo_synthetic_control([15, 15.5, 16], [[10, 12, 11], [20, 19, 21]], [20], [[12], [22]])
    >>> [round(w, 6) for w in got.weights], [round(e, 6) for e in got.effect]
    ([0.5, 0.5], [3.0])
    """
    auto = ridge == "auto"
    if isinstance(ridge, str) and not auto:
        raise error("unknown_choice", "ridge is neither a penalty nor 'auto'")
    before, donors = floats("treated_pre", treated_pre), _table("donors_pre", donors_pre)
    (first, series, last) = _edgetally.geo_double(
        before,
        donors,
        floats("treated_post", treated_post),
        _table("donors_post", donors_post),
        None if ridge is None or auto else number("ridge", ridge),
        auto,
        float(confidence),
        None if spend is None else number("spend", spend),
    )
    average, incremental, lift, iroas, p_value, placebo = last
    answer = GeoSyntheticControlResult(
        (*first, *series, Interval(*average), incremental, lift, Interval(*iroas), p_value, placebo)
    )
    return kept(answer, treated_pre=tuple(before), donors_pre=tuple(map(tuple, donors)))


class GeoPowerResult(Result):
    """What ``geo_power`` returns."""

    __slots__ = ()

    lifts: Any = field("Lifts that were put in.")
    power: Any = field("Share of simulated tests that found each of them.")
    windows: Any = field("Simulated tests per lift.")
    detectable_lift: Any = field("Smallest of the lifts that is found with the target power.")


def geo_power(
    treated: Numbers,
    donors: Numbers,
    periods: int,
    *,
    lifts: Sequence[float] = (0.0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3),
    alpha: float = 0.1,
    target: float = 0.8,
    least_before: int = 10,
) -> GeoPowerResult:
    """Simulate how often a test of so many ``periods`` would have found a lift, on history without a test.

    Every window of the history, after at least ``least_before`` periods, is taken as a test; the treated region is
    raised by each lift, and the placebo test of ``geo_synthetic_control`` is run at ``alpha``.

    >>> import edgetally as et
    >>> donors = [[10, 12, 11, 13, 12, 14], [20, 19, 21, 22, 21, 23], [5, 6, 7, 6, 8, 7]]
    >>> got = et.geo_power([15, 15.5, 16, 17.5, 16.5, 18.4], donors, 2, lifts=[0, 1], alpha=0.25, least_before=3)
    >>> got.windows, got.power[1]
    (2, 1.0)
    """
    steps = floats("lifts", list(lifts))
    power, windows, least = _edgetally.geo_simulated_power(
        floats("treated", treated),
        _table("donors", donors),
        count("periods", periods),
        count("least_before", least_before),
        steps,
        number("alpha", alpha),
        number("target", target),
    )
    return GeoPowerResult((steps, power, windows, least))

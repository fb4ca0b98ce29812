"""Synthetic control: a region's double from other regions."""

from __future__ import annotations

from . import _edgetally, _geo_panel
from ._arguments import confidence as checked
from ._arguments import error, floats, number
from ._edgetally import Interval
from ._flags import Flagged, flagged
from ._result import field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Numbers

__all__ = ["GeoSyntheticControlResult", "geo_synthetic_control"]


class GeoSyntheticControlResult(Flagged):
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
        "Mean effect per period, with the interval of all effects that the placebo test does not reject."
    )
    incremental: float = field("Sum of the effects; over all treated regions of a table.")
    lift: float = field("That sum as a fraction of the double's.")
    iroas: Interval[float] = field("Incremental outcome per unit of spend, with its interval.")
    p_value: float = field(
        "Share of regions whose mean effect, by their distance before the test, is as large as the treated one's."
    )
    placebo_effects: Any = field("Mean effect that each donor would have had, as if treated.")
    donors: Any = field("Names of the donors, in the order of the weights; None without names.")

    def _is_single(self) -> bool:
        return True


def geo_synthetic_control(
    treated_pre: Numbers = None,
    donors_pre: Numbers = None,
    treated_post: Numbers = (),
    donors_post: Numbers = (),
    *,
    table: Any = None,
    region: str = "region",
    date: str = "date",
    outcome: str = "outcome",
    treated: Any = None,
    control: Any = None,
    start: Any = None,
    end: Any = None,
    ridge: float | str | None = None,
    spend: float | None = None,
    confidence: float = 0.95,
) -> GeoSyntheticControlResult:
    """Build the double of a treated region, mixed from donor regions, and what the region did beyond it.

    ``treated_pre`` and ``treated_post`` are outcomes by period, the donors a list of such lists (rows of an array).
    Or the first is a table as ``geo_did`` takes it; the mean of several treated regions is then taken for one, and
    ``incremental`` counts them all.

    Weights minimise the squared distance before the test (Abadie and Gardeazabal 2003). ``ridge`` is the penalty of
    the augmented estimator (Ben-Michael, Feller and Rothstein 2021) or ``"auto"``. The test takes each donor as if it
    had been treated (Abadie, Diamond and Hainmueller 2010) and compares mean effects in units of each region's own
    distance before the start. The interval holds every effect that this test does not reject, and so excludes zero
    exactly when ``p_value`` is at most ``1 - confidence``.

    ``flags``: ``too_few_donors``, since with ``n`` donors no p-value is below ``1 / (n + 1)``: the ends are infinite
    where that is above ``1 - confidence``; ``perfect_fit``, where the double meets the region exactly before the
    start, as it does with as many donors as periods, so that nothing says how far it is off afterwards;
    ``no_variance``, where no donor moves but as the others do: interval and p-value are undefined.

    >>> import edgetally as et
    >>> got = et.geo_synthetic_control([15, 15.5, 16], [[10, 12, 11], [20, 19, 21]], [20], [[12], [22]])
    >>> [round(w, 6) for w in got.weights], [round(e, 6) for e in got.effect]
    ([0.5, 0.5], [3.0])
    """
    auto = ridge == "auto"
    if isinstance(ridge, str) and not auto:
        raise error("unknown_choice", "ridge is neither a penalty nor 'auto'")
    if table is None and donors_pre is None and _geo_panel.is_table(treated_pre):
        table, treated_pre = treated_pre, None
    names: tuple[Any, ...] | None = None
    copies = 1
    if table is not None:
        for name, value in {"treated_pre": treated_pre, "donors_pre": donors_pre}.items():
            if value is not None:
                raise error("wrong_type", f"{name} and a table say the same: pass one of them")
        cut = _geo_panel.read(
            table,
            region=region,
            date=date,
            outcome=outcome,
            treated=treated,
            control=control,
            start=start,
            end=end,
        )
        names, copies = tuple(cut.control), len(cut.treated)
        before, after = _mean(cut.treated_pre), _mean(cut.treated_post)
        series = (before, cut.control_pre, after, cut.control_post)
    else:
        series = (
            floats("treated_pre", treated_pre),
            _geo_panel.regions("donors_pre", donors_pre),
            floats("treated_post", treated_post),
            _geo_panel.regions("donors_post", donors_post),
        )
    (first, by_period, last) = _edgetally.geo_double(
        *series,
        None if ridge is None or auto else number("ridge", ridge),
        auto,
        number("confidence", checked(confidence)),
        None if spend is None else number("spend", spend) / copies,
    )
    average, incremental, lift, iroas, p_value, placebo, flags = last
    answer = flagged(
        GeoSyntheticControlResult,
        (
            *first,
            *by_period,
            Interval(*average),
            incremental * copies,
            lift,
            Interval(*iroas),
            p_value,
            placebo,
            names,
        ),
        flags,
    )
    return kept(answer, treated_pre=tuple(series[0]), donors_pre=tuple(map(tuple, series[1])))


def _mean(rows: list[list[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*rows, strict=True)]

"""Difference in differences of regions."""

from __future__ import annotations

from . import _edgetally, _geo_panel
from ._arguments import confidence as checked
from ._arguments import count, error, floats, number
from ._edgetally import Interval
from ._flags import Flagged, flagged
from ._result import field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Numbers

__all__ = ["GeoDidResult", "geo_did"]


class GeoDidResult(Flagged):
    """What ``geo_did`` returns."""

    __slots__ = ()

    did: float = field("Gain of the treated beyond the change of the controls, per row.")
    did_ci: Interval[float] = field("The gain with its interval: of regions, every gain that the test does not reject.")
    counterfactual: float = field("What the treated would have had: their mean before, plus the controls' change.")
    lift: float = field("The gain as a fraction of the counterfactual.")
    std_error: float = field("Standard error of the gain; by region for panels.")
    degrees_of_freedom: float = field("Of the standard error, by Welch's formula.")
    p_value: float = field(
        "Share of relabellings of the regions with as large a difference; undefined without regions."
    )
    incremental: float = field("The gain over all treated rows after the start.")
    iroas: Interval[float] = field("Incremental outcome per unit of spend, with its interval.")


def geo_did(
    treated_pre: Numbers = None,
    treated_post: Numbers = None,
    control_pre: Numbers = None,
    control_post: Numbers = None,
    *,
    table: Any = None,
    region: str = "region",
    date: str = "date",
    outcome: str = "outcome",
    treated: Any = None,
    control: Any = None,
    start: Any = None,
    end: Any = None,
    spend: float | None = None,
    confidence: float = 0.95,
    permutations: int = 10_000,
    seed: int = 0,
) -> GeoDidResult:
    """Difference in differences: what treated regions gained beyond the change of the controls.

    Each of the first four is a list of outcomes, or a list per region of its outcomes by period (rows of an array).
    Or the first is a table, a row per region and date (pandas, Polars, Arrow, a mapping of columns): ``region``,
    ``date`` and ``outcome`` name its columns, ``treated`` the regions with advertising, ``control`` those without
    (all others), ``start`` the first date of the test and ``end`` its last.

    With regions, the standard error counts regions and not rows (Bell and McCaffrey 2002). p-value and interval
    relabel the regions: all ways where these are not more than ``permutations``, else so many random ones. The
    interval holds every gain that this test does not reject, and so excludes zero exactly when ``p_value`` is at most
    ``1 - confidence``. ``spend`` gives the incremental return.

    ``flags``: ``too_few_regions``, where no relabelling could be that rare, and the interval's ends are infinite;
    ``no_variance``, where outcomes differ by rounding only, and ``too_few_rows``, where a list has one row: the
    interval is undefined.

    >>> import edgetally as et
    >>> got = et.geo_did([100, 104, 98], [130, 128, 134], [90, 95, 88], [97, 99, 96])
    >>> round(got.did, 3), got.counterfactual, round(got.lift, 4)
    (23.667, 107.0, 0.2212)
    """
    if table is None and treated_post is None and _geo_panel.is_table(treated_pre):
        table, treated_pre = treated_pre, None
    named = {
        "treated_pre": treated_pre,
        "treated_post": treated_post,
        "control_pre": control_pre,
        "control_post": control_post,
    }
    if table is not None:
        for name, value in named.items():
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
        rows, panel = [cut.treated_pre, cut.treated_post, cut.control_pre, cut.control_post], True
    else:
        for name, value in named.items():
            if value is None:
                raise error("missing", f"{name} is required")
        panel = any(_geo_panel.is_panel(value) for value in named.values())
        rows = [_geo_panel.regions(name, value) if panel else [floats(name, value)] for name, value in named.items()]
    numbers, interval, p_value, incremental, iroas, flags = _edgetally.geo_difference(
        *rows,
        panel,
        number("confidence", checked(confidence)),
        None if spend is None else number("spend", spend),
        count("permutations", permutations),
        count("seed", seed, 0),
    )
    did, counterfactual, lift, deviation, degrees = numbers
    answer = flagged(
        GeoDidResult,
        (did, Interval(*interval), counterfactual, lift, deviation, degrees, p_value, incremental, Interval(*iroas)),
        flags,
    )
    return kept(answer, **dict(zip(named, (tuple(map(tuple, side)) for side in rows), strict=True)), panel=panel)

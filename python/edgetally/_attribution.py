"""Credit over touches, campaign parameters, channel groups."""

from __future__ import annotations

from . import _edgetally
from ._arguments import choice, error, number
from ._arguments import count as whole
from ._edgetally import Calculator, channel_group, source_category
from ._names import family
from ._result import Result, field
from .events import (
    coverage as events_coverage,
)
from .events import (
    dedup as events_dedup,
)
from .events import (
    match_quality as events_match_quality,
)
from .events import (
    rate_change as events_rate_change,
)
from .events import (
    rate_change_overdispersed as events_rate_change_overdispersed,
)
from .events import (
    seasonal_change as events_seasonal_change,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._arguments import Numbers, Texts


__all__ = [
    "AttributionResult",
    "CreditResult",
    "IncrementalityResult",
    "TimeDecayResult",
    "TrafficResult",
    "UtmResult",
    "attribution",
    "attribution_incrementality",
    "attribution_time_decay",
    "channel_group",
    "events_coverage",
    "events_dedup",
    "events_match_quality",
    "events_rate_change",
    "events_rate_change_overdispersed",
    "events_seasonal_change",
    "parse_utm",
    "source_category",
    "traffic",
]

_MODELS = ("first", "last", "linear", "linear_unique", "shapley", "position", "time_decay", "markov")


class AttributionResult(Result):
    """What ``attribution`` returns when no model is chosen: the credit of each channel by name, under every model."""

    __slots__ = ()

    first: Any = field("All credit to the first touch.")
    last: Any = field("All credit to the last touch.")
    linear: Any = field("The same credit to each touch.")
    position_40_20_40: Any = field("40 % to the first, 40 % to the last, the rest to those between.")
    linear_unique: Any = field("The same credit to each channel of a path.")
    shapley_sum_game: Any = field("Shapley values; proven equal to linear_unique.")
    markov_removal_effect: Any = field("Share of the conversions lost when the channel leads nowhere (order 1).")
    markov_order1: Any = field("Conversions shared in proportion to the removal effects.")
    base_conversion_probability: float = field("Share of all paths that convert.")
    total_conversions: float = field("Conversions over all paths.")

    def _table(self) -> dict[str, Any]:
        """Make a row per channel."""
        channels = list(self["first"])
        table: dict[str, Any] = {"channel": channels}
        for name, value in self._items():
            if isinstance(value, dict):
                table[name] = list(value.values())
        return table


class CreditResult(Result):
    """What ``attribution`` returns for one model."""

    __slots__ = ()

    credit: Any = field("Conversions credited to each channel, by name.")
    share: Any = field("Share of all conversions credited to each channel, by name.")
    removal_effect: Any = field("Share of the conversions lost when the channel leads nowhere; None but for Markov.")
    base_conversion_probability: Any = field("Share of all paths that convert.")
    total_conversions: Any = field("Conversions over all paths.")

    def _table(self) -> dict[str, Any]:
        """Make a row per channel."""
        channels = list(self["credit"])
        table: dict[str, Any] = {"channel": channels}
        for name, value in self._items():
            if isinstance(value, dict):
                table[name] = list(value.values())
        return table


def _numbers(argument: str, value: Any) -> Any:
    """Give a list of numbers or a NumPy array of them."""
    if value is None or isinstance(value, (list, tuple)):
        return value
    import numpy as np

    from ._columns import Form

    if str(getattr(value, "dtype", getattr(value, "type", ""))).lower() in ("bool", "boolean"):
        # Lists of flags are numbers to the core, whatever they came in.
        return next(getattr(value, name)() for name in ("to_pylist", "to_list", "tolist") if hasattr(value, name))
    read = Form().read(argument, value)
    if isinstance(read, float):
        return [read]
    return np.ascontiguousarray(read)


def _gather(paths: Any, converted: Any, count: Any, ages_days: Any, separator: str) -> _edgetally.Paths:
    """Rows, lists of touches, or texts with a separator."""
    if paths is None or isinstance(paths, (str, bytes, dict)):
        raise error("wrong_type", f"paths is not a list or column of paths, but {type(paths).__name__}")
    if not isinstance(separator, str):
        raise error("wrong_type", f"separator is not text, but {type(separator).__name__}")
    first = paths[0] if isinstance(paths, (list, tuple)) and paths else None
    if isinstance(first, dict) or (first is None and isinstance(paths, (list, tuple))):
        return _edgetally.Paths.of_rows(paths)
    converted, count = _numbers("converted", converted), _numbers("count", count)
    if isinstance(first, (list, tuple)):
        return _edgetally.Paths.of_lists(paths, converted, count, ages_days)
    if first is None:
        listed = _listed(paths)
        if listed is not None:
            return _edgetally.Paths.of_lists(
                listed, converted, count, None if ages_days is None else _listed(ages_days)
            )
    return _edgetally.Paths.of_texts(paths, separator, converted, count)


def _listed(column: Any) -> Any:
    """Turn a column of lists into a list of them; ``None`` when it is one of texts."""
    if isinstance(column, (list, tuple)):
        return column
    for method in ("to_pylist", "to_list", "tolist"):
        # A number of NumPy's has one of them too.
        if hasattr(column, method) and isinstance(rows := getattr(column, method)(), list):
            # Columns of text are read where they lie.
            return rows if rows and isinstance(rows[0], (list, tuple)) else None
    return None


@family
def attribution(
    paths: Any,
    *,
    converted: Any = None,
    count: Any = None,
    ages_days: Any = None,
    model: str | None = None,
    order: int = 1,
    half_life_days: float = 7.0,
    first: float = 0.4,
    last: float = 0.4,
    separator: str = ">",
) -> AttributionResult | CreditResult:
    """Share conversions among the channels of the paths that led to them. Bookkeeping, not causality.

    ``paths`` is a list of dicts with ``path`` (channels from the first touch to the last), ``converted``, and
    perhaps ``count`` (how often the path was walked, or what its conversions were worth; 1) and ``ages_days`` (of
    each touch at the time of the conversion). For many paths, hand over columns instead: ``paths`` as texts like
    ``"search > email"`` or as lists of channels, with ``converted`` and ``count`` beside it; without ``converted``
    all paths converted.

    Without ``model`` every model is computed that needs no ages (``AttributionResult``); with one, only that
    (``CreditResult``): ``first``, ``last``, ``linear``, ``linear_unique``, ``shapley``, ``position`` (shares
    ``first`` and ``last``, the rest between), ``time_decay`` (halves with every ``half_life_days``), ``markov``
    (over the last ``order`` touches; Anderl et al. 2016, solved exactly, not simulated). The Shapley value of paths
    is the equal split over their distinct channels, so it tells no more than that.

    No model says what would have happened without a channel: that takes an experiment (``lift``), whose answer over
    the credit is ``attribution_incrementality``. Channels come in the order of their names.

    Raises ``EdgetallyError`` for a path without touches, negative counts, ages that are missing, and more than
    3,000 Markov states.

    >>> import edgetally as et
    >>> paths = [
    ...     {"path": ["search", "social", "email"], "converted": True, "count": 12},
    ...     {"path": ["display", "social"], "converted": True, "count": 6},
    ...     {"path": ["display"], "converted": False, "count": 40},
    ... ]
    >>> et.attribution(paths, model="linear").credit
    {'display': 3.0, 'email': 4.0, 'search': 4.0, 'social': 7.0}
    >>> et.attribution(["search > email", "email"], converted=[True, False]).last
    {'email': 1.0, 'search': 0.0}
    """
    if model is not None:
        choice("model", model, _MODELS)
    order = whole("order", order)
    half_life_days = number("half_life_days", half_life_days)
    first, last = number("first", first), number("last", last)
    gathered = _gather(paths, converted, count, ages_days, separator)
    channels = gathered.channels()

    def named(credit: Sequence[float]) -> dict[str, float]:
        return dict(zip(channels, credit, strict=True))

    base, total = gathered.base_conversion_probability(), gathered.total_conversions()
    if model is None:
        effect, markov = gathered.markov(1)
        unique = named(gathered.credit("linear_unique"))
        return AttributionResult(
            (
                named(gathered.credit("first")),
                named(gathered.credit("last")),
                named(gathered.credit("linear")),
                named(gathered.position(0.4, 0.4)),
                unique,
                dict(unique),
                named(effect),
                named(markov),
                base,
                total,
            )
        )
    removal = None
    if model == "markov":
        effect, credit = gathered.markov(order)
        removal = named(effect)
    elif model == "position":
        credit = gathered.position(first, last)
    elif model == "time_decay":
        credit = gathered.time_decay(half_life_days)
    else:
        credit = gathered.credit(model)
    nothing = float("nan")
    share = [part / total if total else nothing for part in credit]
    return CreditResult((named(credit), named(share), removal, base, total))


class TimeDecayResult(Result):
    """What ``attribution_time_decay`` returns."""

    __slots__ = ()

    weights: Any = field("Share of the conversion for each touch.")


def attribution_time_decay(ages_days: Numbers, *, half_life_days: float = 7.0) -> TimeDecayResult:
    """How one conversion is shared by touches of these ages: ``2 ** (-age / half_life)``, scaled to a sum of 1.

    Ages are in days, 0 or more. A list gives a list, a column a column of its kind.

    >>> import edgetally as et
    >>> et.attribution_time_decay([14, 7, 7]).weights
    [0.2, 0.4, 0.4]
    """
    half_life_days = number("half_life_days", half_life_days)
    if isinstance(ages_days, (list, tuple)):
        return TimeDecayResult((_edgetally.time_decay_weights(ages_days, half_life_days),))
    import numpy as np

    from ._columns import Form

    form = Form()
    flat, _ = form.columns(("ages_days",), (ages_days,))
    if flat[0] is None:
        raise error("missing", "ages_days is required")
    if isinstance(flat[0], float):
        return TimeDecayResult((_edgetally.time_decay_weights([flat[0]], half_life_days)[0],))
    weights = np.asarray(_edgetally.time_decay_weights(flat[0], half_life_days))
    return TimeDecayResult((form.wrap(weights),))


class IncrementalityResult(Result):
    """What ``attribution_incrementality`` returns."""

    __slots__ = ()

    factor: Any = field("Incremental conversions per attributed one.")


_INCREMENTALITY = Calculator("attribution.incrementality", IncrementalityResult)


def attribution_incrementality(
    incremental: Numbers, attributed: Numbers, *, errors: str = "raise", threads: int | None = None
) -> IncrementalityResult:
    """Say what a channel's attributed conversions are worth: those an experiment showed, over those credited.

    Below 1 the model flatters the channel: multiply its credit by the factor until the next experiment. Undefined
    when nothing was credited.

    >>> import edgetally as et
    >>> et.attribution_incrementality(incremental=300, attributed=1200).factor
    0.25
    """
    return _INCREMENTALITY((incremental, attributed), errors, threads)


class UtmResult(Result):
    """What ``parse_utm`` returns: text or ``None``, or columns of them."""

    __slots__ = ()

    utm_source: Any = field("Who sent the visitor.")
    utm_medium: Any = field("By what means.")
    utm_campaign: Any = field("The campaign's name.")
    utm_id: Any = field("The campaign's id.")
    utm_source_platform: Any = field("Where the campaign was booked.")
    utm_term: Any = field("The keyword.")
    utm_content: Any = field("Which of several links or creatives.")
    utm_creative_format: Any = field("What kind of creative.")
    utm_marketing_tactic: Any = field("Who was aimed at.")


def parse_utm(url: Texts, *, threads: int | None = None) -> UtmResult:
    """Read the campaign parameters from the query of a page address, or of a column of them.

    Names are read exactly as Google Analytics writes them (help page 10917952, read 2026-11-22), so ``UTM_SOURCE``
    is none; what stands behind ``#`` is not read. Values are decoded once (``+`` and ``%XX``) and keep their case,
    as reports do. An empty value is ``None``, and of two the first counts. A column gives columns of its kind:
    list, NumPy, pandas, Polars, Arrow.

    >>> import edgetally as et
    >>> utm = et.parse_utm("https://shop.example/?utm_source=News+Letter&utm_medium=email")
    >>> utm.utm_source, utm.utm_medium, utm.utm_campaign
    ('News Letter', 'email', None)
    >>> et.parse_utm(["https://shop.example/?utm_id=7", None]).utm_id
    ['7', None]
    """
    return UtmResult(tuple(_edgetally.utm_columns(url, threads)))


class TrafficResult(Result):
    """What ``traffic`` returns: text or ``None``, or columns of them."""

    __slots__ = ()

    source: Any = field("Who sent the visitor.")
    medium: Any = field("By what means.")
    campaign: Any = field("The campaign, or (not set), (referral), (organic), (direct).")
    click_id: Any = field("The parameter of the click id that was found.")
    origin: Any = field("internal when the visitor came from the site itself, else external.")
    channel: Any = field("The channel of Google Analytics' default channel group.")


def traffic(
    url: Texts, referrer: Texts = None, *, own: Sequence[str] = (), threads: int | None = None
) -> TrafficResult:
    """Where visits came from, by the address they landed on and the page before.

    In this order: a click id of Google Ads, whose automatic tags go before written ones; campaign parameters;
    another click id; the referrer; nothing. ``fbclid`` and ``epik`` also stand in links that nobody paid for, so by
    themselves they are organic. ``own`` are the site's domains with everything below them; put the pages of payment
    providers there too. A referrer that is the landing host, or above or below it, and one beside Google's
    cross-domain parameter ``_gl``, is the site's as well. Visits from the site itself have the origin ``internal``;
    campaign parameters on its own links count all the same, as in Google Analytics, and are better taken off.

    A column gives columns of its kind. A row without ``url`` is ``None`` throughout, and so is one whose ``url`` cannot
    be the address of a page: what an export left behind says nothing of a visit, and would count as a direct one.
    Addresses may lack their scheme, or be the path alone.

    >>> import edgetally as et
    >>> visit = et.traffic("https://shop.example/?gclid=A", "https://www.google.com/")
    >>> visit.source, visit.medium, visit.channel
    ('google', 'cpc', 'Paid Search')
    >>> et.traffic(["https://shop.example/"] * 2, ["https://www.bing.com/", None]).channel
    ['Organic Search', 'Direct']
    """
    domains = [own] if isinstance(own, str) else own
    if not isinstance(domains, (list, tuple, set, frozenset)) or not all(isinstance(name, str) for name in domains):
        raise error("wrong_type", "own is not a list of domains")
    if any("\ud800" <= letter <= "\udfff" for name in domains for letter in name):
        raise error("invalid_unicode", "own holds half a surrogate pair")
    return TrafficResult(tuple(_edgetally.traffic_columns(url, referrer, list(domains), threads)))

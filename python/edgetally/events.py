"""The quality of the events themselves: coverage, duplicates, changes of volume."""

from __future__ import annotations

from . import _edgetally
from ._arguments import choice, error, floats, missing, number, optional
from ._arguments import confidence as checked
from ._edgetally import Calculator
from ._flags import Flagged, holds
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, ParamSpec, Protocol, TypeVar, overload

    from ._arguments import Numbers, Texts
    from ._ledger_table import LedgerTable

    _P = ParamSpec("_P")
    _R = TypeVar("_R", covariant=True)

    class Told(Protocol[_P, _R]):
        """A function that also takes a table with its arguments, as the type checker sees it."""

        @overload
        def __call__(self, table: LedgerTable, /, **options: Any) -> _R: ...
        @overload
        def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...


__all__ = [
    "CoverageResult",
    "DedupResult",
    "MatchQualityResult",
    "OverdispersedChangeResult",
    "RateChangeResult",
    "SeasonalChangeResult",
    "coverage",
    "dedup",
    "duplicates",
    "match_quality",
    "overlap",
    "rate_change",
    "rate_change_overdispersed",
    "seasonal_change",
]


def told(*names: str) -> Callable[[Callable[_P, _R]], Told[_P, _R]]:
    """Let a function take a table that has its first arguments as columns, in place of them."""

    def of(function: Callable[_P, _R]) -> Told[_P, _R]:
        def call(*args: Any, **options: Any) -> Any:
            if not args or isinstance(args[0], (int, float)):
                return function(*args, **options)
            from ._ledger_table import LedgerTable

            if not isinstance(args[0], LedgerTable):
                return function(*args, **options)
            if len(args) > 1 or not options.keys().isdisjoint(names):
                raise error("one_goal", f"{names[0]} is a table that holds {', '.join(names)}: pass it alone")
            return function(**{name: args[0][name] for name in names}, **options)  # type: ignore[call-arg, arg-type]

        # As functools.wraps, which takes longer to import than all calculators.
        for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
            setattr(call, name, getattr(function, name))
        call.__wrapped__ = function  # type: ignore[attr-defined]
        return call

    return of


class RateChangeResult(Flagged):
    """What ``rate_change`` returns."""

    __slots__ = ()

    rate_ratio: Any = field("New rate over old rate.")
    p_exact_minlike: Any = field("Two-sided exact p-value: all splits no likelier than this one.")
    p_exact_central: Any = field("Two-sided exact p-value: twice the smaller tail. The one of the interval.")
    p_mid: Any = field("Two-sided mid-p: half the weight on the split itself.")
    ratio_ci_exact: Any = field("Rate ratio between its Clopper-Pearson ends.")

    def _marks(self) -> dict[str, Any]:
        return {"silent": holds(lambda ratio: ratio == 0.0, self["rate_ratio"])}


_RATE_CHANGE = Calculator("events.rate_change", RateChangeResult)


@told("count_new", "exposure_new", "count_old", "exposure_old")
def rate_change(
    count_new: Numbers,
    exposure_new: Numbers,
    count_old: Numbers,
    exposure_old: Numbers,
    *,
    confidence: Numbers = 0.95,
    errors: str = "raise",
    threads: int | None = None,
) -> RateChangeResult:
    """How two counts over two exposures compare, exactly, if events come independently of each other (Poisson).

    Counts are whole numbers; exposures are in any unit, the same for both: hours, sessions. Given their sum, the
    new count is binomial (Przyborowski and Wilenski 1940); its interval (Clopper and Pearson 1934) becomes one of
    the ratio, which excludes 1 exactly when ``p_exact_central`` is at most ``1 - confidence``; ``p_exact_minlike`` is
    another test, which may differ near the border. An event that fires no more has an interval from 0 to an upper end,
    and the flag ``silent``. Real events come in bursts: see ``rate_change_overdispersed``. For many event names at
    once, adjust the p-values (``adjust_pvalues``).

    Numbers give numbers; where any argument is a column the fields are columns of its kind. ``errors="coerce"``
    turns rows that break a rule into ``NaN`` and marks them in ``.status``.

    Of a ledger, pass the table of ``new.beside(old)``, which holds all four.

    >>> import edgetally as et
    >>> change = et.events.rate_change(count_new=90, exposure_new=24, count_old=130, exposure_old=24)
    >>> round(change.rate_ratio, 3), round(change.p_exact_minlike, 4)
    (0.692, 0.0084)
    >>> [round(end, 3) for end in change.ratio_ci_exact]
    [0.523, 0.913]
    """
    return _RATE_CHANGE((count_new, exposure_new, count_old, exposure_old, checked(confidence)), errors, threads)


class OverdispersedChangeResult(Flagged):
    """What ``rate_change_overdispersed`` returns."""

    __slots__ = ()

    rate_ratio: Any = field("New rate over old rate.")
    z: Any = field("Logarithm of the ratio in standard errors.")
    p_value: Any = field("Two-sided p-value.")
    ratio_ci: Any = field("Rate ratio between its ends.")

    def _marks(self) -> dict[str, Any]:
        return {"silent": holds(lambda ratio: ratio == 0.0, self["rate_ratio"])}


_OVERDISPERSED = Calculator("events.rate_change_overdispersed", OverdispersedChangeResult)


@told("count_new", "exposure_new", "count_old", "exposure_old")
def rate_change_overdispersed(
    count_new: Numbers,
    exposure_new: Numbers,
    count_old: Numbers,
    exposure_old: Numbers,
    dispersion: Numbers,
    *,
    confidence: Numbers = 0.95,
    errors: str = "raise",
    threads: int | None = None,
) -> OverdispersedChangeResult:
    """How two counts over two exposures compare when their variance is ``dispersion`` times their mean (quasi-Poisson).

    ``z = ln ratio / sqrt(dispersion * (1 / new + 1 / old))``. A dispersion below 1 counts as 1. ``seasonal_change``
    estimates one. When a count is 0, ``z`` is undefined, and p-value and interval are those of the exact test on
    counts over ``dispersion``.

    >>> import edgetally as et
    >>> change = et.events.rate_change_overdispersed(1200, 24, 1000, 24, dispersion=4)
    >>> round(change.z, 3), round(change.p_value, 4)
    (2.129, 0.0332)
    """
    values = (count_new, exposure_new, count_old, exposure_old, dispersion, checked(confidence))
    return _OVERDISPERSED(values, errors, threads)


class SeasonalChangeResult(Result):
    """What ``seasonal_change`` returns; lists have one value per bin."""

    __slots__ = ()

    expected: Any = field("What is usual for each bin.")
    dispersion: Any = field("How many times more than its mean a count varies, at least 1.")
    ratio: Any = field("Current count over expected, per bin.")
    z: Any = field("Logarithm of the ratio in standard errors, per bin.")
    p_value: Any = field("Two-sided p-value per bin.")
    p_adjusted: Any = field("False discovery rate over the bins (Benjamini and Hochberg 1995).")
    total_ratio: Any = field("Sum of current over sum of expected.")
    total_z: Any = field("Its logarithm in standard errors.")
    total_p: Any = field("Two-sided p-value of the total.")


def _rows(argument: str, value: Any) -> list[list[float]]:
    """Nested columns as lists."""
    if getattr(value, "ndim", 1) == 2 and hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__len__") or not hasattr(value, "__getitem__"):
        raise error("wrong_type", f"{argument} is not a list of lists, but {type(value).__name__}")
    try:
        rows = list(value)
    except TypeError:
        raise error("wrong_type", f"{argument} is not a list of lists, but {type(value).__name__}") from None
    return [floats(f"{argument}[{place}]", row) for place, row in enumerate(rows)]


def _row(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return value
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(value, method):
            return getattr(value, method)()
    return list(value)


@told("history", "current")
def seasonal_change(
    history: Sequence[Sequence[float]] | Any,
    current: Sequence[float] | Any,
    *,
    baseline: str = "mean",
    dispersion: float | None = None,
) -> SeasonalChangeResult:
    """How counts compare with the same phase of past seasons: Mondays at nine with Mondays at nine.

    ``history`` holds for each bin the counts of past seasons, ``current`` one count per bin. ``baseline="median"``
    when an outage may be among the past. The dispersion is Pearson's statistic over its degrees of freedom from all
    bins with two seasons or more, and 1 at least, unless you give one. Many event names: adjust the ``total_p`` of
    all of them (``adjust_pvalues``).

    Raises ``EdgetallyError`` for another number of bins, a bin without a past, negative counts.

    Of a ledger, pass the table of ``counts.seasons(since)``, which holds both.

    >>> import edgetally as et
    >>> change = et.events.seasonal_change([[980, 1010, 1000, 990], [510, 495, 505, 490]], [900, 500])
    >>> [round(p, 4) for p in change.p_value], round(change.total_ratio, 3)
    ([0.0066, 1.0], 0.936)
    """
    choice("baseline", baseline, ("mean", "median"))
    return SeasonalChangeResult(
        _edgetally.seasonal_change(
            _rows("history", history), floats("current", current), baseline, optional("dispersion", dispersion)
        )
    )


class DedupResult(Result):
    """What ``dedup`` returns."""

    __slots__ = ()

    pixel_total: Any = field("Events of the pixel.")
    pixel_unique: Any = field("Different events of the pixel.")
    pixel_duplicate_rate: Any = field("Share of the pixel's events that are copies of its own.")
    server_total: Any = field("Events of the server.")
    server_unique: Any = field("Different events of the server.")
    server_duplicate_rate: Any = field("Share of the server's events that are copies of its own.")
    overlap: Any = field("Events that both have.")
    union: Any = field("Events that either has.")
    overlap_rate: Any = field("Share of all events that both have (Jaccard's index).")
    server_only: Any = field("Events that only the server has.")
    pixel_only: Any = field("Events that only the pixel has.")
    pixel_coverage_of_server: Any = field("Share of the server's events that the pixel has too.")
    server_coverage_of_pixel: Any = field("Share of the pixel's events that the server has too; Meta's event coverage.")
    server_uplift: Any = field("Events that the server adds, per event of the pixel.")
    counted_without_dedup: Any = field("What is counted when nobody removes copies.")
    overcount_rate: Any = field("How far that is above the truth, as a share of it.")


def dedup(
    pixel_ids: Texts,
    server_ids: Texts,
    *,
    pixel_names: Texts = None,
    server_names: Texts = None,
    pixel_times: Numbers = None,
    server_times: Numbers = None,
    window: float | None = None,
) -> DedupResult:
    """Count copies within and between two sources of the same events.

    Events are the same when their ids and, where given, their names are: Meta compares both. An event without an id
    is a copy of none. With times and a ``window`` in the same unit, an event is a copy of the first one of its kind
    only within the window after it, and later it is a new one; platforms forget after 48 hours or so. Columns of
    text: list, NumPy, pandas, Polars, Arrow.

    >>> import edgetally as et
    >>> found = et.events.dedup(["a", "b", "b"], ["b", "c"])
    >>> found.overlap, found.union, round(found.pixel_duplicate_rate, 3), round(found.overcount_rate, 3)
    (1, 3, 0.333, 0.667)
    """
    from ._attribution import _numbers

    counts, rates = _edgetally.dedup(
        pixel_ids,
        server_ids,
        pixel_names,
        server_names,
        _numbers("pixel_times", pixel_times),
        _numbers("server_times", server_times),
        optional("window", window),
    )
    return DedupResult((*counts, *rates))


duplicates = dedup
overlap = dedup


class MatchQualityResult(Result):
    """What ``match_quality`` returns."""

    __slots__ = ()

    coverage: Any = field("Share of the events that carry each identifier, by name.")
    event_score: Any = field("Chance that one of the event's identifiers is recognised, per event.")
    score_0_10: Any = field("Ten times the mean of these. edgetally's own score, no platform's.")
    any_identifier: Any = field("Share of the events that carry any identifier.")


class CoverageResult(Result):
    """What ``coverage`` returns."""

    __slots__ = ()

    coverage: Any = field("Share of the events that carry each identifier, by name.")
    any_identifier: Any = field("Share of the events that carry any identifier.")


def _there(value: Any) -> bool:
    """Whether an identifier is there: not missing, not empty, not 0."""
    if missing(value) or value != value:
        return False
    try:
        return bool(value)
    except (TypeError, ValueError):
        # A list or column of several is there.
        return True


def _flags(events: Any, names: Sequence[str]) -> list[Any]:
    """Read a column of flags per identifier, from rows or from columns."""
    if isinstance(events, (list, tuple)):
        for row, event in enumerate(events):
            if not isinstance(event, dict):
                raise error("wrong_type", f"events[{row}] is not a dict, but {type(event).__name__}")
        return [[_there(event.get(name)) for event in events] for name in names]
    flags: list[Any] = []
    for name in names:
        column = _column(events, name)
        if isinstance(column, (list, tuple)):
            flags.append([_there(value) for value in column])
            continue
        import numpy as np

        array = np.asarray(column.to_numpy() if hasattr(column, "to_numpy") else column)
        if array.dtype.kind == "b":
            flags.append(np.ascontiguousarray(array))
        elif array.dtype.kind in "iuf":
            flags.append((array != 0) & (array == array))
        else:
            flags.append([_there(value) for value in _row(column)])
    return flags


def _column(events: Any, name: str) -> Any:
    if name not in _names(events):
        raise error("unknown_column", f"events has no column {name}")
    column = events[name]
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
        raise error("wrong_type", f"events[{name!r}] is not a column, but {type(column).__name__}")
    return column


def _names(events: Any) -> list[str]:
    if isinstance(events, (list, tuple)):
        return sorted({name for event in events if isinstance(event, dict) for name in event})
    table = hasattr(events, "keys") or any(
        not callable(getattr(events, name, len)) for name in ("column_names", "columns")
    )
    if not table or isinstance(events, type) or getattr(events, "ndim", 2) == 1:
        raise error("wrong_type", f"events is neither a list of dicts nor a table, but {type(events).__name__}")
    if hasattr(events, "column_names"):
        return list(events.column_names)
    return list(events.keys() if hasattr(events, "keys") else events.columns)


def match_quality(events: Any, match_probability: Mapping[str, float]) -> MatchQualityResult:
    """Score how well events can be matched to people: 10 times the mean of ``1 - product(1 - m)`` over identifiers.

    As if each identifier were recognised by itself with its chance ``m`` in ``match_probability``. **This is
    edgetally's own score and no platform's**: Meta's Event Match Quality is not published and also goes from 0 to
    10; the two are not the same. Use it to compare your events with themselves.

    ``events`` is a list of dicts or a table of columns (dict, pandas, Polars, Arrow). An identifier is there when
    its value is not missing, empty or 0.

    >>> import edgetally as et
    >>> events = [{"em": 1, "ip": 1}, {"em": 0, "ip": 1}, {"em": 0, "ip": 0}]
    >>> quality = et.events.match_quality(events, {"em": 0.6, "ip": 0.2})
    >>> round(quality.score_0_10, 3), {name: round(share, 3) for name, share in quality.coverage.items()}
    (2.933, {'em': 0.333, 'ip': 0.667})
    """
    if not isinstance(match_probability, dict):
        raise error("wrong_type", "match_probability is not a dict of identifiers and their chances")
    names = list(match_probability)
    chances = [number(f"match_probability[{name!r}]", match_probability[name]) for name in names]
    shares, scores, mean, any_identifier = _edgetally.match_quality(_flags(events, names), chances)
    return MatchQualityResult((dict(zip(names, shares, strict=True)), scores, mean, any_identifier))


def coverage(events: Any, identifiers: Sequence[str] | None = None) -> CoverageResult:
    """Say which share of the events carries each identifier, and any at all.

    ``events`` as in ``match_quality``; without ``identifiers`` all names that occur.

    >>> import edgetally as et
    >>> et.events.coverage([{"em": "x", "ph": None}, {"em": "y", "ph": "z"}]).coverage
    {'em': 1.0, 'ph': 0.5}
    """
    if isinstance(identifiers, str):
        identifiers = [identifiers]
    if not (identifiers is None or isinstance(identifiers, (list, tuple, set, frozenset))):
        raise error("wrong_type", "identifiers is not a list of names")
    names = _names(events) if identifiers is None else list(identifiers)
    if not all(isinstance(name, str) for name in names):
        raise error("wrong_type", "identifiers is not a list of names")
    shares, _, _, any_identifier = _edgetally.match_quality(_flags(events, names), [0.0] * len(names))
    return CoverageResult((dict(zip(names, shares, strict=True)), any_identifier))

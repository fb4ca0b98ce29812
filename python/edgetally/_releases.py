"""What the gateway says of two releases: a verdict, with what was found and how much could have been seen."""

from __future__ import annotations

import datetime

from . import _edgetally
from ._arguments import count, error, number
from ._edgetally import EdgetallyError
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

__all__ = ["ReleasesResult", "compare_releases"]

_VERDICTS = ("pass", "fail", "inconclusive")
# From where on a difference counts, as the gateway names it.
_THRESHOLDS = ("alpha", "q", "volume", "coverage", "duplicates", "rejects", "see")


class ReleasesResult(Result):
    """What ``compare_releases`` returns, of lines as of a gateway's ledger."""

    __slots__ = ()

    verdict: str = field("pass, fail, or inconclusive: nobody can tell yet.")
    reason: str = field("Why, in a sentence.")
    more_events: float = field("How many more events are needed for a verdict; 0 where there is one.")
    concurrent: bool = field("Whether both releases are compared in the same hours.")
    before: Any = field("The other release: label, since, until, hours, events; None where there are no hours yet.")
    after: Any = field("The release that is judged: the same.")
    findings: Any = field(
        "What differs, the worst first: severity, event, what, destination, before, after, change, text."
    )
    sight: Any = field("How well each event was seen: expected, and the smallest drop that would have been found.")
    adoption: Any = field("How the release spread: hour, and the shares of both in it.")
    question: Any = field("What was asked, with every threshold.")


def question(
    name: Callable[[str, Any], str],
    *,
    source: str,
    after: str,
    before: str | None,
    by: str,
    looks: str,
    min_events: int | None,
    watch: Any,
    thresholds: Mapping[str, float] | None,
) -> dict[str, str]:
    """The parameters of an address; ``name`` takes texts only."""
    query = {"source": name("source", source), "after": name("after", after)}
    if before is not None:
        query["before"] = name("before", before)
    for word, value, known in (("by", by, ("release", "worker")), ("looks", looks, ("once", "hourly"))):
        if not isinstance(value, str) or value not in known:
            raise error("unknown_choice", f"{word} is not one of {', '.join(known)}")
        query[word] = value
    if min_events is not None:
        query["min_events"] = str(count("min_events", min_events, 0, 2**32))
    try:
        events = (watch,) if isinstance(watch, str) else tuple(watch)
    except TypeError:
        raise error("wrong_type", f"watch is neither a name nor names, but {type(watch).__name__}") from None
    if events:
        query["watch"] = ",".join(name("watch", event) for event in events)
    for word, least in _pairs("thresholds", thresholds):
        if word not in _THRESHOLDS:
            raise error("unknown_choice", f"thresholds has other names than {', '.join(_THRESHOLDS)}")
        query[word] = repr(number(word, least))
    return query


def _pairs(name: str, value: Any) -> list[tuple[Any, Any]]:
    if value is None:
        return []
    if not isinstance(value, dict) and not hasattr(type(value), "items"):
        raise error("wrong_type", f"{name} is not a mapping, but {type(value).__name__}")
    return list(value.items())


def read(answer: dict[str, Any], zone: datetime.tzinfo) -> ReleasesResult:
    """The gateway's answer, its hours as moments in ``zone``. Raises what a wrong form raises."""
    if answer["verdict"] not in _VERDICTS:
        raise ValueError
    times = ("since", "until", "hour")

    def timed(row: Any) -> Any:
        return {name: _moment(value, zone) if name in times else value for name, value in row.items()}

    windows = [None if answer[name] is None else timed(answer[name]) for name in ("before", "after")]
    lists = [[timed(row) for row in answer[name]] for name in ("findings", "sight", "adoption")]
    return ReleasesResult(
        (
            str(answer["verdict"]),
            str(answer["reason"]),
            float(answer["more_events"]),
            bool(answer["concurrent"]),
            *windows,
            *lists,
            timed(answer["question"]),
        )
    )


def _moment(value: Any, zone: datetime.tzinfo) -> datetime.datetime | None:
    if value is None:
        return None
    return datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc).astimezone(zone)


# The columns of a line, and those that an export may lack.
_LINE = ("hour", "source", "release", "event", "destination", "state", "code", "worker", "n")
_OPTIONAL = ("release", "event", "destination", "code", "worker")
# What has come to an end, of which tests and robots are counted apart.
_WAITING = ("retrying", "processing")


def compare_releases(
    lines: Any,
    *,
    source: str,
    after: str,
    before: str | None = None,
    by: str = "release",
    until: Any = None,
    looks: str = "once",
    min_events: int | None = None,
    watch: str | Sequence[str] = (),
    thresholds: Mapping[str, float] | None = None,
    platforms: Mapping[str, str] | None = None,
    tz: str = "UTC",
) -> ReleasesResult:
    """Whether a release changed what arrives, by lines that are at hand: no gateway is asked.

    ``lines`` are those of the ledger (``Ledger.lines()``, or a frame of them: hour, source, event, state, n, and
    release, destination, code, worker), or exported outcomes, a frame or rows as JSON has them. Outcomes say nothing of
    fields, match keys and consent, so of them only volumes and what became of events are compared. The tests are those
    of ``Ledger.compare_releases``, in the same code, and so is what the other arguments mean. ``platforms`` says which
    platform a destination is that has another name.

    >>> import edgetally as et
    >>> hours = [f"2026-11-{day:02}T{hour:02}:00:00Z" for day in range(1, 29) for hour in range(24)]
    >>> rows = [
    ...     {"hour": hour, "source": "shop", "release": "2" if hour >= "2026-11-28T10" else "1",
    ...      "event": event, "state": "accepted", "n": n}
    ...     for hour in hours for event, n in (("page_view", 900), ("lead", 90), ("purchase", 40))
    ...     if not (event == "purchase" and hour >= "2026-11-28T10")
    ... ]
    >>> found = et.compare_releases(rows, source="shop", after="2", until="2026-11-28T16:00:00Z")
    >>> found.verdict
    'fail'
    >>> print(found.reason)
    purchase is gone: none came, where 280 were to be expected by page_view. And 1 more.
    """
    from json import loads

    from ._ledger import _name, _rfc3339, moment, zone

    asked = question(
        _name,
        source=source,
        after=after,
        before=before,
        by=by,
        looks=looks,
        min_events=min_events,
        watch=watch,
        thresholds=thresholds,
    )
    here = zone(tz)
    if until is not None:
        asked["until"] = _rfc3339(moment("until", until, here))
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    named = {_name("platforms", name): _name("platforms", one) for name, one in _pairs("platforms", platforms)}
    try:
        columns = _lines(lines, here)
    except EdgetallyError:
        raise
    except Exception:  # whatever a table of somebody else's may raise
        columns = None
    if columns is None:
        raise error("wrong_type", "lines is neither a table nor rows of the ledger")
    code, text = _edgetally._compare_releases(columns, asked, named, int(now * 1000))
    if code is not None:
        known = {"labels_equal": "equal", "label_unknown": "label_unknown"}
        raise error(known.get(code, "request_invalid"), text)
    return read(loads(text), here)


def _lines(lines: Any, here: datetime.tzinfo) -> tuple[list[Any], ...]:
    """The columns of the ledger's lines."""
    columns = _columns(lines)
    is_export = "hour" not in columns and "received_hour" in columns
    if is_export:
        columns["hour"] = columns["received_hour"]
    for name in _LINE:
        if name not in columns and name not in _OPTIONAL:
            raise error("missing", f"lines has no column {name}")
    rows = len(columns["hour"])
    texts = {name: _texts(name, columns.get(name) or [""] * rows) for name in _LINE[1:-1]}
    known: dict[Any, int] = {}
    hours = [known[at] if at in known else known.setdefault(at, _milliseconds(at, here)) for at in columns["hour"]]
    counts = [count("n", n, -(2**62), 2**62) for n in columns["n"]]
    whole: tuple[list[Any], ...] = (hours, *texts.values(), counts)
    if is_export and len({len(column) for column in whole}) == 1:
        apart = _texts("apart", columns.get("apart") or [""] * rows)
        more = _implied(list(zip(*whole, strict=True)), apart)
        added: list[tuple[Any, ...]] = list(zip(*more, strict=True)) if more else [()] * len(whole)
        return tuple([*column, *new] for column, new in zip(whole, added, strict=True))
    return whole


def _implied(rows: list[tuple[Any, ...]], apart: list[str]) -> list[tuple[Any, ...]]:
    """The lines of the ledger that outcomes have none of, since theirs say it: what was accepted, and what is apart."""
    more = []
    for (hour, source, release, event, destination, state, _, worker, n), kind in zip(rows, apart, strict=True):
        at = (hour, source, release, event, destination)
        if destination:
            more.append((*at, "accepted", "", worker, n))
            if kind and state not in _WAITING:
                more.append((*at, "apart", f"{kind}:{state}", worker, n))
        elif kind and state == "accepted":
            more.append((*at, "apart", kind, worker, n))
    return more


def _columns(lines: Any) -> dict[str, list[Any]]:
    """The columns of a table of any library, or of rows."""
    names = getattr(lines, "column_names", None) or getattr(lines, "columns", None)
    if names is None and hasattr(lines, "keys"):
        names = lines.keys()
    wanted = (*_LINE, "received_hour", "apart")
    if names is not None:
        names = [str(name) for name in names]
        return {name: _list(lines[name]) for name in wanted if name in names}
    if not hasattr(lines, "__iter__") or isinstance(lines, (str, bytes)):
        raise error("wrong_type", "lines is neither a table nor rows")
    rows = list(lines)
    if any(not hasattr(row, "get") for row in rows):
        raise error("wrong_type", "lines has a row that is not a mapping")
    if not rows:
        return {name: [] for name in _LINE}
    return {name: [row.get(name) for row in rows] for name in wanted if any(name in row for row in rows)}


def _list(column: Any) -> list[Any]:
    for way in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, way):
            return list(getattr(column, way)())
    return list(column)


def _texts(name: str, column: list[Any]) -> list[str]:
    texts = []
    for value in column:
        # What is missing in a frame is None, or not equal to itself.
        if value is None or value != value:
            texts.append("")
        elif isinstance(value, str):
            texts.append(value)
        else:
            raise error("wrong_type", f"{name} has a value that is not a text")
    return texts


def _milliseconds(value: Any, here: datetime.tzinfo) -> int:
    from ._ledger import moment

    if isinstance(value, int) and not isinstance(value, bool):
        return count("hour", value, 0, 2**53)
    return round(moment("hour", value, here).timestamp() * 1000)

"""What the gateway says of two releases: a verdict, with what was found and how much could have been seen."""

from __future__ import annotations

import datetime

from ._arguments import count, error, number
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["ReleasesResult"]

_VERDICTS = ("pass", "fail", "inconclusive")
# From where on a difference counts, as the gateway names it.
_THRESHOLDS = ("alpha", "q", "volume", "coverage", "duplicates", "rejects", "see")


class ReleasesResult(Result):
    """What ``Ledger.compare_releases`` returns."""

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
        if value not in known:
            raise error("unknown_choice", f"{word} is not one of {', '.join(known)}")
        query[word] = value
    if min_events is not None:
        query["min_events"] = str(count("min_events", min_events, 0, 2**32))
    events = (watch,) if isinstance(watch, str) else tuple(watch)
    if events:
        query["watch"] = ",".join(name("watch", event) for event in events)
    for word, least in (thresholds or {}).items():
        if word not in _THRESHOLDS:
            raise error("unknown_choice", f"thresholds has other names than {', '.join(_THRESHOLDS)}")
        query[word] = repr(number(word, least))
    return query


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

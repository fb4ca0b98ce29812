"""The gateway's ledger, read over HTTP with the standard library."""

from __future__ import annotations

import contextlib
import datetime
import time

from . import _releases as releases
from ._arguments import count, error, number
from ._ledger_table import MATCH_KEYS, PARTS, LedgerTable, whole_hour
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ._edgetally import EdgetallyError
    from ._releases import ReleasesResult

__all__ = ["HealthResult", "Ledger", "LedgerTable"]

TOKEN = "EDGETALLY_ADMIN_TOKEN"  # noqa: S105 - the name of the variable that holds one

# The eight states that share out what was accepted, as the gateway's law names them.
_STATES = ("delivered", "duplicate", "blocked", "skipped", "rejected", "processing", "retrying", "dead")
_LAW = "accepted = " + " + ".join(_STATES)
_KEYS = ("hour", "day", "source", "release", "event", "destination")
_LINE = ("hour", "source", "release", "event", "destination", "state", "code", "worker", "n")
_REPORTED = (
    *("destination", "platform", "event", "metric", "of", "value", "word", "unit"),
    *("since", "until", "observed_at"),
)
_QUALITY_KEYS = ("hour", "day", "source", "release", "worker", "event", "destination")
_QUALITY = (
    *("volume", "share_of_events", "share_of_page_views", "tests", "robots", "offered"),
    *_STATES,
    *("delivered_share", "p50", "p95", "estimate"),
    *(f"given_{key}" for key in MATCH_KEYS),
    *(f"sent_{key}" for key in MATCH_KEYS),
    *(f"has_{part}" for part in PARTS),
)
_LETTER = ("at", "id", "source", "destination", "event", "event_id", "state", "code", "bytes")
_NOTE = ("at", "source", "event", "event_id", "destination", "state", "code", "path")
_QUARANTINED = ("at", "id", "code", "bytes")

# Most that the gateway gives in one answer.
_LINES = 2000
_LETTERS = 500
_NOTES = 500
# No answer is as large.
_MOST_BYTES = 64 * 1024 * 1024
_LONGEST_PAUSE = 30.0
_HOUR = datetime.timedelta(hours=1)

# Looked up here when waiting between attempts, so that tests need not wait.
_sleep = time.sleep


class HealthResult(Result):
    """What ``Ledger.health`` returns."""

    __slots__ = ()

    healthy: bool = field("Whether it could work.")
    release: str = field("The gateway's release.")
    settings: Any = field("Faults of the settings: where and which rule.")
    bindings: Any = field("Whether each binding is there.")
    versions: Any = field("The platforms' versions, and when they end.")
    warnings: Any = field("Versions that end soon, and what a person has to see to, in words.")
    paused_here: Any = field("Destinations that are paused, with seconds and code.")
    attention: Any = field("What stays as it is until a person has seen to it, by kind: how many.")


class _Secret:
    """A token that shows itself to nobody but the request it is put into."""

    __slots__ = ("_text",)

    def __init__(self, text: object) -> None:
        if not isinstance(text, str):
            raise error("wrong_type", f"token is not a text, but {type(text).__name__}")
        # Also whatever could end the header that it is put into.
        if not text or not all("!" <= letter <= "~" for letter in text):
            raise error("token_invalid", "token is empty, or has spaces or other characters that no token has")
        self._text = text

    def sign(self, request: Any) -> None:
        """Put it into a request, where no redirect takes it along."""
        request.add_unredirected_header("Authorization", f"Bearer {self._text}")

    def hide(self, text: str) -> str:
        """Blot it out of a text."""
        return text.replace(self._text, "…")

    def __repr__(self) -> str:
        return "…"

    def __reduce__(self) -> Any:
        raise error("token_invalid", "a token is not written down")


def _ledger(url: str, timeout: float, retries: int, tz: str) -> Ledger:
    """One that was written down without its token: it takes that of the environment when it asks."""
    made = Ledger.__new__(Ledger)
    made._set(url, timeout, retries, tz)
    made._token = None
    return made


class Ledger:
    """The ledger of a gateway: balances, counts by hour, reasons, dead letters, as tables.

    ``url`` is the gateway's address, https unless it is on this machine. ``token`` is its admin token; left out, that
    of the environment's ``EDGETALLY_ADMIN_TOKEN``. It shows in no repr, error or pickle, and goes to no other host: a
    redirect is an error. Times come in the time zone ``tz``, and a date means midnight there. ``timeout`` is in seconds
    for each request; what fails for the moment is asked again ``retries`` times, each time after a longer pause.

    Filters: ``since`` and ``until`` (a moment, a date, an ISO 8601 text, or a ``timedelta`` before now; whole hours,
    ``until`` itself not among them), ``source``, ``event``, ``destination``, ``release``. Raises ``EdgetallyError``
    with the codes ``unauthorized``, ``not_found``, ``not_the_gateway``, ``unreachable``, ``gateway_busy``,
    ``redirected``, ``answer_too_new``, ``request_invalid``, ``label_unknown``.
    """

    __slots__ = ("_base", "_opener", "_retries", "_timeout", "_token", "_zone", "tz")

    _token: _Secret | None

    def __init__(
        self, url: str, token: str | None = None, *, timeout: float = 30.0, retries: int = 4, tz: str = "UTC"
    ) -> None:
        """Nothing is asked yet."""
        self._token = _from_environment() if token is None else _Secret(token)
        # A traceback that shows variables has none to show.
        del token
        self._set(url, timeout, retries, tz)

    def _set(self, url: str, timeout: float, retries: int, tz: str) -> None:
        self._base = _base(url)
        self._opener: Any = None
        self._timeout = number("timeout", timeout)
        if not 0.0 < self._timeout < 86_400.0:
            raise error("out_of_range", "timeout is not a number of seconds above 0 and below a day")
        self._retries = count("retries", retries, 0, 100)
        self._zone = zone(tz)
        self.tz = tz

    @property
    def url(self) -> str:
        """The gateway's address."""
        return self._base

    def __repr__(self) -> str:
        """The address, and no token."""
        return f"Ledger({self._base!r})"

    def __reduce__(self) -> Any:
        """Without the token: whoever reads it has one in the environment, or has none."""
        return _ledger, (self._base, self._timeout, self._retries, self.tz)

    def __copy__(self) -> Ledger:
        """Itself: nothing of it changes."""
        return self

    def __deepcopy__(self, memo: Any) -> Ledger:
        """Itself: nothing of it changes."""
        return self

    # --- What may be asked -------------------------------------------------------------------------------------------

    def health(self) -> HealthResult:
        """Whether the gateway can work, and if not, what is wrong and where."""
        answer = self._ask("/v1/health", {}, healthy=True)
        self._members(answer, {"status": str, "release": str, "settings": list, "bindings": dict, "versions": list})
        healthy = answer["status"] == "ok"
        return HealthResult((healthy, *(answer.get(name) for name in HealthResult.fields[1:])))

    def balances(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        release: str | None = None,
    ) -> LedgerTable:
        """What became of everything: a row per source and destination, a column per state."""
        asked = _Filter(self._zone, since, until, source, event, destination, release)
        answer = self._balances(asked.query())
        names = ("source", "destination", "accepted", *_STATES, "retries", "conflict", "maybe_twice", "remainder")
        return self._table(answer["balances"], names, asked)

    def intake(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        release: str | None = None,
    ) -> LedgerTable:
        """What came in: a row per source with received, accepted and malformed, and parts removed or changed."""
        asked = _Filter(self._zone, since, until, source, event, None, release)
        answer = self._balances(asked.query())
        rows = [{"source": name, **counts} for name, counts in sorted(answer["intake"].items())]
        return self._table(rows, ("source", "received", "accepted", "malformed", "removed", "changed"), asked)

    def reasons(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        release: str | None = None,
    ) -> LedgerTable:
        """Why: a row per source, destination, state and code, the most frequent first."""
        asked = _Filter(self._zone, since, until, source, event, destination, release)
        # A row that sums up several codes says how many.
        rows = [
            {"codes": 1, **row} if isinstance(row, dict) else row for row in self._balances(asked.query())["reasons"]
        ]
        table = self._table(rows, ("source", "destination", "state", "code", "n", "codes"), asked)
        return table._sorted(sorted(range(len(table)), key=lambda place: -table["n"][place]))

    def folded(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
    ) -> LedgerTable:
        """How many accepted copies are counted as the event or the release ``other``: a row per source."""
        asked = _Filter(self._zone, since, until, source, None, None, None)
        answer = self._balances(asked.query())
        rows = [{"source": name, **counts} for name, counts in sorted(answer["folded"].items())]
        return self._table(rows, ("source", "events", "releases"), asked)

    def lines(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        release: str | None = None,
    ) -> LedgerTable:
        """Every line: hour, source, release, event, destination, state, code, worker, how many. All pages at once."""
        asked = _Filter(self._zone, since, until, source, event, destination, release)
        rows = [
            row for page in self._pages("/v1/ledger", {**asked.query(), "hours": "1"}, _LINES) for row in page["lines"]
        ]
        return self._table(rows, _LINE, asked)

    def iter_lines(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        release: str | None = None,
        page: int = _LINES,
    ) -> Iterator[LedgerTable]:
        """The same page by page, each a table of up to ``page`` rows, for what is larger than memory."""
        asked = _Filter(self._zone, since, until, source, event, destination, release)
        size = count("page", page, 1, _LINES + 1)
        return (
            self._table(one["lines"], _LINE, asked)
            for one in self._pages("/v1/ledger", {**asked.query(), "hours": "1"}, size)
        )

    def counts(
        self,
        by: str | Sequence[str] = "hour",
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        release: str | None = None,
    ) -> LedgerTable:
        """Intake beside what became of it: a row per key, a column per count.

        ``by`` is one or several of ``hour``, ``day``, ``source``, ``release``, ``event`` and ``destination``. The
        columns are ``received``, ``accepted`` and ``malformed`` as intake saw them; ``offered``, the copies that
        destinations were to have; and the eight states, which share out ``offered``. Split by destination, or of one
        destination, there is no intake, which is before them all.
        """
        keys = (by,) if isinstance(by, str) else tuple(by)
        if not keys or len(set(keys)) != len(keys) or not set(keys) <= set(_KEYS):
            raise error("unknown_choice", f"by is not one or several of {', '.join(_KEYS)}")
        asked = _Filter(self._zone, since, until, source, event, destination, release)
        alone = "destination" in keys or destination is not None
        names = (*(() if alone else ("received", "accepted", "malformed")), "offered", *_STATES)
        found: dict[tuple[Any, ...], dict[str, int]] = {}
        first: datetime.datetime | None = None
        for one in self._pages("/v1/ledger", {**asked.query(), "hours": "1"}, _LINES):
            table = self._table(one["lines"], _LINE, asked)
            for row in table.rows():
                if first is None:
                    first = row["hour"]
                row["day"] = row["hour"].date()
                if row["destination"]:
                    words = ("offered",) if row["state"] == "accepted" else (row["state"],)
                elif alone:
                    continue
                else:
                    words = (row["state"], *(("received",) if row["state"] in ("accepted", "malformed") else ()))
                counted = [word for word in words if word in names]
                if counted:
                    sums = found.setdefault(tuple(row[key] for key in keys), dict.fromkeys(names, 0))
                    for word in counted:
                        sums[word] += row["n"]
        rows = sorted(found.items(), key=lambda item: item[0])
        columns: dict[str, list[Any]] = {key: [row[place] for row, _ in rows] for place, key in enumerate(keys)}
        columns |= {name: [sums[name] for _, sums in rows] for name in names}
        return LedgerTable(columns, self._zone, asked.span(first))

    def quality(
        self,
        by: str | Sequence[str] = ("source", "event", "destination"),
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        release: str | None = None,
        worker: str | None = None,
    ) -> LedgerTable:
        """How good events are: a row per key, with shares, coverage of match keys and parts, and an estimate.

        ``by`` is one or several of ``hour``, ``day`` (of UTC), ``source``, ``release``, ``worker``, ``event`` and
        ``destination``. ``given_*`` is what senders gave, ``sent_*`` what went along with what a platform took,
        ``has_*`` which parts events have; ``estimate`` is edgetally's own, and no platform's score. What has no value,
        such as a share of nothing, is ``nan``.
        """
        keys = (by,) if isinstance(by, str) else tuple(by)
        if not keys or len(set(keys)) != len(keys) or not set(keys) <= set(_QUALITY_KEYS):
            raise error("unknown_choice", f"by is not one or several of {', '.join(_QUALITY_KEYS)}")
        asked = _Filter(self._zone, since, until, source, event, destination, release)
        query = {**asked.query(), "by": ",".join(keys)}
        if worker is not None:
            query["worker"] = _name("worker", worker)
        answer = self._ask("/v1/quality", query)
        self._members(answer, {"rows": list, "estimate_by": str})
        rows = None
        # Raised outside, so that the fault has no other behind it.
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            rows = [one for row in answer["rows"] for one in self._quality(row, keys)]
        if rows is None:
            raise self._too_new()
        names = (*keys, *_QUALITY)
        return LedgerTable({name: [row[name] for row in rows] for name in names}, self._zone, asked.span(None))

    def _quality(self, row: dict[str, Any], keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """The rows of one answer's row: one for each destination, or one where there is none."""

        def known(value: Any) -> float:
            return float("nan") if value is None else float(value)

        intake = row["intake"]
        for at in row["destinations"] or [{}]:
            made: dict[str, Any] = {}
            for key in keys:
                if key in ("hour", "day"):
                    when = self._time(row["since"])
                    utc = when.astimezone(datetime.timezone.utc)
                    made[key] = when if key == "hour" else utc.date()
                else:
                    made[key] = at.get(key, "") if key == "destination" else row[key]
            states, latency, sent = at.get("states", {}), at.get("latency", {}), at.get("keys", {"share": {}})
            made |= {
                "volume": intake["volume"],
                "share_of_events": known(intake["share_of_events"]),
                "share_of_page_views": known(intake["share_of_page_views"]),
                "tests": intake["apart"].get("test", 0),
                "robots": intake["apart"].get("bot", 0),
                "offered": at.get("accepted", 0),
                **{state: states.get(state, 0) for state in _STATES},
                "delivered_share": known(at.get("delivered_share")),
                "p50": known(latency.get("p50")),
                "p95": known(latency.get("p95")),
                "estimate": known(at.get("estimate")),
                **{f"given_{key}": known(intake["keys"]["share"].get(key)) for key in MATCH_KEYS},
                **{f"sent_{key}": known(sent["share"].get(key)) for key in MATCH_KEYS},
                **{f"has_{part}": known(intake["parts"]["share"].get(part)) for part in PARTS},
            }
            yield made

    def reported(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
    ) -> LedgerTable:
        """What platforms report about quality themselves: a row for each number, with the span of time that it covers.

        The latest of the time that is asked for. These are the platforms' own words and numbers, of whatever they count
        and by their own rules; they know of no release. ``quality`` has what was counted here. Without a
        ``quality_token`` in the settings of a destination there are none.
        """
        asked = _Filter(self._zone, since, until, source, event, destination, None)
        answer = self._ask("/v1/quality", asked.query())
        # Before 0.2 a gateway had none.
        listed = answer.get("reported", []) if isinstance(answer, dict) else None
        columns: dict[str, list[Any]] = {name: [] for name in _REPORTED}
        read = False
        # Raised outside, so that the fault has no other behind it.
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            for one in listed or []:
                for figure in one["figures"]:
                    number = figure["unit"] != "word"
                    row = {
                        **{name: one[name] for name in ("destination", "platform")},
                        "event": one["event"] or "",
                        "metric": figure["metric"],
                        "of": figure["of"] or "",
                        "value": float(figure["value"]) if number else float("nan"),
                        "word": "" if number else str(figure["value"]),
                        "unit": figure["unit"],
                        **{name: self._time(one[name]) for name in ("since", "until", "observed_at")},
                    }
                    for name in _REPORTED:
                        columns[name].append(row[name])
            read = isinstance(listed, list)
        if not read:
            raise self._too_new()
        return LedgerTable(columns, self._zone, asked.span(None))

    def compare_releases(
        self,
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
    ) -> ReleasesResult:
        """Whether a release changed what arrives: ``after`` held against ``before``, by the gateway's own tests.

        Labels are the site's releases as senders name them, or with ``by="worker"`` versions of the gateway. Without
        ``before`` it is the label that had most of the traffic before. ``looks="hourly"`` is for whoever asks again
        and again, and believes the first failure. ``watch`` names the events that have to be seen well enough for a
        pass, ``thresholds`` from where on a difference counts: ``alpha``, ``q``, ``volume``, ``coverage``,
        ``duplicates``, ``rejects``, ``see``. Nothing is computed here. ``label_unknown`` is a label that nobody has.
        """
        query = releases.question(
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
        if until is not None:
            query["until"] = _rfc3339(moment("until", until, self._zone))
        answer = self._ask("/v1/releases/compare", query)
        self._members(answer, {"verdict": str, "reason": str, "findings": list, "sight": list, "question": dict})
        try:
            found = releases.read(answer, self._zone)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            found = None
        if found is None:
            raise self._too_new()
        return found

    def dead_letters(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
    ) -> LedgerTable:
        """What was rejected or given up, oldest first, without the bodies. All pages at once."""
        asked = _Filter(self._zone, since, until, source, event, destination, None)
        pages = self._pages("/v1/dead-letters", asked.query("destination"), _LETTERS)
        return self._letters([row for page in pages for row in page["dead_letters"]], asked)

    def iter_dead_letters(
        self,
        *,
        since: Any = None,
        until: Any = None,
        source: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        page: int = _LETTERS,
    ) -> Iterator[LedgerTable]:
        """The same page by page, each a table of up to ``page`` rows."""
        asked = _Filter(self._zone, since, until, source, event, destination, None)
        size = count("page", page, 1, _LETTERS + 1)
        pages = self._pages("/v1/dead-letters", asked.query("destination"), size)
        return (self._letters(one["dead_letters"], asked) for one in pages)

    def _letters(self, rows: list[Any], asked: _Filter) -> LedgerTable:
        rows = [{"replaying": False, **row} if isinstance(row, dict) else row for row in rows]
        return asked.kept(self._table(rows, (*_LETTER, "replaying"), asked))

    def quarantined(self, *, since: Any = None, until: Any = None) -> LedgerTable:
        """Messages of the queue that nobody could read, oldest first, without the bodies."""
        asked = _Filter(self._zone, since, until, None, None, None, None)
        pages = self._pages("/v1/dead-letters", {}, _LETTERS)
        rows = [row for page in pages for row in page["quarantined"]]
        return asked.kept(self._table(rows, _QUARANTINED, asked))

    def recent(self, *, source: str | None = None, event_id: str | None = None, limit: int = _NOTES) -> LedgerTable:
        """What happened to the latest copies, newest first: a row per copy and destination.

        ``limit`` copies at most, up to 500. The destination is empty for what intake itself decided.
        """
        asked = _Filter(self._zone, None, None, source, None, None, None)
        query = {**asked.query(), "limit": str(count("limit", limit, 1, _NOTES + 1))}
        if event_id is not None:
            query["event_id"] = _name("event_id", event_id)
        answer = self._ask("/v1/recent", query)
        self._members(answer, {"events": list})
        rows: list[dict[str, Any]] = []
        for copy in answer["events"]:
            what = copy.get("what") if isinstance(copy, dict) else None
            if not isinstance(what, dict) or not all(isinstance(state, str) for state in what.values()):
                raise self._too_new()
            for name, became in what.items():
                state, _, rest = became.partition(":")
                code, _, path = rest.partition(" at ")
                rows.append({**copy, "destination": name, "state": state, "code": code, "path": path})
                del rows[-1]["what"]
        return self._table(rows, _NOTE, asked)

    # --- Answers -----------------------------------------------------------------------------------------------------

    def _balances(self, query: dict[str, str]) -> dict[str, Any]:
        answer = self._ask("/v1/ledger", query)
        self._law(answer)
        self._members(answer, {"balances": list, "intake": dict, "reasons": list, "folded": dict})
        if not all(isinstance(counts, dict) for name in ("intake", "folded") for counts in answer[name].values()):
            raise self._too_new()
        return answer

    def _pages(self, path: str, query: dict[str, str], size: int) -> Iterator[dict[str, Any]]:
        query = {**query, "limit": str(size)}
        lists = ("lines",) if "hours" in query else ("dead_letters", "quarantined")
        seen = set()
        while True:
            answer = self._ask(path, query)
            if "hours" in query:
                self._law(answer)
            self._members(answer, {**dict.fromkeys(lists, list), "more": bool})
            yield answer
            if not answer["more"]:
                return
            cursor = answer.get("cursor")
            # One that comes again would be asked for without end.
            if not isinstance(cursor, str) or cursor in seen:
                raise self._too_new()
            seen.add(cursor)
            query["cursor"] = cursor

    def _law(self, answer: dict[str, Any]) -> None:
        """States that this release does not know would be missing in every sum."""
        law = answer.get("law")
        if not isinstance(law, str):
            raise error("not_the_gateway", f"what answers at {self._base} is not an edgetally gateway")
        if law != _LAW:
            raise self._too_new()

    def _members(self, answer: dict[str, Any], members: dict[str, type]) -> None:
        there = [name for name in members if name in answer]
        if not there:
            raise error("not_the_gateway", f"what answers at {self._base} is not an edgetally gateway")
        if len(there) < len(members) or not all(isinstance(answer[name], kind) for name, kind in members.items()):
            raise self._too_new()

    def _too_new(self) -> EdgetallyError:
        return error(
            "answer_too_new",
            f"the gateway at {self._base} answers in a form that this release does not know: install a newer edgetally",
        )

    def _table(self, rows: list[Any], names: Sequence[str], asked: _Filter) -> LedgerTable:
        """Rows as columns: texts empty and counts 0 where a row does not have them; what is new comes last."""
        if not all(isinstance(row, dict) for row in rows):
            raise self._too_new()
        more = sorted({name for row in rows for name, value in row.items() if name not in names and type(value) is int})
        columns: dict[str, list[Any]] = {}
        for name in (*names, *more):
            kind = _KINDS.get(name, int)
            values = [row.get(name, kind()) for row in rows]
            if not all(type(value) is kind for value in values):
                raise self._too_new()
            columns[name] = [self._time(value) for value in values] if name in ("hour", "at") else values
        return LedgerTable(columns, self._zone, asked.span(None))

    def _time(self, text: str) -> datetime.datetime:
        try:
            at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise self._too_new()
        return at.astimezone(self._zone)

    # --- Asking ------------------------------------------------------------------------------------------------------

    def _ask(self, path: str, query: dict[str, str], *, healthy: bool = False) -> dict[str, Any]:
        """One answer, asked for again while that may help."""
        from urllib.parse import urlencode

        token = self._token or _from_environment()
        address = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        if self._opener is None:
            self._opener = _opener(self._base)
        reply = _get(self._opener, address, token, self._timeout)
        for attempt in range(self._retries):
            if reply.status not in (0, 429) and (reply.status < 500 or (healthy and reply.status == 503)):
                break
            _sleep(min(max(reply.after, 0.5 * 2.0**attempt), _LONGEST_PAUSE))
            reply = _get(self._opener, address, token, self._timeout)
        fault = self._fault(reply, path, healthy)
        if fault is not None:
            code, message = fault
            raise error(code, token.hide(message))
        body = reply.json()
        if not isinstance(body, dict):
            raise error("not_the_gateway", f"what answers at {self._base} is not an edgetally gateway")
        return body

    def _fault(self, reply: _Reply, path: str, healthy: bool) -> tuple[str, str] | None:
        """What to say of an answer that is none. Nothing of its text: it could be anything, the token too."""
        status = reply.status
        if status == 200 or (healthy and status == 503 and isinstance(reply.json(), dict)):
            return None
        if status == 0:
            return "unreachable", f"the gateway at {self._base} cannot be reached: {reply.why}"
        said = reply.json()
        refusal = said.get("error") if isinstance(said, dict) else None
        code = refusal.get("code") if isinstance(refusal, dict) else None
        if 300 <= status < 400:
            return (
                "redirected",
                f"the gateway at {self._base} sends to another address: pass the one that it answers at",
            )
        if status == 429 or status >= 500:
            times = f"each of {self._retries + 1} attempts" if self._retries else "the one attempt"
            return "gateway_busy", f"the gateway at {self._base} answered {status} to {times}"
        if code == "admin_token_invalid":
            return "unauthorized", f"the gateway at {self._base} does not take the token: pass its {TOKEN}"
        if code == "not_found":
            return "not_found", f"the gateway at {self._base} has no {path}: it may be of an earlier release"
        if code == "label_unknown":
            return code, "nothing of the source has that release or version: misspelt, or nothing came with it yet"
        if code == "request_invalid":
            return "request_invalid", f"the gateway at {self._base} does not understand the filters"
        if status in (401, 403):
            return (
                "unauthorized",
                f"whatever is in front of {self._base} answered {status} and wants another permission",
            )
        return "not_the_gateway", f"what answers at {self._base} is not an edgetally gateway: it answered {status}"


# What the members of a row are; all others are counts.
_KINDS: dict[str, type] = {
    **dict.fromkeys(
        (
            *("hour", "at", "source", "release", "event", "destination", "state", "code", "worker"),
            *("id", "event_id", "path"),
        ),
        str,
    ),
    "replaying": bool,
}


class _Filter:
    """What a table is asked for, and what can only be looked at here."""

    __slots__ = ("_names", "_now", "_since", "_until", "_zone")

    def __init__(
        self,
        zone: datetime.tzinfo,
        since: Any,
        until: Any,
        source: str | None,
        event: str | None,
        destination: str | None,
        release: str | None,
    ) -> None:
        self._zone = zone
        self._now = datetime.datetime.now(datetime.timezone.utc)
        self._since = None if since is None else moment("since", since, zone)
        self._until = None if until is None else moment("until", until, zone)
        if self._since is not None and self._until is not None and self._since >= self._until:
            raise error("out_of_range", "until is not after since")
        names = {"source": source, "event": event, "destination": destination, "release": release}
        self._names = {name: _name(name, value) for name, value in names.items() if value is not None}

    def query(self, *only: str) -> dict[str, str]:
        """The parameters of an address."""
        query = {name: value for name, value in self._names.items() if not only or name in only}
        if not only and self._since is not None:
            query["since"] = _rfc3339(self._since)
        if not only and self._until is not None:
            # The gateway takes the hour of `until` too.
            query["until"] = _rfc3339(self._until - datetime.timedelta(microseconds=1))
        return query

    def span(self, first: datetime.datetime | None) -> tuple[datetime.datetime, datetime.datetime] | None:
        """The whole hours that were asked for, up to now; from the first that there is where ``since`` is left out."""
        start = self._since or first
        if start is None:
            return None
        end = self._now if self._until is None else self._until
        whole = whole_hour(end)
        start, end = whole_hour(start), min(whole if whole == end else whole + _HOUR, self._now)
        return start, max(start, end)

    def kept(self, table: LedgerTable) -> LedgerTable:
        """The rows within, of a route that does not look at the time or at all names."""
        names = [name for name in self._names if name in table.columns]
        keep = [
            place
            for place, at in enumerate(table["at"])
            if (self._since is None or at >= self._since)
            and (self._until is None or at < self._until)
            and all(table[name][place] == self._names[name] for name in names)
        ]
        return table._sorted(keep)


# --- Arguments -------------------------------------------------------------------------------------------------------


def _name(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise error("wrong_type", f"{name} is not a text, but {type(value).__name__}")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise error("wrong_type", f"{name} is not a text that can be sent")
    return value


def zone(tz: Any) -> datetime.tzinfo:
    """A time zone by its name."""
    if not isinstance(tz, str):
        raise error("wrong_type", f"tz is not the name of a time zone, but {type(tz).__name__}")
    if tz == "UTC":
        return datetime.timezone.utc
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(tz)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise error("tz_unknown", f"tz {tz} is not a time zone that this system knows")


def moment(name: str, value: Any, zone: datetime.tzinfo) -> datetime.datetime:
    """A moment, from whatever people write for one; without a time zone of its own it is in ``zone``."""
    if isinstance(value, str):
        text = value.strip().replace("Z", "+00:00")
        if len(text) == 8 and text.isdecimal():
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        try:
            value = datetime.datetime.fromisoformat(text)
        except ValueError:
            value = None
        if value is None:
            raise error("date_invalid", f"{name} is not a moment like 2026-11-22 or 2026-11-22T09:00:00Z")
    if isinstance(value, datetime.timedelta):
        if value <= datetime.timedelta(0):
            raise error("out_of_range", f"{name} is not a time before now")
        value = datetime.datetime.now(datetime.timezone.utc) - value
    if not isinstance(value, datetime.date) and hasattr(value, "astype") and hasattr(value, "dtype"):
        # A moment of NumPy's, to the microsecond.
        value = value.astype("datetime64[us]").item() if value.dtype.kind == "M" else value
    if isinstance(value, datetime.date) and value == value:
        if not isinstance(value, datetime.datetime):
            value = datetime.datetime.combine(value, datetime.time())
        if value.tzinfo is None:
            value = value.replace(tzinfo=zone)
        if datetime.datetime(1971, 1, 1) <= value.replace(tzinfo=None) < datetime.datetime(9000, 1, 1):
            utc = value.astimezone(datetime.timezone.utc)
            # A plain one, whatever the caller's class.
            return datetime.datetime.combine(utc.date(), utc.time(), datetime.timezone.utc)
        raise error("out_of_range", f"{name} is not within the years 1971 to 8999")
    raise error("wrong_type", f"{name} is neither date, text nor timedelta, but {type(value).__name__}")


def _rfc3339(at: datetime.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def _from_environment() -> _Secret:
    import os

    text = os.environ.get(TOKEN, "")
    if not text:
        raise error("token_missing", f"token is required: pass it, or set {TOKEN} in the environment")
    return _Secret(text)


def _base(url: Any) -> str:
    """The gateway's address, without a slash at the end. Others' tokens may be in it, so no message quotes it."""
    from urllib.parse import urlsplit

    if not isinstance(url, str):
        raise error("wrong_type", f"url is not a text, but {type(url).__name__}")
    parts = port = None
    if all("!" <= letter <= "~" for letter in url):
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts = None
    if parts is None or not parts.hostname or parts.scheme not in ("http", "https"):
        raise error("url_invalid", "url is not an address like https://events.shop.example")
    if parts.username is not None or parts.query or parts.fragment or "?" in url or "#" in url:
        raise error("url_invalid", "url has a user, a parameter or a fragment: pass the address alone")
    if parts.scheme == "http" and not _here(parts.hostname):
        raise error("url_insecure", "url is http, which shows the token to everybody on the way: use https")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"


def _here(host: str) -> bool:
    """Whether this is certainly this machine."""
    from ipaddress import ip_address

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


# --- HTTP ------------------------------------------------------------------------------------------------------------


class _Reply:
    """What came back: a status (0: nothing, and ``why``), and the bytes."""

    __slots__ = ("after", "body", "status", "why")

    def __init__(self, status: int, body: bytes = b"", after: float = 0.0, why: str = "") -> None:
        self.status = status
        self.body = body
        self.after = after
        self.why = why

    def json(self) -> Any:
        """The body, or ``None`` where it is not JSON."""
        import json

        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def _opener(base: str) -> Any:
    """What opens addresses, and goes nowhere else."""
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        """No redirect is followed, least of all with the token."""

        def redirect_request(self, *_: Any) -> None:
            return None

    # Whoever lets urllib print what it sends would print the token too, hence the levels.
    if base.startswith("http:"):
        # A proxy is another machine, and would see the token in clear.
        return urllib.request.build_opener(
            Stay, urllib.request.HTTPHandler(debuglevel=0), urllib.request.ProxyHandler({})
        )
    import ssl

    secure = urllib.request.HTTPSHandler(debuglevel=0, context=ssl.create_default_context())
    return urllib.request.build_opener(Stay, secure)


def _get(opener: Any, address: str, token: _Secret, timeout: float) -> _Reply:
    """One request. Whatever goes wrong is told in words of our own, since an exception may quote what was sent."""
    import http.client
    import urllib.error
    import urllib.request

    from ._edgetally import __version__

    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 - http or https
    request.add_header("User-Agent", f"edgetally-python/{__version__}")
    token.sign(request)
    end = time.monotonic() + timeout
    try:
        try:
            reply = opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as refused:
            reply = refused
        with reply:
            body = bytearray()
            while part := reply.read1(256 * 1024):
                body += part
                if time.monotonic() > end:
                    return _Reply(0, why=f"it took more than {timeout:g} seconds")
                if len(body) > _MOST_BYTES:
                    return _Reply(418)
            length = reply.headers.get("Content-Length") or ""
            if length.isdecimal() and int(length) != len(body):
                return _Reply(0, why="it stopped in the middle")
            after = reply.headers.get("Retry-After") or ""
            return _Reply(reply.status, bytes(body), float(after) if after.isdecimal() and len(after) < 6 else 0.0)
    except urllib.error.URLError as away:
        return _Reply(0, why=_why(away.reason, timeout))
    except (OSError, http.client.HTTPException, ValueError) as away:
        return _Reply(0, why=_why(away, timeout))


def _why(away: object, timeout: float) -> str:
    import http.client
    import socket
    import ssl

    if isinstance(away, TimeoutError):
        return f"it took more than {timeout:g} seconds"
    if isinstance(away, ssl.SSLCertVerificationError):
        return "its certificate is not valid"
    if isinstance(away, ssl.SSLError):
        return "it does not speak TLS"
    if isinstance(away, socket.gaierror):
        return "no machine has its name"
    if isinstance(away, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(away, http.client.HTTPException):
        return "it does not speak HTTP, or stopped in the middle of it"
    return "the connection failed"

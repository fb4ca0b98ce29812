"""What the ledger answers, as columns: of lists here, of the caller's library where it is asked for."""

from __future__ import annotations

import datetime

from ._arguments import choice, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any


__all__ = ["LedgerTable"]

_HOUR = datetime.timedelta(hours=1)
# What a table of text or HTML shows of a long one.
_ROWS_SHOWN = 20
_SEASONS = {"day": datetime.timedelta(days=1), "week": datetime.timedelta(days=7)}

# Columns that are no counts.
_TIMES = frozenset({"hour", "at", "since", "until", "observed_at"})
_DAYS = frozenset({"day"})
_TEXTS = frozenset(
    {"source", "release", "event", "destination", "state", "code", "worker", "id", "event_id", "path"}
    | {"platform", "metric", "of", "word", "unit"}
)
_FLAGS = frozenset({"replaying"})

# What the gateway knows of each event's match keys and parts, and how people say it.
MATCH_KEYS = {
    "click_id": "a click id",
    "email": "an e-mail address",
    "phone": "a telephone number",
    "external_id": "the site's own id of the visitor",
    "browser_id": "an id of the browser",
    "ip_and_user_agent": "network address and user agent",
    "name_and_place": "name, date of birth, town, postcode or country",
}
PARTS = {
    "value": "a value",
    "currency": "a currency",
    "transaction_id": "an order",
    "items": "lines",
    "event_time": "a time of its own",
    "page_url": "the page's address",
    "release": "a release",
}
_QUALITY = {
    "share_of_events": "Volume, of that of all of the source's events.",
    "share_of_page_views": "Volume, of that of the source's page views.",
    "delivered_share": "Of the copies at the destination that are no duplicates, those that were delivered.",
    "p50": "Half of the events were with the platform within so many seconds.",
    "p95": "Nineteen of twenty were.",
    "estimate": "How well the platform can match the events, 0 to 10: an estimate of edgetally's, no platform's score.",
    **{f"given_{key}": f"Share of the events that were sent with {what}." for key, what in MATCH_KEYS.items()},
    **{f"sent_{key}": f"Share of the delivered that went with {what}." for key, what in MATCH_KEYS.items()},
    **{f"has_{part}": f"Share of the events that have {what}." for part, what in PARTS.items()},
}
_SHARES = frozenset({"exposure_new", "exposure_old", "value", *_QUALITY})
_LISTS = frozenset({"history"})

DEFINITION = {
    "hour": "First moment of the hour of receipt.",
    "day": "Day of receipt, in the ledger's time zone.",
    "at": "When.",
    "source": "The source that sent it.",
    "release": "The sender's release, or empty.",
    "event": "The event's name, or empty for what could not be read.",
    "destination": "The destination, or empty for intake.",
    "state": "What is counted.",
    "code": "Why, where there is a why.",
    "worker": "The gateway's own version that counted it, or empty.",
    "n": "How many.",
    "volume": "Well-formed copies, without tests and robots.",
    "tests": "Test events among the accepted.",
    "robots": "Events of robots among the accepted.",
    **_QUALITY,
    "path": "The member of the event that the code is about, where it is about one.",
    "codes": "How many codes are summed up in the row.",
    "received": "Copies that came in: accepted and malformed.",
    "accepted": "Copies that were well-formed.",
    "malformed": "Copies that were refused as malformed.",
    "offered": "Copies that a destination was to have, over the destinations: the sum of its eight states.",
    "delivered": "The platform has it.",
    "duplicate": "A further copy of an event that had been claimed.",
    "blocked": "The visitor's consent does not cover the destination.",
    "skipped": "The destination has no use for the event.",
    "rejected": "The platform refused it for good.",
    "processing": "The platform has not said yet what became of it.",
    "retrying": "Waiting for another attempt.",
    "dead": "Given up.",
    "retries": "Further attempts that were scheduled. Not a state.",
    "replayed": "How often one was offered again by hand. Not a state.",
    "removed": "Parts of events that intake left out. Not a state.",
    "changed": "Parts of events that are used in another form than they were sent. Not a state.",
    "conflict": "Copies that went out although an earlier one differed. Not a state.",
    "maybe_twice": "Events among the delivered that the platform may have got twice. Not a state.",
    "remainder": "Accepted less the states: 0, or something was lost or counted twice.",
    "events": "Accepted copies whose event is counted as other.",
    "releases": "Accepted copies whose release is counted as other.",
    "platform": "The platform, whose words and numbers these are.",
    "metric": "What it reports.",
    "of": "The key, part or sender that it is about, by the platform's name, or empty.",
    "value": "How much it is, in the unit; nan where it is a word.",
    "word": "Which word, or empty where it is a number.",
    "unit": "of_10, percent, events or word.",
    "since": "The span that the number covers begins here.",
    "until": "The span that the number covers ends here.",
    "observed_at": "When the platform was asked.",
    "id": "The letter's id, by which it is replayed.",
    "event_id": "The event's id, or empty.",
    "bytes": "Size of the body.",
    "replaying": "Whether it is being offered again.",
    "current": "Count of the hour.",
    "history": "Counts of the same hour in the seasons before, the latest first.",
    "count_new": "Count of the new span.",
    "exposure_new": "Hours of the new span.",
    "count_old": "Count of the old span.",
    "exposure_old": "Hours of the old span.",
}


class LedgerTable:
    """A table of the ledger: ``table.delivered`` and ``table["delivered"]`` are columns, as lists.

    ``to_pandas``, ``to_polars`` and ``to_arrow`` give it as a frame, and ``report`` and whatever reads Arrow take it as
    it is. Times are in the ledger's time zone. ``span`` is from when to when it counts, where it counts a span.
    """

    __slots__ = ("_columns", "_kinds", "_zone", "span")

    span: tuple[datetime.datetime, datetime.datetime] | None

    def __init__(
        self,
        columns: Mapping[str, list[Any]],
        zone: datetime.tzinfo = datetime.timezone.utc,
        span: tuple[datetime.datetime, datetime.datetime] | None = None,
    ) -> None:
        """For ``Ledger``."""
        self._columns = dict(columns)
        self._zone = zone
        self.span = span
        self._kinds = {name: _kind(name, values) for name, values in columns.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; ``definition`` says what they are."""
        return tuple(self._columns)

    @property
    def definition(self) -> dict[str, str]:
        """What each column is, in a sentence."""
        return {name: DEFINITION.get(name, "") for name in self._columns}

    def keys(self) -> tuple[str, ...]:
        """The names of the columns, as a mapping has them."""
        return self.columns

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self._columns.values()), ()))

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._columns)

    def __getitem__(self, name: str) -> list[Any]:
        """One column, as a list."""
        if not isinstance(name, str) or name not in self._columns:
            raise error("unknown_column", f"there is no such column; there are {', '.join(self._columns)}")
        return self._columns[name]

    def __getattr__(self, name: str) -> list[Any]:
        """One column, as a list."""
        # Before there are columns (a copy, a pickle) nothing is one.
        columns = {} if name.startswith("_") else self._columns
        if name in columns:
            return columns[name]
        raise AttributeError(f"there is no column {name!r}; there are {', '.join(columns)}")

    def __dir__(self) -> list[str]:
        """The columns too."""
        return [*super().__dir__(), *self._columns]

    def __eq__(self, other: object) -> bool:
        """The same columns with the same values."""
        return self._columns == other._columns if isinstance(other, LedgerTable) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Row by row, as dictionaries."""
        for row in zip(*self._columns.values(), strict=True):
            yield dict(zip(self._columns, row, strict=True))

    def _sorted(self, places: Sequence[int]) -> LedgerTable:
        """These rows, in this order."""
        columns = {name: [values[place] for place in places] for name, values in self._columns.items()}
        return LedgerTable(columns, self._zone, self.span)

    def to_dict(self) -> dict[str, list[Any]]:
        """Every column as a list."""
        return {name: list(values) for name, values in self._columns.items()}

    def to_pandas(self) -> Any:
        """A pandas DataFrame."""
        import pandas as pd

        types = {"text": "str", "count": "int64", "optional": "Int64", "share": "float64", "flag": "bool"}
        frame = {}
        for name, values in self._columns.items():
            kind = self._kinds[name]
            if kind == "time":
                utc = pd.Series(pd.to_datetime(values, utc=True), dtype="datetime64[us, UTC]")
                frame[name] = utc.dt.tz_convert(self._zone)
            else:
                frame[name] = pd.Series(values, dtype=types.get(kind, "object"))
        return pd.DataFrame(frame)

    def to_polars(self) -> Any:
        """A Polars DataFrame."""
        import polars as pl

        types = {
            "time": pl.Datetime("us", "UTC"),
            "day": pl.Date,
            "text": pl.String,
            "share": pl.Float64,
            "flag": pl.Boolean,
            "list": pl.List(pl.Int64),
        }
        frame = pl.DataFrame(
            {name: _utc(values) if self._kinds[name] == "time" else values for name, values in self._columns.items()},
            schema={name: types.get(kind, pl.Int64) for name, kind in self._kinds.items()},
        )
        times = [name for name, kind in self._kinds.items() if kind == "time"]
        return frame.with_columns(pl.col(times).dt.convert_time_zone(self._zone_name)) if times else frame

    def to_arrow(self) -> Any:
        """A pyarrow Table."""
        import pyarrow as pa

        types = {
            "time": pa.timestamp("us", self._zone_name),
            "day": pa.date32(),
            "text": pa.string(),
            "share": pa.float64(),
            "flag": pa.bool_(),
            "list": pa.list_(pa.int64()),
        }
        schema = pa.schema([(name, types.get(kind, pa.int64())) for name, kind in self._kinds.items()])
        return pa.table(self._columns, schema=schema)

    @property
    def _zone_name(self) -> str:
        return getattr(self._zone, "key", None) or "UTC"

    @property
    def __arrow_c_stream__(self) -> Any:
        """Arrow's PyCapsule interface, where pyarrow is installed; without it the table is a mapping of columns."""
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise AttributeError("__arrow_c_stream__ needs pyarrow") from None
        return lambda requested_schema=None: self.to_arrow().__arrow_c_stream__(requested_schema)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """No array: NumPy and pandas would make one of the names alone."""
        raise error(
            "wrong_type", "a table of the ledger is not an array: use to_pandas(), to_dict() or one of its columns"
        )

    def beside(self, old: LedgerTable, column: str | None = None) -> LedgerTable:
        """Put an older span beside this one: a row per key, with both counts and both lengths in hours.

        What ``events.rate_change`` takes. ``column`` is what is compared, ``accepted`` unless told otherwise, or
        ``offered`` where the table counts by destination. A key that one of the two lacks has the count 0 there.
        """
        column = self._counted(column)
        keys = [name for name in self._columns if self._kinds[name] == "text"]
        if not isinstance(old, LedgerTable) or [n for n in old._columns if old._kinds[n] == "text"] != keys:
            raise error("wrong_type", "old is not a table of counts by the same names as this one")
        sums: list[dict[tuple[str, ...], int]] = []
        hours = []
        for which, table in (("this table", self), ("old", old)):
            found: dict[tuple[str, ...], int] = {}
            for row in zip(*(table[name] for name in [*keys, column]), strict=True):
                found[row[:-1]] = found.get(row[:-1], 0) + row[-1]
            sums.append(found)
            start, end = table._whole_span(which)
            hours.append((end - start) / _HOUR)
        both = sorted({**sums[0], **sums[1]})
        made: dict[str, list[Any]] = {name: [key[place] for key in both] for place, name in enumerate(keys)}
        for word, found, length in zip(("new", "old"), sums, hours, strict=True):
            made[f"count_{word}"] = [found.get(key, 0) for key in both]
            made[f"exposure_{word}"] = [length] * len(both)
        return LedgerTable(made, self._zone, self.span)

    def seasons(self, since: Any, *, season: str = "week", column: str | None = None) -> LedgerTable:
        """Put each hour from ``since`` beside the same hour of the seasons before it: Mondays at nine with Mondays.

        What ``events.seasonal_change`` takes. An hour without events has the count 0, for so the ledger knows it;
        the hour that is not over is left out. ``season`` is ``"week"`` or ``"day"``, by the ledger's time zone.
        """
        from ._ledger import moment

        column = self._counted(column)
        length = choice("season", season, _SEASONS)
        if "hour" not in self._columns:
            raise error("unknown_column", "seasons needs counts by the hour")
        counts: dict[datetime.datetime, int] = {}
        for hour, n in zip(self["hour"], self[column], strict=True):
            utc = hour.astimezone(datetime.timezone.utc)
            counts[utc] = counts.get(utc, 0) + n
        first, end = self._whole_span("this table")
        at = max(whole_hour(moment("since", since, self._zone)), first)
        made: dict[str, list[Any]] = {"hour": [], "current": [], "history": []}
        while at + _HOUR <= end:
            local = at.astimezone(self._zone)
            past, before = [], local
            while True:
                # By the clock on the wall, so that summer time moves no Monday.
                before = (before.replace(tzinfo=None) - length).replace(tzinfo=self._zone)
                utc = whole_hour(before.astimezone(datetime.timezone.utc))
                if utc < first:
                    break
                past.append(counts.get(utc, 0))
            made["hour"].append(local)
            made["current"].append(counts.get(at, 0))
            made["history"].append(past)
            at += _HOUR
        return LedgerTable(made, self._zone, self.span)

    def _counted(self, column: str | None) -> str:
        if column is None:
            column = next((name for name in ("accepted", "offered", "n") if name in self._columns), None)
        if column is None or self._kinds.get(column) != "count":
            counts = [name for name, kind in self._kinds.items() if kind == "count"]
            raise error("unknown_column", f"column is not one of the counts {', '.join(counts)}")
        return column

    def _whole_span(self, which: str) -> tuple[datetime.datetime, datetime.datetime]:
        if self.span is None:
            raise error("missing", f"{which} counts no span of time: ask for it with since")
        return self.span

    def summary(self) -> str:
        """A few lines of text: how many rows, of when, and what each column is."""
        lines = [f"LedgerTable of {len(self):,} rows"]
        if self.span is not None:
            start, end = (when.astimezone(self._zone).isoformat(" ", "minutes") for when in self.span)
            lines[0] += f", {start} to {end}"
        wide = max(map(len, self._columns), default=0)
        for name, values in self._columns.items():
            total = f"{sum(v or 0 for v in values):>12,}" if self._kinds[name] in ("count", "optional") else " " * 12
            lines.append(f"  {name:<{wide}} {total}  {DEFINITION.get(name, '')}".rstrip())
        return "\n".join(lines)

    def _cells(self) -> list[list[str]]:
        return [
            [_text(self._kinds[name], value) for name, value in zip(self._columns, row, strict=True)]
            for row, _ in zip(zip(*self._columns.values(), strict=True), range(_ROWS_SHOWN), strict=False)
        ]

    def __repr__(self) -> str:
        """A table of text."""
        cells = self._cells()
        wide = [max(len(cell) for cell in column) for column in zip(self.columns, *cells, strict=True)]
        left = [self._kinds[name] in ("text", "time", "day") for name in self._columns]
        lines = [
            "  ".join(
                cell.ljust(w) if to else cell.rjust(w) for cell, w, to in zip(row, wide, left, strict=True)
            ).rstrip()
            for row in [list(self._columns), *cells]
        ]
        if len(self) > _ROWS_SHOWN:
            lines.append(f"… {len(self):,} rows in all")
        elif not len(self):
            lines.append("(no rows)")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        from html import escape

        head = "".join(
            f'<th title="{escape(DEFINITION.get(name, ""))}" style="text-align:left">{escape(name)}</th>'
            for name in self._columns
        )
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._cells())
        more = f"<caption>{len(self):,} rows in all</caption>" if len(self) > _ROWS_SHOWN else ""
        return f"<table>{more}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def whole_hour(at: datetime.datetime) -> datetime.datetime:
    """The hour, in UTC, that a moment lies in."""
    return at.astimezone(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)


def _utc(values: list[Any]) -> list[Any]:
    return [value.astimezone(datetime.timezone.utc) for value in values]


def _kind(name: str, values: list[Any]) -> str:
    for kind, names in (
        ("time", _TIMES),
        ("day", _DAYS),
        ("text", _TEXTS),
        ("flag", _FLAGS),
        ("share", _SHARES),
        ("list", _LISTS),
    ):
        if name in names:
            return kind
    return "optional" if any(value is None for value in values) else "count"


def _text(kind: str, value: Any) -> str:
    if kind == "time":
        return str(value.isoformat(" ", "minutes"))
    if kind in ("count", "optional"):
        return "" if value is None else f"{value:,}"
    return f"{value:g}" if kind == "share" else str(value)

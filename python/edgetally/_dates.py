"""Dates as people have them: one reader for a date, and one for a column of dates, of any library.

A day is a number, counted from 1970-01-01. A text begins with the year (``2026-05-04``, ``20260504``, with a time and a
zone or without), a number is ``20260504``; what can be read in two ways is refused.
"""

from __future__ import annotations

from ._arguments import error, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable
    from typing import Any

# 1970-01-01 in the count of `date.toordinal`.
EPOCH = 719_163
# The number of a missing day or instant, as NumPy has it.
MISSING = -(2**63)
DAY = 86_400_000_000

_TEXT = (
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2}))"
    r"(?:(?:[Tt]|\s+)(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)
_YEAR_LAST = r"\d{1,2}([-/.])\d{1,2}\1(\d{4}|\d{2})\b.*"
_MONTH = r"\d{4}[-/.]?\d{2}"
_HINT = (
    "dates are 2026-05-04, 20260504 or 2026-05-04 00:00:00; "
    "pandas.to_datetime(column, format=...) makes dates of others"
)


def _match(pattern: str, text: str) -> Any:
    # Not imported with the package, whose calls of single numbers need none of this.
    import re

    return re.fullmatch(pattern, text, re.ASCII | re.DOTALL)


class _NotADateError(Exception):
    """Why a value is not a date: a code, and the end of a sentence that begins with its name."""


def _no(code: str, text: str) -> _NotADateError:
    return _NotADateError(code, text)


def _offset(text: str | None) -> Any:
    import datetime

    if text is None:
        return None
    if text[0] not in "+-":
        return datetime.timezone.utc
    digits = text[1:].replace(":", "")
    ahead = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    if int(digits[2:] or 0) > 59 or ahead >= datetime.timedelta(days=1):
        raise _no("date_invalid", "has an offset from UTC that there is not")
    return datetime.timezone(-ahead if text[0] == "-" else ahead)


def _text(text: str) -> Any:
    import datetime

    text = text.strip()
    if text in ("", "NaT"):
        return None
    found = _match(_TEXT, text)
    if found is None:
        if _match(_YEAR_LAST, text):
            raise _no(
                "date_invalid",
                "is a text with the year last, in which day and month cannot be told apart: "
                "pandas.to_datetime(column, format='%d/%m/%Y') reads the day first, '%m/%d/%Y' the month",
            )
        if _match(_MONTH, text):
            raise _no("date_invalid", "is a text of a month, not of a day: add the day, as 2026-05-01")
        raise _no("wrong_type", f"is a text that is not a date: {_HINT}")
    year, _, month, day, month_2, day_2, hour, minute, second, fraction, zone = found.groups()
    try:
        date = datetime.date(int(year), int(month or month_2), int(day or day_2))
        if hour is None:
            return date
        micros = int((fraction or "0").ljust(6, "0")[:6])
        time = datetime.time(int(hour), int(minute), int(second or 0), micros, _offset(zone))
    except ValueError:
        raise _no("date_invalid", "is a text of a date or a time that there is not") from None
    return datetime.datetime.combine(date, time)


def _number(value: Any) -> Any:
    import datetime

    if value != value:
        return None
    if value in (float("inf"), float("-inf")) or int(value) != value or not 1900_01_01 <= value <= 2200_12_31:
        raise _no(
            "wrong_type",
            "is a number that is not a date written as 20260504: seconds, or days of a spreadsheet, have to be made "
            "dates first, as pandas.to_datetime(column, unit='s') does",
        )
    whole = int(value)
    try:
        return datetime.date(whole // 10_000, whole // 100 % 100, whole % 100)
    except ValueError:
        raise _no("date_invalid", "is a number such as 20260504, of a date that there is not") from None


def _one(value: Any) -> Any:
    """A date, a ``datetime``, a pair of a period's first and last day, or ``None`` for a missing one."""
    import datetime

    if missing(value):
        return None
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, (bool, bytes)) or type(value).__name__ in ("bool_", "bool"):
        raise _no("wrong_type", f"is not a date, but {type(value).__name__}")
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind == "M" and getattr(value, "ndim", 1) == 0:
        days = int(value.astype("datetime64[D]").astype("int64"))
        return None if days == MISSING else _from_day(days)
    if isinstance(value, (int, float)) or (kind in ("i", "u", "f") and getattr(value, "ndim", 1) == 0):
        return _number(value)
    if hasattr(value, "start_time") and hasattr(value, "end_time"):
        return (value.start_time.date(), value.end_time.date())
    if type(value).__name__ == "Decimal":
        return None if value.is_nan() else _number(value)
    raise _no("wrong_type", f"is not a date, but {type(value).__name__}: {_HINT}")


def _from_day(day: int) -> datetime.date:
    import datetime

    try:
        return datetime.date.fromordinal(day + EPOCH)
    except (ValueError, OverflowError):
        raise _no("out_of_range", "is outside the years 1 to 9999") from None


def date(day: int | None) -> datetime.date | None:
    """The date of a day's number; ``None`` outside the years 1 to 9999."""
    try:
        return None if day is None else _from_day(day)
    except _NotADateError:
        return None


def day(name: str, value: Any, tz: str | None = None, *, needs_tz: bool = False) -> int | None:
    """One date as the number of its day; ``None`` for a missing one.

    An instant with a zone is a day of ``tz``, or of its own zone; ``needs_tz`` refuses the latter.
    """
    import datetime

    try:
        found = _one(value)
        if found is None:
            return None
        if isinstance(found, tuple):
            found = found[0]
        if isinstance(found, datetime.datetime):
            if found.tzinfo is not None and tz is not None:
                found = found.astimezone(zone_info(tz))
            elif found.tzinfo is not None and needs_tz:
                raise error("tz_missing", f"{name} has a time zone: say with tz whose days are meant")
            found = found.date()
        return int(found.toordinal()) - EPOCH
    except _NotADateError as problem:
        code, text = problem.args
        if isinstance(value, str):
            code = "date_invalid"
    except OverflowError:
        code, text = "out_of_range", "is outside the years 1 to 9999"
    raise error(code, f"{name} {text}")


# --- Zones -----------------------------------------------------------------------------------------------------------

_ZONES: dict[str, tuple[list[int], list[int]]] = {"UTC": ([], [])}
# Zones that have no name of their own, by the name that they are given here.
_OBJECTS: dict[str, Any] = {}


def zone_name(zone: Any) -> str:
    """What a time zone is called: of a text, of ``zoneinfo``, ``pytz``, ``dateutil`` or a fixed offset."""
    if isinstance(zone, str):
        name = zone
    else:
        file = getattr(zone, "_filename", None)
        name = getattr(zone, "key", None) or getattr(zone, "zone", None) or (str(file) if file else str(zone))
        if "zoneinfo/" in name:
            name = name.rpartition("zoneinfo/")[2]
    if name.upper() in ("UTC", "ETC/UTC", "Z", "GMT", "TZUTC()", "UTC+00:00", "+00:00", "-00:00"):
        return "UTC"
    name = name.removeprefix("UTC") if _match(r"UTC[+-]\d\d:\d\d", name) else name
    if not isinstance(zone, str) and name not in _ZONES:
        _OBJECTS.setdefault(name, zone)
    return name


def zone_info(name: str) -> Any:
    """The ``tzinfo`` of a zone's name."""
    import datetime
    import zoneinfo

    if not isinstance(name, str):
        raise error("wrong_type", f"tz is not the name of a time zone, but {type(name).__name__}")
    if name.upper() in ("UTC", "ETC/UTC"):
        return datetime.timezone.utc
    if _match(r"[+-]\d{2}:\d{2}", name):
        return _offset(name)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if name in _OBJECTS:
            return _OBJECTS[name]
        raise error("tz_unknown", f"tz {name!r} is not a time zone that is known here") from None


def zone_table(name: str) -> tuple[list[int], list[int]]:
    """Since when (microseconds of UTC) which offset holds, from 1900 to 2100."""
    name = zone_name(name) if isinstance(name, str) else name
    zone = zone_info(name)
    if name not in _ZONES:
        _ZONES[name] = _changes(zone)
    return _ZONES[name]


def _changes(zone: Any) -> tuple[list[int], list[int]]:
    import datetime

    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

    def offset(second: int) -> int:
        found = (start + datetime.timedelta(seconds=second)).astimezone(zone).utcoffset()
        return 0 if found is None else int(found.total_seconds() * 1_000_000)

    first, days = -86_400 * 25_567, 73_000
    since, offsets = [MISSING], [offset(first)]
    # Changes come in pairs that are weeks apart at the least; ten days are looked at, then one, then seconds.
    for low in range(first, first + 86_400 * days, 864_000):
        if offset(low) == offset(low + 864_000):
            continue
        for a in range(low, low + 864_000, 86_400):
            b = a + 86_400
            if offset(a) == offset(b):
                continue
            after = offset(b)
            before = a
            while b - before > 1:
                middle = (before + b) // 2
                if offset(middle) == after:
                    b = middle
                else:
                    before = middle
            since.append(b * 1_000_000)
            offsets.append(after)
    return since, offsets


def own_zone(name: str, own: str | None, tz: str | None) -> str | None:
    """Whose days are meant: the column's own zone, or ``tz``; an error where both are places and differ.

    UTC and fixed offsets are how instants are kept, not a place, so ``tz`` may say whose days those are.
    """
    if tz is None or own is None:
        return own if tz is None else zone_name(tz)
    place = own != "UTC" and not _match(r"[+-]\d{2}:\d{2}", own)
    if place and zone_table(own) != zone_table(tz):
        raise error(
            "tz_mismatch",
            f"{name} is in the time zone {own}, and tz is {tz}: leave tz out for the days of {own}, "
            "or convert the column to UTC first",
        )
    return zone_name(tz)


# --- Columns ---------------------------------------------------------------------------------------------------------


class Dates:
    """A column of dates that was read: days or instants as numbers, whose zone, and how the caller has them.

    ``values`` are int64 with ``MISSING``, and ``kind`` says ``date`` (days) or ``instant`` (microseconds); without a
    ``kind`` they are a column of Arrow or Polars that says it itself.
    """

    __slots__ = ("dtype", "form", "kind", "unit", "values", "zone")

    def __init__(self, values: Any, kind: str | None, zone: str | None, form: str, dtype: Any, unit: str) -> None:
        """The zone is whose days are meant; forms are ``date``, ``instant``, ``period``, ``object`` and ``text``."""
        self.values = values
        self.kind = kind
        self.zone = zone
        self.form = form
        self.dtype = dtype
        self.unit = unit


def _unit(unit: str) -> str:
    return unit if unit in ("s", "ms", "us", "ns") else "us"


def read(name: str, column: Any, tz: str | None = None, span: Any = None) -> Dates:
    """A column of dates of any kind; ``span`` gives the window of a day, in which a period has to lie."""
    module = type(column).__module__.partition(".")[0]
    if module == "polars" and hasattr(column, "null_count") and hasattr(column, "dtype"):
        return _polars(name, column, tz, span)
    if module == "polars":
        raise error("wrong_type", f"{name} is not a column of dates, but {type(column).__name__}")
    if module == "pandas" and hasattr(column, "dtype"):
        return _pandas(name, column, tz, span)
    if module == "pyarrow" or hasattr(column, "__arrow_c_array__") or hasattr(column, "__arrow_c_stream__"):
        return _arrow(name, column, tz, span)
    if getattr(column, "ndim", 1) == 1 and getattr(getattr(column, "dtype", None), "kind", "O") == "M":
        return _numpy(name, column, tz, span)
    if isinstance(column, (str, bytes)) or not hasattr(column, "__iter__") or getattr(column, "ndim", 1) != 1:
        raise error("wrong_type", f"{name} is not a column of dates, but {type(column).__name__}")
    if module == "numpy" and getattr(getattr(column, "dtype", None), "kind", "O") in "iuf":
        return _numbers(name, column, tz, span)
    return _listed(name, column, tz, span)


def _numpy(
    name: str, array: Any, tz: str | None, span: Any = None, dtype: Any = None, zone: str | None = None
) -> Dates:
    import numpy as np

    unit = np.datetime_data(array.dtype)[0]
    if unit in ("D", "M", "Y", "W", "generic"):
        values = np.ascontiguousarray(array.astype("datetime64[D]").astype(np.int64))
        if span is not None and unit in ("M", "Y", "W"):
            for day, after in np.unique(
                np.stack([values, (array + 1).astype("datetime64[D]").astype(np.int64)]), axis=1
            ).T:
                if day != MISSING and after > span(int(day))[1]:
                    row = int(np.argmax(values == day))
                    raise error("window_mismatch", f"{name}[{row}] is a period that is longer than the window")
        return Dates(values, "date", None, "instant", dtype or array.dtype, "s")
    values = np.ascontiguousarray(array.astype("datetime64[us]").astype(np.int64))
    return Dates(values, "instant", zone or tz, "instant", dtype or array.dtype, _unit(unit))


def _pandas(name: str, column: Any, tz: str | None, span: Any) -> Dates:
    if getattr(column, "ndim", 1) != 1 or getattr(column, "nlevels", 1) != 1 or not hasattr(column, "dtype"):
        raise error("wrong_type", f"{name} is not a column of dates, but {type(column).__name__}")
    dtype = column.dtype
    kind = getattr(dtype, "kind", "O")
    if type(dtype).__name__ == "ArrowDtype":
        import pyarrow

        found = _arrow(name, pyarrow.array(column), tz, span)
        found.dtype = dtype
        return found
    if kind == "M":
        zone = getattr(dtype, "tz", None)
        if zone is None:
            return _numpy(name, column.to_numpy(), tz, span, dtype)
        own = own_zone(name, zone_name(zone), tz)
        # A Series speaks of times through .dt, an index itself; NumPy has no zones, and would warn.
        utc = getattr(column, "dt", column).tz_convert("UTC")
        utc = getattr(utc, "dt", utc).tz_localize(None)
        return _numpy(name, utc.to_numpy().astype(f"datetime64[{dtype.unit}]"), tz, span, dtype, own)
    if hasattr(dtype, "categories"):
        import numpy as np

        categories = read(name, column.dtype.categories, tz, span)
        codes = np.asarray(column.cat.codes if hasattr(column, "cat") else column.codes)
        return _of_codes(codes, categories)
    if kind in "iuf" and type(dtype).__module__.startswith("numpy"):
        return _numbers(name, column.to_numpy(), tz, span, dtype)
    if len(column) >= _MANY and type(dtype).__name__ in ("StringDtype", "ObjectDType"):
        texts = _pandas_texts(column)
        read_once = None if texts is None else _texts(name, texts, tz, span, dtype)
        if read_once is not None:
            return read_once
    return _listed(name, column.array, tz, span, dtype=dtype)


def _pandas_texts(column: Any) -> Any:
    """A pandas column as Arrow's texts; ``None`` without Arrow, and where not all are texts."""
    try:
        import pyarrow as pa

        array = pa.array(column, from_pandas=True)
    except (ImportError, ValueError, TypeError, OverflowError, NotImplementedError):
        return None
    return array if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) else None


def _of_codes(codes: Any, found: Dates) -> Dates:
    import numpy as np

    table = np.append(_as_numbers(found), MISSING)
    found.values = np.ascontiguousarray(table[codes])
    found.kind = found.kind or "date"
    return found


def _as_numbers(found: Dates) -> Any:
    """The values as int64 in any case: days, or instants that are turned to days."""
    import numpy as np

    if found.kind is None:
        found.values = _days_of_arrow(found.values, found.zone)
        found.kind = "date"
    return np.asarray(found.values)


def _polars(name: str, column: Any, tz: str | None, span: Any) -> Dates:
    import polars as pl

    dtype = column.dtype
    if dtype == pl.Date:
        return Dates(column, None, None, "date", dtype, "s")
    if dtype == pl.Datetime:
        zone = dtype.time_zone
        own = own_zone(name, zone_name(zone), tz) if zone else tz
        return Dates(column, None, own, "instant", dtype, dtype.time_unit)
    if dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    if dtype == pl.Null:
        return Dates(column.cast(pl.Date), None, None, "date", pl.Date, "s")
    if dtype.is_nested():
        raise error("wrong_type", f"{name} is not a column of dates, but of {dtype}")
    if len(column) >= _MANY and dtype == pl.String:
        try:
            found = _texts(name, column.to_arrow(), tz, span, dtype)
        except ImportError:
            found = None
        if found is not None:
            return found
    return _listed(name, column.to_list(), tz, span, dtype=dtype)


def _arrow(name: str, column: Any, tz: str | None, span: Any) -> Dates:
    import pyarrow as pa

    if not isinstance(column, (pa.Array, pa.ChunkedArray)):
        try:
            column = pa.chunked_array(column) if hasattr(column, "__arrow_c_stream__") else pa.array(column)
        except (pa.ArrowException, TypeError):
            raise error("wrong_type", f"{name} is not a column of dates, but {type(column).__name__}") from None
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_date(kind):
        return Dates(column, None, None, "date", kind, "s")
    if pa.types.is_timestamp(kind):
        own = own_zone(name, zone_name(kind.tz), tz) if kind.tz else tz
        return Dates(column, None, own, "instant", kind, kind.unit)
    if pa.types.is_null(kind):
        return Dates(column.cast(pa.date32()), None, None, "date", pa.date32(), "s")
    if pa.types.is_nested(kind):
        raise error("wrong_type", f"{name} is not a column of dates, but of {kind}")
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    found = _texts(name, column, tz, span, kind) if texts and len(column) >= _MANY else None
    return found or _listed(name, column.to_pylist(), tz, span, dtype=kind)


def _listed(name: str, values: Iterable[Any], tz: str | None, span: Any, dtype: Any = None, rows: Any = None) -> Dates:
    """Values one by one, each text and number read once; ``rows`` says in which row each stands first."""
    import datetime

    import numpy as np

    days: list[int] = []
    known: dict[Any, Any] = {}
    zones: dict[str | None, int] = {}
    meant = None if tz is None else zone_info(tz)
    forms = set()
    row = -1
    try:
        for row, value in enumerate(values):
            kept = isinstance(value, (str, int, float))
            if kept and (type(value), value) in known:
                days.append(known[type(value), value])
                continue
            found = _one(value)
            if found is None:
                number = MISSING
            elif isinstance(found, tuple):
                forms.add("period")
                found, last = found
                number = found.toordinal() - EPOCH
                if span is not None and last.toordinal() - EPOCH >= span(number)[1]:
                    raise _no("window_mismatch", "is a period that is longer than the window")
            else:
                forms.add("text" if kept else "object")
                if isinstance(found, datetime.datetime):
                    own = None if found.tzinfo is None else zone_name(found.tzinfo)
                    kept = kept and own is None
                    zones.setdefault(own, row if rows is None else rows[row])
                    if meant is not None:
                        aware = found if own is not None else found.replace(tzinfo=datetime.timezone.utc)
                        found = aware.astimezone(meant)
                    found = found.date()
                number = found.toordinal() - EPOCH
            if kept:
                known[type(value), value] = number
            days.append(number)
    except _NotADateError as problem:
        code, text = problem.args
        raise error(code, f"{name}[{row if rows is None else rows[row]}] {text}") from None
    except OverflowError:
        row = row if rows is None else rows[row]
        raise error("out_of_range", f"{name}[{row}] is outside the years 1 to 9999") from None
    zone = _common_zone(name, zones, tz)
    form = "period" if forms == {"period"} else "text" if "text" in forms else "object"
    return Dates(np.array(days, dtype=np.int64), "date", zone, form, dtype, "us")


# From here on it pays to look for values that come more than once.
_MANY = 1000


def _texts(name: str, column: Any, tz: str | None, span: Any, dtype: Any) -> Dates | None:
    """A long column of Arrow's texts, each text read once; ``None`` where there is no such column to be made."""
    import numpy as np

    try:
        import pyarrow as pa
    except ImportError:
        return None
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    coded = column.dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False))
    return _coded(name, coded.dictionary.to_pylist(), codes, tz, span, dtype)


def _coded(name: str, values: list[Any], codes: Any, tz: str | None, span: Any, dtype: Any) -> Dates:
    """Values that stand for codes, in the order in which they come first; minus one is missing."""

    class First:
        def __getitem__(self, place: int) -> int:
            return int((codes == place).argmax())

    return _of_codes(codes, _listed(name, values, tz, span, dtype, First()))


def _numbers(name: str, array: Any, tz: str | None, span: Any, dtype: Any = None) -> Dates:
    """A NumPy array of numbers such as 20260504, each number read once."""
    import numpy as np

    if len(array) < _MANY:
        return _listed(name, array.tolist(), tz, span, dtype)
    values, first, codes = np.unique(array, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return _coded(name, values[order].tolist(), place[codes], tz, span, dtype)


def _common_zone(name: str, zones: dict[str | None, int], tz: str | None) -> str | None:
    for zone in zones:
        if zone is not None:
            own_zone(name, zone, tz)
    if tz is not None:
        return zone_name(tz)
    if len(zones) > 1:
        (one, first), (other, second) = list(zones.items())[:2]
        said = [f"{name}[{row}] is in {zone or 'no zone'}" for zone, row in ((one, first), (other, second))]
        raise error("tz_missing", f"{said[0]}, {said[1]}: say with tz whose days are meant")
    return next(iter(zones), None)


def in_zone(micros: Any, zone: str | None) -> Any:
    """Instants (microseconds of UTC, ``MISSING`` for a missing one) as days of the zone."""
    import numpy as np

    since, offsets = zone_table(zone) if zone is not None else ([], [])
    known = micros != MISSING
    shifted = micros
    if offsets:
        at = np.searchsorted(np.array(since, dtype=np.int64), micros, side="right") - 1
        shifted = np.where(known, micros, 0) + np.array(offsets, dtype=np.int64)[np.maximum(at, 0)]
    return np.where(known, shifted // DAY, MISSING)


def _days_of_arrow(column: Any, zone: str | None) -> Any:
    import numpy as np
    import pyarrow as pa

    if type(column).__module__.partition(".")[0] == "polars":
        column = column.to_arrow()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    absent = np.asarray(column.is_null().to_numpy(zero_copy_only=False))
    whole = pa.types.is_date(column.type)
    numbers = column.cast(pa.date32()).cast(pa.int32()) if whole else column.cast(pa.int64())
    array = np.asarray(numbers.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64)
    if not whole:
        unit = column.type.unit
        array = array // 1000 if unit == "ns" else array * {"s": 1_000_000, "ms": 1000, "us": 1}[unit]
        array = in_zone(array, zone)
    return np.where(absent, MISSING, array)


def days(name: str, column: Any, tz: str | None = None) -> Any:
    """A column of dates of any kind as days from 1970-01-01: int64, ``MISSING`` where there is none."""
    found = read(name, column, tz)
    numbers = _as_numbers(found)
    return in_zone(numbers, found.zone) if found.kind == "instant" else numbers

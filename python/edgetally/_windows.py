"""Windows of time that can be compared."""

from __future__ import annotations

from . import _edgetally
from ._arguments import error
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from typing import Any

    Dates = Any

__all__ = ["SpanResult", "WindowResult", "compare_windows", "window", "window_span", "window_starts"]

# 1970-01-01 in the count of `date.toordinal`.
_EPOCH = 719163


class WindowResult(Result):
    """What ``window`` returns; dates are texts like ``2026-11-22``."""

    __slots__ = ()

    week_start: str = field("First day of the week.")
    week_end: str = field("Last day of the week.")
    iso_week: str = field("Year and number of the ISO 8601 week.")
    sunday_week_start: str = field("First day of the week that begins on Sunday.")
    month: str = field("Year and month.")
    quarter: str = field("Year and quarter.")
    quarter_start: str = field("First day of the quarter.")
    quarter_end: str = field("Last day of the quarter.")


class SpanResult(Result):
    """What ``window_span`` returns: half-open, the end is the day after the last."""

    __slots__ = ()

    label: Any = field("The window's name.")
    start: Any = field("First day.")
    end: Any = field("The day after the last.")
    n_days: Any = field("How many days it has.")
    complete: Any = field("Whether all of its days are over; None without today.")
    mature: Any = field("Whether late conversions have come for its last day too; None without today.")


def _day(argument: str, date: Any, tz: str | None) -> int:
    """Days since 1970-01-01, in the time zone."""
    import datetime

    if isinstance(date, str):
        try:
            if len(date) > 10:
                date = datetime.datetime.fromisoformat(date.replace("Z", "+00:00"))
            else:
                date = datetime.date.fromisoformat(date)
        except ValueError:
            raise error("date_invalid", f"{argument} is not a date like 2026-11-22") from None
    if isinstance(date, datetime.datetime):
        if tz is not None and date.tzinfo is not None:
            from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

            try:
                zone = ZoneInfo(tz)
            except (ZoneInfoNotFoundError, ValueError):
                raise error("tz_unknown", f"tz {tz} is not a time zone that this system knows") from None
            date = date.astimezone(zone)
        elif date.tzinfo is not None:
            raise error("tz_missing", f"{argument} has a time zone: say with tz whose days are meant")
        date = date.date()
    if isinstance(date, datetime.date):
        return date.toordinal() - _EPOCH
    if hasattr(date, "astype") and not hasattr(date, "__len__"):
        return int(date.astype("datetime64[D]").astype("int64"))
    raise error("wrong_type", f"{argument} is neither date nor text, but {type(date).__name__}")


def _date(day: int) -> datetime.date:
    import datetime

    try:
        return datetime.date.fromordinal(day + _EPOCH)
    except (ValueError, OverflowError):
        raise error("out_of_range", "the window reaches beyond the years 1 to 9999") from None


def window(
    date: str | datetime.date | datetime.datetime, *, week_start: str = "monday", tz: str | None = None
) -> WindowResult:
    """Name the week, month and quarter that a day lies in.

    ``date`` is a date, a text like ``2026-11-22``, or a moment; a moment with a time zone is a day only in a time
    zone, so then ``tz`` says whose (``Europe/Berlin``). Weeks begin on ``week_start``, ``"monday"`` (ISO 8601) or
    ``"sunday"``.

    >>> import edgetally as et
    >>> et.window("2026-01-01").iso_week, et.window("2026-01-01").week_start
    ('2026-W01', '2025-12-29')
    >>> et.window("2026-03-31T23:30:00Z", tz="Europe/Berlin").quarter
    '2026-Q2'
    """
    day = _day("date", date, tz)
    _, week, after_week = _edgetally.window_span(day, "week", week_start, None)
    iso, _, _ = _edgetally.window_span(day, "week", "monday", None)
    _, sunday, _ = _edgetally.window_span(day, "week", "sunday", None)
    month, _, _ = _edgetally.window_span(day, "month", "monday", None)
    quarter, start, after = _edgetally.window_span(day, "quarter", "monday", None)
    return WindowResult(
        (
            _date(week).isoformat(),
            _date(after_week - 1).isoformat(),
            iso,
            _date(sunday).isoformat(),
            month,
            quarter,
            _date(start).isoformat(),
            _date(after - 1).isoformat(),
        )
    )


def window_span(
    date: str | datetime.date | datetime.datetime,
    window: str = "week",
    *,
    week_start: str = "monday",
    rolling_days: int | None = None,
    today: str | datetime.date | datetime.datetime | None = None,
    lag_days: int = 0,
    tz: str | None = None,
) -> SpanResult:
    """Say from when to when a window goes, and whether its numbers can be relied on yet.

    ``window`` is ``day``, ``week``, ``month``, ``quarter``, ``year``, or ``rolling``: the day and those before it,
    ``rolling_days`` in all. The window is half-open. It is complete when all of its days are over on ``today``, and
    mature ``lag_days`` later, when conversions that come so long after the click have come for its last day too.

    >>> import edgetally as et
    >>> span = et.window_span("2026-02-10", "month", today="2026-03-05", lag_days=7)
    >>> str(span.start), str(span.end), span.n_days, span.complete, span.mature
    ('2026-02-01', '2026-03-01', 28, True, False)
    """
    day = _day("date", date, tz)
    label, start, end = _edgetally.window_span(day, window, week_start, rolling_days)
    complete = mature = None
    if today is not None:
        past = _day("today", today, tz) - end
        complete, mature = past >= 0, past >= lag_days
    return SpanResult((label, _date(start), _date(end), end - start, complete, mature))


def compare_windows(one: SpanResult, other: SpanResult, *, allow_mismatch: bool = False) -> None:
    """Refuse to compare windows of different length: 31 days beat 28 without doing anything.

    Raises ``EdgetallyError`` with the code ``window_mismatch``, unless ``allow_mismatch``.

    >>> import edgetally as et
    >>> january, february = et.window_span("2026-01-05", "month"), et.window_span("2026-02-05", "month")
    >>> try:
    ...     et.compare_windows(january, february)
    ... except et.EdgetallyError as error:
    ...     print(error)
    31 days cannot be compared with 28: allow_mismatch compares them all the same
    """
    if not allow_mismatch and one["n_days"] != other["n_days"]:
        message = (
            f"{one['n_days']} days cannot be compared with {other['n_days']}: allow_mismatch compares them all the same"
        )
        raise error("window_mismatch", message)


def window_starts(
    dates: Dates,
    window: str = "week",
    *,
    week_start: str = "monday",
    rolling_days: int | None = None,
    tz: str | None = None,
) -> Any:
    """Give each row of a column of dates the first day of its window, to group by.

    ``dates`` is anything that NumPy makes dates of, a pandas or Polars column of dates or moments. Moments with a
    time zone are put into ``tz`` first, UTC when left out. Returns a ``datetime64[D]`` array; a missing date is
    missing.

    >>> import edgetally as et
    >>> et.window_starts(["2026-11-22", "2026-11-23"]).tolist()
    [datetime.date(2026, 11, 16), datetime.date(2026, 11, 23)]
    """
    import numpy as np

    if tz is not None:
        if hasattr(dates, "dt") and hasattr(dates.dt, "tz_convert"):
            dates = dates.dt.tz_convert(tz).dt.tz_localize(None)
        elif hasattr(dates, "dt") and hasattr(dates.dt, "convert_time_zone"):
            dates = dates.dt.convert_time_zone(tz).dt.replace_time_zone(None)
        else:
            raise error("wrong_type", "tz is for pandas and Polars columns of moments with a time zone")
    elif hasattr(dates, "dt") and getattr(dates.dt, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    try:
        days = np.asarray(dates.to_numpy() if hasattr(dates, "to_numpy") else dates).astype("datetime64[D]")
    except (TypeError, ValueError):
        raise error("wrong_type", "dates is not a column of dates") from None
    missing = np.isnat(days)
    numbers = np.ascontiguousarray(np.where(missing, np.datetime64(0, "D"), days).astype(np.int64).reshape(-1))
    starts, _ = _edgetally.window_spans(numbers, window, week_start, rolling_days)
    answer = np.asarray(starts, dtype=np.int64).astype("datetime64[D]").reshape(days.shape)
    answer[missing] = np.datetime64("NaT")
    return answer

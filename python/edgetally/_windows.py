"""Windows of time that can be compared."""

from __future__ import annotations

from . import _dates, _edgetally
from ._arguments import count, error, switch
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from typing import Any

    Dates = Any

__all__ = ["SpanResult", "WindowResult", "compare_windows", "window", "window_span", "window_starts"]


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
    found = _dates.day(argument, date, tz, needs_tz=True)
    if found is None:
        raise error("missing", f"{argument} is missing")
    return found


def _date(day: int) -> datetime.date:
    found = _dates.date(day)
    if found is None:
        raise error("out_of_range", "the window reaches beyond the years 1 to 9999")
    return found


def window(
    date: str | datetime.date | datetime.datetime, *, week_start: str = "monday", tz: str | None = None
) -> WindowResult:
    """Name the week, month and quarter that a day lies in.

    ``date`` is a date, a text like ``2026-11-22`` or ``20261122``, such a number, or a moment. A moment with a time
    zone is a day only in a time zone, so then ``tz`` says whose (``Europe/Berlin``). Weeks begin on ``week_start``,
    ``"monday"`` (ISO 8601) or ``"sunday"``.

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
    if tz is not None:
        _dates.zone_table(tz)
    day = _day("date", date, tz)
    label, start, end = _edgetally.window_span(day, window, week_start, rolling_days)
    complete = mature = None
    if today is not None:
        past = _day("today", today, tz) - end
        complete, mature = past >= 0, past >= count("lag_days", lag_days, 0)
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
    for name, span in (("one", one), ("other", other)):
        if not isinstance(span, SpanResult):
            raise error("wrong_type", f"{name} is not what window_span returns, but {type(span).__name__}")
    if not switch("allow_mismatch", allow_mismatch) and one["n_days"] != other["n_days"]:
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

    ``dates`` is a column of dates, instants, periods, texts such as ``2026-11-22`` or ``20261122``, or such numbers:
    NumPy, pandas, Polars, Arrow or a list. Instants with a time zone are days of their own zone, or of ``tz`` where
    they are kept in UTC; another zone and ``tz`` together are an error. Instants without a zone are days as they are
    written, or UTC where ``tz`` is given. Returns a ``datetime64[D]`` array; a missing date is missing.

    >>> import edgetally as et
    >>> et.window_starts(["2026-11-22", 20261123, None]).tolist()
    [datetime.date(2026, 11, 16), datetime.date(2026, 11, 23), None]
    """
    import numpy as np

    if tz is not None:
        _dates.zone_table(tz)
    shape = dates.shape if isinstance(dates, np.ndarray) else None
    days = _dates.days("dates", dates.reshape(-1) if shape is not None else dates, tz)
    missing = days == _dates.MISSING
    numbers = np.ascontiguousarray(np.where(missing, 0, days))
    starts, _ = _edgetally.window_spans(numbers, window, week_start, rolling_days)
    answer = np.asarray(starts, dtype=np.int64).astype("datetime64[D]")
    answer[missing] = np.datetime64("NaT")
    return answer if shape is None else answer.reshape(shape)

"""Windows of a report: how they are asked for, and what their columns say."""

from __future__ import annotations

from .._arguments import error
from .._dates import date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COLUMNS = ("window_start", "window_end", "n_days", "complete", "mature")
# All days together.
ALL = ("all", 0)


def read_window(name: str, window: Any, week_start: Any) -> tuple[str, int]:
    """A window as the Rust side takes it: a word, and what it needs to know beside."""
    starts = {"monday": 0, "sunday": 6}
    if not isinstance(week_start, str) or week_start not in starts:
        raise error("unknown_choice", "week_start is not one of monday, sunday")
    if window is None:
        return ALL
    if isinstance(window, str) and window in ("day", "week", "month", "quarter", "year"):
        return (window, starts[week_start] if window == "week" else 0)
    if isinstance(window, int) and not isinstance(window, bool) and 0 < window < 2**31:
        return ("days", window)
    raise error(
        "unknown_choice", f"{name} is not one of day, week, month, quarter, year, and not a number of days from 1"
    )


def read_lag(name: str, value: Any) -> int | None:
    """A number of days; what is less than a day is a day."""
    if value is None:
        return None
    if hasattr(value, "total_seconds"):
        seconds = value.total_seconds()
        if seconds == seconds and 0 <= seconds < 2**40:
            return -(-int(seconds) // 86_400)
    if hasattr(value, "__index__") and not isinstance(value, bool) and value.__index__() >= 0:
        return int(value.__index__())
    raise error("wrong_type", f"{name} is not a whole number of days from 0")


def describe(
    window: tuple[str, int] | None, days: list[Any] | None, rows: int, reach: Any, today: int, wait: int
) -> dict[str, list[Any]]:
    """The five columns that every row carries; empty where the table has no date."""
    from .._edgetally import window_around

    if days is None:
        return {name: [None] * rows for name in COLUMNS}
    known: dict[Any, tuple[Any, ...]] = {None: (None,) * 5}
    for day in set(days) - {None}:
        if window == ALL:
            start, end = reach[0], reach[1] + 1
        else:
            kind, length = window or ALL
            start, end = window_around(kind, length, day)
        complete = today >= end and reach[0] <= start and end <= reach[1] + 1
        known[day] = (date(start), date(end), end - start, complete, today - end >= wait)
    found = {}
    for place, name in enumerate(COLUMNS):
        of_day = {day: values[place] for day, values in known.items()}
        found[name] = list(map(of_day.__getitem__, days))
    return found

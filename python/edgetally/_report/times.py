"""Time zones, windows, and days as numbers."""

from __future__ import annotations

from .._arguments import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _zone(tz: str) -> tuple[list[int], list[int]]:
    """Since when (microseconds of UTC) which offset holds, from 1970 to 2100."""
    if tz.upper() in ("UTC", "ETC/UTC"):
        return [], []
    import datetime
    import zoneinfo

    try:
        zone = zoneinfo.ZoneInfo(tz)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise error("tz_unknown", f"tz {tz!r} is not a time zone that is known here") from None

    def offset(second: int) -> int:
        found = datetime.datetime.fromtimestamp(second, zone).utcoffset()
        return 0 if found is None else int(found.total_seconds() * 1_000_000)

    since, offsets = [-(2**63)], [offset(0)]
    step = 86_400 * 10
    for second in range(0, 86_400 * 365 * 130, step):
        low, high = second, second + step
        if offset(low) == offset(high):
            continue
        # Two changes within ten days happen (Ramadan in Morocco is longer): the days are looked at one by one.
        for day in range(low, high, 86_400):
            a, b = day, day + 86_400
            if offset(a) == offset(b):
                continue
            after = offset(b)
            while b - a > 1:
                middle = (a + b) // 2
                if offset(middle) == after:
                    b = middle
                else:
                    a = middle
            since.append(b * 1_000_000)
            offsets.append(after)
    return since, offsets


_ZONES: dict[str, tuple[list[int], list[int]]] = {}


def _zone_of(tz: str) -> tuple[list[int], list[int]]:
    if tz not in _ZONES:
        _ZONES[tz] = _zone(tz)
    return _ZONES[tz]


def _window(window: Any, week_start: str) -> tuple[str, int]:
    starts = {"monday": 0, "sunday": 6}
    if week_start not in starts:
        raise error("unknown_choice", "week_start is not one of monday, sunday")
    if window is None:
        return ("all", 0)
    if isinstance(window, str) and window in ("day", "week", "month", "quarter", "year"):
        return (window, starts[week_start] if window == "week" else 0)
    if isinstance(window, int) and not isinstance(window, bool) and window > 0:
        return ("days", window)
    raise error(
        "unknown_choice", "window is not one of day, week, month, quarter, year, and not a number of days from 1"
    )


def _day(value: Any, tz: str) -> int:
    """A date, an instant or ISO text as days from 1970-01-01; nothing is today."""
    import datetime
    import zoneinfo

    if value is None:
        value = datetime.datetime.now(zoneinfo.ZoneInfo(tz) if tz.upper() != "UTC" else datetime.timezone.utc)
    elif isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(zoneinfo.ZoneInfo(tz) if tz.upper() != "UTC" else datetime.timezone.utc)
        value = value.date()
    if not isinstance(value, datetime.date):
        raise error("wrong_type", f"now is not a date, but {type(value).__name__}")
    return value.toordinal() - 719_163


def _date(day: int | None) -> Any:
    import datetime

    if day is None:
        return None
    try:
        return datetime.date.fromordinal(day + 719_163)
    except (ValueError, OverflowError):
        return None


def _days(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if hasattr(value, "total_seconds"):
        return -(-int(value.total_seconds()) // 86_400)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise error("wrong_type", f"{name} is not a whole number of days from 0")

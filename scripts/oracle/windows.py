"""Days, weeks, months, quarters: Python's datetime and calendar, and pandas for whole columns."""

from __future__ import annotations

import calendar
import datetime
from typing import Any

import edgetally as et
import numpy as np
import pandas as pd

from .harness import Oracle

DAY = datetime.timedelta(days=1)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC")


def first_of(day: datetime.date, window: str, week_start: str) -> datetime.date:
    """The first day of the window."""
    match window:
        case "week":
            return day - DAY * ((day.weekday() + (week_start == "sunday")) % 7)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def after(first: datetime.date, window: str) -> datetime.date:
    """The day after the last of it."""
    days = {"day": 1, "week": 7, "month": calendar.monthrange(first.year, first.month)[1]}
    if window in days:
        return first + DAY * days[window]
    months = 3 if window == "quarter" else 12
    month = first.month - 1 + months
    return first.replace(year=first.year + month // 12, month=month % 12 + 1)


def check(oracle: Oracle) -> None:
    """One day at a time, and columns of moments in time zones."""
    r = oracle.random("windows")
    days = [datetime.date.fromordinal(int(n)) for n in r.integers(400_000, 1_000_000, oracle.rows)]
    # Both sides of every turn of a year.
    for at in range(0, oracle.rows, 10):
        days[at] = datetime.date(int(r.integers(1900, 2200)), 12, 28) + DAY * int(r.integers(0, 8))
    windows = r.choice(["day", "week", "month", "quarter", "year"], oracle.rows)
    starts = r.choice(["monday", "sunday"], oracle.rows)
    ours: dict[str, list[Any]] = {
        name: [] for name in ("start", "end", "n_days", "iso_year", "iso_week", "quarter", "sunday")
    }
    theirs: dict[str, list[Any]] = {name: [] for name in ours}
    for day, window, start in zip(days, windows, starts, strict=True):
        span = et.window_span(day, str(window), week_start=str(start))
        first = first_of(day, str(window), str(start))
        end = after(first, str(window))
        named = et.window(day.isoformat())
        year, week, _ = day.isocalendar()
        for name, one, other in (
            ("start", span.start.toordinal(), first.toordinal()),
            ("end", span.end.toordinal(), end.toordinal()),
            ("n_days", span.n_days, (end - first).days),
            ("iso_year", int(named.iso_week[:4]), year),
            ("iso_week", int(named.iso_week[-2:]), week),
            ("quarter", int(named.quarter[-1]), (day.month + 2) // 3),
            (
                "sunday",
                datetime.date.fromisoformat(named.sunday_week_start).toordinal(),
                first_of(day, "week", "sunday").toordinal(),
            ),
        ):
            ours[name].append(one)
            theirs[name].append(other)
    asked = {"date": days, "window": windows, "week_start": starts}
    spans = ("start", "end", "n_days")
    oracle.compare("window_span", "datetime and calendar", ours, {name: theirs[name] for name in spans}, asked, like=0)
    oracle.compare(
        "window",
        "datetime and calendar",
        ours,
        {name: theirs[name] for name in theirs if name not in spans},
        asked,
        like=0,
    )

    part = -(-oracle.rows // len(ZONES))
    for zone in ZONES:
        moments = pd.Series(pd.to_datetime(r.integers(0, 4_000_000_000, part), unit="s", utc=True))
        local = moments.dt.tz_convert(zone)
        for window in ("week", "month"):
            found = et.window_starts(moments, window, tz=zone)
            true = [first_of(at.date(), window, "monday") for at in local]
            oracle.compare(
                "window_starts",
                "pandas and datetime, in time zones",
                {"start": found.astype("datetime64[D]").astype(np.int64)},
                {"start": np.array(true, dtype="datetime64[D]").astype(np.int64)},
                {"dates": moments.astype(str).tolist(), "tz": [zone] * part, "window": [window] * part},
                like=0,
            )

"""Dates as people have them, and the days of time zones: in reports, windows, and columns of every library."""

from __future__ import annotations

import datetime
import re
import warnings
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgetally as et
from edgetally import _dates

TWO_WEEKS = [datetime.date(2026, 5, 4), datetime.date(2026, 5, 5), datetime.date(2026, 5, 12)]
TEXT = [str(day) for day in TWO_WEEKS]
COMPACT = [text.replace("-", "") for text in TEXT]
NEW_YORK = ZoneInfo("America/New_York")


def weeks(days: Any, make: Any = dict, **arguments: Any) -> dict[str, float]:
    n = len(days)
    r = et.report(
        make({"day": days, "spend": [1.0] * n, "revenue": [2.0] * n}),
        "roas",
        date="day",
        window=arguments.pop("window", "week"),
        now="2026-12-01",
        **arguments,
    )
    return dict(zip(map(str, r["window_start"]), r["rows"].tolist(), strict=True))


WEEKS = {"2026-05-04": 2.0, "2026-05-11": 1.0}
LISTS: dict[str, list[Any]] = {
    "text": TEXT,
    "compact": COMPACT,
    "numbers": [int(text) for text in COMPACT],
    "floats": [float(text) for text in COMPACT],
    "time": [f"{text} 00:00:00" for text in TEXT],
    "iso_time": [f"{text}T23:59:59.999999" for text in TEXT],
    "utc": [f"{text} 00:00:00 UTC" for text in TEXT],
    "z": [f"{text}T00:00:00Z" for text in TEXT],
    "offset": [f"{text}T00:00:00+02:00" for text in TEXT],
    "short_offset": [f"{text} 00:00+02" for text in TEXT],
    "slashes": [text.replace("-", "/") for text in TEXT],
    "spaces": [f" {text} " for text in TEXT],
    "dates": list(TWO_WEEKS),
    "datetimes": [datetime.datetime(day.year, day.month, day.day, 23) for day in TWO_WEEKS],
    "aware": [datetime.datetime(day.year, day.month, day.day, 23, tzinfo=NEW_YORK) for day in TWO_WEEKS],
    "timestamps": list(pd.to_datetime(TEXT)),
    "datetime64": [np.datetime64(text) for text in TEXT],
    "periods": list(pd.PeriodIndex(TEXT, freq="D")),
}
MAKERS = {"mapping": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_dates_in_any_form(kind: str, make: str) -> None:
    if kind in ("periods", "datetime64") and make in ("polars", "arrow"):
        pytest.skip("only pandas makes columns of these")
    days = LISTS[kind]
    assert weeks(days, MAKERS[make]) == WEEKS
    assert weeks([*days, None], MAKERS[make]) == {**WEEKS, "None": 1.0}
    assert et.window_starts(days).astype(str).tolist() == ["2026-05-04", "2026-05-04", "2026-05-11"]


UNITS = ["D", "h", "m", "s", "ms", "us", "ns"]
COLUMNS: dict[str, Any] = {
    "object": pd.Series(TWO_WEEKS, dtype=object),
    "Int64": pd.Series([*map(int, COMPACT)], dtype="Int64"),
    "category": pd.Series(TEXT, dtype="category"),
    "category_of_instants": pd.Series(pd.to_datetime(TEXT)).astype("category"),
    "category_of_numbers": pd.Series([*map(int, COMPACT)]).astype("category"),
    "datetime64[s]": pd.Series(pd.to_datetime(TEXT)).astype("datetime64[s]"),
    "datetime64[ns]": pd.Series(pd.to_datetime(TEXT)).astype("datetime64[ns]"),
    "zoned": pd.Series(pd.to_datetime(TEXT).tz_localize("America/New_York")),
    "period": pd.Series(pd.PeriodIndex(TEXT, freq="D")),
    "hours": pd.Series(pd.PeriodIndex(TEXT, freq="h")),
    "arrow_date": pd.Series(TWO_WEEKS, dtype=pd.ArrowDtype(pa.date32())),
    "arrow_zoned": pd.Series(pd.to_datetime(TEXT).tz_localize("America/New_York")).astype(
        pd.ArrowDtype(pa.timestamp("us", "America/New_York"))
    ),
    "index": pd.DatetimeIndex(TEXT),
    "polars_date": pl.Series(TWO_WEEKS),
    "polars_ms": pl.Series(TWO_WEEKS).cast(pl.Datetime("ms")),
    "polars_zoned": pl.Series(TWO_WEEKS).cast(pl.Datetime("us")).dt.replace_time_zone("America/New_York"),
    "polars_categorical": pl.Series(TEXT).cast(pl.Categorical),
    "date32": pa.array(TWO_WEEKS, pa.date32()),
    "date64": pa.array(TWO_WEEKS, pa.date64()),
    "timestamp": pa.array(TWO_WEEKS, pa.date32()).cast(pa.timestamp("ns")),
    "chunks": pa.chunked_array([pa.array(TWO_WEEKS[:1]), pa.array(TWO_WEEKS[1:])]),
    "dictionary": pa.array(TEXT).dictionary_encode(),
    "view": pa.array(TEXT, pa.string_view()),
    **{unit: np.array(TEXT, dtype="datetime64[D]").astype(f"datetime64[{unit}]") for unit in UNITS},
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_of_dates_of_any_library(kind: str) -> None:
    column = COLUMNS[kind]
    assert weeks(column) == WEEKS
    assert et.window_starts(column).astype(str).tolist() == ["2026-05-04", "2026-05-04", "2026-05-11"]
    if isinstance(column, pd.Series):
        assert weeks(column, pd.DataFrame) == WEEKS
        absent = column.reindex([0, 1, 2, 3])
        assert weeks(absent, pd.DataFrame) == {**WEEKS, "None": 1.0}
        assert np.isnat(et.window_starts(absent)[3])
    if isinstance(column, pl.Series):
        assert weeks(column, pl.DataFrame) == WEEKS
    if isinstance(column, (pa.Array, pa.ChunkedArray)):
        assert weeks(column, pa.table) == WEEKS


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", ["compact", "numbers", "time", "offset"])
def test_a_long_column_is_read_like_a_short_one(kind: str, make: str) -> None:
    days = LISTS[kind] * 2000
    long = {day: 2000 * rows for day, rows in WEEKS.items()}
    assert weeks(days, MAKERS[make]) == long
    assert weeks([None, *days, None], MAKERS[make]) == {**long, "None": 2.0}
    if kind == "offset":
        days[4321] = "2026-05-05T00:00:00+03:00"
        text = r"day\[0\] is in \+02:00, day\[4321\] is in \+03:00"
    else:
        days[4321] = 20260230 if kind == "numbers" else "2026-02-30"
        days[5000] = 20260231 if kind == "numbers" else "05/04/2026"
        text = r"day\[4321\] is a (text|number)"
    with pytest.raises(et.EdgetallyError, match=text):
        weeks(days, MAKERS[make])


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        ("05/04/2026", "date_invalid", r"day\[1\] is a text with the year last.*format='%d/%m/%Y'"),
        ("25.04.2026", "date_invalid", r"day\[1\] is a text with the year last"),
        ("5/4/26", "date_invalid", r"day\[1\] is a text with the year last"),
        ("2026-02-30", "date_invalid", r"day\[1\] is a text of a date or a time that there is not"),
        ("2026-05-04T25:00:00", "date_invalid", r"day\[1\] is a text of a date or a time that there is not"),
        ("20261350", "date_invalid", r"day\[1\] is a text of a date or a time that there is not"),
        ("2026-05", "date_invalid", r"day\[1\] is a text of a month"),
        ("May 4, 2026", "wrong_type", r"day\[1\] is a text that is not a date: dates are 2026-05-04"),
        (20261350, "date_invalid", r"day\[1\] is a number such as 20260504, of a date that there is not"),
        (1777852800, "wrong_type", r"day\[1\] is a number that is not a date.*unit='s'"),
        (46146, "wrong_type", r"day\[1\] is a number that is not a date"),
        (20260504.5, "wrong_type", r"day\[1\] is a number"),
        (float("inf"), "wrong_type", r"day\[1\] is a number"),
        (True, "wrong_type", r"day\[1\] is not a date, but bool"),
        (b"2026-05-04", "wrong_type", r"day\[1\] is not a date, but bytes"),
        ([2026, 5, 4], "wrong_type", r"day\[1\] is not a date, but list"),
        (datetime.time(1), "wrong_type", r"day\[1\] is not a date, but time"),
        (datetime.timedelta(1), "wrong_type", r"day\[1\] is not a date, but timedelta"),
    ],
)
def test_what_is_not_a_date_is_named_with_its_row_and_what_to_do(value: Any, code: str, text: str) -> None:
    first: Any = 20260504 if isinstance(value, (int, float)) and not isinstance(value, bool) else "2026-05-04"
    for make in (dict, pd.DataFrame):
        with pytest.raises(et.EdgetallyError, match=text) as error:
            weeks([first, value], make)
        assert error.value.code == code
        assert "05/04" not in str(error.value)
    with pytest.raises(et.EdgetallyError, match=re.sub(r"^day", "dates", text)):
        et.window_starts([first, value])
    with pytest.raises(et.EdgetallyError):
        et.window(value)


def test_values_that_are_missing_stay_missing() -> None:
    values = [None, float("nan"), pd.NaT, pd.NA, np.datetime64("NaT"), "", Decimal("NaN"), "2026-05-04"]
    assert weeks(values) == {"2026-05-04": 1.0, "None": 7.0}
    assert np.isnat(et.window_starts(values)).tolist() == [True] * 7 + [False]
    with pytest.raises(et.EdgetallyError, match="date is missing"):
        et.window(pd.NaT)


def test_a_period_must_fit_the_window() -> None:
    months = pd.Series(pd.PeriodIndex(["2026-05", "2026-05", "2026-06"], freq="M"))
    assert weeks(months, window="month") == {"2026-05-01": 2.0, "2026-06-01": 1.0}
    assert weeks(months, window="quarter") == {"2026-04-01": 3.0}
    for days in (months, np.array(["2026-05"], dtype="datetime64[M]"), np.array(["2026"], dtype="datetime64[Y]")):
        with pytest.raises(et.EdgetallyError, match="longer than the window") as error:
            weeks(days)
        assert error.value.code == "window_mismatch"


# --- Zones -----------------------------------------------------------------------------------------------------------

# Every quarter of an hour over the change to summer time: that day has 23 hours.
SPRING = pd.date_range("2024-03-09", periods=285, freq="15min", tz="America/New_York")
DAYS = {"2024-03-09": 96, "2024-03-10": 92, "2024-03-11": 96, "2024-03-12": 1}


def zoned(zone: str = "America/New_York") -> dict[str, Any]:
    instants = SPRING.tz_convert(zone)
    return {
        "pandas": pd.Series(instants),
        "pandas_ns": pd.Series(instants.as_unit("ns")),
        "objects": pd.Series(list(instants.to_pydatetime()), dtype=object),
        "polars": pl.Series(list(instants.to_pydatetime()), dtype=pl.Datetime("us", zone)),
        "arrow": pa.array(instants, pa.timestamp("s", zone)),
        "list": list(instants.to_pydatetime()),
    }


@pytest.mark.parametrize("kind", zoned())
def test_days_of_a_column_with_a_zone_are_its_own(kind: str) -> None:
    column = zoned()[kind]
    assert weeks(column, window="day") == DAYS
    assert weeks(column, window="day", tz="America/New_York") == DAYS
    # Another name of the same zone is not another zone.
    assert weeks(column, window="day", tz="US/Eastern") == DAYS
    starts = et.window_starts(column, "day")
    assert {str(day): int((starts == day).sum()) for day in np.unique(starts)} == DAYS
    for call in (
        lambda: weeks(column, window="day", tz="Europe/Berlin"),
        lambda: et.window_starts(column, "day", tz="Europe/Berlin"),
        lambda: et.report({"d": column, "spend": [1] * 285, "revenue": [1] * 285}, by=[("d", "day")], tz="Asia/Tokyo"),
    ):
        with pytest.raises(et.EdgetallyError, match="is in the time zone America/New_York, and tz is") as error:
            call()
        assert error.value.code == "tz_mismatch"


@pytest.mark.parametrize("kind", zoned("UTC"))
def test_instants_kept_in_utc_are_days_of_utc_or_of_tz(kind: str) -> None:
    column = zoned("UTC")[kind]
    assert weeks(column, window="day", tz="America/New_York") == DAYS
    utc = SPRING.tz_convert("UTC").strftime("%Y-%m-%d").value_counts().sort_index()
    assert weeks(column, window="day") == {**utc}
    starts = et.window_starts(column, "day", tz="America/New_York")
    assert {str(day): int((starts == day).sum()) for day in np.unique(starts)} == DAYS


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Europe/Dublin"])
def test_days_where_midnight_is_skipped_or_a_day_is(zone: str) -> None:
    instants = pd.date_range("2011-12-20", "2012-02-20", freq="37min", tz="UTC").tz_convert(zone)
    want = {str(day): float(count) for day, count in pd.Series(instants.date).value_counts().sort_index().items()}
    assert weeks(pd.Series(instants), window="day") == want
    r = et.report(
        pd.DataFrame({"day": instants, "spend": 1.0, "revenue": 1.0}), date="day", window="day", now="2026-01-01"
    )
    assert r.to_pandas()["window_start"].dt.date.astype(str).tolist() == list(want)
    assert str(r.to_pandas()["window_start"].dtype) == str(instants.dtype)


def test_a_column_of_several_zones_needs_tz() -> None:
    offsets = ["2026-03-28T23:30:00+01:00", "2026-03-29T23:30:00+02:00"]
    for days in (offsets, [datetime.datetime.fromisoformat(text) for text in offsets]):
        with pytest.raises(et.EdgetallyError, match=r"day\[0\] is in \+01:00, day\[1\] is in \+02:00") as error:
            weeks(days, window="day")
        assert error.value.code == "tz_missing"
        assert list(weeks(days, window="day", tz="Europe/Berlin")) == ["2026-03-28", "2026-03-29"]
        assert list(weeks(days, window="day", tz="UTC")) == ["2026-03-28", "2026-03-29"]
        assert list(weeks(days, window="day", tz="Asia/Tokyo")) == ["2026-03-29", "2026-03-30"]
    berlin = ZoneInfo("Europe/Berlin")
    one_zone = [datetime.datetime(2026, 3, day, 0, 30, tzinfo=berlin) for day in (28, 29, 30)]
    assert list(weeks(one_zone, window="day")) == ["2026-03-28", "2026-03-29", "2026-03-30"]
    with pytest.raises(et.EdgetallyError, match="no zone"):
        weeks([datetime.datetime(2026, 3, 28), one_zone[0]])


def test_instants_without_a_zone_are_as_written_or_utc_and_that_is_said() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-05-04 23:30"]), "spend": [1.0], "revenue": [1.0]})
    asked: dict[str, Any] = {"date": "day", "window": "day", "now": "2026-06-01", "gross_margin": 0.5}
    r = et.report(frame, **asked)
    assert (str(r["window_start"][0]), r.warnings) == ("2026-05-04", ())
    r = et.report(frame, tz="Asia/Tokyo", **asked)
    assert str(r["window_start"][0]) == "2026-05-05"
    assert r.warnings == ("no_zone: day has no time zone, so it was taken as UTC and cut to days of Asia/Tokyo.",)
    assert et.window_starts(frame["day"], "day", tz="Asia/Tokyo").astype(str).tolist() == ["2026-05-05"]


def test_today_is_that_of_the_columns_zone_and_parts_of_other_zones_do_not_mix() -> None:
    parts = [
        et.summarize({"day": column, "spend": [1] * 285, "revenue": [1] * 285}, date="day", window="day")
        for column in (zoned()["pandas"], zoned("UTC")["pandas"])
    ]
    with pytest.raises(et.EdgetallyError, match="different arguments"):
        et.merge(parts)
    assert et.merge([parts[0], parts[0]]).report(now="2024-04-01T00:30:00Z")["rows"].tolist() == [192, 184, 192, 2]


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime.datetime(1901, 1, 2), datetime.datetime(2099, 12, 30)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia"]),
)
def test_every_reader_agrees_with_the_zones_own_rules(moment: datetime.datetime, zone: str) -> None:
    aware = moment.replace(tzinfo=datetime.timezone.utc).astimezone(ZoneInfo(zone))
    want = aware.date().toordinal() - _dates.EPOCH
    utc = moment.replace(tzinfo=datetime.timezone.utc)
    assert _dates.day("x", aware) == want
    assert _dates.day("x", utc, zone) == want
    assert _dates.day("x", utc.isoformat(), zone) == want
    for column in (
        pd.Series([aware]),
        pl.Series([utc], dtype=pl.Datetime("us", zone)),
        pa.array([utc], pa.timestamp("us", zone)),
        [aware],
        [aware.isoformat()] if aware.utcoffset().seconds % 60 == 0 else [aware],  # type: ignore[union-attr]
    ):
        assert _dates.days("x", column).tolist() == [want]


# --- Back in the frame's own type ------------------------------------------------------------------------------------

FRAME = pd.DataFrame(
    {
        "day": pd.to_datetime(["2026-05-04", "2026-05-05", "2026-05-12"]),
        "spend": [1.0, 2.0, 3.0],
        "revenue": [3.0, 3.0, 3.0],
    }
)


@pytest.mark.parametrize(
    "days",
    [
        FRAME["day"].astype("datetime64[ns]"),
        FRAME["day"].astype("datetime64[s]"),
        FRAME["day"].dt.tz_localize("Europe/Berlin"),
        FRAME["day"].dt.date,
        FRAME["day"].dt.date.astype(pd.ArrowDtype(pa.date32())),
        FRAME["day"].dt.to_period("D"),
        FRAME["day"].astype(pd.ArrowDtype(pa.timestamp("us"))),
    ],
    ids=lambda days: str(days.dtype),
)
def test_a_report_merges_with_the_pandas_table_it_came_from(days: pd.Series) -> None:
    frame = FRAME.assign(day=days)
    r = et.report(frame, date="day", window="day", now="2026-06-01").to_pandas()
    assert len(frame.merge(r, left_on="day", right_on="window_start")) == 3
    assert r["window_start"].dtype == frame["day"].dtype
    by_day = et.report(frame, by="day").to_pandas()
    assert frame.merge(by_day, on="day")["roas"].tolist() == [3.0, 1.5, 1.0]
    month = et.report(frame, by=[("day", "month")], date="day", window="month", now="2026-07-01").to_pandas()
    assert month["day"].dtype == month["window_start"].dtype == frame["day"].dtype


def test_a_report_merges_with_weeks_made_by_window_starts() -> None:
    frame = FRAME.assign(week=et.window_starts(FRAME["day"]))
    r = et.report(FRAME, date="day", window="week", now="2026-06-01").to_pandas()
    assert r.merge(frame, left_on="window_start", right_on="week")["rows"].tolist() == [2.0, 2.0, 1.0]
    texts = FRAME.assign(day=FRAME["day"].dt.strftime("%Y%m%d"))
    assert et.report(texts, date="day", window="week", now="2026-06-01").to_pandas()["window_start"].dtype.kind == "M"


@pytest.mark.parametrize(
    "kind",
    [pl.Date, pl.Datetime("ms"), pl.Datetime("ns"), pl.Datetime("us", "Europe/Berlin"), pl.Datetime("us", "UTC")],
    ids=str,
)
def test_a_report_joins_with_the_polars_table_it_came_from(kind: Any) -> None:
    days = pl.Series("day", TWO_WEEKS)
    days = days.cast(pl.Datetime(kind.time_unit)) if kind != pl.Date else days
    if getattr(kind, "time_zone", None):
        days = days.dt.replace_time_zone(kind.time_zone)
    frame = pl.DataFrame({"day": days, "spend": [1.0, 2.0, 3.0], "revenue": [3.0, 3.0, 3.0]})
    r = et.report(frame, date="day", window="week", now="2026-06-01").frame
    weekly = frame.with_columns(pl.col("day").dt.truncate("1w").alias("window_start"))
    assert weekly.join(r, on="window_start")["rows"].to_list() == [2.0, 2.0, 1.0]
    assert frame.join(et.report(frame, by="day").frame, on="day")["roas"].to_list() == [3.0, 1.5, 1.0]


def test_a_report_of_arrow_has_the_tables_types() -> None:
    for kind in (pa.date32(), pa.timestamp("ms"), pa.timestamp("us", "Europe/Berlin")):
        days = pa.array(TWO_WEEKS, pa.date32()).cast(pa.timestamp("us")) if kind != pa.date32() else pa.array(TWO_WEEKS)
        table = pa.table({"day": days.cast(kind), "spend": [1.0, 2, 3], "revenue": [3.0, 3, 3]})
        r = et.report(table, by="day", date="day", window="week", now="2026-06-01").to_arrow()
        assert r["day"].type == r["window_start"].type == kind


KEYS: dict[str, tuple[pd.Series, list[Any]]] = {
    "int32": (pd.Series([3, 1, 3], dtype="int32"), [1, 3]),
    "Int64": (pd.Series([3, None, 3], dtype="Int64"), [3, None]),
    "UInt8": (pd.Series([3, None, 3], dtype="UInt8"), [3, None]),
    "float": (pd.Series([3.0, None, 3.0]), [3, None]),
    "boolean": (pd.Series([True, None, True], dtype="boolean"), [True, None]),
    "bool": (pd.Series([True, False, True]), [False, True]),
    "string": (pd.Series(["b", None, "b"], dtype="string"), ["b", None]),
    "object": (pd.Series(["b", None, "b"], dtype=object), ["b", None]),
    "objects of NA": (pd.Series(["b", pd.NA, "b"], dtype=object), ["b", None]),
    "whole objects": (pd.Series([3, None, 3], dtype=object), [3, None]),
    "decimals": (pd.Series([Decimal(3), None, Decimal(3)], dtype=object), [3, None]),
    "category": (pd.Series(["b", None, "b"], dtype="category"), ["b", None]),
    "ordered": (
        pd.Series(pd.Categorical(["low", "high", "low"], categories=["low", "mid", "high"], ordered=True)),
        ["low", "high"],
    ),
    "ordered numbers": (pd.Series(pd.Categorical([1, 3, None], categories=[3, 2, 1], ordered=True)), [3, 1, None]),
    "arrow ints": (pd.Series([3, None, 3], dtype=pd.ArrowDtype(pa.int16())), [3, None]),
    "arrow texts": (pd.Series(["b", None, "b"], dtype=pd.ArrowDtype(pa.string())), ["b", None]),
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_come_back_as_the_pandas_table_has_them(kind: str) -> None:
    column, want = KEYS[kind]
    frame = pd.DataFrame({"key": column, "spend": [1.0, 2.0, 3.0], "revenue": [3.0, 3.0, 3.0]})
    r = et.report(frame, by="key")
    assert r["key"] == want
    assert r.to_pandas()["key"].dtype == column.dtype
    known = frame.dropna(subset="key")
    assert len(known.merge(r.to_pandas(), on="key")) == len(known)
    # With a second key before it, too.
    two = et.report(frame.assign(one=1), by=["one", "key"])
    assert two["key"] == want


def test_keys_come_back_as_the_polars_table_has_them() -> None:
    for column in (
        pl.Series([3, None, 3], dtype=pl.Int32),
        pl.Series(["b", None, "b"]),
        pl.Series(["b", None, "b"], dtype=pl.Categorical),
        pl.Series(["low", None, "high"], dtype=pl.Enum(["low", "high"])),
        pl.Series([True, None, True]),
    ):
        frame = pl.DataFrame({"key": column, "spend": [1.0, 2.0, 3.0], "revenue": [3.0, 3.0, 3.0]})
        r = et.report(frame, by="key")
        assert r.to_polars()["key"].dtype == column.dtype
        assert len(frame.join(r.frame, on="key")) == 2
    assert r["key"] == [True, None]
    ordered = et.report(pl.DataFrame({"key": KEYS["ordered"][0].to_list(), "spend": [1.0] * 3, "revenue": [1.0] * 3}))
    assert len(ordered) == 1


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1.5, 2.0], r"key\[0\] is not a text, integer, boolean or date, but float"),
        ([1, "a"], r"key\[1\] is a text, and values before it are not"),
        ([(1,), (2,)], r"key\[0\] is not a text, integer, boolean or date, but tuple"),
        ([b"a", b"b"], r"key\[0\] is not a text, integer, boolean or date, but bytes"),
        ([{"a": 1}, None], r"key\[0\] is not a text, integer, boolean or date, but dict"),
        ([2**63, 1], r"key\[0\] is not a text"),
        (["a", "\ud800"], r"key\[1\] holds half a surrogate pair"),
    ],
)
def test_what_cannot_be_a_key_is_named_with_its_row(values: list[Any], text: str) -> None:
    rows = {"key": values, "spend": [1.0, 2.0], "revenue": [1.0, 2.0]}
    for table in (rows, pd.DataFrame({**rows, "key": pd.Series(values, dtype=object)})):
        with pytest.raises(et.EdgetallyError, match=text):
            et.report(table, by="key")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1.0, "2"], r"revenue\[1\] is not a number, but str"),
        ([1.0, 2j], r"revenue\[1\] is not a number, but complex"),
        ([[1.0], 2.0], r"revenue\[0\] is not a number, but list"),
        ([10**400, 1.0], r"revenue\[0\] is too large"),
    ],
)
def test_what_is_not_a_number_is_named_with_its_row(values: list[Any], text: str) -> None:
    rows = {"spend": [1.0, 2.0], "revenue": values}
    for table in (rows, pd.DataFrame({**rows, "revenue": pd.Series(values, dtype=object)})):
        with pytest.raises(et.EdgetallyError, match=text):
            et.report(table)


def test_numbers_of_every_kind_are_summed() -> None:
    for revenue in (
        [Decimal("1.5"), None, Decimal("2.5")],
        [1.5, pd.NA, 2.5],
        [1.5, pd.NaT, np.float32(2.5)],
        pd.Series([1.5, None, 2.5], dtype="Float64"),
        pd.Series([Decimal("1.5"), None, Decimal("2.5")], dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
        pl.Series([Decimal("1.5"), None, Decimal("2.5")]),
        pa.array([Decimal("1.5"), None, Decimal("2.5")]),
        np.ma.masked_array([1.5, 9.0, 2.5], [False, True, False]),
    ):
        r = et.report({"spend": [1.0, 1.0, 1.0], "revenue": revenue}, nan_policy="omit")
        assert (r["revenue"].tolist(), r["spend"].tolist()) == ([4.0], [2.0])


def test_an_index_of_a_zone_is_read_without_a_warning() -> None:
    index = pd.date_range("2024-03-09 22:00", periods=5, freq="h", tz="America/New_York")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for dates in (index, pd.Series(index), pd.Categorical(index)):
            days = et.window_starts(dates, "day")
            assert [str(day) for day in days] == ["2024-03-09"] * 2 + ["2024-03-10"] * 3

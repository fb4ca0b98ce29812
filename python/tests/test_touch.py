"""Attribution, event quality, windows, campaign parameters and channels: what the reference rows do not see."""

import datetime
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import edgetally as et

ROWS: list[dict[str, Any]] = [
    {"path": ["search", "social", "email"], "converted": True, "count": 12},
    {"path": ["display", "social"], "converted": True, "count": 7},
    {"path": ["display"], "converted": False, "count": 40},
]
TEXTS = [" > ".join(row["path"]) for row in ROWS]
CONVERTED = [row["converted"] for row in ROWS]
COUNT = [row["count"] for row in ROWS]


def test_paths_are_the_same_in_every_form() -> None:
    want = et.attribution(ROWS)
    lists = [row["path"] for row in ROWS]
    forms: list[tuple[Any, Any, Any]] = [
        (TEXTS, CONVERTED, COUNT),
        (lists, CONVERTED, COUNT),
        ([tuple(path) for path in lists], np.array(CONVERTED), np.array(COUNT)),
        (np.array(TEXTS, dtype=object), np.array(CONVERTED), np.array(COUNT)),
        (pd.Series(TEXTS), pd.Series(CONVERTED), pd.Series(COUNT)),
        (pd.Series(lists), pd.Series(CONVERTED), pd.Series(COUNT)),
        (pl.Series(TEXTS), pl.Series(CONVERTED), pl.Series(COUNT)),
        (pl.Series(lists), pl.Series(CONVERTED), pl.Series(COUNT)),
        (pa.array(TEXTS), pa.array(CONVERTED), pa.array(COUNT)),
        (pa.array(lists), pa.array(CONVERTED), pa.array(COUNT)),
    ]
    for paths, converted, count in forms:
        assert et.attribution(paths, converted=converted, count=count) == want, type(paths)
    assert list(want.first) == ["display", "email", "search", "social"]
    frame = want.to_pandas()
    assert list(frame["channel"]) == list(want.first)
    assert list(frame["linear"]) == list(want.linear.values())


def test_a_single_model_is_one_of_all() -> None:
    every = et.attribution(ROWS)
    for model, field in [
        ("first", "first"),
        ("last", "last"),
        ("linear", "linear"),
        ("linear_unique", "linear_unique"),
        ("shapley", "shapley_sum_game"),
        ("position", "position_40_20_40"),
        ("markov", "markov_order1"),
    ]:
        one = et.attribution(ROWS, model=model)
        assert one.credit == every[field]
        assert one.total_conversions == 19
        assert math.isclose(sum(one.share.values()), 1)
    assert et.attribution(ROWS, model="markov").removal_effect == every.markov_removal_effect
    # From the longest path on, the effect is the share of conversions whose paths touch the channel.
    assert et.attribution(ROWS, model="markov", order=3).removal_effect["social"] == 1.0
    aged = [{**row, "ages_days": [7.0 * place for place in range(len(row["path"]), 0, -1)]} for row in ROWS]
    decayed = et.attribution(aged, model="time_decay").credit
    assert math.isclose(decayed["email"], 12 * 4 / 7)
    columns = et.attribution(
        [row["path"] for row in aged],
        converted=CONVERTED,
        count=COUNT,
        ages_days=[row["ages_days"] for row in aged],
        model="time_decay",
    )
    assert columns.credit == decayed


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"paths": [{"path": [], "converted": True}]}, "empty_path"),
        ({"paths": [{"path": ["a"], "converted": True, "count": -1}]}, "negative"),
        ({"paths": [{"path": ["a"], "converted": 2}]}, "not_a_flag"),
        ({"paths": [{"path": ["a"]}]}, "missing"),
        ({"paths": [{"path": ["a"], "converted": True, "counts": 1}]}, "unknown_choice"),
        ({"paths": [{"path": "a", "converted": True}]}, "wrong_type"),
        ({"paths": [{"path": [1], "converted": True}]}, "wrong_type"),
        ({"paths": [{"path": ["a"], "converted": True, "count": "many"}]}, "wrong_type"),
        ({"paths": ["a > b"], "count": [1, 2]}, "length_mismatch"),
        ({"paths": [["a"]], "converted": []}, "length_mismatch"),
        ({"paths": ["a", None]}, "empty_path"),
        ({"paths": ["a"], "separator": " "}, "empty"),
        ({"paths": ["a"], "model": "magic"}, "unknown_choice"),
        ({"paths": ["a"], "model": "time_decay"}, "age_missing"),
        ({"paths": ["a"], "model": "markov", "order": 0}, "not_a_count"),
        ({"paths": ["a"], "model": "markov", "order": -1}, "not_a_count"),
        ({"paths": ["a"], "model": "position", "first": 0.9, "last": 0.9}, "exceeds"),
    ],
)
def test_what_cannot_be_attributed_has_a_code(arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(et.EdgetallyError) as caught:
        et.attribution(**arguments)
    assert caught.value.code == code


def test_no_paths_have_no_credit() -> None:
    nothing = et.attribution([])
    assert nothing.first == {}
    assert math.isnan(nothing.base_conversion_probability)


def test_time_decay_keeps_the_kind_of_its_column() -> None:
    assert et.attribution_time_decay([14, 7, 7]).weights == [0.2, 0.4, 0.4]
    series = et.attribution_time_decay(pd.Series([14, 7, 7], index=[3, 4, 5])).weights
    assert list(series.index) == [3, 4, 5]
    assert et.attribution_time_decay(pl.Series([14, 7, 7])).weights.to_list() == [0.2, 0.4, 0.4]
    assert et.attribution_time_decay(3).weights == 1.0
    with pytest.raises(et.EdgetallyError):
        et.attribution_time_decay([-1])


def test_a_column_of_counts_is_judged_row_by_row() -> None:
    new, old = np.array([1200, 90, 0, 0]), [1000, 130, 7, 0]
    column = et.events.rate_change(new, 24, old, 24)
    for row in range(4):
        one = et.events.rate_change(int(new[row]), 24, old[row], 24)
        assert column.p_exact_minlike[row] == one.p_exact_minlike
        assert column.ratio_ci_exact.low[row] == one.ratio_ci_exact.low
        assert column.ratio_ci_exact.high[row] == one.ratio_ci_exact.high
    assert et.events.rate_change(0, 24, 7, 24).flags == ("silent",)
    coerced = et.events.rate_change([1, -1], 24, [1, 1], 24, errors="coerce")
    assert coerced.p_mid[0] == 1
    assert math.isnan(coerced.p_mid[1])
    assert list(coerced.status & 1) == [0, 1]
    nothing = et.events.rate_change(float("nan"), 24, 1, 24)
    assert all(math.isnan(value) for value in nothing._table().values())
    loose = et.events.rate_change_overdispersed(new, 24, old, 24, 4.0)
    assert (loose.p_value[:3] > column.p_exact_central[:3]).all()


def test_seasons_may_come_as_arrays() -> None:
    history, current = [[980, 1010, 1000, 990], [510, 495, 505, 490]], [900, 500]
    want = et.events.seasonal_change(history, current)
    assert et.events.seasonal_change(np.array(history), np.array(current)) == want
    assert et.events.seasonal_change([pd.Series(row) for row in history], pl.Series(current)) == want
    assert et.events.seasonal_change(history, current, dispersion=9).total_p > want.total_p
    for arguments in [{"baseline": "mode"}, {"dispersion": 0}]:
        with pytest.raises(et.EdgetallyError):
            et.events.seasonal_change(history, current, **arguments)  # type: ignore[arg-type]


def test_copies_are_found_by_id_and_name_within_a_window() -> None:
    pixel, server = ["a", "b", None, None], ["a", "b", None]
    found = et.events.dedup(pixel, server)
    assert (found.overlap, found.union, found.pixel_unique) == (2, 5, 4)
    named = et.events.dedup(["a", "b"], ["a", "b"], pixel_names=["buy", "buy"], server_names=["buy", "lead"])
    assert named.overlap == 1
    late = et.events.dedup(["a"], ["a"], pixel_times=[0], server_times=np.array([49.0]), window=48)
    assert (late.overlap, late.union) == (0, 2)
    for kind in [pd.Series, pl.Series, pa.array, np.array]:
        assert et.events.dedup(kind(["a", "b"]), kind(["b"])).overlap == 1
    assert et.events.duplicates is et.events.overlap is et.events.dedup
    for arguments in [{"window": 1}, {"pixel_times": [1.0], "server_times": [1.0]}]:
        with pytest.raises(et.EdgetallyError):
            et.events.dedup(["a"], ["a"], **arguments)  # type: ignore[arg-type]
    with pytest.raises(et.EdgetallyError):
        et.events.dedup("a", ["a"])


def test_identifiers_are_there_when_they_are_not_missing_empty_or_zero() -> None:
    columns = {"em": ["x", None, ""], "ip": [1, 0, 1], "gc": [True, False, False]}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    chances = {"em": 0.6, "ip": 0.2, "gc": 0.5}
    want = et.events.match_quality(rows, chances)
    assert [round(share, 3) for share in want.coverage.values()] == [0.333, 0.667, 0.333]
    for table in [columns, pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)]:
        assert et.events.match_quality(table, chances) == want
        assert et.events.coverage(table).coverage == want.coverage
    assert et.events.coverage(pd.DataFrame({"x": [1.0, math.nan]})).coverage == {"x": 0.5}
    with pytest.raises(et.EdgetallyError):
        et.events.match_quality(rows, {"em": 60})


def test_a_window_is_of_the_days_of_a_time_zone() -> None:
    late = datetime.datetime(2026, 12, 31, 23, 30, tzinfo=datetime.timezone.utc)
    assert et.window(late, tz="Europe/Berlin").quarter == "2027-Q1"
    assert et.window(late, tz="UTC").quarter == "2026-Q4"
    assert et.window(datetime.date(2026, 11, 22), week_start="sunday").week_start == "2026-11-22"
    assert et.window(datetime.date(2026, 11, 22)) == et.window("2026-11-22") == et.window(np.datetime64("2026-11-22"))
    for date, code in [(late, "tz_missing"), ("2026-02-30", "date_invalid"), (7, "wrong_type")]:
        with pytest.raises(et.EdgetallyError) as caught:
            et.window(date)  # type: ignore[arg-type]
        assert caught.value.code == code
    with pytest.raises(et.EdgetallyError):
        et.window(late, tz="Mars/Olympus")


def test_every_day_of_a_century_agrees_with_the_calendar() -> None:
    for ordinal in range(datetime.date(1990, 1, 1).toordinal(), datetime.date(2090, 1, 1).toordinal(), 3):
        date = datetime.date.fromordinal(ordinal)
        year, week, weekday = date.isocalendar()
        found = et.window(date)
        assert found.iso_week == f"{year:04}-W{week:02}"
        assert found.week_start == (date - datetime.timedelta(weekday - 1)).isoformat()
        assert found.month == date.isoformat()[:7]


def test_spans_are_half_open_and_know_when_they_are_done() -> None:
    span = et.window_span("2024-03-01", "rolling", rolling_days=2)
    assert (str(span.start), str(span.end), span.n_days, span.complete) == ("2024-02-29", "2024-03-02", 2, None)
    done = et.window_span("2026-02-10", "month", today="2026-03-01", lag_days=0)
    assert done.complete
    assert done.mature
    assert not et.window_span("2026-02-10", "month", today="2026-02-28").complete
    et.compare_windows(done, span, allow_mismatch=True)
    with pytest.raises(et.EdgetallyError):
        et.window_span("2026-02-10", "rolling")
    with pytest.raises(et.EdgetallyError):
        et.window_span("2026-02-10", "fortnight")


def test_columns_of_dates_are_put_into_their_windows() -> None:
    days = ["2026-11-22", "2026-11-23", "2027-01-01"]
    want = [datetime.date(2026, 11, 16), datetime.date(2026, 11, 23), datetime.date(2026, 12, 28)]
    moments = pd.Series(pd.to_datetime(days))
    for dates in [days, np.array(days, dtype="datetime64[s]"), moments, pl.Series(moments.dt.date.tolist())]:
        assert et.window_starts(dates).tolist() == want
    utc = pd.Series(pd.to_datetime(["2026-11-22T23:30:00Z", None]))
    starts = et.window_starts(utc, tz="Europe/Berlin")
    assert starts[0] == np.datetime64("2026-11-23")
    assert np.isnat(starts[1])
    assert et.window_starts(utc)[0] == np.datetime64("2026-11-16")


URLS = ["https://shop.example/?utm_source=News&utm_medium=email", None, "https://shop.example/?gclid=A"]


@pytest.mark.parametrize(
    "kind",
    [
        list,
        lambda rows: np.array(rows, dtype=object),
        pd.Series,
        lambda rows: pd.Series(rows, dtype="string[pyarrow]"),
        pl.Series,
        pa.array,
        lambda rows: pa.chunked_array([rows[:1], rows[1:]]),
    ],
)
@pytest.mark.parametrize("threads", [None, 3])
def test_addresses_are_read_in_columns_of_any_kind(kind: Any, threads: int | None) -> None:
    column = kind(URLS)
    utm = et.parse_utm(column, threads=threads)
    assert type(utm.utm_source) is type(column)
    assert as_list(utm.utm_source) == ["News", None, None]
    assert as_list(et.traffic(column, threads=threads).channel) == ["Email", None, "Paid Search"]
    channels = et.channel_group(kind(["fb", None]), kind(["paid", "email"]), threads=threads)
    assert as_list(channels) == ["Paid Social", "Email"]


def as_list(column: Any) -> list[str | None]:
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            column = getattr(column, method)()
    return [row if isinstance(row, str) else None for row in column]


def test_many_addresses_are_read_as_one_by_one() -> None:
    urls = [f"https://shop.example/?utm_source=s{row}&utm_campaign=c%20{row % 7}" for row in range(20_000)]
    for threads in (None, 1, 2, 5):
        utm = et.parse_utm(urls, threads=threads)
        assert utm.utm_source == [f"s{row}" for row in range(20_000)]
        assert utm.utm_campaign == [f"c {row % 7}" for row in range(20_000)]
    assert et.parse_utm("https://shop.example/").to_dict() == dict.fromkeys(et.UtmResult.fields)


def test_the_callers_list_of_sources_goes_before_ours() -> None:
    assert et.channel_group("google", "cpc", source_category="SHOPPING") == "Paid Shopping"
    assert et.channel_group(["google", "google"], "cpc", source_category=["SOURCE_CATEGORY_SEARCH", None]) == [
        "Paid Search",
        "Paid Other",
    ]
    assert et.channel_group("post.example", "x", source_category="SOURCE_CATEGORY_EMAIL") == "Unassigned"
    with pytest.raises(et.EdgetallyError) as caught:
        et.channel_group(["a"], ["b"], source_category=["SERACH"])
    assert caught.value.code == "unknown_choice"
    with pytest.raises(et.EdgetallyError):
        et.channel_group(["a", "b"], ["c"])


def test_a_site_of_ones_own_sends_nobody() -> None:
    visit = et.traffic("https://shop.example/", "https://pay.example/", own="pay.example")
    assert (visit.source, visit.origin) == ("(direct)", "internal")
    visits = et.traffic(["https://shop.example/"], ["https://pay.example/"], own=["other.example"])
    assert (visits.channel, visits.origin) == (["Referral"], ["external"])


NO_PAGES = [
    *(
        "not a url at all",
        "",
        " ",
        "(not set)",
        "undefined",
        "about:blank",
        "javascript:void(0)",
        "mailto:jo@shop.example",
    ),
    *(
        "http://",
        "https:// shop",
        "https://",
        "android-app://com.shop.app/",
        "ftp://shop.example/",
        "//",
        "jo@shop.example",
    ),
    *("chrome-extension://abc/x", "https://my shop.example/", "https://{{host}}/", "null", "-", "n/a"),
]


@pytest.mark.parametrize("url", NO_PAGES)
def test_what_is_not_the_address_of_a_page_is_no_direct_visit(url: str) -> None:
    assert et.traffic(url).to_dict() == dict.fromkeys(et.TrafficResult.fields)
    assert et.traffic([url, "https://shop.example/"], "https://www.bing.com/").channel == [None, "Organic Search"]


@pytest.mark.parametrize(
    "url",
    [
        *("https://shop.example", "HTTP://Shop.example/", "shop.example/done", "//shop.example/", "/landing", "?a=b"),
        *("https://user:word@shop.example/", "http://localhost:8080/", "https://[2001:db8::1]/x", "localhost:8080/x"),
        *(" https://shop.example/ ", "https://bücher.example/?q=a b", "/go?to=https://elsewhere.example/"),
    ],
)
def test_the_address_of_a_page_may_be_written_in_many_ways(url: str) -> None:
    assert et.traffic(url).channel == "Direct"
    joined = url.strip() + ("&" if "?" in url else "?") + "utm_source=news&utm_medium=email"
    assert et.traffic(joined).channel == "Email"


@pytest.mark.parametrize("own", [5, ["pay.example", 3], {"a": 1}, None])
def test_domains_that_are_none_are_refused(own: Any) -> None:
    with pytest.raises(et.EdgetallyError, match="own is not a list of domains"):
        et.traffic("https://shop.example/", own=own)

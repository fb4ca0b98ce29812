"""Reports: sums, windows, arms, parts, and what they refuse."""

from __future__ import annotations

import datetime
import itertools
import math
import pickle
import random
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgetally as et

DAYS = ["2026-11-02", "2026-11-08", "2026-11-09", "2026-11-15", "2026-11-09"]
ORDERS = {
    "channel": ["search", "social", "search", "social", None],
    "day": [datetime.date.fromisoformat(day) for day in DAYS],
    "spend": [100.0, 50.0, 300.0, 0.0, 8.0],
    "revenue": [500.0, 40.0, 600.0, 10.0, 4.0],
}
TABLES: dict[str, Any] = {
    "mapping": ORDERS,
    "pandas": pd.DataFrame(ORDERS),
    "pandas_categorical": pd.DataFrame(ORDERS).astype({"channel": "category"}),
    "pandas_object": pd.DataFrame({**ORDERS, "channel": pd.Series(ORDERS["channel"], dtype=object)}),
    "pandas_instants": pd.DataFrame({**ORDERS, "day": pd.to_datetime(ORDERS["day"])}),
    "pandas_zoned": pd.DataFrame({**ORDERS, "day": pd.to_datetime(ORDERS["day"]).tz_localize("UTC")}),
    "pandas_text_days": pd.DataFrame({**ORDERS, "day": DAYS}),
    "polars": pl.DataFrame(ORDERS),
    "polars_lazy": pl.DataFrame(ORDERS).lazy(),
    "polars_categorical": pl.DataFrame(ORDERS).with_columns(pl.col("channel").cast(pl.Categorical)),
    "polars_instants": pl.DataFrame(ORDERS).with_columns(pl.col("day").cast(pl.Datetime("ms"))),
    "polars_zoned": pl.DataFrame(ORDERS).with_columns(pl.col("day").cast(pl.Datetime("ns", "UTC"))),
    "polars_text_days": pl.DataFrame({**ORDERS, "day": DAYS}),
    "polars_chunks": pl.concat([pl.DataFrame(ORDERS)[:2], pl.DataFrame(ORDERS)[2:]], rechunk=False),
    "arrow": pa.table(ORDERS),
    "arrow_dictionary": pa.table({**ORDERS, "channel": pa.array(ORDERS["channel"]).dictionary_encode()}),
    "arrow_view": pa.table({**ORDERS, "channel": pa.array(ORDERS["channel"], pa.string_view())}),
    "arrow_large": pa.table({**ORDERS, "channel": pa.array(ORDERS["channel"], pa.large_string())}),
    "arrow_chunks": pa.concat_tables([pa.table(ORDERS).slice(0, 1), pa.table(ORDERS).slice(1)]),
    "arrow_sliced": pa.concat_tables([pa.table(ORDERS), pa.table(ORDERS)]).slice(5),
    "arrow_batch": pa.RecordBatch.from_pydict(ORDERS),
    "arrow_integers": pa.table({**ORDERS, "spend": pa.array([100, 50, 300, 0, 8], pa.int32())}),
}


def code_of(error: pytest.ExceptionInfo[et.EdgetallyError]) -> str:
    return error.value.code


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_table_gives_the_same_report(kind: str) -> None:
    r = et.report(TABLES[kind], "roas", by="channel", date="day", window="week", now="2026-11-20", lag=3)
    want = et.report(ORDERS, "roas", by="channel", date="day", window="week", now="2026-11-20", lag=3)
    # As text, where NaN is NaN.
    assert str(r.to_dict()) == str(want.to_dict())


def test_a_report_has_segments_windows_sums_and_the_calculators_numbers() -> None:
    r = et.report(ORDERS, "roas", by="channel", date="day", window="week", now="2026-11-20", lag=5, gross_margin=0.5)
    monday, next_monday = datetime.date(2026, 11, 2), datetime.date(2026, 11, 9)
    assert r["channel"] == ["search", "search", "social", "social", None]
    assert r["window_start"] == [monday, next_monday, monday, next_monday, next_monday]
    assert r["window_end"][0] == next_monday
    assert r["n_days"] == [7] * 5
    assert r["complete"] == [True] * 5
    assert r["mature"] == [True, False, True, False, False]
    assert r["rows"].tolist() == [1, 1, 1, 1, 1]
    np.testing.assert_array_equal(r["roas"], [5.0, 2.0, 0.8, np.nan, 0.5])
    np.testing.assert_array_equal(r["profit"], et.roas(r["revenue"], r["spend"], gross_margin=0.5).profit)
    assert all(r.definition[name] for name in r.columns)
    # The total is a ratio of sums, per window, and no sum over windows.
    assert r.total is not None
    assert r.total["window_start"] == [monday, next_monday]
    assert r.total["roas"].tolist() == [540 / 150, 614 / 308]


def test_reference_row_of_segments() -> None:
    rows = {
        "channel": ["search", "search", "social", "social"],
        "spend": [100.0, 300, 50, 0],
        "revenue": [500.0, 600, 40, 10],
    }
    r = et.report(rows, "roas", by="channel")
    assert dict(zip(r["channel"], r["roas"].tolist(), strict=True)) == {"search": 2.75, "social": 1.0}
    assert r.total is not None
    assert r.total["roas"][0] == 2.5555555555555554


@pytest.mark.parametrize(
    ("now", "lag", "complete", "mature"),
    [
        ("2026-11-16", 0, [True, True], [True, True]),
        ("2026-11-15", 0, [True, False], [True, False]),
        ("2026-11-16", 1, [True, True], [True, False]),
        ("2026-11-16", datetime.timedelta(days=8), [True, True], [False, False]),
        ("2026-11-16", datetime.timedelta(hours=1), [True, True], [True, False]),
    ],
)
def test_windows_know_whether_they_are_over(now: str, lag: Any, complete: list[bool], mature: list[bool]) -> None:
    r = et.report(ORDERS, date="day", window="week", now=now, lag=lag)
    assert r["complete"] == complete
    assert r["mature"] == mature
    assert any("complete" in warning for warning in r.warnings) == (not all(complete))


def test_a_window_that_the_data_do_not_reach_over_is_not_complete() -> None:
    r = et.report(ORDERS, date="day", window="month", now="2026-12-24")
    assert (r["n_days"], r["complete"]) == ([30], [False])


def test_a_lag_is_the_attribution_window_where_that_is_days() -> None:
    r = et.report(ORDERS, date="day", window="week", now="2026-11-20", attribution_window=7)
    assert r["mature"] == [True, False]


@pytest.mark.parametrize(
    ("window", "week_start", "starts"),
    [
        ("day", "monday", ["2026-11-02", "2026-11-08", "2026-11-09", "2026-11-15"]),
        ("week", "sunday", ["2026-11-01", "2026-11-08", "2026-11-15"]),
        ("month", "monday", ["2026-11-01"]),
        ("quarter", "monday", ["2026-10-01"]),
        ("year", "monday", ["2026-01-01"]),
        (7, "monday", ["2026-11-02", "2026-11-09"]),
        (14, "monday", ["2026-10-26", "2026-11-09"]),
        (None, "monday", ["2026-11-02"]),
    ],
)
def test_windows_begin_where_the_calendar_says(window: Any, week_start: str, starts: list[str]) -> None:
    r = et.report(ORDERS, date="day", window=window, week_start=week_start, now="2026-12-24")
    assert [str(day) for day in r["window_start"]] == starts
    if window is None:
        assert (r["n_days"], str(r["window_end"][0])) == ([14], "2026-11-16")


@pytest.mark.parametrize(
    "tz", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca"]
)
def test_days_are_those_of_the_time_zone(tz: str) -> None:
    from zoneinfo import ZoneInfo

    first = datetime.datetime(2011, 12, 1, tzinfo=datetime.timezone.utc)
    generator = random.Random(3)  # noqa: S311
    instants = [first + datetime.timedelta(seconds=generator.randrange(86_400 * 365 * 15)) for _ in range(3000)]
    # And every hour around changes of clocks.
    instants += [first + datetime.timedelta(hours=hour) for hour in range(0, 24 * 365, 5)]
    want: dict[datetime.date, int] = {}
    for instant in instants:
        day = instant.astimezone(ZoneInfo(tz)).date()
        want[day] = want.get(day, 0) + 1
    columns = {"at": instants, "revenue": [1.0] * len(instants), "spend": [1.0] * len(instants)}
    for table in (
        pl.DataFrame(columns),
        pd.DataFrame(columns),
        pa.table({**columns, "at": pa.array(instants, pa.timestamp("ns", "UTC"))}),
    ):
        r = et.report(table, date="at", window="day", tz=tz, now="2030-01-01")
        got = dict(zip(r["window_start"], r["rows"].tolist(), strict=True))
        assert got == dict(sorted(want.items()))


def test_cohorts_are_dates_cut_to_windows() -> None:
    rows = {**ORDERS, "signup": [datetime.date(2026, month, 9) for month in (1, 1, 2, 2, 3)]}
    r = et.report(rows, "roas", by=[("signup", "month"), "channel"])
    assert [str(day) for day in r["signup"]][:2] == ["2026-01-01"] * 2
    assert len(r) == 5


def test_keys_of_every_kind_come_back_as_they_are() -> None:
    n = 6
    rows = {
        "text": ["b", "a", "a\0", "ß" * 20, "a longer text than twelve bytes", None],
        "number": [-5, 2**62, 3, None, -5, 0],
        "flag": [True, False, None, True, True, False],
        "date": [datetime.date(1969, 12, 31), datetime.date(2026, 2, 28), None, datetime.date(1, 1, 1), None, None],
        "spend": [1.0] * n,
        "revenue": [1.0] * n,
    }
    keys = ["text", "number", "flag", "date"]
    for table in (pl.DataFrame(rows), pa.table(rows), rows):
        r = et.report(table, by=keys)
        got = list(zip(*(r[key] for key in keys), strict=True))
        want = list(zip(*(rows[key] for key in keys), strict=True))

        def order(row: tuple[Any, ...]) -> Any:
            return [(value is None, value.encode() if isinstance(value, str) else value or 0) for value in row[:2]]

        assert got == sorted(want, key=order)
    one = et.report(pl.DataFrame(rows), by="number")
    assert one["number"] == [-5, 0, 3, 2**62, None]


def user_rows(seed: int = 1, n: int = 20_000) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    arm = generator.random(n) < 0.5
    plan = generator.integers(0, 3, n)
    return {
        "arm": np.where(arm, "treatment", "control"),
        "plan": np.array(["basic", "plus", "pro"])[plan],
        "bought": (generator.random(n) < np.where(arm, 0.06, 0.04) * (1 + plan)).astype(float),
        "paid": np.round(generator.gamma(2, 30, n), 2),
    }


def test_a_lift_of_users_is_the_lift_of_their_counts() -> None:
    rows = user_rows()
    columns = {"arm": "arm", "conversions": "bought"}
    r = et.report(rows, "lift", columns=columns, by="plan", adjust="bh", expected_split=(1, 1), confidence=0.9)
    df = pd.DataFrame(rows)
    for place, plan in enumerate(r["plan"]):
        sub = df[df.plan == plan]
        exposed, holdout = sub[sub.arm == "treatment"].bought, sub[sub.arm == "control"].bought
        one = et.lift(len(exposed), exposed.sum(), len(holdout), holdout.sum(), expected_split=0.5, confidence=0.9)
        assert r["rel_lift"][place] == one.rel_lift.estimate
        assert (r["rel_lift_low"][place], r["rel_lift_high"][place]) == (one.rel_lift.low, one.rel_lift.high)
        assert r["p_value"][place] == one.p_value
        assert r["flags"][place] == ", ".join(one.flags)
    assert r["p_adjusted"].tolist() == et.adjust_pvalues(r["p_value"], method="bh").adjusted.tolist()
    assert r["srm"] == [False] * 3
    assert (r["p_adjusted"] >= r["p_value"]).all()
    # The same from rows with both arms.
    wide = {
        name: r[name]
        for name in ("plan", "exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
    }
    again = et.report(wide, "lift", by="plan", confidence=0.9)
    assert again["rel_lift"].tolist() == r["rel_lift"].tolist()
    assert r.total is not None
    assert r.total["exposed_users"][0] == sum(r["exposed_users"])


def test_a_split_that_was_not_kept_is_flagged() -> None:
    rows = user_rows()
    r = et.report(rows, "lift", columns={"arm": "arm", "conversions": "bought"}, expected_split=(9, 1))
    assert r["srm"] == [True]
    assert "srm" in r["flags"][0]
    assert any("split" in warning for warning in r.warnings)


def test_money_of_a_lift_is_that_of_both_arms_with_its_variance() -> None:
    rows = {**user_rows(), "cost": np.ones(20_000)}
    rows["paid"] = rows["paid"] * rows["bought"]
    columns = {"arm": "arm", "conversions": "bought", "revenue": "paid", "spend": "cost"}
    r = et.report(rows, "lift", columns=columns, by="plan", margin=0.5, confidence=0.9)
    df = pd.DataFrame(rows)
    for place, plan in enumerate(r["plan"]):
        exposed, holdout = (df[(df.plan == plan) & (df.arm == arm)].paid for arm in ("treatment", "control"))
        want = et.lift_revenue_values(
            exposed.to_list(), holdout.to_list(), spend=r["spend"][place], margin=0.5, confidence=0.9
        )
        for name in ("incremental_revenue", "incremental_profit", "incremental_roas"):
            got = [r[name + end][place] for end in ("", "_low", "_high")]
            np.testing.assert_allclose(got, [want[name].estimate, want[name].low, want[name].high], rtol=1e-10)
        np.testing.assert_allclose(r["revenue_p_value"][place], want.p_value, rtol=1e-9)
        np.testing.assert_allclose(r["incremental_gross_profit"][place], 0.5 * want.incremental_revenue.estimate)
    # In parts too, whatever the cut.
    parts = [et.summarize(df[start::3], "lift", columns=columns, by="plan") for start in range(3)]
    again = et.merge(parts).report(margin=0.5, confidence=0.9)
    assert again["incremental_profit_low"].tolist() == r["incremental_profit_low"].tolist()
    # And the total, which is no sum of the segments'.
    whole = et.lift_revenue_values(
        df[df.arm == "treatment"].paid.to_list(), df[df.arm == "control"].paid.to_list(), confidence=0.9
    )
    assert r.total is not None
    np.testing.assert_allclose(r.total["incremental_revenue_low"][0], whole.incremental_revenue.low, rtol=1e-10)


def test_money_of_counts_alone_says_what_its_interval_rests_on() -> None:
    rows = {"arm": ["exposed", "holdout"], "n": [1000, 500], "conversions": [50, 20], "paid": [5000.0, 1900.0]}
    columns = {"arm": "arm", "users": "n", "revenue": "paid"}
    r = et.report(rows, "lift", columns=columns)
    assert r["incremental_revenue"][0] == pytest.approx(5000 - 2 * 1900)
    assert r["incremental_revenue_low"][0] < 1200 < r["incremental_revenue_high"][0]
    assert "order_values_taken_as_equal" in r["flags"][0]
    assert any(warning.startswith("order_values_taken_as_equal:") for warning in r.warnings)
    # As if every order were worth its arm's mean.
    want = et.lift_revenue_values([100.0] * 50 + [0.0] * 950, [95.0] * 20 + [0.0] * 480)
    np.testing.assert_allclose(r["incremental_revenue_low"][0], want.incremental_revenue.low, rtol=1e-9)
    # With sums of squares it is what the users themselves give.
    exposed, holdout = [100.0] * 40 + [50.0] * 10 + [0.0] * 950, [95.0] * 20 + [0.0] * 480
    squares = {
        **rows,
        "paid": [math.fsum(exposed), math.fsum(holdout)],
        "squares": [math.fsum(x * x for x in exposed), math.fsum(x * x for x in holdout)],
    }
    r = et.report(squares, "lift", columns={**columns, "revenue_squares": "squares"})
    want = et.lift_revenue_values(exposed, holdout)
    np.testing.assert_allclose(r["incremental_revenue_low"][0], want.incremental_revenue.low, rtol=1e-9)
    assert "order_values_taken_as_equal" not in r["flags"][0]
    with pytest.raises(et.EdgetallyError) as error:
        et.report({**squares, "squares": [1.0, 2.0]}, "lift", columns={**columns, "revenue_squares": "squares"})
    assert code_of(error) == "impossible"
    wide = {"exposed_users": [1000], "exposed_conversions": [50], "holdout_users": [500], "holdout_conversions": [20]}
    one = et.report({**wide, "er": [5000.0]}, "lift", columns={"exposed_revenue": "er"})
    assert one["flags"][0].endswith("holdout_revenue_unknown")


def test_simpsons_paradox_is_called_by_name() -> None:
    rows = {
        "segment": ["a", "b"],
        "exposed_users": [9000, 1000],
        "exposed_conversions": [90, 100],
        "holdout_users": [1000, 9000],
        "holdout_conversions": [8, 810],
    }
    r = et.report(rows, "lift", by="segment")
    assert any("Simpson" in warning for warning in r.warnings)
    assert r.total is not None
    assert r.total["simpson"] == [True]
    assert math.isclose(r.total["stratified_abs_lift"][0], 0.0028)
    assert math.isclose(r.total["mantel_haenszel_abs_lift"][0], 0.006)
    assert "Simpson" in repr(r)
    assert not any(
        "Simpson" in w
        for w in et.report(user_rows(), "lift", columns={"arm": "arm", "conversions": "bought"}, by="plan").warnings
    )


@pytest.mark.parametrize(
    ("metric", "columns", "options", "field", "want"),
    [
        ("mer", {"revenue": 300.0, "spend": 100.0}, {}, "mer", 3.0),
        ("roi", {"revenue": 5000.0, "cost": 3000.0}, {"months": 12}, "roi", 2 / 3),
        ("cpa", {"spend": 100.0, "conversions": 4.0}, {}, "cpa", 25.0),
        ("cpc", {"spend": 100.0, "clicks": 50.0}, {}, "cpc", 2.0),
        ("cpm", {"spend": 100.0, "impressions": 50000.0}, {}, "cpm", 2.0),
        ("ctr", {"clicks": 5.0, "impressions": 50.0}, {}, "ctr", 0.1),
        ("cac", {"spend": 5.0, "new_customers": 50.0}, {}, "cac", 0.1),
        ("target_cpa", {"ltv": 6000.0, "customers": 2.0}, {"margin": 0.6, "buffer": 0.2}, "target_cpa", 1440.0),
        ("target_cpa", {"ltv": 3000.0}, {"margin": 0.6, "buffer": 0.2}, "target_cpa", 1440.0),
        (
            "funnel",
            {"spend": 12.0, "impressions": 100_000.0, "clicks": 1500.0, "conversions": 45.0, "revenue": 3600.0},
            {"gross_margin": 0.6, "payment_fees": 0.03},
            "break_even_cpa",
            45.6,
        ),
    ],
)
def test_every_metric_has_its_calculator(
    metric: str, columns: dict[str, float], options: dict[str, float], field: str, want: float
) -> None:
    # In two halves, so that sums are summed.
    rows = {
        f"my_{name}": [value / 2 if name != "ltv" or "customers" in columns else value] * 2
        for name, value in columns.items()
    }
    r = et.report(rows, metric, columns={name: f"my_{name}" for name in columns}, **options)
    assert math.isclose(r[field][0], want, rel_tol=1e-12)


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "mapping", "nullable"])
def test_missing_numbers_do_as_they_are_told(kind: str) -> None:
    rows = {"c": ["a", "a", "b", "b"], "spend": [1.0, None, 1.0, 4.0], "revenue": [10.0, 2.0, float("nan"), None]}
    nullable = pd.DataFrame(rows).astype({"spend": "Int64"}).assign(revenue=pd.array([10, 2, None, None], "Float64"))
    tables = {
        "polars": pl.DataFrame(rows),
        "pandas": pd.DataFrame(rows),
        "arrow": pa.table(rows),
        "mapping": rows,
        "nullable": nullable,
    }
    table: Any = tables[kind]
    assert str(et.report(table, by="c")["roas"].tolist()) == "[nan, nan]"
    r = et.report(table, by="c", nan_policy="omit")
    # Left out of both sums; and nothing is left of b.
    np.testing.assert_array_equal(r["roas"], [10.0, np.nan])
    np.testing.assert_array_equal(r["revenue"], [10.0, np.nan])
    np.testing.assert_array_equal(r["profit"], [9.0, np.nan])
    assert r["rows"].tolist() == [1, 0]
    assert r.total is not None
    assert (r.total["roas"].tolist(), r.total["rows"].tolist()) == ([10.0], [1.0])
    said = "omitted: 3 of 4 rows were left out, with no number in one of: revenue, spend."
    assert said in r.warnings
    with pytest.raises(et.EdgetallyError, match=r"revenue\[2\] is missing") as error:
        et.report(table, by="c", nan_policy="raise")
    assert code_of(error) == "missing_values"


def test_rows_are_left_out_of_what_they_lack_and_of_nothing_else() -> None:
    rows = {"spend": [1.0, None, 3.0], "revenue": [2.0, 2.0, None], "conversions": [1, 1, 1]}
    r = et.report(rows, ["roas", "cpa", "spend"], nan_policy="omit", gross_margin=0.5)
    for metric in ("roas", "cpa", "spend"):
        options = {"gross_margin": 0.5} if metric == "roas" else {}
        assert r[metric].tolist() == et.report(rows, metric, nan_policy="omit", **options)[metric].tolist()
    # Sums over other rows than the first metric's are named after their metric.
    assert (r["spend"][0], r["roas_spend"][0], r["roas_rows"][0], r["cpa"][0]) == (4.0, 1.0, 1.0, 2.0)
    assert sum(warning.startswith("omitted:") for warning in r.warnings) == 3


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.one_of(st.none(), st.just(math.nan), st.integers(0, 100).map(float)),
            st.one_of(st.none(), st.integers(1, 100).map(float)),
            st.one_of(st.none(), st.integers(1, 9).map(float)),
        ),
        min_size=1,
        max_size=40,
    ),
    size=st.integers(1, 40),
)
def test_omit_is_dropping_the_rows_first_in_parts_too(rows: list[Any], size: int) -> None:
    names = ("c", "revenue", "spend", "conversions")
    schema = {"c": pl.String, "revenue": pl.Float64, "spend": pl.Float64, "conversions": pl.Float64}

    def table(some: list[Any]) -> pl.DataFrame:
        return pl.DataFrame(dict(zip(names, zip(*some, strict=True), strict=True)), schema=schema)

    asked: dict[str, Any] = {"metrics": ["roas", "cpa"], "by": "c", "nan_policy": "omit"}
    r = et.report(table(rows), **asked)
    parts = [et.summarize(table(rows[start : start + size]), **asked) for start in range(0, len(rows), size)]
    assert et.merge(parts).to_bytes() == et.summarize(table(rows), **asked).to_bytes()
    for place, segment in enumerate(r["c"]):
        for metric, over, under in (("roas", "revenue", "spend"), ("cpa", "spend", "conversions")):
            kept = table(rows).filter(pl.col("c") == segment).fill_nan(None).drop_nulls([over, under])
            want = kept[over].sum() / kept[under].sum() if len(kept) else math.nan
            assert r[metric][place] == want or (math.isnan(want) and math.isnan(r[metric][place]))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"metric": "roos"}, "unknown_choice"),
        ({"by": "no"}, "unknown_column"),
        ({"by": ["channel", "channel"]}, "unknown_choice"),
        ({"columns": {"income": "revenue"}}, "unknown_column"),
        ({"columns": {"revenue": "channel"}}, "wrong_type"),
        ({"by": "spend"}, "wrong_type"),
        ({"date": "channel", "window": "week"}, "wrong_type"),
        ({"window": "week"}, "missing"),
        ({"date": "day", "window": "fortnight"}, "unknown_choice"),
        ({"date": "day", "window": 0}, "unknown_choice"),
        ({"date": "day", "week_start": "friday"}, "unknown_choice"),
        ({"date": "day", "tz": "Mars/Olympus"}, "tz_unknown"),
        ({"date": "day", "lag": -1}, "wrong_type"),
        ({"date": "day", "now": 5}, "wrong_type"),
        ({"adjust": "bonferroni"}, "unknown_choice"),
        ({"nan_policy": "ignore"}, "unknown_choice"),
        ({"gros_margin": 1}, "unknown_argument"),
        ({"gross_margin": 2.0}, "not_a_rate"),
        ({"threads": 0}, "threads_invalid"),
        ({"errors": "ignore"}, "unknown_choice"),
        ({"metrics": ["roas", "roas"]}, "equal"),
        ({"metrics": []}, "missing"),
        ({"metric": "roas", "metrics": ["mer"]}, "one_goal"),
        ({"by": {"channel": 1}}, "wrong_type"),
        ({"by": [["channel"]]}, "wrong_type"),
        ({"by": [None]}, "wrong_type"),
        ({"date": ["day"]}, "wrong_type"),
        ({"columns": ["revenue"]}, "wrong_type"),
        ({"columns": {"revenue": None}}, "wrong_type"),
        ({"gross_margin": "0.5"}, "wrong_type"),
        ({"gross_margin": [0.5]}, "wrong_type"),
        ({"tz": 5}, "wrong_type"),
        ({"lag": "a week"}, "wrong_type"),
        ({"week_start": ["monday"]}, "unknown_choice"),
        ({"arms": "ads"}, "wrong_type"),
        ({"arms": ("ads",)}, "wrong_type"),
        ({"arms": ("ads", "ads")}, "equal"),
    ],
)
def test_wrong_arguments_are_refused_with_a_code(arguments: dict[str, Any], code: str) -> None:
    rows = {**ORDERS, "spend": [0.5, 50.0, 300.0, 0.0, 8.0]}
    for table in (rows, pl.DataFrame(rows), pd.DataFrame(rows)):
        with pytest.raises(et.EdgetallyError) as error:
            et.report(table, **arguments)
        assert code_of(error) == code
    with pytest.raises(et.EdgetallyError) as refused:
        et.report(5)
    assert code_of(refused) == "wrong_type"


def three_arms() -> dict[str, Any]:
    return {
        "arm": ["ads"] * 50 + ["psa"] * 50 + ["email"] * 50 + [None] * 10,
        "bought": [1, 0] * 25 + [1, 0, 0, 0, 0] * 10 + [1, 1, 1, 0, 0] * 10 + [1] * 10,
        "plan": ["basic", "pro"] * 80,
    }


ARM = {"arm": "arm", "conversions": "bought"}


def test_arms_that_are_not_known_are_asked_for() -> None:
    rows = {**user_rows(), "arm": np.where(np.arange(20_000) % 2, "psa", "ads")}
    with pytest.raises(et.EdgetallyError, match="ads, psa"):
        et.report(rows, "lift", columns=ARM)
    r = et.report(rows, "lift", columns=ARM, arms=("ads", "psa"))
    assert r["exposed_users"].tolist() == [10_000]
    assert r.warnings == ()


@pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame, pa.table])
def test_an_arm_that_no_row_has_is_an_error_and_rows_of_other_arms_are_counted(make: Any) -> None:
    rows = make(three_arms())
    for arms in (("ads", "PSA"), ("Ads", "psa"), (("ads", "e-mail"), "psa")):
        with pytest.raises(et.EdgetallyError, match="which no row of arm has; there are ads, email, psa") as error:
            et.report(rows, "lift", columns=ARM, arms=arms)
        assert code_of(error) == "unknown_choice"
    for by in ((), "plan"):
        r = et.report(rows, "lift", columns=ARM, arms=("ads", "psa"), by=by)
        assert sum(r["rows"]) == 100
        said = "other_arms: 60 of 160 rows are of other arms (email, no arm) and were left out."
        assert [warning for warning in r.warnings if "arms" in warning] == [said]
    with pytest.raises(et.EdgetallyError, match="several arms are exposed: exposed, test"):
        et.report({"arm": ["exposed", "test", "control"], "bought": [1, 1, 0]}, "lift", columns=ARM)
    with pytest.raises(et.EdgetallyError, match="no row of arm is holdout"):
        et.report({"arm": ["exposed", "exposed"], "bought": [1, 1]}, "lift", columns=ARM)


@pytest.mark.parametrize("arms", [("ads", "email", "psa"), (("ads", "email"), "psa")])
def test_several_arms_are_each_compared_with_the_holdout_and_corrected(arms: Any) -> None:
    r = et.report(three_arms(), "lift", columns=ARM, arms=arms, by="plan")
    assert (r["plan"], r["arm"]) == (["basic", "basic", "pro", "pro"], ["ads", "email"] * 2)
    for arm in ("ads", "email"):
        one = et.report(three_arms(), "lift", columns=ARM, arms=(arm, "psa"), by="plan")
        rows = [place for place, name in enumerate(r["arm"]) if name == arm]
        assert r["p_value"][rows].tolist() == one["p_value"].tolist()
        assert r["rel_lift_low"][rows].tolist() == one["rel_lift_low"].tolist()
        assert one.total is not None
        assert r.total is not None
        assert r.total["stratified_abs_lift"][r.total["arm"].index(arm)] == one.total["stratified_abs_lift"][0]
    assert r["p_adjusted"].tolist() == et.adjust_pvalues(r["p_value"], method="holm").adjusted.tolist()
    assert len(r.to_pandas()) == 4


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(et.EdgetallyError) as error:
        et.report({"spend": [1.0, 2.0], "revenue": [1.0]})
    assert code_of(error) == "length_mismatch"


def test_a_table_without_rows_is_a_report_without_rows() -> None:
    for table in ({"c": [], "spend": [], "revenue": []}, pl.DataFrame({"c": [], "spend": [], "revenue": []})):
        r = et.report(table, by="c")
        assert len(r) == 0
        assert r.to_pandas().empty
        assert len(repr(r)) > 0


def test_the_report_is_a_table_of_every_kind() -> None:
    r = et.report(pl.DataFrame(ORDERS), by="channel", date="day", window="week", now="2026-11-20")
    assert isinstance(r.frame, pl.DataFrame)
    assert isinstance(et.report(pd.DataFrame(ORDERS)).frame, pd.DataFrame)
    assert isinstance(et.report(pa.table(ORDERS)).frame, pa.Table)
    assert isinstance(et.report(ORDERS).frame, dict)
    assert r.to_arrow().column_names == list(r.to_pandas().columns) == r.to_polars().columns == list(r.columns)
    assert pa.table(r).num_rows == len(r) == 5
    assert len(r.to_polars(total=True)) == 7
    assert r.to_pandas(total=True)["roas"].tolist()[-2:] == r.total["roas"].tolist()  # type: ignore[index]
    assert "total" in repr(r)
    html = r._repr_html_()
    assert "<table" in html
    assert "search" in html
    assert "<script" not in et.report({"c": ["<script>"], "spend": [1.0], "revenue": [1.0]}, by="c")._repr_html_()


def test_windows_that_match_are_compared_and_others_are_not() -> None:
    full = {**ORDERS, "channel": ["search", "social", "search", "social", "email"]}
    arguments: dict[str, Any] = {"by": "channel", "date": "day", "now": "2026-12-24"}
    r = et.report(full, window="week", **arguments)
    change = r.window("2026-11-09").compare(r.window("2026-11-02"))
    assert change["channel"] == ["email", "search", "social"]
    np.testing.assert_array_equal(change["roas"], [0.5, 2.0, np.nan])
    np.testing.assert_array_equal(change["change"], [np.nan, -3.0, np.nan])
    assert change.to_pandas()["ratio"][1] == 0.4
    assert "before" in repr(change)

    def refused(a: et.Report, b: et.Report, text: str) -> None:
        with pytest.raises(et.EdgetallyError, match=text):
            et.report.compare(a, b)
        assert any(text in warning for warning in et.report.compare(a, b, allow_mismatch=True).warnings)

    week = r.window("2026-11-02")
    refused(week, et.report(full, window="month", **arguments), "different length")
    refused(week, et.report(full, window="month", **arguments), "not complete")
    other = et.report(full, window="week", attribution_window="7d_click", **arguments)
    refused(week, other.window("2026-11-02"), "attribution window")
    refused(week, et.report(full, window="week", lag=400, **arguments).window("2026-11-02"), "not mature")
    refused(week, et.report(full, window="week", gross_margin=0.5, **arguments).window("2026-11-02"), "options")
    refused(week, et.report(full, window="week", tz="Asia/Tokyo", **arguments).window("2026-11-02"), "tz")
    with pytest.raises(et.EdgetallyError, match="several windows"):
        r.compare(week)
    with pytest.raises(et.EdgetallyError, match="different metrics"):
        week.compare(et.report(full, "mer", window="week", **arguments).window("2026-11-02"))
    loose = et.report(full, window="month", allow_mismatch=True, **arguments)
    assert len(et.report.compare(week, loose)) == 3


def test_a_part_goes_through_bytes_arrow_and_pickle() -> None:
    part = et.summarize(user_rows(), "lift", columns={"arm": "arm", "conversions": "bought"}, by="plan")
    assert et.Partial.from_bytes(part.to_bytes()) == part
    assert pickle.loads(pickle.dumps(part)) == part  # noqa: S301
    table = part.to_arrow()
    assert et.Partial.from_arrow(table) == part
    # Rows in any order, and rows of several parts.
    assert et.Partial.from_arrow(table.take(list(range(len(part)))[::-1])) == part
    both = et.Partial.from_arrow(pa.concat_tables([table, table]))
    assert both == et.merge([part, part])
    assert both.report()["rel_lift"].tolist() == part.report()["rel_lift"].tolist()
    for bad in (b"", b"ETP1", part.to_bytes()[:-1], part.to_bytes() + b"x", b"x" * 100):
        with pytest.raises(et.EdgetallyError):
            et.Partial.from_bytes(bad)
    with pytest.raises(et.EdgetallyError):
        et.Partial.from_arrow(pa.table({"name": [b""], "state": [b""]}))
    with pytest.raises(et.EdgetallyError, match="different arguments"):
        et.merge([part, et.summarize(ORDERS, "roas")])
    with pytest.raises(et.EdgetallyError):
        et.merge([])


MONEY = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 10**9).map(lambda cents: cents / 100),
    st.just(0.0),
)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "b", "a long name of a segment", None]), MONEY, MONEY), min_size=1, max_size=60
    ),
    size=st.integers(1, 60),
    seed=st.integers(0, 1000),
)
def test_any_partition_and_order_has_the_same_bits(rows: list[Any], size: int, seed: int) -> None:
    def part(some: list[Any]) -> et.Partial:
        names = ("channel", "spend", "revenue")
        schema = {"channel": pl.String, "spend": pl.Float64, "revenue": pl.Float64}
        return et.summarize(
            pl.DataFrame(dict(zip(names, zip(*some, strict=True), strict=True)), schema=schema), by="channel"
        )

    whole = part(rows)
    shuffled = rows[:]
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    parts = [part(shuffled[start : start + size]) for start in range(0, len(rows), size)]
    random.Random(seed).shuffle(parts)  # noqa: S311
    assert et.merge(parts).to_bytes() == whole.to_bytes()
    nested = parts[0]
    for other in parts[1:]:
        nested = et.merge([other, nested])
    assert nested.to_bytes() == whole.to_bytes()


def test_threads_and_many_groups_cannot_be_seen() -> None:
    generator = np.random.default_rng(7)
    n = 300_000
    wide = generator.integers(-(2**40), 2**40, 50_000)
    df = pl.DataFrame(
        {
            "wide": generator.choice(wide, n),
            "narrow": generator.integers(0, 50, n),
            "text": [f"segment {i}" for i in generator.integers(0, 20_000, n)],
            "day": np.datetime64("2026-01-01") + generator.integers(0, 90, n),
            "spend": generator.gamma(2, 30, n),
            "revenue": np.round(generator.gamma(2, 30, n), 2),
        }
    )
    for by in (["wide"], ["narrow"], ["text"], ["narrow", "text"], ["wide", "text", "narrow"], []):
        parts = [et.summarize(df, by=by, date="day", window="week", threads=threads) for threads in (1, 2, 3)]
        assert parts[0].to_bytes() == parts[1].to_bytes() == parts[2].to_bytes()
        want = (
            df.with_columns(pl.col("day").dt.truncate("1w").alias("start"))
            .group_by([*by, "start"])
            .agg(pl.len().alias("rows"), pl.col("spend").sum(), pl.col("revenue").sum())
            .sort([*by, "start"])
        )
        got = parts[0].report(now="2027-01-01")
        assert got["rows"].tolist() == want["rows"].to_list()
        for name in (*by, "window_start"):
            assert list(got[name]) == want["start" if name == "window_start" else name].to_list()
        np.testing.assert_allclose(got["spend"], want["spend"], rtol=1e-12)
        np.testing.assert_allclose(got["revenue"], want["revenue"], rtol=1e-12)
    # fsum is exact too.
    first = df.filter(pl.col("narrow") == 0)
    one = et.report(df, by="narrow")
    assert one["spend"][0] == math.fsum(first["spend"])
    assert one["revenue"][0] == math.fsum(first["revenue"])


def test_pandas_without_arrow_strings_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "pyarrow":
            raise ImportError(name)
        return real(name, *rest, **named)

    df = pd.DataFrame({**ORDERS, "channel": pd.Series(ORDERS["channel"], dtype=object), "day": DAYS})
    want = et.report(df, by="channel", date="day", window="week", now="2026-11-20").to_dict()
    monkeypatch.setattr(builtins, "__import__", without)
    got = et.report(df, by="channel", date="day", window="week", now="2026-11-20").to_dict()
    assert str(got) == str(want)


def test_every_combination_of_chunks_is_the_same_table() -> None:
    base = pa.table(
        {"c": ["a", "b", "a", "c", "b", "a"], "spend": [1.0, 2, 3, 4, 5, 6], "revenue": [6.0, 5, 4, 3, 2, 1]}
    )
    want = et.summarize(base, by="c").to_bytes()
    for first, second in itertools.product(range(1, 6), range(1, 6)):
        c = pa.chunked_array([base["c"].chunk(0)[:first], base["c"].chunk(0)[first:]])
        spend = pa.chunked_array([base["spend"].chunk(0)[:second], base["spend"].chunk(0)[second:]])
        assert et.summarize(pa.table({"c": c, "spend": spend, "revenue": base["revenue"]}), by="c").to_bytes() == want


def test_spans_of_pandas_cut_name_groups_in_their_order() -> None:
    frame = pd.DataFrame({"spend": [100, 200, 300, 50], "revenue": [500, 300, 0, 40], "age": [15, 1, 99, 3]})
    spans = pd.cut(frame["age"], [0, 2, 10, 40, 50])
    for column in (spans, spans.cat.as_unordered()):
        table = frame.assign(age=column)
        report = et.report(table, "roas", by="age")
        assert report["age"] == ["(0, 2]", "(2, 10]", "(10, 40]", None]
        assert report["revenue"].tolist() == [300, 40, 500, 0]
        again = report.to_pandas()
        assert again["age"].dtype == table["age"].dtype
        assert len(again.merge(table[["age"]].dropna(), on="age")) == 3


def test_what_is_nearly_a_table_is_told_what_to_pass() -> None:
    frame = pd.DataFrame(ORDERS)
    for table, hint in (
        (frame.groupby("channel"), "by="),
        (pl.DataFrame(ORDERS).group_by("channel"), "by="),
        (frame[["spend", "revenue"]].to_records(index=False), "pandas.DataFrame"),
        (frame.assign(spend=["1"] * 5), "convert text to numbers"),
        (pl.DataFrame(ORDERS).with_columns(pl.col("spend").cast(pl.String)), "convert text to numbers"),
    ):
        with pytest.raises(et.EdgetallyError, match=hint) as caught:
            et.report(table, "roas")
        assert caught.value.code == "wrong_type"
    with pytest.raises(et.EdgetallyError, match="columns=") as caught:
        et.report(frame, "lift", arms=("ads", "psa"))
    assert caught.value.code == "missing"


def test_a_bare_categorical_names_groups() -> None:
    for channel in (["a", "b", "a"], [3, 1, 3]):
        table = {"channel": pd.Categorical(channel), "spend": [1.0, 2.0, 3.0], "revenue": [2.0, 2.0, 2.0]}
        report = et.report(table, "roas", by="channel")
        assert dict(zip(report["channel"], report["spend"], strict=True)) == {channel[0]: 4.0, channel[1]: 2.0}

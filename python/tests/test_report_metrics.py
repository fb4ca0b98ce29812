"""What a report can hold: several metrics, sums, rates, segments that break a rule; and how it is read."""

from __future__ import annotations

import copy
import json
import math
import random
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import edgetally as et

ADS = {
    "channel": ["search", "search", "social", "social"],
    "day": ["20260504", "20260517", "20260504", "20260517"],
    "spend": [100.0, 300.0, 50.0, 25.0],
    "revenue": [500.0, 600.0, 40.0, 10.0],
    "conversions": [10, 20, 3, 1],
    "clicks": [100, 300, 40, 20],
    "impressions": [10_000, 20_000, 4_000, 2_000],
}
WEEKLY: dict[str, Any] = {"by": "channel", "date": "day", "window": "week", "now": "2026-06-01"}


def test_several_metrics_are_what_each_is_alone() -> None:
    metrics = [
        "roas",
        "cpa",
        "cpc",
        "cpm",
        "ctr",
        "conversion_rate",
        "aov",
        "revenue",
        "spend",
        "clicks",
        "impressions",
    ]
    for asked in ({"metric": metrics}, {"metrics": metrics}):
        r = et.report(ADS, **asked, **WEEKLY, gross_margin=0.5)
        assert r.metrics == tuple(metrics)
        assert r.warnings == ()
        for metric in metrics:
            options = {"gross_margin": 0.5} if metric == "roas" else {}
            alone = et.report(ADS, metric, **WEEKLY, **options)
            for name in alone:
                np.testing.assert_array_equal(r[name], alone[name])
            assert r.total is not None
            assert alone.total is not None
            np.testing.assert_array_equal(r.total[metric], alone.total[metric])
    assert all(r.definition[name] for name in r)
    # One pass over the table, and in parts.
    part = et.summarize(ADS, metrics, by="channel", date="day", window="week")
    assert str(part.report(now="2026-06-01", gross_margin=0.5).to_dict()) == str(r.to_dict())


def test_a_column_of_two_metrics_that_differs_is_named_after_its_metric() -> None:
    r = et.report(ADS, ["roas", "mer"], gross_margin=0.5, margin=0.4)
    assert (r["profit"][0], r["mer_profit"][0]) == (575 - 475, 460 - 475)
    same = et.report(ADS, ["roas", "mer"], gross_margin=0.5, margin=0.5)
    assert "mer_profit" not in same


def test_rates_have_wilsons_intervals() -> None:
    r = et.report(ADS, ["ctr", "conversion_rate"], by="channel", confidence=0.9)
    for name, over, under in (("ctr", "clicks", "impressions"), ("conversion_rate", "conversions", "clicks")):
        want = et.rate_ci(r[over], r[under], method="wilson", confidence=0.9).rate
        assert r[name].tolist() == want.estimate.tolist()
        assert (r[f"{name}_low"].tolist(), r[f"{name}_high"].tolist()) == (want.low.tolist(), want.high.tolist())
    # Of users or sessions, where they are named.
    one = et.report(
        {"bought": [3, 4], "n": [10, 30]}, "conversion_rate", columns={"conversions": "bought", "users": "n"}
    )
    assert one["conversion_rate"].tolist() == [7 / 40]
    with pytest.raises(et.EdgetallyError, match="no column 'clicks'"):
        et.report({"conversions": [3]}, "conversion_rate")


def test_fractional_counts_have_the_interval_between_those_of_whole_ones() -> None:
    counts = [2.0, 2.25, 2.5, 2.75, 3.0]
    rows = {"c": list("abcde"), "conversions": counts, "clicks": [50.0] * 5}
    r = et.report(rows, "conversion_rate", by="c")
    for name in ("conversion_rate", "conversion_rate_low", "conversion_rate_high"):
        assert (np.diff(r[name]) > 0).all()
    assert r["flags"] == ["", "fractional_counts", "fractional_counts", "fractional_counts", ""]
    assert any(warning.startswith("fractional_counts:") for warning in r.warnings)
    # Wilson's ends are where the score statistic is the quantile.
    for k in range(1, 4):
        for end in (r["conversion_rate_low"][k], r["conversion_rate_high"][k]):
            z = (counts[k] / 50 - end) / math.sqrt(end * (1 - end) / 50)
            assert abs(z) == pytest.approx(1.959963984540054, rel=1e-9)


@pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame, pa.table])
def test_a_segment_that_breaks_a_rule_is_named_and_takes_no_other_along(make: Any) -> None:
    rows = make({**ADS, "spend": [100.0, 300.0, 50.0, -25.0]})
    r = et.report(rows, "roas", **WEEKLY, gross_margin=0.5)
    np.testing.assert_array_equal(r["roas"], [5.0, 2.0, 0.8, np.nan])
    assert r["flags"] == ["", "", "", "refused"]
    assert r.warnings == (
        "refused: roas is NaN for channel social, window from 2026-05-11: spend -25 is not a finite number from 0. "
        "The total still sums their rows.",
    )
    assert r["spend"].tolist() == [100.0, 300.0, 50.0, -25.0]
    with pytest.raises(et.EdgetallyError, match="channel social, window from 2026-05-11: spend -25 is not") as error:
        et.report(rows, "roas", **WEEKLY, errors="raise")
    assert error.value.code == "negative"


def test_every_bad_segment_is_named_by_its_table_column_and_metric() -> None:
    rows = {"channel": ["a", "b", "c"], "cost": [-1.0, 2.0, 3.0], "revenue": [1.0, -2.0, 3.0], "conversions": [1, 1, 1]}
    asked: dict[str, Any] = {"by": "channel", "columns": {"spend": "cost"}}
    r = et.report(rows, ["roas", "cpa"], **asked)
    said = [warning for warning in r.warnings if warning.startswith("refused")]
    assert "channel a: spend (the sum of cost) -1 is not" in said[0]
    assert "channel b: revenue -2 is not" in said[0]
    assert said[1].startswith("refused: cpa is NaN for channel a")
    assert r["flags"] == ["refused", "refused", ""]
    with pytest.raises(et.EdgetallyError, match=r"channel a: .*; channel b: .*; channel a: "):
        et.report(rows, ["roas", "cpa"], **asked, errors="raise")
    # A bad total is named too, and is no segment.
    worse = et.report({**rows, "cost": [-10.0, 2.0, 3.0]}, "cpa", **asked)
    assert any("the total: spend (the sum of cost) -5" in warning for warning in worse.warnings)
    # An option that is wrong is wrong for every row.
    for errors in ("raise", "coerce"):
        with pytest.raises(et.EdgetallyError, match="gross_margin 60 is not a rate"):
            et.report(rows, "roas", **asked, gross_margin=60, errors=errors)
    funnel = et.report({**ADS, "clicks": [100, 300, 2_500, 5_000]}, "funnel", by="channel", gross_margin=0.5)
    assert any("social: ctr (clicks over impressions) 1.25" in warning for warning in funnel.warnings)


def test_a_bad_segment_of_a_lift_leaves_the_others_and_the_stratified_total() -> None:
    rows = {
        "seg": ["a", "b", "c"],
        "exposed_users": [1000, 10, 900],
        "exposed_conversions": [50, 20, 40],
        "holdout_users": [1000, 10, 900],
        "holdout_conversions": [40, 1, 30],
    }
    r = et.report(rows, "lift", by="seg")
    assert np.isnan(r["rel_lift"]).tolist() == [False, True, False]
    assert "refused" in r["flags"][1]
    good = {name: [values[0], values[2]] for name, values in rows.items()}
    clean = et.report(good, "lift", by="seg")
    assert r.total is not None
    assert clean.total is not None
    assert r.total["stratified_abs_lift"][0] == clean.total["stratified_abs_lift"][0]
    assert any("seg b: exposed_conversions 20 is more than exposed_users" in warning for warning in r.warnings)


def test_profit_without_a_margin_is_said_to_be_revenue() -> None:
    for metric, option in (("roas", "gross_margin"), ("mer", "margin"), ("funnel", "gross_margin")):
        r = et.report(ADS, metric, by="channel")
        assert [warning for warning in r.warnings if warning.startswith("margin_not_given:")] == [
            f"margin_not_given: No {option} was given, so profit counts revenue whole, as if goods cost nothing."
        ]
        assert et.report(ADS, metric, by="channel", **{option: 1.0}).warnings == ()
    assert et.report(ADS, "cpa").warnings == ()


def test_columns_are_attributes_and_a_wrong_name_is_told() -> None:
    r = et.report(ADS, ["roas", "spend"], by="channel")
    assert r.roas is r["roas"]
    assert r.channel == ["search", "social"]
    assert r.total is not None
    assert r.total.spend.tolist() == [475.0]
    assert "roas" in dir(r)
    assert "roas" in r
    assert "cpa" not in r
    with pytest.raises(et.EdgetallyError, match="no column 'cpa'; there are channel") as error:
        r["cpa"]
    assert error.value.code == "unknown_column"
    with pytest.raises(AttributeError):
        _ = r.cpa
    # Methods win over columns.
    named = et.report({"window": ["x"], "spend": [1.0], "revenue": [2.0]}, by="window")
    assert callable(named.window)
    assert named["window"] == ["x"]
    assert copy.deepcopy(r).roas.tolist() == r.roas.tolist()
    assert json.loads(json.dumps(r.to_dict()))["roas"] == r.roas.tolist()


def test_a_summary_says_what_is_best_and_worst_and_what_to_read_before() -> None:
    text = et.report(ADS, ["roas", "ctr"], **WEEKLY).summary()
    assert text.splitlines()[:2] == [
        "ROAS is highest for search in the window from 2026-05-04 (5.00), lowest for social in the window from "
        "2026-05-11 (0.40).",
        "Click rate is highest for search in the window from 2026-05-11 (1.50%), lowest for search in the window from "
        "2026-05-04 (1.00%).",
    ]
    assert "1.00% [" in text
    assert text.splitlines()[-1].startswith("! margin_not_given:")


def test_every_column_is_there_without_rows() -> None:
    nothing = {name: values[:0] for name, values in ADS.items()}
    for metric in ("roas", "ctr", "funnel", ["roas", "cpa"]):
        full, empty = et.report(ADS, metric, **WEEKLY), et.report(nothing, metric, **WEEKLY)
        assert set(full) == set(empty)
        assert len(empty) == len(empty.to_pandas()) == len(empty.to_polars()) == empty.to_arrow().num_rows == 0


def test_several_metrics_are_compared_each() -> None:
    r = et.report({**ADS, "day": ["20260504", "20260511", "20260510", "20260517"]}, ["roas", "cpa"], **WEEKLY)
    change = et.report.compare(r.window("20260511"), r.window("2026-05-04"), allow_mismatch=True)
    assert change["change"].tolist() == [-3.0, -0.4]
    assert change["cpa_change"].tolist() == [300 / 20 - 10, 25 - 50 / 3]
    assert change.change is change["change"]


def test_a_part_with_nothing_but_missing_keys_merges() -> None:
    rows = {"key": [3, 4, None], "spend": [1.0, 1.0, 1.0], "revenue": [1.0, 2.0, 3.0]}
    parts = [
        et.summarize(pd.DataFrame(rows)[start : start + 1].astype({"key": object}), by="key") for start in range(3)
    ]
    merged = et.merge(parts).report()
    assert (merged["key"], merged["roas"].tolist()) == ([3, 4, None], [1.0, 2.0, 3.0])
    texts = et.summarize({"key": ["a"], "spend": [1.0], "revenue": [1.0]}, by="key")
    with pytest.raises(et.EdgetallyError, match="different kinds of values"):
        et.merge([parts[0], texts])


def test_tables_that_are_none_are_told_apart() -> None:
    for df, text in (
        (None, "df is not a table, but NoneType"),
        ([{"spend": 1}], "df is not a table, but list: pandas.DataFrame"),
        (pd.Series([1.0]), "df is not a table, but Series"),
        (np.ones((2, 2)), "df is not a table, but ndarray"),
        (pa.array([1.0]), "df is not a table, but"),
        ({"spend": 5, "revenue": [1.0]}, "spend is not a column, but int"),
        ({"spend": "12", "revenue": [1.0, 2.0]}, "spend is not a column, but str"),
        ({"spend": [1.0, 2.0], "revenue": [1.0]}, "revenue has 1 rows, spend 2"),
        (pd.DataFrame([[1.0, 2.0, 3.0]], columns=["spend", "spend", "revenue"]), "more than one column 'spend'"),
    ):
        with pytest.raises(et.EdgetallyError, match=text):
            et.report(df)
    indexed = pd.DataFrame(ADS).set_index("channel")
    with pytest.raises(et.EdgetallyError, match=r"reset_index\(\) makes a column of it"):
        et.report(indexed, by="channel")


def test_wrong_options_of_a_lift_are_told() -> None:
    rows = {"exposed_users": [100], "exposed_conversions": [10], "holdout_users": [100], "holdout_conversions": [5]}
    for arguments, code in (
        ({"confidence": 0.05}, "confidence_low"),
        ({"confidence": 1.5}, "not_inside_0_1"),
        ({"expected_split": "half"}, "wrong_type"),
        ({"expected_split": (0, 0)}, "wrong_type"),
        ({"method": "exact"}, "unknown_choice"),
        ({"alternative": 2}, "unknown_choice"),
    ):
        with pytest.raises(et.EdgetallyError) as error:
            et.report(rows, "lift", **arguments)  # type: ignore[arg-type]
        assert error.value.code == code
    with pytest.raises(et.EdgetallyError, match="stands alone"):
        et.report({**rows, "g": ["exposed"]}, ["lift", "roas"], columns={"arm": "g"})


ODD: list[Any] = [
    *(None, float("nan"), pd.NA, pd.NaT, 0, -1, 2.5, 1e308, float("inf"), True, "", "a", "2026-05-04", 20260504, b"x"),
    *(np.datetime64("2026-05-04"), np.int8(4), (1,), [1], {}, object(), 1j, "\ud800", 10**30, set(), float),
    *(pd.Timestamp("2026-05-04", tz="Europe/Berlin"), pd.Period("2026-05", "M"), pd.Timedelta(1)),
]
ASKED: dict[str, list[Any]] = {
    "metric": ["roas", "cpa", "lift", "funnel", ["roas", "spend"], ["ctr", "aov"], None, 5],
    "by": ["c", "d", "spend", ["c", "d"], [("d", "month")], [("c", "week")], None, 5, object()],
    "date": ["d", "c", "spend", 5, []],
    "window": ["week", "month", 7, 0, "x", 1e9, True],
    "tz": ["UTC", "Europe/Berlin", "x", 5],
    "now": ["2026-06-01", 5, pd.NaT, "x"],
    "lag": [3, -1, 2.5, "x"],
    "nan_policy": ["omit", "raise", None],
    "errors": ["raise", None],
    "arms": [("a", "b"), ("a", "b", "c"), 5],
    "gross_margin": [0.5, 2, "x", float("nan")],
    "confidence": [0.9, 0.05, None, 5],
}


@pytest.mark.parametrize("seed", range(4))
def test_odd_input_is_a_report_or_our_own_error(seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311
    made = 0
    for _ in range(150):
        rows: dict[str, list[Any]] = {}
        for name in ("c", "d", "spend", "revenue", "conversions", "clicks", "impressions", "arm"):
            odd = generator.random() < 0.2
            few = (
                generator.sample(ODD, 2) if odd else ["a", "b", None] if name in ("c", "arm") else [1, 2.5, 0, None, 9]
            )
            rows[name] = [generator.choice(few) for _ in range(3)]
        frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in rows.items()})
        asked = {name: generator.choice(values) for name, values in ASKED.items() if generator.random() < 0.15}
        if asked.get("metric") == "lift":
            asked["columns"] = {"arm": "arm", "conversions": "conversions", "revenue": "revenue"}
        for table in (rows, frame):
            try:
                r = et.report(table, **asked)
                made += 1
                for _ in (r.to_pandas(total=True), r.to_polars(), r.to_arrow(), repr(r), r.summary(), r._repr_html_()):
                    pass
            except et.EdgetallyError as error:
                assert error.code in et.error_codes()  # noqa: PT017
    assert made > 30

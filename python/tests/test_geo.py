"""Experiments by region: one origin for interval and p-value, tables as people have them, flags."""

from __future__ import annotations

import datetime
import math
import pickle
from typing import Any

import numpy as np
import pytest

import edgetally as et

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")


def excludes_zero(interval: Any) -> bool:
    """Whether an interval does."""
    return bool(interval.low > 0 or interval.high < 0)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_the_interval_of_regions_says_what_their_p_value_says(confidence: float) -> None:
    draw = np.random.default_rng(1)
    for _ in range(150):
        treated, control = draw.normal(100, 5, (5, 12)), draw.normal(100, 5, (7, 12))
        treated[:, 6:] += draw.choice([0, 1, 3])
        got = et.geo_did(
            treated[:, :6], treated[:, 6:], control[:, :6], control[:, 6:], permutations=500, confidence=confidence
        )
        assert excludes_zero(got.did_ci) == (got.p_value <= 1 - confidence)
        assert got.did_ci.low < got.did < got.did_ci.high


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_the_interval_of_a_double_says_what_its_p_value_says(confidence: float) -> None:
    draw = np.random.default_rng(2)
    for _ in range(60):
        cells = draw.normal(50, 10, (26, 1)) + draw.normal(0, 2, 24).cumsum() + draw.normal(0, 1, (26, 24))
        cells[0, 20:] += draw.choice([0, 2, 5])
        got = et.geo_synthetic_control(
            cells[0, :20], cells[1:, :20], cells[0, 20:], cells[1:, 20:], confidence=confidence
        )
        assert excludes_zero(got.average_effect) == (got.p_value <= 1 - confidence)
        assert got.average_effect.low < got.average_effect.estimate < got.average_effect.high


@pytest.mark.parametrize(
    "lists",
    [
        ([0.1] * 4, [0.1] * 4, [0.1] * 7, [0.1] * 7),
        ([100] * 3, [110] * 3, [90] * 3, [99] * 3),
        ([49.9] * 13, [49.9] * 1000, [0.7] * 3, [0.1] * 693),
        ([[0.2], [0.3]], [[0.3], [0.4]], [[0.6], [0.7]], [[0.7], [0.8]]),
        ([[100] * 6] * 3, [[110] * 6] * 3, [[90] * 6] * 3, [[99] * 6] * 3),
    ],
)
def test_what_does_not_vary_has_no_interval(lists: Any) -> None:
    got = et.geo_did(*lists)
    assert math.isnan(got.did_ci.low)
    assert math.isnan(got.did_ci.high)
    assert math.isnan(got.p_value)
    assert math.isnan(got.std_error)
    assert got.flags == ("no_variance",)
    assert "no_variance" in got.summary()


def test_too_few_regions_or_donors_leave_the_interval_open() -> None:
    got = et.geo_did([[1], [2], [3]], [[5], [7], [6]], [[1], [2], [3]], [[1], [2], [4]])
    assert got.did_ci.low == -math.inf
    assert got.did_ci.high == math.inf
    assert got.flags == ("too_few_regions",)
    assert got.p_value == 0.1
    draw = np.random.default_rng(3).normal(50, 5, (19, 20))
    got = et.geo_synthetic_control(draw[0, :15], draw[1:, :15], draw[0, 15:], draw[1:, 15:])
    assert got.flags == ("too_few_donors",)
    assert got.average_effect.high == math.inf
    alone = et.geo_did([1.0], [3.0], [1.0], [1.0])
    assert alone.flags == ("too_few_rows",)
    assert math.isnan(alone.did_ci.low)


@pytest.mark.parametrize("exponent", [-900, -600, -300, 300, 600, 900])
def test_the_unit_changes_nothing(exponent: int) -> None:
    unit = 2.0**exponent
    draw = np.random.default_rng(4).normal(100, 5, (12, 10))
    parts = (draw[:4, :6], draw[:4, 6:], draw[4:, :6], draw[4:, 6:])
    one, scaled = et.geo_did(*parts), et.geo_did(*(part * unit for part in parts))
    assert scaled.p_value == one.p_value
    assert tuple(scaled.did_ci) == tuple(end * unit for end in one.did_ci)
    series = (draw[0, :6], draw[1:, :6], draw[0, 6:], draw[1:, 6:])
    one = et.geo_synthetic_control(*series, confidence=0.8)
    scaled = et.geo_synthetic_control(*(part * unit for part in series), confidence=0.8)
    assert scaled.p_value == one.p_value
    assert tuple(scaled.average_effect) == tuple(end * unit for end in one.average_effect)


def long_table() -> Any:
    """Twelve regions over four weeks, two of them with ads in the last one; two rows a day and region."""
    draw = np.random.default_rng(5).random
    rows = []
    for k in range(24):
        for day in range(28):
            sold = 50 + 3 * k + 5 * draw() + (8 if k in (2, 5) and day >= 21 else 0)
            date = datetime.date(2026, 5, 1) + datetime.timedelta(days=day)
            rows += [(f"R{k}", date, 0.25 * sold), (f"R{k}", date, 0.75 * sold)]
    return pd.DataFrame(rows, columns=["region", "date", "revenue"])


def test_a_table_is_taken_as_it_is() -> None:
    frame = long_table()
    words = frame["date"].astype(str)
    moments = pd.to_datetime(frame["date"])
    tables = [
        frame,
        frame.sample(frac=1, random_state=1),
        frame.assign(date=words),
        frame.assign(date=words.str.replace("-", "")),
        frame.assign(date=words.str.replace("-", "").astype(int)),
        frame.assign(date=words + " 00:00:00"),
        frame.assign(date=moments),
        frame.assign(date=moments.dt.tz_localize("America/New_York")),
        frame.assign(date=moments.dt.to_period("D")),
        frame.assign(region=frame["region"].astype("category")),
        pl.from_pandas(frame.assign(date=words)),
        pl.from_pandas(frame.assign(date=words)).with_columns(pl.col("date").str.to_date()),
        pa.Table.from_pandas(frame),
        {name: list(frame[name]) for name in frame},
    ]
    wide = frame.groupby(["region", "date"])["revenue"].sum().unstack()
    others = [name for name in wide.index if name not in ("R2", "R5")]
    by_hand = et.geo_did(
        wide.loc[["R2", "R5"]].iloc[:, :21],
        wide.loc[["R2", "R5"]].iloc[:, 21:],
        wide.loc[others].iloc[:, :21],
        wide.loc[others].iloc[:, 21:],
    )
    doubles = set()
    for start in ("2026-05-22", 20260522, datetime.date(2026, 5, 22), np.datetime64("2026-05-22")):
        for table in tables:
            got = et.geo_did(table, outcome="revenue", treated=["R2", "R5"], start=start)
            assert got.did == pytest.approx(by_hand.did, rel=1e-12)
            assert got.p_value == by_hand.p_value < 0.05
    for table in tables:
        got = et.geo_synthetic_control(table, outcome="revenue", treated=["R2", "R5"], start="2026-05-22", spend=100)
        doubles.add(round(got.average_effect.estimate, 9))
        assert got.p_value < 0.05
        assert got.incremental == pytest.approx(2 * 7 * got.average_effect.estimate)
        assert got.iroas.estimate == pytest.approx(got.incremental / 100)
        assert len(got.donors) == len(got.weights) == 22
    assert len(doubles) == 1
    some = et.geo_did(
        frame, outcome="revenue", treated="R2", control=["R3", "R4"], start="2026-05-22", end="2026-05-25"
    )
    assert some.incremental == pytest.approx(4 * some.did)


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"treated": ["R2", "Rome"]}, "unknown_choice", "treated 'Rome'"),
        ({"control": ["Rome"]}, "unknown_choice", "control 'Rome'"),
        ({"control": ["R2"]}, "unknown_choice", "both treated and control"),
        ({"treated": None}, "missing", "treated is required"),
        ({"start": None}, "missing", "start is required"),
        ({"start": "soon"}, "wrong_type", "2026-05-04"),
        ({"start": "2027-01-01"}, "too_few_rows", "from start on"),
        ({"start": 3}, "wrong_type", "not both dates"),
        ({"region": "city"}, "unknown_column", "city"),
        ({"outcome": "date"}, "wrong_type", "date"),
        ({"confidence": 0.05}, "confidence_low", "0.95"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(change: dict[str, Any], code: str, word: str) -> None:
    options = {"outcome": "revenue", "treated": ["R2"], "start": "2026-05-22", **change}
    with pytest.raises(et.EdgetallyError, match=word) as caught:
        et.geo_did(long_table(), **options)
    assert caught.value.code == code


def test_a_hole_in_a_table_is_named() -> None:
    frame = long_table()
    frame = frame[~((frame["region"] == "R7") & (frame["date"] == datetime.date(2026, 5, 3)))]
    with pytest.raises(et.EdgetallyError, match="R7' has no row for 2026-05-03") as caught:
        et.geo_did(frame, outcome="revenue", treated=["R2"], start="2026-05-22")
    assert caught.value.code == "missing_values"
    with pytest.raises(et.EdgetallyError, match="treated_post is required"):
        et.geo_did([1.0, 2.0])


def test_a_plan_speaks_of_confidence() -> None:
    draw = np.random.default_rng(6).normal(50, 5, (12, 20))
    one = et.geo_power(draw[0], list(draw[1:]), 3, lifts=[0.0, 0.5], confidence=0.8)
    assert one == et.geo_power(draw[0], list(draw[1:]), 3, lifts=[0.0, 0.5], alpha=1 - 0.8)
    with pytest.raises(et.EdgetallyError, match="pass one of them"):
        et.geo_power(draw[0], list(draw[1:]), 3, confidence=0.8, alpha=0.2)


def test_flags_survive_a_pickle() -> None:
    got = et.geo_did([100] * 3, [110] * 3, [90] * 3, [99] * 3)
    assert pickle.loads(pickle.dumps(got)).flags == got.flags  # noqa: S301


def sales(days: int = 70, added: float = 12.0) -> tuple[list[float], list[float]]:
    """A week's pattern and a covariate; more is sold in the last two weeks."""
    draw = np.random.default_rng(7)
    search = 50 + 10 * draw.standard_normal(days)
    week = np.resize([0, 0, 0, 0, 0, 15, 15], days)
    sold = 200 + week + 2 * search + 4 * draw.standard_normal(days) + added * (np.arange(days) >= days - 14)
    return sold.tolist(), search.tolist()


def test_a_series_is_its_own_witness() -> None:
    sold, search = sales()
    got = et.geo_counterfactual(sold[:56], sold[56:], [search[:56]], [search[56:]], season=7, spend=100)
    assert got.average_effect.low < 12 < got.average_effect.high
    assert got.p_value < 0.01
    assert got.incremental.estimate == pytest.approx(sum(got.effect))
    assert got.iroas.estimate == pytest.approx(got.incremental.estimate / 100)
    assert got.coefficients[0] == pytest.approx(2, abs=0.3)
    assert len(got.counterfactual.low) == 14
    assert got.flags == ()
    assert "average_effect" in got.summary()
    dates = pd.date_range("2026-03-01", periods=70, tz="Europe/Berlin")
    frame = pd.DataFrame({"day": dates, "sold": sold, "search": search})
    options: Any = {"date": "day", "outcome": "sold", "covariates": ["search"], "season": 7, "spend": 100}
    for table in (frame, frame.iloc[::-1], {name: list(frame[name]) for name in frame}):
        assert et.geo_counterfactual(table, start="2026-04-26", **options) == got
    with pytest.raises(et.EdgetallyError, match="no row for the period after 2026-03-09") as caught:
        et.geo_counterfactual(frame.drop(index=9), start="2026-04-26", **options)
    assert caught.value.code == "missing_values"
    with pytest.raises(et.EdgetallyError, match="start is required"):
        et.geo_counterfactual(frame, **options)
    with pytest.raises(et.EdgetallyError, match="post is required"):
        et.geo_counterfactual(sold)


def test_a_forecast_without_anything_to_learn_from_is_undefined() -> None:
    still = et.geo_counterfactual([0.1] * 9, [0.1] * 3)
    assert still.flags == ("no_variance",)
    assert math.isnan(still.average_effect.low)
    assert math.isnan(still.p_value)
    draw = np.random.default_rng(8)
    for _ in range(100):
        series = draw.normal(100, 5, 30)
        got = et.geo_counterfactual(series[:24], series[24:] + draw.choice([0, 3]))
        assert excludes_zero(got.average_effect) == (got.p_value <= 1 - 0.95)

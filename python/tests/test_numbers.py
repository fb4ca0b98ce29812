"""Numbers in whatever they come: missing in is missing out, and what is not a number is refused by name."""

import decimal
import fractions
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import edgetally as et
from edgetally._arguments import arrays

MISSING = [None, math.nan, np.nan, np.float32("nan"), pd.NA, pd.NaT, np.ma.masked, pa.scalar(None, pa.float64())]


@pytest.mark.parametrize("missing", MISSING, ids=repr)
def test_a_missing_number_makes_missing_numbers(missing: Any) -> None:
    assert math.isnan(et.roas(missing, 1000).roas)
    assert math.isnan(et.roas(1000, missing).roas)
    assert all(math.isnan(part) for part in et.cpa(missing, missing).to_dict().values())
    # Of a row of a column too, and beside one.
    assert np.isnan(et.roas([100.0, 200.0], missing).roas).all()
    if missing is not np.ma.masked:
        assert np.isnan(et.roas([100.0, missing], 50).roas).tolist() == [False, True]


def test_what_was_not_passed_is_still_an_error() -> None:
    with pytest.raises(TypeError, match="spend"):
        et.roas(1000)  # type: ignore[call-arg]
    # None where an argument may be left out leaves it out.
    assert et.funnel(12, 0.01, 0.03, 80, gross_margin=None) == et.funnel(12, 0.01, 0.03, 80)


NUMBERS = [
    ("decimals", [decimal.Decimal("100.5"), None]),
    ("fractions", [fractions.Fraction(201, 2), pd.NA]),
    ("intervals", [et.Interval(100.5, 90.0, 110.0), None]),
    ("integers of NumPy", [np.float32(100.5), None]),
    ("half", np.array([100.5, np.nan], dtype=np.float16)),
    ("single", np.array([100.5, np.nan], dtype=np.float32)),
    ("objects", np.array([100.5, None], dtype=object)),
    ("decimals as objects", np.array([decimal.Decimal("100.5"), pd.NaT], dtype=object)),
    ("masked", np.ma.MaskedArray([100.5, 3.0], mask=[False, True])),
    ("pandas", pd.Series([100.5, None])),
    ("nullable", pd.Series([100.5, pd.NA], dtype="Float64")),
    ("pandas on Arrow", pd.Series([100.5, None], dtype="double[pyarrow]")),
    ("decimals in pandas", pd.Series([decimal.Decimal("100.5"), None], dtype=object)),
    (
        "decimals in pandas on Arrow",
        pd.Series([decimal.Decimal("100.5"), None], dtype=pd.ArrowDtype(pa.decimal128(9, 2))),
    ),
    ("categories", pd.Series([100.5, None], dtype="category")),
    ("sparse", pd.Series(pd.arrays.SparseArray([100.5, np.nan]))),
    ("Polars", pl.Series([100.5, None])),
    ("decimals in Polars", pl.Series([decimal.Decimal("100.5"), None])),
    ("objects in Polars", pl.Series([decimal.Decimal("100.5"), None], dtype=pl.Object)),
    ("Arrow", pa.array([100.5, None])),
    ("decimals in Arrow", pa.array([decimal.Decimal("100.5"), None])),
    ("a dictionary in Arrow", pa.array([100.5, None]).dictionary_encode()),
    ("chunks", pa.chunked_array([[100.5], [None]])),
]


@pytest.mark.parametrize("column", [column for _, column in NUMBERS], ids=[name for name, _ in NUMBERS])
def test_a_column_of_numbers_is_one_whatever_it_is_made_of(column: Any) -> None:
    roas = np.asarray(et.roas(column, 50).roas, dtype=float)
    assert roas[0] == 2.01
    assert math.isnan(roas[1])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([200, None], dtype="Int64"),
        pd.Series([200, None], dtype="int64[pyarrow]"),
        pl.Series([200, None], dtype=pl.UInt8),
        pa.array([200, None], pa.int16()),
        [200, None],
    ],
    ids=str,
)
def test_whole_numbers_may_be_missing(column: Any) -> None:
    assert np.isnan(np.asarray(et.cpc(100, column).cpc, dtype=float)).tolist() == [False, True]


def test_all_missing_is_all_missing() -> None:
    for column in (
        *([None, None], np.array([None, None], dtype=object), pd.Series([None, None], dtype=object)),
        *(pl.Series([None, None]), pa.nulls(2)),
    ):
        assert np.isnan(np.asarray(et.roas(column, 50).roas, dtype=float)).tolist() == [True, True]


@pytest.mark.parametrize(
    "one",
    [np.float64(2), np.float32(2), np.int8(2), np.array(2), decimal.Decimal(2), fractions.Fraction(2), pa.scalar(2)],
)
def test_one_number_is_one_whatever_it_is_made_of(one: Any) -> None:
    assert et.roas(one, 1).roas == 2.0
    assert type(et.roas(one, 1).roas) is float


REFUSED: list[tuple[str, Any, str]] = [
    ("text", "12", "convert text first"),
    ("texts", ["1", "2"], r"revenue\[0\] is not a number, but str: convert text"),
    ("one text", [1.0, "2"], r"revenue\[1\] is not a number, but str"),
    ("texts as objects", np.array(["1", 2], dtype=object), r"revenue\[0\] is not a number, but str"),
    ("texts of NumPy", np.array(["1"]), "of text: convert it first"),
    ("texts of pandas", pd.Series(["1", "2"]), "convert"),
    ("texts of pandas as objects", pd.Series(["1", "2"], dtype=object), "convert"),
    ("texts of pandas on Arrow", pd.Series(["1"], dtype="string[pyarrow]"), "convert"),
    ("categories of text", pd.Series(["1", "2"], dtype="category"), "convert"),
    ("texts of Polars", pl.Series(["1"]), "convert"),
    ("categories of Polars", pl.Series(["1"], dtype=pl.Categorical), "convert"),
    ("texts of Arrow", pa.array(["1"]), "convert"),
    ("a flag", True, "revenue is not a number"),
    ("a flag of NumPy", np.True_, "revenue is not a number"),
    ("flags", [True, False], r"revenue\[0\] is not a number, but bool"),
    ("a flag among numbers", [1.0, True], r"revenue\[1\] is not a number, but bool"),
    ("flags of NumPy", np.array([True]), "of booleans"),
    ("flags of pandas", pd.Series([True, False]), "of booleans"),
    ("nullable flags", pd.Series([True, None], dtype="boolean"), "of booleans"),
    ("flags of Polars", pl.Series([True]), "of Boolean"),
    ("flags of Arrow", pa.array([True]), "of bool"),
    ("a span", np.timedelta64(1, "s"), "revenue is not a number"),
    ("spans", np.array([1], dtype="m8[s]"), "of time spans"),
    ("spans of pandas", pd.Series([pd.Timedelta(1, "D")]), "of time spans"),
    ("dates", np.array(["2026-01-01"], dtype="M8[D]"), "of dates"),
    ("dates of pandas", pd.Series(pd.to_datetime(["2026-01-01"])), "of dates"),
    ("a date of pandas", pd.Timestamp("2026-01-01"), "Timestamp"),
    ("periods", pd.Series(pd.period_range("2026-01", "2026-02", freq="M")), r"revenue\[0\] is not a number"),
    ("complex", 1 + 2j, "revenue is not a number"),
    ("complex of NumPy", np.array([1 + 2j]), "of complex numbers"),
    ("records", np.zeros(2, dtype=[("a", "f8")]), "of records"),
    ("a frame", pd.DataFrame({"a": [1.0]}), "pass one of its columns"),
    ("a frame of Polars", pl.DataFrame({"a": [1.0]}), "pass one of its columns"),
    ("a table", pa.table({"a": [1.0]}), "pass one of its columns"),
    ("an expression", pl.col("a"), "Expr"),
    ("ragged", [[1], [2, 3]], "rows of different lengths"),
    ("a dict", {"a": 1}, "dict"),
    ("a set", {1, 2}, "set"),
    ("a generator", (x for x in [1]), "generator"),
    ("signalling", decimal.Decimal("sNaN"), "Decimal"),
    ("a result", et.cpa([1.0], 2), "CpaResult"),
]


@pytest.mark.parametrize(("wrong", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_not_a_number_is_refused_by_name(wrong: Any, said: str) -> None:
    with pytest.raises(et.EdgetallyError, match=said) as caught:
        et.roas(wrong, 50)
    assert caught.value.code == "wrong_type"
    assert str(caught.value).startswith("revenue")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("large", [10**400, [10**400, 1], np.array([10**400], dtype=object)])
def test_what_is_too_large_is_refused(large: Any) -> None:
    with pytest.raises(et.EdgetallyError, match="too large") as caught:
        et.roas(large, 50)
    assert caught.value.code == "not_finite"


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (et.lift, {"exposed_users": 1000, "exposed_conversions": 60, "holdout_users": 1000, "holdout_conversions": 40}),
        (et.rate_ci, {"count": 30, "n": 1000}),
        (et.events.rate_change, {"count_new": 90, "exposure_new": 24, "count_old": 130, "exposure_old": 24}),
    ],
)
@pytest.mark.parametrize(
    "low",
    [0.05, [0.95, 0.05], np.array([0.05]), pd.Series([0.05]), np.float64(0.05)],
    ids=lambda low: type(low).__name__,
)
def test_a_confidence_that_is_an_error_rate_is_refused(
    function: Callable[..., Any], given: dict[str, Any], low: Any
) -> None:
    with pytest.raises(et.EdgetallyError, match=r"looks like an error rate: pass 0\.95, or alpha=0\.05") as caught:
        function(**given, confidence=low)
    assert caught.value.code == "confidence_low"
    marked = function(**given, confidence=[0.95, 0.05], errors="coerce")
    assert (np.asarray(marked.status) & 1).tolist() == [0, 1]


# Indexes


INDEX = pd.Index(["a", "b", "c"])


def test_the_same_index_is_matched_whatever_it_is() -> None:
    for index in (
        INDEX,
        pd.Index([1, 1, 2]),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
        pd.date_range("2026-05-04", periods=3),
    ):
        revenue, spend = pd.Series([1.0, 2, 3], index=index), pd.Series([2.0, 2, 2], index=index)
        roas = et.roas(revenue, spend).roas
        assert roas.tolist() == [0.5, 1.0, 1.5]
        assert roas.index.equals(index)


def test_another_index_says_how_to_go_on() -> None:
    revenue = pd.Series([1.0, 2, 3], index=INDEX)
    with pytest.raises(et.EdgetallyError, match="spend has another index than revenue") as caught:
        et.roas(revenue, pd.Series([1.0, 2, 3], index=INDEX[::-1]))
    assert caught.value.code == "index_mismatch"
    assert ".reset_index(drop=True)" in str(caught.value)
    assert ".to_numpy()" in str(caught.value)
    with pytest.raises(et.EdgetallyError, match="spend has 2 rows and revenue has 3") as caught:
        et.roas(revenue, revenue[:2])
    assert caught.value.code == "length_mismatch"


def test_a_series_of_one_row_is_a_column_and_not_a_number() -> None:
    one = pd.Series([2.0], index=["z"])
    assert et.roas(one, 1).roas.index.tolist() == ["z"]
    for other in (pd.Series([1.0, 2, 3]), np.array([1.0, 2, 3])):
        with pytest.raises(et.EdgetallyError) as caught:
            et.roas(one, other)
        assert caught.value.code == "length_mismatch"
    with pytest.raises(et.EdgetallyError, match=r"\.item\(\)"):
        et.roas(one, pd.Series([1.0, 2, 3]))


def test_nulls_of_columns_that_differ_in_length_do_not_break() -> None:
    spread = et.roas(pl.Series([None], dtype=pl.Float64), pl.Series([1.0, None]))
    assert spread.roas.null_count() == 2
    with pytest.raises(et.EdgetallyError):
        et.roas(pl.Series([None, 1.0]), pl.Series([1.0, None, 2.0]))


def test_samples_are_independent_and_rows_of_one_unit_are_not() -> None:
    table = pd.DataFrame({"arm": list("abab"), "y": [1.0, 2, 3, 4], "x": [5.0, 6, 7, 8]})
    a, b = table[table.arm == "a"], table[table.arm == "b"]
    with pytest.raises(et.EdgetallyError) as caught:
        arrays(exposed=a.y, holdout=b.y)
    assert caught.value.code == "index_mismatch"
    _, flat = arrays(samples=[("exposed",), ("holdout",)], exposed=a.y, holdout=b.y[:1])
    assert {name: column.tolist() for name, column in flat.items()} == {"exposed": [1.0, 3.0], "holdout": [2.0]}
    # Within an arm a row is one unit, and still has to be the same.
    arms = [("exposed_y", "exposed_x"), ("holdout_y", "holdout_x")]
    arrays(samples=arms, exposed_y=a.y, exposed_x=a.x, holdout_y=b.y, holdout_x=b.x)
    with pytest.raises(et.EdgetallyError, match="holdout_x has another index than holdout_y"):
        arrays(samples=arms, exposed_y=a.y, exposed_x=a.x, holdout_y=b.y, holdout_x=a.x)

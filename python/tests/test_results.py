"""Results and columns: type in is type out, a number and a column give the same bits, and nothing can be changed."""

import copy
import datetime
import decimal
import fractions
import importlib
import json
import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from calls import CALLS
from numpy.testing import assert_array_equal

import edgetally as et
from edgetally._result import field

CTR = [0.015, 0.02, 0.0]
ONE = et.funnel(12, 0.015, 0.03, 80, gross_margin=0.6, payment_fees=0.03)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (CTR, np.ndarray),
        (tuple(CTR), np.ndarray),
        (np.array(CTR), np.ndarray),
        (np.array(CTR)[::-1][::-1], np.ndarray),
        (pd.Series(CTR), pd.Series),
        (pd.Series(CTR, dtype="double[pyarrow]"), pd.Series),
        (pd.array(CTR, dtype="Float64"), pd.Series),
        (pl.Series(CTR), pl.Series),
        (pa.array(CTR), pa.Array),
        (pa.chunked_array([CTR[:1], CTR[1:]]), pa.Array),
    ],
    ids=str,
)
def test_type_in_is_type_out_and_the_bits_are_those_of_single_calls(column: Any, kind: type) -> None:
    result = et.funnel(12, column, 0.03, 80, gross_margin=0.6)
    single = [et.funnel(12, ctr, 0.03, 80, gross_margin=0.6) for ctr in CTR]
    for name in et.FunnelResult.fields:
        got = result[name]
        assert isinstance(got, kind), name
        assert_array_equal(np.asarray(got, dtype=float), [one[name] for one in single])


def test_pandas_keeps_its_index() -> None:
    index = pd.Index(["a", "b", "c"], name="campaign")
    result = et.funnel(pd.Series([10.0, 11.0, 12.0], index=index), pd.Series(CTR, index=index), 0.03, 80)
    assert result.cpa.index.equals(index)
    with pytest.raises(et.EdgetallyError) as caught:
        et.funnel(pd.Series([10.0, 11.0, 12.0]), pd.Series(CTR, index=index), 0.03, 80)
    assert caught.value.code == "index_mismatch"


def test_missing_is_missing() -> None:
    polars = et.funnel(12, pl.Series([0.01, None]), 0.03, 80).cpa
    assert polars.null_count() == 1
    arrow = et.funnel(12, pa.array([0.01, None]), 0.03, 80).cpa
    assert arrow.null_count == 1
    pandas = et.funnel(12, pd.Series([0.01, None], dtype="Float64"), 0.03, 80).cpa
    assert pandas.isna().tolist() == [False, True]
    assert np.isnan(et.funnel(12, [0.01, None], 0.03, 80).cpa).tolist() == [False, True]


def test_numpy_broadcasts() -> None:
    result = et.funnel(np.array([[10.0], [12.0]]), np.array([0.01, 0.02, 0.03]), 0.03, 80)
    assert result.cpa.shape == (2, 3)
    assert result.cpa[1, 2] == et.funnel(12, 0.03, 0.03, 80).cpa
    assert isinstance(et.funnel(12, np.array(0.5), 0.1, 80).cpa, float)


def test_lengths_that_do_not_fit_are_named() -> None:
    with pytest.raises(et.EdgetallyError, match="cpm 2, ctr 3") as caught:
        et.funnel([1, 2], CTR, 0.03, 80)
    assert caught.value.code == "length_mismatch"


@pytest.mark.parametrize(
    "wrong", ["12", b"12", True, {"a": 1}, object(), ["x"], np.array(["a"]), pl.Series(["a"]), pa.array(["a"])]
)
def test_what_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(et.EdgetallyError) as caught:
        et.funnel(wrong, 0.01, 0.03, 80)
    assert caught.value.code == "wrong_type"


def test_refused_rows_can_be_marked_instead() -> None:
    with pytest.raises(
        et.EdgetallyError, match=r"ctr\[1\] 1.5 is not a rate from 0 to 1: did you mean 0.015\? \(and 1 more row\)"
    ):
        et.funnel(12, [0.01, 1.5, -1.0], 0.03, 80)
    result = et.funnel(12, [0.01, 1.5, -1.0, 0.0], 0.03, 80, errors="coerce")
    assert np.isnan(result.cpa).tolist() == [False, True, True, True]
    assert result.status.tolist() == [0, 3, 3, 2]
    assert et.funnel(12, 1.5, 0.03, 80, errors="coerce").status == 3
    with pytest.raises(et.EdgetallyError) as caught:
        et.funnel(12, 0.01, 0.03, 80, errors="ignore")
    assert caught.value.code == "unknown_choice"


def test_threads_change_nothing() -> None:
    random = np.random.default_rng(5)
    ctr = random.uniform(0, 0.1, 300_001)
    one = et.funnel(12, ctr, 0.03, 80, threads=1)
    two = et.funnel(12, ctr, 0.03, 80, threads=2)
    assert one == two
    with pytest.raises(et.EdgetallyError):
        et.funnel(12, ctr, 0.03, 80, threads=0)


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        ONE.cpa = 3.0  # type: ignore[misc]
    with pytest.raises(AttributeError):
        ONE.other = 3.0  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(ONE)) == ONE  # noqa: S301
    assert copy.copy(ONE) == ONE
    assert hash(copy.copy(ONE)) == hash(ONE)
    assert et.funnel(13, 0.015, 0.03, 80) != ONE


def test_a_result_can_be_taken_along() -> None:
    assert list(ONE.to_dict()) == list(et.FunnelResult.fields) == list(ONE.definition)
    assert json.loads(json.dumps(ONE.to_dict()))["cpa"] == ONE.cpa
    for table in (
        ONE.to_pandas(),
        ONE.to_polars(),
        ONE.to_arrow().to_pandas(),
        pa.table(ONE).to_pandas(),
        pl.DataFrame(ONE),
    ):
        assert list(table.columns) == list(et.FunnelResult.fields)
        assert float(table["cpa"][0]) == ONE.cpa
    rows = et.funnel(12, CTR, 0.03, 80)
    assert rows.to_pandas().shape == (3, len(et.FunnelResult.fields))


def test_a_result_shows_itself() -> None:
    assert repr(ONE).startswith("FunnelResult(clicks_per_mille=15, ")
    assert "Cost per conversion." in ONE.summary()
    html = ONE._repr_html_()
    assert "26.67" in html
    assert "<script" not in html


def test_every_field_is_documented_and_named_as_in_the_core() -> None:
    for name in vars(et):
        found = getattr(et, name)
        if isinstance(found, type) and issubclass(found, et.Result) and found is not et.Result:
            assert found.__doc__
            for field, text in found.definition.items():
                assert text[-1] in ".?", (name, field)
                assert getattr(found, field).__doc__ == text
    for module in [module for name, module in sys.modules.items() if name.startswith("edgetally.")]:
        for calculator in list(vars(module).values()):
            if type(calculator).__name__ == "Calculator" and calculator._result.fields:
                assert calculator.fields == calculator._result.fields, calculator.name


def test_a_scalar_call_imports_nothing() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import edgetally as et; et.funnel(9, 0.01, 0.03, 80);"
        "heavy = 'numpy pandas polars pyarrow typing dataclasses inspect re functools collections datetime"
        " edgetally._ledger edgetally._report edgetally._dates';"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    folder = str(Path(et.__file__).parents[1])
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, folder], check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == "[]"


def test_what_is_loaded_late_is_there_all_the_same() -> None:
    rooms = set(et._LATER.values())
    names = {room: set(importlib.import_module(f"edgetally.{room}").__all__) for room in rooms}
    assert {room: {name for name, of in et._LATER.items() if of == room} for room in rooms} == names
    assert set(et.__all__) <= set(dir(et))
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import edgetally as et, pickle;"
        "names = set(dir(et)); late = [name for name in et._LATER if name not in vars(et)];"
        "from edgetally import *;"
        "print(len(late) == len(et._LATER), set(et.__all__) <= names, report is et.report, callable(report.compare),"
        " pickle.loads(pickle.dumps(et.merge)) is merge, pickle.loads(pickle.dumps(et.window('2026-01-01'))).month,"
        " hasattr(et, 'reports'))"
    )
    folder = str(Path(et.__file__).parents[1])
    shown = subprocess.run([sys.executable, "-c", program, folder], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "True True True True True 2026-01 False"
    with pytest.raises(AttributeError, match="module 'edgetally' has no attribute 'reports'"):
        et.reports  # type: ignore[attr-defined]  # noqa: B018


LIFT = et.lift(100_000, 1_200, 100_000, 900).rel_lift
HALF = et.Interval(0.25, 0.125, 0.5)


def ends(interval: Any) -> tuple[float, float, float]:
    assert type(interval) is et.Interval
    return interval.estimate, interval.low, interval.high


def test_an_interval_behaves_as_its_estimate() -> None:
    x = LIFT.estimate
    assert float(LIFT) == x
    assert (x == LIFT, x != LIFT, LIFT > 0, LIFT < 0, x <= LIFT, x >= LIFT, LIFT.__gt__(0)) == (1, 0, 1, 0, 1, 1, 1)
    assert (round(LIFT, 2), round(LIFT), int(LIFT), math.floor(LIFT), math.ceil(LIFT), abs(-LIFT)) == (
        *(round(x, 2), round(x), int(x), math.floor(x), math.ceil(x)),
        abs(x),
    )
    assert (LIFT**2, 2**LIFT, LIFT // 0.1, LIFT % 0.1, 1 / LIFT, divmod(LIFT, 0.1)) == (
        *(x**2, 2**x, x // 0.1, x % 0.1, 1 / x),
        divmod(x, 0.1),
    )
    assert (math.sqrt(LIFT), math.isnan(LIFT), np.sqrt(LIFT), np.mean([LIFT, LIFT])) == (
        *(math.sqrt(x), False, np.sqrt(x)),
        x,
    )
    assert hash(LIFT) == hash(x)
    assert {x: "found"}[LIFT] == "found"
    assert max([HALF, LIFT]) is LIFT
    assert sorted([LIFT, HALF]) == [HALF, LIFT]
    assert sum([LIFT, HALF]) == x + 0.25
    assert et.roas(HALF, 2).roas == et.roas(0.25, 2).roas
    assert f"{et.Interval(300.0, 210.0, 390.0):.1f}" == "300.0 [210.0, 390.0]"
    assert bool(LIFT)
    assert not et.Interval(0.0, -1.0, 1.0)


def test_intervals_are_equal_by_their_estimates_and_results_by_everything() -> None:
    other = et.Interval(0.25, 0.0, 1.0)
    assert other == HALF
    assert hash(other) == hash(HALF)
    assert et.lift(1000, 60, 1000, 40) != et.lift(1000, 60, 1000, 40, confidence=0.9)
    assert et.ltv_bootstrap([1.0, 2, 3], [1, 2, 3], [1, 0, 1], n_boot=9, seed=1) != et.ltv_bootstrap(
        [1.0, 2, 3], [1, 2, 3], [1, 0, 1], n_boot=9, seed=2
    )


def test_an_exact_number_moves_the_ends_along() -> None:
    assert ends(HALF * 100) == ends(100 * HALF) == (25.0, 12.5, 50.0)
    assert ends(HALF * -2) == (-0.5, -1.0, -0.25)
    assert ends(HALF / 2) == (0.125, 0.0625, 0.25)
    assert ends(HALF + 1) == ends(1 + HALF) == (1.25, 1.125, 1.5)
    assert ends(HALF - 1) == (-0.75, -0.875, -0.5)
    assert ends(1 - HALF) == (0.75, 0.5, 0.875)
    assert ends(-HALF) == (-0.25, -0.5, -0.125)
    assert ends(+HALF) == ends(HALF)
    assert ends(fractions.Fraction(1, 2) * HALF) == ends(np.float64(0.5) * HALF) == (0.125, 0.0625, 0.25)
    assert ends(et.Interval(1.0, -math.inf, 2.0) * -2) == (-2.0, -4.0, math.inf)
    assert ends(et.Interval(1.0, -math.inf, 2.0) * 0) == (0.0, 0.0, 0.0)
    assert all(math.isnan(end) for end in ends(HALF * math.nan))


def test_two_intervals_give_a_number_and_no_made_up_interval() -> None:
    for made, number in ((HALF + HALF, 0.5), (HALF - HALF, 0.0), (HALF * HALF, 0.0625), (HALF / HALF, 1.0)):
        assert type(made) is float
        assert made == number
    for made in (HALF**2, 1 / HALF, HALF // 1, HALF % 1, abs(HALF), round(HALF, 1)):
        assert type(made) is float


def test_what_its_estimate_refuses_it_refuses_too() -> None:
    for wrong in (lambda: HALF + "a", lambda: HALF < "a", lambda: HALF + None):  # type: ignore[operator]
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ZeroDivisionError):
        HALF / 0
    assert (HALF == None) is False  # noqa: E711
    assert (HALF == "a") is False


def test_an_interval_is_a_pair_where_one_is_asked_for() -> None:
    low, high = HALF
    assert (low, high) == tuple(HALF) == (HALF[0], HALF[1]) == (HALF[-2], HALF[-1]) == HALF[:] == (0.125, 0.5)
    assert len(HALF) == 2
    with pytest.raises(IndexError):
        HALF[2]
    # Between its ends, which is what people mean; not one of them.
    assert 0.25 in HALF
    assert 0.125 in HALF
    assert 0.6 not in HALF
    assert pickle.loads(pickle.dumps(HALF)).low == 0.125  # noqa: S301
    with pytest.raises(AttributeError):
        HALF.low = 3.0  # type: ignore[misc]


COLUMN = ([1.0, -2.0], [0.5, -3.0], [2.0, -1.0])


@pytest.mark.parametrize("make", [np.array, pd.Series, pl.Series, pa.array], ids=["numpy", "pandas", "polars", "arrow"])
def test_a_column_of_intervals_computes_row_by_row(make: Any) -> None:
    interval = et.Interval(*map(make, COLUMN))
    turned = interval * -2
    assert type(turned.low) is type(interval.low)
    assert [np.asarray(part).tolist() for part in (turned.estimate, turned.low, turned.high)] == [
        [-2.0, 4.0],
        [-4.0, 2.0],
        [-1.0, 6.0],
    ]
    assert np.asarray(interval).tolist() == COLUMN[0]
    assert interval.ndim == 1
    if make is not pa.array:
        assert np.asarray(interval > 0).tolist() == [True, False]
        assert np.asarray(interval == interval).tolist() == [True, True]
        assert np.asarray(round(interval, 1)).tolist() == COLUMN[0]
        with pytest.raises(TypeError):
            hash(interval)
    with pytest.raises(TypeError):
        0.5 in interval  # noqa: B015


def test_arrays_and_intervals_meet_from_both_sides() -> None:
    array = np.array([1.0, -2.0])
    for made in (HALF * array, array * HALF):
        assert type(made) is et.Interval
        assert [part.tolist() for part in (made.estimate, made.low, made.high)] == [
            [0.25, -0.5],
            [0.125, -1.0],
            [0.5, -0.25],
        ]
    assert (array > HALF).tolist() == [True, False]
    assert (pd.Series(array) * HALF).tolist() == [0.25, -0.5]
    assert (pl.Series(array) * HALF).to_list() == [0.25, -0.5]


@pytest.mark.parametrize("make", [np.array, pd.Series, pl.Series, pa.array], ids=["numpy", "pandas", "polars", "arrow"])
def test_a_column_of_intervals_never_becomes_rows(make: Any) -> None:
    interval = et.Interval(*map(make, COLUMN))
    for frame in (pd.DataFrame({"lift": interval}), pl.DataFrame({"lift": interval})):
        assert frame.shape == (2, 1)
        assert list(frame["lift"]) == COLUMN[0]
    named = interval.columns("lift")
    assert list(named) == ["lift", "lift_low", "lift_high"]
    assert pd.DataFrame(named).shape == pl.DataFrame(named).shape == (2, 3)
    assert pa.table({"lift": interval}).to_pydict() == {"lift": COLUMN[0]}
    assert pd.DataFrame({"n": [1, 2]}).assign(lift=interval).lift.tolist() == COLUMN[0]
    assert json.dumps(interval.to_dict()) == json.dumps(dict(zip(("estimate", "low", "high"), COLUMN, strict=True)))


def test_single_intervals_are_cells_and_not_rows() -> None:
    assert pd.DataFrame({"n": [1, 2], "lift": HALF}).shape == (2, 2)
    assert pd.DataFrame({"lift": [HALF, LIFT]}).astype(float).lift.tolist() == [0.25, LIFT.estimate]
    assert pl.DataFrame({"lift": [HALF, LIFT]}).to_dict(as_series=False) == {"lift": [0.25, LIFT.estimate]}
    assert np.array([HALF, LIFT]).tolist() == [0.25, LIFT.estimate]


def test_a_table_has_a_column_for_each_end() -> None:
    rows = et.rate_ci([30, 40], 1_000, method="wilson")
    for table in (rows.to_pandas(), rows.to_polars(), rows.to_arrow().to_pandas()):
        assert list(table.columns) == ["rate", "rate_low", "rate_high"]
        assert len(table) == 2
    fitted = et.fit_response(**CALLS["fit_response"][-1]).to_pandas()
    assert len(fitted) == 1
    assert {"params_k", "params_ci_k", "params_ci_k_low", "params_ci_k_high"} <= set(fitted.columns)
    assert not any(isinstance(value, et.Interval) for value in fitted.iloc[0])


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"report", "summarize", "sha256_hex"}))
def test_every_result_is_plain_data(name: str) -> None:
    for given in CALLS[name]:
        result = getattr(et, name)(**given)
        for one in result if isinstance(result, tuple) else (result,):
            if isinstance(one, et.Result):
                assert json.loads(json.dumps(one.to_dict())).keys() == one.to_dict().keys()
                json.dumps(one.to_dict(strict=True), allow_nan=False)
                assert len(one.to_pandas()) == len(one.to_polars()) == one.to_arrow().num_rows


@pytest.mark.parametrize("make", [list, np.array, pd.Series, pl.Series, pa.array])
def test_columns_are_lists_in_a_dictionary(make: Any) -> None:
    result = et.rate_ci(make([30, 0]), 1_000, method="wilson", errors="coerce")
    assert json.loads(json.dumps(result.to_dict()))["rate"]["estimate"] == [0.03, 0.0]
    assert et.cpa(make([500.0, 500.0]), make([20.0, 0.0])).to_dict(strict=True) == {"cpa": [25.0, None]}


def test_plain_data_of_whatever_a_field_can_hold() -> None:
    class Everything(et.Result):
        """Fields of every kind."""

        __slots__ = ()
        value: Any = field("Anything.")

    def plain(value: Any) -> Any:
        return json.loads(json.dumps(Everything((value,)).to_dict()))["value"]

    assert plain({("a", 1): HALF, "n": np.int64(3)}) == {
        "a / 1": {"estimate": 0.25, "low": 0.125, "high": 0.5},
        "n": 3,
    }
    assert plain([np.float32(0.5), np.bool_(True), pd.NA, pd.NaT, None, "x"]) == [0.5, True, None, None, None, "x"]
    assert plain(datetime.date(2026, 5, 4)) == "2026-05-04"
    assert plain([pd.Timestamp("2026-05-04"), np.datetime64("2026-05-04")]) == ["2026-05-04T00:00:00", "2026-05-04"]
    assert plain(np.array([[1, 2], [3, 4]])) == [[1, 2], [3, 4]]
    assert plain((Everything((HALF,)),)) == [{"value": {"estimate": 0.25, "low": 0.125, "high": 0.5}}]
    assert plain([decimal.Decimal("0.5"), {1}]) == [0.5, [1]]

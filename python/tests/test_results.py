"""Results and columns: type in is type out, a number and a column give the same bits, and nothing can be changed."""

import copy
import json
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
from numpy.testing import assert_array_equal

import edgetally as et

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
        "heavy = 'numpy pandas polars pyarrow typing dataclasses inspect re';"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    folder = str(Path(et.__file__).parents[1])
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, folder], check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == "[]"


def test_an_interval_behaves_as_its_estimate() -> None:
    interval = et.Interval(300.0, 210.0, 390.0)
    assert float(interval) == 300.0
    assert tuple(interval) == (210.0, 390.0)
    assert f"{interval:.1f}" == "300.0 [210.0, 390.0]"
    assert interval == et.Interval(300.0, 210.0, 390.0) != et.Interval(300.0, 210.0, 391.0)
    assert hash(interval) == hash(et.Interval(300.0, 210.0, 390.0))
    assert pickle.loads(pickle.dumps(interval)) == interval  # noqa: S301
    assert np.asarray(et.Interval(np.array([1.0]), np.array([0.0]), np.array([2.0]))).tolist() == [1.0]
    with pytest.raises(AttributeError):
        interval.low = 3.0  # type: ignore[misc]

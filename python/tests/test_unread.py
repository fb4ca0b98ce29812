"""Fields of long columns are made when they are read, and are what they would have been."""

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from calls import CALLS
from numpy.testing import assert_array_equal

import edgetally as et
from edgetally import _columns

ROWS = _columns._LONG + 77
random = np.random.default_rng(3)


def long(name: str, missing: bool = False) -> dict[str, Any]:
    """Arguments of a call as long columns, made of those of its reference rows."""
    given = {key: value for key, value in CALLS[name][0].items() if isinstance(value, (int, float))}
    columns = {key: np.resize(np.array([value, value * 0.9, value * 0.5]), ROWS) for key, value in given.items()}
    for key, column in columns.items():
        if given[key] == int(given[key]) and given[key] > 20:
            np.round(column, out=column)
        elif given[key] != int(given[key]):
            column *= random.uniform(0.9, 1.0, ROWS)
    if missing:
        for column in columns.values():
            column[random.integers(0, ROWS, 9)] = np.nan
    return columns


UNREAD = ("funnel", "roi", "marginal_roas", "target_cpa", "roas", "mer", "max_cpc", "break_even_cpm", "cac", "cpa")


@pytest.mark.parametrize("missing", [False, True], ids=["whole", "with gaps"])
@pytest.mark.parametrize("name", UNREAD)
def test_each_field_alone_has_the_bits_of_all_together(
    name: str, missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = long(name, missing)
    function = getattr(et, name)
    monkeypatch.setattr(_columns, "_LONG", 1 << 40)
    eager = function(**given)
    assert type(eager) is type(function(**CALLS[name][0]))
    monkeypatch.undo()
    for field in eager.fields:
        for threads in (1, 3):
            assert_array_equal(getattr(function(**given, threads=threads), field), eager[field], field)
    whole = function(**given)
    for field in reversed(eager.fields):
        assert_array_equal(whole[field], eager[field], field)
        assert_array_equal(function(**given, threads=2)[field], eager[field], field)
        assert whole[field] is whole[field]
    assert function(**given) == eager


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call of another test says what the next one reads."""
    monkeypatch.setattr(_columns, "_ASKED", {})


def test_what_is_not_read_is_not_made() -> None:
    given = long("funnel")
    result = et.funnel(**given)
    unread = _columns._Unread
    seen: list[int] = []
    original = unread._make

    def count(self: Any, fields: list[int]) -> None:
        seen.append(len(fields))
        original(self, fields)

    unread._make = count  # type: ignore[method-assign]
    try:
        _ = result.cpa, result.roas, result.profit_per_mille, result.cpa
        assert seen == [1, 1, 1]
        _ = result.cpc
        assert seen == [1, 1, 1, len(result.fields) - 3]
        # What was read of the last one is made with the check of the next.
        seen.clear()
        assert et.funnel(**given) == result
        assert seen == [0, 0]
    finally:
        unread._make = original  # type: ignore[method-assign]


def test_what_was_guessed_wrongly_changes_nothing() -> None:
    given = long("funnel", missing=True)
    for reads in (
        ("cpa", "roas"),
        ("cpc",),
        ("break_even_cvr", "cpa", "clicks_per_mille"),
        tuple(et.FunnelResult.fields),
    ):
        one = et.funnel(**given)
        for field in reads:
            assert_array_equal(one[field], et.funnel(**given, threads=2).to_pandas()[field])
        # What was asked of before is wanted now; a rule that is broken is still one.
        with pytest.raises(et.EdgetallyError, match="is not a rate"):
            et.funnel(**{**given, "ctr": given["ctr"] + 2.0})


def test_a_column_that_was_changed_in_between_is_noticed() -> None:
    for change in (
        lambda column: column.__setitem__(5, column[5] * 1.5),
        lambda column: column.__setitem__([7, 8], column[[8, 7]]),
        lambda column: column.__setitem__([7, 15], column[[15, 7]]),
        lambda column: column.__setitem__([3, ROWS - 1], column[[ROWS - 1, 3]]),
        lambda column: column.__setitem__(slice(None), column[::-1].copy()),
    ):
        given = long("funnel")
        given["cvr"][:] = random.uniform(0.01, 0.05, ROWS)
        _columns._ASKED.clear()
        result = et.funnel(**given)
        before = result.cpa.copy()
        change(given["cvr"])
        # What is made stays; what is not made of it can still be made.
        assert_array_equal(result.cpa, before)
        assert len(result.cpc) == ROWS
        with pytest.raises(et.EdgetallyError, match="cvr was changed in place after the call") as caught:
            _ = result.roas
        assert caught.value.code == "changed"
        with pytest.raises(et.EdgetallyError):
            result.to_pandas()


def test_a_rule_that_is_broken_is_an_error_of_the_call_and_not_of_the_field() -> None:
    given = long("funnel")
    given["ctr"][ROWS - 1] = 1.5
    with pytest.raises(et.EdgetallyError, match=rf"ctr\[{ROWS - 1}\] 1.5 is not a rate"):
        et.funnel(**given)
    with pytest.raises(et.EdgetallyError, match="cpm -1 is not a finite number"):
        et.funnel(**{**long("funnel"), "cpm": -1.0})
    marked = et.funnel(**given, errors="coerce")
    assert np.flatnonzero(marked.status & 1).tolist() == [ROWS - 1]


def test_what_can_be_done_with_a_result_can_be_done_with_an_unread_one() -> None:
    result = et.cpa(np.full(ROWS, 500.0), np.resize([20.0, 0.0], ROWS))
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301
    assert copy.copy(result) == result
    assert result["cpa"] is result[0] is result.cpa
    assert len(result.to_pandas()) == len(result.to_dict()["cpa"]) == ROWS
    assert np.unique(result.status).tolist() == [0, 2]
    with pytest.raises(KeyError):
        result["cpb"]


def test_the_kind_of_the_columns_is_kept() -> None:
    index = pd.RangeIndex(5, ROWS + 5)
    spend = pd.Series(np.full(ROWS, 500.0), index=index)
    assert et.cpa(spend, 20).cpa.index.equals(index)
    some = pl.Series([500.0, None] * (ROWS // 2 + 1))
    assert et.cpa(some, 20).cpa.null_count() == len(some) // 2


def test_a_field_whose_argument_was_left_out_is_a_column_of_nan() -> None:
    ltv = np.full(ROWS, 300.0)
    result = et.target_cpa(ltv, margin=0.5, buffer=0.2)
    for field in ("target_by_share", "target_by_ratio", "target_by_payback", "incrementality_adjusted_target"):
        column = result[field]
        assert column.shape == (ROWS,)
        assert np.isnan(column).all()
        assert not column.flags.writeable
        assert result[field] is column
    # What asks only for the arguments that were given is defined without the others.
    assert np.unique(result.target_cpa).tolist() == [120.0]
    assert np.unique(result.to_pandas()["target_by_buffer"]).tolist() == [120.0]
    index = pd.RangeIndex(5, ROWS + 5)
    assert et.target_cpa(pd.Series(ltv, index=index), margin=0.5).target_by_share.index.equals(index)
    assert et.target_cpa(pl.Series(ltv), margin=0.5).target_by_share.is_nan().all()

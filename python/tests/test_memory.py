"""What a dropped column took is used again, and what is still looked at is not."""

import gc
import sys
from typing import Any

import numpy as np
import pytest

import edgetally as et
from edgetally import _memory

ROWS = (1 << 19) + 5
SIZE = 6 << 20

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the allocator keeps what it likes")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Nothing is left of other tests."""
    gc.collect()
    kept: list[Any] = []
    monkeypatch.setattr(_memory, "_free", kept)
    return kept


def address(column: Any) -> int:
    """Where a column lies."""
    return int(column.__array_interface__["data"][0])


def test_a_dropped_column_makes_room_for_the_next(nothing_kept: list[Any]) -> None:
    column = _memory.column(ROWS)
    column[:] = 1.0
    place = address(column)
    assert (column.shape, column.dtype, column.flags.writeable) == ((ROWS,), np.float64, True)
    del column
    assert list(map(len, nothing_kept)) == [SIZE]
    again = _memory.column(ROWS)
    assert address(again) == place
    assert nothing_kept == []


def test_what_is_looked_at_is_not_given_away(nothing_kept: list[Any]) -> None:
    column = _memory.column(ROWS)
    column[:] = 7.0
    view = column[3:9][::2]
    del column
    assert nothing_kept == []
    other = _memory.column(ROWS)
    other[:] = 1.0
    assert view.tolist() == [7.0, 7.0, 7.0]
    del view
    assert list(map(len, nothing_kept)) == [SIZE]


def test_no_more_is_kept_than_was_said(nothing_kept: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "KEPT", 2 * SIZE)
    columns = _memory.columns(5, ROWS)
    assert len({address(column) for column in columns}) == 5
    del columns
    assert list(map(len, nothing_kept)) == [SIZE, SIZE]


def test_short_columns_are_the_allocators(nothing_kept: list[Any]) -> None:
    del nothing_kept
    for rows in (0, 1, 1_000):
        column = _memory.column(rows)
        assert column.shape == (rows,)
        assert column.base is None


def test_a_result_keeps_its_numbers_while_others_come_and_go() -> None:
    spend = np.arange(1.0, ROWS + 1.0)
    cost = et.cpa(spend, 2.0).cpa
    for factor in (3.0, 4.0, 5.0):
        assert et.cpa(spend, factor).cpa[9] == 10.0 / factor
    assert np.array_equal(cost, spend / 2.0)
    frame = et.cpa(spend, 2.0).to_pandas()
    assert et.cpa(spend, 3.0).cpa[9] == 10.0 / 3.0
    assert np.array_equal(frame["cpa"], spend / 2.0)
    lift = et.lift_ci(spend + 1.0, spend, spend + 1.0, spend, method="newcombe")
    low = lift.diff.low.copy()
    assert et.lift_ci(spend + 5.0, spend, spend + 9.0, spend, method="newcombe").diff.low[0] != low[0]
    assert np.array_equal(lift.diff.low, low)

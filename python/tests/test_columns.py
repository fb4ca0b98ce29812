"""Many rows at once give what the rows give one by one."""

import collections
import sys
import threading
from collections.abc import Callable, Sequence

import pytest

import edgetally

EMAILS = [None if row % 7 == 0 else "nobody" if row % 5 == 0 else f" Jo.{row}é@Shop.example " for row in range(20_000)]


@pytest.mark.parametrize("threads", [None, 1, 2, 3, 64])
@pytest.mark.parametrize("function", [edgetally.normalize_email, edgetally.hash_email])
def test_a_column_equals_its_rows(function: Callable[..., object], threads: int | None) -> None:
    assert function(EMAILS, threads=threads) == [function(value) for value in EMAILS]


@pytest.mark.parametrize("kind", [list, tuple, collections.UserList, collections.deque])
def test_any_sequence_is_a_column(kind: Callable[[list[str | None]], Sequence[str | None]]) -> None:
    column = kind(["Jo@Shop.example", None])
    if isinstance(column, collections.deque):
        column.rotate(2)
    assert edgetally.normalize_email(column) == ["jo@shop.example", None]
    assert edgetally.normalize_email(kind([])) == []


def test_a_scalar_is_no_column() -> None:
    assert edgetally.normalize_email("Jo@Shop.example") == "jo@shop.example"
    assert edgetally.normalize_email(None) is None
    assert edgetally.hash_email(None) is None
    assert edgetally.hash_email("") is None


def test_text_of_a_subclass_is_text() -> None:
    class Text(str):
        __slots__ = ()

    answer = edgetally.normalize_email(Text("Jo@Shop.example"))
    assert answer == "jo@shop.example"
    assert type(answer) is str


def test_the_column_is_left_as_it_was() -> None:
    column = [f"{name}@Shop.example" for name in ("Jo", "É")]
    before = list(column)
    references = [sys.getrefcount(value) for value in column]
    edgetally.hash_email(column)
    assert column == before
    assert [sys.getrefcount(value) for value in column] == references


def test_threads_of_python_may_call_at_once() -> None:
    expected = edgetally.hash_email(EMAILS)
    answers: list[object] = []
    workers = [threading.Thread(target=lambda: answers.append(edgetally.hash_email(EMAILS))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert answers == [expected] * 4

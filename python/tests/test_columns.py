"""Many rows at once give what the rows give one by one."""

import collections
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

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


VALUES = [
    "Jo@Shop.example",
    None,
    "nobody",
    " A.very.long.address.that.stands.in.no.single.block@some-shop.example ",
    "",
]
TEXTS = ["jo@shop.example", None, None, "a.very.long.address.that.stands.in.no.single.block@some-shop.example", None]
DIGESTS = edgetally.hash_email(VALUES)
BOTH: list[tuple[Callable[..., Any], list[str | None]]] = [
    (edgetally.normalize_email, TEXTS),
    (edgetally.hash_email, DIGESTS),
]


@pytest.mark.parametrize(("function", "expected"), BOTH)
@pytest.mark.parametrize("kind", ["object", "str", "StringDType"])
def test_a_numpy_array_gives_an_array_of_objects(
    function: Callable[..., Any], expected: list[str | None], kind: str
) -> None:
    numpy = pytest.importorskip("numpy")
    if kind == "object":
        column = numpy.array([*VALUES, float("nan")], dtype=object)
        expected = [*expected, None]
    else:
        column = numpy.array(
            [value or "" for value in VALUES], dtype=kind if kind == "str" else numpy.dtypes.StringDType()
        )
    answer = function(column)
    assert (type(answer), answer.dtype, answer.shape) == (numpy.ndarray, numpy.dtype(object), column.shape)
    assert answer.tolist() == expected
    assert function(column[::-1][::2]).tolist() == expected[::-1][::2]
    assert function(column[:0]).tolist() == []


@pytest.mark.parametrize(("function", "expected"), BOTH)
@pytest.mark.parametrize(
    "dtype", ["object", "str", "string[python]", "string[pyarrow]", "category", "arrow", "arrow view"]
)
def test_a_pandas_series_keeps_its_index_name_and_type(
    function: Callable[..., Any], expected: list[str | None], dtype: str
) -> None:
    pandas = pytest.importorskip("pandas")
    if "arrow" in dtype:
        pyarrow = pytest.importorskip("pyarrow")
        dtype = {
            "arrow": lambda: pandas.ArrowDtype(pyarrow.string()),
            "arrow view": lambda: pandas.ArrowDtype(pyarrow.string_view()),
        }.get(dtype, lambda dtype=dtype: dtype)()
    index = [7, 3, 3, 1, 0]
    series = pandas.Series(VALUES, index=index, name="visitor", dtype=dtype)
    answer = function(series)
    assert type(answer) is pandas.Series
    assert (answer.name, answer.index.tolist()) == ("visitor", index)
    assert answer.dtype == (series.cat.categories.dtype if dtype == "category" else series.dtype)
    assert [None if pandas.isna(text) else text for text in answer] == expected
    assert function(series[:0]).empty
    # And what stands around and below a Series.
    for part in (pandas.Index(series), series.array):
        answer = function(part)
        assert isinstance(answer, pandas.Index) == isinstance(part, pandas.Index)
        assert [None if pandas.isna(text) else text for text in answer] == expected


def test_what_pandas_calls_missing_is_missing() -> None:
    pandas = pytest.importorskip("pandas")
    series = pandas.Series([None, float("nan"), pandas.NA, pandas.NaT, "Jo@Shop.example"], dtype=object)
    assert edgetally.normalize_email(series).tolist() == [None] * 4 + ["jo@shop.example"]


@pytest.mark.parametrize(("function", "expected"), BOTH)
@pytest.mark.parametrize("dtype", ["String", "Categorical", "Null"])
def test_a_polars_series_keeps_its_name(function: Callable[..., Any], expected: list[str | None], dtype: str) -> None:
    polars = pytest.importorskip("polars")
    values = [None] * len(VALUES) if dtype == "Null" else VALUES
    series = polars.Series("visitor", values, dtype=getattr(polars, dtype))
    answer = function(series)
    assert (type(answer), answer.name, answer.dtype) == (polars.Series, "visitor", polars.String)
    assert answer.to_list() == ([None] * len(VALUES) if dtype == "Null" else expected)
    assert function(series[1:4]).to_list() == answer.to_list()[1:4]
    assert function(series[:0]).to_list() == []


class Capsules:
    """An Arrow array of a library that nobody knows."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return self.array.__arrow_c_array__(requested_schema)


@pytest.mark.parametrize(("function", "expected"), BOTH)
@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary", "null"])
def test_an_arrow_array_keeps_its_layout(function: Callable[..., Any], expected: list[str | None], kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    if kind == "null":
        array, expected = pyarrow.nulls(len(VALUES)), [None] * len(VALUES)
    elif kind == "dictionary":
        array = pyarrow.array(VALUES).dictionary_encode()
    else:
        array = pyarrow.array(VALUES, getattr(pyarrow, kind)())
    kept = pyarrow.string() if kind in ("dictionary", "null") else array.type
    chunked = pyarrow.chunked_array([array[:2], array[2:2], array[2:]])
    for column in (array, chunked):
        answer = function(column)
        answer.validate(full=True)
        assert isinstance(answer, pyarrow.ChunkedArray) == (column is chunked)
        assert (answer.type, answer.to_pylist()) == (kept, expected)
        assert function(column[1:4]).to_pylist() == expected[1:4]
        assert function(column[:0]).to_pylist() == []
    assert function(pyarrow.chunked_array([], array.type)).to_pylist() == []
    foreign = function(Capsules(array))
    assert (len(foreign), foreign.to_pylist()) == (len(VALUES), expected)
    assert pyarrow.array(foreign).equals(function(array))
    # A second pass over what was returned.
    assert function(foreign).to_pylist() == function(expected)


def test_a_dictionary_without_values_is_a_column_of_missing_ones() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    empty = pyarrow.array([None, None], pyarrow.dictionary(pyarrow.int8(), pyarrow.string()))
    assert edgetally.hash_email(empty).to_pylist() == [None, None]


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("kind", ["string", "large_string", "string_view"])
def test_a_long_column_is_the_same_in_every_layout(kind: str, threads: int) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    # More than fits the room that is made at once, with gaps in every thread's share.
    emails = EMAILS * 8
    array = pyarrow.array(emails, getattr(pyarrow, kind)())
    for function in (edgetally.normalize_email, edgetally.hash_email):
        answer: Any = function(pyarrow.chunked_array([array[:70_001], array[70_001:]]), threads=threads)
        answer.validate(full=True)
        assert answer.to_pylist() == function(EMAILS) * 8


def test_the_arguments_beside_the_value_are_columns_of_any_kind() -> None:
    numbers = ["030 901820", "(650) 555-1212", "+33 1 42 68 53 00", None]
    homes = ["DE", "US", None, None]
    expected = ["+4930901820", "+16505551212", "+33142685300", None]
    kinds: list[Callable[[Any], Any]] = [list, tuple]
    for name, kind in (("pyarrow", "array"), ("polars", "Series"), ("pandas", "Series")):
        if name in sys.modules:
            kinds.append(getattr(sys.modules[name], kind))
    for value in kinds:
        for home in kinds:
            answer: Any = edgetally.normalize_phone(value(numbers), dialect="tiktok", default_country=home(homes))
            answer = answer.to_pylist() if hasattr(answer, "to_pylist") else list(answer)
            assert [text if isinstance(text, str) else None for text in answer] == expected
            states: Any = edgetally.normalize_region(value(["California"] * 2), country=home(["US", "DE"]))
            assert [str(text) for text in states] == ["ca", "california"]


@pytest.mark.parametrize("library", ["numpy", "pandas", "polars", "pyarrow"])
def test_no_library_is_loaded_that_the_caller_has_not(library: str) -> None:
    others = {"numpy", "pandas", "polars", "pyarrow"} - {library} - ({"numpy"} if library != "polars" else set())
    make = {
        "numpy": "numpy.array(['a@b.c'], dtype=object)",
        "pandas": "pandas.Series(['a@b.c'], dtype=object)",
        "polars": "polars.Series(['a@b.c'])",
        "pyarrow": "pyarrow.array(['a@b.c'])",
    }[library]
    program = f"""
import sys, {library}, edgetally
column = {make}
before = set(sys.modules)
edgetally.hash_email(column), edgetally.hash_email(['a@b.c']), edgetally.hash_email('a@b.c')
print([name for name in {sorted(others)!r} if name in set(sys.modules) - before])
"""
    pytest.importorskip(library)
    shown = subprocess.run([sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"


# What a refusal of numbers says beside the kind.
AS_TEXT = ": read such columns as text (dtype=str), before leading zeros and signs are lost"


@pytest.mark.parametrize(
    ("library", "make", "message"),
    [
        (
            "numpy",
            "numpy.array([1])",
            "value is an array of kind 'i' with 1 dimensions, not one of text with one" + AS_TEXT,
        ),
        ("numpy", "numpy.array([['a']])", "value is an array of kind 'U' with 2 dimensions, not one of text with one"),
        ("numpy", "numpy.array(['a', 3], dtype=object)", "value[1] is neither str nor None, but int" + AS_TEXT),
        ("pandas", "pandas.Series(['a', 3], dtype=object)", "value[1] is neither str nor None, but int" + AS_TEXT),
        ("pandas", "pandas.Series([1, 2])", "value[0] is neither str nor None, but int" + AS_TEXT),
        ("polars", "polars.Series([1])", "value is a column of Int64, not of text" + AS_TEXT),
        ("polars", "polars.DataFrame({'a': ['b']})", 'value is a column of Struct("a": Utf8View), not of text'),
        ("pyarrow", "pyarrow.array([b'a'])", "value is a column of Binary, not of text"),
        ("pyarrow", "pyarrow.table({'a': ['b']})", 'value is a column of Struct("a": Utf8), not of text'),
    ],
)
def test_a_column_of_anything_else_is_refused(library: str, make: str, message: str) -> None:
    scope = {library: pytest.importorskip(library)}
    with pytest.raises(edgetally.EdgetallyError) as caught:
        edgetally.hash_email(eval(make, scope))  # noqa: S307 - the rows above
    assert (caught.value.code, str(caught.value)) == ("wrong_type", message)


def test_what_is_nearly_a_column_is_told_how_to_become_one() -> None:
    for value, hint in (
        ((x for x in (1.0, 2.0)), "list"),
        (map(float, "12"), "list"),
        ({"a": 1.0}.values(), "list"),
        (pytest.importorskip("polars").LazyFrame({"a": [1.0]}), "collect"),
    ):
        with pytest.raises(edgetally.EdgetallyError, match=hint) as caught:
            edgetally.roas(value, 1.0)  # type: ignore[arg-type]
        assert caught.value.code == "wrong_type"

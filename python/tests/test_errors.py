"""Every code, what brings it about, and that the value is not in the message."""

import collections
import datetime
import decimal
import fractions
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from calls import CALLS

import edgetally

ADDRESS = "elena.brandt@shop.example"

TABLE: list[tuple[str, Callable[[], object], str]] = [
    (
        "dialect_unknown",
        lambda: edgetally.hash_email(ADDRESS, dialect="facebook"),  # type: ignore[call-overload]
        f"dialect is none of {', '.join(edgetally.dialects())}",
    ),
    (
        "dialect_unknown",
        lambda: edgetally.hash_email("meta", dialect=ADDRESS),  # type: ignore[call-overload]
        f"dialect is none of {', '.join(edgetally.dialects())}",
    ),
    ("dialect_unsupported", lambda: edgetally.hash_city(ADDRESS, dialect="x"), "x takes no city"),
    ("dialect_unsupported", lambda: edgetally.normalize_phone(None, dialect="linkedin"), "linkedin takes no phone"),
    (
        "sent_in_clear",
        lambda: edgetally.hash_country(ADDRESS, dialect="tiktok"),
        "tiktok takes the country in clear: send what normalize_country returns",
    ),
    (
        "default_country_invalid",
        lambda: edgetally.hash_phone(ADDRESS, default_country="Germany"),
        "default_country is not the two letters of a country in ISO 3166-1",
    ),
    (
        "default_country_invalid",
        lambda: edgetally.hash_phone(ADDRESS, default_country="ZZ"),
        "default_country is not the two letters of a country in ISO 3166-1",
    ),
    (
        "default_country_invalid",
        lambda: edgetally.hash_phone(
            [ADDRESS] * 20_000, default_country=[*["DE"] * 9_000, "ZZ", *["DE"] * 10_998, "YY"]
        ),
        "default_country[9000] is not the two letters of a country in ISO 3166-1",
    ),
    (
        "length_mismatch",
        lambda: edgetally.hash_phone(ADDRESS, default_country=["DE"]),
        "default_country is a column, value is not",
    ),
    (
        "wrong_type",
        lambda: edgetally.hash_email(ADDRESS.encode()),  # type: ignore[arg-type]
        "value is neither str nor None nor a sequence of them, but bytes",
    ),
    (
        "wrong_type",
        lambda: edgetally.hash_email(b""),  # type: ignore[arg-type]
        "value is neither str nor None nor a sequence of them, but bytes",
    ),
    (
        "wrong_type",
        lambda: edgetally.hash_email({ADDRESS}),  # type: ignore[call-overload]
        "value is neither str nor None nor a sequence of them, but set",
    ),
    (
        "wrong_type",
        lambda: edgetally.hash_email([ADDRESS, None, float("nan"), 4.5]),  # type: ignore[list-item]
        "value[3] is neither str nor None, but float: read such columns as text (dtype=str), before leading zeros and"
        " signs are lost",
    ),
    (
        "wrong_type",
        lambda: edgetally.hash_email([[ADDRESS]]),  # type: ignore[list-item]
        "value[0] is neither str nor None, but list",
    ),
    (
        "wrong_type",
        lambda: edgetally.hash_region(ADDRESS, country=49),  # type: ignore[call-overload]
        "country is neither str nor None nor a sequence of them, but int: read such columns as text (dtype=str), before"
        " leading zeros and signs are lost",
    ),
    ("wrong_type", lambda: edgetally.sha256_hex(None), "text is not str, but NoneType"),  # type: ignore[arg-type]
    ("invalid_unicode", lambda: edgetally.hash_email(ADDRESS + "\ud800"), "value holds half a surrogate pair"),
    ("invalid_unicode", lambda: edgetally.hash_email([None, "\udfff"]), "value[1] holds half a surrogate pair"),
    (
        "invalid_unicode",
        lambda: edgetally.hash_region(["ca"], country=["\udfff"]),
        "country[0] holds half a surrogate pair",
    ),
    ("invalid_unicode", lambda: edgetally.sha256_hex("\udfff"), "text holds half a surrogate pair"),
    (
        "length_mismatch",
        lambda: edgetally.hash_region([ADDRESS, ADDRESS], country=["US"]),
        "country has 1 rows, value has 2",
    ),
    (
        "length_mismatch",
        lambda: edgetally.hash_region(ADDRESS, country=["US"]),
        "country is a column, value is not",
    ),
    *(
        ("threads_invalid", lambda threads=threads: call([ADDRESS], threads), "threads is not a whole number from 1")
        for threads in (0, -1, 1.5, "two", 2**80)
    ),
]


def call(value: list[str | None], threads: int) -> object:
    return edgetally.hash_email(value, threads=threads)


@pytest.mark.parametrize(("code", "provoke", "message"), TABLE)
def test_a_refusal_has_its_code_and_message(code: str, provoke: Callable[[], object], message: str) -> None:
    with pytest.raises(edgetally.EdgetallyError) as caught:
        provoke()
    error = caught.value
    assert (error.code, str(error)) == (code, message)
    assert ADDRESS not in repr(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_the_table_holds_every_code_of_identifiers() -> None:
    assert {code for code, _, _ in TABLE} <= set(edgetally.error_codes())


def test_every_code_in_the_sources_is_listed_with_its_meaning() -> None:
    root = Path(__file__).parents[2]
    sources = [*(root / "crates/core/src/metrics").rglob("*.rs"), *(root / "python/edgetally").rglob("*.py")]
    raised = re.compile(r'(?:Rule::Other\(|\berror\()\s*"(\w+)"')
    ruled = re.compile(r'Self::\w+(?:\(_\))?(?: \| Self::\w+)* => "(\w+)"')
    found = {code for path in sources for code in raised.findall(path.read_text(encoding="utf-8"))}
    found |= set(ruled.findall((root / "crates/core/src/metrics/domain.rs").read_text(encoding="utf-8")))
    assert len(found) > 40
    listed = edgetally.error_codes()
    assert found - set(listed) == set()
    assert all(meaning.endswith(".") for meaning in listed.values())


def test_the_error_is_a_value_error_and_survives_pickling() -> None:
    with pytest.raises(ValueError, match="takes no city") as caught:
        edgetally.hash_city("Berlin", dialect="x")
    assert isinstance(caught.value, edgetally.EdgetallyError)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - pickled one line up
    assert (type(copy), str(copy), copy.code) == (edgetally.EdgetallyError, str(caught.value), caught.value.code)
    assert repr(type(copy)) == "<class 'edgetally.EdgetallyError'>"


def test_everything_but_the_value_goes_by_name() -> None:
    with pytest.raises(TypeError):
        edgetally.hash_email("jo@shop.example", "meta")  # type: ignore[call-overload]


class Unfloatable:
    """A number that breaks when it is asked."""

    def __float__(self) -> float:
        raise RuntimeError


class Unarrayable:
    """A column that breaks when it is read."""

    def __array__(self, dtype: object = None, copy: object = None) -> object:
        raise RuntimeError


ODD: list[Any] = [
    *(
        None,
        math.nan,
        math.inf,
        -math.inf,
        True,
        "12",
        "",
        b"1",
        [],
        [1.0],
        [[1], [2, 3]],
        [1, "a", None],
        {"a": 1},
        {},
    ),
    *(
        {1, 2},
        object(),
        10**400,
        2**53 + 1,
        -1,
        1 + 2j,
        ...,
        "\0",
        "\ud800",
        range(3),
        collections.deque([0.5]),
        int,
        len,
    ),
    *(decimal.Decimal("0.5"), decimal.Decimal("sNaN"), fractions.Fraction(1, 2)),
    *(datetime.date(2026, 1, 1), datetime.timedelta(1), Unfloatable(), Unarrayable()),
    *(np.True_, np.array(0.5), np.float16(0.5), np.ones((2, 2)), np.array(["a"]), np.array([1 + 2j]), np.ma.masked),
    *(np.array(["2026-01-01"], dtype="M8[D]"), np.array([1], dtype="m8[s]"), np.timedelta64(1, "s")),
    *(np.zeros(2, dtype=[("a", "f8")]), np.ma.MaskedArray([1.0, 2.0], [True, False])),
    *(pd.NA, pd.NaT, pd.Timestamp("2026-01-01"), pd.Series([0.5, 0.6]), pd.Series([0.5]), pd.Series(["a", "b"])),
    *(pd.Series([1, 2], dtype="category"), pd.Series(["1", "2"], dtype="category"), pd.DataFrame({"a": [1.0]})),
    *(
        pd.Series([1, None], dtype="Int64"),
        pd.Series([True, None], dtype="boolean"),
        pd.MultiIndex.from_tuples([(1, 2)]),
    ),
    *(pd.Series([decimal.Decimal(1), None, pd.NA], dtype=object), pd.Series([pd.Timedelta(1, "D")])),
    pd.Series(pd.period_range("2026-01", "2026-03", freq="M")),
    *(pl.Series([0.5, None]), pl.Series(["a"]), pl.DataFrame({"a": [1]}), pl.col("a"), pl.Series([None, None])),
    *(
        pa.array([0.5, None]),
        pa.array([True]),
        pa.table({"a": [1]}),
        pa.scalar(0.5),
        pa.array([1, 2]).dictionary_encode(),
    ),
    *(edgetally.Interval(0.5, 0.4, 0.6), edgetally.lift(100, 10, 100, 5), edgetally.cpa([1.0, 2.0], 3)),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(set(CALLS) - {"sha256_hex"}))
def test_whatever_is_passed_nothing_but_our_error_comes_out(name: str) -> None:
    tried = set()
    for given in CALLS[name]:
        for argument in given.keys() - tried:
            tried.add(argument)
            for odd in ODD:
                raised = exception(lambda: getattr(edgetally, name)(**{**given, argument: odd}))  # noqa: B023
                if raised is not None:
                    assert isinstance(raised, edgetally.EdgetallyError), f"{argument}: {type(odd).__name__}: {raised!r}"
                    assert raised.code in edgetally.error_codes(), (argument, raised.code)
                    assert raised.__cause__ is None


def exception(call: Callable[[], object]) -> BaseException | None:
    """What a call raises."""
    try:
        call()
    except BaseException as raised:  # panics of the compiled half too
        return raised
    return None


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        (name, argument)
        for name in sorted(set(CALLS) - {"sha256_hex", "attribution"})
        for argument in CALLS[name][0]
        if name[:5] not in ("hash_", "norma")
    ],
)
def test_a_refusal_names_the_argument_as_the_caller_wrote_it(name: str, argument: str) -> None:
    raised = exception(lambda: getattr(edgetally, name)(**{**CALLS[name][0], argument: object()}))
    if raised is None:
        assert argument in ("allow_mismatch", "normalize", "extrapolate")
    else:
        assert isinstance(raised, edgetally.EdgetallyError)
        assert re.search(rf"\b{argument}\b", str(raised))

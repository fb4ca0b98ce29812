"""The rows that the Rust core is tested with, through Python."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest

import edgetally

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "crates/core/tests/fixtures/identifiers.json").read_text(encoding="utf-8")
)

# How the platforms call the identifiers, in the rows.
NAMES = {
    "em": "email",
    "emailAddress": "email",
    "sha256_email_address": "email",
    "SHA256_EMAIL": "email",
    "hashed_email": "email",
    "ph": "phone",
    "phoneNumber": "phone",
    "phone_number": "phone",
    "sha256_phone_number": "phone",
    "hashed_phone_number": "phone",
    "fn": "first_name",
    "address.givenName": "first_name",
    "address.sha256_first_name": "first_name",
    "hashedFirstName": "first_name",
    "ln": "last_name",
    "address.familyName": "last_name",
    "address.sha256_last_name": "last_name",
    "db": "birth_date",
    "ge": "gender",
    "address.sha256_street": "street",
    "ct": "city",
    "address.city": "city",
    "st": "region",
    "address.region": "region",
    "zp": "postal_code",
    "zip_code": "postal_code",
    "address.postalCode": "postal_code",
    "address.regionCode": "country",
    "address.country": "country",
}


def call(verb: str, field: str, value: object, **options: object) -> Any:
    return getattr(edgetally, f"{verb}_{field}")(value, **options)


def form(dialect: str, field: str) -> object:
    table: Any = edgetally.dialects()
    return table[dialect][field]


def field_of(row: dict[str, Any]) -> str:
    name: str = row["field"]
    return NAMES.get(name, name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['destination']}-{row['field']}-{row['input']}")
def test_a_row_comes_out_as_published(row: dict[str, Any]) -> None:
    dialect, field = row["destination"], field_of(row)
    options = {"dialect": dialect, "default_country": row.get("default_country")}

    assert call("normalize", field, row["input"], **options) == row["normalized"]
    assert call("normalize", field, [None, row["input"]], **options) == [None, row["normalized"]]

    if form(dialect, field) == "clear":
        assert row["sha256"] is None
        with pytest.raises(edgetally.EdgetallyError):
            call("hash", field, row["input"], **options)
    else:
        assert call("hash", field, row["input"], **options) == row["sha256"]
        assert call("hash", field, (row["input"],), **options) == [row["sha256"]]


@pytest.mark.parametrize("field", ["region", "postal_code"])
def test_the_visitors_country_reaches_the_rule(field: str) -> None:
    value, at_home = {"region": ("California", "ca"), "postal_code": ("940251234", "94025")}[field]
    abroad = call("normalize", field, value, country="DE")
    assert call("normalize", field, value, country="US") == at_home != abroad
    assert call("normalize", field, [value] * 3, country="US") == [at_home] * 3
    assert call("normalize", field, [value] * 3, country=["US", None, "DE"])[::2] == [at_home, abroad]


def test_a_digest_is_that_of_the_normalised_text() -> None:
    samples = {
        "email": "Jo.Smith+Sale@Gmail.com",
        "phone": "+49 1512 3456789",
        "birth_date": "1997-02-16",
        "gender": "F",
        "postal_code": "10115",
        "country": "DE",
    }
    for dialect, fields in edgetally.dialects().items():
        for field, how in fields.items():
            value = samples.get(field, "Élan 1")
            text = call("normalize", field, value, dialect=dialect)
            assert text, (dialect, field)
            if how == "hashed":
                digest = hashlib.sha256(text.encode()).hexdigest()
                assert call("hash", field, value, dialect=dialect) == digest == edgetally.sha256_hex(text)


def test_every_dialect_takes_an_email_and_only_known_fields() -> None:
    fields = {name.removeprefix("hash_") for name in edgetally.__all__ if name.startswith("hash_")}
    assert fields == {name.removeprefix("normalize_") for name in edgetally.__all__ if name.startswith("normalize_")}
    taken = edgetally.dialects()
    assert all("email" in row for row in taken.values())
    assert set().union(*taken.values()) == fields


FAULTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "crates/core/tests/fixtures/identifiers_faults.json").read_text(encoding="utf-8")
)

# A dialect that spells the field as the rows do.
PLAINEST = {"phone": "tiktok", "region": "pinterest"}


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"{row['field']}-{row['input']!a}")
def test_what_people_and_programs_write_is_read_or_dropped(row: dict[str, Any]) -> None:
    field = {"date_of_birth": "birth_date"}.get(row["field"], row["field"])
    options = {"dialect": PLAINEST.get(field, "meta"), "default_country": row.get("default_country")}
    expected = row["expected"]
    digest = expected and hashlib.sha256(expected.encode()).hexdigest()

    assert call("normalize", field, row["input"], **options) == expected
    assert call("hash", field, row["input"], **options) == digest
    assert call("hash", field, [row["input"], None], **options) == [digest, None]


@pytest.mark.parametrize(
    "field", ["email", "phone", "first_name", "birth_date", "gender", "city", "country", "external_id"]
)
def test_a_digest_stays_what_it_is_and_that_of_nothing_is_none(field: str) -> None:
    digest = hashlib.sha256(b"somebody").hexdigest()
    nothing = [hashlib.sha256(word).hexdigest() for word in (b"", b"undefined", b"NaN", b"None")]

    assert call("hash", field, f" {digest.upper()} ") == digest
    assert call("hash", field, [digest, *nothing]) == [digest, None, None, None, None]
    assert call("normalize", field, digest) is None


@pytest.mark.parametrize("sent", ["…@gmail.com", "-@mail.example", "..@gmail.com", "_@shop.example", "+@shop.example"])
def test_a_mailbox_of_nothing_but_signs_is_none(sent: str) -> None:
    for dialect in edgetally.dialects():
        assert edgetally.normalize_email(sent, dialect=dialect) is None  # type: ignore[call-overload]
        assert edgetally.hash_email([sent], dialect=dialect) == [None]  # type: ignore[call-overload]


def test_a_mailbox_in_any_script_is_one() -> None:
    assert edgetally.normalize_email("пошта@mail.example") == "пошта@mail.example"
    assert edgetally.normalize_email("7@mail.example") == "7@mail.example"


PHONES: list[Any] = [
    *(491512345678, 491512345678.0, [491512345678], [491512345678.0, None]),
    *(numpy.array([491512345678]), numpy.array([491512345678.0]), numpy.array([491512345678], dtype=object)),
    *(
        numpy.int64(491512345678),
        pandas.Series([491512345678.0, None]),
        pandas.array([491512345678, None], dtype="Int64"),
    ),
    *(pandas.Series([491512345678, None], dtype="Int64"), pandas.Series([491512345678.0], dtype="double[pyarrow]")),
    *(
        pandas.Series([491512345678, None], dtype=object),
        polars.Series([491512345678.0]),
        polars.Series([491512345678]),
    ),
    *(pyarrow.array([491512345678]), pyarrow.array([491512345678.0])),
]


@pytest.mark.parametrize("phones", PHONES, ids=lambda phones: type(phones).__name__)
def test_numbers_where_text_is_wanted_are_refused_with_what_to_do(phones: Any) -> None:
    for function in (edgetally.normalize_phone, edgetally.hash_phone):
        with pytest.raises(edgetally.EdgetallyError, match=r"read such columns as text \(dtype=str\)") as caught:
            function(phones, default_country="DE")
        assert caught.value.code == "wrong_type"
        assert "4915" not in str(caught.value)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("491512345678.0", "491512345678"),
        ("16505551212.0", "16505551212"),
        ("4.91512E+11", None),
        ("+1.6505551212E+10", None),
        ("4,91512E+11", None),
    ],
)
def test_a_telephone_number_that_was_a_float_gets_no_digit_too_many(sent: str, kept: str | None) -> None:
    columns = [[sent], numpy.array([sent]), pandas.Series([sent]), polars.Series([sent]), pyarrow.array([sent])]
    assert edgetally.normalize_phone(sent) == kept
    for column in columns:
        answer = edgetally.normalize_phone(column)
        answer = answer.to_pylist() if hasattr(answer, "to_pylist") else list(answer)
        assert [text if isinstance(text, str) else None for text in answer] == [kept]


@pytest.mark.parametrize("missing", [None, float("nan"), numpy.nan, pandas.NA, pandas.NaT], ids=repr)
def test_missing_in_is_missing_out(missing: Any) -> None:
    assert edgetally.hash_email(missing) is None
    assert edgetally.normalize_phone([missing, "+49 30 901820"], default_country="DE") == [None, "4930901820"]
    assert edgetally.normalize_region("California", country=missing) == edgetally.normalize_region("California")


def test_one_text_of_numpy_is_one_text() -> None:
    for one in (numpy.str_("Jo@Shop.example"), numpy.array("Jo@Shop.example"), numpy.array("Jo@Shop.example", object)):
        assert edgetally.normalize_email(one) == "jo@shop.example"

"""What identifiers cost beside the tools that people use for them today; every figure as a ratio within one run.

    python bench/python/identity.py [--rows 1000000] [--repeats 7]

Each rival is written as a careful user of it would write it, and all of them are run in turn, again and again, so that
a busy machine is busy for all. Medians are compared. Before anything is timed, the answers are: a rival that gives others
would be no rival. Needs pandas, polars, polars-hash, duckdb, pyarrow and phonenumbers.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import duckdb
import edgetally
import pandas as pd
import phonenumbers
import polars as pl
import polars_hash  # noqa: F401 - registers its expressions
import pyarrow as pa

FIRST = ["jane", "Bob", "MARIA", "li", "Chukwuemeka", "anne-marie", "j"]
LAST = ["doe", "Smith", "o.connor", "Garcia-Lopez", "NG", "van.dyke"]
DOMAINS = ["gmail.com", "Shop.example", "outlook.example", "company-name.example", "mail.co.example"]


def emails(rows: int) -> list[str]:
    """Addresses as a shop's export has them, all different and all valid."""
    dice = random.Random(20261122)  # noqa: S311 - a bench, not a secret
    return [
        f"{' ' * (dice.random() < 0.03)}{dice.choice(FIRST)}.{dice.choice(LAST)}{row}"
        f"{'+sale' * (dice.random() < 0.1)}@{dice.choice(DOMAINS)}{' ' * (dice.random() < 0.05)}"
        for row in range(rows)
    ]


def phones(rows: int) -> tuple[list[str], list[str]]:
    """Numbers of four countries, half of them as typed at home."""
    dice = random.Random(20261122)  # noqa: S311 - a bench, not a secret
    numbers, regions = [], []
    for _ in range(rows):
        d = dice.randrange(10_000_000)
        region, number = dice.choice(
            [
                ("US", f"({dice.choice([212, 415, 650, 312])}) 555-{d % 10000:04}"),
                ("US", f"+1 {dice.choice([212, 415, 650, 312])}-555-{d % 10000:04}"),
                ("GB", f"020 79{d % 100:02} {d // 100 % 10000:04}"),
                ("GB", f"+44 7700 9{d % 100000:05}"),
                ("DE", f"0151 2{d:07}"),
                ("DE", f"+49 (0)30 90{d % 10000:04}"),
                ("FR", f"06 {d % 90 + 10} {d // 100 % 90 + 10} {d // 7 % 90 + 10} {d // 13 % 90 + 10}"),
                ("FR", f"0033 1 {d % 90 + 10} {d // 100 % 90 + 10} {d // 7 % 90 + 10} {d // 13 % 90 + 10}"),
            ]
        )
        numbers.append(number)
        regions.append(region)
    return numbers, regions


def with_pandas(column: pd.Series) -> pd.Series:
    """What the platforms' own pages show, mapped over a column."""
    return column.map(lambda text: hashlib.sha256(text.strip().lower().encode()).hexdigest())


def with_polars(column: pl.Series) -> pl.Series:
    """The hash plug-in for Polars."""
    expression = pl.col("email").str.strip_chars().str.to_lowercase().chash.sha2_256()
    return column.to_frame("email").select(expression).to_series()


def with_duckdb(connection: duckdb.DuckDBPyConnection, visitors: pa.Table, threads: int) -> pa.Table:  # noqa: ARG001 - read by name
    """One query over the Arrow table."""
    connection.execute(f"SET threads = {threads}")
    return connection.sql("SELECT sha256(lower(trim(email))) AS digest FROM visitors").to_arrow_table()


def with_phonenumbers(numbers: list[str], regions: list[str]) -> list[str | None]:
    """Parsed, checked for its length as ours is, formatted, hashed."""
    answers: list[str | None] = []
    for number, region in zip(numbers, regions, strict=True):
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed is None or not phonenumbers.is_possible_number(parsed):
            answers.append(None)
            continue
        text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        answers.append(hashlib.sha256(text.encode()).hexdigest())
    return answers


def seconds(call: Callable[[], Any]) -> tuple[float, float]:
    """Once: on the clock, and of the processors."""
    start, busy = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - start, time.process_time() - busy


def medians(title: str, rows: int, calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Each in turn, so many times; prints the rows, and returns what the clock said."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            times[name].append(seconds(call))
    print(f"{title}, {rows:,} rows, median of {repeats}")
    clock = {}
    for name, values in times.items():
        clock[name], busy = (statistics.median(column) for column in zip(*values, strict=True))
        speed = rows / clock[name] / 1e6
        print(f"  {name:32} {clock[name] * 1e3:9.1f} ms {speed:8.3f} M rows/s {busy * 1e3:9.1f} ms of processors")
    return clock


def main() -> None:
    """Prints the rows of the table, and of each goal whether it is met."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--phones", type=int, default=100_000)
    arguments.add_argument("--repeats", type=int, default=7)
    options = arguments.parse_args()
    rows = options.rows

    texts = emails(rows)
    array = pa.array(texts)
    table = pa.table({"email": array})
    series = pd.Series(texts)
    column = pl.Series("email", array)
    connection = duckdb.connect()
    numbers, regions = phones(options.phones)

    expected = with_pandas(series).tolist()
    assert edgetally.hash_email(array).to_pylist() == expected
    assert edgetally.hash_email(series).tolist() == expected
    assert edgetally.hash_email(column).to_list() == expected
    assert with_polars(column).to_list() == expected
    assert with_duckdb(connection, table, 2)["digest"].to_pylist() == expected
    assert edgetally.hash_phone(numbers, dialect="tiktok", default_country=regions) == with_phonenumbers(
        numbers, regions
    )
    del expected

    # Nothing but the hashing, without a column, a rule or hexadecimal digits: one call over as many blocks as rows.
    blocks = bytes(64 * rows)
    calls: dict[str, Callable[[], Any]] = {
        "one block per row (hashlib)": lambda: hashlib.sha256(blocks).digest(),
        "edgetally, Arrow, 1 thread": lambda: edgetally.hash_email(array, threads=1),
        "edgetally, Arrow, 2 threads": lambda: edgetally.hash_email(array, threads=2),
        "edgetally, Polars, 2 threads": lambda: edgetally.hash_email(column, threads=2),
        "edgetally, pandas, 2 threads": lambda: edgetally.hash_email(series, threads=2),
        "edgetally, list, 2 threads": lambda: edgetally.hash_email(texts, threads=2),
        "pandas, map and hashlib": lambda: with_pandas(series),
        "Polars and polars-hash": lambda: with_polars(column),
        "DuckDB, 1 thread": lambda: with_duckdb(connection, table, 1),
        "DuckDB, 2 threads": lambda: with_duckdb(connection, table, 2),
    }
    found = medians("E-mail, normalise and hash", rows, calls, options.repeats)

    def goal(text: str, ratio: float, wanted: float, *, at_most: bool = False) -> None:
        met = ratio <= wanted if at_most else ratio >= wanted
        print(f"  {text:58} {ratio:7.1f}x  goal {'<=' if at_most else '>='} {wanted:g}x  {'met' if met else 'MISSED'}")

    for threads in ("1 thread", "2 threads"):
        ours = found[f"edgetally, Arrow, {threads}"]
        goal(f"{threads}: times as fast as pandas and hashlib", found["pandas, map and hashlib"] / ours, 15)
        goal(f"{threads}: times as fast as Polars and polars-hash", found["Polars and polars-hash"] / ours, 3)
        goal(f"{threads}: times as fast as DuckDB", found[f"DuckDB, {threads}"] / ours, 8)
    bare = found["one block per row (hashlib)"]
    ours = found["edgetally, Arrow, 1 thread"]
    goal("1 thread: times the bare cost of hashing", ours / bare, 2.5, at_most=True)

    typed, homes = pa.array(numbers), pa.array(regions)
    calls = {
        "edgetally, Arrow, 1 thread": lambda: edgetally.hash_phone(
            typed, dialect="tiktok", default_country=homes, threads=1
        ),
        "edgetally, lists, 1 thread": lambda: edgetally.hash_phone(
            numbers, dialect="tiktok", default_country=regions, threads=1
        ),
        "phonenumbers and hashlib": lambda: with_phonenumbers(numbers, regions),
    }
    title = "Phone, normalise and hash, four countries"
    found = medians(title, options.phones, calls, max(3, options.repeats // 2))
    goal("times as fast as phonenumbers", found["phonenumbers and hashlib"] / found["edgetally, Arrow, 1 thread"], 100)


if __name__ == "__main__":
    main()

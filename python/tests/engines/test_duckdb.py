"""Calculators as DuckDB functions, and reports of relations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import edgetally as et

if TYPE_CHECKING:
    from collections.abc import Iterator

duckdb = pytest.importorskip("duckdb")

from edgetally.engines import duckdb as engine  # noqa: E402


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.sql(
            """
            create table orders as select
                'channel ' || i % 7 as channel,
                date '2026-01-01' + (i % 60)::integer as day,
                (i * 31 % 1000) / 100 as spend,
                (i * 17 % 5000) / 100 as "the revenue"
            from range(10000) t(i)
            """
        )
        yield connection


ARGUMENTS = {"by": "channel", "date": "day", "window": "week", "columns": {"revenue": "the revenue"}}


@pytest.mark.parametrize("batch_rows", [2048, 1_000_000])
def test_a_report_of_a_relation_has_the_same_bits(connection: duckdb.DuckDBPyConnection, batch_rows: int) -> None:
    orders = connection.table("orders")
    whole = connection.table("orders").to_arrow_table()
    assert engine.summarize(orders, "roas", batch_rows=batch_rows, **ARGUMENTS) == et.summarize(
        whole, "roas", **ARGUMENTS
    )
    r = engine.report(connection.table("orders"), "roas", now="2026-12-24", gross_margin=0.5, **ARGUMENTS)
    want = et.report(whole, "roas", now="2026-12-24", gross_margin=0.5, **ARGUMENTS)
    assert str(r.to_dict()) == str(want.to_dict())
    # And back: DuckDB reads the report.
    table = r.to_arrow()
    assert connection.from_arrow(table).aggregate("sum(spend)").fetchall()[0][0] == pytest.approx(sum(r["spend"]))
    nothing = connection.table("orders").filter("spend < 0")
    assert len(engine.report(nothing, "roas", **ARGUMENTS)) == 0


def test_a_calculator_is_a_function_in_sql(connection: duckdb.DuckDBPyConnection) -> None:
    engine.register(connection, et.roas, ["revenue", "spend"], "roas")
    engine.register(connection, et.roas, ["revenue", "spend"], "profit", gross_margin=0.5)
    engine.register(connection, et.ctr, ["clicks", "impressions"], "ctr", name="click_rate")
    assert connection.sql("select click_rate(1, 100), click_rate(null, 100)").fetchall() == [(0.01, None)]
    got = connection.sql(
        """
        select channel, sum("the revenue") as r, sum(spend) as s, roas(r, s) as roas,
               roas_profit(r, s) as profit
        from orders group by channel order by channel
        """
    ).to_arrow_table()
    want = et.roas(got["r"], got["s"], gross_margin=0.5)
    assert got["roas"].to_pylist() == want.roas.to_pylist()
    assert got["profit"].to_pylist() == want.profit.to_pylist()


def test_the_lines_of_the_page_run(connection: duckdb.DuckDBPyConnection) -> None:
    page = Path(__file__).parents[3] / "docs" / "calculators" / "report.md"
    lines = re.findall(r"`(duckdb\.\w+\(.*?\))`", page.read_text(encoding="utf-8"))
    assert len(lines) == 2
    relation = connection.sql('select channel, spend, "the revenue" as revenue from orders')
    made = [eval(line, {"duckdb": engine, "et": et, "connection": connection, "relation": relation}) for line in lines]  # noqa: S307
    assert made[0]["channel"][:2] == ["channel 0", "channel 1"]
    got = connection.sql("select roas(sum(revenue), sum(spend)) from relation").fetchall()[0][0]
    assert got == pytest.approx(et.report(relation.to_arrow_table(), "roas")["roas"][0])

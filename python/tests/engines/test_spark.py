"""Calculators as Spark columns, and reports summed on executors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

import edgetally as et

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("pyspark")
pytestmark = pytest.mark.filterwarnings("default")

from edgetally.engines import spark as engine  # noqa: E402


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    import os

    from pyspark.sql import SparkSession

    os.environ.update(PYSPARK_PYTHON=sys.executable, PYSPARK_DRIVER_PYTHON=sys.executable)
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "700",
    }
    builder = SparkSession.builder.master("local[2]").appName("edgetally")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def orders(session: Any) -> Any:
    return session.range(10_000).selectExpr(
        "concat('channel ', id % 7) as channel",
        "date_add(date '2026-01-01', cast(id % 60 as int)) as day",
        "timestamp_seconds(1767225600 + id * 601) as at",
        "(id * 31 % 1000) / 100.0D as spend",
        "(id * 17 % 5000) / 100.0D as revenue",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"by": ["channel"], "date": "day", "window": "week"},
        {"date": "at", "window": "day", "tz": "America/New_York"},
        {},
    ],
)
@pytest.mark.parametrize("partitions", [1, 5])
def test_however_spark_parts_the_rows_the_bits_are_the_same(orders: Any, arguments: Any, partitions: int) -> None:
    part = engine.summarize(orders.repartition(partitions), "roas", **arguments)
    assert part == et.summarize(orders.toArrow(), "roas", **arguments)


def test_a_report_of_a_spark_table(orders: Any) -> None:
    arguments = {"by": "channel", "date": "day", "window": "month"}
    r = engine.report(orders, "roas", now="2026-12-24", gross_margin=0.5, **arguments)
    want = et.report(orders.toArrow(), "roas", now="2026-12-24", gross_margin=0.5, **arguments)
    assert str(r.to_dict()) == str(want.to_dict())
    assert len(engine.report(orders.limit(0), "roas", **arguments)) == 0


def test_a_calculator_is_columns_of_a_spark_table(session: Any) -> None:
    names = ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
    rows = [(1000.0 + i, 50.0 + i % 9, 900.0, 40.0) for i in range(500)]
    df = session.createDataFrame(rows, list(names)).repartition(3)
    fields = ["rel_lift", "rel_lift_low", "rel_lift_high", "p_value"]
    got = engine.with_columns(df, et.lift, {name: name for name in names}, fields, confidence=0.9).toArrow()
    want = et.lift(*(got[name] for name in names), confidence=0.9)
    assert got.column_names == [*names, *fields]
    assert got["rel_lift_high"].to_pylist() == want.rel_lift.high.to_pylist()
    assert got["p_value"].to_pylist() == want.p_value.to_pylist()

"""Calculators as Polars expressions, and reports of LazyFrames."""

from __future__ import annotations

import polars as pl
import pytest

import edgetally as et
from edgetally.engines import polars as engine


def rows(n: int = 10_000) -> pl.DataFrame:
    return pl.select(
        pl.int_range(n).mod(7).cast(pl.String).alias("channel"),
        (pl.date(2026, 1, 1) + pl.duration(days=pl.int_range(n) % 60)).alias("day"),
        (pl.int_range(n) * 31 % 1000 / 100).alias("spend"),
        (pl.int_range(n) * 17 % 5000 / 100).alias("revenue"),
    )


def test_an_expression_gives_a_field_or_a_struct_of_fields() -> None:
    df = rows(100).filter(pl.col("spend") > 0)
    got = df.with_columns(engine.expression(et.roas, ["roas"], revenue="revenue", spend="spend"))
    assert got["roas"].to_list() == et.roas(df["revenue"], df["spend"]).roas.to_list()
    both = df.lazy().select(
        engine.expression(
            et.roas, ["roas", "profit"], revenue="revenue", spend=pl.col("spend"), options={"gross_margin": 0.5}
        )
    )
    assert (
        both.collect().unnest("roas")["profit"].to_list()
        == et.roas(df["revenue"], df["spend"], gross_margin=0.5).profit.to_list()
    )


def test_ends_of_intervals_are_fields() -> None:
    df = pl.DataFrame({"e": [1000, 2000], "x": [50, 90], "h": [1000, 500], "y": [40, 20]})
    lift = engine.expression(
        et.lift,
        ["rel_lift", "rel_lift_low", "p_value"],
        exposed_users="e",
        exposed_conversions="x",
        holdout_users="h",
        holdout_conversions="y",
    )
    got = df.select(lift).unnest("lift")
    want = et.lift(df["e"], df["x"], df["h"], df["y"])
    assert got["rel_lift_low"].to_list() == want.rel_lift.low.to_list()
    with pytest.raises(et.EdgetallyError, match="no field"):
        df.select(engine.expression(et.cpm, ["cpx"], spend="e", impressions="x"))


@pytest.mark.parametrize("batch_rows", [100, 1_000_000])
def test_a_report_of_a_lazy_frame_has_the_same_bits(batch_rows: int) -> None:
    df = rows()
    arguments = {"by": "channel", "date": "day", "window": "week"}
    part = engine.summarize(df.lazy(), "roas", batch_rows=batch_rows, **arguments)
    assert part == et.summarize(df, "roas", **arguments)
    r = engine.report(df.lazy(), "roas", now="2026-12-24", gross_margin=0.5, **arguments)
    assert str(r.to_dict()) == str(et.report(df, "roas", now="2026-12-24", gross_margin=0.5, **arguments).to_dict())
    assert len(engine.report(df.lazy().filter(False), "roas", **arguments)) == 0

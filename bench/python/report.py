"""Reports against pandas, Polars and statsmodels as a careful user writes it, interleaved in one run, all cores."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from statistics import median

import edgetally as et
import numpy as np
import pandas as pd
import polars as pl
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
SEGMENTS = 1000
COUNTS = ["exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions"]
DAYS = 365

random = np.random.default_rng(7)


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call; what it made is dropped outside the clock."""
    start = time.perf_counter()
    made = call()
    seconds = time.perf_counter() - start
    del made
    return seconds


def tables() -> dict[str, pl.DataFrame]:
    """Rows of cells (segment and day, both arms in a row), rows of users (one arm each), and orders."""
    code = random.integers(0, SEGMENTS, ROWS)
    names = pl.Series([f"segment {number:04}" for number in range(SEGMENTS)])
    exposed, holdout = random.integers(80, 120, ROWS), random.integers(8, 12, ROWS)
    arm = random.random(ROWS) < 0.5
    return {
        "cells": pl.DataFrame(
            {
                "segment": names.gather(code),
                "code": code,
                "exposed_users": exposed,
                "exposed_conversions": random.binomial(exposed, 0.03),
                "holdout_users": holdout,
                "holdout_conversions": random.binomial(holdout, 0.025),
            }
        ),
        "users": pl.DataFrame(
            {
                "segment": names.gather(code),
                "arm": pl.Series(["control", "treatment"]).gather(arm.astype(np.int64)),
                "converted": (random.random(ROWS) < np.where(arm, 0.05, 0.045)).astype(np.int8),
            }
        ),
        "orders": pl.DataFrame(
            {
                "segment": names.gather(code),
                "code": code,
                "day": np.datetime64("2026-01-01") + random.integers(0, DAYS, ROWS),
                "spend": np.round(random.gamma(2, 5, ROWS), 2),
                "revenue": np.round(random.gamma(2, 30, ROWS), 2),
            }
        ),
    }


def lift_by_statsmodels(counts: pd.DataFrame) -> pd.DataFrame:
    """Score intervals of difference and ratio, and a p-value, for one segment after the other."""
    rows = []
    for n1, x1, n0, x0 in counts[COUNTS].itertuples(index=False):
        try:
            difference = confint_proportions_2indep(x1, n1, x0, n0, method="score", compare="diff")
        except ValueError:  # its root finder gives up on some tables
            difference = (np.nan, np.nan)
        ratio = confint_proportions_2indep(x1, n1, x0, n0, method="score", compare="ratio")
        rows.append((*difference, ratio[0] - 1, ratio[1] - 1, proportions_ztest([x1, x0], [n1, n0])[1]))
    names = ["diff_low", "diff_high", "rel_low", "rel_high", "p_value"]
    return counts.join(pd.DataFrame(rows, columns=names, index=counts.index))


def cheap_lift_by_statsmodels(counts: pd.DataFrame) -> pd.DataFrame:
    """The intervals that statsmodels has for whole columns: Newcombe's difference and the logarithm's ratio."""
    n1, x1, n0, x0 = (counts[name].to_numpy() for name in COUNTS)
    low, high = confint_proportions_2indep(x1, n1, x0, n0, method="newcomb", compare="diff")
    ratio_low, ratio_high = confint_proportions_2indep(x1, n1, x0, n0, method="log", compare="ratio")
    return counts.assign(diff_low=low, diff_high=high, rel_low=ratio_low - 1, rel_high=ratio_high - 1)


def users_by_pandas(users: pd.DataFrame) -> pd.DataFrame:
    """Counts by segment and arm, side by side."""
    cells = users.groupby(["segment", "arm"], observed=True)["converted"].agg(["size", "sum"]).unstack("arm")
    return pd.DataFrame(
        {
            "exposed_users": cells["size", "treatment"],
            "exposed_conversions": cells["sum", "treatment"],
            "holdout_users": cells["size", "control"],
            "holdout_conversions": cells["sum", "control"],
        }
    )


def weekly_roas_by_pandas(orders: pd.DataFrame) -> pd.DataFrame:
    """Sums by segment and week, then their ratio."""
    week = orders["day"].dt.to_period("W").dt.start_time
    sums = orders.groupby(["segment", week], observed=True)[["spend", "revenue"]].sum()
    return sums.assign(roas=sums["revenue"] / sums["spend"])


def cases(polars: dict[str, pl.DataFrame]) -> list[tuple[str, float, Callable[[], object], Callable[[], object]]]:
    """What is measured, the goal, ours and theirs."""
    cells, users, orders = polars["cells"], polars["users"], polars["orders"]
    frames = {name: table.to_pandas() for name, table in polars.items()}
    arms = {"arm": "arm", "conversions": "converted"}
    quick = {"by": "code", "columns": {"spend": "spend", "revenue": "revenue"}}
    return [
        (
            "lift of cells, pandas: groupby + statsmodels score",
            20,
            lambda: et.report(frames["cells"], "lift", by="segment"),
            lambda: lift_by_statsmodels(frames["cells"].groupby("segment")[COUNTS].sum()),
        ),
        (
            "lift of cells, pandas: groupby + statsmodels newcomb",
            1,
            lambda: et.report(frames["cells"], "lift", by="segment", method="newcombe"),
            lambda: cheap_lift_by_statsmodels(frames["cells"].groupby("segment")[COUNTS].sum()),
        ),
        (
            "lift of users, pandas: groupby + statsmodels score",
            20,
            lambda: et.report(frames["users"], "lift", columns=arms, by="segment"),
            lambda: lift_by_statsmodels(users_by_pandas(frames["users"])),
        ),
        (
            "lift of cells, Polars: group_by + statsmodels score",
            20,
            lambda: et.report(cells, "lift", by="segment"),
            lambda: lift_by_statsmodels(cells.group_by("segment").agg(pl.col(COUNTS).sum()).to_pandas()),
        ),
        (
            "group-by, integer keys, 2 sums of cents: Polars",
            1,
            lambda: et.summarize(orders, "roas", **quick),
            lambda: orders.lazy().group_by("code").agg(pl.col("spend", "revenue").sum()).collect(),
        ),
        (
            "group-by, text keys, 2 sums of cents: Polars",
            1,
            lambda: et.summarize(orders, "roas", by="segment"),
            lambda: orders.lazy().group_by("segment").agg(pl.col("spend", "revenue").sum()).collect(),
        ),
        (
            "group-by, text keys, 4 sums of counts: Polars",
            1,
            lambda: et.summarize(cells, "lift", by="segment"),
            lambda: cells.lazy().group_by("segment").agg(pl.col(COUNTS).sum()).collect(),
        ),
        (
            "group-by of segment and arm: Polars",
            1,
            lambda: et.summarize(users, "lift", columns=arms, by="segment"),
            lambda: users.lazy().group_by("segment", "arm").agg(pl.len(), pl.col("converted").sum()).collect(),
        ),
        (
            "weekly ROAS by segment: pandas",
            1,
            lambda: et.report(frames["orders"], "roas", by="segment", date="day", window="week", now="2027-01-10"),
            lambda: weekly_roas_by_pandas(frames["orders"]),
        ),
        (
            "weekly ROAS by segment: Polars",
            1,
            lambda: et.report(orders, "roas", by="segment", date="day", window="week", now="2027-01-10"),
            lambda: (
                orders.lazy()
                .group_by("segment", pl.col("day").dt.truncate("1w"))
                .agg(pl.col("spend", "revenue").sum())
                .with_columns(roas=pl.col("revenue") / pl.col("spend"))
                .sort("segment", "day")
                .collect()
            ),
        ),
    ]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(f"{ROWS:,} rows, {SEGMENTS:,} segments, all cores, medians of {ROUNDS} interleaved rounds")
    print(f"{'':56} {'ours':>9} {'theirs':>9} {'ratio':>7} {'goal':>5}")
    for name, goal, ours, theirs in cases(tables()):
        ours(), theirs()  # once for what is only made once
        a, b = zip(*((timed(ours), timed(theirs)) for _ in range(ROUNDS)), strict=True)
        ratio = median(b) / median(a)
        print(f"{name:56} {1000 * median(a):6.0f} ms {1000 * median(b):6.0f} ms {ratio:6.1f}x {goal:4}x")

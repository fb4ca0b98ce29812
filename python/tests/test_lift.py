"""Lift: what the reference rows do not see."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import edgetally as et

TABLES: dict[str, Any] = {
    "exposed_users": [100_000, 10_000, 90_000, 1_000],
    "exposed_conversions": [1_200, 500, 30, 0],
    "holdout_users": [100_000, 10_000, 10_000, 1_000],
    "holdout_conversions": [900, 460, 2, 5],
}
METHODS = ("score", "newcombe", "agresti_caffo", "wald", "katz", "delta")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_a_column_and_its_rows_agree_to_the_bit(method: str, alternative: str) -> None:
    options: dict[str, Any] = {
        "spend": 5_000.0,
        "aov": 80.0,
        "margin": 0.4,
        "method": method,
        "alternative": alternative,
    }
    table = et.lift(**TABLES, **options)
    for row in range(4):
        single = et.lift(*(column[row] for column in TABLES.values()), **options)
        for name in single.fields:
            one, many = single[name], table[name]
            pairs = (
                [(one.estimate, many.estimate), (one.low, many.low), (one.high, many.high)]
                if isinstance(one, et.Interval)
                else [(one, many)]
            )
            for got, column in pairs:
                assert got == column[row] or (math.isnan(got) and math.isnan(column[row])), name


def test_the_thread_count_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    users = rng.integers(1_000, 100_000, 300_001).astype(float)
    counts = np.floor(users * rng.uniform(0, 0.1, users.size))
    others = np.floor(users * rng.uniform(0, 0.1, users.size))
    one, two = (et.lift_ci(users, counts, users, others, threads=threads) for threads in (1, 2))
    assert one == two


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_score_interval_excludes_zero_when_the_test_does(confidence: float) -> None:
    rng = np.random.default_rng(2)
    users = rng.integers(10, 10_000, 100_000).astype(float)
    counts = np.floor(users * rng.uniform(0, 1, users.size))
    others = np.minimum(users, np.floor(counts * rng.uniform(0.8, 1.2, users.size)))
    r = et.lift_ci(users, counts, users, others, confidence=confidence)
    outside = (r.diff.low > 0) | (r.diff.high < 0)
    assert 1_000 < outside.sum() < 99_000
    assert (outside == (r.p_value < 1 - confidence)).all()
    assert (outside == ((r.ratio.low > 1) | (r.ratio.high < 1))).all()


def test_the_confidence_may_be_a_column() -> None:
    levels = np.array([0.8, 0.9, 0.9, 0.99])
    r = et.lift_ci(70, 56, 80, 48, confidence=levels)
    for row, level in enumerate(levels):
        assert r.diff.low[row] == et.lift_ci(70, 56, 80, 48, confidence=float(level)).diff.low


def test_flags_are_words_or_columns() -> None:
    assert et.lift(90_000, 30, 10_000, 2).flags == ("low_counts", "interval_includes_zero")
    assert et.lift(100, 1, 100, 2, mde=0.5).flags[-1] == "underpowered"
    split = et.lift(821_588, 82_000, 815_482, 81_000, expected_split=0.5)
    assert split.flags == ("interval_includes_zero", "srm")
    assert split.status & 16
    table = et.lift(**TABLES)
    assert table.flags["low_counts"].tolist() == [False, False, True, True]
    assert table.flags["negative_lift"].tolist() == [False, False, False, True]
    assert (table.status & 8).tolist() == [0, 0, 8, 8]


def test_estimates_alone() -> None:
    r = et.lift(**TABLES, spend=5_000, aov=80, margin=0.4, method=None)
    full = et.lift(**TABLES, spend=5_000, aov=80, margin=0.4)
    for name in r.fields:
        value = full[name]
        want = value.estimate if isinstance(value, et.Interval) else value
        np.testing.assert_array_equal(r[name], want)


def test_a_prior_adds_probabilities_and_changes_nothing_else() -> None:
    counts = (100_000, 1_200, 100_000, 900)
    options: dict[str, Any] = {"spend": 5_000, "aov": 80, "margin": 0.4, "expected_split": 0.5}
    plain = et.lift(*counts, **options)
    more = et.lift(*counts, **options, bayes=(1, 1))
    assert more == et.lift_economics(*counts, **options)
    assert [more[name] for name in plain.fields] == [plain[name] for name in plain.fields]
    assert more.prob_lift_positive > 0.999
    assert 0.99 < more.prob_profit_positive < more.prob_lift_positive


def test_columns_keep_their_kind() -> None:
    series = pd.Series([56, 48], index=["a", "b"])
    r = et.lift_ci(80, series, 80, 40)
    assert r.diff.low.index.tolist() == ["a", "b"]
    assert isinstance(et.rate_ci(pl.Series([1, None]), 10).wilson.low, pl.Series)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: et.lift(10, 11, 10, 1), "exceeds"),
        (lambda: et.lift(10, 1, 10, 1, method="magic"), "unknown_choice"),
        (lambda: et.lift(10, 1, 10, 1, method=["score"]), "unknown_choice"),  # type: ignore[arg-type]
        (lambda: et.lift(10, 1, 10, 1, alternative="larger"), "unknown_choice"),
        (lambda: et.lift(10, 1, 10, 1, alternative=None), "unknown_choice"),  # type: ignore[arg-type]
        (lambda: et.lift(10, 1, 10, 1, confidence=95), "not_inside_0_1"),
        (lambda: et.lift(10, 1, 10, 1, margin=40), "not_a_rate"),
        (lambda: et.lift_ci(10, 1.5, 10, 1), "not_a_count"),
        (lambda: et.lift_ci(10, 1, 10, 1, method=None), "unknown_choice"),  # type: ignore[arg-type]
        (lambda: et.lift(10, 1, 10, 1, bayes=(0, 1)), "not_positive"),
        (lambda: et.lift(10, 1, 10, 1, bayes=1.0), "wrong_type"),  # type: ignore[arg-type]
        (lambda: et.lift(10, 1, 10, 1, bayes=(1, 1), method=None), "unknown_choice"),
        (lambda: et.rate_ci(11, 10), "exceeds"),
        (lambda: et.rate_ci(1, 10, method="exact"), "unknown_choice"),
        (lambda: et.lift_revenue_product(10, 0.1, -1.0, 80, 1), "negative"),
    ],
)
def test_wrong_arguments_raise(call: Callable[[], object], code: str) -> None:
    with pytest.raises(et.EdgetallyError) as caught:
        call()
    assert caught.value.code == code


def test_a_rate_by_one_method_is_the_same() -> None:
    both = et.rate_ci([0, 1, 500, 1_000], 1_000)
    for method in ("wilson", "agresti_coull", "jeffreys", "normal", "clopper_pearson"):
        one = et.rate_ci([0, 1, 500, 1_000], 1_000, method=method).rate
        np.testing.assert_array_equal(one.low, both[method].low)
        np.testing.assert_array_equal(one.high, both[method].high)

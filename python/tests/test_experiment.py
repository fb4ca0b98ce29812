"""Power, sequential tests, sample ratio, revenue and segments: what the reference rows do not see."""

import math
import pickle
from typing import Any

import numpy as np
import pytest

import edgetally as et


def code(function: Any, *values: Any, **named: Any) -> str:
    with pytest.raises(et.EdgetallyError) as caught:
        function(*values, **named)
    return str(caught.value.code)


def test_a_target_may_be_given_as_a_difference() -> None:
    assert et.sample_size(0.02, mde=0.01) == et.sample_size(0.02, 0.03)
    assert code(et.sample_size, 0.02) == "missing"
    assert code(et.sample_size, 0.02, 0.03, mde=0.01) == "missing"
    assert code(et.sample_size, 0.02, mde=0.0) == "equal"
    assert code(et.sample_size, 0.02, mde=-0.03) == "not_a_rate"


def test_rules_on_two_arguments_name_the_row() -> None:
    baseline = np.array([0.01, 0.02, 0.03, 0.04])
    with pytest.raises(et.EdgetallyError, match=r"target\[1\] equals baseline \(and 1 more row\)") as caught:
        et.sample_size(baseline, [0.02, 0.02, 0.02, 0.04])
    assert str(caught.value.code) == "equal"
    coerced = et.sample_size(baseline, [0.02, 0.02, 0.02, 0.04], errors="coerce")
    assert np.isnan(coerced.n_control).tolist() == [False, True, False, True]
    assert (coerced.status & 1).tolist() == [0, 1, 0, 1]
    # Together with a rule on one argument.
    coerced = et.sample_size([0.01, 7.0, 0.03], 0.03, errors="coerce")
    assert (coerced.status & 1).tolist() == [0, 1, 1]
    assert code(et.sample_size, 0.01, 0.02, power=0.05) == "not_above_alpha"
    assert code(et.lift_mde, 0.01, 1000, 1000, power=[0.8, 0.01]) == "not_above_alpha"
    alone = et.lift_mde(0.01, 1000, 1000, power=0.01, errors="coerce")
    assert math.isnan(alone.mde_abs)
    assert alone.status & 1


def test_columns_are_their_rows() -> None:
    rng = np.random.default_rng(0)
    rates = rng.uniform(0.001, 0.9, 500)
    users = rng.integers(10, 100_000, 500)
    whole = et.lift_mde(rates, users, 5_000, power=0.9, direction="down")
    rows = [
        et.lift_mde(float(p), int(n), 5_000, power=0.9, direction="down").mde_abs
        for p, n in zip(rates, users, strict=True)
    ]
    assert np.array_equal(whole.mde_abs, rows, equal_nan=True)
    conversions = (users * rates).astype(int)
    looks = et.sequential(users, conversions, 5_000, 50, tau=0.01)
    rows = [et.sequential(int(n), int(x), 5_000, 50, tau=0.01).e_value for n, x in zip(users, conversions, strict=True)]
    assert np.array_equal(looks.e_value, rows, equal_nan=True)


def test_a_running_minimum_is_kept() -> None:
    first = et.sequential(5_000, 90, 5_000, 40, tau=0.003)
    second = et.sequential(9_000, 99, 9_000, 98, tau=0.003, previous_p=first.p_always_valid)
    assert second.p_always_valid == first.p_always_valid < 0.01
    assert code(et.sequential, 10, 1, 10, 1) == "missing"
    assert code(et.sequential, 10, 1, 10, 1, tau=0.1, kind="other") == "unknown_choice"
    tuned = et.sequential(100_000, 1_200, 100_000, 900, kind="asympcs")
    theirs = et.gbstats_compat(100_000, 1_200, 100_000, 900, difference="absolute")
    # Theirs refers to the same sequence, in rates.
    assert tuned.confidence_sequence.low == pytest.approx(theirs.sequential_ci.low, rel=1e-12)


def test_missing_data_have_no_result() -> None:
    looks = et.sequential([math.nan, 100], 1, 100, 1, tau=0.1)
    assert [math.isnan(x) for x in looks.p_always_valid] == [True, False]
    lift = et.lift_revenue(1.0, 1.0, math.nan, 1.0, 1.0, 10)
    for value in lift.to_dict().values():
        assert all(math.isnan(part) for part in (value.values() if isinstance(value, dict) else [value]))


def test_p_values_keep_their_kind() -> None:
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    series = pd.Series([0.01, 0.04, None, 0.03], index=list("wxyz"))
    many = et.adjust_pvalues(series, method="bh")
    assert many.adjusted.index.tolist() == list("wxyz")
    assert many.adjusted.round(6).tolist()[:2] == [0.03, 0.04]
    assert math.isnan(many.adjusted["y"])
    assert many.reject.tolist() == [True, True, False, True]
    many = et.adjust_pvalues(pl.Series([0.01, None, 0.03]))
    assert many.holm.to_list() == [0.02, None, 0.03]
    assert many["simes-hochberg"].to_list() == many.simes_hochberg.to_list()
    assert et.adjust_pvalues([]).holm.tolist() == []
    assert code(et.adjust_pvalues, [0.1], method="tukey") == "unknown_choice"
    assert code(et.adjust_pvalues, [0.1, 1.1]) == "not_a_rate"


def test_arms_are_read_from_lists_and_columns() -> None:
    assert (
        et.srm([600, 400]) == et.srm(np.array([600.0, 400.0]).tolist(), [2, 2]) == et.srm(np.array([600, 400]), (2, 2))
    )
    assert et.srm([600, 400]).mismatch
    assert et.srm([600, 400]).flags == ("srm",)
    assert "srm" in et.srm([600, 400]).summary()
    assert code(et.srm, [600, 400], [1, 1, 1]) == "length_mismatch"
    assert code(et.srm, ["a", "b"]) == "wrong_type"
    assert math.isnan(et.srm([600, math.nan]).p_value)


def test_values_give_what_their_moments_give() -> None:
    rng = np.random.default_rng(1)
    exposed, holdout = rng.lognormal(0.1, 1.5, 5_000), rng.lognormal(0, 1.5, 3_000)
    direct = et.lift_revenue_values(exposed, holdout, spend=100, margin=0.5)
    moments = et.lift_revenue(
        exposed.mean(), exposed.std(ddof=1), 5_000, holdout.mean(), holdout.std(ddof=1), 3_000, spend=100, margin=0.5
    )
    for name in moments.fields:
        assert float(direct[name]) == pytest.approx(float(moments[name]), rel=1e-10)
    capped = et.lift_revenue_values(exposed, holdout, winsorize=0.99)
    assert capped.winsorize_cap == pytest.approx(np.quantile(np.concatenate([exposed, holdout]), 0.99), rel=1e-14)
    assert capped.exposed_capped + capped.holdout_capped == 80
    assert capped.se < direct.se
    assert "winsorized" in capped.summary()
    assert math.isnan(direct.winsorize_cap)
    delta = et.lift_revenue(1.2, 12.0, 1_000, 0.95, 10.5, 1_000, relative="delta")
    assert (delta.rel_lift.low, delta.rel_lift.high) == tuple(delta.rel_ci_delta)


def test_cuped_from_sums_is_cuped() -> None:
    rng = np.random.default_rng(2)
    x1, x0 = rng.normal(10, 3, 400), rng.normal(10, 3, 300)
    y1, y0 = x1 + rng.normal(1, 1, 400), x0 + rng.normal(0, 1, 300)

    def sums(y: Any, x: Any) -> tuple[float, ...]:
        return len(y), y.sum(), x.sum(), (y * y).sum(), (x * x).sum(), (x * y).sum()

    direct = et.cuped(y1, x1, y0, x0)
    for variant in ("within_arm", "pooled"):
        again = et.cuped_from_sums(sums(y1, x1), sums(y0, x0))[variant]
        for name in again.fields:
            assert float(again[name]) == pytest.approx(float(direct[variant][name]), rel=1e-8)
    assert direct.within_arm.variance_reduction > 0.8
    assert code(et.cuped, [1, 2], [1], [1, 2], [1, 2]) == "length_mismatch"
    assert code(et.cuped_from_sums, (1, 2), (1, 2, 3, 4, 5, 6)) == "length_mismatch"


def test_rows_of_a_segment_are_added_up() -> None:
    split = et.segment_lift(["b", "a", "b"], [500, 1_000, 8_500], [40, 100, 50], [500, 9_000, 500], [3, 810, 5])
    whole = et.segment_lift(["b", "a"], [9_000, 1_000], [90, 100], [1_000, 9_000], [8, 810])
    assert split == whole
    assert split.segment == ["b", "a"]
    assert "simpson" in split.summary()
    assert split.flags[0] == "simpson"
    assert split.per_segment_abs_ci.low[0] < 0.002 < split.per_segment_abs_ci.high[0]
    assert code(et.segment_lift, ["a"], [1, 2], [1, 1], [1, 1], [1, 1]) == "length_mismatch"
    assert code(et.segment_lift, "ab", [1, 2], [1, 1], [1, 1], [1, 1]) == "wrong_type"


def test_labels_may_be_of_any_kind() -> None:
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    plain = ["search", "social", "search", None]
    spend, revenue = [100.0, 50.0, 300.0, 0.0], [500.0, 40.0, 600.0, 10.0]
    for labels in (plain, tuple(plain), pd.Series(plain, dtype=object), pl.Series(plain), pa.array(plain)):
        result = et.segment_roas(spend, revenue, by=labels)
        assert result.segment == ["search", "social", None]
        assert result["search"] == 2.75
        assert math.isnan(result["None"])
    named = et.segment_roas(spend, revenue, by="channel", channel=plain)
    assert named.total == pytest.approx(1150 / 450)
    with pytest.raises(KeyError):
        named["display"]
    assert code(et.segment_roas, spend, revenue, by="channel") == "missing"
    assert et.segment_roas([1.0, 1.0], [2.0, 3.0], by=[2024, 2025])["2025"] == 3.0


def test_results_survive_pickling() -> None:
    results = [
        et.sample_size(0.02, 0.03),
        et.srm([10, 12]),
        et.gbstats_compat(1_000, 20, 1_000, 15),
        et.cuped([4.1, 6.0, 7.9], [1, 2, 3], [3.0, 5.2, 7.1], [1, 2, 3]),
        et.segment_roas([1.0], [2.0], by=["a"]),
    ]
    for result in results:
        assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301


def test_simulations_are_repeatable() -> None:
    def play(seed: int) -> et.SequentialSimulationResult:
        return et.sequential_simulation(
            0.02, 0.02, exposed_users_per_look=500, holdout_users_per_look=500, tau=0.008, repetitions=100, seed=seed
        )

    assert play(1) == play(1)
    assert play(1) != play(2)
    assert code(et.sequential_simulation, 1.2, 0.5, exposed_users_per_look=1, holdout_users_per_look=1) == "not_a_rate"


def test_risk_is_two_losses() -> None:
    one = et.gbstats_compat(10_000, 500, 10_000, 460)
    keep, choose = one.risk
    assert keep - choose == pytest.approx(one.expected)
    many = et.gbstats_compat([10_000, 5_000], [500, 60], [10_000, 5_000], [460, 40])
    assert many.risk[0].shape == (2,)
    assert many.risk[0][0] == keep
    assert code(et.gbstats_compat, 10, 1, 10, 1, difference="both") == "unknown_choice"


def test_nobody_seen_has_no_p_value() -> None:
    got = et.srm([0, 0])
    assert math.isnan(got.p_value)
    assert math.isnan(got.p_exact_binomial)


def test_the_sum_of_nothing_is_zero_and_not_below() -> None:
    assert str(et.segment_lift(["a"], [10], [0], [10], [0]).heterogeneity_q) == "0.0"
    assert str(et.attribution([]).total_conversions) == "0.0"

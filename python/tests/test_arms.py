"""More than two arms, non-inferiority, and the power of tests of means."""

import math

import numpy as np
import pytest

import edgetally as et


def test_every_arm_is_compared_with_the_holdout() -> None:
    r = et.lift_arms(["a", "h", "b", "a"], [400, 1_000, 1_000, 600], [30, 50, 52, 45], holdout="h")
    assert r.arm == ["a", "b"]
    assert r.users.tolist() == [1_000, 1_000]
    one = et.lift(1_000, 75, 1_000, 50)
    assert r.p_value[0] == one.p_value
    assert r.diff.estimate[0] == one.abs_lift.estimate
    # All together: wider than each alone, narrower than Bonferroni's.
    widths = [et.lift(1_000, 75, 1_000, 50, confidence=c).abs_lift.low for c in (0.95, 0.975)]
    assert widths[0] > r.diff.low[0] > widths[1]
    assert (r.p_adjusted >= r.p_value).all()
    assert (r.reject == ((r.diff.low > 0) | (r.diff.high < 0))).all()
    assert et.lift_arms(["a", "h"], [1_000, 1_000], [75, 50], holdout="h").p_adjusted[0] == pytest.approx(one.p_value)


@pytest.mark.parametrize("arms", [[10_000] * 4, [10_000, 2_000, 5_000, 20_000], [20_000, 20_000, 20_000, 2_000]])
def test_the_chance_of_any_false_discovery_is_kept(arms: list[int]) -> None:
    rng = np.random.default_rng(5)
    names = ["one", "two", "three", "holdout"]
    runs, false, covered, plain = 1_000, 0, 0, 0
    for _ in range(runs):
        counts = [int(rng.binomial(n, 0.05)) for n in arms]
        r = et.lift_arms(names, arms, counts, holdout="holdout")
        assert (r.reject == ((r.diff.low > 0) | (r.diff.high < 0))).all()
        false += bool(r.reject.any())
        plain += bool((r.p_value <= 0.05).any())
        covered += bool(((r.diff.low <= 0) & (r.diff.high >= 0)).all())
    # Three standard errors of 5 % in 1,000 are 2.1 %.
    assert 0.025 < false / runs < 0.071
    assert covered == runs - false
    assert plain > 1.5 * false


def test_dunnett_agrees_with_its_tables() -> None:
    # Dunnett (1955, 1964), two-sided 5 %, equal arms, infinite degrees of freedom.
    for arms, want in ((2, 2.21), (3, 2.35), (4, 2.44), (5, 2.51), (9, 2.69)):
        names = [str(k) for k in range(arms + 1)]
        r = et.lift_arms(names, [10_000] * (arms + 1), [500] * (arms + 1), holdout="0")
        assert r.critical == pytest.approx(want, abs=0.006)


def test_wrong_arms_are_refused() -> None:
    for call, code in (
        (lambda: et.lift_arms(["a", "b"], [10, 10], [1, 1], holdout="h"), "unknown_choice"),
        (lambda: et.lift_arms(["h", "h"], [10, 10], [1, 1], holdout="h"), "too_few_rows"),
        (lambda: et.lift_arms(["a", "h"], [10, 10], [11, 1], holdout="h"), "exceeds"),
        (lambda: et.lift_arms(["a", "h"], [10, 10], [1], holdout="h"), "length_mismatch"),
        (lambda: et.lift_arms(["a", "h"], [10, 10.5], [1, 1], holdout="h"), "not_a_count"),
        (lambda: et.lift_arms(["a", "h"], [10, 10], [1, 11], holdout="h"), "exceeds"),
        (lambda: et.lift_arms(["a", "h"], [10, 10], [1, 1], holdout="h", confidence=0.05), "confidence_low"),
    ):
        with pytest.raises(et.EdgetallyError) as caught:
            call()
        assert caught.value.code == code
    unknown = et.lift_arms(["a", "b", "h"], [10, math.nan, 10], [1, 1, 1], holdout="h")
    assert math.isnan(unknown.p_adjusted[1])
    empty = et.lift_arms(["a", "b", "h"], [100, 0, 100], [9, 0, 4], holdout="h")
    assert empty.p_adjusted[0] == pytest.approx(empty.p_value[0])
    assert math.isnan(empty.diff.low[1])


def test_the_verdict_is_the_lower_end_of_the_interval() -> None:
    rng = np.random.default_rng(6)
    users = rng.integers(100, 20_000, 4_000).astype(float)
    others = rng.integers(100, 20_000, 4_000).astype(float)
    counts = np.floor(users * rng.uniform(0.01, 0.2, users.size))
    against = np.minimum(others, np.floor(others * (counts / users) * rng.uniform(0.8, 1.25, users.size)))
    for confidence in (0.9, 0.95):
        r = et.lift(users, counts, others, against, non_inferiority=0.1, confidence=confidence)
        clear = abs(np.asarray(r.non_inferiority_p) - (1 - confidence) / 2) > 1e-9
        assert ((r.non_inferior == 1) == (r.rel_lift.low > -0.1))[clear].all()
        assert 300 < (r.non_inferior == 1).sum() < 3_700
        a = et.lift(
            users, counts, others, against, non_inferiority=0.01, margin_scale="absolute", confidence=confidence
        )
        clear = abs(np.asarray(a.non_inferiority_p) - (1 - confidence) / 2) > 1e-9
        assert ((a.non_inferior == 1) == (a.abs_lift.low > -0.01))[clear].all()
    plain = et.lift(500, 20, 400, 18)
    more = et.lift(500, 20, 400, 18, non_inferiority=0.2)
    assert type(plain)(more._values[: len(plain.fields)]) == plain
    alone = et.lift_non_inferiority(500, 20, 400, 18, non_inferiority=0.2)
    assert alone.non_inferiority_p == more.non_inferiority_p


def test_non_inferiority_errs_as_seldom_as_it_says() -> None:
    rng = np.random.default_rng(7)
    runs = 20_000
    for n1, n0, rate in ((5_000, 5_000, 0.05), (9_000, 1_000, 0.1)):
        worse = 0.9 * rate
        r = et.lift_non_inferiority(
            n1, rng.binomial(n1, worse, runs), n0, rng.binomial(n0, rate, runs), non_inferiority=0.1
        )
        assert float(np.mean(r.non_inferior)) == pytest.approx(0.025, abs=0.005)


def test_wrong_margins_are_refused() -> None:
    for options, code in (
        ({"non_inferiority": 5}, "not_inside_0_1"),
        ({"non_inferiority": 0.0}, "not_inside_0_1"),
        ({"non_inferiority": 0.1, "margin_scale": "percent"}, "unknown_choice"),
        ({"non_inferiority": 0.1, "bayes": (1, 1)}, "one_goal"),
        ({"non_inferiority": 0.1, "alternative": "less"}, "one_goal"),
    ):
        with pytest.raises(et.EdgetallyError) as caught:
            et.lift(100, 5, 100, 4, **options)
        assert caught.value.code == code
    nothing = et.lift(100, 0, 100, 0, non_inferiority=0.1)
    assert math.isnan(nothing.non_inferiority_p)
    assert math.isnan(nothing.non_inferior)


def test_the_power_of_a_mean_is_that_of_other_tools() -> None:
    # R: power.t.test(n = 20, delta = 1, sd = 1, strict = TRUE).
    # statsmodels: TTestIndPower().solve_power(0.5, power=0.8, alpha=0.05).
    assert et.lift_power_revenue(1.0, 1.0, 20, 1.0, 20).power == pytest.approx(0.8689530, abs=1e-7)
    assert et.sample_size_revenue(1.0, 1.0, mde=0.5).n_control_exact == pytest.approx(63.76561, abs=1e-4)
    assert et.sample_size_revenue(2.0, 1.0, mde_rel=0.25) == et.sample_size_revenue(2.0, 1.0, mde=0.5)
    need = et.sample_size_revenue(1.2, 12.0, mde_rel=0.1, ratio=9)
    assert need.n_treatment == pytest.approx(9 * need.n_control, rel=1e-3)
    assert et.lift_power_revenue(0.12, 12, need.n_treatment, 12, need.n_control).power == pytest.approx(0.8, abs=1e-4)
    least = et.lift_mde_revenue(12, 90_000, 10, 10_000, holdout_mean=1.2, power=0.9)
    assert et.lift_power_revenue(least.mde_abs, 12, 90_000, 10, 10_000).power == pytest.approx(0.9, abs=1e-9)
    assert least.mde_rel == pytest.approx(least.mde_abs / 1.2)
    assert et.lift_power_revenue(0.0, 12, 100, 10, 100).power == pytest.approx(0.05, abs=1e-9)
    scaled = et.lift_mde_revenue(12 * 2.0**-500, 90_000, 10 * 2.0**-500, 10_000, power=0.9)
    assert scaled.mde_abs == least.mde_abs * 2.0**-500


def test_the_power_of_a_mean_is_what_happens() -> None:
    rng = np.random.default_rng(9)
    runs = 4_000
    exposed, holdout = rng.normal(0.9, 2.0, (runs, 30)), rng.normal(0.0, 1.0, (runs, 15))
    found = et.lift_revenue(
        exposed.mean(axis=1), exposed.std(axis=1, ddof=1), 30, holdout.mean(axis=1), holdout.std(axis=1, ddof=1), 15
    )
    power = et.lift_power_revenue(0.9, 2.0, 30, 1.0, 15).power
    assert float(np.mean(np.asarray(found.p_value) < 0.05)) == pytest.approx(power, abs=0.025)


def test_wrong_plans_of_a_mean_are_refused() -> None:
    for call, code in (
        (lambda: et.sample_size_revenue(1.0, 1.0), "missing"),
        (lambda: et.sample_size_revenue(1.0, 1.0, mde=0.1, mde_rel=0.1), "missing"),
        (lambda: et.sample_size_revenue(1.0, 1.0, mde=0.0), "equal"),
        (lambda: et.sample_size_revenue(1.0, 0.0, mde=0.1), "not_positive"),
        (lambda: et.sample_size_revenue(1.0, 1.0, mde=0.1, power=0.01), "not_above_alpha"),
        (lambda: et.sample_size_revenue(1.0, 1.0, mde=0.1, confidence=0.95, alpha=0.05), "one_goal"),
        (lambda: et.lift_mde_revenue(1, 10, 1, 10, power=0.05), "not_above_alpha"),
        (lambda: et.lift_power(0.1, 0.1, 10, 10, confidence=0.05), "confidence_low"),
    ):
        with pytest.raises(et.EdgetallyError) as caught:
            call()
        assert caught.value.code == code
    assert math.isnan(et.lift_power_revenue(1.0, 1.0, 1, 1.0, 20).power)


def test_exposed_stands_before_holdout() -> None:
    named = et.lift_power(exposed_rate=0.03, holdout_rate=0.025, exposed_users=90_000, holdout_users=10_000)
    assert named == et.lift_power(0.03, 0.025, 90_000, 10_000)
    assert et.lift_mde(0.009, 90_000, 10_000) == et.lift_mde(
        holdout_rate=0.009, exposed_users=90_000, holdout_users=10_000, confidence=0.95
    )

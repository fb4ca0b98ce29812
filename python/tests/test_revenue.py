"""Revenue, ratios and CUPED: arms that do not vary, units, impossible sums, missing values, relative effects."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edgetally as et


def numbers(result: Any) -> list[float]:
    """Every number of a result, one after the other."""
    found: list[float] = []
    for value in result._values:
        if isinstance(value, et.Interval):
            found += [value.estimate, value.low, value.high]
        elif isinstance(value, et.Result):
            found += numbers(value)
        else:
            found.append(float(value))
    return found


CONSTANT: list[tuple[Any, Any]] = [
    ([0.04] * 10, [0.04] * 30),
    (np.full(13, 49.9), np.full(100_000, 49.9)),
    ([0.1] * 3, [0.1] * 693),
    (np.full(7, 1e-310), np.full(9, 1e-310)),
]


@pytest.mark.parametrize(("exposed", "holdout"), CONSTANT, ids=["0.04", "49.9", "0.1", "1e-310"])
def test_equal_constants_do_not_differ(exposed: Any, holdout: Any) -> None:
    r = et.lift_revenue_values(exposed, holdout)
    assert r.diff == 0.0
    assert r.flags == ("no_variation",)
    assert all(math.isnan(x) for x in (r.p_value, *r.diff_ci, *r.rel_ci_fieller, *r.rel_ci_delta))
    c = et.cuped(exposed, range(len(exposed)), holdout, range(len(holdout)))
    assert c.raw_diff == 0.0
    assert math.isnan(c.raw_p)
    assert math.isnan(c.within_arm.p_value)
    assert "no_variation" in c.flags
    ratio = et.lift_ratio_metric(exposed, np.ones(len(exposed)), holdout, np.ones(len(holdout)))
    assert ratio.diff == 0.0
    assert math.isnan(ratio.p_value)
    assert ratio.flags == ("no_variation",)
    # A report of the same arms, with what NumPy leaves of the standard deviation.
    sds = [float(np.std(values, ddof=1)) for values in (exposed, holdout)]
    means = [float(np.mean(values)) for values in (exposed, holdout)]
    stated = et.lift_revenue(means[0], sds[0], len(exposed), means[1], sds[1], len(holdout))
    assert math.isnan(stated.p_value)


def test_different_constants_have_no_error() -> None:
    r = et.lift_revenue_values([0.1] * 7, [0.2] * 1000)
    assert r.diff == -0.1
    assert all(math.isnan(x) for x in (r.p_value, *r.diff_ci))
    assert r.t == -math.inf


Y1, Y0 = [3.1, 0.0, 5.7, 12.25, 0.3, 8.8, 2.2], [1.1, 0.0, 2.5, 7.75, 0.9]
X1, X0 = [2.0, 0.5, 4.5, 9.0, 1.5, 7.0, 2.5], [1.0, 0.75, 2.5, 6.0, 1.25]
CALLS: dict[str, Callable[..., Any]] = {
    "values": lambda a, b, _c, _d: et.lift_revenue_values(a, b),
    "winsorized": lambda a, b, _c, _d: et.lift_revenue_values(a, b, winsorize=0.9),
    "revenue": lambda a, b, c, d: et.lift_revenue(a[0], b[1], 50, c[2], d[3], 60),
    "cuped": lambda a, b, c, d: et.cuped(a, c, b, d),
    "ratio": lambda a, b, c, d: et.lift_ratio_metric(a, c, b, d),
}


def bare(result: Any) -> list[float]:
    """What has no unit."""
    if isinstance(result, et.CupedResult):
        parts = [result.within_arm, result.pooled]
        inner = [[p.t, p.df, p.p_value, p.variance_reduction, *p.rel_lift] for p in parts]
        return [result.raw_p, *inner[0], *inner[1]]
    if hasattr(result, "z"):
        return [result.z, result.p_value, *result.rel_lift]
    return [result.t, result.df, result.p_value, *result.rel_ci_fieller, *result.rel_ci_delta]


@pytest.mark.parametrize("name", CALLS)
def test_a_power_of_two_changes_no_digit(name: str) -> None:
    call = CALLS[name]
    plain = bare(call(*map(np.array, (Y1, Y0, X1, X0))))
    for power in (-1015, -900, -600, -537, -500, -300, -1, 1, 300, 500, 511, 600, 900, 1015):
        scaled = bare(call(*(np.ldexp(values, power) for values in (Y1, Y0, X1, X0))))
        np.testing.assert_array_equal(scaled, plain, err_msg=f"2**{power}")


def test_a_covariate_without_variance_leaves_the_raw_difference() -> None:
    r = et.cuped([1, 2, 3, 4], [0] * 4, [2, 3, 4, 5, 7], [0] * 5)
    assert r.flags == ("interval_includes_zero", "constant_covariate")
    for variant in (r.within_arm, r.pooled):
        assert variant.theta == 0.0
        assert variant.diff == r.raw_diff == pytest.approx(-1.7)
        assert variant.p_value == r.raw_p == pytest.approx(0.159, abs=5e-4)
        assert variant.diff_ci == r.raw_ci
        assert variant.variance_reduction == 0.0
    sums = et.cuped_from_sums((4, 10, 0, 30, 0, 0), (5, 21, 0, 103, 0, 0))
    assert sums.within_arm.diff == pytest.approx(-1.7)
    assert sums.constant_covariate


@pytest.mark.parametrize(
    ("exposed", "named"),
    [
        ((10, 20, 30, 5, 100, 60), "exposed[3] (sum of y squared)"),
        ((10, 20, 30, 50, 80, 60), "exposed[4] (sum of x squared)"),
        ((10, 20, 30, 50, 100, 75), "exposed[5] (sum of x times y)"),
        ((10, 20, 30, 50, 100, 40), "exposed[5] (sum of x times y)"),
        ((10.5, 20, 30, 50, 100, 60), "exposed[0] (users)"),
        ((10, 20, 30, -1, 100, 60), "exposed[3] (sum of y squared)"),
        ((1, 2, 3, 9, 9, 6), "exposed[3] (sum of y squared)"),
        ((10, math.inf, 30, 50, 100, 60), "exposed[1] (sum of y)"),
    ],
)
def test_impossible_sums_are_named(exposed: tuple[float, ...], named: str) -> None:
    good = (10, 20, 30, 50, 100, 62)
    for arms, name in (((exposed, good), named), ((good, exposed), named.replace("exposed", "holdout"))):
        with pytest.raises(et.EdgetallyError) as caught:
            et.cuped_from_sums(*arms)
        assert str(caught.value).startswith(name)
        assert "impossible" in (caught.value.code, "impossible")
    assert not math.isnan(et.cuped_from_sums(good, good).within_arm.p_value)


def test_the_relative_effect_of_cuped_agrees_with_its_p_value() -> None:
    rng = np.random.default_rng(8)
    for _ in range(300):
        x1, x0 = rng.normal(10, 3, 40), rng.normal(10, 3, 30)
        r = et.cuped(1.1 * x1 + rng.normal(0, 2, 40), x1, x0 + rng.normal(0, 2, 30), x0)
        for variant in (r.within_arm, r.pooled):
            low, high = variant.rel_lift
            assert (low > 0.0 or high < 0.0) == (variant.p_value < 0.05)
            assert variant.rel_lift.estimate == pytest.approx(variant.diff / variant.mean_holdout)


def test_missing_values_are_carried_left_out_or_refused() -> None:
    exposed, holdout = [1.0, math.nan, 3.0, 5.0], [0.5, 2.0, None, 1.0, None]
    assert math.isnan(et.lift_revenue_values(exposed, holdout).p_value)
    r = et.lift_revenue_values(exposed, holdout, nan_policy="omit")
    plain = et.lift_revenue_values([1.0, 3.0, 5.0], [0.5, 2.0, 1.0])
    assert (r.p_value, r.diff_ci) == (plain.p_value, plain.diff_ci)
    assert (r.exposed_omitted, r.holdout_omitted) == (1, 2)
    assert "missing_omitted" in r.flags
    assert math.isnan(et.lift_revenue_values([math.nan] * 3, [1.0, 2.0], nan_policy="omit").diff)
    with pytest.raises(et.EdgetallyError, match=r"exposed\[1\] is missing") as caught:
        et.lift_revenue_values(exposed, holdout, nan_policy="raise")
    assert caught.value.code == "missing_values"
    with pytest.raises(et.EdgetallyError) as caught:
        et.lift_revenue_values(exposed, holdout, nan_policy="drop")
    assert caught.value.code == "unknown_choice"


def test_two_filtered_series_are_two_samples() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"arm": ["ads", "psa"] * 20, "revenue": np.arange(40.0), "before": np.arange(40.0) % 7})
    e, h = frame[frame.arm == "ads"], frame[frame.arm == "psa"]
    r = et.lift_revenue_values(exposed=e.revenue, holdout=h.revenue)
    assert r.p_value == et.lift_revenue_values(e.revenue.to_numpy(), h.revenue.to_numpy()).p_value
    c = et.cuped(exposed_y=e.revenue, exposed_x=e.before, holdout_y=h.revenue, holdout_x=h.before)
    assert not math.isnan(c.within_arm.p_value)
    ratio = et.lift_ratio_metric(e.revenue, e.before, h.revenue, h.before)
    assert not math.isnan(ratio.p_value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: et.lift_revenue_values([1, 2], [1, 2], winsorize="0.9"),  # type: ignore[arg-type]
        lambda: et.lift_revenue_values([1, 2], [1, 2], confidence=None),  # type: ignore[arg-type]
        lambda: et.lift_revenue_values([1, 2], [1, 2], confidence=0.05),
        lambda: et.lift_revenue_values({"a": 1}, [1, 2]),
        lambda: et.lift_revenue_values(None, [1, 2]),
        lambda: et.cuped([1, 2], [1, 2], [1, 2], [1, 2], confidence="high"),  # type: ignore[arg-type]
        lambda: et.cuped_from_sums(None, (1, 2, 3, 4, 5, 6)),
        lambda: et.cuped_from_sums((1, 2, "3", 4, 5, 6), (1, 2, 3, 4, 5, 6)),
        lambda: et.cuped_from_sums(5, (1, 2, 3, 4, 5, 6)),
        lambda: et.lift_ratio_metric([1], [1], [1], [1], confidence=95),
        lambda: et.adjust_pvalues([0.1], method=["holm"]),  # type: ignore[arg-type]
        lambda: et.adjust_pvalues([0.1], alpha="x"),  # type: ignore[arg-type]
        lambda: et.segment_lift([["a"], ["b"]], [1, 1], [1, 1], [1, 1], [1, 1]),  # type: ignore[list-item]
        lambda: et.segment_lift(5, [1], [1], [1], [1]),  # type: ignore[arg-type]
        lambda: et.srm(None),
        lambda: et.lift_revenue(1, 1, 10, 1, 1, 10, confidence=0.05),
    ],
)
def test_never_a_raw_error(call: Callable[[], object]) -> None:
    with pytest.raises(et.EdgetallyError) as caught:
        call()
    assert caught.value.code

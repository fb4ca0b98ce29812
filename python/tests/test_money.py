"""Cash flows, lifetime value, payback and the funnel, beyond the reference rows."""

import datetime
import math
import pickle
from typing import Any

import numpy as np
import pytest

import edgetally as et

FLOWS = [-3000, 500, 800, 1200, 1500, 1800]


def code(function: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(et.EdgetallyError) as caught:
        function(*arguments, **named)
    return str(caught.value.code)


@pytest.mark.parametrize("kind", ["tuple", "numpy", "float32", "pandas", "polars", "arrow"])
def test_flows_may_be_any_column(kind: str) -> None:
    want = et.roi_cashflows(FLOWS, 0.01)
    if kind == "tuple":
        column: Any = tuple(FLOWS)
    elif kind == "numpy":
        column = np.array(FLOWS)[::1]
    elif kind == "float32":
        column = np.array(FLOWS, dtype=np.float32)
    elif kind == "pandas":
        column = pytest.importorskip("pandas").Series(FLOWS)
    elif kind == "polars":
        column = pytest.importorskip("polars").Series(FLOWS)
    else:
        column = pytest.importorskip("pyarrow").array(FLOWS)
    assert et.roi_cashflows(column, 0.01) == want


def test_several_rates_of_return_are_told() -> None:
    mine = et.roi_cashflows([-100, 230, -132], 0.1, finance_rate=0.1, reinvest_rate=0.12)
    assert math.isnan(mine.irr)
    assert mine.irr_unique is False
    assert mine.irr_roots == pytest.approx([0.1, 0.2], rel=1e-12)
    assert mine.mirr == pytest.approx((1.12 * 230 / (100 + 132 / 1.21)) ** 0.5 - 1, rel=1e-12)
    assert mine.flags == ("several_rates",)
    assert "several_rates" in mine.summary()
    assert mine.to_pandas().shape[1] == len(mine.fields) if pytest.importorskip("pandas") else True


def test_flows_that_are_none() -> None:
    assert code(et.roi_cashflows, []) == "too_few_rows"
    assert code(et.roi_cashflows, [1, "2"]) == "wrong_type"
    assert code(et.roi_cashflows, [-1, 2], -1) == "too_small"
    assert code(et.roi_cashflows, [-1, math.inf]) == "not_finite"
    assert code(et.roi_cashflows, None) == "missing"
    assert math.isnan(et.roi_cashflows([-1, None, 3]).npv)


def test_dates_of_any_kind() -> None:
    flows = [-10_000, 2750, 4250, 3250, 2750]
    text = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    days = [datetime.date.fromisoformat(day) for day in text]
    want = et.xirr(flows, text, rate=0.09)
    assert want.irr == pytest.approx(0.3733625335188315, rel=1e-13)
    assert want.npv == pytest.approx(2086.6476020315366, rel=1e-13)
    kinds = [
        days,
        [datetime.datetime(d.year, d.month, d.day, 23, 59) for d in days],
        np.array(text, dtype="datetime64[ns]"),
        [float(day.toordinal()) for day in days],
        pytest.importorskip("pandas").to_datetime(pytest.importorskip("pandas").Series(text)),
        pytest.importorskip("polars").Series(days),
    ]
    for kind in kinds:
        assert et.xirr(flows, kind, rate=0.09) == want
    assert float(want) == want.irr
    assert math.isnan(et.xirr([-1, 2], np.array(["2024-01-01", "NaT"], dtype="datetime64[D]")).irr)
    assert code(et.xirr, [-1, 2], ["soon", "late"]) == "wrong_type"
    assert code(et.xirr, [-1, 2], [1]) == "length_mismatch"


def test_lifetime_values_are_passed_on() -> None:
    customer = et.ltv(200, gross_margin=0.8, churn=0.03)
    soon = et.target_cpa_payback(160, payback_months=12, churn=0.03)
    assert et.target_cpa(customer, payback_cpa=soon).target_cpa == soon.max_cpa
    table = et.ltv_retention([1.0, 0.6, 0.45], 40)
    triangle = et.ltv_cohort([1000, 1200], [[16000, 12000], [19500]])
    fit = et.ltv_sbg([1000, 631, 468, 382], gross_profit=100, annual_discount=0.1)
    for value in (customer, table, triangle, fit, et.ltv_from_counts(160, 1000, 30)):
        target = et.target_cpa(value, buffer=0.5)
        assert target.target_cpa == 0.5 * float(value)
        assert target.binding == "buffer"
    many = et.ltv(np.array([100.0, 200.0]), churn=0.1)
    assert et.target_cpa(many.ltv).target_cpa.tolist() == [1000.0, 2000.0]
    assert code(et.target_cpa, et.ltv(100, churn=0)) == "negative"
    assert "unbounded" in et.ltv(100, churn=0).summary()


def test_timing_is_a_month_of_interest() -> None:
    due = et.ltv(100, churn=0.05, annual_discount=0.1, horizon=24)
    end = et.ltv(100, churn=0.05, annual_discount=0.1, horizon=24, timing="end")
    assert due.ltv == due.ltv_horizon_due
    assert end.ltv == end.ltv_horizon_end == due.ltv_horizon_end
    assert due.ltv / end.ltv == pytest.approx(1 + due.monthly_discount, rel=1e-14)
    assert code(et.ltv, 100, churn=0.1, timing="due") == "unknown_choice"
    assert code(et.ltv, 100, churn=0.1, horizon=2.5) == "not_a_count"


def test_a_triangle_may_be_rectangular() -> None:
    rows = [[16000.0, 12000.0], [19500.0, math.nan]]
    want = et.ltv_cohort([1000, 1200], [[16000, 12000], [19500]])
    assert et.ltv_cohort(np.array([1000, 1200]), np.array(rows)) == want
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    assert et.ltv_cohort([1000, 1200], pandas.DataFrame(rows)) == want
    assert et.ltv_cohort([1000, 1200], polars.DataFrame({"a": [16000, 19500], "b": [12000, None]})) == want
    assert code(et.ltv_cohort, [1000], np.array([1.0])) == "wrong_type"


def test_parameters_that_cannot_be_told() -> None:
    alike = et.ltv_sbg([1000, 900, 810, 729], annual_discount=0.1)
    assert alike.boundary == "alike"
    assert not alike.identified
    assert math.isnan(alike.alpha.estimate)
    assert alike.survival[2] == pytest.approx(0.81, rel=1e-12)
    assert "not_identified" in alike.summary()
    fit = et.ltv_sbg([1000, 631, 468, 382], periods=3)
    assert len(fit.survival) == 4
    assert len(fit.retention) == 3
    assert fit.survival[0] == 1.0
    assert code(et.ltv_sbg, [1000, 631, 700]) == "survivors_increase"


def test_a_bootstrap_follows_from_its_seed() -> None:
    data = ([120, 80, 200, 40] * 25, [6, 4, 10, 2] * 25, [1, 1, 0, 1] * 25)
    assert et.ltv_bootstrap(*data, seed=3) == et.ltv_bootstrap(*data, seed=3)
    assert et.ltv_bootstrap(*data, seed=3) != et.ltv_bootstrap(*data, seed=4)
    assert code(et.ltv_bootstrap, *data, n_boot=0) == "resamples_out_of_range"


def test_a_goal_that_cannot_be_reached() -> None:
    one = et.funnel_solve(12, 0.015, 0.03, 80, target_roas=500)
    assert one.feasible is False
    assert math.isnan(one.required_cvr)
    many = et.funnel_solve(12, 0.015, 0.03, 80, target_roas=np.array([4.0, 500.0]))
    assert many.feasible.tolist() == [True, False]
    frame = pytest.importorskip("pandas").Series([4.0, 500.0])
    assert et.funnel_solve(12, 0.015, 0.03, 80, target_roas=frame).feasible.tolist() == [True, False]
    profit = et.funnel_solve(12, 0.015, 0.03, 80, margin=0.57, target_profit_per_mille=8.52)
    assert profit.required_cvr == pytest.approx(0.03, rel=1e-12)
    assert profit.max_cpm == pytest.approx(12, rel=1e-12)
    assert code(et.funnel_solve, 12, 0.015, 0.03, 80) == "one_goal"
    assert code(et.funnel_solve, 12, 0.015, 0.03, 80, target_roas=1, target_profit_per_mille=1) == "one_goal"
    assert code(et.funnel_solve, 12, 0.015, 0.03, 80, target_roas=1, margin=57) == "not_a_rate"


def test_counts_and_prices_are_the_same_funnel() -> None:
    priced = et.funnel_uncertainty(20_000, 300, 9, cpm=12, aov=80, margin=0.57)
    counted = et.funnel_from_counts(20_000, 300, 9, 240, 720, margin=0.57)
    for name in priced.fields:
        assert float(counted[name]) == pytest.approx(float(priced[name]), rel=1e-12)
    none = et.funnel_from_counts(20_000, 300, 0, 240, 0, margin=0.57)
    assert math.isnan(none.prob_profit_positive)
    assert none.cpa_ci_poisson.high == math.inf
    known = et.funnel_from_counts(20_000, 300, 0, 240, 0, margin=0.57, aov=80)
    assert 0 < known.prob_profit_positive < 0.02
    many = et.funnel_uncertainty([20_000, 20_000], 300, [9, 12], cpm=12, aov=80, margin=0.57)
    assert many.prob_profit_positive[0] == priced.prob_profit_positive
    assert code(et.funnel_uncertainty, 20_000, 300, 301, cpm=12, aov=80) == "exceeds"
    assert code(et.funnel_uncertainty, 20_000, 300, 9, cpm=12, aov=80, prior=1) == "wrong_type"


def test_a_loss_with_every_order_is_never_a_profit() -> None:
    assert et.funnel_uncertainty(20_000, 300, 9, cpm=12, aov=80, margin=-0.08).prob_profit_positive == 0.0


def test_a_tornado_is_a_table() -> None:
    bars = et.funnel_tornado(12, 0.015, 0.03, 80, gross_margin=0.6, payment_fees=0.03)
    assert list(bars.order) == ["gross_margin", "ctr", "cvr", "aov", "cpm", "payment_fees"]
    frame = bars.to_polars() if pytest.importorskip("polars") else None
    assert frame is not None
    assert frame.shape == (6, 5)
    assert code(et.funnel_tornado, 12, 0.015, 0.03, 80, output="profit") == "unknown_choice"
    cpa = et.funnel_elasticity(12, 0.015, 0.03, 80, output="cpa")
    assert (cpa.cpm, cpa.ctr, cpa.cvr, cpa.aov) == (1.0, -1.0, -1.0, 0.0)


def test_changes_add_up() -> None:
    change = et.funnel_decompose(
        cpm_before=12,
        ctr_before=0.015,
        cvr_before=0.03,
        aov_before=80,
        margin_before=0.57,
        cpm_after=np.array([15.0, 12.0]),
        ctr_after=0.018,
        cvr_after=0.025,
        aov_after=85,
        margin_after=0.5,
    )
    assert np.allclose(change.cpm + change.ctr + change.cvr, np.log(change.cpa_after / change.cpa_before))
    parts = change.profit_cpm + change.profit_ctr + change.profit_cvr + change.profit_aov + change.profit_margin
    assert np.allclose(parts, change.profit_change)


@pytest.mark.parametrize(
    ("flows", "rate"),
    [
        ([-1000, 2000, -1000], 0.0),
        ([-100, 200, -100], 0.0),
        ([100, -200, 100], 0.0),
        ([-1000, 3000, -3000, 1000], 0.0),
        ([-5, 20, -30, 20, -5], 0.0),
        ([0.1, -0.6, 1.5, -2.0, 1.5, -0.6, 0.1], 0.0),
        ([-1000, 2200, -1210], 0.1),
        ([-100.1, 220.22, -121.121], 0.1),
        ([-1000, 3300, -3630, 1331], 0.1),
        ([-100, 0, 200, 0, -100], 0.0),
    ],
)
def test_a_rate_that_repeats_is_one_rate(flows: list[float], rate: float) -> None:
    got = et.roi_cashflows(flows)
    assert got.irr == pytest.approx(rate, abs=1e-8)
    assert got.irr_unique
    assert len(got.irr_roots) == 1
    assert got.flags == ()
    if rate == 0.0:
        assert got.irr == 0.0


def test_a_sample_without_variance_is_not_certainty() -> None:
    for counts in ((1, 1, 1), (7, 7, 7), (1000, 1000, 1000)):
        got = et.funnel_from_counts(*counts, spend=5, revenue=10, margin=0.5)
        for interval in (got.cpa_ci_delta, got.roas_ci_delta):
            assert math.isnan(interval.low)
            assert math.isnan(interval.high)
        assert got.cpa_ci_poisson.low < got.cpa < got.cpa_ci_poisson.high
        assert got.flags == ("no_variance",)
    for counts in ((1, 1, 0), (0, 0, 0), (100, 10, 4), (100, 100, 4), (100, 4, 4)):
        for spend in (0.0, 5.0):
            got = et.funnel_from_counts(*counts, spend=spend, revenue=10, margin=0.5)
            for interval in (got.cpa_ci_delta, got.roas_ci_delta, got.cpa_ci_poisson):
                assert math.isnan(interval.high) or interval.low < interval.high
    columns = et.funnel_from_counts([1, 100, 100], [1, 10, 10], [1, 5, 0], 5.0, 10.0, margin=0.5)
    assert columns.flags["no_variance"].tolist() == [True, False, False]
    assert columns.flags["no_conversions"].tolist() == [False, False, True]
    got = et.ltv_from_counts(160, 50, 50)
    assert math.isnan(got.ltv.low)
    assert got.flags == ("no_variance",)
    assert et.ltv_from_counts(160, 50, 0).flags == ("nobody_left",)
    got = et.ltv_bootstrap([0.1] * 9, [3] * 9, [1] * 9)
    assert math.isnan(got.ltv.low)
    assert math.isnan(got.ltv_ci_delta.high)
    assert got.flags == ("no_variance",)


def test_rates_that_no_campaign_reaches_are_flagged() -> None:
    assert et.break_even_ctr(200, 0.001, 80, 0.4).flags == ("not_reachable",)
    assert et.break_even_ctr(12, 0.025, 80, 0.4).flags == ()
    assert et.break_even_cvr(2000, 0.001, 80, 0.4).flags == ("not_reachable",)
    assert et.funnel(2000, 0.001, 0.01, 80, gross_margin=0.5).flags == ("not_reachable",)
    assert et.cpl_to_cac(80, 0.05, target_cac=40).flags == ("not_reachable",)
    assert et.funnel_solve(12, 0.015, 0.03, 80, target_roas=500).flags == ("not_reachable",)
    many = et.break_even_cvr([12.0, 2000.0], 0.001, 80, 0.4)
    assert many.flags["not_reachable"].tolist() == [False, True]


def test_a_rate_above_one_is_refused() -> None:
    for call in (
        lambda: et.ctr(200, 100),
        lambda: et.click_cvr(100, 200),
        lambda: et.ctr([1, 200], [100, 100]),
        lambda: et.funnel_from_counts(100, 200, 1, 5, 10),
    ):
        with pytest.raises(et.EdgetallyError) as caught:
            call()
        assert caught.value.code == "exceeds"
    assert math.isnan(et.ctr(10, 0).ctr)
    kept = et.ctr([10, 200, 5], [0, 100, 100], errors="coerce")
    assert kept.status.tolist() == [2, 3, 0]


@pytest.mark.parametrize(
    ("call", "margin"),
    [
        (lambda **m: et.funnel(12, 0.015, 0.03, 80, **m), "gross_margin"),
        (lambda **m: et.roas(5000, 1000, **m), "gross_margin"),
        (lambda **m: et.mer(5000, 1000, **m), "margin"),
        (lambda **m: et.marginal_roas(5000, 20000, **m), "margin"),
        (lambda **m: et.target_cpa(3000, **m), "margin"),
        (lambda **m: et.ltv(200, churn=0.1, **m), "gross_margin"),
        (lambda **m: et.ltv_to_cac(500, 200, churn=0.1, **m), "gross_margin"),
        (lambda **m: et.cac(20000, 40, arpa=200, **m), "gross_margin"),
        (lambda **m: et.blended_cac(20000, 10, 40, arpa=200, **m), "gross_margin"),
        (lambda **m: et.funnel_from_counts(1000, 100, 5, 50, 100, **m), "margin"),
        (lambda **m: et.funnel_uncertainty(1000, 100, 5, cpm=12, aov=80, **m), "margin"),
        (lambda **m: et.funnel_tornado(12, 0.015, 0.03, 80, **m), "gross_margin"),
        (lambda **m: et.funnel_elasticity(12, 0.015, 0.03, 80, **m), "gross_margin"),
        (lambda **m: et.funnel_solve(12, 0.015, 0.03, 80, target_profit_per_mille=2, **m), "margin"),
        (
            lambda **m: et.payback_two_phase(500, 80, early_churn=0.1, early_months=2, steady_churn=0.01, **m),
            "gross_margin",
        ),
    ],
)
def test_profit_without_a_margin_says_so(call: Any, margin: str) -> None:
    without = call()
    assert without.flags == ("margin_not_given",)
    assert "margin_not_given" in without.summary()
    assert pickle.loads(pickle.dumps(without)).flags == without.flags  # noqa: S301
    given = call(**{margin: 1.0})
    assert given.flags == ()
    assert given == without
    columns = et.roas([5000.0, 1.0], 1000.0)
    assert columns.flags["margin_not_given"].tolist() == [True, True]


def test_what_needs_no_margin_asks_for_none() -> None:
    assert et.target_cpa(et.ltv(200, gross_margin=0.8, churn=0.03)).flags == ()
    assert et.cac(20000, 40).flags == ()
    assert et.funnel_tornado(12, 0.015, 0.03, 80, output="cpa").flags == ()
    assert et.funnel_solve(12, 0.015, 0.03, 80, target_roas=4).flags == ()


def test_payback_after_the_cost_has_a_name_of_its_own() -> None:
    got = et.roi(5000, 3000)
    assert (got.payback_months, got.payback_months_after_cost) == pytest.approx((7.2, 18.0))
    assert not hasattr(got, "payback_months_metrickit")


def test_a_confidence_that_is_an_error_rate_is_refused() -> None:
    for call in (
        lambda: et.funnel_from_counts(100, 10, 1, 5, 10, confidence=0.05),
        lambda: et.ltv_from_counts(160, 50, 5, confidence=0.05),
        lambda: et.ltv_bootstrap([1.0], [1], [1], confidence=0.05),
        lambda: et.events.rate_change(1, 1, 1, 1, confidence=0.05),
    ):
        with pytest.raises(et.EdgetallyError) as caught:
            call()
        assert caught.value.code == "confidence_low"

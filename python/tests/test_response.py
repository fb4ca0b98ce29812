"""Response curves, budgets and experiments by region: what the reference rows do not see."""

import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import edgetally as et

FIXTURE = Path(__file__).parents[2] / "crates/core/tests/fixtures/calculators.json"
HILL: dict[str, Any] = next(
    row["inputs"] for row in json.loads(FIXTURE.read_text(encoding="utf-8")) if row["id"] == "response.fit-005"
)
SPEND, REVENUE = HILL["spend"], HILL["revenue"]
PARAMS = {"vmax": 400_000.0, "k": 60_000.0, "n": 1.6}


def code(call: Any) -> str:
    """The code of a refusal."""
    with pytest.raises(et.EdgetallyError) as caught:
        call()
    return str(caught.value.code)


def test_a_curve_takes_columns_of_every_kind() -> None:
    spend = np.array([0.0, 1_000.0, 50_000.0])
    alone = [et.response_eval("hill", PARAMS, s).revenue for s in spend]
    for column in (spend, pd.Series(spend), pl.Series(spend), spend.tolist()):
        got = et.response_eval("hill", PARAMS, column)
        assert list(got.revenue) == alone
    assert isinstance(et.response_eval("hill", PARAMS, pd.Series(spend)).marginal_roas, pd.Series)
    margins = et.response_optimum("log", {"a": np.array([9e4, 1e4]), "c": 2e4}, 0.4, cap=15_000)
    assert margins.optimal_spend.tolist() == [15_000.0, 0.0]
    assert math.isnan(margins.marginal_roas[1])
    assert et.response_incremental([1.0, 0.0], 3.0).marginal_roas[0] == 3.0


def test_a_curve_refuses_by_code() -> None:
    assert code(lambda: et.response_eval("cubic", {}, 1)) == "unknown_choice"
    assert code(lambda: et.response_eval("hill", {"k": 1, "n": 1}, 1)) == "wrong_parameters"
    assert code(lambda: et.response_eval("log", {"a": 1, "c": 0}, 1)) == "not_positive"
    assert code(lambda: et.response_eval("log", {"a": 1, "c": 1}, -1)) == "negative"
    assert code(lambda: et.response_optimum("log", {"a": 1, "c": 1}, 40)) == "not_a_rate"
    assert code(lambda: et.response_two_point([1, 1], [1, 2])) == "no_variation"
    assert code(lambda: et.response_two_point([1, 2, 3], [1, 2, 3])) == "not_two"
    assert math.isnan(et.response_eval("log", {"a": math.nan, "c": 1}, 1).revenue)


def test_a_fit_answers_for_numbers_and_columns() -> None:
    fit = et.fit_response(SPEND, REVENUE, margin=0.4, n_boot=300)
    assert fit.model == "hill"
    assert not fit.warnings
    at = fit.marginal_roas(50_000)
    assert at.low < at.estimate < at.high
    assert fit["marginal_roas_50000"] == fit.marginal_roas_50000 == at.estimate
    assert 0 < fit["marginal_roas_50000_se"] < 0.1
    column = fit.predict(pd.Series([0.0, 50_000.0], index=["a", "b"]))
    assert isinstance(column.estimate, pd.Series)
    assert column.estimate["b"] == fit.predict(50_000).estimate
    assert column.low["a"] == column.high["a"] == 0.0
    best = fit.optimum(0.4)
    assert best.optimal_spend == fit.optimal_spend
    assert best.optimal_spend_ci_bootstrap.low < best.optimal_spend < best.optimal_spend_ci_bootstrap.high
    assert fit.optimum(0.4, cap=10_000).capped
    low, high = fit.params_ci["n"]
    assert low < fit.params["n"] < high
    with pytest.raises(AttributeError):
        _ = fit.marginal_roas_nothing
    with pytest.raises(KeyError):
        _ = fit["marginal_roas_nothing"]


def test_resamples_depend_on_the_seed_and_not_on_the_threads() -> None:
    def fit(threads: int | None, seed: int) -> Any:
        return et.fit_response(SPEND, REVENUE, model="hill", margin=0.4, n_boot=6_000, seed=seed, threads=threads)

    one = fit(1, 7)
    assert one == fit(2, 7) == fit(3, 7) == fit(None, 7)
    assert one != fit(1, 8)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301


def test_every_kind_of_column_gives_the_same_fit() -> None:
    plain = et.response_fit("hill", SPEND, REVENUE)
    for kind in (np.array, pd.Series, pl.Series, tuple):
        assert et.response_fit("hill", kind(SPEND), kind(REVENUE)) == plain
    # A missing number takes its row along.
    without = et.response_fit("hill", SPEND[1:], REVENUE[1:])
    for missing in (None, math.nan, pd.NA):
        got = et.response_fit("hill", [missing, *SPEND[1:]], REVENUE)
        assert (got.params, got.rows, got.missing_rows) == (without.params, 23, 1)
        assert "missing_rows" in got.warnings


def test_options_reach_the_search() -> None:
    plain = et.response_fit("hill", SPEND, REVENUE)
    shifted = [y + 5_000 for y in REVENUE]
    based = et.response_fit("hill", SPEND, shifted, baseline=True)
    assert based.params["baseline"] == based.baseline == pytest.approx(5_000, abs=3_000)
    assert based.rss <= plain.rss
    outlier = [*REVENUE[:15], 3 * REVENUE[15], *REVENUE[16:]]
    robust = et.response_fit("hill", SPEND, outlier, loss="huber")
    assert abs(robust.params["k"] - plain.params["k"]) < 0.05 * plain.params["k"]
    spared = et.response_fit("hill", SPEND, outlier, weights=[1] * 15 + [0] + [1] * 8)
    assert spared.rows == 23
    assert et.response_fit("power", SPEND, REVENUE, noise="multiplicative").rss < 3
    carried = et.adstock(SPEND, 0.3).adstock
    known = et.response_fit("hill", SPEND, REVENUE, adstock=0.3)
    assert known.theta == 0.3
    assert known.params == et.response_fit("hill", carried, REVENUE).params
    assert 0 <= et.response_fit("hill", SPEND, REVENUE, adstock="estimate").theta < 0.99
    assert et.response_fit("hill", SPEND, REVENUE, newey_west=2).std_errors != plain.std_errors
    for wrong in ({"loss": "cubic"}, {"noise": "pink"}, {"adstock": "much"}, {"block": "long"}):
        assert code(lambda wrong=wrong: et.response_fit("hill", SPEND, REVENUE, **wrong)) == "unknown_choice"
    assert code(lambda: et.response_fit("hill", SPEND[:3], REVENUE[:3])) == "too_few_rows"
    assert code(lambda: et.response_fit("hill", SPEND, REVENUE[:-1])) == "length_mismatch"
    assert code(lambda: et.response_fit("hill", "abc", REVENUE)) == "wrong_type"


def test_models_are_compared() -> None:
    fit = et.fit_response(SPEND, REVENUE, n_boot=0, margin=0.4)
    table = fit.compare()
    assert table.best == "hill" == table.ranking[0]
    assert table.delta_aicc["hill"] == 0 < table.delta_aicc["power"]
    assert sum(table.weights.values()) == pytest.approx(1)
    assert table.rmse_leave_one_out["hill"] < table.rmse_leave_one_out["power"]
    assert table.averaged_optimal_spend == pytest.approx(fit.optimal_spend)
    by_error = et.response_select(["power", "hill"], SPEND, REVENUE, criterion="leave_one_out")
    assert by_error.ranking == ["hill", "power"]
    assert code(lambda: et.response_select(["hill"], SPEND, REVENUE, criterion="taste")) == "unknown_choice"


def noisy(seed: int, rows: int = 26) -> tuple[np.ndarray, np.ndarray]:
    """Spends that vary, and noise."""
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(9, 0.8, rows)), rng.standard_normal(rows)


def test_spend_that_does_nothing_has_no_optimum() -> None:
    # RC1: 26 spends, revenue of 20,000 and noise; in nineteen of twenty cases no response, and an optimum hardly ever.
    verdicts, optima = [], 0
    for seed in range(100):
        spend, noise = noisy(seed)
        fit = et.fit_response(spend, 20_000 + 1_000 * noise, margin=0.4, n_boot=20)
        verdicts.append(fit.verdict)
        optima += fit.optimal_spend == fit.optimal_spend
        if fit.verdict == "no_response":
            assert "no_response" in fit.warnings
            assert "optimum_outside_range" not in fit.warnings
            assert fit.p_response >= 0.05
            numbers = [fit.optimal_spend, fit.optimal_spend_uncapped, fit.log_optimal_spend_se, fit.optimal_profit]
            numbers += [*fit.optimal_spend_ci_delta, *fit.optimal_spend_ci_bootstrap]
            numbers += [fit.optimum(0.4).profit, fit.optimum(0.4).optimal_spend_ci_bootstrap.low]
            assert all(math.isnan(number) for number in numbers), numbers
    assert verdicts.count("no_response") >= 0.85 * 100
    assert optima <= 4
    # RC2: revenue that falls.
    fit = et.fit_response([100, 200, 300, 400, 500], [500, 400, 300, 200, 100], margin=0.4)
    assert fit.verdict == "not_increasing"
    assert {"no_response", "not_increasing"} <= set(fit.warnings)
    assert math.isnan(fit.optimal_spend)
    # Constants, of any size.
    for level in (0.0, 0.1, 7.0, 1e-200, 1e200):
        fit = et.fit_response([100, 200, 300, 400, 500], [level] * 5, margin=0.4)
        assert fit.verdict == "no_response", level
        assert math.isnan(fit.optimal_spend)
    choice = et.response_select(["power", "log", "hill"], spend, [20_000.0] * 26, margin=0.4)
    assert choice.warnings == ["no_response"]
    assert math.isnan(choice.averaged_optimal_spend)
    assert all(math.isnan(best) for best in choice.optimal_spend.values())
    assert choice.yardsticks["constant"] < choice.aicc[choice.best]


def test_a_straight_line_has_no_optimum() -> None:
    spend, noise = noisy(1)
    for base in (0.0, 20_000.0):
        fit = et.fit_response(spend, base + 3 * spend + 100 * noise, margin=0.5, n_boot=0)
        assert fit.verdict == "straight_line", base
        assert "straight_line" in fit.warnings
        assert math.isnan(fit.optimal_spend)
        assert fit.line["slope"] == pytest.approx(3, rel=0.02)
    # A curve is one, and what it beats stands beside it.
    fit = et.fit_response(SPEND, REVENUE, margin=0.4, n_boot=0)
    assert fit.verdict == "curve"
    assert fit.p_saturation < 1e-3
    table = fit.compare(cross_validate=False)
    assert table.yardsticks["straight_line"] > table.aicc["hill"]
    assert table.yardsticks["constant"] > table.aicc["hill"]
    assert table.warnings == []
    # Only that it starts at zero makes it a curve: for who says so.
    narrow = 3 * np.exp(0.1 * np.random.default_rng(4).standard_normal(26))
    level = 8 * narrow / (1 + narrow) + 0.1 * noise
    assert et.response_fit("michaelis_menten", narrow, level).verdict == "straight_line"
    assert et.response_fit("michaelis_menten", narrow, level, baseline=False).verdict == "curve"


def test_missing_weeks_are_left_out_and_waited_for() -> None:
    spend, revenue = list(SPEND), list(REVENUE)
    spend[5] = revenue[9] = None
    plain = et.fit_response(spend, revenue, model="hill", n_boot=50, margin=0.4)
    short = et.fit_response(
        [x for i, x in enumerate(SPEND) if i not in (5, 9)],
        [x for i, x in enumerate(REVENUE) if i not in (5, 9)],
        model="hill",
        n_boot=50,
        margin=0.4,
    )
    assert plain.missing_rows == 2
    assert plain.optimal_spend_ci_bootstrap == short.optimal_spend_ci_bootstrap
    assert plain.compare().rmse_leave_one_out == short.compare().rmse_leave_one_out
    # Its spend works on; a spend that is not known is waited out.
    kept = et.response_fit("hill", SPEND, revenue, adstock=0.5)
    assert (kept.rows, kept.missing_rows) == (23, 1)
    assert et.response_fit("hill", spend, REVENUE, adstock=0.5).missing_rows == 4
    assert et.response_fit("hill", spend, REVENUE, adstock="estimate").missing_rows == 7
    with pytest.raises(et.EdgetallyError, match=r"spend\[5\] is missing") as caught:
        et.fit_response(spend, REVENUE, nan_policy="raise")
    assert caught.value.code == "missing_values"
    assert code(lambda: et.fit_response(spend, REVENUE, nan_policy="propagate")) == "unknown_choice"
    frame = pd.DataFrame({"spend": SPEND, "revenue": REVENUE}, index=pd.date_range("2026-01-05", periods=24, freq="W"))
    frame.loc[frame.index[3], "revenue"] = None
    assert et.fit_response(frame.spend, frame.revenue, n_boot=0).missing_rows == 1
    assert code(lambda: et.fit_response(frame.spend, frame.revenue[::-1])) == "index_mismatch"
    assert code(lambda: et.fit_response([None] * 9, REVENUE[:9])) == "too_few_rows"


def test_refusals_name_what_the_caller_wrote() -> None:
    def says(call: Any, what: str, text: str) -> None:
        with pytest.raises(et.EdgetallyError) as caught:
            call()
        assert caught.value.code == what, caught.value
        assert text in str(caught.value), caught.value

    def fit(**options: Any) -> Any:
        return et.fit_response(SPEND, REVENUE, **options)

    says(lambda: fit(adstock=1.5), "not_a_rate", "adstock")
    says(lambda: fit(adstock=1.0, normalize=True), "never_decays", "adstock")
    says(lambda: fit(adstock=math.nan), "missing_values", "adstock")
    says(lambda: fit(normalize=True), "missing", "adstock")
    says(lambda: fit(adstock=0.5, initial="much"), "unknown_choice", "initial")
    says(lambda: fit(adstock=0.5, initial=-1), "negative", "initial")
    says(lambda: fit(adstock=1.0, initial="steady"), "never_decays", "initial")
    says(lambda: fit(confidence=0.05), "confidence_low", "error rate")
    says(lambda: fit(confidence="x"), "wrong_type", "confidence")
    says(lambda: fit(margin="x"), "wrong_type", "margin")
    says(lambda: fit(margin=40), "not_a_rate", "margin")
    says(lambda: fit(margin=0.4, cap=-1), "negative", "cap")
    says(lambda: fit(model=["hill"]), "unknown_choice", "model")
    says(lambda: fit(loss=None), "unknown_choice", "loss")
    says(lambda: fit(baseline="yes"), "wrong_type", "baseline")
    says(lambda: fit(seed=-1), "not_a_count", "seed")
    says(lambda: fit(group=3), "wrong_type", "group")
    says(lambda: fit(group=[None] * 24), "missing_values", "group[0]")
    says(lambda: fit(group=[["a"]] * 24), "wrong_type", "group[0]")
    says(lambda: fit(group=["tv"] * 22 + ["radio"] * 2), "too_few_rows", "'radio'")
    says(lambda: et.fit_response([-1, *SPEND[1:]], REVENUE), "negative", "spend[0]")
    says(lambda: et.fit_response(SPEND, [*REVENUE[:-1], math.inf]), "not_finite", "revenue[23]")
    says(lambda: et.response_select(["hill", "cubic"], SPEND, REVENUE), "unknown_choice", "candidates")
    says(lambda: et.response_select(3, SPEND, REVENUE), "wrong_type", "candidates")  # type: ignore[arg-type]
    says(lambda: et.response_select(["hill"], SPEND, REVENUE, margin="x"), "wrong_type", "margin")  # type: ignore[arg-type]
    done = fit(model="hill", n_boot=0)
    says(lambda: done.predict(1, confidence="x"), "wrong_type", "confidence")
    says(lambda: done.predict(1, confidence=0.05), "confidence_low", "confidence")
    says(lambda: done.optimum(None), "missing", "margin")
    says(lambda: et.adstock([1.0], "much"), "wrong_type", "theta")  # type: ignore[arg-type]


def test_a_plan_has_a_row_per_channel() -> None:
    channels = {
        "search": {"model": "power", "params": {"k": 60, "b": 0.75}},
        "social": {"model": "michaelis_menten", "params": {"vmax": 400_000, "k": 50_000}},
        "radio": {"model": "log", "params": {"a": 9_000, "c": 20_000}},
    }
    today = {"search": 50_000, "social": 45_000, "radio": 5_000}
    plan = et.allocate(channels, 100_000, upper={"search": 60_000}, margin=0.4, current=today)
    table = plan.to_pandas()
    assert list(table.channel) == ["search", "social", "radio"]
    assert list(table.at_bound) == ["upper", "", "lower"]
    assert table.spend.sum() == pytest.approx(100_000)
    assert table.share.sum() == pytest.approx(1)
    assert list(table.current_spend) == [50_000, 45_000, 5_000]
    for row in table.itertuples():
        at = et.response_eval(channels[row.channel]["model"], channels[row.channel]["params"], row.current_spend)
        assert row.current_revenue == pytest.approx(at.revenue)
        assert row.current_marginal_roas == pytest.approx(at.marginal_roas)
        assert row.revenue_change == pytest.approx(row.revenue - at.revenue)
    assert sum(plan.revenue_change) == pytest.approx(plan.total_revenue - plan.current_total_revenue)
    assert plan.current_profit == pytest.approx(0.4 * plan.current_total_revenue - 100_000)
    assert list(plan.to_polars()["channel"]) == list(table.channel)
    assert plan.to_arrow().column_names == list(table)
    assert plan.to_dict()["channel"] == list(table.channel)
    assert json.loads(json.dumps(plan.profit_plan.to_dict()))["share"] == plan.profit_plan.share
    assert list(plan.profit_plan.to_pandas().channel) == list(table.channel)
    # Without today's plan there is nothing to hold against it.
    bare = et.allocate(channels, 100_000)
    assert bare.current_spend is None
    assert math.isnan(bare.current_total_revenue)
    assert "current_spend" not in bare.to_pandas()
    assert et.allocate(channels, 1_000, current=pd.Series(today)).current_spend == list(today.values())
    # Q5: the first unit's return.
    assert et.allocate(channels, 0).shadow_price == math.inf
    del channels["search"]
    assert et.allocate(channels, 0).shadow_price == 8.0
    assert et.allocate(channels, 0).to_pandas().share.isna().all()


def test_a_channel_without_a_curve_is_named() -> None:
    spend, noise = noisy(2)
    flat = et.fit_response(spend, 20_000 + 1_000 * noise, n_boot=0)
    falling = et.fit_response(spend, 1e6 - 10 * spend, n_boot=0)
    line = et.response_fit("log", spend, 3 * spend + 100 * noise)
    good = {"model": "log", "params": {"a": 9_000, "c": 20_000}}
    assert (flat.verdict, falling.verdict, line.verdict) == ("no_response", "not_increasing", "straight_line")

    def refused(entry: Any, what: str, **options: Any) -> None:
        with pytest.raises(et.EdgetallyError, match="'tv'") as caught:
            et.allocate({"search": good, "tv": entry}, 1_000, **options)
        assert caught.value.code == what, caught.value

    refused(flat, "no_response_curve")
    refused(falling, "no_response_curve")
    refused({"model": "log", "params": {"a": math.nan, "c": 1}}, "no_response_curve")
    refused({"model": "power", "params": {"k": 1, "b": 1.5}}, "no_response_curve")
    refused({"model": "log", "params": {"a": -1, "c": 1}}, "not_positive")
    refused({"model": "log", "params": {"a": 1}}, "wrong_parameters")
    refused({"model": "cubic", "params": {}}, "unknown_choice")
    refused({"model": "log", "params": {"a": "x", "c": 1}}, "wrong_type")
    refused("log", "wrong_type")
    refused(good, "exceeds", lower={"tv": 2}, upper={"tv": 1})
    refused(good, "negative", lower={"tv": -2})
    refused(good, "negative", current={"tv": -2})
    refused(good, "wrong_type", upper={"tv": "much"})
    # A line can be spent on; where it levels off is not known, and the plan says so.
    plan = et.allocate({"search": good, "tv": line}, 1_000)
    assert "straight_line" in plan.warnings
    assert "straight_line" in plan.channel_warnings["tv"]
    assert code(lambda: et.allocate(7, 1)) == "wrong_type"


def test_groups_become_channels() -> None:
    group = ["search"] * 24 + ["social"] * 24
    fits = et.fit_response(SPEND * 2, REVENUE + [y / 2 for y in REVENUE], group=group, model="hill", n_boot=0)
    assert list(fits) == ["search", "social"]
    plan = et.allocate(fits, 120_000, margin=0.4, upper={"search": 70_000})
    assert plan.channels == ("search", "social")
    assert sum(plan.spend) == pytest.approx(120_000)
    assert plan.spend[0] <= 70_000
    assert plan.profit_plan.profit >= plan.profit
    # A list of curves, as they are written.
    again = et.allocate(
        [{"model": f.model, "params": f.params} for f in fits.values()], 120_000, upper=[70_000, math.inf]
    )
    assert again.spend == plan.spend
    assert code(lambda: et.allocate(fits, 120_000, upper=10)) == "infeasible"
    assert code(lambda: et.allocate(fits, 1, lower={"radio": 1})) == "unknown_channel"
    assert code(lambda: et.allocate([3], 1)) == "wrong_type"
    assert code(lambda: et.allocate(fits, 1, lower=[1])) == "length_mismatch"


def test_adstock_is_a_column_of_its_kind() -> None:
    got = et.adstock(pd.Series([100.0, 0.0], index=["x", "y"]), 0.5)
    assert got.adstock["y"] == 50.0
    assert np.asarray(got).tolist() == [100.0, 50.0]
    assert len(got) == 2
    assert list(et.adstock([1, 1, 1], 0.5, normalize=True, max_lag=2)) == pytest.approx([2 / 3, 1, 1])
    assert code(lambda: et.adstock([1.0], 1.5)) == "not_a_rate"
    assert code(lambda: et.adstock([1.0], 0.5, max_lag=0)) == "not_a_count"
    # A3: a steady spend is its own adstock from the first row on, if it was spent before.
    assert list(et.adstock([100] * 6, 0.9, normalize=True, initial="steady")) == pytest.approx([100] * 6)
    assert list(et.adstock([0, 0], 0.5, initial=100)) == pytest.approx([100, 50])
    assert list(et.adstock([100] * 3, 0.5, initial="zero")) == list(et.adstock([100] * 3, 0.5))
    assert code(lambda: et.adstock([1.0], 0.5, initial="first")) == "unknown_choice"
    assert code(lambda: et.adstock([1.0], 0.5, initial=None)) == "missing"  # type: ignore[arg-type]
    assert code(lambda: et.adstock([1.0], 1.0, initial=5)) == "never_decays"
    steady = et.response_fit("hill", SPEND, REVENUE, adstock=0.5, initial="steady")
    assert steady.params == et.response_fit("hill", et.adstock(SPEND, 0.5, initial="steady").adstock, REVENUE).params


def test_regions_are_rows_of_arrays() -> None:
    rng = np.random.default_rng(3)
    panel = rng.normal(100, 5, (10, 12))
    panel[:3, 8:] += 20
    parts = (panel[:3, :8], panel[:3, 8:], panel[3:, :8], panel[3:, 8:])
    got = et.geo_did(*parts, spend=100)
    assert got.did_ci.low < 20 < got.did_ci.high
    assert got.p_value == pytest.approx(1 / 120)
    assert got.incremental == pytest.approx(got.did * 12)
    assert et.geo_did(*(part.tolist() for part in parts), spend=100) == got
    assert et.geo_did(*(pd.DataFrame(part) for part in parts), spend=100) == got
    double = et.geo_synthetic_control(panel[0, :8], panel[3:, :8], panel[0, 8:], panel[3:, 8:], confidence=0.8)
    assert sum(double.weights) == pytest.approx(1)
    assert double.average_effect.low < double.average_effect.estimate
    assert len(double.effect) == 4
    assert et.geo_synthetic_control(panel[0, :8], panel[3:, :8], ridge="auto").ridge > 0
    assert code(lambda: et.geo_synthetic_control([1, 2], [[1]])) == "length_mismatch"
    assert code(lambda: et.geo_did([], [1], [1], [1])) == "too_few_rows"
    power = et.geo_power(panel[4, :], panel[5:, :], 3, lifts=[0, 5], alpha=0.2, least_before=6)
    assert power.power[1] == 1.0
    assert power.detectable_lift == 5.0


@pytest.mark.parametrize("n_boot", [0, 30])
@pytest.mark.parametrize(
    ("revenue", "model", "noise"),
    [
        ([3 * x**0.5 for x in range(1, 7)], "power", "additive"),
        ([3 * x**0.5 for x in range(1, 7)], "power", "multiplicative"),
        ([3e9 * x / (2 + x) for x in range(1, 7)], "auto", "additive"),
        ([20_000.0] * 6, "auto", "additive"),
        ([0.1] * 6, "auto", "additive"),
    ],
)
def test_rows_without_an_error_give_no_interval(revenue: list[float], model: str, noise: str, n_boot: int) -> None:
    fit = et.fit_response(range(1, 7), revenue, model=model, margin=0.9, noise=noise, n_boot=n_boot)
    assert "exact_fit" in fit.warnings
    found = [*fit.params_ci.values(), fit.optimal_spend_ci_delta, fit.optimal_spend_ci_bootstrap]
    for interval in (*found, fit.predict(3), fit.marginal_roas(3)):
        assert math.isnan(interval.low), interval
        assert math.isnan(interval.high), interval
    # A cent is an error to measure by.
    near = [value * (1 + (1e-6 if at % 2 else -1e-6)) for at, value in enumerate(revenue)]
    again = et.fit_response(range(1, 7), near, model=model, noise=noise, n_boot=n_boot)
    assert "exact_fit" not in again.warnings
    assert again.predict(3).low < again.predict(3).high


def test_an_optimum_that_is_held_back_has_no_interval_of_one_point() -> None:
    spend = np.arange(1.0, 9.0)
    revenue = np.sqrt(spend) * 30 * (1 + 0.02 * np.random.default_rng(0).normal(size=8))
    fit = et.fit_response(spend, revenue, margin=0.4, n_boot=50)
    assert fit.optimal_spend == 12.0 < fit.optimal_spend_uncapped
    for interval in (fit.optimal_spend_ci_bootstrap, fit.optimal_spend_ci_delta):
        assert math.isnan(interval.low), interval
    assert fit.summary().startswith("More spend pays up to 12.00 per period, as far as the data or the cap go")
    said = fit.optimum(margin=0.4).summary()
    assert said.startswith("More spend pays up to 12.00, as far as the data or the cap go, for a profit of")
    # Where no unit pays, zero is the answer.
    none = et.fit_response(spend, revenue, model="michaelis_menten", margin=1e-6, n_boot=50)
    assert none.optimal_spend_ci_bootstrap.high == 0.0


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_revenues_that_cannot_be_squared_are_refused(scale: float) -> None:
    revenue = np.array([5, 8, 10, 11, 12, 12.5])
    assert code(lambda: et.fit_response(np.arange(1, 7), revenue * scale)) == "out_of_range"
    assert code(lambda: et.response_select(["power"], np.arange(1, 7), revenue * scale)) == "out_of_range"
    near = et.fit_response(np.arange(1, 7), revenue * 2.0**-400, n_boot=0)
    assert near.params["c"] == et.fit_response(np.arange(1, 7), revenue, n_boot=0).params["c"]

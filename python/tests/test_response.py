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
    assert math.isnan(et.response_fit("hill", [None, *SPEND[1:]], REVENUE).rss)


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

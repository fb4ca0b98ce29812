"""What once ended a process, hung, or answered wrongly without a word."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edgetally as et

SPEND = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 6e4, 8e4]
REVENUE = [1e4, 1.7e4, 3.1e4, 5e4, 8e4, 1.4e5, 1.7e5, 1.9e5]
LOOKS = {"exposed_users_per_look": 10, "holdout_users_per_look": 10, "looks": 1, "tau": 0.01, "repetitions": 1}


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: et.fit_response(SPEND, REVENUE, model="power", n_boot=2**40), "resamples_out_of_range"),
        (lambda: et.response_fit("power", SPEND, REVENUE, n_boot=2**63), "resamples_out_of_range"),
        (lambda: et.response_fit("power", SPEND, REVENUE, n_boot=200, block=8), "exceeds"),
        (lambda: et.response_fit("power", SPEND, REVENUE, newey_west=100), "exceeds"),
        (lambda: et.response_fit("power", SPEND, REVENUE, n_boot=float("nan")), "not_a_count"),  # type: ignore[arg-type]
        (lambda: et.sequential_simulation(0.5, 0.5, **{**LOOKS, "exposed_users_per_look": 2**31}), "out_of_range"),
        (lambda: et.sequential_simulation(0.5, 0.5, **{**LOOKS, "exposed_users_per_look": 2**53}), "not_a_count"),
        (lambda: et.srm([[100, 120], [500, 700]]), "wrong_type"),
        (lambda: et.adjust_pvalues([[0.01, 0.04], [0.02, 0.03]]), "wrong_type"),
        (lambda: et.lift_mde(0.02, 1000, 1000, power=None), "missing"),
    ],
)
def test_it_is_refused_with_a_code(call: Callable[[], Any], code: str) -> None:
    with pytest.raises(et.EdgetallyError) as caught:
        call()
    assert caught.value.code == code


def test_a_negative_zero_is_a_rate() -> None:
    assert et.sequential_simulation(0.02, -0.0, **LOOKS) == et.sequential_simulation(0.02, 0.0, **LOOKS)


def test_a_mask_is_missing() -> None:
    masked = np.ma.MaskedArray([100.0, 200.0], mask=[False, True])
    assert np.isnan(et.cpm(masked, 1000).cpm).tolist() == [False, True]


def test_two_dimensions_become_rows_of_a_table() -> None:
    result = et.cpm(np.ones((2, 2)), 5.0)
    assert result.to_pandas().shape == (4, 1)
    assert result.to_arrow().num_rows == 4
    assert result.status.shape == (2, 2)


def test_a_pair_among_the_fields_does_not_disturb_the_status() -> None:
    result = et.lift_gbstats_compat([5000, -1], [60, 6], [5000, 9], [40, 4], errors="coerce")
    assert result.status.tolist() == [0, 3]


def test_a_posterior_that_cannot_be_held_is_undefined() -> None:
    assert np.isnan(et.lift_bayes(100, 0, 100, 0, prior_alpha=0.01).prob_lift_positive)
    assert np.isnan(et.lift_bayes(100, 3, 100, 3, prior_alpha=1e200).prob_lift_positive)
    assert et.lift_bayes(100, 3, 100, 3, prior_alpha=0.01).prob_lift_positive == pytest.approx(0.5)


def test_equal_arms_are_even_odds_down_to_the_least_prior() -> None:
    for prior in (0.3, 0.5, 1.0, 3.0):
        assert abs(et.lift_bayes(100, 0, 100, 0, prior_alpha=prior).prob_lift_positive - 0.5) < 1e-9

"""P-values and posterior probabilities, where the reference rows do not look."""

import math

import numpy as np
import pytest

import edgetally as et


def test_columns_are_rows() -> None:
    users = np.array([70.0, 10.0, 50.0, 1e9, 0.0])
    conversions = np.array([56.0, 9.0, 1.0, 1e6, 0.0])
    both = et.lift_p_value(users, conversions, 80, [48, 3, 0, 70, 1])
    bayes = et.lift_bayes(users, conversions, 80, [48, 3, 0, 70, 1], rope=0.01, threshold=0.0)
    for row in range(5):
        arguments = (users[row], conversions[row], 80, [48, 3, 0, 70, 1][row])
        one = et.lift_p_value(*arguments)
        assert [both[name][row] for name in both.fields] == pytest.approx(
            [one[name] for name in both.fields], nan_ok=True, rel=0
        )
        posterior = et.lift_bayes(*arguments, rope=0.01, threshold=0.0)
        assert bayes.prob_lift_positive[row] == posterior.prob_lift_positive
        assert bayes.diff_credible.low[row] == posterior.diff_credible.low
    assert math.isnan(both.p_value[4])
    assert not math.isnan(bayes.prob_lift_positive[4])


def test_alternatives() -> None:
    greater = et.lift_p_value(100, 12, 100, 5, alternative="greater")
    less = et.lift_p_value(100, 12, 100, 5, alternative="less")
    assert greater.p_score + less.p_score == pytest.approx(1.0)
    assert greater.p_fisher_mid + less.p_fisher_mid == pytest.approx(1.0)
    with pytest.raises(et.EdgetallyError) as caught:
        et.lift_p_value(100, 12, 100, 5, alternative="bigger")
    assert str(caught.value.code) == "unknown_choice"


def test_what_is_left_out_is_nan() -> None:
    assert math.isnan(et.lift_p_value(10, 9, 10, 3, unconditional=False).p_barnard)
    b = et.lift_bayes(10, 9, 10, 3, intervals=False)
    assert math.isnan(b.diff_credible.low)
    assert math.isnan(b.prob_in_rope)
    assert b.prob_lift_positive > 0.99


def test_errors_name_the_argument() -> None:
    for function in (et.lift_p_value, et.lift_bayes):
        with pytest.raises(et.EdgetallyError) as caught:
            function(10, 11, 10, 3)
        assert str(caught.value.code) == "exceeds"
        assert str(caught.value).startswith("exposed_conversions 11")
        status = function(np.array([10.0, 10.0]), np.array([11.0, 5.0]), 10, 3, errors="coerce").status
        assert status[0] & 1
        assert not status[1] & 1
    with pytest.raises(et.EdgetallyError) as caught:
        et.lift_bayes(10, 5, 10, 3, credible=1.0)
    assert str(caught.value).startswith("credible 1 ")

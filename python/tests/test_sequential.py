"""Tests with looks: valid with a small holdout, coherent, and never a number where nothing is known."""

from typing import Any

import numpy as np
import pytest

import edgetally as et

KINDS: list[dict[str, Any]] = [{"tau": 0.01}, {"kind": "asympcs"}]


@pytest.mark.parametrize("kind", KINDS, ids=["msprt", "asympcs"])
@pytest.mark.parametrize("arms", [(5, 0, 5, 0), (1, 0, 1, 0), (10, 10, 10, 10), (0, 0, 0, 0), (7, 0, 3, 0)])
def test_an_early_look_leaves_the_interval_open(arms: tuple[int, ...], kind: dict[str, Any]) -> None:
    look = et.sequential(*arms, **kind)
    assert look.p_always_valid == look.p_always_valid_pooled == look.e_value == look.e_value_pooled == 1.0
    assert look.log_e_value == 0.0
    low, high = look.confidence_sequence
    assert low < 0.0 < high
    assert high - low > 0.5


def test_a_small_holdout_is_no_evidence() -> None:
    # All 19 conversions fell on the 95 % of the users who were exposed; 18 were to be expected there.
    look = et.sequential(9_500, 19, 500, 0, tau=0.001)
    assert look.p_always_valid > 0.9
    low, high = look.confidence_sequence
    assert low < 0.0 < high
    assert look.flags == ("interval_includes_zero", "small_counts")
    assert et.sequential(100_000, 1_200, 100_000, 900, tau=0.001).flags == ()
    many = et.sequential([9_500, 100_000], [19, 1_200], [500, 100_000], [0, 900], tau=0.001)
    assert many.flags["small_counts"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("rate", "exposed", "holdout", "looks", "options"),
    [
        (0.001, 9_500, 500, 60, {"tau": 0.001}),
        (0.01, 900, 100, 30, {"tau": 0.005}),
        (0.01, 90, 10, 100, {"tau": 0.01}),
        (0.001, 180, 20, 100, {"tau": 0.002}),
        (0.01, 900, 100, 30, {"tuning": 5_000.0}),
        (0.005, 9_000, 1_000, 30, {"tau": 0.002}),
        (0.0005, 990, 10, 60, {"tau": 0.002}),
    ],
)
def test_no_effect_is_seldom_found(
    rate: float, exposed: int, holdout: int, looks: int, options: dict[str, Any]
) -> None:
    played = et.sequential_simulation(
        rate,
        rate,
        exposed_users_per_look=exposed,
        holdout_users_per_look=holdout,
        looks=looks,
        repetitions=300,
        seed=3,
        **options,
    )
    # Two standard errors of 5 % in 300; the closed form gives 5 to 50 %.
    assert played.rejected <= 0.05 + 0.025
    assert played.missed == played.rejected


def test_the_calls_find_what_the_simulation_finds() -> None:
    rng = np.random.default_rng(4)
    users = np.arange(1, 31) * np.ones((150, 1))
    counts = [np.cumsum(rng.binomial(n, 0.01, users.shape), axis=1).astype(float) for n in (950, 50)]
    looks = et.sequential(950 * users, counts[0], 50 * users, counts[1], tau=0.01)
    rejects = np.asarray(looks.p_always_valid) <= 0.05
    interval = looks.confidence_sequence
    outside = (np.asarray(interval.low) > 0.0) | (np.asarray(interval.high) < 0.0)
    # One test, two views.
    assert (rejects == outside).all()
    assert rejects.any(axis=1).mean() <= 0.05 + 0.036
    assert not np.isnan(np.asarray(interval.low)).any()


def test_confidence_and_alpha_say_the_same() -> None:
    look = et.sequential(9_500, 19, 500, 0, tau=0.001, confidence=0.9)
    assert look == et.sequential(9_500, 19, 500, 0, tau=0.001, alpha=0.1)
    for options, code in (
        ({"confidence": 0.9, "alpha": 0.1}, "one_goal"),
        ({"confidence": 0.05}, "confidence_low"),
        ({"confidence": [0.05, 0.95]}, "confidence_low"),
    ):
        for function in (et.sequential, et.gbstats_compat):
            arms: dict[str, Any] = {"tau": 0.001} if function is et.sequential else {}
            with pytest.raises(et.EdgetallyError) as caught:
                function(9_500, 19, 500, 0, **arms, **options)  # type: ignore[operator]
            assert caught.value.code == code
    with pytest.raises(et.EdgetallyError) as caught:
        et.sequential_simulation(0.1, 0.1, exposed_users_per_look=10, holdout_users_per_look=10, looks=2.5)  # type: ignore[arg-type]
    assert caught.value.code == "not_a_count"

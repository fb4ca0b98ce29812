//! The laws of `metrics::power_revenue`.
#![allow(clippy::float_cmp, reason = "what is exact is compared exactly")]

use super::revenue::Draws;
use edgetally_core::metrics::power_revenue::{Plan, mde, power, users};

fn plan(sd: f64, n1: f64, n0: f64) -> Plan {
    Plan {
        exposed_sd: sd,
        exposed_users: n1,
        holdout_sd: sd,
        holdout_users: n0,
    }
}

#[test]
fn the_power_is_that_of_other_tools() {
    // R: power.t.test(n, delta, sd, strict = TRUE); statsmodels: TTestIndPower().power and .solve_power.
    for (n, diff, want) in [
        (20.0, 1.0, 0.868_953_0),
        (64.0, 0.5, 0.801_459_6),
        (100.0, 0.0, 0.05),
    ] {
        let got = power(&plan(1.0, n, n), diff, 0.05).unwrap();
        assert!((got - want).abs() < 1e-7, "{n} {got}");
    }
    let need = users(1.0, 1.0, 0.5, 1.0, 0.05, 0.8).unwrap();
    assert!((need - 63.765_61).abs() < 1e-4, "{need}");
    // Large samples: the normal formula.
    let z = 1.959_963_984_540_054 + 0.841_621_233_572_914_2;
    let need = users(12.0, 9.0, 0.1, 3.0, 0.05, 0.8).unwrap();
    let normal = z * z * (81.0 + 144.0 / 3.0) / 0.01;
    assert!((need / normal - 1.0).abs() < 1e-4, "{need} {normal}");
}

#[test]
fn the_ways_agree_and_the_unit_changes_nothing() {
    let mut draws = Draws(45);
    for _ in 0..100 {
        let plan = Plan {
            exposed_sd: 0.1 + 10.0 * draws.next(),
            exposed_users: (3.0 + 1e4 * draws.next()).floor(),
            holdout_sd: 0.1 + 10.0 * draws.next(),
            holdout_users: (3.0 + 1e3 * draws.next()).floor(),
        };
        let least = mde(&plan, 0.05, 0.8).unwrap();
        let got = power(&plan, least, 0.05).unwrap();
        assert!((got - 0.8).abs() < 1e-9, "{plan:?} {got}");
        assert!(power(&plan, -least, 0.05).unwrap() == got);
        let ratio = plan.exposed_users / plan.holdout_users;
        let need = users(plan.exposed_sd, plan.holdout_sd, least, ratio, 0.05, 0.8).unwrap();
        assert!(
            (need / plan.holdout_users - 1.0).abs() < 1e-6,
            "{plan:?} {need}"
        );
        let unit = 2_f64.powi(-700);
        let small = Plan {
            exposed_sd: plan.exposed_sd * unit,
            holdout_sd: plan.holdout_sd * unit,
            ..plan
        };
        assert_eq!(mde(&small, 0.05, 0.8).unwrap(), least * unit);
    }
}

#[test]
fn wrong_plans_are_refused_and_any_bits_return() {
    assert_eq!(
        power(&plan(0.0, 9.0, 9.0), 1.0, 0.05).unwrap_err().argument,
        "exposed_sd"
    );
    assert_eq!(
        users(1.0, 1.0, 0.0, 1.0, 0.05, 0.8).unwrap_err().code(),
        "equal"
    );
    assert_eq!(
        mde(&plan(1.0, 9.0, 9.0), 0.05, 0.05).unwrap_err().code(),
        "not_above_alpha"
    );
    assert!(power(&plan(1.0, 1.0, 9.0), 1.0, 0.05).unwrap().is_nan());
    let mut draws = Draws(46);
    for _ in 0..300 {
        let mut x = || draws.bits();
        let plan = Plan {
            exposed_sd: x(),
            exposed_users: x(),
            holdout_sd: x(),
            holdout_users: x(),
        };
        let _ = power(&plan, x(), x());
        let _ = mde(&plan, x(), x());
        let _ = users(x(), x(), x(), x(), x(), x());
    }
}

#[test]
fn one_degree_of_freedom_and_a_bit_is_integrated_to_its_end() {
    // SciPy 1.17.1, nct; the density of the estimated standard deviation leaves 0 with a power of 0.02.
    let plan = Plan {
        exposed_sd: 3.539_151_855_535_607_6,
        exposed_users: 3956.0,
        holdout_sd: 0.385_890_745_470_245_43,
        holdout_users: 2.0,
    };
    let got = power(&plan, 1.243_466_160_505_244_4, 0.05).unwrap();
    assert!((got - 0.306_146_271_201).abs() < 1e-9, "{got}");
}

#[test]
fn a_ratio_whose_least_users_round_to_less_than_two_has_an_answer() {
    let ratio = 0.336_766_315_520_942_8;
    assert!(ratio * (2.0 / ratio) < 2.0);
    let need = users(1.0, 1.0, 0.01, ratio, 0.05, 0.8).unwrap();
    let plan = Plan {
        exposed_sd: 1.0,
        exposed_users: ratio * need,
        holdout_sd: 1.0,
        holdout_users: need,
    };
    assert!((power(&plan, 0.01, 0.05).unwrap() - 0.8).abs() < 1e-9);
}

#[test]
fn a_chance_that_rises_within_a_small_part_of_the_way_is_integrated_there() {
    // mpmath 1.4.1, 20 digits: 1.07 degrees of freedom, a critical value of 34.
    let plan = Plan {
        exposed_sd: 8.423_662_010_033_443,
        exposed_users: 13_343.0,
        holdout_sd: 0.543_519_166_922_351,
        holdout_users: 2.0,
    };
    let got = power(&plan, 11.735_505_471_943_329, 0.014_755_893_474_821_001).unwrap();
    assert!((got - 0.615_949_187_868_569).abs() < 1e-9, "{got}");
}

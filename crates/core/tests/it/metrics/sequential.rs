//! The reference rows and laws of `metrics::sequential`.
#![allow(
    clippy::float_cmp,
    clippy::unreadable_literal,
    clippy::excessive_precision,
    clippy::many_single_char_names,
    clippy::doc_markdown,
    reason = "reference values as they were printed, and what is exact is compared exactly"
)]

use super::revenue::Draws;
use super::rows;
use edgetally_core::metrics::sequential::{
    Kind, Look, Sequential, Simulation, sequential, simulate,
};
use edgetally_core::metrics::{Interval, special};

#[test]
fn looks_agree_with_the_reference() {
    for row in rows("lift.sequential") {
        let got = sequential(
            row.input("exposed_users"),
            row.input("exposed_conversions"),
            row.input("holdout_users"),
            row.input("holdout_conversions"),
            Kind::Msprt {
                tau: row.input("tau"),
            },
            row.input("alpha"),
            1.0,
        )
        .unwrap();
        for (name, got) in [
            ("e_value", got.valid.e_value),
            ("p_always_valid", got.valid.p_always_valid),
            ("e_value_pooled", got.pooled.e_value),
            ("p_always_valid_pooled", got.pooled.p_always_valid),
        ] {
            assert!(row.expect(name, got), "{} lacks {name}", row.id);
        }
        let interval = got.valid.confidence_sequence;
        assert!(row.expect_all("confidence_sequence", &[interval.low, interval.high]));
    }
}

fn look(n1: f64, x1: f64, n0: f64, x0: f64, kind: Kind, previous: f64) -> Sequential {
    sequential(n1, x1, n0, x0, kind, 0.05, previous).unwrap()
}

const TAU: Kind = Kind::Msprt { tau: 0.003 };
const TUNED: Kind = Kind::AsymptoticCs { tuning: 5_000.0 };

#[test]
fn the_interval_excludes_zero_when_the_evidence_is_one_over_alpha() {
    let mut draws = Draws(21);
    let mut both = [0, 0];
    for _ in 0..100_000 {
        let (n1, n0) = (
            (draws.next() * 1e5).floor() + 5.0,
            (draws.next() * 1e5).floor() + 5.0,
        );
        let rate = 0.2 * draws.next();
        let lift = 1.0 + 0.2 * draws.next();
        let (x1, x0) = ((n1 * rate * lift).floor(), (n0 * rate).floor());
        for kind in [TAU, TUNED] {
            let got = look(n1, x1, n0, x0, kind, 1.0).valid;
            assert!(got.confidence_sequence.low < got.confidence_sequence.high);
            let excluded = got.confidence_sequence.low > 0.0 || got.confidence_sequence.high < 0.0;
            let evidence = got.e_value > 20.0;
            both[usize::from(evidence)] += 1;
            if (got.e_value - 20.0).abs() > 1e-9 {
                assert_eq!(excluded, evidence, "{n1} {x1} {n0} {x0} {got:?}");
            }
        }
    }
    assert!(both[0] > 10_000 && both[1] > 10_000, "{both:?}");
}

#[test]
fn arms_may_be_exchanged() {
    for kind in [TAU, TUNED] {
        let one = look(5_000.0, 60.0, 9_000.0, 40.0, kind, 1.0);
        let other = look(9_000.0, 40.0, 5_000.0, 60.0, kind, 1.0);
        let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-14 * a.abs(), "{a} {b}");
        close(one.pooled.e_value, other.pooled.e_value);
        let (one, other) = (
            one.valid.confidence_sequence,
            other.valid.confidence_sequence,
        );
        close(one.low, -other.high);
        close(one.high, -other.low);
    }
}

#[test]
fn the_tuned_sequence_is_tightest_where_it_was_tuned() {
    // The same variance per user at every look: the width relative to the fixed-sample one is least near the tuning.
    let relative = |users: f64| {
        let variance = 0.04 / users;
        let got = Look::new(0.0, variance, users, TUNED, 0.05, 1.0).unwrap();
        got.confidence_sequence.high / variance.sqrt()
    };
    let least = (1..=200)
        .map(|step| f64::from(step) * 100.0)
        .min_by(|a, b| relative(*a).total_cmp(&relative(*b)))
        .unwrap();
    assert!((least / 5_000.0 - 1.0).abs() < 0.1, "{least}");
}

#[test]
fn p_values_never_grow() {
    let first = look(5_000.0, 90.0, 5_000.0, 40.0, TAU, 1.0)
        .valid
        .p_always_valid;
    let second = look(9_000.0, 99.0, 9_000.0, 98.0, TAU, first).valid;
    assert!(first < 0.01);
    assert_eq!(second.p_always_valid, first);
    assert!(second.e_value < 1.0);
    assert!(
        look(9.0, 1.0, 9.0, 1.0, TAU, f64::NAN)
            .valid
            .p_always_valid
            .is_nan()
    );
}

#[test]
fn early_looks_say_nothing_and_leave_the_interval_open() {
    for kind in [TAU, TUNED] {
        for (n, x) in [(1.0, 0.0), (5.0, 0.0), (10.0, 10.0), (200.0, 0.0)] {
            let got = look(n, x, n, x, kind, 0.4);
            assert_eq!((got.valid.e_value, got.valid.log_e_value), (1.0, 0.0));
            assert_eq!(
                (got.valid.p_always_valid, got.pooled.p_always_valid),
                (0.4, 0.4)
            );
            assert_eq!(got.pooled.e_value, 1.0);
            let Interval { low, high, .. } = got.valid.confidence_sequence;
            // Open where nothing is known, and never without width.
            assert!(
                (-1.0..-0.01).contains(&low) && (0.01..=1.0).contains(&high),
                "{got:?}"
            );
            assert!(got.small_counts);
        }
    }
    // Both arms together do vary.
    let got = look(10.0, 10.0, 10.0, 0.0, TAU, 1.0);
    assert!(got.valid.e_value > 1.0 && got.pooled.e_value > 0.0);
    assert!(got.valid.confidence_sequence.low < 1.0);
    let empty = look(0.0, 0.0, 10.0, 1.0, TAU, 0.4).valid;
    assert_eq!((empty.e_value, empty.p_always_valid), (1.0, 0.4));
    assert_eq!(empty.confidence_sequence.high, f64::INFINITY);
    assert!(empty.confidence_sequence.estimate.is_nan());
    let flat = Look::new(0.1, 0.0, 10.0, TAU, 0.05, 0.4).unwrap();
    assert_eq!((flat.e_value, flat.p_always_valid), (1.0, 0.4));
    assert_eq!(flat.confidence_sequence.low, f64::NEG_INFINITY);
}

#[test]
fn a_small_holdout_is_not_evidence() {
    // All 19 conversions fell on the 95 % of the users who were exposed.
    let got = look(9_500.0, 19.0, 500.0, 0.0, Kind::Msprt { tau: 0.001 }, 1.0);
    assert!(got.small_counts && got.valid.p_always_valid > 0.9);
    let Interval { low, high, .. } = got.valid.confidence_sequence;
    assert!(low < 0.0 && high > 0.002, "{got:?}");
}

#[test]
fn the_evidence_of_few_conversions_has_a_mean_of_one() {
    // Given that c conversions fell on arms of 95 : 5, those of the exposed are hypergeometric; the mean over all of them.
    let (n1, n0) = (1_900.0, 100.0);
    for c in [1_u32, 2, 5, 20, 60] {
        for tau in [1e-4, 1e-3, 1e-2, 1.0] {
            let mut mean = 0.0;
            for x0 in 0..=c {
                let (x0, x1) = (f64::from(x0), f64::from(c - x0));
                if x0 <= n0 {
                    let got = look(n1, x1, n0, x0, Kind::Msprt { tau }, 1.0).valid;
                    let weight = special::hypergeometric_pmf(x0, n0, n1, f64::from(c));
                    mean += weight * got.e_value;
                }
            }
            // Above 1 only where 60 of 2,000 convert and the mixture is as wide as can be: the level is estimated.
            assert!((0.5..=1.15).contains(&mean), "{c} {tau} {mean}");
        }
    }
}

#[test]
fn the_likelihood_is_the_closed_form_where_counts_are_large() {
    // 300 conversions in a holdout of 1 %: a skewness of 0.058, just above what the closed form asks for.
    let tau = Kind::Msprt { tau: 0.001 };
    for x0 in [300.0, 430.0] {
        let got = look(2_970_000.0, 107.0 * x0, 30_000.0, x0, tau, 1.0);
        assert_eq!(got.small_counts, x0 == 300.0);
        let difference = got.valid.log_e_value - got.pooled.log_e_value;
        assert!(difference.abs() < 0.25, "{got:?}");
    }
}

#[test]
fn the_likelihood_is_integrated_to_its_ends() {
    // mpmath 1.4.1, 30 digits. With one conversion the likelihood leaves the end of the mixture as a straight line.
    for (n1, x1, n0, x0, tau, log_e_value) in [
        (
            489.0,
            1.0,
            48.0,
            0.0,
            0.03441765115133948,
            -0.571916835397458,
        ),
        (
            296.0,
            0.0,
            16.0,
            1.0,
            0.001263616117751588,
            0.004628490382852,
        ),
        (
            268.0,
            0.0,
            178731.0,
            3.0,
            0.38173177205742065,
            -1.382807910753955,
        ),
    ] {
        let got = look(n1, x1, n0, x0, Kind::Msprt { tau }, 1.0);
        assert!(got.small_counts);
        let difference = got.valid.log_e_value - log_e_value;
        assert!(
            difference.abs() < 1e-10,
            "{n1} {x1} {n0} {x0}: {difference}"
        );
    }
}

#[test]
fn no_cell_of_the_grid_rejects_too_often() {
    // A part of the grid of docs/calculators/coverage.md; the closed form rejects 20 to 60 % in most of these.
    let mut worst = 0.0_f64;
    for (exposed, holdout) in [(950, 50), (990, 10), (900, 100), (9_500, 500)] {
        for rate in [0.001, 0.01] {
            for tau in [0.5, 1.0, 3.0] {
                let test = Simulation {
                    exposed_rate: rate,
                    holdout_rate: rate,
                    exposed_users_per_look: exposed,
                    holdout_users_per_look: holdout,
                    looks: 60,
                    kind: Kind::Msprt { tau: tau * rate },
                    alpha: 0.05,
                    repetitions: 400,
                    seed: 5,
                };
                let null = simulate(test).unwrap();
                assert!(null.rejected <= 0.05 + 0.022, "{test:?} {null:?}");
                assert_eq!(null.rejected, null.missed);
                worst = worst.max(null.rejected);
                let lifted = Simulation {
                    exposed_rate: 2.0 * rate,
                    repetitions: 100,
                    ..test
                };
                let missed = simulate(lifted).unwrap().missed;
                assert!(missed <= 0.05 + 0.044, "{lifted:?} {missed}");
            }
        }
    }
    assert!(worst > 0.005, "{worst}");
}

#[test]
fn an_evidence_beyond_all_numbers_keeps_its_logarithm() {
    let got = look(1e9, 5e8, 1e9, 4e8, Kind::Msprt { tau: 0.1 }, 1.0).valid;
    assert_eq!((got.e_value, got.p_always_valid), (f64::INFINITY, 0.0));
    assert!(got.log_e_value > 1e6 && got.log_e_value.is_finite());
    assert!(got.confidence_sequence.low > 0.0998);
}

#[test]
fn simulated_tests_err_as_seldom_as_promised() {
    let test = Simulation {
        exposed_rate: 0.02,
        holdout_rate: 0.02,
        exposed_users_per_look: 2_000,
        holdout_users_per_look: 2_000,
        looks: 20,
        kind: Kind::Msprt { tau: 0.004 },
        alpha: 0.05,
        repetitions: 1_000,
        seed: 3,
    };
    let null = simulate(test).unwrap();
    // Three standard errors of 0.05 in 1,000 are 0.02.
    assert!(null.rejected <= 0.05 && null.missed <= 0.05, "{null:?}");
    assert!((null.fixed - 0.05).abs() < 0.025, "{null:?}");
    assert!(null.naive > 0.18, "{null:?}");
    // Without a difference, missing it and rejecting it are the same.
    assert_eq!(null.rejected, null.missed);
    assert_eq!(simulate(test).unwrap(), null);
    assert_ne!(simulate(Simulation { seed: 4, ..test }).unwrap(), null);
    let tuned = simulate(Simulation {
        kind: Kind::AsymptoticCs { tuning: 40_000.0 },
        ..test
    })
    .unwrap();
    assert!(tuned.missed <= 0.05, "{tuned:?}");
    let lifted = simulate(Simulation {
        exposed_rate: 0.023,
        ..test
    })
    .unwrap();
    assert!(lifted.rejected > 0.3 && lifted.fixed > lifted.rejected);
    assert!(lifted.missed <= 0.05 && lifted.mean_stop < null.mean_stop);
    // The sampler also above one half, and at the ends.
    let high = simulate(Simulation {
        exposed_rate: 0.98,
        holdout_rate: 0.98,
        ..test
    })
    .unwrap();
    assert!((high.fixed - 0.05).abs() < 0.025 && high.rejected <= 0.05);
    let certain = simulate(Simulation {
        exposed_rate: 1.0,
        holdout_rate: 0.0,
        repetitions: 10,
        ..test
    })
    .unwrap();
    assert_eq!(certain.fixed, 1.0);
}

#[test]
fn wrong_looks_are_refused() {
    let refused = |n1, x1, n0, x0, kind, alpha, previous| {
        let error = sequential(n1, x1, n0, x0, kind, alpha, previous).unwrap_err();
        (error.argument, error.code())
    };
    let none = Kind::Msprt { tau: 0.0 };
    assert_eq!(
        refused(9.0, 1.0, 9.0, 1.0, none, 0.05, 1.0),
        ("tau", "not_positive")
    );
    assert_eq!(
        refused(9.0, 10.0, 9.0, 1.0, TAU, 0.05, 1.0),
        ("exposed_conversions", "exceeds")
    );
    assert_eq!(
        refused(9.0, 1.0, 9.5, 1.0, TAU, 0.05, 1.0),
        ("holdout_users", "not_a_count")
    );
    assert_eq!(
        refused(9.0, 1.0, 9.0, 1.0, TAU, 1.0, 1.0),
        ("alpha", "not_inside_0_1")
    );
    assert_eq!(
        refused(9.0, 1.0, 9.0, 1.0, TAU, 0.05, 2.0),
        ("previous_p", "not_a_rate")
    );
    let got = look(f64::NAN, 1.0, 0.0, 0.0, TAU, 1.0).valid;
    assert!(got.e_value.is_nan() && got.p_always_valid.is_nan());
    assert!(got.confidence_sequence.high.is_nan());
}

#[test]
fn any_bits_return_or_raise() {
    let mut draws = Draws(22);
    for _ in 0..50_000 {
        let mut x = || draws.bits();
        let kinds = [Kind::Msprt { tau: x() }, Kind::AsymptoticCs { tuning: x() }];
        for kind in kinds {
            let _ = sequential(x(), x(), x(), x(), kind, x(), x());
            let _ = sequential(50.0, 5.0, 40.0, 2.0, kind, 0.05, 1.0);
            let _ = Look::new(x(), x(), x(), kind, 0.05, x());
        }
    }
}

#[test]
fn the_row_by_row_calculator_is_this_function() {
    use edgetally_core::metrics::calculator::Value;
    use edgetally_core::metrics::registry::find;
    for row in rows("lift.sequential") {
        let calculator = find("lift.sequential").unwrap();
        let values: Vec<Value<'_>> = calculator
            .arguments
            .iter()
            .map(|argument| row.given(argument.name).map_or(Value::Absent, Value::One))
            .collect();
        let got = calculator.one(&values).unwrap();
        let at = |name: &str| got[calculator.output(name).unwrap()];
        for name in [
            "e_value",
            "p_always_valid",
            "e_value_pooled",
            "p_always_valid_pooled",
        ] {
            row.expect(name, at(name));
        }
        let name = "confidence_sequence";
        let ends = [
            at("confidence_sequence.low"),
            at("confidence_sequence.high"),
        ];
        assert!(row.expect_all(name, &ends));
    }
}

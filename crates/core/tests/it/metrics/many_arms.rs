//! The laws of `metrics::many_arms`.
#![allow(clippy::float_cmp, reason = "what is exact is compared exactly")]

use super::revenue::Draws;
use edgetally_core::metrics::many_arms::many_arms;
use edgetally_core::metrics::special::normal_quantile;

#[test]
fn the_critical_value_is_dunnetts() {
    // Two-sided 5 %, correlation 0.5, infinite degrees of freedom: C. W. Dunnett, Biometrics 20 (1964), table 2.
    for (arms, want) in [
        (1, 1.96),
        (2, 2.21),
        (3, 2.35),
        (4, 2.44),
        (5, 2.51),
        (9, 2.69),
    ] {
        let got = many_arms(&vec![1_000.0; arms], &vec![50.0; arms], 1_000.0, 50.0, 0.95).unwrap();
        assert!(
            (got.critical - want).abs() < 0.006,
            "{arms} {}",
            got.critical
        );
    }
    // A holdout so large that it adds no noise leaves the arms independent: Šidák's value.
    let got = many_arms(&[100.0; 4], &[9.0; 4], 1e12, 1e11, 0.95).unwrap();
    let sidak = normal_quantile(1.0 - (1.0 - 0.95_f64.powf(0.25)) / 2.0);
    assert!(
        (got.critical - sidak).abs() < 1e-6,
        "{} {sidak}",
        got.critical
    );
    // One so small that it is nearly all of the noise leaves one comparison.
    let got = many_arms(&[1e12; 4], &[1e11; 4], 100.0, 9.0, 0.95).unwrap();
    assert!((got.critical - 1.96).abs() < 0.001, "{}", got.critical);
}

#[test]
fn an_interval_excludes_zero_when_the_adjusted_p_value_is_small() {
    let mut draws = Draws(41);
    let mut kinds = [0, 0];
    for _ in 0..400 {
        let mut count = |most: f64| (draws.next() * most).floor() + 30.0;
        let users = [count(5e3), count(5e3), count(5e4)];
        let holdout = count(5e3);
        let rate = 0.02 + 0.2 * draws.next();
        let conversions = users.map(|n| (n * rate * (0.8 + 0.6 * draws.next())).floor().min(n));
        let got = many_arms(&users, &conversions, holdout, (holdout * rate).floor(), 0.9).unwrap();
        for arm in 0..3 {
            let (p, plain) = (got.p_dunnett[arm], got.p_value[arm]);
            assert!(p >= plain - 1e-12 && p <= 3.0 * plain + 1e-12);
            if (p - 0.1).abs() > 1e-8 {
                for interval in [got.diff[arm], got.rel_lift[arm]] {
                    let excludes = interval.low > 0.0 || interval.high < 0.0;
                    assert_eq!(excludes, p < 0.1, "{got:?}");
                }
                kinds[usize::from(p < 0.1)] += 1;
            }
        }
    }
    assert!(kinds[0] > 150 && kinds[1] > 150, "{kinds:?}");
}

#[test]
fn wrong_arms_are_refused_and_unknown_ones_carried_on() {
    let refused = |users: &[f64], conversions: &[f64], confidence| {
        let error = many_arms(users, conversions, 10.0, 1.0, confidence).unwrap_err();
        (error.argument, error.code(), error.index)
    };
    assert_eq!(refused(&[], &[], 0.95), ("users", "too_few_rows", None));
    assert_eq!(
        refused(&[9.0], &[], 0.95),
        ("conversions", "length_mismatch", None)
    );
    assert_eq!(
        refused(&[9.0, 5.0], &[1.0, 6.0], 0.95),
        ("conversions", "exceeds", Some(1))
    );
    assert_eq!(
        refused(&[9.5], &[1.0], 0.95),
        ("users", "not_a_count", Some(0))
    );
    assert_eq!(
        refused(&[9.0], &[1.0], 0.05),
        ("confidence", "confidence_low", None)
    );
    let unknown = many_arms(&[f64::NAN, 9.0], &[1.0, 1.0], 10.0, 1.0, 0.95).unwrap();
    assert!(unknown.p_dunnett[0].is_nan());
    let mut draws = Draws(42);
    for _ in 0..500 {
        let mut x = || draws.bits();
        let _ = many_arms(&[x(), x()], &[x(), x()], x(), x(), x());
    }
}

#[test]
fn a_large_statistic_is_adjusted_where_it_is_reached() {
    // mpmath 1.4.1, 40 digits: the arm's statistic is 10.2, and nearly all of it is the small holdout's.
    let arms = many_arms(
        &[5648.0, 486.0, 614.0],
        &[3727.0, 409.0, 586.0],
        407.0,
        298.0,
        0.8,
    )
    .unwrap();
    let exact = 6.303_478_771_966_759e-24;
    assert!(
        (arms.p_dunnett[2] / exact - 1.0).abs() < 1e-9,
        "{:?}",
        arms.p_dunnett
    );
}

//! The reference rows and laws of `metrics::srm`.
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
use edgetally_core::metrics::srm::{log_bayes_factor, srm};

#[test]
fn splits_agree_with_the_reference() {
    for row in rows("srm") {
        let got = srm(&row.column("observed"), &row.column("weights")).unwrap();
        for (name, got) in [
            ("chi2", got.chi2),
            ("df", got.df),
            ("p_value", got.p_value),
            ("log_bayes_factor_k100", got.log_bayes_factor_k100),
            ("p_sequential_k100", got.p_sequential_k100),
            ("log_bayes_factor_k10000", got.log_bayes_factor_k10000),
            ("p_sequential_k10000", got.p_sequential_k10000),
        ] {
            assert!(row.expect(name, got), "{} lacks {name}", row.id);
        }
        assert_eq!(
            row.expect("p_exact_binomial", got.p_exact_binomial),
            !got.p_exact_binomial.is_nan()
        );
    }
}

/// `P(outcome at most as likely)` by summing all outcomes.
fn exact_by_summing(seen: u32, users: u32, p: f64) -> f64 {
    let mut likelihoods = vec![0.0_f64; users as usize + 1];
    let mut log = f64::from(users) * (-p).ln_1p();
    for (k, slot) in likelihoods.iter_mut().enumerate() {
        *slot = log.exp();
        log += ((f64::from(users) - k as f64) / (k as f64 + 1.0) * p / (1.0 - p)).ln();
    }
    let limit = likelihoods[seen as usize] * (1.0 + 1e-7);
    likelihoods
        .iter()
        .filter(|p| **p <= limit)
        .sum::<f64>()
        .min(1.0)
}

#[test]
fn the_exact_p_value_is_the_sum_of_what_is_no_more_likely() {
    for weights in [[1.0, 1.0], [0.9, 0.1], [1.0, 7.0], [0.03, 0.97]] {
        let p = weights[0] / (weights[0] + weights[1]);
        for users in [1_u32, 2, 7, 40, 150] {
            for seen in 0..=users {
                let got = srm(&[f64::from(seen), f64::from(users - seen)], &weights)
                    .unwrap()
                    .p_exact_binomial;
                let want = exact_by_summing(seen, users, p);
                assert!(
                    (got - want).abs() < 1e-10 * want.max(1e-3),
                    "{seen} of {users} at {p}: {got} {want}"
                );
            }
        }
    }
}

#[test]
fn large_counts_keep_their_digits() {
    // scipy.stats.binomtest(500060000, 1000000000, 0.5).pvalue of SciPy 1.17.1, and mpmath at 60 digits for the factor.
    let got = srm(&[500_060_000.0, 499_940_000.0], &[1.0, 1.0]).unwrap();
    let close = |got: f64, want: f64, slack: f64| {
        assert!((got / want - 1.0).abs() < slack, "{got} {want}");
    };
    close(got.chi2, 14.4, 1e-14);
    close(got.p_exact_binomial, 1.4782114629048902e-4, 1e-9);
    close(got.log_bayes_factor_k100, -0.861_548_529_087_423_7, 1e-11);
    close(got.log_bayes_factor_k10000, 1.4434352929892554, 1e-11);
}

#[test]
fn arms_and_weights_may_be_exchanged_and_scaled() {
    let mut draws = Draws(8);
    for _ in 0..20_000 {
        let mut count = || (draws.next() * draws.next() * 1e6).floor();
        let observed = [count(), count(), count()];
        let one = srm(&observed, &[5.0, 3.0, 2.0]).unwrap();
        let other = srm(&[observed[2], observed[0], observed[1]], &[0.2, 0.5, 0.3]).unwrap();
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * (1.0 + a.abs()) || a == b;
        assert!(close(one.chi2, other.chi2), "{observed:?}");
        assert!(close(
            one.log_bayes_factor_k100,
            other.log_bayes_factor_k100
        ));
        assert!(one.p_exact_binomial.is_nan());
    }
}

#[test]
fn without_users_nothing_is_known() {
    let got = srm(&[0.0, 0.0], &[1.0, 1.0]).unwrap();
    assert!(got.chi2.is_nan() && got.p_value.is_nan() && !got.mismatch);
    assert!(got.p_exact_binomial.is_nan());
    assert_eq!(got.log_bayes_factor_k100, 0.0);
    assert_eq!(got.p_sequential_k100, 1.0);
}

#[test]
fn an_arm_that_is_not_planned_and_not_seen_is_no_arm() {
    let with = srm(&[60.0, 0.0, 40.0], &[1.0, 0.0, 1.0]).unwrap();
    assert_eq!(with, srm(&[60.0, 40.0], &[1.0, 1.0]).unwrap());
    assert_eq!(with.df, 1.0);
}

#[test]
fn wrong_splits_are_refused_and_unknown_ones_carried_on() {
    let code = |observed: &[f64], weights: &[f64]| srm(observed, weights).unwrap_err().code();
    assert_eq!(code(&[10.0, -1.0], &[1.0, 1.0]), "not_a_count");
    assert_eq!(code(&[10.0, 1.0], &[1.0, 0.0]), "zero_weight");
    assert_eq!(code(&[10.0, 1.0], &[1.0, -1.0]), "negative");
    assert_eq!(code(&[0.0, 0.0], &[0.0, 0.0]), "no_weight");
    assert_eq!(code(&[10.0], &[1.0]), "too_few_rows");
    assert_eq!(code(&[10.0, 1.0], &[1.0]), "length_mismatch");
    let got = srm(&[10.0, f64::NAN], &[1.0, 1.0]).unwrap();
    assert!(got.chi2.is_nan() && got.p_exact_binomial.is_nan());
    assert!(got.p_value.is_nan() && got.p_sequential_k100.is_nan() && !got.mismatch);
    assert!(srm(&[1.0, 2.0], &[1.0, f64::NAN]).unwrap().p_value.is_nan());
    assert!(log_bayes_factor(&[1.0, 2.0], &[1.0, 1.0], 0.0).is_err());
}

#[test]
fn any_bits_return_or_raise() {
    let mut draws = Draws(7);
    for _ in 0..30_000 {
        let _ = srm(&[draws.bits(), draws.bits()], &[draws.bits(), draws.bits()]);
        let count = |x: f64| (x * 9_007_199_254_740_992.0).floor();
        let (a, b, w) = (
            count(draws.next()),
            count(draws.next() * 1e-9),
            draws.next(),
        );
        let got = srm(&[a, b], &[w, 1.0 - w]).unwrap();
        assert!((0.0..=1.0).contains(&got.p_exact_binomial));
    }
}

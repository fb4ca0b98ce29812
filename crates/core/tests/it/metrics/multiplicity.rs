//! The reference rows and laws of `metrics::multiplicity`.
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
use edgetally_core::metrics::multiplicity::adjust;

#[test]
fn adjusted_p_values_agree_with_the_reference() {
    for row in rows("adjust_pvalues") {
        let got = adjust(&row.column("p_values"), row.input("alpha")).unwrap();
        for (name, got) in [
            ("holm", &got.holm),
            ("fdr_bh", &got.fdr_bh),
            ("bonferroni", &got.bonferroni),
            ("hommel", &got.hommel),
            ("fdr_by", &got.fdr_by),
            ("simes-hochberg", &got.simes_hochberg),
        ] {
            assert!(row.expect_all(name, got), "{} lacks {name}", row.id);
        }
        for (name, got) in [
            ("reject_holm", &got.reject_holm),
            ("reject_bh", &got.reject_bh),
        ] {
            let want: Vec<bool> = row.outputs[name]
                .as_array()
                .unwrap()
                .iter()
                .map(|want| want.as_bool().unwrap())
                .collect();
            assert_eq!(*got, want, "{} {name}", row.id);
        }
    }
}

/// Hommel's adjusted p-values by their definition: the closed test with Simes' p-value of every set of hypotheses.
fn hommel_by_sets(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0_f64; p.len()];
    for set in 1_u32..1 << p.len() {
        let members: Vec<usize> = (0..p.len()).filter(|i| set >> i & 1 == 1).collect();
        let mut values: Vec<f64> = members.iter().map(|i| p[*i]).collect();
        values.sort_by(f64::total_cmp);
        let simes = values
            .iter()
            .enumerate()
            .map(|(rank, p)| p * values.len() as f64 / (rank + 1) as f64)
            .fold(1.0, f64::min);
        for member in members {
            adjusted[member] = adjusted[member].max(simes);
        }
    }
    adjusted
}

#[test]
fn hommel_is_the_closed_test_with_simes() {
    let mut draws = Draws(3);
    for _ in 0..3_000 {
        let count = 1 + (draws.next() * 8.0) as usize;
        // Squares and cubes for small p-values, few distinct values for ties.
        let p: Vec<f64> = (0..count)
            .map(|_| {
                let p = draws.next();
                if draws.next() < 0.3 {
                    (p * 5.0).floor() / 10.0
                } else {
                    p * p * p
                }
            })
            .collect();
        let got = adjust(&p, 0.05).unwrap().hommel;
        for (got, want) in got.iter().zip(hommel_by_sets(&p)) {
            assert!((got - want).abs() <= 1e-14 * want, "{p:?}: {got} {want}");
        }
    }
}

#[test]
fn the_methods_are_ordered_and_keep_the_order() {
    let mut draws = Draws(4);
    for _ in 0..2_000 {
        let p: Vec<f64> = (0..40).map(|_| draws.next() * draws.next()).collect();
        let got = adjust(&p, 0.05).unwrap();
        for i in 0..p.len() {
            let slack = 1.0 + 1e-14;
            assert!(got.fdr_bh[i] >= p[i]);
            assert!(got.fdr_bh[i] <= got.hommel[i] * slack);
            assert!(got.hommel[i] <= got.simes_hochberg[i] * slack);
            assert!(got.simes_hochberg[i] <= got.holm[i] * slack);
            assert!(got.holm[i] <= got.bonferroni[i] * slack);
            assert!(got.fdr_bh[i] <= got.fdr_by[i]);
            assert_eq!(got.reject_holm[i], got.holm[i] <= 0.05);
            assert_eq!(got.reject_bh[i], got.fdr_bh[i] <= 0.05);
            for j in 0..p.len() {
                if p[i] < p[j] {
                    assert!(got.holm[i] <= got.holm[j] && got.hommel[i] <= got.hommel[j] * slack);
                }
            }
        }
    }
}

#[test]
fn a_hole_is_no_test() {
    let with = adjust(&[0.01, f64::NAN, 0.02, 0.2], 0.05).unwrap();
    let without = adjust(&[0.01, 0.02, 0.2], 0.05).unwrap();
    for (with, without) in [
        (&with.holm, &without.holm),
        (&with.hommel, &without.hommel),
        (&with.fdr_by, &without.fdr_by),
    ] {
        assert!(with[1].is_nan());
        assert_eq!([with[0], with[2], with[3]], without[..]);
    }
    assert!(!with.reject_bh[1]);
    assert_eq!(adjust(&[], 0.05).unwrap().holm, [0.0; 0]);
    assert!(adjust(&[f64::NAN], 0.05).unwrap().holm[0].is_nan());
}

#[test]
fn wrong_p_values_are_named_by_their_row() {
    let error = adjust(&[0.1, 1.5, -0.1], 0.05).unwrap_err();
    assert_eq!(
        (error.argument, error.code(), error.index, error.count),
        ("p_values", "not_a_rate", Some(1), 2)
    );
    assert_eq!(adjust(&[0.1], 1.0).unwrap_err().argument, "alpha");
}

#[test]
fn many_p_values_are_adjusted_without_waiting() {
    let mut draws = Draws(9);
    let p: Vec<f64> = (0..200_000).map(|_| draws.next()).collect();
    let got = adjust(&p, 0.05).unwrap();
    // Quadratic steps would take minutes here.
    assert!(got.hommel.iter().all(|p| *p <= 1.0));
}

#[test]
fn any_bits_return_or_raise() {
    let mut draws = Draws(6);
    for _ in 0..20_000 {
        let p: Vec<f64> = (0..4).map(|_| draws.bits()).collect();
        let _ = adjust(&p, draws.bits());
    }
}

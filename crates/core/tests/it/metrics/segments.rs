//! The reference rows and laws of `metrics::segments`.
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
use edgetally_core::metrics::segments::{Groups, SegmentLift, segment_lift, segment_roas};

#[test]
fn lifts_of_segments_agree_with_the_reference() {
    for row in rows("segment.lift") {
        let got = segment_lift(
            &row.column("exposed_users"),
            &row.column("exposed_conversions"),
            &row.column("holdout_users"),
            &row.column("holdout_conversions"),
            0.95,
        )
        .unwrap();
        assert!(row.expect_all("per_segment_abs_lift", &got.per_segment_abs_lift));
        for (name, got) in [
            ("pooled_abs_lift", got.pooled_abs_lift),
            (
                "stratified_abs_lift_exposed_weights",
                got.stratified_abs_lift_exposed_weights.estimate,
            ),
            ("mantel_haenszel_diff", got.mantel_haenszel_diff.estimate),
        ] {
            assert!(row.expect(name, got), "{} lacks {name}", row.id);
        }
        assert!(got.simpson_warning);
    }
}

#[test]
fn roas_of_segments_agrees_with_the_reference() {
    for row in rows("segment.roas") {
        let labels: Vec<&str> = row.inputs["channel"]
            .as_array()
            .unwrap()
            .iter()
            .map(|label| label.as_str().unwrap())
            .collect();
        let groups = Groups::of(&labels);
        let got = segment_roas(&row.column("spend"), &row.column("revenue"), &groups).unwrap();
        for (first, roas) in groups.first_row.iter().zip(&got.roas) {
            assert!(row.expect(labels[*first], *roas));
        }
        assert!(row.expect("total", got.total));
        assert!(row.expect("mean_of_ratios_search", got.mean_of_ratios[0]));
        // A row without spend spoils its group's mean.
        assert!(got.mean_of_ratios[1].is_nan());
    }
}

fn four(rows: &[[f64; 4]]) -> SegmentLift {
    let column = |i: usize| rows.iter().map(|row| row[i]).collect::<Vec<f64>>();
    segment_lift(&column(0), &column(1), &column(2), &column(3), 0.95).unwrap()
}

#[test]
fn one_segment_is_the_whole() {
    let got = four(&[[5_000.0, 60.0, 4_000.0, 40.0]]);
    for estimate in [
        got.per_segment_abs_lift[0],
        got.stratified_abs_lift_exposed_weights.estimate,
        got.mantel_haenszel_diff.estimate,
    ] {
        assert!((estimate - got.pooled_abs_lift).abs() < 1e-16);
    }
    assert!((got.per_segment_rel_lift[0] - 0.2).abs() < 1e-15);
    assert_eq!((got.heterogeneity_q, got.heterogeneity_df), (0.0, 0.0));
    assert!(got.heterogeneity_p.is_nan() && !got.simpson_warning);
    // (0.012 - 0.01) against the pooled variance with N/(N - 1), at 30 digits.
    assert!((got.p_score[0] - 0.36844599857792501).abs() < 1e-14);
    assert_eq!(got.adjusted.holm, got.p_score);
}

#[test]
fn the_tests_of_homogeneity_agree_with_a_second_computation() {
    // numpy and scipy.stats.chi2.sf, by the definitions; Sato's variance from its paper's formula at 40 digits.
    let got = four(&[
        [1_000.0, 30.0, 900.0, 20.0],
        [500.0, 40.0, 700.0, 35.0],
        [2_000.0, 25.0, 100.0, 2.0],
    ]);
    let close = |got: f64, want: f64| assert!((got / want - 1.0).abs() < 1e-11, "{got} {want}");
    close(got.heterogeneity_q, 3.4236133082853364);
    assert_eq!(got.heterogeneity_df, 2.0);
    close(got.heterogeneity_p, 0.18053932567884561);
    close(
        got.stratified_abs_lift_exposed_weights.low,
        -0.014723314810069715,
    );
    close(
        got.stratified_abs_lift_exposed_weights.high,
        0.019167759254514159,
    );
    close(got.mantel_haenszel_diff.low, 0.00096927089632812426);
    close(got.mantel_haenszel_diff.high, 0.026267714906365724);
}

#[test]
fn mantel_haenszels_interval_covers() {
    // Many sparse segments, the case for which Sato's variance was made; true difference 0.05 in each.
    let mut draws = Draws(41);
    let repetitions = 2_000;
    let mut covered = 0;
    for _ in 0..repetitions {
        let rows: Vec<[f64; 4]> = (0..40)
            .map(|segment| {
                let base = 0.05 + 0.005 * f64::from(segment);
                let (n1, n0) = (12.0, 6.0);
                let mut successes =
                    |n: f64, p: f64| (0..n as u32).filter(|_| draws.next() < p).count() as f64;
                [n1, successes(n1, base + 0.05), n0, successes(n0, base)]
            })
            .collect();
        let got = four(&rows).mantel_haenszel_diff;
        covered += usize::from(got.low <= 0.05 && 0.05 <= got.high);
    }
    let coverage = covered as f64 / f64::from(repetitions);
    // Three standard errors are 0.015.
    assert!((coverage - 0.95).abs() < 0.02, "{coverage}");
}

#[test]
fn segments_that_say_nothing_change_nothing() {
    let rows = [[1_000.0, 30.0, 900.0, 20.0], [500.0, 40.0, 700.0, 35.0]];
    let with = four(&[
        rows[0],
        [50.0, 5.0, 0.0, 0.0],
        rows[1],
        [0.0, 0.0, 70.0, 7.0],
    ]);
    let without = four(&rows);
    assert!(with.per_segment_abs_lift[1].is_nan() && with.p_score[3].is_nan());
    assert!(with.adjusted.holm[1].is_nan());
    assert_eq!(with.mantel_haenszel_diff, without.mantel_haenszel_diff);
    assert_eq!(
        with.stratified_abs_lift_exposed_weights,
        without.stratified_abs_lift_exposed_weights
    );
    assert_eq!(with.heterogeneity_q, without.heterogeneity_q);
    assert_eq!(with.adjusted.holm[0], without.adjusted.holm[0]);
    let empty = four(&[]);
    assert!(empty.pooled_abs_lift.is_nan() && empty.mantel_haenszel_diff.low.is_nan());
    assert!(empty.per_segment_abs_lift.is_empty());
    // No conversions anywhere: no difference, p-value 1, no scale for the heterogeneity.
    let still = four(&[[10.0, 0.0, 10.0, 0.0], [20.0, 0.0, 10.0, 0.0]]);
    assert_eq!(still.p_score, [1.0, 1.0]);
    assert_eq!(still.pooled_abs_lift, 0.0);
    assert!(still.heterogeneity_p.is_nan());
}

#[test]
fn arms_may_be_exchanged() {
    let mut draws = Draws(42);
    for _ in 0..20_000 {
        let rows: Vec<[f64; 4]> = (0..3)
            .map(|_| {
                let mut users = || (draws.next() * 1e4).floor() + 1.0;
                let (n1, n0) = (users(), users());
                [
                    n1,
                    (n1 * draws.next()).floor(),
                    n0,
                    (n0 * draws.next()).floor(),
                ]
            })
            .collect();
        let turned: Vec<[f64; 4]> = rows.iter().map(|[a, b, c, d]| [*c, *d, *a, *b]).collect();
        let (one, other) = (four(&rows), four(&turned));
        let close = |a: f64, b: f64| (a + b).abs() <= 1e-12;
        assert!(close(one.pooled_abs_lift, other.pooled_abs_lift));
        assert!(close(
            one.mantel_haenszel_diff.low,
            other.mantel_haenszel_diff.high
        ));
        assert!((one.heterogeneity_q / other.heterogeneity_q - 1.0).abs() < 1e-9);
        for (ci, p) in one.per_segment_abs_ci.iter().zip(&one.p_score) {
            let excludes = ci.low > 0.0 || ci.high < 0.0;
            assert!(
                excludes == (*p < 0.05) || (p - 0.05).abs() < 1e-9,
                "{rows:?}"
            );
        }
        for (one, other) in one.p_score.iter().zip(&other.p_score) {
            assert!((one - other).abs() <= 1e-12);
        }
    }
}

#[test]
fn groups_are_in_the_order_of_their_first_row() {
    let labels = ["b", "a", "b", "c", "a", "b"];
    let groups = Groups::of(&labels);
    assert_eq!(groups.first_row, [0, 1, 3]);
    assert_eq!(groups.group, [0, 1, 0, 2, 1, 0]);
    assert_eq!(
        groups.sums(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]),
        [37.0, 18.0, 8.0]
    );
    assert_eq!(Groups::of::<u8>(&[]), Groups::default());
}

#[test]
fn wrong_columns_are_refused_and_unknown_cells_carried_on() {
    let error =
        segment_lift(&[10.0, 10.0], &[1.0, 11.0], &[5.0, 5.0], &[1.0, 1.0], 0.95).unwrap_err();
    assert_eq!(
        (error.argument, error.code(), error.index),
        ("exposed_conversions", "exceeds", Some(1))
    );
    let error = segment_lift(&[10.0], &[1.0, 1.0], &[5.0], &[1.0], 0.95).unwrap_err();
    assert_eq!(
        (error.argument, error.code()),
        ("exposed_conversions", "length_mismatch")
    );
    let groups = Groups::of(&["a", "b"]);
    assert_eq!(
        segment_roas(&[1.0], &[1.0, 2.0], &groups)
            .unwrap_err()
            .argument,
        "spend"
    );
    assert_eq!(
        segment_roas(&[1.0, -1.0], &[1.0, 2.0], &groups)
            .unwrap_err()
            .index,
        Some(1)
    );
    let got = segment_roas(&[1.0, 0.0], &[f64::NAN, 2.0], &groups).unwrap();
    assert!(got.roas[0].is_nan() && got.roas[1].is_nan() && got.total.is_nan());
    let got = four(&[[f64::NAN, 1.0, 5.0, 1.0], [10.0, 1.0, 5.0, 1.0]]);
    assert!(got.pooled_abs_lift.is_nan() && got.mantel_haenszel_diff.estimate.is_nan());
    assert!(got.p_score[0].is_nan() && !got.p_score[1].is_nan());
    assert!(got.heterogeneity_q.is_nan());
}

#[test]
fn any_bits_return_or_raise() {
    let mut draws = Draws(43);
    for _ in 0..30_000 {
        let mut pair = || [draws.bits(), draws.bits()];
        let _ = segment_lift(&pair(), &pair(), &pair(), &pair(), pair()[0]);
        let _ = segment_roas(&pair(), &pair(), &Groups::of(&[1, 2]));
    }
}

//! The reference rows and laws of `metrics::events`.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "reference values are as they were printed"
)]

use std::collections::BTreeSet;

use edgetally_core::metrics::events::{
    Baseline, Dedup, dedup, dedup_within, match_quality, rate_change, rate_change_overdispersed,
    rate_changes, seasonal_change, share_of,
};
use serde_json::Value;

use super::attribution::Draw;
use super::rows;

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().unwrap().iter();
    items.map(|item| item.as_str().unwrap()).collect()
}

#[test]
fn every_row_of_rate_change_is_met() {
    for row in rows("events.rate_change") {
        let got = rate_change(
            row.input("count_new"),
            row.input("exposure_new"),
            row.input("count_old"),
            row.input("exposure_old"),
            row.given("confidence").unwrap_or(0.95),
        )
        .unwrap();
        let ci = got.ratio_ci_exact;
        let met = [
            row.expect("rate_ratio", got.rate_ratio),
            row.expect("p_exact_minlike", got.p_exact_minlike),
            row.expect("p_exact_central", got.p_exact_central),
            row.expect("p_mid", got.p_mid),
            row.expect_all("ratio_ci_exact", &[ci.low, ci.high]),
        ];
        assert_eq!(
            row.outputs.as_object().unwrap().len(),
            met.iter().filter(|met| **met).count()
        );
    }
    for row in rows("events.rate_change_overdispersed") {
        let got = rate_change_overdispersed(
            row.input("count_new"),
            row.input("exposure_new"),
            row.input("count_old"),
            row.input("exposure_old"),
            row.input("dispersion"),
            0.95,
        )
        .unwrap();
        assert!(row.expect("z", got.z));
        assert!(row.expect("p_value", got.p_value));
        assert!(row.expect_all("ratio_ci", &[got.ratio_ci.low, got.ratio_ci.high]));
    }
}

#[test]
fn every_row_of_seasonal_change_is_met() {
    for row in rows("events.seasonal_change") {
        let history: Vec<Vec<f64>> = row.inputs["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bin| {
                let counts = bin.as_array().unwrap().iter();
                counts.map(super::number).collect()
            })
            .collect();
        let got = seasonal_change(&history, &row.column("current"), Baseline::Mean, None).unwrap();
        assert!(row.expect_all("expected", &got.expected));
        assert!(row.expect("dispersion", got.dispersion));
        assert!(row.expect_all("ratio", &got.ratio));
        assert!(row.expect_all("z", &got.z));
        assert!(row.expect_all("p_value", &got.p_value));
        assert!(row.expect("total_ratio", got.total_ratio));
        assert!(row.expect("total_z", got.total_z));
        assert!(row.expect("total_p", got.total_p));
    }
}

#[test]
fn every_row_of_dedup_and_match_quality_is_met() {
    for row in rows("events.dedup") {
        let (pixel, server) = (
            texts(&row.inputs["pixel_ids"]),
            texts(&row.inputs["server_ids"]),
        );
        let got = dedup(pixel, server);
        let pairs = [
            ("pixel_total", got.pixel_total as f64),
            ("pixel_unique", got.pixel_unique as f64),
            ("pixel_duplicate_rate", got.pixel_duplicate_rate),
            ("server_total", got.server_total as f64),
            ("server_unique", got.server_unique as f64),
            ("server_duplicate_rate", got.server_duplicate_rate),
            ("overlap", got.overlap as f64),
            ("union", got.union as f64),
            ("overlap_rate", got.overlap_rate),
            ("server_only", got.server_only as f64),
            ("pixel_only", got.pixel_only as f64),
            ("pixel_coverage_of_server", got.pixel_coverage_of_server),
            ("server_uplift", got.server_uplift),
            ("counted_without_dedup", got.counted_without_dedup as f64),
            ("overcount_rate", got.overcount_rate),
        ];
        assert_eq!(row.outputs.as_object().unwrap().len(), pairs.len());
        for (name, value) in pairs {
            assert!(row.expect(name, value), "{name}");
        }
    }
    for row in rows("events.match_quality") {
        let chances = row.inputs["match_probability"].as_object().unwrap();
        let columns: Vec<Vec<bool>> = chances
            .keys()
            .map(|name| {
                let events = row.inputs["events"].as_array().unwrap().iter();
                events.map(|event| event[name] == 1).collect()
            })
            .collect();
        let chance: Vec<f64> = chances.values().map(super::number).collect();
        let got = match_quality(&columns, &chance).unwrap();
        for (name, coverage) in chances.keys().zip(&got.coverage) {
            row.close(
                name,
                *coverage,
                row.outputs["coverage"][name].as_f64().unwrap(),
            );
        }
        assert!(row.expect_all("event_score", &got.event_score));
        assert!(row.expect("score_0_10", got.score_0_10));
        assert!(row.expect("any_identifier", got.any_identifier));
    }
}

fn near(got: f64, want: f64, relative: f64, what: &str) {
    let close = got == want || (got / want - 1.0).abs() <= relative;
    assert!(close, "{what}: {got:e} is not {want:e}");
}

/// Every p-value from the chances themselves, counted out.
#[test]
fn p_values_are_sums_of_chances() {
    let mut draw = Draw(11);
    for _ in 0..20_000 {
        let (new, old) = (draw.below(40), draw.below(40));
        let (t1, t0) = ((1 + draw.below(9)) as f64, (1 + draw.below(9)) as f64);
        let n = new + old;
        let p = t1 / (t1 + t0);
        let mut chance = vec![0.0; n as usize + 1];
        chance[0] = (0..n).fold(1.0, |product, _| product * (1.0 - p));
        for k in 1..=n as usize {
            chance[k] = chance[k - 1] * ((n as usize + 1 - k) as f64 / k as f64) * (p / (1.0 - p));
        }
        let sum = |keep: &dyn Fn(u64, f64) -> bool| -> f64 {
            let kept = chance.iter().enumerate();
            kept.filter(|(k, chance)| keep(*k as u64, **chance))
                .map(|(_, chance)| chance)
                .sum()
        };
        let here = chance[new as usize];
        let got = rate_change(new as f64, t1, old as f64, t0, 0.9).unwrap();
        let what = format!("{new}/{t1} after {old}/{t0}");
        near(
            got.p_exact_minlike,
            sum(&|_, chance| chance <= here * (1.0 + 1e-7)).min(1.0),
            1e-11,
            &what,
        );
        let (lower, upper) = (sum(&|k, _| k < new), sum(&|k, _| k > new));
        near(
            got.p_exact_central,
            (2.0 * (lower + here).min(upper + here)).min(1.0),
            1e-11,
            &what,
        );
        near(
            got.p_mid,
            2.0 * (lower.min(upper) + here / 2.0),
            1e-11,
            &what,
        );
        assert!(got.p_mid <= got.p_exact_central);
        // The interval and the central test agree.
        let (low, high) = (got.ratio_ci_exact.low, got.ratio_ci_exact.high);
        assert!(low < high && (low <= got.rate_ratio || got.rate_ratio.is_nan()));
        assert_eq!(
            got.p_exact_central < 0.1,
            low > 1.0 || high < 1.0,
            "{what}: {low} {high}"
        );
        assert_eq!(got.silent, new == 0 && old > 0);
        // Exchanged, everything is the other way round.
        let back = rate_change(old as f64, t0, new as f64, t1, 0.9).unwrap();
        near(back.p_exact_minlike, got.p_exact_minlike, 1e-11, &what);
        near(back.p_exact_central, got.p_exact_central, 1e-11, &what);
        near(back.p_mid, got.p_mid, 1e-11, &what);
        near(1.0 / back.ratio_ci_exact.low, high, 1e-11, &what);
        near(1.0 / back.ratio_ci_exact.high, low, 1e-11, &what);
    }
}

#[test]
fn millions_and_milliards_are_as_right_as_dozens() {
    // mpmath 1.4.1 with 50 digits: sums of the chances term by term, ends by the secant method.
    for (c1, t1, c0, t0, minlike, mid, low, high) in [
        (
            1000500.0,
            1.0,
            1002000.0,
            1.0,
            0.28946717225186,
            0.28914568172534882,
            0.99573989525163061,
            1.0012737587298517,
        ),
        (
            1000000.0,
            7.0,
            430000.0,
            3.0,
            0.068164526170567736,
            0.068069583700496577,
            0.99312072226141273,
            1.0002487576990657,
        ),
        (
            3.0,
            0.001,
            5000000.0,
            1000.0,
            0.50284222714147301,
            0.38967811726640468,
            0.12373438274047027,
            1.753455625213877,
        ),
        (
            2000000.0,
            1.0,
            1990000.0,
            0.999,
            6.1491437407837811e-5,
            6.1490850690494746e-5,
            1.0020512175583791,
            1.0059928544079488,
        ),
    ] {
        let got = rate_change(c1, t1, c0, t0, 0.95).unwrap();
        let what = format!("{c1}/{t1} after {c0}/{t0}");
        near(got.p_exact_minlike, minlike, 1e-10, &what);
        near(got.p_mid, mid, 1e-10, &what);
        near(got.ratio_ci_exact.low, low, 1e-12, &what);
        near(got.ratio_ci_exact.high, high, 1e-12, &what);
    }
}

#[test]
fn a_silent_event_has_an_upper_end_and_a_new_one_a_lower_end() {
    for dispersion in [1.0, 0.5, 4.0] {
        let exact = rate_change(0.0, 24.0, 7.0, 12.0, 0.95).unwrap();
        let quasi = rate_change_overdispersed(0.0, 24.0, 7.0, 12.0, dispersion, 0.95).unwrap();
        assert!(quasi.z.is_nan() && quasi.rate_ratio == 0.0 && quasi.ratio_ci.low == 0.0);
        if dispersion <= 1.0 {
            near(quasi.p_value, exact.p_exact_central, 1e-12, "p");
            near(quasi.ratio_ci.high, exact.ratio_ci_exact.high, 1e-12, "U");
        } else {
            assert!(quasi.p_value > exact.p_exact_central);
            assert!(quasi.ratio_ci.high > exact.ratio_ci_exact.high);
        }
        let new = rate_change_overdispersed(7.0, 12.0, 0.0, 24.0, dispersion, 0.95).unwrap();
        assert!(new.rate_ratio.is_nan() && new.ratio_ci.high == f64::INFINITY);
        near(new.p_value, quasi.p_value, 1e-12, "p");
        near(new.ratio_ci.low, 1.0 / quasi.ratio_ci.high, 1e-12, "L");
        let none = rate_change_overdispersed(0.0, 1.0, 0.0, 2.0, dispersion, 0.95).unwrap();
        assert_eq!((none.p_value, none.ratio_ci.low), (1.0, 0.0));
        assert_eq!(none.ratio_ci.high, f64::INFINITY);
    }
}

#[test]
fn many_event_names_are_judged_together() {
    let new = [90.0, 50.0, 20.0, f64::NAN, 30.0];
    let old = [130.0, 52.0, 40.0, 9.0, 30.0];
    let hours = [24.0; 5];
    let (changes, adjusted) = rate_changes(&new, &hours, &old, &hours, 0.95).unwrap();
    let p: Vec<f64> = changes.iter().map(|one| one.p_exact_minlike).collect();
    assert!(p[3].is_nan() && adjusted[3].is_nan());
    // Four tests, by rank: 1, 3, 2, 4.
    let (first, second) = (p[0] * 4.0, p[2] * 4.0 / 2.0);
    near(adjusted[0], first.min(second), 1e-14, "first");
    near(adjusted[2], second, 1e-14, "second");
    near(adjusted[1], (p[1] * 4.0 / 3.0).min(1.0), 1e-14, "third");
    assert_eq!(adjusted[4], 1.0);
    let error = rate_changes(&[1.0, -1.0], &[1.0; 2], &[1.0; 2], &[1.0; 2], 0.95).unwrap_err();
    assert_eq!((error.argument, error.index), ("count_new", Some(1)));
    let error = rate_changes(&[1.0], &[], &[1.0], &[1.0], 0.95).unwrap_err();
    assert_eq!(error.code(), "length_mismatch");
}

#[test]
fn a_single_season_and_a_silent_hour_are_compared_too() {
    let history: [&[f64]; 4] = [
        &[100.0],
        &[0.0, 0.0],
        &[40.0, 60.0, 50.0, 1000.0],
        &[7.0, 9.0],
    ];
    let current = [0.0, 5.0, 20.0, 8.0];
    let change = seasonal_change(&history, &current, Baseline::Median, Some(2.0)).unwrap();
    assert_eq!(change.expected, [100.0, 0.0, 55.0, 8.0]);
    assert_eq!(change.dispersion, 2.0);
    // Gone silent: all of 50 on the old side of two equal exposures.
    assert!(change.z[0].is_nan());
    near(change.p_value[0], 2.0 * 0.5_f64.powf(50.0), 1e-12, "silent");
    assert!(change.ratio[1].is_nan() && change.z[1].is_nan());
    assert_eq!((change.ratio[3], change.p_value[3]), (1.0, 1.0));
    // Bins of different past: the total's error is that of its parts.
    let variance: f64 = 2.0 * (1.0 / 33.0 + (100.0 + 55.0 / 4.0 + 4.0) / (163.0 * 163.0));
    near(
        change.total_z,
        (33.0_f64 / 163.0).ln() / variance.sqrt(),
        1e-12,
        "total",
    );
    // An outage among the past moves the mean and not the median.
    let mean = seasonal_change(&history, &current, Baseline::Mean, None).unwrap();
    assert_eq!(mean.expected[2], 287.5);
    assert!(mean.dispersion > 100.0);
    let nothing: [&[f64]; 0] = [];
    let none = seasonal_change(&nothing, &[], Baseline::Mean, None).unwrap();
    assert!(none.total_ratio.is_nan() && none.expected.is_empty());
    for (history, current, code) in [
        (vec![vec![1.0]], vec![1.0, 2.0], "length_mismatch"),
        (vec![vec![]], vec![1.0], "too_few_rows"),
        (vec![vec![-1.0]], vec![1.0], "negative"),
        (vec![vec![1.0]], vec![f64::INFINITY], "negative"),
    ] {
        let error = seasonal_change(&history, &current, Baseline::Mean, None).unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert_eq!(
        seasonal_change(&[[1.0]], &[1.0], Baseline::Mean, Some(0.0))
            .unwrap_err()
            .code(),
        "not_positive"
    );
}

#[test]
fn copies_are_counted_as_sets_count_them() {
    let mut draw = Draw(12);
    for _ in 0..20_000 {
        let mut some = || -> Vec<u64> { (0..draw.below(8)).map(|_| draw.below(6)).collect() };
        let (pixel, server) = (some(), some());
        let got = dedup(pixel.iter(), server.iter());
        let (p, s): (BTreeSet<_>, BTreeSet<_>) = (pixel.iter().collect(), server.iter().collect());
        let n = |x: usize| x as u64;
        assert_eq!(got.pixel_unique, n(p.len()));
        assert_eq!(got.server_unique, n(s.len()));
        assert_eq!(got.overlap, n(p.intersection(&s).count()));
        assert_eq!(got.union, n(p.union(&s).count()));
        assert_eq!(got.pixel_only, n(p.difference(&s).count()));
        assert_eq!(got.server_only, n(s.difference(&p).count()));
        assert_eq!(got.counted_without_dedup, n(pixel.len() + server.len()));
        // A window that never ends forgets nothing.
        let timed = |ids: &[u64]| -> Vec<(u64, f64)> {
            let rows = ids.iter().enumerate();
            rows.map(|(row, id)| (*id, row as f64)).collect()
        };
        let within = dedup_within(timed(&pixel), timed(&server), f64::INFINITY).unwrap();
        same(&within, &got);
    }
    let none = dedup(Vec::<u8>::new(), Vec::new());
    assert!(none.overlap_rate.is_nan() && none.pixel_duplicate_rate.is_nan());
}

fn same(a: &Dedup, b: &Dedup) {
    // NaN is not itself.
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

#[test]
fn after_the_window_an_id_is_a_new_event() {
    let pixel = [("a", 0.0), ("a", 48.0), ("a", 49.0), ("b", 100.0)];
    let server = [("a", 97.0), ("b", 148.5), ("b", 90.0)];
    let got = dedup_within(pixel, server, 48.0).unwrap();
    // a: {0, 48}, {49, 97}; b: {90, 100}, {148.5}.
    assert_eq!((got.union, got.overlap), (4, 2));
    assert_eq!((got.pixel_only, got.server_only), (1, 1));
    assert_eq!(
        dedup_within([("a", f64::NAN)], [], 1.0)
            .unwrap_err()
            .argument,
        "pixel_times"
    );
    assert_eq!(
        dedup_within([("a", 1.0)], [("a", 1.0)], -1.0)
            .unwrap_err()
            .argument,
        "window"
    );
}

#[test]
fn match_quality_is_refused_or_undefined_where_it_has_no_meaning() {
    let none = match_quality::<Vec<bool>>(&[], &[]).unwrap();
    assert!(none.score_0_10.is_nan() && none.any_identifier.is_nan());
    assert!(share_of(&[]).is_nan());
    let code = |has: &[&[bool]], chance: &[f64]| match_quality(has, chance).unwrap_err().code();
    assert_eq!(code(&[&[true]], &[1.5]), "not_a_rate");
    assert_eq!(code(&[&[true]], &[]), "length_mismatch");
    assert_eq!(code(&[&[true], &[]], &[0.1, 0.1]), "length_mismatch");
    // A chance that is not known matters where the identifier is.
    let some = match_quality(&[[true, false]], &[f64::NAN]).unwrap();
    assert!(some.event_score[0].is_nan() && some.event_score[1] == 0.0);
    let sure = match_quality(&[[true], [true]], &[1.0, 0.3]).unwrap();
    assert_eq!(sure.score_0_10, 10.0);
}

#[test]
fn wrong_arguments_are_named_and_missing_numbers_carried() {
    let code = |c1, t1, c0, t0, level| {
        let error = rate_change(c1, t1, c0, t0, level).unwrap_err();
        (error.argument, error.code())
    };
    assert_eq!(code(-1.0, 1.0, 1.0, 1.0, 0.9), ("count_new", "not_a_count"));
    assert_eq!(code(1.0, 1.0, 1.5, 1.0, 0.9), ("count_old", "not_a_count"));
    assert_eq!(code(1.0, -1.0, 1.0, 1.0, 0.9), ("exposure_new", "negative"));
    assert_eq!(
        code(1.0, 1.0, 1.0, f64::INFINITY, 0.9),
        ("exposure_old", "negative")
    );
    assert_eq!(
        code(1.0, 1.0, 1.0, 1.0, 95.0),
        ("confidence", "not_inside_0_1")
    );
    for place in 0..5 {
        let mut given = [3.0, 1.0, 5.0, 2.0, 0.9];
        given[place] = f64::NAN;
        let got = rate_change(given[0], given[1], given[2], given[3], given[4]).unwrap();
        assert!(
            got.p_exact_minlike.is_nan() && got.p_mid.is_nan() && got.ratio_ci_exact.low.is_nan()
        );
    }
    // Without exposure there is no rate.
    let got = rate_change(0.0, 0.0, 5.0, 1.0, 0.9).unwrap();
    assert!(got.rate_ratio.is_nan() && got.p_exact_central.is_nan());
}

#[test]
fn any_bits_return_or_raise() {
    let mut draw = Draw(13);
    for round in 0..200_000_u32 {
        let mut any = || {
            let bits = draw.bits();
            match draw.below(4) {
                0 => f64::from_bits(bits),
                1 => (bits >> (11 + draw.below(50))) as f64,
                2 => (bits >> 11) as f64 / (1_u64 << 53) as f64,
                _ => [0.0, 1.0, f64::NAN, f64::INFINITY, 5e-324, f64::MAX][(bits % 6) as usize],
            }
        };
        let (c1, t1, c0, t0, more, level) = (any(), any(), any(), any(), any(), any());
        if let Ok(got) = rate_change(c1, t1, c0, t0, level) {
            for p in [got.p_exact_minlike, got.p_exact_central, got.p_mid] {
                assert!(
                    p.is_nan() || (0.0..=1.0).contains(&p),
                    "{p} of {c1:e} {t1:e} {c0:e} {t0:e}"
                );
            }
            let (low, high) = (got.ratio_ci_exact.low, got.ratio_ci_exact.high);
            assert!(low <= high || low.is_nan() || high.is_nan());
        }
        if let Ok(got) = rate_change_overdispersed(c1, t1, c0, t0, more, level) {
            assert!(got.p_value.is_nan() || (0.0..=1.0).contains(&got.p_value));
        }
        if round % 8 == 0 {
            let _ = seasonal_change(
                &[[c1, c0], [t1, t0]],
                &[more, level],
                Baseline::Median,
                None,
            );
            let _ = seasonal_change(
                &[[c1, c0], [t1, t0]],
                &[more, level],
                Baseline::Mean,
                Some(c1),
            );
            let _ = match_quality(&[[true], [false]], &[c1, level]);
            let _ = dedup_within([(1, c1), (1, t1), (2, c0)], [(1, t0)], more);
        }
    }
}

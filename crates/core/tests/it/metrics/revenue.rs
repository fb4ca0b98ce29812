//! The reference rows and laws of `metrics::revenue`.
#![allow(
    clippy::float_cmp,
    clippy::unreadable_literal,
    clippy::excessive_precision,
    clippy::many_single_char_names,
    clippy::doc_markdown,
    reason = "reference values as they were printed, and what is exact is compared exactly"
)]

use super::rows;
use edgetally_core::metrics::Interval;
use edgetally_core::metrics::revenue::{
    self, Arm, Moments, PairMoments, Summary, cuped, lift_of, lift_revenue, ratio_metric, welch,
    winsorize,
};

/// Numbers for the loops of the tests of this folder: SplitMix64.
pub(super) struct Draws(pub(super) u64);

impl Draws {
    fn step(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// From 0 to below 1.
    pub(super) fn next(&mut self) -> f64 {
        (self.step() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Any bits, and often numbers that get past the first check.
    pub(super) fn bits(&mut self) -> f64 {
        match self.step() % 10 {
            0 => 0.0,
            1 => f64::NAN,
            2 => f64::INFINITY,
            3 => 1.0,
            4 | 5 => self.next(),
            6 | 7 => (self.next() * 1e4).floor(),
            _ => f64::from_bits(self.step()),
        }
    }

    /// About normal, mean 0 and variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn triple(interval: Interval) -> [f64; 3] {
    [interval.estimate, interval.low, interval.high]
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

#[test]
fn revenue_lifts_agree_with_the_reference() {
    for row in rows("lift.revenue") {
        let arm = |name: &str| Arm {
            users: row.input(&format!("{name}_users")),
            mean: row.input(&format!("{name}_mean")),
            sd: row.input(&format!("{name}_sd")),
        };
        let got = lift_revenue(
            arm("exposed"),
            arm("holdout"),
            row.given("spend"),
            row.given("margin"),
            row.input("confidence"),
        )
        .unwrap();
        for (name, got) in [
            ("diff", got.welch.diff.estimate),
            ("se", got.welch.se),
            ("t", got.welch.t),
            ("df", got.welch.df),
            ("p_value", got.welch.p_value),
        ] {
            assert!(row.expect(name, got), "{} lacks {name}", row.id);
        }
        assert!(row.expect_all("diff_ci", &ends(got.welch.diff)));
        let varies = got.welch.se > 0.0;
        for (name, got) in [
            ("rel_ci_delta", ends(got.welch.rel_lift_delta)),
            ("rel_ci_fieller", ends(got.welch.rel_lift_fieller)),
        ] {
            assert_eq!(row.expect_all(name, &got), varies);
        }
        assert_eq!(
            row.expect("rel_lift", got.welch.rel_lift_fieller.estimate),
            varies
        );
        for (name, got) in [
            ("incremental_revenue", got.incremental_revenue),
            ("incremental_roas", got.incremental_roas),
            ("incremental_profit", got.incremental_profit),
        ] {
            assert_eq!(row.expect_all(name, &triple(got)), varies);
        }
    }
}

#[test]
fn ratio_metrics_agree_with_the_reference() {
    for row in rows("lift.ratio_metric") {
        let arm = |num: &str, den: &str| {
            PairMoments::from_values(&row.column(num), &row.column(den), "den", "num").unwrap()
        };
        let got = ratio_metric(
            &arm("exposed_num", "exposed_den"),
            &arm("holdout_num", "holdout_den"),
            0.95,
        )
        .unwrap();
        for (name, got) in [
            ("ratio_exposed", got.ratio_exposed),
            ("se_exposed", got.se_exposed),
            ("ratio_holdout", got.ratio_holdout),
            ("se_holdout", got.se_holdout),
            ("diff", got.diff.estimate),
        ] {
            assert!(row.expect(name, got), "{} lacks {name}", row.id);
        }
        assert!(row.expect_all("diff_ci_z", &ends(got.diff)));
    }
}

#[test]
fn cuped_agrees_with_the_reference() {
    for row in rows("cuped") {
        let arm = |y: &str, x: &str| {
            PairMoments::from_values(&row.column(y), &row.column(x), "x", "y").unwrap()
        };
        let got = cuped(
            &arm("exposed_y", "exposed_x"),
            &arm("holdout_y", "holdout_x"),
            0.95,
        )
        .unwrap();
        for (variant, got) in [("within_arm", got.within_arm), ("pooled", got.pooled)] {
            let want = &row.outputs[variant];
            for (name, got) in [
                ("theta", got.theta),
                ("mean_exposed", got.mean_exposed),
                ("mean_holdout", got.mean_holdout),
                ("var_exposed", got.var_exposed),
                ("var_holdout", got.var_holdout),
                ("diff", got.welch.diff.estimate),
                ("t", got.welch.t),
                ("df", got.welch.df),
                ("p_value", got.welch.p_value),
            ] {
                row.close(name, got, super::number(&want[name]));
            }
        }
        assert!(row.expect("raw_diff", got.raw.diff.estimate));
        assert!(row.expect("raw_p", got.raw.p_value));
        assert!(row.expect(
            "variance_reduction_within",
            got.within_arm.variance_reduction
        ));
    }
}

#[test]
fn sums_of_large_values_keep_their_variance() {
    // Four values near 1e9: sums of squares in single doubles give -170.7 (the reference's remark 23) instead of 30.
    let values = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0];
    let sd = Moments::from_values(&values).summary().sd;
    assert!((sd * sd - 30.0).abs() < 1e-14);
    let shifted: Vec<f64> = values.iter().map(|x| x * 1e5 + 0.125).collect();
    let got = Moments::from_values(&shifted).summary().sd;
    let exact: Vec<f64> = shifted.iter().map(|x| x - 1e14).collect();
    let want = Moments::from_values(&exact).summary().sd;
    assert_eq!(got, want);
}

#[test]
fn merging_is_pooling() {
    let mut draws = Draws(31);
    for _ in 0..2_000 {
        let values: Vec<(f64, f64)> = (0..30)
            .map(|_| {
                let x = draws.normal() * 10.0 + 1e6;
                (x * 0.5 + draws.normal(), x)
            })
            .collect();
        let cut = 2 + (draws.next() * 26.0) as usize;
        let (y, x): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
        let whole = Moments::from_values(&y).summary();
        let merged = Moments::from_values(&y[..cut])
            .merge(Moments::from_values(&y[cut..]))
            .summary();
        assert_eq!(whole, merged);
        let pair = |rows: std::ops::Range<usize>| {
            PairMoments::from_values(&y[rows.clone()], &x[rows], "x", "y").unwrap()
        };
        let other = pair(3..25);
        let merged = cuped(&pair(0..cut).merge(pair(cut..30)), &other, 0.95).unwrap();
        let whole = cuped(&pair(0..30), &other, 0.95).unwrap();
        assert!((merged.pooled.theta / whole.pooled.theta - 1.0).abs() < 1e-14);
        assert!((merged.raw.p_value - whole.raw.p_value).abs() < 1e-13);
    }
}

#[test]
fn the_ways_to_moments_agree() {
    let values = [3.0, 1.5, 0.25, 8.0, 0.0];
    let direct = Moments::from_values(&values).summary();
    let sums = Moments::from_sums(5.0, 12.75, 9.0 + 2.25 + 0.0625 + 64.0)
        .unwrap()
        .summary();
    assert_eq!(direct, sums);
    let report = Moments::from_mean_sd(5.0, direct.mean, direct.sd)
        .unwrap()
        .summary();
    assert!((report.mean - direct.mean).abs() < 1e-15);
    assert!((report.sd / direct.sd - 1.0).abs() < 1e-15);
    assert_eq!(
        Moments::from_sums(5.0, 100.0, 10.0).unwrap_err().code(),
        "impossible"
    );
    // Sums that were rounded on the way: no negative variance.
    let rounded = Moments::from_sums(3.0, 0.3, 0.029999999999999999).unwrap();
    assert!(rounded.summary().sd >= 0.0);
    let none = Moments::default().summary();
    assert!(none.mean.is_nan() && none.sd.is_nan());
    assert!(Moments::from_values(&[1.0]).summary().sd.is_nan());
}

#[test]
fn fiellers_ends_solve_its_equation_and_agree_with_the_p_value() {
    let mut draws = Draws(32);
    let mut kinds = [0, 0, 0];
    for _ in 0..100_000 {
        let mut arm = |centre: f64| Summary {
            n: (draws.next() * 400.0).floor() + 3.0,
            mean: centre + draws.normal(),
            sd: (100.0 * draws.next() + 0.01).sqrt(),
        };
        let (one, zero) = (arm(4.0), arm(3.0));
        let got = welch(one, zero, 0.95).unwrap();
        let (v1, v0) = (one.sd * one.sd / one.n, zero.sd * zero.sd / zero.n);
        let width = got.diff.high - got.diff.estimate;
        let critical = width / got.se;
        let Interval { low, high, .. } = got.rel_lift_fieller;
        if low == f64::NEG_INFINITY {
            assert!(zero.mean.abs() <= critical * v0.sqrt() * (1.0 + 1e-12));
            assert_eq!(high, f64::INFINITY);
            kinds[0] += 1;
            continue;
        }
        for end in [low, high] {
            let ratio = end + 1.0;
            let (off, wide) = (
                one.mean - ratio * zero.mean,
                critical * (v1 + ratio * ratio * v0).sqrt(),
            );
            assert!(
                (off.abs() / wide - 1.0).abs() < 1e-6,
                "{one:?} {zero:?} {end}"
            );
        }
        let excludes = low > 0.0 || high < 0.0;
        if (got.p_value - 0.05).abs() > 1e-9 {
            assert_eq!(excludes, got.p_value < 0.05, "{one:?} {zero:?} {got:?}");
        }
        kinds[1 + usize::from(excludes)] += 1;
    }
    assert!(kinds.iter().all(|count| *count > 2_000), "{kinds:?}");
}

#[test]
fn without_noise_there_is_a_lift_and_no_error() {
    let arm = |mean| Arm {
        users: 1_000.0,
        mean,
        sd: 0.0,
    };
    let got = lift_revenue(arm(2.0), arm(1.0), Some(10.0), Some(0.5), 0.95).unwrap();
    assert_eq!(got.welch.t, f64::INFINITY);
    assert_eq!(got.welch.rel_lift_fieller.estimate, 1.0);
    assert_eq!(got.incremental_revenue.estimate, 1_000.0);
    for hole in [
        got.welch.p_value,
        got.welch.diff.low,
        got.welch.rel_lift_fieller.low,
        got.welch.rel_lift_delta.high,
        got.incremental_profit.low,
    ] {
        assert!(hole.is_nan());
    }
    let same = lift_revenue(arm(1.0), arm(1.0), None, None, 0.95).unwrap();
    assert!(same.welch.t.is_nan() && same.welch.p_value.is_nan());
    assert!(same.incremental_roas.estimate.is_nan());
    // One arm that varies is enough.
    let one = lift_revenue(
        Arm {
            sd: 1.0,
            ..arm(2.0)
        },
        arm(1.0),
        None,
        None,
        0.95,
    )
    .unwrap();
    assert_eq!(one.welch.df, 999.0);
    assert!(one.welch.diff.low > 0.9);
    let pairs = |factor: f64| {
        PairMoments::from_values(
            &[factor, 2.0 * factor, 3.0 * factor],
            &[1.0, 2.0, 3.0],
            "b",
            "a",
        )
        .unwrap()
    };
    // A ratio that is the same for every user but for rounding: no noise either.
    let flat = ratio_metric(&pairs(0.1), &pairs(0.3), 0.95).unwrap();
    assert!((flat.diff.estimate + 0.2).abs() < 1e-15);
    assert!(flat.se == 0.0 && flat.p_value.is_nan() && flat.diff.low.is_nan());
    let flat = ratio_metric(&pairs(0.5), &pairs(0.25), 0.95).unwrap();
    assert_eq!((flat.se, flat.z), (0.0, f64::INFINITY));
    assert!(flat.p_value.is_nan() && flat.diff.low.is_nan());
}

#[test]
fn few_users_and_none() {
    let arm = |users, mean| Arm {
        users,
        mean,
        sd: 1.0,
    };
    let one = lift_revenue(arm(1.0, 2.0), arm(50.0, 1.0), None, None, 0.95).unwrap();
    assert_eq!(one.welch.diff.estimate, 1.0);
    assert!(one.welch.se.is_nan() && one.welch.p_value.is_nan());
    let none = lift_revenue(arm(0.0, 0.0), arm(50.0, 1.0), None, None, 0.95).unwrap();
    assert!(none.welch.diff.estimate.is_nan());
    // No revenue in the holdout: no relative lift, but a difference.
    let free = lift_revenue(arm(50.0, 1.0), arm(50.0, 0.0), Some(0.0), Some(0.5), 0.95).unwrap();
    assert!(free.welch.rel_lift_fieller.estimate.is_nan());
    assert!(free.welch.rel_lift_delta.low.is_nan());
    assert_eq!(free.welch.diff.estimate, 1.0);
    assert!(free.incremental_roas.estimate.is_nan());
    assert_eq!(free.incremental_profit.estimate, 25.0);
    let constant = PairMoments::from_values(&[1.0, 2.0, 4.0], &[5.0; 3], "x", "y").unwrap();
    let got = cuped(&constant, &constant, 0.95).unwrap();
    assert!(got.constant_covariate && got.within_arm.welch == got.raw);
    assert_eq!((got.within_arm.theta, got.raw.p_value), (0.0, 1.0));
}

#[test]
fn a_shared_cap_cuts_both_arms() {
    let exposed = [1.0, 2.0, 3.0, 4.0, 100.0];
    let holdout = [0.0, 1.0, 2.0, 3.0, 4.0, 50.0];
    // numpy.quantile of all eleven values at 0.85.
    let got = winsorize(&exposed, &holdout, 0.85).unwrap();
    assert_eq!(got.cap, 27.0);
    assert_eq!((got.exposed_capped, got.holdout_capped), (1, 1));
    assert_eq!(got.exposed.summary().mean, 37.0 / 5.0);
    let whole = winsorize(&exposed, &holdout, 1.0).unwrap();
    assert_eq!(whole.exposed, Moments::from_values(&exposed));
    assert_eq!((whole.cap, whole.exposed_capped), (100.0, 0));
    assert_eq!(winsorize(&exposed, &holdout, 0.0).unwrap().cap, 0.0);
    assert!(
        winsorize(&[f64::NAN], &[1.0], 0.5)
            .unwrap()
            .holdout
            .summary()
            .mean
            .is_nan()
    );
    assert!(winsorize(&[], &[], 0.5).unwrap().cap.is_nan());
    assert_eq!(
        winsorize(&exposed, &holdout, 1.5).unwrap_err().argument,
        "winsorize"
    );
    let lift = lift_of(
        got.exposed.summary(),
        got.holdout.summary(),
        Some(1.0),
        Some(1.0),
        0.9,
    )
    .unwrap();
    assert!((lift.incremental_revenue.estimate - 5.0 * (37.0 / 5.0 - 37.0 / 6.0)).abs() < 1e-12);
}

#[test]
fn cuped_is_unbiased_and_less_noisy() {
    let mut draws = Draws(33);
    let (mut raw, mut within, mut covered) = (0.0, 0.0, 0);
    let repetitions = 2_000;
    for _ in 0..repetitions {
        let mut arm = |effect: f64| {
            let mut moments = PairMoments::default();
            for _ in 0..60 {
                let x = draws.normal();
                moments.push(effect + 0.8 * x + 0.6 * draws.normal(), x);
            }
            moments
        };
        let got = cuped(&arm(0.5), &arm(0.0), 0.95).unwrap();
        raw += got.raw.diff.estimate;
        within += got.within_arm.welch.diff.estimate;
        let interval = got.within_arm.welch.diff;
        covered += usize::from(interval.low <= 0.5 && 0.5 <= interval.high);
        assert!(got.within_arm.variance_reduction > 0.2);
    }
    let repetitions = f64::from(repetitions);
    // Standard errors of the means: 0.004 and 0.0025; of the coverage 0.005.
    assert!((raw / repetitions - 0.5).abs() < 0.015);
    assert!((within / repetitions - 0.5).abs() < 0.009);
    assert!(
        (covered as f64 / repetitions - 0.95).abs() < 0.02,
        "{covered}"
    );
}

#[test]
fn wrong_arms_are_refused_and_unknown_ones_carried_on() {
    let good = Arm {
        users: 10.0,
        mean: 1.0,
        sd: 1.0,
    };
    let refused = |exposed, holdout, spend, margin, confidence| {
        let error = lift_revenue(exposed, holdout, spend, margin, confidence).unwrap_err();
        (error.argument, error.code())
    };
    let users = Arm { users: 1.5, ..good };
    let mean = Arm {
        mean: f64::INFINITY,
        ..good
    };
    let sd = Arm { sd: -1.0, ..good };
    assert_eq!(
        refused(users, good, None, None, 0.95),
        ("exposed_users", "not_a_count")
    );
    assert_eq!(
        refused(good, mean, None, None, 0.95),
        ("holdout_mean", "not_finite")
    );
    assert_eq!(
        refused(sd, good, None, None, 0.95),
        ("exposed_sd", "negative")
    );
    assert_eq!(
        refused(good, good, Some(-1.0), None, 0.95),
        ("spend", "negative")
    );
    assert_eq!(
        refused(good, good, None, Some(40.0), 0.95),
        ("margin", "not_a_rate")
    );
    assert_eq!(
        refused(good, good, None, None, 1.0),
        ("confidence", "not_inside_0_1")
    );
    let unknown = Arm {
        mean: f64::NAN,
        ..good
    };
    let got = lift_revenue(unknown, good, Some(1.0), Some(0.5), 0.95).unwrap();
    assert!(got.welch.p_value.is_nan() && got.incremental_profit.high.is_nan());
    assert_eq!(
        PairMoments::from_values(&[1.0], &[], "exposed_den", "exposed_num")
            .unwrap_err()
            .code(),
        "length_mismatch"
    );
}

#[test]
fn any_bits_return_or_raise() {
    let mut draws = Draws(34);
    for _ in 0..30_000 {
        let mut x = || draws.bits();
        let one = Arm {
            users: x(),
            mean: x(),
            sd: x(),
        };
        let zero = Arm {
            users: x(),
            mean: x(),
            sd: x(),
        };
        let _ = lift_revenue(one, zero, Some(x()), Some(x()), x());
        let _ = winsorize(&[x(), x(), x()], &[x()], x());
        let _ = Moments::from_sums(x(), x(), x()).map(|moments| moments.summary());
        let mut arm = || {
            let mut moments = PairMoments::default();
            for _ in 0..3 {
                moments.push(x(), x());
            }
            moments
        };
        let _ = cuped(&arm(), &arm(), 0.95);
        let _ = ratio_metric(&arm(), &arm(), 0.95);
    }
}

#[test]
fn the_row_by_row_calculators_are_these_functions() {
    use edgetally_core::metrics::calculator::Value;
    use edgetally_core::metrics::registry::find;
    for row in rows("lift.revenue") {
        let calculator = find("lift.revenue").unwrap();
        let values: Vec<Value<'_>> = calculator
            .arguments
            .iter()
            .map(|argument| row.given(argument.name).map_or(Value::Absent, Value::One))
            .collect();
        let got = calculator.one(&values).unwrap();
        let at = |name: &str| got[calculator.output(name).unwrap()];
        for name in ["diff", "se", "t", "df", "p_value", "rel_lift"] {
            row.expect(name, at(name));
        }
        for name in ["diff_ci", "rel_ci_delta", "rel_ci_fieller"] {
            row.expect_all(
                name,
                &[at(&format!("{name}.low")), at(&format!("{name}.high"))],
            );
        }
        for name in [
            "incremental_revenue",
            "incremental_roas",
            "incremental_profit",
        ] {
            let ends = [
                at(name),
                at(&format!("{name}.low")),
                at(&format!("{name}.high")),
            ];
            row.expect_all(name, &ends);
        }
    }
}

#[test]
fn arms_that_do_not_vary_do_not_differ_by_rounding() {
    for (value, n1, n0) in [
        (0.04, 10, 30),
        (49.9, 13, 100_000),
        (0.1, 3, 693),
        (1e300 / 3.0, 7, 9),
        (1e-310, 7, 9),
    ] {
        let arm = |n| Moments::from_values(&vec![value; n]).summary();
        let got = welch(arm(n1), arm(n0), 0.95).unwrap();
        assert_eq!(got.diff.estimate, 0.0, "{value}");
        assert!(got.p_value.is_nan() && got.diff.low.is_nan() && got.t.is_nan());
        let before: Vec<f64> = (0..n1.max(n0)).map(|x| x as f64).collect();
        let pair =
            |n: usize| PairMoments::from_values(&vec![value; n], &before[..n], "x", "y").unwrap();
        let got = cuped(&pair(n1), &pair(n0), 0.95).unwrap();
        assert_eq!(got.raw.diff.estimate, 0.0);
        for welch in [got.raw, got.within_arm.welch] {
            assert!(
                welch.p_value.is_nan() && welch.diff.high.is_nan(),
                "{got:?}"
            );
        }
        assert!(got.within_arm.rel_lift.low.is_nan());
    }
    // Different constants: a difference, and nothing to measure it by.
    let arm = |value: f64, n| Moments::from_values(&vec![value; n]).summary();
    let got = welch(arm(0.1, 7), arm(0.2, 1_000), 0.95).unwrap();
    assert_eq!((got.diff.estimate, got.t), (-0.1, f64::NEG_INFINITY));
    assert!(got.p_value.is_nan() && got.diff.low.is_nan());
    // The same from sums and from reports, whose standard deviation is what rounding leaves.
    let sums = |n: f64| {
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..(n as usize) {
            sum += 49.9;
            squares += 49.9 * 49.9;
        }
        Moments::from_sums(n, sum, squares).unwrap().summary().sd
    };
    assert_eq!((sums(13.0), sums(1_000.0)), (0.0, 0.0));
    let report = |users, sd| Arm {
        users,
        mean: 49.9,
        sd,
    };
    let got = lift_revenue(report(13.0, 7e-15), report(1e5, 7.1e-12), None, None, 0.95).unwrap();
    assert!(got.welch.p_value.is_nan() && got.welch.diff.low.is_nan());
}

/// Whether two results are the same bits, `NaN` equal to itself.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn the_unit_changes_no_digit() {
    let y1 = [3.1, 0.0, 5.7, 12.25, 0.3, 8.8, 2.2];
    let y0 = [1.1, 0.0, 2.5, 7.75, 0.9];
    let x1 = [2.0, 0.5, 4.5, 9.0, 1.5, 7.0, 2.5];
    let x0 = [1.0, 0.75, 2.5, 6.0, 1.25];
    let times = |values: &[f64], power: i32| -> Vec<f64> {
        let half = 2_f64.powi(power / 2);
        let rest = 2_f64.powi(power - power / 2);
        values.iter().map(|x| x * half * rest).collect()
    };
    let welches = |welch: revenue::Welch| {
        let Interval { low, high, .. } = welch.rel_lift_fieller;
        let delta = welch.rel_lift_delta;
        [
            welch.p_value,
            welch.t,
            welch.df,
            low,
            high,
            delta.low,
            delta.high,
        ]
    };
    let digits = |k: i32, j: i32| {
        let (a, b) = (times(&y1, k), times(&y0, k));
        let (c, d) = (times(&x1, j), times(&x0, j));
        let mut all = Vec::new();
        let (one, zero) = (
            Moments::from_values(&a).summary(),
            Moments::from_values(&b).summary(),
        );
        all.extend(welches(welch(one, zero, 0.95).unwrap()));
        let report = |arm: Summary| Arm {
            users: arm.n,
            mean: arm.mean,
            sd: arm.sd,
        };
        let got = lift_revenue(report(one), report(zero), None, None, 0.95).unwrap();
        all.extend(welches(got.welch));
        let pair = |y: &[f64], x: &[f64]| PairMoments::from_values(y, x, "x", "y").unwrap();
        let (one, zero) = (pair(&a, &c), pair(&b, &d));
        let got = cuped(&one, &zero, 0.95).unwrap();
        for variant in [got.within_arm, got.pooled] {
            all.extend(welches(variant.welch));
            let Interval {
                estimate,
                low,
                high,
            } = variant.rel_lift;
            all.extend([estimate, low, high, variant.variance_reduction]);
        }
        all.extend(welches(got.raw));
        let got = ratio_metric(&one, &zero, 0.95).unwrap();
        all.extend([got.p_value, got.z, got.rel_lift.low, got.rel_lift.high]);
        all
    };
    let plain = digits(0, 0);
    assert!(plain.iter().all(|x| !x.is_nan()), "{plain:?}");
    for k in (-1_010_i32..=1_010)
        .step_by(10)
        .chain([-1_015, 1_018, 511, -511, 513, -513])
    {
        // A ratio of 2^1000 and 2^-1000 is no number.
        for j in [0, k] {
            if j == 0 && k.abs() > 1_000 {
                continue;
            }
            let got = digits(k, j);
            for (place, (a, b)) in plain.iter().zip(&got).enumerate() {
                assert!(same(*a, *b), "{place} at 2^{k}, 2^{j}: {a:e} {b:e}");
            }
        }
    }
    // And what has the unit takes it on.
    let at = |k: i32| {
        let arm = |values: &[f64]| Moments::from_values(&times(values, k)).summary();
        welch(arm(&y1), arm(&y0), 0.95).unwrap()
    };
    let (small, plain) = (at(-900), at(0));
    let unit = 2_f64.powi(-900);
    assert!(same(small.se, plain.se * unit) && same(small.diff.low, plain.diff.low * unit));
}

#[test]
fn sums_that_no_values_have_are_refused_by_name() {
    let sums = |users, y, x, yy, xx, xy| {
        PairMoments::from_sums(PairMoments::SUMS, users, [y, x], [yy, xx], xy)
            .map_err(|error| (error.argument, error.code()))
            .err()
    };
    let good = |values: &[(f64, f64)]| {
        let of = |f: fn(&(f64, f64)) -> f64| values.iter().map(f).sum::<f64>();
        sums(
            values.len() as f64,
            of(|v| v.0),
            of(|v| v.1),
            of(|v| v.0 * v.0),
            of(|v| v.1 * v.1),
            of(|v| v.0 * v.1),
        )
    };
    assert_eq!(
        sums(10.0, 20.0, 30.0, 5.0, 100.0, 60.0),
        Some(("sums_of_squares[0]", "impossible"))
    );
    assert_eq!(
        sums(10.0, 20.0, 30.0, 50.0, 80.0, 60.0),
        Some(("sums_of_squares[1]", "impossible"))
    );
    assert_eq!(
        sums(10.0, 20.0, 30.0, 50.0, 100.0, 75.0),
        Some(("sum_of_products", "impossible"))
    );
    assert_eq!(
        sums(10.0, 20.0, 30.0, 50.0, 100.0, 45.0),
        Some(("sum_of_products", "impossible"))
    );
    assert_eq!(sums(10.0, 20.0, 30.0, 50.0, 100.0, 69.9), None);
    assert_eq!(
        sums(1.0, 2.0, 3.0, 5.0, 9.0, 6.0),
        Some(("sums_of_squares[0]", "impossible"))
    );
    assert_eq!(
        sums(0.0, 2.0, 0.0, 5.0, 0.0, 0.0),
        Some(("sums_of_squares[0]", "impossible"))
    );
    assert_eq!(sums(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), None);
    // Values that have such sums, also with a correlation of exactly 1 or no variance, are taken, whatever they round to.
    let mut draws = Draws(35);
    for _ in 0..20_000 {
        let n = 1 + (draws.next() * 20.0) as usize;
        let (shift, scale, noise) = (
            1e4 * draws.next(),
            10.0 * draws.next(),
            if draws.next() < 0.5 {
                0.0
            } else {
                draws.next()
            },
        );
        let values: Vec<(f64, f64)> = (0..n)
            .map(|_| {
                let x = shift + scale * draws.normal();
                (0.37 * x + noise * draws.normal(), x)
            })
            .collect();
        assert_eq!(good(&values), None, "{values:?}");
    }
}

#[test]
fn the_relative_lift_of_cuped_covers_and_agrees_with_its_p_value() {
    let mut draws = Draws(36);
    let (mut covered, mut repetitions) = (0, 0);
    for round in 0..4_000 {
        // Every second time without an effect: there the interval has to agree with the p-value.
        let lift = if round % 2 == 0 { 0.25 } else { 0.0 };
        let mut arm = |n: usize, factor: f64| {
            let mut moments = PairMoments::default();
            for _ in 0..n {
                let x = 4.0 + draws.normal();
                moments.push(factor * (8.0 + 1.5 * (x - 4.0) + draws.normal()), x);
            }
            moments
        };
        let got = cuped(&arm(40, 1.0 + lift), &arm(20, 1.0), 0.95).unwrap();
        for variant in [got.within_arm, got.pooled] {
            let Interval { low, high, .. } = variant.rel_lift;
            let excludes = low > 0.0 || high < 0.0;
            assert_eq!(excludes, variant.welch.p_value < 0.05, "{got:?}");
        }
        let Interval { low, high, .. } = got.within_arm.rel_lift;
        covered += usize::from(low <= lift && lift <= high);
        repetitions += 1;
    }
    let share = covered as f64 / f64::from(repetitions);
    assert!((share - 0.95).abs() < 0.012, "{share}");
}

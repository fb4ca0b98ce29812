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
    Arm, Moments, PairMoments, Summary, cuped, lift_of, lift_revenue, ratio_metric, welch,
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
    assert_eq!(Moments::from_values(&values).summary().variance, 30.0);
    let shifted: Vec<f64> = values.iter().map(|x| x * 1e5 + 0.125).collect();
    let got = Moments::from_values(&shifted).summary().variance;
    let exact: Vec<f64> = shifted.iter().map(|x| x - 1e14).collect();
    let want = Moments::from_values(&exact).summary().variance;
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
    let report = Moments::from_mean_sd(5.0, direct.mean, direct.variance.sqrt())
        .unwrap()
        .summary();
    assert!((report.mean - direct.mean).abs() < 1e-15);
    assert!((report.variance / direct.variance - 1.0).abs() < 1e-15);
    assert_eq!(
        Moments::from_sums(5.0, 100.0, 10.0).unwrap_err().code(),
        "impossible"
    );
    // Sums that were rounded on the way: no negative variance.
    let rounded = Moments::from_sums(3.0, 0.3, 0.029999999999999999).unwrap();
    assert!(rounded.summary().variance >= 0.0);
    let none = Moments::default().summary();
    assert!(none.mean.is_nan() && none.variance.is_nan());
    assert!(Moments::from_values(&[1.0]).summary().variance.is_nan());
}

#[test]
fn fiellers_ends_solve_its_equation_and_agree_with_the_p_value() {
    let mut draws = Draws(32);
    let mut kinds = [0, 0, 0];
    for _ in 0..100_000 {
        let mut arm = |centre: f64| Summary {
            n: (draws.next() * 400.0).floor() + 3.0,
            mean: centre + draws.normal(),
            variance: 100.0 * draws.next() + 0.01,
        };
        let (one, zero) = (arm(4.0), arm(3.0));
        let got = welch(one, zero, 0.95).unwrap();
        let (v1, v0) = (one.variance / one.n, zero.variance / zero.n);
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
    let flat = ratio_metric(&pairs(0.1), &pairs(0.3), 0.95).unwrap();
    assert!(flat.se < 1e-16 && (flat.diff.estimate + 0.2).abs() < 1e-15);
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
    assert!(got.within_arm.theta.is_nan() && got.pooled.welch.p_value.is_nan());
    assert_eq!(got.raw.p_value, 1.0);
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
    use edgetally_core::metrics::calculator::{Value, find};
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

//! Intervals for rates, differences and ratios against 40-digit references, and their laws.
#![expect(
    clippy::float_cmp,
    clippy::many_single_char_names,
    reason = "what is exact is compared exactly; a formula in the letters of its paper"
)]

use super::{Row, rows};
use edgetally_core::metrics::calculator::{Calculator, Value};
use edgetally_core::metrics::proportion::{
    Alternative, Arms, ClosedForm, Columns, Difference, Level, One, Ratio, closed_form, difference,
    one, ratio,
};
use edgetally_core::metrics::registry;

/// Every output of a row of counts, by the calculator of its name.
fn every_output(name: &str, row: &Row) {
    let calculator = registry::find(name).unwrap();
    let values: Vec<Value<'_>> = calculator
        .arguments
        .iter()
        .map(|argument| row.given(argument.name).map_or(Value::Absent, Value::One))
        .collect();
    let got = calculator.one(&values).unwrap();
    for name in row.outputs.as_object().unwrap().keys() {
        let at = calculator.output(name).unwrap();
        if row.outputs[name].is_array() {
            assert!(row.expect_all(name, &got[at + 1..at + 3]));
        } else {
            assert!(row.expect(name, got[at]));
        }
    }
}

#[test]
fn reference_rows() {
    for name in ["lift.diff_ci", "lift.rel_ci", "rate_ci"] {
        for row in rows(name) {
            every_output(name, &row);
        }
    }
}

/// A generator of its own, so that the cases are the same everywhere.
pub(super) struct Cases(pub(super) u64);

impl Cases {
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn arm(&mut self, most: f64) -> (f64, f64) {
        let users = most.powf(self.unit()).ceil();
        let mut count = match self.bits() % 8 {
            0 => 0.0,
            1 => users,
            2 => (users * self.unit()).floor(),
            3 => users.min((self.bits() % 8) as f64),
            4 => users - users.min((self.bits() % 8) as f64),
            _ => (users * 1e-9_f64.powf(self.unit())).floor(),
        };
        count = count.clamp(0.0, users);
        (users, count)
    }

    /// Any table: from one user to a thousand million, from nobody to everybody.
    pub(super) fn table(&mut self) -> Arms {
        let ((n1, x1), (n0, x0)) = (self.arm(1e9), self.arm(1e9));
        Arms::new(n1, x1, n0, x0).unwrap()
    }

    /// A table as experiments have them: both rates of one size.
    pub(super) fn experiment(&mut self) -> Arms {
        let (n1, n0) = (
            10.0 + (1e5 * self.unit()).floor(),
            10.0 + (1e5 * self.unit()).floor(),
        );
        let rate = 0.3 * self.unit() * self.unit();
        let other = rate * (0.5 + self.unit());
        Arms::new(n1, (n1 * rate).round(), n0, (n0 * other).round()).unwrap()
    }
}

fn levels() -> Vec<Level> {
    [0.5, 0.8, 0.95, 0.999, 0.999_999]
        .map(|confidence| Level::two_sided(confidence).unwrap())
        .to_vec()
}

#[test]
fn the_score_intervals_exclude_no_difference_exactly_when_the_score_test_does() {
    let mut cases = Cases(1);
    let mut excluded = 0;
    for case in 0..200_000 {
        let arms = if case % 2 == 0 {
            cases.table()
        } else {
            cases.experiment()
        };
        let confidence = [0.8, 0.9, 0.95, 0.99][case % 4];
        let level = Level::two_sided(confidence).unwrap();
        let (z, p) = arms.p_score(Alternative::TwoSided);
        let significant = p < 1.0 - confidence;
        let delta = arms.difference(Difference::Score, &level);
        let phi = arms.ratio(Ratio::Score, &level);
        assert_eq!(
            delta.low > 0.0 || delta.high < 0.0,
            significant,
            "{arms:?} {p} {delta:?}"
        );
        assert_eq!(
            phi.low > 1.0 || phi.high < 1.0,
            significant,
            "{arms:?} {p} {phi:?}"
        );
        // And on the same side.
        assert_eq!(delta.low > 0.0, significant && z > 0.0, "{arms:?}");
        assert_eq!(phi.low > 1.0, significant && z > 0.0, "{arms:?}");
        excluded += usize::from(significant);
    }
    assert!((20_000..180_000).contains(&excluded), "{excluded}");
}

#[test]
fn one_sided_intervals_belong_to_one_sided_tests() {
    let mut cases = Cases(2);
    for _ in 0..20_000 {
        let arms = cases.experiment();
        for alternative in [Alternative::Greater, Alternative::Less] {
            let level = Level::new(0.95, alternative).unwrap();
            let (_, p) = arms.p_score(alternative);
            let delta = arms.difference(Difference::Score, &level);
            let phi = arms.ratio(Ratio::Score, &level);
            let (excludes, ratio_excludes, open) = match alternative {
                Alternative::Greater => (
                    delta.low > 0.0,
                    phi.low > 1.0,
                    delta.high == 1.0 && phi.high == f64::INFINITY,
                ),
                _ => (
                    delta.high < 0.0,
                    phi.high < 1.0,
                    delta.low == -1.0 && phi.low == 0.0,
                ),
            };
            assert_eq!(
                (excludes, ratio_excludes),
                (p < 0.05, p < 0.05),
                "{arms:?} {p} {delta:?} {phi:?}"
            );
            assert!(open);
        }
    }
}

#[test]
fn newcombe_and_mover_agree_about_the_sign() {
    let mut cases = Cases(3);
    for _ in 0..200_000 {
        let arms = cases.experiment();
        let level = Level::two_sided(0.95).unwrap();
        let delta = arms.difference(Difference::Newcombe, &level);
        let phi = arms.ratio(Ratio::Mover, &level);
        assert_eq!(delta.low > 0.0, phi.low > 1.0, "{arms:?} {delta:?} {phi:?}");
        assert_eq!(
            delta.high < 0.0,
            phi.high < 1.0,
            "{arms:?} {delta:?} {phi:?}"
        );
    }
}

#[test]
fn exchanged_arms_negate_the_difference_and_invert_the_ratio() {
    let close = |a: f64, b: f64| {
        a == b || (a - b).abs() <= 1e-12 * (1.0 + b.abs()) || (a.is_nan() && b.is_nan())
    };
    let mut cases = Cases(4);
    for _ in 0..20_000 {
        let arms = cases.table();
        let other = Arms::new(
            arms.holdout_users,
            arms.holdout_conversions,
            arms.exposed_users,
            arms.exposed_conversions,
        )
        .unwrap();
        for level in levels() {
            for method in Difference::ALL {
                let (a, b) = (
                    arms.difference(method, &level),
                    other.difference(method, &level),
                );
                assert!(
                    close(a.low, -b.high) && close(a.high, -b.low),
                    "{method:?} {arms:?} {a:?} {b:?}"
                );
                assert_eq!(a.estimate, -b.estimate);
            }
            for method in [
                Ratio::Score,
                Ratio::ScoreUncorrected,
                Ratio::Mover,
                Ratio::Katz,
                Ratio::LogAdjusted,
            ] {
                let (a, b) = (arms.ratio(method, &level), other.ratio(method, &level));
                assert!(
                    close(a.low * b.high, 1.0)
                        || (a.low == 0.0 && b.high == f64::INFINITY)
                        || a.low.is_nan(),
                    "{method:?} {arms:?} {a:?} {b:?}"
                );
                assert!(
                    close(a.high * b.low, 1.0)
                        || (b.low == 0.0 && a.high == f64::INFINITY)
                        || b.low.is_nan(),
                    "{method:?} {arms:?} {a:?} {b:?}"
                );
            }
        }
    }
}

#[test]
fn every_interval_is_around_its_estimate_and_within_what_can_be() {
    let mut cases = Cases(5);
    for _ in 0..20_000 {
        let arms = cases.table();
        for level in levels() {
            for method in Difference::ALL {
                let i = arms.difference(method, &level);
                // Wald's knows no bounds.
                assert!(
                    method == Difference::Wald || (i.low >= -1.0 && i.high <= 1.0),
                    "{method:?} {arms:?} {i:?}"
                );
                // The added counts move the centre of this one.
                if method != Difference::AgrestiCaffo {
                    assert!(
                        i.low <= i.estimate && i.estimate <= i.high,
                        "{method:?} {arms:?} {i:?}"
                    );
                }
            }
            for method in [
                Ratio::Score,
                Ratio::ScoreUncorrected,
                Ratio::Mover,
                Ratio::Fieller,
            ] {
                let i = arms.ratio(method, &level);
                if i.estimate.is_nan() {
                    assert!(
                        i.high == f64::INFINITY || method == Ratio::Fieller,
                        "{method:?} {arms:?} {i:?}"
                    );
                    continue;
                }
                let room = 1e-14 * i.estimate;
                assert!(
                    i.low >= 0.0 && i.low <= i.estimate + room && i.estimate <= i.high + room,
                    "{method:?} {arms:?} {i:?}"
                );
            }
        }
    }
}

#[test]
fn more_of_the_same_is_narrower() {
    let mut cases = Cases(6);
    let level = Level::two_sided(0.95).unwrap();
    for _ in 0..20_000 {
        let arms = cases.experiment();
        if arms.exposed_conversions < 20.0 || arms.holdout_conversions < 20.0 {
            continue;
        }
        let k = 100.0;
        let more = Arms::new(
            arms.exposed_users * k,
            arms.exposed_conversions * k,
            arms.holdout_users * k,
            arms.holdout_conversions * k,
        )
        .unwrap();
        let width = |i: edgetally_core::metrics::Interval| i.high - i.low;
        for method in Difference::ALL {
            let shrink =
                width(arms.difference(method, &level)) / width(more.difference(method, &level));
            assert!(
                (9.0..11.0).contains(&shrink),
                "{method:?} {arms:?} {shrink}"
            );
        }
        for method in Ratio::ALL {
            let shrink = width(arms.ratio(method, &level)) / width(more.ratio(method, &level));
            assert!(
                (9.0..16.0).contains(&shrink),
                "{method:?} {arms:?} {shrink}"
            );
        }
    }
}

#[test]
fn a_score_limit_is_where_the_statistic_meets_the_quantile() {
    // The statistic by the published cubic equation, which shares nothing with the way the limits are found.
    fn z_at(arms: &Arms, delta: f64) -> f64 {
        let (n1, n0) = (arms.exposed_users, arms.holdout_users);
        let (p1, p0) = (arms.exposed_conversions / n1, arms.holdout_conversions / n0);
        let theta = n0 / n1;
        let a = 1.0 + theta;
        let b = -(1.0 + theta + p1 + theta * p0 + delta * (theta + 2.0));
        let c = delta * delta + delta * (2.0 * p1 + theta + 1.0) + p1 + theta * p0;
        let d = -p1 * delta * (1.0 + delta);
        let v = b.powi(3) / (27.0 * a.powi(3)) - b * c / (6.0 * a * a) + d / (2.0 * a);
        let u = (b * b / (9.0 * a * a) - c / (3.0 * a)).max(0.0).sqrt();
        let u = if v < 0.0 { -u } else { u };
        let w = (std::f64::consts::PI + (v / u.powi(3)).clamp(-1.0, 1.0).acos()) / 3.0;
        let rate1 = (2.0 * u * w.cos() - b / (3.0 * a)).clamp(0.0, 1.0);
        let rate0 = (rate1 - delta).clamp(0.0, 1.0);
        let variance = rate1 * (1.0 - rate1) / n1 + rate0 * (1.0 - rate0) / n0;
        (arms.exposed_conversions / n1 - arms.holdout_conversions / n0 - delta)
            / (variance * (n1 + n0) / (n1 + n0 - 1.0)).sqrt()
    }
    let mut cases = Cases(7);
    for _ in 0..50_000 {
        let arms = cases.experiment();
        let level = Level::two_sided(0.95).unwrap();
        let i = arms.difference(Difference::Score, &level);
        for (end, want) in [
            (i.low, 1.959_963_984_540_054),
            (i.high, -1.959_963_984_540_054),
        ] {
            let got = z_at(&arms, end);
            assert!((got - want).abs() < 1e-6, "{arms:?} {end} {got}");
        }
    }
}

#[test]
fn a_row_and_a_column_give_the_same_bits() {
    let mut cases = Cases(8);
    let tables: Vec<Arms> = (0..1003).map(|_| cases.table()).collect();
    let column = |f: fn(&Arms) -> f64| tables.iter().map(f).collect::<Vec<f64>>();
    let (n1, x1) = (
        column(|t| t.exposed_users),
        column(|t| t.exposed_conversions),
    );
    let (n0, x0) = (
        column(|t| t.holdout_users),
        column(|t| t.holdout_conversions),
    );
    let columns = Columns {
        exposed_users: &n1,
        exposed_conversions: &x1,
        holdout_users: &n0,
        holdout_conversions: &x0,
    };
    let level = Level::two_sided(0.9).unwrap();
    let (mut low, mut high) = (vec![0.0; 1003], vec![0.0; 1003]);
    for method in Difference::ALL {
        difference(method, &level, columns, &mut low, &mut high);
        for (row, arms) in tables.iter().enumerate() {
            let i = arms.difference(method, &level);
            assert_eq!(
                (low[row].to_bits(), high[row].to_bits()),
                (i.low.to_bits(), i.high.to_bits()),
                "{method:?} {arms:?}"
            );
        }
    }
    for method in Ratio::ALL {
        ratio(method, &level, columns, &mut low, &mut high);
        for (row, arms) in tables.iter().enumerate() {
            let i = arms.ratio(method, &level);
            let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
            assert!(
                same(low[row], i.low) && same(high[row], i.high),
                "{method:?} {arms:?}"
            );
        }
    }
    let mut outputs = vec![vec![0.0; 1003]; 6];
    let [delta, low, high, phi, ratio_low, ratio_high] = &mut outputs[..] else {
        unreachable!()
    };
    closed_form(
        &level,
        columns,
        ClosedForm {
            difference: delta,
            difference_low: low,
            difference_high: high,
            ratio: phi,
            ratio_low,
            ratio_high,
        },
    );
    for (row, arms) in tables.iter().enumerate() {
        let (a, b) = (
            arms.difference(Difference::Newcombe, &level),
            arms.ratio(Ratio::Mover, &level),
        );
        let got = outputs.iter().map(|output| output[row]);
        for (got, want) in got.zip([a.estimate, a.low, a.high, b.estimate, b.low, b.high]) {
            assert!(
                got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()),
                "{arms:?} {got} {want}"
            );
        }
    }
}

#[test]
fn the_difference_is_exact_where_the_rates_nearly_agree() {
    // Products of 53 + 53 bits that differ in the last few.
    let mut cases = Cases(9);
    let level = Level::two_sided(0.95).unwrap();
    for _ in 0..100_000 {
        let users = |cases: &mut Cases| (1u64 << 40) + (cases.bits() >> 12);
        let (n1, n0) = (users(&mut cases), users(&mut cases));
        let x1 = cases.bits() % n1;
        let x0 = u64::try_from(u128::from(x1) * u128::from(n0) / u128::from(n1)).unwrap();
        let exact = i128::from(x1) * i128::from(n0) - i128::from(x0) * i128::from(n1);
        let arms = Arms::new(n1 as f64, x1 as f64, n0 as f64, x0 as f64).unwrap();
        let want = exact as f64 / (n1 as f64 * n0 as f64);
        assert_eq!(
            arms.difference(Difference::Wald, &level).estimate,
            want,
            "{arms:?}"
        );
    }
}

#[test]
fn nothing_is_known_without_users() {
    let level = Level::two_sided(0.95).unwrap();
    for (n1, x1, n0, x0) in [
        (0.0, 0.0, 10.0, 1.0),
        (10.0, 1.0, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0),
        (f64::NAN, 1.0, 10.0, 1.0),
        (10.0, f64::NAN, 10.0, 10.0),
        (10.0, 10.0, 10.0, f64::NAN),
        (10.0, 0.0, f64::NAN, 0.0),
    ] {
        let arms = Arms::new(n1, x1, n0, x0).unwrap();
        for method in Difference::ALL {
            let i = arms.difference(method, &level);
            assert!(
                i.estimate.is_nan() && i.low.is_nan() && i.high.is_nan(),
                "{method:?} {arms:?} {i:?}"
            );
        }
        for method in Ratio::ALL {
            let i = arms.ratio(method, &level);
            assert!(
                i.estimate.is_nan() && i.low.is_nan() && i.high.is_nan(),
                "{method:?} {arms:?} {i:?}"
            );
        }
        assert!(arms.p_score(Alternative::TwoSided).1.is_nan(), "{arms:?}");
    }
    for method in One::ALL {
        for (x, n) in [(0.0, 0.0), (f64::NAN, 10.0), (1.0, f64::NAN)] {
            let (mut low, mut high) = ([0.0], [0.0]);
            one(method, &level, &[x], &[n], &mut low, &mut high);
            assert!(low[0].is_nan() && high[0].is_nan(), "{method:?} {x} {n}");
        }
    }
}

#[test]
fn the_ends_of_what_can_be_are_exact() {
    let level = Level::two_sided(0.95).unwrap();
    let all_none = Arms::new(10.0, 10.0, 20.0, 0.0).unwrap();
    for method in [
        Difference::Score,
        Difference::ScoreUncorrected,
        Difference::Newcombe,
    ] {
        assert_eq!(all_none.difference(method, &level).high, 1.0, "{method:?}");
    }
    let none = Arms::new(1e9, 0.0, 1e9, 0.0).unwrap();
    for method in [Ratio::Score, Ratio::ScoreUncorrected, Ratio::Mover] {
        let i = none.ratio(method, &level);
        assert_eq!((i.low, i.high), (0.0, f64::INFINITY), "{method:?}");
    }
    assert_eq!(none.p_score(Alternative::Greater), (0.0, 1.0));
    for (x, n) in [(0.0, 7.0), (7.0, 7.0)] {
        for method in One::ALL {
            let (mut low, mut high) = ([0.5], [0.5]);
            one(method, &level, &[x], &[n], &mut low, &mut high);
            if method != One::Jeffreys {
                assert!(
                    if x == 0.0 {
                        low[0] == 0.0
                    } else {
                        high[0] == 1.0
                    },
                    "{method:?} {low:?} {high:?}"
                );
            }
        }
    }
}

#[test]
fn any_bits_return_or_raise() {
    let mut cases = Cases(10);
    let any = |cases: &mut Cases| match cases.bits() % 6 {
        0 => f64::from_bits(cases.bits()),
        1 => [
            0.0,
            -0.0,
            1.0,
            f64::INFINITY,
            f64::NAN,
            9_007_199_254_740_992.0,
            5e-324,
        ][(cases.bits() % 7) as usize],
        _ => (cases.bits() % 100) as f64,
    };
    let named: Vec<&Calculator> = registry::all()
        .filter(|c| c.name.starts_with("lift") || c.name.starts_with("rate_ci"))
        .collect();
    assert!(named.len() > 10);
    let mut returned = 0;
    for _ in 0..20_000 {
        for calculator in &named {
            // Beta quantiles are slow in a debug build, and tested where they live.
            if calculator.name.ends_with("jeffreys")
                || calculator.name.ends_with("pearson")
                || calculator.name == "rate_ci"
            {
                continue;
            }
            let values: Vec<Value<'_>> = calculator
                .arguments
                .iter()
                .map(|_| Value::One(any(&mut cases)))
                .collect();
            returned += usize::from(calculator.one(&values).is_ok());
        }
    }
    assert!(returned > 1000, "{returned}");
}

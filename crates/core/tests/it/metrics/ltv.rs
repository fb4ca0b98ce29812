//! Lifetime value and payback.

use edgetally_core::metrics::ltv::{
    Boundary, Counted, CustomerData, Geometric, Timing, TwoPhase, bootstrap, by_retention, cohort,
    fit_sbg, from_counts, geometric, payback, payback_two_phase,
};
use proptest::prelude::*;

use super::{Row, rows};

fn customer(row: &Row) -> Geometric {
    Geometric {
        arpa: row.input("arpa"),
        gross_margin: row.input("gross_margin"),
        churn: row.input("churn"),
        annual_discount: row.given("annual_discount").unwrap_or(0.0),
        horizon: row.given("horizon"),
        expansion: row.given("expansion").unwrap_or(0.0),
        timing: match row.inputs.get("timing").and_then(|x| x.as_str()) {
            Some("end") => Timing::End,
            _ => Timing::Start,
        },
    }
}

#[test]
fn reference_rows_of_geometric_lifetimes() {
    for row in rows("ltv") {
        let got = geometric(&customer(&row)).unwrap();
        row.expect("gross_profit_month", got.gross_profit_month);
        row.expect("lifetime_months", got.lifetime_months);
        row.expect("monthly_discount", got.monthly_discount);
        row.expect("ltv_simple", got.ltv_simple);
        row.expect("ltv_discounted_due", got.ltv_discounted_due);
        row.expect("ltv_discounted_end", got.ltv_discounted_end);
        row.expect("ltv_horizon_undiscounted", got.ltv_horizon_undiscounted);
        row.expect("ltv_horizon_due", got.ltv_horizon_due);
        row.expect("ltv_horizon_end", got.ltv_horizon_end);
        row.expect("retention_12", got.retention_12);
        row.expect("retention_horizon", got.retention_horizon);
    }
}

#[test]
fn reference_rows_of_payback() {
    for row in rows("payback") {
        let got = payback(
            row.input("cac"),
            row.input("gross_profit_month"),
            row.input("churn"),
            row.given("annual_discount").unwrap_or(0.0),
        )
        .unwrap();
        row.expect("months_simple", got.months_simple);
        row.expect("months_with_churn", got.months_with_churn);
        row.expect("months_discounted", got.months_discounted);
        row.expect("ltv", got.ltv);
        row.expect("ltv_to_cac", got.ltv_to_cac);
    }
    for row in rows("payback.two_phase") {
        let got = payback_two_phase(&TwoPhase {
            cac: row.input("cac"),
            arpa: row.input("arpa"),
            gross_margin: row.input("gross_margin"),
            early_churn: row.input("early_churn"),
            early_months: row.input("early_months"),
            steady_churn: row.input("steady_churn"),
            expansion: row.input("expansion"),
            horizon: row.input("horizon"),
        })
        .unwrap();
        row.expect("payback_months", got.payback_months);
        row.expect("cumulative_gross_profit", got.cumulative_gross_profit);
        row.expect("ltv_to_cac", got.ltv_to_cac);
    }
}

#[test]
fn reference_rows_of_cohorts_and_sbg() {
    for row in rows("ltv.cohort") {
        let table: Vec<Vec<f64>> = row.inputs["gross_profit"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row.as_array().unwrap().iter().map(super::number).collect())
            .collect();
        let table: Vec<&[f64]> = table.iter().map(Vec::as_slice).collect();
        let got = cohort(&row.column("cohort_sizes"), &table).unwrap();
        row.expect_all("pooled_cumulative", &got.pooled_cumulative);
        let want = row.outputs["cumulative_per_customer"].as_array().unwrap();
        assert_eq!(want.len(), got.cumulative_per_customer.len());
        for (got, want) in got.cumulative_per_customer.iter().zip(want) {
            let want = want.as_array().unwrap();
            assert_eq!(got.len(), want.len());
            for (got, want) in got.iter().zip(want) {
                row.close("cumulative_per_customer", *got, super::number(want));
            }
        }
    }
    for row in rows("ltv.sbg") {
        let got = fit_sbg(
            &row.column("survivors"),
            row.input("annual_discount"),
            None,
            0.95,
        )
        .unwrap();
        row.expect("alpha", got.alpha.estimate);
        row.expect("beta", got.beta.estimate);
        row.expect("log_likelihood", got.log_likelihood);
        row.expect("survival_8", got.survival_8);
        row.expect("survival_12", got.survival_12);
        row.expect("retention_1", got.retention_1);
        row.expect(
            "discounted_expected_lifetime",
            got.discounted_expected_lifetime.estimate,
        );
        assert!(got.identified && got.well_identified && got.boundary.is_none());
    }
}

/// Maximum, standard errors and discounted lifetimes at 40 digits (mpmath).
#[test]
fn a_fit_to_the_last_digits() {
    let survivors = [1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0];
    let close = |name: &str, got: f64, want: f64, within: f64| {
        assert!(
            (got - want).abs() <= within * want.abs(),
            "{name} {got:e} {want:e}"
        );
    };
    for (discount, lifetime, log_se) in LIFETIMES {
        let got = fit_sbg(&survivors, *discount, Some(10.0), 0.95).unwrap();
        close("alpha", got.alpha.estimate, ALPHA, 1e-9);
        close("beta", got.beta.estimate, BETA, 1e-9);
        close("alpha se", got.log_alpha_se, ALPHA_SE, 1e-8);
        close("beta se", got.log_beta_se, BETA_SE, 1e-8);
        let life = got.discounted_expected_lifetime;
        close("lifetime", life.estimate, *lifetime, 1e-9);
        close(
            "lifetime se",
            (life.high / life.estimate).ln() / 1.959_963_984_540_054,
            *log_se,
            1e-8,
        );
        close("ltv", got.ltv.low, 10.0 * life.low, 1e-15);
    }
    let got = fit_sbg(&survivors, 0.1, None, 0.95).unwrap();
    assert!(got.alpha.low < ALPHA && ALPHA < got.alpha.high);
    assert!(
        (got.residual_lifetime(4.0) - RESIDUAL).abs() < 1e-8,
        "{}",
        got.residual_lifetime(4.0)
    );
}

const ALPHA: f64 = 0.704_077_298_473_516_2;
const BETA: f64 = 1.182_043_026_209_475_7;
const ALPHA_SE: f64 = 0.093_170_116_940_653_93;
const BETA_SE: f64 = 0.128_993_300_831_748_58;
const RESIDUAL: f64 = 6.358_268_510_346_235;
// Discount, lifetime, standard error of its logarithm.
const LIFETIMES: &[(f64, f64, f64)] = &[
    (0.1, 3.694_908_427_512_110_9, 0.031_670_439_482_741_734),
    (0.0079, 10.288_860_047_301_478, 0.101_836_747_235_126_4),
    (0.0001, 45.041_980_077_111_466, 0.309_268_967_564_442_4),
    (1e-08, 730.188_771_296_269_5, 0.869_883_154_877_154_1),
    (3.0, 1.194_017_991_132_357_2, 0.003_983_499_375_736_639),
];

#[test]
fn survivors_that_tell_no_parameters() {
    let fit = |survivors: &[f64]| fit_sbg(survivors, 0.1, None, 0.95).unwrap();
    for (survivors, boundary, survival_8, lifetime) in [
        (
            &[100.0, 50.0][..],
            Boundary::TooFewPeriods,
            f64::NAN,
            f64::NAN,
        ),
        (&[100.0, 100.0, 100.0], Boundary::NobodyLeft, 1.0, 11.0),
        (&[100.0, 0.0, 0.0], Boundary::EverybodyLeft, 0.0, 1.0),
        (&[100.0, 60.0, 60.0, 60.0], Boundary::Divided, 0.6, 7.0),
        (
            &[1000.0, 900.0, 810.0, 729.0],
            Boundary::Alike,
            0.9_f64.powi(8),
            5.5,
        ),
        (
            &[100.0, 90.0, 50.0, 0.0],
            Boundary::Alike,
            (1.0 - 100.0 / 240.0_f64).powi(8),
            1.1 / (0.1 + 100.0 / 240.0),
        ),
    ] {
        let got = fit(survivors);
        assert_eq!(got.boundary, Some(boundary), "{survivors:?}");
        assert!(!got.identified && got.alpha.estimate.is_nan() && got.beta.high.is_nan());
        let same = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-12;
        assert!(
            same(got.survival_8, survival_8),
            "{survivors:?} {}",
            got.survival_8
        );
        assert!(
            same(got.discounted_expected_lifetime.estimate, lifetime),
            "{survivors:?} {got:?}"
        );
        assert_eq!(got.survival(0.0), 1.0);
    }
    assert_eq!(fit(&[100.0, 50.0]).retention_1, 0.5);
    let few = fit(&[10.0, 8.0, 7.0, 6.0]);
    assert!(few.identified && !few.well_identified, "{few:?}");
    let error = fit_sbg(&[10.0, 8.0, 9.0], 0.1, None, 0.95).unwrap_err();
    assert_eq!(
        (error.argument, error.code(), error.index),
        ("survivors", "survivors_increase", Some(2))
    );
    assert_eq!(
        fit_sbg(&[0.0, 0.0], 0.1, None, 0.95).unwrap_err().code(),
        "not_a_count"
    );
    assert!(fit(&[10.0, f64::NAN]).retention_1.is_nan());
}

/// Two transitions and two parameters: the fit goes through both.
#[test]
fn two_transitions_are_met_exactly() {
    let got = fit_sbg(&[1000.0, 600.0, 450.0], 0.1, None, 0.95).unwrap();
    assert!((got.survival(1.0) - 0.6).abs() < 1e-9 && (got.survival(2.0) - 0.45).abs() < 1e-9);
    assert!((got.retention(2.0) - 0.75).abs() < 1e-9);
    // Between whole periods, and far beyond the product.
    assert!(got.survival(1.5) < 0.6 && got.survival(1.5) > 0.45);
    assert!((got.survival(4096.0) / got.survival(4096.5) - 1.0).abs() < 1e-3);
}

#[test]
fn eternal_customers() {
    let forever = geometric(&Geometric::new(100.0, 0.5, 0.0)).unwrap();
    assert!(
        forever.unbounded
            && forever.ltv == f64::INFINITY
            && forever.lifetime_months == f64::INFINITY
    );
    let discounted = geometric(&Geometric {
        annual_discount: 0.12,
        ..Geometric::new(100.0, 0.5, 0.0)
    })
    .unwrap();
    assert!(discounted.unbounded && discounted.ltv_simple == f64::INFINITY);
    assert!(
        (discounted.ltv - 50.0 * 1.12_f64.powf(1.0 / 12.0) / (1.12_f64.powf(1.0 / 12.0) - 1.0))
            .abs()
            < 1e-9
    );
    let within = geometric(&Geometric {
        horizon: Some(36.0),
        ..Geometric::new(100.0, 0.5, 0.0)
    })
    .unwrap();
    assert_eq!(within.ltv, 1800.0);
    let growing = geometric(&Geometric {
        expansion: 0.06,
        ..Geometric::new(100.0, 0.5, 0.05)
    })
    .unwrap();
    assert!(growing.ltv == f64::INFINITY && growing.ltv_simple == 1000.0);
    // Expansion that just makes up for churn.
    let level = geometric(&Geometric {
        expansion: 1.0,
        horizon: Some(7.0),
        ..Geometric::new(100.0, 0.5, 0.5)
    })
    .unwrap();
    assert!((level.ltv - 350.0).abs() < 1e-12);
    let gone = geometric(&Geometric {
        horizon: Some(7.0),
        timing: Timing::End,
        ..Geometric::new(100.0, 0.5, 1.0)
    })
    .unwrap();
    assert!(gone.ltv == 50.0 && gone.retention_12 == 0.0);
}

#[test]
fn payback_at_the_edges() {
    let never = payback(6000.0, 160.0, 0.03, 0.0).unwrap();
    assert!(
        never.months_with_churn.is_nan()
            && never.months_simple == 37.5
            && never.months_discounted.is_nan()
    );
    let free = payback(0.0, 160.0, 0.03, 0.1).unwrap();
    assert!(free.months_simple == 0.0 && free.months_with_churn == 0.0 && free.ltv_to_cac.is_nan());
    let loyal = payback(480.0, 160.0, 0.0, 0.0).unwrap();
    assert!(
        loyal.months_with_churn == 3.0
            && loyal.months_discounted == 3.0
            && loyal.ltv == f64::INFINITY
    );
    assert!(
        payback(480.0, 0.0, 0.1, 0.0)
            .unwrap()
            .months_simple
            .is_nan()
    );
}

#[test]
fn retention_tables() {
    let month = |t: i32| 0.97_f64.powi(t);
    let table: Vec<f64> = (0..24).map(month).collect();
    let of = geometric(&Geometric {
        annual_discount: 0.1,
        horizon: Some(24.0),
        ..Geometric::new(100.0, 0.8, 0.03)
    })
    .unwrap();
    let got = by_retention(&table, &[80.0], 0.1, Timing::Start, None).unwrap();
    assert!((got.ltv - of.ltv_horizon_due).abs() < 1e-10 * got.ltv);
    assert!((got.ltv_undiscounted - of.ltv_horizon_undiscounted).abs() < 1e-10 * got.ltv);
    assert_eq!(got.cumulative.len(), 24);
    let end = by_retention(&table, &[80.0; 24], 0.1, Timing::End, None).unwrap();
    assert!((end.ltv - of.ltv_horizon_end).abs() < 1e-10 * got.ltv);
    // With a tail of the same churn it is the whole life.
    let whole = by_retention(&table, &[80.0], 0.1, Timing::Start, Some(0.03)).unwrap();
    assert!((whole.ltv - of.ltv_discounted_due).abs() < 1e-10 * whole.ltv && whole.tail > 0.0);
    assert!((whole.lifetime_months - 1.0 / 0.03).abs() < 1e-9);
    assert_eq!(
        by_retention(&[1.0], &[1.0, 2.0], 0.0, Timing::Start, None)
            .unwrap_err()
            .code(),
        "length_mismatch"
    );
    assert_eq!(
        by_retention(&[1.0, 1.2], &[1.0], 0.0, Timing::Start, None)
            .unwrap_err()
            .code(),
        "not_a_rate"
    );
}

#[test]
fn a_table_that_is_rectangular() {
    let nan = f64::NAN;
    let rows: [&[f64]; 3] = [&[10.0, 6.0, 4.0], &[20.0, 14.0, nan], &[9.0, nan, nan]];
    let got = cohort(&[10.0, 20.0, 0.0], &rows).unwrap();
    assert_eq!(got.cohorts, [3, 2, 1]);
    assert_eq!(got.customers, [30.0, 30.0, 10.0]);
    assert_eq!(got.cumulative_per_customer[1], [1.0, 1.7]);
    assert!(got.cumulative_per_customer[2][0].is_nan());
    assert!((got.ltv - (39.0 / 30.0 + 20.0 / 30.0 + 0.4)).abs() < 1e-12);
    assert_eq!(cohort(&[1.0], &[]).unwrap_err().code(), "length_mismatch");
    let hole: [&[f64]; 1] = [&[10.0, nan, 4.0]];
    assert!(cohort(&[10.0], &hole).unwrap().ltv.is_nan());
}

#[test]
fn intervals_of_the_geometric_value() {
    let counted = Counted {
        gross_profit_month: 160.0,
        gross_profit_se: 4.0,
        customer_months: 10_000.0,
        churned: 300.0,
    };
    let got = from_counts(&counted, 0.95).unwrap().ltv;
    let se = (0.97_f64 / 300.0 + 0.025 * 0.025).sqrt();
    assert!((got.estimate - 160.0 / 0.03).abs() < 1e-9);
    assert!((got.high / got.estimate - (1.959_963_984_540_054 * se).exp()).abs() < 1e-12);
    let none = from_counts(
        &Counted {
            churned: 0.0,
            ..counted
        },
        0.95,
    )
    .unwrap()
    .ltv;
    assert!(none.estimate.is_nan() && none.high == f64::INFINITY);
    assert!((none.low - 160.0 * 10_000.0 / 3.688_879_454_113_936).abs() < 1e-6);

    // 400 customers of two kinds.
    let profit: Vec<f64> = (0..400).map(|i| f64::from(20 + (i * 37) % 100)).collect();
    let months: Vec<f64> = profit.iter().map(|x| x / 10.0).collect();
    let churned: Vec<f64> = (0..400).map(|i| f64::from(i32::from(i % 4 == 0))).collect();
    let data = CustomerData {
        gross_profit: &profit,
        months: &months,
        churned: &churned,
    };
    let got = bootstrap(&data, 2000, 7, 0.95).unwrap();
    assert_eq!(got, bootstrap(&data, 2000, 7, 0.95).unwrap());
    assert_ne!(got.ltv, bootstrap(&data, 2000, 8, 0.95).unwrap().ltv);
    assert!((got.ltv.estimate - got.gross_profit_month / got.churn).abs() < 1e-9);
    // The two intervals agree to a few percent of their width.
    let width = got.delta.high - got.delta.low;
    assert!((got.ltv.low - got.delta.low).abs() < 0.1 * width, "{got:?}");
    assert!(
        (got.ltv.high - got.delta.high).abs() < 0.1 * width,
        "{got:?}"
    );
    let lucky = CustomerData {
        gross_profit: &[5.0, 6.0],
        months: &[1.0, 2.0],
        churned: &[1.0, 0.0],
    };
    let got = bootstrap(&lucky, 1000, 1, 0.9).unwrap();
    assert!(got.ltv.high == f64::INFINITY && (got.unbounded_share - 0.25).abs() < 0.05);
    let wrong = CustomerData {
        churned: &[1.0, 0.5],
        ..lucky
    };
    assert_eq!(
        bootstrap(&wrong, 10, 1, 0.9).unwrap_err().code(),
        "not_zero_or_one"
    );
    assert_eq!(
        bootstrap(&lucky, 0, 1, 0.9).unwrap_err().code(),
        "resamples_out_of_range"
    );
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -2.0_f64..2.0,
        2 => (0_u32..100).prop_map(f64::from),
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// The closed forms are the sums.
    #[test]
    fn closed_forms_are_sums(
        churn in 0.0..=1.0, annual in -0.3..1.0, expansion in -0.2..0.3, months in 1_u32..100, early in 0_u32..20,
        steady in 0.0..=1.0, cost in 0.0..400.0,
    ) {
        let got = geometric(&Geometric {
            annual_discount: annual, horizon: Some(f64::from(months)), expansion, ..Geometric::new(100.0, 0.5, churn)
        }).unwrap();
        let i = (1.0_f64 + annual).powf(1.0 / 12.0);
        let term = |t: u32, rate: f64| 50.0 * ((1.0 + expansion) * (1.0 - churn) / rate).powi(t.cast_signed());
        let sum = |rate: f64| (0..months).map(|t| term(t, rate)).sum::<f64>();
        let close = |got: f64, want: f64| (got - want).abs() <= 1e-11 * want.abs();
        prop_assert!(close(got.ltv_horizon_due, sum(i)));
        prop_assert!(close(got.ltv_horizon_end, sum(i) / i));
        prop_assert!(close(got.ltv_horizon_undiscounted, sum(1.0)));

        let two = payback_two_phase(&TwoPhase {
            cac: cost, arpa: 100.0, gross_margin: 0.5, early_churn: churn, early_months: f64::from(early),
            steady_churn: steady, expansion, horizon: f64::from(months),
        }).unwrap();
        let (mut left, mut total, mut reached) = (1.0, 0.0, f64::NAN);
        for t in 0..months {
            if t > 0 {
                left *= (1.0 + expansion) * (1.0 - if t <= early { churn } else { steady });
            }
            if reached.is_nan() && total + 50.0 * left >= cost {
                reached = f64::from(t) + (cost - total) / (50.0 * left);
            }
            total += 50.0 * left;
        }
        prop_assert!(close(two.cumulative_gross_profit, total));
        let month = two.payback_months;
        // Where the sum hardly grows, the month is anybody's guess.
        if (total - cost).abs() > 1e-6 && left > 1e-6 && cost > 0.0 {
            prop_assert!(close(month, reached) || (month - reached).abs() < 1e-6 || (month.is_nan() && reached.is_nan()), "{month} {reached}");
        }
    }

    /// Payback put back into the sum gives the cost.
    #[test]
    fn payback_solves_its_equation(cac in 0.1..1000.0, profit in 1.0..500.0, churn in 0.0..0.9, annual in -0.3..1.0) {
        let got = payback(cac, profit, churn, annual).unwrap();
        let i = (1.0_f64 + annual).powf(1.0 / 12.0) - 1.0;
        let paid = |n: f64, q: f64| if q == 1.0 { profit * n } else { profit * (1.0 - q.powf(n)) / (1.0 - q) };
        if got.months_with_churn.is_nan() {
            prop_assert!(cac >= profit / churn);
        } else {
            prop_assert!((paid(got.months_with_churn, 1.0 - churn) - cac).abs() < 1e-6 * cac);
        }
        if !got.months_discounted.is_nan() {
            let q = (1.0 - churn) / (1.0 + i);
            prop_assert!((paid(got.months_discounted, q) / (1.0 + i) - cac).abs() < 1e-6 * cac);
        }
    }

    #[test]
    fn any_bits_return_or_raise(x in prop::collection::vec(any_number(), 8), horizon in any::<bool>(), n in 0_usize..8) {
        let _ = geometric(&Geometric {
            arpa: x[0], gross_margin: x[1], churn: x[2], annual_discount: x[3], horizon: horizon.then_some(x[4]),
            expansion: x[5], timing: Timing::End,
        });
        let _ = payback(x[0], x[1], x[2], x[3]);
        let _ = payback_two_phase(&TwoPhase {
            cac: x[0], arpa: x[1], gross_margin: x[2], early_churn: x[3], early_months: x[4], steady_churn: x[5],
            expansion: x[6], horizon: x[7],
        });
        let _ = by_retention(&x[..n], &x[n..], x[0], Timing::End, horizon.then_some(x[1]));
        let _ = cohort(&x[..2], &[&x[..n], &x[n..]]);
        let _ = from_counts(&Counted { gross_profit_month: x[0], gross_profit_se: x[1], customer_months: x[2], churned: x[3] }, x[4]);
        let _ = bootstrap(&CustomerData { gross_profit: &x[..n], months: &x[..n], churned: &x[8 - n..] }, 3, 1, x[7]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// No neighbour is likelier, parameters come back from their own survivors, and nothing panics.
    #[test]
    fn a_fit_is_a_maximum(lost in prop::collection::vec(0_u32..200, 2..8), rest in 0_u32..500, discount in 0.001..0.5) {
        let mut survivors = vec![f64::from(rest + lost.iter().sum::<u32>())];
        for left in &lost {
            survivors.push(survivors.last().unwrap() - f64::from(*left));
        }
        prop_assume!(survivors[0] > 0.0);
        let got = fit_sbg(&survivors, discount, None, 0.9).unwrap();
        if got.identified {
            let (alpha, beta) = (got.alpha.estimate, got.beta.estimate);
            let likelihood = |alpha: f64, beta: f64| -> f64 {
                survivors.windows(2).enumerate().map(|(age, pair)| {
                    let churn = alpha / (alpha + beta + age as f64);
                    let term = |n: f64, p: f64| if n == 0.0 { 0.0 } else { n * p.ln() };
                    term(pair[0] - pair[1], churn) + term(pair[1], 1.0 - churn)
                }).sum()
            };
            let best = likelihood(alpha, beta);
            prop_assert!((best - got.log_likelihood).abs() < 1e-9 * (1.0 + best.abs()));
            for (a, b) in [(1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99), (1.1, 1.1), (0.9, 0.9), (3.0, 3.0), (0.3, 0.3)] {
                prop_assert!(likelihood(alpha * a, beta * b) <= best + 1e-9 * best.abs());
            }
            prop_assert!(got.discounted_expected_lifetime.estimate >= 1.0);
            prop_assert!(got.discounted_expected_lifetime.estimate <= (1.0 + discount) / discount);
        } else {
            prop_assert!(got.boundary.is_some());
        }
    }
}

/// A sample that does not vary is not certainty.
#[test]
fn an_interval_has_a_width_or_is_not_defined() {
    let counted = Counted {
        gross_profit_month: 160.0,
        gross_profit_se: 0.0,
        customer_months: 50.0,
        churned: 50.0,
    };
    let all = from_counts(&counted, 0.95).unwrap();
    assert!(all.ltv.estimate == 160.0 && all.ltv.low.is_nan() && all.log_ltv_se.is_nan());
    for (profit, left) in [(0.1, 1.0), (40.0, 1.0), (0.1, 0.0)] {
        let n = 7;
        let customers = CustomerData {
            gross_profit: &vec![profit; n],
            months: &vec![3.0; n],
            churned: &vec![left; n],
        };
        let got = bootstrap(&customers, 200, 1, 0.95).unwrap();
        for interval in [got.ltv, got.delta] {
            assert!(interval.low.is_nan() && interval.high.is_nan(), "{got:?}");
        }
    }
}

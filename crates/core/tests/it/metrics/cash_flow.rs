//! Net present value, rates of return, payback.

use edgetally_core::metrics::cash_flow::{
    annuity, cash_flows, mirr, monthly_rate, npv, xirr, xnpv,
};
use proptest::prelude::*;

use super::rows;

#[test]
fn reference_rows_of_cash_flows() {
    for row in rows("roi.cashflows") {
        let got = cash_flows(&row.column("cash_flows"), row.input("rate")).unwrap();
        row.expect("npv", got.npv);
        row.expect("irr", got.irr);
        row.expect("payback_periods", got.payback_periods);
        row.expect("discounted_payback_periods", got.discounted_payback_periods);
        row.expect("total", got.total);
        row.expect("multiple", got.multiple);
        row.expect("profitability_index", got.profitability_index);
        assert_eq!(got.irr_unique, !got.irr.is_nan(), "{}", row.id);
    }
}

#[test]
fn reference_rows_of_annuities_and_monthly_rates() {
    for row in rows("roi.annuity") {
        let got = annuity(
            row.input("investment"),
            row.input("cash_flow"),
            row.input("years"),
            row.input("rate"),
        )
        .unwrap();
        row.expect("npv", got.npv);
        row.expect("annuity_factor", got.annuity_factor);
        row.expect("profitability_index", got.profitability_index);
        row.expect("required_cash_flow", got.required_cash_flow);
        row.expect("discounted_payback_years", got.discounted_payback_years);
        row.expect("simple_payback_years", got.simple_payback_years);
    }
    for row in rows("rate.monthly") {
        row.expect("monthly", monthly_rate(row.input("annual")).unwrap());
    }
}

/// The roots of a product of linear factors, with whole coefficients, are found: all of them, to the last digits.
#[test]
fn every_rate_of_return_is_found() {
    // (1 + r) = 11/10, 12/10 and so on, as the roots of products of (10 y - 11) and so on.
    let product = |tenths: &[i64]| -> Vec<f64> {
        let mut coefficients = vec![1_i64];
        for root in tenths {
            let mut next = vec![0_i64; coefficients.len() + 1];
            for (power, c) in coefficients.iter().enumerate() {
                next[power] += 10 * c;
                next[power + 1] -= root * c;
            }
            coefficients = next;
        }
        coefficients.iter().map(|c| *c as f64).collect()
    };
    for (tenths, tolerance) in [
        (vec![11, 12], 1e-14),
        (vec![11, 12, 13], 1e-13),
        (vec![4, 9, 11, 30], 1e-13),
        (vec![1, 2, 4, 8, 16, 32, 64], 1e-12),
        (vec![10, 11, 12, 13, 14, 15], 1e-9),
    ] {
        let got = cash_flows(&product(&tenths), 0.1).unwrap();
        assert_eq!(
            got.irr_roots.len(),
            tenths.len(),
            "{tenths:?} {:?}",
            got.irr_roots
        );
        assert!(got.irr.is_nan() && !got.irr_unique);
        for (root, tenth) in got.irr_roots.iter().zip(&tenths) {
            assert!(
                (root - (*tenth as f64 / 10.0 - 1.0)).abs() < tolerance,
                "{root} {tenth}"
            );
        }
    }
    // A double root is one rate, and it touches zero without crossing.
    let double = cash_flows(&product(&[11, 11]), 0.1).unwrap();
    assert!(
        double.irr_unique && (double.irr - 0.1).abs() < 1e-8,
        "{double:?}"
    );
    // Two roots 2^-20 apart are two; the coefficients of (y - 1.125) (y - 1.125 - 2^-20) have no rounding.
    let near = |gap: f64| {
        cash_flows(&[1.0, -2.25 - gap, 1.125 * 1.125 + 1.125 * gap], 0.1)
            .unwrap()
            .irr_roots
    };
    let gap = 2.0_f64.powi(-20);
    let roots = near(gap);
    assert_eq!(roots.len(), 2, "{roots:?}");
    assert!((roots[0] - 0.125).abs() < 1e-15 && (roots[1] - 0.125 - gap).abs() < 1e-15);
    // Nearer than the flows' own rounding can tell, they are one.
    let gap = 2.0_f64.powi(-40);
    let roots = near(gap);
    assert!(
        roots.len() == 1 && (roots[0] - 0.125 - 0.5 * gap).abs() < 1e-15,
        "{roots:?}"
    );
}

/// Repeated rates are one: at zero, where the answer is exact; and where a double cannot hold the flows.
#[test]
fn a_repeated_rate_is_one_rate() {
    for flows in [
        &[-1000.0, 2000.0, -1000.0][..],
        &[-100.0, 200.0, -100.0],
        &[1.0, -2.0, 1.0],
        &[-1000.0, 3000.0, -3000.0, 1000.0],
        &[-5.0, 20.0, -30.0, 20.0, -5.0],
        &[-1.0, 5.0, -10.0, 10.0, -5.0, 1.0],
        &[0.1, -0.6, 1.5, -2.0, 1.5, -0.6, 0.1],
        &[-0.3, 0.0, 0.6, 0.0, -0.3],
    ] {
        let got = cash_flows(flows, 0.0).unwrap();
        // Money lent and paid back with a period between: -1 is no rate.
        assert_eq!(got.irr_roots, [0.0], "{flows:?}");
        assert!(got.irr == 0.0 && got.irr_unique);
        let days: Vec<f64> = (0..flows.len()).map(|year| 365.0 * year as f64).collect();
        let got = xirr(flows, &days).unwrap();
        assert!(got.irr_unique && got.irr == 0.0, "{flows:?} {got:?}");
    }
    for tenths in [3_i32, 7, 11, 13] {
        for times in 2..=5 {
            let mut flows = vec![100.1];
            for _ in 0..times {
                let growth = f64::from(tenths) / 10.0;
                let mut longer = vec![0.0; flows.len() + 1];
                for (at, flow) in flows.iter().enumerate() {
                    longer[at] -= flow;
                    longer[at + 1] += growth * flow;
                }
                flows = longer;
            }
            let got = cash_flows(&flows, 0.0).unwrap();
            let wide = f64::EPSILON.powf(1.0 / f64::from(times)) * 20.0;
            let want = f64::from(tenths) / 10.0 - 1.0;
            // An even root may be lost to the rounding of the flows, but never doubled.
            if times % 2 == 1 || !got.irr_roots.is_empty() {
                assert!(
                    got.irr_unique && (got.irr - want).abs() < wide,
                    "{tenths} {times} {got:?}"
                );
            } else {
                panic!("{tenths} {times} {got:?}");
            }
        }
    }
}

#[test]
fn no_rate_of_return_and_extreme_ones() {
    for flows in [
        &[-1.0, -2.0][..],
        &[1.0, 2.0],
        &[0.0, 0.0],
        &[-3.0],
        &[5.0, -2.0, 3.0],
    ] {
        let got = cash_flows(flows, 0.1).unwrap();
        assert!(
            got.irr.is_nan() && !got.irr_unique && got.irr_roots.is_empty(),
            "{got:?}"
        );
    }
    for (flows, rate) in [
        (vec![-1000.0, 0.5], -0.9995),
        (vec![-1.0, 1_000_001.0], 1e6),
        (vec![-100.0, 0.0, 0.0, 100.0], 0.0),
        (vec![0.0, -100.0, 0.0, 144.0], 0.2),
        (vec![-1e300, 1.1e300], 0.1),
        (vec![-1e-300, 1.1e-300], 0.1),
        (vec![-1e8, 1e8 + 1.0], 1e-8),
    ] {
        let got = cash_flows(&flows, 0.0).unwrap().irr;
        assert!(
            (got - rate).abs() <= 1e-15 + 2e-15 * rate.abs(),
            "{flows:?} {got}"
        );
    }
    // Ten years by day, and far too many changes of sign for the exact way.
    let mut daily = vec![-1000.0];
    daily.extend(core::iter::repeat_n(0.4, 3650));
    assert!((cash_flows(&daily, 0.0).unwrap().irr - 0.0002222681534399451655957).abs() < 1e-15);
    let noise: Vec<f64> = (0..20_000)
        .map(|i| if i % 2 == 0 { 1.0 } else { -1.01 })
        .collect();
    assert!(cash_flows(&noise, 0.0).unwrap().irr_roots.len() <= 20_000);
}

#[test]
fn payback_to_the_last_digit_and_none_after_the_end() {
    let exact = cash_flows(&[-0.9, 0.3, 0.3, 0.3], 0.0).unwrap();
    assert_eq!(exact.payback_periods, 3.0);
    assert!(
        cash_flows(&[-1.0, 0.3, 0.3, 0.3], 0.0)
            .unwrap()
            .payback_periods
            .is_nan()
    );
    assert_eq!(cash_flows(&[1.0, -2.0], 0.0).unwrap().payback_periods, 0.0);
    // Discounting decides.
    let late = cash_flows(&[-100.0, 50.0, 55.0], 0.1).unwrap();
    assert!((late.payback_periods - (1.0 + 50.0 / 55.0)).abs() < 1e-15);
    assert!(late.discounted_payback_periods.is_nan());
    let annual = annuity(100.0, 25.0, 4.0, 0.0).unwrap();
    assert_eq!(annual.simple_payback_years, 4.0);
    assert_eq!(annual.annuity_factor, 4.0);
    assert!(
        annuity(101.0, 25.0, 4.0, 0.0)
            .unwrap()
            .simple_payback_years
            .is_nan()
    );
    let factor = annuity(1.0, 1.0, 7.0, 0.03).unwrap().annuity_factor;
    let just = annuity(factor, 1.0, 7.0, 0.03).unwrap();
    assert!(
        (just.discounted_payback_years - 7.0).abs() < 1e-13,
        "{just:?}"
    );
}

/// Modified and dated rates, against spreadsheet formulas at 40 digits.
#[test]
fn modified_and_dated_rates() {
    let flows = [-100.0, 39.0, 59.0, 55.0, 20.0];
    let got = mirr(&flows, 0.05, 0.07).unwrap();
    assert!((got - MIRR).abs() < 1e-14, "{got}");
    assert!(mirr(&[-1.0, -2.0], 0.1, 0.1).unwrap().is_nan());

    let (flows, days) = (
        [-10_000.0, 2750.0, 4250.0, 3250.0, 2750.0],
        [39448.0, 39508.0, 39751.0, 39859.0, 39904.0],
    );
    let got = xirr(&flows, &days).unwrap();
    assert!(got.irr_unique && (got.irr - XIRR).abs() < 1e-13, "{got:?}");
    // The order of the rows and the origin of the days do not matter.
    let turned: Vec<f64> = flows.iter().rev().copied().collect();
    let shifted: Vec<f64> = days.iter().rev().map(|day| day - 39448.0).collect();
    assert!((xirr(&turned, &shifted).unwrap().irr - got.irr).abs() < 1e-15);
    assert!(xnpv(got.irr, &flows, &days).unwrap().abs() < 1e-9);
    assert!((xnpv(0.09, &flows, &days).unwrap() - XNPV).abs() < 1e-9);
    let two = xirr(&[-100.0, 230.0, -132.0], &[0.0, 365.0, 730.0]).unwrap();
    assert!(two.irr.is_nan() && two.irr_roots.len() == 2);
}

const MIRR: f64 = 0.180_453_170_399_695_6;
const XIRR: f64 = 0.373_362_533_518_831_5;
const XNPV: f64 = 2_086.647_602_031_536_6;

#[test]
fn errors_name_their_argument() {
    let code = |error: edgetally_core::metrics::DomainError| (error.argument, error.code());
    assert_eq!(
        code(cash_flows(&[], 0.1).unwrap_err()),
        ("cash_flows", "too_few_rows")
    );
    assert_eq!(
        code(cash_flows(&[1.0], -1.0).unwrap_err()),
        ("rate", "too_small")
    );
    assert_eq!(
        code(cash_flows(&[1.0, f64::INFINITY], 0.1).unwrap_err()),
        ("cash_flows", "not_finite")
    );
    assert_eq!(
        code(xirr(&[1.0], &[]).unwrap_err()),
        ("days", "length_mismatch")
    );
    assert_eq!(
        code(annuity(1.0, 1.0, 1.5, 0.1).unwrap_err()),
        ("years", "not_a_count")
    );
    assert_eq!(
        code(monthly_rate(-1.5).unwrap_err()),
        ("annual", "too_small")
    );
    let unknown = cash_flows(&[-1.0, f64::NAN], 0.1).unwrap();
    assert!(unknown.npv.is_nan() && unknown.irr.is_nan() && unknown.payback_periods.is_nan());
    let no_rate = cash_flows(&[-1.0, 2.0], f64::NAN).unwrap();
    assert!(no_rate.npv.is_nan() && no_rate.irr == 1.0 && no_rate.payback_periods == 0.5);
}

fn any_flow() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1000.0..1000.0,
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => Just(0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// A rate that is returned makes the value zero, as well as the rounding of the flows allows; one change of sign has
    /// exactly one rate; the number of rates has the parity of the changes of sign or touches.
    #[test]
    fn rates_make_the_value_zero(flows in prop::collection::vec(-1000_i32..1000, 2..12)) {
        let flows: Vec<f64> = flows.into_iter().map(f64::from).collect();
        let got = cash_flows(&flows, 0.1).unwrap();
        let signs: Vec<bool> = flows.iter().filter(|x| **x != 0.0).map(|x| *x > 0.0).collect();
        let changes = signs.windows(2).filter(|pair| pair[0] != pair[1]).count();
        prop_assert!(got.irr_roots.len() <= changes);
        if changes == 1 {
            prop_assert!(got.irr_unique);
        }
        for rate in &got.irr_roots {
            let sizes: Vec<f64> = flows.iter().map(|x| x.abs()).collect();
            let (value, size) = (npv(*rate, &flows).unwrap(), npv(*rate, &sizes).unwrap());
            prop_assert!(value.abs() <= 1e-13 * size, "{flows:?} {rate} {value}");
        }
    }

    #[test]
    fn any_bits_return_or_raise(
        flows in prop::collection::vec(any_flow(), 0..9),
        days in prop::collection::vec(any_flow(), 0..9),
        rate in any_flow(),
    ) {
        let _ = cash_flows(&flows, rate);
        let _ = mirr(&flows, rate, 0.1);
        let _ = xirr(&flows, &days);
        let _ = xnpv(rate, &flows, &days);
        let _ = annuity(rate, rate, rate, rate);
        let _ = monthly_rate(rate);
    }
}

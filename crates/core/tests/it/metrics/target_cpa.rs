//! What a customer may cost.

use edgetally_core::metrics::target_cpa::payback_cpa;
use proptest::prelude::*;

use super::rows;

#[test]
fn reference_rows() {
    for row in rows("target_cpa.payback") {
        let got = payback_cpa(
            row.input("gross_profit_month"),
            row.input("churn"),
            row.input("payback_months"),
            row.given("annual_discount").unwrap_or(0.0),
        )
        .unwrap();
        row.expect("max_cpa", got.max_cpa);
        row.expect("max_cpa_no_churn", got.max_cpa_no_churn);
    }
}

#[test]
fn errors_name_their_argument() {
    let error = payback_cpa(1.0, 0.1, 2.5, 0.0).unwrap_err();
    assert_eq!(
        (error.argument, error.code()),
        ("payback_months", "not_a_count")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// The closed form is the sum; more churn, discount or fewer months never allow more.
    #[test]
    fn the_closed_form_is_the_sum(
        profit in 0.0..1000.0, churn in 0.0..=1.0, months in 0_u32..120, annual in -0.5..2.0,
    ) {
        let got = payback_cpa(profit, churn, f64::from(months), annual).unwrap();
        let step = (1.0 - churn) / (1.0_f64 + annual).powf(1.0 / 12.0);
        let sum: f64 = (0..months).map(|t| profit * step.powi(t.cast_signed())).sum();
        prop_assert!((got.max_cpa - sum).abs() <= 1e-11 * sum, "{} {}", got.max_cpa, sum);
        let worse = payback_cpa(profit, (churn + 0.1).min(1.0), f64::from(months), annual).unwrap();
        prop_assert!(worse.max_cpa <= got.max_cpa * (1.0 + 1e-12));
    }

    #[test]
    fn any_bits_return_or_raise(bits in prop::array::uniform4(any::<u64>())) {
        let [a, b, c, d] = bits.map(f64::from_bits);
        let _ = payback_cpa(a, b, c, d);
    }
}

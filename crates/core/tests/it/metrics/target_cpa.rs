//! What a customer may cost.

use edgetally_core::metrics::ltv::{Geometric, geometric};
use edgetally_core::metrics::target_cpa::{
    Binding, Rules, payback_cpa, target, target_of_customer,
};
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
    for row in rows("target_cpa") {
        let rules = Rules {
            buffer: row.given("buffer"),
            max_share: row.given("max_share"),
            ..Rules::new(row.input("ltv"), row.input("margin"))
        };
        let got = target(&rules).unwrap();
        row.expect("gross_profit_ltv", got.gross_profit_ltv);
        row.expect("break_even_cpa", got.break_even_cpa);
        row.expect("target_by_buffer", got.target_by_buffer);
        row.expect("target_by_share", got.target_by_share);
        row.expect("target_cpa", got.target_cpa);
        if row.outputs.get("all_outputs").is_some() {
            assert!(got.target_cpa.is_nan() && got.binding.is_none());
        }
    }
}

#[test]
fn the_rule_that_binds() {
    let all = Rules {
        buffer: Some(0.2),
        max_share: Some(0.5),
        ltv_to_cac: Some(3.0),
        payback_cpa: Some(1e6),
        share_incremental: Some(0.6),
        ..Rules::new(3000.0, 0.6)
    };
    let got = target(&all).unwrap();
    assert_eq!(got.binding, Some(Binding::LtvToCac));
    assert!((got.target_cpa - 600.0).abs() < 1e-9);
    assert!((got.incrementality_adjusted_target - 360.0).abs() < 1e-9);
    let bound = |rules: Rules| target(&rules).unwrap().binding.unwrap().code();
    assert_eq!(bound(Rules::new(3000.0, 0.6)), "break_even");
    assert_eq!(
        bound(Rules {
            ltv_to_cac: None,
            ..all
        }),
        "max_share"
    );
    assert_eq!(
        bound(Rules {
            ltv_to_cac: None,
            max_share: None,
            ..all
        }),
        "buffer"
    );
    assert_eq!(
        bound(Rules {
            payback_cpa: Some(5.0),
            ..all
        }),
        "payback"
    );
    // A payback limit above break-even does not bind, and a buffer of zero is a rule.
    assert_eq!(
        bound(Rules {
            payback_cpa: Some(1e6),
            ..Rules::new(3000.0, 0.6)
        }),
        "break_even"
    );
    assert_eq!(
        bound(Rules {
            buffer: Some(0.0),
            ..Rules::new(3000.0, 0.6)
        }),
        "buffer"
    );
    // 3 to 1 is a share of one third.
    let ratio = target(&Rules {
        ltv_to_cac: Some(3.0),
        ..Rules::new(3000.0, 0.6)
    })
    .unwrap();
    let share = target(&Rules {
        max_share: Some(1.0 / 3.0),
        ..Rules::new(3000.0, 0.6)
    })
    .unwrap();
    assert!((ratio.target_cpa - share.target_cpa).abs() < 1e-9);
    let unknown = target(&Rules {
        max_share: Some(f64::NAN),
        ..all
    })
    .unwrap();
    assert!(unknown.target_cpa.is_nan() && unknown.target_by_buffer == 1440.0);
    assert_eq!(unknown.binding, None);
}

#[test]
fn a_customer_brings_value_and_payback() {
    let customer = Geometric::new(200.0, 0.8, 0.03);
    let rules = Rules {
        buffer: Some(0.2),
        ..Rules::new(0.0, 0.0)
    };
    let got = target_of_customer(&customer, Some(12.0), &rules).unwrap();
    assert!((got.gross_profit_ltv - geometric(&customer).unwrap().ltv).abs() < 1e-9);
    assert_eq!(got.binding, Some(Binding::Payback));
    assert!((got.target_cpa - payback_cpa(160.0, 0.03, 12.0, 0.0).unwrap().max_cpa).abs() < 1e-9);
    // Nobody leaves, nothing is discounted, no horizon: no finite value.
    let eternal = Geometric::new(200.0, 0.8, 0.0);
    assert_eq!(
        target_of_customer(&eternal, None, &rules)
            .unwrap_err()
            .argument,
        "ltv"
    );
}

#[test]
fn errors_name_their_argument() {
    let code = |rules: Rules| {
        let error = target(&rules).unwrap_err();
        (error.argument, error.code())
    };
    assert_eq!(
        code(Rules {
            buffer: Some(1.2),
            ..Rules::new(1.0, 0.6)
        }),
        ("buffer", "not_a_rate")
    );
    assert_eq!(code(Rules::new(1.0, 60.0)), ("margin", "not_a_rate"));
    assert_eq!(code(Rules::new(-1.0, 0.6)), ("ltv", "negative"));
    assert_eq!(
        code(Rules {
            ltv_to_cac: Some(0.0),
            ..Rules::new(1.0, 0.6)
        }),
        ("ltv_to_cac", "not_positive")
    );
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
    fn any_bits_return_or_raise(bits in prop::array::uniform7(any::<u64>())) {
        let [a, b, c, d, e, f, g] = bits.map(f64::from_bits);
        let _ = payback_cpa(a, b, c, d);
        let _ = target(&Rules {
            ltv: a, margin: b, buffer: Some(c), max_share: Some(d), ltv_to_cac: Some(e),
            payback_cpa: Some(f), share_incremental: Some(g),
        });
    }
}

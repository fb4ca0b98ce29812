//! The reference rows and laws of `metrics::power`.
#![allow(
    clippy::float_cmp,
    clippy::unreadable_literal,
    clippy::excessive_precision,
    clippy::many_single_char_names,
    clippy::doc_markdown,
    reason = "reference values as they were printed, and what is exact is compared exactly"
)]

use super::rows;
use edgetally_core::metrics::power::{Direction, holdout_cost, mde, power, sample_size};

#[test]
fn sample_sizes_agree_with_the_reference() {
    for row in rows("ab_sample_size") {
        let got = sample_size(
            row.input("baseline"),
            row.input("target"),
            row.given("ratio").unwrap_or(1.0),
            row.input("alpha"),
            row.input("power"),
        )
        .unwrap();
        for (name, got) in [
            ("n_control", got.n_control),
            ("n_treatment", got.n_treatment),
            ("n_control_exact", got.n_control_exact),
            ("n_control_unpooled", got.n_control_unpooled),
            ("n_control_arcsine", got.n_control_arcsine),
        ] {
            assert!(row.expect(name, got), "{} lacks {name}", row.id);
        }
    }
}

#[test]
fn unequal_arms_are_sized_before_rounding() {
    // statsmodels 0.15.0 and the formula at 50 digits: 10,493.3 in the holdout, nine times that in the exposed arm.
    let need = sample_size(0.009, 0.012, 9.0, 0.05, 0.8).unwrap();
    assert_eq!((need.n_control, need.n_treatment), (10_494.0, 94_440.0));
    assert_eq!(need.n_total, 104_934.0);
}

#[test]
fn power_agrees_with_the_reference() {
    for row in rows("lift.power") {
        let got = power(
            row.input("holdout_rate"),
            row.input("exposed_rate"),
            row.input("holdout_users"),
            row.input("exposed_users"),
            row.input("alpha"),
        )
        .unwrap();
        assert!(row.expect("power", got));
    }
}

#[test]
fn the_least_effect_agrees_with_the_reference() {
    for row in rows("lift.mde") {
        let got = mde(
            row.input("holdout_rate"),
            row.input("holdout_users"),
            row.input("exposed_users"),
            row.input("alpha"),
            row.input("power"),
            Direction::Up,
        )
        .unwrap();
        assert!(row.expect("mde_abs", got.mde_abs));
        assert!(row.expect("mde_rel", got.mde_rel));
    }
}

#[test]
fn the_least_effect_has_the_power_that_was_asked_for() {
    let mut draws = super::revenue::Draws(11);
    let mut found = 0;
    for _ in 0..20_000 {
        let rate = draws.next() * 0.9;
        let (n0, n1) = (
            (10.0 + draws.next() * 1e6).floor(),
            (10.0 + draws.next() * 1e6).floor(),
        );
        let wanted = 0.2 + 0.79 * draws.next();
        let direction = if draws.next() < 0.5 {
            Direction::Up
        } else {
            Direction::Down
        };
        let least = mde(rate, n0, n1, 0.05, wanted, direction).unwrap();
        if least.mde_abs.is_nan() {
            continue;
        }
        found += 1;
        assert_eq!(least.mde_abs < 0.0, direction == Direction::Down);
        let reached = power(rate, (rate + least.mde_abs).clamp(0.0, 1.0), n0, n1, 0.05).unwrap();
        // A rate has 16 digits; a small difference of two rates has fewer.
        let slack = 1e-8 + 1e-14 / least.mde_abs.abs();
        assert!(
            (reached - wanted).abs() < slack,
            "{rate} {n0} {n1} {wanted} {reached}"
        );
    }
    assert!(found > 15_000, "{found}");
}

#[test]
fn more_users_never_see_less() {
    let mut before = 0.0;
    for step in 1..200 {
        let users = f64::from(step) * 500.0;
        let now = power(0.02, 0.023, users, users, 0.05).unwrap();
        assert!(now > before);
        before = now;
    }
}

#[test]
fn what_cannot_be_reached_or_vary_is_not_a_number() {
    // Three users per arm cannot find anything with a power of 0.99.
    let least = mde(0.5, 3.0, 3.0, 0.05, 0.99, Direction::Up).unwrap();
    assert!(least.mde_abs.is_nan() && least.mde_rel.is_nan());
    assert!(power(0.0, 0.0, 10.0, 10.0, 0.05).unwrap().is_nan());
    assert!(power(0.1, 0.2, 0.0, 10.0, 0.05).unwrap().is_nan());
    assert_eq!(power(0.0, 1.0, 10.0, 10.0, 0.05).unwrap(), 1.0);
    // Nothing to be relative to, but a difference.
    let least = mde(0.0, 1e4, 1e4, 0.05, 0.8, Direction::Up).unwrap();
    assert!(least.mde_abs > 0.0 && least.mde_rel.is_nan());
}

#[test]
fn wrong_plans_are_refused_and_unknown_ones_carried_on() {
    let code = |result: Result<f64, edgetally_core::metrics::DomainError>| {
        let error = result.unwrap_err();
        (error.argument, error.code())
    };
    let size = |b, t, r, a, p| sample_size(b, t, r, a, p).map(|size| size.n_control);
    assert_eq!(code(size(0.02, 0.02, 1.0, 0.05, 0.8)), ("target", "equal"));
    assert_eq!(
        code(size(0.02, 1.5, 1.0, 0.05, 0.8)),
        ("target", "not_a_rate")
    );
    assert_eq!(
        code(size(0.02, 0.03, 0.0, 0.05, 0.8)),
        ("ratio", "not_positive")
    );
    assert_eq!(
        code(size(0.02, 0.03, 1.0, 0.0, 0.8)),
        ("alpha", "not_inside_0_1")
    );
    assert_eq!(
        code(size(0.02, 0.03, 1.0, 0.05, 1.0)),
        ("power", "not_inside_0_1")
    );
    assert_eq!(
        code(size(0.02, 0.03, 1.0, 0.05, 0.04)),
        ("power", "not_above_alpha")
    );
    assert_eq!(
        code(power(0.1, 0.2, -1.0, 1.0, 0.05)),
        ("holdout_users", "negative")
    );
    for hole in 0..5 {
        let mut plan = [0.02, 0.03, 1.0, 0.05, 0.8];
        plan[hole] = f64::NAN;
        let [b, t, r, a, p] = plan;
        assert!(size(b, t, r, a, p).unwrap().is_nan(), "{plan:?}");
    }
    assert!(holdout_cost(f64::NAN).unwrap().variance_inflation.is_nan());
    assert!(holdout_cost(0.0).is_err());
}

#[test]
fn the_holdouts_cost_is_what_the_variances_say() {
    for share in [0.01, 0.05, 0.1, 0.5, 0.9] {
        let cost = holdout_cost(share).unwrap();
        let inflation = (1.0 / share + 1.0 / (1.0 - share)) / 4.0;
        assert!((cost.variance_inflation / inflation - 1.0).abs() < 1e-14);
        assert!(
            (cost
                .width_inflation
                .mul_add(cost.width_inflation, -inflation))
            .abs()
                < 1e-12 * inflation
        );
        assert!((cost.effective_share * inflation - 1.0).abs() < 1e-14);
    }
}

#[test]
fn any_bits_return_or_raise() {
    let mut draws = super::revenue::Draws(5);
    for _ in 0..30_000 {
        let mut x = || draws.bits();
        let _ = sample_size(x(), x(), x(), x(), x());
        let _ = power(x(), x(), x(), x(), x());
        let _ = mde(x(), x(), x(), x(), x(), Direction::Down);
        let _ = holdout_cost(x());
    }
}

#[test]
fn the_row_by_row_calculators_are_these_functions() {
    use edgetally_core::metrics::calculator::Value;
    use edgetally_core::metrics::registry::find;
    let one = |name: &str, values: &[f64]| {
        let values: Vec<Value<'_>> = values.iter().map(|x| Value::One(*x)).collect();
        find(name).unwrap().one(&values)
    };
    let mut draws = super::revenue::Draws(51);
    for _ in 0..2_000 {
        let (rate, other) = (draws.next(), draws.next());
        let (n0, n1) = ((draws.next() * 1e5).floor(), (draws.next() * 1e5).floor());
        let size = sample_size(rate, other, 2.0, 0.05, 0.8).unwrap();
        let row = one("ab_sample_size", &[rate, other, f64::NAN, 2.0, 0.05, 0.8]).unwrap();
        assert_eq!(
            row[0..4],
            [
                size.n_control,
                size.n_treatment,
                size.n_total,
                size.n_control_exact
            ]
        );
        let chance = power(rate, other, n0, n1, 0.05).unwrap();
        assert_eq!(
            one("lift.power", &[other, rate, n1, n0, 0.05]).unwrap(),
            [chance]
        );
        let least = mde(rate, n0, n1, 0.05, 0.8, Direction::Down).unwrap();
        let row = one("lift.mde", &[rate, n1, n0, 0.05, 0.8, -1.0]).unwrap();
        assert!(row[0] == least.mde_abs || (row[0].is_nan() && least.mde_abs.is_nan()));
        let cost = holdout_cost(0.01 + 0.98 * rate).unwrap();
        let row = one("holdout_cost", &[0.01 + 0.98 * rate]).unwrap();
        assert_eq!(
            row,
            [
                cost.variance_inflation,
                cost.width_inflation,
                cost.effective_share
            ]
        );
    }
    // The target as a difference; the rules on two arguments give no number.
    let given = [
        Value::One(0.02),
        Value::Absent,
        Value::One(0.01),
        Value::Absent,
        Value::Absent,
        Value::Absent,
    ];
    let row = find("ab_sample_size").unwrap().one(&given).unwrap();
    assert_eq!(
        row[0],
        sample_size(0.02, 0.03, 1.0, 0.05, 0.8).unwrap().n_control
    );
    assert!(one("ab_sample_size", &[0.02, 0.02, 0.0, 1.0, 0.05, 0.8]).unwrap()[0].is_nan());
}

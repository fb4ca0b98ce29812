//! The economics of an experiment with a holdout, against reference rows and its laws.
#![expect(clippy::float_cmp, reason = "what is exact is compared exactly")]

use super::proportion::Cases;
use super::{Row, number, rows};
use edgetally_core::metrics::calculator::{Argument, Value};
use edgetally_core::metrics::lift::{Flags, Method, Money, Options, lift, revenue_product};
use edgetally_core::metrics::proportion::Arms;
use edgetally_core::metrics::registry;

/// The columns of a row: numbers are the same for all.
fn inputs(row: &Row) -> Vec<(String, Vec<f64>)> {
    let of = |value: &serde_json::Value| match value.as_array() {
        Some(column) => column.iter().map(number).collect(),
        None => vec![number(value)],
    };
    let inputs = row.inputs.as_object().unwrap().iter();
    inputs
        .filter(|(name, value)| !value.is_null() && *name != "method")
        .map(|(name, value)| (name.clone(), of(value)))
        .collect()
}

#[test]
fn reference_rows() {
    for row in rows("lift") {
        let inputs = inputs(&row);
        for method in Method::ALL {
            let calculator = method.calculator();
            let given = inputs.iter().map(|(_, column)| column.len());
            let rows = if given.clone().any(|length| length == 0) {
                0
            } else {
                given.max().unwrap()
            };
            let values: Vec<Value<'_>> = calculator
                .arguments
                .iter()
                .map(|argument| {
                    let found = inputs.iter().find(|(name, _)| name == argument.name);
                    match found {
                        None => Value::Absent,
                        Some((_, column)) if column.len() == 1 && rows != 1 => {
                            Value::One(column[0])
                        }
                        Some((_, column)) => Value::Column(column),
                    }
                })
                .collect();
            let mut outputs = vec![vec![0.0; rows]; calculator.outputs.len()];
            let mut slices: Vec<&mut [f64]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
            assert!(calculator.fill(&values, &mut slices), "{}", row.id);
            for (name, want) in row.outputs.as_object().unwrap() {
                if name == "all_outputs" {
                    assert!(outputs.iter().all(|output| output[0].is_nan()));
                    continue;
                }
                let at = calculator.output(name).unwrap();
                match want.as_array() {
                    Some(_) => assert!(row.expect_all(name, &outputs[at])),
                    None => assert!(row.expect(name, outputs[at][0])),
                }
            }
        }
    }
}

#[test]
fn reference_rows_with_intervals() {
    for row in rows("lift.economics") {
        let arms = Arms::new(
            row.input("exposed_users"),
            row.input("exposed_conversions"),
            row.input("holdout_users"),
            row.input("holdout_conversions"),
        )
        .unwrap();
        let money = Money {
            spend: row.given("spend"),
            aov: row.given("aov"),
            margin: row.given("margin"),
        };
        let options = Options {
            method: Method::parse(row.inputs["method"].as_str().unwrap()).unwrap(),
            confidence: row.input("confidence"),
            ..Options::default()
        };
        let got = lift(&arms, &money, &options).unwrap();
        let mut compared = 0;
        for (name, interval) in [
            ("incremental_conversions", got.incremental_conversions),
            ("incremental_revenue", got.incremental_revenue),
            ("incremental_roas", got.incremental_roas),
            ("incremental_profit", got.incremental_profit),
            ("incremental_cpa", got.incremental_cpa),
            ("share_incremental", got.share_incremental),
        ] {
            compared += usize::from(
                row.expect_all(name, &[interval.estimate, interval.low, interval.high]),
            );
        }
        assert!(row.expect(
            "break_even_incremental_conversions",
            got.break_even_incremental_conversions
        ));
        assert!(row.expect("break_even_diff", got.break_even_diff));
        assert_eq!(compared, 6);

        let name = format!("lift.economics.{}", row.inputs["method"].as_str().unwrap());
        let calculator = registry::find(&name).unwrap();
        let given =
            |argument: &Argument| row.given(argument.name).map_or(Value::Absent, Value::One);
        let values: Vec<Value<'_>> = calculator.arguments.iter().map(given).collect();
        let outputs = calculator.one(&values).unwrap();
        let at = calculator.output("prob_profit_positive").unwrap();
        assert!(row.expect("prob_profit_positive", outputs[at]));
        // All else is as without a prior.
        let plain = options.method.calculator();
        let outputs = plain
            .outputs
            .iter()
            .map(|name| outputs[calculator.output(name).unwrap()]);
        for (a, b) in outputs.zip(plain.one(&values[..plain.arguments.len()]).unwrap()) {
            assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
        }
    }
}

#[test]
fn reference_rows_of_an_uncertain_order_value() {
    for row in rows("lift.revenue_product") {
        let [users, diff, diff_se, aov, aov_se] =
            ["exposed_users", "diff", "diff_se", "aov", "aov_se"].map(|name| row.input(name));
        let got = revenue_product(users, diff, diff_se, aov, aov_se).unwrap();
        assert!(row.expect("incremental_revenue", got.incremental_revenue));
        assert!(row.expect("se_delta", got.se_delta));
        assert!(row.expect("se_exact_independent", got.se_exact_independent));
    }
}

fn plain(arms: &Arms, money: &Money, method: Method) -> edgetally_core::metrics::lift::Lift {
    lift(
        arms,
        money,
        &Options {
            method,
            ..Options::default()
        },
    )
    .unwrap()
}

#[test]
fn all_intervals_say_the_same_about_zero() {
    let mut cases = Cases(11);
    let money = Money {
        spend: Some(1000.0),
        aov: Some(80.0),
        margin: Some(0.4),
    };
    for _ in 0..20_000 {
        let arms = cases.experiment();
        let got = plain(&arms, &money, Method::Score);
        let excludes = |low: f64, high: f64| low > 0.0 || high < 0.0;
        let want = got.p_value < 0.05;
        for interval in [
            got.abs_lift,
            got.rel_lift,
            got.incremental_conversions,
            got.incremental_revenue,
            got.incremental_roas,
            got.incremental_conversions_rolled_out,
        ] {
            assert!(
                interval.estimate.is_nan() || excludes(interval.low, interval.high) == want,
                "{arms:?} {interval:?}"
            );
        }
        assert_eq!(got.flags.has(Flags::INTERVAL_INCLUDES_ZERO), !want);
        // The profit is zero at break-even.
        if got.abs_lift.estimate == got.break_even_diff {
            assert!(got.incremental_profit.estimate.abs() < 1e-9);
        }
        // Estimates lie in their intervals, the cost per conversion among them.
        let cpa = got.incremental_cpa;
        assert!(
            cpa.estimate.is_nan()
                || cpa.low.is_nan()
                || (cpa.low <= cpa.estimate && cpa.estimate <= cpa.high),
            "{arms:?} {cpa:?}"
        );
        assert_eq!(
            cpa.high == f64::INFINITY,
            got.abs_lift.low <= 0.0 && got.abs_lift.high > 0.0,
            "{arms:?} {cpa:?}"
        );
    }
}

#[test]
fn without_money_there_is_no_chance_of_profit_but_of_lift() {
    let calculator = registry::find("lift.economics.score").unwrap();
    let mut values: Vec<Value<'_>> = [10_000.0, 500.0, 10_000.0, 460.0].map(Value::One).to_vec();
    values.resize(calculator.arguments.len(), Value::Absent);
    let got = calculator.one(&values).unwrap();
    let output = |name: &str| got[calculator.output(name).unwrap()];
    assert!((0.90..0.92).contains(&output("prob_lift_positive")));
    assert!(output("prob_profit_positive").is_nan());
}

#[test]
fn what_is_not_given_is_not_known_and_nothing_else() {
    let arms = Arms::new(10_000.0, 500.0, 10_000.0, 460.0).unwrap();
    let got = plain(
        &arms,
        &Money {
            aov: Some(80.0),
            ..Money::default()
        },
        Method::Newcombe,
    );
    assert!(got.incremental_revenue.high > 0.0);
    for unknown in [
        got.incremental_gross_profit,
        got.incremental_profit,
        got.incremental_roas,
        got.incremental_cpa,
    ] {
        assert!(
            unknown.estimate.is_nan() && unknown.low.is_nan() && unknown.high.is_nan(),
            "{unknown:?}"
        );
    }
}

#[test]
fn free_advertising_has_no_return_and_costs_nothing() {
    let arms = Arms::new(10_000.0, 600.0, 10_000.0, 460.0).unwrap();
    let got = plain(
        &arms,
        &Money {
            spend: Some(0.0),
            aov: Some(80.0),
            margin: Some(0.5),
        },
        Method::Score,
    );
    assert!(got.incremental_roas.estimate.is_nan() && got.incremental_roas.low.is_nan());
    assert_eq!(
        (
            got.incremental_cpa.estimate,
            got.incremental_cpa.low,
            got.incremental_cpa.high
        ),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn flags_are_raised() {
    let options = |mde, split| Options {
        mde,
        expected_split: split,
        ..Options::default()
    };
    let names = |n1: f64, x1: f64, n0: f64, x0: f64, options: &Options| {
        let arms = Arms::new(n1, x1, n0, x0).unwrap();
        let got = lift(&arms, &Money::default(), options).unwrap();
        got.flags.names().collect::<Vec<_>>().join(" ")
    };
    let none = options(None, None);
    assert_eq!(names(100_000.0, 1_200.0, 100_000.0, 900.0, &none), "");
    assert_eq!(
        names(10_000.0, 500.0, 10_000.0, 460.0, &none),
        "interval_includes_zero"
    );
    assert_eq!(
        names(
            10_000.0,
            460.0,
            10_000.0,
            500.0,
            &options(Some(0.0086), None)
        ),
        "negative_lift interval_includes_zero underpowered"
    );
    assert_eq!(
        names(
            10_000.0,
            500.0,
            10_000.0,
            460.0,
            &options(Some(0.004), None)
        ),
        "interval_includes_zero"
    );
    assert_eq!(
        names(90_000.0, 30.0, 10_000.0, 2.0, &none),
        "low_counts interval_includes_zero"
    );
    assert_eq!(
        names(1_000.0, 999.0, 1_000.0, 1_000.0, &none),
        "low_counts negative_lift interval_includes_zero"
    );
    // 821,588 and 815,482 of what was to be halves.
    assert_eq!(
        names(
            821_588.0,
            82_000.0,
            815_482.0,
            81_000.0,
            &options(None, Some(0.5))
        ),
        "interval_includes_zero srm"
    );
    assert_eq!(
        names(50_050.0, 500.0, 49_950.0, 400.0, &options(None, Some(0.5))),
        ""
    );
}

#[test]
fn the_split_is_tested() {
    let arms = Arms::new(821_588.0, 1_000.0, 815_482.0, 1_000.0).unwrap();
    let options = Options {
        expected_split: Some(0.5),
        ..Options::default()
    };
    let got = lift(&arms, &Money::default(), &options).unwrap();
    // scipy.stats.chisquare([821588, 815482]).pvalue
    assert!((got.split_p_value / 1.821_792_872_619_185_8e-6 - 1.0).abs() < 1e-13);
}

#[test]
fn wrong_arguments_are_named() {
    let name = |values: [f64; 7]| {
        let calculator = registry::find("lift.score").unwrap();
        let mut given: Vec<Value<'_>> = values.into_iter().map(Value::One).collect();
        given.resize(calculator.arguments.len(), Value::Absent);
        let error = calculator.one(&given).unwrap_err();
        format!("{} {}", error.argument, error.code())
    };
    assert_eq!(
        name([-1.0, 0.0, 10.0, 1.0, 1.0, 1.0, 0.5]),
        "exposed_users not_a_count"
    );
    assert_eq!(
        name([10.0, 11.0, 10.0, 1.0, 1.0, 1.0, 0.5]),
        "exposed_conversions exceeds"
    );
    assert_eq!(
        name([10.0, 1.0, 10.0, 11.0, 1.0, 1.0, 0.5]),
        "holdout_conversions exceeds"
    );
    assert_eq!(
        name([10.0, 1.5, 10.0, 1.0, 1.0, 1.0, 0.5]),
        "exposed_conversions not_a_count"
    );
    assert_eq!(
        name([10.0, 1.0, 10.0, 1.0, -1.0, 1.0, 0.5]),
        "spend negative"
    );
    assert_eq!(
        name([10.0, 1.0, 10.0, 1.0, 1.0, 1.0, 40.0]),
        "margin not_a_rate"
    );
    assert_eq!(
        revenue_product(10.0, 0.1, -0.1, 1.0, 0.1)
            .unwrap_err()
            .argument,
        "diff_se"
    );
}

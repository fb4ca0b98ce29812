//! The reference rows and laws of `metrics::paid`.

use edgetally_core::metrics::Rule;
use edgetally_core::metrics::calculator::{Absent, BLOCK, Calculator, UNLESS_ZERO, Value};
use edgetally_core::metrics::registry::{all, find};
use serde_json::Value as Json;

use super::{number, rows};

/// Those of `metrics::paid`.
const PAID: &[&str] = &[
    "funnel",
    "roi",
    "marginal_roas",
    "target_cpa",
    "roas",
    "mer",
    "target_roas",
    "break_even_roas",
    "max_cpc",
    "break_even_cpm",
    "break_even_ctr",
    "break_even_cvr",
    "click_cvr",
    "cpl_to_cac",
    "cac",
    "blended_cac",
    "ltv_to_cac",
    "cpm",
    "cpc",
    "ctr",
    "cpa",
];

fn paid() -> impl Iterator<Item = &'static Calculator> {
    PAID.iter().map(|name| find(name).unwrap())
}

/// A value that keeps a rule.
fn keeping(rule: Rule, next: &mut impl FnMut() -> u64) -> f64 {
    let unit = (next() >> 11) as f64 / 9_007_199_254_740_992.0;
    match rule {
        Rule::Rate | Rule::Margin => unit,
        Rule::Inside => unit.clamp(0.01, 0.99),
        Rule::Confidence => 0.5 + 0.49 * unit,
        Rule::Count | Rule::PositiveCount => (unit * 1000.0).floor() + 1.0,
        Rule::AtLeast(least) => least + unit * 10.0,
        Rule::Finite => (unit - 0.3) * 5000.0,
        _ => unit * 5000.0,
    }
}

fn values<'a>(calculator: &Calculator, given: impl Fn(&str) -> Option<f64>) -> Vec<Value<'a>> {
    let arguments = calculator.arguments.iter();
    arguments
        .map(|argument| given(argument.name).map_or(Value::Absent, Value::One))
        .collect()
}

#[test]
fn every_reference_row_is_met() {
    let mut met = 0;
    for calculator in paid() {
        for row in rows(calculator.name) {
            // A column is the binding's to spread; here every row is one.
            if row.inputs.as_object().unwrap().values().any(Json::is_array) {
                continue;
            }
            for name in row.inputs.as_object().unwrap().keys() {
                assert!(
                    calculator.argument(name).is_some(),
                    "{} takes no {name}",
                    row.id
                );
            }
            let got = calculator
                .one(&values(calculator, |name| row.given(name)))
                .unwrap();
            for (name, want) in row.outputs.as_object().unwrap() {
                if name == "all_outputs" {
                    assert!(got.iter().all(|x| x.is_nan()), "{} {got:?}", row.id);
                } else {
                    let at = calculator.output(name);
                    let at = at.unwrap_or_else(|| panic!("{} has no {name}", row.id));
                    row.close(name, got[at], number(want));
                }
                met += 1;
            }
        }
    }
    assert!(met > 300, "{met}");
}

/// Plausible and odd values for an argument, by its rule.
fn samples(seed: u64) -> f64 {
    [
        0.0,
        1.0,
        0.5,
        0.015,
        1e-300,
        3.0,
        120.0,
        1e9,
        9.007_199_254_740_992e15,
        f64::NAN,
    ][(seed % 10) as usize]
}

#[test]
fn any_bits_return_or_are_refused_and_never_infinite_by_division() {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for calculator in all() {
        for _ in 0..20_000 {
            let row: Vec<Value<'_>> = calculator
                .arguments
                .iter()
                .map(|argument| match next() % 8 {
                    0 => Value::One(f64::from_bits(next())),
                    1 if argument.absent != Absent::Refused => Value::Absent,
                    _ => Value::One(samples(next())),
                })
                .collect();
            match calculator.one(&row) {
                Err(error) => assert!(error.to_string().starts_with(error.argument)),
                Ok(outputs) => assert_eq!(outputs.len(), calculator.outputs.len()),
            }
        }
    }
}

#[test]
fn a_column_gives_the_bits_of_its_rows() {
    let rows = BLOCK + 37;
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for calculator in all() {
        let mut columns: Vec<Vec<f64>> = calculator
            .arguments
            .iter()
            .map(|argument| {
                (0..rows)
                    .map(|_| keeping(argument.rule, &mut next))
                    .collect()
            })
            .collect();
        for (small, large) in calculator.at_most {
            let most = columns[*large % UNLESS_ZERO].clone();
            for (x, most) in columns[*small].iter_mut().zip(most) {
                *x = (*x % (most + 1.0)).floor();
            }
        }
        // A row without its data.
        columns[0][rows / 2] = f64::NAN;
        let values: Vec<Value<'_>> = columns.iter().map(|column| Value::Column(column)).collect();
        let mut results = vec![vec![0.0; rows]; calculator.outputs.len()];
        let mut slices: Vec<&mut [f64]> = results.iter_mut().map(Vec::as_mut_slice).collect();
        assert!(calculator.fill(&values, &mut slices));
        for row in 0..rows {
            let single: Vec<Value<'_>> = columns
                .iter()
                .map(|column| Value::One(column[row]))
                .collect();
            let single = calculator.one(&single).unwrap();
            for (column, one) in results.iter().zip(&single) {
                // A NaN is a NaN; which of them is nobody's business.
                assert!(
                    column[row].to_bits() == one.to_bits()
                        || (column[row].is_nan() && one.is_nan()),
                    "{} row {row}",
                    calculator.name
                );
            }
        }
    }
}

#[test]
fn refused_rows_are_those_that_check_refuses() {
    let funnel = find("funnel").unwrap();
    let ctr = [0.01, 1.5, 0.02, -1.0];
    let mut values = vec![
        Value::One(12.0),
        Value::Column(&ctr),
        Value::One(0.03),
        Value::One(80.0),
    ];
    values.resize(funnel.arguments.len(), Value::Absent);
    assert_eq!(
        funnel.check(&values).unwrap_err().to_string(),
        "ctr[1] 1.5 is not a rate from 0 to 1: did you mean 0.015? (and 1 more row)"
    );
    assert_eq!(
        funnel.refused(&values, 4),
        Some(vec![false, true, false, true])
    );
    let mut results = vec![vec![0.0; 4]; funnel.outputs.len()];
    let mut slices: Vec<&mut [f64]> = results.iter_mut().map(Vec::as_mut_slice).collect();
    assert!(!funnel.fill(&values, &mut slices));
    values[1] = Value::One(0.01);
    assert_eq!(funnel.refused(&values, 4), None);
}

/// More clicks than impressions are a mistake; clicks without impressions have no rate.
#[test]
fn a_click_rate_above_one_is_refused() {
    let ctr = find("ctr").unwrap();
    let error = ctr
        .one(&[Value::One(200.0), Value::One(100.0)])
        .unwrap_err();
    assert_eq!((error.argument, error.code()), ("clicks", "exceeds"));
    assert!(ctr.one(&[Value::One(10.0), Value::One(0.0)]).unwrap()[0].is_nan());
    let (clicks, impressions) = ([10.0, 200.0, 5.0, f64::NAN], [0.0, 100.0, 100.0, 1.0]);
    let columns = [Value::Column(&clicks), Value::Column(&impressions)];
    assert_eq!(
        ctr.refused(&columns, 4),
        Some(vec![false, true, false, false])
    );
    assert_eq!(ctr.check(&columns).unwrap_err().index, Some(1));
    let mut rates = [0.0_f64; 4];
    assert!(!ctr.fill(&columns, &mut [&mut rates]));
    let fine = [
        Value::Column(&clicks[2..]),
        Value::Column(&impressions[2..]),
    ];
    assert!(ctr.fill(&fine, &mut [&mut rates[..2]]));
    assert!(rates[0] == 0.05 && rates[1].is_nan());
}

//! The calculators against reference values (`fixtures/calculators.json`) and their own laws.

mod allocate;
mod attribution;
mod bayes;
mod cash_flow;
mod compat;
mod events;
mod evidence;
mod exact;
mod funnel;
mod geo;
mod lift;
mod ltv;
mod many_arms;
mod multiplicity;
mod non_inferiority;
mod p_value;
mod paid;
mod power;
mod power_revenue;
mod proportion;
mod response;
mod revenue;
mod segments;
mod sequential;
mod special;
mod srm;
mod target_cpa;
mod totals;
mod windows;

use serde_json::Value;

/// A reference row: inputs, outputs, and how close is close enough.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) inputs: Value,
    pub(crate) outputs: Value,
    relative: f64,
    absolute: f64,
}

/// The reference rows of one calculator that give numbers; those that must raise are the binding's to test.
pub(crate) fn rows(calculator: &str) -> Vec<Row> {
    let all: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/calculators.json")).unwrap();
    let found: Vec<Row> = all
        .into_iter()
        .filter(|row| row["calculator"] == calculator && row["outputs"].get("raises").is_none())
        .map(|row| Row {
            id: row["id"].as_str().unwrap().to_owned(),
            relative: row["tolerance"]["rel"].as_f64().unwrap(),
            absolute: row["tolerance"]["abs"].as_f64().unwrap(),
            inputs: row["inputs"].clone(),
            outputs: row["outputs"].clone(),
        })
        .collect();
    assert!(!found.is_empty(), "no rows for {calculator}");
    found
}

/// A number of the fixtures, where NaN and the infinities are words.
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap(),
        Value::String(word) => word.parse().unwrap(),
        other => panic!("{other} is no number"),
    }
}

impl Row {
    /// An input, or `None` when the row leaves it out.
    pub(crate) fn given(&self, name: &str) -> Option<f64> {
        self.inputs
            .get(name)
            .filter(|value| !value.is_null())
            .map(number)
    }

    /// An input that the row must have.
    pub(crate) fn input(&self, name: &str) -> f64 {
        self.given(name)
            .unwrap_or_else(|| panic!("{} has no {name}", self.id))
    }

    /// An input column.
    pub(crate) fn column(&self, name: &str) -> Vec<f64> {
        self.inputs[name]
            .as_array()
            .unwrap()
            .iter()
            .map(number)
            .collect()
    }

    /// Compares one output, when the row has it. Returns whether it had.
    pub(crate) fn expect(&self, name: &str, got: f64) -> bool {
        match self.outputs.get(name) {
            None => false,
            Some(want) => {
                self.close(name, got, number(want));
                true
            }
        }
    }

    /// Compares a list of numbers, when the row has it.
    pub(crate) fn expect_all(&self, name: &str, got: &[f64]) -> bool {
        match self.outputs.get(name) {
            None => false,
            Some(want) => {
                let want: Vec<f64> = want.as_array().unwrap().iter().map(number).collect();
                assert_eq!(got.len(), want.len(), "{} {name}", self.id);
                for (got, want) in got.iter().zip(&want) {
                    self.close(name, *got, *want);
                }
                true
            }
        }
    }

    /// The rule of the fixtures: `|got - want| <= abs + rel |want|`, and NaN is NaN.
    pub(crate) fn close(&self, name: &str, got: f64, want: f64) {
        let close = (got.is_nan() && want.is_nan())
            || got == want
            || (got - want).abs() <= self.absolute + self.relative * want.abs();
        assert!(close, "{} {name}: {got:e} is not {want:e}", self.id);
    }
}

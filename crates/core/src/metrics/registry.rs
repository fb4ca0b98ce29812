//! The list of the calculators that work row by row.

use super::calculator::{Calculator, Parts};

/// The calculator of a name.
pub fn find(name: &str) -> Option<&'static Calculator> {
    all().find(|calculator| calculator.name == name)
}

/// Every calculator that works row by row.
pub fn all() -> impl Iterator<Item = &'static Calculator> {
    TABLES.iter().copied().flatten()
}

/// How to make the outputs of a calculator one by one, where that can be done.
pub fn parts(calculator: &'static Calculator) -> Option<Parts> {
    let mut all = super::paid::NEEDS.iter();
    let (_, needs) = all.find(|(name, _)| *name == calculator.name)?;
    Some(Parts::new(calculator, needs))
}

/// One table per subject.
static TABLES: &[&[Calculator]] = &[
    super::attribution::ALL,
    super::bayes::ALL,
    super::cash_flow::ALL,
    super::compat::ALL,
    super::events::ALL,
    super::funnel::ALL,
    super::lift::ALL,
    super::ltv::ALL,
    super::p_value::ALL,
    super::paid::ALL,
    super::power::ALL,
    super::proportion::ALL,
    super::response::ALL,
    super::non_inferiority::ALL,
    super::power_revenue::ALL,
    super::revenue::ALL,
    super::sequential::ALL,
    super::target_cpa::ALL,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Rule;
    use crate::metrics::calculator::{Absent, BLOCK, Value};

    /// Columns that keep the rules of a calculator, with gaps in the first if asked.
    fn columns(calculator: &Calculator, rows: usize, gaps: bool) -> Vec<Vec<f64>> {
        let mut seed = 9_u64;
        let mut next = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f64::from((seed >> 40) as u32) / f64::from(1_u32 << 24)
        };
        let arguments = calculator.arguments.iter().enumerate();
        arguments
            .map(|(place, argument)| {
                let column = (0..rows).map(|row| {
                    let x = match argument.rule {
                        Rule::Count | Rule::PositiveCount => (next() * 90.0).floor() + 1.0,
                        Rule::Rate | Rule::Inside => 0.05 + 0.1 * next(),
                        _ => 1.0 + 99.0 * next(),
                    };
                    if gaps && place == 0 && row % 700 == 3 {
                        f64::NAN
                    } else {
                        x
                    }
                });
                column.collect()
            })
            .collect()
    }

    #[test]
    fn every_output_alone_has_the_bits_of_all_together() {
        for (name, _) in super::super::paid::NEEDS {
            let calculator = find(name).unwrap();
            let per_output = parts(calculator).unwrap();
            for gaps in [false, true] {
                let rows = 2 * BLOCK + 77;
                let columns = columns(calculator, rows, gaps);
                let values: Vec<Value<'_>> =
                    columns.iter().map(|column| Value::Column(column)).collect();
                let mut all = vec![vec![0.0; rows]; calculator.outputs.len()];
                let mut slices: Vec<&mut [f64]> = all.iter_mut().map(Vec::as_mut_slice).collect();
                let allowed = calculator.fill(&values, &mut slices);
                let look = per_output.look(&values, 0, &mut []);
                assert_eq!(look.allowed, allowed, "{name}");
                assert_eq!(
                    look.missing,
                    gaps && calculator.arguments[0].absent == Absent::Refused
                );
                for (place, whole) in all.iter().enumerate() {
                    let (mut one, mut with) = (vec![0.0; rows], vec![0.0; rows]);
                    let filled = per_output.fill(&values, &look, 1 << place, &mut [&mut one]);
                    assert_eq!(filled, Ok(()), "{name}");
                    let again = per_output.look(&values, 1 << place, &mut [&mut with]);
                    assert_eq!(again, look, "{name}");
                    for (got, want) in one.iter().chain(&with).zip(whole.iter().chain(whole)) {
                        assert_eq!(got.to_bits(), want.to_bits(), "{name} {place}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_an_argument_leaves_undefined_is_undefined_in_every_row() {
        let mut found = 0;
        for (name, _) in super::super::paid::NEEDS {
            let calculator = find(name).unwrap();
            let per_output = parts(calculator).unwrap();
            let rows = BLOCK + 9;
            let mut columns = columns(calculator, rows, false);
            for column in &mut columns {
                column[4] = 0.0;
            }
            let all = 0..1_u32 << calculator.arguments.len();
            for left_out in all {
                let values: Vec<Value<'_>> = (0..)
                    .zip(&columns)
                    .zip(calculator.arguments)
                    .map(|((place, column), argument)| {
                        let out = left_out >> place & 1 == 1 && argument.absent != Absent::Refused;
                        if out {
                            Value::Absent
                        } else {
                            Value::Column(column)
                        }
                    })
                    .collect();
                let mut outputs = vec![vec![0.0; rows]; calculator.outputs.len()];
                let mut slices: Vec<&mut [f64]> =
                    outputs.iter_mut().map(Vec::as_mut_slice).collect();
                let _ = calculator.fill(&values, &mut slices);
                let undefined = per_output.undefined(&values);
                for (place, output) in outputs.iter().enumerate() {
                    let nothing = output.iter().all(|x| x.is_nan());
                    let said = undefined >> place & 1 == 1;
                    assert!(nothing || !said, "{name} {place}");
                    found += u32::from(said);
                }
            }
        }
        assert!(found > 1_000);
    }

    #[test]
    fn a_changed_column_is_noticed_where_it_is_needed() {
        let calculator = find("funnel").unwrap();
        let per_output = parts(calculator).unwrap();
        let before = columns(calculator, 3 * BLOCK, false);
        let of = |columns: &[Vec<f64>]| -> Result<(), usize> {
            let was: Vec<Value<'_>> = before.iter().map(|column| Value::Column(column)).collect();
            let look = per_output.look(&was, 0, &mut []);
            let now: Vec<Value<'_>> = columns.iter().map(|column| Value::Column(column)).collect();
            let mut cpa = vec![0.0; 3 * BLOCK];
            let wanted = 1 << calculator.output("cpa").unwrap();
            per_output.fill(&now, &look, wanted, &mut [&mut cpa])
        };
        assert_eq!(of(&before), Ok(()));
        for (a, b) in [(0, 1), (3, 11), (0, 3 * BLOCK - 1), (5, BLOCK + 5)] {
            let mut after = before.clone();
            after[2].swap(a, b);
            assert_eq!(of(&after), Err(2));
            after = before.clone();
            after[1][a] += 1e-9;
            assert_eq!(of(&after), Err(1));
            // The order value is not needed for the cost of an order.
            after = before.clone();
            after[3][b] = 0.0;
            assert_eq!(of(&after), Ok(()));
        }
    }
}

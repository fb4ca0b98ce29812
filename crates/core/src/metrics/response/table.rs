//! Curves for columns: a calculator per model, whose parameters may be columns too.

use super::curve::{Curve, Model};
use crate::metrics::Rule::{Finite, NonNegative, Positive, Rate};
use crate::metrics::calculator::Absent::{Refused, Undefined};
use crate::metrics::calculator::{Calculator, Given, argument};
use crate::metrics::math::ratio;

/// One row of all columns: the curve, and the arguments after its parameters.
fn rows(
    model: Model,
    inputs: &[&[f64]],
    outputs: &mut [&mut [f64]],
    each: impl Fn(&Curve, [f64; 2]) -> [f64; 4],
) {
    let length = outputs.first().map_or(0, |output| output.len());
    let count = model.parameters().len();
    for row in 0..length {
        let at = |place: usize| {
            inputs
                .get(place)
                .and_then(|input| input.get(row))
                .copied()
                .unwrap_or(f64::NAN)
        };
        let values: [f64; 3] = core::array::from_fn(at);
        let curve = Curve::raw(model, values.get(..count).unwrap_or_default());
        let found = each(&curve, [at(count), at(count + 1)]);
        for (output, value) in outputs.iter_mut().zip(found) {
            if let Some(slot) = output.get_mut(row) {
                *slot = value;
            }
        }
    }
}

fn evaluate(model: Model, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    rows(model, inputs, outputs, |curve, [spend, _]| {
        let revenue = curve.revenue(spend);
        [
            revenue,
            curve.marginal(spend),
            ratio(revenue, spend),
            curve.elasticity(spend),
        ]
    });
}

fn optimum(model: Model, given: Given, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let capped = inputs
        .len()
        .checked_sub(1)
        .is_some_and(|place| u32::try_from(place).is_ok_and(|place| given.has(place)));
    rows(model, inputs, outputs, |curve, [margin, cap]| {
        let best = curve.best(margin, if capped { cap } else { f64::INFINITY });
        [
            best.optimal_spend,
            best.revenue,
            best.profit,
            best.marginal_roas,
        ]
    });
}

macro_rules! curves {
    ($($model:ident $eval:literal $optimum:literal ($($parameter:literal)+);)+) => {
        /// All of them.
        pub(in crate::metrics) static ALL: &[Calculator] = &[
            $(
                Calculator {
                    name: $eval,
                    arguments: &[
                        $(argument($parameter, Positive, Refused),)+
                        argument("spend", NonNegative, Refused),
                    ],
                    at_most: &[],
                    outputs: &["revenue", "marginal_roas", "average_roas", "elasticity"],
                    kernel: |_, inputs, outputs| evaluate(Model::$model, inputs, outputs),
                },
                Calculator {
                    name: $optimum,
                    arguments: &[
                        $(argument($parameter, Positive, Refused),)+
                        argument("margin", Rate, Refused),
                        argument("cap", NonNegative, Undefined),
                    ],
                    at_most: &[],
                    outputs: &["optimal_spend", "revenue", "profit", "marginal_roas"],
                    kernel: |given, inputs, outputs| optimum(Model::$model, given, inputs, outputs),
                },
            )+
            Calculator {
                name: "response.incremental",
                arguments: &[
                    argument("extra_spend", Finite, Refused),
                    argument("extra_revenue", Finite, Refused),
                ],
                at_most: &[],
                outputs: &["marginal_roas"],
                kernel: |_, inputs, outputs| {
                    let ([spend, revenue], [output]) = (inputs, outputs) else {
                        return;
                    };
                    for ((output, spend), revenue) in output.iter_mut().zip(*spend).zip(*revenue) {
                        *output = ratio(*revenue, *spend);
                    }
                },
            },
        ];
    };
}

curves! {
    Power "response.eval.power" "response.optimum.power" ("k" "b");
    Log "response.eval.log" "response.optimum.log" ("a" "c");
    MichaelisMenten "response.eval.michaelis_menten" "response.optimum.michaelis_menten" ("vmax" "k");
    Negexp "response.eval.negexp" "response.optimum.negexp" ("vmax" "c");
    Hill "response.eval.hill" "response.optimum.hill" ("vmax" "k" "n");
}

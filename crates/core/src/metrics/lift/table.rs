//! Lift for columns: estimates, estimates with intervals, and both with what is probable.
#![expect(
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "every slice is cut to the rows of the output first, and what is not inlined is not compiled for the vectors"
)]

use super::{Flags, Method};
use crate::metrics::bayes::{Choices, compare};
use crate::metrics::calculator::{Absent, Argument, Calculator, Kernel, argument};
use crate::metrics::math::{erfc, ratio};
use crate::metrics::proportion::{self, Alternative, Arms, Columns, Level, runs};
use crate::metrics::vector::vectorised;
use crate::metrics::{Interval, Rule};

/// All of them.
pub(in crate::metrics) static ALL: &[Calculator] = &[
    POINT,
    of("lift.score", |_, inputs, outputs| {
        fill(Method::Score, inputs, outputs);
    }),
    of("lift.newcombe", |_, inputs, outputs| {
        fill(Method::Newcombe, inputs, outputs);
    }),
    of("lift.agresti_caffo", |_, inputs, outputs| {
        fill(Method::AgrestiCaffo, inputs, outputs);
    }),
    of("lift.wald", |_, inputs, outputs| {
        fill(Method::Wald, inputs, outputs);
    }),
    of("lift.katz", |_, inputs, outputs| {
        fill(Method::Katz, inputs, outputs);
    }),
    of("lift.delta", |_, inputs, outputs| {
        fill(Method::Delta, inputs, outputs);
    }),
    probable("lift.economics.score", |_, inputs, outputs| {
        fill_probable(Method::Score, inputs, outputs);
    }),
    probable("lift.economics.newcombe", |_, inputs, outputs| {
        fill_probable(Method::Newcombe, inputs, outputs);
    }),
    probable("lift.economics.agresti_caffo", |_, inputs, outputs| {
        fill_probable(Method::AgrestiCaffo, inputs, outputs);
    }),
    probable("lift.economics.wald", |_, inputs, outputs| {
        fill_probable(Method::Wald, inputs, outputs);
    }),
    probable("lift.economics.katz", |_, inputs, outputs| {
        fill_probable(Method::Katz, inputs, outputs);
    }),
    probable("lift.economics.delta", |_, inputs, outputs| {
        fill_probable(Method::Delta, inputs, outputs);
    }),
    Calculator {
        name: "lift.revenue_product",
        arguments: &[
            argument("exposed_users", Rule::Count, Absent::Refused),
            argument("diff", Rule::Finite, Absent::Refused),
            argument("diff_se", Rule::NonNegative, Absent::Refused),
            argument("aov", Rule::NonNegative, Absent::Refused),
            argument("aov_se", Rule::NonNegative, Absent::Refused),
            argument("confidence", Rule::Confidence, Absent::Value(0.95)),
        ],
        at_most: &[],
        outputs: &[
            "incremental_revenue",
            "incremental_revenue.low",
            "incremental_revenue.high",
            "se_delta",
            "se_exact_independent",
        ],
        kernel: |_, inputs, outputs| {
            revenue_product(inputs, outputs);
        },
    },
];

const fn of(name: &'static str, kernel: Kernel) -> Calculator {
    Calculator {
        name,
        arguments: ARGUMENTS,
        at_most: AT_MOST,
        outputs: OUTPUTS,
        kernel,
    }
}

/// With what is probable after the data.
const fn probable(name: &'static str, kernel: Kernel) -> Calculator {
    Calculator {
        name,
        arguments: PROBABLE_ARGUMENTS,
        at_most: AT_MOST,
        outputs: PROBABLE_OUTPUTS,
        kernel,
    }
}

impl Method {
    /// Estimates and intervals by this method, for columns.
    pub fn calculator(self) -> &'static Calculator {
        // The estimates alone come first, then the methods in their order.
        &ALL[1 + self as usize]
    }
}

const PROBABLE_ARGUMENTS: &[Argument] = &[
    argument("exposed_users", Rule::Count, Absent::Refused),
    argument("exposed_conversions", Rule::Count, Absent::Refused),
    argument("holdout_users", Rule::Count, Absent::Refused),
    argument("holdout_conversions", Rule::Count, Absent::Refused),
    argument("spend", Rule::NonNegative, Absent::Undefined),
    argument("aov", Rule::NonNegative, Absent::Undefined),
    argument("margin", Rule::Margin, Absent::Undefined),
    argument("confidence", Rule::Confidence, Absent::Value(0.95)),
    argument("alternative", Rule::Count, Absent::Value(0.0)),
    argument("expected_split", Rule::Inside, Absent::Undefined),
    argument("mde", Rule::NonNegative, Absent::Undefined),
    argument("prior_alpha", Rule::Positive, Absent::Value(1.0)),
    argument("prior_beta", Rule::Positive, Absent::Value(1.0)),
];

/// Without the prior.
const ARGUMENTS: &[Argument] = PROBABLE_ARGUMENTS.split_at(11).0;

const POINT_ARGUMENTS: &[Argument] = ARGUMENTS.split_at(7).0;

/// Conversions are no more than users.
const AT_MOST: &[(usize, usize)] = &[(1, 0), (3, 2)];

const PROBABLE_OUTPUTS: &[&str] = &[
    "exposed_rate",
    "holdout_rate",
    "abs_lift",
    "abs_lift.low",
    "abs_lift.high",
    "rel_lift",
    "rel_lift.low",
    "rel_lift.high",
    "expected_conversions",
    "incremental_conversions",
    "incremental_conversions.low",
    "incremental_conversions.high",
    "incremental_revenue",
    "incremental_revenue.low",
    "incremental_revenue.high",
    "incremental_gross_profit",
    "incremental_gross_profit.low",
    "incremental_gross_profit.high",
    "incremental_profit",
    "incremental_profit.low",
    "incremental_profit.high",
    "incremental_roas",
    "incremental_roas.low",
    "incremental_roas.high",
    "incremental_cpa",
    "incremental_cpa.low",
    "incremental_cpa.high",
    "share_incremental",
    "share_incremental.low",
    "share_incremental.high",
    "incremental_conversions_per_mille",
    "incremental_conversions_per_mille.low",
    "incremental_conversions_per_mille.high",
    "incremental_conversions_rolled_out",
    "incremental_conversions_rolled_out.low",
    "incremental_conversions_rolled_out.high",
    "break_even_incremental_conversions",
    "break_even_diff",
    "z",
    "p_value",
    "split_p_value",
    "quality",
    "prob_lift_positive",
    "prob_profit_positive",
];

/// Without the probabilities.
const OUTPUTS: &[&str] = PROBABLE_OUTPUTS.split_at(42).0;

/// The estimates alone. The numerator of the difference is exact, so that 900 expected conversions are not 899.9999999999999.
const POINT: Calculator = Calculator {
    name: "lift.point",
    arguments: POINT_ARGUMENTS,
    at_most: AT_MOST,
    outputs: &[
        "exposed_rate",
        "holdout_rate",
        "abs_lift",
        "rel_lift",
        "expected_conversions",
        "incremental_conversions",
        "incremental_revenue",
        "incremental_gross_profit",
        "incremental_profit",
        "incremental_roas",
        "incremental_cpa",
    ],
    kernel: |_, inputs, outputs| {
        let &[n1, x1, n0, x0, spend, aov, margin] = inputs else {
            return;
        };
        let [
            exposed_rate,
            holdout_rate,
            abs_lift,
            rel_lift,
            expected,
            conversions,
            revenue,
            gross_profit,
            profit,
            roas,
            cpa,
        ] = outputs
        else {
            return;
        };
        vectorised(
            #[inline(always)]
            || {
                estimates(
                    [n1, x1, n0, x0, spend, aov, margin],
                    [
                        exposed_rate,
                        holdout_rate,
                        abs_lift,
                        rel_lift,
                        expected,
                        conversions,
                        revenue,
                        gross_profit,
                        profit,
                        roas,
                        cpa,
                    ],
                );
            },
        );
    },
};

/// One loop over the rows: an output from columns of the same length.
macro_rules! each {
    ($output:ident [$($from:ident)+] = $value:expr) => {{
        #[inline(always)]
        fn step(output: &mut [f64], $($from: &[f64]),+) {
            let rows = output.len();
            $(let $from = &$from[..rows];)+
            for row in 0..rows {
                $(let $from = $from[row];)+
                output[row] = $value;
            }
        }
        step($output, $($from),+);
    }};
}

/// The estimates, one loop each.
#[inline(always)]
fn estimates(inputs: [&[f64]; 7], outputs: [&mut [f64]; 11]) {
    let [n1, x1, n0, x0, spend, aov, margin] = inputs;
    let [
        exposed_rate,
        holdout_rate,
        abs_lift,
        rel_lift,
        expected,
        conversions,
        revenue,
        gross_profit,
        profit,
        roas,
        cpa,
    ] = outputs;
    each!(exposed_rate [x1 n1] = x1 / n1);
    each!(holdout_rate [x0 n0] = x0 / n0);
    each!(abs_lift [n1 x1 n0 x0] = arms(n1, x1, n0, x0).delta());
    each!(rel_lift [n1 x1 n0 x0] = arms(n1, x1, n0, x0).relative());
    each!(expected [n1 n0 x0] = n1 * x0 / n0);
    each!(conversions [n1 x1 n0 x0] = arms(n1, x1, n0, x0).cross() / n0);
    carry(
        [spend, aov, margin],
        conversions,
        [revenue, gross_profit, profit, roas],
    );
    each!(cpa [conversions spend] = only(conversions > 0.0, spend / conversions));
}

/// From incremental conversions to what they are worth: the same for the estimate and for either end.
#[inline(always)]
fn carry([spend, aov, margin]: [&[f64]; 3], conversions: &[f64], outputs: [&mut [f64]; 4]) {
    let [revenue, gross_profit, profit, roas] = outputs;
    each!(revenue [conversions aov] = conversions * aov);
    each!(gross_profit [revenue margin] = revenue * margin);
    each!(profit [gross_profit spend] = gross_profit - spend);
    each!(roas [revenue spend] = ratio(revenue, spend));
}

/// Estimates, ends, test and flags.
fn fill(method: Method, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let &[
        n1,
        x1,
        n0,
        x0,
        spend,
        aov,
        margin,
        confidence,
        alternative,
        expected_split,
        mde,
        ..,
    ] = inputs
    else {
        return;
    };
    let [
        exposed_rate,
        holdout_rate,
        abs_lift,
        abs_lift_low,
        abs_lift_high,
        rel_lift,
        rel_lift_low,
        rel_lift_high,
        expected,
        conversions,
        conversions_low,
        conversions_high,
        revenue,
        revenue_low,
        revenue_high,
        gross_profit,
        gross_profit_low,
        gross_profit_high,
        profit,
        profit_low,
        profit_high,
        roas,
        roas_low,
        roas_high,
        cpa,
        cpa_low,
        cpa_high,
        share,
        share_low,
        share_high,
        per_mille,
        per_mille_low,
        per_mille_high,
        rolled_out,
        rolled_out_low,
        rolled_out_high,
        break_even,
        break_even_diff,
        z,
        p_value,
        split_p_value,
        quality,
        ..,
    ] = outputs
    else {
        return;
    };
    let columns = Columns {
        exposed_users: n1,
        exposed_conversions: x1,
        holdout_users: n0,
        holdout_conversions: x0,
    };
    runs(confidence, alternative, |level, rows| {
        let columns = columns.part(rows.clone());
        let ends = [
            &mut abs_lift_low[rows.clone()],
            &mut abs_lift_high[rows.clone()],
            &mut rel_lift_low[rows.clone()],
            &mut rel_lift_high[rows.clone()],
        ];
        intervals(method, level, columns, ends);
        score_test(
            level.alternative,
            columns,
            &mut z[rows.clone()],
            &mut p_value[rows],
        );
    });
    vectorised(
        #[inline(always)]
        || {
            estimates(
                [n1, x1, n0, x0, spend, aov, margin],
                [
                    exposed_rate,
                    holdout_rate,
                    abs_lift,
                    rel_lift,
                    expected,
                    conversions,
                    revenue,
                    gross_profit,
                    profit,
                    roas,
                    cpa,
                ],
            );
            each!(conversions_low [abs_lift_low n1] = abs_lift_low * n1);
            each!(conversions_high [abs_lift_high n1] = abs_lift_high * n1);
            let money = [spend, aov, margin];
            carry(
                money,
                conversions_low,
                [revenue_low, gross_profit_low, profit_low, roas_low],
            );
            carry(
                money,
                conversions_high,
                [revenue_high, gross_profit_high, profit_high, roas_high],
            );
            each!(share [conversions x1] = ratio(conversions, x1));
            each!(share_low [conversions_low x1] = ratio(conversions_low, x1));
            each!(share_high [conversions_high x1] = ratio(conversions_high, x1));
            each!(per_mille[abs_lift] = abs_lift * 1000.0);
            each!(rolled_out [abs_lift n1 n0] = abs_lift * (n1 + n0));
            // Without a contribution no number of conversions pays.
            each!(break_even [spend aov margin] = only(aov * margin > 0.0, spend / (aov * margin)));
            each!(break_even_diff [break_even n1] = ratio(break_even, n1));
            // Where none at all may have been added, no cost per conversion is too high. Where certainly none were, the possible
            // costs are those below zero and those beyond a bound, which is no interval.
            each!(cpa_low [conversions_high spend] = only(conversions_high > 0.0, spend / conversions_high));
            each!(cpa_high [conversions_low conversions_high spend] = only(
                conversions_high > 0.0,
                if conversions_low > 0.0 { spend / conversions_low } else { f64::INFINITY + spend + conversions_low.abs() }
            ));
            each!(per_mille_low[abs_lift_low] = abs_lift_low * 1000.0);
            each!(per_mille_high[abs_lift_high] = abs_lift_high * 1000.0);
            each!(rolled_out_low [abs_lift_low n1 n0] = abs_lift_low * (n1 + n0));
            each!(rolled_out_high [abs_lift_high n1 n0] = abs_lift_high * (n1 + n0));
        },
    );
    each!(split_p_value [n1 n0 expected_split] = split(n1, n0, expected_split));
    for (row, slot) in quality.iter_mut().enumerate() {
        let difference = Interval::new(abs_lift[row], abs_lift_low[row], abs_lift_high[row]);
        *slot = Flags::of(&columns.row(row), &difference, mde[row], split_p_value[row]).number();
    }
}

/// The same, and the probabilities after the data.
fn fill_probable(method: Method, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    fill(method, inputs, outputs);
    let (&[n1, x1, n0, x0, .., alpha, beta], Some((rest, [lifted, profitable]))) =
        (inputs, outputs.split_last_chunk_mut::<2>())
    else {
        return;
    };
    let Some(break_even_diff) = PROBABLE_OUTPUTS
        .iter()
        .position(|name| *name == "break_even_diff")
        .and_then(|place| rest.get(place))
    else {
        return;
    };
    for row in 0..lifted.len() {
        let choices = Choices {
            prior_alpha: alpha[row],
            prior_beta: beta[row],
            threshold: Some(break_even_diff[row]).filter(|least| !least.is_nan()),
            ..Choices::default()
        };
        let found = compare(n1[row], x1[row], n0[row], x0[row], &choices);
        let (positive, above) = found.map_or((f64::NAN, f64::NAN), |found| {
            (found.prob_lift_positive, found.prob_above_threshold)
        });
        lifted[row] = positive;
        profitable[row] = above;
    }
}

/// The ends of difference and relative lift.
fn intervals(method: Method, level: &Level, columns: Columns<'_>, ends: [&mut [f64]; 4]) {
    let [abs_low, abs_high, rel_low, rel_high] = ends;
    let (difference, quotient) = method.pair();
    proportion::difference(difference, level, columns, abs_low, abs_high);
    proportion::ratio(quotient, level, columns, rel_low, rel_high);
    for end in [rel_low, rel_high] {
        vectorised(
            #[inline(always)]
            || end.iter_mut().for_each(|end| *end -= 1.0),
        );
    }
}

/// The score test.
fn score_test(alternative: Alternative, columns: Columns<'_>, z: &mut [f64], p_value: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || proportion::z_scores(columns, z),
    );
    // The error function has branches: a loop of its own.
    for (row, slot) in p_value.iter_mut().enumerate() {
        *slot = columns.row(row).p_of(z[row], alternative);
    }
}

/// The p-value of so many users in two arms, when a share of them was to be in the first: chi-squared with one degree of freedom.
fn split(n1: f64, n0: f64, share: f64) -> f64 {
    let users = n1 + n0;
    let z = (n1 - users * share) / (users * share * (1.0 - share)).sqrt();
    erfc(z.abs() * core::f64::consts::FRAC_1_SQRT_2)
}

/// A value where a condition holds, and nowhere else.
#[inline(always)]
fn only(condition: bool, value: f64) -> f64 {
    if condition { value } else { f64::NAN }
}

#[inline(always)]
fn arms(n1: f64, x1: f64, n0: f64, x0: f64) -> Arms {
    Arms {
        exposed_users: n1,
        exposed_conversions: x1,
        holdout_users: n0,
        holdout_conversions: x0,
    }
}

/// Incremental revenue as a product of two estimates, with the exact standard error when they are independent, and the normal
/// interval that it makes.
///
/// Source: L. A. Goodman, JASA 55, 1960.
fn revenue_product(inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let &[users, diff, diff_se, aov, aov_se, confidence] = inputs else {
        return;
    };
    let [revenue, low, high, first_order, exact] = outputs else {
        return;
    };
    for row in 0..revenue.len() {
        let product =
            super::RevenueProduct::of(users[row], diff[row], diff_se[row], aov[row], aov_se[row]);
        let half = Level::unchecked(confidence[row], Alternative::TwoSided)
            .half(product.se_exact_independent);
        revenue[row] = product.incremental_revenue;
        low[row] = product.incremental_revenue - half;
        high[row] = product.incremental_revenue + half;
        first_order[row] = product.se_delta;
        exact[row] = product.se_exact_independent;
    }
}

//! The intervals as calculators for columns: all methods side by side, and each alone.
#![expect(
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "every slice is cut to the rows of the output first, and what is not inlined is not compiled for the vectors"
)]

use super::{
    ClosedForm, Columns, Difference, One, Ratio, closed_form, difference, one, ratio, runs,
    z_scores,
};
use crate::metrics::Rule;
use crate::metrics::calculator::{Absent, Argument, Calculator, Kernel, argument};
use crate::metrics::vector::vectorised;

/// All of them.
pub(in crate::metrics) static ALL: &[Calculator] = &[
    Calculator {
        name: "lift.diff_ci",
        arguments: ARGUMENTS,
        at_most: AT_MOST,
        outputs: &[
            "diff",
            "diff_wald",
            "diff_wald.low",
            "diff_wald.high",
            "diff_newcombe",
            "diff_newcombe.low",
            "diff_newcombe.high",
            "diff_agresti_caffo",
            "diff_agresti_caffo.low",
            "diff_agresti_caffo.high",
            "diff_score",
            "diff_score.low",
            "diff_score.high",
            "diff_score_uncorrected",
            "diff_score_uncorrected.low",
            "diff_score_uncorrected.high",
        ],
        kernel: |_, inputs, outputs| {
            differences(
                &[
                    Difference::Wald,
                    Difference::Newcombe,
                    Difference::AgrestiCaffo,
                    Difference::Score,
                    Difference::ScoreUncorrected,
                ],
                inputs,
                outputs,
            );
        },
    },
    Calculator {
        name: "lift.rel_ci",
        arguments: ARGUMENTS,
        at_most: AT_MOST,
        outputs: &[
            "ratio",
            "rel_lift",
            "ratio_katz",
            "ratio_katz.low",
            "ratio_katz.high",
            "ratio_log_adjusted",
            "ratio_log_adjusted.low",
            "ratio_log_adjusted.high",
            "ratio_score",
            "ratio_score.low",
            "ratio_score.high",
            "ratio_score_uncorrected",
            "ratio_score_uncorrected.low",
            "ratio_score_uncorrected.high",
            "ratio_mover",
            "ratio_mover.low",
            "ratio_mover.high",
            "ratio_fieller",
            "ratio_fieller.low",
            "ratio_fieller.high",
            "rel_lift_delta_normal",
            "rel_lift_delta_normal.low",
            "rel_lift_delta_normal.high",
        ],
        kernel: |_, inputs, outputs| {
            ratios(
                &[
                    Ratio::Katz,
                    Ratio::LogAdjusted,
                    Ratio::Score,
                    Ratio::ScoreUncorrected,
                    Ratio::Mover,
                    Ratio::Fieller,
                    Ratio::Delta,
                ],
                inputs,
                outputs,
            );
        },
    },
    Calculator {
        name: "rate_ci",
        arguments: ONE_ARGUMENTS,
        at_most: &[(0, 1)],
        outputs: &[
            "rate",
            "wilson",
            "wilson.low",
            "wilson.high",
            "agresti_coull",
            "agresti_coull.low",
            "agresti_coull.high",
            "jeffreys",
            "jeffreys.low",
            "jeffreys.high",
            "normal",
            "normal.low",
            "normal.high",
            "clopper_pearson",
            "clopper_pearson.low",
            "clopper_pearson.high",
        ],
        kernel: |_, inputs, outputs| {
            rates(
                &[
                    One::Wilson,
                    One::AgrestiCoull,
                    One::Jeffreys,
                    One::Normal,
                    One::ClopperPearson,
                ],
                inputs,
                outputs,
            );
        },
    },
    pair("lift.ci.score_uncorrected", |_, inputs, outputs| {
        both(
            Difference::ScoreUncorrected,
            Ratio::ScoreUncorrected,
            inputs,
            outputs,
        );
    }),
    pair("lift.ci.agresti_caffo", |_, inputs, outputs| {
        both(
            Difference::AgrestiCaffo,
            Ratio::LogAdjusted,
            inputs,
            outputs,
        );
    }),
    pair("lift.ci.wald", |_, inputs, outputs| {
        both(Difference::Wald, Ratio::Delta, inputs, outputs);
    }),
    pair("lift.ci.katz", |_, inputs, outputs| {
        both(Difference::Wald, Ratio::Katz, inputs, outputs);
    }),
    pair("lift.ci.delta", |_, inputs, outputs| {
        both(Difference::Wald, Ratio::Delta, inputs, outputs);
    }),
    pair("lift.ci.fieller", |_, inputs, outputs| {
        both(Difference::Wald, Ratio::Fieller, inputs, outputs);
    }),
    pair("lift.ci.newcombe", |_, inputs, outputs| {
        fast(inputs, outputs);
    }),
    Calculator {
        name: "lift.ci.score",
        arguments: ARGUMENTS,
        at_most: AT_MOST,
        outputs: &[
            "diff",
            "diff.low",
            "diff.high",
            "ratio",
            "ratio.low",
            "ratio.high",
            "z",
            "p_value",
        ],
        kernel: |_, inputs, outputs| {
            score(inputs, outputs);
        },
    },
    single("rate_ci.wilson", |_, inputs, outputs| {
        rates(&[One::Wilson], inputs, outputs);
    }),
    single("rate_ci.agresti_coull", |_, inputs, outputs| {
        rates(&[One::AgrestiCoull], inputs, outputs);
    }),
    single("rate_ci.jeffreys", |_, inputs, outputs| {
        rates(&[One::Jeffreys], inputs, outputs);
    }),
    single("rate_ci.normal", |_, inputs, outputs| {
        rates(&[One::Normal], inputs, outputs);
    }),
    single("rate_ci.clopper_pearson", |_, inputs, outputs| {
        rates(&[One::ClopperPearson], inputs, outputs);
    }),
];

const ARGUMENTS: &[Argument] = &[
    argument("exposed_users", Rule::Count, Absent::Refused),
    argument("exposed_conversions", Rule::Count, Absent::Refused),
    argument("holdout_users", Rule::Count, Absent::Refused),
    argument("holdout_conversions", Rule::Count, Absent::Refused),
    argument("confidence", Rule::Confidence, Absent::Value(0.95)),
    argument("alternative", Rule::Count, Absent::Value(0.0)),
];

const ONE_ARGUMENTS: &[Argument] = &[
    argument("count", Rule::Count, Absent::Refused),
    argument("n", Rule::Count, Absent::Refused),
    argument("confidence", Rule::Confidence, Absent::Value(0.95)),
    argument("alternative", Rule::Count, Absent::Value(0.0)),
];

/// Conversions are no more than users.
const AT_MOST: &[(usize, usize)] = &[(1, 0), (3, 2)];

/// Difference and ratio by one method each.
const fn pair(name: &'static str, kernel: Kernel) -> Calculator {
    Calculator {
        name,
        arguments: ARGUMENTS,
        at_most: AT_MOST,
        outputs: &[
            "diff",
            "diff.low",
            "diff.high",
            "ratio",
            "ratio.low",
            "ratio.high",
        ],
        kernel,
    }
}

/// A rate by one method.
const fn single(name: &'static str, kernel: Kernel) -> Calculator {
    Calculator {
        name,
        arguments: ONE_ARGUMENTS,
        at_most: &[(0, 1)],
        outputs: &["rate", "rate.low", "rate.high"],
        kernel,
    }
}

/// The counts of a call, its confidences and its sides.
fn arguments<'a>(inputs: &[&'a [f64]]) -> Option<(Columns<'a>, &'a [f64], &'a [f64])> {
    match inputs {
        &[
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            confidence,
            alternative,
        ] => Some((
            Columns {
                exposed_users,
                exposed_conversions,
                holdout_users,
                holdout_conversions,
            },
            confidence,
            alternative,
        )),
        _ => None,
    }
}

fn differences(methods: &[Difference], inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let (Some((columns, confidence, alternative)), [delta, intervals @ ..]) =
        (arguments(inputs), outputs)
    else {
        return;
    };
    estimate(columns, delta, None);
    for (method, output) in methods.iter().zip(intervals.chunks_exact_mut(3)) {
        let [middle, low, high] = output else { return };
        middle.copy_from_slice(delta);
        runs(confidence, alternative, |level, rows| {
            let part = columns.part(rows.clone());
            difference(
                *method,
                level,
                part,
                &mut low[rows.clone()],
                &mut high[rows],
            );
        });
    }
}

fn ratios(methods: &[Ratio], inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let (Some((columns, confidence, alternative)), [phi, lift, intervals @ ..]) =
        (arguments(inputs), outputs)
    else {
        return;
    };
    estimate(columns, lift, Some(phi));
    for (row, slot) in lift.iter_mut().enumerate() {
        *slot = columns.row(row).relative();
    }
    for (method, output) in methods.iter().zip(intervals.chunks_exact_mut(3)) {
        let [middle, low, high] = output else { return };
        runs(confidence, alternative, |level, rows| {
            let part = columns.part(rows.clone());
            ratio(
                *method,
                level,
                part,
                &mut low[rows.clone()],
                &mut high[rows],
            );
        });
        // This one is given for the lift itself.
        if *method == Ratio::Delta {
            middle.copy_from_slice(lift);
            for end in low.iter_mut().chain(high.iter_mut()) {
                *end -= 1.0;
            }
        } else {
            middle.copy_from_slice(phi);
        }
    }
}

fn both(by_difference: Difference, by_ratio: Ratio, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let (Some((columns, confidence, alternative)), [delta, low, high, phi, ratio_low, ratio_high]) =
        (arguments(inputs), outputs)
    else {
        return;
    };
    estimate(columns, delta, Some(phi));
    runs(confidence, alternative, |level, rows| {
        let part = columns.part(rows.clone());
        difference(
            by_difference,
            level,
            part,
            &mut low[rows.clone()],
            &mut high[rows.clone()],
        );
        ratio(
            by_ratio,
            level,
            part,
            &mut ratio_low[rows.clone()],
            &mut ratio_high[rows],
        );
    });
}

fn fast(inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let (Some((columns, confidence, alternative)), [delta, low, high, phi, ratio_low, ratio_high]) =
        (arguments(inputs), outputs)
    else {
        return;
    };
    runs(confidence, alternative, |level, rows| {
        let to = ClosedForm {
            difference: &mut delta[rows.clone()],
            difference_low: &mut low[rows.clone()],
            difference_high: &mut high[rows.clone()],
            ratio: &mut phi[rows.clone()],
            ratio_low: &mut ratio_low[rows.clone()],
            ratio_high: &mut ratio_high[rows.clone()],
        };
        closed_form(level, columns.part(rows), to);
    });
}

fn score(inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let (ends, rest) = outputs.split_at_mut(outputs.len().min(6));
    both(Difference::Score, Ratio::Score, inputs, ends);
    let (Some((columns, confidence, alternative)), [z, p_value]) = (arguments(inputs), rest) else {
        return;
    };
    vectorised(
        #[inline(always)]
        || z_scores(columns, z),
    );
    runs(confidence, alternative, |level, rows| {
        for row in rows {
            p_value[row] = columns.row(row).p_of(z[row], level.alternative);
        }
    });
}

fn rates(methods: &[One], inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let &[count, n, confidence, alternative] = inputs else {
        return;
    };
    // Alone, the interval has the rate's name; among all methods the rate comes first.
    let intervals = if methods.len() == 1 {
        outputs
    } else {
        let [rate, intervals @ ..] = outputs else {
            return;
        };
        for ((slot, count), n) in rate.iter_mut().zip(count).zip(n) {
            *slot = count / n;
        }
        intervals
    };
    for (method, output) in methods.iter().zip(intervals.chunks_exact_mut(3)) {
        let [middle, low, high] = output else { return };
        for ((slot, count), n) in middle.iter_mut().zip(count).zip(n) {
            *slot = count / n;
        }
        runs(confidence, alternative, |level, rows| {
            let (low, high) = (&mut low[rows.clone()], &mut high[rows.clone()]);
            one(*method, level, &count[rows.clone()], &n[rows], low, high);
        });
    }
}

/// The difference of the rates, and their ratio where it is wanted.
fn estimate(columns: Columns<'_>, delta: &mut [f64], phi: Option<&mut [f64]>) {
    #[inline(always)]
    fn fill(columns: Columns<'_>, to: &mut [f64], f: impl Fn(super::Arms) -> f64) {
        let rows = to.len().min(columns.rows());
        let (columns, to) = (columns.cut(rows), &mut to[..rows]);
        for (row, slot) in to.iter_mut().enumerate() {
            *slot = f(columns.row(row));
        }
    }
    vectorised(
        #[inline(always)]
        || {
            fill(
                columns,
                delta,
                #[inline(always)]
                |arms| arms.delta(),
            );
            if let Some(phi) = phi {
                fill(
                    columns,
                    phi,
                    #[inline(always)]
                    |arms| arms.phi(),
                );
            }
        },
    );
}

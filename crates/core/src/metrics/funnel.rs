//! From impressions to profit: backwards, input by input, with the uncertainty of counts, and between two periods.
//!
//! A thousand impressions cost `cpm`; `ctr` of them are clicked, `cvr` of the clicks buy, an order brings `aov`, and a share
//! of it (`margin`) is left for advertising and profit.

mod decompose;
mod profit;
mod uncertainty;

pub use decompose::{Decomposition, Period, decompose};
pub(in crate::metrics) use profit::{Density, logistic};
pub use uncertainty::{FunnelCounts, FunnelUncertainty, probability_profit_positive, uncertainty};

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::{Argument, Calculator, by_row};
use super::math::ratio;
use super::{DomainError, Rule};

/// What the funnel has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Revenue per advertising cost.
    Roas(f64),
    /// Contribution less advertising cost, per thousand impressions.
    ProfitPerMille(f64),
}

/// Each input on its own, as it has to be for the goal while the others stay.
///
/// `NaN` for what no value reaches, and then `feasible` is false: a rate above 1, a price below zero, a share of nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solution {
    /// Share of clicks that have to buy.
    pub required_cvr: f64,
    /// Share of impressions that have to be clicked.
    pub required_ctr: f64,
    /// Revenue that an order has to bring.
    pub required_aov: f64,
    /// The most that a thousand impressions may cost.
    pub max_cpm: f64,
    /// The most that a click may cost.
    pub max_cpc: f64,
    /// The most that an order may cost.
    pub max_cpa: f64,
    /// Whether every one of them can be reached. `false` when a number is not known.
    pub feasible: bool,
}

/// Solves the funnel backwards for a return on ad spend or a profit per thousand impressions.
///
/// `ROAS = 1000 ctr cvr aov / cpm` and `profit = 1000 ctr cvr aov margin - cpm`, each solved for one input.
///
/// # Errors
///
/// A negative cost or order value, rates above 1, a target return that is not positive, a target profit that is infinite.
///
/// ```
/// use edgetally_core::metrics::funnel::{Goal, solve};
///
/// let fourfold = solve(12.0, 0.015, 0.03, 80.0, 0.57, Goal::Roas(4.0))?;
/// assert!((fourfold.required_cvr - 0.04).abs() < 1e-15 && fourfold.feasible);
/// // 500 times is beyond a conversion rate of 1.
/// assert!(solve(12.0, 0.015, 0.03, 80.0, 0.57, Goal::Roas(500.0))?.required_cvr.is_nan());
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn solve(
    cpm: f64,
    ctr: f64,
    cvr: f64,
    aov: f64,
    margin: f64,
    goal: Goal,
) -> Result<Solution, DomainError> {
    DomainError::check("cpm", Rule::NonNegative, cpm)?;
    DomainError::check("ctr", Rule::Rate, ctr)?;
    DomainError::check("cvr", Rule::Rate, cvr)?;
    DomainError::check("aov", Rule::NonNegative, aov)?;
    DomainError::check("margin", Rule::Margin, margin)?;
    // Per thousand impressions `needed` has to equal 1000 ctr cvr aov times `share`.
    let (needed, share) = match goal {
        Goal::Roas(target) => {
            DomainError::check("target_roas", Rule::Positive, target)?;
            (target * cpm, 1.0)
        }
        Goal::ProfitPerMille(target) => {
            DomainError::check("target_profit_per_mille", Rule::Finite, target)?;
            (cpm + target, margin)
        }
    };
    let input = |rest: f64, most: f64| {
        // With a margin of nothing or less, no input helps; a need below zero is met by nothing at all.
        let value = if share > 0.0 {
            ratio(needed.max(0.0), rest * share) + needed * 0.0
        } else {
            f64::NAN
        };
        if value <= most { value } else { f64::NAN }
    };
    let (max_cpm, max_cpc, max_cpa) = match goal {
        Goal::Roas(target) => (
            1000.0 * ctr * cvr * aov / target,
            cvr * aov / target,
            aov / target,
        ),
        Goal::ProfitPerMille(target) => (
            1000.0 * ctr * cvr * aov * margin - target,
            cvr * aov * margin - ratio(target, 1000.0 * ctr),
            aov * margin - ratio(target, 1000.0 * ctr * cvr),
        ),
    };
    let price = |x: f64| if x >= 0.0 { x } else { f64::NAN };
    let mut solution = Solution {
        required_cvr: input(1000.0 * ctr * aov, 1.0),
        required_ctr: input(1000.0 * cvr * aov, 1.0),
        required_aov: input(1000.0 * ctr * cvr, f64::MAX),
        max_cpm: price(max_cpm),
        max_cpc: price(max_cpc),
        max_cpa: price(max_cpa),
        feasible: true,
    };
    let all = solution.required_cvr
        + solution.required_ctr
        + solution.required_aov
        + solution.max_cpm
        + solution.max_cpc
        + solution.max_cpa;
    solution.feasible = !all.is_nan();
    Ok(solution)
}

/// A funnel with the parts of its margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Cost of a thousand impressions.
    pub cpm: f64,
    /// Share of impressions that are clicked.
    pub ctr: f64,
    /// Share of clicks that buy.
    pub cvr: f64,
    /// Revenue of an order.
    pub aov: f64,
    /// Share of revenue left after the cost of what is sold.
    pub gross_margin: f64,
    /// Share of revenue paid for payment.
    pub payment_fees: f64,
    /// Share of revenue paid for shipping.
    pub shipping: f64,
    /// Share of revenue that comes back.
    pub returns: f64,
}

impl Inputs {
    /// The names of the inputs, in the order in which ties are shown.
    pub const NAMES: [&'static str; 8] = [
        "cpm",
        "ctr",
        "cvr",
        "aov",
        "gross_margin",
        "payment_fees",
        "shipping",
        "returns",
    ];

    const fn values(&self) -> [f64; 8] {
        [
            self.cpm,
            self.ctr,
            self.cvr,
            self.aov,
            self.gross_margin,
            self.payment_fees,
            self.shipping,
            self.returns,
        ]
    }

    fn check(&self) -> Result<(), DomainError> {
        for (name, value) in Self::NAMES.into_iter().zip(self.values()) {
            let rule = if matches!(name, "cpm" | "aov") {
                Rule::NonNegative
            } else {
                Rule::Rate
            };
            DomainError::check(name, rule, value)?;
        }
        Ok(())
    }
}

/// What is looked at while the inputs move.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Output {
    /// Contribution less advertising cost, per thousand impressions.
    #[default]
    ProfitPerMille,
    /// Contribution per thousand impressions.
    ContributionPerMille,
    /// Revenue per thousand impressions.
    RevenuePerMille,
    /// Revenue per advertising cost.
    Roas,
    /// Advertising cost per order.
    Cpa,
    /// Advertising cost per click.
    Cpc,
}

impl Output {
    /// The names, for a choice by word.
    pub const NAMES: [&'static str; 6] = [
        "profit_per_mille",
        "contribution_per_mille",
        "revenue_per_mille",
        "roas",
        "cpa",
        "cpc",
    ];

    /// The output of that name.
    ///
    /// # Errors
    ///
    /// A name that is none of [`NAMES`](Self::NAMES).
    pub fn named(name: &str) -> Result<Self, DomainError> {
        Ok(match name {
            "profit_per_mille" => Self::ProfitPerMille,
            "contribution_per_mille" => Self::ContributionPerMille,
            "revenue_per_mille" => Self::RevenuePerMille,
            "roas" => Self::Roas,
            "cpa" => Self::Cpa,
            "cpc" => Self::Cpc,
            _ => return Err(DomainError::whole("output", Rule::OneOf(&Self::NAMES))),
        })
    }

    fn of(self, values: [f64; 8]) -> f64 {
        let [cpm, ctr, cvr, aov, margin, fees, shipping, returns] = values;
        let revenue = 1000.0 * ctr * cvr * aov;
        let left = margin - fees - shipping - returns;
        match self {
            Self::ProfitPerMille => revenue * left - cpm,
            Self::ContributionPerMille => revenue * left,
            Self::RevenuePerMille => revenue,
            Self::Roas => ratio(revenue, cpm),
            Self::Cpa => ratio(cpm, 1000.0 * ctr * cvr),
            Self::Cpc => ratio(cpm, 1000.0 * ctr),
        }
    }
}

/// One input of a tornado.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The input's name.
    pub input: &'static str,
    /// The output with the input lowered by the swing.
    pub low: f64,
    /// The output with it raised.
    pub high: f64,
    /// How far the two are apart.
    pub swing: f64,
}

/// How much an output moves when the inputs move one at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Tornado {
    /// The output as it is.
    pub base: f64,
    /// The inputs that move it, the strongest first.
    pub bars: Vec<Bar>,
}

/// Moves each input on its own down and up by a share of itself, and sorts them by what that does.
///
/// A rate is not raised above 1. Inputs that do not move the output are left out. Inputs that move it equally, up to rounding,
/// keep their order.
///
/// # Errors
///
/// Inputs out of range; a swing that is not a share.
///
/// ```
/// use edgetally_core::metrics::funnel::{Inputs, Output, tornado};
///
/// let shop = Inputs { cpm: 12.0, ctr: 0.015, cvr: 0.03, aov: 80.0, gross_margin: 0.6, payment_fees: 0.03,
///     shipping: 0.0, returns: 0.0 };
/// let tornado = tornado(&shop, 0.2, Output::ProfitPerMille)?;
/// assert_eq!(tornado.bars[0].input, "gross_margin");
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn tornado(inputs: &Inputs, swing: f64, output: Output) -> Result<Tornado, DomainError> {
    inputs.check()?;
    DomainError::check("swing", Rule::Rate, swing)?;
    let values = inputs.values();
    let moved = |input: usize, factor: f64| {
        let mut moved = values;
        if let Some(value) = moved.get_mut(input) {
            let most = if matches!(input, 0 | 3) {
                f64::INFINITY
            } else {
                1.0
            };
            // Not `min`, which passes over NaN.
            *value *= factor;
            if *value > most {
                *value = most;
            }
        }
        output.of(moved)
    };
    let mut bars: Vec<Bar> = Inputs::NAMES
        .into_iter()
        .enumerate()
        .map(|(index, input)| {
            let (low, high) = (moved(index, 1.0 - swing), moved(index, 1.0 + swing));
            Bar {
                input,
                low,
                high,
                swing: (high - low).abs(),
            }
        })
        .filter(|bar| bar.swing != 0.0)
        .collect();
    sort_with_ties(&mut bars);
    Ok(Tornado {
        base: output.of(values),
        bars,
    })
}

/// The largest swing first. Equal ones keep their order, and equal means up to rounding: four products of the same factors may
/// differ in the last digit.
fn sort_with_ties(bars: &mut [Bar]) {
    bars.sort_by(|a, b| b.swing.total_cmp(&a.swing));
    let position = |bar: &Bar| Inputs::NAMES.iter().position(|name| *name == bar.input);
    bars.chunk_by_mut(|a, b| a.swing - b.swing <= 1e-12 * a.swing)
        .for_each(|tied| tied.sort_by_key(position));
}

/// Elasticities: by how many percent an output moves when an input moves by one percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elasticity {
    /// Of the cost of a thousand impressions.
    pub cpm: f64,
    /// Of the share of impressions that are clicked.
    pub ctr: f64,
    /// Of the share of clicks that buy.
    pub cvr: f64,
    /// Of the order value.
    pub aov: f64,
    /// Of the gross margin.
    pub gross_margin: f64,
    /// Of payment fees.
    pub payment_fees: f64,
    /// Of shipping.
    pub shipping: f64,
    /// Of returns.
    pub returns: f64,
}

/// `d ln output / d ln input` for each input, by formula and not by small steps. All `NaN` where the output is zero.
///
/// # Errors
///
/// Inputs out of range.
///
/// ```
/// use edgetally_core::metrics::funnel::{Inputs, Output, elasticity};
///
/// let shop = Inputs { cpm: 12.0, ctr: 0.015, cvr: 0.03, aov: 80.0, gross_margin: 0.6, payment_fees: 0.03,
///     shipping: 0.0, returns: 0.0 };
/// let profit = elasticity(&shop, Output::ProfitPerMille)?;
/// assert!((profit.cpm + 1.408450704225352).abs() < 1e-12);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn elasticity(inputs: &Inputs, output: Output) -> Result<Elasticity, DomainError> {
    inputs.check()?;
    let value = output.of(inputs.values());
    if value == 0.0 || value.is_nan() {
        let [
            cpm,
            ctr,
            cvr,
            aov,
            gross_margin,
            payment_fees,
            shipping,
            returns,
        ] = [f64::NAN; 8];
        return Ok(Elasticity {
            cpm,
            ctr,
            cvr,
            aov,
            gross_margin,
            payment_fees,
            shipping,
            returns,
        });
    }
    let Inputs {
        cpm,
        ctr,
        cvr,
        aov,
        gross_margin,
        payment_fees,
        shipping,
        returns,
    } = *inputs;
    let left = gross_margin - payment_fees - shipping - returns;
    let revenue = 1000.0 * ctr * cvr * aov;
    // Of the cost, of each of the three factors of revenue, and of one unit of margin.
    let (cost, clicks, orders, order, margin) = match output {
        Output::ProfitPerMille => {
            let contribution = revenue * left / value;
            (
                -cpm / value,
                contribution,
                contribution,
                contribution,
                revenue / value,
            )
        }
        Output::ContributionPerMille => (0.0, 1.0, 1.0, 1.0, 1.0 / left),
        Output::RevenuePerMille => (0.0, 1.0, 1.0, 1.0, 0.0),
        Output::Roas => (-1.0, 1.0, 1.0, 1.0, 0.0),
        Output::Cpa => (1.0, -1.0, -1.0, 0.0, 0.0),
        Output::Cpc => (1.0, -1.0, 0.0, 0.0, 0.0),
    };
    Ok(Elasticity {
        cpm: cost,
        ctr: clicks,
        cvr: orders,
        aov: order,
        gross_margin: gross_margin * margin,
        payment_fees: -payment_fees * margin,
        shipping: -shipping * margin,
        returns: -returns * margin,
    })
}

const CPM: Argument = Argument::new("cpm", Rule::NonNegative, Refused);
const CTR: Argument = Argument::new("ctr", Rule::Rate, Refused);
const CVR: Argument = Argument::new("cvr", Rule::Rate, Refused);
const AOV: Argument = Argument::new("aov", Rule::NonNegative, Refused);
const MARGIN: Argument = Argument::new("margin", Rule::Margin, Value(1.0));

const SOLUTION: &[&str] = &[
    "required_cvr",
    "required_ctr",
    "required_aov",
    "max_cpm",
    "max_cpc",
    "max_cpa",
    "feasible",
];

fn solutions(inputs: &[&[f64]], outputs: &mut [&mut [f64]], goal: fn(f64) -> Goal) {
    by_row(inputs, outputs, |[cpm, ctr, cvr, aov, margin, target]| {
        let x = solve(cpm, ctr, cvr, aov, margin, goal(target)).ok()?;
        Some([
            x.required_cvr,
            x.required_ctr,
            x.required_aov,
            x.max_cpm,
            x.max_cpc,
            x.max_cpa,
            f64::from(u8::from(x.feasible)),
        ])
    });
}

const PARTS: &[Argument] = &[
    CPM,
    CTR,
    CVR,
    AOV,
    Argument::new("gross_margin", Rule::Rate, Value(1.0)),
    Argument::new("payment_fees", Rule::Rate, Value(0.0)),
    Argument::new("shipping", Rule::Rate, Value(0.0)),
    Argument::new("returns", Rule::Rate, Value(0.0)),
];

/// One calculator of elasticities for each output.
const fn elasticities(name: &'static str, kernel: super::calculator::Kernel) -> Calculator {
    Calculator {
        name,
        arguments: PARTS,
        at_most: &[],
        outputs: &Inputs::NAMES,
        kernel,
    }
}

fn slopes(inputs: &[&[f64]], outputs: &mut [&mut [f64]], output: Output) {
    by_row(
        inputs,
        outputs,
        |[
            cpm,
            ctr,
            cvr,
            aov,
            gross_margin,
            payment_fees,
            shipping,
            returns,
        ]| {
            let inputs = Inputs {
                cpm,
                ctr,
                cvr,
                aov,
                gross_margin,
                payment_fees,
                shipping,
                returns,
            };
            let x = elasticity(&inputs, output).ok()?;
            Some([
                x.cpm,
                x.ctr,
                x.cvr,
                x.aov,
                x.gross_margin,
                x.payment_fees,
                x.shipping,
                x.returns,
            ])
        },
    );
}

/// What works row by row.
pub(super) static ALL: &[Calculator] = &[
    Calculator {
        name: "funnel.solve.roas",
        arguments: &[
            CPM,
            CTR,
            CVR,
            AOV,
            MARGIN,
            Argument::new("target_roas", Rule::Positive, Refused),
        ],
        at_most: &[],
        outputs: SOLUTION,
        kernel: |_, inputs, outputs| solutions(inputs, outputs, Goal::Roas),
    },
    Calculator {
        name: "funnel.solve.profit",
        arguments: &[
            CPM,
            CTR,
            CVR,
            AOV,
            MARGIN,
            Argument::new("target_profit_per_mille", Rule::Finite, Refused),
        ],
        at_most: &[],
        outputs: SOLUTION,
        kernel: |_, inputs, outputs| solutions(inputs, outputs, Goal::ProfitPerMille),
    },
    elasticities(
        "funnel.elasticity.profit_per_mille",
        |_, inputs, outputs| {
            slopes(inputs, outputs, Output::ProfitPerMille);
        },
    ),
    elasticities(
        "funnel.elasticity.contribution_per_mille",
        |_, inputs, outputs| {
            slopes(inputs, outputs, Output::ContributionPerMille);
        },
    ),
    elasticities(
        "funnel.elasticity.revenue_per_mille",
        |_, inputs, outputs| {
            slopes(inputs, outputs, Output::RevenuePerMille);
        },
    ),
    elasticities("funnel.elasticity.roas", |_, inputs, outputs| {
        slopes(inputs, outputs, Output::Roas);
    }),
    elasticities("funnel.elasticity.cpa", |_, inputs, outputs| {
        slopes(inputs, outputs, Output::Cpa);
    }),
    elasticities("funnel.elasticity.cpc", |_, inputs, outputs| {
        slopes(inputs, outputs, Output::Cpc);
    }),
    Calculator {
        name: "funnel.uncertainty",
        arguments: &[
            Argument::new("impressions", Rule::Count, Refused),
            Argument::new("clicks", Rule::Count, Refused),
            Argument::new("conversions", Rule::Count, Refused),
            CPM,
            AOV,
            MARGIN,
            Argument::new("confidence", Rule::Confidence, Value(0.95)),
            Argument::new("prior_alpha", Rule::Positive, Value(1.0)),
            Argument::new("prior_beta", Rule::Positive, Value(1.0)),
        ],
        at_most: &[(1, 0), (2, 1)],
        outputs: uncertainty::OUTPUTS,
        kernel: |_, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[
                    impressions,
                    clicks,
                    conversions,
                    cpm,
                    aov,
                    margin,
                    confidence,
                    a,
                    b,
                ]| {
                    uncertainty::row(&FunnelCounts {
                        impressions,
                        clicks,
                        conversions,
                        cpm,
                        aov,
                        margin,
                        confidence,
                        prior: (a, b),
                    })
                },
            );
        },
    },
    Calculator {
        name: "funnel.from_counts",
        arguments: &[
            Argument::new("impressions", Rule::Count, Refused),
            Argument::new("clicks", Rule::Count, Refused),
            Argument::new("conversions", Rule::Count, Refused),
            Argument::new("spend", Rule::NonNegative, Refused),
            Argument::new("revenue", Rule::NonNegative, Refused),
            MARGIN,
            Argument::new("confidence", Rule::Confidence, Value(0.95)),
            Argument::new("prior_alpha", Rule::Positive, Value(1.0)),
            Argument::new("prior_beta", Rule::Positive, Value(1.0)),
            Argument::new("aov", Rule::NonNegative, Undefined),
        ],
        at_most: &[(1, 0), (2, 1)],
        outputs: uncertainty::OUTPUTS,
        kernel: |given, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[
                    impressions,
                    clicks,
                    conversions,
                    spend,
                    revenue,
                    margin,
                    confidence,
                    a,
                    b,
                    aov,
                ]| {
                    uncertainty::row(&FunnelCounts {
                        impressions,
                        clicks,
                        conversions,
                        cpm: ratio(1000.0 * spend, impressions),
                        aov: if given.has(9) {
                            aov
                        } else {
                            ratio(revenue, conversions)
                        },
                        margin,
                        confidence,
                        prior: (a, b),
                    })
                },
            );
        },
    },
    Calculator {
        name: "funnel.decompose",
        arguments: &[
            Argument::new("cpm_before", Rule::NonNegative, Refused),
            Argument::new("ctr_before", Rule::Rate, Refused),
            Argument::new("cvr_before", Rule::Rate, Refused),
            Argument::new("cpm_after", Rule::NonNegative, Refused),
            Argument::new("ctr_after", Rule::Rate, Refused),
            Argument::new("cvr_after", Rule::Rate, Refused),
            Argument::new("aov_before", Rule::NonNegative, Undefined),
            Argument::new("aov_after", Rule::NonNegative, Undefined),
            Argument::new("margin_before", Rule::Margin, Value(1.0)),
            Argument::new("margin_after", Rule::Margin, Value(1.0)),
        ],
        at_most: &[],
        outputs: decompose::OUTPUTS,
        kernel: |_, inputs, outputs| by_row(inputs, outputs, decompose::row),
    },
];

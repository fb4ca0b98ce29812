//! Lifetime value: geometric, by retention table, by cohort, shifted-beta-geometric; payback.
//!
//! Lifetime value here is gross profit, not revenue: what a customer leaves after the cost of what is sold. Months may be
//! any period, as long as profit, churn and horizon speak of the same one. Two conventions of discounting are in use and
//! differ by one month's interest, so that each result says which it is: `due` counts the first month in full, `end`
//! discounts it by a month.

mod interval;
mod sbg;

pub use interval::{Bootstrap, Counted, CountedLtv, CustomerData, bootstrap, from_counts};
pub use sbg::{Boundary, Sbg, fit_sbg};

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::{Argument, Calculator, Given, by_row};
use super::cash_flow::{RATE, check_rate, monthly_rate};
use super::math::{exp, expm1, log1p, ratio};
use super::{DomainError, Rule};

/// When a month's profit arrives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Timing {
    /// At the start of the month: the first payment is now and counts in full.
    #[default]
    Start,
    /// At the end of the month: the first payment is discounted by a month.
    End,
}

/// A customer who stays each month with the same probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometric {
    /// Average revenue per account and month.
    pub arpa: f64,
    /// Share of revenue that is gross profit.
    pub gross_margin: f64,
    /// Share of customers lost per month.
    pub churn: f64,
    /// Yearly discount rate; 0 for none.
    pub annual_discount: f64,
    /// Months that are counted; `None` for all of them.
    pub horizon: Option<f64>,
    /// Growth of a remaining customer's revenue per month.
    pub expansion: f64,
    /// When a month's profit arrives.
    pub timing: Timing,
}

impl Geometric {
    /// No discount, no horizon, no expansion.
    pub const fn new(arpa: f64, gross_margin: f64, churn: f64) -> Self {
        Self {
            arpa,
            gross_margin,
            churn,
            annual_discount: 0.0,
            horizon: None,
            expansion: 0.0,
            timing: Timing::Start,
        }
    }
}

/// What a customer is worth when churn is constant.
///
/// A customer who never leaves is worth infinitely much when nothing is discounted; that is kept as infinity, and
/// [`unbounded`](Self::unbounded) says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeometricLtv {
    /// The value that was asked for: within the horizon when there is one, otherwise over the whole life; discounted, with
    /// expansion, by the timing.
    pub ltv: f64,
    /// Gross profit of a month.
    pub gross_profit_month: f64,
    /// Expected months as a customer: `1 / churn`.
    pub lifetime_months: f64,
    /// The monthly discount rate.
    pub monthly_discount: f64,
    /// Gross profit over churn: without discount, expansion and horizon.
    pub ltv_simple: f64,
    /// Over the whole life, discounted, with expansion, first payment now.
    pub ltv_discounted_due: f64,
    /// The same with the first payment after a month.
    pub ltv_discounted_end: f64,
    /// Within the horizon, with expansion, without discount. `NaN` without a horizon.
    pub ltv_horizon_undiscounted: f64,
    /// Within the horizon, discounted, with expansion, first payment now. `NaN` without a horizon.
    pub ltv_horizon_due: f64,
    /// The same with the first payment after a month.
    pub ltv_horizon_end: f64,
    /// Share of customers who are left after 12 months.
    pub retention_12: f64,
    /// Share of customers who are left after the horizon. `NaN` without one.
    pub retention_horizon: f64,
    /// Whether one of the values over the whole life has no bound: nobody leaves, or revenue grows faster than customers
    /// leave and money is discounted.
    pub unbounded: bool,
}

/// Lifetime value with constant churn: a geometric series.
///
/// With `q = (1 + expansion) (1 - churn) / (1 + discount)` the whole life is worth `profit / (1 - q)` and `n` months
/// `profit (1 - q^n) / (1 - q)`; first payments after a month divide by `1 + discount` once more.
///
/// # Errors
///
/// Churn or margin that are not rates, negative revenue, a discount of -1 or less, an expansion below -1, a horizon that
/// is not a whole number from 1.
///
/// ```
/// use edgetally_core::metrics::ltv::{Geometric, geometric};
///
/// let customer = geometric(&Geometric::new(200.0, 0.8, 0.03))?;
/// assert!((customer.ltv_simple - 5333.333333333333).abs() < 1e-9);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn geometric(input: &Geometric) -> Result<GeometricLtv, DomainError> {
    DomainError::check("arpa", Rule::NonNegative, input.arpa)?;
    DomainError::check("gross_margin", Rule::Rate, input.gross_margin)?;
    DomainError::check("churn", Rule::Rate, input.churn)?;
    check_rate("annual_discount", input.annual_discount)?;
    DomainError::check("expansion", Rule::AtLeast(-1.0), input.expansion)?;
    if let Some(horizon) = input.horizon {
        DomainError::check("horizon", Rule::PositiveCount, horizon)?;
    }
    let monthly_discount = monthly_rate(input.annual_discount)?;
    let profit = input.arpa * input.gross_margin;
    let (churn, expansion) = (input.churn, input.expansion);
    let kept = log1p(-churn);
    let growth = log1p(expansion) + kept;
    let growth_discounted = growth - log1p(monthly_discount);

    // 1 - q, without forming q: near 1 the difference would lose its digits.
    let shrinking =
        (monthly_discount - expansion + churn + expansion * churn) / (1.0 + monthly_discount);
    let whole_life = forever(profit, shrinking);
    let later = 1.0 + monthly_discount;
    let within = |growth: f64| {
        input
            .horizon
            .map_or(f64::NAN, |horizon| profit * geometric_sum(growth, horizon))
    };
    let (ltv_horizon_due, ltv_horizon_undiscounted) = (within(growth_discounted), within(growth));
    let ltv_simple = forever(profit, churn);
    let due = if input.horizon.is_some() {
        ltv_horizon_due
    } else {
        whole_life
    };
    Ok(GeometricLtv {
        ltv: match input.timing {
            Timing::Start => due,
            Timing::End => due / later,
        },
        gross_profit_month: profit,
        lifetime_months: forever(1.0, churn),
        monthly_discount,
        ltv_simple,
        ltv_discounted_due: whole_life,
        ltv_discounted_end: whole_life / later,
        ltv_horizon_undiscounted,
        ltv_horizon_due,
        ltv_horizon_end: ltv_horizon_due / later,
        retention_12: exp(12.0 * kept),
        retention_horizon: input.horizon.map_or(f64::NAN, |n| exp(n * kept)),
        unbounded: ltv_simple == f64::INFINITY || whole_life == f64::INFINITY,
    })
}

/// A level profit for ever, of which a share is lost each month.
fn forever(profit: f64, shrinking: f64) -> f64 {
    if profit == 0.0 && !shrinking.is_nan() {
        0.0
    } else if shrinking <= 0.0 {
        profit * f64::INFINITY
    } else {
        profit / shrinking
    }
}

/// `1 + q + q^2 + ...`, `n` terms, from the logarithm of `q`.
fn geometric_sum(ln_q: f64, n: f64) -> f64 {
    if ln_q == 0.0 {
        n
    } else if ln_q == f64::NEG_INFINITY {
        // Only the first term is left.
        if n >= 1.0 { 1.0 } else { 0.0 }
    } else {
        expm1(n * ln_q) / expm1(ln_q)
    }
}

/// Gross profit of `months` months: constant churn, the first month in full. The most that may be paid for a customer who
/// has to be paid back by then.
pub(crate) fn retained(profit: f64, churn: f64, monthly_discount: f64, months: f64) -> f64 {
    profit * geometric_sum(log1p(-churn) - log1p(monthly_discount), months)
}

/// How long it takes until a customer is paid back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Payback {
    /// Acquisition cost over monthly gross profit: nobody leaves.
    pub months_simple: f64,
    /// With churn; `NaN` when what a customer brings in a lifetime does not reach the cost.
    pub months_with_churn: f64,
    /// With churn and discount, payments at the end of the month; `NaN` when the cost is never reached.
    pub months_discounted: f64,
    /// Gross profit over churn.
    pub ltv: f64,
    /// That per unit of acquisition cost.
    pub ltv_to_cac: f64,
}

/// Payback in months, simple, with churn, and with churn and discount.
///
/// Months are a continuous index: `n` solves `profit (1 - (1 - churn)^n) / churn = cac`, and with the monthly discount `i`
/// and `q = (1 - churn) / (1 + i)`, `profit (1 - q^n) / (1 - q) = cac (1 + i)`.
///
/// # Errors
///
/// A negative cost or profit, churn that is not a rate, a discount of -1 or less.
///
/// ```
/// use edgetally_core::metrics::ltv::payback;
///
/// let months = payback(500.0, 160.0, 0.03, 0.0)?;
/// assert!((months.months_with_churn - 3.231865860681778).abs() < 1e-12);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn payback(
    cac: f64,
    gross_profit_month: f64,
    churn: f64,
    annual_discount: f64,
) -> Result<Payback, DomainError> {
    DomainError::check("cac", Rule::NonNegative, cac)?;
    DomainError::check("gross_profit_month", Rule::NonNegative, gross_profit_month)?;
    DomainError::check("churn", Rule::Rate, churn)?;
    check_rate("annual_discount", annual_discount)?;
    let discount = monthly_rate(annual_discount)?;
    let months_simple = ratio(cac, gross_profit_month);
    let ltv = forever(gross_profit_month, churn);
    let shrinking = (discount + churn) / (1.0 + discount);
    Ok(Payback {
        months_simple,
        months_with_churn: index_reached(months_simple, churn, log1p(-churn)),
        months_discounted: index_reached(
            months_simple * (1.0 + discount),
            shrinking,
            log1p(-churn) - log1p(discount),
        ),
        ltv,
        ltv_to_cac: ratio(ltv, cac),
    })
}

/// The index at which `1 + q + q^2 + ...` reaches `needed`; `1 - q` and `ln q` are given.
fn index_reached(needed: f64, shrinking: f64, ln_q: f64) -> f64 {
    if needed == 0.0 && !(shrinking + ln_q).is_nan() {
        0.0
    } else if shrinking == 0.0 || ln_q == 0.0 {
        needed
    } else {
        let left = needed * shrinking;
        if left < 1.0 {
            log1p(-left) / ln_q
        } else {
            f64::NAN
        }
    }
}

/// A customer whose churn falls after the first months.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoPhase {
    /// Cost of acquiring one customer.
    pub cac: f64,
    /// Average revenue per account and month.
    pub arpa: f64,
    /// Share of revenue that is gross profit.
    pub gross_margin: f64,
    /// Share of customers lost per month at first.
    pub early_churn: f64,
    /// How many months that lasts.
    pub early_months: f64,
    /// Share of customers lost per month afterwards.
    pub steady_churn: f64,
    /// Growth of a remaining customer's revenue per month.
    pub expansion: f64,
    /// Months that are counted.
    pub horizon: f64,
}

/// How long a customer takes who leaves more easily at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoPhasePayback {
    /// Months until gross profit reaches the cost, interpolated inside the month; `NaN` when it does not within the horizon.
    pub payback_months: f64,
    /// Gross profit per acquired customer within the horizon.
    pub cumulative_gross_profit: f64,
    /// That per unit of acquisition cost.
    pub ltv_to_cac: f64,
}

/// Payback with a high churn for the first months and a lower one afterwards. The first month is paid by everybody.
///
/// # Errors
///
/// A negative cost or revenue, rates that are not rates, months that are not whole numbers.
pub fn payback_two_phase(input: &TwoPhase) -> Result<TwoPhasePayback, DomainError> {
    DomainError::check("cac", Rule::NonNegative, input.cac)?;
    DomainError::check("arpa", Rule::NonNegative, input.arpa)?;
    DomainError::check("gross_margin", Rule::Rate, input.gross_margin)?;
    DomainError::check("early_churn", Rule::Rate, input.early_churn)?;
    DomainError::check("early_months", Rule::Count, input.early_months)?;
    DomainError::check("steady_churn", Rule::Rate, input.steady_churn)?;
    DomainError::check("expansion", Rule::AtLeast(-1.0), input.expansion)?;
    DomainError::check("horizon", Rule::PositiveCount, input.horizon)?;
    let profit = input.arpa * input.gross_margin;
    let early = log1p(input.expansion) + log1p(-input.early_churn);
    let steady = log1p(input.expansion) + log1p(-input.steady_churn);
    // Months 1 to `first` belong to the early series, whose last churn still leads into month `first + 1`.
    let first = (input.early_months + 1.0).min(input.horizon);
    let earned = |n: f64| {
        if n <= first {
            profit * geometric_sum(early, n)
        } else {
            // 0 times minus infinity: with no early months there is no early churn.
            let reached = if first == 1.0 {
                0.0
            } else {
                (first - 1.0) * early
            };
            let rest = geometric_sum(steady, n - first);
            profit * (geometric_sum(early, first) + exp(reached + steady) * rest)
        }
    };
    // `min` passes over NaN, and so does a series of logarithms that are infinite.
    let given = profit + early + steady + input.early_months + input.horizon;
    let cumulative_gross_profit = if given.is_nan() {
        f64::NAN
    } else {
        earned(input.horizon)
    };
    let payback_months = if input.cac == 0.0 && !cumulative_gross_profit.is_nan() {
        0.0
    } else if cumulative_gross_profit >= input.cac {
        // The last month before the cost is reached: the sum grows, so it is bisected.
        let (mut below, mut reached) = (0.0, input.horizon);
        while reached - below > 1.0 {
            let middle = f64::midpoint(below, reached).floor();
            if earned(middle) >= input.cac {
                reached = middle;
            } else {
                below = middle;
            }
        }
        let before = earned(below);
        let paid = earned(reached) - before;
        below + ratio(input.cac - before, paid).clamp(0.0, 1.0)
    } else {
        f64::NAN
    };
    Ok(TwoPhasePayback {
        payback_months,
        cumulative_gross_profit,
        ltv_to_cac: ratio(cumulative_gross_profit, input.cac),
    })
}

/// What a customer is worth by an observed retention table.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionLtv {
    /// The value that was asked for: discounted, by the timing, with the tail when there is one.
    pub ltv: f64,
    /// Without discount, with the tail when there is one.
    pub ltv_undiscounted: f64,
    /// What of `ltv` lies beyond the table: an assumption, not an observation.
    pub tail: f64,
    /// Expected months as a customer, with the tail when there is one.
    pub lifetime_months: f64,
    /// Discounted gross profit up to each month of the table.
    pub cumulative: Vec<f64>,
}

/// Lifetime value by a retention table: `sum of profit[t] retention[t] / (1 + discount)^t`.
///
/// `retention[t]` is the share of customers who pay in month `t`, the first being month 0; `gross_profit` is one number, or
/// one for each month. With `tail_churn` the table goes on for ever with that churn and the last month's profit; without,
/// what comes after the table counts nothing.
///
/// # Errors
///
/// An empty table, retention or churn that are not rates, profits that are neither one nor one for each month or are
/// infinite, a discount of -1 or less.
///
/// ```
/// use edgetally_core::metrics::ltv::{Timing, by_retention};
///
/// let year = by_retention(&[1.0, 0.6, 0.45], &[40.0], 0.0, Timing::Start, None)?;
/// assert!((year.ltv - 82.0).abs() < 1e-12);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn by_retention(
    retention: &[f64],
    gross_profit: &[f64],
    annual_discount: f64,
    timing: Timing,
    tail_churn: Option<f64>,
) -> Result<RetentionLtv, DomainError> {
    if retention.is_empty() {
        return Err(DomainError::whole("retention", Rule::Rows(1)));
    }
    if gross_profit.len() != 1 && gross_profit.len() != retention.len() {
        return Err(DomainError::whole(
            "gross_profit",
            Rule::SameLength("retention"),
        ));
    }
    DomainError::check_all("retention", Rule::Rate, retention)?;
    DomainError::check_all("gross_profit", Rule::Finite, gross_profit)?;
    check_rate("annual_discount", annual_discount)?;
    if let Some(churn) = tail_churn {
        DomainError::check("tail_churn", Rule::Rate, churn)?;
    }
    let discount = monthly_rate(annual_discount)?;
    let ln_discount = log1p(discount);
    let first = match timing {
        Timing::Start => 0.0,
        Timing::End => 1.0,
    };
    let (mut sum, mut undiscounted, mut lifetime_months) = (0.0, 0.0, 0.0);
    let (mut last_profit, mut last_discounted) = (0.0, 0.0);
    let mut cumulative = Vec::with_capacity(retention.len());
    let profits = gross_profit
        .iter()
        .chain(core::iter::repeat(gross_profit.last().unwrap_or(&f64::NAN)));
    for (month, (share, profit)) in retention.iter().zip(profits).enumerate() {
        last_profit = share * profit;
        last_discounted = last_profit * exp(-(month as f64 + first) * ln_discount);
        sum += last_discounted;
        undiscounted += last_profit;
        lifetime_months += share;
        cumulative.push(sum);
    }
    let mut tail = 0.0;
    if let (Some(churn), Some(last_share)) = (tail_churn, retention.last()) {
        // Each further month is worth the last one times (1 - churn) / (1 + discount).
        let further = |last: f64, discount: f64| {
            if last == 0.0 || churn == 1.0 {
                last * 0.0
            } else {
                forever(
                    last * (1.0 - churn) / (1.0 + discount),
                    (discount + churn) / (1.0 + discount),
                )
            }
        };
        tail = further(last_discounted, discount);
        undiscounted += further(last_profit, 0.0);
        lifetime_months += further(*last_share, 0.0);
    }
    Ok(RetentionLtv {
        ltv: sum + tail,
        ltv_undiscounted: undiscounted,
        tail,
        lifetime_months,
        cumulative,
    })
}

/// Cohorts by age.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortLtv {
    /// Gross profit per customer of each cohort up to each age.
    pub cumulative_per_customer: Vec<Vec<f64>>,
    /// Gross profit per customer up to each age; every age uses only the cohorts that have reached it.
    pub pooled_cumulative: Vec<f64>,
    /// Customers behind each age.
    pub customers: Vec<f64>,
    /// Cohorts behind each age. The last ages rest on few.
    pub cohorts: Vec<usize>,
    /// The pooled value at the highest age.
    pub ltv: f64,
}

/// Lifetime value by cohorts: a triangle of gross profit by cohort and age.
///
/// A row of `gross_profit` is one cohort from its first month on and ends with its present age. `NaN` at the end of a row is
/// an age not yet reached, so that a rectangular table may be passed as it is; elsewhere it is carried on. At each age the
/// profits of the cohorts that have reached it are divided by the customers of the same cohorts: cohorts that are too young
/// neither count nor dilute.
///
/// # Errors
///
/// No cohort, as many rows as sizes not, a size that is not a count, an infinite profit.
pub fn cohort(cohort_sizes: &[f64], gross_profit: &[&[f64]]) -> Result<CohortLtv, DomainError> {
    if cohort_sizes.is_empty() {
        return Err(DomainError::whole("cohort_sizes", Rule::Rows(1)));
    }
    if gross_profit.len() != cohort_sizes.len() {
        return Err(DomainError::whole(
            "gross_profit",
            Rule::SameLength("cohort_sizes"),
        ));
    }
    DomainError::check_all("cohort_sizes", Rule::Count, cohort_sizes)?;
    for row in gross_profit {
        DomainError::check_all("gross_profit", Rule::Finite, row)?;
    }
    let mut cumulative_per_customer = Vec::with_capacity(cohort_sizes.len());
    let mut sums: Vec<(f64, f64, usize)> = Vec::new();
    for (size, row) in cohort_sizes.iter().zip(gross_profit) {
        let reached = row.iter().rposition(|x| !x.is_nan()).map_or(0, |i| i + 1);
        let mut cumulative = Vec::with_capacity(reached);
        let mut total = 0.0;
        sums.resize(sums.len().max(reached), (0.0, 0.0, 0));
        for (profit, sum) in row.iter().take(reached).zip(&mut sums) {
            total += profit;
            cumulative.push(ratio(total, *size));
            *sum = (sum.0 + profit, sum.1 + size, sum.2 + 1);
        }
        cumulative_per_customer.push(cumulative);
    }
    let mut total = 0.0;
    let mut pooled_cumulative = Vec::with_capacity(sums.len());
    for (profit, customers, _) in &sums {
        total += ratio(*profit, *customers);
        pooled_cumulative.push(total);
    }
    Ok(CohortLtv {
        cumulative_per_customer,
        customers: sums.iter().map(|sum| sum.1).collect(),
        cohorts: sums.iter().map(|sum| sum.2).collect(),
        ltv: pooled_cumulative.last().copied().unwrap_or(f64::NAN),
        pooled_cumulative,
    })
}

const GEOMETRIC: &[Argument] = &[
    Argument::new("arpa", Rule::NonNegative, Refused),
    Argument::new("gross_margin", Rule::Rate, Value(1.0)),
    Argument::new("churn", Rule::Rate, Refused),
    Argument::new("annual_discount", RATE, Value(0.0)),
    Argument::new("horizon", Rule::PositiveCount, Undefined),
    Argument::new("expansion", Rule::AtLeast(-1.0), Value(0.0)),
];
const GEOMETRIC_LTV: &[&str] = &[
    "ltv",
    "gross_profit_month",
    "lifetime_months",
    "monthly_discount",
    "ltv_simple",
    "ltv_discounted_due",
    "ltv_discounted_end",
    "ltv_horizon_undiscounted",
    "ltv_horizon_due",
    "ltv_horizon_end",
    "retention_12",
    "retention_horizon",
];

fn lifetimes(given: Given, inputs: &[&[f64]], outputs: &mut [&mut [f64]], timing: Timing) {
    by_row(
        inputs,
        outputs,
        |[
            arpa,
            gross_margin,
            churn,
            annual_discount,
            horizon,
            expansion,
        ]| {
            let x = geometric(&Geometric {
                arpa,
                gross_margin,
                churn,
                annual_discount,
                horizon: given.has(4).then_some(horizon),
                expansion,
                timing,
            })
            .ok()?;
            Some([
                x.ltv,
                x.gross_profit_month,
                x.lifetime_months,
                x.monthly_discount,
                x.ltv_simple,
                x.ltv_discounted_due,
                x.ltv_discounted_end,
                x.ltv_horizon_undiscounted,
                x.ltv_horizon_due,
                x.ltv_horizon_end,
                x.retention_12,
                x.retention_horizon,
            ])
        },
    );
}

/// What works row by row.
pub(super) static ALL: &[Calculator] = &[
    Calculator {
        name: "ltv.start",
        arguments: GEOMETRIC,
        at_most: &[],
        outputs: GEOMETRIC_LTV,
        kernel: |given, inputs, outputs| lifetimes(given, inputs, outputs, Timing::Start),
    },
    Calculator {
        name: "ltv.end",
        arguments: GEOMETRIC,
        at_most: &[],
        outputs: GEOMETRIC_LTV,
        kernel: |given, inputs, outputs| lifetimes(given, inputs, outputs, Timing::End),
    },
    Calculator {
        name: "ltv.from_counts",
        arguments: &[
            Argument::new("gross_profit_month", Rule::NonNegative, Refused),
            Argument::new("customer_months", Rule::Count, Refused),
            Argument::new("churned", Rule::Count, Refused),
            Argument::new("gross_profit_se", Rule::NonNegative, Value(0.0)),
            Argument::new("confidence", Rule::Confidence, Value(0.95)),
        ],
        at_most: &[(2, 1)],
        outputs: &["ltv", "ltv.low", "ltv.high", "churn", "log_ltv_se"],
        kernel: |_, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[
                    gross_profit_month,
                    customer_months,
                    churned,
                    gross_profit_se,
                    confidence,
                ]| {
                    let counted = Counted {
                        gross_profit_month,
                        gross_profit_se,
                        customer_months,
                        churned,
                    };
                    let x = from_counts(&counted, confidence).ok()?;
                    Some([x.ltv.estimate, x.ltv.low, x.ltv.high, x.churn, x.log_ltv_se])
                },
            );
        },
    },
    Calculator {
        name: "payback",
        arguments: &[
            Argument::new("cac", Rule::NonNegative, Refused),
            Argument::new("gross_profit_month", Rule::NonNegative, Refused),
            Argument::new("churn", Rule::Rate, Value(0.0)),
            Argument::new("annual_discount", RATE, Value(0.0)),
        ],
        at_most: &[],
        outputs: &[
            "months_simple",
            "months_with_churn",
            "months_discounted",
            "ltv",
            "ltv_to_cac",
        ],
        kernel: |_, inputs, outputs| {
            by_row(inputs, outputs, |[cac, profit, churn, discount]| {
                let x = payback(cac, profit, churn, discount).ok()?;
                Some([
                    x.months_simple,
                    x.months_with_churn,
                    x.months_discounted,
                    x.ltv,
                    x.ltv_to_cac,
                ])
            });
        },
    },
    Calculator {
        name: "payback.two_phase",
        arguments: &[
            Argument::new("cac", Rule::NonNegative, Refused),
            Argument::new("arpa", Rule::NonNegative, Refused),
            Argument::new("gross_margin", Rule::Rate, Value(1.0)),
            Argument::new("early_churn", Rule::Rate, Refused),
            Argument::new("early_months", Rule::Count, Refused),
            Argument::new("steady_churn", Rule::Rate, Refused),
            Argument::new("expansion", Rule::AtLeast(-1.0), Value(0.0)),
            Argument::new("horizon", Rule::PositiveCount, Value(36.0)),
        ],
        at_most: &[],
        outputs: &["payback_months", "cumulative_gross_profit", "ltv_to_cac"],
        kernel: |_, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[
                    cac,
                    arpa,
                    gross_margin,
                    early_churn,
                    early_months,
                    steady_churn,
                    expansion,
                    horizon,
                ]| {
                    let x = payback_two_phase(&TwoPhase {
                        cac,
                        arpa,
                        gross_margin,
                        early_churn,
                        early_months,
                        steady_churn,
                        expansion,
                        horizon,
                    })
                    .ok()?;
                    Some([x.payback_months, x.cumulative_gross_profit, x.ltv_to_cac])
                },
            );
        },
    },
];

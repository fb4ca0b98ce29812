//! What a customer may cost.
//!
//! Start from gross profit, not from revenue, and never go above break-even. A target holds for customers whom advertising
//! brought: compare it with the cost of an incremental customer, not with the cost of an attributed one.

use super::calculator::Absent::{Refused, Value};
use super::calculator::{Argument, Calculator, by_row};
use super::cash_flow::{RATE, check_rate, monthly_rate};
use super::ltv::{Geometric, geometric, retained};
use super::math::ratio;
use super::{DomainError, Rule};

/// The most that may be paid for a customer who has to be paid back in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaybackCpa {
    /// Retained, discounted gross profit of the months.
    pub max_cpa: f64,
    /// The same if nobody left and nothing were discounted.
    pub max_cpa_no_churn: f64,
}

/// The most that may be paid for a customer who has to be paid back within so many months:
/// `sum over t of profit (1 - churn)^t / (1 + discount)^t`, the first month in full.
///
/// # Errors
///
/// A negative profit, churn that is not a rate, months that are not a whole number, a discount of -1 or less.
///
/// ```
/// use edgetally_core::metrics::target_cpa::payback_cpa;
///
/// let year = payback_cpa(160.0, 0.03, 12.0, 0.0)?;
/// assert!((year.max_cpa - 1632.8407413576638).abs() < 1e-9);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn payback_cpa(
    gross_profit_month: f64,
    churn: f64,
    payback_months: f64,
    annual_discount: f64,
) -> Result<PaybackCpa, DomainError> {
    DomainError::check("gross_profit_month", Rule::NonNegative, gross_profit_month)?;
    DomainError::check("churn", Rule::Rate, churn)?;
    DomainError::check("payback_months", Rule::Count, payback_months)?;
    check_rate("annual_discount", annual_discount)?;
    let discount = monthly_rate(annual_discount)?;
    Ok(PaybackCpa {
        max_cpa: retained(gross_profit_month, churn, discount, payback_months),
        max_cpa_no_churn: gross_profit_month * payback_months,
    })
}

/// The rules by which a customer may cost so much and no more. A rule that is `None` is not in force; a buffer of zero is one
/// that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Lifetime value: of revenue with `margin`, or of gross profit with a margin of 1. Any of the results of
    /// [`ltv`](super::ltv) will do.
    pub ltv: f64,
    /// Share of it that is gross profit.
    pub margin: f64,
    /// Share of the gross profit that is to be kept.
    pub buffer: Option<f64>,
    /// The largest share of the gross profit that may be spent.
    pub max_share: Option<f64>,
    /// How many times its cost a customer has to bring: 3 is the same as a share of one third.
    pub ltv_to_cac: Option<f64>,
    /// A most from a payback rule, as from [`payback_cpa`].
    pub payback_cpa: Option<f64>,
    /// Share of attributed customers who would not have come without advertising.
    pub share_incremental: Option<f64>,
}

impl Rules {
    /// No rule: break-even.
    pub const fn new(ltv: f64, margin: f64) -> Self {
        Self {
            ltv,
            margin,
            buffer: None,
            max_share: None,
            ltv_to_cac: None,
            payback_cpa: None,
            share_incremental: None,
        }
    }
}

/// The rule that decides a target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding {
    /// No rule is below break-even.
    BreakEven,
    /// The share to be kept.
    Buffer,
    /// The largest share to be spent.
    MaxShare,
    /// Lifetime value per cost.
    LtvToCac,
    /// Payback in time.
    Payback,
}

impl Binding {
    /// The stable name: the rule's argument.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BreakEven => "break_even",
            Self::Buffer => "buffer",
            Self::MaxShare => "max_share",
            Self::LtvToCac => "ltv_to_cac",
            Self::Payback => "payback",
        }
    }
}

/// What a customer may cost, by each rule and by all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Lifetime gross profit.
    pub gross_profit_ltv: f64,
    /// The cost at which nothing is left: the same.
    pub break_even_cpa: f64,
    /// By the share to be kept; `NaN` when that rule is not in force. So are the next three.
    pub target_by_buffer: f64,
    /// By the largest share to be spent.
    pub target_by_share: f64,
    /// By lifetime value per cost.
    pub target_by_ratio: f64,
    /// By payback in time.
    pub target_by_payback: f64,
    /// The least of break-even and the rules in force.
    pub target_cpa: f64,
    /// Which of them that is; `None` when the target is `NaN`.
    pub binding: Option<Binding>,
    /// The cost of an attributed customer at which an incremental one costs the target: the target times the share that is
    /// incremental. `NaN` when no share was given.
    pub incrementality_adjusted_target: f64,
}

/// Combines the rules: the least of break-even and the rules in force, and which one that is.
///
/// A rule that is `NaN` makes the target `NaN`: a limit that is not known may be the one that binds.
///
/// # Errors
///
/// A negative or infinite lifetime value, shares that are not rates, a ratio or payback limit that is negative or infinite,
/// a ratio of 0.
///
/// ```
/// use edgetally_core::metrics::target_cpa::{Binding, Rules, target};
///
/// let rules = Rules { buffer: Some(0.2), ltv_to_cac: Some(3.0), ..Rules::new(3000.0, 0.6) };
/// let target = target(&rules)?;
/// assert!((target.target_cpa - 600.0).abs() < 1e-9);
/// assert_eq!(target.binding, Some(Binding::LtvToCac));
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn target(rules: &Rules) -> Result<Target, DomainError> {
    let check = |name, rule, value: Option<f64>| {
        value.map_or(Ok(()), |value| {
            DomainError::check(name, rule, value).map(drop)
        })
    };
    DomainError::check("ltv", Rule::NonNegative, rules.ltv)?;
    DomainError::check("margin", Rule::Rate, rules.margin)?;
    check("buffer", Rule::Rate, rules.buffer)?;
    check("max_share", Rule::Rate, rules.max_share)?;
    check("ltv_to_cac", Rule::Positive, rules.ltv_to_cac)?;
    check("payback_cpa", Rule::NonNegative, rules.payback_cpa)?;
    check("share_incremental", Rule::Rate, rules.share_incremental)?;

    let profit = rules.ltv * rules.margin;
    let by_rule = [
        (
            Binding::Buffer,
            rules.buffer.map(|kept| profit * (1.0 - kept)),
        ),
        (
            Binding::MaxShare,
            rules.max_share.map(|share| profit * share),
        ),
        (
            Binding::LtvToCac,
            rules.ltv_to_cac.map(|times| ratio(profit, times)),
        ),
        (Binding::Payback, rules.payback_cpa),
    ];
    let mut least = (profit, Some(Binding::BreakEven));
    for (binding, value) in by_rule {
        let Some(value) = value else { continue };
        if (value + least.0).is_nan() {
            least = (f64::NAN, None);
        } else if value < least.0 || (value == least.0 && least.1 == Some(Binding::BreakEven)) {
            least = (value, Some(binding));
        }
    }
    if least.0.is_nan() {
        least.1 = None;
    }
    let [buffer, share, by_ratio, payback] = by_rule.map(|(_, value)| value.unwrap_or(f64::NAN));
    Ok(Target {
        gross_profit_ltv: profit,
        break_even_cpa: profit,
        target_by_buffer: buffer,
        target_by_share: share,
        target_by_ratio: by_ratio,
        target_by_payback: payback,
        target_cpa: least.0,
        binding: least.1,
        incrementality_adjusted_target: rules.share_incremental.map_or(f64::NAN, |x| least.0 * x),
    })
}

/// [`target`] with the lifetime value and the payback limit of one customer whose churn is constant: `rules.ltv` and
/// `rules.payback_cpa` are taken from the customer, and `rules.margin` is 1 because the customer's margin is in it.
///
/// # Errors
///
/// Those of [`geometric`], [`payback_cpa`] and [`target`]; a customer who never leaves needs a horizon or a discount.
pub fn target_of_customer(
    customer: &Geometric,
    payback_months: Option<f64>,
    rules: &Rules,
) -> Result<Target, DomainError> {
    let value = geometric(customer)?;
    let payback_cpa = payback_months
        .map(|months| {
            let grown = (1.0 + customer.expansion) * (1.0 - customer.churn);
            DomainError::check("payback_months", Rule::Count, months)?;
            // Expansion counts as churn that is smaller, or negative.
            Ok(retained(
                value.gross_profit_month,
                1.0 - grown,
                value.monthly_discount,
                months,
            ))
        })
        .transpose()?;
    target(&Rules {
        ltv: value.ltv,
        margin: 1.0,
        payback_cpa,
        ..*rules
    })
}

/// What works row by row. The rules together are in the table of paid advertising.
pub(super) static ALL: &[Calculator] = &[Calculator {
    name: "target_cpa.payback",
    arguments: &[
        Argument::new("gross_profit_month", Rule::NonNegative, Refused),
        Argument::new("churn", Rule::Rate, Refused),
        Argument::new("payback_months", Rule::Count, Refused),
        Argument::new("annual_discount", RATE, Value(0.0)),
    ],
    at_most: &[],
    outputs: &["max_cpa", "max_cpa_no_churn"],
    kernel: |_, inputs, outputs| {
        by_row(inputs, outputs, |[profit, churn, months, discount]| {
            let x = payback_cpa(profit, churn, months, discount).ok()?;
            Some([x.max_cpa, x.max_cpa_no_churn])
        });
    },
}];

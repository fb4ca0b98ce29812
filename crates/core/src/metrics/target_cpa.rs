//! What a customer may cost.
//!
//! Start from gross profit, not from revenue, and never go above break-even. A target holds for customers whom advertising
//! brought: compare it with the cost of an incremental customer, not with the cost of an attributed one.

use super::calculator::Absent::{Refused, Value};
use super::calculator::{Argument, Calculator, by_row};
use super::cash_flow::{RATE, check_rate, monthly_rate};
use super::ltv::retained;
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

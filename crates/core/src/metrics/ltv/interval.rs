//! Intervals of the geometric lifetime value.

use super::super::math::{exp, ln, ratio};
use super::super::special::normal_quantile;
use super::super::{DomainError, Interval, Rule};

/// What is known of a group of customers in sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// Mean gross profit of a customer and month.
    pub gross_profit_month: f64,
    /// Standard error of that mean; 0 when it is known.
    pub gross_profit_se: f64,
    /// Months in which a customer could have left, over all customers.
    pub customer_months: f64,
    /// Customers who left.
    pub churned: f64,
}

/// Gross profit over churn, with how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountedLtv {
    /// Gross profit of a month over churn; `NaN` when nobody left. Its upper end is then infinite.
    pub ltv: Interval,
    /// Share of customers lost per month.
    pub churn: f64,
    /// Standard error of the logarithm of the value.
    pub log_ltv_se: f64,
}

/// Gross profit over churn with an interval, from counts: the delta method on `ln profit - ln churn`.
///
/// `Var(ln churn) = (1 - churn) / churned`, `Var(ln profit) = (se / profit)^2`. When nobody left, the value has no estimate;
/// its lower end is then the profit over the exact Poisson bound of the churn.
///
/// # Errors
///
/// A negative profit or standard error, numbers that are not counts, more churned than customer months, a confidence not
/// inside 0 and 1.
pub fn from_counts(input: &Counted, confidence: f64) -> Result<CountedLtv, DomainError> {
    DomainError::check(
        "gross_profit_month",
        Rule::NonNegative,
        input.gross_profit_month,
    )?;
    DomainError::check("gross_profit_se", Rule::NonNegative, input.gross_profit_se)?;
    DomainError::check("customer_months", Rule::Count, input.customer_months)?;
    DomainError::check("churned", Rule::Count, input.churned)?;
    if input.churned > input.customer_months {
        return Err(DomainError::scalar(
            "churned",
            Rule::AtMost("customer_months"),
            input.churned,
        ));
    }
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    let profit = input.gross_profit_month;
    let churn = ratio(input.churned, input.customer_months);
    if (profit + input.gross_profit_se + confidence + churn).is_nan() {
        return Ok(CountedLtv {
            ltv: Interval::UNDEFINED,
            churn,
            log_ltv_se: f64::NAN,
        });
    }
    if input.churned == 0.0 {
        let most = -ln(0.5 * (1.0 - confidence)) / input.customer_months;
        return Ok(CountedLtv {
            ltv: Interval::new(f64::NAN, profit / most, f64::INFINITY),
            churn,
            log_ltv_se: f64::NAN,
        });
    }
    let relative = ratio(input.gross_profit_se, profit);
    let square = (1.0 - churn) / input.churned + relative * relative;
    // Everybody left at once: no variance is seen, and that is not certainty.
    let se = if square > 0.0 {
        square.sqrt()
    } else {
        f64::NAN
    };
    Ok(CountedLtv {
        ltv: around(profit / churn, se, confidence),
        churn,
        log_ltv_se: se,
    })
}

fn around(value: f64, log_se: f64, confidence: f64) -> Interval {
    let factor = exp(normal_quantile(0.5 + 0.5 * confidence) * log_se);
    Interval::new(value, value / factor, value * factor).with_width()
}

/// One row per customer.
#[derive(Clone, Copy, Debug)]
pub struct CustomerData<'a> {
    /// Gross profit of the customer so far.
    pub gross_profit: &'a [f64],
    /// Months observed.
    pub months: &'a [f64],
    /// 1 for a customer who has left, 0 for one who is still there.
    pub churned: &'a [f64],
}

/// Lifetime value of a group of customers, with two intervals that should agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Gross profit of all over the number who left, with the percentiles of the resampled values. An upper end is infinite
    /// when too many samples have nobody who left.
    pub ltv: Interval,
    /// The same value with the interval by the delta method on the logarithm, from the customers' own variation.
    pub delta: Interval,
    /// Standard error of the logarithm by the delta method.
    pub log_se: f64,
    /// Gross profit per observed month.
    pub gross_profit_month: f64,
    /// Share of customers lost per observed month.
    pub churn: f64,
    /// Share of samples in which nobody left.
    pub unbounded_share: f64,
}

/// Geometric lifetime value with a bootstrap over customers (B. Efron, 1979).
///
/// Profit per month over churn per month is all profit over all who left: months cancel. Customers are drawn with
/// replacement, each with their profit and their leaving together. The draws follow from the seed alone: the same seed gives
/// the same interval everywhere.
///
/// # Errors
///
/// No customers, columns of different length, an infinite profit, negative months, `churned` other than 0 and 1, fewer than
/// 1 or more than 1,000,000 resamples, a confidence not inside 0 and 1.
pub fn bootstrap(
    customers: &CustomerData<'_>,
    resamples: u32,
    seed: u64,
    confidence: f64,
) -> Result<Bootstrap, DomainError> {
    let CustomerData {
        gross_profit,
        months,
        churned,
    } = *customers;
    let n = gross_profit.len();
    if n == 0 {
        return Err(DomainError::whole("gross_profit", Rule::Rows(1)));
    }
    if months.len() != n {
        return Err(DomainError::whole(
            "months",
            Rule::SameLength("gross_profit"),
        ));
    }
    if churned.len() != n {
        return Err(DomainError::whole(
            "churned",
            Rule::SameLength("gross_profit"),
        ));
    }
    DomainError::check_all("gross_profit", Rule::Finite, gross_profit)?;
    DomainError::check_all("months", Rule::NonNegative, months)?;
    DomainError::check_all("churned", Rule::Rate, churned)?;
    if let Some(other) = churned.iter().find(|x| **x > 0.0 && **x < 1.0) {
        return Err(DomainError::scalar(
            "churned",
            Rule::Other("not_zero_or_one", "is neither 0 nor 1"),
            *other,
        ));
    }
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    if !(1..=1_000_000).contains(&resamples) {
        return Err(DomainError::scalar(
            "resamples",
            Rule::Other("resamples_out_of_range", "is not from 1 to 1,000,000"),
            f64::from(resamples),
        ));
    }
    let profit: f64 = gross_profit.iter().sum();
    let time: f64 = months.iter().sum();
    let left: f64 = churned.iter().sum();
    let value = ratio(profit, left);
    let mut result = Bootstrap {
        ltv: Interval::new(value, f64::NAN, f64::NAN),
        delta: Interval::UNDEFINED,
        log_se: f64::NAN,
        gross_profit_month: ratio(profit, time),
        churn: ratio(left, time),
        unbounded_share: f64::NAN,
    };
    if (profit + left + confidence).is_nan() {
        result.ltv = Interval::UNDEFINED;
        return Ok(result);
    }
    let size = n as f64;
    if n > 1 {
        let spread: f64 = gross_profit
            .iter()
            .zip(churned)
            .map(|(profit, churned)| {
                let rest = profit - value * churned;
                rest * rest
            })
            .sum();
        let se = (spread * size / (size - 1.0)).sqrt() / left;
        result.log_se = if value > 0.0 { se / value } else { f64::NAN };
        result.delta = around(value, result.log_se, confidence);
    }
    let mut values = Vec::with_capacity(resamples as usize);
    let mut unbounded = 0_u32;
    for sample in 0..u64::from(resamples) {
        let (mut profit, mut left) = (0.0, 0.0);
        for draw in 0..n as u64 {
            let word = mixed(seed, sample.wrapping_mul(n as u64).wrapping_add(draw));
            // The high half of a 128-bit product: an index below n, without bias that could be seen.
            let index = usize::try_from((u128::from(word) * n as u128) >> 64).unwrap_or(0);
            profit += gross_profit.get(index).unwrap_or(&0.0);
            left += churned.get(index).unwrap_or(&0.0);
        }
        if left == 0.0 {
            unbounded += 1;
            values.push(f64::INFINITY);
        } else {
            values.push(profit / left);
        }
    }
    values.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - confidence);
    result.ltv.low = percentile(&values, tail);
    result.ltv.high = percentile(&values, 1.0 - tail);
    // All samples are alike: equal customers, or nobody who left.
    result.ltv = result.ltv.with_width();
    result.unbounded_share = f64::from(unbounded) / f64::from(resamples);
    Ok(result)
}

/// A percentile of sorted values, interpolated between neighbours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among at most a million values"
)]
fn percentile(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let below = place.floor();
    let (Some(&low), Some(&high)) = (
        sorted.get(below as usize),
        sorted.get(place.ceil() as usize),
    ) else {
        return f64::NAN;
    };
    if low == high {
        low
    } else {
        low + (high - low) * (place - below)
    }
}

/// A word of the seed's stream (the output function of G. Steele, D. Lea and C. Flood, *Fast splittable pseudorandom number
/// generators*, 2014), by its number: order and threads cannot change it.
fn mixed(seed: u64, number: u64) -> u64 {
    let mut word = number
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(seed.wrapping_mul(0xd1b5_4a32_d192_ed03));
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

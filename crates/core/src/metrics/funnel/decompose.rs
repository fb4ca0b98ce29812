//! What changed between two periods, factor by factor.

use super::super::math::{ln, ratio};
use super::super::{DomainError, Rule};

/// The funnel of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// Cost of a thousand impressions.
    pub cpm: f64,
    /// Share of impressions that are clicked.
    pub ctr: f64,
    /// Share of clicks that buy.
    pub cvr: f64,
    /// Revenue of an order; only profit needs it.
    pub aov: f64,
    /// Share of revenue that is left for advertising and profit; only profit needs it.
    pub margin: f64,
}

impl Period {
    fn check(&self) -> Result<(), DomainError> {
        DomainError::check("cpm", Rule::NonNegative, self.cpm)?;
        DomainError::check("ctr", Rule::Rate, self.ctr)?;
        DomainError::check("cvr", Rule::Rate, self.cvr)?;
        DomainError::check("aov", Rule::NonNegative, self.aov)?;
        DomainError::check("margin", Rule::Margin, self.margin)?;
        Ok(())
    }

    fn cpa(&self) -> f64 {
        ratio(self.cpm, 1000.0 * self.ctr * self.cvr)
    }

    fn contribution(&self) -> f64 {
        1000.0 * self.ctr * self.cvr * self.aov * self.margin
    }
}

/// The change of the cost per order and of profit between two periods, by factor.
///
/// Parts that need the logarithm of nothing are `NaN`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decomposition {
    /// Cost per order before.
    pub cpa_before: f64,
    /// Cost per order after.
    pub cpa_after: f64,
    /// `ln(cpa_after / cpa_before)`: the sum of the next three.
    pub log_ratio: f64,
    /// What the price of impressions adds to it.
    pub cpm: f64,
    /// What the click rate adds: negative when it rose.
    pub ctr: f64,
    /// What the conversion rate adds: negative when it rose.
    pub cvr: f64,
    /// `cpm / log_ratio`. Shares add up to 1 and may be negative or above 1; `NaN` when the cost per order is unchanged.
    pub cpm_share: f64,
    /// `ctr / log_ratio`.
    pub ctr_share: f64,
    /// `cvr / log_ratio`.
    pub cvr_share: f64,
    /// Change of the profit per thousand impressions: the sum of the next five.
    pub profit_change: f64,
    /// What the price of impressions adds to it.
    pub profit_cpm: f64,
    /// What the click rate adds.
    pub profit_ctr: f64,
    /// What the conversion rate adds.
    pub profit_cvr: f64,
    /// What the order value adds.
    pub profit_aov: f64,
    /// What the margin adds.
    pub profit_margin: f64,
}

/// Divides a change of the cost per order, and of the profit per thousand impressions, among the stages of the funnel.
///
/// The cost per order is a product, so the logarithms of the factors' ratios add up to the logarithm of its own ratio, without
/// a remainder and without an order in which the factors are taken. Profit is contribution less cost. The change of the
/// contribution, a product, is shared in proportion to the same logarithms, with the logarithmic mean of both contributions as
/// weight (B. Ang, *The LMDI approach to decomposition analysis*, 2005); that too leaves no remainder, and exchanging the
/// periods changes every sign. Contributions have to be above zero for it.
///
/// # Errors
///
/// A negative cost or order value, rates above 1.
///
/// ```
/// use edgetally_core::metrics::funnel::{Period, decompose};
///
/// let before = Period { cpm: 12.0, ctr: 0.015, cvr: 0.03, aov: 80.0, margin: 0.57 };
/// let after = Period { cpm: 15.0, ctr: 0.018, ..before };
/// let change = decompose(&before, &after)?;
/// assert!((change.cpm + change.ctr + change.cvr - change.log_ratio).abs() < 1e-15);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn decompose(before: &Period, after: &Period) -> Result<Decomposition, DomainError> {
    before.check()?;
    after.check()?;
    let growth = |before: f64, after: f64| log_ratio(after, before);
    let cpm = growth(before.cpm, after.cpm);
    let ctr = -growth(before.ctr, after.ctr);
    let cvr = -growth(before.cvr, after.cvr);
    let log_ratio = cpm + ctr + cvr;
    let mean = logarithmic_mean(before.contribution(), after.contribution());
    let profit_cpm = before.cpm - after.cpm;
    let profit_ctr = -ctr * mean;
    let profit_cvr = -cvr * mean;
    let profit_aov = growth(before.aov, after.aov) * mean;
    let profit_margin = growth(before.margin, after.margin) * mean;
    Ok(Decomposition {
        cpa_before: before.cpa(),
        cpa_after: after.cpa(),
        log_ratio,
        cpm,
        ctr,
        cvr,
        cpm_share: ratio(cpm, log_ratio),
        ctr_share: ratio(ctr, log_ratio),
        cvr_share: ratio(cvr, log_ratio),
        profit_change: (after.contribution() - before.contribution()) + profit_cpm,
        profit_cpm,
        profit_ctr,
        profit_cvr,
        profit_aov,
        profit_margin,
    })
}

/// `ln(a / b)` where both are above zero, `NaN` elsewhere.
fn log_ratio(a: f64, b: f64) -> f64 {
    if a > 0.0 && b > 0.0 {
        let quotient = a / b;
        // Near 1 the difference of two logarithms would lose digits, far from it the quotient its range.
        if quotient > 0.5 && quotient < 2.0 {
            super::super::math::log1p((a - b) / b)
        } else {
            ln(a) - ln(b)
        }
    } else {
        f64::NAN
    }
}

/// `(b - a) / ln(b / a)`, and `a` where they are equal.
fn logarithmic_mean(a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0) {
        f64::NAN
    } else if a == b {
        a
    } else {
        (b - a) / log_ratio(b, a)
    }
}

pub(super) const OUTPUTS: &[&str] = &[
    "cpa_before",
    "cpa_after",
    "log_ratio",
    "cpm",
    "ctr",
    "cvr",
    "cpm_share",
    "ctr_share",
    "cvr_share",
    "profit_change",
    "profit_cpm",
    "profit_ctr",
    "profit_cvr",
    "profit_aov",
    "profit_margin",
];

/// A row of the calculator: three inputs of each period, then order values and margins.
pub(super) fn row(given: [f64; 10]) -> Option<[f64; 15]> {
    let [
        cpm_before,
        ctr_before,
        cvr_before,
        cpm,
        ctr,
        cvr,
        aov_before,
        aov,
        margin_before,
        margin,
    ] = given;
    let before = Period {
        cpm: cpm_before,
        ctr: ctr_before,
        cvr: cvr_before,
        aov: aov_before,
        margin: margin_before,
    };
    let after = Period {
        cpm,
        ctr,
        cvr,
        aov,
        margin,
    };
    let x = decompose(&before, &after).ok()?;
    Some([
        x.cpa_before,
        x.cpa_after,
        x.log_ratio,
        x.cpm,
        x.ctr,
        x.cvr,
        x.cpm_share,
        x.ctr_share,
        x.cvr_share,
        x.profit_change,
        x.profit_cpm,
        x.profit_ctr,
        x.profit_cvr,
        x.profit_aov,
        x.profit_margin,
    ])
}

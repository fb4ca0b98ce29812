//! How sure the counts of a funnel make its result.

use super::super::math::{exp, ratio};
use super::super::special::{gamma_quantile, normal_quantile};
use super::super::{DomainError, Interval, Rule};
use super::profit::product_exceeds;

/// What was counted, and what it costs and brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunnelCounts {
    /// Impressions.
    pub impressions: f64,
    /// Clicks among them.
    pub clicks: f64,
    /// Orders among those.
    pub conversions: f64,
    /// Cost of a thousand impressions: a price, known exactly.
    pub cpm: f64,
    /// Revenue of an order, taken as known.
    pub aov: f64,
    /// Share of revenue that is left for advertising and profit.
    pub margin: f64,
    /// Confidence of the intervals, as 0.95.
    pub confidence: f64,
    /// The beta distribution that both rates are thought to come from before anything is counted.
    pub prior: (f64, f64),
}

/// A funnel with the uncertainty of its counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunnelUncertainty {
    /// Cost per order; `NaN` without orders.
    pub cpa: f64,
    /// Standard error of its logarithm; `NaN` without orders, and where every impression has become one.
    pub log_cpa_se: f64,
    /// The cost per order with an interval symmetric on the logarithm. `NaN` without orders.
    pub cpa_ci_delta: Interval,
    /// The cost per order with the exact interval of a Poisson number of orders (F. Garwood, 1936). Without orders its upper
    /// end is infinite.
    pub cpa_ci_poisson: Interval,
    /// Revenue per advertising cost.
    pub roas: f64,
    /// That with the interval of the cost per order.
    pub roas_ci_delta: Interval,
    /// Probability that a thousand impressions bring more than they cost, given the counts and the prior.
    pub prob_profit_positive: f64,
    /// Mean of `ctr * cvr` given the counts and the prior.
    pub posterior_mean_conversion_per_impression: f64,
}

/// Cost per order, return and the probability of a profit from counted impressions, clicks and orders.
///
/// Delta method: `Var(ln cpa) = (1 - ctr) / clicks + (1 - cvr) / conversions`, two independent binomial stages at a fixed price.
/// The probability is `P(ctr cvr > cpm / (1000 aov margin))` with beta distributions of both rates, by quadrature; it keeps its
/// digits when it is tiny, down to 1e-299; below that it is 0.
///
/// # Errors
///
/// Counts that are not counts or exceed the stage before, a negative cost or order value, a margin above 1, a confidence not
/// inside 0 and 1, a prior that is not positive.
///
/// ```
/// use edgetally_core::metrics::funnel::{FunnelCounts, uncertainty};
///
/// let sparse = uncertainty(&FunnelCounts { impressions: 20_000.0, clicks: 300.0, conversions: 9.0, cpm: 12.0,
///     aov: 80.0, margin: 0.57, confidence: 0.95, prior: (1.0, 1.0) })?;
/// assert!((sparse.cpa_ci_delta.high - 51.24349383229778).abs() < 1e-6);
/// assert!((sparse.prob_profit_positive - 0.9568190268797823).abs() < 1e-9);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn uncertainty(counts: &FunnelCounts) -> Result<FunnelUncertainty, DomainError> {
    let FunnelCounts {
        impressions,
        clicks,
        conversions,
        cpm,
        aov,
        margin,
        confidence,
        prior,
    } = *counts;
    DomainError::check("impressions", Rule::Count, impressions)?;
    DomainError::check("clicks", Rule::Count, clicks)?;
    DomainError::check("conversions", Rule::Count, conversions)?;
    if clicks > impressions {
        return Err(DomainError::scalar(
            "clicks",
            Rule::AtMost("impressions"),
            clicks,
        ));
    }
    if conversions > clicks {
        return Err(DomainError::scalar(
            "conversions",
            Rule::AtMost("clicks"),
            conversions,
        ));
    }
    DomainError::check("cpm", Rule::NonNegative, cpm)?;
    DomainError::check("aov", Rule::NonNegative, aov)?;
    DomainError::check("margin", Rule::Margin, margin)?;
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    DomainError::check("prior", Rule::Positive, prior.0)?;
    DomainError::check("prior", Rule::Positive, prior.1)?;

    let spend = cpm * impressions / 1000.0;
    let cpa = ratio(spend, conversions);
    let roas = ratio(conversions * aov, spend);
    let (ctr, cvr) = (ratio(clicks, impressions), ratio(conversions, clicks));
    let log_cpa_se = if conversions == 0.0 {
        f64::NAN
    } else {
        // Where every impression has bought, the sample shows no variance: that is not to know the cost exactly.
        let square = (1.0 - ctr) / clicks + (1.0 - cvr) / conversions;
        if square > 0.0 {
            square.sqrt()
        } else {
            f64::NAN
        }
    };
    let factor = exp(normal_quantile(0.5 + 0.5 * confidence) * log_cpa_se);
    let (outside, inside) = (0.5 * (1.0 - confidence), 0.5 + 0.5 * confidence);
    let fewest = if conversions == 0.0 {
        0.0
    } else {
        gamma_quantile(conversions, outside, inside)
    };
    let most = gamma_quantile(conversions + 1.0, inside, outside);
    let cpa_high = if fewest == 0.0 && spend > 0.0 {
        f64::INFINITY
    } else {
        ratio(spend, fewest)
    };
    // No impressions tell nothing at all.
    let told = if impressions == 0.0 { f64::NAN } else { 0.0 };
    let first = (prior.0 + clicks, prior.1 + (impressions - clicks));
    let second = (prior.0 + conversions, prior.1 + (clicks - conversions));
    Ok(FunnelUncertainty {
        cpa,
        log_cpa_se,
        cpa_ci_delta: Interval::new(cpa, cpa / factor, cpa * factor).with_width(),
        cpa_ci_poisson: Interval::new(cpa, ratio(spend, most) + told, cpa_high + told).with_width(),
        roas,
        roas_ci_delta: Interval::new(roas, roas / factor, roas * factor).with_width(),
        prob_profit_positive: probability_profit_positive(first, second, cpm, aov * margin),
        posterior_mean_conversion_per_impression: (first.0 / (first.0 + first.1))
            * (second.0 / (second.0 + second.1)),
    })
}

/// `P(1000 ctr cvr worth > cpm)` with independent beta distributions of both rates. `worth` is what an order leaves for
/// advertising and profit.
///
/// `NaN` for a `NaN` and for parameters that are not positive.
pub fn probability_profit_positive(ctr: (f64, f64), cvr: (f64, f64), cpm: f64, worth: f64) -> f64 {
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let valid = positive(ctr.0) && positive(ctr.1) && positive(cvr.0) && positive(cvr.1);
    if !valid || cpm.is_nan() || worth.is_nan() {
        f64::NAN
    } else if worth <= 0.0 {
        // An order costs something or leaves nothing. (Money for impressions, a negative cpm, does not occur.)
        0.0
    } else {
        product_exceeds(ctr, cvr, cpm / (1000.0 * worth))
    }
}

pub(super) const OUTPUTS: &[&str] = &[
    "cpa",
    "log_cpa_se",
    "cpa_ci_delta",
    "cpa_ci_delta.low",
    "cpa_ci_delta.high",
    "roas",
    "roas_ci_delta",
    "roas_ci_delta.low",
    "roas_ci_delta.high",
    "prob_profit_positive",
    "posterior_mean_conversion_per_impression",
    "cpa_ci_poisson",
    "cpa_ci_poisson.low",
    "cpa_ci_poisson.high",
];

/// A row of the calculator.
pub(super) fn row(counts: &FunnelCounts) -> Option<[f64; 14]> {
    let x = uncertainty(counts).ok()?;
    Some([
        x.cpa,
        x.log_cpa_se,
        x.cpa_ci_delta.estimate,
        x.cpa_ci_delta.low,
        x.cpa_ci_delta.high,
        x.roas,
        x.roas_ci_delta.estimate,
        x.roas_ci_delta.low,
        x.roas_ci_delta.high,
        x.prob_profit_positive,
        x.posterior_mean_conversion_per_impression,
        x.cpa_ci_poisson.estimate,
        x.cpa_ci_poisson.low,
        x.cpa_ci_poisson.high,
    ])
}

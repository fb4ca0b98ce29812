//! Shifted-beta-geometric lifetimes: P. Fader and B. Hardie, *How to project customer retention*, 2007.
//!
//! Each customer has a churn probability of their own, and those follow a beta distribution. Retention then rises with age,
//! because those who leave easily are gone first: no customer needs to become more loyal for it.

use super::super::Interval;
use super::super::cash_flow::check_rate;
use super::super::funnel::{Density, logistic};
use super::super::math::{exp, ln, log1p, ratio};
use super::super::roots;
use super::super::special::normal_quantile;
use super::super::{DomainError, Rule};

/// Why `alpha` and `beta` cannot be told from these survivors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Boundary {
    /// One transition cannot hold two parameters.
    TooFewPeriods,
    /// Nobody left.
    NobodyLeft,
    /// Everybody left in the first period.
    EverybodyLeft,
    /// Retention does not rise with age: customers are alike, and the model is the geometric one (both parameters are
    /// infinite).
    Alike,
    /// Some left at once and nobody afterwards: both parameters are zero.
    Divided,
}

impl Boundary {
    /// The stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooFewPeriods => "too_few_periods",
            Self::NobodyLeft => "nobody_left",
            Self::EverybodyLeft => "everybody_left",
            Self::Alike => "alike",
            Self::Divided => "divided",
        }
    }
}

/// A shifted-beta-geometric fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sbg {
    /// First parameter of the churn probabilities' beta distribution, with its interval (symmetric in the logarithm, from the
    /// observed information). `NaN` when it cannot be told.
    pub alpha: Interval,
    /// Second parameter, likewise.
    pub beta: Interval,
    /// The log likelihood of the survivors at its maximum.
    pub log_likelihood: f64,
    /// Expected periods as a customer, each discounted to the first: `sum of survival(t) / (1 + discount)^t`, with its
    /// interval by the delta method on the logarithm.
    pub discounted_expected_lifetime: Interval,
    /// That times the gross profit of a period; `NaN` when none was given. The interval is that of the lifetime alone.
    pub ltv: Interval,
    /// Share of customers who stay through the first period.
    pub retention_1: f64,
    /// Share of customers left after 8 periods.
    pub survival_8: f64,
    /// Share of customers left after 12 periods.
    pub survival_12: f64,
    /// Standard error of `ln alpha`.
    pub log_alpha_se: f64,
    /// Standard error of `ln beta`.
    pub log_beta_se: f64,
    /// Correlation of the two.
    pub correlation: f64,
    /// Whether the survivors tell both parameters.
    pub identified: bool,
    /// Whether they tell them within a factor of about seven at 95 %: a standard error of a logarithm below 1.
    pub well_identified: bool,
    /// Why they do not.
    pub boundary: Option<Boundary>,
    /// Churn of the first period.
    mean: f64,
    /// Discount rate per period.
    discount: f64,
}

/// Fits the shifted-beta-geometric model to the survivors of one cohort by maximum likelihood.
///
/// `survivors[0]` is the size of the cohort, `survivors[t]` how many are left after `t` periods. `annual_discount` is the
/// discount rate of one period, a year in the paper; with monthly survivors pass the monthly rate.
///
/// For each degree of heterogeneity the best first churn is found (there the likelihood is concave), and the heterogeneity is
/// then searched over eighteen decades, so that a second local maximum would be seen.
///
/// # Errors
///
/// Fewer than two numbers, numbers that are not counts, nobody at the start, more survivors than before, a discount of -1 or
/// less, an infinite profit, a confidence not inside 0 and 1.
///
/// ```
/// use edgetally_core::metrics::ltv::fit_sbg;
///
/// let fit = fit_sbg(&[1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0], 0.1, None, 0.95)?;
/// assert!((fit.alpha.estimate - 0.704).abs() < 1e-3 && (fit.beta.estimate - 1.182).abs() < 1e-3);
/// assert!((fit.survival(12.0) - 0.17004).abs() < 1e-5);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn fit_sbg(
    survivors: &[f64],
    annual_discount: f64,
    gross_profit: Option<f64>,
    confidence: f64,
) -> Result<Sbg, DomainError> {
    if survivors.len() < 2 {
        return Err(DomainError::whole("survivors", Rule::Rows(2)));
    }
    DomainError::check_all("survivors", Rule::Count, survivors)?;
    check_rate("annual_discount", annual_discount)?;
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    if let Some(profit) = gross_profit {
        DomainError::check("gross_profit", Rule::Finite, profit)?;
    }
    for (index, pair) in survivors.windows(2).enumerate() {
        if let &[before, after] = pair
            && after > before
        {
            return Err(DomainError {
                index: Some(index + 1),
                ..DomainError::scalar(
                    "survivors",
                    Rule::Other("survivors_increase", "is more than the one before"),
                    after,
                )
            });
        }
    }
    if survivors.first() == Some(&0.0) {
        return Err(DomainError {
            index: Some(0),
            ..DomainError::scalar("survivors", Rule::PositiveCount, 0.0)
        });
    }
    let mut fit = Sbg {
        alpha: Interval::UNDEFINED,
        beta: Interval::UNDEFINED,
        log_likelihood: f64::NAN,
        discounted_expected_lifetime: Interval::UNDEFINED,
        ltv: Interval::UNDEFINED,
        retention_1: f64::NAN,
        survival_8: f64::NAN,
        survival_12: f64::NAN,
        log_alpha_se: f64::NAN,
        log_beta_se: f64::NAN,
        correlation: f64::NAN,
        identified: false,
        well_identified: false,
        boundary: None,
        mean: f64::NAN,
        discount: annual_discount,
    };
    if survivors.iter().any(|x| x.is_nan()) {
        return Ok(fit);
    }
    let data = Survivors(survivors);
    let z = normal_quantile(0.5 + 0.5 * confidence);
    match data.maximum() {
        Ok((mean, spread)) => {
            let (alpha, beta) = (mean / spread, (1.0 - mean) / spread);
            fit.mean = mean;
            fit.log_likelihood = data.log_likelihood(mean, spread);
            fit.identified = true;
            let errors = data.errors(alpha, beta);
            let (lifetime, by_alpha, by_beta) = lifetime(alpha, beta, annual_discount);
            let around = |x: f64, se: f64| {
                let factor = exp(z * se);
                Interval::new(x, x / factor, x * factor)
            };
            if let Some((var_alpha, var_beta, covariance)) = errors {
                fit.log_alpha_se = var_alpha.sqrt();
                fit.log_beta_se = var_beta.sqrt();
                fit.correlation = covariance / (fit.log_alpha_se * fit.log_beta_se);
                fit.well_identified = fit.log_alpha_se < 1.0 && fit.log_beta_se < 1.0;
                let variance = by_alpha * by_alpha * var_alpha
                    + 2.0 * by_alpha * by_beta * covariance
                    + by_beta * by_beta * var_beta;
                fit.discounted_expected_lifetime = around(lifetime, variance.max(0.0).sqrt());
            } else {
                fit.discounted_expected_lifetime = around(lifetime, f64::NAN);
            }
            fit.alpha = around(alpha, fit.log_alpha_se);
            fit.beta = around(beta, fit.log_beta_se);
        }
        Err((mean, boundary)) => {
            fit.mean = mean;
            fit.boundary = Some(boundary);
            let d = annual_discount;
            fit.log_likelihood = match boundary {
                Boundary::Divided => data.log_likelihood(mean, f64::INFINITY),
                _ => data.log_likelihood(mean, 0.0),
            };
            fit.discounted_expected_lifetime = match boundary {
                Boundary::TooFewPeriods => Interval::UNDEFINED,
                Boundary::EverybodyLeft => Interval::new(1.0, f64::NAN, f64::NAN),
                Boundary::Divided => {
                    let left = if d > 0.0 {
                        (1.0 - mean) / d
                    } else {
                        f64::INFINITY
                    };
                    Interval::new(1.0 + left, f64::NAN, f64::NAN)
                }
                Boundary::NobodyLeft => {
                    let all = if d > 0.0 {
                        (1.0 + d) / d
                    } else {
                        f64::INFINITY
                    };
                    Interval::new(all, f64::NAN, f64::NAN)
                }
                Boundary::Alike => {
                    let lost = data.lost();
                    let lifetime = if d + mean > 0.0 {
                        (1.0 + d) / (d + mean)
                    } else {
                        f64::INFINITY
                    };
                    let factor = exp(z * mean / (d + mean) * ((1.0 - mean) / lost).sqrt());
                    Interval::new(lifetime, lifetime / factor, lifetime * factor)
                }
            };
        }
    }
    fit.retention_1 = 1.0 - fit.mean;
    fit.survival_8 = fit.survival(8.0);
    fit.survival_12 = fit.survival(12.0);
    if let Some(profit) = gross_profit {
        fit.ltv = fit.discounted_expected_lifetime.map(|x| x * profit);
        if profit < 0.0 {
            fit.ltv = fit.ltv.swapped();
        }
    }
    Ok(fit)
}

impl Sbg {
    /// Share of customers left after `periods`; a fraction of a period is interpolated by the model's own formula.
    pub fn survival(&self, periods: f64) -> f64 {
        if periods < 0.0 || periods.is_nan() || self.mean.is_nan() {
            return f64::NAN;
        }
        if periods == 0.0 {
            return 1.0;
        }
        match self.boundary {
            None => survival(self.alpha.estimate, self.beta.estimate, periods),
            Some(Boundary::TooFewPeriods) => {
                if periods == 1.0 {
                    1.0 - self.mean
                } else {
                    f64::NAN
                }
            }
            Some(Boundary::Divided) => 1.0 - self.mean,
            Some(_) => exp(periods * log1p(-self.mean)),
        }
    }

    /// Share of those who reached period `period - 1` who also reach `period`; the first is 1.
    pub fn retention(&self, period: f64) -> f64 {
        if period < 1.0 || period.is_nan() || self.mean.is_nan() {
            return f64::NAN;
        }
        match self.boundary {
            None => {
                let (alpha, beta) = (self.alpha.estimate, self.beta.estimate);
                (beta + period - 1.0) / (alpha + beta + period - 1.0)
            }
            Some(Boundary::TooFewPeriods) if period > 1.0 => f64::NAN,
            Some(Boundary::Divided) if period > 1.0 => 1.0,
            Some(_) => 1.0 - self.mean,
        }
    }

    /// Discounted expected further periods of a customer who has just decided to stay for the `renewals`-th time, that
    /// period included (Fader and Hardie, *Customer-base valuation in a contractual setting*, 2010). `NaN` when the
    /// parameters cannot be told.
    pub fn residual_lifetime(&self, renewals: f64) -> f64 {
        if renewals < 0.0 || renewals.is_nan() || !self.identified {
            return f64::NAN;
        }
        let (alpha, beta) = (self.alpha.estimate, self.beta.estimate);
        lifetime(alpha, beta + renewals, self.discount).0
    }
}

/// How many of a cohort are left after each period.
struct Survivors<'a>(&'a [f64]);

/// Heterogeneity `1 / (alpha + beta)` is searched from here to its inverse.
const LEAST_SPREAD: f64 = 1e-9;
/// Steps of that search per factor of `e`.
const STEPS: f64 = 6.0;

impl Survivors<'_> {
    /// Age, those who left there, and those who stayed.
    fn ages(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.0.windows(2).enumerate().filter_map(|(age, pair)| {
            let &[before, after] = pair else { return None };
            Some((age as f64, before - after, after))
        })
    }

    fn lost(&self) -> f64 {
        self.ages().map(|(_, left, _)| left).sum()
    }

    /// First churn and heterogeneity at the maximum, or the first churn at the edge and which edge that is.
    fn maximum(&self) -> Result<(f64, f64), (f64, Boundary)> {
        let lost = self.lost();
        let stayed: f64 = self.ages().map(|(_, _, stayed)| stayed).sum();
        let (first_left, first_stayed) = self
            .ages()
            .next()
            .map_or((0.0, 0.0), |(_, left, stayed)| (left, stayed));
        let alike = lost / (lost + stayed);
        let first = first_left / (first_left + first_stayed);
        if lost == 0.0 {
            return Err((0.0, Boundary::NobodyLeft));
        }
        if first_stayed == 0.0 {
            return Err((1.0, Boundary::EverybodyLeft));
        }
        if self.0.len() == 2 {
            return Err((first, Boundary::TooFewPeriods));
        }
        // Only the first period tells: nobody ever left afterwards.
        if lost == first_left {
            return Err((first, Boundary::Divided));
        }
        let slope = |log_spread: f64| {
            let spread = exp(log_spread);
            self.slope(self.best_mean(spread), spread)
        };
        let start = ln(LEAST_SPREAD);
        let steps = (-2.0 * start * STEPS).ceil();
        let mut best: Option<(f64, f64, f64)> = None;
        let (mut left, mut at_left) = (start, slope(start));
        let mut step = 1.0;
        while step <= steps {
            let right = start + step / STEPS;
            let at_right = slope(right);
            if at_left > 0.0 && at_right <= 0.0 {
                let spread = exp(roots::bracketed(slope, left, right, at_left, at_right, 0.0));
                let mean = self.best_mean(spread);
                let likelihood = self.log_likelihood(mean, spread);
                if best.is_none_or(|(most, ..)| likelihood > most) {
                    best = Some((likelihood, mean, spread));
                }
            }
            (left, at_left) = (right, at_right);
            step += 1.0;
        }
        match best {
            Some((likelihood, mean, spread)) if likelihood > self.log_likelihood(alike, 0.0) => {
                Ok((mean, spread))
            }
            _ => Err((alike, Boundary::Alike)),
        }
    }

    /// The first churn at which the likelihood is highest for this heterogeneity.
    fn best_mean(&self, spread: f64) -> f64 {
        let lost = self.lost();
        let stayed: f64 = self.ages().map(|(_, _, stayed)| stayed).sum();
        let first = self.ages().next().map_or(0.0, |(_, _, stayed)| stayed);
        let slope = |mean: f64| {
            let pull: f64 = self
                .ages()
                .map(|(age, _, stayed)| stayed / (1.0 + spread * age - mean))
                .sum();
            lost / mean - pull
        };
        // All ages taken as the first, and all but the first left out, bound it.
        let (low, high) = (lost / (lost + stayed), lost / (lost + first));
        let (at_low, at_high) = (slope(low), slope(high));
        if at_low <= 0.0 {
            low
        } else if at_high >= 0.0 {
            high
        } else {
            roots::bracketed(slope, low, high, at_low, at_high, 0.0)
        }
    }

    /// Derivative of the log likelihood by the heterogeneity.
    fn slope(&self, mean: f64, spread: f64) -> f64 {
        self.ages()
            .map(|(age, left, stayed)| {
                let all = 1.0 + spread * age;
                let kept = all - mean;
                stayed * age * mean / (kept * all) - left * age / all
            })
            .sum()
    }

    /// `sum of left ln(churn) + stayed ln(1 - churn)`, with the churn of each age `mean / (1 + spread age)`.
    fn log_likelihood(&self, mean: f64, spread: f64) -> f64 {
        let term = |count: f64, log: f64| if count == 0.0 { 0.0 } else { count * log };
        self.ages()
            .map(|(age, left, stayed)| {
                let churn = if age == 0.0 {
                    mean
                } else {
                    mean / (1.0 + spread * age)
                };
                term(left, ln(churn)) + term(stayed, log1p(-churn))
            })
            .sum()
    }

    /// Variances of `ln alpha` and `ln beta` and their covariance, by the inverse of the observed information.
    fn errors(&self, alpha: f64, beta: f64) -> Option<(f64, f64, f64)> {
        let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
        for (age, left, stayed) in self.ages() {
            let all = alpha + beta + age;
            let both = (left + stayed) / (all * all);
            aa += left / (alpha * alpha) - both;
            bb += stayed / ((beta + age) * (beta + age)) - both;
            ab -= both;
        }
        let (aa, bb, ab) = (aa * alpha * alpha, bb * beta * beta, ab * alpha * beta);
        let determinant = aa * bb - ab * ab;
        if determinant > 1e-12 * aa * bb && aa > 0.0 {
            Some((bb / determinant, aa / determinant, -ab / determinant))
        } else {
            None
        }
    }
}

/// `B(alpha, beta + t) / B(alpha, beta)`.
fn survival(alpha: f64, beta: f64, periods: f64) -> f64 {
    const MOST: f64 = 4096.0;
    if periods == periods.floor() && periods <= MOST {
        let mut survival = 1.0;
        let mut age = 0.0;
        while age < periods {
            survival *= (beta + age) / (alpha + beta + age);
            age += 1.0;
        }
        survival
    } else {
        // The mean of (1 - p)^t.
        let kept = |s: f64| exp(-periods * softplus(s));
        weighted(alpha, beta, -ln(periods.max(1.0)), kept).map_or(f64::NAN, |(mean, ..)| mean)
    }
}

/// The discounted expected lifetime `2F1(1, beta; alpha + beta; 1 / (1 + discount))`, and the derivatives of its logarithm by
/// `ln alpha` and `ln beta`.
///
/// It is the mean of `(1 + d) / (d + p)` over the beta distribution of `p`, which is well behaved where the series is not.
pub(super) fn lifetime(alpha: f64, beta: f64, discount: f64) -> (f64, f64, f64) {
    let undefined = (f64::NAN, f64::NAN, f64::NAN);
    if discount.is_nan() {
        return undefined;
    }
    if discount <= 0.0 {
        let sum = alpha + beta;
        if discount < 0.0 || alpha <= 1.0 {
            // Money that grows with time, or too many who never leave.
            return (f64::INFINITY, f64::NAN, f64::NAN);
        }
        return (
            (sum - 1.0) / (alpha - 1.0),
            alpha * (1.0 / (sum - 1.0) - 1.0 / (alpha - 1.0)),
            beta / (sum - 1.0),
        );
    }
    weighted(alpha, beta, ln(discount), |s| {
        let (p, _) = logistic(s);
        (1.0 + discount) / (discount + p)
    })
    .map_or(undefined, |(mean, by_alpha, by_beta)| {
        (mean, alpha * by_alpha / mean, beta * by_beta / mean)
    })
}

/// `ln(1 + e^s)`.
fn softplus(s: f64) -> f64 {
    s.max(0.0) + log1p(exp(-s.abs()))
}

/// The mean of a function of `s = ln(p / (1 - p))` over a beta distribution of `p`, and its derivatives by both parameters.
///
/// On that scale the integrand is analytic in a strip and falls exponentially, so that the trapezoid rule converges
/// geometrically (Trefethen and Weideman, *The exponentially convergent trapezoidal rule*, 2014). The normalising integral is
/// summed at the same points. Far out only the exponential is left of the weight, and its sum is a geometric one. The function
/// has to be level 40 below `bend`, and at 40.
fn weighted(alpha: f64, beta: f64, bend: f64, f: impl Fn(f64) -> f64) -> Option<(f64, f64, f64)> {
    const TAIL: f64 = 40.0;
    const MOST: u32 = 2_000_000;
    if !(alpha > 0.0 && beta > 0.0 && alpha < 1e300 && beta < 1e300) {
        return None;
    }
    let density = Density::new(alpha, beta);
    let center = density.center;
    let width = (1.0 / alpha + 1.0 / beta).sqrt();
    // For a large `beta` the integrand is bounded in a strip of half the width of the logistic function.
    let step = (0.5 * width).min(0.25);
    let weight = |s: f64| {
        let (p, q) = logistic(s);
        exp(density.log_at(p, q))
    };
    // Sums of the weight and of the weight times: f, ln p, ln q, f ln p, f ln q.
    let mut sums = [0.0_f64; 6];
    let mut add = |w: f64, value: f64, ln_p: f64, ln_q: f64| {
        let terms = [1.0, value, ln_p, ln_q, value * ln_p, value * ln_q];
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += w * term;
        }
    };
    let mut largest = 0.0_f64;
    for side in [-1.0, 1.0] {
        let mut index = if side < 0.0 { 1.0 } else { 0.0 };
        for _ in 0..MOST {
            let s = center + side * index * step;
            let w = weight(s);
            let value = f(s);
            largest = largest.max(w * value.max(1.0));
            add(w, value, -softplus(-s), -softplus(s));
            index += 1.0;
            let bent = if side < 0.0 { bend.min(0.0) } else { 0.0 };
            if (s - bent) * side > TAIL && s * side > center * side {
                // The further terms fall by the same factor; f, and the logarithm that does not stay zero, grow at most linearly.
                let rate = if side < 0.0 { alpha } else { beta };
                let factor = exp(-rate * step);
                let rest = w * factor / (1.0 - factor);
                let reach = s.abs() + step / (1.0 - factor);
                let value = f(s + side * step);
                if side < 0.0 {
                    add(rest, value, -reach, 0.0);
                } else {
                    add(rest, value, 0.0, -reach);
                }
                break;
            }
            if w * value.abs().max(1.0) < largest * 1e-40 {
                break;
            }
        }
    }
    let [total, value, ln_p, ln_q, value_ln_p, value_ln_q] = sums;
    let mean = ratio(value, total);
    Some((
        mean,
        value_ln_p / total - mean * (ln_p / total),
        value_ln_q / total - mean * (ln_q / total),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the hypergeometric function and the beta function at 60 digits (mpmath).
    #[test]
    fn lifetimes_and_survival_over_many_decades() {
        for (alpha, beta, discount, want) in [
            (0.01, 0.02, 0.1, 7.51124364930607588),
            (0.001, 5.0, 0.0001, 9929.95204982928854),
            (0.7, 1.2, 1e-09, 1567.52864963919148),
            (1.0, 1.0, 0.01, 4.66127172200967203),
            (2.0, 3.0, 1e-06, 3.99985621339394553),
            (30.0, 400.0, 0.008, 13.2920582128421013),
            (5000.0, 90000.0, 0.01, 16.1282082745065039),
            (0.5, 200.0, 0.1, 10.7439429226459683),
            (200.0, 0.5, 0.1, 1.00228257672000081),
            (3.0, 0.001, 0.05, 1.00045759410376359),
            (1000000.0, 20000000.0, 0.01, 17.5289370222127542),
            (2.5, 1.5, 5.0, 1.06827602479734459),
            (0.05, 0.05, 1e-12, 126596703303.421838),
        ] {
            let (got, ..) = lifetime(alpha, beta, discount);
            assert!(
                (got - want).abs() <= 2e-13 * want,
                "{alpha} {beta} {discount}: {got:e} {want:e}"
            );
        }
        for (alpha, beta, periods, want) in [
            (0.7, 1.2, 1.5, 0.542743909378522892),
            (0.7, 1.2, 10000.5, 0.00165996802633374423),
            (30.0, 400.0, 2.25, 0.850035725125247743),
            (0.01, 0.02, 1000000.5, 0.577533645033124008),
            (5000.0, 90000.0, 100.5, 0.00437944208175358822),
        ] {
            let got = survival(alpha, beta, periods);
            assert!(
                (got - want).abs() <= 2e-13 * want,
                "{alpha} {beta} {periods}: {got:e} {want:e}"
            );
        }
    }

    #[test]
    fn without_discount_the_lifetime_is_the_sum() {
        let (lifetime_now, by_alpha, by_beta) = lifetime(3.0, 5.0, 0.0);
        assert_eq!((lifetime_now, by_alpha), (3.5, 3.0 * (1.0 / 7.0 - 0.5)));
        assert_eq!(by_beta, 5.0 / 7.0);
        let (near, near_alpha, near_beta) = lifetime(3.0, 5.0, 1e-13);
        assert!((near - 3.5).abs() < 1e-11);
        assert!((near_alpha - by_alpha).abs() < 1e-11 && (near_beta - by_beta).abs() < 1e-11);
        assert_eq!(lifetime(1.0, 5.0, 0.0).0, f64::INFINITY);
        assert_eq!(lifetime(3.0, 5.0, -0.01).0, f64::INFINITY);
        assert!(lifetime(3.0, f64::INFINITY, 0.1).0.is_nan());
    }
}

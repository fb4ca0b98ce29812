//! Sample ratio mismatch: were the arms split as planned?
//!
//! A split that differs from the plan by more than chance means that users were lost or counted in one arm and not in the
//! other, and then no lift can be believed. Three answers: the chi-square test of fit; for two arms the exact binomial test
//! (two-sided: all outcomes that are at most as likely as the one seen, as R and SciPy define it); and the
//! Dirichlet-multinomial Bayes factor of Lindon and Malek, *Anytime-Valid Inference for Multinomial Count Data* (NeurIPS 2022),
//! which may be looked at as often as one likes.

use super::math::{exp, ln, log1p};
use super::special::{beta_cdf, binomial_pmf, chi2_sf, ln_gamma};
use super::{DomainError, Rule};

/// The answers of [`srm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Srm {
    /// Pearson's statistic.
    pub chi2: f64,
    /// Arms with a weight, less one.
    pub df: f64,
    /// The p-value of the chi-square test.
    pub p_value: f64,
    /// The exact two-sided binomial p-value; `NaN` unless there are two arms.
    pub p_exact_binomial: f64,
    /// The logarithm of the Bayes factor against the planned split, prior concentration 100: made for gross faults.
    pub log_bayes_factor_k100: f64,
    /// Its always-valid p-value, `min(1, 1/BF)`. The running minimum over looks is the caller's to take.
    pub p_sequential_k100: f64,
    /// The same with concentration 10,000: made for small faults in large tests.
    pub log_bayes_factor_k10000: f64,
    /// Its always-valid p-value.
    pub p_sequential_k10000: f64,
    /// Whether `p_value` is below 0.001, the usual level for an alert.
    pub mismatch: bool,
}

/// Whether observed counts fit the planned weights.
///
/// Weights are relative: `[0.9, 0.1]` and `[9, 1]` are the same plan. An arm with weight and count zero is left out.
///
/// ```
/// use edgetally_core::metrics::srm::srm;
///
/// let check = srm(&[821_588.0, 815_482.0], &[1.0, 1.0])?;
/// assert!(check.mismatch);
/// assert!((check.p_value - 1.82e-6).abs() < 1e-8);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Fewer than two arms, not as many weights as counts, counts that are no counts, negative weights, no weight at all, or a
/// count in an arm without weight.
pub fn srm(observed: &[f64], weights: &[f64]) -> Result<Srm, DomainError> {
    let arms = arms(observed, weights)?;
    let df = arms.len() as f64 - 1.0;
    // NaN for no users at all: nothing fits and nothing does not.
    let chi2: f64 = arms
        .iter()
        .map(|arm| arm.excess * arm.excess / arm.expected)
        .sum();
    let p_value = chi2_sf(chi2, df);
    let k100 = bayes_factor(&arms, 100.0);
    let k10000 = bayes_factor(&arms, 10_000.0);
    let at_most_one = |log: f64| if log < 0.0 { 1.0 } else { exp(-log) };
    Ok(Srm {
        chi2,
        df,
        p_value,
        p_exact_binomial: match arms.as_slice() {
            [first, second] => exact(first, second),
            _ => f64::NAN,
        },
        log_bayes_factor_k100: k100,
        p_sequential_k100: at_most_one(k100),
        log_bayes_factor_k10000: k10000,
        p_sequential_k10000: at_most_one(k10000),
        mismatch: p_value < 0.001,
    })
}

/// The logarithm of the Dirichlet-multinomial Bayes factor against the planned split, with a prior concentration of one's own.
///
/// # Errors
///
/// As [`srm`]; and a concentration that is not positive.
pub fn log_bayes_factor(
    observed: &[f64],
    weights: &[f64],
    concentration: f64,
) -> Result<f64, DomainError> {
    let arms = arms(observed, weights)?;
    DomainError::check("concentration", Rule::Positive, concentration)?;
    Ok(bayes_factor(&arms, concentration))
}

struct Arm {
    observed: f64,
    share: f64,
    expected: f64,
    /// Observed less expected, with the digits that a plain difference would lose.
    excess: f64,
}

fn arms(observed: &[f64], weights: &[f64]) -> Result<Vec<Arm>, DomainError> {
    if observed.len() < 2 {
        return Err(DomainError::whole("observed", Rule::Rows(2)));
    }
    if weights.len() != observed.len() {
        return Err(DomainError::whole("weights", Rule::SameLength("observed")));
    }
    DomainError::check_all("observed", Rule::Count, observed)?;
    DomainError::check_all("weights", Rule::NonNegative, weights)?;
    let stray = observed
        .iter()
        .zip(weights)
        .position(|(count, weight)| *weight == 0.0 && *count > 0.0);
    if let Some(index) = stray {
        return Err(DomainError {
            index: Some(index),
            ..DomainError::scalar(
                "weights",
                Rule::Other("zero_weight", "is zero for an arm that has users"),
                0.0,
            )
        });
    }
    let users: f64 = observed.iter().sum();
    // The sum of the weights, and what its rounding lost.
    let (whole, rest) = weights
        .iter()
        .fold((0.0_f64, 0.0_f64), |(sum, rest), weight| {
            let next = sum + weight;
            let part = next - sum;
            (next, rest + ((sum - (next - part)) + (weight - part)))
        });
    if whole == 0.0 {
        return Err(DomainError::whole(
            "weights",
            Rule::Other("no_weight", "are all zero"),
        ));
    }
    Ok(observed
        .iter()
        .zip(weights)
        // A NaN weight is kept: it is carried on.
        .filter(|(_, weight)| **weight != 0.0)
        .map(|(observed, weight)| {
            let share = weight / whole;
            // observed - users weight / whole, over one denominator: the rounding errors of the product and of the sum of the
            // weights are put back.
            let product = users * weight;
            let lost = users.mul_add(*weight, -product) - observed * rest;
            Arm {
                observed: *observed,
                share,
                expected: users * share,
                excess: (observed.mul_add(whole, -product) - lost) / whole,
            }
        })
        .collect())
}

/// `P(X <= k)` and beyond for the two arms, without summing: the incomplete beta function on either side, and the first outcome
/// of the far side that is at most as likely as the one seen, found by halving.
fn exact(first: &Arm, second: &Arm) -> f64 {
    let users = first.observed + second.observed;
    // Nobody seen is no evidence of either, as the chi-square test says.
    if users.is_nan() || users == 0.0 || first.share.is_nan() || second.share.is_nan() {
        return f64::NAN;
    }
    if first.excess == 0.0 {
        return 1.0;
    }
    // The arm that has too few users, so that the near side is the lower one.
    let (few, many) = if first.excess < 0.0 {
        (first, second)
    } else {
        (second, first)
    };
    let (p, q, seen) = (few.share, many.share, few.observed);
    // Equally likely outcomes differ in the last digits; SciPy's margin.
    let likelihood = binomial_pmf(seen, users, p, q) * (1.0 + 1e-7);
    let below = beta_cdf(users - seen, seen + 1.0, q, p).0;
    let unlikely = |outcome: f64| binomial_pmf(outcome, users, p, q) <= likelihood;
    let (mut inside, mut far) = (few.expected.ceil() - 1.0, users);
    let above = if unlikely(far) {
        while far - inside > 1.0 {
            let middle = (inside + (far - inside) / 2.0).floor();
            if middle <= inside || middle >= far {
                // Above 2^53 whole numbers have gaps.
                break;
            }
            if unlikely(middle) {
                far = middle;
            } else {
                inside = middle;
            }
        }
        beta_cdf(far, users - far + 1.0, p, q).0
    } else {
        0.0
    };
    let both = below + above;
    if both > 1.0 { 1.0 } else { both }
}

/// The logarithm of `∫ Multinomial(x; π) Dirichlet(π; K w) dπ / Multinomial(x; w)`.
///
/// As a difference of logarithms of gamma functions this loses all digits of large counts. With `a = K w + x`, `A = K + n` and Stirling's
/// formula written out, the large parts cancel on paper, and what is left is small: a sum of deviances of `a` from `A w`, a
/// half logarithm of the ratio of the concentrations, and Stirling's remainders.
fn bayes_factor(arms: &[Arm], concentration: f64) -> f64 {
    let users: f64 = arms.iter().map(|arm| arm.observed).sum();
    let total = concentration + users;
    let start =
        ln(total / concentration) / 2.0 + stirling_rest(concentration) - stirling_rest(total);
    arms.iter().fold(start, |sum, arm| {
        let prior = concentration * arm.share;
        let posterior = prior + arm.observed;
        sum + deviance(arm.excess, total * arm.share) - ln(posterior / prior) / 2.0
            + stirling_rest(posterior)
            - stirling_rest(prior)
    })
}

/// `x ln(x/m) - x + m` for `x = m + excess`.
fn deviance(excess: f64, m: f64) -> f64 {
    let u = excess / m;
    if u.abs() < 0.1 {
        // (1 + u) ln(1 + u) - u = u²/2 - u³/6 + u⁴/12 - ..: the terms are (-u)^k / (k (k - 1)).
        let (mut sum, mut term) = (0.0, u * u);
        for k in 2..20_u32 {
            sum += term / f64::from(k * (k - 1));
            term *= -u;
        }
        m * sum
    } else if u <= -1.0 {
        m
    } else {
        m * ((1.0 + u) * log1p(u) - u)
    }
}

/// What Stirling's formula leaves of the logarithm of the gamma function: `ln Γ(x) - (x - ½) ln x + x - ½ ln 2π`.
fn stirling_rest(x: f64) -> f64 {
    const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;
    if x < 10.0 {
        ln_gamma(x) - (x - 0.5) * ln(x) + x - HALF_LN_2PI
    } else {
        let y = 1.0 / (x * x);
        // Bernoulli's numbers B(2k)/(2k(2k - 1)).
        let series = [
            1.0 / 12.0,
            -1.0 / 360.0,
            1.0 / 1260.0,
            -1.0 / 1680.0,
            1.0 / 1188.0,
            -691.0 / 360_360.0,
            1.0 / 156.0,
            -3617.0 / 122_400.0,
        ];
        series.iter().rev().fold(0.0, |sum, c| sum * y + c) / x
    }
}

//! Probabilities of counts.

use super::pieces::{FRAC_1_SQRT_2_PI, SaddlePoint, deviance, stirling_rest};
use crate::metrics::math::{exp, ln, log1p};

/// The binomial probability of exactly `k` of `n`, with chance `p` each and `q = 1 - p`.
///
/// The smaller of `p` and `q` is taken as exact. After C. Loader (2000). 0 where `k` is not a whole number from 0 to `n`;
/// `NaN` where `n` is negative or `p` is not a chance.
///
/// ```
/// use edgetally_core::metrics::special::binomial_pmf;
/// assert!((binomial_pmf(3.0, 10.0, 0.5, 0.5) - 120.0 / 1024.0).abs() < 1e-16);
/// ```
pub fn binomial_pmf(k: f64, n: f64, p: f64, q: f64) -> f64 {
    if !((0.0..f64::INFINITY).contains(&n) && (0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q))
        || k.is_nan()
    {
        return f64::NAN;
    }
    if k < 0.0 || k > n || k != k.trunc() {
        return 0.0;
    }
    let power = |small: f64, large: f64, n: f64| {
        // large^n, from whichever of the two is exact.
        if n == 0.0 {
            1.0
        } else if large <= small {
            exp(n * ln(large))
        } else {
            exp(n * log1p(-small))
        }
    };
    if k == 0.0 {
        power(p, q, n)
    } else if k == n {
        power(q, p, n)
    } else if p == 0.0 || q == 0.0 {
        0.0
    } else {
        SaddlePoint::new(k, n - k, p, q).probability()
    }
}

/// The Poisson probability of exactly `k` where `mu` are expected. After C. Loader (2000).
///
/// 0 where `k` is not a whole number from 0; `NaN` where `mu` is negative or not finite.
pub fn poisson_pmf(k: f64, mu: f64) -> f64 {
    if !(0.0..f64::INFINITY).contains(&mu) || k.is_nan() {
        f64::NAN
    } else if k < 0.0 || k != k.trunc() || k == f64::INFINITY {
        0.0
    } else if k == 0.0 {
        exp(-mu)
    } else if mu == 0.0 {
        0.0
    } else {
        poisson_kernel(k, mu)
    }
}

/// `x^a e^-x / Gamma(a + 1)` for any real `a > 0`, `x > 0`.
pub(super) fn poisson_kernel(a: f64, x: f64) -> f64 {
    FRAC_1_SQRT_2_PI * exp(-stirling_rest(a) - deviance(a, x, a - x)) / a.sqrt()
}

/// The hypergeometric probability of `k` good ones among `drawn` from `good` and `bad`, without return.
///
/// As three binomial probabilities with the same chance; after C. Loader (2000). 0 outside the support, `NaN` where there
/// are not that many to draw.
///
/// ```
/// use edgetally_core::metrics::special::hypergeometric_pmf;
/// assert!((hypergeometric_pmf(1.0, 2.0, 2.0, 2.0) - 4.0 / 6.0).abs() < 1e-15);
/// ```
pub fn hypergeometric_pmf(k: f64, good: f64, bad: f64, drawn: f64) -> f64 {
    let all = good + bad;
    if !(good >= 0.0 && bad >= 0.0 && drawn >= 0.0 && drawn <= all && all < f64::INFINITY)
        || k.is_nan()
    {
        return f64::NAN;
    }
    if k < 0.0 || k != k.trunc() || k > good || k > drawn || drawn - k > bad {
        return 0.0;
    }
    if drawn == 0.0 || drawn == all {
        return 1.0;
    }
    // Any chance gives the same quotient; this one keeps each factor away from underflow.
    let p = drawn / all;
    let q = 1.0 - p;
    binomial_pmf(k, good, p, q) * binomial_pmf(drawn - k, bad, p, q)
        / binomial_pmf(drawn, all, p, q)
}

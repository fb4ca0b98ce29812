//! Student's distribution and its inverse.

use super::beta::{beta_cdf, beta_quantile};
use super::normal::{normal_cdf, normal_quantile, normal_sf};

/// Both tails of Student's distribution, lower and upper, for any positive degrees of freedom; infinite degrees are the
/// normal distribution. Through the incomplete beta function.
///
/// ```
/// use edgetally_core::metrics::special::student_cdf;
/// let (lower, upper) = student_cdf(1.0, 1.0);
/// assert!((lower - 0.75).abs() < 1e-15 && (upper - 0.25).abs() < 1e-15);
/// ```
pub fn student_cdf(t: f64, df: f64) -> (f64, f64) {
    if df <= 0.0 || df.is_nan() || t.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if df == f64::INFINITY {
        return (normal_cdf(t), normal_sf(t));
    }
    let s = t * t;
    let all = df + s;
    let (x, y) = if all < f64::INFINITY {
        (df / all, s / all)
    } else {
        (0.0, 1.0)
    };
    let both = beta_cdf(0.5 * df, 0.5, x, y).0;
    let tail = 0.5 * both;
    if t < 0.0 {
        (tail, 1.0 - tail)
    } else {
        (1.0 - tail, tail)
    }
}

/// The quantile of Student's distribution: below it lies `p`. `NaN` outside 0 to 1, and unless `df` is positive.
///
/// ```
/// use edgetally_core::metrics::special::student_quantile;
/// assert!((student_quantile(0.975, 196534.9) - 1.9599760).abs() < 1e-6);
/// ```
pub fn student_quantile(p: f64, df: f64) -> f64 {
    if df <= 0.0 || df.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if df == f64::INFINITY {
        return normal_quantile(p);
    }
    if p == 0.5 {
        return 0.0;
    }
    let (tail, sign) = if p < 0.5 { (p, -1.0) } else { (1.0 - p, 1.0) };
    let both = 2.0 * tail;
    let (x, y) = beta_quantile(0.5 * df, 0.5, both, 1.0 - both);
    sign * (df * (y / x)).sqrt()
}

//! The regularised incomplete gamma function, its inverse and the logarithm of the gamma function.

use super::counts::poisson_kernel;
use super::normal::normal_quantile;
use super::panel::falling_tail;
use super::pieces::log1p_less_x;
use crate::metrics::math::{exp, ln};

/// From here on a tail near the mean is integrated; below, series and fraction are short.
const LARGE: f64 = 100.0;

/// The logarithm of the absolute value of the gamma function.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The regularised incomplete gamma functions `P(a, x)` and `Q(a, x)`: the two tails of the gamma distribution of shape `a`
/// and scale 1.
///
/// Prefactor: C. Loader (2000). Series for the lower tail, Legendre's continued fraction for the upper one, quadrature of
/// the density near the mean of a large `a`. `NaN` unless `a` is positive and finite.
///
/// ```
/// use edgetally_core::metrics::special::gamma_cdf;
/// let (lower, upper) = gamma_cdf(1.0, 2.0);
/// assert!((upper - 0.1353352832366127).abs() < 1e-16 && (lower - 0.8646647167633873).abs() < 1e-15);
/// ```
pub fn gamma_cdf(a: f64, x: f64) -> (f64, f64) {
    if !(a > 0.0 && a < f64::INFINITY) || x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    let (lower, upper, _) = tails(a, x);
    (lower, upper)
}

/// The upper tail of the chi-squared distribution.
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    gamma_cdf(0.5 * df, 0.5 * x).1
}

/// Both tails, and the density in `ln x`.
fn tails(a: f64, x: f64) -> (f64, f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0, 0.0);
    }
    if x == f64::INFINITY {
        return (1.0, 0.0, 0.0);
    }
    let pmf = poisson_kernel(a, x);
    let density = pmf * a;
    // Where the series needs more than some hundred terms.
    let near = a > LARGE && (x - a).abs() < (12.0 * a.sqrt()).max(0.1 * a);
    if x < a + 1.0 {
        let lower = if near {
            density * integral(a, x, -1.0)
        } else {
            pmf * series(a, x)
        };
        let lower = lower.min(1.0);
        let mut upper = 1.0 - lower;
        if upper < 0.05
            && let Some(fraction) = fraction(a, x)
        {
            upper = (density * fraction).min(1.0);
        }
        (lower, upper, density)
    } else {
        let upper = if near {
            density * integral(a, x, 1.0)
        } else {
            density * fraction(a, x).unwrap_or_else(|| integral(a, x, 1.0))
        };
        let upper = upper.min(1.0);
        (1.0 - upper, upper, density)
    }
}

/// `P(a, x)` over `x^a e^-x / Gamma(a + 1)`.
fn series(a: f64, x: f64) -> f64 {
    const TERMS: u32 = 10_000;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = a;
    for _ in 0..TERMS {
        k += 1.0;
        term *= x / k;
        sum += term;
        if term <= sum * 1e-17 {
            break;
        }
    }
    sum
}

/// `Q(a, x)` over `x^a e^-x / Gamma(a)`; `None` when it does not settle.
fn fraction(a: f64, x: f64) -> Option<f64> {
    const TERMS: u32 = 5000;
    let mut b = (x - a) + 1.0;
    let not_zero = |x: f64| if x == 0.0 { 1e-300 } else { x };
    let mut c = not_zero(b);
    let mut d = 0.0;
    let mut value = c;
    let mut k = 0.0;
    for _ in 0..TERMS {
        k += 1.0;
        let numerator = k * (a - k);
        b += 2.0;
        d = 1.0 / not_zero(b + numerator * d);
        c = not_zero(b + numerator / c);
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            return (value > 0.0).then(|| 1.0 / value);
        }
    }
    None
}

/// A tail over `x^a e^-x / Gamma(a)` by quadrature: the upper one with `side` 1, the lower one with -1.
fn integral(a: f64, x: f64, side: f64) -> f64 {
    let alpha = a - 1.0;
    let per_x = side / x;
    let slope = side * ((x - a) + 1.0) / x;
    let kernel = |s: f64| exp(alpha * log1p_less_x(s * per_x) - s * slope);
    let width = 1.0 / (alpha.sqrt() / (3.0 * x) + slope.abs() / 12.0);
    let end = if side > 0.0 { f64::INFINITY } else { x };
    falling_tail(kernel, width, end) / x
}

/// The quantile of the gamma distribution of shape `a` and scale 1: `p` lies below it and `q = 1 - p` above.
///
/// Newton's method on the logarithm of the smaller tail against `ln x`, where it is concave. `NaN` unless `a` is positive
/// and finite and `p` and `q` are chances.
pub fn gamma_quantile(a: f64, p: f64, q: f64) -> f64 {
    const STEPS: u32 = 100;
    let valid =
        a > 0.0 && a < f64::INFINITY && (0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q);
    if !valid {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if q == 0.0 {
        return f64::INFINITY;
    }
    let low = p <= q;
    let target = if low { p } else { q };
    let z = if low {
        normal_quantile(p)
    } else {
        -normal_quantile(q)
    };
    // Wilson and Hilferty (1931), and x^a / Gamma(a + 1) = p where that is small.
    let cube = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
    let mut x = a * cube * cube * cube;
    if x <= 0.1 * a || a < 1.0 {
        let power = exp((ln(target) + libm::lgamma(a + 1.0)) / a);
        x = if low { power } else { a.max(-ln(target)) };
    }
    x = x.max(f64::MIN_POSITIVE);
    let small = 1e-7 / a.max(1.0).sqrt();
    for _ in 0..STEPS {
        let (lower, upper, density) = tails(a, x);
        let tail = if low { lower } else { upper };
        if density == 0.0 || tail == 0.0 {
            // Underflow: towards the mean.
            x = 0.5 * (x + a);
            continue;
        }
        let step = ln(tail / target) * (tail / density);
        let step = if low { -step } else { step };
        let step = step.clamp(-50.0, 50.0);
        x *= exp(step);
        if step.abs() <= small {
            break;
        }
        if x == 0.0 {
            break;
        }
    }
    x
}

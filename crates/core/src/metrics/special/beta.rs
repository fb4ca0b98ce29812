//! The regularised incomplete beta function and its inverse.

use super::normal::normal_quantile;
use super::panel::falling_tail;
use super::pieces::{SaddlePoint, log1p_less_x};
use crate::metrics::math::{exp, ln};

/// From here on a tail may be integrated.
const LARGE: f64 = 100.0;
/// So many standard deviations from the mean to the end, and quadrature is faster than the continued fraction.
const LONG: f64 = 60.0;
/// Beyond so many standard deviations the continued fraction is short in any case.
const FAR: f64 = 4.0;

/// The regularised incomplete beta function `I_x(a, b)` and its complement, the two tails of the beta distribution.
///
/// `y` is `1 - x`, given by the caller, who may know its digits; the smaller of the two is taken as exact. Relative error
/// about 1e-14 in both tails also for parameters of 1e9. `NaN` unless both parameters are positive and finite.
///
/// Prefactor: C. Loader (2000). Continued fraction: A. R. DiDonato and A. H. Morris (1992), formula for `a, b > 1`, by the
/// modified Lentz method. Near the mean of large parameters, where the fraction is long: Gauss–Legendre quadrature of the
/// density relative to its value at `x`.
///
/// ```
/// use edgetally_core::metrics::special::beta_cdf;
/// let (lower, upper) = beta_cdf(2.0, 3.0, 0.25, 0.75);
/// assert!((lower - 67.0 / 256.0).abs() < 1e-15 && (upper - 189.0 / 256.0).abs() < 1e-15);
/// ```
pub fn beta_cdf(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if !(a > 0.0 && b > 0.0 && a < f64::INFINITY && b < f64::INFINITY) || x.is_nan() || y.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    let tails = Tails::new(a, b, x, y);
    (tails.lower, tails.upper)
}

/// Both tails, and what a quantile needs besides.
struct Tails {
    lower: f64,
    upper: f64,
    /// `ln lower`, also where `lower` underflows.
    ln_lower: f64,
    /// `lower` over the density in `ln(x / y)`.
    lower_ratio: f64,
}

impl Tails {
    /// For positive finite parameters.
    fn new(a: f64, b: f64, x: f64, y: f64) -> Self {
        if x <= 0.0 || y <= 0.0 {
            let lower = if x <= 0.0 { 0.0 } else { 1.0 };
            return Self {
                lower,
                upper: 1.0 - lower,
                ln_lower: ln(lower),
                lower_ratio: f64::NAN,
            };
        }
        let kernel = SaddlePoint::new(a, b, x, y);
        // x^a y^b / B(a, b) is the kernel times a b / (a + b), put so that it neither overflows nor vanishes.
        let (small, large) = if a < b { (a, b) } else { (b, a) };
        let factor = kernel.factor * (small / (1.0 + small / large));
        let density = factor * exp(kernel.exponent);
        let difference = kernel.difference;
        // Left of the mean (a little shifted, as the fraction converges) the lower tail is the direct one.
        let left = difference + y - x >= 0.0;
        let ratio = if left {
            tail(a, b, x, y, difference)
        } else {
            tail(b, a, y, x, -difference)
        };
        let one = (density * ratio).clamp(0.0, 1.0);
        let mut other = 1.0 - one;
        if other < 0.05 {
            // Very skew: the complement has lost digits; the other fraction is longer but has them.
            let direct = if left {
                fraction(b, a, y, x, -difference)
            } else {
                fraction(a, b, x, y, difference)
            };
            if let Some(direct) = direct {
                other = (density * direct).clamp(0.0, 1.0);
            }
        }
        let (lower, upper) = if left { (one, other) } else { (other, one) };
        let lower_ratio = if left { ratio } else { lower / density };
        Self {
            lower,
            upper,
            ln_lower: if lower > 1e-290 {
                ln(lower)
            } else {
                kernel.exponent + ln(factor * lower_ratio)
            },
            lower_ratio,
        }
    }
}

/// The lower tail over its density in `ln(x / y)`: the inverse of the reversed hazard, slowly varying where the tail itself
/// is not. `difference` is `a y - b x`.
pub(in crate::metrics) fn lower_ratio(a: f64, b: f64, x: f64, y: f64, difference: f64) -> f64 {
    if difference + y - x >= 0.0 {
        tail(a, b, x, y, difference)
    } else {
        Tails::new(a, b, x, y).lower_ratio
    }
}

/// The lower tail over `x^a y^b / B(a, b)`, for `x` not right of the mean.
fn tail(a: f64, b: f64, x: f64, y: f64, difference: f64) -> f64 {
    // The fraction needs about as many terms as the spread is long, less the farther out.
    let spread = (a * (b / (a + b))).sqrt();
    if a > LARGE && b > LARGE && spread > LONG && difference < FAR * spread {
        return integral(a, b, x, y, difference);
    }
    fraction(a, b, x, y, difference).unwrap_or_else(|| integral(a, b, x, y, difference))
}

/// The lower tail over `x^a y^b / B(a, b)` by a continued fraction; `None` when it does not settle.
fn fraction(a: f64, b: f64, x: f64, y: f64, difference: f64) -> Option<f64> {
    const TERMS: u32 = 2000;
    let above = |m: f64| {
        let d = a + (2.0 * m - 1.0);
        // A tiny a keeps its digits: a + (m - 1), not (a + m) - 1.
        ((a + (m - 1.0)) / d) * ((a + b + (m - 1.0)) / d * x) * (m * (b - m) * x)
    };
    let below = |m: f64| {
        m + m * (b - m) * x / (a + (2.0 * m - 1.0))
            + (a + m) / (a + (2.0 * m + 1.0)) * (difference + 1.0 + m * (1.0 + y))
    };
    // Division only at the end of each step: 1 / (b0 + a1 / (b1 + ...)).
    let mut c = below(0.0);
    let mut d = 0.0;
    let mut value = c;
    let mut m = 0.0;
    for _ in 0..TERMS {
        m += 1.0;
        let numerator = above(m);
        let denominator = below(m);
        d = 1.0 / not_zero(denominator + numerator * d);
        c = not_zero(denominator + numerator / c);
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            return (value > 0.0).then(|| 1.0 / value);
        }
    }
    None
}

fn not_zero(x: f64) -> f64 {
    if x == 0.0 { 1e-300 } else { x }
}

/// The lower tail over `x^a y^b / B(a, b)` by quadrature, for large parameters.
fn integral(a: f64, b: f64, x: f64, y: f64, difference: f64) -> f64 {
    // The logarithm of the density at x - s over that at x: linear part, and the rest of both logarithms.
    let slope = (difference - y + x) / (x * y);
    let (alpha, beta) = (a - 1.0, b - 1.0);
    let (per_x, per_y) = (1.0 / x, 1.0 / y);
    let kernel =
        |s: f64| exp(alpha * log1p_less_x(-s * per_x) + beta * log1p_less_x(s * per_y) - s * slope);
    let curvature = alpha * per_x * per_x + beta * per_y * per_y;
    // Three standard deviations, or a fall by e^12, whichever is shorter.
    let width = 1.0 / (curvature.sqrt() / 3.0 + slope.abs() / 12.0);
    falling_tail(kernel, width, x) / (x * y)
}

/// The quantile of the beta distribution, and its complement: `p` lies below it and `q = 1 - p` above.
///
/// Newton's method on the logarithm of the smaller tail against `ln(x / (1 - x))`, where it is concave. `NaN` unless the
/// parameters are positive and finite and `p` and `q` are chances.
///
/// ```
/// use edgetally_core::metrics::special::beta_quantile;
/// let (x, y) = beta_quantile(1.0, 2.0, 0.75, 0.25);
/// assert!((x - 0.5).abs() < 1e-15 && (y - 0.5).abs() < 1e-15);
/// ```
pub fn beta_quantile(a: f64, b: f64, p: f64, q: f64) -> (f64, f64) {
    let valid = a > 0.0
        && b > 0.0
        && a < f64::INFINITY
        && b < f64::INFINITY
        && (0.0..=1.0).contains(&p)
        && (0.0..=1.0).contains(&q);
    if !valid {
        return (f64::NAN, f64::NAN);
    }
    if p == 0.0 {
        return (0.0, 1.0);
    }
    if q == 0.0 {
        return (1.0, 0.0);
    }
    if p <= q {
        lower_quantile(a, b, p)
    } else {
        let (y, x) = lower_quantile(b, a, q);
        (x, y)
    }
}

/// For the smaller tail.
fn lower_quantile(a: f64, b: f64, p: f64) -> (f64, f64) {
    const STEPS: u32 = 100;
    let ln_p = ln(p);
    let spread = (1.0 / a + 1.0 / b).sqrt();
    let logit = if a > 1.0 && b > 1.0 {
        ln(a / b) + normal_quantile(p) * spread
    } else {
        // x^a / (a B(a, b)) = p where x is small.
        let ln_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
        let low = (ln_p + ln(a) + ln_beta) / a;
        if low < -0.7 { low } else { ln(a / b) }
    };
    let mut x = 1.0 / (1.0 + exp(-logit));
    let mut y = 1.0 / (1.0 + exp(logit));
    let small = 1e-7 * spread.min(1.0);
    for _ in 0..STEPS {
        if x == 0.0 || y == 0.0 {
            break;
        }
        let tails = Tails::new(a, b, x, y);
        // ln lower is concave: from either side the next point is on the left and the way from there is monotone.
        let step = (ln_p - tails.ln_lower) * tails.lower_ratio;
        if step.is_nan() {
            break;
        }
        let step = step.clamp(-50.0, 50.0);
        (x, y) = moved(x, y, step);
        if step.abs() <= small {
            break;
        }
    }
    (x, y)
}

/// `ln(x / y)` changed by a step.
fn moved(x: f64, y: f64, step: f64) -> (f64, f64) {
    let shrunk = exp(-step.abs());
    let (x, y) = if step > 0.0 {
        (x, y * shrunk)
    } else {
        (x * shrunk, y)
    };
    let sum = x + y;
    // The smaller one leads; the other is its complement, also after many steps.
    if x < y {
        let x = x / sum;
        (x, 1.0 - x)
    } else {
        let y = y / sum;
        (1.0 - y, y)
    }
}

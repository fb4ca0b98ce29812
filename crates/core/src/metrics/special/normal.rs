//! The normal distribution and its inverse.

use super::pieces::FRAC_1_SQRT_2_PI;
use crate::metrics::math::{erfc, exp, ln};

/// The density of the standard normal distribution.
#[inline]
pub fn normal_pdf(x: f64) -> f64 {
    // In two factors, the first with an exact square: one exponential of x^2 / 2 loses x^2 times the rounding.
    let coarse = (x * 16.0).trunc() / 16.0;
    if coarse.is_finite() {
        let rest = (x - coarse) * (x + coarse);
        FRAC_1_SQRT_2_PI * exp(-0.5 * coarse * coarse) * exp(-0.5 * rest)
    } else {
        exp(-0.5 * x * x)
    }
}

/// The lower tail of the standard normal distribution.
#[inline]
pub fn normal_cdf(x: f64) -> f64 {
    normal_sf(-x)
}

/// The upper tail of the standard normal distribution, with all its digits up to 38 standard deviations.
///
/// ```
/// use edgetally_core::metrics::special::normal_sf;
/// assert!((normal_sf(10.0) / 7.619853024160526e-24 - 1.0).abs() < 1e-15);
/// ```
#[inline]
pub fn normal_sf(x: f64) -> f64 {
    const HALF_ROOT: f64 = core::f64::consts::FRAC_1_SQRT_2;
    /// What the double above is too large by.
    const HALF_ROOT_REST: f64 = -4.833646656726457e-17;
    let z = x * HALF_ROOT;
    let tail = 0.5 * erfc(z);
    if x > 1.0 && x < 40.0 {
        // The rounding of z would cost x^2 of it in the tail: its first-order effect is put back.
        let rest = x.mul_add(HALF_ROOT, -z) + x * HALF_ROOT_REST;
        // Hazard of erfc: exactly it is 2 exp(-z^2) / (sqrt(pi) erfc(z)); its bounds of Birnbaum suffice at this order.
        let hazard = z + (z * z + 2.0).sqrt();
        return tail - tail * hazard * rest;
    }
    tail
}

/// The quantile of the standard normal distribution: below it lies `p`.
///
/// Algorithm AS 241 (M. J. Wichura, 1988) and one step of Halley's method. `NaN` outside 0 to 1.
///
/// ```
/// use edgetally_core::metrics::special::normal_quantile;
/// assert_eq!(normal_quantile(0.5), 0.0);
/// assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        // 1 - p is exact here.
        -lower_half(1.0 - p)
    } else {
        lower_half(p)
    }
}

/// The quantile with `q` above it: exact also where `1 - q` would be 1.
pub fn normal_quantile_sf(q: f64) -> f64 {
    -normal_quantile(q)
}

/// For `p <= 1/2`.
fn lower_half(p: f64) -> f64 {
    if !(0.0..=0.5).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    let x = wichura(p);
    if x == 0.0 {
        return 0.0;
    }
    let density = normal_pdf(x);
    if density < f64::MIN_POSITIVE {
        return x; // no digits there for a step
    }
    let step = (normal_cdf(x) - p) / density;
    x - step / (1.0 + 0.5 * x * step)
}

/// AS 241, PPND16.
fn wichura(p: f64) -> f64 {
    /// Coefficients by rising power.
    fn horner(coefficients: [f64; 8], x: f64) -> f64 {
        coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        let above = [
            3.3871328727963666080,
            1.3314166789178437745e2,
            1.9715909503065514427e3,
            1.3731693765509461125e4,
            4.5921953931549871457e4,
            6.7265770927008700853e4,
            3.3430575583588128105e4,
            2.5090809287301226727e3,
        ];
        let below = [
            1.0,
            4.2313330701600911252e1,
            6.8718700749205790830e2,
            5.3941960214247511077e3,
            2.1213794301586595867e4,
            3.9307895800092710610e4,
            2.8729085735721942674e4,
            5.2264952788528545610e3,
        ];
        return q * horner(above, r) / horner(below, r);
    }
    let r = (-ln(p)).sqrt();
    let (above, below, r) = if r <= 5.0 {
        (
            [
                1.42343711074968357734,
                4.63033784615654529590,
                5.76949722146069140550,
                3.64784832476320460504,
                1.27045825245236838258,
                2.41780725177450611770e-1,
                2.27238449892691845833e-2,
                7.74545014278341407640e-4,
            ],
            [
                1.0,
                2.05319162663775882187,
                1.67638483018380384940,
                6.89767334985100004550e-1,
                1.48103976427480074590e-1,
                1.51986665636164571966e-2,
                5.47593808499534494600e-4,
                1.05075007164441684324e-9,
            ],
            r - 1.6,
        )
    } else {
        (
            [
                6.65790464350110377720,
                5.46378491116411436990,
                1.78482653991729133580,
                2.96560571828504891230e-1,
                2.65321895265761230930e-2,
                1.24266094738807843860e-3,
                2.71155556874348757815e-5,
                2.01033439929228813265e-7,
            ],
            [
                1.0,
                5.99832206555887937690e-1,
                1.36929880922735805310e-1,
                1.48753612908506148525e-2,
                7.86869131145613259100e-4,
                1.84631831751005468180e-5,
                1.42151175831644588870e-7,
                2.04426310338993978564e-15,
            ],
            r - 5.0,
        )
    };
    -horner(above, r) / horner(below, r)
}

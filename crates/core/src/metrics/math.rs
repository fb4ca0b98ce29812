//! Elementary functions with the same bits on every platform.
//!
//! The standard library's `exp`, `ln`, `powf` and the rest call the platform's mathematics, which differ in the last digits
//! between a server and WebAssembly. These are one implementation in Rust; `crates/clippy.toml` bans the others. `sqrt`,
//! `abs`, `floor`, `ceil`, `mul_add` and the four operations are exact everywhere and are used as they are.

/// `e` to the power of `x`.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `e` to the power of `x`, less one, without loss near zero.
#[inline]
pub fn expm1(x: f64) -> f64 {
    libm::expm1(x)
}

/// The natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// The natural logarithm of `1 + x`, without loss near zero.
#[inline]
pub fn log1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// `x` to the power of `y`.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Sine.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine.
#[inline]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The angle whose cosine is `x`.
#[inline]
pub fn acos(x: f64) -> f64 {
    libm::acos(x)
}

/// The angle whose sine is `x`.
#[inline]
pub fn asin(x: f64) -> f64 {
    libm::asin(x)
}

/// The complementary error function.
#[inline]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// A quotient that is `NaN` where it is not defined: never infinite, never zero for want of a denominator.
///
/// ```
/// use edgetally_core::metrics::math::ratio;
/// assert_eq!(ratio(6.0, 3.0), 2.0);
/// assert!(ratio(6.0, 0.0).is_nan());
/// ```
#[inline(always)]
pub fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator == 0.0 {
        f64::NAN
    } else {
        numerator / denominator
    }
}

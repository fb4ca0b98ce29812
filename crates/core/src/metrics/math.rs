//! Elementary functions with the same bits on every platform.
//!
//! The standard library's `exp`, `ln`, `powf` and the rest call the platform's mathematics, which differ in the last digits
//! between a server and WebAssembly. These are one implementation in Rust, four of them written
//! here so that they run over columns in vector registers; `crates/clippy.toml` bans the others. `sqrt`,
//! `abs`, `floor`, `ceil`, `mul_add` and the four operations are exact everywhere and are used as they are.

/// `e` to the power of `x`, within one unit in the last place.
///
/// Without a branch, so that a loop over a column becomes vector instructions. `x` less a multiple of `ln 2` is small; there
/// `exp(r) = 1 + 2r / (R(r²) - r)` with the polynomial of W. J. Cody and the coefficients of FreeBSD's `e_exp.c`.
///
/// ```
/// use edgetally_core::metrics::math::exp;
/// assert_eq!((exp(0.0), exp(800.0), exp(-800.0)), (1.0, f64::INFINITY, 0.0));
/// assert!((exp(1.0) - std::f64::consts::E).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let (small, k) = reduced(x);
    scaled(1.0 + small, k)
}

/// `e` to the power of `x`, less one, without loss near zero.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let (small, k) = reduced(x);
    // 2^k (1 + small) - 1, with the two large terms taken together. From 2^56 on, one is below the last place.
    if k == 0.0 {
        small
    } else if k.abs() < 56.0 {
        let power = power_of_two(k);
        power * small + (power - 1.0)
    } else {
        scaled(1.0 + small, k) - 1.0
    }
}

const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `exp(r) - 1` for `x = r + k ln 2`, and `k`.
#[inline(always)]
fn reduced(x: f64) -> (f64, f64) {
    // Adding 1.5 * 2^52 rounds to a whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    // Beyond these ends nothing changes any more; NaN goes through.
    let x = if x > 720.0 { 720.0 } else { x };
    let x = if x < -760.0 { -760.0 } else { x };
    let k = (x * core::f64::consts::LOG2_E + ROUND) - ROUND;
    let high = x - k * LN2_HIGH;
    let low = k * LN2_LOW;
    let r = high - low;
    let square = r * r;
    let c = r - square
        * (1.666_666_666_666_660_2e-1
            + square
                * (-2.777_777_777_701_559_3e-3
                    + square
                        * (6.613_756_321_437_934e-5
                            + square
                                * (-1.653_390_220_546_525_2e-6
                                    + square * 4.138_136_797_057_238_5e-8))));
    (high - (low - (r * c) / (2.0 - c)), k)
}

/// `2^k` for a whole `k` from -1022 to 1023.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    // The sum's low bits are k + 1023; shifted into the exponent they are the power.
    const SHIFT: f64 = 6_755_399_441_055_744.0 + 1023.0;
    f64::from_bits((k + SHIFT).to_bits() << 52)
}

/// `y 2^k`, in two steps so that subnormal numbers are met.
#[inline(always)]
fn scaled(y: f64, k: f64) -> f64 {
    let half = (k * 0.5).floor();
    y * power_of_two(half) * power_of_two(k - half)
}

/// The natural logarithm, within one unit in the last place.
///
/// Without a branch. `x = 2^k (1 + f)` with `1 + f` around one, and with `s = f / (2 + f)` the series of `ln((1 + s) / (1 - s))`
/// in the coefficients of FreeBSD's `e_log.c`.
///
/// ```
/// use edgetally_core::metrics::math::ln;
/// assert_eq!((ln(1.0), ln(std::f64::consts::E), ln(0.0)), (0.0, 1.0, f64::NEG_INFINITY));
/// assert!(ln(-1.0).is_nan());
/// ```
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    // 1.0 less the bits of sqrt(1/2), so that the exponent changes there.
    const OFFSET: u64 = 0x3ff0_0000_0000_0000 - 0x3fe6_a09e_0000_0000;
    let subnormal = x < f64::MIN_POSITIVE;
    // 2^54 lifts a subnormal number into the normal ones.
    let lifted = if subnormal {
        x * 18_014_398_509_481_984.0
    } else {
        x
    };
    let bits = lifted.to_bits().wrapping_add(OFFSET);
    // The exponent as a number: its bits below those of 2^52.
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    let k = exponent - if subnormal { 1023.0 + 54.0 } else { 1023.0 };
    let f =
        f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_0000_0000)) - 1.0;
    let half = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w
        * (3.999_999_999_940_941_9e-1
            + w * (2.222_219_843_214_978_4e-1 + w * 1.531_383_769_920_937_3e-1));
    let odd = z
        * (6.666_666_666_666_735e-1
            + w * (2.857_142_874_366_239e-1
                + w * (1.818_357_216_161_805e-1 + w * 1.479_819_860_511_658_6e-1)));
    let value = (s * (half + (even + odd)) + k * LN2_LOW) - half + f + k * LN2_HIGH;
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    let value = if x < 0.0 { f64::NAN } else { value };
    // Infinity and NaN are their own logarithms.
    if x < f64::INFINITY { value } else { x }
}

/// The natural logarithm of `1 + x`, without loss near zero.
///
/// What rounding takes from `1 + x` is given back in the first order (HP-15C handbook, 1982).
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // Below 2^-53 nothing is left of x in the sum, and from 2^53 on nothing of the one.
    let value = ln(u) - ((u - 1.0) - x) / u;
    let value = if u == 1.0 { x } else { value };
    if x.abs() < f64::INFINITY && u != 0.0 {
        value
    } else {
        ln(u)
    }
}

/// `ln(a)` where a condition holds and `log1p(b)` elsewhere, to the bit, for the price of one logarithm.
#[inline(always)]
pub fn ln_or_log1p(condition: bool, a: f64, b: f64) -> f64 {
    let u = 1.0 + b;
    let whole = ln(if condition { a } else { u });
    let value = whole - ((u - 1.0) - b) / u;
    let value = if u == 1.0 { b } else { value };
    let near = !condition && b.abs() < f64::INFINITY && u != 0.0;
    if near { value } else { whole }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many representable numbers lie between two.
    fn steps(a: f64, b: f64) -> u64 {
        if a == b || (a.is_nan() && b.is_nan()) {
            return 0;
        }
        (a.to_bits().cast_signed()).abs_diff(b.to_bits().cast_signed())
    }

    /// Numbers of all sizes, the same ones every time.
    fn numbers(count: usize) -> impl Iterator<Item = u64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
        .take(count)
    }

    #[test]
    fn they_agree_with_another_implementation_to_the_last_place() {
        for bits in numbers(300_000) {
            let unit = (bits >> 11) as f64 / 9_007_199_254_740_992.0;
            let near = unit - 0.5;
            let wide = (unit - 0.5) * 1500.0;
            let any = f64::from_bits(bits);
            for x in [near, wide, near * 1e-9, near * 40.0, any] {
                assert!(steps(exp(x), libm::exp(x)) <= 1, "exp {x:e}");
                assert!(steps(expm1(x), libm::expm1(x)) <= 2, "expm1 {x:e}");
                assert!(steps(ln(x.abs()), libm::log(x.abs())) <= 1, "ln {x:e}");
                assert!(steps(log1p(x), libm::log1p(x)) <= 2, "log1p {x:e}");
            }
        }
    }

    #[test]
    fn one_logarithm_has_the_bits_of_the_two_that_it_stands_for() {
        let ends = [0.0, -0.0, -1.0, 1.0, 1e-300, f64::INFINITY, f64::NAN, 1e17];
        let others = numbers(100_000).map(f64::from_bits);
        let near = numbers(100_000).map(|bits| (bits >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5);
        for x in ends.into_iter().chain(others).chain(near) {
            let (a, b) = (ln_or_log1p(true, x, -x), ln_or_log1p(false, -x, x));
            assert_eq!(a.to_bits(), ln(x).to_bits(), "ln {x:e}");
            assert_eq!(b.to_bits(), log1p(x).to_bits(), "log1p {x:e}");
        }
    }

    #[test]
    fn the_ends_are_met() {
        for x in [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::MIN_POSITIVE,
            5e-324,
            -5e-324,
            f64::MAX,
            f64::MIN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            709.78,
            709.79,
            -745.1,
            -745.2,
            -708.5,
            1e-300,
            -0.999_999_999_999_999_9,
            1e16,
            1e308,
        ] {
            assert!(steps(exp(x), libm::exp(x)) <= 1, "exp {x:e}");
            assert!(steps(expm1(x), libm::expm1(x)) <= 2, "expm1 {x:e}");
            assert!(
                steps(ln(x), libm::log(x)) <= 1,
                "ln {x:e}: {} {}",
                ln(x),
                libm::log(x)
            );
            assert!(
                steps(log1p(x), libm::log1p(x)) <= 2,
                "log1p {x:e}: {} {}",
                log1p(x),
                libm::log1p(x)
            );
        }
    }
}

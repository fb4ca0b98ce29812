//! The pieces that the distributions share.

use crate::metrics::math::{exp, ln, log1p};

/// Half the logarithm of `2 pi`.
pub(super) const HALF_LN_2_PI: f64 = 0.9189385332046728;
/// One over the square root of `2 pi`.
pub(super) const FRAC_1_SQRT_2_PI: f64 = 0.3989422804014327;

/// `sum of s^k / (2k + 3)`: the part of the inverse hyperbolic tangent beyond its first term, for `0 <= s <= 1/9`.
#[inline]
fn atanh_rest(s: f64) -> f64 {
    let near =
        |s: f64| 1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0 + s * (1.0 / 11.0))));
    if s < 1e-3 {
        return near(s);
    }
    let beyond = |s: f64| {
        1.0 / 13.0
            + s * (1.0 / 15.0 + s * (1.0 / 17.0 + s * (1.0 / 19.0 + s * (1.0 / 21.0 + s / 23.0))))
    };
    let mut sum = beyond(s);
    if s > 0.012 {
        let far = 1.0 / 25.0
            + s * (1.0 / 27.0 + s * (1.0 / 29.0 + s * (1.0 / 31.0 + s * (1.0 / 33.0 + s / 35.0))));
        let s2 = s * s;
        sum += far * s2 * s2 * s2;
    }
    // Horner through the eleventh, then the first five.
    let s2 = s * s;
    near(s) + sum * s2 * s2 * s
}

/// `ln(1 + u) - u` without loss near zero, where it is `-u^2 / 2`.
#[inline]
pub(in crate::metrics) fn log1p_less_x(u: f64) -> f64 {
    if u > -0.5 && u <= 1.0 {
        // ln(1 + u) = 2 atanh(r), r = u / (2 + u), and 2 r - u = -u r.
        let r = u / (2.0 + u);
        let s = r * r;
        r * (2.0 * s * atanh_rest(s) - u)
    } else {
        log1p(u) - u
    }
}

/// The deviance part `count ln(count / mean) - (count - mean)`, the difference given by the caller, who may have more of its
/// digits than `count - mean` has.
#[inline]
pub(super) fn deviance(count: f64, mean: f64, difference: f64) -> f64 {
    let v = difference / (count + mean);
    if v.abs() < 1.0 / 3.0 {
        let s = v * v;
        difference * v + 2.0 * count * v * s * atanh_rest(s)
    } else if count > 0.0 {
        count * ln(count / mean) - difference
    } else {
        mean
    }
}

/// Stirling's remainder: `ln Gamma(x + 1) - (x + 1/2) ln x + x - ln(2 pi) / 2`, for `x > 0`.
#[inline]
pub(in crate::metrics) fn stirling_rest(x: f64) -> f64 {
    /// At 1/2, 1, 3/2, ... 31/2.
    const HALVES: [f64; 31] = [
        0.15342640972002736,
        0.08106146679532726,
        0.05481412105191765,
        0.0413406959554093,
        0.03316287351993629,
        0.02767792568499834,
        0.023746163656297496,
        0.020790672103765093,
        0.018488450532673187,
        0.016644691189821193,
        0.015134973221917378,
        0.013876128823070748,
        0.012810465242920227,
        0.01189670994589177,
        0.011104559758206917,
        0.010411265261972096,
        0.009799416126158804,
        0.009255462182712733,
        0.008768700134139386,
        0.00833056343336287,
        0.00793411456431402,
        0.007573675487951841,
        0.007244554301320383,
        0.00694284010720953,
        0.006665247032707682,
        0.006408994188004207,
        0.006171712263039458,
        0.0059513701127588475,
        0.0057462165130101155,
        0.005554733551962801,
        0.005375599032926835,
    ];
    if x >= 15.75 {
        let s = 1.0 / (x * x);
        let rest = if x > 500.0 {
            1.0 / 12.0 - s * (1.0 / 360.0 - s / 1260.0)
        } else {
            1.0 / 12.0
                - s * (1.0 / 360.0
                    - s * (1.0 / 1260.0
                        - s * (1.0 / 1680.0 - s * (1.0 / 1188.0 - s * (691.0 / 360360.0)))))
        };
        return rest / x;
    }
    let twice = 2.0 * x;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 31 where it is used; a cast of anything else saturates and finds nothing"
    )]
    if twice == twice.trunc()
        && let Some(known) = HALVES.get((twice as usize).wrapping_sub(1))
    {
        return *known;
    }
    if x < 1.0 {
        return libm::lgamma(x + 1.0) - (x + 0.5) * ln(x) + x - HALF_LN_2_PI;
    }
    // Upwards by rest(x) = rest(x + 1) + (x + 1/2) ln(1 + 1/x) - 1, a sum of positive terms in 1 / (2x + 1)^2.
    let mut x = x;
    let mut sum = 0.0;
    while x < 8.0 {
        let t = 1.0 / (2.0 * x + 1.0);
        let s = t * t;
        sum += s * atanh_rest(s);
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - s * (1.0 / 360.0
            - s * (1.0 / 1260.0
                - s * (1.0 / 1680.0
                    - s * (1.0 / 1188.0
                        - s * (691.0 / 360360.0
                            - s * (1.0 / 156.0
                                - s * (3617.0 / 122400.0 - s * (43867.0 / 244188.0))))))));
    sum + series / x
}

/// `a - n p` with the digits of the exact difference, for `n = n + n_rest`.
#[inline]
fn less_product(a: f64, n: f64, n_rest: f64, p: f64) -> f64 {
    let product = n * p;
    let product_rest = n.mul_add(p, -product);
    ((a - product) - product_rest) - n_rest * p
}

/// The binomial probability of `a` against `b` with chances `x` and `y`, for any real `a > 0`, `b > 0`:
/// `Gamma(a + b + 1) / (Gamma(a + 1) Gamma(b + 1)) x^a y^b`, in two parts that do not overflow.
#[derive(Clone, Copy)]
pub(in crate::metrics) struct SaddlePoint {
    /// The factor that does not depend on `x`.
    pub(in crate::metrics) factor: f64,
    /// The logarithm of the other factor.
    pub(in crate::metrics) exponent: f64,
    /// `a y - b x`: the distance from the mean.
    pub(in crate::metrics) difference: f64,
}

impl SaddlePoint {
    /// The smaller of `x` and `y` is taken as exact and the other as its complement.
    pub(in crate::metrics) fn new(a: f64, b: f64, x: f64, y: f64) -> Self {
        let n = a + b;
        let (large, small) = if a > b { (a, b) } else { (b, a) };
        let n_rest = small - (n - large);
        let difference = if x <= y {
            less_product(a, n, n_rest, x)
        } else {
            -less_product(b, n, n_rest, y)
        };
        Self {
            // The root of n / (a b).
            factor: FRAC_1_SQRT_2_PI * (1.0 / large + 1.0 / small).sqrt(),
            exponent: (stirling_rest(n) - stirling_rest(a) - stirling_rest(b))
                - (deviance(a, n * x, difference) + deviance(b, n * y, -difference)),
            difference,
        }
    }

    pub(super) fn probability(self) -> f64 {
        self.factor * exp(self.exponent)
    }
}

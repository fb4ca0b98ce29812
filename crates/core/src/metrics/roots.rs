//! Roots of functions of one variable, by bracketing.

/// The root of `f` between `a` and `b`, where it has the values `fa` and `fb` of opposite sign.
///
/// Chandrupatla's method (T. R. Chandrupatla, 1997): inverse quadratic interpolation where that is safe, bisection where it
/// is not. The result is within `tolerance` of a change of sign, or within the spacing of the floating-point numbers
/// there when that is wider. The values at the ends are arguments, so that nothing is evaluated twice.
///
/// `NaN` when the ends are not of opposite sign or are not finite, or when `f` gives `NaN`; never more than 200 evaluations.
///
/// ```
/// use edgetally_core::metrics::roots::bracketed;
/// let root = bracketed(|x| x * x - 2.0, 0.0, 2.0, -2.0, 2.0, 0.0);
/// assert!((root - 2.0_f64.sqrt()).abs() < 1e-15);
/// ```
pub fn bracketed(
    mut f: impl FnMut(f64) -> f64,
    a: f64,
    b: f64,
    fa: f64,
    fb: f64,
    tolerance: f64,
) -> f64 {
    const STEPS: u32 = 200;
    if fa == 0.0 {
        return a;
    }
    if fb == 0.0 {
        return b;
    }
    if !(a.is_finite() && b.is_finite()) || !((fa < 0.0 && fb > 0.0) || (fa > 0.0 && fb < 0.0)) {
        return f64::NAN;
    }
    // The newest point and the one across the root, and then the one before.
    let (mut x1, mut f1, mut x2, mut f2) = (b, fb, a, fa);
    let mut t = 0.5;
    for _ in 0..STEPS {
        let x = x1 + t * (x2 - x1);
        let fx = f(x);
        if fx.is_nan() {
            return f64::NAN;
        }
        let (x3, f3);
        if (fx > 0.0) == (f1 > 0.0) {
            (x3, f3) = (x1, f1);
        } else {
            (x3, f3) = (x2, f2);
            (x2, f2) = (x1, f1);
        }
        (x1, f1) = (x, fx);
        let (best, value) = if f1.abs() < f2.abs() {
            (x1, f1)
        } else {
            (x2, f2)
        };
        if value == 0.0 {
            return best;
        }
        let width = (x2 - x1).abs();
        let spacing = f64::EPSILON * best.abs() + 0.5 * tolerance.max(0.0);
        let least = spacing / width;
        if least >= 0.5 || least.is_nan() {
            return best;
        }
        // Where inverse quadratic interpolation stays inside and is trusted.
        let xi = (x1 - x2) / (x3 - x2);
        let phi = (f1 - f2) / (f3 - f2);
        t = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            f1 / (f2 - f1) * (f3 / (f2 - f3))
                + (x3 - x1) / (x2 - x1) * (f1 / (f3 - f1)) * (f2 / (f3 - f2))
        } else {
            0.5
        };
        // Also catches an interpolation without a value.
        t = if t.is_nan() {
            0.5
        } else {
            t.clamp(least, 1.0 - least)
        };
    }
    if f1.abs() < f2.abs() { x1 } else { x2 }
}

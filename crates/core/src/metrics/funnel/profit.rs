//! The probability that the product of two beta variables exceeds a bound.

use super::super::math::{exp, ln, log1p};
use super::super::special::{beta_cdf, log1p_less_x};

/// `P(X Y > bound)` for independent beta variables.
///
/// `P(X Y > k)` is the integral of the density of `X` times `P(Y > k / x)` over `x` from `k` to 1. On the scale
/// `t = ln((x - k) / (1 - x))` the integrand falls exponentially on both sides and is smooth, so that the trapezoid rule
/// converges geometrically; it is summed around its own peak, which for an unlikely event lies far from the peaks of both
/// densities. The density is taken relative to its own peak and its integral is summed in the same way: no gamma function of a
/// large number is involved, and a probability of 1e-200 has as many digits as one of a half. Above a half the opposite event
/// is summed.
pub(super) fn product_exceeds(x: (f64, f64), y: (f64, f64), bound: f64) -> f64 {
    if bound <= 0.0 {
        return 1.0;
    }
    if bound >= 1.0 {
        return 0.0;
    }
    let density = Density::new(x.0, x.1);
    // A rounding of the parameters moves the density by so much of its width; nothing can be surer than that.
    let noise = (f64::EPSILON * (x.0 + x.1 + y.0 + y.1).sqrt()).max(1e-14);
    let Some((log_whole, whole)) = peak_sum(
        |s| {
            let (p, q) = logistic(s);
            density.log_at(p, q)
        },
        density.center,
        noise,
    ) else {
        return f64::NAN;
    };
    let probability = |tail: fn((f64, f64)) -> f64| {
        let log = |t: f64| {
            let (p, q) = logistic(t);
            // x and 1 - x; then y = k / x and 1 - y, none of them by a difference that loses digits.
            let (at, rest) = (bound + (1.0 - bound) * p, (1.0 - bound) * q);
            let chance = tail(beta_cdf(y.0, y.1, bound / at, (1.0 - bound) * p / at));
            // The density is relative to dx / (x (1 - x)), and that is p / x dt.
            density.log_at(at, rest) + ln(chance) + ln(p / at)
        };
        peak_sum(log, peak_start(&density, bound), noise).map_or(0.0, |(log_part, part)| {
            exp(log_part - log_whole) * (part / whole)
        })
    };
    let above = probability(|(_, upper)| upper);
    if above < 0.5 {
        return above;
    }
    let (below, _) = beta_cdf(x.0, x.1, bound, 1.0 - bound);
    (1.0 - (below + probability(|(lower, _)| lower))).clamp(0.0, 1.0)
}

/// `1 / (1 + e^-s)` and its complement.
pub(in crate::metrics) fn logistic(s: f64) -> (f64, f64) {
    let small = exp(-s.abs());
    let (large, small) = (1.0 / (1.0 + small), small / (1.0 + small));
    if s < 0.0 {
        (small, large)
    } else {
        (large, small)
    }
}

/// Where to look for the peak first: at the density's own, when it is beyond the bound.
fn peak_start(density: &Density, bound: f64) -> f64 {
    if density.mode > bound {
        ln((density.mode - bound) / density.rest)
    } else {
        0.0
    }
}

/// The density of a beta variable on the logistic scale, `x^a (1 - x)^b`, relative to its peak.
pub(in crate::metrics) struct Density {
    a: f64,
    b: f64,
    /// Where the peak is, and its complement.
    mode: f64,
    rest: f64,
    /// The same on the logistic scale.
    pub(in crate::metrics) center: f64,
}

impl Density {
    pub(in crate::metrics) fn new(a: f64, b: f64) -> Self {
        Self {
            a,
            b,
            mode: a / (a + b),
            rest: b / (a + b),
            center: ln(a / b),
        }
    }

    /// The logarithm at `x`; `1 - x` is given.
    pub(in crate::metrics) fn log_at(&self, x: f64, rest: f64) -> f64 {
        let away = if x < 0.5 {
            x - self.mode
        } else {
            self.rest - rest
        };
        let (near, far) = (away / self.mode, -away / self.rest);
        if near.abs() < 0.5 && far.abs() < 0.5 {
            // The terms of first order cancel, and are left out.
            return self.a * log1p_less_x(near) + self.b * log1p_less_x(far);
        }
        let log = |share: f64, relative: f64| {
            if relative.abs() < 0.5 {
                log1p(relative)
            } else {
                ln(share)
            }
        };
        self.a * log(x / self.mode, near) + self.b * log(rest / self.rest, far)
    }
}

/// The integral of `exp(log)` over the line as the logarithm of its peak and the integral relative to that. `None` when nothing
/// but zero is found.
fn peak_sum(log: impl Fn(f64) -> f64, start: f64, noise: f64) -> Option<(f64, f64)> {
    const HALVINGS: u32 = 8;
    let (peak, height) = peak(&log, start)?;
    // How far the integrand takes to fall to 0.6 of its peak, as a normal density does in one standard deviation.
    let reach = |side: f64| {
        let mut distance = 1e-9;
        while distance < 64.0 && log(peak + side * distance) > height - 0.5 {
            distance *= 1.5;
        }
        distance
    };
    let mut step = (0.5 * reach(-1.0).min(reach(1.0))).min(0.4);
    let relative = |t: f64| {
        let value = exp(log(t) - height);
        if value.is_nan() { 0.0 } else { value }
    };
    let sum_from = |first: f64, step: f64| {
        let mut sum = 0.0;
        for side in [-1.0, 1.0] {
            let mut index = if side > 0.0 { 0.0 } else { 1.0 };
            // A hundred thousand steps are more than any shape here takes.
            while index < 100_000.0 {
                let value = relative(peak + first + side * index * step);
                sum += value;
                index += 1.0;
                if value < 1e-20 {
                    break;
                }
            }
        }
        sum
    };
    let mut sum = sum_from(0.0, step) * step;
    for _ in 0..HALVINGS {
        // The points between.
        let finer = 0.5 * (sum + sum_from(0.5 * step, step) * step);
        step *= 0.5;
        let settled = (finer - sum).abs() <= noise * finer;
        sum = finer;
        if settled {
            break;
        }
    }
    Some((height, sum))
}

/// The highest point of a function with one peak. It may be minus infinity on the left, where a probability has underflowed.
fn peak(log: impl Fn(f64) -> f64, start: f64) -> Option<(f64, f64)> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let value = |t: f64| {
        let value = log(t);
        if value.is_nan() {
            f64::NEG_INFINITY
        } else {
            value
        }
    };
    // Steps that double, uphill; from a point where nothing is seen, to the right.
    let mut middle = start;
    let mut at_middle = value(middle);
    let mut step = 0.01;
    if at_middle == f64::NEG_INFINITY {
        while at_middle == f64::NEG_INFINITY {
            if middle > 800.0 {
                return None;
            }
            middle += step;
            step = (step * 1.5).min(4.0);
            at_middle = value(middle);
        }
        step = 0.01;
    }
    let side = if value(middle + step * 1e-3) >= at_middle {
        1.0
    } else {
        -1.0
    };
    let mut far = middle + side * step;
    let mut at_far = value(far);
    let mut near = middle - side * step;
    while at_far > at_middle {
        (near, middle, at_middle) = (middle, far, at_far);
        step *= 2.0;
        far = middle + side * step;
        at_far = value(far);
        if step > 4096.0 {
            return None;
        }
    }
    let (mut low, mut high) = if near < far { (near, far) } else { (far, near) };
    let mut left = high - GOLDEN * (high - low);
    let mut right = low + GOLDEN * (high - low);
    let (mut at_left, mut at_right) = (value(left), value(right));
    for _ in 0..45 {
        if at_left > at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = value(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = value(right);
        }
    }
    let best = if at_left > at_right {
        (left, at_left)
    } else {
        (right, at_right)
    };
    let best = if best.1 < at_middle {
        (middle, at_middle)
    } else {
        best
    };
    (best.1 > f64::NEG_INFINITY).then_some(best)
}

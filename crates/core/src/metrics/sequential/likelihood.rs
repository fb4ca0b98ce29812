//! The mixture test by the likelihood itself, for counts that the normal distribution does not describe.
//!
//! The normal mixture test compares the likelihood of the differences around `delta` with that of `delta`, both from the normal
//! distribution with an estimated variance. With a small holdout that variance rests on a handful of conversions, or on none, and
//! the test then rejects far too often. Here the likelihood is the binomial one: the rates that are most likely at `delta` are
//! the null hypothesis, the alternatives run from there along the direction in which a change of the difference is hardest to
//! tell from a change of the level, `p1 + w1 θ` and `p0 - w0 θ` with `w` in proportion to the variances of the two rates, and `θ`
//! is normal with the standard deviation `tau`, cut off where a rate would leave 0 to 1.
//!
//! Against a `delta` far from 0 the mixture is wider, `√(tau² + delta²)`: effects of the size of `tau` around a difference of 40 %
//! would say next to nothing about it, and a holdout without any conversion could not exclude it.
//!
//! At `delta = 0` the direction keeps the expected number of conversions of both arms together. For rare conversions the ratio is
//! then that of the arms in which the conversions fell, given how many there were, which is a martingale however few they are. For
//! many conversions it is the normal mixture test.

use crate::metrics::math::{exp, ln, log1p};
use crate::metrics::proportion::Arms;
use crate::metrics::roots::bracketed;
use crate::metrics::special::{gauss_legendre, normal_pdf, normal_sf};

/// The logarithm of the evidence against the difference `delta`. The counts are numbers, and neither arm is empty.
pub(super) fn log_evidence(arms: &Arms, delta: f64, tau: f64) -> f64 {
    // Wider than all differences that there are is as wide as can be.
    let tau = tau.min(1e4);
    let wide = (tau * tau + delta * delta).sqrt().max(tau);
    Path::new(arms, delta).map_or_else(|certain| certain, |path| path.log_evidence(wide))
}

/// What the logarithm of the evidence cannot exceed, whatever the mixture: that of the likelihood at the observed rates over the
/// largest at `delta`. Much cheaper than the evidence.
pub(super) fn at_most(arms: &Arms, delta: f64) -> f64 {
    let (p1, p0) = most_likely(arms, delta);
    let of = |x: f64, n: f64, p: f64| {
        let part = |count: f64, rate: f64| {
            if count > 0.0 {
                count * ln(count / n / rate)
            } else {
                0.0
            }
        };
        part(x, p) + part(n - x, 1.0 - p)
    };
    of(arms.exposed_conversions, arms.exposed_users, p1)
        + of(arms.holdout_conversions, arms.holdout_users, p0)
}

/// The ends of the differences whose evidence is below `limit` (a logarithm).
///
/// The interval leaves out 0 exactly when the evidence against 0 reaches the limit.
pub(super) fn ends(arms: &Arms, tau: f64, limit: f64, against_zero: f64) -> (f64, f64) {
    let delta = arms.delta();
    let excess = |at: f64| log_evidence(arms, at, tau) - limit;
    let end = |side: f64| {
        let far = side;
        let (mut inside, mut outside) = (delta, None);
        if (0.0 - delta) * side > 0.0 {
            if against_zero < limit {
                inside = 0.0;
            } else {
                outside = Some((0.0, against_zero - limit));
            }
        }
        let mut at_inside = if inside == 0.0 {
            against_zero - limit
        } else {
            excess(inside)
        };
        if at_inside >= 0.0 {
            return inside;
        }
        let mut step = spread(arms).min(0.25);
        while outside.is_none() {
            let next = inside + side * step;
            if next * side >= 1.0 {
                let value = excess(far);
                if value < 0.0 {
                    return far;
                }
                outside = Some((far, value));
            } else {
                let value = excess(next);
                if value >= 0.0 {
                    outside = Some((next, value));
                } else {
                    (inside, at_inside) = (next, value);
                    step *= 2.0;
                }
            }
        }
        let (outside, at_outside) = outside.unwrap_or((far, f64::INFINITY));
        bracketed(excess, inside, outside, at_inside, at_outside, 1e-15)
    };
    (end(-1.0), end(1.0))
}

/// A first step: some standard errors of the difference, with a conversion added to each cell.
fn spread(arms: &Arms) -> f64 {
    let of = |x: f64, n: f64| {
        let (n, p) = (n + 2.0, (x + 1.0) / (n + 2.0));
        p * (1.0 - p) / n
    };
    2.0 * (of(arms.exposed_conversions, arms.exposed_users)
        + of(arms.holdout_conversions, arms.holdout_users))
    .sqrt()
}

/// The alternatives, as what one unit of the difference does to the four likelihoods: `(count, slope)`, each adding
/// `count ln(1 + slope θ)`.
struct Path {
    cells: [(f64, f64); 4],
}

impl Path {
    /// From the rates that are most likely at `delta`; the logarithm of the evidence where there is no way to go.
    fn new(arms: &Arms, delta: f64) -> Result<Self, f64> {
        // The arm that is `delta` above the other comes first, so that no rate is a difference of two numbers.
        let (above, below, distance) = if delta >= 0.0 {
            (
                (arms.exposed_conversions, arms.exposed_users),
                (arms.holdout_conversions, arms.holdout_users),
                delta,
            )
        } else {
            (
                (arms.holdout_conversions, arms.holdout_users),
                (arms.exposed_conversions, arms.exposed_users),
                -delta,
            )
        };
        let ((x1, n1), (x0, n0)) = (above, below);
        let p0 = restricted(above, below, distance);
        let (p1, q1, q0) = (p0 + distance, 1.0 - p0 - distance, 1.0 - p0);
        // The rate at the upper edge is 1, and not 1 less a rounding.
        let (p1, q1) = if q1 <= 0.0 { (1.0, 0.0) } else { (p1, q1) };
        let variance = p1 * q1 / n1 + p0 * q0 / n0;
        if variance <= 0.0 {
            // Rates of 0 and 1 only: what was seen is certain there, or impossible.
            let possible = (x1 == n1 * p1) && (x0 == n0 * p0);
            return Err(if possible { 0.0 } else { f64::INFINITY });
        }
        let (a, b) = (n1 * variance, n0 * variance);
        Ok(Self {
            cells: [
                (x1, q1 / a),
                (n1 - x1, -p1 / a),
                (x0, -q0 / b),
                (n0 - x0, p0 / b),
            ],
        })
    }

    /// With `θ = tau t`.
    fn log_evidence(&self, tau: f64) -> f64 {
        let cells = self.cells.map(|(count, slope)| (count, slope * tau));
        let f = |t: f64| {
            let mut sum = -0.5 * t * t;
            for (count, slope) in cells {
                if count > 0.0 {
                    sum += count * log1p((slope * t).max(-1.0));
                }
            }
            sum
        };
        let rise = |t: f64| {
            let mut sum = -t;
            for (count, slope) in cells {
                if count > 0.0 {
                    sum += count * slope / (1.0 + slope * t).max(0.0);
                }
            }
            sum
        };
        let steepest = |sign: f64| {
            cells
                .iter()
                .fold(0.0_f64, |most, (_, slope)| most.max(slope * sign))
        };
        let (low, high) = (-1.0 / steepest(1.0), 1.0 / steepest(-1.0));
        // The logarithm is concave, and at least as curved as the normal density: its top is not beyond its slope at 0.
        let start = rise(0.0);
        let bound = start.clamp(low, high);
        let at_bound = rise(bound);
        let top = if start == 0.0 || at_bound * start >= 0.0 {
            bound
        } else {
            bracketed(rise, 0.0, bound, start, at_bound, 0.0)
        };
        let most = f(top);
        // Beyond exp(-38) of the top nothing is added to sixteen digits. The edge is never on this side of that: where the
        // likelihood ends, as a straight line with one conversion, a twentieth of the way is not nothing.
        let edge = |end: f64| {
            let way = end.clamp(top - 9.0, top + 9.0) - top;
            let fallen = |share: f64| most - f(top + share * way) > 38.0;
            let (mut inside, mut outside) = (0.0, 1.0);
            if fallen(outside) {
                // Narrow ones are found by eighths, all to a tenth of their width.
                while outside > 1.1 * inside && outside > 1e-30 {
                    let share = if inside > 0.0 {
                        0.5 * (inside + outside)
                    } else {
                        0.125 * outside
                    };
                    if fallen(share) {
                        outside = share;
                    } else {
                        inside = share;
                    }
                }
            }
            top + outside * way
        };
        let (left, right) = (edge(low), edge(high));
        let density = |t: f64| exp(f(t) - most);
        let half = |from: f64, to: f64| {
            let middle = 0.5 * (from + to);
            gauss_legendre(density, from, middle) + gauss_legendre(density, middle, to)
        };
        let sum = half(left, top) + half(top, right);
        let mass = if high - low < 1.0 {
            gauss_legendre(normal_pdf, low, high)
        } else {
            1.0 - normal_sf(high) - normal_sf(-low)
        };
        /// The logarithm of the root of 2π.
        const ROOT: f64 = 0.918_938_533_204_672_7;
        most + ln(sum) - ROOT - ln(mass)
    }
}

/// The most likely rates, exposed and holdout, whose difference is `delta`.
pub(super) fn most_likely(arms: &Arms, delta: f64) -> (f64, f64) {
    let exposed = (arms.exposed_conversions, arms.exposed_users);
    let holdout = (arms.holdout_conversions, arms.holdout_users);
    if delta >= 0.0 {
        let p0 = restricted(exposed, holdout, delta);
        ((p0 + delta).min(1.0), p0)
    } else {
        let p1 = restricted(holdout, exposed, -delta);
        (p1, (p1 - delta).min(1.0))
    }
}

/// The most likely lower rate when the other one is `distance` above it.
fn restricted((x1, n1): (f64, f64), (x0, n0): (f64, f64), distance: f64) -> f64 {
    if distance == 0.0 {
        return (x1 + x0) / (n1 + n0);
    }
    let (all, none) = (x1 == n1, x0 == 0.0);
    // The slope of the likelihood, times what would divide by zero at the edges.
    let slope = |p0: f64| {
        let (p1, q1, q0) = (p0 + distance, 1.0 - p0 - distance, 1.0 - p0);
        let first = if all { n1 } else { x1 * q1 - (n1 - x1) * p1 };
        let second = if none { -n0 } else { x0 * q0 - (n0 - x0) * p0 };
        first * if none { 1.0 } else { p0 } * q0 + second * p1 * if all { 1.0 } else { q1 }
    };
    let most = (1.0 - distance).max(0.0);
    let (at_least, at_most) = (slope(0.0), slope(most));
    if at_least <= 0.0 {
        0.0
    } else if at_most >= 0.0 {
        most
    } else {
        bracketed(slope, 0.0, most, at_least, at_most, 0.0)
    }
}

//! One arm's posterior: a Beta distribution of the rate, seen in the logarithm of the odds.
//!
//! There its density `x^a (1 - x)^b` has one hump for any parameters, no end that is not smooth, and its mode is the mean.
//! Everything is relative to that mean: `s` is the logarithm of the odds less that of the mean's, `tau` the rate less the
//! mean. Neither loses digits where the posterior is narrow.

use crate::metrics::math::{exp, expm1, ln, log1p};
use crate::metrics::special::{GAUSS_LEGENDRE_16, log1p_less_x};

/// Nothing is added by what is less likely than `e^-CUT` of the mode.
const CUT: f64 = 38.0;
/// How wide panels are: in standard deviations, and at most in the odds' logarithm, because functions of the rate have
/// singularities at an imaginary distance of pi there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width(f64, f64);

/// 16 points make a polynomial of the density, of degree 15, to 1e-15.
pub(super) const TO_TABULATE: Width = Width(1.75, 2.0);
/// 16 points integrate it, as a polynomial of degree 31.
pub(super) const TO_INTEGRATE: Width = Width(2.5, 3.0);
/// The step of the trapezoidal rule in standard deviations: its error is e to the minus square of `2 pi` over it, over 4.
const STEP: f64 = 0.5;
/// How many panels of a table there may be on each side.
const MOST_PANELS: u32 = 40;
/// From this count of successes and of failures on, the trapezoidal rule converges faster than panels.
const REGULAR: f64 = 20.0;

/// A Beta distribution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arm {
    pub(super) a: f64,
    pub(super) b: f64,
    /// Both together.
    pub(super) n: f64,
    /// The mean, and what it leaves to 1.
    pub(super) mean: f64,
    pub(super) rest: f64,
    /// The standard deviation of `s`, nearly.
    pub(super) scale: f64,
}

/// A rate, what it leaves to 1, and what it has over the mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) tau: f64,
}

/// A place of a quadrature rule and its weight, the density included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) point: Point,
    pub(super) weight: f64,
}

/// `e^s - 1 - s` without loss near zero.
fn expm1_less_s(s: f64) -> f64 {
    if s.abs() > 0.4 {
        return expm1(s) - s;
    }
    // s^2 (1/2! + s/3! + ...).
    let mut sum = 0.0;
    for k in [
        15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0,
    ] {
        sum = (1.0 + sum) * s / k;
    }
    0.5 * s * s * (1.0 + sum)
}

impl Arm {
    pub(super) fn new(a: f64, b: f64) -> Self {
        let n = a + b;
        Self {
            a,
            b,
            n,
            mean: a / n,
            rest: b / n,
            scale: (1.0 / a + 1.0 / b).sqrt(),
        }
    }

    /// Whether both counts are large enough for the trapezoidal rule.
    pub(super) fn is_regular(&self) -> bool {
        self.a >= REGULAR && self.b >= REGULAR
    }

    /// The standard deviation of the rate, nearly.
    pub(super) fn deviation(&self) -> f64 {
        self.mean * self.rest * self.scale
    }

    /// The logarithm of the density in `s` over that at the mean.
    pub(super) fn ln_kernel(&self, s: f64) -> f64 {
        // n (m s - ln(1 - m + m e^s)), from the side where m is small, or 1 - m would be lost in the sum.
        let (m, s) = if self.mean <= self.rest {
            (self.mean, s)
        } else {
            (self.rest, -s)
        };
        if s.abs() <= 1.0 {
            // m s - ln(1 + v) with v = m (e^s - 1), both nearly m s.
            let more = expm1_less_s(s);
            let v = m * (s + more);
            -self.n * (m * more + log1p_less_x(v))
        } else if s < 700.0 {
            self.n * (m * s - log1p(m * expm1(s)))
        } else {
            // Not to meet infinity less infinity.
            -self.n * ((1.0 - m) * s + ln(m))
        }
    }

    pub(super) fn kernel(&self, s: f64) -> f64 {
        exp(self.ln_kernel(s))
    }

    pub(super) fn point(&self, s: f64) -> Point {
        if s > 0.0 {
            // Not to overflow: everything over e^s.
            let shrunk = exp(-s);
            let below = self.mean + self.rest * shrunk;
            Point {
                x: self.mean / below,
                y: self.rest * shrunk / below,
                tau: -self.mean * self.rest * expm1(-s) / below,
            }
        } else {
            let grown = exp(s);
            let below = self.rest + self.mean * grown;
            Point {
                x: self.mean * grown / below,
                y: self.rest / below,
                tau: self.mean * self.rest * expm1(s) / below,
            }
        }
    }

    /// The `s` of a rate that has `tau` over the mean; infinite outside 0 to 1.
    pub(super) fn place(&self, tau: f64) -> f64 {
        if tau <= -self.mean {
            f64::NEG_INFINITY
        } else if tau >= self.rest {
            f64::INFINITY
        } else {
            // Rounding may take the least rate there is below none.
            log1p((tau / (self.mean * (self.rest - tau))).max(-1.0))
        }
    }

    /// The ends of panels that hold all that counts, rising.
    pub(super) fn edges(&self, width: Width) -> Vec<f64> {
        let side = |sign: f64| {
            let mut edges = Vec::new();
            let mut s = 0.0;
            for _ in 0..MOST_PANELS {
                let point = self.point(s);
                let slope = self.n * point.tau.abs();
                let curvature = self.n * point.x * point.y;
                let steep = curvature.sqrt().max(0.25 * slope);
                // Until the rate is nothing.
                let most = if s.abs() < 16.0 {
                    width.1
                } else {
                    f64::INFINITY
                };
                s += sign * (width.0 / steep).min(most);
                edges.push(s);
                if self.ln_kernel(s) < -CUT || s.is_nan() {
                    break;
                }
            }
            edges
        };
        let mut edges = side(-1.0);
        edges.reverse();
        edges.push(0.0);
        edges.extend(side(1.0));
        edges
    }

    /// The nodes of a rule for functions that change no faster than this density.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        if self.is_regular() {
            let step = STEP * self.scale;
            let mut side = |sign: f64, first: f64| {
                let mut k = first;
                while k < 400.0 {
                    let s = sign * k * step;
                    let weight = step * self.kernel(s);
                    if weight < 1e-17 * step {
                        break;
                    }
                    nodes.push(Node {
                        point: self.point(s),
                        weight,
                    });
                    k += 1.0;
                }
            };
            side(1.0, 0.0);
            side(-1.0, 1.0);
        } else {
            each_node(&self.edges(TO_INTEGRATE), |s, width| {
                nodes.push(Node {
                    point: self.point(s),
                    weight: width * self.kernel(s),
                });
            });
        }
        nodes
    }
}

/// Every place and width of the 16-point rule on each of the panels.
pub(super) fn each_node(edges: &[f64], mut each: impl FnMut(f64, f64)) {
    for pair in edges.windows(2) {
        let &[from, to] = pair else { continue };
        let half = 0.5 * (to - from);
        let middle = 0.5 * (to + from);
        for (node, weight) in GAUSS_LEGENDRE_16 {
            each(middle - half * node, half * weight);
            each(middle + half * node, half * weight);
        }
    }
}

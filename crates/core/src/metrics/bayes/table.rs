//! A distribution function as a table of polynomials.

use super::arm::{Arm, TO_TABULATE};
use crate::metrics::special::GAUSS_LEGENDRE_16;

const POINTS: usize = 16;

/// The Legendre polynomials of degree 0 to 15 at the nodes of the 16-point rule (negative first, as [`nodes`] has them), times
/// the weight and `(2 k + 1) / 2`: sums of density values with these are Legendre coefficients.
const TO_LEGENDRE: [[f64; POINTS]; POINTS] = to_legendre();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "run by the compiler, which refuses an index outside"
)]
const fn to_legendre() -> [[f64; POINTS]; POINTS] {
    let mut table = [[0.0; POINTS]; POINTS];
    let mut j = 0;
    while j < POINTS {
        let (node, weight) = GAUSS_LEGENDRE_16[j / 2];
        let x = if j % 2 == 0 { -node } else { node };
        let mut before = 0.0;
        let mut now = 1.0;
        let mut k = 0;
        while k < POINTS {
            let degree = k as f64;
            table[k][j] = 0.5 * (2.0 * degree + 1.0) * weight * now;
            let next = ((2.0 * degree + 1.0) * x * now - degree * before) / (degree + 1.0);
            before = now;
            now = next;
            k += 1;
        }
        j += 1;
    }
    table
}

/// `(2 k + 1) / (k + 1)` and `(k + 1) / (k + 2)` for Clenshaw's recurrence.
const CLENSHAW: [(f64, f64); POINTS + 1] = clenshaw();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "run by the compiler, which refuses an index outside"
)]
const fn clenshaw() -> [(f64, f64); POINTS + 1] {
    let mut table = [(0.0, 0.0); POINTS + 1];
    let mut k = 0;
    while k <= POINTS {
        let degree = k as f64;
        table[k] = (
            (2.0 * degree + 1.0) / (degree + 1.0),
            (degree + 1.0) / (degree + 2.0),
        );
        k += 1;
    }
    table
}

#[derive(Clone, Copy, Debug)]
struct Panel {
    end: f64,
    middle: f64,
    per_half: f64,
    /// Legendre coefficients of the distribution function.
    coefficients: [f64; POINTS + 1],
}

/// The distribution function of an arm, to about 1e-16 absolutely.
#[derive(Clone, Debug)]
pub(super) struct Table {
    least: f64,
    panels: Vec<Panel>,
    /// The integral of the kernel.
    pub(super) total: f64,
}

impl Table {
    pub(super) fn new(arm: &Arm) -> Self {
        let edges = arm.edges(TO_TABULATE);
        let mut panels = Vec::with_capacity(edges.len());
        let mut total = 0.0;
        for pair in edges.windows(2) {
            let &[from, end] = pair else { continue };
            let half = 0.5 * (end - from);
            let middle = 0.5 * (end + from);
            let mut density = [0.0; POINTS];
            for (two, (node, _)) in density.chunks_exact_mut(2).zip(GAUSS_LEGENDRE_16) {
                if let [left, right] = two {
                    *left = arm.kernel(middle - half * node);
                    *right = arm.kernel(middle + half * node);
                }
            }
            // Of the density, with two zeros behind.
            let mut legendre = [0.0; POINTS + 2];
            for (c, row) in legendre.iter_mut().zip(&TO_LEGENDRE) {
                *c = row.iter().zip(&density).map(|(w, d)| w * d).sum();
            }
            // Of its integral from the left: that of P_k is (P_(k+1) - P_(k-1)) / (2 k + 1), and P_1 + P_0 for k = 0.
            let mut coefficients = [0.0; POINTS + 1];
            let mut degree = 1.0;
            let mut first = 0.0;
            if let (Some((g, rest)), [c0, c1, ..]) = (coefficients.split_first_mut(), &legendre) {
                *g = total + half * (c0 - c1 / 3.0);
                for (g, three) in rest.iter_mut().zip(legendre.windows(3)) {
                    if let &[before, _, after] = three {
                        *g = half * (before / (2.0 * degree - 1.0) - after / (2.0 * degree + 3.0));
                    }
                    degree += 1.0;
                }
                first = 2.0 * half * c0;
            }
            total += first;
            panels.push(Panel {
                end,
                middle,
                per_half: 1.0 / half,
                coefficients,
            });
        }
        let per_total = 1.0 / total;
        for panel in &mut panels {
            for c in &mut panel.coefficients {
                *c *= per_total;
            }
        }
        Self {
            least: edges.first().copied().unwrap_or(f64::NEG_INFINITY),
            panels,
            total,
        }
    }

    /// The probability of less.
    pub(super) fn below(&self, s: f64) -> f64 {
        if s.is_nan() {
            return f64::NAN;
        }
        if s <= self.least {
            return 0.0;
        }
        let Some(panel) = self.panels.iter().find(|panel| s <= panel.end) else {
            return 1.0;
        };
        let x = (s - panel.middle) * panel.per_half;
        let (mut b1, mut b2) = (0.0, 0.0);
        for (g, (one, two)) in panel.coefficients.iter().zip(&CLENSHAW).rev() {
            let b = g + one * x * b1 - two * b2;
            b2 = b1;
            b1 = b;
        }
        b1.clamp(0.0, 1.0)
    }
}

//! Many tests at once: p-values adjusted.
//!
//! Holm (1979), Hochberg (1988), Hommel (1988) and Bonferroni hold the chance of any false discovery; Benjamini and Hochberg
//! (1995) and Benjamini and Yekutieli (2001) hold the expected share of false ones. Hochberg's and Hommel's need tests that are
//! independent or positively dependent; Holm's and Bonferroni's need nothing.
//!
//! A `NaN` is no test: it stays `NaN`, is not rejected and does not count among the others.

use super::{DomainError, Rule};

/// The same p-values, adjusted in six ways, in the order in which they came. A hypothesis is rejected when its adjusted p-value
/// is at most `alpha`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adjusted {
    /// Step-down Bonferroni.
    pub holm: Vec<f64>,
    /// False discovery rate, independent or positively dependent tests.
    pub fdr_bh: Vec<f64>,
    /// Times the number of tests.
    pub bonferroni: Vec<f64>,
    /// The closed test with Simes' inequality: never weaker than Hochberg's.
    pub hommel: Vec<f64>,
    /// False discovery rate under any dependence.
    pub fdr_by: Vec<f64>,
    /// Step-up Bonferroni, after Hochberg.
    pub simes_hochberg: Vec<f64>,
    /// Rejected by Holm's.
    pub reject_holm: Vec<bool>,
    /// Rejected by Benjamini and Hochberg's.
    pub reject_bh: Vec<bool>,
}

/// Adjusts p-values for their number.
///
/// ```
/// use edgetally_core::metrics::multiplicity::adjust;
///
/// let adjusted = adjust(&[0.01, 0.04, f64::NAN, 0.03], 0.05)?;
/// assert_eq!(adjusted.holm[0], 0.03);
/// assert_eq!(adjusted.reject_holm, [true, false, false, false]);
/// assert_eq!(adjusted.reject_bh, [true, true, false, true]);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// A p-value outside 0 to 1, `alpha` not inside 0 to 1.
pub fn adjust(p_values: &[f64], alpha: f64) -> Result<Adjusted, DomainError> {
    DomainError::check_all("p_values", Rule::Rate, p_values)?;
    DomainError::check("alpha", Rule::Inside, alpha)?;
    let mut sorted: Vec<(usize, f64)> = p_values
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, p)| !p.is_nan())
        .collect();
    // Stable, so equal p-values keep their order.
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let p: Vec<f64> = sorted.iter().map(|(_, p)| *p).collect();
    let count = p.len() as f64;
    let harmonic: f64 = (1..=p.len()).rev().map(|i| 1.0 / i as f64).sum();
    let back = |adjusted: Vec<f64>| {
        let mut out = vec![f64::NAN; p_values.len()];
        for ((index, _), value) in sorted.iter().zip(adjusted) {
            if let Some(slot) = out.get_mut(*index) {
                *slot = value;
            }
        }
        out
    };
    let ranks = || (0..p.len()).map(|before| (before + 1) as f64);
    let holm = back(step_down(
        p.iter().zip(ranks()).map(|(p, i)| p * (count - i + 1.0)),
    ));
    let fdr_bh = back(step_up(p.iter().zip(ranks()).map(|(p, i)| p * (count / i))));
    let rejected = |adjusted: &[f64]| adjusted.iter().map(|p| *p <= alpha).collect();
    Ok(Adjusted {
        bonferroni: back(p.iter().map(|p| (p * count).min(1.0)).collect()),
        hommel: back(hommel(&p)),
        fdr_by: back(step_up(
            p.iter()
                .zip(ranks())
                .map(|(p, i)| p * (count / i) * harmonic),
        )),
        simes_hochberg: back(step_up(
            p.iter().zip(ranks()).map(|(p, i)| p * (count - i + 1.0)),
        )),
        reject_holm: rejected(&holm),
        reject_bh: rejected(&fdr_bh),
        holm,
        fdr_bh,
    })
}

/// The running maximum from the smallest p-value on, at most 1.
fn step_down(scaled: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut most = 0.0_f64;
    scaled
        .map(|p| {
            most = most.max(p).min(1.0);
            most
        })
        .collect()
}

/// The running minimum from the largest p-value on, at most 1.
fn step_up(scaled: impl DoubleEndedIterator<Item = f64>) -> Vec<f64> {
    let mut least = 1.0_f64;
    let mut out: Vec<f64> = scaled
        .rev()
        .map(|p| {
            least = least.min(p);
            least
        })
        .collect();
    out.reverse();
    out
}

/// Hommel's adjusted p-values of sorted p-values, in `n log n` steps.
///
/// The adjusted p-value of the closed test is the largest, over the sizes `m`, of `min(m p, c(m))`, where `c(m)` is Simes' p-value
/// of the `m` largest ones. `m p` grows with `m` and `c(m)` falls, so the crossing is found by halving. And
/// `c(m)/m` is the smallest slope from the point `(n - m, 0)` to the points `(k, p(k))` right of it: a tangent to their lower
/// convex hull (the idea of Meijer, Krebs and Goeman, 2019).
#[expect(
    clippy::indexing_slicing,
    reason = "positions below the lengths of `p`, `hull` and `simes`, by the loops' bounds"
)]
fn hommel(p: &[f64]) -> Vec<f64> {
    let n = p.len();
    // simes[m] = c(m); simes[0] stands for no restriction.
    let mut simes = vec![f64::INFINITY; n + 1];
    // Ranks of the corners of the hull, the leftmost last.
    let mut hull: Vec<usize> = Vec::new();
    let height = |rank: usize| p[rank - 1];
    for start in (0..n).rev() {
        let new = start + 1;
        while let [.., far, near] = hull.as_slice() {
            // The corner stays when the line turns upwards there.
            let (ahead, behind) = (
                (height(*near) - height(new)) * (far - near) as f64,
                (height(*far) - height(*near)) * (near - new) as f64,
            );
            if ahead < behind {
                break;
            }
            hull.pop();
        }
        hull.push(new);
        let slope = |corner: usize| height(hull[corner]) / (hull[corner] - start) as f64;
        // Slopes along the hull fall and then grow: find the lowest by halving.
        let (mut low, mut high) = (0, hull.len() - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            if slope(middle) <= slope(middle + 1) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let size = n - start;
        // Never above the smaller set's, also after rounding.
        simes[size] = (slope(low) * size as f64).min(simes[size - 1]);
    }
    p.iter()
        .map(|p| {
            let (mut within, mut beyond) = (1, n + 1);
            while beyond - within > 1 {
                let middle = usize::midpoint(within, beyond);
                if middle as f64 * p <= simes[middle] {
                    within = middle;
                } else {
                    beyond = middle;
                }
            }
            let rest = simes.get(beyond).copied().unwrap_or(0.0);
            (within as f64 * p).max(rest).max(*p).min(1.0)
        })
        .collect()
}

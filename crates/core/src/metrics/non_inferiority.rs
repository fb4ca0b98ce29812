//! Whether advertising (or stopping it) did no more harm than a margin that was agreed on before.
//!
//! The null hypothesis is that the exposed rate is below the holdout's by the margin or more; it is tested one-sided with the score
//! test at the margin, whose variance is that of the rates which are most likely there: P. Farrington and G. Manning (1990) for a
//! difference, P. Koopman (1984) and J. Gart and J. Nam (1988) for a ratio, with `N / (N - 1)` as O. Miettinen and M. Nurminen
//! (1985). It is the test that the score interval of [`super::proportion`] inverts, so the verdict at one less half the error rate
//! is whether that interval's lower end is above the margin.

use super::calculator::Absent::{Refused, Value};
use super::calculator::Calculator;
use super::power::{argument, by_row};
use super::proportion::Arms;
use super::sequential::most_likely;
use super::special::normal_sf;
use super::{DomainError, Rule};

/// What is not to be lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// As a share of the holdout's rate: 0.05 allows a relative lift of -5 %.
    Relative(f64),
    /// As a difference of rates: 0.001 allows a difference of -0.1 percentage points.
    Absolute(f64),
}

/// The test; see [`non_inferiority`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonInferiority {
    /// The score statistic at the margin.
    pub z: f64,
    /// One-sided: of a loss of the margin or more.
    pub p_value: f64,
}

/// Tests whether the exposed rate is no more than a margin below the holdout's.
///
/// ```
/// use edgetally_core::metrics::non_inferiority::{non_inferiority, Margin};
///
/// let test = non_inferiority(10_000.0, 498.0, 10_000.0, 500.0, Margin::Relative(0.1))?;
/// assert!(test.p_value < 0.08 && test.p_value > 0.05);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Counts that are no counts, more conversions than users, a margin that is not inside 0 to 1.
pub fn non_inferiority(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    margin: Margin,
) -> Result<NonInferiority, DomainError> {
    let arms = Arms::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    let (Margin::Relative(size) | Margin::Absolute(size)) = margin;
    DomainError::check("non_inferiority", Rule::Inside, size)?;
    Ok(test(&arms, margin))
}

fn test(arms: &Arms, margin: Margin) -> NonInferiority {
    let (n1, x1) = (arms.exposed_users, arms.exposed_conversions);
    let (n0, x0) = (arms.holdout_users, arms.holdout_conversions);
    let users = n1 + n0;
    let (distance, variance) = match margin {
        Margin::Absolute(size) => {
            let (p1, p0) = most_likely(arms, -size);
            (
                arms.delta() + size,
                p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0,
            )
        }
        Margin::Relative(size) => {
            let ratio = 1.0 - size;
            // The smaller root of a p² + b p + c = 0, and 1 less it as the root of a q² - d q - (n0 - x0) size = 0: the
            // discriminant is the same and a sum there, so that nothing is lost where nearly all converted.
            let (a, b, c) = (users * ratio, -(n1 * ratio + x1 + n0 + x0 * ratio), x1 + x0);
            let d = (n1 - x1) + (n0 - x0) * ratio - users * size;
            let rest = (n0 - x0) * size;
            let root = (d * d + 4.0 * a * rest).sqrt();
            let p0 = 2.0 * c / (-b + root);
            let q0 = if d > 0.0 {
                (d + root) / (2.0 * a)
            } else {
                2.0 * rest / (root - d)
            };
            (
                x1 / n1 - ratio * x0 / n0,
                ratio * p0 * (size + ratio * q0) / n1 + ratio * ratio * p0 * q0 / n0,
            )
        }
    };
    // Without a conversion in either arm nothing can be said of a ratio: 0 in 0.
    let z = distance / (variance * users / (users - 1.0)).sqrt();
    NonInferiority {
        z,
        p_value: normal_sf(z),
    }
}

/// The row-by-row calculator of this module. `scale` is 0 for a relative margin and 1 for an absolute one; the test is at half of
/// one less the confidence.
pub(super) static ALL: &[Calculator] = &[Calculator {
    name: "lift.non_inferiority",
    arguments: &[
        argument("exposed_users", Rule::Count, Refused),
        argument("exposed_conversions", Rule::Count, Refused),
        argument("holdout_users", Rule::Count, Refused),
        argument("holdout_conversions", Rule::Count, Refused),
        argument("non_inferiority", Rule::Inside, Refused),
        argument("scale", Rule::Finite, Value(0.0)),
        argument("confidence", Rule::Confidence, Value(0.95)),
    ],
    at_most: &[(1, 0), (3, 2)],
    outputs: &["non_inferiority_z", "non_inferiority_p", "non_inferior"],
    kernel: |_, inputs, outputs| {
        by_row(
            inputs,
            outputs,
            |[n1, x1, n0, x0, margin, scale, confidence]| {
                let arms = Arms {
                    exposed_users: n1,
                    exposed_conversions: x1,
                    holdout_users: n0,
                    holdout_conversions: x0,
                };
                let margin = if scale == 0.0 {
                    Margin::Relative(margin)
                } else {
                    Margin::Absolute(margin)
                };
                let got = test(&arms, margin);
                let verdict = if got.p_value.is_nan() || confidence.is_nan() {
                    f64::NAN
                } else {
                    f64::from(u8::from(got.p_value <= (1.0 - confidence) / 2.0))
                };
                [got.z, got.p_value, verdict]
            },
        );
    },
}];

//! Ratios of sums, such as revenue per order.

use super::moments::PairMoments;
use super::welch::{around, fieller, unit};
use crate::metrics::special::{normal_quantile, normal_sf};
use crate::metrics::{DomainError, Interval, Rule};

/// A ratio of sums in two arms; see [`ratio_metric`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioMetric {
    /// Sum of numerators over sum of denominators, exposed.
    pub ratio_exposed: f64,
    /// Its standard error.
    pub se_exposed: f64,
    /// The same in the holdout.
    pub ratio_holdout: f64,
    /// Its standard error.
    pub se_holdout: f64,
    /// Exposed less holdout, with the normal interval.
    pub diff: Interval,
    /// The standard error of the difference.
    pub se: f64,
    /// `diff/se`.
    pub z: f64,
    /// Two-sided; `NaN` when nothing varies.
    pub p_value: f64,
    /// The relative lift, with Fieller's interval.
    pub rel_lift: Interval,
}

/// The lift of a metric such as revenue per order or clicks per impression, where users are randomised and each has several
/// orders.
///
/// The numerator and the denominator of a user belong together, so the standard error takes their covariance:
/// `Var(R) = (s²a - 2R s_ab + R² s²b)/(b̄² n)`. Orders counted as if they were independent would make the interval too short.
///
/// ```
/// use edgetally_core::metrics::revenue::{ratio_metric, PairMoments};
///
/// let arm = |num: &[f64], den: &[f64]| PairMoments::from_values(num, den, "num", "den");
/// let lift = ratio_metric(
///     &arm(&[3.0, 0.0, 5.0, 2.0], &[4.0, 1.0, 6.0, 3.0])?,
///     &arm(&[2.0, 1.0, 3.0, 0.0], &[4.0, 2.0, 5.0, 1.0])?,
///     0.95,
/// )?;
/// assert_eq!(lift.ratio_holdout, 0.5);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// `confidence` not inside 0 to 1.
pub fn ratio_metric(
    exposed: &PairMoments,
    holdout: &PairMoments,
    confidence: f64,
) -> Result<RatioMetric, DomainError> {
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    let of = |arm: &PairMoments| {
        let below = arm.second.value();
        if below == 0.0 {
            return (f64::NAN, f64::NAN);
        }
        let exact = arm.first.divided(arm.second);
        let mean = below / arm.n;
        let (one, two) = arm.scales();
        let of_unit = |x: f64| x * one / two;
        (
            of_unit(exact.value()),
            of_unit((arm.variance_of_rest(exact) / arm.n).sqrt() / mean.abs()),
        )
    };
    let ((r1, se1), (r0, se0)) = (of(exposed), of(holdout));
    // In a unit in which no square overflows.
    let unit = unit([r1, r0, se1, se0]);
    let over = |r: f64, se: f64| (r / unit, (se / unit) * (se / unit));
    let (above, below) = (over(r1, se1), over(r0, se0));
    let se = (above.1 + below.1).sqrt();
    let critical = if se == 0.0 {
        // As with means: without noise there is no scale.
        f64::NAN
    } else {
        -normal_quantile((1.0 - confidence) / 2.0)
    };
    let diff = above.0 - below.0;
    Ok(RatioMetric {
        ratio_exposed: r1,
        se_exposed: se1,
        ratio_holdout: r0,
        se_holdout: se0,
        diff: around(diff, critical * se).map(|end| end * unit),
        se: se * unit,
        z: diff / se,
        p_value: if se == 0.0 {
            f64::NAN
        } else {
            2.0 * normal_sf((diff / se).abs())
        },
        rel_lift: fieller(above, below, critical),
    })
}

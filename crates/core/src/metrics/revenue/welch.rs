//! Two means: Welch's test, and the intervals of their difference and their ratio.

use super::moments::{Summary, power_of_two};
use crate::metrics::math::ratio;
use crate::metrics::special::{student_cdf, student_quantile};
use crate::metrics::{DomainError, Interval, Rule};

/// Whether two means differ; see [`welch`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Exposed less holdout, with Student's interval.
    pub diff: Interval,
    /// The standard error of the difference.
    pub se: f64,
    /// `diff/se`; infinite when nothing varies.
    pub t: f64,
    /// Satterthwaite's degrees of freedom.
    pub df: f64,
    /// Two-sided; `NaN` when nothing varies: there is no scale to measure the difference by.
    pub p_value: f64,
    /// `exposed/holdout - 1` with Fieller's interval, which is exact for normal means. Infinite ends where the holdout's mean may
    /// be zero: the ratio is then not bounded.
    pub rel_lift_fieller: Interval,
    /// The same with the symmetric interval of the delta method; too short above when the holdout is small.
    pub rel_lift_delta: Interval,
}

/// Welch's test of two means and the intervals that go with it. Whatever the unit: a power of two in it changes no digit.
///
/// # Errors
///
/// `confidence` not inside 0 to 1.
pub fn welch(exposed: Summary, holdout: Summary, confidence: f64) -> Result<Welch, DomainError> {
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    Ok(compare(exposed, holdout, confidence))
}

pub(super) fn compare(exposed: Summary, holdout: Summary, confidence: f64) -> Welch {
    let unit = unit([exposed.mean, holdout.mean, exposed.sd, holdout.sd]);
    let of = |arm: Summary| {
        let sd = arm.sd / unit;
        (arm.mean / unit, ratio(sd * sd, arm.n))
    };
    let (above, below) = (of(exposed), of(holdout));
    let ((m1, v1), (m0, v0)) = (above, below);
    let share = v1 / (v1 + v0);
    let df = 1.0
        / (share * share / (exposed.n - 1.0) + (1.0 - share) * (1.0 - share) / (holdout.n - 1.0));
    let df = if df > 0.0 { df } else { f64::NAN };
    let critical = -student_quantile((1.0 - confidence) / 2.0, df);
    let diff = m1 - m0;
    let se = (v1 + v0).sqrt();
    let t = diff / se;
    // 0 in 0 and a NaN of the degrees of freedom both end as NaN.
    let p_value = if df.is_nan() || t.is_nan() {
        f64::NAN
    } else {
        2.0 * student_cdf(-t.abs(), df).0
    };
    Welch {
        diff: around(diff, critical * se).map(|end| end * unit),
        se: se * unit,
        t,
        df,
        p_value,
        rel_lift_fieller: fieller(above, below, critical),
        rel_lift_delta: delta(above, below, critical),
    }
}

/// The power of two that makes the largest of these a number between 1 and 2.
pub(super) fn unit<const N: usize>(values: [f64; N]) -> f64 {
    values
        .into_iter()
        .fold(f64::MIN_POSITIVE, |unit, x| unit.max(power_of_two(x)))
}

pub(super) fn around(estimate: f64, width: f64) -> Interval {
    Interval::new(estimate, estimate - width, estimate + width)
}

/// Fieller's interval of a ratio of independent estimates, less one. The estimates come with their variances.
pub(super) fn fieller(above: (f64, f64), below: (f64, f64), critical: f64) -> Interval {
    let ((m1, v1), (m0, v0)) = (above, below);
    relative(
        Relative {
            diff: m1 - m0,
            base: m0,
            diff_variance: v1 + v0,
            base_variance: v0,
            covariance: -v0,
        },
        critical,
    )
}

/// A difference and what it is relative to, with their variances and their covariance.
#[derive(Clone, Copy)]
pub(super) struct Relative {
    pub(super) diff: f64,
    pub(super) base: f64,
    pub(super) diff_variance: f64,
    pub(super) base_variance: f64,
    pub(super) covariance: f64,
}

/// Fieller's interval of `diff/base`: those `r` for which `diff - r base` is not too far from 0. It leaves out 0 exactly when
/// `diff` is `critical` standard errors from 0.
pub(super) fn relative(of: Relative, critical: f64) -> Interval {
    let estimate = ratio(of.diff, of.base);
    let g = critical * critical;
    let (vd, vb, c) = (
        g * of.diff_variance,
        g * of.base_variance,
        g * of.covariance,
    );
    let a = of.base * of.base - vb;
    if a.is_nan() || vd.is_nan() {
        return Interval::new(estimate, f64::NAN, f64::NAN);
    }
    if a <= 0.0 {
        // The denominator may be zero: the set is a line, or all but a gap.
        return Interval::new(estimate, f64::NEG_INFINITY, f64::INFINITY);
    }
    // The discriminant with its large parts cancelled on paper.
    let (d, b) = (of.diff, of.base);
    let root = (b * b * vd - 2.0 * c * d * b + vb * d * d - (vd * vb - c * c))
        .max(0.0)
        .sqrt();
    let centre = d * b - c;
    Interval::new(estimate, (centre - root) / a, (centre + root) / a)
}

fn delta(above: (f64, f64), below: (f64, f64), critical: f64) -> Interval {
    let ((m1, v1), (m0, v0)) = (above, below);
    let slope = ratio(m1, m0);
    around(
        ratio(m1 - m0, m0),
        critical * ratio((v1 + slope * slope * v0).sqrt(), m0.abs()),
    )
}

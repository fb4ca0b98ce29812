//! CUPED: a comparison of means with the noise taken out that was known before.

use super::Summary;
use super::double::Dd;
use super::moments::PairMoments;
use super::welch::{Relative, Welch, compare, relative};
use crate::metrics::math::ratio;
use crate::metrics::{DomainError, Interval, Rule};

/// A comparison of means after what was known before was taken out; see [`cuped`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjustment {
    /// The factor of the covariate.
    pub theta: f64,
    /// The adjusted mean of the exposed.
    pub mean_exposed: f64,
    /// The adjusted mean of the holdout.
    pub mean_holdout: f64,
    /// The variance of an adjusted exposed user.
    pub var_exposed: f64,
    /// The variance of an adjusted holdout user.
    pub var_holdout: f64,
    /// Welch's test of the adjusted means.
    pub welch: Welch,
    /// The difference relative to the adjusted mean of the holdout, with Fieller's interval. Both adjusted means hold the mean of
    /// the covariate over all users, so they are not independent; the interval takes their covariance, and leaves out 0 exactly
    /// when `welch.p_value` is below one less the confidence.
    pub rel_lift: Interval,
    /// The share of the variance of the difference that the covariate explains.
    pub variance_reduction: f64,
}

/// CUPED in two variants, beside the plain comparison; see [`cuped`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuped {
    /// The factor from within the arms: `(cov1 + cov0)/(var1 + var0)`. An effect on the outcome does not leak into it.
    pub within_arm: Adjustment,
    /// The factor from all users as one sample, as in the paper.
    pub pooled: Adjustment,
    /// Welch's test of the plain means.
    pub raw: Welch,
    /// The covariate does not vary within the arms: there is nothing to adjust by, and both variants are the plain comparison.
    pub constant_covariate: bool,
}

/// CUPED: the lift of a mean, with the part of the noise taken out that a covariate from before the test explains.
///
/// Each arm's moments are of the outcome first and the covariate second. The adjusted outcome is `Y - θ(X - X̄)`, with `X̄` over
/// all users, so the means stay comparable. Where the covariate does not vary within the arms (new users, of whom nothing is
/// known), both variants are the plain comparison, and [`Cuped::constant_covariate`] says so.
///
/// ```
/// use edgetally_core::metrics::revenue::{cuped, PairMoments};
///
/// let arm = |y: &[f64], x: &[f64]| PairMoments::from_values(y, x, "y", "x");
/// let lift = cuped(
///     &arm(&[4.1, 6.0, 7.9, 10.2], &[1.0, 2.0, 3.0, 4.0])?,
///     &arm(&[3.0, 5.2, 7.1, 8.9], &[1.0, 2.0, 3.0, 4.0])?,
///     0.95,
/// )?;
/// assert!(lift.raw.p_value > 0.5 && lift.within_arm.welch.p_value < 0.001);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// `confidence` not inside 0 to 1.
pub fn cuped(
    exposed: &PairMoments,
    holdout: &PairMoments,
    confidence: f64,
) -> Result<Cuped, DomainError> {
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    let all = exposed.merge(*holdout);
    let units = all.scales();
    let (exposed, holdout) = (exposed.in_units(units), holdout.in_units(units));
    let arms = Both {
        exposed: &exposed,
        holdout: &holdout,
        units,
        confidence,
    };
    let none = Dd::default();
    let raw = arms.compared(none, 0.0);
    let within = {
        let of = |arm: &PairMoments| {
            let (_, square, both) = arm.centred();
            (both.over(arm.n - 1.0), square.over(arm.n - 1.0))
        };
        let ((both1, square1), (both0, square0)) = (of(&exposed), of(&holdout));
        (both1.plus(both0), square1.plus(square0))
    };
    let (_, square, both) = all.centred();
    let constant_covariate = within.1.value() == 0.0;
    let slope = |both: Dd, square: Dd| {
        if constant_covariate {
            none
        } else {
            both.divided(square)
        }
    };
    let centre = ratio(all.second.value(), all.n);
    let adjusted = |theta: Dd| arms.adjusted(theta, centre, raw.1.se);
    Ok(Cuped {
        within_arm: adjusted(slope(within.0, within.1)),
        pooled: adjusted(slope(both, square)),
        raw: raw.1,
        constant_covariate,
    })
}

/// Both arms in the same units.
struct Both<'a> {
    exposed: &'a PairMoments,
    holdout: &'a PairMoments,
    units: (f64, f64),
    confidence: f64,
}

impl Both<'_> {
    fn compared(&self, theta: Dd, centre: f64) -> ([Summary; 2], Welch) {
        let of = |arm: &PairMoments| {
            let (first, second) = arm.means();
            Summary {
                n: arm.n,
                mean: self.units.0 * (first - theta.value() * (second - centre)),
                sd: self.units.0 * arm.variance_of_rest(theta).sqrt(),
            }
        };
        let arms = [of(self.exposed), of(self.holdout)];
        let [one, zero] = arms;
        (arms, compare(one, zero, self.confidence))
    }

    fn adjusted(&self, theta: Dd, centre: f64, raw_se: f64) -> Adjustment {
        let ([one, zero], welch) = self.compared(theta, centre);
        let share = ratio(welch.se, raw_se);
        Adjustment {
            theta: theta.value() * self.units.0 / self.units.1,
            mean_exposed: one.mean,
            mean_holdout: zero.mean,
            var_exposed: one.sd * one.sd,
            var_holdout: zero.sd * zero.sd,
            welch,
            rel_lift: self.relative_lift(theta.value(), [one, zero], welch),
            variance_reduction: 1.0 - share * share,
        }
    }

    /// Fieller's interval of two means that share `theta * centre`, the mean of the covariate over all users.
    fn relative_lift(&self, theta: f64, [one, zero]: [Summary; 2], welch: Welch) -> Interval {
        let users = one.n + zero.n;
        // Per user: the variance of the covariate, and its covariance with what the adjustment leaves.
        let of = |arm: &PairMoments| {
            let (_, square, both) = arm.centred();
            let freedom = arm.n - 1.0;
            (
                ratio(square.value(), freedom),
                ratio(both.value() - theta * square.value(), freedom),
            )
        };
        let ((x1, c1), (x0, c0)) = (of(self.exposed), of(self.holdout));
        let v0 = {
            let sd = zero.sd / self.units.0;
            sd * sd / zero.n
        };
        let centre_variance = (one.n * x1 + zero.n * x0) / (users * users);
        let critical = ratio(welch.diff.high - welch.diff.estimate, welch.se);
        let se = welch.se / self.units.0;
        relative(
            Relative {
                diff: (one.mean - zero.mean) / self.units.0,
                base: zero.mean / self.units.0,
                diff_variance: se * se,
                base_variance: v0 + 2.0 * theta * c0 / users + theta * theta * centre_variance,
                covariance: theta * (c1 - c0) / users - v0,
            },
            critical,
        )
    }
}

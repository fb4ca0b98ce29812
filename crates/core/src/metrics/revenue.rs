//! Means per user: Welch, Fieller, ratio metrics, CUPED; from sufficient statistics.
//!
//! Everything is computed from counts and sums ([`Moments`], [`PairMoments`]), so streams, days and segments are merged by
//! adding. The sums are kept in double-double arithmetic, about 32 digits: the variance is then the difference of two sums of
//! squares without the usual loss. Nothing depends on the unit of the values, and values that are all the same have no variance,
//! whatever their sums are rounded to. Formulas: Welch (1947) with Satterthwaite's (1946) degrees of freedom; Fieller (1954); the delta
//! method for ratio metrics after Deng, Knoblich and Lu (2018); CUPED after Deng, Xu, Kohavi and Walker (2013).

mod cuped;
mod double;
mod moments;
mod ratio_metric;
mod welch;

pub use cuped::{Adjustment, Cuped, cuped};
pub use moments::{Moments, PairMoments, SumNames, Summary};
pub use ratio_metric::{RatioMetric, ratio_metric};
pub use welch::{Welch, welch};

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::Calculator;
use super::math::ratio;
use super::power::{argument, by_row};
use super::{DomainError, Interval, Rule};
use welch::compare;

/// What a difference of means is worth; see [`lift_revenue`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RevenueLift {
    /// The test and the lift per user.
    pub welch: Welch,
    /// The difference, times the exposed users.
    pub incremental_revenue: Interval,
    /// Per unit of spend; `NaN` without spend.
    pub incremental_roas: Interval,
    /// Margin of the incremental revenue, less the spend; `NaN` without a margin or a spend.
    pub incremental_profit: Interval,
}

/// The lift of revenue per user, from each arm's users, mean and standard deviation.
///
/// When neither arm varies, the p-value and all intervals are `NaN`: a difference without noise has no error to be measured by.
///
/// ```
/// use edgetally_core::metrics::revenue::{lift_revenue, Arm};
///
/// let lift = lift_revenue(
///     Arm { users: 100_000.0, mean: 1.2, sd: 12.0 },
///     Arm { users: 100_000.0, mean: 0.95, sd: 10.5 },
///     Some(20_000.0),
///     Some(0.4),
///     0.95,
/// )?;
/// assert_eq!(lift.incremental_revenue.estimate, 25_000.0);
/// assert!(lift.welch.p_value < 1e-6 && lift.incremental_profit.high < 0.0);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Users that are no counts, means that are not finite, negative standard deviations or spend, a margin outside 0 to 1,
/// `confidence` not inside 0 to 1.
pub fn lift_revenue(
    exposed: Arm,
    holdout: Arm,
    spend: Option<f64>,
    margin: Option<f64>,
    confidence: f64,
) -> Result<RevenueLift, DomainError> {
    let exposed = exposed.summary(["exposed_users", "exposed_mean", "exposed_sd"])?;
    let holdout = holdout.summary(["holdout_users", "holdout_mean", "holdout_sd"])?;
    lift_of(exposed, holdout, spend, margin, confidence)
}

/// [`lift_revenue`] of arms that are known by their [`Moments`].
///
/// # Errors
///
/// A negative spend, a margin outside 0 to 1, `confidence` not inside 0 to 1.
pub fn lift_of(
    exposed: Summary,
    holdout: Summary,
    spend: Option<f64>,
    margin: Option<f64>,
    confidence: f64,
) -> Result<RevenueLift, DomainError> {
    let spend = DomainError::check("spend", Rule::NonNegative, spend.unwrap_or(f64::NAN))?;
    let margin = DomainError::check("margin", Rule::Rate, margin.unwrap_or(f64::NAN))?;
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    Ok(worth(exposed, holdout, spend, margin, confidence))
}

fn worth(
    exposed: Summary,
    holdout: Summary,
    spend: f64,
    margin: f64,
    confidence: f64,
) -> RevenueLift {
    let welch = compare(exposed, holdout, confidence);
    let incremental_revenue = welch.diff.map(|diff| diff * exposed.n);
    RevenueLift {
        welch,
        incremental_revenue,
        incremental_roas: incremental_revenue.map(|revenue| ratio(revenue, spend)),
        incremental_profit: incremental_revenue.map(|revenue| margin * revenue - spend),
    }
}

/// A standard deviation below this share of its mean is what rounding leaves of users who all have the same value.
const ROUNDING: f64 = 1e-12;

/// Users, mean and standard deviation of one arm, as a report states them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arm {
    /// Users, those without revenue too.
    pub users: f64,
    /// Revenue per user.
    pub mean: f64,
    /// The standard deviation of one user, with `n - 1`.
    pub sd: f64,
}

impl Arm {
    fn summary(self, [users, mean, sd]: [&'static str; 3]) -> Result<Summary, DomainError> {
        DomainError::check(users, Rule::Count, self.users)?;
        DomainError::check(mean, Rule::Finite, self.mean)?;
        DomainError::check(sd, Rule::NonNegative, self.sd)?;
        Ok(self.known())
    }

    fn known(self) -> Summary {
        Summary {
            n: self.users,
            mean: if self.users == 0.0 {
                f64::NAN
            } else {
                self.mean
            },
            sd: if self.users < 2.0 {
                f64::NAN
            } else if self.sd <= ROUNDING * self.mean.abs() {
                0.0
            } else {
                self.sd
            },
        }
    }
}

/// Both arms with their largest values cut down to a common cap; see [`winsorize`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winsorized {
    /// The cap: the quantile of both arms together.
    pub cap: f64,
    /// The exposed arm after the cut.
    pub exposed: Moments,
    /// The holdout after the cut.
    pub holdout: Moments,
    /// Exposed users that were cut.
    pub exposed_capped: usize,
    /// Holdout users that were cut.
    pub holdout_capped: usize,
}

/// Cuts the values of both arms down to the same quantile of all values together (linear between order statistics).
///
/// A few very large orders make revenue noisy; a cap trades a little bias for much less noise. The cap is shared, so that it
/// favours neither arm; say in the report that it was used, and how often (`.._capped`).
///
/// # Errors
///
/// A quantile outside 0 to 1, values that are not finite.
pub fn winsorize(
    exposed: &[f64],
    holdout: &[f64],
    quantile: f64,
) -> Result<Winsorized, DomainError> {
    DomainError::check_all("exposed", Rule::Finite, exposed)?;
    DomainError::check_all("holdout", Rule::Finite, holdout)?;
    DomainError::check("winsorize", Rule::Rate, quantile)?;
    let mut all: Vec<f64> = exposed.iter().chain(holdout).copied().collect();
    let cap = if quantile.is_nan() || all.iter().any(|x| x.is_nan()) {
        f64::NAN
    } else {
        quantile_of(&mut all, quantile)
    };
    let cut = |values: &[f64]| {
        let (mut moments, mut capped) = (Moments::default(), 0);
        for value in values {
            if *value > cap {
                moments.push(cap);
                capped += 1;
            } else {
                // A cap that is not known makes everything unknown.
                moments.push(if cap.is_nan() { cap } else { *value });
            }
        }
        (moments, capped)
    };
    let ((exposed, exposed_capped), (holdout, holdout_capped)) = (cut(exposed), cut(holdout));
    Ok(Winsorized {
        cap,
        exposed,
        holdout,
        exposed_capped,
        holdout_capped,
    })
}

/// Definition 7 of Hyndman and Fan (1996), NumPy's and R's default.
fn quantile_of(values: &mut [f64], quantile: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = quantile * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the last position"
    )]
    let rank = (position.floor() as usize).min(last);
    let (_, at, above) = values.select_nth_unstable_by(rank, f64::total_cmp);
    let at = *at;
    match above.iter().copied().min_by(f64::total_cmp) {
        Some(next) => at + (next - at) * (position - rank as f64),
        None => at,
    }
}

/// The row-by-row calculator of this module. `relative` says which interval `rel_lift` has: 0 Fieller's, 1 the delta method's.
pub(super) static ALL: &[Calculator] = &[Calculator {
    name: "lift.revenue",
    arguments: &[
        argument("exposed_mean", Rule::Finite, Refused),
        argument("exposed_sd", Rule::NonNegative, Refused),
        argument("exposed_users", Rule::Count, Refused),
        argument("holdout_mean", Rule::Finite, Refused),
        argument("holdout_sd", Rule::NonNegative, Refused),
        argument("holdout_users", Rule::Count, Refused),
        argument("spend", Rule::NonNegative, Undefined),
        argument("margin", Rule::Rate, Undefined),
        argument("confidence", Rule::Confidence, Value(0.95)),
        argument("relative", Rule::Finite, Value(0.0)),
    ],
    at_most: &[],
    outputs: &[
        "diff",
        "se",
        "t",
        "df",
        "p_value",
        "diff_ci",
        "diff_ci.low",
        "diff_ci.high",
        "rel_lift",
        "rel_lift.low",
        "rel_lift.high",
        "rel_ci_delta",
        "rel_ci_delta.low",
        "rel_ci_delta.high",
        "rel_ci_fieller",
        "rel_ci_fieller.low",
        "rel_ci_fieller.high",
        "incremental_revenue",
        "incremental_revenue.low",
        "incremental_revenue.high",
        "incremental_roas",
        "incremental_roas.low",
        "incremental_roas.high",
        "incremental_profit",
        "incremental_profit.low",
        "incremental_profit.high",
    ],
    kernel: |_, inputs, outputs| {
        by_row(
            inputs,
            outputs,
            |[m1, s1, n1, m0, s0, n0, spend, margin, confidence, relative]| {
                let arm = |users, mean, sd| Arm { users, mean, sd }.known();
                let got = worth(arm(n1, m1, s1), arm(n0, m0, s0), spend, margin, confidence);
                let Welch {
                    diff,
                    se,
                    t,
                    df,
                    p_value,
                    rel_lift_fieller: fieller,
                    rel_lift_delta: delta,
                } = got.welch;
                let chosen = if relative == 0.0 { fieller } else { delta };
                let (revenue, roas, profit) = (
                    got.incremental_revenue,
                    got.incremental_roas,
                    got.incremental_profit,
                );
                [
                    diff.estimate,
                    se,
                    t,
                    df,
                    p_value,
                    diff.estimate,
                    diff.low,
                    diff.high,
                    chosen.estimate,
                    chosen.low,
                    chosen.high,
                    delta.estimate,
                    delta.low,
                    delta.high,
                    fieller.estimate,
                    fieller.low,
                    fieller.high,
                    revenue.estimate,
                    revenue.low,
                    revenue.high,
                    roas.estimate,
                    roas.low,
                    roas.high,
                    profit.estimate,
                    profit.low,
                    profit.high,
                ]
            },
        );
    },
}];

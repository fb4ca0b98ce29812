//! How many users a test needs, and what it can see.
//!
//! All of it is for two rates compared by the two-sided score test with the pooled variance under the null hypothesis, the test
//! that [`super::p_value`] reports. Formulas: Fleiss, Levin and Paik, *Statistical Methods for Rates and Proportions* (2003),
//! chapter 4, with unequal arms; the arcsine form is Cohen's (1988). No continuity correction.
//!
//! Users are real numbers here: a plan may say 1,234.5 per week.

pub(super) use super::calculator::argument;
use super::calculator::{Absent, Calculator};
use super::math::{asin, ratio};
use super::roots;
use super::special::{normal_cdf, normal_quantile};
use super::{DomainError, Rule};

/// The users that a test needs; see [`sample_size`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleSize {
    /// Users in the control arm, rounded up.
    pub n_control: f64,
    /// Users in the treatment arm: `ratio` times the control arm before rounding, then rounded up.
    pub n_treatment: f64,
    /// Both arms together.
    pub n_total: f64,
    /// The control arm before rounding: pooled variance under the null hypothesis, separate variances under the alternative.
    pub n_control_exact: f64,
    /// The control arm when the test does not pool the variances.
    pub n_control_unpooled: f64,
    /// The control arm for the test on the arcsine scale.
    pub n_control_arcsine: f64,
}

/// How many users make a difference between `baseline` and `target` visible.
///
/// `ratio` is treatment users per control user; `alpha` the two-sided error rate; `power` the chance to find the difference.
/// With `r` for the ratio and `p̄ = (p0 + r p1)/(1 + r)`, the control arm is
/// `[z(1 - α/2) √(p̄q̄(1 + 1/r)) + z(power) √(p0q0 + p1q1/r)]² / (p1 - p0)²`.
///
/// ```
/// use edgetally_core::metrics::power::sample_size;
///
/// let need = sample_size(0.025, 0.03, 1.0, 0.05, 0.8)?;
/// assert_eq!((need.n_control, need.n_treatment), (16_792.0, 16_792.0));
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// A rate outside 0 to 1, `target` equal to `baseline`, a ratio that is not positive, `alpha` or `power` not inside 0 to 1, or
/// a power that the error rate alone reaches.
pub fn sample_size(
    baseline: f64,
    target: f64,
    ratio: f64,
    alpha: f64,
    power: f64,
) -> Result<SampleSize, DomainError> {
    DomainError::check("baseline", Rule::Rate, baseline)?;
    DomainError::check("target", Rule::Rate, target)?;
    DomainError::check("ratio", Rule::Positive, ratio)?;
    check_errors(alpha, power)?;
    if target == baseline {
        return Err(DomainError::scalar(
            "target",
            Rule::Unequal("baseline"),
            target,
        ));
    }
    Ok(size(baseline, target, ratio, alpha, power))
}

/// The sizes themselves; the arguments are checked by those who call.
fn size(baseline: f64, target: f64, ratio: f64, alpha: f64, power: f64) -> SampleSize {
    let z_alpha = -normal_quantile(alpha / 2.0);
    let z_power = normal_quantile(power);
    let delta = target - baseline;
    let (q0, q1) = (1.0 - baseline, 1.0 - target);
    let mean = (baseline + ratio * target) / (1.0 + ratio);
    let null = mean * (1.0 - mean) * (1.0 + 1.0 / ratio);
    let alternative = baseline * q0 + target * q1 / ratio;
    let squared = |x: f64| x * x;
    let exact = squared((z_alpha * null.sqrt() + z_power * alternative.sqrt()) / delta);
    let unpooled = squared((z_alpha + z_power) / delta) * alternative;
    // The difference of two arcsines as one arcsine: nothing is lost when the rates are close.
    let angle = 2.0 * asin(delta / ((target * q0).sqrt() + (baseline * q1).sqrt()));
    let arcsine = squared((z_alpha + z_power) / angle) * (1.0 + 1.0 / ratio);
    let n_control = exact.ceil();
    let n_treatment = (ratio * exact).ceil();
    SampleSize {
        n_control,
        n_treatment,
        n_total: n_control + n_treatment,
        n_control_exact: exact,
        n_control_unpooled: unpooled,
        n_control_arcsine: arcsine,
    }
}

/// The chance that the test finds the difference between two rates, at the users that there are.
///
/// Both tails count, so with equal rates it is `alpha`. `NaN` where nothing can vary: both rates 0 or both 1, or an empty arm.
///
/// ```
/// use edgetally_core::metrics::power::power;
///
/// let chance = power(0.025, 0.03, 16_792.0, 16_792.0, 0.05)?;
/// assert!((chance - 0.8).abs() < 1e-4);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// A rate outside 0 to 1, negative users, `alpha` not inside 0 to 1.
pub fn power(
    holdout_rate: f64,
    exposed_rate: f64,
    holdout_users: f64,
    exposed_users: f64,
    alpha: f64,
) -> Result<f64, DomainError> {
    DomainError::check("holdout_rate", Rule::Rate, holdout_rate)?;
    DomainError::check("exposed_rate", Rule::Rate, exposed_rate)?;
    DomainError::check("holdout_users", Rule::NonNegative, holdout_users)?;
    DomainError::check("exposed_users", Rule::NonNegative, exposed_users)?;
    DomainError::check("alpha", Rule::Inside, alpha)?;
    Ok(Plan {
        rate: holdout_rate,
        holdout: holdout_users,
        exposed: exposed_users,
        z: -normal_quantile(alpha / 2.0),
    }
    .power(exposed_rate - holdout_rate))
}

/// Which way an effect goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The exposed rate is the higher one.
    #[default]
    Up,
    /// The exposed rate is the lower one.
    Down,
}

/// The smallest effect that a test can be expected to find; see [`mde`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mde {
    /// As a difference of rates; negative for [`Direction::Down`].
    pub mde_abs: f64,
    /// Relative to the holdout's rate.
    pub mde_rel: f64,
}

/// The effect at which the [`power`] function reaches `power`, by root finding.
///
/// `NaN` when these users cannot reach it with any rate from 0 to 1.
///
/// ```
/// use edgetally_core::metrics::power::{mde, Direction};
///
/// let least = mde(0.009, 100_000.0, 100_000.0, 0.05, 0.8, Direction::Up)?;
/// assert!((least.mde_rel - 0.1358).abs() < 1e-4);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// As [`power`] and [`sample_size`].
pub fn mde(
    holdout_rate: f64,
    holdout_users: f64,
    exposed_users: f64,
    alpha: f64,
    power: f64,
    direction: Direction,
) -> Result<Mde, DomainError> {
    DomainError::check("holdout_rate", Rule::Rate, holdout_rate)?;
    DomainError::check("holdout_users", Rule::NonNegative, holdout_users)?;
    DomainError::check("exposed_users", Rule::NonNegative, exposed_users)?;
    check_errors(alpha, power)?;
    Ok(least_effect(
        holdout_rate,
        holdout_users,
        exposed_users,
        alpha,
        power,
        direction,
    ))
}

fn least_effect(
    holdout_rate: f64,
    holdout_users: f64,
    exposed_users: f64,
    alpha: f64,
    power: f64,
    direction: Direction,
) -> Mde {
    let plan = Plan {
        rate: holdout_rate,
        holdout: holdout_users,
        exposed: exposed_users,
        z: -normal_quantile(alpha / 2.0),
    };
    let (sign, most) = match direction {
        Direction::Up => (1.0, 1.0 - holdout_rate),
        Direction::Down => (-1.0, holdout_rate),
    };
    let missing = |size: f64| plan.power(sign * size) - power;
    // Not at zero: there nothing may vary, and the sign would be unknown.
    let least = most * 1e-18;
    let (at_least, at_most) = (missing(least), missing(most));
    let size = if at_least < 0.0 && at_most >= 0.0 {
        roots::bracketed(missing, least, most, at_least, at_most, 0.0)
    } else {
        f64::NAN
    };
    Mde {
        mde_abs: sign * size,
        mde_rel: ratio(sign * size, holdout_rate),
    }
}

/// What a holdout costs in precision; see [`holdout_cost`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoldoutCost {
    /// The variance of the lift, relative to an even split of the same users.
    pub variance_inflation: f64,
    /// The width of its interval, relative to an even split.
    pub width_inflation: f64,
    /// An even split of this share of the users would see as much.
    pub effective_share: f64,
}

/// What a small holdout costs: a share `f` inflates the variance of the lift by `1/(4f(1 - f))`.
///
/// ```
/// use edgetally_core::metrics::power::holdout_cost;
///
/// assert!((holdout_cost(0.1)?.variance_inflation - 2.78).abs() < 0.01);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// A share that is not inside 0 to 1.
pub fn holdout_cost(holdout_share: f64) -> Result<HoldoutCost, DomainError> {
    DomainError::check("holdout_share", Rule::Inside, holdout_share)?;
    let effective_share = 4.0 * holdout_share * (1.0 - holdout_share);
    Ok(HoldoutCost {
        variance_inflation: 1.0 / effective_share,
        width_inflation: 1.0 / effective_share.sqrt(),
        effective_share,
    })
}

/// Everything of a test but its effect.
struct Plan {
    rate: f64,
    holdout: f64,
    exposed: f64,
    z: f64,
}

impl Plan {
    /// In the difference and not in the second rate, so that a small difference keeps its digits.
    fn power(&self, delta: f64) -> f64 {
        let other = self.rate + delta;
        let share = self.exposed / (self.holdout + self.exposed);
        let mean = self.rate + share * delta;
        let null = (mean * (1.0 - mean) * (1.0 / self.holdout + 1.0 / self.exposed)).sqrt();
        let alternative = (self.rate * (1.0 - self.rate) / self.holdout
            + other * (1.0 - other) / self.exposed)
            .sqrt();
        let edge = self.z * null;
        if alternative == 0.0 && delta != 0.0 {
            // Rates 0 and 1: the outcome is certain.
            return if delta.abs() > edge { 1.0 } else { 0.0 };
        }
        normal_cdf((delta.abs() - edge) / alternative)
            + normal_cdf((-delta.abs() - edge) / alternative)
    }
}

pub(super) fn check_errors(alpha: f64, power: f64) -> Result<(), DomainError> {
    DomainError::check("alpha", Rule::Inside, alpha)?;
    DomainError::check("power", Rule::Inside, power)?;
    if power <= alpha {
        // No users at all reject as often.
        return Err(DomainError::scalar(
            "power",
            Rule::Other("not_above_alpha", "is not above alpha"),
            power,
        ));
    }
    Ok(())
}

/// A kernel from a function of one row.
pub(super) fn by_row<const A: usize, const O: usize>(
    inputs: &[&[f64]],
    outputs: &mut [&mut [f64]],
    f: impl Fn([f64; A]) -> [f64; O],
) {
    let rows = outputs.first().map_or(0, |output| output.len());
    for row in 0..rows {
        let mut arguments = [f64::NAN; A];
        for (slot, input) in arguments.iter_mut().zip(inputs) {
            if let Some(x) = input.get(row) {
                *slot = *x;
            }
        }
        for (output, value) in outputs.iter_mut().zip(f(arguments)) {
            if let Some(slot) = output.get_mut(row) {
                *slot = value;
            }
        }
    }
}

use Absent::{Refused, Undefined, Value};

/// The row-by-row calculators of this module.
///
/// Rules that tie two arguments together (a target unlike its baseline, a power above alpha) are the caller's to check: such
/// rows are `NaN` here. The target may be given as a difference, `mde`; the direction is 1 for up and -1 for down.
pub(super) static ALL: &[Calculator] = &[
    Calculator {
        name: "ab_sample_size",
        arguments: &[
            argument("baseline", Rule::Rate, Refused),
            argument("target", Rule::Rate, Undefined),
            argument("mde", Rule::Finite, Undefined),
            argument("ratio", Rule::Positive, Value(1.0)),
            argument("alpha", Rule::Inside, Value(0.05)),
            argument("power", Rule::Inside, Value(0.8)),
        ],
        at_most: &[],
        outputs: &[
            "n_control",
            "n_treatment",
            "n_total",
            "n_control_exact",
            "n_control_unpooled",
            "n_control_arcsine",
        ],
        kernel: |given, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[baseline, target, mde, ratio, alpha, power]| {
                    let target = if given.has(1) { target } else { baseline + mde };
                    if target == baseline || power <= alpha || !Rule::Rate.allows(target) {
                        return [f64::NAN; 6];
                    }
                    let size = size(baseline, target, ratio, alpha, power);
                    [
                        size.n_control,
                        size.n_treatment,
                        size.n_total,
                        size.n_control_exact,
                        size.n_control_unpooled,
                        size.n_control_arcsine,
                    ]
                },
            );
        },
    },
    Calculator {
        name: "lift.power",
        arguments: &[
            argument("exposed_rate", Rule::Rate, Refused),
            argument("holdout_rate", Rule::Rate, Refused),
            argument("exposed_users", Rule::NonNegative, Refused),
            argument("holdout_users", Rule::NonNegative, Refused),
            argument("alpha", Rule::Inside, Value(0.05)),
        ],
        at_most: &[],
        outputs: &["power"],
        kernel: |_, inputs, outputs| {
            by_row(inputs, outputs, |[other, rate, exposed, holdout, alpha]| {
                let plan = Plan {
                    rate,
                    holdout,
                    exposed,
                    z: -normal_quantile(alpha / 2.0),
                };
                [plan.power(other - rate)]
            });
        },
    },
    Calculator {
        name: "lift.mde",
        arguments: &[
            argument("holdout_rate", Rule::Rate, Refused),
            argument("exposed_users", Rule::NonNegative, Refused),
            argument("holdout_users", Rule::NonNegative, Refused),
            argument("alpha", Rule::Inside, Value(0.05)),
            argument("power", Rule::Inside, Value(0.8)),
            argument("direction", Rule::Finite, Value(1.0)),
        ],
        at_most: &[],
        outputs: &["mde_abs", "mde_rel"],
        kernel: |_, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[rate, exposed, holdout, alpha, power, direction]| {
                    if power <= alpha {
                        return [f64::NAN; 2];
                    }
                    let direction = if direction < 0.0 {
                        Direction::Down
                    } else {
                        Direction::Up
                    };
                    let least = least_effect(rate, holdout, exposed, alpha, power, direction);
                    [least.mde_abs, least.mde_rel]
                },
            );
        },
    },
    Calculator {
        name: "holdout_cost",
        arguments: &[argument("holdout_share", Rule::Inside, Refused)],
        at_most: &[],
        outputs: &["variance_inflation", "width_inflation", "effective_share"],
        kernel: |_, inputs, outputs| {
            by_row(inputs, outputs, |[share]| {
                let effective = 4.0 * share * (1.0 - share);
                [1.0 / effective, 1.0 / effective.sqrt(), effective]
            });
        },
    },
];

//! How many users a test of a mean needs (revenue per user), and what it can see.
//!
//! All of it is for Welch's two-sided test, the test that [`super::revenue`] reports. The power is that of Student's statistic with
//! Satterthwaite's degrees of freedom at the true standard deviations: the noncentral t distribution, by quadrature over the
//! estimated standard deviation. Cohen (1988), *Statistical Power Analysis*, chapter 2; for equal arms the numbers are those of R's
//! `power.t.test` and of statsmodels' `TTestIndPower`.
//!
//! Revenue per user is far from normal: a few pay much and most nothing. The mean of thousands of users is normal enough; below
//! that the power is optimistic.

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::Calculator;
use super::math::{exp, ln, ratio};
use super::power::{argument, by_row, check_errors};
use super::roots::bracketed;
use super::special::{gauss_legendre_panels, ln_gamma, normal_cdf, normal_sf, student_quantile};
use super::{DomainError, Rule};

/// Both arms but for the effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The standard deviation of one exposed user.
    pub exposed_sd: f64,
    /// Exposed users.
    pub exposed_users: f64,
    /// The standard deviation of one holdout user.
    pub holdout_sd: f64,
    /// Holdout users.
    pub holdout_users: f64,
}

impl Plan {
    fn check(&self) -> Result<(), DomainError> {
        DomainError::check("exposed_sd", Rule::Positive, self.exposed_sd)?;
        DomainError::check("exposed_users", Rule::NonNegative, self.exposed_users)?;
        DomainError::check("holdout_sd", Rule::Positive, self.holdout_sd)?;
        DomainError::check("holdout_users", Rule::NonNegative, self.holdout_users)?;
        Ok(())
    }

    /// The standard error of the difference, and Satterthwaite's degrees of freedom.
    fn error(&self) -> (f64, f64) {
        // In a unit in which no square overflows.
        let unit = self.exposed_sd.max(self.holdout_sd);
        let of = |sd: f64, n: f64| (sd / unit) * (sd / unit) / n;
        let (v1, v0) = (
            of(self.exposed_sd, self.exposed_users),
            of(self.holdout_sd, self.holdout_users),
        );
        let share = v1 / (v1 + v0);
        let freedom = 1.0
            / (share * share / (self.exposed_users - 1.0)
                + (1.0 - share) * (1.0 - share) / (self.holdout_users - 1.0));
        let known = self.exposed_users >= 2.0 && self.holdout_users >= 2.0;
        (
            unit * (v1 + v0).sqrt(),
            if known { freedom } else { f64::NAN },
        )
    }

    fn power(&self, diff: f64, alpha: f64) -> f64 {
        let (se, df) = self.error();
        chance(diff.abs() / se, df, alpha)
    }
}

/// The chance that Student's statistic with this noncentrality is beyond its two-sided critical value.
fn chance(noncentrality: f64, df: f64, alpha: f64) -> f64 {
    if (noncentrality + df + alpha).is_nan() {
        return f64::NAN;
    }
    let critical = -student_quantile(alpha / 2.0, df);
    if df > 1e7 {
        return normal_sf(critical - noncentrality) + normal_cdf(-critical - noncentrality);
    }
    // Over the estimated standard deviation as a share of the true one: s² is chi-square over its degrees of freedom.
    let half = df / 2.0;
    let constant = ln(2.0) + half * ln(half) - ln_gamma(half);
    let density = |s: f64| exp(constant + (df - 1.0) * ln(s) - half * s * s);
    let spread = 10.0 / (2.0 * df).sqrt();
    let (from, to) = ((1.0 - spread).max(0.0), 1.0 + spread);
    let beyond = |s: f64| {
        let edge = critical * s;
        density(s) * (normal_sf(edge - noncentrality) + normal_cdf(-edge - noncentrality))
    };
    // Over the cube root: with one degree of freedom and a bit, the density leaves 0 too steeply for polynomials. In three parts:
    // where the critical value is large, the chance rises to 1 within a small part of the way.
    let by_root = |root: f64| 3.0 * root * root * beyond(root * root * root);
    let root = |s: f64| libm::cbrt(s.clamp(from, to));
    let place = |distance: f64| root((noncentrality + distance) / critical.max(1e-9));
    let (rises, risen) = (place(-9.0), place(9.0));
    let sum = gauss_legendre_panels(by_root, root(from), rises, 4)
        + gauss_legendre_panels(by_root, rises, risen, 12)
        + gauss_legendre_panels(by_root, risen, root(to), 4);
    sum.clamp(0.0, 1.0)
}

/// The chance that the test finds a difference of `diff` per user.
///
/// ```
/// use edgetally_core::metrics::power_revenue::{power, Plan};
///
/// let plan = Plan { exposed_sd: 1.0, exposed_users: 20.0, holdout_sd: 1.0, holdout_users: 20.0 };
/// // power.t.test(n = 20, delta = 1, sd = 1, strict = TRUE) of R.
/// assert!((power(&plan, 1.0, 0.05)? - 0.868_953_0).abs() < 1e-7);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Standard deviations that are not positive, negative users, `diff` not finite, `alpha` not inside 0 to 1.
pub fn power(plan: &Plan, diff: f64, alpha: f64) -> Result<f64, DomainError> {
    plan.check()?;
    DomainError::check("diff", Rule::Finite, diff)?;
    DomainError::check("alpha", Rule::Inside, alpha)?;
    Ok(plan.power(diff, alpha))
}

/// The smallest difference per user that the test finds with the chance `power`.
///
/// # Errors
///
/// As [`power`]; a power that is not inside 0 to 1 or not above `alpha`.
pub fn mde(plan: &Plan, alpha: f64, power: f64) -> Result<f64, DomainError> {
    plan.check()?;
    check_errors(alpha, power)?;
    Ok(least_effect(plan, alpha, power))
}

fn least_effect(plan: &Plan, alpha: f64, power: f64) -> f64 {
    let (se, df) = plan.error();
    let missing = |noncentrality: f64| chance(noncentrality, df, alpha) - power;
    let most = -student_quantile(alpha / 2.0, df) - 8.0 * student_quantile(0.01, df.min(1e6));
    let (least, most_missing) = (missing(0.0), missing(most));
    se * bracketed(missing, 0.0, most, least, most_missing, 1e-13)
}

/// The holdout's users with which the test finds `diff` with the chance `power`, as a real number of at least 2; the exposed are
/// `ratio` times as many.
///
/// # Errors
///
/// As [`mde`]; `diff` zero, a ratio that is not positive.
pub fn users(
    exposed_sd: f64,
    holdout_sd: f64,
    diff: f64,
    ratio: f64,
    alpha: f64,
    power: f64,
) -> Result<f64, DomainError> {
    DomainError::check("exposed_sd", Rule::Positive, exposed_sd)?;
    DomainError::check("holdout_sd", Rule::Positive, holdout_sd)?;
    DomainError::check("diff", Rule::Finite, diff)?;
    DomainError::check("ratio", Rule::Positive, ratio)?;
    check_errors(alpha, power)?;
    if diff == 0.0 {
        return Err(DomainError::scalar(
            "diff",
            Rule::Other("equal", "is zero: no number of users finds that"),
            diff,
        ));
    }
    Ok(needed(exposed_sd, holdout_sd, diff, ratio, alpha, power))
}

fn needed(exposed_sd: f64, holdout_sd: f64, diff: f64, ratio: f64, alpha: f64, power: f64) -> f64 {
    let missing = |n: f64| {
        let plan = Plan {
            exposed_sd,
            // Two at least: `ratio * (2 / ratio)` may be less by a rounding.
            exposed_users: (ratio * n).max(2.0),
            holdout_sd,
            holdout_users: n,
        };
        plan.power(diff, alpha) - power
    };
    // Two users in each arm, or there is no standard deviation.
    let least = 2.0_f64.max(2.0 / ratio);
    let at_least = missing(least);
    if at_least >= 0.0 {
        return least;
    }
    let mut most = least;
    let mut at_most = at_least;
    while at_most < 0.0 && most < 1e18 {
        most *= 4.0;
        at_most = missing(most);
    }
    bracketed(missing, least, most, at_least, at_most, 1e-9)
}

/// The row-by-row calculators of this module. A power that is not above alpha and a difference of zero are the caller's to refuse:
/// such rows are `NaN` here. The exposed arm's standard deviation is the holdout's where it is not given.
pub(super) static ALL: &[Calculator] = &[
    Calculator {
        name: "sample_size_revenue",
        arguments: &[
            argument("holdout_mean", Rule::Finite, Undefined),
            argument("holdout_sd", Rule::Positive, Refused),
            argument("mde", Rule::Finite, Undefined),
            argument("mde_rel", Rule::Finite, Undefined),
            argument("exposed_sd", Rule::Positive, Undefined),
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
            "diff",
        ],
        kernel: |given, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[mean, sd, mde, relative, exposed_sd, ratio, alpha, power]| {
                    let exposed_sd = if given.has(4) { exposed_sd } else { sd };
                    let diff = if given.has(2) { mde } else { mean * relative };
                    let known = !(sd + exposed_sd + diff + ratio + alpha + power).is_nan();
                    if !known || diff == 0.0 || power <= alpha {
                        return [f64::NAN; 5];
                    }
                    let exact = needed(exposed_sd, sd, diff, ratio, alpha, power);
                    let (one, other) = (exact.ceil(), (ratio * exact).ceil());
                    [one, other, one + other, exact, diff]
                },
            );
        },
    },
    Calculator {
        name: "lift.power_revenue",
        arguments: &[
            argument("diff", Rule::Finite, Refused),
            argument("exposed_sd", Rule::Positive, Refused),
            argument("exposed_users", Rule::NonNegative, Refused),
            argument("holdout_sd", Rule::Positive, Refused),
            argument("holdout_users", Rule::NonNegative, Refused),
            argument("alpha", Rule::Inside, Value(0.05)),
        ],
        at_most: &[],
        outputs: &["power"],
        kernel: |_, inputs, outputs| {
            by_row(inputs, outputs, |[diff, s1, n1, s0, n0, alpha]| {
                let plan = Plan {
                    exposed_sd: s1,
                    exposed_users: n1,
                    holdout_sd: s0,
                    holdout_users: n0,
                };
                [plan.power(diff, alpha)]
            });
        },
    },
    Calculator {
        name: "lift.mde_revenue",
        arguments: &[
            argument("exposed_sd", Rule::Positive, Refused),
            argument("exposed_users", Rule::NonNegative, Refused),
            argument("holdout_sd", Rule::Positive, Refused),
            argument("holdout_users", Rule::NonNegative, Refused),
            argument("holdout_mean", Rule::Finite, Undefined),
            argument("alpha", Rule::Inside, Value(0.05)),
            argument("power", Rule::Inside, Value(0.8)),
        ],
        at_most: &[],
        outputs: &["mde_abs", "mde_rel"],
        kernel: |_, inputs, outputs| {
            by_row(inputs, outputs, |[s1, n1, s0, n0, mean, alpha, power]| {
                let plan = Plan {
                    exposed_sd: s1,
                    exposed_users: n1,
                    holdout_sd: s0,
                    holdout_users: n0,
                };
                if power <= alpha {
                    return [f64::NAN; 2];
                }
                let least = least_effect(&plan, alpha, power);
                [least, ratio(least, mean.abs())]
            });
        },
    },
];

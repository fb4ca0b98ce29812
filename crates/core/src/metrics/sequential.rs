//! Looking at a test while it runs: intervals that hold at every look.
//!
//! A fixed-sample p-value that is looked at daily and believed as soon as it is small rejects far more often than it says. The
//! values here may be looked at as often as one likes. Two kinds:
//!
//! - [`Kind::Msprt`], the mixture sequential probability ratio test with a normal mixture: Robbins (1970); Johari, Pekelis and
//!   Walsh, *Always Valid Inference* (2022). The width of the mixture, `tau`, is fixed before the test; the effect that one
//!   hopes to find is near the best choice.
//! - [`Kind::AsymptoticCs`], the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021, version
//!   7, equations 9, 155 and 161), tuned to be tightest at a number of users, as GrowthBook does.
//!
//! They are one formula: the second is the first with `tau² = V N ρ²`, so its mixture changes with the estimated variance `V` at
//! `N` users.
//!
//! The closed form puts an estimated variance in the place of the true one. With a small holdout that variance rests on a handful
//! of conversions: at 95 : 5 and a rate of 0.1 % half of all tests without an effect are then rejected at some of 60 looks, and
//! with the variance of both arms together still up to 9 %, because the tail of a few conversions is not normal. So [`sequential`]
//! uses the closed form only where the normal distribution describes the difference ([`is_normal`]), and elsewhere the same
//! mixture of the binomial likelihood itself (`sequential/likelihood.rs`).

mod likelihood;
mod simulation;

pub use simulation::{Simulated, Simulation, simulate};

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::Calculator;
use super::math::{exp, ln, log1p};
use super::power::{argument, by_row};
use super::proportion::Arms;
use super::{DomainError, Interval, Rule};

/// Which always-valid method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The mixture test. `tau` is the standard deviation of the mixture, in the units of the difference.
    Msprt {
        /// The standard deviation of the mixture.
        tau: f64,
    },
    /// The asymptotic confidence sequence, tightest at so many users in both arms together.
    AsymptoticCs {
        /// Users at which the interval is to be tightest; GrowthBook's default is 5,000.
        tuning: f64,
    },
}

/// What is known at one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Evidence against "no difference": its expectation is at most 1 when there is none. Infinite where it overflows; its
    /// logarithm is not.
    pub e_value: f64,
    /// The logarithm of the evidence.
    pub log_e_value: f64,
    /// The always-valid p-value: the smallest so far of 1, `previous_p` and `1/e_value`.
    pub p_always_valid: f64,
    /// The estimated difference and an interval that, at the confidence `1 - alpha`, covers the true one at all looks at once.
    pub confidence_sequence: Interval,
}

impl Look {
    /// One look at a difference whose variance (of the difference, not of a user) is estimated as `variance` from `users` users.
    ///
    /// With a variance of zero there is nothing to measure against: evidence 1, an infinite interval, and the p-value stays where it
    /// was. Without users likewise.
    ///
    /// # Errors
    ///
    /// `diff` not finite, a negative variance or number of users, `tau` or `tuning` not positive, `alpha` not inside 0 to 1,
    /// `previous_p` outside 0 to 1.
    pub fn new(
        diff: f64,
        variance: f64,
        users: f64,
        kind: Kind,
        alpha: f64,
        previous_p: f64,
    ) -> Result<Self, DomainError> {
        DomainError::check("diff", Rule::Finite, diff)?;
        DomainError::check("variance", Rule::NonNegative, variance)?;
        DomainError::check("users", Rule::NonNegative, users)?;
        check(kind, alpha, previous_p)?;
        Ok(Self::at(diff, variance, users, kind, alpha, previous_p))
    }

    /// The look itself; the arguments are checked by those who call.
    pub(super) fn at(
        diff: f64,
        variance: f64,
        users: f64,
        kind: Kind,
        alpha: f64,
        previous_p: f64,
    ) -> Self {
        if variance == 0.0 {
            return Self::open(diff, previous_p);
        }
        // tau²/V: how much wider the mixture is than the noise.
        let spread = match kind {
            Kind::Msprt { tau } => tau * tau / variance,
            Kind::AsymptoticCs { tuning } => {
                let a = -2.0 * ln(alpha);
                users * (a + log1p(a)) / tuning
            }
        };
        let growth = log1p(spread);
        let log_e_value = diff * diff / variance / (1.0 + 1.0 / spread) / 2.0 - growth / 2.0;
        let width = (2.0 * variance * (1.0 + 1.0 / spread) * (growth / 2.0 - ln(alpha))).sqrt();
        Self::of(
            log_e_value,
            previous_p,
            Interval::new(diff, diff - width, diff + width),
        )
    }

    fn of(log_e_value: f64, previous_p: f64, confidence_sequence: Interval) -> Self {
        let p = exp(-log_e_value);
        Self {
            e_value: exp(log_e_value),
            log_e_value,
            // NaN stays NaN, from either side.
            p_always_valid: if p > previous_p || previous_p.is_nan() {
                previous_p
            } else {
                p
            },
            confidence_sequence,
        }
    }

    /// Nothing is known yet.
    fn open(diff: f64, previous_p: f64) -> Self {
        Self {
            e_value: 1.0,
            log_e_value: 0.0,
            p_always_valid: previous_p,
            confidence_sequence: Interval::new(diff, f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

/// A look at the two arms of a test; see [`sequential`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequential {
    /// The evidence, the p-value and the confidence sequence of the difference of rates.
    pub valid: Look,
    /// The closed form with the variance of both arms together, whatever the counts: for comparison. It rejects too often where a
    /// holdout has few conversions and `tau` is large.
    pub pooled: Look,
    /// Whether the counts were too few for the closed form, so that [`Self::valid`] comes from the likelihood itself.
    pub small_counts: bool,
}

/// The always-valid evidence that two rates differ, at this look.
///
/// `previous_p` is the p-value of the look before, 1 at the first; the p-values are running minima. Without users in one arm
/// nothing is known, and the interval is open; in one without a conversion on either side, next to nothing. The interval of a look
/// leaves out 0 exactly when the evidence of that look reaches `1/alpha`.
///
/// ```
/// use edgetally_core::metrics::sequential::{sequential, Kind};
///
/// let look = sequential(100_000.0, 1_200.0, 100_000.0, 900.0, Kind::Msprt { tau: 0.001 }, 0.05, 1.0)?;
/// assert!(look.valid.p_always_valid < 1e-7);
/// assert!(look.valid.confidence_sequence.low > 0.0016);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Counts that are no counts, more conversions than users, `tau` or `tuning` not positive, `alpha` not inside 0 to 1,
/// `previous_p` outside 0 to 1.
pub fn sequential(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    kind: Kind,
    alpha: f64,
    previous_p: f64,
) -> Result<Sequential, DomainError> {
    let arms = Arms::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    check(kind, alpha, previous_p)?;
    Ok(looks(arms, kind, alpha, previous_p))
}

fn looks(arms: Arms, kind: Kind, alpha: f64, previous_p: f64) -> Sequential {
    let users = arms.exposed_users + arms.holdout_users;
    let known = !(users + arms.exposed_conversions + arms.holdout_conversions).is_nan();
    if known && (arms.exposed_users == 0.0 || arms.holdout_users == 0.0) {
        let open = Look::open(f64::NAN, previous_p);
        return Sequential {
            valid: open,
            pooled: open,
            small_counts: true,
        };
    }
    let closed = |variance| Look::at(arms.delta(), variance, users, kind, alpha, previous_p);
    let small_counts = known && !is_normal(&arms);
    Sequential {
        valid: if small_counts {
            by_likelihood(&arms, kind, alpha, previous_p)
        } else {
            closed(variance(&arms))
        },
        pooled: closed(pooled_variance(&arms)),
        small_counts,
    }
}

/// Whether the normal distribution describes the difference of the rates well enough for the closed form: each arm has at least
/// 25 conversions and 25 users without one, and the skewness of the difference is at most 0.05. For rare conversions the skewness
/// is near `1/√x` with `x` conversions in a small holdout, and near 0 with equal arms: 9 : 1 takes some 300 conversions in the
/// holdout.
pub fn is_normal(arms: &Arms) -> bool {
    let third = |x: f64, n: f64| {
        let p = x / n;
        p * (1.0 - p) * (1.0 - 2.0 * p) / (n * n)
    };
    let (x1, n1) = (arms.exposed_conversions, arms.exposed_users);
    let (x0, n0) = (arms.holdout_conversions, arms.holdout_users);
    let variance = variance(arms);
    let skewness = (third(x1, n1) - third(x0, n0)) / (variance * variance.sqrt());
    x1.min(n1 - x1).min(x0).min(n0 - x0) >= 25.0 && skewness.abs() <= 0.05
}

fn by_likelihood(arms: &Arms, kind: Kind, alpha: f64, previous_p: f64) -> Look {
    let delta = arms.delta();
    let tau = mixture(arms, kind, alpha);
    if (tau + alpha).is_nan() || tau <= 0.0 {
        return if (tau + alpha).is_nan() {
            Look::of(f64::NAN, previous_p, Interval::UNDEFINED)
        } else {
            Look {
                confidence_sequence: Interval::new(delta, -1.0, 1.0),
                ..Look::open(delta, previous_p)
            }
        };
    }
    let log_e_value = likelihood::log_evidence(arms, 0.0, tau);
    let (low, high) = likelihood::ends(arms, tau, -ln(alpha), log_e_value);
    Look::of(log_e_value, previous_p, Interval::new(delta, low, high))
}

/// The standard deviation of the mixture.
fn mixture(arms: &Arms, kind: Kind, alpha: f64) -> f64 {
    match kind {
        Kind::Msprt { tau } => tau,
        Kind::AsymptoticCs { tuning } => {
            let users = arms.exposed_users + arms.holdout_users;
            let a = -2.0 * ln(alpha);
            (pooled_variance(arms) * users * (a + log1p(a)) / tuning).sqrt()
        }
    }
}

/// The most likely rates, exposed and holdout, whose difference is `delta`. The counts are numbers, and neither arm is empty.
pub(super) fn most_likely(arms: &Arms, delta: f64) -> (f64, f64) {
    likelihood::most_likely(arms, delta)
}

fn check(kind: Kind, alpha: f64, previous_p: f64) -> Result<(), DomainError> {
    match kind {
        Kind::Msprt { tau } => DomainError::check("tau", Rule::Positive, tau)?,
        Kind::AsymptoticCs { tuning } => DomainError::check("tuning", Rule::Positive, tuning)?,
    };
    DomainError::check("alpha", Rule::Inside, alpha)?;
    DomainError::check("previous_p", Rule::Rate, previous_p)?;
    Ok(())
}

/// The variance of the difference of the rates, each arm with its own rate.
pub(super) fn variance(arms: &Arms) -> f64 {
    let of = |x: f64, n: f64| (x / n) * ((n - x) / n) / n;
    of(arms.exposed_conversions, arms.exposed_users)
        + of(arms.holdout_conversions, arms.holdout_users)
}

/// The same, both arms with the rate of both together.
fn pooled_variance(arms: &Arms) -> f64 {
    let x = arms.exposed_conversions + arms.holdout_conversions;
    let n = arms.exposed_users + arms.holdout_users;
    (x / n) * ((n - x) / n) * (1.0 / arms.exposed_users + 1.0 / arms.holdout_users)
}

/// The row-by-row calculator of this module. The kind is 0 for the mixture test, which needs `tau`, and 1 for the asymptotic
/// confidence sequence.
pub(super) static ALL: &[Calculator] = &[Calculator {
    name: "lift.sequential",
    arguments: &[
        argument("exposed_users", Rule::Count, Refused),
        argument("exposed_conversions", Rule::Count, Refused),
        argument("holdout_users", Rule::Count, Refused),
        argument("holdout_conversions", Rule::Count, Refused),
        argument("tau", Rule::Positive, Undefined),
        argument("alpha", Rule::Inside, Value(0.05)),
        argument("previous_p", Rule::Rate, Value(1.0)),
        argument("tuning", Rule::Positive, Value(5_000.0)),
        argument("kind", Rule::Finite, Value(0.0)),
    ],
    at_most: &[(1, 0), (3, 2)],
    outputs: &[
        "e_value",
        "p_always_valid",
        "e_value_pooled",
        "p_always_valid_pooled",
        "confidence_sequence",
        "confidence_sequence.low",
        "confidence_sequence.high",
        "log_e_value",
        "small_counts",
    ],
    kernel: |_, inputs, outputs| {
        by_row(
            inputs,
            outputs,
            |[n1, x1, n0, x0, tau, alpha, previous_p, tuning, kind]| {
                let kind = if kind == 0.0 {
                    Kind::Msprt { tau }
                } else {
                    Kind::AsymptoticCs { tuning }
                };
                let arms = Arms {
                    exposed_users: n1,
                    exposed_conversions: x1,
                    holdout_users: n0,
                    holdout_conversions: x0,
                };
                let looks = looks(arms, kind, alpha, previous_p);
                let interval = looks.valid.confidence_sequence;
                [
                    looks.valid.e_value,
                    looks.valid.p_always_valid,
                    looks.pooled.e_value,
                    looks.pooled.p_always_valid,
                    interval.estimate,
                    interval.low,
                    interval.high,
                    looks.valid.log_e_value,
                    f64::from(u8::from(looks.small_counts)),
                ]
            },
        );
    },
}];

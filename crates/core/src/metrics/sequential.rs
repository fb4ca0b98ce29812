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
//! Both put the estimated variance in the place of the true one, so they hold for large counts. They are one formula: the
//! second is the first with `tau² = V N ρ²`, so its mixture changes with the estimated variance `V` at `N` users.

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::Calculator;
use super::math::{exp, ln, log1p};
use super::power::{argument, by_row};
use super::proportion::Arms;
use super::special::normal_quantile;
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
    /// With a variance of zero there is nothing to measure against: the evidence and the interval are `NaN` and the p-value
    /// stays where it was. Without users nothing is known: evidence 1, an infinite interval.
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
        // tau²/V: how much wider the mixture is than the noise.
        let spread = match kind {
            Kind::Msprt { tau } => tau * tau / variance,
            Kind::AsymptoticCs { tuning } => {
                let a = -2.0 * ln(alpha);
                users * (a + log1p(a)) / tuning
            }
        };
        if variance == 0.0 {
            return Self {
                e_value: f64::NAN,
                log_e_value: f64::NAN,
                p_always_valid: previous_p,
                confidence_sequence: Interval::new(diff, f64::NAN, f64::NAN),
            };
        }
        let growth = log1p(spread);
        let log_e_value = diff * diff / variance / (1.0 + 1.0 / spread) / 2.0 - growth / 2.0;
        let width = (2.0 * variance * (1.0 + 1.0 / spread) * (growth / 2.0 - ln(alpha))).sqrt();
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
            confidence_sequence: Interval::new(diff, diff - width, diff + width),
        }
    }
}

/// A look at the two arms of a test; see [`sequential`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequential {
    /// With each arm's own variance. Its interval is the confidence sequence of the difference of rates.
    pub unpooled: Look,
    /// With the variance of both arms together, as the score test has it.
    pub pooled: Look,
}

/// The always-valid evidence that two rates differ, at this look.
///
/// `previous_p` is the p-value of the look before, 1 at the first; the p-values are running minima. Without users in one arm
/// nothing is known; where nothing varies, see [`Look::new`].
///
/// ```
/// use edgetally_core::metrics::sequential::{sequential, Kind};
///
/// let look = sequential(100_000.0, 1_200.0, 100_000.0, 900.0, Kind::Msprt { tau: 0.001 }, 0.05, 1.0)?;
/// assert!(look.unpooled.p_always_valid < 1e-7);
/// assert!(look.unpooled.confidence_sequence.low > 0.0016);
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
    let look = |variance| {
        if known && (arms.exposed_users == 0.0 || arms.holdout_users == 0.0) {
            return Look {
                e_value: 1.0,
                log_e_value: 0.0,
                p_always_valid: previous_p,
                confidence_sequence: Interval::new(f64::NAN, f64::NEG_INFINITY, f64::INFINITY),
            };
        }
        Look::at(arms.delta(), variance, users, kind, alpha, previous_p)
    };
    Sequential {
        unpooled: look(variance(&arms)),
        pooled: look(pooled_variance(&arms)),
    }
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

/// A test that is simulated; see [`simulate`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulation {
    /// The true rate of the exposed arm.
    pub exposed_rate: f64,
    /// The true rate of the holdout.
    pub holdout_rate: f64,
    /// Users that join the exposed arm before each look.
    pub exposed_users_per_look: u32,
    /// Users that join the holdout before each look.
    pub holdout_users_per_look: u32,
    /// Looks.
    pub looks: u32,
    /// The method that is held to its word.
    pub kind: Kind,
    /// The error rate.
    pub alpha: f64,
    /// How many tests are played.
    pub repetitions: u32,
    /// Equal seeds give equal results.
    pub seed: u64,
}

/// What happened in simulated tests; all are shares of the repetitions but the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulated {
    /// The always-valid p-value was at most `alpha` at some look: the error rate without a difference, the power with one.
    pub rejected: f64,
    /// The confidence sequence missed the true difference at some look. At most `alpha` when the method keeps its word.
    pub missed: f64,
    /// A fixed-sample z test was below `alpha` at some look: what peeking does.
    pub naive: f64,
    /// The fixed-sample z test at the last look alone.
    pub fixed: f64,
    /// The mean look at which the tests stopped, those that did not reject at their last.
    pub mean_stop: f64,
}

/// Plays tests with looks and counts how often each method errs: the evidence behind the claims of this module.
///
/// ```
/// use edgetally_core::metrics::sequential::{simulate, Kind, Simulation};
///
/// let played = simulate(Simulation {
///     exposed_rate: 0.02,
///     holdout_rate: 0.02,
///     exposed_users_per_look: 1_000,
///     holdout_users_per_look: 1_000,
///     looks: 20,
///     kind: Kind::Msprt { tau: 0.005 },
///     alpha: 0.05,
///     repetitions: 300,
///     seed: 1,
/// })?;
/// // Twenty looks at a z test find a difference, where there is none, in far more than 5 % of the tests.
/// assert!(played.naive > 0.15 && played.rejected < 0.05);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// A rate outside 0 to 1, or a wrong argument of the method. `NaN` is refused here: nothing can be drawn from it.
pub fn simulate(test: Simulation) -> Result<Simulated, DomainError> {
    for (name, rate) in [
        ("exposed_rate", test.exposed_rate),
        ("holdout_rate", test.holdout_rate),
    ] {
        if !(0.0..=1.0).contains(&rate) {
            return Err(DomainError::scalar(name, Rule::Rate, rate));
        }
    }
    check(test.kind, test.alpha, 1.0)?;
    let truth = test.exposed_rate - test.holdout_rate;
    let z = -normal_quantile(test.alpha / 2.0);
    let (mut rejected, mut missed, mut naive, mut fixed, mut stops) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for repetition in 0..test.repetitions {
        let mut draws = Draws::new(test.seed, repetition);
        let mut arms = Arms {
            exposed_users: 0.0,
            exposed_conversions: 0.0,
            holdout_users: 0.0,
            holdout_conversions: 0.0,
        };
        let mut p = 1.0;
        let (mut stop, mut misses, mut peeked, mut last) = (None, false, false, false);
        for look in 1..=test.looks {
            arms.exposed_conversions +=
                draws.binomial(test.exposed_users_per_look, test.exposed_rate);
            arms.holdout_conversions +=
                draws.binomial(test.holdout_users_per_look, test.holdout_rate);
            arms.exposed_users += f64::from(test.exposed_users_per_look);
            arms.holdout_users += f64::from(test.holdout_users_per_look);
            let now = Look::at(
                arms.delta(),
                variance(&arms),
                arms.exposed_users + arms.holdout_users,
                test.kind,
                test.alpha,
                p,
            );
            p = now.p_always_valid;
            if p <= test.alpha && stop.is_none() {
                stop = Some(look);
            }
            misses |= now.confidence_sequence.low > truth || now.confidence_sequence.high < truth;
            last = arms.delta().abs() > z * pooled_variance(&arms).sqrt();
            peeked |= last;
        }
        let one_if = |yes: bool| f64::from(u8::from(yes));
        rejected += one_if(stop.is_some());
        missed += one_if(misses);
        naive += one_if(peeked);
        fixed += one_if(last);
        stops += f64::from(stop.unwrap_or(test.looks));
    }
    let share = |count: f64| super::math::ratio(count, f64::from(test.repetitions));
    Ok(Simulated {
        rejected: share(rejected),
        missed: share(missed),
        naive: share(naive),
        fixed: share(fixed),
        mean_stop: share(stops),
    })
}

/// Random numbers that depend on the seed, the repetition and the position alone.
struct Draws {
    state: u64,
}

impl Draws {
    fn new(seed: u64, repetition: u32) -> Self {
        Self {
            state: mix(seed ^ mix(u64::from(repetition).wrapping_add(GAMMA))),
        }
    }

    /// Above 0 and below 1.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(GAMMA);
        ((mix(self.state) >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
    }

    /// The number of successes, by the gaps between them: as many draws as there are successes.
    fn binomial(&mut self, trials: u32, rate: f64) -> f64 {
        if rate > 0.5 {
            return f64::from(trials) - self.binomial(trials, 1.0 - rate);
        }
        let scale = log1p(-rate);
        let (mut position, mut successes) = (0.0, 0.0);
        loop {
            // With a rate of zero the gap is infinite.
            position += (ln(self.uniform()) / scale).floor() + 1.0;
            if position > f64::from(trials) {
                return successes;
            }
            successes += 1.0;
        }
    }
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
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
                let interval = looks.unpooled.confidence_sequence;
                [
                    looks.unpooled.e_value,
                    looks.unpooled.p_always_valid,
                    looks.pooled.e_value,
                    looks.pooled.p_always_valid,
                    interval.estimate,
                    interval.low,
                    interval.high,
                    looks.unpooled.log_e_value,
                ]
            },
        );
    },
}];

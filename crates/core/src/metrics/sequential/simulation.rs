//! Tests with looks, played with a seed: what [`super::sequential`] is held to.

use super::likelihood::{at_most, log_evidence};
use super::{Kind, check, is_normal, mixture, pooled_variance, variance};
use crate::metrics::math::{ln, log1p, ratio};
use crate::metrics::proportion::Arms;
use crate::metrics::special::normal_quantile;
use crate::metrics::{DomainError, Rule};

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
        let (mut stop, mut misses, mut peeked, mut last) = (None, false, false, false);
        for look in 1..=test.looks {
            arms.exposed_conversions +=
                draws.binomial(test.exposed_users_per_look, test.exposed_rate);
            arms.holdout_conversions +=
                draws.binomial(test.holdout_users_per_look, test.holdout_rate);
            arms.exposed_users += f64::from(test.exposed_users_per_look);
            arms.holdout_users += f64::from(test.holdout_users_per_look);
            if stop.is_none() && reaches(&arms, 0.0, test.kind, test.alpha) {
                stop = Some(look);
            }
            misses = misses || reaches(&arms, truth, test.kind, test.alpha);
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
    let share = |count: f64| ratio(count, f64::from(test.repetitions));
    Ok(Simulated {
        rejected: share(rejected),
        missed: share(missed),
        naive: share(naive),
        fixed: share(fixed),
        mean_stop: share(stops),
    })
}

/// Whether the evidence against a difference reaches `1/alpha` at this look: 0 is then rejected, and the truth missed.
fn reaches(arms: &Arms, difference: f64, kind: Kind, alpha: f64) -> bool {
    let limit = -ln(alpha);
    if arms.exposed_users == 0.0 || arms.holdout_users == 0.0 {
        return false;
    }
    if is_normal(arms) {
        let users = arms.exposed_users + arms.holdout_users;
        let look = super::Look::at(arms.delta(), variance(arms), users, kind, alpha, 1.0);
        let interval = look.confidence_sequence;
        return if difference == 0.0 {
            look.p_always_valid <= alpha
        } else {
            interval.low > difference || interval.high < difference
        };
    }
    let tau = mixture(arms, kind, alpha);
    // A bound that is not reached, which is nearly always, saves the integral.
    tau > 0.0
        && at_most(arms, difference) >= limit - 1e-6
        && log_evidence(arms, difference, tau) >= limit
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

//! What other tools compute, formula by formula, so that differences can be explained.
//!
//! [`gbstats_compat`] gives the numbers of GrowthBook's engine (gbstats 0.8.0) for two rates, so that a team that moves can see
//! both side by side. Where [`super::lift`], [`super::sequential`] and [`super::bayes`] differ, and why:
//!
//! | theirs | ours | why |
//! |---|---|---|
//! | relative lift by the delta method, symmetric | score interval (Koopman) | with few conversions the symmetric one misses nearly always on the same side: 10.6 % above and nothing below at 450 against 50 users |
//! | Student's quantile with Welch's degrees of freedom, on proportions | the score test | a rate's variance follows from its mean; the interval should agree with the p-value |
//! | p-values as 1 less a probability | the tail itself | below 1e-16 theirs are 0 |
//! | a normal posterior of the effect, flat or normal prior | beta posteriors of the rates | the effect of rare conversions is not normal |
//! | no effect, interval from 0 to 0, p-value 1 when the numbers do not allow an answer | `NaN` | "no effect" is an answer |
//!
//! The last line is kept from us: where gbstats reports its neutral numbers with a message, the fields here are `NaN`. And the tails are
//! computed as tails, so p-values and risks that are 0 there are small numbers here; otherwise they agree to rounding.

use super::calculator::Absent::{Refused, Value};
use super::calculator::Calculator;
use super::math::ratio;
use super::power::{argument, by_row};
use super::proportion::Arms;
use super::sequential::{Kind, Look};
use super::special::{
    normal_cdf, normal_pdf, normal_quantile, normal_sf, student_cdf, student_quantile,
};
use super::{DomainError, Rule};

/// In which terms the effect is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Difference {
    /// As a share of the holdout's rate.
    #[default]
    Relative,
    /// As a difference of rates.
    Absolute,
}

/// What GrowthBook's engine reports; pairs are the ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gbstats {
    /// The effect.
    pub expected: f64,
    /// Student's interval.
    pub ci: [f64; 2],
    /// Two-sided, Student's.
    pub p_value: f64,
    /// The standard error of the effect.
    pub se: f64,
    /// The asymptotic confidence sequence.
    pub sequential_ci: [f64; 2],
    /// Its always-valid p-value, of this look alone.
    pub sequential_p: f64,
    /// The probability that the exposed rate is the higher one, under a flat prior.
    pub chance_to_win: f64,
    /// The credible interval under a flat prior.
    pub credible: [f64; 2],
    /// The expected loss of keeping the holdout's variant, and of choosing the exposed one.
    pub risk: [f64; 2],
    /// The probability that the exposed rate is the higher one, under the prior.
    pub prior_chance_to_win: f64,
    /// The posterior mean of the effect.
    pub prior_expected: f64,
    /// The credible interval under the prior.
    pub prior_ci: [f64; 2],
}

/// Settings of GrowthBook's engine, with its defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GbstatsSettings {
    /// In which terms the effect is told.
    pub difference: Difference,
    /// One less the confidence.
    pub alpha: f64,
    /// The users at which the confidence sequence is tightest.
    pub tuning: f64,
    /// The mean of the normal prior of the relative effect.
    pub prior_mean: f64,
    /// Its standard deviation.
    pub prior_sd: f64,
}

impl Default for GbstatsSettings {
    fn default() -> Self {
        Self {
            difference: Difference::Relative,
            alpha: 0.05,
            tuning: 5_000.0,
            prior_mean: 0.0,
            prior_sd: 0.3,
        }
    }
}

/// The numbers of GrowthBook's engine for two rates.
///
/// The prior is one of the relative effect; for the absolute difference it is scaled by the holdout's rate, as they do.
///
/// ```
/// use edgetally_core::metrics::compat::{gbstats_compat, GbstatsSettings};
///
/// let theirs = gbstats_compat(100_000.0, 1_200.0, 100_000.0, 900.0, GbstatsSettings::default())?;
/// assert!((theirs.ci[0] - 0.21869).abs() < 1e-5);
/// assert!((theirs.sequential_ci[0] - 0.13248).abs() < 1e-5);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Counts that are no counts, more conversions than users, `alpha` not inside 0 to 1, `tuning` or `prior_sd` not positive,
/// `prior_mean` not finite.
pub fn gbstats_compat(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    settings: GbstatsSettings,
) -> Result<Gbstats, DomainError> {
    let arms = Arms::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    DomainError::check("alpha", Rule::Inside, settings.alpha)?;
    DomainError::check("tuning", Rule::Positive, settings.tuning)?;
    DomainError::check("prior_mean", Rule::Finite, settings.prior_mean)?;
    DomainError::check("prior_sd", Rule::Positive, settings.prior_sd)?;
    Ok(theirs(arms, settings))
}

fn theirs(arms: Arms, settings: GbstatsSettings) -> Gbstats {
    let GbstatsSettings {
        difference,
        alpha,
        tuning,
        prior_mean,
        prior_sd,
    } = settings;
    let (p1, p0) = (
        ratio(arms.exposed_conversions, arms.exposed_users),
        ratio(arms.holdout_conversions, arms.holdout_users),
    );
    let of_mean = |p: f64, n: f64| p * (1.0 - p) / n;
    let (v1, v0) = (
        of_mean(p1, arms.exposed_users),
        of_mean(p0, arms.holdout_users),
    );
    // They need both arms to vary, and refuse where one does not.
    let (v1, v0) = if v1 == 0.0 || v0 == 0.0 {
        (f64::NAN, f64::NAN)
    } else {
        (v1, v0)
    };
    // The degrees of freedom are those of the absolute difference in both cases.
    let share = v1 / (v1 + v0);
    let df = 1.0
        / (share * share / (arms.exposed_users - 1.0)
            + (1.0 - share) * (1.0 - share) / (arms.holdout_users - 1.0));
    let (expected, variance, scale) = match difference {
        Difference::Relative => (
            arms.relative(),
            v1 / (p0 * p0) + v0 * (p1 / p0) * (p1 / p0) / (p0 * p0),
            1.0,
        ),
        Difference::Absolute => (arms.delta(), v1 + v0, p0),
    };
    let expected = if variance.is_nan() {
        f64::NAN
    } else {
        expected
    };
    let se = variance.sqrt();
    let t = (expected / se).abs();
    let around = |centre: f64, width: f64| [centre - width, centre + width];
    let look = Look::at(
        expected,
        variance,
        arms.exposed_users + arms.holdout_users,
        Kind::AsymptoticCs { tuning },
        alpha,
        1.0,
    );
    // They have no answer without a variance.
    let sequential = if variance == 0.0 {
        [f64::NAN; 2]
    } else {
        [look.confidence_sequence.low, look.confidence_sequence.high]
    };
    let z = -normal_quantile(alpha / 2.0);
    // Two normal densities multiplied: precisions add.
    let (prior_mean, prior_sd) = (prior_mean * scale, prior_sd * scale);
    let trust = variance / (variance + prior_sd * prior_sd);
    let (posterior, posterior_sd) = (
        expected + trust * (prior_mean - expected),
        prior_sd * trust.sqrt(),
    );
    Gbstats {
        expected,
        ci: around(expected, -student_quantile(alpha / 2.0, df) * se),
        p_value: if t.is_nan() {
            f64::NAN
        } else {
            2.0 * student_cdf(-t, df).0
        },
        se,
        sequential_ci: sequential,
        sequential_p: look.p_always_valid,
        chance_to_win: normal_cdf(expected / se),
        credible: around(expected, z * se),
        risk: [se * loss(-expected / se), se * loss(expected / se)],
        prior_chance_to_win: normal_cdf(posterior / posterior_sd),
        prior_expected: posterior,
        prior_ci: around(posterior, z * posterior_sd),
    }
}

/// The mean of a standard normal variable beyond `z`, less `z`: `φ(z) - z (1 - Φ(z))`.
fn loss(z: f64) -> f64 {
    if z < 3.0 {
        return normal_pdf(z) - z * normal_sf(z);
    }
    // Laplace's continued fraction of Mills' ratio, 1/(z + 1/(z + 2/(z + ..))): the difference of two nearly equal terms is its tail.
    let tail = (1..=60_u32)
        .rev()
        .fold(0.0, |tail, k| f64::from(k) / (z + tail));
    normal_pdf(z) * (tail / (z + tail))
}

/// The row-by-row calculator of this module. The difference is 0 for relative and 1 for absolute.
pub(super) static ALL: &[Calculator] = &[Calculator {
    name: "lift.gbstats_compat",
    arguments: &[
        argument("exposed_users", Rule::Count, Refused),
        argument("exposed_conversions", Rule::Count, Refused),
        argument("holdout_users", Rule::Count, Refused),
        argument("holdout_conversions", Rule::Count, Refused),
        argument("difference", Rule::Finite, Value(0.0)),
        argument("alpha", Rule::Inside, Value(0.05)),
        argument("tuning", Rule::Positive, Value(5_000.0)),
        argument("prior_mean", Rule::Finite, Value(0.0)),
        argument("prior_sd", Rule::Positive, Value(0.3)),
    ],
    at_most: &[(1, 0), (3, 2)],
    outputs: &[
        "expected",
        "ci",
        "ci.low",
        "ci.high",
        "p_value",
        "se",
        "sequential_ci",
        "sequential_ci.low",
        "sequential_ci.high",
        "sequential_p",
        "chance_to_win",
        "credible",
        "credible.low",
        "credible.high",
        "risk_keep",
        "risk_choose",
        "prior_chance_to_win",
        "prior_expected",
        "prior_ci",
        "prior_ci.low",
        "prior_ci.high",
    ],
    kernel: |_, inputs, outputs| {
        by_row(
            inputs,
            outputs,
            |[
                n1,
                x1,
                n0,
                x0,
                difference,
                alpha,
                tuning,
                prior_mean,
                prior_sd,
            ]| {
                let settings = GbstatsSettings {
                    difference: if difference == 0.0 {
                        Difference::Relative
                    } else {
                        Difference::Absolute
                    },
                    alpha,
                    tuning,
                    prior_mean,
                    prior_sd,
                };
                let got = theirs(
                    Arms {
                        exposed_users: n1,
                        exposed_conversions: x1,
                        holdout_users: n0,
                        holdout_conversions: x0,
                    },
                    settings,
                );
                [
                    got.expected,
                    got.expected,
                    got.ci[0],
                    got.ci[1],
                    got.p_value,
                    got.se,
                    got.expected,
                    got.sequential_ci[0],
                    got.sequential_ci[1],
                    got.sequential_p,
                    got.chance_to_win,
                    got.expected,
                    got.credible[0],
                    got.credible[1],
                    got.risk[0],
                    got.risk[1],
                    got.prior_chance_to_win,
                    got.prior_expected,
                    got.prior_expected,
                    got.prior_ci[0],
                    got.prior_ci[1],
                ]
            },
        );
    },
}];

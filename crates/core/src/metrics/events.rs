//! The quality of the events themselves: coverage, duplicates, changes of volume.
//!
//! ```
//! use edgetally_core::metrics::events::rate_change;
//!
//! // An event fired 130 times on the day before a release and 90 times on the day after.
//! let change = rate_change(90.0, 24.0, 130.0, 24.0, 0.95)?;
//! assert!(change.p_exact_minlike < 0.01);
//! assert!(change.ratio_ci_exact.high < 0.92);
//! # Ok::<(), edgetally_core::metrics::DomainError>(())
//! ```

use std::collections::HashMap;
use std::hash::Hash;

use super::calculator::{Absent, Calculator, Given, argument};
use super::domain::{DomainError, Rule};
use super::interval::Interval;
use super::math::{exp, expm1, ln, log1p, ratio};
use super::special::{beta_cdf, beta_quantile, binomial_pmf, normal_quantile, normal_sf};

/// Two counts compared, given their sum: what [`rate_change`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateChange {
    /// The new rate over the old one; `NaN` when the old count or an exposure is 0.
    pub rate_ratio: f64,
    /// Two-sided: the chance, were the rates equal, of a split that is as unlikely as this one or less.
    pub p_exact_minlike: f64,
    /// Two-sided: twice the smaller tail.
    pub p_exact_central: f64,
    /// As central, with half the weight on the split itself: not conservative, and right on average.
    pub p_mid: f64,
    /// The ratio between its Clopper–Pearson ends, which are 0 or infinite when a count is 0.
    pub ratio_ci_exact: Interval,
    /// Whether an event that used to fire has fired no more.
    pub silent: bool,
}

impl RateChange {
    const UNDEFINED: Self = Self {
        rate_ratio: f64::NAN,
        p_exact_minlike: f64::NAN,
        p_exact_central: f64::NAN,
        p_mid: f64::NAN,
        ratio_ci_exact: Interval::UNDEFINED,
        silent: false,
    };
}

/// How two counts over two exposures compare, exactly, if events come independently of each other (Poisson).
///
/// Given their sum, the new count is binomial with the new share of the exposure (Przyborowski & Wilenski 1940); its interval
/// (Clopper & Pearson 1934) becomes one of the ratio. Exposure is in any unit, the same for both: hours, sessions. Real events
/// come in bursts: see [`rate_change_overdispersed`]. The work grows with the logarithm of the counts.
///
/// # Errors
/// Counts that are no whole numbers from 0 to 2^53; negative exposure; a confidence that is not inside 0 to 1.
pub fn rate_change(
    count_new: f64,
    exposure_new: f64,
    count_old: f64,
    exposure_old: f64,
    confidence: f64,
) -> Result<RateChange, DomainError> {
    DomainError::check("count_new", Rule::Count, count_new)?;
    DomainError::check("exposure_new", Rule::NonNegative, exposure_new)?;
    DomainError::check("count_old", Rule::Count, count_old)?;
    DomainError::check("exposure_old", Rule::NonNegative, exposure_old)?;
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    let n = count_new + count_old;
    let (p, q) = shares(exposure_new, exposure_old);
    if n.is_nan() || !(p > 0.0 && q > 0.0) || confidence.is_nan() {
        return Ok(RateChange::UNDEFINED);
    }
    let rate_ratio = rate_ratio(count_new, exposure_new, count_old, exposure_old);
    let split = Split {
        count: count_new,
        n,
        p,
        q,
    };
    let tail = (1.0 - confidence) / 2.0;
    let of_odds = |x: f64, y: f64| x / y * (exposure_old / exposure_new);
    let low = if count_new == 0.0 {
        0.0
    } else {
        let (x, y) = beta_quantile(count_new, count_old + 1.0, tail, 1.0 - tail);
        of_odds(x, y)
    };
    let high = if count_old == 0.0 {
        f64::INFINITY
    } else {
        let (x, y) = beta_quantile(count_new + 1.0, count_old, 1.0 - tail, tail);
        of_odds(x, y)
    };
    let half = split.chance(count_new) / 2.0;
    Ok(RateChange {
        rate_ratio,
        p_exact_minlike: split.minlike(),
        p_exact_central: doubled(split.at_most(count_new), split.at_least(count_new)),
        p_mid: doubled(
            split.at_most(count_new - 1.0) + half,
            split.at_least(count_new + 1.0) + half,
        ),
        ratio_ci_exact: Interval::new(rate_ratio, low, high),
        silent: count_new == 0.0 && count_old > 0.0,
    })
}

/// The shares of two exposures, each with its own digits.
fn shares(new: f64, old: f64) -> (f64, f64) {
    let sum = new + old;
    if sum.is_finite() {
        (ratio(new, sum), ratio(old, sum))
    } else {
        // Two numbers near the largest double: halves of them are as exact.
        let sum = new / 2.0 + old / 2.0;
        (new / 2.0 / sum, old / 2.0 / sum)
    }
}

fn rate_ratio(count_new: f64, exposure_new: f64, count_old: f64, exposure_old: f64) -> f64 {
    ratio(
        ratio(count_new, exposure_new),
        ratio(count_old, exposure_old),
    )
}

fn doubled(lower: f64, upper: f64) -> f64 {
    (2.0 * lower.min(upper)).min(1.0)
}

/// A binomial count, and how many tries with which chance.
#[derive(Clone, Copy)]
struct Split {
    count: f64,
    n: f64,
    p: f64,
    q: f64,
}

impl Split {
    fn chance(self, count: f64) -> f64 {
        binomial_pmf(count, self.n, self.p, self.q)
    }

    fn at_most(self, count: f64) -> f64 {
        if count < 0.0 {
            0.0
        } else if count >= self.n {
            1.0
        } else {
            beta_cdf(count + 1.0, self.n - count, self.p, self.q).1
        }
    }

    fn at_least(self, count: f64) -> f64 {
        if count <= 0.0 {
            1.0
        } else if count > self.n {
            0.0
        } else {
            beta_cdf(count, self.n - count + 1.0, self.p, self.q).0
        }
    }

    /// The chance of all counts that are no likelier than this one.
    fn minlike(self) -> f64 {
        let mean = self.n * self.p;
        // Counts that are equally likely differ in their last digits: within this they are tied, as in R's and SciPy's test.
        let most = self.chance(self.count) * (1.0 + 1e-7);
        let rare = |count: f64| self.chance(count) <= most;
        let both = if self.count == mean {
            1.0
        } else if self.count < mean {
            // Chances fall from the mean on: the first rare count above it.
            let (_, first) = bisect(mean.ceil() - 1.0, self.n + 1.0, |count| !rare(count));
            self.at_most(self.count) + self.at_least(first)
        } else {
            let (last, _) = bisect(-1.0, mean.floor() + 1.0, rare);
            self.at_least(self.count) + self.at_most(last)
        };
        both.min(1.0)
    }
}

/// Two neighbours of which `holds` holds for the first only, when it holds from `yes` on and no more at `no`.
fn bisect(mut yes: f64, mut no: f64, holds: impl Fn(f64) -> bool) -> (f64, f64) {
    // Counts near 2^53 have no neighbours at a distance of 1.
    for _ in 0..64 {
        let middle = f64::midpoint(yes, no).floor();
        if middle <= yes || middle >= no {
            break;
        }
        if holds(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    (yes, no)
}

/// [`rate_change`] for many event names at once, with p-values that allow for looking at all of them.
///
/// `p_adjusted` holds the false discovery rate of Benjamini & Hochberg (1995) over `p_exact_minlike`; rows without a p-value do
/// not count.
///
/// # Errors
/// As [`rate_change`], with the row; columns of different length.
pub fn rate_changes(
    count_new: &[f64],
    exposure_new: &[f64],
    count_old: &[f64],
    exposure_old: &[f64],
    confidence: f64,
) -> Result<(Vec<RateChange>, Vec<f64>), DomainError> {
    let rows = count_new.len();
    for (name, column) in [
        ("exposure_new", exposure_new),
        ("count_old", count_old),
        ("exposure_old", exposure_old),
    ] {
        if column.len() != rows {
            return Err(DomainError::whole(name, Rule::SameLength("count_new")));
        }
    }
    DomainError::check_all("count_new", Rule::Count, count_new)?;
    DomainError::check_all("exposure_new", Rule::NonNegative, exposure_new)?;
    DomainError::check_all("count_old", Rule::Count, count_old)?;
    DomainError::check_all("exposure_old", Rule::NonNegative, exposure_old)?;
    let new = count_new.iter().zip(exposure_new);
    let old = count_old.iter().zip(exposure_old);
    let changes = new
        .zip(old)
        .map(|((c1, t1), (c0, t0))| rate_change(*c1, *t1, *c0, *t0, confidence))
        .collect::<Result<Vec<_>, _>>()?;
    let p: Vec<f64> = changes
        .iter()
        .map(|change| change.p_exact_minlike)
        .collect();
    let adjusted = false_discovery_rates(&p);
    Ok((changes, adjusted))
}

/// The p-values of Benjamini & Hochberg (1995), `NaN` where there is none.
fn false_discovery_rates(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = p
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, p)| !p.is_nan())
        .collect();
    // Ties get the same value, whichever comes first.
    order.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let tests = order.len() as f64;
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut least: f64 = 1.0;
    for (above, (row, p)) in order.into_iter().enumerate() {
        least = least.min(p * tests / (tests - above as f64));
        if let Some(slot) = adjusted.get_mut(row) {
            *slot = least;
        }
    }
    adjusted
}

/// Two counts compared when events come in bursts: what [`rate_change_overdispersed`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverdispersedChange {
    /// The new rate over the old one; `NaN` when the old count or an exposure is 0.
    pub rate_ratio: f64,
    /// The logarithm of the ratio in standard errors; `NaN` when a count is 0.
    pub z: f64,
    /// Two-sided.
    pub p_value: f64,
    /// The ratio between its ends.
    pub ratio_ci: Interval,
}

impl OverdispersedChange {
    const UNDEFINED: Self = Self {
        rate_ratio: f64::NAN,
        z: f64::NAN,
        p_value: f64::NAN,
        ratio_ci: Interval::UNDEFINED,
    };
}

/// How two counts over two exposures compare when their variance is `dispersion` times their mean (quasi-Poisson; McCullagh &
/// Nelder 1989): `z = ln ratio / sqrt(dispersion (1 / new + 1 / old))`.
///
/// A dispersion below 1 counts as 1: events are rarely more regular than chance, and estimates of it often are. A logarithm
/// knows no zero, so when a count is 0 the p-value and the interval are those of the exact test on counts over `dispersion`: a
/// silent event has an interval from 0 to an upper end.
///
/// # Errors
/// Negative counts or exposures; a dispersion that is not above 0; a confidence that is not inside 0 to 1.
///
/// ```
/// use edgetally_core::metrics::events::rate_change_overdispersed;
/// let change = rate_change_overdispersed(1200.0, 24.0, 1000.0, 24.0, 4.0, 0.95)?;
/// assert!((change.p_value - 0.0332495).abs() < 1e-7);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn rate_change_overdispersed(
    count_new: f64,
    exposure_new: f64,
    count_old: f64,
    exposure_old: f64,
    dispersion: f64,
    confidence: f64,
) -> Result<OverdispersedChange, DomainError> {
    DomainError::check("count_new", Rule::NonNegative, count_new)?;
    DomainError::check("exposure_new", Rule::NonNegative, exposure_new)?;
    DomainError::check("count_old", Rule::NonNegative, count_old)?;
    DomainError::check("exposure_old", Rule::NonNegative, exposure_old)?;
    DomainError::check("dispersion", Rule::Positive, dispersion)?;
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    Ok(quasi_poisson(
        (count_new, exposure_new),
        (count_old, exposure_old),
        dispersion,
        confidence,
    ))
}

/// Counts and exposures, whose rules are kept.
fn quasi_poisson(
    (c1, t1): (f64, f64),
    (c0, t0): (f64, f64),
    dispersion: f64,
    confidence: f64,
) -> OverdispersedChange {
    let (p, q) = shares(t1, t0);
    let given = c1 + c0 + dispersion + confidence;
    if given.is_nan() || !(p > 0.0 && q > 0.0) {
        return OverdispersedChange::UNDEFINED;
    }
    let dispersion = dispersion.max(1.0);
    let estimate = rate_ratio(c1, t1, c0, t0);
    let tail = (1.0 - confidence) / 2.0;
    if c1 > 0.0 && c0 > 0.0 {
        // Of counts and exposures apart: a ratio may overflow, its logarithm does not.
        let difference = ln(c1) - ln(t1) - (ln(c0) - ln(t0));
        let log_ratio = if estimate.is_normal() {
            ln(estimate)
        } else {
            difference
        };
        let error = (dispersion * (1.0 / c1 + 1.0 / c0)).sqrt();
        let z = log_ratio / error;
        let reach = -normal_quantile(tail) * error;
        return OverdispersedChange {
            rate_ratio: estimate,
            z,
            p_value: (2.0 * normal_sf(z.abs())).min(1.0),
            ratio_ci: Interval::new(estimate, exp(log_ratio - reach), exp(log_ratio + reach)),
        };
    }
    // All of n fell on one side: the chance of that is share^n, and the end is where it is `tail`.
    let odds = |n: f64| expm1(-ln(tail) * dispersion / n) * (t0 / t1);
    let (chance, low, high) = if c0 > 0.0 {
        (power(q, p, c0 / dispersion), 0.0, odds(c0))
    } else if c1 > 0.0 {
        let low = (t0 / t1) / expm1(-ln(tail) * dispersion / c1);
        (power(p, q, c1 / dispersion), low, f64::INFINITY)
    } else {
        (1.0, 0.0, f64::INFINITY)
    };
    OverdispersedChange {
        rate_ratio: estimate,
        z: f64::NAN,
        p_value: (2.0 * chance).min(1.0),
        ratio_ci: Interval::new(estimate, low, high),
    }
}

/// `share^n`, from whichever of the share and the rest has more digits.
fn power(share: f64, rest: f64, n: f64) -> f64 {
    let log = if rest < share {
        log1p(-rest)
    } else {
        ln(share)
    };
    exp(n * log)
}

/// What is usual for an hour of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Baseline {
    /// The mean of the past.
    #[default]
    Mean,
    /// The median, when an outage may be among the past. Its error is taken for that of the mean, which is up to a fifth less.
    Median,
}

/// Counts compared with the same hours of weeks before: what [`seasonal_change`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct SeasonalChange {
    /// What is usual for each bin.
    pub expected: Vec<f64>,
    /// How many times more than its mean a count varies, at least 1.
    pub dispersion: f64,
    /// Current over expected; `NaN` where nothing is usual.
    pub ratio: Vec<f64>,
    /// The logarithm of the ratio in standard errors; `NaN` where a count is 0.
    pub z: Vec<f64>,
    /// Two-sided, for each bin alone.
    pub p_value: Vec<f64>,
    /// The false discovery rate of Benjamini & Hochberg (1995) over the bins.
    pub p_adjusted: Vec<f64>,
    /// The sum of current over the sum of expected.
    pub total_ratio: f64,
    /// Its logarithm in standard errors.
    pub total_z: f64,
    /// Two-sided.
    pub total_p: f64,
}

/// How counts compare with the same phase of past seasons: Mondays at nine with Mondays at nine.
///
/// `history` holds for each bin the counts of past seasons, of which each bin may have a different number. The dispersion is
/// Pearson's statistic over its degrees of freedom, from all bins with a past of two or more, and 1 at least; `dispersion` says
/// it from elsewhere. Bins are then compared as by [`rate_change_overdispersed`], with as much exposure in the past as it has
/// seasons.
///
/// # Errors
/// Another number of bins in `history` than in `current`; a bin without a past; negative or infinite counts.
///
/// ```
/// use edgetally_core::metrics::events::{Baseline, seasonal_change};
/// let history: [&[f64]; 2] = [&[980.0, 1010.0, 1000.0, 990.0], &[510.0, 495.0, 505.0, 490.0]];
/// let change = seasonal_change(&history, &[900.0, 500.0], Baseline::Mean, None)?;
/// assert!(change.p_value[0] < 0.01 && change.p_value[1] == 1.0);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn seasonal_change<H: AsRef<[f64]>>(
    history: &[H],
    current: &[f64],
    baseline: Baseline,
    dispersion: Option<f64>,
) -> Result<SeasonalChange, DomainError> {
    const CONFIDENCE: f64 = 0.95;
    if history.len() != current.len() {
        return Err(DomainError::whole("history", Rule::SameLength("current")));
    }
    DomainError::check_all("current", Rule::NonNegative, current)?;
    if let Some(given) = dispersion {
        DomainError::check("dispersion", Rule::Positive, given)?;
    }
    let mut expected = Vec::with_capacity(history.len());
    let (mut pearson, mut freedom) = (0.0, 0.0);
    for (bin, past) in history.iter().enumerate() {
        let past = past.as_ref();
        let in_bin = |error: DomainError| DomainError {
            index: Some(bin),
            ..error
        };
        if past.is_empty() {
            return Err(in_bin(DomainError::whole("history", Rule::Rows(1))));
        }
        DomainError::check_all("history", Rule::NonNegative, past).map_err(in_bin)?;
        let usual = match baseline {
            Baseline::Mean => past.iter().sum::<f64>() / past.len() as f64,
            Baseline::Median => median(past),
        };
        // Where nothing is usual, nothing can be said about its spread.
        if past.len() > 1 && usual != 0.0 {
            freedom += past.len() as f64 - 1.0;
            pearson += past
                .iter()
                .map(|count| (count - usual) * ((count - usual) / usual))
                .sum::<f64>();
        }
        expected.push(usual);
    }
    let dispersion = dispersion.unwrap_or(if freedom == 0.0 {
        1.0
    } else {
        pearson / freedom
    });
    // Not `max`, which would make 1 of NaN.
    let dispersion = if dispersion < 1.0 { 1.0 } else { dispersion };

    let bins = history.iter().map(|past| past.as_ref().len() as f64);
    let changes: Vec<OverdispersedChange> = current
        .iter()
        .zip(bins.clone().zip(&expected))
        .map(|(now, (seasons, usual))| {
            let past = (seasons * usual, seasons);
            quasi_poisson((*now, 1.0), past, dispersion, CONFIDENCE)
        })
        .collect();
    // The sum of the expected has the error of a count over as many seasons as this.
    let usual: f64 = expected.iter().sum();
    let variance: f64 = expected
        .iter()
        .zip(bins)
        .map(|(x, seasons)| x / seasons)
        .sum();
    let seasons = if usual == 0.0 { 1.0 } else { usual / variance };
    let total = quasi_poisson(
        (current.iter().sum(), 1.0),
        (seasons * usual, seasons),
        dispersion,
        CONFIDENCE,
    );
    let p_value: Vec<f64> = changes.iter().map(|change| change.p_value).collect();
    Ok(SeasonalChange {
        dispersion,
        ratio: changes.iter().map(|change| change.rate_ratio).collect(),
        z: changes.iter().map(|change| change.z).collect(),
        p_adjusted: false_discovery_rates(&p_value),
        p_value,
        expected,
        total_ratio: total.rate_ratio,
        total_z: total.z,
        total_p: total.p_value,
    })
}

/// `NaN` when one is among them.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    let upper = sorted.get(sorted.len() / 2).copied();
    let lower = sorted.get((sorted.len().max(1) - 1) / 2).copied();
    // Halves first: a sum may overflow.
    lower
        .zip(upper)
        .map_or(f64::NAN, |(lower, upper)| lower / 2.0 + upper / 2.0)
}

/// What two sources of the same events have in common: what [`dedup`] finds.
///
/// Rates are `NaN` when their denominator is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dedup {
    /// Events of the pixel.
    pub pixel_total: u64,
    /// Different events of the pixel.
    pub pixel_unique: u64,
    /// The share of the pixel's events that are copies of another one of its own.
    pub pixel_duplicate_rate: f64,
    /// Events of the server.
    pub server_total: u64,
    /// Different events of the server.
    pub server_unique: u64,
    /// The share of the server's events that are copies of another one of its own.
    pub server_duplicate_rate: f64,
    /// Events that both have.
    pub overlap: u64,
    /// Events that either has.
    pub union: u64,
    /// The share of all events that both have (Jaccard's index).
    pub overlap_rate: f64,
    /// Events that only the server has.
    pub server_only: u64,
    /// Events that only the pixel has.
    pub pixel_only: u64,
    /// The share of the server's events that the pixel has too.
    pub pixel_coverage_of_server: f64,
    /// The share of the pixel's events that the server has too, which Meta calls event coverage.
    pub server_coverage_of_pixel: f64,
    /// Events that the server adds, over those of the pixel.
    pub server_uplift: f64,
    /// What is counted when nobody removes copies.
    pub counted_without_dedup: u64,
    /// How far that is above the truth, as a share of it.
    pub overcount_rate: f64,
}

/// Counts copies within and between two sources. The key is whatever makes two events the same one; for Meta that is the
/// event's name and id together.
///
/// ```
/// use edgetally_core::metrics::events::dedup;
/// let found = dedup([("purchase", 1), ("purchase", 2)], [("purchase", 2), ("lead", 2)]);
/// assert_eq!((found.overlap, found.pixel_only, found.server_only), (1, 1, 1));
/// ```
pub fn dedup<K: Hash + Eq>(
    pixel: impl IntoIterator<Item = K>,
    server: impl IntoIterator<Item = K>,
) -> Dedup {
    const PIXEL: u8 = 1;
    const SERVER: u8 = 2;
    let mut seen: HashMap<K, u8> = HashMap::new();
    let mut count = Count::default();
    for key in pixel {
        count.pixel_total += 1;
        *seen.entry(key).or_default() |= PIXEL;
    }
    for key in server {
        count.server_total += 1;
        *seen.entry(key).or_default() |= SERVER;
    }
    for sides in seen.into_values() {
        count.add(sides & PIXEL != 0, sides & SERVER != 0);
    }
    count.finish()
}

/// [`dedup`] for a platform that forgets: an event is a copy of the first one with its key only within `window` after it, and
/// later it is a new one, which has copies of its own. Times and window are in the same unit.
///
/// # Errors
/// A window that is negative; a time that is no number: such an event is before and after nothing.
pub fn dedup_within<K: Hash + Eq>(
    pixel: impl IntoIterator<Item = (K, f64)>,
    server: impl IntoIterator<Item = (K, f64)>,
    window: f64,
) -> Result<Dedup, DomainError> {
    if window.is_nan() || window < 0.0 {
        return Err(DomainError::scalar("window", Rule::NonNegative, window));
    }
    let mut keys: HashMap<K, usize> = HashMap::new();
    let mut events: Vec<(usize, f64, bool)> = Vec::new();
    let mut count = Count::default();
    let mut read = |key: K, time: f64, argument, row, is_server| {
        if !time.is_finite() {
            return Err(DomainError {
                index: Some(row),
                ..DomainError::scalar(argument, Rule::Finite, time)
            });
        }
        let next = keys.len();
        events.push((*keys.entry(key).or_insert(next), time, is_server));
        Ok(())
    };
    for (row, (key, time)) in pixel.into_iter().enumerate() {
        count.pixel_total += 1;
        read(key, time, "pixel_times", row, false)?;
    }
    for (row, (key, time)) in server.into_iter().enumerate() {
        count.server_total += 1;
        read(key, time, "server_times", row, true)?;
    }
    events.sort_unstable_by(|(a, at, _), (b, bt, _)| a.cmp(b).then(at.total_cmp(bt)));
    let mut rest = events.as_slice();
    while let [(key, first, _), ..] = rest {
        let same = rest.partition_point(|(other, time, _)| other == key && time - first <= window);
        let (group, more) = rest.split_at(same.max(1));
        count.add(
            group.iter().any(|(.., is_server)| !is_server),
            group.iter().any(|(.., is_server)| *is_server),
        );
        rest = more;
    }
    Ok(count.finish())
}

#[derive(Default)]
struct Count {
    pixel_total: u64,
    server_total: u64,
    pixel_only: u64,
    server_only: u64,
    overlap: u64,
}

impl Count {
    fn add(&mut self, pixel: bool, server: bool) {
        match (pixel, server) {
            (true, true) => self.overlap += 1,
            (true, false) => self.pixel_only += 1,
            (false, _) => self.server_only += 1,
        }
    }

    fn finish(self) -> Dedup {
        let share = |part: u64, whole: u64| ratio(part as f64, whole as f64);
        let pixel_unique = self.overlap + self.pixel_only;
        let server_unique = self.overlap + self.server_only;
        let union = pixel_unique + self.server_only;
        let raw = self.pixel_total + self.server_total;
        Dedup {
            pixel_total: self.pixel_total,
            pixel_unique,
            pixel_duplicate_rate: share(self.pixel_total - pixel_unique, self.pixel_total),
            server_total: self.server_total,
            server_unique,
            server_duplicate_rate: share(self.server_total - server_unique, self.server_total),
            overlap: self.overlap,
            union,
            overlap_rate: share(self.overlap, union),
            server_only: self.server_only,
            pixel_only: self.pixel_only,
            pixel_coverage_of_server: share(self.overlap, server_unique),
            server_coverage_of_pixel: share(self.overlap, pixel_unique),
            server_uplift: share(self.server_only, pixel_unique),
            counted_without_dedup: raw,
            overcount_rate: share(raw - union, union),
        }
    }
}

/// Which identifiers events carry, and what that is worth: what [`match_quality`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchQuality {
    /// For each identifier, the share of the events that carry it.
    pub coverage: Vec<f64>,
    /// For each event, the chance that one of its identifiers is recognised.
    pub event_score: Vec<f64>,
    /// Ten times the mean of these.
    pub score_0_10: f64,
    /// The share of the events that carry any identifier.
    pub any_identifier: f64,
}

/// A score of how well events can be matched to people: 10 times the mean of `1 - product(1 - m)` over the identifiers that an
/// event carries, as if each were recognised by itself with its chance `m`.
///
/// **edgetally's own, and no platform's.** Meta's Event Match Quality is not published and is also given from 0 to 10; the two
/// can move together and are not the same. Use it to compare your events with themselves.
///
/// `has` is one column per identifier, all of one length. `NaN` where there are no events.
///
/// # Errors
/// Columns of different length; another number of probabilities than of columns; a probability that is no rate.
///
/// ```
/// use edgetally_core::metrics::events::match_quality;
/// let quality = match_quality(&[&[true, false], &[true, true]], &[0.5, 0.2])?;
/// assert_eq!(quality.coverage, [0.5, 1.0]);
/// assert!((quality.score_0_10 - 4.0).abs() < 1e-12); // 0.6 and 0.2
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn match_quality<C: AsRef<[bool]>>(
    has: &[C],
    match_probability: &[f64],
) -> Result<MatchQuality, DomainError> {
    DomainError::check_all("match_probability", Rule::Rate, match_probability)?;
    if has.len() != match_probability.len() {
        return Err(DomainError::whole(
            "match_probability",
            Rule::SameLength("has"),
        ));
    }
    let events = has.first().map_or(0, |column| column.as_ref().len());
    let mut missed = vec![1.0; events];
    let mut any = vec![false; events];
    let mut coverage = Vec::with_capacity(has.len());
    for (place, (column, chance)) in has.iter().zip(match_probability).enumerate() {
        let column = column.as_ref();
        if column.len() != events {
            return Err(DomainError {
                index: Some(place),
                ..DomainError::whole("has", Rule::Other("length_mismatch", "has another length"))
            });
        }
        for ((missed, any), has) in missed.iter_mut().zip(&mut any).zip(column) {
            *missed *= if *has { 1.0 - chance } else { 1.0 };
            *any |= *has;
        }
        coverage.push(share_of(column));
    }
    let event_score: Vec<f64> = missed.iter().map(|missed| 1.0 - missed).collect();
    Ok(MatchQuality {
        coverage,
        score_0_10: 10.0 * ratio(event_score.iter().sum(), events as f64),
        any_identifier: share_of(&any),
        event_score,
    })
}

/// The share of the events that carry an identifier; `NaN` when there are no events.
///
/// ```
/// use edgetally_core::metrics::events::share_of;
/// assert_eq!(share_of(&[true, false, true, true]), 0.75);
/// ```
pub fn share_of(has: &[bool]) -> f64 {
    ratio(
        has.iter().filter(|has| **has).count() as f64,
        has.len() as f64,
    )
}

const COUNT: Rule = Rule::Count;
const EXPOSURE: Rule = Rule::NonNegative;

/// The calculators of this module that work row by row.
pub(super) static ALL: &[Calculator] = &[
    Calculator {
        name: "events.rate_change",
        arguments: &[
            argument("count_new", COUNT, Absent::Refused),
            argument("exposure_new", EXPOSURE, Absent::Refused),
            argument("count_old", COUNT, Absent::Refused),
            argument("exposure_old", EXPOSURE, Absent::Refused),
            argument("confidence", Rule::Confidence, Absent::Value(0.95)),
        ],
        at_most: &[],
        outputs: &[
            "rate_ratio",
            "p_exact_minlike",
            "p_exact_central",
            "p_mid",
            "ratio_ci_exact",
            "ratio_ci_exact.low",
            "ratio_ci_exact.high",
        ],
        kernel: |_: Given, inputs, outputs| {
            by_row(inputs, outputs, |[c1, t1, c0, t0, confidence]| {
                let change = rate_change(c1, t1, c0, t0, confidence);
                let change = change.unwrap_or(RateChange::UNDEFINED);
                let ci = change.ratio_ci_exact;
                [
                    change.rate_ratio,
                    change.p_exact_minlike,
                    change.p_exact_central,
                    change.p_mid,
                    ci.estimate,
                    ci.low,
                    ci.high,
                ]
            });
        },
    },
    Calculator {
        name: "events.rate_change_overdispersed",
        arguments: &[
            argument("count_new", Rule::NonNegative, Absent::Refused),
            argument("exposure_new", EXPOSURE, Absent::Refused),
            argument("count_old", Rule::NonNegative, Absent::Refused),
            argument("exposure_old", EXPOSURE, Absent::Refused),
            argument("dispersion", Rule::Positive, Absent::Refused),
            argument("confidence", Rule::Confidence, Absent::Value(0.95)),
        ],
        at_most: &[],
        outputs: &[
            "rate_ratio",
            "z",
            "p_value",
            "ratio_ci",
            "ratio_ci.low",
            "ratio_ci.high",
        ],
        kernel: |_: Given, inputs, outputs| {
            by_row(
                inputs,
                outputs,
                |[c1, t1, c0, t0, dispersion, confidence]| {
                    let change = quasi_poisson((c1, t1), (c0, t0), dispersion, confidence);
                    let ci = change.ratio_ci;
                    [
                        change.rate_ratio,
                        change.z,
                        change.p_value,
                        ci.estimate,
                        ci.low,
                        ci.high,
                    ]
                },
            );
        },
    },
];

/// Heavy formulas, one row at a time.
fn by_row<const IN: usize, const OUT: usize>(
    inputs: &[&[f64]],
    outputs: &mut [&mut [f64]],
    formula: impl Fn([f64; IN]) -> [f64; OUT],
) {
    let rows = outputs.first().map_or(0, |output| output.len());
    for row in 0..rows {
        let mut values = [f64::NAN; IN];
        for (value, input) in values.iter_mut().zip(inputs) {
            *value = input.get(row).copied().unwrap_or(f64::NAN);
        }
        for (output, value) in outputs.iter_mut().zip(formula(values)) {
            if let Some(slot) = output.get_mut(row) {
                *slot = value;
            }
        }
    }
}

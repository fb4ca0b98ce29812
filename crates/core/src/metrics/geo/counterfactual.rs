//! What a series would have been, from its own history and from series that the ads did not move.
//!
//! Where no region was left without ads there is no double, and the only witness is the past. The outcome is taken as a level that
//! wanders (a random walk), a season, covariates, and noise: Harvey's (1989) structural model with a regression. How much the
//! level wanders is not known, and a single guess of it makes forecasts too sure; every answer is therefore the mixture over a
//! grid of it, each weighted by how well it explains the history (its restricted likelihood), and given it everything is exact:
//! least squares of what a Kalman filter leaves unexplained, and Student's distribution.

use super::super::math::{exp, ln, ratio};
use super::super::roots::bracketed;
use super::super::special::{student_cdf, student_quantile};
use super::super::{DomainError, Interval, Rule};
use super::{NO_VARIANCE, PERFECT_FIT, scale_of};

/// What a series did after the start, and what it would have done.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterfactual {
    /// The mean effect per period with its interval.
    pub average_effect: Interval,
    /// The effects' sum.
    pub incremental: Interval,
    /// That by the sum of what would have been.
    pub lift: Interval,
    /// The incremental outcome by spend; `NaN` without one.
    pub iroas: Interval,
    /// Twice the smaller of the probabilities that the mean effect is above and below zero. At most `1 - confidence` exactly when
    /// the interval excludes zero.
    pub p_value: f64,
    /// The probability that the mean effect is above zero.
    pub prob_positive: f64,
    /// What would have been, by period, each with an interval of its own.
    pub expected: Vec<Interval>,
    /// What was, less that.
    pub effect: Vec<f64>,
    /// By how much the outcome moves with each covariate.
    pub coefficients: Vec<f64>,
    /// The standard deviation of the noise before the start.
    pub noise: f64,
    /// The standard deviation of the level's steps as a share of the noise's.
    pub wandering: f64,
    /// What a reader has to know, in words.
    pub flags: Vec<&'static str>,
}

/// How a [`counterfactual`] is made.
#[derive(Clone, Copy, Debug)]
pub struct CounterfactualOptions {
    /// Periods of a season, as 7 for days; 1 for none.
    pub season: usize,
    /// The confidence of the intervals.
    pub confidence: f64,
    /// The spend that bought the effect.
    pub spend: Option<f64>,
}

impl Default for CounterfactualOptions {
    fn default() -> Self {
        Self {
            season: 1,
            confidence: 0.95,
            spend: None,
        }
    }
}

/// Ratios of the variance of the level's steps to that of the noise that are tried: even steps of the logarithm.
const GRID: usize = 41;
const LEAST: f64 = 1e-3;
const MOST: f64 = 1e2;
/// Below this, in a unit near the size of the outcomes, what is not explained is rounding.
const ROUNDING: f64 = 1e-13;

/// What a series would have been after the start, from its history and covariates.
///
/// Covariates are series that the ads did not move: other markets, search for the category, the weather. The season's effects and
/// the covariates' coefficients do not change. The history needs four rows more than it has coefficients.
///
/// # Errors
///
/// Infinite numbers, series of different length, a history that is too short.
///
/// ```
/// use edgetally_core::metrics::geo::{CounterfactualOptions, counterfactual};
/// let before: Vec<f64> = (0..40).map(|t| 100.0 + f64::from(t * 7 % 5)).collect();
/// let got = counterfactual(&before, &[112.0, 110.0, 113.0], &[], &[], &CounterfactualOptions::default())?;
/// assert!(got.average_effect.low > 0.0 && got.p_value < 0.05);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn counterfactual(
    pre: &[f64],
    post: &[f64],
    covariates_pre: &[Vec<f64>],
    covariates_post: &[Vec<f64>],
    options: &CounterfactualOptions,
) -> Result<Counterfactual, DomainError> {
    DomainError::check("confidence", Rule::Inside, options.confidence)?;
    if let Some(spend) = options.spend {
        DomainError::check("spend", Rule::NonNegative, spend)?;
    }
    if options.season == 0 {
        return Err(DomainError::scalar("season", Rule::PositiveCount, 0.0));
    }
    super::check_panel("pre", pre, "covariates_pre", covariates_pre)?;
    super::check_panel("post", post, "covariates_post", covariates_post)?;
    if covariates_pre.len() != covariates_post.len() {
        return Err(DomainError::whole(
            "covariates_post",
            Rule::SameLength("covariates_pre"),
        ));
    }
    if post.is_empty() {
        return Err(DomainError::whole("post", Rule::Rows(1)));
    }
    let columns = options.season - 1 + covariates_pre.len();
    let needed = columns + 1 + 4;
    if pre.len() < needed {
        return Err(DomainError::whole("pre", Rule::Rows(needed)));
    }
    let unit = scale_of(pre.iter().chain(post));
    let by = |series: &[f64], unit: f64| series.iter().map(|x| x / unit).collect::<Vec<f64>>();
    let units: Vec<f64> = covariates_pre
        .iter()
        .zip(covariates_post)
        .map(|(before, after)| scale_of(before.iter().chain(after)))
        .collect();
    let scaled = |series: &[Vec<f64>]| -> Vec<Vec<f64>> {
        series
            .iter()
            .zip(&units)
            .map(|(x, unit)| by(x, *unit))
            .collect()
    };
    let mut regressors = seasons(pre.len(), post.len(), options.season);
    for (before, after) in scaled(covariates_pre)
        .into_iter()
        .zip(scaled(covariates_post))
    {
        regressors.push((before, after));
    }
    let (before, after) = (by(pre, unit), by(post, unit));
    let found = Found::new(&before, &after, &regressors, options.confidence);
    Ok(found.finish(unit, &units, &after, options))
}

/// A column for each phase of the season but the last, before and after; less their mean, so that the level stays the mean.
fn seasons(before: usize, after: usize, season: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
    let share = 1.0 / season as f64;
    (0..season - 1)
        .map(|phase| {
            let column = |from: usize, to: usize| {
                (from..to)
                    .map(|t| f64::from(u8::from(t % season == phase)) - share)
                    .collect()
            };
            (column(0, before), column(before, before + after))
        })
        .collect()
}

/// A Student distribution, and how much it counts.
#[derive(Clone, Copy)]
struct Part {
    weight: f64,
    center: f64,
    spread: f64,
}

/// A mixture of Student distributions with the same degrees of freedom.
struct Mixture<'a> {
    parts: &'a [Part],
    degrees: f64,
}

impl Mixture<'_> {
    fn mean(&self) -> f64 {
        self.parts
            .iter()
            .map(|part| part.weight * part.center)
            .sum()
    }

    /// The probability of less, and of more.
    fn tails(&self, x: f64) -> (f64, f64) {
        let mut tails = (0.0, 0.0);
        for part in self.parts {
            let (below, above) = student_cdf((x - part.center) / part.spread, self.degrees);
            tails.0 += part.weight * below;
            tails.1 += part.weight * above;
        }
        tails
    }

    /// Its middle share.
    fn interval(&self, confidence: f64) -> (f64, f64) {
        let tail = 0.5 * (1.0 - confidence);
        let reach = student_quantile(0.5 + 0.5 * confidence, self.degrees);
        let edge = |side: f64| {
            self.parts
                .iter()
                .map(|part| side * part.center + reach * part.spread)
                .fold(f64::NEG_INFINITY, f64::max)
                * side
        };
        // Every part has at most the tail beyond this, and at least it beyond the nearest.
        let (least, most) = (edge(-1.0), edge(1.0));
        let mean = self.mean();
        let low = |x: f64| self.tails(x).0 - tail;
        let high = |x: f64| tail - self.tails(x).1;
        let find = |f: &dyn Fn(f64) -> f64, a: f64, b: f64| {
            let (fa, fb) = (f(a), f(b));
            if fa >= 0.0 {
                a
            } else if fb <= 0.0 {
                b
            } else {
                bracketed(f, a, b, fa, fb, 0.0)
            }
        };
        (find(&low, least, mean), find(&high, mean, most))
    }
}

/// What is found in units near 1.
struct Found {
    degrees: f64,
    /// The mean of what would have been, and each period of it.
    mean: Vec<Part>,
    periods: Vec<Vec<Part>>,
    coefficients: Vec<f64>,
    noise: f64,
    wandering: f64,
    flag: Option<&'static str>,
}

impl Found {
    fn new(
        before: &[f64],
        after: &[f64],
        regressors: &[(Vec<f64>, Vec<f64>)],
        confidence: f64,
    ) -> Self {
        let steps = after.len();
        let degrees = (before.len() - 1 - regressors.len()) as f64;
        let mut found = Self {
            degrees,
            mean: Vec::with_capacity(GRID),
            periods: vec![Vec::with_capacity(GRID); steps],
            coefficients: vec![0.0; regressors.len()],
            noise: 0.0,
            wandering: 0.0,
            flag: None,
        };
        let unknown = before
            .iter()
            .chain(after)
            .chain(regressors.iter().flat_map(|(a, b)| a.iter().chain(b)))
            .any(|x| x.is_nan());
        if unknown || confidence.is_nan() {
            found.noise = f64::NAN;
            return found;
        }
        let fits: Vec<Fit> = (0..GRID)
            .filter_map(|step| {
                let share = step as f64 / (GRID - 1) as f64;
                let wander = exp(ln(LEAST) + share * (ln(MOST) - ln(LEAST)));
                Fit::new(before, regressors, wander)
            })
            .collect();
        let Some(best) = fits.iter().map(|fit| fit.likelihood).max_by(f64::total_cmp) else {
            // Covariates that say the same twice.
            found.noise = f64::NAN;
            return found;
        };
        let varies = before.iter().any(|x| Some(x) != before.first());
        if fits.iter().any(|fit| fit.variance.sqrt() <= ROUNDING) {
            found.flag = Some(if varies { PERFECT_FIT } else { NO_VARIANCE });
        }
        let total: f64 = fits.iter().map(|fit| exp(fit.likelihood - best)).sum();
        let m = steps as f64;
        for fit in &fits {
            let weight = exp(fit.likelihood - best) / total;
            let add =
                |parts: &mut Vec<Part>, at: &dyn Fn(&[f64]) -> f64, wander: f64, noise: f64| {
                    let (center, own) = fit.predict(regressors, at);
                    let spread = (fit.variance * (own + fit.level_error + wander + noise)).sqrt();
                    parts.push(Part {
                        weight,
                        center,
                        spread,
                    });
                };
            // Steps of the level add up; their mean counts the early ones more often.
            let wandered = fit.wander * (m + 1.0) * (2.0 * m + 1.0) / (6.0 * m);
            add(
                &mut found.mean,
                &|series| series.iter().sum::<f64>() / m,
                wandered,
                1.0 / m,
            );
            for (step, parts) in found.periods.iter_mut().enumerate() {
                add(
                    parts,
                    &|series| series.get(step).copied().unwrap_or(f64::NAN),
                    fit.wander * (step + 1) as f64,
                    1.0,
                );
            }
            found.noise += weight * fit.variance.sqrt();
            found.wandering += weight * fit.wander.sqrt();
            for (sum, coefficient) in found.coefficients.iter_mut().zip(&fit.coefficients) {
                *sum += weight * coefficient;
            }
        }
        found
    }

    fn finish(
        self,
        unit: f64,
        units: &[f64],
        after: &[f64],
        options: &CounterfactualOptions,
    ) -> Counterfactual {
        let periods = after.len() as f64;
        let seen = after.iter().sum::<f64>() / periods;
        let degrees = self.degrees;
        let undefined = self.flag.is_some() || self.noise.is_nan() || self.mean.is_empty();
        let interval = |parts: &[Part]| {
            if parts.is_empty() {
                return Interval::UNDEFINED;
            }
            let mixture = Mixture { parts, degrees };
            if undefined {
                return Interval::new(mixture.mean(), f64::NAN, f64::NAN);
            }
            let (low, high) = mixture.interval(options.confidence);
            Interval::new(mixture.mean(), low, high)
        };
        let mean = interval(&self.mean);
        let expected: Vec<Interval> = self.periods.iter().map(|parts| interval(parts)).collect();
        let effect: Vec<f64> = after
            .iter()
            .zip(&expected)
            .map(|(seen, expected)| (seen - expected.estimate) * unit)
            .collect();
        let average = Interval::new(seen - mean.estimate, seen - mean.high, seen - mean.low);
        let mixture = Mixture {
            parts: &self.mean,
            degrees,
        };
        // The effect is above zero where what would have been is below what was.
        let (above, below) = if undefined {
            (f64::NAN, f64::NAN)
        } else {
            mixture.tails(seen)
        };
        let covariates = self.coefficients.len() - units.len();
        let average_effect = average.map(|x| x * unit);
        Counterfactual {
            incremental: average_effect.map(|x| x * periods),
            // A gain of what would have been, of which a larger one makes the gain smaller.
            lift: if mean.low > 0.0 {
                mean.map(|mean| ratio(seen - mean, mean)).swapped()
            } else {
                // A share of what may have been nothing or less has no interval.
                Interval::new(
                    ratio(seen - mean.estimate, mean.estimate),
                    f64::NAN,
                    f64::NAN,
                )
            },
            iroas: options.spend.map_or(Interval::UNDEFINED, |spend| {
                average_effect.map(|x| ratio(x * periods, spend))
            }),
            average_effect,
            p_value: 2.0 * f64::min(above, below),
            prob_positive: above,
            expected: expected
                .into_iter()
                .map(|interval| interval.map(|x| x * unit))
                .collect(),
            effect,
            coefficients: self
                .coefficients
                .iter()
                .skip(covariates)
                .zip(units)
                .map(|(coefficient, of)| {
                    if undefined && self.flag.is_none() {
                        f64::NAN
                    } else {
                        coefficient * unit / of
                    }
                })
                .collect(),
            noise: self.noise * unit,
            wandering: if self.noise.is_nan() {
                f64::NAN
            } else {
                self.wandering
            },
            flags: self.flag.into_iter().collect(),
        }
    }
}

/// The model for one ratio of the variances.
struct Fit {
    wander: f64,
    /// The logarithm of the restricted likelihood, up to a constant.
    likelihood: f64,
    /// Of the noise.
    variance: f64,
    coefficients: Vec<f64>,
    /// The last level of the outcome and of each regressor, as the filter has it.
    level: f64,
    levels: Vec<f64>,
    /// The variance of the level, by that of the noise.
    level_error: f64,
    /// The triangle of the least squares, by columns: `triangle[j][i]` with `i <= j`.
    triangle: Vec<Vec<f64>>,
}

impl Fit {
    /// `None` where regressors say the same.
    fn new(before: &[f64], regressors: &[(Vec<f64>, Vec<f64>)], wander: f64) -> Option<Self> {
        let filter = Filter::new(before.len(), wander);
        let (target, level) = filter.run(before);
        let mut levels = Vec::with_capacity(regressors.len());
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(regressors.len());
        let mut triangle = Vec::with_capacity(regressors.len());
        let mut rest = target;
        let mut projections = Vec::with_capacity(regressors.len());
        let mut determinant = 0.0;
        for (series, _) in regressors {
            let (mut column, last) = filter.run(series);
            levels.push(last);
            let length = super::dot(&column, &column).sqrt();
            let mut shares = vec![0.0; basis.len()];
            for _ in 0..2 {
                for (q, share) in basis.iter().zip(&mut shares) {
                    let product = super::dot(q, &column);
                    *share += product;
                    column
                        .iter_mut()
                        .zip(q)
                        .for_each(|(x, q)| *x -= product * q);
                }
            }
            let left = super::dot(&column, &column).sqrt();
            if left.is_nan() || left <= 1e-10 * length {
                return None;
            }
            for x in &mut column {
                *x /= left;
            }
            determinant += ln(left);
            shares.push(left);
            triangle.push(shares);
            let product = super::dot(&column, &rest);
            rest.iter_mut()
                .zip(&column)
                .for_each(|(x, q)| *x -= product * q);
            projections.push(product);
            basis.push(column);
        }
        let degrees = (before.len() - 1 - regressors.len()) as f64;
        let squares = super::dot(&rest, &rest);
        let variance = squares / degrees;
        Some(Self {
            wander,
            // Rounding is no better explained by one than by another.
            likelihood: -0.5 * filter.log_determinant
                - determinant
                - 0.5 * degrees * ln(squares.max(ROUNDING * ROUNDING)),
            variance,
            coefficients: back_substitute(&triangle, &projections),
            level,
            levels,
            level_error: filter.level_error,
            triangle,
        })
    }

    /// The forecast of a linear function of the periods after, and the part of its variance that comes from the coefficients.
    fn predict(
        &self,
        regressors: &[(Vec<f64>, Vec<f64>)],
        at: &dyn Fn(&[f64]) -> f64,
    ) -> (f64, f64) {
        let away: Vec<f64> = regressors
            .iter()
            .zip(&self.levels)
            .map(|((_, after), level)| at(after) - level)
            .collect();
        let center = self.level + super::dot(&away, &self.coefficients);
        // The squared length of away R^-1, forwards.
        let mut solved: Vec<f64> = Vec::with_capacity(away.len());
        for (x, shares) in away.iter().zip(&self.triangle) {
            let sum = super::dot(shares, &solved);
            let own = shares.last().copied().unwrap_or(f64::NAN);
            solved.push((x - sum) / own);
        }
        (center, super::dot(&solved, &solved))
    }
}

/// Solves the triangle, from the last coefficient to the first.
fn back_substitute(triangle: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let mut rest = right.to_vec();
    let mut solution = vec![0.0; right.len()];
    for (place, shares) in triangle.iter().enumerate().rev() {
        let own = shares.last().copied().unwrap_or(f64::NAN);
        let x = rest.get(place).copied().unwrap_or(f64::NAN) / own;
        for (rest, share) in rest.iter_mut().zip(shares).take(place) {
            *rest -= share * x;
        }
        if let Some(slot) = solution.get_mut(place) {
            *slot = x;
        }
    }
    solution
}

/// The Kalman filter of a wandering level, which is the same for every series: gains and standard errors by period. The first
/// value sets the level.
struct Filter {
    gains: Vec<f64>,
    errors: Vec<f64>,
    log_determinant: f64,
    level_error: f64,
}

impl Filter {
    fn new(rows: usize, wander: f64) -> Self {
        let mut level_error = 1.0;
        let (mut gains, mut errors) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let mut log_determinant = 0.0;
        for _ in 1..rows {
            let ahead = level_error + wander;
            let square = ahead + 1.0;
            let gain = ahead / square;
            gains.push(gain);
            errors.push(square.sqrt());
            log_determinant += ln(square);
            level_error = gain;
        }
        Self {
            gains,
            errors,
            log_determinant,
            level_error,
        }
    }

    /// What each value adds to what was foreseen, in its standard errors; and the last level.
    fn run(&self, series: &[f64]) -> (Vec<f64>, f64) {
        let mut values = series.iter();
        let mut level = values.next().copied().unwrap_or(f64::NAN);
        let surprises = values
            .zip(self.gains.iter().zip(&self.errors))
            .map(|(x, (gain, error))| {
                let surprise = x - level;
                level += gain * surprise;
                surprise / error
            })
            .collect();
        (surprises, level)
    }
}

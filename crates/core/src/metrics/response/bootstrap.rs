//! How much a fitted curve owes to the rows that happened to be seen.

use super::curve::{Curve, Model};
use super::data::prepare;
use super::fit::Fit;
use super::options::{FitOptions, Loss};
use super::search::{Columns, Kernel, Work};
use crate::metrics::{DomainError, Rule};

/// How rows are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Row by row: rows are independent (Efron 1979).
    Case,
    /// Runs of so many consecutive rows, which keep their correlation (Künsch 1989).
    MovingBlock(usize),
}

impl Scheme {
    /// Moving blocks of the customary length for a series: the cube root of its own.
    pub fn series(rows: usize) -> Self {
        let mut length = 1;
        while length * length * length < rows {
            length += 1;
        }
        Self::MovingBlock(length)
    }
}

/// Resamples of a fit. Resample `i` depends on the seed and on `i` alone: any division of the work gives the same numbers.
///
/// ```
/// use edgetally_core::metrics::response::{Bootstrap, FitOptions, Model, Scheme, fit};
///
/// let spend = [1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 32000.0, 48000.0];
/// let revenue = [7810.0, 14720.0, 28100.0, 50600.0, 86100.0, 130500.0, 161000.0];
/// let options = FitOptions::default();
/// let fit = fit(Model::MichaelisMenten, &spend, &revenue, &options).unwrap();
/// let bootstrap = Bootstrap::new(&fit, &spend, &revenue, &options, Scheme::Case, 7).unwrap();
/// let draws = bootstrap.draws(0..200);
/// let [low, high] = draws.marginal_roas(10_000.0, 0.95).unwrap();
/// let (estimate, _) = fit.marginal_roas(10_000.0).unwrap();
/// assert!(low < estimate && estimate < high);
/// ```
#[derive(Clone, Debug)]
pub struct Bootstrap {
    kernel: Kernel,
    columns: Columns,
    scheme: Scheme,
    seed: u64,
    start: [f64; 2],
    loss: (Loss, f64),
    reference: f64,
    carry: f64,
    undefined: bool,
}

/// What the resamples arrived at.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    model: Model,
    has_baseline: bool,
    carry: f64,
    /// The parameters in the model's order, filled up with 1, then the baseline. `NaN` where a resample could not be fitted.
    pub values: Vec<[f64; 4]>,
}

/// Numbers from a counter (Steele, Lea and Flood 2014, splitmix64).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter(u64);

impl Counter {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The stream of one index.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        Self(Self::mix(seed ^ Self::mix(index.wrapping_add(Self::STEP))))
    }

    fn mix(mut z: u64) -> u64 {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(Self::STEP);
        let wide = u128::from(Self::mix(self.0)) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

impl Bootstrap {
    /// Resamples of this fit, of the same data with the same options. An estimated adstock is kept as it is.
    pub fn new(
        fit: &Fit,
        spend: &[f64],
        revenue: &[f64],
        options: &FitOptions<'_>,
        scheme: Scheme,
        seed: u64,
    ) -> Result<Self, DomainError> {
        if scheme == Scheme::MovingBlock(0) {
            return Err(DomainError::scalar("block", Rule::PositiveCount, 0.0));
        }
        let kernel = Kernel::of(fit.model(), options);
        let prepared = prepare(kernel, spend, revenue, options, fit.adstock.as_ref())?;
        let undefined = prepared.is_none();
        Ok(Self {
            kernel,
            columns: prepared.map(|data| data.columns).unwrap_or_default(),
            scheme,
            seed,
            start: fit.theta,
            loss: fit.loss,
            reference: fit.reference,
            carry: fit.adstock.map_or(1.0, |adstock| adstock.steady()),
            undefined,
        })
    }

    /// The resamples with these numbers.
    pub fn draws(&self, indices: core::ops::Range<u64>) -> Draws {
        let mut scratch = Scratch::default();
        Draws {
            model: self.kernel.model,
            has_baseline: self.kernel.baseline,
            carry: self.carry,
            values: indices
                .map(|index| self.draw(index, &mut scratch))
                .collect(),
        }
    }

    fn draw(&self, index: u64, scratch: &mut Scratch) -> [f64; 4] {
        if self.undefined {
            return [f64::NAN; 4];
        }
        let rows = self.columns.x.len();
        let mut random = Counter::new(self.seed, index);
        let Scratch {
            counts,
            columns,
            work,
        } = scratch;
        counts.clear();
        counts.resize(rows, 0.0);
        let mut take = |row: usize| {
            if let Some(count) = counts.get_mut(row) {
                *count += 1.0;
            }
        };
        match self.scheme {
            Scheme::Case => (0..rows).for_each(|_| take(random.below(rows))),
            Scheme::MovingBlock(length) => {
                let length = length.min(rows);
                let mut left = rows;
                while left > 0 {
                    let start = random.below(rows - length + 1);
                    let used = length.min(left);
                    (start..start + used).for_each(&mut take);
                    left -= used;
                }
            }
        }
        // A row drawn twice is one row of twice the weight: a third of the exponentials is spared.
        columns.clear();
        let all = &self.columns;
        let given = all.x.iter().zip(&all.lx).zip(&all.y).zip(&all.w);
        let robust = self.loss.0 != Loss::Linear;
        let mut different = 0;
        for ((((x, lx), y), w), count) in given.zip(counts.iter()) {
            if *count == 0.0 {
                continue;
            }
            different += 1;
            if robust {
                // The loss is of one row, not of its multiple.
                let mut left = *count;
                while left > 0.0 {
                    columns.push(*x, *lx, *y, *w);
                    left -= 1.0;
                }
            } else {
                columns.push(*x, *lx, *y, w * count);
            }
        }
        if different < self.kernel.parameters() {
            return [f64::NAN; 4];
        }
        let start = self.kernel.evaluate(columns, self.start, work);
        let (mut point, _) = self.kernel.descend(columns, start, work, 60, 1e-7);
        if robust {
            let given = columns.w.clone();
            (point, _) = self
                .kernel
                .reweight(columns, &given, point, self.loss, 1e-7, work);
        }
        let curve = self.kernel.curve(&point, self.reference);
        if point.rss.is_nan() || curve.values().iter().any(|value| !value.is_finite()) {
            return [f64::NAN; 4];
        }
        let mut values = [1.0, 1.0, 1.0, point.base];
        values
            .iter_mut()
            .zip(curve.values())
            .for_each(|(own, value)| *own = *value);
        values
    }
}

#[derive(Debug, Default)]
struct Scratch {
    counts: Vec<f64>,
    columns: Columns,
    work: Work,
}

impl Draws {
    /// Further resamples of the same bootstrap.
    pub fn extend(&mut self, more: Self) {
        self.values.extend(more.values);
    }

    /// How many resamples could not be fitted.
    pub fn failed(&self) -> usize {
        self.values.iter().filter(|row| row[0].is_nan()).count()
    }

    /// The percentile interval of something that a curve over a steady spend and a baseline have.
    pub fn interval(
        &self,
        confidence: f64,
        mut value: impl FnMut(&Curve, f64) -> f64,
    ) -> Result<[f64; 2], DomainError> {
        DomainError::check("confidence", Rule::Confidence, confidence)?;
        let mut found: Vec<f64> = self
            .values
            .iter()
            .map(|row| {
                let [p, q, n, baseline] = *row;
                value(
                    &Curve::raw(self.model, &[p, q, n]).rescaled(self.carry),
                    baseline,
                )
            })
            .filter(|value| !value.is_nan())
            .collect();
        found.sort_by(f64::total_cmp);
        let tail = 0.5 - 0.5 * confidence;
        Ok([quantile(&found, tail), quantile(&found, 1.0 - tail)])
    }

    /// Of the fitted parameters, in the model's order, then of the baseline if there is one.
    pub fn parameters(&self, confidence: f64) -> Result<Vec<[f64; 2]>, DomainError> {
        DomainError::check("confidence", Rule::Confidence, confidence)?;
        let tail = 0.5 - 0.5 * confidence;
        let count = self.model.parameters().len();
        Ok((0..4)
            .filter(|i| *i < count || (*i == 3 && self.has_baseline))
            .map(|i| {
                let mut column: Vec<f64> = self
                    .values
                    .iter()
                    .filter_map(|row| row.get(i).copied())
                    .filter(|value| !value.is_nan())
                    .collect();
                column.sort_by(f64::total_cmp);
                [quantile(&column, tail), quantile(&column, 1.0 - tail)]
            })
            .collect())
    }

    /// Of the most profitable spend, not above `limit`.
    pub fn optimal_spend(
        &self,
        margin: f64,
        limit: f64,
        confidence: f64,
    ) -> Result<[f64; 2], DomainError> {
        DomainError::check("margin", Rule::Rate, margin)?;
        self.interval(confidence, |curve, _| {
            curve.best(margin, limit).optimal_spend
        })
    }

    /// Of the marginal return at a steady spend.
    pub fn marginal_roas(&self, spend: f64, confidence: f64) -> Result<[f64; 2], DomainError> {
        DomainError::check("spend", Rule::NonNegative, spend)?;
        self.interval(confidence, |curve, _| curve.marginal(spend))
    }

    /// Of revenue at a steady spend.
    pub fn revenue(&self, spend: f64, confidence: f64) -> Result<[f64; 2], DomainError> {
        DomainError::check("spend", Rule::NonNegative, spend)?;
        self.interval(confidence, |curve, baseline| {
            baseline + curve.revenue(spend)
        })
    }
}

/// A quantile of sorted values, interpolated (type 7 of Hyndman and Fan 1996); `NaN` of none.
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = probability.clamp(0.0, 1.0) * last as f64;
    let below = place.floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the number of rows"
    )]
    let index = below as usize;
    let at = |i: usize| sorted.get(i.min(last)).copied().unwrap_or(f64::NAN);
    let (low, high, share) = (at(index), at(index + 1), place - below);
    // Without a difference of infinities.
    if share == 0.0 || low == high {
        low
    } else {
        low + share * (high - low)
    }
}

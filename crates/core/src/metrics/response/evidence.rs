//! Whether the data show a curve at all.
//!
//! Any curve can be fitted to any rows, and each has an optimum. Two questions come first: does revenue rise with spend, and does
//! the rise level off? Each is a test of a straight hypothesis (revenue is a constant; revenue is a straight line) against what
//! saturating curves would add, `s / (k + s)` for every `k`. How often the best of so many shapes fits by chance was found by
//! Hotelling (1939, "Tubes and spheres in n-spaces"): seen from the residuals, the shapes are a path on a sphere, and chance is the
//! share of the sphere within a distance of it. That share is at most the Student tail of a single shape, and a term for the length
//! of the path (Naiman 1986). No resampling, no seed.

use super::adstock::Adstock;
use super::curve::Model;
use super::data::{Prepared, prepare};
use super::fit::{Fit, curve_alone};
use super::options::{Carry, FitOptions, Loss};
use super::search::Kernel;
use super::spread::median;
use super::verdict::Evidence;
use crate::metrics::DomainError;
use crate::metrics::math::{asin, exp, ln, pow};
use crate::metrics::special::student_cdf;

/// A column of which less than this is left has nothing left but rounding.
const ROUNDING: f64 = 1e-13;
/// Shapes tried, from a straight line to a step.
const SHAPES: i32 = 16;

/// Fits a curve to past spends and their revenues.
///
/// Rows are independent, or consecutive periods with an adstock. Standard errors are those of the linearised model,
/// `sigma^2 (J'J)^-1` with `sigma^2 = rss / (n - P)`; with a robust loss, Huber's (1981, section 7.6). An estimated `theta`
/// counts as a parameter, but the other standard errors take it as known.
///
/// ```
/// use edgetally_core::metrics::response::{FitOptions, Model, fit};
///
/// let spend = [1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 32000.0];
/// let revenue = [7810.0, 14720.0, 28100.0, 50600.0, 86100.0, 130500.0];
/// let fit = fit(Model::MichaelisMenten, &spend, &revenue, &FitOptions::default()).unwrap();
/// assert!((fit.curve.values()[0] - 273_000.0).abs() < 1_000.0);
/// let best = fit.optimum(0.4, None, false, 0.95).unwrap();
/// assert!(best.spend.low < best.spend.estimate && best.spend.estimate < best.spend.high);
/// ```
pub fn fit(
    model: Model,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
) -> Result<Fit, DomainError> {
    let mut found = curve_alone(model, spend, revenue, options)?;
    found.evidence = evidence_of(&found, spend, revenue, options)?;
    Ok(found)
}

/// Of a fit and its data.
fn evidence_of(
    fit: &Fit,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
) -> Result<Evidence, DomainError> {
    let kernel = Kernel::of(fit.model(), options);
    let rows = |adstock: Option<&Adstock>| prepare(kernel, spend, revenue, options, adstock);
    let Some(Prepared {
        columns, reference, ..
    }) = rows(fit.adstock.as_ref())?
    else {
        return Ok(Evidence::UNDEFINED);
    };
    // Rows are periods: neighbours may be alike.
    let series = options.periods || options.carry != Carry::None || options.newey_west.is_some();
    let fitted: Vec<f64> = columns
        .x
        .iter()
        .map(|x| fit.baseline + fit.curve.revenue(x * reference))
        .collect();
    let natural: Vec<f64> = if kernel.log {
        columns.y.iter().map(|y| exp(*y)).collect()
    } else {
        columns.y.clone()
    };
    // Outliers of a robust fit are drawn in to where its loss lets them count.
    let drawn_in = |residual: f64, weight: f64| {
        let z = residual * weight.sqrt() / fit.loss.1;
        residual * fit.loss.0.of(z).1
    };
    let robust = fit.loss.0 != Loss::Linear && fit.loss.1 > 0.0;
    let (mut level, mut amounts) = (columns.y.clone(), natural);
    if robust {
        // Not towards the fitted curve, which would be a rise where there is none.
        draw_in(&mut level);
        let rows = columns.y.iter().zip(&fitted).zip(&columns.w);
        for (amount, ((y, fitted), w)) in amounts.iter_mut().zip(rows) {
            *amount = if kernel.log {
                exp(ln(*fitted) + drawn_in(*y - ln(*fitted), *w))
            } else {
                fitted + drawn_in(*y - fitted, *w)
            };
        }
    }

    let constant = Space::new(&columns.w, &[]);
    let mut paths = vec![shapes(&columns.x)];
    if let Carry::Estimate {
        normalize,
        max_lag,
        start,
    } = options.carry
    {
        // The best adstock was chosen too: its shapes are a part of the path.
        for theta in [0.0, 0.3, 0.6, 0.8, 0.95] {
            let adstock = Adstock::raw(theta, normalize, max_lag).starting(start)?;
            if let Ok(Some(other)) = rows(Some(&adstock)) {
                paths.push(shapes(&other.columns.x));
            }
        }
    }
    // Back and forth, so that the path has no long way from one to the next.
    for path in paths.iter_mut().skip(1).step_by(2) {
        path.reverse();
    }
    let all: Vec<Vec<f64>> = paths.into_iter().flatten().collect();
    let (response, falling) = constant.chances(&all, &level, series);

    // Revenue lies on a line or does not, whatever its noise: by amounts, or by per cent. The latter looks like a bend to who
    // takes it for the former, so that both have to see one.
    let relative = by_level(&columns.x, &amounts, &columns.w);
    let bends = shapes(&columns.x);
    let bent = |weights: &[f64]| {
        let with_base = Space::new(weights, &[&columns.x]);
        let seen = with_base.chances(&bends, &amounts, series).0;
        if options.through_origin {
            let through = Space::bare(weights, &columns.x);
            (2.0 * seen.min(through.chances(&bends, &amounts, series).0)).min(1.0)
        } else {
            seen
        }
    };
    let mut saturation = bent(&relative);
    if !kernel.log {
        saturation = saturation.max(bent(&columns.w));
    }
    let weights = if kernel.log { &relative } else { &columns.w };
    let with_base = Space::new(weights, &[&columns.x]);

    let [base, slope] = line(&columns.x, &amounts, weights);
    let steady = fit.adstock.map_or(1.0, |adstock| adstock.steady());
    let n = level.len() as f64;
    let criterion = |residual: f64, estimated: f64| {
        if robust {
            return f64::NAN;
        }
        let floor: f64 = level
            .iter()
            .zip(&columns.w)
            .map(|(y, w)| w * y * y)
            .sum::<f64>()
            * 1e-26;
        let spare = n - estimated - 1.0;
        if spare > 0.0 {
            n * ln(residual.max(floor) / n)
                + 2.0 * estimated
                + 2.0 * estimated * (estimated + 1.0) / spare
        } else {
            f64::INFINITY
        }
    };
    let carried = f64::from(u8::from(matches!(options.carry, Carry::Estimate { .. })));
    Ok(Evidence {
        response,
        falling,
        saturation,
        constant: mean(&amounts, &columns.w),
        line: [base, slope * steady / reference],
        constant_aicc: criterion(constant.residual(&level), 2.0),
        line_aicc: if kernel.log {
            f64::NAN
        } else {
            criterion(with_base.residual(&amounts), 3.0 + carried)
        },
    })
}

/// Draws what lies far out in to 2.5 robust standard deviations of the median.
fn draw_in(values: &mut [f64]) {
    let center = median(values.to_vec());
    let spread =
        1.482_602_218_505_602 * median(values.iter().map(|value| (value - center).abs()).collect());
    if spread > 0.0 {
        for value in values {
            *value = value.clamp(center - 2.5 * spread, center + 2.5 * spread);
        }
    }
}

fn mean(values: &[f64], weights: &[f64]) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    for (value, weight) in values.iter().zip(weights) {
        sum += weight * value;
        all += weight;
    }
    sum / all
}

/// The weighted straight line: base and slope.
fn line(x: &[f64], y: &[f64], weights: &[f64]) -> [f64; 2] {
    let (center, level) = (mean(x, weights), mean(y, weights));
    let (mut xx, mut xy) = (0.0, 0.0);
    for ((x, y), w) in x.iter().zip(y).zip(weights) {
        xx += w * (x - center) * (x - center);
        xy += w * (x - center) * (y - level);
    }
    let slope = xy / xx;
    [level - slope * center, slope]
}

/// Weights for noise that grows with revenue: each row's by what the line says of it.
fn by_level(x: &[f64], amounts: &[f64], given: &[f64]) -> Vec<f64> {
    let least = 0.05 * mean(amounts, given).abs();
    let mut weights = given.to_vec();
    if least == 0.0 || !least.is_finite() {
        return weights;
    }
    for _ in 0..4 {
        let [base, slope] = line(x, amounts, &weights);
        for ((weight, given), x) in weights.iter_mut().zip(given).zip(x) {
            // In units of the least, whose squares are numbers.
            let level = ((base + slope * x) / least).max(1.0);
            *weight = given / (level * level);
        }
    }
    weights
}

/// The shapes `x / (k + x)`, from a straight line to what is level from the lowest tenth of the spends on.
fn shapes(x: &[f64]) -> Vec<Vec<f64>> {
    let mut above: Vec<f64> = x.iter().copied().filter(|x| *x > 0.0).collect();
    above.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (above.get(above.len() / 10), above.last()) else {
        return Vec::new();
    };
    let (from, to) = (20.0 * high, 0.5 * low);
    let ratio = pow(to / from, 1.0 / f64::from(SHAPES - 1));
    let mut k = from;
    (0..SHAPES)
        .map(|_| {
            let shape = x.iter().map(|x| x / (k + x)).collect();
            k *= ratio;
            shape
        })
        .collect()
}

/// What is left of columns when a hypothesis is taken out of them: weighted, orthogonal to its own columns.
struct Space {
    /// The roots of the weights, whose mean is made one: weights of any size weigh the same.
    roots: Vec<f64>,
    /// The mean of the weights as they were.
    scale: f64,
    basis: Vec<Vec<f64>>,
    /// How many rows are left to chance.
    dimension: f64,
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Space {
    /// A constant, and further columns.
    fn new(weights: &[f64], columns: &[&[f64]]) -> Self {
        let ones = vec![1.0; weights.len()];
        let all: Vec<&[f64]> = core::iter::once(ones.as_slice())
            .chain(columns.iter().copied())
            .collect();
        Self::of(weights, &all)
    }

    /// Without a constant.
    fn bare(weights: &[f64], column: &[f64]) -> Self {
        Self::of(weights, &[column])
    }

    fn of(weights: &[f64], columns: &[&[f64]]) -> Self {
        let scale = mean(weights, &vec![1.0; weights.len()]);
        let mut space = Self {
            roots: weights.iter().map(|w| (w / scale).sqrt()).collect(),
            scale,
            basis: Vec::new(),
            dimension: weights.len() as f64,
        };
        for column in columns {
            if let Some(unit) = space.unit(column, ROUNDING) {
                space.basis.push(unit);
                space.dimension -= 1.0;
            }
        }
        space
    }

    /// The part of a column that is orthogonal to the hypothesis, and the column's own length.
    fn rest(&self, column: &[f64]) -> (Vec<f64>, f64) {
        let mut rest: Vec<f64> = column.iter().zip(&self.roots).map(|(x, r)| x * r).collect();
        let length = product(&rest, &rest).sqrt();
        // Twice is enough (Kahan, by way of Parlett 1980).
        for _ in 0..2 {
            for unit in &self.basis {
                let share = product(&rest, unit);
                rest.iter_mut().zip(unit).for_each(|(x, u)| *x -= share * u);
            }
        }
        (rest, length)
    }

    /// The same at length one; `None` where nothing but rounding is left.
    fn unit(&self, column: &[f64], least: f64) -> Option<Vec<f64>> {
        let largest = column.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        if largest == 0.0 || !largest.is_finite() {
            return None;
        }
        // Squares of what is very large or small would not be numbers.
        let scaled: Vec<f64> = column.iter().map(|x| x / largest).collect();
        let (mut rest, length) = self.rest(&scaled);
        let left = product(&rest, &rest).sqrt();
        if left <= least * length {
            return None;
        }
        for x in &mut rest {
            *x /= left;
        }
        Some(rest)
    }

    /// The weighted sum of squares that the hypothesis leaves.
    fn residual(&self, values: &[f64]) -> f64 {
        let (rest, _) = self.rest(values);
        product(&rest, &rest) * self.scale
    }

    /// How likely it is that some shape fits as well by chance, rising and falling.
    fn chances(&self, shapes: &[Vec<f64>], values: &[f64], series: bool) -> (f64, f64) {
        let first = values.first().copied().unwrap_or(f64::NAN);
        // A constant is one exactly: of its rounding nothing is asked.
        let Some(seen) = values
            .iter()
            .any(|value| *value != first)
            .then(|| self.unit(values, ROUNDING))
            .flatten()
        else {
            return (1.0, 1.0);
        };
        let path: Vec<Vec<f64>> = shapes
            .iter()
            .filter_map(|shape| self.unit(shape, 100.0 * ROUNDING))
            .collect();
        let mut length = 0.0;
        for (one, other) in path.iter().zip(path.iter().skip(1)) {
            let chord = one
                .iter()
                .zip(other)
                .map(|(a, b)| (a - b) * (a - b))
                .sum::<f64>()
                .sqrt();
            length += 2.0 * asin((0.5 * chord).min(1.0));
        }
        let (mut up, mut down) = ((f64::NEG_INFINITY, None), (f64::NEG_INFINITY, None));
        for unit in &path {
            let share = product(unit, &seen);
            if share > up.0 {
                up = (share, Some(unit));
            }
            if -share > down.0 {
                down = (-share, Some(unit));
            }
        }
        let chance = |(share, unit): (f64, Option<&Vec<f64>>)| {
            let Some(unit) = unit else {
                return 1.0;
            };
            let mut dimension = self.dimension;
            if series {
                dimension *= independent(unit, &seen, share);
            }
            tube(share, length, dimension)
        };
        (chance(up), chance(down))
    }
}

/// Which part of the rows counts as independent, where neighbours are alike both in spend and in what the shape leaves of
/// revenue (Bartlett 1935). Correlations from few rows are too low by about `2 / n`.
fn independent(unit: &[f64], seen: &[f64], share: f64) -> f64 {
    let rest: Vec<f64> = seen.iter().zip(unit).map(|(y, u)| y - share * u).collect();
    let low = 2.0 / seen.len() as f64;
    let likeness = (neighbours(unit) + low) * (neighbours(&rest) + low);
    let likeness = likeness.clamp(0.0, 0.95);
    (1.0 - likeness) / (1.0 + likeness)
}

/// The correlation of neighbouring rows.
fn neighbours(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (mut together, mut all) = (0.0, 0.0);
    let mut before = None;
    for value in values {
        let value = value - mean;
        if let Some(before) = before {
            together += value * before;
        }
        all += value * value;
        before = Some(value);
    }
    if all > 0.0 { together / all } else { 0.0 }
}

/// The share of a sphere in so many dimensions within reach of a path of this length, at most: how often chance points so close
/// to one of its shapes that their cosine is `share`.
fn tube(share: f64, length: f64, dimension: f64) -> f64 {
    if share.is_nan() || dimension < 2.0 || share <= 0.0 {
        return 1.0;
    }
    let left = (1.0 - share * share).max(0.0);
    let t = share * ((dimension - 1.0) / left).sqrt();
    let tail = student_cdf(t, dimension - 1.0).1;
    (tail + length / core::f64::consts::TAU * pow(left, 0.5 * dimension - 1.0)).min(1.0)
}

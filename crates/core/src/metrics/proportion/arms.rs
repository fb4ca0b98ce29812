//! The counts of two arms, a row or columns of them, and how wide their intervals are to be.

use core::ops::Range;

use crate::metrics::math::erfc;
use crate::metrics::p_value::{Alternative, alternative_of};
use crate::metrics::special::{normal_quantile, normal_quantile_sf};
use crate::metrics::{DomainError, Rule};

/// As the number in a column: 0, 1 or 2.
pub(crate) const fn number_of(alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided => 0.0,
        Alternative::Greater => 1.0,
        Alternative::Less => 2.0,
    }
}

/// How wide an interval is to be, and on which sides it ends: a confidence as the quantile of the normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The confidence.
    pub confidence: f64,
    /// The side of the test that the interval belongs to.
    pub alternative: Alternative,
    /// The normal quantile.
    pub(super) z: f64,
    /// Its square.
    pub(super) z2: f64,
}

/// The quantile of the usual confidence, which a single call would take longer to find than to use.
const Z95: f64 = 1.959_963_984_540_053_8;

impl Level {
    /// An interval that ends on both sides.
    ///
    /// # Errors
    /// A confidence that is not above 0 and below 1.
    pub fn two_sided(confidence: f64) -> Result<Self, DomainError> {
        Self::new(confidence, Alternative::TwoSided)
    }

    /// An interval that belongs to a test. For a one-sided one the other end is the bound of what is estimated: 1 or -1 for a
    /// difference, 0 or infinity for a ratio.
    ///
    /// # Errors
    /// A confidence that is not above 0 and below 1.
    pub fn new(confidence: f64, alternative: Alternative) -> Result<Self, DomainError> {
        DomainError::check("confidence", Rule::Confidence, confidence)?;
        Ok(Self::unchecked(confidence, alternative))
    }

    /// As [`Self::new`], for a confidence that has been checked. `NaN` makes intervals of `NaN`.
    pub(crate) fn unchecked(confidence: f64, alternative: Alternative) -> Self {
        // One less the confidence is exact from a half on.
        let beyond = 1.0 - confidence;
        let z = match alternative {
            Alternative::TwoSided if confidence == 0.95 => Z95,
            Alternative::TwoSided if confidence < 0.5 => normal_quantile(0.5 + 0.5 * confidence),
            Alternative::TwoSided => normal_quantile_sf(0.5 * beyond),
            _ if confidence < 0.5 => normal_quantile(confidence),
            _ => normal_quantile_sf(beyond),
        };
        // At a confidence of nearly nothing the interval is its estimate; the floor keeps squares above the smallest number.
        // A one-sided limit at less than a half lies beyond the estimate, which is of no use: it is the estimate.
        let z = if z < 1e-60 { 1e-60 } else { z };
        Self {
            confidence,
            alternative,
            z,
            z2: z * z,
        }
    }

    /// Half the width of a normal interval.
    pub(crate) fn half(&self, standard_error: f64) -> f64 {
        self.z * standard_error
    }

    /// The ends, of which one is replaced for a one-sided interval. `NaN` stays.
    #[inline(always)]
    pub(super) fn ends(&self, (low, high): (f64, f64), (least, most): (f64, f64)) -> (f64, f64) {
        let open_low = matches!(self.alternative, Alternative::Less);
        let open_high = matches!(self.alternative, Alternative::Greater);
        (
            if open_low && !low.is_nan() {
                least
            } else {
                low
            },
            if open_high && !high.is_nan() {
                most
            } else {
                high
            },
        )
    }
}

/// The counts of an experiment with a holdout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arms {
    /// Users who could see the advertising.
    pub exposed_users: f64,
    /// How many of them converted.
    pub exposed_conversions: f64,
    /// Users who were kept from it.
    pub holdout_users: f64,
    /// How many of them converted.
    pub holdout_conversions: f64,
}

impl Arms {
    /// Counts, checked. `NaN` passes and makes everything `NaN` that depends on it.
    ///
    /// # Errors
    /// A count that is not a whole number from 0 to 2^53, or more conversions than users.
    pub fn new(
        exposed_users: f64,
        exposed_conversions: f64,
        holdout_users: f64,
        holdout_conversions: f64,
    ) -> Result<Self, DomainError> {
        DomainError::check("exposed_users", Rule::Count, exposed_users)?;
        DomainError::check("exposed_conversions", Rule::Count, exposed_conversions)?;
        DomainError::check("holdout_users", Rule::Count, holdout_users)?;
        DomainError::check("holdout_conversions", Rule::Count, holdout_conversions)?;
        for (name, other, x, n) in [
            (
                "exposed_conversions",
                "exposed_users",
                exposed_conversions,
                exposed_users,
            ),
            (
                "holdout_conversions",
                "holdout_users",
                holdout_conversions,
                holdout_users,
            ),
        ] {
            if x > n {
                return Err(DomainError::scalar(name, Rule::AtMost(other), x));
            }
        }
        Ok(Self {
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
        })
    }

    /// The statistic of the score test of no difference (pooled variance, with `N / (N - 1)`), and its p-value. With no
    /// conversions at all, or nothing but conversions, there is nothing to tell the arms apart by: `p = 1`.
    ///
    /// Source: O. Miettinen and M. Nurminen, Statistics in Medicine 4, 1985. The interval [`Difference::Score`](super::Difference::Score) and
    /// [`Ratio::Score`](super::Ratio::Score) exclude no difference exactly when this p-value is below one less the confidence.
    pub fn p_score(&self, alternative: Alternative) -> (f64, f64) {
        let z = self.z_score();
        (z, self.p_of(z, alternative))
    }

    /// The row as a column of one.
    pub fn columns(&self) -> Columns<'_> {
        Columns {
            exposed_users: core::slice::from_ref(&self.exposed_users),
            exposed_conversions: core::slice::from_ref(&self.exposed_conversions),
            holdout_users: core::slice::from_ref(&self.holdout_users),
            holdout_conversions: core::slice::from_ref(&self.holdout_conversions),
        }
    }

    /// `x1 n0 - x0 n1`, to the last place: what two rates of nearly the same size differ by is not lost in their rounding.
    #[inline(always)]
    pub(crate) fn cross(&self) -> f64 {
        let (a, b) = (
            self.exposed_conversions * self.holdout_users,
            self.holdout_conversions * self.exposed_users,
        );
        // What rounding took from the products, exactly.
        let rest_a = self.exposed_conversions.mul_add(self.holdout_users, -a);
        let rest_b = self.holdout_conversions.mul_add(self.exposed_users, -b);
        (a - b) + (rest_a - rest_b)
    }

    /// The difference of the rates.
    #[inline(always)]
    pub(crate) fn delta(&self) -> f64 {
        self.cross() / (self.exposed_users * self.holdout_users)
    }

    /// The ratio of the rates; `NaN` without a conversion in the holdout.
    #[inline(always)]
    pub(crate) fn phi(&self) -> f64 {
        defined(
            self.exposed_conversions * self.holdout_users,
            self.holdout_conversions * self.exposed_users,
        )
    }

    /// The relative lift, from the exact numerator; `NaN` without a conversion in the holdout.
    #[inline(always)]
    pub(crate) fn relative(&self) -> f64 {
        defined(self.cross(), self.holdout_conversions * self.exposed_users)
    }

    #[inline(always)]
    pub(crate) fn z_score(&self) -> f64 {
        let users = self.exposed_users + self.holdout_users;
        let conversions = self.exposed_conversions + self.holdout_conversions;
        let product = conversions * (users - conversions) * self.exposed_users * self.holdout_users;
        let z = self.cross() * ((users - 1.0) / product).sqrt();
        // Nothing to tell the arms apart by; but without users it is not known.
        if product == 0.0 { self.delta() } else { z }
    }

    #[inline(always)]
    pub(crate) fn p_of(&self, z: f64, alternative: Alternative) -> f64 {
        let conversions = self.exposed_conversions + self.holdout_conversions;
        let all = self.exposed_users + self.holdout_users;
        let p = match alternative {
            Alternative::TwoSided => erfc(z.abs() * core::f64::consts::FRAC_1_SQRT_2),
            Alternative::Greater => 0.5 * erfc(z * core::f64::consts::FRAC_1_SQRT_2),
            Alternative::Less => 0.5 * erfc(-z * core::f64::consts::FRAC_1_SQRT_2),
        };
        if z == 0.0 && (conversions == 0.0 || conversions == all) {
            1.0
        } else {
            p
        }
    }

    /// With the arms exchanged.
    #[inline(always)]
    pub(super) fn exchanged(&self) -> Self {
        Self {
            exposed_users: self.holdout_users,
            exposed_conversions: self.holdout_conversions,
            holdout_users: self.exposed_users,
            holdout_conversions: self.exposed_conversions,
        }
    }
}

/// The counts of many experiments, a row each. All slices are of one length; where they are not, the shortest counts.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Users who could see the advertising.
    pub exposed_users: &'a [f64],
    /// How many of them converted.
    pub exposed_conversions: &'a [f64],
    /// Users who were kept from it.
    pub holdout_users: &'a [f64],
    /// How many of them converted.
    pub holdout_conversions: &'a [f64],
}

impl<'a> Columns<'a> {
    /// How many rows there are.
    #[inline(always)]
    pub fn rows(&self) -> usize {
        (self.exposed_users.len().min(self.exposed_conversions.len()))
            .min(self.holdout_users.len().min(self.holdout_conversions.len()))
    }

    /// Some of the rows, all slices being of one length.
    pub(crate) fn part(self, rows: Range<usize>) -> Self {
        let of = |column: &'a [f64]| column.get(rows.clone()).unwrap_or_default();
        Self {
            exposed_users: of(self.exposed_users),
            exposed_conversions: of(self.exposed_conversions),
            holdout_users: of(self.holdout_users),
            holdout_conversions: of(self.holdout_conversions),
        }
    }

    /// The first rows, of which there are so many; all slices have one length then, and [`Self::row`] needs no check.
    #[inline(always)]
    #[expect(
        clippy::indexing_slicing,
        reason = "the caller cuts to no more than there are"
    )]
    pub(crate) fn cut(self, rows: usize) -> Self {
        Self {
            exposed_users: &self.exposed_users[..rows],
            exposed_conversions: &self.exposed_conversions[..rows],
            holdout_users: &self.holdout_users[..rows],
            holdout_conversions: &self.holdout_conversions[..rows],
        }
    }

    /// One row.
    #[inline(always)]
    #[expect(
        clippy::indexing_slicing,
        reason = "the caller counts up to the rows that there are"
    )]
    pub(crate) fn row(&self, row: usize) -> Arms {
        Arms {
            exposed_users: self.exposed_users[row],
            exposed_conversions: self.exposed_conversions[row],
            holdout_users: self.holdout_users[row],
            holdout_conversions: self.holdout_conversions[row],
        }
    }
}

/// Does something for each stretch of rows that have the same confidence and the same side: nearly always all of them.
pub(crate) fn runs(
    confidence: &[f64],
    alternative: &[f64],
    mut each: impl FnMut(&Level, Range<usize>),
) {
    let (Some(first), Some(side)) = (confidence.first(), alternative.first()) else {
        return;
    };
    let unequal = |column: &[f64], first: &f64| {
        let bits = column.iter().map(|x| x.to_bits() ^ first.to_bits());
        bits.fold(0, |any, differ| any | differ) != 0
    };
    let rows = confidence.len().min(alternative.len());
    if !unequal(confidence, first) && !unequal(alternative, side) {
        let level = Level::unchecked(*first, alternative_of(*side));
        each(&level, 0..rows);
        return;
    }
    let mut start = 0;
    while let (Some(first), Some(side)) = (confidence.get(start), alternative.get(start)) {
        let rest = confidence.iter().zip(alternative).skip(start);
        let same = |row: &(&f64, &f64)| {
            row.0.to_bits() == first.to_bits() && row.1.to_bits() == side.to_bits()
        };
        let rows = rest.take_while(same).count();
        let level = Level::unchecked(*first, alternative_of(*side));
        each(&level, start..start + rows);
        start += rows;
    }
}

/// The statistics of the score test, row by row, to be inlined where vectors are chosen.
#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "all slices are cut to one length first, so that the loop has no checks and becomes vector instructions"
)]
pub(crate) fn z_scores(columns: Columns<'_>, z: &mut [f64]) {
    let rows = columns.rows().min(z.len());
    let (columns, z) = (columns.cut(rows), &mut z[..rows]);
    for (row, slot) in z.iter_mut().enumerate() {
        *slot = columns.row(row).z_score();
    }
}

/// An interval to be filled in for each row.
pub(super) struct Fill<'a> {
    pub(super) columns: Columns<'a>,
    pub(super) level: &'a Level,
    /// The ends of what can be.
    pub(super) bounds: (f64, f64),
    pub(super) low: &'a mut [f64],
    pub(super) high: &'a mut [f64],
}

impl Fill<'_> {
    /// The one loop.
    #[inline(always)]
    #[expect(
        clippy::indexing_slicing,
        reason = "all slices are cut to one length first, so that the loop has no checks and becomes vector instructions"
    )]
    pub(super) fn with(self, f: impl Fn(Arms, &Level) -> (f64, f64)) {
        let (low, high) = (self.low, self.high);
        let rows = low.len().min(high.len()).min(self.columns.rows());
        let (low, high) = (&mut low[..rows], &mut high[..rows]);
        let columns = self.columns.cut(rows);
        for row in 0..rows {
            let ends = f(columns.row(row), self.level);
            (low[row], high[row]) = self.level.ends(ends, self.bounds);
        }
    }
}

/// How far the ends of the Wilson interval are from the rate, and the rate.
#[derive(Clone, Copy)]
pub(super) struct Wilson {
    pub(super) rate: f64,
    pub(super) down: f64,
    pub(super) up: f64,
}

/// Source: E. B. Wilson, JASA 22, 1927. At `x = 0` the lower end is exactly 0 and at `x = n` the upper one exactly 1, since the
/// square root of a square is exact.
#[inline(always)]
pub(super) fn wilson(x: f64, n: f64, level: &Level) -> Wilson {
    let rate = x / n;
    let scale = 1.0 / (n + level.z2);
    let half = level.z * (rate * (n - x) + 0.25 * level.z2).sqrt();
    let shift = level.z2 * (rate - 0.5);
    Wilson {
        rate,
        down: (half + shift) * scale,
        up: (half - shift) * scale,
    }
}

/// The variance of a rate, as observed.
#[inline(always)]
pub(super) fn variance(x: f64, n: f64) -> f64 {
    x * (n - x) / (n * n * n)
}

/// A quotient that is `NaN` where it is not defined, without a branch.
#[inline(always)]
pub(super) fn defined(numerator: f64, denominator: f64) -> f64 {
    let quotient = numerator / denominator;
    if denominator == 0.0 {
        f64::NAN
    } else {
        quotient
    }
}

/// A value of its own for some rows; `NaN` in `data` stays `NaN`.
#[inline(always)]
pub(super) fn instead(condition: bool, value: f64, data: f64, otherwise: f64) -> f64 {
    let kept = if data.is_nan() { data } else { value };
    if condition { kept } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_quantile_is_the_one_that_is_computed() {
        assert_eq!(
            Z95.to_bits(),
            normal_quantile_sf(0.5 * (1.0 - 0.95)).to_bits()
        );
    }
}

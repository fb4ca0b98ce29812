//! Intervals for one rate, for the difference of two and for their ratio.
//!
//! Two arms: the exposed and the holdout, `x` conversions of `n` users each. Everything is exposed less holdout, or exposed
//! over holdout. The score intervals are those values that the score test with the same correction does not reject, so that
//! difference, ratio and p-value always agree about zero; `newcombe` and `mover` are their closed-form neighbours, and agree
//! with each other. The rest is here for comparison with what other tools print.
//!
//! ```
//! use edgetally_core::metrics::proportion::{Arms, Difference, Level, Ratio};
//!
//! let arms = Arms::new(100_000.0, 1_200.0, 100_000.0, 900.0).unwrap();
//! let level = Level::two_sided(0.95).unwrap();
//! let difference = arms.difference(Difference::Score, &level);
//! assert!((difference.low - 0.00210848).abs() < 1e-8 && (difference.high - 0.00389671).abs() < 1e-8);
//! let ratio = arms.ratio(Ratio::Score, &level);
//! assert!((ratio.low - 1.22352).abs() < 1e-5 && (ratio.high - 1.45301).abs() < 1e-5);
//! ```
//!
//! Each formula is one function of a row that is inlined into one loop over columns ([`difference`], [`ratio`]). None of them
//! branches, and the iterations are of a fixed number, so that the loops become vector instructions and a number and a column
//! give the same bits.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the vectors"
)]

mod arms;
mod difference;
mod one;
mod ratio;
mod table;

use arms::wilson;
pub use arms::{Arms, Columns, Level};
pub(crate) use arms::{number_of, runs, z_scores};
pub use difference::{Difference, difference};
pub use one::{One, one};
pub use ratio::{Ratio, ratio};
pub(super) use table::ALL;

use super::Interval;
pub use super::p_value::Alternative;
use super::vector::vectorised;

impl Arms {
    /// The difference of the rates, exposed less holdout, with its interval.
    pub fn difference(&self, method: Difference, level: &Level) -> Interval {
        let (mut low, mut high) = ([0.0], [0.0]);
        difference(method, level, self.columns(), &mut low, &mut high);
        Interval::new(self.delta(), low[0], high[0])
    }

    /// The ratio of the rates, exposed over holdout, with its interval. The relative lift is one less.
    pub fn ratio(&self, method: Ratio, level: &Level) -> Interval {
        let (mut low, mut high) = ([0.0], [0.0]);
        ratio(method, level, self.columns(), &mut low, &mut high);
        Interval::new(self.phi(), low[0], high[0])
    }
}

/// Where the closed-form intervals of both kinds go.
#[derive(Debug)]
pub struct ClosedForm<'a> {
    /// The difference of the rates.
    pub difference: &'a mut [f64],
    /// Its lower end by Newcombe's method.
    pub difference_low: &'a mut [f64],
    /// Its upper end.
    pub difference_high: &'a mut [f64],
    /// The ratio of the rates.
    pub ratio: &'a mut [f64],
    /// Its lower end by MOVER-R.
    pub ratio_low: &'a mut [f64],
    /// Its upper end.
    pub ratio_high: &'a mut [f64],
}

/// The closed-form intervals of both kinds at once, for tables of millions of rows: the same bits as
/// [`Difference::Newcombe`] and [`Ratio::Mover`] give one by one. All slices are of one length; where they are not, the shortest
/// counts.
pub fn closed_form(level: &Level, columns: Columns<'_>, outputs: ClosedForm<'_>) {
    vectorised(
        #[inline(always)]
        || closed_form_loop(level, columns, outputs),
    );
}

#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "all slices are cut to one length first, so that the loop has no checks and becomes vector instructions"
)]
fn closed_form_loop(level: &Level, columns: Columns<'_>, outputs: ClosedForm<'_>) {
    let ClosedForm {
        difference: delta,
        difference_low,
        difference_high,
        ratio: phi,
        ratio_low,
        ratio_high,
    } = outputs;
    let outputs = [delta.len(), difference_low.len(), difference_high.len()]
        .into_iter()
        .chain([phi.len(), ratio_low.len(), ratio_high.len()]);
    let rows = outputs.min().unwrap_or(0).min(columns.rows());
    let (delta, phi) = (&mut delta[..rows], &mut phi[..rows]);
    let (low, high) = (&mut difference_low[..rows], &mut difference_high[..rows]);
    let (ratio_low, ratio_high) = (&mut ratio_low[..rows], &mut ratio_high[..rows]);
    let columns = columns.cut(rows);
    for row in 0..rows {
        let arms = columns.row(row);
        let exposed = wilson(arms.exposed_conversions, arms.exposed_users, level);
        let holdout = wilson(arms.holdout_conversions, arms.holdout_users, level);
        delta[row] = arms.delta();
        phi[row] = arms.phi();
        let ends = difference::around(arms.delta(), exposed, holdout);
        (low[row], high[row]) = level.ends(ends, (-1.0, 1.0));
        let ends = ratio::between(exposed, holdout);
        (ratio_low[row], ratio_high[row]) = level.ends(ends, (0.0, f64::INFINITY));
    }
}

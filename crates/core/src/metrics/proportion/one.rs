//! One rate.

use super::arms::{Level, wilson};
use crate::metrics::special::beta_quantile;
use crate::metrics::vector::vectorised;
use crate::metrics::{DomainError, Rule};

/// How the interval of one rate is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum One {
    /// Those rates that the score test does not reject. E. B. Wilson, JASA 22, 1927.
    #[default]
    Wilson,
    /// Wald around the middle of the Wilson interval, cut to 0 and 1. A. Agresti and B. A. Coull, American Statistician 52, 1998.
    AgrestiCoull,
    /// The quantiles of the Beta distribution after Jeffreys' prior (½, ½). L. D. Brown, T. T. Cai and A. DasGupta, Statistical
    /// Science 16, 2001, without their exception at the ends.
    Jeffreys,
    /// The normal distribution with the variance at the observed rate, cut to 0 and 1.
    Normal,
    /// Those rates at which the binomial tails are not too small: never below its confidence, and wide. C. J. Clopper and
    /// E. S. Pearson, Biometrika 26, 1934.
    ClopperPearson,
}

impl One {
    /// The words, in the order of the variants.
    pub const WORDS: &'static [&'static str] = &[
        "wilson",
        "agresti_coull",
        "jeffreys",
        "normal",
        "clopper_pearson",
    ];

    /// All, in the order of the words.
    pub const ALL: [Self; 5] = [
        Self::Wilson,
        Self::AgrestiCoull,
        Self::Jeffreys,
        Self::Normal,
        Self::ClopperPearson,
    ];

    /// From its word.
    ///
    /// # Errors
    /// [`Rule::OneOf`] for any other word.
    pub fn parse(word: &str) -> Result<Self, DomainError> {
        let place = Self::WORDS.iter().position(|own| *own == word);
        place
            .and_then(|place| Self::ALL.get(place).copied())
            .ok_or(DomainError::whole("method", Rule::OneOf(Self::WORDS)))
    }
}

/// The ends of the interval of `count / n`, row by row. Without trials they are `NaN`.
///
/// ```
/// use edgetally_core::metrics::proportion::{Level, One, one};
///
/// let (mut low, mut high) = ([0.0], [0.0]);
/// one(One::Wilson, &Level::two_sided(0.95).unwrap(), &[0.0], &[10.0], &mut low, &mut high);
/// assert_eq!(low, [0.0]);
/// assert!((high[0] - 0.277_532_799_862_889_3).abs() < 1e-15);
/// ```
pub fn one(
    method: One,
    level: &Level,
    count: &[f64],
    n: &[f64],
    low: &mut [f64],
    high: &mut [f64],
) {
    vectorised(
        #[inline(always)]
        || match method {
            One::Wilson => each(
                count,
                n,
                low,
                high,
                level,
                #[inline(always)]
                |x, n| {
                    let wilson = wilson(x, n, level);
                    let up = wilson.rate + wilson.up;
                    // The product of the ends is x² / n (n + z²), which does not cancel at a small rate.
                    let low = wilson.rate * x / ((n + level.z2) * up);
                    (low, if up > 1.0 { 1.0 } else { up })
                },
            ),
            One::AgrestiCoull => each(
                count,
                n,
                low,
                high,
                level,
                #[inline(always)]
                |x, n| {
                    let all = n + level.z2;
                    let middle = (x + 0.5 * level.z2) / all;
                    let half = level.z * (middle * ((n - x) + 0.5 * level.z2)).sqrt() / all;
                    let none = if n == 0.0 { f64::NAN } else { 0.0 };
                    (cut(middle - half + none), cut(middle + half + none))
                },
            ),
            One::Normal => each(
                count,
                n,
                low,
                high,
                level,
                #[inline(always)]
                |x, n| {
                    let rate = x / n;
                    let half = level.z * (rate * (n - x)).sqrt() / n;
                    (cut(rate - half), cut(rate + half))
                },
            ),
            One::Jeffreys => each(count, n, low, high, level, |x, n| {
                beta_ends(x, n, 0.5, level)
            }),
            One::ClopperPearson => each(count, n, low, high, level, |x, n| {
                let (below, above) = tails(level);
                let known = x.is_finite() && n > 0.0;
                (
                    if !known {
                        f64::NAN
                    } else if x == 0.0 {
                        0.0
                    } else {
                        beta_quantile(x, n - x + 1.0, below, above).0
                    },
                    if !known {
                        f64::NAN
                    } else if x == n {
                        1.0
                    } else {
                        beta_quantile(x + 1.0, n - x, above, below).0
                    },
                )
            }),
        },
    );
}

#[inline(always)]
fn cut(x: f64) -> f64 {
    let x = if x < 0.0 { 0.0 } else { x };
    if x > 1.0 { 1.0 } else { x }
}

/// What is left out at one end, and its complement.
fn tails(level: &Level) -> (f64, f64) {
    let beyond = match level.alternative {
        super::Alternative::TwoSided => 0.5 * (1.0 - level.confidence),
        _ => 1.0 - level.confidence,
    };
    (beyond, 1.0 - beyond)
}

fn beta_ends(x: f64, n: f64, prior: f64, level: &Level) -> (f64, f64) {
    if !(x.is_finite() && n > 0.0) {
        return (f64::NAN, f64::NAN);
    }
    let (below, above) = tails(level);
    (
        beta_quantile(x + prior, n - x + prior, below, above).0,
        beta_quantile(x + prior, n - x + prior, above, below).0,
    )
}

#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "all slices are cut to one length first, so that the loop has no checks and becomes vector instructions"
)]
fn each(
    count: &[f64],
    n: &[f64],
    low: &mut [f64],
    high: &mut [f64],
    level: &Level,
    f: impl Fn(f64, f64) -> (f64, f64),
) {
    let rows = low.len().min(high.len()).min(count.len()).min(n.len());
    let (low, high) = (&mut low[..rows], &mut high[..rows]);
    let (count, n) = (&count[..rows], &n[..rows]);
    for row in 0..rows {
        (low[row], high[row]) = level.ends(f(count[row], n[row]), (0.0, 1.0));
    }
}

//! The ratio of two rates.
#![expect(
    clippy::redundant_closure,
    reason = "a function is called through a shim that is not inlined, a closure is inlined"
)]

use super::arms::{Arms, Columns, Fill, Level, Wilson, instead, variance, wilson};
use crate::metrics::math::{exp, ln};
use crate::metrics::vector::vectorised;
use crate::metrics::{DomainError, Rule};

/// How the interval of a ratio is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ratio {
    /// Those ratios that the score test with `N / (N - 1)` does not reject. O. Miettinen and M. Nurminen, Statistics in
    /// Medicine 4, 1985.
    #[default]
    Score,
    /// The same without `N / (N - 1)`. P. A. R. Koopman, Biometrics 40, 1984.
    ScoreUncorrected,
    /// From the Wilson intervals of both rates, in closed form (MOVER-R). A. Donner and G. Y. Zou, Statistical Methods in
    /// Medical Research 21, 2012.
    Mover,
    /// The normal distribution for the logarithm of the ratio; undefined without conversions in one arm. D. Katz and others,
    /// Biometrics 34, 1978.
    Katz,
    /// The same with half a conversion more in each arm. S. D. Walter, Biometrika 62, 1975.
    LogAdjusted,
    /// The normal distribution for the ratio itself, with the variance of the delta method: what several experiment platforms
    /// show. May end below zero.
    Delta,
    /// Those ratios at which `p1 - φ p0` differs from zero by less than its standard error at the observed rates allows; what
    /// of them is not negative. E. C. Fieller, JRSS B 16, 1954.
    Fieller,
}

impl Ratio {
    /// The words, in the order of the variants.
    pub const WORDS: &'static [&'static str] = &[
        "score",
        "score_uncorrected",
        "mover",
        "katz",
        "log_adjusted",
        "delta",
        "fieller",
    ];

    /// All, in the order of the words.
    pub const ALL: [Self; 7] = [
        Self::Score,
        Self::ScoreUncorrected,
        Self::Mover,
        Self::Katz,
        Self::LogAdjusted,
        Self::Delta,
        Self::Fieller,
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

/// The ends of the interval of `(x1 / n1) / (x0 / n0)`, row by row.
pub fn ratio(
    method: Ratio,
    level: &Level,
    columns: Columns<'_>,
    low: &mut [f64],
    high: &mut [f64],
) {
    vectorised(
        #[inline(always)]
        || {
            let rows = Fill {
                columns,
                level,
                bounds: (0.0, f64::INFINITY),
                low,
                high,
            };
            match method {
                Ratio::Score => rows.with(
                    #[inline(always)]
                    |arms, level| score::<true>(arms, level),
                ),
                Ratio::ScoreUncorrected => rows.with(
                    #[inline(always)]
                    |arms, level| score::<false>(arms, level),
                ),
                Ratio::Mover => rows.with(
                    #[inline(always)]
                    |arms, level| mover(arms, level),
                ),
                Ratio::Katz => rows.with(
                    #[inline(always)]
                    |arms, level| katz(arms, level),
                ),
                Ratio::LogAdjusted => rows.with(
                    #[inline(always)]
                    |arms, level| log_adjusted(arms, level),
                ),
                Ratio::Delta => rows.with(
                    #[inline(always)]
                    |arms, level| delta(arms, level),
                ),
                Ratio::Fieller => rows.with(
                    #[inline(always)]
                    |arms, level| fieller(arms, level),
                ),
            }
        },
    );
}

#[inline(always)]
fn mover(arms: Arms, level: &Level) -> (f64, f64) {
    let exposed = wilson(arms.exposed_conversions, arms.exposed_users, level);
    let holdout = wilson(arms.holdout_conversions, arms.holdout_users, level);
    between(exposed, holdout)
}

/// The closed form, with every difference of squares taken apart so that nothing cancels.
///
/// With `l`, `u` the Wilson limits, `d = p - l` and `e = u - p`, the radicands are
/// `e0² l1 (p1 + d1) + d1² p0²` and `d0² p1² + e1² l0 (p0 + d0)`, and the lower end is the quotient with the root in the
/// denominator, which needs no case of its own where the published one divides by zero.
#[inline(always)]
pub(super) fn between(exposed: Wilson, holdout: Wilson) -> (f64, f64) {
    let (p1, p0) = (exposed.rate, holdout.rate);
    let product = p1 * p0;
    let below = (p1 - exposed.down) * (p1 + exposed.down);
    let root = (holdout.up * holdout.up * below + exposed.down * exposed.down * p0 * p0).sqrt();
    let low = below / (product + root);
    let base = (p0 - holdout.down) * (p0 + holdout.down);
    let root = (holdout.down * holdout.down * p1 * p1 + exposed.up * exposed.up * base).sqrt();
    let high = (product + root) / base;
    (
        instead(p1 == 0.0, 0.0, p0, low),
        instead(base <= 0.0, f64::INFINITY, p1, high),
    )
}

#[inline(always)]
fn katz(arms: Arms, level: &Level) -> (f64, f64) {
    logarithmic(arms, level, 0.0)
}

#[inline(always)]
fn log_adjusted(arms: Arms, level: &Level) -> (f64, f64) {
    logarithmic(arms, level, 0.5)
}

/// Normal on the logarithm, with so much added to every count.
#[inline(always)]
fn logarithmic(arms: Arms, level: &Level, more: f64) -> (f64, f64) {
    let (x1, n1) = (arms.exposed_conversions + more, arms.exposed_users + more);
    let (x0, n0) = (arms.holdout_conversions + more, arms.holdout_users + more);
    // 1/x - 1/n without cancellation at a rate near 1.
    let variance = (n1 - x1) / (x1 * n1) + (n0 - x0) / (x0 * n0);
    let middle = ln((x1 * n0) / (x0 * n1));
    let half = level.z * variance.sqrt();
    // No users, no rate; without conversions there is no logarithm (half a conversion is one).
    let none = arms.exposed_users == 0.0 || arms.holdout_users == 0.0 || x1 == 0.0 || x0 == 0.0;
    (
        if none { f64::NAN } else { exp(middle - half) },
        if none { f64::NAN } else { exp(middle + half) },
    )
}

#[inline(always)]
fn delta(arms: Arms, level: &Level) -> (f64, f64) {
    let (x1, n1) = (arms.exposed_conversions, arms.exposed_users);
    let (x0, n0) = (arms.holdout_conversions, arms.holdout_users);
    let phi = arms.phi();
    let p0 = x0 / n0;
    // v1 / p0² + φ² v0 / p0², with v = p q / n.
    let variance = (x1 * (n1 - x1) / (n1 * n1 * n1)
        + phi * phi * (x0 * (n0 - x0) / (n0 * n0 * n0)))
        / (p0 * p0);
    let half = level.z * variance.sqrt();
    (phi - half, phi + half)
}

#[inline(always)]
fn fieller(arms: Arms, level: &Level) -> (f64, f64) {
    let (x1, n1) = (arms.exposed_conversions, arms.exposed_users);
    let (x0, n0) = (arms.holdout_conversions, arms.holdout_users);
    let (p1, p0) = (x1 / n1, x0 / n0);
    // The squares of the half-widths at the observed rates.
    let w1 = level.z2 * variance(x1, n1);
    let w0 = level.z2 * variance(x0, n0);
    // a φ² - 2 b φ + c <= 0
    let a = p0 * p0 - w0;
    let b = p1 * p0;
    let c = p1 * p1 - w1;
    // b² - a c = p0² w1 + w0 (p1² - w1), taken apart by the sign of what could cancel.
    let root = p0 * p0 * w1 + w0 * c;
    let root = if root < 0.0 { 0.0 } else { root }.sqrt();
    let low = c / (b + root);
    let high = (b + root) / a;
    let none = x0 == 0.0;
    let low = instead(c <= 0.0, 0.0, p0, low);
    let high = instead(a <= 0.0, f64::INFINITY, p1, high);
    (
        if none { f64::NAN } else { low },
        if none { f64::NAN } else { high },
    )
}

/// The score interval without a search for two nested roots.
///
/// The most likely rates at a given ratio are where the slopes of the two log-likelihoods by the logarithm of the rate cancel:
/// `x1 - y1 p1 / q1 = t = y0 p0 / q0 - x0`, `y = n - x`. Taken by `t` instead of by the ratio, the rates are
/// `p1 = (x1 - t) / (n1 - t)` and `p0 = (x0 + t) / (n0 + t)`, and the statistic is
/// `Z² = t² [y1 / (n1 (x1 - t)) + y0 / (n0 (x0 + t))]`, a convex function of `t`: Halley's method, started beyond the root, runs
/// down to it.
#[inline(always)]
fn score<const CORRECTED: bool>(arms: Arms, level: &Level) -> (f64, f64) {
    let users = arms.exposed_users + arms.holdout_users;
    let z2 = level.z2
        * if CORRECTED {
            users / (users - 1.0)
        } else {
            1.0
        };
    let (p1, p0) = most_apart(arms, z2);
    let low = instead(arms.exposed_conversions == 0.0, 0.0, p0, p1 / p0);
    // The upper end is the lower one of the inverse.
    let (p0, p1) = most_apart(arms.exchanged(), z2);
    let high = instead(arms.holdout_conversions == 0.0, f64::INFINITY, p1, p1 / p0);
    (low, high)
}

/// The rates when the first is pulled down and the second up until the statistic is `z2`.
#[inline(always)]
fn most_apart(arms: Arms, z2: f64) -> (f64, f64) {
    let Arms {
        exposed_users: n,
        exposed_conversions: x,
        holdout_users: m,
        holdout_conversions: y,
    } = arms;
    let a = (n - x) / n;
    let b = (m - y) / m;
    // Either arm alone reaches z2 here, so both together are beyond it, and at most by a factor of 2.
    let first = 2.0 * z2 * x / (z2 + (z2 * (z2 + 4.0 * a * x)).sqrt());
    let second = (z2 + (z2 * (z2 + 4.0 * b * y)).sqrt()) / (2.0 * b);
    let start = if second < first { second } else { first };
    let both = Both {
        x,
        y,
        a,
        b,
        z2,
        start,
    };
    let t = both.step(both.step(both.step(both.step(both.step(start)))));
    // When everybody converts, the first arm does not move before the pull has taken all of it; when nobody does, there is
    // nothing to take.
    let t = if x == n || x == 0.0 { start } else { t };
    let of_second = b * t * t / (y + t);
    let of_first = a * t * t / (x - t);
    // What is left of the first arm's conversions, from the equation itself where the difference would cancel.
    let left = if of_first > of_second {
        a * t * t / (z2 - of_second)
    } else {
        x - t
    };
    let free = left / (left + (n - x));
    let rest = z2 - b * x * x / (y + x);
    let full = if second < x { 1.0 } else { x / (x + rest) };
    let p = if x == n { full } else { free };
    (instead(x == 0.0, 0.0, a, p), (y + t) / (m + t))
}

/// The two arms of a ratio: conversions, and the shares that did not convert.
struct Both {
    x: f64,
    y: f64,
    a: f64,
    b: f64,
    z2: f64,
    start: f64,
}

impl Both {
    /// One step of Halley's method.
    #[inline(always)]
    fn step(&self, t: f64) -> f64 {
        let (inverse_w, inverse_v) = (1.0 / (self.x - t), 1.0 / (self.y + t));
        let (in_a, in_b) = (self.a * inverse_w, self.b * inverse_v);
        let sum = in_a + in_b;
        let excess = t * t * sum - self.z2;
        let slope = t * (2.0 * sum + t * (in_a * inverse_w - in_b * inverse_v));
        let (x, y) = (self.x * inverse_w, self.y * inverse_v);
        let bend = 2.0 * (in_a * x * x + in_b * y * y);
        let next = t - 2.0 * excess * slope / (2.0 * slope * slope - excess * bend);
        // Rounding may step over the start, where nothing is left to gain.
        if next > self.start { self.start } else { next }
    }
}

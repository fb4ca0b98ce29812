//! The difference of two rates.
#![expect(
    clippy::redundant_closure,
    reason = "a function is called through a shim that is not inlined, a closure is inlined"
)]

use super::arms::{Arms, Columns, Fill, Level, Wilson, instead, variance, wilson};
use crate::metrics::vector::vectorised;
use crate::metrics::{DomainError, Rule};

/// How the interval of a difference is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Difference {
    /// Those differences that the score test with `N / (N - 1)` does not reject. O. Miettinen and M. Nurminen, Statistics in
    /// Medicine 4, 1985.
    #[default]
    Score,
    /// The same without `N / (N - 1)`. J. Mee, Biometrics 40, 1984.
    ScoreUncorrected,
    /// From the Wilson intervals of both rates, in closed form. R. G. Newcombe, Statistics in Medicine 17, 1998 (method 10).
    Newcombe,
    /// Wald after one more conversion and one more user without in each arm, cut to -1 and 1. A. Agresti and B. Caffo, American
    /// Statistician 54, 2000.
    AgrestiCaffo,
    /// The normal distribution with the variance at the observed rates: too narrow for small counts, nothing wide at none.
    Wald,
}

impl Difference {
    /// The words, in the order of the variants.
    pub const WORDS: &'static [&'static str] = &[
        "score",
        "score_uncorrected",
        "newcombe",
        "agresti_caffo",
        "wald",
    ];

    /// All, in the order of the words.
    pub const ALL: [Self; 5] = [
        Self::Score,
        Self::ScoreUncorrected,
        Self::Newcombe,
        Self::AgrestiCaffo,
        Self::Wald,
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

/// The ends of the interval of `x1 / n1 - x0 / n0`, row by row.
pub fn difference(
    method: Difference,
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
                bounds: (-1.0, 1.0),
                low,
                high,
            };
            match method {
                Difference::Score => rows.with(
                    #[inline(always)]
                    |arms, level| score::<true>(arms, level),
                ),
                Difference::ScoreUncorrected => rows.with(
                    #[inline(always)]
                    |arms, level| score::<false>(arms, level),
                ),
                Difference::Newcombe => rows.with(
                    #[inline(always)]
                    |arms, level| newcombe(arms, level),
                ),
                Difference::AgrestiCaffo => rows.with(
                    #[inline(always)]
                    |arms, level| agresti_caffo(arms, level),
                ),
                Difference::Wald => rows.with(
                    #[inline(always)]
                    |arms, level| wald(arms, level),
                ),
            }
        },
    );
}

/// Within -1 and 1; `NaN` stays.
#[inline(always)]
fn cut(x: f64) -> f64 {
    let x = if x < -1.0 { -1.0 } else { x };
    if x > 1.0 { 1.0 } else { x }
}

#[inline(always)]
fn wald(arms: Arms, level: &Level) -> (f64, f64) {
    let half = level.z
        * (variance(arms.exposed_conversions, arms.exposed_users)
            + variance(arms.holdout_conversions, arms.holdout_users))
        .sqrt();
    (arms.delta() - half, arms.delta() + half)
}

#[inline(always)]
fn agresti_caffo(arms: Arms, level: &Level) -> (f64, f64) {
    let more = Arms {
        exposed_users: arms.exposed_users + 2.0,
        exposed_conversions: arms.exposed_conversions + 1.0,
        holdout_users: arms.holdout_users + 2.0,
        holdout_conversions: arms.holdout_conversions + 1.0,
    };
    let (low, high) = wald(more, level);
    // No users, no rate: what was added is not data.
    let none = arms.exposed_users == 0.0 || arms.holdout_users == 0.0;
    let only = |end: f64| if none { f64::NAN } else { cut(end) };
    (only(low), only(high))
}

#[inline(always)]
fn newcombe(arms: Arms, level: &Level) -> (f64, f64) {
    let exposed = wilson(arms.exposed_conversions, arms.exposed_users, level);
    let holdout = wilson(arms.holdout_conversions, arms.holdout_users, level);
    around(arms.delta(), exposed, holdout)
}

/// Newcombe's ends from the Wilson intervals.
#[inline(always)]
pub(super) fn around(delta: f64, exposed: Wilson, holdout: Wilson) -> (f64, f64) {
    (
        delta - (exposed.down * exposed.down + holdout.up * holdout.up).sqrt(),
        delta + (exposed.up * exposed.up + holdout.down * holdout.down).sqrt(),
    )
}

/// The score interval without the cubic equation, its cosine and a search.
///
/// The most likely rates at a given difference are where the slopes of the two log-likelihoods cancel:
/// `n1 (p̂1 - p1) / (p1 q1) = λ = -n0 (p̂0 - p0) / (p0 q0)`. Taken by `λ` instead of by the difference, each rate is the root of
/// a quadratic equation of its own, and as `Δ - δ = λ V`, the statistic is `Z² = (Δ - δ)² / V = λ² V`. That is the sum of one
/// convex function of `λ` per arm ([`pull`]), so that Halley's method, started beyond the root, runs down to it without a
/// bracket; and then `δ = Δ - z² / λ`, without cancellation between the two rates.
#[inline(always)]
fn score<const CORRECTED: bool>(arms: Arms, level: &Level) -> (f64, f64) {
    let Arms {
        exposed_users: n1,
        exposed_conversions: x1,
        holdout_users: n0,
        holdout_conversions: x0,
    } = arms;
    let users = n1 + n0;
    let z2 = level.z2
        * if CORRECTED {
            users / (users - 1.0)
        } else {
            1.0
        };
    let delta = arms.delta();
    // Lower end: the exposed rate goes down, which is its complement going up, and the holdout's goes up.
    let down = distance(n1 - x1, n1, x0, n0, z2);
    let up = distance(x1, n1, n0 - x0, n0, z2);
    (cut(delta - down), cut(delta + up))
}

/// How far the difference can be moved until the statistic is `z2`, when the rates `x / n` and `y / m` both go up.
#[inline(always)]
fn distance(x: f64, n: f64, y: f64, m: f64, z2: f64) -> f64 {
    let (a, b) = (Arm::new(x, n), Arm::new(y, m));
    // Either arm alone reaches z2 here, at its own Wilson limit, so both together are beyond it, and at most by a factor of 2.
    let (first, second) = (a.alone(z2), b.alone(z2));
    let start = if first < second { first } else { second };
    let pull = step(a, b, z2, start, start);
    let pull = step(a, b, z2, start, pull);
    let pull = step(a, b, z2, start, pull);
    let pull = step(a, b, z2, start, pull);
    let pull = step(a, b, z2, start, pull);
    // Both rates are at 1 and cannot go up.
    instead(start == f64::INFINITY, 0.0, x + y + z2, z2 / pull)
}

/// One step of Halley's method.
#[inline(always)]
fn step(a: Arm, b: Arm, z2: f64, start: f64, pull: f64) -> f64 {
    let (a, b) = (a.up(pull), b.up(pull));
    let excess = pull * pull * (a.variance + b.variance) - z2;
    let slope = pull * (a.slope + b.slope);
    let bend = a.bend + b.bend;
    let next = pull - 2.0 * excess * slope / (2.0 * slope * slope - excess * bend);
    // Rounding may step over the start, where nothing is left to gain.
    if next > start { start } else { next }
}

/// An arm whose rate goes up.
#[derive(Clone, Copy)]
struct Arm {
    x: f64,
    n: f64,
    inverse_n: f64,
}

/// Where it has gone.
struct Pulled {
    /// `p q / n`.
    variance: f64,
    /// `p q (1 / n + 1 / r)`: the derivative of `λ² p q / n`, over `λ`.
    slope: f64,
    /// The second derivative.
    bend: f64,
}

impl Arm {
    #[inline(always)]
    fn new(x: f64, n: f64) -> Self {
        Self {
            x,
            n,
            inverse_n: 1.0 / n,
        }
    }

    /// The pull at which this arm alone has the statistic `z2`: infinite when its rate is 1 already.
    #[inline(always)]
    fn alone(self, z2: f64) -> f64 {
        let rate = self.x / self.n;
        let half = (z2 * (rate * (self.n - self.x) + 0.25 * z2)).sqrt();
        let rise = half - z2 * (rate - 0.5);
        let pull = z2 * (self.n + z2) / rise;
        if self.x == self.n {
            f64::INFINITY
        } else {
            pull
        }
    }

    /// The rate `p` with `n (p - x/n) = λ p q`, as its `p q / n` and derivatives by `λ`.
    ///
    /// `p = (λ - n + r) / 2λ` and `q = 2 (n - x) / (λ + n + r)` with `r² = (n - λ)² + 4 λ x`; the first is rewritten where it
    /// would cancel. `λ² p q / n = λ (p - x/n) = (λ - n + r) / 2 - λ x / n`, in which `r` is convex.
    #[inline(always)]
    fn up(self, pull: f64) -> Pulled {
        let Self { x, n, inverse_n } = self;
        let rest = n - x;
        let side = n - pull;
        let r = (side * side + 4.0 * pull * x).sqrt();
        let sum = r + side.abs();
        let ahead = side >= 0.0;
        let numerator = if ahead { 4.0 * x } else { sum } * rest;
        let denominator = if ahead { sum } else { pull } * (n + pull + r);
        let pq = numerator / denominator;
        let inverse_r = 1.0 / r;
        Pulled {
            variance: pq * inverse_n,
            slope: pq * (inverse_n + inverse_r),
            bend: 2.0 * (x * inverse_r) * (rest * inverse_r) * inverse_r,
        }
    }
}

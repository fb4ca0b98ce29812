//! The tests themselves: counts in, tails out. What they are applied to is not known here.

use crate::base::table::sort_many;
use crate::metrics::math::{exp, ln};
use crate::metrics::p_value::{Alternative, fisher};
use crate::metrics::proportion::{Arms, Difference, Level};
use crate::metrics::sequential::{Kind, Look};
use crate::metrics::special::{chi2_sf, ln_gamma, normal_sf, student_cdf, student_quantile};

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cell {
    /// How many.
    pub k: f64,
    /// Of how many.
    pub n: f64,
}

impl Cell {
    /// Adds both.
    pub(super) fn add(&mut self, other: Self) {
        self.k += other.k;
        self.n += other.n;
    }

    /// The sum of many.
    pub(super) fn sum(cells: &[Self]) -> Self {
        let mut sum = Self::default();
        for cell in cells {
            sum.add(*cell);
        }
        sum
    }

    /// The share; `NaN` of nothing.
    pub(super) fn share(self) -> f64 {
        self.k / self.n
    }
}

/// How much more a share varies from day to day than counting alone would have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    /// The dispersion: 1 is binomial.
    pub phi: f64,
    /// The same where it came out below 1.
    raw: f64,
    /// How well it is known: the degrees of freedom.
    pub df: f64,
    /// Whether the days do not speak against binomial.
    pub plain: bool,
}

impl Noise {
    /// Of fewer days nothing can be learned.
    const FEWEST_DAYS: usize = 7;
    /// What is assumed then.
    const UNKNOWN: Self = Self {
        phi: 2.0,
        raw: 2.0,
        df: 6.0,
        plain: false,
    };
    /// From this p-value of the days on, nothing speaks against counting noise alone.
    const PLAIN: f64 = 0.1;
    /// Days that were broken themselves are not noise; more than so many are.
    const MOST_BROKEN: usize = 3;
    /// A day is broken whose squared residual is so many times the usual one.
    const BROKEN: f64 = 25.0;

    /// Pearson's statistic of the days around their common share, over its degrees of freedom; at least 1.
    pub(super) fn of(days: &[Cell]) -> Self {
        let mut kept: Vec<Cell> = days.iter().copied().filter(|day| day.n > 0.0).collect();
        for _ in 0..=Self::MOST_BROKEN {
            let share = Cell::sum(&kept).share();
            let variance = share * (1.0 - share);
            let df = kept.len().saturating_sub(1) as f64;
            if kept.len() < Self::FEWEST_DAYS {
                return Self::UNKNOWN;
            }
            if variance <= 0.0 {
                return Self {
                    phi: 1.0,
                    raw: 1.0,
                    df,
                    plain: true,
                };
            }
            let squares: Vec<f64> = kept
                .iter()
                .map(|day| (day.k - share * day.n) * (day.k - share * day.n) / (day.n * variance))
                .collect();
            let (worst, most) = squares
                .iter()
                .copied()
                .enumerate()
                .max_by(|one, other| one.1.total_cmp(&other.1))
                .unwrap_or((0, 0.0));
            // 0.455 is the median of chi squared with one degree of freedom.
            if most > Self::BROKEN * (median(&squares) / 0.455).max(1.0)
                && days.len() - kept.len() < Self::MOST_BROKEN
            {
                kept.remove(worst);
                continue;
            }
            let sum: f64 = squares.iter().sum();
            return Self {
                phi: (sum / df).max(1.0),
                raw: sum / df,
                df,
                plain: chi2_sf(sum, df) >= Self::PLAIN,
            };
        }
        Self::UNKNOWN
    }

    /// How much the rate itself varies, as a variance relative to its square, where so many are counted in a day.
    pub(super) fn own(&self, a_day: f64) -> f64 {
        (self.raw - 1.0).max(0.0) / a_day
    }

    /// Drawn towards what other events of the source have (G. Smyth, 2004; S. Lund and others, 2012): their days tell as much as
    /// so many of its own.
    #[must_use]
    pub(super) fn drawn(self, towards: f64) -> Self {
        const DAYS: f64 = 20.0;
        let df = self.df + DAYS;
        let raw = (self.raw * self.df + towards * DAYS) / df;
        Self {
            phi: raw.max(1.0),
            raw,
            df,
            plain: chi2_sf(raw * df, df) >= Self::PLAIN,
        }
    }

    /// The dispersion for evidence, whose formula takes it as known: larger by how much farther out the tail of Student's
    /// distribution is than the normal one, where one in a thousand lies beyond.
    fn known(&self) -> f64 {
        const NORMAL: f64 = 3.290_526_731_491_895;
        if self.plain {
            return 1.0;
        }
        let ratio = student_quantile(0.9995, self.df) / NORMAL;
        self.phi * ratio * ratio
    }

    /// The tails of a statistic that has this noise taken out of it already.
    pub(super) fn tails(&self, z: f64) -> Tails {
        if self.plain {
            Tails {
                down: normal_sf(-z),
                up: normal_sf(z),
            }
        } else {
            let (down, up) = student_cdf(z, self.df);
            Tails { down, up }
        }
    }

    /// The dispersion that a statistic is divided by: none where the days do not speak for any.
    pub(super) fn scale(&self) -> f64 {
        if self.plain { 1.0 } else { self.phi }
    }

    /// How far an end of the interval is from the estimate, in standard errors of this noise: the interval leaves out a
    /// tenth on each side.
    fn width(&self) -> f64 {
        let quantile = if self.plain {
            1.281_551_565_544_600_4
        } else {
            student_quantile(0.9, self.df)
        };
        quantile * self.scale().sqrt()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sort_many(&mut sorted, |one, other| one.total_cmp(other).is_lt());
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// How likely as little, and as much, would be without a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tails {
    /// As little.
    pub down: f64,
    /// As much.
    pub up: f64,
}

impl Tails {
    /// Nothing speaks for a change.
    pub(super) const NONE: Self = Self { down: 1.0, up: 1.0 };

    /// What holds by both of two measures.
    #[must_use]
    pub(super) const fn both(self, other: Self) -> Self {
        Self {
            down: self.down.max(other.down),
            up: self.up.max(other.up),
        }
    }

    /// What may be expected to fall is tested for that with nine tenths of the level.
    const FALLS: f64 = 0.9;

    /// The p-value.
    pub(super) fn p(self, side: Side) -> f64 {
        match side {
            Side::Down => self.down,
            Side::Up => self.up,
            Side::Both => (self.down / Self::FALLS)
                .min(self.up / (1.0 - Self::FALLS))
                .min(1.0),
        }
    }
}

/// Which way would be bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Less.
    Down,
    /// More.
    Up,
    /// Either; less is the likelier harm.
    Both,
}

/// An estimate between its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The estimate.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// An event's count against that of others: `k` of it while there were `m` of them, and `K` while there were `M`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// The event, after.
    pub k: f64,
    /// How many would be expected of as many others.
    pub expected: f64,
    /// The sum of the inverse counts that the expectation rests on.
    inverse: f64,
    /// The noise.
    noise: Noise,
}

impl Rate {
    /// `None` where there is nothing to expect anything by.
    pub(super) fn new(after: (f64, f64), before: (f64, f64), noise: Noise) -> Option<Self> {
        let ((k, m), (big_k, big_m)) = (after, before);
        let rate = Self {
            k,
            expected: big_k * m / big_m,
            inverse: 1.0 / big_k + 1.0 / m + 1.0 / big_m,
            noise,
        };
        (rate.expected.is_finite() && rate.inverse.is_finite() && rate.expected > 0.0)
            .then_some(rate)
    }

    /// With another expectation: that of hours that are compared each with itself.
    #[must_use]
    pub(super) const fn expecting(self, expected: f64) -> Self {
        Self { expected, ..self }
    }

    /// The variance of the count less its expectation, in units of the expectation, without the dispersion.
    fn spread(&self) -> f64 {
        1.0 + self.expected * self.inverse
    }

    fn z(&self, k: f64) -> f64 {
        (k - self.expected) / (self.noise.scale() * self.expected * self.spread()).sqrt()
    }

    /// Whether so few are expected that the exact test decides.
    fn is_small(&self) -> bool {
        self.expected < 20.0 || (self.noise.plain && self.expected < 100.0)
    }

    /// The tails of a fixed sample.
    pub(super) fn tails(&self, after: (f64, f64), before: (f64, f64)) -> Tails {
        let normal = self.noise.tails(self.z(self.k));
        if !self.is_small() {
            return normal;
        }
        let exact = exact(
            Cell {
                k: after.0,
                n: after.0 + after.1,
            },
            Cell {
                k: before.0,
                n: before.0 + before.1,
            },
        );
        if self.noise.plain {
            exact
        } else {
            normal.both(exact)
        }
    }

    /// The ratio of what came to what was expected, and its interval: those ratios that the score test does not reject.
    pub(super) fn change(&self) -> Change {
        let width = self.noise.width();
        let t2 = width * width;
        let a = self.expected * (1.0 - t2 * self.inverse);
        let b = 2.0 * self.k + t2;
        let c = self.k * self.k / self.expected;
        let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
        Change {
            estimate: self.k / self.expected,
            low: 2.0 * c / (b + root),
            high: if a > 0.0 {
                (b + root) / (2.0 * a)
            } else {
                f64::INFINITY
            },
        }
    }

    /// The logarithm of the evidence against "no change", valid at any time: a gamma mixture of the ratio, counts divided by
    /// their dispersion (H. Robbins, 1970, with the conjugate mixture of a Poisson rate).
    pub(super) fn log_evidence(&self, k: f64) -> f64 {
        /// The shape of the mixture.
        const A: f64 = 5.0;
        let scale = self.noise.known() * self.spread();
        let (k, expected) = (k / scale, self.expected / scale);
        A * ln(A) - ln_gamma(A) + ln_gamma(k + A) - (k + A) * ln(expected + A) + expected
    }

    /// The standardised size of a fall to that share of what is expected.
    pub(super) fn size(&self, fall: f64) -> f64 {
        -self.z(self.expected * (1.0 - fall))
    }

    /// Whether a count would be found to have fallen, at that level, by more than `margin`.
    fn finds(&self, k: f64, alpha: f64, margin: f64, hourly: bool) -> bool {
        let significant = if hourly {
            k < self.expected && exp(-self.log_evidence(k)) <= alpha
        } else {
            self.noise.tails(self.z(k)).p(Side::Both) <= alpha
        };
        significant && Self { k, ..*self }.change().high < 1.0 - margin
    }

    /// The smallest fall that would have been found four times out of five; `None` where not even half would.
    pub(super) fn smallest(&self, alpha: f64, margin: f64, hourly: bool) -> Option<f64> {
        let found = |fall: f64| {
            let mean = self.expected * (1.0 - fall);
            // 0.8416 standard deviations above its mean the count is four times out of five below.
            let k = mean + 0.841_621_233_572_914_3 * (self.noise.scale() * mean).sqrt();
            self.finds(k, alpha, margin, hourly)
        };
        let (mut missed, mut seen) = (0.0, 0.999);
        if !found(seen) {
            return None;
        }
        for _ in 0..20 {
            let middle = 0.5 * (missed + seen);
            if found(middle) {
                seen = middle;
            } else {
                missed = middle;
            }
        }
        Some(seen)
    }

    /// How many would have to be expected to find that fall; the noise of a day stays what it is.
    pub(super) fn needed(&self, fall: f64, alpha: f64, margin: f64, hourly: bool) -> f64 {
        let mut factor = 1.0;
        for _ in 0..40 {
            let more = Self {
                expected: self.expected * factor,
                // What was before is there; of the after there would be more.
                inverse: self.inverse / factor.max(1.0).sqrt(),
                ..*self
            };
            if more
                .smallest(alpha, margin, hourly)
                .is_some_and(|seen| seen <= fall)
            {
                return more.expected;
            }
            factor *= 1.25;
        }
        f64::INFINITY
    }
}

/// The exact conditional test with its mid-p, each tail.
fn exact(after: Cell, before: Cell) -> Tails {
    let tail = |alternative| {
        fisher(after.n, after.k, before.n, before.k, alternative).map_or(1.0, |test| {
            if test.p_fisher_mid.is_nan() {
                1.0
            } else {
                test.p_fisher_mid
            }
        })
    };
    Tails {
        down: tail(Alternative::Less),
        up: tail(Alternative::Greater),
    }
}

/// Two shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shares {
    /// After.
    pub after: Cell,
    /// Before.
    pub before: Cell,
    /// The noise.
    pub noise: Noise,
}

impl Shares {
    /// The tails of a fixed sample: the score test, and the exact one where few are expected.
    pub(super) fn tails(&self) -> Tails {
        let Some(arms) = self.arms() else {
            return Tails::NONE;
        };
        let (z, _) = arms.p_score(Alternative::TwoSided);
        let normal = self.noise.tails(z / self.noise.scale().sqrt());
        let pooled = (self.after.k + self.before.k) / (self.after.n + self.before.n);
        if self.after.n * pooled.min(1.0 - pooled) >= 20.0 {
            return normal;
        }
        let exact = exact(self.after, self.before);
        if self.noise.plain {
            exact
        } else {
            normal.both(exact)
        }
    }

    fn arms(&self) -> Option<Arms> {
        let (after, before) = (self.after, self.before);
        if after.n <= 0.0 || before.n <= 0.0 {
            return None;
        }
        Arms::new(after.n, after.k, before.n, before.k).ok()
    }

    /// The difference of the shares and its score interval.
    pub(super) fn change(&self) -> Change {
        // Beyond eight standard errors a confidence is one, as far as a number can tell.
        let confidence = 1.0 - 2.0 * normal_sf(self.noise.width().min(8.0));
        let interval = self.arms().and_then(|arms| {
            let level = Level::two_sided(confidence).ok()?;
            Some(arms.difference(Difference::Score, &level))
        });
        interval.map_or(
            Change {
                estimate: f64::NAN,
                low: f64::NAN,
                high: f64::NAN,
            },
            |interval| Change {
                estimate: interval.estimate,
                low: interval.low,
                high: interval.high,
            },
        )
    }

    /// The variance of the difference, at the common share.
    fn variance(&self) -> f64 {
        let pooled = (self.after.k + self.before.k) / (self.after.n + self.before.n);
        self.noise.known() * pooled * (1.0 - pooled) * (1.0 / self.after.n + 1.0 / self.before.n)
    }

    /// The p-value so far of one more look: valid at any time. `width` is the difference that one would see.
    pub(super) fn look(&self, width: f64, so_far: f64) -> f64 {
        let difference = self.after.share() - self.before.share();
        let pooled = (self.after.k + self.before.k) / (self.after.n + self.before.n);
        if !difference.is_finite() {
            return so_far;
        }
        // The closed form is that of a normal difference; few are counted as the rarer of the two.
        if self.after.n * pooled.min(1.0 - pooled) < 10.0 {
            let of = |cell: Cell| {
                if pooled < 0.5 {
                    cell.k
                } else {
                    cell.n - cell.k
                }
            };
            let k = of(self.after);
            // Half of one more, so that something is expected of what was never there.
            let before = (of(self.before) + 0.5, self.before.n + 1.0);
            let rate = Rate::new((k, self.after.n), before, self.noise);
            return rate.map_or(so_far, |rate| so_far.min(exp(-rate.log_evidence(k))));
        }
        Look::new(
            difference,
            self.variance(),
            self.after.n + self.before.n,
            Kind::Msprt { tau: width },
            0.01,
            so_far,
        )
        .map_or(so_far, |look| look.p_always_valid)
    }

    /// The standardised size of a difference.
    pub(super) fn size(&self, difference: f64) -> f64 {
        let share = self.before.share();
        let middle = (share + 0.5 * difference).clamp(0.0, 1.0);
        let variance = self.noise.scale()
            * middle
            * (1.0 - middle)
            * (1.0 / self.after.n + 1.0 / self.before.n);
        difference.abs() / variance.sqrt()
    }
}

/// Two labels in the same hours: Cochran, Mantel and Haenszel's test over the hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hours {
    /// The statistic, with the dispersion taken out.
    pub z: f64,
    /// The noise that remains between the hours.
    pub noise: Noise,
    /// The common ratio of the odds; `NaN` where it is not defined.
    pub odds_ratio: f64,
    /// The common difference of the shares.
    pub difference: f64,
}

impl Hours {
    /// From so many hours on they tell their own dispersion.
    const ENOUGH: f64 = 8.0;

    /// `otherwise` is the noise where the hours are too few to tell. `None` where no hour has both labels.
    pub(super) fn new(after: &[Cell], before: &[Cell], otherwise: Noise) -> Option<Self> {
        let (mut excess, mut variance, mut hours) = (0.0, 0.0, 0.0);
        let (mut over, mut under, mut more, mut weight) = (0.0, 0.0, 0.0, 0.0);
        let strata: Vec<(f64, f64)> = after
            .iter()
            .zip(before)
            .filter(|(one, other)| one.n > 0.0 && other.n > 0.0)
            .map(|(one, other)| {
                let all = one.n + other.n;
                let sum = one.k + other.k;
                over += one.k * (other.n - other.k) / all;
                under += other.k * (one.n - one.k) / all;
                more += (one.k * other.n - other.k * one.n) / all;
                weight += one.n * other.n / all;
                (
                    one.k - one.n * sum / all,
                    one.n * other.n * sum * (all - sum) / (all * all * (all - 1.0).max(1.0)),
                )
            })
            .collect();
        for (e, v) in &strata {
            if *v > 0.0 {
                excess += e;
                variance += v;
                hours += 1.0;
            }
        }
        if variance <= 0.0 {
            return None;
        }
        let effect = excess / variance;
        let noise = if hours >= Self::ENOUGH {
            let rest: f64 = strata
                .iter()
                .filter(|(_, v)| *v > 0.0)
                .map(|(e, v)| (e - effect * v) * (e - effect * v) / v)
                .sum();
            Noise {
                phi: (rest / (hours - 1.0)).max(1.0),
                raw: rest / (hours - 1.0),
                df: hours - 1.0,
                plain: chi2_sf(rest, hours - 1.0) >= Noise::PLAIN,
            }
        } else {
            otherwise
        };
        Some(Self {
            z: excess / (noise.scale() * variance).sqrt(),
            noise,
            odds_ratio: over / under,
            difference: more / weight,
        })
    }
}

/// A mean of amounts that vary: so much in so many, with the days telling how much one of them varies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mean {
    /// The tails.
    pub tails: Tails,
    /// After over before.
    pub change: Change,
    /// The standard error, relative to before.
    error: f64,
}

impl Mean {
    /// `k` is the sum, `n` the number. The variance of one is that between the days (a ratio estimator's), so that what the orders
    /// of a day have in common is in it. `None` with fewer than a week of days.
    pub(super) fn new(after: Cell, before: Cell, days: &[Cell]) -> Option<Self> {
        let days: Vec<Cell> = days.iter().copied().filter(|day| day.n > 0.0).collect();
        let usual = Cell::sum(&days).share();
        let mean = before.share();
        if days.len() < Noise::FEWEST_DAYS || after.n <= 0.0 || !(mean > 0.0 && usual > 0.0) {
            return None;
        }
        let df = (days.len() - 1) as f64;
        let sum: f64 = days
            .iter()
            .map(|day| (day.k - usual * day.n) * (day.k - usual * day.n) / day.n)
            .sum();
        let one = sum / df / (usual * usual);
        // Where everything costs the same, any other price is a change.
        let error = (one * (1.0 / after.n + 1.0 / before.n)).sqrt().max(1e-6);
        let ratio = after.share() / mean;
        let z = (ratio - 1.0) / error;
        if !z.is_finite() {
            return None;
        }
        let (down, up) = student_cdf(z, df);
        let width = student_quantile(0.9, df) * error;
        Some(Self {
            tails: Tails { down, up },
            change: Change {
                estimate: ratio,
                low: ratio - width,
                high: ratio + width,
            },
            error,
        })
    }

    /// The standardised size of a relative difference.
    pub(super) fn size(&self, difference: f64) -> f64 {
        difference / self.error
    }
}

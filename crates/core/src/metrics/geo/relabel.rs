//! Fisher's randomisation test of regions, and the interval that it leaves.
//!
//! An effect `y` is taken from the treated regions' changes, and labels are exchanged: the p-value of `y` is the share of
//! relabellings whose statistic is as large as the observed one. The statistic is the difference of means in Welch's standard
//! errors, so that the test holds for the mean also where treated and controls vary differently (Chung and Romano 2013, *Annals
//! of Statistics* 41); with a single region on one side, which has no variance, it is the difference alone.
//!
//! Each relabelling is as extreme as the observed labels on a bounded set of effects around the estimate, whose two ends are
//! found exactly. It is counted everywhere between them, which makes the p-value fall with the distance to the estimate and
//! never smaller; the interval then follows from the sorted ends without a search.

use super::super::response::Counter;
use super::super::roots::bracketed;
use super::rejecting;

/// What relabelling says.
pub(super) struct Relabelled {
    /// The p-value of no effect.
    pub(super) p_value: f64,
    /// The ends of the interval, as distances to the estimate; infinite where there are too few relabellings.
    pub(super) ends: (f64, f64),
}

/// The relabellings at most, and the seed of random ones.
#[derive(Clone, Copy)]
pub(super) struct Draws {
    pub(super) most: u64,
    pub(super) seed: u64,
}

/// Relabels regions. `treated` and `control` are the changes less their own mean, of a size near 1; `estimate` is the difference
/// of those means in the same unit.
pub(super) fn relabel(
    treated: &[f64],
    control: &[f64],
    estimate: f64,
    confidence: f64,
    draws: Draws,
) -> Relabelled {
    let all: Vec<f64> = treated.iter().chain(control).copied().collect();
    let sums = Sums::new(treated, control);
    let (chosen, count) = (treated.len(), all.len());
    let mut lows = Vec::new();
    let mut highs = Vec::new();
    let mut add = |choice: &[usize]| {
        let (low, high) = sums.reach(&all, choice);
        lows.push(low);
        highs.push(high);
    };
    let mut choice: Vec<usize> = (0..chosen).collect();
    if ways(count, chosen).is_some_and(|ways| ways <= u128::from(draws.most)) {
        loop {
            add(&choice);
            // The next choice, in the order of the dictionary.
            let Some(place) = choice
                .iter()
                .enumerate()
                .rposition(|(place, i)| *i < count - chosen + place)
            else {
                break;
            };
            let from = choice.get(place).map_or(0, |i| i + 1);
            for (slot, value) in choice.iter_mut().skip(place).zip(from..) {
                *slot = value;
            }
        }
    } else {
        add(&choice);
        let mut shuffled: Vec<usize> = Vec::with_capacity(count);
        for index in 0..draws.most {
            let mut random = Counter::new(draws.seed, index);
            shuffled.clear();
            shuffled.extend(0..count);
            for place in 0..chosen {
                shuffled.swap(place, place + random.below(count - place));
            }
            add(shuffled.get(..chosen).unwrap_or_default());
        }
    }
    let nothing = -estimate;
    let extreme = lows
        .iter()
        .zip(&highs)
        .filter(|(low, high)| **low <= nothing && nothing <= **high)
        .count();
    // An effect is rejected when not more relabellings than this reach it.
    let most = rejecting(lows.len(), confidence);
    lows.sort_by(f64::total_cmp);
    highs.sort_by(|a, b| b.total_cmp(a));
    let end = |ends: &[f64]| ends.get(most).copied().unwrap_or(f64::NAN);
    Relabelled {
        p_value: extreme as f64 / lows.len() as f64,
        ends: (end(&lows), end(&highs)),
    }
}

/// How many ways there are to choose; `None` for more than can be counted.
fn ways(count: usize, chosen: usize) -> Option<u128> {
    let mut ways = 1_u128;
    for i in 0..chosen as u128 {
        ways = ways.checked_mul(count as u128 - i)? / (i + 1);
        if ways > u128::from(u64::MAX) {
            return None;
        }
    }
    Some(ways)
}

/// Sums over all regions, and the observed variance.
struct Sums {
    treated: usize,
    treated_count: f64,
    control_count: f64,
    sum: f64,
    squares: f64,
    treated_sum: f64,
    /// The square of Welch's standard error; `None` where one side is a single region.
    observed: Option<f64>,
}

impl Sums {
    fn new(treated: &[f64], control: &[f64]) -> Self {
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let squares = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>();
        let (k, m) = (treated.len() as f64, control.len() as f64);
        let spread = |values: &[f64], n: f64| squares(values) / (n * (n - 1.0));
        Self {
            treated: treated.len(),
            treated_count: k,
            control_count: m,
            sum: sum(treated) + sum(control),
            squares: squares(treated) + squares(control),
            treated_sum: sum(treated),
            observed: (k > 1.0 && m > 1.0).then(|| spread(treated, k) + spread(control, m)),
        }
    }

    /// The ends of the effects, as distances to the estimate, at which these labels are as extreme as the observed ones.
    fn reach(&self, all: &[f64], choice: &[usize]) -> (f64, f64) {
        let (k, m) = (self.treated_count, self.control_count);
        // Of those chosen: their sum and squares, how many are truly treated, and their sum.
        let (mut sum, mut squares, mut kept, mut kept_sum) = (0.0, 0.0, 0.0, 0.0);
        for &i in choice {
            let x = all.get(i).copied().unwrap_or(f64::NAN);
            sum += x;
            squares += x * x;
            if i < self.treated {
                kept += 1.0;
                kept_sum += x;
            }
        }
        let left = k - kept;
        if kept == k || (kept == 0.0 && k == m) {
            // The observed labels, or all of them exchanged: as extreme whatever the effect.
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let (mean, other) = (sum / k, (self.sum - sum) / m);
        // The difference at a distance y is a - b y; that of the observed labels is -y.
        let (a, b) = (mean - other, kept / k - left / m);
        let (low, high) = if let Some(observed) = self.observed {
            let (p, q) = (k * (k - 1.0), m * (m - 1.0));
            // The square of the standard error is u - 2 v y + w y^2.
            let u =
                (squares - k * mean * mean) / p + (self.squares - squares - m * other * other) / q;
            let v = (kept_sum - kept * mean) / p + (self.treated_sum - kept_sum - left * other) / q;
            let w = (kept - kept * kept / k) / p + (left - left * left / m) / q;
            let quartic = [
                a * a * observed,
                -2.0 * a * b * observed,
                b * b * observed - u.max(0.0),
                2.0 * v,
                -w,
            ];
            let [c0, c1, c2, c3, c4] = quartic;
            (
                -farthest([c0, -c1, c2, -c3, c4]),
                farthest([c0, c1, c2, c3, c4]),
            )
        } else {
            let (one, two) = (a / (1.0 + b), -a / (1.0 - b));
            (one.min(two), one.max(two))
        };
        // Labels that are as extreme up to rounding are so.
        let slack = |end: f64| 1e-12 * end.abs().max(1.0);
        (low - slack(low), high + slack(high))
    }
}

fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// The largest `x >= 0` at which a quartic is not negative. Its constant is not negative and its leading coefficient is.
fn farthest(quartic: [f64; 5]) -> f64 {
    let [c0, c1, c2, c3, c4] = quartic;
    // Fujiwara's bound of all roots.
    let bound = 2.0
        * (c3 / c4)
            .abs()
            .max((c2 / c4).abs().sqrt())
            .max(libm::cbrt((c1 / c4).abs()))
            .max((c0 / c4).abs().sqrt().sqrt());
    if bound == 0.0 || !bound.is_finite() {
        return bound;
    }
    let slope = [c1, 2.0 * c2, 3.0 * c3, 4.0 * c4];
    // Where the slope's own slope is zero, then where the slope is, from left to right.
    let (half, last) = (3.0 * c3, 12.0 * c4);
    let root = (half * half - 2.0 * c2 * last).max(0.0).sqrt();
    let turns = [(-half + root) / last, (-half - root) / last];
    let tops = crossings(&slope, &turns, bound);
    let f = |x: f64| horner(&quartic, x);
    let mut right = (bound, f(bound));
    if right.1 >= 0.0 {
        return bound;
    }
    for &top in tops.iter().rev().chain(&[0.0]) {
        let here = (top, f(top));
        if here.1 >= 0.0 {
            return bracketed(f, here.0, right.0, here.1, right.1, 0.0);
        }
        right = here;
    }
    0.0
}

/// The changes of sign of a polynomial from 0 to `bound`, between points of which it has one at most.
fn crossings(polynomial: &[f64], points: &[f64], bound: f64) -> Vec<f64> {
    let f = |x: f64| horner(polynomial, x);
    let mut found = Vec::new();
    let mut left = (0.0, f(0.0));
    let inside = points.iter().copied().filter(|x| *x > 0.0 && *x < bound);
    let mut inside: Vec<f64> = inside.collect();
    inside.sort_by(f64::total_cmp);
    inside.push(bound);
    for x in inside {
        let right = (x, f(x));
        if right.1 == 0.0 {
            found.push(x);
        } else if (left.1 < 0.0) != (right.1 < 0.0) && left.1 != 0.0 {
            found.push(bracketed(f, left.0, right.0, left.1, right.1, 0.0));
        }
        left = right;
    }
    found
}

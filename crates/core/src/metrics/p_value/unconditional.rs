//! Barnard's and Boschloo's tests.

use core::cell::Cell;

use super::counts::{Alternative, Table};
use crate::metrics::math::{cos, sin};
use crate::metrics::special::{binomial_pmf, hypergeometric_pmf};

/// The most users, both arms together, of [`super::barnard`] and [`super::boschloo`].
pub const MOST_USERS: f64 = 600.0;

/// Barnard's test with the pooled statistic: once with tables that tie treated alike, and once as scipy compares them.
pub(super) fn barnard(table: &Table, alternative: Alternative) -> (f64, f64) {
    let users = table.users();
    if users > MOST_USERS {
        return (f64::NAN, f64::NAN);
    }
    if table.says_nothing() {
        return (1.0, 1.0);
    }
    let sign = match alternative {
        Alternative::Less => -1.0,
        _ => 1.0,
    };
    let signed = |x: f64| match alternative {
        Alternative::TwoSided => x.abs(),
        _ => sign * x,
    };
    // The square of z, with its sign, is cross |cross| / (s (users - s)) but for constants. Compared crosswise, in whole
    // numbers below 2^53: ties are ties.
    let square = |cross: f64| signed(cross) * cross.abs();
    let spread = |s: f64| s * (users - s);
    let seen = square(table.cross);
    let seen_spread = spread(table.conversions());
    let alike = |x: f64, s: f64| {
        if spread(s) == 0.0 {
            // z is 0 there.
            seen <= 0.0
        } else {
            square(x * users - s * table.n1) * seen_spread >= seen * spread(s)
        }
    };
    // scipy takes z in doubles, these operations in this order, so that a tie falls to one side or the other.
    let z = |x1: f64, x0: f64| {
        let (p1, p0) = (x1 / table.n1, x0 / table.n0);
        if p1 == p0 {
            return 0.0;
        }
        let p = (x1 + x0) / users;
        (p1 - p0) / (p * (1.0 - p) * (1.0 / table.n1 + 1.0 / table.n0)).sqrt()
    };
    let seen_z = signed(z(table.x1, table.x0));
    let rounded = |x: f64, s: f64| signed(z(x, s - x)) >= seen_z;
    let same = Cell::new(true);
    let given = |other: bool| {
        all(users, |s| {
            let mut sum = 0.0;
            conditional(table, s, |x, pmf| {
                let (alike, rounded) = (alike(x, s), rounded(x, s));
                same.set(same.get() && alike == rounded);
                if if other { rounded } else { alike } {
                    sum += pmf;
                }
            });
            sum
        })
    };
    let exact = supremum(&given(false));
    if same.get() {
        (exact, exact)
    } else {
        (exact, supremum(&given(true)))
    }
}

/// Boschloo's test.
pub(super) fn boschloo(table: &Table, alternative: Alternative) -> f64 {
    if table.users() > MOST_USERS {
        return f64::NAN;
    }
    if table.says_nothing() {
        return 1.0;
    }
    let swapped = Table {
        n1: table.n0,
        x1: table.x0,
        n0: table.n1,
        x0: table.x1,
        cross: -table.cross,
    };
    match alternative {
        Alternative::Less => boschloo_less(table),
        Alternative::Greater => boschloo_less(&swapped),
        Alternative::TwoSided => (2.0 * boschloo_less(table).min(boschloo_less(&swapped))).min(1.0),
    }
}

fn boschloo_less(table: &Table) -> f64 {
    /// Within this the same: far above the rounding of a sum of 600.
    const SAME: f64 = 1.0 + 1e-12;
    let mut seen = 0.0;
    conditional(table, table.conversions(), |x, pmf| {
        if x <= table.x1 {
            seen += pmf;
        }
    });
    let given = |s: f64| {
        let mut sum = 0.0;
        let mut reached = 0.0;
        conditional(table, s, |_, pmf| {
            sum += pmf;
            if sum <= seen * SAME {
                reached = sum;
            }
        });
        reached
    };
    supremum(&all(table.users(), given))
}

/// One value for each total of conversions.
fn all(users: f64, given: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut values = Vec::new();
    let mut s = 0.0;
    while s <= users {
        values.push(given(s).min(1.0));
        s += 1.0;
    }
    values
}

/// Every number of conversions of the first arm that a total of `s` allows, rising, with its probability.
fn conditional(table: &Table, s: f64, mut each: impl FnMut(f64, f64)) {
    let (n1, n0) = (table.n1, table.n0);
    let mut x = (s - n0).max(0.0);
    let most = s.min(n1);
    let mut pmf = hypergeometric_pmf(x, s, n1 + n0 - s, n1);
    while x <= most {
        each(x, pmf);
        pmf *= ((s - x) * (n1 - x)) / ((x + 1.0) * (n0 - s + x + 1.0));
        x += 1.0;
    }
}

/// The largest value, over the common rate, of the mean of `given` over a binomial total of conversions.
///
/// In the arc sine of the rate's root the binomial's spread is the same everywhere; a grid finer than that misses no hill,
/// and those that may be the highest are climbed by golden section.
fn supremum(given: &[f64]) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let n = given.len().saturating_sub(1) as f64;
    let points = (8.0 * n.sqrt()).ceil().max(32.0);
    let width = core::f64::consts::FRAC_PI_2 / points;
    let at = |angle: f64| mean(given, n, sin(angle), cos(angle));
    let mut grid = Vec::new();
    let mut point = 0.0;
    while point <= points {
        grid.push(at(width * point));
        point += 1.0;
    }
    let mut best = grid.iter().fold(0.0, |best: f64, value| best.max(*value));
    let worth = 0.9 * best;
    let mut middle = 0.0;
    for three in grid.windows(3) {
        middle += 1.0;
        let &[before, here, after] = three else {
            continue;
        };
        if here < worth || here < before || here < after {
            continue;
        }
        let mut low = width * (middle - 1.0);
        let mut high = width * (middle + 1.0);
        let mut a = high - GOLDEN * (high - low);
        let mut b = low + GOLDEN * (high - low);
        let (mut at_a, mut at_b) = (at(a), at(b));
        for _ in 0..36 {
            best = best.max(at_a).max(at_b);
            if at_a > at_b {
                high = b;
                (b, at_b) = (a, at_a);
                a = high - GOLDEN * (high - low);
                at_a = at(a);
            } else {
                low = a;
                (a, at_a) = (b, at_b);
                b = low + GOLDEN * (high - low);
                at_b = at(b);
            }
        }
    }
    best.min(1.0)
}

/// The mean of `given` over a binomial count, whose rate is the square of `sine`.
fn mean(given: &[f64], n: f64, sine: f64, cosine: f64) -> f64 {
    /// What is less likely adds nothing to a supremum, which is at least a fiftieth of the largest value.
    const RARE: f64 = 1e-20;
    let (p, q) = (sine * sine, cosine * cosine);
    let mode = ((n + 1.0) * p).floor().clamp(0.0, n);
    let peak = binomial_pmf(mode, n, p, q);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and n"
    )]
    let (below, from) = given
        .split_at_checked(mode as usize)
        .unwrap_or((given, &[]));
    let mut sum = 0.0;
    let mut pmf = peak;
    let mut k = mode;
    for value in from {
        sum += pmf * value;
        pmf *= (n - k) * p / ((k + 1.0) * q);
        k += 1.0;
        if pmf < RARE {
            break;
        }
    }
    let mut pmf = peak;
    let mut k = mode;
    for value in below.iter().rev() {
        pmf *= k * q / ((n - k + 1.0) * p);
        k -= 1.0;
        sum += pmf * value;
        if pmf < RARE {
            break;
        }
    }
    sum
}

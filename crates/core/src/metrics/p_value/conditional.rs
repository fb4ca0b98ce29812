//! Fisher's exact test.

use super::counts::{Alternative, Fisher, Table, cross};
use crate::metrics::math::{exp, ln, log1p};
use crate::metrics::special::{
    SaddlePoint, falling_tail, hypergeometric_pmf, log1p_less_x, stirling_rest,
};

pub(super) fn test(table: &Table, alternative: Alternative) -> Fisher {
    if table.says_nothing() {
        return Fisher {
            p_fisher: 1.0,
            p_fisher_mid: 1.0,
        };
    }
    let good = table.conversions();
    let draw = Draw {
        good,
        bad: (table.n1 - table.x1) + (table.n0 - table.x0),
        drawn: table.n1,
    };
    let x = table.x1;
    let seen = draw.pmf(x);
    let (p, as_likely) = match alternative {
        Alternative::Greater => (draw.from(x), seen),
        Alternative::Less => (draw.turned().from(table.n1 - x), seen),
        Alternative::TwoSided => draw.not_more_likely(x),
    };
    let p = p.min(1.0);
    Fisher {
        p_fisher: p,
        p_fisher_mid: (p - 0.5 * as_likely).max(0.0),
    }
}

/// So many are drawn, without return, from the good and the bad; how many of them are good?
#[derive(Clone, Copy)]
struct Draw {
    good: f64,
    bad: f64,
    drawn: f64,
}

impl Draw {
    /// How many are bad: the same, counted from the other end.
    fn turned(self) -> Self {
        Self {
            good: self.bad,
            bad: self.good,
            drawn: self.drawn,
        }
    }

    fn pmf(self, k: f64) -> f64 {
        hypergeometric_pmf(k, self.good, self.bad, self.drawn)
    }

    fn least(self) -> f64 {
        (self.drawn - self.bad).max(0.0)
    }

    fn most(self) -> f64 {
        self.good.min(self.drawn)
    }

    /// The probability of one more over that of `k`.
    fn ratio(self, k: f64) -> f64 {
        ((self.good - k) / (k + 1.0)) * ((self.drawn - k) / ((self.bad - self.drawn) + k + 1.0))
    }

    /// Whether one more is less likely than `k`: 1, as likely: 0, or more likely: -1. From the exact integers.
    fn falls(self, k: f64) -> f64 {
        cross(
            k + 1.0,
            (self.bad - self.drawn) + k + 1.0,
            self.good - k,
            self.drawn - k,
        )
    }

    /// The probability of `k` or more.
    fn from(self, k: f64) -> f64 {
        if k <= self.least() {
            1.0
        } else if self.falls(k) >= 0.0 {
            self.pmf(k) * self.outward(k)
        } else {
            let turned = self.turned();
            let rest = self.drawn - (k - 1.0);
            (1.0 - turned.pmf(rest) * turned.outward(rest)).max(0.0)
        }
    }

    /// The probability of all that are not more likely than `k`, and of those that are exactly as likely.
    fn not_more_likely(self, k: f64) -> (f64, f64) {
        /// Within this the same: a hundred times the rounding, far below the step from one table to the next.
        const SAME: f64 = 1e-12;
        let turned = self.turned();
        if self.falls(k) < 0.0 {
            // Left of the mode: the other way round.
            return turned.not_more_likely(self.drawn - k);
        }
        if k == self.least() || turned.falls(self.drawn - k) >= 0.0 {
            // The mode itself, or one of two.
            let two = k < self.most() && self.falls(k) == 0.0
                || k > self.least() && turned.falls(self.drawn - k) == 0.0;
            return (1.0, self.pmf(k) * if two { 2.0 } else { 1.0 });
        }
        let seen = self.pmf(k);
        let one = seen * self.outward(k);
        // On the other side of the mode, the nearest that is not more likely.
        let ln_seen = self.ln_kernel(k);
        let beyond = |k: f64| self.ln_kernel(k) - ln_seen;
        let mut low = self.least();
        let lowest = beyond(low);
        if lowest > SAME {
            return (one, seen);
        }
        let mut high = k - 1.0;
        // `low` is not more likely, `high` is.
        while high - low > 1.0 {
            let middle = low + ((high - low) * 0.5).floor();
            if turned.falls(self.drawn - middle) > 0.0 && beyond(middle) <= SAME {
                low = middle;
            } else {
                high = middle;
            }
        }
        let same = beyond(low) >= -SAME;
        let other = self.pmf(low);
        let rest = self.drawn - low;
        let both = one + other * turned.outward(rest);
        (both, if same { seen + other } else { seen })
    }

    /// The logarithm of the probability, but for a constant.
    fn ln_kernel(self, k: f64) -> f64 {
        let p = self.drawn / (self.good + self.bad);
        let q = 1.0 - p;
        let part = |k: f64, n: f64| {
            if n == 0.0 {
                0.0
            } else if k == 0.0 {
                n * log1p(-p)
            } else if k == n {
                n * ln(p)
            } else {
                let point = SaddlePoint::new(k, n - k, p, q);
                point.exponent + ln(point.factor)
            }
        };
        part(k, self.good) + part(self.drawn - k, self.bad)
    }

    /// The probability of `k` or more over that of `k`, right of the mode.
    fn outward(self, k: f64) -> f64 {
        /// A longer sum is left to quadrature.
        const LONG: f64 = 1000.0;
        let most = self.most();
        let first = self.ratio(k);
        // How fast it falls, and how that grows: so many steps to the last bit.
        let slope = (1.0 - first).max(0.0);
        let curve = 1.0 / (k + 1.0)
            + 1.0 / (self.good - k + 1.0)
            + 1.0 / (self.drawn - k + 1.0)
            + 1.0 / ((self.bad - self.drawn) + k + 1.0);
        let steps = 74.0 / (slope + (slope * slope + 74.0 * curve).sqrt());
        if steps > LONG && most - k > LONG && k - self.least() > LONG {
            return self.outward_by_quadrature(k, slope, curve);
        }
        let mut sum = 1.0;
        let mut term = 1.0;
        let mut k = k;
        while k < most {
            term *= self.ratio(k);
            sum += term;
            k += 1.0;
            if term <= sum * 1e-18 {
                break;
            }
        }
        sum
    }

    /// The same by Gregory's formula: the integral, half the first term, and differences at the end.
    fn outward_by_quadrature(self, start: f64, slope: f64, curve: f64) -> f64 {
        /// Of the differences of order 1, 2, ..., with the sign they have here.
        const GREGORY: [f64; 8] = [
            -1.0 / 12.0,
            1.0 / 24.0,
            -19.0 / 720.0,
            3.0 / 160.0,
            -863.0 / 60480.0,
            275.0 / 24192.0,
            -33953.0 / 3628800.0,
            8183.0 / 1036800.0,
        ];
        // The four cells, and where they go. All are large here.
        let (good_rest, drawn_rest) = (self.good - start, self.drawn - start);
        let cells = [
            (start, 1.0),
            ((self.bad - self.drawn) + start, 1.0),
            (good_rest, -1.0),
            (drawn_rest, -1.0),
        ];
        let fall = cross(start, self.bad - drawn_rest, good_rest, drawn_rest);
        let linear = log1p(fall / (good_rest * drawn_rest));
        // The logarithm of the probability of s more over that of the start, by Stirling's formula of each factorial with what
        // does not depend on s, and what cancels, left out.
        let kernel = |s: f64| {
            let mut sum = s * linear;
            for (cell, sign) in cells {
                let u = sign * s / cell;
                let after = cell + sign * s;
                sum += (after + 0.5) * log1p_less_x(u)
                    + u * (0.5 + sign * s)
                    + (stirling_rest(after) - stirling_rest(cell));
            }
            exp(-sum)
        };
        let width = 1.0 / (curve.sqrt() / 3.0 + slope / 12.0);
        let mut sum = falling_tail(kernel, width, self.most() - start) + 0.5;
        // The first terms over the first, then differences in place: the j-th round leaves the j-th difference in front.
        let mut terms = [1.0; GREGORY.len() + 1];
        let mut term = 1.0;
        let mut k = start;
        for next in terms.iter_mut().skip(1) {
            term *= self.ratio(k);
            *next = term;
            k += 1.0;
        }
        let mut left = terms.len();
        for weight in GREGORY {
            left -= 1;
            let mut first = None;
            let mut before: Option<&mut f64> = None;
            for term in terms.iter_mut().take(left + 1) {
                if let Some(before) = before {
                    *before = *term - *before;
                    first.get_or_insert(*before);
                }
                before = Some(term);
            }
            sum += weight * first.unwrap_or(0.0);
        }
        sum
    }
}

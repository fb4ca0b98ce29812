//! The search for the shape of a curve, its amplitude and baseline solved for at every step.

use super::curve::{Curve, Model};
use super::options::Loss;
use crate::metrics::math::{exp, ln, log1p, pow};

/// Columns ready for the search: spend as a share of the largest.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) x: Vec<f64>,
    pub(super) lx: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) w: Vec<f64>,
}

impl Columns {
    pub(super) fn clear(&mut self) {
        self.x.clear();
        self.lx.clear();
        self.y.clear();
        self.w.clear();
    }

    pub(super) fn push(&mut self, x: f64, lx: f64, y: f64, w: f64) {
        self.x.push(x);
        self.lx.push(lx);
        self.y.push(y);
        self.w.push(w);
    }
}

/// What is fitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    pub(super) model: Model,
    pub(super) baseline: bool,
    pub(super) log: bool,
}

/// The curve's shape at every row and its derivatives; kept between evaluations to spare allocations.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    pub(super) g: Vec<f64>,
    pub(super) d1: Vec<f64>,
    pub(super) d2: Vec<f64>,
}

/// The state of the search at one point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) theta: [f64; 2],
    pub(super) amplitude: f64,
    pub(super) base: f64,
    pub(super) rss: f64,
    /// The normal matrix of the projected Jacobian (11, 12, 22) and the gradient.
    matrix: [f64; 3],
    gradient: [f64; 2],
}

/// The logarithm of zero spend: finite, so that zero times it is zero, and so low that its exponential is zero.
pub(super) const LN_ZERO: f64 = -1e9;
const SCALE_EDGES: [f64; 2] = [-25.0, 14.0];
const SHAPE_EDGES: [f64; 2] = [-4.0, 4.0];

impl Kernel {
    pub(super) fn unknowns(self) -> usize {
        if self.model == Model::Hill { 2 } else { 1 }
    }

    pub(super) fn parameters(self) -> usize {
        1 + self.unknowns() + usize::from(self.baseline)
    }

    pub(super) fn edges(self) -> [[f64; 2]; 2] {
        match self.model {
            Model::Power => [SHAPE_EDGES, [0.0, 0.0]],
            Model::Hill => [SCALE_EDGES, SHAPE_EDGES],
            _ => [SCALE_EDGES, [0.0, 0.0]],
        }
    }

    /// The shape and its derivatives by the logarithms of its parameters.
    pub(super) fn shape(self, columns: &Columns, theta: [f64; 2], work: &mut Work) {
        let rows = columns.x.len();
        work.g.resize(rows, 0.0);
        work.d1.resize(rows, 0.0);
        work.d2.resize(rows, 0.0);
        let out = work
            .g
            .iter_mut()
            .zip(work.d1.iter_mut())
            .zip(work.d2.iter_mut());
        let both = columns.x.iter().zip(&columns.lx).zip(out);
        let first = exp(theta[0]);
        match self.model {
            Model::Power => {
                for ((_, lx), ((g, d1), _)) in both {
                    let x = first * lx;
                    *g = exp(x);
                    *d1 = x * *g;
                }
            }
            Model::Log => {
                for ((x, _), ((g, d1), _)) in both {
                    *g = log1p(x / first);
                    *d1 = -x / (first + x);
                }
            }
            Model::MichaelisMenten => {
                for ((x, _), ((g, d1), _)) in both {
                    let share = x / (first + x);
                    *g = share;
                    *d1 = -share * (first / (first + x));
                }
            }
            Model::Negexp => {
                for ((x, _), ((g, d1), _)) in both {
                    let scaled = x / first;
                    *g = -crate::metrics::math::expm1(-scaled);
                    *d1 = scaled * (*g - 1.0);
                }
            }
            Model::Hill => {
                let n = exp(theta[1]);
                for ((_, lx), ((g, d1), d2)) in both {
                    let x = n * (lx - theta[0]);
                    let small = exp(-x.abs());
                    let large = 1.0 / (1.0 + small);
                    let slope = large * (small * large);
                    *g = if x > 0.0 { large } else { small * large };
                    *d1 = -n * slope;
                    *d2 = x * slope;
                }
            }
        }
        if self.log {
            for ((g, d1), d2) in work.g.iter_mut().zip(&mut work.d1).zip(&mut work.d2) {
                *d1 /= *g;
                *d2 /= *g;
                *g = ln(*g);
            }
        }
    }

    /// Solves for what is linear, and prepares the step for the rest.
    pub(super) fn evaluate(self, columns: &Columns, theta: [f64; 2], work: &mut Work) -> Point {
        self.shape(columns, theta, work);
        let Columns { y, w, .. } = columns;
        let rows = || {
            work.g
                .iter()
                .zip(&work.d1)
                .zip(&work.d2)
                .zip(y)
                .zip(w)
                .map(|((((g, d1), d2), y), w)| (*g, *d1, *d2, *y, *w))
        };
        // Baseline and the logarithm of the amplitude are columns of ones: taken out by centring.
        let [mut mean_g, mut mean_1, mut mean_2, mut mean_y] = [0.0; 4];
        if self.baseline || self.log {
            let mut sum = 0.0;
            for (g, d1, d2, y, w) in rows() {
                sum += w;
                mean_g += w * g;
                mean_1 += w * d1;
                mean_2 += w * d2;
                mean_y += w * y;
            }
            mean_g /= sum;
            mean_1 /= sum;
            mean_2 /= sum;
            mean_y /= sum;
        }
        let [mut gg, mut gy, mut g1, mut g2, mut m11, mut m12, mut m22] = [0.0; 7];
        for (g, d1, d2, y, w) in rows() {
            let (g, d1, d2, y) = (g - mean_g, d1 - mean_1, d2 - mean_2, y - mean_y);
            let (wg, w1) = (w * g, w * d1);
            gg += wg * g;
            gy += wg * y;
            g1 += wg * d1;
            g2 += wg * d2;
            m11 += w1 * d1;
            m12 += w1 * d2;
            m22 += w * d2 * d2;
        }
        let (slope, b1, b2) = if self.log {
            (1.0, 0.0, 0.0)
        } else {
            (gy / gg, g1 / gg, g2 / gg)
        };
        // A second pass: residuals as differences keep the digits that sums of squares would lose.
        let [mut rss, mut v1, mut v2] = [0.0; 3];
        for (g, d1, d2, y, w) in rows() {
            let g = g - mean_g;
            let residual = (y - mean_y) - slope * g;
            let wr = w * residual;
            rss += wr * residual;
            v1 += wr * (d1 - mean_1 - b1 * g);
            v2 += wr * (d2 - mean_2 - b2 * g);
        }
        let square = slope * slope;
        Point {
            theta,
            amplitude: if self.log {
                exp(mean_y - mean_g)
            } else {
                slope
            },
            base: if self.baseline {
                mean_y - slope * mean_g
            } else {
                0.0
            },
            rss,
            matrix: [
                square * (m11 - b1 * g1),
                square * (m12 - b1 * g2),
                square * (m22 - b2 * g2),
            ],
            gradient: [slope * v1, slope * v2],
        }
    }

    /// The damped step from a point, within the edges.
    fn step(self, point: &Point, damping: f64) -> [f64; 2] {
        let [[low1, high1], [low2, high2]] = self.edges();
        let [t1, t2] = point.theta;
        let [v1, v2] = point.gradient;
        let [m11, m12, m22] = point.matrix;
        let free =
            |t: f64, v: f64, low: f64, high: f64| !(t <= low && v < 0.0 || t >= high && v > 0.0);
        let (free1, free2) = (
            free(t1, v1, low1, high1),
            self.unknowns() == 2 && free(t2, v2, low2, high2),
        );
        let (a11, a22) = (m11 * (1.0 + damping), m22 * (1.0 + damping));
        let single = |v: f64, a: f64| if a > 0.0 { v / a } else { 0.0 };
        let (mut d1, mut d2) = match (free1, free2) {
            (true, true) => {
                let determinant = a11 * a22 - m12 * m12;
                if determinant > 1e-15 * a11 * a22 {
                    (
                        (v1 * a22 - v2 * m12) / determinant,
                        (v2 * a11 - v1 * m12) / determinant,
                    )
                } else {
                    // Along a valley: each alone, at half length.
                    (0.5 * single(v1, a11), 0.5 * single(v2, a22))
                }
            }
            (true, false) => (single(v1, a11), 0.0),
            (false, true) => (0.0, single(v2, a22)),
            (false, false) => (0.0, 0.0),
        };
        let length = d1.abs().max(d2.abs());
        if !length.is_finite() {
            return point.theta;
        }
        if length > 2.0 {
            d1 *= 2.0 / length;
            d2 *= 2.0 / length;
        }
        [
            (t1 + d1).clamp(low1, high1),
            if self.unknowns() == 2 {
                (t2 + d2).clamp(low2, high2)
            } else {
                t2
            },
        ]
    }

    /// Levenberg and Marquardt: from a point downhill until the steps are shorter than `tolerance`, or `most` of them.
    pub(super) fn descend(
        self,
        columns: &Columns,
        start: Point,
        work: &mut Work,
        most: usize,
        tolerance: f64,
    ) -> (Point, bool) {
        let mut now = start;
        let mut damping = 1e-3;
        for _ in 0..most {
            let target = self.step(&now, damping);
            let length = distance(target, now.theta);
            if length <= tolerance {
                // A step shortened by damping says nothing.
                if damping <= 1e-2 {
                    return (now, true);
                }
                damping *= 0.1;
                continue;
            }
            let next = self.evaluate(columns, target, work);
            if next.rss <= now.rss {
                now = next;
                damping = if damping < 1e-9 { 0.0 } else { damping * 0.05 };
            } else {
                if length < 1e-8 {
                    // Nothing lower is in sight of the arithmetic.
                    return (now, true);
                }
                damping = damping.max(1e-5) * 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        (now, false)
    }

    /// Plain Gauss-Newton steps for as long as they shrink: to the last digits, where sums of squares no longer differ.
    fn polish(self, columns: &Columns, start: Point, work: &mut Work) -> Point {
        let mut now = start;
        let mut last = 1e-4;
        for _ in 0..60 {
            let target = self.step(&now, 0.0);
            let length = distance(target, now.theta);
            if length == 0.0 || length >= last || length.is_nan() {
                break;
            }
            let next = self.evaluate(columns, target, work);
            if next.rss.is_nan() || next.rss > now.rss * (1.0 + 1e-9) + f64::MIN_POSITIVE {
                break;
            }
            now = next;
            last = length;
            if length < 1e-15 {
                break;
            }
        }
        now
    }

    /// The lowest three points of a grid.
    fn seeds(self, columns: &Columns, work: &mut Work) -> [[f64; 2]; 3] {
        let mut best = [([0.0; 2], f64::INFINITY); 3];
        let mut offer = |theta: [f64; 2], rss: f64| {
            // NaN is below nothing.
            if let Some(place) = best.iter().position(|(_, other)| rss < *other)
                && let Some(tail) = best.get_mut(place..)
            {
                tail.rotate_right(1);
                if let Some(first) = tail.first_mut() {
                    *first = (theta, rss);
                }
            }
        };
        let smallest = columns
            .lx
            .iter()
            .copied()
            .filter(|lx| *lx > LN_ZERO)
            .fold(0.0, f64::min)
            .max(-10.0);
        let (from, to) = match self.model {
            Model::Power => (-3.0, 0.7),
            Model::Hill => (smallest, 1.2),
            _ => (smallest - 1.0, 2.5),
        };
        const COARSE: i32 = 10;
        let width = (to - from) / f64::from(COARSE - 1);
        if self.model == Model::Hill && !self.log {
            for n in [0.4, 0.7, 1.1, 1.7, 2.6, 4.0] {
                // u = (s / K)^n is a product: 24 + 2 exponentials where 240 would do the same.
                work.g.clear();
                work.g.extend(columns.lx.iter().map(|lx| exp(n * lx)));
                let (mut factor, ratio) = (exp(-n * from), exp(-n * width));
                for i in 0..COARSE {
                    let rss = self.grid_rss(columns, &work.g, factor);
                    offer([from + f64::from(i) * width, ln(n)], rss);
                    factor *= ratio;
                }
            }
        } else {
            let shapes: &[f64] = if self.model == Model::Hill {
                &[-0.9, -0.35, 0.1, 0.55, 1.0, 1.4]
            } else {
                &[0.0]
            };
            for second in shapes {
                for i in 0..COARSE {
                    let theta = [from + f64::from(i) * width, *second];
                    offer(theta, self.evaluate(columns, theta, work).rss);
                }
            }
        }
        best.map(|(theta, _)| theta)
    }

    /// The sum of squares of Hill's curve from `u / factor`, in one pass.
    fn grid_rss(self, columns: &Columns, powers: &[f64], factor: f64) -> f64 {
        let [mut sum, mut sg, mut sy, mut gg, mut gy, mut yy] = [0.0; 6];
        for ((power, y), w) in powers.iter().zip(&columns.y).zip(&columns.w) {
            let u = power * factor;
            let g = u / (1.0 + u);
            sum += w;
            sg += w * g;
            sy += w * y;
            gg += w * g * g;
            gy += w * g * y;
            yy += w * y * y;
        }
        if self.baseline {
            gg -= sg * sg / sum;
            gy -= sg * sy / sum;
            yy -= sy * sy / sum;
        }
        yy - gy * gy / gg
    }

    /// The best point there is: the lowest three seeds brought near their minima, the lowest of these to its own.
    pub(super) fn search(self, columns: &Columns, work: &mut Work) -> (Point, bool) {
        let mut best: Option<Point> = None;
        let mut ends: [Option<[f64; 2]>; 3] = [None; 3];
        for (seed, end) in self.seeds(columns, work).into_iter().zip(0..) {
            let start = self.evaluate(columns, seed, work);
            let (near, _) = self.descend(columns, start, work, 4, 1e-3);
            // One that has come to where another ended has nothing to add.
            if ends
                .iter()
                .flatten()
                .any(|other| distance(*other, near.theta) < 1e-2)
            {
                continue;
            }
            let (point, _) = self.descend(columns, near, work, 100, 1e-5);
            if let Some(slot) = ends.get_mut(end) {
                *slot = Some(point.theta);
            }
            if best.is_none_or(|best| point.rss < best.rss || best.rss.is_nan()) {
                best = Some(point);
            }
        }
        let Some(best) = best else {
            return (self.evaluate(columns, [0.0; 2], work), false);
        };
        let (point, arrived) = self.descend(columns, best, work, 200, 1e-6);
        (self.polish(columns, point, work), arrived)
    }

    /// The curve in the units of the data.
    pub(super) fn curve(self, point: &Point, reference: f64) -> Curve {
        let first = exp(point.theta[0]);
        let a = point.amplitude;
        match self.model {
            Model::Power => Curve::raw(self.model, &[a * pow(reference, -first), first]),
            Model::Hill => Curve::raw(self.model, &[a, first * reference, exp(point.theta[1])]),
            _ => Curve::raw(self.model, &[a, first * reference]),
        }
    }

    /// Residuals at a point whose shape is in `work`.
    pub(super) fn residuals<'a>(
        self,
        columns: &'a Columns,
        point: &Point,
        work: &'a Work,
    ) -> impl Iterator<Item = f64> + 'a {
        let (slope, base) = if self.log {
            (1.0, ln(point.amplitude))
        } else {
            (point.amplitude, point.base)
        };
        columns
            .y
            .iter()
            .zip(&work.g)
            .map(move |(y, g)| y - base - slope * g)
    }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).abs().max((a[1] - b[1]).abs())
}

impl Kernel {
    /// Robust losses as least squares whose weights follow the residuals (iteratively reweighted).
    pub(super) fn reweight(
        self,
        columns: &mut Columns,
        given: &[f64],
        start: Point,
        (loss, scale): (Loss, f64),
        tolerance: f64,
        work: &mut Work,
    ) -> (Point, bool) {
        let mut now = start;
        if scale.is_nan() || scale <= 0.0 {
            return (now, true);
        }
        let mut last = [now.amplitude, now.base];
        for _ in 0..500 {
            self.shape(columns, now.theta, work);
            let weights: Vec<f64> = self
                .residuals(columns, &now, work)
                .zip(given)
                .map(|(r, w)| w * loss.of(r * w.sqrt() / scale).1)
                .collect();
            columns.w = weights;
            let fresh = self.evaluate(columns, now.theta, work);
            let (next, _) = self.descend(columns, fresh, work, 50, 1e-9);
            let moved = distance(next.theta, now.theta)
                + (next.amplitude - last[0]).abs() / next.amplitude.abs().max(f64::MIN_POSITIVE);
            last = [next.amplitude, next.base];
            now = next;
            if moved <= tolerance {
                return (now, true);
            }
        }
        (now, false)
    }
}

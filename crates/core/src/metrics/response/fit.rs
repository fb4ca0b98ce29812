//! A curve from past spends.
//!
//! The amplitude and the baseline enter linearly and are solved for in closed form at every step (variable projection, Golub
//! and Pereyra 1973, with the Jacobian of Kaufman 1975); the one or two that remain are sought on the log scale by
//! Levenberg and Marquardt's method from the best points of a grid, and followed until the steps are rounding.

use super::adstock::Adstock;
use super::curve::{Curve, Model, Optimum};
use crate::metrics::math::{exp, ln, log1p, pow};
use crate::metrics::special::normal_quantile;
use crate::metrics::{DomainError, Interval, Rule};

/// What a residual costs. The robust ones withstand revenues that are far off, not spends that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Loss {
    /// Its square: least squares.
    #[default]
    Linear,
    /// Its square up to the scale, linear beyond (Huber 1964).
    Huber,
    /// `2 (sqrt(1 + z^2) - 1)`, a smooth relative of Huber's.
    SoftL1,
}

impl Loss {
    /// The names of the losses.
    pub const NAMES: &'static [&'static str] = &["linear", "huber", "soft_l1"];

    /// The loss of this name.
    pub fn parse(name: &str) -> Result<Self, DomainError> {
        match name {
            "linear" => Ok(Self::Linear),
            "huber" => Ok(Self::Huber),
            "soft_l1" => Ok(Self::SoftL1),
            _ => Err(DomainError::whole("loss", Rule::OneOf(Self::NAMES))),
        }
    }

    /// Of a scaled residual: its cost, the weight with which least squares treats it alike, and the derivative of its
    /// influence.
    fn of(self, z: f64) -> (f64, f64, f64) {
        match self {
            Self::Linear => (z * z, 1.0, 1.0),
            Self::Huber if z.abs() <= 1.0 => (z * z, 1.0, 1.0),
            Self::Huber => (2.0 * z.abs() - 1.0, 1.0 / z.abs(), 0.0),
            Self::SoftL1 => {
                let root = (1.0 + z * z).sqrt();
                (
                    2.0 * z * z / (1.0 + root),
                    1.0 / root,
                    1.0 / (root * root * root),
                )
            }
        }
    }
}

/// How revenue scatters around the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Noise {
    /// By amounts: residuals are differences.
    #[default]
    Additive,
    /// By per cent: residuals are differences of logarithms. Without baseline; spend and revenue above zero.
    Multiplicative,
}

impl Noise {
    /// The names of the kinds of noise.
    pub const NAMES: &'static [&'static str] = &["additive", "multiplicative"];

    /// The noise of this name.
    pub fn parse(name: &str) -> Result<Self, DomainError> {
        match name {
            "additive" => Ok(Self::Additive),
            "multiplicative" => Ok(Self::Multiplicative),
            _ => Err(DomainError::whole("noise", Rule::OneOf(Self::NAMES))),
        }
    }
}

/// What past spend still does.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Carry {
    /// Nothing: rows are independent.
    #[default]
    None,
    /// A known adstock: rows are consecutive periods.
    Fixed(Adstock),
    /// An adstock whose `theta` is sought between 0 and 0.99.
    Estimate {
        /// See [`Adstock::normalize`].
        normalize: bool,
        /// See [`Adstock::max_lag`].
        max_lag: Option<usize>,
    },
}

/// How a curve is fitted. The default is plain least squares.
#[derive(Clone, Copy, Debug, Default)]
pub struct FitOptions<'a> {
    /// Whether there is revenue without spend.
    pub baseline: bool,
    /// The weight of each row's squared residual, up to a common factor: one over its variance. Zero leaves a row out.
    pub weights: Option<&'a [f64]>,
    /// What a residual costs.
    pub loss: Loss,
    /// From which residual on `loss` is no longer a square; by default 1.345 robust standard deviations of the residuals (1.4826
    /// times their median absolute value), which costs five per cent of efficiency under normal noise.
    pub loss_scale: Option<f64>,
    /// How revenue scatters.
    pub noise: Noise,
    /// What past spend still does.
    pub carry: Carry,
    /// With a lag, standard errors that allow for correlation between neighbouring rows (Newey and West 1987).
    pub newey_west: Option<usize>,
}

/// A fitted curve with its uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The curve over a steady spend per period: of the optimum, of budgets, of marginal returns.
    pub steady: Curve,
    /// The curve over adstock, whose parameters are the fitted ones. The same without adstock.
    pub curve: Curve,
    /// Revenue without spend; zero when it was not asked for.
    pub baseline: f64,
    /// The adstock that was used, with its estimated `theta` where that was sought.
    pub adstock: Option<Adstock>,
    /// The standard errors: of the parameters in the model's order, then of the baseline if there is one.
    pub std_errors: Vec<f64>,
    /// The covariance matrix in the same order.
    pub covariance: Vec<Vec<f64>>,
    /// The sum of weighted squared residuals; of log residuals with multiplicative noise.
    pub rss: f64,
    /// The residual standard deviation.
    pub sigma: f64,
    /// The share of the variance that the curve explains.
    pub r2: f64,
    /// Akaike's criterion `n ln(rss / n) + 2 K`, `K` being all that was estimated, `sigma` included.
    pub aic: f64,
    /// Corrected for few rows (Hurvich and Tsai 1989); infinite where there are too few for it.
    pub aicc: f64,
    /// Schwarz's criterion `n ln(rss / n) + K ln n`.
    pub bic: f64,
    /// Rows used.
    pub rows: usize,
    /// Whether the search arrived.
    pub converged: bool,
    /// The smallest and largest spend per period seen.
    pub spend_range: [f64; 2],
    /// The largest revenue seen.
    pub revenue_max: f64,
    /// The standard deviation of the logarithm of the spends above zero.
    pub log_sd_spend: f64,
    /// Covariance of the logarithms of the parameters, then the baseline.
    log_covariance: [[f64; 4]; 4],
    /// Whether a parameter stands at the edge of what was searched.
    at_edge: bool,
    has_baseline: bool,
    pub(super) theta: [f64; 2],
    pub(super) reference: f64,
    /// The loss and the residual from which on it is no longer a square.
    pub(super) loss: (Loss, f64),
}

/// The optimum of a fitted curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOptimum {
    /// The optimum, within the cap.
    pub optimum: Optimum,
    /// The spend without any cap.
    pub uncapped: f64,
    /// The standard error of its logarithm, by the delta method.
    pub log_spend_se: f64,
    /// The optimal spend with the ends of its interval, symmetric on the log scale, within the cap.
    pub spend: Interval,
    /// Whether the cap holds it back: the stated one, or half as much again as the largest spend seen.
    pub capped: bool,
}

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
    g: Vec<f64>,
    d1: Vec<f64>,
    d2: Vec<f64>,
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
const LN_ZERO: f64 = -1e9;
const SCALE_EDGES: [f64; 2] = [-25.0, 14.0];
const SHAPE_EDGES: [f64; 2] = [-4.0, 4.0];

impl Kernel {
    fn unknowns(self) -> usize {
        if self.model == Model::Hill { 2 } else { 1 }
    }

    pub(super) fn parameters(self) -> usize {
        1 + self.unknowns() + usize::from(self.baseline)
    }

    fn edges(self) -> [[f64; 2]; 2] {
        match self.model {
            Model::Power => [SHAPE_EDGES, [0.0, 0.0]],
            Model::Hill => [SCALE_EDGES, SHAPE_EDGES],
            _ => [SCALE_EDGES, [0.0, 0.0]],
        }
    }

    /// The shape and its derivatives by the logarithms of its parameters.
    fn shape(self, columns: &Columns, theta: [f64; 2], work: &mut Work) {
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
    fn search(self, columns: &Columns, work: &mut Work) -> (Point, bool) {
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
    fn residuals<'a>(
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

/// The data as the search takes them.
pub(super) struct Prepared {
    pub(super) columns: Columns,
    pub(super) reference: f64,
    /// The spends seen, adstock aside.
    range: [f64; 2],
    revenue_max: f64,
    log_sd: f64,
}

/// Checks and scales the data. `None` when a `NaN` makes everything undefined.
pub(super) fn prepare(
    kernel: Kernel,
    spend: &[f64],
    revenue: &[f64],
    weights: Option<&[f64]>,
    adstock: Option<&Adstock>,
) -> Result<Option<Prepared>, DomainError> {
    DomainError::check_all("spend", Rule::NonNegative, spend)?;
    DomainError::check_all("revenue", Rule::Finite, revenue)?;
    if revenue.len() != spend.len() {
        return Err(DomainError::whole("revenue", Rule::SameLength("spend")));
    }
    if let Some(weights) = weights {
        DomainError::check_all("weights", Rule::NonNegative, weights)?;
        if weights.len() != spend.len() {
            return Err(DomainError::whole("weights", Rule::SameLength("spend")));
        }
    }
    if kernel.log && kernel.baseline {
        return Err(DomainError::whole(
            "baseline",
            Rule::Other(
                "baseline_with_multiplicative_noise",
                "cannot be fitted with multiplicative noise",
            ),
        ));
    }
    let any_nan = |values: &[f64]| values.iter().any(|x| x.is_nan());
    if any_nan(spend) || any_nan(revenue) || weights.is_some_and(any_nan) {
        return Ok(None);
    }
    let carried = adstock.map(|adstock| adstock.apply(spend)).transpose()?;
    let carried = carried.as_deref().unwrap_or(spend);
    if any_nan(carried) {
        return Ok(None);
    }
    let reference = carried.iter().copied().fold(0.0, f64::max);
    let mut columns = Columns::default();
    let [mut low, mut high] = [f64::INFINITY, 0.0_f64];
    let mut revenue_max = f64::NEG_INFINITY;
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for (i, ((a, s), y)) in carried.iter().zip(spend).zip(revenue).enumerate() {
        let w = weights.map_or(1.0, |weights| weights.get(i).copied().unwrap_or(0.0));
        if w == 0.0 {
            continue;
        }
        low = low.min(*s);
        high = high.max(*s);
        revenue_max = revenue_max.max(*y);
        let x = a / reference;
        let lx = if x > 0.0 { ln(x) } else { LN_ZERO };
        if kernel.log {
            DomainError::check("revenue", Rule::Positive, *y)?;
            DomainError::check("spend", Rule::Positive, *a)?;
        }
        if *s > 0.0 {
            // Welford's running variance.
            let log = ln(*s);
            count += 1.0;
            let delta = log - mean;
            mean += delta / count;
            squares += delta * (log - mean);
        }
        columns.push(x, lx, if kernel.log { ln(*y) } else { *y }, w);
    }
    let needed = kernel.parameters() + 1;
    if columns.x.len() < needed {
        return Err(DomainError::whole("spend", Rule::Rows(needed)));
    }
    let mut sorted = columns.x.clone();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    // Without baseline, rows of zero spend say nothing.
    sorted.retain(|x| *x > 0.0 || kernel.baseline);
    if sorted.len() < kernel.parameters() {
        return Err(DomainError::whole(
            "spend",
            Rule::Other(
                "no_variation",
                "has too few different values to fit this curve to",
            ),
        ));
    }
    Ok(Some(Prepared {
        columns,
        reference,
        range: [low, high],
        revenue_max,
        log_sd: (squares / (count - 1.0)).sqrt(),
    }))
}

/// Fits a curve to past spends and their revenues.
///
/// Rows are independent, or consecutive periods with an adstock. Standard errors are those of the linearised model,
/// `sigma^2 (J'J)^-1` with `sigma^2 = rss / (n - P)`; with a robust loss, Huber's (1981, section 7.6). An estimated `theta`
/// counts as a parameter, but the other standard errors take it as known.
///
/// ```
/// use edgetally_core::metrics::response::{FitOptions, Model, fit};
///
/// let spend = [1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 32000.0];
/// let revenue = [7810.0, 14720.0, 28100.0, 50600.0, 86100.0, 130500.0];
/// let fit = fit(Model::MichaelisMenten, &spend, &revenue, &FitOptions::default()).unwrap();
/// assert!((fit.curve.values()[0] - 273_000.0).abs() < 1_000.0);
/// let best = fit.optimum(0.4, None, false, 0.95).unwrap();
/// assert!(best.spend.low < best.spend.estimate && best.spend.estimate < best.spend.high);
/// ```
pub fn fit(
    model: Model,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
) -> Result<Fit, DomainError> {
    match options.carry {
        Carry::None => fit_with(model, spend, revenue, options, None, false),
        Carry::Fixed(adstock) => {
            let adstock = Adstock::new(adstock.theta, adstock.normalize, adstock.max_lag)?;
            fit_with(model, spend, revenue, options, Some(adstock), false)
        }
        Carry::Estimate { normalize, max_lag } => {
            let at = |theta: f64| {
                let adstock = Adstock::new(theta, normalize, max_lag)?;
                fit_with(model, spend, revenue, options, Some(adstock), true)
            };
            const STEPS: i32 = 20;
            let mut best = at(0.0)?;
            let mut place = 0.0;
            for i in 1..=STEPS {
                let theta = 0.99 * f64::from(i) / f64::from(STEPS);
                let other = at(theta)?;
                if other.rss < best.rss {
                    best = other;
                    place = theta;
                }
            }
            // The golden section between the neighbours of the grid's best.
            const GOLDEN: f64 = 0.618_033_988_749_894_9;
            let width = 0.99 / f64::from(STEPS);
            let (mut low, mut high) = ((place - width).max(0.0), (place + width).min(0.99));
            let (mut inner, mut outer) =
                (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
            let (mut at_inner, mut at_outer) = (at(inner)?, at(outer)?);
            while high - low > 1e-7 {
                if at_inner.rss <= at_outer.rss {
                    high = outer;
                    outer = inner;
                    at_outer = at_inner;
                    inner = high - GOLDEN * (high - low);
                    at_inner = at(inner)?;
                } else {
                    low = inner;
                    inner = outer;
                    at_inner = at_outer;
                    outer = low + GOLDEN * (high - low);
                    at_outer = at(outer)?;
                }
            }
            for other in [at_inner, at_outer] {
                if other.rss < best.rss {
                    best = other;
                }
            }
            Ok(best)
        }
    }
}

fn fit_with(
    model: Model,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
    adstock: Option<Adstock>,
    theta_estimated: bool,
) -> Result<Fit, DomainError> {
    let kernel = Kernel {
        model,
        baseline: options.baseline,
        log: options.noise == Noise::Multiplicative,
    };
    if let Some(scale) = options.loss_scale {
        DomainError::check("loss_scale", Rule::Positive, scale)?;
    }
    let Some(prepared) = prepare(kernel, spend, revenue, options.weights, adstock.as_ref())? else {
        return Ok(Fit::undefined(kernel, spend.len(), adstock));
    };
    let Prepared {
        mut columns,
        reference,
        range,
        revenue_max,
        log_sd,
    } = prepared;
    let mut work = Work::default();
    let (mut point, mut arrived) = kernel.search(&columns, &mut work);
    let given = columns.w.clone();
    let mut scale = f64::INFINITY;
    if options.loss != Loss::Linear {
        // Least squares is dragged by what it is to be protected from, and so is its residuals' size: estimated again with
        // each fit until it stands still.
        for _ in 0..100 {
            kernel.shape(&columns, point.theta, &mut work);
            let next = options.loss_scale.unwrap_or_else(|| {
                let sizes = kernel
                    .residuals(&columns, &point, &work)
                    .zip(&given)
                    .map(|(r, w)| r.abs() * w.sqrt());
                1.345 * 1.482_602_218_505_602 * median(sizes.collect())
            });
            if (next - scale).abs() <= 1e-11 * next || next.is_nan() {
                break;
            }
            scale = next;
            let loss = (options.loss, scale);
            (point, arrived) = kernel.reweight(&mut columns, &given, point, loss, 1e-12, &mut work);
        }
        // What follows takes the rows with their own weights.
        columns.w.clone_from(&given);
    }
    kernel.shape(&columns, point.theta, &mut work);
    let residuals: Vec<f64> = kernel.residuals(&columns, &point, &work).collect();

    // Columns of the Jacobian by ln amplitude, ln shape, and the baseline, orthogonalised (modified Gram-Schmidt): products
    // of columns would lose half of the digits.
    let rows = columns.x.len();
    let count = kernel.parameters();
    let unknowns = kernel.unknowns();
    let mut jacobian: Vec<Vec<f64>> = Vec::with_capacity(4);
    let amplitude = if kernel.log { 1.0 } else { point.amplitude };
    let by = |column: &[f64]| -> Vec<f64> {
        column
            .iter()
            .zip(&columns.w)
            .map(|(d, w)| amplitude * d * w.sqrt())
            .collect()
    };
    if kernel.log {
        jacobian.push(columns.w.iter().map(|w| w.sqrt()).collect());
    } else {
        jacobian.push(by(&work.g));
    }
    let mut first = by(&work.d1);
    if model == Model::Power {
        // k is the amplitude at a spend of 1, not at the reference.
        let shift = exp(point.theta[0]) * ln(reference);
        if let Some(level) = jacobian.first() {
            first
                .iter_mut()
                .zip(level)
                .for_each(|(d, level)| *d += shift * level);
        }
    }
    jacobian.push(first);
    if unknowns == 2 {
        jacobian.push(by(&work.d2));
    }
    if kernel.baseline {
        jacobian.push(columns.w.iter().map(|w| w.sqrt()).collect());
    }
    let inverse = orthogonalise(&mut jacobian);

    let n = rows as f64;
    let degrees = n - count as f64 - f64::from(u8::from(theta_estimated));
    let rss: f64 = residuals.iter().zip(&given).map(|(r, w)| w * r * r).sum();
    let (cost, variance) = if options.loss == Loss::Linear {
        (rss, rss / degrees)
    } else {
        let (mut cost, mut influence, mut slope, mut slope2) = (0.0, 0.0, 0.0, 0.0);
        for (r, w) in residuals.iter().zip(&given) {
            let z = r * w.sqrt() / scale;
            let (rho, weight, derivative) = options.loss.of(z);
            cost += rho * scale * scale;
            influence += (weight * z * scale) * (weight * z * scale);
            slope += derivative;
            slope2 += derivative * derivative;
        }
        let mean = slope / n;
        let correction = 1.0 + count as f64 / n * (slope2 / n - mean * mean) / (mean * mean);
        (
            cost,
            correction * correction * influence / degrees / (mean * mean),
        )
    };
    let middle = options.newey_west.map(|lag| {
        let scores: Vec<f64> = residuals
            .iter()
            .zip(&given)
            .map(|(r, w)| {
                let z = r * w.sqrt();
                z * options.loss.of(z / scale).1
            })
            .collect();
        newey_west(&jacobian, &scores, lag, n / degrees)
    });
    let log_covariance = covariance(&inverse, count, variance, middle.as_ref());

    let (mut sum, mut mean) = (0.0, 0.0);
    for (y, w) in columns.y.iter().zip(&given) {
        sum += w;
        mean += w * y;
    }
    mean /= sum;
    let total: f64 = columns
        .y
        .iter()
        .zip(&given)
        .map(|(y, w)| w * (y - mean) * (y - mean))
        .sum();
    // Residuals of a perfect fit are rounding, whose logarithm would choose between models.
    let floor: f64 = columns
        .y
        .iter()
        .zip(&given)
        .map(|(y, w)| w * y * y)
        .sum::<f64>()
        * 1e-26;
    let estimated = (count + 1 + usize::from(theta_estimated)) as f64;
    let deviance = n * ln(cost.max(floor) / n);
    let curve = kernel.curve(&point, reference);
    let mut fit = Fit {
        steady: adstock.map_or(curve, |adstock| curve.rescaled(adstock.steady())),
        curve,
        baseline: point.base,
        adstock,
        std_errors: Vec::new(),
        covariance: Vec::new(),
        rss,
        sigma: variance.sqrt(),
        r2: 1.0 - rss / total,
        aic: deviance + 2.0 * estimated,
        aicc: if n > estimated + 1.0 {
            deviance + 2.0 * estimated + 2.0 * estimated * (estimated + 1.0) / (n - estimated - 1.0)
        } else {
            f64::INFINITY
        },
        bic: deviance + estimated * ln(n),
        rows,
        converged: arrived,
        spend_range: range,
        revenue_max,
        log_sd_spend: log_sd,
        log_covariance,
        at_edge: point
            .theta
            .iter()
            .zip(kernel.edges())
            .take(unknowns)
            .any(|(theta, [low, high])| *theta <= low || *theta >= high),
        has_baseline: kernel.baseline,
        theta: point.theta,
        reference,
        loss: (options.loss, scale),
    };
    fit.covariance = fit.natural_covariance();
    fit.std_errors = fit
        .covariance
        .iter()
        .enumerate()
        .filter_map(|(i, row)| row.get(i))
        .map(|variance| variance.sqrt())
        .collect();
    Ok(fit)
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let at = |i: usize| values.get(i).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 {
        at(half)
    } else {
        0.5 * (at(half.wrapping_sub(1)) + at(half))
    }
}

/// Makes the columns orthonormal and returns the inverse of the triangle that takes them back: `J = Q R`, `R^-1`.
#[expect(
    clippy::indexing_slicing,
    reason = "matrices of four by four, columns counted by their own length"
)]
fn orthogonalise(columns: &mut [Vec<f64>]) -> [[f64; 4]; 4] {
    let count = columns.len().min(4);
    let mut triangle = [[0.0; 4]; 4];
    for j in 0..count {
        // Twice is enough (Kahan, by way of Parlett 1980).
        for _ in 0..2 {
            for i in 0..j {
                let (before, rest) = columns.split_at_mut(j);
                let (q, column) = (&before[i], &mut rest[0]);
                let product: f64 = q.iter().zip(column.iter()).map(|(q, x)| q * x).sum();
                triangle[i][j] += product;
                column
                    .iter_mut()
                    .zip(q)
                    .for_each(|(x, q)| *x -= product * q);
            }
        }
        let norm = columns[j].iter().map(|x| x * x).sum::<f64>().sqrt();
        triangle[j][j] = norm;
        for x in &mut columns[j] {
            *x /= norm;
        }
    }
    let mut inverse = [[0.0; 4]; 4];
    for j in 0..count {
        inverse[j][j] = 1.0 / triangle[j][j];
        for i in (0..j).rev() {
            let sum: f64 = (i + 1..=j).map(|k| triangle[i][k] * inverse[k][j]).sum();
            inverse[i][j] = -sum / triangle[i][i];
        }
    }
    inverse
}

/// The long-run covariance of the scores in the orthonormal columns, with Bartlett's weights.
#[expect(
    clippy::indexing_slicing,
    reason = "matrices of four by four, columns counted by their own length"
)]
fn newey_west(columns: &[Vec<f64>], scores: &[f64], lag: usize, factor: f64) -> [[f64; 4]; 4] {
    let mut sum = [[0.0; 4]; 4];
    let count = columns.len().min(4);
    let rows = scores.len();
    for distance in 0..=lag.min(rows.saturating_sub(1)) {
        let weight = factor * (1.0 - distance as f64 / (lag as f64 + 1.0));
        for i in 0..count {
            for j in 0..count {
                let product: f64 = (distance..rows)
                    .map(|t| {
                        let earlier = t - distance;
                        columns[i][t] * scores[t] * columns[j][earlier] * scores[earlier]
                    })
                    .sum();
                sum[i][j] += weight * product;
                if distance > 0 {
                    sum[j][i] += weight * product;
                }
            }
        }
    }
    sum
}

/// `variance R^-1 R^-T`, or with something else in the middle.
#[expect(clippy::indexing_slicing, reason = "matrices of four by four")]
fn covariance(
    inverse: &[[f64; 4]; 4],
    count: usize,
    variance: f64,
    middle: Option<&[[f64; 4]; 4]>,
) -> [[f64; 4]; 4] {
    let mut result = [[0.0; 4]; 4];
    let count = count.min(4);
    for i in 0..count {
        for j in 0..count {
            result[i][j] = match middle {
                None => {
                    variance
                        * (0..count)
                            .map(|k| inverse[i][k] * inverse[j][k])
                            .sum::<f64>()
                }
                Some(middle) => (0..count)
                    .flat_map(|k| (0..count).map(move |l| (k, l)))
                    .map(|(k, l)| inverse[i][k] * middle[k][l] * inverse[j][l])
                    .sum(),
            };
        }
    }
    result
}

impl Fit {
    fn undefined(kernel: Kernel, rows: usize, adstock: Option<Adstock>) -> Self {
        let curve = Curve::raw(kernel.model, &[f64::NAN; 3]);
        let count = kernel.parameters();
        Self {
            steady: curve,
            curve,
            baseline: if kernel.baseline { f64::NAN } else { 0.0 },
            adstock,
            std_errors: vec![f64::NAN; count],
            covariance: vec![vec![f64::NAN; count]; count],
            rss: f64::NAN,
            sigma: f64::NAN,
            r2: f64::NAN,
            aic: f64::NAN,
            aicc: f64::NAN,
            bic: f64::NAN,
            rows,
            converged: false,
            spend_range: [f64::NAN; 2],
            revenue_max: f64::NAN,
            log_sd_spend: f64::NAN,
            log_covariance: [[f64::NAN; 4]; 4],
            at_edge: false,
            has_baseline: kernel.baseline,
            theta: [f64::NAN; 2],
            reference: f64::NAN,
            loss: (Loss::Linear, f64::NAN),
        }
    }

    /// The model.
    pub const fn model(&self) -> Model {
        self.curve.model()
    }

    /// Whether revenue without spend was fitted.
    pub const fn has_baseline(&self) -> bool {
        self.has_baseline
    }

    fn natural_covariance(&self) -> Vec<Vec<f64>> {
        let scales: Vec<f64> = self
            .curve
            .values()
            .iter()
            .copied()
            .chain(self.has_baseline.then_some(1.0))
            .collect();
        self.log_covariance
            .iter()
            .zip(&scales)
            .map(|(row, left)| {
                row.iter()
                    .zip(&scales)
                    .map(|(cell, right)| cell * left * right)
                    .collect()
            })
            .collect()
    }

    /// The standard error of something with this gradient, by the logarithms of the parameters and the baseline.
    fn delta(&self, gradient: [f64; 3], baseline: f64) -> f64 {
        let mut all = [0.0; 4];
        let count = self.curve.values().len();
        let given = gradient.iter().copied().take(count);
        let given = given.chain(self.has_baseline.then_some(baseline));
        all.iter_mut().zip(given).for_each(|(all, one)| *all = one);
        let mut variance = 0.0;
        for (row, left) in self.log_covariance.iter().zip(all) {
            for (cell, right) in row.iter().zip(all) {
                variance += cell * left * right;
            }
        }
        // Rounding may leave a little less than nothing.
        variance
            .max(if variance.is_nan() { f64::NAN } else { 0.0 })
            .sqrt()
    }

    fn carried(&self, spend: f64) -> f64 {
        spend * self.adstock.map_or(1.0, |adstock| adstock.steady())
    }

    /// Revenue at a steady spend per period, and its standard error.
    pub fn predict(&self, spend: f64) -> Result<(f64, f64), DomainError> {
        DomainError::check("spend", Rule::NonNegative, spend)?;
        let carried = self.carried(spend);
        Ok((
            self.baseline + self.curve.revenue(carried),
            self.delta(self.curve.revenue_gradient(carried), 1.0),
        ))
    }

    /// Revenue of one more unit of a steady spend, and its standard error.
    pub fn marginal_roas(&self, spend: f64) -> Result<(f64, f64), DomainError> {
        DomainError::check("spend", Rule::NonNegative, spend)?;
        let marginal = self.steady.marginal(spend);
        let (gradient, _) = self.curve.log_marginal_gradient(self.carried(spend));
        Ok((marginal, marginal.abs() * self.delta(gradient, 0.0)))
    }

    /// The most profitable steady spend, with its interval.
    ///
    /// Not above `cap`, and not above one and a half times the largest spend seen unless `extrapolate`: beyond, the curve is
    /// the model's word alone.
    pub fn optimum(
        &self,
        margin: f64,
        cap: Option<f64>,
        extrapolate: bool,
        confidence: f64,
    ) -> Result<FitOptimum, DomainError> {
        DomainError::check("confidence", Rule::Confidence, confidence)?;
        // Checks margin and cap.
        self.steady.optimum(margin, cap)?;
        let limit = self.limit(cap, extrapolate);
        let free = self.steady.best(margin, f64::INFINITY);
        let mut optimum = self.steady.best(margin, limit);
        let uncapped = free.optimal_spend;
        let (gradient, curvature) = self.curve.log_marginal_gradient(self.carried(uncapped));
        let log_spend_se = if uncapped > 0.0 && uncapped.is_finite() {
            self.delta(gradient.map(|g| g / curvature), 0.0)
        } else {
            f64::NAN
        };
        let reach = normal_quantile(0.5 + 0.5 * confidence) * log_spend_se;
        let spend = if optimum.optimal_spend > 0.0 {
            // An optimum at infinity has no interval; held back, it has its cap.
            Interval::new(
                optimum.optimal_spend,
                (uncapped * exp(-reach)).min(limit),
                (uncapped * exp(reach)).min(limit),
            )
        } else {
            Interval::new(optimum.optimal_spend, f64::NAN, f64::NAN)
        };
        if self.has_baseline {
            optimum.revenue += self.baseline;
            optimum.profit += margin * self.baseline;
        }
        Ok(FitOptimum {
            optimum,
            uncapped,
            log_spend_se,
            spend,
            capped: optimum.optimal_spend == limit && (uncapped.is_nan() || uncapped > limit),
        })
    }

    /// The largest spend that an optimum may have.
    pub fn limit(&self, cap: Option<f64>, extrapolate: bool) -> f64 {
        let limit = cap.unwrap_or(f64::INFINITY);
        if extrapolate {
            limit
        } else {
            limit.min(1.5 * self.spend_range[1])
        }
    }

    /// What the data cannot show, as stable words:
    ///
    /// - `not_converged`: the search did not arrive;
    /// - `edge_of_search`: a parameter ran away, the data do not hold it;
    /// - `not_increasing`: revenue falls with spend;
    /// - `little_variation`: the standard deviation of the logarithm of spend is below 0.4, and optima are then uncertain by
    ///   a factor of two and more;
    /// - `saturation_not_seen`: the curve levels off at more than ten times the largest revenue seen;
    /// - `optimum_outside_range` (with a margin): the optimum lies beyond the spends seen;
    /// - `no_profitable_spend` (with a margin): no spend pays.
    pub fn warnings(&self, margin: Option<f64>) -> Vec<&'static str> {
        let amplitude = self.curve.values().first().copied().unwrap_or(f64::NAN);
        let best = margin.map(|margin| self.steady.best(margin, f64::INFINITY));
        let [low, high] = self.spend_range;
        let saturates = !matches!(self.model(), Model::Power | Model::Log);
        let found = [
            ("not_converged", !self.converged),
            ("edge_of_search", self.at_edge),
            ("not_increasing", amplitude <= 0.0),
            ("little_variation", self.log_sd_spend < 0.4),
            (
                "saturation_not_seen",
                saturates && amplitude > 10.0 * self.revenue_max,
            ),
            (
                "optimum_outside_range",
                best.is_some_and(|best| {
                    let spend = best.optimal_spend;
                    amplitude > 0.0 && spend != 0.0 && !(spend >= low && spend <= high)
                }),
            ),
            (
                "no_profitable_spend",
                best.is_some_and(|best| best.optimal_spend == 0.0),
            ),
        ];
        found
            .into_iter()
            .filter_map(|(word, holds)| holds.then_some(word))
            .collect()
    }
}

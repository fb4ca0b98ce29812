//! A curve from past spends.
//!
//! The amplitude and the baseline enter linearly and are solved for in closed form at every step (variable projection, Golub
//! and Pereyra 1973, with the Jacobian of Kaufman 1975); the one or two that remain are sought on the log scale by
//! Levenberg and Marquardt's method from the best points of a grid, and followed until the steps are rounding.

use super::adstock::Adstock;
use super::curve::{Curve, Model, Optimum};
use super::data::{Prepared, prepare};
use super::options::{Carry, FitOptions, Loss};
use super::search::{Kernel, Work};
use super::spread::{covariance, median, newey_west, orthogonalise};
use super::verdict::{Evidence, Verdict};
use crate::metrics::math::{exp, ln};
use crate::metrics::special::normal_quantile;
use crate::metrics::{DomainError, Interval, Rule};

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
    /// Rows left out because a number was missing, in them or, with an adstock, in the spends that still work in them.
    pub missing_rows: usize,
    /// Whether the data show a curve at all.
    pub evidence: Evidence,
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
    /// Which of the given rows were used.
    pub(super) kept: Vec<bool>,
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

/// [`fit`](super::fit) without a look at whether there is a curve: of parts of data whose whole was looked at.
pub(super) fn curve_alone(
    model: Model,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
) -> Result<Fit, DomainError> {
    match options.carry {
        Carry::None => fit_with(model, spend, revenue, options, None, false),
        Carry::Fixed(adstock) => {
            let checked = Adstock::new(adstock.theta, adstock.normalize, adstock.max_lag)?;
            let adstock = checked.starting(adstock.start)?;
            fit_with(model, spend, revenue, options, Some(adstock), false)
        }
        Carry::Estimate {
            normalize,
            max_lag,
            start,
        } => {
            let at = |theta: f64| {
                let adstock = Adstock::new(theta, normalize, max_lag)?.starting(start)?;
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
    let kernel = Kernel::of(model, options);
    if let Some(scale) = options.loss_scale {
        DomainError::check("loss_scale", Rule::Positive, scale)?;
    }
    let Some(prepared) = prepare(kernel, spend, revenue, options, adstock.as_ref())? else {
        return Ok(Fit::undefined(kernel, spend.len(), adstock));
    };
    let Prepared {
        mut columns,
        reference,
        kept,
        missing,
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
        missing_rows: missing,
        evidence: Evidence::UNDEFINED,
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
        kept,
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
            missing_rows: 0,
            evidence: Evidence::UNDEFINED,
            converged: false,
            spend_range: [f64::NAN; 2],
            revenue_max: f64::NAN,
            log_sd_spend: f64::NAN,
            log_covariance: [[f64::NAN; 4]; 4],
            at_edge: false,
            has_baseline: kernel.baseline,
            kept: vec![true; rows],
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
    /// the model's word alone. Where the data show no curve ([`Evidence::verdict`]), everything is `NaN`: a curve that was drawn
    /// through them all the same has an optimum, to any number of digits, and it says nothing.
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
        let free = self.best(margin, f64::INFINITY);
        let mut optimum = self.best(margin, limit);
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
        if self.has_baseline && self.identified() {
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

    /// Where no curve was seen, its optimum means nothing.
    pub(super) fn best(&self, margin: f64, limit: f64) -> Optimum {
        let found = self.steady.best(margin, limit);
        match self.evidence.verdict() {
            Verdict::Curve | Verdict::Unknown => found,
            // Neither the line nor the curve pays for a single unit.
            Verdict::StraightLine
                if found.optimal_spend == 0.0 && margin * self.evidence.line[1] <= 1.0 =>
            {
                found
            }
            _ => Optimum::UNDEFINED,
        }
    }

    /// Whether the data show a curve, so that its optimum is theirs.
    pub fn identified(&self) -> bool {
        matches!(self.evidence.verdict(), Verdict::Curve | Verdict::Unknown)
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
    /// - `missing_rows`: rows were left out because a number was missing;
    /// - `no_response`: revenue may have nothing to do with spend; there is no optimum;
    /// - `not_increasing`: revenue falls with spend; there is no optimum;
    /// - `straight_line`: revenue rises, but a straight line does as well as a curve, so that nothing says where more spend stops
    ///   paying; there is no optimum;
    /// - `little_variation`: the standard deviation of the logarithm of spend is below 0.4, and optima are then uncertain by
    ///   a factor of two and more;
    /// - `saturation_not_seen`: the curve levels off at more than ten times the largest revenue seen;
    /// - `optimum_outside_range` (with a margin): the optimum lies beyond the spends seen;
    /// - `no_profitable_spend` (with a margin): no spend pays.
    pub fn warnings(&self, margin: Option<f64>) -> Vec<&'static str> {
        let amplitude = self.curve.values().first().copied().unwrap_or(f64::NAN);
        let found = margin.map(|margin| self.best(margin, f64::INFINITY));
        let [low, high] = self.spend_range;
        let saturates = !matches!(self.model(), Model::Power | Model::Log);
        let verdict = self.evidence.verdict();
        let falling = verdict == Verdict::NotIncreasing;
        let found = [
            ("not_converged", !self.converged),
            ("edge_of_search", self.at_edge),
            ("missing_rows", self.missing_rows > 0),
            ("no_response", falling || verdict == Verdict::NoResponse),
            ("not_increasing", falling || amplitude <= 0.0),
            ("straight_line", verdict == Verdict::StraightLine),
            ("little_variation", self.log_sd_spend < 0.4),
            (
                "saturation_not_seen",
                saturates && amplitude > 10.0 * self.revenue_max,
            ),
            (
                "optimum_outside_range",
                self.identified()
                    && found.is_some_and(|best| {
                        let spend = best.optimal_spend;
                        amplitude > 0.0 && spend != 0.0 && !(spend >= low && spend <= high)
                    }),
            ),
            (
                "no_profitable_spend",
                found.is_some_and(|best| best.optimal_spend == 0.0),
            ),
        ];
        found
            .into_iter()
            .filter_map(|(word, holds)| holds.then_some(word))
            .collect()
    }
}

//! Response curves, fits, allocation, experiments by region.
#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::type_complexity,
    reason = "arguments come out of Python by value and results go back as rows; each function has one caller, in Python"
)]

use edgetally_core::metrics::response::{
    Adstock, Bootstrap, Carry, Draws, Fit, FitOptions, Loss, Model, Noise, Scheme, Start, compare,
    fit, leave_one_out, rolling_origin, two_point,
};
use edgetally_core::metrics::special::normal_quantile;
use edgetally_core::metrics::{DomainError, Interval, Rule};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::problem;
use crate::threads;

/// Fewer rows of resamples than this are done before a thread pays for its start.
const ROWS_PER_THREAD: usize = 50_000;

/// An interval as the constructor of ``Interval`` takes it.
type Three = (f64, f64, f64);

const fn three(interval: Interval) -> Three {
    (interval.estimate, interval.low, interval.high)
}

/// How a curve is fitted, as Python says it.
#[derive(Clone, Debug, PartialEq, FromPyObject, IntoPyObject)]
#[expect(clippy::struct_excessive_bools, reason = "switches of Python's")]
struct Options {
    #[pyo3(item)]
    baseline: bool,
    /// Whether it is known that there is no revenue without spend.
    #[pyo3(item)]
    through_origin: bool,
    #[pyo3(item)]
    weights: Option<Vec<f64>>,
    #[pyo3(item)]
    loss: String,
    #[pyo3(item)]
    loss_scale: Option<f64>,
    #[pyo3(item)]
    noise: String,
    /// A number, or ``estimate``, or nothing.
    #[pyo3(item)]
    theta: Option<f64>,
    #[pyo3(item)]
    estimate_theta: bool,
    #[pyo3(item)]
    normalize: bool,
    #[pyo3(item)]
    max_lag: Option<usize>,
    /// The spend of every period before the first row, or the first row's.
    #[pyo3(item)]
    initial: f64,
    #[pyo3(item)]
    steady: bool,
    #[pyo3(item)]
    newey_west: Option<usize>,
    #[pyo3(item)]
    n_boot: u64,
    #[pyo3(item)]
    block: Option<usize>,
    #[pyo3(item)]
    series: bool,
    #[pyo3(item)]
    seed: u64,
}

impl Options {
    fn core(&self) -> Result<FitOptions<'_>, DomainError> {
        let (normalize, max_lag) = (self.normalize, self.max_lag);
        let start = start(self.initial, self.steady);
        Ok(FitOptions {
            baseline: self.baseline,
            through_origin: self.through_origin,
            weights: self.weights.as_deref(),
            loss: Loss::parse(&self.loss)?,
            loss_scale: self.loss_scale,
            noise: Noise::parse(&self.noise)?,
            carry: if self.estimate_theta {
                Carry::Estimate {
                    normalize,
                    max_lag,
                    start,
                }
            } else if let Some(theta) = self.theta {
                Carry::Fixed(Adstock::new(theta, normalize, max_lag)?.starting(start)?)
            } else {
                Carry::None
            },
            periods: self.series,
            newey_west: self.newey_west,
        })
    }
}

/// What was spent before the first row.
fn start(initial: f64, steady: bool) -> Start {
    if steady {
        Start::Steady
    } else if initial == 0.0 {
        Start::Zero
    } else {
        Start::Level(initial)
    }
}

/// A fitted curve with its data and its resamples.
#[pyclass(frozen, module = "edgetally._edgetally")]
#[derive(Debug)]
pub(crate) struct ResponseModel {
    fit: Fit,
    draws: Option<Draws>,
    spend: Vec<f64>,
    revenue: Vec<f64>,
    options: Options,
}

impl ResponseModel {
    fn bootstrap(&self, threads: usize) -> Result<Option<Draws>, DomainError> {
        if self.options.n_boot == 0 {
            return Ok(None);
        }
        let scheme = match self.options.block {
            Some(length) => Scheme::MovingBlock(length),
            None if self.options.series => Scheme::series(self.fit.rows),
            None => Scheme::Case,
        };
        let options = self.options.core()?;
        let (spend, revenue) = (&self.spend, &self.revenue);
        let bootstrap = Bootstrap::new(
            &self.fit,
            spend,
            revenue,
            &options,
            scheme,
            self.options.seed,
        )?;
        let total = self.options.n_boot;
        let size = total.div_ceil(threads as u64).max(1);
        let parts = (0..total.div_ceil(size))
            .map(|place| place * size..total.min((place + 1) * size))
            .collect();
        let drawn = threads::each(parts, |part| bootstrap.draws(part));
        Ok(drawn.into_iter().reduce(|mut all, more| {
            all.extend(more);
            all
        }))
    }

    fn named<'py>(
        &self,
        py: Python<'py>,
        values: impl IntoIterator<Item = f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        let names = self.fit.model().parameters().iter().copied();
        let names = names.chain(self.fit.has_baseline().then_some("baseline"));
        for (name, value) in names.zip(values) {
            found.set_item(name, value)?;
        }
        Ok(found)
    }

    /// Whether the rows lie on the curve but for rounding: then nothing measures how uncertain it is.
    fn exact(&self) -> bool {
        let scale = if self.options.noise == "multiplicative" {
            1.0
        } else {
            let known = self.revenue.iter().filter(|revenue| !revenue.is_nan());
            known.fold(0.0, |most: f64, revenue| most.max(revenue.abs()))
        };
        let weight = match &self.options.weights {
            Some(weights) => weights.iter().filter(|weight| !weight.is_nan()).sum(),
            None => f64::from(u32::try_from(self.fit.rows).unwrap_or(u32::MAX)),
        };
        let (error, rounding) = (self.fit.rss.sqrt(), 1e-12 * scale * f64::sqrt(weight));
        error.is_nan() || error <= rounding
    }

    /// The percentile interval where there are resamples, else the linearised one.
    fn interval(
        &self,
        (estimate, error): (f64, f64),
        confidence: f64,
        drawn: impl Fn(&Draws) -> Result<[f64; 2], DomainError>,
    ) -> Result<Interval, DomainError> {
        DomainError::check("confidence", Rule::Confidence, confidence)?;
        if self.exact() {
            return Ok(Interval::new(estimate, f64::NAN, f64::NAN));
        }
        if let Some(draws) = &self.draws {
            let [low, high] = drawn(draws)?;
            return Ok(Interval::new(estimate, low, high));
        }
        let reach = normal_quantile(0.5 + 0.5 * confidence) * error;
        Ok(Interval::new(estimate, estimate - reach, estimate + reach))
    }
}

/// Columns of estimates, lower and upper ends.
type Columns = (Vec<f64>, Vec<f64>, Vec<f64>);

fn columns(intervals: Vec<Interval>) -> Columns {
    let mut all = (Vec::new(), Vec::new(), Vec::new());
    for interval in intervals {
        all.0.push(interval.estimate);
        all.1.push(interval.low);
        all.2.push(interval.high);
    }
    all
}

/// A class and what it is called with to make the object again.
type Pickled<'py> = PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)>;

#[pymethods]
impl ResponseModel {
    #[new]
    #[pyo3(signature = (model, spend, revenue, options, threads=None, /))]
    fn new(
        py: Python<'_>,
        model: &str,
        spend: Vec<f64>,
        revenue: Vec<f64>,
        options: Options,
        threads: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let resamples = usize::try_from(options.n_boot).unwrap_or(usize::MAX);
        let rows = resamples.saturating_mul(spend.len());
        let threads = threads::count(threads, rows, ROWS_PER_THREAD)?;
        py.detach(|| {
            let core = options.core()?;
            let found = if model == "auto" {
                compare(&Model::ALL, &spend, &revenue, &core)?
                    .candidates
                    .into_iter()
                    .next()
                    .map(|candidate| candidate.fit)
            } else {
                Some(fit(Model::parse(model)?, &spend, &revenue, &core)?)
            };
            let Some(fit) = found else {
                return Err(DomainError::whole("model", Rule::OneOf(Model::NAMES)));
            };
            let mut this = Self {
                fit,
                draws: None,
                spend,
                revenue,
                options,
            };
            this.draws = this.bootstrap(threads)?;
            Ok(this)
        })
        .map_err(problem::domain)
    }

    #[getter]
    fn model(&self) -> &'static str {
        self.fit.model().name()
    }

    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values = self.fit.curve.values().iter().copied();
        self.named(py, values.chain([self.fit.baseline]))
    }

    fn std_errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.named(py, self.fit.std_errors.iter().copied())
    }

    fn covariance(&self) -> Vec<Vec<f64>> {
        self.fit.covariance.clone()
    }

    /// rss, sigma, r2, aic, aicc, bic, rows, converged, baseline, theta, log-sd of spend, failed resamples.
    fn numbers(
        &self,
    ) -> (
        (f64, f64, f64, f64, f64, f64),
        (usize, bool, f64, f64, f64, usize),
    ) {
        let fit = &self.fit;
        (
            (fit.rss, fit.sigma, fit.r2, fit.aic, fit.aicc, fit.bic),
            (
                fit.rows,
                fit.converged,
                fit.baseline,
                fit.adstock.map_or(f64::NAN, |adstock| adstock.theta),
                fit.log_sd_spend,
                self.draws.as_ref().map_or(0, Draws::failed),
            ),
        )
    }

    /// What the data show: the verdict, the p-values of a response, of a fall and of saturation, the constant, the line's base and
    /// slope, and the rows left out.
    fn evidence(&self) -> (&'static str, (f64, f64, f64), f64, (f64, f64), usize) {
        let evidence = &self.fit.evidence;
        let [base, slope] = evidence.line;
        (
            evidence.verdict().name(),
            (evidence.response, evidence.falling, evidence.saturation),
            evidence.constant,
            (base, slope),
            self.fit.missing_rows,
        )
    }

    /// The percentile intervals of the parameters, or the linearised ones.
    fn params_interval(&self, confidence: f64) -> PyResult<Vec<Three>> {
        let values = self.fit.curve.values().iter().copied();
        let values = values.chain([self.fit.baseline]).zip(&self.fit.std_errors);
        let drawn = match &self.draws {
            Some(draws) => Some(draws.parameters(confidence).map_err(problem::domain)?),
            None => None,
        };
        values
            .enumerate()
            .map(|(place, (value, error))| {
                let ends = drawn.as_ref().and_then(|all| all.get(place)).copied();
                self.interval((value, *error), confidence, |_| {
                    Ok(ends.unwrap_or([f64::NAN; 2]))
                })
                .map(three)
                .map_err(problem::domain)
            })
            .collect()
    }

    /// The optimum within the cap: spend, revenue, profit, slope; spend uncapped, the error of its logarithm, the
    /// linearised interval and that of the resamples; whether it is capped.
    fn optimum(
        &self,
        py: Python<'_>,
        margin: f64,
        cap: Option<f64>,
        extrapolate: bool,
        confidence: f64,
    ) -> PyResult<((f64, f64, f64, f64), f64, f64, Three, Three, bool)> {
        py.detach(|| {
            let best = self.fit.optimum(margin, cap, extrapolate, confidence)?;
            let limit = self.fit.limit(cap, extrapolate);
            // Resamples of a curve that the data do not show have optima too.
            let [low, high] = match &self.draws {
                Some(draws) if self.fit.identified() => {
                    draws.optimal_spend(margin, limit, confidence)?
                }
                _ => [f64::NAN; 2],
            };
            // Both ends at the limit say that it lies there or beyond, and not how sure that is.
            let sure = |[low, high]: [f64; 2]| {
                !(self.exact() || (low.to_bits() == high.to_bits() && low > 0.0))
            };
            let ends = |ends| if sure(ends) { ends } else { [f64::NAN; 2] };
            let [low, high] = ends([low, high]);
            let [delta_low, delta_high] = ends([best.spend.low, best.spend.high]);
            let optimum = best.optimum;
            Ok((
                (
                    optimum.optimal_spend,
                    optimum.revenue,
                    optimum.profit,
                    optimum.marginal_roas,
                ),
                best.uncapped,
                best.log_spend_se,
                (best.spend.estimate, delta_low, delta_high),
                (optimum.optimal_spend, low, high),
                best.capped,
            ))
        })
        .map_err(problem::domain)
    }

    /// Revenue at each spend.
    fn predict(&self, py: Python<'_>, spend: Vec<f64>, confidence: f64) -> PyResult<Columns> {
        py.detach(|| {
            DomainError::check_all("spend", Rule::NonNegative, &spend)?;
            let at = |spend: &f64| {
                self.interval(self.fit.predict(*spend)?, confidence, |draws| {
                    draws.revenue(*spend, confidence)
                })
            };
            spend
                .iter()
                .map(at)
                .collect::<Result<Vec<_>, _>>()
                .map(columns)
        })
        .map_err(problem::domain)
    }

    /// The marginal return at each spend.
    fn marginal_roas(&self, py: Python<'_>, spend: Vec<f64>, confidence: f64) -> PyResult<Columns> {
        py.detach(|| {
            DomainError::check_all("spend", Rule::NonNegative, &spend)?;
            let at = |spend: &f64| {
                self.interval(self.fit.marginal_roas(*spend)?, confidence, |draws| {
                    draws.marginal_roas(*spend, confidence)
                })
            };
            spend
                .iter()
                .map(at)
                .collect::<Result<Vec<_>, _>>()
                .map(columns)
        })
        .map_err(problem::domain)
    }

    /// The marginal return at a spend and its linearised standard error.
    fn marginal_roas_error(&self, spend: f64) -> PyResult<(f64, f64)> {
        self.fit.marginal_roas(spend).map_err(problem::domain)
    }

    fn warnings(&self, margin: Option<f64>) -> Vec<&'static str> {
        let mut words = self.fit.warnings(margin);
        if self.exact() {
            words.push("exact_fit");
        }
        words
    }

    /// The curve over a steady spend, as ``allocate`` takes it.
    fn steady(&self) -> (&'static str, Vec<f64>) {
        (self.model(), self.fit.steady.values().to_vec())
    }

    /// Spend, revenue and options, to try other models on.
    fn data(&self) -> (Vec<f64>, Vec<f64>, Options) {
        (
            self.spend.clone(),
            self.revenue.clone(),
            self.options.clone(),
        )
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.model() == other.model()
            && self.spend == other.spend
            && self.revenue == other.revenue
            && self.options == other.options
    }

    fn __hash__(&self) -> u64 {
        self.fit.rss.to_bits()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Pickled<'py> {
        let (py, this) = (slf.py(), slf.get());
        let (spend, revenue, options) = this.data();
        Ok((
            slf.get_type(),
            (this.model(), spend, revenue, options).into_pyobject(py)?,
        ))
    }
}

/// Candidates in the order of their corrected criterion: name, delta, weight, aic, aicc, bic, optimal spend, and the errors of
/// leaving one out and of rolling on. Then the averaged optimum, the criteria of the constant and of the straight line, the
/// verdict and whether rows were left out.
#[pyfunction]
fn response_compare(
    py: Python<'_>,
    models: Vec<String>,
    spend: Vec<f64>,
    revenue: Vec<f64>,
    options: Options,
    margin: Option<f64>,
    extrapolate: bool,
    cross_validate: bool,
) -> PyResult<(
    Vec<(&'static str, f64, f64, (f64, f64, f64), f64, (f64, f64))>,
    f64,
    (f64, f64),
    (&'static str, bool),
)> {
    py.detach(|| {
        let core = options.core()?;
        let models = models
            .iter()
            .map(|name| Model::parse(name))
            .collect::<Result<Vec<_>, _>>()?;
        let found = compare(&models, &spend, &revenue, &core)?;
        let limit = found
            .best()
            .map_or(f64::INFINITY, |fit| fit.limit(None, extrapolate));
        let average = match margin {
            Some(margin) => found.averaged_optimal_spend(margin, limit)?,
            None => f64::NAN,
        };
        let rows = found
            .candidates
            .iter()
            .map(|candidate| {
                let fit = &candidate.fit;
                let errors = if cross_validate {
                    (
                        leave_one_out(fit.model(), &spend, &revenue, &core)?,
                        rolling_origin(fit.model(), &spend, &revenue, &core)?,
                    )
                } else {
                    (f64::NAN, f64::NAN)
                };
                let best = match margin {
                    Some(margin) => fit.optimum(margin, None, extrapolate, 0.95)?.spend.estimate,
                    None => f64::NAN,
                };
                Ok((
                    fit.model().name(),
                    candidate.delta_aicc,
                    candidate.weight,
                    (fit.aic, fit.aicc, fit.bic),
                    best,
                    errors,
                ))
            })
            .collect::<Result<Vec<_>, DomainError>>()?;
        let nothing = (f64::NAN, f64::NAN);
        let (yardsticks, verdict) = found.best().map_or((nothing, ("unknown", false)), |fit| {
            let evidence = &fit.evidence;
            (
                (evidence.constant_aicc, evidence.line_aicc),
                (evidence.verdict().name(), fit.missing_rows > 0),
            )
        });
        Ok((rows, average, yardsticks, verdict))
    })
    .map_err(problem::domain)
}

/// The parameters of the curve through two points.
#[pyfunction]
fn response_two_point<'py>(
    py: Python<'py>,
    model: &str,
    spend: Vec<f64>,
    revenue: Vec<f64>,
) -> PyResult<Bound<'py, PyDict>> {
    let two = |name, values: Vec<f64>| {
        <[f64; 2]>::try_from(values).map_err(|_| {
            problem::domain(DomainError::whole(
                name,
                Rule::Other("not_two", "does not have exactly two rows"),
            ))
        })
    };
    let model = Model::parse(model).map_err(problem::domain)?;
    let (spend, revenue) = (two("spend", spend)?, two("revenue", revenue)?);
    let curve = two_point(model, spend, revenue).map_err(problem::domain)?;
    let found = PyDict::new(py);
    for (name, value) in curve.params() {
        found.set_item(name, value)?;
    }
    Ok(found)
}

/// The adstock of each period.
#[pyfunction]
fn response_adstock(
    spend: Vec<f64>,
    theta: f64,
    normalize: bool,
    max_lag: Option<usize>,
    initial: f64,
    steady: bool,
) -> PyResult<Vec<f64>> {
    Adstock::new(theta, normalize, max_lag)
        .and_then(|adstock| adstock.starting(start(initial, steady)))
        .and_then(|adstock| adstock.apply(&spend))
        .map_err(problem::domain)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ResponseModel>()?;
    module.add_function(wrap_pyfunction!(response_compare, module)?)?;
    module.add_function(wrap_pyfunction!(response_two_point, module)?)?;
    module.add_function(wrap_pyfunction!(response_adstock, module)?)
}

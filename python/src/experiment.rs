//! Power, sequential tests, sample ratio, revenue per user, segments.
#![expect(
    clippy::needless_pass_by_value,
    reason = "what Python passes is extracted by value"
)]

use edgetally_core::metrics::multiplicity;
use edgetally_core::metrics::revenue::{self, Moments, PairMoments, Summary};
use edgetally_core::metrics::segments::{self, Groups};
use edgetally_core::metrics::sequential::{self, Kind, Simulation};
use edgetally_core::metrics::srm;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::problem;
use crate::record::Interval;

type Column<'py> = PyReadonlyArray1<'py, f64>;
type Numbers = Py<PyArray1<f64>>;
type Answers = Py<PyArray1<bool>>;

fn numbers(py: Python<'_>, column: Vec<f64>) -> Numbers {
    PyArray1::from_vec(py, column).unbind()
}

type Srm = (f64, f64, f64, f64, f64, f64, f64, f64, bool);

/// Checks observed counts against the planned weights.
#[pyfunction]
fn _srm(observed: Vec<f64>, weights: Vec<f64>) -> PyResult<Srm> {
    let got = srm::srm(&observed, &weights).map_err(problem::domain)?;
    Ok((
        got.chi2,
        got.df,
        got.p_value,
        got.p_exact_binomial,
        got.log_bayes_factor_k100,
        got.p_sequential_k100,
        got.log_bayes_factor_k10000,
        got.p_sequential_k10000,
        got.mismatch,
    ))
}

/// Adjusts p-values: six columns of p-values and two of answers.
#[pyfunction]
fn _adjust_pvalues(
    py: Python<'_>,
    p_values: Column<'_>,
    alpha: f64,
) -> PyResult<([Numbers; 6], [Answers; 2])> {
    let p_values = p_values.as_slice()?;
    let got = py
        .detach(|| multiplicity::adjust(p_values, alpha))
        .map_err(problem::domain)?;
    Ok((
        [
            got.holm,
            got.fdr_bh,
            got.bonferroni,
            got.hommel,
            got.fdr_by,
            got.simes_hochberg,
        ]
        .map(|column| numbers(py, column)),
        [got.reject_holm, got.reject_bh].map(|column| PyArray1::from_vec(py, column).unbind()),
    ))
}

/// Users, mean and standard deviation of a column.
fn arm(moments: &Moments) -> (f64, f64, f64) {
    let Summary { n, mean, sd } = moments.summary();
    (n, mean, sd)
}

/// Each arm's users, mean and standard deviation, after a cut at a shared quantile if there is one; the cap and how many were cut.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "the fields of one result")]
fn _winsorized(
    py: Python<'_>,
    exposed: Column<'_>,
    holdout: Column<'_>,
    quantile: Option<f64>,
) -> PyResult<((f64, f64, f64), (f64, f64, f64), f64, usize, usize)> {
    let (exposed, holdout) = (exposed.as_slice()?, holdout.as_slice()?);
    // A quantile of 1 cuts nothing, and checks the values.
    let got = py
        .detach(|| revenue::winsorize(exposed, holdout, quantile.unwrap_or(1.0)))
        .map_err(problem::domain)?;
    let cap = if quantile.is_some() {
        got.cap
    } else {
        f64::NAN
    };
    Ok((
        arm(&got.exposed),
        arm(&got.holdout),
        cap,
        got.exposed_capped,
        got.holdout_capped,
    ))
}

type Ratio = (
    f64,
    f64,
    f64,
    f64,
    f64,
    f64,
    f64,
    f64,
    Py<Interval>,
    Py<Interval>,
);

/// The lift of a ratio of sums.
#[pyfunction]
fn _ratio_metric(
    py: Python<'_>,
    exposed_num: Column<'_>,
    exposed_den: Column<'_>,
    holdout_num: Column<'_>,
    holdout_den: Column<'_>,
    confidence: f64,
) -> PyResult<Ratio> {
    let (a, b) = (exposed_num.as_slice()?, exposed_den.as_slice()?);
    let (c, d) = (holdout_num.as_slice()?, holdout_den.as_slice()?);
    let got = py
        .detach(|| {
            let exposed = PairMoments::from_values(a, b, "exposed_den", "exposed_num")?;
            let holdout = PairMoments::from_values(c, d, "holdout_den", "holdout_num")?;
            revenue::ratio_metric(&exposed, &holdout, confidence)
        })
        .map_err(problem::domain)?;
    Ok((
        got.ratio_exposed,
        got.se_exposed,
        got.ratio_holdout,
        got.se_holdout,
        got.diff.estimate,
        got.se,
        got.z,
        got.p_value,
        Interval::of(py, got.diff)?,
        Interval::of(py, got.rel_lift)?,
    ))
}

type Adjusted = (
    f64,
    f64,
    f64,
    f64,
    f64,
    f64,
    Py<Interval>,
    f64,
    f64,
    f64,
    f64,
    f64,
);
type Cuped = (Adjusted, Adjusted, f64, f64, Py<Interval>, f64, f64);

fn adjusted(py: Python<'_>, got: &revenue::Adjustment) -> PyResult<Adjusted> {
    Ok((
        got.theta,
        got.mean_exposed,
        got.mean_holdout,
        got.var_exposed,
        got.var_holdout,
        got.welch.diff.estimate,
        Interval::of(py, got.welch.diff)?,
        got.welch.se,
        got.welch.t,
        got.welch.df,
        got.welch.p_value,
        got.variance_reduction,
    ))
}

fn both(py: Python<'_>, got: &revenue::Cuped) -> PyResult<Cuped> {
    Ok((
        adjusted(py, &got.within_arm)?,
        adjusted(py, &got.pooled)?,
        got.raw.diff.estimate,
        got.raw.p_value,
        Interval::of(py, got.raw.diff)?,
        got.within_arm.variance_reduction,
        got.pooled.variance_reduction,
    ))
}

/// CUPED from the values of single users.
#[pyfunction]
fn _cuped(
    py: Python<'_>,
    exposed_y: Column<'_>,
    exposed_x: Column<'_>,
    holdout_y: Column<'_>,
    holdout_x: Column<'_>,
    confidence: f64,
) -> PyResult<Cuped> {
    let (a, b) = (exposed_y.as_slice()?, exposed_x.as_slice()?);
    let (c, d) = (holdout_y.as_slice()?, holdout_x.as_slice()?);
    let got = py
        .detach(|| {
            let exposed = PairMoments::from_values(a, b, "exposed_x", "exposed_y")?;
            let holdout = PairMoments::from_values(c, d, "holdout_x", "holdout_y")?;
            revenue::cuped(&exposed, &holdout, confidence)
        })
        .map_err(problem::domain)?;
    both(py, &got)
}

/// CUPED from each arm's users and sums: y, x, y², x², xy.
#[pyfunction]
fn _cuped_from_sums(
    py: Python<'_>,
    exposed: [f64; 6],
    holdout: [f64; 6],
    confidence: f64,
) -> PyResult<Cuped> {
    let arm = |[users, y, x, yy, xx, xy]: [f64; 6]| {
        PairMoments::from_sums(users, [y, x], [yy, xx], xy).map_err(problem::domain)
    };
    let got =
        revenue::cuped(&arm(exposed)?, &arm(holdout)?, confidence).map_err(problem::domain)?;
    both(py, &got)
}

type SegmentLift = (
    [Numbers; 5],
    [Numbers; 3],
    [Answers; 2],
    f64,
    Py<Interval>,
    Py<Interval>,
    f64,
    f64,
    f64,
    bool,
);

/// The lift of each group of rows and of all.
#[pyfunction]
fn _segment_lift(
    py: Python<'_>,
    group: Vec<usize>,
    exposed_users: Column<'_>,
    exposed_conversions: Column<'_>,
    holdout_users: Column<'_>,
    holdout_conversions: Column<'_>,
    confidence: f64,
) -> PyResult<(SegmentLift, [Numbers; 4])> {
    let groups = Groups::of(&group);
    let sums = |column: &Column<'_>| column.as_slice().map(|column| groups.sums(column));
    let columns = [
        sums(&exposed_users)?,
        sums(&exposed_conversions)?,
        sums(&holdout_users)?,
        sums(&holdout_conversions)?,
    ];
    let [n1, x1, n0, x0] = &columns;
    let got = segments::segment_lift(n1, x1, n0, x0, confidence).map_err(problem::domain)?;
    let lift = (
        [
            got.per_segment_abs_lift,
            got.per_segment_abs_ci
                .iter()
                .map(|ci| ci.estimate)
                .collect(),
            got.per_segment_abs_ci.iter().map(|ci| ci.low).collect(),
            got.per_segment_abs_ci.iter().map(|ci| ci.high).collect(),
            got.per_segment_rel_lift,
        ]
        .map(|column| numbers(py, column)),
        [got.p_score, got.adjusted.holm, got.adjusted.fdr_bh].map(|column| numbers(py, column)),
        [got.adjusted.reject_holm, got.adjusted.reject_bh]
            .map(|column| PyArray1::from_vec(py, column).unbind()),
        got.pooled_abs_lift,
        Interval::of(py, got.stratified_abs_lift_exposed_weights)?,
        Interval::of(py, got.mantel_haenszel_diff)?,
        got.heterogeneity_q,
        got.heterogeneity_df,
        got.heterogeneity_p,
        got.simpson_warning,
    );
    Ok((lift, columns.map(|column| numbers(py, column))))
}

/// Return on ad spend of each group of rows and of all: roas, revenue, spend, the mean of the rows' ratios; the total.
#[pyfunction]
fn _segment_roas(
    py: Python<'_>,
    group: Vec<usize>,
    spend: Column<'_>,
    revenue: Column<'_>,
) -> PyResult<([Numbers; 4], f64)> {
    let groups = Groups::of(&group);
    let (spend, revenue) = (spend.as_slice()?, revenue.as_slice()?);
    let got = segments::segment_roas(spend, revenue, &groups).map_err(problem::domain)?;
    Ok((
        [got.roas, got.revenue, got.spend, got.mean_of_ratios].map(|column| numbers(py, column)),
        got.total,
    ))
}

/// Plays tests with looks.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the settings of a simulation")]
fn _sequential_simulation(
    py: Python<'_>,
    exposed_rate: f64,
    holdout_rate: f64,
    exposed_users_per_look: u32,
    holdout_users_per_look: u32,
    looks: u32,
    tau: Option<f64>,
    tuning: f64,
    alpha: f64,
    repetitions: u32,
    seed: u64,
) -> PyResult<(f64, f64, f64, f64, f64)> {
    let kind = tau.map_or(Kind::AsymptoticCs { tuning }, |tau| Kind::Msprt { tau });
    let test = Simulation {
        exposed_rate,
        holdout_rate,
        exposed_users_per_look,
        holdout_users_per_look,
        looks,
        kind,
        alpha,
        repetitions,
        seed,
    };
    let got = py
        .detach(|| sequential::simulate(test))
        .map_err(problem::domain)?;
    Ok((
        got.rejected,
        got.missed,
        got.naive,
        got.fixed,
        got.mean_stop,
    ))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_srm, module)?)?;
    module.add_function(wrap_pyfunction!(_adjust_pvalues, module)?)?;
    module.add_function(wrap_pyfunction!(_winsorized, module)?)?;
    module.add_function(wrap_pyfunction!(_ratio_metric, module)?)?;
    module.add_function(wrap_pyfunction!(_cuped, module)?)?;
    module.add_function(wrap_pyfunction!(_cuped_from_sums, module)?)?;
    module.add_function(wrap_pyfunction!(_segment_lift, module)?)?;
    module.add_function(wrap_pyfunction!(_segment_roas, module)?)?;
    module.add_function(wrap_pyfunction!(_sequential_simulation, module)?)
}

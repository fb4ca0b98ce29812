//! Revenue per user: values, ratio metrics, CUPED.
#![expect(
    clippy::needless_pass_by_value,
    reason = "what Python passes is extracted by value"
)]

use edgetally_core::metrics::revenue::{self, Moments, PairMoments, SumNames, Summary};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use crate::problem;
use crate::record::Interval;

type Column<'py> = PyReadonlyArray1<'py, f64>;

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
/// The fields, and the relative lift: a tuple has at most twelve parts.
type WithRelative = (Adjusted, Py<Interval>);
type Cuped = (
    WithRelative,
    WithRelative,
    f64,
    f64,
    Py<Interval>,
    f64,
    f64,
    bool,
);

fn adjusted(py: Python<'_>, got: &revenue::Adjustment) -> PyResult<WithRelative> {
    let fields = (
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
    );
    Ok((fields, Interval::of(py, got.rel_lift)?))
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
        got.constant_covariate,
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

/// How an error names the six numbers of an arm.
const EXPOSED: SumNames = [
    "exposed[0] (users)",
    "exposed[1] (sum of y)",
    "exposed[2] (sum of x)",
    "exposed[3] (sum of y squared)",
    "exposed[4] (sum of x squared)",
    "exposed[5] (sum of x times y)",
];
const HOLDOUT: SumNames = [
    "holdout[0] (users)",
    "holdout[1] (sum of y)",
    "holdout[2] (sum of x)",
    "holdout[3] (sum of y squared)",
    "holdout[4] (sum of x squared)",
    "holdout[5] (sum of x times y)",
];

/// CUPED from each arm's users and sums: y, x, y², x², xy.
#[pyfunction]
fn _cuped_from_sums(
    py: Python<'_>,
    exposed: [f64; 6],
    holdout: [f64; 6],
    confidence: f64,
) -> PyResult<Cuped> {
    let arm = |names, [users, y, x, yy, xx, xy]: [f64; 6]| {
        PairMoments::from_sums(names, users, [y, x], [yy, xx], xy).map_err(problem::domain)
    };
    let got = revenue::cuped(&arm(EXPOSED, exposed)?, &arm(HOLDOUT, holdout)?, confidence)
        .map_err(problem::domain)?;
    both(py, &got)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_winsorized, module)?)?;
    module.add_function(wrap_pyfunction!(_ratio_metric, module)?)?;
    module.add_function(wrap_pyfunction!(_cuped, module)?)?;
    module.add_function(wrap_pyfunction!(_cuped_from_sums, module)?)
}

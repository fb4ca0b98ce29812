//! Lift and return by segment.
#![expect(
    clippy::needless_pass_by_value,
    reason = "what Python passes is extracted by value"
)]

use edgetally_core::metrics::segments::{self, Groups};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::problem;
use crate::record::Interval;

type Column<'py> = PyReadonlyArray1<'py, f64>;
type Numbers = Py<PyArray1<f64>>;

fn numbers(py: Python<'_>, column: Vec<f64>) -> Numbers {
    PyArray1::from_vec(py, column).unbind()
}
type Answers = Py<PyArray1<bool>>;

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

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_segment_lift, module)?)?;
    module.add_function(wrap_pyfunction!(_segment_roas, module)?)
}

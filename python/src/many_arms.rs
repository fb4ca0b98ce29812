//! Several arms against one holdout.
#![expect(
    clippy::needless_pass_by_value,
    reason = "what Python passes is extracted by value"
)]

use edgetally_core::metrics::Interval;
use edgetally_core::metrics::many_arms;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::problem;

type Column<'py> = PyReadonlyArray1<'py, f64>;
type Numbers = Py<PyArray1<f64>>;

fn numbers(py: Python<'_>, column: Vec<f64>) -> Numbers {
    PyArray1::from_vec(py, column).unbind()
}

/// Estimates, lower ends and upper ends.
fn ends(py: Python<'_>, column: &[Interval]) -> [Numbers; 3] {
    let of = |part: fn(&Interval) -> f64| numbers(py, column.iter().map(part).collect());
    [of(|x| x.estimate), of(|x| x.low), of(|x| x.high)]
}

/// Each arm against the holdout: differences, relative lifts; z, p-values, adjusted by Dunnett and by Holm; the critical value.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "the fields of one result")]
fn _many_arms(
    py: Python<'_>,
    users: Column<'_>,
    conversions: Column<'_>,
    holdout_users: f64,
    holdout_conversions: f64,
    confidence: f64,
) -> PyResult<([Numbers; 3], [Numbers; 3], [Numbers; 4], f64)> {
    let (users, conversions) = (users.as_slice()?, conversions.as_slice()?);
    let got = py
        .detach(|| {
            many_arms::many_arms(
                users,
                conversions,
                holdout_users,
                holdout_conversions,
                confidence,
            )
        })
        .map_err(problem::domain)?;
    Ok((
        ends(py, &got.diff),
        ends(py, &got.rel_lift),
        [got.z, got.p_value, got.p_dunnett, got.p_holm].map(|column| numbers(py, column)),
        got.critical,
    ))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_many_arms, module)?)
}

//! P-values adjusted for their number.
#![expect(
    clippy::needless_pass_by_value,
    reason = "what Python passes is extracted by value"
)]

use edgetally_core::metrics::multiplicity;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::problem;

type Column<'py> = PyReadonlyArray1<'py, f64>;
type Numbers = Py<PyArray1<f64>>;

fn numbers(py: Python<'_>, column: Vec<f64>) -> Numbers {
    PyArray1::from_vec(py, column).unbind()
}
type Answers = Py<PyArray1<bool>>;

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

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_adjust_pvalues, module)?)
}

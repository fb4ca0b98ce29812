//! Sample ratio mismatch.
#![expect(
    clippy::needless_pass_by_value,
    reason = "what Python passes is extracted by value"
)]

use edgetally_core::metrics::srm;
use pyo3::prelude::*;

use crate::problem;

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

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_srm, module)?)
}

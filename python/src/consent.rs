//! Consent strings explained.

use edgetally_core::base::time::UnixMillis;
use edgetally_core::intake::explain::Question;
use pyo3::prelude::*;

use crate::problem;

/// What signals of consent mean, and what each platform would get: a question and its answer, both JSON.
#[pyfunction]
#[pyo3(signature = (question, now_ms, /))]
fn _explain_consent(question: &str, now_ms: i64) -> PyResult<String> {
    let question = Question::read(question.as_bytes()).map_err(problem::question)?;
    Ok(question.told(UnixMillis(now_ms)))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_explain_consent, module)?)
}

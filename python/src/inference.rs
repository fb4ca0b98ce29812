//! P-values and posterior probabilities of two rates.

use pyo3::prelude::*;

#[expect(clippy::unnecessary_wraps, reason = "filled by its subject")]
pub(crate) fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

//! `edgetally._edgetally`: the core's spellings and digests for Python.
//!
//! Nothing is decided here. [`dialect`] says which of the core's spellings a platform asks for, [`column`] moves text in and
//! out of Python (many rows at once, without the interpreter's lock), [`identity`] is the list of functions, and
//! [`problem`] the one exception.

#![expect(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "the doc comments of functions are Python's docstrings, with Python's lists in their examples"
)]

mod allocate;
mod calculator;
mod column;
mod consent;
mod dialect;
mod geo;
mod identity;
mod many_arms;
mod money;
mod multiplicity;
mod problem;
mod receipts;
mod record;
mod releases;
mod response;
mod revenue;
mod segments;
mod sequential;
mod srm;
mod threads;
mod totals;
mod touch;

use pyo3::prelude::*;

/// Identifiers spelled and hashed as advertising and analytics platforms want them.
#[pymodule]
fn _edgetally(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    problem::register(module)?;
    receipts::register(module)?;
    record::register(module)?;
    releases::register(module)?;
    calculator::register(module)?;
    consent::register(module)?;
    dialect::register(module)?;
    identity::register(module)?;
    many_arms::register(module)?;
    multiplicity::register(module)?;
    revenue::register(module)?;
    segments::register(module)?;
    sequential::register(module)?;
    srm::register(module)?;
    response::register(module)?;
    geo::register(module)?;
    allocate::register(module)?;
    money::register(module)?;
    touch::register(module)?;
    totals::register(module)?;
    Ok(())
}

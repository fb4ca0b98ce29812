//! Receipts of consent decisions, verified by the core.

use edgetally_core::ledger::verify::{Chain, Verified, Verifier};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::problem::{Code, Problem};

/// A chain: source, day, count and head.
type Ends = Vec<(String, String, i64, String)>;

/// How many receipts, the chains, those that were forgotten, the problems, and all of it for people.
type Found = (
    usize,
    Ends,
    Ends,
    Vec<(usize, &'static str, String)>,
    String,
);

/// Hands over lines of text or bytes. Bytes that are no text are a line that nobody wrote.
fn each(lines: &Bound<'_, PyAny>, name: &str, mut take: impl FnMut(&str)) -> PyResult<()> {
    for line in lines.try_iter()? {
        let line = line?;
        if let Ok(bytes) = line.cast::<PyBytes>() {
            take(std::str::from_utf8(bytes.as_bytes()).unwrap_or("?"));
        } else if let Ok(text) = line.cast::<PyString>() {
            take(text.to_str().unwrap_or("?"));
        } else {
            let message = format!("{name} has a line that is neither text nor bytes");
            return Err(Problem::new(Code::WrongType, message).into());
        }
    }
    Ok(())
}

/// Verifies the lines of an export against each other, and against heads that were noted elsewhere.
#[pyfunction]
fn _verify_receipts(lines: &Bound<'_, PyAny>, heads: &Bound<'_, PyAny>) -> PyResult<Found> {
    let mut verifier = Verifier::default();
    each(lines, "lines", |line| verifier.line(line))?;
    each(heads, "heads", |line| verifier.head(line))?;
    let found = verifier.finish();
    let text = found.to_string();
    let Verified {
        receipts,
        chains,
        forgotten,
        problems,
    } = found;
    let ends = |chains: Vec<Chain>| -> Ends {
        let chains = chains.into_iter();
        chains
            .map(|of| (of.source, of.day, of.count, of.head))
            .collect()
    };
    let problems = problems.into_iter();
    Ok((
        receipts,
        ends(chains),
        ends(forgotten),
        problems
            .map(|of| (of.line, of.finding.as_str(), of.chain))
            .collect(),
        text,
    ))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_verify_receipts, module)?)
}

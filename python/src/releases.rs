//! Two releases, compared by the core over lines that are at hand.

use std::collections::HashMap;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::ledger::{Line, State};
use edgetally_core::quality::releases::{Evidence, Question, Usage, compare};
use pyo3::prelude::*;

use crate::problem::{Code, Problem};

/// The columns of the ledger's lines: hour in milliseconds, source, release, event, destination, state, code, worker, n.
type Columns = (
    Vec<i64>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<i64>,
);

fn lines(columns: Columns) -> Option<Vec<(Line, i64)>> {
    let (hours, sources, releases, events, destinations, states, codes, workers, counts) = columns;
    let rows = hours.len();
    let texts = [
        sources,
        releases,
        events,
        destinations,
        states,
        codes,
        workers,
    ];
    if counts.len() != rows || texts.iter().any(|column| column.len() != rows) {
        return None;
    }
    let [
        mut sources,
        mut releases,
        mut events,
        mut destinations,
        mut states,
        mut codes,
        mut workers,
    ] = texts.map(Vec::into_iter);
    let mut lines = Vec::with_capacity(rows);
    for (hour, n) in hours.into_iter().zip(counts) {
        let (source, release, event) = (sources.next()?, releases.next()?, events.next()?);
        let (destination, state) = (destinations.next()?, states.next()?);
        let (code, worker) = (codes.next()?, workers.next()?);
        // A newer gateway counts more than is compared here.
        if let Some(state) = State::read(&state) {
            let line = Line {
                hour: UnixMillis(hour).hour(),
                source,
                release,
                event,
                destination,
                state,
                code,
                worker,
            };
            lines.push((line, n));
        }
    }
    Some(lines)
}

/// The verdict as JSON; or the code of why there is none, and that in words.
#[pyfunction]
fn _compare_releases(
    py: Python<'_>,
    columns: Columns,
    question: HashMap<String, String>,
    platforms: HashMap<String, String>,
    now: i64,
) -> PyResult<(Option<&'static str>, String)> {
    let Some(lines) = lines(columns) else {
        return Err(Problem::new(
            Code::LengthMismatch,
            "lines has columns that differ in length".to_owned(),
        )
        .into());
    };
    py.detach(move || {
        let find = |name: &str| question.get(name).map(String::as_str);
        let compared = Question::from_parameters(find, UnixMillis(now)).and_then(|question| {
            let mut evidence = Evidence::gather(&question, &lines)?;
            evidence.platforms = platforms.into_iter().collect();
            compare(&question, &evidence)
        });
        Ok(match compared {
            Ok(comparison) => (None, comparison.json()),
            Err(Usage { code, message }) => (Some(code), message),
        })
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_compare_releases, module)?)
}

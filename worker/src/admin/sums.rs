//! Sums of the ledger as lists, which are shorter than objects.

use edgetally_core::ledger::sums::Sum;
use edgetally_core::ledger::{Line, Query, State};
use serde_json::json;

use crate::runtime::{self, Env};

/// The line, and its sum.
pub(crate) fn line(sum: Sum) -> Option<(Line, i64)> {
    let (hour, source, release, event, destination, state, code, worker, millions, rest, _) = sum;
    let line = Line {
        hour,
        source,
        release,
        event,
        destination,
        state: State::read(&state)?,
        code,
        worker,
    };
    Some((line, millions * 1_000_000 + rest))
}

/// How many sums one part of an answer has; the ledger hands over one more where there are more.
pub(crate) const MOST_SUMS: usize = 20_000;

/// The answers to some questions, in one call; nothing where the ledger does not answer, or one has more lines than are handed over.
pub(crate) async fn sums(env: &Env, queries: &[Query]) -> Option<Vec<Vec<(Line, i64)>>> {
    let question = json!({"queries": queries});
    let text = runtime::ledger(env, "/sums", &runtime::json(&question))
        .await
        .ok()?;
    let answers: Vec<Vec<Vec<Sum>>> = serde_json::from_str(&text).ok()?;
    let is_whole = answers.iter().flatten().all(|part| part.len() <= MOST_SUMS);
    let lines = |parts: Vec<Vec<Sum>>| parts.into_iter().flatten().filter_map(line).collect();
    is_whole.then(|| answers.into_iter().map(lines).collect())
}

//! Outcomes into a bucket, for whoever works with data.

use edgetally_core::base::members::Members;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::ledger::outcomes::object_key;
use serde_json::json;

use crate::runtime::{self, Env, console_warn};

/// The bucket. Without it nothing is exported, and nothing is kept for it.
pub(crate) const OUTCOMES: &str = "OUTCOMES";

/// How often one run of the cron trigger asks for more.
const MOST_ROUNDS: usize = 60;

/// Puts what waits in the ledger into the bucket. What cannot be put waits on; the ledger says since when.
pub(crate) async fn export(env: &Env) {
    if !runtime::bindings(env, &[OUTCOMES]).contains(&true) {
        return;
    }
    for _ in 0..MOST_ROUNDS {
        let answer = runtime::ledger(env, "/outcomes", "{}").await;
        let Ok(answer) = answer else {
            console_warn!(
                "the ledger did not say what is to be exported; asked again at the next run"
            );
            return;
        };
        let Some((name, hours)) = read(&answer) else {
            return;
        };
        for (hour, lines) in hours {
            let key = object_key(hour, &name);
            if runtime::put(env, OUTCOMES, &key, &lines).await.is_err() {
                console_warn!(
                    "the bucket did not take outcomes; they are offered again at the next run"
                );
                return;
            }
        }
        let done = runtime::json(&json!({"name": name}));
        if runtime::ledger(env, "/exported", &done).await.is_err() {
            console_warn!(
                "the ledger does not know what was exported; it is put into its place again"
            );
            return;
        }
    }
}

/// A name, and the lines of each hour. Nothing where there are none.
fn read(answer: &str) -> Option<(String, Vec<(UnixMillis, String)>)> {
    let mut of = Members::of(serde_json::from_str(answer).ok()?)?;
    let name = of.text("name")?;
    let hours = of.list("hours", |row| {
        let mut of = Members::of(row)?;
        Some((of.time("hour")?, of.text("body")?))
    })?;
    Some((name, hours))
}

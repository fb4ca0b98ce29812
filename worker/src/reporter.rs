//! Platforms are asked what they say about the quality of what they were sent. Nothing waits for it, and nothing that fails
//! here is more than a note.

use edgetally_core::base::members::list_of;
use edgetally_core::base::reported::Visit;
use edgetally_core::delivery::Visits;

use crate::runtime::{self, Env, console_warn};
use crate::state;

/// Visits the platforms that are due, if there is one that reports to somebody here.
pub(crate) async fn visit(env: &Env) {
    let Ok(settings) = state::settings(env) else {
        return;
    };
    if !Visits::any(settings) {
        return;
    }
    // Without the ledger nobody knows who is due, and there is nowhere to keep what they say.
    let Ok(text) = runtime::ledger(env, "/visits", "").await else {
        return;
    };
    let known = serde_json::from_str(&text).unwrap_or_default();
    let Some(known) = list_of(known, Visit::read) else {
        return;
    };
    let mut visits = Visits::new(settings, &known, runtime::now());
    while let Some(outgoing) = visits.next(runtime::now()) {
        let reply = runtime::exchange(&outgoing).await;
        visits.answer(&reply, runtime::now());
    }
    let told = visits.finish();
    if told.visits.is_empty() {
        return;
    }
    let text = serde_json::to_string(&told).unwrap_or_default();
    if runtime::ledger(env, "/keep-reported", &text).await.is_err() {
        console_warn!(
            "the ledger did not take what platforms reported; they are asked again at the next run"
        );
    }
}

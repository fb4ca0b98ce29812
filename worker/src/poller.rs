//! The platforms that judge later are asked what became of what they took in.

use edgetally_core::base::members::list_of;
use edgetally_core::delivery::{Polling, Spent};
use edgetally_core::ledger::Pending;

use crate::exchange::{Part, exchange, settle};
use crate::runtime::{self, Env, console_warn};
use crate::state;

/// How many receipts are asked about in one go, and how many goes one run of the cron trigger has.
const MOST_QUESTIONS: u32 = 100;
const MOST_ROUNDS: usize = 10;

/// Asks the platforms that judge later what became of the events that they took in.
pub(crate) async fn ask(env: &Env) {
    let Ok(settings) = state::settings(env) else {
        return;
    };
    let mut spent = Spent::default();
    for _ in 0..MOST_ROUNDS {
        let due = serde_json::json!({"now": runtime::now(), "limit": MOST_QUESTIONS});
        let Ok(text) = runtime::ledger(env, "/due", &runtime::json(&due)).await else {
            console_warn!("the ledger did not say what is due; asked again at the next run");
            return;
        };
        let pending = serde_json::from_str(&text).unwrap_or_default();
        let pending = list_of(pending, Pending::read).unwrap_or_default();
        if pending.is_empty() {
            return;
        }
        let mut polling = Polling::new(settings, &pending);
        polling.resume(spent);
        polling.spend(1);
        exchange(&mut polling, &[], env).await;
        let exhausted = polling.exhausted(runtime::now());
        spent = polling.spent();
        // Durable first. A report that is not handed in leaves the question, which is asked again; the ledger goes by the
        // first verdict that it hears of, and what another has left behind does not count.
        let effects = polling.finish(runtime::now()).into_iter();
        let parts = effects.enumerate().map(|(index, one)| Part {
            index,
            messages: one.messages,
            reports: one.reports,
            late: false,
        });
        let settled = settle(env, parts.collect()).await;
        spent.add(settled.calls);
        if exhausted || !settled.told {
            return;
        }
    }
}

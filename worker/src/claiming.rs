//! The claims that lie in objects (`dedup = "exact"`): asked for by the consumer, and looked at by the intake.

use edgetally_core::base::table::Table;
use edgetally_core::dedup::exact::{self, Asked, Call, Claiming, Layout, Refused, Verdict};
use edgetally_core::dedup::{Claim, ClaimKey};
use edgetally_core::delivery;
use edgetally_core::ledger::{Report, State};
use edgetally_core::settings::Settings;
use futures_util::future::join_all;

use crate::runtime::{self, Env, console_error, console_warn};
use crate::state;

/// Asks which of the copies may go where. Gives the number of calls as well.
pub(crate) async fn ask(
    env: &Env,
    layout: &Layout,
    asked: &[Asked],
) -> (Vec<Option<Vec<Verdict>>>, u32) {
    let mut claiming = Claiming::new(layout, asked);
    let mut calls = 0;
    loop {
        let round = claiming.round();
        if round.is_empty() {
            return (claiming.finish(), calls);
        }
        calls += u32::try_from(round.len()).unwrap_or(u32::MAX);
        let answers = join_all(round.iter().map(|call| answer(env, call))).await;
        for (call, answer) in round.iter().zip(answers) {
            claiming.hear(call, answer.as_deref());
        }
    }
}

async fn answer(env: &Env, call: &Call) -> Option<String> {
    runtime::ask_claims(env, &call.object, &call.text)
        .await
        .ok()
}

/// What the objects hold under keys of a source; what does not answer holds nothing as far as anybody knows.
pub(crate) async fn look(
    env: &Env,
    layout: &Layout,
    source: &str,
    keys: &[ClaimKey],
) -> Table<ClaimKey, Claim> {
    let mut objects: Table<String, Vec<ClaimKey>> = Table::new();
    for key in keys {
        for object in layout.objects(source, *key) {
            objects.change(object, |keys| keys.push(*key));
        }
    }
    let mut claims: Table<ClaimKey, Claim> = Table::new();
    // One after the other: a request waits for one thing at a time.
    for (object, keys) in objects.iter() {
        let question = exact::look(layout.days, keys);
        let answer = runtime::ask_claims(env, object, &question).await.ok();
        let found = answer.and_then(|answer| exact::found(&answer));
        for (key, claim) in keys.iter().zip(found.unwrap_or_default()) {
            if !claim.is_empty() {
                claims.change(*key, |all| all.add(&claim));
            }
        }
    }
    claims
}

/// Lets the claims of copies go that destinations refused for their content. Gives the number of calls.
pub(crate) async fn let_go(env: &Env, settings: &Settings, reports: &[&Report]) -> u32 {
    let Some(layout) = settings.dedup.exact else {
        return 0;
    };
    let letters = reports.iter().flat_map(|report| &report.dead);
    let letters: Vec<_> = letters
        .filter(|letter| letter.state == State::Rejected)
        .collect();
    let refused = delivery::refused(settings, &letters);
    let mut objects: Table<String, Vec<&Refused>> = Table::new();
    for (source, one) in &refused {
        for object in layout.objects(source, one.key) {
            objects.change(object, |list| list.push(one));
        }
    }
    let mut failed = false;
    for (object, all) in objects.iter() {
        let question = Refused::question(layout.days, all);
        failed |= runtime::ask_claims(env, object, &question).await.is_err();
    }
    if failed {
        console_warn!("refused events keep their claims; replay their letters");
    }
    u32::try_from(objects.len()).unwrap_or(u32::MAX)
}

/// Whether the claims of a source can be asked for, as far as an empty question tells; kept for a while, since anybody may ask
/// for the health.
pub(crate) async fn answers(env: &Env, layout: &Layout, source: &str) -> bool {
    let now = runtime::now().0;
    if let Some(known) = state::claims_answer(now - 10_000) {
        return known;
    }
    let object = format!("{source}:{}:0", layout.shards);
    let question = exact::look(layout.days, &[]);
    let answers = runtime::ask_claims(env, &object, &question).await.is_ok();
    if !answers {
        console_error!("what keeps the claims does not answer");
    }
    state::keep_claims_answer(now, answers);
    answers
}

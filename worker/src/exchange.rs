//! The exchange with the platforms: requests go out, replies come in, and what is left over becomes durable.

use std::pin::Pin;

use edgetally_core::base::members::{list_of, text};
use edgetally_core::base::table::Table;
use edgetally_core::dedup::{Claim, ClaimKey};
use edgetally_core::delivery::{self, Driven, Effects, Queue};
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::ledger::Report;
use edgetally_core::queue::envelope::{self, Envelope};
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;

use crate::claiming;
use crate::runtime::{self, Env, console_error, console_warn};
use crate::state;

/// How long a message waits when it could not be settled.
pub(crate) const AGAIN_SECONDS: u32 = 10;

/// A message's share of what is to be done when it has been worked off.
pub(crate) struct Part {
    /// Index of the message in the batch.
    pub(crate) index: usize,
    pub(crate) messages: Vec<delivery::Message>,
    pub(crate) reports: Vec<Report>,
    /// It is a report that comes by the queue, because the ledger was away: what it says was acted upon at its time.
    pub(crate) late: bool,
}

/// What became of parts.
pub(crate) struct Settled {
    /// The indexes of the messages that are done with.
    pub(crate) done: Vec<usize>,
    /// How many requests that took.
    pub(crate) calls: u32,
    /// Whether the ledger took the reports.
    pub(crate) told: bool,
}

pub(crate) fn share(effects: Vec<Effects>, indexes: &[usize]) -> Vec<Part> {
    let parts = effects.into_iter().map(|one| Part {
        index: indexes.get(one.envelope).copied().unwrap_or(usize::MAX),
        messages: one.messages,
        reports: one.reports,
        late: false,
    });
    parts.collect()
}

/// What comes next of what is in flight.
enum Step {
    Reply(usize, Result<Reply, Failure>),
    Settled(Settled),
    /// The ledger was asked what was withdrawn, in so many calls.
    Heard(u32),
}

/// Sends requests as fast as they are given out, six at a time, and hands the replies in as they come. What is done is
/// settled meanwhile. Gives the indexes of the messages that are done with.
pub(crate) async fn exchange(
    machine: &mut impl Driven,
    indexes: &[usize],
    env: &Env,
) -> Vec<usize> {
    let mut steps: FuturesUnordered<Pin<Box<dyn Future<Output = Step> + '_>>> =
        FuturesUnordered::new();
    let (mut settling, mut asking) = (false, false);
    let mut done = Vec::new();
    loop {
        if !asking && machine.stale(runtime::now()) {
            asking = true;
            steps.push(Box::pin(async move {
                let (_, calls) = gate(env, &[]).await;
                Step::Heard(calls)
            }));
        }
        while let Some(outgoing) = state::gates(|gates| machine.next(gates, runtime::now())) {
            steps.push(Box::pin(async move {
                let reply = runtime::exchange(&outgoing).await;
                Step::Reply(outgoing.ticket, reply)
            }));
        }
        if !settling {
            let ripe = machine.take_ripe(runtime::now());
            if !ripe.is_empty() {
                settling = true;
                let parts = share(ripe, indexes);
                steps.push(Box::pin(
                    async move { Step::Settled(settle(env, parts).await) },
                ));
            }
        }
        match steps.next().await {
            None => return done,
            Some(Step::Reply(ticket, reply)) => {
                state::gates(|gates| machine.answer(ticket, &reply, gates, runtime::now()));
            }
            Some(Step::Heard(calls)) => {
                asking = false;
                machine.spend(calls);
                let now = runtime::now();
                state::withdrawals(|all| machine.heed(all.fresh(now).then_some(&*all)));
            }
            Some(Step::Settled(settled)) => {
                settling = false;
                machine.spend(settled.calls);
                done.extend(settled.done);
            }
        }
    }
}

/// The envelopes that are not to be worked off, by their ids.
#[derive(Default)]
pub(crate) struct Turns {
    /// The ledger has the report.
    pub(crate) known: Vec<String>,
    /// The ledger has the report of another run of what they were left by.
    pub(crate) superseded: Vec<String>,
}

/// How often the ledger is asked where its answer comes when its lease is over.
const MOST_ASKED: u32 = 2;

/// Asks the ledger what was withdrawn, which is kept, and what it knows of envelopes. Nothing where it is away. Gives the
/// number of calls as well.
pub(crate) async fn gate(env: &Env, envelopes: &[&Envelope<'_>]) -> (Option<Turns>, u32) {
    let mut calls = 0;
    loop {
        let turns = ask(env, envelopes).await;
        calls += 1;
        let over = || state::withdrawals(|all| !all.fresh(runtime::now()));
        // By the first answer of a ledger that has become slow it is known for how long to ask.
        if turns.is_none() || calls == MOST_ASKED || !over() {
            return (turns, calls);
        }
    }
}

async fn ask(env: &Env, envelopes: &[&Envelope<'_>]) -> Option<Turns> {
    let asked: Vec<_> = envelopes
        .iter()
        .map(|envelope| (&envelope.id, &envelope.after))
        .collect();
    let (since, lease) = state::withdrawals(|all| (all.version(), all.wanted()));
    let now = runtime::now();
    let turns = serde_json::to_string(&asked).unwrap_or_default();
    let question = format!(r#"{{"turns":{turns},"since":{since},"lease":{lease}}}"#);
    let answer = runtime::ledger(env, "/gate", &question).await.ok();
    let then = runtime::now();
    let turns = answer.and_then(|answer| {
        let mut answer: Value = serde_json::from_str(&answer).ok()?;
        let list = |answer: &mut Value, name| list_of(answer.get_mut(name)?.take(), text);
        let turns = Turns {
            known: list(&mut answer, "known")?,
            superseded: list(&mut answer, "superseded")?,
        };
        state::withdrawals(|all| all.hear(since, answer, now, then)).then_some(turns)
    });
    if turns.is_none() {
        state::withdrawals(|all| all.miss(now, then));
    }
    turns
}

/// Makes what is left of messages durable, then tells the ledger. One that is away gets its reports through the queue.
pub(crate) async fn settle(env: &Env, mut parts: Vec<Part>) -> Settled {
    let mut calls = let_go(env, &parts).await;
    for queue in [Queue::Main, Queue::Slow] {
        calls += send(env, &mut parts, queue, |part| {
            let messages = part.messages.iter();
            messages
                .filter(|message| message.queue == queue)
                .map(|message| (message.text.clone(), message.delay))
                .collect()
        })
        .await;
    }
    let reports: Vec<&Report> = parts.iter().flat_map(|part| &part.reports).collect();
    let mut told = true;
    if !reports.is_empty() {
        calls += 1;
        told = report(env, &reports).await;
        // A corrected copy may have been claimed since a late one was written.
        let fresh = parts.iter().filter(|part| !part.late);
        let fresh: Vec<&Report> = fresh.flat_map(|part| &part.reports).collect();
        calls += release(env, &fresh).await;
    }
    if !told {
        console_error!(
            "the ledger did not take {} reports; they go through the queue",
            reports.len()
        );
        // A message that goes to quarantine is where it is best kept.
        parts.retain(|part| part.reports.iter().all(|one| one.quarantined.is_empty()));
        // The first report of a part makes the others count, so it goes when they are durable.
        for first in [false, true] {
            calls += send(env, &mut parts, Queue::Main, |part| {
                let reports = part.reports.iter().enumerate();
                reports
                    .filter(|(index, _)| (*index == 0) == first)
                    .map(|(_, report)| (envelope::close_report(report), AGAIN_SECONDS))
                    .collect()
            })
            .await;
        }
    }
    Settled {
        done: parts.iter().map(|part| part.index).collect(),
        calls,
        told,
    }
}

/// Lets claims go before what became of their events is told: after a crash in between the event comes again and asks anew.
async fn let_go(env: &Env, parts: &[Part]) -> u32 {
    let Ok(settings) = state::settings(env) else {
        return 0;
    };
    let reports: Vec<&Report> = parts.iter().flat_map(|part| &part.reports).collect();
    claiming::let_go(env, settings, &reports).await
}

/// Sends texts of each part with their delays, and leaves out the parts whose texts were not all taken. Gives the number
/// of calls.
async fn send(
    env: &Env,
    parts: &mut Vec<Part>,
    queue: Queue,
    texts: impl Fn(&Part) -> Vec<(String, u32)>,
) -> u32 {
    let mut indexes = Vec::new();
    let mut list = Vec::new();
    for part in parts.iter() {
        let texts = texts(part);
        indexes.extend(texts.iter().map(|_| part.index));
        list.extend(texts);
    }
    let (taken, calls) = runtime::send_many(env, list, &indexes, queue).await;
    refused(parts, &indexes, &taken);
    calls
}

/// Leaves out the parts of which the queue did not take everything; their messages come again.
fn refused(parts: &mut Vec<Part>, indexes: &[usize], taken: &[bool]) {
    let refused: Vec<usize> = indexes
        .iter()
        .zip(taken)
        .filter(|(_, taken)| !**taken)
        .map(|(index, _)| *index)
        .collect();
    if !refused.is_empty() {
        console_error!(
            "the queue did not take {} messages; what they came of comes again",
            refused.len()
        );
        parts.retain(|part| !refused.contains(&part.index));
    }
}

/// How many claims one batch corrects: each is a write to the store, and an invocation has only so many calls.
const MOST_RELEASES: usize = 100;

/// Takes destinations that refused a copy for its content out of the claims on its event. Gives the number of calls.
async fn release(env: &Env, reports: &[&Report]) -> u32 {
    let Ok(settings) = state::settings(env) else {
        return 0;
    };
    let mut releases = delivery::releases(settings, reports);
    if releases.len() > MOST_RELEASES {
        console_warn!(
            "{} refused events keep their claims; replay their letters",
            releases.len() - MOST_RELEASES
        );
        releases.truncate(MOST_RELEASES);
    }
    if releases.is_empty() {
        return 0;
    }
    for one in &releases {
        state::recent(|recent| recent.refused(one.key, &one.destination, one.worth));
    }
    if !settings.dedup.kv {
        return 0;
    }
    let names: Vec<String> = releases.iter().map(|one| one.key.to_hex()).collect();
    // A store that does not answer leaves the claims: the letters can be replayed.
    let found = runtime::claimed(env, &names).await.unwrap_or_default();
    // Several destinations may have refused one event.
    let mut claims: Table<ClaimKey, Claim> = Table::new();
    for (one, stored) in releases.iter().zip(found) {
        if let Some(stored) = stored {
            if !claims.contains(&one.key) {
                claims.insert(one.key, Claim::parse(&stored));
            }
            claims.change(one.key, |claim| {
                claim.release(&one.destination, one.worth);
            });
        }
    }
    let claims: Vec<(String, String)> = claims
        .into_iter()
        .map(|(key, claim)| (key.to_hex(), claim.to_text()))
        .collect();
    let calls = 1 + u32::try_from(claims.len()).unwrap_or(u32::MAX);
    if runtime::claim(env, &claims, settings.window_ms / 1000)
        .await
        .is_err()
    {
        console_warn!("claims on refused events were not corrected");
    }
    calls
}

pub(crate) async fn report(env: &Env, reports: &[&Report]) -> bool {
    let Ok(text) = serde_json::to_string(reports) else {
        return false;
    };
    runtime::ledger(env, "/report", &text).await.is_ok()
}

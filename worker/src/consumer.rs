//! The queue's messages: delivered, reported, settled one by one. Never fails as a whole.

use edgetally_core::delivery::{self, Delivery, Queue};
use edgetally_core::ledger::{Quarantined, Report};
use edgetally_core::queue::envelope::{self, Envelope, Message};
use edgetally_core::queue::id::Id;
use edgetally_core::settings::Settings;

use crate::claiming;
use crate::exchange::{AGAIN_SECONDS, Part, Turns, exchange, gate, report, settle, share};
use crate::runtime::{self, Batch, Env, console_error};
use crate::state;

/// The queue that messages end in when this worker could not settle them.
const DEAD_QUEUE: &str = "edgetally-dead";
/// The queue of the destinations that are slow.
const SLOW_QUEUE: &str = "edgetally-slow";

pub(crate) async fn consume(batch: &Batch, env: Env) {
    let messages = &batch.messages;
    let mut done = vec![false; messages.len()];
    if batch.queue == DEAD_QUEUE {
        quarantine_all(messages, &env, &mut done).await;
    } else {
        let queue = if batch.queue == SLOW_QUEUE {
            Queue::Slow
        } else {
            Queue::Main
        };
        work(messages, &batch.deliveries, &env, queue, &mut done).await;
    }
    batch.settle(&done, AGAIN_SECONDS);
}

/// Hands messages that were redelivered too often to the ledger, where people find them.
async fn quarantine_all(messages: &[(String, String)], env: &Env, done: &mut [bool]) {
    let reports: Vec<Report> = messages
        .iter()
        .map(|(id, body)| quarantine(id, body, "redelivered_too_often"))
        .collect();
    let reports: Vec<&Report> = reports.iter().collect();
    let taken = report(env, &reports).await;
    if !taken {
        console_error!(
            "the ledger did not take {} messages to quarantine",
            done.len()
        );
    }
    done.fill(taken);
}

fn quarantine(id: &str, body: &str, code: &str) -> Report {
    Report {
        id: Id::quarantine(id),
        quarantined: vec![Quarantined {
            id: id.to_owned(),
            at: runtime::now(),
            code: code.to_owned(),
            body: body.to_owned(),
        }],
        ..Report::default()
    }
}

/// Messages of a batch that are being worked off: the envelopes, and the index of each in the batch.
#[derive(Default)]
struct Opened<'a> {
    envelopes: Vec<Envelope<'a>>,
    indexes: Vec<usize>,
}

async fn work(
    messages: &[(String, String)],
    deliveries: &[u32],
    env: &Env,
    queue: Queue,
    done: &mut [bool],
) {
    let mut parts: Vec<Part> = Vec::new();
    let mut opened = open(messages, &mut parts);
    let handed = |index: usize| deliveries.get(index).copied().unwrap_or(1);
    // The queue hears of what is done at the end of a batch only; an invocation that was killed before had told the ledger.
    // And what was left by an invocation that the ledger does not go by is not to be done at all.
    let asked: Vec<&Envelope<'_>> = opened
        .envelopes
        .iter()
        .zip(&opened.indexes)
        .filter(|(envelope, index)| handed(**index) > 1 || envelope.after.is_some())
        .map(|(envelope, _)| envelope)
        .collect();
    let (turns, calls) = ask(env, &opened.envelopes, &asked).await;
    if let Some(turns) = &turns {
        opened = leave_out(opened, turns, &mut parts, done);
    } else {
        // A consent may have been withdrawn that nobody here has heard of. The events wait for the ledger.
        console_error!(
            "the ledger does not say what was withdrawn; {} messages wait",
            opened.envelopes.len()
        );
        opened = Opened::default();
    }
    let Opened {
        mut envelopes,
        indexes,
    } = opened;
    match state::settings(env) {
        _ if envelopes.is_empty() => {}
        // Without settings nobody knows where to; the events wait.
        Err(_) => console_error!(
            "the settings are invalid; {} messages wait",
            envelopes.len()
        ),
        Ok(settings) => {
            envelopes.truncate(delivery::admitted(settings, &envelopes));
            let gates = state::gates(|gates| gates.clone());
            let mut delivery = Delivery::on(queue, settings, &envelopes, &gates, runtime::now());
            delivery.spend(calls);
            state::withdrawals(|all| delivery.heed(all));
            for (index, message) in indexes.iter().enumerate() {
                delivery.redelivered(index, handed(*message));
            }
            parts.extend(claim(&mut delivery, settings, &indexes, env).await);
            settled(done, &exchange(&mut delivery, &indexes, env).await);
            let left = delivery.finish(runtime::now());
            parts.extend(share(left, &indexes));
        }
    }
    settled(done, &settle(env, parts).await.done);
}

/// Asks for the claims of what is to go, where they are exact. Gives what the ledger is to know of the envelopes that wait,
/// which the queue keeps.
async fn claim(
    delivery: &mut Delivery<'_>,
    settings: &Settings,
    indexes: &[usize],
    env: &Env,
) -> Vec<Part> {
    let (Some(layout), wanted) = (&settings.dedup.exact, delivery.wanted_claims()) else {
        return Vec::new();
    };
    let (said, calls) = claiming::ask(env, layout, &wanted).await;
    delivery.spend(calls);
    delivery.heed_claims(said);
    let held = delivery.held();
    if !held.is_empty() {
        console_error!(
            "what keeps the claims does not answer; {} messages wait",
            held.len()
        );
    }
    let part = |(envelope, report): (usize, Report)| Part {
        // Not done with, once this is told.
        index: usize::MAX - indexes.get(envelope).copied().unwrap_or_default(),
        messages: Vec::new(),
        reports: vec![report],
        late: true,
    };
    held.into_iter().map(part).collect()
}

/// Asks the ledger, where there is something to be asked: what it knows of envelopes, and what was withdrawn unless that was
/// heard just now. Nothing where the latter is not known. Gives the number of calls as well.
async fn ask(
    env: &Env,
    envelopes: &[Envelope<'_>],
    asked: &[&Envelope<'_>],
) -> (Option<Turns>, u32) {
    let fresh = || state::withdrawals(|all| all.fresh(runtime::now()));
    if envelopes.is_empty() || (asked.is_empty() && fresh()) {
        return (Some(Turns::default()), 0);
    }
    // One that is away knows of no envelope.
    let (turns, calls) = gate(env, asked).await;
    (fresh().then_some(turns.unwrap_or_default()), calls)
}

/// Opens messages. What is no envelope is a part that is done already, but for telling the ledger.
fn open<'a>(messages: &'a [(String, String)], parts: &mut Vec<Part>) -> Opened<'a> {
    let mut opened = Opened::default();
    for (index, (id, text)) in messages.iter().enumerate() {
        let (report, late) = match envelope::open(text) {
            Ok(Message::Events(envelope)) => {
                // Left twice, by an invocation and by another after it: the second copy waits for what becomes of the
                // first.
                if opened.envelopes.iter().all(|known| known.id != envelope.id) {
                    opened.envelopes.push(envelope);
                    opened.indexes.push(index);
                }
                continue;
            }
            Ok(Message::Report(report)) => (report, true),
            Err(unreadable) => {
                console_error!("message {id} is quarantined: {}", unreadable.code());
                (quarantine(id, text, unreadable.code()), false)
            }
        };
        parts.push(Part {
            index,
            messages: Vec::new(),
            reports: vec![report],
            late,
        });
    }
    opened
}

/// Leaves out what the ledger has the report of, and what it does not go by.
fn leave_out<'a>(
    opened: Opened<'a>,
    turns: &Turns,
    parts: &mut Vec<Part>,
    done: &mut [bool],
) -> Opened<'a> {
    let mut kept = Opened::default();
    for (envelope, index) in opened.envelopes.into_iter().zip(opened.indexes) {
        let among = |ids: &[String]| ids.iter().any(|id| *id == envelope.id.as_str());
        if among(&turns.known) {
            settled(done, &[index]);
        } else if among(&turns.superseded) {
            parts.push(Part {
                index,
                messages: Vec::new(),
                reports: vec![envelope.dropped()],
                late: true,
            });
        } else {
            kept.envelopes.push(envelope);
            kept.indexes.push(index);
        }
    }
    kept
}

fn settled(done: &mut [bool], indexes: &[usize]) {
    for index in indexes {
        if let Some(slot) = done.get_mut(*index) {
            *slot = true;
        }
    }
}

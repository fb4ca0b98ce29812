//! The queue's messages: delivered, reported, settled one by one. Never fails as a whole.

use edgetally_core::base::members::{Members, list_of};
use edgetally_core::delivery::{self, Delivery, Road};
use edgetally_core::ledger::{Quarantined, Report};
use edgetally_core::queue::envelope::{self, Envelope, Message};

use crate::exchange::{AGAIN_SECONDS, Part, fly, report, settle, share};
use crate::runtime::{self as edge, Batch, Env, console_error};
use crate::state;

/// The queue that messages end in when this worker could not settle them.
const DEAD_QUEUE: &str = "edgetally-dead";
/// The queue of the destinations that are slow.
const SLOW_QUEUE: &str = "edgetally-slow";

pub(crate) async fn consume(batch: &Batch, env: Env) {
    let messages = &batch.messages;
    let mut done = vec![false; messages.len()];
    if batch.queue == DEAD_QUEUE {
        bury(messages, &env, &mut done).await;
    } else {
        let road = if batch.queue == SLOW_QUEUE {
            Road::Slow
        } else {
            Road::Main
        };
        work(messages, &batch.deliveries, &env, road, &mut done).await;
    }
    batch.settle(&done, AGAIN_SECONDS);
}

/// Hands messages that were redelivered too often to the ledger, where people find them.
async fn bury(messages: &[(String, String)], env: &Env, done: &mut [bool]) {
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
        id: format!("quarantine:{id}"),
        quarantined: vec![Quarantined {
            id: id.to_owned(),
            at: edge::now(),
            code: code.to_owned(),
            body: body.to_owned(),
        }],
        ..Report::default()
    }
}

async fn work(
    messages: &[(String, String)],
    deliveries: &[u32],
    env: &Env,
    road: Road,
    done: &mut [bool],
) {
    let mut envelopes: Vec<Envelope<'_>> = Vec::new();
    let mut places: Vec<usize> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    for (place, (id, text)) in messages.iter().enumerate() {
        let (report, late) = match envelope::open(text) {
            Ok(Message::Events(envelope)) => {
                envelopes.push(envelope);
                places.push(place);
                continue;
            }
            Ok(Message::Report(report)) => (report, true),
            Err(unreadable) => {
                console_error!("message {id} is quarantined: {}", unreadable.code());
                (quarantine(id, text, unreadable.code()), false)
            }
        };
        parts.push(Part {
            place,
            messages: Vec::new(),
            reports: vec![report],
            late,
        });
    }
    let handed = |place: usize| deliveries.get(place).copied().unwrap_or(1);
    let mut calls = 0;
    // The queue hears of what is done at the end of a batch only; an invocation that was killed before had told the ledger.
    let again: Vec<&str> = envelopes
        .iter()
        .zip(&places)
        .filter(|(_, place)| handed(**place) > 1)
        .map(|(envelope, _)| envelope.id.as_str())
        .collect();
    if !again.is_empty() {
        calls += 1;
        let known = known(env, &again).await;
        let mut kept = Vec::new();
        for (envelope, place) in std::mem::take(&mut envelopes).into_iter().zip(places) {
            if known.iter().any(|id| *id == envelope.id.as_str()) {
                settled(done, &[place]);
            } else {
                envelopes.push(envelope);
                kept.push(place);
            }
        }
        places = kept;
    }
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
            let mut delivery = Delivery::on(road, settings, &envelopes, &gates, edge::now());
            delivery.spend(calls);
            for (index, place) in places.iter().enumerate() {
                delivery.redelivered(index, handed(*place));
            }
            settled(done, &fly(&mut delivery, &places, env).await);
            let left = delivery.finish(edge::now());
            parts.extend(share(left.into_iter(), &places));
        }
    }
    settled(done, &settle(env, parts).await.done);
}

fn settled(done: &mut [bool], places: &[usize]) {
    for place in places {
        if let Some(slot) = done.get_mut(*place) {
            *slot = true;
        }
    }
}

/// Which of the envelopes the ledger has the reports of. One that is away knows none.
async fn known(env: &Env, ids: &[&str]) -> Vec<String> {
    let Ok(text) = edge::ledger(env, "/seen", &edge::json(&serde_json::json!(ids))).await else {
        return Vec::new();
    };
    let rows = serde_json::from_str(&text).unwrap_or_default();
    list_of(rows, |row| Members::of(row)?.text("id")).unwrap_or_default()
}

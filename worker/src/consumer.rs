//! The queue's messages: delivered, reported, settled one by one. Never fails as a whole.

use edgetally_core::dedup::{Claim, ClaimKey};
use edgetally_core::delivery::{self, Aftermath, Delivery, MOST_FLIGHTS, Road};
use edgetally_core::envelope::{self, Envelope, Message};
use edgetally_core::ledger::{Pending, Quarantined, Report};
use edgetally_core::outcome::{Failure, Reply};
use edgetally_core::table::Table;
use futures_util::stream::{FuturesUnordered, StreamExt};
use worker::{Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage};

use crate::{edge, state};

/// The queue that messages end in when this worker could not settle them.
const DEAD_QUEUE: &str = "edgetally-dead";
/// The queue of the destinations that are slow.
const SLOW_QUEUE: &str = "edgetally-slow";
/// How long a message waits when it could not be settled.
const AGAIN_SECONDS: u32 = 10;

pub(crate) async fn consume(batch: &MessageBatch<()>, env: Env) {
    // One by one, because decoding them together fails for all on one bad body.
    let raw: Vec<RawMessage> = batch.raw_iter().collect();
    let messages: Vec<(String, String)> = raw
        .iter()
        .map(|message| (message.id(), message.body().as_string().unwrap_or_default()))
        .collect();
    let mut done = vec![false; messages.len()];
    if batch.queue() == DEAD_QUEUE {
        bury(&messages, &env, &mut done).await;
    } else {
        let road = if batch.queue() == SLOW_QUEUE {
            Road::Slow
        } else {
            Road::Main
        };
        work(&messages, &env, road, &mut done).await;
    }
    let again = QueueRetryOptionsBuilder::new()
        .with_delay_seconds(AGAIN_SECONDS)
        .build();
    for (message, done) in raw.iter().zip(done) {
        if done {
            message.ack();
        } else {
            message.retry_with_options(&again);
        }
    }
}

/// Hands messages that were redelivered too often to the ledger, where people find them.
async fn bury(messages: &[(String, String)], env: &Env, done: &mut [bool]) {
    let reports: Vec<Report> = messages
        .iter()
        .map(|(id, body)| quarantine(id, body, "redelivered_too_often"))
        .collect();
    let taken = report(env, &reports).await;
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

async fn work(messages: &[(String, String)], env: &Env, road: Road, done: &mut [bool]) {
    let mut envelopes: Vec<Envelope<'_>> = Vec::new();
    let mut places: Vec<usize> = Vec::new();
    let mut reports: Vec<(usize, Report)> = Vec::new();
    for (place, (id, text)) in messages.iter().enumerate() {
        match envelope::open(text) {
            Ok(Message::Events(envelope)) => {
                envelopes.push(envelope);
                places.push(place);
            }
            Ok(Message::Report(report)) => reports.push((place, report)),
            Err(unreadable) => {
                worker::console_error!("message {id} is quarantined: {}", unreadable.code());
                reports.push((place, quarantine(id, text, unreadable.code())));
            }
        }
    }
    if !envelopes.is_empty() {
        match state::settings(env) {
            // Without settings nobody knows where to; the events wait.
            Err(_) => worker::console_error!(
                "the settings are invalid; {} messages wait",
                envelopes.len()
            ),
            Ok(settings) => {
                let gates = state::gates(|gates| gates.clone());
                let mut delivery = Delivery::on(road, settings, &envelopes, &gates, edge::now());
                fly(&mut delivery).await;
                let aftermaths = delivery.finish(edge::now());
                for (place, aftermath) in places.into_iter().zip(aftermaths) {
                    if follow_up(env, &aftermath).await {
                        reports.extend(aftermath.reports.into_iter().map(|report| (place, report)));
                    }
                }
            }
        }
    }
    // One call for the whole batch. A ledger that is away gets its reports through the queue later.
    let all: Vec<Report> = reports.iter().map(|(_, report)| report.clone()).collect();
    if all.is_empty() {
        return;
    }
    let taken = report(env, &all).await;
    release(env, &all).await;
    let mut failed = vec![false; done.len()];
    for (place, report) in &reports {
        let kept = taken
            || edge::send(
                env,
                &envelope::close_report(report),
                AGAIN_SECONDS,
                Road::Main,
            )
            .await
            .is_ok();
        if let Some(slot) = failed.get_mut(*place) {
            *slot |= !kept;
        }
    }
    for (place, _) in &reports {
        if let (Some(slot), Some(failed)) = (done.get_mut(*place), failed.get(*place)) {
            *slot = !failed;
        }
    }
}

/// Sends requests as fast as the delivery gives them out, six at a time, and hands the replies in as they come.
async fn fly(delivery: &mut Delivery<'_>) {
    let mut flights = FuturesUnordered::new();
    loop {
        while flights.len() < MOST_FLIGHTS {
            let Some(flight) = state::gates(|gates| delivery.next(gates, edge::now())) else {
                break;
            };
            flights.push(async move {
                let reply: Result<Reply, Failure> = edge::exchange(&flight).await;
                (flight.ticket, reply)
            });
        }
        let Some((ticket, reply)) = flights.next().await else {
            return;
        };
        state::gates(|gates| delivery.answer(ticket, &reply, gates, edge::now()));
    }
}

/// How many receipts are asked about in one go, and how many goes one run of the cron trigger has.
const MOST_QUESTIONS: u32 = 100;
const MOST_ROUNDS: usize = 10;

/// Asks the platforms that judge later what became of the events that they took in.
pub(crate) async fn ask(env: &Env) {
    let Ok(settings) = state::settings(env) else {
        return;
    };
    for _ in 0..MOST_ROUNDS {
        let due = serde_json::json!({"now": edge::now(), "limit": MOST_QUESTIONS});
        let Ok(text) = edge::ledger(env, "/due", &due.to_string()).await else {
            worker::console_warn!(
                "the ledger did not say what is due; asked again at the next run"
            );
            return;
        };
        let pending: Vec<Pending> = serde_json::from_str(&text).unwrap_or_default();
        if pending.is_empty() {
            return;
        }
        let mut asking = Delivery::asking(settings, &pending);
        fly(&mut asking).await;
        let mut reports = Vec::new();
        for aftermath in asking.finish_asking(edge::now()) {
            // Durable first: a report that is not handed in leaves the question, which is asked again.
            if follow_up(env, &aftermath).await {
                reports.extend(aftermath.reports);
            }
        }
        release(env, &reports).await;
        if !report(env, &reports).await {
            // A verdict that was acted upon has to be booked; asked for again it might be another.
            for report in &reports {
                let text = envelope::close_report(report);
                if edge::send(env, &text, AGAIN_SECONDS, Road::Main)
                    .await
                    .is_err()
                {
                    worker::console_warn!(
                        "a verdict was not taken anywhere; it is asked for again"
                    );
                }
            }
            return;
        }
    }
}

/// Makes what is left of an envelope durable.
async fn follow_up(env: &Env, aftermath: &Aftermath) -> bool {
    for message in &aftermath.messages {
        if edge::send(env, &message.text, message.delay, message.road)
            .await
            .is_err()
        {
            worker::console_warn!("the queue did not take a retry; its envelope comes again");
            return false;
        }
    }
    true
}

/// How many claims one batch corrects: each is a write to the store, and an invocation has only so many calls.
const MOST_RELEASES: usize = 100;

/// Takes destinations that refused a copy for its content out of the claims on its event.
async fn release(env: &Env, reports: &[Report]) {
    let Ok(settings) = state::settings(env) else {
        return;
    };
    let mut releases = delivery::releases(settings, reports);
    if releases.len() > MOST_RELEASES {
        worker::console_warn!(
            "{} refused events keep their claims; replay their letters",
            releases.len() - MOST_RELEASES
        );
        releases.truncate(MOST_RELEASES);
    }
    if releases.is_empty() {
        return;
    }
    let names: Vec<String> = releases.iter().map(|one| one.key.to_hex()).collect();
    // A store that does not answer leaves the claims: the letters can be replayed.
    let found = edge::claimed(env, &names).await.unwrap_or_default();
    // Several destinations may have refused one event.
    let mut claims: Table<ClaimKey, Claim> = Table::new();
    for (one, stored) in releases.iter().zip(found) {
        state::recent(|recent| recent.refused(one.key, &one.destination));
        if let Some(stored) = stored {
            if !claims.contains(&one.key) {
                claims.insert(one.key, Claim::parse(&stored));
            }
            claims.change(one.key, |claim| {
                claim.release(&one.destination);
            });
        }
    }
    let claims: Vec<(String, String)> = claims
        .into_iter()
        .map(|(key, claim)| (key.to_hex(), claim.to_text()))
        .collect();
    if edge::claim(env, &claims, settings.window_ms / 1000)
        .await
        .is_err()
    {
        worker::console_warn!("claims on refused events were not corrected");
    }
}

async fn report(env: &Env, reports: &[Report]) -> bool {
    let Ok(text) = serde_json::to_string(reports) else {
        return false;
    };
    edge::ledger(env, "/report", &text).await.is_ok()
}

//! The queue's messages: delivered, reported, settled one by one. Never fails as a whole.

use std::pin::Pin;

use edgetally_core::base::members::{Members, list_of};
use edgetally_core::base::table::Table;
use edgetally_core::dedup::{Claim, ClaimKey};
use edgetally_core::delivery::{self, Aftermath, Delivery, Road, Spent};
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::ledger::{Pending, Quarantined, Report};
use edgetally_core::queue::envelope::{self, Envelope, Message};
use futures_util::stream::{FuturesUnordered, StreamExt};
use worker::{Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage};

use crate::runtime as edge;
use crate::state;

/// The queue that messages end in when this worker could not settle them.
const DEAD_QUEUE: &str = "edgetally-dead";
/// The queue of the destinations that are slow.
const SLOW_QUEUE: &str = "edgetally-slow";
/// How long a message waits when it could not be settled.
const AGAIN_SECONDS: u32 = 10;

pub(crate) async fn consume(batch: &MessageBatch<()>, deliveries: &[u32], env: Env) {
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
        work(&messages, deliveries, &env, road, &mut done).await;
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
    let reports: Vec<&Report> = reports.iter().collect();
    let taken = report(env, &reports).await;
    if !taken {
        worker::console_error!(
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

/// A message's share of what is to be done when it has been worked off.
struct Part {
    /// Place of the message in the batch.
    place: usize,
    messages: Vec<delivery::Message>,
    reports: Vec<Report>,
    /// It is a report that comes by the queue, because the ledger was away: what it says was acted upon at its time.
    late: bool,
}

/// What became of parts.
struct Settled {
    /// The places of the messages that are done with.
    done: Vec<usize>,
    /// How many requests that took.
    calls: u32,
    /// Whether the ledger took the reports.
    told: bool,
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
                worker::console_error!("message {id} is quarantined: {}", unreadable.code());
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
        Err(_) => worker::console_error!(
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

fn share(aftermaths: impl Iterator<Item = Aftermath>, places: &[usize]) -> Vec<Part> {
    aftermaths
        .map(|aftermath| Part {
            place: places
                .get(aftermath.envelope)
                .copied()
                .unwrap_or(usize::MAX),
            messages: aftermath.messages,
            reports: aftermath.reports,
            late: false,
        })
        .collect()
}

/// Which of the envelopes the ledger has the reports of. One that is away knows none.
async fn known(env: &Env, ids: &[&str]) -> Vec<String> {
    let Ok(text) = edge::ledger(env, "/seen", &edge::json(&serde_json::json!(ids))).await else {
        return Vec::new();
    };
    let rows = serde_json::from_str(&text).unwrap_or_default();
    list_of(rows, |row| Members::of(row)?.text("id")).unwrap_or_default()
}

/// What comes next of what is under way.
enum Step {
    Reply(usize, Result<Reply, Failure>),
    Settled(Settled),
}

/// Sends requests as fast as the delivery gives them out, six at a time, and hands the replies in as they come. What is
/// done is settled meanwhile. Gives the places of the messages that are done with.
async fn fly(delivery: &mut Delivery<'_>, places: &[usize], env: &Env) -> Vec<usize> {
    let mut steps: FuturesUnordered<Pin<Box<dyn Future<Output = Step> + '_>>> =
        FuturesUnordered::new();
    let mut settling = false;
    let mut done = Vec::new();
    loop {
        while let Some(flight) = state::gates(|gates| delivery.next(gates, edge::now())) {
            steps.push(Box::pin(async move {
                let reply = edge::exchange(&flight).await;
                Step::Reply(flight.ticket, reply)
            }));
        }
        let now = edge::now();
        if !settling && delivery.ripe(now) {
            settling = true;
            let parts = share(delivery.take(now).into_iter(), places);
            steps.push(Box::pin(
                async move { Step::Settled(settle(env, parts).await) },
            ));
        }
        match steps.next().await {
            None => return done,
            Some(Step::Reply(ticket, reply)) => {
                state::gates(|gates| delivery.answer(ticket, &reply, gates, edge::now()));
            }
            Some(Step::Settled(settled)) => {
                settling = false;
                delivery.spend(settled.calls);
                done.extend(settled.done);
            }
        }
    }
}

/// Makes what is left of messages durable, then tells the ledger. One that is away gets its reports through the queue.
async fn settle(env: &Env, mut parts: Vec<Part>) -> Settled {
    let mut calls = 0;
    for road in [Road::Main, Road::Slow] {
        let mut places = Vec::new();
        let mut list = Vec::new();
        for part in &parts {
            for message in part.messages.iter().filter(|message| message.road == road) {
                places.push(part.place);
                list.push((message.text.as_str(), message.delay));
            }
        }
        let (taken, n) = edge::send_many(env, &list, &places, road).await;
        calls += n;
        refused(&mut parts, &places, &taken);
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
        worker::console_error!(
            "the ledger did not take {} reports; they go through the queue",
            reports.len()
        );
        let mut places = Vec::new();
        let mut texts = Vec::new();
        for part in &parts {
            for report in &part.reports {
                places.push(part.place);
                texts.push(envelope::close_report(report));
            }
        }
        let list: Vec<(&str, u32)> = texts
            .iter()
            .map(|text| (text.as_str(), AGAIN_SECONDS))
            .collect();
        let (taken, n) = edge::send_many(env, &list, &places, Road::Main).await;
        calls += n;
        refused(&mut parts, &places, &taken);
    }
    Settled {
        done: parts.iter().map(|part| part.place).collect(),
        calls,
        told,
    }
}

/// Leaves out the parts of which the queue did not take everything; their messages come again.
fn refused(parts: &mut Vec<Part>, places: &[usize], taken: &[bool]) {
    let refused: Vec<usize> = places
        .iter()
        .zip(taken)
        .filter(|(_, taken)| !**taken)
        .map(|(place, _)| *place)
        .collect();
    if !refused.is_empty() {
        worker::console_error!(
            "the queue did not take {} messages; what they came of comes again",
            refused.len()
        );
        parts.retain(|part| !refused.contains(&part.place));
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
    let mut spent = Spent::default();
    for _ in 0..MOST_ROUNDS {
        let due = serde_json::json!({"now": edge::now(), "limit": MOST_QUESTIONS});
        let Ok(text) = edge::ledger(env, "/due", &edge::json(&due)).await else {
            worker::console_warn!(
                "the ledger did not say what is due; asked again at the next run"
            );
            return;
        };
        let pending = serde_json::from_str(&text).unwrap_or_default();
        let pending = list_of(pending, Pending::read).unwrap_or_default();
        if pending.is_empty() {
            return;
        }
        let mut asking = Delivery::asking(settings, &pending);
        asking.resume(spent);
        asking.spend(1);
        fly(&mut asking, &[], env).await;
        let exhausted = asking.exhausted(edge::now());
        spent = asking.spent();
        // Durable first: a report that is not handed in leaves the question, which is asked again. A verdict that was
        // acted upon has to be booked, though; asked for again it might be another.
        let parts = asking
            .finish_asking(edge::now())
            .into_iter()
            .enumerate()
            .map(|(place, aftermath)| Part {
                place,
                messages: aftermath.messages,
                reports: aftermath.reports,
                late: false,
            });
        let settled = settle(env, parts.collect()).await;
        spent.add(settled.calls);
        if exhausted || !settled.told {
            return;
        }
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
        worker::console_warn!(
            "{} refused events keep their claims; replay their letters",
            releases.len() - MOST_RELEASES
        );
        releases.truncate(MOST_RELEASES);
    }
    if releases.is_empty() {
        return 0;
    }
    let names: Vec<String> = releases.iter().map(|one| one.key.to_hex()).collect();
    // A store that does not answer leaves the claims: the letters can be replayed.
    let found = edge::claimed(env, &names).await.unwrap_or_default();
    // Several destinations may have refused one event.
    let mut claims: Table<ClaimKey, Claim> = Table::new();
    for (one, stored) in releases.iter().zip(found) {
        state::recent(|recent| recent.refused(one.key, &one.destination, one.worth));
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
    if edge::claim(env, &claims, settings.window_ms / 1000)
        .await
        .is_err()
    {
        worker::console_warn!("claims on refused events were not corrected");
    }
    calls
}

async fn report(env: &Env, reports: &[&Report]) -> bool {
    let Ok(text) = serde_json::to_string(reports) else {
        return false;
    };
    edge::ledger(env, "/report", &text).await.is_ok()
}

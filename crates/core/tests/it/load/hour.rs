//! An hour of a queue: messages come, invocations take batches of them through the real delivery, platforms answer after a
//! while, and one of them is away for some minutes. The clock is turned by hand.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::fmt::Write as _;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Effects, Gates, OutgoingRequest, Queue, admitted};
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::ledger::{Balance, Line, balance};
use edgetally_core::settings::Settings;
use serde_json::{Value, json};

use super::Dice;
use super::paper::QUEUE_CONSUMERS;
use crate::support::{NOW, envelopes, platform_settings, shop};

/// The destinations, and how long each takes to answer, in milliseconds. GA4 takes one visitor's events in a request.
pub(crate) const DESTINATIONS: [(&str, i64); 3] = [("meta", 250), ("ga4", 80), ("webhook", 120)];
/// `max_batch_size` and `max_batch_timeout` in `wrangler.toml`.
pub(crate) const BATCH: usize = 50;
const BATCH_MS: i64 = 2000;
/// How long the queue and the ledger take over what an invocation leaves, in milliseconds. Not documented.
const SETTLE_MS: i64 = 100;
/// How finely the clock is turned, in milliseconds.
const TICK_MS: i64 = 10;
/// As many events as come in that time are always under way.
pub(crate) const USUAL_SECONDS: f64 = 10.0;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hour {
    /// Messages a second, of one event each.
    pub(crate) rate: f64,
    /// Invocations at a time, for each of the two queues; each is an isolate of its own, with its own gates.
    pub(crate) consumers: usize,
    pub(crate) seconds: i64,
    /// From when to when the first of the destinations is away, in seconds: it answers nothing until the timeout.
    pub(crate) away: (i64, i64),
}

/// A message that waits: until when, its number, and the index of its queue.
type Waiting = (i64, u64, usize);

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) events: usize,
    /// Most messages that waited at once, and most bytes, in both queues and with what is delayed.
    pub(crate) most_waiting: usize,
    pub(crate) most_bytes: usize,
    /// What waited when the destination had been away for the last second.
    pub(crate) waiting_at_end_of_away: usize,
    /// When the destination that had been away lacked no more than the events of [`USUAL_SECONDS`], in seconds after it was back.
    pub(crate) caught_up: Option<i64>,
    /// For each destination how long each event took, in milliseconds, from its arrival.
    pub(crate) took: Vec<Vec<i64>>,
    /// The same, of those that arrived while the destination was away.
    pub(crate) took_meanwhile: Vec<Vec<i64>>,
    /// For each destination how often it took an event that it had.
    pub(crate) again: Vec<usize>,
    /// For each destination the events that it never took.
    pub(crate) lost: Vec<usize>,
    pub(crate) balances: Vec<Balance>,
    /// How many calls of the ledger that write, and how many invocations.
    pub(crate) ledger: usize,
    pub(crate) invocations: usize,
    /// Time that invocations took, all together, in milliseconds, by queue.
    pub(crate) busy: BTreeMap<&'static str, i64>,
    /// Most bytes of messages and of requests under way that one invocation held.
    pub(crate) most_held: usize,
}

/// A site with the three destinations, or without one of them.
pub(crate) fn settings(without: Option<&str>) -> Settings {
    let names = DESTINATIONS.iter().map(|(name, _)| *name);
    let names = names.filter(|name| Some(*name) != without);
    let all: Vec<_> = names.map(|name| (name, platform_settings(name))).collect();
    shop(&all, &Value::Null, &Value::Null)
}

/// The ids of the events in a request: what the destinations call them.
fn ids(outgoing: &OutgoingRequest) -> Vec<usize> {
    let body: Value = serde_json::from_slice(outgoing.request.body()).unwrap();
    let lists = ["data", "events"]
        .iter()
        .find_map(|key| body[key].as_array());
    let id = |event: &Value| {
        let id = event["event_id"].as_str();
        id.or_else(|| event["params"]["ep"].as_str())
            .unwrap()
            .parse()
            .unwrap()
    };
    match lists {
        Some(list) => list.iter().map(id).collect(),
        None => vec![id(&body)],
    }
}

fn place(destination: &str) -> usize {
    let mut all = DESTINATIONS.iter();
    all.position(|(name, _)| *name == destination).unwrap()
}

/// A queue's world.
struct Run<'s> {
    settings: &'s Settings,
    hour: Hour,
    /// By when they are due.
    delayed: BinaryHeap<Reverse<Waiting>>,
    /// By queue.
    ready: [VecDeque<(i64, u64)>; 2],
    texts: BTreeMap<u64, String>,
    bytes: usize,
    next: u64,
    lines: BTreeMap<Line, i64>,
    arrived: Vec<i64>,
    taken: Vec<Vec<bool>>,
    seen: Seen,
}

/// One invocation at a time of a queue's consumer.
struct Consumer {
    queue: Queue,
    free: i64,
    gates: Gates,
}

const fn index(queue: Queue) -> usize {
    match queue {
        Queue::Main => 0,
        Queue::Slow => 1,
    }
}

impl<'s> Run<'s> {
    fn new(settings: &'s Settings, hour: Hour, most: usize) -> Self {
        let each = DESTINATIONS.len();
        Self {
            settings,
            hour,
            delayed: BinaryHeap::new(),
            ready: [VecDeque::new(), VecDeque::new()],
            texts: BTreeMap::new(),
            bytes: 0,
            next: 0,
            lines: BTreeMap::new(),
            arrived: Vec::new(),
            taken: vec![vec![false; most]; each],
            seen: Seen {
                took: vec![Vec::new(); each],
                took_meanwhile: vec![Vec::new(); each],
                again: vec![0; each],
                ..Seen::default()
            },
        }
    }

    fn put(&mut self, at: i64, queue: Queue, text: String) {
        self.next += 1;
        self.bytes += text.len();
        self.texts.insert(self.next, text);
        self.delayed.push(Reverse((at, self.next, index(queue))));
        self.seen.most_waiting = self.seen.most_waiting.max(self.texts.len());
        self.seen.most_bytes = self.seen.most_bytes.max(self.bytes);
    }

    /// A request with so many events through intake, each of another visitor.
    fn arrive(&mut self, now: i64, events: usize) {
        let first = self.arrived.len();
        let event = |n: usize| {
            json!({
                "event": "purchase", "event_id": n.to_string(), "event_time": now, "action_source": "email", "value": 1, "currency": "EUR",
                "user": {"email": format!("visitor{n}@worker.example")}, "context": {"client_id": format!("{}.{n}", 1000 + n)},
                "consent": {"ad_user_data": "granted", "analytics_storage": "granted"}, "properties": {"ep": n.to_string()},
            })
        };
        let body: Value = (first..first + events).map(event).collect();
        let body = body.to_string();
        self.arrived.resize(first + events, now);
        let (settings, at) = (self.settings, UnixMillis(now));
        let source = settings.source("shop").unwrap();
        let batch =
            edgetally_core::intake::native::batch(settings, source, None, body.as_bytes(), at);
        let plan = batch.unwrap().finish(|_| None, &format!("e{first}"));
        assert_eq!(plan.messages.len(), 1, "a request is one message");
        for message in plan.messages {
            self.put(now, Queue::Main, message);
        }
    }

    /// How many events the first of the destinations has not taken.
    fn missing(&self) -> usize {
        self.arrived.len() - self.seen.took[0].len()
    }

    /// What a platform answers, and when.
    fn answer(&mut self, outgoing: &OutgoingRequest, now: i64) -> (i64, Result<Reply, Failure>) {
        let to = place(&outgoing.destination);
        let since = (now - NOW.0) / 1000;
        let (from, until) = self.hour.away;
        if to == 0 && (from..until).contains(&since) {
            return (now + i64::from(outgoing.timeout_ms), Err(Failure::Timeout));
        }
        let then = now + DESTINATIONS[to].1;
        for id in ids(outgoing) {
            let arrived = self.arrived[id];
            if std::mem::replace(&mut self.taken[to][id], true) {
                self.seen.again[to] += 1;
                continue;
            }
            self.seen.took[to].push(then - arrived);
            if (from..until).contains(&((arrived - NOW.0) / 1000)) {
                self.seen.took_meanwhile[to].push(then - arrived);
            }
        }
        let body = br#"{"events_received": 1000}"#.to_vec();
        let (status, retry_after) = (200, None);
        (
            then,
            Ok(Reply {
                status,
                retry_after,
                body,
            }),
        )
    }

    /// Puts what is left into the queues, and tells the ledger in one call.
    fn settle(&mut self, effects: Vec<Effects>, now: i64) {
        if effects.is_empty() {
            return;
        }
        self.seen.ledger += 1;
        for one in effects {
            for message in one.messages {
                let at = now + 1000 * i64::from(message.delay);
                self.put(at, message.queue, message.text);
            }
            for report in &one.reports {
                for (line, n) in report.counts.iter() {
                    *self.lines.entry(line.clone()).or_default() += n;
                }
            }
        }
    }

    /// One invocation with a batch; gives when it ends.
    fn invoke(&mut self, queue: Queue, gates: &mut Gates, texts: &[String], start: i64) -> i64 {
        let opened = envelopes(texts);
        let mut now = start;
        // What one invocation cannot take on the queue hands over again.
        let most = admitted(self.settings, &opened).min(opened.len());
        let mut delivery = Delivery::on(
            queue,
            self.settings,
            &opened[..most],
            gates,
            UnixMillis(now),
        );
        for text in &texts[most..] {
            self.put(now + 10_000, queue, text.clone());
        }
        let held: usize = texts.iter().map(String::len).sum();
        let mut flying: Vec<(i64, usize, usize, Result<Reply, Failure>)> = Vec::new();
        loop {
            while let Some(outgoing) = delivery.next(gates, UnixMillis(now)) {
                let (at, reply) = self.answer(&outgoing, now);
                flying.push((at, outgoing.ticket, outgoing.request.body().len(), reply));
            }
            let bytes: usize = flying.iter().map(|one| one.2).sum();
            self.seen.most_held = self.seen.most_held.max(held + bytes);
            if delivery.ripe(UnixMillis(now)) {
                let effects = delivery.take(UnixMillis(now));
                self.settle(effects, now);
            }
            let first = (0..flying.len()).min_by_key(|at| flying[*at].0);
            let Some(first) = first else { break };
            let (at, ticket, _, reply) = flying.swap_remove(first);
            now = now.max(at);
            delivery.answer(ticket, &reply, gates, UnixMillis(now));
        }
        let effects = delivery.finish(UnixMillis(now));
        self.settle(effects, now);
        self.seen.invocations += 1;
        now + SETTLE_MS
    }

    /// Hands a batch to a consumer that is free, where there is one: a full one, or one that has waited.
    fn hand_over(&mut self, consumer: &mut Consumer, now: i64) -> bool {
        let ready = &mut self.ready[index(consumer.queue)];
        let waited = ready
            .front()
            .is_some_and(|(since, _)| now - since >= BATCH_MS);
        if consumer.free > now || ready.is_empty() || (ready.len() < BATCH && !waited) {
            return false;
        }
        let taken: Vec<(i64, u64)> = ready.drain(..ready.len().min(BATCH)).collect();
        let texts: Vec<String> = taken
            .iter()
            .map(|(_, key)| self.texts.remove(key).unwrap())
            .collect();
        self.bytes -= texts.iter().map(String::len).sum::<usize>();
        consumer.free = self.invoke(consumer.queue, &mut consumer.gates, &texts, now);
        let name = if consumer.queue == Queue::Main {
            "main"
        } else {
            "slow"
        };
        *self.seen.busy.entry(name).or_default() += consumer.free - now;
        true
    }
}

/// Lets the hour pass, and as long again as anything waits.
pub(crate) fn run(hour: Hour, seed: u64) -> Seen {
    let settings = settings(None);
    let most = (hour.rate * hour.seconds as f64 * 1.2) as usize + 1000;
    let mut run = Run::new(&settings, hour, most);
    let mut consumers: Vec<Consumer> = [Queue::Main, Queue::Slow]
        .into_iter()
        .flat_map(|queue| {
            (0..hour.consumers).map(move |_| Consumer {
                queue,
                free: 0,
                gates: Gates::new(),
            })
        })
        .collect();
    let mut dice = Dice(seed);
    let usual = 1 + (USUAL_SECONDS * hour.rate) as usize;
    let (end, back) = (NOW.0 + hour.seconds * 1000, NOW.0 + hour.away.1 * 1000);
    let mut now = NOW.0;
    while now < end || !run.texts.is_empty() {
        if now < end {
            let come = dice.poisson(hour.rate * TICK_MS as f64 / 1000.0) as usize;
            (0..come).for_each(|_| run.arrive(now, 1));
        }
        while run
            .delayed
            .peek()
            .is_some_and(|Reverse((at, ..))| *at <= now)
        {
            let Reverse((at, key, queue)) = run.delayed.pop().unwrap();
            run.ready[queue].push_back((at, key));
        }
        for consumer in &mut consumers {
            run.hand_over(consumer, now);
        }
        if now < back {
            run.seen.waiting_at_end_of_away = run.texts.len();
        } else if run.seen.caught_up.is_none() && run.missing() <= usual {
            run.seen.caught_up = Some((now - back) / 1000);
        }
        now += TICK_MS;
        assert!(now < end + 86_400_000, "it never ends");
    }
    let Run {
        mut seen,
        lines,
        taken,
        arrived,
        ..
    } = run;
    seen.events = arrived.len();
    let lost = |taken: &Vec<bool>| taken[..arrived.len()].iter().filter(|it| !**it).count();
    seen.lost = taken.iter().map(lost).collect();
    seen.balances = balance(lines);
    seen
}

/// How long one invocation takes over a full batch of messages with so many events each, all platforms answering, in seconds.
/// And how often it calls the ledger so that it writes.
pub(crate) fn invocation(of_message: usize, without: Option<&str>) -> (f64, f64) {
    let settings = settings(without);
    let hour = Hour {
        rate: 1.0,
        consumers: 1,
        seconds: 1,
        away: (0, 0),
    };
    let mut run = Run::new(&settings, hour, BATCH * of_message);
    (0..BATCH).for_each(|_| run.arrive(NOW.0, of_message));
    let texts: Vec<String> = std::mem::take(&mut run.texts).into_values().collect();
    let ended = run.invoke(Queue::Main, &mut Gates::new(), &texts, NOW.0);
    ((ended - NOW.0) as f64 / 1000.0, run.seen.ledger as f64)
}

/// Events a second.
pub(crate) const GOAL: f64 = 100_000.0;
/// Queues by the first bits of the event's key, for the goal with one event a message: each is filled to five eighths.
pub(crate) const QUEUES: f64 = 32.0;
/// Of each queue's 250 invocations at a time so many are simulated, with as small a share of its messages.
pub(crate) const CONSUMERS: usize = 10;

/// What has to hold of any hour.
pub(crate) fn check(seen: &Seen) {
    assert_eq!(seen.lost, [0, 0, 0], "lost");
    assert_eq!(seen.balances.len(), DESTINATIONS.len());
    for one in &seen.balances {
        assert_eq!(one.remainder, 0, "{one:?}");
        assert_eq!(
            (one.accepted, one.delivered),
            (seen.events as i64, seen.events as i64),
            "{one:?}"
        );
    }
    assert!(seen.caught_up.is_some());
}

/// The value that a share of all is at most.
pub(crate) fn quantile(values: &[i64], share: f64) -> i64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    values[((values.len() - 1) as f64 * share) as usize]
}

fn seconds(ms: i64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}

pub(crate) fn in_simulation(hour: Hour, seen: &Seen) -> String {
    let scale = QUEUE_CONSUMERS.value / CONSUMERS as f64;
    let all = scale * QUEUES;
    let mut out = String::from("| | one queue | all 32 |\n|---|---|---|\n");
    let mut row = |name: &str, one: String, many: String| {
        writeln!(out, "| {name} | {one} | {many} |").unwrap();
    };
    let whole = |value: f64| format!("{value:.0}");
    let gigabytes = |bytes: f64| format!("{:.2} GB", bytes / 1e9);
    row(
        "events in the hour",
        whole(seen.events as f64 * scale),
        whole(seen.events as f64 * all),
    );
    row(
        "most messages that waited",
        whole(seen.most_waiting as f64 * scale),
        whole(seen.most_waiting as f64 * all),
    );
    row(
        "most bytes that waited (one queue holds 25 GB)",
        gigabytes(seen.most_bytes as f64 * scale),
        gigabytes(seen.most_bytes as f64 * all),
    );
    let calls = seen.ledger as f64 / hour.seconds as f64;
    row(
        "writing calls of ledgers a second",
        whole(calls * scale),
        whole(calls * all),
    );
    for (name, busy) in &seen.busy {
        let busy = 100.0 * *busy as f64 / (1000.0 * hour.seconds as f64 * CONSUMERS as f64);
        row(
            &format!("consumers of the {name} queue, busy"),
            format!("{busy:.0} %"),
            "the same".to_owned(),
        );
    }
    row(
        "most that an invocation held, messages and requests",
        format!("{} kB", seen.most_held / 1000),
        "the same".to_owned(),
    );
    row(
        "caught up again, after the platform was back",
        format!("{} s", seen.caught_up.unwrap()),
        "the same".to_owned(),
    );
    row(
        "events lost, at any platform",
        whole(seen.lost.iter().sum::<usize>() as f64),
        "0".to_owned(),
    );
    row(
        "events that a platform got twice",
        whole(seen.again.iter().sum::<usize>() as f64),
        "the same share".to_owned(),
    );
    out.push_str("\n| from arrival until it is delivered | all: median, 99 %, longest | arrived meanwhile: median, 99 %, longest |\n|---|---|---|\n");
    for (place, (name, _)) in DESTINATIONS.iter().enumerate() {
        let of = |values: &[i64]| {
            [0.5, 0.99, 1.0]
                .map(|share| seconds(quantile(values, share)))
                .join(", ")
        };
        let away = if place == 0 { ", which was away" } else { "" };
        writeln!(
            out,
            "| {name}{away} | {} | {} |",
            of(&seen.took[place]),
            of(&seen.took_meanwhile[place])
        )
        .unwrap();
    }
    out
}

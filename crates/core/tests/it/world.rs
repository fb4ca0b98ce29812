//! The outside world of a delivery: a queue, a ledger, platforms that a closure plays, and a clock that is turned by hand.

use std::collections::{BTreeMap, HashMap};

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{
    self, Delivery, Driven, Effects, Gates, OutgoingRequest, Polling, Queue, admitted,
};
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::ledger::movement::Movement;
use edgetally_core::ledger::outcomes::portions;
use edgetally_core::ledger::{
    After, Balance, Counts, DeadLetter, Line, Pending, Remembered, Report, State, Turn,
    Withdrawals, Withdrawn, balance, turn,
};
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::queue::parcel::Parcel;
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, platform_settings, shop};

pub(crate) type Answer = Result<Reply, Failure>;

pub(crate) fn reply(status: u16, body: &str) -> Answer {
    Ok(Reply {
        status,
        retry_after: None,
        body: body.as_bytes().to_vec(),
    })
}

/// The keys that platforms have an event's id under, those first whose `event_id` is something else.
pub(crate) const IDS: &[&str] = &[
    "/metadata/conversion_id",
    "/conversion_id",
    "/transactionId",
    "/eventId",
    "/event_id",
];

/// The ids of the events (GA4: the property `ep`) in a request's body; none in a request for a token.
pub(crate) fn ids(outgoing: &OutgoingRequest) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(outgoing.request.body()) else {
        return Vec::new();
    };
    let list = [
        "/data/events",
        "/data",
        "/events",
        "/elements",
        "/conversions",
    ]
    .iter()
    .find_map(|key| body.pointer(key)?.as_array())
    .unwrap();
    list.iter()
        .map(|event| {
            IDS.iter()
                .find_map(|key| event.pointer(key))
                .unwrap_or_else(|| &event["params"]["ep"])
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

/// One request that a platform got.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Got {
    pub(crate) at: i64,
    pub(crate) destination: String,
    pub(crate) ids: Vec<String>,
}

/// The outside world: a queue with delays, a ledger, platforms that a closure plays, and a clock.
pub(crate) struct World<'s> {
    pub(crate) settings: &'s Settings,
    pub(crate) now: i64,
    pub(crate) queue: Vec<(i64, Queue, String)>,
    pub(crate) gates: Gates,
    /// The reports that the ledger has dealt with, each with its run.
    pub(crate) remembered: BTreeMap<String, Remembered>,
    /// Those that came before what they build upon.
    pub(crate) early: Vec<Report>,
    pub(crate) counts: Lines,
    /// The lines that were exported.
    pub(crate) outcomes: Vec<Value>,
    /// How many receipts there are for each event id.
    pub(crate) receipts: BTreeMap<String, u32>,
    pub(crate) dead: BTreeMap<String, DeadLetter>,
    pub(crate) pending: BTreeMap<String, Pending>,
    /// What was withdrawn, and when.
    pub(crate) withdrawn: Vec<(Withdrawn, String, i64)>,
    pub(crate) got: Vec<Got>,
    /// How long the answers of a destination take, in milliseconds.
    pub(crate) lag: HashMap<String, i64>,
    pub(crate) taken: HashMap<(String, String), usize>,
    pub(crate) most_in_flight: usize,
    pub(crate) most_each: usize,
    /// How often the queue has handed a message over.
    pub(crate) handed: HashMap<String, u32>,
    /// The requests of the invocation so far, and the bytes that it gave to the queue.
    pub(crate) asked: usize,
    pub(crate) calls: usize,
}

/// The ledger's lines.
#[derive(Debug, Default)]
pub(crate) struct Lines(BTreeMap<Line, i64>);

impl Lines {
    pub(crate) fn merge(&mut self, counts: &Counts) {
        for (line, n) in counts.iter() {
            *self.0.entry(line.clone()).or_default() += n;
        }
    }

    pub(crate) fn of(&self, line: &Line) -> i64 {
        self.0.get(line).copied().unwrap_or(0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Line, i64)> {
        self.0.iter().map(|(line, n)| (line, *n))
    }
}

/// When an invocation is killed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kill {
    Never,
    /// With all requests answered and nothing else done.
    Early,
    /// The messages are in the queue, the ledger does not know.
    Sent,
    /// The ledger knows, the queue has not heard.
    Told,
}

impl<'s> World<'s> {
    pub(crate) fn new(settings: &'s Settings) -> Self {
        World {
            settings,
            now: NOW.0,
            queue: Vec::new(),
            gates: Gates::new(),
            remembered: BTreeMap::new(),
            early: Vec::new(),
            counts: Lines::default(),
            outcomes: Vec::new(),
            receipts: BTreeMap::new(),
            dead: BTreeMap::new(),
            pending: BTreeMap::new(),
            withdrawn: Vec::new(),
            got: Vec::new(),
            lag: HashMap::new(),
            taken: HashMap::new(),
            most_in_flight: 0,
            most_each: 0,
            handed: HashMap::new(),
            asked: 0,
            calls: 0,
        }
    }

    pub(crate) fn send(&mut self, events: &[Value], id: &str) {
        let body = Value::from(events.to_vec()).to_string();
        let source = self.settings.source("shop").unwrap();
        let batch = edgetally_core::intake::native::batch(
            self.settings,
            source,
            None,
            body.as_bytes(),
            UnixMillis(self.now),
        )
        .unwrap();
        let plan = batch.finish(|_| None, id);
        self.queue.extend(
            plan.messages
                .into_iter()
                .map(|message| (self.now, Queue::Main, message)),
        );
    }

    /// Hands a report in.
    pub(crate) fn apply(&mut self, report: &Report) {
        if !self.take(report) && self.early.iter().all(|known| known.id != report.id) {
            self.early.push(report.clone());
        }
        // Others may have waited for it.
        while let Some(index) = (0..self.early.len()).find(|index| {
            let report = self.early[*index].clone();
            self.take(&report)
        }) {
            self.early.remove(index);
        }
    }

    /// Books a withdrawal as the ledger does: letters that it is about go, but for those that are being offered again.
    pub(crate) fn withdraw(&mut self, kind: Withdrawn, id: &str) {
        let now = UnixMillis(self.now);
        self.withdrawn.push((kind, id.to_owned(), self.now));
        let withdrawals = self.told(self.withdrawn.len());
        let letters: Vec<DeadLetter> = self.dead.values().cloned().collect();
        for letter in letters {
            let parcel: Parcel<'_> = serde_json::from_str(&letter.parcel).unwrap();
            let visitor = parcel.visitor.as_deref();
            let covered = withdrawals.cover(&letter.source, &parcel.id, visitor, parcel.received);
            let offered = delivery::replay(&letter, 1).unwrap().booked.id;
            if covered && !self.remembered.contains_key(&offered) {
                self.apply(&delivery::withdraw(&letter, now).unwrap());
            }
        }
    }

    /// The first so many of the withdrawals, as somebody hears of them who asks now.
    pub(crate) fn told(&self, many: usize) -> Withdrawals {
        let rows: Vec<Value> = self.withdrawn[..many]
            .iter()
            .map(|(kind, id, at)| json!({"kind": kind.as_str(), "source": "shop", "id": id, "at": at}))
            .collect();
        let mut all = Withdrawals::new();
        assert!(all.hear(
            all.version(),
            json!({"version": many, "withdrawn": rows}),
            UnixMillis(self.now),
            UnixMillis(self.now)
        ));
        all
    }

    /// The lines that were exported add up to what is counted.
    pub(crate) fn check_outcomes(&self) {
        let mut sums: BTreeMap<[String; 4], i64> = BTreeMap::new();
        for line in &self.outcomes {
            let of = |name: &str| line[name].as_str().unwrap().to_owned();
            let names = ["received_hour", "source", "destination", "state"];
            *sums.entry(names.map(of)).or_default() += line["n"].as_i64().unwrap();
        }
        for (line, n) in self.counts.iter() {
            let is_told = if line.destination.is_empty() {
                matches!(line.state, State::Accepted | State::Malformed)
            } else {
                State::FINAL.contains(&line.state)
            };
            if is_told {
                let names = [
                    line.hour.to_rfc3339(),
                    line.source.clone(),
                    line.destination.clone(),
                    line.state.as_str().to_owned(),
                ];
                *sums.entry(names).or_default() -= n;
            }
        }
        sums.retain(|_, n| *n != 0);
        assert!(sums.is_empty(), "{sums:?}");
    }

    /// What the ledger says of an envelope that comes again, or was left by another.
    pub(crate) fn turn(&self, id: &str, after: Option<&After>) -> Turn {
        turn(id, after, |id| self.remembered.get(id).cloned())
    }

    /// Applies a report as the ledger does; whether it is dealt with.
    fn take(&mut self, report: &Report) -> bool {
        let remembered = |id: &str| self.remembered.get(id).cloned();
        match report.turn(remembered, |id| self.pending.contains_key(id)) {
            Turn::Known => return true,
            Turn::Early => return false,
            Turn::Superseded => {
                self.counts.merge(&report.superseded);
                self.remembered
                    .insert(report.id.clone(), Some(String::new()));
                return true;
            }
            Turn::Due => {}
        }
        let less = report.counts.iter().filter(|(_, n)| *n < 0);
        if less
            .into_iter()
            .any(|(line, n)| self.counts.of(line) + n < 0)
        {
            return false;
        }
        self.counts.merge(&report.counts);
        let own = |of: &Movement| Some(of.event_id.clone());
        for portion in portions(&[report], UnixMillis(self.now), own) {
            let lines = portion.text.lines();
            self.outcomes
                .extend(lines.map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        self.remembered
            .insert(report.id.clone(), Some(report.run.clone()));
        for event in report.decided.iter().flat_map(|one| &one.events) {
            *self.receipts.entry(event.event_id.clone()).or_default() += 1;
        }
        for letter in &report.dead {
            self.dead.insert(letter.id.clone(), letter.clone());
        }
        for id in &report.revived {
            self.dead.remove(id);
        }
        for one in &report.pending {
            self.pending.insert(one.id.clone(), one.clone());
        }
        for id in &report.settled {
            self.pending.remove(id);
        }
        for later in &report.postponed {
            if let Some(one) = self.pending.get_mut(&later.id) {
                (one.due, one.asked) = (later.due, later.asked);
            }
        }
        true
    }

    /// Asks about every receipt that is due, as the cron trigger does.
    pub(crate) fn ask(
        &mut self,
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
    ) {
        let due: Vec<Pending> = self
            .pending
            .values()
            .filter(|one| one.due.0 <= self.now)
            .cloned()
            .collect();
        let mut polling = Polling::new(self.settings, &due);
        self.fly(&mut polling, platform);
        let effects = polling.finish(UnixMillis(self.now));
        self.follow(effects, true);
    }

    pub(crate) fn follow(&mut self, effects: Vec<Effects>, told: bool) {
        for one in effects {
            for message in one.messages {
                let delay = message.delay;
                assert!(delay <= 86_400, "{delay}");
                // At once goes what is handed on, to the slow queue or to another invocation.
                assert!(
                    delay > 0 || message.queue == Queue::Slow || message.text.contains('~'),
                    "at once, again"
                );
                self.calls += message.text.len();
                let at = self.now + i64::from(delay) * 1000;
                self.queue.push((at, message.queue, message.text));
            }
            if told {
                for report in &one.reports {
                    self.apply(report);
                }
            }
        }
    }

    /// Works one message off. `again` says that the queue will hand it over once more; `told` that the reports arrive.
    pub(crate) fn work(
        &mut self,
        queue: Queue,
        message: &str,
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
        told: bool,
    ) {
        self.work_all(queue, &[message.to_owned()], platform, told);
    }

    /// Works messages off in one batch.
    pub(crate) fn work_all(
        &mut self,
        queue: Queue,
        messages: &[String],
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
        told: bool,
    ) {
        let mut envelopes = Vec::new();
        for message in messages {
            match envelope::open(message) {
                Ok(Message::Events(envelope)) => envelopes.push(envelope),
                Ok(Message::Report(report)) => self.apply(&report),
                Err(error) => panic!("{error}: {message}"),
            }
        }
        let mut delivery = Delivery::on(
            queue,
            self.settings,
            &envelopes,
            &self.gates,
            UnixMillis(self.now),
        );
        if !self.withdrawn.is_empty() {
            delivery.heed(&self.told(self.withdrawn.len()));
        }
        self.fly(&mut delivery, platform);
        let effects = delivery.finish(UnixMillis(self.now));
        self.follow(effects, told);
    }

    /// Sends what a delivery gives out, and hands the answers in.
    pub(crate) fn fly(
        &mut self,
        delivery: &mut dyn Driven,
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
    ) {
        let mut in_flight: Vec<(OutgoingRequest, Option<Answer>, i64)> = Vec::new();
        loop {
            while let Some(outgoing) = delivery.next(&mut self.gates, UnixMillis(self.now)) {
                let answer = platform(&outgoing, self.now);
                self.asked += 1;
                self.got.push(Got {
                    at: self.now,
                    destination: outgoing.destination.clone(),
                    ids: ids(&outgoing),
                });
                let lag = self.lag.get(&outgoing.destination).copied().unwrap_or(0);
                in_flight.push((outgoing, answer, self.now + lag));
                self.most_in_flight = self.most_in_flight.max(in_flight.len());
                let mut each: HashMap<&str, usize> = HashMap::new();
                for (outgoing, ..) in &in_flight {
                    *each.entry(&outgoing.destination).or_default() += 1;
                }
                self.most_each = self.most_each.max(each.into_values().max().unwrap());
            }
            if in_flight.is_empty() {
                break;
            }
            // The quickest answers first.
            in_flight.sort_by_key(|(_, _, came)| *came);
            let (outgoing, answer, came) = in_flight.remove(0);
            self.now = self.now.max(came);
            // No answer at all: whoever drives it gave up on the whole invocation.
            let Some(answer) = answer else { continue };
            if let Ok(reply) = &answer
                && (200..300).contains(&reply.status)
                && !String::from_utf8_lossy(&reply.body).contains("error")
            {
                for id in ids(&outgoing) {
                    *self
                        .taken
                        .entry((outgoing.destination.clone(), id))
                        .or_default() += 1;
                }
            }
            delivery.answer(
                outgoing.ticket,
                &answer,
                &mut self.gates,
                UnixMillis(self.now),
            );
        }
    }

    /// Turns the clock from message to message until none is left.
    pub(crate) fn run(
        &mut self,
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
    ) {
        let mut steps = 0;
        loop {
            let next = (0..self.queue.len()).min_by_key(|place| self.queue[*place].0);
            let due = self.pending.values().map(|one| one.due.0).min();
            match next {
                Some(next) if due.is_none_or(|due| self.queue[next].0 <= due) => {
                    let (at, queue, message) = self.queue.remove(next);
                    self.now = self.now.max(at);
                    self.work(queue, &message, platform, true);
                }
                _ => {
                    let Some(due) = due else { break };
                    self.now = self.now.max(due);
                    self.ask(platform);
                }
            }
            for balance in self.balances() {
                assert_eq!(balance.remainder, 0, "{balance:?}");
            }
            steps += 1;
            assert!(self.early.is_empty(), "{:?}", self.early);
            assert!(steps < 20_000, "it never ends");
        }
    }

    /// One invocation with a batch of the queue, on a runtime that ends it when it asks for more than `limit`. Gives what
    /// the queue has to hand over again.
    pub(crate) fn invoke(
        &mut self,
        queue: Queue,
        mut messages: Vec<String>,
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
        limit: usize,
        kill: Kill,
    ) -> Vec<String> {
        for message in &messages {
            let handed = self.handed.entry(message.clone()).or_default();
            *handed += 1;
            assert!(*handed < 100, "quarantined");
        }
        // The ledger is asked about what was handed over before.
        messages.retain(|message| self.stands(message));
        let envelopes = crate::support::envelopes(&messages);
        let admitted = admitted(self.settings, &envelopes).min(envelopes.len());
        let now = UnixMillis(self.now);
        let taken = &envelopes[..admitted];
        let mut delivery = Delivery::on(queue, self.settings, taken, &self.gates, now);
        for (place, message) in messages[..admitted].iter().enumerate() {
            delivery.redelivered(place, self.handed[message]);
        }
        (self.asked, self.calls) = (0, 0);
        self.fly(&mut delivery, platform);
        let effects = delivery.finish(UnixMillis(self.now));
        if kill == Kill::Early {
            return messages;
        }
        let before = self.queue.len();
        let reports: Vec<Report> = effects.iter().flat_map(|one| one.reports.clone()).collect();
        self.follow(effects, false);
        // Calls of 250 kB, none of them quite full, and the report.
        let calls = self.asked + self.calls.div_ceil(180_000) + 1;
        if calls > limit {
            self.queue.truncate(before);
            return messages;
        }
        if kill == Kill::Sent {
            return messages;
        }
        for report in &reports {
            self.apply(report);
        }
        if kill == Kill::Told {
            return messages;
        }
        messages.split_off(admitted)
    }

    /// Whether a message is still to be worked off, for all that the ledger knows. It is asked about what was handed over
    /// before, and about what was left by other work.
    pub(crate) fn stands(&self, message: &str) -> bool {
        let messages = [message.to_owned()];
        let envelope = crate::support::envelopes(&messages).remove(0);
        let asked = self.handed[message] > 1 || envelope.after.is_some();
        let turn = self.turn(envelope.id.as_str(), envelope.after.as_ref());
        !asked || matches!(turn, Turn::Due | Turn::Early)
    }

    /// Turns the clock from batch to batch until nothing is left.
    pub(crate) fn run_batches(
        &mut self,
        most: usize,
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
        limit: usize,
        kill: &mut dyn FnMut() -> Kill,
    ) -> usize {
        let mut batches = 0;
        while let Some(next) = self.queue.iter().map(|(at, ..)| *at).min() {
            self.now = self.now.max(next);
            let (now, mut queue, mut batch) = (self.now, None, Vec::new());
            self.queue.retain(|(at, on, text)| {
                let taken = *at <= now && batch.len() < most && *queue.get_or_insert(*on) == *on;
                if taken {
                    batch.push(text.clone());
                }
                !taken
            });
            let queue = queue.unwrap();
            let again = self.invoke(queue, batch, platform, limit, kill());
            let at = self.now + 1000;
            self.queue
                .extend(again.into_iter().map(|text| (at, queue, text)));
            for balance in self.balances() {
                assert_eq!(balance.remainder, 0, "{balance:?}");
            }
            batches += 1;
            assert!(batches < 20_000, "it never ends");
        }
        batches
    }

    /// Works everything off that waits in the queue, in one batch.
    pub(crate) fn run_together(
        &mut self,
        platform: &mut dyn FnMut(&OutgoingRequest, i64) -> Option<Answer>,
    ) {
        let waiting = std::mem::take(&mut self.queue);
        self.now = waiting.iter().map(|(at, ..)| *at).fold(self.now, i64::max);
        let messages: Vec<String> = waiting.into_iter().map(|(.., text)| text).collect();
        self.work_all(Queue::Main, &messages, platform, true);
    }

    pub(crate) fn balances(&self) -> Vec<Balance> {
        balance(self.counts.iter().map(|(line, n)| (line.clone(), n)))
    }

    pub(crate) fn balance(&self, destination: &str) -> Balance {
        self.balances()
            .into_iter()
            .find(|balance| balance.destination == destination)
            .unwrap()
    }

    pub(crate) fn state(&self, destination: &str, state: State) -> i64 {
        states(&self.balance(destination))[state.as_str()]
    }

    /// How many of the counts have that state and code.
    pub(crate) fn code(&self, state: State, code: &str) -> i64 {
        self.counts
            .iter()
            .filter(|(line, _)| line.state == state && line.code == code)
            .map(|(_, n)| n)
            .sum()
    }

    pub(crate) fn requests(&self, destination: &str) -> Vec<&Got> {
        self.got
            .iter()
            .filter(|got| got.destination == destination)
            .collect()
    }
}

/// An event that all platforms take.
pub(crate) fn event(name: &str, id: &str, now: i64) -> Value {
    let mut event = json!({
        "event": name, "event_id": id, "event_time": now, "action_source": "email",
        "user": {"email": "queue@worker.example"}, "context": {"client_id": "12.34"},
        "consent": {"ad_user_data": "granted", "analytics_storage": "granted"}, "properties": {"ep": id},
    });
    if name == "purchase" {
        event["value"] = json!(1);
        event["currency"] = json!("EUR");
    }
    event
}

pub(crate) fn events(name: &str, n: usize) -> Vec<Value> {
    (0..n)
        .map(|n| event(name, &format!("{name}-{n}"), NOW.0))
        .collect()
}

pub(crate) fn only(platform: &str, more: &Value) -> Settings {
    shop(
        &[(platform, platform_settings(platform))],
        &Value::Null,
        more,
    )
}

/// What any of the platforms says when it has taken everything, and its token endpoint too.
pub(crate) fn received(outgoing: &OutgoingRequest) -> Answer {
    let n = ids(outgoing).len();
    let pinterest = outgoing.destination == "pinterest";
    let body = json!({
        "events_received": n, "status": "VALID", "message": "Successfully processed", "code": 0,
        "elements": vec![json!({"status": 201}); n],
        "data": {"conversions_processed": n, "message": "Successfully processed"},
        "events": if pinterest { json!(vec![json!({"status": "processed"}); n]) } else { Value::Null },
        "num_events_received": n, "num_events_processed": n, "eventsReceived": n, "requestId": format!("r-{}", outgoing.ticket),
        "access_token": "T", "expires_in": 3600, "requestStatusPerDestination": [{"requestStatus": "SUCCESS"}],
    });
    reply(200, &body.to_string())
}

pub(crate) const TOO_OLD: &str = r#"{"error": {"code": 100, "error_subcode": 2804016}}"#;

/// The states that share out what was accepted, by name.
pub(crate) fn states(balance: &Balance) -> BTreeMap<&'static str, i64> {
    BTreeMap::from([
        ("delivered", balance.delivered),
        ("duplicate", balance.duplicate),
        ("blocked", balance.blocked),
        ("skipped", balance.skipped),
        ("rejected", balance.rejected),
        ("processing", balance.processing),
        ("retrying", balance.retrying),
        ("dead", balance.dead),
    ])
}

/// What Google says of a receipt.
pub(crate) fn judged(reason: &str, n: usize) -> Answer {
    let body = json!({"requestStatusPerDestination": [{
        "requestStatus": "PARTIAL_SUCCESS",
        "errorInfo": {"errorCounts": [{"recordCount": n.to_string(), "reason": format!("PROCESSING_ERROR_REASON_{reason}")}]},
    }]});
    reply(200, &body.to_string())
}

pub(crate) fn is_question(outgoing: &OutgoingRequest) -> bool {
    outgoing.request.method() == "GET"
}

/// What a platform may say next.
pub(crate) fn any_answer() -> impl Strategy<Value = Option<Answer>> {
    prop_oneof![
        6 => Just(reply(200, r#"{"events_received": 1000}"#)).prop_map(Some),
        1 => Just(reply(204, "")).prop_map(Some),
        2 => Just(reply(400, TOO_OLD)).prop_map(Some),
        1 => Just(reply(400, r#"{"error": {"code": 190}}"#)).prop_map(Some),
        1 => Just(reply(503, "")).prop_map(Some),
        1 => any::<u16>().prop_map(|status| Some(reply(status, ""))),
        1 => (1_u32..200).prop_map(|after| Some(Ok(Reply { status: 429, retry_after: Some(after), body: Vec::new() }))),
        1 => Just(Some(Err(Failure::Timeout))),
        1 => Just(Some(Err(Failure::Connection))),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(|body| Some(Ok(Reply { status: 200, retry_after: None, body }))),
        1 => Just(None),
    ]
}

/// What a platform that judges later may say next, to whatever it was asked.
pub(crate) fn any_verdict() -> impl Strategy<Value = Answer> {
    let said = |state: &'static str| {
        json!({
            "requestId": "r", "access_token": "T", "expires_in": 90,
            "requestStatusPerDestination": [{"requestStatus": state}],
        })
    };
    prop_oneof![
        4 => (any::<u32>(), Just(said("SUCCESS"))).prop_map(|(n, mut body)| {
            body["requestId"] = json!(format!("receipt-{n}"));
            reply(200, &body.to_string())
        }),
        1 => Just(reply(200, &said("PROCESSING").to_string())),
        1 => Just(reply(200, &said("FAILED").to_string())),
        3 => (0_usize..12, prop::sample::select(vec![
            "TOO_RECENT_CLICK", "INTERNAL_ERROR", "INVALID_GCLID", "CLICK_NOT_FOUND",
        ])).prop_map(|(n, reason)| judged(reason, n)),
        1 => Just(reply(401, r#"{"error": {"status": "UNAUTHENTICATED"}}"#)),
        1 => Just(reply(404, r#"{"error": {"status": "NOT_FOUND"}}"#)),
        1 => Just(reply(400, r#"{"error": {"status": "INVALID_ARGUMENT"}}"#)),
        1 => Just(reply(503, "")),
        1 => Just(reply(200, "<html>")),
        1 => Just(Err(Failure::Timeout)),
    ]
}

/// Events of as many visitors: GA4 takes one of them a request.
pub(crate) fn visitors(name: &str, prefix: &str, n: usize) -> Vec<Value> {
    (0..n)
        .map(|k| {
            let mut event = event(name, &format!("{prefix}-{k}"), NOW.0);
            event["context"]["client_id"] = json!(format!("{}.{k}", 1000 + prefix.len()));
            event
        })
        .collect()
}

/// What the ledger counts as perhaps delivered twice.
pub(crate) fn maybe_twice(world: &World<'_>) -> i64 {
    world.code(State::MaybeTwice, "")
}

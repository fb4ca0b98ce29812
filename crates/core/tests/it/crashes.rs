//! Invocations that die between any two of their effects, are overtaken by others on the same messages, and find the ledger
//! away: whatever happens, every line of the ledger is right, and none is ever below zero.

use std::collections::{BTreeSet, VecDeque};

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Effects, OutgoingRequest, Polling, Queue, replay};
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::intake::withdrawal::Withdrawal;
use edgetally_core::ledger::{DeadLetter, Pending, Report, State, Withdrawals, Withdrawn};
use edgetally_core::queue::envelope::{self, Message};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, platform_settings, shop};
use crate::world::*;

/// How many visitors the events are of.
const VISITORS: usize = 5;

/// Chance that a case can be repeated by.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

/// What an invocation does to the world, one after the other.
#[derive(Debug, Clone)]
enum Effect {
    /// A message for a queue, due then.
    Send(Queue, i64, String),
    /// Reports for the ledger, those of one envelope in each list.
    HandIn(Vec<Vec<Report>>),
    /// The queue lets a message go.
    Let(usize),
}

/// How the ledger is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Health {
    Well,
    Away,
    /// It does what it is asked for, and its reply is lost.
    Mute,
}

struct Entry {
    id: usize,
    due: i64,
    queue: Queue,
    text: String,
    handed: u32,
    /// Some invocation has it.
    held: bool,
}

struct Chaos<'s> {
    world: World<'s>,
    entries: Vec<Entry>,
    invocations: Vec<VecDeque<Effect>>,
    health: Health,
    chance: Chance,
    /// Every so many answers something goes wrong.
    trouble: usize,
    next: usize,
    /// When a worker last heard what was withdrawn, and how many withdrawals it heard of.
    heard: (i64, usize),
    /// From when on no request may begin that holds an event of this id.
    forbidden: Vec<(String, i64)>,
}

impl<'s> Chaos<'s> {
    fn new(world: World<'s>, seed: u64, trouble: usize) -> Self {
        let mut chaos = Self {
            world,
            entries: Vec::new(),
            invocations: Vec::new(),
            health: Health::Well,
            chance: Chance(seed | 1),
            trouble,
            next: 0,
            heard: (i64::MIN / 2, 0),
            forbidden: Vec::new(),
        };
        for (due, queue, text) in std::mem::take(&mut chaos.world.queue) {
            chaos.put(queue, due, text);
        }
        chaos
    }

    fn put(&mut self, queue: Queue, due: i64, text: String) {
        self.next += 1;
        self.entries.push(Entry {
            id: self.next,
            due,
            queue,
            text,
            handed: 0,
            held: false,
        });
    }

    /// The queue hands a message over; at times one that another invocation has not let go yet.
    fn deliver(&mut self) {
        let overtakes = self.chance.below(4) == 0;
        let now = self.world.now;
        let ready = |entry: &&mut Entry| entry.due <= now && (overtakes || !entry.held);
        let mut ready: Vec<&mut Entry> = self.entries.iter_mut().filter(ready).collect();
        if ready.is_empty() {
            return;
        }
        let first = self.chance.below(ready.len());
        let queue = ready[first].queue;
        let mut batch = Vec::new();
        for entry in ready.iter_mut().skip(first) {
            if entry.queue == queue && batch.len() < 3 {
                entry.handed += 1;
                entry.held = true;
                batch.push((entry.id, entry.text.clone(), entry.handed));
            }
        }
        self.work(queue, &batch);
    }

    /// Whether it is known what was withdrawn: the ledger says so, or has said so shortly before.
    fn hears(&mut self) -> bool {
        if self.health == Health::Well {
            self.heard = (self.world.now, self.world.withdrawn.len());
        }
        self.world.now - self.heard.0 < Withdrawals::AWAY_MS
    }

    /// An event or a visitor is withdrawn: acknowledged when all that was heard before is out of date.
    fn withdraw(&mut self, envelopes: usize, n: usize) {
        if self.health == Health::Away {
            return;
        }
        let acknowledged = self.world.now.max(self.heard.0 + Withdrawals::LEASE_MS);
        let ids: Vec<String> = if self.chance.below(2) == 0 {
            let id = format!("{}-{}", self.chance.below(envelopes), self.chance.below(n));
            self.world.withdraw(Withdrawn::Event, &id);
            vec![id]
        } else {
            let visitor = self.chance.below(VISITORS);
            let body = json!({"external_id": format!("u{visitor}")}).to_string();
            let settings = self.world.settings;
            let source = settings.source("shop").unwrap();
            let mark = Withdrawal::read(settings, source, body.as_bytes())
                .unwrap()
                .visitor;
            self.world.withdraw(Withdrawn::Visitor, &mark.unwrap());
            let of = |m: usize| {
                (0..n)
                    .filter(move |k| (m + k) % VISITORS == visitor)
                    .map(move |k| format!("{m}-{k}"))
            };
            (0..envelopes).flat_map(of).collect()
        };
        self.forbidden
            .extend(ids.into_iter().map(|id| (id, acknowledged)));
    }

    /// What a worker does with a batch, up to its first effect.
    fn work(&mut self, queue: Queue, batch: &[(usize, String, u32)]) {
        if !self.hears() {
            for (id, ..) in batch {
                if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == *id) {
                    entry.held = false;
                }
            }
            return;
        }
        let mut effects = VecDeque::new();
        let (mut ids, mut texts, mut handed) = (Vec::new(), Vec::new(), Vec::new());
        let mut late = Vec::new();
        let mut known = BTreeSet::new();
        for (id, text, times) in batch {
            match envelope::open(text).unwrap() {
                Message::Report(report) => {
                    late.push(vec![report]);
                    ids.push(*id);
                }
                Message::Events(envelope) => {
                    self.world.handed.insert(text.clone(), *times);
                    if self.health == Health::Well && !self.world.stands(text) {
                        // What was left of it in its turn may be on its way, so the ledger is to know that it does not
                        // count; where it knows the id already, that changes nothing.
                        late.push(vec![envelope.dropped()]);
                        effects.push_back(Effect::Let(*id));
                    } else if known.insert(envelope.id.to_string()) {
                        // A further copy in the same batch is left to the queue.
                        ids.push(*id);
                        texts.push(text.clone());
                        handed.push(*times);
                    }
                }
            }
        }
        let envelopes = crate::support::envelopes(&texts);
        let now = UnixMillis(self.world.now);
        let gates = self.world.gates.clone();
        let settings = self.world.settings;
        let mut delivery = Delivery::on(queue, settings, &envelopes, &gates, now);
        for (index, times) in handed.iter().enumerate() {
            delivery.redelivered(index, *times);
        }
        delivery.heed(&self.world.told(self.heard.1));
        let (chance, trouble) = (&mut self.chance, self.trouble);
        // By what was heard before the ledger went away, a withdrawal of the last minute may be missed.
        let vouched = self.world.now - self.heard.0 < Withdrawals::LEASE_MS;
        let forbidden = &self.forbidden[..if vouched { self.forbidden.len() } else { 0 }];
        self.world.fly(&mut delivery, &mut |outgoing, now| {
            for id in crate::world::ids(outgoing) {
                let late = forbidden
                    .iter()
                    .find(|(one, from)| *one == id && *from <= now);
                assert!(
                    late.is_none(),
                    "{} got {id} at {now}: {late:?}",
                    outgoing.destination
                );
            }
            answer(outgoing, chance, trouble)
        });
        let left = delivery.finish(UnixMillis(self.world.now));
        let done = std::mem::take(&mut effects);
        self.follow(&mut effects, left, late);
        effects.extend(done);
        effects.extend(ids.into_iter().map(Effect::Let));
        self.invocations.push(effects);
    }

    fn follow(
        &self,
        effects: &mut VecDeque<Effect>,
        left: Vec<Effects>,
        mut reports: Vec<Vec<Report>>,
    ) {
        for one in left {
            for message in one.messages {
                let due = self.world.now + i64::from(message.delay) * 1000;
                effects.push_back(Effect::Send(message.queue, due, message.text));
            }
            reports.push(one.reports);
        }
        effects.push_back(Effect::HandIn(reports));
    }

    /// The cron trigger.
    fn poll(&mut self) {
        let now = self.world.now;
        let due = self.world.pending.values().filter(|one| one.due.0 <= now);
        let due: Vec<Pending> = due.cloned().collect();
        if due.is_empty() || self.health == Health::Away {
            return;
        }
        let mut polling = Polling::new(self.world.settings, &due);
        let (chance, trouble) = (&mut self.chance, self.trouble);
        self.world.fly(&mut polling, &mut |outgoing, _| {
            answer(outgoing, chance, trouble)
        });
        let left = polling.finish(UnixMillis(self.world.now));
        let mut effects = VecDeque::new();
        self.follow(&mut effects, left, Vec::new());
        self.invocations.push(effects);
    }

    /// Offers a letter again.
    fn replay(&mut self) {
        let letters: Vec<_> = self.world.dead.values().cloned().collect();
        if letters.is_empty() || self.health == Health::Away {
            return;
        }
        let letter = &letters[self.chance.below(letters.len())];
        self.offer(letter);
    }

    /// Letters that somebody claimed and did not send are sent by the cron trigger.
    fn resume(&mut self) {
        let letters: Vec<_> = self.world.dead.values().cloned().collect();
        for letter in letters {
            let booking = replay(&letter, 1).unwrap().booked.id;
            if self.world.remembered.contains_key(&booking) {
                self.offer(&letter);
            }
        }
    }

    fn offer(&mut self, letter: &DeadLetter) {
        let replay = replay(letter, 1).unwrap();
        // With the claim, in one transaction; whoever claims it later sends the same message.
        self.world.apply(&replay.booked);
        let effects = [
            Effect::Send(Queue::Main, self.world.now, replay.message),
            Effect::HandIn(vec![vec![replay.sent]]),
        ];
        self.invocations.push(effects.into());
    }

    /// The next effect of an invocation.
    fn step(&mut self, index: usize) {
        match self.invocations[index].pop_front() {
            None => drop(self.invocations.swap_remove(index)),
            Some(Effect::Send(queue, due, text)) => self.put(queue, due, text),
            Some(Effect::Let(id)) => self.entries.retain(|entry| entry.id != id),
            Some(Effect::HandIn(reports)) => {
                if self.health != Health::Away {
                    for report in reports.iter().flatten() {
                        self.world.apply(report);
                    }
                }
                if self.health != Health::Well {
                    // Through the queue, and the first of each list when all the others are there.
                    let now = self.world.now;
                    let of = |report: &Report| {
                        Effect::Send(Queue::Main, now, envelope::close_report(report))
                    };
                    let heads = reports.iter().filter_map(|list| list.first()).map(of);
                    let others = reports.iter().flat_map(|list| list.iter().skip(1)).map(of);
                    let all: Vec<Effect> = others.chain(heads).collect();
                    for effect in all.into_iter().rev() {
                        self.invocations[index].push_front(effect);
                    }
                }
            }
        }
    }

    /// It dies, and the queue hands over again what it had.
    fn kill(&mut self, index: usize) {
        for effect in self.invocations.swap_remove(index) {
            if let Effect::Let(id) = effect
                && let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id)
            {
                entry.held = false;
            }
        }
    }

    fn check(&self) {
        for (line, n) in self.world.counts.iter() {
            assert!(n >= 0, "{line:?}: {n}");
        }
        for balance in self.world.balances() {
            assert_eq!(balance.remainder, 0, "{balance:?}");
        }
    }

    fn run(&mut self, steps: usize, envelopes: usize, n: usize) {
        for _ in 0..steps {
            let running = self.invocations.len();
            match self.chance.below(16) {
                0..4 => self.deliver(),
                4..10 if running > 0 => {
                    let index = self.chance.below(running);
                    self.step(index);
                }
                10 if running > 0 => {
                    let index = self.chance.below(running);
                    self.kill(index);
                }
                11 => {
                    let all = [Health::Well, Health::Well, Health::Away, Health::Mute];
                    self.health = all[self.chance.below(4)];
                }
                12 => self.poll(),
                13 if self.chance.below(4) == 0 => self.replay(),
                14 if self.chance.below(8) == 0 => self.withdraw(envelopes, n),
                _ => self.world.now += [1000, 60_000, 3_600_000][self.chance.below(3)],
            }
            self.check();
        }
        // Everything that runs dies, and then nothing goes wrong any more.
        self.health = Health::Well;
        self.trouble = usize::MAX;
        while !self.invocations.is_empty() {
            self.kill(0);
        }
        // A letter that was claimed is sent, whoever had begun.
        let mut quiet = 0;
        while quiet < 3 {
            let (entries, pending) = (self.entries.len(), self.world.pending.len());
            quiet = if entries + pending == 0 { quiet + 1 } else { 0 };
            self.world.now += 3_600_000;
            for entry in &mut self.entries {
                entry.held = false;
            }
            self.deliver();
            self.poll();
            self.resume();
            while !self.invocations.is_empty() {
                self.step(0);
            }
            self.check();
        }
    }
}

/// What a platform says.
fn answer(outgoing: &OutgoingRequest, chance: &mut Chance, trouble: usize) -> Option<Answer> {
    let judges = outgoing.destination == "google_ads";
    if trouble == usize::MAX || chance.below(trouble) > 0 {
        let mut all = received(outgoing);
        if let (true, Ok(reply)) = (judges, &mut all) {
            // Every request has a receipt of its own.
            let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
            body["requestId"] = json!(format!("r-{}", chance.below(1_000_000_000)));
            reply.body = body.to_string().into_bytes();
        }
        return Some(all);
    }
    let answers = [
        judged("TOO_RECENT_CLICK", 1),
        judged("INVALID_GCLID", 2),
        judged("INVALID_GCLID", 1000),
        reply(503, ""),
        reply(500, "{}"),
        reply(400, "{}"),
        reply(400, TOO_OLD),
        Err(Failure::Timeout),
        Err(Failure::Connection),
        Ok(Reply {
            status: 429,
            retry_after: Some(30),
            body: Vec::new(),
        }),
        reply(401, "{}"),
    ];
    let verdicts = if judges { 0 } else { 3 };
    Some(answers[verdicts + chance.below(answers.len() - verdicts)].clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whenever_an_invocation_dies_every_line_is_right(
        seed in any::<u64>(),
        trouble in 1_usize..6,
        steps in 1_usize..400,
        envelopes in 1_usize..4,
        n in 1_usize..8,
        long in prop::bool::weighted(0.1),
        exports in any::<bool>(),
    ) {
        let names = ["meta", "ga4", "google_ads"];
        let settings = shop(
            &names.map(|name| (name, platform_settings(name))),
            &Value::Null,
            &json!({"delivery": {"max_attempts": 5}}),
        )
        .exporting(exports);
        let mut world = World::new(&settings);
        for m in 0..envelopes {
            let events: Vec<Value> = (0..n).map(|k| {
                let name = ["purchase", "contact"][k % 2];
                let mut one = event(name, &format!("{m}-{k}"), NOW.0);
                one["user"]["external_id"] = json!(format!("u{}", (m + k) % VISITORS));
                if long {
                    // So long that the letters of one envelope need several reports.
                    for part in 0..100 {
                        one["properties"][format!("q{part}")] = json!("\"\\".repeat(45));
                    }
                }
                one
            }).collect();
            world.send(&events, &format!("e{m}"));
        }
        let mut chaos = Chaos::new(world, seed, trouble);
        chaos.run(steps, envelopes, n);
        let withdrawn: BTreeSet<&str> = chaos.forbidden.iter().map(|(id, _)| id.as_str()).collect();
        let world = &chaos.world;
        let early: Vec<_> = world.early.iter().map(|report| (&report.id, &report.after)).collect();
        world.check_outcomes();
        // Google counts and does not name; nothing else is left without its event.
        let unnamed = world.outcomes.iter().find(|line| line["event_key"].is_null() && line["destination"] != "google_ads");
        prop_assert!(!exports || unnamed.is_none(), "{:?}", unnamed);
        prop_assert!(early.is_empty(), "{:?}\n{:?}\n{:?}", early, world.remembered, world.counts);
        prop_assert_eq!(world.balances().len(), names.len());
        let twice: Vec<_> = world.receipts.iter().filter(|(_, n)| **n != 1).collect();
        prop_assert!(twice.is_empty() && world.receipts.len() == envelopes * n, "{:?}", world.receipts);
        for balance in world.balances() {
            let states = states(&balance);
            prop_assert_eq!(balance.accepted, i64::try_from(envelopes * n).unwrap());
            prop_assert_eq!(states.values().sum::<i64>(), balance.accepted);
            prop_assert_eq!(states["retrying"] + states["processing"], 0, "{:?}", balance);
            let here = |destination: &str| destination == balance.destination;
            let letters: BTreeSet<&str> = world.dead.values()
                .filter(|letter| here(&letter.destination))
                .map(|letter| letter.event_id.as_str())
                .collect();
            // Google counts and does not name, so not all that it refused has a letter.
            let given_up = states["dead"] + states["rejected"];
            let named = i64::try_from(letters.len()).unwrap();
            prop_assert!(if here("google_ads") { named <= given_up } else { named == given_up }, "{:?}", balance);
            for m in 0..envelopes {
                for k in 0..n {
                    let id = format!("{m}-{k}");
                    let taken = world.taken.contains_key(&(balance.destination.clone(), id.clone()));
                    let found = taken || letters.contains(id.as_str()) || withdrawn.contains(id.as_str());
                    prop_assert!(found || states["skipped"] > 0, "{} {}", balance.destination, id);
                }
            }
        }
        let intake = |state: State| -> i64 {
            let lines = world.counts.iter().filter(|(line, _)| line.destination.is_empty() && line.state == state);
            lines.map(|(_, n)| n).sum()
        };
        prop_assert_eq!(intake(State::Accepted), i64::try_from(envelopes * n).unwrap());
    }
}

//! Delivering a queue batch: which request goes next, what each reply meant, what is left to do. Without I/O: whoever
//! drives it sends the requests and hands in the replies.
//!
//! One bad event never sinks a batch: where a platform names it, it is taken out, else the batch is halved until it
//! stands alone. One slow destination never holds another up: destinations take turns, at most two of the connections
//! are one destination's, and one that keeps failing closes its [`CircuitBreaker`].
//!
//! A destination that is slow would hold up the batch that it shares with others, and the queue hands the next one over
//! when this one is done. So its events go on to the slow lane ([`Road::Slow`]), a queue of its own, until it is quick.
//!
//! An invocation may do only so much ([`Limits`](crate::exchange::outcome::Limits)). When its budget is spent, nothing more is given
//! out, and what is left is handed on: new messages that go at once and count as no attempt.
//!
//! Where a platform does not recognise a second copy ([`Destination::pairs`]), few events are sent before what became of
//! them is durable, since all that is not would be sent again after a kill; and what may have been sent twice is counted.
//!
//! A destination whose tokens come from somewhere else has one fetched before its first request, and a fresh one when
//! the platform answers 401 to it. Asking a platform that judges later ([`Delivery::asking`]) goes the same way as
//! sending does; what its verdicts mean is `polling`'s.

mod circuit_breaker;
mod polling;
mod release;

use std::collections::VecDeque;
use std::fmt;

pub use circuit_breaker::CircuitBreaker;
pub use release::{Release, releases};

use crate::base::backoff::Backoff;
use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::destinations::destination::Destination;
use crate::destinations::input::Input;
use crate::exchange::access::Signing;
use crate::exchange::http::{Failure, Reply};
use crate::exchange::outcome::{Answer, Outcome, Verdict};
use crate::exchange::request::Request;
use crate::ledger::{Counts, DeadLetter, Note, Pending, Place, Report, State};
use crate::queue::envelope::{Envelope, Packer};
use crate::queue::parcel::Parcel;
use crate::settings::Settings;

/// The gates of all destinations, by name. They outlive a delivery.
pub type Gates = Table<String, CircuitBreaker>;

/// How many requests may be under way at once (Workers keep six connections open).
pub const MOST_FLIGHTS: usize = 6;
/// How many of them may be one destination's.
const MOST_FLIGHTS_EACH: usize = 2;

/// The queue that a delivery works for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// All destinations; what is slow is handed on.
    Main,
    /// What was slow; everything is delivered.
    Slow,
}

/// How many events that no platform recognises a second time one envelope has sent at a destination in one invocation,
/// and how many may be sent before what became of them is made durable.
pub const MOST_UNPAIRED: usize = 25;
/// How long what is done may wait to be made durable, in milliseconds.
const SETTLE_MS: i64 = 2000;

/// What an invocation has used up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// When the first request was given out.
    since: Option<UnixMillis>,
    /// Requests of all kinds.
    requests: u32,
    /// Bytes of requests to platforms.
    bytes: usize,
}

impl Spent {
    /// Books requests of the invocation that are not platforms'.
    pub const fn add(&mut self, requests: u32) {
        self.requests = self.requests.saturating_add(requests);
    }
}

/// A message for the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The seconds that it is to be delayed by.
    pub delay: u32,
    /// The queue.
    pub road: Road,
    /// Its text.
    pub text: String,
}

/// The code of what is handed on to the slow lane.
const SLOW: &str = "slow";
/// The code of what this invocation has no room for.
const BUDGET: &str = "budget";

/// What became of one event at one destination in this delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// With what the platform remarked, or nothing.
    Delivered(String),
    /// Taken in, to be judged later, with the receipt.
    Processing(String),
    Skipped(&'static str),
    Rejected(String),
    Dead(String),
    /// Another time.
    Again {
        code: String,
        after: Option<u32>,
        way: Way,
    },
}

/// Why an event goes another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// An attempt failed.
    Attempt,
    /// Its destination is closed for now; no attempt is counted.
    Wait,
    /// It is somebody else's turn; it goes at once, and no attempt is counted.
    HandOn,
}

impl Fate {
    fn hand_on(code: &str) -> Self {
        Self::Again {
            code: code.to_owned(),
            after: None,
            way: Way::HandOn,
        }
    }
}

/// One event for one destination.
#[derive(Debug, Clone, Copy)]
struct Job<'e> {
    envelope: usize,
    parcel: usize,
    /// Place of the destination in the settings.
    destination: usize,
    input: Input<'e>,
    /// Whether the platform recognises a second copy.
    pairs: bool,
    /// It is one too many of those that do not pair, and was not sent.
    beyond: bool,
    /// It was sent here and not answered: the platform may have it.
    unanswered: bool,
}

/// What a request is for.
#[derive(Debug, Clone)]
enum Work {
    /// Jobs that go together.
    Batch(Vec<usize>),
    /// A question about a receipt.
    Question(usize),
}

#[derive(Debug)]
struct Lane {
    /// Place of the destination in the settings.
    destination: usize,
    work: VecDeque<Work>,
    flights: usize,
    /// A token is being fetched; until it is here, nothing is sent.
    fetching: bool,
    /// How many tokens the platform did not take.
    refreshes: u32,
}

impl Lane {
    fn new(destination: usize) -> Self {
        Self {
            destination,
            work: VecDeque::new(),
            flights: 0,
            fetching: false,
            refreshes: 0,
        }
    }

    fn first(&mut self, batch: Vec<usize>) {
        self.work.push_front(Work::Batch(batch));
    }
}

/// A request that was given out.
#[derive(Debug)]
struct Ticket {
    lane: usize,
    /// Nothing where it is for a token.
    work: Option<Work>,
    /// [`Lane::refreshes`] when it was given out.
    refreshes: u32,
    /// When it was given out.
    given: UnixMillis,
}

/// A request that is to be sent.
pub struct Flight {
    /// To hand in with the reply.
    pub ticket: usize,
    /// The destination's name.
    pub destination: String,
    /// Where to send it.
    pub address: String,
    /// The request.
    pub request: Request,
    /// What has to be signed first; the signature goes behind the body.
    pub signing: Option<Signing>,
    /// How long to wait, in milliseconds.
    pub timeout_ms: u32,
}

impl fmt::Debug for Flight {
    /// Without address and request: both may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight")
            .field("ticket", &self.ticket)
            .field("destination", &self.destination)
            .field("bytes", &self.request.body().len())
            .finish_non_exhaustive()
    }
}

/// What is left to do for one envelope. To be done in this order: send the messages, hand in the reports, let the
/// envelope go.
#[derive(Debug)]
pub struct Aftermath {
    /// Place of the envelope in the batch.
    pub envelope: usize,
    /// What is left for the queues.
    pub messages: Vec<Message>,
    /// What the ledger is to know.
    pub reports: Vec<Report>,
}

/// A queue batch being delivered.
#[derive(Debug)]
pub struct Delivery<'e> {
    settings: &'e Settings,
    envelopes: &'e [Envelope<'e>],
    jobs: Vec<Job<'e>>,
    fates: Vec<Option<Fate>>,
    lanes: Vec<Lane>,
    turn: usize,
    tickets: Vec<Option<Ticket>>,
    removed: Vec<(usize, usize, String)>,
    questions: Vec<polling::Question<'e>>,
    /// The destinations that count as slow, by their place in the settings.
    slow: Vec<usize>,
    spent: Spent,
    /// For each envelope.
    progress: Vec<Progress>,
    /// When an envelope was last taken, or the first request given out.
    taken: Option<UnixMillis>,
    /// How many events that do not pair were answered for since then.
    unpaired: usize,
}

/// How far an envelope is.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// How many of its events are without a fate, each at each destination.
    open: usize,
    /// How many destinations it may leave messages for.
    destinations: usize,
    /// How often the queue has handed it over.
    deliveries: u32,
    /// It has been taken.
    taken: bool,
}

/// What an invocation needs beyond its requests to platforms, where so many messages may be left of each kind: messages
/// are at most [`LARGEST`](crate::queue::envelope::LARGEST), four of which go into one call of the queue; a ledger that is away
/// gets its reports through the queue too; and a few calls are not full.
const fn reserve(destinations: usize) -> usize {
    6 + destinations * 2 / 3
}

/// How many of the envelopes, from the first one on, one invocation can take on; at least one. The others are left to
/// the queue.
pub fn admitted(settings: &Settings, envelopes: &[Envelope<'_>]) -> usize {
    let half = settings.limits.requests as usize / 2;
    let mut sum = 0;
    let within = envelopes.iter().take_while(|envelope| {
        let mut names: Table<&str, ()> = Table::new();
        for leg in envelope.parcels.iter().flat_map(|parcel| &parcel.legs) {
            names.insert(&leg.destination, ());
        }
        sum += names.len();
        reserve(sum) <= half
    });
    within.count().max(1)
}

impl<'e> Delivery<'e> {
    /// Sorts out what has to go where, on the main road.
    pub fn new(
        settings: &'e Settings,
        envelopes: &'e [Envelope<'e>],
        gates: &Gates,
        now: UnixMillis,
    ) -> Self {
        Self::on(Road::Main, settings, envelopes, gates, now)
    }

    /// Sorts out what has to go where.
    pub fn on(
        road: Road,
        settings: &'e Settings,
        envelopes: &'e [Envelope<'e>],
        gates: &Gates,
        now: UnixMillis,
    ) -> Self {
        let slow = settings
            .destinations
            .iter()
            .enumerate()
            .filter(|(_, one)| gates.get(&one.name).is_some_and(|gate| gate.slow(now)))
            .map(|(place, _)| place)
            .collect();
        let mut delivery = Self {
            settings,
            envelopes,
            jobs: Vec::new(),
            fates: Vec::new(),
            lanes: Vec::new(),
            turn: 0,
            tickets: Vec::new(),
            removed: Vec::new(),
            questions: Vec::new(),
            slow,
            spent: Spent::default(),
            progress: vec![Progress::default(); envelopes.len()],
            taken: None,
            unpaired: 0,
        };
        let mut groups: Table<(usize, String), Vec<usize>> = Table::new();
        for (envelope_index, envelope) in envelopes.iter().enumerate() {
            let mut unpaired: Table<usize, usize> = Table::new();
            for (parcel_index, parcel) in envelope.parcels.iter().enumerate() {
                for leg in &parcel.legs {
                    let name = leg.destination.as_str();
                    let found = settings
                        .destinations
                        .iter()
                        .position(|configured| configured.name == name);
                    let Some((place, configured)) = found.and_then(|place| {
                        settings
                            .destinations
                            .get(place)
                            .map(|configured| (place, configured))
                    }) else {
                        delivery
                            .removed
                            .push((envelope_index, parcel_index, name.to_owned()));
                        continue;
                    };
                    let input = Input::new(parcel, leg.grant);
                    let pairs = configured.destination.pairs(&input);
                    let fate = match (configured.destination.check(&input, now), gates.get(name)) {
                        (Err(skip), _) if is_retry(envelope) => Some(Fate::Dead(skip.0.to_owned())),
                        (Err(skip), _) => Some(Fate::Skipped(skip.0)),
                        (Ok(()), Some(gate)) => match gate.closed_for(now) {
                            Some(seconds) => Some(Fate::Again {
                                code: gate.code().to_owned(),
                                after: Some(seconds),
                                way: Way::Wait,
                            }),
                            None if road == Road::Main && gate.slow(now) => {
                                Some(Fate::hand_on(SLOW))
                            }
                            None => None,
                        },
                        (Ok(()), None) => None,
                    };
                    let mut sent = 0;
                    unpaired.change(place, |n| {
                        *n += usize::from(fate.is_none() && !pairs);
                        sent = *n;
                    });
                    let beyond = fate.is_none() && !pairs && sent > MOST_UNPAIRED;
                    let fate = if beyond {
                        Some(Fate::hand_on(BUDGET))
                    } else {
                        fate
                    };
                    let job = delivery.jobs.len();
                    delivery.jobs.push(Job {
                        envelope: envelope_index,
                        parcel: parcel_index,
                        destination: place,
                        input,
                        pairs,
                        beyond,
                        unanswered: false,
                    });
                    if fate.is_none() {
                        if let Some(progress) = delivery.progress.get_mut(envelope_index) {
                            progress.open += 1;
                        }
                        let mut group = configured.destination.group(&input);
                        if configured.destination.inquiry().is_some() {
                            polling::add_place(&mut group, &envelope.source, parcel);
                        }
                        groups.change((place, group), |members| members.push(job));
                    }
                    delivery.fates.push(fate);
                }
            }
            if let Some(progress) = delivery.progress.get_mut(envelope_index) {
                progress.destinations = unpaired.len();
            }
        }
        // The first envelopes first, so that they are done while the others are under way.
        let mut groups: Vec<(usize, Vec<usize>)> = groups
            .into_iter()
            .map(|((place, _), members)| (place, members))
            .collect();
        crate::base::table::sort(&mut groups, |(_, one), (_, other)| one < other);
        for (place, members) in groups {
            let Some(configured) = settings.destinations.get(place) else {
                continue;
            };
            let most = configured.destination.most_events().max(1);
            let most = if members.iter().all(|job| delivery.pairs(*job)) {
                most
            } else {
                most.min(MOST_UNPAIRED)
            };
            if let Some(lane) = delivery.lane(place) {
                lane.work
                    .extend(members.chunks(most).map(|part| Work::Batch(part.to_vec())));
            }
        }
        delivery
    }

    fn pairs(&self, job: usize) -> bool {
        self.jobs.get(job).is_none_or(|job| job.pairs)
    }

    /// Tells that the queue has handed an envelope over before: what it did then may not have been acknowledged.
    pub fn redelivered(&mut self, envelope: usize, deliveries: u32) {
        if let Some(progress) = self.progress.get_mut(envelope) {
            progress.deliveries = deliveries;
        }
    }

    /// What has been used up, for another delivery of the same invocation to go on with.
    pub const fn spent(&self) -> Spent {
        self.spent
    }

    /// Goes on with what another delivery of the same invocation has used up.
    pub const fn resume(&mut self, spent: Spent) {
        self.spent = spent;
    }

    /// Books requests of the invocation that are not platforms'.
    pub const fn spend(&mut self, requests: u32) {
        self.spent.add(requests);
    }

    /// Whether the budget is spent. One request is always given out, or nothing would ever be done.
    pub fn exhausted(&self, now: UnixMillis) -> bool {
        let limits = &self.settings.limits;
        let waiting = self.progress.iter().filter(|one| !one.taken);
        let reserve = reserve(waiting.map(|one| one.destinations).sum());
        self.spent.requests > 0
            && (self.spent.requests as usize + reserve >= limits.requests as usize
                || self.spent.bytes >= limits.bytes as usize
                || self
                    .spent
                    .since
                    .is_some_and(|since| now.0 - since.0 >= i64::from(limits.seconds) * 1000))
    }

    /// Leaves everything that was not given out for another invocation. Questions are asked another time by themselves.
    fn hand_on(&mut self) {
        for index in 0..self.lanes.len() {
            let left = self
                .lanes
                .get_mut(index)
                .map(|lane| std::mem::take(&mut lane.work))
                .unwrap_or_default();
            for work in left {
                if let Work::Batch(members) = work {
                    for job in members {
                        self.settle(job, Fate::hand_on(BUDGET));
                    }
                }
            }
        }
    }

    /// Whether what is done is to be made durable now, while the rest is under way: call [`take`](Self::take).
    pub fn ripe(&self, now: UnixMillis) -> bool {
        (self.unpaired >= MOST_UNPAIRED
            || self.taken.is_some_and(|taken| now.0 - taken.0 >= SETTLE_MS))
            && self.progress.iter().any(|one| one.open == 0 && !one.taken)
    }

    /// What is left to do for each envelope that is done, in their order; each once.
    pub fn take(&mut self, now: UnixMillis) -> Vec<Aftermath> {
        self.taken = Some(now);
        self.unpaired = 0;
        self.take_all(now, false)
    }

    fn take_all(&mut self, now: UnixMillis, open: bool) -> Vec<Aftermath> {
        let mut aftermaths = Vec::new();
        for index in 0..self.progress.len() {
            let Some(progress) = self.progress.get_mut(index) else {
                continue;
            };
            if progress.taken || (progress.open > 0 && !open) {
                continue;
            }
            progress.taken = true;
            aftermaths.extend(self.finish_one(index, now));
        }
        aftermaths
    }

    /// The lane of a destination, by its place in the settings.
    fn lane(&mut self, place: usize) -> Option<&mut Lane> {
        let found = self.lanes.iter().position(|lane| lane.destination == place);
        let index = found.unwrap_or_else(|| {
            self.lanes.push(Lane::new(place));
            self.lanes.len() - 1
        });
        self.lanes.get_mut(index)
    }

    fn destination(&self, lane: usize) -> Option<(&'e str, &'e dyn Destination)> {
        let place = self.lanes.get(lane)?.destination;
        let configured = self.settings.destinations.get(place)?;
        Some((&configured.name, &*configured.destination))
    }

    fn inputs(&self, members: &[usize]) -> Vec<Input<'e>> {
        members
            .iter()
            .filter_map(|job| self.jobs.get(*job))
            .map(|job| job.input)
            .collect()
    }

    fn settle(&mut self, job: usize, fate: Fate) {
        if let (Some(slot), Some(job)) = (self.fates.get_mut(job), self.jobs.get(job)) {
            if slot.is_none()
                && let Some(progress) = self.progress.get_mut(job.envelope)
            {
                progress.open -= 1;
            }
            *slot = Some(fate);
        }
    }

    /// The next request to send, destinations taking turns; nothing when none may be sent right now.
    pub fn next(&mut self, gates: &mut Gates, now: UnixMillis) -> Option<Flight> {
        if self.exhausted(now) {
            self.hand_on();
            return None;
        }
        if self.lanes.iter().map(|lane| lane.flights).sum::<usize>() >= MOST_FLIGHTS {
            return None;
        }
        let lanes = self.lanes.len();
        for step in 0..lanes {
            let lane = (self.turn + step) % lanes;
            if let Some(flight) = self.next_of(lane, gates, now) {
                self.turn = lane + 1;
                return Some(flight);
            }
        }
        None
    }

    fn next_of(&mut self, index: usize, gates: &mut Gates, now: UnixMillis) -> Option<Flight> {
        let (name, destination) = self.destination(index)?;
        loop {
            let lane = self.lanes.get_mut(index)?;
            if lane.flights >= MOST_FLIGHTS_EACH || lane.fetching || lane.work.is_empty() {
                return None;
            }
            let gate = gates.get(name);
            if let Some((gate, seconds)) = gate.and_then(|gate| Some((gate, gate.closed_for(now)?)))
            {
                // It closed while this was waiting for its turn. Questions are asked another time.
                if let Some(Work::Batch(members)) = lane.work.pop_front() {
                    let fate = Fate::Again {
                        code: gate.code().to_owned(),
                        after: Some(seconds),
                        way: Way::Wait,
                    };
                    for job in members {
                        self.settle(job, fate.clone());
                    }
                }
                continue;
            }
            let mut token = None;
            if let Some(access) = destination.access() {
                token = gate.and_then(|gate| gate.token(now));
                if token.is_none() {
                    match access.request(now) {
                        Ok((request, signing)) => {
                            lane.fetching = true;
                            return self.flight(index, None, request, signing, now);
                        }
                        Err(outcome) => {
                            self.refuse(index, &outcome, now);
                            return None;
                        }
                    }
                }
            }
            let token = token.map(|token| &token.secret);
            match lane.work.pop_front()? {
                Work::Question(question) => {
                    let receipt = self.questions.get(question)?.receipt();
                    let request = destination.inquiry()?.request(receipt, token);
                    match request {
                        Ok(request) => {
                            return self.flight(
                                index,
                                Some(Work::Question(question)),
                                request,
                                None,
                                now,
                            );
                        }
                        Err(outcome) => self.hear(question, Verdict::Unanswered(outcome)),
                    }
                }
                Work::Batch(members) => {
                    let inputs = self.inputs(&members);
                    match destination.request(&inputs, token, now) {
                        Err(outcome) => self.apply(index, &members, Answer::All(outcome), now),
                        Ok(request)
                            if request.body().len() > destination.facts().most_bytes
                                && members.len() > 1 =>
                        {
                            self.halve(index, &members);
                        }
                        Ok(request) if request.body().len() > destination.facts().most_bytes => {
                            let outcome = Outcome::rejected("event_too_large");
                            self.apply(index, &members, Answer::All(outcome), now);
                        }
                        Ok(request) => {
                            return self.flight(
                                index,
                                Some(Work::Batch(members)),
                                request,
                                None,
                                now,
                            );
                        }
                    }
                }
            }
        }
    }

    fn flight(
        &mut self,
        index: usize,
        work: Option<Work>,
        request: Request,
        signing: Option<Signing>,
        now: UnixMillis,
    ) -> Option<Flight> {
        let (name, _) = self.destination(index)?;
        let lane = self.lanes.get_mut(index)?;
        lane.flights += 1;
        self.spent.add(1);
        self.spent.bytes += request.body().len();
        self.spent.since.get_or_insert(now);
        self.taken.get_or_insert(now);
        let ticket = self.tickets.len();
        self.tickets.push(Some(Ticket {
            lane: index,
            work,
            refreshes: lane.refreshes,
            given: now,
        }));
        Some(Flight {
            ticket,
            destination: name.to_owned(),
            address: self.settings.address(request.uri()),
            request,
            signing,
            timeout_ms: self.settings.timeout_ms,
        })
    }

    /// Takes the reply to a request, or the reason why there is none.
    pub fn answer(
        &mut self,
        ticket: usize,
        reply: &Result<Reply, Failure>,
        gates: &mut Gates,
        now: UnixMillis,
    ) {
        let Some(Ticket {
            lane: index,
            work,
            refreshes,
            given,
        }) = self.tickets.get_mut(ticket).and_then(Option::take)
        else {
            return;
        };
        let Some((name, destination)) = self.destination(index) else {
            return;
        };
        let Some(lane) = self.lanes.get_mut(index) else {
            return;
        };
        lane.flights = lane.flights.saturating_sub(1);
        let place = lane.destination;
        let Some(gate) = gates.entry(name.to_owned()) else {
            return;
        };
        gate.took(now.0 - given.0, now);
        self.slow.retain(|slow| *slow != place);
        if gate.slow(now) {
            self.slow.push(place);
        }
        let Some(work) = work else {
            lane.fetching = false;
            let token = match (destination.access(), reply) {
                (Some(access), Ok(reply)) => access.read(reply, now),
                (_, Err(Failure::Unsigned)) => Err(Outcome::Unauthorized {
                    code: Failure::Unsigned.code().to_owned(),
                }),
                (_, Err(failure)) => Err(Outcome::retry(failure.code())),
                (None, Ok(_)) => return,
            };
            match token {
                Ok(token) => gate.keep(token),
                Err(outcome) => {
                    self.mark(gate, Some(&outcome), reply, now);
                    self.refuse(index, &outcome, now);
                }
            }
            return;
        };
        let (answer, verdict) = match &work {
            Work::Question(_) => {
                let verdict = match (reply, destination.inquiry()) {
                    (Ok(reply), Some(inquiry)) => inquiry.read(reply),
                    (Err(failure), _) => Verdict::Unanswered(Outcome::retry(failure.code())),
                    (Ok(_), None) => return,
                };
                (None, Some(verdict))
            }
            Work::Batch(members) => {
                let inputs = self.inputs(members);
                let answer = match reply {
                    Ok(reply) => destination.read(&inputs, reply),
                    // A connection that broke may have broken after the platform had read everything, but that is rare,
                    // and a platform that is down looks just so; a reply that did not come in time is another matter.
                    Err(failure) => destination.unanswered(
                        &inputs,
                        failure.code(),
                        *failure == Failure::Timeout,
                    ),
                };
                (Some(answer), None)
            }
        };
        let outcome = match (&answer, &verdict) {
            (Some(Answer::All(outcome)), _) | (_, Some(Verdict::Unanswered(outcome))) => {
                Some(outcome)
            }
            _ => None,
        };
        if destination.access().is_some()
            && matches!(outcome, Some(Outcome::Unauthorized { .. }))
            && reply.as_ref().is_ok_and(|reply| reply.status == 401)
            && let Some(lane) = self.lanes.get_mut(index)
            && (lane.refreshes == 0 || refreshes < lane.refreshes)
        {
            // Tokens end early at times. One fresh one, and whatever was sent with the old one goes again.
            if refreshes == lane.refreshes {
                lane.refreshes += 1;
                gate.forget();
            }
            lane.work.push_front(work);
            return;
        }
        self.mark(gate, outcome, reply, now);
        match (work, answer, verdict) {
            (Work::Batch(members), Some(answer), _) => {
                // An answer that cannot be read is none.
                let unanswered = match reply {
                    Ok(reply) => {
                        (200..300).contains(&reply.status)
                            && matches!(answer, Answer::All(Outcome::Retry { .. }))
                    }
                    Err(failure) => *failure != Failure::Unsigned,
                };
                for job in &members {
                    self.unpaired += usize::from(!self.pairs(*job));
                    if let Some(job) = self.jobs.get_mut(*job).filter(|_| unanswered) {
                        job.unanswered = true;
                    }
                }
                self.apply(index, &members, answer, now);
            }
            (Work::Question(question), _, Some(verdict)) => self.hear(question, verdict),
            _ => {}
        }
    }

    /// Tells the gate how an exchange went; `outcome` is what it meant for all that was in it.
    fn mark(
        &self,
        gate: &mut CircuitBreaker,
        outcome: Option<&Outcome>,
        reply: &Result<Reply, Failure>,
        now: UnixMillis,
    ) {
        match (outcome, reply) {
            (Some(Outcome::Unauthorized { code }), _) => {
                gate.close(code, self.settings.pause_seconds, now);
            }
            (
                Some(Outcome::Retry {
                    code,
                    after: Some(seconds),
                }),
                Ok(_),
            ) => {
                // The platform said when to come back, and means every request. Not in years, whatever it says.
                let seconds = (*seconds).clamp(1, Backoff::MOST_SECONDS);
                gate.close(code, seconds, now);
            }
            (Some(Outcome::Retry { code, .. }), _) => {
                gate.failure(code, &self.settings.schedule, now);
            }
            (_, Err(failure)) => gate.failure(failure.code(), &self.settings.schedule, now),
            _ => gate.success(),
        }
    }

    /// The same outcome for all that is left of a lane.
    fn refuse(&mut self, index: usize, outcome: &Outcome, now: UnixMillis) {
        let left = self
            .lanes
            .get_mut(index)
            .map(|lane| std::mem::take(&mut lane.work))
            .unwrap_or_default();
        for work in left {
            match work {
                Work::Batch(members) => {
                    self.apply(index, &members, Answer::All(outcome.clone()), now);
                }
                Work::Question(question) => {
                    self.hear(question, Verdict::Unanswered(outcome.clone()));
                }
            }
        }
    }

    fn halve(&mut self, index: usize, members: &[usize]) {
        let (left, right) = members.split_at(members.len() / 2);
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.first(right.to_vec());
            lane.first(left.to_vec());
        }
    }

    fn apply(&mut self, index: usize, members: &[usize], answer: Answer, now: UnixMillis) {
        match answer {
            Answer::All(outcome) => {
                for job in members {
                    self.conclude(*job, outcome.clone(), now);
                }
            }
            Answer::Each(outcomes) => {
                let mut outcomes = outcomes.into_iter();
                for job in members {
                    let outcome = outcomes
                        .next()
                        .unwrap_or_else(|| Outcome::retry("reply_short"));
                    self.conclude(*job, outcome, now);
                }
            }
            Answer::Isolate(faults) => {
                let mut rest = members.to_vec();
                for (place, outcome) in &faults {
                    if let Some(job) = members.get(*place) {
                        rest.retain(|other| other != job);
                        self.conclude(*job, outcome.clone(), now);
                    }
                }
                if rest.len() == members.len() {
                    // The platform named nobody that was there.
                    let outcome = faults
                        .into_iter()
                        .next()
                        .map_or_else(|| Outcome::retry("reply_unreadable"), |f| f.1);
                    self.apply(index, members, Answer::Split(outcome), now);
                } else if let Some(lane) = self.lanes.get_mut(index)
                    && !rest.is_empty()
                {
                    lane.first(rest);
                }
            }
            Answer::Split(outcome) => match members {
                [] => {}
                [job] => self.conclude(*job, outcome, now),
                _ => self.halve(index, members),
            },
        }
    }

    fn conclude(&mut self, job: usize, outcome: Outcome, now: UnixMillis) {
        let Some(found) = self.jobs.get(job) else {
            return;
        };
        let attempt = self
            .envelopes
            .get(found.envelope)
            .map_or(0, |envelope| envelope.attempt);
        let destination = self.settings.destinations.get(found.destination);
        let expires = destination.map_or(now, |configured| {
            configured.destination.expires(&found.input)
        });
        let fate = match outcome {
            Outcome::Delivered => Fate::Delivered(String::new()),
            Outcome::Remarked { code } => Fate::Delivered(code),
            Outcome::Processing { receipt } => Fate::Processing(receipt),
            Outcome::Rejected { code } => Fate::Rejected(code),
            Outcome::Retry { code, .. } if attempt + 1 >= self.settings.schedule.max_attempts => {
                Fate::Dead(code)
            }
            Outcome::Retry { code, after } => Fate::Again {
                code,
                after,
                way: Way::Attempt,
            },
            Outcome::Unauthorized { code } => Fate::Again {
                code,
                after: Some(self.settings.pause_seconds),
                way: Way::Wait,
            },
        };
        let fate = match fate {
            // The platform will not take it any more when the time comes.
            Fate::Again { code, after, .. }
                if now.0 + i64::from(self.settings.schedule.delay(attempt, after, 0)) * 1000
                    >= expires.0 =>
            {
                Fate::Dead(code)
            }
            fate => fate,
        };
        self.settle(job, fate);
    }

    /// What is left to do for each envelope that was not taken, in their order. Requests that were never answered count as
    /// failed.
    pub fn finish(mut self, now: UnixMillis) -> Vec<Aftermath> {
        self.take_all(now, true)
    }

    fn finish_one(&self, index: usize, now: UnixMillis) -> Option<Aftermath> {
        let envelope = self.envelopes.get(index)?;
        let retry = is_retry(envelope);
        let mut counts = envelope.counts.clone();
        let mut notes = envelope.notes.clone();
        let mut dead = Vec::new();
        let mut again: Table<(&str, Way, bool), Again> = Table::new();
        let deliveries = self.progress.get(index)?.deliveries;
        // What was delivered now and may have been before, in an invocation that nothing else is known of.
        let mut perhaps = Counts::default();
        let mut whats: Table<usize, Table<String, String>> = Table::new();
        let mut receipts: Table<(String, String), Vec<usize>> = Table::new();

        let concluded = self
            .jobs
            .iter()
            .zip(&self.fates)
            .filter(|(job, _)| job.envelope == index)
            .filter_map(|(job, fate)| {
                let name = self
                    .settings
                    .destinations
                    .get(job.destination)?
                    .name
                    .as_str();
                let unanswered = job.unanswered || fate.is_none();
                let fate = fate.clone().unwrap_or(Fate::Again {
                    code: "unanswered".to_owned(),
                    after: None,
                    way: Way::Attempt,
                });
                // What an invocation that nothing is known of may have sent before.
                let twice = unanswered || envelope.twice || (deliveries > 1 && !job.beyond);
                let twice = twice && !job.pairs;
                Some((job.parcel, name, fate, (twice, unanswered && !job.pairs)))
            });
        let removed =
            self.removed
                .iter()
                .filter(|(at, ..)| *at == index)
                .map(|(_, parcel, name)| {
                    (
                        *parcel,
                        name.as_str(),
                        Fate::Dead("destination_removed".to_owned()),
                        (false, false),
                    )
                });
        for (parcel_index, name, fate, (twice, unanswered)) in concluded.chain(removed) {
            let Some(parcel) = envelope.parcels.get(parcel_index) else {
                continue;
            };
            let place = Place {
                received: parcel.received,
                source: &envelope.source,
                release: parcel.release.as_ref(),
                event: &parcel.name,
            };
            if retry {
                counts.add(place.line(name, State::Retrying, ""), -1);
            } else {
                counts.add(place.line(name, State::Accepted, ""), 1);
            }
            let (state, code) = match &fate {
                Fate::Delivered(code) => (State::Delivered, code.as_str()),
                Fate::Processing(_) => (State::Processing, ""),
                Fate::Skipped(code) => (State::Skipped, *code),
                Fate::Rejected(code) => (State::Rejected, code.as_str()),
                Fate::Dead(code) => (State::Dead, code.as_str()),
                Fate::Again { code, .. } => (State::Retrying, code.as_str()),
            };
            // A gauge that goes down again has to go down on the line that it went up on, so it has no code.
            counts.add(
                place.line(
                    name,
                    state,
                    if state == State::Retrying { "" } else { code },
                ),
                1,
            );
            let what = if code.is_empty() {
                state.as_str().to_owned()
            } else {
                format!("{}:{code}", state.as_str())
            };
            whats.change(parcel_index, |whats| {
                whats.insert(name.to_owned(), what);
            });
            match fate {
                Fate::Again { after, way, .. } => {
                    if way == Way::Attempt {
                        counts.add(place.line(name, State::Retries, ""), 1);
                    }
                    again.change((name, way, unanswered), |again| {
                        again.after = again.after.max(after);
                        again.twice |= twice;
                        again.parcels.push(parcel_index);
                    });
                }
                Fate::Rejected(code) | Fate::Dead(code) => dead.push(DeadLetter {
                    id: format!("{}#{parcel_index}#{name}", envelope.id),
                    at: now,
                    source: envelope.source.as_str().to_owned(),
                    destination: name.to_owned(),
                    event: parcel.name.as_str().to_owned(),
                    event_id: parcel.id.as_str().to_owned(),
                    state,
                    code,
                    parcel: one_leg(parcel, name),
                }),
                Fate::Processing(receipt) => {
                    receipts.change((name.to_owned(), receipt), |members| {
                        members.push(parcel_index);
                    });
                }
                Fate::Delivered(_) if twice && envelope.twice => {
                    counts.add(place.line(name, State::MaybeTwice, ""), 1);
                }
                Fate::Delivered(_) if twice => {
                    perhaps.add(place.line(name, State::MaybeTwice, ""), 1);
                }
                Fate::Delivered(_) | Fate::Skipped(_) => {}
            }
        }
        if !retry {
            for parcel in &envelope.parcels {
                let place = Place {
                    received: parcel.received,
                    source: &envelope.source,
                    release: parcel.release.as_ref(),
                    event: &parcel.name,
                };
                counts.add(place.line("", State::Accepted, ""), 1);
            }
        }
        for (parcel_index, what) in whats {
            if notes.len() >= Report::MOST_NOTES {
                break;
            }
            if let Some(parcel) = envelope.parcels.get(parcel_index) {
                notes.push(Note {
                    at: now,
                    source: envelope.source.as_str().to_owned(),
                    event: parcel.name.as_str().to_owned(),
                    event_id: parcel.id.as_str().to_owned(),
                    what,
                });
            }
        }
        let messages = again
            .into_iter()
            .filter_map(|((name, way, unanswered), again)| {
                self.message(envelope, name, way, unanswered, &again)
            })
            .collect();
        let pending = receipts
            .into_iter()
            .map(|((name, receipt), members)| self.pending(envelope, name, receipt, &members, now))
            .collect();
        let mut reports = reports(&envelope.id, &counts, notes, dead, pending);
        if !perhaps.is_empty() {
            // Apart, since the ledger ignores all of a report whose id it knows, and this is about just that case.
            reports.push(Report {
                id: format!("{}!twice.{deliveries}", envelope.id),
                counts: perhaps,
                ..Report::default()
            });
        }
        Some(Aftermath {
            envelope: index,
            messages,
            reports,
        })
    }

    fn message(
        &self,
        envelope: &Envelope<'_>,
        name: &str,
        way: Way,
        unanswered: bool,
        again: &Again,
    ) -> Option<Message> {
        let attempt = envelope.attempt + u32::from(way == Way::Attempt);
        let part = part_of(envelope, name, &again.parcels);
        let id = next_id(&envelope.id, name, attempt, (way, unanswered, part));
        let seed = scatter(&id);
        let delay = match way {
            Way::Attempt => self
                .settings
                .schedule
                .delay(envelope.attempt, again.after, seed)
                .clamp(1, Backoff::MOST_SECONDS),
            // A little later than the gate opens, so that not all come at once.
            Way::Wait => again
                .after
                .unwrap_or(1)
                .saturating_add(u32::try_from(seed % 3).unwrap_or(0))
                .clamp(1, Backoff::MOST_SECONDS),
            Way::HandOn => 0,
        };
        let mut packer = Packer::whole(&id, &envelope.source, attempt);
        if again.twice {
            packer = packer.twice();
        }
        for parcel in &again.parcels {
            if let Some(parcel) = envelope.parcels.get(*parcel) {
                packer.add_text(&one_leg(parcel, name));
            }
        }
        let place = self
            .settings
            .destinations
            .iter()
            .position(|configured| configured.name == name);
        let road = if place.is_some_and(|place| self.slow.contains(&place)) {
            Road::Slow
        } else {
            Road::Main
        };
        let text = packer.finish().into_iter().next()?;
        Some(Message { delay, road, text })
    }
}

#[derive(Debug, Default)]
struct Again {
    after: Option<u32>,
    /// The platform may have them.
    twice: bool,
    parcels: Vec<usize>,
}

/// Whether the events of an envelope are already counted as waiting. Only the ids of first envelopes have no slash.
fn is_retry(envelope: &Envelope<'_>) -> bool {
    envelope.id.contains('/')
}

/// Which parcels of an envelope go on to a destination: a number of their places, or `None` for all that have a leg there.
fn part_of(envelope: &Envelope<'_>, destination: &str, parcels: &[usize]) -> Option<u64> {
    let goes = |parcel: &&Parcel<'_>| {
        let mut legs = parcel.legs.iter();
        legs.any(|leg| leg.destination.as_str() == destination)
    };
    if parcels.len() == envelope.parcels.iter().filter(goes).count() {
        return None;
    }
    // A sum, since answers come in any order.
    let mix = |place: &usize| crate::base::backoff::mix(*place as u64 + 1);
    let sum = parcels.iter().map(mix).fold(0, u64::wrapping_add);
    Some(sum)
}

/// The id of the envelope that carries what is left: of the first envelope, the destination, the attempt, and a number of
/// the way that led there and of the part that goes it. It does not grow with the way. The same work done twice gives the
/// same id, which the ledger counts once; an envelope that is handed over again after its invocation died may leave another
/// part than the first time, and that is other work: under one id, the ledger would take the report of the one for the
/// other's, and a letter of an event that only the other has would be lost.
fn next_id(
    id: &str,
    destination: &str,
    attempt: u32,
    (way, unanswered, part): (Way, bool, Option<u64>),
) -> String {
    let (root, tail) = id.split_once('/').unwrap_or((id, ""));
    let way = match way {
        Way::Attempt => "a",
        Way::Wait => "w",
        Way::HandOn => "h",
    };
    let unanswered = if unanswered { "?" } else { "" };
    // The commonest ways have names that people can read.
    if tail.is_empty() && way != "h" && unanswered.is_empty() && part.is_none() {
        return format!("{root}/{destination}.{attempt}");
    }
    let mut number = scatter(&[id, " ", way, unanswered].concat());
    if let Some(part) = part {
        number = crate::base::backoff::mix(number ^ part);
    }
    format!("{root}/{destination}.{attempt}~{number:016x}")
}

/// A number that looks like chance, of a text.
fn scatter(text: &str) -> u64 {
    text.bytes().fold(0_u64, |seed, byte| {
        crate::base::backoff::mix(seed ^ u64::from(byte))
    })
}

/// The root of an id for what a letter or a receipt brings back: of the first envelope, so that people can follow it,
/// and a number of the whole, since one envelope has many of them. It does not grow however often that happens.
fn root_of(id: &str) -> String {
    let first = id.split(['/', '#', '=']).next().unwrap_or_default();
    format!("{first}={:016x}", scatter(id))
}

/// A parcel as JSON with one leg left.
fn one_leg(parcel: &Parcel<'_>, name: &str) -> String {
    let mut parcel = parcel.clone();
    parcel.legs.retain(|leg| leg.destination.as_str() == name);
    serde_json::to_string(&parcel).unwrap_or_default()
}

/// One report, or several where all of it would make a message too large for the queue. They are applied in their order.
fn reports(
    id: &str,
    counts: &Counts,
    notes: Vec<Note>,
    dead: Vec<DeadLetter>,
    pending: Vec<Pending>,
) -> Vec<Report> {
    let next = |reports: &mut Vec<Report>| {
        reports.push(Report {
            id: format!("{id}!{}", reports.len()),
            ..Report::default()
        });
    };
    let mut reports = vec![Report {
        id: id.to_owned(),
        notes,
        ..Report::default()
    }];
    for (place, counts) in counts.parts_by_place().into_iter().enumerate() {
        if place > 0 {
            next(&mut reports);
        }
        if let Some(report) = reports.last_mut() {
            report.counts = counts;
        }
    }
    // As long as it will be once it stands in JSON itself.
    let length = |parcel: &String| {
        let escapes = parcel.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
        parcel.len() + escapes.count()
    };
    let mut size = serde_json::to_string(&reports.last()).map_or(0, |json| json.len());
    let mut room = |length: usize| {
        let full = size + length > crate::queue::envelope::LARGEST && size > 0;
        size = if full { length } else { size + length };
        full
    };
    for letter in dead {
        if room(length(&letter.parcel) + 256) {
            next(&mut reports);
        }
        if let Some(report) = reports.last_mut() {
            report.dead.push(letter);
        }
    }
    for one in pending {
        if room(one.parcels.iter().map(length).sum::<usize>() + 256) {
            next(&mut reports);
        }
        if let Some(report) = reports.last_mut() {
            report.pending.push(one);
        }
    }
    reports
}

/// A dead letter that is offered again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Id of the message: of the letter and the round, so that the same round sent twice is counted once.
    pub id: String,
    /// The message for the queue.
    pub message: String,
    /// What the ledger books before the message is sent: the event is waiting for another attempt.
    pub booked: Report,
    /// What the ledger is told once the queue has the message: the letter is none any more.
    pub sent: Report,
}

/// What the ledger is told once the queue has a letter, or a message that was quarantined.
pub fn replayed(letter: &str, round: u32) -> Report {
    Report {
        id: format!("replayed:{letter}:{round}"),
        revived: vec![letter.to_owned()],
        ..Report::default()
    }
}

/// Offers a dead letter again. `round` tells replays of the same letter apart.
pub fn replay(letter: &DeadLetter, round: u32) -> Option<Replay> {
    let mut parcel: Parcel<'_> = serde_json::from_str(&letter.parcel).ok()?;
    parcel
        .legs
        .retain(|leg| leg.destination.as_str() == letter.destination);
    let root = root_of(&format!("{}#{round}", letter.id));
    let id = format!("{root}/{}.0", letter.destination);
    let place = Place {
        received: parcel.received,
        source: &letter.source,
        release: parcel.release.as_ref(),
        event: &parcel.name,
    };
    let mut counts = Counts::default();
    counts.add(
        place.line(&letter.destination, letter.state, &letter.code),
        -1,
    );
    counts.add(place.line(&letter.destination, State::Retrying, ""), 1);
    counts.add(place.line(&letter.destination, State::Replayed, ""), 1);
    let mut packer = Packer::whole(&id, &letter.source, 0);
    packer.add(&parcel);
    Some(Replay {
        message: packer.finish().into_iter().next()?,
        booked: Report {
            id: format!("replay:{}:{round}", letter.id),
            counts,
            ..Report::default()
        },
        sent: replayed(&letter.id, round),
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::{Way, next_id, replay, reports};
    use crate::base::time::UnixMillis;
    use crate::ledger::{Counts, DeadLetter, Line, State};
    use crate::queue::envelope::close_report;

    fn line(event: &str, release: &str, state: State, code: &str) -> Line {
        Line {
            hour: UnixMillis(0),
            source: "shop".to_owned(),
            release: release.to_owned(),
            event: event.to_owned(),
            destination: "hook".to_owned(),
            state,
            code: code.to_owned(),
        }
    }

    fn letter(n: usize, parcel: String) -> DeadLetter {
        DeadLetter {
            id: format!("e1#{n}#hook"),
            at: UnixMillis(0),
            source: "shop".to_owned(),
            destination: "hook".to_owned(),
            event: "contact".to_owned(),
            event_id: n.to_string(),
            state: State::Dead,
            code: "http_500".to_owned(),
            parcel,
        }
    }

    /// Counts of many events, all of which met the same fate.
    fn counts_of(events: usize, state: State, code: &str) -> Counts {
        let mut counts = Counts::default();
        // Every character of it takes six in JSON.
        let release = "\u{7f}\u{1}".repeat(8) + &"\"".repeat(40);
        for n in 0..events {
            let event = format!("event_{n:04}");
            counts.add(line(&event, &release, State::Accepted, ""), 1);
            counts.add(line(&event, &release, state, code), 1);
            counts.add(line(&event, &release, State::Retries, ""), 1);
        }
        counts
    }

    #[test]
    fn no_report_is_larger_than_what_a_queue_takes() {
        for events in [1, 50, 500] {
            let counts = counts_of(events, State::Dead, "http_500");
            let reports = reports(
                "e1",
                &counts,
                Vec::new(),
                (0..20).map(|n| letter(n, "\"\\".repeat(3000))).collect(),
                Vec::new(),
            );
            let mut all = Counts::default();
            for (place, report) in reports.iter().enumerate() {
                let length = close_report(report).len();
                assert!(length < 120 * 1024, "{length}");
                all.merge(&report.counts);
                let before = place
                    .checked_sub(1)
                    .map(|before| reports[before].id.clone());
                assert_eq!(report.before(), before, "{}", report.id);
            }
            assert_eq!(all, counts);
            assert_eq!(reports.iter().map(|one| one.dead.len()).sum::<usize>(), 20);
        }
    }

    #[test]
    fn parts_of_two_runs_may_be_mixed() {
        let delivered = counts_of(500, State::Delivered, "");
        let delivered = reports("e1", &delivered, Vec::new(), Vec::new(), Vec::new());
        let rejected = counts_of(
            500,
            State::Rejected,
            "a_long_code_that_moves_every_boundary",
        );
        let rejected = reports("e1", &rejected, Vec::new(), Vec::new(), Vec::new());
        assert!(delivered.len() > 2 && delivered.len() == rejected.len());
        let mut mixed = Counts::default();
        for (place, (one, other)) in delivered.iter().zip(&rejected).enumerate() {
            assert_eq!(one.id, other.id);
            mixed.merge(if place % 2 == 0 {
                &one.counts
            } else {
                &other.counts
            });
        }
        let sum = |wanted: fn(&Line) -> bool| -> i64 {
            let lines = mixed.iter().filter(|(line, _)| wanted(line));
            lines.map(|(_, n)| n).sum()
        };
        assert_eq!(sum(|line| line.state == State::Accepted), 500);
        assert_eq!(sum(|line| State::FINAL.contains(&line.state)), 500);
    }

    #[test]
    fn one_round_of_a_letter_is_one_message() {
        let parcel = r#"{"n":"contact","i":"1","t":1,"r":1,"to":[["hook",0]]}"#;
        let letter = letter(1, parcel.to_owned());
        let first = replay(&letter, 1).unwrap();
        assert_eq!(replay(&letter, 1).unwrap(), first);
        assert!(first.message.contains(&first.id), "{}", first.message);
        assert_eq!(first.booked.id, "replay:e1#1#hook:1");
        let second = replay(&letter, 2).unwrap();
        assert_ne!(first.id, second.id);
        assert_ne!(first.booked.id, second.booked.id);
        assert_ne!(first.sent.id, second.sent.id);
        assert_eq!(first.sent.revived, [letter.id.as_str()]);
        assert!(
            replay(
                &DeadLetter {
                    parcel: "{".to_owned(),
                    ..letter
                },
                1
            )
            .is_none()
        );
    }

    #[test]
    fn ids_of_what_is_left_never_collide_with_their_parents() {
        let readable = |way| {
            let attempt = u32::from(way == Way::Attempt);
            next_id("a1", "meta", attempt, (way, false, None))
        };
        assert_eq!(readable(Way::Attempt), "a1/meta.1");
        assert_eq!(readable(Way::Wait), "a1/meta.0");
        // Every way that parts of one envelope may go, three steps far.
        let mut known = vec![("a1".to_owned(), 0)];
        let mut last = known.clone();
        for _ in 0..3 {
            let mut next = Vec::new();
            for (id, attempt) in &last {
                for way in [Way::Attempt, Way::Wait, Way::HandOn] {
                    for left in [
                        (false, None),
                        (true, None),
                        (false, Some(7)),
                        (true, Some(8)),
                    ] {
                        let attempt = attempt + u32::from(way == Way::Attempt);
                        let how = (way, left.0, left.1);
                        let child = next_id(id, "meta", attempt, how);
                        assert_eq!(child, next_id(id, "meta", attempt, how));
                        assert!(child.len() <= "a1/meta.1~".len() + 16, "{child}");
                        assert!(known.iter().all(|(other, _)| *other != child), "{child}");
                        known.push((child.clone(), attempt));
                        next.push((child, attempt));
                    }
                }
            }
            last = next;
        }
        assert_eq!(known.len(), 1 + 12 + 144 + 1728);
    }
}

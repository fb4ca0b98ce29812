//! Which request goes next: destinations take turns, each with few requests in flight, within what an invocation may do.
//!
//! It knows nothing of what the requests are for: that is the [`Machine`]'s.

use std::collections::VecDeque;
use std::fmt;

use super::circuit_breaker::CircuitBreaker;
use crate::base::backoff::Backoff;
use crate::base::secret::Secret;
use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::exchange::access::Signing;
use crate::exchange::http::{Failure, Reply};
use crate::exchange::outcome::Outcome;
use crate::exchange::request::Request;
use crate::settings::{Configured, Settings};

/// The circuit breakers of all destinations, by name. They outlive a delivery.
pub type Gates = Table<String, CircuitBreaker>;

/// How many requests may be in flight at once (Workers keep six connections open).
pub const MOST_IN_FLIGHT: usize = 6;
/// How many of them may be one destination's.
const MOST_IN_FLIGHT_EACH: usize = 2;

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

/// A request that is to be sent.
pub struct OutgoingRequest {
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

impl fmt::Debug for OutgoingRequest {
    /// Without address and request: both may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingRequest")
            .field("ticket", &self.ticket)
            .field("destination", &self.destination)
            .field("bytes", &self.request.body().len())
            .finish_non_exhaustive()
    }
}

/// What the requests are for.
pub(super) trait Machine {
    /// What one request is for.
    type Work;
    /// What a reply meant.
    type Answer;

    /// Makes the request.
    fn request(
        &mut self,
        to: &Configured,
        work: Self::Work,
        token: Option<&Secret>,
        now: UnixMillis,
    ) -> Made<Self::Work>;

    /// What a reply means; nothing where there is no making sense of it.
    fn read(
        &self,
        to: &Configured,
        work: &Self::Work,
        reply: &Result<Reply, Failure>,
    ) -> Option<Self::Answer>;

    /// What an answer means for all that was asked.
    fn outcome(answer: &Self::Answer) -> Option<&Outcome>;

    /// Takes an answer. Gives what has to be done before anything else of the destination.
    fn answered(
        &mut self,
        work: Self::Work,
        answer: Self::Answer,
        reply: &Result<Reply, Failure>,
        now: UnixMillis,
    ) -> Vec<Self::Work>;

    /// The destination is closed for so many seconds.
    fn paused(&mut self, work: Self::Work, code: &str, seconds: u32);

    /// There is no token for it.
    fn refused(&mut self, work: Self::Work, outcome: &Outcome, now: UnixMillis);

    /// This invocation has no room for it.
    fn handed_on(&mut self, work: Self::Work);

    /// A request was given out.
    fn given_out(&mut self, _now: UnixMillis) {}

    /// For how many destinations there may still be messages to be sent.
    fn messages_due(&self) -> usize {
        0
    }
}

/// What was made of a piece of work.
#[allow(
    clippy::large_enum_variant,
    reason = "almost always a request, and given on at once; whether that is large depends on the target"
)]
pub(super) enum Made<W> {
    /// A request.
    Request(W, Request),
    /// Pieces that come first, or nothing.
    Pieces(Vec<W>),
}

/// The queue of one destination.
#[derive(Debug)]
struct DestinationQueue<W> {
    /// Index of the destination in the settings.
    destination: usize,
    work: VecDeque<W>,
    in_flight: usize,
    /// A token is being fetched; until it is here, nothing is sent.
    fetching: bool,
    /// How many tokens the platform did not take.
    refreshes: u32,
}

impl<W> DestinationQueue<W> {
    const fn new(destination: usize) -> Self {
        Self {
            destination,
            work: VecDeque::new(),
            in_flight: 0,
            fetching: false,
            refreshes: 0,
        }
    }

    fn put_first(&mut self, work: Vec<W>) {
        for one in work.into_iter().rev() {
            self.work.push_front(one);
        }
    }
}

/// A request that was given out.
#[derive(Debug)]
struct Ticket<W> {
    /// Index of the destination's queue.
    queue: usize,
    /// Nothing where it is for a token.
    work: Option<W>,
    /// [`DestinationQueue::refreshes`] when it was given out.
    refreshes: u32,
    /// When it was given out.
    given: UnixMillis,
}

/// Gives out requests.
#[derive(Debug)]
pub(super) struct Scheduler<'e, W> {
    pub(super) settings: &'e Settings,
    queues: Vec<DestinationQueue<W>>,
    turn: usize,
    tickets: Vec<Option<Ticket<W>>>,
    /// The destinations that count as slow, by their index in the settings.
    slow: Vec<usize>,
    spent: Spent,
}

impl<'e, W> Scheduler<'e, W> {
    pub(super) fn new(settings: &'e Settings, gates: &Gates, now: UnixMillis) -> Self {
        let configured = settings.destinations.iter().enumerate();
        let slow =
            configured.filter(|(_, one)| gates.get(&one.name).is_some_and(|gate| gate.slow(now)));
        Self {
            settings,
            slow: slow.map(|(index, _)| index).collect(),
            queues: Vec::new(),
            turn: 0,
            tickets: Vec::new(),
            spent: Spent::default(),
        }
    }

    /// Adds work for a destination, by its index in the settings.
    pub(super) fn push(&mut self, destination: usize, work: impl IntoIterator<Item = W>) {
        let mut queues = self.queues.iter();
        let found = queues.position(|queue| queue.destination == destination);
        let index = found.unwrap_or_else(|| {
            self.queues.push(DestinationQueue::new(destination));
            self.queues.len() - 1
        });
        if let Some(queue) = self.queues.get_mut(index) {
            queue.work.extend(work);
        }
    }

    /// Whether a destination, by its index in the settings, counts as slow.
    pub(super) fn is_slow(&self, destination: usize) -> bool {
        self.slow.contains(&destination)
    }

    pub(super) const fn spent(&self) -> Spent {
        self.spent
    }

    pub(super) const fn resume(&mut self, spent: Spent) {
        self.spent = spent;
    }

    pub(super) const fn spend(&mut self, requests: u32) {
        self.spent.add(requests);
    }

    /// Whether the budget is spent, where there may be messages for so many destinations yet. One request is always given
    /// out, or nothing would ever be done.
    pub(super) fn exhausted(&self, messages_due: usize, now: UnixMillis) -> bool {
        let limits = &self.settings.limits;
        let spent = &self.spent;
        spent.requests > 0
            && (spent.requests as usize + reserve(messages_due) >= limits.requests as usize
                || spent.bytes >= limits.bytes as usize
                || spent
                    .since
                    .is_some_and(|since| now.0 - since.0 >= i64::from(limits.seconds) * 1000))
    }

    /// Whether anything was not given out yet.
    pub(super) fn waits(&self) -> bool {
        self.queues.iter().any(|queue| !queue.work.is_empty())
    }

    /// All that was not given out.
    pub(super) fn left(&mut self) -> Vec<W> {
        let queues = self.queues.iter_mut();
        queues
            .flat_map(|queue| std::mem::take(&mut queue.work))
            .collect()
    }

    fn configured(&self, queue: usize) -> Option<&'e Configured> {
        let index = self.queues.get(queue)?.destination;
        self.settings.destinations.get(index)
    }

    /// The next request to send, destinations taking turns; nothing when none may be sent right now.
    pub(super) fn next<M: Machine<Work = W>>(
        &mut self,
        machine: &mut M,
        gates: &mut Gates,
        now: UnixMillis,
    ) -> Option<OutgoingRequest> {
        if self.exhausted(machine.messages_due(), now) {
            for work in self.left() {
                machine.handed_on(work);
            }
            return None;
        }
        if self
            .queues
            .iter()
            .map(|queue| queue.in_flight)
            .sum::<usize>()
            >= MOST_IN_FLIGHT
        {
            return None;
        }
        let queues = self.queues.len();
        for step in 0..queues {
            let queue = (self.turn + step) % queues;
            if let Some(outgoing) = self.next_of(queue, machine, gates, now) {
                self.turn = queue + 1;
                return Some(outgoing);
            }
        }
        None
    }

    fn next_of<M: Machine<Work = W>>(
        &mut self,
        index: usize,
        machine: &mut M,
        gates: &Gates,
        now: UnixMillis,
    ) -> Option<OutgoingRequest> {
        let to = self.configured(index)?;
        loop {
            let queue = self.queues.get_mut(index)?;
            if queue.in_flight >= MOST_IN_FLIGHT_EACH || queue.fetching || queue.work.is_empty() {
                return None;
            }
            let gate = gates.get(&to.name);
            if let Some((gate, seconds)) = gate.and_then(|gate| Some((gate, gate.closed_for(now)?)))
            {
                // It closed while this was waiting for its turn.
                machine.paused(queue.work.pop_front()?, gate.code(), seconds);
                continue;
            }
            let mut token = None;
            if let Some(access) = to.destination.access() {
                token = gate.and_then(|gate| gate.token(now));
                if token.is_none() {
                    match access.request(now) {
                        Ok((request, signing)) => {
                            queue.fetching = true;
                            return self.give_out(index, None, request, signing, machine, now);
                        }
                        Err(outcome) => {
                            self.refuse(index, machine, &outcome, now);
                            return None;
                        }
                    }
                }
            }
            let token = token.map(|token| &token.secret);
            match machine.request(to, queue.work.pop_front()?, token, now) {
                Made::Request(work, request) => {
                    return self.give_out(index, Some(work), request, None, machine, now);
                }
                Made::Pieces(pieces) => queue.put_first(pieces),
            }
        }
    }

    fn give_out<M: Machine<Work = W>>(
        &mut self,
        index: usize,
        work: Option<W>,
        request: Request,
        signing: Option<Signing>,
        machine: &mut M,
        now: UnixMillis,
    ) -> Option<OutgoingRequest> {
        let to = self.configured(index)?;
        let queue = self.queues.get_mut(index)?;
        queue.in_flight += 1;
        self.spent.add(1);
        self.spent.bytes += request.body().len();
        self.spent.since.get_or_insert(now);
        machine.given_out(now);
        let ticket = self.tickets.len();
        self.tickets.push(Some(Ticket {
            queue: index,
            work,
            refreshes: queue.refreshes,
            given: now,
        }));
        Some(OutgoingRequest {
            ticket,
            destination: to.name.clone(),
            address: self.settings.address(request.uri()),
            request,
            signing,
            timeout_ms: self.settings.timeout_ms,
        })
    }

    /// Takes the reply to a request, or the reason why there is none.
    pub(super) fn answer<M: Machine<Work = W>>(
        &mut self,
        machine: &mut M,
        ticket: usize,
        reply: &Result<Reply, Failure>,
        gates: &mut Gates,
        now: UnixMillis,
    ) {
        let Some(ticket) = self.tickets.get_mut(ticket).and_then(Option::take) else {
            return;
        };
        let Some(to) = self.configured(ticket.queue) else {
            return;
        };
        let Some(queue) = self.queues.get_mut(ticket.queue) else {
            return;
        };
        queue.in_flight = queue.in_flight.saturating_sub(1);
        let destination = queue.destination;
        let Some(gate) = gates.entry(to.name.clone()) else {
            return;
        };
        gate.took(now.0 - ticket.given.0, now);
        self.slow.retain(|slow| *slow != destination);
        if gate.slow(now) {
            self.slow.push(destination);
        }
        let Some(work) = ticket.work else {
            return self.keep_token(ticket.queue, machine, reply, gate, now);
        };
        let Some(answer) = machine.read(to, &work, reply) else {
            return;
        };
        let outcome = M::outcome(&answer);
        if to.destination.access().is_some()
            && matches!(outcome, Some(Outcome::Unauthorized { .. }))
            && reply.as_ref().is_ok_and(|reply| reply.status == 401)
            && (queue.refreshes == 0 || ticket.refreshes < queue.refreshes)
        {
            // Tokens end early at times. One fresh one, and whatever was sent with the old one goes again.
            if ticket.refreshes == queue.refreshes {
                queue.refreshes += 1;
                gate.forget();
            }
            queue.work.push_front(work);
            return;
        }
        mark(self.settings, gate, outcome, reply, now);
        queue.put_first(machine.answered(work, answer, reply, now));
    }

    /// Takes the reply of whoever gives out tokens.
    fn keep_token<M: Machine<Work = W>>(
        &mut self,
        index: usize,
        machine: &mut M,
        reply: &Result<Reply, Failure>,
        gate: &mut CircuitBreaker,
        now: UnixMillis,
    ) {
        let Some(to) = self.configured(index) else {
            return;
        };
        if let Some(queue) = self.queues.get_mut(index) {
            queue.fetching = false;
        }
        let token = match (to.destination.access(), reply) {
            (Some(access), Ok(reply)) => access.read(reply, now),
            (_, Err(Failure::Unsigned)) => Err(Outcome::Unauthorized {
                code: Failure::Unsigned.cause().into(),
            }),
            (_, Err(failure)) => Err(Outcome::retry(failure.cause())),
            (None, Ok(_)) => return,
        };
        match token {
            Ok(token) => gate.keep(token),
            Err(outcome) => {
                mark(self.settings, gate, Some(&outcome), reply, now);
                self.refuse(index, machine, &outcome, now);
            }
        }
    }

    /// The same outcome for all that a destination's queue has left.
    fn refuse<M: Machine<Work = W>>(
        &mut self,
        index: usize,
        machine: &mut M,
        outcome: &Outcome,
        now: UnixMillis,
    ) {
        let queue = self.queues.get_mut(index);
        for work in queue
            .map(|queue| std::mem::take(&mut queue.work))
            .into_iter()
            .flatten()
        {
            machine.refused(work, outcome, now);
        }
    }
}

/// What an invocation needs beyond its requests to platforms, where so many messages may be left of each kind: messages
/// are at most [`LARGEST`](crate::queue::envelope::LARGEST), four of which go into one call of the queue; a ledger that is away
/// gets its reports through the queue too; and a few calls are not full.
pub(super) const fn reserve(messages_due: usize) -> usize {
    6 + messages_due * 2 / 3
}

/// Tells the circuit breaker how an exchange went; `outcome` is what it meant for all that was in it.
fn mark(
    settings: &Settings,
    gate: &mut CircuitBreaker,
    outcome: Option<&Outcome>,
    reply: &Result<Reply, Failure>,
    now: UnixMillis,
) {
    match (outcome, reply) {
        (Some(Outcome::Unauthorized { code }), _) => {
            gate.close(code, settings.pause_seconds, now);
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
        (Some(Outcome::Retry { code, .. }), _) => gate.failure(code, &settings.schedule, now),
        (_, Err(failure)) => gate.failure(failure.cause().code(), &settings.schedule, now),
        _ => gate.success(),
    }
}

//! Delivering a queue batch: which events go together, what each reply meant for whom, what is left to do.
//!
//! One bad event never sinks a batch: where a platform names it, it is taken out, else the batch is halved until it
//! stands alone.
//!
//! A destination that is slow would hold up the batch that it shares with others, and the queue hands the next one over
//! when this one is done. So its events go on to [`Queue::Slow`], which is for such, until it is quick.
//!
//! Where a platform does not recognise a second copy ([`Destination::pairs`](crate::destinations::destination::Destination::pairs)),
//! few events are sent before what became of them is durable, since all that is not would be sent again after a kill; and
//! what may have been sent twice is counted.

use super::accounting::{Concluded, Disposition, Effects, Queue, Way, Worked, short};
use super::polling::add_dimensions;
use super::scheduler::{Gates, Machine, Made, OutgoingRequest, Scheduler, Spent, reserve};
use crate::base::reason::{Cause, Refusal};
use crate::base::secret::Secret;
use crate::base::table::{Table, sort};
use crate::base::time::UnixMillis;
use crate::destinations::input::Input;
use crate::exchange::http::{Failure, Reply};
use crate::exchange::outcome::{Answer, Outcome};
use crate::exchange::request::Request;
use crate::ledger::Withdrawals;
use crate::queue::envelope::Envelope;
use crate::queue::parcel::Leg;
use crate::settings::{Configured, Settings};

/// How many events that no platform recognises a second time one envelope has sent at a destination in one invocation,
/// and how many may be sent before what became of them is made durable.
pub const MOST_UNPAIRED: usize = 25;
/// How long what is done may wait to be made durable, in milliseconds.
const SETTLE_MS: i64 = 2000;

/// The longest receipt that can be asked about, in bytes.
const LONGEST_RECEIPT: usize = 512;

/// One event for one destination.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all of their combinations occur"
)]
pub(super) struct Job<'e> {
    pub(super) envelope: usize,
    pub(super) parcel: usize,
    /// Index of the destination in the settings.
    pub(super) destination: usize,
    input: Input<'e>,
    /// Whether the platform recognises a second copy.
    pairs: bool,
    /// It is one too many of those that do not pair, and was not sent.
    beyond: bool,
    /// It was sent here and not answered: the platform may have it.
    unanswered: bool,
    /// The consent for it was withdrawn: no further request holds it.
    withdrawn: bool,
    /// A copy of weaker proof has been there, from which it differs.
    pub(super) overrules: bool,
    /// Nobody has said whether another copy has been there.
    pub(super) unclaimed: bool,
}

/// What was to go to a destination that the settings no longer have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Removed<'e> {
    envelope: usize,
    parcel: usize,
    destination: &'e str,
    withdrawn: bool,
}

/// Jobs that go together.
#[derive(Debug)]
pub(super) struct Batch(Vec<usize>);

impl Batch {
    fn halves(&self) -> Vec<Self> {
        let (left, right) = self.0.split_at(self.0.len() / 2);
        vec![Self(left.to_vec()), Self(right.to_vec())]
    }
}

/// How far an envelope is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// How many of its events are without a disposition, each at each destination.
    open: usize,
    /// How many destinations it may leave messages for.
    destinations: usize,
    /// How often the queue has handed it over.
    deliveries: u32,
    /// It has been taken, or is left to the queue.
    pub(super) taken: bool,
}

/// A queue batch being delivered.
#[derive(Debug)]
pub struct Delivery<'e> {
    scheduler: Scheduler<'e, Batch>,
    pub(super) sending: Sending<'e>,
}

#[derive(Debug)]
pub(super) struct Sending<'e> {
    pub(super) settings: &'e Settings,
    pub(super) envelopes: &'e [Envelope<'e>],
    pub(super) jobs: Vec<Job<'e>>,
    pub(super) dispositions: Vec<Option<Disposition>>,
    /// The events that claims were asked for, each an envelope, a parcel and its jobs.
    pub(super) asked: Vec<(usize, usize, Vec<usize>)>,
    /// Those of which nobody knows whether they may go.
    pub(super) held: Vec<(usize, usize)>,
    removed: Vec<Removed<'e>>,
    /// Until when it is known what was withdrawn, where somebody asks.
    known_until: Option<UnixMillis>,
    /// For each envelope.
    pub(super) progress: Vec<Progress>,
    /// When an envelope was last taken, or the first request given out.
    taken: Option<UnixMillis>,
    /// How many events that do not pair were answered for since then.
    unpaired: usize,
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
    /// Sorts out what has to go where, for the main queue.
    pub fn new(
        settings: &'e Settings,
        envelopes: &'e [Envelope<'e>],
        gates: &Gates,
        now: UnixMillis,
    ) -> Self {
        Self::on(Queue::Main, settings, envelopes, gates, now)
    }

    /// Sorts out what has to go where.
    pub fn on(
        queue: Queue,
        settings: &'e Settings,
        envelopes: &'e [Envelope<'e>],
        gates: &Gates,
        now: UnixMillis,
    ) -> Self {
        let mut scheduler = Scheduler::new(settings, gates, now);
        let mut sending = Sending {
            settings,
            envelopes,
            jobs: Vec::new(),
            dispositions: Vec::new(),
            asked: Vec::new(),
            held: Vec::new(),
            removed: Vec::new(),
            known_until: None,
            progress: vec![Progress::default(); envelopes.len()],
            taken: None,
            unpaired: 0,
        };
        let mut groups: Table<(usize, String), Vec<usize>> = Table::new();
        for index in 0..envelopes.len() {
            sending.add(index, queue, gates, &mut groups, now);
        }
        // The first envelopes first, so that they are done while the others are in flight.
        let mut groups: Vec<(usize, Vec<usize>)> = groups
            .into_iter()
            .map(|((destination, _), members)| (destination, members))
            .collect();
        sort(&mut groups, |(_, one), (_, other)| one < other);
        for (destination, members) in groups {
            let Some(configured) = settings.destinations.get(destination) else {
                continue;
            };
            let most = configured.destination.most_events().max(1);
            let most = if members.iter().all(|job| sending.pairs(*job)) {
                most
            } else {
                most.min(MOST_UNPAIRED)
            };
            let batches = members.chunks(most).map(|part| Batch(part.to_vec()));
            scheduler.push(destination, batches);
        }
        Self { scheduler, sending }
    }

    /// Tells that the queue has handed an envelope over before: what it did then may not have been acknowledged.
    pub fn redelivered(&mut self, envelope: usize, deliveries: u32) {
        if let Some(progress) = self.sending.progress.get_mut(envelope) {
            progress.deliveries = deliveries;
        }
    }

    /// Heeds what was withdrawn: none of it is in a request that is given out from now on. From the first time on nothing is
    /// given out by word that is [too old](Self::stale).
    pub fn heed(&mut self, withdrawals: &Withdrawals) {
        self.sending.known_until = withdrawals.until();
        if withdrawals.is_empty() {
            return;
        }
        for (at, envelope) in self.sending.envelopes.iter().enumerate() {
            for (index, parcel) in envelope.parcels.iter().enumerate() {
                let visitor = parcel.visitor.as_deref();
                if withdrawals.cover(&envelope.source, &parcel.id, visitor, parcel.received) {
                    self.sending.withdraw(at, index);
                }
            }
        }
    }

    /// Whether the ledger has to be asked again what was withdrawn before anything more is given out.
    pub fn stale(&self, now: UnixMillis) -> bool {
        let over = |until| now >= until;
        self.sending.known_until.is_some_and(over) && self.scheduler.waits()
    }

    /// The ledger does not say what was withdrawn: what was not given out is another invocation's.
    pub fn leave(&mut self) {
        for batch in self.scheduler.left() {
            self.sending.handed_on(batch);
        }
    }

    /// What has been used up, for whatever else the same invocation does.
    pub const fn spent(&self) -> Spent {
        self.scheduler.spent()
    }

    /// Books requests of the invocation that are not platforms'.
    pub const fn spend(&mut self, requests: u32) {
        self.scheduler.spend(requests);
    }

    /// The next request to send; nothing when none may be sent right now.
    pub fn next(&mut self, gates: &mut Gates, now: UnixMillis) -> Option<OutgoingRequest> {
        if self.stale(now) {
            return None;
        }
        self.scheduler.next(&mut self.sending, gates, now)
    }

    /// Takes the reply to a request, or the reason why there is none.
    pub fn answer(
        &mut self,
        ticket: usize,
        reply: &Result<Reply, Failure>,
        gates: &mut Gates,
        now: UnixMillis,
    ) {
        let sending = &mut self.sending;
        self.scheduler.answer(sending, ticket, reply, gates, now);
    }

    /// Whether what is done is to be made durable now, while the rest is in flight: call [`take`](Self::take).
    pub fn ripe(&self, now: UnixMillis) -> bool {
        let sending = &self.sending;
        let late = |taken: UnixMillis| now.0 - taken.0 >= SETTLE_MS;
        (sending.unpaired >= MOST_UNPAIRED || sending.taken.is_some_and(late))
            && sending
                .progress
                .iter()
                .any(|one| one.open == 0 && !one.taken)
    }

    /// What is left to do for each envelope that is done, in their order; each once.
    pub fn take(&mut self, now: UnixMillis) -> Vec<Effects> {
        self.sending.taken = Some(now);
        self.sending.unpaired = 0;
        self.take_all(now, false)
    }

    /// What is left to do for each envelope that was not taken, in their order. Requests that were never answered count as
    /// failed.
    pub fn finish(mut self, now: UnixMillis) -> Vec<Effects> {
        self.take_all(now, true)
    }

    fn take_all(&mut self, now: UnixMillis, open: bool) -> Vec<Effects> {
        let mut effects = Vec::new();
        for index in 0..self.sending.progress.len() {
            let Some(progress) = self.sending.progress.get_mut(index) else {
                continue;
            };
            if progress.taken || (progress.open > 0 && !open) {
                continue;
            }
            progress.taken = true;
            let worked = self.sending.worked(index, now);
            let slow = |destination| self.scheduler.is_slow(destination);
            effects.extend(worked.map(|worked| worked.effects(slow)));
        }
        effects
    }
}

impl<'e> Sending<'e> {
    /// Sorts out where the events of an envelope go.
    fn add(
        &mut self,
        index: usize,
        queue: Queue,
        gates: &Gates,
        groups: &mut Table<(usize, String), Vec<usize>>,
        now: UnixMillis,
    ) {
        let Some(envelope) = self.envelopes.get(index) else {
            return;
        };
        let mut unpaired: Table<usize, usize> = Table::new();
        for (parcel_index, parcel) in envelope.parcels.iter().enumerate() {
            for leg in &parcel.legs {
                let Some((destination, configured)) = self.find(leg) else {
                    self.removed.push(Removed {
                        envelope: index,
                        parcel: parcel_index,
                        destination: leg.destination.as_str(),
                        withdrawn: false,
                    });
                    continue;
                };
                let input = Input::new(parcel, leg.grant);
                let pairs = configured.destination.pairs(&input);
                let mut disposition = at_once(envelope, configured, &input, queue, gates, now);
                let sends = disposition.is_none() && !pairs;
                let mut sent = 0;
                unpaired.change(destination, |n| {
                    *n += usize::from(sends);
                    sent = *n;
                });
                let beyond = sends && sent > MOST_UNPAIRED;
                if beyond {
                    disposition = Some(Disposition::hand_on(Cause::Budget));
                }
                if disposition.is_none() {
                    if let Some(progress) = self.progress.get_mut(index) {
                        progress.open += 1;
                    }
                    let mut group = configured.destination.group(&input);
                    if configured.destination.inquiry().is_some() {
                        add_dimensions(&mut group, &envelope.source, parcel);
                    }
                    let job = self.jobs.len();
                    groups.change((destination, group), |members| members.push(job));
                }
                self.jobs.push(Job {
                    envelope: index,
                    parcel: parcel_index,
                    destination,
                    input,
                    pairs,
                    beyond,
                    unanswered: false,
                    withdrawn: false,
                    overrules: false,
                    unclaimed: false,
                });
                self.dispositions.push(disposition);
            }
        }
        if let Some(progress) = self.progress.get_mut(index) {
            progress.destinations = unpaired.len();
        }
    }

    fn find(&self, leg: &Leg<'_>) -> Option<(usize, &'e Configured)> {
        let mut all = self.settings.destinations.iter().enumerate();
        all.find(|(_, configured)| configured.name == leg.destination.as_str())
    }

    fn pairs(&self, job: usize) -> bool {
        self.jobs.get(job).is_none_or(|job| job.pairs)
    }

    fn inputs(&self, batch: &Batch) -> Vec<Input<'e>> {
        let jobs = batch.0.iter().filter_map(|job| self.jobs.get(*job));
        jobs.map(|job| job.input).collect()
    }

    pub(super) fn settle(&mut self, job: usize, disposition: Disposition) {
        if let (Some(slot), Some(job)) = (self.dispositions.get_mut(job), self.jobs.get(job)) {
            // Whatever becomes of the requests that it was to be in.
            if matches!(slot, Some(Disposition::Duplicate(_))) {
                return;
            }
            let disposition = if job.withdrawn {
                disposition.withdrawn()
            } else {
                disposition
            };
            if slot.is_none()
                && let Some(progress) = self.progress.get_mut(job.envelope)
            {
                progress.open -= 1;
            }
            *slot = Some(disposition);
        }
    }

    /// Keeps an event from all further requests.
    fn withdraw(&mut self, envelope: usize, parcel: usize) {
        for job in 0..self.jobs.len() {
            let Some(found) = self.jobs.get_mut(job) else {
                continue;
            };
            if (found.envelope, found.parcel) != (envelope, parcel) {
                continue;
            }
            found.withdrawn = true;
            if let Some(Some(disposition)) = self.dispositions.get(job) {
                self.settle(job, disposition.clone());
            }
        }
        for one in &mut self.removed {
            one.withdrawn |= (one.envelope, one.parcel) == (envelope, parcel);
        }
    }

    /// The events of a batch that may go, where some may not: they were withdrawn, or other copies have been there.
    fn without_withheld(&mut self, batch: &Batch) -> Option<Vec<Batch>> {
        let settled = |job: &usize| self.dispositions.get(*job).is_some_and(Option::is_some);
        let withdrawn = |job: &usize| self.jobs.get(*job).is_some_and(|job| job.withdrawn);
        let withheld = |job: &&usize| settled(job) || withdrawn(job);
        let (gone, rest): (Vec<usize>, Vec<usize>) = batch.0.iter().partition(withheld);
        if gone.is_empty() {
            return None;
        }
        for job in gone {
            if self.dispositions.get(job).is_some_and(Option::is_none) {
                self.settle(job, Disposition::Blocked(Refusal::ConsentWithdrawn));
            }
        }
        let rest = Some(Batch(rest)).filter(|rest| !rest.0.is_empty());
        Some(rest.into_iter().collect())
    }

    /// Applies an answer. Gives what has to be sent without those that are at fault.
    fn apply(&mut self, batch: &Batch, answer: Answer, now: UnixMillis) -> Vec<Batch> {
        let members = batch.0.as_slice();
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
                        .unwrap_or_else(|| Outcome::retry(Cause::ReplyShort));
                    self.conclude(*job, outcome, now);
                }
            }
            Answer::Isolate(faults) => {
                let mut rest = members.to_vec();
                for (index, outcome) in &faults {
                    if let Some(job) = members.get(*index) {
                        rest.retain(|other| other != job);
                        self.conclude(*job, outcome.clone(), now);
                    }
                }
                if rest.len() == members.len() {
                    // The platform named none that was there.
                    let outcome = faults
                        .into_iter()
                        .next()
                        .map_or_else(|| Outcome::retry(Cause::ReplyUnreadable), |fault| fault.1);
                    return self.apply(batch, Answer::Split(outcome), now);
                }
                if !rest.is_empty() {
                    return vec![Batch(rest)];
                }
            }
            Answer::Split(outcome) => match members {
                [] => {}
                [job] => self.conclude(*job, outcome, now),
                _ => return batch.halves(),
            },
        }
        Vec::new()
    }

    fn conclude(&mut self, job: usize, outcome: Outcome, now: UnixMillis) {
        let Some(found) = self.jobs.get(job) else {
            return;
        };
        let envelope = self.envelopes.get(found.envelope);
        let attempt = envelope.map_or(0, |envelope| envelope.attempt);
        let configured = self.settings.destinations.get(found.destination);
        let expires = configured.map_or(now, |one| one.destination.expires(&found.input));
        let schedule = &self.settings.schedule;
        let disposition = match outcome {
            Outcome::Delivered => Disposition::Delivered(String::new()),
            Outcome::Remarked { code } => Disposition::Delivered(short(code)),
            Outcome::Processing { receipt } if receipt.len() > LONGEST_RECEIPT => {
                Disposition::Dead(Cause::ReceiptTooLong.code().to_owned())
            }
            Outcome::Processing { receipt } => Disposition::Processing(receipt),
            Outcome::Rejected { code } => Disposition::Rejected(short(code)),
            Outcome::Retry { code, .. } if attempt + 1 >= schedule.max_attempts => {
                Disposition::Dead(short(code))
            }
            Outcome::Retry { code, after } => Disposition::Again {
                code: short(code),
                after,
                way: Way::Attempt,
            },
            Outcome::Unauthorized { code } => Disposition::Again {
                code: short(code),
                after: Some(self.settings.pause_seconds),
                way: Way::Wait,
            },
        };
        let disposition = match disposition {
            // The platform will not take it any more when the time comes.
            Disposition::Again { code, after, .. }
                if now.0 + i64::from(schedule.delay(attempt, after, 0)) * 1000 >= expires.0 =>
            {
                Disposition::Dead(code)
            }
            disposition => disposition,
        };
        self.settle(job, disposition);
    }

    /// What became of an envelope.
    fn worked(&self, index: usize, now: UnixMillis) -> Option<Worked<'_>> {
        let envelope = self.envelopes.get(index)?;
        let deliveries = self.progress.get(index)?.deliveries;
        let jobs = self.jobs.iter().zip(&self.dispositions);
        let concluded =
            jobs.filter(|(job, _)| job.envelope == index)
                .filter_map(|(job, disposition)| {
                    let unanswered = (job.unanswered || disposition.is_none()) && !job.pairs;
                    // What an invocation that nothing is known of may have sent before.
                    let twice = unanswered || envelope.twice || (deliveries > 1 && !job.beyond);
                    let disposition = disposition.clone().unwrap_or(Disposition::Again {
                        code: Cause::Unanswered.code().to_owned(),
                        after: None,
                        way: Way::Attempt,
                    });
                    Some(Concluded {
                        parcel: job.parcel,
                        destination: &self.settings.destinations.get(job.destination)?.name,
                        disposition: if job.withdrawn {
                            disposition.withdrawn()
                        } else {
                            disposition
                        },
                        pairs: job.pairs,
                        twice: twice && !job.pairs,
                        unanswered,
                        overrules: job.overrules,
                        unclaimed: job.unclaimed,
                    })
                });
        let removed = self.removed.iter().filter(|one| one.envelope == index);
        let removed = removed.map(|one| Concluded {
            parcel: one.parcel,
            destination: one.destination,
            disposition: if one.withdrawn {
                Disposition::Blocked(Refusal::ConsentWithdrawn)
            } else {
                Disposition::Dead(Cause::DestinationRemoved.code().to_owned())
            },
            pairs: true,
            twice: false,
            unanswered: false,
            overrules: false,
            unclaimed: false,
        });
        Some(Worked {
            settings: self.settings,
            envelope,
            index,
            deliveries,
            concluded: concluded.chain(removed).collect(),
            now,
        })
    }
}

/// What becomes of an event without a request.
fn at_once(
    envelope: &Envelope<'_>,
    configured: &Configured,
    input: &Input<'_>,
    queue: Queue,
    gates: &Gates,
    now: UnixMillis,
) -> Option<Disposition> {
    if let Err(skip) = configured.destination.check(input, now) {
        return Some(if envelope.id.is_continuation() {
            Disposition::Dead(skip.code().to_owned())
        } else {
            Disposition::Skipped(skip)
        });
    }
    let gate = gates.get(&configured.name)?;
    match gate.closed_for(now) {
        Some(seconds) => Some(Disposition::Again {
            code: short(gate.code()),
            after: Some(seconds),
            way: Way::Wait,
        }),
        None if queue == Queue::Main && gate.slow(now) => Some(Disposition::hand_on(Cause::Slow)),
        None => None,
    }
}

impl Machine for Sending<'_> {
    type Work = Batch;
    type Answer = Answer;

    fn request(
        &mut self,
        to: &Configured,
        batch: Batch,
        token: Option<&Secret>,
        now: UnixMillis,
    ) -> Made<Batch> {
        if let Some(rest) = self.without_withheld(&batch) {
            return Made::Pieces(rest);
        }
        let inputs = self.inputs(&batch);
        let too_large =
            |request: &Request| request.body().len() > to.destination.facts().most_bytes;
        let outcome = match to.destination.request(&inputs, token, now) {
            Ok(request) if !too_large(&request) => return Made::Request(batch, request),
            Ok(_) if batch.0.len() > 1 => return Made::Pieces(batch.halves()),
            Ok(_) => Outcome::rejected(Cause::EventTooLarge),
            Err(outcome) => outcome,
        };
        Made::Pieces(self.apply(&batch, Answer::All(outcome), now))
    }

    fn read(
        &self,
        to: &Configured,
        batch: &Batch,
        reply: &Result<Reply, Failure>,
    ) -> Option<Answer> {
        let inputs = self.inputs(batch);
        Some(match reply {
            Ok(reply) => to.destination.read(&inputs, reply),
            // A connection that broke may have broken after the platform had read everything, but that is rare,
            // and a platform that is down looks just so; a reply that did not come in time is another matter.
            Err(failure) => {
                let lost = *failure == Failure::Timeout;
                to.destination.unanswered(&inputs, failure.cause(), lost)
            }
        })
    }

    fn outcome(answer: &Answer) -> Option<&Outcome> {
        match answer {
            Answer::All(outcome) => Some(outcome),
            _ => None,
        }
    }

    fn answered(
        &mut self,
        batch: Batch,
        answer: Answer,
        reply: &Result<Reply, Failure>,
        now: UnixMillis,
    ) -> Vec<Batch> {
        // An answer that cannot be read is none.
        let unanswered = match reply {
            Ok(reply) => {
                (200..300).contains(&reply.status)
                    && matches!(answer, Answer::All(Outcome::Retry { .. }))
            }
            Err(failure) => *failure != Failure::Unsigned,
        };
        for job in &batch.0 {
            self.unpaired += usize::from(!self.pairs(*job));
            if let Some(job) = self.jobs.get_mut(*job).filter(|_| unanswered) {
                job.unanswered = true;
            }
        }
        self.apply(&batch, answer, now)
    }

    fn paused(&mut self, batch: Batch, code: &str, seconds: u32) {
        for job in batch.0 {
            let disposition = Disposition::Again {
                code: short(code),
                after: Some(seconds),
                way: Way::Wait,
            };
            self.settle(job, disposition);
        }
    }

    fn refused(&mut self, batch: Batch, outcome: &Outcome, now: UnixMillis) {
        self.apply(&batch, Answer::All(outcome.clone()), now);
    }

    fn handed_on(&mut self, batch: Batch) {
        for job in batch.0 {
            self.settle(job, Disposition::hand_on(Cause::Budget));
        }
    }

    fn given_out(&mut self, now: UnixMillis) {
        self.taken.get_or_insert(now);
    }

    fn messages_due(&self) -> usize {
        let waiting = self.progress.iter().filter(|one| !one.taken);
        waiting.map(|one| one.destinations).sum()
    }
}

//! Asking platforms that judge later, and booking their verdicts.
//!
//! Such a platform counts and does not name: so many events of a receipt were refused for such a reason. Requests to it
//! therefore hold events of one source, release, name and hour only, and a count can be booked without knowing whose
//! it is. Where some are to be offered again, all of the receipt are: the platform knows those that it has by their ids.

use super::accounting::{Effects, Message, Queue, Writer, due, one_leg, short, told};
use super::scheduler::{Gates, Machine, Made, OutgoingRequest, Scheduler, Spent};
use crate::base::backoff::Backoff;
use crate::base::reason::Cause;
use crate::base::secret::Secret;
use crate::base::table::{Table, sort};
use crate::base::time::{DAY_MS, UnixMillis};
use crate::exchange::http::{Failure, Reply};
use crate::exchange::outcome::{Judged, Meaning, Outcome, Verdict};
use crate::ledger::measured::Apart;
use crate::ledger::movement::{Movement, Step};
use crate::ledger::{DeadLetter, Dimensions, Line, Note, Pending, Postponed, Report, State};
use crate::queue::envelope::Packer;
use crate::queue::id::{Id, Run};
use crate::queue::parcel::Parcel;
use crate::settings::{Configured, Settings};

/// How long a platform is asked. Google advises a day.
const LONGEST_MS: i64 = DAY_MS;

/// How many reasons of one verdict are told apart.
const MOST_REASONS: usize = 50;
/// How many of them a note names.
const MOST_NAMED: usize = 8;

/// One receipt, and the parts of it that came from different envelopes.
#[derive(Debug)]
struct Question<'e> {
    parts: Vec<&'e Pending>,
    verdict: Option<Verdict>,
    /// The settings have no such destination any more.
    removed: bool,
}

/// Makes a group one of a single source, release, event and hour, and of visitors, robots or tests alone.
pub(super) fn add_dimensions(group: &mut String, source: &str, parcel: &Parcel<'_>) {
    let release = parcel.release.as_ref().map_or("", |release| release);
    for part in [
        source,
        release,
        &parcel.name,
        &parcel.received.hour().0.to_string(),
        parcel.apart.map_or("", Apart::as_str),
    ] {
        group.push('\n');
        group.push_str(part);
    }
}

impl Pending {
    /// What all of its events share.
    fn dimensions(&self) -> String {
        let mut dimensions = String::new();
        let parcel = self.parcels.first();
        if let Some(Ok(parcel)) = parcel.map(|text| serde_json::from_str::<Parcel<'_>>(text)) {
            add_dimensions(&mut dimensions, &self.source, &parcel);
        }
        dimensions
    }
}

/// Platforms being asked what became of events.
#[derive(Debug)]
pub struct Polling<'e> {
    /// Work is the index of a question.
    scheduler: Scheduler<'e, usize>,
    questions: Questions<'e>,
}

#[derive(Debug)]
struct Questions<'e>(Vec<Question<'e>>);

impl<'e> Polling<'e> {
    /// Sorts out what has to be asked of whom.
    pub fn new(settings: &'e Settings, pending: &'e [Pending]) -> Self {
        let mut scheduler = Scheduler::new(settings, &Gates::new(), UnixMillis(0));
        let mut questions = Vec::new();
        let mut receipts: Table<(&str, &str, String), Vec<&'e Pending>> = Table::new();
        for one in pending {
            // A platform that gives one receipt twice must not have the events of two hours counted in one.
            let key = (
                one.destination.as_str(),
                one.receipt.as_str(),
                one.dimensions(),
            );
            receipts.change(key, |parts| parts.push(one));
        }
        for ((name, ..), mut parts) in receipts {
            // The first one names the report.
            sort(&mut parts, |one, other| one.id < other.id);
            let mut all = settings.destinations.iter().enumerate();
            let found = all.find(|(_, configured)| configured.name == name);
            let able = found.filter(|(_, one)| one.destination.inquiry().is_some());
            if let Some((destination, _)) = able {
                scheduler.push(destination, [questions.len()]);
            }
            questions.push(Question {
                parts,
                // There is none left that could be asked.
                verdict: able.is_none().then_some(Verdict::Unknown),
                removed: found.is_none(),
            });
        }
        Self {
            scheduler,
            questions: Questions(questions),
        }
    }

    /// What has been used up, for whatever else the same invocation does.
    pub const fn spent(&self) -> Spent {
        self.scheduler.spent()
    }

    /// Goes on with what the same invocation has used up.
    pub const fn resume(&mut self, spent: Spent) {
        self.scheduler.resume(spent);
    }

    /// Books requests of the invocation that are not platforms'.
    pub const fn spend(&mut self, requests: u32) {
        self.scheduler.spend(requests);
    }

    /// Whether the budget is spent.
    pub fn exhausted(&self, now: UnixMillis) -> bool {
        self.scheduler.exhausted(0, now)
    }

    /// The next request to send; nothing when none may be sent right now.
    pub fn next(&mut self, gates: &mut Gates, now: UnixMillis) -> Option<OutgoingRequest> {
        self.scheduler.next(&mut self.questions, gates, now)
    }

    /// Takes the reply to a request, or the reason why there is none.
    pub fn answer(
        &mut self,
        ticket: usize,
        reply: &Result<Reply, Failure>,
        gates: &mut Gates,
        now: UnixMillis,
    ) {
        let questions = &mut self.questions;
        self.scheduler.answer(questions, ticket, reply, gates, now);
    }

    /// What is left to do for each receipt. What was not asked, because its destination is paused, comes again.
    pub fn finish(self, now: UnixMillis) -> Vec<Effects> {
        let settings = self.scheduler.settings;
        let questions = self.questions.0.iter();
        questions
            .filter_map(|question| question.book(settings, now))
            .collect()
    }
}

impl Machine for Questions<'_> {
    type Work = usize;
    type Answer = Verdict;

    fn request(
        &mut self,
        to: &Configured,
        question: usize,
        token: Option<&Secret>,
        _now: UnixMillis,
    ) -> Made<usize> {
        let asked = self.0.get_mut(question);
        if let (Some(asked), Some(inquiry)) = (asked, to.destination.inquiry()) {
            match inquiry.request(asked.receipt(), token) {
                Ok(request) => return Made::Request(question, request),
                Err(outcome) => asked.verdict = Some(Verdict::Unanswered(outcome)),
            }
        }
        Made::Pieces(Vec::new())
    }

    fn read(&self, to: &Configured, _: &usize, reply: &Result<Reply, Failure>) -> Option<Verdict> {
        match reply {
            Ok(reply) => Some(to.destination.inquiry()?.read(reply)),
            Err(failure) => Some(Verdict::Unanswered(Outcome::retry(failure.cause()))),
        }
    }

    fn outcome(verdict: &Verdict) -> Option<&Outcome> {
        match verdict {
            Verdict::Unanswered(outcome) => Some(outcome),
            _ => None,
        }
    }

    fn answered(
        &mut self,
        question: usize,
        verdict: Verdict,
        _: &Result<Reply, Failure>,
        _: UnixMillis,
    ) -> Vec<usize> {
        self.record(question, verdict);
        Vec::new()
    }

    // A question that is not asked is asked another time by itself.
    fn paused(&mut self, _question: usize, _code: &str, _seconds: u32) {}

    fn handed_on(&mut self, _question: usize) {}

    fn refused(&mut self, question: usize, outcome: &Outcome, _now: UnixMillis) {
        self.record(question, Verdict::Unanswered(outcome.clone()));
    }
}

impl Questions<'_> {
    fn record(&mut self, question: usize, verdict: Verdict) {
        if let Some(question) = self.0.get_mut(question) {
            question.verdict = Some(verdict);
        }
    }
}

impl<'e> Question<'e> {
    fn receipt(&self) -> &'e str {
        self.parts.first().map_or("", |part| &part.receipt)
    }

    /// The report that books a verdict: of exactly these parts, and of what the verdict said. Asked for again it may be
    /// another, or there may be further parts; the ledger takes the first that it hears of on each part.
    fn report(&self) -> (Id<'static>, Run) {
        let parts: Vec<&str> = self.parts.iter().map(|part| part.id.as_str()).collect();
        let run = match self.verdict.as_ref() {
            Some(Verdict::Settled(judged)) => {
                judged.iter().fold(Run::new().and("settled"), |run, one| {
                    let meaning = match one.meaning {
                        Meaning::Remarked => "remarked",
                        Meaning::Rejected => "rejected",
                        Meaning::Again { .. } => "again",
                    };
                    run.and(&one.code).and(&one.events.to_string()).and(meaning)
                })
            }
            Some(Verdict::Unknown) => Run::new().and("unknown"),
            _ => Run::new().and("expired"),
        };
        (Id::verdict(&parts), run)
    }

    /// The events that the question is about, each with the part that it is in.
    fn parcels(&self) -> Vec<(&'e Pending, Parcel<'e>)> {
        let parts = self.parts.iter();
        parts
            .flat_map(|part| part.parcels.iter().map(move |text| (*part, text)))
            .filter_map(|(part, text)| Some((part, serde_json::from_str(text).ok()?)))
            .collect()
    }

    fn book(&self, settings: &Settings, now: UnixMillis) -> Option<Effects> {
        let first = self.parts.first()?;
        let expired = now.0 - first.taken.0 > LONGEST_MS;
        let (judged, silent) = match self.verdict.as_ref() {
            Some(Verdict::Settled(judged)) => (judged.as_slice(), None),
            Some(Verdict::Unknown) if self.removed => {
                (&[][..], Some(Cause::DestinationRemoved.code()))
            }
            Some(Verdict::Unknown) => (&[][..], Some(Cause::ReceiptUnknown.code())),
            _ if expired => (&[][..], Some(Cause::StatusUnknown.code())),
            _ => return Some(self.postpone(settings, now)),
        };
        let (id, run) = self.report();
        let mut writer = Writer::new(&id, None, run);
        // First, so that they are all in the first report: it is applied if the ledger still waits for each of them.
        for part in &self.parts {
            writer.settle(part.id.clone());
        }
        let parcels = self.parcels();
        let Some((_, sample)) = parcels.first() else {
            return Some(effects(Vec::new(), writer.finish(false)));
        };
        let mut book = Book {
            lines: Vec::new(),
            of: Dimensions {
                received: sample.received,
                source: &first.source,
                release: sample.release.as_ref(),
                event: &sample.name,
                worker: &settings.version,
            },
            destination: &first.destination,
            left: i64::try_from(parcels.len()).unwrap_or(i64::MAX),
            apart: sample.apart,
        };
        if let Some((after, code)) = self.wanted_again(judged, settings) {
            let total = book.left;
            book.take(State::Retrying, "", total);
            book.lines.push((book.line(State::Retries, ""), total));
            writer.book(book.finish());
            moved(&mut writer, &parcels, settings, (State::Retrying, ""), now);
            notes(
                &mut writer,
                &parcels,
                first,
                now,
                &told(State::Retrying, &short(code.to_owned())),
            );
            return Some(effects(self.again(after, run), writer.finish(true)));
        }
        book.share(judged, silent);
        // Where all met the same end, it is known whose it is.
        match book.lines.as_slice() {
            [(line, _)] => {
                let (state, code) = (line.state, line.code.clone());
                writer.book(book.finish());
                moved(&mut writer, &parcels, settings, (state, &code), now);
                notes(&mut writer, &parcels, first, now, &told(state, &code));
                if matches!(state, State::Rejected | State::Dead) {
                    letters(
                        &mut writer,
                        &parcels,
                        first,
                        (state, &code),
                        (&settings.version, now),
                    );
                }
            }
            many => {
                let what: Vec<String> = many
                    .iter()
                    .take(MOST_NAMED)
                    .map(|(line, _)| told(line.state, &line.code))
                    .collect();
                let what = format!("one of {}", what.join(", "));
                writer.book(book.finish());
                notes(&mut writer, &parcels, first, now, &what);
            }
        }
        Some(effects(Vec::new(), writer.finish(false)))
    }

    /// Whether the events are to be offered again, and when and why.
    fn wanted_again<'j>(
        &self,
        judged: &'j [Judged],
        settings: &Settings,
    ) -> Option<(u32, &'j str)> {
        let wanted = judged.iter().filter_map(|one| match one.meaning {
            Meaning::Again { after } if one.events > 0 => Some((after, one.code.as_str())),
            _ => None,
        });
        let attempts = self.parts.iter().map(|part| part.attempt + 1);
        let room = attempts.max() < Some(settings.schedule.max_attempts);
        wanted.max().filter(|_| room)
    }

    /// The messages that offer the events again. Their ids are those of the receipt's parts and of the verdict: the same
    /// one makes the same ones.
    fn again(&self, after: u32, run: Run) -> Vec<Message> {
        let (report, run_of_report) = (self.report().0, run);
        let run = run.and(report.as_str());
        let messages = self.parts.iter().flat_map(|part| {
            let attempt = part.attempt + 1;
            let id = Id::from(part.id.as_str()).again(&part.destination, attempt, run);
            let mut packer = Packer::whole(id.as_str(), &part.source, attempt)
                .after(&run_of_report.after(&report));
            for parcel in &part.parcels {
                packer.add_text(parcel);
            }
            packer.finish()
        });
        messages
            .map(|text| Message {
                delay: after.clamp(1, Backoff::MOST_SECONDS),
                queue: Queue::Main,
                text,
            })
            .collect()
    }

    fn postpone(&self, settings: &Settings, now: UnixMillis) -> Effects {
        let asked = self.verdict.is_some();
        let postponed = self.parts.iter().map(|part| {
            let asked = part.asked + u32::from(asked);
            Postponed {
                id: part.id.clone(),
                due: due(settings, &part.destination, asked, now),
                asked,
            }
        });
        let first = self.parts.first().map_or("", |part| part.id.as_str());
        effects(
            Vec::new(),
            vec![Report {
                id: Id::postponed(first, now.0),
                postponed: postponed.collect(),
                ..Report::default()
            }],
        )
    }
}

const fn effects(messages: Vec<Message>, reports: Vec<Report>) -> Effects {
    Effects {
        envelope: 0,
        messages,
        reports,
    }
}

/// Shares out the events of a receipt.
struct Book<'a> {
    /// What became of them.
    lines: Vec<(Line, i64)>,
    of: Dimensions<'a>,
    destination: &'a str,
    left: i64,
    /// What they are counted apart as, where they are; all of them alike.
    apart: Option<Apart>,
}

impl Book<'_> {
    fn line(&self, state: State, code: &str) -> Line {
        self.of.line(self.destination, state, code)
    }

    /// Books events, never more than there are.
    fn take(&mut self, state: State, code: &str, n: i64) {
        let n = n.min(self.left);
        if n <= 0 {
            return;
        }
        self.left -= n;
        let line = self.line(state, code);
        match self.lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, sum)) => *sum += n,
            None => self.lines.push((line, n)),
        }
    }

    /// Books a verdict.
    fn share(&mut self, judged: &[Judged], silent: Option<&str>) {
        if let Some(code) = silent {
            self.take(State::Dead, code, self.left);
        }
        for (index, one) in judged.iter().enumerate() {
            let Judged {
                code,
                events,
                meaning,
            } = one;
            let state = match meaning {
                Meaning::Remarked => State::Delivered,
                Meaning::Rejected => State::Rejected,
                // That was the last attempt.
                Meaning::Again { .. } => State::Dead,
            };
            // A reply may be long, and all of it goes down in one report.
            let code = if index < MOST_REASONS {
                short(code.clone())
            } else {
                "other".to_owned()
            };
            self.take(state, &code, i64::try_from(*events).unwrap_or(i64::MAX));
        }
        self.take(State::Delivered, "", self.left);
    }

    /// All of them, with what they were until then.
    fn finish(self) -> Vec<(Line, i64)> {
        let states = self
            .lines
            .iter()
            .filter(|(line, _)| line.state != State::Retries);
        let total: i64 = states.map(|(_, n)| n).sum();
        let before = (self.line(State::Processing, ""), -total);
        let mut lines = vec![before];
        if let Some(kind) = self.apart {
            // What waits for another attempt has not become anything yet.
            let became =
                |(line, _): &&(Line, i64)| !matches!(line.state, State::Retrying | State::Retries);
            let apart =
                |(line, n): &(Line, i64)| (self.line(State::Apart, &kind.at(line.state)), *n);
            lines.extend(self.lines.iter().filter(became).map(apart));
        }
        lines.extend(self.lines);
        lines
    }
}

/// Says whose the counts are, where outcomes are exported and all met the same end.
fn moved(
    writer: &mut Writer,
    parcels: &[(&Pending, Parcel<'_>)],
    settings: &Settings,
    (state, code): (State, &str),
    now: UnixMillis,
) {
    if !settings.exports {
        return;
    }
    for (part, parcel) in parcels {
        writer.moved(Movement {
            attempt: Some(part.attempt + 1),
            took: Some(now.0.saturating_sub(parcel.received.0).max(0)),
            steps: vec![
                Step::out_of(&part.destination, State::Processing, ""),
                Step::into(&part.destination, state, code),
            ],
            ..parcel.movement(&part.source, &settings.version)
        });
    }
}

fn notes(
    writer: &mut Writer,
    parcels: &[(&Pending, Parcel<'_>)],
    first: &Pending,
    now: UnixMillis,
    what: &str,
) {
    for (_, parcel) in parcels.iter().take(Report::MOST_NOTES) {
        writer.note(Note {
            at: now,
            source: first.source.clone(),
            event: parcel.name.as_str().to_owned(),
            event_id: parcel.id.as_str().to_owned(),
            visitor: parcel.mark(),
            what: Table::from_iter([(first.destination.clone(), what.to_owned())]),
        });
    }
}

fn letters(
    writer: &mut Writer,
    parcels: &[(&Pending, Parcel<'_>)],
    first: &Pending,
    (state, code): (State, &str),
    (worker, now): (&str, UnixMillis),
) {
    for (index, (part, parcel)) in parcels.iter().enumerate() {
        writer.letter(DeadLetter {
            id: Id::letter_of_receipt(&part.id, index),
            at: now,
            source: first.source.clone(),
            destination: first.destination.clone(),
            event: parcel.name.as_str().to_owned(),
            event_id: parcel.id.as_str().to_owned(),
            state,
            code: code.to_owned(),
            parcel: one_leg(parcel, &first.destination),
            worker: worker.to_owned(),
        });
    }
}

//! What became of an envelope's events, as the ledger counts it, and what is left of them for the queue.

use crate::base::backoff::Backoff;
use crate::base::json::{escaped, text_of};
use crate::base::reason::{Cause, Refusal, Skip};
use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::destinations::input::Input;
use crate::ledger::measured::latency;
use crate::ledger::movement::{Movement, Step};
use crate::ledger::wire::folded_length;
use crate::ledger::{
    After, Counts, DeadLetter, Decided, Dimensions, Line, Note, Pending, Report, State,
};
use crate::queue::envelope::{Envelope, Packer, sender};
use crate::queue::id::{Id, Onward, Run};
use crate::queue::parcel::Parcel;
use crate::settings::Settings;

/// The queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// All destinations; what is slow is handed on.
    Main,
    /// What was slow; everything is delivered.
    Slow,
}

/// A message for the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The seconds that it is to be delayed by.
    pub delay: u32,
    /// The queue.
    pub queue: Queue,
    /// Its text.
    pub text: String,
}

/// What is left to do for one envelope. To be done in this order: send the messages, hand in the reports, let the
/// envelope go.
///
/// The first report is the one that makes the others and the messages count. So where they do not all reach the ledger
/// at once, it goes last, when all the others are durable.
#[derive(Debug)]
pub struct Effects {
    /// Index of the envelope in the batch.
    pub envelope: usize,
    /// What is left for the queues.
    pub messages: Vec<Message>,
    /// What the ledger is to know.
    pub reports: Vec<Report>,
}

/// What became of one event at one destination in this delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Disposition {
    /// With what the platform remarked, or nothing.
    Delivered(String),
    /// Taken in, to be judged later, with the receipt.
    Processing(String),
    Skipped(Skip),
    /// Another copy has the destination; who has sent this one, and whether it differs.
    Duplicate(&'static str),
    /// The consent that it was taken in with was withdrawn.
    Blocked(Refusal),
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
pub(super) enum Way {
    /// An attempt failed.
    Attempt,
    /// Its destination is closed for now; no attempt is counted.
    Wait,
    /// It is another invocation's turn; it goes at once, and no attempt is counted.
    HandOn,
}

impl Way {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Wait => "wait",
            Self::HandOn => "hand_on",
        }
    }
}

impl Disposition {
    pub(super) fn hand_on(cause: Cause) -> Self {
        Self::Again {
            code: cause.code().to_owned(),
            after: None,
            way: Way::HandOn,
        }
    }

    /// The same of an event that was withdrawn meanwhile: where the platform does not have it, it never will.
    #[must_use]
    pub(super) fn withdrawn(self) -> Self {
        match self {
            Self::Delivered(_) | Self::Processing(_) | Self::Skipped(_) | Self::Duplicate(_) => {
                self
            }
            Self::Blocked(_) | Self::Rejected(_) | Self::Dead(_) | Self::Again { .. } => {
                Self::Blocked(Refusal::ConsentWithdrawn)
            }
        }
    }

    /// The state that it is counted as, and why.
    fn state(&self) -> (State, &str) {
        match self {
            Self::Delivered(code) => (State::Delivered, code),
            Self::Processing(_) => (State::Processing, ""),
            Self::Skipped(skip) => (State::Skipped, skip.code()),
            Self::Duplicate(code) => (State::Duplicate, code),
            Self::Blocked(refusal) => (State::Blocked, refusal.code()),
            Self::Rejected(code) => (State::Rejected, code),
            Self::Dead(code) => (State::Dead, code),
            Self::Again { code, .. } => (State::Retrying, code),
        }
    }
}

/// A state and its reason, for people.
pub(super) fn told(state: State, code: &str) -> String {
    if code.is_empty() {
        state.as_str().to_owned()
    } else {
        format!("{}:{code}", state.as_str())
    }
}

/// How long a reason is told, in bytes. Platforms' own are a few words at most.
const LONGEST_CODE: usize = 128;

/// A reason, no longer than it is told.
pub(super) fn short(code: impl Into<String>) -> String {
    let mut code = code.into();
    let mut end = code.len().min(LONGEST_CODE);
    while !code.is_char_boundary(end) {
        end -= 1;
    }
    code.truncate(end);
    code
}

/// What became of one event at one destination.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all of their combinations occur"
)]
pub(super) struct Concluded<'a> {
    /// Index of the event in the envelope.
    pub(super) parcel: usize,
    pub(super) destination: &'a str,
    pub(super) disposition: Disposition,
    /// The platform recognises a second copy.
    pub(super) pairs: bool,
    /// The platform may have it already, and would not recognise it.
    pub(super) twice: bool,
    /// It was sent in this delivery and not answered.
    pub(super) unanswered: bool,
    /// A copy of weaker proof has been there, from which it differs.
    pub(super) overrules: bool,
    /// Nobody has said whether another copy has been there.
    pub(super) unclaimed: bool,
}

/// What the accounts of an envelope are drawn up from.
#[derive(Debug)]
pub(super) struct Worked<'a> {
    pub(super) settings: &'a Settings,
    pub(super) envelope: &'a Envelope<'a>,
    /// Index of the envelope in the batch.
    pub(super) index: usize,
    /// How often the queue has handed it over.
    pub(super) deliveries: u32,
    pub(super) concluded: Vec<Concluded<'a>>,
    pub(super) now: UnixMillis,
}

#[derive(Debug, Default)]
struct Again {
    after: Option<u32>,
    /// The platform may have them.
    twice: bool,
    parcels: Vec<usize>,
}

impl<'a> Worked<'a> {
    /// A number of what it came to, whenever that was.
    fn run(&self) -> Run {
        let mut run = Run::new();
        for one in &self.concluded {
            let (state, code) = one.disposition.state();
            let more = match &one.disposition {
                Disposition::Processing(receipt) => receipt,
                Disposition::Again { way, .. } => way.as_str(),
                _ => "",
            };
            let unanswered = if one.unanswered { "?" } else { "" };
            let index = one.parcel.to_string();
            run = [
                &index,
                one.destination,
                state.as_str(),
                code,
                more,
                unanswered,
            ]
            .into_iter()
            .fold(run, Run::and);
        }
        run
    }

    fn dimensions(&self, parcel: &'a Parcel<'a>) -> Dimensions<'a> {
        Dimensions {
            received: parcel.received,
            source: self.envelope.source.as_str(),
            release: parcel.release.as_ref(),
            event: parcel.name.as_str(),
            worker: &self.settings.version,
        }
    }

    /// Draws up the accounts. `slow` says of a destination, by its index in the settings, whether it is slow.
    pub(super) fn effects(&self, slow: impl Fn(usize) -> bool) -> Effects {
        let run = self.run();
        let envelope = self.envelope;
        let mut writer = Writer::new(&envelope.id, envelope.after.clone(), run);
        let mut again: Table<(&str, Way, bool), Again> = Table::new();
        // What was delivered now and may have been before, in an invocation that nothing else is known of.
        let mut perhaps = Counts::default();
        writer.book_all(&envelope.counts);
        for movement in &envelope.moved {
            writer.moved(movement.clone());
        }
        for decided in &envelope.decided {
            writer.decide(decided.clone());
        }
        for one in &self.concluded {
            let Some(parcel) = envelope.parcels.get(one.parcel) else {
                continue;
            };
            self.book(one, self.dimensions(parcel), &mut writer, &mut perhaps);
            if let Disposition::Again { after, way, .. } = &one.disposition {
                again.change((one.destination, *way, one.unanswered), |again| {
                    again.after = again.after.max(*after);
                    again.twice |= one.twice;
                    again.parcels.push(one.parcel);
                });
            }
        }
        if !envelope.id.is_continuation() {
            for parcel in &envelope.parcels {
                let of = self.dimensions(parcel);
                let kind = sender(envelope.page);
                writer.book([(of.line("", State::Accepted, kind), 1)]);
                self.moved(
                    parcel,
                    vec![Step::into("", State::Accepted, kind)],
                    &mut writer,
                );
            }
        }
        self.notes(&mut writer);
        self.letters(&mut writer);
        self.receipts(&mut writer);
        let messages: Vec<Message> = again
            .into_iter()
            .filter_map(|((name, way, unanswered), again)| {
                let way = Onward {
                    destination: name,
                    attempt: envelope.attempt + u32::from(way == Way::Attempt),
                    why: way.as_str(),
                    unanswered,
                };
                self.message(way, &again, run, &slow)
            })
            .collect();
        let mut reports = writer.finish(!messages.is_empty());
        if !perhaps.is_empty() {
            // Apart, since the ledger ignores all of a report whose id it knows, and this is about just that case.
            reports.push(Report {
                id: envelope.id.twice(self.deliveries),
                counts: perhaps,
                ..Report::default()
            });
        }
        Effects {
            envelope: self.index,
            messages,
            reports,
        }
    }

    /// Books what became of one event at one destination.
    fn book(
        &self,
        one: &Concluded<'_>,
        of: Dimensions<'_>,
        writer: &mut Writer,
        perhaps: &mut Counts,
    ) {
        let name = one.destination;
        let (state, code) = one.disposition.state();
        let before = if self.envelope.id.is_continuation() {
            (of.line(name, State::Retrying, ""), -1)
        } else {
            (of.line(name, State::Accepted, ""), 1)
        };
        // A gauge that goes down again has to go down on the line that it went up on, so it has no code.
        let code = if state == State::Retrying { "" } else { code };
        let mut lines = vec![before, (of.line(name, state, code), 1)];
        if one.overrules && !self.envelope.id.is_continuation() {
            lines.push((of.line(name, State::Conflict, ""), 1));
        }
        if one.unclaimed
            && matches!(
                state,
                State::Delivered | State::Processing | State::Rejected
            )
        {
            lines.push((of.line(name, State::Unclaimed, ""), 1));
        }
        match &one.disposition {
            Disposition::Again {
                way: Way::Attempt, ..
            } => lines.push((of.line(name, State::Retries, ""), 1)),
            Disposition::Delivered(_) if !one.pairs => {
                let twice = of.line(name, State::MaybeTwice, "");
                if one.twice && self.envelope.twice {
                    lines.push((twice.clone(), 1));
                } else if one.twice {
                    perhaps.add(twice.clone(), 1);
                }
                if self.envelope.after.is_some() {
                    writer.superseded(twice);
                }
            }
            _ => {}
        }
        if let Some(parcel) = self.envelope.parcels.get(one.parcel) {
            let taken = matches!(
                one.disposition,
                Disposition::Delivered(_) | Disposition::Processing(_)
            );
            match parcel.apart {
                Some(kind) if is_final(state) => {
                    lines.push((of.line(name, State::Apart, &kind.at(state)), 1));
                }
                None if taken => {
                    let taken = taken_along(self.settings, parcel, of, name, self.now);
                    lines.extend(taken.into_iter().map(|line| (line, 1)));
                }
                _ => {}
            }
        }
        writer.book(lines);
        if let Some(parcel) = self.envelope.parcels.get(one.parcel) {
            let mut steps = Vec::new();
            if self.envelope.id.is_continuation() {
                steps.push(Step::out_of(name, State::Retrying, ""));
            }
            // What waits again has not moved.
            if state == State::Retrying && !steps.is_empty() {
                return;
            }
            steps.push(Step::into(name, state, code));
            self.moved(parcel, steps, writer);
        }
    }

    /// Says whose counts are, where outcomes are exported.
    fn moved(&self, parcel: &Parcel<'_>, steps: Vec<Step>, writer: &mut Writer) {
        if !self.settings.exports {
            return;
        }
        let envelope = self.envelope;
        let kind = if envelope.id.is_continuation() {
            ""
        } else {
            sender(envelope.page)
        };
        writer.moved(Movement {
            kind: kind.to_owned(),
            attempt: Some(envelope.attempt + 1),
            took: Some(self.now.0.saturating_sub(parcel.received.0).max(0)),
            steps,
            ..parcel.movement(envelope.source.as_str(), &self.settings.version)
        });
    }

    /// Notes what happened to the first few copies.
    fn notes(&self, writer: &mut Writer) {
        // What was overruled by an event is told of it apart, and first.
        let mut whats: Table<(usize, bool), Table<String, String>> = Table::new();
        for one in &self.concluded {
            let (state, code) = one.disposition.state();
            let mut tell = |last, what| {
                whats.change((one.parcel, last), |whats| {
                    whats.insert(one.destination.to_owned(), what);
                });
            };
            tell(true, told(state, code));
            if one.overrules && !self.envelope.id.is_continuation() {
                tell(false, told(State::Conflict, ""));
            }
        }
        let envelope = self.envelope;
        let own = whats.into_iter().filter_map(|((index, _), what)| {
            let parcel = envelope.parcels.get(index)?;
            Some(Note {
                at: self.now,
                source: envelope.source.as_str().to_owned(),
                event: parcel.name.as_str().to_owned(),
                event_id: parcel.id.as_str().to_owned(),
                visitor: parcel.mark(),
                what,
            })
        });
        let room = Report::MOST_NOTES.saturating_sub(envelope.notes.len());
        for note in envelope.notes.iter().cloned().chain(own.take(room)) {
            writer.note(note);
        }
    }

    /// Keeps what was given up.
    fn letters(&self, writer: &mut Writer) {
        for one in &self.concluded {
            let (state @ (State::Rejected | State::Dead), code) = one.disposition.state() else {
                continue;
            };
            let Some(parcel) = self.envelope.parcels.get(one.parcel) else {
                continue;
            };
            writer.letter(DeadLetter {
                id: self.envelope.id.letter(one.parcel, one.destination),
                at: self.now,
                source: self.envelope.source.as_str().to_owned(),
                destination: one.destination.to_owned(),
                event: parcel.name.as_str().to_owned(),
                event_id: parcel.id.as_str().to_owned(),
                state,
                code: code.to_owned(),
                parcel: one_leg(parcel, one.destination),
                worker: self.settings.version.clone(),
            });
        }
    }

    /// Keeps what a platform took in to judge it later.
    fn receipts(&self, writer: &mut Writer) {
        let mut receipts: Table<(&str, &str), Vec<usize>> = Table::new();
        for one in &self.concluded {
            if let Disposition::Processing(receipt) = &one.disposition {
                receipts.change((one.destination, receipt), |of| of.push(one.parcel));
            }
        }
        for ((name, receipt), members) in receipts {
            let parcels = members
                .iter()
                .filter_map(|parcel| self.envelope.parcels.get(*parcel))
                .map(|parcel| one_leg(parcel, name));
            for (portion, parcels) in portions(parcels).into_iter().enumerate() {
                writer.pending(Pending {
                    id: self.envelope.id.receipt(name, receipt, portion),
                    due: due(self.settings, name, 0, self.now),
                    source: self.envelope.source.as_str().to_owned(),
                    taken: self.now,
                    asked: 0,
                    attempt: self.envelope.attempt,
                    parcels,
                    destination: name.to_owned(),
                    receipt: receipt.to_owned(),
                });
            }
        }
    }

    /// The message that carries on what is left.
    fn message(
        &self,
        way: Onward<'_>,
        again: &Again,
        run: Run,
        slow: impl Fn(usize) -> bool,
    ) -> Option<Message> {
        let envelope = self.envelope;
        let name = way.destination;
        let id = envelope.id.onward(way, run);
        let seed = id.seed();
        let after = again.after;
        let delay = if way.why == Way::Attempt.as_str() {
            let schedule = &self.settings.schedule;
            schedule
                .delay(envelope.attempt, after, seed)
                .clamp(1, Backoff::MOST_SECONDS)
        } else if way.why == Way::Wait.as_str() {
            // A little later than the destination opens, so that not all come at once.
            let jitter = u32::try_from(seed % 3).unwrap_or(0);
            let seconds = after.unwrap_or(1).saturating_add(jitter);
            seconds.clamp(1, Backoff::MOST_SECONDS)
        } else {
            0
        };
        let mut packer = Packer::whole(id.as_str(), &envelope.source, way.attempt)
            .after(&run.after(&envelope.id));
        if again.twice {
            packer = packer.twice();
        }
        for parcel in &again.parcels {
            if let Some(parcel) = envelope.parcels.get(*parcel) {
                packer.add_text(&one_leg(parcel, name));
            }
        }
        let mut configured = self.settings.destinations.iter();
        let index = configured.position(|configured| configured.name == name);
        let queue = if index.is_some_and(slow) {
            Queue::Slow
        } else {
            Queue::Main
        };
        let text = packer.finish().into_iter().next()?;
        Some(Message { delay, queue, text })
    }
}

/// When to ask a destination what became of events; `asked` says how often it was asked.
pub(super) fn due(
    settings: &Settings,
    destination: &str,
    asked: u32,
    now: UnixMillis,
) -> UnixMillis {
    let wait = settings
        .destination(destination)
        .and_then(|configured| configured.destination.inquiry())
        .map_or(3600, |inquiry| inquiry.wait(asked));
    UnixMillis(now.0 + i64::from(wait) * 1000)
}

/// Whether nothing more becomes of an event, unless somebody offers it again.
const fn is_final(state: State) -> bool {
    !matches!(state, State::Retrying | State::Processing)
}

/// The lines of what a platform has taken: what went along, and how long it took until then. Nothing where nobody knows
/// any more what that was.
pub(super) fn taken_along(
    settings: &Settings,
    parcel: &Parcel<'_>,
    of: Dimensions<'_>,
    name: &str,
    at: UnixMillis,
) -> Vec<Line> {
    let mut legs = parcel.legs.iter();
    let leg = legs.find(|leg| leg.destination.as_str() == name);
    let (Some(leg), Some(configured)) = (leg, settings.destination(name)) else {
        return Vec::new();
    };
    let keys = configured.destination.keys(&Input::new(parcel, leg.grant));
    vec![
        of.line(name, State::Keys, &keys.code()),
        of.line(name, State::Latency, &latency(parcel.received, at)),
    ]
}

/// A parcel as JSON with one leg left.
pub(super) fn one_leg(parcel: &Parcel<'_>, name: &str) -> String {
    let mut parcel = parcel.clone();
    parcel.legs.retain(|leg| leg.destination.as_str() == name);
    serde_json::to_string(&parcel).unwrap_or_default()
}

/// How many bytes of a report are its frame: ids, names of members.
const FRAME: usize = 2048;
/// How many bytes are kept free for the lines of one event at one destination, which never lie in two reports.
const LINES: usize = 24 * 1024;
/// How many events are looked through for one that has moved before.
const MOST_LOOKED_AT: usize = 500;
/// How many bytes one note takes at most.
const NOTE: usize = 8 * 1024;

/// Prepared events, in as many lists as a report has room for one of.
fn portions(parcels: impl Iterator<Item = String>) -> Vec<Vec<String>> {
    let mut portions: Vec<Vec<String>> = Vec::new();
    let mut size = 0;
    for parcel in parcels {
        let more = folded_length(&parcel) + 3;
        if portions.is_empty() || size + more > Report::LARGEST - 2 * FRAME {
            portions.push(Vec::new());
            size = 0;
        }
        size += more;
        if let Some(last) = portions.last_mut() {
            last.push(parcel);
        }
    }
    portions
}

/// Writes one report, or several where all of it would make a message too large for the queue. They build upon each
/// other, in their order: a letter must not be offered again before it is counted.
#[derive(Debug)]
pub(super) struct Writer {
    id: Id<'static>,
    run: Run,
    full: Vec<Report>,
    open: Report,
    /// About how many bytes the open one takes.
    size: usize,
}

impl Writer {
    pub(super) fn new(id: &Id<'_>, after: Option<After>, run: Run) -> Self {
        let id = id.message(0);
        Self {
            full: Vec::new(),
            open: Report {
                id: id.to_string(),
                after,
                ..Report::default()
            },
            id,
            run,
            size: FRAME,
        }
    }

    /// Ends a report that has no room for so many bytes more.
    fn room(&mut self, more: usize) {
        if self.size + more > Report::LARGEST && self.size > FRAME {
            let next = Report {
                id: self.id.part(self.full.len() + 1, self.run),
                after: Some(self.run.after(&Id::from(self.open.id.as_str()))),
                ..Report::default()
            };
            self.full.push(std::mem::replace(&mut self.open, next));
            self.size = FRAME;
        }
        self.size += more;
    }

    /// Adds to lines that make sense only together.
    pub(super) fn book(&mut self, lines: impl IntoIterator<Item = (Line, i64)>) {
        self.room(LINES);
        self.size -= LINES;
        for (line, n) in lines {
            let length = line.length();
            let counts = &mut self.open.counts;
            let before = counts.len();
            counts.add(line, n);
            if counts.len() > before {
                self.size += length;
            }
        }
    }

    /// Adds to many lines, those of one event at one destination together.
    pub(super) fn book_all(&mut self, counts: &Counts) {
        let mut together: Vec<(Line, i64)> = Vec::new();
        for (line, n) in counts.iter() {
            let same = together.first().is_none_or(|(first, _)| {
                let of = |line: &Line| Line {
                    state: State::Accepted,
                    code: String::new(),
                    ..line.clone()
                };
                of(first) == of(line)
            });
            if !same {
                self.book(std::mem::take(&mut together));
            }
            together.push((line.clone(), n));
        }
        self.book(together);
    }

    /// Adds to a line in case the report is superseded.
    fn superseded(&mut self, line: Line) {
        self.room(LINES);
        self.size -= LINES;
        let length = line.length();
        let counts = &mut self.open.superseded;
        let before = counts.len();
        counts.add(line, 1);
        if counts.len() > before {
            self.size += length;
        }
    }

    /// Says whose some of the counts are that were booked last, as far as there is room for it: without them the counts
    /// are the same, and nobody's in particular.
    pub(super) fn moved(&mut self, mut movement: Movement) {
        let known = self.open.moved.iter_mut().rev();
        let known = known
            .take(MOST_LOOKED_AT)
            .find(|known| known.is_of(&movement));
        let more = match &known {
            Some(_) => movement.steps.iter().map(Step::length).sum(),
            None => movement.length(),
        };
        if self.size + more > Report::LARGEST {
            return;
        }
        self.size += more;
        match known {
            Some(known) => known.steps.append(&mut movement.steps),
            None => self.open.moved.push(movement),
        }
    }

    fn decide(&mut self, decided: Decided) {
        self.room(text_of(&decided).len() + 1);
        self.open.decided.push(decided);
    }

    pub(super) fn note(&mut self, mut note: Note) {
        let mut size = 0;
        note.what = note
            .what
            .into_iter()
            .take_while(|(name, what)| {
                size += escaped(name) + escaped(what) + 6;
                size <= NOTE - 2048
            })
            .collect();
        self.room(serde_json::to_string(&note).map_or(NOTE, |json| json.len() + 1));
        self.open.notes.push(note);
    }

    pub(super) fn letter(&mut self, letter: DeadLetter) {
        self.room(folded_length(&letter.parcel) + FRAME);
        self.open.dead.push(letter);
    }

    fn pending(&mut self, pending: Pending) {
        let parcels = pending.parcels.iter();
        self.room(
            parcels
                .map(|parcel| folded_length(parcel) + 3)
                .sum::<usize>()
                + FRAME,
        );
        self.open.pending.push(pending);
    }

    /// Ends a question.
    pub(super) fn settle(&mut self, id: String) {
        self.room(escaped(&id) + 3);
        self.open.settled.push(id);
    }

    /// The reports. `leaves` says that messages build upon the first one.
    pub(super) fn finish(self, leaves: bool) -> Vec<Report> {
        let parts = self.full.len();
        let mut reports = self.full;
        reports.push(self.open);
        for (index, report) in reports.iter_mut().enumerate() {
            if index < parts || (index == 0 && leaves) {
                report.run = self.run.to_string();
            }
        }
        reports
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            worker: String::new(),
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
            worker: String::new(),
        }
    }

    /// Many events, all of which met the same end.
    fn book(writer: &mut Writer, events: usize, state: State, code: &str) -> Counts {
        let mut all = Counts::default();
        // Every character of it takes six in JSON.
        let release = "\u{7f}\u{1}".repeat(8) + &"\"".repeat(40);
        for n in 0..events {
            let event = format!("event_{n:04}");
            let of = |state, code| (line(&event, &release, state, code), 1);
            let lines = [
                of(State::Accepted, ""),
                of(state, code),
                of(State::Retries, ""),
            ];
            for (line, n) in &lines {
                all.add(line.clone(), *n);
            }
            writer.book(lines);
        }
        all
    }

    #[test]
    fn no_report_is_larger_than_what_a_queue_takes() {
        let long = format!(r#"{{"pr":"{}"}}"#, r#"\"\\"#.repeat(16_000));
        for (events, parcel, code) in [
            (1, "{\"\\\"".repeat(3000), "http_500"),
            (50, long.clone(), "http_500"),
            (500, long, &*"x".repeat(128)),
        ] {
            let run = Run::new().and("run");
            let mut writer = Writer::new(&Id::from("e1"), None, run);
            for n in 0..100 {
                writer.settle(format!("{n:0>900}"));
            }
            let counts = book(&mut writer, events, State::Dead, code);
            for n in 0..20 {
                writer.decide(Decided {
                    source: "s".repeat(15_000) + &n.to_string(),
                    ..Decided::default()
                });
            }
            for n in 0..25 {
                let names = (0..400).map(|n| (format!("destination_{n:0>28}"), "dead:".repeat(40)));
                writer.note(Note {
                    at: UnixMillis(0),
                    source: "shop".to_owned(),
                    event: "contact".to_owned(),
                    event_id: n.to_string(),
                    visitor: String::new(),
                    what: names.collect(),
                });
            }
            for n in 0..20 {
                writer.letter(letter(n, parcel.clone()));
            }
            let mut all = Counts::default();
            let mut before: Option<Report> = None;
            let (mut dead, mut decided) = (0, 0);
            for report in writer.finish(true) {
                let length = close_report(&report).len();
                assert!(length <= Report::LARGEST, "{length}");
                all.merge(&report.counts);
                dead += report.dead.len();
                decided += report.decided.len();
                // Whether a verdict is booked is decided by all that it is on, so these are never torn.
                assert_eq!(report.settled.len(), if before.is_none() { 100 } else { 0 });
                let after = before.map(|before| After {
                    id: before.id,
                    run: before.run,
                });
                assert_eq!(report.after, after, "{}", report.id);
                assert!(
                    report
                        .after
                        .as_ref()
                        .is_none_or(|after| after.run == run.to_string())
                );
                // Every part is even in itself.
                let sum = |wanted: fn(State) -> bool| -> i64 {
                    let lines = report.counts.iter().filter(|(line, _)| wanted(line.state));
                    lines.map(|(_, n)| n).sum()
                };
                let shared = sum(|state| State::FINAL.contains(&state));
                assert_eq!(sum(|state| state == State::Accepted), shared);
                before = Some(report);
            }
            assert_eq!((&all, dead, decided), (&counts, 20, 20));
        }
    }
}

//! Asking platforms that judge later, and booking their verdicts.
//!
//! Such a platform counts and does not name: so many events of a receipt were refused for such a reason. Requests to it
//! therefore hold events of one source, release, name and hour only, and a count can be booked without knowing whose
//! it is. Where some are to be offered again, all of the receipt are: the platform knows those that it has by their ids.

use super::{Aftermath, Delivery, Message, Road, Work, one_leg, root_of};
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::exchange::outcome::{Judged, Meaning, Verdict};
use crate::ledger::{Counts, DeadLetter, Line, Note, Pending, Place, Postponed, Report, State};
use crate::queue::envelope::{Envelope, Packer};
use crate::queue::parcel::Parcel;
use crate::settings::Settings;

/// How long a platform is asked. Google advises a day.
const LONGEST_MS: i64 = DAY_MS;

/// One receipt, and the parts of it that came from different envelopes.
#[derive(Debug)]
pub(super) struct Question<'e> {
    parts: Vec<&'e Pending>,
    verdict: Option<Verdict>,
}

impl<'e> Question<'e> {
    pub(super) fn receipt(&self) -> &'e str {
        self.parts.first().map_or("", |part| &part.receipt)
    }
}

/// Makes a group one of a single source, release, event and hour.
pub(super) fn add_place(group: &mut String, source: &str, parcel: &Parcel<'_>) {
    let release = parcel.release.as_ref().map_or("", |release| release);
    for part in [
        source,
        release,
        &parcel.name,
        &parcel.received.hour().0.to_string(),
    ] {
        group.push('\n');
        group.push_str(part);
    }
}

impl<'e> Delivery<'e> {
    /// Sorts out what has to be asked of whom. To be driven like a delivery, and ended with
    /// [`finish_asking`](Self::finish_asking).
    pub fn asking(settings: &'e Settings, pending: &'e [Pending]) -> Self {
        let mut asking = Self::new(settings, &[], &super::Gates::new(), UnixMillis(0));
        let mut questions: Table<(&str, &str), Vec<&'e Pending>> = Table::new();
        for one in pending {
            questions.change((&one.destination, &one.receipt), |parts| parts.push(one));
        }
        for ((name, _), mut parts) in questions {
            // The first one names the report.
            crate::base::table::sort(&mut parts, |one, other| one.id < other.id);
            let place = settings
                .destinations
                .iter()
                .position(|configured| configured.name == name);
            let able = place
                .and_then(|place| settings.destinations.get(place))
                .is_some_and(|configured| configured.destination.inquiry().is_some());
            let question = asking.questions.len();
            asking.questions.push(Question {
                parts,
                // Nobody is left who could be asked.
                verdict: (!able).then_some(Verdict::Unknown),
            });
            if able && let Some(lane) = place.and_then(|place| asking.lane(place)) {
                lane.work.push_back(Work::Question(question));
            }
        }
        asking
    }

    /// Takes a verdict.
    pub(super) fn hear(&mut self, question: usize, verdict: Verdict) {
        if let Some(question) = self.questions.get_mut(question) {
            question.verdict = Some(verdict);
        }
    }

    /// What is left of events that a platform took in to judge them later.
    pub(super) fn pending(
        &self,
        envelope: &Envelope<'_>,
        name: String,
        receipt: String,
        members: &[usize],
        now: UnixMillis,
    ) -> Pending {
        Pending {
            id: format!("{}#{name}#{receipt}", envelope.id),
            due: self.due(&name, 0, now),
            source: envelope.source.as_str().to_owned(),
            taken: now,
            asked: 0,
            attempt: envelope.attempt,
            parcels: members
                .iter()
                .filter_map(|parcel| envelope.parcels.get(*parcel))
                .map(|parcel| one_leg(parcel, &name))
                .collect(),
            destination: name,
            receipt,
        }
    }

    fn due(&self, destination: &str, asked: u32, now: UnixMillis) -> UnixMillis {
        let wait = self
            .settings
            .destination(destination)
            .and_then(|configured| configured.destination.inquiry())
            .map_or(3600, |inquiry| inquiry.wait(asked));
        UnixMillis(now.0 + i64::from(wait) * 1000)
    }

    /// What is left to do for each receipt. What was not asked, because its destination is paused, comes again.
    pub fn finish_asking(self, now: UnixMillis) -> Vec<Aftermath> {
        self.questions
            .iter()
            .filter_map(|question| self.book(question, now))
            .collect()
    }

    fn book(&self, question: &Question<'_>, now: UnixMillis) -> Option<Aftermath> {
        let first = question.parts.first()?;
        let expired = now.0 - first.taken.0 > LONGEST_MS;
        let (judged, silent) = match question.verdict.as_ref() {
            Some(Verdict::Settled(judged)) => (judged.as_slice(), None),
            Some(Verdict::Unknown) => (&[][..], Some("receipt_unknown")),
            _ if expired => (&[][..], Some("status_unknown")),
            _ => return Some(self.postpone(question, now)),
        };
        let parcels: Vec<(&Pending, Parcel<'_>)> = question
            .parts
            .iter()
            .flat_map(|part| part.parcels.iter().map(move |text| (*part, text)))
            .filter_map(|(part, text)| Some((part, serde_json::from_str(text).ok()?)))
            .collect();
        let total = i64::try_from(parcels.len()).unwrap_or(i64::MAX);
        let mut report = Report {
            // However often it was asked: a receipt is booked once, also where two ask at the same time.
            id: format!("status:{}", first.id),
            settled: question.parts.iter().map(|part| part.id.clone()).collect(),
            ..Report::default()
        };
        let Some((_, like)) = parcels.first() else {
            return Some(Aftermath {
                envelope: 0,
                messages: Vec::new(),
                reports: vec![report],
            });
        };
        let place = Place {
            received: like.received,
            source: &first.source,
            release: like.release.as_ref(),
            event: &like.name,
        };
        let mut book = Book {
            counts: Counts::default(),
            place,
            destination: &first.destination,
            left: total,
        };
        book.counts.add(book.line(State::Processing, ""), -total);

        let after = judged.iter().filter_map(|one| match one.meaning {
            Meaning::Again { after } if one.events > 0 => Some((after, one.code.as_str())),
            _ => None,
        });
        let attempts = question.parts.iter().map(|part| part.attempt + 1);
        if let Some((after, code)) = after.max()
            && attempts.max() < Some(self.settings.schedule.max_attempts)
        {
            book.counts.add(book.line(State::Retrying, ""), total);
            book.counts.add(book.line(State::Retries, ""), total);
            report.notes = notes(&parcels, first, now, &format!("retrying:{code}"));
            report.counts = book.counts;
            return Some(Aftermath {
                envelope: 0,
                messages: again(question, after),
                reports: vec![report],
            });
        }
        if let Some(code) = silent {
            book.take(State::Dead, code, total);
        }
        for Judged {
            code,
            events,
            meaning,
        } in judged
        {
            let state = match meaning {
                Meaning::Remarked => State::Delivered,
                Meaning::Rejected => State::Rejected,
                // That was the last attempt.
                Meaning::Again { .. } => State::Dead,
            };
            book.take(state, code, i64::try_from(*events).unwrap_or(i64::MAX));
        }
        let left = book.left;
        book.take(State::Delivered, "", left);
        // Where all share one fate, it is known whose fate it is.
        let fates: Vec<(State, String)> = book
            .counts
            .iter()
            .filter(|(line, n)| *n > 0 && line.state != State::Processing)
            .map(|(line, _)| (line.state, line.code.clone()))
            .collect();
        report.notes = match fates.as_slice() {
            [(state, code)] => {
                if matches!(state, State::Rejected | State::Dead) {
                    report.dead = letters(&parcels, first, *state, code, now);
                }
                notes(&parcels, first, now, &what(*state, code))
            }
            many => {
                let what: Vec<String> = many
                    .iter()
                    .map(|(state, code)| what(*state, code))
                    .collect();
                notes(&parcels, first, now, &format!("one of {}", what.join(", ")))
            }
        };
        report.counts = book.counts;
        Some(Aftermath {
            envelope: 0,
            messages: Vec::new(),
            reports: vec![report],
        })
    }

    fn postpone(&self, question: &Question<'_>, now: UnixMillis) -> Aftermath {
        let asked = question.verdict.is_some();
        let postponed = question
            .parts
            .iter()
            .map(|part| {
                let asked = part.asked + u32::from(asked);
                Postponed {
                    id: part.id.clone(),
                    due: self.due(&part.destination, asked, now),
                    asked,
                }
            })
            .collect();
        let first = question.parts.first();
        Aftermath {
            envelope: 0,
            messages: Vec::new(),
            reports: vec![Report {
                // Of the moment: nothing is counted, and doing it twice changes nothing.
                id: format!("status:{}@{}", first.map_or("", |part| &part.id), now.0),
                postponed,
                ..Report::default()
            }],
        }
    }
}

/// Shares out the events of a receipt.
struct Book<'a> {
    counts: Counts,
    place: Place<'a>,
    destination: &'a str,
    left: i64,
}

impl Book<'_> {
    fn line(&self, state: State, code: &str) -> Line {
        self.place.line(self.destination, state, code)
    }

    /// Books events, never more than there are.
    fn take(&mut self, state: State, code: &str, n: i64) {
        let n = n.min(self.left);
        self.left -= n;
        self.counts.add(self.line(state, code), n);
    }
}

fn what(state: State, code: &str) -> String {
    if code.is_empty() {
        state.as_str().to_owned()
    } else {
        format!("{}:{code}", state.as_str())
    }
}

fn notes(
    parcels: &[(&Pending, Parcel<'_>)],
    first: &Pending,
    now: UnixMillis,
    what: &str,
) -> Vec<Note> {
    parcels
        .iter()
        .take(Report::MOST_NOTES)
        .map(|(_, parcel)| Note {
            at: now,
            source: first.source.clone(),
            event: parcel.name.as_str().to_owned(),
            event_id: parcel.id.as_str().to_owned(),
            what: Table::from_iter([(first.destination.clone(), what.to_owned())]),
        })
        .collect()
}

fn letters(
    parcels: &[(&Pending, Parcel<'_>)],
    first: &Pending,
    state: State,
    code: &str,
    now: UnixMillis,
) -> Vec<DeadLetter> {
    parcels
        .iter()
        .enumerate()
        .map(|(index, (part, parcel))| DeadLetter {
            id: format!("{}#{index}", part.id),
            at: now,
            source: first.source.clone(),
            destination: first.destination.clone(),
            event: parcel.name.as_str().to_owned(),
            event_id: parcel.id.as_str().to_owned(),
            state,
            code: code.to_owned(),
            parcel: one_leg(parcel, &first.destination),
        })
        .collect()
}

/// The messages that offer the events of a receipt again. Their ids are those of its parts, so the same verdict read
/// twice makes the same ones.
fn again(question: &Question<'_>, after: u32) -> Vec<Message> {
    question
        .parts
        .iter()
        .flat_map(|part| {
            let attempt = part.attempt + 1;
            let id = format!("{}/{}.{attempt}", root_of(&part.id), part.destination);
            let mut packer = Packer::whole(&id, &part.source, attempt);
            for parcel in &part.parcels {
                packer.add_text(parcel);
            }
            packer.finish()
        })
        .map(|text| Message {
            delay: after.clamp(1, crate::base::backoff::Backoff::MOST_SECONDS),
            road: Road::Main,
            text,
        })
        .collect()
}

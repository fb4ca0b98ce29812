//! What is counted, and the law that the counts obey.
//!
//! For every source and destination, and for any span of time:
//! `accepted = delivered + duplicate + blocked + skipped + rejected + processing + retrying + dead`, remainder 0.
//!
//! Counts ride with the events: what intake saw travels in the envelope, what became of it is added when the envelope
//! has been worked off, and the whole is handed to the ledger as one [`Report`] with an id of its own.
//!
//! Envelopes are worked off at least once, and the second time may come to something else. So the first report on an
//! envelope that the ledger applies is the one that counts, and of what was left of the envelope only that run's: its
//! report names the run, and whatever builds upon it names it too ([`After`]). [`Report::turn`] is the whole rule.

pub mod balance;
pub mod chain;
pub mod decided;
pub mod measured;
pub mod movement;
pub mod outcomes;
pub mod query;
mod shortage;
pub mod sums;
pub mod verify;
pub mod wire;
mod withdrawals;

pub use balance::{Balance, balance};
pub use decided::Decided;
pub use movement::Movement;
pub use query::{Days, Dimension, Place, Query};
pub use shortage::Shortage;
pub use wire::{Column, DeadLetter, Kind, Line, Note, Pending, Postponed, Quarantined, Report};
pub use withdrawals::{Withdrawals, Withdrawn};

use serde::{Deserialize, Serialize};

use crate::base::table::Table;
use crate::base::text::Text;
use crate::base::time::UnixMillis;

macro_rules! states {
    ($($(#[$doc:meta])* $state:ident $name:literal,)*) => {
        /// What is counted. The states of one event at one destination, and under the empty destination what intake saw.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum State {
            $($(#[$doc])* $state,)*
        }

        impl State {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$state,)*];

            /// The stable `snake_case` name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$state => $name,)*
                }
            }
        }
    };
}

states! {
    /// Copies that were well-formed: under the empty destination all of the source's, under a destination those that
    /// arrived while the source had it.
    Accepted "accepted",
    /// Intake: copies that were refused as malformed; the code says why.
    Malformed "malformed",
    /// The platform has it.
    Delivered "delivered",
    /// A further copy of an event that had been claimed.
    Duplicate "duplicate",
    /// The visitor's consent does not cover the destination; the code says which signal.
    Blocked "blocked",
    /// The destination has no use for the event; the code says why.
    Skipped "skipped",
    /// The platform refused it for good; the code is the platform's.
    Rejected "rejected",
    /// The platform took it in and has not said yet what became of it.
    Processing "processing",
    /// It is waiting for another attempt.
    Retrying "retrying",
    /// It was given up after the last attempt or the platform's age limit.
    Dead "dead",
    /// Not a state: how many further attempts were scheduled in all.
    Retries "retries",
    /// Not a state: how often a platform that had refused it for good was offered it again by hand.
    Replayed "replayed",
    /// Not a state: parts of events that intake left out; the code says why.
    Removed "removed",
    /// Not a state: parts of events that are used in another form than they were sent; the code says how.
    Changed "changed",
    /// Not a state: copies that went out although an earlier one of weaker proof had gone, since the two differ in value,
    /// currency or order.
    Conflict "conflict",
    /// Not a state: events among the delivered that the platform may have got twice.
    MaybeTwice "maybe_twice",
    /// Not a state: events that had to wait because what keeps the claims did not answer (`dedup = "exact"`).
    Held "held",
    /// Not a state: events that went out although nobody had said whether another copy has been there, since what keeps the
    /// claims did not answer, or the message was an earlier release's.
    Unclaimed "unclaimed",
    /// Not a state: copies with a TC string, by the consent management platform that wrote it (`cmp_300`), and under a
    /// destination those that it lets through nothing, with the reason (`cmp_300:tcf_vendor`).
    ConsentString "consent_string",
    /// Not a state: copies by their match keys. Under the empty destination what the
    /// sender gave, under a destination what went along with an event that it took.
    Keys "keys",
    /// Not a state: copies by which of the parts that matter they have: value, currency, order, lines.
    Parts "parts",
    /// Not a state: copies with a value, by currency.
    Priced "priced",
    /// Not a state: the sum of their values in millionths, by currency.
    Money "money",
    /// Not a state: copies by what the visitor decided on advertising and on analytics, `granted:denied`.
    Consent "consent",
    /// Not a state: copies whose time is not the time of receipt, by how far it is off.
    Skew "skew",
    /// Not a state: delivered events by the seconds from receipt to delivery, `30` for 10 to 30.
    Latency "latency",
    /// Not a state: test events and those of robots, `test` and `bot`, and under a destination what became of them,
    /// `test:delivered`. They are in none of the lines above that are not states.
    Apart "apart",
    /// Not a state: what SDKs sent that is no conversion (`not_a_conversion`, `track_not_mapped`). It was taken note of and
    /// nothing was made of it, so it is in none of the lines above.
    Ignored "ignored",
}

impl State {
    /// The eight states that share out what was accepted.
    pub const FINAL: [Self; 8] = [
        Self::Delivered,
        Self::Duplicate,
        Self::Blocked,
        Self::Skipped,
        Self::Rejected,
        Self::Processing,
        Self::Retrying,
        Self::Dead,
    ];

    /// What is counted for the quality of events: no part of the law, and nothing of it is a reason.
    pub const MEASURED: [Self; 8] = [
        Self::Keys,
        Self::Parts,
        Self::Priced,
        Self::Money,
        Self::Consent,
        Self::Skew,
        Self::Latency,
        Self::Apart,
    ];

    /// The law, as people read it.
    pub fn law() -> String {
        let states = Self::FINAL.map(Self::as_str).join(" + ");
        format!("{} = {states}", Self::Accepted.as_str())
    }

    /// By its name.
    pub fn read(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|state| state.as_str() == name)
    }
}

impl Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Counts being gathered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(Table<Line, i64>);

impl Counts {
    /// Adds to a line.
    pub fn add(&mut self, line: Line, n: i64) {
        self.0.change(line, |sum| *sum += n);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (line, n) in other.0.iter() {
            self.add(line.clone(), *n);
        }
    }

    /// The lines that count something.
    pub fn iter(&self) -> impl Iterator<Item = (&Line, i64)> {
        self.0
            .iter()
            .filter(|(_, n)| **n != 0)
            .map(|(line, n)| (line, *n))
    }

    /// How many lines there are, those that count nothing among them.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The same counts in parts of at most [`Self::PART`] bytes of JSON: five hundred events of five hundred names would
    /// otherwise make a message that no queue takes.
    pub fn parts(&self) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        let mut size = 0;
        for (line, n) in self.iter() {
            let length = serde_json::to_string(&(line, n)).map_or(0, |json| json.len() + 1);
            if parts.is_empty() || size + length > Self::PART {
                parts.push(Self::default());
                size = 0;
            }
            size += length;
            if let Some(part) = parts.last_mut() {
                part.add(line.clone(), n);
            }
        }
        parts
    }

    /// How many bytes of JSON one message has for counts.
    pub const PART: usize = 24 * 1024;

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl Serialize for Counts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// What a report or an envelope builds upon: work that was left by another, in one run of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// The id of the report that left it.
    pub id: String,
    /// The run, as that report has it.
    pub run: String,
}

impl Serialize for After {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.id, &self.run).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (id, run) = <(String, String)>::deserialize(deserializer)?;
        Ok(Self { id, run })
    }
}

/// Whether it is a report's turn to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is.
    Due,
    /// It was applied before, or another of its id was.
    Known,
    /// What it builds upon is not there yet.
    Early,
    /// It builds upon a run that does not count: what it is of has been counted otherwise.
    Superseded,
}

/// What the ledger remembers of a report that it has dealt with: its run; empty where nothing may build upon it, and
/// nothing where 0.1.0 wrote it, which did not say.
pub type Remembered = Option<String>;

/// Whether it is the turn of a report with that id, or of an envelope whose report it will be.
pub fn turn(
    id: &str,
    after: Option<&After>,
    remembered: impl Fn(&str) -> Option<Remembered>,
) -> Turn {
    if remembered(id).is_some() {
        return Turn::Known;
    }
    let Some(after) = after else {
        return Turn::Due;
    };
    match remembered(&after.id) {
        None => Turn::Early,
        Some(Some(run)) if run != after.run => Turn::Superseded,
        Some(_) => Turn::Due,
    }
}

impl Report {
    /// How many copies of one envelope are noted one by one.
    pub const MOST_NOTES: usize = 25;

    /// Whether it is to be applied. `open` says of a receipt whether the ledger still waits for the verdict on it.
    pub fn turn(
        &self,
        remembered: impl Fn(&str) -> Option<Remembered>,
        open: impl Fn(&str) -> bool,
    ) -> Turn {
        match turn(&self.id, self.after.as_ref(), remembered) {
            // Whoever asked had it from the ledger. What is not there any more has been booked by another.
            Turn::Due if !self.settled.iter().all(|receipt| open(receipt)) => Turn::Superseded,
            turn => turn,
        }
    }
}

/// The dimensions of a line that stay the same within one parcel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dimensions<'a> {
    pub(crate) received: UnixMillis,
    pub(crate) source: &'a str,
    pub(crate) release: Option<&'a Text<'a>>,
    pub(crate) event: &'a str,
    pub(crate) worker: &'a str,
}

impl Dimensions<'_> {
    /// The line of a state at a destination.
    pub(crate) fn line(&self, destination: &str, state: State, code: &str) -> Line {
        Line {
            hour: self.received.hour(),
            source: self.source.to_owned(),
            release: self
                .release
                .map(|release| release.as_str().to_owned())
                .unwrap_or_default(),
            event: self.event.to_owned(),
            destination: destination.to_owned(),
            state,
            code: code.to_owned(),
            // A gauge goes down on the line that it went up on, whichever version it is that takes it down.
            worker: if matches!(state, State::Retrying | State::Processing) {
                String::new()
            } else {
                self.worker.to_owned()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_down_again_has_no_version() {
        let of = Dimensions {
            received: UnixMillis(0),
            source: "shop",
            release: None,
            event: "purchase",
            worker: "v1",
        };
        for state in State::ALL {
            let worker = of.line("meta", *state, "").worker;
            let goes_down = matches!(state, State::Retrying | State::Processing);
            assert_eq!(worker.is_empty(), goes_down, "{}", state.as_str());
        }
    }
}

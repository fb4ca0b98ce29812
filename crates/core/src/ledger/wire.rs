//! What is written of the ledger: into reports, by whose names the database's columns go as well.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{After, Counts, Decided, Movement, State};
use crate::base::json::escaped;
use crate::base::members::{Members, list_of, text};
use crate::base::reason::Cause;
use crate::base::table::Table;
use crate::base::time::UnixMillis;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text that is left out of the JSON where it is empty.
    Optional,
    /// A whole number.
    Whole,
}

/// A member of a record: of the JSON and of a row.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// The member's name.
    pub member: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// The one schema of a record: the struct, its JSON both ways, and its columns.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $type:ident { $($(#[$doc:meta])* $field:ident: $kind:ident $member:literal,)* }
    ) => {
        $(#[$meta])*
        pub struct $type {
            $($(#[$doc])* pub $field: record!(@type $kind),)*
        }

        impl $type {
            /// Its members, in their order.
            pub const COLUMNS: &[Column] = &[
                $(Column { name: stringify!($field), member: $member, kind: record!(@kind $kind) },)*
            ];

            /// Reads one; `None` where it is none.
            pub fn read(value: Value) -> Option<Self> {
                let mut of = Members::of(value)?;
                Some(Self { $($field: record!(@read $kind, of, $member)?,)* })
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $(record!(@write $kind, map, $member, &self.$field);)*
                map.end()
            }
        }
    };

    (@type text) => { String };
    (@type optional) => { String };
    (@type parcel) => { String };
    (@type time) => { UnixMillis };
    (@type state) => { State };

    (@kind text) => { Kind::Text };
    (@kind optional) => { Kind::Optional };
    (@kind parcel) => { Kind::Text };
    (@kind time) => { Kind::Whole };
    (@kind state) => { Kind::Text };

    (@read text, $of:ident, $member:literal) => { $of.text($member) };
    (@read optional, $of:ident, $member:literal) => { $of.text_or_empty($member).map(printable) };
    (@read parcel, $of:ident, $member:literal) => { $of.text($member).and_then(unfold) };
    (@read time, $of:ident, $member:literal) => { $of.time($member) };
    (@read state, $of:ident, $member:literal) => { $of.text($member).and_then(|name| State::read(&name)) };

    (@write optional, $map:ident, $member:literal, $value:expr) => {
        if !$value.is_empty() {
            $map.serialize_entry($member, $value)?;
        }
    };
    (@write parcel, $map:ident, $member:literal, $value:expr) => {
        $map.serialize_entry($member, &fold($value))?;
    };
    (@write $kind:ident, $map:ident, $member:literal, $value:expr) => {
        $map.serialize_entry($member, $value)?;
    };
}

record! {
    /// One line of the ledger: how many, of what, when.
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
    Line {
        /// First millisecond of the hour of receipt.
        hour: time "h",
        /// The source.
        source: text "s",
        /// The sender's release, or empty.
        release: optional "v",
        /// The event's name, or empty for what could not be read.
        event: optional "e",
        /// The destination, or empty for intake.
        destination: optional "d",
        /// What is counted.
        state: state "o",
        /// Why, where there is a why.
        code: optional "c",
        /// The gateway's own version that counted it, or empty: where it is not known, and for what goes down again.
        worker: optional "w",
    }
}

record! {
    /// An event that a destination did not take, with what is needed to offer it again.
    #[derive(Debug, Clone, PartialEq, Eq)]
    DeadLetter {
        /// Its id.
        id: text "id",
        /// When it was given up.
        at: time "at",
        /// The source.
        source: text "source",
        /// The destination.
        destination: text "destination",
        /// The event's name.
        event: text "event",
        /// The event's id.
        event_id: text "event_id",
        /// `rejected` or `dead`.
        state: state "state",
        /// The platform's code.
        code: text "code",
        /// The prepared event: hashed identifiers, no plain one.
        parcel: parcel "parcel",
        /// The gateway's own version under which it is counted, or empty.
        worker: optional "worker",
    }
}

record! {
    /// A message that nobody could read, kept for people to look at.
    #[derive(Debug, Clone, PartialEq, Eq)]
    Quarantined {
        /// The queue's id of the message.
        id: text "id",
        /// When.
        at: time "at",
        /// Why.
        code: text "code",
        /// The message's body.
        body: text "body",
    }
}

impl Line {
    /// About how many bytes of JSON it takes with its number; never fewer than it does.
    pub(crate) fn length(&self) -> usize {
        let texts = [
            &self.source,
            &self.release,
            &self.event,
            &self.destination,
            &self.code,
            &self.worker,
        ];
        texts.map(|text| escaped(text)).iter().sum::<usize>() + 120
    }
}

impl DeadLetter {
    /// The code of what was to go to a destination that the settings no longer have.
    pub const DESTINATION_REMOVED: &'static str = Cause::DestinationRemoved.code();
}

/// Without control characters. Intake takes none, and the ledger does not rely on it.
fn printable(mut text: String) -> String {
    text.retain(|character| !character.is_control());
    text
}

/// From how many bytes on a prepared event is written another way, where that is the shorter one.
const LONG: usize = 48 * 1024;

/// JSON within JSON: every quote in it takes two bytes, and a quote within one of its own texts four. Where that would
/// make a long one so long that no queue takes its report, it is written as base64. JSON begins with a brace, which that
/// has not.
fn fold(json: &str) -> Cow<'_, str> {
    let long = json.len() > LONG / 2 && escaped(json) > LONG;
    if long && json.starts_with('{') {
        Cow::Owned(URL_SAFE_NO_PAD.encode(json))
    } else {
        Cow::Borrowed(json)
    }
}

fn unfold(text: String) -> Option<String> {
    // What cannot be unfolded is kept: it is no prepared event, and whoever reads one says so.
    match text.as_bytes().first() {
        None | Some(b'{') => Some(text),
        _ => Some(
            URL_SAFE_NO_PAD
                .decode(&text)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .filter(|json| json.starts_with('{'))
                .unwrap_or(text),
        ),
    }
}

/// How many bytes a prepared event takes in a report.
pub(crate) fn folded_length(json: &str) -> usize {
    escaped(&fold(json))
}

impl Counts {
    fn read(value: Value) -> Option<Self> {
        let pairs = list_of(value, |pair| match pair {
            Value::Array(pair) => {
                let [line, n] = <[Value; 2]>::try_from(pair).ok()?;
                Some((Line::read(line)?, n.as_i64()?))
            }
            _ => None,
        })?;
        let mut counts = Self::default();
        for (line, n) in pairs {
            counts.add(line, n);
        }
        Some(counts)
    }
}

/// What happened to one copy, for people who look for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// When.
    pub at: UnixMillis,
    /// The source.
    pub source: String,
    /// The event's name, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// The event's id, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event_id: String,
    /// The mark of the visitor, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub visitor: String,
    /// By destination (empty: intake), what happened.
    pub what: Table<String, String>,
}

impl Note {
    fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        let Value::Object(what) = of.take("what")? else {
            return None;
        };
        let what = what.into_iter();
        Some(Self {
            at: of.time("at")?,
            source: of.text("source")?,
            event: of.text_or_empty("event")?,
            event_id: of.text_or_empty("event_id")?,
            visitor: of.text_or_empty("visitor")?,
            what: what
                .map(|(key, value)| Some((key, text(value)?)))
                .collect::<Option<_>>()?,
        })
    }
}

/// Events that a platform took in against a receipt and has not judged yet.
///
/// All of one source, release, name and hour, so that a judgement that counts and does not name can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// Its id: of the envelope, the destination, and the receipt.
    pub id: String,
    /// The destination.
    pub destination: String,
    /// What to ask with.
    pub receipt: String,
    /// The source.
    pub source: String,
    /// When they were taken in.
    pub taken: UnixMillis,
    /// When to ask next.
    pub due: UnixMillis,
    /// How often it has been asked.
    pub asked: u32,
    /// How many attempts there were before the one that it is of.
    pub attempt: u32,
    /// The prepared events: hashed identifiers, no plain one.
    #[serde(serialize_with = "fold_all")]
    pub parcels: Vec<String>,
}

fn fold_all<S: serde::Serializer>(parcels: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(parcels.iter().map(|parcel| fold(parcel)))
}

impl Pending {
    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            id: of.text("id")?,
            destination: of.text("destination")?,
            receipt: of.text("receipt")?,
            source: of.text("source")?,
            taken: of.time("taken")?,
            due: of.time("due")?,
            asked: of.whole("asked").unwrap_or(0),
            attempt: of.whole("attempt").unwrap_or(0),
            parcels: list_of(of.take("parcels")?, |one| unfold(text(one)?))?,
        })
    }

    /// How many of these rows to take, which are in the order of their receipts: a receipt that `limit` may have torn
    /// is left for the next time, because a verdict counts for all of its parts together.
    ///
    /// ```
    /// use edgetally_core::ledger::Pending;
    /// assert_eq!(Pending::untorn(&["a", "b", "b"], 3), 1);
    /// assert_eq!(Pending::untorn(&["a", "b", "b"], 4), 3);
    /// assert_eq!(Pending::untorn(&["b", "b"], 2), 2);
    /// ```
    pub fn untorn(receipts: &[&str], limit: usize) -> usize {
        let torn = match receipts.last() {
            Some(last) if receipts.len() >= limit => {
                receipts.iter().rev().take_while(|one| *one == last).count()
            }
            _ => 0,
        };
        // One receipt alone has fewer parts than anybody takes at once.
        Some(receipts.len() - torn)
            .filter(|whole| *whole > 0)
            .unwrap_or(receipts.len())
    }
}

/// A question that is to be asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Postponed {
    /// Of the [`Pending`].
    pub id: String,
    /// When to ask next.
    pub due: UnixMillis,
    /// How often it has been asked.
    pub asked: u32,
}

impl Postponed {
    fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            id: of.text("id")?,
            due: of.time("due")?,
            asked: of.whole("asked")?,
        })
    }
}

/// What one envelope has to tell the ledger, or a part of it that a message has room for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Applied once per id.
    pub id: String,
    /// What it builds upon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// The run that it is of, where something builds upon it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// What to add.
    pub counts: Counts,
    /// Whose the counts are, as far as that is told: for the export of outcomes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Movement>,
    /// What to add where it is superseded: what was delivered was delivered by another as well.
    #[serde(skip_serializing_if = "Counts::is_empty")]
    pub superseded: Counts,
    /// What happened to the first few copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What intake decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<Decided>,
    /// What was given up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dead: Vec<DeadLetter>,
    /// What could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<Quarantined>,
    /// Dead letters that have been offered again and so are none any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revived: Vec<String>,
    /// What a platform is to be asked about later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Pending>,
    /// Questions that have their answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<String>,
    /// Questions that have none yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub postponed: Vec<Postponed>,
}

impl Report {
    /// The largest that is written, in bytes of a message: a queue takes 128,000 with what it adds itself. Only what
    /// brings a message to quarantine may be larger; it never travels, since its message does.
    pub const LARGEST: usize = 120 * 1024;

    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        let after = match of.take("after") {
            None => None,
            Some(after) => Some(serde_json::from_value(after).ok()?),
        };
        Some(Self {
            id: of.text("id")?,
            after,
            run: of.text_or_empty("run")?,
            counts: Counts::read(of.take("counts")?)?,
            moved: of.list("moved", Movement::read)?,
            superseded: of
                .take("superseded")
                .map_or(Some(Counts::default()), Counts::read)?,
            notes: of.list("notes", Note::read)?,
            decided: of.list("decided", Decided::read)?,
            dead: of.list("dead", DeadLetter::read)?,
            quarantined: of.list("quarantined", Quarantined::read)?,
            revived: of.list("revived", text)?,
            pending: of.list("pending", Pending::read)?,
            settled: of.list("settled", text)?,
            postponed: of.list("postponed", Postponed::read)?,
        })
    }
}

macro_rules! deserialize_by_read {
    ($($type:ident)*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                Self::read(value)
                    .ok_or_else(|| serde::de::Error::custom(concat!("no ", stringify!($type))))
            }
        }
    )*};
}
deserialize_by_read!(Line Counts Note Decided Movement DeadLetter Quarantined Pending Report);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_event_is_written_so_that_a_queue_takes_it_and_is_read_as_it_was() {
        for parcel in [
            r#"{"n":"contact"}"#.to_owned(),
            format!(r#"{{"pr":[["q","{}"]]}}"#, r#"\"\\"#.repeat(14 * 1024)),
            format!(r#"{{"pr":[["q","{}"]]}}"#, "x".repeat(66_000)),
            "{".to_owned(),
            String::new(),
            "neither".to_owned(),
        ] {
            let letter = DeadLetter {
                id: "e1#0#hook".to_owned(),
                at: UnixMillis(0),
                source: "shop".to_owned(),
                destination: "hook".to_owned(),
                event: "contact".to_owned(),
                event_id: "1".to_owned(),
                state: State::Dead,
                code: "http_500".to_owned(),
                parcel,
                worker: "7f3a".to_owned(),
            };
            let json = serde_json::to_string(&letter).unwrap();
            assert!(json.len() < 100_000, "{}", json.len());
            assert_eq!(serde_json::from_str::<DeadLetter>(&json).unwrap(), letter);
            assert!(folded_length(&letter.parcel) + 200 >= json.len());
        }
    }
}

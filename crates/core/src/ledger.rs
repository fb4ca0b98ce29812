//! What is counted, and the law that the counts obey.
//!
//! For every source and destination, and for any span of time:
//! `accepted = delivered + duplicate + blocked + skipped + rejected + processing + retrying + dead`, remainder 0.
//!
//! Counts ride with the events: what intake saw travels in the envelope, what became of it is added when the envelope
//! has been worked off, and the whole is handed to the ledger as one [`Report`] with an id of its own. The ledger
//! applies each id once, so that a redelivered envelope changes no count.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::members::{Members, list_of, text};
use crate::base::table::Table;
use crate::base::text::Text;
use crate::base::time::UnixMillis;

/// What is counted. The states of one event at one destination, and under the empty destination what intake saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Copies that were well-formed: under the empty destination all of the source's, under a destination those that
    /// arrived while the source had it.
    Accepted,
    /// Intake: copies that were refused as malformed; the code says why.
    Malformed,
    /// The platform has it.
    Delivered,
    /// A further copy of an event that had been claimed.
    Duplicate,
    /// The visitor's consent does not cover the destination; the code says which signal.
    Blocked,
    /// The destination has no use for the event; the code says why.
    Skipped,
    /// The platform refused it for good; the code is the platform's.
    Rejected,
    /// The platform took it in and has not said yet what became of it.
    Processing,
    /// It is waiting for another attempt.
    Retrying,
    /// It was given up after the last attempt or the platform's age limit.
    Dead,
    /// Not a state: how many further attempts were scheduled in all.
    Retries,
    /// Not a state: how often a platform that had refused it for good was offered it again by hand.
    Replayed,
    /// Not a state: parts of events that intake left out; the code says why.
    Removed,
    /// Not a state: parts of events that are used in another form than they were sent; the code says how.
    Changed,
    /// Not a state: copies that went out although an earlier one of weaker proof had gone, since the two differ in value,
    /// currency or order.
    Conflict,
    /// Not a state: events among the delivered that the platform may have got twice.
    MaybeTwice,
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

    const ALL: [Self; 16] = [
        Self::Accepted,
        Self::Malformed,
        Self::Delivered,
        Self::Duplicate,
        Self::Blocked,
        Self::Skipped,
        Self::Rejected,
        Self::Processing,
        Self::Retrying,
        Self::Dead,
        Self::Retries,
        Self::Replayed,
        Self::Removed,
        Self::Changed,
        Self::Conflict,
        Self::MaybeTwice,
    ];

    fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The stable `snake_case` name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Malformed => "malformed",
            Self::Delivered => "delivered",
            Self::Duplicate => "duplicate",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
            Self::Processing => "processing",
            Self::Retrying => "retrying",
            Self::Dead => "dead",
            Self::Retries => "retries",
            Self::Replayed => "replayed",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Conflict => "conflict",
            Self::MaybeTwice => "maybe_twice",
        }
    }
}

/// One line of the ledger: how many, of what, when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Line {
    /// First millisecond of the hour of receipt.
    #[serde(rename = "h")]
    pub hour: UnixMillis,
    /// The source.
    #[serde(rename = "s")]
    pub source: String,
    /// The sender's release, or empty.
    #[serde(rename = "v", skip_serializing_if = "String::is_empty")]
    pub release: String,
    /// The event's name, or empty for what could not be read.
    #[serde(rename = "e", skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// The destination, or empty for intake.
    #[serde(rename = "d", skip_serializing_if = "String::is_empty")]
    pub destination: String,
    /// What is counted.
    #[serde(rename = "o")]
    pub state: State,
    /// Why, where there is a why.
    #[serde(rename = "c", skip_serializing_if = "String::is_empty")]
    pub code: String,
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

    /// The same counts in parts of at most [`Self::PART`] bytes of JSON: five hundred events of five hundred names would
    /// otherwise make a message that no queue takes.
    pub fn parts(&self) -> Vec<Self> {
        self.shared_out(Self::PART, Self::PART, |line, n| {
            serde_json::to_string(&(line, n)).map_or(0, |json| json.len() + 1)
        })
    }

    /// The same counts in parts, the lines of one event at one destination always in the same.
    ///
    /// Work that is done twice may come to another state of an event, though never to another event. So the sizes that
    /// the parts are cut by are those of the events' places and not of what became of them: both times an event is in
    /// the part of the same number, and of two runs' parts the ledger can take some from the one and some from the other.
    pub(crate) fn parts_by_place(&self) -> Vec<Self> {
        let mut last: Option<Line> = None;
        self.shared_out(Self::PLACES - Self::PART, Self::PLACES, |line, _| {
            let place = Line {
                state: State::MaybeTwice,
                code: String::new(),
                ..line.clone()
            };
            if last.as_ref() == Some(&place) {
                return 0;
            }
            let length = serde_json::to_string(&place).map_or(0, |json| json.len());
            last = Some(place);
            // Accepted, what became of it, and how often it was tried.
            3 * length + 60
        })
    }

    /// Cuts before a line whose size is not 0 and does not fit any more.
    fn shared_out(
        &self,
        first: usize,
        most: usize,
        mut size_of: impl FnMut(&Line, i64) -> usize,
    ) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        let mut size = 0;
        for (line, n) in self.iter() {
            let length = size_of(line, n);
            let room = if parts.len() > 1 { most } else { first };
            if parts.is_empty() || (length > 0 && size + length > room) {
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

    /// About how many bytes of JSON the counts of one report take; the first one has notes beside them.
    const PLACES: usize = 96 * 1024;

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
    /// By destination (empty: intake), what happened.
    pub what: Table<String, String>,
}

/// An event that a destination did not take, with what is needed to offer it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its id: of the envelope, the place in it, and the destination.
    pub id: String,
    /// When it was given up.
    pub at: UnixMillis,
    /// The source.
    pub source: String,
    /// The destination.
    pub destination: String,
    /// The event's name.
    pub event: String,
    /// The event's id.
    pub event_id: String,
    /// `rejected` or `dead`.
    pub state: State,
    /// The platform's code.
    pub code: String,
    /// The prepared event: hashed identifiers, no plain one.
    pub parcel: String,
}

/// A message that nobody could read, kept for people to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// The queue's id of the message.
    pub id: String,
    /// When.
    pub at: UnixMillis,
    /// Why.
    pub code: String,
    /// The message's body.
    pub body: String,
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
    pub parcels: Vec<String>,
}

impl Pending {
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

/// Everything that one envelope has to tell the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Applied once per id.
    pub id: String,
    /// What to add.
    pub counts: Counts,
    /// What happened to the first few copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
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
    /// How many copies of one envelope are noted one by one.
    pub const MOST_NOTES: usize = 25;

    /// The report that has to be applied before this one: of the parts of one report the one before it, since a dead
    /// letter must not be offered again before it is counted as dead.
    ///
    /// ```
    /// use edgetally_core::ledger::Report;
    /// let before = |id: &str| Report { id: id.to_owned(), ..Report::default() }.before();
    /// assert_eq!(before("a1"), None);
    /// assert_eq!(before("a1!1").as_deref(), Some("a1"));
    /// assert_eq!(before("a1!12").as_deref(), Some("a1!11"));
    /// ```
    pub fn before(&self) -> Option<String> {
        let (head, part) = self.id.rsplit_once('!')?;
        match part.parse::<u32>().ok()? {
            0 => None,
            1 => Some(head.to_owned()),
            part => Some(format!("{head}!{}", part - 1)),
        }
    }
}

/// Without control characters. Intake takes none, and the ledger does not rely on it.
fn printable(mut text: String) -> String {
    text.retain(|character| !character.is_control());
    text
}

impl Line {
    fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            hour: of.time("h")?,
            source: of.text("s")?,
            release: printable(of.text_or_empty("v")?),
            event: printable(of.text_or_empty("e")?),
            destination: of.text_or_empty("d")?,
            state: State::read(&of.text("o")?)?,
            code: printable(of.text_or_empty("c")?),
        })
    }
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
            what: what
                .map(|(key, value)| Some((key, text(value)?)))
                .collect::<Option<_>>()?,
        })
    }
}

impl DeadLetter {
    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            id: of.text("id")?,
            at: of.time("at")?,
            source: of.text("source")?,
            destination: of.text("destination")?,
            event: of.text("event")?,
            event_id: of.text("event_id")?,
            state: State::read(&of.text("state")?)?,
            code: of.text("code")?,
            parcel: of.text("parcel")?,
        })
    }
}

impl Quarantined {
    fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            id: of.text("id")?,
            at: of.time("at")?,
            code: of.text("code")?,
            body: of.text("body")?,
        })
    }
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
            parcels: list_of(of.take("parcels")?, text)?,
        })
    }
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

impl Report {
    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            id: of.text("id")?,
            counts: Counts::read(of.take("counts")?)?,
            notes: of.list("notes", Note::read)?,
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
deserialize_by_read!(Line Counts Note DeadLetter Quarantined Pending Report);

/// One row of a ledger's answer, summed over whatever was not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// The source.
    pub source: String,
    /// The destination.
    pub destination: String,
    /// Copies that were well-formed.
    pub accepted: i64,
    /// See [`State::Delivered`].
    pub delivered: i64,
    /// See [`State::Duplicate`].
    pub duplicate: i64,
    /// See [`State::Blocked`].
    pub blocked: i64,
    /// See [`State::Skipped`].
    pub skipped: i64,
    /// See [`State::Rejected`].
    pub rejected: i64,
    /// See [`State::Processing`].
    pub processing: i64,
    /// See [`State::Retrying`].
    pub retrying: i64,
    /// See [`State::Dead`].
    pub dead: i64,
    /// Further attempts that were scheduled.
    pub retries: i64,
    /// See [`State::Conflict`].
    #[serde(skip_serializing_if = "none")]
    pub conflict: i64,
    /// See [`State::MaybeTwice`].
    #[serde(skip_serializing_if = "none")]
    pub maybe_twice: i64,
    /// `accepted` less the sum of the states: 0, or something was lost or counted twice.
    pub remainder: i64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference; whether that is large depends on the target"
)]
const fn none(n: &i64) -> bool {
    *n == 0
}

/// Draws the balance of each source and destination from ledger lines.
///
/// ```
/// use edgetally_core::ledger::{Line, State, balance};
/// use edgetally_core::base::time::UnixMillis;
///
/// let line = |destination: &str, state| Line {
///     hour: UnixMillis(0), source: "shop".into(), release: String::new(), event: "purchase".into(),
///     destination: destination.into(), state, code: String::new(),
/// };
/// let balances = balance([
///     (line("meta", State::Accepted), 3),
///     (line("meta", State::Delivered), 2),
///     (line("meta", State::Duplicate), 1),
/// ]);
/// assert_eq!((balances[0].accepted, balances[0].remainder), (3, 0));
/// ```
pub fn balance(lines: impl IntoIterator<Item = (Line, i64)>) -> Vec<Balance> {
    let mut rows: Table<(String, String), Balance> = Table::new();
    for (line, n) in lines {
        if line.destination.is_empty() {
            continue;
        }
        rows.change((line.source, line.destination), |row| match line.state {
            State::Accepted => row.accepted += n,
            State::Delivered => row.delivered += n,
            State::Duplicate => row.duplicate += n,
            State::Blocked => row.blocked += n,
            State::Skipped => row.skipped += n,
            State::Rejected => row.rejected += n,
            State::Processing => row.processing += n,
            State::Retrying => row.retrying += n,
            State::Dead => row.dead += n,
            State::Retries => row.retries += n,
            State::Conflict => row.conflict += n,
            State::MaybeTwice => row.maybe_twice += n,
            State::Malformed | State::Replayed | State::Removed | State::Changed => {}
        });
    }
    rows.into_iter()
        .map(|((source, destination), row)| {
            let shared = row.delivered
                + row.duplicate
                + row.blocked
                + row.skipped
                + row.rejected
                + row.processing
                + row.retrying
                + row.dead;
            Balance {
                source,
                destination,
                remainder: row.accepted - shared,
                ..row
            }
        })
        .collect()
}

/// The dimensions of a line that stay the same within one parcel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) received: UnixMillis,
    pub(crate) source: &'a str,
    pub(crate) release: Option<&'a Text<'a>>,
    pub(crate) event: &'a str,
}

impl Place<'_> {
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
        }
    }
}

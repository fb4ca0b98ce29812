//! The queue's message: prepared events, where each still has to go, and the counts that ride along.
//!
//! Versioned, because producers and consumers of two releases run side by side during a deploy. A version that is not
//! known is quarantined, never guessed at and never retried.

use serde::Serialize;

use crate::base::json::{append, text_of};
use crate::base::members::read_members;
use crate::base::text::Text;
use crate::ledger::{After, Counts, Decided, Movement, Note, Report};
use crate::queue::id::Id;
use crate::queue::parcel::Parcel;

/// The version that is written. Read are this one and those below that are still in [`READ`].
pub const VERSION: u8 = 1;

/// The versions that are read.
pub const READ: &[u8] = &[1];

/// The largest message that is written, in bytes: below the 64 KiB that one queue operation is billed by.
pub const LARGEST: usize = 60 * 1024;

/// Who sent an event, as the ledger counts it: a visitor's browser, or a server.
pub const fn sender(page: bool) -> &'static str {
    if page { "page" } else { "server" }
}

/// What the queue carries.
#[derive(Debug)]
pub enum Message<'a> {
    /// Events to deliver.
    Events(Envelope<'a>),
    /// A report that the ledger did not take when it was due.
    Report(Report),
}

/// Events of one source, to be delivered together.
#[derive(Debug, Default, Serialize)]
pub struct Envelope<'a> {
    /// Its id, which the ledger counts by.
    pub id: Id<'a>,
    /// What it was left by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// The source.
    pub source: Text<'a>,
    /// How many attempts there were before.
    pub attempt: u32,
    /// Visitors' browsers have sent the events, and no server.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub page: bool,
    /// An earlier request with these events was not answered, so the platform may have them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub twice: bool,
    /// The events.
    pub parcels: Vec<Parcel<'a>>,
    /// What intake counted.
    #[serde(skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
    /// Whose that is, where outcomes are exported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Movement>,
    /// What intake wants to be seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What intake decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<Decided>,
}

impl Envelope<'_> {
    /// The report on one that the ledger says is superseded, and that is not worked off. What is left of it in its turn
    /// waits in the ledger for a report of its id.
    pub fn dropped(&self) -> Report {
        Report {
            id: self.id.to_string(),
            after: self.after.clone(),
            ..Report::default()
        }
    }
}

read_members! {
    Envelope = Envelope::default();
    "id" => id,
    "source" => source,;
    "after" => after,
    "attempt" => attempt,
    "page" => page,
    "twice" => twice,
    "parcels" => parcels,
    "counts" => counts,
    "moved" => moved,
    "notes" => notes,
    "decided" => decided,
}

/// Why a message cannot be opened. None of these is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, or not of the shape that its version has.
    #[error("the message is malformed")]
    Malformed,
    /// A version that this release does not read.
    #[error("the message is of a version that this release does not read")]
    UnknownVersion,
}

impl Unreadable {
    /// The stable `snake_case` code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "envelope_malformed",
            Self::UnknownVersion => "envelope_version_unknown",
        }
    }
}

#[derive(Default)]
struct Head<'a> {
    v: u8,
    kind: Option<Text<'a>>,
}

read_members! {
    Head = Head::default();
    "v" => v,;
    "kind" => kind,
}

/// How messages with events begin, unless the platform may have them already.
const HEAD: &str = r#"{"v":1,"kind":"events","#;
const _: () = assert!(VERSION == 1, "the head names the version");

/// Opens a message of the queue.
///
/// # Errors
/// [`Unreadable`] when it is no message of a version that is read.
pub fn open(text: &str) -> Result<Message<'_>, Unreadable> {
    // What this version packs says in front what it is, and need not be looked through for it.
    if text.starts_with(HEAD)
        && let Ok(envelope) = serde_json::from_str(text)
    {
        return Ok(Message::Events(envelope));
    }
    let head: Head<'_> = serde_json::from_str(text).map_err(|_| Unreadable::Malformed)?;
    if !READ.contains(&head.v) {
        return Err(Unreadable::UnknownVersion);
    }
    match head.kind.as_deref() {
        Some("events") => serde_json::from_str(text)
            .map(Message::Events)
            .map_err(|_| Unreadable::Malformed),
        Some("report") => serde_json::from_str(text)
            .map(Message::Report)
            .map_err(|_| Unreadable::Malformed),
        _ => Err(Unreadable::Malformed),
    }
}

/// Closes a report into a message.
pub fn close_report(report: &Report) -> String {
    let json = text_of(report);
    format!(
        r#"{{"v":{VERSION},"kind":"report",{}"#,
        json.strip_prefix('{').unwrap_or("}")
    )
}

/// Packs parcels into as few messages as stay within [`LARGEST`].
///
/// The first message carries the counts, the notes and what was decided, so a request that brought nothing to deliver still leaves one
/// message, and what it counted is as durable as any event. The id of the n-th message is `id`, `id.1`, `id.2`, ….
#[derive(Debug)]
pub struct Packer {
    id: String,
    head: String,
    messages: Vec<String>,
    open: Option<String>,
    largest: usize,
    /// What the ledger will have lines of, of the open message: names with releases.
    kinds: Vec<(String, String)>,
    /// About how long these lines will be.
    lines: usize,
}

impl Packer {
    /// A packer for parcels of one source.
    pub fn new(
        id: &str,
        source: &str,
        attempt: u32,
        (counts, moved): (&Counts, &[Movement]),
        notes: &[Note],
        decided: Option<&Decided>,
    ) -> Self {
        let mut head = String::from(r#""source":"#);
        append(&mut head, &source);
        head.push_str(r#","attempt":"#);
        append(&mut head, &attempt);
        let mut first = String::with_capacity(Self::ROOM);
        begin(&mut first, id, &head);
        if !counts.is_empty() {
            first.push_str(r#","counts":"#);
            append(&mut first, counts);
        }
        if !moved.is_empty() {
            first.push_str(r#","moved":"#);
            append(&mut first, &moved);
        }
        if !notes.is_empty() {
            first.push_str(r#","notes":"#);
            append(&mut first, &notes);
        }
        if let Some(decided) = decided {
            first.push_str(r#","decided":"#);
            append(&mut first, &[decided]);
        }
        first.push_str(PARCELS);
        Self {
            id: id.to_owned(),
            head,
            messages: Vec::new(),
            open: Some(first),
            largest: LARGEST,
            kinds: Vec::new(),
            lines: 0,
        }
    }

    /// A packer that makes one message, for parcels that came out of one: they fit, and one id is all they may have.
    pub fn whole(id: &str, source: &str, attempt: u32) -> Self {
        Self {
            largest: usize::MAX,
            ..Self::new(id, source, attempt, (&Counts::default(), &[]), &[], None)
        }
    }

    /// Says that visitors' browsers have sent the parcels.
    #[must_use]
    pub fn page(mut self) -> Self {
        self.head.push_str(PAGE);
        if let Some(open) = &mut self.open
            && open.ends_with(PARCELS)
        {
            open.insert_str(open.len() - PARCELS.len(), PAGE);
        }
        self
    }

    /// Says that the platform may have the parcels already.
    #[must_use]
    pub fn twice(mut self) -> Self {
        self.say(r#""twice":true,"#);
        self
    }

    /// Says what the parcels were left by.
    #[must_use]
    pub fn after(mut self, after: &After) -> Self {
        self.say(&format!(r#""after":{},"#, text_of(after)));
        self
    }

    /// Adds a member to the first message.
    fn say(&mut self, member: &str) {
        if let Some(open) = &mut self.open {
            // In front of the others, where it is in nobody's way.
            open.insert_str(1, member);
        }
    }

    /// Adds a parcel, and gives the place of the message that it is in.
    pub fn add(&mut self, parcel: &Parcel<'_>) -> usize {
        let release = parcel.release.as_deref().unwrap_or_default();
        let known = |kind: &(String, String)| kind.0 == *parcel.name && kind.1 == release;
        if !self.kinds.iter().any(known) {
            // What was accepted, what became of it, what went along and how long it took; names of destinations and codes
            // have some room.
            let line = 130 + self.head.len() + parcel.name.len() + release.len();
            let more = line * (1 + 4 * parcel.legs.len());
            if self.largest == LARGEST && self.lines + more > Self::MOST_LINES && self.lines > 0 {
                self.shut();
            }
            self.lines += more;
            self.kinds
                .push((parcel.name.as_str().to_owned(), release.to_owned()));
        }
        self.write(|open| append(open, parcel));
        self.messages.len()
    }

    /// How many bytes of lines a message may lead to: its report has to fit into the queue as well, in one piece.
    const MOST_LINES: usize = 48 * 1024;

    /// What most messages have room in.
    const ROOM: usize = 4 * 1024;

    /// Adds a parcel that is JSON already.
    pub fn add_text(&mut self, text: &str) {
        self.write(|open| {
            open.push_str(text);
            true
        });
    }

    /// Writes a parcel into the open message, and moves it into the next one where that makes the message too large.
    fn write(&mut self, parcel: impl FnOnce(&mut String) -> bool) {
        let next = self.messages.len();
        let mut open = self
            .open
            .take()
            .unwrap_or_else(|| self.begin(next, Self::ROOM));
        let before = open.len();
        let first = open.ends_with('[');
        if !first {
            open.push(',');
        }
        let start = open.len();
        if !parcel(&mut open) {
            open.truncate(before);
        } else if !first && open.len().saturating_add(2) > self.largest {
            let text = open.split_off(start);
            open.truncate(before);
            self.open = Some(open);
            self.shut();
            open = self.begin(next + 1, Self::ROOM.max(text.len() + 256));
            open.push_str(&text);
        }
        self.open = Some(open);
    }

    /// The head of a message behind the first.
    fn begin(&self, number: usize, room: usize) -> String {
        let mut open = String::with_capacity(room);
        let id = Id::from(self.id.as_str()).message(number);
        begin(&mut open, id.as_str(), &self.head);
        open.push_str(PARCELS);
        open
    }

    fn shut(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.push_str("]}");
            self.messages.push(open);
            self.kinds.clear();
            self.lines = 0;
        }
    }

    /// The messages.
    pub fn finish(mut self) -> Vec<String> {
        self.shut();
        self.messages
    }
}

/// Begins a message.
fn begin(open: &mut String, id: &str, head: &str) {
    open.push_str(HEAD);
    open.push_str(r#""id":"#);
    append(open, &id);
    open.push(',');
    open.push_str(head);
}

/// The member of what pages have sent.
const PAGE: &str = r#","page":true"#;
/// What parcels follow.
const PARCELS: &str = r#","parcels":["#;

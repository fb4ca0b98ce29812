//! The queue's message: prepared events, where each still has to go, and the counts that ride along.
//!
//! Versioned, because producers and consumers of two releases run side by side during a deploy. A version that is not
//! known is quarantined, never guessed at and never retried.

use serde::{Deserialize, Serialize};

use crate::consent::Grant;
use crate::event::{ActionSource, Item, Property};
use crate::identity::Prepared;
use crate::json::read_members;
use crate::ledger::{Counts, Note, Report};
use crate::money::{Amount, Money};
use crate::text::Text;
use crate::time::UnixMillis;

/// The version that is written. Read are this one and those below that are still in [`READ`].
pub const VERSION: u8 = 1;
/// The versions that are read.
pub const READ: &[u8] = &[1];
/// The largest message that is written, in bytes: below the 64 KiB that one queue operation is billed by.
pub const LARGEST: usize = 60 * 1024;

/// An event with nothing plain left in it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Parcel<'a> {
    /// The canonical name.
    #[serde(rename = "n")]
    pub name: Text<'a>,
    /// The sender's id.
    #[serde(rename = "i")]
    pub id: Text<'a>,
    /// When it happened.
    #[serde(rename = "t")]
    pub time: UnixMillis,
    /// When it was received.
    #[serde(rename = "r")]
    pub received: UnixMillis,
    /// What it was worth.
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub money: Option<Money<'a>>,
    /// The order.
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<Text<'a>>,
    /// What the customer is expected to be worth.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub predicted_ltv: Option<Amount<'a>>,
    /// What was bought or looked at.
    #[serde(rename = "it", skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item<'a>>,
    /// The visitor, normalised and hashed.
    #[serde(rename = "p", skip_serializing_if = "Prepared::is_empty")]
    pub identifiers: Prepared,
    /// Address of the page, cleaned.
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub page_url: Option<Text<'a>>,
    /// Title of the page.
    #[serde(rename = "ti", skip_serializing_if = "Option::is_none")]
    pub page_title: Option<Text<'a>>,
    /// Where the visitor came from, cleaned.
    #[serde(rename = "re", skip_serializing_if = "Option::is_none")]
    pub referrer: Option<Text<'a>>,
    /// The visitor's public network address.
    #[serde(rename = "ip", skip_serializing_if = "Option::is_none")]
    pub ip: Option<Text<'a>>,
    /// The visitor's browser.
    #[serde(rename = "ua", skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Text<'a>>,
    /// Google Analytics' id of the browser.
    #[serde(rename = "ci", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Text<'a>>,
    /// Google Analytics' id of the visit.
    #[serde(rename = "si", skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Text<'a>>,
    /// Known first-party cookies.
    #[serde(rename = "ck", skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<(Text<'a>, Text<'a>)>,
    /// Known click ids.
    #[serde(rename = "cl", skip_serializing_if = "Vec::is_empty")]
    pub click_ids: Vec<(Text<'a>, Text<'a>)>,
    /// Through which door it came.
    #[serde(rename = "a")]
    pub action_source: ActionSource,
    /// The sender's release.
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    pub release: Option<Text<'a>>,
    /// For the platforms' test modes.
    #[serde(rename = "z", skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Free data.
    #[serde(rename = "pr", skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<(Text<'a>, Property<'a>)>,
    /// Country of the request, two letters.
    #[serde(rename = "gc", skip_serializing_if = "Option::is_none")]
    pub geo_country: Option<Text<'a>>,
    /// Region of the request, as ISO 3166-2 without the country.
    #[serde(rename = "gr", skip_serializing_if = "Option::is_none")]
    pub geo_region: Option<Text<'a>>,
    /// Where it still has to go.
    #[serde(rename = "to")]
    pub legs: Vec<Leg<'a>>,
}

read_members! {
    Parcel = Parcel::default();
    "n" => name,
    "i" => id,
    "t" => time,
    "r" => received,
    "to" => legs,;
    "m" => money,
    "x" => transaction_id,
    "l" => predicted_ltv,
    "it" => items,
    "p" => identifiers,
    "u" => page_url,
    "ti" => page_title,
    "re" => referrer,
    "ip" => ip,
    "ua" => user_agent,
    "ci" => client_id,
    "si" => session_id,
    "ck" => cookies,
    "cl" => click_ids,
    "a" => action_source,
    "v" => release,
    "z" => test,
    "pr" => properties,
    "gc" => geo_country,
    "gr" => geo_region,
}

impl<'a> Parcel<'a> {
    /// A property by name.
    pub fn property(&self, name: &str) -> Option<&Property<'a>> {
        self.properties
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .map(|(_, value)| value)
    }

    /// A property's text by name. A number counts as one, in the sender's spelling: tag managers make a number of the
    /// search term `2026`.
    pub fn property_text(&self, name: &str) -> Option<&str> {
        match self.property(name) {
            Some(Property::Text(text)) => Some(text.as_str()),
            Some(Property::Number(number)) => Some(number.as_str()),
            _ => None,
        }
    }
}

/// One destination that an event still has to reach, and the permission for it.
#[derive(Debug, Clone)]
pub struct Leg<'a> {
    /// The destination's name in the settings.
    pub destination: Text<'a>,
    /// The permission, decided at intake.
    pub grant: Grant,
}

impl Serialize for Leg<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.destination, self.grant.to_wire()).serialize(serializer)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Leg<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (destination, bits) = <(Text<'de>, u16)>::deserialize(deserializer)?;
        Ok(Self {
            destination,
            grant: Grant::from_wire(bits),
        })
    }
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
    pub id: Text<'a>,
    /// The source.
    pub source: Text<'a>,
    /// How many attempts there were before.
    pub attempt: u32,
    /// An earlier request with these events was not answered, so the platform may have them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub twice: bool,
    /// The events.
    pub parcels: Vec<Parcel<'a>>,
    /// What intake counted.
    #[serde(skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
    /// What intake wants to be seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

read_members! {
    Envelope = Envelope::default();
    "id" => id,
    "source" => source,;
    "attempt" => attempt,
    "twice" => twice,
    "parcels" => parcels,
    "counts" => counts,
    "notes" => notes,
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

/// Opens a message of the queue.
///
/// # Errors
/// [`Unreadable`] when it is no message of a version that is read.
pub fn open(text: &str) -> Result<Message<'_>, Unreadable> {
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
    let json = serde_json::to_string(report).unwrap_or_default();
    format!(
        r#"{{"v":{VERSION},"kind":"report",{}"#,
        json.strip_prefix('{').unwrap_or("}")
    )
}

/// Packs parcels into as few messages as stay within [`LARGEST`].
///
/// The first message carries the counts and the notes, so a request that brought nothing to deliver still leaves one
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
    pub fn new(id: &str, source: &str, attempt: u32, counts: &Counts, notes: &[Note]) -> Self {
        let text = |value: &dyn erased::Json| value.json();
        let mut first = format!(r#"{{"v":{VERSION},"kind":"events","id":{},"#, text(&id));
        let head = format!(r#""source":{},"attempt":{attempt}"#, text(&source));
        first.push_str(&head);
        if !counts.is_empty() {
            first.push_str(r#","counts":"#);
            first.push_str(&text(counts));
        }
        if !notes.is_empty() {
            first.push_str(r#","notes":"#);
            first.push_str(&text(&notes));
        }
        first.push_str(r#","parcels":["#);
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
            ..Self::new(id, source, attempt, &Counts::default(), &[])
        }
    }

    /// Says that the platform may have the parcels already.
    #[must_use]
    pub fn twice(mut self) -> Self {
        if let Some(open) = &mut self.open {
            // Behind the version's brace, where it is in nobody's way.
            open.insert_str(1, r#""twice":true,"#);
        }
        self
    }

    /// Adds a parcel, and gives the place of the message that it is in.
    pub fn add(&mut self, parcel: &Parcel<'_>) -> usize {
        let Ok(text) = serde_json::to_string(parcel) else {
            return self.messages.len();
        };
        let release = parcel.release.as_deref().unwrap_or_default();
        let known = |kind: &(String, String)| kind.0 == *parcel.name && kind.1 == release;
        if !self.kinds.iter().any(known) {
            // What was accepted, and what became of it; names of destinations and codes have some room.
            let line = 130 + self.head.len() + parcel.name.len() + release.len();
            let more = line * (1 + 2 * parcel.legs.len());
            if self.largest == LARGEST && self.lines + more > Self::MOST_LINES && self.lines > 0 {
                self.shut();
            }
            self.lines += more;
            self.kinds
                .push((parcel.name.as_str().to_owned(), release.to_owned()));
        }
        self.add_text(&text);
        self.messages.len()
    }

    /// How many bytes of lines a message may lead to: its report has to fit into the queue as well, in one piece.
    const MOST_LINES: usize = 48 * 1024;

    /// Adds a parcel that is JSON already.
    pub fn add_text(&mut self, text: &str) {
        if let Some(open) = &self.open
            && (open.len() + text.len()).saturating_add(3) > self.largest
            && !open.ends_with('[')
        {
            self.shut();
        }
        let open = self.open.get_or_insert_with(|| {
            let id = format!("{}.{}", self.id, self.messages.len());
            format!(
                r#"{{"v":{VERSION},"kind":"events","id":{},{},"parcels":["#,
                serde_json::to_string(&id).unwrap_or_default(),
                self.head
            )
        });
        if !open.ends_with('[') {
            open.push(',');
        }
        open.push_str(text);
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

/// Serialising without a type parameter, for the few small parts of a message's head.
mod erased {
    use serde::Serialize;

    pub(super) trait Json {
        fn json(&self) -> String;
    }

    impl<T: Serialize> Json for T {
        fn json(&self) -> String {
            serde_json::to_string(self).unwrap_or_default()
        }
    }
}

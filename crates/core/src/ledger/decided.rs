//! What was decided about events, on its way to the ledger, which makes receipts of it: a decision that many events share
//! is there once.
//!
//! Nothing of it is a visitor's: of the signals only which ones came, and a digest of them all.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::base::json::escaped;
use crate::base::members::{Members, list_of, text};
use crate::base::time::UnixMillis;

/// The signals that an event may bring, in the order of their bits. Bits are stored, so a name keeps its place.
pub const SIGNALS: &[&str] = &[
    "ad_storage",
    "analytics_storage",
    "ad_user_data",
    "ad_personalization",
    "tcf",
    "gpp",
    "gpp_sid",
    "additional_consent",
    "gdpr_applies",
    "us_privacy",
    "gpc",
    "legal_basis",
    "gcs",
    "gcd",
];

/// On what terms an event may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// Identifiers go along.
    pub identifiers: bool,
    /// It may be used for personalised advertising.
    pub personalised: bool,
    /// The visitor opted out of sale, sharing or targeted advertising.
    pub limited: bool,
    /// What the platform is told about advertising, where it is told.
    pub ad_user_data: Option<bool>,
    /// What it is told about personalisation.
    pub ad_personalization: Option<bool>,
}

impl Allowed {
    /// Whether nothing is held back.
    pub const fn are_full(self) -> bool {
        self.identifiers && self.personalised && !self.limited
    }

    fn bits(self) -> u16 {
        let answer = |answer: Option<bool>| answer.map_or(0, |yes| if yes { 1 } else { 2 });
        u16::from(self.identifiers)
            | u16::from(self.personalised) << 1
            | u16::from(self.limited) << 2
            | answer(self.ad_user_data) << 3
            | answer(self.ad_personalization) << 5
    }

    fn of(bits: u16) -> Self {
        let answer = |bits: u16| match bits & 3 {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        };
        Self {
            identifiers: bits & 1 != 0,
            personalised: bits & 2 != 0,
            limited: bits & 4 != 0,
            ad_user_data: answer(bits >> 3),
            ad_personalization: answer(bits >> 5),
        }
    }
}

/// What was decided for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    /// Its name in the settings.
    pub destination: String,
    /// On what terms the event may go there, or the code of why it must not.
    pub verdict: Result<Allowed, String>,
    /// The purposes of a TC string that it needs, bit `n - 1` for purpose `n`.
    pub needs: u32,
    /// Those of them that the TC strings consent to, if there are any.
    pub consented: Option<u32>,
}

impl Serialize for Ruled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (bits, code) = match &self.verdict {
            Ok(terms) => (terms.bits(), ""),
            Err(code) => (0, code.as_str()),
        };
        (&self.destination, code, bits, self.needs, self.consented).serialize(serializer)
    }
}

impl Ruled {
    fn read(value: Value) -> Option<Self> {
        let [destination, code, bits, needs, consented] = array(value)?;
        let code = text(code)?;
        Some(Self {
            destination: text(destination)?,
            verdict: if code.is_empty() {
                Ok(Allowed::of(whole(&bits)?))
            } else {
                Err(code)
            },
            needs: whole(&needs)?,
            consented: match consented {
                Value::Null => None,
                some => Some(whole(&some)?),
            },
        })
    }
}

/// A decision about an event for all destinations of its source, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// A digest of the settings that it was made by, and of the rules' version.
    pub policy: String,
    /// Whether the law asks for a yes.
    pub opt_in: bool,
    /// Which of [`SIGNALS`] came.
    pub signals: u16,
    /// By destination.
    pub ruled: Vec<Ruled>,
}

impl Serialize for Ruling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let opt_in = u8::from(self.opt_in);
        (&self.policy, opt_in, self.signals, &self.ruled).serialize(serializer)
    }
}

impl Ruling {
    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let [policy, opt_in, signals, ruled] = array(value)?;
        Some(Self {
            policy: text(policy)?,
            opt_in: whole::<u8>(&opt_in)? == 1,
            signals: whole(&signals)?,
            ruled: list_of(ruled, Ruled::read)?,
        })
    }

    /// About how many bytes of JSON it takes; never fewer than it does.
    fn length(&self) -> usize {
        let ruled = self.ruled.iter().map(|one| {
            let code = one.verdict.as_ref().err().map_or(0, String::len);
            one.destination.len() + code + 48
        });
        ruled.sum::<usize>() + self.policy.len() + 24
    }
}

/// An event that was decided about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its inputs' place among [`Decided::inputs`].
    pub inputs: usize,
    /// Its name.
    pub event: String,
    /// Its id.
    pub event_id: String,
    /// Whether it is for the platforms' test modes.
    pub test: bool,
}

impl Serialize for Copied {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = (self.inputs, &self.event, &self.event_id);
        if self.test {
            (of.0, of.1, of.2, 1).serialize(serializer)
        } else {
            of.serialize(serializer)
        }
    }
}

impl Copied {
    pub(super) fn read(value: Value) -> Option<Self> {
        let Value::Array(mut members) = value else {
            return None;
        };
        let test = members.len() == 4 && members.pop()? == 1;
        let [inputs, event, event_id] = array(Value::Array(members))?;
        Some(Self {
            inputs: whole(&inputs)?,
            event: text(event)?,
            event_id: text(event_id)?,
            test,
        })
    }
}

/// What was decided about events of one source that came together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The source.
    pub source: String,
    /// When.
    pub at: UnixMillis,
    /// The decisions.
    pub rulings: Vec<Ruling>,
    /// Each different set of signals: the place of its ruling, and its digest.
    pub inputs: Vec<(usize, String)>,
    /// The events.
    pub events: Vec<Copied>,
}

impl Decided {
    /// How many bytes of JSON one message has for them, unless a single one takes more.
    pub const PART: usize = 16 * 1024;

    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        let read = Self {
            source: of.text("source")?,
            at: of.time("at")?,
            rulings: of.list("rulings", Ruling::read)?,
            inputs: of.list("inputs", inputs)?,
            events: of.list("events", Copied::read)?,
        };
        let rulings = read.inputs.iter().map(|(ruling, _)| *ruling);
        let copies = read.events.iter().map(|event| event.inputs);
        let there =
            rulings.max() < Some(read.rulings.len()) && copies.max() < Some(read.inputs.len());
        there.then_some(read)
    }
}

/// A place and a digest.
pub(super) fn inputs(value: Value) -> Option<(usize, String)> {
    let [ruling, digest] = array(value)?;
    Some((whole(&ruling)?, text(digest)?))
}

fn array<const N: usize>(value: Value) -> Option<[Value; N]> {
    match value {
        Value::Array(members) => members.try_into().ok(),
        _ => None,
    }
}

fn whole<T: TryFrom<i64>>(value: &Value) -> Option<T> {
    value.as_i64()?.try_into().ok()
}

/// Gathers what was decided about the events of one request, in as many parts as messages have room for.
#[derive(Debug)]
pub struct Gathered {
    source: String,
    at: UnixMillis,
    parts: Vec<Decided>,
    /// About how many bytes the last part takes.
    size: usize,
}

impl Gathered {
    /// Of a source, at this moment.
    pub fn new(source: &str, at: UnixMillis) -> Self {
        Self {
            source: source.to_owned(),
            at,
            parts: Vec::new(),
            size: usize::MAX,
        }
    }

    /// Adds an event.
    pub fn add(&mut self, ruling: &Ruling, inputs: &str, event: &str, event_id: &str, test: bool) {
        let more = escaped(event) + escaped(event_id) + 20;
        let whole = more + ruling.length() + inputs.len() + 12;
        if self.size.saturating_add(whole) > Decided::PART {
            self.parts.push(Decided {
                source: self.source.clone(),
                at: self.at,
                ..Decided::default()
            });
            self.size = escaped(&self.source) + 80;
        }
        let Some(open) = self.parts.last_mut() else {
            return;
        };
        self.size += more;
        let same = |(place, known): &(usize, String)| {
            known == inputs && open.rulings.get(*place) == Some(ruling)
        };
        let place = open.inputs.iter().rposition(same).unwrap_or_else(|| {
            let known = open.rulings.iter().rposition(|known| known == ruling);
            let place = known.unwrap_or_else(|| {
                self.size += ruling.length();
                open.rulings.push(ruling.clone());
                open.rulings.len() - 1
            });
            self.size += inputs.len() + 12;
            open.inputs.push((place, inputs.to_owned()));
            open.inputs.len() - 1
        });
        open.events.push(Copied {
            inputs: place,
            event: event.to_owned(),
            event_id: event_id.to_owned(),
            test,
        });
    }

    /// What was gathered.
    pub fn finish(self) -> Vec<Decided> {
        self.parts
    }
}

//! Whose a report's counts are: events, each with the states that it has entered and left. It is told for the export of
//! [outcomes](super::outcomes), and changes no count.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::State;
use crate::base::json::escaped;
use crate::base::members::{Members, text};
use crate::base::time::UnixMillis;

/// A state that an event has entered, or has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The destination, or empty for intake.
    pub destination: String,
    /// The state.
    pub state: State,
    /// Why, where there is a why.
    pub code: String,
    /// 1 where it was entered, -1 where it was left.
    pub n: i64,
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.destination, self.state, &self.code, self.n).serialize(serializer)
    }
}

impl Step {
    /// One that is entered.
    pub fn into(destination: &str, state: State, code: &str) -> Self {
        Self {
            destination: destination.to_owned(),
            state,
            code: code.to_owned(),
            n: 1,
        }
    }

    /// One that is left.
    pub fn out_of(destination: &str, state: State, code: &str) -> Self {
        Self {
            n: -1,
            ..Self::into(destination, state, code)
        }
    }

    fn read(value: Value) -> Option<Self> {
        let Value::Array(members) = value else {
            return None;
        };
        let [destination, state, code, n] = <[Value; 4]>::try_from(members).ok()?;
        Some(Self {
            destination: text(destination)?,
            state: State::read(state.as_str()?)?,
            code: text(code)?,
            n: n.as_i64()?,
        })
    }
}

/// An event, and the states that it has entered and left: whose some of a report's counts are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// When it was received.
    #[serde(rename = "r")]
    pub received: UnixMillis,
    /// The source.
    #[serde(rename = "s")]
    pub source: String,
    /// The sender's release, or empty.
    #[serde(rename = "v", skip_serializing_if = "String::is_empty")]
    pub release: String,
    /// The event's name.
    #[serde(rename = "e")]
    pub event: String,
    /// The event's id.
    #[serde(rename = "i")]
    pub event_id: String,
    /// The gateway's own version that counts it, or empty.
    #[serde(rename = "w", skip_serializing_if = "String::is_empty")]
    pub worker: String,
    /// Who sent the copy, `page` or `server`; empty where nobody knows any more.
    #[serde(rename = "k", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What it is counted apart as, or empty.
    #[serde(rename = "b", skip_serializing_if = "String::is_empty")]
    pub apart: String,
    /// What it was worth, in the sender's spelling, or empty.
    #[serde(rename = "m", skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// In which currency, or empty.
    #[serde(rename = "c", skip_serializing_if = "String::is_empty")]
    pub currency: String,
    /// Of which attempt that came; nothing where there was none.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How long a delivery took from receipt on, in milliseconds.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub took: Option<i64>,
    /// The states.
    #[serde(rename = "to")]
    pub steps: Vec<Step>,
}

impl Movement {
    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            received: of.time("r")?,
            source: of.text("s")?,
            release: of.text_or_empty("v")?,
            event: of.text("e")?,
            event_id: of.text("i")?,
            worker: of.text_or_empty("w")?,
            kind: of.text_or_empty("k")?,
            apart: of.text_or_empty("b")?,
            value: of.text_or_empty("m")?,
            currency: of.text_or_empty("c")?,
            attempt: of.whole("a"),
            took: of.whole("t"),
            steps: of.list("to", Step::read)?,
        })
    }

    /// About how many bytes of JSON it takes; never fewer than it does.
    pub(crate) fn length(&self) -> usize {
        let texts = [
            &self.source,
            &self.release,
            &self.event,
            &self.event_id,
            &self.worker,
            &self.value,
        ];
        let steps = self.steps.iter();
        texts.map(|text| escaped(text)).iter().sum::<usize>()
            + steps.map(Step::length).sum::<usize>()
            + 200
    }

    /// Whether both are of one copy of an event, and differ in nothing but the states.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        self.event_id == other.event_id
            && self.event == other.event
            && self.received == other.received
            && self.worker == other.worker
            && self.attempt == other.attempt
            && self.took == other.took
    }
}

impl Step {
    pub(crate) fn length(&self) -> usize {
        escaped(&self.destination) + escaped(&self.code) + 32
    }
}

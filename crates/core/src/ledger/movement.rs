//! Whose a report's counts are: events, each with the states that it has entered and left. It is told for the export of
//! [outcomes](super::outcomes), and changes no count.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::State;
use crate::base::json::escaped;
use crate::base::members::{list_of, text};
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
}

/// An event, and the states that it has entered and left: whose some of a report's counts are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Movement {
    /// When it was received.
    pub received: UnixMillis,
    /// The source.
    pub source: String,
    /// The sender's release, or empty.
    pub release: String,
    /// The event's name.
    pub event: String,
    /// The event's id.
    pub event_id: String,
    /// The gateway's own version that counts it, or empty.
    pub worker: String,
    /// Who sent the copy, `page` or `server`; empty where nobody knows any more.
    pub kind: String,
    /// What it is counted apart as, or empty.
    pub apart: String,
    /// What it was worth, in the sender's spelling, or empty.
    pub value: String,
    /// In which currency, or empty.
    pub currency: String,
    /// Of which attempt that came; nothing where there was none.
    pub attempt: Option<u32>,
    /// How long a delivery took from receipt on, in milliseconds.
    pub took: Option<i64>,
    /// The states.
    pub steps: Vec<Step>,
}

impl Movement {
    /// Its members and those of its steps, one after the other: how it travels.
    fn texts(&self) -> Vec<String> {
        let number = |number: Option<i64>| number.map(|it| it.to_string()).unwrap_or_default();
        let mut texts = vec![
            self.received.0.to_string(),
            self.source.clone(),
            self.release.clone(),
            self.event.clone(),
            self.event_id.clone(),
            self.worker.clone(),
            self.kind.clone(),
            self.apart.clone(),
            self.value.clone(),
            self.currency.clone(),
            number(self.attempt.map(i64::from)),
            number(self.took),
        ];
        for step in &self.steps {
            texts.push(step.destination.clone());
            texts.push(step.state.as_str().to_owned());
            texts.push(step.code.clone());
            texts.push(step.n.to_string());
        }
        texts
    }

    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut texts = list_of(value, text)?.into_iter();
        let mut movement = Self {
            received: UnixMillis(texts.next()?.parse().ok()?),
            source: texts.next()?,
            release: texts.next()?,
            event: texts.next()?,
            event_id: texts.next()?,
            worker: texts.next()?,
            kind: texts.next()?,
            apart: texts.next()?,
            value: texts.next()?,
            currency: texts.next()?,
            attempt: texts.next()?.parse().ok(),
            took: texts.next()?.parse().ok(),
            steps: Vec::new(),
        };
        while let Some(destination) = texts.next() {
            movement.steps.push(Step {
                destination,
                state: State::read(&texts.next()?)?,
                code: texts.next()?,
                n: texts.next()?.parse().ok()?,
            });
        }
        Some(movement)
    }

    /// How many bytes of JSON it takes, with a comma.
    pub(crate) fn length(&self) -> usize {
        let texts = self.texts();
        texts.iter().map(|text| escaped(text) + 3).sum::<usize>() + 2
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

impl Serialize for Movement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts().serialize(serializer)
    }
}

impl Step {
    /// About how many bytes of JSON it takes; never fewer than it does.
    pub(crate) fn length(&self) -> usize {
        escaped(&self.destination) + escaped(&self.code) + 32
    }
}

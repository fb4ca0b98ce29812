//! Outcomes for whoever works with data: each event that enters or leaves a state of the law, as a line of JSON.
//!
//! The lines are made of the very counts that the ledger applies. A report may say besides whose its counts are
//! ([`Movement`]); what it does not say so of has lines as well, without an event. So the lines add up to the ledger's
//! counts whatever is said, and nothing is counted a second time.

use serde::Serialize;
use serde_json::value::RawValue;

use super::movement::{Movement, Step};
use super::{Counts, Dimensions, Line, Report, State};
use crate::base::json::append;
use crate::base::number::number;
use crate::base::time::UnixMillis;

/// What intake counts, and whose it is where that is asked for, in parts that messages have room for.
#[derive(Debug, Default)]
pub struct Tally {
    /// The counts of the open part.
    pub counts: Counts,
    movements: Vec<Movement>,
    size: usize,
    full: Vec<(Counts, Vec<Movement>)>,
}

impl Tally {
    /// How many bytes of JSON one message has for whose the counts are.
    const PART: usize = 8 * 1024;

    /// Begins with another event. What is counted of it until the next call stays together.
    pub fn turn(&mut self) {
        if self.size >= Self::PART {
            self.size = 0;
            self.full.push((
                std::mem::take(&mut self.counts),
                std::mem::take(&mut self.movements),
            ));
        }
    }

    /// Says whose counts are.
    pub fn moved(&mut self, movement: Movement) {
        self.size += movement.length();
        self.movements.push(movement);
    }

    /// The parts.
    pub fn finish(self) -> Vec<(Counts, Vec<Movement>)> {
        let mut parts = Vec::new();
        for (counts, movements) in self.full.into_iter().chain([(self.counts, self.movements)]) {
            let mut movements = Some(movements);
            let counts = counts.parts().into_iter();
            parts.extend(counts.map(|part| (part, movements.take().unwrap_or_default())));
        }
        parts
    }
}

/// Lines of one source that belong into the objects of one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The hour of receipt.
    pub hour: UnixMillis,
    /// The source.
    pub source: String,
    /// How many lines.
    pub lines: i64,
    /// The lines, each with a line feed.
    pub text: String,
}

/// From how many bytes on a portion is full.
const LARGE: usize = 256 * 1024;

/// Whether outcomes have lines for it: the states of the law, and what intake took and refused. What was accepted at a
/// destination is the sum of its states.
fn is_told(line: &Line) -> bool {
    if line.destination.is_empty() {
        matches!(line.state, State::Accepted | State::Malformed)
    } else {
        State::FINAL.contains(&line.state)
    }
}

/// The lines of reports that are applied now. `key` makes what an event goes by in them.
pub fn portions(
    reports: &[&Report],
    now: UnixMillis,
    key: impl Fn(&Movement) -> Option<String>,
) -> Vec<Portion> {
    let mut all = Portions {
        at: now.to_rfc3339(),
        done: Vec::new(),
    };
    for report in reports {
        let told = report.counts.iter().filter(|(line, _)| is_told(line));
        // In the order of lines.
        let mut rest: Vec<(&Line, i64)> = told.collect();
        for movement in &report.moved {
            let key = key(movement);
            for step in &movement.steps {
                let line = line_of(movement, step);
                let found = rest.binary_search_by(|(known, _)| (*known).cmp(&line));
                // What is not counted has no line.
                if let Ok(found) = found
                    && let Some((line, left)) = rest.get_mut(found)
                    && step.n != 0
                    && left.signum() == step.n
                {
                    *left -= step.n;
                    all.add(line, step.n, Some(movement), key.as_deref());
                }
            }
        }
        for (line, n) in rest.into_iter().filter(|(_, n)| *n != 0) {
            all.add(line, n, None, None);
        }
    }
    all.done
}

/// The ledger's line of a step.
fn line_of(movement: &Movement, step: &Step) -> Line {
    let release = (!movement.release.is_empty()).then(|| movement.release.as_str().into());
    let of = Dimensions {
        received: movement.received,
        source: &movement.source,
        release: release.as_ref(),
        event: &movement.event,
        worker: &movement.worker,
    };
    of.line(&step.destination, step.state, &step.code)
}

/// Where lines of an hour go that the ledger hands out under that name.
///
/// ```
/// use edgetally_core::base::time::UnixMillis;
/// use edgetally_core::ledger::outcomes::object_key;
/// let hour = UnixMillis(1_795_342_531_000).hour();
/// assert_eq!(object_key(hour, "3f9c"), "outcomes/dt=2026-11-22/hour=10/3f9c.ndjson");
/// ```
pub fn object_key(hour: UnixMillis, name: &str) -> String {
    let at = hour.to_rfc3339();
    let (day, time) = at.split_once('T').unwrap_or_default();
    let hour = time.get(..2).unwrap_or_default();
    ["outcomes/dt=", day, "/hour=", hour, "/", name, ".ndjson"].concat()
}

struct Portions {
    at: String,
    done: Vec<Portion>,
}

impl Portions {
    fn add(&mut self, line: &Line, n: i64, of: Option<&Movement>, key: Option<&str>) {
        let outcome = Outcome::new(&self.at, line, n, of, key);
        let has_room = |portion: &&mut Portion| {
            portion.hour == line.hour && portion.source == line.source && portion.text.len() < LARGE
        };
        let mut open = self.done.iter_mut().rev();
        if let Some(open) = open.find(has_room) {
            open.add(&outcome);
        } else {
            let mut portion = Portion {
                hour: line.hour,
                source: line.source.clone(),
                lines: 0,
                text: String::new(),
            };
            portion.add(&outcome);
            self.done.push(portion);
        }
    }
}

impl Portion {
    fn add(&mut self, outcome: &Outcome<'_>) {
        append(&mut self.text, outcome);
        self.text.push('\n');
        self.lines += 1;
    }
}

/// A line. Every member is in every line, so that whoever looks at the first ones only has seen them all.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    /// When the ledger counted it.
    at: &'a str,
    received_hour: String,
    received_at: Option<String>,
    source: &'a str,
    release: &'a str,
    worker: &'a str,
    event: &'a str,
    event_key: Option<&'a str>,
    destination: &'a str,
    state: State,
    code: &'a str,
    n: i64,
    kind: Option<&'a str>,
    apart: Option<&'a str>,
    attempt: Option<u32>,
    latency_s: Option<Box<RawValue>>,
    value: Option<&'a RawValue>,
    currency: Option<&'a str>,
}

impl<'a> Outcome<'a> {
    fn new(
        at: &'a str,
        line: &'a Line,
        n: i64,
        of: Option<&'a Movement>,
        event_key: Option<&'a str>,
    ) -> Self {
        let text = |member: fn(&Movement) -> &String| {
            let text = of.map(|of| member(of).as_str());
            text.filter(|text| !text.is_empty())
        };
        let is_delivered = line.state == State::Delivered && n > 0;
        Self {
            at,
            received_hour: line.hour.to_rfc3339(),
            received_at: of.map(|of| of.received.to_rfc3339()),
            source: &line.source,
            release: &line.release,
            worker: &line.worker,
            event: &line.event,
            event_key,
            destination: &line.destination,
            state: line.state,
            code: &line.code,
            n,
            kind: text(|of| &of.kind),
            apart: text(|of| &of.apart),
            attempt: of.and_then(|of| of.attempt),
            latency_s: of.filter(|_| is_delivered).and_then(|of| seconds(of.took?)),
            // In the sender's spelling.
            value: of
                .filter(|of| number(&of.value).is_some())
                .and_then(|of| serde_json::from_str(&of.value).ok()),
            currency: text(|of| &of.currency),
        }
    }
}

/// Seconds as a number of JSON.
fn seconds(milliseconds: i64) -> Option<Box<RawValue>> {
    let (whole, rest) = (milliseconds / 1000, milliseconds.rem_euclid(1000));
    RawValue::from_string(format!("{whole}.{rest:03}")).ok()
}

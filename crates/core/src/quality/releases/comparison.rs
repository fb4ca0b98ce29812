//! What a comparison comes to.

use serde::{Serialize, Serializer};

use super::plan::{NotYet, Silence, Traffic, Windows};
use super::question::Question;
use super::statistics::Change;
use super::words::{self, escaped};
use crate::base::time::{HOUR_MS, UnixMillis};

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing changed by more than was asked for, and it would have been seen.
    Pass,
    /// Something did.
    Fail,
    /// Nobody can tell yet.
    Inconclusive,
}

impl Verdict {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The comparison fails by it.
    Fail,
    /// Worth a look; it may be chance.
    Warn,
    /// Different, and too little to matter, or explained by another.
    Note,
}

impl Severity {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Note => "note",
        }
    }
}

macro_rules! serialize_by_name {
    ($($type:ident)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}
serialize_by_name!(Verdict Severity);

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// The test that found it, `T1` to `T7`.
    pub test: &'static str,
    /// What differs: `volume`, `email`, `rejected`, `new code`.
    pub what: String,
    /// The event; empty for all of them.
    pub event: String,
    /// The destination; empty for intake.
    pub destination: String,
    /// Other destinations at which the same differs.
    pub also: Vec<String>,
    /// Before: a share, or the expected count.
    pub before: f64,
    /// After: a share, or the count.
    pub after: f64,
    /// How much: a ratio for counts and amounts, a difference for shares.
    pub change: Change,
    /// `ratio` or `difference`.
    pub unit: &'static str,
    /// The p-value among all others; nothing where a rule decided.
    pub p: Option<f64>,
    /// The first hour of it.
    pub since: Option<UnixMillis>,
    /// All of it in plain words.
    pub text: String,
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("estimate", &self.estimate)?;
        map.serialize_entry("low", &self.low)?;
        map.serialize_entry("high", &self.high)?;
        map.end()
    }
}

/// How an event was measured by another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    /// `page_view`, or `other events`.
    pub by: &'static str,
    /// How many were expected of as many of those.
    pub expected: f64,
    /// The ratio.
    pub change: Change,
}

/// How well an event was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sight {
    /// The event.
    pub event: String,
    /// How often it came with the judged label.
    pub after: f64,
    /// How often it was expected.
    pub expected: f64,
    /// The same by each denominator.
    pub against: Vec<Against>,
    /// How much more it varies from day to day than counting would have it.
    pub dispersion: f64,
    /// The smallest drop that would have been found four times out of five; nothing where not even the whole would.
    pub smallest_drop: Option<f64>,
    /// Whether a pass depends on it.
    pub watched: bool,
    /// How many more would have to be expected to see the drop that is asked for.
    pub more: f64,
}

/// How many hours, from when to when, and with how many events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// The label.
    pub label: String,
    /// The first hour.
    pub since: UnixMillis,
    /// The end of the last one.
    pub until: UnixMillis,
    /// How many hours.
    pub hours: usize,
    /// How many events.
    pub events: f64,
}

/// One hour of a label's spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adoption {
    /// The hour.
    pub hour: UnixMillis,
    /// The judged label's share of the traffic.
    pub after: f64,
    /// The other one's.
    pub before: f64,
}

/// A comparison of two labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The answer.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
    /// How many more events are needed for an answer; 0 where there is one.
    pub more_events: f64,
    /// What was asked.
    pub question: Question,
    /// The hours of the judged label.
    pub after: Option<Window>,
    /// The hours of the other one.
    pub before: Option<Window>,
    /// Whether these are the same hours.
    pub concurrent: bool,
    /// What differs, the worst first.
    pub findings: Vec<Finding>,
    /// How well each event was seen.
    pub sight: Vec<Sight>,
    /// How the label spread, from its first hour on.
    pub adoption: Vec<Adoption>,
}

/// So many hours of a label's spread are told.
const MOST_ADOPTION: usize = 72;
/// So many rows a table for a job's summary has.
const MOST_ROWS: usize = 30;

fn adoption(traffic: &[Traffic]) -> Vec<Adoption> {
    let since = traffic.iter().position(|hour| hour.after > 0.0);
    let hours = traffic.iter().skip(since.unwrap_or(traffic.len()));
    let shares = hours.filter(|hour| hour.all > 0.0).map(|hour| Adoption {
        hour: hour.hour,
        after: hour.after / hour.all,
        before: hour.before / hour.all,
    });
    shares.take(MOST_ADOPTION).collect()
}

fn window(label: &str, hours: &[UnixMillis], events: f64) -> Option<Window> {
    Some(Window {
        label: label.to_owned(),
        since: *hours.first()?,
        until: UnixMillis(hours.last()?.0 + HOUR_MS),
        hours: hours.len(),
        events,
    })
}

impl Comparison {
    /// Before there is a verdict.
    pub(super) fn of(question: &Question, windows: &Windows) -> Self {
        let events = |hours: &[UnixMillis], count: fn(&Traffic) -> f64| {
            let within = windows
                .traffic
                .iter()
                .filter(|hour| hours.binary_search(&hour.hour).is_ok());
            within.map(count).sum()
        };
        Self {
            after: window(
                &question.after,
                &windows.after,
                events(&windows.after, |hour| hour.after),
            ),
            before: window(
                &windows.label,
                &windows.before,
                events(&windows.before, |hour| hour.before),
            ),
            concurrent: windows.concurrent,
            ..Self::empty(question, &windows.traffic)
        }
    }

    fn empty(question: &Question, traffic: &[Traffic]) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            reason: String::new(),
            more_events: 0.0,
            question: question.clone(),
            after: None,
            before: None,
            concurrent: false,
            findings: Vec::new(),
            sight: Vec::new(),
            adoption: adoption(traffic),
        }
    }

    /// Too early.
    pub(super) fn not_yet(question: &Question, it: &NotYet) -> Self {
        Self {
            reason: [
                "Not enough to compare yet: ",
                &it.reason,
                ". About ",
                &words::whole(it.more.ceil()),
                " more events are needed.",
            ]
            .concat(),
            more_events: it.more.ceil(),
            ..Self::empty(question, &it.traffic)
        }
    }

    /// Nothing comes any more.
    pub(super) fn silent(question: &Question, it: &Silence) -> Self {
        let text = [
            "Nothing at all has come from the source since ",
            &words::hour(it.since),
            "; at least ",
            &words::whole(it.expected),
            " events came in the same hours of each of the four weeks before.",
        ]
        .concat();
        Self {
            verdict: Verdict::Fail,
            reason: text.clone(),
            findings: vec![Finding {
                severity: Severity::Fail,
                test: "T1",
                what: "volume".to_owned(),
                event: String::new(),
                destination: String::new(),
                also: Vec::new(),
                before: it.expected,
                after: 0.0,
                change: Change {
                    estimate: 0.0,
                    low: 0.0,
                    high: 0.0,
                },
                unit: "ratio",
                p: None,
                since: Some(it.since),
                text,
            }],
            ..Self::empty(question, &it.traffic)
        }
    }

    /// The exit code of whoever asked from a command line: 0, 1, 2. A question without an answer has
    /// [`Usage::EXIT_CODE`](super::Usage::EXIT_CODE).
    pub const fn exit_code(&self) -> i32 {
        match self.verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::Inconclusive => 2,
        }
    }

    /// All of it as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// For a job's summary: a heading, a sentence, and one table. Names come from senders, so they are escaped.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let mut put = |parts: &[&str]| {
            for part in parts {
                out.push_str(part);
            }
        };
        let before = self.before.as_ref().map(|window| window.label.as_str());
        let before = before.or(self.question.before.as_deref());
        put(&["### ", &escaped(&self.question.source), ": "]);
        if let Some(before) = before {
            put(&[&escaped(words::label(before)), " → "]);
        }
        let verdict = self.verdict.as_str();
        put(&[
            &escaped(words::label(&self.question.after)),
            ": **",
            verdict,
            "**\n\n",
        ]);
        put(&[&escaped_sentence(&self.reason), "\n"]);
        if let (Some(after), Some(before)) = (&self.after, &self.before) {
            let span = |window: &Window| {
                [
                    &words::whole(window.events),
                    " events in ",
                    &window.hours.to_string(),
                    " h from ",
                    &words::hour(window.since),
                ]
                .concat()
            };
            let how = if self.concurrent {
                "the same hours"
            } else {
                "hours before"
            };
            put(&[
                "\nCompared: ",
                &span(after),
                " with ",
                how,
                ", ",
                &span(before),
                ".\n",
            ]);
        }
        if !self.findings.is_empty() {
            put(&[
                "\n| | event | where | what | before | after | change (80 % interval) | since | test |\n",
            ]);
            put(&["|---|---|---|---|---|---|---|---|---|\n"]);
            for finding in self.findings.iter().take(MOST_ROWS) {
                put(&[&finding.row()]);
            }
            if self.findings.len() > MOST_ROWS {
                let rest = (self.findings.len() - MOST_ROWS).to_string();
                put(&["\n… and ", &rest, " more.\n"]);
            }
        }
        let seen: Vec<String> = self
            .sight
            .iter()
            .filter(|sight| sight.watched)
            .map(Sight::words)
            .collect();
        if !seen.is_empty() {
            put(&[
                "\nThe smallest drop that could have been seen: ",
                &seen.join(", "),
                ".\n",
            ]);
        }
        out
    }
}

impl Sight {
    fn words(&self) -> String {
        let drop = self.smallest_drop.map(words::percent);
        [
            &escaped(&self.event),
            " ",
            drop.as_deref().unwrap_or("none"),
        ]
        .concat()
    }
}

impl Finding {
    fn row(&self) -> String {
        let is_ratio = self.unit == "ratio";
        let change = |x: f64| {
            if is_ratio {
                words::against(x)
            } else {
                words::points(x)
            }
        };
        let amount = |x: f64| {
            if self.test == "T6" {
                words::amount(x)
            } else if is_ratio {
                words::whole(x)
            } else {
                words::percent(x)
            }
        };
        let place = if self.destination.is_empty() {
            "intake"
        } else {
            self.destination.as_str()
        };
        let mut places = escaped(place);
        for also in &self.also {
            places.push_str(", ");
            places.push_str(&escaped(also));
        }
        let interval = if self.change.low.is_finite() || self.change.high.is_finite() {
            [
                &change(self.change.estimate),
                " (",
                &change(self.change.low),
                " to ",
                &change(self.change.high),
                ")",
            ]
            .concat()
        } else {
            String::new()
        };
        let since = self.since.map(words::hour).unwrap_or_default();
        let cells = [
            self.severity.as_str().to_owned(),
            escaped(words::event(&self.event)),
            places,
            escaped(&self.what),
            amount(self.before),
            amount(self.after),
            interval,
            since,
            self.test.to_owned(),
        ];
        ["| ", &cells.join(" | "), " |\n"].concat()
    }
}

/// A sentence of ours, with the names of senders in it: points and colons of ours may stay as they look.
fn escaped_sentence(text: &str) -> String {
    let mut out = String::new();
    // A long sentence is several pieces, since a name is cut off.
    let characters: Vec<char> = text.chars().take(2000).collect();
    for piece in characters.chunks(100) {
        out.push_str(&escaped(&piece.iter().collect::<String>()));
    }
    out
}

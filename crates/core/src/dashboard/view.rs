//! What the page is made of: the answers of the ledger, and what the worker knows beside.

use super::filter::Filter;
use crate::base::reported::Reported;
use crate::base::time::UnixMillis;
use crate::ledger::Line;

/// Sums of the ledger's lines, as it answers a [`Query`](crate::ledger::Query).
pub type Sums = Vec<(Line, i64)>;

/// The answers to [`Filter::questions`].
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// To `arrivals`, in their order.
    pub arrivals: Vec<Sums>,
    /// To `traffic`.
    pub traffic: Sums,
    /// To `releases`.
    pub releases: Sums,
    /// To `platforms`.
    pub platforms: Sums,
    /// To `sent`, where it was asked.
    pub sent: Sums,
    /// To `coverage`.
    pub coverage: Sums,
    /// There were more sums than one page is made of, so some are missing: senders make names up.
    pub crowded: bool,
}

/// A destination of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its name.
    pub name: String,
    /// Its platform.
    pub platform: &'static str,
    /// While it is paused: for how many seconds more, and the code of why.
    pub paused: Option<(i64, String)>,
}

/// Something with a last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What it is.
    pub what: String,
    /// The last day, `2026-11-30`.
    pub on: String,
    /// How many days are left.
    pub days: i64,
    /// What to do about it.
    pub advice: &'static str,
}

/// Something that somebody was told of, and that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The kind, by its name.
    pub kind: &'static str,
    /// The source; empty where it is not one's.
    pub source: String,
    /// What is wrong, in a sentence.
    pub text: String,
    /// Since when, as far as it is known.
    pub since: Option<UnixMillis>,
}

/// What happened to a copy of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: UnixMillis,
    /// The source.
    pub source: String,
    /// Its name.
    pub event: String,
    /// Its id.
    pub event_id: String,
    /// What became of it, by destination: `delivered`, `blocked:ad_user_data_denied`.
    pub became: Vec<(String, String)>,
}

/// How a gate judged a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: &'static str,
    /// The release that was judged.
    pub release: String,
    /// The one that it was held against.
    pub against: String,
    /// Why, in a sentence.
    pub reason: String,
    /// What was found, in sentences.
    pub findings: Vec<String>,
    /// The smallest drop of the event that matters most that could have been seen, as a share.
    pub smallest: Option<f64>,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct View {
    /// Now.
    pub now: UnixMillis,
    /// What is shown.
    pub filter: Filter,
    /// The sources of the settings.
    pub sources: Vec<String>,
    /// Those among them whose events go nowhere.
    pub idle: Vec<String>,
    /// The destinations of the settings.
    pub destinations: Vec<Destination>,
    /// What the ledger answered; nothing where it did not.
    pub answers: Option<Answers>,
    /// The latest copies.
    pub latest: Vec<Seen>,
    /// How many dead letters there are, by destination, and how many more messages nobody could read.
    pub letters: Vec<(String, i64)>,
    /// What a person has to see to, in sentences.
    pub tasks: Vec<String>,
    /// What ends, the soonest first.
    pub endings: Vec<Ending>,
    /// The incidents that are open.
    pub incidents: Vec<Incident>,
    /// How many reports wait for others that they build upon.
    pub waiting: i64,
    /// The last release as the gate judged it.
    pub verdict: Option<Verdict>,
    /// The latest that platforms report themselves.
    pub reported: Vec<Reported>,
    /// Destinations whose platform reported nothing when it was last asked, with the code of why.
    pub unreported: Vec<(String, String)>,
}

impl View {
    /// The platform of a destination.
    pub(super) fn platform(&self, name: &str) -> Option<&'static str> {
        let mut all = self.destinations.iter();
        all.find(|one| one.name == name).map(|one| one.platform)
    }

    /// The address of the page with its filter.
    pub(super) fn address(&self) -> String {
        format!("/dashboard?{}", self.filter.address())
    }

    /// The address of the same with the gate's verdict.
    pub(super) fn judged(&self) -> String {
        let filter = Filter {
            gate: true,
            ..self.filter.clone()
        };
        format!("/dashboard?{}#released", filter.address())
    }

    /// The source that is shown, where it is one.
    pub fn source(&self) -> Option<&str> {
        let only = || match self.sources.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        };
        self.filter.source.as_deref().or_else(only)
    }
}

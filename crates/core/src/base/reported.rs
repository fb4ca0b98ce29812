//! What platforms report about what they were sent: a closed list of metrics, as numbers with their unit and the span of time
//! that they cover. They are the platform's own, so they are kept and shown beside ours, and nothing is decided by them.
//!
//! Whatever a platform answers, what is kept is bounded: metrics are of this list, the keys that they are about are names of a
//! few letters, and one reply has so many of them and no more.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::base::members::{Members, text};
use crate::base::time::UnixMillis;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// From 0 to 10.
    OfTen,
    /// From 0 to 100.
    Percent,
    /// How many events.
    Events,
    /// It is no number but one of the platform's words.
    Word,
}

impl Unit {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OfTen => "of_10",
            Self::Percent => "percent",
            Self::Events => "events",
            Self::Word => "word",
        }
    }

    /// Whether a number can be one of these.
    fn holds(self, number: f64) -> bool {
        match self {
            Self::OfTen => (0.0..=10.0).contains(&number),
            Self::Percent => (0.0..=100.0).contains(&number),
            // As far as JavaScript counts exactly.
            Self::Events => (0.0..=9e15).contains(&number),
            Self::Word => false,
        }
    }
}

macro_rules! metrics {
    ($($(#[doc = $about:literal])* $metric:ident $name:literal $unit:ident $words:literal,)*) => {
        /// What a platform can report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[doc = $about])* $metric,)*
        }

        impl Metric {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$metric,)*];

            /// Its stable name, its unit, and what it is in a few words.
            const fn facts(self) -> (&'static str, Unit, &'static str) {
                match self {
                    $(Self::$metric => ($name, Unit::$unit, $words),)*
                }
            }
        }
    };
}

metrics! {
    /// A score of how well events can be matched.
    MatchQuality "match_quality" OfTen "Match quality",
    /// Events that came with a key, or with a part.
    Coverage "coverage" Percent "Events with",
    /// The page's events that came from the server as well.
    EventCoverage "event_coverage" Percent "The page’s events that came from the server too",
    /// The least of the above that the platform wants.
    EventCoverageGoal "event_coverage_goal" Percent "The platform’s goal for that",
    /// The page's events that can be told apart by a key.
    DedupBrowser "dedup_browser" Percent "The page’s events with",
    /// The server's events that can be told apart by a key.
    DedupServer "dedup_server" Percent "The server’s events with",
    /// The page's events that the server's were paired with by a key.
    DedupCovered "dedup_covered" Percent "The page’s events paired by",
    /// Events of the one sender that the other sent too.
    Overlap "overlap" Percent "Events of both senders with the same",
    /// Events that the platform counted, by where they came from.
    Counted "counted" Events "Events counted, from",
    /// Events that the platform took.
    Successful "successful" Events "Events taken",
    /// Events that were uploaded.
    Uploaded "uploaded" Events "Events uploaded",
    /// The share that it took.
    SuccessRate "success_rate" Percent "Taken, of those uploaded",
    /// The share that it has not decided on.
    PendingRate "pending_rate" Percent "Not decided yet, of those uploaded",
    /// How the platform sums it up.
    Status "status" Word "Status",
    /// How fresh the platform finds events.
    Freshness "freshness" Word "Events come in",
}

impl Metric {
    /// The stable `snake_case` name.
    pub const fn as_str(self) -> &'static str {
        self.facts().0
    }

    /// What its numbers count.
    pub const fn unit(self) -> Unit {
        self.facts().1
    }

    /// What it is, in a few words; the key that it is about comes behind them.
    pub const fn words(self) -> &'static str {
        self.facts().2
    }

    /// Whether it is about a key, a part or a sender.
    const fn has_key(self) -> bool {
        matches!(
            self,
            Self::Coverage
                | Self::DedupBrowser
                | Self::DedupServer
                | Self::DedupCovered
                | Self::Overlap
                | Self::Counted
        )
    }

    /// By its name.
    pub fn read(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|metric| metric.as_str() == name)
    }
}

/// One number or word of a platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Amount {
    /// A number, in the metric's unit.
    Number(f64),
    /// A word.
    Word(String),
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Word(word) => serializer.serialize_str(word),
        }
    }
}

/// A metric, what it is about (a key, a sender, or nothing), and how much it is.
pub type Figure = (Metric, String, Amount);

/// What a platform reports about an event, or about all of them, over a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// The destination.
    pub destination: String,
    /// The event by our name, or by the platform's where we have none; empty where it is about all events.
    pub event: String,
    /// The span of time that it covers: from here
    pub since: UnixMillis,
    /// to here.
    pub until: UnixMillis,
    /// When the platform was asked.
    pub observed_at: UnixMillis,
    /// What it said.
    pub figures: Vec<Figure>,
}

/// The longest name of a key, and the longest word.
const LONGEST_NAME: usize = 40;
/// The longest name of an event.
const LONGEST_EVENT: usize = 50;
/// How many figures there are about one event and span at most.
const MOST_FIGURES: usize = 40;
/// How many events and spans one visit to a platform brings at most.
pub const MOST_REPORTED: usize = 60;

/// Whether it is a name as platforms spell those of keys: letters and underscores, and few of them.
fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Whether the name of an event is one that is kept.
fn is_event(name: &str) -> bool {
    (1..=LONGEST_EVENT).contains(&name.len())
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b' ')
        })
}

impl Reported {
    /// Nothing yet, about an event and a span that ends when the platform is asked.
    pub(crate) fn new(event: &str, since: UnixMillis, until: UnixMillis) -> Self {
        Self {
            destination: String::new(),
            event: event.to_owned(),
            since,
            until,
            observed_at: until,
            figures: Vec::new(),
        }
    }

    /// Takes a number down, where it is one that the metric can be.
    pub(crate) fn number(&mut self, metric: Metric, of: &str, number: Option<f64>) {
        if let Some(number) = number.filter(|number| metric.unit().holds(*number)) {
            self.take(metric, of, Amount::Number(number));
        }
    }

    /// Takes a word down, where it is one.
    pub(crate) fn word(&mut self, metric: Metric, word: Option<&str>) {
        if let Some(word) = word.filter(|word| is_name(word)) {
            self.take(metric, "", Amount::Word(word.to_owned()));
        }
    }

    fn take(&mut self, metric: Metric, of: &str, amount: Amount) {
        let known = |(other, key, _): &Figure| *other == metric && key == of;
        let about = if metric.has_key() {
            is_name(of)
        } else {
            of.is_empty()
        };
        if about && self.figures.len() < MOST_FIGURES && !self.figures.iter().any(known) {
            self.figures.push((metric, of.to_owned(), amount));
        }
    }

    /// The same, unless there is nothing in it that can be kept.
    pub(crate) fn kept(self) -> Option<Self> {
        let named = self.event.is_empty() || is_event(&self.event);
        (named && !self.figures.is_empty()).then_some(self)
    }

    /// Reads what the ledger kept.
    pub fn read(row: Value) -> Option<Self> {
        let mut of = Members::of(row)?;
        let figures = of.take("figures")?;
        // As a database gives it.
        let figures = match figures {
            Value::String(text) => serde_json::from_str(&text).ok()?,
            other => other,
        };
        let Value::Array(figures) = figures else {
            return None;
        };
        Some(Self {
            destination: of.text("destination")?,
            event: of.text_or_empty("event")?,
            since: of.time("since")?,
            until: of.time("until")?,
            observed_at: of.time("observed_at")?,
            // What a later release can report is passed over.
            figures: figures.into_iter().filter_map(figure).collect(),
        })
    }
}

fn figure(value: Value) -> Option<Figure> {
    let Value::Array(parts) = value else {
        return None;
    };
    let mut parts = parts.into_iter();
    let metric = Metric::read(parts.next()?.as_str()?)?;
    let of = text(parts.next()?)?;
    let amount = match parts.next()? {
        Value::String(word) => Amount::Word(word),
        number => Amount::Number(number.as_f64()?),
    };
    Some((metric, of, amount))
}

impl Serialize for Reported {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let figures = self.figures.iter();
        let figures: Vec<_> = figures
            .map(|(metric, of, amount)| (metric.as_str(), of, amount))
            .collect();
        let mut to = serializer.serialize_struct("Reported", 6)?;
        to.serialize_field("destination", &self.destination)?;
        to.serialize_field("event", &self.event)?;
        to.serialize_field("since", &self.since)?;
        to.serialize_field("until", &self.until)?;
        to.serialize_field("observed_at", &self.observed_at)?;
        to.serialize_field("figures", &figures)?;
        to.end()
    }
}

/// When a platform was last asked, and how that went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// The destination.
    pub destination: String,
    /// When it was asked.
    pub at: UnixMillis,
    /// Not to be asked before.
    pub next: UnixMillis,
    /// Why there was no report, or not all of it, as a code; empty where there was.
    pub fault: String,
}

impl Visit {
    /// Reads one.
    pub fn read(row: Value) -> Option<Self> {
        let mut of = Members::of(row)?;
        Some(Self {
            destination: of.text("destination")?,
            at: of.time("at")?,
            next: of.time("next")?,
            fault: of.text_or_empty("fault")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_a_name_each_and_are_found_by_it() {
        let mut names = std::collections::BTreeSet::new();
        for metric in Metric::ALL {
            assert_eq!(Metric::read(metric.as_str()), Some(*metric));
            assert!(names.insert(metric.as_str()) && is_name(metric.as_str()));
            assert!(
                metric
                    .words()
                    .chars()
                    .all(|c| c.is_alphabetic() || " ’,".contains(c))
            );
        }
        assert_eq!(Metric::read("beauty"), None);
    }

    #[test]
    fn only_what_a_metric_can_be_is_kept() {
        let mut of = Reported::new("purchase", UnixMillis(0), UnixMillis(9));
        of.number(Metric::MatchQuality, "", Some(10.1));
        of.number(Metric::MatchQuality, "", Some(f64::NAN));
        of.number(Metric::Coverage, "email", None);
        of.number(Metric::Coverage, "email", Some(-0.1));
        of.number(Metric::Coverage, "", Some(1.0));
        of.number(Metric::MatchQuality, "email", Some(1.0));
        of.number(Metric::Coverage, "jo@mail.example", Some(1.0));
        of.number(Metric::Coverage, &"k".repeat(41), Some(1.0));
        of.number(Metric::Counted, "server", Some(1e16));
        of.number(Metric::Status, "", Some(1.0));
        of.word(Metric::Status, Some("not a word"));
        of.word(Metric::Status, Some(""));
        assert_eq!(of.clone().kept(), None, "{of:?}");
        of.number(Metric::MatchQuality, "", Some(7.4));
        of.number(Metric::MatchQuality, "", Some(7.5));
        of.word(Metric::Status, Some("NEEDS_IMPROVEMENT"));
        assert_eq!(
            of.figures,
            [
                (Metric::MatchQuality, String::new(), Amount::Number(7.4)),
                (
                    Metric::Status,
                    String::new(),
                    Amount::Word("NEEDS_IMPROVEMENT".to_owned())
                ),
            ]
        );
        for event in ["jo@mail.example", "<b>", &"e".repeat(51)] {
            let named = Reported {
                event: event.to_owned(),
                ..of.clone()
            };
            assert_eq!(named.kept(), None, "{event}");
        }
        for n in 0..100 {
            let key: String = format!("k{n}");
            of.number(Metric::Coverage, &key, Some(1.0));
        }
        assert_eq!(of.figures.len(), MOST_FIGURES);
        assert!(of.kept().is_some());
    }

    #[test]
    fn what_was_kept_is_read_again() {
        let mut of = Reported::new("purchase", UnixMillis(3), UnixMillis(9));
        "meta".clone_into(&mut of.destination);
        of.number(Metric::Coverage, "email", Some(81.2));
        of.word(Metric::Freshness, Some("real_time"));
        let mut value = serde_json::to_value(&of).unwrap();
        assert_eq!(Reported::read(value.clone()), Some(of.clone()));
        // The database hands a list over as text, and a later release may have more to say.
        value["figures"] =
            r#"[["coverage","email",81.2],["freshness","","real_time"],["beauty","",1],[]]"#.into();
        assert_eq!(Reported::read(value), Some(of));
        assert_eq!(Reported::read(Value::Null), None);
    }
}

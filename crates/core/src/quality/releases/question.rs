//! What is asked: which two labels of which source, and what counts as a difference.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::members::Members;
use crate::base::time::UnixMillis;
use crate::ledger::{Dimension, Line};

/// What the two labels are labels of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// The site's release, as the sender names it.
    #[default]
    Release,
    /// The gateway's own version.
    Worker,
}

impl By {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Worker => "worker",
        }
    }

    /// By its name.
    pub fn read(name: &str) -> Option<Self> {
        [Self::Release, Self::Worker]
            .into_iter()
            .find(|by| by.as_str() == name)
    }

    /// What lines are kept apart by.
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::Release => Dimension::Release,
            Self::Worker => Dimension::Worker,
        }
    }

    /// A line's label.
    pub fn label(self, line: &Line) -> &str {
        match self {
            Self::Release => &line.release,
            Self::Worker => &line.worker,
        }
    }
}

/// How often the answer is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Looks {
    /// Once, when the time is up: the tests of a fixed sample.
    #[default]
    Once,
    /// As often as one likes, hour after hour, and believed as soon as it fails: evidence that is valid at any time. It takes
    /// more events for the same sight.
    Hourly,
}

impl Looks {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Hourly => "hourly",
        }
    }

    /// By its name.
    pub fn read(name: &str) -> Option<Self> {
        [Self::Once, Self::Hourly]
            .into_iter()
            .find(|looks| looks.as_str() == name)
    }
}

macro_rules! thresholds {
    ($($(#[$doc:meta])* $name:ident = $default:literal,)*) => {
        /// From where on a difference counts. Fractions: `0.05` of a share is five points.
        #[derive(Debug, Clone, Copy, PartialEq, Serialize)]
        pub struct Thresholds {
            $($(#[$doc])* pub $name: f64,)*
        }

        impl Default for Thresholds {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Thresholds {
            /// The names, as they are in a question.
            pub const NAMES: &[&str] = &[$(stringify!($name),)*];

            /// Sets one by its name. Whether there is one of that name, and the value is a fraction.
            pub fn set(&mut self, name: &str, value: f64) -> bool {
                let fraction = value > 0.0 && value < 1.0;
                match name {
                    $(stringify!($name) if fraction => self.$name = value,)*
                    _ => return false,
                }
                true
            }
        }
    };
}

thresholds! {
    /// The chance that anything fails where nothing changed.
    alpha = 0.01,
    /// Among the warnings, the expected share of false ones.
    q = 0.05,
    /// How much an event may fall or rise against the others.
    volume = 0.15,
    /// How much the coverage of a key or a part may fall, and a share of consent or of blocked events move.
    coverage = 0.05,
    /// How much the share of duplicates may rise.
    duplicates = 0.01,
    /// How much the share of rejected or malformed events may rise.
    rejects = 0.005,
    /// The smallest drop of a watched event that must not have been missed for a pass.
    see = 0.4,
}

/// The question of one comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The source.
    pub source: String,
    /// The label to compare with; nothing for the one that had the traffic before.
    pub before: Option<String>,
    /// The label that is judged.
    pub after: String,
    /// What they are labels of.
    pub by: By,
    /// Now: what was received later is not looked at.
    pub until: UnixMillis,
    /// How often the answer is looked at.
    pub looks: Looks,
    /// So many events of the judged label are needed for any verdict but "not yet".
    pub min_events: u32,
    /// The events that have to be seen well enough for a pass; where it is empty those that come at least once an hour.
    pub watched: Vec<String>,
    /// From where on a difference counts.
    pub thresholds: Thresholds,
}

/// A question that has no answer, in words for whoever asked: exit code 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The stable code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Usage {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The exit code of whoever asked from a command line.
    pub const EXIT_CODE: i32 = 3;
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Usage {}

impl Question {
    /// How many events a verdict needs where the question does not say.
    pub const MIN_EVENTS: u32 = 200;

    /// With every default.
    pub fn new(source: &str, after: &str, until: UnixMillis) -> Self {
        Self {
            source: source.to_owned(),
            before: None,
            after: after.to_owned(),
            by: By::default(),
            until,
            looks: Looks::default(),
            min_events: Self::MIN_EVENTS,
            watched: Vec::new(),
            thresholds: Thresholds::default(),
        }
    }

    /// From parameters as an address has them; `now` is the end where they name none.
    ///
    /// `source`, `after`, and perhaps `before`, `by`, `until`, `looks`, `min_events`, `watch` (names with commas), and any of
    /// [`Thresholds::NAMES`]. What is empty counts as absent, but for the labels.
    ///
    /// # Errors
    ///
    /// In words, naming the parameter, and not its value.
    pub fn from_parameters<'a>(
        parameter: impl Fn(&str) -> Option<&'a str>,
        now: UnixMillis,
    ) -> Result<Self, Usage> {
        let wrong =
            |name: &str, rule: &str| Usage::new("parameter_invalid", [name, " ", rule].concat());
        let needed = |name: &str| {
            parameter(name)
                .ok_or_else(|| Usage::new("parameter_missing", [name, " is missing"].concat()))
        };
        let given = |name: &str| parameter(name).filter(|text| !text.is_empty());
        let mut question = Self::new(needed("source")?, needed("after")?, now);
        question.before = parameter("before").map(str::to_owned);
        if question.before.as_deref() == Some(&question.after) {
            return Err(Usage::new(
                "labels_equal",
                "before and after are the same label",
            ));
        }
        if let Some(text) = given("by") {
            question.by = By::read(text).ok_or_else(|| wrong("by", "is release or worker"))?;
        }
        if let Some(text) = given("looks") {
            question.looks =
                Looks::read(text).ok_or_else(|| wrong("looks", "is once or hourly"))?;
        }
        if let Some(text) = given("until") {
            question.until = UnixMillis::parse_text(text)
                .ok_or_else(|| wrong("until", "is a time with a zone"))?;
        }
        if let Some(text) = given("min_events") {
            question.min_events = text
                .parse()
                .map_err(|_| wrong("min_events", "is a whole number"))?;
        }
        if let Some(text) = given("watch") {
            question.watched = text.split(',').map(|name| name.trim().to_owned()).collect();
        }
        for name in Thresholds::NAMES {
            if let Some(text) = given(name) {
                let value = text.parse().unwrap_or(f64::NAN);
                if !question.thresholds.set(name, value) {
                    return Err(wrong(name, "is a number between 0 and 1"));
                }
            }
        }
        Ok(question)
    }

    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        let mut question = Self::new(&of.text("source")?, &of.text("after")?, of.time("until")?);
        question.before = match of.take("before") {
            None | Some(Value::Null) => None,
            Some(label) => Some(label.as_str()?.to_owned()),
        };
        question.by = By::read(&of.text("by")?)?;
        question.looks = Looks::read(&of.text("looks")?)?;
        question.min_events = of.whole("min_events")?;
        question.watched = of.list("watched", crate::base::members::text)?;
        for name in Thresholds::NAMES {
            if let Some(value) = of.take(name) {
                question
                    .thresholds
                    .set(name, value.as_f64()?)
                    .then_some(())?;
            }
        }
        Some(question)
    }
}

impl Serialize for Question {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("before", &self.before)?;
        map.serialize_entry("after", &self.after)?;
        map.serialize_entry("by", self.by.as_str())?;
        map.serialize_entry("until", &self.until)?;
        map.serialize_entry("looks", self.looks.as_str())?;
        map.serialize_entry("min_events", &self.min_events)?;
        map.serialize_entry("watched", &self.watched)?;
        let Thresholds {
            alpha,
            q,
            volume,
            coverage,
            duplicates,
            rejects,
            see,
        } = self.thresholds;
        let values = [alpha, q, volume, coverage, duplicates, rejects, see];
        for (name, value) in Thresholds::NAMES.iter().zip(values) {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(value).ok_or_else(|| serde::de::Error::custom("no Question"))
    }
}

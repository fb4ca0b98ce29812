//! What is wrong at the moment, as one look sees it.

use serde_json::Value;

use crate::base::json::{Leaf, Object};
use crate::base::members::Members;
use crate::base::time::UnixMillis;

/// How often it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// When an hour is over.
    Hourly,
    /// At every look.
    Always,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $cadence:ident $urgent:literal,)*) => {
        /// What can be wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All of them, the worst first.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The stable name, which is also the heading in `docs/alerts.md`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// How often it is looked for.
            pub const fn cadence(self) -> Cadence {
                match self {
                    $(Self::$kind => Cadence::$cadence,)*
                }
            }

            /// Whether it cannot wait for the morning.
            pub const fn is_urgent(self) -> bool {
                match self {
                    $(Self::$kind => $urgent,)*
                }
            }
        }
    };
}

kinds! {
    /// The books are out.
    Remainder "remainder" Always true,
    /// Nothing comes from a source any more.
    Silent "source_silent" Always true,
    /// An event does not come any more, although others do.
    Gone "event_gone" Always true,
    /// A platform takes nothing.
    Paused "destination_paused" Always false,
    /// More than half of a source's events are missing.
    Halved "events_halved" Hourly false,
    /// An event comes more or less often than the others let expect.
    Volume "volume" Hourly false,
    /// A share moved: of events with a match key, of those that are refused.
    Share "share" Hourly false,
    /// Events are refused for a reason that was never there before.
    NewCode "new_code" Hourly false,
    /// More dead letters than usual.
    DeadLetters "dead_letters" Always false,
    /// A credential or a version comes to its end.
    Ends "ends" Always false,
}

impl Kind {
    /// By its name.
    pub fn read(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.as_str() == name)
    }
}

/// What began before something moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Began {
    /// A release's label, or the gateway's own version.
    pub label: String,
    /// Its first hour.
    pub at: UnixMillis,
}

impl Began {
    fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            label: of.text("label")?,
            at: of.time("since")?,
        })
    }
}

/// A time: as a number where it is kept, and as people write it where it is shown.
pub(super) fn put_time(to: &mut Object<'_>, name: &str, at: Option<UnixMillis>, shown: bool) {
    let Some(at) = at else { return };
    if shown {
        to.put(name, at.to_rfc3339());
    } else {
        to.put(name, at.0);
    }
}

/// A number, to a thousandth: a count that is expected, or a share. Without the standard library's printing of floats.
fn put_number(to: &mut Object<'_>, name: &str, number: Option<f64>) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and counts are far below"
    )]
    let Some(thousandths) = number.map(|number| (number * 1000.0).round() as i64) else {
        return;
    };
    let digits = (1000 + thousandths.rem_euclid(1000)).to_string();
    let whole = thousandths.div_euclid(1000).to_string();
    let text = [&whole, ".", digits.get(1..).unwrap_or_default()].concat();
    to.put(name, Leaf::Raw(&text));
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What kind of thing.
    pub kind: Kind,
    /// The source; empty where it is not one's.
    pub source: String,
    /// The event; empty where it is no single one.
    pub event: String,
    /// The destination; empty for intake.
    pub destination: String,
    /// What moved, and where to, such as `email fell`; the code that is new.
    pub what: String,
    /// Since when, as far as it is known.
    pub since: Option<UnixMillis>,
    /// Before: an expected number, or a share.
    pub before: Option<f64>,
    /// Now: a number, or a share.
    pub after: Option<f64>,
    /// All of it in one plain sentence.
    pub text: String,
    /// The sender's release that began at that time or not long before.
    pub release: Option<Began>,
    /// The gateway's own version that did.
    pub worker: Option<Began>,
    /// It is told again when this rises.
    pub stage: u8,
    /// The hours that were looked at; 0 where no hours were.
    pub window: u8,
    /// Whether it begins an incident. What is not certain only keeps one from ending.
    pub certain: bool,
}

impl Condition {
    /// Of that kind, and nothing else known yet.
    pub(super) fn new(kind: Kind, text: String) -> Self {
        Self {
            kind,
            source: String::new(),
            event: String::new(),
            destination: String::new(),
            what: String::new(),
            since: None,
            before: None,
            after: None,
            text,
            release: None,
            worker: None,
            stage: 0,
            window: 0,
            certain: true,
        }
    }

    /// What it is about. Two looks that see the same have the same.
    pub fn subject(&self) -> String {
        // Where a share moved for several events, that is one thing that is wrong.
        let event = if self.kind == Kind::Share {
            ""
        } else {
            &self.event
        };
        [
            self.kind.as_str(),
            &self.source,
            event,
            &self.destination,
            &self.what,
        ]
        .join("\n")
    }

    /// As it is kept, or shown. What there is nothing of is left out.
    pub(super) fn write(&self, to: &mut Object<'_>, shown: bool) {
        for (name, text) in [
            ("kind", self.kind.as_str()),
            ("source", &self.source),
            ("event", &self.event),
            ("destination", &self.destination),
            ("what", &self.what),
            ("text", &self.text),
        ] {
            to.put(name, text);
        }
        put_time(to, "since", self.since, shown);
        put_number(to, "before", self.before);
        put_number(to, "after", self.after);
        for (name, began) in [("release", &self.release), ("worker", &self.worker)] {
            if let Some(began) = began {
                to.object(name, |to| {
                    to.put("label", &began.label);
                    put_time(to, "since", Some(began.at), shown);
                });
            }
        }
        if !shown {
            to.put("stage", i64::from(self.stage));
            to.put("window", i64::from(self.window));
        }
    }

    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        let number = |of: &mut Members, name| of.take(name).and_then(|value| value.as_f64());
        Some(Self {
            kind: Kind::read(&of.text("kind")?)?,
            source: of.text_or_empty("source")?,
            event: of.text_or_empty("event")?,
            destination: of.text_or_empty("destination")?,
            what: of.text_or_empty("what")?,
            since: of.time("since"),
            before: number(&mut of, "before"),
            after: number(&mut of, "after"),
            text: of.text("text")?,
            release: of.take("release").and_then(Began::read),
            worker: of.take("worker").and_then(Began::read),
            stage: of.whole("stage")?,
            window: of.whole("window")?,
            certain: true,
        })
    }
}

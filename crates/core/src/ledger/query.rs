//! What is asked of the ledger's lines: which of them, and what of them is kept apart.
//!
//! Whoever computes something of lines says so in one of these, and whoever has the lines answers it: the ledger's database
//! with SQL, a test and the Python package with [`Query::fold`]. What both have to agree about is [`Query::takes`].

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::State;
use super::wire::Line;
use crate::base::members::{Members, text};
use crate::base::table::{Table, sort_many};
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};

/// Where a line was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// Anywhere.
    #[default]
    Any,
    /// At intake: under the empty destination.
    Intake,
    /// At any destination, and not at intake.
    Destinations,
    /// At the destination of this name.
    One(String),
}

macro_rules! dimensions {
    ($($(#[$doc:meta])* $dimension:ident $name:literal,)*) => {
        /// What lines can be kept apart by. States always are: a sum over them says nothing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Dimension {
            $($(#[$doc])* $dimension,)*
        }

        impl Dimension {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$dimension,)*];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$dimension => $name,)*
                }
            }
        }
    };
}

dimensions! {
    /// The hour of receipt.
    Hour "hour",
    /// The day of receipt, in UTC unless the question has other [`Days`]: `hour` is its first one. The hour counts where both
    /// are named.
    Day "day",
    /// The source.
    Source "source",
    /// The sender's release.
    Release "release",
    /// The event's name.
    Event "event",
    /// The destination.
    Destination "destination",
    /// The code.
    Code "code",
    /// The gateway's own version.
    Worker "worker",
}

impl Dimension {
    /// By its name.
    pub fn read(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|dimension| dimension.as_str() == name)
    }
}

/// A question about lines. The answer is lines again, with the sum of each: what is not kept apart is empty in them, and the
/// hour of what is kept apart neither by hour nor by day is 0. Sums of 0 are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// From this hour on.
    pub since: UnixMillis,
    /// Before this one.
    pub until: UnixMillis,
    /// Only those hours of the day, in UTC: bit 0 is the first one. [`Self::WHOLE_DAY`] has all.
    pub hours_of_day: u32,
    /// Only that source.
    pub source: Option<String>,
    /// Only that release; the empty text is what has none.
    pub release: Option<String>,
    /// Only that event.
    pub event: Option<String>,
    /// Only what was counted there.
    pub place: Place,
    /// Only that version of the gateway; the empty text is what has none.
    pub worker: Option<String>,
    /// Only those states; all where it is empty.
    pub states: Vec<State>,
    /// What is kept apart.
    pub by: Vec<Dimension>,
    /// What a day is.
    pub days: Days,
}

/// How long a day is, and when it begins: what lines are kept apart by where a question says [`Dimension::Day`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// How many hours it has; a part of 24.
    pub hours: i64,
    /// By how many hours the clock is ahead of UTC at whose midnight it begins.
    pub ahead: i64,
}

impl Days {
    /// Those of the calendar, in UTC.
    pub const UTC: Self = Self {
        hours: 24,
        ahead: 0,
    };

    /// When the day of an hour began.
    pub const fn begin(self, hour: UnixMillis) -> UnixMillis {
        UnixMillis(hour.0 - (hour.0 + self.ahead * HOUR_MS).rem_euclid(self.hours * HOUR_MS))
    }

    fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        let days = Self {
            hours: of.whole("hours")?,
            ahead: of.whole("ahead")?,
        };
        let whole = days.hours > 0 && 24 % days.hours == 0;
        (whole && (-24..=24).contains(&days.ahead)).then_some(days)
    }
}

impl Query {
    /// All hours of the day.
    pub const WHOLE_DAY: u32 = (1 << 24) - 1;

    /// Everything of a span of time, in one sum for each state.
    pub const fn between(since: UnixMillis, until: UnixMillis) -> Self {
        Self {
            since,
            until,
            hours_of_day: Self::WHOLE_DAY,
            source: None,
            release: None,
            event: None,
            place: Place::Any,
            worker: None,
            states: Vec::new(),
            by: Vec::new(),
            days: Days::UTC,
        }
    }

    /// The bit of an hour in [`Self::hours_of_day`].
    pub const fn hour_of_day(hour: UnixMillis) -> u32 {
        1 << (hour.0.rem_euclid(DAY_MS) / HOUR_MS)
    }

    /// Whether a line is asked for.
    pub fn takes(&self, line: &Line) -> bool {
        let is = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|it| it == has);
        (self.since..self.until).contains(&line.hour)
            && self.hours_of_day & Self::hour_of_day(line.hour) != 0
            && is(&self.source, &line.source)
            && is(&self.release, &line.release)
            && is(&self.event, &line.event)
            && is(&self.worker, &line.worker)
            && (self.states.is_empty() || self.states.contains(&line.state))
            && match &self.place {
                Place::Any => true,
                Place::Intake => line.destination.is_empty(),
                Place::Destinations => !line.destination.is_empty(),
                Place::One(name) => line.destination == *name,
            }
    }

    /// Whether lines are kept apart by it.
    pub fn is_by(&self, dimension: Dimension) -> bool {
        self.by.contains(&dimension)
    }

    /// The answer, of lines that are at hand, in the order of lines.
    pub fn fold(&self, lines: impl IntoIterator<Item = (Line, i64)>) -> Vec<(Line, i64)> {
        let mut taken: Vec<(Line, i64)> = lines
            .into_iter()
            .filter(|(line, _)| self.takes(line))
            .map(|(line, n)| (self.folded(line), n))
            .collect();
        sort_many(&mut taken, |(one, _), (other, _)| one < other);
        taken.dedup_by(|(next, n), (line, sum)| {
            let same = next == line;
            if same {
                *sum += *n;
            }
            same
        });
        taken.retain(|(_, sum)| *sum != 0);
        taken
    }

    /// A line without what is not kept apart.
    fn folded(&self, mut line: Line) -> Line {
        line.hour = if self.is_by(Dimension::Hour) {
            line.hour
        } else if self.is_by(Dimension::Day) {
            self.days.begin(line.hour)
        } else {
            UnixMillis(0)
        };
        for (dimension, text) in [
            (Dimension::Source, &mut line.source),
            (Dimension::Release, &mut line.release),
            (Dimension::Event, &mut line.event),
            (Dimension::Destination, &mut line.destination),
            (Dimension::Code, &mut line.code),
            (Dimension::Worker, &mut line.worker),
        ] {
            if !self.is_by(dimension) {
                text.clear();
            }
        }
        line
    }

    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        let mut maybe = |name: &str| match of.take(name) {
            None => Some(None),
            Some(value) => text(value).map(Some),
        };
        let (source, release) = (maybe("source")?, maybe("release")?);
        let (event, worker) = (maybe("event")?, maybe("worker")?);
        let place = match maybe("destination")? {
            None => match maybe("place")?.as_deref() {
                None => Place::Any,
                Some("intake") => Place::Intake,
                Some("destinations") => Place::Destinations,
                Some(_) => return None,
            },
            Some(name) => Place::One(name),
        };
        Some(Self {
            since: of.time("since")?,
            until: of.time("until")?,
            hours_of_day: match of.take("hours_of_day") {
                None => Self::WHOLE_DAY,
                Some(mask) => mask.as_u64()?.try_into().ok()?,
            },
            source,
            release,
            event,
            place,
            worker,
            states: of.list("states", |name| State::read(name.as_str()?))?,
            by: of.list("by", |name| Dimension::read(name.as_str()?))?,
            days: of.take("days").map_or(Some(Days::UTC), Days::read)?,
        })
    }
}

impl Serialize for Query {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("since", &self.since)?;
        map.serialize_entry("until", &self.until)?;
        if self.hours_of_day != Self::WHOLE_DAY {
            map.serialize_entry("hours_of_day", &self.hours_of_day)?;
        }
        let place = match &self.place {
            Place::Any => None,
            Place::Intake => Some(("place", "intake")),
            Place::Destinations => Some(("place", "destinations")),
            Place::One(name) => Some(("destination", name.as_str())),
        };
        let asked = [
            ("source", &self.source),
            ("release", &self.release),
            ("event", &self.event),
            ("worker", &self.worker),
        ];
        let asked = asked.map(|(name, text)| text.as_deref().map(|text| (name, text)));
        for (name, text) in asked.into_iter().chain([place]).flatten() {
            map.serialize_entry(name, text)?;
        }
        if !self.states.is_empty() {
            map.serialize_entry("states", &self.states)?;
        }
        if !self.by.is_empty() {
            let names: Vec<&str> = self.by.iter().map(|dimension| dimension.as_str()).collect();
            map.serialize_entry("by", &names)?;
        }
        if self.days != Days::UTC {
            let days = [("hours", self.days.hours), ("ahead", self.days.ahead)];
            let days: Table<&str, i64> = days.into_iter().collect();
            map.serialize_entry("days", &days)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(value).ok_or_else(|| serde::de::Error::custom("no Query"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(hour: i64, event: &str, destination: &str, state: State) -> Line {
        Line {
            hour: UnixMillis(hour * HOUR_MS),
            source: "shop".to_owned(),
            release: "r1".to_owned(),
            event: event.to_owned(),
            destination: destination.to_owned(),
            state,
            code: String::new(),
            worker: "7f3a".to_owned(),
        }
    }

    #[test]
    fn each_part_of_a_question_leaves_lines_out() {
        let all = Query::between(UnixMillis(0), UnixMillis(48 * HOUR_MS));
        let purchase = line(30, "purchase", "meta", State::Delivered);
        assert!(all.takes(&purchase));
        let some = |text: &str| Some(text.to_owned());
        for (asked, taken) in [
            (
                Query {
                    since: UnixMillis(30 * HOUR_MS),
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    since: UnixMillis(31 * HOUR_MS),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    until: UnixMillis(31 * HOUR_MS),
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    until: UnixMillis(30 * HOUR_MS),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    hours_of_day: 1 << 6,
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    hours_of_day: !(1 << 6),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    source: some("shop"),
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    source: some("other"),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    release: some("r1"),
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    release: some(""),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    event: some("purchase"),
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    event: some("lead"),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    worker: some("7f3a"),
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    worker: some(""),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    place: Place::Intake,
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    place: Place::Destinations,
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    place: Place::One("meta".to_owned()),
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    place: Place::One("ga4".to_owned()),
                    ..all.clone()
                },
                false,
            ),
            (
                Query {
                    states: vec![State::Dead, State::Delivered],
                    ..all.clone()
                },
                true,
            ),
            (
                Query {
                    states: vec![State::Dead],
                    ..all.clone()
                },
                false,
            ),
        ] {
            assert_eq!(asked.takes(&purchase), taken, "{asked:?}");
            // Both ways through JSON.
            let json = serde_json::to_string(&asked).unwrap();
            assert_eq!(
                serde_json::from_str::<Query>(&json).unwrap(),
                asked,
                "{json}"
            );
        }
        let intake = line(30, "purchase", "", State::Accepted);
        let at = |place| Query {
            place,
            ..all.clone()
        };
        assert!(at(Place::Intake).takes(&intake) && !at(Place::Destinations).takes(&intake));
    }

    #[test]
    fn what_is_not_kept_apart_is_summed_up() {
        let lines = || {
            [
                (line(25, "purchase", "meta", State::Delivered), 2),
                (line(26, "purchase", "meta", State::Delivered), 3),
                (line(26, "lead", "meta", State::Delivered), 5),
                (line(26, "lead", "meta", State::Retrying), 1),
                (line(27, "lead", "meta", State::Retrying), -1),
            ]
        };
        let mut asked = Query::between(UnixMillis(0), UnixMillis(48 * HOUR_MS));
        let sum = |line: &Line, n: i64| (line.hour.0 / HOUR_MS, line.event.clone(), line.state, n);
        let answer = |asked: &Query| -> Vec<_> {
            let folded = asked.fold(lines());
            folded.iter().map(|(line, n)| sum(line, *n)).collect()
        };
        let none = String::new;
        assert_eq!(answer(&asked), [(0, none(), State::Delivered, 10)]);
        asked.by = vec![Dimension::Day, Dimension::Event];
        let of = |event: &str, n| (24, event.to_owned(), State::Delivered, n);
        assert_eq!(answer(&asked), [of("lead", 5), of("purchase", 5)]);
        asked.by = vec![Dimension::Day];
        asked.days = Days {
            hours: 6,
            ahead: -2,
        };
        let json = serde_json::to_string(&asked).unwrap();
        assert_eq!(serde_json::from_str::<Query>(&json).unwrap(), asked);
        let at = |hour, n| (hour, none(), State::Delivered, n);
        // From two, eight, fourteen and twenty on.
        assert_eq!(answer(&asked)[..1], [at(20, 2)]);
        assert_eq!(answer(&asked)[1..2], [at(26, 8)]);
        asked.days = Days::UTC;
        asked.by = vec![Dimension::Hour, Dimension::Day];
        asked.states = vec![State::Delivered];
        let at = |hour, n| (hour, none(), State::Delivered, n);
        assert_eq!(answer(&asked), [at(25, 2), at(26, 8)]);
    }

    #[test]
    fn what_is_no_question_is_not_read() {
        for json in [
            "[]",
            "{}",
            r#"{"since": 0}"#,
            r#"{"since": 0, "until": 1, "place": "nowhere"}"#,
            r#"{"since": 0, "until": 1, "states": ["lost"]}"#,
            r#"{"since": 0, "until": 1, "by": ["weather"]}"#,
            r#"{"since": 0, "until": 1, "event": 7}"#,
            r#"{"since": 0, "until": 1, "hours_of_day": -1}"#,
            r#"{"since": 0, "until": 1, "days": {"hours": 7, "ahead": 0}}"#,
            r#"{"since": 0, "until": 1, "days": {"hours": 0, "ahead": 0}}"#,
            r#"{"since": 0, "until": 1, "days": {"hours": 24, "ahead": 99}}"#,
            r#"{"since": 0, "until": 1, "days": 24}"#,
        ] {
            assert!(serde_json::from_str::<Query>(json).is_err(), "{json}");
        }
    }
}

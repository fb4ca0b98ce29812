//! The quality of events, of the ledger's lines.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::reported::Told;
use super::score::{as_float, estimate};
use crate::base::match_keys::{Key, Keys};
use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::ledger::measured::{LATENCIES, NO_SUM, PARTS, TOO_LARGE};
use crate::ledger::query::Dimension;
use crate::ledger::{Line, State};

/// Counts by a code.
type Codes = Table<String, i64>;

/// Who has made the estimate.
const ESTIMATE_BY: &str = "edgetally";

/// The event that others are held against: a page was seen.
const PAGE_VIEW: &str = "page_view";

/// What a row is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Of {
    hour: UnixMillis,
    source: String,
    release: String,
    worker: String,
    event: String,
}

/// The quality of events, in rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What rows are kept apart by.
    pub by: Vec<&'static str>,
    /// Who has made the estimates: no platform.
    pub estimate_by: &'static str,
    /// A row for each of what is kept apart, in order.
    pub rows: Vec<Row>,
    /// What platforms report themselves, beside ours: no row has any of it.
    pub reported: Vec<Told>,
}

/// The quality of the events of one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The first moment of the hour or day, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The sender's release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The gateway's own version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// The event's name; empty for what could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What intake saw.
    pub intake: Intake,
    /// What became of it: a member for each destination, or one for all.
    pub destinations: Vec<AtDestination>,
}

/// What intake saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intake {
    /// Copies that were well-formed, without tests and robots.
    pub volume: i64,
    /// All copies that were well-formed, by who sent them.
    pub accepted: Codes,
    /// Copies that were not, by the reason.
    pub malformed: Codes,
    /// Tests and robots among the accepted.
    pub apart: Codes,
    /// The volume, of that of all of the source's events.
    pub share_of_events: Option<f64>,
    /// The volume, of that of the source's page views.
    pub share_of_page_views: Option<f64>,
    /// The match keys that were given.
    pub keys: Coverage,
    /// The parts that events have.
    pub parts: Coverage,
    /// Their values, by currency.
    pub money: Table<String, Worth>,
    /// Values that are too large to be summed.
    #[serde(skip_serializing_if = "is_zero")]
    pub money_too_large: i64,
    /// What visitors decided, on advertising and on analytics.
    pub consent: Codes,
    /// Times that are off, of those that have a time of their own.
    pub skew: Codes,
}

/// How many have something.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Coverage {
    /// How many it is known of.
    pub counted: i64,
    /// How many have it, by what.
    pub with: Table<&'static str, i64>,
    /// The same as shares.
    pub share: Table<&'static str, Option<f64>>,
}

/// Values of one currency.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Worth {
    /// How many events have a value.
    pub events: i64,
    /// Their sum; nothing where it is beyond what can be summed.
    pub sum: Option<Sum>,
    /// Their mean.
    pub mean: Option<f64>,
}

/// A sum of money, in millionths; written in major units, exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum(pub i64);

impl Sum {
    /// In digits.
    pub fn to_text(self) -> String {
        let (whole, rest) = (
            self.0.unsigned_abs() / 1_000_000,
            self.0.unsigned_abs() % 1_000_000,
        );
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{rest:06}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = serde_json::value::RawValue::from_string(self.to_text());
        raw.map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// What became of events at a destination.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtDestination {
    /// The destination, where they are kept apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Copies that arrived while the source had it.
    pub accepted: i64,
    /// What became of them.
    pub states: States,
    /// Why, by state.
    pub codes: Table<&'static str, Codes>,
    /// Of the copies that are no duplicates, those that were delivered.
    pub delivered_share: Option<f64>,
    /// Duplicates, by who sent the copy that came too late.
    pub duplicates: Codes,
    /// What became of tests and robots, which are among the above.
    pub apart: Codes,
    /// The seconds from receipt until the platform had it.
    pub latency: Latency,
    /// The match keys that went along.
    pub keys: Coverage,
    /// An estimate from 0 to 10 of how well the platform can match them; ours, not the platform's.
    pub estimate: Option<f64>,
}

/// How many events have become what, each state there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct States(Table<&'static str, i64>);

impl Serialize for States {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for state in State::FINAL.map(State::as_str) {
            map.serialize_entry(state, self.0.get(state).unwrap_or(&0))?;
        }
        map.end()
    }
}

/// How long events took.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How many it is known of.
    pub counted: i64,
    /// Half of them took at most so long; nothing where it is more than a day.
    pub p50: Option<u32>,
    /// Nineteen of twenty did.
    pub p95: Option<u32>,
    /// How many took at most so many seconds, and more than the bound before.
    pub histogram: Table<String, i64>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference; whether that is large depends on the target"
)]
const fn is_zero(n: &i64) -> bool {
    *n == 0
}

fn ratio(part: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| as_float(part) / as_float(of))
}

/// The counts of lines by state and code.
#[derive(Debug, Default)]
struct Tally(Table<State, Codes>);

impl Tally {
    fn add(&mut self, state: State, code: String, n: i64) {
        self.0.change(state, |codes| {
            codes.change(code, |sum| *sum = sum.saturating_add(n));
        });
    }

    fn codes(&self, state: State) -> Codes {
        self.0.get(&state).cloned().unwrap_or_default()
    }

    fn total(&self, state: State) -> i64 {
        self.0.get(&state).map_or(0, |codes| codes.values().sum())
    }

    fn keys(&self) -> impl Iterator<Item = (Keys, i64)> {
        let codes = self.0.get(&State::Keys).into_iter();
        codes
            .flat_map(Table::iter)
            .filter_map(|(code, n)| Some((Keys::read(code)?, *n)))
    }

    fn key_coverage(&self) -> Coverage {
        let mut found = Coverage::default();
        for key in Key::ALL {
            let has = self.keys().filter(|(keys, _)| keys.has(key));
            found.with.insert(key.as_str(), has.map(|(_, n)| n).sum());
        }
        found.of(self.keys().map(|(_, n)| n).sum())
    }

    fn part_coverage(&self) -> Coverage {
        let codes = self.codes(State::Parts);
        let mut found = Coverage::default();
        for (letter, name) in PARTS {
            let has = codes.iter().filter(|(code, _)| code.contains(letter));
            found.with.insert(name, has.map(|(_, n)| *n).sum());
        }
        found.of(codes.values().sum())
    }

    /// Without tests and robots.
    fn volume(&self) -> i64 {
        self.total(State::Accepted) - self.total(State::Apart)
    }

    fn intake(&self, events: i64, page_views: i64) -> Intake {
        let mut money: Table<String, Worth> = Table::new();
        let mut too_large = 0;
        for (currency, n) in self.codes(State::Priced) {
            if currency == TOO_LARGE {
                too_large = n;
            } else {
                money.change(currency, |worth| worth.events = n);
            }
        }
        for (currency, sum) in self.codes(State::Money) {
            money.change(currency, |worth| {
                worth.sum = (sum < NO_SUM).then_some(Sum(sum));
                let mean = worth.sum.and_then(|sum| ratio(sum.0, worth.events));
                worth.mean = mean.map(|mean| mean / 1e6);
            });
        }
        let volume = self.volume();
        Intake {
            volume,
            accepted: named(self.codes(State::Accepted)),
            malformed: self.codes(State::Malformed),
            apart: self.codes(State::Apart),
            share_of_events: ratio(volume, events),
            share_of_page_views: ratio(volume, page_views),
            keys: self.key_coverage(),
            parts: self.part_coverage(),
            money,
            money_too_large: too_large,
            consent: self.codes(State::Consent),
            skew: self.codes(State::Skew),
        }
    }

    fn at(&self, destination: Option<String>, platform: Option<&str>) -> AtDestination {
        let (accepted, duplicates) = (self.total(State::Accepted), self.total(State::Duplicate));
        let states = State::FINAL.map(|state| (state.as_str(), self.total(state)));
        let with_codes = State::FINAL
            .into_iter()
            .filter(|state| *state != State::Duplicate);
        let codes = with_codes.filter_map(|state| {
            let codes = self.codes(state).into_iter();
            let codes: Codes = codes
                .filter(|(code, n)| !code.is_empty() && *n != 0)
                .collect();
            (!codes.is_empty()).then(|| (state.as_str(), codes))
        });
        AtDestination {
            accepted,
            states: States(states.into_iter().collect()),
            codes: codes.collect(),
            delivered_share: ratio(self.total(State::Delivered), accepted - duplicates),
            duplicates: named(self.codes(State::Duplicate)),
            apart: self.codes(State::Apart),
            latency: self.latency(),
            keys: self.key_coverage(),
            estimate: platform.and_then(|platform| estimate(platform, self.keys())),
            destination,
        }
    }

    fn latency(&self) -> Latency {
        let histogram = self.codes(State::Latency);
        let counted: i64 = histogram.values().sum();
        let within = |share: i64| {
            let mut sum = 0;
            LATENCIES.into_iter().find(|bound| {
                sum += histogram.get(&bound.to_string()).copied().unwrap_or(0);
                // As many as that share of them, rounded up.
                counted > 0 && sum * 100 >= counted * share
            })
        };
        Latency {
            counted,
            p50: within(50),
            p95: within(95),
            histogram,
        }
    }
}

impl Coverage {
    fn of(mut self, counted: i64) -> Self {
        self.counted = counted;
        self.share = self
            .with
            .iter()
            .map(|(what, n)| (*what, ratio(*n, counted)))
            .collect();
        self
    }
}

/// Codes, where none stands for what an earlier release did not tell.
fn named(codes: Codes) -> Codes {
    codes
        .into_iter()
        .map(|(code, n)| match code.as_str() {
            "" => ("unknown".to_owned(), n),
            "differs" => ("unknown_differs".to_owned(), n),
            _ => (code, n),
        })
        .collect()
}

/// What is kept apart where nobody says.
pub const BY: [Dimension; 3] = [Dimension::Source, Dimension::Event, Dimension::Destination];

/// What the ledger has to keep apart for a report by these dimensions: shares ask for every event, and everything for codes.
pub fn apart(by: &[Dimension]) -> Vec<Dimension> {
    let needed = [
        Dimension::Source,
        Dimension::Event,
        Dimension::Destination,
        Dimension::Code,
    ];
    let asked = by.iter().copied();
    let mut all: Vec<Dimension> = asked.filter(|one| !needed.contains(one)).collect();
    all.extend(needed);
    all
}

/// What of the ledger's lines a report shows; what it is held against is more.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Only that event.
    pub event: Option<String>,
    /// Only that destination.
    pub destination: Option<String>,
}

impl Of {
    /// Of a line, as far as it is kept apart.
    fn new(line: &Line, by: &[Dimension]) -> Self {
        let kept = |dimension, text: &str| {
            let text = if by.contains(&dimension) { text } else { "" };
            text.to_owned()
        };
        Self {
            hour: line.hour,
            source: kept(Dimension::Source, &line.source),
            release: kept(Dimension::Release, &line.release),
            worker: kept(Dimension::Worker, &line.worker),
            event: kept(Dimension::Event, &line.event),
        }
    }

    /// What its events are a share of.
    fn all(&self) -> Self {
        Self {
            event: String::new(),
            ..self.clone()
        }
    }
}

/// Makes the report of lines that are kept apart by what [`apart`] says. `platform` says of a destination which one it is.
pub fn quality<'p>(
    lines: impl IntoIterator<Item = (Line, i64)>,
    by: &[Dimension],
    shown: &Shown,
    platform: impl Fn(&str) -> Option<&'p str>,
) -> Report {
    let mut rows: Table<Of, Table<String, Tally>> = Table::new();
    let mut events: Table<Of, i64> = Table::new();
    let mut page_views: Table<Of, i64> = Table::new();
    for (line, n) in lines {
        let of = Of::new(&line, by);
        let intake = line.destination.is_empty();
        let real = match line.state {
            State::Accepted if intake => n,
            State::Apart if intake => -n,
            _ => 0,
        };
        events.change(of.all(), |sum| *sum += real);
        if line.event == PAGE_VIEW {
            page_views.change(of.all(), |sum| *sum += real);
        }
        if shown
            .event
            .as_ref()
            .is_some_and(|event| *event != line.event)
            || (!intake
                && shown
                    .destination
                    .as_ref()
                    .is_some_and(|name| *name != line.destination))
        {
            continue;
        }
        let destination = if intake || by.contains(&Dimension::Destination) {
            line.destination
        } else {
            ALL.to_owned()
        };
        rows.change(of, |tallies| {
            tallies.change(destination, |tally| tally.add(line.state, line.code, n));
        });
    }
    let rows = rows.into_iter().map(|(of, tallies)| {
        let sum = |all: &Table<Of, i64>| all.get(&of.all()).copied().unwrap_or(0);
        let intake = tallies.get("").map_or_else(
            || Tally::default().intake(sum(&events), sum(&page_views)),
            |tally| tally.intake(sum(&events), sum(&page_views)),
        );
        let at = tallies.iter().filter(|(name, _)| !name.is_empty());
        let destinations = at.map(|(name, tally)| {
            let one = (name != ALL).then(|| name.clone());
            tally.at(one, platform(name))
        });
        let destinations = destinations.collect();
        row(of, by, intake, destinations)
    });
    Report {
        by: by.iter().map(|dimension| dimension.as_str()).collect(),
        estimate_by: ESTIMATE_BY,
        rows: rows.collect(),
        reported: Vec::new(),
    }
}

/// Stands for all destinations; none can have the name.
const ALL: &str = "*";

fn row(of: Of, by: &[Dimension], intake: Intake, destinations: Vec<AtDestination>) -> Row {
    let kept = |dimension, text: String| by.contains(&dimension).then_some(text);
    let timed = by.contains(&Dimension::Hour) || by.contains(&Dimension::Day);
    Row {
        since: timed.then(|| of.hour.to_rfc3339()),
        source: kept(Dimension::Source, of.source),
        release: kept(Dimension::Release, of.release),
        worker: kept(Dimension::Worker, of.worker),
        event: kept(Dimension::Event, of.event),
        intake,
        destinations,
    }
}

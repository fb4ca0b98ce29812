//! What does not depend on how many events there are: the books, destinations that take nothing, dead letters, and what ends.

use super::condition::{Condition, Kind};
use super::words::{counted, moment};
use crate::base::members::Members;
use crate::base::table::Table;
use crate::base::time::{HOUR_MS, UnixMillis};
use crate::destinations::versions::{Version, days_until};
use crate::ledger::{Dimension, Line, Place, Query, State, balance};
use crate::settings::Settings;
use crate::settings::alerts::Alerts;

/// The books of so many hours are looked at.
const BOOKS_HOURS: i64 = 48;
/// Whether a destination takes anything, of so many.
const STUCK_HOURS: i64 = 6;
/// For so long after its end what waits of an hour is on its way.
const PATIENCE_MS: i64 = 1_800_000;
/// Fewer that wait are a platform's moods.
const FEWEST: i64 = 3;
/// How many times more than usual is more than usual.
const TIMES: i64 = 3;
/// So many days before the end it is told, and again.
const DAYS: [i64; 3] = [14, 3, 0];

/// The dead letters of a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetters {
    /// Where they were to go.
    pub destination: String,
    /// Those of the last hour.
    pub hour: i64,
    /// Of the last 24 hours.
    pub day: i64,
    /// Of the seven days before.
    pub week: i64,
}

impl DeadLetters {
    /// Reads a row of the ledger.
    pub fn read(value: serde_json::Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            destination: of.text("destination")?,
            hour: of.whole("hour")?,
            day: of.whole("day")?,
            week: of.whole("week")?,
        })
    }
}

/// What is known at a look.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The answers to [`queries`].
    pub answers: Vec<Vec<(Line, i64)>>,
    /// Dead letters by destination.
    pub letters: Vec<DeadLetters>,
    /// Destinations that are paused where the look is made, with the code of why.
    pub paused: Vec<(String, String)>,
}

/// What is asked of the ledger.
pub fn queries(now: UnixMillis) -> Vec<Query> {
    let all = |hours: i64, until: i64, by: Dimension| Query {
        place: Place::Destinations,
        states: [vec![State::Accepted], State::FINAL.to_vec()].concat(),
        by: vec![by, Dimension::Destination],
        ..Query::between(UnixMillis(until - hours * HOUR_MS), UnixMillis(until))
    };
    let hour = now.hour().0;
    vec![
        // A large report comes in parts, so the books of what has just come may be out for a moment.
        all(BOOKS_HOURS, hour - HOUR_MS, Dimension::Source),
        all(STUCK_HOURS, hour + HOUR_MS, Dimension::Hour),
    ]
}

/// What is wrong.
pub fn conditions(
    settings: &Settings,
    rules: &Alerts,
    facts: Facts,
    now: UnixMillis,
) -> Vec<Condition> {
    let mut answers = facts.answers.into_iter();
    let mut found = books(answers.next().unwrap_or_default());
    let hours = answers.next().unwrap_or_default();
    for one in &settings.destinations {
        let code = facts.paused.iter().find(|(name, _)| *name == one.name);
        let code = code.map(|(_, code)| code.as_str());
        found.extend(stuck(&one.name, &hours, code, now));
    }
    let many = facts.letters.iter();
    found.extend(many.filter_map(|letters| more_letters(letters, i64::from(rules.dead_letters))));
    found.extend(endings(settings, now));
    found
}

/// Remainders that are not 0.
fn books(lines: Vec<(Line, i64)>) -> Vec<Condition> {
    let out = balance(lines).into_iter().filter(|row| row.remainder != 0);
    out.map(|row| {
        let text = [
            "The books do not balance: at ",
            &row.destination,
            ", ",
            &counted(
                row.remainder.abs(),
                "event of the last two days is ",
                "events of the last two days are ",
            ),
            if row.remainder > 0 {
                "accounted for nowhere."
            } else {
                "counted twice."
            },
        ];
        Condition {
            source: row.source,
            destination: row.destination.clone(),
            ..Condition::new(Kind::Remainder, text.concat())
        }
    })
    .collect()
}

/// A destination that has taken nothing of what was received some time ago.
fn stuck(
    name: &str,
    lines: &[(Line, i64)],
    code: Option<&str>,
    now: UnixMillis,
) -> Option<Condition> {
    let mut hours: Table<UnixMillis, (i64, i64)> = Table::new();
    for (line, n) in lines.iter().filter(|(line, _)| line.destination == name) {
        hours.change(line.hour, |(waiting, decided)| match line.state {
            State::Retrying => *waiting += n,
            State::Delivered | State::Processing | State::Rejected | State::Dead => *decided += n,
            _ => {}
        });
    }
    let (mut waiting, mut since) = (0, None);
    let latest_first: Vec<(UnixMillis, (i64, i64))> =
        hours.iter().map(|(hour, of)| (*hour, *of)).collect();
    for (hour, (waits, decided)) in latest_first.into_iter().rev() {
        if decided > 0 {
            break;
        }
        if waits > 0 && hour.0 + HOUR_MS + PATIENCE_MS <= now.0 {
            waiting += waits;
            since = Some(hour);
        }
    }
    let since = since.filter(|_| waiting >= FEWEST)?;
    let mut text = [
        name,
        " has taken nothing that was received since ",
        &moment(since),
        "; ",
        &counted(waiting, "event waits", "events wait"),
    ]
    .concat();
    if let Some(code) = code {
        text.push_str(&[" (", code, ")"].concat());
    }
    text.push('.');
    Some(Condition {
        destination: name.to_owned(),
        since: Some(since),
        ..Condition::new(Kind::Paused, text)
    })
}

fn more_letters(of: &DeadLetters, fewest: i64) -> Option<Condition> {
    let is_more = of.day >= fewest && of.day.saturating_mul(7) > of.week.saturating_mul(TIMES);
    (is_more && of.hour > 0).then(|| {
        let text = [
            &of.destination,
            ": ",
            &counted(of.day, "event", "events"),
            " of the last 24 hours refused or given up, and more are coming; ",
            &(of.week / 7).to_string(),
            " a day are usual.",
        ];
        Condition {
            destination: of.destination.clone(),
            ..Condition::new(Kind::DeadLetters, text.concat())
        }
    })
}

/// What ends soon: versions of platforms that there are destinations for, and credentials whose end the settings know.
fn endings(settings: &Settings, now: UnixMillis) -> Vec<Condition> {
    let mut found: Vec<Condition> = Vec::new();
    let mut add = |what: &str, ends: Option<&str>, whose: &str, advice: &str| {
        let Some((days, ends)) = ends.and_then(|ends| Some((days_until(now, ends)?, ends))) else {
            return;
        };
        let passed = DAYS.iter().filter(|within| days <= **within).count();
        let subject = [what, " ends on ", ends].concat();
        if passed == 0 || found.iter().any(|known| known.what == subject) {
            return;
        }
        let left = if days < 0 {
            ["has ended on ", ends].concat()
        } else {
            ["ends on ", ends, ", in ", &counted(days, "day", "days")].concat()
        };
        let text = [what, " ", &left, ". ", advice].concat();
        found.push(Condition {
            destination: whose.to_owned(),
            what: subject,
            stage: u8::try_from(passed).unwrap_or(u8::MAX),
            ..Condition::new(Kind::Ends, text)
        });
    };
    for one in &settings.destinations {
        let what = ["The credential of ", &one.name].concat();
        let advice = "Put a new one, and its date into `credential_ends`.";
        add(&what, one.credential_ends.as_deref(), &one.name, advice);
        let version = Version::of(one.destination.facts(), now);
        let what = [version.platform, " ", version.api_version].concat();
        let advice = "Deploy a release of edgetally that speaks the next one.";
        add(&what, version.ends, "", advice);
    }
    found
}

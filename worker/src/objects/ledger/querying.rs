//! Answers what is asked of the lines: sums, kept apart by what was named.

use edgetally_core::base::time::{DAY_MS, HOUR_MS};
use edgetally_core::ledger::{Dimension, Line, Place, Query, State};
use serde_json::{Value, json};

use super::Ledger;
use super::counting::MOST_SUMMED;
use super::database::{read, write};
use super::schema::names;
use crate::runtime::Unavailable;

/// How many sums one answer has. Where there are more, the answer says so, and the same question goes on after its last one.
const MOST_SUMS: u32 = 5000;

/// The sums: whole millions and the rest apart, since the runtime's numbers are exact up to 2^53 only; and whether some line
/// is full.
const SUMS: &str = "
SELECT LINE, millions, rest, full FROM (
  SELECT COLUMNS, sum(n / 1000000) AS millions, sum(n % 1000000) AS rest,
    max(state = 'MONEY' AND n >= FULL) AS full
  FROM counts
  WHERE HOURS AND SOURCE
    AND (?5 IS NULL OR release = ?5) AND (?6 IS NULL OR event = ?6) AND (?7 IS NULL OR worker = ?7)
    AND (?8 IS NULL OR destination = ?8) AND (?9 IS NULL OR (destination = '') = ?9)
    AND (?10 = '[]' OR state IN (SELECT value FROM json_each(?10)))
  GROUP BY KEPT)
WHERE (millions <> 0 OR rest <> 0) AND (?11 = '[]' OR (LINE) > (AFTER))
ORDER BY LINE LIMIT ?12";

/// The columns of a line as the question keeps them apart.
fn columns(query: &Query) -> String {
    let columns = Line::COLUMNS.iter().map(|column| {
        let name = column.name;
        let kept = match name {
            "hour" if query.is_by(Dimension::Hour) => "counts.hour".to_owned(),
            "hour" if query.is_by(Dimension::Day) => {
                // As `Days::begin` has it; hours are never before 1970, and clocks less than a day ahead or behind.
                let (length, ahead) = (query.days.hours * HOUR_MS, query.days.ahead * HOUR_MS);
                format!("counts.hour - (counts.hour + {ahead} + {DAY_MS}) % {length}")
            }
            "hour" => "0".to_owned(),
            "state" => "counts.state".to_owned(),
            _ if Dimension::read(name).is_some_and(|of| query.is_by(of)) => {
                format!("counts.{name}")
            }
            _ => "''".to_owned(),
        };
        format!("{kept} AS {name}")
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// The places of the columns that are kept apart: what is the same everywhere need not be sorted.
fn kept(query: &Query) -> String {
    let is_kept = |name| match name {
        "state" => true,
        "hour" => query.is_by(Dimension::Hour) || query.is_by(Dimension::Day),
        _ => Dimension::read(name).is_some_and(|of| query.is_by(of)),
    };
    let places = (1..).zip(Line::COLUMNS);
    let places = places.filter(|(_, column)| is_kept(column.name));
    let places: Vec<String> = places.map(|(place, _)| place.to_string()).collect();
    places.join(", ")
}

/// The sums that are asked for, from behind a line on where one is given.
pub(super) fn statement(query: &Query) -> String {
    let places = 0..Line::COLUMNS.len();
    let of_after: Vec<String> = places.map(|place| format!("?11 ->> {place}")).collect();
    // Lines lie by hour and then by source. So single hours of the day, and one source, are looked up and not looked over.
    let hours = if query.hours_of_day == Query::WHOLE_DAY {
        "hour >= ?1 AND hour < ?2 AND ?3 = '[]'"
    } else {
        "hour IN (SELECT value FROM json_each(?3)) AND hour >= ?1 AND hour < ?2"
    };
    let source = if query.source.is_some() {
        "source = ?4"
    } else {
        "?4 IS NULL"
    };
    SUMS.replace("LINE", &names(Line::COLUMNS))
        .replace("HOURS", hours)
        .replace("SOURCE", source)
        .replace("COLUMNS", &columns(query))
        .replace("KEPT", &kept(query))
        .replace("MONEY", State::Money.as_str())
        .replace("FULL", &MOST_SUMMED.to_string())
        .replace("AFTER", &of_after.join(", "))
}

/// What [`statement`] is to be given.
pub(super) fn parameters(query: &Query, after: &[Value], most: u32) -> Result<Value, Unavailable> {
    let (one, intake) = match &query.place {
        Place::Any => (None, None),
        Place::Intake => (None, Some(1)),
        Place::Destinations => (None, Some(0)),
        Place::One(name) => (Some(name), None),
    };
    Ok(json!([
        query.since,
        query.until,
        write(&hours(query))?,
        query.source,
        query.release,
        query.event,
        query.worker,
        one,
        intake,
        write(&query.states)?,
        write(after)?,
        most,
    ]))
}

/// The hours of the day that are asked for, each by itself; none where that is all of them.
fn hours(query: &Query) -> Vec<i64> {
    if query.hours_of_day == Query::WHOLE_DAY {
        return Vec::new();
    }
    let mut hour = query.since.hour();
    let mut hours = Vec::new();
    while hour < query.until {
        if query.hours_of_day & Query::hour_of_day(hour) != 0 {
            hours.push(hour.0);
        }
        hour.0 += HOUR_MS;
    }
    hours
}

impl Ledger {
    /// Sums of lines, one page of them; `after` is what the page before ended with.
    pub(super) fn query(&self, body: &str) -> Result<String, Unavailable> {
        let mut body = read(body)?;
        let after = match body.as_object_mut().and_then(|body| body.remove("after")) {
            Some(Value::Array(after)) if after.len() == Line::COLUMNS.len() => after,
            None => Vec::new(),
            Some(_) => return Err(Unavailable),
        };
        let query = Query::read(body).ok_or(Unavailable)?;
        let rows = self.rows(
            &statement(&query),
            &parameters(&query, &after, MOST_SUMS + 1)?,
        )?;
        let (rows, more) = super::database::page(&rows, MOST_SUMS)?;
        write(&json!({"rows": rows, "more": more}))
    }
}

//! What somebody asks about quality, in the parameters of an address.

use super::report::{BY, Shown, apart};
use crate::base::error::{Code, ParseError};
use crate::base::query::parameters;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::{Dimension, Place, Query, State};

/// A question about quality.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the ledger is asked.
    pub query: Query,
    /// What rows are kept apart by.
    pub by: Vec<Dimension>,
    /// What of the answer is shown.
    pub shown: Shown,
}

/// What only a report is asked by: what is scraped is always kept apart by the same.
const BY_TOO: &str = ", by (a list of hour, day, source, release, worker, event, destination)";

fn fault(more: &str) -> ParseError {
    let parameters = "parameters: since, until (RFC 3339 or Unix time), source, destination, event, release, worker";
    ParseError::new(Code::RequestInvalid, "", [parameters, more].concat())
}

/// What rows can be kept apart by: a code is part of what is told of a row.
fn dimensions(list: &str) -> Option<Vec<Dimension>> {
    let mut by = Vec::new();
    for name in list.split(',') {
        let dimension = Dimension::read(name.trim()).filter(|one| *one != Dimension::Code)?;
        if !by.contains(&dimension) {
            by.push(dimension);
        }
    }
    Some(by)
}

impl Asked {
    /// Of the parameters of an address.
    ///
    /// # Errors
    /// A parameter that there is not, or that cannot be read.
    pub fn read(query: &str) -> Result<Self, ParseError> {
        Self::of(query).ok_or_else(|| fault(BY_TOO))
    }

    fn of(query: &str) -> Option<Self> {
        let mut by = BY.to_vec();
        let mut shown = Shown::default();
        let mut asked = Query::between(UnixMillis(0), UnixMillis(i64::MAX / 4096));
        for (name, value) in parameters(query) {
            let time = || {
                let read = UnixMillis::parse_rfc3339(&value);
                let read = read.or_else(|| UnixMillis::parse_number(&value));
                read.map(UnixMillis::hour)
            };
            let text = || Some(value.to_string());
            match name.as_ref() {
                "since" => asked.since = time()?,
                // As the ledger's own route has it: the hour counts as well.
                "until" => asked.until = UnixMillis(time()?.0 + HOUR_MS),
                "source" => asked.source = text(),
                "release" => asked.release = text(),
                "worker" => asked.worker = text(),
                "event" => shown.event = text(),
                "destination" => shown.destination = text(),
                "by" => by = dimensions(&value)?,
                _ => return None,
            }
        }
        asked.by = apart(&by);
        asked.states = states();
        Some(Self {
            query: asked,
            by,
            shown,
        })
    }

    /// The same for Prometheus, whose numbers only grow: since the day began, unless somebody says otherwise. Nothing is a
    /// share there, so what is not asked for need not be read.
    ///
    /// # Errors
    /// As [`Self::read`], and `by`: what is kept apart is always the same.
    pub fn metrics(query: &str, now: UnixMillis) -> Result<Query, ParseError> {
        if parameters(query).any(|(name, _)| name == "by") {
            return Err(fault(""));
        }
        let Self {
            query: mut asked,
            shown,
            ..
        } = Self::of(query).ok_or_else(|| fault(""))?;
        asked.event = shown.event;
        asked.place = shown.destination.map_or(Place::Any, Place::One);
        if asked.since.0 == 0 {
            asked.since = UnixMillis(now.0 - now.0.rem_euclid(DAY_MS));
        }
        asked.by = apart(&[]);
        asked.states = Vec::new();
        Ok(asked)
    }
}

/// What a report is made of.
fn states() -> Vec<State> {
    let received = [State::Accepted, State::Malformed];
    [&received[..], &State::FINAL, &State::MEASURED].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_a_question_or_a_fault() {
        let asked = Asked::read("since=2026-11-22T10:30:00Z&until=2026-11-22T11:00:00Z&event=purchase&release=&by=hour,source").unwrap();
        assert_eq!(asked.by, [Dimension::Hour, Dimension::Source]);
        assert_eq!(
            asked.query.until.0 - asked.query.since.0,
            2 * HOUR_MS,
            "whole hours, the last one too"
        );
        assert_eq!(asked.query.release.as_deref(), Some(""));
        assert_eq!(
            (asked.query.event, asked.shown.event.as_deref()),
            (None, Some("purchase"))
        );
        assert_eq!(Asked::read("").unwrap().by, BY);
        for wrong in [
            "by=",
            "by=code",
            "by=weather",
            "since=yesterday",
            "colour=red",
        ] {
            assert!(Asked::read(wrong).is_err(), "{wrong}");
        }
        let now = UnixMillis(1_795_342_531_000);
        let since = |query| Asked::metrics(query, now).unwrap().since;
        assert_eq!(since("").to_rfc3339(), "2026-11-22T00:00:00.000Z");
        assert_eq!(
            since("since=2026-11-01T00:00:00Z").to_rfc3339(),
            "2026-11-01T00:00:00.000Z"
        );
    }

    #[test]
    fn what_is_scraped_is_what_was_asked_for() {
        let now = UnixMillis(1_795_342_531_000);
        let asked = Asked::metrics("event=purchase&destination=meta", now).unwrap();
        assert_eq!(asked.event.as_deref(), Some("purchase"));
        assert_eq!(asked.place, Place::One("meta".to_owned()));
        assert_eq!(Asked::metrics("", now).unwrap().place, Place::Any);
        // What would say nothing is refused, and is not named among what there is.
        for wrong in ["by=event", "colour=red"] {
            let told = Asked::metrics(wrong, now).unwrap_err().message;
            assert!(told.ends_with("event, release, worker"), "{told}");
        }
        let told = Asked::read("colour=red").unwrap_err().message;
        assert!(told.contains(", by (a list of hour"), "{told}");
    }
}

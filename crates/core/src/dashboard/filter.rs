//! What of the ledger the page shows. All of it stands in the address, so that a view can be sent to somebody.

use crate::base::match_keys::Key;
use crate::base::query::{parameters, written};
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::{Days, Dimension, Place, Query, State};

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only that source.
    pub source: Option<String>,
    /// The event that matters most.
    pub event: String,
    /// So many days, today among them; 1 stands for the last 24 hours.
    pub days: i64,
    /// How many hours the viewer's clock is ahead of UTC.
    pub zone: i64,
    /// Whether the address says so.
    pub zoned: bool,
    /// Whether the gate is asked about the last release.
    pub gate: bool,
    /// The match key whose way over time is shown.
    pub key: Option<Key>,
    /// The destination that it is shown for.
    pub to: Option<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            source: None,
            event: "purchase".to_owned(),
            days: 7,
            zone: 0,
            zoned: false,
            gate: false,
            key: None,
            to: None,
        }
    }
}

/// How many days the pictures of what platforms report are wide: the longest span that a report covers.
pub(super) const REPORT_DAYS: i64 = 7;

/// How many weeks a day is held against.
pub const WEEKS: usize = 4;

/// What is asked of the ledger's lines for the page.
#[derive(Debug, Clone)]
pub struct Questions {
    /// The event that matters most by hour: today, and the same day of the [weeks](WEEKS) before, the latest first.
    pub arrivals: Vec<Query>,
    /// All events by hour and release.
    pub traffic: Query,
    /// What senders sent, by release and event.
    pub releases: Query,
    /// What became of events at each destination.
    pub platforms: Query,
    /// The match keys that the event which matters most went along with, by hour and destination: what stands beside what
    /// platforms report. Asked only where one does.
    pub sent: Query,
    /// The match keys of the event that matters most over time, and what its visitors decided.
    pub coverage: Query,
}

impl Filter {
    /// The spans that can be shown, in days.
    pub const DAYS: [i64; 3] = [1, 7, 30];

    /// Of the parameters of an address. What cannot be read is as if it were not there: an address that was sent to somebody
    /// shows something.
    pub fn read(query: &str) -> Self {
        let mut filter = Self::default();
        for (name, value) in parameters(query) {
            match (name.as_ref(), value.as_ref()) {
                ("source", value) if !value.is_empty() => filter.source = Some(value.to_owned()),
                ("event", value) if !value.is_empty() => value.clone_into(&mut filter.event),
                ("days", value) => {
                    let days = value.parse().ok();
                    filter.days = days
                        .filter(|days| Self::DAYS.contains(days))
                        .unwrap_or(filter.days);
                }
                ("zone", value) => {
                    let zone = value.parse().ok().filter(|zone| (-12..=14).contains(zone));
                    filter.zoned = zone.is_some();
                    filter.zone = zone.unwrap_or(0);
                }
                ("gate", value) => filter.gate = value == "1",
                ("key", value) => {
                    filter.key = Key::ALL.into_iter().find(|key| key.as_str() == value);
                }
                ("to", value) if !value.is_empty() => filter.to = Some(value.to_owned()),
                _ => {}
            }
        }
        filter
    }

    /// The parameters of its address.
    pub fn address(&self) -> String {
        let (days, zone) = (self.days.to_string(), self.zone.to_string());
        let source = self.source.as_deref().map(|source| ("source", source));
        let zone = self.zoned.then_some(("zone", zone.as_str()));
        let always = [("event", self.event.as_str()), ("days", &days)];
        let gate = self.gate.then_some(("gate", "1"));
        let key = self.key.map(|key| ("key", key.as_str()));
        let to = self.to.as_deref().map(|to| ("to", to));
        let chosen = gate.into_iter().chain(key).chain(to);
        written(source.into_iter().chain(always).chain(zone).chain(chosen))
    }

    /// A moment on the viewer's clock, as if that were UTC.
    pub(super) const fn local(&self, at: UnixMillis) -> UnixMillis {
        UnixMillis(at.0 + self.zone * HOUR_MS)
    }

    /// When the viewer's day began.
    pub(super) const fn midnight(&self, now: UnixMillis) -> UnixMillis {
        let local = self.local(now).0;
        UnixMillis(local - local.rem_euclid(DAY_MS) - self.zone * HOUR_MS)
    }

    /// The first hour that is shown.
    pub fn since(&self, now: UnixMillis) -> UnixMillis {
        if self.days == 1 {
            UnixMillis(now.hour().0 - 23 * HOUR_MS)
        } else {
            UnixMillis(self.midnight(now).0 - (self.days - 1) * DAY_MS)
        }
    }

    /// How what changes little is kept apart over time: in columns of so many hours, of the viewer's own days.
    pub(super) const fn columns(&self) -> Days {
        Days {
            hours: match self.days {
                1 => 1,
                7 => 6,
                _ => 24,
            },
            ahead: self.zone,
        }
    }

    /// The end of what is shown.
    pub fn until(now: UnixMillis) -> UnixMillis {
        UnixMillis(now.hour().0 + HOUR_MS)
    }

    /// What is asked of the ledger.
    pub fn questions(&self, now: UnixMillis) -> Questions {
        let all = Query {
            source: self.source.clone(),
            ..Query::between(self.since(now), Self::until(now))
        };
        let arrived = vec![State::Accepted, State::Apart];
        let midnight = self.midnight(now);
        let arrivals = (0..).take(WEEKS + 1).map(|week: i64| {
            let since = UnixMillis(midnight.0 - week * 7 * DAY_MS);
            Query {
                source: self.source.clone(),
                event: Some(self.event.clone()),
                place: Place::Intake,
                states: arrived.clone(),
                by: vec![Dimension::Hour],
                ..Query::between(since, UnixMillis(since.0 + DAY_MS))
            }
        });
        Questions {
            arrivals: arrivals.collect(),
            traffic: Query {
                place: Place::Intake,
                states: arrived.clone(),
                by: vec![Dimension::Hour, Dimension::Release],
                ..all.clone()
            },
            releases: Query {
                place: Place::Intake,
                states: [arrived, vec![State::Keys, State::Parts]].concat(),
                by: vec![Dimension::Release, Dimension::Event, Dimension::Code],
                ..all.clone()
            },
            sent: Query {
                since: UnixMillis(now.hour().0 - REPORT_DAYS * DAY_MS),
                event: Some(self.event.clone()),
                place: Place::Destinations,
                states: vec![State::Keys],
                by: vec![Dimension::Hour, Dimension::Destination, Dimension::Code],
                ..all.clone()
            },
            platforms: Query {
                states: platforms(),
                by: vec![Dimension::Destination, Dimension::Code],
                ..all.clone()
            },
            coverage: Query {
                event: Some(self.event.clone()),
                states: vec![State::Keys, State::Consent],
                by: vec![Dimension::Day, Dimension::Destination, Dimension::Code],
                days: self.columns(),
                ..all
            },
        }
    }
}

/// What is asked of every destination.
fn platforms() -> Vec<State> {
    let received = [State::Accepted, State::Malformed];
    let beside = [State::Keys, State::Consent, State::Latency, State::Apart];
    [&received[..], &State::FINAL, &beside].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_its_address() {
        let mut filter = Filter::read("");
        assert_eq!(filter, Filter::default());
        assert_eq!(filter.address(), "event=purchase&days=7");
        for address in [
            "source=shop&event=add_to_cart&days=30&zone=-5",
            "event=a%26b%22&days=1&zone=0",
            "event=purchase&days=7&gate=1",
            "event=purchase&days=7&zone=2&gate=1&key=email&to=meta",
        ] {
            filter = Filter::read(address);
            assert_eq!(filter.address(), address);
        }
        for odd in [
            "days=9",
            "zone=99&days=x",
            "event=&source=",
            "colour=red",
            "key=shoe&to=",
        ] {
            let read = Filter::read(odd);
            assert_eq!(read, Filter::default(), "{odd}");
        }
    }

    #[test]
    fn days_begin_at_the_viewers_midnight() {
        // 22 November, 23:15 in UTC.
        let now = UnixMillis::parse_rfc3339("2026-11-22T23:15:00Z").unwrap();
        let began = |zone, days| {
            let filter = Filter {
                days,
                zone,
                ..Filter::default()
            };
            filter.since(now).to_rfc3339()
        };
        assert_eq!(began(0, 7), "2026-11-16T00:00:00.000Z");
        assert_eq!(began(1, 7), "2026-11-16T23:00:00.000Z");
        assert_eq!(began(-5, 7), "2026-11-16T05:00:00.000Z");
        assert_eq!(began(1, 1), "2026-11-22T00:00:00.000Z");
        let questions = Filter::default().questions(now);
        assert_eq!(questions.arrivals.len(), WEEKS + 1);
        for pair in questions.arrivals.windows(2) {
            assert_eq!(pair[0].since.0 - pair[1].since.0, 7 * DAY_MS);
        }
    }
}

//! Some hours of a source against the same hours of the weeks before, whatever its labels: for whoever watches all the time, and
//! not only where something is released.

use super::comparison::Comparison;
use super::evidence::Evidence;
use super::judging::ready;
use super::plan::{HISTORY_DAYS, Silence, Traffic, Windows, mask};
use super::question::{Question, Thresholds};
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::{Dimension, Line, Place, Query, State};

/// What nobody is woken for.
const UNTOLD: [State; 6] = [
    State::Removed,
    State::Changed,
    State::ConsentString,
    State::Priced,
    State::Money,
    State::Latency,
];

/// When the day began: the same question all day is answered out of what is kept.
const fn midnight(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0 - at.0.rem_euclid(DAY_MS))
}

/// The hours that are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The source.
    pub source: String,
    /// The first hour.
    pub since: UnixMillis,
    /// The end: that of the last hour, or a moment within it.
    pub until: UnixMillis,
    /// From where on a difference counts. `alpha` is what this one look may be wrong by: whoever looks often says so here.
    pub thresholds: Thresholds,
}

impl Span {
    /// With fewer days behind it nothing is judged: nobody knows yet what is usual.
    pub const FEWEST_DAYS: usize = 7;

    fn question(&self) -> Question {
        Question {
            thresholds: self.thresholds,
            ..Question::new(&self.source, "", self.until)
        }
    }

    /// The traffic by hour, by release and version, of the weeks before and until now: what [`Self::compare`] and [`Self::silence`]
    /// start from.
    pub fn traffic(&self) -> Query {
        let adoption = self.question().adoption();
        Query {
            since: midnight(adoption.since),
            by: vec![Dimension::Hour, Dimension::Release, Dimension::Worker],
            ..adoption
        }
    }

    /// What came in these hours, and what came in the same hours of the weeks before.
    pub fn queries(&self) -> [Query; 2] {
        let queries = self.windows(Vec::new()).queries(&self.question());
        let (mut after, mut history) = (queries.after, queries.history);
        after.release = None;
        if history.hours_of_day == Query::WHOLE_DAY {
            history.since = midnight(history.since);
        }
        for query in [&mut after, &mut history] {
            query.states.retain(|state| !UNTOLD.contains(state));
        }
        [after, history]
    }

    /// The same, of how often each event came and of nothing else.
    pub fn volumes(&self) -> [Query; 2] {
        self.queries().map(|query| Query {
            place: Place::Intake,
            states: vec![State::Accepted, State::Apart],
            ..query
        })
    }

    /// The ledger's answers, as they are compared.
    pub fn evidence(
        traffic: Vec<(Line, i64)>,
        [after, history]: [Vec<(Line, i64)>; 2],
    ) -> Evidence {
        Evidence {
            adoption: traffic,
            after,
            before: history.clone(),
            history,
            ..Evidence::default()
        }
    }

    fn windows(&self, traffic: Vec<Traffic>) -> Windows {
        let mut after = Vec::new();
        let mut hour = self.since.hour();
        while hour < self.until {
            after.push(hour);
            hour.0 += HOUR_MS;
        }
        let hours_of_day = mask(&after);
        let earlier = traffic.iter().map(|traffic| traffic.hour);
        let before = earlier.filter(|hour| {
            *hour < self.since
                && hour.0 >= self.since.0 - HISTORY_DAYS * DAY_MS
                && Query::hour_of_day(*hour) & hours_of_day != 0
        });
        Windows {
            label: String::new(),
            before: before.collect(),
            after,
            concurrent: false,
            hours_of_day,
            appeared: self.since,
            traffic,
        }
    }

    /// Compares them; nothing where too few days are known.
    pub fn compare(&self, evidence: &Evidence) -> Option<Comparison> {
        let mut days: Vec<UnixMillis> = Vec::new();
        for (line, _) in &evidence.history {
            let is_real = line.state == State::Accepted && line.destination.is_empty();
            if is_real && !days.contains(&line.hour) {
                days.push(line.hour);
            }
        }
        if days.len() < Self::FEWEST_DAYS {
            return None;
        }
        let question = self.question();
        let mut traffic = question.traffic(&evidence.adoption);
        for hour in &mut traffic {
            let is_judged = hour.hour >= self.since;
            hour.after = if is_judged { hour.all } else { 0.0 };
            hour.before = if is_judged { 0.0 } else { hour.all };
        }
        Some(ready(&question, evidence, &self.windows(traffic)))
    }

    /// Whether the source has fallen silent.
    pub fn silence(&self, traffic: &[(Line, i64)]) -> Option<Silence> {
        let question = self.question();
        question.silence(&question.traffic(traffic))
    }
}

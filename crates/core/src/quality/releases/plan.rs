//! Which hours are compared, by who had the traffic when, and what has to be asked of the ledger for that.

use serde::Serialize;

use super::question::{Question, Usage};
use crate::base::table::sort_many;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::{Dimension, Line, Place, Query, State};

/// One hour's traffic, test events and robots apart.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// The hour.
    pub hour: UnixMillis,
    /// Of all labels.
    pub all: f64,
    /// Of the label that is compared with.
    pub before: f64,
    /// Of the label that is judged.
    pub after: f64,
}

impl Traffic {
    /// A label has an hour when it has nine tenths of it.
    const MOST: f64 = 0.9;
    /// It is there when it has one event in fifty.
    const SOME: f64 = 0.02;

    fn is_after(&self) -> bool {
        self.all > 0.0 && self.after >= Self::MOST * self.all
    }

    fn is_before(&self) -> bool {
        self.all > 0.0 && self.before >= Self::MOST * self.all
    }

    fn is_there(&self) -> bool {
        self.after > 0.0 && self.after >= Self::SOME * self.all
    }

    fn is_split(&self) -> bool {
        self.is_there() && !self.is_after() && self.before >= Self::SOME * self.all
    }
}

/// The hours of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// The label that is compared with.
    pub label: String,
    /// Those of the judged label.
    pub after: Vec<UnixMillis>,
    /// Those of the other one: the same ones, or before.
    pub before: Vec<UnixMillis>,
    /// Whether both labels are looked at in the same hours.
    pub concurrent: bool,
    /// The hours of the day that are compared.
    pub hours_of_day: u32,
    /// When the judged label appeared.
    pub appeared: UnixMillis,
    /// The traffic by hour, as far as the ledger was asked.
    pub traffic: Vec<Traffic>,
}

/// There are too few events yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotYet {
    /// In words.
    pub reason: String,
    /// How many more events the judged label needs.
    pub more: f64,
    /// The label that would be compared with, if it is known.
    pub label: Option<String>,
    /// The traffic.
    #[serde(skip)]
    pub traffic: Vec<Traffic>,
}

/// The source has fallen silent, whatever the labels are.
#[derive(Debug, Clone, PartialEq)]
pub struct Silence {
    /// The first hour without an event.
    pub since: UnixMillis,
    /// How many would have come by now, as in the same hours of the weeks before.
    pub expected: f64,
    /// The traffic.
    pub traffic: Vec<Traffic>,
}

/// What follows from who had the traffic when.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// These hours are compared.
    Ready(Windows),
    /// Not yet.
    NotYet(NotYet),
    /// Nothing comes any more.
    Silent(Silence),
}

/// So many days before a release tell what is usual.
pub const HISTORY_DAYS: i64 = 28;
/// No more than so many days of the judged label are looked at, from its first hour on.
const MOST_DAYS: i64 = 7;
/// A silence is no chance when so many events would have come.
pub(super) const GONE: f64 = 7.0;
/// What a rule that stands outside of the level may be wrong by; less where whoever asks has less to spend, since they ask often.
const RULE: f64 = 0.001;

/// What a comparison asks of the ledger once it knows its hours. Each answer is a list of lines with their sums.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Queries {
    /// The judged label.
    pub after: Query,
    /// The other one.
    pub before: Query,
    /// What was usual: all labels, before the judged one appeared.
    pub history: Query,
}

impl Question {
    /// How likely it may be that chance does what a rule outside of the level finds.
    pub(super) const fn rule(&self) -> f64 {
        self.thresholds.alpha.min(RULE)
    }

    /// The first thing to ask of the ledger: which label had the traffic when.
    pub fn adoption(&self) -> Query {
        Query {
            source: Some(self.source.clone()),
            place: Place::Intake,
            states: vec![State::Accepted, State::Apart],
            by: vec![Dimension::Hour, self.by.dimension()],
            ..Query::between(
                UnixMillis(self.until.0 - (HISTORY_DAYS + MOST_DAYS) * DAY_MS).hour(),
                UnixMillis(self.until.hour().0 + HOUR_MS),
            )
        }
    }

    /// What follows from the answer to [`Self::adoption`].
    ///
    /// # Errors
    ///
    /// Where nobody has a label of that name, although the source has events.
    pub fn plan(&self, adoption: &[(Line, i64)]) -> Result<Plan, Usage> {
        let mut traffic = self.traffic(adoption);
        if let Some(silence) = self.silence(&traffic) {
            return Ok(Plan::Silent(silence));
        }
        let Some(appeared) = traffic.iter().find(|hour| hour.is_there()) else {
            if traffic.iter().any(|hour| hour.after > 0.0) {
                return Ok(not_yet(
                    "the label has less than 2 % of the traffic",
                    self,
                    0.0,
                    None,
                    traffic,
                ));
            }
            return Err(Usage::new(
                "label_unknown",
                "nothing of the source has the label `after`: is it misspelt, or does the page not send it?",
            ));
        };
        let appeared = appeared.hour;
        let label = match &self.before {
            Some(label) => label.clone(),
            None => match self.previous(adoption, appeared) {
                Some(label) => label,
                None => {
                    return Ok(not_yet(
                        "nothing was received before the label appeared",
                        self,
                        0.0,
                        None,
                        traffic,
                    ));
                }
            },
        };
        for hour in &mut traffic {
            hour.before = 0.0;
        }
        let of_label = adoption
            .iter()
            .filter(|(line, _)| self.by.label(line) == label);
        for (line, n) in of_label {
            if let Some(hour) = at(&mut traffic, line.hour) {
                hour.before += real(line, *n);
            }
        }
        if !traffic.iter().any(|hour| hour.before > 0.0) {
            return Err(Usage::new(
                "label_unknown",
                "nothing of the source has the label `before`: is it misspelt?",
            ));
        }
        Ok(self.windows(label, appeared, traffic))
    }

    /// The hours with their traffic, in order.
    pub(super) fn traffic(&self, adoption: &[(Line, i64)]) -> Vec<Traffic> {
        let asked = self.adoption();
        let mut hours: Vec<UnixMillis> = adoption.iter().map(|(line, _)| line.hour).collect();
        sort_many(&mut hours, |one, other| one < other);
        hours.dedup();
        hours.retain(|hour| (asked.since..asked.until).contains(hour));
        let mut traffic: Vec<Traffic> = hours
            .into_iter()
            .map(|hour| Traffic {
                hour,
                ..Traffic::default()
            })
            .collect();
        for (line, n) in adoption {
            let n = real(line, *n);
            if let Some(hour) = at(&mut traffic, line.hour) {
                hour.all += n;
                if self.by.label(line) == self.after {
                    hour.after += n;
                }
            }
        }
        traffic
    }

    /// The label that had most in the two days before another appeared.
    fn previous(&self, adoption: &[(Line, i64)], appeared: UnixMillis) -> Option<String> {
        let mut sums: crate::base::table::Table<&str, f64> = crate::base::table::Table::new();
        for (line, n) in adoption {
            let label = self.by.label(line);
            if label != self.after && (appeared.0 - 2 * DAY_MS..appeared.0).contains(&line.hour.0) {
                sums.change(label, |sum| *sum += real(line, *n));
            }
        }
        let most = sums.iter().max_by(|one, other| one.1.total_cmp(other.1))?;
        (*most.1 > 0.0).then(|| (*most.0).to_owned())
    }

    /// Whether nothing has come since an hour, although enough should have.
    pub(super) fn silence(&self, traffic: &[Traffic]) -> Option<Silence> {
        let last = traffic.iter().rev().find(|hour| hour.all > 0.0)?.hour;
        let since = UnixMillis(last.0 + HOUR_MS);
        let mut expected = f64::INFINITY;
        // The quietest of the four weeks before, so that a holiday is no silence.
        for week in 1..=4 {
            let shift = week * 7 * DAY_MS;
            let hours = traffic.iter().filter(|hour| {
                (since.0 - shift..self.until.hour().0 - shift).contains(&hour.hour.0)
            });
            expected = expected.min(hours.map(|hour| hour.all).sum());
        }
        (expected >= GONE).then(|| Silence {
            since,
            expected,
            traffic: traffic.to_vec(),
        })
    }

    fn windows(&self, label: String, appeared: UnixMillis, traffic: Vec<Traffic>) -> Plan {
        let least = f64::from(self.min_events);
        let span = appeared.0..appeared.0 + MOST_DAYS * DAY_MS;
        let hours = |of: &dyn Fn(&Traffic) -> bool| -> Vec<Traffic> {
            let within = traffic.iter().filter(|hour| span.contains(&hour.hour.0));
            within.filter(|hour| of(hour)).copied().collect()
        };
        let events = |hours: &[Traffic]| hours.iter().map(|hour| hour.after).sum::<f64>();
        let (whole, split) = (hours(&Traffic::is_after), hours(&Traffic::is_split));
        let (whole_events, split_events) = (events(&whole), events(&split));
        let names = |hours: &[Traffic]| hours.iter().map(|hour| hour.hour).collect::<Vec<_>>();
        // Two versions of the gateway share the traffic by lot; releases of a site do so only until the caches are empty.
        let prefer_split = self.by == super::question::By::Worker && split_events >= least;
        if split_events >= least.max(1.0) && (prefer_split || whole_events < least) {
            let after = names(&split);
            return Plan::Ready(Windows {
                label,
                before: after.clone(),
                hours_of_day: mask(&after),
                after,
                concurrent: true,
                appeared,
                traffic,
            });
        }
        if whole_events < least.max(1.0) {
            let reason = if whole.is_empty() && split.is_empty() {
                "in no hour the label has 90 % of the traffic, or shares it with the other one"
            } else {
                "too few events of the label"
            };
            let more = least - whole_events.max(split_events);
            return not_yet(reason, self, more, Some(label), traffic);
        }
        let after = names(&whole);
        let mut hours_of_day = mask(&after);
        let had = |mask: u32| -> Vec<Traffic> {
            let earlier = traffic
                .iter()
                .filter(|hour| hour.hour < appeared && hour.is_before());
            let since = appeared.0 - HISTORY_DAYS * DAY_MS;
            let within = earlier.filter(|hour| hour.hour.0 >= since);
            within
                .filter(|hour| Query::hour_of_day(hour.hour) & mask != 0)
                .copied()
                .collect()
        };
        let mut before = had(hours_of_day);
        // A label that lived for less than a day has other hours only: better than none.
        if before.iter().map(|hour| hour.before).sum::<f64>() < whole_events {
            hours_of_day = Query::WHOLE_DAY;
            before = had(hours_of_day);
        }
        if before.is_empty() {
            return not_yet(
                "in no hour before it the other label has 90 % of the traffic",
                self,
                0.0,
                Some(label),
                traffic,
            );
        }
        Plan::Ready(Windows {
            label,
            before: names(&before),
            after,
            concurrent: false,
            hours_of_day,
            appeared,
            traffic,
        })
    }
}

impl Windows {
    /// What to ask of the ledger.
    pub fn queries(&self, question: &Question) -> Queries {
        let states = vec![
            State::Accepted,
            State::Malformed,
            State::Delivered,
            State::Duplicate,
            State::Blocked,
            State::Skipped,
            State::Rejected,
            State::Dead,
            State::Removed,
            State::Changed,
            State::ConsentString,
            State::Keys,
            State::Parts,
            State::Priced,
            State::Money,
            State::Consent,
            State::Latency,
            State::Apart,
        ];
        let all = Query {
            source: Some(question.source.clone()),
            hours_of_day: self.hours_of_day,
            states,
            by: vec![Dimension::Event, Dimension::Destination, Dimension::Code],
            ..Query::between(UnixMillis(0), UnixMillis(0))
        };
        let of = |label: &str, hours: &[UnixMillis], by: &[Dimension]| {
            let mut asked = all.clone();
            asked.since = hours.first().copied().unwrap_or_default();
            asked.until = UnixMillis(hours.last().map_or(0, |hour| hour.0 + HOUR_MS));
            asked.by.splice(0..0, by.iter().copied());
            match question.by {
                super::question::By::Release => asked.release = Some(label.to_owned()),
                super::question::By::Worker => asked.worker = Some(label.to_owned()),
            }
            asked
        };
        let by_hour: &[Dimension] = &[Dimension::Hour];
        let mut history = all.clone();
        history.since = UnixMillis(self.appeared.0 - HISTORY_DAYS * DAY_MS);
        history.until = self.appeared;
        history.by.insert(0, Dimension::Day);
        Queries {
            after: of(&question.after, &self.after, by_hour),
            // Where hours are not compared each with itself, one sum says it all.
            before: of(
                &self.label,
                &self.before,
                if self.concurrent { by_hour } else { &[] },
            ),
            history,
        }
    }
}

fn not_yet(
    reason: &str,
    question: &Question,
    more: f64,
    label: Option<String>,
    traffic: Vec<Traffic>,
) -> Plan {
    Plan::NotYet(NotYet {
        reason: reason.to_owned(),
        more: if more > 0.0 {
            more
        } else {
            f64::from(question.min_events)
        },
        label,
        traffic,
    })
}

/// What a line of the adoption counts of people: what is apart is in what was accepted.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
const fn real(line: &Line, n: i64) -> f64 {
    match line.state {
        State::Accepted => n as f64,
        State::Apart => -(n as f64),
        _ => 0.0,
    }
}

fn at(traffic: &mut [Traffic], hour: UnixMillis) -> Option<&mut Traffic> {
    let place = traffic
        .binary_search_by_key(&hour, |traffic| traffic.hour)
        .ok()?;
    traffic.get_mut(place)
}

pub(super) fn mask(hours: &[UnixMillis]) -> u32 {
    hours
        .iter()
        .fold(0, |mask, hour| mask | Query::hour_of_day(*hour))
}

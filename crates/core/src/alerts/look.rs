//! A source's hours: what is asked of the ledger about them, and what is wrong with them.
//!
//! Each hour that is over is judged by the last 1, 4 and 24 hours, each against the same hours of the four weeks before: what is
//! broken altogether shows within the hour, what only moved takes longer. Looks overlap, and there are 72 of them in a day, so each
//! may be wrong by a seventy-second part of what the day may be wrong by ([`Look::DAY`]). Whether an event comes at all is looked
//! at all the time, in the running hour and the one before it.

use super::condition::{Began, Condition, Kind};
use super::words;
use crate::base::table::Table;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::{Line, Query, State};
use crate::quality::releases::{By, Evidence, Finding, Severity, Span, Thresholds};
use crate::settings::alerts::Alerts;

type Lines = Vec<(Line, i64)>;

/// One look at a source.
#[derive(Debug, Clone)]
pub struct Look {
    source: String,
    now: UnixMillis,
    /// The end of the last hour that is over, where it has not been judged yet.
    over: Option<UnixMillis>,
    volume: f64,
    coverage: f64,
}

impl Look {
    /// What all looks of a day at a source may be wrong by.
    pub const DAY: f64 = 0.01;
    /// So many hours are looked at, counted back from the last one that is over.
    pub const WINDOWS: [u8; 3] = [1, 4, 24];
    /// For so long after its end an hour is not judged: what is on its way is still to be counted.
    const LAG_MS: i64 = 600_000;
    /// How often in a day it is looked whether events come at all, where the cron trigger runs every ten minutes.
    const OFTEN: f64 = 144.0;
    /// What an incident is kept open by: what would not begin one, but may well be the rest of it.
    const LENIENT: f64 = 0.2;

    /// Now; `judged` is the end of the last hour that was judged before.
    pub fn new(source: &str, now: UnixMillis, judged: Option<UnixMillis>, rules: &Alerts) -> Self {
        let end = UnixMillis(now.0 - Self::LAG_MS).hour();
        Self {
            source: source.to_owned(),
            now,
            over: judged.is_none_or(|judged| judged < end).then_some(end),
            volume: rules.volume,
            coverage: rules.coverage,
        }
    }

    /// The end of the hour that is judged, where one is.
    pub const fn judges(&self) -> Option<UnixMillis> {
        self.over
    }

    fn thresholds(&self, alpha: f64) -> Thresholds {
        Thresholds {
            alpha,
            volume: self.volume,
            coverage: self.coverage,
            ..Thresholds::default()
        }
    }

    fn running(&self) -> Span {
        Span {
            source: self.source.clone(),
            since: UnixMillis(self.now.hour().0 - HOUR_MS),
            until: self.now,
            thresholds: self.thresholds(Self::DAY / Self::OFTEN),
        }
    }

    fn spans(&self) -> impl Iterator<Item = (u8, Span)> + '_ {
        let looks = 24.0 * f64::from(u8::try_from(Self::WINDOWS.len()).unwrap_or(u8::MAX));
        let thresholds = self.thresholds(Self::DAY / looks);
        self.over.into_iter().flat_map(move |end| {
            Self::WINDOWS.into_iter().map(move |hours| {
                let span = Span {
                    source: self.source.clone(),
                    since: UnixMillis(end.0 - i64::from(hours) * HOUR_MS),
                    until: end,
                    thresholds,
                };
                (hours, span)
            })
        })
    }

    /// What is asked of the ledger.
    pub fn queries(&self) -> Vec<Query> {
        let running = self.running();
        let mut queries = vec![running.traffic()];
        queries.extend(running.volumes());
        queries.extend(self.spans().flat_map(|(_, span)| span.queries()));
        queries
    }

    /// What is wrong, by the answers to [`Self::queries`]. `is_open`: whether there are incidents of the source, so that what they
    /// are kept open by is of interest.
    pub fn conditions(&self, answers: Vec<Lines>, is_open: bool) -> Vec<Condition> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let traffic = next();
        let mut found = Vec::new();
        let lagging = Span {
            until: UnixMillis(self.now.0 - Self::LAG_MS),
            ..self.running()
        };
        if let Some(silence) = lagging.silence(&traffic) {
            let mut condition = Condition::new(Kind::Silent, words::silent(&silence));
            condition.since = Some(silence.since);
            condition.before = Some(silence.expected);
            condition.after = Some(0.0);
            found.push(condition);
        }
        let running = Span::evidence(traffic.clone(), [next(), next()]);
        if let Some(comparison) = self.running().compare(&running) {
            let gone = comparison.findings.iter().filter(|it| it.test == "T1");
            found.extend(gone.filter_map(|finding| condition(finding, 0)));
        }
        if is_open {
            found.extend(missing(&running));
        }
        for (hours, span) in self.spans() {
            let evidence = Span::evidence(traffic.clone(), [next(), next()]);
            let Some(comparison) = span.compare(&evidence) else {
                continue;
            };
            found.extend(conditions(&comparison.findings, hours, true));
            if is_open {
                let lenient = Span {
                    thresholds: self.thresholds(Self::LENIENT),
                    ..span
                };
                let comparison = lenient.compare(&evidence);
                let findings = comparison.iter().flat_map(|it| &it.findings);
                found.extend(conditions(findings, hours, false));
            }
        }
        for condition in &mut found {
            condition.source.clone_from(&self.source);
            if let Some(since) = condition.since {
                condition.release = began(&traffic, By::Release, since);
                condition.worker = began(&traffic, By::Worker, since);
            }
        }
        found
    }
}

/// Events of the weeks before that did not come in these hours, whether or not that says anything: what is gone is so until it
/// comes.
fn missing(running: &Evidence) -> Vec<Condition> {
    let came = |event: &str| {
        let mut after = running.after.iter();
        after.any(|(line, n)| *n > 0 && line.state == State::Accepted && line.event == event)
    };
    let mut events: Vec<&str> = Vec::new();
    for (line, _) in &running.history {
        if !events.contains(&line.event.as_str()) && !came(&line.event) {
            events.push(&line.event);
        }
    }
    let mut missing = Vec::new();
    for event in events {
        let mut condition = Condition::new(Kind::Gone, String::new());
        event.clone_into(&mut condition.event);
        condition.certain = false;
        missing.push(condition);
    }
    missing
}

fn conditions<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    hours: u8,
    certain: bool,
) -> Vec<Condition> {
    let found = findings.into_iter().filter_map(|finding| {
        let condition = condition(finding, hours)?;
        Some(Condition {
            certain,
            ..condition
        })
    });
    found.collect()
}

/// What a finding is worth telling as; nothing where it is none that anybody is woken for.
fn condition(finding: &Finding, hours: u8) -> Option<Condition> {
    let fell = finding.after < finding.before;
    let towards = |what: &str| [what, if fell { " fell" } else { " rose" }].concat();
    let (kind, what) = match (finding.test, finding.severity) {
        ("T1", _) => (Kind::Gone, String::new()),
        ("T2", Severity::Fail) => (Kind::Volume, towards("volume")),
        ("T3", Severity::Fail) => (Kind::Halved, String::new()),
        ("T4", Severity::Fail) => (Kind::Share, towards(&finding.what)),
        ("T5", _) => (Kind::NewCode, new_code(&finding.what)?),
        _ => return None,
    };
    // What becomes of events differs from platform to platform; what they come with is the same at all of them.
    let is_outcome = kind == Kind::NewCode || State::read(&finding.what).is_some();
    Some(Condition {
        event: finding.event.clone(),
        destination: if is_outcome {
            finding.destination.clone()
        } else {
            String::new()
        },
        what,
        since: finding.since,
        before: finding.before.is_finite().then_some(finding.before),
        after: finding.after.is_finite().then_some(finding.after),
        window: hours,
        ..Condition::new(kind, finding.text.clone())
    })
}

/// The state and the code, where events are refused for it.
fn new_code(what: &str) -> Option<String> {
    let code = what.strip_prefix("new code ")?;
    let (state, _) = code.split_once(": ")?;
    let refused = [State::Rejected, State::Dead, State::Malformed];
    let is_refused = State::read(state).is_some_and(|state| refused.contains(&state));
    is_refused.then(|| code.to_owned())
}

/// The label that was new when something moved, or in the day before.
fn began(traffic: &Lines, by: By, since: UnixMillis) -> Option<Began> {
    /// Below one event in fifty a label is only being tried out.
    const SOME: i64 = 50;
    let counted = || {
        traffic
            .iter()
            .filter(|(line, _)| line.state == State::Accepted)
    };
    let oldest = counted().map(|(line, _)| line.hour).min()?;
    let mut labels: Vec<&str> = Vec::new();
    for (line, _) in counted() {
        let label = by.label(line);
        if !label.is_empty() && !labels.contains(&label) {
            labels.push(label);
        }
    }
    let mut newest: Option<Began> = None;
    for label in labels {
        let mut hours: Table<UnixMillis, (i64, i64)> = Table::new();
        for (line, n) in counted() {
            hours.change(line.hour, |(own, all)| {
                *all += n;
                *own += if by.label(line) == label { *n } else { 0 };
            });
        }
        let mut hours = hours.iter();
        let first = hours.find(|(_, (own, all))| *own > 0 && own.saturating_mul(SOME) >= *all);
        let Some(at) = first.map(|(hour, _)| *hour) else {
            continue;
        };
        let is_new = at > oldest && (since.0 - DAY_MS..=since.0).contains(&at.0);
        if is_new && newest.as_ref().is_none_or(|known| known.at < at) {
            newest = Some(Began {
                label: label.to_owned(),
                at,
            });
        }
    }
    newest
}

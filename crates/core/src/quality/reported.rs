//! What platforms report about quality themselves, as it is told: beside what was counted here, and never among it.

use serde::Serialize;

use crate::base::reported::{Amount, Reported};

/// What a platform reports about an event, or about all of them, and of when that is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The destination.
    pub destination: String,
    /// Its platform, whose words and numbers these are.
    pub platform: String,
    /// The event; nothing where it is about all of them.
    pub event: Option<String>,
    /// The span of time that it covers, as the platform documents it: from here
    pub since: String,
    /// to here.
    pub until: String,
    /// When the platform was asked.
    pub observed_at: String,
    /// What it said.
    pub figures: Vec<Figure>,
}

/// One metric of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Which.
    pub metric: &'static str,
    /// The key, part or sender that it is about, by the platform's name; nothing where it is about none.
    pub of: Option<String>,
    /// How much it is, or which word.
    pub value: Amount,
    /// In what.
    pub unit: &'static str,
}

/// What is told of reports: those about `event`, where one is named. `platform` says of a destination which one it is; of
/// those that it knows nothing of, nothing is told.
pub fn told<'p>(
    reported: Vec<Reported>,
    event: Option<&str>,
    platform: impl Fn(&str) -> Option<&'p str>,
) -> Vec<Told> {
    let asked = reported
        .into_iter()
        .filter(|one| event.is_none_or(|event| one.event == event));
    let told = asked.filter_map(|one| {
        let figures = one.figures.into_iter();
        let figures = figures.map(|(metric, of, value)| Figure {
            metric: metric.as_str(),
            of: (!of.is_empty()).then_some(of),
            value,
            unit: metric.unit().as_str(),
        });
        Some(Told {
            platform: platform(&one.destination)?.to_owned(),
            destination: one.destination,
            event: (!one.event.is_empty()).then_some(one.event),
            since: one.since.to_rfc3339(),
            until: one.until.to_rfc3339(),
            observed_at: one.observed_at.to_rfc3339(),
            figures: figures.collect(),
        })
    });
    told.collect()
}

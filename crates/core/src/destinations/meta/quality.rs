//! What Meta says about the quality of what it got.
//!
//! `GET https://graph.facebook.com/v26.0/dataset_quality` (Dataset Quality API, read 2026-11-29) and `GET
//! /v26.0/{dataset_id}/stats` (Graph reference, ads pixel statistics). Meta names the fields that it can leave out in no
//! place, and leaves out whatever it has too little data for, so each of them may be missing. The page's table spells one of
//! the fields `dedup_key_feedback`, which the interface refuses with the error 100; `dedupe_key_feedback` is the one that works.

use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::base::reason::Cause;
use crate::base::reported::{Metric, Reported};
use crate::base::table::Table;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::exchange::outcome::Outcome;
use crate::exchange::request::Request;

/// What is asked of each event.
const FIELDS: &str = "web{event_name,event_match_quality{composite_score,match_key_feedback{identifier,coverage{percentage}}},event_coverage{percentage,goal_percentage},dedupe_key_feedback,data_freshness{upload_frequency}}";

/// The score and the coverage of keys are of the last 48 hours, as Meta's help has it.
const SCORED_MS: i64 = 2 * DAY_MS;
/// The coverage of events is a mean of seven days.
const COVERED_MS: i64 = 7 * DAY_MS;
/// What was counted is asked for of a day.
const COUNTED_MS: i64 = DAY_MS;

/// What is asked, and with what credential.
#[derive(Debug)]
pub(super) struct Quality {
    pub(super) authorization: HeaderValue,
    /// Of the events of the gateway alone, and not of all that the dataset gets.
    pub(super) own: bool,
    /// What was counted by sender as well.
    pub(super) stats: bool,
}

impl Quality {
    /// The questions.
    pub(super) fn requests(
        &self,
        (host, version, dataset): (&str, &str, &str),
        agent: &str,
        now: UnixMillis,
    ) -> Result<Vec<Request>, Outcome> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("dataset_id", dataset)
            .append_pair("fields", FIELDS);
        if self.own {
            query.append_pair("agent_name", agent);
        }
        let query = query.finish();
        let mut uris = vec![[host, version, "/dataset_quality?", &query].concat()];
        if self.stats {
            let since = counted_since(now).seconds().0.to_string();
            let query = ["aggregation=event_source&start_time=", &since].concat();
            uris.push([host, version, "/", dataset, "/stats?", &query].concat());
        }
        let mut requests = Vec::new();
        for uri in uris {
            let request = http::Request::get(uri)
                .header(AUTHORIZATION, self.authorization.clone())
                .body(Vec::new());
            requests.push(request.map_err(|_| Outcome::rejected(Cause::EncodingFailed))?);
        }
        Ok(requests)
    }
}

/// Whole hours, as Meta counts.
const fn counted_since(now: UnixMillis) -> UnixMillis {
    UnixMillis(now.hour().0 - COUNTED_MS + HOUR_MS)
}

/// A number, or the one that stands in an object as `percentage`.
fn number(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    value.as_f64().or_else(|| value.get("percentage")?.as_f64())
}

fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    let list = value.pointer(path).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What stands in a reply about quality; nothing where it is none. `ours` is our name of an event.
pub(super) fn quality(
    body: &Value,
    ours: &dyn Fn(&str) -> String,
    now: UnixMillis,
) -> Option<Vec<Reported>> {
    let events = body.get("web")?.as_array()?;
    let mut found = Vec::new();
    for event in events {
        let name = ours(text(event, "event_name"));
        if name.is_empty() {
            continue;
        }
        let of = |span| Reported::new(&name, UnixMillis(now.0 - span), now);
        let mut scored = of(SCORED_MS);
        let score = event.pointer("/event_match_quality/composite_score");
        scored.number(Metric::MatchQuality, "", number(score));
        for key in list(event, "/event_match_quality/match_key_feedback") {
            let coverage = number(key.get("coverage"));
            scored.number(Metric::Coverage, text(key, "identifier"), coverage);
        }
        let mut covered = of(COVERED_MS);
        for (metric, path) in [
            (Metric::EventCoverage, "/event_coverage/percentage"),
            (Metric::EventCoverageGoal, "/event_coverage/goal_percentage"),
        ] {
            covered.number(metric, "", number(event.pointer(path)));
        }
        for key in list(event, "/dedupe_key_feedback") {
            for (metric, name) in [
                (Metric::DedupBrowser, "browser_events_with_dedupe_key"),
                (Metric::DedupServer, "server_events_with_dedupe_key"),
                (
                    Metric::DedupCovered,
                    "overall_browser_coverage_from_dedupe_key",
                ),
            ] {
                covered.number(metric, text(key, "dedupe_key"), number(key.get(name)));
            }
        }
        let frequency = event.pointer("/data_freshness/upload_frequency");
        covered.word(Metric::Freshness, frequency.and_then(Value::as_str));
        found.extend(scored.kept());
        found.extend(covered.kept());
    }
    Some(found)
}

/// What stands in a reply about counts: buckets of an hour, in each how many by sender.
pub(super) fn counts(body: &Value, now: UnixMillis) -> Option<Vec<Reported>> {
    let buckets = body.get("data")?.as_array()?;
    let mut sums: Table<String, f64> = Table::new();
    for one in buckets.iter().flat_map(|bucket| list(bucket, "/data")) {
        let count = one.get("count");
        // Graph spells some counts as texts.
        let count = count.and_then(|n| n.as_f64().or_else(|| n.as_str()?.parse().ok()));
        if let Some(count) = count {
            let sender = text(one, "value").to_ascii_lowercase();
            sums.change(sender, |sum| *sum += count);
        }
    }
    let mut of = Reported::new("", counted_since(now), now);
    for (sender, sum) in sums.iter().filter(|(sender, _)| !sender.is_empty()) {
        of.number(Metric::Counted, sender, Some(*sum));
    }
    Some(of.kept().into_iter().collect())
}

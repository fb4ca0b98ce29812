//! What Pinterest says about the quality of what it got.
//!
//! `GET https://api.pinterest.com/v5/ad_accounts/{ad_account_id}/conversion_eqs` (`OpenAPI` description 5.23.0, "Get event
//! quality score", read 2026-11-29). A word for all, and for each component the share of events by their name.

use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::base::reason::Cause;
use crate::base::reported::{Metric, Reported};
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::exchange::outcome::Outcome;
use crate::exchange::request::Request;

/// How many names of events there are at most: Pinterest has fifteen, and counts fifteen more.
const MOST_EVENTS: usize = 30;

/// The question, of a day, of web events that came by this interface.
pub(super) fn request(base: &str, authorization: &HeaderValue) -> Result<Request, Outcome> {
    let query =
        "/conversion_eqs?lookback_period=1d&source_platform=WEB&ingestion_source=CONVERSIONS_API";
    http::Request::get([base, query].concat())
        .header(AUTHORIZATION, authorization.clone())
        .body(Vec::new())
        .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
}

/// What stands in the reply; nothing where it is none. `ours` is our name of an event.
pub(super) fn quality(
    body: &Value,
    ours: &dyn Fn(&str) -> String,
    now: UnixMillis,
) -> Option<Vec<Reported>> {
    let of = |event: &str| Reported::new(event, UnixMillis(now.0 - DAY_MS), now);
    let mut all = of("");
    let mut events: Table<String, Option<Reported>> = Table::new();
    for one in body.as_array()? {
        // It was asked for one way in, and is read as that alone.
        let way = one.get("ingestion_source").and_then(Value::as_str);
        if way.is_some_and(|way| way != "CONVERSIONS_API") {
            continue;
        }
        let status = one.get("overall_status").and_then(Value::as_str);
        all.word(Metric::Status, status);
        let components = one.get("quality_components").and_then(Value::as_object);
        for (key, by_event) in components.into_iter().flatten() {
            for (theirs, share) in by_event.as_object().into_iter().flatten() {
                // The events are named in capitals or small letters, depending on the page.
                let name = ours(&theirs.to_ascii_lowercase());
                if events.len() >= MOST_EVENTS && !events.contains(&name) {
                    continue;
                }
                let number = |name| share.get(name).and_then(Value::as_f64);
                events.change(name.clone(), |found| {
                    let found = found.get_or_insert_with(|| of(&name));
                    found.number(Metric::Coverage, key, number("coverage"));
                    found.number(Metric::Overlap, key, number("overlap"));
                });
            }
        }
    }
    let named = events.into_iter();
    let named = named.filter_map(|(name, found)| found.filter(|_| !name.is_empty())?.kept());
    Some(all.kept().into_iter().chain(named).collect())
}

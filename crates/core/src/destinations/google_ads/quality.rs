//! What Google Ads says about the conversions that were uploaded: its offline data diagnostics.
//!
//! `POST https://googleads.googleapis.com/v25/customers/{customer_id}/googleAds:search` (Google Ads API, "Monitor offline data
//! diagnostics", read 2026-11-30). Its numbers are of the most recent calendar day that has any, in the account's time zone,
//! which nothing here knows: the day is taken for one of UTC. Whether it counts what came by the Data Manager API is not
//! documented.

use serde_json::Value;

use super::reply::{at, code, list, number};
use crate::base::json::Object;
use crate::base::reported::{Metric, Reported};
use crate::base::time::{DAY_MS, UnixMillis};

/// The account's summary, and that of each conversion action.
const QUERIES: [&str; 2] = [
    "SELECT offline_conversion_upload_client_summary.client, offline_conversion_upload_client_summary.status, offline_conversion_upload_client_summary.success_rate, offline_conversion_upload_client_summary.pending_rate, offline_conversion_upload_client_summary.successful_event_count, offline_conversion_upload_client_summary.total_event_count, offline_conversion_upload_client_summary.last_upload_date_time FROM offline_conversion_upload_client_summary",
    "SELECT offline_conversion_upload_conversion_action_summary.client, offline_conversion_upload_conversion_action_summary.conversion_action_id, offline_conversion_upload_conversion_action_summary.status, offline_conversion_upload_conversion_action_summary.successful_event_count, offline_conversion_upload_conversion_action_summary.total_event_count, offline_conversion_upload_conversion_action_summary.last_upload_date_time FROM offline_conversion_upload_conversion_action_summary",
];

/// Who uploads that is a program. The other kind is a person with a file.
const CLIENT: &str = "GOOGLE_ADS_API";

/// The bodies of the questions.
pub(super) fn bodies() -> [Vec<u8>; 2] {
    QUERIES.map(|query| Object::write(|body| body.put("query", query)))
}

/// The day of `2026-11-29 13:05:00`, as far as it is over.
fn day(text: &str, now: UnixMillis) -> Option<(UnixMillis, UnixMillis)> {
    let date = text.get(..10)?;
    let since = UnixMillis::parse_rfc3339(&[date, "T00:00:00Z"].concat())?;
    let until = UnixMillis((since.0 + DAY_MS).min(now.0));
    (since.0 < until.0).then_some((since, until))
}

#[expect(clippy::cast_precision_loss, reason = "counts of events")]
fn events(value: &Value) -> Option<f64> {
    number(value).map(|n| n as f64)
}

/// What stands in the reply to a question; nothing where it is none. `ours` is our name of a conversion action's id.
pub(super) fn quality<'n>(
    body: &Value,
    ours: impl Fn(u64) -> Option<&'n str>,
    now: UnixMillis,
) -> Option<Vec<Reported>> {
    // Without a row Google leaves the list out.
    let body = body.as_object()?;
    let rows = body.get("results").map_or(&[][..], list);
    let mut found = Vec::new();
    for row in rows {
        let client = at(row, "/offlineConversionUploadClientSummary");
        let action = at(row, "/offlineConversionUploadConversionActionSummary");
        let (of, name) = match number(at(action, "/conversionActionId")) {
            Some(id) => (action, ours(id)),
            None => (client, Some("")),
        };
        let uploaded = at(of, "/lastUploadDateTime").as_str();
        let span = uploaded.and_then(|text| day(text, now));
        let (Some(name), Some((since, until))) = (name, span) else {
            continue;
        };
        if code(at(of, "/client")) != Some(CLIENT) {
            continue;
        }
        let mut one = Reported::new(name, since, until);
        one.observed_at = now;
        one.word(Metric::Status, code(at(of, "/status")));
        let rate = |name| at(of, name).as_f64().map(|share| share * 100.0);
        one.number(Metric::SuccessRate, "", rate("/successRate"));
        one.number(Metric::PendingRate, "", rate("/pendingRate"));
        let taken = events(at(of, "/successfulEventCount"));
        one.number(Metric::Successful, "", taken);
        one.number(Metric::Uploaded, "", events(at(of, "/totalEventCount")));
        found.extend(one.kept());
    }
    Some(found)
}

//! What was decided about events: receipts by event id, whole chains for people who check them, and how far they are.

use std::borrow::Cow;

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::query::parameters;
use edgetally_core::intake::Response as Answer;
use edgetally_core::ledger::chain::day;
use edgetally_core::routes::parameter;
use serde_json::{Map, Value, json};

use crate::admin::{admit, tell, unavailable};
use crate::routes::{self, Call};
use crate::runtime::{self, Response, respond};

/// The parameters of an address as a filter of the ledger, those of `allowed` only. What a page ends with is a date or a
/// number, whichever `after` reads.
fn filter(
    query: &str,
    allowed: &[&str],
    after: fn(&str) -> Option<i64>,
) -> Result<Map<String, Value>, ParseError> {
    let mut filter = Map::new();
    for (name, value) in parameters(query) {
        let read: Option<Value> = match name.as_ref() {
            name if !allowed.contains(&name) => None,
            "day" => day(&value).map(|day| json!(day)),
            "after" => after(&value).map(|after| json!([after])),
            "limit" => {
                let limit = value.parse::<u32>().ok().filter(|limit| *limit > 0);
                limit.map(|limit| json!(limit))
            }
            _ => Some(json!(value)),
        };
        let Some(read) = read else {
            let rule = format!("parameters: {} (a day as 2026-11-30)", allowed.join(", "));
            return Err(ParseError::new(Code::RequestInvalid, "", rule));
        };
        filter.insert(name.into_owned(), read);
    }
    Ok(filter)
}

async fn ask(
    call: &Call<'_>,
    path: &str,
    filter: Map<String, Value>,
) -> Result<String, ParseError> {
    runtime::ledger(&call.env, path, &runtime::json(&Value::Object(filter)))
        .await
        .map_err(unavailable)
}

/// `GET /v1/receipts/{event_id}`.
pub(crate) async fn receipt(call: &Call<'_>) -> Response {
    tell(of_event(call).await)
}

async fn of_event(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let mut filter = filter(call.query, &["source", "limit"], |_| None)?;
    let event_id: Cow<'_, str> = parameter(call.path);
    filter.insert("event_id".to_owned(), json!(event_id));
    ask(call, "/receipt", filter).await
}

/// `GET /v1/receipts`.
pub(crate) async fn receipts(call: &Call<'_>) -> Response {
    tell_lines(chain(call).await)
}

async fn chain(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let whole = |text: &str| text.parse().ok().filter(|after| *after >= 0);
    let filter = filter(call.query, &["source", "day", "after", "limit"], whole)?;
    if !(filter.contains_key("source") && filter.contains_key("day")) {
        let rule = "needs source and day: a chain is of one source and one day";
        return Err(ParseError::new(Code::RequestInvalid, "", rule));
    }
    ask(call, "/receipts", filter).await
}

/// `GET /v1/receipt-heads`.
pub(crate) async fn heads(call: &Call<'_>) -> Response {
    tell_lines(all_heads(call).await)
}

async fn all_heads(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let filter = filter(call.query, &["source", "day", "after"], day)?;
    ask(call, "/receipt-heads", filter).await
}

/// Tells the operator line by line.
fn tell_lines(answer: Result<String, ParseError>) -> Response {
    match answer {
        Ok(text) => respond(
            &Answer {
                media: "application/x-ndjson",
                ..Answer::json(200, text)
            },
            &[],
        ),
        Err(error) => routes::refuse(&error),
    }
}

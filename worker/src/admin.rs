//! What operators see and do.

mod alerts;
mod explain;
mod health;
mod quality;
pub(crate) mod reading;
mod receipts;
pub(crate) mod releases;
pub(crate) mod replay;
pub(crate) mod sums;

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::table::Table;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::intake::auth::is_admin;
use edgetally_core::intake::{Header, error_of};
use edgetally_core::ledger::DeadLetter;
use serde_json::{Value, json};

use crate::routes::{self, Call};
use crate::runtime::{self, Env, Response};
use crate::state;

pub(crate) use self::alerts::{alerts, test_alert};
pub(crate) use self::explain::explain_consent;
pub(crate) use self::health::{health, reports_unavailable, sentences};
pub(crate) use self::quality::{MOST_AGE_MS, metrics, quality};
pub(crate) use self::reading::{dead_letters, ledger, recent};
pub(crate) use self::receipts::{heads, receipt, receipts};
pub(crate) use self::releases::compare;
pub(crate) use self::replay::{dismiss, replay, resume};

/// Who asks has to show the admin token.
fn admit(call: &Call<'_>) -> Result<(), ParseError> {
    let settings = state::settings(&call.env).map_err(|_| error_of(Code::SettingsInvalid))?;
    if is_admin(settings, call.headers.get(Header::Authorization)) {
        Ok(())
    } else {
        Err(error_of(Code::AdminTokenInvalid))
    }
}

/// Tells the operator.
fn tell(answer: Result<String, ParseError>) -> Response {
    match answer {
        Ok(body) => routes::json(200, body),
        Err(error) => routes::refuse(&error),
    }
}

fn unavailable<E>(_: E) -> ParseError {
    error_of(Code::LedgerUnavailable)
}

pub(crate) async fn ask(env: &Env, path: &str, question: &Value) -> Result<Value, ParseError> {
    let text = runtime::ledger(env, path, &runtime::json(question))
        .await
        .map_err(unavailable)?;
    serde_json::from_str(&text).map_err(unavailable)
}

/// The rows of a list of an answer.
pub(crate) fn take(answer: &mut Value, name: &str) -> Vec<Value> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}

/// A member of a row of the ledger.
pub(crate) fn member<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn number(row: &Value, name: &str) -> i64 {
    row.get(name).and_then(Value::as_i64).unwrap_or(0)
}

pub(crate) fn put(body: &mut Value, name: &str, value: Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert(name.to_owned(), value);
    }
}

/// What a person has to see to, as the ledger tells it.
pub(crate) struct Attention {
    /// How many messages cannot be worked off.
    quarantined: i64,
    /// For destinations that the settings no longer have, how many events there were.
    removed: Table<String, i64>,
    /// Since when outcomes have been waiting for a bucket that does not take them.
    outcomes_waiting: Option<UnixMillis>,
    /// What there was no room for, by source.
    shortages: Table<String, Table<String, i64>>,
    /// Of today and yesterday, how many names have no lines of their own, by source.
    folded: Table<String, i64>,
    /// How many incidents are open.
    incidents: i64,
    /// What became of the last alert; empty where it was taken.
    alert_failure: String,
    /// Which platforms said nothing about quality when they were last asked, with the code of why.
    pub(crate) unreported: Vec<(String, String)>,
}

impl Attention {
    pub(crate) fn read(answer: &Value) -> Self {
        let rows = |name| {
            answer
                .get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        let mut shortages: Table<String, Table<String, i64>> = Table::new();
        for row in rows("shortages") {
            shortages.change(member(row, "what").to_owned(), |of| {
                of.insert(member(row, "source").to_owned(), number(row, "n"));
            });
        }
        let mut folded: Table<String, i64> = Table::new();
        for row in rows("spilled") {
            folded.change(member(row, "source").to_owned(), |n| *n += number(row, "n"));
        }
        let alerts = answer.get("alerts").unwrap_or(&Value::Null);
        let sent = alerts.get("sent").unwrap_or(&Value::Null);
        let visits = rows("visits").map(|row| (member(row, "destination"), member(row, "fault")));
        Self {
            shortages,
            folded,
            incidents: number(alerts, "open"),
            alert_failure: member(sent, "failure").to_owned(),
            unreported: visits
                .filter(|(_, fault)| !fault.is_empty())
                .map(|(name, fault)| (name.to_owned(), fault.to_owned()))
                .collect(),
            outcomes_waiting: rows("outcomes_waiting")
                .map(|row| UnixMillis(number(row, "since")))
                .next(),
            quarantined: rows("quarantined").map(|row| number(row, "n")).sum(),
            removed: rows("destination_removed")
                .map(|row| (member(row, "destination").to_owned(), number(row, "n")))
                .collect(),
        }
    }

    /// Puts down what there is.
    fn put(&self, body: &mut Value) {
        if self.quarantined > 0 {
            put(body, "quarantined", self.quarantined.into());
        }
        if !self.removed.is_empty() {
            put(body, DeadLetter::DESTINATION_REMOVED, json!(self.removed));
        }
        if let Some(since) = self.outcomes_waiting {
            put(body, "outcomes_waiting", since.to_rfc3339().into());
        }
        if !self.folded.is_empty() {
            put(body, "names_folded", json!(self.folded));
        }
        for (what, sources) in self.shortages.iter() {
            put(body, what, json!(sources));
        }
    }
}

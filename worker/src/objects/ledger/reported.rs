//! What platforms report about quality, as they said it, and when each of them was asked. Reports are kept beside the counts and
//! are no part of them: nothing that balances is made of them.

use edgetally_core::base::members::Members;
use edgetally_core::base::time::DAY_MS;
use serde_json::{Value, json};

use super::Ledger;
use super::database::{at, read, write};
use crate::runtime::Unavailable;

/// How many reports one answer has. There are some for each destination and event.
const MOST: u32 = 1000;

impl Ledger {
    /// Whom the ledger knows to have been asked.
    pub(super) fn visits(&self) -> Result<String, Unavailable> {
        self.rows(
            "SELECT destination, at, next, fault FROM visits",
            &json!([]),
        )
    }

    /// Keeps reports, which are never changed, and who was asked when.
    pub(super) fn keep_reported(&self, body: &str) -> Result<String, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let mut list = |name| {
            of.take(name)
                .ok_or(Unavailable)
                .and_then(|list| write(&list))
        };
        let (reported, visits) = (list("reported")?, list("visits")?);
        let kept = self.whole(|| {
            let query = format!(
                "INSERT OR IGNORE INTO reported (destination, event, days, observed_at, since, until, figures)
                 SELECT value->>'$.destination', value->>'$.event',
                   ((value->>'$.until') - (value->>'$.since') + {DAY_MS} - 1) / {DAY_MS},
                   value->>'$.observed_at', value->>'$.since', value->>'$.until', value->'$.figures'
                 FROM json_each(?)"
            );
            self.set("reported", &query, &json!([reported]))?;
            at(
                self.rows(
                    "INSERT INTO visits (destination, at, next, fault)
                     SELECT value->>'$.destination', value->>'$.at', value->>'$.next', value->>'$.fault' FROM json_each(?)
                     WHERE true
                     ON CONFLICT DO UPDATE SET at = excluded.at, next = excluded.next, fault = excluded.fault",
                    &json!([visits]),
                ),
                "visits",
            )
        });
        kept.map(|_| "{}".to_owned()).map_err(|_| Unavailable)
    }

    /// The latest reports of a span of time: one for each destination, event and length of the span that it covers.
    pub(super) fn latest(&self, since: i64, until: i64) -> Result<String, Unavailable> {
        self.rows(
            "SELECT destination, event, since, until, max(observed_at) AS observed_at, figures FROM reported
             WHERE observed_at >= ? AND observed_at < ? GROUP BY destination, event, days
             ORDER BY destination, event, days LIMIT ?",
            &json!([since, until, MOST]),
        )
    }

    /// The same, as it is asked for.
    pub(super) fn reported(&self, body: &str) -> Result<String, Unavailable> {
        let asked: Value = read(body)?;
        let time = |name| asked.get(name).and_then(Value::as_i64).ok_or(Unavailable);
        self.latest(time("since")?, time("until")?)
    }
}

//! Incidents, for whoever looks and tells: one at a time, so that nothing is told twice.

use edgetally_core::base::members::{Members, text};
use edgetally_core::base::time::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use super::Ledger;
use super::database::{at, list, read, write};
use crate::runtime::{self, Unavailable};

/// For how long a round of looks belongs to whoever began it, in milliseconds: longer than it takes to send what there is to send.
const ROUND_MS: i64 = 180_000;
/// For how long an incident is kept that is over, in milliseconds.
pub(super) const KEPT_DAYS: i64 = 30;
/// Over for longer, nothing is to be told of it any more.
const TOLD_MS: i64 = 7 * DAY_MS;
/// How many are told to people at once.
const MOST_LISTED: u32 = 200;

impl Ledger {
    /// Begins a round of looks, unless another is under way: the incidents that are known, when which source was looked at last, and
    /// how many dead letters there are.
    pub(super) fn watch(&self, body: &str) -> Result<String, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let token = of.text("round").ok_or(Unavailable)?;
        let now = runtime::now().0;
        let under_way = self.column(
            "SELECT value FROM watching WHERE name = 'round' AND value ->> 'until' > ?",
            &json!([now]),
        )?;
        if !under_way.is_empty() {
            return Ok(r#"{"taken":true}"#.to_owned());
        }
        let round = runtime::json(&json!({"token": token, "until": now + ROUND_MS}));
        self.rows(
            "INSERT OR REPLACE INTO watching (name, value) VALUES ('round', ?)",
            &json!([round]),
        )?;
        let incidents = self.column(
            "SELECT body FROM incidents WHERE over = 0 OR over > ? ORDER BY id",
            &json!([now - TOLD_MS]),
        )?;
        let looked = self.rows(
            "SELECT substr(name, 8) AS source, CAST(value AS INTEGER) AS until FROM watching WHERE name LIKE 'looked:%'",
            &json!([]),
        )?;
        let letters = self.rows(
            "SELECT destination, sum(at > ?1) AS hour, sum(at > ?2) AS day, sum(at <= ?2) AS week FROM dead
             WHERE at > ?3 GROUP BY 1",
            &json!([now - HOUR_MS, now - DAY_MS, now - 8 * DAY_MS]),
        )?;
        Ok(format!(
            r#"{{"incidents":[{}],"looked":{looked},"letters":{letters}}}"#,
            incidents.join(",")
        ))
    }

    /// Keeps what a round has come to, as long as it is the one that is under way.
    pub(super) fn watched(&self, body: &str) -> Result<String, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let token = of.text("round").ok_or(Unavailable)?;
        let incidents = of.list("incidents", text).ok_or(Unavailable)?;
        let looked = of.list("looked", Some).ok_or(Unavailable)?;
        let sent = of.take("sent").filter(Value::is_object);
        let is_over = of.take("over").and_then(|over| over.as_bool()) == Some(true);
        let now = runtime::now().0;
        let kept = self.whole(|| {
            let own = at(
                self.column(
                    "SELECT value FROM watching WHERE name = 'round' AND value ->> 'token' = ?",
                    &json!([token]),
                ),
                "round",
            )?;
            if own.is_empty() {
                return Ok(false);
            }
            for incident in &incidents {
                self.set(
                    "incidents",
                    "INSERT OR REPLACE INTO incidents (id, over, at, body)
                     SELECT ?1 ->> 'id', coalesce(?1 ->> 'over', 0), ?2, ?1",
                    &json!([incident, now]),
                )?;
            }
            for one in &looked {
                self.set(
                    "looked",
                    "INSERT OR REPLACE INTO watching (name, value) SELECT 'looked:' || (?1 ->> 0), ?1 ->> 1",
                    &json!([at(write(one), "looked")?]),
                )?;
            }
            if let Some(sent) = &sent {
                self.set(
                    "sent",
                    "INSERT OR REPLACE INTO watching (name, value) VALUES ('sent', ?)",
                    &json!([at(write(sent), "sent")?]),
                )?;
            }
            if is_over {
                self.set(
                    "round",
                    "DELETE FROM watching WHERE name = 'round'",
                    &json!([]),
                )?;
            }
            Ok(true)
        });
        match kept {
            Ok(kept) => Ok(runtime::json(&json!({"kept": kept}))),
            Err(_) => Err(Unavailable),
        }
    }

    /// The incidents, open ones first, and what became of the last message.
    pub(super) fn incidents(&self) -> Result<String, Unavailable> {
        let mut incidents = self.column(
            "SELECT body FROM incidents ORDER BY over > 0, at DESC, id LIMIT ?",
            &json!([MOST_LISTED + 1]),
        )?;
        let more = incidents.len() > MOST_LISTED as usize;
        incidents.truncate(MOST_LISTED as usize);
        Ok(format!(
            r#"{{"incidents":[{}],"more":{more},"sent":{}}}"#,
            incidents.join(","),
            self.sent()?
        ))
    }

    /// Those that are open, as a list.
    pub(super) fn open_incidents(&self) -> Result<String, Unavailable> {
        let open = self.column(
            "SELECT body FROM incidents WHERE over = 0 ORDER BY at DESC, id LIMIT ?",
            &json!([MOST_LISTED]),
        )?;
        Ok(format!("[{}]", open.join(",")))
    }

    /// How many there are, and what became of the last message.
    pub(super) fn alerts(&self) -> Result<String, Unavailable> {
        let open: Vec<Value> = list(
            &self.rows(
                "SELECT count(*) AS n FROM incidents WHERE over = 0",
                &json!([]),
            )?,
            Some,
        )?;
        let open = open.first().and_then(|row| row.get("n")?.as_i64());
        Ok(format!(
            r#"{{"open":{},"sent":{}}}"#,
            open.unwrap_or(0),
            self.sent()?
        ))
    }

    fn sent(&self) -> Result<String, Unavailable> {
        let sent = self.column("SELECT value FROM watching WHERE name = 'sent'", &json!([]))?;
        Ok(sent.into_iter().next().unwrap_or_else(|| "null".to_owned()))
    }
}

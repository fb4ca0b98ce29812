//! Outcomes on their way to a bucket. They are written with the counts that they are of, in one transaction, and handed out
//! until somebody says that the bucket has them: so each is there once, whoever dies in between.
//!
//! Which rows go together is fixed before they are handed out for the first time. What is handed out again has the same
//! name and the same lines, and takes the place of what was there.

use edgetally_core::base::members::Members;
use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::ledger::outcomes::{Portion, portions};
use edgetally_core::ledger::{Report, Shortage};
use serde_json::json;

use super::Ledger;
use super::database::{Applied, MOST_BYTES, at, list, read};
use crate::exporter::OUTCOMES;
use crate::runtime::{self, Unavailable};
use crate::state;

/// How many rows are handed out at once; and no more than [`MOST_BYTES`], since the lines of an hour are one text then, of which
/// a database has no larger ones than twice that.
const MOST_ROWS: u32 = 4000;
/// How long outcomes wait for a bucket that takes none.
const WAITING_DAYS: i64 = 7;

/// Fixes what goes together, unless that is fixed: what is there, as far as it may be handed out at once.
const SEAL: &str = "
INSERT INTO exporting (name, until)
SELECT ?1, max(seq) FROM (
  SELECT seq, sum(octet_length(body)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS place
  FROM (SELECT seq, body FROM outcomes ORDER BY seq LIMIT ?2)
) WHERE (bytes <= ?3 OR place = 1) AND NOT EXISTS (SELECT 1 FROM exporting)
HAVING count(*) > 0";

impl Ledger {
    /// Writes the outcomes of reports that are applied, where a bucket is bound.
    pub(super) fn write_outcomes(&self, fresh: &[&Report], now: i64) -> Applied<()> {
        if !runtime::bindings(&self.env, &[OUTCOMES]).contains(&true) {
            return Ok(());
        }
        let settings = state::settings(&self.env).ok();
        let portions = portions(fresh, UnixMillis(now), |of| {
            let claims = &settings?.claims;
            let key = claims.exported(&of.source, &of.event, &of.event_id);
            Some(key.to_hex())
        });
        let is_large = self.is_large();
        for portion in portions {
            let Portion {
                hour,
                source,
                lines,
                text,
            } = portion;
            if is_large {
                self.miss(Shortage::OutcomesDropped, &source, lines, now)?;
            } else {
                self.set(
                    "outcomes",
                    "INSERT INTO outcomes (at, hour, source, lines, body) VALUES (?, ?, ?, ?, ?)",
                    &json!([now, hour, source, lines, text]),
                )?;
            }
        }
        Ok(())
    }

    /// What is to be put into the bucket next: a name, and the lines of each hour; nothing where all is there.
    pub(super) fn outcomes(&self) -> Result<String, Unavailable> {
        self.rows(SEAL, &json!([runtime::random(), MOST_ROWS, MOST_BYTES]))?;
        let Some(name) = self.column("SELECT name FROM exporting", &json!([]))?.pop() else {
            return Ok("{}".to_owned());
        };
        let hours = self.rows(
            "SELECT hour, group_concat(body, '') AS body FROM outcomes WHERE seq <= (SELECT until FROM exporting) GROUP BY hour",
            &json!([]),
        )?;
        Ok(format!(r#"{{"name":"{name}","hours":{hours}}}"#))
    }

    /// The bucket has what was handed out under that name.
    pub(super) fn exported(&self, body: &str) -> Result<String, Unavailable> {
        let name = Members::of(read(body)?).and_then(|mut of| of.text("name"));
        let name = json!([name.ok_or(Unavailable)?]);
        self.whole(|| {
            self.set(
                "exported",
                "DELETE FROM outcomes WHERE seq <= (SELECT until FROM exporting WHERE name = ?)",
                &name,
            )?;
            self.set("exported", "DELETE FROM exporting WHERE name = ?", &name)
        })
        .map_err(|_| Unavailable)?;
        Ok("{}".to_owned())
    }

    /// Since when outcomes have been waiting, where that is for longer than an hour.
    pub(super) fn outcomes_waiting(&self) -> Result<String, Unavailable> {
        self.rows(
            "SELECT at AS since FROM (SELECT at FROM outcomes ORDER BY seq LIMIT 1) WHERE at < ?",
            &json!([runtime::now().0 - HOUR_MS]),
        )
    }

    /// Gives up outcomes that no bucket has taken for so long.
    pub(super) fn drop_outcomes(&self, now: i64) -> Applied<()> {
        let old = json!([now - WAITING_DAYS * DAY_MS]);
        self.whole(|| {
            let rows = self.rows(
                "SELECT source, sum(lines) AS n FROM outcomes WHERE at < ? GROUP BY source",
                &old,
            );
            let rows = at(rows.and_then(|rows| list(&rows, Members::of)), "outcomes")?;
            if rows.is_empty() {
                return Ok(());
            }
            for mut row in rows {
                if let (Some(source), Some(n)) = (row.text("source"), row.whole("n")) {
                    self.miss(Shortage::OutcomesDropped, &source, n, now)?;
                }
            }
            self.set("outcomes", "DELETE FROM outcomes WHERE at < ?", &old)?;
            // What is left goes under another name: the bucket may have all of this one.
            self.set("outcomes", "DELETE FROM exporting", &json!([]))
        })
    }
}

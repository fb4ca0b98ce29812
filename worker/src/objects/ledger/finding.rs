//! What withdrawals find letters and events by that a platform has not judged yet: written when these are kept, so that
//! nobody has to read them all.

use edgetally_core::base::members::Members;
use edgetally_core::base::table::Table;
use edgetally_core::ledger::{DeadLetter, Pending, Report};
use edgetally_core::queue::parcel::Subject;
use serde_json::{Value, json};

use super::Ledger;
use super::database::{Applied, Head, at, fitting, list, write};
use super::schema::{names, values};
use crate::runtime;

/// How many rows that do not say it are brought in at once, unless they have too many bytes.
const MOST_ROWS: u32 = 200;

/// The mark of the visitor whose event it is; empty where there is none, or nobody can read it.
fn mark(parcel: &str) -> String {
    let subject = serde_json::from_str::<Subject<'_>>(parcel).ok();
    let visitor = subject.and_then(|subject| subject.visitor);
    visitor.map_or_else(String::new, |mark| mark.as_str().to_owned())
}

impl Ledger {
    /// Keeps the letters of reports.
    pub(super) fn keep_letters(&self, fresh: &[&Report]) -> Applied<()> {
        let letters = fresh.iter().flat_map(|report| &report.dead);
        let letters: Vec<(&DeadLetter, String)> = letters
            .map(|letter| (letter, mark(&letter.parcel)))
            .collect();
        if letters.is_empty() {
            return Ok(());
        }
        self.set(
            "dead",
            &format!(
                "INSERT OR IGNORE INTO dead ({}, visitor) SELECT {}, value->>'$[1]' FROM json_each(?)",
                names(DeadLetter::COLUMNS),
                values(DeadLetter::COLUMNS, "value->>'$[0].")
            ),
            &json!([at(write(&letters), "dead")?]),
        )
    }

    /// Lists the events that a platform has not judged yet, one by one.
    pub(super) fn list_events<'p>(
        &self,
        pending: impl Iterator<Item = &'p Pending>,
    ) -> Applied<()> {
        let mut events: Vec<Value> = Vec::new();
        for one in pending {
            for (place, parcel) in one.parcels.iter().enumerate() {
                let Ok(of) = serde_json::from_str::<Subject<'_>>(parcel) else {
                    continue;
                };
                let (name, id) = (of.name.as_str(), of.id.as_str());
                let visitor = of.visitor.as_ref().map_or("", |mark| mark.as_str());
                events.push(json!([
                    one.id,
                    place,
                    one.source,
                    one.destination,
                    name,
                    id,
                    visitor
                ]));
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        self.set(
            "pending",
            "INSERT OR IGNORE INTO pending_events (pending, place, source, destination, event, event_id, visitor)
             SELECT value->>'$[0]', value->>'$[1]', value->>'$[2]', value->>'$[3]', value->>'$[4]', value->>'$[5]',
                    value->>'$[6]' FROM json_each(?)",
            &json!([at(write(&events), "pending")?]),
        )
    }

    /// Brings in some of what an earlier release kept, which did not say what it is found by. Whether nothing of it is left.
    pub(super) fn bring_in(&self) -> Applied<bool> {
        if !self.complete.get() {
            let letters = self.bring_in_letters()?;
            let pending = self.bring_in_pending()?;
            self.complete.set(letters && pending);
        }
        Ok(self.complete.get())
    }

    /// The ids of the next rows to be brought in, as a list, and whether there are no others.
    fn unknown(&self, query: &str) -> Applied<(Vec<String>, bool)> {
        let heads = self.rows(query, &json!([MOST_ROWS]));
        let heads = heads.and_then(|heads| list(&heads, Head::read));
        let mut heads = at(heads, "bring_in")?;
        let all = heads.len() < MOST_ROWS as usize;
        let fits = fitting(&heads);
        let all = all && fits == heads.len();
        heads.truncate(fits);
        Ok((heads.into_iter().map(|head| head.id).collect(), all))
    }

    fn bring_in_letters(&self) -> Applied<bool> {
        let (ids, all) = self.unknown(
            "SELECT id, octet_length(parcel) AS bytes FROM dead WHERE visitor IS NULL LIMIT ?",
        )?;
        if ids.is_empty() {
            return Ok(all);
        }
        let rows = self.rows(
            &format!(
                "SELECT {} FROM dead WHERE id IN (SELECT value FROM json_each(?))",
                names(DeadLetter::COLUMNS)
            ),
            &json!([runtime::json(&json!(ids))]),
        );
        let rows = at(rows.and_then(|rows| list(&rows, Some)), "bring_in")?;
        let letters = rows.into_iter().filter_map(DeadLetter::read);
        let known: Table<String, String> = letters
            .map(|letter| (letter.id, mark(&letter.parcel)))
            .collect();
        // One that nobody can read has none.
        let marks: Vec<(&str, &str)> = ids
            .iter()
            .map(|id| (id.as_str(), known.get(id).map_or("", String::as_str)))
            .collect();
        self.set(
            "bring_in",
            "UPDATE dead SET visitor = one.value->>'$[1]' FROM json_each(?) AS one WHERE dead.id = one.value->>'$[0]'",
            &json!([at(write(&marks), "bring_in")?]),
        )?;
        Ok(all)
    }

    fn bring_in_pending(&self) -> Applied<bool> {
        let (ids, all) = self.unknown(
            "SELECT id, octet_length(body) AS bytes FROM pending WHERE listed IS NULL LIMIT ?",
        )?;
        if ids.is_empty() {
            return Ok(all);
        }
        let ids = json!([runtime::json(&json!(ids))]);
        let bodies = self.rows(
            "SELECT body FROM pending WHERE id IN (SELECT value FROM json_each(?))",
            &ids,
        );
        let bodies = bodies.and_then(|rows| list(&rows, |row| Members::of(row)?.text("body")));
        let bodies = at(bodies, "bring_in")?;
        let pending: Vec<Pending> = bodies
            .iter()
            .filter_map(|body| serde_json::from_str(body).ok())
            .collect();
        self.list_events(pending.iter())?;
        self.set(
            "bring_in",
            "UPDATE pending SET listed = 1 WHERE id IN (SELECT value FROM json_each(?))",
            &ids,
        )?;
        Ok(all)
    }
}

//! Applies reports, each once.

use edgetally_core::base::members::Members;
use edgetally_core::base::table::Table;
use edgetally_core::ledger::{Quarantined, Remembered, Report, Turn};
use edgetally_core::queue::id::Id;
use serde_json::{Value, json};

use super::Ledger;
use super::database::{Applied, Fault, MOST_BYTES, at, list, write};
use super::schema::keep;
use crate::runtime::{self, console_error};

/// For how long a report may wait for the one that it builds upon, before it is taken as it is, in milliseconds.
pub(super) const EARLY_MS: i64 = edgetally_core::base::time::DAY_MS;
/// How many of those that wait are looked at with one call.
const MOST_EARLY: u32 = 8;
/// How many notes are kept.
const MOST_NOTES: u32 = 2000;

/// Reports by what is to be done with them.
#[derive(Default)]
struct Sorted<'r> {
    due: Vec<&'r Report>,
    superseded: Vec<&'r Report>,
    /// Id and run of each, as it will be remembered.
    seen: Vec<Value>,
}

/// Reports, the parts of one together.
fn chains(reports: &[Report]) -> impl Iterator<Item = &[Report]> {
    reports.chunk_by(|one, next| next.after.as_ref().is_some_and(|after| after.id == one.id))
}

impl Ledger {
    /// Applies reports, each once; the ids of those that were not.
    ///
    /// All together first, which costs the fewest queries. Where that fails they are taken one by one, so that one of them
    /// sinks no other; but for the parts of one, since what is left of an envelope counts by the first, and an envelope
    /// whose first part is known is not worked off again.
    pub(super) fn report(&self, body: &str) -> Vec<String> {
        let now = runtime::now().0;
        let Ok(values) = serde_json::from_str::<Vec<Value>>(body) else {
            return vec!["?".to_owned()];
        };
        let mut failed = Vec::new();
        let mut reports = Vec::with_capacity(values.len());
        for value in values {
            let id = value
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or("?")
                .to_owned();
            match Report::read(value) {
                Some(report) => reports.push(report),
                None => {
                    console_error!("report {id} cannot be read");
                    failed.push(id);
                }
            }
        }
        let together = i64::try_from(body.len()).unwrap_or(i64::MAX) <= MOST_BYTES
            && self.whole(|| self.apply(&reports, now, true)).is_ok();
        if !together {
            for chain in chains(&reports) {
                let done = match self.whole(|| self.apply(chain, now, true)) {
                    Err(Fault::Early) => self.whole(|| self.wait(chain, now)),
                    done => done,
                };
                let Err(fault) = done else {
                    continue;
                };
                let step = match fault {
                    Fault::At(step) => step,
                    Fault::Early => "early",
                };
                for report in chain {
                    console_error!("report {} was not applied: it failed at {step}", report.id);
                    failed.push(report.id.clone());
                }
            }
        }
        self.settle_early(now);
        failed
    }

    /// Keeps reports until those that they build upon are there.
    fn wait(&self, reports: &[Report], now: i64) -> Applied<()> {
        for report in reports {
            let body = at(write(report), "early")?;
            self.set(
                "early",
                "INSERT OR IGNORE INTO early (id, at, tried, body) VALUES (?1, ?2, ?2, ?3)",
                &json!([report.id, now, body]),
            )?;
        }
        Ok(())
    }

    /// Applies reports that came early, where they are not early any more.
    pub(super) fn settle_early(&self, now: i64) {
        loop {
            let rows = self
                .rows(
                    "SELECT id, at, body FROM early ORDER BY tried, id LIMIT ?",
                    &json!([MOST_EARLY]),
                )
                .and_then(|rows| list(&rows, Members::of));
            let Ok(rows) = rows else {
                console_error!("the reports that wait could not be read");
                return;
            };
            let mut progress = false;
            for mut row in rows {
                let (Some(id), Some(at_first), Some(body)) =
                    (row.text("id"), row.whole::<i64>("at"), row.text("body"))
                else {
                    continue;
                };
                let Ok(report) = serde_json::from_str::<Report>(&body) else {
                    continue;
                };
                let one = std::slice::from_ref(&report);
                let patient = now - at_first < EARLY_MS;
                let done = self.whole(|| {
                    self.apply(one, now, patient)?;
                    at(
                        self.rows("DELETE FROM early WHERE id = ?", &json!([id])),
                        "early",
                    )
                });
                progress |= done.is_ok();
                if done.is_err()
                    && self
                        .rows(
                            "UPDATE early SET tried = ?2 WHERE id = ?1",
                            &json!([id, now]),
                        )
                        .is_err()
                {
                    return;
                }
            }
            if !progress {
                return;
            }
        }
    }

    /// What the ledger remembers of reports, of those with these ids.
    pub(super) fn remembered(&self, ids: &[&str]) -> Applied<Table<String, Remembered>> {
        let rows = self.rows(
            "SELECT id, run FROM seen WHERE id IN (SELECT value FROM json_each(?))",
            &json!([runtime::json(&json!(ids))]),
        );
        let rows = at(rows.and_then(|rows| list(&rows, Members::of)), "seen")?;
        let rows = rows.into_iter();
        Ok(rows
            .filter_map(|mut row| Some((row.text("id")?, row.text("run"))))
            .collect())
    }

    /// Of these receipts, those on which no verdict has been booked.
    fn open(&self, receipts: &[&str]) -> Applied<Vec<String>> {
        if receipts.is_empty() {
            return Ok(Vec::new());
        }
        at(
            self.column(
                "SELECT id FROM pending WHERE id IN (SELECT value FROM json_each(?))",
                &json!([runtime::json(&json!(receipts))]),
            ),
            "open",
        )
    }

    /// Sorts out which of the reports are to be applied, and which build upon what does not count. `patient`: what 0.1.0
    /// wrote is not applied before what it builds upon.
    fn sort<'r>(&self, reports: &'r [Report], patient: bool) -> Applied<Sorted<'r>> {
        let before: Vec<Option<String>> = reports
            .iter()
            .map(|report| Id::from(report.id.as_str()).before())
            .collect();
        let after = reports.iter().filter_map(|report| report.after.as_ref());
        let ids: Vec<&str> = reports
            .iter()
            .map(|report| report.id.as_str())
            .chain(after.map(|after| after.id.as_str()))
            .chain(before.iter().flatten().map(String::as_str))
            .collect();
        let mut remembered = self.remembered(&ids)?;
        let settled: Vec<&str> = reports
            .iter()
            .flat_map(|report| report.settled.iter().map(String::as_str))
            .collect();
        let mut open = self.open(&settled)?;
        let mut sorted = Sorted::default();
        for (report, before) in reports.iter().zip(before) {
            let known = |id: &str| remembered.get(id).cloned();
            let run = match report.turn(known, |id| open.iter().any(|one| one == id)) {
                Turn::Known => continue,
                Turn::Early => return Err(Fault::Early),
                Turn::Superseded => {
                    sorted.superseded.push(report);
                    ""
                }
                Turn::Due if patient && before.is_some_and(|id| !remembered.contains(&id)) => {
                    return Err(Fault::Early);
                }
                Turn::Due => {
                    open.retain(|id| !report.settled.contains(id));
                    open.extend(report.pending.iter().map(|one| one.id.clone()));
                    sorted.due.push(report);
                    report.run.as_str()
                }
            };
            remembered.insert(report.id.clone(), Some(run.to_owned()));
            sorted.seen.push(json!([report.id, run]));
        }
        Ok(sorted)
    }

    /// Applies those of the reports that have not been yet.
    pub(super) fn apply(&self, reports: &[Report], now: i64, patient: bool) -> Applied<()> {
        let Sorted {
            due: fresh,
            superseded,
            seen,
        } = self.sort(reports, patient)?;
        if seen.is_empty() {
            return Ok(());
        }
        self.set(
            "seen",
            "INSERT INTO seen (id, at, run) SELECT value->>'$[0]', ?2, value->>'$[1]' FROM json_each(?1)",
            &json!([runtime::json(&json!(seen)), now]),
        )?;
        let strict = patient || fresh.iter().any(|report| report.after.is_some());
        let counts = fresh.iter().map(|report| &report.counts);
        let counts = counts.chain(superseded.iter().map(|report| &report.superseded));
        self.count(&counts.collect::<Vec<_>>(), strict)?;
        self.write_outcomes(&fresh, now)?;
        self.keep_lists(&fresh)?;
        self.write_receipts(&fresh, now)?;
        self.revive(&fresh)
    }

    /// Keeps what reports list.
    fn keep_lists(&self, fresh: &[&Report]) -> Applied<()> {
        self.all(
            "notes",
            fresh,
            |report| &report.notes,
            "INSERT INTO notes (at, source, event, event_id, visitor, what)
             SELECT value->>'$.at', value->>'$.source', coalesce(value->>'$.event', ''),
                    coalesce(value->>'$.event_id', ''), value->>'$.visitor', value->'$.what' FROM one",
        )?;
        if fresh.iter().any(|report| !report.notes.is_empty()) {
            self.set(
                "notes",
                "DELETE FROM notes WHERE seq <= (SELECT max(seq) FROM notes) - ?",
                &json!([MOST_NOTES]),
            )?;
        }
        self.keep_letters(fresh)?;
        self.all(
            "quarantine",
            fresh,
            |report| &report.quarantined,
            &keep("quarantine", Quarantined::COLUMNS),
        )?;
        self.all(
            "pending",
            fresh,
            |report| &report.pending,
            "INSERT OR IGNORE INTO pending (id, receipt, due, asked, taken, body, listed)
             SELECT value->>'$.id', value->>'$.receipt', value->>'$.due', value->>'$.asked', value->>'$.taken', value, 1
             FROM one",
        )?;
        self.list_events(fresh.iter().flat_map(|report| &report.pending))?;
        self.all(
            "postponed",
            fresh,
            |report| &report.postponed,
            "UPDATE pending SET due = value->>'$.due', asked = value->>'$.asked' FROM one
             WHERE pending.id = one.value->>'$.id'",
        )?;
        self.all(
            "settled",
            fresh,
            |report| &report.settled,
            "DELETE FROM pending WHERE id IN (SELECT value FROM one)",
        )?;
        Ok(())
    }

    /// Lets letters go that were sent.
    fn revive(&self, fresh: &[&Report]) -> Applied<()> {
        let ids: Vec<&str> = fresh.iter().map(|report| report.id.as_str()).collect();
        // A letter whose message has been worked off was sent, whatever became of the report that said so.
        let mut revived = at(
            self.column(
                "SELECT id FROM replays WHERE message IN (SELECT value FROM json_each(?))",
                &json!([runtime::json(&json!(ids))]),
            ),
            "revived",
        )?;
        revived.extend(
            fresh
                .iter()
                .flat_map(|report| report.revived.iter().cloned()),
        );
        if !revived.is_empty() {
            let ids = json!([runtime::json(&json!(revived))]);
            for table in ["dead", "quarantine", "replays"] {
                let query =
                    format!("DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))");
                self.set("revived", &query, &ids)?;
            }
        }
        Ok(())
    }
}

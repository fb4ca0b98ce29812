//! The ledger: one object with a database, which applies each report once, and whole or not at all.
//!
//! Between its awaits a handler is alone, and what it writes is one transaction.

use std::cell::Cell;

use edgetally_core::base::members::{Members, list_of, text};
use edgetally_core::base::table::Table;
use edgetally_core::delivery;
use edgetally_core::event::STANDARD_EVENTS;
use edgetally_core::ledger::{
    After, Column, Counts, DeadLetter, Kind, Line, Pending, Quarantined, Remembered, Report, Turn,
    turn,
};
use edgetally_core::queue::id::Id;
use serde_json::{Value, json};
use worker::wasm_bindgen::JsValue;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::runtime::{self, Unavailable};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS counts (COUNTS, n INTEGER NOT NULL, PRIMARY KEY (LINE)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, source TEXT NOT NULL, event TEXT NOT NULL,
  event_id TEXT NOT NULL, what TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS dead (DEAD, PRIMARY KEY (id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (QUARANTINE, PRIMARY KEY (id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
  id TEXT PRIMARY KEY, receipt TEXT NOT NULL, due INTEGER NOT NULL, asked INTEGER NOT NULL, taken INTEGER NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_due ON pending (due);

-- Since 0.2. Additions only: a database of an earlier release opens, and an earlier release opens this one.
CREATE INDEX IF NOT EXISTS counts_negative ON counts (hour) WHERE n < 0;
CREATE INDEX IF NOT EXISTS dead_at ON dead (at);
CREATE INDEX IF NOT EXISTS dead_removed ON dead (destination, at) WHERE code = 'REMOVED';
-- Which names and releases have lines of their own, by the day of the line's hour; all others are counted as 'other'.
CREATE TABLE IF NOT EXISTS names (
  source TEXT NOT NULL, day INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (source, day, kind, name)
) WITHOUT ROWID;
-- Letters and quarantined messages that are being offered again: the round (0: it cannot be), whose they are until when,
-- and the id of the message, by whose report it is known that the queue had it.
CREATE TABLE IF NOT EXISTS replays (
  id TEXT PRIMARY KEY, round INTEGER NOT NULL, until INTEGER NOT NULL, message TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replays_message ON replays (message);
-- Reports that came before the ones that they build upon.
CREATE TABLE IF NOT EXISTS early (
  id TEXT PRIMARY KEY, at INTEGER NOT NULL, tried INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steps (name TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// What an earlier release counted under a name goes down again under that name. Done once.
const FIRST_NAMES: &str = "
INSERT OR IGNORE INTO names SELECT DISTINCT source, hour / 86400000, 'event', event FROM counts WHERE event <> '';
INSERT OR IGNORE INTO names SELECT DISTINCT source, hour / 86400000, 'release', release FROM counts WHERE release <> '';
INSERT OR IGNORE INTO names SELECT DISTINCT source, hour / 86400000, 'both', release || char(10) || event FROM counts
  WHERE release <> '';
INSERT OR IGNORE INTO steps VALUES ('names');
";

/// Of which run a report was that has been applied: empty where nothing may build upon it, and nothing where 0.1.0 applied
/// it, which did not know. Done once.
const RUNS: &str = "
ALTER TABLE seen ADD COLUMN run TEXT;
INSERT OR IGNORE INTO steps VALUES ('runs');
";

/// The names of columns, as a list.
fn names(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

/// The definitions of columns.
fn definitions(columns: &[Column]) -> String {
    let definitions = columns.iter().map(|column| {
        let kind = match column.kind {
            Kind::Whole => "INTEGER",
            Kind::Text | Kind::Optional => "TEXT",
        };
        format!("{} {kind} NOT NULL", column.name)
    });
    definitions.collect::<Vec<_>>().join(", ")
}

/// The members of a record as the values of its columns.
fn values(columns: &[Column], of: &str) -> String {
    let values = columns
        .iter()
        .map(|Column { name, member, kind }| match kind {
            Kind::Optional => format!("coalesce({of}{member}', '') AS {name}"),
            Kind::Text | Kind::Whole => format!("{of}{member}' AS {name}"),
        });
    values.collect::<Vec<_>>().join(", ")
}

/// Keeps records that are not known yet; `one` has them.
fn keep(table: &str, columns: &[Column]) -> String {
    format!(
        "INSERT OR IGNORE INTO {table} ({}) SELECT {} FROM one",
        names(columns),
        values(columns, "value->>'$.")
    )
}

/// How many names that are not [`STANDARD_EVENTS`] have lines of their own, for each source and day of receipt. Whoever
/// has the public key can invent names, and every name is lines in the ledger for good.
///
/// A gauge has to go down on the line that it went up on, so a name that was once counted as `other` stays so that day.
/// Other caps than these would move the names of the days on which the old ones were reached.
const MOST_EVENTS: u32 = 100;
/// How many releases have.
const MOST_RELEASES: u32 = 50;
/// How many pairs of the two have; of any others the release is `other`.
const MOST_PAIRS: u32 = 1000;

/// The lines of reports (`?1`: lists of counts, in a list) by name, and by what they are counted as.
const LINES: &str = "
WITH columns AS (
  SELECT COLUMNS, pair.value->>'$[1]' AS n FROM json_each(?1) AS part, json_each(part.value) AS pair
), line AS (
  SELECT *, hour / 86400000 AS day FROM columns
), named AS (
  SELECT *,
    CASE WHEN event IN ('', STANDARD) OR EXISTS (SELECT 1 FROM names AS own
      WHERE own.source = line.source AND own.day = line.day AND own.kind = 'event' AND own.name = line.event)
      THEN event ELSE 'other' END AS e,
    CASE WHEN release = '' OR EXISTS (SELECT 1 FROM names AS own
      WHERE own.source = line.source AND own.day = line.day AND own.kind = 'release' AND own.name = line.release)
      THEN release ELSE 'other' END AS r
  FROM line
)";

/// Names that are new take the places that are left.
const NEW_NAMES: &str = "
INSERT OR IGNORE INTO names (source, day, kind, name)
SELECT source, day, 'KIND', name FROM (
  SELECT source, day, name, row_number() OVER (PARTITION BY source, day ORDER BY name) AS place FROM (
    SELECT DISTINCT source, day, NAME AS name FROM named WHERE WANTED AND NOT EXISTS (SELECT 1 FROM names AS own
      WHERE own.source = named.source AND own.day = named.day AND own.kind = 'KIND' AND own.name = NAME))
) AS new
WHERE place <= MOST - (SELECT count(*) FROM names AS own
  WHERE own.source = new.source AND own.day = new.day AND own.kind = 'KIND')";

const COUNT: &str = "
INSERT INTO counts (LINE, n)
SELECT hour, source,
  CASE WHEN r IN ('', 'other') OR EXISTS (SELECT 1 FROM names AS own WHERE own.source = named.source
    AND own.day = named.day AND own.kind = 'both' AND own.name = named.r || char(10) || named.e)
    THEN r ELSE 'other' END,
  e, destination, state, code, n
FROM named WHERE true ON CONFLICT DO UPDATE SET n = n + excluded.n";

/// What the questions about counts have in common; `?1` to `?6`.
const WHERE: &str = "hour >= ?1 AND hour <= ?2 AND (?3 IS NULL OR source = ?3)
  AND (?4 IS NULL OR destination = ?4) AND (?5 IS NULL OR event = ?5) AND (?6 IS NULL OR release = ?6)";

/// How many reasons are told one by one; those of every source, destination and state in turn, the most frequent first.
const MOST_REASONS: u32 = 500;
/// How many lines, notes, or heads of letters one answer has.
const MOST_LINES: u32 = 2000;
const MOST_HEADS: u32 = 500;
/// How many bytes of bodies are taken up at once, unless a single one is larger. An object has 128 MB for everything, and
/// a body is there several times over while it is handed on.
const MOST_BYTES: i64 = 1 << 20;
/// For how long a report may wait for the one that it builds upon, before it is taken as it is, in milliseconds.
const EARLY_MS: i64 = edgetally_core::base::time::DAY_MS;
/// How many of those that wait are looked at with one call.
const MOST_EARLY: u32 = 8;
/// How long a letter belongs to whoever is offering it again, in milliseconds.
const REPLAY_MS: i64 = 900_000;

/// How often the ledger tidies up.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);
/// How long a question belongs to whoever took it, in milliseconds.
const LEASE_MS: i64 = 300_000;
/// How many notes are kept.
const MOST_NOTES: u32 = 2000;
/// A message cannot come again after the queue's longest retention (14 days), so its id can be forgotten then, but for one
/// that a person replays out of quarantine.
const SEEN_DAYS: i64 = 16;
/// Dead letters hold prepared events; a month is enough to mend a destination.
const DEAD_DAYS: i64 = 30;
/// Counts hold nobody's data; they are kept for comparisons with the year before.
const COUNT_DAYS: i64 = 400;

/// The object.
#[durable_object]
pub struct Ledger {
    state: State,
    storage: JsValue,
    /// Whether the tables are there.
    ready: Cell<bool>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ledger")
    }
}

/// Why a report was not applied.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// It builds upon another that is not there yet.
    Early,
    /// At this step.
    At(&'static str),
}

type Applied<T> = std::result::Result<T, Fault>;

/// The name of the step that a fault is told by.
fn at<T, E>(result: std::result::Result<T, E>, step: &'static str) -> Applied<T> {
    result.map_err(|_| Fault::At(step))
}

impl DurableObject for Ledger {
    fn new(state: State, _env: Env) -> Self {
        let inner = state._inner();
        let storage = inner.storage().map(JsValue::from).unwrap_or_default();
        Self {
            state: State::from(inner),
            storage,
            ready: Cell::new(false),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let body = request.text().await?;
        if !self.prepare() {
            return Response::error("the ledger's tables could not be made", 500);
        }
        let answer = match path.as_str() {
            "/report" => {
                let failed = self.report(&body);
                if !failed.is_empty() {
                    // Whoever reports hands everything in again; what was applied is not applied twice.
                    return Response::error(runtime::json(&json!({"failed": failed})), 500);
                }
                Ok("{}".to_owned())
            }
            "/lines" => self.lines(&body),
            "/notes" => self.notes(&body),
            "/dead" => self.dead(&body),
            "/due" => self.due(&body),
            "/turns" => self.turns(&body),
            "/attention" => self.attention(),
            "/dismiss" => self.dismiss(&body),
            "/claim" => self.claim(&body),
            "/release" => self.release(&body),
            _ => Err(Unavailable),
        };
        if path == "/report" && self.state.storage().get_alarm().await?.is_none() {
            self.state.storage().set_alarm(DAY).await?;
        }
        match answer {
            Ok(text) => Response::ok(text),
            Err(Unavailable) => Response::error("the ledger could not do that", 500),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        let day = edgetally_core::base::time::DAY_MS;
        let now = runtime::now().0;
        if self.prepare() {
            self.settle_early(now);
        }
        let old = [
            // What was left by the work that a report is on may be kept for a month, and then be worked off.
            ("seen", "at", SEEN_DAYS, " AND coalesce(run, '') = ''"),
            ("seen", "at", SEEN_DAYS + DEAD_DAYS, ""),
            // What these build upon cannot come any more. They count nothing, and so does what they are about.
            ("early", "at", SEEN_DAYS, ""),
            // What is being offered again is counted as waiting, and goes when it has been sent.
            (
                "dead",
                "at",
                DEAD_DAYS,
                " AND code <> 'REMOVED' AND id NOT IN (SELECT id FROM replays WHERE round > 0)",
            ),
            ("counts", "hour", COUNT_DAYS, ""),
            ("pending", "taken", DEAD_DAYS, ""),
        ];
        let mut tidy = true;
        for (table, column, days, but) in old {
            let but = but.replace("REMOVED", DeadLetter::DESTINATION_REMOVED);
            let query = format!("DELETE FROM {table} WHERE {column} < ?{but}");
            tidy &= self.rows(&query, &json!([now - days * day])).is_ok();
        }
        // That it was there is told until a person has dealt with it; what was in it is not kept for longer than all else.
        for query in [
            "UPDATE quarantine SET body = '' WHERE at < ? AND body <> ''",
            "UPDATE dead SET parcel = '', event_id = '' WHERE at < ? AND parcel <> ''
             AND id NOT IN (SELECT id FROM replays WHERE round > 0)",
        ] {
            tidy &= self.rows(query, &json!([now - DEAD_DAYS * day])).is_ok();
        }
        tidy &= self
            .rows(
                "DELETE FROM names WHERE day < ?",
                &json!([now / day - COUNT_DAYS - 1]),
            )
            .is_ok();
        tidy &= self
            .rows(
                "DELETE FROM replays WHERE id NOT IN (SELECT id FROM dead) AND id NOT IN (SELECT id FROM quarantine)",
                &json!([]),
            )
            .is_ok();
        if !tidy {
            worker::console_error!("the ledger could not be tidied up");
        }
        self.state.storage().set_alarm(DAY).await?;
        Response::ok("")
    }
}

struct Filter {
    since: Option<i64>,
    until: Option<i64>,
    source: Option<String>,
    destination: Option<String>,
    event: Option<String>,
    release: Option<String>,
    event_id: Option<String>,
    ids: Option<Vec<String>>,
    limit: Option<u32>,
    hours: bool,
    /// What the page before ended with.
    after: Vec<Value>,
    /// Only what somebody began to offer again and did not end.
    left: bool,
}

impl Filter {
    fn read(body: &str) -> std::result::Result<Self, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let mut flag = |key| of.take(key).and_then(|flag| flag.as_bool()) == Some(true);
        Ok(Self {
            hours: flag("hours"),
            left: flag("left"),
            since: of.whole("since"),
            until: of.whole("until"),
            source: of.text("source"),
            destination: of.text("destination"),
            event: of.text("event"),
            release: of.text("release"),
            event_id: of.text("event_id"),
            ids: of.take("ids").and_then(|ids| list_of(ids, text)),
            limit: of.whole("limit"),
            after: of.list("after", Some).unwrap_or_default(),
        })
    }
}

/// A row by its id, and how large its body is.
struct Head {
    id: String,
    bytes: i64,
    receipt: String,
    round: u32,
}

impl Head {
    fn read(row: Value) -> Option<Self> {
        let mut of = Members::of(row)?;
        Some(Self {
            id: of.text("id")?,
            bytes: of.whole("bytes")?,
            receipt: of.text_or_empty("receipt")?,
            round: of.whole("round").unwrap_or(0),
        })
    }
}

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

/// The rows of a query.
fn list<T>(
    rows: &str,
    read_row: fn(Value) -> Option<T>,
) -> std::result::Result<Vec<T>, Unavailable> {
    list_of(read(rows)?, read_row).ok_or(Unavailable)
}

/// How many of the rows go together: all, or as many as have no more than [`MOST_BYTES`], and at least one.
fn fitting(heads: &[Head]) -> usize {
    let mut bytes = 0;
    let fitting = heads
        .iter()
        .take_while(|head| {
            bytes += head.bytes;
            bytes <= MOST_BYTES
        })
        .count();
    fitting.max(1).min(heads.len())
}

fn read(text: &str) -> std::result::Result<Value, Unavailable> {
    serde_json::from_str(text).map_err(|_| Unavailable)
}

fn write<T: serde::Serialize + ?Sized>(value: &T) -> std::result::Result<String, Unavailable> {
    serde_json::to_string(value).map_err(|_| Unavailable)
}

/// Cuts off the row that was asked for only to know whether there are more.
fn page(rows: &str, limit: u32) -> std::result::Result<(Vec<Value>, bool), Unavailable> {
    let mut rows: Vec<Value> = list(rows, Some)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok((rows, more))
}

impl Ledger {
    fn rows(&self, query: &str, parameters: &Value) -> std::result::Result<String, Unavailable> {
        runtime::rows(&self.storage, query, parameters)
    }

    /// Rows that are of one column, or of which only the first is wanted.
    fn column(
        &self,
        query: &str,
        parameters: &Value,
    ) -> std::result::Result<Vec<String>, Unavailable> {
        let rows: Vec<Value> = list(&self.rows(query, parameters)?, Some)?;
        Ok(rows
            .iter()
            .filter_map(|row| row.as_object()?.values().next()?.as_str())
            .map(ToOwned::to_owned)
            .collect())
    }

    /// All of the work, or nothing of it.
    fn whole<T>(&self, work: impl FnOnce() -> Applied<T>) -> Applied<T> {
        let mut work = Some(work);
        let mut result = Err(Fault::At("begin"));
        let done = runtime::transaction(&self.storage, &mut || {
            if let Some(work) = work.take() {
                result = work();
            }
            result.is_ok()
        });
        match (done, result) {
            (Err(_), Ok(_)) => Err(Fault::At("commit")),
            (_, result) => result,
        }
    }

    fn prepare(&self) -> bool {
        if !self.ready.get() {
            let done = self.whole(|| {
                let schema = SCHEMA
                    .replace("COUNTS", &definitions(Line::COLUMNS))
                    .replace("LINE", &names(Line::COLUMNS))
                    .replace("DEAD", &definitions(DeadLetter::COLUMNS))
                    .replace("QUARANTINE", &definitions(Quarantined::COLUMNS))
                    .replace("REMOVED", DeadLetter::DESTINATION_REMOVED);
                self.set("schema", &schema, &json!([]))?;
                let steps = at(self.column("SELECT name FROM steps", &json!([])), "schema")?;
                for (name, step) in [("names", FIRST_NAMES), ("runs", RUNS)] {
                    if steps.iter().all(|done| done != name) {
                        self.set(name, step, &json!([]))?;
                    }
                }
                Ok(())
            });
            self.ready.set(done.is_ok());
            if done.is_err() {
                worker::console_error!("the ledger's tables could not be made");
            }
        }
        self.ready.get()
    }

    /// Applies reports, each once; the ids of those that were not.
    ///
    /// All together first, which costs the fewest queries. Where that fails they are taken one by one, so that one of them
    /// sinks no other; but for the parts of one, since what is left of an envelope counts by the first, and an envelope
    /// whose first part is known is not worked off again.
    fn report(&self, body: &str) -> Vec<String> {
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
                    worker::console_error!("report {id} cannot be read");
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
                    worker::console_error!(
                        "report {} was not applied: it failed at {step}",
                        report.id
                    );
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
    fn settle_early(&self, now: i64) {
        loop {
            let rows = self
                .rows(
                    "SELECT id, at, body FROM early ORDER BY tried, id LIMIT ?",
                    &json!([MOST_EARLY]),
                )
                .and_then(|rows| list(&rows, Members::of));
            let Ok(rows) = rows else {
                worker::console_error!("the reports that wait could not be read");
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

    fn negative(&self) -> Applied<String> {
        at(
            self.rows("SELECT count(*) AS n FROM counts WHERE n < 0", &json!([])),
            "negative",
        )
    }

    /// What the ledger remembers of reports, of those with these ids.
    fn remembered(&self, ids: &[&str]) -> Applied<Table<String, Remembered>> {
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
    fn apply(&self, reports: &[Report], now: i64, patient: bool) -> Applied<()> {
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
        self.keep_lists(&fresh)?;
        self.revive(&fresh)
    }

    /// Adds to the lines. `strict`: not where one would fall below zero, since then something is not there yet.
    fn count(&self, counts: &[&Counts], strict: bool) -> Applied<()> {
        if counts.iter().all(|counts| counts.is_empty()) {
            return Ok(());
        }
        let lines = json!([at(write(counts), "counts")?]);
        let negative = self.negative()?;
        let standard = format!("'{}'", STANDARD_EVENTS.join("', '"));
        let with = LINES
            .replace("COLUMNS", &values(Line::COLUMNS, "pair.value->>'$[0]."))
            .replace("STANDARD", &standard);
        let not_standard = format!("event NOT IN ('', {standard})");
        for (kind, name, wanted, most) in [
            ("event", "event", not_standard.as_str(), MOST_EVENTS),
            ("release", "release", "release <> ''", MOST_RELEASES),
            (
                "both",
                "named.r || char(10) || named.e",
                "r NOT IN ('', 'other')",
                MOST_PAIRS,
            ),
        ] {
            let query = NEW_NAMES
                .replace("KIND", kind)
                .replace("NAME", name)
                .replace("WANTED", wanted)
                .replace("MOST", &most.to_string());
            self.set("names", &format!("{with}{query}"), &lines)?;
        }
        let count = COUNT.replace("LINE", &names(Line::COLUMNS));
        self.set("counts", &format!("{with}{count}"), &lines)?;
        if strict && self.negative()? != negative {
            return Err(Fault::Early);
        }
        Ok(())
    }

    /// Keeps what reports list.
    fn keep_lists(&self, fresh: &[&Report]) -> Applied<()> {
        self.all(
            "notes",
            fresh,
            |report| &report.notes,
            "INSERT INTO notes (at, source, event, event_id, what)
             SELECT value->>'$.at', value->>'$.source', coalesce(value->>'$.event', ''),
                    coalesce(value->>'$.event_id', ''), value->'$.what' FROM one",
        )?;
        if fresh.iter().any(|report| !report.notes.is_empty()) {
            self.set(
                "notes",
                "DELETE FROM notes WHERE seq <= (SELECT max(seq) FROM notes) - ?",
                &json!([MOST_NOTES]),
            )?;
        }
        self.all(
            "dead",
            fresh,
            |report| &report.dead,
            &keep("dead", DeadLetter::COLUMNS),
        )?;
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
            "INSERT OR IGNORE INTO pending (id, receipt, due, asked, taken, body)
             SELECT value->>'$.id', value->>'$.receipt', value->>'$.due', value->>'$.asked', value->>'$.taken', value
             FROM one",
        )?;
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

    fn set(&self, step: &'static str, query: &str, parameters: &Value) -> Applied<()> {
        at(self.rows(query, parameters), step)?;
        Ok(())
    }

    /// A query over one of the lists of all reports; `one` has its members.
    fn all<T: serde::Serialize>(
        &self,
        step: &'static str,
        reports: &[&Report],
        list: fn(&Report) -> &Vec<T>,
        query: &str,
    ) -> Applied<()> {
        let lists: Vec<&Vec<T>> = reports
            .iter()
            .map(|report| list(report))
            .filter(|list| !list.is_empty())
            .collect();
        if lists.is_empty() {
            return Ok(());
        }
        let with = "WITH one AS (SELECT member.value AS value FROM json_each(?1) AS list, json_each(list.value) AS member)";
        self.set(
            step,
            &format!("{with} {query}"),
            &json!([at(write(&lists), step)?]),
        )
    }

    /// Balances, reasons, and where they are asked for the single lines.
    fn lines(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let mut parameters = vec![
            json!(filter.since.unwrap_or(0)),
            json!(filter.until.unwrap_or(i64::MAX / 4096)),
            json!(filter.source),
            json!(filter.destination),
            json!(filter.event),
            json!(filter.release),
        ];
        let of = |select: &str| self.rows(select, &Value::Array(parameters.clone()));
        let sums = of(&format!(
            "SELECT source, destination, state, sum(n) AS n FROM counts WHERE {WHERE} GROUP BY 1, 2, 3 HAVING sum(n) <> 0"
        ))?;
        let reasons = of(&format!(
            "SELECT source, destination, state, iif(place <= {MOST_REASONS}, code, 'other') AS code, sum(n) AS n,
               sum(place > {MOST_REASONS}) AS codes
             FROM (SELECT *, row_number() OVER (ORDER BY rank, n DESC, source, destination, state) AS place
               FROM (SELECT *, row_number() OVER (PARTITION BY source, destination, state ORDER BY n DESC, code) AS rank
                 FROM (SELECT source, destination, state, code, sum(n) AS n FROM counts WHERE {WHERE} AND code <> ''
                   GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0)))
             GROUP BY 1, 2, 3, 4"
        ))?;
        let folded = of(&format!(
            "SELECT source, sum(iif(event = 'other', n, 0)) AS events, sum(iif(release = 'other', n, 0)) AS releases
             FROM counts WHERE {WHERE} AND destination = coalesce(?4, '') AND state = 'accepted' AND 'other' IN (event, release)
             GROUP BY 1"
        ))?;
        let waiting = self.rows("SELECT count(*) AS n FROM early", &json!([]))?;
        let mut lines = (Vec::new(), false);
        if filter.hours {
            let limit = filter.limit.unwrap_or(MOST_LINES).min(MOST_LINES);
            let mut after = filter.after;
            if after.len() != Line::COLUMNS.len() {
                let columns = Line::COLUMNS.iter();
                after = columns
                    .map(|column| match column.kind {
                        Kind::Whole => json!(-1),
                        Kind::Text | Kind::Optional => json!(""),
                    })
                    .collect();
            }
            let line = names(Line::COLUMNS);
            parameters.append(&mut after);
            parameters.push(json!(limit + 1));
            let rows = self.rows(
                &format!(
                    "SELECT {line}, n FROM counts WHERE {WHERE} AND n <> 0 AND ({line}) > (?7, ?8, ?9, ?10, ?11, ?12, ?13)
                     ORDER BY {line} LIMIT ?14"
                ),
                &Value::Array(parameters),
            )?;
            lines = page(&rows, limit)?;
        }
        let (lines, more) = lines;
        Ok(format!(
            r#"{{"sums":{sums},"reasons":{reasons},"folded":{folded},"waiting":{waiting},"attention":{},"lines":{},"more":{more}}}"#,
            self.attention()?,
            write(&lines)?
        ))
    }

    /// What stays as it is until a person has dealt with it.
    fn attention(&self) -> std::result::Result<String, Unavailable> {
        let quarantined = self.rows(
            "SELECT count(*) AS n, min(at) AS since FROM quarantine HAVING count(*) > 0",
            &json!([]),
        )?;
        let removed = self.rows(
            &format!(
                "SELECT destination, count(*) AS n, min(at) AS since FROM dead WHERE code = '{}' GROUP BY 1",
                DeadLetter::DESTINATION_REMOVED
            ),
            &json!([]),
        )?;
        Ok(format!(
            r#"{{"quarantined":{quarantined},"destination_removed":{removed}}}"#
        ))
    }

    /// Forgets letters and quarantined messages that nobody wants to offer again. Gives their ids.
    fn dismiss(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let limit = filter.limit.unwrap_or(100).min(MOST_HEADS);
        let ids = filter.ids.map(|ids| runtime::json(&json!(ids)));
        let parameters = json!([filter.destination, ids, limit]);
        let mut gone = Vec::new();
        for (table, destination) in [("dead", "destination"), ("quarantine", "NULL")] {
            gone.append(&mut self.column(
                &format!(
                    "DELETE FROM {table} WHERE id IN (SELECT id FROM {table}
                       WHERE (?1 IS NULL OR {destination} = ?1) AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))
                         AND id NOT IN (SELECT id FROM replays WHERE round > 0) ORDER BY at, id LIMIT ?3)
                     RETURNING id"
                ),
                &parameters,
            )?);
        }
        write(&gone)
    }

    /// Which envelopes are not to be worked off, by their ids and what they were left by.
    fn turns(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let asked: Vec<(String, Option<After>)> =
            serde_json::from_str(body).map_err(|_| Unavailable)?;
        let after = asked.iter().filter_map(|(_, after)| after.as_ref());
        let ids: Vec<&str> = asked
            .iter()
            .map(|(id, _)| id.as_str())
            .chain(after.map(|after| after.id.as_str()))
            .collect();
        let remembered = self.remembered(&ids).map_err(|_| Unavailable)?;
        let (mut known, mut superseded) = (Vec::new(), Vec::new());
        for (id, after) in &asked {
            match turn(id, after.as_ref(), |id| remembered.get(id).cloned()) {
                Turn::Known => known.push(id),
                Turn::Superseded => superseded.push(id),
                Turn::Due | Turn::Early => {}
            }
        }
        Ok(runtime::json(
            &json!({"known": known, "superseded": superseded}),
        ))
    }

    /// What platforms are to be asked about now, and not again before the lease is over.
    fn due(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let mut due = Members::of(read(body)?).ok_or(Unavailable)?;
        let now: i64 = due.whole("now").ok_or(Unavailable)?;
        let limit: usize = due.whole("limit").ok_or(Unavailable)?;
        let heads = list(&self.rows(
            "SELECT id, receipt, octet_length(body) AS bytes FROM pending WHERE due <= ?1 ORDER BY due, receipt LIMIT ?2",
            &json!([now, limit]),
        )?, Head::read)?;
        if heads.is_empty() {
            return Ok("[]".to_owned());
        }
        // A receipt goes whole: by the number, and then by the bytes, unless it is the only one.
        let receipts: Vec<&str> = heads.iter().map(|head| head.receipt.as_str()).collect();
        let whole = Pending::untorn(&receipts, limit);
        let receipts = receipts.get(..whole).unwrap_or_default();
        let mut most = fitting(&heads).min(whole);
        if most < whole {
            let next = receipts.get(most).copied();
            let torn = receipts
                .iter()
                .take(most)
                .rev()
                .take_while(|one| Some(**one) == next)
                .count();
            most = if torn < most {
                most - torn
            } else {
                receipts
                    .iter()
                    .take_while(|one| Some(**one) == next)
                    .count()
            };
        }
        let ids: Vec<&str> = heads
            .iter()
            .take(most)
            .map(|head| head.id.as_str())
            .collect();
        let ids = runtime::json(&json!(ids));
        let rows = self.rows(
            "SELECT asked, body FROM pending WHERE id IN (SELECT value FROM json_each(?)) ORDER BY due, receipt",
            &json!([ids]),
        )?;
        self.rows(
            "UPDATE pending SET due = ?2 WHERE id IN (SELECT value FROM json_each(?1))",
            &json!([ids, now + LEASE_MS]),
        )?;
        let mut pending = Vec::with_capacity(most);
        for mut row in list(&rows, Members::of)? {
            // One that cannot be read must not keep all others from being asked about.
            let one = row
                .text("body")
                .and_then(|body| serde_json::from_str::<Pending>(&body).ok());
            let Some(one) = one else {
                worker::console_error!("a receipt cannot be read and is left alone");
                continue;
            };
            pending.push(Pending {
                asked: row.whole("asked").ok_or(Unavailable)?,
                ..one
            });
        }
        write(&pending)
    }

    /// What happened lately, newest first.
    fn notes(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        self.rows(
            "SELECT at, source, event, event_id, what FROM notes
             WHERE (?1 IS NULL OR event_id = ?1) AND (?2 IS NULL OR source = ?2) ORDER BY seq DESC LIMIT ?3",
            &json!([filter.event_id, filter.source, filter.limit.unwrap_or(50).min(500)]),
        )
    }

    /// The heads of dead letters and quarantined messages, oldest first.
    fn dead(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let limit = filter.limit.unwrap_or(100).min(MOST_HEADS);
        let after = |place: usize| {
            filter
                .after
                .get(place)
                .cloned()
                .unwrap_or(json!(["-1", ""].get(place % 2)))
        };
        let (dead, more) = page(
            &self.rows(
                "SELECT d.id, d.at, d.source, d.destination, d.event, d.event_id, d.state, d.code,
                        octet_length(d.parcel) AS bytes, coalesce(r.round, 0) AS round
                 FROM dead AS d LEFT JOIN replays AS r ON r.id = d.id
                 WHERE (?1 IS NULL OR d.destination = ?1) AND (d.at, d.id) > (CAST(?2 AS INTEGER), ?3)
                 ORDER BY d.at, d.id LIMIT ?4",
                &json!([filter.destination, after(0), after(1), limit + 1]),
            )?,
            limit,
        )?;
        let (quarantined, more_quarantined) = page(
            &self.rows(
                "SELECT id, at, code, octet_length(body) AS bytes FROM quarantine
                 WHERE ?1 IS NULL AND (at, id) > (CAST(?2 AS INTEGER), ?3) ORDER BY at, id LIMIT ?4",
                &json!([filter.destination, after(2), after(3), limit + 1]),
            )?,
            limit,
        )?;
        Ok(format!(
            r#"{{"dead":{},"quarantined":{},"more":{}}}"#,
            write(&dead)?,
            write(&quarantined)?,
            more || more_quarantined
        ))
    }

    /// Gives out letters to be offered again, each to one asker only: it is booked as waiting, and its message is ready.
    /// What is not said to have been sent is given out again when the lease is over, as the same message.
    fn claim(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let now = runtime::now().0;
        let limit = filter.limit.unwrap_or(100).min(MOST_HEADS);
        let ids = filter.ids.map(|ids| runtime::json(&json!(ids)));
        let heads = |table: &str,
                     body: &str,
                     destination: &str|
         -> std::result::Result<Vec<Head>, Unavailable> {
            list(&self.rows(
                &format!(
                    "SELECT one.id, octet_length(one.{body}) AS bytes, coalesce(r.round, 0) AS round
                     FROM {table} AS one LEFT JOIN replays AS r ON r.id = one.id
                     WHERE (?1 IS NULL OR {destination} = ?1) AND (?2 IS NULL OR one.id IN (SELECT value FROM json_each(?2)))
                       AND one.{body} <> '' AND coalesce(r.until, 0) <= ?3 AND (?4 = 0 OR r.round > 0) ORDER BY one.at, one.id LIMIT ?5"
                ),
                &json!([filter.destination, ids, now, i32::from(filter.left), limit + 1]),
            )?, Head::read)
        };
        let mut found = heads("dead", "parcel", "destination")?;
        let letters = found.len();
        found.extend(heads("quarantine", "body", "NULL")?);
        let most = fitting(&found).min(limit as usize);
        let more = found.len() > most;
        let ids: Vec<&str> = found
            .iter()
            .take(most)
            .map(|head| head.id.as_str())
            .collect();
        let ids = json!([runtime::json(&json!(ids))]);
        let mut claimed: Vec<Value> = Vec::new();
        let mut booked: Vec<Report> = Vec::new();
        let mut leases: Vec<Value> = Vec::new();
        if letters > 0 {
            let rows = self.rows(
                &format!(
                    "SELECT {} FROM dead WHERE id IN (SELECT value FROM json_each(?)) ORDER BY at, id",
                    names(DeadLetter::COLUMNS)
                ),
                &ids,
            )?;
            for letter in list(&rows, DeadLetter::read)? {
                let round = found
                    .iter()
                    .find(|head| head.id == letter.id)
                    .map_or(0, |head| head.round);
                if let Some(replay) = delivery::replay(&letter, round.max(1)) {
                    if round == 0 {
                        booked.push(replay.booked);
                    }
                    leases.push(json!([letter.id, round.max(1), now + REPLAY_MS, replay.id]));
                    claimed.push(
                        json!({"id": letter.id, "round": round.max(1), "message": replay.message}),
                    );
                } else {
                    worker::console_error!("letter {} cannot be read and is left alone", letter.id);
                    leases.push(json!([letter.id, 0, now + EARLY_MS, ""]));
                }
            }
        }
        if found.len() > letters && most > letters {
            let rows = self.rows(
                "SELECT id, body FROM quarantine WHERE id IN (SELECT value FROM json_each(?)) ORDER BY at, id",
                &ids,
            )?;
            for mut row in list(&rows, Members::of)? {
                let id = row.text("id").ok_or(Unavailable)?;
                let body = row.text("body").ok_or(Unavailable)?;
                let message = serde_json::from_str::<Value>(&body).unwrap_or_default();
                let message = message
                    .get("id")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                leases.push(json!([id, 1, now + REPLAY_MS, message]));
                claimed.push(json!({"id": id, "round": 1, "message": body}));
            }
        }
        let done = self.whole(|| {
            self.apply(&booked, now, false)?;
            self.set(
                "lease",
                "INSERT OR REPLACE INTO replays (id, round, until, message)
                 SELECT value->>'$[0]', value->>'$[1]', value->>'$[2]', value->>'$[3]' FROM json_each(?)",
                &json!([runtime::json(&json!(leases))]),
            )
        });
        if done.is_err() {
            return Err(Unavailable);
        }
        Ok(runtime::json(&json!({"letters": claimed, "more": more})))
    }

    /// Takes back letters that the queue did not take.
    fn release(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        self.rows(
            "UPDATE replays SET until = 0 WHERE id IN (SELECT value FROM json_each(?))",
            &json!([runtime::json(&json!(filter.ids))]),
        )
    }
}

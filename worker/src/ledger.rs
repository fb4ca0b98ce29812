//! The ledger: one object with a database, which applies each report once.
//!
//! A handler runs through without an await, so the runtime writes all of it or nothing.

use edgetally_core::ledger::{DeadLetter, Pending, Report};
use serde::Deserialize;
use serde_json::{Value, json};
use worker::wasm_bindgen::JsValue;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, durable_object};

use crate::edge::{self, Unavailable};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS counts (
  hour INTEGER NOT NULL, source TEXT NOT NULL, release TEXT NOT NULL, event TEXT NOT NULL,
  destination TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (hour, source, release, event, destination, state, code)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, source TEXT NOT NULL, event TEXT NOT NULL,
  event_id TEXT NOT NULL, what TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS dead (
  id TEXT PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, destination TEXT NOT NULL,
  event TEXT NOT NULL, event_id TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, parcel TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (
  id TEXT PRIMARY KEY, at INTEGER NOT NULL, code TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
  id TEXT PRIMARY KEY, receipt TEXT NOT NULL, due INTEGER NOT NULL, asked INTEGER NOT NULL, taken INTEGER NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_due ON pending (due);
";

/// How often the ledger tidies up.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);
/// How long a question belongs to whoever took it, in milliseconds.
const LEASE_MS: i64 = 300_000;
/// How many notes are kept.
const MOST_NOTES: u32 = 2000;
/// A message cannot come again after the queue's longest retention (14 days), so its id can be forgotten then.
const SEEN_DAYS: i64 = 16;
/// Dead letters hold prepared events; a month is enough to mend a destination.
const DEAD_DAYS: i64 = 30;
/// Counts hold nobody's data; they are kept for comparisons with the year before.
const COUNT_DAYS: i64 = 400;

/// The object.
#[durable_object]
pub struct Ledger {
    state: State,
    sql: SqlStorage,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ledger")
    }
}

impl DurableObject for Ledger {
    fn new(state: State, _env: Env) -> Self {
        let sql = state.storage().sql();
        if sql.exec(SCHEMA, None).is_err() {
            worker::console_error!("the ledger's tables could not be made");
        }
        Self { state, sql }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let body = request.text().await?;
        let answer = match path.as_str() {
            "/report" => self.report(&body),
            "/lines" => self.lines(&body),
            "/notes" => self.notes(&body),
            "/dead" => self.dead(&body),
            "/due" => self.due(&body),
            "/seen" => self.rows(
                "SELECT id FROM seen WHERE id IN (SELECT value FROM json_each(?))",
                &json!([body]),
            ),
            _ => Err(Unavailable),
        };
        if path == "/report" && answer.is_ok() && self.state.storage().get_alarm().await?.is_none()
        {
            self.state.storage().set_alarm(DAY).await?;
        }
        match answer {
            Ok(text) => Response::ok(text),
            Err(Unavailable) => Response::error("the ledger could not do that", 500),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        let day = edgetally_core::time::DAY_MS;
        let now = edge::now().0;
        let old = [
            ("seen", "at", SEEN_DAYS),
            ("dead", "at", DEAD_DAYS),
            ("quarantine", "at", DEAD_DAYS),
            ("counts", "hour", COUNT_DAYS),
            // Asking ends after a day; what is left then has lost its destination's settings.
            ("pending", "taken", DEAD_DAYS),
        ];
        for (table, column, days) in old {
            let query = format!("DELETE FROM {table} WHERE {column} < ?");
            if self.rows(&query, &json!([now - days * day])).is_err() {
                worker::console_error!("the ledger could not be tidied up");
            }
        }
        self.state.storage().set_alarm(DAY).await?;
        Response::ok("")
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
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
}

impl Ledger {
    fn rows(&self, query: &str, parameters: &Value) -> std::result::Result<String, Unavailable> {
        let sql: &JsValue = self.sql.as_ref();
        edge::rows(sql, query, parameters)
    }

    /// Applies reports, each once.
    fn report(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let reports: Vec<Report> = serde_json::from_str(body).map_err(|_| Unavailable)?;
        let now = edge::now().0;
        let ids: Vec<&str> = reports.iter().map(|report| report.id.as_str()).collect();
        let known = self.rows(
            "SELECT id FROM seen WHERE id IN (SELECT value FROM json_each(?))",
            &json!([json!(ids).to_string()]),
        )?;
        #[derive(Deserialize)]
        struct Id {
            id: String,
        }
        let mut known: Vec<String> = serde_json::from_str::<Vec<Id>>(&known)
            .map_err(|_| Unavailable)?
            .into_iter()
            .map(|row| row.id)
            .collect();
        let mut fresh: Vec<&Report> = Vec::new();
        for report in &reports {
            if !known.contains(&report.id) {
                known.push(report.id.clone());
                fresh.push(report);
            }
        }
        if fresh.is_empty() {
            return Ok("{}".to_owned());
        }
        let ids: Vec<&str> = fresh.iter().map(|report| report.id.as_str()).collect();
        self.rows(
            "INSERT INTO seen (id, at) SELECT value, ?2 FROM json_each(?1)",
            &json!([json!(ids).to_string(), now]),
        )?;
        let mut counts = edgetally_core::ledger::Counts::default();
        for report in &fresh {
            counts.merge(&report.counts);
        }
        if !counts.is_empty() {
            self.rows(
                "INSERT INTO counts (hour, source, release, event, destination, state, code, n)
                 SELECT value->>'$[0].h', value->>'$[0].s', coalesce(value->>'$[0].v', ''), coalesce(value->>'$[0].e', ''),
                        coalesce(value->>'$[0].d', ''), value->>'$[0].o', coalesce(value->>'$[0].c', ''), value->>'$[1]'
                 FROM json_each(?) WHERE true
                 ON CONFLICT DO UPDATE SET n = n + excluded.n",
                &json!([serde_json::to_string(&counts).map_err(|_| Unavailable)?]),
            )?;
        }
        let notes: Vec<_> = fresh.iter().flat_map(|report| &report.notes).collect();
        if !notes.is_empty() {
            self.rows(
                "INSERT INTO notes (at, source, event, event_id, what)
                 SELECT value->>'$.at', value->>'$.source', coalesce(value->>'$.event', ''),
                        coalesce(value->>'$.event_id', ''), value->'$.what'
                 FROM json_each(?)",
                &json!([serde_json::to_string(&notes).map_err(|_| Unavailable)?]),
            )?;
            self.rows(
                "DELETE FROM notes WHERE seq <= (SELECT max(seq) FROM notes) - ?",
                &json!([MOST_NOTES]),
            )?;
        }
        for letter in fresh.iter().flat_map(|report| &report.dead) {
            self.rows(
                "INSERT OR IGNORE INTO dead (id, at, source, destination, event, event_id, state, code, parcel)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                &json!([
                    letter.id,
                    letter.at,
                    letter.source,
                    letter.destination,
                    letter.event,
                    letter.event_id,
                    letter.state,
                    letter.code,
                    letter.parcel
                ]),
            )?;
        }
        for message in fresh.iter().flat_map(|report| &report.quarantined) {
            self.rows(
                "INSERT OR IGNORE INTO quarantine (id, at, code, body) VALUES (?, ?, ?, ?)",
                &json!([message.id, message.at, message.code, message.body]),
            )?;
        }
        for one in fresh.iter().flat_map(|report| &report.pending) {
            self.rows(
                "INSERT OR IGNORE INTO pending (id, receipt, due, asked, taken, body) VALUES (?, ?, ?, ?, ?, ?)",
                &json!([
                    one.id,
                    one.receipt,
                    one.due,
                    one.asked,
                    one.taken,
                    serde_json::to_string(one).map_err(|_| Unavailable)?
                ]),
            )?;
        }
        for one in fresh.iter().flat_map(|report| &report.postponed) {
            self.rows(
                "UPDATE pending SET due = ?2, asked = ?3 WHERE id = ?1",
                &json!([one.id, one.due, one.asked]),
            )?;
        }
        let settled: Vec<_> = fresh.iter().flat_map(|report| &report.settled).collect();
        if !settled.is_empty() {
            self.rows(
                "DELETE FROM pending WHERE id IN (SELECT value FROM json_each(?))",
                &json!([serde_json::to_string(&settled).map_err(|_| Unavailable)?]),
            )?;
        }
        let revived: Vec<_> = fresh.iter().flat_map(|report| &report.revived).collect();
        if !revived.is_empty() {
            let ids = json!([serde_json::to_string(&revived).map_err(|_| Unavailable)?]);
            self.rows(
                "DELETE FROM dead WHERE id IN (SELECT value FROM json_each(?))",
                &ids,
            )?;
            self.rows(
                "DELETE FROM quarantine WHERE id IN (SELECT value FROM json_each(?))",
                &ids,
            )?;
        }
        Ok("{}".to_owned())
    }

    /// Lines of the ledger, summed over the hours unless they are asked for.
    fn lines(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter: Filter = serde_json::from_str(body).map_err(|_| Unavailable)?;
        let hour = if filter.hours { "hour" } else { "0" };
        #[derive(Deserialize)]
        struct Whole {
            lines: String,
        }
        let whole = self.rows(
            &format!(
                "SELECT json_group_array(json_array(json(line), n)) AS lines FROM (SELECT json_object('h', {hour}, 's', source, 'v', release, 'e', event, 'd', destination, 'o', state,
                        'c', code) AS line, sum(n) AS n
                 FROM counts
                 WHERE hour >= ?1 AND hour <= ?2 AND (?3 IS NULL OR source = ?3) AND (?4 IS NULL OR destination = ?4)
                   AND (?5 IS NULL OR event = ?5) AND (?6 IS NULL OR release = ?6)
                 GROUP BY 1 HAVING sum(n) <> 0 ORDER BY 1 LIMIT 20000)"
            ),
            &json!([
                filter.since.unwrap_or(0),
                filter.until.unwrap_or(i64::MAX / 4096),
                filter.source,
                filter.destination,
                filter.event,
                filter.release
            ]),
        )?;
        let whole: Vec<Whole> = serde_json::from_str(&whole).map_err(|_| Unavailable)?;
        whole
            .into_iter()
            .next()
            .map(|whole| whole.lines)
            .ok_or(Unavailable)
    }

    /// What platforms are to be asked about now, and not again before the lease is over.
    fn due(&self, body: &str) -> std::result::Result<String, Unavailable> {
        #[derive(Deserialize)]
        struct Due {
            now: i64,
            limit: usize,
        }
        #[derive(Deserialize)]
        struct Row<'a> {
            id: String,
            receipt: String,
            asked: u32,
            #[serde(borrow)]
            body: std::borrow::Cow<'a, str>,
        }
        let due: Due = serde_json::from_str(body).map_err(|_| Unavailable)?;
        let rows = self.rows(
            "SELECT id, receipt, asked, body FROM pending WHERE due <= ?1 ORDER BY due, receipt LIMIT ?2",
            &json!([due.now, due.limit]),
        )?;
        let rows: Vec<Row<'_>> = serde_json::from_str(&rows).map_err(|_| Unavailable)?;
        let receipts: Vec<&str> = rows.iter().map(|row| row.receipt.as_str()).collect();
        let whole = Pending::untorn(&receipts, due.limit);
        let mut pending = Vec::with_capacity(whole);
        for row in rows.into_iter().take(whole) {
            self.rows(
                "UPDATE pending SET due = ?2 WHERE id = ?1",
                &json!([row.id, due.now + LEASE_MS]),
            )?;
            // One that cannot be read must not keep all others from being asked about.
            let Ok(one) = serde_json::from_str::<Pending>(&row.body) else {
                worker::console_error!("a receipt cannot be read and is left alone");
                continue;
            };
            pending.push(Pending {
                asked: row.asked,
                ..one
            });
        }
        serde_json::to_string(&pending).map_err(|_| Unavailable)
    }

    /// What happened lately, newest first.
    fn notes(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter: Filter = serde_json::from_str(body).map_err(|_| Unavailable)?;
        self.rows(
            "SELECT at, source, event, event_id, what FROM notes
             WHERE (?1 IS NULL OR event_id = ?1) AND (?2 IS NULL OR source = ?2) ORDER BY seq DESC LIMIT ?3",
            &json!([filter.event_id, filter.source, filter.limit.unwrap_or(50).min(500)]),
        )
    }

    /// Dead letters and quarantined messages, oldest first.
    fn dead(&self, body: &str) -> std::result::Result<String, Unavailable> {
        let filter: Filter = serde_json::from_str(body).map_err(|_| Unavailable)?;
        let limit = filter.limit.unwrap_or(100).min(500);
        let ids = filter.ids.map(|ids| json!(ids).to_string());
        let dead = self.rows(
            "SELECT id, at, source, destination, event, event_id, state, code, parcel FROM dead
             WHERE (?1 IS NULL OR destination = ?1) AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))
             ORDER BY at, id LIMIT ?3",
            &json!([filter.destination, ids, limit]),
        )?;
        let quarantined = self.rows(
            "SELECT id, at, code, body FROM quarantine
             WHERE ?1 IS NULL AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2))) ORDER BY at, id LIMIT ?3",
            &json!([filter.destination, ids, limit]),
        )?;
        Ok(format!(r#"{{"dead":{dead},"quarantined":{quarantined}}}"#))
    }
}

/// What `/dead` answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Dead {
    pub(crate) dead: Vec<DeadLetter>,
    pub(crate) quarantined: Vec<edgetally_core::ledger::Quarantined>,
}

//! What people ask for: balances, reasons, lines, notes and heads of letters.

use edgetally_core::base::members::{Members, list_of, text};
use edgetally_core::base::time::DAY_MS;
use edgetally_core::ledger::{DeadLetter, Kind, Line, State};
use serde_json::{Value, json};

use super::Ledger;
use super::choosing::{LETTERS, QUARANTINE};
use super::database::{page, read, write};
use super::schema::names;
use crate::runtime::{self, Unavailable};

/// What the questions about counts have in common; `?1` to `?6`.
const WHERE: &str = "hour >= ?1 AND hour <= ?2 AND (?3 IS NULL OR source = ?3)
  AND (?4 IS NULL OR destination = ?4) AND (?5 IS NULL OR event = ?5) AND (?6 IS NULL OR release = ?6)";

/// How many reasons are told one by one; those of every source, destination and state in turn, the most frequent first.
const MOST_REASONS: u32 = 500;
/// How many lines, notes, or heads of letters one answer has.
const MOST_LINES: u32 = 2000;
pub(super) const MOST_HEADS: u32 = 500;

pub(super) struct Filter {
    pub(super) since: Option<i64>,
    pub(super) until: Option<i64>,
    pub(super) source: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) event: Option<String>,
    pub(super) release: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) code: Option<String>,
    pub(super) day: Option<i64>,
    pub(super) ids: Option<Vec<String>>,
    pub(super) limit: Option<u32>,
    pub(super) hours: bool,
    /// Only what has become one of these.
    pub(super) states: Vec<Value>,
    /// What the page before ended with.
    pub(super) after: Vec<Value>,
    /// Only what somebody began to offer again and did not end.
    pub(super) left: bool,
    /// Only what would become of it.
    pub(super) dry: bool,
}

impl Filter {
    pub(super) fn read(body: &str) -> Result<Self, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let mut flag = |key| of.take(key).and_then(|flag| flag.as_bool()) == Some(true);
        Ok(Self {
            hours: flag("hours"),
            left: flag("left"),
            dry: flag("dry"),
            since: of.whole("since"),
            until: of.whole("until"),
            source: of.text("source"),
            destination: of.text("destination"),
            event: of.text("event"),
            release: of.text("release"),
            event_id: of.text("event_id"),
            code: of.text("code"),
            day: of.whole("day"),
            ids: of.take("ids").and_then(|ids| list_of(ids, text)),
            limit: of.whole("limit"),
            states: of.list("states", Some).unwrap_or_default(),
            after: of.list("after", Some).unwrap_or_default(),
        })
    }
}

impl Ledger {
    /// Balances, reasons, and where they are asked for the single lines.
    pub(super) fn lines(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let mut parameters = vec![
            json!(filter.since.unwrap_or(0)),
            json!(filter.until.unwrap_or(i64::MAX / 4096)),
            json!(filter.source),
            json!(filter.destination),
            json!(filter.event),
            json!(filter.release),
        ];
        let measured = State::MEASURED.map(|state| format!("'{}'", state.as_str()));
        let measured = measured.join(", ");
        let of = |select: &str| self.rows(select, &Value::Array(parameters.clone()));
        let sums = of(&format!(
            "SELECT source, destination, state, sum(n) AS n FROM counts WHERE {WHERE} AND state NOT IN ({measured})
             GROUP BY 1, 2, 3 HAVING sum(n) <> 0"
        ))?;
        let reasons = of(&format!(
            "SELECT source, destination, state, iif(place <= {MOST_REASONS}, code, 'other') AS code, sum(n) AS n,
               sum(place > {MOST_REASONS}) AS codes
             FROM (SELECT *, row_number() OVER (ORDER BY rank, n DESC, source, destination, state) AS place
               FROM (SELECT *, row_number() OVER (PARTITION BY source, destination, state ORDER BY n DESC, code) AS rank
                 FROM (SELECT source, destination, state, code, sum(n) AS n FROM counts
                   WHERE {WHERE} AND code <> '' AND state NOT IN ({measured}, 'accepted')
                   GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0)))
             GROUP BY 1, 2, 3, 4"
        ))?;
        let folded = of(&format!(
            "SELECT source, sum(iif(event = 'other', n, 0)) AS events, sum(iif(release = 'other', n, 0)) AS releases
             FROM counts WHERE {WHERE} AND destination = coalesce(?4, '') AND state = 'accepted' AND 'other' IN (event, release)
             GROUP BY 1"
        ))?;
        let spilled = self.spilled(
            filter.source.as_deref(),
            filter.since.unwrap_or(0) / DAY_MS,
            filter.until.unwrap_or(i64::MAX / 4096) / DAY_MS,
        )?;
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
                    "SELECT {line}, n FROM counts WHERE {WHERE} AND n <> 0 AND ({line}) > (?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
                     ORDER BY {line} LIMIT ?15"
                ),
                &Value::Array(parameters),
            )?;
            lines = page(&rows, limit)?;
        }
        let (lines, more) = lines;
        Ok(format!(
            r#"{{"sums":{sums},"reasons":{reasons},"folded":{folded},"spilled":{spilled},"waiting":{waiting},"attention":{},"lines":{},"more":{more}}}"#,
            self.attention()?,
            write(&lines)?
        ))
    }

    /// What stays as it is until a person has dealt with it.
    pub(super) fn attention(&self) -> Result<String, Unavailable> {
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
        let today = runtime::now().0 / DAY_MS;
        let spilled = self.spilled(None, today - 1, today + 1)?;
        let shortages = self.rows("SELECT what, source, n FROM shortages", &json!([]))?;
        let visits = self.visits()?;
        let waiting = self.outcomes_waiting()?;
        Ok(format!(
            r#"{{"quarantined":{quarantined},"destination_removed":{removed},"outcomes_waiting":{waiting},"shortages":{shortages},"spilled":{spilled},"visits":{visits},"alerts":{}}}"#,
            self.alerts()?
        ))
    }

    /// What happened lately, newest first, and whether there is more.
    pub(super) fn notes(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let limit = filter.limit.unwrap_or(50).min(MOST_HEADS);
        let rows = self.rows(
            "SELECT seq, at, source, event, event_id, what FROM notes
             WHERE (?1 IS NULL OR event_id = ?1) AND (?2 IS NULL OR source = ?2) AND (?4 IS NULL OR event = ?4)
               AND (?5 IS NULL AND ?6 = '[]' OR EXISTS (SELECT 1 FROM json_each(what) AS one
                 WHERE (?5 IS NULL OR one.key = ?5) AND (?6 = '[]' OR substr(one.value, 1, instr(one.value || ':', ':') - 1)
                   IN (SELECT value FROM json_each(?6)))))
             AND (?7 IS NULL OR seq < ?7) ORDER BY seq DESC LIMIT ?3",
            &json!([
                filter.event_id,
                filter.source,
                limit + 1,
                filter.event,
                filter.destination,
                write(&filter.states)?,
                filter.after.first(),
            ]),
        )?;
        let (events, more) = page(&rows, limit)?;
        Ok(runtime::json(&json!({"events": events, "more": more})))
    }

    /// The heads of dead letters and quarantined messages, oldest first.
    pub(super) fn dead(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let limit = filter.limit.unwrap_or(100).min(MOST_HEADS);
        let (dead, more) = page(
            &self.rows(
                &format!(
                    "SELECT one.id, one.at, one.source, one.destination, one.event, one.event_id, one.state, one.code,
                            octet_length(one.parcel) AS bytes, coalesce(r.round, 0) AS round
                     FROM dead AS one LEFT JOIN replays AS r ON r.id = one.id WHERE {}
                     ORDER BY one.at, one.id LIMIT ?11",
                    LETTERS.chosen()
                ),
                &filter.chosen(&LETTERS, [json!(limit + 1)]),
            )?,
            limit,
        )?;
        let (quarantined, more_quarantined) = page(
            &self.rows(
                &format!(
                    "SELECT one.id, one.at, one.code, octet_length(one.body) AS bytes FROM quarantine AS one
                     WHERE {} ORDER BY one.at, one.id LIMIT ?11",
                    QUARANTINE.chosen()
                ),
                &filter.chosen(&QUARANTINE, [json!(limit + 1)]),
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
}

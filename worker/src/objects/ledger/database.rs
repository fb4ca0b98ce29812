//! The object's database: queries, and work that is done as a whole or not at all.

use edgetally_core::base::members::{Members, list_of};
use edgetally_core::ledger::{Report, Shortage};
use serde_json::{Value, json};

use super::Ledger;
use crate::runtime::{self, Unavailable};

/// How many bytes of bodies are taken up at once, unless a single one is larger. An object has 128 MB for everything, and
/// a body is there several times over while it is handed on.
pub(super) const MOST_BYTES: i64 = 1 << 20;

/// Why a report was not applied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// It builds upon another that is not there yet.
    Early,
    /// At this step.
    At(&'static str),
}

pub(super) type Applied<T> = Result<T, Fault>;

/// The name of the step that a fault is told by.
pub(super) fn at<T, E>(result: Result<T, E>, step: &'static str) -> Applied<T> {
    result.map_err(|_| Fault::At(step))
}

/// The rows of a query.
pub(super) fn list<T>(rows: &str, read_row: fn(Value) -> Option<T>) -> Result<Vec<T>, Unavailable> {
    list_of(read(rows)?, read_row).ok_or(Unavailable)
}

pub(super) fn read(text: &str) -> Result<Value, Unavailable> {
    serde_json::from_str(text).map_err(|_| Unavailable)
}

pub(super) fn write<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Unavailable> {
    serde_json::to_string(value).map_err(|_| Unavailable)
}

/// Cuts off the row that was asked for only to know whether there are more.
pub(super) fn page(rows: &str, limit: u32) -> Result<(Vec<Value>, bool), Unavailable> {
    let mut rows: Vec<Value> = list(rows, Some)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok((rows, more))
}

/// A row by its id, and how large its body is.
pub(super) struct Head {
    pub(super) id: String,
    bytes: i64,
    pub(super) receipt: String,
    pub(super) at: i64,
    pub(super) round: u32,
}

impl Head {
    pub(super) fn read(row: Value) -> Option<Self> {
        let mut of = Members::of(row)?;
        Some(Self {
            id: of.text("id")?,
            bytes: of.whole("bytes")?,
            receipt: of.text_or_empty("receipt")?,
            at: of.whole("at").unwrap_or(0),
            round: of.whole("round").unwrap_or(0),
        })
    }
}

/// How many of the rows go together: all, or as many as have no more than [`MOST_BYTES`], and at least one.
pub(super) fn fitting(heads: &[Head]) -> usize {
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

impl Ledger {
    pub(super) fn rows(&self, query: &str, parameters: &Value) -> Result<String, Unavailable> {
        runtime::rows(&self.storage, query, parameters)
    }

    /// Rows that are of one column, or of which only the first is wanted.
    pub(super) fn column(
        &self,
        query: &str,
        parameters: &Value,
    ) -> Result<Vec<String>, Unavailable> {
        let rows: Vec<Value> = list(&self.rows(query, parameters)?, Some)?;
        Ok(rows
            .iter()
            .filter_map(|row| row.as_object()?.values().next()?.as_str())
            .map(ToOwned::to_owned)
            .collect())
    }

    /// All of the work, or nothing of it.
    pub(super) fn whole<T>(&self, work: impl FnOnce() -> Applied<T>) -> Applied<T> {
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

    pub(super) fn set(&self, step: &'static str, query: &str, parameters: &Value) -> Applied<()> {
        at(self.rows(query, parameters), step)?;
        Ok(())
    }

    /// Notes that there was no room for so many.
    pub(super) fn miss(&self, what: Shortage, source: &str, n: i64, now: i64) -> Applied<()> {
        self.set(
            "shortages",
            "INSERT INTO shortages (what, source, n, at) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET n = n + excluded.n, at = excluded.at",
            &json!([what.as_str(), source, n, now]),
        )
    }

    /// A query over one of the lists of all reports; `one` has its members.
    pub(super) fn all<T: serde::Serialize>(
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
}

//! What the dashboard is made of, in one call: sums, and what else the ledger knows.
//!
//! A month of a busy shop is half a million lines, and whoever opens the page does not wait for that. What is over hardly
//! changes, so sums are kept until one of their lines does.

use std::collections::VecDeque;

use edgetally_core::base::members::Members;
use edgetally_core::base::table::sort;
use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::ledger::{Counts, Query};
use serde_json::{Value, json};

use super::Ledger;
use super::database::{read, write};
use super::querying::{parameters, statement};
use crate::runtime::{self, Unavailable};

/// How many sums of one question are handed over; whoever gets one more knows that there are more.
const MOST: u32 = 20_001;

/// How many bytes of sums are kept.
pub(super) const MOST_KEPT: usize = 8 << 20;

/// Sums that were asked for.
#[derive(Default)]
pub(super) struct Kept {
    all: VecDeque<Sums>,
    bytes: usize,
}

struct Sums {
    question: String,
    since: UnixMillis,
    until: UnixMillis,
    rows: String,
}

impl Kept {
    fn find(&self, question: &str) -> Option<String> {
        let mut all = self.all.iter();
        all.find(|one| one.question == question)
            .map(|one| one.rows.clone())
    }

    fn keep(&mut self, sums: Sums) {
        self.bytes += sums.rows.len();
        self.all.push_back(sums);
        while self.bytes > MOST_KEPT
            && let Some(first) = self.all.pop_front()
        {
            self.bytes -= first.rows.len();
        }
    }

    /// Those lines are about to change.
    pub(super) fn forget(&mut self, counts: &[&Counts]) {
        if self.all.is_empty() {
            return;
        }
        let lines = || counts.iter().flat_map(|counts| counts.iter());
        self.all
            .retain(|one| !lines().any(|(line, _)| (one.since..one.until).contains(&line.hour)));
        self.bytes = self.all.iter().map(|one| one.rows.len()).sum();
    }

    /// Any lines are about to change.
    pub(super) fn forget_all(&mut self) {
        *self = Self::default();
    }
}

impl Ledger {
    /// The answers to some questions, each in parts that belong together, and what stands beside them on the page.
    pub(super) fn overview(&self, body: &str) -> Result<String, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let queries = of.list("queries", Query::read).ok_or(Unavailable)?;
        let source = of.text("source");
        let reported_since = of.whole("reported_since");
        let now = runtime::now();
        let answers = self.answers(&queries, &[])?;
        let notes = self.rows(
            "SELECT at, source, event, event_id, what FROM notes WHERE ?1 IS NULL OR source = ?1 ORDER BY seq DESC LIMIT 12",
            &json!([source]),
        )?;
        let letters = self.rows(
            "SELECT destination, count(*) AS n FROM dead WHERE ?1 IS NULL OR source = ?1 GROUP BY 1",
            &json!([source]),
        )?;
        // Where no destination reports, nobody asks.
        let reported = match reported_since {
            Some(since) => self.latest(since, now.0)?,
            None => "[]".to_owned(),
        };
        let waiting = self.rows("SELECT count(*) AS n FROM early", &Value::Array(Vec::new()))?;
        Ok(format!(
            r#"{{"answers":{answers},"notes":{notes},"letters":{letters},"waiting":{waiting},"incidents":{},"reported":{reported},"attention":{}}}"#,
            self.open_incidents()?,
            self.attention()?
        ))
    }

    /// The answers to some questions, and nothing else. A month of days is more than one part holds.
    pub(super) fn sums(&self, body: &str) -> Result<String, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let queries = of.list("queries", Query::read).ok_or(Unavailable)?;
        self.answers(&queries, &[8, 15, 22])
    }

    /// A list of answers, each in parts: what changes at different times is apart, and what lies so many days back.
    fn answers(&self, queries: &[Query], days: &[i64]) -> Result<String, Unavailable> {
        let now = runtime::now();
        let today = now.0.div_euclid(DAY_MS) * DAY_MS;
        // Lines of this hour and the last change all the time, those of today and yesterday now and then, older ones hardly ever.
        let mut ends = vec![today - DAY_MS, today, now.hour().0 - HOUR_MS];
        ends.extend(days.iter().map(|days| today - days * DAY_MS));
        sort(&mut ends, |one, other| one < other);
        let mut answers = Vec::new();
        for query in queries {
            let mut parts = Vec::new();
            let mut since = query.since;
            for end in ends.iter().copied().map(UnixMillis).chain([query.until]) {
                let until = end.min(query.until);
                if since < until {
                    let part = Query {
                        since,
                        until,
                        ..query.clone()
                    };
                    parts.push(self.part(&part, until.0 <= today)?);
                    since = until;
                }
            }
            answers.push(format!("[{}]", parts.join(",")));
        }
        Ok(format!("[{}]", answers.join(",")))
    }

    /// The sums of a question as lists. They are kept, in memory, and in the database those of days that are `over`; unless they are
    /// of single hours of the day, which are asked for once.
    fn part(&self, query: &Query, over: bool) -> Result<String, Unavailable> {
        if query.hours_of_day != Query::WHOLE_DAY {
            return self.counted(query);
        }
        let question = write(query)?;
        if let Some(rows) = self.kept.borrow().find(&question) {
            return Ok(rows);
        }
        let rows = if over {
            self.of_days(query)?
        } else {
            self.counted(query)?
        };
        self.kept.borrow_mut().keep(Sums {
            question,
            since: query.since,
            until: query.until,
            rows: rows.clone(),
        });
        Ok(rows)
    }

    /// The sums of a question, summed up now.
    pub(super) fn counted(&self, query: &Query) -> Result<String, Unavailable> {
        runtime::lists(
            &self.storage,
            &statement(query),
            &parameters(query, &[], MOST)?,
        )
    }
}

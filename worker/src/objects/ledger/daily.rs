//! Sums of days that are over, kept in a table: whoever asks for a month after the object began anew need not wait until half a
//! million lines are summed up once more. A day's sums are kept when somebody asks for them first, and go with the first
//! line of that day that changes, by whichever release: the database's own triggers see to that.

use edgetally_core::base::members::Members;
use edgetally_core::base::time::{DAY_MS, UnixMillis};
use edgetally_core::ledger::sums::together;
use edgetally_core::ledger::{Dimension, Query};
use serde_json::json;

use super::Ledger;
use super::database::{list, write};
use super::overview::MOST_KEPT;
use crate::runtime::{Unavailable, console_error};

/// How long the sums of a day and one question are that are kept, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Of how many questions a day's sums are kept: a page asks seven, and as many for each source that somebody chooses.
const MOST_QUESTIONS: u32 = 70;

impl Ledger {
    /// The sums of a span of which every day is over.
    pub(super) fn of_days(&self, query: &Query) -> Result<String, Unavailable> {
        let first = (query.since.0 + DAY_MS - 1).div_euclid(DAY_MS);
        let end = query.until.0.div_euclid(DAY_MS);
        if first >= end {
            return self.counted(query);
        }
        let span = |since: i64, until: i64| Query {
            since: UnixMillis(since),
            until: UnixMillis(until),
            ..query.clone()
        };
        let question = write(&span(0, 0))?;
        let kept = self.rows(
            "SELECT day, sums FROM day_sums WHERE day >= ? AND day < ? AND question = ?",
            &json!([first, end, question]),
        )?;
        let kept: Vec<(i64, String)> = list(&kept, |row| {
            let mut of = Members::of(row)?;
            Some((of.whole("day")?, of.text("sums")?))
        })?;
        let (begin, rest) = (first * DAY_MS, end * DAY_MS);
        let mut parts = Vec::new();
        if query.since.0 < begin {
            parts.push(self.counted(&span(query.since.0, begin))?);
        }
        let mut bytes = 0;
        for day in first..end {
            let known = kept.iter().find(|(of, _)| *of == day);
            let sums = match known {
                Some((_, sums)) => sums.clone(),
                None => {
                    let sums = self.counted(&span(day * DAY_MS, (day + 1) * DAY_MS))?;
                    self.keep_day(day, &question, &sums);
                    sums
                }
            };
            bytes += sums.len();
            if bytes > MOST_KEPT {
                // Too much to have in parts: senders make names up.
                return self.counted(query);
            }
            parts.push(sums);
        }
        if rest < query.until.0 {
            parts.push(self.counted(&span(rest, query.until.0))?);
        }
        if query.is_by(Dimension::Hour) || query.is_by(Dimension::Day) {
            // Hardly a line is in two parts, and whoever reads them adds them up.
            return Ok(joined(&parts));
        }
        match parts.as_mut_slice() {
            [only] => Ok(std::mem::take(only)),
            _ => together(&parts).ok_or(Unavailable),
        }
    }

    /// Whoever asks has the sums anyhow.
    fn keep_day(&self, day: i64, question: &str, sums: &str) {
        if sums.len() <= MOST_BYTES {
            let kept = self.rows(
                "INSERT INTO day_sums (day, question, sums) SELECT ?1, ?2, ?3
                 WHERE (SELECT count(*) FROM day_sums WHERE day = ?1) < ?4 ON CONFLICT DO NOTHING",
                &json!([day, question, sums, MOST_QUESTIONS]),
            );
            if kept.is_err() {
                console_error!("the sums of a day could not be kept");
            }
        }
    }
}

/// JSON lists as one.
fn joined(lists: &[String]) -> String {
    let members = lists.iter().filter_map(|list| {
        let members = list.strip_prefix('[')?.strip_suffix(']')?;
        (!members.is_empty()).then_some(members)
    });
    format!("[{}]", members.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn lists_are_one_list() {
        let lists = ["[[1,[2]],3]", "[]", "[4]"].map(str::to_owned);
        assert_eq!(joined(&lists), "[[1,[2]],3,4]");
        assert_eq!(joined(&[]), "[]");
    }
}

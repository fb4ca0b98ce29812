//! Which receipts are forgotten: whole days, the oldest first. A day is forgotten at once, and what is left of it then goes a
//! piece at a time, since a day may have millions of rows and nobody is to wait for that.

use edgetally_core::base::members::Members;
use edgetally_core::base::time::DAY_MS;
use edgetally_core::ledger::Shortage;
use serde_json::json;

use super::Ledger;
use super::database::{Applied, at, list};
use crate::runtime::{self, Unavailable};

/// From what size of the database on, in bytes, the oldest days go before their time. An object holds 10 GB, and then
/// applies no report any more, so receipts give way to what the ledger cannot do without.
const LARGE: f64 = 8e9;
/// From what size on none are written, as where there is nothing older than today to be forgotten. What is left is for counts,
/// letters and notes.
const FULL: f64 = 9e9;
/// How many events and blocks go with one piece: more than come in with one call.
const MOST_EVENTS: u32 = 20_000;
const MOST_BLOCKS: u32 = 200;
/// Before all days, and as a number that JavaScript can hold.
pub(super) const NO_DAY: i64 = i64::MIN / 4096;

impl Ledger {
    /// How many bytes the database takes; 0 where nobody can say.
    fn size(&self) -> f64 {
        runtime::size(&self.storage).unwrap_or(0.0)
    }

    /// Whether there is no room for receipts.
    pub(super) fn is_full(&self) -> bool {
        self.size() >= FULL
    }

    /// Whether receipts are going before their time, so that nothing else is to take room that can do without.
    pub(super) fn is_large(&self) -> bool {
        self.size() >= LARGE
    }

    /// The first day that is not forgotten; [`NO_DAY`] where none is.
    pub(super) fn forgotten_before(&self) -> Result<i64, Unavailable> {
        let rows = self.rows("SELECT before FROM receipts_forgotten", &json!([]))?;
        let days = list(&rows, |row| Members::of(row)?.whole("before"))?;
        Ok(days.into_iter().max().unwrap_or(NO_DAY))
    }

    /// Forgets the days before that one, since they are over for long enough or else for want of room.
    fn forget(&self, before: i64, want: bool, now: i64) -> Applied<()> {
        let known = at(self.forgotten_before(), "forget")?;
        if before <= known {
            return Ok(());
        }
        if want {
            let rows = self.rows(
                "SELECT source, sum(count) AS n FROM receipt_heads WHERE day >= ? AND day < ? GROUP BY source",
                &json!([known, before]),
            );
            let rows = rows.and_then(|rows| list(&rows, Members::of));
            for mut row in at(rows, "forget")? {
                if let (Some(source), Some(n)) = (row.text("source"), row.whole("n")) {
                    self.miss(Shortage::ReceiptsForgotten, &source, n, now)?;
                }
            }
        }
        self.set("forget", "DELETE FROM receipts_forgotten", &json!([]))?;
        self.set(
            "forget",
            "INSERT INTO receipts_forgotten (before) VALUES (?)",
            &json!([before]),
        )?;
        self.shed.set(false);
        Ok(())
    }

    /// Forgets the receipts of days that are over for longer than `days`. How far their chains were is kept.
    pub(super) fn forget_old(&self, now: i64, days: i64) -> Applied<()> {
        self.whole(|| self.forget(now.div_euclid(DAY_MS) - days, false, now))
    }

    /// Lets a piece go of what is forgotten, and where the database is large and nothing of that is left, forgets the oldest
    /// day. Whether there is no more to do.
    pub(super) fn make_room(&self, now: i64) -> Applied<bool> {
        if !self.shed.get() {
            let done = self.whole(|| self.shed_piece())?;
            self.shed.set(done);
            return Ok(done);
        }
        if self.size() < LARGE {
            return Ok(true);
        }
        let oldest = self.rows(
            "SELECT min(day) AS day FROM receipt_heads WHERE day >= ?",
            &json!([at(self.forgotten_before(), "forget")?]),
        );
        let oldest =
            oldest.and_then(|rows| list(&rows, |row| Some(Members::of(row)?.whole("day"))));
        let oldest: Option<i64> = at(oldest, "forget")?.pop().flatten();
        match oldest {
            // What is being written is not forgotten.
            Some(day) if day < now.div_euclid(DAY_MS) => {
                self.whole(|| self.forget(day + 1, true, now))?;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// Deletes a piece of what is left of forgotten days. Whether that was all.
    fn shed_piece(&self) -> Applied<bool> {
        let before = at(self.forgotten_before(), "shed")?;
        for (query, most) in [
            (
                "DELETE FROM receipt_events WHERE (day, key, source, seq) IN
                   (SELECT day, key, source, seq FROM receipt_events WHERE day < ?1 LIMIT ?2)",
                MOST_EVENTS,
            ),
            (
                "DELETE FROM receipts WHERE (source, day, seq) IN
                   (SELECT r.source, r.day, r.seq FROM (SELECT DISTINCT source FROM receipt_heads) AS h
                    CROSS JOIN receipts AS r ON r.source = h.source AND r.day < ?1 LIMIT ?2)",
                MOST_BLOCKS,
            ),
            (
                "DELETE FROM receipt_rulings WHERE (day, digest) IN
                   (SELECT day, digest FROM receipt_rulings WHERE day < ?1 LIMIT ?2)",
                MOST_EVENTS,
            ),
        ] {
            self.set("shed", query, &json!([before, most]))?;
        }
        let left = self.column(
            "SELECT 'events' FROM receipt_events WHERE day < ?1
             UNION ALL SELECT 'rulings' FROM receipt_rulings WHERE day < ?1
             UNION ALL SELECT 'blocks' FROM (SELECT DISTINCT source FROM receipt_heads) AS h
               CROSS JOIN receipts AS r ON r.source = h.source AND r.day < ?1
             LIMIT 1",
            &json!([before]),
        );
        Ok(at(left, "shed")?.is_empty())
    }
}

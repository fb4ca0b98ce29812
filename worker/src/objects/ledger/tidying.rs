//! Forgets what is old.

use edgetally_core::base::time::DAY_MS;
use edgetally_core::ledger::DeadLetter;
use serde_json::json;

use super::Ledger;
use super::watching::KEPT_DAYS;
use crate::runtime::console_error;
use crate::state;

/// A message cannot come again after the queue's longest retention (14 days), so its id can be forgotten then, but for one
/// that a person replays out of quarantine.
const SEEN_DAYS: i64 = 16;
/// Dead letters hold prepared events; a month is enough to mend a destination.
const DEAD_DAYS: i64 = 30;
/// Counts hold nobody's data; they are kept for comparisons with the year before.
const COUNT_DAYS: i64 = 400;
/// Nobody asks the dashboard for more than a month.
const SUM_DAYS: i64 = 35;

impl Ledger {
    pub(super) fn tidy_up(&self, now: i64) {
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
            ("reported", "observed_at", COUNT_DAYS, ""),
            ("visits", "at", COUNT_DAYS, ""),
            ("pending", "taken", DEAD_DAYS, ""),
            // Whoever was to see it had time enough.
            ("shortages", "at", DEAD_DAYS, ""),
            ("incidents", "at", KEPT_DAYS, " AND over <> 0"),
        ];
        let mut tidy = true;
        for (table, column, days, but) in old {
            let but = but.replace("REMOVED", DeadLetter::DESTINATION_REMOVED);
            let query = format!("DELETE FROM {table} WHERE {column} < ?{but}");
            tidy &= self.rows(&query, &json!([now - days * DAY_MS])).is_ok();
        }
        // That it was there is told until a person has dealt with it; what was in it is not kept for longer than all else.
        for query in [
            "UPDATE quarantine SET body = '' WHERE at < ? AND body <> ''",
            "UPDATE dead SET parcel = '', event_id = '', visitor = '' WHERE at < ? AND parcel <> ''
             AND id NOT IN (SELECT id FROM replays WHERE round > 0)",
        ] {
            tidy &= self.rows(query, &json!([now - DEAD_DAYS * DAY_MS])).is_ok();
        }
        tidy &= self
            .rows(
                "DELETE FROM names WHERE day < ?",
                &json!([now / DAY_MS - COUNT_DAYS - 1]),
            )
            .is_ok();
        tidy &= self
            .rows(
                "DELETE FROM names WHERE substr(kind, -1) = '+' AND day < ?",
                &json!([now / DAY_MS - SUM_DAYS]),
            )
            .is_ok();
        tidy &= self
            .rows(
                "DELETE FROM day_sums WHERE day < ?",
                &json!([now / DAY_MS - SUM_DAYS]),
            )
            .is_ok();
        tidy &= self
            .rows(
                "DELETE FROM replays WHERE id NOT IN (SELECT id FROM dead) AND id NOT IN (SELECT id FROM quarantine)",
                &json!([]),
            )
            .is_ok();
        tidy &= self.drop_outcomes(now).is_ok();
        tidy &= self.forget_withdrawals(now).is_ok();
        // Settings that cannot be read say nothing about how long to keep anything.
        if let Ok(settings) = state::settings(&self.env) {
            let days = i64::from(settings.receipt_days);
            tidy &= self.forget_old(now, days).is_ok();
        }
        if !tidy {
            console_error!("the ledger could not be tidied up");
        }
    }
}

//! The tables, made where they are not there yet.

use edgetally_core::ledger::{Column, DeadLetter, Kind, Line, Quarantined};
use serde_json::json;

use super::Ledger;
use super::database::at;
use crate::runtime::console_error;

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
-- Those that have none are remembered for a while, under a kind with a plus sign.
CREATE INDEX IF NOT EXISTS names_spilled ON names (day, source, kind) WHERE substr(kind, -1) = '+';
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
-- What was withdrawn: kind, and the event's id or the visitor's mark. Whoever has heard of the last number has heard of all.
CREATE TABLE IF NOT EXISTS withdrawals (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
  UNIQUE (kind, source, id)
);
-- Until when somebody may rely on what the ledger said was withdrawn, where that is longer than every withdrawal waits.
CREATE TABLE IF NOT EXISTS leased (id INTEGER PRIMARY KEY, until INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS steps (name TEXT PRIMARY KEY) WITHOUT ROWID;
-- Receipts, many in a row, with the digest of the line before the first of them. The one row that each event has of its own
-- says where its receipts are; it begins with the day, since whole days go.
CREATE TABLE IF NOT EXISTS receipts (
  source TEXT NOT NULL, day INTEGER NOT NULL, seq INTEGER NOT NULL, prev TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (source, day, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt_events (
  day INTEGER NOT NULL, key INTEGER NOT NULL, source TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (day, key, source, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt_rulings (
  day INTEGER NOT NULL, digest TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (day, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt_heads (
  source TEXT NOT NULL, day INTEGER NOT NULL, count INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (source, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt_key (key TEXT NOT NULL);
-- The days before this one are forgotten, whatever is left of them.
CREATE TABLE IF NOT EXISTS receipts_forgotten (before INTEGER NOT NULL);
-- Outcomes that no bucket has yet, and those of them that are being handed out: a name, and up to which one.
CREATE TABLE IF NOT EXISTS outcomes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, hour INTEGER NOT NULL, source TEXT NOT NULL,
  lines INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS exporting (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
-- What there was no room for: how often, and when the last time.
CREATE TABLE IF NOT EXISTS shortages (
  what TEXT NOT NULL, source TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (what, source)
) WITHOUT ROWID;
-- What somebody is told of; over when it is not 0. Beside it the round of looks that is under way, until when each source's hours
-- have been judged, and what became of the last message.
CREATE TABLE IF NOT EXISTS incidents (
  id TEXT PRIMARY KEY, over INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS watching (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- What platforms report themselves about an event (empty: about all of them) over a span of so many days; rows never change.
-- And when each platform was last asked, when it may be asked again, and why it said nothing.
CREATE TABLE IF NOT EXISTS reported (
  destination TEXT NOT NULL, event TEXT NOT NULL, days INTEGER NOT NULL, observed_at INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL, figures TEXT NOT NULL,
  PRIMARY KEY (destination, event, days, observed_at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS visits (
  destination TEXT PRIMARY KEY, at INTEGER NOT NULL, next INTEGER NOT NULL, fault TEXT NOT NULL
) WITHOUT ROWID;
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

/// The mark of the visitor that a note is about, where there is one. Done once.
const VISITORS: &str = "
ALTER TABLE notes ADD COLUMN visitor TEXT;
INSERT OR IGNORE INTO steps VALUES ('visitors');
";

/// How many rulings a source has brought into a day. Done once.
const RULINGS: &str = "
ALTER TABLE receipt_heads ADD COLUMN rulings INTEGER NOT NULL DEFAULT 0;
INSERT OR IGNORE INTO steps VALUES ('rulings');
";

/// What a withdrawal finds letters and events by that a platform has not judged yet. Nothing (`NULL`) where whoever kept the
/// row did not say; [`Ledger::bring_in`] does. Done once.
const FINDING: &str = "
ALTER TABLE dead ADD COLUMN visitor TEXT;
CREATE INDEX dead_event ON dead (source, event_id) WHERE parcel <> '';
CREATE INDEX dead_visitor ON dead (source, visitor) WHERE visitor <> '';
CREATE INDEX dead_unmarked ON dead (id) WHERE visitor IS NULL;
ALTER TABLE pending ADD COLUMN listed INTEGER;
CREATE INDEX pending_unlisted ON pending (id) WHERE listed IS NULL;
CREATE TABLE pending_events (
  pending TEXT NOT NULL, place INTEGER NOT NULL, source TEXT NOT NULL, destination TEXT NOT NULL, event TEXT NOT NULL,
  event_id TEXT NOT NULL, visitor TEXT NOT NULL, PRIMARY KEY (pending, place)
) WITHOUT ROWID;
CREATE INDEX pending_events_event ON pending_events (source, event_id);
CREATE INDEX pending_events_visitor ON pending_events (source, visitor) WHERE visitor <> '';
-- Whoever deletes the row, an earlier release as well.
CREATE TRIGGER pending_gone AFTER DELETE ON pending BEGIN DELETE FROM pending_events WHERE pending = old.id; END;
INSERT OR IGNORE INTO steps VALUES ('finding');
";

/// The gateway's own version, of which 0.1.0 knew nothing: it is part of what a line is, and a letter's lines go down again
/// on the line that they went up on. An earlier release goes on writing lines without one. Done once.
const WORKERS: &str = "
CREATE TABLE counts_by_worker (COUNTS DEFAULT '', n INTEGER NOT NULL, PRIMARY KEY (LINE)) WITHOUT ROWID;
INSERT INTO counts_by_worker SELECT OLD, '', n FROM counts;
DROP TABLE counts;
ALTER TABLE counts_by_worker RENAME TO counts;
CREATE INDEX counts_negative ON counts (hour) WHERE n < 0;
ALTER TABLE dead ADD COLUMN worker TEXT NOT NULL DEFAULT '';
INSERT OR IGNORE INTO steps VALUES ('workers');
";

/// Sums of days that are over, by the question that they answer. They go with the first line of the day that changes, also
/// where an earlier release changes it. Done once.
const DAY_SUMS: &str = "
CREATE TABLE day_sums (day INTEGER NOT NULL, question TEXT NOT NULL, sums TEXT NOT NULL, PRIMARY KEY (day, question)) WITHOUT ROWID;
CREATE TRIGGER counts_added AFTER INSERT ON counts BEGIN DELETE FROM day_sums WHERE day = new.hour / 86400000; END;
CREATE TRIGGER counts_changed AFTER UPDATE ON counts BEGIN DELETE FROM day_sums WHERE day = new.hour / 86400000; END;
CREATE TRIGGER counts_gone AFTER DELETE ON counts BEGIN DELETE FROM day_sums WHERE day = old.hour / 86400000; END;
INSERT OR IGNORE INTO steps VALUES ('day_sums');
";

/// The columns that 0.1.0 had; whatever came later is the last.
fn first(columns: &[Column]) -> Vec<Column> {
    let columns = columns.iter().copied();
    columns.filter(|column| column.name != "worker").collect()
}

/// The names of columns, as a list.
pub(super) fn names(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

/// The definitions of columns.
pub(super) fn definitions(columns: &[Column]) -> String {
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
pub(super) fn values(columns: &[Column], of: &str) -> String {
    let values = columns
        .iter()
        .map(|Column { name, member, kind }| match kind {
            Kind::Optional => format!("coalesce({of}{member}', '') AS {name}"),
            Kind::Text | Kind::Whole => format!("{of}{member}' AS {name}"),
        });
    values.collect::<Vec<_>>().join(", ")
}

/// Keeps records that are not known yet; `one` has them.
pub(super) fn keep(table: &str, columns: &[Column]) -> String {
    format!(
        "INSERT OR IGNORE INTO {table} ({}) SELECT {} FROM one",
        names(columns),
        values(columns, "value->>'$.")
    )
}

impl Ledger {
    pub(super) fn prepare(&self) -> bool {
        if !self.ready.get() {
            let done = self.whole(|| {
                let schema = SCHEMA
                    .replace("COUNTS", &definitions(&first(Line::COLUMNS)))
                    .replace("LINE", &names(&first(Line::COLUMNS)))
                    .replace("DEAD", &definitions(&first(DeadLetter::COLUMNS)))
                    .replace("QUARANTINE", &definitions(Quarantined::COLUMNS))
                    .replace("REMOVED", DeadLetter::DESTINATION_REMOVED);
                self.set("schema", &schema, &json!([]))?;
                let workers = WORKERS
                    .replace("COUNTS", &definitions(Line::COLUMNS))
                    .replace("LINE", &names(Line::COLUMNS))
                    .replace("OLD", &names(&first(Line::COLUMNS)));
                let steps = at(self.column("SELECT name FROM steps", &json!([])), "schema")?;
                for (name, step) in [
                    ("names", FIRST_NAMES),
                    ("runs", RUNS),
                    ("visitors", VISITORS),
                    ("rulings", RULINGS),
                    ("finding", FINDING),
                    ("workers", workers.as_str()),
                    ("day_sums", DAY_SUMS),
                ] {
                    if steps.iter().all(|done| done != name) {
                        self.set(name, step, &json!([]))?;
                    }
                }
                Ok(())
            });
            self.ready.set(done.is_ok());
            if done.is_err() {
                console_error!("the ledger's tables could not be made");
            }
        }
        self.ready.get()
    }
}

//! Adds to the lines.

use edgetally_core::event::STANDARD_EVENTS;
use edgetally_core::ledger::{Counts, Line, State};
use serde_json::json;

use super::Ledger;
use super::database::{Applied, Fault, at, write};
use super::schema::{names, values};
use crate::runtime::Unavailable;

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
/// How many consent management platforms; a site has one or two.
const MOST_CMPS: u32 = 20;
/// How many versions of our own.
const MOST_WORKERS: u32 = 50;

/// The lines of reports (`?1`: lists of counts, in a list) by name, and by what they are counted as.
const LINES: &str = "
WITH columns AS (
  SELECT COLUMNS, pair.value->>'$[1]' AS n, part.key || '.' || pair.key AS place FROM json_each(?1) AS part, json_each(part.value) AS pair
), line AS (
  SELECT *, hour / 86400000 AS day FROM columns
), named AS (
  SELECT *, iif(state = 'consent_string', substr(code, 1, instr(code || ':', ':') - 1), '') AS cmp,
    CASE WHEN event IN ('', STANDARD) OR EXISTS (SELECT 1 FROM names AS own
      WHERE own.source = line.source AND own.day = line.day AND own.kind = 'event' AND own.name = line.event)
      THEN event ELSE 'other' END AS e,
    CASE WHEN release = '' OR EXISTS (SELECT 1 FROM names AS own
      WHERE own.source = line.source AND own.day = line.day AND own.kind = 'release' AND own.name = line.release)
      THEN release ELSE 'other' END AS r
  FROM line
)";

/// How many of the names that have no lines of their own are remembered for each source, day and kind, so that somebody can
/// be told how many they are.
const MOST_SPILLED: u32 = 1000;

/// Names that are new take the places that are left; those behind them are remembered under the same kind with a plus sign.
/// An earlier release does not look at these.
const NEW_NAMES: &str = "
INSERT OR IGNORE INTO names (source, day, kind, name)
SELECT source, day, iif(place <= room, 'KIND', 'KIND+'), name FROM (
  SELECT *, max(0, MOST - (SELECT count(*) FROM names AS own
      WHERE own.source = new.source AND own.day = new.day AND own.kind = 'KIND')) AS room,
    SPILL - (SELECT count(*) FROM names AS own
      WHERE own.source = new.source AND own.day = new.day AND own.kind = 'KIND+') AS spill
  FROM (SELECT source, day, name, row_number() OVER (PARTITION BY source, day ORDER BY name) AS place FROM (
    SELECT DISTINCT source, day, NAME AS name FROM named WHERE WANTED AND NOT EXISTS (SELECT 1 FROM names AS own
      WHERE own.source = named.source AND own.day = named.day AND own.kind IN ('KIND', 'KIND+') AND own.name = NAME))
  ) AS new
) WHERE place <= room + spill";

/// From which sum of money on, in millionths, a line is full: one that has got so far may have been left out what would not
/// have fitted, and whoever reads it says that it has no sum. Counts never come near.
pub(super) const MOST_SUMMED: i64 = 4_000_000_000_000_000_000;

/// Lines that are the same in many reports are written once; but sums of money, of which a call's worth may be too much for
/// one number.
const COUNT: &str = "
INSERT INTO counts (LINE, n)
SELECT hour, source,
  CASE WHEN r IN ('', 'other') OR EXISTS (SELECT 1 FROM names AS own WHERE own.source = named.source
    AND own.day = named.day AND own.kind = 'both' AND own.name = named.r || char(10) || named.e)
    THEN r ELSE 'other' END,
  e, destination, state,
  CASE WHEN cmp = '' OR EXISTS (SELECT 1 FROM names AS own WHERE own.source = named.source
    AND own.day = named.day AND own.kind = 'cmp' AND own.name = named.cmp)
    THEN code ELSE 'cmp_other' || substr(code, instr(code || ':', ':')) END,
  CASE WHEN worker = '' OR EXISTS (SELECT 1 FROM names AS own WHERE own.source = named.source
    AND own.day = named.day AND own.kind = 'worker' AND own.name = named.worker)
    THEN worker ELSE 'other' END, sum(n)
FROM named WHERE true GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, iif(state = 'money', place, '') HAVING sum(n) <> 0
ON CONFLICT DO UPDATE SET n = iif(state = 'money' AND n >= FULL, n, n + excluded.n)";

impl Ledger {
    /// How many names have no lines of their own, by source, day and kind.
    pub(super) fn spilled(
        &self,
        source: Option<&str>,
        since: i64,
        until: i64,
    ) -> Result<String, Unavailable> {
        self.rows(
            "SELECT source, day, rtrim(kind, '+') AS kind, count(*) AS n FROM names
             WHERE substr(kind, -1) = '+' AND day >= ?2 AND day <= ?3 AND (?1 IS NULL OR source = ?1) GROUP BY day, source, kind",
            &json!([source, since, until]),
        )
    }

    fn negative(&self) -> Applied<String> {
        at(
            self.rows("SELECT count(*) AS n FROM counts WHERE n < 0", &json!([])),
            "negative",
        )
    }

    /// Adds to the lines. `strict`: not where one would fall below zero, since then something is not there yet.
    pub(super) fn count(&self, counts: &[&Counts], strict: bool) -> Applied<()> {
        if counts.iter().all(|counts| counts.is_empty()) {
            return Ok(());
        }
        self.kept.borrow_mut().forget(counts);
        let strings = counts.iter().flat_map(|counts| counts.iter());
        let strings = strings
            .into_iter()
            .any(|(line, _)| line.state == State::ConsentString);
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
            ("cmp", "named.cmp", "cmp <> ''", MOST_CMPS),
            ("worker", "named.worker", "worker <> ''", MOST_WORKERS),
        ] {
            if kind == "cmp" && !strings {
                continue;
            }
            let query = NEW_NAMES
                .replace("KIND", kind)
                .replace("NAME", name)
                .replace("WANTED", wanted)
                .replace("MOST", &most.to_string())
                .replace("SPILL", &MOST_SPILLED.to_string());
            self.set("names", &format!("{with}{query}"), &lines)?;
        }
        let count = COUNT
            .replace("LINE", &names(Line::COLUMNS))
            .replace("FULL", &MOST_SUMMED.to_string());
        self.set("counts", &format!("{with}{count}"), &lines)?;
        if strict && self.negative()? != negative {
            return Err(Fault::Early);
        }
        Ok(())
    }
}

//! Receipts: written into the chains of their sources, and read out of them again.

use edgetally_core::base::members::Members;
use edgetally_core::base::table::Table;
use edgetally_core::base::time::DAY_MS;
use edgetally_core::ledger::chain::{self, GENESIS, Place, Receipt};
use edgetally_core::ledger::{Decided, Report, Shortage};
use serde_json::{Value, json};

use super::Ledger;
use super::database::{Applied, at, list};
use super::forgetting::NO_DAY;
use super::reading::Filter;
use crate::runtime::{self, Unavailable};

/// How many receipts a block has, but for the last that are put into it: so many are made again to show one of them.
const MOST_IN_BLOCK: usize = 500;
/// How many lines one answer has.
const MOST_LINES: u32 = 2000;
/// How many rulings a source may bring into a day. A site has dozens; whoever has a page's key can make up any number of
/// signals, and so of rulings, each of which is a row of a kilobyte or two.
const MOST_RULINGS: i64 = 1000;

/// Where the chain of a source stands.
struct End {
    day: i64,
    count: i64,
    hash: String,
    /// How many rulings the source has brought into the day.
    rulings: i64,
}

impl End {
    fn read(row: Value) -> Option<Self> {
        let mut of = Members::of(row)?;
        Some(Self {
            day: of.whole("day")?,
            count: of.whole("count")?,
            hash: of.text("hash")?,
            rulings: of.whole("rulings").unwrap_or(0),
        })
    }
}

/// A block as it is stored.
struct Stored {
    source: String,
    day: i64,
    seq: i64,
    prev: String,
    body: String,
}

impl Stored {
    fn read(row: Value) -> Option<Self> {
        let mut of = Members::of(row)?;
        Some(Self {
            source: of.text("source")?,
            day: of.whole("day")?,
            seq: of.whole("seq")?,
            prev: of.text("prev")?,
            body: of.text("body")?,
        })
    }
}

impl Ledger {
    /// Writes receipts of what reports say was decided.
    pub(super) fn write_receipts(&self, fresh: &[&Report], now: i64) -> Applied<()> {
        let decided = fresh.iter().flat_map(|report| &report.decided);
        let mut sources: Table<&str, Vec<&Decided>> = Table::new();
        for one in decided {
            sources.change(one.source.as_str(), |of| of.push(one));
        }
        if sources.is_empty() {
            return Ok(());
        }
        if self.is_full() {
            for (source, decided) in sources {
                let events = decided.iter().map(|one| one.events.len()).sum::<usize>();
                let n = i64::try_from(events).unwrap_or(i64::MAX);
                self.miss(Shortage::ReceiptsUnwritten, source, n, now)?;
            }
            return Ok(());
        }
        let key = at(self.receipt_key(), "receipts")?;
        for (source, decided) in sources {
            let mut rest = decided.as_slice();
            while !rest.is_empty() {
                let mut events = 0;
                let fits = rest.iter().take_while(|one| {
                    let room = events < MOST_IN_BLOCK;
                    events += one.events.len();
                    room
                });
                let (block, more) = rest.split_at(fits.count());
                self.write_block(source, now, key.as_bytes(), block)?;
                rest = more;
            }
        }
        Ok(())
    }

    /// The key that the digests of inputs are made under, which never leaves the ledger.
    fn receipt_key(&self) -> Result<String, Unavailable> {
        let known = |()| self.column("SELECT key FROM receipt_key", &json!([]));
        if let Some(key) = known(())?.pop() {
            return Ok(key);
        }
        self.rows(
            "INSERT INTO receipt_key (key) VALUES (?)",
            &json!([runtime::random_key()]),
        )?;
        known(())?.pop().ok_or(Unavailable)
    }

    fn write_block(&self, source: &str, now: i64, key: &[u8], decided: &[&Decided]) -> Applied<()> {
        let heads = self.rows(
            "SELECT day, count, hash, rulings FROM receipt_heads WHERE source = ? ORDER BY day DESC LIMIT 1",
            &json!([source]),
        );
        let heads = heads.and_then(|heads| list(&heads, End::read));
        let head = at(heads, "receipts")?.pop();
        // A clock that is put back must not put lines behind those that are there.
        let today = now.div_euclid(DAY_MS);
        let day = head.as_ref().map_or(today, |head| head.day.max(today));
        let same = head.as_ref().filter(|head| head.day == day);
        let (seq, rulings) = same.map_or((0, 0), |head| (head.count, head.rulings));
        let place = Place {
            source,
            day,
            seq,
            before: head.as_ref().map_or(GENESIS, |head| &head.hash),
        };
        let mut known = self.known_rulings(day, rulings, decided)?;
        let mut room = MOST_RULINGS - rulings;
        let block = chain::close(&place, key, decided, |digest| {
            let Some(known) = &mut known else {
                return true;
            };
            if !known.contains(digest) && room > 0 {
                room -= 1;
                known.insert(digest.to_owned(), ());
            }
            known.contains(digest)
        });
        if block.count == 0 {
            return Ok(());
        }
        if block.omitted > 0 {
            self.miss(Shortage::RulingsOmitted, source, block.omitted, now)?;
        }
        let new = self.column(
            "INSERT OR IGNORE INTO receipt_rulings (day, digest, words)
             SELECT ?2, value->>'$[0]', value->>'$[1]' FROM json_each(?1) RETURNING digest",
            &json!([runtime::json(&json!(block.rulings)), day]),
        );
        let new = i64::try_from(at(new, "receipts")?.len()).unwrap_or(i64::MAX);
        self.set(
            "receipts",
            "INSERT INTO receipts (source, day, seq, prev, body) VALUES (?, ?, ?, ?, ?)",
            &json!([source, day, place.seq, place.before, block.body]),
        )?;
        self.set(
            "receipts",
            "INSERT OR IGNORE INTO receipt_events (day, key, source, seq)
             SELECT ?2, value, ?3, ?4 FROM json_each(?1)",
            &json!([runtime::json(&json!(block.keys)), day, source, place.seq]),
        )?;
        self.set(
            "receipts",
            "INSERT OR REPLACE INTO receipt_heads (source, day, count, hash, rulings) VALUES (?, ?, ?, ?, ?)",
            &json!([source, day, place.seq + block.count, block.head, rulings + new]),
        )
    }

    /// Which rulings the day has already, where there may be no room for all that are new.
    fn known_rulings(
        &self,
        day: i64,
        rulings: i64,
        decided: &[&Decided],
    ) -> Applied<Option<Table<String, ()>>> {
        let more = decided.iter().map(|one| one.rulings.len()).sum::<usize>();
        if rulings + i64::try_from(more).unwrap_or(i64::MAX / 2) <= MOST_RULINGS {
            return Ok(None);
        }
        let known = self.column(
            "SELECT digest FROM receipt_rulings WHERE day = ? AND digest IN (SELECT value FROM json_each(?))",
            &json!([day, runtime::json(&json!(chain::digests(decided)))]),
        );
        let known = at(known, "receipts")?.into_iter();
        Ok(Some(known.map(|digest| (digest, ())).collect()))
    }

    /// The lines of a block, as they were written.
    fn lines_of(&self, stored: &Stored) -> Result<Vec<Receipt>, Unavailable> {
        // Those of the block alone: whoever has a page's key can bring any number of them into a day.
        let rows = self.rows(
            "SELECT digest, words FROM receipt_rulings WHERE day = ?1
             AND digest IN (SELECT value FROM json_each(?2))",
            &json!([
                stored.day,
                runtime::json(&json!(chain::rulings(&stored.body)))
            ]),
        )?;
        let rows = list(&rows, |row| {
            let mut of = Members::of(row)?;
            Some((of.text("digest")?, of.text("words")?))
        })?;
        let known: Table<String, String> = rows.into_iter().collect();
        let place = Place {
            source: &stored.source,
            day: stored.day,
            seq: stored.seq,
            before: &stored.prev,
        };
        chain::lines(&place, &stored.body, |digest| known.get(digest).cloned()).ok_or(Unavailable)
    }

    /// The receipts on an event id, latest days first, as a list, and from which day on there are any.
    pub(super) fn receipt(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let event_id = filter.event_id.ok_or(Unavailable)?;
        let limit = filter.limit.unwrap_or(100).min(MOST_LINES) as usize;
        let before = self.forgotten_before()?;
        let blocks = self.rows(
            "SELECT r.source, r.day, r.seq, r.prev, r.body
             FROM (SELECT DISTINCT day FROM receipt_heads WHERE day >= ?4) AS h
             CROSS JOIN receipt_events AS e ON e.day = h.day AND e.key = ?1 AND (?2 IS NULL OR e.source = ?2)
             CROSS JOIN receipts AS r ON r.source = e.source AND r.day = e.day AND r.seq = e.seq
             ORDER BY r.day DESC, r.source, r.seq LIMIT ?3",
            &json!([chain::key(&event_id), filter.source, limit + 1, before]),
        )?;
        let mut found: Vec<String> = Vec::new();
        for stored in list(&blocks, Stored::read)? {
            let lines = self.lines_of(&stored)?;
            let of_it = lines.into_iter().filter(|line| line.event_id == event_id);
            found.extend(of_it.map(|line| line.text));
        }
        // A block has at least one of them, and may have more.
        let more = found.len() > limit;
        found.truncate(limit);
        // That there is none says nothing of the days before.
        let since = if before > NO_DAY {
            format!(r#","forgotten_before":"{}""#, chain::date(before))
        } else {
            String::new()
        };
        Ok(format!(
            r#"{{"receipts":[{}],"more":{more}{since}}}"#,
            found.join(",")
        ))
    }

    /// The lines of a chain behind `after`, and its closing line behind the last one.
    pub(super) fn receipts(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let (source, day) = filter.source.zip(filter.day).ok_or(Unavailable)?;
        let limit = i64::from(filter.limit.unwrap_or(MOST_LINES).min(MOST_LINES));
        let from = filter.after.first().and_then(Value::as_i64);
        let from = from.map_or(0, |after| after.saturating_add(1));
        let heads = self.rows(
            "SELECT day, count, hash FROM receipt_heads WHERE source = ? AND day = ?",
            &json!([source, day]),
        )?;
        let Some(head) = list(&heads, End::read)?.pop() else {
            return Ok(String::new());
        };
        if day < self.forgotten_before()? {
            return Ok(chain::closing(&source, day, head.count, &head.hash, true) + "\n");
        }
        let to = from.saturating_add(limit);
        let blocks = self.rows(
            "SELECT source, day, seq, prev, body FROM receipts WHERE source = ?1 AND day = ?2 AND seq < ?4
               AND seq >= (SELECT max(seq) FROM receipts WHERE source = ?1 AND day = ?2 AND seq <= ?3)
             ORDER BY seq",
            &json!([source, day, from, to]),
        )?;
        let mut text = String::new();
        for stored in list(&blocks, Stored::read)? {
            for line in self.lines_of(&stored)? {
                if (from..to).contains(&line.seq) {
                    text.push_str(&line.text);
                    text.push('\n');
                }
            }
        }
        if to >= head.count {
            text.push_str(&chain::closing(&source, day, head.count, &head.hash, false));
            text.push('\n');
        }
        Ok(text)
    }

    /// How far the chains of the days behind `after` are, as closing lines. A day is told whole or not at all.
    pub(super) fn receipt_heads(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let after = filter.after.first().and_then(Value::as_i64);
        let rows = self.rows(
            "SELECT source, day, count, hash FROM receipt_heads
             WHERE (?1 IS NULL OR source = ?1) AND day > ?2 AND (?3 IS NULL OR day = ?3) ORDER BY day, source LIMIT ?4",
            &json!([
                filter.source,
                after.unwrap_or(NO_DAY),
                filter.day,
                MOST_LINES + 1
            ]),
        )?;
        let mut rows: Vec<(String, End)> = list(&rows, |row| {
            let source = row.get("source")?.as_str()?.to_owned();
            Some((source, End::read(row)?))
        })?;
        if rows.len() > MOST_LINES as usize
            && let Some((_, last)) = rows.pop()
        {
            rows.retain(|(_, head)| head.day < last.day);
        }
        let before = self.forgotten_before()?;
        let line = |source: &str, head: &End| {
            chain::closing(source, head.day, head.count, &head.hash, head.day < before) + "\n"
        };
        Ok(rows
            .iter()
            .map(|(source, head)| line(source, head))
            .collect())
    }
}

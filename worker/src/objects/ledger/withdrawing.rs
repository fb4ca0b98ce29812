//! Withdrawals of consent, and what is asked before anything is sent.

use edgetally_core::base::members::Members;
use edgetally_core::base::table::Table;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery;
use edgetally_core::ledger::decided::Ruling;
use edgetally_core::ledger::{
    After, DeadLetter, Report, Shortage, Turn, Withdrawals, Withdrawn, turn,
};
use serde_json::{Value, json};

use super::Ledger;
use super::database::{Applied, Head, at, fitting, list, page, read, write};
use super::reading::MOST_HEADS;
use super::schema::names;
use crate::runtime::{self, Unavailable};

/// How many letters, notes and receipts are told with one withdrawal.
const MOST_FOUND: u32 = MOST_HEADS;
/// How many pieces of what an earlier release kept are brought in before the answer: about a second's work.
const MOST_PIECES: u32 = 32;

/// How soon the same withdrawal again is the same one, in milliseconds.
const AGAIN_MS: i64 = 60_000;

/// What is withdrawn of a source: an event id, the mark of a visitor, or both.
struct Asked {
    source: String,
    event: Option<String>,
    visitor: Option<String>,
    /// What its receipts are to say, where some are written.
    ruling: Option<Ruling>,
    /// Among how many sources the room is shared out.
    sources: i64,
}

impl Asked {
    fn read(body: &str) -> Result<Self, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        Ok(Self {
            source: of.text("source").ok_or(Unavailable)?,
            event: of.text(Withdrawn::Event.as_str()),
            visitor: of.text(Withdrawn::Visitor.as_str()),
            ruling: of.take("ruling").and_then(Ruling::read),
            sources: of.whole("sources").unwrap_or(1),
        })
    }

    /// The parameters of the questions for what it is about, with one more than is told.
    fn parameters(&self) -> Value {
        json!([self.source, self.event, self.visitor, MOST_FOUND + 1])
    }

    /// What of it there is, by kind.
    fn kinds(&self) -> impl Iterator<Item = (Withdrawn, &str)> {
        let of = |kind| match kind {
            Withdrawn::Event => self.event.as_deref(),
            Withdrawn::Visitor => self.visitor.as_deref(),
        };
        Withdrawn::ALL
            .into_iter()
            .filter_map(move |kind| Some((kind, of(kind)?)))
    }
}

impl Ledger {
    /// What whoever works off messages asks first: which envelopes are not to be worked off, by their ids and what they
    /// were left by, and what was withdrawn since the withdrawal of that number. The answer says for how long it may be
    /// relied on, see [`Withdrawals`].
    pub(super) fn gate(&self, body: &str) -> Result<String, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        let asked: Vec<(String, Option<After>)> =
            serde_json::from_value(of.take("turns").ok_or(Unavailable)?)
                .map_err(|_| Unavailable)?;
        let since: i64 = of.whole("since").ok_or(Unavailable)?;
        let lease = Withdrawals::granted(of.whole("lease"));
        let after = asked.iter().filter_map(|(_, after)| after.as_ref());
        let ids: Vec<&str> = asked
            .iter()
            .map(|(id, _)| id.as_str())
            .chain(after.map(|after| after.id.as_str()))
            .collect();
        let (mut known, mut superseded) = (Vec::new(), Vec::new());
        if !asked.is_empty() {
            let remembered = self.remembered(&ids).map_err(|_| Unavailable)?;
            for (id, after) in &asked {
                match turn(id, after.as_ref(), |id| remembered.get(id).cloned()) {
                    Turn::Known => known.push(id),
                    Turn::Superseded => superseded.push(id),
                    Turn::Due | Turn::Early => {}
                }
            }
        }
        let version = self.version()?;
        // The last one was forgotten, or an older state of the database restored: whoever is ahead begins anew.
        let since = if since > version { 0 } else { since };
        let news = if since == version {
            "[]".to_owned()
        } else {
            self.rows(
                "SELECT kind, source, id, at FROM withdrawals WHERE seq > ? ORDER BY kind, source, id",
                &json!([since]),
            )?
        };
        if lease > Withdrawals::LEASE_MS {
            self.lease_until(runtime::now().0 + lease)?;
        }
        Ok(format!(
            r#"{{"known":{},"superseded":{},"version":{version},"lease":{lease},"withdrawn":{news}}}"#,
            write(&known)?,
            write(&superseded)?
        ))
    }

    /// Writes down until when a lease goes; the answer that gives it leaves when that is durable.
    fn lease_until(&self, until: i64) -> Result<(), Unavailable> {
        self.rows(
            "INSERT INTO leased (id, until) VALUES (0, ?)
             ON CONFLICT (id) DO UPDATE SET until = excluded.until WHERE excluded.until > until",
            &json!([until]),
        )?;
        Ok(())
    }

    /// Until when the longest lease goes that was written down.
    fn leased(&self) -> Result<UnixMillis, Unavailable> {
        let rows = self.rows(
            "SELECT coalesce(max(until), 0) AS n FROM leased",
            &json!([]),
        )?;
        first(&rows, "n").map(UnixMillis)
    }

    /// The number of the last withdrawal.
    fn version(&self) -> Result<i64, Unavailable> {
        first(
            &self.rows(
                "SELECT coalesce(max(seq), 0) AS n FROM withdrawals",
                &json!([]),
            )?,
            "n",
        )
    }

    /// Books a withdrawal, lets go of the letters that it is about, and tells what is known of the rest. The same one again
    /// is the same one, a little later.
    pub(super) fn withdraw(&self, body: &str) -> Result<String, Unavailable> {
        let asked = Asked::read(body)?;
        let now = runtime::now();
        if let Some(refused) = self.refuse(&asked, now.0)? {
            return Ok(refused);
        }
        let mut pieces = 0;
        let complete = loop {
            let complete = self.bring_in().map_err(|_| Unavailable)?;
            pieces += 1;
            if complete || pieces == MOST_PIECES {
                break complete;
            }
        };
        let (letters, more) = self.letters_of(&asked)?;
        let (mut reports, letters) = self.let_go(&letters, now)?;
        let (pending, more_pending) = self.pending_of(&asked)?;
        let (notes, more_notes) = self.notes_of(&asked)?;
        let found: Vec<&Value> = if self.repeats(&asked, now.0 - AGAIN_MS)? {
            letters.iter().collect()
        } else {
            notes.iter().chain(&pending).chain(&letters).collect()
        };
        reports.extend(self.receipts_of(&asked, &found, now)?);
        let leased = self.leased()?;
        let done = self.whole(|| {
            for (kind, id) in asked.kinds() {
                self.keep_withdrawal(kind, &asked.source, id, now.0)?;
            }
            self.apply(&reports, now.0, false)
        });
        done.map_err(|_| Unavailable)?;
        let answer = json!({
            "at": now,
            "wait": Withdrawals::acknowledged_after(leased, now),
            "letters": letters,
            "more": more || !complete,
            "pending": pending,
            "notes": notes,
            "untold": more_pending || more_notes || !complete,
        });
        Ok(runtime::json(&answer))
    }

    /// What is told where there is no room for it. The same again takes none.
    fn refuse(&self, asked: &Asked, now: i64) -> Result<Option<String>, Unavailable> {
        let mut more = 0;
        for (kind, id) in asked.kinds() {
            more += i64::from(!self.has_withdrawn(asked, kind, id, 0)?);
        }
        let kept = self.rows(
            "SELECT source, count(*) AS n FROM withdrawals GROUP BY source",
            &json!([]),
        )?;
        let kept: Vec<(String, i64)> = list(&kept, |row| {
            let mut of = Members::of(row)?;
            Some((of.text("source")?, of.whole("n")?))
        })?;
        if more == 0 || Withdrawals::has_room(&asked.source, more, asked.sources, &kept) {
            return Ok(None);
        }
        let own = kept.iter().find(|(source, _)| *source == asked.source);
        let own = own.map_or(0, |(_, n)| *n);
        self.miss(Shortage::WithdrawalsRefused, &asked.source, 1, now)
            .map_err(|_| Unavailable)?;
        let mut free = i64::MAX;
        for kind in Withdrawn::ALL {
            let rows = self.rows(
                "SELECT min(at) AS at FROM withdrawals WHERE kind = ? AND source = ? HAVING count(*) > 0",
                &json!([kind.as_str(), asked.source]),
            )?;
            if let Ok(at) = first(&rows, "at") {
                free = free.min(at + kind.kept_ms());
            }
        }
        Ok(Some(runtime::json(
            &json!({"full": true, "kept": own, "free": free}),
        )))
    }

    /// Whether this was withdrawn after `since`.
    fn has_withdrawn(
        &self,
        asked: &Asked,
        kind: Withdrawn,
        id: &str,
        since: i64,
    ) -> Result<bool, Unavailable> {
        let rows = self.rows(
            "SELECT count(*) AS n FROM withdrawals WHERE kind = ? AND source = ? AND id = ? AND at > ?",
            &json!([kind.as_str(), asked.source, id, since]),
        )?;
        Ok(first(&rows, "n")? > 0)
    }

    /// Whether all of it was withdrawn after `since`, as where a server had no answer and asks again.
    fn repeats(&self, asked: &Asked, since: i64) -> Result<bool, Unavailable> {
        for (kind, id) in asked.kinds() {
            if !self.has_withdrawn(asked, kind, id, since)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The report that writes the receipts: one for each event that is known, and one of the withdrawal itself where none
    /// is.
    fn receipts_of(
        &self,
        asked: &Asked,
        found: &[&Value],
        now: UnixMillis,
    ) -> Result<Option<Report>, Unavailable> {
        let Some(ruling) = &asked.ruling else {
            return Ok(None);
        };
        let of = |row: &Value, name: &str| {
            row.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let events: Table<(String, String), ()> = found
            .iter()
            .map(|row| ((of(row, "event"), of(row, "event_id")), ()))
            .collect();
        let mut events: Vec<(String, String)> =
            events.into_iter().map(|(event, ())| event).collect();
        if events.is_empty() && self.repeats(asked, now.0)? {
            return Ok(None);
        }
        let event_id = asked.event.clone().unwrap_or_default();
        if events.iter().all(|(_, known)| *known != event_id)
            && (events.is_empty() || !event_id.is_empty())
        {
            events.push((String::new(), event_id));
        }
        let what: Vec<&str> = asked
            .kinds()
            .flat_map(|(kind, id)| [kind.as_str(), id])
            .collect();
        let what = what.join("\n");
        Ok(Some(delivery::receipts(
            &asked.source,
            ruling,
            &what,
            &events,
            now,
        )))
    }

    fn keep_withdrawal(&self, kind: Withdrawn, source: &str, id: &str, now: i64) -> Applied<()> {
        let row = json!([kind.as_str(), source, id]);
        // A number of its own, so that those hear of it who have heard of the last one.
        self.set(
            "withdrawn",
            "DELETE FROM withdrawals WHERE kind = ? AND source = ? AND id = ?",
            &row,
        )?;
        self.set(
            "withdrawn",
            "INSERT INTO withdrawals (kind, source, id, at) VALUES (?, ?, ?, ?)",
            &json!([kind.as_str(), source, id, now]),
        )
    }

    /// The letters that a withdrawal is about, by their ids, and whether there are more. One that is being offered again is on
    /// its way, and blocked there.
    fn letters_of(&self, asked: &Asked) -> Result<(Vec<Head>, bool), Unavailable> {
        let free = "parcel <> '' AND NOT EXISTS (SELECT 1 FROM replays AS r WHERE r.id = dead.id AND r.round > 0)";
        let rows = self.rows(
            &format!(
                "WITH wanted AS (
                   SELECT id FROM (SELECT id FROM dead WHERE source = ?1 AND event_id = ?2 AND {free} LIMIT ?4)
                   UNION SELECT id FROM (SELECT id FROM dead WHERE source = ?1 AND visitor = ?3 AND visitor <> '' AND {free} LIMIT ?4)
                 )
                 SELECT d.id, octet_length(d.parcel) AS bytes FROM wanted CROSS JOIN dead AS d ON d.id = wanted.id LIMIT ?4"
            ),
            &asked.parameters(),
        )?;
        let mut heads = list(&rows, Head::read)?;
        let more = heads.len() > MOST_FOUND as usize;
        heads.truncate(MOST_FOUND as usize);
        Ok((heads, more))
    }

    /// What is to be booked of letters, and what is told of them.
    fn let_go(
        &self,
        mut letters: &[Head],
        now: UnixMillis,
    ) -> Result<(Vec<Report>, Vec<Value>), Unavailable> {
        let query = format!(
            "SELECT {} FROM dead WHERE id IN (SELECT value FROM json_each(?))",
            names(DeadLetter::COLUMNS)
        );
        let (mut reports, mut told) = (Vec::new(), Vec::new());
        while !letters.is_empty() {
            let (next, rest) = letters.split_at(fitting(letters));
            let ids: Vec<&str> = next.iter().map(|head| head.id.as_str()).collect();
            let rows = self.rows(&query, &json!([runtime::json(&json!(ids))]))?;
            for letter in list(&rows, Some)?.into_iter().filter_map(DeadLetter::read) {
                if let Some(report) = delivery::withdraw(&letter, now) {
                    reports.push(report);
                    told.push(json!({"destination": letter.destination, "event": letter.event, "event_id": letter.event_id}));
                }
            }
            letters = rest;
        }
        Ok((reports, told))
    }

    /// The events that a platform has taken in and not judged, and whether there are more.
    fn pending_of(&self, asked: &Asked) -> Result<(Vec<Value>, bool), Unavailable> {
        let rows = self.rows(
            "SELECT destination, event, event_id FROM (SELECT DISTINCT destination, event, event_id FROM pending_events
               WHERE source = ?1 AND event_id = ?2 LIMIT ?4)
             UNION SELECT destination, event, event_id FROM (SELECT DISTINCT destination, event, event_id FROM pending_events
               WHERE source = ?1 AND visitor = ?3 AND visitor <> '' LIMIT ?4)
             LIMIT ?4",
            &asked.parameters(),
        )?;
        page(&rows, MOST_FOUND)
    }

    /// What was noted of the events, newest first, and whether there is more. There are few notes, so all are looked at.
    fn notes_of(&self, asked: &Asked) -> Result<(Vec<Value>, bool), Unavailable> {
        let rows = self.rows(
            "SELECT event, event_id, what FROM notes WHERE source = ?1 AND (event_id = ?2 OR visitor = ?3)
             ORDER BY seq DESC LIMIT ?4",
            &asked.parameters(),
        )?;
        page(&rows, MOST_FOUND)
    }

    /// Forgets withdrawals that nothing can be about any more.
    pub(super) fn forget_withdrawals(&self, now: i64) -> Applied<()> {
        for kind in Withdrawn::ALL {
            at(
                self.rows(
                    "DELETE FROM withdrawals WHERE kind = ? AND at < ?",
                    &json!([kind.as_str(), now - kind.kept_ms()]),
                ),
                "withdrawn",
            )?;
        }
        Ok(())
    }
}

/// A number of the first row.
fn first(rows: &str, name: &str) -> Result<i64, Unavailable> {
    let rows: Vec<Value> = list(rows, Some)?;
    let number = rows.first().and_then(|row| row.get(name)?.as_i64());
    number.ok_or(Unavailable)
}

//! Withdrawals of consent, and what is asked before anything is sent.

use edgetally_core::base::members::Members;
use edgetally_core::base::table::Table;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery;
use edgetally_core::ledger::decided::Ruling;
use edgetally_core::ledger::{
    After, DeadLetter, Pending, Report, Turn, Withdrawals, Withdrawn, turn,
};
use edgetally_core::queue::parcel::Parcel;
use serde_json::{Value, json};

use super::Ledger;
use super::database::{Applied, MOST_BYTES, at, list, read, write};
use super::reading::MOST_HEADS;
use super::schema::names;
use crate::runtime::{self, Unavailable};

/// How many letters, notes and receipts are told with one withdrawal.
const MOST_FOUND: u32 = MOST_HEADS;

/// How soon the same withdrawal again is the same one, in milliseconds.
const AGAIN_MS: i64 = 60_000;

/// What is withdrawn of a source: an event id, the mark of a visitor, or both.
struct Asked {
    source: String,
    event: Option<String>,
    visitor: Option<String>,
    /// What its receipts are to say, where some are written.
    ruling: Option<Ruling>,
}

impl Asked {
    fn read(body: &str) -> Result<Self, Unavailable> {
        let mut of = Members::of(read(body)?).ok_or(Unavailable)?;
        Ok(Self {
            source: of.text("source").ok_or(Unavailable)?,
            event: of.text(Withdrawn::Event.as_str()),
            visitor: of.text(Withdrawn::Visitor.as_str()),
            ruling: of.take("ruling").and_then(Ruling::read),
        })
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

    /// Whether it is about an event.
    fn covers(&self, parcel: &str) -> Option<(String, String)> {
        let parcel: Parcel<'_> = serde_json::from_str(parcel).ok()?;
        let by_id = self.event.as_deref() == Some(parcel.id.as_str());
        let by_mark =
            self.visitor.is_some() && self.visitor.as_deref() == parcel.visitor.as_deref();
        (by_id || by_mark).then(|| {
            (
                parcel.name.as_str().to_owned(),
                parcel.id.as_str().to_owned(),
            )
        })
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
        let rows = self.rows("SELECT count(*) AS n FROM withdrawals", &json!([]))?;
        // The same again takes no room.
        if first(&rows, "n")? >= i64::try_from(Withdrawals::MOST).unwrap_or(i64::MAX)
            && !self.repeats(&asked, 0)?
        {
            return Ok(r#"{"full":true}"#.to_owned());
        }
        let (letters, more) = self.letters_of(&asked)?;
        let pending = self.pending_of(&asked)?;
        let notes = self.notes_of(&asked)?;
        let mut reports: Vec<Report> = letters
            .iter()
            .filter_map(|letter| delivery::withdraw(letter, now))
            .collect();
        let letters: Vec<Value> = letters
            .iter()
            .map(|letter| json!({"destination": letter.destination, "event": letter.event, "event_id": letter.event_id}))
            .collect();
        let known = list(&notes, Some)?;
        let found: Vec<&Value> = if self.repeats(&asked, now.0 - AGAIN_MS)? {
            letters.iter().collect()
        } else {
            known.iter().chain(&pending).chain(&letters).collect()
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
        Ok(format!(
            r#"{{"at":{},"wait":{},"letters":{},"more":{more},"pending":{},"notes":{}}}"#,
            now.0,
            Withdrawals::acknowledged_after(leased, now),
            write(&letters)?,
            write(&pending)?,
            notes
        ))
    }

    /// Whether all of it was withdrawn after `since`, as where a server had no answer and asks again.
    fn repeats(&self, asked: &Asked, since: i64) -> Result<bool, Unavailable> {
        for (kind, id) in asked.kinds() {
            let rows = self.rows(
                "SELECT count(*) AS n FROM withdrawals WHERE kind = ? AND source = ? AND id = ? AND at > ?",
                &json!([kind.as_str(), asked.source, id, since]),
            )?;
            if first(&rows, "n")? == 0 {
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

    /// The letters that a withdrawal is about, and whether there may be more. One that is being offered again is on its way,
    /// and blocked there.
    fn letters_of(&self, asked: &Asked) -> Result<(Vec<DeadLetter>, bool), Unavailable> {
        let query = format!(
            "SELECT {}, sum(octet_length(parcel)) OVER (ORDER BY at, id) AS bytes FROM dead
             WHERE source = ?1 AND parcel <> '' AND (event_id = ?2 OR instr(parcel, ?3) > 0 OR substr(parcel, 1, 1) <> '{{')
               AND id NOT IN (SELECT id FROM replays WHERE round > 0) AND (at, id) > (?4, ?5)
             ORDER BY at, id LIMIT ?6",
            names(DeadLetter::COLUMNS)
        );
        let mut letters: Vec<DeadLetter> = Vec::new();
        let mut after = (json!(-1), json!(""));
        loop {
            let parameters = json!([
                asked.source,
                asked.event,
                asked.visitor,
                after.0,
                after.1,
                MOST_FOUND
            ]);
            let rows = list(&self.rows(&query, &parameters)?, Some)?;
            let bytes = |row: &Value| row.get("bytes").and_then(Value::as_i64).unwrap_or(0);
            let fits = rows
                .iter()
                .take_while(|row| bytes(row) <= MOST_BYTES)
                .count()
                .max(1);
            let whole = rows.len() <= fits && rows.len() < MOST_FOUND as usize;
            for row in rows.into_iter().take(fits) {
                let of = |name: &str| row.get(name).cloned().unwrap_or_default();
                after = (of("at"), of("id"));
                // Long ones are folded, so that only reading them says what they are about.
                let letter = DeadLetter::read(row);
                letters.extend(letter.filter(|letter| asked.covers(&letter.parcel).is_some()));
            }
            if whole || letters.len() >= MOST_FOUND as usize {
                return Ok((letters, !whole));
            }
        }
    }

    /// The events that a platform has taken in and not judged.
    fn pending_of(&self, asked: &Asked) -> Result<Vec<Value>, Unavailable> {
        // JSON within JSON.
        let quoted = |text: &str| {
            let json = runtime::json(&json!(text));
            json.trim_matches('"').to_owned()
        };
        let event = asked.event.as_deref().map(|id| quoted(&quoted(id)));
        let rows = self.rows(
            "SELECT body FROM pending WHERE instr(body, ?1) > 0 OR instr(body, ?2) > 0 LIMIT 20",
            &json!([event, asked.visitor]),
        )?;
        let mut found = Vec::new();
        for body in list(&rows, |row| Members::of(row)?.text("body"))? {
            let Ok(one) = serde_json::from_str::<Pending>(&body) else {
                continue;
            };
            if one.source != asked.source {
                continue;
            }
            let events = one.parcels.iter().filter_map(|parcel| asked.covers(parcel));
            found.extend(events.map(|(event, id)| {
                json!({"destination": one.destination, "event": event, "event_id": id})
            }));
        }
        Ok(found)
    }

    /// What was noted of the events, newest first.
    fn notes_of(&self, asked: &Asked) -> Result<String, Unavailable> {
        self.rows(
            "SELECT event, event_id, what FROM notes WHERE source = ?1 AND (event_id = ?2 OR visitor = ?3)
             ORDER BY seq DESC LIMIT ?4",
            &json!([asked.source, asked.event, asked.visitor, MOST_FOUND]),
        )
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

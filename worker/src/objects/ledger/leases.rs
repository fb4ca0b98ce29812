//! What is given out for a while: questions to platforms, and letters to be offered again.

use edgetally_core::base::members::Members;
use edgetally_core::base::reason::Skip;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery;
use edgetally_core::ledger::{DeadLetter, Pending, Report};
use serde_json::{Value, json};

use super::Ledger;
use super::applying::EARLY_MS;
use super::choosing::{LETTERS, QUARANTINE, Rack};
use super::database::{Head, fitting, list, read, write};
use super::reading::{Filter, MOST_HEADS};
use super::schema::names;
use crate::admin::put;
use crate::runtime::{self, Unavailable, console_error};
use crate::state;

/// How long a letter belongs to whoever is offering it again, in milliseconds.
const REPLAY_MS: i64 = 900_000;
/// How long a question belongs to whoever took it, in milliseconds.
const LEASE_MS: i64 = 300_000;

/// What is being offered again.
#[derive(Default)]
struct Taken {
    /// What the caller puts into the queue.
    claimed: Vec<Value>,
    /// What is booked before that: it is waiting for another attempt.
    booked: Vec<Report>,
    /// Whose it is until when.
    leases: Vec<Value>,
    /// What stays as it is, and why.
    refused: Vec<Value>,
}

/// The one parameter of a query for these rows.
fn ids_of(found: &[Head]) -> Value {
    let ids: Vec<&str> = found.iter().map(|head| head.id.as_str()).collect();
    json!([runtime::json(&json!(ids))])
}

impl Ledger {
    /// What platforms are to be asked about now, and not again before the lease is over.
    pub(super) fn due(&self, body: &str) -> Result<String, Unavailable> {
        let mut due = Members::of(read(body)?).ok_or(Unavailable)?;
        let now: i64 = due.whole("now").ok_or(Unavailable)?;
        let limit: usize = due.whole("limit").ok_or(Unavailable)?;
        let heads = list(&self.rows(
            "SELECT id, receipt, octet_length(body) AS bytes FROM pending WHERE due <= ?1 ORDER BY due, receipt LIMIT ?2",
            &json!([now, limit]),
        )?, Head::read)?;
        if heads.is_empty() {
            return Ok("[]".to_owned());
        }
        // A receipt goes whole: by the number, and then by the bytes, unless it is the only one.
        let receipts: Vec<&str> = heads.iter().map(|head| head.receipt.as_str()).collect();
        let whole = Pending::untorn(&receipts, limit);
        let receipts = receipts.get(..whole).unwrap_or_default();
        let mut most = fitting(&heads).min(whole);
        if most < whole {
            let next = receipts.get(most).copied();
            let torn = receipts
                .iter()
                .take(most)
                .rev()
                .take_while(|one| Some(**one) == next)
                .count();
            most = if torn < most {
                most - torn
            } else {
                receipts
                    .iter()
                    .take_while(|one| Some(**one) == next)
                    .count()
            };
        }
        let ids: Vec<&str> = heads
            .iter()
            .take(most)
            .map(|head| head.id.as_str())
            .collect();
        let ids = runtime::json(&json!(ids));
        let rows = self.rows(
            "SELECT asked, body FROM pending WHERE id IN (SELECT value FROM json_each(?)) ORDER BY due, receipt",
            &json!([ids]),
        )?;
        self.rows(
            "UPDATE pending SET due = ?2 WHERE id IN (SELECT value FROM json_each(?1))",
            &json!([ids, now + LEASE_MS]),
        )?;
        let mut pending = Vec::with_capacity(most);
        for mut row in list(&rows, Members::of)? {
            // One that cannot be read must not keep all others from being asked about.
            let one = row
                .text("body")
                .and_then(|body| serde_json::from_str::<Pending>(&body).ok());
            let Some(one) = one else {
                console_error!("a receipt cannot be read and is left alone");
                continue;
            };
            pending.push(Pending {
                asked: row.whole("asked").ok_or(Unavailable)?,
                ..one
            });
        }
        write(&pending)
    }

    /// Gives out letters to be offered again, each to one asker only: it is booked as waiting, and its message is ready.
    /// What is not said to have been sent is given out again when the lease is over, as the same message. One that is too old
    /// for its platform stays what it is, and the answer says so.
    pub(super) fn claim(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let now = runtime::now().0;
        let limit = filter.limit.unwrap_or(100).min(MOST_HEADS);
        let mut found = self.replayable(&filter, &LETTERS, limit, now)?;
        let letters = found.len();
        found.extend(self.replayable(&filter, &QUARANTINE, limit, now)?);
        let most = fitting(&found).min(limit as usize);
        let more = found.len() > most;
        found.truncate(most);
        let mut after = filter.after.clone();
        if after.len() != 4 {
            after = vec![json!(-1), json!(""), json!(-1), json!("")];
        }
        let (letters, messages) = found.split_at(letters.min(most));
        for (rows, rack) in [(letters, &LETTERS), (messages, &QUARANTINE)] {
            let last = rows.last().map(|head| [json!(head.at), json!(head.id)]);
            if let (Some(last), Some(slots)) = (last, after.get_mut(rack.place..rack.place + 2)) {
                slots.clone_from_slice(&last);
            }
        }
        // Before anything is claimed, since what is claimed is in hand as well.
        let (heads, in_hand) = if filter.after.is_empty() && !filter.left {
            self.kept_back(&filter, now)?
        } else {
            (0, 0)
        };
        let mut taken = Taken::default();
        if !letters.is_empty() {
            self.take_letters(letters, now, &mut taken)?;
        }
        if !messages.is_empty() {
            self.take_quarantined(messages, now, &mut taken)?;
        }
        let mut answer = json!({"refused": taken.refused, "more": more, "after": after, "heads": heads, "in_hand": in_hand});
        let given = if filter.dry {
            ("n", json!(taken.claimed.len()))
        } else {
            let done = self.whole(|| {
                self.apply(&taken.booked, now, false)?;
                self.set(
                    "lease",
                    "INSERT OR REPLACE INTO replays (id, round, until, message)
                     SELECT value->>'$[0]', value->>'$[1]', value->>'$[2]', value->>'$[3]' FROM json_each(?)",
                    &json!([runtime::json(&json!(taken.leases))]),
                )
            });
            done.map_err(|_| Unavailable)?;
            ("letters", Value::Array(taken.claimed))
        };
        put(&mut answer, given.0, given.1);
        Ok(runtime::json(&answer))
    }

    /// The heads of what may be offered again and that nobody else has in hand, and of one more.
    fn replayable(
        &self,
        filter: &Filter,
        rack: &Rack,
        limit: u32,
        now: i64,
    ) -> Result<Vec<Head>, Unavailable> {
        let rows = self.rows(
            &format!(
                "SELECT one.id, one.at, octet_length(one.{body}) AS bytes, coalesce(r.round, 0) AS round
                 FROM {table} AS one LEFT JOIN replays AS r ON r.id = one.id
                 WHERE {} AND one.{body} <> '' AND coalesce(r.until, 0) <= ?11 AND (?12 = 0 OR r.round > 0)
                 ORDER BY one.at, one.id LIMIT ?13",
                rack.chosen(),
                body = rack.body,
                table = rack.table,
            ),
            &filter.chosen(
                rack,
                [json!(now), json!(i32::from(filter.left)), json!(limit + 1)],
            ),
        )?;
        list(&rows, Head::read)
    }

    fn take_letters(&self, found: &[Head], now: i64, taken: &mut Taken) -> Result<(), Unavailable> {
        let rows = self.rows(
            &format!(
                "SELECT {} FROM dead WHERE id IN (SELECT value FROM json_each(?)) ORDER BY at, id",
                names(DeadLetter::COLUMNS)
            ),
            &ids_of(found),
        )?;
        // Where the settings cannot be read nobody can say; nothing is sent then either.
        let settings = state::settings(&self.env).ok();
        for letter in list(&rows, DeadLetter::read)? {
            let round = found
                .iter()
                .find(|head| head.id == letter.id)
                .map_or(0, |head| head.round);
            // One that has been booked as waiting has to go, whatever becomes of it.
            let old = settings.filter(|_| round == 0);
            let old =
                old.and_then(|settings| delivery::too_old(settings, &letter, UnixMillis(now)));
            if let Some(rule) = old {
                let code = Skip::TooOld.code();
                taken
                    .refused
                    .push(json!({"id": letter.id, "code": code, "rule": rule}));
                continue;
            }
            let Some(replay) = delivery::replay(&letter, round.max(1)) else {
                console_error!("letter {} cannot be read and is left alone", letter.id);
                let lease = json!([letter.id, 0, now + EARLY_MS, ""]);
                taken.leases.push(lease);
                taken.refused.push(
                    json!({"id": letter.id, "code": "letter_unreadable", "rule": "nobody can read what is kept of it"}),
                );
                continue;
            };
            if round == 0 {
                taken.booked.push(replay.booked);
            }
            let lease = json!([letter.id, round.max(1), now + REPLAY_MS, replay.id]);
            taken.leases.push(lease);
            taken
                .claimed
                .push(json!({"id": letter.id, "round": round.max(1), "message": replay.message}));
        }
        Ok(())
    }

    fn take_quarantined(
        &self,
        found: &[Head],
        now: i64,
        taken: &mut Taken,
    ) -> Result<(), Unavailable> {
        let rows = self.rows(
            "SELECT id, body FROM quarantine WHERE id IN (SELECT value FROM json_each(?)) ORDER BY at, id",
            &ids_of(found),
        )?;
        for mut row in list(&rows, Members::of)? {
            let id = row.text("id").ok_or(Unavailable)?;
            let body = row.text("body").ok_or(Unavailable)?;
            let message = serde_json::from_str::<Value>(&body).unwrap_or_default();
            let message = message
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let lease = json!([id, 1, now + REPLAY_MS, message]);
            taken.leases.push(lease);
            taken
                .claimed
                .push(json!({"id": id, "round": 1, "message": body}));
        }
        Ok(())
    }

    /// Takes back letters that the queue did not take.
    pub(super) fn release(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        self.rows(
            "UPDATE replays SET until = 0 WHERE id IN (SELECT value FROM json_each(?))",
            &json!([runtime::json(&json!(filter.ids))]),
        )
    }
}

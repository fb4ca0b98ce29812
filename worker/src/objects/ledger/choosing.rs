//! Which letters and quarantined messages are meant: the same words choose what is listed, offered again, and dismissed.

use serde_json::{Value, json};

use super::Ledger;
use super::database::{list, read};
use super::reading::Filter;
use crate::runtime::{self, Unavailable};

/// What may be chosen of. A message in quarantine may hold events of any source and destination, so whoever names one of
/// these, or an event, does not mean it.
pub(super) struct Rack {
    pub(super) table: &'static str,
    pub(super) body: &'static str,
    /// Where its last row is in a cursor.
    pub(super) place: usize,
    of_events: bool,
}

pub(super) const LETTERS: Rack = Rack {
    table: "dead",
    body: "parcel",
    place: 0,
    of_events: true,
};
pub(super) const QUARANTINE: Rack = Rack {
    table: "quarantine",
    body: "body",
    place: 2,
    of_events: false,
};
pub(super) const RACKS: [Rack; 2] = [LETTERS, QUARANTINE];

impl Rack {
    /// The condition on the rows of `one`; `?1` to `?10` are [`Filter::chosen`].
    pub(super) fn chosen(&self) -> String {
        let of = |place: u32, name: &str| {
            let column = if self.of_events { name } else { "NULL" };
            format!("(?{place} IS NULL OR {column} = ?{place})")
        };
        let names = [
            of(1, "one.source"),
            of(2, "one.destination"),
            of(3, "one.event"),
            of(4, "one.event_id"),
        ];
        format!(
            "{} AND (?5 IS NULL OR one.code = ?5) AND (?6 IS NULL OR one.at >= ?6) AND (?7 IS NULL OR one.at < ?7)
             AND (?8 IS NULL OR one.id IN (SELECT value FROM json_each(?8)))
             AND (one.at, one.id) > (CAST(?9 AS INTEGER), ?10)",
            names.join(" AND ")
        )
    }
}

impl Filter {
    /// What [`Rack::chosen`] is to be given, and what else the query is.
    pub(super) fn chosen<const N: usize>(&self, rack: &Rack, more: [Value; N]) -> Value {
        let after = |place: usize| {
            let after = self.after.get(rack.place + place).cloned();
            after.unwrap_or(json!(["-1", ""].get(place)))
        };
        let ids = self.ids.as_ref().map(|ids| runtime::json(&json!(ids)));
        let mut all = vec![
            json!(self.source),
            json!(self.destination),
            json!(self.event),
            json!(self.event_id),
            json!(self.code),
            json!(self.since),
            json!(self.until),
            json!(ids),
            after(0),
            after(1),
        ];
        all.extend(more);
        Value::Array(all)
    }
}

impl Ledger {
    /// How many of the chosen ones cannot be offered again, since only a head is left, and how many somebody has in hand.
    pub(super) fn kept_back(&self, filter: &Filter, now: i64) -> Result<(i64, i64), Unavailable> {
        let (mut heads, mut in_hand) = (0, 0);
        for rack in RACKS {
            let rows = self.rows(
                &format!(
                    "SELECT coalesce(sum(one.{body} = ''), 0) AS heads,
                       coalesce(sum(one.{body} <> '' AND r.round > 0 AND r.until > ?11), 0) AS in_hand
                     FROM {table} AS one LEFT JOIN replays AS r ON r.id = one.id WHERE {}",
                    rack.chosen(),
                    body = rack.body,
                    table = rack.table,
                ),
                &filter.chosen(&rack, [json!(now)]),
            )?;
            let rows: Vec<Value> = list(&rows, Some)?;
            let of = |name: &str| rows.first().and_then(|row| row.get(name)?.as_i64());
            heads += of("heads").ok_or(Unavailable)?;
            in_hand += of("in_hand").ok_or(Unavailable)?;
        }
        Ok((heads, in_hand))
    }

    /// Forgets letters and quarantined messages that nobody wants to offer again, the oldest first. Gives their ids, or how many
    /// they would be; and whether there are more.
    pub(super) fn dismiss(&self, body: &str) -> Result<String, Unavailable> {
        let filter = Filter::read(body)?;
        let most = filter.limit.unwrap_or(100).min(super::reading::MOST_HEADS);
        let free = "one.id NOT IN (SELECT id FROM replays WHERE round > 0)";
        let of = |rack: &Rack, what: &str| {
            let chosen = rack.chosen();
            format!(
                "SELECT {what} FROM {} AS one WHERE {chosen} AND {free}",
                rack.table
            )
        };
        let (mut gone, mut left) = (Vec::new(), 0);
        for rack in RACKS {
            if !filter.dry {
                let room = (most as usize).saturating_sub(gone.len());
                let table = rack.table;
                let chosen = of(&rack, "one.id");
                gone.append(&mut self.column(
                    &format!(
                        "DELETE FROM {table} WHERE id IN ({chosen} ORDER BY one.at, one.id LIMIT ?11) RETURNING id"
                    ),
                    &filter.chosen(&rack, [json!(room)]),
                )?);
            }
            let rows = self.rows(&of(&rack, "count(*) AS n"), &filter.chosen(&rack, []))?;
            let rows = read(&rows)?;
            left += rows
                .get(0)
                .and_then(|row| row.get("n")?.as_i64())
                .ok_or(Unavailable)?;
        }
        Ok(runtime::json(&json!({"gone": gone, "left": left})))
    }
}

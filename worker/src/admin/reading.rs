//! The ledger, what happened lately and dead letters, as operators read them.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::table::Table;
use edgetally_core::base::time::{DAY_MS, UnixMillis};
use edgetally_core::ledger::{Line, State, balance};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::{Attention, admit, ask, member, number, put, take, tell};
use crate::routes::Call;
use crate::runtime::{self, Env, Response};

/// How many folded names of a kind the ledger remembers for a source and day.
const MOST_SPILLED: i64 = 1000;

/// The parameters of each route. One that a route does not look at is refused: an answer that left it out would be taken for
/// one that looked.
const OF_LEDGER: &[&str] = &[
    "since",
    "until",
    "source",
    "destination",
    "event",
    "release",
    "hours",
    "limit",
    "cursor",
];
const OF_RECENT: &[&str] = &[
    "source",
    "destination",
    "event",
    "event_id",
    "limit",
    "cursor",
];
const OF_LETTERS: &[&str] = &[
    "since",
    "until",
    "source",
    "destination",
    "event",
    "event_id",
    "code",
    "limit",
    "cursor",
];

/// A time as people write it, or as a number.
pub(crate) fn moment(text: &str) -> Option<UnixMillis> {
    UnixMillis::parse_rfc3339(text).or_else(|| UnixMillis::parse_number(text))
}

/// The parameters of an address as a filter of the ledger. Lines are of whole hours.
fn filter(query: &str, names: &[&str], hourly: bool) -> Result<Value, ParseError> {
    let mut filter = serde_json::Map::new();
    for (name, value) in edgetally_core::base::query::parameters(query) {
        let name = name.as_ref();
        let parsed = match name {
            _ if !names.contains(&name) => None,
            "since" | "until" => {
                moment(&value).map(|at| json!(if hourly { at.hour() } else { at }))
            }
            "limit" => value
                .parse::<u32>()
                .ok()
                .filter(|limit| *limit > 0)
                .map(|limit| json!(limit)),
            "hours" => Some(json!(value == "1" || value == "true")),
            "cursor" => {
                let after = read_cursor(&value);
                filter.insert("after".to_owned(), json!(after));
                after.map(|_| Value::Null)
            }
            _ => Some(json!(value)),
        };
        let fault = || {
            let names = names.join(", ");
            let rule = format!(
                "parameters: {names}; times are RFC 3339 or Unix time, hours=1, a cursor as an answer gave it"
            );
            ParseError::new(Code::RequestInvalid, "", rule)
        };
        filter.insert(name.to_owned(), parsed.ok_or_else(fault)?);
    }
    Ok(Value::Object(filter))
}

/// Balances, reasons and lines.
pub(crate) async fn ledger(call: &Call<'_>) -> Response {
    let asked = admit(call).and_then(|()| filter(call.query, OF_LEDGER, true));
    tell(match asked {
        Ok(filter) => balances(&call.env, &filter).await,
        Err(error) => Err(error),
    })
}

/// What happened to the latest copies.
pub(crate) async fn recent(call: &Call<'_>) -> Response {
    let asked = admit(call).and_then(|()| filter(call.query, OF_RECENT, false));
    tell(match asked {
        Ok(filter) => notes(&call.env, &filter).await,
        Err(error) => Err(error),
    })
}

/// What was rejected or given up.
pub(crate) async fn dead_letters(call: &Call<'_>) -> Response {
    let asked = admit(call).and_then(|()| filter(call.query, OF_LETTERS, false));
    tell(match asked {
        Ok(filter) => letters(&call.env, &filter).await,
        Err(error) => Err(error),
    })
}

/// Where a page ended, as a text that nobody has to understand.
pub(crate) fn cursor(after: &Value) -> String {
    let text = runtime::json(after);
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

pub(crate) fn read_cursor(text: &str) -> Option<Vec<Value>> {
    let digits = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let after: Vec<Value> = serde_json::from_str(std::str::from_utf8(&bytes?).ok()?).ok()?;
    after
        .iter()
        .all(|one| one.is_string() || one.is_i64())
        .then_some(after)
}

/// A time of a row as people write it.
fn tell_time(row: &mut Value, name: &str) {
    let at = UnixMillis(number(row, name)).to_rfc3339();
    if let Some(member) = row.get_mut(name) {
        *member = Value::from(at);
    }
}

async fn balances(env: &Env, filter: &Value) -> Result<String, ParseError> {
    let mut answer = ask(env, "/lines", filter).await?;
    let sums = take(&mut answer, "sums");
    let balances = balance(sums.iter().filter_map(|row| {
        let line = json!({"h": 0, "s": row.get("source"), "d": row.get("destination"), "o": row.get("state")});
        Some((Line::deserialize(line).ok()?, number(row, "n")))
    }));
    let remainder: i64 = balances.iter().map(|balance| balance.remainder.abs()).sum();
    let mut intake: Table<&str, Table<&str, i64>> = Table::new();
    for row in sums
        .iter()
        .filter(|row| member(row, "destination").is_empty())
    {
        let (state, n) = (member(row, "state"), number(row, "n"));
        intake.change(member(row, "source"), |of| {
            of.change(state, |sum| *sum += n);
            if matches!(state, "accepted" | "malformed") {
                of.change("received", |sum| *sum += n);
            }
        });
    }
    let mut reasons = take(&mut answer, "reasons");
    for row in &mut reasons {
        // How many codes are summed up in it, where it is more than one.
        if number(row, "codes") == 0
            && let Some(row) = row.as_object_mut()
        {
            row.remove("codes");
        }
    }
    let folded = take(&mut answer, "folded");
    let spilled = take(&mut answer, "spilled");
    let folded: Table<&str, Value> = folded
        .iter()
        .map(|row| {
            let counted = json!({"events": row.get("events"), "releases": row.get("releases")});
            (member(row, "source"), counted)
        })
        .collect();
    let mut body = json!({
        "law": State::law(),
        "remainder": remainder,
        "balances": balances,
        "intake": intake,
        "reasons": reasons,
        "folded": folded,
        "folded_names": spilled.iter().map(spill).collect::<Vec<Value>>(),
    });
    let waiting = take(&mut answer, "waiting")
        .first()
        .map_or(0, |row| number(row, "n"));
    if waiting > 0 {
        put(&mut body, "reports_waiting", json!(waiting));
    }
    if let Some(attention) = answer.get("attention") {
        Attention::read(attention).put(&mut body);
    }
    if filter.get("hours").and_then(Value::as_bool) == Some(true) {
        let mut lines = take(&mut answer, "lines");
        let last = lines.last().map(|line| {
            let of = |name| line.get(name).cloned().unwrap_or_default();
            json!(
                Line::COLUMNS
                    .iter()
                    .map(|column| of(column.name))
                    .collect::<Vec<Value>>()
            )
        });
        for line in &mut lines {
            tell_time(line, "hour");
        }
        put(&mut body, "lines", json!(lines));
        turn(&mut body, &answer, last.as_ref());
    }
    Ok(runtime::json(&body))
}

/// How many names of a kind were folded into `other` on a day. No more are remembered than are told here.
fn spill(row: &Value) -> Value {
    let (n, day) = (number(row, "n"), number(row, "day"));
    let day = UnixMillis(day * DAY_MS).to_rfc3339();
    let day = day.get(..10).unwrap_or_default();
    let (source, kind) = (member(row, "source"), member(row, "kind"));
    json!({"source": source, "day": day, "kind": kind, "names": n, "or_more": n >= MOST_SPILLED})
}

/// Says whether there is a further page, and how to ask for it.
fn turn(body: &mut Value, answer: &Value, last: Option<&Value>) {
    let more = answer.get("more").and_then(Value::as_bool) == Some(true);
    put(body, "more", json!(more));
    if let (true, Some(last)) = (more, last) {
        put(body, "cursor", json!(cursor(last)));
    }
}

async fn notes(env: &Env, filter: &Value) -> Result<String, ParseError> {
    let mut answer = ask(env, "/notes", filter).await?;
    let mut events = take(&mut answer, "events");
    let last = events.last().map(|row| json!([number(row, "seq")]));
    for row in &mut events {
        if let Some(row) = row.as_object_mut() {
            row.remove("seq");
        }
        tell_time(row, "at");
        let what: Value = serde_json::from_str(member(row, "what")).unwrap_or_default();
        put(row, "what", what);
    }
    let mut body = json!({"events": events});
    turn(&mut body, &answer, last.as_ref());
    Ok(runtime::json(&body))
}

async fn letters(env: &Env, filter: &Value) -> Result<String, ParseError> {
    Ok(runtime::json(&heads(env, filter).await?))
}

/// The heads of letters, one page of them.
pub(crate) async fn heads(env: &Env, filter: &Value) -> Result<Value, ParseError> {
    let mut answer = ask(env, "/dead", filter).await?;
    let mut letters = take(&mut answer, "dead");
    let mut quarantined = take(&mut answer, "quarantined");
    // A list that has come to its end stays there.
    let mut last = match filter.get("after") {
        Some(Value::Array(after)) if after.len() == 4 => after.clone(),
        _ => vec![json!(-1), json!(""), json!(-1), json!("")],
    };
    for (rows, place) in [(&letters, 0), (&quarantined, 2)] {
        if let (Some(row), Some(slots)) = (rows.last(), last.get_mut(place..place + 2)) {
            slots.clone_from_slice(&[json!(number(row, "at")), json!(member(row, "id"))]);
        }
    }
    for row in letters.iter_mut().chain(&mut quarantined) {
        tell_time(row, "at");
    }
    for row in &mut letters {
        let replaying = number(row, "round") > 0;
        if let Some(row) = row.as_object_mut() {
            row.remove("round");
            if replaying {
                row.insert("replaying".to_owned(), json!(true));
            }
        }
    }
    let mut body = json!({"dead_letters": letters, "quarantined": quarantined});
    turn(&mut body, &answer, Some(&json!(last)));
    Ok(body)
}

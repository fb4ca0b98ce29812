//! What operators see and do: health, the ledger, what happened lately, dead letters and their replay.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::table::Table;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Road, replayed};
use edgetally_core::destinations::versions;
use edgetally_core::destinations::versions::VERSION_WARNING_DAYS;
use edgetally_core::intake::auth::is_admin;
use edgetally_core::intake::error_of;
use edgetally_core::ledger::{Line, Report, balance};
use edgetally_core::queue::envelope::close_report;
use serde::Deserialize;
use serde_json::{Value, json};
use worker::{Env, web_sys};

use crate::runtime::{self, Field, Fields, respond};
use crate::{refuse, state};

/// What the worker has to be bound to.
const BINDINGS: &[&str] = &["CLAIMS", "EVENTS", "LEDGER", "SLOW"];
/// How many dead letters one call replays.
const MOST_REPLAYS: u32 = 100;

/// `GET /v1/health`: whether it could work, and if not, what is wrong and where.
pub(crate) fn health(env: &Env) -> web_sys::Response {
    let now = runtime::now();
    let settings = state::settings(env);
    let mut names = BINDINGS.to_vec();
    // Without them nobody is limited, which nobody would notice.
    let sources = settings.iter().flat_map(|settings| &settings.sources);
    names.extend(sources.filter_map(|source| source.rate_limit.as_deref()));
    let bound = runtime::bindings(env, &names);
    let bindings: Table<_, _> = names.iter().copied().zip(bound.iter().copied()).collect();
    let healthy = settings.is_ok() && bound.iter().all(|bound| *bound);
    let versions = versions(now);
    let warnings: Vec<String> = versions
        .iter()
        .filter(|version| {
            version
                .days_left
                .is_some_and(|days| days <= VERSION_WARNING_DAYS)
        })
        .map(|version| {
            format!(
                "{} {} ends on {}",
                version.platform,
                version.api_version,
                version.ends.unwrap_or("")
            )
        })
        .collect();
    let paused: Table<String, Value> = state::gates(|gates| {
        gates
            .iter()
            .filter_map(|(name, gate)| {
                Some((
                    name.clone(),
                    json!({"seconds": gate.closed_for(now)?, "code": gate.code()}),
                ))
            })
            .collect()
    });
    let body = json!({
        "status": if healthy { "ok" } else { "unhealthy" },
        "release": env!("CARGO_PKG_VERSION"),
        "settings": settings.err().unwrap_or_default(),
        "bindings": bindings,
        "versions": versions,
        "warnings": warnings,
        "paused_here": paused,
    });
    respond(if healthy { 200 } else { 503 }, &runtime::json(&body), &[])
}

/// Who asks has to show the admin token.
fn admit(env: &Env, fields: &Fields<'_>) -> Result<(), ParseError> {
    let settings = state::settings(env).map_err(|_| error_of(Code::SettingsInvalid))?;
    if is_admin(settings, fields.get(Field::Authorization)) {
        Ok(())
    } else {
        Err(error_of(Code::AdminTokenInvalid))
    }
}

/// The parameters of an address as a filter of the ledger.
fn filter(query: &str) -> Result<Value, ParseError> {
    const TEXTS: &[&str] = &["source", "destination", "event", "release", "event_id"];
    let mut filter = serde_json::Map::new();
    for (name, value) in edgetally_core::base::query::parameters(query) {
        let name = name.as_ref();
        let parsed = match name {
            "since" | "until" => UnixMillis::parse_rfc3339(&value)
                .or_else(|| UnixMillis::parse_number(&value))
                .map(|at| json!(at.hour())),
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
            _ if TEXTS.contains(&name) => Some(json!(value)),
            _ => None,
        };
        let fault = || {
            ParseError::new(
                Code::RequestInvalid,
                "",
                "parameters: since, until (RFC 3339 or Unix time), source, destination, event, release, event_id, limit, hours=1, cursor (as an answer gave it)",
            )
        };
        filter.insert(name.to_owned(), parsed.ok_or_else(fault)?);
    }
    Ok(Value::Object(filter))
}

/// `GET /v1/ledger`, `/v1/recent`, `/v1/dead-letters`.
pub(crate) async fn read(
    env: &Env,
    fields: &Fields<'_>,
    path: &str,
    query: &str,
) -> web_sys::Response {
    let answer = match admit(env, fields).and_then(|()| filter(query)) {
        Err(error) => Err(error),
        Ok(filter) => match path {
            "/v1/ledger" => ledger(env, &filter).await,
            "/v1/recent" => recent(env, &filter).await,
            _ => dead_letters(env, &filter).await,
        },
    };
    match answer {
        Ok(body) => respond(200, &body, &[]),
        Err(error) => refuse(&error, &[]),
    }
}

fn unavailable<E>(_: E) -> ParseError {
    error_of(Code::LedgerUnavailable)
}

/// Where a page ended, as a text that nobody has to understand.
fn cursor(after: &Value) -> String {
    let text = runtime::json(after);
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn read_cursor(text: &str) -> Option<Vec<Value>> {
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

/// A member of a row of the ledger.
fn member<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Value, name: &str) -> i64 {
    row.get(name).and_then(Value::as_i64).unwrap_or(0)
}

/// A time of a row as people write it.
fn tell_time(row: &mut Value, name: &str) {
    let at = UnixMillis(number(row, name)).to_rfc3339();
    if let Some(member) = row.get_mut(name) {
        *member = Value::from(at);
    }
}

async fn ask(env: &Env, path: &str, question: &Value) -> Result<Value, ParseError> {
    let text = runtime::ledger(env, path, &runtime::json(question))
        .await
        .map_err(unavailable)?;
    serde_json::from_str(&text).map_err(unavailable)
}

/// The rows of a list of an answer.
fn take(answer: &mut Value, name: &str) -> Vec<Value> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}

async fn ledger(env: &Env, filter: &Value) -> Result<String, ParseError> {
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
    let folded: Table<&str, Value> = folded
        .iter()
        .map(|row| {
            let counted = json!({"events": row.get("events"), "releases": row.get("releases")});
            (member(row, "source"), counted)
        })
        .collect();
    let mut body = json!({
        "law": "accepted = delivered + duplicate + blocked + skipped + rejected + processing + retrying + dead",
        "remainder": remainder,
        "balances": balances,
        "intake": intake,
        "reasons": reasons,
        "folded": folded,
    });
    let waiting = take(&mut answer, "waiting")
        .first()
        .map_or(0, |row| number(row, "n"));
    if waiting > 0 {
        put(&mut body, "reports_waiting", json!(waiting));
    }
    if filter.get("hours").and_then(Value::as_bool) == Some(true) {
        let mut lines = take(&mut answer, "lines");
        let last = lines.last().map(|line| {
            let of = |name| line.get(name).cloned().unwrap_or_default();
            json!(
                [
                    "hour",
                    "source",
                    "release",
                    "event",
                    "destination",
                    "state",
                    "code"
                ]
                .map(of)
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

fn put(body: &mut Value, name: &str, value: Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert(name.to_owned(), value);
    }
}

/// Says whether there is a further page, and how to ask for it.
fn turn(body: &mut Value, answer: &Value, last: Option<&Value>) {
    let more = answer.get("more").and_then(Value::as_bool) == Some(true);
    put(body, "more", json!(more));
    if let (true, Some(last)) = (more, last) {
        put(body, "cursor", json!(cursor(last)));
    }
}

async fn recent(env: &Env, filter: &Value) -> Result<String, ParseError> {
    let mut events = match ask(env, "/notes", filter).await? {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    };
    for row in &mut events {
        tell_time(row, "at");
        let what: Value = serde_json::from_str(member(row, "what")).unwrap_or_default();
        put(row, "what", what);
    }
    Ok(runtime::json(&json!({"events": events})))
}

async fn dead_letters(env: &Env, filter: &Value) -> Result<String, ParseError> {
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
    Ok(runtime::json(&body))
}

/// `POST /v1/dead-letters/replay` with `{"ids": [...]}` or `{"destination": "meta"}`.
pub(crate) async fn replay(
    request: &web_sys::Request,
    fields: &Fields<'_>,
    env: Env,
) -> web_sys::Response {
    match again(request, fields, &env).await {
        Ok(body) => respond(200, &body, &[]),
        Err(error) => refuse(&error, &[]),
    }
}

async fn again(
    request: &web_sys::Request,
    fields: &Fields<'_>,
    env: &Env,
) -> Result<String, ParseError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(default)]
        ids: Option<Vec<String>>,
        #[serde(default)]
        destination: Option<String>,
        #[serde(default = "most_replays")]
        limit: u32,
    }
    fn most_replays() -> u32 {
        MOST_REPLAYS
    }

    admit(env, fields)?;
    let fault = || {
        ParseError::new(
            Code::RequestInvalid,
            "",
            "send {\"ids\": [...]} or {\"destination\": \"…\"}, and a \"limit\" up to 100",
        )
    };
    let body = runtime::body(request, 64 * 1024)
        .await
        .ok()
        .flatten()
        .ok_or_else(fault)?;
    let mut wanted: Wanted = serde_json::from_str(std::str::from_utf8(&body).map_err(|_| fault())?)
        .map_err(|_| fault())?;
    if wanted.ids.is_none() == wanted.destination.is_none() {
        return Err(fault());
    }
    wanted.limit = wanted.limit.clamp(1, MOST_REPLAYS);
    let limit = wanted.limit as usize;
    let question =
        json!({"ids": wanted.ids, "destination": wanted.destination, "limit": wanted.limit});
    let offered = offer(env, question, limit).await?;
    let mut body = json!({"replayed": offered.sent});
    if !offered.refused.is_empty() {
        put(&mut body, "refused_by_the_queue", json!(offered.refused));
    }
    if offered.more {
        put(&mut body, "more", json!(true));
    }
    Ok(runtime::json(&body))
}

/// Goes on with what somebody began to offer again and did not end.
pub(crate) async fn resume(env: &Env) {
    let left = json!({"left": true});
    match offer(env, left, MOST_REPLAYS as usize).await {
        Ok(offered) if offered.sent.is_empty() && offered.refused.is_empty() => {}
        Ok(offered) => worker::console_warn!(
            "{} letters were claimed and had not been sent; {} are now",
            offered.sent.len() + offered.refused.len(),
            offered.sent.len()
        ),
        Err(_) => worker::console_warn!("the ledger did not say which letters are left"),
    }
}

struct Offered {
    sent: Vec<String>,
    refused: Vec<String>,
    more: bool,
}

/// Offers letters again, a few at a time. Claimed first, so that nobody else has them; then durable in the queue; then
/// gone from the ledger. Interrupted in between, the same message is sent when the lease is over, or, where the queue had
/// taken it, the ledger learns of it with the report of whoever works it off.
async fn offer(env: &Env, mut question: Value, limit: usize) -> Result<Offered, ParseError> {
    let mut offered = Offered {
        sent: Vec::new(),
        refused: Vec::new(),
        more: true,
    };
    while offered.more && offered.refused.is_empty() && offered.sent.len() < limit {
        put(&mut question, "limit", json!(limit - offered.sent.len()));
        let claimed = ask(env, "/claim", &question).await;
        let mut claimed = match claimed {
            Err(error) if offered.sent.is_empty() => return Err(error),
            Err(_) => break,
            Ok(claimed) => claimed,
        };
        offered.more = claimed.get("more").and_then(Value::as_bool) == Some(true);
        let mut reports = Vec::new();
        for letter in take(&mut claimed, "letters") {
            let id = member(&letter, "id").to_owned();
            let taken = offered.refused.is_empty()
                && runtime::send(env, member(&letter, "message"), 0, Road::Main)
                    .await
                    .is_ok();
            if taken {
                let round = u32::try_from(number(&letter, "round")).unwrap_or(0);
                reports.push(replayed(&id, round));
                offered.sent.push(id);
            } else {
                offered.refused.push(id);
            }
        }
        tell(env, &reports).await;
        if !offered.refused.is_empty()
            && ask(env, "/release", &json!({"ids": offered.refused}))
                .await
                .is_err()
        {
            worker::console_warn!("letters that the queue refused stay claimed for a while");
        }
    }
    Ok(offered)
}

/// Hands reports in, through the queue where the ledger is away.
async fn tell(env: &Env, reports: &[Report]) {
    if reports.is_empty() {
        return;
    }
    let text = serde_json::to_string(reports).unwrap_or_default();
    if runtime::ledger(env, "/report", &text).await.is_ok() {
        return;
    }
    for report in reports {
        if runtime::send(env, &close_report(report), 0, Road::Main)
            .await
            .is_err()
        {
            worker::console_warn!("nobody took the word that {} was sent", report.id);
        }
    }
}

//! What operators see and do: health, the ledger, what happened lately, dead letters and their replay.

use edgetally_core::auth::is_admin;
use edgetally_core::delivery::{self, Road};
use edgetally_core::destinations::{VERSION_WARNING_DAYS, versions};
use edgetally_core::error::{Code, ParseError};
use edgetally_core::intake::error_of;
use edgetally_core::ledger::{Line, Report, balance};
use edgetally_core::table::Table;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::{Env, web_sys};

use crate::edge::{self, Field, Fields, respond};
use crate::ledger::Dead;
use crate::{refuse, state};

/// What the worker has to be bound to.
const BINDINGS: &[&str] = &["CLAIMS", "EVENTS", "LEDGER", "SLOW"];
/// How many dead letters one call replays.
const MOST_REPLAYS: u32 = 100;

/// `GET /v1/health`: whether it could work, and if not, what is wrong and where.
pub(crate) fn health(env: &Env) -> web_sys::Response {
    let now = edge::now();
    let bound = edge::bindings(env, BINDINGS);
    let bindings: Table<_, _> = BINDINGS
        .iter()
        .copied()
        .zip(bound.iter().copied())
        .collect();
    let settings = state::settings(env);
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
    respond(if healthy { 200 } else { 503 }, &body.to_string(), &[])
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
    for (name, value) in edgetally_core::settings::parameters(query) {
        let name = name.as_ref();
        let parsed = match name {
            "since" | "until" => edgetally_core::time::UnixMillis::parse_rfc3339(&value)
                .or_else(|| edgetally_core::time::UnixMillis::parse_number(&value))
                .map(|at| json!(at.hour())),
            "limit" => value
                .parse::<u32>()
                .ok()
                .filter(|limit| *limit > 0)
                .map(|limit| json!(limit)),
            "hours" => Some(json!(value == "1" || value == "true")),
            _ if TEXTS.contains(&name) => Some(json!(value)),
            _ => None,
        };
        let fault = || {
            ParseError::new(
                Code::RequestInvalid,
                "",
                "parameters: since, until (RFC 3339 or Unix time), source, destination, event, release, event_id, limit, hours=1",
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

/// A line as the ledger answers it: the line and its number, side by side.
type Row = (Line, i64);

async fn ledger(env: &Env, filter: &Value) -> Result<String, ParseError> {
    #[derive(Serialize)]
    struct Reason<'a> {
        source: &'a str,
        destination: &'a str,
        state: &'static str,
        code: &'a str,
        n: i64,
    }
    let text = edge::ledger(env, "/lines", &filter.to_string())
        .await
        .map_err(unavailable)?;
    let rows: Vec<Row> = serde_json::from_str(&text).map_err(unavailable)?;
    let balances = balance(rows.iter().cloned());
    let remainder: i64 = balances.iter().map(|balance| balance.remainder.abs()).sum();
    let mut intake: Table<&str, Table<&str, i64>> = Table::new();
    let mut reasons: Table<(&str, &str, &'static str, &str), i64> = Table::new();
    for (line, n) in &rows {
        if line.destination.is_empty() {
            intake.change(&line.source, |of| {
                of.change(line.state.as_str(), |sum| *sum += n);
                of.change("received", |sum| *sum += n);
            });
        }
        if !line.code.is_empty() {
            let key = (
                line.source.as_str(),
                line.destination.as_str(),
                line.state.as_str(),
                line.code.as_str(),
            );
            reasons.change(key, |sum| *sum += n);
        }
    }
    let reasons: Vec<Reason<'_>> = reasons
        .into_iter()
        .map(|((source, destination, state, code), n)| Reason {
            source,
            destination,
            state,
            code,
            n,
        })
        .collect();
    let mut body = json!({
        "law": "accepted = delivered + duplicate + blocked + skipped + rejected + processing + retrying + dead",
        "remainder": remainder,
        "balances": balances,
        "intake": intake,
        "reasons": reasons,
    });
    if filter.get("hours").and_then(Value::as_bool) == Some(true) {
        let lines: Vec<Value> = rows
            .iter()
            .map(|(line, n)| {
                json!({"hour": line.hour.to_rfc3339(), "source": line.source, "release": line.release, "event": line.event,
                    "destination": line.destination, "state": line.state, "code": line.code, "n": n})
            })
            .collect();
        if let Some(object) = body.as_object_mut() {
            object.insert("lines".to_owned(), json!(lines));
        }
    }
    Ok(body.to_string())
}

async fn recent(env: &Env, filter: &Value) -> Result<String, ParseError> {
    #[derive(Deserialize)]
    struct Row {
        at: edgetally_core::time::UnixMillis,
        source: String,
        event: String,
        event_id: String,
        what: String,
    }
    let text = edge::ledger(env, "/notes", &filter.to_string())
        .await
        .map_err(unavailable)?;
    let rows: Vec<Row> = serde_json::from_str(&text).map_err(unavailable)?;
    let events: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let what: Value = serde_json::from_str(&row.what).unwrap_or_default();
            json!({"at": row.at.to_rfc3339(), "source": row.source, "event": row.event, "event_id": row.event_id, "what": what})
        })
        .collect();
    Ok(json!({"events": events}).to_string())
}

async fn dead_letters(env: &Env, filter: &Value) -> Result<String, ParseError> {
    let text = edge::ledger(env, "/dead", &filter.to_string())
        .await
        .map_err(unavailable)?;
    let found: Dead = serde_json::from_str(&text).map_err(unavailable)?;
    let dead: Vec<Value> = found
        .dead
        .into_iter()
        .map(|letter| {
            json!({"id": letter.id, "at": letter.at.to_rfc3339(), "source": letter.source,
                "destination": letter.destination, "event": letter.event, "event_id": letter.event_id,
                "state": letter.state, "code": letter.code})
        })
        .collect();
    let quarantined: Vec<Value> = found
        .quarantined
        .into_iter()
        .map(|message| json!({"id": message.id, "at": message.at.to_rfc3339(), "code": message.code, "bytes": message.body.len()}))
        .collect();
    Ok(json!({"dead_letters": dead, "quarantined": quarantined}).to_string())
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
    #[derive(Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ids: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
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
    let body = edge::body(request, 64 * 1024)
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
    let text = serde_json::to_string(&wanted).map_err(|_| fault())?;
    let text = edge::ledger(env, "/dead", &text)
        .await
        .map_err(unavailable)?;
    let found: Dead = serde_json::from_str(&text).map_err(unavailable)?;
    let round = edge::now().0;
    let mut reports = Vec::new();
    let mut sent = Vec::new();
    // Durable first, marked second: interrupted in between, a letter is offered twice under one event id.
    for letter in &found.dead {
        if let Some((message, report)) = delivery::replay(letter, round)
            && edge::send(env, &message, 0, Road::Main).await.is_ok()
        {
            sent.push(letter.id.clone());
            reports.push(report);
        }
    }
    for message in &found.quarantined {
        if edge::send(env, &message.body, 0, Road::Main).await.is_ok() {
            sent.push(message.id.clone());
            reports.push(Report {
                id: format!("replay:{}:{round}", message.id),
                revived: vec![message.id.clone()],
                ..Report::default()
            });
        }
    }
    if !reports.is_empty() {
        let text = serde_json::to_string(&reports).map_err(unavailable)?;
        edge::ledger(env, "/report", &text)
            .await
            .map_err(unavailable)?;
    }
    Ok(json!({"replayed": sent}).to_string())
}

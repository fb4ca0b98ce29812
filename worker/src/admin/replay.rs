//! Dead letters are offered again.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Queue, replayed};
use edgetally_core::ledger::Report;
use edgetally_core::queue::envelope::close_report;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::reading::{cursor, moment, read_cursor};
use crate::admin::{admit, ask, member, number, put, take, tell};
use crate::routes::Call;
use crate::runtime::{self, Env, Response, console_warn};

/// How many dead letters one call replays.
pub(crate) const MOST_REPLAYS: u32 = 100;
/// How many times a call asks the ledger for more: letters that are refused are passed over.
const MOST_ROUNDS: u32 = 10;
/// How many are looked at together where nothing is sent.
const MOST_LOOKED: u32 = 500;

/// `POST /v1/dead-letters/replay` with a selection: `{"ids": [...]}`, `{"destination": "meta", "code": "http_500"}`.
pub(crate) async fn replay(call: &Call<'_>) -> Response {
    tell(again(call).await)
}

/// `POST /v1/dead-letters/dismiss` with the same: nobody is going to offer them again.
pub(crate) async fn dismiss(call: &Call<'_>) -> Response {
    tell(forget(call).await)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    ids: Option<Vec<String>>,
    source: Option<String>,
    destination: Option<String>,
    event: Option<String>,
    event_id: Option<String>,
    code: Option<String>,
    since: Option<Value>,
    until: Option<Value>,
    limit: Option<u32>,
    cursor: Option<String>,
    dry_run: bool,
}

fn fault() -> ParseError {
    ParseError::new(
        Code::RequestInvalid,
        "",
        "send at least one of \"ids\" (a list), \"source\", \"destination\", \"event\", \"event_id\", \"code\", \"since\", \"until\" (RFC 3339 or Unix time), and a \"limit\" up to 100, \"dry_run\": true, a \"cursor\" as an answer gave it",
    )
}

/// A time as people write it, or as a number.
fn time(value: &Value) -> Option<UnixMillis> {
    match value {
        Value::String(text) => moment(text),
        Value::Number(number) => UnixMillis::parse_number(&number.to_string()),
        _ => None,
    }
}

impl Wanted {
    /// What is chosen, as the ledger is asked.
    async fn question(call: &Call<'_>) -> Result<(Value, u32, bool), ParseError> {
        admit(call)?;
        let body = runtime::body(call.request, 64 * 1024)
            .await
            .ok()
            .flatten()
            .ok_or_else(fault)?;
        let text = std::str::from_utf8(&body).map_err(|_| fault())?;
        let wanted: Self = serde_json::from_str(text).map_err(|_| fault())?;
        let limit = wanted.limit.unwrap_or(MOST_REPLAYS);
        let limit = limit.clamp(1, MOST_REPLAYS);
        let mut question = json!({"limit": limit, "dry": wanted.dry_run});
        let mut chosen = false;
        let mut choose = |name: &str, value: Value| {
            chosen = true;
            put(&mut question, name, value);
        };
        if let Some(ids) = wanted.ids {
            choose("ids", json!(ids));
        }
        for (name, text) in [
            ("source", wanted.source),
            ("destination", wanted.destination),
            ("event", wanted.event),
            ("event_id", wanted.event_id),
            ("code", wanted.code),
        ] {
            if let Some(text) = text {
                choose(name, text.into());
            }
        }
        for (name, at) in [("since", wanted.since), ("until", wanted.until)] {
            if let Some(at) = at {
                choose(name, json!(time(&at).ok_or_else(fault)?));
            }
        }
        // Whoever chooses nothing does not mean all of them.
        if !chosen {
            return Err(fault());
        }
        if let Some(cursor) = wanted.cursor {
            let after = read_cursor(&cursor).ok_or_else(fault)?;
            put(&mut question, "after", json!(after));
        }
        Ok((question, limit, wanted.dry_run))
    }
}

async fn again(call: &Call<'_>) -> Result<String, ParseError> {
    let (question, limit, dry) = Wanted::question(call).await?;
    let offered = if dry {
        preview(&call.env, question).await?
    } else {
        offer(&call.env, question, limit as usize).await?
    };
    let mut body = if dry {
        json!({"dry_run": true, "would_replay": offered.would})
    } else {
        json!({"replayed": offered.sent})
    };
    for (name, rows) in [
        ("refused_by_the_queue", json!(offered.unsent)),
        ("refused", json!(offered.refused)),
    ] {
        if rows != json!([]) {
            put(&mut body, name, rows);
        }
    }
    for (name, n) in [
        ("without_body", offered.heads),
        ("replaying", offered.in_hand),
    ] {
        if n > 0 {
            put(&mut body, name, n.into());
        }
    }
    if offered.more {
        put(&mut body, "more", json!(true));
        // What the queue refused lies before it.
        if offered.unsent.is_empty() {
            put(&mut body, "cursor", json!(cursor(&offered.after)));
        }
    }
    Ok(runtime::json(&body))
}

async fn forget(call: &Call<'_>) -> Result<String, ParseError> {
    let (question, _, dry) = Wanted::question(call).await?;
    let mut answer = ask(&call.env, "/dismiss", &question).await?;
    let left = number(&answer, "left");
    if dry {
        return Ok(runtime::json(
            &json!({"dry_run": true, "would_dismiss": left}),
        ));
    }
    let mut body = json!({"dismissed": take(&mut answer, "gone")});
    if left > 0 {
        put(&mut body, "more", json!(true));
    }
    Ok(runtime::json(&body))
}

/// What would be offered again, and what would be refused.
async fn preview(env: &Env, mut question: Value) -> Result<Offered, ParseError> {
    let mut offered = Offered::default();
    put(&mut question, "limit", MOST_LOOKED.into());
    for _ in 0..MOST_ROUNDS {
        let mut answer = ask(env, "/claim", &question).await?;
        offered.would += number(&answer, "n");
        offered.hear(&mut answer);
        if !offered.more {
            break;
        }
        put(&mut question, "after", offered.after.clone());
    }
    Ok(offered)
}

/// Goes on with what somebody began to offer again and did not end.
pub(crate) async fn resume(env: &Env) {
    let left = json!({"left": true});
    match offer(env, left, MOST_REPLAYS as usize).await {
        Ok(offered) if offered.sent.is_empty() && offered.unsent.is_empty() => {}
        Ok(offered) => console_warn!(
            "{} letters were claimed and had not been sent; {} are now",
            offered.sent.len() + offered.unsent.len(),
            offered.sent.len()
        ),
        Err(_) => console_warn!("the ledger did not say which letters are left"),
    }
}

/// What became of letters that were offered again.
#[derive(Default)]
pub(crate) struct Offered {
    pub(crate) sent: Vec<String>,
    /// What the queue refused.
    pub(crate) unsent: Vec<String>,
    /// What stays as it is, each with the code and the rule of it.
    pub(crate) refused: Vec<Value>,
    /// How many would be sent, where nothing is.
    would: i64,
    /// Of how many only a head is left, and how many somebody else is offering again.
    heads: i64,
    in_hand: i64,
    more: bool,
    /// Up to where they were looked at.
    after: Value,
}

impl Offered {
    /// What an answer of the ledger says of those that are not sent.
    fn hear(&mut self, answer: &mut Value) {
        self.refused.extend(take(answer, "refused"));
        self.heads += number(answer, "heads");
        self.in_hand += number(answer, "in_hand");
        self.more = answer.get("more").and_then(Value::as_bool) == Some(true);
        self.after = answer.get_mut("after").map(Value::take).unwrap_or_default();
    }
}

/// Offers letters again, a few at a time. Claimed first, so that nobody else has them; then durable in the queue; then
/// gone from the ledger. Interrupted in between, the same message is sent when the lease is over, or, where the queue had
/// taken it, the ledger learns of it with the report of whoever works it off.
pub(crate) async fn offer(
    env: &Env,
    mut question: Value,
    limit: usize,
) -> Result<Offered, ParseError> {
    let mut offered = Offered::default();
    for _ in 0..MOST_ROUNDS {
        put(&mut question, "limit", json!(limit - offered.sent.len()));
        let claimed = ask(env, "/claim", &question).await;
        let mut claimed = match claimed {
            Err(error) if offered.sent.is_empty() => return Err(error),
            Err(_) => break,
            Ok(claimed) => claimed,
        };
        offered.hear(&mut claimed);
        put(&mut question, "after", offered.after.clone());
        let mut reports = Vec::new();
        for letter in take(&mut claimed, "letters") {
            let id = member(&letter, "id").to_owned();
            let taken = offered.unsent.is_empty()
                && runtime::send(env, member(&letter, "message"), 0, Queue::Main)
                    .await
                    .is_ok();
            if taken {
                let round = u32::try_from(number(&letter, "round")).unwrap_or(0);
                reports.push(replayed(&id, round));
                offered.sent.push(id);
            } else {
                offered.unsent.push(id);
            }
        }
        report(env, &reports).await;
        if !offered.unsent.is_empty()
            && ask(env, "/release", &json!({"ids": offered.unsent}))
                .await
                .is_err()
        {
            console_warn!("letters that the queue refused stay claimed for a while");
        }
        if !offered.more || !offered.unsent.is_empty() || offered.sent.len() >= limit {
            break;
        }
    }
    Ok(offered)
}

/// Hands reports in, through the queue where the ledger is away.
async fn report(env: &Env, reports: &[Report]) {
    if reports.is_empty() {
        return;
    }
    let text = serde_json::to_string(reports).unwrap_or_default();
    if runtime::ledger(env, "/report", &text).await.is_ok() {
        return;
    }
    for report in reports {
        if runtime::send(env, &close_report(report), 0, Queue::Main)
            .await
            .is_err()
        {
            console_warn!("nobody took the word that {} was sent", report.id);
        }
    }
}

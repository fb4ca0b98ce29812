//! Dead letters are offered again.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::delivery::{Queue, replayed};
use edgetally_core::ledger::Report;
use edgetally_core::queue::envelope::close_report;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::{admit, ask, member, number, put, take, tell};
use crate::routes::Call;
use crate::runtime::{self, Env, Response, console_warn};

/// How many dead letters one call replays.
pub(crate) const MOST_REPLAYS: u32 = 100;

/// `POST /v1/dead-letters/replay` with `{"ids": [...]}` or `{"destination": "meta"}`.
pub(crate) async fn replay(call: &Call<'_>) -> Response {
    tell(again(call).await)
}

/// `POST /v1/dead-letters/dismiss` with the same: nobody is going to offer them again.
pub(crate) async fn dismiss(call: &Call<'_>) -> Response {
    tell(forget(call).await)
}

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

impl Wanted {
    async fn of(call: &Call<'_>) -> Result<Self, ParseError> {
        admit(call)?;
        let fault = || {
            ParseError::new(
                Code::RequestInvalid,
                "",
                "send {\"ids\": [...]} or {\"destination\": \"…\"}, and a \"limit\" up to 100",
            )
        };
        let body = runtime::body(call.request, 64 * 1024)
            .await
            .ok()
            .flatten()
            .ok_or_else(fault)?;
        let text = std::str::from_utf8(&body).map_err(|_| fault())?;
        let mut wanted: Self = serde_json::from_str(text).map_err(|_| fault())?;
        if wanted.ids.is_none() == wanted.destination.is_none() {
            return Err(fault());
        }
        wanted.limit = wanted.limit.clamp(1, MOST_REPLAYS);
        Ok(wanted)
    }

    fn question(&self) -> Value {
        json!({"ids": self.ids, "destination": self.destination, "limit": self.limit})
    }
}

async fn again(call: &Call<'_>) -> Result<String, ParseError> {
    let wanted = Wanted::of(call).await?;
    let offered = offer(&call.env, wanted.question(), wanted.limit as usize).await?;
    let mut body = json!({"replayed": offered.sent});
    if !offered.refused.is_empty() {
        put(&mut body, "refused_by_the_queue", json!(offered.refused));
    }
    if offered.more {
        put(&mut body, "more", json!(true));
    }
    Ok(runtime::json(&body))
}

async fn forget(call: &Call<'_>) -> Result<String, ParseError> {
    let wanted = Wanted::of(call).await?;
    let dismissed = ask(&call.env, "/dismiss", &wanted.question()).await?;
    let many = dismissed.as_array().map_or(0, Vec::len);
    let mut body = json!({"dismissed": dismissed});
    if many >= wanted.limit as usize {
        put(&mut body, "more", json!(true));
    }
    Ok(runtime::json(&body))
}

/// Goes on with what somebody began to offer again and did not end.
pub(crate) async fn resume(env: &Env) {
    let left = json!({"left": true});
    match offer(env, left, MOST_REPLAYS as usize).await {
        Ok(offered) if offered.sent.is_empty() && offered.refused.is_empty() => {}
        Ok(offered) => console_warn!(
            "{} letters were claimed and had not been sent; {} are now",
            offered.sent.len() + offered.refused.len(),
            offered.sent.len()
        ),
        Err(_) => console_warn!("the ledger did not say which letters are left"),
    }
}

/// What became of letters that were offered again.
pub(crate) struct Offered {
    pub(crate) sent: Vec<String>,
    pub(crate) refused: Vec<String>,
    more: bool,
}

/// Offers letters again, a few at a time. Claimed first, so that nobody else has them; then durable in the queue; then
/// gone from the ledger. Interrupted in between, the same message is sent when the lease is over, or, where the queue had
/// taken it, the ledger learns of it with the report of whoever works it off.
pub(crate) async fn offer(
    env: &Env,
    mut question: Value,
    limit: usize,
) -> Result<Offered, ParseError> {
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
                && runtime::send(env, member(&letter, "message"), 0, Queue::Main)
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
        report(env, &reports).await;
        if !offered.refused.is_empty()
            && ask(env, "/release", &json!({"ids": offered.refused}))
                .await
                .is_err()
        {
            console_warn!("letters that the queue refused stay claimed for a while");
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

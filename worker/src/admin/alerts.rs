//! Incidents, as operators read them, and a trial of what they are told by.

use edgetally_core::alerts::{Incident, trial};
use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::time::UnixMillis;
use serde_json::{Value, json};

use crate::admin::{admit, ask, member, number, take, tell};
use crate::alerts::send;
use crate::routes::Call;
use crate::runtime::{self, Response};
use crate::state;

/// `GET /v1/alerts`: the incidents that are open, and those of the last month.
pub(crate) async fn alerts(call: &Call<'_>) -> Response {
    tell(listed(call).await)
}

async fn listed(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let mut answer = ask(&call.env, "/incidents", &json!({})).await?;
    let incidents = take(&mut answer, "incidents").into_iter();
    let incidents = incidents.filter_map(|one| Some(Incident::read(one)?.shown()));
    let incidents: Vec<String> = incidents.collect();
    let settings = state::settings(&call.env).ok();
    let is_set = settings.is_some_and(|settings| settings.alerts.is_some());
    let mut last = Value::Null;
    if let Some(sent) = answer.get("sent").filter(|sent| sent.is_object()) {
        let at = UnixMillis(number(sent, "at")).to_rfc3339();
        last = outcome(&at, member(sent, "failure"));
    }
    let incidents = incidents.join(",");
    let more = answer.get("more").and_then(Value::as_bool) == Some(true);
    let last = runtime::json(&last);
    Ok(format!(
        r#"{{"configured":{is_set},"last_message":{last},"incidents":[{incidents}],"more":{more}}}"#
    ))
}

fn outcome(at: &str, failure: &str) -> Value {
    let failure = (!failure.is_empty()).then_some(failure);
    json!({"at": at, "taken": failure.is_none(), "failure": failure})
}

/// `POST /v1/alerts/test`: sends a message, so that a team sees that theirs arrive.
pub(crate) async fn test_alert(call: &Call<'_>) -> Response {
    tell(tried(call).await)
}

async fn tried(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let settings = state::settings(&call.env).map_err(|_| {
        ParseError::new(Code::SettingsInvalid, "", "/v1/health says what and where")
    })?;
    let rules = settings.alerts.as_ref().ok_or_else(|| {
        ParseError::new(
            Code::RequestInvalid,
            "",
            "the settings have no `alerts`, so nobody is told of anything",
        )
    })?;
    let now = runtime::now();
    let sent = send(settings, rules, &trial(rules, now)).await;
    let failure = sent.err().unwrap_or_default();
    Ok(runtime::json(&outcome(&now.to_rfc3339(), &failure)))
}

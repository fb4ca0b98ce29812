//! `POST /v1/consent/withdraw`: a server says that a visitor has withdrawn, or takes an event back.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::intake::auth::{self, Credentials};
use edgetally_core::intake::withdrawal::{MOST_BYTES, Withdrawal, answer, refusal};
use edgetally_core::intake::{Arrival, error_of, native};
use serde_json::Value;

use crate::intake::{replayed, signature_key, use_up};
use crate::routes::{self, Call};
use crate::runtime::{self, Response};
use crate::state;

/// Books a withdrawal, and answers when nothing that it is about can be sent any more.
pub(crate) async fn withdraw(call: &Call<'_>) -> Response {
    match book(call).await {
        Ok(text) => routes::json(200, text),
        Err(error) => routes::refuse(&error),
    }
}

async fn book(call: &Call<'_>) -> Result<String, ParseError> {
    let settings = state::settings(&call.env).map_err(|_| error_of(Code::SettingsInvalid))?;
    native::FORMAT.check_headers(&call.headers)?;
    let body = runtime::body(call.request, MOST_BYTES).await;
    let body = body
        .map_err(|_| error_of(Code::MalformedJson))?
        .filter(|body| body.len() <= MOST_BYTES)
        .ok_or_else(|| error_of(Code::BodyTooLarge))?;
    let arrival = Arrival {
        host: call.host,
        path: call.path,
        query: call.query,
        headers: call.headers,
        ..Arrival::of_body(&body, runtime::now())
    };
    let credentials = Credentials::of(&arrival);
    let caller = auth::recognise(settings, &credentials, &body, arrival.now).map_err(error_of)?;
    if caller.is_page() {
        return Err(error_of(Code::ServerOnly));
    }
    let source = caller.source;
    let signature = signature_key(settings, &caller);
    if let Some(signature) = signature
        && replayed(&call.env, signature, settings).await
    {
        return Err(error_of(Code::SignatureReplayed));
    }
    let withdrawal = Withdrawal::read(settings, source, &body)?;
    let question = runtime::json(&withdrawal.question(settings, source));
    let found = runtime::ledger(&call.env, "/withdraw", &question).await;
    let found = found.map_err(|_| error_of(Code::LedgerUnavailable))?;
    let found: Value = serde_json::from_str(&found).unwrap_or_default();
    if found.get("at").is_none() {
        return Err(refusal(&found));
    }
    if let Some(signature) = signature {
        use_up(call, settings, signature);
    }
    // Whoever was told what was withdrawn shortly before may still go by that.
    let wait = found.get("wait").and_then(Value::as_u64);
    if let Some(wait) = wait.filter(|wait| *wait > 0) {
        runtime::sleep(u32::try_from(wait).unwrap_or(u32::MAX)).await;
    }
    Ok(answer(settings, source, &found))
}

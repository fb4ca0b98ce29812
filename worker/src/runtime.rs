//! The runtime as functions: each call is one crossing into `runtime/runtime.js`.

use worker::js_sys;
use worker::wasm_bindgen::prelude::*;
use worker::{Env, web_sys};

#[wasm_bindgen(module = "/src/runtime/runtime.js")]
extern "C" {
    fn describe(request: &web_sys::Request) -> String;
    #[wasm_bindgen(catch, js_name = body)]
    async fn body_of(request: &web_sys::Request, most: u32) -> Result<JsValue, JsValue>;
    fn answer(status: u16, text: &str, extra: &str) -> web_sys::Response;
    #[wasm_bindgen(js_name = settings)]
    fn settings_of(env: &JsValue) -> String;
    #[wasm_bindgen(js_name = secret)]
    fn secret_of(env: &JsValue, name: &str) -> Option<String>;
    #[wasm_bindgen(js_name = bindings)]
    fn bindings_of(env: &JsValue, names: &str) -> String;
    #[wasm_bindgen(catch, js_name = claimed)]
    async fn claimed_of(env: &JsValue, keys: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = claim)]
    async fn claim_of(env: &JsValue, keys: &str, texts: &str, ttl: f64) -> Result<(), JsValue>;
    #[wasm_bindgen(catch, js_name = limited)]
    async fn limited_by(env: &JsValue, binding: &str, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = send)]
    async fn send_to(env: &JsValue, queue: &str, text: &str, delay: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(catch, js_name = sendAll)]
    async fn send_all_to(env: &JsValue, texts: Vec<String>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = sendMany)]
    async fn send_many_to(
        env: &JsValue,
        queue: &str,
        texts: Vec<String>,
        delays: Vec<u32>,
        parts: Vec<u32>,
    ) -> JsValue;
    #[wasm_bindgen(js_name = deliveries)]
    fn deliveries_of(batch: &JsValue) -> Vec<u32>;
    #[wasm_bindgen(js_name = exchange)]
    async fn exchange_with(
        method: &str,
        url: &str,
        headers: &str,
        body: js_sys::Uint8Array,
        timeout: u32,
        most: u32,
        key: &str,
        message: &str,
    ) -> JsValue;
    #[wasm_bindgen(catch, js_name = ledger)]
    async fn ledger_of(env: &JsValue, path: &str, text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = rows)]
    fn rows_of(storage: &JsValue, query: &str, parameters: &str) -> Result<String, JsValue>;
    #[wasm_bindgen(catch, js_name = transaction)]
    fn transaction_of(storage: &JsValue, work: &mut dyn FnMut() -> bool) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = random)]
    fn random_text() -> String;
    #[wasm_bindgen(js_name = now)]
    fn now_ms() -> f64;
}

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Flight, Road};
use edgetally_core::exchange::http::{Failure, Reply};

/// Something of the runtime that did not work. What it said is not kept: it could hold what was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unavailable;

impl From<JsValue> for Unavailable {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// A request's first lines, in the order of `HEADERS` in `runtime/runtime.js`.
#[derive(Debug)]
pub(crate) struct Described(String);

#[derive(Debug, Clone, Copy)]
#[repr(usize)]
pub(crate) enum Field {
    Method,
    Url,
    Country,
    Region,
    Key,
    Origin,
    Authorization,
    WebhookId,
    WebhookTimestamp,
    WebhookSignature,
    ContentType,
    ContentEncoding,
    ContentLength,
    UserAgent,
    Referer,
    Cookie,
    SecGpc,
    Ip,
}

/// The fields of a request by place.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Vec<&'a str>);

impl Described {
    pub(crate) fn new(request: &web_sys::Request) -> Self {
        Self(describe(request))
    }

    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields(self.0.split('\n').collect())
    }
}

impl<'a> Fields<'a> {
    /// A field that is there and not empty.
    pub(crate) fn get(&self, field: Field) -> Option<&'a str> {
        self.0
            .get(field as usize)
            .copied()
            .filter(|text| !text.is_empty())
    }
}

/// The body of a request, or nothing when it is longer than `most`.
pub(crate) async fn body(
    request: &web_sys::Request,
    most: usize,
) -> Result<Option<Vec<u8>>, Unavailable> {
    let value = body_of(request, u32::try_from(most).unwrap_or(u32::MAX)).await?;
    Ok(value
        .dyn_into::<js_sys::Uint8Array>()
        .ok()
        .map(|bytes| bytes.to_vec()))
}

/// An answer of JSON with further headers, names and values in turn.
pub(crate) fn respond(status: u16, text: &str, headers: &[&str]) -> web_sys::Response {
    answer(status, text, &headers.join("\n"))
}

pub(crate) fn settings(env: &Env) -> String {
    settings_of(env)
}

pub(crate) fn secret(env: &Env, name: &str) -> Option<String> {
    secret_of(env, name)
}

/// Whether each of the named bindings is there.
pub(crate) fn bindings(env: &Env, names: &[&str]) -> Vec<bool> {
    bindings_of(env, &names.join(","))
        .bytes()
        .map(|byte| byte == b'1')
        .collect()
}

/// What the store holds under keys, in their order.
pub(crate) async fn claimed(
    env: &Env,
    keys: &[String],
) -> Result<Vec<Option<String>>, Unavailable> {
    let found = claimed_of(env, &keys.join(",")).await?;
    Ok(found
        .as_string()
        .unwrap_or_default()
        .split('\n')
        .map(|line| line.strip_prefix('=').map(str::to_owned))
        .collect())
}

/// Puts claims under their keys.
pub(crate) async fn claim(
    env: &Env,
    claims: &[(String, String)],
    ttl_seconds: i64,
) -> Result<(), Unavailable> {
    if claims.is_empty() {
        return Ok(());
    }
    let (keys, texts): (Vec<&str>, Vec<&str>) = claims
        .iter()
        .map(|(key, text)| (key.as_str(), text.as_str()))
        .unzip();
    #[expect(clippy::cast_precision_loss, reason = "a few months in seconds")]
    claim_of(env, &keys.join(","), &texts.join("\n"), ttl_seconds as f64).await?;
    Ok(())
}

/// Whether a sender has used up what a rate limiting binding allows. A binding that is not there or fails limits nobody.
pub(crate) async fn limited(env: &Env, binding: &str, sender: &str) -> bool {
    let limited = limited_by(env, binding, sender).await;
    limited.is_ok_and(|limited| limited.as_bool() == Some(true))
}

/// Makes messages durable, one after the other; gives how many are.
pub(crate) async fn send_all(env: &Env, messages: &[String]) -> usize {
    match messages {
        [] => 0,
        [message] => usize::from(send_to(env, queue(Road::Main), message, 0).await.is_ok()),
        many => {
            let sent = send_all_to(env, many.to_vec()).await;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of messages"
            )]
            sent.map_or(0, |sent| sent.as_f64().unwrap_or_default() as usize)
        }
    }
}

pub(crate) async fn send(
    env: &Env,
    message: &str,
    delay_seconds: u32,
    road: Road,
) -> Result<(), Unavailable> {
    send_to(env, queue(road), message, delay_seconds).await?;
    Ok(())
}

/// Makes messages durable, each with its delay; neighbours that are of the same place all or none. Gives whether each was
/// taken, and how many calls it took.
pub(crate) async fn send_many(
    env: &Env,
    messages: &[(&str, u32)],
    places: &[usize],
    road: Road,
) -> (Vec<bool>, u32) {
    if messages.is_empty() {
        return (Vec::new(), 0);
    }
    let texts = messages.iter().map(|(text, _)| (*text).to_owned());
    let delays = messages.iter().map(|(_, delay)| *delay);
    let parts = places
        .iter()
        .map(|place| u32::try_from(*place).unwrap_or(u32::MAX));
    let value = send_many_to(
        env,
        queue(road),
        texts.collect(),
        delays.collect(),
        parts.collect(),
    )
    .await;
    let text = value.as_string().unwrap_or_default();
    let (calls, taken) = text.split_once(':').unwrap_or_default();
    let mut taken: Vec<bool> = taken.bytes().map(|byte| byte == b'1').collect();
    taken.resize(messages.len(), false);
    (taken, calls.parse().unwrap_or(0))
}

/// How often the queue has handed over each message of a batch.
pub(crate) fn deliveries(batch: &JsValue) -> Vec<u32> {
    deliveries_of(batch)
}

/// The binding of a queue.
const fn queue(road: Road) -> &'static str {
    match road {
        Road::Main => "EVENTS",
        Road::Slow => "SLOW",
    }
}

/// Sends a request to a platform.
pub(crate) async fn exchange(flight: &Flight) -> Result<Reply, Failure> {
    let request = &flight.request;
    let (key, message) = flight.signing.as_ref().map_or(("", ""), |signing| {
        (signing.key.expose(), signing.message.as_str())
    });
    let mut headers = String::new();
    for (name, value) in request.headers() {
        if !headers.is_empty() {
            headers.push('\n');
        }
        headers.push_str(name.as_str());
        headers.push_str(": ");
        headers.push_str(value.to_str().unwrap_or_default());
    }
    let body = js_sys::Uint8Array::from(request.body().as_slice());
    let most = u32::try_from(Reply::MOST_BYTES).unwrap_or(u32::MAX);
    let value = exchange_with(
        request.method().as_str(),
        &flight.address,
        &headers,
        body,
        flight.timeout_ms,
        most,
        key,
        message,
    )
    .await;
    let Some(parts) = value.dyn_ref::<js_sys::Array>() else {
        return Err(match value.as_string().as_deref() {
            Some("timeout") => Failure::Timeout,
            Some("unsigned") => Failure::Unsigned,
            _ => Failure::Connection,
        });
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an HTTP status"
    )]
    let status = parts.get(0).as_f64().unwrap_or_default() as u16;
    let retry_after = parts
        .get(1)
        .as_string()
        .and_then(|text| Reply::parse_retry_after(&text, now()));
    let body = parts
        .get(2)
        .dyn_into::<js_sys::Uint8Array>()
        .map(|bytes| bytes.to_vec())
        .unwrap_or_default();
    Ok(Reply {
        status,
        retry_after,
        body,
    })
}

/// Asks the ledger.
pub(crate) async fn ledger(env: &Env, path: &str, text: &str) -> Result<String, Unavailable> {
    ledger_of(env, path, text)
        .await?
        .as_string()
        .ok_or(Unavailable)
}

/// A value as text. Its own `to_string` can be pretty as well, which nobody needs here.
pub(crate) fn json(value: &serde_json::Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Runs a query; its rows as JSON objects.
pub(crate) fn rows(
    storage: &JsValue,
    query: &str,
    parameters: &serde_json::Value,
) -> Result<String, Unavailable> {
    Ok(rows_of(storage, query, &json(parameters))?)
}

/// Does the work in one transaction, and undoes it where it says that it failed.
pub(crate) fn transaction(
    storage: &JsValue,
    mut work: &mut dyn FnMut() -> bool,
) -> Result<(), Unavailable> {
    Ok(transaction_of(storage, &mut work)?)
}

pub(crate) fn random() -> String {
    random_text()
}

pub(crate) fn now() -> UnixMillis {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 fit for a long time"
    )]
    UnixMillis(now_ms() as i64)
}

//! Requests that come in and go out.

use edgetally_core::delivery::Flight;
use edgetally_core::exchange::http::{Failure, Reply};
use worker::wasm_bindgen::prelude::*;
use worker::{js_sys, web_sys};

use crate::runtime::Unavailable;

use crate::runtime::now;

#[wasm_bindgen(module = "/src/runtime/http.js")]
extern "C" {
    fn describe(request: &web_sys::Request) -> String;
    #[wasm_bindgen(catch, js_name = body)]
    async fn body_of(request: &web_sys::Request, most: u32) -> Result<JsValue, JsValue>;
    fn answer(status: u16, text: &str, extra: &str) -> web_sys::Response;
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
}

/// A request's first lines, in the order of `HEADERS` in `http.js`.
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

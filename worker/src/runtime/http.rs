//! Requests that come in and go out.

use edgetally_core::delivery::OutgoingRequest;
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::intake::{self, Header, Headers};
use worker::js_sys;
use worker::wasm_bindgen::prelude::*;
pub(crate) use worker::web_sys::{Request, Response};

use crate::runtime::task::wait;
use crate::runtime::{Unavailable, now};

#[wasm_bindgen(module = "/src/runtime/http.js")]
extern "C" {
    fn listen(names: &str);
    fn describe(request: &Request) -> String;
    fn further(request: &Request, names: &str) -> String;
    #[wasm_bindgen(js_name = body)]
    fn body_of(request: &Request, most: u32) -> js_sys::Promise;
    #[wasm_bindgen(js_name = inflated)]
    fn inflated_of(request: &Request, most: u32) -> js_sys::Promise;
    fn answer(status: u16, media: &str, body: &[u8], extra: &str) -> Response;
    #[wasm_bindgen(js_name = exchange)]
    fn exchange_with(
        method: &str,
        url: &str,
        headers: &str,
        body: js_sys::Uint8Array,
        timeout: u32,
        most: u32,
        key: &str,
        message: &str,
    ) -> js_sys::Promise;
    #[wasm_bindgen(js_name = verified)]
    fn verified_with(n: &str, e: &str, text: &str, signature: &str) -> js_sys::Promise;
}

/// Says which headers are brought along with every request. Once, before the first one.
pub(super) fn start() {
    listen(&Header::NAMES.join("\n"));
}

/// A request as one text, see `describe` in `http.js`.
#[derive(Debug)]
pub(crate) struct Described(String);

/// Its lines: method, address, country, region, and then the values of [`Header::NAMES`].
#[derive(Debug)]
pub(crate) struct Lines<'a>(Vec<&'a str>);

impl Described {
    pub(crate) fn new(request: &Request) -> Self {
        Self(describe(request))
    }

    pub(crate) fn lines(&self) -> Lines<'_> {
        Lines(self.0.split('\n').collect())
    }
}

impl<'a> Lines<'a> {
    fn line(&self, place: usize) -> Option<&'a str> {
        self.0.get(place).copied().filter(|line| !line.is_empty())
    }

    pub(crate) fn method(&self) -> &'a str {
        self.line(0).unwrap_or_default()
    }

    pub(crate) fn url(&self) -> &'a str {
        self.line(1).unwrap_or_default()
    }

    pub(crate) fn country(&self) -> Option<&'a str> {
        self.line(2)
    }

    pub(crate) fn region(&self) -> Option<&'a str> {
        self.line(3)
    }

    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers::new(self.0.get(4..).unwrap_or_default())
    }
}

/// Headers beside [`Header::NAMES`], one line each.
pub(crate) fn headers(request: &Request, names: &[&str]) -> String {
    further(request, &names.join("\n"))
}

/// The body of a request, or nothing when it is longer than `most`.
pub(crate) async fn body(request: &Request, most: usize) -> Result<Option<Vec<u8>>, Unavailable> {
    bytes_of(body_of(request, u32::try_from(most).unwrap_or(u32::MAX))).await
}

/// The same, inflated where it is compressed.
pub(crate) async fn inflated(
    request: &Request,
    most: usize,
) -> Result<Option<Vec<u8>>, Unavailable> {
    bytes_of(inflated_of(
        request,
        u32::try_from(most).unwrap_or(u32::MAX),
    ))
    .await
}

async fn bytes_of(read: js_sys::Promise) -> Result<Option<Vec<u8>>, Unavailable> {
    let value = wait(read).await?;
    Ok(value
        .dyn_into::<js_sys::Uint8Array>()
        .ok()
        .map(|bytes| bytes.to_vec()))
}

/// An answer with further headers, names and values in turn.
pub(crate) fn respond(response: &intake::Response, further: &[&str]) -> Response {
    let own = response.headers.iter();
    let own = own.flat_map(|(name, value)| [*name, value.as_ref()]);
    let headers: Vec<&str> = own.chain(further.iter().copied()).collect();
    answer(
        response.status,
        response.media,
        &response.body,
        &headers.join("\n"),
    )
}

/// Whether a signature is that of a text by RSASSA-PKCS1-v1_5 with SHA-256, all in base64url: the runtime's own cryptography.
pub(crate) async fn verified(n: &str, e: &str, text: &str, signature: &str) -> bool {
    let verified = wait(verified_with(n, e, text, signature)).await;
    verified.is_ok_and(|verified| verified.as_bool() == Some(true))
}

/// Sends a request to a platform.
pub(crate) async fn exchange(outgoing: &OutgoingRequest) -> Result<Reply, Failure> {
    let request = &outgoing.request;
    let (key, message) = outgoing.signing.as_ref().map_or(("", ""), |signing| {
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
    let reply = exchange_with(
        request.method().as_str(),
        &outgoing.address,
        &headers,
        body,
        outgoing.timeout_ms,
        most,
        key,
        message,
    );
    // It never rejects.
    let value = wait(reply).await.unwrap_or_default();
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

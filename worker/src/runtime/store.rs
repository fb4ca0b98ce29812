//! The store that all isolates share, which is KV; and a bucket, which is R2.

use worker::js_sys::Promise;
use worker::wasm_bindgen::prelude::*;
use worker::{Context, Env};

use crate::runtime::Unavailable;
use crate::runtime::task::wait;

#[wasm_bindgen(module = "/src/runtime/store.js", js_sys = ::worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = claimed)]
    fn claimed_of(env: &JsValue, keys: &str) -> Promise;
    #[wasm_bindgen(js_name = claim)]
    fn claim_of(env: &JsValue, keys: &str, texts: &str, ttl: f64) -> Promise;
    #[wasm_bindgen(js_name = mark)]
    fn mark_of(context: &JsValue, env: &JsValue, keys: &str, texts: &str, ttl: f64);
    #[wasm_bindgen(js_name = put)]
    fn put_of(env: &JsValue, bucket: &str, key: &str, text: &str) -> Promise;
}

/// Puts lines of JSON into a bucket.
pub(crate) async fn put(env: &Env, bucket: &str, key: &str, text: &str) -> Result<(), Unavailable> {
    wait(put_of(env, bucket, key, text)).await?;
    Ok(())
}

/// What the store holds under keys, in their order.
pub(crate) async fn claimed(
    env: &Env,
    keys: &[String],
) -> Result<Vec<Option<String>>, Unavailable> {
    let found = wait(claimed_of(env, &keys.join(","))).await?;
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
    if !claims.is_empty() {
        let (keys, texts) = lines(claims);
        wait(claim_of(env, &keys, &texts, seconds(ttl_seconds))).await?;
    }
    Ok(())
}

/// The same after the answer, which waits for nothing then.
pub(crate) fn mark(context: &Context, env: &Env, claims: &[(String, String)], ttl_seconds: i64) {
    if !claims.is_empty() {
        let (keys, texts) = lines(claims);
        mark_of(context.as_ref(), env, &keys, &texts, seconds(ttl_seconds));
    }
}

/// Keys between commas, and their texts between line feeds.
fn lines(claims: &[(String, String)]) -> (String, String) {
    let (keys, texts): (Vec<&str>, Vec<&str>) = claims
        .iter()
        .map(|(key, text)| (key.as_str(), text.as_str()))
        .unzip();
    (keys.join(","), texts.join("\n"))
}

#[expect(clippy::cast_precision_loss, reason = "a few months in seconds")]
const fn seconds(ttl: i64) -> f64 {
    ttl as f64
}

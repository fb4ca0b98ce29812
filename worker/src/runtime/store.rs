//! The store that all isolates share, which is KV.

use worker::Env;
use worker::wasm_bindgen::prelude::*;

use crate::runtime::Unavailable;

#[wasm_bindgen(module = "/src/runtime/store.js", js_sys = ::worker::js_sys)]
extern "C" {
    #[wasm_bindgen(catch, js_name = claimed)]
    async fn claimed_of(env: &JsValue, keys: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = claim)]
    async fn claim_of(env: &JsValue, keys: &str, texts: &str, ttl: f64) -> Result<(), JsValue>;
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

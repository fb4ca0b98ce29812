//! What the worker was deployed with, the clock and chance.

use edgetally_core::base::time::UnixMillis;
use worker::Env;
use worker::js_sys::Promise;
use worker::wasm_bindgen::prelude::*;

use crate::runtime::task::wait;

#[wasm_bindgen(module = "/src/runtime/environment.js", js_sys = ::worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = settings)]
    fn settings_of(env: &JsValue) -> String;
    #[wasm_bindgen(js_name = secret)]
    fn secret_of(env: &JsValue, name: &str) -> Option<String>;
    #[wasm_bindgen(js_name = version)]
    fn version_of(env: &JsValue) -> String;
    #[wasm_bindgen(js_name = bindings)]
    fn bindings_of(env: &JsValue, names: &str) -> String;
    #[wasm_bindgen(js_name = limited)]
    fn limited_by(env: &JsValue, binding: &str, key: &str) -> Promise;
    #[wasm_bindgen(js_name = sleep)]
    fn sleep_for(milliseconds: u32) -> Promise;
    #[wasm_bindgen(js_name = random)]
    fn random_text() -> String;
    #[wasm_bindgen(js_name = randomKey)]
    fn random_key_text() -> String;
    #[wasm_bindgen(js_name = now)]
    fn now_ms() -> f64;
}

pub(crate) fn settings(env: &Env) -> String {
    settings_of(env)
}

pub(crate) fn secret(env: &Env, name: &str) -> Option<String> {
    secret_of(env, name)
}

/// The version of the worker that runs, or empty where it is not known.
pub(crate) fn version(env: &Env) -> String {
    version_of(env)
}

/// Whether each of the named bindings is there.
pub(crate) fn bindings(env: &Env, names: &[&str]) -> Vec<bool> {
    bindings_of(env, &names.join(","))
        .bytes()
        .map(|byte| byte == b'1')
        .collect()
}

/// Whether a sender has used up what a rate limiting binding allows. A binding that is not there or fails limits nobody.
pub(crate) async fn limited(env: &Env, binding: &str, sender: &str) -> bool {
    let limited = wait(limited_by(env, binding, sender)).await;
    limited.is_ok_and(|limited| limited.as_bool() == Some(true))
}

/// Waits.
pub(crate) async fn sleep(milliseconds: u32) {
    // It never rejects.
    let _ = wait(sleep_for(milliseconds)).await;
}

pub(crate) fn random() -> String {
    random_text()
}

/// A new key of 256 bits, as digits.
pub(crate) fn random_key() -> String {
    random_key_text()
}

pub(crate) fn now() -> UnixMillis {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 fit for a long time"
    )]
    UnixMillis(now_ms() as i64)
}

//! The objects that keep the ledger and the claims, and their databases.

use worker::Env;
use worker::js_sys::Promise;
use worker::wasm_bindgen::prelude::*;

use crate::runtime::Unavailable;
use crate::runtime::task::wait;

#[wasm_bindgen(module = "/src/runtime/sql.js", js_sys = ::worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = ledger)]
    fn ledger_of(env: &JsValue, path: &str, text: &str) -> Promise;
    #[wasm_bindgen(js_name = askClaims)]
    fn ask_claims_of(env: &JsValue, name: &str, text: &str) -> Promise;
    #[wasm_bindgen(catch, js_name = written)]
    fn written_by(storage: &JsValue, query: &str, parameters: &str) -> Result<u32, JsValue>;
    #[wasm_bindgen(catch, js_name = rows)]
    fn rows_of(storage: &JsValue, query: &str, parameters: &str) -> Result<String, JsValue>;
    #[wasm_bindgen(catch, js_name = lists)]
    fn lists_of(storage: &JsValue, query: &str, parameters: &str) -> Result<String, JsValue>;
    #[wasm_bindgen(catch, js_name = size)]
    fn size_of(storage: &JsValue) -> Result<f64, JsValue>;
    #[wasm_bindgen(catch, js_name = transaction)]
    fn transaction_of(storage: &JsValue, work: &mut dyn FnMut() -> bool) -> Result<(), JsValue>;
}

/// Asks the ledger.
pub(crate) async fn ledger(env: &Env, path: &str, text: &str) -> Result<String, Unavailable> {
    wait(ledger_of(env, path, text))
        .await?
        .as_string()
        .ok_or(Unavailable)
}

/// Asks an object that keeps claims, by its name.
pub(crate) async fn ask_claims(env: &Env, name: &str, text: &str) -> Result<String, Unavailable> {
    wait(ask_claims_of(env, name, text))
        .await?
        .as_string()
        .ok_or(Unavailable)
}

/// Runs a query that writes; how many rows that took, as they are billed.
pub(crate) fn written(
    storage: &JsValue,
    query: &str,
    parameters: &serde_json::Value,
) -> Result<u32, Unavailable> {
    Ok(written_by(storage, query, &json(parameters))?)
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

/// The same, its rows as JSON lists.
pub(crate) fn lists(
    storage: &JsValue,
    query: &str,
    parameters: &serde_json::Value,
) -> Result<String, Unavailable> {
    Ok(lists_of(storage, query, &json(parameters))?)
}

/// How many bytes of the database are in use.
pub(crate) fn size(storage: &JsValue) -> Result<f64, Unavailable> {
    Ok(size_of(storage)?)
}

/// Does the work in one transaction, and undoes it where it says that it failed.
pub(crate) fn transaction(
    storage: &JsValue,
    mut work: &mut dyn FnMut() -> bool,
) -> Result<(), Unavailable> {
    Ok(transaction_of(storage, &mut work)?)
}

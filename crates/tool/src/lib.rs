//! The core for whoever runs Node: settings checked, identifiers hashed, events explained, without Rust on the machine.
//!
//! Texts and JSON in, JSON out. Nothing here reads a file, asks a network or knows the time: `now` is an argument. And nothing
//! computes for itself what the worker computes: each function leads the same code of `edgetally-core` over the same road.

mod check;
mod config;
mod explain;
mod fault;
mod hash;
mod page;

use edgetally_core::base::time::UnixMillis;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::fault::told;

/// Milliseconds since 1970 as JavaScript has them, within what its dates can be; what is no number is 0.
#[expect(clippy::cast_possible_truncation, reason = "within 2^53")]
fn millis(now: f64) -> UnixMillis {
    const MOST: f64 = 8.64e15;
    UnixMillis(now.clamp(-MOST, MOST) as i64)
}

/// What is wrong with a `wrangler.toml`, and which secrets it needs: `{said, warnings, errors, secrets}`.
#[wasm_bindgen]
pub fn check(configuration: &str, now: f64) -> String {
    check::answer(configuration, millis(now)).to_string()
}

/// What becomes of an event, or of a list of them, and the requests that it leads to: `{status, signature_assumed,
/// result, events, destinations}`. An `event_token` is taken for right, since the secret behind it is not in the settings.
/// `sender` is JSON: `{source?, as?, country?, region?, gpc?, ip?, user_agent?, referer?, cookies?, now_ms}`.
#[wasm_bindgen]
pub fn explain(configuration: &str, event: &str, sender: &str) -> String {
    told(explain::answer(configuration, event, sender))
}

/// What was said about consent, in words, as `POST /v1/consent/explain` tells it. Without a configuration, for every platform
/// as it is without further settings.
#[wasm_bindgen]
pub fn explain_consent(configuration: &str, question: &str, now: f64) -> String {
    told(explain::consent(configuration, question, now))
}

/// Identifiers as every platform wants them. `question` is JSON: `{kind, value, country?, show?}`, or a list of those; the
/// normalised text is told with `show` only, since it is personal data.
#[wasm_bindgen]
pub fn hash(question: &str) -> String {
    told(hash::answer(question))
}

/// For each source that has pages, what their script is made of: `[{source, key, required, by_region, consent, pixels, categories,
/// hold_ms, cookies, page_views, maps}]`.
#[wasm_bindgen]
pub fn page(configuration: &str) -> String {
    told(page::pages(configuration))
}

/// The sources, who sends for them, and their destinations: `[{source, page, server, key, origins, secret, test,
/// destinations}]`. `secret` is the name of one.
#[wasm_bindgen]
pub fn sources(configuration: &str) -> String {
    told(page::sources(configuration))
}

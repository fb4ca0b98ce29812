//! The few calls of the runtime that the worker makes, each one crossing into the JavaScript beside its Rust file.
//!
//! A crossing costs about as much as hashing an address, so a request's headers come over in one string. Nothing here
//! decides anything: texts and bytes go through.

mod environment;
mod http;
mod queue;
mod sql;
mod store;
mod task;

use worker::wasm_bindgen::JsValue;
pub(crate) use worker::{Context, Env, console_error, console_warn};

pub(crate) use self::environment::{
    bindings, limited, now, random, random_key, secret, settings, sleep, version,
};
pub(crate) use self::http::{
    Described, Request, Response, body, exchange, headers, inflated, respond, verified,
};
pub(crate) use self::queue::{Batch, send, send_all, send_many};
pub(crate) use self::sql::{ask_claims, json, ledger, lists, rows, size, transaction, written};
pub(crate) use self::store::{claim, claimed, mark, put};
pub(crate) use self::task::run;

/// Something of the runtime that did not work. What it said is not kept: it could hold what was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unavailable;

impl From<JsValue> for Unavailable {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// Once for each instance, before anything else.
pub(crate) fn start() {
    http::start();
    task::start();
}

//! The few calls of the runtime that the worker makes, each one crossing into the JavaScript beside its Rust file.
//!
//! A crossing costs about as much as hashing an address, so a request's headers come over in one string. Nothing here
//! decides anything: texts and bytes go through.

mod environment;
mod http;
mod queue;
mod sql;
mod store;

use worker::wasm_bindgen::JsValue;

pub(crate) use environment::*;
pub(crate) use http::*;
pub(crate) use queue::*;
pub(crate) use sql::*;
pub(crate) use store::*;

/// Something of the runtime that did not work. What it said is not kept: it could hold what was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unavailable;

impl From<JsValue> for Unavailable {
    fn from(_: JsValue) -> Self {
        Self
    }
}

//! edgetally at the edge: entry points and routes. The only place with I/O, and it decides nothing.

mod admin;
mod consumer;
mod exchange;
mod intake;
mod objects;
mod poller;
mod runtime;
mod state;

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::intake::{error_of, refusal};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, Result, event, web_sys};

use runtime::{Described, Field, respond};

#[event(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| {
        // The place only: a message could hold what was being worked on.
        let place = info
            .location()
            .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        worker::console_error!("panic at {place}");
    }));
}

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> Result<web_sys::Response> {
    let described = Described::new(&request);
    let fields = described.fields();
    let method = fields.get(Field::Method).unwrap_or_default();
    let url = fields.get(Field::Url).unwrap_or_default();
    let (path, query) = split(url);
    Ok(match (method, path) {
        ("POST", "/v1/events") => intake::events(&request, &fields, query, env, &context).await,
        ("OPTIONS", "/v1/events") => intake::preflight(&env, &fields),
        ("GET" | "HEAD", "/v1/health") => admin::health(&env),
        ("GET", "/v1/ledger" | "/v1/recent" | "/v1/dead-letters") => {
            admin::read(&env, &fields, path, query).await
        }
        ("POST", "/v1/dead-letters/replay") => admin::replay(&request, &fields, env).await,
        (
            _,
            "/v1/events"
            | "/v1/health"
            | "/v1/ledger"
            | "/v1/recent"
            | "/v1/dead-letters"
            | "/v1/dead-letters/replay",
        ) => {
            let allow = match path {
                "/v1/events" => "POST, OPTIONS",
                "/v1/dead-letters/replay" => "POST",
                _ => "GET",
            };
            refuse(&error_of(Code::MethodNotAllowed), &["allow", allow])
        }
        _ => refuse(&error_of(Code::NotFound), &[]),
    })
}

/// What `#[event(queue)]` would make, which does not say how often a message was handed over.
#[wasm_bindgen(
    wasm_bindgen = ::worker::wasm_bindgen,
    wasm_bindgen_futures = ::worker::wasm_bindgen_futures,
    js_sys = ::worker::js_sys
)]
pub async fn queue(
    batch: worker::worker_sys::MessageBatch,
    env: Env,
    _context: worker::worker_sys::Context,
) {
    let deliveries = runtime::deliveries(&batch);
    // An error here would take the whole instance down with it; every message is settled in there.
    consumer::consume(&worker::MessageBatch::from(batch), &deliveries, env).await;
}

#[event(scheduled)]
async fn scheduled(_event: worker::ScheduledEvent, env: Env, _context: worker::ScheduleContext) {
    poller::ask(&env).await;
    admin::resume(&env).await;
}

/// Path and query of an absolute address.
fn split(url: &str) -> (&str, &str) {
    let after = url
        .find("://")
        .and_then(|at| url.get(at + 3..))
        .unwrap_or(url);
    let path = after
        .find('/')
        .and_then(|at| after.get(at..))
        .unwrap_or("/");
    let path = path.split('#').next().unwrap_or(path);
    path.split_once('?').unwrap_or((path, ""))
}

/// A refusal of the whole request.
fn refuse(error: &ParseError, headers: &[&str]) -> web_sys::Response {
    respond(error.code.status(), &refusal(error), headers)
}

//! edgetally at the edge: the entry points. The only place with I/O, and it decides nothing.

mod admin;
mod alerts;
mod claiming;
mod consumer;
mod dashboard;
mod exchange;
mod exporter;
mod intake;
mod objects;
mod poller;
mod reporter;
mod routes;
mod runtime;
mod state;
mod withdrawal;

use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, event, web_sys};

#[event(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| {
        // The place only: a message could hold what was being worked on.
        let place = info
            .location()
            .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        worker::console_error!("panic at {place}");
    }));
    runtime::start();
}

/// What `#[event(fetch)]` would make, but for who waits: see `runtime::run`.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, js_sys = ::worker::js_sys)]
pub fn fetch(request: web_sys::Request, env: Env, context: worker::worker_sys::Context) -> JsValue {
    runtime::run(async move {
        let context = Context::new(context);
        routes::answer(&request, env, &context).await.into()
    })
}

/// What `#[event(queue)]` would make, which does not say how often a message was handed over.
#[wasm_bindgen(
    wasm_bindgen = ::worker::wasm_bindgen,
    wasm_bindgen_futures = ::worker::wasm_bindgen_futures,
    js_sys = ::worker::js_sys
)]
pub async fn queue(batch: JsValue, env: Env, _context: worker::worker_sys::Context) {
    // An error here would take the whole instance down with it; every message is settled in there.
    consumer::consume(&runtime::Batch::new(batch), env).await;
}

#[event(scheduled)]
async fn scheduled(_event: worker::ScheduledEvent, env: Env, _context: worker::ScheduleContext) {
    poller::ask(&env).await;
    admin::resume(&env).await;
    exporter::export(&env).await;
    reporter::visit(&env).await;
    // Last: whatever it meets, the others have been done.
    alerts::watch(&env).await;
}

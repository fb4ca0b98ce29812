//! The ledger: one object with a database, which applies each report once, and whole or not at all.
//!
//! Between its awaits a handler is alone, and what it writes is one transaction.

mod applying;
mod choosing;
mod counting;
mod daily;
mod database;
mod exporting;
mod finding;
mod forgetting;
mod leases;
mod overview;
mod querying;
mod reading;
mod receipts;
mod reported;
mod schema;
mod tidying;
mod watching;
mod withdrawing;

use std::cell::{Cell, RefCell};

use serde_json::json;
use worker::wasm_bindgen::JsValue;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::runtime::{self, Unavailable, console_error};

/// How often the ledger tidies up.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// How many pieces of what is forgotten go with one alarm, and when the next one is where more is left.
const MOST_PIECES: u32 = 50;
const SOON: std::time::Duration = std::time::Duration::from_secs(10);

/// The object.
#[durable_object]
pub struct Ledger {
    state: State,
    storage: JsValue,
    env: Env,
    /// Whether the tables are there.
    ready: Cell<bool>,
    /// Whether all that is kept says what a withdrawal finds it by.
    complete: Cell<bool>,
    /// Whether nothing is left of the receipts that are forgotten.
    shed: Cell<bool>,
    /// Sums that were asked for.
    kept: RefCell<overview::Kept>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ledger")
    }
}

impl DurableObject for Ledger {
    fn new(state: State, env: Env) -> Self {
        let inner = state._inner();
        let storage = inner.storage().map(JsValue::from).unwrap_or_default();
        Self {
            state: State::from(inner),
            storage,
            env,
            ready: Cell::new(false),
            complete: Cell::new(false),
            shed: Cell::new(false),
            kept: RefCell::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let body = request.text().await?;
        if !self.prepare() {
            return Response::error("the ledger's tables could not be made", 500);
        }
        // A little with each call, so that none has to wait for all of it.
        if self.bring_in().is_err() {
            console_error!("what an earlier release kept could not be brought in");
        }
        // So that what goes keeps up with what comes.
        if self.make_room(runtime::now().0).is_err() {
            console_error!("the ledger could not make room");
        }
        let answer = match path.as_str() {
            "/report" => {
                let failed = self.report(&body);
                if !failed.is_empty() {
                    // Whoever reports hands everything in again; what was applied is not applied twice.
                    return Response::error(runtime::json(&json!({"failed": failed})), 500);
                }
                Ok("{}".to_owned())
            }
            "/lines" => self.lines(&body),
            "/query" => self.query(&body),
            "/overview" => self.overview(&body),
            "/sums" => self.sums(&body),
            "/notes" => self.notes(&body),
            "/dead" => self.dead(&body),
            "/outcomes" => self.outcomes(),
            "/exported" => self.exported(&body),
            "/due" => self.due(&body),
            "/gate" => self.gate(&body),
            "/withdraw" => self.withdraw(&body),
            "/attention" => self.attention(),
            "/watch" => self.watch(&body),
            "/watched" => self.watched(&body),
            "/incidents" => self.incidents(),
            "/visits" => self.visits(),
            "/reported" => self.reported(&body),
            "/keep-reported" => self.keep_reported(&body),
            "/dismiss" => self.dismiss(&body),
            "/claim" => self.claim(&body),
            "/release" => self.release(&body),
            "/receipt" => self.receipt(&body),
            "/receipts" => self.receipts(&body),
            "/receipt-heads" => self.receipt_heads(&body),
            _ => Err(Unavailable),
        };
        if matches!(
            path.as_str(),
            "/report" | "/withdraw" | "/watched" | "/keep-reported"
        ) && self.state.storage().get_alarm().await?.is_none()
        {
            self.state.storage().set_alarm(DAY).await?;
        }
        match answer {
            Ok(text) => Response::ok(text),
            Err(Unavailable) => Response::error("the ledger could not do that", 500),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        let now = runtime::now().0;
        if self.prepare() {
            self.settle_early(now);
        }
        self.kept.borrow_mut().forget_all();
        self.tidy_up(now);
        let mut pieces = 0;
        while pieces < MOST_PIECES && matches!(self.make_room(now), Ok(false)) {
            pieces += 1;
        }
        if pieces == MOST_PIECES {
            self.state.storage().set_alarm(SOON).await?;
        }
        Response::ok("")
    }
}

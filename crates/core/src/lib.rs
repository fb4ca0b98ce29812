//! edgetally counts every conversion once.
//!
//! This crate is the whole way from the bytes of a request to the lines of the ledger, without I/O, clock, environment
//! or globals: `bytes → Event → Decision → Prepared → Envelope → Request → Reply → Outcome → Ledger`, one function per
//! arrow, nothing flows back. The worker and the Python package drive it.
//!
//! ```
//! use edgetally_core::delivery::{Delivery, Gates};
//! use edgetally_core::queue::envelope::{self, Message};
//! use edgetally_core::intake::Batch;
//! use edgetally_core::exchange::http::Reply;
//! use edgetally_core::settings::Settings;
//! use edgetally_core::base::time::UnixMillis;
//!
//! let settings = Settings::load(
//!     r#"{"sources": {"shop": {"secret": "SHOP_SECRET", "destinations": ["meta"]}},
//!         "destinations": {"meta": {"dataset_id": "1234567890123456"}}}"#,
//!     &|name| Some(format!("a secret called {name}, long enough")),
//! ).unwrap();
//! let source = settings.source("shop").unwrap();
//! let now = UnixMillis(1_795_342_531_000);
//!
//! // A request arrives.
//! let body = br#"{"event": "purchase", "event_id": "ord-118842", "value": 129.90, "currency": "EUR",
//!     "action_source": "email", "user": {"email": " Elena.Brandt@shop.example "},
//!     "consent": {"ad_user_data": "granted", "ad_personalization": "denied"}}"#;
//! let batch = edgetally_core::intake::native::batch(&settings, source, None, body, now).unwrap();
//! let plan = batch.finish(|_key| None, "a1");
//! assert_eq!(plan.answer.status, 202);
//!
//! // The queue hands its message over.
//! let Ok(Message::Events(envelope)) = envelope::open(&plan.messages[0]) else { panic!() };
//! let envelopes = [envelope];
//! let mut gates = Gates::new();
//! let mut delivery = Delivery::new(&settings, &envelopes, &gates, now);
//! let flight = delivery.next(&mut gates, now).unwrap();
//! let sent = String::from_utf8(flight.request.body().clone()).unwrap();
//! assert!(sent.contains(r#""value":129.90"#) && sent.contains(r#""opt_out":true"#));
//! assert!(!sent.contains("brandt")); // nobody's address leaves in clear
//!
//! // Meta answers, and the ledger is told.
//! let reply = Reply { status: 200, retry_after: None, body: br#"{"events_received": 1}"#.to_vec() };
//! delivery.answer(flight.ticket, &Ok(reply), &mut gates, now);
//! let effects = delivery.finish(now);
//! let mut counts = effects[0].reports[0].counts.iter();
//! assert!(counts.any(|(line, n)| (line.destination.as_str(), line.state.as_str(), n) == ("meta", "delivered", 1)));
//! ```

#![forbid(unsafe_code)]
// A test may be as long as its table.
#![cfg_attr(not(test), warn(clippy::too_many_lines))]

pub mod alerts;
pub mod base;
pub mod consent;
pub mod dashboard;
pub mod dedup;
pub mod delivery;
pub mod destinations;
pub mod event;
pub mod exchange;
pub mod identity;
pub mod intake;
pub mod ledger;
#[expect(clippy::too_many_lines, reason = "fits and tables of formulas")]
pub mod metrics;
pub mod quality;
pub mod queue;
pub mod routes;
pub mod settings;
pub mod web;

// What the tests outside use, so that those inside need no second one.
#[cfg(test)]
extern crate self as edgetally_core;
#[cfg(test)]
#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "the tests outside use the rest")]
mod support;

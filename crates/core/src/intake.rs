//! From the bytes of a request to what has to become durable, and the answer to the sender.
//!
//! A [`Format`] recognises the sender and reads what arrived into events; [`Batch::open`] decides and prepares;
//! [`Batch::wanted`] says which claims matter; [`Batch::finish`] is told what is claimed and makes messages and answer.

mod answer;
mod arrival;
pub mod auth;
mod batch;
pub mod explain;
mod format;
mod given;
mod jar;
mod longest;
pub mod measurement_protocol;
pub mod native;
pub mod pixel;
pub(crate) mod reader;
mod refusals;
pub mod region;
mod ruling;
mod scrub;
pub mod segment;
mod verdict;
mod visit;
pub mod withdrawal;

pub use self::answer::{Outcome, Response, Summary, error_of, refusal, retry_after};
pub use self::arrival::{Arrival, Header, Headers};
pub use self::batch::{Batch, Made, Plan, Wanted};
pub use self::format::{Events, Format};
pub use self::refusals::Refusals;
pub use self::visit::Visit;

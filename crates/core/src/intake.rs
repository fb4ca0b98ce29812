//! From the bytes of a request to what has to become durable, and the answer to the sender.
//!
//! A [`Format`] reads what arrived into events; [`Batch::new`] decides and prepares; [`Batch::wanted`] says which claims
//! matter; [`Batch::finish`] is told what is claimed and makes messages and answer.

mod answer;
pub mod auth;
mod batch;
mod format;
pub mod native;
pub(crate) mod reader;
mod scrub;
mod verdict;
mod visit;

pub use self::answer::{error_of, refusal};
pub use self::batch::{Batch, Made, Plan, Wanted};
pub use self::format::{Arrival, Events, Format};
pub use self::visit::Visit;

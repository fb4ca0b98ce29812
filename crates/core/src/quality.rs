//! What the ledger's lines say about the quality of events: how many, with what, how long they took, and whether a release
//! changed that. Everything here is computed when somebody asks, of counts that are there; nothing is counted a second time.

pub mod asked;
pub mod prometheus;
pub mod releases;
pub mod report;
pub mod reported;
pub mod score;

pub use report::{Report, quality};

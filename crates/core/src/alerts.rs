//! What somebody has to be told of, although they do not look: what is wrong, since when, and that it is over.
//!
//! ```text
//! Look, standing: queries → Condition → Incident → Notice → Request
//! ```
//!
//! The worker asks the ledger what [`Look`] and [`standing`] want to know, keeps the [`Incident`]s and sends. Whether anything moved
//! is found by the tests of [`quality::releases`](crate::quality::releases), and by no others.

pub mod condition;
mod incident;
mod look;
mod notice;
pub mod standing;
mod words;

pub use condition::{Began, Condition, Kind};
pub use incident::{Incident, News, Round, follow};
pub use look::Look;
pub use notice::{Notice, notices, trial};

//! Whether a release changed what arrives: two labels of a source compared, and a verdict.
//!
//! ```text
//! Question → adoption() → plan → Windows → queries() → Evidence → compare() → Comparison
//! ```
//!
//! Whoever has the lines answers the queries; nothing here asks anybody. Why these tests and no others, with their rates of false
//! alarms and of what they find, is in `docs/quality.md`.

#![allow(
    clippy::cast_precision_loss,
    clippy::similar_names,
    clippy::many_single_char_names,
    clippy::suboptimal_flops,
    reason = "formulas are written with the letters of their papers, and counts are below 2^53"
)]

mod address;
mod comparison;
mod evidence;
mod family;
mod judging;
mod plan;
mod question;
mod shares;
mod span;
mod statistics;
mod volumes;
mod words;

pub use address::Form;
pub use comparison::{Adoption, Against, Comparison, Finding, Severity, Sight, Verdict, Window};
pub use evidence::Evidence;
pub use judging::compare;
pub use plan::{HISTORY_DAYS, NotYet, Plan, Queries, Silence, Traffic, Windows};
pub use question::{By, Looks, Question, Thresholds, Usage};
pub use span::Span;
pub use statistics::Change;

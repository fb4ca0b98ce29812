//! The calculators: numbers that decide budgets, each with an honest interval.
//!
//! Nothing here knows the pipeline, and the pipeline does not know this; `tests/it/architecture.rs` holds them apart. What
//! all of it keeps to:
//!
//! - Rates and shares are fractions, money is in one unspecified currency, confidence is `0.95` and not `0.05`.
//! - A wrong argument is a [`DomainError`] that names it; `NaN` in is `NaN` out; a ratio that is not defined is `NaN`, never
//!   zero and never infinite. The end of an interval may be infinite.
//! - Exponentials, logarithms and the like come from [`math`], so that a browser and a server agree to the last bit.
#![allow(
    clippy::many_single_char_names,
    clippy::similar_names,
    clippy::doc_markdown,
    reason = "formulas are written with the letters of their papers"
)]
#![allow(
    clippy::inline_always,
    clippy::too_many_arguments,
    reason = "column loops are compiled for the vectors only where they are inlined, and take as many columns as the formula has letters"
)]
#![allow(
    clippy::float_cmp,
    reason = "zero, one and the ends of an interval are exact"
)]
#![allow(
    clippy::cast_precision_loss,
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "counts are below 2^53 (domain.rs), and coefficients are as published"
)]

pub mod allocate;
pub mod attribution;
pub mod bayes;
pub mod calculator;
pub mod cash_flow;
pub mod compat;
mod domain;
pub mod events;
pub mod exact;
pub mod funnel;
pub mod geo;
mod interval;
pub mod lift;
pub mod ltv;
pub mod many_arms;
pub mod math;
pub mod multiplicity;
pub mod non_inferiority;
pub mod p_value;
pub mod paid;
pub mod power;
pub mod power_revenue;
pub mod proportion;
pub mod registry;
pub mod response;
pub mod revenue;
pub mod roots;
pub mod segments;
pub mod sequential;
pub mod special;
pub mod srm;
pub mod target_cpa;
pub mod totals;
pub mod vector;
pub mod windows;

pub use domain::{DomainError, Rule};
pub use interval::Interval;

//! Everything of the core that is tested from outside, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::type_complexity,
    clippy::float_cmp,
    clippy::unreadable_literal,
    clippy::excessive_precision,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::needless_pass_by_value,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test that panics has done its work, and reads its fixtures"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "a place that is missing fails its test"
)]

mod alerts;
mod architecture;
mod attribution;
mod auth;
mod claims;
mod consent;
mod consent_matrix;
mod consent_strings;
mod cookies;
mod copies;
mod crashes;
mod dashboard;
mod decoration;
mod delivery;
mod earlier;
mod exact;
mod formats;
mod gate;
mod golden;
mod guards;
mod identity;
mod load;
mod measurement_protocol;
mod metrics;
mod outcomes;
mod parse;
mod platforms;
mod privacy;
mod quality;
mod reasons;
mod receipts;
mod reported;
mod routes;
mod schema;
mod scoreboard;
mod settings;
mod social;
mod support;
mod time;
mod withdrawals;
mod world;

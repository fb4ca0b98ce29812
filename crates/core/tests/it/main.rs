//! Everything of the core that is tested from outside, in one binary.

mod architecture;
mod attribution;
mod auth;
mod consent;
mod delivery;
mod golden;
mod identity;
mod parse;
mod privacy;
mod settings;
mod support;
mod time;

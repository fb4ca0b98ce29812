//! What every other room builds on: text, time, money, JSON, tables, secrets, errors. It imports nothing of ours.

pub mod address;
pub mod backoff;
pub mod error;
pub mod fields;
pub mod hex;
pub mod hmac;
pub mod json;
pub mod match_keys;
pub mod members;
pub mod money;
pub mod number;
pub mod personal;
pub mod query;
pub mod reason;
pub mod remarks;
pub mod reported;
pub mod secret;
pub mod table;
pub mod text;
pub mod time;

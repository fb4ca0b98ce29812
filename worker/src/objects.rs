//! Durable Objects: each one writer of its own storage.

pub(crate) mod claims;
pub(crate) mod ledger;

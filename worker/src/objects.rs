//! Durable Objects: each one writer of its own storage.

pub(crate) mod ledger;

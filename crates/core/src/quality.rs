//! What the ledger's counts say about quality.

pub mod releases;

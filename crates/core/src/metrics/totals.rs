//! Sufficient statistics by group, mergeable in any order.

//! The reference rows and laws of `metrics::cash_flow`.

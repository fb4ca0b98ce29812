//! The reference rows and laws of `metrics::target_cpa`.

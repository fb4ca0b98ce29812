//! The reference rows and laws of `metrics::p_value`.

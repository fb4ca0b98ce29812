//! The reference rows and laws of `metrics::lift`.

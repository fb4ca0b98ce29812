//! The reference rows and laws of `metrics::multiplicity`.

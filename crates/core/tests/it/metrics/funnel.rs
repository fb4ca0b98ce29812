//! The reference rows and laws of `metrics::funnel`.

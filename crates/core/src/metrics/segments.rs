//! One experiment, many segments: stratified estimates, heterogeneity, Simpson's paradox.

//! Experiments by region: difference in differences, synthetic control.

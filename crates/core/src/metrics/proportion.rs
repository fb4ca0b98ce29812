//! Intervals for one rate, for the difference of two and for their ratio.

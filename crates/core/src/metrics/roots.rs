//! Roots of functions of one variable, by bracketing.

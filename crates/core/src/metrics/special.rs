//! Special functions: normal, beta, gamma, Student, and their inverses.

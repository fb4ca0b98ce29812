//! Calculators that work row by row, as one table: arguments, rules, outputs and kernel.

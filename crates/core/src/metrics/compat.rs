//! What other tools compute, formula by formula, so that differences can be explained.

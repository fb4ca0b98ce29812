//! Is there any difference between two rates? Score, pooled, exact and unconditional p-values.

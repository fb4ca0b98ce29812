//! A budget over several response curves: the same marginal return everywhere.

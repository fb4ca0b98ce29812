//! What advertising added: economics of an experiment with a holdout.

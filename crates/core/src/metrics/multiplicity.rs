//! Many tests at once: p-values adjusted.

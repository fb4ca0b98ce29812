//! Credit for a conversion over the touches before it. Bookkeeping, not causality.

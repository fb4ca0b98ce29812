//! What a customer may cost.

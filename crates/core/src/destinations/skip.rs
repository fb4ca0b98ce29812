//! Why a destination has no use for an event.

/// Why a destination has no use for an event. Expected and counted, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skip(pub &'static str);

impl Skip {
    /// The event is older than the platform takes.
    pub const TOO_OLD: Self = Self("too_old");
    /// Nothing in the event would let the platform recognise anybody.
    pub const NO_IDENTIFIERS: Self = Self("identifiers_missing");
    /// The platform has no counterpart of the event.
    pub const NOT_MAPPED: Self = Self("event_not_mapped");
}

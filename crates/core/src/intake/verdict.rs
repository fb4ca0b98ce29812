//! What is to happen with an event at one destination.

use crate::base::reason::{Refusal, Skip};

/// What is to happen with an event at one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Queued,
    /// It goes out although the destination has a copy: of weaker proof, and different.
    Conflict,
    /// The destination has the event.
    Duplicate {
        differs: bool,
    },
    Blocked(Refusal),
    Skipped(Skip),
}

impl Verdict {
    pub(super) fn told(self, discreet: bool) -> std::borrow::Cow<'static, str> {
        match self {
            Self::Queued | Self::Conflict | Self::Duplicate { .. } if discreet => "received".into(),
            Self::Queued | Self::Conflict => "queued".into(),
            Self::Duplicate { .. } => "duplicate".into(),
            Self::Blocked(refusal) => ["blocked:", refusal.code()].concat().into(),
            Self::Skipped(skip) => ["skipped:", skip.code()].concat().into(),
        }
    }

    /// Whether the event goes into the queue for the destination.
    pub(super) const fn goes(self) -> bool {
        matches!(self, Self::Queued | Self::Conflict)
    }
}

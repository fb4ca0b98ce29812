//! A permission to send one event to one destination, and on what terms.

use crate::consent::signals::Choice;

/// The permission to send one event to one destination. Only [`decide`](crate::consent::Reading::decide) makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub(super) identifiers: bool,
    pub(super) personalised: bool,
    pub(super) limited: bool,
    pub(super) ad_user_data: Option<Choice>,
    pub(super) ad_personalization: Option<Choice>,
}

impl Grant {
    /// Whether the visitor's prepared identifiers, click ids and advertising cookies may go along.
    pub const fn identifiers(&self) -> bool {
        self.identifiers
    }

    /// Whether the event may be used for personalised advertising.
    pub const fn personalised(&self) -> bool {
        self.personalised
    }

    /// Whether the visitor opted out of sale, sharing or targeted advertising under a US state law: to be sent with
    /// the platform's limited-data-use flag, or not at all where there is none.
    pub const fn limited(&self) -> bool {
        self.limited
    }

    /// The visitor's own answers, for platforms that take them along: `ad_user_data`, `ad_personalization`.
    pub const fn choices(&self) -> (Option<Choice>, Option<Choice>) {
        (self.ad_user_data, self.ad_personalization)
    }

    /// Packed for the queue.
    pub(crate) fn to_wire(self) -> u16 {
        let choice = |choice: Option<Choice>| match choice {
            None => 0,
            Some(Choice::Granted) => 1,
            Some(Choice::Denied) => 2,
        };
        u16::from(self.identifiers)
            | u16::from(self.personalised) << 1
            | u16::from(self.limited) << 2
            | choice(self.ad_user_data) << 3
            | choice(self.ad_personalization) << 5
    }

    /// Unpacked from the queue; the envelope is the only other place that may restore a decision made at intake.
    pub(crate) fn from_wire(bits: u16) -> Self {
        let choice = |bits: u16| match bits & 3 {
            1 => Some(Choice::Granted),
            2 => Some(Choice::Denied),
            _ => None,
        };
        Self {
            identifiers: bits & 1 != 0,
            personalised: bits & 2 != 0,
            limited: bits & 4 != 0,
            ad_user_data: choice(bits >> 3),
            ad_personalization: choice(bits >> 5),
        }
    }
}

//! What a platform's reply meant for one event, and when to try again.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use crate::base::reason::Cause;

/// Why: a platform's own code, or one of [`Cause`].
#[derive(Clone, PartialEq, Eq)]
pub struct ReasonCode(Cow<'static, str>);

impl ReasonCode {
    /// A platform's own code; never its text, which may repeat what was sent.
    pub fn theirs(code: impl Into<Cow<'static, str>>) -> Self {
        Self(code.into())
    }

    /// The status of a reply that has no code.
    pub fn http(status: u16) -> Self {
        Self(["http_", &status.to_string()].concat().into())
    }

    /// The status of a reply that should have been an access token.
    pub fn token_http(status: u16) -> Self {
        Self(["token_http_", &status.to_string()].concat().into())
    }

    /// The platform refused what a field holds.
    pub fn invalid(field: &str) -> Self {
        Self([field, "_invalid"].concat().into())
    }

    /// The platform left a field out.
    pub fn ignored(field: &str) -> Self {
        Self([field, "_ignored"].concat().into())
    }

    /// As it is counted and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Cause> for ReasonCode {
    fn from(cause: Cause) -> Self {
        Self(cause.code().into())
    }
}

/// Tests say what they expect; the code itself has only what the table has.
#[cfg(test)]
impl From<&str> for ReasonCode {
    fn from(code: &str) -> Self {
        Self(code.to_owned().into())
    }
}

impl From<ReasonCode> for String {
    fn from(code: ReasonCode) -> Self {
        code.0.into_owned()
    }
}

impl Deref for ReasonCode {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// What became of one event at one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has it.
    Delivered,
    /// The platform has it and remarked on something, such as a field that it left out.
    Remarked {
        /// On what.
        code: ReasonCode,
    },
    /// The platform took it in and will judge later. Asking with the receipt brings the verdict.
    Processing {
        /// What to ask with.
        receipt: String,
    },
    /// The platform will never take it as it is.
    Rejected {
        /// Why.
        code: ReasonCode,
    },
    /// Not now.
    Retry {
        /// Why.
        code: ReasonCode,
        /// The platform's own wish, in seconds; a floor for the schedule.
        after: Option<u32>,
    },
    /// The credential or the account is at fault, not the event: the destination pauses and the event waits.
    Unauthorized {
        /// Why.
        code: ReasonCode,
    },
}

impl Outcome {
    /// A rejection.
    pub fn rejected(code: impl Into<ReasonCode>) -> Self {
        Self::Rejected { code: code.into() }
    }

    /// A retry on the ordinary schedule.
    pub fn retry(code: impl Into<ReasonCode>) -> Self {
        Self::Retry {
            code: code.into(),
            after: None,
        }
    }

    /// The credential or the account is at fault.
    pub fn unauthorized(code: impl Into<ReasonCode>) -> Self {
        Self::Unauthorized { code: code.into() }
    }

    /// A delivery that the platform remarked on.
    pub fn remarked(code: impl Into<ReasonCode>) -> Self {
        Self::Remarked { code: code.into() }
    }
}

/// What one exchange meant for the events of its batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The same for every event.
    All(Outcome),
    /// One for each, in the order of the batch.
    Each(Vec<Outcome>),
    /// These ones are at fault; the others were not taken either and are to be sent again without them.
    Isolate(Vec<(usize, Outcome)>),
    /// Some event is at fault and nobody says which: halve the batch until it stands alone and has this outcome.
    Split(Outcome),
}

/// What a platform that judges later says about the events of one receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Pending,
    /// What became of how many of them; all others were taken.
    Settled(Vec<Judged>),
    /// It does not know the receipt.
    Unknown,
    /// It could not be asked: [`Outcome::Retry`] or [`Outcome::Unauthorized`].
    Unanswered(Outcome),
}

/// So many events of a receipt, and what became of them. Which ones, the platform does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The platform's reason.
    pub code: String,
    /// How many.
    pub events: u64,
    /// What it means.
    pub meaning: Meaning,
}

/// What a reason means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The platform has it, and remarked on something.
    Remarked,
    /// The platform will never take it.
    Rejected,
    /// To be offered again, so many seconds later.
    Again {
        /// Seconds.
        after: u32,
    },
}

/// How much one invocation of the worker may do. Cloudflare counts everything that it asks of anybody, platforms, queues
/// and the ledger alike; an invocation that goes beyond is ended, and nothing of its batch is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests of all kinds ("subrequests").
    pub requests: u32,
    /// How long requests are given out, in seconds.
    pub seconds: u32,
    /// Bytes of requests to platforms, which stand for the time and the memory that making them takes.
    pub bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // "10,000 subrequests per invocation" on the paid plan; 50 on the free one.
            requests: 10_000,
            // A queue's consumer is ended after 15 minutes. Two of them do as well, since what is left is handed on, and
            // a batch that is ended in the middle comes again whole.
            seconds: 120,
            // At some 10 MB of requests a second of CPU, a quarter of the 30 s that wrangler.toml allows.
            bytes: 64 * 1024 * 1024,
        }
    }
}

//! What a platform's reply meant for one event, and when to try again.

use crate::access::Token;
use crate::time::UnixMillis;

/// What became of one event at one destination.
///
/// Codes are the platform's own, or ours in `snake_case`; never its text, which may repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has it.
    Delivered,
    /// The platform has it and remarked on something, such as a field that it left out.
    Remarked {
        /// On what.
        code: String,
    },
    /// The platform took it in and will judge later. Asking with the receipt brings the verdict.
    Processing {
        /// What to ask with.
        receipt: String,
    },
    /// The platform will never take it as it is.
    Rejected {
        /// Why.
        code: String,
    },
    /// Not now.
    Retry {
        /// Why.
        code: String,
        /// The platform's own wish, in seconds; a floor for the schedule.
        after: Option<u32>,
    },
    /// The credential or the account is at fault, not the event: the destination pauses and the event waits.
    Unauthorized {
        /// Why.
        code: String,
    },
}

impl Outcome {
    /// A rejection.
    pub fn rejected(code: impl Into<String>) -> Self {
        Self::Rejected { code: code.into() }
    }

    /// A retry on the ordinary schedule.
    pub fn retry(code: impl Into<String>) -> Self {
        Self::Retry {
            code: code.into(),
            after: None,
        }
    }
}

/// A reply as data: the status, the `Retry-After` header in seconds, and the body.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header in seconds.
    pub retry_after: Option<u32>,
    /// The body, at most [`Reply::MOST_BYTES`] of it.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as text; nothing when it is none.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.text()).unwrap_or_default()
    }

    /// No platform needs more to say what happened.
    pub const MOST_BYTES: usize = 256 * 1024;

    /// Reads a `Retry-After` header: seconds, or an HTTP date relative to `now`. Headers that some platforms send in
    /// its place hold Unix seconds, which are told by their size.
    pub fn parse_retry_after(value: &str, now: UnixMillis) -> Option<u32> {
        const EPOCH_FROM: i64 = 1_000_000_000;
        let value = value.trim();
        if let Ok(seconds) = value.parse::<i64>() {
            let wait = if seconds >= EPOCH_FROM {
                seconds - now.seconds().0
            } else {
                seconds
            };
            return (seconds >= 0).then(|| u32::try_from(wait.max(0)).unwrap_or(u32::MAX));
        }
        // `Sun, 22 Nov 2026 10:16:30 GMT` (RFC 9110, 5.6.7), put into the order that RFC 3339 has.
        let mut words = value.split_ascii_whitespace();
        let (_, day, month, year, time) = (
            words.next()?,
            words.next()?,
            words.next()?,
            words.next()?,
            words.next()?,
        );
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let month = months.iter().position(|name| *name == month)? + 1;
        let date = UnixMillis::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z"))?;
        if words.next() != Some("GMT") {
            return None;
        }
        let seconds = date.seconds().0 - now.seconds().0;
        Some(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX))
    }
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// None came in time. The platform may have the events all the same.
    Timeout,
    /// The connection could not be made, or broke.
    Connection,
    /// The request could not be signed with the key of the settings, so it was not sent.
    Unsigned,
}

impl Failure {
    /// The `snake_case` code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connection => "connection_failed",
            Self::Unsigned => "key_unusable",
        }
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

/// The retry schedule of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The first delay, in seconds.
    pub base_seconds: u32,
    /// The longest delay, in seconds.
    pub max_seconds: u32,
    /// How many times an event is sent before it is dead.
    pub max_attempts: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        // 10 s doubling to an hour: twelve attempts span about six hours.
        Self {
            base_seconds: 10,
            max_seconds: 3600,
            max_attempts: 12,
        }
    }
}

impl Schedule {
    /// The queue's own limit on a delay (24 hours).
    pub const MOST_SECONDS: u32 = 86_400;

    /// Seconds to wait after the given attempt (the first is 0) failed.
    ///
    /// Exponential with up to a quarter of jitter, which comes from `seed` so that the core stays without chance; a
    /// platform's own wish is a floor.
    pub fn delay(&self, attempt: u32, after: Option<u32>, seed: u64) -> u32 {
        let doubled = u64::from(self.base_seconds) << attempt.min(20);
        let capped = doubled.min(u64::from(self.max_seconds)).max(1);
        let jitter = (capped * (mix(seed ^ u64::from(attempt)) % 256)) / 1024;
        let delay = u32::try_from(capped + jitter).unwrap_or(u32::MAX);
        delay.max(after.unwrap_or(0)).min(Self::MOST_SECONDS)
    }
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

/// `SplitMix64`'s finaliser: spreads the bits of a seed (Steele, Lea and Flood, 2014).
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Whether a destination is being sent to at the moment.
///
/// Closes for a pause when the credential is refused, and for short spells after several failures in a row, so that a
/// platform that is down costs its timeout once and not once per batch. While it is closed, events wait in the queue
/// and no attempt is counted.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    failures: u32,
    closed_until: Option<UnixMillis>,
    /// Closed by the platform's word, which a success of a request that was already under way does not take back.
    ordered: bool,
    code: String,
    /// What opens it, at destinations whose tokens come from somewhere else.
    token: Option<Token>,
    /// Until when the destination counts as slow.
    slow_until: Option<UnixMillis>,
}

impl Gate {
    /// How many failures in a row close the gate.
    pub const FAILURES: u32 = 3;
    /// The longest that failures close it, in seconds.
    pub const LONGEST_SECONDS: u32 = 60;

    /// Seconds until it opens again; `None` when it is open.
    pub fn closed_for(&self, now: UnixMillis) -> Option<u32> {
        let until = self.closed_until.filter(|until| *until > now)?;
        Some(u32::try_from((until.0 - now.0 + 999) / 1000).unwrap_or(u32::MAX))
    }

    /// Why it is closed.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Notes an exchange that the platform answered.
    pub fn success(&mut self) {
        if self.ordered {
            self.failures = 0;
        } else {
            *self = Self {
                token: self.token.take(),
                slow_until: self.slow_until,
                ..Self::default()
            };
        }
    }

    /// How long an exchange may take before the destination counts as slow, in milliseconds.
    pub const SLOW_MS: i64 = 1000;
    /// How long it counts as slow from then on, in milliseconds.
    const SLOW_SPELL_MS: i64 = 60_000;

    /// Notes how long an exchange took, whatever came of it.
    pub fn took(&mut self, ms: i64, now: UnixMillis) {
        self.slow_until = (ms >= Self::SLOW_MS).then(|| UnixMillis(now.0 + Self::SLOW_SPELL_MS));
    }

    /// Whether it counts as slow.
    pub fn slow(&self, now: UnixMillis) -> bool {
        self.slow_until.is_some_and(|until| until > now)
    }

    /// The token, while it can be used.
    pub fn token(&self, now: UnixMillis) -> Option<&Token> {
        self.token.as_ref().filter(|token| token.usable(now))
    }

    /// Keeps a token.
    pub fn keep(&mut self, token: Token) {
        self.token = Some(token);
    }

    /// Forgets the token, because the platform did not take it.
    pub fn forget(&mut self) {
        self.token = None;
    }

    /// Notes an exchange that failed for reasons of the platform.
    pub fn failure(&mut self, code: &str, schedule: &Schedule, now: UnixMillis) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= Self::FAILURES {
            let spell = schedule
                .delay(self.failures - Self::FAILURES, None, 0)
                .min(Self::LONGEST_SECONDS);
            self.shut(code, spell, now);
        }
    }

    /// Closes it for a pause.
    pub fn close(&mut self, code: &str, seconds: u32, now: UnixMillis) {
        self.shut(code, seconds, now);
        self.ordered = true;
    }

    /// Closes it, unless it is closed for longer already.
    fn shut(&mut self, code: &str, seconds: u32, now: UnixMillis) {
        let until = UnixMillis(now.0 + i64::from(seconds) * 1000);
        match self.closed_until {
            Some(closed) if closed > now => self.closed_until = Some(until.max(closed)),
            _ => {
                self.ordered = false;
                self.closed_until = Some(until);
            }
        }
        code.clone_into(&mut self.code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_ceiling_and_honour_the_platforms_wish() {
        let schedule = Schedule {
            base_seconds: 10,
            max_seconds: 600,
            max_attempts: 12,
        };
        for seed in 0..100 {
            for attempt in 0..40 {
                let plain = (10_u64 << attempt.min(20)).min(600);
                let delay = u64::from(schedule.delay(attempt, None, seed));
                assert!(
                    delay >= plain && delay <= plain + plain / 4,
                    "{attempt} {delay}"
                );
            }
            assert_eq!(schedule.delay(0, Some(900), seed), 900);
            assert_eq!(
                schedule.delay(0, Some(u32::MAX), seed),
                Schedule::MOST_SECONDS
            );
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UnixMillis(1_795_342_530_000); // 2026-11-22T10:15:30Z
        assert_eq!(Reply::parse_retry_after("120", now), Some(120));
        assert_eq!(
            Reply::parse_retry_after("Sun, 22 Nov 2026 10:16:30 GMT", now),
            Some(60)
        );
        assert_eq!(
            Reply::parse_retry_after("Sun, 22 Nov 2026 10:15:00 GMT", now),
            Some(0)
        );
        assert_eq!(Reply::parse_retry_after("1795342590", now), Some(60));
        assert_eq!(Reply::parse_retry_after("1795342000", now), Some(0));
        assert_eq!(Reply::parse_retry_after("-5", now), None);
        assert_eq!(Reply::parse_retry_after("soon", now), None);
    }

    #[test]
    fn a_gate_closes_after_three_failures_and_opens_by_itself() {
        let schedule = Schedule {
            base_seconds: 2,
            ..Schedule::default()
        };
        let mut gate = Gate::default();
        let now = UnixMillis(1_000_000);
        gate.failure("http_503", &schedule, now);
        gate.failure("http_503", &schedule, now);
        assert_eq!(gate.closed_for(now), None);
        gate.failure("http_503", &schedule, now);
        assert_eq!(gate.closed_for(now), Some(2));
        assert_eq!(gate.closed_for(UnixMillis(now.0 + 2000)), None);
        gate.success();
        assert_eq!(gate.closed_for(now), None);
    }
}

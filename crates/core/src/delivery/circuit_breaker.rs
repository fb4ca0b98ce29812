//! Whether a destination is being sent to at the moment.

use crate::base::backoff::Backoff;
use crate::base::time::UnixMillis;
use crate::exchange::access::Token;

/// Whether a destination is being sent to at the moment.
///
/// Closes for a pause when the credential is refused, and for short spells after several failures in a row, so that a
/// platform that is down costs its timeout once and not once per batch. While it is closed, events wait in the queue
/// and no attempt is counted.
#[derive(Debug, Clone, Default)]
pub struct CircuitBreaker {
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

impl CircuitBreaker {
    /// How many failures in a row open it.
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
    pub fn failure(&mut self, code: &str, schedule: &Backoff, now: UnixMillis) {
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
    fn it_opens_after_three_failures_and_closes_by_itself() {
        let schedule = Backoff {
            base_seconds: 2,
            ..Backoff::default()
        };
        let mut gate = CircuitBreaker::default();
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

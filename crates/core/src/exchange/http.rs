//! What came back of a request, as data.

use crate::base::reason::Cause;
use crate::base::time::UnixMillis;

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
    /// What to tell people.
    pub const fn cause(self) -> Cause {
        match self {
            Self::Timeout => Cause::Timeout,
            Self::Connection => Cause::ConnectionFailed,
            Self::Unsigned => Cause::KeyUnusable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

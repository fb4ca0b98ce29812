//! The versions of the platforms' interfaces, and when they end.

use crate::base::time::UnixMillis;
use crate::destinations::destination::Facts;

/// The days that are left until a date `YYYY-MM-DD`, or `None` when it is malformed.
pub fn days_until(from: UnixMillis, to: &str) -> Option<i64> {
    let end = UnixMillis::parse_rfc3339(&format!("{to}T00:00:00Z"))?;
    Some((end.0 - from.0).div_euclid(crate::base::time::DAY_MS))
}

/// A platform version and how long it has to live.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Version {
    /// The platform.
    pub platform: &'static str,
    /// The version of its interface that this release speaks.
    pub api_version: &'static str,
    /// The announced last day, where one was announced.
    pub ends: Option<&'static str>,
    /// The day the facts were read.
    pub read: &'static str,
    /// Days until the last day.
    pub days_left: Option<i64>,
}

/// How many days before the end of a version the warnings begin.
pub const VERSION_WARNING_DAYS: i64 = 60;

impl Version {
    /// The one of a platform.
    pub fn of(facts: &Facts, now: UnixMillis) -> Self {
        Self {
            platform: facts.platform,
            api_version: facts.api_version,
            ends: facts.version_ends,
            read: facts.read,
            days_left: facts.version_ends.and_then(|end| days_until(now, end)),
        }
    }
}

/// The version of a platform's interface whose end is near or past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The platform.
    pub platform: &'static str,
    /// The version of its interface that this release speaks.
    pub api_version: &'static str,
    /// The announced last day.
    pub ends: &'static str,
    /// Days until the last day; nothing when the date cannot be read.
    pub days_left: Option<i64>,
}

impl Ending {
    /// Whether a release must not go out with it: less than a whole day is left, or nobody can say how much.
    pub fn is_over(&self) -> bool {
        self.days_left.is_none_or(|days| days <= 0)
    }
}

/// Which of these platforms' versions end within [`VERSION_WARNING_DAYS`], or have ended; each platform once.
pub fn ending<'f>(facts: impl IntoIterator<Item = &'f Facts>, now: UnixMillis) -> Vec<Ending> {
    let mut endings: Vec<Ending> = Vec::new();
    for facts in facts {
        let Some(ends) = facts.version_ends else {
            continue;
        };
        let days_left = days_until(now, ends);
        let near = days_left.is_none_or(|days| days <= VERSION_WARNING_DAYS);
        let known = endings
            .iter()
            .any(|ending| ending.platform == facts.platform);
        if near && !known {
            endings.push(Ending {
                platform: facts.platform,
                api_version: facts.api_version,
                ends,
                days_left,
            });
        }
    }
    endings
}

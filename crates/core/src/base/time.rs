//! Points in time, each with its unit in its type. The core has no clock: `now` is always an argument.

use crate::base::json::Leaf;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

/// Whole seconds since the Unix epoch, UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixSeconds(pub i64);

/// One hour in milliseconds, the width of a ledger bucket.
pub const HOUR_MS: i64 = 3_600_000;

/// One day in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// 2000-01-01T00:00:00Z. Nothing that is older can be a conversion: it is a unit mistake.
const EARLIEST_MS: i64 = 946_684_800_000;

/// From here on a bare number is milliseconds, below it seconds (the year 5138, or March 1973).
const MILLIS_FROM: f64 = 100_000_000_000.0;

/// From here on a bare number would be micro- or nanoseconds, which nobody announced.
const MICROS_FROM: f64 = 100_000_000_000_000.0;

impl UnixMillis {
    /// The second that this instant lies in.
    pub const fn seconds(self) -> UnixSeconds {
        UnixSeconds(self.0.div_euclid(1000))
    }

    /// The first millisecond of the hour that this instant lies in.
    #[must_use]
    pub const fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(HOUR_MS))
    }

    /// Reads an RFC 3339 date and time with a zone, such as `2026-11-22T10:15:30.250Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let instant = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
        let millis = i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?;
        (millis >= EARLIEST_MS).then_some(Self(millis))
    }

    /// Reads a time as programs write it into texts: RFC 3339 and its neighbours in ISO 8601 and the standard libraries
    /// (`+0100` of PHP, `+01` of databases, ` UTC` of Ruby, a comma before the fraction, no seconds, a blank or a small
    /// letter in the place of a large one), or a bare number.
    ///
    /// ```
    /// use edgetally_core::base::time::UnixMillis;
    /// for text in ["2026-11-22T11:15:30+0100", "2026-11-22 11:15:30,000+01", " 2026-11-22t10:15:30z", "1795342530",
    ///     "2026-11-22 10:15:30 UTC", "2026-11-22T11:15:30+01:00[Europe/Berlin]"] {
    ///     assert_eq!(UnixMillis::parse_text(text), Some(UnixMillis(1_795_342_530_000)), "{text}");
    /// }
    /// assert_eq!(UnixMillis::parse_text("2026-11-22T10:15:30"), None); // no zone: refused, not guessed
    /// ```
    pub fn parse_text(text: &str) -> Option<Self> {
        let text = crate::base::text::trim(text);
        if text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            return Self::parse_number(text);
        }
        // Java writes the name of the zone behind its offset (RFC 9557, which lets readers pass over it).
        let text = text.split_once('[').map_or(
            text,
            |(time, zone)| {
                if zone.ends_with(']') { time } else { text }
            },
        );
        Self::parse_rfc3339(text).or_else(|| Self::parse_rfc3339(&rfc3339(text)?))
    }

    /// Reads a bare number as Unix seconds or milliseconds, by its magnitude.
    ///
    /// ```
    /// use edgetally_core::base::time::UnixMillis;
    /// assert_eq!(UnixMillis::parse_number("1795342530"), Some(UnixMillis(1_795_342_530_000)));
    /// assert_eq!(UnixMillis::parse_number("1795342530250"), Some(UnixMillis(1_795_342_530_250)));
    /// assert_eq!(UnixMillis::parse_number("1795342530250000"), None); // microseconds: refused, not guessed
    /// ```
    pub fn parse_number(text: &str) -> Option<Self> {
        let number = crate::base::number::number(text)?;
        if !number.is_finite() || number >= MICROS_FROM {
            return None;
        }
        let millis = if number >= MILLIS_FROM {
            number
        } else {
            number * 1000.0
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded by MICROS_FROM above and EARLIEST_MS below"
        )]
        let millis = millis.floor() as i64;
        (millis >= EARLIEST_MS).then_some(Self(millis))
    }

    /// RFC 3339 in UTC with milliseconds, for people and for platforms that want text.
    pub fn to_rfc3339(self) -> String {
        let Ok(instant) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
        else {
            return String::new();
        };
        let (date, time) = (instant.date(), instant.time());
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond(),
        )
    }
}

/// A date and time of ISO 8601 in the form that RFC 3339 has for it.
fn rfc3339(text: &str) -> Option<String> {
    // Java names the zone behind the offset.
    let text = match text.split_once('[') {
        Some((text, zone)) if zone.ends_with(']') => text,
        _ => text,
    };
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.trim_start_matches([' ', 'T', 't', '_']);
    let clock_end = rest
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ',')))
        .unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(clock_end)?;
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let fraction = fraction.get(..9).unwrap_or(fraction);
    let zone = zone.trim_start();
    let offset = |zone: &str| {
        let (hours, minutes) = zone.split_at_checked(3)?;
        let minutes = match minutes.strip_prefix(':').unwrap_or(minutes) {
            "" => "00",
            minutes => minutes,
        };
        Some(format!("{hours}:{minutes}"))
    };
    let zone = match zone.as_bytes().first()? {
        b'+' | b'-' => offset(zone)?,
        _ if ["z", "utc", "gmt"].contains(&zone.to_ascii_lowercase().as_str()) => "Z".to_owned(),
        _ => return None,
    };
    Some(format!("{date}T{clock}{seconds}.{fraction}{zone}"))
}

impl UnixSeconds {
    /// The same instant in milliseconds.
    pub const fn millis(self) -> UnixMillis {
        UnixMillis(self.0 * 1000)
    }
}

impl From<UnixSeconds> for Leaf<'_> {
    fn from(time: UnixSeconds) -> Self {
        Self::Whole(time.0)
    }
}

impl From<UnixMillis> for Leaf<'_> {
    fn from(time: UnixMillis) -> Self {
        Self::Whole(time.0)
    }
}

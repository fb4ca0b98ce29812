//! Numbers, times and codes as the page says them.

use crate::base::match_keys::Key;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::State;

/// A count, in groups of three.
pub(super) fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::from(if n < 0 { "−" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of something there are.
pub(super) fn counted(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// A share, to a tenth of a percent. What is not quite all or nothing is never told as that.
pub(super) fn percent(share: Option<f64>) -> String {
    let Some(share) = share else {
        return "–".to_owned();
    };
    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    let mut tenths = (share * 1000.0).round() as i64;
    if share > 0.0 && share < 1.0 {
        tenths = tenths.clamp(1, 999);
    }
    format!("{}.{} %", tenths / 10, (tenths % 10).abs())
}

/// A number, to a tenth.
pub(super) fn tenth(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a small number")]
    let tenths = (number * 10.0).round() as i64;
    format!("{}.{}", tenths / 10, (tenths % 10).abs())
}

/// What a platform calls itself, of those that report.
pub(super) fn platform(name: &'static str) -> &'static str {
    match name {
        "meta" => "Meta",
        "pinterest" => "Pinterest",
        "google_ads" => "Google Ads",
        other => other,
    }
}

/// So many seconds.
pub(super) fn seconds(seconds: u32) -> String {
    match seconds {
        0..=60 => format!("{seconds} s"),
        61..=3600 => format!("{} min", seconds / 60),
        3601..=86_399 => format!("{} h", seconds / 3600),
        _ => "a day".to_owned(),
    }
}

/// The length of a latency's column, by its code.
pub(super) fn within(code: &str) -> String {
    code.parse()
        .map_or_else(|_| "more than a day".to_owned(), seconds)
}

/// A moment for a program: without fractions.
pub(super) fn stamp(at: UnixMillis) -> String {
    let text = at.to_rfc3339();
    format!("{}Z", text.get(..19).unwrap_or_default())
}

/// A moment for people, in UTC.
pub(super) fn moment(at: UnixMillis) -> String {
    let text = at.to_rfc3339();
    let (date, time) = (text.get(..10), text.get(11..16));
    format!(
        "{} {} UTC",
        date.unwrap_or_default(),
        time.unwrap_or_default()
    )
}

/// The day of the week that began at `at`, in UTC.
pub(super) const fn weekday(at: UnixMillis) -> &'static str {
    match at.0.div_euclid(DAY_MS).rem_euclid(7) {
        0 => "Thursday",
        1 => "Friday",
        2 => "Saturday",
        3 => "Sunday",
        4 => "Monday",
        5 => "Tuesday",
        _ => "Wednesday",
    }
}

/// An hour of the day, two digits.
pub(super) fn hour_of_day(at: UnixMillis) -> String {
    format!("{:02}:00", at.0.rem_euclid(DAY_MS) / HOUR_MS)
}

/// Day of the month and month, `24 Nov`.
pub(super) fn day_of_month(at: UnixMillis) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = at.to_rfc3339();
    let number = |range| {
        text.get(range)
            .and_then(|digits: &str| digits.parse().ok())
            .unwrap_or(0_usize)
    };
    let month = MONTHS.get(number(5..7).wrapping_sub(1)).copied();
    format!("{} {}", number(8..10), month.unwrap_or_default())
}

/// A match key.
pub(super) const fn key(key: Key) -> &'static str {
    match key {
        Key::Click => "Click id",
        Key::Email => "E-mail",
        Key::Phone => "Phone",
        Key::ExternalId => "External id",
        Key::Browser => "Browser id",
        Key::Network => "IP and browser",
        Key::Person => "Name and place",
    }
}

/// A state, in a word and in a sentence.
pub(super) const fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Delivered => ("Delivered", "The platform has it."),
        State::Duplicate => (
            "Duplicate",
            "Another copy of the event went there; this one was held back, so it counts once.",
        ),
        State::Blocked => ("Blocked", "The visitor's consent does not permit it."),
        State::Skipped => ("Skipped", "The destination has no use for the event."),
        State::Rejected => (
            "Refused",
            "The platform refused it for good. It is kept as a dead letter.",
        ),
        State::Processing => (
            "Being judged",
            "The platform took it in and has not said yet what became of it.",
        ),
        State::Retrying => ("Waiting", "Not there yet; it is sent again."),
        State::Dead => (
            "Given up",
            "Given up after the last attempt. It is kept as a dead letter and can be replayed.",
        ),
        State::Malformed => ("Malformed", "The event breaks a rule of the format."),
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (n, said) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (-1_234_567, "−1,234,567"),
        ] {
            assert_eq!(count(n), said);
        }
        for (share, said) in [
            (None, "–"),
            (Some(0.0), "0.0 %"),
            (Some(1.0), "100.0 %"),
            (Some(0.9999), "99.9 %"),
            (Some(0.00001), "0.1 %"),
            (Some(0.4567), "45.7 %"),
        ] {
            assert_eq!(percent(share), said);
        }
        assert_eq!((seconds(30), seconds(300)), ("30 s".into(), "5 min".into()));
        assert_eq!(
            (within("7200"), within("more")),
            ("2 h".into(), "more than a day".into())
        );
    }

    #[test]
    fn times_are_told_in_utc_for_whoever_has_no_script() {
        let at = UnixMillis(1_795_342_531_000);
        assert_eq!(stamp(at), "2026-11-22T10:15:31Z");
        assert_eq!(moment(at), "2026-11-22 10:15 UTC");
        assert_eq!(
            (weekday(at), hour_of_day(at), day_of_month(at)),
            ("Sunday", "10:00".into(), "22 Nov".into())
        );
    }
}

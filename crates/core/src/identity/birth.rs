//! Dates of birth: `YYYYMMDD`, from 1900 on.
//!
//! Read are the year first (also without separators, also with a time of day behind) and day/month or month/day before a
//! four-digit year, when the order is certain: one of the two is above twelve, or they are equal. `03/05/1995` is
//! dropped, since half of the guesses would be wrong.

#[inline(never)]
pub(super) fn normalise(tidy: &str, out: &mut String) -> bool {
    let Some((year, month, day)) = read(tidy) else {
        return false;
    };
    for (value, unit) in [(year, 1000), (month, 10), (day, 10)] {
        let mut unit = unit;
        while unit > 0 {
            out.extend(char::from_digit(value / unit % 10, 10));
            unit /= 10;
        }
    }
    true
}

fn read(text: &str) -> Option<(u32, u32, u32)> {
    let (first, rest) = number(text)?;
    if first.digits == 8 && rest.is_empty() {
        return date(
            first.value / 10_000,
            first.value / 100 % 100,
            first.value % 100,
        );
    }
    let (second, rest) = number(separator(rest)?)?;
    let (third, rest) = number(separator(rest)?)?;
    match (first.digits, second.digits, third.digits) {
        (4, 1 | 2, 1 | 2) if rest.is_empty() || is_time(rest) => {
            date(first.value, second.value, third.value)
        }
        (1 | 2, 1 | 2, 4) if rest.is_empty() => {
            let day_first = date(third.value, second.value, first.value);
            let month_first = date(third.value, first.value, second.value);
            match (day_first, month_first) {
                (Some(a), Some(b)) => (a == b).then_some(a),
                (a, b) => a.or(b),
            }
        }
        _ => None,
    }
}

struct Number {
    value: u32,
    digits: usize,
}

fn number(text: &str) -> Option<(Number, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let value = text.get(..digits).filter(|_| digits <= 8)?.parse().ok()?;
    Some((Number { value, digits }, text.get(digits..)?))
}

/// One of `- / .`, with or without spaces around it, or spaces alone.
fn separator(text: &str) -> Option<&str> {
    let spaceless = text.trim_start_matches(' ');
    let rest = spaceless
        .strip_prefix(['-', '/', '.'])
        .map_or(spaceless, |rest| rest.trim_start_matches(' '));
    (rest.len() < text.len()).then_some(rest)
}

/// What follows the date in an ISO 8601 or SQL time stamp.
fn is_time(text: &str) -> bool {
    text.strip_prefix(['T', 't', ' ']).is_some_and(|time| {
        time.starts_with(|c: char| c.is_ascii_digit())
            && time.contains(':')
            && time
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z' | 'z' | ' '))
    })
}

fn date(year: u32, month: u32, day: u32) -> Option<(u32, u32, u32)> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1900..2100).contains(&year) && (1..=longest).contains(&day)).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_dates_are_read_and_doubtful_ones_dropped() {
        for (raw, expected) in [
            ("1997-02-16", Some("19970216")),
            ("2/16/1997", Some("19970216")),
            ("16.2.1997", Some("19970216")),
            ("16. 2. 1997", Some("19970216")),
            ("19970216", Some("19970216")),
            ("1990.12-31", Some("19901231")),
            ("12 31/1990", Some("19901231")),
            ("05/05/1995", Some("19950505")),
            ("1990-12-31T00:00:00.000Z", Some("19901231")),
            ("1990-12-31 08:30", Some("19901231")),
            ("29-02-2000", Some("20000229")),
            ("03/05/1995", None),
            ("29-02-1900", None),
            ("12/31/90", None),
            ("13-13-1990", None),
            ("05-32-1990", None),
            ("01-01-1800", None),
            ("1990-12-1991", None),
            ("12-31-1990-15-30", None),
            ("December 31, 1990", None),
            ("１２－３１－１９９０", None),
            ("31121990", None),
            ("", None),
            ("99999999999999999999", None),
            ("1990--12-31", None),
        ] {
            let mut out = String::new();
            assert_eq!(
                normalise(raw, &mut out).then_some(out).as_deref(),
                expected,
                "{raw}"
            );
        }
    }
}

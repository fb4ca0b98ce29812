//! How things are said.

use crate::base::time::{HOUR_MS, UnixMillis};
use crate::quality::releases::Silence;

/// A moment, to the minute.
pub(super) fn moment(at: UnixMillis) -> String {
    let text = at.to_rfc3339();
    let (date, time) = (text.get(..10), text.get(11..16));
    [
        date.unwrap_or_default(),
        " ",
        time.unwrap_or_default(),
        " UTC",
    ]
    .concat()
}

/// So many of something.
pub(super) fn counted(n: i64, one: &str, many: &str) -> String {
    let what = if n == 1 { one } else { many };
    [&n.to_string(), " ", what].concat()
}

/// How long something took.
pub(super) fn span(from: UnixMillis, until: UnixMillis) -> String {
    let minutes = (until.0 - from.0).max(0) / 60_000;
    if minutes < 120 {
        counted(minutes, "minute", "minutes")
    } else if minutes < 48 * 60 {
        counted((until.0 - from.0) / HOUR_MS, "hour", "hours")
    } else {
        counted(minutes / (24 * 60), "day", "days")
    }
}

/// Nothing comes any more.
pub(super) fn silent(silence: &Silence) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a count, which is far below"
    )]
    let expected = silence.expected.round() as i64;
    [
        "Nothing comes from this source any more; at least ",
        &expected.to_string(),
        " events came in the same hours of each of the four weeks before.",
    ]
    .concat()
}

/// A text with words of senders in it, for chats: nothing in it is a mention, a link, a picture or markup there. What Slack asks to
/// be escaped is; other signs get a space of no width behind them, by which they mean nothing any more.
pub(super) fn harmless(text: &str) -> String {
    const NOTHING: char = '\u{200b}';
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        let next = characters.peek();
        let is_sign = matches!(
            c,
            '@' | '*' | '~' | '`' | '[' | ']' | '|' | '!' | '#' | '\\' | '/'
        );
        // Names of hosts become links by themselves, and words between colons little pictures.
        let joins = matches!(c, '.' | ':') && next.is_some_and(|next| next.is_alphabetic());
        // Within a word it is part of the name; around one it is markup.
        let is_edge = c == '_' && !next.is_some_and(|next| next.is_alphanumeric());
        if is_sign || joins || is_edge {
            out.push(NOTHING);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_senders_say_means_nothing_in_a_chat() {
        for (text, said) in [
            ("add_to_cart fell by 40 %.", "add_to_cart fell by 40 %."),
            ("web-1.4.2", "web-1.4.2"),
            ("<!channel>", "&lt;!\u{200b}channel&gt;"),
            (
                "<https://a.example|b> & c",
                "&lt;https:/\u{200b}/\u{200b}a.\u{200b}example|\u{200b}b&gt; &amp; c",
            ),
            (
                "@here :fire: *x* _y_",
                "@\u{200b}here :\u{200b}fire: *\u{200b}x*\u{200b} _y_\u{200b}",
            ),
            ("evil.com\nBcc: x", "evil.\u{200b}com Bcc: x"),
            ("a\u{202e}b", "a b"),
        ] {
            assert_eq!(harmless(text), said, "{text}");
        }
    }

    #[test]
    fn spans_are_said_as_people_say_them() {
        let minutes = |n: i64| span(UnixMillis(0), UnixMillis(n * 60_000));
        assert_eq!(
            [1, 90, 180, 60 * 47, 60 * 72].map(minutes),
            ["1 minute", "90 minutes", "3 hours", "47 hours", "3 days"]
        );
    }
}

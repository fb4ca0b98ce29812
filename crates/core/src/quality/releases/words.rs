//! Numbers and names in sentences. Without the standard library's printing of floats, which is large.

use crate::base::time::UnixMillis;
use crate::ledger::State;

use super::evidence::Kind;

/// A whole number; an ellipsis where it is none.
pub(super) fn whole(x: f64) -> String {
    if !x.is_finite() {
        return "…".to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and counts are far below"
    )]
    let n = x.round() as i64;
    n.to_string()
}

/// An amount, with a decimal below ten.
pub(super) fn amount(x: f64) -> String {
    decimal(x)
}

/// A fraction as a percentage, with a decimal below ten.
pub(super) fn percent(fraction: f64) -> String {
    [&decimal(fraction * 100.0), " %"].concat()
}

/// A difference of shares in points.
pub(super) fn points(difference: f64) -> String {
    [&signed(difference), " points"].concat()
}

/// A ratio as what it adds or takes away.
pub(super) fn against(ratio: f64) -> String {
    [&signed(ratio - 1.0), " %"].concat()
}

fn signed(fraction: f64) -> String {
    let text = decimal(fraction.abs() * 100.0);
    let sign = if text == "0" {
        ""
    } else if fraction < 0.0 {
        "−"
    } else {
        "+"
    };
    [sign, &text].concat()
}

fn decimal(x: f64) -> String {
    if x == f64::INFINITY {
        return "∞".to_owned();
    }
    if !x.is_finite() {
        return "…".to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and percentages are far below"
    )]
    let tenths = (x * 10.0).round() as i64;
    if tenths % 10 == 0 || x.abs() >= 10.0 {
        whole(x)
    } else {
        [
            &(tenths / 10).to_string(),
            ".",
            &(tenths % 10).abs().to_string(),
        ]
        .concat()
    }
}

/// An hour: date, and hour and minute in UTC.
pub(super) fn hour(hour: UnixMillis) -> String {
    let text = hour.to_rfc3339();
    let day = text.get(..10).unwrap_or_default();
    let minute = text.get(11..16).unwrap_or_default();
    [day, " ", minute, " UTC"].concat()
}

/// What a share is called.
pub(super) fn share(kind: Kind, word: &str) -> String {
    let name = match kind {
        Kind::Key(key) => key.as_str(),
        Kind::Part(name) => name,
        Kind::Outcome(State::Rejected) => "rejected",
        Kind::Outcome(state) => state.as_str(),
        Kind::Malformed => "malformed",
        Kind::Consent => return ["consent ", word].concat(),
        Kind::Late => "delivered after more than 5 minutes",
        Kind::Score => "match-quality estimate",
    };
    name.to_owned()
}

/// The name of an event that may have none.
pub(super) fn event(name: &str) -> &str {
    if name.is_empty() { "all events" } else { name }
}

/// The name of a label that may be empty.
pub(super) fn label(name: &str) -> &str {
    if name.is_empty() { "(no label)" } else { name }
}

/// A sender's word within Markdown: nothing in it is markup, a link, a mention or a further line.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == 120 {
            out.push('…');
            break;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            ':' => out.push_str("&#58;"),
            '|' => out.push_str("&#124;"),
            '`' => out.push_str("&#96;"),
            '.' => out.push_str("&#46;"),
            '\\' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '!' | '~' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || is_invisible(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Separators of lines, and what turns the direction of writing round.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

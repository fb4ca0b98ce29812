//! E-mail addresses as nearly all of them are: short, ASCII, valid. All bytes at once, no branch that depends on them.
//!
//! Whatever is in the least unusual is left to [`super::email`], whose rules these are; a test holds the two against each
//! other.

use super::digest::ONE_BLOCK;
use super::email::Rule;

/// Room for an address, and for what SHA-256 adds to it.
pub(super) type Block = [u8; 64];

/// Copies a value without its outer white space, with zeros behind it; `None` when it is too long for the short way.
pub(super) fn copy(raw: &str, block: &mut Block) -> Option<usize> {
    let raw = trim(raw.as_bytes());
    if raw.len() > ONE_BLOCK {
        return None;
    }
    *block = [0; 64];
    block.get_mut(..raw.len())?.copy_from_slice(raw);
    Some(raw.len())
}

/// Rewrites what [`copy`] has left there to a valid address in its spelling, with zeros behind it, and returns its length;
/// `None` (and no meaning in `block`) when the general way has to say.
pub(super) fn email(rule: Rule, block: &mut Block, len: usize) -> Option<usize> {
    let seen = Seen::of(block);
    let local = usize::from(seen.at);
    let valid = usize::from(seen.odd) == 64 - len
        && seen.ats == 1
        // One that begins with a sign may consist of nothing else.
        && block.first().is_some_and(u8::is_ascii_alphanumeric)
        && local > 0
        && !seen.gap
        && seen.sign <= seen.at
        && (seen.dot > seen.at || rule == Rule::Gmail);
    if !valid {
        return None;
    }
    let drop_dots = match rule {
        Rule::Trimmed | Rule::Spaceless => return Some(len),
        Rule::Gmail => {
            let domain = block.get(local + 1..len);
            if !domain.is_some_and(|domain| domain == b"gmail.com" || domain == b"googlemail.com") {
                return Some(len);
            }
            true
        }
        Rule::Dotless => true,
        Rule::Alphanumeric => false,
    };
    let before = *block;
    let (mut kept, mut alias) = (0, false);
    for (at, byte) in before.iter().enumerate().take(len) {
        let domain = at >= local;
        alias |= *byte == b'+';
        let wanted = if drop_dots {
            *byte != b'.'
        } else {
            byte.is_ascii_alphanumeric()
        };
        *block.get_mut(kept)? = *byte;
        kept += usize::from(domain || (!alias && wanted));
        if at == local && kept == 1 {
            // Nothing is left before the `@`.
            return None;
        }
    }
    block.get_mut(kept..len)?.fill(0);
    Some(kept)
}

/// What the bytes of an address say about it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// How many are neither letters and digits nor `-` `.` `_` `+` `@`; the zeros behind the text are.
    odd: u8,
    ats: u8,
    /// Where the `@` is, the last dot, and the last `+` or `_`.
    at: u8,
    dot: u8,
    sign: u8,
    /// Whether a `.` or `@` is followed by another dot or by the end.
    gap: bool,
}

impl Seen {
    /// Looks at all bytes, and makes the capitals small.
    #[expect(
        clippy::indexing_slicing,
        clippy::needless_bitwise_bool,
        reason = "one loop over whole arrays without a branch, of which the compiler makes vectors"
    )]
    fn of(block: &mut Block) -> Self {
        let (mut odd, mut ats, mut at, mut dot, mut sign, mut gap) =
            (0_u8, 0_u8, 0_u8, 0_u8, 0_u8, 0_u8);
        let mut next = [0_u8; 64];
        next[..63].copy_from_slice(&block[1..]);
        for (i, place) in (0_usize..64).zip(0_u8..) {
            let byte = block[i];
            let is_at = byte == b'@';
            let is_dot = byte == b'.';
            let is_sign = (byte == b'+') | (byte == b'_');
            let is_word = ((byte | 0x20).wrapping_sub(b'a') < 26)
                | (byte.wrapping_sub(b'0') < 10)
                | (byte == b'-');
            odd += u8::from(!(is_word | is_sign | is_dot | is_at));
            ats += u8::from(is_at);
            at = at.max(if is_at { place } else { 0 });
            dot = dot.max(if is_dot { place } else { 0 });
            sign = sign.max(if is_sign { place } else { 0 });
            gap |= u8::from((is_at | is_dot) & ((next[i] == b'.') | (next[i] == 0)));
            block[i] = byte | (u8::from(byte.wrapping_sub(b'A') < 26) << 5);
        }
        Self {
            odd,
            ats,
            at,
            dot,
            sign,
            gap: gap != 0,
        }
    }
}

fn trim(mut text: &[u8]) -> &[u8] {
    // Rust's own `trim_ascii` leaves the vertical tab, which is white space to Unicode.
    const fn is_space(byte: u8) -> bool {
        matches!(byte, 9..=13 | b' ')
    }
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{email as general_way, text};
    use super::*;

    const RULES: [Rule; 5] = [
        Rule::Trimmed,
        Rule::Spaceless,
        Rule::Alphanumeric,
        Rule::Dotless,
        Rule::Gmail,
    ];

    /// What the general way says.
    fn general(rule: Rule, raw: &str) -> Option<String> {
        let mut out = String::new();
        let tidy = text::tidy(raw)?;
        general_way::normalise(rule, &tidy, &mut out).then_some(out)
    }

    fn both_agree(raw: &str) -> usize {
        let read = RULES.map(|rule| {
            let mut bytes = [b'?'; 64];
            let len = copy(raw, &mut bytes).and_then(|len| email(rule, &mut bytes, len));
            if let Some(len) = len {
                let text = str::from_utf8(&bytes[..len]).unwrap();
                assert_eq!(
                    Some(text),
                    general(rule, raw).as_deref(),
                    "{rule:?} {raw:?}"
                );
                assert!(
                    bytes[len..].iter().all(|byte| *byte == 0),
                    "{rule:?} {raw:?}"
                );
            }
            usize::from(len.is_some())
        });
        read.iter().sum()
    }

    #[test]
    fn every_byte_at_every_place_is_judged_as_by_the_general_way() {
        for template in [
            "ab@cd.ef",
            "a.b+c@gmail.com",
            "longer.local+part@some.domain.example",
        ] {
            for at in 0..=template.len() {
                for c in (0..=0x17F)
                    .filter_map(char::from_u32)
                    .chain(['\u{212A}', '\u{200B}'])
                {
                    let (before, after) = template.split_at(at);
                    both_agree(&format!("{before}{c}{after}"));
                    both_agree(&format!(
                        "{before}{c}{c}{}",
                        after.get(1..).unwrap_or_default()
                    ));
                }
            }
        }
    }

    #[test]
    fn an_ordinary_address_takes_the_short_way_at_every_length() {
        for length in 1..=ONE_BLOCK {
            let local = "aB".repeat(ONE_BLOCK);
            let domain = "@shop.example";
            let raw = format!(
                " {}{domain}",
                &local[..length.saturating_sub(domain.len()).max(1)]
            );
            assert_eq!(both_agree(&raw), RULES.len(), "{raw}");
        }
        assert_eq!(both_agree(&format!("{}@b.c", "a".repeat(ONE_BLOCK - 3))), 0);
        assert_eq!(both_agree("jo@localhost"), 1);
        assert_eq!(both_agree("a_@-"), 1);
        assert_eq!(both_agree("_@-"), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_short_way_says_what_the_general_way_says(
            raw in prop_oneof![
                any::<String>(),
                "[ \t\x0B]{0,2}[A-Za-z0-9.+_@ \u{7f}\u{e9}\u{130}-]{0,20}@[A-Za-z0-9.@+ -]{0,20}[ \r\n\u{1c}]{0,2}",
                "[A-Z.+]{0,9}@(g|G|google)(mail|MAIL)\\.(com|COM|co)",
                "[ -~]{0,70}",
            ],
        ) {
            both_agree(&raw);
        }
    }
}

//! E-mail addresses as nearly all of them are: short, ASCII, valid. One pass over eight bytes at a time, no allocation.
//!
//! Whatever is in the least unusual is left to [`super::email`], whose rules these are; a test holds the two
//! against each other.

use super::digest::ONE_BLOCK;
use super::email::Rule;

/// Room for an address, and for what SHA-256 adds to it.
type Block = [u8; 64];

/// A byte of each of the eight.
const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * EACH;

/// Writes a valid address in its spelling, with zeros behind it, and returns its length; `None` (and no meaning in `out`)
/// when the general way has to say.
///
/// Nothing that was just written is read again: a processor that has to wait for its own bytes takes twice as long.
pub(super) fn email(rule: Rule, raw: &str, out: &mut Block) -> Option<usize> {
    let raw = trim(raw.as_bytes());
    let len = raw.len();
    if len > ONE_BLOCK {
        return None;
    }
    *out = [0; 64];
    let (mut at, mut dot, mut plus, mut odd) = (0, 0, 0, 0);
    let mut first = 0;
    for place in out.as_chunks_mut().0 {
        if first >= len {
            break;
        }
        let word = word(raw, first)?;
        at |= bits(equal(word, b'@')) << first;
        dot |= bits(equal(word, b'.')) << first;
        plus |= bits(equal(word, b'+')) << first;
        // Spaces, controls and what is not ASCII; the zeros behind the text are taken out below.
        odd |= bits((word | below(word, 0x21) | equal(word, 0x7F)) & HIGH) << first;
        // Only A to Z get the bit that makes them small.
        let capital = below(word, b'Z' + 1) & !below(word, b'A') & !word;
        *place = (word | capital >> 2).to_le_bytes();
        first += 8;
    }
    let inside = u64::MAX.checked_shr(u32::try_from(64 - len).ok()?)?;
    let here: u32 = at.trailing_zeros();
    if odd & inside != 0 || at.count_ones() != 1 || here == 0 {
        return None;
    }
    let local = usize::try_from(here).ok()?;
    let last = len - local - 1;
    let dots = dot.checked_shr(here + 1).unwrap_or(0);
    let labels = last > 0 && dots & 1 == 0 && dots >> (last - 1) == 0 && dots & dots >> 1 == 0;
    if !labels || (dots == 0 && rule != Rule::Gmail) {
        return None;
    }
    let (before, domain) = raw.split_at_checked(local)?;
    let rewritten = (dot | plus) & ((1 << here) - 1) != 0;
    match rule {
        Rule::Trimmed | Rule::Spaceless => Some(len),
        Rule::Gmail if !rewritten || !is_gmail(domain) => Some(len),
        Rule::Dotless if !rewritten => Some(len),
        Rule::Dotless | Rule::Gmail => rewrite(before, domain, |byte| byte != b'.', out),
        Rule::Alphanumeric => rewrite(before, domain, |byte| byte.is_ascii_alphanumeric(), out),
    }
}

/// Eight bytes from a place that is a multiple of eight, with zeros where the text has ended.
fn word(text: &[u8], at: usize) -> Option<u64> {
    let rest = text.get(at..)?;
    if let Some(eight) = rest.first_chunk() {
        return Some(u64::from_le_bytes(*eight));
    }
    if let Some(eight) = text.last_chunk() {
        return u64::from_le_bytes(*eight).checked_shr(u32::try_from(64 - 8 * rest.len()).ok()?);
    }
    let bytes = rest.iter().rev();
    Some(bytes.fold(0, |word, byte| word << 8 | u64::from(*byte)))
}

fn is_gmail(domain: &[u8]) -> bool {
    match domain.len() {
        10 => domain.eq_ignore_ascii_case(b"@gmail.com"),
        15 => domain.eq_ignore_ascii_case(b"@googlemail.com"),
        _ => false,
    }
}

/// Without the alias, and of the part before the `@` only what `keep` wants; `None` when that is nothing.
fn rewrite(
    before: &[u8],
    domain: &[u8],
    keep: impl Fn(u8) -> bool,
    out: &mut Block,
) -> Option<usize> {
    *out = [0; 64];
    let mut len = 0;
    let alias = |byte: &&u8| **byte != b'+';
    for byte in before.iter().take_while(alias).filter(|byte| keep(**byte)) {
        *out.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    if len == 0 {
        return None;
    }
    for byte in domain {
        *out.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    Some(len)
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

/// The high bit of each byte that is equal to `byte`.
const fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (byte as u64 * EACH);
    // Seven bits plus seven ones overflow into the eighth unless all are zero; no byte carries into the next.
    !(((difference & !HIGH) + !HIGH) | difference) & HIGH
}

/// The high bit of each ASCII byte that is smaller than `bound`, which is ASCII too; of others it says nothing.
const fn below(word: u64, bound: u8) -> u64 {
    !((word & !HIGH) + (0x80 - bound as u64) * EACH) & HIGH
}

/// The high bits of the eight bytes, as eight bits.
const fn bits(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
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
            let len = email(rule, raw, &mut bytes);
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

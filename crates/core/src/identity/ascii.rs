//! E-mail addresses as nearly all of them are: short, ASCII, valid. One pass over eight bytes at a time, no allocation.
//!
//! Whatever is in the least unusual is left to [`email`](super::email), whose rules these are; a test holds the two
//! against each other.

use super::email::Rule;

/// The longest address that is read here: as many bytes as SHA-256 takes in one block.
const MOST: usize = 64;

/// A byte of each of the eight.
const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * EACH;

/// An address on the stack, with zeros behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    bytes: [u8; MOST],
    len: usize,
}

impl Short {
    /// A valid address in its spelling; `None` when the general way has to say.
    pub(super) fn email(rule: Rule, raw: &str) -> Option<Self> {
        let raw = trim(raw.as_bytes());
        let len = raw.len();
        let mut bytes = [0; MOST];
        bytes.get_mut(..len)?.copy_from_slice(raw);

        let (mut at, mut dot, mut plus, mut odd) = (0, 0, 0, 0);
        for (index, chunk) in bytes.chunks_exact_mut(8).enumerate() {
            let first = index * 8;
            if first >= len {
                break;
            }
            let word = u64::from_le_bytes(*chunk.first_chunk()?);
            at |= bits(equal(word, b'@')) << first;
            dot |= bits(equal(word, b'.')) << first;
            plus |= bits(equal(word, b'+')) << first;
            // Spaces, controls and what is not ASCII; the zeros behind the text are taken out below.
            odd |= bits((word | below(word, 0x21) | equal(word, 0x7F)) & HIGH) << first;
            // Only A to Z get the bit that makes them small.
            let capital = (below(word, b'Z' + 1) & !below(word, b'A')) & HIGH & !word;
            chunk.copy_from_slice(&(word | capital >> 2).to_le_bytes());
        }
        let inside = u64::MAX.checked_shr(u32::try_from(MOST - len).ok()?)?;
        let here = at.trailing_zeros();
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
        let short = Self { bytes, len };
        let before = (1 << here) - 1;
        match rule {
            Rule::Trimmed | Rule::Spaceless => Some(short),
            Rule::Gmail if !short.at_gmail(local) => Some(short),
            Rule::Dotless | Rule::Gmail if (dot | plus) & before == 0 => Some(short),
            Rule::Dotless | Rule::Gmail => short.keep(local, |byte| byte != b'.'),
            Rule::Alphanumeric => short.keep(local, |byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit()
            }),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The bytes with zeros behind them, and how many they are.
    pub(super) const fn into_parts(self) -> ([u8; MOST], usize) {
        (self.bytes, self.len)
    }

    fn at_gmail(&self, local: usize) -> bool {
        let domain = self.as_bytes().get(local + 1..);
        domain.is_some_and(|domain| domain == b"gmail.com" || domain == b"googlemail.com")
    }

    /// Without the alias, and of the part before the `@` only what `keep` wants; `None` when that is nothing.
    fn keep(&self, local: usize, keep: impl Fn(u8) -> bool) -> Option<Self> {
        let mut kept = Self {
            bytes: [0; MOST],
            len: 0,
        };
        let (before, domain) = self.as_bytes().split_at_checked(local)?;
        for byte in before.iter().copied().take_while(|byte| *byte != b'+') {
            *kept.bytes.get_mut(kept.len)? = byte;
            kept.len += usize::from(keep(byte));
        }
        if kept.len == 0 {
            return None;
        }
        // The last one that was not kept may still stand there.
        let end = kept.len + domain.len();
        kept.bytes.get_mut(kept.len..end)?.copy_from_slice(domain);
        kept.len = end;
        kept.bytes.get_mut(end..)?.fill(0);
        Some(kept)
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

    use super::super::{email, text};
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
        email::normalise(rule, &tidy, &mut out).then_some(out)
    }

    fn both_agree(raw: &str) -> usize {
        let read = RULES.map(|rule| {
            let short = Short::email(rule, raw);
            if let Some(short) = short {
                let text = str::from_utf8(short.as_bytes()).unwrap();
                assert_eq!(
                    Some(text),
                    general(rule, raw).as_deref(),
                    "{rule:?} {raw:?}"
                );
                let (bytes, len) = short.into_parts();
                assert!(
                    bytes[len..].iter().all(|byte| *byte == 0),
                    "{rule:?} {raw:?}"
                );
            }
            usize::from(short.is_some())
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
        for length in 1..=MOST {
            let local = "aB".repeat(MOST);
            let domain = "@shop.example";
            let raw = format!(
                " {}{domain}",
                &local[..length.saturating_sub(domain.len()).max(1)]
            );
            assert_eq!(both_agree(&raw), RULES.len(), "{raw}");
        }
        assert_eq!(both_agree(&format!("{}@b.c", "a".repeat(MOST - 3))), 0);
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

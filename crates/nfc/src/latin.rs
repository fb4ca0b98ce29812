//! NFKD of what is written with Latin, Greek and Cyrillic letters, and of the characters of others that stay as they
//! are, from two kilobytes of tables. What is taken for base64 and is none holds any characters, so most of those that
//! nobody writes are here too.

use std::borrow::Cow;

/// The text in NFKD, or `None` where it has characters that the table does not know.
pub(crate) fn nfkd(text: &str) -> Option<Cow<'_, str>> {
    let mut changes = false;
    for c in text.chars().filter(|c| !c.is_ascii()) {
        match Kind::of(c)? {
            Kind::Stays => {}
            Kind::Changes(..) | Kind::Syllable(_) => changes = true,
        }
    }
    if !changes {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match Kind::of(c) {
            Some(Kind::Changes(base, mark)) => {
                out.extend(char::from_u32(base.into()));
                out.extend(char::from_u32(mark.into()).filter(|mark| *mark > '\0'));
            }
            Some(Kind::Syllable(place)) => {
                let (first, rest) = (place / 588, place % 588);
                let parts = [0x1100 + first, 0x1161 + rest / 28, 0x11A7 + rest % 28];
                let closed = rest % 28 > 0;
                let parts = parts.into_iter().take(if closed { 3 } else { 2 });
                out.extend(parts.filter_map(char::from_u32));
            }
            _ => out.push(c),
        }
    }
    Some(Cow::Owned(out))
}

/// What becomes of a character.
enum Kind {
    Stays,
    /// Another character, and its accent where there is one.
    Changes(u16, u16),
    /// A syllable of Hangul, by its place among them: two or three letters.
    Syllable(u32),
}

impl Kind {
    fn of(c: char) -> Option<Self> {
        let Ok(code) = u16::try_from(u32::from(c)) else {
            // Rare ideographs, and behind those that are another's forms nothing that decomposes.
            let stays = matches!(c, '\u{20000}'..='\u{2F7FF}' | '\u{2FA20}'..);
            return stays.then_some(Self::Stays);
        };
        match code {
            0..FIRST => Some(Self::Stays),
            FIRST..LAST => match LETTERS.get(usize::from(code - FIRST)).copied()? {
                // A micro sign is a Greek letter, and fractions and ligatures are several characters.
                (0, 0) if matches!(code, 0xB5 | 0xBC..=0xBE | 0x132..=0x133 | 0x13F..=0x140 | 0x149) => {
                    None
                }
                (0, 0) => Some(Self::Stays),
                (base, 0) => Some(Self::Changes(u16::from(base), 0)),
                (base, mark) => Some(Self::Changes(u16::from(base), MARKS + u16::from(mark))),
            },
            0xAC00..=0xD7A3 => Some(Self::Syllable(u32::from(code) - 0xAC00)),
            LAST.. => {
                let next = ACTIVE.partition_point(|(_, last)| *last < code);
                if ACTIVE.get(next).is_none_or(|(first, _)| *first > code) {
                    return Some(Self::Stays);
                }
                let found = ACCENTED.binary_search_by_key(&code, |(accented, ..)| *accented);
                let (_, letter, mark) = ACCENTED.get(found.ok()?)?;
                Some(Self::Changes(*letter, *mark))
            }
        }
    }
}

const FIRST: u16 = 0xA0;
const LAST: u16 = 0x180;
/// Accents are counted from here.
const MARKS: u16 = 0x2FF;

/// From [`FIRST`] to [`LAST`]: the letter of ASCII and the accent behind it, or zeros where the character stays.
#[rustfmt::skip]
static LETTERS: [(u8, u8); (LAST - FIRST) as usize] = [
    (32, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (32, 9), (0, 0), (97, 0), (0, 0), (0, 0), (0, 0),
    (0, 0), (32, 5), (0, 0), (0, 0), (50, 0), (51, 0), (32, 2), (0, 0), (0, 0), (0, 0), (32, 40), (49, 0), (111, 0), (0, 0),
    (0, 0), (0, 0), (0, 0), (0, 0), (65, 1), (65, 2), (65, 3), (65, 4), (65, 9), (65, 11), (0, 0), (67, 40), (69, 1), (69, 2),
    (69, 3), (69, 9), (73, 1), (73, 2), (73, 3), (73, 9), (0, 0), (78, 4), (79, 1), (79, 2), (79, 3), (79, 4), (79, 9), (0, 0),
    (0, 0), (85, 1), (85, 2), (85, 3), (85, 9), (89, 2), (0, 0), (0, 0), (97, 1), (97, 2), (97, 3), (97, 4), (97, 9), (97, 11),
    (0, 0), (99, 40), (101, 1), (101, 2), (101, 3), (101, 9), (105, 1), (105, 2), (105, 3), (105, 9), (0, 0), (110, 4), (111, 1), (111, 2),
    (111, 3), (111, 4), (111, 9), (0, 0), (0, 0), (117, 1), (117, 2), (117, 3), (117, 9), (121, 2), (0, 0), (121, 9), (65, 5), (97, 5),
    (65, 7), (97, 7), (65, 41), (97, 41), (67, 2), (99, 2), (67, 3), (99, 3), (67, 8), (99, 8), (67, 13), (99, 13), (68, 13), (100, 13),
    (0, 0), (0, 0), (69, 5), (101, 5), (69, 7), (101, 7), (69, 8), (101, 8), (69, 41), (101, 41), (69, 13), (101, 13), (71, 3), (103, 3),
    (71, 7), (103, 7), (71, 8), (103, 8), (71, 40), (103, 40), (72, 3), (104, 3), (0, 0), (0, 0), (73, 4), (105, 4), (73, 5), (105, 5),
    (73, 7), (105, 7), (73, 41), (105, 41), (73, 8), (0, 0), (0, 0), (0, 0), (74, 3), (106, 3), (75, 40), (107, 40), (0, 0), (76, 2),
    (108, 2), (76, 40), (108, 40), (76, 13), (108, 13), (0, 0), (0, 0), (0, 0), (0, 0), (78, 2), (110, 2), (78, 40), (110, 40), (78, 13),
    (110, 13), (0, 0), (0, 0), (0, 0), (79, 5), (111, 5), (79, 7), (111, 7), (79, 12), (111, 12), (0, 0), (0, 0), (82, 2), (114, 2),
    (82, 40), (114, 40), (82, 13), (114, 13), (83, 2), (115, 2), (83, 3), (115, 3), (83, 40), (115, 40), (83, 13), (115, 13), (84, 40), (116, 40),
    (84, 13), (116, 13), (0, 0), (0, 0), (85, 4), (117, 4), (85, 5), (117, 5), (85, 7), (117, 7), (85, 11), (117, 11), (85, 12), (117, 12),
    (85, 41), (117, 41), (87, 3), (119, 3), (89, 3), (121, 3), (89, 9), (90, 2), (122, 2), (90, 8), (122, 8), (90, 13), (122, 13), (115, 0),
];

/// Letters with accents in Greek and Cyrillic, the letters and the accents.
#[rustfmt::skip]
static ACCENTED: &[(u16, u16, u16)] = &[
    (0x37a, 0x20, 0x345), (0x384, 0x20, 0x301), (0x386, 0x391, 0x301), (0x388, 0x395, 0x301), (0x389, 0x397, 0x301),
    (0x38a, 0x399, 0x301), (0x38c, 0x39f, 0x301), (0x38e, 0x3a5, 0x301), (0x38f, 0x3a9, 0x301), (0x3aa, 0x399, 0x308),
    (0x3ab, 0x3a5, 0x308), (0x3ac, 0x3b1, 0x301), (0x3ad, 0x3b5, 0x301), (0x3ae, 0x3b7, 0x301), (0x3af, 0x3b9, 0x301),
    (0x3ca, 0x3b9, 0x308), (0x3cb, 0x3c5, 0x308), (0x3cc, 0x3bf, 0x301), (0x3cd, 0x3c5, 0x301), (0x3ce, 0x3c9, 0x301),
    (0x3d3, 0x3a5, 0x301), (0x3d4, 0x3a5, 0x308), (0x400, 0x415, 0x300), (0x401, 0x415, 0x308), (0x403, 0x413, 0x301),
    (0x407, 0x406, 0x308), (0x40c, 0x41a, 0x301), (0x40d, 0x418, 0x300), (0x40e, 0x423, 0x306), (0x419, 0x418, 0x306),
    (0x439, 0x438, 0x306), (0x450, 0x435, 0x300), (0x451, 0x435, 0x308), (0x453, 0x433, 0x301), (0x457, 0x456, 0x308),
    (0x45c, 0x43a, 0x301), (0x45d, 0x438, 0x300), (0x45e, 0x443, 0x306), (0x476, 0x474, 0x30f), (0x477, 0x475, 0x30f),
    (0x4c1, 0x416, 0x306), (0x4c2, 0x436, 0x306), (0x4d0, 0x410, 0x306), (0x4d1, 0x430, 0x306), (0x4d2, 0x410, 0x308),
    (0x4d3, 0x430, 0x308), (0x4d6, 0x415, 0x306), (0x4d7, 0x435, 0x306), (0x4da, 0x4d8, 0x308), (0x4db, 0x4d9, 0x308),
    (0x4dc, 0x416, 0x308), (0x4dd, 0x436, 0x308), (0x4de, 0x417, 0x308), (0x4df, 0x437, 0x308), (0x4e2, 0x418, 0x304),
    (0x4e3, 0x438, 0x304), (0x4e4, 0x418, 0x308), (0x4e5, 0x438, 0x308), (0x4e6, 0x41e, 0x308), (0x4e7, 0x43e, 0x308),
    (0x4ea, 0x4e8, 0x308), (0x4eb, 0x4e9, 0x308), (0x4ec, 0x42d, 0x308), (0x4ed, 0x44d, 0x308), (0x4ee, 0x423, 0x304),
    (0x4ef, 0x443, 0x304), (0x4f0, 0x423, 0x308), (0x4f1, 0x443, 0x308), (0x4f2, 0x423, 0x30b), (0x4f3, 0x443, 0x30b),
    (0x4f4, 0x427, 0x308), (0x4f5, 0x447, 0x308), (0x4f8, 0x42b, 0x308), (0x4f9, 0x44b, 0x308),
];

/// From [`LAST`] on: characters that decompose, and accents, which have to be put in order. Behind the scripts of Europe and
/// the Near East with what stands between them.
#[rustfmt::skip]
static ACTIVE: &[(u16, u16)] = &[
    (0x1a0, 0x1a1), (0x1af, 0x1b0), (0x1c4, 0x1dc), (0x1de, 0x1e3), (0x1e6, 0x1f5), (0x1f8, 0x21b), (0x21e, 0x21f),
    (0x226, 0x233), (0x2b0, 0x2b8), (0x2d8, 0x2dd), (0x2e0, 0x2e4), (0x300, 0x34e), (0x350, 0x36f), (0x374, 0x374),
    (0x37a, 0x37a), (0x37e, 0x37e), (0x384, 0x38a), (0x38c, 0x38c), (0x38e, 0x390), (0x3aa, 0x3b0), (0x3ca, 0x3ce),
    (0x3d0, 0x3d6), (0x3f0, 0x3f2), (0x3f4, 0x3f5), (0x3f9, 0x3f9), (0x400, 0x401), (0x403, 0x403), (0x407, 0x407),
    (0x40c, 0x40e), (0x419, 0x419), (0x439, 0x439), (0x450, 0x451), (0x453, 0x453), (0x457, 0x457), (0x45c, 0x45e),
    (0x476, 0x477), (0x483, 0x487), (0x4c1, 0x4c2), (0x4d0, 0x4d3), (0x4d6, 0x4d7), (0x4da, 0x4df), (0x4e2, 0x4e7),
    (0x4ea, 0x4f5), (0x4f8, 0x4f9), (0x558, 0x558), (0x587, 0x587), (0x58b, 0x58c), (0x591, 0x5bd), (0x5bf, 0x5bf),
    (0x5c1, 0x5c2), (0x5c4, 0x5c5), (0x5c7, 0x5c9), (0x610, 0x61a), (0x622, 0x626), (0x64b, 0x65f), (0x670, 0x670),
    (0x675, 0x678), (0x6c0, 0x6c0), (0x6c2, 0x6c2), (0x6d3, 0x6d3), (0x6d6, 0x6dc), (0x6df, 0x6e4), (0x6e7, 0x6e8),
    (0x6ea, 0x6ed), (0x711, 0x711), (0x730, 0x74a), (0x7eb, 0x7f3), (0x7fd, 0x7fd),
    (0x816, 0xacd), (0xb3c, 0xbcd), (0xc3c, 0xc56), (0xcbc, 0xccd), (0xd3b, 0xd4d), (0xdca, 0xe4b), (0xeb3, 0x108d),
    (0x10fc, 0x10fc), (0x135d, 0x135f), (0x1714, 0x1734), (0x17d2, 0x17dd), (0x18a9, 0x18a9), (0x1939, 0x193b),
    (0x1a17, 0x1c37), (0x1cd0, 0x232a), (0x2460, 0x24ea), (0x2a0c, 0x2a0c), (0x2a74, 0x2a76), (0x2adc, 0x2adc),
    (0x2c7c, 0x2c7d), (0x2cef, 0x2cf1), (0x2d6f, 0x2d7f), (0x2de0, 0x2dff), (0x2e9f, 0x319f), (0x3200, 0x33ff),
    (0xa66f, 0xa6f1), (0xa770, 0xa770), (0xa7f1, 0xa82c), (0xa8c4, 0xa9c0), (0xaab0, 0xaaf6), (0xab5c, 0xab69),
    (0xabed, 0xabed), (0xf900, 0xffee),
];

#[cfg(test)]
mod tests {
    use super::nfkd;

    /// Around each character, so that what has to be put in order is.
    #[test]
    fn the_table_says_what_unicode_says() {
        let mut known = 0;
        for c in '\0'..='\u{3FFFF}' {
            for text in [format!("{c}"), format!("aé{c}ö{c}")] {
                if let Some(found) = nfkd(&text) {
                    assert_eq!(found, crate::nfkd(&text), "{c:?}");
                    known += 1;
                }
            }
        }
        assert!(known > 350_000, "{known}");
        assert_eq!(
            nfkd("Köln, Łódź").as_deref(),
            Some("Ko\u{308}ln, Ło\u{301}dz\u{301}")
        );
    }
}

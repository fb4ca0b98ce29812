//! What every rule starts and ends with: Unicode NFC, white space, letter case, placeholders.
//!
//! Order matters to the digest: NFC first, then lower case, then deletions, then NFC again, because deleting a hyphen can
//! bring a letter and its accent together. ASCII text, nearly all there is, takes none of these detours.

use std::borrow::Cow;

use edgetally_nfc::nfc;

/// Without invisible characters, in NFC, without outer white space; `None` when nothing or only a placeholder is left.
pub(super) fn tidy(raw: &str) -> Option<Cow<'_, str>> {
    let text = if raw.is_ascii() {
        Cow::Borrowed(raw.trim_matches(is_space))
    } else if raw.contains(is_invisible) {
        let seen: String = raw.chars().filter(|c| !is_invisible(*c)).collect();
        Cow::Owned(nfc(&seen).trim_matches(is_space).to_owned())
    } else {
        match nfc(raw) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(is_space)),
            Cow::Owned(text) => Cow::Owned(text.trim_matches(is_space).to_owned()),
        }
    };
    (!text.is_empty() && !is_placeholder(&text)).then_some(text)
}

/// What forms, programs and exports write instead of nothing: [`crate::base::text::is_placeholder`], and signs alone.
pub(super) fn is_placeholder(text: &str) -> bool {
    // The first letter comes first: nearly every value is settled by it.
    match text.as_bytes().first() {
        None => true,
        Some(b'u' | b'U' | b'n' | b'N' | b'v' | b'V' | b'i' | b'I') => {
            crate::base::text::is_placeholder(text)
        }
        Some(first) if first.is_ascii_alphanumeric() => false,
        Some(_) => crate::base::text::is_placeholder(text) || is_signs(text),
    }
}

/// Nothing but punctuation; an address is left to its own rule.
fn is_signs(text: &str) -> bool {
    !text.contains(char::is_alphanumeric) && (text.len() < 3 || !text.contains('@'))
}

/// Characters that nobody sees, and nobody means: Unicode's `Cf` (soft hyphen, zero width, byte order mark, direction),
/// variation selectors and the fillers.
///
/// Zero-width joiners are among them. They are part of words in Persian and several Indian scripts, and are typed or left
/// out there from one form to the next.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
        | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Unicode white space.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// The punctuation and symbols of ASCII: 0x21–0x2F, 0x3A–0x40, 0x5B–0x60, 0x7B–0x7E.
pub(super) fn is_ascii_symbol(c: char) -> bool {
    c.is_ascii_punctuation()
}

/// Punctuation and symbols of any script that people type in names and addresses.
///
/// By block rather than by the full Unicode category, whose table would outweigh the rest of the module: Latin-1 signs,
/// general punctuation, currency, arrows to dingbats, CJK punctuation, full-width forms, emoji.
pub(super) fn is_symbol(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    matches!(c,
        '\u{A1}'..='\u{A9}' | '\u{AB}'..='\u{B1}' | '\u{B4}' | '\u{B6}'..='\u{B8}' | '\u{BB}' | '\u{BF}' | '\u{D7}' | '\u{F7}'
        | '\u{2C2}'..='\u{2C5}' | '\u{2D2}'..='\u{2DF}' | '\u{387}' | '\u{55A}'..='\u{55F}' | '\u{589}' | '\u{58A}'
        | '\u{5BE}' | '\u{5F3}' | '\u{5F4}' | '\u{60C}' | '\u{61B}' | '\u{61F}' | '\u{66A}'..='\u{66D}' | '\u{6D4}'
        | '\u{964}' | '\u{965}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' | '\u{20A0}'..='\u{20CF}'
        | '\u{2190}'..='\u{2BFF}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3020}' | '\u{3030}' | '\u{30A0}' | '\u{30FB}'
        | '\u{FE10}'..='\u{FE19}' | '\u{FE30}'..='\u{FE6F}' | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}'
        | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Appends the characters that `keep` wants, in lower case if asked.
pub(super) fn fold(text: &str, lower: bool, keep: impl Fn(char) -> bool, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        if text.bytes().all(|byte| keep(char::from(byte))) {
            out.push_str(text);
        } else {
            out.extend(text.chars().filter(|c| keep(*c)));
        }
        if lower && let Some(added) = out.get_mut(start..) {
            added.make_ascii_lowercase();
        }
        return;
    }
    for (at, c) in text.char_indices() {
        if !keep(c) {
            continue;
        }
        if !lower {
            out.push(c);
        } else if c == 'Σ' {
            out.push(lower_sigma(text, at));
        } else {
            out.extend(c.to_lowercase());
        }
    }
}

/// Greek capital sigma has two lower-case forms; the one at the end of a word is what every platform's own
/// `toLowerCase` gives.
fn lower_sigma(text: &str, at: usize) -> char {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let inside = |c: &char| {
        !matches!(
            c,
            '\'' | '.' | ':' | '\u{2019}' | '\u{AD}' | '\u{300}'..='\u{36F}'
        )
    };
    let before = text.get(..at).and_then(|t| t.chars().rev().find(inside));
    let after = text.get(at..).and_then(|t| t.chars().skip(1).find(inside));
    if letter(before) && !letter(after) {
        'ς'
    } else {
        'σ'
    }
}

/// Ends a rule: NFC and outer white space once more. `false` when nothing worth sending is left.
pub(super) fn finish(out: &mut String) -> bool {
    if !out.is_ascii()
        && let Cow::Owned(composed) = nfc(out)
    {
        *out = composed;
    }
    trim(out);
    !out.is_empty() && !is_placeholder(out)
}

/// Trims in place.
pub(super) fn trim(out: &mut String) {
    let kept = out.trim_end_matches(is_space).len();
    out.truncate(kept);
    let skipped = out.len() - out.trim_start_matches(is_space).len();
    if skipped > 0 {
        out.drain(..skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold(text, true, |_| true, &mut out);
        out
    }

    #[test]
    fn placeholders_and_blanks_are_nothing() {
        for raw in [
            "",
            "  ",
            "\u{FEFF}",
            "null",
            " NULL ",
            "None",
            "undefined",
            "N/A",
            "(not set)",
            "\u{2003}none\u{200B}",
            "und\u{AD}efined",
            "NaN",
            "[object Object]",
            "{{email}}",
            "%%EMAIL%%",
            "-",
            "?!",
        ] {
            assert_eq!(tidy(raw), None, "{raw:?}");
        }
        assert_eq!(tidy(" nullify ").as_deref(), Some("nullify"));
        assert_eq!(tidy("Nan\u{200D}a").as_deref(), Some("Nana"));
        assert_eq!(tidy("(none of them)").as_deref(), Some("(none of them)"));
        assert_eq!(tidy("\u{5D0}\u{200F}").as_deref(), Some("\u{5D0}"));
    }

    #[test]
    fn decomposed_and_composed_text_are_the_same_text() {
        assert_eq!(tidy("Raphae\u{308}l").as_deref(), Some("Raphaël"));
        let mut out = String::from("e\u{301}");
        assert!(finish(&mut out));
        assert_eq!(out, "é");
    }

    #[test]
    fn lower_case_is_that_of_the_standard_library() {
        for text in [
            "ΟΔΥΣΣΕΥΣ",
            "ΣΑΣ ΑΣ",
            "İZMİR",
            "STRASSE",
            "ǅ",
            "ΑΣ.",
            "Σ",
            "Мария",
            "ÉÈ",
        ] {
            assert_eq!(folded(text), text.to_lowercase(), "{text}");
        }
    }
}

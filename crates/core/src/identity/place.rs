//! Street, city, region and postcode. Countries are in [`country`](super::country).

use super::{country, text};

/// How a platform spells one part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Lower case; white space and punctuation deleted (city, and regions outside the United States and Canada).
    Compact,
    /// The same without digits (Meta's city).
    CompactLetters,
    /// Two letters for a state of the United States or Canada, `Compact` elsewhere; `US-CA` and `DE-BE` without the country.
    State,
    /// Lower case; digits and symbols deleted, inner spaces kept (GA4's city).
    LettersAndSpaces,
    /// The same of a region, where `US-CA` is `ca` (GA4's region).
    RegionLetters,
    /// Lower case; symbols deleted, digits and inner spaces kept (GA4's street).
    WordsAndNumbers,
    /// Lower case, no white space, cut at the first dash, five digits in the United States, two characters at least (Meta).
    MetaZip,
    /// Lower case; white space and punctuation deleted (TikTok, Snapchat).
    Zip,
    /// Digits only, three at least (Pinterest).
    ZipDigits,
    /// `.` and `~` deleted, otherwise as typed (Google).
    GoogleZip,
}

/// `country` is the visitor's own, resolved; only states and Meta's postcode look at it.
#[inline(never)]
pub(super) fn normalise(
    rule: Rule,
    tidy: &str,
    country: Option<[u8; 2]>,
    out: &mut String,
) -> bool {
    let compact = |c: char| !text::is_space(c) && !text::is_symbol(c);
    let tidy = match rule {
        Rule::State | Rule::RegionLetters => country::subdivision(tidy).unwrap_or(tidy),
        _ => tidy,
    };
    match rule {
        Rule::Compact | Rule::State | Rule::Zip => text::fold(tidy, true, compact, out),
        Rule::CompactLetters => text::fold(tidy, true, |c| compact(c) && !c.is_numeric(), out),
        Rule::LettersAndSpaces | Rule::RegionLetters => {
            text::fold(tidy, true, |c| !c.is_numeric() && !text::is_symbol(c), out);
        }
        Rule::WordsAndNumbers => text::fold(tidy, true, |c| !text::is_symbol(c), out),
        Rule::MetaZip => {
            let before_dash = tidy.split('-').next().unwrap_or_default();
            text::fold(before_dash, true, |c| !text::is_space(c), out);
        }
        Rule::ZipDigits => text::fold(tidy, false, |c| c.is_ascii_digit(), out),
        Rule::GoogleZip => text::fold(tidy, false, |c| !matches!(c, '.' | '~'), out),
    }
    if !text::finish(out) {
        return false;
    }
    match rule {
        Rule::State => {
            // `Georgia` is also a country's region elsewhere: a visitor known to be from another country keeps the name.
            if matches!(country.as_ref(), None | Some(b"US" | b"CA"))
                && let Some(code) = country::state_code(out)
            {
                out.clear();
                out.push_str(code);
            }
            true
        }
        Rule::MetaZip => {
            if country.as_ref() == Some(b"US") && out.bytes().all(|b| b.is_ascii_digit()) {
                out.truncate(5);
            }
            out.chars().nth(1).is_some()
        }
        Rule::ZipDigits => out.len() >= 3,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rule: Rule, raw: &str, country: Option<[u8; 2]>) -> Option<String> {
        let mut out = String::new();
        normalise(rule, raw.trim(), country, &mut out).then_some(out)
    }

    #[test]
    fn states_have_codes_in_the_united_states_and_canada_only() {
        for (raw, country, expected) in [
            ("California", None, "ca"),
            ("N.Y.", None, "ny"),
            ("new-york", Some(*b"US"), "ny"),
            ("Québec", Some(*b"CA"), "qc"),
            ("Georgia", Some(*b"US"), "ga"),
            ("Georgia", Some(*b"BR"), "georgia"),
            ("Île-de-France", Some(*b"FR"), "îledefrance"),
            ("US-CA", None, "ca"),
            ("us-ca", Some(*b"US"), "ca"),
            ("US - NY", Some(*b"US"), "ny"),
            ("CA_ON", Some(*b"CA"), "on"),
            ("DE-BE", None, "be"),
            ("UK-ENG", Some(*b"GB"), "eng"),
            ("EL-A1", Some(*b"GR"), "a1"),
            ("XX-CA", None, "xxca"),
            ("Al-Bahah", Some(*b"SA"), "albahah"),
        ] {
            assert_eq!(
                of(Rule::State, raw, country).as_deref(),
                Some(expected),
                "{raw}"
            );
        }
    }

    #[test]
    fn each_platform_has_its_own_postcode() {
        assert_eq!(
            of(Rule::MetaZip, "SW1A 1AA", None).as_deref(),
            Some("sw1a1aa")
        );
        assert_eq!(
            of(Rule::MetaZip, "94025-1234", None).as_deref(),
            Some("94025")
        );
        assert_eq!(
            of(Rule::MetaZip, "940251234", Some(*b"US")).as_deref(),
            Some("94025")
        );
        assert_eq!(of(Rule::MetaZip, "-90210", None), None);
        assert_eq!(of(Rule::MetaZip, "A", None), None);
        assert_eq!(
            of(Rule::Zip, "94103-1234", None).as_deref(),
            Some("941031234")
        );
        assert_eq!(of(Rule::ZipDigits, "SW1A 1AA", None), None);
        assert_eq!(
            of(Rule::ZipDigits, "94103-1234", None).as_deref(),
            Some("941031234")
        );
        assert_eq!(
            of(Rule::GoogleZip, "1229-076", None).as_deref(),
            Some("1229-076")
        );
        assert_eq!(
            of(Rule::GoogleZip, "~SW1A 1AA.", None).as_deref(),
            Some("SW1A 1AA")
        );
    }

    #[test]
    fn cities_keep_accents_and_only_meta_drops_digits() {
        assert_eq!(
            of(Rule::CompactLetters, "San–José 95", None).as_deref(),
            Some("sanjosé")
        );
        assert_eq!(
            of(Rule::Compact, "St. Louis 2", None).as_deref(),
            Some("stlouis2")
        );
        assert_eq!(
            of(Rule::LettersAndSpaces, "Berlin 1", None).as_deref(),
            Some("berlin")
        );
        assert_eq!(
            of(Rule::WordsAndNumbers, "12 Main St., Apt #4", None).as_deref(),
            Some("12 main st apt 4")
        );
    }
}

//! Countries and the states of the United States and Canada, as data.
//!
//! A country is sent as its ISO 3166-1 alpha-2 code. Two letters that ISO has assigned are taken as they are (`uk` becomes
//! `gb`, `el` becomes `gr`), others are dropped: `XX`, `T1`, `EU`. Three-letter codes and names are looked up in a table that
//! `scripts/countries.py` writes from the Unicode CLDR; text that is not in it is dropped, never cut to two letters.
//!
//! A name that means two countries is the one whose English name it is, or absent. Kosovo's `XK`, which ISO has not assigned,
//! says whose telephone numbers are meant and is sent to nobody. State names are those of the postal services of the United
//! States and Canada.

mod names;

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use self::names::NAMES;
use super::{calling_code, text};

/// A two-letter country code of ISO 3166-1, upper case.
///
/// ```
/// use edgetally_core::identity::Country2;
///
/// assert_eq!(Country2::parse("de").map(|country| country.to_string()), Some("DE".to_owned()));
/// assert_eq!(Country2::parse("UK"), Country2::parse("gb"));
/// assert_eq!(Country2::parse("EL"), Country2::parse("gr"));
/// assert_eq!(Country2::parse("zz"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country2([u8; 2]);

impl Country2 {
    /// Reads two letters in any case; `UK` is read as `GB`, `EL` as `GR`. `None` when ISO 3166-1 has no such country.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let &[a, b] = raw.trim().as_bytes() else {
            return None;
        };
        let code = alias([a.to_ascii_uppercase(), b.to_ascii_uppercase()]);
        calling_code::is_country(code).then_some(Self(code))
    }

    /// The code in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Of two capitals that ISO 3166-1 has assigned.
    pub(super) const fn of(code: [u8; 2]) -> Self {
        Self(code)
    }

    pub(super) const fn bytes(self) -> [u8; 2] {
        self.0
    }
}

impl fmt::Display for Country2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Country2 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country2 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = super::plain::Text::deserialize(deserializer)?;
        Self::parse(raw.as_str())
            .ok_or_else(|| de::Error::custom("not a two-letter ISO 3166-1 country code"))
    }
}

/// ISO reserves `UK` for the United Kingdom but lists the country as `GB`; the European Union writes `EL` for Greece.
const fn alias(code: [u8; 2]) -> [u8; 2] {
    match &code {
        b"UK" => *b"GB",
        b"EL" => *b"GR",
        _ => code,
    }
}

/// The upper-case two-letter code that a tidied country field stands for, if ISO 3166-1 has assigned it.
#[inline(never)]
pub(super) fn resolve(tidy: &str) -> Option<[u8; 2]> {
    if let Some(code) = letters(tidy.as_bytes()) {
        return assigned(code);
    }
    let mut key = String::new();
    text::fold(tidy, true, char::is_alphanumeric, &mut key);
    match letters(key.as_bytes()) {
        Some(code) => assigned(code),
        None => NAMES
            .binary_search_by(|(name, _)| (*name).cmp(&key))
            .ok()
            .and_then(|at| NAMES.get(at))
            .and_then(|row| assigned(row.1)),
    }
}

fn letters(text: &[u8]) -> Option<[u8; 2]> {
    match text {
        &[a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Some([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => None,
    }
}

fn assigned(code: [u8; 2]) -> Option<[u8; 2]> {
    Some(alias(code)).filter(|code| calling_code::is_assigned(*code))
}

/// The part of a region that ISO 3166-2 writes behind the country: `CA` of `US-CA`.
pub(super) fn subdivision(tidy: &str) -> Option<&str> {
    let (country, part) = tidy.split_once(['-', '_'])?;
    let (country, part) = (country.trim_end(), part.trim_start());
    let short = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    letters(country.as_bytes()).and_then(assigned)?;
    short.then_some(part)
}

/// Two letters after trimming, upper case, or a name that is looked up. Google's own formatters refuse three-letter
/// codes and two letters with anything between them.
#[inline(never)]
pub(super) fn strict(tidy: &str, out: &mut String) -> bool {
    let plain =
        matches!(tidy.as_bytes(), [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    (plain || tidy.chars().count() > 3) && code(tidy, true, out)
}

/// Any known way to write a country, as its code.
#[inline(never)]
pub(super) fn code(tidy: &str, upper: bool, out: &mut String) -> bool {
    let Some(code) = resolve(tidy) else {
        return false;
    };
    push(
        if upper {
            code
        } else {
            code.map(|b| b.to_ascii_lowercase())
        },
        out,
    );
    true
}

fn push(code: [u8; 2], out: &mut String) {
    out.extend(code.map(char::from));
}

/// Replaces the full name of a state of the United States or Canada (letters only, lower case) by its code.
pub(super) fn state_code(name: &str) -> Option<&'static str> {
    STATES
        .binary_search_by(|(known, _)| (*known).cmp(name))
        .ok()
        .and_then(|at| STATES.get(at))
        .map(|row| row.1)
}

#[rustfmt::skip]
static STATES: &[(&str, &str)] = &[
    ("alabama", "al"),
    ("alaska", "ak"),
    ("alberta", "ab"),
    ("americansamoa", "as"),
    ("arizona", "az"),
    ("arkansas", "ar"),
    ("britishcolumbia", "bc"),
    ("california", "ca"),
    ("colorado", "co"),
    ("connecticut", "ct"),
    ("delaware", "de"),
    ("districtofcolumbia", "dc"),
    ("florida", "fl"),
    ("georgia", "ga"),
    ("guam", "gu"),
    ("hawaii", "hi"),
    ("idaho", "id"),
    ("illinois", "il"),
    ("indiana", "in"),
    ("iowa", "ia"),
    ("kansas", "ks"),
    ("kentucky", "ky"),
    ("louisiana", "la"),
    ("maine", "me"),
    ("manitoba", "mb"),
    ("maryland", "md"),
    ("massachusetts", "ma"),
    ("michigan", "mi"),
    ("minnesota", "mn"),
    ("mississippi", "ms"),
    ("missouri", "mo"),
    ("montana", "mt"),
    ("nebraska", "ne"),
    ("nevada", "nv"),
    ("newbrunswick", "nb"),
    ("newfoundland", "nl"),
    ("newfoundlandandlabrador", "nl"),
    ("newhampshire", "nh"),
    ("newjersey", "nj"),
    ("newmexico", "nm"),
    ("newyork", "ny"),
    ("northcarolina", "nc"),
    ("northdakota", "nd"),
    ("northernmarianaislands", "mp"),
    ("northwestterritories", "nt"),
    ("novascotia", "ns"),
    ("nunavut", "nu"),
    ("ohio", "oh"),
    ("oklahoma", "ok"),
    ("ontario", "on"),
    ("oregon", "or"),
    ("pennsylvania", "pa"),
    ("princeedwardisland", "pe"),
    ("puertorico", "pr"),
    ("quebec", "qc"),
    ("québec", "qc"),
    ("rhodeisland", "ri"),
    ("saskatchewan", "sk"),
    ("southcarolina", "sc"),
    ("southdakota", "sd"),
    ("tennessee", "tn"),
    ("texas", "tx"),
    ("usvirginislands", "vi"),
    ("utah", "ut"),
    ("vermont", "vt"),
    ("virginia", "va"),
    ("virginislands", "vi"),
    ("washington", "wa"),
    ("washingtondc", "dc"),
    ("westvirginia", "wv"),
    ("wisconsin", "wi"),
    ("wyoming", "wy"),
    ("yukon", "yt"),
    ("yukonterritory", "yt"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_name_real_countries() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(STATES.is_sorted_by(|a, b| a.0 < b.0));
        for (name, code) in &NAMES {
            assert!(calling_code::is_country(*code), "{name}");
            assert_eq!(resolve(name), assigned(*code), "{name}");
        }
    }

    #[test]
    fn names_and_codes_resolve_and_nothing_is_cut_to_two_letters() {
        for (raw, expected) in [
            ("U.K.", "GB"),
            ("uk", "GB"),
            ("U.S.A.", "US"),
            ("United-States", "US"),
            ("Côte d’Ivoire", "CI"),
            ("Deutschland", "DE"),
            ("ÖSTERREICH", "AT"),
            ("deu", "DE"),
            ("Frankreich", "FR"),
            ("Pays-Bas", "NL"),
            ("Polska", "PL"),
            ("日本", "JP"),
            ("Korea, Republic of", "KR"),
            ("Georgia", "GE"),
            ("EL", "GR"),
            ("el", "GR"),
        ] {
            assert_eq!(
                resolve(raw),
                <[u8; 2]>::try_from(expected.as_bytes()).ok(),
                "{raw}"
            );
        }
        for raw in [
            "Randomland",
            "xyz",
            "u2",
            "...",
            "",
            "XX",
            "ZZ",
            "T1",
            "EU",
            "AC",
            "TA",
            "XK",
            "Kosovo",
            "AN",
            "AP",
            "A1",
        ] {
            assert_eq!(resolve(raw), None, "{raw}");
        }
    }
}

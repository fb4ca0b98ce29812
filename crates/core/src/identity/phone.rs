//! Telephone numbers: one reading, written with or without `+`.
//!
//! A number with `+` or `00` is international. Without them it is completed by the source's `default_country`; without
//! that, eleven to fifteen digits not starting with zero are taken for an international number (the calling code is then
//! most likely there) and anything else is dropped, because a guessed country never matches. Meta's own rule is laxer: it
//! takes any seven to fifteen digits as they are.
//!
//! Leaving the `+` out loses information: `16505551212` read again with `DE` as default country is another number. The
//! digits-only spellings are therefore stable only with their `+` put back.

use super::country::Country2;
use super::plan::{self, Plan, Trunk, ZeroAfterCode};

/// What a platform hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// E.164 with `+` (TikTok, Reddit, X, Microsoft, Google).
    E164,
    /// E.164 without `+` (Pinterest, Snapchat).
    Digits,
    /// Without `+`, and a number of unknown country as it is (Meta).
    MetaDigits,
}

/// E.164 allows fifteen digits; more are read so that too long a number is seen to be too long.
const MOST_DIGITS: usize = 24;

pub(super) fn normalise(rule: Rule, tidy: &str, home: Option<Country2>, out: &mut String) -> bool {
    let Some(number) = Typed::read(tidy) else {
        return false;
    };
    let mut digits = match number.international() {
        Some(digits) => digits,
        None => match (home.and_then(plan::of), rule) {
            (Some(plan), _) => match number.complete(plan) {
                Some(digits) => digits,
                None => return false,
            },
            (None, Rule::MetaDigits) => number.digits,
            (None, _) if (11..=15).contains(&number.digits.len()) => number.digits,
            (None, _) => return false,
        },
    };
    if rule == Rule::MetaDigits {
        digits.drop_leading_zeros();
    }
    // Six digits with the calling code are a number only where the plan says so.
    let long_enough = digits.len() >= 7
        || (digits.len() == 6 && rule == Rule::E164 && plan::is_service(digits.as_slice()));
    if !long_enough || digits.len() > 15 || digits.first() == Some(b'0') {
        return false;
    }
    if rule == Rule::E164 {
        out.push('+');
    }
    out.push_str(str::from_utf8(digits.as_slice()).unwrap_or_default());
    true
}

/// ASCII digits on the stack.
#[derive(Clone, Copy, Debug)]
struct Digits {
    bytes: [u8; MOST_DIGITS],
    len: usize,
}

impl Digits {
    const EMPTY: Self = Self {
        bytes: [0; MOST_DIGITS],
        len: 0,
    };

    fn push(&mut self, digit: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = digit;
        self.len += 1;
        Some(())
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn iter(&self) -> impl Iterator<Item = &u8> {
        self.as_slice().iter()
    }

    fn len(&self) -> usize {
        self.len
    }

    fn first(&self) -> Option<u8> {
        self.as_slice().first().copied()
    }

    fn starts_with(&self, prefix: &str) -> bool {
        self.as_slice().starts_with(prefix.as_bytes())
    }

    /// Deletes `count` digits from position `at`; positions outside delete nothing.
    fn delete(&mut self, at: usize, count: usize) {
        let end = at.saturating_add(count);
        if end <= self.len {
            self.bytes.copy_within(end.., at);
            self.len -= count;
        }
    }

    fn drop_leading_zeros(&mut self) {
        let zeros = self.iter().take_while(|d| **d == b'0').count();
        self.delete(0, zeros);
    }

    /// Zeros from position `at` on.
    fn zeros_at(&self, at: usize) -> usize {
        self.iter().skip(at).take_while(|d| **d == b'0').count()
    }

    fn prefixed(code: u16, rest: &[u8]) -> Option<Self> {
        let mut all = Self::EMPTY;
        for unit in [1000, 100, 10, 1] {
            if code >= unit {
                all.push(b'0' + u8::try_from(code / unit % 10).ok()?)?;
            }
        }
        let end = all.len + rest.len();
        all.bytes.get_mut(all.len..end)?.copy_from_slice(rest);
        all.len = end;
        Some(all)
    }
}

/// What the visitor typed, without ornaments and extension.
#[derive(Clone, Copy, Debug)]
struct Typed {
    digits: Digits,
    plus: bool,
    /// Where in `digits` a zero stood alone in brackets, as in `+49 (0)30`.
    bracketed_zero: Option<usize>,
}

impl Typed {
    /// `None` when there are more digits than any number has.
    fn read(text: &str) -> Option<Self> {
        let mut typed = Self {
            digits: Digits::EMPTY,
            plus: false,
            bracketed_zero: None,
        };
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            // Nearly every character is one of these, and none of them begins anything longer.
            if let '0'..='9' | ' ' | '-' | '.' | ')' = c {
                if let Ok(byte @ b'0'..=b'9') = u8::try_from(c) {
                    typed.digits.push(byte)?;
                }
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            if typed.digits.len() > 0 && is_extension(rest) {
                break;
            }
            if let Some(digit) = digit(c) {
                typed.digits.push(digit)?;
            } else if matches!(c, '+' | '\u{FF0B}') {
                typed.plus |= typed.digits.len() == 0;
            } else if c == '(' && typed.bracketed_zero.is_none() && opens_lone_zero(rest) {
                typed.bracketed_zero = Some(typed.digits.len());
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        Some(typed)
    }

    /// The digits with calling code, if the number says that it has one.
    fn international(&self) -> Option<Digits> {
        let mut digits = self.digits;
        let zeros = digits.zeros_at(0);
        let said = if zeros >= 2 {
            true
        } else {
            self.plus && zeros == 0
        };
        if !said {
            return None;
        }
        digits.delete(0, zeros);
        let Some((code, length)) = plan::calling_code(digits.as_slice()) else {
            return Some(digits);
        };
        let bracketed = self.bracketed_zero == Some(zeros + length);
        match plan::zero_after(code) {
            // All of them: dropping one of two would give another number each time.
            ZeroAfterCode::Dropped => digits.delete(length, digits.zeros_at(length)),
            ZeroAfterCode::Unknown if bracketed => digits.delete(length, 1),
            ZeroAfterCode::Unknown | ZeroAfterCode::Kept => {}
        }
        Some(digits)
    }

    /// The digits with calling code, reading the number as one typed by somebody in that country.
    fn complete(&self, plan: &Plan) -> Option<Digits> {
        let digits = self.digits;
        if let Some(exit) = plan.exit_prefix()
            && digits.starts_with(exit)
        {
            let mut abroad = *self;
            abroad.digits.delete(0, exit.len());
            abroad.bracketed_zero = self
                .bracketed_zero
                .and_then(|at| at.checked_sub(exit.len()));
            abroad.plus = true;
            return abroad.international();
        }
        let code = Digits::prefixed(plan.code, &[])?;
        if let Some(rest) = digits.as_slice().strip_prefix(code.as_slice()) {
            let mut with_code = *self;
            with_code.plus = true;
            if let Some(read) = with_code.international()
                && plan.fits(read.as_slice().get(code.len()..).unwrap_or_default())
                && (plan.trunk == Trunk::Kept
                    || rest.first() != Some(&b'0')
                    || self.bracketed_zero == Some(code.len()))
            {
                return Some(read);
            }
        }
        if let Trunk::Prefixes(prefixes) = plan.trunk {
            for prefix in prefixes {
                if let Some(rest) = digits.as_slice().strip_prefix(prefix.as_bytes())
                    && plan.fits(rest)
                {
                    return Digits::prefixed(plan.code, rest);
                }
                if let Some(rest) = digits.as_slice().strip_prefix(prefix.as_bytes())
                    && let Some(number) = plan.abroad(rest)
                {
                    return Digits::prefixed(plan.code, &number);
                }
            }
        }
        let opens_with_trunk =
            digits.first() == Some(b'0') && matches!(plan.trunk, Trunk::Prefixes(_));
        if plan.fits(digits.as_slice()) && !opens_with_trunk {
            return Digits::prefixed(plan.code, digits.as_slice());
        }
        // Not a number of this country. Another country's, if its calling code and length say so.
        let (code, length) = plan::calling_code(digits.as_slice())?;
        if !(11..=15).contains(&digits.len()) || !plan::plausible(code, digits.len() - length) {
            return None;
        }
        // A trunk zero is dropped as it would be behind a plus.
        let mut abroad = *self;
        abroad.plus = true;
        abroad.international()
    }
}

/// ASCII, full-width and the two Arabic-Indic rows of digits.
fn digit(c: char) -> Option<u8> {
    let value = match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        '\u{FF10}'..='\u{FF19}' => u32::from(c) - 0xFF10,
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6F0}'..='\u{6F9}' => u32::from(c) - 0x6F0,
        _ => return None,
    };
    u8::try_from(value).ok().map(|value| value + b'0')
}

/// `(0)`, with or without spaces.
fn opens_lone_zero(text: &str) -> bool {
    let mut inside = text.chars().skip(1).filter(|c| !c.is_whitespace());
    inside.next().and_then(digit) == Some(b'0') && inside.next() == Some(')')
}

/// A marker followed by digits: `ext. 12`, `x450`, `#7`, `anexo 3`, `poste 3`, `int 3`.
fn is_extension(text: &str) -> bool {
    // Nearly every character of a number is settled here.
    let first = text.as_bytes().first();
    if !first.is_some_and(|byte| {
        matches!(
            byte.to_ascii_lowercase(),
            b'e' | b'a' | b'p' | b'i' | b'x' | b'#'
        )
    }) {
        return false;
    }
    ["extension", "ext", "anexo", "poste", "int", "x", "#"]
        .iter()
        .any(|marker| {
            text.get(..marker.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(marker))
                && text
                    .get(marker.len()..)
                    .and_then(|rest| {
                        rest.trim_start_matches(['.', ':', '#', '-', ' '])
                            .chars()
                            .next()
                    })
                    .is_some_and(|c| digit(c).is_some())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rule: Rule, raw: &str, country: &str) -> Option<String> {
        let mut out = String::new();
        normalise(rule, raw, Country2::parse(country), &mut out).then_some(out)
    }

    #[test]
    fn national_numbers_are_completed_by_the_default_country() {
        for (country, raw, expected) in [
            ("DE", "030 901820", "+4930901820"),
            ("DE", "0151 23456789", "+4915123456789"),
            ("DE", "49 151 23456789", "+4915123456789"),
            ("DE", "+1 (650) 555-1212", "+16505551212"),
            ("GB", "0844 412 4653", "+448444124653"),
            ("GB", "(020) 7946 0958", "+442079460958"),
            ("US", "(650)555-1212", "+16505551212"),
            ("US", "1-650-555-1212", "+16505551212"),
            ("US", "4472342344", "+14472342344"),
            ("US", "011 44 20 7946 0958", "+442079460958"),
            ("CA", "1 (416) 555 0199", "+14165550199"),
            ("IT", "06 12345678", "+390612345678"),
            ("IT", "392 123 4567", "+393921234567"),
            ("IT", "39 06 12345678", "+390612345678"),
            ("VA", "06 69812345", "+390669812345"),
            ("SM", "0549 882555", "+3780549882555"),
            ("RU", "8 912 345-67-89", "+79123456789"),
            ("RU", "912 345-67-89", "+79123456789"),
            ("RU", "7 912 345-67-89", "+79123456789"),
            ("KZ", "8 701 123 4567", "+77011234567"),
            ("HU", "06 30 123 4567", "+36301234567"),
            ("HU", "36 30 123 4567", "+36301234567"),
            ("ES", "612 34 56 78", "+34612345678"),
            ("NO", "47928131", "+4747928131"),
            ("IN", "9198765432", "+919198765432"),
            ("BR", "(55) 99123-4567", "+5555991234567"),
            ("CI", "07 01 23 45 67", "+2250701234567"),
            ("BY", "8 029 123-45-67", "+375291234567"),
            ("DE", "447911123456", "+447911123456"),
            ("AR", "011 15-2345-6789", "+5491123456789"),
            ("AR", "0291 15 412 3456", "+5492914123456"),
            ("AR", "02966 15 41 2345", "+5492966412345"),
            ("AR", "011 2345-6789", "+541123456789"),
            ("AU", "1300 123 456", "+611300123456"),
            ("GT", "1800 111 2222", "+50218001112222"),
            ("PK", "(021) 111 825 888", "+9221111825888"),
            ("NO", "02000", "+4702000"),
            ("CZ", "93 123 456 789", "+42093123456789"),
        ] {
            assert_eq!(
                of(Rule::E164, raw, country).as_deref(),
                Some(expected),
                "{country} {raw}"
            );
            assert_eq!(
                of(Rule::Digits, raw, country).as_deref(),
                expected.get(1..),
                "{country} {raw}"
            );
            assert_eq!(
                of(Rule::MetaDigits, raw, country).as_deref(),
                expected.get(1..),
                "{country} {raw}"
            );
        }
    }

    #[test]
    fn international_numbers_lose_the_trunk_zero_where_there_is_one() {
        for (raw, expected) in [
            ("+49 (0)30 901820", "+4930901820"),
            ("+49 030 901820", "+4930901820"),
            ("0049 (0) 30 901820", "+4930901820"),
            ("+44-0447-234-2344", "+444472342344"),
            ("+39 06 1234567", "+39061234567"),
            ("+39 (0)6 1234567", "+39061234567"),
            ("+378 0549 882555", "+3780549882555"),
            ("+34 (0)612 34 56 78", "+34612345678"),
            ("+225 07 01 23 45 67", "+2250701234567"),
            ("+001 (616) 954-78 88", "+16169547888"),
            ("＋８１ ９０ １２３４ ５６７８", "+819012345678"),
            ("tel: +49 30 901820", "+4930901820"),
        ] {
            assert_eq!(of(Rule::E164, raw, "").as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn another_countrys_number_loses_its_trunk_zero_without_a_plus_too() {
        assert_eq!(
            of(Rule::MetaDigits, "31000000000", "US"),
            of(Rule::MetaDigits, "+31000000000", "US")
        );
        assert_eq!(
            of(Rule::E164, "31 0 6 1234567", "US").as_deref(),
            Some("+3161234567")
        );
    }

    #[test]
    fn six_digits_are_a_number_only_where_the_plan_says_so() {
        assert_eq!(of(Rule::E164, "09601", "IR").as_deref(), Some("+989601"));
        assert_eq!(of(Rule::E164, "+98 9601", "").as_deref(), Some("+989601"));
        assert_eq!(of(Rule::E164, "+98 9501", ""), None);
        assert_eq!(of(Rule::E164, "+49 9601", ""), None);
    }

    #[test]
    fn an_extension_is_cut() {
        for raw in [
            "+1-650-555-1212 ext. 123",
            "+1 650 555 1212x450",
            "+1 650 555 1212 #7",
            "+1 650 555 1212 Extension: 9",
        ] {
            assert_eq!(
                of(Rule::E164, raw, "").as_deref(),
                Some("+16505551212"),
                "{raw}"
            );
        }
    }

    #[test]
    fn without_a_country_only_meta_takes_a_short_number() {
        assert_eq!(of(Rule::E164, "555 123 4567", ""), None);
        assert_eq!(
            of(Rule::MetaDigits, "555 123 4567", "").as_deref(),
            Some("5551234567")
        );
        assert_eq!(
            of(Rule::MetaDigits, "01(650)123-4567", "").as_deref(),
            Some("16501234567")
        );
        assert_eq!(of(Rule::E164, "01(650)123-4567", ""), None);
        assert_eq!(
            of(Rule::E164, "12345678901234", "").as_deref(),
            Some("+12345678901234")
        );
    }

    #[test]
    fn what_is_no_number_is_dropped() {
        for raw in [
            "+abc-DEF",
            "++++",
            "12345",
            "+12345678901234567",
            "1234567890123456789012345678",
            "0000",
            "1-800-GO-FEDEX",
        ] {
            for rule in [Rule::E164, Rule::Digits, Rule::MetaDigits] {
                assert_eq!(of(rule, raw, ""), None, "{raw}");
                assert_eq!(of(rule, raw, "GB"), None, "{raw}");
            }
        }
    }
}

//! Telephone numbers: one reading, written with or without `+`.
//!
//! A number with `+` or `00` is international. Without them it is completed by the source's `default_country`; without
//! that, eleven to fifteen digits not starting with zero are read as an international number (the calling code is then
//! most likely there) and anything else is dropped, because a guessed country never matches. Meta's own rule is laxer: it
//! takes any seven to fifteen digits as they are.
//!
//! What forms and spreadsheets add is read where there is one reading, and dropped where there are two, since a wrong digit
//! is another person's number: extensions are cut, two numbers in one field are none, `1.65E+10` has lost digits.
//!
//! Leaving the `+` out loses information: `16505551212` read again with `DE` as default country is another number. The
//! digits-only spellings are therefore stable only with their `+` put back.

use super::country::Country2;
use super::plan::{self, Plan};

/// What a platform hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// E.164 with `+`.
    E164,
    /// E.164 without `+`.
    Digits,
    /// Without `+`, and a number of unknown country as it is.
    MetaDigits,
}

/// Why a number is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No number, or one that could be read in two ways.
    Invalid,
    /// More than one number.
    TwoNumbers,
    /// A national number, and nobody has said of which country.
    CountryUnknown,
}

impl Fault {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Invalid => "phone_invalid",
            Self::TwoNumbers => "phone_two_numbers",
            Self::CountryUnknown => "phone_country_unknown",
        }
    }
}

/// E.164 allows fifteen digits, and a few plans have more; more are read so that too long a number is seen to be too long.
const MOST_DIGITS: usize = 24;

/// The most digits of an extension; more are another number.
const LONGEST_EXTENSION: usize = 6;

#[inline(never)]
pub(super) fn normalise(rule: Rule, tidy: &str, home: Option<Country2>, out: &mut String) -> bool {
    let Ok(digits) = read(rule, tidy, home) else {
        return false;
    };
    if rule == Rule::E164 {
        out.push('+');
    }
    out.push_str(str::from_utf8(digits.as_slice()).unwrap_or_default());
    true
}

/// Why [`normalise`] drops a number.
pub(super) fn fault(rule: Rule, tidy: &str, home: Option<Country2>) -> Option<Fault> {
    read(rule, tidy, home).err()
}

fn read(rule: Rule, tidy: &str, home: Option<Country2>) -> Result<Digits, Fault> {
    let plan = home.and_then(plan::of);
    let number = Typed::read(tidy, plan)?;
    let mut digits = if number.is_international(plan) {
        // `00800 1234567` is a number of Panama and one of no country.
        if plan.is_some_and(|plan| !number.plus && plan.fits(number.digits.as_slice())) {
            return Err(Fault::Invalid);
        }
        number.international()?
    } else {
        match (plan, rule) {
            (Some(plan), _) => number.complete(plan)?,
            (None, Rule::MetaDigits) => number.digits,
            // The same as with the plus that it goes out with; one that no plan takes stays as it is.
            (None, _)
                if (11..=15).contains(&number.digits.len())
                    && number.digits.first() != Some(b'0') =>
            {
                number.international().unwrap_or(number.digits)
            }
            (None, _) if number.digits.len() < 7 => return Err(Fault::Invalid),
            (None, _) => return Err(Fault::CountryUnknown),
        }
    };
    if rule == Rule::MetaDigits {
        digits.drop_leading_zeros();
    }
    // Six digits with the calling code are a number only where the plan says so.
    let long_enough = digits.len() >= 7
        || (digits.len() == 6 && rule == Rule::E164 && digits.have_a_known_form());
    // Some free numbers of Nigeria, Japan and others are longer than E.164 allows. Germany's plan leaves every length open,
    // and only its service numbers have so many digits.
    let of_germany = digits.as_slice().strip_prefix(b"49");
    let too_long = digits.len() > 15
        && (of_germany.is_some_and(|rest| !rest.starts_with(b"18") && !rest.starts_with(b"800"))
            || !digits.have_a_known_form());
    if !long_enough || too_long || digits.first() == Some(b'0') {
        return Err(Fault::Invalid);
    }
    Ok(digits)
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

    /// Whether this is, with its calling code, a number of the plan behind that code.
    fn have_a_known_form(&self) -> bool {
        plan::calling_code(self.as_slice()).is_some_and(|(code, length)| {
            let national = self.as_slice().get(length..).unwrap_or_default();
            plan::behind(code).is_some_and(|plan| plan.fits(national))
        })
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
    /// Where in `digits` there was white space before: a bit each.
    gaps: u32,
    /// Whether it has been through a table of floating-point numbers, which keeps neither `+` nor leading zeros.
    float: bool,
}

impl Typed {
    fn read(text: &str, home: Option<&Plan>) -> Result<Self, Fault> {
        let mut typed = Self {
            digits: Digits::EMPTY,
            plus: false,
            bracketed_zero: None,
            gaps: 0,
            float: false,
        };
        let whole = text;
        let text = without_decimals(whole);
        typed.float = text.len() < whole.len() && !text.contains(is_plus);
        let (number, parameters) = split_parameters(text);
        if let Some(context) = context(parameters)
            && !number.contains(is_plus)
        {
            typed.plus = true;
            for digit in context.chars().filter_map(digit) {
                typed.digits.push(digit).ok_or(Fault::Invalid)?;
            }
        }
        // A label may stand in front of what is typed, but behind the context that it belongs to.
        let first = typed.digits.len();
        let mut rest = number;
        let (mut letters, mut joined) = (0, false);
        while let Some(c) = rest.chars().next() {
            let here = rest;
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            // Nearly every character is one of these, and none of them begins anything longer.
            if let '0'..='9' | ' ' | '-' | '.' | ')' = c {
                if let Ok(byte @ b'0'..=b'9') = u8::try_from(c) {
                    typed.digits.push(byte).ok_or(Fault::Invalid)?;
                } else if c == ' ' {
                    typed.gaps |= 1 << typed.digits.len();
                }
                continue;
            }
            if let Some(digit) = digit(c) {
                typed.digits.push(digit).ok_or(Fault::Invalid)?;
            } else if is_plus(c) {
                if typed.digits.len() > first {
                    return Err(Fault::TwoNumbers);
                }
                typed.plus = true;
            } else if c == '(' {
                if typed.bracketed_zero.is_none() && opens_lone_zero(here) {
                    typed.bracketed_zero = Some(typed.digits.len());
                }
            } else if typed.digits.len() == first || is_ornament(c) {
                // A label in front of the number, a quotation mark, a dash.
            } else {
                match typed.at_a_break(c, rest, home)? {
                    Break::End => return Ok(typed),
                    Break::Dash => {}
                    Break::Join => joined = true,
                    Break::Letter(digit) => {
                        letters += 1;
                        typed.digits.push(digit).ok_or(Fault::Invalid)?;
                    }
                }
            }
        }
        // Three letters at least, as libphonenumber has it, and a number of the right length. What was put together across a
        // slash has to be a number too.
        if (letters > 0 || joined) && (matches!(letters, 1 | 2) || !typed.is_whole(home)) {
            return Err(Fault::Invalid);
        }
        Ok(typed)
    }

    /// What a character that is neither digit nor ornament means behind digits.
    fn at_a_break(&self, c: char, rest: &str, home: Option<&Plan>) -> Result<Break, Fault> {
        // Within a number, one of these stands for a dash; several in a row hide digits.
        let dash = matches!(c, '_' | '*' | '|' | '%') && rest.starts_with(|c| digit(c).is_some());
        if dash && !self.is_whole(home) {
            return Ok(Break::Dash);
        }
        let letter = c.is_alphabetic();
        let joins = matches!(c, '/' | '\u{FF0F}' | '~' | '\u{FF5E}');
        let parts = matches!(
            c,
            ',' | ';' | ':' | '#' | '\u{FF03}' | '|' | '&' | '\n' | '\r'
        );
        if !letter && !joins && !parts {
            return Err(Fault::Invalid);
        }
        // What a spreadsheet makes of a long number; the last digits are lost.
        if matches!(c, 'e' | 'E') && is_exponent(rest) {
            return Err(Fault::Invalid);
        }
        let behind = rest.chars().filter(|c| digit(*c).is_some()).count();
        if !self.is_whole(home) {
            return match c {
                _ if joins => Ok(Break::Join),
                'A'..='Z' if self.is_north_american(home) => keypad(c).ok_or(Fault::Invalid),
                _ => Err(Fault::Invalid),
            };
        }
        // A slash stands between area code and number too, and a long area code may look like a short number.
        let length = if self.is_international(home) {
            // Not with the `00` in front of it.
            self.international()
                .map_or(self.digits.len(), |digits| digits.len())
        } else {
            self.digits.len()
        };
        if joins && length < 9 && self.is_whole_with(rest, home) {
            return if behind > 4 {
                Ok(Break::Join)
            } else {
                Err(Fault::Invalid)
            };
        }
        if behind > LONGEST_EXTENSION {
            return Err(Fault::TwoNumbers);
        }
        // Letters behind a number are a remark, unless they stand for digits: `0151 234xxxx`, `1-800-555-CAKE`.
        if behind == 0 && letter {
            let mut word = core::iter::once(c)
                .chain(rest.chars())
                .filter(char::is_ascii_alphabetic)
                .peekable();
            let ascii = word.peek().is_some();
            if ascii && (word.clone().all(|c| c.is_ascii_uppercase()) || word.all(|c| c == 'x')) {
                return Err(Fault::Invalid);
            }
        }
        Ok(Break::End)
    }

    /// Whether the digits so far are a number that needs no more.
    fn is_whole(&self, home: Option<&Plan>) -> bool {
        if !self.is_international(home) {
            let digits = self.digits.as_slice();
            return match home {
                None => digits.len() >= 7,
                Some(plan) => {
                    plan.fits(digits)
                        || plan.without_trunk(digits).is_some()
                        || Digits::prefixed(plan.code, &[]).is_some_and(|code| {
                            let rest = digits.strip_prefix(code.as_slice());
                            rest.is_some_and(|rest| plan.fits(rest))
                        })
                }
            };
        }
        self.international()
            .is_ok_and(|digits| match plan::calling_code(digits.as_slice()) {
                Some((code, _)) if plan::behind(code).is_some() => digits.have_a_known_form(),
                _ => digits.len() >= 7,
            })
    }

    /// Whether the digits with all that follow are one.
    fn is_whole_with(&self, rest: &str, home: Option<&Plan>) -> bool {
        let mut all = *self;
        rest.chars()
            .filter_map(digit)
            .all(|digit| all.digits.push(digit).is_some())
            && all.is_whole(home)
    }

    fn is_north_american(&self, home: Option<&Plan>) -> bool {
        if self.is_international(home) {
            self.digits.first() == Some(b'1')
        } else {
            home.is_some_and(|plan| plan.code == 1)
        }
    }

    /// Whether the number says that it has a calling code.
    fn is_international(&self, home: Option<&Plan>) -> bool {
        let zeros = self.digits.zeros_at(0);
        if zeros < 2 {
            return self.plus && zeros == 0;
        }
        // Where the world is dialled in another way, `00` can begin a number of the country.
        let national = !self.plus
            && home.is_some_and(|plan| {
                (zeros > 2 || !plan.exit_prefixes().is_empty()) && plan.fits(self.digits.as_slice())
            });
        !national
    }

    /// The digits with calling code of a number that says that it has one.
    fn international(&self) -> Result<Digits, Fault> {
        let mut digits = self.digits;
        let zeros = digits.zeros_at(0);
        digits.delete(0, zeros);
        let Some((code, length)) = plan::calling_code(digits.as_slice()) else {
            return Ok(digits);
        };
        let Some(plan) = plan::behind(code) else {
            return Ok(digits);
        };
        let mut bracketed = self.bracketed_zero == Some(zeros + length);
        loop {
            let national = digits.as_slice().get(length..).unwrap_or_default();
            if plan.fits(national) {
                // `(0)` is said where it is left out abroad, and in Italy where it is not.
                let either = bracketed && national.get(1..).is_some_and(|rest| plan.fits(rest));
                return if either || plan.is_ambiguous(national) {
                    Err(Fault::Invalid)
                } else {
                    Ok(digits)
                };
            }
            if let Some(rest) = plan.without_trunk(national) {
                digits.delete(length, national.len() - rest.len());
                return Ok(digits);
            }
            if let Some(number) = plan.abroad(national) {
                return Digits::prefixed(code, &number).ok_or(Fault::Invalid);
            }
            let leading = digits.zeros_at(length);
            if leading > 0 && plan.trunks().any(|prefix| prefix == b"0") {
                // All of them: dropping one of two would give another number each time.
                digits.delete(length, leading);
            } else if leading > 0 && bracketed {
                digits.delete(length, 1);
                bracketed = false;
            } else if plan.is_too_long(national) {
                return Err(Fault::Invalid);
            } else {
                return Ok(digits);
            }
        }
    }

    /// The digits with calling code, reading the number as one typed by somebody in that country.
    fn complete(&self, plan: &Plan) -> Result<Digits, Fault> {
        let digits = self.digits.as_slice();
        let with_code = |number: &[u8]| Digits::prefixed(plan.code, number).ok_or(Fault::Invalid);
        let code = Digits::prefixed(plan.code, &[]).ok_or(Fault::Invalid)?;
        let behind_code = digits.strip_prefix(code.as_slice());
        // Germans write the zero of a national number always, so that without it `49` is the calling code; and what is
        // longer than eleven digits is of another country.
        let zero_is_missing = matches!(plan.code, 43 | 49)
            && digits.first() != Some(&b'0')
            && (digits.len() > 11
                || (plan.code == 49 && behind_code.is_some_and(|rest| plan.fits(rest))));
        if plan.fits(digits) && !zero_is_missing {
            let either = self.float && behind_code.is_some_and(|rest| plan.fits(rest));
            return if either || plan.is_ambiguous(digits) {
                Err(Fault::Invalid)
            } else {
                with_code(digits)
            };
        }
        for exit in plan.exit_prefixes() {
            if digits.starts_with(exit.as_bytes()) {
                let mut abroad = *self;
                // Korea's carriers are chosen by the third digit, which is no part of the number.
                abroad.digits.delete(0, exit.len());
                abroad.bracketed_zero = self
                    .bracketed_zero
                    .and_then(|at| at.checked_sub(exit.len()));
                abroad.plus = true;
                return abroad.international();
            }
        }
        if let Some(rest) = behind_code
            && (rest.first() != Some(&b'0')
                || self.bracketed_zero == Some(code.len())
                || plan.fits(rest))
        {
            let mut abroad = *self;
            abroad.plus = true;
            if let Ok(read) = abroad.international()
                && plan.fits(read.as_slice().get(code.len()..).unwrap_or_default())
            {
                return Ok(read);
            }
        }
        if let Some(rest) = plan.without_trunk(digits) {
            return with_code(rest);
        }
        let mobile = plan
            .trunks()
            .filter_map(|prefix| digits.strip_prefix(prefix))
            .find_map(|rest| plan.abroad(rest));
        if let Some(number) = mobile {
            return with_code(&number);
        }
        // Not a number of this country. Another country's, if it has the form of one there, and if it is not two of here.
        if !(11..=15).contains(&digits.len()) {
            return Err(Fault::Invalid);
        }
        let mut abroad = *self;
        abroad.plus = true;
        let read = abroad.international()?;
        if !read.have_a_known_form() {
            return Err(Fault::Invalid);
        }
        let whole = |part: &[u8]| plan.fits(part) || plan.without_trunk(part).is_some();
        let two = (4..digits.len())
            .filter(|at| self.gaps & 1 << at != 0)
            .filter_map(|at| digits.split_at_checked(at))
            .any(|(one, other)| whole(one) && whole(other));
        // Germany's and Austria's plans leave every length open, so that there any two parts are numbers.
        if two && !matches!(plan.code, 43 | 49) {
            return Err(Fault::TwoNumbers);
        }
        Ok(read)
    }
}

/// What a character that is neither digit nor ornament means behind digits.
enum Break {
    /// The number is whole; what follows is an extension or a remark.
    End,
    /// Nothing: a dash of another shape.
    Dash,
    /// Nothing: a slash behind an area code.
    Join,
    /// A letter of the keypad.
    Letter(u8),
}

/// ITU-T E.161: the letters on the keys.
fn keypad(letter: char) -> Option<Break> {
    let key = match letter {
        'A'..='C' => b'2',
        'D'..='F' => b'3',
        'G'..='I' => b'4',
        'J'..='L' => b'5',
        'M'..='O' => b'6',
        'P'..='S' => b'7',
        'T'..='V' => b'8',
        'W'..='Z' => b'9',
        _ => return None,
    };
    Some(Break::Letter(key))
}

/// The zeros of the rows of decimal digits in Unicode's Basic Multilingual Plane (`Nd`), but ASCII's.
#[rustfmt::skip]
static ZEROS: [u16; 36] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

/// A decimal digit of any living script.
fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return u8::try_from(c).ok().filter(u8::is_ascii_digit);
    }
    let c = u16::try_from(u32::from(c)).ok()?;
    let above = ZEROS.partition_point(|zero| *zero <= c);
    let zero = ZEROS.get(above.checked_sub(1)?)?;
    let value = u8::try_from(c - zero).ok().filter(|value| *value < 10)?;
    Some(b'0' + value)
}

const fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{FF0B}' | '\u{FE62}' | '\u{207A}')
}

/// What stands between the digits of a number and means nothing.
fn is_ornament(c: char) -> bool {
    matches!(c,
        '[' | ']' | '\'' | '"' | '=' | '`' | '\u{B4}' | '\u{B7}'
        | '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201F}' | '\u{2053}' | '\u{2212}' | '\u{223C}'
        | '\u{30FC}' | '\u{FF08}' | '\u{FF09}' | '\u{FF0D}' | '\u{FF0E}' | '\u{FF3B}' | '\u{FF3D}')
        || (c.is_whitespace() && !matches!(c, '\n' | '\r'))
}

/// A number without the `.0` that tables of floating-point numbers write behind it.
fn without_decimals(text: &str) -> &str {
    let bare = text.trim_matches(['"', '\'', '=']);
    let Some((number, decimals)) = bare.rsplit_once('.') else {
        return text;
    };
    let plain = number.strip_prefix('+').unwrap_or(number);
    let is_float = matches!(decimals, "0" | "00")
        && plain.len() > 5
        && plain.bytes().all(|byte| byte.is_ascii_digit());
    if is_float { number } else { text }
}

/// The parameters of RFC 3966 behind a number, which begin with a semicolon and a letter.
fn split_parameters(text: &str) -> (&str, &str) {
    let at = text.match_indices(';').find(|(at, _)| {
        let name = text.get(at + 1..).unwrap_or_default().trim_start();
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.contains('=')
    });
    at.and_then(|(at, _)| text.split_at_checked(at))
        .unwrap_or((text, ""))
}

/// The global number that a local one belongs to: `;phone-context=+1`.
fn context(parameters: &str) -> Option<&str> {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("phone-context"))
        .map(|(_, value)| value.trim())
        .filter(|value| value.starts_with('+'))
}

/// `+10`, `12`, `-3` to the end.
fn is_exponent(rest: &str) -> bool {
    let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `(0)`, with or without spaces.
fn opens_lone_zero(text: &str) -> bool {
    let mut inside = text.chars().skip(1).filter(|c| !c.is_whitespace());
    inside.next().and_then(digit) == Some(b'0') && inside.next() == Some(')')
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
            of(Rule::E164, "31 0 6 12345678", "US").as_deref(),
            Some("+31612345678")
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
            of(Rule::E164, "16505551234", "").as_deref(),
            Some("+16505551234")
        );
        // Too long for North America, which is where it says that it is from; nobody has said so with a plus.
        assert_eq!(
            of(Rule::E164, "12345678901234", "").as_deref(),
            Some("+12345678901234")
        );
        assert_eq!(of(Rule::E164, "+12345678901234", ""), None);
    }

    #[test]
    fn without_a_country_a_long_number_is_read_as_with_its_plus() {
        for (raw, expected) in [
            ("60000000000", None),
            ("60 012 345 6789", Some("+60123456789")),
            ("+60 012 345 6789", Some("+60123456789")),
            ("4915112345678", Some("+4915112345678")),
        ] {
            assert_eq!(of(Rule::E164, raw, "").as_deref(), expected, "{raw}");
        }
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

//! Numbering plans, as data: whose calling code is whose, and what national numbers behind it look like.
//!
//! # Where the facts come from, and their limits
//!
//! The plans ([`table`]) are facts of libphonenumber's metadata in a notation of our own; the file says which version, and
//! `scripts/phone-plans.py` writes it. Which country has which calling code is from the ITU's list.
//!
//! * A plan says with which digits and how long numbers are, not which are assigned: an unassigned number of the right
//!   form passes.
//! * A number with `+` is not refused for its first digits or for being short, since plans change; only one that is longer
//!   than any of its plan is.
//! * `make test-oracle` holds what comes of it against libphonenumber itself, with random numbers of every region.
//! * Countries without a calling code of their own (uninhabited territories) have code 0.

mod table;

use super::country::Country2;
use table::PLANS;

/// The numbering plan behind a calling code.
#[derive(Debug)]
pub(super) struct Plan {
    /// E.164 country code.
    pub(super) code: u16,
    /// How many digits the longest national number has.
    longest: u8,
    /// What is dialled before a national number at home and left out abroad, longest first, with spaces between.
    trunk: &'static str,
    /// The forms of national numbers, with spaces between: digits, sets of digits in brackets, `.` for any digit, and at
    /// the end how many digits follow, as a small letter (`a` is one), with the most as a capital behind if it is more.
    forms: &'static str,
}

impl Plan {
    const fn new(code: u16, longest: u8, trunk: &'static str, forms: &'static str) -> Self {
        Self {
            code,
            longest,
            trunk,
            forms,
        }
    }

    /// Whether these digits may be a national number without its trunk prefix.
    pub(super) fn fits(&self, digits: &[u8]) -> bool {
        let mut forms = self.forms.as_bytes().split(|byte| *byte == b' ');
        forms.any(|form| has_form(digits, form))
    }

    /// Whether there are more digits than a national number has.
    pub(super) fn is_too_long(&self, digits: &[u8]) -> bool {
        digits.len() > usize::from(self.longest)
    }

    /// The trunk prefixes, longest first.
    pub(super) fn trunks(&self) -> impl Iterator<Item = &'static [u8]> {
        self.trunk
            .split(' ')
            .filter(|prefix| !prefix.is_empty())
            .map(str::as_bytes)
    }

    /// The number behind a trunk prefix, where there is one and what is left is a number.
    pub(super) fn without_trunk<'a>(&self, digits: &'a [u8]) -> Option<&'a [u8]> {
        self.trunks()
            .filter_map(|prefix| digits.strip_prefix(prefix))
            .find(|rest| self.fits(rest))
    }

    /// Whether a number that fits as it is also fits without a trunk prefix, so that nobody can say which it is.
    ///
    /// A leading zero is not meant: where numbers may have one, it is theirs.
    pub(super) fn is_ambiguous(&self, digits: &[u8]) -> bool {
        digits.first() != Some(&b'0') && self.without_trunk(digits).is_some()
    }

    /// How a mobile number dialled inside its country differs from the one dialled abroad: Argentina writes `15` behind the
    /// area code at home and `9` before it abroad.
    pub(super) fn abroad(&self, digits: &[u8]) -> Option<[u8; 11]> {
        if self.code != 54 || digits.len() != 12 {
            return None;
        }
        // Only Buenos Aires has a code of two digits. At two neighbouring places `15` cannot stand.
        let areas = if digits.starts_with(b"11") {
            2..=2
        } else {
            3..=4
        };
        let area = areas.into_iter().find(|area| {
            let rest = digits.get(*area..);
            rest.is_some_and(|rest| rest.starts_with(b"15"))
        })?;
        let mut number = [b'9'; 11];
        let kept = digits.iter().take(area).chain(digits.iter().skip(area + 2));
        for (to, from) in number.iter_mut().skip(1).zip(kept) {
            *to = *from;
        }
        Some(number)
    }

    /// What is dialled before a foreign number, where it is not `00` alone, as one digit after these.
    pub(super) fn exit_prefixes(&self) -> &'static [&'static str] {
        match self.code {
            1 => &["011"],
            7 | 375 | 992 | 993 => &["810"],
            61 => &["0011"],
            62 => &["008", "009"],
            81 => &["010"],
            82 => &["001", "002", "005", "006", "008", "009"],
            _ => &[],
        }
    }
}

/// Whether digits have a form of [`Plan::forms`].
fn has_form(digits: &[u8], form: &[u8]) -> bool {
    let mut digits = digits.iter();
    let mut form = form.iter().copied();
    while let Some(word) = form.next() {
        match word {
            b'[' => {
                let Some(digit) = digits.next() else {
                    return false;
                };
                let (mut among, mut last, mut range) = (false, 0, false);
                for member in form.by_ref().take_while(|byte| *byte != b']') {
                    if member == b'-' {
                        range = true;
                        continue;
                    }
                    among |= *digit == member || (range && (last..=member).contains(digit));
                    (last, range) = (member, false);
                }
                if !among {
                    return false;
                }
            }
            b'a'..=b'z' => {
                let least = usize::from(word - b'`');
                let most = form.next().map_or(least, |most| usize::from(most - b'@'));
                return (least..=most).contains(&digits.len());
            }
            b'.' => {
                if digits.next().is_none() {
                    return false;
                }
            }
            _ => {
                if digits.next() != Some(&word) {
                    return false;
                }
            }
        }
    }
    digits.len() == 0
}

/// The plan of a country, if it has a calling code.
pub(super) fn of(country: Country2) -> Option<&'static Plan> {
    match &country.bytes() {
        b"CA" => Some(&CANADA),
        bytes => behind(code_of(*bytes)?),
    }
}

/// As behind `+1`, with the numbers of seven digits that are the same in all of Canada.
static CANADA: Plan = Plan::new(1, 10, "1", "310d [2-9]i");

/// The plan behind a calling code, if there is one.
pub(super) fn behind(code: u16) -> Option<&'static Plan> {
    let at = PLANS.binary_search_by(|plan| plan.code.cmp(&code)).ok()?;
    PLANS.get(at)
}

/// Whether telephone numbers or ISO 3166-1 know this country.
pub(super) fn is_country(code: [u8; 2]) -> bool {
    code_of(code).is_some()
}

/// Whether ISO 3166-1 has assigned the two letters: Ascension, Tristan da Cunha and Kosovo have calling codes and none.
pub(super) fn is_assigned(code: [u8; 2]) -> bool {
    is_country(code) && !matches!(&code, b"AC" | b"TA" | b"XK")
}

fn code_of(country: [u8; 2]) -> Option<u16> {
    COUNTRIES
        .binary_search_by(|(known, _)| known.cmp(&country))
        .ok()
        .and_then(|at| COUNTRIES.get(at))
        .map(|row| row.1)
}

/// The calling code at the front of an international number: its value and its length in digits.
///
/// E.164 country codes are prefix-free: 1 and 7 stand alone, the listed pairs are two digits, all others three.
pub(super) fn calling_code(digits: &[u8]) -> Option<(u16, usize)> {
    let digit = |at: usize| {
        digits
            .get(at)
            .filter(|d| d.is_ascii_digit())
            .map(|d| u16::from(d - b'0'))
    };
    let first = digit(0)?;
    if matches!(first, 1 | 7) {
        return Some((first, 1));
    }
    let two = first * 10 + digit(1)?;
    if matches!(two, 20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86 | 90..=95 | 98)
    {
        return Some((two, 2));
    }
    Some((two * 10 + digit(2)?, 3))
}

/// The calling code of each country of ISO 3166-1, and of three more that have one.
#[rustfmt::skip]
static COUNTRIES: [([u8; 2], u16); 252] = [
    (*b"AC", 247), (*b"AD", 376), (*b"AE", 971), (*b"AF", 93), (*b"AG", 1), (*b"AI", 1), (*b"AL", 355), (*b"AM", 374),
    (*b"AO", 244), (*b"AQ", 0), (*b"AR", 54), (*b"AS", 1), (*b"AT", 43), (*b"AU", 61), (*b"AW", 297), (*b"AX", 358),
    (*b"AZ", 994), (*b"BA", 387), (*b"BB", 1), (*b"BD", 880), (*b"BE", 32), (*b"BF", 226), (*b"BG", 359),
    (*b"BH", 973), (*b"BI", 257), (*b"BJ", 229), (*b"BL", 590), (*b"BM", 1), (*b"BN", 673), (*b"BO", 591),
    (*b"BQ", 599), (*b"BR", 55), (*b"BS", 1), (*b"BT", 975), (*b"BV", 0), (*b"BW", 267), (*b"BY", 375), (*b"BZ", 501),
    (*b"CA", 1), (*b"CC", 61), (*b"CD", 243), (*b"CF", 236), (*b"CG", 242), (*b"CH", 41), (*b"CI", 225), (*b"CK", 682),
    (*b"CL", 56), (*b"CM", 237), (*b"CN", 86), (*b"CO", 57), (*b"CR", 506), (*b"CU", 53), (*b"CV", 238), (*b"CW", 599),
    (*b"CX", 61), (*b"CY", 357), (*b"CZ", 420), (*b"DE", 49), (*b"DJ", 253), (*b"DK", 45), (*b"DM", 1), (*b"DO", 1),
    (*b"DZ", 213), (*b"EC", 593), (*b"EE", 372), (*b"EG", 20), (*b"EH", 212), (*b"ER", 291), (*b"ES", 34),
    (*b"ET", 251), (*b"FI", 358), (*b"FJ", 679), (*b"FK", 500), (*b"FM", 691), (*b"FO", 298), (*b"FR", 33),
    (*b"GA", 241), (*b"GB", 44), (*b"GD", 1), (*b"GE", 995), (*b"GF", 594), (*b"GG", 44), (*b"GH", 233), (*b"GI", 350),
    (*b"GL", 299), (*b"GM", 220), (*b"GN", 224), (*b"GP", 590), (*b"GQ", 240), (*b"GR", 30), (*b"GS", 500),
    (*b"GT", 502), (*b"GU", 1), (*b"GW", 245), (*b"GY", 592), (*b"HK", 852), (*b"HM", 0), (*b"HN", 504), (*b"HR", 385),
    (*b"HT", 509), (*b"HU", 36), (*b"ID", 62), (*b"IE", 353), (*b"IL", 972), (*b"IM", 44), (*b"IN", 91), (*b"IO", 246),
    (*b"IQ", 964), (*b"IR", 98), (*b"IS", 354), (*b"IT", 39), (*b"JE", 44), (*b"JM", 1), (*b"JO", 962), (*b"JP", 81),
    (*b"KE", 254), (*b"KG", 996), (*b"KH", 855), (*b"KI", 686), (*b"KM", 269), (*b"KN", 1), (*b"KP", 850),
    (*b"KR", 82), (*b"KW", 965), (*b"KY", 1), (*b"KZ", 7), (*b"LA", 856), (*b"LB", 961), (*b"LC", 1), (*b"LI", 423),
    (*b"LK", 94), (*b"LR", 231), (*b"LS", 266), (*b"LT", 370), (*b"LU", 352), (*b"LV", 371), (*b"LY", 218),
    (*b"MA", 212), (*b"MC", 377), (*b"MD", 373), (*b"ME", 382), (*b"MF", 590), (*b"MG", 261), (*b"MH", 692),
    (*b"MK", 389), (*b"ML", 223), (*b"MM", 95), (*b"MN", 976), (*b"MO", 853), (*b"MP", 1), (*b"MQ", 596),
    (*b"MR", 222), (*b"MS", 1), (*b"MT", 356), (*b"MU", 230), (*b"MV", 960), (*b"MW", 265), (*b"MX", 52), (*b"MY", 60),
    (*b"MZ", 258), (*b"NA", 264), (*b"NC", 687), (*b"NE", 227), (*b"NF", 672), (*b"NG", 234), (*b"NI", 505),
    (*b"NL", 31), (*b"NO", 47), (*b"NP", 977), (*b"NR", 674), (*b"NU", 683), (*b"NZ", 64), (*b"OM", 968),
    (*b"PA", 507), (*b"PE", 51), (*b"PF", 689), (*b"PG", 675), (*b"PH", 63), (*b"PK", 92), (*b"PL", 48), (*b"PM", 508),
    (*b"PN", 64), (*b"PR", 1), (*b"PS", 970), (*b"PT", 351), (*b"PW", 680), (*b"PY", 595), (*b"QA", 974),
    (*b"RE", 262), (*b"RO", 40), (*b"RS", 381), (*b"RU", 7), (*b"RW", 250), (*b"SA", 966), (*b"SB", 677),
    (*b"SC", 248), (*b"SD", 249), (*b"SE", 46), (*b"SG", 65), (*b"SH", 290), (*b"SI", 386), (*b"SJ", 47),
    (*b"SK", 421), (*b"SL", 232), (*b"SM", 378), (*b"SN", 221), (*b"SO", 252), (*b"SR", 597), (*b"SS", 211),
    (*b"ST", 239), (*b"SV", 503), (*b"SX", 1), (*b"SY", 963), (*b"SZ", 268), (*b"TA", 290), (*b"TC", 1), (*b"TD", 235),
    (*b"TF", 0), (*b"TG", 228), (*b"TH", 66), (*b"TJ", 992), (*b"TK", 690), (*b"TL", 670), (*b"TM", 993),
    (*b"TN", 216), (*b"TO", 676), (*b"TR", 90), (*b"TT", 1), (*b"TV", 688), (*b"TW", 886), (*b"TZ", 255),
    (*b"UA", 380), (*b"UG", 256), (*b"UM", 1), (*b"US", 1), (*b"UY", 598), (*b"UZ", 998), (*b"VA", 39), (*b"VC", 1),
    (*b"VE", 58), (*b"VG", 1), (*b"VI", 1), (*b"VN", 84), (*b"VU", 678), (*b"WF", 681), (*b"WS", 685), (*b"XK", 383),
    (*b"YE", 967), (*b"YT", 262), (*b"ZA", 27), (*b"ZM", 260), (*b"ZW", 263),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_consistent() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(PLANS.is_sorted_by(|a, b| a.code < b.code));
        assert!(!is_country(*b"ZZ") && !is_country(*b"de"));
        assert_eq!(
            COUNTRIES.iter().filter(|row| is_assigned(row.0)).count(),
            249,
            "the countries of ISO 3166-1"
        );
        for (country, code) in &COUNTRIES {
            assert_eq!(behind(*code).is_some(), *code != 0, "{country:?}");
        }
        for plan in &PLANS {
            let digits = plan.code.to_string();
            assert_eq!(
                calling_code(digits.as_bytes()),
                Some((plan.code, digits.len())),
                "{plan:?}"
            );
            let trunks: Vec<usize> = plan.trunks().map(<[u8]>::len).collect();
            assert!(trunks.is_sorted_by(|a, b| a >= b), "{plan:?}");
        }
    }

    #[test]
    fn a_form_is_digits_sets_and_a_count() {
        for (form, digits, fits) in [
            ("12c", "12345", true),
            ("12c", "1234", false),
            ("12c", "123456", false),
            ("12c", "13345", false),
            ("1[2-46]aC", "1399", true),
            ("1[2-46]aC", "15", false),
            ("1[2-46]aC", "1512", false),
            ("1[2-46]aC", "16999", true),
            ("1[2-46]aC", "169999", false),
            ("1.2", "172", true),
            ("1.2", "17", false),
            ("12", "12", true),
            ("12", "123", false),
        ] {
            assert_eq!(
                has_form(digits.as_bytes(), form.as_bytes()),
                fits,
                "{form} {digits}"
            );
        }
    }
}

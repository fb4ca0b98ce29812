//! Numbering plans by country, as data.
//!
//! One row per ISO 3166-1 country: its E.164 calling code, what the trunk prefix of a national number is, and how many
//! digits a national (significant) number has without that prefix.
//!
//! # Where the facts come from, and their limits
//!
//! Public numbering-plan facts: the ITU's list of E.164 country codes, and the trunk prefixes and number lengths of
//! national plans. Written out by hand in November 2026 from general knowledge of those plans, not copied from a telephone
//! library, and not compared row by row with the ITU's documents: correct a row where a plan says otherwise.
//!
//! * Lengths are those of ordinary subscriber numbers; a second table has the service numbers (free of charge, shared cost,
//!   voice mail and the like) whose length is another. They decide only how a number *without* `+` is read; a number with
//!   `+` is never refused because of them. Short codes and some very old short lines fall outside.
//! * There is no list of area codes, so an unassigned number of the right length passes.
//! * Mexico's former `1` before mobile numbers is left as it is typed.
//! * `bench/python/phones.py` holds the tables against libphonenumber's example numbers of every region.
//! * Countries without a calling code of their own (uninhabited territories) have code 0.

use super::country::Country2;

/// How a national number is dialled inside its country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trunk {
    /// No prefix; a leading zero, where there is one, belongs to the number.
    None,
    /// Italy, San Marino and the Vatican: the leading zero is part of the number, abroad too.
    Kept,
    /// One of these is dialled before the number and left out abroad.
    Prefixes(&'static [&'static str]),
}

impl Trunk {
    const ZERO: Self = Self::Prefixes(&["0"]);

    const fn is_zero(self) -> bool {
        match self {
            Self::Prefixes([first, ..]) => matches!(first.as_bytes(), b"0"),
            _ => false,
        }
    }
}

/// One country's numbering plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    country: [u8; 2],
    /// E.164 country code; 0 when the territory has none.
    pub(super) code: u16,
    pub(super) trunk: Trunk,
    shortest: u8,
    longest: u8,
}

impl Plan {
    const fn new(country: [u8; 2], code: u16, trunk: Trunk, shortest: u8, longest: u8) -> Self {
        Self {
            country,
            code,
            trunk,
            shortest,
            longest,
        }
    }

    /// Whether these digits may be a national number without its trunk prefix.
    pub(super) fn fits(&self, digits: &[u8]) -> bool {
        self.has_length(digits.len()) || self.is_service(digits)
    }

    fn has_length(&self, digits: usize) -> bool {
        (usize::from(self.shortest)..=usize::from(self.longest)).contains(&digits)
    }

    fn is_service(&self, digits: &[u8]) -> bool {
        let shapes = SERVICES
            .binary_search_by(|(country, _)| country.cmp(&self.country))
            .ok()
            .and_then(|at| SERVICES.get(at));
        shapes.is_some_and(|(_, shapes)| {
            shapes.split(' ').any(|shape| {
                let mut both = shape.bytes().zip(digits);
                shape.len() == digits.len() && both.all(|(s, digit)| s == b'x' || s == *digit)
            })
        })
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

    /// What is dialled before a foreign number, where it is not `00`.
    pub(super) fn exit_prefix(&self) -> Option<&'static str> {
        match (self.code, &self.country) {
            (1, _) => Some("011"),
            (61, _) => Some("0011"),
            (81, _) => Some("010"),
            _ => None,
        }
    }
}

/// The plan of a country, if it has a calling code.
pub(super) fn of(country: Country2) -> Option<&'static Plan> {
    row(country.bytes()).filter(|plan| plan.code != 0)
}

/// Whether the table has a row for this country.
pub(super) fn is_country(code: [u8; 2]) -> bool {
    row(code).is_some()
}

fn row(code: [u8; 2]) -> Option<&'static Plan> {
    let [first, second] = code.map(|letter| letter.wrapping_sub(b'A'));
    let rows = ROWS.get(usize::from(first))?;
    PLANS.get(usize::from(*rows.get(usize::from(second))?))
}

/// Where in [`PLANS`] the country of two letters is; past the end when there is none.
static ROWS: [[u8; 26]; 26] = rows_table();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated while compiling, where a wrong index would not build; a test finds every country in it"
)]
const fn rows_table() -> [[u8; 26]; 26] {
    let mut rows = [[u8::MAX; 26]; 26];
    let mut at = 0;
    while at < PLANS.len() {
        let [first, second] = PLANS[at].country;
        rows[(first - b'A') as usize][(second - b'A') as usize] = at as u8;
        at += 1;
    }
    rows
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

/// What `trunk zero` means after a calling code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZeroAfterCode {
    /// A zero here is a trunk prefix that was typed by mistake.
    Dropped,
    /// A zero here belongs to the number.
    Kept,
    /// Nothing is known: only a zero in brackets is dropped.
    Unknown,
}

/// How the plan behind a calling code treats a zero that follows it.
pub(super) fn zero_after(code: u16) -> ZeroAfterCode {
    ZERO_AFTER
        .get(usize::from(code))
        .copied()
        .unwrap_or(ZeroAfterCode::Unknown)
}

/// Whether some country with this calling code has numbers of this length.
pub(super) fn plausible(code: u16, digits: usize) -> bool {
    PLANS
        .iter()
        .any(|plan| plan.code == code && plan.has_length(digits))
}

/// Whether an international number is one of [`SERVICES`].
pub(super) fn is_service(digits: &[u8]) -> bool {
    calling_code(digits).is_some_and(|(code, length)| {
        let national = digits.get(length..).unwrap_or_default();
        PLANS
            .iter()
            .any(|plan| plan.code == code && plan.is_service(national))
    })
}

static ZERO_AFTER: [ZeroAfterCode; 1000] = zero_after_table();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated while compiling; a wrong index would not build"
)]
const fn zero_after_table() -> [ZeroAfterCode; 1000] {
    let mut table = [ZeroAfterCode::Unknown; 1000];
    let mut at = 0;
    while at < PLANS.len() {
        let plan = PLANS[at];
        match plan.trunk {
            Trunk::Kept => table[plan.code as usize] = ZeroAfterCode::Kept,
            trunk if trunk.is_zero() => table[plan.code as usize] = ZeroAfterCode::Dropped,
            _ => {}
        }
        at += 1;
    }
    table
}

#[rustfmt::skip]
static PLANS: [Plan; 252] = [
    Plan::new(*b"AC", 247, Trunk::None, 5, 6),
    Plan::new(*b"AD", 376, Trunk::None, 6, 9),
    Plan::new(*b"AE", 971, Trunk::ZERO, 8, 9),
    Plan::new(*b"AF", 93, Trunk::ZERO, 9, 9),
    Plan::new(*b"AG", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"AI", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"AL", 355, Trunk::ZERO, 8, 9),
    Plan::new(*b"AM", 374, Trunk::ZERO, 8, 8),
    Plan::new(*b"AO", 244, Trunk::None, 9, 9),
    Plan::new(*b"AQ", 0, Trunk::None, 0, 0),
    Plan::new(*b"AR", 54, Trunk::ZERO, 10, 11),
    Plan::new(*b"AS", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"AT", 43, Trunk::ZERO, 7, 13),
    Plan::new(*b"AU", 61, Trunk::ZERO, 9, 9),
    Plan::new(*b"AW", 297, Trunk::None, 7, 7),
    Plan::new(*b"AX", 358, Trunk::ZERO, 6, 11),
    Plan::new(*b"AZ", 994, Trunk::ZERO, 9, 9),
    Plan::new(*b"BA", 387, Trunk::ZERO, 8, 9),
    Plan::new(*b"BB", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"BD", 880, Trunk::ZERO, 8, 10),
    Plan::new(*b"BE", 32, Trunk::ZERO, 8, 9),
    Plan::new(*b"BF", 226, Trunk::None, 8, 8),
    Plan::new(*b"BG", 359, Trunk::ZERO, 7, 9),
    Plan::new(*b"BH", 973, Trunk::None, 8, 8),
    Plan::new(*b"BI", 257, Trunk::None, 8, 8),
    Plan::new(*b"BJ", 229, Trunk::None, 8, 10),
    Plan::new(*b"BL", 590, Trunk::ZERO, 9, 9),
    Plan::new(*b"BM", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"BN", 673, Trunk::None, 7, 7),
    Plan::new(*b"BO", 591, Trunk::ZERO, 8, 8),
    Plan::new(*b"BQ", 599, Trunk::None, 7, 7),
    Plan::new(*b"BR", 55, Trunk::ZERO, 10, 11),
    Plan::new(*b"BS", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"BT", 975, Trunk::None, 7, 8),
    Plan::new(*b"BV", 0, Trunk::None, 0, 0),
    Plan::new(*b"BW", 267, Trunk::None, 7, 8),
    Plan::new(*b"BY", 375, Trunk::Prefixes(&["80", "8"]), 9, 9),
    Plan::new(*b"BZ", 501, Trunk::None, 7, 7),
    Plan::new(*b"CA", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"CC", 61, Trunk::ZERO, 9, 9),
    Plan::new(*b"CD", 243, Trunk::ZERO, 9, 9),
    Plan::new(*b"CF", 236, Trunk::None, 8, 8),
    Plan::new(*b"CG", 242, Trunk::None, 9, 9),
    Plan::new(*b"CH", 41, Trunk::ZERO, 9, 9),
    Plan::new(*b"CI", 225, Trunk::None, 10, 10),
    Plan::new(*b"CK", 682, Trunk::None, 5, 5),
    Plan::new(*b"CL", 56, Trunk::None, 9, 9),
    Plan::new(*b"CM", 237, Trunk::None, 8, 9),
    Plan::new(*b"CN", 86, Trunk::ZERO, 10, 11),
    Plan::new(*b"CO", 57, Trunk::ZERO, 10, 10),
    Plan::new(*b"CR", 506, Trunk::None, 8, 8),
    Plan::new(*b"CU", 53, Trunk::ZERO, 8, 8),
    Plan::new(*b"CV", 238, Trunk::None, 7, 7),
    Plan::new(*b"CW", 599, Trunk::None, 7, 8),
    Plan::new(*b"CX", 61, Trunk::ZERO, 9, 9),
    Plan::new(*b"CY", 357, Trunk::None, 8, 8),
    Plan::new(*b"CZ", 420, Trunk::None, 9, 9),
    Plan::new(*b"DE", 49, Trunk::ZERO, 7, 11),
    Plan::new(*b"DJ", 253, Trunk::None, 8, 8),
    Plan::new(*b"DK", 45, Trunk::None, 8, 8),
    Plan::new(*b"DM", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"DO", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"DZ", 213, Trunk::ZERO, 8, 9),
    Plan::new(*b"EC", 593, Trunk::ZERO, 8, 9),
    Plan::new(*b"EE", 372, Trunk::None, 7, 8),
    Plan::new(*b"EG", 20, Trunk::ZERO, 8, 10),
    Plan::new(*b"EH", 212, Trunk::ZERO, 9, 9),
    Plan::new(*b"ER", 291, Trunk::ZERO, 7, 7),
    Plan::new(*b"ES", 34, Trunk::None, 9, 9),
    Plan::new(*b"ET", 251, Trunk::ZERO, 9, 9),
    Plan::new(*b"FI", 358, Trunk::ZERO, 6, 11),
    Plan::new(*b"FJ", 679, Trunk::None, 7, 7),
    Plan::new(*b"FK", 500, Trunk::None, 5, 5),
    Plan::new(*b"FM", 691, Trunk::None, 7, 7),
    Plan::new(*b"FO", 298, Trunk::None, 6, 6),
    Plan::new(*b"FR", 33, Trunk::ZERO, 9, 9),
    Plan::new(*b"GA", 241, Trunk::None, 7, 8),
    Plan::new(*b"GB", 44, Trunk::ZERO, 9, 10),
    Plan::new(*b"GD", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"GE", 995, Trunk::ZERO, 9, 9),
    Plan::new(*b"GF", 594, Trunk::ZERO, 9, 9),
    Plan::new(*b"GG", 44, Trunk::ZERO, 10, 10),
    Plan::new(*b"GH", 233, Trunk::ZERO, 9, 9),
    Plan::new(*b"GI", 350, Trunk::None, 8, 8),
    Plan::new(*b"GL", 299, Trunk::None, 6, 6),
    Plan::new(*b"GM", 220, Trunk::None, 7, 7),
    Plan::new(*b"GN", 224, Trunk::None, 8, 9),
    Plan::new(*b"GP", 590, Trunk::ZERO, 9, 9),
    Plan::new(*b"GQ", 240, Trunk::None, 9, 9),
    Plan::new(*b"GR", 30, Trunk::None, 10, 10),
    Plan::new(*b"GS", 500, Trunk::None, 5, 5),
    Plan::new(*b"GT", 502, Trunk::None, 8, 8),
    Plan::new(*b"GU", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"GW", 245, Trunk::None, 7, 9),
    Plan::new(*b"GY", 592, Trunk::None, 7, 7),
    Plan::new(*b"HK", 852, Trunk::None, 8, 8),
    Plan::new(*b"HM", 0, Trunk::None, 0, 0),
    Plan::new(*b"HN", 504, Trunk::None, 8, 8),
    Plan::new(*b"HR", 385, Trunk::ZERO, 8, 9),
    Plan::new(*b"HT", 509, Trunk::None, 8, 8),
    Plan::new(*b"HU", 36, Trunk::Prefixes(&["06"]), 8, 9),
    Plan::new(*b"ID", 62, Trunk::ZERO, 8, 12),
    Plan::new(*b"IE", 353, Trunk::ZERO, 7, 9),
    Plan::new(*b"IL", 972, Trunk::ZERO, 8, 9),
    Plan::new(*b"IM", 44, Trunk::ZERO, 10, 10),
    Plan::new(*b"IN", 91, Trunk::ZERO, 10, 10),
    Plan::new(*b"IO", 246, Trunk::None, 7, 7),
    Plan::new(*b"IQ", 964, Trunk::ZERO, 8, 10),
    Plan::new(*b"IR", 98, Trunk::ZERO, 10, 10),
    Plan::new(*b"IS", 354, Trunk::None, 7, 9),
    Plan::new(*b"IT", 39, Trunk::Kept, 9, 11),
    Plan::new(*b"JE", 44, Trunk::ZERO, 10, 10),
    Plan::new(*b"JM", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"JO", 962, Trunk::ZERO, 8, 9),
    Plan::new(*b"JP", 81, Trunk::ZERO, 9, 10),
    Plan::new(*b"KE", 254, Trunk::ZERO, 8, 9),
    Plan::new(*b"KG", 996, Trunk::ZERO, 9, 9),
    Plan::new(*b"KH", 855, Trunk::ZERO, 8, 9),
    Plan::new(*b"KI", 686, Trunk::ZERO, 5, 8),
    Plan::new(*b"KM", 269, Trunk::None, 7, 7),
    Plan::new(*b"KN", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"KP", 850, Trunk::ZERO, 8, 10),
    Plan::new(*b"KR", 82, Trunk::ZERO, 8, 10),
    Plan::new(*b"KW", 965, Trunk::None, 8, 8),
    Plan::new(*b"KY", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"KZ", 7, Trunk::Prefixes(&["8"]), 10, 10),
    Plan::new(*b"LA", 856, Trunk::ZERO, 8, 10),
    Plan::new(*b"LB", 961, Trunk::ZERO, 7, 8),
    Plan::new(*b"LC", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"LI", 423, Trunk::ZERO, 7, 7),
    Plan::new(*b"LK", 94, Trunk::ZERO, 9, 9),
    Plan::new(*b"LR", 231, Trunk::ZERO, 7, 9),
    Plan::new(*b"LS", 266, Trunk::None, 8, 8),
    Plan::new(*b"LT", 370, Trunk::Prefixes(&["0", "8"]), 8, 8),
    Plan::new(*b"LU", 352, Trunk::None, 6, 9),
    Plan::new(*b"LV", 371, Trunk::None, 8, 8),
    Plan::new(*b"LY", 218, Trunk::ZERO, 8, 9),
    Plan::new(*b"MA", 212, Trunk::ZERO, 9, 9),
    Plan::new(*b"MC", 377, Trunk::ZERO, 8, 9),
    Plan::new(*b"MD", 373, Trunk::ZERO, 8, 8),
    Plan::new(*b"ME", 382, Trunk::ZERO, 8, 9),
    Plan::new(*b"MF", 590, Trunk::ZERO, 9, 9),
    Plan::new(*b"MG", 261, Trunk::ZERO, 9, 9),
    Plan::new(*b"MH", 692, Trunk::None, 7, 7),
    Plan::new(*b"MK", 389, Trunk::ZERO, 8, 8),
    Plan::new(*b"ML", 223, Trunk::None, 8, 8),
    Plan::new(*b"MM", 95, Trunk::ZERO, 7, 10),
    Plan::new(*b"MN", 976, Trunk::ZERO, 8, 8),
    Plan::new(*b"MO", 853, Trunk::None, 8, 8),
    Plan::new(*b"MP", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"MQ", 596, Trunk::ZERO, 9, 9),
    Plan::new(*b"MR", 222, Trunk::None, 8, 8),
    Plan::new(*b"MS", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"MT", 356, Trunk::None, 8, 8),
    Plan::new(*b"MU", 230, Trunk::None, 7, 8),
    Plan::new(*b"MV", 960, Trunk::None, 7, 7),
    Plan::new(*b"MW", 265, Trunk::ZERO, 7, 9),
    Plan::new(*b"MX", 52, Trunk::None, 10, 10),
    Plan::new(*b"MY", 60, Trunk::ZERO, 8, 10),
    Plan::new(*b"MZ", 258, Trunk::None, 8, 9),
    Plan::new(*b"NA", 264, Trunk::ZERO, 8, 9),
    Plan::new(*b"NC", 687, Trunk::None, 6, 6),
    Plan::new(*b"NE", 227, Trunk::None, 8, 8),
    Plan::new(*b"NF", 672, Trunk::None, 6, 6),
    Plan::new(*b"NG", 234, Trunk::ZERO, 8, 10),
    Plan::new(*b"NI", 505, Trunk::None, 8, 8),
    Plan::new(*b"NL", 31, Trunk::ZERO, 9, 9),
    Plan::new(*b"NO", 47, Trunk::None, 8, 8),
    Plan::new(*b"NP", 977, Trunk::ZERO, 8, 10),
    Plan::new(*b"NR", 674, Trunk::None, 7, 7),
    Plan::new(*b"NU", 683, Trunk::None, 4, 7),
    Plan::new(*b"NZ", 64, Trunk::ZERO, 8, 10),
    Plan::new(*b"OM", 968, Trunk::None, 8, 8),
    Plan::new(*b"PA", 507, Trunk::None, 7, 8),
    Plan::new(*b"PE", 51, Trunk::ZERO, 8, 9),
    Plan::new(*b"PF", 689, Trunk::None, 8, 8),
    Plan::new(*b"PG", 675, Trunk::None, 7, 8),
    Plan::new(*b"PH", 63, Trunk::ZERO, 8, 10),
    Plan::new(*b"PK", 92, Trunk::ZERO, 9, 10),
    Plan::new(*b"PL", 48, Trunk::None, 9, 9),
    Plan::new(*b"PM", 508, Trunk::ZERO, 6, 9),
    Plan::new(*b"PN", 64, Trunk::ZERO, 8, 10),
    Plan::new(*b"PR", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"PS", 970, Trunk::ZERO, 8, 9),
    Plan::new(*b"PT", 351, Trunk::None, 9, 9),
    Plan::new(*b"PW", 680, Trunk::None, 7, 7),
    Plan::new(*b"PY", 595, Trunk::ZERO, 8, 9),
    Plan::new(*b"QA", 974, Trunk::None, 8, 8),
    Plan::new(*b"RE", 262, Trunk::ZERO, 9, 9),
    Plan::new(*b"RO", 40, Trunk::ZERO, 9, 9),
    Plan::new(*b"RS", 381, Trunk::ZERO, 7, 10),
    Plan::new(*b"RU", 7, Trunk::Prefixes(&["8"]), 10, 10),
    Plan::new(*b"RW", 250, Trunk::ZERO, 9, 9),
    Plan::new(*b"SA", 966, Trunk::ZERO, 9, 9),
    Plan::new(*b"SB", 677, Trunk::None, 5, 7),
    Plan::new(*b"SC", 248, Trunk::None, 7, 7),
    Plan::new(*b"SD", 249, Trunk::ZERO, 9, 9),
    Plan::new(*b"SE", 46, Trunk::ZERO, 7, 10),
    Plan::new(*b"SG", 65, Trunk::None, 8, 8),
    Plan::new(*b"SH", 290, Trunk::None, 5, 5),
    Plan::new(*b"SI", 386, Trunk::ZERO, 8, 8),
    Plan::new(*b"SJ", 47, Trunk::None, 8, 8),
    Plan::new(*b"SK", 421, Trunk::ZERO, 9, 9),
    Plan::new(*b"SL", 232, Trunk::ZERO, 8, 8),
    Plan::new(*b"SM", 378, Trunk::Kept, 6, 10),
    Plan::new(*b"SN", 221, Trunk::None, 9, 9),
    Plan::new(*b"SO", 252, Trunk::ZERO, 7, 9),
    Plan::new(*b"SR", 597, Trunk::None, 6, 7),
    Plan::new(*b"SS", 211, Trunk::ZERO, 9, 9),
    Plan::new(*b"ST", 239, Trunk::None, 7, 7),
    Plan::new(*b"SV", 503, Trunk::None, 8, 8),
    Plan::new(*b"SX", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"SY", 963, Trunk::ZERO, 8, 9),
    Plan::new(*b"SZ", 268, Trunk::None, 8, 8),
    Plan::new(*b"TA", 290, Trunk::None, 4, 5),
    Plan::new(*b"TC", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"TD", 235, Trunk::None, 8, 8),
    Plan::new(*b"TF", 0, Trunk::None, 0, 0),
    Plan::new(*b"TG", 228, Trunk::None, 8, 8),
    Plan::new(*b"TH", 66, Trunk::ZERO, 8, 9),
    Plan::new(*b"TJ", 992, Trunk::None, 9, 9),
    Plan::new(*b"TK", 690, Trunk::None, 4, 7),
    Plan::new(*b"TL", 670, Trunk::None, 7, 8),
    Plan::new(*b"TM", 993, Trunk::Prefixes(&["8"]), 8, 8),
    Plan::new(*b"TN", 216, Trunk::None, 8, 8),
    Plan::new(*b"TO", 676, Trunk::None, 5, 7),
    Plan::new(*b"TR", 90, Trunk::ZERO, 10, 10),
    Plan::new(*b"TT", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"TV", 688, Trunk::None, 5, 7),
    Plan::new(*b"TW", 886, Trunk::ZERO, 8, 9),
    Plan::new(*b"TZ", 255, Trunk::ZERO, 9, 9),
    Plan::new(*b"UA", 380, Trunk::ZERO, 9, 9),
    Plan::new(*b"UG", 256, Trunk::ZERO, 9, 9),
    Plan::new(*b"UM", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"US", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"UY", 598, Trunk::ZERO, 8, 8),
    Plan::new(*b"UZ", 998, Trunk::None, 9, 9),
    Plan::new(*b"VA", 39, Trunk::Kept, 9, 11),
    Plan::new(*b"VC", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"VE", 58, Trunk::ZERO, 10, 10),
    Plan::new(*b"VG", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"VI", 1, Trunk::Prefixes(&["1"]), 10, 10),
    Plan::new(*b"VN", 84, Trunk::ZERO, 9, 10),
    Plan::new(*b"VU", 678, Trunk::None, 5, 7),
    Plan::new(*b"WF", 681, Trunk::None, 6, 6),
    Plan::new(*b"WS", 685, Trunk::None, 5, 7),
    Plan::new(*b"XK", 383, Trunk::ZERO, 8, 9),
    Plan::new(*b"YE", 967, Trunk::ZERO, 7, 9),
    Plan::new(*b"YT", 262, Trunk::ZERO, 9, 9),
    Plan::new(*b"ZA", 27, Trunk::ZERO, 9, 9),
    Plan::new(*b"ZM", 260, Trunk::ZERO, 9, 9),
    Plan::new(*b"ZW", 263, Trunk::ZERO, 9, 10),
];

/// Service numbers whose length is not that of ordinary ones, without the trunk prefix; `x` is any digit.
#[rustfmt::skip]
static SERVICES: [([u8; 2], &str); 59] = [
    (*b"AL", "800xxxx 808xxx 900xxx"),
    (*b"AU", "13xxxx 1300xxxxxx 16xxxxx 180xxxx 1800xxxxxx 19xxxxxxxx"),
    (*b"BO", "800xxxxxx"),
    (*b"BR", "300xxxxxx 400xxxxx 500xxxxxx 800xxxxxx 900xxxxxx"),
    (*b"BW", "0800xxxxxx"),
    (*b"BY", "800xxxxxxx 801xxxxxxx 902xxxxxxx"),
    (*b"BZ", "0800xxxxxxx"),
    (*b"CA", "310xxxx"),
    (*b"CC", "13xxxx 1300xxxxxx 16xxxxx 180xxxx 1800xxxxxx 19xxxxxxxx"),
    (*b"CD", "12xxxxx"),
    (*b"CH", "860xxxxxxxxx"),
    (*b"CL", "600xxxxxxx"),
    (*b"CN", "168xxxxx"),
    (*b"CO", "1800xxxxxxx 1900xxxxxxx"),
    (*b"CR", "800xxxxxxx 90xxxxxxxx"),
    (*b"CU", "800xxxxxxx 807xxxxxxx"),
    (*b"CX", "13xxxx 1300xxxxxx 16xxxxx 180xxxx 1800xxxxxx 19xxxxxxxx"),
    (*b"CZ", "93xxxxxxxxx"),
    (*b"DE", "15xxxxxxxxxx 16xxxxxxxxxx 17xxxxxxxxxx 800xxxxxxxxx 800xxxxxxxxxx"),
    (*b"EC", "1800xxxxxx 1800xxxxxxx"),
    (*b"FJ", "0800xxxxxxx"),
    (*b"GH", "800xxxxx"),
    (*b"GT", "1800xxxxxxx 1900xxxxxxx"),
    (*b"HK", "800xxxxxx 900xxxxxxxx"),
    (*b"HN", "800xxxxxxxx"),
    (*b"HR", "60xxxxx 80xxxxx"),
    (*b"IE", "15xxxxxxxx 18xxxxxxxx 8x5xxxxxxx"),
    (*b"IL", "151xxxxxxxx 1599xxxxxx 17xxxxxxxx 18xxxxxxxx 19xxxxxxxx"),
    (*b"IN", "1800xxxxxxx 1860xxxxxxx 186xxxxxxxxxx"),
    (*b"IR", "96xx"),
    (*b"KH", "1800xxxxxx 1900xxxxxx"),
    (*b"KW", "18xxxxx"),
    (*b"LI", "6xxxxxxxx"),
    (*b"MO", "0800xxx"),
    (*b"MV", "800xxxxxxx 900xxxxxxx"),
    (*b"NG", "70xxxxxxxxx 800xxxxxxxx"),
    (*b"NL", "14xxx 800xxxx 800xxxxxxx 90xxxxx 90xxxxxxxx"),
    (*b"NO", "0xxxx"),
    (*b"NP", "1660xxxxxxx"),
    (*b"PF", "44xxxx 800xxxxxx"),
    (*b"PH", "1800xxxxxxx 1800xxxxxxxx 1800xxxxxxxxx"),
    (*b"PK", "800xxxxx 900xxxxx xx111xxxxxx xxx111xxxxxx"),
    (*b"PS", "17xxxxxxxx 18xxxxxxxx"),
    (*b"PY", "9800xxxxxxx"),
    (*b"QA", "2xxxxxx 800xxxx"),
    (*b"SA", "800xxxxxxx"),
    (*b"SE", "254xxxxxxxxx"),
    (*b"SG", "1800xxxxxxx 1900xxxxxxx 7000xxxxxxx 800xxxxxxx"),
    (*b"SJ", "0xxxx"),
    (*b"SK", "909xxxx"),
    (*b"SV", "800xxxx 800xxxxxxxx 900xxxx 900xxxxxxxx"),
    (*b"SZ", "900xxxxxx"),
    (*b"TH", "1800xxxxxx 1900xxxxxx"),
    (*b"TR", "444xxxx"),
    (*b"TW", "70xxxxxxxx"),
    (*b"UY", "2xxxx 80xxxxx 90xxxxx"),
    (*b"VN", "199xxxx"),
    (*b"WF", "800xxxxxx"),
    (*b"ZW", "80xxxxx"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_consistent() {
        assert!(PLANS.is_sorted_by(|a, b| a.country < b.country));
        assert!(PLANS.len() < usize::from(u8::MAX));
        for plan in &PLANS {
            assert_eq!(row(plan.country).map(|row| row.country), Some(plan.country));
        }
        assert!(row(*b"ZZ").is_none() && row(*b"de").is_none());
        for plan in &PLANS {
            if plan.code == 0 {
                continue;
            }
            let digits = plan.code.to_string();
            assert_eq!(
                calling_code(digits.as_bytes()),
                Some((plan.code, digits.len())),
                "{plan:?}"
            );
            assert!(
                plan.shortest <= plan.longest && usize::from(plan.longest) + digits.len() <= 15,
                "{plan:?}"
            );
            for other in PLANS.iter().filter(|other| other.code == plan.code) {
                assert_eq!(
                    plan.trunk, other.trunk,
                    "countries behind one code share one rule: {plan:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn services_are_sorted_and_their_lengths_are_not_ordinary_ones() {
        assert!(SERVICES.is_sorted_by(|a, b| a.0 < b.0));
        for (country, shapes) in &SERVICES {
            let plan = PLANS.iter().find(|plan| plan.country == *country).unwrap();
            for shape in shapes.split(' ') {
                assert!(!plan.has_length(shape.len()), "{plan:?} {shape}");
                assert!(
                    shape.len() + plan.code.to_string().len() <= 15,
                    "{plan:?} {shape}"
                );
            }
        }
    }

    #[test]
    fn a_zero_after_the_code_is_judged_by_country() {
        assert_eq!(zero_after(49), ZeroAfterCode::Dropped);
        assert_eq!(zero_after(39), ZeroAfterCode::Kept);
        assert_eq!(zero_after(378), ZeroAfterCode::Kept);
        assert_eq!(zero_after(225), ZeroAfterCode::Unknown);
        assert_eq!(zero_after(1), ZeroAfterCode::Unknown);
    }
}

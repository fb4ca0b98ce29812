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

mod form;
mod table;

use super::calling_code::code_of;
use super::country::Country2;
pub(super) use form::Plan;
use table::PLANS;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::calling_code::{COUNTRIES, is_assigned, is_country};

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
}

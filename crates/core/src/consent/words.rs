//! What consent strings say, in sentences for people. None of them repeats a string.

use super::additional::AdditionalConsent;
use super::bits::Unreadable;
use super::explain::letters;
use super::gpp::{Gpp, TCF_EU, US_PRIVACY, UsSection, us_section_name};
use super::tcf::{RestrictionType, TcFault, TcString};
use super::us_privacy::us_privacy_opt_out;
use crate::base::time::UnixMillis;

/// The purposes of the framework, by the names that it gives them (IAB Europe, TCF Policies, appendix A; read 2026-11-22).
const PURPOSES: [&str; 11] = [
    "Store and/or access information on a device",
    "Use limited data to select advertising",
    "Create profiles for personalised advertising",
    "Use profiles to select personalised advertising",
    "Create profiles to personalise content",
    "Use profiles to select personalised content",
    "Measure advertising performance",
    "Measure content performance",
    "Understand audiences through statistics or combinations of data from different sources",
    "Develop and improve services",
    "Use limited data to select content",
];

/// The states that have a section, by its name.
const STATES: &[(&str, &str)] = &[
    ("usnat", "All of the United States"),
    ("usca", "California"),
    ("usva", "Virginia"),
    ("usco", "Colorado"),
    ("usut", "Utah"),
    ("usct", "Connecticut"),
    ("usfl", "Florida"),
    ("usmt", "Montana"),
    ("usor", "Oregon"),
    ("ustx", "Texas"),
    ("usde", "Delaware"),
    ("usia", "Iowa"),
    ("usne", "Nebraska"),
    ("usnh", "New Hampshire"),
    ("usnj", "New Jersey"),
    ("ustn", "Tennessee"),
    ("usmn", "Minnesota"),
    ("usmd", "Maryland"),
    ("usin", "Indiana"),
    ("usky", "Kentucky"),
    ("usri", "Rhode Island"),
];

/// The ids of a set of purposes.
pub(super) fn purpose_ids(bits: u32) -> Vec<u8> {
    (1..=24).filter(|id| bits >> (id - 1) & 1 == 1).collect()
}

/// Purposes by name and number.
pub(super) fn purposes(bits: u32) -> String {
    let names: Vec<String> = purpose_ids(bits)
        .into_iter()
        .map(|id| match PURPOSES.get(usize::from(id) - 1) {
            Some(name) => format!("{name} ({id})"),
            None => format!("purpose {id}"),
        })
        .collect();
    names.join("; ")
}

/// Words with commas, and `and` before the last.
pub(super) fn listed(words: &[String]) -> String {
    let mut text = String::new();
    for (at, word) in words.iter().enumerate() {
        let before = match at {
            0 => "",
            _ if at + 1 == words.len() => " and ",
            _ => ", ",
        };
        text.push_str(before);
        text.push_str(word);
    }
    text
}

/// What keeps a string from being read, and where.
///
/// `read` is the string's reader. A reader comes to the same end on every beginning of the string that holds the place where
/// it stops, so the shortest such beginning is what could be read.
pub(super) fn unreadable(
    text: &str,
    error: Unreadable,
    read: &dyn Fn(&str) -> Option<Unreadable>,
) -> String {
    let fails = |end: usize| read(text.get(..end).unwrap_or(text)) == Some(error);
    let stop = match error {
        Unreadable::Empty | Unreadable::TooLong | Unreadable::Malformed => None,
        // Where a part ends before its fields do, every shorter beginning does too: it is the first part that is too short.
        Unreadable::Truncated => {
            let ends = |end: &usize| matches!(text.as_bytes().get(*end), Some(b'.' | b'~'));
            let first = (0..text.len()).filter(ends).find(|end| fails(*end));
            first.or(Some(text.len()))
        }
        _ => {
            let (mut before, mut after) = (0, text.len());
            while before < after {
                let middle = usize::midpoint(before, after);
                if fails(middle) {
                    after = middle;
                } else {
                    before = middle + 1;
                }
            }
            Some(before)
        }
    };
    let why = match error {
        Unreadable::Empty => "nothing is there",
        Unreadable::TooLong => "it is longer than any real one",
        Unreadable::Alphabet => "a character stands there that such strings do not have",
        Unreadable::Truncated => "a field begins and the string, or its part, ends",
        Unreadable::Trailing => "something stands behind the last field",
        Unreadable::Version(_) => "it is of a kind or version that is not known",
        Unreadable::Range => "a range of ids ends before it starts, or beyond the largest id",
        Unreadable::Segment => "a part stands there that is not known, or a second time",
        Unreadable::SectionCount => "it has not as many sections as its header announces",
        Unreadable::Value => "a field has a value that it cannot have",
        Unreadable::Malformed => "it is of another form altogether",
    };
    match stop {
        Some(stop) => format!(
            "It stops being readable at character {stop} of {}: {why}.",
            text.len()
        ),
        None => format!("It cannot be read: {why}."),
    }
}

/// Why a TC string that could be read must not be relied on.
const fn fault(fault: TcFault) -> &'static str {
    match fault {
        TcFault::Policy => "its policy is older than TCF 2.2",
        TcFault::GlobalScope => {
            "it is of the global scope, which has been invalid since September 2021"
        }
        TcFault::Expired => "it is older than 13 months",
        TcFault::Future => "it is from the future",
        TcFault::NoDisclosedSegment => {
            "it was created after February 2026 and does not say which vendors were disclosed (TCF 2.3)"
        }
    }
}

/// What a TC string says, whoever asks.
pub(super) fn tcf(tc: &TcString, now: UnixMillis) -> Vec<String> {
    let mut says = vec![format!(
        "Written on {} by consent platform {}, for a publisher in {}.",
        tc.created_at().to_rfc3339().get(..10).unwrap_or_default(),
        tc.cmp_id,
        letters(tc.publisher_country),
    )];
    says.push(match tc.purposes_consent {
        0 => "The visitor consents to nothing.".to_owned(),
        consented => format!("The visitor consents to: {}.", purposes(consented)),
    });
    if tc.purposes_legitimate_interest != 0 {
        says.push(format!(
            "A legitimate interest was shown and not objected to for: {}.",
            purposes(tc.purposes_legitimate_interest)
        ));
    }
    says.push(format!(
        "{} vendors have consent, and {} may claim a legitimate interest.",
        tc.vendor_consents.len(),
        tc.vendor_legitimate_interests.len(),
    ));
    says.push(match &tc.disclosed {
        None => "It does not say which vendors were shown to the visitor.".to_owned(),
        Some(disclosed) => format!("{} vendors were shown to the visitor.", disclosed.len()),
    });
    if !tc.restrictions.is_empty() {
        says.push(format!(
            "The publisher restricts vendors in {} ways.",
            tc.restrictions.len()
        ));
    }
    says.extend(
        tc.fault(now)
            .map(|found| format!("Nothing is permitted by it: {}.", fault(found))),
    );
    says
}

/// What a TC string says of one vendor; `names` are the destinations that it is.
pub(super) fn vendor(tc: &TcString, vendor: u16, names: &[String]) -> String {
    let consent = if tc.vendor_consents.contains(vendor) {
        "has consent"
    } else {
        "has no consent"
    };
    let shown = match &tc.disclosed {
        None => "",
        Some(disclosed) if disclosed.contains(vendor) => ", and was shown to the visitor",
        Some(_) => ", and was not shown to the visitor",
    };
    let mut says = format!("Vendor {vendor} ({}) {consent}{shown}.", listed(names));
    for (kind, what) in [
        (
            RestrictionType::NotAllowed,
            "The publisher forbids it altogether",
        ),
        (
            RestrictionType::Undefined,
            "The publisher restricts it in a way that the framework does not define, so it counts as forbidden",
        ),
        (
            RestrictionType::RequireConsent,
            "The publisher lets it rely on consent only",
        ),
        (
            RestrictionType::RequireLegitimateInterest,
            "The publisher lets it rely on a legitimate interest only",
        ),
    ] {
        let restricted = tc
            .restrictions
            .iter()
            .filter(|one| one.kind == kind && one.vendors.contains(vendor))
            .fold(0, |bits, one| match one.purpose {
                1..=24 => bits | 1 << (one.purpose - 1),
                _ => bits,
            });
        if restricted != 0 {
            says.push_str(&[" ", what, ": ", &purposes(restricted), "."].concat());
        }
    }
    says
}

/// What a GPP string says, section by section.
pub(super) fn gpp(gpp: &Gpp<'_>, in_force: &[i64]) -> Vec<String> {
    let ids: Vec<String> = gpp
        .sections()
        .iter()
        .map(|(id, _)| section_name(*id))
        .collect();
    let mut says = vec![if ids.is_empty() {
        "It has no sections.".to_owned()
    } else {
        format!("It has: {}.", listed(&ids))
    }];
    let named: Vec<u16> = in_force
        .iter()
        .filter_map(|id| u16::try_from(*id).ok().filter(|id| *id > 0))
        .collect();
    if named.is_empty() {
        says.push("No section is said to be in force, so all of them count.".to_owned());
    } else {
        let in_words: Vec<String> = named.iter().map(|id| section_name(*id)).collect();
        says.push(format!("In force: {}.", listed(&in_words)));
        if named.len() < in_force.len() {
            says.push("A further one cannot be made out, so all of them count.".to_owned());
        }
    }
    for (id, text) in gpp.sections() {
        let Some(name) = us_section_name(*id) else {
            if *id == US_PRIVACY {
                says.push(format!("Its US Privacy string: {}", us_privacy(text)));
            }
            continue;
        };
        let place = STATES.iter().find(|(section, _)| *section == name);
        let place = place.map_or(name, |(_, place)| place);
        let read = |text: &str| UsSection::read(*id, text);
        let said = match read(text) {
            Err(error) => format!(
                "{place}: {}",
                unreadable(text, error, &|text| read(text).err())
            ),
            Ok(section) => united_states(place, &section),
        };
        let counts = named.len() < in_force.len() || named.is_empty() || named.contains(id);
        says.push(if counts {
            said
        } else {
            format!("Not in force, so it does not count: {said}")
        });
    }
    says
}

/// A section of GPP by its name and number.
fn section_name(id: u16) -> String {
    let name = match id {
        TCF_EU => "a TC string for Europe",
        5 => "a TC string for Canada",
        US_PRIVACY => "a US Privacy string",
        id => {
            let name = us_section_name(id);
            let of = |name: &&str| STATES.iter().find(|(section, _)| section == name);
            name.as_ref()
                .and_then(of)
                .map_or("a section that is not read here", |(_, place)| place)
        }
    };
    format!("{name} ({id})")
}

/// Who is out of what, by a section of the United States.
fn united_states(place: &str, section: &UsSection) -> String {
    let (mut out, mut not_out) = (Vec::new(), Vec::new());
    for (field, of) in [
        ("SaleOptOut", "sale"),
        ("SharingOptOut", "sharing"),
        ("TargetedAdvertisingOptOut", "targeted advertising"),
    ] {
        match section.opted_out(field) {
            Some(true) => out.push(of.to_owned()),
            Some(false) => not_out.push(of.to_owned()),
            None => {}
        }
    }
    let mut parts = Vec::new();
    if !out.is_empty() {
        parts.push(format!("the visitor has opted out of {}", listed(&out)));
    }
    if !not_out.is_empty() {
        parts.push(format!("has not opted out of {}", listed(&not_out)));
    }
    if section.gpc == Some(true) {
        parts.push("the browser signals Global Privacy Control".to_owned());
    }
    if section.is_child() {
        parts.push("the visitor is, or may be, a known child".to_owned());
    }
    if parts.is_empty() {
        parts.push("nothing is said of opt-outs".to_owned());
    }
    format!("{place}: {}.", parts.join("; "))
}

/// What a US Privacy string says.
pub(super) fn us_privacy(text: &str) -> String {
    if us_privacy_opt_out(text).is_none() {
        return "it cannot be read: it is a digit and three of Y, N and -.".to_owned();
    }
    let sign = |at: usize| text.trim().as_bytes().get(at).map(u8::to_ascii_uppercase);
    let notice = match sign(1) {
        Some(b'Y') => "the visitor was given notice",
        Some(b'N') => "the visitor was given no notice",
        _ => "nothing is said of a notice",
    };
    let opt_out = match sign(2) {
        Some(b'Y') => "the visitor has opted out of sale",
        Some(b'N') => "the visitor has not opted out of sale",
        _ => "the law does not apply",
    };
    format!("{notice}; {opt_out}.")
}

/// What an Additional Consent string says.
pub(super) fn additional(read: &AdditionalConsent) -> String {
    let disclosed = read.disclosed.as_ref().map(Vec::len);
    format!(
        "{} of Google's providers have consent{}.",
        read.consented.len(),
        disclosed.map_or(String::new(), |many| format!(
            ", and {many} were shown and have none"
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything granted to vendor 755.
    const TC: &str = "CQtDjkAQtDjkAEEADBENCyFsAP_gAEPgAAYgF5wBAAKgAgABkAvMC84AIC8wAAAA.IF5wBAAKgAgABkAvMAAA.YAAAAAAAAAAA";

    #[test]
    fn a_string_is_readable_up_to_where_it_stops() {
        let stop = |text: &str| {
            let read = |text: &str| TcString::read(text).err();
            unreadable(text, read(text).unwrap(), &read)
        };
        let spoilt = |at: usize, with: &str| [&TC[..at], with, &TC[at + 1..]].concat();
        let cut = &TC[..40];
        for (text, said) in [
            (spoilt(30, "!"), "at character 31 of 98: a character"),
            (spoilt(70, "+"), "at character 71 of 98: a character"),
            (spoilt(0, "B"), "at character 1 of 98: it is of a kind"),
            (cut.to_owned(), "at character 40 of 40: a field begins"),
            // The core ends early, and the parts behind it are there.
            (
                format!("{cut}{}", &TC[64..]),
                "at character 40 of 74: a field begins",
            ),
            (
                format!("{TC}.YAAAAAAAAAAA"),
                "at character 109 of 111: a part",
            ),
            (String::new(), "It cannot be read: nothing is there."),
        ] {
            let told = stop(&text);
            assert!(told.contains(said), "{text}: {told}");
            assert!(text.len() < 9 || !told.contains(&text[..8]), "{told}");
        }
    }

    #[test]
    fn lists_are_read_aloud() {
        let aloud =
            |words: &[&str]| listed(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(aloud(&[]), "");
        assert_eq!(aloud(&["a"]), "a");
        assert_eq!(aloud(&["a", "b", "c"]), "a, b and c");
        assert_eq!(
            purposes(0b100_0001),
            "Store and/or access information on a device (1); Measure advertising performance (7)"
        );
    }
}

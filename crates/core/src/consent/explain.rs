//! Consent strings field by field, as JSON for people and programs. What they mean is in `words.rs`.

use super::additional::AdditionalConsent;
use super::bits::{Ids, Unreadable};
use super::gpp::{Gpp, GppFault, TCF_EU, US_PRIVACY, UsSection, us_opt_outs, us_section_name};
use super::tcf::{Restriction, RestrictionType, TcString};
use super::us_privacy::us_privacy_opt_out;
use crate::base::json::Object;
use crate::base::reason::Refusal;
use crate::base::time::UnixMillis;

/// A list of numbers. Lists are written in one place, since each kind of iterator would be compiled by itself.
pub(super) fn put_numbers(to: &mut Object<'_>, name: &str, numbers: &[i64]) {
    to.list(name, numbers.iter().copied());
}

/// The ids of a set of up to 64 flags.
pub(super) fn put_flags(to: &mut Object<'_>, name: &str, bits: u64) {
    let mut ids = Vec::new();
    for id in 1..=64 {
        if bits >> (id - 1) & 1 == 1 {
            ids.push(id);
        }
    }
    put_numbers(to, name, &ids);
}

/// The most ids of a list that are listed one by one: the framework's own list has some 1,300 vendors, and a string may name
/// 65,535.
const MOST_LISTED: usize = 2_000;

/// The most of one string: four such lists, and what publishers restrict. A string of 8 KiB may have nine hundred
/// restrictions of that many vendors each, which would be megabytes.
const MOST_LISTED_IN_ALL: usize = 20_000;

/// The most restrictions that are listed: there are 64 purposes and four types.
const MOST_RESTRICTIONS: usize = 256;

/// Ids, or their number where they are too many; `room` is for how many of the string there is room yet.
fn put_ids(to: &mut Object<'_>, name: &str, ids: &Ids, room: &mut usize) {
    if ids.len() > MOST_LISTED.min(*room) {
        to.object(name, |to| to.put("count", ids.len()));
    } else {
        *room -= ids.len();
        let mut all = Vec::with_capacity(ids.len());
        all.extend(ids.iter().map(i64::from));
        put_numbers(to, name, &all);
    }
}

pub(super) fn letters(letters: [u8; 2]) -> String {
    letters.map(char::from).iter().collect()
}

fn put_error(to: &mut Object<'_>, error: Unreadable) {
    to.put("error", error.code());
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A TC string, field by field; `{"error": code}` where it cannot be read. An empty list is left out.
///
/// Lists of ids are in order; one of more than 2,000 is its count, and so is what would make more than 20,000 of the string.
/// Of the publisher's restrictions 256 are listed, by purpose and type; `publisher_restrictions_further` says how many more
/// there are. `fault` is why the string must not be relied on, if it
/// must not.
pub fn explain_tcf(text: &str, now: UnixMillis) -> String {
    Object::write_text(|to| put_tcf(to, text, now))
}

pub(super) fn put_tcf(to: &mut Object<'_>, text: &str, now: UnixMillis) {
    let tc = match TcString::read(text) {
        Ok(tc) => tc,
        Err(error) => return put_error(to, error),
    };
    for (name, value) in [
        ("version", 2),
        ("created_ds", number(tc.created)),
        ("last_updated_ds", number(tc.last_updated)),
        ("cmp_id", tc.cmp_id.into()),
        ("cmp_version", tc.cmp_version.into()),
        ("consent_screen", tc.consent_screen.into()),
        ("vendor_list_version", tc.vendor_list_version.into()),
        ("tcf_policy_version", tc.policy_version.into()),
    ] {
        to.put(name, value);
    }
    to.put("consent_language", letters(tc.consent_language));
    to.put("publisher_cc", letters(tc.publisher_country));
    to.put("is_service_specific", tc.is_service_specific);
    to.put("use_non_standard_texts", tc.non_standard_texts);
    to.put("purpose_one_treatment", tc.purpose_one_treatment);
    for (name, bits) in [
        ("special_feature_opt_ins", tc.special_features),
        ("purposes_consent", tc.purposes_consent),
        ("purposes_li_transparency", tc.purposes_legitimate_interest),
    ] {
        put_flags(to, name, bits.into());
    }
    let lists = [
        ("vendor_consents", Some(&tc.vendor_consents)),
        ("vendor_li", Some(&tc.vendor_legitimate_interests)),
        ("disclosed_vendors", tc.disclosed.as_ref()),
        ("allowed_vendors", tc.allowed.as_ref()),
    ];
    let mut room = MOST_LISTED_IN_ALL;
    for (name, list) in lists {
        if let Some(list) = list {
            put_ids(to, name, list, &mut room);
        }
    }
    // In order, without the code of a sort: there are 64 purposes at most.
    let of = |place: i64| {
        let here = move |one: &&Restriction| i64::from(one.purpose) * 4 + kind(one.kind) == place;
        tc.restrictions.iter().filter(here)
    };
    to.objects(
        "publisher_restrictions",
        (0..256).flat_map(of).take(MOST_RESTRICTIONS),
        |to, one| {
            to.put("purpose_id", i64::from(one.purpose));
            to.put("restriction_type", kind(one.kind));
            put_ids(to, "vendor_ids", &one.vendors, &mut room);
        },
    );
    let further = tc.restrictions.len().saturating_sub(MOST_RESTRICTIONS);
    to.put(
        "publisher_restrictions_further",
        (further > 0).then_some(further),
    );
    if let Some(publisher) = &tc.publisher {
        to.object("publisher_tc", |to| {
            to.put("num_custom", i64::from(publisher.custom_purposes));
            for (name, bits) in [
                ("consents", publisher.consents.into()),
                ("li", publisher.legitimate_interests.into()),
                ("custom_consents", publisher.custom_consents),
                ("custom_li", publisher.custom_legitimate_interests),
            ] {
                put_flags(to, name, bits);
            }
        });
    }
    to.put("created", tc.created_at().to_rfc3339());
    let fault = tc.fault(now).map(super::decision::refusal_of);
    to.put("fault", fault.map(Refusal::code));
}

const fn kind(kind: RestrictionType) -> i64 {
    match kind {
        RestrictionType::NotAllowed => 0,
        RestrictionType::RequireConsent => 1,
        RestrictionType::RequireLegitimateInterest => 2,
        RestrictionType::Undefined => 3,
    }
}

/// A section of the United States, field by field; `{"error": code}` where it cannot be read.
pub fn explain_us_section(id: u16, text: &str) -> String {
    Object::write_text(|to| put_us_section(to, id, text))
}

fn put_us_section(to: &mut Object<'_>, id: u16, text: &str) {
    let section = match UsSection::read(id, text) {
        Ok(section) => section,
        Err(error) => return put_error(to, error),
    };
    // In the layout of 2025 it is the version of the agreement.
    let version = if id >= 24 { "MspaVersion" } else { "Version" };
    to.put(version, i64::from(section.version));
    for (name, values) in &section.fields {
        match values.as_slice() {
            [one] => to.put(name, i64::from(*one)),
            many => {
                let mut all = Vec::new();
                all.extend(many.iter().map(|one| i64::from(*one)));
                put_numbers(to, name, &all);
            }
        }
    }
    to.put("Gpc", section.gpc);
}

/// A GPP string, section by section, and what those in force say together; `{"error": code}` where it cannot be read.
pub fn explain_gpp(text: &str, in_force: &[i64], now: UnixMillis) -> String {
    Object::write_text(|to| put_gpp(to, text, in_force, now))
}

pub(super) fn put_gpp(to: &mut Object<'_>, text: &str, in_force: &[i64], now: UnixMillis) {
    let gpp = match Gpp::read(text) {
        Ok(gpp) => gpp,
        Err(error) => return put_error(to, error),
    };
    let mut ids = Vec::new();
    ids.extend(gpp.sections().iter().map(|(id, _)| i64::from(*id)));
    put_numbers(to, "sections", &ids);
    to.object("section", |to| {
        for (id, text) in gpp.sections() {
            to.object(&id.to_string(), |to| match *id {
                TCF_EU => put_tcf(to, text, now),
                US_PRIVACY => put_us_privacy(to, text),
                id if us_section_name(id).is_some() => put_us_section(to, id, text),
                _ => to.put("error", "unknown_section"),
            });
        }
    });
    to.object("united_states", |to| match us_opt_outs(&gpp, in_force) {
        Ok(found) => {
            to.put("sale_opt_out", found.sale);
            to.put("sharing_opt_out", found.sharing);
            to.put("targeted_advertising_opt_out", found.targeted_advertising);
            to.put("gpc", found.gpc);
            to.put("known_child", found.child);
        }
        Err(GppFault::SectionMissing) => to.put("error", "gpp_section_missing"),
        Err(GppFault::Unreadable(error)) => put_error(to, error),
    });
}

/// A US Privacy string, without what it does not say; `{"error": "malformed"}` where it cannot be read.
pub fn explain_us_privacy(text: &str) -> String {
    Object::write_text(|to| put_us_privacy(to, text))
}

pub(super) fn put_us_privacy(to: &mut Object<'_>, text: &str) {
    let text = text.trim();
    if us_privacy_opt_out(text).is_none() {
        return put_error(to, Unreadable::Malformed);
    }
    let sign = |at: usize| match text.as_bytes().get(at).map(u8::to_ascii_uppercase) {
        Some(b'Y') => Some(true),
        Some(b'N') => Some(false),
        _ => None,
    };
    let version = text
        .as_bytes()
        .first()
        .map(|digit| i64::from(digit.wrapping_sub(b'0')));
    to.put("version", version);
    to.put("notice", sign(1));
    to.put("opt_out_sale", sign(2));
    to.put("lspa_covered", sign(3));
}

/// An Additional Consent string; `{"error": code}` where it cannot be read.
pub fn explain_additional(text: &str) -> String {
    Object::write_text(|to| put_additional(to, text))
}

pub(super) fn put_additional(to: &mut Object<'_>, text: &str) {
    match AdditionalConsent::read(text) {
        Ok(read) => {
            to.put("version", i64::from(read.version));
            let disclosed = read.disclosed.unwrap_or_default();
            for (name, ids) in [
                ("consented", read.consented),
                ("disclosed_not_consented", disclosed),
            ] {
                let mut all = Vec::new();
                all.extend(ids.into_iter().map(i64::from));
                put_numbers(to, name, &all);
            }
        }
        Err(error) => put_error(to, error),
    }
}

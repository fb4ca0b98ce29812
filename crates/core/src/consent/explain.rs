//! Consent strings for people: every field by name, and in words what follows.

use serde_json::{Map, Value, json};

use super::additional::AdditionalConsent;
use super::bits::{Ids, Unreadable};
use super::gpp::{Gpp, GppFault, TCF_EU, UsSection, us_opt_outs, us_section_name};
use super::tcf::{RestrictionType, TcFault, TcString};
use super::us_privacy::us_privacy_opt_out;
use super::words;
use crate::base::time::UnixMillis;

/// The ids of a set of up to 64 flags.
fn flags(bits: u64) -> Vec<u8> {
    (1..=64).filter(|id| bits >> (id - 1) & 1 == 1).collect()
}

/// The most ids that are listed one by one: a string may name 65,535 vendors.
const MOST_LISTED: usize = 2_000;

fn ids(ids: &Ids) -> Value {
    if ids.len() > MOST_LISTED {
        return json!({"count": ids.len()});
    }
    ids.iter().collect()
}

pub(super) fn letters(letters: [u8; 2]) -> String {
    letters.map(char::from).iter().collect()
}

fn unreadable(error: Unreadable) -> Value {
    json!({"error": error.code()})
}

/// A TC string, field by field; `{"error": code}` where it cannot be read.
///
/// Lists of ids are in order; one of more than 2,000 is its count. `says` are sentences for people, and `fault` is why the
/// string must not be relied on, if it must not.
pub fn explain_tcf(text: &str, now: UnixMillis) -> Value {
    let tc = match TcString::read(text) {
        Ok(tc) => tc,
        Err(error) => return unreadable(error),
    };
    let mut restrictions: Vec<_> = tc.restrictions.iter().collect();
    restrictions.sort_by_key(|one| (one.purpose, one.kind));
    let restrictions: Value = restrictions
        .iter()
        .map(|one| {
            json!({
                "purpose_id": one.purpose,
                "restriction_type": kind(one.kind),
                "vendor_ids": ids(&one.vendors),
            })
        })
        .collect();
    let mut all = json!({
        "version": 2,
        "created_ds": tc.created,
        "last_updated_ds": tc.last_updated,
        "cmp_id": tc.cmp_id,
        "cmp_version": tc.cmp_version,
        "consent_screen": tc.consent_screen,
        "consent_language": letters(tc.consent_language),
        "vendor_list_version": tc.vendor_list_version,
        "tcf_policy_version": tc.policy_version,
        "is_service_specific": tc.is_service_specific,
        "use_non_standard_texts": tc.non_standard_texts,
        "special_feature_opt_ins": flags(tc.special_features.into()),
        "purposes_consent": flags(tc.purposes_consent.into()),
        "purposes_li_transparency": flags(tc.purposes_legitimate_interest.into()),
        "purpose_one_treatment": tc.purpose_one_treatment,
        "publisher_cc": letters(tc.publisher_country),
        "vendor_consents": ids(&tc.vendor_consents),
        "vendor_li": ids(&tc.vendor_legitimate_interests),
        "publisher_restrictions": restrictions,
        "created": tc.created_at().to_rfc3339(),
        "fault": tc.fault(now).map(fault_code),
        "says": words::tcf(&tc, now),
    });
    let mut put = |name: &str, value: Value| {
        if let Some(all) = all.as_object_mut() {
            all.insert(name.to_owned(), value);
        }
    };
    if let Some(disclosed) = &tc.disclosed {
        put("disclosed_vendors", ids(disclosed));
    }
    if let Some(allowed) = &tc.allowed {
        put("allowed_vendors", ids(allowed));
    }
    if let Some(publisher) = &tc.publisher {
        put(
            "publisher_tc",
            json!({
                "consents": flags(publisher.consents.into()),
                "li": flags(publisher.legitimate_interests.into()),
                "num_custom": publisher.custom_purposes,
                "custom_consents": flags(publisher.custom_consents),
                "custom_li": flags(publisher.custom_legitimate_interests),
            }),
        );
    }
    all
}

const fn kind(kind: RestrictionType) -> u8 {
    match kind {
        RestrictionType::NotAllowed => 0,
        RestrictionType::RequireConsent => 1,
        RestrictionType::RequireLegitimateInterest => 2,
        RestrictionType::Undefined => 3,
    }
}

const fn fault_code(fault: TcFault) -> &'static str {
    super::decision::refusal_of(fault).code()
}

/// A section of the United States, field by field; `{"error": code}` where it cannot be read.
pub fn explain_us_section(id: u16, text: &str) -> Value {
    let section = match UsSection::read(id, text) {
        Ok(section) => section,
        Err(error) => return unreadable(error),
    };
    let mut all = Map::new();
    // In the layout of 2025 it is the version of the agreement.
    let version = if id >= 24 { "MspaVersion" } else { "Version" };
    all.insert(version.to_owned(), section.version.into());
    for (name, values) in &section.fields {
        let value = match values.as_slice() {
            [one] => (*one).into(),
            many => many.into(),
        };
        all.insert((*name).to_owned(), value);
    }
    if let Some(gpc) = section.gpc {
        all.insert("Gpc".to_owned(), gpc.into());
    }
    Value::Object(all)
}

/// A GPP string, section by section, and what those in force say together; `{"error": code}` where it cannot be read.
pub fn explain_gpp(text: &str, in_force: &[i64], now: UnixMillis) -> Value {
    let gpp = match Gpp::read(text) {
        Ok(gpp) => gpp,
        Err(error) => return unreadable(error),
    };
    let mut sections = Map::new();
    for (id, text) in gpp.sections() {
        let what = match *id {
            TCF_EU => explain_tcf(text, now),
            6 => explain_us_privacy(text),
            id if us_section_name(id).is_some() => explain_us_section(id, text),
            _ => json!({"error": "unknown_section"}),
        };
        sections.insert(id.to_string(), what);
    }
    let opt_outs = match us_opt_outs(&gpp, in_force) {
        Ok(found) => json!({
            "sale_opt_out": found.sale,
            "sharing_opt_out": found.sharing,
            "targeted_advertising_opt_out": found.targeted_advertising,
            "gpc": found.gpc,
            "known_child": found.child,
        }),
        Err(GppFault::SectionMissing) => json!({"error": "gpp_section_missing"}),
        Err(GppFault::Unreadable(error)) => unreadable(error),
    };
    let ids: Vec<u16> = gpp.sections().iter().map(|(id, _)| *id).collect();
    json!({"sections": ids, "section": sections, "united_states": opt_outs})
}

/// A US Privacy string; `{"error": "malformed"}` where it cannot be read.
pub fn explain_us_privacy(text: &str) -> Value {
    let text = text.trim();
    if us_privacy_opt_out(text).is_none() {
        return unreadable(Unreadable::Malformed);
    }
    let sign = |at: usize| match text.as_bytes().get(at).map(u8::to_ascii_uppercase) {
        Some(b'Y') => Some(true),
        Some(b'N') => Some(false),
        _ => None,
    };
    let version = text
        .as_bytes()
        .first()
        .map(|digit| digit.wrapping_sub(b'0'));
    json!({"version": version, "notice": sign(1), "opt_out_sale": sign(2), "lspa_covered": sign(3)})
}

/// An Additional Consent string; `{"error": code}` where it cannot be read.
pub fn explain_additional(text: &str) -> Value {
    match AdditionalConsent::read(text) {
        Ok(read) => json!({
            "version": read.version,
            "consented": read.consented,
            "disclosed_not_consented": read.disclosed,
        }),
        Err(error) => unreadable(error),
    }
}

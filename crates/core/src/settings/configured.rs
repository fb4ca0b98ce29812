//! A destination as configured.

use serde_json::Value;

use crate::base::fields::{Fields, Reader};
use crate::base::time::UnixMillis;
use crate::consent::{Party, Use, purposes};
use crate::destinations::destination::Destination;
use crate::destinations::versions::days_until;
use crate::destinations::{self};

/// A destination as configured.
#[derive(Debug)]
pub struct Configured {
    /// Its name in the settings, the ledger and the answers.
    pub name: String,
    /// The platform, ready to encode.
    pub destination: Box<dyn Destination>,
    /// Who it is to a visitor's consent, and what it uses events for.
    pub consent: Use,
    /// The last day of its credential, `2027-01-31`, where the operator knows it.
    pub credential_ends: Option<String>,
}

pub(super) fn open_destination(
    name: &str,
    value: Value,
    path: &str,
    reader: &mut Reader<'_>,
) -> Option<Configured> {
    let mut fields = Fields::new(value, path, reader)?;
    let platform = if fields.has("platform") {
        fields.text("platform")?
    } else {
        name.to_owned()
    };
    let Some(entry) = destinations::ALL
        .iter()
        .find(|entry| entry.platform == platform)
    else {
        let known: Vec<_> = destinations::ALL
            .iter()
            .map(|entry| entry.platform)
            .collect();
        let place = if platform == name {
            path.to_owned()
        } else {
            format!("{path}.platform")
        };
        fields.reader.fault(
            place,
            format!("there is no such platform; there are {}", known.join(", ")),
        );
        return None;
    };
    let opened = (entry.open)(name, &mut fields);
    let party = party(&mut fields, entry.facts.party);
    let named = fields.wholes("purposes", (1, 11));
    if named.as_ref().is_some_and(Vec::is_empty) {
        fields.fault(
            "purposes",
            "must name one at least: a string that denies everything would permit it",
        );
    }
    let legitimate_interest = fields.flag("legitimate_interest", false);
    let credential_ends = fields.text("credential_ends");
    if credential_ends
        .as_deref()
        .is_some_and(|day| days_until(UnixMillis(0), day).is_none())
    {
        fields.fault("credential_ends", "must be a date, such as `2027-01-31`");
    }
    fields.end();
    let destination = opened?;
    let mut consent = Use::new(destination.purpose(), party);
    if let Some(named) = named {
        consent.purposes = purposes(&named);
    }
    if legitimate_interest {
        // Of these alone the framework lets a vendor claim one.
        consent.legitimate_interest = consent.purposes & purposes(&[2, 7, 8, 9, 10, 11]);
    }
    Some(Configured {
        name: name.to_owned(),
        destination,
        consent,
        credential_ends,
    })
}

/// Who the destination is to a consent string, where the settings know better than we do.
fn party(fields: &mut Fields<'_, '_>, known: Party) -> Party {
    let (vendor, provider) = (fields.has("vendor"), fields.has("provider"));
    if vendor && provider {
        fields.fault(
            "provider",
            "a destination is either a `vendor` or a `provider`",
        );
    }
    let id = fields.whole("vendor", 0, (1, 65_535));
    let other = fields.whole("provider", 0, (1, 999_999_999));
    if vendor {
        u16::try_from(id).map_or(known, Party::Vendor)
    } else if provider {
        Party::Provider(other)
    } else {
        known
    }
}

//! Google's Additional Consent string: consent for providers that are not in the vendor list of the IAB.
//!
//! Source: Google, "Additional Consent Mode technical specification" (support article 9681920; read 2026-11-22). Version 1 is
//! `1~ids`, version 2 is `2~ids~dv.ids`; ids are joined by dots, and either list may be empty.

use super::bits::{LONGEST, Unreadable};

/// A string that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdditionalConsent {
    /// Its version, 1 or 2.
    pub version: u8,
    /// The providers that the visitor consents to, in order.
    pub consented: Vec<u32>,
    /// Those that were disclosed and got no consent; version 1 does not say.
    pub disclosed: Option<Vec<u32>>,
}

/// The largest id: what fits nine digits.
const MOST_DIGITS: usize = 9;

impl AdditionalConsent {
    /// Reads a string.
    ///
    /// # Errors
    /// Whatever the format does not allow.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable::TooLong);
        }
        let mut parts = text.split('~');
        let version = match parts.next() {
            Some("1") => 1,
            Some("2") => 2,
            _ => return Err(Unreadable::Malformed),
        };
        let consented = ids(parts.next().ok_or(Unreadable::Malformed)?)?;
        let disclosed = match (version, parts.next()) {
            (1, None) => None,
            (2, Some(part)) => Some(ids(part
                .strip_prefix("dv.")
                .ok_or(Unreadable::Malformed)?)?),
            _ => return Err(Unreadable::Malformed),
        };
        if parts.next().is_some() {
            return Err(Unreadable::Malformed);
        }
        Ok(Self {
            version,
            consented,
            disclosed,
        })
    }

    /// Whether a provider has consent.
    pub fn consents(&self, provider: u32) -> bool {
        self.consented.binary_search(&provider).is_ok()
    }
}

fn ids(list: &str) -> Result<Vec<u32>, Unreadable> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids = Vec::new();
    for id in list.split('.') {
        if id.is_empty() || id.len() > MOST_DIGITS || !id.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(Unreadable::Malformed);
        }
        ids.push(id.parse().map_err(|_| Unreadable::Malformed)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

//! What a source's servers show that send in GA4's Measurement Protocol.

use serde_json::Value;

use crate::base::fields::{Fields, Reader};
use crate::base::secret::Secret;

/// The stream that a source answers for, and the secret that stands beside it in the address.
#[derive(Debug)]
pub struct MeasurementProtocol {
    /// Of a web stream: `G-…`.
    pub measurement_id: Option<String>,
    /// Of an app's stream. One of the two is there at least.
    pub firebase_app_id: Option<String>,
    /// What its senders show. At least 16 characters.
    pub api_secret: Secret,
}

/// The shortest secret, in characters. Google's own have 22.
const SHORTEST: usize = 16;

impl MeasurementProtocol {
    /// Reads the table `measurement_protocol` of a source.
    pub(super) fn read(value: Value, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let mut fields = Fields::new(value, path, reader)?;
        let measurement_id = fields.text("measurement_id");
        if measurement_id.as_ref().is_some_and(|id| {
            let stream = id.strip_prefix("G-").unwrap_or_default();
            let of_it = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            stream.is_empty() || !stream.bytes().all(of_it)
        }) {
            fields.fault(
                "measurement_id",
                "must be `G-` followed by capitals and digits, as the stream shows it",
            );
        }
        let firebase_app_id = fields.text("firebase_app_id");
        if firebase_app_id.as_ref().is_some_and(|id| {
            let of_it = |byte: u8| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-')
            };
            id.is_empty() || !id.bytes().all(of_it)
        }) {
            fields.fault(
                "firebase_app_id",
                "must have ASCII letters, digits, `_`, `.`, `:` and `-` only",
            );
        }
        let secret = fields.required("api_secret");
        let place = fields.at("api_secret");
        let secret = secret.and_then(|name| fields.reader.secret(&place, &name));
        if (secret.as_ref()).is_some_and(|secret| secret.expose().len() < SHORTEST) {
            fields.fault(
                "api_secret",
                "the secret must have at least 16 characters: openssl rand -hex 16",
            );
        }
        if measurement_id.is_none() && firebase_app_id.is_none() {
            let at = fields.at("measurement_id");
            fields
                .reader
                .fault(at, "is required, or a `firebase_app_id` in its place");
        }
        fields.end();
        Some(Self {
            measurement_id,
            firebase_app_id,
            api_secret: secret?,
        })
    }

    /// Whether a request could be of both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        self.api_secret == other.api_secret
            && (same(&self.measurement_id, &other.measurement_id)
                || same(&self.firebase_app_id, &other.firebase_app_id))
    }
}

//! Who is sending: a page by its write key and origin, or a server by a secret or a signature.
//!
//! A write key is public, so it is worth only as much as the list of origins beside it. Secrets are compared in
//! constant time, and an unknown sender takes the same path as a wrong secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::base::error::Code;
use crate::base::hmac::mac;
use crate::base::secret::{Secret, same_secret};
use crate::base::time::UnixMillis;
use crate::intake::arrival::{Arrival, Header};
use crate::intake::visit::Visit;
use crate::settings::{Settings, Source};

/// How far a signature's time may lie from ours, in seconds (Standard Webhooks reference libraries: five minutes).
pub const SIGNATURE_TOLERANCE_SECONDS: i64 = 300;

/// What a request shows for itself. Every field is the header's (or parameter's) text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// `x-edgetally-key`, or the parameter `key`.
    pub key: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `webhook-id`.
    pub webhook_id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub webhook_timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub webhook_signature: Option<&'a str>,
}

impl<'a> Credentials<'a> {
    /// What a request shows.
    pub fn of(arrival: &Arrival<'a>) -> Self {
        Self {
            key: arrival.key(),
            origin: arrival.header(Header::Origin),
            authorization: arrival.header(Header::Authorization),
            webhook_id: arrival.header(Header::WebhookId),
            webhook_timestamp: arrival.header(Header::WebhookTimestamp),
            webhook_signature: arrival.header(Header::WebhookSignature),
        }
    }
}

/// How a sender was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof<'a> {
    /// A page: key and origin.
    Page,
    /// An app: a key alone, of a source that takes it so. What the connection shows is the visitor's where the SDK is one
    /// that runs on the visitor's device.
    App {
        /// Whether it is.
        on_device: bool,
    },
    /// A server that showed its secret.
    Bearer,
    /// A server that signed the body; the signature is good once.
    Signature {
        /// The `webhook-id`.
        id: &'a str,
        /// The signature that matched.
        signature: &'a str,
    },
}

/// A sender that has been recognised.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The source it sends for.
    pub source: &'a Source,
    /// How it was recognised.
    pub proof: Proof<'a>,
}

impl Caller<'_> {
    /// Whether it showed no more than a key that everybody can read: a page, or an app.
    pub fn is_page(&self) -> bool {
        matches!(self.proof, Proof::Page | Proof::App { .. })
    }

    /// What the request says about the visitor, where it is one of the visitor's own device; of whoever else shows no more
    /// than a key, nothing.
    pub fn visit<'r>(&self, arrival: &Arrival<'r>) -> Option<Visit<'r>> {
        match self.proof {
            Proof::Page | Proof::App { on_device: true } => Some(Visit::of(arrival)),
            Proof::App { on_device: false } => Some(Visit::default()),
            Proof::Bearer | Proof::Signature { .. } => None,
        }
    }
}

/// Whether an origin is one of the source's.
pub fn origin_allowed(source: &Source, origin: &str) -> bool {
    source.origins.iter().any(|allowed| allowed == origin)
}

/// Recognises the sender of a request.
///
/// # Errors
/// `credentials_missing`, `key_unknown`, `origin_missing`, `origin_not_allowed`, `secret_unknown`,
/// `signature_invalid`, `signature_stale`.
pub fn recognise<'a>(
    settings: &'a Settings,
    credentials: &Credentials<'a>,
    body: &[u8],
    now: UnixMillis,
) -> Result<Caller<'a>, Code> {
    if let Some(signature) = credentials.webhook_signature {
        return verify(settings, credentials, signature, body, now);
    }
    if let Some(authorization) = credentials.authorization {
        let token = bearer(authorization).ok_or(Code::SecretUnknown)?;
        return recognise_secret(settings, token).ok_or(Code::SecretUnknown);
    }
    recognise_page(settings, credentials.key, credentials.origin)
}

/// Recognises a server by its secret.
pub(super) fn recognise_secret<'a>(settings: &'a Settings, given: &str) -> Option<Caller<'a>> {
    // Every source is compared, so that the time says nothing about which one it was.
    let mut found = None;
    for source in &settings.sources {
        if source
            .secret
            .as_ref()
            .is_some_and(|secret| same_secret(given, secret))
        {
            found = Some(source);
        }
    }
    found.map(|source| Caller {
        source,
        proof: Proof::Bearer,
    })
}

/// Recognises a page by its key, which everybody can read, and the origin that its browser says it has.
///
/// # Errors
/// `credentials_missing`, `key_unknown`, `origin_missing`, `origin_not_allowed`.
pub fn recognise_page<'a>(
    settings: &'a Settings,
    key: Option<&str>,
    origin: Option<&str>,
) -> Result<Caller<'a>, Code> {
    let key = key.ok_or(Code::CredentialsMissing)?;
    let source = settings
        .sources
        .iter()
        .find(|source| source.key.as_deref() == Some(key))
        .ok_or(Code::KeyUnknown)?;
    let origin = origin.ok_or(Code::OriginMissing)?;
    if !origin_allowed(source, origin) {
        return Err(Code::OriginNotAllowed);
    }
    Ok(Caller {
        source,
        proof: Proof::Page,
    })
}

/// The token of a `Bearer` header.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a request may see the admin routes.
pub fn is_admin(settings: &Settings, authorization: Option<&str>) -> bool {
    match (&settings.admin_token, authorization.and_then(bearer)) {
        (Some(token), Some(given)) => same_secret(given, token),
        _ => false,
    }
}

/// The token that a shop's server makes of an order, for its page to show beside it: HMAC-SHA-256 over
/// `value.currency.order`, in lower-case hexadecimal digits. In this order no token is good for two orders: the letters of
/// the currency end the value, and what follows them is the order's, points and all.
///
/// `order` is the `transaction_id`, or the `event_id` where there is none; `value` is written without zeroes at the end of
/// its fraction, because JavaScript makes `129.9` of a template's `129.90`.
///
/// ```
/// use edgetally_core::intake::auth::event_token;
/// use edgetally_core::base::secret::Secret;
/// let secret = Secret::new("0123456789abcdef0123456789abcdef");
/// let token = event_token(&secret, "118842", "129.90", "EUR");
/// assert_eq!(token, event_token(&secret, "118842", "129.9", "EUR"));
/// assert_eq!(token, "ede0e3834c91726f11fa495245ac0b0af32f0157e88d10ddf4502a37447e60c3");
/// assert_ne!(token, event_token(&secret, "118842", "1", "EUR"));
/// assert_ne!(event_token(&secret, "118842", "1.29", "EUR"), event_token(&secret, "118842.1", "29", "EUR"));
/// ```
pub fn event_token(secret: &Secret, order: &str, value: &str, currency: &str) -> String {
    let digest = token_mac(secret, order, value, currency)
        .finalize()
        .into_bytes();
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let digits = |byte: u8| [digit(byte >> 4), digit(byte & 15)];
    digest.into_iter().flat_map(digits).collect()
}

/// Whether a token is the one of an order, compared in constant time.
pub fn token_fits(secret: &Secret, token: &str, order: &str, value: &str, currency: &str) -> bool {
    same_secret(
        &token.trim().to_ascii_lowercase(),
        &Secret::new(event_token(secret, order, value, currency)),
    )
}

fn token_mac(secret: &Secret, order: &str, value: &str, currency: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    let value = match value.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => value.to_owned(),
    };
    for part in [&value, ".", currency, ".", order] {
        mac.update(part.as_bytes());
    }
    mac
}

/// Checks a Standard Webhooks signature against the secrets of all sources.
fn verify<'a>(
    settings: &'a Settings,
    credentials: &Credentials<'a>,
    signatures: &'a str,
    body: &[u8],
    now: UnixMillis,
) -> Result<Caller<'a>, Code> {
    let (Some(id), Some(timestamp)) = (credentials.webhook_id, credentials.webhook_timestamp)
    else {
        return Err(Code::SignatureInvalid);
    };
    let seconds: i64 = timestamp.parse().map_err(|_| Code::SignatureInvalid)?;
    let mut found = None;
    for source in &settings.sources {
        let Some(secret) = &source.secret else {
            continue;
        };
        for signature in signatures.split_ascii_whitespace() {
            // Several versions may stand side by side; only the symmetric one is ours.
            let Some(encoded) = signature.strip_prefix("v1,") else {
                continue;
            };
            let Ok(given) = STANDARD.decode(encoded) else {
                continue;
            };
            if mac(secret, id, timestamp, body)
                .verify_slice(&given)
                .is_ok()
            {
                found = Some(Caller {
                    source,
                    proof: Proof::Signature { id, signature },
                });
            }
        }
    }
    let caller = found.ok_or(Code::SignatureInvalid)?;
    // After the signature: a forger learns nothing about our clock.
    if seconds.abs_diff(now.seconds().0) > SIGNATURE_TOLERANCE_SECONDS.unsigned_abs() {
        return Err(Code::SignatureStale);
    }
    Ok(caller)
}

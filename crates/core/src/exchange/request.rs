//! A request to a platform, as data.

use crate::base::reason::Cause;
use crate::exchange::outcome::Outcome;

/// A request as data.
pub type Request = http::Request<Vec<u8>>;

/// The value of a header that holds a credential and is not shown.
///
/// # Errors
/// The credential is at fault where it cannot stand in a header.
pub(crate) fn sensitive(value: &str) -> Result<http::HeaderValue, Outcome> {
    let mut value = http::HeaderValue::from_str(value)
        .map_err(|_| Outcome::unauthorized(Cause::CredentialMalformed))?;
    value.set_sensitive(true);
    Ok(value)
}

/// `POST` of JSON.
pub(crate) fn post(uri: &str) -> http::request::Builder {
    http::Request::post(uri).header(http::header::CONTENT_TYPE, "application/json")
}

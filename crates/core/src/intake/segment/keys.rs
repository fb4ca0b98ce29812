//! Where a write key stands in a request.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::query::parameters;
use crate::intake::arrival::{Arrival, Header};

/// The write key that a header `Authorization: Basic` holds: the name, before the colon.
fn basic(authorization: &str) -> Option<String> {
    let (scheme, encoded) = authorization.trim().split_once(' ')?;
    let decoded = scheme
        .eq_ignore_ascii_case("basic")
        .then(|| STANDARD.decode(encoded.trim()).ok())??;
    let mut text = String::from_utf8(decoded).ok()?;
    text.truncate(text.find(':').unwrap_or(text.len()));
    (!text.is_empty()).then_some(text)
}

/// The write key in a query.
pub(super) fn in_query<'a>(arrival: &Arrival<'a>) -> Option<Cow<'a, str>> {
    let mut named = parameters(arrival.query);
    let found = named.find(|(name, value)| name == "writeKey" && !value.is_empty());
    found.map(|(_, value)| value)
}

/// The write key of the header, which counts wherever there is one.
pub(super) fn in_header(arrival: &Arrival<'_>) -> Option<String> {
    arrival.header(Header::Authorization).and_then(basic)
}

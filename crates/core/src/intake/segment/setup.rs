//! What the SDKs in pages ask for before they send anything.
//!
//! Without an answer they send nothing and keep nothing (measured 2026-11-29). What they are given is the least with which
//! they do: no destinations of their own, no counts of themselves.

use super::keys;
use crate::base::error::{Code, ParseError};
use crate::base::text::percent_decoded;
use crate::intake::answer::{Response, error_of};
use crate::intake::arrival::Arrival;
use crate::settings::{Settings, Source};

/// The settings of Segment's SDK: itself for the only destination, every event let through, no counts about itself.
const SEGMENT: &str = r#"{"integrations":{"Segment.io":{"apiKey":"WRITE_KEY"}},"plan":{"track":{"__default":{"enabled":true}}},"metrics":{"sampleRate":0},"analyticsNextEnabled":true}"#;

/// The configuration of RudderStack's SDK: no destinations of its own, whose lists it asks for the length, and no counts about itself.
const RUDDERSTACK: &str = r#"{"source":{"id":"NAME","name":"NAME","writeKey":"WRITE_KEY","enabled":true,"workspaceId":"edgetally","config":{"statsCollection":{"errors":{"enabled":false},"metrics":{"enabled":false}}},"connections":[],"destinations":[]},"updatedAt":"2026-01-01T00:00:00.000Z"}"#;

fn source_of<'a>(settings: &'a Settings, key: &str) -> Result<&'a Source, ParseError> {
    let mut sources = settings.sources.iter();
    let found = sources.find(|source| source.key.as_deref() == Some(key));
    found.ok_or_else(|| error_of(Code::KeyUnknown))
}

/// `{"success": true}`.
pub fn done() -> Response {
    Response::json(200, r#"{"success":true}"#.to_owned())
}

/// The settings of Segment's SDK: the write key stands in the path, behind `/v1/projects/`.
///
/// # Errors
/// `key_unknown`: no source has this key for its pages.
pub fn segment(settings: &Settings, arrival: &Arrival<'_>) -> Result<Response, ParseError> {
    let mut segments = arrival.path.split('/').filter(|part| !part.is_empty());
    let key = percent_decoded(segments.nth(2).unwrap_or_default());
    source_of(settings, &key)?;
    Ok(filled(SEGMENT, &key, ""))
}

/// The configuration of RudderStack's SDK: the write key stands in the query or the header.
///
/// # Errors
/// `credentials_missing`, `key_unknown`.
pub fn rudderstack(settings: &Settings, arrival: &Arrival<'_>) -> Result<Response, ParseError> {
    let key = keys::in_query(arrival)
        .or_else(|| keys::in_header(arrival).map(Into::into))
        .ok_or_else(|| error_of(Code::CredentialsMissing))?;
    let source = source_of(settings, &key)?;
    Ok(filled(RUDDERSTACK, &key, &source.name))
}

/// A document with a write key and a name in it.
fn filled(document: &str, key: &str, name: &str) -> Response {
    // Keys are visible ASCII without blanks, and names are plain.
    let key = key.replace('\\', "\\\\").replace('"', "\\\"");
    let text = document.replace("WRITE_KEY", &key).replace("NAME", name);
    Response::json(200, text)
}

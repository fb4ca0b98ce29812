//! `access`: Cloudflare Access in front of the dashboard.

use serde_json::Value;

use crate::base::fields::{Fields, Reader};
use crate::exchange::request::Request;

/// The application of Cloudflare Access that lets people through to the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The team's name: the first part of its `cloudflareaccess.com` address.
    pub team: String,
    /// The application's audience tag.
    pub audience: String,
    /// Whether nobody gets in by the admin token any more.
    pub only: bool,
}

impl Access {
    /// Reads the table.
    pub(super) fn read(value: Value, reader: &mut Reader<'_>) -> Option<Self> {
        let mut fields = Fields::new(value, "access", reader)?;
        let team = fields.required("team");
        let audience = fields.required("audience");
        let only = fields.flag("only", false);
        if team.as_deref().is_some_and(|team| !is_label(team)) {
            fields.fault(
                "team",
                "must be the team's name alone: of NAME.cloudflareaccess.com the NAME, in lower case",
            );
        }
        if audience.as_deref().is_some_and(|tag| !is_tag(tag)) {
            fields.fault(
                "audience",
                "must be the application's audience (AUD) tag: 32 to 128 hexadecimal digits, in lower case",
            );
        }
        fields.end();
        Some(Self {
            team: team?,
            audience: audience?,
            only,
        })
    }

    /// What the public keys are asked for by.
    pub fn certs(&self) -> Request {
        let address = format!(
            "https://{}.cloudflareaccess.com/cdn-cgi/access/certs",
            self.team
        );
        // A label makes an address.
        http::Request::get(address)
            .body(Vec::new())
            .unwrap_or_default()
    }
}

/// A label of a host name (RFC 1123).
fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_tag(text: &str) -> bool {
    (32..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

//! OAuth 1.0a signatures with HMAC-SHA1 (RFC 5849), as X's API wants them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::base::secret::Secret;

/// The four secrets of an application that acts for a user.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The application.
    pub consumer_key: Secret,
    /// Its secret.
    pub consumer_secret: Secret,
    /// The user's token.
    pub token: Secret,
    /// Its secret.
    pub token_secret: Secret,
}

/// What RFC 3986 leaves as it is.
const fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Percent-encodes all but the unreserved characters.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if unreserved(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl Credentials {
    /// The value of the `Authorization` header for a `POST` to `url` (without query) with these further parameters.
    ///
    /// A JSON body is no parameter and never signed. `nonce` must be of letters and digits and not have been used
    /// with this `timestamp` (Unix seconds) before.
    pub fn authorization(
        &self,
        url: &str,
        parameters: &[(&str, &str)],
        nonce: &str,
        timestamp: i64,
    ) -> String {
        let timestamp = timestamp.to_string();
        let own = [
            ("oauth_consumer_key", self.consumer_key.expose()),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", &timestamp),
            ("oauth_token", self.token.expose()),
            ("oauth_version", "1.0"),
        ];
        let mut all: Vec<(String, String)> = own
            .iter()
            .chain(parameters)
            .map(|(key, value)| (encode(key), encode(value)))
            .collect();
        crate::base::table::sort(&mut all, |one, other| one < other);
        let all: Vec<String> = all
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let base = format!("POST&{}&{}", encode(url), encode(&all.join("&")));
        let key = format!(
            "{}&{}",
            encode(self.consumer_secret.expose()),
            encode(self.token_secret.expose())
        );
        // Any length of key is one.
        let signature = Hmac::<Sha1>::new_from_slice(key.as_bytes()).map_or_else(
            |_| String::new(),
            |mut mac| {
                mac.update(base.as_bytes());
                STANDARD.encode(mac.finalize().into_bytes())
            },
        );
        let mut header = String::from("OAuth ");
        for (name, value) in own {
            let _ = write!(header, "{name}=\"{}\", ", encode(value));
        }
        let _ = write!(header, "oauth_signature=\"{}\"", encode(&signature));
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample credentials of X's page "Creating a signature"; they open nothing.
    fn sample() -> Credentials {
        Credentials {
            consumer_key: Secret::new("xvz1evFS4wEEPTGEFPHBog"),
            consumer_secret: Secret::new("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
            token: Secret::new("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            token_secret: Secret::new("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
        }
    }

    #[test]
    fn the_published_signatures_come_out() {
        let status = [
            ("include_entities", "true"),
            (
                "status",
                "Hello Ladies + Gentlemen, a signed OAuth request!",
            ),
        ];
        for (url, parameters, signature) in [
            (
                "https://api.x.com/1.1/statuses/update.json",
                &status[..],
                "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
            ),
            (
                "https://api.twitter.com/1.1/statuses/update.json",
                &status[..],
                "hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
            ),
            (
                "https://ads-api.x.com/12/measurement/conversions/o8z6j",
                &[][..],
                "7iaI+laGCTHGiawtSB+Dd+WRYfc=",
            ),
        ] {
            let header = sample().authorization(
                url,
                parameters,
                "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
                1_318_622_958,
            );
            let expected = format!("oauth_signature=\"{}\"", encode(signature));
            assert!(header.ends_with(&expected), "{url}: {header}");
            assert!(header.starts_with("OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "));
        }
    }
}

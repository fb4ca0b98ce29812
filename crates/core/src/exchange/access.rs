//! Access tokens: how a destination comes by one, without I/O.
//!
//! OAuth 2.0 (RFC 6749) by refresh token, and by a service account's signed assertion (RFC 7523). The token is kept
//! beside the destination's gate until a minute before it ends; a platform that answers 401 gets one fresh one before
//! the credential counts as refused. Requests signed one by one are [`oauth1`](crate::exchange::oauth1)'s.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::base::json::Object;
use crate::base::reason::Cause;
use crate::base::secret::Secret;
use crate::base::time::UnixMillis;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Outcome, ReasonCode};
use crate::exchange::request::Request;
use crate::exchange::status::by_status;

/// How long before its end a token is no longer used, in milliseconds; half of its life where that is less.
const MARGIN_MS: i64 = 60_000;
/// How long a token is good for where the platform does not say, in seconds.
const DEFAULT_SECONDS: i64 = 300;
/// How long an assertion is good for: the longest that Google takes, in seconds.
const ASSERTION_SECONDS: i64 = 3600;

/// A token and how long it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// Until when it is used: a little less than it is good for.
    pub until: UnixMillis,
}

impl Token {
    /// Whether it can still be used.
    pub fn usable(&self, now: UnixMillis) -> bool {
        self.until.0 > now.0
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256 that whoever sends the request has to make: its base64url goes behind the body.
///
/// The runtime's own cryptography does it, in constant time and without RSA in the worker's own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The private key, PKCS#8 in base64 without its frame.
    pub key: Secret,
    /// What is to be signed.
    pub message: String,
}

/// Where a destination's access tokens come from.
#[derive(Debug)]
pub enum Access {
    /// A refresh token that a person consented to.
    Refresh {
        /// The token endpoint.
        url: &'static str,
        /// The application.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// The refresh token.
        refresh_token: Secret,
    },
    /// A service account and its key.
    ServiceAccount(ServiceAccount),
}

/// A Google service account, as its key file has it.
#[derive(Debug)]
pub struct ServiceAccount {
    issuer: String,
    key_id: Option<String>,
    key: Secret,
    scope: &'static str,
}

impl ServiceAccount {
    /// Where its assertions are changed for tokens.
    const URL: &'static str = "https://oauth2.googleapis.com/token";

    /// Reads the JSON key file.
    ///
    /// # Errors
    /// The rule that the file breaks; nothing of it.
    pub fn new(file: &Secret, scope: &'static str) -> Result<Self, &'static str> {
        let file: Value = serde_json::from_str(file.expose()).unwrap_or_default();
        let text = |key: &str| file.get(key).and_then(Value::as_str);
        let (Some(issuer), Some(private_key)) = (text("client_email"), text("private_key")) else {
            return Err(
                "the secret must be a service account's JSON key file with client_email and private_key",
            );
        };
        let key: String = private_key
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .collect();
        let framed = private_key.contains("-----BEGIN PRIVATE KEY-----");
        if !framed || STANDARD.decode(&key).is_err() {
            return Err("private_key must be PKCS#8 in PEM: -----BEGIN PRIVATE KEY-----");
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            key_id: text("private_key_id").map(str::to_owned),
            key: Secret::new(key),
            scope,
        })
    }

    /// Header and claims of the assertion, ready to be signed.
    fn claims(&self, now: UnixMillis) -> String {
        let header = Object::write(|header| {
            header.put("alg", "RS256");
            header.put("typ", "JWT");
            header.put("kid", self.key_id.as_deref());
        });
        let issued = now.seconds().0;
        let claims = Object::write(|claims| {
            claims.put("iss", &self.issuer);
            claims.put("scope", self.scope);
            claims.put("aud", Self::URL);
            claims.put("iat", issued);
            claims.put("exp", issued + ASSERTION_SECONDS);
        });
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }
}

impl Access {
    /// The request for a token, and what of it has still to be signed.
    ///
    /// # Errors
    /// An outcome where it cannot be built.
    pub fn request(&self, now: UnixMillis) -> Result<(Request, Option<Signing>), Outcome> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let (url, signing) = match self {
            Self::Refresh {
                url,
                client_id,
                client_secret,
                refresh_token,
            } => {
                form.append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", client_id)
                    .append_pair("client_secret", client_secret.expose())
                    .append_pair("refresh_token", refresh_token.expose());
                (*url, None)
            }
            Self::ServiceAccount(account) => {
                let message = account.claims(now);
                // Base64url and points need no escape, so the signature can be put behind the form.
                form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
                    .append_pair("assertion", &format!("{message}."));
                let signing = Signing {
                    key: account.key.clone(),
                    message,
                };
                (ServiceAccount::URL, Some(signing))
            }
        };
        let request = http::Request::post(url)
            .header(
                http::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .body(form.finish().into_bytes())
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))?;
        Ok((request, signing))
    }

    /// Reads the token endpoint's reply.
    ///
    /// # Errors
    /// [`Outcome::Retry`], or [`Outcome::Unauthorized`] where the credential is refused.
    pub fn read(&self, reply: &Reply, now: UnixMillis) -> Result<Token, Outcome> {
        if let Some(outcome) = by_status(reply) {
            return Err(outcome);
        }
        let body = reply.json();
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        let seconds = body.get("expires_in").and_then(Value::as_i64);
        match (text("access_token"), text("error")) {
            // What cannot stand in a header would be kept and refused until its end.
            (Some(token), _)
                if reply.status == 200
                    && !token.is_empty()
                    && token.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                let life = seconds.unwrap_or(DEFAULT_SECONDS).clamp(0, 31_536_000) * 1000;
                let token = Token {
                    secret: Secret::new(token),
                    until: UnixMillis(now.0 + life - MARGIN_MS.min(life / 2)),
                };
                // One that is over already would be fetched in a circle.
                if token.usable(now) {
                    Ok(token)
                } else {
                    Err(Outcome::retry(Cause::TokenExpired))
                }
            }
            // RFC 6749, 5.2: `invalid_grant`, `invalid_client` and so on. A code of theirs, or none at all.
            (_, Some(error))
                if error.len() <= 40
                    && error
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_') =>
            {
                Err(Outcome::unauthorized(ReasonCode::theirs(error.to_owned())))
            }
            _ if reply.status == 200 => Err(Outcome::retry(Cause::ReplyUnreadable)),
            _ => Err(Outcome::unauthorized(ReasonCode::token_http(reply.status))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_342_531_000);

    fn key_file() -> String {
        serde_json::json!({
            "client_email": "edgetally@demo.iam.gserviceaccount.example", "private_key_id": "k1",
            "private_key": "-----BEGIN PRIVATE KEY-----\nAAEC\nAwQF\n-----END PRIVATE KEY-----\n",
        })
        .to_string()
    }

    #[test]
    fn an_assertion_says_who_asks_for_what_and_for_how_long() {
        let account = ServiceAccount::new(&Secret::new(key_file()), "https://a https://b").unwrap();
        let (request, signing) = Access::ServiceAccount(account).request(NOW).unwrap();
        let signing = signing.unwrap();
        assert_eq!(signing.key.expose(), "AAECAwQF");
        let body = String::from_utf8(request.body().clone()).unwrap();
        assert_eq!(
            body,
            format!(
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}.",
                signing.message
            )
        );
        let parts: Vec<String> = signing
            .message
            .split('.')
            .map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(
            parts,
            [
                r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#,
                r#"{"iss":"edgetally@demo.iam.gserviceaccount.example","scope":"https://a https://b","aud":"https://oauth2.googleapis.com/token","iat":1795342531,"exp":1795346131}"#
            ]
        );
    }

    #[test]
    fn a_key_file_that_is_none_is_told_without_repeating_it() {
        for file in [
            "{}".to_owned(),
            "no json".to_owned(),
            key_file().replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE"),
            key_file().replace("AAEC", "A*EC"),
        ] {
            let fault = ServiceAccount::new(&Secret::new(file), "s").unwrap_err();
            assert!(!fault.contains("A*EC"), "{fault}");
        }
    }

    #[test]
    fn a_token_is_used_until_a_minute_before_its_end() {
        let access = Access::Refresh {
            url: "https://oauth2.googleapis.com/token",
            client_id: "c".to_owned(),
            client_secret: Secret::new("s&"),
            refresh_token: Secret::new("r"),
        };
        let (request, signing) = access.request(NOW).unwrap();
        assert!(signing.is_none());
        assert_eq!(
            request.body(),
            b"grant_type=refresh_token&client_id=c&client_secret=s%26&refresh_token=r"
        );
        let reply = |status, body: &str| Reply {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        };
        let token = access
            .read(
                &reply(200, r#"{"access_token":"ya29","expires_in":3599}"#),
                NOW,
            )
            .unwrap();
        assert!(token.usable(UnixMillis(NOW.0 + 3_538_000)));
        assert!(!token.usable(UnixMillis(NOW.0 + 3_539_000)));
        for (status, body, expected) in [
            (
                400,
                r#"{"error":"invalid_grant","error_description":"jo@mail.example"}"#,
                Outcome::Unauthorized {
                    code: "invalid_grant".into(),
                },
            ),
            (
                400,
                r#"{"error":"jo@mail.example"}"#,
                Outcome::Unauthorized {
                    code: "token_http_400".into(),
                },
            ),
            (200, "<html>", Outcome::retry("reply_unreadable")),
            (503, "", Outcome::retry("http_503")),
        ] {
            assert_eq!(access.read(&reply(status, body), NOW), Err(expected));
        }
    }
}

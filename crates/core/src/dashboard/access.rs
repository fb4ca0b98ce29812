//! Whether Cloudflare Access let somebody through to the dashboard: the token that it sends along, judged as a whole but for
//! its signature, which the runtime's own cryptography verifies; and the public keys for that, as long as they are kept.
//!
//! The form of both is Cloudflare's ("Application token" and "Validate JWTs", read 2026-11): a compact JWS (RFC 7515),
//! signed by RS256. Access signs with one key and names the one before as well; it changes them every six weeks.
//! Who somebody is, is not read: the token's e-mail address, name and country are nothing to this gateway.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::base::members::read_members;
use crate::base::text::Text;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};

/// The header that the token comes in. A browser has it in a cookie too, which is not promised to get here and is not read.
pub const HEADER: &str = "cf-access-jwt-assertion";

/// The longest token that is looked at, in bytes. With an organisation's own claims they have some thousand.
const LONGEST: usize = 16 * 1024;

/// By how much clocks may differ, in seconds.
const LEEWAY: i64 = 30;

/// Why somebody is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// There is no token: the request did not come through Access.
    Absent,
    /// It is no token.
    Malformed,
    /// It is not signed as Access signs.
    Algorithm,
    /// Another team issued it.
    Issuer,
    /// It is for another application.
    Audience,
    /// It is no token for an application.
    Kind,
    /// It is too old.
    Expired,
    /// It is not valid yet.
    Early,
    /// It names a key that the team does not have.
    Key,
    /// The signature is another.
    Signature,
    /// The team's keys could not be fetched.
    Unreachable,
}

impl Denied {
    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unreachable => 503,
            _ => 403,
        }
    }

    /// What somebody is told, who may be the one that has set it up.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Absent => {
                "This request did not come through Cloudflare Access. Put an application of Access on the path /dashboard* of this host, and open the page by that address."
            }
            Self::Malformed | Self::Kind | Self::Algorithm => {
                "Cloudflare Access sent no token of the kind that it sends to applications."
            }
            Self::Issuer => {
                "The token is of another team. Compare access.team in the settings with the name of your team."
            }
            Self::Audience => {
                "The token is for another application. Compare access.audience in the settings with the application’s audience (AUD) tag."
            }
            Self::Expired => "Your session at Cloudflare Access has ended. Reload the page.",
            Self::Early => {
                "The token is not valid yet: the clocks differ. Reload the page in a minute."
            }
            Self::Key | Self::Signature => {
                "The token is not signed with a key of your team. Reload the page; if that does not help, sign in to Cloudflare Access again."
            }
            Self::Unreachable => {
                "The keys of Cloudflare Access cannot be fetched, so nobody can be let in by it now. Try again in a minute."
            }
        }
    }
}

/// An application of Access.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// The team's name.
    pub team: &'a str,
    /// The application's audience tag.
    pub audience: &'a str,
}

/// A token of which everything is right that can be said without a key. It lets nobody in before its signature is verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token<'t> {
    /// What is signed.
    pub signed: &'t str,
    /// The signature, in base64url.
    pub signature: &'t str,
}

impl fmt::Debug for Token<'_> {
    /// Without what is in it: it has somebody's address, and lets whoever shows it in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[derive(Default)]
struct Head<'a> {
    alg: Text<'a>,
    kid: Text<'a>,
    /// What has to be understood. Access asks for nothing.
    crit: Option<IgnoredAny>,
}

read_members! {
    Head = Head::default();
    "alg" => alg,
    "kid" => kid,;
    "crit" => crit,
}

#[derive(Default)]
struct Claims<'a> {
    aud: Vec<Text<'a>>,
    exp: i64,
    iat: i64,
    iss: Text<'a>,
    kind: Text<'a>,
    /// A service token has none.
    nbf: Option<i64>,
}

read_members! {
    Claims = Claims::default();
    "aud" => aud,
    "exp" => exp,
    "iat" => iat,
    "iss" => iss,
    "type" => kind,;
    "nbf" => nbf,
}

fn decoded(part: &str) -> Result<Vec<u8>, Denied> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Denied::Malformed)
}

/// As a text: the reader of JSON that the worker has is one of texts.
fn decoded_text(part: &str) -> Result<String, Denied> {
    String::from_utf8(decoded(part)?).map_err(|_| Denied::Malformed)
}

impl Application<'_> {
    /// Judges a token: it, and the name of the key that it says it is signed with.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn judge<'t>(
        &self,
        token: &'t str,
        now: UnixMillis,
    ) -> Result<(Token<'t>, String), Denied> {
        if token.is_empty() {
            return Err(Denied::Absent);
        }
        if token.len() > LONGEST {
            return Err(Denied::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Denied::Malformed)?;
        // A point in the claims is none of base64url, so there are three parts.
        let (head, claims) = signed.split_once('.').ok_or(Denied::Malformed)?;
        let (head, claims) = (decoded_text(head)?, decoded_text(claims)?);
        let head: Head<'_> = serde_json::from_str(&head).map_err(|_| Denied::Malformed)?;
        if head.alg.as_str() != "RS256" || head.crit.is_some() {
            return Err(Denied::Algorithm);
        }
        if !(MODULUS.contains(&decoded(signature)?.len())) {
            return Err(Denied::Malformed);
        }
        let claims: Claims<'_> = serde_json::from_str(&claims).map_err(|_| Denied::Malformed)?;
        self.weigh(&claims, now.seconds().0)?;
        let kid = head.kid.as_str().to_owned();
        Ok((Token { signed, signature }, kid))
    }

    fn weigh(&self, claims: &Claims<'_>, now: i64) -> Result<(), Denied> {
        let team = claims
            .iss
            .strip_prefix("https://")
            .and_then(|host| host.strip_suffix(".cloudflareaccess.com"));
        if team != Some(self.team) {
            return Err(Denied::Issuer);
        }
        if claims.aud.iter().all(|tag| tag.as_str() != self.audience) {
            return Err(Denied::Audience);
        }
        // Not `org`, the token of somebody's session with the team, which says nothing about this application.
        if claims.kind.as_str() != "app" {
            return Err(Denied::Kind);
        }
        if claims.exp <= now.saturating_sub(LEEWAY) {
            return Err(Denied::Expired);
        }
        if claims.iat.max(claims.nbf.unwrap_or(i64::MIN)) > now.saturating_add(LEEWAY) {
            return Err(Denied::Early);
        }
        Ok(())
    }
}

/// How many bytes a modulus has, and with it a signature: 2,048 to 8,192 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// A public key, as a JWK has it (RFC 7518, 6.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    kid: String,
    /// The modulus, in base64url.
    pub n: String,
    /// The exponent, in base64url.
    pub e: String,
}

impl Key {
    /// One that signs as Access does; nothing for any other.
    fn read(jwk: &Value) -> Option<Self> {
        let text = |name| jwk.get(name).and_then(Value::as_str);
        let is = |name, wanted| text(name).is_none_or(|it| it == wanted);
        let (kid, n, e) = (text("kid")?, text("n")?, text("e")?);
        let fits = |part: &str, bytes: std::ops::RangeInclusive<usize>| {
            decoded(part).is_ok_and(|part| bytes.contains(&part.len()))
        };
        let fit = text("kty") == Some("RSA")
            && is("alg", "RS256")
            && is("use", "sig")
            && !kid.is_empty()
            && fits(n, MODULUS)
            && fits(e, 1..=8);
        fit.then(|| Self {
            kid: kid.to_owned(),
            n: n.to_owned(),
            e: e.to_owned(),
        })
    }
}

/// The keys of a team, as they were fetched last.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: Vec<Key>,
    /// When they were fetched.
    at: Option<UnixMillis>,
    /// Since when tries are counted, and how many there were.
    tries: (UnixMillis, u32),
    /// Whether the last try failed.
    failed: bool,
}

impl KeyRing {
    /// How long keys are used without a question. Whoever shows a key that is not among them has them fetched at once.
    const FRESH: i64 = HOUR_MS;

    /// How long they are used where they cannot be fetched. A key that Access has replaced would be good for a week.
    const MOST: i64 = DAY_MS;

    /// How often a minute they are fetched, since anybody can name a key that there is not.
    const TRIES: u32 = 5;

    /// How many keys are kept. There are two.
    const KEYS: usize = 16;

    /// None so far.
    pub const fn new() -> Self {
        Self {
            keys: Vec::new(),
            at: None,
            tries: (UnixMillis(0), 0),
            failed: false,
        }
    }

    fn known(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// Whether the keys are no older than that. A clock that was set back has made them older than anybody knows.
    fn within(&self, age: i64, now: UnixMillis) -> bool {
        self.at.is_some_and(|at| (0..age).contains(&(now.0 - at.0)))
    }

    /// Whether the keys have to be fetched before a token with that one can be judged. Counts as a try where they have to.
    pub fn wants(&mut self, kid: &str, now: UnixMillis) -> bool {
        if self.within(Self::FRESH, now) && self.known(kid).is_some() {
            return false;
        }
        if !(0..60_000).contains(&(now.0 - self.tries.0.0)) {
            self.tries = (now, 0);
        }
        self.tries.1 += 1;
        self.tries.1 <= Self::TRIES
    }

    /// Keeps what was fetched, if keys are in it; else what there is stays.
    pub fn keep(&mut self, fetched: Option<&[u8]>, now: UnixMillis) {
        let read = |body: &[u8]| -> Option<Vec<Key>> {
            let body: Value = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
            let keys = body.get("keys")?.as_array()?;
            Some(keys.iter().filter_map(Key::read).take(Self::KEYS).collect())
        };
        let keys = fetched.and_then(read).filter(|keys| !keys.is_empty());
        self.failed = keys.is_none();
        if let Some(keys) = keys {
            self.keys = keys;
            self.at = Some(now);
        }
    }

    /// The key of that name.
    ///
    /// # Errors
    /// There is none, or nobody knows.
    pub fn key(&self, kid: &str, now: UnixMillis) -> Result<&Key, Denied> {
        if !self.within(Self::MOST, now) {
            return Err(Denied::Unreachable);
        }
        self.known(kid).ok_or(if self.failed {
            Denied::Unreachable
        } else {
            Denied::Key
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::time::UnixSeconds;

    const NOW: UnixMillis = UnixMillis(1_795_342_531_000);
    const AUDIENCE: &str = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
    const SHOP: Application<'_> = Application {
        team: "shop",
        audience: AUDIENCE,
    };
    const HEAD: &str = r#"{"alg":"RS256","kid":"k1","typ":"JWT"}"#;

    /// Claims as Access has them, with seconds from now.
    fn claims(iat: i64, nbf: &str, exp: i64) -> String {
        let UnixSeconds(now) = NOW.seconds();
        format!(
            r#"{{"aud":["{AUDIENCE}"],"email":"nobody@shop.example","exp":{},"iat":{},{nbf}"iss":"https://shop.cloudflareaccess.com","type":"app","identity_nonce":"6ei69kawdKzMIAPF","sub":"7335d417","country":"DE"}}"#,
            now + exp,
            now + iat,
        )
    }

    fn token(head: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.{}",
            part(head),
            part(claims),
            URL_SAFE_NO_PAD.encode([7; 256])
        )
    }

    fn said(head: &str, claims: &str) -> Result<(), Denied> {
        SHOP.judge(&token(head, claims), NOW).map(|_| ())
    }

    #[test]
    fn a_token_of_the_application_is_taken_up_to_its_signature() {
        let good = token(HEAD, &claims(-60, "\"nbf\":1795342471,", 60));
        let (taken, kid) = SHOP.judge(&good, NOW).unwrap();
        assert_eq!(kid, "k1");
        assert_eq!(good, format!("{}.{}", taken.signed, taken.signature));
        assert!(!format!("{taken:?}").contains(taken.signed));
        // A service token's has neither `nbf` nor an address.
        let service = claims(-60, "", 60).replace("\"email\":\"nobody@shop.example\",", "");
        assert_eq!(said(HEAD, &service), Ok(()));
        let among = claims(-60, "", 60).replace("[\"", "[\"another\",\"");
        assert_eq!(said(HEAD, &among), Ok(()));
    }

    #[test]
    fn whatever_is_wrong_with_a_token_it_lets_nobody_in() {
        let good = claims(-60, "", 60);
        let with = |from: &str, to: &str| {
            let changed = good.replace(from, to);
            assert_ne!(changed, good, "{from}");
            changed
        };
        for (claims, denied) in [
            (claims(-60, "", -31), Denied::Expired),
            (claims(31, "", 60), Denied::Early),
            (claims(-60, "\"nbf\":1795342562,", 60), Denied::Early),
            (with("https://shop.", "https://shop-2."), Denied::Issuer),
            (with("https://", "http://"), Denied::Issuer),
            (with("access.com\"", "access.com/\""), Denied::Issuer),
            (
                with("access.com\"", "access.com.evil.example\""),
                Denied::Issuer,
            ),
            (with("32eafc", "32eafd"), Denied::Audience),
            (with(&format!("[\"{AUDIENCE}\"]"), "[]"), Denied::Audience),
            (
                with(&format!("[\"{AUDIENCE}\"]"), &format!("\"{AUDIENCE}\"")),
                Denied::Malformed,
            ),
            (with("\"app\"", "\"org\""), Denied::Kind),
            (with("\"type\":\"app\",", ""), Denied::Malformed),
            (with("\"iss\"", "\"issuer\""), Denied::Malformed),
            (with("\"iat\"", "\"at\""), Denied::Malformed),
            (
                with("\"exp\":1795342591", "\"exp\":\"1795342591\""),
                Denied::Malformed,
            ),
            (
                with("\"exp\":1795342591", "\"exp\":1e400"),
                Denied::Malformed,
            ),
            // Whoever reads the first and whoever reads the last would read another.
            (with("\"type\"", "\"aud\":[],\"type\""), Denied::Malformed),
            (
                with("\"type\"", "\"exp\":9999999999,\"type\""),
                Denied::Malformed,
            ),
            (
                with(
                    "\"type\"",
                    "\"iss\":\"https://shop.cloudflareaccess.com\",\"type\"",
                ),
                Denied::Malformed,
            ),
            (with("{", "["), Denied::Malformed),
            (format!("{good} x"), Denied::Malformed),
        ] {
            assert_eq!(said(HEAD, &claims), Err(denied), "{claims}");
        }
        assert_eq!(said(HEAD, &claims(29, "\"nbf\":1795342560,", -29)), Ok(()));
        for (head, denied) in [
            (r#"{"alg":"none","kid":"k1"}"#, Denied::Algorithm),
            (r#"{"alg":"HS256","kid":"k1"}"#, Denied::Algorithm),
            (r#"{"alg":"rs256","kid":"k1"}"#, Denied::Algorithm),
            (r#"{"alg":"RS512","kid":"k1"}"#, Denied::Algorithm),
            (
                r#"{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}"#,
                Denied::Algorithm,
            ),
            (r#"{"alg":"RS256"}"#, Denied::Malformed),
            (r#"{"kid":"k1"}"#, Denied::Malformed),
            (
                r#"{"alg":"none","kid":"k1","alg":"RS256"}"#,
                Denied::Malformed,
            ),
            (r#"{"alg":"RS256","kid":["k1"]}"#, Denied::Malformed),
            ("null", Denied::Malformed),
        ] {
            assert_eq!(said(head, &good), Err(denied), "{head}");
        }
    }

    #[test]
    fn a_token_is_three_parts_and_no_more() {
        let good = token(HEAD, &claims(-60, "", 60));
        let parts: Vec<&str> = good.split('.').collect();
        let [head, claims, signature] = parts[..] else {
            panic!("{good}");
        };
        let long = format!("{head}.{claims}{}.{signature}", "A".repeat(16 * 1024));
        for (wrong, denied) in [
            (String::new(), Denied::Absent),
            ("x".to_owned(), Denied::Malformed),
            (format!("{head}.{claims}"), Denied::Malformed),
            (format!("{head}.{claims}."), Denied::Malformed),
            (format!("{head}.{claims}.AAAA"), Denied::Malformed),
            (format!("{good}.{signature}"), Denied::Malformed),
            (format!("{good}="), Denied::Malformed),
            (format!("{good}, {good}"), Denied::Malformed),
            (format!("{head}..{signature}"), Denied::Malformed),
            (format!(" {good}"), Denied::Malformed),
            (long, Denied::Malformed),
        ] {
            assert_eq!(SHOP.judge(&wrong, NOW).map(|_| ()), Err(denied), "{wrong}");
        }
    }

    fn jwk(kid: &str) -> String {
        let n = URL_SAFE_NO_PAD.encode([200; 256]);
        format!(r#"{{"kid":"{kid}","kty":"RSA","alg":"RS256","use":"sig","e":"AQAB","n":"{n}"}}"#)
    }

    fn certs(kids: &[&str]) -> Vec<u8> {
        let keys: Vec<String> = kids.iter().map(|kid| jwk(kid)).collect();
        format!(r#"{{"keys":[{}],"public_cert":{{}}}}"#, keys.join(",")).into_bytes()
    }

    const fn after(seconds: i64) -> UnixMillis {
        UnixMillis(NOW.0 + seconds * 1000)
    }

    #[test]
    fn keys_are_fetched_when_they_are_old_or_unknown_and_five_times_a_minute() {
        let mut ring = KeyRing::new();
        assert!(ring.wants("k1", NOW));
        assert_eq!(ring.key("k1", NOW), Err(Denied::Unreachable));
        ring.keep(Some(&certs(&["k0", "k1"])), NOW);
        assert!(!ring.wants("k1", after(3599)));
        assert!(ring.wants("k1", after(3600)), "an hour later");
        // While Access changes its keys, both are good.
        assert!(ring.wants("k2", after(3600)));
        ring.keep(Some(&certs(&["k1", "k2"])), after(3601));
        assert!(ring.key("k1", after(3601)).is_ok() && ring.key("k2", after(3601)).is_ok());
        assert_eq!(ring.key("k0", after(3601)), Err(Denied::Key));
        let asked = (0..50).filter(|n| ring.wants(&n.to_string(), after(3602)));
        assert_eq!(asked.count(), 3, "two of the five were used");
        assert!(ring.wants("k9", after(3660)), "a minute later");
    }

    #[test]
    fn keys_that_cannot_be_fetched_again_are_used_for_a_day() {
        let mut ring = KeyRing::new();
        ring.keep(Some(&certs(&["k1"])), NOW);
        for fetched in [None, Some(&b"<html>"[..]), Some(br#"{"keys":[]}"#)] {
            ring.keep(fetched, after(86_399));
            assert!(ring.key("k1", after(86_399)).is_ok());
            // Nobody can say whether there is one.
            assert_eq!(ring.key("k2", after(86_399)), Err(Denied::Unreachable));
        }
        assert_eq!(ring.key("k1", after(86_400)), Err(Denied::Unreachable));
        assert_eq!(ring.key("k1", after(-1)), Err(Denied::Unreachable));
    }

    #[test]
    fn only_keys_that_access_could_sign_with_are_kept() {
        let good = jwk("k1");
        for (from, to) in [
            ("RSA", "oct"),
            ("RS256", "HS256"),
            ("sig", "enc"),
            ("\"AQAB\"", "\"\""),
            ("\"n\"", "\"k\""),
            ("yM", "y"),
            ("k1", ""),
        ] {
            let wrong = good.replacen(from, to, if from == "yM" { 200 } else { 1 });
            assert_ne!(wrong, good, "{from}");
            let mut ring = KeyRing::new();
            let both = format!(r#"{{"keys":[{wrong},{}]}}"#, jwk("k2"));
            ring.keep(Some(both.as_bytes()), NOW);
            assert_eq!(ring.keys.len(), 1, "{to}");
        }
        let mut ring = KeyRing::new();
        ring.keep(Some(&certs(&["k"; 99])), NOW);
        assert_eq!(ring.keys.len(), KeyRing::KEYS);
    }

    proptest! {
        #[test]
        fn nothing_that_is_made_up_is_a_token(token in "\\PC{0,300}", parts in "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,360}") {
            for token in [token, parts] {
                prop_assert!(SHOP.judge(&token, NOW).is_err());
            }
        }
    }
}

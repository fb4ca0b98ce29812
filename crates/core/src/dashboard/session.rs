//! Who is signed in: a cookie that says until when, signed. Nothing is stored. A session ends with its time, with the
//! deployment's key and with the admin token that it was begun with.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use crate::base::hex::Hex;
use crate::base::secret::{Secret, same_secret};
use crate::base::time::{UnixMillis, UnixSeconds};

/// The cookie. Browsers take the prefix from a secure address only, for all paths of that very host, and from nobody else.
pub const COOKIE: &str = "__Host-edgetally";

/// How long a session lasts, in seconds.
pub const SECONDS: i64 = 28_800;

/// Signs sessions, for whoever shows the admin token.
#[derive(Debug, Clone)]
pub struct Sessions<'a> {
    /// A key that was derived for this.
    pub key: &'a Secret,
    /// The admin token.
    pub token: &'a Secret,
}

impl Sessions<'_> {
    fn signature(&self, expires: UnixSeconds) -> Secret {
        let key = self.key.expose().as_bytes();
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(key)
            .unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        mac.update(&expires.0.to_le_bytes());
        mac.update(&Sha256::digest(self.token.expose().as_bytes()));
        let bytes: [u8; 32] = mac.finalize().into_bytes().into();
        Secret::new(Hex::of(&bytes).as_str())
    }

    /// The `Set-Cookie` of a session that begins now; nothing where the token is another.
    pub fn begin(&self, given: &str, now: UnixMillis) -> Option<String> {
        if !same_secret(given.trim(), self.token) {
            return None;
        }
        let expires = UnixSeconds(now.seconds().0 + SECONDS);
        let signature = self.signature(expires);
        Some(set(
            &format!("{}.{}", expires.0, signature.expose()),
            SECONDS,
        ))
    }

    /// Whether the cookies of a request have a session that lasts.
    pub fn has(&self, cookies: Option<&str>, now: UnixMillis) -> bool {
        let pairs = cookies.into_iter().flat_map(|all| all.split(';'));
        pairs
            .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
            .any(|value| self.lasts(value, now))
    }

    fn lasts(&self, value: &str, now: UnixMillis) -> bool {
        let Some((expires, signature)) = value.split_once('.') else {
            return false;
        };
        let Ok(expires) = expires.parse().map(UnixSeconds) else {
            return false;
        };
        same_secret(signature, &self.signature(expires))
            && (now.seconds().0..=now.seconds().0 + SECONDS).contains(&expires.0)
    }
}

fn set(value: &str, seconds: i64) -> String {
    format!("{COOKIE}={value}; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age={seconds}")
}

/// The `Set-Cookie` that ends a session.
pub fn end() -> String {
    set("", 0)
}

/// Whether a page of our own sent a form: browsers say so, and no page can make them say it.
pub fn is_ours(site: Option<&str>, media: Option<&str>) -> bool {
    let media = media.and_then(|media| media.split(';').next());
    site == Some("same-origin")
        && media.is_some_and(|media| {
            media
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// How many tries a minute somebody has to show the token.
pub const TRIES: u32 = 5;

/// Counts tries, where no rate limiting binding does: for each address in the minute since its first one. Of so many
/// addresses; when there are more, all together have one count.
#[derive(Debug, Default)]
pub struct Tries(Vec<(String, UnixMillis, u32)>);

impl Tries {
    const MOST: usize = 500;

    /// None so far.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Counts a try; whether it is one too many.
    pub fn exceeds(&mut self, address: &str, now: UnixMillis) -> bool {
        self.0.retain(|(_, since, _)| now.0 - since.0 < 60_000);
        let known = self.0.iter().any(|(of, ..)| of == address);
        let address = if known || self.0.len() < Self::MOST {
            address
        } else {
            "others"
        };
        if let Some((.., n)) = self.0.iter_mut().find(|(of, ..)| of == address) {
            *n = n.saturating_add(1);
            return *n > TRIES;
        }
        self.0.push((address.to_owned(), now, 1));
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_342_531_000);

    fn value(set: &str) -> String {
        set.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_session_lasts_eight_hours_and_not_beyond_its_token_and_key() {
        let (key, token) = (Secret::new("k".repeat(32)), Secret::new("t".repeat(32)));
        let sessions = Sessions {
            key: &key,
            token: &token,
        };
        assert!(sessions.begin("wrong", NOW).is_none());
        let set = sessions
            .begin(&format!(" {} ", "t".repeat(32)), NOW)
            .unwrap();
        assert!(set.ends_with("; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=28800"));
        assert!(!set.contains(&"t".repeat(32)));
        let cookie = value(&set);
        let at = |seconds: i64| UnixMillis(NOW.0 + seconds * 1000);
        assert!(sessions.has(Some(&format!("a=b; {cookie}")), NOW));
        assert!(sessions.has(Some(&cookie), at(SECONDS)));
        assert!(!sessions.has(Some(&cookie), at(SECONDS + 1)));
        assert!(!sessions.has(Some(&cookie), at(-1)), "from the future");
        assert!(!sessions.has(None, NOW) && !sessions.has(Some(""), NOW));
        for (key, token) in [(&key, &key), (&token, &token)] {
            assert!(!Sessions { key, token }.has(Some(&cookie), NOW));
        }
        assert_eq!(value(&end()), "__Host-edgetally=");
    }

    #[test]
    fn a_form_is_ours_if_the_browser_says_so() {
        let form = Some("application/x-www-form-urlencoded");
        assert!(is_ours(Some("same-origin"), form));
        for site in [None, Some("none"), Some("same-site"), Some("cross-site")] {
            assert!(!is_ours(site, form), "{site:?}");
        }
        for media in [None, Some("text/plain"), Some("multipart/form-data")] {
            assert!(!is_ours(Some("same-origin"), media), "{media:?}");
        }
    }

    #[test]
    fn the_sixth_try_of_a_minute_is_one_too_many() {
        let mut tries = Tries::new();
        for _ in 0..TRIES {
            assert!(!tries.exceeds("203.0.113.7", NOW));
        }
        assert!(tries.exceeds("203.0.113.7", NOW));
        assert!(!tries.exceeds("203.0.113.8", NOW));
        assert!(!tries.exceeds("203.0.113.7", UnixMillis(NOW.0 + 60_000)));
        for n in 0..2000 {
            tries.exceeds(&n.to_string(), NOW);
        }
        assert!(tries.0.len() <= Tries::MOST + 1);
        assert!(tries.exceeds("one more", NOW));
    }

    proptest! {
        #[test]
        fn nobody_makes_a_session_up(text in "\\PC{0,90}", expires in any::<i64>(), digits in "[0-9a-f]{64}") {
            let secret = Secret::new("0123456789abcdef0123456789abcdef");
            let sessions = Sessions { key: &secret, token: &secret };
            for value in [text, format!("{expires}.{digits}")] {
                let cookie = format!("{COOKIE}={value}");
                prop_assert!(!sessions.has(Some(&cookie), NOW), "{}", cookie);
            }
        }
    }
}

//! Click ids, first-party cookies, campaign parameters and page addresses: what they hold and what of them may travel.
//!
//! ```
//! use edgetally_core::web::{clean_url, client_id_from_ga, session_id_from_ga};
//!
//! assert_eq!(client_id_from_ga("GA1.1.1380133182.1764792191"), Some("1380133182.1764792191"));
//! assert_eq!(session_id_from_ga("GS2.1.s1760000000$o5$g1$t1760000100$j0$l0$h0"), Some("1760000000"));
//! assert_eq!(session_id_from_ga("GS1.1.1760000000.5.1.1760000100.0.0.0"), Some("1760000000"));
//! assert_eq!(
//!     clean_url("https://shop.example/thanks?email=jo%40example.com&gclid=Cj0K&utm_source=news#paid"),
//!     Some("https://shop.example/thanks?gclid=Cj0K&utm_source=news".to_owned()),
//! );
//! ```

mod address;
mod analytics;
mod channel;
mod clicks;
mod utm;

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::base::text::Text;
use crate::base::time::UnixMillis;

pub use address::{possible_host, public_ip, visitor_ip};
pub use analytics::{client_id_from_ga, session_id, session_id_from_ga};
pub use channel::{Channel, SourceCategory, Traffic, channel_group, is_paid, source_category};
pub use clicks::{
    CLICK_ID_EXPIRED, CLICK_ID_INVALID, CLICK_LIFE_MS, COOKIE_INVALID, Fbc, PLACEHOLDER, click_id,
    click_id_from_gcl, cookie, fb_cookie_payload,
};
pub use utm::{Utm, parse_utm};

/// The click-id parameters of the planned destinations. Names are case-sensitive but for `ScCid`, which tags in the
/// open spell in lower case too; values are opaque and keep their case.
pub const CLICK_IDS: &[&str] = &[
    "fbclid",
    "gclid",
    "gbraid",
    "wbraid",
    "ttclid",
    "epik",
    "ScCid",
    "rdt_cid",
    "li_fat_id",
    "twclid",
    "msclkid",
    "dclid",
];

/// The first-party cookies that some planned destination reads. `_ga_` stands for every `_ga_<stream>`.
const COOKIES: &[&str] = &[
    "_fbp",
    "_fbc",
    "_ga",
    "_gcl_aw",
    "_gcl_gb",
    "_gcl_au",
    "ttclid",
    "_ttp",
    "_epik",
    "_scid",
    "_scclid",
    "_rdt_uuid",
    "_rdt_cid",
    "li_fat_id",
    "twclid",
    "_twclid",
    "_uetmsclkid",
    "_uetvid",
];

/// The longest click id that is carried (TikTok's may have 1,000 characters).
const LONGEST_CLICK_ID: usize = 1024;

/// Whether a cookie is one that a destination reads.
pub fn known_cookie(name: &str) -> bool {
    COOKIES.contains(&name) || is_stream_cookie(name)
}

/// Whether a cookie is Google Analytics' of a stream, `_ga_<stream>`: what else a sender may call a cookie, such as somebody's
/// address, is none.
pub fn is_stream_cookie(name: &str) -> bool {
    name.strip_prefix("_ga_").is_some_and(|stream| {
        (1..=20).contains(&stream.len())
            && stream
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

/// The canonical spelling of a click-id parameter, or `None` when it is none.
pub fn known_click_id(name: &str) -> Option<&'static str> {
    CLICK_IDS
        .iter()
        .find(|known| **known == name || (**known == "ScCid" && name.eq_ignore_ascii_case(known)))
        .copied()
}

/// Whether a click id may travel: not empty, of one piece, of bearable length.
pub fn plausible_click_id(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= LONGEST_CLICK_ID
        && !value.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Reads the known cookies from a `Cookie` header.
pub fn cookies_from_header(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        (known_cookie(name) && !value.is_empty() && value.len() <= LONGEST_CLICK_ID)
            .then_some((name, value))
    })
}

/// The query of an address, without `?` and fragment.
fn query(url: &str) -> &str {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    url.split_once('?').map_or("", |(_, query)| query)
}

/// The click-id parameters in the query of a page address, percent-decoded once, in the order they stand, whatever they hold.
pub fn click_parameters(url: &str) -> impl Iterator<Item = (&'static str, Text<'_>)> {
    form_urlencoded::parse(query(url).as_bytes())
        .filter_map(|(name, value)| Some((known_click_id(&name)?, Text(value))))
}

/// Reads the known click ids from the query of a page address, percent-decoded once, in the order they stand.
///
/// ```
/// use edgetally_core::web::click_ids_from_url;
/// let found: Vec<_> = click_ids_from_url("https://shop.example/?sccid=aB&FBCLID=x&gclid=A&epik=null").collect();
/// assert_eq!(found, [("ScCid", "aB".into()), ("gclid", "A".into())]);
/// ```
pub fn click_ids_from_url(url: &str) -> impl Iterator<Item = (&'static str, Text<'_>)> {
    click_parameters(url)
        .filter(|(_, value)| plausible_click_id(value) && !crate::base::text::is_placeholder(value))
}

/// The scheme, the host with its port, and the rest of an address of the web; and whether credentials stood before the host.
fn parts(url: &str) -> Option<(&str, &str, &str, bool)> {
    let url = url.trim();
    let scheme_end = url.find("://")?;
    let scheme = url.get(..scheme_end)?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let rest = url.get(scheme_end + 3..)?;
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    // Credentials in an address are nobody's business.
    let (credentials, host) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    possible_host(host).then_some((scheme, host, tail, credentials))
}

/// Whether a user's name or password stands in an address.
pub fn has_credentials(url: &str) -> bool {
    parts(url).is_some_and(|(.., credentials)| credentials)
}

/// A page address as it may travel: scheme, host and path, and of the query only click ids and campaign parameters.
///
/// Everything else in a query is the sites' own, and among it are search terms, tokens, and the e-mail addresses of
/// forms. A path that holds an e-mail address is cut to its root. `None` when it is no `http` or `https` address of a possible
/// host. Click ids that cannot be one, and the placeholders of templates, stay out of the query.
pub fn clean_url(url: &str) -> Option<String> {
    let (scheme, host, tail, _) = parts(url)?;
    let path_end = tail.find(['?', '#']).unwrap_or(tail.len());
    let path = tail.get(..path_end).unwrap_or("").trim_end();
    let mut clean = String::with_capacity(url.len());
    let host = address::ascii_host(host);
    let _ = write!(clean, "{}://{host}", scheme.to_ascii_lowercase());
    if path.is_empty() || path.contains(char::is_control) {
        clean.push('/');
    } else {
        clean.push_str(path);
    }
    let mut separator = '?';
    for pair in query(tail).split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let wanted = match known_click_id(name) {
            Some(known) => click_id(known, value).is_ok(),
            None => {
                Utm::NAMES.contains(&name)
                    && !crate::base::text::is_placeholder(&clicks::bare(value))
            }
        } && !value.contains(|c: char| c.is_whitespace() || c.is_control());
        if wanted && !value.is_empty() && value.len() <= LONGEST_CLICK_ID {
            let _ = write!(clean, "{separator}{name}={value}");
            separator = '&';
        }
    }
    Some(clean)
}

/// A [cleaned](clean_url) address without its click ids, for destinations that may not have identifiers.
pub fn without_click_ids(url: &str) -> Cow<'_, str> {
    let Some((page, query)) = url.split_once('?') else {
        return Cow::Borrowed(url);
    };
    let click = |pair: &&str| known_click_id(pair.split('=').next().unwrap_or_default()).is_some();
    if !query.split('&').any(|pair| click(&pair)) {
        return Cow::Borrowed(url);
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| !click(pair)).collect();
    if rest.is_empty() {
        page.into()
    } else {
        format!("{page}?{}", rest.join("&")).into()
    }
}

/// The `fbc` to send: the cookie when it is valid and of this click, else one built from the click id.
///
/// `seen` is when this click id was first seen, which for a gateway is the time of receipt; `domain` is the domain
/// that the site sets its cookies on, whose dots are the subdomain index. Without one the index is `1`, as Meta
/// documents for servers that set no cookie.
///
/// ```
/// use edgetally_core::web::fbc;
/// use edgetally_core::base::time::UnixMillis;
/// let now = UnixMillis(1_700_000_000_000);
/// assert_eq!(fbc(None, Some("AbC"), Some("example.co.uk"), now).as_deref(), Some("fb.2.1700000000000.AbC"));
/// // The same click keeps its cookie and its time.
/// assert_eq!(fbc(Some("fb.1.1600000000000.AbC.AQYCAQAA"), Some("AbC"), None, now).as_deref(),
///     Some("fb.1.1600000000000.AbC.AQYCAQAA"));
/// ```
pub fn fbc(
    cookie: Option<&str>,
    fbclid: Option<&str>,
    domain: Option<&str>,
    seen: UnixMillis,
) -> Option<String> {
    let valid =
        cookie.and_then(|cookie| fb_cookie_payload(cookie).map(|payload| (cookie, payload)));
    match (valid, fbclid) {
        (Some((cookie, payload)), Some(fbclid)) if payload == fbclid => Some(cookie.to_owned()),
        (_, Some(fbclid)) => {
            let index = domain.map_or(1, |domain| {
                let address = domain.parse::<std::net::IpAddr>().is_ok();
                if address {
                    0
                } else {
                    domain.matches('.').count()
                }
            });
            Some(format!("fb.{index}.{}.{fbclid}", seen.0))
        }
        (Some((cookie, _)), None) => Some(cookie.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_click_replaces_the_cookie_and_its_time() {
        let now = UnixMillis(1_700_000_000_000);
        assert_eq!(
            fbc(Some("fb.1.1600000000000.Old"), Some("New"), None, now).as_deref(),
            Some("fb.1.1700000000000.New")
        );
        assert_eq!(
            fbc(Some("fb.1.1600000000000.Old"), None, None, now).as_deref(),
            Some("fb.1.1600000000000.Old")
        );
        assert_eq!(fbc(Some("nonsense"), None, None, now), None);
        assert_eq!(
            fbc(None, Some("A"), Some("localhost"), now).as_deref(),
            Some("fb.0.1700000000000.A")
        );
    }

    #[test]
    fn addresses_of_the_infrastructure_are_not_the_visitors() {
        for private in [
            "10.1.2.3",
            "127.0.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "100.64.0.1",
            "0.0.0.0",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(public_ip(private), None, "{private}");
        }
        for public in ["203.0.113.24", "2001:db8:4a1f::7c", " 198.51.100.7 "] {
            assert!(public_ip(public).is_some(), "{public}");
        }
        assert_eq!(public_ip("shop.example"), None);
    }

    #[test]
    fn an_address_travels_without_what_the_site_put_into_it() {
        for (url, clean) in [
            ("https://shop.example", Some("https://shop.example/")),
            (
                "https://user:secret@shop.example/a?token=1",
                Some("https://shop.example/a"),
            ),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(clean_url(url).as_deref(), clean, "{url}");
        }
    }
}

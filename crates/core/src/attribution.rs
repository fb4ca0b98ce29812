//! Click ids, first-party cookies, campaign parameters and page addresses: what they hold and what of them may travel.
//!
//! ```
//! use edgetally_core::attribution::{clean_url, client_id_from_ga, session_id_from_ga};
//!
//! assert_eq!(client_id_from_ga("GA1.1.1380133182.1764792191"), Some("1380133182.1764792191"));
//! assert_eq!(session_id_from_ga("GS2.1.s1760000000$o5$g1$t1760000100$j0$l0$h0"), Some("1760000000"));
//! assert_eq!(session_id_from_ga("GS1.1.1760000000.5.1.1760000100.0.0.0"), Some("1760000000"));
//! assert_eq!(
//!     clean_url("https://shop.example/thanks?email=jo%40example.com&gclid=Cj0K&utm_source=news#paid"),
//!     Some("https://shop.example/thanks?gclid=Cj0K&utm_source=news".to_owned()),
//! );
//! ```

mod channel;
mod utm;

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::text::Text;
use crate::time::UnixMillis;

pub use channel::{Channel, SourceCategory, Traffic, channel_group, is_paid, source_category};
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
    COOKIES.contains(&name) || name.starts_with("_ga_")
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

/// Reads the known click ids from the query of a page address, percent-decoded once, in the order they stand.
///
/// ```
/// use edgetally_core::attribution::click_ids_from_url;
/// let found: Vec<_> = click_ids_from_url("https://shop.example/?sccid=aB&FBCLID=x&gclid=A").collect();
/// assert_eq!(found, [("ScCid", "aB".into()), ("gclid", "A".into())]);
/// ```
pub fn click_ids_from_url(url: &str) -> impl Iterator<Item = (&'static str, Text<'_>)> {
    form_urlencoded::parse(query(url).as_bytes()).filter_map(|(name, value)| {
        let name = known_click_id(&name)?;
        plausible_click_id(&value).then_some((name, Text(value)))
    })
}

/// A page address as it may travel: scheme, host and path, and of the query only click ids and campaign parameters.
///
/// Everything else in a query is the sites' own, and among it are search terms, tokens, and the e-mail addresses of
/// forms. What is left may still show somebody: [`personal`](crate::personal) looks at it once everything is filled in.
/// `None` when it is no `http` or `https` address.
pub fn clean_url(url: &str) -> Option<String> {
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
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if host.is_empty() || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let path_end = tail.find(['?', '#']).unwrap_or(tail.len());
    let path = tail.get(..path_end).unwrap_or("").trim_end();
    let mut clean = String::with_capacity(url.len());
    let _ = write!(clean, "{}://{host}", scheme.to_ascii_lowercase());
    if path.is_empty() || path.contains(char::is_control) {
        clean.push('/');
    } else {
        clean.push_str(path);
    }
    let mut separator = '?';
    for pair in query(tail).split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let wanted = (known_click_id(name).is_some() || Utm::NAMES.contains(&name))
            && !value.contains(|c: char| c.is_whitespace() || c.is_control());
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

/// The client id in a `_ga` cookie: its last two dot fields. Anything else that is not empty is an id already.
pub fn client_id_from_ga(cookie: &str) -> Option<&str> {
    let cookie = cookie.trim();
    if cookie.is_empty() {
        return None;
    }
    if !cookie.starts_with("GA") {
        return Some(cookie);
    }
    let mut dots = cookie.rmatch_indices('.').map(|(place, _)| place);
    let (_, second) = (dots.next()?, dots.next()?);
    cookie.get(second + 1..)
}

/// The session id in a `_ga_<stream>` cookie, of the layouts `GS1` (third dot field) and `GS2` (the field of the
/// letter `s`, wherever it stands).
pub fn session_id_from_ga(cookie: &str) -> Option<&str> {
    let mut fields = cookie.trim().splitn(3, '.');
    let (layout, _, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let id = match layout {
        "GS1" => rest.split('.').next()?,
        "GS2" => rest.split('$').find_map(|field| field.strip_prefix('s'))?,
        _ => return None,
    };
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

/// The `fbclid` in a valid `_fbc` cookie.
///
/// `fb.<subdomain index>.<creation ms>.<payload>[.<appendix>]`, the appendix of 2 or 8 characters
/// (Meta, fbp and fbc parameters; capi-param-builder; read 2026-11-22).
pub fn fb_cookie_payload(cookie: &str) -> Option<&str> {
    let mut fields = cookie.split('.');
    let digits = |field: &str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    if fields.next()? != "fb" || !digits(fields.next()?) || !digits(fields.next()?) {
        return None;
    }
    let payload = fields.next().filter(|payload| !payload.is_empty())?;
    match (fields.next(), fields.next()) {
        (None, _) => Some(payload),
        (Some(appendix), None) if known_appendix(appendix) => Some(payload),
        _ => None,
    }
}

/// The two-letter languages of version 1, or eight characters of version 2, which always begin with the byte 1.
fn known_appendix(appendix: &str) -> bool {
    match appendix.len() {
        2 => matches!(appendix, "AQ" | "Ag" | "Aw" | "BA" | "BQ" | "Bg"),
        8 => {
            appendix.starts_with('A')
                && appendix
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        }
        _ => false,
    }
}

/// The `fbc` to send: the cookie when it is valid and of this click, else one built from the click id.
///
/// `seen` is when this click id was first seen, which for a gateway is the time of receipt; `domain` is the domain
/// that the site sets its cookies on, whose dots are the subdomain index. Without one the index is `1`, as Meta
/// documents for servers that set no cookie.
///
/// ```
/// use edgetally_core::attribution::fbc;
/// use edgetally_core::time::UnixMillis;
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

/// A visitor's network address as it may travel: valid, and public.
///
/// Private, loopback, link-local and unspecified addresses are the infrastructure's, never the visitor's.
pub fn public_ip(text: &str) -> Option<std::net::IpAddr> {
    use std::net::IpAddr;
    let ip: IpAddr = text.trim().parse().ok()?;
    let ip = ip.to_canonical();
    let private = match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || first == 0
                // Carrier-grade NAT, RFC 6598.
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    };
    (!private).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_of_meta_are_read_strictly() {
        for (cookie, payload) in [
            ("fb.1.2.testpayload", Some("testpayload")),
            ("fb.1.2.testpayload.Bg", Some("testpayload")),
            ("fb.2.1700000000000.987654321.AQYCAQAA", Some("987654321")),
            ("fb.1.2", None),
            ("fb2.1.1533706565.x", None),
            ("fb.1.pusheen.x", None),
            ("fb.1.1533706565.x.AB", None),
            ("fb.1.1533706565.beep.blorp", None),
            ("fb.1.1533706565.x.AQYCAQAA.more", None),
        ] {
            assert_eq!(fb_cookie_payload(cookie), payload, "{cookie}");
        }
    }

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

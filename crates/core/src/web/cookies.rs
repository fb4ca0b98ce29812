//! First-party cookies: which are read, the forms they come in, how long a click in them counts, what is left of a wrong one.
//!
//! Whatever is wrong with them, the event counts without: nothing here refuses one.

use std::borrow::Cow;

use super::analytics::{client_id_from_ga, session_id_from_ga};
use super::click_ids::{
    LONGEST_CLICK_ID, PLACEHOLDER, bare, is_base64url, is_id, is_uuid, plausible_click_id,
};
use crate::base::text::is_placeholder;
use crate::base::time::{DAY_MS, UnixMillis};

/// The code of a click that was too long ago for its platform.
pub const CLICK_ID_EXPIRED: &str = "click_id_expired";

/// The code of a cookie that cannot be read.
pub const COOKIE_INVALID: &str = "cookie_invalid";

/// How long a click counts: Google takes conversions of up to 90 days after theirs, and Meta's `_fbc` lives as long. The
/// other platforms' cookies do not say when they were set.
pub const CLICK_LIFE_MS: i64 = 90 * DAY_MS;

/// How far the clock of a visitor's browser, which sets these cookies, may run ahead of ours.
const CLOCK_TOLERANCE_MS: i64 = DAY_MS;

/// 2015-01-01. None of these cookies is older than its platform's tag.
const EARLIEST_MS: i64 = 1_420_070_400_000;

/// A time of a cookie.
#[derive(Clone, Copy)]
enum Moment {
    /// In milliseconds.
    Sound(i64),
    /// In another unit, as scripts made at home write it; here in milliseconds.
    Converted(i64),
    Wrong,
}

impl Moment {
    fn read(digits: &str, now: UnixMillis) -> Self {
        let number: i64 = match digits.parse() {
            Ok(number) if digits.bytes().all(|byte| byte.is_ascii_digit()) => number,
            _ => return Self::Wrong,
        };
        let possible =
            |ms: &i64| (EARLIEST_MS..=now.0.saturating_add(CLOCK_TOLERANCE_MS)).contains(ms);
        if possible(&number) {
            return Self::Sound(number);
        }
        [number.saturating_mul(1000), number / 1000]
            .into_iter()
            .find(possible)
            .map_or(Self::Wrong, Self::Converted)
    }

    fn ms(self) -> Option<i64> {
        match self {
            Self::Sound(ms) | Self::Converted(ms) => Some(ms),
            Self::Wrong => None,
        }
    }

    /// Whether what happened at `at` came too late for a click of this time.
    fn is_past(self, at: UnixMillis) -> bool {
        self.ms()
            .is_some_and(|ms| at.0.saturating_sub(ms) > CLICK_LIFE_MS)
    }
}

/// The parts of one of Meta's cookies: its time and its payload.
///
/// `fb.<subdomain index>.<creation ms>.<payload>[.<appendix>]`, the appendix of 2 or 8 characters
/// (Meta, fbp and fbc parameters; capi-param-builder; read 2026-11-22).
fn fb_cookie(cookie: &str) -> Option<(&str, &str)> {
    let mut fields = cookie.split('.');
    let digits = |field: &&str| {
        (1..=20).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_digit())
    };
    if fields.next()? != "fb" {
        return None;
    }
    let (_, time) = (fields.next().filter(digits)?, fields.next().filter(digits)?);
    let payload = fields.next().filter(|payload| !payload.is_empty())?;
    match (fields.next(), fields.next()) {
        (None, _) => Some((time, payload)),
        (Some(appendix), None) if known_appendix(appendix) => Some((time, payload)),
        _ => None,
    }
}

/// The payload of a cookie of Meta's layout: of `_fbc` the `fbclid`, of `_fbp` a random number.
pub fn fb_cookie_payload(cookie: &str) -> Option<&str> {
    fb_cookie(cookie).map(|(_, payload)| payload)
}

/// The two-letter languages of version 1, or eight characters of version 2, which always begin with the byte 1.
fn known_appendix(appendix: &str) -> bool {
    match appendix.len() {
        2 => matches!(appendix, "AQ" | "Ag" | "Aw" | "BA" | "BQ" | "Bg"),
        8 => appendix.starts_with('A') && is_base64url(appendix),
        _ => false,
    }
}

/// What a text that should be a whole `fbc` comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fbc {
    /// The `fbc` as Meta takes it; nothing where one has to be built from the click id.
    pub whole: Option<String>,
    /// The click id in it.
    pub click_id: String,
    /// When it was clicked, as far as that can be read.
    pub clicked: Option<UnixMillis>,
}

impl Fbc {
    /// Reads the cookie `_fbc`, or a whole `fbc` in the place of a click id, for something that happened at `at`.
    ///
    /// Its click id outlasts a wrong time, a wrong appendix, and being wrapped into another `fbc`.
    ///
    /// # Errors
    /// [`PLACEHOLDER`], [`CLICK_ID_EXPIRED`], or [`COOKIE_INVALID`] where there is no click id in it.
    pub fn read(value: &str, at: UnixMillis, now: UnixMillis) -> Result<Self, &'static str> {
        let value = bare(value);
        if is_placeholder(&value) {
            return Err(PLACEHOLDER);
        }
        let mut text = &*value;
        // Depth is bounded by the length of a cookie; each turn takes at least six characters off.
        let (time, id, rest) = loop {
            let mut fields = text.splitn(4, '.');
            let (Some("fb"), Some(_), Some(time), Some(rest)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return Err(COOKIE_INVALID);
            };
            if rest.starts_with("fb.") {
                text = rest;
                continue;
            }
            let (id, appendix) = rest.split_once('.').unwrap_or((rest, ""));
            break (time, id, appendix);
        };
        if is_placeholder(id) {
            return Err(PLACEHOLDER);
        }
        if !is_base64url(id) || !plausible_click_id(id) || rest.contains(char::is_whitespace) {
            return Err(COOKIE_INVALID);
        }
        let moment = Moment::read(time, now);
        if moment.is_past(at) {
            return Err(CLICK_ID_EXPIRED);
        }
        let sound = matches!(moment, Moment::Sound(_)) && fb_cookie(text).is_some();
        Ok(Self {
            whole: sound.then(|| text.to_owned()),
            click_id: id.to_owned(),
            clicked: moment.ms().map(|ms| UnixMillis(ms.min(now.0))),
        })
    }
}

/// The click id in a cookie of Google's tag, and the time in it: `GCL.<seconds>.<id>`.
fn linked(cookie: &str) -> Option<(&str, &str)> {
    let mut parts = cookie.strip_prefix("GCL.")?.split('.');
    let (time, id) = (parts.next()?, parts.next()?);
    let digits = (1..=20).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
    (digits && is_base64url(id)).then_some((time, id))
}

/// The click id in a cookie of Google's tag.
pub fn click_id_from_gcl(cookie: &str) -> Option<&str> {
    linked(cookie).map(|(_, id)| id)
}

/// The click in a cookie of X's own tag, which keeps it plain or in JSON beside other things.
fn twclid(cookie: &str) -> Option<&str> {
    let id = match cookie.split_once("\"twclid\"") {
        None => cookie,
        Some((_, rest)) => {
            let rest = rest.trim_start().strip_prefix(':')?.trim_start();
            rest.strip_prefix('"')?.split('"').next()?
        }
    };
    (is_base64url(id) && !is_placeholder(id)).then_some(id)
}

/// One of the cookies that destinations read, but `_fbc`, as it may travel with something that happened at `at`; or the
/// code of what is wrong with it.
///
/// # Errors
/// [`PLACEHOLDER`], [`CLICK_ID_EXPIRED`] or [`COOKIE_INVALID`].
pub fn cookie<'v>(
    name: &str,
    value: &'v str,
    at: UnixMillis,
    now: UnixMillis,
) -> Result<Cow<'v, str>, &'static str> {
    let value = bare(value);
    if is_placeholder(&value) {
        return Err(PLACEHOLDER);
    }
    let sound = match name {
        // A random number, and nobody's click: it does not age.
        "_fbp" => fb_cookie(&value).is_some_and(|(time, random)| {
            matches!(Moment::read(time, now), Moment::Sound(_))
                && random.bytes().all(|byte| byte.is_ascii_digit())
        }),
        "_gcl_aw" | "_gcl_gb" | "_gcl_dc" => match linked(&value) {
            Some((_, id)) if is_placeholder(id) => return Err(PLACEHOLDER),
            Some((time, _)) => match Moment::read(time, now) {
                moment if moment.is_past(at) => return Err(CLICK_ID_EXPIRED),
                Moment::Wrong => false,
                _ => true,
            },
            None => false,
        },
        "_ga" => client_id_from_ga(&value).is_some(),
        "_twclid" => match twclid(&value) {
            Some(id) => return Ok(Cow::Owned(id.to_owned())),
            None => false,
        },
        "_uetmsclkid" => is_uuid(value.strip_prefix("_uet").unwrap_or(&value)),
        _ if name.starts_with("_ga_") => session_id_from_ga(&value).is_some(),
        _ => is_id(&value),
    };
    if sound && value.len() <= LONGEST_CLICK_ID {
        Ok(value)
    } else {
        Err(COOKIE_INVALID)
    }
}

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

/// Whether a cookie is one that a destination reads.
pub fn known_cookie(name: &str) -> bool {
    COOKIES.contains(&name) || is_stream_cookie(name)
}

/// Whether a known cookie names the browser; the others hold a click, or what was seen of a visit.
pub fn names_browser(name: &str) -> bool {
    matches!(
        name,
        "_fbp" | "_ga" | "_ttp" | "_scid" | "_rdt_uuid" | "_uetvid"
    )
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

/// Reads the known cookies from a `Cookie` header.
pub fn cookies_from_header(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        (known_cookie(name) && !value.is_empty() && value.len() <= LONGEST_CLICK_ID)
            .then_some((name, value))
    })
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

    const NOW: UnixMillis = UnixMillis(1_795_342_531_000);

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
    fn of_a_wrong_fbc_the_click_is_kept() {
        let read = |value| Fbc::read(value, NOW, NOW);
        for whole in [
            "fb.1.1795182060000.IwAR1a-b_c",
            "fb.2.1795182060000.IwAR1a.Bg",
            "fb.1.1795182060000.IwAR1a.AQYCAQAA",
        ] {
            assert_eq!(read(whole).unwrap().whole.as_deref(), Some(whole));
        }
        for (value, whole, clicked) in [
            // Encoded, quoted, wrapped once more.
            (
                "fb%2E1%2E1795182060000%2EIwAR1a",
                Some("fb.1.1795182060000.IwAR1a"),
                Some(1_795_182_060_000),
            ),
            (
                "\"fb.1.1795182060000.IwAR1a\" ",
                Some("fb.1.1795182060000.IwAR1a"),
                Some(1_795_182_060_000),
            ),
            (
                "fb.1.1795300000000.fb.1.1795182060000.IwAR1a",
                Some("fb.1.1795182060000.IwAR1a"),
                Some(1_795_182_060_000),
            ),
            // In seconds, in microseconds; in a time that is none, or to come.
            ("fb.1.1795182060.IwAR1a", None, Some(1_795_182_060_000)),
            (
                "fb.1.1795182060000000.IwAR1a",
                None,
                Some(1_795_182_060_000),
            ),
            ("fb.1.0.IwAR1a", None, None),
            ("fb.1.pusheen.IwAR1a", None, None),
            ("fb.1.99999999999999999999999.IwAR1a", None, None),
            ("fb.1.1797342531000.IwAR1a", None, None),
            // An appendix, or a number of subdomains, that is none.
            (
                "fb.1.1795182060000.IwAR1a.XY",
                None,
                Some(1_795_182_060_000),
            ),
            ("fb.x.1795182060000.IwAR1a", None, Some(1_795_182_060_000)),
        ] {
            let fbc = read(value).unwrap_or_else(|code| panic!("{value}: {code}"));
            assert_eq!(
                (fbc.whole.as_deref(), fbc.clicked),
                (whole, clicked.map(UnixMillis)),
                "{value}"
            );
            assert_eq!(fbc.click_id, "IwAR1a", "{value}");
        }
        for (value, code) in [
            ("undefined", PLACEHOLDER),
            ("fb.1.1795182060000.undefined", PLACEHOLDER),
            ("fb.1.1795182060000.{{fbclid}}", PLACEHOLDER),
            ("fb.1.1795182060000.IwAR 1a", COOKIE_INVALID),
            ("fb.1.1795182060000.IwAR1ä", COOKIE_INVALID),
            ("fb.1.1795182060000.ИвАР", COOKIE_INVALID),
            ("fb.1.1795182060000.IwAR&x=1", COOKIE_INVALID),
            ("fb.1.1795182060000.", PLACEHOLDER),
            ("fb.1.1795182060000", COOKIE_INVALID),
            ("fb2.1.1795182060000.IwAR1a", COOKIE_INVALID),
            ("IwAR1a", COOKIE_INVALID),
            ("fb.1.1787000000000.IwAR1a", CLICK_ID_EXPIRED),
            ("fb.1.1787000000.IwAR1a", CLICK_ID_EXPIRED),
        ] {
            assert_eq!(read(value), Err(code), "{value}");
        }
        // The life of a click ends with what happened, not with its arrival here.
        let earlier = UnixMillis(NOW.0 - 60 * DAY_MS);
        assert!(Fbc::read("fb.1.1787000000000.IwAR1a", earlier, NOW).is_ok());
    }

    #[test]
    fn cookies_are_left_out_by_form_and_age() {
        for (name, value, expected) in [
            (
                "_fbp",
                "fb.1.1794870011223.1098115397",
                Ok("fb.1.1794870011223.1098115397"),
            ),
            (
                "_fbp",
                "fb.1.1594870011223.1098115397",
                Ok("fb.1.1594870011223.1098115397"),
            ),
            ("_fbp", "fb.1.1794870011.1098115397", Err(COOKIE_INVALID)),
            ("_fbp", "fb.1.1897342531000.1098115397", Err(COOKIE_INVALID)),
            ("_fbp", "fb.1.1794870011223.10981x5397", Err(COOKIE_INVALID)),
            ("_fbp", "fb.1.1794870011223.undefined", Err(COOKIE_INVALID)),
            (
                "_gcl_aw",
                "GCL.1795300111.Cj0KCQ",
                Ok("GCL.1795300111.Cj0KCQ"),
            ),
            (
                "_gcl_aw",
                "GCL.1795300111000.Cj0KCQ",
                Ok("GCL.1795300111000.Cj0KCQ"),
            ),
            ("_gcl_aw", "GCL.1778062531.Cj0KCQ", Err(CLICK_ID_EXPIRED)),
            ("_gcl_gb", "GCL.1778062531.Cj0KCQ", Err(CLICK_ID_EXPIRED)),
            ("_gcl_aw", "GCL.1895300111.Cj0KCQ", Err(COOKIE_INVALID)),
            ("_gcl_aw", "GCL.1795300111.undefined", Err(PLACEHOLDER)),
            ("_gcl_aw", "Cj0KCQ", Err(COOKIE_INVALID)),
            ("_ga", "GA1.1.undefined", Err(COOKIE_INVALID)),
            (
                "_ga",
                "GA1%2E1%2E1380133182.1764792191",
                Ok("GA1.1.1380133182.1764792191"),
            ),
            (
                "_ga_X",
                "GS2.1.s1760000000%24o5",
                Ok("GS2.1.s1760000000$o5"),
            ),
            ("_ga_X", "GS3.1.1", Err(COOKIE_INVALID)),
            (
                "_twclid",
                "%7B%22pixelVersion%22%3A1%2C%22twclid%22%3A%222abc%22%7D",
                Ok("2abc"),
            ),
            ("_twclid", "{\"twclid\": null}", Err(COOKIE_INVALID)),
            (
                "_uetmsclkid",
                "_uet9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d",
                Ok("_uet9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"),
            ),
            ("_uetmsclkid", "_uetundefined", Err(COOKIE_INVALID)),
            ("_epik", "null", Err(PLACEHOLDER)),
            ("_epik", "dj0yJnU9b2xk%3D", Ok("dj0yJnU9b2xk=")),
            ("ttclid", "E.C.P.v3 x", Err(COOKIE_INVALID)),
        ] {
            assert_eq!(
                cookie(name, value, NOW, NOW).as_deref(),
                expected.as_deref(),
                "{name}={value}"
            );
        }
    }
}

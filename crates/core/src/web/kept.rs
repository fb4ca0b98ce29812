//! The first-party cookies that the worker sets, so that they outlive what scripts may keep: browsers that protect their users
//! forget what a script has stored after seven days, or after one.

use crate::base::time::{DAY_MS, UnixMillis};

/// A cookie that is set for a platform, with how long it lives and the click id that makes it where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The platform it is for.
    pub platform: &'static str,
    /// Its name.
    pub cookie: &'static str,
    /// How many days the platform's own tag keeps it; never longer than a year here.
    pub days: u16,
    /// The click id that it holds.
    pub click_id: Option<&'static str>,
    form: Form,
}

/// How a click id stands in its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As it is; or there is no click id in it.
    Plain,
    /// `GCL.<seconds>.<id>`.
    Google,
    /// `_uet<id>`.
    Microsoft,
}

const fn kept(
    platform: &'static str,
    cookie: &'static str,
    days: u16,
    click_id: Option<&'static str>,
    form: Form,
) -> Kept {
    Kept {
        platform,
        cookie,
        days,
        click_id,
        form,
    }
}

const YEAR: u16 = 365;

/// What is set. The platforms' own scripts write these names and lives (their tags and templates, read 2026-11-29); LinkedIn's
/// is 30 or 90 days, depending on who writes it, and the shorter one is taken. `_fbc` comes ready from the event.
pub const KEPT: &[Kept] = &[
    kept("ga4", "_ga", YEAR, None, Form::Plain),
    kept("meta", "_fbc", 90, None, Form::Plain),
    kept("meta", "_fbp", 90, None, Form::Plain),
    kept("google_ads", "_gcl_aw", 90, Some("gclid"), Form::Google),
    kept("google_ads", "_gcl_gb", 90, Some("gbraid"), Form::Google),
    kept("tiktok", "ttclid", 30, Some("ttclid"), Form::Plain),
    kept("tiktok", "_ttp", YEAR, None, Form::Plain),
    kept("pinterest", "_epik", YEAR, Some("epik"), Form::Plain),
    kept("snapchat", "_scclid", YEAR, Some("ScCid"), Form::Plain),
    kept("snapchat", "_scid", YEAR, None, Form::Plain),
    kept("reddit", "_rdt_cid", 30, Some("rdt_cid"), Form::Plain),
    kept("reddit", "_rdt_uuid", 90, None, Form::Plain),
    kept("linkedin", "li_fat_id", 30, Some("li_fat_id"), Form::Plain),
    kept("x", "_twclid", 90, Some("twclid"), Form::Plain),
    kept(
        "microsoft",
        "_uetmsclkid",
        90,
        Some("msclkid"),
        Form::Microsoft,
    ),
    kept("microsoft", "_uetvid", YEAR, None, Form::Plain),
];

impl Kept {
    /// The cookie of a click that was seen now.
    pub fn of_click(&self, id: &str, now: UnixMillis) -> String {
        match self.form {
            Form::Plain => id.to_owned(),
            Form::Google => format!("GCL.{}.{id}", now.0.div_euclid(1000)),
            Form::Microsoft => format!("_uet{id}"),
        }
    }

    /// Whether a cookie holds that click already, so that its time stays what it is.
    pub fn holds(&self, cookie: &str, id: &str) -> bool {
        match self.form {
            Form::Plain => cookie == id,
            Form::Google => super::cookies::click_id_from_gcl(cookie) == Some(id),
            Form::Microsoft => cookie.strip_prefix("_uet") == Some(id),
        }
    }

    /// The line of a `Set-Cookie` header. Scripts may read it: the platforms' tags and the page's client do.
    pub fn line(&self, value: &str, domain: Option<&str>, secure: bool) -> String {
        let seconds = i64::from(self.days) * DAY_MS / 1000;
        let mut line = format!(
            "{}={value}; Max-Age={seconds}; Path=/; SameSite=Lax",
            self.cookie
        );
        if let Some(domain) = domain {
            line.push_str("; Domain=");
            line.push_str(domain);
        }
        if secure {
            line.push_str("; Secure");
        }
        line
    }
}

/// Whether a value may stand in a cookie as it is.
pub fn fits_a_cookie(value: &str) -> bool {
    // RFC 6265, section 4.1.1, less what some readers take for an end.
    !value.is_empty()
        && value.len() <= 1024
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\'))
}

/// Where a cookie is set that both a page and the worker are to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Common<'a> {
    /// They have the same host, and the cookie is that host's.
    Host,
    /// They lie in this domain.
    Domain(&'a str),
}

/// What a page and the worker have in common; nothing where no cookie of the one would reach the other.
///
/// ```
/// use edgetally_core::web::{Common, common_domain};
/// let shop = Some(Common::Domain("shop.example"));
/// assert_eq!(common_domain("https://www.shop.example", "events.shop.example"), shop);
/// assert_eq!(common_domain("https://shop.example", "events.shop.example"), shop);
/// assert_eq!(common_domain("http://127.0.0.1:8000", "127.0.0.1:8787"), Some(Common::Host));
/// assert_eq!(common_domain("https://shop.example", "edgetally.mine.workers.dev"), None);
/// ```
///
/// What a registry gives away, as `co.uk`, is no domain to set cookies on; browsers know the list and refuse, so that nothing is
/// set there.
pub fn common_domain<'w>(origin: &str, host: &'w str) -> Option<Common<'w>> {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let (page, own) = (without_port(authority), without_port(host));
    if own.is_empty() {
        return None;
    }
    if page.eq_ignore_ascii_case(own) {
        return Some(Common::Host);
    }
    if own.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    let labels = page.rsplit('.').zip(own.rsplit('.'));
    let common: Vec<usize> = labels
        .take_while(|(page, own)| page.eq_ignore_ascii_case(own))
        .map(|(_, own)| own.len() + 1)
        .collect();
    if common.len() < 2 {
        return None;
    }
    let length = common.iter().sum::<usize>() - 1;
    own.get(own.len() - length..).map(Common::Domain)
}

fn without_port(authority: &str) -> &str {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    if port.bytes().all(|byte| byte.is_ascii_digit()) {
        host
    } else {
        authority
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{CLICK_LIFE_MS, known_click_id, known_cookie};

    #[test]
    fn what_is_set_is_what_is_read() {
        for kept in KEPT {
            assert!(known_cookie(kept.cookie), "{}", kept.cookie);
            assert!(
                kept.click_id
                    .is_none_or(|name| known_click_id(name) == Some(name))
            );
            assert!(kept.days <= YEAR);
        }
        let google = KEPT.iter().filter(|kept| kept.form == Form::Google);
        assert!(
            google
                .into_iter()
                .all(|kept| i64::from(kept.days) * DAY_MS == CLICK_LIFE_MS)
        );
    }

    #[test]
    fn a_domain_is_common_label_by_label() {
        assert_eq!(
            common_domain("https://notshop.example", "events.shop.example"),
            None
        );
        assert_eq!(
            common_domain("https://a.shop.example:8443", "b.shop.example:8787"),
            Some(Common::Domain("shop.example"))
        );
        assert_eq!(
            common_domain("https://shop.example", "shop.example"),
            Some(Common::Host)
        );
        assert_eq!(
            common_domain("https://[::1]:8000", "[::1]:8787"),
            Some(Common::Host)
        );
        assert_eq!(common_domain("http://10.0.0.1", "10.1.0.1"), None);
        assert_eq!(common_domain("null", "events.shop.example"), None);
        assert_eq!(common_domain("https://shop.example", ""), None);
    }
}

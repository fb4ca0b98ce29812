//! Click ids: their names, what can be one, and where they stand in an address.

use std::borrow::Cow;

use crate::base::text::{Text, is_placeholder, percent_decoded};

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

/// The longest click id that is carried (TikTok's may have 1,000 characters).
pub(super) const LONGEST_CLICK_ID: usize = 1024;

/// The code of a click id that cannot be one.
pub const CLICK_ID_INVALID: &str = "click_id_invalid";
/// The code of what is a word for "no value", or a template that nobody filled in.
pub const PLACEHOLDER: &str = "placeholder";

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

/// The query of an address, without `?` and fragment.
pub(super) fn query(url: &str) -> &str {
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
    click_parameters(url).filter(|(_, value)| plausible_click_id(value) && !is_placeholder(value))
}

/// A value without the blanks and quotes around it, and without the percent-encoding of a cookie that was encoded on the
/// way; redirects do it twice.
pub(super) fn bare(value: &str) -> Cow<'_, str> {
    let around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    let value = value.trim_matches(around);
    let mut bare = Cow::Borrowed(value);
    for _ in 0..3 {
        if !bare.contains('%') {
            break;
        }
        let decoded = percent_decoded(&bare).trim_matches(around).to_owned();
        if decoded == *bare {
            break;
        }
        bare = Cow::Owned(decoded);
    }
    bare
}

/// Base64 for addresses, which the ids of Meta and Google are.
pub(super) fn is_base64url(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= LONGEST_CLICK_ID
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What any platform's id is made of, as far as any was seen: letters, digits and the signs of base64 and of lists of ids.
pub(super) fn is_id(id: &str) -> bool {
    let sign = |byte| {
        matches!(
            byte,
            b'-' | b'_' | b'.' | b'~' | b'=' | b'+' | b'/' | b':' | b'|' | b'*' | b'!'
        )
    };
    !id.is_empty()
        && id.len() <= LONGEST_CLICK_ID
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || sign(byte))
}

/// 32 hexadecimal digits, with or without dashes.
pub(super) fn is_uuid(id: &str) -> bool {
    id.bytes().filter(u8::is_ascii_hexdigit).count() == 32
        && id.len() <= 36
        && id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A click id as it may travel, or the code of what is wrong with it.
///
/// ```
/// use edgetally_core::web::click_id;
/// assert_eq!(click_id("fbclid", " IwAR1a%2Db ").as_deref(), Ok("IwAR1a-b"));
/// assert_eq!(click_id("gclid", "undefined"), Err("placeholder"));
/// assert_eq!(click_id("fbclid", "IwAR0abc%26utm_source%3Dx"), Err("click_id_invalid"));
/// ```
///
/// # Errors
/// [`PLACEHOLDER`] or [`CLICK_ID_INVALID`].
pub fn click_id<'v>(name: &str, value: &'v str) -> Result<Cow<'v, str>, &'static str> {
    let id = bare(value);
    if is_placeholder(&id) {
        return Err(PLACEHOLDER);
    }
    let fits = match name {
        "fbclid" | "gclid" | "gbraid" | "wbraid" | "dclid" => is_base64url(&id),
        // Microsoft refuses or removes what is no UUID.
        "msclkid" => is_uuid(&id),
        _ => is_id(&id),
    };
    if fits && plausible_click_id(&id) {
        Ok(id)
    } else {
        Err(CLICK_ID_INVALID)
    }
}

/// A [cleaned](super::clean_url) address without its click ids, for destinations that may not have identifiers.
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

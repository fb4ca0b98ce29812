//! The ids of Google Analytics: of the browser, and of the visit. Their cookies are not documented; this is how Google's own
//! tag reads them.

use crate::base::text::is_placeholder;

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
}

fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What stands behind the version and the domain's depth of a `_ga` cookie, `GA1.2.` or `GA1.3-2.`; nothing where the text is
/// no such cookie.
fn behind_version(cookie: &str) -> Option<&str> {
    let rest = cookie.strip_prefix("GA")?;
    let (version, rest) = rest.split_once('.').unwrap_or((rest, ""));
    let (depth, rest) = rest.split_once('.').unwrap_or((rest, ""));
    let depths = depth
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    (is_number(version) && depths).then_some(rest)
}

/// The client id in a `_ga` cookie: what stands behind its first two fields, which a site may have chosen itself. Anything
/// else that is not empty is an id already.
///
/// ```
/// use edgetally_core::web::client_id_from_ga;
/// for (cookie, id) in [
///     ("GA1.1.1380133182.1764792191", Some("1380133182.1764792191")),
///     ("GA1.3-2.1380133182.1764792191.7; path=/", Some("1380133182.1764792191")),
///     ("GA1.1.35009a79-1a05-49d7-b876-2b884d0f825b", Some("35009a79-1a05-49d7-b876-2b884d0f825b")),
///     ("GA1.2.amp-h0cvUgGtQdtbBqjzYvdjpw", Some("amp-h0cvUgGtQdtbBqjzYvdjpw")),
///     ("my-own-id", Some("my-own-id")),
///     ("GA1.1.undefined", None),
///     ("undefined", None),
///     ("1380133182.undefined", None),
/// ] {
///     assert_eq!(client_id_from_ga(cookie), id, "{cookie}");
/// }
/// ```
pub fn client_id_from_ga(cookie: &str) -> Option<&str> {
    let cookie = trimmed(cookie);
    let id = match behind_version(cookie) {
        None => cookie,
        Some(id) => {
            // Nothing of these is in an id, and all of them are between cookies.
            let end = id.find(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '&'));
            let id = end.and_then(|end| id.get(..end)).unwrap_or(id);
            let numbers = id.splitn(3, '.').take(2).all(is_number);
            match id.match_indices('.').nth(1) {
                Some((end, _)) if numbers => id.get(..end).unwrap_or(id),
                _ => id,
            }
        }
    };
    // Half a client id, such as `1380133182.undefined`, would be one browser of everybody who has that half.
    let says_nothing = |part: &str| !part.is_empty() && is_placeholder(part);
    (!is_placeholder(id) && !id.split('.').any(says_nothing)).then_some(id)
}

/// The session id in a `_ga_<stream>` cookie, of the layouts `GS1` (third dot field) and `GS2` (the field of the
/// letter `s`, wherever it stands).
pub fn session_id_from_ga(cookie: &str) -> Option<&str> {
    let mut fields = trimmed(cookie).splitn(3, '.');
    let (layout, _, rest) = (fields.next()?, fields.next()?, fields.next()?);
    match layout {
        "GS1" => rest.split('.').next(),
        "GS2" => lettered(rest),
        _ => None,
    }
    .filter(|id| is_number(id))
}

/// The session's start among the lettered fields of `GS2`.
fn lettered(fields: &str) -> Option<&str> {
    fields
        .split('$')
        .filter_map(|field| field.strip_prefix('s'))
        .find(|id| is_number(id))
}

/// A session id as it was sent: the number, or the cookie that it stands in, whole or without its head.
///
/// ```
/// use edgetally_core::web::session_id;
/// for sent in ["1760000000", "GS2.1.s1760000000$o5$g1", "s1760000000$o5$g1", "GS1.1.1760000000.5.1", "1760000000.5.1", "1760000000.0"] {
///     assert_eq!(session_id(sent), Some("1760000000"), "{sent}");
/// }
/// assert_eq!(session_id("my-session"), None);
/// ```
pub fn session_id(sent: &str) -> Option<&str> {
    let sent = trimmed(sent);
    session_id_from_ga(sent)
        .or_else(|| lettered(sent))
        .or_else(|| sent.split('.').next().filter(|id| is_number(id)))
}

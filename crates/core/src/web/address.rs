//! Addresses of pages and of the network: what can be one.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::click_ids::{LONGEST_CLICK_ID, PLACEHOLDER, bare, click_id, known_click_id, query};
use super::utm::Utm;
use crate::base::text::is_placeholder;

/// Whether an address of the web can have this host, which may have a port behind it.
///
/// ```
/// use edgetally_core::web::possible_host;
/// for host in ["shop.example", "shop.example:8443", "intranet", "[2001:db8::1]:443", "203.0.113.24", "bücher.example"] {
///     assert!(possible_host(host), "{host}");
/// }
/// for host in ["", "<your-domain.com>", "shop.example:abc", "shop.example:99999", "{{host}}", "undefined", "my shop.example",
///     "shop..example", "1.2.3.999", "https:", "[2001:db8", "shop%2eexample", "a.b:80:80"]
/// {
///     assert!(!possible_host(host), "{host}");
/// }
/// ```
pub fn possible_host(authority: &str) -> bool {
    let port = |port: &str| {
        port.is_empty()
            || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
    };
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(host, after)| {
            host.parse::<Ipv6Addr>().is_ok()
                && (after.is_empty() || after.strip_prefix(':').is_some_and(port))
        });
    }
    let (host, behind) = authority.split_once(':').unwrap_or((authority, ""));
    let host = host.strip_suffix('.').unwrap_or(host);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    // A host that ends in a number is an address of version 4, to every browser.
    let numeric = host
        .rsplit('.')
        .next()
        .is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    port(behind)
        && host.len() <= 253
        && host.split('.').all(label)
        && !is_placeholder(host)
        // `https://https://…`: a scheme that was put in front of a whole address.
        && !matches!(authority, "http:" | "https:")
        && (!numeric || host.parse::<Ipv4Addr>().is_ok())
}

/// A host in the letters that addresses have on the wire: platforms refuse an event over others.
pub(super) fn ascii_host(host: &str) -> Cow<'_, str> {
    if host.is_ascii() {
        return Cow::Borrowed(host);
    }
    let labels = host.split('.').map(|label| {
        if label.is_ascii() {
            label.to_owned()
        } else {
            let (name, port) = label.split_once(':').unwrap_or((label, ""));
            let colon = if port.is_empty() { "" } else { ":" };
            let name: Vec<char> = edgetally_nfc::nfc(&name.to_lowercase()).chars().collect();
            ["xn--", &punycode(&name), colon, port].concat()
        }
    });
    Cow::Owned(labels.collect::<Vec<_>>().join("."))
}

/// The letters of a label in those of ASCII (RFC 3492, section 6.3).
fn punycode(label: &[char]) -> String {
    const fn digit(value: u32) -> char {
        // a to z, then 0 to 9.
        let byte = if value < 26 { value + 97 } else { value + 22 };
        match char::from_u32(byte) {
            Some(c) => c,
            None => '-',
        }
    }
    let mut out: String = label.iter().filter(|c| c.is_ascii()).collect();
    let basic = u32::try_from(out.len()).unwrap_or(0);
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    while let Some(next) = label
        .iter()
        .map(|c| u32::from(*c))
        .filter(|c| *c >= n)
        .min()
    {
        // A label has at most 63 letters, so nothing of this overflows.
        delta += (next - n) * (handled + 1);
        n = next;
        for c in label.iter().map(|c| u32::from(*c)) {
            if c < n {
                delta += 1;
            }
            if c != n {
                continue;
            }
            let (mut q, mut k) = (delta, 36);
            loop {
                let t = k.max(bias + 1).min(bias + 26) - bias;
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (36 - t)));
                q = (q - t) / (36 - t);
                k += 36;
            }
            out.push(digit(q));
            delta = if handled == basic {
                delta / 700
            } else {
                delta / 2
            };
            delta += delta / (handled + 1);
            let mut steps = 0;
            while delta > 455 {
                delta /= 35;
                steps += 36;
            }
            bias = steps + 36 * delta / (delta + 38);
            delta = 0;
            handled += 1;
        }
        delta += 1;
        n += 1;
    }
    out
}

/// A visitor's network address as it may travel: valid, and public.
///
/// Private, loopback, link-local and unspecified addresses are the infrastructure's, never the visitor's.
pub fn public_ip(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok().and_then(public)
}

fn public(ip: IpAddr) -> Option<IpAddr> {
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

/// The most hops of a list that are looked at.
const MOST_HOPS: usize = 32;

/// The visitor's address in what was sent as one, and whether it was that alone: proxies hand on lists
/// (`X-Forwarded-For`), ports, and the words of `Forwarded` (RFC 7239). The first public one is the visitor's.
///
/// ```
/// use edgetally_core::web::visitor_ip;
/// for (sent, ip) in [
///     ("203.0.113.24, 10.0.0.1", "203.0.113.24"),
///     ("10.0.0.1,203.0.113.24", "203.0.113.24"),
///     ("203.0.113.24:51234", "203.0.113.24"),
///     ("[2001:db8::1]:443", "2001:db8::1"),
///     ("for=\"[2001:db8::1]:443\";proto=https", "2001:db8::1"),
///     ("unknown, 2001:db8::1%eth0", "2001:db8::1"),
/// ] {
///     assert_eq!(visitor_ip(sent), Ok((ip.parse().unwrap(), true)), "{sent}");
/// }
/// assert_eq!(visitor_ip("10.0.0.1, 127.0.0.1"), Err("ip_not_public"));
/// assert_eq!(visitor_ip("localhost"), Err("ip_invalid"));
/// ```
///
/// # Errors
/// The code of what is wrong with it.
pub fn visitor_ip(sent: &str) -> Result<(IpAddr, bool), &'static str> {
    let mut wrong = if is_placeholder(sent) {
        PLACEHOLDER
    } else {
        "ip_invalid"
    };
    if let Ok(ip) = sent.trim().parse() {
        return public(ip).map(|ip| (ip, false)).ok_or("ip_not_public");
    }
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    let hops = sent.split(between).filter(|hop| !hop.is_empty());
    for ip in hops.take(MOST_HOPS).filter_map(hop) {
        match public(ip) {
            Some(ip) => return Ok((ip, true)),
            None => wrong = "ip_not_public",
        }
    }
    Err(wrong)
}

/// The address in one hop of a list.
fn hop(hop: &str) -> Option<IpAddr> {
    let hop = match hop.split_once('=') {
        Some((key, value)) if key.eq_ignore_ascii_case("for") => value,
        Some(_) => return None,
        None => hop,
    };
    let hop = hop.trim_matches(['"', '\'']);
    let address = match hop.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        // One colon is a port's, more are those of version 6.
        None if hop.matches(':').count() == 1 => hop.split_once(':')?.0,
        None => hop,
    };
    // The zone of a link is the sending machine's own.
    let address = address.split_once('%').map_or(address, |(ip, _)| ip);
    address.parse().ok()
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
    let host = ascii_host(host);
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
            None => Utm::NAMES.contains(&name) && !is_placeholder(&bare(value)),
        } && !value.contains(|c: char| c.is_whitespace() || c.is_control());
        if wanted && !value.is_empty() && value.len() <= LONGEST_CLICK_ID {
            let _ = write!(clean, "{separator}{name}={value}");
            separator = '&';
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::ascii_host;

    #[test]
    fn hosts_are_written_in_the_letters_of_the_wire() {
        for (host, ascii) in [
            ("shop.example", "shop.example"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("bu\u{308}cher.example:8443", "xn--bcher-kva.example:8443"),
            ("B\u{dc}CHER.Example", "xn--bcher-kva.Example"),
            (
                "m\u{fc}nchen-ost.stra\u{df}e.example",
                "xn--mnchen-ost-9db.xn--strae-oqa.example",
            ),
            (
                "\u{4f8b}\u{3048}.\u{30c6}\u{30b9}\u{30c8}",
                "xn--r8jz45g.xn--zckzah",
            ),
            (
                "\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{438}\u{441}\u{43f}\u{44b}\u{442}\u{430}\u{43d}\u{438}\u{435}:80",
                "xn--e1afmkfd.xn--80akhbyknj4f:80",
            ),
        ] {
            assert_eq!(ascii_host(host), ascii, "{host}");
        }
    }
}

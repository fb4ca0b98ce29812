//! Addresses of pages and of the network: what can be one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::text::is_placeholder;

/// Whether an address of the web can have this host, which may have a port behind it.
///
/// ```
/// use edgetally_core::attribution::possible_host;
/// for host in ["shop.example", "shop.example:8443", "intranet", "[2001:db8::1]:443", "203.0.113.24", "bücher.example"] {
///     assert!(possible_host(host), "{host}");
/// }
/// for host in ["", "<your-domain.com>", "shop.example:abc", "shop.example:99999", "{{host}}", "undefined", "my shop.example",
///     "shop..example", "1.2.3.999", "[2001:db8", "shop%2eexample", "a.b:80:80"]
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
        && (!numeric || host.parse::<Ipv4Addr>().is_ok())
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
/// use edgetally_core::attribution::visitor_ip;
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
        super::PLACEHOLDER
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

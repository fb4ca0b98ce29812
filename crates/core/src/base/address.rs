//! Addresses that an operator gives, read as the runtime reads them, so that what is judged is what is called.
//!
//! The runtime's parser (WHATWG URL Standard, host parsing, read 2026-11-29) is forgiving: `127.0.0.0x1`, `2130706433`, `127.1`,
//! full-width digits and percent-encoded letters all become `127.0.0.1`. Here only what that parser would leave as it is gets
//! through; everything that it would first have to mend is refused. International names can be given in their `xn--` form.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Names that lead inside by agreement: RFC 6761, 6762, 8375 and 9476, ICANN's `internal`, and what ICANN will not delegate since
/// networks use it already (board resolution of 2018-02-04 on corp, home and mail).
const INSIDE: &[&str] = &[
    "alt",
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "test",
];

/// Where an address leads.
#[derive(Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// An address that the runtime would not have to mend.
#[derive(Debug)]
struct Address<'u> {
    secure: bool,
    host: Host,
    port: Option<u16>,
    /// Path and query.
    rest: &'u str,
}

const NO_ADDRESS: &str = "is not an address";
const NOT_PUBLIC: &str = "must be a public host name";

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

impl<'u> Address<'u> {
    fn parse(url: &'u str) -> Result<Self, &'static str> {
        let (secure, rest) = match (
            without_prefix(url, "https://"),
            without_prefix(url, "http://"),
        ) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("must begin with https://"),
        };
        // Blanks and control characters are dropped by the runtime, a backslash is a slash to it.
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains('\\') {
            return Err(
                "must be ASCII without blanks or backslashes; international names in their xn-- form",
            );
        }
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // What stands before an `@` is a name, however much it looks like a host.
        if authority.contains('@') {
            return Err("must not hold a name or password");
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (ip, port) = inner.split_once(']').ok_or(NO_ADDRESS)?;
                (Host::V6(ip.parse().map_err(|_| NO_ADDRESS)?), port)
            }
            None => {
                let (host, port) =
                    authority.split_at(authority.find(':').unwrap_or(authority.len()));
                (Host::parse(host)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| NO_ADDRESS)?)
            }
            _ => return Err(NO_ADDRESS),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        Ok(Self {
            secure,
            host,
            port,
            rest,
        })
    }
}

impl Host {
    fn parse(host: &str) -> Result<Self, &'static str> {
        let host = host.to_ascii_lowercase();
        // One dot at the end is the root, and the same host.
        let host = host.strip_suffix('.').unwrap_or(&host);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if host.len() > 253 || !host.split('.').all(label) {
            return Err(NOT_PUBLIC);
        }
        Ok(host
            .parse()
            .map_or_else(|_| Self::Name(host.to_owned()), Self::V4))
    }

    fn is_public_name(&self) -> bool {
        // Literal addresses have no certificates worth the name, and every way of writing a private one is a trap.
        let Self::Name(name) = self else {
            return false;
        };
        let Some((_, top)) = name.rsplit_once('.') else {
            return false;
        };
        // No top-level domain has a digit, and the runtime takes a host for an IPv4 address when its last part is a number, in any
        // of three notations.
        let real = top.starts_with("xn--") || top.bytes().all(|byte| byte.is_ascii_lowercase());
        real && !INSIDE.contains(&top)
    }
}

/// The address of a public `https` host on its usual port, in its canonical form; nothing that could lead inside (OWASP,
/// server-side request forgery).
///
/// ```
/// use edgetally_core::base::address::public_address;
///
/// assert_eq!(public_address("HTTPS://Hooks.example:443/in?x=1").as_deref(), Ok("https://hooks.example/in?x=1"));
/// assert!(public_address("https://169.254.169.0xfe/").is_err());
/// ```
///
/// # Errors
/// The rule that was broken.
pub fn public_address(url: &str) -> Result<String, &'static str> {
    let address = Address::parse(url)?;
    if !address.secure {
        return Err("must begin with https://");
    }
    if !address.host.is_public_name() {
        return Err(NOT_PUBLIC);
    }
    if address.port.is_some_and(|port| port != 443) {
        return Err("must be on port 443");
    }
    let Host::Name(host) = address.host else {
        return Err(NOT_PUBLIC);
    };
    let slash = if address.rest.starts_with('/') {
        ""
    } else {
        "/"
    };
    let canonical = ["https://", &host, slash, address.rest].concat();
    match canonical.parse::<http::Uri>() {
        Ok(_) => Ok(canonical),
        Err(_) => Err(NO_ADDRESS),
    }
}

/// Whether an address is on this very machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    Address::parse(url).is_ok_and(|address| match address.host {
        Host::Name(name) => name == "localhost",
        Host::V4(ip) => ip.is_loopback(),
        Host::V6(ip) => ip.is_loopback(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_judged_is_what_is_called() {
        for (given, canonical) in [
            (
                "https://hooks.example/edgetally?x=1",
                "https://hooks.example/edgetally?x=1",
            ),
            ("HTTPS://Hooks.EXAMPLE", "https://hooks.example/"),
            (
                "https://hooks.example.:443?x=%2e",
                "https://hooks.example/?x=%2e",
            ),
            ("https://hooks.example:/a#part", "https://hooks.example/a"),
            (
                "https://xn--bcher-kva.example/",
                "https://xn--bcher-kva.example/",
            ),
            ("https://a_b.hooks.xn--p1ai/", "https://a_b.hooks.xn--p1ai/"),
            ("https://10.hooks.example/", "https://10.hooks.example/"),
            (
                "https://localhost.hooks.example/",
                "https://localhost.hooks.example/",
            ),
        ] {
            assert_eq!(public_address(given).as_deref(), Ok(canonical), "{given}");
        }
    }

    #[test]
    fn nothing_leads_inside() {
        for host in [
            // Loopback and the metadata address in every notation that a URL parser understands.
            "127.0.0.1",
            "127.0.0.1.",
            "127.0.0.1..",
            "127.0.0.0x1",
            "0177.0.0.0x1",
            "0x7f.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "0x",
            "0",
            "1.0x",
            "169.254.169.254",
            "169.254.169.0xfe",
            "0xa9fea9fe",
            "2852039166",
            "0251.0376.0251.0376",
            "10.0.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "8.8.8.8",
            "1.2.3.4.5",
            "1.2.3.256",
            "foo.0x1",
            "foo.09",
            "foo.1",
            // The same in six: mapped, compatible, unspecified, NAT64, 6to4, private, link-local.
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]",
            "[fd00::1]",
            "[fe80::1]",
            "[fe80::1%25eth0]",
            "[2001:db8::1]",
            "[::1",
            "[::1]x",
            "[]",
            // Names that mean this machine or this network.
            "localhost",
            "localhost.",
            "LOCALHOST",
            "a.localhost",
            "metadata.google.internal",
            "printer.local",
            "printer.local.",
            "nas.lan",
            "nas.LAN",
            "wiki.intranet",
            "router.home.arpa",
            "1.0.0.127.in-addr.arpa",
            "mail.corp",
            "box.home",
            "box.private",
            "host.localdomain",
            "x.test",
            "x.invalid",
            "x.onion",
            "intranet",
            "com",
            // What the runtime would mend first.
            "１２７.０.０.１",
            "127。0。0。1",
            "127.0.0.①",
            "ⓛocalhost",
            "loc\u{ad}alhost",
            "localhos%74",
            "%31%32%37.0.0.1",
            "hooks.example%2e",
            "bücher.example",
            "hooks.exam\tple",
            "hooks.example\n",
            " hooks.example",
            "hooks..example",
            ".hooks.example",
            "-hooks.example",
            "hooks-.example",
            "*.example",
            "hooks.example..",
            "",
            "@hooks.example",
            "user@hooks.example",
            "user:pw@hooks.example",
            "hooks.example\\@127.0.0.1",
            "hooks.example\\.local",
            "hooks.example:8443",
            "hooks.example:80",
            "hooks.example:99999",
            "hooks.example:65979",
            "hooks.example:-1",
            "hooks.example:443:443",
            "hooks.example:４４３",
            "hooks.example:4 43",
            "hooks.example:0x1bb",
            "hooks.123",
        ] {
            for url in [
                format!("https://{host}/"),
                format!("https://{host}"),
                format!("https://{host}?x=/@hooks.example"),
            ] {
                assert!(public_address(&url).is_err(), "{url}");
            }
        }
        for url in [
            "http://hooks.example/",
            "ftp://hooks.example/",
            "https:hooks.example",
            "https:/hooks.example/",
            "https:///hooks.example/",
            "https:\\\\hooks.example/",
            "//hooks.example/",
            "hooks.example",
            "\u{0}https://hooks.example/",
            " https://hooks.example/",
            "https://hooks.example/a b",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "nonsense",
            "",
        ] {
            assert!(public_address(url).is_err(), "{url}");
        }
        let long = format!("https://{}.example/", "a".repeat(64));
        assert!(public_address(&long).is_err());
        let long = format!("https://{}example/", "abcdefgh.".repeat(30));
        assert!(public_address(&long).is_err());
    }
}

//! A request as it came in.

use std::fmt;

use crate::base::time::UnixMillis;

macro_rules! headers {
    ($($(#[$doc:meta])* $header:ident $name:literal,)*) => {
        /// A header that is brought along with every request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Header {
            $($(#[$doc])* $header,)*
        }

        impl Header {
            /// The names, in the order of the variants. Whoever brings the values takes the order from here.
            pub const NAMES: &[&str] = &[$($name,)*];
        }
    };
}

headers! {
    /// The write key of a page.
    Key "x-edgetally-key",
    /// The page's origin.
    Origin "origin",
    /// A server's secret.
    Authorization "authorization",
    /// The id of a signed request.
    WebhookId "webhook-id",
    /// When it was signed.
    WebhookTimestamp "webhook-timestamp",
    /// What it was signed with.
    WebhookSignature "webhook-signature",
    /// The body's media type.
    ContentType "content-type",
    /// How the body is compressed.
    ContentEncoding "content-encoding",
    /// How long the body is.
    ContentLength "content-length",
    /// The visitor's browser.
    UserAgent "user-agent",
    /// The page that sends.
    Referer "referer",
    /// The visitor's cookies.
    Cookie "cookie",
    /// Global Privacy Control.
    SecGpc "sec-gpc",
    /// The address of whoever sends.
    Ip "cf-connecting-ip",
}

/// The headers of a request.
#[derive(Clone, Copy, Default)]
pub struct Headers<'a> {
    common: &'a [&'a str],
    names: &'static [&'static str],
    own: &'a [&'a str],
}

impl<'a> Headers<'a> {
    /// The values of [`Header::NAMES`] in their order; one that is absent is empty.
    pub const fn new(common: &'a [&'a str]) -> Self {
        Self {
            common,
            names: &[],
            own: &[],
        }
    }

    /// With those that one format asks for, in the order of their names.
    #[must_use]
    pub const fn with(self, names: &'static [&'static str], own: &'a [&'a str]) -> Self {
        Self { names, own, ..self }
    }

    /// A header that is there and not empty.
    pub fn get(&self, header: Header) -> Option<&'a str> {
        present(self.common.get(header as usize))
    }

    /// One of the [headers of the format](super::Format::headers) that is there and not empty.
    pub fn own(&self, name: &str) -> Option<&'a str> {
        let place = self.names.iter().position(|known| *known == name)?;
        present(self.own.get(place))
    }
}

/// Scheme and host of an address, as browsers write an origin.
fn origin_of(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let rest = url.get(host..)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    url.get(..host + end)
}

fn present<'a>(value: Option<&&'a str>) -> Option<&'a str> {
    value.copied().filter(|value| !value.is_empty())
}

/// A request as it came in.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// The host of its address, with the port where one is given.
    pub host: &'a str,
    /// The path of its address.
    pub path: &'a str,
    /// What stands behind the `?` of its address.
    pub query: &'a str,
    /// Its headers.
    pub headers: Headers<'a>,
    /// The country that the sender's address lies in, two letters.
    pub country: Option<&'a str>,
    /// The region that it lies in, ISO 3166-2 without the country.
    pub region: Option<&'a str>,
    /// Its body, byte for byte: signatures are over those.
    pub body: &'a [u8],
    /// When it came in.
    pub now: UnixMillis,
}

impl<'a> Arrival<'a> {
    /// A body and nothing else.
    pub fn of_body(body: &'a [u8], now: UnixMillis) -> Self {
        Self {
            host: "",
            path: "",
            query: "",
            headers: Headers::default(),
            country: None,
            region: None,
            body,
            now,
        }
    }

    /// A header that is there and not empty.
    pub fn header(&self, header: Header) -> Option<&'a str> {
        self.headers.get(header)
    }

    /// The origin of the page that asks: `Origin`, or that of `Referer` where a browser sends none, as for images and for what a
    /// page reads from its own host.
    pub fn page_origin(&self) -> Option<&'a str> {
        self.header(Header::Origin)
            .or_else(|| self.header(Header::Referer).and_then(origin_of))
    }

    /// Whether a page asks for its cookies to be set: `cookies=1` in the query.
    pub fn asks_for_cookies(&self) -> bool {
        self.query.split('&').any(|pair| pair == "cookies=1")
    }

    /// The write key: the header, or the parameter `key` of senders that have no headers, such as beacons and images.
    pub fn key(&self) -> Option<&'a str> {
        self.header(Header::Key).or_else(|| {
            self.query
                .split('&')
                .find_map(|pair| pair.strip_prefix("key="))
                .filter(|key| !key.is_empty())
        })
    }
}

impl fmt::Debug for Headers<'_> {
    /// None of them: they are the sender's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers").finish_non_exhaustive()
    }
}

impl fmt::Debug for Arrival<'_> {
    /// Nothing of it: all of it is the sender's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::origin_of;

    #[test]
    fn an_origin_is_taken_from_the_address_of_the_page() {
        for (url, origin) in [
            (
                "https://shop.example/thanks?order=1",
                Some("https://shop.example"),
            ),
            ("https://shop.example", Some("https://shop.example")),
            (
                "http://shop.example:8080/",
                Some("http://shop.example:8080"),
            ),
            (
                "https://shop.example?x=https://evil.example/",
                Some("https://shop.example"),
            ),
            // Whose credentials these are does not matter: such an origin is on nobody's list.
            (
                "https://shop.example@evil.example/",
                Some("https://shop.example@evil.example"),
            ),
            ("about:blank", None),
            ("", None),
        ] {
            assert_eq!(origin_of(url), origin, "{url}");
        }
    }
}

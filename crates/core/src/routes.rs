//! Every address that the worker answers at: one table, from which dispatch, `405` and its `Allow`, preflights and the
//! check of the docs follow.

use std::borrow::Cow;

use crate::base::text::percent_decoded;
use crate::intake::{Format, measurement_protocol, native, pixel, segment};

/// A part of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The page of every morning.
    Overview,
    /// One event by its id.
    Event,
    /// Dead letters.
    Letters,
    /// The latest copies.
    Live,
    /// Letters that were chosen are replayed or dismissed.
    Replay,
    /// Where somebody signs in.
    Login,
    /// Somebody signs in.
    SignIn,
    /// Somebody signs out.
    SignOut,
    /// A style or a script.
    Asset,
}

/// Who answers.
#[derive(Debug, Clone, Copy)]
pub enum Handler {
    /// Intake, in a format.
    Intake(&'static Format),
    /// What Segment's SDK asks for first.
    SegmentSettings,
    /// What RudderStack's SDK asks for first.
    RudderStackSettings,
    /// What Segment's SDK counts about itself; nobody keeps it.
    SdkMetrics,
    /// What silence about consent means where a page's visitor is.
    Region,
    /// Whether everything is as it should be.
    Health,
    /// Balances and reasons.
    Ledger,
    /// The quality of events.
    Quality,
    /// Counts in Prometheus' format.
    Metrics,
    /// Whether a release changed what arrives.
    Compare,
    /// What is wrong, and was lately.
    Alerts,
    /// Sends a message, to see that messages arrive.
    TestAlert,
    /// What happened lately.
    Recent,
    /// What was rejected or given up.
    DeadLetters,
    /// What was decided about an event.
    Receipt,
    /// Everything that was decided about a source's events of a day.
    Receipts,
    /// How far the chains of receipts are.
    ReceiptHeads,
    /// Offers dead letters again.
    Replay,
    /// Forgets dead letters.
    Dismiss,
    /// Says what consent strings mean, and what follows.
    ExplainConsent,
    /// A server withdraws a visitor's consent.
    Withdraw,
    /// The dashboard, which people read.
    Dashboard(Page),
}

/// A method and a path, and who answers there.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`. Where `GET` is answered, `HEAD` is.
    pub method: &'static str,
    /// The whole path. Where a segment is a name in braces, any text may stand there ([`parameter`] has it where
    /// that is the last one).
    pub path: &'static str,
    /// Who answers.
    pub handler: Handler,
}

/// The table. The first one is asked for most.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/events", Handler::Intake(&native::FORMAT)),
    route("GET", "/v1/pixel.gif", Handler::Intake(&pixel::FORMAT)),
    route(
        "POST",
        "/v1/mp/collect",
        Handler::Intake(&measurement_protocol::FORMAT),
    ),
    // As on Google's hosts, so that a sender changes nothing but the host's name.
    route(
        "POST",
        "/mp/collect",
        Handler::Intake(&measurement_protocol::FORMAT),
    ),
    route(
        "POST",
        "/debug/mp/collect",
        Handler::Intake(&measurement_protocol::DEBUG),
    ),
    route("POST", "/v1/track", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/t", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/page", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/p", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/screen", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/s", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/identify", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/i", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/group", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/g", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/alias", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/a", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/batch", Handler::Intake(&segment::FORMAT)),
    route("POST", "/v1/b", Handler::Intake(&segment::FORMAT)),
    route(
        "POST",
        "/beacon/v1/batch",
        Handler::Intake(&segment::FORMAT),
    ),
    route("POST", "/v1/m", Handler::SdkMetrics),
    route(
        "GET",
        "/v1/projects/{write_key}/settings",
        Handler::SegmentSettings,
    ),
    route("GET", "/sourceConfig", Handler::RudderStackSettings),
    route("GET", "/v1/region", Handler::Region),
    route("GET", "/v1/health", Handler::Health),
    route("GET", "/v1/ledger", Handler::Ledger),
    route("GET", "/v1/quality", Handler::Quality),
    route("GET", "/v1/metrics", Handler::Metrics),
    route("GET", "/v1/releases/compare", Handler::Compare),
    route("GET", "/v1/alerts", Handler::Alerts),
    route("POST", "/v1/alerts/test", Handler::TestAlert),
    route("GET", "/v1/recent", Handler::Recent),
    route("GET", "/v1/dead-letters", Handler::DeadLetters),
    route("GET", "/v1/receipts", Handler::Receipts),
    route("GET", "/v1/receipts/{event_id}", Handler::Receipt),
    route("GET", "/v1/receipt-heads", Handler::ReceiptHeads),
    route("POST", "/v1/dead-letters/replay", Handler::Replay),
    route("POST", "/v1/dead-letters/dismiss", Handler::Dismiss),
    route("POST", "/v1/consent/explain", Handler::ExplainConsent),
    route("POST", "/v1/consent/withdraw", Handler::Withdraw),
    route("GET", "/dashboard", Handler::Dashboard(Page::Overview)),
    route("GET", "/dashboard/event", Handler::Dashboard(Page::Event)),
    route("GET", "/dashboard/live", Handler::Dashboard(Page::Live)),
    route(
        "GET",
        "/dashboard/dead-letters",
        Handler::Dashboard(Page::Letters),
    ),
    route(
        "POST",
        "/dashboard/replay",
        Handler::Dashboard(Page::Replay),
    ),
    route("GET", "/dashboard/login", Handler::Dashboard(Page::Login)),
    route("POST", "/dashboard/login", Handler::Dashboard(Page::SignIn)),
    route(
        "POST",
        "/dashboard/logout",
        Handler::Dashboard(Page::SignOut),
    ),
    route(
        "GET",
        "/dashboard/assets/{name}",
        Handler::Dashboard(Page::Asset),
    ),
];

const fn route(method: &'static str, path: &'static str, handler: Handler) -> Route {
    Route {
        method,
        path,
        handler,
    }
}

impl Handler {
    /// Whether SDKs ask there: what they make of an address that they are told may have a slash too many.
    pub fn is_of_sdks(&self) -> bool {
        match self {
            Self::Intake(format) => format.sdk,
            Self::SegmentSettings | Self::RudderStackSettings | Self::SdkMetrics => true,
            _ => false,
        }
    }

    /// What a page of another origin may send there, for the preflight.
    fn page_headers(&self) -> Option<&'static str> {
        match self {
            Self::Intake(format) => format.page_headers,
            _ => self.is_of_sdks().then_some(segment::PAGE_HEADERS),
        }
    }
}

impl Route {
    /// Whether a path is its own.
    fn is_at(&self, path: &str) -> bool {
        let named = self.path.split_once('{');
        let named = named.and_then(|(front, rest)| Some((front, rest.split_once('}')?.1)));
        match named {
            None => self.path == path,
            Some((front, back)) => path
                .strip_prefix(front)
                .and_then(|rest| rest.strip_suffix(back))
                .is_some_and(|given| !given.is_empty() && !given.contains('/')),
        }
    }
}

/// What stands at the end of a path, percent-decoded: what a route has a name in braces for.
///
/// ```
/// use edgetally_core::routes::parameter;
/// assert_eq!(parameter("/v1/receipts/order%2F7%20b"), "order/7 b");
/// ```
pub fn parameter(path: &str) -> Cow<'_, str> {
    percent_decoded(path.rsplit('/').next().unwrap_or_default())
}

/// What a request is for.
#[derive(Debug)]
pub enum Target {
    /// Somebody answers it.
    Handler(Handler),
    /// `HEAD` of what `GET` is answered at: nothing happens.
    Head(Handler),
    /// A page's browser asks whether the page may send: the methods that it may use, and the headers.
    Preflight {
        /// The methods of the path, with commas between.
        methods: String,
        /// What a page may send.
        headers: &'static str,
    },
    /// Nobody answers this method there; those that are answered.
    MethodNotAllowed(String),
    /// There is nothing at this address.
    NotFound,
}

/// A path without the slashes that stand there twice or at its end, where it has any: a redirect to the right one would be
/// the end of a call, or of the program that makes it.
fn sdk_path(path: &str) -> Option<String> {
    if !path.contains("//") && !path.ends_with('/') {
        return None;
    }
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    Some(segments.flat_map(|segment| ["/", segment]).collect())
}

/// What a request for an address of the API that there is not is counted by: the last part of its path, where that is a
/// plain word. Somebody has set an SDK up for a call that is not taken.
///
/// ```
/// use edgetally_core::routes::stray;
/// assert_eq!(stray("POST", "/v1/trakc"), Some("trakc"));
/// assert_eq!(stray("POST", "/v1/jo@shop.example"), Some(""));
/// assert_eq!(stray("GET", "/v1/trakc"), None);
/// assert_eq!(stray("POST", "/wp-login.php"), None);
/// ```
pub fn stray<'p>(method: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix("/v1/").filter(|_| method == "POST")?;
    let last = rest.trim_end_matches('/').rsplit('/').next()?;
    let plain = !last.is_empty()
        && last.len() <= 20
        && last
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    Some(if plain { last } else { "" })
}

/// Looks a request up.
///
/// ```
/// use edgetally_core::routes::{Target, find};
/// let Target::MethodNotAllowed(allow) = find("PUT", "/v1/events") else { panic!() };
/// assert_eq!(allow, "POST, OPTIONS");
/// ```
pub fn find(method: &str, path: &str) -> Target {
    let tidy = sdk_path(path);
    let there = || {
        ROUTES.iter().filter(|route| {
            route.is_at(path)
                || (tidy.as_deref())
                    .is_some_and(|tidy| route.handler.is_of_sdks() && route.is_at(tidy))
        })
    };
    let of = |method: &str| there().find(|route| route.method == method);
    if let Some(route) = of(method) {
        return Target::Handler(route.handler);
    }
    if method == "HEAD"
        && let Some(route) = of("GET")
    {
        return Target::Head(route.handler);
    }
    let mut methods: Vec<&str> = Vec::new();
    for route in there() {
        methods.push(route.method);
        if route.method == "GET" {
            methods.push("HEAD");
        }
    }
    let preflight = there().find_map(|route| route.handler.page_headers());
    match preflight {
        _ if methods.is_empty() => Target::NotFound,
        Some(headers) if method == "OPTIONS" => Target::Preflight {
            methods: methods.join(", "),
            headers,
        },
        _ => {
            methods.extend(preflight.map(|_| "OPTIONS"));
            Target::MethodNotAllowed(methods.join(", "))
        }
    }
}

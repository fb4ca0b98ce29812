//! Every address that the worker answers at: one table, from which dispatch, `405` and its `Allow`, preflights and the
//! check of the docs follow.

use std::borrow::Cow;

use crate::base::text::percent_decoded;
use crate::intake::{Format, measurement_protocol, native, pixel};

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
    /// The whole path. Where its last segment is a name in braces, any text may stand there ([`parameter`]).
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

impl Route {
    /// Whether a path is its own.
    fn is_at(&self, path: &str) -> bool {
        match self
            .path
            .strip_suffix('}')
            .and_then(|own| own.rsplit_once('{'))
        {
            None => self.path == path,
            Some((front, _)) => path
                .strip_prefix(front)
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

/// Looks a request up.
///
/// ```
/// use edgetally_core::routes::{Target, find};
/// let Target::MethodNotAllowed(allow) = find("PUT", "/v1/events") else { panic!() };
/// assert_eq!(allow, "POST, OPTIONS");
/// ```
pub fn find(method: &str, path: &str) -> Target {
    let there = || ROUTES.iter().filter(move |route| route.is_at(path));
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
    let preflight = there().find_map(|route| match route.handler {
        Handler::Intake(format) => format.page_headers,
        _ => None,
    });
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

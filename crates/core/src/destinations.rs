//! The platforms that events go to. Each is one file that turns prepared events into requests, as data, and replies
//! into answers; nothing here sends.
//!
//! Adding one: its file, its line in [`ALL`], its fixtures. `CONTRIBUTING.md` has the steps.

use std::borrow::Cow;
use std::fmt;

use crate::access::Access;
use crate::attribution::without_click_ids;
use crate::consent::{Grant, Purpose};
use crate::envelope::Parcel;
use crate::event::Item;
use crate::identity::spelling::{ClearSpelling, HashedSpelling};
use crate::identity::{Hashed, Spellings};
use crate::money::Figure;
use crate::outcome::{Answer, Outcome, Reply, Verdict};
use crate::settings::{Fields, Secret};
use crate::table::Table;
use crate::time::UnixMillis;

pub mod ga4;
pub mod google_ads;
pub mod linkedin;
pub mod meta;
pub mod microsoft;
pub mod pinterest;
pub mod reddit;
pub mod snapchat;
pub mod tiktok;
pub mod webhook;
pub mod x;

/// Reads a platform's settings, under the destination's name.
pub type Open = fn(&str, &mut Fields<'_, '_>) -> Option<Box<dyn Destination>>;

/// A platform's line in the list.
pub struct Entry {
    /// Its name in the settings.
    pub platform: &'static str,
    /// What is known about it.
    pub facts: &'static Facts,
    /// Reads its settings.
    pub open: Open,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

/// Every platform, in alphabetical order.
pub const ALL: &[Entry] = &[
    Entry {
        platform: "ga4",
        facts: &ga4::FACTS,
        open: ga4::open,
    },
    Entry {
        platform: "google_ads",
        facts: &google_ads::FACTS,
        open: google_ads::open,
    },
    Entry {
        platform: "linkedin",
        facts: &linkedin::FACTS,
        open: linkedin::open,
    },
    Entry {
        platform: "meta",
        facts: &meta::FACTS,
        open: meta::open,
    },
    Entry {
        platform: "microsoft",
        facts: &microsoft::FACTS,
        open: microsoft::open,
    },
    Entry {
        platform: "pinterest",
        facts: &pinterest::FACTS,
        open: pinterest::open,
    },
    Entry {
        platform: "reddit",
        facts: &reddit::FACTS,
        open: reddit::open,
    },
    Entry {
        platform: "snapchat",
        facts: &snapchat::FACTS,
        open: snapchat::open,
    },
    Entry {
        platform: "tiktok",
        facts: &tiktok::FACTS,
        open: tiktok::open,
    },
    Entry {
        platform: "webhook",
        facts: &webhook::FACTS,
        open: webhook::open,
    },
    Entry {
        platform: "x",
        facts: &x::FACTS,
        open: x::open,
    },
];

/// What is known about a platform.
#[derive(Debug)]
pub struct Facts {
    /// Its name in the settings.
    pub platform: &'static str,
    /// The version of its interface.
    pub api_version: &'static str,
    /// The announced last day of that version, `YYYY-MM-DD`; nothing where none was announced.
    pub version_ends: Option<&'static str>,
    /// The day these facts were read, `YYYY-MM-DD`.
    pub read: &'static str,
    /// The most events of one request.
    pub most_events: usize,
    /// The largest body of one request, in bytes.
    pub most_bytes: usize,
    /// The spellings of identifiers that it takes.
    pub spellings: Spellings,
    /// What becomes of test events.
    pub test: TestMode,
}

/// What a platform does with test events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestMode {
    /// It takes them apart from the real ones.
    Platform,
    /// It has no place for them: they are checked and encoded here, and the sender is told that they went no further.
    DryRun,
}

/// Why a destination has no use for an event. Expected and counted, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skip(pub &'static str);

impl Skip {
    /// The event is older than the platform takes.
    pub const TOO_OLD: Self = Self("too_old");
    /// Nothing in the event would let the platform recognise anybody.
    pub const NO_IDENTIFIERS: Self = Self("identifiers_missing");
    /// The platform has no counterpart of the event.
    pub const NOT_MAPPED: Self = Self("event_not_mapped");
}

/// A request as data.
pub type Request = http::Request<Vec<u8>>;

/// One event on its way to one destination, seen through its grant.
///
/// Identifiers, click ids and advertising cookies are only here, and only where the grant covers them.
#[derive(Debug, Clone, Copy)]
pub struct Input<'e> {
    /// The event.
    pub event: &'e Parcel<'e>,
    grant: Grant,
}

impl<'e> Input<'e> {
    /// An event under its grant.
    pub const fn new(event: &'e Parcel<'e>, grant: Grant) -> Self {
        Self { event, grant }
    }

    /// On what terms it may be sent.
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// A prepared identifier.
    pub fn hashed<S: HashedSpelling>(&self) -> Option<Hashed<S>> {
        if self.grant.identifiers() {
            self.event.identifiers.hashed::<S>()
        } else {
            None
        }
    }

    /// An identifier that the platform wants in clear.
    pub fn clear<S: ClearSpelling>(&self) -> Option<&'e str> {
        if self.grant.identifiers() {
            self.event.identifiers.clear::<S>()
        } else {
            None
        }
    }

    /// A click id by its parameter's name.
    pub fn click_id(&self, name: &str) -> Option<&'e str> {
        if self.grant.identifiers() {
            find(&self.event.click_ids, name)
        } else {
            None
        }
    }

    /// A cookie of advertising by its name.
    pub fn cookie(&self, name: &str) -> Option<&'e str> {
        if self.grant.identifiers() {
            find(&self.event.cookies, name)
        } else {
            None
        }
    }

    /// A cookie of Google Analytics, which an analytics grant covers.
    pub fn analytics_cookie(&self, name: &str) -> Option<&'e str> {
        if name.starts_with("_ga") {
            find(&self.event.cookies, name)
        } else {
            None
        }
    }

    /// Address of the page; without identifiers, also without click ids.
    pub fn page_url(&self) -> Option<Cow<'e, str>> {
        self.address(self.event.page_url.as_deref()?)
    }

    /// Where the visitor came from; without identifiers, also without click ids.
    pub fn referrer(&self) -> Option<Cow<'e, str>> {
        self.address(self.event.referrer.as_deref()?)
    }

    fn address(&self, url: &'e str) -> Option<Cow<'e, str>> {
        Some(if self.grant.identifiers() {
            Cow::Borrowed(url)
        } else {
            without_click_ids(url)
        })
    }

    /// A click id: the parameter of the address, else the first of these cookies that is there.
    pub fn clicked(&self, parameter: &str, cookies: &[&str]) -> Option<&'e str> {
        self.click_id(parameter)
            .or_else(|| cookies.iter().find_map(|name| self.cookie(name)))
    }

    /// The visitor's address where it is an IPv4 one.
    pub fn ipv4(&self) -> Option<&'e str> {
        let ip = self.event.ip.as_deref()?;
        ip.parse::<std::net::Ipv4Addr>().ok().map(|_| ip)
    }

    /// The lines that were bought, put somewhere or looked at, vouchers among them: what was taken out of a cart, or back,
    /// is none. A quantity of zero beside what is only looked at says that it is out of stock.
    pub fn lines_and_vouchers(&self) -> impl Iterator<Item = &'e Item<'e>> + use<'e> {
        let looked_at = matches!(
            self.event.name.as_str(),
            "page_view" | "view_item" | "view_item_list" | "search"
        );
        self.event.items.iter().filter(move |item| {
            item.quantity.is_none_or(|quantity| {
                let pieces = quantity.to_f64();
                pieces > 0.0 || (looked_at && pieces == 0.0)
            })
        })
    }

    /// The lines, without those of negative prices, which stand for vouchers: no platform but Google's has a place for them.
    pub fn lines(&self) -> impl Iterator<Item = &'e Item<'e>> + use<'e> {
        self.lines_and_vouchers()
            .filter(|item| item.price.is_none_or(|price| !price.is_negative()))
    }

    /// How many articles there are, where every quantity is whole and above zero: articles sold by weight have no number,
    /// and of one that is out of stock platforms would count one, since its line has no quantity.
    pub fn articles(&self) -> Option<i64> {
        let mut lines = self.lines().peekable();
        lines.peek()?;
        lines.map(counted).sum()
    }

    /// When it happened, not later than now: platforms refuse what lies ahead, and clocks differ.
    pub fn time(&self, now: UnixMillis) -> UnixMillis {
        self.event.time.min(now)
    }

    /// A text property that is not empty. A number is its digits: tag managers make one of the search term "2026".
    pub fn text(&self, name: &str) -> Option<&'e str> {
        self.event
            .property_text(name)
            .filter(|text| !text.is_empty())
    }

    /// How long ago the event happened, in milliseconds.
    pub fn age_ms(&self, now: UnixMillis) -> i64 {
        now.0 - self.event.time.0
    }
}

/// How many pieces a line has, for platforms that take whole numbers from one on.
pub(crate) fn counted(item: &Item<'_>) -> Option<i64> {
    item.pieces().filter(|pieces| *pieces > 0)
}

/// The quantity of a line, whole ones in digits, for platforms that take fractions; nothing where it is zero.
pub(crate) fn quantity<'i>(item: &Item<'i>) -> Option<Figure<'i>> {
    item.quantity
        .filter(|quantity| quantity.to_f64() > 0.0)
        .map(Figure::counted)
}

fn find<'e>(
    pairs: &'e [(crate::text::Text<'e>, crate::text::Text<'e>)],
    name: &str,
) -> Option<&'e str> {
    pairs
        .iter()
        .find(|(key, _)| key.as_str() == name)
        .map(|(_, value)| value.as_str())
}

/// A platform with its settings: what it takes, how it is told, what its replies mean.
pub trait Destination: fmt::Debug + Send + Sync {
    /// What is known about the platform.
    fn facts(&self) -> &'static Facts;

    /// What it does with events, which decides the consent it needs.
    fn purpose(&self) -> Purpose {
        Purpose::Advertising
    }

    /// The spellings that it needs as configured.
    fn spellings(&self) -> Spellings {
        self.facts().spellings
    }

    /// The most events of one request as configured.
    fn most_events(&self) -> usize {
        self.facts().most_events
    }

    /// Whether it has a use for the event. Asked at intake, so that the sender is told, and again before each attempt.
    ///
    /// # Errors
    /// The reason, which is counted.
    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip>;

    /// When the platform stops taking the event.
    fn expires(&self, input: &Input<'_>) -> UnixMillis;

    /// Whether the platform recognises a second copy of the event that comes the same way. Where it does not, a copy that is
    /// sent again counts twice.
    fn pairs(&self, _input: &Input<'_>) -> bool {
        true
    }

    /// Events of different groups never share a request.
    fn group(&self, _input: &Input<'_>) -> String {
        String::new()
    }

    /// Where its access tokens come from; nothing where the credential in the settings does by itself.
    fn access(&self) -> Option<&Access> {
        None
    }

    /// The request for a batch; never empty, all of one group. `token` is of [`access`](Self::access).
    ///
    /// # Errors
    /// An outcome for the whole batch where no request can be built.
    fn request(
        &self,
        batch: &[Input<'_>],
        token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome>;

    /// How to ask what became of events, for a platform that judges later.
    fn inquiry(&self) -> Option<&dyn Inquiry> {
        None
    }

    /// What the reply means.
    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer;

    /// What it means that no reply came. `lost` says that the platform may have taken the batch all the same.
    fn unanswered(&self, batch: &[Input<'_>], code: &'static str, lost: bool) -> Answer {
        let _ = (batch, lost);
        Answer::All(Outcome::retry(code))
    }
}

/// A platform that takes events in, gives a receipt ([`Outcome::Processing`]) and says later what became of them.
pub trait Inquiry {
    /// The question.
    ///
    /// # Errors
    /// An outcome where it cannot be asked.
    fn request(&self, receipt: &str, token: Option<&Secret>) -> Result<Request, Outcome>;

    /// What the reply means.
    fn read(&self, reply: &Reply) -> Verdict;

    /// Seconds from taking in, or from the last question, to the next one; `asked` says how often it was asked.
    fn wait(&self, asked: u32) -> u32;
}

/// The event names of a platform: overrides of the operator, then the platform's own table, then the name itself.
#[derive(Debug, Clone, Default)]
pub struct EventNames {
    overrides: Table<String, Option<String>>,
}

impl EventNames {
    /// The operator's word on an event: another name, or none.
    pub(crate) fn set(&mut self, name: String, to: Option<String>) {
        self.overrides.insert(name, to);
    }

    /// The operator's word on an event: `Some(None)` leaves it out.
    pub(crate) fn overridden(&self, name: &str) -> Option<Option<&str>> {
        self.overrides.get(name).map(Option::as_deref)
    }

    /// What the platform calls an event: the operator's word, else the table's. Custom events, which no table has, keep
    /// their name. `None` leaves the event out.
    pub(crate) fn resolve<'n>(
        &'n self,
        table: &[(&'static str, &'static str)],
        name: &'n str,
    ) -> Option<&'n str> {
        match self.overridden(name) {
            Some(overridden) => overridden,
            // No platform but Google's has refunds, and a refund by another name would count as a sale.
            None if name == "refund" => None,
            None => Some(
                table
                    .iter()
                    .find(|(canonical, _)| *canonical == name)
                    .map_or(name, |(_, theirs)| *theirs),
            ),
        }
    }

    /// The platform's names that the operator gave.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.overrides
            .iter()
            .filter_map(|(name, to)| Some((name.as_str(), to.as_deref()?)))
    }
}

/// Takes a table from event names to ids, for platforms that know events by the ids of rules or tags alone.
pub(crate) fn ids(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    valid: fn(&str) -> bool,
    rule: &str,
) -> Table<String, String> {
    let ids = fields.texts(key);
    if ids.is_empty() {
        fields.fault(key, "names no event, so none would be sent");
    }
    for (name, id) in ids.iter() {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let canonical = (1..=40).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(letter);
        let at = [key, ".", name].concat();
        if !canonical {
            fields.fault(
                &at,
                "is not the name of an event: a-z, then up to 39 of a-z, 0-9 and _",
            );
        } else if !valid(id) {
            fields.fault(&at, rule);
        }
    }
    ids
}

/// The value of a header that holds a credential and is not shown.
///
/// # Errors
/// The credential is at fault where it cannot stand in a header.
pub(crate) fn sensitive(value: &str) -> Result<http::HeaderValue, Outcome> {
    let mut value = http::HeaderValue::from_str(value).map_err(|_| Outcome::Unauthorized {
        code: "credential_malformed".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// `POST` of JSON.
pub(crate) fn post(uri: &str) -> http::request::Builder {
    http::Request::post(uri).header(http::header::CONTENT_TYPE, "application/json")
}

/// The outcome of a reply whose status alone says enough, the same for every platform: too many requests, a server's
/// own trouble, or something in between that is no platform's answer.
pub(crate) fn by_status(reply: &Reply) -> Option<Outcome> {
    let code = format!("http_{}", reply.status);
    match reply.status {
        429 => Some(Outcome::Retry {
            code,
            after: Some(reply.retry_after.unwrap_or(60)),
        }),
        408 | 425 | 500..=599 => Some(Outcome::Retry {
            code,
            after: reply.retry_after,
        }),
        // A redirect or an informational status is not an answer of any of these interfaces.
        100..=199 | 300..=399 => Some(Outcome::retry(code)),
        _ => None,
    }
}

/// Days between two dates `YYYY-MM-DD`, or `None` when one is malformed.
fn days_between(from: UnixMillis, to: &str) -> Option<i64> {
    let end = UnixMillis::parse_rfc3339(&format!("{to}T00:00:00Z"))?;
    Some((end.0 - from.0).div_euclid(crate::time::DAY_MS))
}

/// A platform version and how long it has to live.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Version {
    /// The platform.
    pub platform: &'static str,
    /// The version of its interface that this release speaks.
    pub api_version: &'static str,
    /// The announced last day, where one was announced.
    pub ends: Option<&'static str>,
    /// The day the facts were read.
    pub read: &'static str,
    /// Days until the last day.
    pub days_left: Option<i64>,
}

/// How many days before the end of a version the warnings begin.
pub const VERSION_WARNING_DAYS: i64 = 60;

/// The versions that this release speaks.
pub fn versions(now: UnixMillis) -> Vec<Version> {
    ALL.iter()
        .map(|entry| Version {
            platform: entry.platform,
            api_version: entry.facts.api_version,
            ends: entry.facts.version_ends,
            read: entry.facts.read,
            days_left: entry
                .facts
                .version_ends
                .and_then(|end| days_between(now, end)),
        })
        .collect()
}

/// The version of a platform's interface whose end is near or past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The platform.
    pub platform: &'static str,
    /// The version of its interface that this release speaks.
    pub api_version: &'static str,
    /// The announced last day.
    pub ends: &'static str,
    /// Days until the last day; nothing when the date cannot be read.
    pub days_left: Option<i64>,
}

impl Ending {
    /// Whether a release must not go out with it: less than a whole day is left, or nobody can say how much.
    pub fn is_over(&self) -> bool {
        self.days_left.is_none_or(|days| days <= 0)
    }
}

/// Which of these platforms' versions end within [`VERSION_WARNING_DAYS`], or have ended; each platform once.
pub fn ending<'f>(facts: impl IntoIterator<Item = &'f Facts>, now: UnixMillis) -> Vec<Ending> {
    let mut endings: Vec<Ending> = Vec::new();
    for facts in facts {
        let Some(ends) = facts.version_ends else {
            continue;
        };
        let days_left = days_between(now, ends);
        let near = days_left.is_none_or(|days| days <= VERSION_WARNING_DAYS);
        let known = endings
            .iter()
            .any(|ending| ending.platform == facts.platform);
        if near && !known {
            endings.push(Ending {
                platform: facts.platform,
                api_version: facts.api_version,
                ends,
                days_left,
            });
        }
    }
    endings
}

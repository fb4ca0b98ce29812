//! One event on its way to one destination, seen through its grant.

use std::borrow::Cow;

use crate::base::money::{Amount, Figure, Money};
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::consent::{Grant, Guarded, Visiting};
use crate::event::{ActionSource, Item, Property};
use crate::identity::spelling::{ClearSpelling, HashedSpelling};
use crate::identity::{Hashed, Prepared};
use crate::queue::parcel::Parcel;
use crate::web::without_click_ids;

/// One event on its way to one destination, seen through its grant.
///
/// Nothing of the event can be named but through here, and what shows the visitor only where the grant covers it:
///
/// ```compile_fail,E0616
/// use edgetally_core::destinations::input::Input;
/// fn around_the_grant(input: &Input<'_>) {
///     let _ = &input.event;
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Input<'e> {
    event: &'e Parcel<'e>,
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

    /// The canonical name.
    pub fn name(&self) -> &'e str {
        &self.event.name
    }

    /// The sender's id.
    pub fn id(&self) -> &'e str {
        &self.event.id
    }

    /// When the sender says it happened; platforms want [`time`](Self::time).
    pub const fn event_time(&self) -> UnixMillis {
        self.event.time
    }

    /// When it was received.
    pub const fn received(&self) -> UnixMillis {
        self.event.received
    }

    /// What it was worth.
    pub const fn money(&self) -> Option<&'e Money<'e>> {
        self.event.money.as_ref()
    }

    /// The order.
    pub fn transaction_id(&self) -> Option<&'e str> {
        self.event.transaction_id.as_deref()
    }

    /// What the customer is expected to be worth.
    pub const fn predicted_ltv(&self) -> Option<Amount<'e>> {
        self.event.predicted_ltv
    }

    /// What was bought or looked at, as it was sent; most platforms want [`lines`](Self::lines).
    pub fn items(&self) -> &'e [Item<'e>] {
        &self.event.items
    }

    /// Through which door it came.
    pub const fn action_source(&self) -> ActionSource {
        self.event.action_source
    }

    /// The sender's release.
    pub fn release(&self) -> Option<&'e str> {
        self.event.release.as_deref()
    }

    /// Whether it is for the platform's test mode.
    pub const fn is_test(&self) -> bool {
        self.event.test
    }

    /// Free data.
    pub fn properties(&self) -> &'e [(Text<'e>, Property<'e>)] {
        &self.event.properties
    }

    /// A property by name.
    pub fn property(&self, name: &str) -> Option<&'e Property<'e>> {
        self.event.property(name)
    }

    /// Title of the page.
    pub fn page_title(&self) -> Option<&'e str> {
        self.event.page_title.as_deref()
    }

    /// Country of the request, two letters.
    pub fn geo_country(&self) -> Option<&'e str> {
        self.event.geo_country.as_deref()
    }

    /// Region of the request, as ISO 3166-2 without the country.
    pub fn geo_region(&self) -> Option<&'e str> {
        self.event.geo_region.as_deref()
    }

    /// All that is prepared of the visitor.
    pub fn identifiers(&self) -> Option<&'e Prepared> {
        self.event.identifiers.open(&self.grant)
    }

    /// A prepared identifier.
    pub fn hashed<S: HashedSpelling>(&self) -> Option<Hashed<S>> {
        self.identifiers()?.hashed::<S>()
    }

    /// An identifier that the platform wants in clear.
    pub fn clear<S: ClearSpelling>(&self) -> Option<&'e str> {
        self.identifiers()?.clear::<S>()
    }

    /// The known click ids by their parameters' names.
    pub fn click_ids(&self) -> &'e [(Text<'e>, Text<'e>)] {
        self.event
            .click_ids
            .open(&self.grant)
            .map_or(&[], Vec::as_slice)
    }

    /// A click id by its parameter's name.
    pub fn click_id(&self, name: &str) -> Option<&'e str> {
        find(self.click_ids(), name)
    }

    /// The known first-party cookies: all of them with identifiers, without them those of Google Analytics.
    pub fn cookies(&self) -> impl Iterator<Item = &'e (Text<'e>, Text<'e>)> + use<'e> {
        let all = self.event.cookies.open(&self.grant);
        let identifiers = self.grant.identifiers();
        all.map_or(&[][..], Vec::as_slice)
            .iter()
            .filter(move |(name, _)| identifiers || name.starts_with("_ga"))
    }

    /// A cookie of advertising by its name.
    pub fn cookie(&self, name: &str) -> Option<&'e str> {
        if self.grant.identifiers() {
            find(self.event.cookies.open(&self.grant)?, name)
        } else {
            None
        }
    }

    /// A cookie of Google Analytics, which an analytics grant covers.
    pub fn analytics_cookie(&self, name: &str) -> Option<&'e str> {
        if name.starts_with("_ga") {
            find(self.event.cookies.open(&self.grant)?, name)
        } else {
            None
        }
    }

    /// Address of the page; without identifiers, also without click ids.
    pub fn page_url(&self) -> Option<Cow<'e, str>> {
        self.address(&self.event.page_url)
    }

    /// Where the visitor came from; without identifiers, also without click ids.
    pub fn referrer(&self) -> Option<Cow<'e, str>> {
        self.address(&self.event.referrer)
    }

    fn address(&self, url: &'e Guarded<Option<Text<'e>>, Visiting>) -> Option<Cow<'e, str>> {
        let url = url.open(&self.grant)?.as_deref()?;
        Some(if self.grant.identifiers() {
            Cow::Borrowed(url)
        } else {
            without_click_ids(url)
        })
    }

    /// The visitor's public network address.
    pub fn ip(&self) -> Option<&'e str> {
        self.event.ip.open(&self.grant)?.as_deref()
    }

    /// The visitor's browser.
    pub fn user_agent(&self) -> Option<&'e str> {
        self.event.user_agent.open(&self.grant)?.as_deref()
    }

    /// Google Analytics' id of the browser.
    pub fn client_id(&self) -> Option<&'e str> {
        self.event.client_id.open(&self.grant)?.as_deref()
    }

    /// Google Analytics' id of the visit.
    pub fn session_id(&self) -> Option<&'e str> {
        self.event.session_id.open(&self.grant)?.as_deref()
    }

    /// A click id: the parameter of the address, else the first of these cookies that is there.
    pub fn clicked(&self, parameter: &str, cookies: &[&str]) -> Option<&'e str> {
        self.click_id(parameter)
            .or_else(|| cookies.iter().find_map(|name| self.cookie(name)))
    }

    /// Whether there are both the visitor's address and browser; one alone matches nobody.
    pub fn network(&self) -> bool {
        self.ip().is_some() && self.user_agent().is_some()
    }

    /// The visitor's address where it is an IPv4 one.
    pub fn ipv4(&self) -> Option<&'e str> {
        let ip = self.ip()?;
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

fn find<'e>(pairs: &'e [(Text<'e>, Text<'e>)], name: &str) -> Option<&'e str> {
    pairs
        .iter()
        .find(|(key, _)| key.as_str() == name)
        .map(|(_, value)| value.as_str())
}

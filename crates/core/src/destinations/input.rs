//! One event on its way to one destination, seen through its grant.

use std::borrow::Cow;

use crate::base::money::Figure;
use crate::base::time::UnixMillis;
use crate::consent::Grant;
use crate::event::Item;
use crate::identity::Hashed;
use crate::identity::spelling::{ClearSpelling, HashedSpelling};
use crate::queue::parcel::Parcel;
use crate::web::without_click_ids;

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
    pairs: &'e [(crate::base::text::Text<'e>, crate::base::text::Text<'e>)],
    name: &str,
) -> Option<&'e str> {
    pairs
        .iter()
        .find(|(key, _)| key.as_str() == name)
        .map(|(_, value)| value.as_str())
}

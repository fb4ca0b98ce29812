//! The cookies that an answer sets for a page that asks for it: those of the platforms that the event may go to, where the
//! visitor lets them be stored.
//!
//! They are what the page itself has said, as far as it is sound, so that the first requests of a new visitor, which set out
//! together, cannot come back with two identities.

use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::consent::Storage;
use crate::destinations::input::Input;
use crate::intake::arrival::{Arrival, Header};
use crate::settings::Source;
use crate::web::{Common, KEPT, Kept, common_domain, fits_a_cookie};

/// What an answer is going to set.
#[derive(Debug)]
pub(super) struct Jar<'a> {
    domain: Option<&'a str>,
    secure: bool,
    now: UnixMillis,
    lines: Table<&'static str, String>,
}

impl<'a> Jar<'a> {
    /// For a page that asks for it and can have them; nothing where nothing that is set would come back to it.
    pub(super) fn of(arrival: &Arrival<'a>, source: &'a Source) -> Option<Self> {
        if !arrival.asks_for_cookies() || !source.client.as_ref()?.cookies {
            return None;
        }
        let origin = arrival.header(Header::Origin)?;
        let common = match common_domain(origin, arrival.host)? {
            Common::Host => None,
            Common::Domain(domain) => Some(domain),
        };
        Some(Self {
            domain: source.cookie_domain.as_deref().or(common),
            secure: origin.starts_with("https:"),
            now: arrival.now,
            lines: Table::new(),
        })
    }

    /// Takes what an event brought along for one platform. Of two events of one request, the first one counts.
    pub(super) fn gather(&mut self, platform: &str, input: &Input<'_>, storage: Storage) {
        for kept in KEPT.iter().filter(|kept| kept.platform == platform) {
            let analytics = kept.cookie.starts_with("_ga");
            let stored = if analytics {
                storage.analytics
            } else {
                storage.advertising
            };
            if !stored || self.lines.get(&kept.cookie).is_some() {
                continue;
            }
            let value = self.value(kept, input, analytics);
            if let Some(value) = value.filter(|value| fits_a_cookie(value)) {
                let line = kept.line(&value, self.domain, self.secure);
                self.lines.insert(kept.cookie, line);
            }
        }
    }

    /// A click of this visit, unless the cookie is of the same one; else the cookie.
    fn value(&self, kept: &Kept, input: &Input<'_>, analytics: bool) -> Option<String> {
        let cookie = if analytics {
            input.analytics_cookie(kept.cookie)
        } else {
            input.cookie(kept.cookie)
        };
        let click = kept.click_id.and_then(|name| input.click_id(name));
        match (click, cookie) {
            (Some(id), Some(cookie)) if kept.holds(cookie, id) => Some(cookie.to_owned()),
            (Some(id), _) => Some(kept.of_click(id, self.now)),
            (None, cookie) => cookie.map(str::to_owned),
        }
    }

    /// The headers of the answer.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, String)> + use<'_> {
        self.lines
            .iter()
            .map(|(_, line)| ("set-cookie", line.clone()))
    }
}

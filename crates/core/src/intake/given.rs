//! What a sender has given with an event, whatever consent makes of it: only that it is there is counted, by codes of a few
//! letters. So a release that loses the e-mail address shows, and no address does.

use crate::base::match_keys::{Key, Keys};
use crate::base::money::Money;
use crate::base::time::UnixMillis;
use crate::consent::Reading;
use crate::event::Event;
use crate::identity::Hints;
use crate::intake::visit::Visit;
use crate::ledger::measured::{PARTS, TOO_LARGE, skew};
use crate::ledger::{Counts, Dimensions, State};
use crate::web::{
    Fbc, clean_url, click_id, click_parameters, client_id_from_ga, cookie, cookies_from_header,
    is_robot, known_click_id, known_cookie, names_browser, visitor_ip,
};

/// What a sender has given with an event.
#[derive(Debug)]
pub(super) struct Given {
    keys: Keys,
    parts: String,
    money: Option<(String, Option<i64>)>,
    consent: String,
    skew: Option<&'static str>,
    /// As far as the user agent tells, a robot has sent it.
    pub(super) bot: bool,
}

impl Given {
    /// Looks at an event before anything of it is left out or kept back.
    pub(super) fn of(
        event: &Event<'_>,
        reading: &Reading,
        visit: Option<&Visit<'_>>,
        hints: Hints,
        now: UnixMillis,
    ) -> Self {
        let none = Visit::default();
        let visit = visit.unwrap_or(&none);
        let context = &event.context;
        let agent = visit
            .user_agent
            .filter(|agent| !agent.trim().is_empty())
            .or(context.user_agent.as_deref());
        let url = context.page_url.as_deref();
        let url = url.filter(|url| clean_url(url).is_some()).or(visit.referer);
        let mut ips = visit.ip.into_iter().chain(context.ip.as_deref());
        let network = agent.is_some() && ips.any(|ip| visitor_ip(ip).is_ok());
        Self {
            keys: event
                .user
                .keys(&hints)
                .with(Key::Network, network)
                .with(Key::Click, clicked(event, visit, url, now))
                .with(Key::Browser, named(event, visit, now)),
            parts: parts(event, url.is_some()),
            money: event.money.as_ref().map(|Money { amount, currency }| {
                (currency.as_str().to_owned(), amount.millionths())
            }),
            consent: reading.answers().join(":"),
            skew: event.said_time.and_then(|said| skew(said, now)),
            bot: agent.is_some_and(is_robot),
        }
    }

    /// Counts it.
    pub(super) fn count(&self, of: &Dimensions<'_>, counts: &mut Counts) {
        let mut add = |state, code: &str, n| counts.add(of.line("", state, code), n);
        add(State::Keys, &self.keys.code(), 1);
        add(State::Parts, &self.parts, 1);
        add(State::Consent, &self.consent, 1);
        match &self.money {
            Some((currency, Some(millionths))) => {
                add(State::Priced, currency, 1);
                add(State::Money, currency, *millionths);
            }
            Some((_, None)) => add(State::Priced, TOO_LARGE, 1),
            None => {}
        }
        if let Some(skew) = self.skew {
            add(State::Skew, skew, 1);
        }
    }
}

/// Which of the [`PARTS`] there are, as letters.
fn parts(event: &Event<'_>, url: bool) -> String {
    let there = [
        event.money.is_some(),
        event.money.is_some(),
        event.transaction_id.is_some(),
        !event.items.is_empty(),
        event.said_time.is_some(),
        url,
        event.release.is_some(),
    ];
    let there = PARTS.iter().zip(there).filter(|(_, there)| *there);
    there.map(|((letter, _), _)| *letter).collect()
}

/// The known cookies that can be used, by name: of the event, and of the visitor's browser.
fn cookies<'v>(
    event: &'v Event<'_>,
    visit: &Visit<'v>,
    now: UnixMillis,
) -> impl Iterator<Item = &'v str> {
    let sent = event.context.cookies.iter();
    let sent = sent.map(|(name, value)| (name.as_str(), value.as_str()));
    let sent = sent.filter(|(name, _)| known_cookie(name));
    let header = visit.cookies.into_iter().flat_map(cookies_from_header);
    let at = event.time;
    let sound = move |(name, value): &(&str, &str)| match *name {
        "_fbc" => Fbc::read(value, at, now).is_ok(),
        name => cookie(name, value, at, now).is_ok(),
    };
    sent.chain(header).filter(sound).map(|(name, _)| name)
}

/// Whether there is a click id of any platform.
fn clicked(event: &Event<'_>, visit: &Visit<'_>, url: Option<&str>, now: UnixMillis) -> bool {
    let sound = |name: &str, value: &str| {
        if name == "fbclid" && value.trim_start().starts_with("fb.") {
            Fbc::read(value, event.time, now).is_ok()
        } else {
            click_id(name, value).is_ok()
        }
    };
    let mut sent = event.context.click_ids.iter();
    let mut seen = url.into_iter().flat_map(click_parameters);
    sent.any(|(name, value)| known_click_id(name).is_some_and(|name| sound(name, value)))
        || seen.any(|(name, value)| sound(name, &value))
        || cookies(event, visit, now).any(holds_click)
}

/// Whether a cookie holds a click.
fn holds_click(name: &str) -> bool {
    // A visit of Google's, and the link of two domains.
    !names_browser(name) && !name.starts_with("_ga_") && name != "_gcl_au"
}

/// Whether there is an id of the browser, of any platform.
fn named(event: &Event<'_>, visit: &Visit<'_>, now: UnixMillis) -> bool {
    let id = event.context.client_id.as_deref();
    id.is_some_and(|id| client_id_from_ga(id).is_some())
        || cookies(event, visit, now).any(names_browser)
}

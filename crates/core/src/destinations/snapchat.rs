//! Snapchat Conversions API.
//!
//! `POST https://tr.snapchat.com/v3/{pixel_id}/events?access_token=…`, read 2026-11-22; v3 has no announced end. The
//! token stands in the query, where Snap's pages have it, so the address of a request is a secret too.
//! Test events go to `/events/validate`, which checks them and counts nothing.
//!
//! Event names are a closed list with five numbered slots for everything else. Whether Snap keeps the rest of a batch
//! with one bad event is not documented: batches are small and the rest is sent again, which `event_id` makes harmless.

use serde_json::Value;

use crate::base::fields::Fields;
use crate::base::json::Object;
use crate::base::match_keys::{Key, Keys};
use crate::base::money::Money;
use crate::base::reason::{Cause, Skip};
use crate::base::secret::Secret;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, TestMode};
use crate::destinations::input::{Input, counted};
use crate::destinations::names::EventNames;
use crate::event::ActionSource;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{
    City, CountryHash, DigitsPhone, FirstName, LastName, LowerExternalId, MetaGender, PlainEmail,
    State, Zip,
};
use crate::identity::{Spelling, Spellings};

/// The version in the path; its end has not been announced (Snap's migration guide, read 2026-11-22).
pub const VERSION: &str = "v3";

/// What is known about Snapchat.
pub const FACTS: Facts = Facts {
    platform: "snapchat",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // Snap takes 2,000, and does not say what becomes of the others when one is bad.
    most_events: 100,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Unlisted,
    limited_use: Some("data_processing_options"),
    impersonal: None,
    spellings: Spellings::of(&[
        Spelling::PlainEmail,
        Spelling::DigitsPhone,
        Spelling::FirstName,
        Spelling::LastName,
        Spelling::MetaGender,
        Spelling::City,
        Spelling::State,
        Spelling::Zip,
        Spelling::CountryHash,
        Spelling::LowerExternalId,
    ]),
    test: TestMode::Platform,
    deletion: Deletion::UNDOCUMENTED,
};

/// The events that have a name of their own there. (`generate_lead` as Snap's own server template has it.)
const EVENTS: &[(&str, &str)] = &[
    ("page_view", "PAGE_VIEW"),
    ("view_item", "VIEW_CONTENT"),
    ("view_item_list", "LIST_VIEW"),
    ("search", "SEARCH"),
    ("add_to_cart", "ADD_CART"),
    ("add_to_wishlist", "ADD_TO_WISHLIST"),
    ("begin_checkout", "START_CHECKOUT"),
    ("add_payment_info", "ADD_BILLING"),
    ("purchase", "PURCHASE"),
    ("generate_lead", "SIGN_UP"),
    ("sign_up", "SIGN_UP"),
    ("subscribe", "SUBSCRIBE"),
    ("start_trial", "START_TRIAL"),
    ("schedule", "RESERVE"),
];

/// Every name that Snap takes (Conversions API parameters, read 2026-11-22).
const NAMES: &[&str] = &[
    "PURCHASE",
    "SAVE",
    "START_CHECKOUT",
    "ADD_CART",
    "VIEW_CONTENT",
    "ADD_BILLING",
    "SIGN_UP",
    "SEARCH",
    "PAGE_VIEW",
    "SUBSCRIBE",
    "AD_CLICK",
    "AD_VIEW",
    "COMPLETE_TUTORIAL",
    "LEVEL_COMPLETE",
    "INVITE",
    "LOGIN",
    "SHARE",
    "RESERVE",
    "ACHIEVEMENT_UNLOCKED",
    "ADD_TO_WISHLIST",
    "SPENT_CREDITS",
    "RATE",
    "START_TRIAL",
    "LIST_VIEW",
    "APP_INSTALL",
    "APP_OPEN",
    "CUSTOM_EVENT_1",
    "CUSTOM_EVENT_2",
    "CUSTOM_EVENT_3",
    "CUSTOM_EVENT_4",
    "CUSTOM_EVENT_5",
];

/// The currencies that Snap takes (its list, as connectors that check against it carry it, read 2026-11-22).
const CURRENCIES: &str = "USD AED AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GIP HKD HRK HUF IDR ILS INR \
    JPY KRW KWD KZT LBP MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD TZS UAH VND ZAR ALL \
    BHD DZD GHS IQD ISK JOD KES MAD OMR XOF";

/// What `content_type` may be; the first is the default.
const CONTENT_TYPES: &[&str] = &["product", "product_group"];

/// The oldest that Snap takes (its introduction). For events of pages, newer pages and connectors say 7 days.
const MOST_AGE_MS: i64 = 37 * DAY_MS;

/// A pixel and its token.
#[derive(Debug)]
pub struct Snapchat {
    pixel_id: String,
    access_token: Secret,
    limited: Limited,
    content_type: &'static str,
    most_events: usize,
    most_age_ms: i64,
    events: EventNames,
}

/// The word for limited data use. Snap's reference and its libraries disagree on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limited {
    /// `LMU`, of the newer reference.
    Lmu,
    /// `LDU` with the numbers of country and state, of the libraries.
    Ldu,
}

/// Reads the settings: `pixel_id`; optionally `access_token` (the secret's name, `SNAPCHAT_ACCESS_TOKEN`), `limited`
/// (`LMU` or `LDU`), `content_type` (`product`), `most_events` (100), `max_age_days` (7, of events of pages), `events`
/// (canonical name to one of Snap's, or `false`).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let pixel_id = fields.required("pixel_id");
    let plain = |id: &str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if pixel_id.as_deref().is_some_and(|id| !plain(id)) {
        fields.fault("pixel_id", "must be letters, digits and hyphens");
    }
    let limited = match fields.word("limited", &["LMU", "LDU"]) {
        "LDU" => Limited::Ldu,
        _ => Limited::Lmu,
    };
    let content_type = fields.word("content_type", CONTENT_TYPES);
    let most_events = fields.whole("most_events", 100, (1, 2000));
    let days = fields.whole("max_age_days", 7, (1, 37));
    let events = EventNames::read(fields);
    for (name, to) in events.named() {
        if !NAMES.contains(&to) {
            fields.fault(
                &["events.", name].concat(),
                "must be one of Snapchat's event names, such as CUSTOM_EVENT_1",
            );
        }
    }
    let access_token = fields.secret("access_token", "SNAPCHAT_ACCESS_TOKEN");
    Some(Box::new(Snapchat {
        pixel_id: pixel_id?,
        access_token: access_token?,
        limited,
        content_type,
        most_events: most_events as usize,
        most_age_ms: i64::from(days) * DAY_MS,
        events,
    }))
}

/// The amount where Snap knows its currency. Prices do not travel without one either.
fn money<'e>(input: &Input<'e>) -> Option<&'e Money<'e>> {
    input.money().filter(|money| {
        CURRENCIES
            .split(' ')
            .any(|known| known == money.currency.as_str())
    })
}

/// Country and state of `LDU`: 1 and 1000 are the United States and California, 0 leaves it to Snap, which then needs
/// the visitor's address. Nothing where neither would say whose law applies.
fn place(input: &Input<'_>) -> Option<(i64, i64)> {
    let country = input.geo_country() == Some("US");
    let state = country && input.geo_region() == Some("CA");
    (state || input.ip().is_some()).then_some((i64::from(country), i64::from(state) * 1000))
}

impl Snapchat {
    fn event_name<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        self.events
            .resolve(EVENTS, name)
            .filter(|name| NAMES.contains(name))
    }

    fn most_age_ms(&self, input: &Input<'_>) -> i64 {
        if input.action_source() == ActionSource::Website {
            self.most_age_ms
        } else {
            MOST_AGE_MS
        }
    }

    fn write(&self, to: &mut Object<'_>, input: &Input<'_>, now: UnixMillis) {
        let website = input.action_source() == ActionSource::Website;
        to.put("event_name", self.event_name(input.name()));
        to.put("event_time", input.time(now).seconds());
        to.put("event_id", input.id());
        // The values of Snap's own server template; an app has a third one and is not sent.
        to.put("action_source", if website { "WEB" } else { "OFFLINE" });
        to.put("event_source_url", input.page_url().filter(|_| website));
        to.put("integration", "edgetally");
        if input.grant().limited() {
            match self.limited {
                Limited::Lmu => to.list("data_processing_options", ["LMU"]),
                Limited::Ldu => {
                    let (country, state) = place(input).unwrap_or_default();
                    to.list("data_processing_options", ["LDU"]);
                    to.put("data_processing_options_country", country);
                    to.put("data_processing_options_state", state);
                }
            }
        }
        to.object("user_data", |user| {
            user.list("em", [input.hashed::<PlainEmail>()]);
            user.list("ph", [input.hashed::<DigitsPhone>()]);
            user.put("fn", input.hashed::<FirstName>());
            user.put("ln", input.hashed::<LastName>());
            user.put("ge", input.hashed::<MetaGender>());
            user.put("ct", input.hashed::<City>());
            user.put("st", input.hashed::<State>());
            user.put("zp", input.hashed::<Zip>());
            user.put("country", input.hashed::<CountryHash>());
            user.put("external_id", input.hashed::<LowerExternalId>());
            user.put("client_ip_address", input.ip());
            user.put("client_user_agent", input.user_agent());
            user.put("sc_click_id", input.clicked("ScCid", &["_scclid"]));
            user.put("sc_cookie1", input.cookie("_scid"));
        });
        to.object("custom_data", |data| self.write_data(data, input));
    }

    fn write_data(&self, data: &mut Object<'_>, input: &Input<'_>) {
        let money = money(input);
        data.put("currency", money.map(|money| &money.currency));
        data.put("value", money.map(|money| money.amount));
        data.put("order_id", input.transaction_id());
        data.put(
            "predicted_ltv",
            input.predicted_ltv().filter(|_| money.is_some()),
        );
        data.put("search_string", input.text("search_term"));
        if input.name() == "sign_up" {
            data.put("sign_up_method", input.text("method"));
        }
        data.put("num_items", input.articles());
        let mut categories: Vec<&str> = Vec::new();
        for item in input.lines() {
            if let Some(category) = item.text("item_category")
                && !categories.contains(&category)
            {
                categories.push(category);
            }
        }
        data.list("content_category", categories);
        let items = || {
            input
                .lines()
                .filter(|item| item.item_id.as_deref().is_some_and(|id| !id.is_empty()))
        };
        if items().next().is_none() {
            return;
        }
        let sent = input
            .text("content_type")
            .filter(|sent| CONTENT_TYPES.contains(sent));
        data.put("content_type", sent.unwrap_or(self.content_type));
        data.list("content_ids", items().map(|item| item.item_id.as_deref()));
        data.objects("contents", items(), |content, item| {
            content.put("id", item.item_id.as_deref());
            // What is sold by weight has no number.
            content.put("quantity", counted(item));
            content.put("item_price", item.price.filter(|_| money.is_some()));
            content.put("brand", item.text("item_brand"));
            content.put(
                "delivery_category",
                item.text("delivery_category")
                    .filter(|name| matches!(*name, "in_store" | "curbside" | "home_delivery")),
            );
        });
    }
}

impl Destination for Snapchat {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn most_events(&self) -> usize {
        self.most_events
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        let Some(name) = self.event_name(input.name()) else {
            return Err(Skip::EventNotMapped);
        };
        if input.age_ms(now) >= self.most_age_ms(input) {
            return Err(Skip::TooOld);
        }
        match input.action_source() {
            ActionSource::Website if input.page_url().is_none() => {
                return Err(Skip::PageUrlMissing);
            }
            // `app_data` is required there, and the canonical event has no device to fill it from.
            ActionSource::App => return Err(Skip::AppDataUnsupported),
            _ => {}
        }
        if name == "PURCHASE" && money(input).is_none() {
            return Err(if input.money().is_some() {
                Skip::CurrencyUnsupported
            } else {
                Skip::ValueMissing
            });
        }
        if input.grant().limited() && self.limited == Limited::Ldu && place(input).is_none() {
            return Err(Skip::LimitedUseStateUnknown);
        }
        // Snap's minimum, but for a device's advertising id, which no canonical event has.
        let enough = input.hashed::<PlainEmail>().is_some()
            || input.hashed::<DigitsPhone>().is_some()
            || (input.ip().is_some() && input.user_agent().is_some());
        if enough {
            Ok(())
        } else {
            Err(Skip::IdentifiersMissing)
        }
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let person = input.hashed::<FirstName>().is_some()
            || input.hashed::<LastName>().is_some()
            || input.hashed::<City>().is_some()
            || input.hashed::<Zip>().is_some()
            || input.hashed::<CountryHash>().is_some();
        Keys::NONE
            .with(Key::Click, input.clicked("ScCid", &["_scclid"]).is_some())
            .with(Key::Email, input.hashed::<PlainEmail>().is_some())
            .with(Key::Phone, input.hashed::<DigitsPhone>().is_some())
            .with(Key::ExternalId, input.hashed::<LowerExternalId>().is_some())
            .with(Key::Browser, input.cookie("_scid").is_some())
            .with(Key::Network, input.network())
            .with(Key::Person, person)
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + self.most_age_ms(input))
    }

    fn group(&self, input: &Input<'_>) -> String {
        // They go to another address.
        if input.is_test() { "test" } else { "" }.to_owned()
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        _token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        let body = Object::write(|body| {
            body.objects("data", batch, |event, input| self.write(event, input, now));
        });
        let test = batch.first().is_some_and(Input::is_test);
        let mut uri = [
            "https://tr.snapchat.com/",
            VERSION,
            "/",
            &self.pixel_id,
            if test { "/events/validate" } else { "/events" },
            "?access_token=",
        ]
        .concat();
        uri.extend(form_urlencoded::byte_serialize(
            self.access_token.expose().as_bytes(),
        ));
        post(&uri)
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        if let Some(outcome) = by_status(reply) {
            return Answer::All(outcome);
        }
        let http = ReasonCode::http(reply.status);
        // Before the body: events that are called invalid for the token's sake would be lost, a pause loses none.
        if matches!(reply.status, 401 | 403) {
            return Answer::All(Outcome::Unauthorized { code: http });
        }
        let body = reply.json();
        match (reply.status, body.get("status").and_then(Value::as_str)) {
            (_, Some("INVALID")) => {
                let fault = Outcome::rejected(ReasonCode::theirs(fault_code(&body)));
                match fault_place(&body).filter(|place| *place < batch.len()) {
                    Some(place) => Answer::Isolate(vec![(place, fault)]),
                    None => Answer::Split(fault),
                }
            }
            (200..=299, Some("VALID")) => Answer::All(Outcome::Delivered),
            (200..=299, _) => Answer::All(Outcome::retry(Cause::ReplyUnreadable)),
            // Not documented; nothing but the pixel stands in the path.
            (404, _) => Answer::All(Outcome::Unauthorized { code: http }),
            _ => Answer::Split(Outcome::rejected(http)),
        }
    }
}

/// Which event of the batch is at fault, counted from 0. A text may be its name or its id instead, which may be a number.
fn fault_place(body: &Value) -> Option<usize> {
    usize::try_from(body.get("event")?.as_u64()?).ok()
}

/// The first of Snap's codes, where it looks like one; `reason` and `error_msgs` may repeat what was sent.
fn fault_code(body: &Value) -> String {
    let code = body
        .get("errors")
        .and_then(|errors| errors.get("codes"))
        .and_then(|codes| codes.get(0));
    match code {
        Some(Value::Number(number)) if number.as_u64().is_some_and(|code| code < 100_000) => {
            number.to_string()
        }
        Some(Value::String(text))
            if (2..=40).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_') =>
        {
            text.clone()
        }
        _ => "INVALID".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fields::Fault;
    use crate::delivery::{Delivery, Gates};
    use crate::destinations::harness::{self, NOW, envelopes, plan};
    use crate::intake::Visit;
    use crate::settings::Settings;

    const TOKEN: &str = "ey J+a/b=&c?d";

    fn load(more: &str) -> Result<Settings, Vec<Fault>> {
        let members = [r#""pixel_id": "p-1""#, more].concat();
        harness::load("snapchat", &members, &[("SNAPCHAT_ACCESS_TOKEN", TOKEN)])
    }

    /// What intake says of events, and the requests that they lead to: address and body.
    fn through(
        settings: &Settings,
        visit: Option<&Visit<'_>>,
        events: &str,
    ) -> (String, Vec<(String, String)>) {
        let (answer, requests) = harness::through(settings, visit, events);
        let sent = requests.into_iter().map(|request| {
            for (name, value) in request.headers() {
                assert!(!format!("{name}{value:?}").contains("J+a"));
            }
            (request.uri().to_string(), harness::text(request))
        });
        (answer, sent.collect())
    }

    fn event(rest: &str) -> String {
        format!(
            r#"{{"event_id": "e-1", "user": {{"email": "ada@mail.example"}}, "context": {{"page_url": "https://shop.example/"}}, {rest}}}"#
        )
    }

    #[test]
    fn the_token_is_in_the_query_and_nowhere_else() {
        let settings = load("").unwrap();
        assert!(!format!("{settings:?}").contains("J+a"));
        let (answer, sent) = through(&settings, None, &event(r#""event": "page_view""#));
        let (uri, body) = &sent[0];
        assert_eq!(
            uri,
            "https://tr.snapchat.com/v3/p-1/events?access_token=ey+J%2Ba%2Fb%3D%26c%3Fd"
        );
        assert!(!body.contains("J+a") && !answer.contains("J+a"));
        let plan = plan(&settings, None, &event(r#""event": "page_view""#));
        let envelopes = envelopes(&plan.messages);
        let mut gates = Gates::new();
        let mut delivery = Delivery::new(&settings, &envelopes, &gates, NOW);
        let flight = delivery.next(&mut gates, NOW).unwrap();
        assert!(!format!("{flight:?}").contains("J%2Ba"));
    }

    #[test]
    fn events_are_skipped_for_what_snap_would_refuse() {
        let plain = load("").unwrap();
        let mapped = load(
            r#", "events": {"refund": "PURCHASE", "donate": "CUSTOM_EVENT_5", "search": false}"#,
        )
        .unwrap();
        for (settings, rest, verdict) in [
            (&plain, r#""event": "contact""#, "skipped:event_not_mapped"),
            (&plain, r#""event": "donate""#, "skipped:event_not_mapped"),
            (&plain, r#""event": "lamp_lit""#, "skipped:event_not_mapped"),
            (&plain, r#""event": "refund""#, "skipped:event_not_mapped"),
            (&mapped, r#""event": "search""#, "skipped:event_not_mapped"),
            (&mapped, r#""event": "donate""#, "queued"),
            (&mapped, r#""event": "refund""#, "skipped:value_missing"),
            (
                &plain,
                r#""event": "purchase", "value": 1, "currency": "LKR""#,
                "skipped:currency_unsupported",
            ),
            (
                &plain,
                r#""event": "purchase", "value": 1, "currency": "usd""#,
                "queued",
            ),
            (
                &plain,
                r#""event": "page_view", "action_source": "app""#,
                "skipped:app_data_unsupported",
            ),
            (
                &plain,
                r#""event": "page_view", "context": {}"#,
                "skipped:page_url_missing",
            ),
            (
                &plain,
                r#""event": "page_view", "user": {"external_id": "c-1"}"#,
                "skipped:identifiers_missing",
            ),
            (
                &plain,
                r#""event": "page_view", "event_time": "2026-11-15T10:15:31Z""#,
                "skipped:too_old",
            ),
            (
                &plain,
                r#""event": "page_view", "event_time": "2026-11-15T10:15:32Z""#,
                "queued",
            ),
            (
                &plain,
                r#""event": "page_view", "action_source": "email", "event_time": "2026-10-16T10:15:31Z""#,
                "skipped:too_old",
            ),
            (
                &plain,
                r#""event": "page_view", "action_source": "email", "event_time": "2026-10-16T10:15:32Z""#,
                "queued",
            ),
        ] {
            // Laid over an event that would pass.
            let mut event: serde_json::Map<String, Value> =
                serde_json::from_str(&event(r#""action_source": "website""#)).unwrap();
            let rest: serde_json::Map<String, Value> =
                serde_json::from_str(&["{", rest, "}"].concat()).unwrap();
            event.extend(rest.clone());
            let (answer, sent) = through(settings, None, &Value::from(event).to_string());
            assert!(
                answer.contains(&format!(r#""snapchat":"{verdict}""#)),
                "{rest:?}: {answer}"
            );
            assert_eq!(sent.len(), usize::from(verdict == "queued"));
        }
    }

    #[test]
    fn an_amount_without_a_currency_that_snap_knows_stays_here_with_its_prices() {
        let settings = load("").unwrap();
        let rest = r#""event": "add_to_cart", "value": 77, "currency": "LKR", "predicted_ltv": 88,
            "items": [{"item_id": "A", "price": 99}, {"item_name": "no id", "price": 66}]"#;
        let (_, sent) = through(&settings, None, &event(rest));
        let (_, data) = sent[0].1.split_once(r#""custom_data":"#).unwrap();
        assert_eq!(
            data,
            r#"{"num_items":2,"content_type":"product","content_ids":["A"],"contents":[{"id":"A","quantity":1}]}}]}"#
        );
    }

    #[test]
    fn limited_use_has_the_operators_word_and_numbers_with_one_of_them_only() {
        let options = |settings: &Settings, country: &str, region: &str, ip: &str| {
            let visit = Visit {
                ip: Some(ip),
                gpc: true,
                country: Some(country),
                region: Some(region),
                ..Visit::default()
            };
            let (answer, sent) = through(settings, Some(&visit), &event(r#""event": "page_view""#));
            match sent.first() {
                None => {
                    let (_, reason) = answer.split_once("skipped:").unwrap();
                    reason.split('"').next().unwrap().to_owned()
                }
                Some((_, body)) => {
                    let body: Value = serde_json::from_str(body).unwrap();
                    let event = &body["data"][0];
                    [
                        "data_processing_options",
                        "data_processing_options_country",
                        "data_processing_options_state",
                    ]
                    .map(|name| event[name].to_string())
                    .join(" ")
                }
            }
        };
        let lmu = load("").unwrap();
        assert_eq!(
            options(&lmu, "US", "CA", "10.0.0.1"),
            r#"["LMU"] null null"#
        );
        let ldu = load(r#", "limited": "LDU""#).unwrap();
        for (country, region, ip, expected) in [
            ("US", "CA", "10.0.0.1", r#"["LDU"] 1 1000"#),
            ("US", "CO", "203.0.113.9", r#"["LDU"] 1 0"#),
            ("CA", "CA", "203.0.113.9", r#"["LDU"] 0 0"#),
            ("US", "CO", "10.0.0.1", "limited_use_state_unknown"),
        ] {
            assert_eq!(options(&ldu, country, region, ip), expected);
        }
    }

    #[test]
    fn a_click_id_keeps_its_case_and_comes_from_the_address_first() {
        let settings = load("").unwrap();
        for (context, expected) in [
            (
                r#""page_url": "https://shop.example/?sccid=AbC", "cookies": {"_scclid": "Old"}"#,
                r#""sc_click_id":"AbC""#,
            ),
            (
                r#""page_url": "https://shop.example/", "cookies": {"_scclid": "OlD", "_scid": "Me"}"#,
                r#""sc_click_id":"OlD","sc_cookie1":"Me""#,
            ),
        ] {
            let event = format!(
                r#"{{"event": "page_view", "event_id": "e", "user": {{"email": "ada@mail.example"}}, "context": {{{context}}}}}"#
            );
            let (_, sent) = through(&settings, None, &event);
            assert!(sent[0].1.contains(expected), "{}", sent[0].1);
        }
    }

    #[test]
    fn test_events_have_a_request_of_their_own() {
        let settings = load("").unwrap();
        let events = format!(
            "[{},{}]",
            event(r#""event": "page_view", "test": true"#),
            event(r#""event": "search""#)
        );
        let (_, mut sent) = through(&settings, None, &events);
        sent.sort();
        assert_eq!(sent.len(), 2);
        assert!(sent[0].0.contains("/p-1/events/validate?") && sent[0].1.contains("PAGE_VIEW"));
        assert!(sent[1].0.contains("/p-1/events?") && sent[1].1.contains("SEARCH"));
    }

    #[test]
    fn faults_of_the_settings_are_told() {
        for (more, at, message) in [
            (
                r#", "limited": "DELETE""#,
                "limited",
                "must be `LMU` or `LDU`",
            ),
            (
                r#", "content_type": "thing""#,
                "content_type",
                "must be `product` or `product_group`",
            ),
            (
                r#", "most_events": 2001"#,
                "most_events",
                "must be from 1 to 2000",
            ),
            (
                r#", "max_age_days": 38"#,
                "max_age_days",
                "must be from 1 to 37",
            ),
            (
                r#", "events": {"contact": "CUSTOM_EVENT_6"}"#,
                "events.contact",
                "must be one of Snapchat's event names, such as CUSTOM_EVENT_1",
            ),
        ] {
            let faults = load(more).unwrap_err();
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert_eq!(faults[0].path, format!("destinations.snapchat.{at}"));
            assert_eq!(faults[0].message, message);
        }
        let mut reader_faults = Vec::new();
        for id in ["", "a/b", "a b", "a?x", "../a"] {
            let json = format!(
                r#"{{"sources": {{}}, "destinations": {{"snapchat": {{"pixel_id": "{id}"}}}}}}"#
            );
            let faults = Settings::load(&json, &|_| Some("x".repeat(40))).unwrap_err();
            reader_faults.extend(
                faults
                    .into_iter()
                    .filter(|fault| fault.path.ends_with("pixel_id")),
            );
        }
        assert_eq!(reader_faults.len(), 5);
    }

    #[test]
    fn odd_replies_are_no_success_and_show_nothing() {
        let settings = load("").unwrap();
        let destination = &settings.destination("snapchat").unwrap().destination;
        for status in [200, 204, 400, 401, 404, 418] {
            for body in [
                "",
                "null",
                "7",
                r#""VALID""#,
                r#"["VALID"]"#,
                r#"{"status": ["VALID"]}"#,
                r#"{"status": "valid?"}"#,
                r#"{"status": "INVALID", "event": 99999999999999999999999}"#,
                r#"{"status": "INVALID", "event": 0.5}"#,
                r#"{"status": "INVALID", "event": {"event_id": "ada@mail.example"}}"#,
                r#"{"status": "INVALID", "event": 0, "errors": ["ada@mail.example"]}"#,
                r#"{"status": "INVALID", "errors": {"codes": "ada@mail.example"}}"#,
                r#"{"status": "INVALID", "errors": {"codes": [14155552671]}}"#,
                r#"{"status": "INVALID", "errors": {"codes": [-1, "ADA@MAIL.EXAMPLE"]}}"#,
                "\u{0}{",
            ] {
                let reply = Reply {
                    status,
                    retry_after: None,
                    body: body.as_bytes().to_vec(),
                };
                // Of a batch without events, no place is one.
                let answer = destination.read(&[], &reply);
                assert!(!matches!(answer, Answer::Isolate(_)), "{body}: {answer:?}");
                let shown = format!("{answer:?}").to_lowercase();
                for secret in ["delivered", "mail", "1415"] {
                    assert!(!shown.contains(secret), "{status} {body}: {shown}");
                }
            }
        }
        let bytes = Reply {
            status: 200,
            retry_after: None,
            body: vec![0xff, 0xfe],
        };
        assert_eq!(
            destination.read(&[], &bytes),
            Answer::All(Outcome::retry("reply_unreadable"))
        );
    }
}

//! Google Analytics 4, Measurement Protocol.
//!
//! `POST https://www.google-analytics.com/mp/collect`, in the EU `https://region1.google-analytics.com/mp/collect`, read
//! 2026-11-22; the protocol has no version. Collection answers 2xx to everything, even to a wrong secret, so whatever
//! Google would drop in silence is checked here: names, limits, reserved words, age. Test events go to
//! `/debug/mp/collect` with `ENFORCE_RECOMMENDATIONS`, where nothing is recorded and faults are told.
//!
//! There is no event id: only purchases are recognised again, by `transaction_id`. So a request whose reply was lost is
//! not repeated for other events unless `retry_lost_replies` says so; they become dead letters, which can be replayed.

use crate::base::fields::Fields;
use crate::base::json::{Object, Once};
use crate::base::match_keys::{Key, Keys};
use crate::base::money::{Amount, Figure};
use crate::base::reason::{Cause, Skip};
use crate::base::secret::Secret;
use crate::base::time::{HOUR_MS, UnixMillis};
use crate::consent::{Choice, Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, TestMode};
use crate::destinations::input::{Input, quantity};
use crate::destinations::names::EventNames;
use crate::event::{ITEM_TEXTS, Item, Property};
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{
    CountryCode, ExternalIdText, Ga4City, Ga4FirstName, Ga4LastName, Ga4Region, Ga4Street,
    GoogleEmail, GooglePhone, GooglePostalCode,
};
use crate::identity::{Spelling, Spellings};
use crate::web::{client_id_from_ga, session_id, session_id_from_ga};

const IDENTIFIERS: Spellings = Spellings::of(&[
    Spelling::GoogleEmail,
    Spelling::GooglePhone,
    Spelling::Ga4FirstName,
    Spelling::Ga4LastName,
    Spelling::Ga4Street,
    Spelling::Ga4City,
    Spelling::Ga4Region,
    Spelling::GooglePostalCode,
    Spelling::CountryCode,
]);

/// What is known about the Measurement Protocol.
pub const FACTS: Facts = Facts {
    platform: "ga4",
    api_version: "mp",
    version_ends: None,
    read: "2026-11-22",
    most_events: 25,
    most_bytes: 130_000,
    purpose: Purpose::Analytics,
    party: Party::Vendor(755),
    limited_use: Some("consent.ad_personalization"),
    impersonal: Some("consent.ad_personalization"),
    spellings: IDENTIFIERS,
    test: TestMode::Platform,
    deletion: Deletion {
        how: "The User Deletion API (`userDeletionRequests:upsert`) deletes a property's data of the visitor, by client id or user id.",
        page: "https://developers.google.com/analytics/devguides/config/userdeletion/v3/",
    },
};

/// Older events are moved to this limit in silence, which would put them on the wrong day.
const MOST_AGE_MS: i64 = 72 * HOUR_MS;
/// Parameters of one event.
const MOST_PARAMS: usize = 25;
/// Characters of a parameter's name.
const LONGEST_NAME: usize = 40;
/// Characters of a parameter's value.
const LONGEST_VALUE: usize = 100;

/// Custom parameters of one item: 27 by the help centre, 10 by the protocol's own page.
const MOST_ITEM_PARAMS: usize = 10;

/// What an item has beside its [texts](ITEM_TEXTS).
const ITEM_FIELDS: &[&str] = &[
    "item_id",
    "item_name",
    "price",
    "quantity",
    "discount",
    "index",
];

/// Parameters that are texts by the event reference, whatever a tag manager made of their digits.
const TEXT_PARAMS: &[&str] = &[
    "transaction_id",
    "search_term",
    "coupon",
    "payment_type",
    "shipping_tier",
    "method",
    "item_list_id",
    "item_list_name",
    "page_location",
    "page_title",
    "page_referrer",
    "customer_type",
    "lead_source",
    "affiliation",
];
/// Parameters that are amounts by the event reference.
const NUMBER_PARAMS: &[&str] = &["tax", "shipping"];

const RESERVED_EVENTS: &[&str] = &[
    "ad_activeview",
    "ad_click",
    "ad_exposure",
    "ad_impression",
    "ad_query",
    "ad_reward",
    "adunit_exposure",
    "app_clear_data",
    "app_exception",
    "app_install",
    "app_remove",
    "app_store_refund",
    "app_update",
    "app_upgrade",
    "dynamic_link_app_open",
    "dynamic_link_app_update",
    "dynamic_link_first_open",
    "error",
    "firebase_campaign",
    "firebase_in_app_message_action",
    "firebase_in_app_message_dismiss",
    "firebase_in_app_message_impression",
    "first_open",
    "first_visit",
    "in_app_purchase",
    "notification_dismiss",
    "notification_foreground",
    "notification_open",
    "notification_receive",
    "notification_send",
    "os_update",
    "screen_view",
    "session_start",
    "user_engagement",
];
const RESERVED_PREFIXES: &[&str] = &["_", "firebase_", "ga_", "google_", "gtag."];

/// A web stream and its secret.
#[derive(Debug)]
pub struct Ga4 {
    measurement_id: String,
    api_secret: Secret,
    host: &'static str,
    stream_cookie: String,
    user_data: bool,
    user_id: bool,
    retry_lost_replies: bool,
    events: EventNames,
}

/// Reads the settings: `measurement_id`; optionally `api_secret` (the secret's name, `GA4_API_SECRET`), `eu` (collect
/// in the EU), `user_data` (send hashed identifiers, `true`), `user_id` (send the external id in clear, `false`),
/// `retry_lost_replies` (`false`), `events` (canonical name to GA4's, or `false`).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let measurement_id = fields.required("measurement_id");
    let stream = measurement_id
        .as_deref()
        .and_then(|id| id.strip_prefix("G-"))
        .unwrap_or_default()
        .to_owned();
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if measurement_id.is_some() && (stream.is_empty() || !stream.bytes().all(plain)) {
        fields.fault(
            "measurement_id",
            "must be `G-` followed by capital letters and digits",
        );
    }
    if fields.text("cookie_prefix").is_some() {
        fields.fault(
            "cookie_prefix",
            "is not supported: send client_id and session_id in `context`",
        );
    }
    let events = EventNames::read(fields);
    for (name, to) in events.named() {
        if !valid_name(to) || reserved_event(to) {
            fields.fault(
                &format!("events.{name}"),
                "is not a name that GA4 takes, or one that it reserves",
            );
        }
    }
    let api_secret = fields.secret("api_secret", "GA4_API_SECRET");
    let host = if fields.flag("eu", false) {
        "region1.google-analytics.com"
    } else {
        "www.google-analytics.com"
    };
    let user_data = fields.flag("user_data", true);
    let user_id = fields.flag("user_id", false);
    let retry_lost_replies = fields.flag("retry_lost_replies", false);
    Some(Box::new(Ga4 {
        measurement_id: measurement_id?,
        api_secret: api_secret?,
        host,
        stream_cookie: format!("_ga_{stream}"),
        user_data,
        user_id,
        retry_lost_replies,
        events,
    }))
}

fn valid_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn reserved_event(name: &str) -> bool {
    RESERVED_EVENTS.contains(&name)
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn valid_param(name: &str) -> bool {
    valid_name(name)
        && name != "firebase_conversion"
        && !RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// The first `most` characters.
fn cut(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

fn spoken(choice: Choice) -> &'static str {
    match choice {
        Choice::Granted => "GRANTED",
        Choice::Denied => "DENIED",
    }
}

fn user_data(to: &mut Object<'_>, input: &Input<'_>) {
    to.list("sha256_email_address", [input.hashed::<GoogleEmail>()]);
    to.list("sha256_phone_number", [input.hashed::<GooglePhone>()]);
    let first = input.hashed::<Ga4FirstName>();
    let last = input.hashed::<Ga4LastName>();
    let street = input.hashed::<Ga4Street>();
    // A town alone is nobody's address.
    if first.is_some() || last.is_some() || street.is_some() {
        to.objects("address", [()], |address, ()| {
            address.put("sha256_first_name", first);
            address.put("sha256_last_name", last);
            address.put("sha256_street", street);
            address.put("city", input.clear::<Ga4City>());
            address.put("region", input.clear::<Ga4Region>());
            address.put("postal_code", input.clear::<GooglePostalCode>());
            address.put("country", input.clear::<CountryCode>());
        });
    }
}

/// A text of at most so many characters.
fn short(text: Option<&str>, most: usize) -> Option<&str> {
    text.map(|text| cut(text, most))
}

/// Items without an id and a name are none to GA4.
fn line(to: &mut Object<'_>, item: &Item<'_>) {
    if item.item_id.is_none() && item.item_name.is_none() {
        return;
    }
    to.put("item_id", short(item.item_id.as_deref(), LONGEST_VALUE));
    to.put("item_name", short(item.item_name.as_deref(), LONGEST_VALUE));
    to.put("price", item.price);
    to.put("quantity", quantity(item));
    to.put("discount", item.discount);
    let whole = |index: &Figure<'_>| index.whole().is_some();
    to.put("index", item.index.filter(whole).map(Figure::counted));
    for (name, text) in &item.more {
        if name.as_str() != "delivery_category" {
            to.put(name, cut(text, LONGEST_VALUE));
        }
    }
    let free = |name: &str| {
        valid_param(name) && !ITEM_FIELDS.contains(&name) && !ITEM_TEXTS.contains(&name)
    };
    let own = item.properties.iter().filter(|(name, _)| free(name));
    let mut to = Once::new(to, MOST_ITEM_PARAMS);
    for (name, value) in own {
        put(&mut to, name, value);
    }
}

/// A parameter of the sender's own.
fn put<'p>(to: &mut Once<'_, '_, 'p>, name: &'p str, value: &'p Property<'_>) {
    match value {
        Property::Text(text) => to.put(name, cut(text, LONGEST_VALUE)),
        Property::Number(number) if TEXT_PARAMS.contains(&name) => to.put(name, number.as_str()),
        // Google drops the whole event over a parameter of another type.
        Property::Flag(flag) if TEXT_PARAMS.contains(&name) => {
            to.put(name, if *flag { "true" } else { "false" });
        }
        Property::Flag(_) if NUMBER_PARAMS.contains(&name) => {}
        value => to.put(name, value),
    }
}

impl Ga4 {
    fn event_name<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.events.overridden(name).unwrap_or(Some(name))
    }

    fn client_id<'a>(input: &Input<'a>) -> Option<&'a str> {
        let sent = input.client_id().filter(|id| !id.is_empty());
        // Senders pass the whole cookie now and then, which Google takes, but which would not join the page's own hits.
        sent.or_else(|| input.analytics_cookie("_ga"))
            .and_then(client_id_from_ga)
    }

    /// The site's own id of the visitor, where the settings say that it goes along.
    fn user<'a>(&self, input: &Input<'a>) -> Option<&'a str> {
        input
            .clear::<ExternalIdText>()
            .filter(|id| self.user_id && id.chars().count() <= 256)
    }

    fn session_id<'a>(&self, input: &Input<'a>) -> Option<&'a str> {
        let sent = input.session_id();
        sent.and_then(session_id).or_else(|| {
            input
                .analytics_cookie(&self.stream_cookie)
                .and_then(session_id_from_ga)
        })
    }

    /// Parameters of an event, in the order of their weight: beyond 25, what comes last is left out.
    fn params(&self, to: &mut Object<'_>, input: &Input<'_>) {
        let mut to = Once::new(to, MOST_PARAMS);
        to.put("session_id", short(self.session_id(input), LONGEST_VALUE));
        match input.property("engagement_time_msec") {
            Some(Property::Number(number))
                if number.whole().is_some_and(|raw| raw.get() != "0") =>
            {
                to.put("engagement_time_msec", *number);
            }
            // Zero or nothing would leave the visitor out of the active users.
            _ => to.put("engagement_time_msec", 1_i64),
        }
        to.put("page_location", short(input.page_url().as_deref(), 1000));
        to.put("page_title", short(input.page_title(), 300));
        to.put("page_referrer", short(input.referrer().as_deref(), 420));
        let order = input.transaction_id().or(
            // The only key that purchases are recognised by; an empty one would make them all the same.
            matches!(input.name(), "purchase").then_some(input.id()),
        );
        to.put("transaction_id", short(order, LONGEST_VALUE));
        if let Some(money) = input.money() {
            to.put("currency", &money.currency);
            to.put("value", money.amount);
        }
        if input.lines_and_vouchers().next().is_some()
            && let Some(to) = to.take("items")
        {
            to.objects("items", input.lines_and_vouchers(), |to, item| {
                line(to, item);
            });
        }
        for (name, value) in input.properties() {
            let name = name.as_str();
            if !valid_param(name)
                || matches!(
                    name,
                    "session_id"
                        | "engagement_time_msec"
                        | "debug_mode"
                        | "value"
                        | "currency"
                        | "items"
                )
            {
                continue;
            }
            match value {
                // A text in the place of an amount is one where it can be read.
                Property::Text(text) if NUMBER_PARAMS.contains(&name) => {
                    to.put(name, Amount::parse(text).ok());
                }
                value => put(&mut to, name, value),
            }
        }
    }
}

impl Destination for Ga4 {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn spellings(&self) -> Spellings {
        let identifiers = if self.user_data {
            IDENTIFIERS
        } else {
            Spellings::empty()
        };
        let id = if self.user_id {
            Spellings::of(&[Spelling::ExternalIdText])
        } else {
            Spellings::empty()
        };
        identifiers.union(id)
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        let Some(name) = self.event_name(input.name()) else {
            return Err(Skip::EventNotMapped);
        };
        if reserved_event(name) {
            return Err(Skip::EventNameReserved);
        }
        if input.age_ms(now) >= MOST_AGE_MS {
            return Err(Skip::TooOld);
        }
        if Self::client_id(input).is_none() {
            return Err(Skip::ClientIdMissing);
        }
        match input.name() {
            "search" if input.text("search_term").is_none() => {
                return Err(Skip::SearchTermMissing);
            }
            "refund" if input.transaction_id().is_none() => {
                return Err(Skip::TransactionIdMissing);
            }
            _ => {}
        }
        // A cut one could be another order's.
        let order = input
            .transaction_id()
            .or((input.name() == "purchase").then_some(input.id()));
        if order.is_some_and(|id| id.chars().count() > LONGEST_VALUE) {
            return Err(Skip::TransactionIdTooLong);
        }
        Ok(())
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let user = |there: bool| self.user_data && there;
        let named = input.hashed::<Ga4FirstName>().is_some()
            || input.hashed::<Ga4LastName>().is_some()
            || input.hashed::<Ga4Street>().is_some();
        Keys::NONE
            .with(Key::Email, user(input.hashed::<GoogleEmail>().is_some()))
            .with(Key::Phone, user(input.hashed::<GooglePhone>().is_some()))
            .with(Key::ExternalId, self.user(input).is_some())
            .with(Key::Browser, Self::client_id(input).is_some())
            .with(Key::Network, input.network())
            .with(Key::Person, user(named))
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + MOST_AGE_MS)
    }

    /// Everything that stands once per request: the visitor, the consent, and the time. (An override of the time per
    /// event is documented in one place and missing in another, so it is not relied on.)
    fn group(&self, input: &Input<'_>) -> String {
        let identifiers = serde_json::to_string(&input.identifiers()).unwrap_or_default();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        [
            if input.is_test() { "test" } else { "" }.to_owned(),
            Self::client_id(input).unwrap_or_default().to_owned(),
            input.event_time().0.to_string(),
            input.grant().to_wire().to_string(),
            text(input.ip()),
            text(input.user_agent()),
            identifiers,
        ]
        .join("\n")
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        _token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        let Some(first) = batch.first() else {
            return Err(Outcome::rejected(Cause::EncodingFailed));
        };
        let client_id =
            Self::client_id(first).ok_or_else(|| Outcome::rejected(Cause::EncodingFailed))?;
        let (ad_user_data, ad_personalization) = first.grant().choices();
        let test = first.is_test();
        let body = Object::write(|body| {
            body.put("client_id", client_id);
            body.put("user_id", self.user(first));
            body.put("timestamp_micros", first.time(now).0 * 1000);
            body.object("consent", |consent| {
                consent.put("ad_user_data", ad_user_data.map(spoken));
                consent.put("ad_personalization", ad_personalization.map(spoken));
            });
            body.put("ip_override", first.ip());
            body.put("user_agent", first.user_agent());
            if self.user_data {
                body.object("user_data", |user| user_data(user, first));
            }
            // Only ever against the validation server: its effect on collection is not documented.
            body.put(
                "validation_behavior",
                test.then_some("ENFORCE_RECOMMENDATIONS"),
            );
            body.objects("events", batch, |to, input| {
                let name = input.name();
                to.put("name", self.event_name(name).unwrap_or(name));
                to.object("params", |params| self.params(params, input));
            });
        });
        let path = if test {
            "/debug/mp/collect"
        } else {
            "/mp/collect"
        };
        let secret: String =
            form_urlencoded::byte_serialize(self.api_secret.expose().as_bytes()).collect();
        let uri = format!(
            "https://{}{path}?measurement_id={}&api_secret={secret}",
            self.host, self.measurement_id
        );
        post(&uri)
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        if let Some(outcome) = by_status(reply) {
            return Answer::All(outcome);
        }
        if !(200..=299).contains(&reply.status) {
            return Answer::Split(Outcome::rejected(ReasonCode::http(reply.status)));
        }
        if !batch.first().is_some_and(Input::is_test) {
            return Answer::All(Outcome::Delivered);
        }
        let body = reply.json();
        if body.is_null() {
            return Answer::All(Outcome::retry(Cause::ReplyUnreadable));
        }
        let Some(first) = body.pointer("/validationMessages/0") else {
            return Answer::All(Outcome::Delivered);
        };
        let code = first
            .get("validationCode")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let known = !code.is_empty()
            && code
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        Answer::Split(Outcome::rejected(if known {
            ReasonCode::theirs(code)
        } else {
            Cause::EventInvalid.into()
        }))
    }

    fn pairs(&self, input: &Input<'_>) -> bool {
        // By their transaction id. Nothing else has one.
        input.name() == "purchase"
    }

    fn unanswered(&self, batch: &[Input<'_>], code: Cause, lost: bool) -> Answer {
        let outcomes = batch.iter().map(|input| {
            if lost && !self.pairs(input) && !self.retry_lost_replies {
                // Sent again it might count twice, and nobody would know.
                Outcome::rejected(Cause::ReplyLost)
            } else {
                Outcome::retry(code)
            }
        });
        Answer::Each(outcomes.collect())
    }
}

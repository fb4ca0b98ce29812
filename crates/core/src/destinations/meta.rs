//! Meta Conversions API.
//!
//! `POST https://graph.facebook.com/v26.0/{dataset_id}/events`, read 2026-11-22. v26.0 was released on 2026-07-29 and
//! has no announced end; its predecessors lived about two years. The token goes into the body, which is a documented
//! place for it and keeps it out of every access log.
//!
//! What Meta refuses, it refuses by the batch, so everything that its pages let us check is checked here, and events
//! that would fail are skipped with a reason.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Destination, EventNames, Facts, Input, Request, Skip, TestMode, by_status, post};
use crate::event::{ActionSource, Item, Property};
use crate::identity::spelling::{
    CountryHash, MetaBirthDate, MetaCity, MetaEmail, MetaExternalId, MetaFirstName, MetaGender,
    MetaLastName, MetaPhone, MetaState, MetaZip,
};
use crate::identity::{Hashed, Spelling, Spellings};
use crate::money::{Amount, Currency};
use crate::outcome::{Answer, Outcome, Reply};
use crate::settings::{Fields, Secret};
use crate::time::{DAY_MS, UnixMillis};

/// The version of the Graph API; its end has not been announced (Graph API changelog, read 2026-11-22).
pub const VERSION: &str = "v26.0";

/// What is known about Meta.
pub const FACTS: Facts = Facts {
    platform: "meta",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // Meta takes 1,000; a smaller batch makes the search for a bad event cheap.
    most_events: 200,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    spellings: Spellings::of(&[
        Spelling::MetaEmail,
        Spelling::MetaPhone,
        Spelling::MetaFirstName,
        Spelling::MetaLastName,
        Spelling::MetaBirthDate,
        Spelling::MetaGender,
        Spelling::MetaCity,
        Spelling::MetaState,
        Spelling::MetaZip,
        Spelling::CountryHash,
        Spelling::MetaExternalId,
    ]),
    test: TestMode::Platform,
};

/// Events older than this make Meta refuse the request (subcode 2804003).
const MOST_AGE_MS: i64 = 7 * DAY_MS;
/// The same for `action_source: physical_store`.
const MOST_STORE_AGE_MS: i64 = 62 * DAY_MS;
/// The partner agent: under 23 characters, at least two letters.
const PARTNER_AGENT: &str = concat!("edgetally-", env!("CARGO_PKG_VERSION"));

/// The standard events (names are case-sensitive; a wrong case silently becomes a custom event).
const EVENTS: &[(&str, &str)] = &[
    ("page_view", "PageView"),
    ("view_item", "ViewContent"),
    ("search", "Search"),
    ("add_to_cart", "AddToCart"),
    ("add_to_wishlist", "AddToWishlist"),
    ("begin_checkout", "InitiateCheckout"),
    ("add_payment_info", "AddPaymentInfo"),
    ("purchase", "Purchase"),
    ("generate_lead", "Lead"),
    ("sign_up", "CompleteRegistration"),
    ("subscribe", "Subscribe"),
    ("start_trial", "StartTrial"),
    ("contact", "Contact"),
    ("schedule", "Schedule"),
    ("submit_application", "SubmitApplication"),
    ("find_location", "FindLocation"),
    ("customize_product", "CustomizeProduct"),
    ("donate", "Donate"),
];

/// The states whose laws Meta's limited data use covers (data processing options page, read 2026-11-22).
const STATES: &[(&str, u16)] = &[
    ("CA", 1000),
    ("CO", 1001),
    ("CT", 1002),
    ("FL", 1003),
    ("OR", 1004),
    ("TX", 1005),
    ("MT", 1006),
    ("DE", 1007),
    ("NE", 1008),
    ("NH", 1009),
    ("NJ", 1010),
    ("MN", 1011),
    ("MD", 1012),
    ("RI", 1013),
];

/// Properties that have a place of their own and so are no custom properties.
const PLACED: &[&str] = &[
    "lead_id",
    "fb_login_id",
    "subscription_id",
    "search_term",
    "test_event_code",
    // An amount without its currency, or a list that is none, would make Meta refuse the batch.
    "value",
    "currency",
    "contents",
    "content_ids",
];

/// A dataset (pixel) and its token.
#[derive(Debug)]
pub struct Meta {
    dataset_id: String,
    access_token: Secret,
    test_event_code: Option<String>,
    content_type: &'static str,
    events: EventNames,
}

/// Reads the settings: `dataset_id`; optionally `access_token` (the secret's name, `META_ACCESS_TOKEN`),
/// `test_event_code`, `content_type` (`product`), `events` (canonical name to Meta's, or `false`).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let dataset_id = fields.digits("dataset_id");
    let test_event_code = fields
        .text("test_event_code")
        .filter(|code| !code.is_empty());
    let content_type = fields.word("content_type", &["product", "product_group"]);
    let events = fields.events();
    for (name, to) in events.named() {
        if to.is_empty() || to.chars().count() > 50 {
            fields.fault(&format!("events.{name}"), "must have 1 to 50 characters");
        }
    }
    let access_token = fields.secret("access_token", "META_ACCESS_TOKEN");
    Some(Box::new(Meta {
        dataset_id: dataset_id?,
        access_token: access_token?,
        test_event_code,
        content_type,
        events,
    }))
}

#[derive(Serialize)]
struct Body<'a> {
    data: Vec<ServerEvent<'a>>,
    partner_agent: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_event_code: Option<&'a str>,
    access_token: &'a str,
}

#[derive(Serialize)]
struct ServerEvent<'a> {
    event_name: &'a str,
    event_time: i64,
    event_id: &'a str,
    action_source: ActionSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_source_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer_url: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    opt_out: bool,
    data_processing_options: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    data_processing_options_country: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_processing_options_state: Option<u16>,
    user_data: UserData<'a>,
    #[serde(skip_serializing_if = "CustomData::is_empty")]
    custom_data: CustomData<'a>,
}

/// Hashed keys are lists of one; a key without a value is left out, because `[]`, `null` and `""` make Meta refuse
/// the whole request (subcode 2804016).
#[derive(Serialize)]
struct UserData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    em: Option<[Hashed<MetaEmail>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ph: Option<[Hashed<MetaPhone>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#fn: Option<[Hashed<MetaFirstName>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ln: Option<[Hashed<MetaLastName>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    db: Option<[Hashed<MetaBirthDate>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ge: Option<[Hashed<MetaGender>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ct: Option<[Hashed<MetaCity>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    st: Option<[Hashed<MetaState>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zp: Option<[Hashed<MetaZip>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<[Hashed<CountryHash>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<[Hashed<MetaExternalId>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fbc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fbp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fb_login_id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead_id: Option<&'a RawValue>,
}

impl<'a> UserData<'a> {
    fn new(input: &Input<'a>) -> Self {
        let event = input.event;
        let number = |name| match event.property(name) {
            Some(Property::Text(text)) => {
                serde_json::from_str::<&'a RawValue>(text_of(event, name)?)
                    .ok()
                    .filter(|_| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            }
            Some(Property::Number(number)) => number.whole(),
            _ => None,
        };
        Self {
            em: input.hashed().map(|hash| [hash]),
            ph: input.hashed().map(|hash| [hash]),
            r#fn: input.hashed().map(|hash| [hash]),
            ln: input.hashed().map(|hash| [hash]),
            db: input.hashed().map(|hash| [hash]),
            ge: input.hashed().map(|hash| [hash]),
            ct: input.hashed().map(|hash| [hash]),
            st: input.hashed().map(|hash| [hash]),
            zp: input.hashed().map(|hash| [hash]),
            country: input.hashed().map(|hash| [hash]),
            external_id: input.hashed().map(|hash| [hash]),
            client_ip_address: event.ip.as_deref(),
            client_user_agent: event.user_agent.as_deref(),
            fbc: input.cookie("_fbc"),
            fbp: input.cookie("_fbp"),
            subscription_id: text_of(event, "subscription_id"),
            fb_login_id: number("fb_login_id"),
            lead_id: number("lead_id"),
        }
    }

    /// Meta's rule since Graph v13: an event is invalid when its keys are all of `ct country st zp ge
    /// client_user_agent`, or of `db client_user_agent`, or of `fn ge`, or of `ln ge`.
    fn is_enough(&self) -> bool {
        let strong = self.em.is_some()
            || self.ph.is_some()
            || self.external_id.is_some()
            || self.client_ip_address.is_some()
            || self.fbc.is_some()
            || self.fbp.is_some()
            || self.subscription_id.is_some()
            || self.fb_login_id.is_some()
            || self.lead_id.is_some();
        if strong {
            return true;
        }
        let place =
            self.ct.is_some() || self.country.is_some() || self.st.is_some() || self.zp.is_some();
        let (agent, gender) = (self.client_user_agent.is_some(), self.ge.is_some());
        let (birth, first, last) = (self.db.is_some(), self.r#fn.is_some(), self.ln.is_some());
        let within = |set: [bool; 6], have: [bool; 6]| {
            have.iter().zip(set).all(|(have, allowed)| !have || allowed)
        };
        // In the order: place, gender, agent, birth, first, last.
        let have = [place, gender, agent, birth, first, last];
        ![
            [true, true, true, false, false, false],
            [false, false, true, true, false, false],
            [false, true, false, false, true, false],
            [false, true, false, false, false, true],
        ]
        .into_iter()
        .any(|set| within(set, have))
    }
}

fn text_of<'a>(event: &'a crate::envelope::Parcel<'a>, name: &str) -> Option<&'a str> {
    event.property_text(name).filter(|text| !text.is_empty())
}

/// `custom_data`: the standard parameters, then the event's own properties.
struct CustomData<'a> {
    event: &'a crate::envelope::Parcel<'a>,
    content_type: &'a str,
}

impl CustomData<'_> {
    fn is_empty(&self) -> bool {
        self.event.money.is_none()
            && self.event.transaction_id.is_none()
            && self.event.predicted_ltv.is_none()
            && self.event.items.is_empty()
            && self.event.properties.is_empty()
    }
}

#[derive(Serialize)]
struct Content<'a> {
    id: &'a str,
    quantity: Raw<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_price: Option<Amount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_category: Option<&'a str>,
}

/// The sender's number, or one.
enum Raw<'a> {
    Sent(Amount<'a>),
    One,
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sent(amount) => amount.serialize(serializer),
            Self::One => serializer.serialize_u8(1),
        }
    }
}

impl<'a> Content<'a> {
    /// `id` and `quantity` are required, so an item without an id is no content.
    fn new(item: &'a Item<'a>) -> Option<Self> {
        Some(Self {
            id: item.item_id.as_deref().filter(|id| !id.is_empty())?,
            quantity: item.quantity.map_or(Raw::One, Raw::Sent),
            item_price: item.price,
            title: item.item_name.as_deref(),
            brand: item.text("item_brand"),
            category: item.text("item_category"),
            delivery_category: item
                .text("delivery_category")
                .filter(|name| matches!(*name, "in_store" | "curbside" | "home_delivery")),
        })
    }
}

impl Serialize for CustomData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.event;
        let mut map = serializer.serialize_map(None)?;
        let mut written: Vec<&str> = Vec::new();
        if let Some(money) = &event.money {
            map.serialize_entry("currency", currency(&money.currency))?;
            map.serialize_entry("value", &money.amount)?;
            written.extend(["currency", "value"]);
        }
        if let Some(order) = &event.transaction_id {
            map.serialize_entry("order_id", order)?;
            written.push("order_id");
        }
        if let Some(amount) = &event.predicted_ltv {
            map.serialize_entry("predicted_ltv", amount)?;
            written.push("predicted_ltv");
        }
        if let Some(term) = event.property_text("search_term") {
            map.serialize_entry("search_string", term)?;
            written.push("search_string");
        }
        let contents: Vec<Content<'_>> = event.items.iter().filter_map(Content::new).collect();
        if !contents.is_empty() {
            let content_type = event
                .property_text("content_type")
                .filter(|name| matches!(*name, "product" | "product_group"))
                .unwrap_or(self.content_type);
            map.serialize_entry("content_type", content_type)?;
            map.serialize_entry(
                "content_ids",
                &contents
                    .iter()
                    .map(|content| content.id)
                    .collect::<Vec<_>>(),
            )?;
            map.serialize_entry("contents", &contents)?;
            written.extend(["content_type", "content_ids", "contents"]);
            // A platform's integer: articles that are sold by weight have no number.
            let whole: Option<u64> = event
                .items
                .iter()
                .map(|item| item.quantity_or_one().parse::<u64>().ok())
                .sum();
            if let Some(number) = whole
                && matches!(event.name.as_str(), "begin_checkout" | "purchase")
                && event.property("num_items").is_none()
            {
                map.serialize_entry("num_items", &number)?;
                written.push("num_items");
            }
        }
        if let Some(category) = event
            .items
            .iter()
            .find_map(|item| item.text("item_category"))
            && event.property("content_category").is_none()
        {
            map.serialize_entry("content_category", category)?;
            written.push("content_category");
        }
        for (name, value) in &event.properties {
            let name = name.as_str();
            if !PLACED.contains(&name) && !written.contains(&name) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// Documentation shows both cases and the vendor's libraries disagree; upper case is ISO's.
fn currency(currency: &Currency) -> &str {
    currency.as_str()
}

impl Meta {
    fn event_name<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        match self.events.overridden(name) {
            Some(overridden) => overridden,
            // Meta has no refunds: sent under a name of the operator's choice, or not at all.
            None if name == "refund" => None,
            None => Some(
                EVENTS
                    .iter()
                    .find(|(canonical, _)| *canonical == name)
                    .map_or(name, |(_, theirs)| theirs),
            ),
        }
    }

    fn oldest_ms(input: &Input<'_>) -> i64 {
        if input.event.action_source == ActionSource::PhysicalStore {
            MOST_STORE_AGE_MS
        } else {
            MOST_AGE_MS
        }
    }

    /// Country and state of limited data use, or nothing where Meta could not tell whose law applies.
    fn limited(input: &Input<'_>) -> Option<(u16, u16)> {
        let region = input
            .event
            .geo_region
            .as_deref()
            .filter(|_| input.event.geo_country.as_deref() == Some("US"));
        let state = region
            .and_then(|region| STATES.iter().find(|(name, _)| *name == region))
            .map(|(_, code)| *code);
        match state {
            Some(state) => Some((1, state)),
            // With an address Meta finds the state out by itself.
            None if input.event.ip.is_some() => Some((1, 0)),
            None => None,
        }
    }
}

impl Destination for Meta {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        let event = input.event;
        if self.event_name(&event.name).is_none() {
            return Err(Skip::NOT_MAPPED);
        }
        if input.age_ms(now) >= Self::oldest_ms(input) {
            return Err(Skip::TOO_OLD);
        }
        if event.test && self.test_event_code.is_none() {
            return Err(Skip("test_event_code_missing"));
        }
        match event.action_source {
            ActionSource::Website if event.page_url.is_none() => {
                return Err(Skip("page_url_missing"));
            }
            ActionSource::Website if event.user_agent.is_none() => {
                return Err(Skip("user_agent_missing"));
            }
            // `app_data` is required there, and the canonical event has no device to fill it from.
            ActionSource::App => return Err(Skip("app_data_unsupported")),
            _ => {}
        }
        if input.grant().limited() && Self::limited(input).is_none() {
            return Err(Skip("limited_data_use_state_unknown"));
        }
        if !UserData::new(input).is_enough() {
            return Err(Skip::NO_IDENTIFIERS);
        }
        Ok(())
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event.time.0 + Self::oldest_ms(input))
    }

    fn group(&self, input: &Input<'_>) -> String {
        // The test code stands beside the list, so test events need a request of their own.
        if input.event.test {
            "test".to_owned()
        } else {
            String::new()
        }
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        _token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        let data = batch
            .iter()
            .map(|input| {
                let event = input.event;
                let limited = input
                    .grant()
                    .limited()
                    .then(|| Self::limited(input).unwrap_or((1, 0)));
                ServerEvent {
                    event_name: self.event_name(&event.name).unwrap_or(&event.name),
                    event_time: event.time.min(now).seconds().0,
                    event_id: &event.id,
                    action_source: event.action_source,
                    event_source_url: event.page_url.as_deref(),
                    referrer_url: event.referrer.as_deref(),
                    opt_out: !input.grant().personalised(),
                    data_processing_options: if limited.is_some() { &["LDU"] } else { &[] },
                    data_processing_options_country: limited.map(|(country, _)| country),
                    data_processing_options_state: limited.map(|(_, state)| state),
                    user_data: UserData::new(input),
                    custom_data: CustomData {
                        event,
                        content_type: self.content_type,
                    },
                }
            })
            .collect();
        let test = batch.first().is_some_and(|input| input.event.test);
        let body = Body {
            data,
            partner_agent: PARTNER_AGENT,
            test_event_code: self.test_event_code.as_deref().filter(|_| test),
            access_token: self.access_token.expose(),
        };
        let body = serde_json::to_vec(&body).map_err(|_| Outcome::rejected("encoding_failed"))?;
        let uri = format!(
            "https://graph.facebook.com/{VERSION}/{}/events",
            self.dataset_id
        );
        post(&uri)
            .body(body)
            .map_err(|_| Outcome::rejected("encoding_failed"))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        let body = reply.json();
        // An error counts whatever the status says.
        if let Some(fault) = body.get("error").filter(|fault| !fault.is_null()) {
            let number = |name: &str| fault.get(name).and_then(Value::as_i64).unwrap_or_default();
            let transient = fault.get("is_transient").and_then(Value::as_bool) == Some(true);
            return read_error(number("code"), number("error_subcode"), transient, reply);
        }
        if let Some(outcome) = by_status(reply) {
            return Answer::All(outcome);
        }
        match (
            reply.status,
            body.get("events_received").and_then(Value::as_u64),
        ) {
            (200..=299, Some(received)) if received >= batch.len() as u64 => {
                Answer::All(Outcome::Delivered)
            }
            // Undocumented: Meta takes all or nothing. Sent again, since repeated ids are recognised.
            (200..=299, Some(_)) => Answer::All(Outcome::retry("events_received_short")),
            (200..=299, None) => Answer::All(Outcome::retry("reply_unreadable")),
            (401 | 403, _) => Answer::All(Outcome::Unauthorized {
                code: format!("http_{}", reply.status),
            }),
            _ => Answer::Split(Outcome::rejected(format!("http_{}", reply.status))),
        }
    }
}

/// Meta's error classes, by code and subcode, never by text (Graph error page and connectors, read 2026-11-22).
fn read_error(code: i64, subcode: i64, transient: bool, reply: &Reply) -> Answer {
    let text = if subcode == 0 {
        code.to_string()
    } else {
        format!("{code}/{subcode}")
    };
    let later = |seconds: u32| Outcome::Retry {
        code: text.clone(),
        after: Some(reply.retry_after.unwrap_or(0).max(seconds)),
    };
    match (code, subcode) {
        _ if transient => Answer::All(Outcome::Retry {
            code: text,
            after: reply.retry_after,
        }),
        (1 | 2, _) => Answer::All(Outcome::Retry {
            code: text,
            after: reply.retry_after,
        }),
        // Block windows.
        (341 | 368 | 5000 | 21009, _) => Answer::All(later(300)),
        // Rate limits.
        (4 | 17 | 32 | 613 | 80_000..=80_014, _) => Answer::All(later(60)),
        // The token, the permission or the dataset.
        (190 | 102 | 3 | 10 | 200..=299, _) | (100, 33) => {
            Answer::All(Outcome::Unauthorized { code: text })
        }
        _ if reply.status >= 500 => Answer::All(Outcome::Retry {
            code: text,
            after: reply.retry_after,
        }),
        _ if reply.status == 429 => Answer::All(later(60)),
        // One event is at fault and Meta refused them all.
        _ => Answer::Split(Outcome::rejected(text)),
    }
}

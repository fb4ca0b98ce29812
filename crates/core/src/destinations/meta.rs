//! Meta Conversions API.
//!
//! `POST https://graph.facebook.com/v26.0/{dataset_id}/events`, read 2026-11-22. v26.0 was released on 2026-07-29 and
//! has no announced end; its predecessors lived about two years. The token goes into the body, which is a documented
//! place for it and keeps it out of every access log.
//!
//! What Meta refuses, it refuses by the batch, so everything that its pages let us check is checked here, and events
//! that would fail are skipped with a reason.

mod quality;

use serde_json::Value;

use self::quality::Quality;
use crate::base::fields::Fields;
use crate::base::json::{Leaf, Object, Once};
use crate::base::match_keys::{Key, Keys};
use crate::base::money::Amount;
use crate::base::reason::{Cause, Skip};
use crate::base::reported::Reported;
use crate::base::secret::Secret;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, Reporting, TestMode};
use crate::destinations::input::{Input, quantity};
use crate::destinations::names::{EventNames, ours};
use crate::event::{ActionSource, Item, Property};
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{
    CountryHash, MetaBirthDate, MetaCity, MetaEmail, MetaExternalId, MetaFirstName, MetaGender,
    MetaLastName, MetaPhone, MetaState, MetaZip,
};
use crate::identity::{Spelling, Spellings};

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
    purpose: Purpose::Advertising,
    party: Party::Provider(89),
    limited_use: Some("data_processing_options"),
    impersonal: Some("opt_out"),
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
    deletion: Deletion::UNDOCUMENTED,
};

/// Events older than this make Meta refuse the request (subcode 2804003).
const MOST_AGE_MS: i64 = 7 * DAY_MS;
/// The same for `action_source: physical_store`.
const MOST_STORE_AGE_MS: i64 = 62 * DAY_MS;
/// The name that the quality of these events is asked by: that of the partner agent, without its version.
const AGENT: &str = "edgetally";
/// The partner agent: under 23 characters, at least two letters. `name_major_minor` is the form of which Meta knows the name.
const PARTNER_AGENT: &str = concat!(
    "edgetally_",
    env!("CARGO_PKG_VERSION_MAJOR"),
    "_",
    env!("CARGO_PKG_VERSION_MINOR")
);

const HOST: &str = "https://graph.facebook.com/";

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
    quality: Option<Quality>,
}

/// Reads the settings: `dataset_id`; optionally `access_token` (the secret's name, `META_ACCESS_TOKEN`),
/// `test_event_code`, `content_type` (`product`), `events` (canonical name to Meta's, or `false`), `quality_token` (the name of
/// a secret: then Meta is asked what it says about quality), `quality_of` (`gateway` or `dataset`: whose events that is
/// about), `quality_stats` (`true`: how many it counted as well).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let dataset_id = fields.digits("dataset_id");
    let test_event_code = fields
        .text("test_event_code")
        .filter(|code| !code.is_empty());
    let content_type = fields.word("content_type", &["product", "product_group"]);
    let events = EventNames::read(fields);
    for (name, to) in events.named() {
        if to.is_empty() || to.chars().count() > 50 {
            fields.fault(&format!("events.{name}"), "must have 1 to 50 characters");
        }
    }
    let access_token = fields.secret("access_token", "META_ACCESS_TOKEN");
    let quality_token = fields.optional_credential("quality_token", "Bearer ");
    let own = fields.word("quality_of", &["gateway", "dataset"]) == "gateway";
    let stats = fields.flag("quality_stats", true);
    Some(Box::new(Meta {
        dataset_id: dataset_id?,
        access_token: access_token?,
        test_event_code,
        content_type,
        events,
        quality: quality_token.map(|authorization| Quality {
            authorization,
            own,
            stats,
        }),
    }))
}

/// Keys that are too little to find anybody by, alone and together (Meta's rule since Graph v13).
const TOO_LITTLE: &[&[&str]] = &[
    &["ct", "country", "st", "zp", "ge", "client_user_agent"],
    &["db", "client_user_agent"],
    &["fn", "ge"],
    &["ln", "ge"],
];

/// `user_data`. A key without a value is left out, because `[]`, `null` and `""` make Meta refuse the whole request
/// (subcode 2804016).
struct UserData<'a> {
    /// Written as lists of one.
    hashed: [(&'static str, Leaf<'a>); 11],
    clear: [(&'static str, Leaf<'a>); 7],
}

impl<'a> UserData<'a> {
    fn new(input: &Input<'a>) -> Self {
        Self {
            hashed: [
                ("em", input.hashed::<MetaEmail>().into()),
                ("ph", input.hashed::<MetaPhone>().into()),
                ("fn", input.hashed::<MetaFirstName>().into()),
                ("ln", input.hashed::<MetaLastName>().into()),
                ("db", input.hashed::<MetaBirthDate>().into()),
                ("ge", input.hashed::<MetaGender>().into()),
                ("ct", input.hashed::<MetaCity>().into()),
                ("st", input.hashed::<MetaState>().into()),
                ("zp", input.hashed::<MetaZip>().into()),
                ("country", input.hashed::<CountryHash>().into()),
                ("external_id", input.hashed::<MetaExternalId>().into()),
            ],
            clear: [
                ("client_ip_address", input.ip().into()),
                ("client_user_agent", input.user_agent().into()),
                ("fbc", input.cookie("_fbc").into()),
                ("fbp", input.cookie("_fbp").into()),
                ("subscription_id", input.text("subscription_id").into()),
                ("fb_login_id", whole(input, "fb_login_id")),
                ("lead_id", whole(input, "lead_id")),
            ],
        }
    }

    fn is_enough(&self) -> bool {
        !TOO_LITTLE.iter().any(|little| {
            let mut there = self.hashed.iter().chain(&self.clear);
            there.all(|(key, leaf)| leaf.is_nothing() || little.contains(key))
        })
    }

    fn write(self, to: &mut Object<'_>) {
        for (key, leaf) in self.hashed {
            to.list(key, [leaf]);
        }
        for (key, leaf) in self.clear {
            to.put(key, leaf);
        }
    }
}

/// A property that Meta wants as a whole number and that senders give as one or as its digits.
fn whole<'a>(input: &Input<'a>, name: &str) -> Leaf<'a> {
    let digits = match input.property(name) {
        Some(Property::Text(text)) => text.as_str(),
        Some(Property::Number(number)) => number.as_str(),
        _ => "",
    };
    // JSON has no number that begins with a zero, but zero.
    let number = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    if number {
        Leaf::Raw(digits)
    } else {
        Leaf::Nothing
    }
}

/// `id` and `quantity` are required, so an item without an id is no content.
/// A property of the sender's own. Where Meta documents a type for the name, another one would make it refuse the batch.
fn own<'a>(input: &Input<'a>, name: &str, value: &'a Property<'_>) -> Leaf<'a> {
    match (name, value) {
        ("num_items", _) => whole(input, name),
        ("content_name" | "content_category" | "order_id" | "status", Property::Number(number)) => {
            number.as_str().into()
        }
        ("content_name" | "content_category" | "order_id", Property::Flag(_))
        | ("net_revenue" | "predicted_ltv", Property::Text(_) | Property::Flag(_)) => Leaf::Nothing,
        ("predicted_ltv", Property::Number(number)) => Amount::parse(number.as_str()).ok().into(),
        ("delivery_category", _) => input.text(name).filter(|name| delivered(name)).into(),
        ("content_type", _) => input
            .text(name)
            .filter(|name| matches!(*name, "product" | "product_group"))
            .into(),
        _ => value.into(),
    }
}

fn delivered(category: &str) -> bool {
    matches!(category, "in_store" | "curbside" | "home_delivery")
}

fn content_id<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    item.item_id.as_deref().filter(|id| !id.is_empty())
}

fn content(to: &mut Object<'_>, item: &Item<'_>) {
    let Some(id) = content_id(item) else {
        return;
    };
    to.put("id", id);
    // Required.
    to.put(
        "quantity",
        quantity(item).map_or(Leaf::Whole(1), Leaf::from),
    );
    to.put("item_price", item.price);
    to.put("title", item.item_name.as_ref());
    to.put("brand", item.text("item_brand"));
    to.put("category", item.text("item_category"));
    to.put(
        "delivery_category",
        item.text("delivery_category")
            .filter(|name| delivered(name)),
    );
}

impl Meta {
    fn event_name<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.events.resolve(EVENTS, name)
    }

    fn oldest_ms(input: &Input<'_>) -> i64 {
        if input.action_source() == ActionSource::PhysicalStore {
            MOST_STORE_AGE_MS
        } else {
            MOST_AGE_MS
        }
    }

    /// Country and state of limited data use, or nothing where Meta could not tell whose law applies.
    fn limited(input: &Input<'_>) -> Option<(u16, u16)> {
        let region = input
            .geo_region()
            .filter(|_| input.geo_country() == Some("US"));
        let state = region
            .and_then(|region| STATES.iter().find(|(name, _)| *name == region))
            .map(|(_, code)| *code);
        match state {
            Some(state) => Some((1, state)),
            // With an address Meta finds the state out by itself; also the country, where it is not the United States.
            None if input.ip().is_some() => {
                let elsewhere = input.geo_country().is_some_and(|country| country != "US");
                Some((u16::from(!elsewhere), 0))
            }
            None => None,
        }
    }

    fn event(&self, to: &mut Object<'_>, input: &Input<'_>, now: UnixMillis) {
        let limited = input
            .grant()
            .limited()
            .then(|| Self::limited(input).unwrap_or((1, 0)));
        to.put(
            "event_name",
            self.event_name(input.name()).unwrap_or(input.name()),
        );
        to.put("event_time", input.time(now).seconds());
        to.put("event_id", input.id());
        to.put("action_source", input.action_source());
        to.put("event_source_url", input.page_url());
        to.put("referrer_url", input.referrer());
        to.put("opt_out", (!input.grant().personalised()).then_some(true));
        // An empty list says that limited data use is not asked for.
        let options = if limited.is_some() {
            r#"["LDU"]"#
        } else {
            "[]"
        };
        to.put("data_processing_options", Leaf::Raw(options));
        to.put(
            "data_processing_options_country",
            limited.map(|(country, _)| i64::from(country)),
        );
        to.put(
            "data_processing_options_state",
            limited.map(|(_, state)| i64::from(state)),
        );
        to.object("user_data", |user| UserData::new(input).write(user));
        to.object("custom_data", |custom| self.custom_data(custom, input));
    }

    /// The standard parameters, then the event's own properties.
    fn custom_data(&self, to: &mut Object<'_>, input: &Input<'_>) {
        let mut to = Once::new(to, usize::MAX);
        if let Some(money) = input.money() {
            // Documentation shows both cases and the vendor's libraries disagree; upper case is ISO's.
            to.put("currency", &money.currency);
            to.put("value", money.amount);
        }
        to.put("order_id", input.transaction_id());
        to.put("predicted_ltv", input.predicted_ltv());
        to.put("search_string", input.text("search_term"));
        if input.lines().any(|item| content_id(item).is_some()) {
            let content_type = input
                .text("content_type")
                .filter(|name| matches!(*name, "product" | "product_group"))
                .unwrap_or(self.content_type);
            to.put("content_type", content_type);
            if let Some(to) = to.take("contents") {
                to.list("content_ids", input.lines().map(content_id));
                to.objects("contents", input.lines(), |to, item| content(to, item));
            }
            if matches!(input.name(), "begin_checkout" | "purchase")
                && whole(input, "num_items").is_nothing()
            {
                to.put("num_items", input.articles());
            }
        }
        if input.property("content_category").is_none() {
            let mut categories = input.lines().map(|item| item.text("item_category"));
            to.put("content_category", categories.find_map(|category| category));
        }
        for (name, value) in input.properties() {
            if !PLACED.contains(&name.as_str()) {
                to.put(name, own(input, name, value));
            }
        }
    }
}

impl Destination for Meta {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if self.event_name(input.name()).is_none() {
            return Err(Skip::EventNotMapped);
        }
        if input.age_ms(now) >= Self::oldest_ms(input) {
            return Err(Skip::TooOld);
        }
        if input.is_test() && self.test_event_code.is_none() {
            return Err(Skip::TestEventCodeMissing);
        }
        match input.action_source() {
            ActionSource::Website if input.page_url().is_none() => {
                return Err(Skip::PageUrlMissing);
            }
            ActionSource::Website if input.user_agent().is_none() => {
                return Err(Skip::UserAgentMissing);
            }
            // `app_data` is required there, and the canonical event has no device to fill it from.
            ActionSource::App => return Err(Skip::AppDataUnsupported),
            _ => {}
        }
        if input.grant().limited() && Self::limited(input).is_none() {
            return Err(Skip::LimitedUseStateUnknown);
        }
        if !UserData::new(input).is_enough() {
            return Err(Skip::IdentifiersMissing);
        }
        Ok(())
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let user = UserData::new(input);
        let hashed = |keys: &[&str]| {
            user.hashed
                .iter()
                .any(|(key, leaf)| keys.contains(key) && !leaf.is_nothing())
        };
        Keys::NONE
            .with(Key::Click, input.cookie("_fbc").is_some())
            .with(Key::Email, hashed(&["em"]))
            .with(Key::Phone, hashed(&["ph"]))
            .with(Key::ExternalId, hashed(&["external_id"]))
            .with(Key::Browser, input.cookie("_fbp").is_some())
            .with(Key::Network, input.network())
            .with(
                Key::Person,
                hashed(&["fn", "ln", "db", "ct", "zp", "country"]),
            )
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + Self::oldest_ms(input))
    }

    fn group(&self, input: &Input<'_>) -> String {
        // The test code stands beside the list, so test events need a request of their own.
        if input.is_test() {
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
        let test = batch.first().is_some_and(Input::is_test);
        let body = Object::write(|body| {
            body.objects("data", batch, |to, input| self.event(to, input, now));
            body.put("partner_agent", PARTNER_AGENT);
            body.put(
                "test_event_code",
                self.test_event_code.as_deref().filter(|_| test),
            );
            body.put("access_token", self.access_token.expose());
        });
        post(&[HOST, VERSION, "/", &self.dataset_id, "/events"].concat())
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn reporting(&self) -> Option<&dyn Reporting> {
        self.quality.as_ref().map(|_| self as _)
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        let body = reply.json();
        if let Some(answer) = fault(&body, reply) {
            return answer;
        }
        match (
            reply.status,
            body.get("events_received").and_then(Value::as_u64),
        ) {
            (200..=299, Some(received)) if received >= batch.len() as u64 => {
                Answer::All(Outcome::Delivered)
            }
            // Undocumented: Meta takes all or nothing. Sent again, since repeated ids are recognised.
            (200..=299, Some(_)) => Answer::All(Outcome::retry(Cause::EventsReceivedDiffers)),
            (200..=299, None) => Answer::All(Outcome::retry(Cause::ReplyUnreadable)),
            (401 | 403, _) => Answer::All(Outcome::Unauthorized {
                code: ReasonCode::http(reply.status),
            }),
            _ => Answer::Split(Outcome::rejected(ReasonCode::http(reply.status))),
        }
    }
}

impl Reporting for Meta {
    fn every(&self) -> i64 {
        HOUR_MS
    }

    fn requests(&self, _token: Option<&Secret>, now: UnixMillis) -> Result<Vec<Request>, Outcome> {
        match &self.quality {
            Some(quality) => quality.requests((HOST, VERSION, &self.dataset_id), AGENT, now),
            None => Ok(Vec::new()),
        }
    }

    fn read(&self, place: usize, reply: &Reply, now: UnixMillis) -> Result<Vec<Reported>, Outcome> {
        let body = reply.json();
        match fault(&body, reply) {
            Some(Answer::All(outcome) | Answer::Split(outcome)) => return Err(outcome),
            None if (200..=299).contains(&reply.status) => {}
            _ if matches!(reply.status, 401 | 403) => {
                return Err(Outcome::unauthorized(ReasonCode::http(reply.status)));
            }
            _ => return Err(Outcome::rejected(ReasonCode::http(reply.status))),
        }
        let name = |theirs: &str| {
            let canonical = EVENTS.iter().map(|(canonical, _)| *canonical);
            let mut all = canonical.chain(self.events.named().map(|(name, _)| name));
            ours(theirs, &mut all, &|name| self.event_name(name))
        };
        let found = if place == 0 {
            quality::quality(&body, &name, now)
        } else {
            quality::counts(&body, now)
        };
        found.ok_or_else(|| Outcome::retry(Cause::ReplyUnreadable))
    }
}

/// What an error or the status says by itself. An error counts whatever the status is.
fn fault(body: &Value, reply: &Reply) -> Option<Answer> {
    if let Some(fault) = body.get("error").filter(|fault| !fault.is_null()) {
        let number = |name: &str| fault.get(name).and_then(Value::as_i64).unwrap_or_default();
        let transient = fault.get("is_transient").and_then(Value::as_bool) == Some(true);
        let (code, subcode) = (number("code"), number("error_subcode"));
        return Some(read_error(code, subcode, transient, reply));
    }
    by_status(reply).map(Answer::All)
}

/// Meta's error classes, by code and subcode, never by text (Graph error page and connectors, read 2026-11-22).
fn read_error(code: i64, subcode: i64, transient: bool, reply: &Reply) -> Answer {
    let text = ReasonCode::theirs(if subcode == 0 {
        code.to_string()
    } else {
        format!("{code}/{subcode}")
    });
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

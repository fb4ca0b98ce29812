//! Reddit Conversions API.
//!
//! `POST https://ads-api.reddit.com/api/v3/pixels/{pixel_id}/conversion_events`, read 2026-11-22; v3 has no announced
//! end. (v2, whose path holds the account and whose amounts are cents, still answers; nothing of it is used.) Reddit
//! wants a `User-Agent` that says who calls, and takes one test event per request.
//!
//! One bad event makes Reddit refuse the batch; the reply repeats the bad ones, which are known by `conversion_id`.
//! A field that an event type does not have may be a fault too, so each type gets only its own.

use http::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use serde_json::Value;

use crate::base::fields::Fields;
use crate::base::json::Object;
use crate::base::match_keys::{Key, Keys};
use crate::base::reason::{Cause, Skip};
use crate::base::secret::Secret;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, TestMode};
use crate::destinations::input::{Input, counted};
use crate::destinations::names::EventNames;
use crate::event::{ActionSource, Item, Property};
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{E164Phone, ExternalId, RedditEmail};
use crate::identity::{Spelling, Spellings};

/// The version in the path; its end has not been announced (Reddit's server template, read 2026-11-22).
pub const VERSION: &str = "v3";

/// What is known about Reddit.
pub const FACTS: Facts = Facts {
    platform: "reddit",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // Reddit takes 1,000; a smaller batch makes the search for a bad event cheap.
    most_events: 200,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Unlisted,
    limited_use: Some("user.data_processing_options"),
    impersonal: None,
    spellings: Spellings::of(&[
        Spelling::RedditEmail,
        Spelling::E164Phone,
        Spelling::ExternalId,
    ]),
    test: TestMode::Platform,
    deletion: Deletion {
        how: "The Ads API has data deletion jobs for what a pixel collected, by e-mail address, telephone number, device id or external id (scope `adsdatadeletion`). We have not found Reddit's own page on them: ask its support.",
        page: "",
    },
};

/// What is 168 hours old or older makes Reddit refuse the batch.
const MOST_AGE_MS: i64 = 7 * DAY_MS;

/// Reddit's own types. Every other name is a custom event's.
const TYPES: &[&str] = &[
    "PAGE_VISIT",
    "VIEW_CONTENT",
    "SEARCH",
    "ADD_TO_CART",
    "ADD_TO_WISHLIST",
    "PURCHASE",
    "LEAD",
    "SIGN_UP",
];
/// The type of custom events.
const CUSTOM: &str = "CUSTOM";
/// The longest name of a custom event, in characters.
const LONGEST_NAME: usize = 64;

/// Types, and the names of the custom events that stand for what has no type.
const EVENTS: &[(&str, &str)] = &[
    ("page_view", "PAGE_VISIT"),
    ("view_item", "VIEW_CONTENT"),
    ("view_item_list", "ViewItemList"),
    ("search", "SEARCH"),
    ("add_to_cart", "ADD_TO_CART"),
    ("add_to_wishlist", "ADD_TO_WISHLIST"),
    ("begin_checkout", "BeginCheckout"),
    ("add_payment_info", "AddPaymentInfo"),
    ("purchase", "PURCHASE"),
    ("generate_lead", "LEAD"),
    ("sign_up", "SIGN_UP"),
    ("subscribe", "Subscribe"),
    ("start_trial", "StartTrial"),
    ("contact", "LEAD"),
    ("schedule", "Schedule"),
    ("submit_application", "LEAD"),
    ("find_location", "FindLocation"),
    ("customize_product", "CustomizeProduct"),
    ("donate", "Donate"),
];

/// A pixel and its token.
#[derive(Debug)]
pub struct Reddit {
    pixel_id: String,
    /// `Bearer` and the token; marked so that it is not shown.
    authorization: HeaderValue,
    user_agent: HeaderValue,
    test_id: Option<String>,
    events: EventNames,
}

/// Reads the settings: `pixel_id`; optionally `access_token` (the secret's name, `REDDIT_ACCESS_TOKEN`), `test_id`,
/// `events` (canonical name to one of Reddit's types or to a custom event's name, or `false`).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let pixel_id = fields.required("pixel_id");
    let plain = |id: &str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    if pixel_id.as_deref().is_some_and(|id| !plain(id)) {
        fields.fault(
            "pixel_id",
            "must be letters, digits, underscores and hyphens, such as a2_abc123",
        );
    }
    let test_id = fields.text("test_id");
    // An empty one would be left out of the body, and the test event would count.
    if test_id.as_deref().is_some_and(str::is_empty) {
        fields.fault("test_id", "must not be empty");
    }
    let events = EventNames::read(fields);
    for (name, to) in events.named() {
        if let Err(rule) = check_name(to) {
            fields.fault(&["events.", name].concat(), rule);
        }
    }
    let authorization = fields.credential("access_token", "REDDIT_ACCESS_TOKEN", "Bearer ");
    let pixel_id = pixel_id?;
    let agent = concat!("edgetally/", env!("CARGO_PKG_VERSION"), " (by ");
    Some(Box::new(Reddit {
        authorization: authorization?,
        user_agent: HeaderValue::from_str(&[agent, &pixel_id, ")"].concat()).ok()?,
        pixel_id,
        test_id,
        events,
    }))
}

/// A type as Reddit spells it, or a custom event's name.
fn check_name(name: &str) -> Result<(), &'static str> {
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        return Err("must have 1 to 64 characters");
    }
    let bare = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let near = TYPES
        .iter()
        .chain([&CUSTOM])
        .any(|known| bare(known) == bare(name));
    // `SignUp` is v2's spelling, and in v3 would silently become a custom event.
    if near && !TYPES.contains(&name) {
        return Err("must be a type as Reddit spells it, such as SIGN_UP, or another name");
    }
    Ok(())
}

/// Whether a type has `value` and `currency`, and whether it has `item_count`.
fn takes(name: &str) -> (bool, bool) {
    match name {
        "PAGE_VISIT" | "VIEW_CONTENT" | "SEARCH" => (false, false),
        "LEAD" | "SIGN_UP" => (true, false),
        _ => (true, true),
    }
}

/// The UUID in `_rdt_uuid`, which the pixel writes as `<ms>.<uuid>`. One that is not as RFC 4122 has it makes Reddit
/// refuse the batch.
fn browser<'e>(input: &Input<'e>) -> Option<&'e str> {
    let uuid = input.cookie("_rdt_uuid")?.rsplit('.').next()?;
    let shaped = uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => matches!(byte, b'1'..=b'8'),
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        });
    shaped.then_some(uuid)
}

/// A side of the visitor's screen.
fn side(input: &Input<'_>, name: &str) -> Option<i64> {
    match input.property(name)? {
        Property::Number(number) => number.as_str().parse::<u16>().ok(),
        _ => None,
    }
    .filter(|side| *side > 0)
    .map(i64::from)
}

/// The levels of an item's category, as Reddit's own template joins them.
fn category(item: &Item<'_>) -> String {
    let levels: Vec<&str> = [
        "item_category",
        "item_category2",
        "item_category3",
        "item_category4",
        "item_category5",
    ]
    .into_iter()
    .filter_map(|name| item.text(name))
    .filter(|text| !text.is_empty())
    .collect();
    levels.join(" > ")
}

impl Reddit {
    /// One of Reddit's types or a custom event's name.
    fn event_name<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        self.events.resolve(EVENTS, name)
    }

    /// The type, and the name that a custom event has beside it.
    fn event_type<'n>(&'n self, name: &'n str) -> (&'n str, Option<&'n str>) {
        match self.event_name(name).unwrap_or(name) {
            name if TYPES.contains(&name) => (name, None),
            name => (CUSTOM, Some(name)),
        }
    }

    fn write(&self, to: &mut Object<'_>, input: &Input<'_>, now: UnixMillis) {
        let website = input.action_source() == ActionSource::Website;
        to.put("event_at", input.time(now));
        to.put(
            "action_source",
            match input.action_source() {
                ActionSource::Website => "WEBSITE",
                ActionSource::App => "APP",
                ActionSource::PhysicalStore => "PHYSICAL_STORE",
                _ => "OTHER",
            },
        );
        to.put("event_source_url", input.page_url().filter(|_| website));
        to.put("click_id", input.clicked("rdt_cid", &["_rdt_cid"]));
        let (kind, custom) = self.event_type(input.name());
        to.object("type", |to| {
            to.put("tracking_type", kind);
            to.put("custom_event_name", custom);
        });
        to.object("user", |user| {
            user.put("email", input.hashed::<RedditEmail>());
            user.put("phone_number", input.hashed::<E164Phone>());
            user.put("external_id", input.hashed::<ExternalId>());
            user.put("ip_address", input.ip());
            user.put("user_agent", input.user_agent());
            user.put("uuid", browser(input));
            if let (Some(width), Some(height)) =
                (side(input, "screen_width"), side(input, "screen_height"))
            {
                user.object("screen_dimensions", |screen| {
                    screen.put("width", width);
                    screen.put("height", height);
                });
            }
            if input.grant().limited() {
                user.object("data_processing_options", |options| {
                    options.list("modes", ["LDU"]);
                    // `T1`, which the edge says of Tor, is no country.
                    let country = input
                        .geo_country()
                        .filter(|code| code.bytes().all(|byte| byte.is_ascii_uppercase()));
                    options.put("country", country);
                    options.put("region", input.geo_region().filter(|_| country.is_some()));
                });
            }
        });
        let (worth, count) = takes(kind);
        to.object("metadata", |data| {
            data.put("conversion_id", input.id());
            let money = input.money().filter(|_| worth);
            data.put("currency", money.map(|money| &money.currency));
            data.put("value", money.map(|money| money.amount));
            data.put("item_count", input.articles().filter(|_| count));
            let items = input
                .lines()
                .filter(|item| item.item_id.as_deref().is_some_and(|id| !id.is_empty()));
            data.objects("products", items, |product, item| {
                product.put("id", item.item_id.as_deref());
                product.put("name", item.item_name.as_deref());
                product.put("category", category(item));
                // What is sold by weight has no number, and a fraction would make Reddit refuse the batch.
                product.put("quantity", counted(item));
                // A price without a currency says nothing.
                product.put("item_price", item.price.filter(|_| money.is_some()));
            });
        });
    }

    /// The place in the batch of an event that a reply repeats; nothing where more than one could be meant.
    fn place(&self, batch: &[Input<'_>], echoed: &Value) -> Option<usize> {
        let id = echoed.get("metadata")?.get("conversion_id")?.as_str()?;
        let kind = echoed
            .get("type")
            .and_then(|kind| kind.get("tracking_type"))
            .and_then(Value::as_str);
        let mut found = batch.iter().enumerate().filter(|(_, input)| {
            input.id() == id && kind.is_none_or(|kind| self.event_type(input.name()).0 == kind)
        });
        let (place, _) = found.next()?;
        found.next().is_none().then_some(place)
    }
}

impl Destination for Reddit {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if self.event_name(input.name()).is_none() {
            return Err(Skip::EventNotMapped);
        }
        if input.age_ms(now) >= MOST_AGE_MS {
            return Err(Skip::TooOld);
        }
        if input.is_test() && self.test_id.is_none() {
            return Err(Skip::TestEventCodeMissing);
        }
        // Reddit wants one signal in `user`. A click id stands beside it, so a browser has to come along.
        let enough = input.hashed::<RedditEmail>().is_some()
            || input.hashed::<E164Phone>().is_some()
            || input.hashed::<ExternalId>().is_some()
            || input.ip().is_some()
            || browser(input).is_some()
            || (input.user_agent().is_some() && input.clicked("rdt_cid", &["_rdt_cid"]).is_some());
        if enough {
            Ok(())
        } else {
            Err(Skip::IdentifiersMissing)
        }
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let click = input.clicked("rdt_cid", &["_rdt_cid"]);
        Keys::NONE
            .with(Key::Click, click.is_some())
            .with(Key::Email, input.hashed::<RedditEmail>().is_some())
            .with(Key::Phone, input.hashed::<E164Phone>().is_some())
            .with(Key::ExternalId, input.hashed::<ExternalId>().is_some())
            .with(Key::Browser, browser(input).is_some())
            .with(Key::Network, input.network())
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + MOST_AGE_MS)
    }

    fn group(&self, input: &Input<'_>) -> String {
        if input.is_test() {
            // Each in a request of its own.
            ["test", input.id(), input.name()].join("\n")
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
        let test = batch.first().filter(|input| input.is_test());
        let body = Object::write(|body| {
            body.object("data", |data| {
                data.put(
                    "test_id",
                    self.test_id.as_deref().filter(|_| test.is_some()),
                );
                data.put("partner", "edgetally");
                data.put("partner_version", env!("CARGO_PKG_VERSION"));
                // Test events that share a group are copies of one: the first stands for them all.
                let events = test.map_or(batch, std::slice::from_ref);
                data.objects("events", events, |event, input| {
                    self.write(event, input, now);
                });
            });
        });
        let uri = [
            "https://ads-api.reddit.com/api/",
            VERSION,
            "/pixels/",
            &self.pixel_id,
            "/conversion_events",
        ]
        .concat();
        post(&uri)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, self.user_agent.clone())
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        if let Some(outcome) = by_status(reply) {
            return Answer::All(outcome);
        }
        let http = ReasonCode::http(reply.status);
        let taken = matches!(reply.status, 200..=299);
        // Not always JSON: a refused token is told in plain text.
        let body = reply.json();
        let error = body.get("error").filter(|error| !error.is_null());
        let failed = error.is_some() || body.get("success").and_then(Value::as_bool) == Some(false);
        let message = body
            .get("data")
            .unwrap_or(&body)
            .get("message")
            .and_then(Value::as_str);
        // v2 has the list of those that were not taken at the top, and v3 was seen to name their places as well.
        let list = |name: &str| {
            [Some(&body), body.get("data"), error]
                .into_iter()
                .flatten()
                .find_map(|place| place.get(name)?.as_array())
                .filter(|list| !list.is_empty())
        };
        let (invalid, fields) = (list("invalid_events"), list("fields"));
        let all = |list: &Vec<Value>, place: &dyn Fn(&Value) -> Option<usize>| {
            list.iter().map(place).collect::<Option<Vec<usize>>>()
        };
        let places = invalid
            .and_then(|list| all(list, &|one| self.place(batch, one.get("event")?)))
            .or_else(|| {
                all(fields?, &|one| {
                    named_place(one.get("field")?.as_str()?).filter(|place| *place < batch.len())
                })
            });
        let fault = || Outcome::rejected(Cause::EventInvalid);
        match places {
            None if invalid.is_some() => return Answer::Split(fault()),
            None => {}
            // Those that are not listed were taken where the reply says that some were.
            Some(places)
                if taken && !failed && message.is_some_and(|text| !nothing_taken(text)) =>
            {
                let each = (0..batch.len()).map(|place| {
                    if places.contains(&place) {
                        fault()
                    } else {
                        Outcome::Delivered
                    }
                });
                return Answer::Each(each.collect());
            }
            Some(places) => {
                return Answer::Isolate(places.into_iter().map(|place| (place, fault())).collect());
            }
        }
        match reply.status {
            // A wrong type in the body is told with the status, and even the reason, of a refused token.
            400 | 403 if type_error(reply.text()) => {
                return Answer::Split(Outcome::rejected(Cause::JsonError));
            }
            401 | 403 | 404 => return Answer::All(Outcome::Unauthorized { code: http }),
            _ => {}
        }
        if !taken {
            return Answer::Split(Outcome::rejected(http));
        }
        match (failed, message) {
            (true, _) => {
                let reason = error.and_then(|error| error.get("reason"));
                if reason.and_then(Value::as_str) == Some("UNAUTHORIZED") {
                    Answer::All(Outcome::unauthorized(ReasonCode::theirs("UNAUTHORIZED")))
                } else {
                    Answer::Split(Outcome::rejected(Cause::EventInvalid))
                }
            }
            // What v2 says with 400.
            (false, Some(text)) if nothing_taken(text) => Answer::Split(fault()),
            (false, Some(_)) => Answer::All(Outcome::Delivered),
            (false, None) => Answer::All(Outcome::retry(Cause::ReplyUnreadable)),
        }
    }
}

/// The place in `$.data.events[1].event_at`.
fn named_place(path: &str) -> Option<usize> {
    let (_, rest) = path.split_once("events[")?;
    rest.split(']').next()?.parse().ok()
}

/// "There were 1 invalid conversion events. None were processed.", or "Successfully processed 0 conversion events."
fn nothing_taken(message: &str) -> bool {
    ["invalid conversion", "None were processed", "processed 0 "]
        .into_iter()
        .any(|words| message.contains(words))
}

/// "JSON error unexpected type number on field …".
fn type_error(text: &str) -> bool {
    ["JSON error", "unexpected type"]
        .into_iter()
        .any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fields::Fault;
    use crate::delivery::{Delivery, Gates};
    use crate::destinations::harness::{self, NOW, envelopes, plan};
    use crate::intake::Visit;
    use crate::settings::Settings;

    fn load(more: &str, token: &str) -> Result<Settings, Vec<Fault>> {
        let members = [r#""pixel_id": "a2_x""#, more].concat();
        harness::load("reddit", &members, &[("REDDIT_ACCESS_TOKEN", token)])
    }

    /// What intake says of events, and the bodies that they lead to.
    fn through(settings: &Settings, events: &str) -> (String, Vec<Value>) {
        let (answer, requests) = harness::through(settings, None, events);
        let bodies = requests
            .iter()
            .map(|request| serde_json::from_slice(request.body()).unwrap());
        (answer, bodies.collect())
    }

    fn user_of(context: &str, properties: &str) -> Value {
        let settings = load("", "t").unwrap();
        let event = format!(
            r#"{{"event": "page_view", "event_id": "e", "user": {{"external_id": "c"}}, "context": {{{context}}}, "properties": {{{properties}}}}}"#
        );
        through(&settings, &event).1[0]["data"]["events"][0]["user"].clone()
    }

    #[test]
    fn the_headers_say_who_calls_and_hide_the_token() {
        let settings = load("", "tok-3n").unwrap();
        let plan = plan(
            &settings,
            None,
            r#"{"event": "contact", "event_id": "e", "user": {"email": "ada@mail.example"}}"#,
        );
        let envelopes = envelopes(&plan.messages);
        let mut gates = Gates::new();
        let mut delivery = Delivery::new(&settings, &envelopes, &gates, NOW);
        let request = delivery.next(&mut gates, NOW).unwrap().request;
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer tok-3n");
        assert_eq!(
            request.headers()[USER_AGENT],
            concat!("edgetally/", env!("CARGO_PKG_VERSION"), " (by a2_x)")
        );
        assert!(!format!("{request:?} {settings:?}").contains("tok-3n"));
    }

    #[test]
    fn faults_of_the_settings_are_told() {
        for (more, token, at, message) in [
            (
                "",
                "a\nb",
                "access_token",
                "the secret has characters that a header cannot hold",
            ),
            (r#", "test_id": """#, "t", "test_id", "must not be empty"),
            (
                r#", "events": {"contact": ""}"#,
                "t",
                "events.contact",
                "must have 1 to 64 characters",
            ),
            (
                r#", "events": {"contact": "SignUp"}"#,
                "t",
                "events.contact",
                "must be a type as Reddit spells it, such as SIGN_UP, or another name",
            ),
            (
                r#", "events": {"contact": "CUSTOM"}"#,
                "t",
                "events.contact",
                "must be a type as Reddit spells it, such as SIGN_UP, or another name",
            ),
        ] {
            let faults = load(more, token).unwrap_err();
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert_eq!(faults[0].path, format!("destinations.reddit.{at}"));
            assert_eq!(faults[0].message, message);
        }
        assert!(check_name(&"é".repeat(64)).is_ok() && check_name(&"é".repeat(65)).is_err());
        assert!(check_name("LEAD").is_ok() && check_name("Leads").is_ok());
        for id in ["", "a/b", "a b", "a)", "é"] {
            let json = format!(
                r#"{{"sources": {{}}, "destinations": {{"reddit": {{"pixel_id": "{id}"}}}}}}"#
            );
            let faults = Settings::load(&json, &|_| Some("x".repeat(40))).unwrap_err();
            assert_eq!(faults[0].path, "destinations.reddit.pixel_id", "{id}");
        }
    }

    #[test]
    fn test_events_go_one_by_one_and_copies_of_one_go_once() {
        let test = |name: &str, id: &str| {
            format!(
                r#"{{"event": "{name}", "event_id": "{id}", "test": true, "user": {{"email": "ada@mail.example"}}}}"#
            )
        };
        let events = [
            test("contact", "a"),
            test("contact", "b"),
            test("donate", "b"),
            test("contact", "c").replace("true", "false"),
        ];
        let events = format!("[{}]", events.join(","));
        let settings = load(r#", "test_id": "t2_t""#, "t").unwrap();
        let (_, sent) = through(&settings, &events);
        assert_eq!(sent.len(), 4);
        let tests = sent.iter().filter(|body| body["data"]["test_id"] == "t2_t");
        assert_eq!(tests.count(), 3);
        for body in &sent {
            assert_eq!(body["data"]["events"].as_array().unwrap().len(), 1);
        }
        let (answer, sent) = through(&load("", "t").unwrap(), &events);
        assert_eq!(answer.matches("skipped:test_event_code_missing").count(), 3);
        assert_eq!(sent.len(), 1);

        // The queue delivers at least once, so one event may be there twice.
        let one = plan(&settings, None, &test("contact", "a"));
        let twice = [one.messages.clone(), one.messages].concat();
        let envelopes = envelopes(&twice);
        let mut gates = Gates::new();
        let mut delivery = Delivery::new(&settings, &envelopes, &gates, NOW);
        let flight = delivery.next(&mut gates, NOW).unwrap();
        let body: Value = serde_json::from_slice(flight.request.body()).unwrap();
        assert_eq!(body["data"]["events"].as_array().unwrap().len(), 1);
        assert!(delivery.next(&mut gates, NOW).is_none());
    }

    #[test]
    fn the_browsers_id_is_the_uuid_of_the_cookie() {
        let uuid = "6f1f2d9a-5c1b-4f0e-9a39-0d2b6f6c7e11";
        for (cookie, expected) in [
            (format!("1795000000123.{uuid}"), Some(uuid)),
            (uuid.to_owned(), Some(uuid)),
            (format!("1795000000123.{}", &uuid[1..]), None),
            (format!("{uuid}."), None),
            (uuid.replace('f', "g"), None),
            (uuid.replace("-4f", "-9f"), None),
            (uuid.replace("-9a", "-ca"), None),
            ("1795000000123".to_owned(), None),
        ] {
            let user = user_of(&format!(r#""cookies": {{"_rdt_uuid": "{cookie}"}}"#), "");
            assert_eq!(user["uuid"].as_str(), expected, "{cookie}");
        }
    }

    #[test]
    fn a_screen_has_two_whole_sides() {
        for (properties, expected) in [
            (
                r#""screen_width": 1920, "screen_height": 1080"#,
                r#"{"height":1080,"width":1920}"#,
            ),
            (r#""screen_width": 1920"#, "null"),
            (r#""screen_width": 0, "screen_height": 1080"#, "null"),
            (r#""screen_width": 1920.5, "screen_height": 1080"#, "null"),
            (r#""screen_width": "1920", "screen_height": 1080"#, "null"),
            (r#""screen_width": -1, "screen_height": 1080"#, "null"),
            (r#""screen_width": 1e3, "screen_height": 1080"#, "null"),
            (r#""screen_width": 99999999999, "screen_height": 1"#, "null"),
        ] {
            let screen = &user_of("", properties)["screen_dimensions"];
            let sides = match (&screen["height"], &screen["width"]) {
                (Value::Null, Value::Null) => "null".to_owned(),
                (height, width) => format!(r#"{{"height":{height},"width":{width}}}"#),
            };
            assert_eq!(sides, expected, "{properties}");
        }
    }

    #[test]
    fn each_type_gets_its_own_fields() {
        let settings = load(r#", "events": {"search": "Searched"}"#, "t").unwrap();
        for (name, kind, custom, fields) in [
            ("page_view", "PAGE_VISIT", "", "conversion_id products"),
            ("view_item", "VIEW_CONTENT", "", "conversion_id products"),
            (
                "search",
                "CUSTOM",
                "Searched",
                "conversion_id currency item_count products value",
            ),
            (
                "generate_lead",
                "LEAD",
                "",
                "conversion_id currency products value",
            ),
            (
                "sign_up",
                "SIGN_UP",
                "",
                "conversion_id currency products value",
            ),
            (
                "add_to_wishlist",
                "ADD_TO_WISHLIST",
                "",
                "conversion_id currency item_count products value",
            ),
            (
                "lamp_lit",
                "CUSTOM",
                "lamp_lit",
                "conversion_id currency item_count products value",
            ),
        ] {
            let event = format!(
                r#"{{"event": "{name}", "event_id": "e", "value": 5, "currency": "EUR", "user": {{"email": "ada@mail.example"}},
                    "items": [{{"item_id": "A", "price": 2, "quantity": 2.5}}, {{"item_id": "B", "price": 2, "item_category": "X", "item_category3": "Y"}},
                              {{"item_name": "no id"}}]}}"#
            );
            let event = if fields.contains("item_count") {
                event.replace("2.5", "3")
            } else {
                event
            };
            let (_, sent) = through(&settings, &event);
            let event = &sent[0]["data"]["events"][0];
            assert_eq!(event["type"]["tracking_type"], kind);
            assert_eq!(
                event["type"]["custom_event_name"]
                    .as_str()
                    .unwrap_or_default(),
                custom
            );
            let metadata = event["metadata"].as_object().unwrap();
            let mut names: Vec<&str> = metadata.keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names.join(" "), fields, "{name}");
            let products = metadata["products"].as_array().unwrap();
            assert_eq!(products.len(), 2);
            assert_eq!(products[1]["category"], "X > Y");
            assert_eq!(
                products[0].get("item_price").is_some(),
                fields.contains("value")
            );
            assert_eq!(
                products[0].get("quantity").is_some(),
                fields.contains("item_count")
            );
        }
    }

    #[test]
    fn events_are_skipped_for_what_reddit_would_refuse() {
        let settings = load(r#", "events": {"donate": false}"#, "t").unwrap();
        for (rest, verdict) in [
            (
                r#""event": "refund", "user": {"email": "ada@mail.example"}"#,
                "skipped:event_not_mapped",
            ),
            (
                r#""event": "donate", "user": {"email": "ada@mail.example"}"#,
                "skipped:event_not_mapped",
            ),
            (
                r#""event": "contact", "event_time": "2026-11-15T10:15:31Z", "user": {"email": "ada@mail.example"}"#,
                "skipped:too_old",
            ),
            (
                r#""event": "contact", "event_time": "2026-11-15T10:15:32Z", "user": {"email": "ada@mail.example"}"#,
                "queued",
            ),
            (
                r#""event": "contact", "context": {"user_agent": "Browser"}"#,
                "skipped:identifiers_missing",
            ),
            (
                r#""event": "contact", "context": {"click_ids": {"rdt_cid": "C"}}"#,
                "skipped:identifiers_missing",
            ),
            (
                r#""event": "contact", "context": {"user_agent": "Browser", "cookies": {"_rdt_cid": "C"}}"#,
                "queued",
            ),
            (
                r#""event": "contact", "context": {"ip": "203.0.113.4"}"#,
                "queued",
            ),
        ] {
            let event = format!(r#"{{"event_id": "e", {rest}}}"#);
            let (answer, sent) = through(&settings, &event);
            assert!(
                answer.contains(&format!(r#""reddit":"{verdict}""#)),
                "{rest}: {answer}"
            );
            assert_eq!(sent.len(), usize::from(verdict == "queued"));
        }
    }

    #[test]
    fn an_event_that_is_repeated_is_found_by_id_and_type_or_not_at_all() {
        let settings = load("", "t").unwrap();
        let event = |name: &str, id: &str| {
            format!(
                r#"{{"event": "{name}", "event_id": "{id}", "user": {{"email": "ada@mail.example"}}}}"#
            )
        };
        let plan = plan(
            &settings,
            None,
            &format!(
                "[{},{},{},{}]",
                event("contact", "a"),
                event("sign_up", "a"),
                event("donate", "b"),
                event("schedule", "b")
            ),
        );
        let envelopes = envelopes(&plan.messages);
        let batch: Vec<Input<'_>> = envelopes
            .iter()
            .flat_map(|envelope| &envelope.parcels)
            .map(|parcel| Input::new(parcel, parcel.legs[0].grant))
            .collect();
        let destination = &settings.destination("reddit").unwrap().destination;
        let fault = || Outcome::rejected("event_invalid");
        for (echoed, expected) in [
            (
                r#"{"metadata": {"conversion_id": "a"}, "type": {"tracking_type": "SIGN_UP"}}"#,
                Answer::Isolate(vec![(1, fault())]),
            ),
            (
                r#"{"metadata": {"conversion_id": "a"}}"#,
                Answer::Split(fault()),
            ),
            (
                r#"{"metadata": {"conversion_id": "b"}, "type": {"tracking_type": "CUSTOM"}}"#,
                Answer::Split(fault()),
            ),
            (
                r#"{"metadata": {"conversion_id": 7}}"#,
                Answer::Split(fault()),
            ),
            (r#""a""#, Answer::Split(fault())),
            ("null", Answer::Split(fault())),
        ] {
            let reply = Reply {
                status: 400,
                retry_after: None,
                body: format!(
                    r#"{{"invalid_events": [{{"error_message": "ada@mail.example", "event": {echoed}}}]}}"#
                )
                .into_bytes(),
            };
            assert_eq!(destination.read(&batch, &reply), expected, "{echoed}");
        }
    }

    #[test]
    fn odd_replies_are_no_success_and_show_nothing() {
        let settings = load("", "t").unwrap();
        let destination = &settings.destination("reddit").unwrap().destination;
        for status in [200, 204, 400, 401, 403, 404, 418] {
            for body in [
                "",
                "null",
                "7",
                r#""message""#,
                r#"["message"]"#,
                r#"{"message": 7}"#,
                r#"{"data": "message"}"#,
                r#"{"message": "ok", "data": {}}"#,
                r#"{"data": {"message": "ok"}, "success": false}"#,
                r#"{"data": {"message": "ok"}, "error": "ada@mail.example"}"#,
                r#"{"error": {"reason": "ada@mail.example"}}"#,
                r#"{"data": {"message": "ok", "invalid_events": ["ada@mail.example"]}}"#,
                r#"{"error": {"invalid_events": [{"event": {"email": "ada@mail.example"}}]}}"#,
            ] {
                let reply = Reply {
                    status,
                    retry_after: None,
                    body: body.as_bytes().to_vec(),
                };
                let shown = format!("{:?}", destination.read(&[], &reply)).to_lowercase();
                for secret in ["delivered", "mail"] {
                    assert!(!shown.contains(secret), "{status} {body}: {shown}");
                }
            }
        }
    }

    /// A browser may send several cookies of one name; the oldest is the visitor.
    #[test]
    fn of_several_cookies_the_oldest_counts() {
        let settings = load("", "t").unwrap();
        let (old, new) = (
            "1790000000001.6f1f2d9a-5c1b-4f0e-9a39-0d2b6f6c7e11",
            "1795000000123.7a1f2d9a-5c1b-4f0e-9a39-0d2b6f6c7e22",
        );
        for cookies in [
            format!("_rdt_uuid={old}; _rdt_uuid={new}"),
            format!("_rdt_uuid={new}; x=1; _rdt_uuid={old}"),
        ] {
            let visit = Visit {
                cookies: Some(&cookies),
                ..Visit::default()
            };
            let event =
                r#"{"event": "page_view", "event_id": "v", "user": {"email": "jo@mail.example"}}"#;
            let (_, requests) = harness::through(&settings, Some(&visit), event);
            let body = String::from_utf8_lossy(requests[0].body());
            assert!(
                body.contains("6f1f2d9a-5c1b-4f0e-9a39-0d2b6f6c7e11"),
                "{body}"
            );
        }
    }
}

//! TikTok Events API 2.0.
//!
//! `POST https://business-api.tiktok.com/open_api/v1.3/event/track/`, read 2026-11-22. "2.0" is the product, `v1.3` the
//! version of the interface; it is of 2022-08-15 and its end is "TBD". The token goes into the header `Access-Token`.
//!
//! What became of a request is said by `code` in the body and by nothing else: faults come with status 200, and
//! throttling (40100) comes with 401, as a wrong token does. One bad event makes TikTok refuse its whole request. Names
//! of fields are not checked there at all: a misspelt one is taken with `code` 0 and lost.

use http::{HeaderName, HeaderValue};
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
use crate::event::ActionSource;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{
    CityText, CountryText, E164Phone, ExternalId, FirstName, LastName, PlainEmail, StateText, Zip,
};
use crate::identity::{Spelling, Spellings};

/// The version of the interface (TikTok API for Business, "Timelines", read 2026-11-22).
pub const VERSION: &str = "v1.3";

/// What is known about TikTok.
pub const FACTS: Facts = Facts {
    platform: "tiktok",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // TikTok takes 1,000; a smaller batch makes the search for a bad event cheap.
    most_events: 200,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Unlisted,
    limited_use: Some("limited_data_use"),
    impersonal: Some("limited_data_use"),
    spellings: Spellings::of(&[
        Spelling::PlainEmail,
        Spelling::E164Phone,
        Spelling::FirstName,
        Spelling::LastName,
        Spelling::CityText,
        Spelling::StateText,
        Spelling::Zip,
        Spelling::CountryText,
        Spelling::ExternalId,
    ]),
    test: TestMode::Platform,
    deletion: Deletion::UNDOCUMENTED,
};

/// The standard events under the names they have since May 2025 ("Supported events", read 2026-11-22).
const EVENTS: &[(&str, &str)] = &[
    ("page_view", "Pageview"),
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
    // A custom event there.
    ("donate", "Donate"),
];

/// Names that no custom event may have. Whether case matters is not said, so it does not.
const RESERVED: &[&str] = &[
    "AddBilling",
    "Browse",
    "Checkout",
    "ClickForm",
    "ClickInDownloadPage",
    "ClickToDownload",
    "CompletePayment",
    "Consult",
    "ConsultByPhone",
    "Registration",
    "StartCheckout",
    "ViewConsultationPage",
    "ViewDownloadPage",
    "ViewForm",
];

/// What `contents` may be of.
const CONTENT_TYPES: &[&str] = &["product", "product_group"];

/// Properties of the sender that TikTok has a field for.
const TEXTS: &[&str] = &["description", "shop_id", "status"];

/// A pixel, perhaps a set of offline events, and the token of both.
#[derive(Debug)]
pub struct TikTok {
    web: EventSource,
    offline: Option<EventSource>,
    access_token: HeaderValue,
    content_type: &'static str,
    most_age_ms: i64,
    events: EventNames,
}

/// Where events are put.
#[derive(Debug)]
struct EventSource {
    kind: &'static str,
    id: String,
    test_event_code: Option<String>,
}

/// Reads the settings: `pixel_code`; optionally `access_token` (the secret's name, `TIKTOK_ACCESS_TOKEN`),
/// `test_event_code`, `offline_event_set_id` (for events without a page) and its `offline_test_event_code`,
/// `content_type` (`product`), `max_age_days` (7), `events` (canonical name to TikTok's, or `false`).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let pixel_code = fields.required("pixel_code");
    let set_id = fields.text("offline_event_set_id");
    for (key, id) in [
        ("pixel_code", &pixel_code),
        ("offline_event_set_id", &set_id),
    ] {
        let plain =
            |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !id.as_ref().is_none_or(plain) {
            fields.fault(key, "must be letters and digits, as a string");
        }
    }
    // An empty code would leave the field out, and a test would count.
    let test_event_code = fields
        .text("test_event_code")
        .filter(|code| !code.is_empty());
    let offline_test_event_code = fields
        .text("offline_test_event_code")
        .filter(|code| !code.is_empty());
    let content_type = fields.word("content_type", CONTENT_TYPES);
    let days = fields.whole("max_age_days", 7, (1, 90));
    let events = EventNames::read(fields);
    for (name, to) in events.named() {
        if to.is_empty() || reserved(to) {
            fields.fault(
                &format!("events.{name}"),
                "is empty, or a name that TikTok reserves",
            );
        }
    }
    let access_token = fields.credential("access_token", "TIKTOK_ACCESS_TOKEN", "");
    Some(Box::new(TikTok {
        web: EventSource {
            kind: "web",
            id: pixel_code?,
            test_event_code,
        },
        offline: set_id.map(|id| EventSource {
            kind: "offline",
            id,
            test_event_code: offline_test_event_code,
        }),
        access_token: access_token?,
        content_type,
        most_age_ms: i64::from(days) * DAY_MS,
        events,
    }))
}

fn reserved(name: &str) -> bool {
    RESERVED
        .iter()
        .any(|taken| taken.eq_ignore_ascii_case(name))
}

/// The outer form of BCP 47: `en`, `en-US`, `zh-Hant-TW`.
fn is_locale(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    matches!(language.len(), 2 | 3)
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn ttclid<'e>(input: &Input<'e>) -> Option<&'e str> {
    input.clicked("ttclid", &["ttclid"])
}

impl TikTok {
    fn event_name<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        self.events.resolve(EVENTS, name)
    }

    /// The pixel takes what happened on a page and requires its address; the rest is for the set of offline events.
    fn source(&self, input: &Input<'_>) -> Result<&EventSource, Skip> {
        let page = input.page_url().is_some();
        match input.action_source() {
            // An app has a source of its own, with data of the app that the canonical event does not have.
            ActionSource::App => Err(Skip::AppDataUnsupported),
            ActionSource::Website if !page => Err(Skip::PageUrlMissing),
            ActionSource::PhysicalStore | ActionSource::PhoneCall => self.offline(),
            _ if page => Ok(&self.web),
            _ => self.offline(),
        }
    }

    fn offline(&self) -> Result<&EventSource, Skip> {
        self.offline.as_ref().ok_or(Skip::OfflineEventSetMissing)
    }

    /// TikTok itself enforces nothing, and what matches nobody is of no use to anybody. Click and browser ids are of
    /// the web only, and so is the pair of address and browser.
    fn recognisable(input: &Input<'_>, web: bool) -> bool {
        input.hashed::<PlainEmail>().is_some()
            || input.hashed::<E164Phone>().is_some()
            || input.hashed::<ExternalId>().is_some()
            || (web
                && (ttclid(input).is_some()
                    || input.cookie("_ttp").is_some()
                    || (input.ip().is_some() && input.user_agent().is_some())))
    }

    fn write(&self, out: &mut Object<'_>, input: &Input<'_>, web: bool, now: UnixMillis) {
        out.put("event", self.event_name(input.name()));
        out.put("event_time", input.time(now).seconds());
        out.put("event_id", input.id());
        // The one flag there is: what limits use after an opt-out serves a no to personalised advertising too.
        out.put("limited_data_use", !input.grant().personalised());
        out.object("user", |user| {
            user.put("email", input.hashed::<PlainEmail>());
            user.put("phone", input.hashed::<E164Phone>());
            user.put("external_id", input.hashed::<ExternalId>());
            user.put("first_name", input.hashed::<FirstName>());
            user.put("last_name", input.hashed::<LastName>());
            user.put("zip_code", input.hashed::<Zip>());
            user.put("city", input.clear::<CityText>());
            user.put("state", input.clear::<StateText>());
            user.put("country", input.clear::<CountryText>());
            if web {
                user.put("ttclid", ttclid(input));
                user.put("ttp", input.cookie("_ttp"));
            }
            user.put("ip", input.ip());
            user.put("user_agent", input.user_agent());
            user.put(
                "locale",
                input.text("language").filter(|tag| is_locale(tag)),
            );
        });
        if web {
            out.object("page", |page| {
                page.put("url", input.page_url());
                page.put("referrer", input.referrer());
            });
        }
        out.object("properties", |properties| {
            if let Some(money) = input.money() {
                properties.put("currency", &money.currency);
                properties.put("value", money.amount);
            }
            if input.lines().next().is_some() {
                let content_type = input.text("content_type");
                properties.put(
                    "content_type",
                    content_type
                        .filter(|name| CONTENT_TYPES.contains(name))
                        .unwrap_or(self.content_type),
                );
            }
            properties.put("num_items", input.articles());
            properties.put("order_id", input.transaction_id());
            properties.put("predicted_ltv", input.predicted_ltv());
            properties.put("search_string", input.text("search_term"));
            for name in TEXTS {
                properties.put(name, input.text(name));
            }
            properties.put(
                "delivery_category",
                input
                    .text("delivery_category")
                    .filter(|name| matches!(*name, "in_store" | "curbside" | "home_delivery")),
            );
            properties.objects("contents", input.lines(), |content, item| {
                content.put("content_id", item.item_id.as_ref());
                content.put("content_name", item.item_name.as_ref());
                content.put("content_category", item.text("item_category"));
                content.put("brand", item.text("item_brand"));
                content.put("price", item.price);
                // A fraction could make TikTok refuse the batch: the type is not documented, the examples are whole.
                content.put("quantity", counted(item));
            });
        });
    }
}

impl Destination for TikTok {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        let name = self.event_name(input.name()).ok_or(Skip::EventNotMapped)?;
        if reserved(name) {
            return Err(Skip::EventNameReserved);
        }
        if input.age_ms(now) >= self.most_age_ms {
            return Err(Skip::TooOld);
        }
        let source = self.source(input)?;
        if input.is_test() && source.test_event_code.is_none() {
            return Err(Skip::TestEventCodeMissing);
        }
        if !Self::recognisable(input, source.kind == "web") {
            return Err(Skip::IdentifiersMissing);
        }
        Ok(())
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let web = self.source(input).is_ok_and(|source| source.kind == "web");
        let person = input.hashed::<FirstName>().is_some()
            || input.hashed::<LastName>().is_some()
            || input.hashed::<Zip>().is_some()
            || input.clear::<CityText>().is_some()
            || input.clear::<CountryText>().is_some();
        Keys::NONE
            .with(Key::Click, web && ttclid(input).is_some())
            .with(Key::Email, input.hashed::<PlainEmail>().is_some())
            .with(Key::Phone, input.hashed::<E164Phone>().is_some())
            .with(Key::ExternalId, input.hashed::<ExternalId>().is_some())
            .with(Key::Browser, web && input.cookie("_ttp").is_some())
            .with(Key::Network, input.network())
            .with(Key::Person, person)
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + self.most_age_ms)
    }

    /// The source and the test code stand beside the list.
    fn group(&self, input: &Input<'_>) -> String {
        let kind = self.source(input).map_or("", |source| source.kind);
        [kind, if input.is_test() { " test" } else { "" }].concat()
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        _token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        let first = batch
            .first()
            .ok_or_else(|| Outcome::rejected(Cause::EncodingFailed))?;
        let source = self
            .source(first)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))?;
        let body = Object::write(|body| {
            body.put("event_source", source.kind);
            body.put("event_source_id", &source.id);
            body.put("partner_name", "edgetally");
            if first.is_test() {
                body.put("test_event_code", source.test_event_code.as_deref());
            }
            body.objects("data", batch, |event, input| {
                self.write(event, input, source.kind == "web", now);
            });
        });
        post("https://business-api.tiktok.com/open_api/v1.3/event/track/")
            .header(
                const { HeaderName::from_static("access-token") },
                self.access_token.clone(),
            )
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        let body = reply.json();
        let Some(number) = body.get("code").and_then(Value::as_i64) else {
            return match by_status(reply) {
                Some(outcome) => Answer::All(outcome),
                None if reply.status == 413 => {
                    Answer::Split(Outcome::rejected(ReasonCode::http(413)))
                }
                // TikTok answers in JSON whatever happened, so this came from something in between.
                None => Answer::All(Outcome::retry(Cause::ReplyUnreadable)),
            };
        };
        let code = ReasonCode::theirs(number.to_string());
        let later = |seconds: Option<u32>| {
            Answer::All(Outcome::Retry {
                code: code.clone(),
                after: reply.retry_after.max(seconds),
            })
        };
        let success = (200..=299).contains(&reply.status);
        match number {
            0 if success => Answer::All(Outcome::Delivered),
            20001 if success => Answer::All(Outcome::Remarked { code }),
            0 | 20001 => Answer::All(
                by_status(reply).unwrap_or_else(|| Outcome::retry(Cause::ReplyUnreadable)),
            ),
            40100 => later(Some(300)),
            // No permission for the pixel, no such pixel; the token.
            40001 | 40101..=40105 => Answer::All(Outcome::Unauthorized { code }),
            // A code that is not documented, with a status that is not of faults in events.
            40000..=49999 if number != 40002 && matches!(reply.status, 401 | 403) => {
                Answer::All(Outcome::Unauthorized { code })
            }
            40000..=49999 if number != 40002 && reply.status == 429 => later(Some(60)),
            40000..=49999 => {
                let named = body.get("message").and_then(|message| match message {
                    Value::String(text) => place(text),
                    other => place(&serde_json::to_string(other).unwrap_or_default()),
                });
                match named.filter(|place| number == 40002 && *place < batch.len()) {
                    Some(place) => Answer::Isolate(vec![(place, Outcome::rejected(code))]),
                    None => Answer::Split(Outcome::rejected(code)),
                }
            }
            // 5xxxx is the server's trouble, and what is not documented is no verdict on the events.
            _ => later(None),
        }
    }
}

/// The event that a message speaks of: `Batch.3.properties…`, or `data.3.event_time…`. What follows may repeat values,
/// which may look like anything, so a path that does not begin the message counts only where it is the only one.
fn place(message: &str) -> Option<usize> {
    let found: Vec<(usize, usize)> = ["Batch.", "data."]
        .iter()
        .flat_map(|prefix| message.match_indices(prefix))
        .filter_map(|(at, prefix)| {
            let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            if message.get(..at)?.ends_with(inside) {
                return None;
            }
            let (number, _) = message.get(at + prefix.len()..)?.split_once('.')?;
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            Some((at, number.parse().ok().filter(|_| digits)?))
        })
        .collect();
    let (at, first) = *found.iter().min()?;
    let begins = !message.get(..at)?.contains(char::is_alphanumeric);
    (begins || found.iter().all(|(_, place)| *place == first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fields::Fault;
    use crate::consent::Grant;
    use crate::destinations::harness::{self, GRANT, NOW};
    use crate::queue::parcel::Parcel;
    use crate::settings::Settings;

    fn load(more: &str, token: &str) -> Result<Settings, Vec<Fault>> {
        let members = [r#""pixel_code": "C4A1B2"#, more].concat();
        harness::load("tiktok", &members, &[("TIKTOK_ACCESS_TOKEN", token)])
    }

    fn tiktok(more: &str) -> Box<dyn Destination> {
        load(more, "abc")
            .unwrap()
            .destinations
            .remove(0)
            .destination
    }

    /// An event as the queue has it; `more` comes after its name and time.
    fn event(more: &str) -> String {
        let email = "A".repeat(43);
        [
            r#"{"n": "contact", "i": "c-1", "t": 1795342531000, "r": 1795342531000, "p": {"em.plain": ""#,
            &email,
            r#""}, "to": []"#,
            more,
            "}",
        ]
        .concat()
    }

    fn check(destination: &dyn Destination, event: &str) -> Result<(), Skip> {
        harness::check(destination, event, GRANT)
    }

    #[test]
    fn the_first_path_of_a_message_names_the_event() {
        for (message, expected) in [
            (
                "Batch.0.properties.contents.0.content_id: Not a valid string",
                Some(0),
            ),
            ("error: data.12.event_time", Some(12)),
            ("\"data.3.user.email\", \"Batch.1.event\"", Some(3)),
            ("Batch.4.event_id: Batch.1.x is not a valid string", Some(4)),
            ("Faults:\nBatch.2.event_id, Batch.2.event", Some(2)),
            // One of them may be a value.
            ("Not a string: data.0.x, at Batch.2.event_id", None),
            // Not a path, or not to an event.
            ("Batch..event", None),
            ("Batch.x.event", None),
            ("Batch.-1.event", None),
            ("Batch.+1.event", None),
            ("Batch.7", None),
            ("Batch.99999999999999999999999.event", None),
            ("metadata.3.x", None),
            ("properties.data.3.x", None),
            ("Batch.", None),
            ("", None),
        ] {
            assert_eq!(place(message), expected, "{message}");
        }
    }

    #[test]
    fn a_locale_is_a_tag_and_no_word() {
        for (tag, expected) in [
            ("en", true),
            ("en-US", true),
            ("zh-Hant-TW", true),
            ("en_US", false),
            ("English", false),
            ("en-", false),
            ("", false),
        ] {
            assert_eq!(is_locale(tag), expected, "{tag}");
        }
    }

    #[test]
    fn the_token_is_in_its_header_and_nowhere_else() {
        let settings = load(r#"""#, "sEcr3t-token").unwrap();
        assert!(!format!("{settings:?}").contains("sEcr3t"));
        let text = event(r#", "u": "https://shop.example/""#);
        let parcel: Parcel<'_> = serde_json::from_str(&text).unwrap();
        let input = Input::new(&parcel, Grant::from_wire(GRANT));
        let destination = &settings.destinations[0].destination;
        let request = destination.request(&[input], None, NOW).unwrap();
        assert_eq!(
            request.headers()["access-token"].to_str().unwrap(),
            "sEcr3t-token"
        );
        assert!(!format!("{request:?}").contains("sEcr3t"));
        assert!(!request.uri().to_string().contains("sEcr3t"));
        assert!(!String::from_utf8_lossy(request.body()).contains("sEcr3t"));
    }

    #[test]
    fn settings_are_checked() {
        for (more, token, path) in [
            (r#"-x""#, "abc", "pixel_code"),
            (
                r#"", "offline_event_set_id": "7 3""#,
                "abc",
                "offline_event_set_id",
            ),
            (r#"", "content_type": "thing""#, "abc", "content_type"),
            (r#"", "max_age_days": 0"#, "abc", "max_age_days"),
            (
                r#"", "events": {"purchase": "CompletePayment"}"#,
                "abc",
                "events.purchase",
            ),
            (r#"", "events": {"search": ""}"#, "abc", "events.search"),
            (r#"", "pixel": "x""#, "abc", "pixel"),
            (r#"""#, "a\nb", "access_token"),
        ] {
            let faults = load(more, token).unwrap_err();
            assert_eq!(
                faults[0].path.strip_prefix("destinations.tiktok."),
                Some(path),
                "{faults:?}"
            );
            assert!(!format!("{faults:?}").contains("a\\nb"));
        }
    }

    #[test]
    fn what_cannot_be_taken_is_skipped_with_the_reason() {
        let page = r#", "u": "https://shop.example/""#;
        let pixel = tiktok(r#"""#);
        let both = tiktok(r#"", "offline_event_set_id": "73""#);
        for (destination, more, expected) in [
            (&pixel, page.to_owned(), Ok(())),
            (&pixel, String::new(), Err(Skip::PageUrlMissing)),
            (
                &pixel,
                r#", "a": "chat""#.to_owned(),
                Err(Skip::OfflineEventSetMissing),
            ),
            (&both, r#", "a": "chat""#.to_owned(), Ok(())),
            (&pixel, [page, r#", "a": "email""#].concat(), Ok(())),
            (
                &pixel,
                [page, r#", "a": "physical_store""#].concat(),
                Err(Skip::OfflineEventSetMissing),
            ),
            (
                &both,
                r#", "a": "app""#.to_owned(),
                Err(Skip::AppDataUnsupported),
            ),
            (
                &both,
                r#", "a": "chat", "z": true"#.to_owned(),
                Err(Skip::TestEventCodeMissing),
            ),
        ] {
            assert_eq!(check(&**destination, &event(&more)), expected, "{more}");
        }
        for name in ["checkout", "browse", "start_checkout"] {
            let text = event(page).replace("contact", name);
            let expected = if name.contains('_') {
                Ok(())
            } else {
                Err(Skip::EventNameReserved)
            };
            assert_eq!(check(&*pixel, &text), expected, "{name}");
        }
        let week_old = event(page).replace("\"t\": 1795342531000", "\"t\": 1794737731000");
        assert_eq!(check(&*pixel, &week_old), Err(Skip::TooOld));
        let older = tiktok(r#"", "max_age_days": 8"#);
        assert_eq!(check(&*older, &week_old), Ok(()));
    }

    #[test]
    fn somebody_has_to_be_recognisable() {
        let pixel = tiktok(r#"", "offline_event_set_id": "73""#);
        let page = r#", "u": "https://shop.example/""#;
        for (more, enough) in [
            (r#", "ip": "203.0.113.8""#, false),
            (r#", "ua": "Browser""#, false),
            (r#", "ip": "203.0.113.8", "ua": "Browser""#, true),
            (r#", "cl": [["ttclid", "E.C.P.x"]]"#, true),
            (r#", "ck": [["ttclid", "E.C.P.x"]]"#, true),
            (r#", "ck": [["_ttp", "2aBcD3"]]"#, true),
            (r#", "cl": [["fbclid", "IwAR"]]"#, false),
        ] {
            for (place, enough) in [(page, enough), (r#", "a": "chat""#, false)] {
                let text = event(&[place, more].concat()).replace("em.plain", "fn.plain");
                let expected = if enough {
                    Ok(())
                } else {
                    Err(Skip::IdentifiersMissing)
                };
                assert_eq!(check(&*pixel, &text), expected, "{text}");
            }
        }
    }

    #[test]
    fn sources_and_tests_have_requests_of_their_own() {
        let both = tiktok(
            r#"", "test_event_code": "T1", "offline_event_set_id": "73", "offline_test_event_code": "T2""#,
        );
        let groups = [
            r#", "u": "https://shop.example/""#,
            r#", "u": "https://shop.example/", "z": true"#,
            r#", "a": "chat""#,
            r#", "a": "chat", "z": true"#,
        ]
        .map(|more| {
            let text = event(more);
            let parcel: Parcel<'_> = serde_json::from_str(&text).unwrap();
            both.group(&Input::new(&parcel, Grant::from_wire(GRANT)))
        });
        assert_eq!(groups, ["web", "web test", "offline", "offline test"]);
    }
}

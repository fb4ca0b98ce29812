//! Microsoft Advertising, UET Conversions API.
//!
//! `POST https://capi.uet.microsoft.com/v1/{tag_id}/events`, read 2026-11-22; no end of v1 is announced. The credential
//! is the token of the UET tag, not one of OAuth. It is a pilot: not every account has the option.
//!
//! Events have free names, which have to equal the event actions of the account's goals; only a page load has none. A
//! batch is refused whole unless it says `continueOnValidationError`; then the reply, a 200, tells by index what was
//! left out. It repeats the values, so nothing of a reply but the names of properties becomes a code.

use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::base::fields::Fields;
use crate::base::json::{Leaf, Object};
use crate::base::match_keys::{Key, Keys};
use crate::base::reason::{Cause, Skip};
use crate::base::secret::Secret;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, TestMode};
use crate::destinations::input::{Input, counted};
use crate::destinations::names::EventNames;
use crate::event::Property;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{E164Phone, ExternalId, MicrosoftEmail};
use crate::identity::{Spelling, Spellings};

/// The version in the path; its end has not been announced (UET Conversions API guide, read 2026-11-22).
pub const VERSION: &str = "v1";

/// What is known about Microsoft Advertising.
pub const FACTS: Facts = Facts {
    platform: "microsoft",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    most_events: 1000,
    // Not published; a connector keeps to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Unlisted,
    limited_use: None,
    impersonal: None,
    spellings: Spellings::of(&[
        Spelling::MicrosoftEmail,
        Spelling::E164Phone,
        Spelling::ExternalId,
    ]),
    test: TestMode::DryRun,
    deletion: Deletion::UNDOCUMENTED,
};

/// The oldest event, in days.
const MOST_AGE_DAYS: u32 = 7;

/// The type of an event that has no name.
const PAGE_LOAD: &str = "pageLoad";

/// All others go by their canonical names, so that the tag in the browser and the server agree.
const EVENTS: &[(&str, &str)] = &[("page_view", PAGE_LOAD)];

/// What `pageType` may be.
const PAGE_TYPES: &[&str] = &[
    "home",
    "product",
    "category",
    "searchresults",
    "cart",
    "purchase",
    "other",
];

/// A tag and its token.
#[derive(Debug)]
pub struct Microsoft {
    url: String,
    /// `Bearer` and the token; marked so that it is not shown.
    authorization: HeaderValue,
    page_views: bool,
    most_age_ms: i64,
    events: EventNames,
}

/// Reads the settings: `tag_id`; optionally `access_token` (the secret's name, `MICROSOFT_ACCESS_TOKEN`), `page_views`
/// (`false`), `max_age_days` (7, at most 7), `events` (canonical name to the event action of a goal, to `pageLoad`, or
/// `false`).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let tag_id = fields.digits("tag_id");
    let page_views = fields.flag("page_views", false);
    let days = fields.whole("max_age_days", MOST_AGE_DAYS, (1, MOST_AGE_DAYS));
    let events = EventNames::read(fields);
    for (name, to) in events.named() {
        if to.is_empty() {
            fields.fault(&["events.", name].concat(), "must not be empty");
        }
    }
    let authorization = fields.credential("access_token", "MICROSOFT_ACCESS_TOKEN", "Bearer ");
    let tag_id = tag_id?;
    Some(Box::new(Microsoft {
        url: [
            "https://capi.uet.microsoft.com/",
            VERSION,
            "/",
            &tag_id,
            "/events",
        ]
        .concat(),
        authorization: authorization?,
        page_views,
        most_age_ms: i64::from(days) * DAY_MS,
        events,
    }))
}

/// A UUID in lower case with its dashes, which may be missing; nothing where it is none.
fn uuid(text: &str) -> Option<String> {
    let dashed = text.len() == 36;
    let (mut out, mut digits) = (String::with_capacity(36), 0);
    for (at, byte) in text.bytes().enumerate() {
        if dashed && matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        if !byte.is_ascii_hexdigit() {
            return None;
        }
        if matches!(digits, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(char::from(byte.to_ascii_lowercase()));
        digits += 1;
    }
    (digits == 32).then_some(out)
}

/// The click: its parameter, else the tag's cookie. Microsoft refuses or removes what is no UUID.
fn click(input: &Input<'_>) -> Option<String> {
    input.click_id("msclkid").and_then(uuid).or_else(|| {
        let value = input.cookie("_uetmsclkid")?;
        uuid(value.strip_prefix("_uet").unwrap_or(value))
    })
}

/// The tag's id of the browser. A shop may have set one of its own, which has to stay equal to that of the ID sync.
fn browser(input: &Input<'_>) -> Option<String> {
    let value = input.cookie("_uetvid")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if value.len() == 32
        && let Some(dashed) = uuid(value)
    {
        return Some(dashed);
    }
    ((1..=64).contains(&value.len()) && value.bytes().all(plain)).then(|| value.to_owned())
}

/// The page that an event happens on: what the sender says, else what its name says.
fn page_type<'e>(input: &Input<'e>, page_load: bool) -> Option<&'e str> {
    input
        .text("page_type")
        .filter(|name| PAGE_TYPES.contains(name))
        .or(match input.name() {
            "view_item" => Some("product"),
            "view_item_list" => Some("category"),
            "search" => Some("searchresults"),
            "add_to_cart" => Some("cart"),
            "purchase" => Some("purchase"),
            _ => page_load.then_some("other"),
        })
}

impl Microsoft {
    fn event_name<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        self.events.resolve(EVENTS, name)
    }

    fn write(&self, out: &mut Object<'_>, input: &Input<'_>, now: UnixMillis) {
        let name = self
            .event_name(input.name())
            .filter(|name| *name != PAGE_LOAD);
        let page_load = name.is_none();
        out.put("eventType", if page_load { PAGE_LOAD } else { "custom" });
        out.put("eventName", name);
        out.put("eventId", input.id());
        out.put("eventTime", input.time(now).seconds());
        out.put("eventSourceUrl", input.page_url());
        out.put("referrerUrl", input.referrer());
        out.put("pageTitle", input.page_title());
        // Absent would mean the same; Europe wants to be told. Visitors with a limited grant are not sent.
        out.put("adStorageConsent", "G");
        out.object("userData", |user| {
            user.put("em", input.hashed::<MicrosoftEmail>());
            user.put("ph", input.hashed::<E164Phone>());
            user.put("externalId", input.hashed::<ExternalId>());
            user.put("anonymousId", browser(input));
            user.put("msclkid", click(input));
            user.put("clientIpAddress", input.ip());
            user.put("clientUserAgent", input.user_agent());
        });
        out.object("customData", |custom| {
            let kind = page_type(input, page_load);
            custom.put("pageType", kind);
            custom.put("searchTerm", input.text("search_term"));
            custom.list("itemIds", input.lines().map(|item| item.item_id.as_ref()));
            // A page load must not carry revenue.
            if page_load {
                return;
            }
            custom.put("eventCategory", input.text("event_category"));
            custom.put("eventLabel", input.text("event_label"));
            if let Some(Property::Number(number)) = input.property("event_value") {
                custom.put("eventValue", Leaf::Raw(number.as_str()));
            }
            let money = input.money();
            custom.put("value", money.map(|money| money.amount));
            custom.put("currency", money.map(|money| &money.currency));
            // Microsoft expects one with every purchase: the event's id tells orders apart as well.
            let bought = input.name() == "purchase";
            let order = input.transaction_id();
            custom.put("transactionId", order.or(bought.then_some(input.id())));
            // Of a cart the value is that of what was put in, not of all that is there.
            let whole = money.filter(|_| kind == Some("purchase"));
            custom.put("ecommTotalValue", whole.map(|money| money.amount));
            let items = input
                .lines()
                .filter(|item| item.item_id.as_deref().is_some_and(|id| !id.is_empty()));
            custom.objects("items", items, |one, item| {
                one.put("id", item.item_id.as_ref());
                one.put("name", item.item_name.as_ref());
                // A price without a currency says nothing.
                one.put("price", item.price.filter(|_| money.is_some()));
                // What is sold by weight has no number.
                one.put("quantity", counted(item));
            });
        });
    }
}

impl Destination for Microsoft {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        let name = self.event_name(input.name()).ok_or(Skip::EventNotMapped)?;
        if name == PAGE_LOAD {
            if !self.page_views {
                // The tag on the page has told of it, and a second one would count for goals that are addresses.
                return Err(Skip::PageViewsOff);
            }
            if input.page_url().is_none() {
                return Err(Skip::PageUrlMissing);
            }
        }
        if input.age_ms(now) >= self.most_age_ms {
            return Err(Skip::TooOld);
        }
        // Microsoft has no flag for limited use. `adStorageConsent: D` is taken and used for nothing, so it would hand
        // over the data of somebody who objected to just that, and count as a delivery which nobody sees in a report.
        if input.grant().limited() {
            return Err(Skip::LimitedUseUnsupported);
        }
        // Address and browser alone are not enough.
        let known = input.hashed::<MicrosoftEmail>().is_some()
            || input.hashed::<E164Phone>().is_some()
            || input.hashed::<ExternalId>().is_some()
            || browser(input).is_some()
            || click(input).is_some();
        if known {
            Ok(())
        } else {
            Err(Skip::IdentifiersMissing)
        }
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        Keys::NONE
            .with(Key::Click, click(input).is_some())
            .with(Key::Email, input.hashed::<MicrosoftEmail>().is_some())
            .with(Key::Phone, input.hashed::<E164Phone>().is_some())
            .with(Key::ExternalId, input.hashed::<ExternalId>().is_some())
            .with(Key::Browser, browser(input).is_some())
            .with(Key::Network, input.network())
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + self.most_age_ms)
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        _token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        let body = Object::write(|body| {
            body.put("dataProvider", "edgetally");
            body.put("continueOnValidationError", true);
            body.objects("data", batch, |event, input| self.write(event, input, now));
        });
        post(&self.url)
            .header(AUTHORIZATION, self.authorization.clone())
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        if let Some(outcome) = by_status(reply) {
            return Answer::All(outcome);
        }
        let body = reply.json();
        let error = body.get("error").filter(|error| !error.is_null());
        let code = error
            .and_then(|error| word(error.get("code")?.as_str()?))
            .map_or_else(
                || ReasonCode::http(reply.status),
                |code| ReasonCode::theirs(code.to_owned()),
            );
        let details = error
            .and_then(|error| error.get("details")?.as_array())
            .map_or(&[][..], Vec::as_slice);
        let faults = Faults::of(details, batch.len());
        match reply.status {
            200..=299 => {
                let received = body.get("eventsReceived").and_then(Value::as_u64);
                taken(batch.len() as u64, received, error.map(|_| code), faults)
            }
            // The token, or a tag that is not the token's.
            401 | 403 | 404 => Answer::All(Outcome::Unauthorized { code }),
            _ => faults
                .isolate()
                .unwrap_or(Answer::Split(Outcome::rejected(code))),
        }
    }
}

/// What a success means; `error` is the code of the error inside it.
fn taken(sent: u64, received: Option<u64>, error: Option<ReasonCode>, faults: Faults) -> Answer {
    let told = !faults.outcomes.is_empty();
    let whole = received.is_some_and(|received| received >= sent);
    match error {
        Some(code) if &*code == "Unauthorized" => Answer::All(Outcome::Unauthorized { code }),
        // Some event was left out, and who knows which.
        _ if faults.unplaced => Answer::Split(Outcome::rejected(Cause::EventInvalid)),
        Some(_) if told => {
            let rejected = faults.rejected().count() as u64;
            if received.is_some_and(|received| received + rejected < sent) {
                // Not only those that are told of were left out.
                return faults
                    .isolate()
                    .unwrap_or_else(|| Answer::All(Outcome::retry(Cause::EventsReceivedDiffers)));
            }
            Answer::Each(
                faults
                    .outcomes
                    .into_iter()
                    .map(|outcome| outcome.unwrap_or(Outcome::Delivered))
                    .collect(),
            )
        }
        Some(code) if whole => Answer::All(Outcome::Remarked { code }),
        Some(code) => Answer::Split(Outcome::rejected(code)),
        None if whole => Answer::All(Outcome::Delivered),
        None => Answer::All(Outcome::retry(if received.is_some() {
            Cause::EventsReceivedDiffers
        } else {
            Cause::ReplyUnreadable
        })),
    }
}

/// What the details of an error say of each event.
struct Faults {
    /// One for each event of the batch; empty where no detail tells of one.
    outcomes: Vec<Option<Outcome>>,
    /// Whether one that is at fault is not of the batch.
    unplaced: bool,
}

impl Faults {
    fn of(details: &[Value], sent: usize) -> Self {
        let mut faults = Self {
            outcomes: Vec::new(),
            unplaced: false,
        };
        for detail in details {
            let warning = detail.get("isWarning").and_then(Value::as_bool) == Some(true);
            let place = detail.get("index").and_then(Value::as_u64);
            let Some(place) = place
                .and_then(|place| usize::try_from(place).ok())
                .filter(|place| *place < sent)
            else {
                faults.unplaced |= !warning;
                continue;
            };
            faults.outcomes.resize(sent, None);
            let property = detail
                .get("propertyName")
                .and_then(Value::as_str)
                .and_then(property);
            let field = property.unwrap_or("event");
            if let Some(slot) = faults.outcomes.get_mut(place) {
                match slot {
                    Some(Outcome::Rejected { .. }) => {}
                    _ if !warning => *slot = Some(Outcome::rejected(ReasonCode::invalid(field))),
                    Some(_) => {}
                    // The field was left out and the event kept.
                    None => {
                        *slot = Some(Outcome::remarked(ReasonCode::ignored(field)));
                    }
                }
            }
        }
        faults
    }

    fn rejected(&self) -> impl Iterator<Item = (usize, &Outcome)> {
        self.outcomes
            .iter()
            .enumerate()
            .filter_map(|(place, outcome)| Some((place, outcome.as_ref()?)))
            .filter(|(_, outcome)| matches!(outcome, Outcome::Rejected { .. }))
    }

    /// Those at fault alone; nothing where there are none.
    fn isolate(&self) -> Option<Answer> {
        let those: Vec<_> = self
            .rejected()
            .map(|(place, outcome)| (place, outcome.clone()))
            .collect();
        (!those.is_empty()).then_some(Answer::Isolate(those))
    }
}

/// The last name of `userData.msclkid` or `data[1].customData.itemIds[0]`; nothing where any part of it is none.
fn property(path: &str) -> Option<&str> {
    path.split('.').try_fold("", |_, part| {
        let Some((name, index)) = part.split_once('[') else {
            return word(part);
        };
        let number = index.strip_suffix(']')?;
        let plain =
            (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        word(name).filter(|_| plain)
    })
}

/// A name as Microsoft's are: letters alone, so no digest, address or number that was sent passes for one.
fn word(text: &str) -> Option<&str> {
    let plain =
        (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    plain.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fields::Fault;
    use crate::consent::Grant;
    use crate::destinations::harness::{self, GRANT, LIMITED, NOW, check};
    use crate::queue::parcel::Parcel;
    use crate::settings::Settings;

    const UUID: &str = "f2a1b3c4-d5e6-47f8-9a0b-1c2d3e4f5a6b";

    fn load(members: &str, token: &str) -> Result<Settings, Vec<Fault>> {
        harness::load("microsoft", members, &[("MICROSOFT_ACCESS_TOKEN", token)])
    }

    fn microsoft(more: &str) -> Box<dyn Destination> {
        harness::open("microsoft", &[r#""tag_id": "97""#, more].concat())
    }

    /// An event as the queue has it; `more` comes after its name, id and time.
    fn event(name: &str, more: &str) -> String {
        [
            r#"{"n": ""#,
            name,
            r#"", "i": "c-1", "t": 1795342531000, "r": 1795342531000, "to": []"#,
            more,
            "}",
        ]
        .concat()
    }

    /// The one event of a body.
    fn sent(destination: &dyn Destination, event: &str) -> Value {
        let body: Value = serde_json::from_str(&harness::body(destination, event, GRANT)).unwrap();
        body["data"][0].clone()
    }

    #[test]
    fn a_click_is_a_uuid_or_left_out() {
        let destination = microsoft("");
        for (id, cookie, expected) in [
            (UUID, "", Some(UUID)),
            ("F2A1B3C4-D5E6-47F8-9A0B-1C2D3E4F5A6B", "", Some(UUID)),
            ("f2a1b3c4d5e647f89a0b1c2d3e4f5a6b", "", Some(UUID)),
            ("", "_uetf2a1b3c4d5e647f89a0b1c2d3e4f5a6b", Some(UUID)),
            ("", "_uetF2A1B3C4-d5e6-47f8-9a0b-1c2d3e4f5a6b", Some(UUID)),
            (
                "6v0f1a2b",
                "_uetf2a1b3c4d5e647f89a0b1c2d3e4f5a6b",
                Some(UUID),
            ),
            ("f2a1b3c4d5e647f89a0b1c2d3e4f5a6", "", None),
            ("f2a1b3c4d5e647f89a0b1c2d3e4f5a6b7", "", None),
            ("f2a1b3c4-d5e6-47f8-9a0b1-c2d3e4f5a6b", "", None),
            ("f2a1b3c4-d5e6-47f8-9a0b-1c2d3e4f5a6g", "", None),
            ("f2a1b3c4d-5e6-47f8-9a0b-1c2d3e4f5a6b", "", None),
            ("f2a1b3c4d5e647f89a0b1c2d3e4f-5a6b", "", None),
            ("\u{e9}2a1b3c4d5e647f89a0b1c2d3e4f5a6", "", None),
            ("", "_uet", None),
            ("", "", None),
        ] {
            let more =
                format!(r#", "cl": [["msclkid", "{id}"]], "ck": [["_uetmsclkid", "{cookie}"]]"#);
            let text = event("contact", &more);
            let user = sent(&*destination, &text)["userData"].clone();
            assert_eq!(user["msclkid"].as_str(), expected, "{id} {cookie}");
            let known = expected.ok_or(Skip::IdentifiersMissing).map(|_| ());
            assert_eq!(check(&*destination, &text, GRANT), known, "{id} {cookie}");
        }
    }

    #[test]
    fn the_browser_is_dashed_where_it_is_bare() {
        let destination = microsoft("");
        for (cookie, expected) in [
            ("f2a1b3c4d5e647f89a0b1c2d3e4f5a6b", Some(UUID)),
            (UUID, Some(UUID)),
            ("Visitor-0017_b.2", Some("Visitor-0017_b.2")),
            ("jo@mail.example", None),
            ("", None),
        ] {
            let text = event("contact", &format!(r#", "ck": [["_uetvid", "{cookie}"]]"#));
            let user = sent(&*destination, &text)["userData"].clone();
            assert_eq!(user["anonymousId"].as_str(), expected, "{cookie}");
            let known = expected.ok_or(Skip::IdentifiersMissing).map(|_| ());
            assert_eq!(check(&*destination, &text, GRANT), known, "{cookie}");
        }
        let long = format!(r#", "ck": [["_uetvid", "{}"]]"#, "v".repeat(65));
        let skip = check(&*destination, &event("contact", &long), GRANT);
        assert_eq!(skip, Err(Skip::IdentifiersMissing));
    }

    #[test]
    fn what_is_of_no_use_is_skipped() {
        let known = format!(r#", "ck": [["_uetvid", "{UUID}"]], "u": "https://shop.example/""#);
        let nowhere = format!(r#", "ck": [["_uetvid", "{UUID}"]]"#);
        let lone = r#", "ip": "203.0.113.8", "ua": "Browser", "u": "https://shop.example/""#;
        let on = r#", "page_views": true"#;
        let seen = r#", "events": {"page_view": "seen"}"#;
        let silent = r#", "events": {"contact": false}"#;
        let mapped = r#", "events": {"view_item": "pageLoad"}"#;
        let limited = Skip::LimitedUseUnsupported;
        let (views, lost) = (Skip::PageViewsOff, Skip::PageUrlMissing);
        for (settings, name, more, grant, expected) in [
            ("", "contact", &*known, GRANT, Ok(())),
            ("", "contact", &*known, LIMITED, Err(limited)),
            ("", "contact", &*known, 0, Err(Skip::IdentifiersMissing)),
            ("", "contact", lone, GRANT, Err(Skip::IdentifiersMissing)),
            ("", "contact", &*nowhere, GRANT, Ok(())),
            ("", "refund", &*known, GRANT, Err(Skip::EventNotMapped)),
            (silent, "contact", &*known, GRANT, Err(Skip::EventNotMapped)),
            ("", "page_view", &*known, GRANT, Err(views)),
            (mapped, "view_item", &*known, GRANT, Err(views)),
            (seen, "page_view", &*known, GRANT, Ok(())),
            (on, "page_view", &*known, GRANT, Ok(())),
            (on, "page_view", &*nowhere, GRANT, Err(lost)),
        ] {
            let found = check(&*microsoft(settings), &event(name, more), grant);
            assert_eq!(found, expected, "{settings} {name} {more} {grant}");
        }
        for (settings, days) in [("", 7), (r#", "max_age_days": 2"#, 2)] {
            for (more_ms, expected) in [(-1, Ok(())), (0, Err(Skip::TooOld))] {
                let time = NOW.0 - days * DAY_MS - more_ms;
                let text = event("contact", &known)
                    .replace(r#""t": 1795342531000"#, &format!(r#""t": {time}"#));
                assert_eq!(
                    check(&*microsoft(settings), &text, GRANT),
                    expected,
                    "{time}"
                );
            }
        }
    }

    #[test]
    fn a_page_load_has_no_name_and_no_revenue() {
        let more = r#", "u": "https://shop.example/", "m": {"v": 9.90, "c": "EUR"}, "x": "o-1",
            "it": [{"item_id": "A", "price": 9.90}], "pr": [["page_type", "home"], ["event_value", 3]]"#;
        let text = event("page_view", more);
        let load = sent(&*microsoft(r#", "page_views": true"#), &text);
        assert_eq!(load["eventType"], "pageLoad");
        assert!(load.get("eventName").is_none(), "{load}");
        let data = serde_json::json!({"pageType": "home", "itemIds": ["A"]});
        assert_eq!(load["customData"], data);
        let named = sent(&*microsoft(r#", "events": {"page_view": "seen"}"#), &text);
        assert_eq!(
            (&named["eventType"], &named["eventName"]),
            (&"custom".into(), &"seen".into())
        );
        let data = &named["customData"];
        assert_eq!(
            (&data["value"], &data["eventValue"]),
            (&9.9.into(), &3.into())
        );
        assert!(data.get("ecommTotalValue").is_none(), "{data}");
    }

    #[test]
    fn an_order_without_a_number_is_told_by_its_event() {
        let destination = microsoft("");
        for (name, more, expected) in [
            ("purchase", r#", "x": "o-1""#, Some("o-1")),
            ("purchase", "", Some("c-1")),
            ("generate_lead", r#", "x": "o-1""#, Some("o-1")),
            ("generate_lead", "", None),
        ] {
            let data = sent(&*destination, &event(name, more))["customData"].clone();
            assert_eq!(data["transactionId"].as_str(), expected, "{name} {more}");
        }
    }

    #[test]
    fn pages_are_of_the_types_that_there_are() {
        let destination = microsoft(r#", "page_views": true"#);
        for (name, given, expected) in [
            ("page_view", "", Some("other")),
            ("page_view", "home", Some("home")),
            ("page_view", "landing", Some("other")),
            ("view_item", "", Some("product")),
            ("view_item_list", "", Some("category")),
            ("search", "", Some("searchresults")),
            ("add_to_cart", "", Some("cart")),
            ("add_to_cart", "product", Some("product")),
            ("purchase", "", Some("purchase")),
            ("begin_checkout", "", None),
            ("lamp_lit", "", None),
        ] {
            let text = event(name, &format!(r#", "pr": [["page_type", "{given}"]]"#));
            let data = sent(&*destination, &text)["customData"].clone();
            assert_eq!(data["pageType"].as_str(), expected, "{name} {given}");
        }
    }

    #[test]
    fn no_value_passes_for_the_name_of_a_property() {
        let digest = "c4d25e9c90ff23e9145397bc6fbd5385ca5fbe78211222ccbecd0b369ebb19a6";
        for (path, expected) in [
            ("eventTime", Some("eventTime")),
            ("userData.msclkid", Some("msclkid")),
            ("data[1].customData.items[12].price", Some("price")),
            ("customData.itemIds[0]", Some("itemIds")),
            ("", None),
            (".", None),
            ("userData.", None),
            ("jo@mail.example", None),
            ("+14155552671", None),
            ("203.0.113.8", None),
            ("data[x].em", None),
            ("data[].em", None),
            ("data[12345].em", None),
            (digest, None),
            (&"a".repeat(33), None),
        ] {
            assert_eq!(property(path), expected, "{path}");
        }
    }

    #[test]
    fn no_reply_is_too_strange() {
        let destination = microsoft("");
        let text = event("contact", "");
        let parcel: Parcel<'_> = serde_json::from_str(&text).unwrap();
        let batch = [Input::new(&parcel, Grant::from_wire(GRANT)); 2];
        for body in [
            "null",
            "[]",
            "1",
            r#"{"eventsReceived": null}"#,
            r#"{"eventsReceived": -2}"#,
            r#"{"eventsReceived": "2"}"#,
            r#"{"error": 1}"#,
            r#"{"eventsReceived": 0, "error": {"code": 5, "details": {"index": 0}}}"#,
            r#"{"error": {"details": [null, 1, {"index": "0"}, {"index": -1}, {"index": 1e30}]}}"#,
            "\u{feff}{}",
        ] {
            for status in [0, 99, 200, 204, 422, 600] {
                let reply = Reply {
                    status,
                    retry_after: None,
                    body: body.as_bytes().to_vec(),
                };
                let answer = destination.read(&batch, &reply);
                assert!(
                    !format!("{answer:?}").contains("Delivered"),
                    "{status} {body}: {answer:?}"
                );
            }
        }
    }

    #[test]
    fn settings_are_checked() {
        for (settings, token, path) in [
            ("", "t", "tag_id"),
            (r#""tag_id": "97a""#, "t", "tag_id"),
            (r#""tag_id": """#, "t", "tag_id"),
            (r#""tag_id": "9", "max_age_days": 8"#, "t", "max_age_days"),
            (r#""tag_id": "9", "max_age_days": 0"#, "t", "max_age_days"),
            (r#""tag_id": "9", "page_views": "no""#, "t", "page_views"),
            (
                r#""tag_id": "9", "events": {"contact": ""}"#,
                "t",
                "events.contact",
            ),
            (r#""tag_id": "9""#, "a\u{7f}", "access_token"),
        ] {
            let faults = load(settings, token).unwrap_err();
            assert_eq!(
                faults[0].path.strip_prefix("destinations.microsoft."),
                Some(path),
                "{faults:?}"
            );
        }
        let settings = load(r#""tag_id": "9""#, "hush-hush").unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}

//! Pinterest API for Conversions.
//!
//! `POST https://api.pinterest.com/v5/ad_accounts/{ad_account_id}/events`, `OpenAPI` description 5.23.0 and the reference
//! of 5.31.0, read 2026-11-22; no end of v5 is announced. A conversion token or an OAuth token goes into `Authorization`.
//!
//! Every event has a result of its own in the reply, and a failed one comes with status 200. Amounts are strings, hashed
//! identifiers are lists, the click id is none. Unknown keys are forbidden in several places, so properties of the
//! sender's own stay at home. With `?test=true` nothing is recorded, and only the first twenty events of a request are
//! looked at.

mod quality;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::base::fields::Fields;
use crate::base::json::Object;
use crate::base::match_keys::{Key, Keys};
use crate::base::reason::{Cause, Skip};
use crate::base::reported::Reported;
use crate::base::secret::Secret;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, Reporting, TestMode};
use crate::destinations::input::{Input, counted};
use crate::destinations::names::{EventNames, ours};
use crate::event::ActionSource;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{
    BirthDate, City, CountryHash, DigitsPhone, ExternalId, FirstName, Gender, LastName, PlainEmail,
    State, ZipDigits,
};
use crate::identity::{Spelling, Spellings, sha256_hex};

/// The version of the interface.
pub const VERSION: &str = "v5";

/// What is known about Pinterest.
pub const FACTS: Facts = Facts {
    platform: "pinterest",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // Pinterest takes 1,000, but answers with a text or two for each, and a reply is read up to 256 KiB: behind that, all
    // would be sent again.
    most_events: 250,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Unlisted,
    limited_use: Some("custom_data.opt_out_type"),
    impersonal: Some("opt_out"),
    spellings: Spellings::of(&[
        Spelling::PlainEmail,
        Spelling::DigitsPhone,
        Spelling::FirstName,
        Spelling::LastName,
        Spelling::BirthDate,
        Spelling::Gender,
        Spelling::City,
        Spelling::State,
        Spelling::ZipDigits,
        Spelling::CountryHash,
        Spelling::ExternalId,
    ]),
    test: TestMode::Platform,
    deletion: Deletion {
        how: "Conversion deletion requests (beta, not for all apps) delete an ad account's conversion data of the e-mail addresses or EPIKs (`_epik`) that they name: taken up after 72 hours, done within 30 days.",
        page: "https://www.rubydoc.info/gems/pinterest_sdk/2.1.0/PinterestSdkClient/ConversionDeletionRequestsApi",
    },
};

const ACCOUNTS: &str = "https://api.pinterest.com/v5/ad_accounts/";

/// How many events of a test request are looked at ("Send conversions", read 2026-11-22).
const MOST_TESTED: usize = 20;

/// The endpoint is closed for the time being (code 4197): no matter of seconds.
const CLOSED_SECONDS: u32 = 1800;

/// Pinterest's names, where they differ from the canonical ones.
const EVENTS: &[(&str, &str)] = &[
    ("page_view", "page_visit"),
    ("view_item_list", "view_category"),
    ("begin_checkout", "initiate_checkout"),
    ("purchase", "checkout"),
    ("generate_lead", "lead"),
    ("sign_up", "signup"),
    ("donate", "custom"),
    // An event of the sender's own by this name would count as a sale.
    ("checkout", "custom"),
];

/// The names in the `OpenAPI` description. `start_trial`, `contact`, `schedule`, `submit_application`, `find_location` and
/// `customize_product` are in lists of 2026 only.
const LISTED: &[&str] = &[
    "add_payment_info",
    "add_to_cart",
    "add_to_wishlist",
    "app_install",
    "checkout",
    "custom",
    "initiate_checkout",
    "lead",
    "page_visit",
    "search",
    "signup",
    "subscribe",
    "view_category",
    "view_content",
    "watch_video",
];

/// The fields that a failure may name: of its text nothing else becomes a code.
const FIELDS: &[&str] = &[
    "action_source",
    "currency",
    "event_id",
    "event_name",
    "event_time",
    "item_price",
    "predicted_ltv",
    "user_data",
    "value",
];

/// An ad account and its token.
#[derive(Debug)]
pub struct Pinterest {
    ad_account_id: String,
    authorization: HeaderValue,
    view_item_as: &'static str,
    unlisted_as_custom: bool,
    most_age_ms: i64,
    retry_lost_replies: bool,
    events: EventNames,
    /// What lets a question about quality in.
    quality: Option<HeaderValue>,
}

/// Reads the settings: `ad_account_id`; optionally `access_token` (the secret's name, `PINTEREST_ACCESS_TOKEN`),
/// `view_item_as` (`view_content`, `page_visit` or `custom`), `unlisted_as` (`name` or `custom`: how events go whose name
/// is not in Pinterest's description), `max_age_days` (7), `retry_lost_replies` (`false`), `events` (canonical name to
/// Pinterest's, or `false`), `quality_token` (the name of a secret: then Pinterest is asked what it says about quality).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let ad_account_id = fields.digits("ad_account_id");
    if ad_account_id.as_ref().is_some_and(|id| id.len() > 18) {
        fields.fault("ad_account_id", "must be at most 18 digits");
    }
    let view_item_as = fields.word("view_item_as", &["view_content", "page_visit", "custom"]);
    let unlisted_as = fields.word("unlisted_as", &["name", "custom"]);
    let days = fields.whole("max_age_days", 7, (1, 90));
    let retry_lost_replies = fields.flag("retry_lost_replies", false);
    let events = EventNames::read(fields);
    for (name, to) in events.named() {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !(1..=100).contains(&to.len()) || !to.bytes().all(known) {
            fields.fault(
                &format!("events.{name}"),
                "must be 1 to 100 of A-Z, a-z, 0-9, _ and -",
            );
        }
    }
    let authorization = fields.credential("access_token", "PINTEREST_ACCESS_TOKEN", "Bearer ");
    let quality = fields.optional_credential("quality_token", "Bearer ");
    Some(Box::new(Pinterest {
        ad_account_id: ad_account_id?,
        authorization: authorization?,
        view_item_as,
        unlisted_as_custom: unlisted_as == "custom",
        most_age_ms: i64::from(days) * DAY_MS,
        retry_lost_replies,
        events,
        quality,
    }))
}

/// State and country of the visitor, hashed. Limited data processing needs both: where the visitor's own are not
/// complete, those of the request do, which are spelt as Pinterest wants them once they are in lower case.
fn residence(input: &Input<'_>) -> (Option<String>, Option<String>) {
    let state = input.hashed::<State>().map(|hash| hash.to_hex());
    let country = input.hashed::<CountryHash>().map(|hash| hash.to_hex());
    let complete = state.is_some() && country.is_some();
    match input.geo_region() {
        Some(region)
            if input.grant().limited()
                && !complete
                && region.len() == 2
                && input.geo_country() == Some("US") =>
        {
            let hash = |text: &str| String::from_utf8(sha256_hex(text).to_vec()).ok();
            (hash(&region.to_ascii_lowercase()), hash("us"))
        }
        _ => (state, country),
    }
}

/// What happened at a till or on the telephone. Pinterest never deduplicates offline events, so the rest is of the web.
fn offline(input: &Input<'_>) -> bool {
    matches!(
        input.action_source(),
        ActionSource::PhysicalStore | ActionSource::PhoneCall
    )
}

/// Two letters of ISO 639-1 out of `en-US`.
fn language(tag: &str) -> Option<String> {
    let first = tag.split(['-', '_']).next()?;
    let two = first.len() == 2 && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    two.then(|| first.to_ascii_lowercase())
}

/// The events of a batch that are in its request.
fn sent<'b, 'e>(batch: &'b [Input<'e>]) -> &'b [Input<'e>] {
    if batch.first().is_some_and(Input::is_test) {
        batch.get(..MOST_TESTED).unwrap_or(batch)
    } else {
        batch
    }
}

impl Pinterest {
    fn event_name<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        if let Some(overridden) = self.events.overridden(name) {
            return overridden;
        }
        if name == "view_item" {
            return Some(self.view_item_as);
        }
        let theirs = self.events.resolve(EVENTS, name)?;
        let listed = !self.unlisted_as_custom || LISTED.contains(&theirs);
        Some(if listed { theirs } else { "custom" })
    }

    /// Whether an event that was perhaps taken would count twice if it were sent again, and nobody would know.
    fn twice(&self, input: &Input<'_>) -> bool {
        !self.retry_lost_replies && offline(input) && !input.is_test()
    }

    /// What was perhaps taken, all of it.
    fn again(&self, batch: &[Input<'_>], code: Cause) -> Answer {
        if !batch.iter().any(|input| self.twice(input)) {
            return Answer::All(Outcome::retry(code));
        }
        let outcomes = batch.iter().map(|input| {
            if self.twice(input) {
                Outcome::rejected(Cause::ReplyLost)
            } else {
                Outcome::retry(code)
            }
        });
        Answer::Each(outcomes.collect())
    }

    /// One outcome for each event that was sent. Tests beyond the twentieth were not, and go next.
    fn settle(&self, batch: &[Input<'_>], mut outcomes: Vec<Outcome>) -> Answer {
        let within = sent(batch).len();
        outcomes.resize(within, Outcome::retry(Cause::ReplyShort));
        for (outcome, input) in outcomes.iter_mut().zip(batch) {
            if matches!(outcome, Outcome::Retry { .. }) && self.twice(input) {
                *outcome = Outcome::rejected(Cause::ReplyLost);
            }
        }
        if within < batch.len() {
            Answer::Isolate(outcomes.into_iter().enumerate().collect())
        } else {
            Answer::Each(outcomes)
        }
    }

    fn write(&self, out: &mut Object<'_>, input: &Input<'_>, now: UnixMillis) {
        out.put("event_name", self.event_name(input.name()));
        out.put(
            "action_source",
            if offline(input) { "offline" } else { "web" },
        );
        out.put("event_time", input.time(now).seconds());
        out.put("event_id", input.id());
        out.put("event_source_url", input.page_url());
        out.put("opt_out", !input.grant().personalised());
        out.put("language", input.text("language").and_then(language));
        out.object("user_data", |user| {
            let (state, country) = residence(input);
            user.list("em", input.hashed::<PlainEmail>());
            user.list("ph", input.hashed::<DigitsPhone>());
            user.list("fn", input.hashed::<FirstName>());
            user.list("ln", input.hashed::<LastName>());
            user.list("db", input.hashed::<BirthDate>());
            user.list("ge", input.hashed::<Gender>());
            user.list("ct", input.hashed::<City>());
            user.list("st", state);
            user.list("zp", input.hashed::<ZipDigits>());
            user.list("country", country);
            user.list("external_id", input.hashed::<ExternalId>());
            user.put("click_id", input.clicked("epik", &["_epik"]));
            user.put("client_ip_address", input.ip());
            user.put("client_user_agent", input.user_agent());
            user.put(
                "customer_type",
                input
                    .text("customer_type")
                    .filter(|name| matches!(*name, "new" | "returning")),
            );
        });
        out.object("custom_data", |custom| {
            let places = input.money().map_or(2, |money| money.currency.places());
            if let Some(money) = input.money() {
                custom.put("currency", &money.currency);
                custom.put("value", money.amount.fixed(places));
            }
            custom.put("order_id", input.transaction_id());
            custom.put("num_items", input.articles());
            custom.put("search_string", input.text("search_term"));
            custom.put(
                "predicted_ltv",
                input.predicted_ltv().map(|amount| amount.fixed(places)),
            );
            for name in ["content_name", "content_category", "content_brand"] {
                custom.put(name, input.text(name));
            }
            let ids = input.lines().map(|item| item.item_id.as_ref());
            custom.list("content_ids", ids);
            custom.objects("contents", input.lines(), |content, item| {
                content.put("id", item.item_id.as_ref());
                content.put("item_name", item.item_name.as_ref());
                content.put("item_category", item.text("item_category"));
                content.put("item_brand", item.text("item_brand"));
                content.put("item_price", item.price.map(|price| price.fixed(places)));
                content.put("quantity", counted(item));
            });
            if input.grant().limited() {
                custom.put("opt_out_type", "LDP");
            }
        });
    }
}

impl Destination for Pinterest {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if self.event_name(input.name()).is_none() {
            return Err(Skip::EventNotMapped);
        }
        if input.age_ms(now) >= self.most_age_ms {
            return Err(Skip::TooOld);
        }
        if input.action_source() == ActionSource::App {
            // Android and iOS are two sources, and the canonical event does not say which it was.
            return Err(Skip::AppDataUnsupported);
        }
        if input.grant().limited() && !matches!(residence(input), (Some(_), Some(_))) {
            return Err(Skip::LimitedUseStateUnknown);
        }
        let pair = input.ip().is_some() && input.user_agent().is_some();
        if !pair && input.hashed::<PlainEmail>().is_none() {
            return Err(Skip::IdentifiersMissing);
        }
        Ok(())
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let person = input.hashed::<FirstName>().is_some()
            || input.hashed::<LastName>().is_some()
            || input.hashed::<BirthDate>().is_some()
            || input.hashed::<City>().is_some()
            || input.hashed::<ZipDigits>().is_some()
            || residence(input).1.is_some();
        Keys::NONE
            .with(Key::Click, input.clicked("epik", &["_epik"]).is_some())
            .with(Key::Email, input.hashed::<PlainEmail>().is_some())
            .with(Key::Phone, input.hashed::<DigitsPhone>().is_some())
            .with(Key::ExternalId, input.hashed::<ExternalId>().is_some())
            .with(Key::Network, input.network())
            .with(Key::Person, person)
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + self.most_age_ms)
    }

    /// The address says whether a request is a test.
    fn group(&self, input: &Input<'_>) -> String {
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
            body.objects("data", sent(batch), |event, input| {
                self.write(event, input, now);
            });
        });
        let uri = [
            ACCOUNTS,
            &self.ad_account_id,
            if test { "/events?test=true" } else { "/events" },
        ]
        .concat();
        post(&uri)
            .header(AUTHORIZATION, self.authorization.clone())
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn reporting(&self) -> Option<&dyn Reporting> {
        self.quality.as_ref().map(|_| self as _)
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        let body = reply.json();
        if matches!(reply.status, 200..=299 | 422) {
            // Of 422, "not all events processed", only the name is documented; results would be in the details.
            let results = ["/events", "/details/events"]
                .into_iter()
                .filter_map(|place| body.pointer(place)?.as_array())
                .find(|results| !results.is_empty());
            let within = sent(batch).len();
            // Of 422, nobody says that the results are those of all events.
            let whole = |results: &&Vec<Value>| reply.status != 422 || results.len() == within;
            if let Some(results) = results.filter(whole) {
                return self.settle(batch, results.iter().map(outcome).collect());
            }
            let processed = body.get("num_events_processed").and_then(Value::as_u64);
            return if reply.status == 422 {
                Answer::Split(Outcome::rejected(code(&body, reply)))
            } else if processed >= Some(within as u64) {
                self.settle(batch, vec![Outcome::Delivered; within])
            } else {
                self.again(batch, Cause::ReplyUnreadable)
            };
        }
        match refused(&body, reply) {
            Outcome::Rejected { code } => Answer::Split(Outcome::rejected(code)),
            outcome => Answer::All(outcome),
        }
    }

    fn pairs(&self, input: &Input<'_>) -> bool {
        !offline(input) || input.is_test()
    }

    fn unanswered(&self, batch: &[Input<'_>], code: Cause, lost: bool) -> Answer {
        if lost {
            self.again(batch, code)
        } else {
            Answer::All(Outcome::retry(code))
        }
    }
}

impl Reporting for Pinterest {
    fn every(&self) -> i64 {
        DAY_MS
    }

    fn requests(&self, _token: Option<&Secret>, _now: UnixMillis) -> Result<Vec<Request>, Outcome> {
        let account = [ACCOUNTS, &self.ad_account_id].concat();
        match &self.quality {
            Some(authorization) => Ok(vec![quality::request(&account, authorization)?]),
            None => Ok(Vec::new()),
        }
    }

    fn read(
        &self,
        _place: usize,
        reply: &Reply,
        now: UnixMillis,
    ) -> Result<Vec<Reported>, Outcome> {
        let body = reply.json();
        if !(200..=299).contains(&reply.status) {
            return Err(refused(&body, reply));
        }
        let name = |theirs: &str| {
            let canonical = EVENTS.iter().map(|(canonical, _)| *canonical);
            let more = self.events.named().map(|(name, _)| name);
            let mut all = canonical.chain(["view_item"]).chain(more);
            ours(theirs, &mut all, &|name| self.event_name(name))
        };
        quality::quality(&body, &name, now).ok_or_else(|| Outcome::retry(Cause::ReplyUnreadable))
    }
}

/// What a refusal is called. The same code means different things at different statuses.
fn code(body: &Value, reply: &Reply) -> ReasonCode {
    match body.get("code").and_then(Value::as_i64) {
        Some(number) => ReasonCode::theirs(format!("{}/{number}", reply.status)),
        None => ReasonCode::http(reply.status),
    }
}

/// What a reply means that is no success.
fn refused(body: &Value, reply: &Reply) -> Outcome {
    let code = code(body, reply);
    if reply.status == 503 && body.get("code").and_then(Value::as_i64) == Some(4197) {
        return Outcome::Retry {
            code,
            after: reply.retry_after.max(Some(CLOSED_SECONDS)),
        };
    }
    by_status(reply).unwrap_or(match reply.status {
        // The token, the role of its owner, the ad account.
        401 | 403 | 404 => Outcome::Unauthorized { code },
        _ => Outcome::rejected(code),
    })
}

/// What became of one event; texts are `""`, `null` or absent where there is nothing to say.
fn outcome(result: &Value) -> Outcome {
    let text = |name: &str| {
        let text = result.get(name).and_then(Value::as_str);
        text.unwrap_or_default()
    };
    match text("status") {
        "processed" => remark(text("warning_message")),
        "failed" => {
            let field = text("error_message")
                .strip_prefix("Invalid ")
                .and_then(|rest| FIELDS.iter().find(|field| rest.starts_with(**field)));
            Outcome::rejected(match field {
                Some(field) => ReasonCode::invalid(field),
                None => Cause::EventInvalid.into(),
            })
        }
        _ => Outcome::retry(Cause::ReplyUnreadable),
    }
}

/// Warnings stand in one text, parted by semicolons. That `external_id` or `click_id` is missing is said of every event
/// without them, which is nothing to act on.
fn remark(warning: &str) -> Outcome {
    let code = if warning.contains("Unknown") {
        Cause::EventNameUnknown
    } else {
        let expected = |part: &str| {
            part.trim().is_empty() || part.contains("external_id") || part.contains("click_id")
        };
        if warning.split(';').all(expected) {
            return Outcome::Delivered;
        }
        Cause::Warning
    };
    Outcome::remarked(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fields::Fault;
    use crate::consent::Grant;
    use crate::destinations::harness::{self, GRANT, LIMITED, NOW, body, check};
    use crate::queue::parcel::Parcel;
    use crate::settings::Settings;

    const ACCOUNT: &str = r#""ad_account_id": "549755885175""#;

    fn load(members: &str, token: &str) -> Result<Settings, Vec<Fault>> {
        harness::load("pinterest", members, &[("PINTEREST_ACCESS_TOKEN", token)])
    }

    fn pinterest(more: &str) -> Box<dyn Destination> {
        harness::open("pinterest", &[ACCOUNT, more].concat())
    }

    /// An event as the queue has it; `more` comes after its name, time and e-mail address.
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

    #[test]
    fn names_are_the_settings_to_choose() {
        let name = |settings: &str, name: &str| {
            let text = event("").replace("contact", name);
            let body = body(&*pinterest(settings), &text, GRANT);
            let rest = body.split_once(r#""event_name":""#).unwrap().1.to_owned();
            rest.split('"').next().unwrap().to_owned()
        };
        for (settings, canonical, theirs) in [
            ("", "view_item", "view_content"),
            (
                r#", "view_item_as": "page_visit""#,
                "view_item",
                "page_visit",
            ),
            (
                r#", "events": {"view_item": "custom"}"#,
                "view_item",
                "custom",
            ),
            ("", "start_trial", "start_trial"),
            (r#", "unlisted_as": "custom""#, "start_trial", "custom"),
            (r#", "unlisted_as": "custom""#, "raffle_won", "custom"),
            (r#", "unlisted_as": "custom""#, "subscribe", "subscribe"),
            (r#", "unlisted_as": "custom""#, "purchase", "checkout"),
            (
                r#", "unlisted_as": "custom", "events": {"raffle_won": "Raffle-2"}"#,
                "raffle_won",
                "Raffle-2",
            ),
            ("", "donate", "custom"),
            ("", "checkout", "custom"),
            (
                r#", "events": {"checkout": "checkout"}"#,
                "checkout",
                "checkout",
            ),
            ("", "view_item_list", "view_category"),
        ] {
            assert_eq!(name(settings, canonical), theirs, "{canonical} {settings}");
        }
        let none = pinterest(r#", "events": {"contact": false}"#);
        assert_eq!(check(&*none, &event(""), GRANT), Err(Skip::EventNotMapped));
    }

    #[test]
    fn the_least_is_an_address_or_a_browser_at_an_address() {
        let destination = pinterest("");
        for (more, enough) in [
            ("", false),
            (r#", "ip": "203.0.113.8""#, false),
            (r#", "ua": "Browser""#, false),
            (r#", "ip": "203.0.113.8", "ua": "Browser""#, true),
            (r#", "cl": [["epik", "dj0y"]]"#, false),
        ] {
            let text = event(more).replace("em.plain", "ph.digits");
            let expected = if enough {
                Ok(())
            } else {
                Err(Skip::IdentifiersMissing)
            };
            assert_eq!(check(&*destination, &text, GRANT), expected, "{more}");
        }
        assert_eq!(check(&*destination, &event(""), GRANT), Ok(()));
        assert_eq!(
            check(&*destination, &event(r#", "a": "app""#), GRANT),
            Err(Skip::AppDataUnsupported)
        );
        let old = event("").replace("\"t\": 1795342531000", "\"t\": 1794737731000");
        assert_eq!(check(&*destination, &old, GRANT), Err(Skip::TooOld));
    }

    #[test]
    fn limited_processing_says_where_the_visitor_lives() {
        let destination = pinterest("");
        for (more, known) in [
            ("", false),
            (r#", "gc": "US""#, false),
            (r#", "gc": "CA", "gr": "ON""#, false),
            (r#", "gc": "US", "gr": "CA""#, true),
        ] {
            let expected = if known {
                Ok(())
            } else {
                Err(Skip::LimitedUseStateUnknown)
            };
            assert_eq!(
                check(&*destination, &event(more), LIMITED),
                expected,
                "{more}"
            );
            assert_eq!(check(&*destination, &event(more), GRANT), Ok(()), "{more}");
        }
        // Those of the request are hashed as `ca` and `us`, and only where they are needed.
        let text = event(r#", "gc": "US", "gr": "CA""#);
        let limited = body(&*destination, &text, LIMITED);
        for part in [
            r#""st":["6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126"]"#,
            r#""country":["79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"]"#,
            r#""custom_data":{"opt_out_type":"LDP"}"#,
            r#""opt_out":true"#,
        ] {
            assert!(limited.contains(part), "{limited}");
        }
        let free = body(&*destination, &text, GRANT);
        assert!(free.contains(r#""opt_out":false"#), "{free}");
        assert!(!free.contains("\"st\"") && !free.contains("LDP"), "{free}");
    }

    #[test]
    fn a_test_request_holds_twenty_events() {
        let destination = pinterest("");
        let text = event(r#", "z": true"#);
        let parcel: Parcel<'_> = serde_json::from_str(&text).unwrap();
        let batch = vec![Input::new(&parcel, Grant::from_wire(GRANT)); 45];
        let request = destination.request(&batch, None, NOW).unwrap();
        assert_eq!(
            request.uri(),
            "https://api.pinterest.com/v5/ad_accounts/549755885175/events?test=true"
        );
        let body = String::from_utf8(request.into_body()).unwrap();
        assert_eq!(body.matches("event_id").count(), 20);
        // A reply with too few results leaves none of the twenty without an outcome, and all the others to be sent.
        let reply = Reply {
            status: 200,
            retry_after: None,
            body: br#"{"events": [{"status": "processed"}]}"#.to_vec(),
        };
        let Answer::Isolate(outcomes) = destination.read(&batch, &reply) else {
            panic!("the rest is to be sent")
        };
        assert_eq!(outcomes.len(), 20);
        assert_eq!(outcomes[0], (0, Outcome::Delivered));
        assert_eq!(outcomes[19], (19, Outcome::retry("reply_short")));
    }

    #[test]
    fn many_tests_are_sent_twenty_at_a_time() {
        use crate::delivery::{Delivery, Gates};
        use crate::queue::envelope::Envelope;

        let settings = load(ACCOUNT, "pina_x").unwrap();
        let one = event(r#", "z": true"#).replace(r#""to": []"#, r#""to": [["pinterest", 3]]"#);
        let text = [
            r#"{"id": "e1", "source": "shop", "parcels": ["#,
            &vec![one; 45].join(","),
            "]}",
        ]
        .concat();
        let envelopes = [serde_json::from_str::<Envelope<'_>>(&text).unwrap()];
        let mut gates = Gates::new();
        let mut delivery = Delivery::new(&settings, &envelopes, &gates, NOW);
        let mut sizes = Vec::new();
        while let Some(flight) = delivery.next(&mut gates, NOW) {
            let body = String::from_utf8(flight.request.into_body()).unwrap();
            let events = body.matches("event_id").count();
            sizes.push(events);
            let results = vec![r#"{"status": "processed"}"#; events].join(",");
            let reply = Reply {
                status: 200,
                retry_after: None,
                body: [r#"{"events": ["#, &results, "]}"].concat().into_bytes(),
            };
            delivery.answer(flight.ticket, &Ok(reply), &mut gates, NOW);
        }
        assert_eq!(sizes, [20, 20, 5]);
        assert!(delivery.finish(NOW)[0].messages.is_empty());
    }

    #[test]
    fn a_lost_reply_about_a_till_is_not_sent_again() {
        let (till, page) = (event(r#", "a": "physical_store""#), event(""));
        let till: Parcel<'_> = serde_json::from_str(&till).unwrap();
        let page: Parcel<'_> = serde_json::from_str(&page).unwrap();
        let batch = [&page, &till].map(|parcel| Input::new(parcel, Grant::from_wire(GRANT)));
        let again = || Outcome::retry("timeout");
        let careful = pinterest("");
        assert_eq!(
            careful.unanswered(&batch, Cause::Timeout, true),
            Answer::Each(vec![again(), Outcome::rejected("reply_lost")])
        );
        assert_eq!(
            careful.unanswered(&batch, Cause::Timeout, false),
            Answer::All(again())
        );
        let careless = pinterest(r#", "retry_lost_replies": true"#);
        assert_eq!(
            careless.unanswered(&batch, Cause::Timeout, true),
            Answer::All(again())
        );
    }

    #[test]
    fn a_success_that_proves_nothing_is_not_repeated_about_a_till() {
        let (till, page) = (event(r#", "a": "physical_store""#), event(""));
        let till: Parcel<'_> = serde_json::from_str(&till).unwrap();
        let page: Parcel<'_> = serde_json::from_str(&page).unwrap();
        let batch = [&page, &till].map(|parcel| Input::new(parcel, Grant::from_wire(GRANT)));
        let read = |settings: &str, body: &str| {
            let reply = Reply {
                status: 200,
                retry_after: None,
                body: body.as_bytes().to_vec(),
            };
            pinterest(settings).read(&batch, &reply)
        };
        let lost = || Outcome::rejected("reply_lost");
        for (body, first) in [
            ("", Outcome::retry("reply_unreadable")),
            (
                r#"{"events": [{"status": "processed"}]}"#,
                Outcome::Delivered,
            ),
            (
                r#"{"events": [{"status": "processed"}, {"status": "?"}]}"#,
                Outcome::Delivered,
            ),
        ] {
            assert_eq!(read("", body), Answer::Each(vec![first, lost()]), "{body}");
            let careless = read(r#", "retry_lost_replies": true"#, body);
            assert!(!format!("{careless:?}").contains("reply_lost"), "{body}");
        }
    }

    #[test]
    fn the_reply_to_a_full_batch_is_read_to_its_end() {
        // Both usual warnings at every event, and as much again for what else may stand there.
        let result = r#"{"status": "processed", "error_message": null, "warning_message": "external_id is missing. We highly recommend this on all events. It may improve reporting performance such as ROAS/CPA. ; click_id is missing. We highly recommend this on all events. It may improve reporting performance such as ROAS/CPA."}, "#;
        assert!(FACTS.most_events * result.len() * 2 <= Reply::MOST_BYTES);
    }

    #[test]
    fn warnings_are_told_where_they_say_something() {
        let remarked = |code: &str| Outcome::Remarked { code: code.into() };
        for (warning, expected) in [
            ("", Outcome::Delivered),
            ("click_id is missing", Outcome::Delivered),
            (
                "external_id is missing. We highly recommend this on all events. ; click_id is missing",
                Outcome::Delivered,
            ),
            (
                "click_id is missing; currency is not known",
                remarked("warning"),
            ),
            (
                "click_id is missing. This event has a non-standard name and is labeled as an 'Unknown' event",
                remarked("event_name_unknown"),
            ),
            ("jane.doe@example.com", remarked("warning")),
        ] {
            assert_eq!(remark(warning), expected, "{warning}");
        }
    }

    #[test]
    fn no_reply_is_too_strange() {
        let destination = pinterest("");
        let text = event("");
        let parcel: Parcel<'_> = serde_json::from_str(&text).unwrap();
        let batch = [Input::new(&parcel, Grant::from_wire(GRANT))];
        for body in [
            "null",
            "[]",
            "0",
            r#"{"events": null}"#,
            r#"{"events": [null]}"#,
            r#"{"events": [{"status": 1}]}"#,
            r#"{"code": 1e9, "details": {"events": 3}}"#,
            r#"{"num_events_processed": -1}"#,
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
            (
                r#""ad_account_id": "1234567890123456789""#,
                "p",
                "ad_account_id",
            ),
            (r#""ad_account_id": "54a""#, "p", "ad_account_id"),
            (r#""ad_account_id": """#, "p", "ad_account_id"),
            (
                &[ACCOUNT, r#", "view_item_as": "search""#].concat(),
                "p",
                "view_item_as",
            ),
            (
                &[ACCOUNT, r#", "unlisted_as": "own""#].concat(),
                "p",
                "unlisted_as",
            ),
            (
                &[ACCOUNT, r#", "max_age_days": 91"#].concat(),
                "p",
                "max_age_days",
            ),
            (
                &[ACCOUNT, r#", "events": {"search": "a b"}"#].concat(),
                "p",
                "events.search",
            ),
            (ACCOUNT, "p\u{7f}", "access_token"),
        ] {
            let faults = load(settings, token).unwrap_err();
            assert_eq!(
                faults[0].path.strip_prefix("destinations.pinterest."),
                Some(path),
                "{faults:?}"
            );
        }
        assert!(!format!("{:?}", load(ACCOUNT, "pina_hush").unwrap()).contains("hush"));
    }

    #[test]
    fn a_language_has_two_letters() {
        for (tag, expected) in [
            ("en", Some("en")),
            ("en-US", Some("en")),
            ("PT_br", Some("pt")),
            ("gsw-CH", None),
            ("", None),
            ("日本", None),
        ] {
            assert_eq!(language(tag).as_deref(), expected, "{tag}");
        }
    }
}

//! X (Twitter) Conversion API.
//!
//! `POST https://ads-api.x.com/12/measurement/conversions/{pixel_id}`, read 2026-11-22. Version 12 dates from 2022-10-27
//! and has no announced end. The credential is a pixel token, or OAuth 1.0a with the four values of an application that
//! has access to the Ads API; a tag vendor writes that the latter ends in December 2026, X's own pages do not say.
//!
//! There are no event names: every event belongs to a single-event tag that the operator made, and so to a line of
//! `tags`. One error in one conversion fails the request and no place is named, so batches are small; an error that names
//! a tag is laid at that tag's events.

use http::HeaderName;
use http::header::AUTHORIZATION;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base::fields::Fields;
use crate::base::json::{Leaf, Object};
use crate::base::match_keys::{Key, Keys};
use crate::base::reason::{Cause, Skip};
use crate::base::secret::Secret;
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, TestMode};
use crate::destinations::input::{Input, counted};
use crate::destinations::names::ids;
use crate::exchange::http::Reply;
use crate::exchange::oauth1::Credentials;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post, sensitive};
use crate::identity::spelling::{E164Phone, PlainEmail};
use crate::identity::{Hashed, Spelling, Spellings};

/// The version in the path; its end has not been announced (Ads API versioning page, read 2026-11-22).
pub const VERSION: &str = "12";

/// What is known about X.
pub const FACTS: Facts = Facts {
    platform: "x",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // X takes 500; a smaller batch makes the search for a bad event cheap.
    most_events: 100,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Unlisted,
    limited_use: None,
    impersonal: None,
    spellings: Spellings::of(&[Spelling::PlainEmail, Spelling::E164Phone]),
    test: TestMode::DryRun,
    deletion: Deletion::UNDOCUMENTED,
};

/// No limit is published; tags attribute over at most 90 days.
const MOST_AGE_DAYS: u32 = 90;

/// The codes that speak of the credential, the account or the pixel.
const REFUSALS: &[&str] = &[
    "UNAUTHORIZED_ACCESS",
    "UNAUTHORIZED_CLIENT_APPLICATION",
    "NOT_FOUND",
    "ROUTE_NOT_FOUND",
];
/// The codes of trouble that passes.
const TROUBLES: &[&str] = &["INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "OVER_CAPACITY"];

/// A pixel, its credential and the tags that events belong to.
#[derive(Debug)]
pub struct X {
    url: String,
    credential: Credential,
    tags: Table<String, String>,
    most_age_ms: i64,
    retry_lost_replies: bool,
}

#[derive(Debug)]
enum Credential {
    Pixel(Secret),
    OAuth(Credentials),
}

/// Reads the settings: `pixel_id`, `tags` (canonical or custom name to the id of a single-event tag; other events are left
/// out); optionally `max_age_days` (7, at most 90), `retry_lost_replies` (`true`).
///
/// The credential is the secret that `pixel_token` names (`X_PIXEL_TOKEN`); with `oauth = true` it is the four secrets that
/// `consumer_key`, `consumer_secret`, `access_token` and `access_token_secret` name (`X_` and the same in capitals).
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let pixel_id = fields.required("pixel_id");
    if pixel_id.as_deref().is_some_and(|id| !is_id(id)) {
        fields.fault(
            "pixel_id",
            "must be the pixel's id: lower-case letters and digits",
        );
    }
    let tags = ids(
        fields,
        "tags",
        is_tag,
        "must be the id of a single-event tag, such as tw-q4x7k-q4x9m or q4x9m",
    );
    if let Some(pixel) = &pixel_id
        && tags.iter().any(|(_, tag)| short(tag) == pixel)
    {
        fields.fault(
            "tags",
            "a tag has an id of its own, which is not the pixel's",
        );
    }
    let days = fields.whole("max_age_days", 7, (1, MOST_AGE_DAYS));
    let retry_lost_replies = fields.flag("retry_lost_replies", true);
    let credential = if fields.flag("oauth", false) {
        let secrets = [
            fields.secret("consumer_key", "X_CONSUMER_KEY"),
            fields.secret("consumer_secret", "X_CONSUMER_SECRET"),
            fields.secret("access_token", "X_ACCESS_TOKEN"),
            fields.secret("access_token_secret", "X_ACCESS_TOKEN_SECRET"),
        ];
        let [consumer_key, consumer_secret, token, token_secret] = secrets;
        Credential::OAuth(Credentials {
            consumer_key: consumer_key?,
            consumer_secret: consumer_secret?,
            token: token?,
            token_secret: token_secret?,
        })
    } else {
        Credential::Pixel(fields.secret("pixel_token", "X_PIXEL_TOKEN")?)
    };
    Some(Box::new(X {
        url: [
            "https://ads-api.x.com/",
            VERSION,
            "/measurement/conversions/",
            &pixel_id?,
        ]
        .concat(),
        credential,
        tags,
        most_age_ms: i64::from(days) * DAY_MS,
        retry_lost_replies,
    }))
}

/// A number in base 36.
fn is_id(id: &str) -> bool {
    (1..=20).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `tw-<pixel>-<tag>`, or the tag alone.
fn is_tag(tag: &str) -> bool {
    match tag.strip_prefix("tw-") {
        Some(rest) => rest
            .split_once('-')
            .is_some_and(|(pixel, tag)| is_id(pixel) && is_id(tag)),
        None => is_id(tag),
    }
}

/// The part of a tag's id that both of its forms end with.
fn short(tag: &str) -> &str {
    tag.rsplit('-').next().unwrap_or(tag)
}

/// The visitor as X is told of them.
struct User<'a> {
    twclid: Option<&'a str>,
    email: Option<Hashed<PlainEmail>>,
    phone: Option<Hashed<E164Phone>>,
    /// An address (IPv4: whether others are taken is not documented) and a browser; neither counts without another identifier.
    browser: Option<(&'a str, &'a str)>,
}

impl<'a> User<'a> {
    fn new(input: &Input<'a>) -> Self {
        Self {
            twclid: input.clicked("twclid", &["twclid", "_twclid"]),
            email: input.hashed(),
            phone: input.hashed(),
            browser: input
                .ipv4()
                .zip(input.user_agent())
                .filter(|(_, agent)| !agent.is_empty()),
        }
    }

    fn is_nobody(&self) -> bool {
        self.twclid.is_none()
            && self.email.is_none()
            && self.phone.is_none()
            && self.browser.is_none()
    }
}

impl X {
    /// What was perhaps taken.
    fn unproven(&self, code: Cause) -> Outcome {
        if self.retry_lost_replies {
            Outcome::retry(code)
        } else {
            Outcome::rejected(Cause::ReplyLost)
        }
    }

    fn tag(&self, input: &Input<'_>) -> Option<&str> {
        self.tags.get(input.name()).map(String::as_str)
    }

    fn put(&self, conversion: &mut Object<'_>, input: &Input<'_>, now: UnixMillis) {
        conversion.put("conversion_time", input.time(now).to_rfc3339());
        conversion.put("event_id", self.tag(input));
        conversion.put("conversion_id", input.id());
        let user = User::new(input);
        let (ip, agent) = user.browser.unzip();
        // One object for each identifier, but address and browser in one.
        let identifiers = [
            [("twclid", Leaf::from(user.twclid)), ("", Leaf::Nothing)],
            [("hashed_email", user.email.into()), ("", Leaf::Nothing)],
            [
                ("hashed_phone_number", user.phone.into()),
                ("", Leaf::Nothing),
            ],
            [("ip_address", ip.into()), ("user_agent", agent.into())],
        ];
        conversion.objects("identifiers", identifiers, |one, pairs| {
            for (key, value) in pairs {
                one.put(key, value.clone());
            }
        });
        if let Some(money) = input.money() {
            // Text with a point in any currency: connectors report trouble with whole numbers.
            let places = money.currency.places().max(2);
            conversion.put("value", money.amount.fixed(places));
            conversion.put("price_currency", &money.currency);
        }
        conversion.put(
            "number_items",
            input.articles().filter(|number| *number > 0),
        );
        conversion.objects("contents", input.lines(), |content, item| {
            if item.item_id.is_none() && item.item_name.is_none() {
                return;
            }
            content.put("content_id", item.item_id.as_deref());
            content.put("content_name", item.item_name.as_deref());
            content.put("content_type", item.text("item_category"));
            content.put("content_price", item.price);
            content.put("num_items", counted(item));
        });
    }
}

impl Destination for X {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// In the long form, the only one that X's tag takes.
    fn tag_ids(&self) -> Table<String, String> {
        let pixel = self.url.rsplit('/').next().unwrap_or_default();
        let long = |(name, tag): (&String, &String)| {
            (name.clone(), ["tw-", pixel, "-", short(tag)].concat())
        };
        self.tags.iter().map(long).collect()
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if self.tag(input).is_none() {
            return Err(Skip::EventNotMapped);
        }
        if input.age_ms(now) >= self.most_age_ms {
            return Err(Skip::TooOld);
        }
        // X has no field for it and expects that such visitors are left out.
        if input.grant().limited() {
            return Err(Skip::LimitedUseUnsupported);
        }
        if User::new(input).is_nobody() {
            return Err(Skip::IdentifiersMissing);
        }
        Ok(())
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let user = User::new(input);
        Keys::NONE
            .with(Key::Click, user.twclid.is_some())
            .with(Key::Email, user.email.is_some())
            .with(Key::Phone, user.phone.is_some())
            .with(Key::Network, user.browser.is_some())
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
            body.objects("conversions", batch, |conversion, input| {
                self.put(conversion, input, now);
            });
        });
        let (header, value) = match &self.credential {
            Credential::Pixel(token) => (
                const { HeaderName::from_static("x-pixel-token") },
                sensitive(token.expose())?,
            ),
            Credential::OAuth(credentials) => {
                let value =
                    credentials.authorization(&self.url, &[], &nonce(&body, now), now.seconds().0);
                (AUTHORIZATION, sensitive(&value)?)
            }
        };
        post(&self.url)
            .header(header, value)
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        let body = reply.json();
        let errors = body.get("errors").unwrap_or(&Value::Null);
        let faults = errors.as_array().map_or(&[][..], Vec::as_slice);
        // A tag that is wrong holds up its own events only.
        let wrong = faults
            .iter()
            .filter_map(|fault| blamed(fault.get("message")?.as_str()?))
            .map(short);
        for tag in wrong {
            let theirs: Vec<_> = (0..)
                .zip(batch)
                .filter(|(_, input)| self.tag(input).map(short) == Some(tag))
                .map(|(place, _)| (place, Outcome::rejected(Cause::TagRefused)))
                .collect();
            if !theirs.is_empty() {
                return Answer::Isolate(theirs);
            }
        }
        let processed = body
            .pointer("/data/conversions_processed")
            .and_then(Value::as_u64);
        let fault = faults.first();
        let code = fault
            .and_then(|fault| fault.get("code")?.as_str())
            .filter(|code| is_code(code))
            .map_or_else(
                || ReasonCode::http(reply.status),
                |code| ReasonCode::theirs(code.to_owned()),
            );
        let known = |codes: &[&str]| codes.contains(&&*code);
        match reply.status {
            429 => Answer::All(throttled(code, reply)),
            _ if known(&["TOO_MANY_REQUESTS"]) => Answer::All(throttled(code, reply)),
            408 | 425 | 500..=599 => Answer::All(Outcome::Retry {
                code,
                after: reply.retry_after,
            }),
            _ if known(TROUBLES) => Answer::All(Outcome::Retry {
                code,
                after: reply.retry_after,
            }),
            401 | 403 | 404 => Answer::All(Outcome::Unauthorized { code }),
            _ if known(REFUSALS) => Answer::All(Outcome::Unauthorized { code }),
            100..=199 | 300..=399 => Answer::All(Outcome::retry(code)),
            200..=299 if errors.is_null() || errors.as_array().is_some_and(Vec::is_empty) => {
                Answer::All(match processed {
                    Some(processed) if processed == batch.len() as u64 => Outcome::Delivered,
                    Some(0) => Outcome::retry(Cause::EventsReceivedDiffers),
                    Some(_) => self.unproven(Cause::EventsReceivedDiffers),
                    None => self.unproven(Cause::ReplyUnreadable),
                })
            }
            _ => Answer::Split(Outcome::rejected(code)),
        }
    }

    fn pairs(&self, _input: &Input<'_>) -> bool {
        false
    }

    fn unanswered(&self, _batch: &[Input<'_>], code: Cause, lost: bool) -> Answer {
        // X documents that it recognises an id between pixel and API, not between two calls of the API.
        Answer::All(if lost {
            self.unproven(code)
        } else {
            Outcome::retry(code)
        })
    }
}

/// One of X's codes, and not something else that stands in its place.
fn is_code(code: &str) -> bool {
    (1..=40).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// X's window is 15 minutes; `x-rate-limit-reset` says when the next one begins, `Retry-After` is not documented.
fn throttled(code: ReasonCode, reply: &Reply) -> Outcome {
    Outcome::Retry {
        code,
        after: Some(reply.retry_after.unwrap_or(60)),
    }
}

/// The tag that an error text is about: `event_id (tw-q4x7k-q4x9m) is not a single event tag (SET)`, or `event_id
/// q4x9m does not belong to provided account`.
fn blamed(message: &str) -> Option<&str> {
    // Elsewhere it may be a value that is repeated.
    let rest = message.trim_start().strip_prefix("event_id ")?;
    let rest = rest.strip_prefix('(').unwrap_or(rest);
    let (tag, rest) = rest.split_once([')', ' '])?;
    let about = ["is not a single event tag", "does not belong"];
    about
        .iter()
        .any(|text| rest.trim_start().starts_with(text))
        .then_some(tag)
}

/// Letters and digits that no other request of the same second has: an attempt that is repeated comes at another time.
fn nonce(body: &[u8], now: UnixMillis) -> String {
    let mut digest = Sha256::new();
    digest.update(now.0.to_be_bytes());
    digest.update(body);
    let mut nonce = String::with_capacity(32);
    for byte in digest.finalize().into_iter().take(16) {
        for half in [byte >> 4, byte & 15] {
            nonce.push(char::from(b'a' + half));
        }
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fields::Fault;
    use crate::destinations::harness::{self, NOW};
    use crate::settings::Settings;

    fn opened(json: &str) -> Result<Settings, Vec<Fault>> {
        harness::load("x", &json[1..json.len() - 1], &[])
    }

    #[test]
    fn wrong_settings_are_told_by_path() {
        for (json, at) in [
            (
                r#"{"tags": {"purchase": "abc"}}"#,
                "destinations.x.pixel_id",
            ),
            (
                r#"{"pixel_id": "O8Z", "tags": {"purchase": "abc"}}"#,
                "destinations.x.pixel_id",
            ),
            (
                r#"{"pixel_id": "o8z6j", "tags": {}}"#,
                "destinations.x.tags",
            ),
            (
                r#"{"pixel_id": "o8z6j", "tags": {"purchase": "o8z6j"}}"#,
                "destinations.x.tags",
            ),
            (
                r#"{"pixel_id": "o8z6j", "tags": {"purchase": "tw-abc"}}"#,
                "destinations.x.tags.purchase",
            ),
            (
                r#"{"pixel_id": "o8z6j", "tags": {"purchase": "tw-a-b-c"}}"#,
                "destinations.x.tags.purchase",
            ),
            (
                r#"{"pixel_id": "o8z6j", "tags": {"buy!": "abc"}}"#,
                "destinations.x.tags.(not shown)",
            ),
            (
                r#"{"pixel_id": "o8z6j", "tags": {"purchase": "abc"}, "max_age_days": 91}"#,
                "destinations.x.max_age_days",
            ),
        ] {
            assert_eq!(opened(json).unwrap_err()[0].path, at, "{json}");
        }
    }

    fn sent(event: &str) -> String {
        let settings = opened(r#"{"pixel_id": "o8z6j", "tags": {"purchase": "abc"}}"#).unwrap();
        harness::sent(&settings, event)
    }

    fn purchase(context: &str, more: &str) -> String {
        format!(
            r#"{{"event": "purchase", "event_id": "o-1", "event_time": "2026-11-22T10:00:00Z", "context": {{{context}}}, {more}
                "consent": {{"ad_user_data": "granted", "ad_storage": "granted"}}}}"#
        )
    }

    #[test]
    fn an_address_and_a_browser_identify_together_and_a_click_by_itself() {
        let money = r#""value": 5, "currency": "EUR","#;
        for context in [
            r#""ip": "203.0.113.9""#,
            r#""user_agent": "Browser""#,
            r#""ip": "2001:db8::7", "user_agent": "Browser""#,
            r#""cookies": {"_twclid": "%7B%22twclid%22%3Anull%7D"}"#,
        ] {
            let answer = sent(&purchase(context, money));
            assert!(answer.contains("skipped:identifiers_missing"), "{answer}");
        }
        for context in [
            r#""click_ids": {"twclid": "2aBc"}, "cookies": {"twclid": "2old"}"#,
            r#""cookies": {"twclid": "2aBc", "_twclid": "2old"}"#,
            r#""cookies": {"_twclid": "2aBc"}"#,
            r#""cookies": {"_twclid": "%7B%22twclid%22%3A%222aBc%22%7D"}"#,
            r#""page_url": "https://shop.example/?twclid=2aBc""#,
        ] {
            let body = sent(&purchase(context, money));
            assert!(
                body.contains(r#""identifiers":[{"twclid":"2aBc"}],"value":"5.00""#),
                "{body}"
            );
        }
    }

    #[test]
    fn values_have_a_point_and_the_places_of_their_currency() {
        for (value, currency, expected) in [
            ("129.9", "USD", "129.90"),
            ("5000", "JPY", "5000.00"),
            ("1.2345", "KWD", "1.234"),
            ("1e2", "SEK", "100.00"),
        ] {
            let more = format!(r#""value": {value}, "currency": "{currency}","#);
            let body = sent(&purchase(r#""click_ids": {"twclid": "2aBc"}"#, &more));
            let expected = format!(r#""value":"{expected}","price_currency":"{currency}""#);
            assert!(body.contains(&expected), "{body}");
        }
    }

    #[test]
    fn numbers_of_articles_are_whole_and_above_nothing() {
        let items = r#""value": 5, "currency": "EUR", "items": [{"price": 1}, {"item_id": "A", "quantity": 0}, {"item_name": "B", "quantity": 1.5}, {"item_id": "C"}],"#;
        let body = sent(&purchase(r#""click_ids": {"twclid": "2aBc"}"#, items));
        assert!(
            body.ends_with(
                r#""price_currency":"EUR","contents":[{"content_name":"B"},{"content_id":"C","num_items":1}]}]}"#
            ),
            "{body}"
        );
    }

    #[test]
    fn an_event_is_too_old_after_a_week_unless_the_settings_say_otherwise() {
        let old = purchase(
            r#""click_ids": {"twclid": "2aBc"}"#,
            r#""value": 5, "currency": "EUR","#,
        )
        .replace("11-22T", "11-15T");
        assert!(sent(&old).contains("skipped:too_old"));
    }

    #[test]
    fn oauth_signs_each_attempt_anew_and_not_the_body() {
        let settings =
            opened(r#"{"pixel_id": "o8z6j", "tags": {"purchase": "tw-o8z6j-abc"}, "oauth": true}"#)
                .unwrap();
        let x = &settings.destination("x").unwrap().destination;
        let header = |now| {
            let request = x.request(&[], None, now).unwrap();
            let value = &request.headers()[AUTHORIZATION];
            assert!(value.is_sensitive() && !request.headers().contains_key("x-pixel-token"));
            value.to_str().unwrap().to_owned()
        };
        let (first, second) = (header(NOW), header(UnixMillis(NOW.0 + 1)));
        assert_ne!(first, second);
        assert_eq!(first, header(NOW));
        let value = |header: &str, name: &str| {
            let (_, rest) = header.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        assert_eq!(value(&first, "oauth_timestamp"), "1795342531");
        assert_eq!(
            value(&first, "oauth_token"),
            "X_ACCESS_TOKEN%20of%20thirty-two%20letters%20or%20more"
        );
        let nonce = value(&first, "oauth_nonce");
        assert!(
            nonce.len() == 32 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{nonce}"
        );
        // The signature is that of the address and these values alone.
        let secret = |name: &str| Secret::new(format!("{name} of thirty-two letters or more"));
        let credentials = Credentials {
            consumer_key: secret("X_CONSUMER_KEY"),
            consumer_secret: secret("X_CONSUMER_SECRET"),
            token: secret("X_ACCESS_TOKEN"),
            token_secret: secret("X_ACCESS_TOKEN_SECRET"),
        };
        assert_eq!(
            first,
            credentials.authorization(
                "https://ads-api.x.com/12/measurement/conversions/o8z6j",
                &[],
                &nonce,
                1_795_342_531
            )
        );
    }

    #[test]
    fn a_success_that_proves_nothing_is_repeated_only_where_the_settings_say_so() {
        let parcel: crate::queue::parcel::Parcel<'_> = serde_json::from_str(
            r#"{"n": "purchase", "i": "c-1", "t": 1795342531000, "r": 1795342531000, "p": {}, "to": []}"#,
        )
        .unwrap();
        let batch = [Input::new(&parcel, crate::consent::Grant::from_wire(3)); 2];
        for (retry, lost) in [("", false), (r#", "retry_lost_replies": false"#, true)] {
            let settings = opened(
                &[
                    r#"{"pixel_id": "o8z6j", "tags": {"purchase": "abc"}"#,
                    retry,
                    "}",
                ]
                .concat(),
            )
            .unwrap();
            let destination = &settings.destinations[0].destination;
            for (body, expected) in [
                ("", "reply_lost"),
                (r#"{"data": {"conversions_processed": 1}}"#, "reply_lost"),
                // None was taken, so none can count twice.
                (r#"{"data": {"conversions_processed": 0}}"#, "Retry"),
            ] {
                let reply = Reply {
                    status: 200,
                    retry_after: None,
                    body: body.as_bytes().to_vec(),
                };
                let shown = format!("{:?}", destination.read(&batch, &reply));
                let expected = if lost { expected } else { "Retry" };
                assert!(shown.contains(expected), "{body}: {shown}");
                assert!(
                    !lost || expected == "Retry" || !shown.contains("Retry"),
                    "{body}: {shown}"
                );
            }
        }
    }

    #[test]
    fn a_tag_is_found_in_what_x_says_of_it() {
        for (message, expected) in [
            (
                "event_id (tw-q4x7k-q4x9m) is not a single event tag (SET)",
                Some("tw-q4x7k-q4x9m"),
            ),
            (
                "event_id q4x9m does not belong to provided account",
                Some("q4x9m"),
            ),
            (
                "event_id (q4x9m) does not belong to provided account",
                Some("q4x9m"),
            ),
            ("event_id (q4x9m) is required", None),
            ("conversion_id (event_id (q4x9m)) is too long", None),
            ("user_agent (event_id q4x9m does not belong)", None),
            ("event_id ", None),
            ("event_id (", None),
            ("", None),
        ] {
            assert_eq!(blamed(message), expected, "{message}");
        }
        assert_eq!(short("tw-q4x7k-q4x9m"), short("q4x9m"));
    }

    #[test]
    fn odd_replies_are_no_success_and_no_code_repeats_them() {
        let settings = opened(r#"{"pixel_id": "o8z6j", "tags": {"purchase": "abc"}}"#).unwrap();
        let x = &settings.destination("x").unwrap().destination;
        for status in [
            100, 200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 503, 999,
        ] {
            for body in [
                "",
                "null",
                "[]",
                "7",
                "{",
                r#"{"data": {}}"#,
                r#"{"data": null}"#,
                r#"{"data": {"conversions_processed": "1"}}"#,
                r#"{"data": {"conversions_processed": -1}}"#,
                r#"{"data": {"conversions_processed": 1}}"#,
                r#"{"errors": {}}"#,
                r#"{"errors": [null]}"#,
                r#"{"errors": [{"code": "jo@mail.example", "message": "event_id (jo@mail.example) is not a single event tag"}]}"#,
                r#"{"errors": [{}], "data": {"conversions_processed": 0}}"#,
                r#"{"errors": {"a": 1}, "data": {"conversions_processed": 0}}"#,
            ] {
                let reply = Reply {
                    status,
                    retry_after: None,
                    body: body.as_bytes().to_vec(),
                };
                let shown = format!("{:?}", x.read(&[], &reply));
                assert!(!shown.contains("jo@mail"), "{shown}");
                assert!(!shown.contains("Delivered"), "{status} {body}: {shown}");
            }
        }
    }
}

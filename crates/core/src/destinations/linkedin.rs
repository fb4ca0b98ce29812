//! LinkedIn Conversions API.
//!
//! `POST https://api.linkedin.com/rest/conversionEvents` with `LinkedIn-Version: 202609`, read 2026-11-22. Versions are
//! monthly and live about a year; the end of 202609 has not been announced (202608 ends on 2027-08-17), so the version is
//! a setting too. Always the batch form (`X-RestLi-Method: BATCH_CREATE`), which one event may use as well.
//!
//! There are no event names: every event belongs to a conversion rule that the operator made, and so to a line of
//! `conversions`. What LinkedIn refuses, it refuses by the batch, and its error texts name the places of the events at
//! fault. Values of identifiers are not checked there (an impossible address is taken and counted), so they are here.

use http::HeaderName;
use serde_json::Value;

use crate::base::fields::Fields;
use crate::base::json::{Leaf, Object};
use crate::base::match_keys::{Key, Keys};
use crate::base::reason::{Cause, Skip};
use crate::base::secret::Secret;
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, TestMode};
use crate::destinations::input::Input;
use crate::destinations::names::ids;
use crate::event::Property;
use crate::exchange::access::Access;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post, sensitive};
use crate::exchange::status::by_status;
use crate::identity::spelling::{CountryCode, ExternalIdText, FirstName, LastName, PlainEmail};
use crate::identity::{Hashed, Spelling, Spellings};

/// The version header (versioning page, read 2026-11-22).
pub const VERSION: &str = "202609";
/// The oldest version that was alive on the day of reading: 202511 ended on 2026-11-16, and there is no 202512.
const OLDEST_VERSION: &str = "202601";
/// The version from which on names may be hashed; before, they had to be plain.
const HASHED_NAMES_VERSION: &str = "202609";
/// The version from which on addresses may be plain.
const PLAIN_ADDRESS_VERSION: &str = "202605";

/// What is known about LinkedIn.
pub const FACTS: Facts = Facts {
    platform: "linkedin",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // LinkedIn takes 5,000, but one bad event makes it refuse them all.
    most_events: 500,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Unlisted,
    limited_use: None,
    impersonal: None,
    spellings: IDENTIFIERS.union(EXTERNAL_ID),
    test: TestMode::DryRun,
    deletion: Deletion::UNDOCUMENTED,
};

const IDENTIFIERS: Spellings = Spellings::of(&[
    Spelling::PlainEmail,
    Spelling::FirstName,
    Spelling::LastName,
    Spelling::CountryCode,
]);
const EXTERNAL_ID: Spellings = Spellings::of(&[Spelling::ExternalIdText]);

/// Events older than this make LinkedIn refuse the request.
const MOST_AGE_MS: i64 = 90 * DAY_MS;

/// Where refresh tokens are changed for access tokens, which last 60 days.
const TOKEN_URL: &str = "https://www.linkedin.com/oauth/v2/accessToken";

/// What an error text says of a rule or a time, and our code for it. Its own text may repeat what was sent.
const CAUSES: &[(&str, Cause)] = &[
    ("method should be", Cause::RuleMethodNotConversionsApi),
    ("marked as deleted", Cause::RuleDisabled),
    ("enabled should be", Cause::RuleDisabled),
    ("Invalid Urn", Cause::RuleIdInvalid),
    ("Conversion time", Cause::ConversionTimeRefused),
];

/// The codes of a credential, or of a version, that is at fault whatever the status says.
const REFUSALS: &[&str] = &[
    "INVALID_ACCESS_TOKEN",
    "REVOKED_ACCESS_TOKEN",
    "EXPIRED_ACCESS_TOKEN",
    "VERSION_MISSING",
    "NONEXISTENT_VERSION",
];

/// A credential and the rules that events belong to.
#[derive(Debug)]
pub struct LinkedIn {
    version: String,
    credential: Credential,
    conversions: Table<String, String>,
    external_id: bool,
    retry_lost_replies: bool,
}

#[derive(Debug)]
enum Credential {
    Token(Secret),
    Access(Access),
}

/// Reads the settings: `conversions` (canonical or custom name to the digits of a conversion rule; other events are left
/// out); optionally `version` (six digits), `external_id` (send the shop's customer id in clear, `false`),
/// `retry_lost_replies` (`true`).
///
/// The credential is the secret that `access_token` names (`LINKEDIN_ACCESS_TOKEN`); with `client_id` it is a refresh token
/// instead, by the secrets that `client_secret` (`LINKEDIN_CLIENT_SECRET`) and `refresh_token` (`LINKEDIN_REFRESH_TOKEN`) name.
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let conversions = ids(
        fields,
        "conversions",
        |id| (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()),
        "must be the digits of a conversion rule, as a string",
    );
    let version = fields.text("version").unwrap_or_else(|| VERSION.to_owned());
    if !is_version(&version) {
        fields.fault(
            "version",
            "must be a year and a month such as 202609; versions before 202601 have ended",
        );
    }
    let external_id = fields.flag("external_id", false);
    let retry_lost_replies = fields.flag("retry_lost_replies", true);
    let credential = match fields.text("client_id") {
        None => fields
            .secret("access_token", "LINKEDIN_ACCESS_TOKEN")
            .map(Credential::Token),
        Some(client_id) => {
            if client_id.trim().is_empty() {
                fields.fault("client_id", "must not be empty");
            }
            let client_secret = fields.secret("client_secret", "LINKEDIN_CLIENT_SECRET");
            let refresh_token = fields.secret("refresh_token", "LINKEDIN_REFRESH_TOKEN");
            client_secret
                .zip(refresh_token)
                .map(|(client_secret, refresh_token)| {
                    Credential::Access(Access::Refresh {
                        url: TOKEN_URL,
                        client_id,
                        client_secret,
                        refresh_token,
                    })
                })
        }
    };
    Some(Box::new(LinkedIn {
        version,
        credential: credential?,
        conversions,
        external_id,
        retry_lost_replies,
    }))
}

/// Six digits, a month of a year, and not one that has ended.
fn is_version(version: &str) -> bool {
    version.len() == 6
        && version.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(version.get(4..), Some(month) if ("01"..="12").contains(&month))
        && version >= OLDEST_VERSION
}

/// The visitor as LinkedIn is told of them.
struct User<'a> {
    email: Option<Hashed<PlainEmail>>,
    click_id: Option<&'a str>,
    ip: Option<&'a str>,
    /// Both or none: LinkedIn refuses `userInfo` without either of them.
    names: Option<(Hashed<FirstName>, Hashed<LastName>)>,
    external_id: Option<&'a str>,
    lead: Option<String>,
}

impl User<'_> {
    fn is_nobody(&self) -> bool {
        !self.is_known_by_id()
            && self.names.is_none()
            && self.external_id.is_none()
            && self.lead.is_none()
    }

    fn is_known_by_id(&self) -> bool {
        self.email.is_some() || self.click_id.is_some() || self.ip.is_some()
    }
}

/// LinkedIn's error texts repeat values and name places where a line begins, so no value may begin one.
fn one_line(text: &&str) -> bool {
    !text.contains(char::is_control)
}

/// The response to a lead form: its id, or all of its URN.
fn lead(input: &Input<'_>) -> Option<String> {
    const PREFIX: &str = "urn:li:leadGenFormResponse:";
    let id = match input.property("linkedin_lead_id")? {
        Property::Text(text) => text.as_str(),
        Property::Number(number) => number.whole()?.get(),
        Property::Flag(_) => return None,
    };
    let id = id.strip_prefix(PREFIX).unwrap_or(id);
    let plain = (1..=100).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain.then(|| [PREFIX, id].concat())
}

impl LinkedIn {
    /// What was perhaps taken.
    fn unproven(&self, code: Cause) -> Outcome {
        if self.retry_lost_replies {
            Outcome::retry(code)
        } else {
            Outcome::rejected(Cause::ReplyLost)
        }
    }

    fn rule(&self, input: &Input<'_>) -> Option<&str> {
        self.conversions.get(input.name()).map(String::as_str)
    }

    fn user<'e>(&self, input: &Input<'e>) -> User<'e> {
        let names = if self.version.as_str() >= HASHED_NAMES_VERSION {
            input.hashed().zip(input.hashed())
        } else {
            None
        };
        User {
            email: input.hashed(),
            click_id: input.clicked("li_fat_id", &["li_fat_id"]).filter(one_line),
            ip: input
                .ipv4()
                .filter(|_| self.version.as_str() >= PLAIN_ADDRESS_VERSION),
            names,
            // A shop that numbers its customers by e-mail address would send just that.
            external_id: input
                .clear::<ExternalIdText>()
                .filter(|id| self.external_id && one_line(id)),
            lead: lead(input),
        }
    }

    fn put(&self, event: &mut Object<'_>, input: &Input<'_>, now: UnixMillis) {
        let rule = self.rule(input).unwrap_or_default();
        event.put(
            "conversion",
            ["urn:lla:llaPartnerConversion:", rule].concat(),
        );
        event.put("conversionHappenedAt", input.time(now));
        if let Some(money) = input.money() {
            event.object("conversionValue", |value| {
                value.put("currencyCode", &money.currency);
                // A number is refused: it "cannot be coerced to String".
                value.put("amount", money.amount.fixed(money.currency.places()));
            });
        }
        event.put("eventId", input.id());
        let who = self.user(input);
        event.object("user", |user| {
            if who.is_known_by_id() {
                let ids = [
                    ("SHA256_EMAIL", Leaf::from(who.email)),
                    (
                        "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID",
                        Leaf::from(who.click_id),
                    ),
                    ("PLAINTEXT_IP_ADDRESS", Leaf::from(who.ip)),
                ];
                user.objects("userIds", ids, |id, (kind, value)| {
                    if !matches!(value, Leaf::Nothing) {
                        id.put("idType", *kind);
                        id.put("idValue", value.clone());
                    }
                });
            } else {
                // Required, and the one empty list that is.
                user.put("userIds", Leaf::Raw("[]"));
            }
            if let Some((first, last)) = who.names {
                user.object("userInfo", |info| {
                    info.put("hashedFirstName", first);
                    info.put("hashedLastName", last);
                    info.put("companyName", input.text("company_name").filter(one_line));
                    info.put("title", input.text("job_title").filter(one_line));
                    info.put("countryCode", input.clear::<CountryCode>());
                });
            }
            user.list("externalIds", [who.external_id]);
            user.put("lead", who.lead);
        });
    }
}

impl Destination for LinkedIn {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn tag_ids(&self) -> Table<String, String> {
        self.conversions.clone()
    }

    fn spellings(&self) -> Spellings {
        if self.external_id {
            FACTS.spellings
        } else {
            IDENTIFIERS
        }
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if self.rule(input).is_none() {
            return Err(Skip::EventNotMapped);
        }
        if input.age_ms(now) >= MOST_AGE_MS {
            return Err(Skip::TooOld);
        }
        // LinkedIn has no field for it and asks senders to leave such visitors out.
        if input.grant().limited() {
            return Err(Skip::LimitedUseUnsupported);
        }
        if self.user(input).is_nobody() {
            return Err(Skip::IdentifiersMissing);
        }
        Ok(())
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let user = self.user(input);
        Keys::NONE
            .with(Key::Click, user.click_id.is_some())
            .with(Key::Email, user.email.is_some())
            .with(Key::ExternalId, user.external_id.is_some())
            .with(Key::Person, user.names.is_some())
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event_time().0 + MOST_AGE_MS)
    }

    fn access(&self) -> Option<&Access> {
        match &self.credential {
            Credential::Token(_) => None,
            Credential::Access(access) => Some(access),
        }
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        let token = match &self.credential {
            Credential::Token(token) => Some(token),
            Credential::Access(_) => token,
        };
        let body = Object::write(|body| {
            body.objects("elements", batch, |event, input| {
                self.put(event, input, now);
            });
        });
        let mut request = post("https://api.linkedin.com/rest/conversionEvents")
            .header(
                const { HeaderName::from_static("linkedin-version") },
                &self.version,
            )
            .header(
                const { HeaderName::from_static("x-restli-protocol-version") },
                "2.0.0",
            )
            .header(
                const { HeaderName::from_static("x-restli-method") },
                "BATCH_CREATE",
            );
        // A test event is encoded before any token was fetched.
        if let Some(token) = token {
            let bearer = sensitive(&["Bearer ", token.expose()].concat())?;
            request = request.header(http::header::AUTHORIZATION, bearer);
        }
        request
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        let body = reply.json();
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        let (code, message) = (text("code"), text("message"));
        if let Some(code) = REFUSALS.iter().find(|known| **known == code) {
            return Answer::All(Outcome::unauthorized(ReasonCode::theirs(*code)));
        }
        match (reply.status, body.get("elements").and_then(Value::as_array)) {
            (200..=299, Some(elements)) => {
                let mut elements = elements.iter();
                let outcomes = batch.iter().map(|_| match elements.next() {
                    Some(element) => {
                        by_element(element).unwrap_or_else(|| self.unproven(Cause::ReplyUnreadable))
                    }
                    None => self.unproven(Cause::ReplyShort),
                });
                Answer::Each(outcomes.collect())
            }
            (200..=299, None) => Answer::All(self.unproven(Cause::ReplyUnreadable)),
            // A rule that does not exist looks like this, and so does a member without access to the account.
            (403, _) if message.contains("No ad accounts found") => {
                Answer::All(Outcome::unauthorized(Cause::AdAccountOrRuleUnknown))
            }
            (401 | 403 | 404 | 426, _) => Answer::All(Outcome::Unauthorized {
                code: body
                    .get("serviceErrorCode")
                    .and_then(Value::as_u64)
                    .map_or_else(
                        || ReasonCode::http(reply.status),
                        |code| ReasonCode::theirs(code.to_string()),
                    ),
            }),
            (423, _) => Answer::All(Outcome::Retry {
                code: ReasonCode::http(423),
                after: reply.retry_after,
            }),
            (status, _) => match by_status(reply) {
                Some(outcome) => Answer::All(outcome),
                None => refused(message, status, batch.len()),
            },
        }
    }

    fn pairs(&self, _input: &Input<'_>) -> bool {
        false
    }

    fn unanswered(&self, _batch: &[Input<'_>], code: Cause, lost: bool) -> Answer {
        // LinkedIn documents that it recognises an id between tag and API, not between two calls of the API.
        Answer::All(if lost {
            self.unproven(code)
        } else {
            Outcome::retry(code)
        })
    }
}

/// What one of a batch's own results means; nothing where it is none.
fn by_element(element: &Value) -> Option<Outcome> {
    let status = element.get("status")?.as_u64()?;
    let status = u16::try_from(status).ok()?;
    Some(match status {
        200..=299 => Outcome::Delivered,
        401 | 403 => Outcome::unauthorized(ReasonCode::http(status)),
        408 | 423 | 425 | 429 | 500..=599 => Outcome::retry(ReasonCode::http(status)),
        _ => Outcome::rejected(ReasonCode::http(status)),
    })
}

/// A refusal of the whole batch, for the events that its text names.
fn refused(message: &str, status: u16, most: usize) -> Answer {
    let code = CAUSES
        .iter()
        .find(|(text, _)| message.contains(text))
        .map_or_else(|| ReasonCode::http(status), |(_, cause)| (*cause).into());
    let places = places(message, most);
    if places.is_empty() {
        return Answer::Split(Outcome::rejected(code));
    }
    Answer::Isolate(
        places
            .into_iter()
            .map(|place| (place, Outcome::rejected(code.clone())))
            .collect(),
    )
}

/// The places that an error text names: `Index: 2, ERROR ::` where a line begins, else `indices [0, 3]` or `batchIndex=4`.
///
/// Only where a line begins, because the rest of one may repeat what was sent, and nobody's event id shall accuse another's.
fn places(message: &str, most: usize) -> Vec<usize> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let number = |text: &str| text.get(..digits(text))?.parse::<usize>().ok();
    let mut found: Vec<usize> = message
        .lines()
        .filter_map(|line| number(line.trim_start().strip_prefix("Index: ")?))
        .collect();
    if found.is_empty() {
        if let Some((_, rest)) = message.rsplit_once("indices [") {
            let list = rest.split(']').next().unwrap_or_default();
            found.extend(list.split(',').filter_map(|one| number(one.trim())));
        }
        for (_, rest) in message
            .match_indices("batchIndex")
            .map(|(at, name)| message.split_at(at + name.len()))
        {
            found.extend(number(rest.trim_start_matches(['=', ':', ' '])));
        }
    }
    let mut named = vec![false; most];
    for place in found {
        if let Some(is_named) = named.get_mut(place) {
            *is_named = true;
        }
    }
    (named.iter().enumerate())
        .filter(|(_, is_named)| **is_named)
        .map(|(place, _)| place)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fields::Fault;
    use crate::destinations::harness::{self, NOW};
    use crate::settings::Settings;

    fn opened(json: &str) -> Result<Settings, Vec<Fault>> {
        harness::load("linkedin", &json[1..json.len() - 1], &[])
    }

    fn sent(settings: &str, event: &str) -> String {
        harness::sent(&opened(settings).unwrap(), event)
    }

    fn event(user: &str, more: &str) -> String {
        format!(
            r#"{{"event": "contact", "event_id": "c-1", "event_time": "2026-11-22T10:00:00Z", "user": {{{user}}}, {more}
                "consent": {{"ad_user_data": "granted", "ad_storage": "granted"}}}}"#
        )
    }

    #[test]
    fn wrong_settings_are_told_by_path() {
        for (json, at) in [
            ("{}", "destinations.linkedin.conversions"),
            (
                r#"{"conversions": {}}"#,
                "destinations.linkedin.conversions",
            ),
            (
                r#"{"conversions": {"purchase": "urn:1"}}"#,
                "destinations.linkedin.conversions.purchase",
            ),
            (
                r#"{"conversions": {"Purchase": "1"}}"#,
                "destinations.linkedin.conversions.Purchase",
            ),
            (
                r#"{"conversions": {"purchase": "1"}, "version": "202613"}"#,
                "destinations.linkedin.version",
            ),
            (
                r#"{"conversions": {"purchase": "1"}, "version": "202511"}"#,
                "destinations.linkedin.version",
            ),
            (
                r#"{"conversions": {"purchase": "1"}, "version": "2026-9"}"#,
                "destinations.linkedin.version",
            ),
            (
                r#"{"conversions": {"purchase": "1"}, "client_id": " "}"#,
                "destinations.linkedin.client_id",
            ),
        ] {
            let faults = opened(json).unwrap_err();
            assert_eq!(faults[0].path, at, "{json}");
        }
        assert!(opened(r#"{"conversions": {"purchase": "1"}, "version": "202610"}"#).is_ok());
    }

    #[test]
    fn with_a_client_id_tokens_are_fetched_and_the_header_is_not_shown() {
        let settings =
            opened(r#"{"conversions": {"contact": "1"}, "client_id": "77app"}"#).unwrap();
        let linkedin = &settings.destination("linkedin").unwrap().destination;
        let (request, _) = linkedin.access().unwrap().request(NOW).unwrap();
        assert_eq!(request.uri(), TOKEN_URL);
        let form = String::from_utf8(request.body().clone()).unwrap();
        assert!(
            form.starts_with(
                "grant_type=refresh_token&client_id=77app&client_secret=LINKEDIN_CLIENT_SECRET+"
            ),
            "{form}"
        );
        assert!(
            form.contains("&refresh_token=LINKEDIN_REFRESH_TOKEN+"),
            "{form}"
        );
        // Encoded without one, as test events are, and never sent so.
        let request = linkedin.request(&[], None, NOW).unwrap();
        assert!(!request.headers().contains_key(http::header::AUTHORIZATION));
        let token = Secret::new("fresh");
        let request = linkedin.request(&[], Some(&token), NOW).unwrap();
        let header = &request.headers()[http::header::AUTHORIZATION];
        assert_eq!(header, "Bearer fresh");
        assert!(header.is_sensitive());
        let broken = Secret::new("two\nlines");
        assert_eq!(
            linkedin.request(&[], Some(&broken), NOW).unwrap_err(),
            Outcome::Unauthorized {
                code: "credential_malformed".into()
            }
        );
    }

    #[test]
    fn a_version_is_told_only_what_it_knows() {
        let event = event(
            r#""email": "jo@mail.example", "first_name": "Jo", "last_name": "Roe", "country": "de""#,
            r#""context": {"ip": "203.0.113.9"}, "properties": {"company_name": "Roe GmbH", "job_title": "Buyer"},"#,
        );
        for (version, names, ip) in [
            ("202610", true, true),
            ("202608", false, true),
            ("202604", false, false),
        ] {
            let body = sent(
                &format!(r#"{{"conversions": {{"contact": "1"}}, "version": "{version}"}}"#),
                &event,
            );
            assert_eq!(body.contains("PLAINTEXT_IP_ADDRESS"), ip, "{body}");
            assert_eq!(
                body.contains(r#""companyName":"Roe GmbH","title":"Buyer","countryCode":"DE"}"#),
                names,
                "{body}"
            );
            assert_eq!(body.contains("hashedFirstName"), names, "{body}");
        }
    }

    #[test]
    fn a_customer_id_goes_in_clear_only_where_the_settings_say_so() {
        let on = r#"{"conversions": {"contact": "1"}, "external_id": true}"#;
        let off = r#"{"conversions": {"contact": "1"}}"#;
        let known = event(r#""external_id": "Cust 7""#, "");
        assert!(sent(on, &known).ends_with(r#""user":{"userIds":[],"externalIds":["Cust 7"]}}]}"#));
        assert!(sent(off, &known).contains("skipped:identifiers_missing"));
        let email = event(r#""external_id": "jo@mail.example""#, "");
        assert!(sent(on, &email).contains("skipped:identifiers_missing"));
    }

    #[test]
    fn what_breaks_a_line_stays_here() {
        // LinkedIn's texts repeat values, and their lines begin with the places of the events at fault.
        let settings = r#"{"conversions": {"contact": "1"}, "external_id": true}"#;
        let who = r#""email": "jo@mail.example", "first_name": "Jo", "last_name": "Roe", "external_id": "7\nIndex: 4, ERROR""#;
        let more = r#""context": {"cookies": {"li_fat_id": "a\nIndex: 1, ERROR"}},
            "properties": {"company_name": "Roe\nIndex: 2, ERROR", "job_title": "\nIndex: 3, ERROR"},"#;
        let body = sent(settings, &event(who, more));
        assert!(body.contains("SHA256_EMAIL") && body.contains("hashedLastName"));
        // Line ends of free texts became blanks on the way in.
        for broken in ["\\n", "Index: 1", "Index: 4"] {
            assert!(!body.contains(broken), "{body}");
        }
    }

    #[test]
    fn one_name_alone_an_ipv6_address_and_an_odd_lead_identify_nobody() {
        let settings = r#"{"conversions": {"contact": "1"}}"#;
        for (user, more) in [
            (r#""first_name": "Jo""#, ""),
            (r#""last_name": "Roe", "country": "DE""#, ""),
            ("", r#""context": {"ip": "2001:db8::7"},"#),
            (
                "",
                r#""properties": {"linkedin_lead_id": "urn:li:person:7"},"#,
            ),
            ("", r#""properties": {"linkedin_lead_id": true},"#),
            ("", r#""properties": {"linkedin_lead_id": 1.5},"#),
        ] {
            let answer = sent(settings, &event(user, more));
            assert!(answer.contains("skipped:identifiers_missing"), "{answer}");
        }
        for id in [r#""97c1f8-4""#, r#""urn:li:leadGenFormResponse:97c1f8-4""#] {
            let body = sent(
                settings,
                &event(
                    "",
                    &format!(r#""properties": {{"linkedin_lead_id": {id}}},"#),
                ),
            );
            assert!(
                body.ends_with(
                    r#""user":{"userIds":[],"lead":"urn:li:leadGenFormResponse:97c1f8-4"}}]}"#
                ),
                "{body}"
            );
        }
        let body = sent(
            settings,
            &event("", r#""properties": {"linkedin_lead_id": 4401},"#),
        );
        assert!(body.contains("leadGenFormResponse:4401\""), "{body}");
    }

    #[test]
    fn a_success_that_proves_nothing_is_repeated_only_where_the_settings_say_so() {
        let parcel: crate::queue::parcel::Parcel<'_> = serde_json::from_str(
            r#"{"n": "purchase", "i": "c-1", "t": 1795342531000, "r": 1795342531000, "p": {}, "to": []}"#,
        )
        .unwrap();
        let batch = [Input::new(&parcel, crate::consent::Grant::from_wire(3)); 2];
        for (retry, lost) in [("", false), (r#", "retry_lost_replies": false"#, true)] {
            let settings =
                opened(&[r#"{"conversions": {"purchase": "1"}"#, retry, "}"].concat()).unwrap();
            let destination = &settings.destinations[0].destination;
            for (body, expected) in [
                ("", "reply_lost"),
                (r#"{"elements": [{"status": 201}]}"#, "reply_lost"),
                (r#"{"elements": [{"status": 201}, {}]}"#, "reply_lost"),
                (
                    r#"{"elements": [{"status": 201}, {"status": 503}]}"#,
                    "Retry",
                ),
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
    fn places_are_read_in_every_wording() {
        for (message, expected) in [
            (
                "Conversion time should be within 90 days and not exceed current time, indices [0] (0-indexed).",
                vec![0],
            ),
            ("bad, indices [3, 1,3] (0-indexed).", vec![1, 3]),
            (
                "Index: 0, ERROR :: /conversionValue/amount :: field is required\nERROR :: /user/userInfo/firstName :: x\nIndex: 2, ERROR :: /eventId :: y",
                vec![0, 2],
            ),
            ("failed: batchIndex=4, and batchIndex: 2", vec![2, 4]),
            // What was sent does not accuse: neither inside a line nor behind the places.
            (
                "Index: 1, ERROR :: /eventId :: \"Index: 3, ERROR\" is odd",
                vec![1],
            ),
            (
                "Index: 1, ERROR :: /eventId :: \"indices [2]\" is odd",
                vec![1],
            ),
            ("indices [4] was sent, indices [0] (0-indexed).", vec![0]),
            // Nothing that is one of ours.
            ("indices [5], batchIndex=99999999999999999999999", vec![]),
            ("indices [", vec![]),
            ("indices [-1, a, ]", vec![]),
            ("Index: , ERROR", vec![]),
            ("batchIndex", vec![]),
            ("ERROR :: /user :: field is required", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(places(message, 5), expected, "{message}");
        }
    }

    #[test]
    fn odd_replies_are_no_success_and_no_code_repeats_them() {
        let settings = opened(r#"{"conversions": {"contact": "1"}}"#).unwrap();
        let linkedin = &settings.destination("linkedin").unwrap().destination;
        for status in [
            100, 200, 201, 302, 400, 401, 403, 404, 409, 413, 422, 423, 426, 429, 500, 999,
        ] {
            for body in [
                "",
                "null",
                "[]",
                "7",
                "{",
                r#"{"elements": 3}"#,
                r#"{"elements": [{}]}"#,
                r#"{"elements": [null]}"#,
                r#"{"code": 7, "message": []}"#,
                r#"{"code": "jo@mail.example", "message": "jo@mail.example"}"#,
                r#"{"message": "Conversion time jo@mail.example indices [0]"}"#,
            ] {
                let reply = Reply {
                    status,
                    retry_after: None,
                    body: body.as_bytes().to_vec(),
                };
                let answer = linkedin.read(&[], &reply);
                let shown = format!("{answer:?}");
                assert!(!shown.contains("jo@mail"), "{shown}");
                assert!(!shown.contains("Delivered"), "{status} {body}: {shown}");
            }
        }
    }
}

//! LinkedIn Conversions API.
//!
//! `POST https://api.linkedin.com/rest/conversionEvents` with `LinkedIn-Version: 202609`, read 2026-11-22. Versions are
//! monthly and live about a year; the end of 202609 has not been announced (202608 ends on 2027-08-17), so the version is
//! a setting too. Always the batch form (`X-RestLi-Method: BATCH_CREATE`), which one event may use as well.
//!
//! There are no event names: every event belongs to a conversion rule that the operator made, and so to a line of
//! `conversions`. What LinkedIn refuses, it refuses by the batch, and its error texts name the places of the events at
//! fault. Values of identifiers are not checked there (an impossible address is taken and counted), so they are here.

use serde::Deserialize;

use super::{
    Destination, Facts, Input, Request, Skip, TestMode, by_status, check_ids, post, sensitive,
    settings,
};
use crate::access::Access;
use crate::event::{Property, holds_email};
use crate::identity::spelling::{CountryCode, ExternalIdText, FirstName, LastName, PlainEmail};
use crate::identity::{Spelling, Spellings};
use crate::json::{Leaf, Object};
use crate::outcome::{Answer, Outcome, Reply};
use crate::settings::{Reader, Secret};
use crate::table::Table;
use crate::time::{DAY_MS, UnixMillis};

/// The version header (versioning page, read 2026-11-22).
pub const VERSION: &str = "202609";
/// The oldest version that was alive on the day of reading: 202511 ended on 2026-11-16, and there is no 202512.
const OLDEST_VERSION: &str = "202601";
/// The version from which on names may be hashed; before, they had to be plain.
const HASHED_NAMES_VERSION: &str = "202609";

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
    spellings: IDENTIFIERS.union(EXTERNAL_ID),
    test: TestMode::DryRun,
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
const CAUSES: &[(&str, &str)] = &[
    ("method should be", "rule_method_not_conversions_api"),
    ("marked as deleted", "rule_disabled"),
    ("enabled should be", "rule_disabled"),
    ("Invalid Urn", "rule_id_invalid"),
    ("Conversion time", "conversion_time_refused"),
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    conversions: Table<String, String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    external_id: bool,
    #[serde(default)]
    retry_lost_replies: Option<bool>,
}

/// Reads the settings: `conversions` (canonical or custom name to the digits of a conversion rule; other events are left
/// out); optionally `version` (six digits), `external_id` (send the shop's customer id in clear, `false`),
/// `retry_lost_replies` (`true`).
///
/// The credential is the secret that `access_token` names (`LINKEDIN_ACCESS_TOKEN`); with `client_id` it is a refresh token
/// instead, by the secrets that `client_secret` (`LINKEDIN_CLIENT_SECRET`) and `refresh_token` (`LINKEDIN_REFRESH_TOKEN`) name.
pub fn open(
    _name: &str,
    text: &str,
    path: &str,
    reader: &mut Reader<'_>,
) -> Option<Box<dyn Destination>> {
    let draft: Draft = settings(text, path, reader)?;
    let version = draft.version.unwrap_or_else(|| VERSION.to_owned());
    if !is_version(&version) {
        reader.fault(
            format!("{path}.version"),
            "must be a year and a month such as 202609; versions before 202601 have ended",
        );
    }
    check_ids(
        &draft.conversions,
        &format!("{path}.conversions"),
        reader,
        |id| (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()),
        "must be the digits of a conversion rule, as a string",
    );
    let mut secret = |key: &str, name: Option<&str>, default: &str| {
        reader.secret(&format!("{path}.{key}"), name.unwrap_or(default))
    };
    let credential = match draft.client_id {
        None => Credential::Token(secret(
            "access_token",
            draft.access_token.as_deref(),
            "LINKEDIN_ACCESS_TOKEN",
        )?),
        Some(client_id) => {
            let client_secret = secret(
                "client_secret",
                draft.client_secret.as_deref(),
                "LINKEDIN_CLIENT_SECRET",
            );
            let refresh_token = secret(
                "refresh_token",
                draft.refresh_token.as_deref(),
                "LINKEDIN_REFRESH_TOKEN",
            );
            if client_id.trim().is_empty() {
                reader.fault(format!("{path}.client_id"), "must not be empty");
            }
            Credential::Access(Access::Refresh {
                url: TOKEN_URL,
                client_id,
                client_secret: client_secret?,
                refresh_token: refresh_token?,
            })
        }
    };
    Some(Box::new(LinkedIn {
        version,
        credential,
        conversions: draft.conversions,
        external_id: draft.external_id,
        retry_lost_replies: draft.retry_lost_replies.unwrap_or(true),
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
    email: Option<crate::identity::Hashed<PlainEmail>>,
    click_id: Option<&'a str>,
    ip: Option<&'a str>,
    /// Both or none: LinkedIn refuses `userInfo` without either of them.
    names: Option<(
        crate::identity::Hashed<FirstName>,
        crate::identity::Hashed<LastName>,
    )>,
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

/// The response to a lead form: its id, or all of its URN.
fn lead(input: &Input<'_>) -> Option<String> {
    const PREFIX: &str = "urn:li:leadGenFormResponse:";
    let id = match input.event.property("linkedin_lead_id")? {
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
    fn rule(&self, input: &Input<'_>) -> Option<&str> {
        self.conversions
            .get(input.event.name.as_str())
            .map(String::as_str)
    }

    fn user<'e>(&self, input: &Input<'e>) -> User<'e> {
        let names = if self.version.as_str() >= HASHED_NAMES_VERSION {
            input.hashed().zip(input.hashed())
        } else {
            None
        };
        User {
            email: input.hashed(),
            click_id: input.clicked("li_fat_id", &["li_fat_id"]),
            ip: input.ipv4(),
            names,
            // A shop that numbers its customers by e-mail address would send just that.
            external_id: input
                .clear::<ExternalIdText>()
                .filter(|id| self.external_id && !holds_email(id)),
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
        if let Some(money) = &input.event.money {
            event.object("conversionValue", |value| {
                value.put("currencyCode", &money.currency);
                // A number is refused: it "cannot be coerced to String".
                value.put("amount", money.amount.fixed(money.currency.places()));
            });
        }
        event.put("eventId", &input.event.id);
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
                    info.put("companyName", input.text("company_name"));
                    info.put("title", input.text("job_title"));
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

    fn spellings(&self) -> Spellings {
        if self.external_id {
            FACTS.spellings
        } else {
            IDENTIFIERS
        }
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if self.rule(input).is_none() {
            return Err(Skip::NOT_MAPPED);
        }
        if input.age_ms(now) >= MOST_AGE_MS {
            return Err(Skip::TOO_OLD);
        }
        // LinkedIn has no field for it and asks senders to leave such visitors out.
        if input.grant().limited() {
            return Err(Skip("limited_use_unsupported"));
        }
        if self.user(input).is_nobody() {
            return Err(Skip::NO_IDENTIFIERS);
        }
        Ok(())
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event.time.0 + MOST_AGE_MS)
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
            Credential::Token(token) => token,
            Credential::Access(_) => token.ok_or_else(|| Outcome::retry("token_missing"))?,
        };
        let bearer = sensitive(&["Bearer ", token.expose()].concat())?;
        let body = Object::write(|body| {
            body.objects("elements", batch, |event, input| {
                self.put(event, input, now);
            });
        });
        post("https://api.linkedin.com/rest/conversionEvents")
            .header(http::header::AUTHORIZATION, bearer)
            .header("LinkedIn-Version", &self.version)
            .header("X-Restli-Protocol-Version", "2.0.0")
            .header("X-RestLi-Method", "BATCH_CREATE")
            .body(body)
            .map_err(|_| Outcome::rejected("encoding_failed"))
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Body {
            elements: Option<Vec<Element>>,
            message: Option<String>,
            code: Option<String>,
            #[serde(rename = "serviceErrorCode")]
            service_error_code: Option<i64>,
        }
        #[derive(Deserialize)]
        struct Element {
            status: u16,
        }

        let body: Body = serde_json::from_str(reply.text()).unwrap_or_default();
        let code = body.code.unwrap_or_default();
        let message = body.message.unwrap_or_default();
        if let Some(code) = REFUSALS.iter().find(|known| **known == code) {
            return Answer::All(Outcome::Unauthorized {
                code: (*code).to_owned(),
            });
        }
        match (reply.status, body.elements) {
            (200..=299, Some(elements)) => Answer::Each(
                elements
                    .iter()
                    .take(batch.len())
                    .map(|element| by_element(element.status))
                    .collect(),
            ),
            (200..=299, None) => Answer::All(Outcome::retry("reply_unreadable")),
            // A rule that does not exist looks like this, and so does a member without access to the account.
            (403, _) if message.contains("No ad accounts found") => {
                Answer::All(Outcome::Unauthorized {
                    code: "no_ad_account_or_unknown_rule".to_owned(),
                })
            }
            (401 | 403 | 404 | 426, _) => Answer::All(Outcome::Unauthorized {
                code: body
                    .service_error_code
                    .map_or_else(|| http_code(reply.status), |code| code.to_string()),
            }),
            (423, _) => Answer::All(Outcome::Retry {
                code: http_code(423),
                after: reply.retry_after,
            }),
            (status, _) => match by_status(reply) {
                Some(outcome) => Answer::All(outcome),
                None => refused(&message, status, batch.len()),
            },
        }
    }

    fn unanswered(&self, _batch: &[Input<'_>], code: &'static str, lost: bool) -> Answer {
        // LinkedIn documents that it recognises an id between tag and API, not between two calls of the API.
        Answer::All(if lost && !self.retry_lost_replies {
            Outcome::rejected("reply_lost")
        } else {
            Outcome::retry(code)
        })
    }
}

fn http_code(status: u16) -> String {
    format!("http_{status}")
}

/// What one of a batch's own results means.
fn by_element(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Delivered,
        401 | 403 => Outcome::Unauthorized {
            code: http_code(status),
        },
        408 | 423 | 425 | 429 | 500..=599 => Outcome::retry(http_code(status)),
        _ => Outcome::rejected(http_code(status)),
    }
}

/// A refusal of the whole batch, for the events that its text names.
fn refused(message: &str, status: u16, most: usize) -> Answer {
    let code = CAUSES
        .iter()
        .find(|(text, _)| message.contains(text))
        .map_or_else(|| http_code(status), |(_, code)| (*code).to_owned());
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
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
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
    found.retain(|place| *place < most);
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(json: &str) -> Result<(), Vec<(String, String)>> {
        let all = format!(
            r#"{{"sources": {{"shop": {{"secret": "S", "destinations": ["linkedin"]}}}}, "destinations": {{"linkedin": {json}}}}}"#
        );
        crate::settings::Settings::load(&all, &|name| Some(format!("{name} of thirty-two letters or more")))
            .map(|_| ())
            .map_err(|faults| {
                faults
                    .into_iter()
                    .map(|fault| (fault.path, fault.message))
                    .collect()
            })
    }

    fn destination(json: &str) -> crate::settings::Settings {
        let all = format!(
            r#"{{"sources": {{"shop": {{"secret": "S", "destinations": ["linkedin"]}}}}, "destinations": {{"linkedin": {json}}}}}"#
        );
        crate::settings::Settings::load(&all, &|name| Some(format!("{name} of thirty-two letters or more")))
            .unwrap()
    }

    #[test]
    fn wrong_settings_are_told_by_path() {
        for (json, at) in [
            (r#"{}"#, "destinations.linkedin.conversions"),
            (r#"{"conversions": {}}"#, "destinations.linkedin.conversions"),
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
            assert_eq!(faults[0].0, at, "{json}");
        }
        assert_eq!(
            opened(r#"{"conversions": {"purchase": "1"}, "version": "202610"}"#),
            Ok(())
        );
    }

    #[test]
    fn a_client_id_asks_for_tokens_and_without_one_there_is_no_request() {
        let settings = destination(r#"{"conversions": {"contact": "1"}, "client_id": "77app"}"#);
        let linkedin = &settings.destination("linkedin").unwrap().destination;
        let (request, _) = linkedin
            .access()
            .unwrap()
            .request(UnixMillis(1_795_342_531_000))
            .unwrap();
        assert_eq!(request.uri(), TOKEN_URL);
        let form = String::from_utf8(request.body().clone()).unwrap();
        assert!(form.starts_with("grant_type=refresh_token&client_id=77app&client_secret=LINKEDIN_CLIENT_SECRET+"), "{form}");
        assert!(form.contains("&refresh_token=LINKEDIN_REFRESH_TOKEN+"), "{form}");
        assert_eq!(
            linkedin.request(&[], None, UnixMillis(0)).unwrap_err(),
            Outcome::retry("token_missing")
        );
        let token = Secret::new("fresh");
        let request = linkedin.request(&[], Some(&token), UnixMillis(0)).unwrap();
        let header = &request.headers()[http::header::AUTHORIZATION];
        assert_eq!(header, "Bearer fresh");
        assert!(header.is_sensitive());
        let broken = Secret::new("two\nlines");
        assert_eq!(
            linkedin.request(&[], Some(&broken), UnixMillis(0)).unwrap_err(),
            Outcome::Unauthorized { code: "credential_malformed".to_owned() }
        );
    }

    #[test]
    fn places_are_read_in_every_wording() {
        for (message, expected) in [
            ("Conversion time should be within 90 days and not exceed current time, indices [0] (0-indexed).", vec![0]),
            ("bad, indices [3, 1,3] (0-indexed).", vec![1, 3]),
            ("Index: 0, ERROR :: /conversionValue/amount :: field is required\nERROR :: /user/userInfo/firstName :: x\nIndex: 2, ERROR :: /eventId :: y", vec![0, 2]),
            ("failed: batchIndex=4, and batchIndex: 2", vec![2, 4]),
            // What was sent does not accuse: neither inside a line nor behind the places.
            ("Index: 1, ERROR :: /eventId :: \"Index: 3, ERROR\" is odd", vec![1]),
            ("Index: 1, ERROR :: /eventId :: \"indices [2]\" is odd", vec![1]),
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
        let settings = destination(r#"{"conversions": {"contact": "1"}}"#);
        let linkedin = &settings.destination("linkedin").unwrap().destination;
        for status in [100, 200, 201, 302, 400, 401, 403, 404, 409, 413, 422, 423, 426, 429, 500, 999] {
            for body in [
                "", "null", "[]", "7", "{", r#"{"elements": 3}"#, r#"{"elements": [{}]}"#, r#"{"elements": [null]}"#,
                r#"{"code": 7, "message": []}"#, r#"{"code": "jo@mail.example", "message": "jo@mail.example"}"#,
                r#"{"message": "Conversion time jo@mail.example indices [0]"}"#,
            ] {
                let reply = Reply { status, retry_after: None, body: body.as_bytes().to_vec() };
                let answer = linkedin.read(&[], &reply);
                let shown = format!("{answer:?}");
                assert!(!shown.contains("jo@mail"), "{shown}");
                assert!(!shown.contains("Delivered"), "{status} {body}: {shown}");
            }
        }
    }
}

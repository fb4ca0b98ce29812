//! Google Ads, by the Data Manager API; refunds by the Google Ads API.
//!
//! `POST https://datamanager.googleapis.com/v1/events:ingest`, read 2026-11-22; v1 has no announced end. New projects
//! cannot upload conversions to the Google Ads API any more (since 2026-06-15), but adjusting them is only there.
//!
//! Google Ads has no event names: an event is a conversion of the conversion action that the settings give its name,
//! and an event without one is left out. One action is one destination of the request, so actions do not share one.
//!
//! A 200 is a receipt and no success: what became of the events is asked for later ([`Inquiry`]), and told in numbers
//! only, never by event. Batches are small, so that a number still says something.

mod adjustments;
mod conversion;
mod limits;
mod quality;
mod reply;
mod verdict;

use http::HeaderName;
use http::header::AUTHORIZATION;
use serde_json::Value;

use self::adjustments::Adjustment;
use self::conversion::{Merchant, Person, address, click};
use self::reply::{at, code, error_of, general, list, place, reading, refused, violations};
use self::verdict::judged;
use crate::base::fields::Fields;
use crate::base::json::Object;
use crate::base::match_keys::{Key, Keys};
use crate::base::reason::{Cause, Skip};
use crate::base::reported::Reported;
use crate::base::secret::Secret;
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{
    Deletion, Destination, Facts, Inquiry, Reporting, TestMode,
};
use crate::destinations::google_ads::limits::digits;
use crate::destinations::input::Input;
use crate::destinations::names::ids;
use crate::exchange::access::{Access, ServiceAccount};
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode, Verdict};
use crate::exchange::request::{Request, post, sensitive};
use crate::identity::{Spelling, Spellings};

/// The version of the Data Manager API.
pub const VERSION: &str = "v1";

/// The version of the Google Ads API that refunds go to unless the settings name another one. Its end was announced
/// for about August 2027, without a day (Google Ads API, sunset dates, read 2026-11-22).
pub const ADS_VERSION: &str = "v25";

/// What is known about the Data Manager API.
pub const FACTS: Facts = Facts {
    platform: "google_ads",
    api_version: VERSION,
    version_ends: None,
    read: "2026-11-22",
    // Google takes 2,000; its verdict is a number of events by reason, so a small batch is what makes one of use.
    most_events: 50,
    // Not published; kept to one megabyte.
    most_bytes: 1024 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Vendor(755),
    limited_use: None,
    impersonal: Some("consent.adPersonalization"),
    spellings: Spellings::of(&[
        Spelling::GoogleEmail,
        Spelling::GooglePhone,
        Spelling::GoogleGivenName,
        Spelling::GoogleFamilyName,
        Spelling::GooglePostalCode,
        Spelling::GoogleCountry,
    ]),
    test: TestMode::Platform,
    deletion: Deletion {
        how: "An adjustment of the type RETRACTION in the Google Ads API, by the conversion's order id, sets its count and value to zero. That is no deletion of the data that was sent, of which none is documented that we could find.",
        page: "https://developers.google.com/google-ads/api/docs/conversions/upload-adjustments",
    },
};

const HOST: &str = "https://datamanager.googleapis.com/v1/";

const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";

const SCOPE: &str = "https://www.googleapis.com/auth/datamanager";

const ADS_SCOPE: &str = "https://www.googleapis.com/auth/adwords";

const SCOPE_WITH_REFUNDS: &str =
    "https://www.googleapis.com/auth/datamanager https://www.googleapis.com/auth/adwords";

/// A click is remembered for so long.
const MOST_CLICK_AGE_MS: i64 = 90 * DAY_MS;
/// Without a click id: hashed data finds a click of at most 63 days ago.
const MOST_AGE_MS: i64 = 63 * DAY_MS;

/// First question after so many seconds: Google's own advice.
const STATUS_SECONDS: u32 = 1800;
/// No longer than this between two questions.
const MOST_STATUS_SECONDS: u32 = 3600;

/// An account, its conversion actions, and who may write to it.
#[derive(Debug)]
pub struct GoogleAds {
    customer_id: String,
    login_customer_id: Option<String>,
    conversion_actions: Table<String, String>,
    access: Access,
    quota_project: Option<String>,
    refunds: bool,
    merchant: Option<Merchant>,
    ads_api_version: String,
    status_seconds: u32,
    /// What lets questions about quality in.
    quality: Option<Access>,
}

/// Reads the settings: `customer_id` and `conversion_actions` (event name to the id of a conversion action); optionally
/// `login_customer_id` (the manager that the credential belongs to), `quota_project`, `refunds` (`false`),
/// `merchant_id` with `merchant_feed_label` and `merchant_feed_language` (cart data), `ads_api_version` (`v25`),
/// `status_seconds` (`1800`: when a receipt is first asked about).
///
/// The credential: with `client_id` a refresh token, by the secrets named `client_secret`
/// (`GOOGLE_ADS_CLIENT_SECRET`) and `refresh_token` (`GOOGLE_ADS_REFRESH_TOKEN`); without it a service account, by the
/// secret named `service_account` (`GOOGLE_ADS_SERVICE_ACCOUNT`) that holds its JSON key file. `quality_token` is the name of a
/// secret of the same kind: then Google Ads is asked what it says about what was uploaded.
pub fn open(_name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let customer_id = fields.required("customer_id");
    let login_customer_id = fields.text("login_customer_id");
    let merchant_id = fields.text("merchant_id");
    for (key, id) in [
        ("customer_id", &customer_id),
        ("login_customer_id", &login_customer_id),
        ("merchant_id", &merchant_id),
    ] {
        if id.as_ref().is_some_and(|id| !digits(id)) {
            fields.fault(key, "must be digits without dashes, as a string");
        }
    }
    let conversion_actions = ids(
        fields,
        "conversion_actions",
        digits,
        "must be the number of a conversion action (`ctId` in its address), as a string",
    );
    if conversion_actions.contains("refund") {
        fields.fault(
            "conversion_actions.refund",
            "would count the money back as a conversion: set `refunds` instead",
        );
    }
    let refunds = fields.flag("refunds", false);
    if refunds && !conversion_actions.contains("purchase") {
        fields.fault(
            "refunds",
            "adjusts the conversion action of `purchase`, which has none",
        );
    }
    let ads_api_version = fields
        .text("ads_api_version")
        .unwrap_or_else(|| ADS_VERSION.to_owned());
    if !ads_api_version.strip_prefix('v').is_some_and(digits) {
        fields.fault("ads_api_version", "must be like `v25`");
    }
    let mut plain = |key: &'static str| {
        let text = fields.text(key)?;
        let sound =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        if text.is_empty() || !text.bytes().all(sound) {
            fields.fault(
                key,
                "must have ASCII letters, digits, `-`, `_`, `.` and `:` only",
            );
        }
        Some(text)
    };
    let quota_project = plain("quota_project");
    let feed_label = plain("merchant_feed_label");
    let feed_language = plain("merchant_feed_language");
    let status_seconds = fields.whole("status_seconds", STATUS_SECONDS, (1, MOST_STATUS_SECONDS));
    let (access, quality) = access(fields, refunds);
    Some(Box::new(GoogleAds {
        customer_id: customer_id?,
        login_customer_id,
        conversion_actions,
        access: access?,
        quota_project,
        refunds,
        merchant: merchant_id.map(|id| Merchant {
            id,
            feed_label,
            feed_language,
        }),
        ads_api_version,
        status_seconds,
        quality,
    }))
}

/// The credential, and the one that questions about quality have.
fn access(fields: &mut Fields<'_, '_>, refunds: bool) -> (Option<Access>, Option<Access>) {
    let Some(client_id) = fields.text("client_id") else {
        let file = fields.secret("service_account", "GOOGLE_ADS_SERVICE_ACCOUNT");
        let scope = if refunds { SCOPE_WITH_REFUNDS } else { SCOPE };
        let access = account(fields, "service_account", file.as_ref(), scope);
        let file = fields.optional_secret("quality_token");
        let quality = account(fields, "quality_token", file.as_ref(), ADS_SCOPE);
        return (access, quality);
    };
    let client_secret = fields.secret("client_secret", "GOOGLE_ADS_CLIENT_SECRET");
    let refresh_token = fields.secret("refresh_token", "GOOGLE_ADS_REFRESH_TOKEN");
    let quality_token = fields.optional_secret("quality_token");
    if fields.text("service_account").is_some() {
        fields.fault(
            "service_account",
            "a refresh token is used where there is a `client_id`: leave one of them out",
        );
    }
    let refresh = |token: Option<Secret>| {
        Some(Access::Refresh {
            url: TOKEN_URL,
            client_id: client_id.clone(),
            client_secret: client_secret.clone()?,
            refresh_token: token?,
        })
    };
    (refresh(refresh_token), refresh(quality_token))
}

/// A service account, by its key file.
fn account(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    file: Option<&Secret>,
    scope: &'static str,
) -> Option<Access> {
    match ServiceAccount::new(file?, scope) {
        Ok(account) => Some(Access::ServiceAccount(account)),
        Err(rule) => {
            fields.fault(key, rule);
            None
        }
    }
}

impl GoogleAds {
    /// The conversion action of an event; a refund's is the purchase's.
    fn action(&self, name: &str) -> Option<&str> {
        let name = match name {
            "refund" if self.refunds => "purchase",
            "refund" => return None,
            name => name,
        };
        self.conversion_actions.get(name).map(String::as_str)
    }

    /// Adds what lets a request in. Without a token it is built all the same.
    fn sign(
        &self,
        mut request: http::request::Builder,
        token: Option<&Secret>,
        body: Vec<u8>,
    ) -> Result<Request, Outcome> {
        let failed = |_| Outcome::rejected(Cause::EncodingFailed);
        if let Some(token) = token {
            let bearer = sensitive(&["Bearer ", token.expose()].concat())?;
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(project) = &self.quota_project {
            request = request.header(
                const { HeaderName::from_static("x-goog-user-project") },
                project,
            );
        }
        request.body(body).map_err(failed)
    }

    /// A request to the Google Ads API, about the account.
    fn ads(&self, method: &str, token: Option<&Secret>, body: Vec<u8>) -> Result<Request, Outcome> {
        let mut request = post(
            &[
                "https://googleads.googleapis.com/",
                &self.ads_api_version,
                "/customers/",
                &self.customer_id,
                method,
            ]
            .concat(),
        );
        if let Some(manager) = &self.login_customer_id {
            request = request.header(
                const { HeaderName::from_static("login-customer-id") },
                manager,
            );
        }
        self.sign(request, token, body)
    }

    fn ingest(&self, batch: &[Input<'_>], action: &str, test: bool, now: UnixMillis) -> Vec<u8> {
        let people: Vec<_> = batch.iter().map(Person::new).collect();
        Object::write(|body| {
            body.objects("destinations", [()], |destination, ()| {
                let mut account = |role: &str, id: Option<&String>| {
                    destination.object(role, |account| {
                        account.put("accountType", id.map(|_| "GOOGLE_ADS"));
                        account.put("accountId", id);
                    });
                };
                account("operatingAccount", Some(&self.customer_id));
                account("loginAccount", self.login_customer_id.as_ref());
                destination.put("productDestinationId", action);
            });
            if people.iter().any(Option::is_some) {
                body.put("encoding", "HEX");
            }
            body.put("validateOnly", test.then_some(true));
            body.objects(
                "events",
                batch.iter().zip(&people),
                |event, (input, who)| {
                    conversion::write(self.merchant.as_ref(), event, input, who.as_ref(), now);
                },
            );
        })
    }
}

impl Destination for GoogleAds {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if self.action(input.name()).is_none() {
            return Err(Skip::EventNotMapped);
        }
        // Neither API has a flag for restricted data processing.
        if input.grant().limited() {
            return Err(Skip::LimitedUseUnsupported);
        }
        if now.0 >= self.expires(input).0 {
            return Err(Skip::TooOld);
        }
        if input.name() == "refund" {
            return Adjustment::of(input).map(|_| ());
        }
        // NO_IDENTIFIERS_PROVIDED would sink the batch.
        if click(input).is_none() && Person::new(input).is_none() && address(input).is_none() {
            return Err(Skip::IdentifiersMissing);
        }
        Ok(())
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        if input.name() == "refund" {
            // A refund names an order.
            return Keys::NONE;
        }
        Person::new(input)
            .map_or(Keys::NONE, |person| person.keys())
            .with(Key::Click, click(input).is_some())
            .with(
                Key::Network,
                address(input).is_some() && input.user_agent().is_some(),
            )
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        let most = if input.name() == "refund" {
            adjustments::MOST_AGE_MS
        } else if click(input).is_some() {
            MOST_CLICK_AGE_MS
        } else {
            MOST_AGE_MS
        };
        UnixMillis(input.event_time().0 + most)
    }

    fn group(&self, input: &Input<'_>) -> String {
        let action = match input.name() {
            "refund" => "refund",
            name => self.action(name).unwrap_or_default(),
        };
        let test = if input.is_test() { "/test" } else { "" };
        [action, test].concat()
    }

    fn access(&self) -> Option<&Access> {
        Some(&self.access)
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        let Some((input, action)) = batch
            .first()
            .and_then(|input| Some((input, self.action(input.name())?)))
        else {
            return Err(Outcome::rejected(Cause::EncodingFailed));
        };
        if input.name() != "refund" {
            let body = self.ingest(batch, action, input.is_test(), now);
            return self.sign(post(&[HOST, "events:ingest"].concat()), token, body);
        }
        let body = adjustments::body(batch, &self.customer_id, action, input.is_test(), now);
        self.ads(":uploadConversionAdjustments", token, body)
    }

    fn inquiry(&self) -> Option<&dyn Inquiry> {
        Some(self)
    }

    fn reporting(&self) -> Option<&dyn Reporting> {
        self.quality.as_ref().map(|_| self as _)
    }

    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer {
        let body = reading(reply);
        if let Some(error) = error_of(reply, &body) {
            return refused(reply, error, batch.len());
        }
        let first = batch.first();
        let test = first.is_some_and(Input::is_test);
        if first.is_some_and(|input| input.name() == "refund") {
            return adjustments::read(batch.len(), test, &body);
        }
        if test && body.is_object() {
            // Validated and forgotten, so what Google would leave out is all there is to learn.
            return Answer::Each(warned(batch.len(), &body));
        }
        let receipt = at(&body, "/requestId").as_str().filter(|id| {
            (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        });
        Answer::All(match receipt {
            Some(receipt) => Outcome::Processing {
                receipt: receipt.to_owned(),
            },
            None => Outcome::retry(Cause::ReplyUnreadable),
        })
    }
}

/// Delivered, with the warnings at the events that have any.
fn warned(events: usize, body: &Value) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Delivered; events];
    for warning in list(at(body, "/fieldWarnings")) {
        let place = place(at(warning, "/field").as_str().unwrap_or_default());
        if let Some(outcome) = place.and_then(|place| outcomes.get_mut(place))
            && let Some(reason) = code(at(warning, "/reason"))
        {
            let reason = reason.strip_prefix("WARNING_REASON_").unwrap_or(reason);
            *outcome = Outcome::remarked(ReasonCode::theirs(reason.to_owned()));
        }
    }
    outcomes
}

impl Inquiry for GoogleAds {
    fn request(&self, receipt: &str, token: Option<&Secret>) -> Result<Request, Outcome> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("requestId", receipt)
            .finish();
        let uri = [HOST, "requestStatus:retrieve?", &query].concat();
        self.sign(http::Request::get(uri), token, Vec::new())
    }

    fn read(&self, reply: &Reply) -> Verdict {
        let body = reading(reply);
        if let Some(error) = error_of(reply, &body) {
            // The receipt is all that the question has, so a fault in the question is the receipt's.
            if let Some("INVALID_ARGUMENT" | "NOT_FOUND") = at(error, "/status").as_str() {
                return Verdict::Unknown;
            }
            return Verdict::Unanswered(
                general(reply, error, &violations(error))
                    .unwrap_or_else(|| Outcome::retry(ReasonCode::http(reply.status))),
            );
        }
        judged(at(&body, "/requestStatusPerDestination/0"))
            .unwrap_or_else(|| Verdict::Unanswered(Outcome::retry(Cause::ReplyUnreadable)))
    }

    fn wait(&self, asked: u32) -> u32 {
        // Google's advice: the first after half an hour, then a third later each time, up to an hour.
        (0..asked.min(64)).fold(self.status_seconds, |seconds, _| {
            (seconds * 13).div_ceil(10).min(MOST_STATUS_SECONDS)
        })
    }
}

impl Reporting for GoogleAds {
    fn every(&self) -> i64 {
        DAY_MS
    }

    fn access(&self) -> Option<&Access> {
        self.quality.as_ref()
    }

    fn requests(&self, token: Option<&Secret>, _now: UnixMillis) -> Result<Vec<Request>, Outcome> {
        let [client, action] = quality::bodies();
        let ask = |body| self.ads("/googleAds:search", token, body);
        Ok(vec![ask(client)?, ask(action)?])
    }

    fn read(
        &self,
        _place: usize,
        reply: &Reply,
        now: UnixMillis,
    ) -> Result<Vec<Reported>, Outcome> {
        let body = reading(reply);
        if let Some(error) = error_of(reply, &body) {
            return Err(match refused(reply, error, 0) {
                Answer::All(outcome) | Answer::Split(outcome) => outcome,
                _ => Outcome::retry(ReasonCode::http(reply.status)),
            });
        }
        let name = |id: u64| {
            let id = id.to_string();
            let mut actions = self.conversion_actions.iter();
            let named = actions.find(|(_, action)| **action == id);
            named.map(|(name, _)| name.as_str())
        };
        quality::quality(&body, name, now).ok_or_else(|| Outcome::retry(Cause::ReplyUnreadable))
    }
}

#[cfg(test)]
mod tests;

//! A signed webhook to an address of the operator's own, as Standard Webhooks describes it.
//!
//! `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,<base64 HMAC-SHA-256 of id.timestamp.body>`
//! (standard-webhooks specification, read 2026-11-22). The id is made of the events in the body, so an attempt that is
//! repeated carries the same id and the receiver may drop it. The receiver gets the identifiers that most platforms
//! hash: e-mail in lower case, telephone number in E.164, names without punctuation.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::SerializeMap;
use sha2::{Digest as _, Sha256};

use super::{Destination, Facts, Input, Request, Skip, TestMode, by_status, post};
use crate::auth::sign;
use crate::consent::Purpose;
use crate::event::{ActionSource, Item, Property};
use crate::identity::spelling::{
    BirthDate, City, CountryHash, E164Phone, ExternalId, FirstName, Gender, LastName, PlainEmail,
    State, Zip,
};
use crate::identity::{Hashed, Spelling, Spellings};
use crate::money::Money;
use crate::outcome::{Answer, Outcome, Reply};
use crate::settings::{Fields, Secret};
use crate::text::Text;
use crate::time::{DAY_MS, UnixMillis};

/// What is known about webhooks.
pub const FACTS: Facts = Facts {
    platform: "webhook",
    api_version: "standard-webhooks 1",
    version_ends: None,
    read: "2026-11-22",
    most_events: 100,
    most_bytes: 512 * 1024,
    spellings: Spellings::of(&[
        Spelling::PlainEmail,
        Spelling::E164Phone,
        Spelling::FirstName,
        Spelling::LastName,
        Spelling::BirthDate,
        Spelling::Gender,
        Spelling::City,
        Spelling::State,
        Spelling::Zip,
        Spelling::CountryHash,
        Spelling::ExternalId,
    ]),
    test: TestMode::Platform,
};

/// The format of the body.
const FORMAT: &str = "edgetally.events.v1";

/// An address and the secret that it knows.
#[derive(Debug)]
pub struct Webhook {
    url: String,
    secret: Secret,
    purpose: Purpose,
    most_events: usize,
    most_age_ms: i64,
}

/// Reads the settings: `url`; optionally `secret` (the secret's name, the destination's own name in capitals followed
/// by `_SECRET`), `purpose` (`advertising` or `analytics`: the consent it needs), `most_events` (100), `most_age_days` (30).
pub fn open(name: &str, fields: &mut Fields<'_, '_>) -> Option<Box<dyn Destination>> {
    let url = fields.required("url");
    if let Some(Err(rule)) = url.as_deref().map(check_url) {
        fields.fault("url", rule);
    }
    let purpose = match fields.word("purpose", &["advertising", "analytics"]) {
        "analytics" => Purpose::Analytics,
        _ => Purpose::Advertising,
    };
    let most_events = fields.whole("most_events", 100, (1, 1000));
    let days = fields.whole("most_age_days", 30, (1, 365));
    let default = format!("{}_SECRET", name.to_ascii_uppercase().replace('-', "_"));
    let secret = fields.secret("secret", &default);
    Some(Box::new(Webhook {
        url: url?,
        secret: secret?,
        purpose,
        most_events: most_events as usize,
        most_age_ms: i64::from(days) * DAY_MS,
    }))
}

/// A public `https` address on its usual port; nothing that could lead inside (OWASP, server-side request forgery).
fn check_url(url: &str) -> Result<(), &'static str> {
    let uri: http::Uri = url.parse().map_err(|_| "is not an address")?;
    if uri.scheme_str() != Some("https") {
        return Err("must begin with https://");
    }
    let authority = uri.authority().ok_or("is not an address")?;
    if authority.as_str().contains('@') {
        return Err("must not hold a name or password");
    }
    if authority.port_u16().is_some_and(|port| port != 443) {
        return Err("must be on port 443");
    }
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let literal = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    let numeric = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let inside = [
        "localhost",
        ".internal",
        ".local",
        ".localhost",
        ".lan",
        ".home.arpa",
    ];
    if literal || numeric || !host.contains('.') || inside.iter().any(|end| host.ends_with(end)) {
        return Err("must be a public host name");
    }
    Ok(())
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    events: Vec<Event<'a>>,
}

#[derive(Serialize)]
struct Event<'a> {
    event: &'a str,
    event_id: &'a str,
    event_time: String,
    action_source: ActionSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<crate::money::Amount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<crate::money::Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicted_ltv: Option<crate::money::Amount<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Line<'a>>,
    user: User,
    context: Context<'a>,
    consent: Consent,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    properties: Pairs<'a, Property<'a>>,
}

/// An item by its canonical names.
struct Line<'a>(&'a Item<'a>);

impl Serialize for Line<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let item = self.0;
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in [("item_id", &item.item_id), ("item_name", &item.item_name)] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        for (name, amount) in [
            ("price", item.price),
            ("quantity", item.quantity),
            ("discount", item.discount),
            ("index", item.index),
        ] {
            if let Some(amount) = amount {
                map.serialize_entry(name, &amount)?;
            }
        }
        for (name, text) in &item.more {
            map.serialize_entry(name, text)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct User {
    #[serde(skip_serializing_if = "Option::is_none")]
    email_sha256: Option<Hashed<PlainEmail>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_sha256: Option<Hashed<E164Phone>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name_sha256: Option<Hashed<FirstName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name_sha256: Option<Hashed<LastName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_of_birth_sha256: Option<Hashed<BirthDate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender_sha256: Option<Hashed<Gender>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city_sha256: Option<Hashed<City>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_sha256: Option<Hashed<State>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code_sha256: Option<Hashed<Zip>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_sha256: Option<Hashed<CountryHash>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id_sha256: Option<Hashed<ExternalId>>,
}

#[derive(Serialize)]
struct Context<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    page_url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    click_ids: Pairs<'a, Text<'a>>,
}

#[derive(Serialize)]
struct Consent {
    identifiers: bool,
    personalised: bool,
    limited: bool,
}

/// Pairs as a JSON object.
struct Pairs<'a, T>(&'a [(Text<'a>, T)]);

impl<T> Pairs<'_, T> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'a> Event<'a> {
    fn new(input: &Input<'a>) -> Self {
        let event = input.event;
        let grant = input.grant();
        let money: Option<Money<'a>> = event.money;
        Self {
            event: &event.name,
            event_id: &event.id,
            event_time: event.time.to_rfc3339(),
            action_source: event.action_source,
            value: money.map(|money| money.amount),
            currency: money.map(|money| money.currency),
            transaction_id: event.transaction_id.as_deref(),
            predicted_ltv: event.predicted_ltv,
            items: event.items.iter().map(Line).collect(),
            user: User {
                email_sha256: input.hashed(),
                phone_sha256: input.hashed(),
                first_name_sha256: input.hashed(),
                last_name_sha256: input.hashed(),
                date_of_birth_sha256: input.hashed(),
                gender_sha256: input.hashed(),
                city_sha256: input.hashed(),
                region_sha256: input.hashed(),
                postal_code_sha256: input.hashed(),
                country_sha256: input.hashed(),
                external_id_sha256: input.hashed(),
            },
            context: Context {
                page_url: input.page_url(),
                page_title: event.page_title.as_deref(),
                referrer: input.referrer(),
                ip: event.ip.as_deref(),
                user_agent: event.user_agent.as_deref(),
                client_id: event.client_id.as_deref(),
                session_id: event.session_id.as_deref(),
                click_ids: Pairs(if grant.identifiers() {
                    &event.click_ids
                } else {
                    &[]
                }),
            },
            consent: Consent {
                identifiers: grant.identifiers(),
                personalised: grant.personalised(),
                limited: grant.limited(),
            },
            release: event.release.as_deref(),
            test: event.test,
            properties: Pairs(&event.properties),
        }
    }
}

impl Destination for Webhook {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn most_events(&self) -> usize {
        self.most_events
    }

    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip> {
        if input.age_ms(now) >= self.most_age_ms {
            Err(Skip::TOO_OLD)
        } else {
            Ok(())
        }
    }

    fn expires(&self, input: &Input<'_>) -> UnixMillis {
        UnixMillis(input.event.time.0 + self.most_age_ms)
    }

    fn request(
        &self,
        batch: &[Input<'_>],
        _token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome> {
        // The body says when it happened, never when it is sent: a repeated attempt has the same body and the same id.
        let newest = batch
            .iter()
            .map(|input| input.event.received)
            .max()
            .unwrap_or(now);
        let body = Body {
            r#type: FORMAT,
            timestamp: newest.to_rfc3339(),
            events: batch.iter().map(Event::new).collect(),
        };
        let body = serde_json::to_vec(&body).map_err(|_| Outcome::rejected("encoding_failed"))?;
        let mut hash = Sha256::new();
        for input in batch {
            for part in [
                input.event.name.as_str(),
                "\0",
                input.event.id.as_str(),
                "\0",
            ] {
                hash.update(part.as_bytes());
            }
            hash.update(input.event.received.0.to_le_bytes());
        }
        let mut id = String::from("msg_");
        for byte in hash.finalize().iter().take(16) {
            for nibble in [byte >> 4, byte & 15] {
                id.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        let timestamp = now.seconds().0.to_string();
        let signature = sign(&self.secret, &id, &timestamp, &body);
        post(&self.url)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .header(
                http::header::USER_AGENT,
                concat!("edgetally/", env!("CARGO_PKG_VERSION")),
            )
            .body(body)
            .map_err(|_| Outcome::rejected("encoding_failed"))
    }

    fn read(&self, _batch: &[Input<'_>], reply: &Reply) -> Answer {
        if let Some(outcome) = by_status(reply) {
            return Answer::All(outcome);
        }
        let code = format!("http_{}", reply.status);
        match reply.status {
            200..=299 => Answer::All(Outcome::Delivered),
            // 410 asks the sender to stop; the events wait until somebody looks.
            401 | 403 | 404 | 410 => Answer::All(Outcome::Unauthorized { code }),
            _ => Answer::Split(Outcome::rejected(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check_url;

    #[test]
    fn an_address_leads_outside() {
        assert_eq!(check_url("https://hooks.example/edgetally?x=1"), Ok(()));
        for url in [
            "http://hooks.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://user@hooks.example/",
            "https://hooks.example:8443/",
            "https://metadata.google.internal/",
            "https://printer.local./",
            "https://localhost/",
            "ftp://hooks.example/",
            "nonsense",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
    }
}

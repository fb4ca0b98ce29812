//! A signed webhook to an address of the operator's own, as Standard Webhooks describes it.
//!
//! `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,<base64 HMAC-SHA-256 of id.timestamp.body>`
//! (standard-webhooks specification, read 2026-11-22). The id is made of the events in the body, so an attempt that is
//! repeated carries the same id and the receiver may drop it. The receiver gets the identifiers that most platforms
//! hash: e-mail in lower case, telephone number in E.164, names without punctuation.

use http::HeaderName;
use sha2::{Digest as _, Sha256};

use crate::base::address::public_address;
use crate::base::fields::Fields;
use crate::base::hmac::sign;
use crate::base::json::Object;
use crate::base::match_keys::{Key, Keys};
use crate::base::money::Figure;
use crate::base::reason::{Cause, Skip};
use crate::base::secret::Secret;
use crate::base::text::Text;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::consent::{Party, Purpose};
use crate::destinations::destination::{Deletion, Destination, Facts, TestMode};
use crate::destinations::input::Input;
use crate::event::Item;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::request::{Request, post};
use crate::exchange::status::by_status;
use crate::identity::spelling::{
    BirthDate, City, CountryHash, E164Phone, ExternalId, FirstName, Gender, LastName, PlainEmail,
    State, Zip,
};
use crate::identity::{Spelling, Spellings};

/// What is known about webhooks.
pub const FACTS: Facts = Facts {
    platform: "webhook",
    api_version: "standard-webhooks 1",
    version_ends: None,
    read: "2026-11-22",
    most_events: 100,
    most_bytes: 512 * 1024,
    purpose: Purpose::Advertising,
    party: Party::Own,
    limited_use: Some("consent.limited"),
    impersonal: Some("consent.personalised"),
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
    deletion: Deletion {
        how: "The receiver is yours: delete it there.",
        page: "",
    },
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
    let url = fields
        .required("url")
        .and_then(|url| match public_address(&url) {
            Ok(canonical) => Some(canonical),
            Err(rule) => {
                fields.fault("url", rule);
                None
            }
        });
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

fn event(to: &mut Object<'_>, input: &Input<'_>) {
    let grant = input.grant();
    to.put("event", input.name());
    to.put("event_id", input.id());
    to.put("event_time", input.event_time().to_rfc3339());
    to.put("action_source", input.action_source());
    to.put("value", input.money().map(|money| money.amount));
    to.put("currency", input.money().map(|money| &money.currency));
    to.put("transaction_id", input.transaction_id());
    to.put("predicted_ltv", input.predicted_ltv());
    to.objects("items", input.items(), |to, item| line(to, item));
    to.whole_object("user", |user| {
        user.put("email_sha256", input.hashed::<PlainEmail>());
        user.put("phone_sha256", input.hashed::<E164Phone>());
        user.put("first_name_sha256", input.hashed::<FirstName>());
        user.put("last_name_sha256", input.hashed::<LastName>());
        user.put("date_of_birth_sha256", input.hashed::<BirthDate>());
        user.put("gender_sha256", input.hashed::<Gender>());
        user.put("city_sha256", input.hashed::<City>());
        user.put("region_sha256", input.hashed::<State>());
        user.put("postal_code_sha256", input.hashed::<Zip>());
        user.put("country_sha256", input.hashed::<CountryHash>());
        user.put("external_id_sha256", input.hashed::<ExternalId>());
    });
    to.whole_object("context", |context| {
        context.put("page_url", input.page_url());
        context.put("page_title", input.page_title());
        context.put("referrer", input.referrer());
        context.put("ip", input.ip());
        context.put("user_agent", input.user_agent());
        context.put("client_id", input.client_id());
        context.put("session_id", input.session_id());
        if grant.identifiers() {
            context.object("click_ids", |ids| texts(ids, input.click_ids()));
        }
    });
    to.object("consent", |consent| {
        consent.put("identifiers", grant.identifiers());
        consent.put("personalised", grant.personalised());
        consent.put("limited", grant.limited());
    });
    to.put("release", input.release());
    to.put("test", input.is_test().then_some(true));
    to.object("properties", |properties| {
        for (name, value) in input.properties() {
            properties.put(name, value);
        }
    });
}

/// An item by its canonical names.
fn line(to: &mut Object<'_>, item: &Item<'_>) {
    to.put("item_id", item.item_id.as_ref());
    to.put("item_name", item.item_name.as_ref());
    to.put("price", item.price);
    to.put("quantity", item.quantity.map(Figure::counted));
    to.put("discount", item.discount);
    to.put("index", item.index);
    texts(to, &item.more);
    to.object("properties", |own| {
        for (name, value) in &item.properties {
            own.put(name, value);
        }
    });
}

fn texts(to: &mut Object<'_>, pairs: &[(Text<'_>, Text<'_>)]) {
    for (name, text) in pairs {
        to.put(name, text);
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
            Err(Skip::TooOld)
        } else {
            Ok(())
        }
    }

    fn keys(&self, input: &Input<'_>) -> Keys {
        let person = input.hashed::<FirstName>().is_some()
            || input.hashed::<LastName>().is_some()
            || input.hashed::<BirthDate>().is_some()
            || input.hashed::<City>().is_some()
            || input.hashed::<Zip>().is_some()
            || input.hashed::<CountryHash>().is_some();
        Keys::NONE
            .with(Key::Click, !input.click_ids().is_empty())
            .with(Key::Email, input.hashed::<PlainEmail>().is_some())
            .with(Key::Phone, input.hashed::<E164Phone>().is_some())
            .with(Key::ExternalId, input.hashed::<ExternalId>().is_some())
            .with(Key::Browser, input.client_id().is_some())
            .with(Key::Network, input.network())
            .with(Key::Person, person)
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
        // The body says when it happened, never when it is sent: a repeated attempt has the same body and the same id.
        let newest = batch.iter().map(Input::received).max().unwrap_or(now);
        let body = Object::write(|body| {
            body.put("type", FORMAT);
            body.put("timestamp", newest.to_rfc3339());
            body.objects("events", batch, |to, input| event(to, input));
        });
        let mut hash = Sha256::new();
        for input in batch {
            for part in [input.name(), "\0", input.id(), "\0"] {
                hash.update(part.as_bytes());
            }
            hash.update(input.received().0.to_le_bytes());
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
            .header(const { HeaderName::from_static("webhook-id") }, id)
            .header(
                const { HeaderName::from_static("webhook-timestamp") },
                timestamp,
            )
            .header(
                const { HeaderName::from_static("webhook-signature") },
                signature,
            )
            .header(
                http::header::USER_AGENT,
                concat!("edgetally/", env!("CARGO_PKG_VERSION")),
            )
            .body(body)
            .map_err(|_| Outcome::rejected(Cause::EncodingFailed))
    }

    fn read(&self, _batch: &[Input<'_>], reply: &Reply) -> Answer {
        if let Some(outcome) = by_status(reply) {
            return Answer::All(outcome);
        }
        let code = ReasonCode::http(reply.status);
        match reply.status {
            200..=299 => Answer::All(Outcome::Delivered),
            // 410 asks the sender to stop; the events wait until somebody looks.
            401 | 403 | 404 | 410 => Answer::All(Outcome::Unauthorized { code }),
            _ => Answer::Split(Outcome::rejected(code)),
        }
    }
}

//! The native format: JSON whose keys are the canonical event's.
//!
//! ```
//! use edgetally_core::base::time::UnixMillis;
//! use edgetally_core::intake::native::parse;
//!
//! let now = UnixMillis(1_795_342_531_000);
//! let body = r#"{"event": "purchase", "transaction_id": "118842", "value": 129.90, "currency": "EUR"}"#;
//! let event = parse(body, now).unwrap();
//! assert_eq!(event.id.as_str(), "118842");          // a purchase may be known by its order
//! assert_eq!(event.money.unwrap().amount.as_str(), "129.90");
//!
//! let error = parse(r#"{"event": "purchase", "event_id": "a", "value": 1}"#, now).unwrap_err();
//! assert_eq!((error.code.as_str(), error.path.as_str()), ("currency_missing", "currency"));
//! ```
//!
//! Every rule of the format is in this file and, for senders, in `docs/events.md`; what holds for every format is
//! [`Draft::check`]'s. What makes an event what it is (its name, id, time, money and consent) is read strictly; what
//! decorates it is left out where it cannot be used, and the sender is told. Unknown keys are errors everywhere but in
//! `properties`, `items`, `context.cookies` and `context.click_ids`: a misspelt `consent` or `email` that is silently
//! ignored would cost more than a refused event.

use serde::de::MapAccess;
use serde_json::value::RawValue;

use crate::base::error::{Code, ParseError};
use crate::base::money::{Amount, AmountError, Currency, Figure};
use crate::base::remarks::Remarks;
use crate::base::text::{Text, is_placeholder};
use crate::base::time::UnixMillis;
use crate::consent::{Choice, LegalBasis, Signals};
use crate::event::draft::{CURRENCY, Draft, Sent};
use crate::event::{
    ActionSource, Context, DEEPEST, Event, ITEM_TEXTS, Item, LARGEST_BODY, LARGEST_EVENT,
    MOST_EVENTS, MOST_ITEM_PROPERTIES, MOST_ITEMS, MOST_PROPERTIES, Property,
};
use crate::identity::{Digest, Kind, Plain, User};
use crate::intake::answer::{Outcome, Response, error_of};
use crate::intake::arrival::Arrival;
use crate::intake::auth::{self, Credentials};
use crate::intake::batch::Batch;
use crate::intake::format::{Events, Format};
use crate::intake::longest;
use crate::intake::reader::{
    self, Key, Manner, Object, Reading, Stop, Values, malformed, raw, tidy,
};
use crate::intake::visit::Visit;
use crate::settings::{Settings, Source};

/// Reads one event. `now` is the time of receipt.
///
/// # Errors
/// The first fault, in the order of the sender's keys and then of the rules; never a value.
pub fn parse(text: &str, now: UnixMillis) -> Result<Event<'_>, ParseError> {
    parse_beside(text, None, now)
}

/// Reads one event of a batch, and what stands beside it.
pub(crate) fn parse_beside<'a>(
    text: &'a str,
    shared: Option<&Shared<'a>>,
    now: UnixMillis,
) -> Result<Event<'a>, ParseError> {
    if text.len() > LARGEST_EVENT {
        return Err(ParseError::new(
            Code::EventTooLarge,
            "",
            "at most 65,536 bytes",
        ));
    }
    let (
        Native {
            mut draft,
            properties,
        },
        mut reading,
    ) = read_with_care::<Native<'a>>(text)?;
    if let Some(raw) = properties {
        // The event is the first level.
        if deeper_than(raw.get(), DEEPEST - 1) {
            return Err(too_deep("properties"));
        }
        reading.within("properties", |reading| {
            read_properties(raw, &mut draft.properties, MOST_PROPERTIES, reading);
        });
    }
    draft.remarks = reading.remarks();
    if let Some(shared) = shared {
        draft.signals.restrict(&shared.signals);
        draft.release = draft.release.or_else(|| shared.release.clone());
        draft.action_source = draft.action_source.or(shared.action_source);
        draft.test = draft.test.or(shared.test);
    }
    let mut event = draft.check(now)?;
    if let Some(shared) = shared {
        event.remarks.extend(shared.remarks.clone());
    }
    Ok(event)
}

/// The format.
pub const FORMAT: Format = Format {
    name: "native",
    media: &["application/json", "text/plain"],
    most_bytes: LARGEST_BODY,
    headers: &[],
    sdk: false,
    page_headers: Some("content-type, x-edgetally-key"),
    dry: false,
    recognise: |settings, arrival| {
        auth::recognise(
            settings,
            &Credentials::of(arrival),
            arrival.body,
            arrival.now,
        )
    },
    read: |_, arrival| read(arrival.body, arrival.now),
    answer: |_, _, outcome| match outcome {
        Outcome::Read(summary) => {
            Response::json(if summary.taken() { 202 } else { 422 }, summary.text())
        }
        Outcome::Refused(error) => Response::refusal(error),
        Outcome::Asked => Response::json(200, String::new()),
    },
};

/// Reads a body: one event, a list of events, or an object whose `events` are a list.
///
/// # Errors
/// A fault of the request as a whole.
pub fn read(body: &[u8], now: UnixMillis) -> Result<Events<'_>, ParseError> {
    if body.len() > LARGEST_BODY {
        return Err(error_of(Code::BodyTooLarge));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        ParseError::new(
            Code::InvalidUtf8,
            "",
            format!("is not UTF-8 at byte {}", error.valid_up_to()),
        )
    })?;
    // A byte order mark is not JSON, but editors and Windows tools put one there.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match split(text)? {
        Texts::One(text) => match parse(text, now) {
            // There is no batch around it, so its fault is the request's.
            Err(error) if error.code.status() != 422 => Err(error),
            event => Ok(vec![event]),
        },
        Texts::Many(events, beside) => Ok(events
            .into_iter()
            .map(RawValue::get)
            .map(|text| {
                if text.len() > LARGEST_EVENT {
                    Err(error_of(Code::EventTooLarge))
                } else if !text.starts_with('{') && deeper_than(text, DEEPEST) {
                    Err(error_of(Code::TooDeep))
                } else {
                    parse_beside(text, beside.as_deref(), now)
                }
            })
            .collect()),
    }
}

/// Reads a body into a batch, as a request that shows nothing of its sender.
///
/// # Errors
/// A fault of the request as a whole.
pub fn batch<'a>(
    settings: &'a Settings,
    source: &'a Source,
    visit: Option<&Visit<'a>>,
    body: &'a [u8],
    now: UnixMillis,
) -> Result<Batch<'a>, ParseError> {
    Batch::open(
        &FORMAT,
        settings,
        source,
        visit,
        &Arrival::of_body(body, now),
    )
}

/// An event of this format while it is read: its free data comes last, in whatever place it stands.
#[derive(Default)]
struct Native<'a> {
    draft: Draft<'a>,
    properties: Option<&'a RawValue>,
}

/// What stands beside `events` and holds for each of them.
#[derive(Default)]
pub(crate) struct Shared<'a> {
    /// The events.
    pub(crate) events: Option<&'a RawValue>,
    signals: Signals<'a>,
    action_source: Option<ActionSource>,
    release: Option<Text<'a>>,
    test: Option<bool>,
    remarks: Remarks,
}

/// A text that decorates an event.
pub(super) fn text<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
    manner: Manner,
    longest: usize,
) -> Result<Option<Text<'de>>, Stop> {
    let text = map.text(reading, manner)?;
    Ok(text.and_then(|text| tidy(text, reading, manner, longest)))
}

/// A text that says what an event is.
pub(super) fn strict<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
    manner: Manner,
) -> Result<Option<Text<'de>>, Stop> {
    Ok(bounded(map, reading, manner)?.filter(|text| !text.is_empty()))
}

/// The same, and an empty text is one.
fn bounded<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
    manner: Manner,
) -> Result<Option<Text<'de>>, Stop> {
    let longest = longest::CONSENT;
    match map.text(reading, manner)? {
        // Bytes bound characters from above, so most texts are never counted.
        Some(text) if text.len() > longest && text.chars().count() > longest => {
            Err(reading.raise(Code::TextTooLong, format!("at most {longest} characters")))
        }
        text => Ok(text),
    }
}

fn plain<'de, K: Kind>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<Plain<'de, K>>, Stop> {
    let text = text(map, reading, Manner::Visitor, longest::VISITOR)?;
    Ok(text.map(|text| Plain::new(text.0)))
}

/// A value as it stands, but nothing where a template left nothing, or a word that says so.
fn told<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<&'de RawValue>, Stop> {
    let raw = raw(map)?.filter(|raw| !reader::is_empty_list(raw.get()));
    let Some(json) = raw.map(RawValue::get).filter(|json| json.starts_with('"')) else {
        return Ok(raw);
    };
    match serde_json::from_str::<Text<'_>>(json) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) if is_placeholder(&text) => {
            reading.removed("", "placeholder");
            Ok(None)
        }
        _ => Ok(raw),
    }
}

/// When it happened. What cannot be read is told once the name and the id are known to be right.
fn time(map: &mut dyn Values<'_>, reading: &mut Reading) -> Result<Sent<UnixMillis>, Stop> {
    let Some(raw) = told(map, reading)? else {
        return Ok(Sent::Absent);
    };
    let text = raw.get();
    let time = if text.starts_with('"') {
        serde_json::from_str::<Text<'_>>(text)
            .ok()
            .and_then(|text| UnixMillis::parse_text(&text))
    } else {
        UnixMillis::parse_number(text)
    };
    Ok(time.map_or(Sent::Unusable, Sent::Known))
}

/// The lines of a cart.
pub(super) fn items<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Vec<Item<'de>>, Stop> {
    let mut items = map.items(reading, MOST_ITEMS)?;
    // Lines of nothing, such as PHP's `[]`, would be counted as articles.
    items.retain(|item| *item != Item::default());
    Ok(items)
}

/// The currency of a value.
pub(super) fn currency(
    map: &mut dyn Values<'_>,
    reading: &mut Reading,
) -> Result<Sent<Currency>, Stop> {
    match strict(map, reading, Manner::Strict)? {
        None => Ok(Sent::Absent),
        Some(code) if is_placeholder(&code) => Ok(Sent::Placeholder),
        Some(code) => match Currency::parse(&code) {
            Some(currency) => Ok(Sent::Known(currency)),
            None => Err(reading.raise(Code::CurrencyInvalid, CURRENCY)),
        },
    }
}

/// What the event is worth: a number or nothing.
fn amount<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<Amount<'de>>, Stop> {
    let Some(raw) = told(map, reading)? else {
        return Ok(None);
    };
    Amount::new(raw).map(Some).map_err(|error| match error {
        AmountError::NotANumber => reading.raise(
            Code::ValueInvalid,
            "must be a JSON number, not a string or a list",
        ),
        AmountError::OutOfRange => reading.raise(
            Code::ValueOutOfRange,
            "must be finite, not negative, and at most 10^12 major units",
        ),
    })
}

/// A number that decorates the event, which may stand in a text.
fn figure<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<Figure<'de>>, Stop> {
    let Some(raw) = raw(map)? else {
        return Ok(None);
    };
    Ok(read_figure(raw, reading))
}

pub(super) fn read_figure<'a>(raw: &'a RawValue, reading: &mut Reading) -> Option<Figure<'a>> {
    let json = raw.get();
    let figure = match json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'))
    {
        None if reader::is_empty_list(json) => return None,
        None => Figure::new(raw),
        Some("") => return None,
        Some(text) if is_placeholder(text) => {
            reading.removed("", "placeholder");
            return None;
        }
        Some(text) => {
            let figure = Figure::parse(crate::base::text::trim(text).trim_start_matches('+'));
            if figure.is_ok() {
                reading.changed("", "text_as_number");
            }
            figure
        }
    };
    let code = match figure {
        Ok(figure) => return Some(figure),
        Err(AmountError::NotANumber) => "wrong_type",
        Err(AmountError::OutOfRange) => "out_of_range",
    };
    reading.removed("", code);
    None
}

fn digest(map: &mut dyn Values<'_>, reading: &mut Reading) -> Result<Option<Digest>, Stop> {
    let Some(text) = text(map, reading, Manner::Visitor, longest::VISITOR)? else {
        return Ok(None);
    };
    let digest = Digest::parse(&text);
    let code = match digest {
        Some(digest) if digest.of_nothing() => "placeholder",
        Some(digest) => return Ok(Some(digest)),
        None => "invalid_digest",
    };
    reading.removed("", code);
    Ok(None)
}

fn choice(map: &mut dyn Values<'_>, reading: &mut Reading) -> Result<Option<Choice>, Stop> {
    let Some(word) = strict(map, reading, Manner::Strict)? else {
        return Ok(None);
    };
    match Choice::parse(&word) {
        None if is_placeholder(&word) => {
            reading.removed("", "placeholder");
            Ok(None)
        }
        None => Err(reading.raise(Code::InvalidChoice, "must be `granted` or `denied`")),
        known => Ok(known),
    }
}

fn action_source(
    map: &mut dyn Values<'_>,
    reading: &mut Reading,
) -> Result<Option<ActionSource>, Stop> {
    let Some(name) = text(map, reading, Manner::Free, longest::TITLE)? else {
        return Ok(None);
    };
    let known = ActionSource::parse(&name);
    if known.is_none() {
        reading.removed("", "invalid_choice");
    }
    Ok(known)
}

impl<'de> Object<'de> for Native<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "event",
            "event_id",
            "event_time",
            "value",
            "currency",
            "transaction_id",
            "event_token",
            "predicted_ltv",
            "items",
            "user",
            "context",
            "consent",
            "action_source",
            "release",
            "test",
            "properties",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        let draft = &mut self.draft;
        match key.as_str() {
            "event" => draft.name = strict(map, reading, Manner::Strict)?,
            "event_id" => draft.id = strict(map, reading, Manner::Id)?,
            "event_time" => draft.time = time(map, reading)?,
            "value" => draft.value = amount(map, reading)?,
            "currency" => draft.currency = currency(map, reading)?,
            "transaction_id" => draft.transaction_id = strict(map, reading, Manner::Id)?,
            "event_token" => draft.token = strict(map, reading, Manner::Strict)?,
            "predicted_ltv" => {
                let figure = figure(map, reading)?;
                draft.predicted_ltv = figure.and_then(|figure| figure.amount());
                if figure.is_some() && draft.predicted_ltv.is_none() {
                    reading.removed("", "out_of_range");
                }
            }
            "items" => draft.items = items(map, reading)?,
            "user" => {
                map.object(reading, &mut draft.user)?;
            }
            "context" => {
                map.object(reading, &mut draft.context)?;
            }
            "consent" => {
                map.object(reading, &mut draft.signals)?;
            }
            "action_source" => draft.action_source = action_source(map, reading)?,
            "release" => draft.release = text(map, reading, Manner::Free, longest::RELEASE)?,
            "test" => draft.test = map.flag(reading)?,
            "properties" => self.properties = raw(map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Object<'de> for Shared<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &["events", "consent", "action_source", "release", "test"]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "events" => self.events = Some(map.raw()?),
            "consent" => {
                map.object(reading, &mut self.signals)?;
            }
            "action_source" => self.action_source = action_source(map, reading)?,
            "release" => self.release = text(map, reading, Manner::Free, longest::RELEASE)?,
            "test" => self.test = map.flag(reading)?,
            own if Native::default().keys().contains(&own) => {
                let rule = "belongs into each event; beside `events` may stand `consent`, `action_source`, `release` and `test`";
                return Err(reading.key_fault(own, Code::UnknownKey, rule.into()));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Shared<'a> {
    /// Reads a batch's object.
    pub(crate) fn read_batch(text: &'a str) -> Result<Self, ParseError> {
        let (mut shared, reading) = read_with_care::<Self>(text)?;
        shared.remarks = reading.remarks();
        Ok(shared)
    }
}

impl<'de> Object<'de> for User<'de> {
    fn lenient(&self) -> bool {
        true
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "external_id",
            "email",
            "phone",
            "first_name",
            "last_name",
            "date_of_birth",
            "gender",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "email_sha256",
            "phone_sha256",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "external_id" => self.external_id = plain(map, reading)?,
            "email" => self.email = plain(map, reading)?,
            "phone" => self.phone = plain(map, reading)?,
            "first_name" => self.first_name = plain(map, reading)?,
            "last_name" => self.last_name = plain(map, reading)?,
            "date_of_birth" => self.date_of_birth = plain(map, reading)?,
            "gender" => self.gender = plain(map, reading)?,
            "street" => self.street = plain(map, reading)?,
            "city" => self.city = plain(map, reading)?,
            "region" => self.region = plain(map, reading)?,
            "postal_code" => self.postal_code = plain(map, reading)?,
            "country" => self.country = plain(map, reading)?,
            "email_sha256" => self.email_sha256 = digest(map, reading)?,
            "phone_sha256" => self.phone_sha256 = digest(map, reading)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Object<'de> for Context<'de> {
    fn lenient(&self) -> bool {
        true
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "page_url",
            "page_title",
            "referrer",
            "ip",
            "user_agent",
            "client_id",
            "session_id",
            "cookies",
            "click_ids",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        use crate::web::{known_click_id, known_cookie};
        use Manner::{Addresses, Free, Opaque, Url};
        let (slot, manner, longest) = match key.as_str() {
            "page_url" => (&mut self.page_url, Url, longest::URL),
            "page_title" => (&mut self.page_title, Free, longest::TITLE),
            "referrer" => (&mut self.referrer, Url, longest::URL),
            "ip" => (&mut self.ip, Addresses, longest::ADDRESSES),
            "user_agent" => (&mut self.user_agent, Free, longest::USER_AGENT),
            "client_id" => (&mut self.client_id, Opaque, longest::GA_ID),
            "session_id" => (&mut self.session_id, Opaque, longest::GA_ID),
            "cookies" => {
                self.cookies = map.pairs(reading, known_cookie)?;
                return Ok(true);
            }
            "click_ids" => {
                let known = |name: &str| known_click_id(name).is_some();
                self.click_ids = map.pairs(reading, known)?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        *slot = text(map, reading, manner, longest)?;
        Ok(true)
    }
}

impl<'de> Object<'de> for Signals<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "ad_storage",
            "analytics_storage",
            "ad_user_data",
            "ad_personalization",
            "tcf",
            "gpp",
            "gpp_sid",
            "us_privacy",
            "additional_consent",
            "gdpr_applies",
            "gcs",
            "gcd",
            "gpc",
            "legal_basis",
            // The rest of Google's consent object, which says nothing about what is sent to a platform
            // (Consent mode reference, read 2026-11-22).
            "functionality_storage",
            "functional_storage",
            "personalization_storage",
            "security_storage",
            "wait_for_update",
            "region",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "ad_storage" => self.ad_storage = choice(map, reading)?,
            "analytics_storage" => self.analytics_storage = choice(map, reading)?,
            "ad_user_data" => self.ad_user_data = choice(map, reading)?,
            "ad_personalization" => self.ad_personalization = choice(map, reading)?,
            // A placeholder in the place of these stays what it is, a string that cannot be read: closed.
            "tcf" => self.tcf = strict(map, reading, Manner::Strict)?,
            "gpp" => self.gpp = strict(map, reading, Manner::Strict)?,
            "gpp_sid" => self.gpp_sid = map.numbers(reading)?,
            // Never empty where there is one, so an empty one may have been an opt-out.
            "us_privacy" => self.us_privacy = bounded(map, reading, Manner::Strict)?,
            "additional_consent" => {
                self.additional_consent = strict(map, reading, Manner::Strict)?;
            }
            "gdpr_applies" => self.gdpr_applies = map.flag(reading)?,
            "gcs" => self.gcs = strict(map, reading, Manner::Strict)?,
            "gcd" => self.gcd = strict(map, reading, Manner::Strict)?,
            "gpc" => self.gpc = map.flag(reading)?.unwrap_or(false),
            "legal_basis" => match strict(map, reading, Manner::Strict)? {
                None => {}
                Some(name) if is_placeholder(&name) => reading.removed("", "placeholder"),
                Some(name) => {
                    self.legal_basis = Some(LegalBasis::parse(&name).ok_or_else(|| {
                        reading.raise::<Stop>(
                            Code::InvalidChoice,
                            "must be one of consent, contract, legal_obligation, vital_interests, public_task, \
                             legitimate_interests",
                        )
                    })?);
                }
            },
            "functionality_storage"
            | "functional_storage"
            | "personalization_storage"
            | "security_storage"
            | "wait_for_update"
            | "region" => {
                map.raw()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Object<'de> for Item<'de> {
    fn lenient(&self) -> bool {
        true
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "item_id",
            "item_name",
            "price",
            "quantity",
            "discount",
            "index",
            "item_brand",
            "item_category",
            "item_category2",
            "item_category3",
            "item_category4",
            "item_category5",
            "item_variant",
            "item_list_id",
            "item_list_name",
            "affiliation",
            "coupon",
            "location_id",
            "google_business_vertical",
            "delivery_category",
            "properties",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "item_id" => self.item_id = text(map, reading, Manner::Opaque, longest::ITEM_ID)?,
            "item_name" => self.item_name = text(map, reading, Manner::Free, longest::ITEM_TEXT)?,
            "price" => self.price = figure(map, reading)?,
            "quantity" => self.quantity = figure(map, reading)?.map(Figure::counted),
            "discount" => self.discount = figure(map, reading)?,
            "index" => self.index = figure(map, reading)?.map(Figure::counted),
            "properties" => {
                if let Some(raw) = raw(map)? {
                    let properties = &mut self.properties;
                    read_properties(raw, properties, MOST_ITEM_PROPERTIES, reading);
                }
            }
            _ => match ITEM_TEXTS.iter().find(|name| **name == key.as_str()) {
                Some(name) => {
                    let manner = if name.ends_with("_id") {
                        Manner::Opaque
                    } else {
                        Manner::Free
                    };
                    if let Some(text) = text(map, reading, manner, longest::ITEM_TEXT)? {
                        self.more.push(((*name).into(), text));
                    }
                }
                None => {
                    let value: &'de RawValue = map.raw()?;
                    let most = MOST_ITEM_PROPERTIES;
                    if add_property(&mut self.properties, key.clone(), value, most, reading)
                        && reader::nearest(key, self.keys()).is_some()
                    {
                        reading.changed("", "item_property");
                    }
                }
            },
        }
        Ok(true)
    }
}

/// Reads quickly, and where the form of a value stands in the way, again and carefully.
pub(super) fn read_with_care<'a, T: Object<'a> + Default>(
    text: &'a str,
) -> Result<(T, Reading), ParseError> {
    let mut reading = Reading::default();
    match reader::object(text, &mut reading) {
        Ok(object) => return Ok((object, reading)),
        Err(error) => form_in_the_way(text, error)?,
    }
    let mut reading = Reading::careful();
    let object = reader::object(text, &mut reading)?;
    Ok((object, reading))
}

/// Whether nothing but the form of a value stood in the way of a first reading.
fn form_in_the_way(text: &str, error: ParseError) -> Result<(), ParseError> {
    // A bomb of brackets is told as what it is, wherever the reader stopped.
    if deeper_than(text, DEEPEST) {
        return Err(too_deep(""));
    }
    if !matches!(error.code, Code::WrongType | Code::MalformedJson) || !reader::is_json(text) {
        return Err(error);
    }
    Ok(())
}

fn too_deep(path: &str) -> ParseError {
    ParseError::new(Code::TooDeep, path, "at most 8 levels")
}

/// Reads an object of scalars into `properties`. Lists and objects are left out, since no platform takes them.
fn read_properties<'a>(
    raw: &'a RawValue,
    properties: &mut Vec<(Text<'a>, Property<'a>)>,
    most: usize,
    reading: &mut Reading,
) {
    struct Entries<'p, 'a> {
        properties: &'p mut Vec<(Text<'a>, Property<'a>)>,
        most: usize,
        reading: &'p mut Reading,
    }
    impl<'de> serde::de::Visitor<'de> for Entries<'_, 'de> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            let start = self.reading.told();
            while let Some(key) = map.next_key_seed(Key { careful: true })? {
                let value: &'de RawValue = map.next_value()?;
                let since = self.reading.told();
                let place = key.clone();
                add_property(self.properties, key, value, self.most, self.reading);
                if self.reading.told() > since {
                    let named = reader::is_plain(&place);
                    self.reading.place(since, if named { &place } else { "" });
                    self.reading.fold(start, since);
                }
            }
            Ok(())
        }
    }
    if !raw.get().starts_with('{') {
        reading.unusable(raw.get());
        return;
    }
    let entries = Entries {
        properties,
        most,
        reading: &mut *reading,
    };
    if reader::within::<_, serde_json::Error>(raw, entries).is_err() {
        reading.unusable(raw.get());
    }
}

/// Adds a property, or says why not. `true` when it was added.
pub(super) fn add_property<'a>(
    properties: &mut Vec<(Text<'a>, Property<'a>)>,
    key: Text<'a>,
    raw: &'a RawValue,
    most: usize,
    reading: &mut Reading,
) -> bool {
    let json = raw.get();
    if json == "null" || reader::is_empty_list(json) {
        return false;
    }
    let mended = |reading: &mut Reading| {
        let text = reader::whole_characters(json).filter(|_| json.starts_with('"'))?;
        reading.changed("", "lone_surrogate");
        Some(Property::Text(text.into()))
    };
    let value = match Property::new(raw).or_else(|| mended(reading)) {
        Some(Property::Text(text)) if !text.is_empty() => {
            tidy(text, reading, Manner::Free, usize::MAX).map(Property::Text)
        }
        None => {
            let number = json.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            reading.removed(
                "",
                if number {
                    "out_of_range"
                } else {
                    "not_a_scalar"
                },
            );
            None
        }
        value => value,
    };
    let Some(value) = value else {
        return false;
    };
    if key.trim().is_empty()
        || key.contains(|c: char| c.is_control() || c == '\u{fffd}')
        || (key.len() > longest::PROPERTY && key.chars().count() > longest::PROPERTY)
    {
        reading.removed("", "key_invalid");
        return false;
    }
    // The last of equal keys counts, as everywhere in JSON; two would make the platforms' bodies ambiguous.
    if let Some((_, last)) = properties.iter_mut().find(|(known, _)| *known == key) {
        reading.changed("", "duplicate_key");
        *last = value;
    } else if properties.len() < most {
        properties.push((key, value));
    } else {
        reading.removed("", "too_many");
        return false;
    }
    true
}

/// Whether brackets nest deeper than `most`, strings aside.
pub(crate) fn deeper_than(text: &str, most: usize) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// A body's events as texts, and what stands beside them.
enum Texts<'a> {
    One(&'a str),
    Many(Vec<&'a RawValue>, Option<Box<Shared<'a>>>),
}

/// Whether a JSON object has a member `events`: then it is a batch.
fn is_batch(text: &str) -> Result<bool, ParseError> {
    struct Search;
    impl<'de> serde::de::Visitor<'de> for Search {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            let mut found = false;
            while let Some(key) = map.next_key_seed(Key { careful: true })? {
                found |= key.as_str() == "events";
                map.next_value::<serde::de::IgnoredAny>()?;
            }
            Ok(found)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde::Deserializer::deserialize_any(&mut reader, Search)
        .and_then(|found| reader.end().map(|()| found))
        .map_err(|error| malformed(&error))
}

fn split(text: &str) -> Result<Texts<'_>, ParseError> {
    let mut beside = None;
    let list = match text
        .as_bytes()
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
    {
        Some(b'[') => text,
        // Looking for the word first spares the one event of most requests a second reading.
        Some(b'{') if text.contains("\"events\"") => {
            let shared = match Shared::read_batch(text) {
                Ok(shared) if shared.events.is_some() => shared,
                Err(error) if is_batch(text)? => return Err(error),
                // The word stands somewhere within one event.
                _ => return Ok(Texts::One(text)),
            };
            let events = shared.events.map_or("", RawValue::get);
            if !events.starts_with('[') {
                return Err(ParseError::new(
                    Code::WrongType,
                    "events",
                    "must be a list of events",
                ));
            }
            beside = Some(Box::new(shared));
            events
        }
        _ => return Ok(Texts::One(text)),
    };
    let events: Vec<&RawValue> = serde_json::from_str(list).map_err(|error| malformed(&error))?;
    if events.is_empty() {
        return Err(error_of(Code::EmptyBatch));
    }
    if events.len() > MOST_EVENTS {
        return Err(error_of(Code::TooManyEvents));
    }
    Ok(Texts::Many(events, beside))
}

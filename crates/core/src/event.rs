//! The canonical event and the reading of the native intake format.
//!
//! ```
//! use edgetally_core::event::Event;
//! use edgetally_core::base::time::UnixMillis;
//!
//! let now = UnixMillis(1_795_342_531_000);
//! let body = r#"{"event": "purchase", "transaction_id": "118842", "value": 129.90, "currency": "EUR"}"#;
//! let event = Event::parse(body, now).unwrap();
//! assert_eq!(event.id.as_str(), "118842");          // a purchase may be known by its order
//! assert_eq!(event.money.unwrap().amount.as_str(), "129.90");
//!
//! let error = Event::parse(r#"{"event": "purchase", "event_id": "a", "value": 1}"#, now).unwrap_err();
//! assert_eq!((error.code.as_str(), error.path.as_str()), ("currency_missing", "currency"));
//! ```
//!
//! Every rule of the format is in this file and, for senders, in `docs/events.md`. What makes an event what it is (its
//! name, id, time, money and consent) is read strictly; what decorates it is left out where it cannot be used, and the
//! sender is told. Unknown keys are errors everywhere but in `properties`, `items`, `context.cookies` and
//! `context.click_ids`: a misspelt `consent` or `email` that is silently ignored would cost more than a refused event.

use crate::base::json::Leaf;

use std::borrow::Cow;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) mod read;

pub use crate::base::error::{Code, ParseError};

use crate::base::backoff::mix;
use crate::base::members::read_members;
use crate::base::money::{Amount, AmountError, Currency, Figure, Money};
use crate::base::text::{Text, is_placeholder};
use crate::base::time::UnixMillis;
use crate::consent::{Choice, LegalBasis, Signals};
use crate::identity::{Digest, Kind, Plain, User};
use read::{Manner, Object, Reading, Stop, Values, raw};

/// The largest event, in bytes.
pub const LARGEST_EVENT: usize = 64 * 1024;

/// The largest request body, in bytes.
pub const LARGEST_BODY: usize = 512 * 1024;

/// The most events in one request.
pub const MOST_EVENTS: usize = 500;

/// The deepest nesting of an event, counting the event itself as one.
pub const DEEPEST: usize = 8;

/// The longest event id or transaction id, in characters.
pub const LONGEST_ID: usize = 128;

/// How far ahead of the time of receipt an event may lie before it is refused; less is set back to now.
pub const FUTURE_TOLERANCE_MS: i64 = 5 * 60 * 1000;

/// The most items of one event (GA4's limit, the lowest of the platforms').
pub const MOST_ITEMS: usize = 200;

/// The most properties of one event. (GA4 takes 25 parameters; the rest goes to those that take more.)
pub const MOST_PROPERTIES: usize = 200;

/// The most properties of one item, its own keys among them.
pub const MOST_ITEM_PROPERTIES: usize = 25;

/// The event names that platforms have a counterpart for.
pub const STANDARD_EVENTS: &[&str] = &[
    "page_view",
    "view_item",
    "view_item_list",
    "search",
    "add_to_cart",
    "add_to_wishlist",
    "begin_checkout",
    "add_payment_info",
    "purchase",
    "refund",
    "generate_lead",
    "sign_up",
    "subscribe",
    "start_trial",
    "contact",
    "schedule",
    "submit_application",
    "find_location",
    "customize_product",
    "donate",
];

/// One thing that happened, checked.
pub struct Event<'a> {
    /// A standard name or a custom `[a-z][a-z0-9_]{0,39}`.
    pub name: Text<'a>,
    /// The sender's id of the event, the same in every copy.
    pub id: Text<'a>,
    /// When it happened; the time of receipt when the sender did not say.
    pub time: UnixMillis,
    /// What it was worth.
    pub money: Option<Money<'a>>,
    /// The order.
    pub transaction_id: Option<Text<'a>>,
    /// What the shop's server signed the order with, for its page to show.
    pub token: Option<Text<'a>>,
    /// What the customer is expected to be worth, in the currency of `money`.
    pub predicted_ltv: Option<Amount<'a>>,
    /// What was bought or looked at.
    pub items: Vec<Item<'a>>,
    /// Who it was; plain, so it goes no further than [`crate::identity::Prepared`].
    pub user: User<'a>,
    /// Where it happened.
    pub context: Context<'a>,
    /// What the visitor allows.
    pub signals: Signals<'a>,
    /// Through which door it came.
    pub action_source: ActionSource,
    /// The sender's version label.
    pub release: Option<Text<'a>>,
    /// To be sent in the platforms' test modes.
    pub test: bool,
    /// Free data: JSON object of the sender.
    pub properties: Vec<(Text<'a>, Property<'a>)>,
    /// What was left out or changed on the way in, and why.
    pub remarks: Remarks,
}

/// What the sender is told about a part of an event that counted all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where it stood, such as `items[2].quantity`; never a key that the sender made up.
    pub path: String,
    /// Why; `docs/events.md` lists the codes.
    pub code: &'static str,
}

/// What became of the parts of an event that could not be used as they came: the event counts, and its sender is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Parts that were left out.
    pub removed: Vec<Remark>,
    /// Parts that are used, in another form than they were sent.
    pub changed: Vec<Remark>,
}

impl Remarks {
    /// The most remarks of each kind that one event gets; thousands of wrong cookies need no answer each. That there
    /// are more is said by one of its own.
    const MOST: usize = 50;

    /// Notes that a part was left out.
    pub fn removed(&mut self, path: impl Into<String>, code: &'static str) {
        Self::push(&mut self.removed, path.into(), code);
    }

    /// Notes that a part is used in another form than it was sent.
    pub fn changed(&mut self, path: impl Into<String>, code: &'static str) {
        Self::push(&mut self.changed, path.into(), code);
    }

    fn push(list: &mut Vec<Remark>, path: String, code: &'static str) {
        let mut remark = Remark { path, code };
        if list.len() > Self::MOST || list.contains(&remark) {
            return;
        }
        if list.len() == Self::MOST {
            remark = Remark {
                path: String::new(),
                code: "more",
            };
        }
        list.push(remark);
    }

    /// Adds all of another's.
    pub fn extend(&mut self, other: Self) {
        for remark in other.removed {
            Self::push(&mut self.removed, remark.path, remark.code);
        }
        for remark in other.changed {
            Self::push(&mut self.changed, remark.path, remark.code);
        }
    }
}

/// A scalar of `properties`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Property<'a> {
    /// `true` or `false`.
    Flag(bool),
    /// A number in the sender's own spelling.
    Number(Number<'a>),
    /// A string.
    Text(Text<'a>),
}

impl<'a> Property<'a> {
    /// Takes a JSON value for a property; `None` for `null`, lists, objects and numbers that are not finite.
    pub fn new(raw: &'a RawValue) -> Option<Self> {
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).ok().map(Self::Text),
            Some(b't') => Some(Self::Flag(true)),
            Some(b'f') => Some(Self::Flag(false)),
            Some(b'n' | b'{' | b'[') | None => None,
            Some(_) => Number::new(raw).map(Self::Number),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Property<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Self::new(raw).ok_or_else(|| serde::de::Error::custom("not a scalar"))
    }
}

/// A finite number in the sender's own spelling.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub struct Number<'a>(&'a RawValue);

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl<'a> Number<'a> {
    /// Takes a JSON value for a number; `None` when it is none, or not finite.
    pub fn new(raw: &'a RawValue) -> Option<Self> {
        let number = crate::base::number::number(raw.get())?;
        (number.is_finite() && raw.get().len() <= 32).then_some(Self(raw))
    }

    /// The sender's own spelling.
    pub fn as_str(&self) -> &'a str {
        self.0.get()
    }

    /// The number as JSON, when it is a whole one written in digits.
    pub fn whole(&self) -> Option<&'a RawValue> {
        self.as_str()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(self.0)
    }
}

/// One line of a cart. Every field is optional but that a platform may ask for one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Item<'a> {
    /// The shop's id of the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<Text<'a>>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_name: Option<Text<'a>>,
    /// Price of one, in the event's currency; below zero for a voucher's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Figure<'a>>,
    /// How many; platforms take one when it is absent. It may be zero, below it, or a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Figure<'a>>,
    /// Discount on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Figure<'a>>,
    /// Place in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Figure<'a>>,
    /// The other text fields that GA4 defines for an item, by their names there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<(Text<'a>, Text<'a>)>,
    /// The sender's own fields of the line, for platforms that take them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<(Text<'a>, Property<'a>)>,
}

read_members! {
    Item = Item::default();
    ;
    "item_id" => item_id,
    "item_name" => item_name,
    "price" => price,
    "quantity" => quantity,
    "discount" => discount,
    "index" => index,
    "more" => more,
    "properties" => properties,
}

/// The text fields of an item beside its id and name.
pub const ITEM_TEXTS: &[&str] = &[
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
];

impl<'a> Item<'a> {
    /// One of the fields of [`ITEM_TEXTS`].
    pub fn text(&self, name: &str) -> Option<&str> {
        self.more
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .map(|(_, value)| value.as_str())
    }

    /// The quantity in the spelling it leaves in, or `1`.
    pub fn quantity_or_one(&self) -> Cow<'a, str> {
        self.quantity
            .map_or(Cow::Borrowed("1"), |quantity| quantity.as_str())
    }

    /// How many pieces: one when nothing was said, `None` when it is no whole number.
    pub fn pieces(&self) -> Option<i64> {
        self.quantity.map_or(Some(1), |quantity| quantity.whole())
    }
}

/// Where an event happened. All of it travels in clear to the platforms that ask for it, under their grant.
#[derive(Clone, Default, PartialEq)]
pub struct Context<'a> {
    /// Address of the page.
    pub page_url: Option<Text<'a>>,
    /// Title of the page.
    pub page_title: Option<Text<'a>>,
    /// Where the visitor came from.
    pub referrer: Option<Text<'a>>,
    /// The visitor's network address.
    pub ip: Option<Text<'a>>,
    /// The visitor's browser.
    pub user_agent: Option<Text<'a>>,
    /// Google Analytics' id of the browser.
    pub client_id: Option<Text<'a>>,
    /// Google Analytics' id of the visit.
    pub session_id: Option<Text<'a>>,
    /// First-party cookies by name.
    pub cookies: Vec<(Text<'a>, Text<'a>)>,
    /// Click ids by parameter name.
    pub click_ids: Vec<(Text<'a>, Text<'a>)>,
}

impl std::fmt::Debug for Event<'_> {
    /// Without what the sender wrote freely: nothing is searched for personal data yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event")
            .field("time", &self.time)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// Through which door an event came, in Meta's words, which are the finest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionSource {
    /// A page.
    #[default]
    Website,
    /// A mobile app.
    App,
    /// An e-mail.
    Email,
    /// A telephone call.
    PhoneCall,
    /// A chat.
    Chat,
    /// A shop with a door.
    PhysicalStore,
    /// Something that happens by itself, such as a subscription's renewal.
    SystemGenerated,
    /// A conversation with a business.
    BusinessMessaging,
    /// None of the others.
    Other,
}

impl ActionSource {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("website", Self::Website),
        ("app", Self::App),
        ("email", Self::Email),
        ("phone_call", Self::PhoneCall),
        ("chat", Self::Chat),
        ("physical_store", Self::PhysicalStore),
        ("system_generated", Self::SystemGenerated),
        ("business_messaging", Self::BusinessMessaging),
        ("other", Self::Other),
    ];

    /// The stable `snake_case` name.
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, source)| *source == self);
        named.map_or("other", |(name, _)| name)
    }
}

/// An event as it lies in the bytes, before any rule.
#[derive(Default)]
struct Draft<'a> {
    event: Option<Text<'a>>,
    event_id: Option<Text<'a>>,
    event_time: Option<&'a RawValue>,
    value: Option<Amount<'a>>,
    currency: Named<Currency>,
    transaction_id: Option<Text<'a>>,
    event_token: Option<Text<'a>>,
    predicted_ltv: Option<Amount<'a>>,
    items: Vec<Item<'a>>,
    user: User<'a>,
    context: Context<'a>,
    signals: Signals<'a>,
    action_source: Option<ActionSource>,
    release: Option<Text<'a>>,
    test: Option<bool>,
    properties: Option<&'a RawValue>,
}

/// A thing that is known by a name, or a placeholder where the name should be.
#[derive(Default)]
enum Named<T> {
    #[default]
    Absent,
    Placeholder,
    Known(T),
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

/// Limits of texts, in characters; `docs/events.md` names them.
mod longest {
    pub(super) const TITLE: usize = 1024;
    pub(super) const URL: usize = 8192;
    pub(super) const ADDRESSES: usize = 1024;
    pub(super) const USER_AGENT: usize = 1024;
    pub(super) const VISITOR: usize = 1024;
    pub(super) const GA_ID: usize = 256;
    pub(super) const RELEASE: usize = 64;
    pub(super) const ITEM_ID: usize = 256;
    pub(super) const ITEM_TEXT: usize = 512;
    pub(super) const PROPERTY: usize = 128;
    pub(super) const CONSENT: usize = 4096;
}

/// A text that decorates an event.
fn text<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
    manner: Manner,
    longest: usize,
) -> Result<Option<Text<'de>>, Stop> {
    let text = map.text(reading, manner)?;
    Ok(text.and_then(|text| tidy(text, reading, manner, longest)))
}

/// A text that says what an event is.
fn strict<'de>(
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
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}

/// Part of a text, borrowed where the text is.
fn part(text: Text<'_>, range: std::ops::Range<usize>) -> Text<'_> {
    match text.0 {
        Cow::Borrowed(text) => text.get(range).unwrap_or_default().into(),
        Cow::Owned(text) => text.get(range).unwrap_or_default().to_owned().into(),
    }
}

/// A text without the blanks and invisible characters around it.
fn trimmed(text: Text<'_>) -> (Text<'_>, bool) {
    let inner = crate::base::text::trim(&text);
    if inner.len() == text.len() {
        return (text, false);
    }
    let (start, length) = (
        inner.as_ptr() as usize - text.as_ptr() as usize,
        inner.len(),
    );
    (part(text, start..start + length), true)
}

/// What of a text can be used: nothing of a placeholder, the visible part, and no more than fits.
fn tidy<'a>(
    mut text: Text<'a>,
    reading: &mut Reading,
    manner: Manner,
    longest: usize,
) -> Option<Text<'a>> {
    if text.is_empty() {
        return None;
    }
    if is_placeholder(&text) {
        reading.removed("", "placeholder");
        return None;
    }
    let kept_whole = matches!(manner, Manner::Opaque | Manner::Visitor);
    if manner == Manner::Opaque {
        let was_trimmed;
        (text, was_trimmed) = trimmed(text);
        if was_trimmed {
            reading.changed("", "trimmed");
        }
    }
    // JSON has control characters as escapes only, and a text with escapes is owned.
    if matches!(text.0, Cow::Owned(_))
        && manner != Manner::Visitor
        && text.contains(char::is_control)
    {
        if kept_whole {
            reading.removed("", "control_characters");
            return None;
        }
        let blank = if manner == Manner::Free { " " } else { "" };
        let mut visible = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\t' | '\n' | '\r' => visible.push_str(blank),
                c if c.is_control() => {}
                c => visible.push(c),
            }
        }
        reading.changed("", "control_characters");
        text = visible.into();
    }
    // Bytes bound characters from above, so most texts are never counted.
    if text.len() <= longest {
        return Some(text);
    }
    let Some((end, _)) = text.char_indices().nth(longest) else {
        return Some(text);
    };
    let kept = text.get(..end).unwrap_or_default();
    let end = match manner {
        Manner::Url => kept.rfind(['&', '?']).filter(|_| kept.contains('?')),
        Manner::Addresses => kept.rfind(','),
        _ if kept_whole => None,
        _ => Some(end),
    };
    let Some(end) = end else {
        reading.removed("", "too_long");
        return None;
    };
    reading.changed("", "cut");
    Some(part(text, 0..end))
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
    let raw = raw(map)?.filter(|raw| !read::is_empty_list(raw.get()));
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

fn read_figure<'a>(raw: &'a RawValue, reading: &mut Reading) -> Option<Figure<'a>> {
    let json = raw.get();
    let figure = match json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'))
    {
        None if read::is_empty_list(json) => return None,
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
    match strict(map, reading, Manner::Strict)?.as_deref() {
        None => Ok(None),
        Some("granted") => Ok(Some(Choice::Granted)),
        Some("denied") => Ok(Some(Choice::Denied)),
        Some(word) if is_placeholder(word) => {
            reading.removed("", "placeholder");
            Ok(None)
        }
        Some(_) => Err(reading.raise(Code::InvalidChoice, "must be `granted` or `denied`")),
    }
}

fn action_source(
    map: &mut dyn Values<'_>,
    reading: &mut Reading,
) -> Result<Option<ActionSource>, Stop> {
    let Some(name) = text(map, reading, Manner::Free, longest::TITLE)? else {
        return Ok(None);
    };
    let name = name.trim();
    let known = ActionSource::NAMES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    if known.is_none() {
        reading.removed("", "invalid_choice");
    }
    Ok(known.map(|(_, source)| *source))
}

impl<'de> Object<'de> for Draft<'de> {
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
        match key.as_str() {
            "event" => self.event = strict(map, reading, Manner::Strict)?,
            "event_id" => self.event_id = strict(map, reading, Manner::Id)?,
            "event_time" => self.event_time = told(map, reading)?,
            "value" => self.value = amount(map, reading)?,
            "currency" => match strict(map, reading, Manner::Strict)? {
                None => {}
                Some(code) if is_placeholder(&code) => self.currency = Named::Placeholder,
                Some(code) => match Currency::parse(&code) {
                    Some(currency) => self.currency = Named::Known(currency),
                    None => return Err(reading.raise(Code::CurrencyInvalid, CURRENCY)),
                },
            },
            "transaction_id" => self.transaction_id = strict(map, reading, Manner::Id)?,
            "event_token" => self.event_token = strict(map, reading, Manner::Strict)?,
            "predicted_ltv" => {
                let figure = figure(map, reading)?;
                self.predicted_ltv = figure.and_then(|figure| figure.amount());
                if figure.is_some() && self.predicted_ltv.is_none() {
                    reading.removed("", "out_of_range");
                }
            }
            "items" => {
                self.items = map.items(reading, MOST_ITEMS)?;
                // Lines of nothing, such as PHP's `[]`, would be counted as articles.
                self.items.retain(|item| *item != Item::default());
            }
            "user" => {
                map.object(reading, &mut self.user)?;
            }
            "context" => {
                map.object(reading, &mut self.context)?;
            }
            "consent" => {
                map.object(reading, &mut self.signals)?;
            }
            "action_source" => self.action_source = action_source(map, reading)?,
            "release" => self.release = text(map, reading, Manner::Free, longest::RELEASE)?,
            "test" => self.test = map.flag(reading)?,
            "properties" => self.properties = raw(map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

const CURRENCY: &str = "is not a three-letter ISO 4217 code";

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
            own if Draft::default().keys().contains(&own) => {
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
            "us_privacy" => self.us_privacy = strict(map, reading, Manner::Strict)?,
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
                        && read::nearest(key, self.keys()).is_some()
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
fn read_with_care<'a, T: Object<'a> + Default>(text: &'a str) -> Result<(T, Reading), ParseError> {
    let mut reading = Reading::default();
    let error = match read::object(text, &mut reading) {
        Ok(object) => return Ok((object, reading)),
        // A bomb of brackets is told as what it is, wherever the reader stopped.
        Err(_) if deeper_than(text, DEEPEST) => return Err(too_deep("")),
        Err(error) => error,
    };
    if !matches!(error.code, Code::WrongType | Code::MalformedJson) || !read::is_json(text) {
        return Err(error);
    }
    let mut reading = Reading::careful();
    let object = read::object(text, &mut reading)?;
    Ok((object, reading))
}

impl<'a> Event<'a> {
    /// Reads one event of the native format. `now` is the time of receipt.
    ///
    /// # Errors
    /// The first fault, in the order of the sender's keys and then of the rules; never a value.
    pub fn parse(text: &'a str, now: UnixMillis) -> Result<Self, ParseError> {
        Self::parse_beside(text, None, now)
    }

    /// Reads one event of a batch, and what stands beside it.
    pub(crate) fn parse_beside(
        text: &'a str,
        shared: Option<&Shared<'a>>,
        now: UnixMillis,
    ) -> Result<Self, ParseError> {
        if text.len() > LARGEST_EVENT {
            return Err(ParseError::new(
                Code::EventTooLarge,
                "",
                "at most 65,536 bytes",
            ));
        }
        let (draft, reading) = read_with_care::<Draft<'a>>(text)?;
        Self::check(draft, reading, shared, now)
    }

    fn check(
        draft: Draft<'a>,
        mut reading: Reading,
        shared: Option<&Shared<'a>>,
        now: UnixMillis,
    ) -> Result<Self, ParseError> {
        let mut tidied = |text: Option<Text<'a>>, path| {
            text.map(|text| {
                let (text, was_trimmed) = trimmed(text);
                if was_trimmed {
                    reading.changed(path, "trimmed");
                }
                text
            })
        };
        let name = tidied(draft.event, "event");
        let event_id = tidied(draft.event_id, "event_id");
        let mut transaction_id = tidied(draft.transaction_id, "transaction_id");
        let name =
            name.ok_or_else(|| ParseError::new(Code::EventMissing, "event", "is required"))?;
        check_name(&name)?;
        let by_order = matches!(name.as_str(), "purchase" | "refund");
        let part = name.as_str() == "refund" && event_id.is_none();
        let timed = draft.event_time.is_some();
        match &transaction_id {
            // Beside an id, or where no order is asked for, it decorates.
            Some(id) if is_placeholder(id) => {
                if by_order && event_id.is_none() {
                    return Err(no_id("transaction_id"));
                }
                reading.removed("transaction_id", "placeholder");
                transaction_id = None;
            }
            Some(id) => check_id(id, "transaction_id")?,
            None => {}
        }
        let id = match event_id {
            Some(id) if is_placeholder(&id) => return Err(no_id("event_id")),
            Some(id) => {
                check_id(&id, "event_id")?;
                id
            }
            None => transaction_id.clone().filter(|_| by_order).ok_or_else(|| {
                let rule = if by_order {
                    "is required, or a transaction_id in its place: without an id, copies cannot be told apart"
                } else {
                    "is required: without an id, copies cannot be told apart"
                };
                ParseError::new(Code::EventIdMissing, "event_id", rule)
            })?,
        };
        if name.as_str() == "purchase" && draft.value.is_none() {
            return Err(ParseError::new(
                Code::ValueMissing,
                "value",
                "is required for a purchase",
            ));
        }
        let money = match (draft.value, draft.currency) {
            (Some(amount), Named::Known(currency)) => Some(Money { amount, currency }),
            (Some(_), Named::Absent) => {
                return Err(ParseError::new(
                    Code::CurrencyMissing,
                    "currency",
                    "is required with a value",
                ));
            }
            (Some(_), Named::Placeholder) => {
                return Err(ParseError::new(Code::CurrencyInvalid, "currency", CURRENCY));
            }
            (None, Named::Placeholder) => {
                reading.removed("currency", "placeholder");
                None
            }
            (None, _) => None,
        };
        let time = match draft.event_time {
            None => now,
            Some(raw) => check_time(raw, now)?,
        };
        let mut properties = Vec::new();
        if let Some(raw) = draft.properties {
            // The event is the first level.
            if deeper_than(raw.get(), DEEPEST - 1) {
                return Err(too_deep("properties"));
            }
            reading.within("properties", |reading| {
                read_properties(raw, &mut properties, MOST_PROPERTIES, reading);
            });
        }
        let mut remarks = reading.remarks();
        let (mut signals, mut release) = (draft.signals, draft.release);
        let (mut action_source, mut test) = (draft.action_source, draft.test);
        if let Some(shared) = shared {
            signals.restrict(&shared.signals);
            release = release.or_else(|| shared.release.clone());
            action_source = action_source.or(shared.action_source);
            test = test.or(shared.test);
            remarks.extend(shared.remarks.clone());
        }
        let mut event = Self {
            name,
            id,
            time,
            money,
            transaction_id,
            token: draft.event_token.filter(|token| !is_placeholder(token)),
            predicted_ltv: draft.predicted_ltv,
            items: draft.items,
            user: draft.user,
            context: draft.context,
            signals,
            action_source: action_source.unwrap_or_default(),
            release,
            test: test.unwrap_or(false),
            properties,
            remarks,
        };
        if part {
            event.id = event.refund_id(timed);
        }
        Ok(event)
    }

    /// The id of a refund that has only its order's: the order's where all of it is taken back, which happens once, else
    /// one of its own, of the amount, the lines and the time, because an order can be taken back in several parts. Two
    /// parts that are alike in all of these need an id or a time each: nobody could tell them from one that was sent twice.
    fn refund_id(&self, timed: bool) -> Text<'a> {
        if self.money.is_none() && self.items.is_empty() {
            return self.id.clone();
        }
        let mut print = 0_u64;
        let mut add = |text: &str| {
            for byte in text.bytes().chain([0]) {
                print = mix(print ^ u64::from(byte));
            }
        };
        // As numbers, since `20` and `20.00` are one amount.
        let bits = |text: &str| {
            let number = crate::base::number::number(text).unwrap_or_default();
            format!("{:x}", number.to_bits())
        };
        if let Some(money) = &self.money {
            add(&bits(money.amount.as_str()));
        }
        for item in &self.items {
            add(item.item_id.as_deref().unwrap_or_default());
            add(&item
                .quantity
                .map_or_else(String::new, |n| bits(&n.as_str())));
            add(&item.price.map_or_else(String::new, |n| bits(&n.as_str())));
        }
        if let Some(Property::Number(left)) = self.property("remaining_value") {
            add(&bits(left.as_str()));
        }
        if timed {
            add(&format!("{:x}", self.time.0));
        }
        let order: String = self.id.chars().take(LONGEST_ID - 17).collect();
        format!("{order}-{print:016x}").into()
    }

    /// A property's text.
    pub fn property(&self, name: &str) -> Option<&Property<'a>> {
        self.properties
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .map(|(_, value)| value)
    }
}

fn too_deep(path: &str) -> ParseError {
    ParseError::new(Code::TooDeep, path, "at most 8 levels")
}

/// The fault of an id that is a placeholder: of all orders without an id, one would be counted.
fn no_id(path: &'static str) -> ParseError {
    ParseError::new(
        Code::EventIdPlaceholder,
        path,
        "must not be a placeholder such as `undefined`: all events without an id would be one",
    )
}

/// Whether a text can be the name of an event.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn check_name(name: &str) -> Result<(), ParseError> {
    if is_placeholder(name) {
        return Err(ParseError::new(
            Code::EventNameInvalid,
            "event",
            "must not be a placeholder such as `undefined`",
        ));
    }
    if is_name(name) {
        return Ok(());
    }
    Err(ParseError::new(
        Code::EventNameInvalid,
        "event",
        "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _",
    ))
}

fn check_id(id: &str, path: &'static str) -> Result<(), ParseError> {
    let rule = if id.len() > LONGEST_ID && id.chars().count() > LONGEST_ID {
        "at most 128 characters"
    } else if id.chars().any(char::is_control) {
        "must not hold control characters"
    } else if crate::base::personal::holds_email(id) {
        "must not hold an e-mail address"
    } else {
        return Ok(());
    };
    Err(ParseError::new(Code::EventIdInvalid, path, rule))
}

fn check_time(raw: &RawValue, now: UnixMillis) -> Result<UnixMillis, ParseError> {
    let text = raw.get();
    let time = if text.starts_with('"') {
        serde_json::from_str::<Text<'_>>(text)
            .ok()
            .and_then(|text| UnixMillis::parse_text(&text))
    } else {
        UnixMillis::parse_number(text)
    };
    let time = time.ok_or_else(|| {
        ParseError::new(
            Code::EventTimeInvalid,
            "event_time",
            "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000",
        )
    })?;
    if time.0 > now.0 + FUTURE_TOLERANCE_MS {
        return Err(ParseError::new(
            Code::EventTimeInFuture,
            "event_time",
            "must not lie more than five minutes ahead of the time of receipt",
        ));
    }
    Ok(time.min(now))
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
            while let Some(key) = map.next_key_seed(read::Key { careful: true })? {
                let value: &'de RawValue = map.next_value()?;
                let since = self.reading.told();
                let place = key.clone();
                add_property(self.properties, key, value, self.most, self.reading);
                if self.reading.told() > since {
                    let named = read::is_plain(&place);
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
    if read::within::<_, serde_json::Error>(raw, entries).is_err() {
        reading.unusable(raw.get());
    }
}

/// Adds a property, or says why not. `true` when it was added.
fn add_property<'a>(
    properties: &mut Vec<(Text<'a>, Property<'a>)>,
    key: Text<'a>,
    raw: &'a RawValue,
    most: usize,
    reading: &mut Reading,
) -> bool {
    let json = raw.get();
    if json == "null" || read::is_empty_list(json) {
        return false;
    }
    let mended = |reading: &mut Reading| {
        let text = read::whole_characters(json).filter(|_| json.starts_with('"'))?;
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

impl<'a> From<Number<'a>> for Leaf<'a> {
    /// In the sender's own spelling.
    fn from(number: Number<'a>) -> Self {
        Self::Raw(number.as_str())
    }
}

impl<'a> From<&'a Property<'_>> for Leaf<'a> {
    /// As the sender wrote it: free data means what its sender means, so that an empty string stays.
    fn from(property: &'a Property<'_>) -> Self {
        match property {
            Property::Flag(flag) => Self::Flag(*flag),
            Property::Number(number) => Self::Raw(number.as_str()),
            Property::Text(text) => Self::Text(Cow::Borrowed(text)),
        }
    }
}

impl From<ActionSource> for Leaf<'_> {
    fn from(source: ActionSource) -> Self {
        source.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::Object;

    #[test]
    fn free_data_is_written_as_it_came() {
        let raw = ["1.50", "\"\"", "true"].map(|json| serde_json::from_str(json).unwrap());
        let properties = raw.map(|raw| Property::new(raw).unwrap());
        let text = Object::write(|body| body.list("a", &properties));
        assert_eq!(text, br#"{"a":[1.50,"",true]}"#);
    }
}

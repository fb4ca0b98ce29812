//! The canonical event and the reading of the native intake format.
//!
//! ```
//! use edgetally_core::event::Event;
//! use edgetally_core::time::UnixMillis;
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
//! Every rule of the format is in this file and, for senders, in `docs/events.md`. Unknown keys are errors
//! everywhere but in `properties`, `context.cookies` and `context.click_ids`: a misspelt `consent` or `email` that is
//! silently ignored would cost more than a refused event.

use std::marker::PhantomData;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) mod read;

pub use crate::error::{Code, ParseError};

use crate::consent::{Choice, LegalBasis, Signals};
use crate::identity::{Digest, Kind, Plain, User};
use crate::money::{Amount, AmountError, Currency, Money};
use crate::text::Text;
use crate::time::UnixMillis;
use read::{Fault, FlagSeed, ListSeed, NumbersSeed, Object, ObjectSeed, PairsSeed, TextSeed, raw};

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
    /// The most remarks of each kind that one event gets; thousands of wrong cookies need no answer each.
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
        let remark = Remark { path, code };
        if list.len() < Self::MOST && !list.contains(&remark) {
            list.push(remark);
        }
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
        let number = crate::json::number(raw.get())?;
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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item<'a> {
    /// The shop's id of the article.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<Text<'a>>,
    /// Its name.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub item_name: Option<Text<'a>>,
    /// Price of one, in the event's currency.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount<'a>>,
    /// How many; platforms take one when it is absent.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Amount<'a>>,
    /// Discount on one.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount<'a>>,
    /// Place in a list.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub index: Option<Amount<'a>>,
    /// The other text fields that GA4 defines for an item, by their names there.
    #[serde(borrow, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<(Text<'a>, Text<'a>)>,
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

    /// The quantity as sent, or `1`.
    pub fn quantity_or_one(&self) -> &'a str {
        self.quantity.map_or("1", |quantity| quantity.as_str())
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
    currency: Option<Currency>,
    transaction_id: Option<Text<'a>>,
    predicted_ltv: Option<Amount<'a>>,
    items: Vec<Item<'a>>,
    user: User<'a>,
    context: Context<'a>,
    signals: Signals<'a>,
    action_source: ActionSource,
    release: Option<Text<'a>>,
    test: bool,
    properties: Option<&'a RawValue>,
}

fn text<'de, A: MapAccess<'de>>(
    map: &mut A,
    fault: &mut Fault,
    longest: usize,
) -> Result<Option<Text<'de>>, A::Error> {
    let text = map.next_value_seed(TextSeed(fault))?;
    match &text {
        // Bytes bound characters from above, so most texts are never counted.
        Some(text) if text.len() > longest && text.chars().count() > longest => {
            Err(fault.raise(Code::TextTooLong, format!("at most {longest} characters")))
        }
        _ => Ok(text),
    }
}

fn plain<'de, A: MapAccess<'de>, K: Kind>(
    map: &mut A,
    fault: &mut Fault,
) -> Result<Option<Plain<'de, K>>, A::Error> {
    Ok(text(map, fault, 1024)?.map(|text| Plain::new(text.0)))
}

fn amount<'de, A: MapAccess<'de>>(
    map: &mut A,
    fault: &mut Fault,
) -> Result<Option<Amount<'de>>, A::Error> {
    let Some(raw) = raw(map)? else {
        return Ok(None);
    };
    Amount::new(raw).map(Some).map_err(|error| match error {
        AmountError::NotANumber => fault.raise(
            Code::ValueInvalid,
            "must be a JSON number, not a string or a list",
        ),
        AmountError::OutOfRange => fault.raise(
            Code::ValueOutOfRange,
            "must be finite, not negative, and at most 10^12 major units",
        ),
    })
}

fn digest<'de, A: MapAccess<'de>>(
    map: &mut A,
    fault: &mut Fault,
) -> Result<Option<Digest>, A::Error> {
    match text(map, fault, 1024)? {
        None => Ok(None),
        Some(text) => match Digest::parse(&text) {
            Some(digest) => Ok(Some(digest)),
            None => Err(fault.raise(
                Code::InvalidDigest,
                "must be 64 hexadecimal digits of SHA-256",
            )),
        },
    }
}

fn choice<'de, A: MapAccess<'de>>(
    map: &mut A,
    fault: &mut Fault,
) -> Result<Option<Choice>, A::Error> {
    match text(map, fault, 64)?.as_deref() {
        None => Ok(None),
        Some("granted") => Ok(Some(Choice::Granted)),
        Some("denied") => Ok(Some(Choice::Denied)),
        Some(_) => Err(fault.raise(Code::InvalidChoice, "must be `granted` or `denied`")),
    }
}

impl<'de> Object<'de> for Draft<'de> {
    const KEYS: &'static [&'static str] = &[
        "event",
        "event_id",
        "event_time",
        "value",
        "currency",
        "transaction_id",
        "predicted_ltv",
        "items",
        "user",
        "context",
        "consent",
        "action_source",
        "release",
        "test",
        "properties",
    ];

    fn read<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> Result<bool, A::Error> {
        match key {
            "event" => self.event = text(map, fault, 4096)?,
            "event_id" => self.event_id = text(map, fault, 4096)?,
            "event_time" => self.event_time = raw(map)?,
            "value" => self.value = amount(map, fault)?,
            "currency" => {
                if let Some(code) = text(map, fault, 4096)? {
                    self.currency = Some(Currency::parse(&code).ok_or_else(|| {
                        fault.raise::<A::Error>(
                            Code::CurrencyInvalid,
                            "is not a three-letter ISO 4217 code",
                        )
                    })?);
                }
            }
            "transaction_id" => self.transaction_id = text(map, fault, 4096)?,
            "predicted_ltv" => self.predicted_ltv = amount(map, fault)?,
            "items" => {
                self.items = map.next_value_seed(ListSeed {
                    fault,
                    most: MOST_ITEMS,
                    what: PhantomData,
                })?;
            }
            "user" => {
                self.user = map.next_value_seed(ObjectSeed::<User<'de>>(fault, PhantomData))?;
            }
            "context" => {
                self.context =
                    map.next_value_seed(ObjectSeed::<Context<'de>>(fault, PhantomData))?;
            }
            "consent" => {
                self.signals =
                    map.next_value_seed(ObjectSeed::<Signals<'de>>(fault, PhantomData))?;
            }
            "action_source" => {
                if let Some(name) = text(map, fault, 64)? {
                    let known = ActionSource::NAMES
                        .iter()
                        .find(|(known, _)| *known == name.as_str());
                    self.action_source = known.map(|(_, source)| *source).ok_or_else(|| {
                        fault.raise::<A::Error>(
                            Code::InvalidChoice,
                            "must be one of website, app, email, phone_call, chat, physical_store, system_generated, \
                             business_messaging, other",
                        )
                    })?;
                }
            }
            "release" => self.release = text(map, fault, 64)?,
            "test" => self.test = map.next_value_seed(FlagSeed(fault))?,
            "properties" => self.properties = raw(map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Object<'de> for User<'de> {
    const KEYS: &'static [&'static str] = &[
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
    ];

    fn read<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> Result<bool, A::Error> {
        match key {
            "external_id" => self.external_id = plain(map, fault)?,
            "email" => self.email = plain(map, fault)?,
            "phone" => self.phone = plain(map, fault)?,
            "first_name" => self.first_name = plain(map, fault)?,
            "last_name" => self.last_name = plain(map, fault)?,
            "date_of_birth" => self.date_of_birth = plain(map, fault)?,
            "gender" => self.gender = plain(map, fault)?,
            "street" => self.street = plain(map, fault)?,
            "city" => self.city = plain(map, fault)?,
            "region" => self.region = plain(map, fault)?,
            "postal_code" => self.postal_code = plain(map, fault)?,
            "country" => self.country = plain(map, fault)?,
            "email_sha256" => self.email_sha256 = digest(map, fault)?,
            "phone_sha256" => self.phone_sha256 = digest(map, fault)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Object<'de> for Context<'de> {
    const KEYS: &'static [&'static str] = &[
        "page_url",
        "page_title",
        "referrer",
        "ip",
        "user_agent",
        "client_id",
        "session_id",
        "cookies",
        "click_ids",
    ];

    fn read<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> Result<bool, A::Error> {
        match key {
            "page_url" => self.page_url = text(map, fault, 8192)?,
            "page_title" => self.page_title = text(map, fault, 1024)?,
            "referrer" => self.referrer = text(map, fault, 8192)?,
            "ip" => self.ip = text(map, fault, 64)?,
            "user_agent" => self.user_agent = text(map, fault, 1024)?,
            "client_id" => self.client_id = text(map, fault, 256)?,
            "session_id" => self.session_id = text(map, fault, 64)?,
            "cookies" => self.cookies = map.next_value_seed(PairsSeed(fault))?,
            "click_ids" => self.click_ids = map.next_value_seed(PairsSeed(fault))?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Object<'de> for Signals<'de> {
    const KEYS: &'static [&'static str] = &[
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
    ];

    fn read<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> Result<bool, A::Error> {
        match key {
            "ad_storage" => self.ad_storage = choice(map, fault)?,
            "analytics_storage" => self.analytics_storage = choice(map, fault)?,
            "ad_user_data" => self.ad_user_data = choice(map, fault)?,
            "ad_personalization" => self.ad_personalization = choice(map, fault)?,
            "tcf" => self.tcf = text(map, fault, 4096)?,
            "gpp" => self.gpp = text(map, fault, 4096)?,
            "gpp_sid" => self.gpp_sid = map.next_value_seed(NumbersSeed(fault))?,
            "us_privacy" => self.us_privacy = text(map, fault, 64)?,
            "gpc" => self.gpc = map.next_value_seed(FlagSeed(fault))?,
            "legal_basis" => {
                if let Some(name) = text(map, fault, 64)? {
                    self.legal_basis = Some(LegalBasis::parse(&name).ok_or_else(|| {
                        fault.raise::<A::Error>(
                            Code::InvalidChoice,
                            "must be one of consent, contract, legal_obligation, vital_interests, public_task, \
                             legitimate_interests",
                        )
                    })?);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Object<'de> for Item<'de> {
    const KEYS: &'static [&'static str] = &[
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
    ];

    fn read<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> Result<bool, A::Error> {
        match key {
            "item_id" => self.item_id = text(map, fault, 256)?,
            "item_name" => self.item_name = text(map, fault, 512)?,
            "price" => self.price = amount(map, fault)?,
            "quantity" => self.quantity = amount(map, fault)?,
            "discount" => self.discount = amount(map, fault)?,
            "index" => self.index = amount(map, fault)?,
            _ => match ITEM_TEXTS.iter().find(|name| **name == key) {
                Some(name) => {
                    if let Some(text) = text(map, fault, 512)? {
                        self.more.retain(|(known, _)| known.as_str() != *name);
                        self.more.push(((*name).into(), text));
                    }
                }
                None => return Ok(false),
            },
        }
        Ok(true)
    }
}

impl<'a> Event<'a> {
    /// Reads one event of the native format. `now` is the time of receipt.
    ///
    /// # Errors
    /// The first fault, in the order of the sender's keys and then of the rules; never a value.
    pub fn parse(text: &'a str, now: UnixMillis) -> Result<Self, ParseError> {
        if text.len() > LARGEST_EVENT {
            return Err(ParseError::new(
                Code::EventTooLarge,
                "",
                "at most 65,536 bytes",
            ));
        }
        match read::object::<Draft<'a>>(text) {
            Ok(draft) => Self::check(draft, now),
            // A bomb of brackets is told as what it is, wherever the reader stopped.
            Err(_) if deeper_than(text, DEEPEST) => Err(too_deep("")),
            Err(error) => Err(error),
        }
    }

    fn check(draft: Draft<'a>, now: UnixMillis) -> Result<Self, ParseError> {
        let name = draft
            .event
            .ok_or_else(|| ParseError::new(Code::EventMissing, "event", "is required"))?;
        check_name(&name)?;
        let transaction_id = draft.transaction_id;
        if let Some(id) = &transaction_id {
            check_id(id, "transaction_id")?;
        }
        let by_order = matches!(name.as_str(), "purchase" | "refund");
        let id = match draft.event_id {
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
            (Some(amount), Some(currency)) => Some(Money { amount, currency }),
            (Some(_), None) => {
                return Err(ParseError::new(
                    Code::CurrencyMissing,
                    "currency",
                    "is required with a value",
                ));
            }
            (None, _) => None,
        };
        let time = match draft.event_time {
            None => now,
            Some(raw) => check_time(raw, now)?,
        };
        let mut remarks = Remarks::default();
        let properties = match draft.properties {
            None => Vec::new(),
            Some(raw) => read_properties(raw, &mut remarks)?,
        };
        Ok(Self {
            name,
            id,
            time,
            money,
            transaction_id,
            predicted_ltv: draft.predicted_ltv,
            items: draft.items,
            user: draft.user,
            context: draft.context,
            signals: draft.signals,
            action_source: draft.action_source,
            release: draft.release,
            test: draft.test,
            properties,
            remarks,
        })
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

fn check_name(name: &str) -> Result<(), ParseError> {
    let custom = (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if custom {
        return Ok(());
    }
    Err(ParseError::new(
        Code::EventNameInvalid,
        "event",
        "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _",
    ))
}

fn check_id(id: &str, path: &'static str) -> Result<(), ParseError> {
    let rule = if id.trim().is_empty() {
        "must not be empty: all empty ids would be one event"
    } else if id.len() > LONGEST_ID && id.chars().count() > LONGEST_ID {
        "at most 128 characters"
    } else if id.chars().any(char::is_control) {
        "must not hold control characters"
    } else if crate::personal::holds_email(id) {
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
            .and_then(|text| UnixMillis::parse_rfc3339(&text))
    } else {
        UnixMillis::parse_number(text)
    };
    let time = time.ok_or_else(|| {
        ParseError::new(
            Code::EventTimeInvalid,
            "event_time",
            "must be RFC 3339 with a zone, or Unix seconds or milliseconds, after the year 2000",
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

/// Reads `properties`: scalars stay, lists and objects are left out (no platform takes them) and said so.
fn read_properties<'a>(
    raw: &'a RawValue,
    remarks: &mut Remarks,
) -> Result<Vec<(Text<'a>, Property<'a>)>, ParseError> {
    if !raw.get().starts_with('{') {
        return Err(ParseError::new(
            Code::WrongType,
            "properties",
            "must be an object",
        ));
    }
    // The event is the first level.
    if deeper_than(raw.get(), DEEPEST - 1) {
        return Err(too_deep("properties"));
    }
    struct Entries<'a>(Vec<(Text<'a>, &'a RawValue)>);
    impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visit;
            impl<'de> serde::de::Visitor<'de> for Visit {
                type Value = Vec<(Text<'de>, &'de RawValue)>;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let mut entries = Vec::new();
                    while let Some(entry) = map.next_entry()? {
                        entries.push(entry);
                    }
                    Ok(entries)
                }
            }
            deserializer.deserialize_map(Visit).map(Self)
        }
    }
    let entries: Entries<'a> = serde_json::from_str(raw.get())
        .map_err(|_| ParseError::new(Code::WrongType, "properties", "must be an object"))?;
    if entries.0.len() > MOST_PROPERTIES {
        return Err(ParseError::new(
            Code::TooManyItems,
            "properties",
            "at most 200 properties",
        ));
    }
    let mut properties: Vec<(Text<'a>, Property<'a>)> = Vec::with_capacity(entries.0.len());
    for (key, value) in entries.0 {
        match Property::new(value) {
            Some(scalar) => {
                // The last of equal keys counts, as everywhere in JSON; two would make the platforms' bodies ambiguous.
                match properties.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, value)) => *value = scalar,
                    None => properties.push((key, scalar)),
                }
            }
            None if value.get() == "null" => {}
            None => remarks.removed("properties", "not_a_scalar"),
        }
    }
    Ok(properties)
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

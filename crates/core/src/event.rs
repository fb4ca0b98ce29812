//! The canonical event as data. Formats make a [`Draft`](draft::Draft) of what they read, and
//! [`check`](draft::Draft::check) makes an event of it.

pub mod draft;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::backoff::mix;
use crate::base::json::Leaf;
use crate::base::members::read_members;
use crate::base::money::{Amount, Figure, Money};
use crate::base::remarks::Remarks;
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::consent::Signals;
use crate::identity::User;

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
    /// When the sender says that it happened, which may lie a little ahead of the time of receipt.
    pub said_time: Option<UnixMillis>,
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
    /// Which destinations the sender means it for.
    pub selection: Selection<'a>,
    /// What was left out or changed on the way in, and why.
    pub remarks: Remarks,
}

/// Which destinations a sender means an event for: all of the source's, unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection<'a> {
    /// Whether those that are not named are left out.
    pub others_left_out: bool,
    /// Those that are named, by their names or their platforms' in lower case, and whether they are meant.
    pub named: Vec<(Cow<'a, str>, bool)>,
}

impl Selection<'_> {
    /// Whether a destination is meant, which goes by any of these names. The last word on it counts.
    pub fn holds(&self, names: [&str; 2]) -> bool {
        let is_it = |named: &&(Cow<'_, str>, bool)| {
            names.iter().any(|name| named.0.eq_ignore_ascii_case(name))
        };
        let word = self.named.iter().rev().find(is_it);
        word.map_or(!self.others_left_out, |(_, meant)| *meant)
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

    /// The one of a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        let known = Self::NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, source)| *source)
    }

    /// The stable `snake_case` name.
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, source)| *source == self);
        named.map_or("other", |(name, _)| name)
    }
}

impl<'a> Event<'a> {
    /// The id of a refund that has only its order's: the order's where all of it is taken back, which happens once, else
    /// one of its own, of the amount, the lines and the time, because an order can be taken back in several parts. Two
    /// parts that are alike in all of these need an id or a time each: nobody could tell them from one that was sent twice.
    pub(super) fn refund_id(&self, timed: bool) -> Text<'a> {
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

/// Whether a text can be the name of an event.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
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

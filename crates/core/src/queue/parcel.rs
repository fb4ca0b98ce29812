//! An event with nothing plain left in it, and where it still has to go.

use serde::{Deserialize, Serialize};

use crate::base::members::read_members;
use crate::base::money::{Amount, Money};
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::consent::{Grant, Guarded, Identifying, Visiting};
use crate::event::{ActionSource, Item, Property};
use crate::identity::Prepared;
use crate::ledger::Movement;
use crate::ledger::measured::Apart;

/// An event with nothing plain left in it. What shows the visitor is [guarded](Guarded): it is read under a grant.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Parcel<'a> {
    /// The canonical name.
    #[serde(rename = "n")]
    pub name: Text<'a>,
    /// The sender's id.
    #[serde(rename = "i")]
    pub id: Text<'a>,
    /// When it happened.
    #[serde(rename = "t")]
    pub time: UnixMillis,
    /// When it was received.
    #[serde(rename = "r")]
    pub received: UnixMillis,
    /// What it was worth.
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub money: Option<Money<'a>>,
    /// The order.
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<Text<'a>>,
    /// What the customer is expected to be worth.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub predicted_ltv: Option<Amount<'a>>,
    /// What was bought or looked at.
    #[serde(rename = "it", skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item<'a>>,
    /// The visitor, normalised and hashed.
    #[serde(rename = "p", skip_serializing_if = "Guarded::is_vacant")]
    pub identifiers: Guarded<Prepared, Identifying>,
    /// Address of the page, cleaned.
    #[serde(rename = "u", skip_serializing_if = "Guarded::is_vacant")]
    pub page_url: Guarded<Option<Text<'a>>, Visiting>,
    /// Title of the page.
    #[serde(rename = "ti", skip_serializing_if = "Option::is_none")]
    pub page_title: Option<Text<'a>>,
    /// Where the visitor came from, cleaned.
    #[serde(rename = "re", skip_serializing_if = "Guarded::is_vacant")]
    pub referrer: Guarded<Option<Text<'a>>, Visiting>,
    /// The visitor's public network address.
    #[serde(rename = "ip", skip_serializing_if = "Guarded::is_vacant")]
    pub ip: Guarded<Option<Text<'a>>, Visiting>,
    /// The visitor's browser.
    #[serde(rename = "ua", skip_serializing_if = "Guarded::is_vacant")]
    pub user_agent: Guarded<Option<Text<'a>>, Visiting>,
    /// Google Analytics' id of the browser.
    #[serde(rename = "ci", skip_serializing_if = "Guarded::is_vacant")]
    pub client_id: Guarded<Option<Text<'a>>, Visiting>,
    /// Google Analytics' id of the visit.
    #[serde(rename = "si", skip_serializing_if = "Guarded::is_vacant")]
    pub session_id: Guarded<Option<Text<'a>>, Visiting>,
    /// Known first-party cookies. Those of analytics may be read under any grant, so the rest is
    /// [`Input`](crate::destinations::input::Input)'s to hold back.
    #[serde(rename = "ck", skip_serializing_if = "Guarded::is_vacant")]
    pub cookies: Guarded<Vec<(Text<'a>, Text<'a>)>, Visiting>,
    /// Known click ids.
    #[serde(rename = "cl", skip_serializing_if = "Guarded::is_vacant")]
    pub click_ids: Guarded<Vec<(Text<'a>, Text<'a>)>, Identifying>,
    /// Through which door it came.
    #[serde(rename = "a")]
    pub action_source: ActionSource,
    /// The sender's release.
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    pub release: Option<Text<'a>>,
    /// For the platforms' test modes.
    #[serde(rename = "z", skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// What it is counted apart as: a test, or a robot's as far as the user agent tells. It goes where it goes all the same.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    pub apart: Option<Apart>,
    /// Free data.
    #[serde(rename = "pr", skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<(Text<'a>, Property<'a>)>,
    /// Country of the request, two letters.
    #[serde(rename = "gc", skip_serializing_if = "Option::is_none")]
    pub geo_country: Option<Text<'a>>,
    /// Region of the request, as ISO 3166-2 without the country.
    #[serde(rename = "gr", skip_serializing_if = "Option::is_none")]
    pub geo_region: Option<Text<'a>>,
    /// The mark of the visitor, by which a withdrawal finds the event: keyed, and for no platform.
    #[serde(rename = "w", skip_serializing_if = "Option::is_none")]
    pub visitor: Option<Text<'a>>,
    /// Which copy of the event it is, where copies are told apart: a [`Mark`](crate::dedup::exact::Mark).
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub copy: Option<Text<'a>>,
    /// Where it still has to go.
    #[serde(rename = "to")]
    pub legs: Vec<Leg<'a>>,
}

read_members! {
    Parcel = Parcel::default();
    "n" => name,
    "i" => id,
    "t" => time,
    "r" => received,
    "to" => legs,;
    "m" => money,
    "x" => transaction_id,
    "l" => predicted_ltv,
    "it" => items,
    "p" => identifiers,
    "u" => page_url,
    "ti" => page_title,
    "re" => referrer,
    "ip" => ip,
    "ua" => user_agent,
    "ci" => client_id,
    "si" => session_id,
    "ck" => cookies,
    "cl" => click_ids,
    "a" => action_source,
    "v" => release,
    "z" => test,
    "b" => apart,
    "pr" => properties,
    "gc" => geo_country,
    "gr" => geo_region,
    "w" => visitor,
    "o" => copy,
}

/// What a withdrawal finds an event by that is kept, and its name; the rest of it is passed over.
#[derive(Debug, Default)]
pub struct Subject<'a> {
    /// The event's name.
    pub name: Text<'a>,
    /// The event's id.
    pub id: Text<'a>,
    /// The mark of the visitor.
    pub visitor: Option<Text<'a>>,
}

read_members! {
    Subject = Subject::default();
    "n" => name,
    "i" => id,;
    "w" => visitor,
}

impl<'a> Parcel<'a> {
    /// The mark of the visitor, or nothing.
    pub(crate) fn mark(&self) -> String {
        self.visitor
            .as_ref()
            .map(|mark| mark.as_str().to_owned())
            .unwrap_or_default()
    }

    /// What outcomes tell of it, with no states yet.
    pub(crate) fn movement(&self, source: &str, worker: &str) -> Movement {
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let money = self.money.as_ref();
        Movement {
            received: self.received,
            source: source.to_owned(),
            release: owned(self.release.as_deref()),
            event: self.name.as_str().to_owned(),
            event_id: self.id.as_str().to_owned(),
            worker: worker.to_owned(),
            apart: owned(self.apart.map(Apart::as_str)),
            value: owned(money.map(|money| money.amount.as_str())),
            currency: owned(money.map(|money| money.currency.as_str())),
            ..Movement::default()
        }
    }

    /// A property by name.
    pub fn property(&self, name: &str) -> Option<&Property<'a>> {
        self.properties
            .iter()
            .find(|(key, _)| key.as_str() == name)
            .map(|(_, value)| value)
    }

    /// A property's text by name. A number counts as one, in the sender's spelling: tag managers make a number of the
    /// search term `2026`.
    pub fn property_text(&self, name: &str) -> Option<&str> {
        match self.property(name) {
            Some(Property::Text(text)) => Some(text.as_str()),
            Some(Property::Number(number)) => Some(number.as_str()),
            _ => None,
        }
    }
}

/// One destination that an event still has to reach, and the permission for it.
#[derive(Debug, Clone)]
pub struct Leg<'a> {
    /// The destination's name in the settings.
    pub destination: Text<'a>,
    /// The permission, decided at intake.
    pub grant: Grant,
}

impl Serialize for Leg<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.destination, self.grant.to_wire()).serialize(serializer)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Leg<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (destination, bits) = <(Text<'de>, u16)>::deserialize(deserializer)?;
        Ok(Self {
            destination,
            grant: Grant::from_wire(bits),
        })
    }
}

//! One event as the Data Manager API wants it: who clicked, who it was, what it was worth (`Event`, `UserData` and
//! `CartData` of the reference, read 2026-11-22).

use crate::base::json::Object;
use crate::base::match_keys::{Key, Keys};
use crate::base::time::UnixMillis;
use crate::consent::Choice;
use crate::destinations::google_ads::limits::{LONGEST_TRANSACTION_ID, digits};
use crate::destinations::input::Input;
use crate::event::ActionSource;
use crate::identity::Hashed;
use crate::identity::spelling::{
    GoogleCountry, GoogleEmail, GoogleFamilyName, GoogleGivenName, GooglePhone, GooglePostalCode,
};
use crate::web::click_id_from_gcl;

/// Where Google matches no addresses (EEA, United Kingdom, Switzerland), with the territories that belong to them or
/// share their rules, and Cloudflare's codes for a country that is not known.
const NO_ADDRESSES: &[&str] = &[
    "AT", "AX", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GF", "GG",
    "GI", "GP", "GR", "HR", "HU", "IE", "IM", "IS", "IT", "JE", "LI", "LT", "LU", "LV", "MF", "MQ",
    "MT", "NL", "NO", "PL", "PT", "RE", "RO", "SE", "SI", "SK", "T1", "XX", "YT",
];

/// The catalogue that items are of.
#[derive(Debug)]
pub(super) struct Merchant {
    pub(super) id: String,
    pub(super) feed_label: Option<String>,
    pub(super) feed_language: Option<String>,
}

/// The click, by the one of Google's three ids that says most; which of them may go together is not documented.
///
/// `_gcl_gb` holds the `wbraid`, for all its name (what the tag writes; not documented, seen by several in 2026).
pub(super) fn click<'e>(input: &Input<'e>) -> Option<(&'static str, &'e str)> {
    let cookie = |name: &str| click_id_from_gcl(input.cookie(name)?);
    let gclid = input.click_id("gclid").or_else(|| cookie("_gcl_aw"));
    let wbraid = || input.click_id("wbraid").or_else(|| cookie("_gcl_gb"));
    gclid
        .map(|id| ("gclid", id))
        .or_else(|| input.click_id("gbraid").map(|id| ("gbraid", id)))
        .or_else(|| wbraid().map(|id| ("wbraid", id)))
}

/// The visitor's address where Google may match it. Somebody of whom no country is known may live anywhere.
pub(super) fn address<'e>(input: &Input<'e>) -> Option<&'e str> {
    let ip = input.ip()?;
    let countries = [input.geo_country(), input.clear::<GoogleCountry>()];
    let mut known = countries.into_iter().flatten().peekable();
    known.peek()?;
    known
        .all(|country| !NO_ADDRESSES.contains(&country))
        .then_some(ip)
}

/// Who it was, as far as Google's rules take it.
pub(super) struct Person<'e> {
    email: Option<Hashed<GoogleEmail>>,
    phone: Option<Hashed<GooglePhone>>,
    home: Option<Home<'e>>,
}

/// A postal address has all four parts or is none.
struct Home<'e> {
    given_name: Hashed<GoogleGivenName>,
    family_name: Hashed<GoogleFamilyName>,
    region: &'e str,
    postal_code: &'e str,
}

impl<'e> Person<'e> {
    pub(super) fn new(input: &Input<'e>) -> Option<Self> {
        let person = Self {
            email: input.hashed(),
            phone: input.hashed(),
            home: Home::new(input),
        };
        (person.email.is_some() || person.phone.is_some() || person.home.is_some())
            .then_some(person)
    }

    /// The match keys that it holds.
    pub(super) const fn keys(&self) -> Keys {
        Keys::NONE
            .with(Key::Email, self.email.is_some())
            .with(Key::Phone, self.phone.is_some())
            .with(Key::Person, self.home.is_some())
    }

    fn write(&self, event: &mut Object<'_>) {
        event.object("userData", |data| {
            // One kind in each.
            data.objects("userIdentifiers", 0..3, |one, kind| match kind {
                0 => one.put("emailAddress", self.email),
                1 => one.put("phoneNumber", self.phone),
                _ => {
                    if let Some(home) = &self.home {
                        one.object("address", |address| {
                            address.put("givenName", home.given_name);
                            address.put("familyName", home.family_name);
                            address.put("regionCode", home.region);
                            address.put("postalCode", home.postal_code);
                        });
                    }
                }
            });
        });
    }
}

impl<'e> Home<'e> {
    fn new(input: &Input<'e>) -> Option<Self> {
        let home = Self {
            given_name: input.hashed()?,
            family_name: input.hashed()?,
            region: input.clear::<GoogleCountry>()?,
            postal_code: input.clear::<GooglePostalCode>()?,
        };
        // A postal code of the United States that is none makes Google refuse the request (INVALID_POSTAL_CODE).
        let (five, four) = match home.postal_code.split_once('-') {
            Some((five, four)) => (five, Some(four)),
            None => (home.postal_code, None),
        };
        let fits = |part: &str, length| part.len() == length && digits(part);
        (home.region != "US" || fits(five, 5) && four.is_none_or(|four| fits(four, 4)))
            .then_some(home)
    }
}

fn source(source: ActionSource) -> &'static str {
    match source {
        ActionSource::Website => "WEB",
        ActionSource::App => "APP",
        ActionSource::PhysicalStore => "IN_STORE",
        ActionSource::PhoneCall => "PHONE",
        ActionSource::Chat | ActionSource::BusinessMessaging => "MESSAGE",
        ActionSource::Email | ActionSource::SystemGenerated | ActionSource::Other => "OTHER",
    }
}

fn consent(choice: Option<Choice>) -> Option<&'static str> {
    choice.map(|choice| match choice {
        Choice::Granted => "CONSENT_GRANTED",
        Choice::Denied => "CONSENT_DENIED",
    })
}

/// The order, else the event, so that what is sent twice counts once.
fn transaction_id<'e>(input: &Input<'e>) -> Option<&'e str> {
    [input.transaction_id(), Some(input.id())]
        .into_iter()
        .flatten()
        .find(|id| id.chars().count() <= LONGEST_TRANSACTION_ID)
}

/// One event of the request.
pub(super) fn write(
    merchant: Option<&Merchant>,
    out: &mut Object<'_>,
    input: &Input<'_>,
    who: Option<&Person<'_>>,
    now: UnixMillis,
) {
    let click = click(input);
    out.put("transactionId", transaction_id(input));
    out.put("eventTimestamp", input.time(now).to_rfc3339());
    out.put("eventSource", source(input.action_source()));
    if let Some(money) = input.money() {
        out.put("conversionValue", money.amount);
        out.put("currency", &money.currency);
    }
    if let Some((name, id)) = click {
        out.object("adIdentifiers", |ids| ids.put(name, id));
    }
    if let Some(who) = who {
        who.write(out);
    }
    out.object("eventDeviceInfo", |device| {
        device.put("userAgent", input.user_agent());
        device.put("ipAddress", address(input));
    });
    let (user_data, personalisation) = input.grant().choices();
    out.object("consent", |object| {
        object.put("adUserData", consent(user_data));
        object.put("adPersonalization", consent(personalisation));
    });
    let customer = input.text("customer_type").and_then(|kind| {
        ["NEW", "RETURNING", "REENGAGED"]
            .into_iter()
            .find(|known| kind.eq_ignore_ascii_case(known))
    });
    out.object("userProperties", |user| user.put("customerType", customer));
    // Carts have no place beside a gbraid or wbraid, and their quantities are integers: one that is sold by
    // weight would make Google refuse the request.
    if let Some(merchant) = merchant
        && matches!(click, None | Some(("gclid", _)))
        && input.articles().is_some()
    {
        out.object("cartData", |cart| merchant.cart(cart, input));
    }
}

impl Merchant {
    fn cart(&self, cart: &mut Object<'_>, input: &Input<'_>) {
        cart.put("merchantId", &self.id);
        cart.put("merchantFeedLabel", self.feed_label.as_ref());
        cart.put("merchantFeedLanguageCode", self.feed_language.as_ref());
        cart.list("couponCodes", [input.text("coupon")]);
        cart.objects("items", input.lines(), |out, item| {
            if let Some(id) = item.item_id.as_deref().filter(|id| !id.is_empty()) {
                out.put("merchantProductId", id);
                // Protocol Buffers spell 64 bits as a string.
                out.put("quantity", item.pieces().map(|pieces| pieces.to_string()));
                out.put("unitPrice", item.price);
            }
        });
    }
}

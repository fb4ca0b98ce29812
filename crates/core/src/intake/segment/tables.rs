//! What stands for what, as data.

/// Names of `track` calls and the events that they stand for (Segment's e-commerce and B2B specifications; what its and
/// RudderStack's destination for Google Analytics 4 make of them, read 2026-11-29). Of several names for one event the
/// first is the specification's own, and the others are earlier versions' or one vendor's alone.
pub const EVENTS: &[(&str, &str)] = &[
    ("Order Completed", "purchase"),
    ("Completed Order", "purchase"),
    ("Order Refunded", "refund"),
    ("Product Added", "add_to_cart"),
    ("Added Product", "add_to_cart"),
    ("Product Removed", "remove_from_cart"),
    ("Removed Product", "remove_from_cart"),
    ("Cart Viewed", "view_cart"),
    ("Checkout Started", "begin_checkout"),
    ("Checkout Step Completed", "add_shipping_info"),
    ("Payment Info Entered", "add_payment_info"),
    ("Product Viewed", "view_item"),
    ("Viewed Product", "view_item"),
    ("Product Clicked", "select_item"),
    ("Product List Viewed", "view_item_list"),
    ("Viewed Product Category", "view_item_list"),
    ("Products Searched", "search"),
    ("Product Added to Wishlist", "add_to_wishlist"),
    ("Promotion Viewed", "view_promotion"),
    ("Promotion Clicked", "select_promotion"),
    ("Product Shared", "share"),
    ("Cart Shared", "share"),
    ("Signed Up", "sign_up"),
    ("Signed In", "login"),
    ("Trial Started", "start_trial"),
];

/// The events that are about one product, which stands among the call's own properties.
pub(super) const ABOUT_ONE_PRODUCT: &[&str] = &[
    "add_to_cart",
    "remove_from_cart",
    "view_item",
    "select_item",
    "add_to_wishlist",
];

/// Whether two names differ in case, blanks and signs alone: `order_completed` is meant for `Order Completed`.
fn alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        name.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_lowercase())
            .collect::<Vec<u8>>()
    };
    // A name in other letters has none of these, and would be like every other such name.
    one.is_ascii() && letters(one) == letters(other)
}

/// The event that a name of a `track` call stands for.
///
/// ```
/// use edgetally_core::intake::segment::event_of;
/// assert_eq!(event_of("Order Completed"), Some("purchase"));
/// assert_eq!(event_of("order_completed"), Some("purchase"));
/// assert_eq!(event_of("generate_lead"), Some("generate_lead")); // our own names are themselves
/// assert_eq!(event_of("Lamp Switched On"), None);
/// ```
pub fn event_of(track: &str) -> Option<&'static str> {
    let listed = EVENTS.iter().find(|(name, _)| alike(track, name));
    let own = || {
        let mut names = crate::event::STANDARD_EVENTS.iter();
        names.find(|name| **name == track).copied()
    };
    listed.map(|(_, event)| *event).or_else(own)
}

/// The name that the specification has for an event.
///
/// ```
/// use edgetally_core::intake::segment::track_of;
/// assert_eq!(track_of("purchase"), Some("Order Completed"));
/// assert_eq!(track_of("find_location"), None);
/// ```
pub fn track_of(event: &str) -> Option<&'static str> {
    let listed = EVENTS.iter().find(|(_, known)| *known == event);
    listed.map(|(name, _)| *name)
}

/// What a property of an event is called here, where that is another name.
pub(super) const PROPERTIES: &[(&str, &str)] = &[
    ("query", "search_term"),
    ("payment_method", "payment_type"),
    ("shipping_method", "shipping_tier"),
    ("list_id", "item_list_id"),
];

/// The members of a product.
pub(super) const PRODUCT: &[(&str, &str)] = &[
    ("product_id", "item_id"),
    ("name", "item_name"),
    ("brand", "item_brand"),
    ("category", "item_category"),
    ("variant", "item_variant"),
    ("coupon", "coupon"),
    ("affiliation", "affiliation"),
    ("price", "price"),
    ("quantity", "quantity"),
    ("discount", "discount"),
    ("position", "index"),
    // Where there is no `product_id`.
    ("sku", "item_id"),
];

/// The members of traits that say who somebody is, each under the names that SDKs and shops use.
pub(super) const TRAITS: &[(&str, &str)] = &[
    ("email", "email"),
    ("phone", "phone"),
    ("firstName", "first_name"),
    ("first_name", "first_name"),
    ("firstname", "first_name"),
    ("lastName", "last_name"),
    ("last_name", "last_name"),
    ("lastname", "last_name"),
    ("birthday", "date_of_birth"),
    ("dateOfBirth", "date_of_birth"),
    ("date_of_birth", "date_of_birth"),
    ("gender", "gender"),
    ("street", "street"),
    ("city", "city"),
    ("state", "region"),
    ("region", "region"),
    ("postalCode", "postal_code"),
    ("postal_code", "postal_code"),
    ("zip", "postal_code"),
    ("country", "country"),
];

/// Segment's and RudderStack's names for what is a platform here: letters and digits in lower case, without `Actions`.
const INTEGRATIONS: &[(&str, &str)] = &[
    ("facebook", "meta"),
    ("facebookconversions", "meta"),
    ("facebookconversionsapi", "meta"),
    ("facebookpixel", "meta"),
    ("facebookpixelserverside", "meta"),
    ("googleads", "google_ads"),
    ("googleadsconversions", "google_ads"),
    ("googleadwords", "google_ads"),
    ("googleadwordsenhancedconversions", "google_ads"),
    ("googleadwordsnew", "google_ads"),
    ("googleanalytics", "ga4"),
    ("googleanalytics4", "ga4"),
    ("googleanalytics4cloud", "ga4"),
    ("googleanalytics4web", "ga4"),
    ("googleenhancedconversions", "google_ads"),
    ("linkedinads", "linkedin"),
    ("linkedinconversions", "linkedin"),
    ("linkedinconversionsapi", "linkedin"),
    ("linkedininsighttag", "linkedin"),
    ("microsoftadvertising", "microsoft"),
    ("bingads", "microsoft"),
    ("pinterestconversions", "pinterest"),
    ("pinterestconversionsapi", "pinterest"),
    ("pinteresttag", "pinterest"),
    ("redditconversions", "reddit"),
    ("redditconversionsapi", "reddit"),
    ("redditpixel", "reddit"),
    ("snapchatconversions", "snapchat"),
    ("snapchatconversionsapi", "snapchat"),
    ("snapconversionsapi", "snapchat"),
    ("snappixel", "snapchat"),
    ("tiktokads", "tiktok"),
    ("tiktokconversions", "tiktok"),
    ("tiktokpixel", "tiktok"),
    ("twitterads", "x"),
    ("xads", "x"),
];

/// The platform that a name of an integration stands for.
pub(super) fn platform_of(name: &str) -> Option<&'static str> {
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let bare = letters.strip_suffix("actions").unwrap_or(&letters);
    let listed = INTEGRATIONS.iter().find(|(known, _)| *known == bare);
    listed.map(|(_, platform)| *platform)
}

/// What an SDK runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The visitor's own device, in an app.
    App,
    /// A page, or somebody's server.
    Elsewhere,
}

/// What the names of the SDKs for apps have in them.
const APPS: &[&str] = &[
    "android",
    "cordova",
    "flutter",
    "-ios",
    "_ios",
    "ios-",
    "kotlin",
    "react-native",
    "swift",
    "unity",
    "xamarin",
];

impl Device {
    /// By `context.library.name`. The header `User-Agent` is no help: two vendors' Python SDKs share one, a third has none.
    ///
    /// ```
    /// use edgetally_core::intake::segment::Device;
    /// assert_eq!(Device::of("analytics-ios"), Some(Device::App));
    /// assert_eq!(Device::of("@segment/analytics-node"), Some(Device::Elsewhere));
    /// assert_eq!(Device::of(""), None);
    /// ```
    pub fn of(library: &str) -> Option<Self> {
        let name = library.to_ascii_lowercase();
        match APPS.iter().any(|part| name.contains(part)) {
            _ if name.is_empty() => None,
            true => Some(Self::App),
            false => Some(Self::Elsewhere),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_events_holds_together() {
        for (at, (name, event)) in EVENTS.iter().enumerate() {
            assert!(crate::event::is_name(event), "{event}");
            assert_eq!(event_of(name), Some(*event));
            assert_eq!(event_of(&name.to_uppercase()), Some(*event));
            let first = track_of(event).unwrap();
            assert_eq!(event_of(first), Some(*event), "there and back");
            let others = EVENTS.iter().take(at);
            assert!(
                others.clone().all(|(other, _)| !alike(name, other)),
                "{name}"
            );
        }
        assert_eq!(event_of("Ürder Cömpleted"), None);
        assert_eq!(
            (event_of(""), event_of("日本"), event_of("--")),
            (None, None, None)
        );
    }

    #[test]
    fn an_integration_goes_by_its_vendors_names() {
        for (name, platform) in [
            ("Facebook Conversions API (Actions)", Some("meta")),
            ("facebook pixel", Some("meta")),
            ("Google Analytics 4", Some("ga4")),
            ("GOOGLE ADS", Some("google_ads")),
            ("Segment.io", None),
            ("Actions", None),
        ] {
            assert_eq!(platform_of(name), platform, "{name}");
        }
    }
}

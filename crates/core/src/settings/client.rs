//! What a source's pages load: which consent is listened to, which tags of platforms are called with the same id.

use serde_json::Value;

use crate::base::fields::{Fields, Reader};
use crate::base::table::Table;

/// The sources of consent that the client can listen to; the first three are where nothing is said.
pub const CONSENT: &[&str] = &[
    "consent_mode",
    "tcf",
    "gpp",
    "cookiebot",
    "onetrust",
    "usercentrics",
    "didomi",
    "cookieyes",
    "complianz",
    "klaro",
    "shopify",
    "wordpress",
    "borlabs",
    "real_cookie_banner",
    "cookiefirst",
];

/// Those whose names are the site's own: without being told what they stand for they would say nothing for ever, and every event
/// would wait for them.
const NAMED_BY_THE_SITE: &[&str] = &["usercentrics", "didomi", "klaro", "real_cookie_banner"];

/// Those that are listened to where nothing is said.
const STANDARDS: &[&str] = &["consent_mode", "tcf", "gpp"];

/// The tags of platforms that the client can call.
pub const PIXELS: &[&str] = &[
    "meta",
    "ga4",
    "google_ads",
    "tiktok",
    "pinterest",
    "snapchat",
    "reddit",
    "linkedin",
    "x",
    "microsoft",
];

/// How long an undecided consent may hold events, in milliseconds: what it is without being set, and the most.
const HOLD_MS: u32 = 4000;
const MOST_HOLD_MS: u32 = 60_000;

/// What a category of a consent platform stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Analytics.
    Analytics,
    /// Advertising.
    Ads,
}

impl Category {
    /// Its name in the settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Analytics => "analytics",
            Self::Ads => "ads",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::Analytics, Self::Ads]
            .into_iter()
            .find(|category| category.as_str() == name)
    }
}

/// What a source's pages load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The sources of consent that are listened to, of [`CONSENT`].
    pub consent: Vec<&'static str>,
    /// The tags that are called with the same id, of [`PIXELS`].
    pub pixels: Vec<&'static str>,
    /// What a consent platform's own categories stand for, by its names for them.
    pub categories: Table<String, Category>,
    /// How long an undecided consent holds events, in milliseconds.
    pub hold_ms: u32,
    /// Whether the answers to its pages set first-party cookies.
    pub cookies: bool,
    /// Whether page views are sent by themselves.
    pub page_views: bool,
    /// Which conversion of Google Ads' tag an event is, by the event's name.
    pub send_to: Table<String, String>,
}

impl Client {
    /// Reads the table `client` of a source that sends to these platforms.
    pub(super) fn read(
        value: Option<Value>,
        path: &str,
        platforms: &[String],
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let value = value.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let mut fields = Fields::new(value, path, reader)?;
        let consent = if fields.asked("consent") {
            known(&mut fields, "consent", CONSENT)
        } else {
            STANDARDS.to_vec()
        };
        let pixels = known(&mut fields, "pixels", PIXELS);
        let categories = categories(&mut fields);
        for (index, name) in consent.iter().enumerate() {
            if categories.is_empty() && NAMED_BY_THE_SITE.contains(name) {
                fields.fault(
                    &format!("consent[{index}]"),
                    "needs `categories`, which say what the names that your site gave stand for",
                );
            }
        }
        let hold_ms = fields.whole("hold_ms", HOLD_MS, (0, MOST_HOLD_MS));
        let cookies = fields.flag("cookies", true);
        let page_views = fields.flag("page_views", false);
        let send_to = send_to(&mut fields);
        check_pixels(&mut fields, &pixels, &send_to, platforms);
        fields.end();
        Some(Self {
            consent,
            pixels,
            categories,
            hold_ms,
            cookies,
            page_views,
            send_to,
        })
    }
}

/// A list of names that are known, each once.
fn known(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    names: &[&'static str],
) -> Vec<&'static str> {
    let mut known: Vec<&'static str> = Vec::new();
    for (index, wanted) in fields.list(key).iter().enumerate() {
        let at = format!("{key}[{index}]");
        match names.iter().find(|name| *name == wanted) {
            Some(name) if known.contains(name) => fields.fault(&at, "is named twice"),
            Some(name) => known.push(name),
            None => fields.fault(&at, &format!("must be one of {}", names.join(", "))),
        }
    }
    known
}

pub(super) fn categories(fields: &mut Fields<'_, '_>) -> Table<String, Category> {
    let mut categories = Table::new();
    for (name, category) in fields.texts("categories") {
        match Category::read(&category) {
            Some(category) => {
                categories.insert(name, category);
            }
            None => fields.fault(
                &format!("categories.{name}"),
                "must be `analytics` or `ads`",
            ),
        }
    }
    categories
}

/// The conversions of Google Ads' tag; the numbers that its API knows them by are others.
fn send_to(fields: &mut Fields<'_, '_>) -> Table<String, String> {
    let send_to = fields.texts("send_to");
    for (name, label) in send_to.iter() {
        if !crate::event::is_name(name) {
            fields.fault(
                &format!("send_to.{name}"),
                "is not the name of an event: a-z, then up to 39 of a-z, 0-9 and _",
            );
        } else if !is_label(label) {
            fields.fault(
                &format!("send_to.{name}"),
                "must be as Google Ads shows it for the tag, such as AW-123456789/AbC-D_efG",
            );
        }
    }
    send_to
}

fn is_label(label: &str) -> bool {
    let parts = label
        .strip_prefix("AW-")
        .and_then(|rest| rest.split_once('/'));
    parts.is_some_and(|(account, conversion)| {
        (1..=20).contains(&account.len())
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=60).contains(&conversion.len())
            && conversion
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

/// Tags that know an event by an id have to be told which.
fn check_pixels(
    fields: &mut Fields<'_, '_>,
    pixels: &[&'static str],
    send_to: &Table<String, String>,
    platforms: &[String],
) {
    let wanted = |name: &str| pixels.contains(&name);
    for (name, rule) in [
        (
            "linkedin",
            "`linkedin` needs the source to send to such a destination: its `conversions` say what an event is to the tag",
        ),
        (
            "x",
            "`x` needs the source to send to such a destination: its `tags` say what an event is to the tag",
        ),
    ] {
        if wanted(name) && !platforms.iter().any(|platform| platform == name) {
            fields.fault("pixels", rule);
        }
    }
    if wanted("google_ads") && send_to.is_empty() {
        fields.fault(
            "send_to",
            "names no event, so the tag of Google Ads would be told of none",
        );
    }
    if !wanted("google_ads") && !send_to.is_empty() {
        fields.fault("send_to", "is for `google_ads` among `pixels` only");
    }
}

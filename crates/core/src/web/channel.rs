//! Channel groups: where a visit came from, in one word.
//!
//! The rules of Google Analytics' default channel group for manual traffic (help page 9756891 in the reading of the MIT-licensed
//! dbt-ga4 of November 2025; read 2026-11-22), in their order: the first that fits counts. Matching is blind to case. Who
//! wants the rules without the reading of addresses takes [`channel_group`]; [`Traffic`] reads an address and its referrer.

use core::cmp::Ordering;
use core::fmt;

use super::click_ids::{known_click_id, plausible_click_id, query};
use super::utm::Utm;
use crate::base::text::Text;

/// A channel of the default channel group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// An address that was typed, or nothing is known.
    Direct,
    /// Campaigns that run on several networks at once.
    CrossNetwork,
    /// An assistant's answer. Announced in May 2026; its place among the rules is not published.
    AiAssistant,
    /// Ads on shopping sites, or for a shopping campaign.
    PaidShopping,
    /// Ads on search engines.
    PaidSearch,
    /// Ads on social networks.
    PaidSocial,
    /// Ads on video sites.
    PaidVideo,
    /// Banners.
    Display,
    /// Ads elsewhere.
    PaidOther,
    /// Links on shopping sites.
    OrganicShopping,
    /// Links on social networks.
    OrganicSocial,
    /// Links on video sites.
    OrganicVideo,
    /// Results of search engines.
    OrganicSearch,
    /// Links on other sites.
    Referral,
    /// E-mail.
    Email,
    /// Affiliates.
    Affiliates,
    /// Ads to be heard.
    Audio,
    /// Text messages.
    Sms,
    /// Notifications on a phone.
    MobilePush,
    /// No rule fits.
    Unassigned,
}

impl Channel {
    /// The name that Google Analytics shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "Direct",
            Self::CrossNetwork => "Cross-network",
            Self::AiAssistant => "AI Assistant",
            Self::PaidShopping => "Paid Shopping",
            Self::PaidSearch => "Paid Search",
            Self::PaidSocial => "Paid Social",
            Self::PaidVideo => "Paid Video",
            Self::Display => "Display",
            Self::PaidOther => "Paid Other",
            Self::OrganicShopping => "Organic Shopping",
            Self::OrganicSocial => "Organic Social",
            Self::OrganicVideo => "Organic Video",
            Self::OrganicSearch => "Organic Search",
            Self::Referral => "Referral",
            Self::Email => "Email",
            Self::Affiliates => "Affiliates",
            Self::Audio => "Audio",
            Self::Sms => "SMS",
            Self::MobilePush => "Mobile Push Notifications",
            Self::Unassigned => "Unassigned",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of site a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceCategory {
    /// A search engine.
    Search,
    /// A shop or a market place.
    Shopping,
    /// A social network.
    Social,
    /// A site of videos.
    Video,
}

impl SourceCategory {
    /// Reads `SEARCH` as well as `SOURCE_CATEGORY_SEARCH`, which is how Google's list spells it, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let prefix = "SOURCE_CATEGORY_";
        let short = match name.get(..prefix.len()) {
            Some(start) if start.eq_ignore_ascii_case(prefix) => name.get(prefix.len()..)?,
            _ => name,
        };
        [
            ("SEARCH", Self::Search),
            ("SHOPPING", Self::Shopping),
            ("SOCIAL", Self::Social),
            ("VIDEO", Self::Video),
        ]
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(short))
        .map(|(_, category)| category)
    }
}

/// The kind of a source, when it is one that everybody knows.
///
/// A selection of our own, smaller than the list that Google offers for download on the page of the rules and that carries no
/// licence. Who needs that list hands its categories to [`channel_group`]. As there, `stripe.com` is a shop, `t.co` is social,
/// and `x.com`, `threads.net` and `paypal.com` are nothing.
///
/// ```
/// use edgetally_core::web::{SourceCategory, source_category};
/// assert_eq!(source_category("L.Facebook.com"), Some(SourceCategory::Social));
/// assert_eq!(source_category("shop.example"), None);
/// ```
pub fn source_category(source: &str) -> Option<SourceCategory> {
    let found = SOURCES.binary_search_by(|(name, _)| compare_ignoring_case(name, source));
    found
        .ok()
        .and_then(|place| SOURCES.get(place))
        .map(|(_, category)| *category)
}

fn compare_ignoring_case(lower: &str, any: &str) -> Ordering {
    lower
        .bytes()
        .cmp(any.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The channel of a source, medium and campaign. What is not known is empty.
///
/// `category` is [`source_category`] of the source, or what a list of the caller's says.
///
/// ```
/// use edgetally_core::web::{Channel, SourceCategory, channel_group};
/// let search = Some(SourceCategory::Search);
/// assert_eq!(channel_group("google", "CPC", "", search), Channel::PaidSearch);
/// assert_eq!(channel_group("google", "cpc", "eshop", search), Channel::PaidShopping);
/// assert_eq!(channel_group("shop-news", "newsletter", "", None), Channel::Unassigned);
/// ```
pub fn channel_group(
    source: &str,
    medium: &str,
    campaign: &str,
    category: Option<SourceCategory>,
) -> Channel {
    use Channel as C;
    use SourceCategory as Of;

    let medium_is = |names: &[&str]| names.iter().any(|name| medium.eq_ignore_ascii_case(name));
    if source.eq_ignore_ascii_case("(direct)") && medium_is(&["(not set)", "(none)"]) {
        return C::Direct;
    }
    if contains(campaign, "cross-network") {
        return C::CrossNetwork;
    }
    // Google sets these itself for visits from assistants that it knows.
    if medium_is(&["ai-assistant"]) {
        return C::AiAssistant;
    }
    let shop = category == Some(Of::Shopping) || sells(campaign);
    if is_paid(medium) {
        // Banners are asked for before the rest of what is paid, but after the known sources: `cpm` is both.
        return match category {
            _ if shop => C::PaidShopping,
            Some(Of::Search) => C::PaidSearch,
            Some(Of::Social) => C::PaidSocial,
            Some(Of::Video) => C::PaidVideo,
            _ if medium_is(BANNERS) => C::Display,
            _ => C::PaidOther,
        };
    }
    let either_is = |names: &[&str]| {
        medium_is(names) || names.iter().any(|name| source.eq_ignore_ascii_case(name))
    };
    if medium_is(BANNERS) {
        C::Display
    } else if shop {
        C::OrganicShopping
    } else if category == Some(Of::Social) || medium_is(SOCIAL) {
        C::OrganicSocial
    } else if category == Some(Of::Video) || contains(medium, "video") {
        C::OrganicVideo
    } else if category == Some(Of::Search) || medium_is(&["organic"]) {
        C::OrganicSearch
    } else if medium_is(&["referral", "app", "link"]) {
        C::Referral
    } else if either_is(&["email", "e-mail", "e_mail", "e mail"]) {
        C::Email
    } else if medium_is(&["affiliate"]) {
        C::Affiliates
    } else if medium_is(&["audio"]) {
        C::Audio
    } else if either_is(&["sms"]) {
        C::Sms
    } else if ends_with(medium, "push")
        || contains(medium, "mobile")
        || contains(medium, "notification")
        || source.eq_ignore_ascii_case("firebase")
    {
        C::MobilePush
    } else {
        C::Unassigned
    }
}

const BANNERS: &[&str] = &["display", "banner", "expandable", "interstitial", "cpm"];

const SOCIAL: &[&str] = &[
    "social",
    "social-network",
    "social-media",
    "sm",
    "social network",
    "social media",
];

/// Whether a medium is bought: `^(.*cp.*|ppc|retargeting|paid.*)$`.
///
/// ```
/// use edgetally_core::web::is_paid;
/// assert!(is_paid("CPC") && is_paid("paid_social") && is_paid("retargeting"));
/// assert!(!is_paid("retargeting-x") && !is_paid("unpaid") && !is_paid("ppc2"));
/// ```
pub fn is_paid(medium: &str) -> bool {
    contains(medium, "cp")
        || medium.eq_ignore_ascii_case("ppc")
        || medium.eq_ignore_ascii_case("retargeting")
        || starts_with(medium, "paid")
}

/// Whether a campaign is for a shop: `^(.*(([^a-df-z]|^)shop|shopping).*)$`. The `e` of `eshop` is let through on purpose, and
/// with it `coffeeshop`.
fn sells(campaign: &str) -> bool {
    let bytes = campaign.as_bytes();
    contains(campaign, "shopping")
        || bytes.windows(4).enumerate().any(|(place, word)| {
            let before = place.checked_sub(1).and_then(|place| bytes.get(place));
            word.eq_ignore_ascii_case(b"shop")
                && before.is_none_or(|byte| {
                    !byte.is_ascii_alphabetic() || byte.eq_ignore_ascii_case(&b'e')
                })
        })
}

/// Whether text holds a word, which is in lower case.
fn contains(text: &str, word: &str) -> bool {
    let mut windows = text.as_bytes().windows(word.len());
    windows.any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

fn starts_with(text: &str, word: &str) -> bool {
    let start = text.as_bytes().get(..word.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

fn ends_with(text: &str, word: &str) -> bool {
    let start = text.len().checked_sub(word.len());
    let end = start.and_then(|start| text.as_bytes().get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}

/// What a click id says of the visit: source and medium.
///
/// Google's and Microsoft's ids come from ads alone, and so do those of TikTok, X, LinkedIn, Reddit and Snapchat. `fbclid` and
/// `epik` stand in unpaid links as well, so they name the source and no price. `google / cpc` is what Google Analytics shows;
/// for the others the media are ours, chosen so that the rules find them.
fn of_click_id(name: &str) -> (&'static str, &'static str) {
    match name {
        "gclid" | "gbraid" | "wbraid" => ("google", "cpc"),
        "dclid" => ("dv360", "display"),
        "msclkid" => ("bing", "cpc"),
        "ttclid" => ("tiktok", "paid_social"),
        "twclid" => ("twitter", "paid_social"),
        "li_fat_id" => ("linkedin", "paid_social"),
        "rdt_cid" => ("reddit", "paid_social"),
        "ScCid" => ("snapchat", "paid_social"),
        "epik" => ("pinterest", "referral"),
        "fbclid" => ("facebook", "referral"),
        _ => (NOT_SET, NOT_SET),
    }
}

const NOT_SET: &str = "(not set)";

/// Where a visit came from, by the address it landed on and the page before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic<'a> {
    /// Who sent the visitor: `google`, `news.example`, `(direct)`.
    pub source: Text<'a>,
    /// By what means: `cpc`, `organic`, `referral`, `(none)`.
    pub medium: Text<'a>,
    /// The campaign: `(not set)`, `(referral)`, `(organic)` or `(direct)` when none is named.
    pub campaign: Text<'a>,
    /// The parameter of the click id that was found, of several the one that says most.
    pub click_id: Option<&'static str>,
    /// Whether the visitor came from the site itself. Then the visit goes on and nobody sent it; campaign parameters on
    /// links within a site overwrite the source all the same, as they do in Google Analytics, and are better taken off.
    pub internal: bool,
}

impl<'a> Traffic<'a> {
    /// Reads an address and the page before it.
    ///
    /// In this order: a click id of Google Ads, whose automatic tags go before written ones; campaign parameters; another
    /// click id; the referrer; nothing. Domains in `own` are the site's, with everything below them, and so is a
    /// referrer that is the landing host or above or below it. Pages of payment providers, whose return is no new visit, go
    /// into `own` too. So does a referrer when the address carries Google's cross-domain parameter `_gl`.
    ///
    /// ```
    /// use edgetally_core::web::{Channel, Traffic};
    ///
    /// let traffic = Traffic::read("https://shop.example/?fbclid=aB", None, &[]);
    /// assert_eq!((&*traffic.source, &*traffic.medium), ("facebook", "referral"));
    /// assert_eq!(traffic.channel(), Channel::OrganicSocial); // no proof of an ad
    ///
    /// let traffic = Traffic::read("https://shop.example/", Some("https://www.google.co.uk/"), &[]);
    /// assert_eq!(traffic.channel(), Channel::OrganicSearch);
    ///
    /// let traffic = Traffic::read("https://shop.example/done", Some("https://pay.example/3"), &["pay.example"]);
    /// assert!(traffic.internal);
    /// ```
    pub fn read(url: &'a str, referrer: Option<&'a str>, own: &[&str]) -> Self {
        let mut utm = Utm::default();
        let mut click_id = None;
        let mut linked = false;
        for (name, value) in form_urlencoded::parse(query(url).as_bytes()) {
            if let Some(id) = known_click_id(&name).filter(|_| plausible_click_id(&value)) {
                let weight = |id| {
                    let (_, medium) = of_click_id(id);
                    (u8::from(is_google_ads(id)), u8::from(medium != "referral"))
                };
                if click_id.is_none_or(|old| weight(id) > weight(old)) {
                    click_id = Some(id);
                }
            } else if name == "_gl" {
                linked |= !value.is_empty();
            } else {
                utm.take(&name, Text(value));
            }
        }
        let from = referrer.and_then(host);
        let internal =
            from.is_some_and(|from| linked || is_own(from, own) || related(from, host(url)));

        let (source, medium, campaign) = if let Some(id) = click_id.filter(|id| is_google_ads(id)) {
            let (source, medium) = of_click_id(id);
            (source.into(), medium.into(), NOT_SET)
        } else if utm.source.is_some() || utm.medium.is_some() {
            let (source, medium) = click_id.map_or((NOT_SET, NOT_SET), of_click_id);
            let source = utm.source.unwrap_or_else(|| source.into());
            (source, utm.medium.unwrap_or_else(|| medium.into()), NOT_SET)
        } else if let Some(id) = click_id {
            let (source, medium) = of_click_id(id);
            (source.into(), medium.into(), NOT_SET)
        } else if let Some(from) = from.filter(|_| !internal) {
            of_referrer(from)
        } else {
            ("(direct)".into(), "(none)".into(), "(direct)")
        };
        Self {
            source,
            medium,
            campaign: utm.campaign.unwrap_or_else(|| campaign.into()),
            click_id,
            internal,
        }
    }

    /// The channel, with [`source_category`] for the source.
    pub fn channel(&self) -> Channel {
        channel_group(
            &self.source,
            &self.medium,
            &self.campaign,
            source_category(&self.source),
        )
    }
}

fn is_google_ads(id: &str) -> bool {
    matches!(id, "gclid" | "gbraid" | "wbraid")
}

/// The host of an address of any scheme, without credentials and port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => host.split(':').next()?,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    (!host.is_empty()).then_some(host)
}

/// Whether a host is a domain or lies below it.
fn lies_in(host: &str, domain: &str) -> bool {
    ends_with(host, domain)
        && !domain.is_empty()
        && (host.len() == domain.len()
            || host.as_bytes().get(host.len() - domain.len() - 1) == Some(&b'.'))
}

fn is_own(host: &str, own: &[&str]) -> bool {
    own.iter().any(|domain| lies_in(host, domain))
}

/// Whether two hosts are one site without a doubt: the same, or one below the other.
fn related(from: &str, to: Option<&str>) -> bool {
    let bare = |host: &'_ str| -> usize { if starts_with(host, "www.") { 4 } else { 0 } };
    let Some(to) = to else { return false };
    let (from, to) = (
        from.get(bare(from)..).unwrap_or(from),
        to.get(bare(to)..).unwrap_or(to),
    );
    // A host without a dot is a top-level domain or a machine's name, and everything lies below the former.
    from.eq_ignore_ascii_case(to)
        || (to.contains('.') && lies_in(from, to))
        || (from.contains('.') && lies_in(to, from))
}

/// Source, medium and campaign of a visit that some page sent.
fn of_referrer(host: &str) -> (Text<'_>, Text<'_>, &'static str) {
    if let Some(engine) = engine(host) {
        return (engine.into(), "organic".into(), "(organic)");
    }
    let shown = if starts_with(host, "www.") {
        host.get(4..).unwrap_or(host)
    } else {
        host
    };
    let source = if shown.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Text::from(shown.to_ascii_lowercase())
    } else {
        Text::from(shown)
    };
    if ASSISTANTS
        .iter()
        .any(|name| name.eq_ignore_ascii_case(shown))
    {
        return (source, "ai-assistant".into(), "(ai-assistant)");
    }
    (source, "referral".into(), "(referral)")
}

/// The assistants that Google names for its channel; others are told differently by different reports.
const ASSISTANTS: &[&str] = &[
    "chatgpt.com",
    "chat.openai.com",
    "claude.ai",
    "gemini.google.com",
];

/// Search engines that keep their name under many endings.
const ENGINES: &[&str] = &[
    "google",
    "bing",
    "yahoo",
    "duckduckgo",
    "ecosia",
    "baidu",
    "yandex",
    "naver",
    "seznam",
    "qwant",
    "startpage",
];

/// The search engine behind a host: `www.google.co.uk` and `de.search.yahoo.com`, but not `mail.google.com` and not
/// `google.shop.example`.
fn engine(host: &str) -> Option<&'static str> {
    let mut labels = host.split('.');
    // Before the name a country, `www`, `m` or `search`.
    let name = labels.find(|label| label.len() > 3 && !label.eq_ignore_ascii_case("search"))?;
    let engine = ENGINES
        .iter()
        .find(|engine| engine.eq_ignore_ascii_case(name))?;
    // Behind it an ending of one or two short parts.
    let mut parts = 0;
    for label in labels {
        parts += 1;
        if label.len() > 3 || label.is_empty() {
            return None;
        }
    }
    (parts == 1 || parts == 2).then_some(*engine)
}

/// By name, in lower case and in order.
const SOURCES: &[(&str, SourceCategory)] = &{
    use SourceCategory as C;
    [
        ("360.cn", C::Search),
        ("alibaba", C::Shopping),
        ("alibaba.com", C::Shopping),
        ("aliexpress", C::Shopping),
        ("aliexpress.com", C::Shopping),
        ("amazon", C::Shopping),
        ("amazon.co.uk", C::Shopping),
        ("amazon.com", C::Shopping),
        ("amazon.de", C::Shopping),
        ("amazon.fr", C::Shopping),
        ("aol", C::Search),
        ("apps.shopify.com", C::Shopping),
        ("ask", C::Search),
        ("ask.com", C::Search),
        ("baidu", C::Search),
        ("baidu.com", C::Search),
        ("behance.net", C::Social),
        ("bilibili", C::Video),
        ("bilibili.com", C::Video),
        ("bing", C::Search),
        ("bing.com", C::Search),
        ("blogspot.com", C::Social),
        ("checkout.shopify.com", C::Shopping),
        ("checkout.stripe.com", C::Shopping),
        ("cn.bing.com", C::Search),
        ("coccoc.com", C::Search),
        ("curiositystream.com", C::Video),
        ("dailymotion", C::Video),
        ("dailymotion.com", C::Video),
        ("daum", C::Search),
        ("daum.net", C::Search),
        ("de.search.yahoo.com", C::Search),
        ("deviantart.com", C::Social),
        ("discord", C::Social),
        ("discord.com", C::Social),
        ("disneyplus", C::Video),
        ("disneyplus.com", C::Video),
        ("disqus.com", C::Social),
        ("dogpile", C::Search),
        ("duckduckgo", C::Search),
        ("duckduckgo.com", C::Search),
        ("ebay", C::Shopping),
        ("ebay.co.uk", C::Shopping),
        ("ebay.com", C::Shopping),
        ("ebay.com.au", C::Shopping),
        ("ebay.de", C::Shopping),
        ("ecosia", C::Search),
        ("ecosia.org", C::Search),
        ("email.seznam.cz", C::Search),
        ("etsy", C::Shopping),
        ("etsy.com", C::Shopping),
        ("excite.com", C::Search),
        ("facebook", C::Social),
        ("facebook.com", C::Social),
        ("fast.wistia.net", C::Video),
        ("fb", C::Social),
        ("fb.com", C::Social),
        ("fb.me", C::Social),
        ("flickr", C::Social),
        ("flickr.com", C::Social),
        ("foursquare.com", C::Social),
        ("fr.search.yahoo.com", C::Search),
        ("github.com", C::Social),
        ("go.mail.ru", C::Search),
        ("goodreads.com", C::Social),
        ("google", C::Search),
        ("google shopping", C::Shopping),
        ("google-play", C::Search),
        ("google.com", C::Search),
        ("hulu", C::Video),
        ("hulu.com", C::Video),
        ("ig", C::Social),
        ("igshopping", C::Shopping),
        ("instagram", C::Social),
        ("instagram.com", C::Social),
        ("iqiyi", C::Video),
        ("iqiyi.com", C::Video),
        ("l.facebook.com", C::Social),
        ("l.instagram.com", C::Social),
        ("l.messenger.com", C::Social),
        ("line.me", C::Social),
        ("linkedin", C::Social),
        ("linkedin.com", C::Social),
        ("livejournal.com", C::Social),
        ("lm.facebook.com", C::Social),
        ("lnkd.in", C::Social),
        ("lycos", C::Search),
        ("m.baidu.com", C::Search),
        ("m.facebook.com", C::Social),
        ("m.twitch.tv", C::Video),
        ("m.youtube.com", C::Video),
        ("medium.com", C::Social),
        ("meetup", C::Social),
        ("meetup.com", C::Social),
        ("mercadolibre", C::Shopping),
        ("mercadolibre.com", C::Shopping),
        ("mercadolivre", C::Shopping),
        ("mercadolivre.com.br", C::Shopping),
        ("messenger", C::Social),
        ("messenger.com", C::Social),
        ("mixi.jp", C::Social),
        ("mobile.twitter.com", C::Social),
        ("msn", C::Search),
        ("msn.com", C::Search),
        ("music.youtube.com", C::Video),
        ("myspace.com", C::Social),
        ("naver", C::Search),
        ("naver.com", C::Search),
        ("netflix", C::Video),
        ("netflix.com", C::Video),
        ("news.ycombinator.com", C::Social),
        ("nextdoor.com", C::Social),
        ("odnoklassniki.ru", C::Social),
        ("ok.ru", C::Social),
        ("old.reddit.com", C::Social),
        ("out.reddit.com", C::Social),
        ("pin.it", C::Social),
        ("pinterest", C::Social),
        ("pinterest.com", C::Social),
        ("player.vimeo.com", C::Video),
        ("quora", C::Social),
        ("quora.com", C::Social),
        ("qwant", C::Search),
        ("qwant.com", C::Search),
        ("qzone.qq.com", C::Social),
        ("r.search.yahoo.com", C::Search),
        ("rambler.ru", C::Search),
        ("ravelry.com", C::Social),
        ("reddit", C::Social),
        ("reddit.com", C::Social),
        ("scribd.com", C::Social),
        ("search.aol.com", C::Search),
        ("search.brave.com", C::Search),
        ("search.google.com", C::Search),
        ("search.naver.com", C::Search),
        ("search.seznam.cz", C::Search),
        ("search.yahoo.co.jp", C::Search),
        ("search.yahoo.com", C::Search),
        ("seznam", C::Search),
        ("seznam.cz", C::Search),
        ("shop.app", C::Shopping),
        ("shopify", C::Shopping),
        ("shopify.com", C::Shopping),
        ("shopping.google.com", C::Shopping),
        ("shopping.naver.com", C::Shopping),
        ("shopping.yahoo.co.jp", C::Shopping),
        ("shopping.yahoo.com", C::Shopping),
        ("shopzilla.com", C::Shopping),
        ("slideshare.net", C::Social),
        ("snapchat", C::Social),
        ("snapchat.com", C::Social),
        ("so.com", C::Search),
        ("sogou", C::Search),
        ("sogou.com", C::Search),
        ("stackexchange.com", C::Social),
        ("stackoverflow.com", C::Social),
        ("startpage.com", C::Search),
        ("stripe", C::Shopping),
        ("stripe.com", C::Shopping),
        ("substack.com", C::Social),
        ("t.co", C::Social),
        ("t.me", C::Social),
        ("ted", C::Video),
        ("ted.com", C::Video),
        ("telegram", C::Social),
        ("tiktok", C::Social),
        ("tiktok.com", C::Social),
        ("tripadvisor", C::Social),
        ("tripadvisor.com", C::Social),
        ("tumblr", C::Social),
        ("tumblr.com", C::Social),
        ("twitch", C::Video),
        ("twitch.tv", C::Video),
        ("twitter", C::Social),
        ("twitter.com", C::Social),
        ("uk.search.yahoo.com", C::Search),
        ("viadeo.com", C::Social),
        ("vimeo", C::Video),
        ("vimeo.com", C::Video),
        ("vk.com", C::Social),
        ("vkontakte", C::Social),
        ("wa.me", C::Social),
        ("walmart", C::Shopping),
        ("walmart.com", C::Shopping),
        ("wattpad.com", C::Social),
        ("web.facebook.com", C::Social),
        ("web.whatsapp.com", C::Social),
        ("wechat", C::Social),
        ("wechat.com", C::Social),
        ("weibo", C::Social),
        ("weibo.com", C::Social),
        ("whatsapp", C::Social),
        ("whatsapp.com", C::Social),
        ("wistia", C::Video),
        ("wistia.com", C::Video),
        ("wordpress.com", C::Social),
        ("xing", C::Social),
        ("xing.com", C::Social),
        ("yahoo", C::Search),
        ("yahoo.com", C::Search),
        ("yammer.com", C::Social),
        ("yandex", C::Search),
        ("yandex.com", C::Search),
        ("yandex.ru", C::Search),
        ("yelp", C::Social),
        ("yelp.com", C::Social),
        ("youku", C::Video),
        ("youku.com", C::Video),
        ("youtu.be", C::Video),
        ("youtube", C::Video),
        ("youtube.com", C::Video),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_in_order_and_in_lower_case() {
        assert!(SOURCES.is_sorted_by(|(a, _), (b, _)| a < b));
        for (name, category) in SOURCES {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert_eq!(source_category(&name.to_uppercase()), Some(*category));
        }
    }

    #[test]
    fn shops_are_found_as_the_pattern_finds_them() {
        for (campaign, shop) in [
            ("shopping", true),
            ("Shop", true),
            ("eshop", true),
            ("barbershop", false),
            ("my-shop", true),
            ("bishop", false),
            ("shoppable", true),
            ("photoshop", false),
            ("1shop", true),
            ("coffeeSHOP", true),
            ("bikeshop2026", true),
            ("photoshopping", true),
            ("caféshop", true),
            ("sho", false),
            ("", false),
        ] {
            assert_eq!(sells(campaign), shop, "{campaign}");
        }
    }

    #[test]
    fn engines_are_known_by_their_name_and_not_by_their_mail() {
        for (host, found) in [
            ("google.com", Some("google")),
            ("www.Google.co.uk", Some("google")),
            ("www.google.com.br", Some("google")),
            ("de.search.yahoo.com", Some("yahoo")),
            ("duckduckgo.com", Some("duckduckgo")),
            ("cn.bing.com", Some("bing")),
            ("mail.google.com", None),
            ("news.google.com", None),
            ("google.shop.example", None),
            ("google", None),
            ("google.", None),
            ("notgoogle.com", None),
            ("com.google.android.gm", None),
            ("", None),
        ] {
            assert_eq!(engine(host), found, "{host}");
        }
    }

    #[test]
    fn hosts_are_what_stands_between_scheme_and_path() {
        for (url, found) in [
            ("https://shop.example/x?y#z", Some("shop.example")),
            (" http://jo:pw@Shop.example:8080?x", Some("Shop.example")),
            (
                "android-app://com.google.android.gm/",
                Some("com.google.android.gm"),
            ),
            ("https://[2001:db8::1]:8443/", Some("2001:db8::1")),
            ("https://shop.example./", Some("shop.example")),
            ("https:///x", None),
            ("shop.example", None),
            ("", None),
        ] {
            assert_eq!(host(url), found, "{url}");
        }
    }
}

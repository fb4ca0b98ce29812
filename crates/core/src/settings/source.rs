//! A site or server that sends events, as configured.

use serde_json::{Map, Value};

use crate::base::fields::{Fields, Reader, is_binding_name, shown_key};
use crate::base::secret::Secret;
use crate::consent::{LegalBasis, Policy, Regime, Terms, is_opt_in};
use crate::identity::{Country2, Hints, Spellings};
use crate::settings::client::Client;
use crate::settings::configured::Configured;
use crate::settings::measurement_protocol::MeasurementProtocol;
use crate::settings::policy;
use crate::settings::sdk::Sdk;

/// Which events a page key may send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageEvents(Option<Vec<String>>);

impl PageEvents {
    /// Whether a page key may send an event of this name. Where nothing is set, all but `refund`: that is the shop's to say.
    pub fn allows(&self, name: &str) -> bool {
        match &self.0 {
            Some(names) => names.iter().any(|allowed| allowed == name),
            None => name != "refund",
        }
    }
}

/// A site or server that sends events.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Source {
    /// Its name in the settings, the ledger and the claims.
    pub name: String,
    /// The write key of its pages.
    pub key: Option<String>,
    /// The origins its pages may have.
    pub origins: Vec<String>,
    /// The secret of its servers.
    pub secret: Option<Secret>,
    /// Which events its pages may send.
    pub page_events: PageEvents,
    /// What the shop's server signs the orders with that its pages report.
    pub event_token: Option<Secret>,
    /// Whether an order that a page reports needs that signature. Never without an `event_token`.
    pub event_token_required: bool,
    /// The rate limiting binding that its pages are counted by.
    pub rate_limit: Option<String>,
    /// What silence about consent means.
    pub consent: Policy,
    /// The version of what its events' consent is decided by.
    pub policy: String,
    /// Whether a yes in Google's `gcd` counts as one.
    pub gcd_answers: bool,
    /// The legal bases that stand for an answer where nobody gave one.
    pub legal_bases: Vec<LegalBasis>,
    /// What completes a national telephone number.
    pub hints: Hints,
    /// The domain that its pages set cookies on.
    pub cookie_domain: Option<String>,
    /// Whether all its events go to the platforms' test modes.
    pub test: bool,
    /// Whether its answers say exactly what is a duplicate, with `dedup = "exact"`: one round trip more.
    pub exact_answer: bool,
    /// Where its events go: places in [`Settings::destinations`](super::Settings::destinations).
    pub destinations: Vec<usize>,
    /// The union of the spellings that its destinations need.
    pub spellings: Spellings,
    /// What its pages load, where it has pages.
    pub client: Option<Client>,
    /// What its servers show that send in GA4's Measurement Protocol.
    pub measurement_protocol: Option<MeasurementProtocol>,
    /// What it says of SDKs.
    pub sdk: Sdk,
}

impl Source {
    /// What its policy makes of the signals of a visitor in these countries, as far as they are known; of two the stricter
    /// law holds.
    pub fn terms(&self, countries: [Option<&str>; 2]) -> Terms<'_> {
        Terms {
            regime: self.consent.strictest(countries),
            gdpr: countries.into_iter().flatten().any(is_opt_in),
            gcd_answers: self.gcd_answers,
            legal_bases: &self.legal_bases,
        }
    }
}

pub(super) fn open_source(
    name: String,
    value: Value,
    path: &str,
    declared: &Map<String, Value>,
    configured: &[Configured],
    reader: &mut Reader<'_>,
) -> Option<Source> {
    let mut fields = Fields::new(value, path, reader)?;
    check_opened(&mut fields, path);
    let key = fields.text("key");
    if key
        .as_ref()
        .is_some_and(|key| key.len() < 16 || !key.is_ascii() || key.contains(char::is_whitespace))
    {
        fields.fault(
            "key",
            "must have at least 16 ASCII characters and no spaces",
        );
    }
    let origins = fields.list("origins");
    if key.is_some() && origins.is_empty() {
        fields.fault(
            "origins",
            "a key needs the origins of the pages that may use it",
        );
    }
    check_origins(&mut fields, &origins);
    let consent = consent(&mut fields);
    let gcd_answers = fields.word("gcd", &["denials", "answers"]) == "answers";
    let legal_bases = legal_bases(&mut fields);
    let default_country = default_country(&mut fields);
    let secret = secret(&mut fields, path);
    for about_pages in ["page_events", "event_token", "rate_limit", "client"] {
        if key.is_none() && fields.has(about_pages) {
            fields.fault(
                about_pages,
                "is about pages, and there is no `key` for them",
            );
        }
    }
    let page_events = page_events(&mut fields);
    let (event_token, event_token_required) = event_token(&mut fields, path);
    let rate_limit = rate_limit(&mut fields);
    let cookie_domain = fields.text("cookie_domain");
    let test = fields.flag("test", false);
    let exact_answer = fields.word("dedup_answer", &["known", "exact"]) == "exact";
    let Wired {
        destinations,
        spellings,
        platforms,
    } = wired(&mut fields, declared, configured);
    let client = client(&mut fields, key.is_some(), &platforms);
    let measurement_protocol = measurement_protocol(&mut fields);
    let sdk = fields.take("sdk");
    let sdk = Sdk::read(sdk, &fields.at("sdk"), key.is_some(), fields.reader);
    fields.end();
    Some(Source {
        name,
        policy: policy::version(
            &consent,
            gcd_answers,
            &legal_bases,
            &destinations,
            configured,
        ),
        key,
        origins,
        secret,
        page_events,
        event_token,
        event_token_required,
        rate_limit,
        consent,
        gcd_answers,
        legal_bases,
        hints: Hints { default_country },
        cookie_domain,
        test,
        exact_answer,
        destinations,
        spellings,
        client,
        measurement_protocol,
        sdk,
    })
}

/// Whether anybody can send for it.
fn check_opened(fields: &mut Fields<'_, '_>, path: &str) {
    let opened_by = ["key", "secret", "measurement_protocol"];
    if !opened_by.iter().any(|key| fields.has(key)) {
        fields.reader.fault(
            path,
            "needs a `key` for pages, a `secret` for servers, or both",
        );
    }
}

/// What its servers show.
fn secret(fields: &mut Fields<'_, '_>, path: &str) -> Option<Secret> {
    let secret = fields
        .text("secret")
        .and_then(|name| fields.reader.secret(&format!("{path}.secret"), &name));
    if secret
        .as_ref()
        .is_some_and(|secret| secret.expose().len() < 16)
    {
        fields.fault("secret", "the secret must have at least 16 characters");
    }
    secret
}

/// What its servers show that send in GA4's Measurement Protocol.
fn measurement_protocol(fields: &mut Fields<'_, '_>) -> Option<MeasurementProtocol> {
    let value = fields.take("measurement_protocol")?;
    let path = fields.at("measurement_protocol");
    MeasurementProtocol::read(value, &path, fields.reader)
}

/// What the pages load.
fn client(fields: &mut Fields<'_, '_>, pages: bool, platforms: &[String]) -> Option<Client> {
    let value = fields.take("client");
    let path = fields.at("client");
    pages
        .then(|| Client::read(value, &path, platforms, fields.reader))
        .flatten()
}

/// The binding that pages are counted by.
fn rate_limit(fields: &mut Fields<'_, '_>) -> Option<String> {
    let name = fields.text("rate_limit");
    if name.as_ref().is_some_and(|name| !is_binding_name(name)) {
        fields.fault(
            "rate_limit",
            "is the name of a rate limiting binding: upper-case letters, digits and _",
        );
    }
    name
}

/// The legal bases that the operator accepts in the place of an answer.
fn legal_bases(fields: &mut Fields<'_, '_>) -> Vec<LegalBasis> {
    let mut known = Vec::new();
    for (index, name) in fields.list("legal_basis").iter().enumerate() {
        match LegalBasis::parse(name) {
            // Whoever relies on consent has it, or has not: it is what the other signals say.
            None | Some(LegalBasis::Consent) => fields.fault(
                &format!("legal_basis[{index}]"),
                "must be one of contract, legal_obligation, vital_interests, public_task, legitimate_interests",
            ),
            Some(basis) => known.push(basis),
        }
    }
    known
}

fn default_country(fields: &mut Fields<'_, '_>) -> Option<Country2> {
    let country = fields.text("default_country");
    let known = country.as_deref().and_then(Country2::parse);
    if country.is_some() && known.is_none() {
        fields.fault("default_country", "must be a two-letter ISO 3166-1 code");
    }
    known
}

fn check_origins(fields: &mut Fields<'_, '_>, origins: &[String]) {
    for (index, origin) in origins.iter().enumerate() {
        let authority = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        let plain = authority.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.contains(['/', '?', '#', '@', '*', ' '])
                && *rest == rest.to_ascii_lowercase()
        });
        if !plain {
            fields.fault(
                &format!("origins[{index}]"),
                "must be an origin as browsers send it: scheme and host in lower case, no path, no wildcard",
            );
        }
    }
}

/// Where the events go.
#[derive(Default)]
struct Wired {
    /// Places in the settings.
    destinations: Vec<usize>,
    /// The spellings that are needed for it.
    spellings: Spellings,
    /// The platforms, those among them whose settings are at fault.
    platforms: Vec<String>,
}

fn wired(
    fields: &mut Fields<'_, '_>,
    declared: &Map<String, Value>,
    configured: &[Configured],
) -> Wired {
    let mut wired = Wired::default();
    for (index, wanted) in fields.list("destinations").iter().enumerate() {
        if let Some(table) = declared.get(wanted) {
            let platform = table.get("platform").and_then(Value::as_str);
            let platform = platform.unwrap_or(wanted);
            wired.platforms.push(platform.to_owned());
        }
        match configured
            .iter()
            .position(|configured| configured.name == *wanted)
        {
            Some(place) if wired.destinations.contains(&place) => {
                fields.fault(&format!("destinations[{index}]"), "is named twice");
            }
            Some(place) => {
                wired.destinations.push(place);
                if let Some(configured) = configured.get(place) {
                    let needed = configured.destination.spellings();
                    wired.spellings = wired.spellings.union(needed);
                }
            }
            // One that is declared and did not open has said so itself.
            None if declared.contains_key(wanted) => {}
            None => {
                fields.fault(
                    &format!("destinations[{index}]"),
                    &format!("there is no destination `{}`", shown_key(wanted)),
                );
            }
        }
    }
    wired
}

/// What signed orders are checked with, and whether they have to be signed.
fn event_token(fields: &mut Fields<'_, '_>, path: &str) -> (Option<Secret>, bool) {
    let event_token = fields
        .text("event_token")
        .and_then(|name| fields.reader.secret(&format!("{path}.event_token"), &name));
    if event_token
        .as_ref()
        .is_some_and(|secret| secret.expose().len() < 32)
    {
        // Signatures are public, so a short secret can be guessed at leisure.
        fields.fault(
            "event_token",
            "the secret must have at least 32 characters: openssl rand -hex 32",
        );
    }
    if fields.has("event_token_required") && event_token.is_none() {
        fields.fault("event_token_required", "needs an `event_token`");
    }
    let required = fields.flag("event_token_required", true) && event_token.is_some();
    (event_token, required)
}

fn page_events(fields: &mut Fields<'_, '_>) -> PageEvents {
    if !fields.asked("page_events") {
        return PageEvents(None);
    }
    let names = fields.list("page_events");
    if names.is_empty() {
        fields.fault(
            "page_events",
            "names no event, so pages could send none; without it they may send all but refund",
        );
    }
    for (index, name) in names.iter().enumerate() {
        if !crate::event::is_name(name) {
            fields.fault(
                &format!("page_events[{index}]"),
                "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _",
            );
        }
    }
    PageEvents(Some(names))
}

/// What silence about consent means to a source.
fn consent(fields: &mut Fields<'_, '_>) -> Policy {
    let word = fields.word("consent", &["required", "implied", "by_region"]);
    for key in ["consent_elsewhere", "markets"] {
        if word != "by_region" && fields.has(key) {
            fields.fault(key, "is for consent = \"by_region\" only");
        }
    }
    let elsewhere = match fields.word("consent_elsewhere", &["required", "implied"]) {
        "implied" => Regime::OptOut,
        _ => Regime::OptIn,
    };
    let markets = fields.list("markets");
    for (index, country) in markets.iter().enumerate() {
        if Country2::parse(country).is_none_or(|known| known.as_str() != country) {
            fields.fault(
                &format!("markets[{index}]"),
                "must be a two-letter ISO 3166-1 code in capitals",
            );
        }
    }
    match word {
        "implied" => Policy::Implied,
        "by_region" => Policy::by_region(elsewhere, &markets),
        _ => Policy::Required,
    }
}

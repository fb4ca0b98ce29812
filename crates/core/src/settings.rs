//! The deployment's settings, from JSON to types. The same check runs at the edge and, as `make check`, before a deploy.
//!
//! ```
//! use edgetally_core::settings::Settings;
//!
//! let json = r#"{
//!   "sources": {"shop": {"key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "destinations": ["meta"]}},
//!   "destinations": {"meta": {"dataset_id": "1234567890123456"}}
//! }"#;
//! let secret = |name: &str| match name {
//!     "META_ACCESS_TOKEN" => Some("EAAB".to_owned()),
//!     "EDGETALLY_KEY" => Some("0123456789abcdef0123456789abcdef".to_owned()),
//!     _ => None,
//! };
//! assert!(Settings::load(json, &secret).is_ok());
//!
//! let faults = Settings::load(&json.replace("\"dataset_id\"", "\"dataset\""), &secret).unwrap_err();
//! assert_eq!(faults[0].path, "destinations.meta.dataset_id");
//! assert_eq!(faults[1].path, "destinations.meta.dataset");
//! ```

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::consent::Policy;
use crate::dedup::Claims;
use crate::destinations::{self, Destination, EventNames};
use crate::identity::{Hints, Spellings};
use crate::outcome::Schedule;
use crate::table::Table;
use crate::time::DAY_MS;

/// What is wrong with the settings, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{path}: {message}")]
pub struct Fault {
    /// Path in the settings, such as `sources.shop.origins[0]`.
    pub path: String,
    /// The rule that was broken. Never a secret.
    pub message: String,
}

/// A secret; shows nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the request or the signature that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A site or server that sends events.
#[derive(Debug)]
pub struct Source {
    /// Its name in the settings, the ledger and the claims.
    pub name: String,
    /// The write key of its pages.
    pub key: Option<String>,
    /// The origins its pages may have.
    pub origins: Vec<String>,
    /// The secret of its servers.
    pub secret: Option<Secret>,
    /// What silence about consent means.
    pub consent: Policy,
    /// What completes a national telephone number.
    pub hints: Hints,
    /// The domain that its pages set cookies on.
    pub cookie_domain: Option<String>,
    /// Whether all its events go to the platforms' test modes.
    pub test: bool,
    /// Where its events go: places in [`Settings::destinations`].
    pub destinations: Vec<usize>,
    /// The union of the spellings that its destinations need.
    pub spellings: Spellings,
}

/// A destination as configured.
#[derive(Debug)]
pub struct Configured {
    /// Its name in the settings, the ledger and the answers.
    pub name: String,
    /// The platform, ready to encode.
    pub destination: Box<dyn Destination>,
}

/// Everything a deployment is told.
#[derive(Debug)]
pub struct Settings {
    /// The sources, by name.
    pub sources: Vec<Source>,
    /// The destinations, by name.
    pub destinations: Vec<Configured>,
    /// In development: where platform requests go instead. Loopback only.
    pub twin: Option<String>,
    /// How long an event id is remembered, in milliseconds.
    pub window_ms: i64,
    /// When to try again.
    pub schedule: Schedule,
    /// How long to wait for a platform's answer, in milliseconds.
    pub timeout_ms: u32,
    /// How long a destination pauses after its credential was refused, in seconds.
    pub pause_seconds: u32,
    /// Makes claim keys.
    pub claims: Claims,
    /// What the admin routes ask for; without one they are closed.
    pub admin_token: Option<Secret>,
}

/// The shape of the JSON, before any rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft<'a> {
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    twin: Option<String>,
    #[serde(default)]
    dedup: Option<String>,
    #[serde(default)]
    dedup_window_days: Option<u16>,
    #[serde(default)]
    delivery: DeliveryDraft,
    #[serde(default, borrow)]
    sources: Table<String, &'a RawValue>,
    #[serde(default, borrow)]
    destinations: Table<String, &'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct DeliveryDraft {
    retry_base_seconds: Option<u32>,
    retry_max_seconds: Option<u32>,
    max_attempts: Option<u32>,
    timeout_ms: Option<u32>,
    pause_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceDraft {
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    consent: Option<String>,
    #[serde(default)]
    default_country: Option<String>,
    #[serde(default)]
    cookie_domain: Option<String>,
    #[serde(default)]
    test: bool,
    #[serde(default)]
    destinations: Vec<String>,
}

/// Collects faults and hands out secrets while settings are read.
pub struct Reader<'s> {
    faults: Vec<Fault>,
    secret: &'s dyn Fn(&str) -> Option<String>,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    /// Notes a fault.
    pub fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.faults.push(Fault {
            path: path.into(),
            message: message.into(),
        });
    }

    /// The secret of that name; its absence is a fault.
    pub fn secret(&mut self, path: &str, name: &str) -> Option<Secret> {
        let valid = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !valid {
            self.fault(path, "is the NAME of a secret: upper-case letters, digits and _; the secret itself is put with `wrangler secret put`");
            return None;
        }
        match (self.secret)(name).filter(|secret| !secret.trim().is_empty()) {
            Some(secret) => Some(Secret(secret.trim().to_owned())),
            None => {
                self.fault(
                    path,
                    format!("the secret {name} is not set: wrangler secret put {name}"),
                );
                None
            }
        }
    }
}

/// Reads a JSON value into a type and tells unknown keys and wrong types by path.
pub(crate) fn parse<'de, T: Deserialize<'de>>(
    reader: &mut Reader<'_>,
    path: &str,
    text: &'de str,
) -> Option<T> {
    match serde_json::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            // Settings are the operator's own and hold no visitor, so here the reader's own words may be shown.
            let words = error.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            let key = words
                .strip_prefix("unknown field `")
                .or_else(|| words.strip_prefix("missing field `"))
                .and_then(|rest| rest.split('`').next());
            let path = match key {
                Some(key) if path.is_empty() => key.to_owned(),
                Some(key) => format!("{path}.{key}"),
                None => path.to_owned(),
            };
            reader.fault(path, words);
            None
        }
    }
}

/// The settings of one destination, taken key by key; what is left over at the end is told as unknown.
///
/// By hand and not by a derived reader, which would be several kilobytes of wasm for each platform.
#[derive(Debug)]
pub struct Fields<'f, 's> {
    map: serde_json::Map<String, Value>,
    path: String,
    reader: &'f mut Reader<'s>,
    known: Vec<&'static str>,
}

impl<'f, 's> Fields<'f, 's> {
    fn new(map: serde_json::Map<String, Value>, path: &str, reader: &'f mut Reader<'s>) -> Self {
        Self {
            map,
            path: path.to_owned(),
            reader,
            known: Vec::new(),
        }
    }

    /// Notes a fault of a key, or of a key inside one.
    pub fn fault(&mut self, key: &str, message: &str) {
        let path = format!("{}.{key}", self.path);
        self.reader.fault(path, message);
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.map.remove(key)
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// A string.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(key, "must be a string");
                None
            }
        }
    }

    /// A string that has to be there.
    pub fn required(&mut self, key: &'static str) -> Option<String> {
        if !self.has(key) {
            self.known.push(key);
            self.fault(key, &format!("missing field `{key}`"));
            return None;
        }
        self.text(key)
    }

    /// A string of digits that has to be there.
    pub fn digits(&mut self, key: &'static str) -> Option<String> {
        let text = self.required(key)?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.fault(key, "must be digits, as a string");
        }
        Some(text)
    }

    /// One of several words; the first is the default.
    pub fn word(&mut self, key: &'static str, words: &[&'static str]) -> &'static str {
        let default = words.first().copied().unwrap_or_default();
        let Some(text) = self.text(key) else {
            return default;
        };
        match words.iter().find(|word| **word == text) {
            Some(word) => word,
            None => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                self.fault(key, &format!("must be {}", words.join(" or ")));
                default
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        match self.take(key) {
            None => default,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.fault(key, "must be true or false");
                default
            }
        }
    }

    /// A whole number within limits.
    pub fn whole(&mut self, key: &'static str, default: u32, limits: (u32, u32)) -> u32 {
        let Some(value) = self.take(key) else {
            return default;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| (limits.0..=limits.1).contains(number)) {
            Some(number) => number,
            None => {
                self.fault(key, &format!("must be from {} to {}", limits.0, limits.1));
                default
            }
        }
    }

    /// Texts by name.
    pub fn texts(&mut self, key: &'static str) -> Table<String, String> {
        let mut texts = Table::new();
        match self.take(key) {
            None => {}
            Some(Value::Object(map)) => {
                for (name, value) in map {
                    if let Value::String(text) = value {
                        texts.insert(name, text);
                    } else {
                        self.fault(&format!("{key}.{name}"), "must be a string");
                    }
                }
            }
            Some(_) => self.fault(key, "must be a table"),
        }
        texts
    }

    /// The event map `events`: canonical name to the platform's, or `false` to leave the event out.
    pub fn events(&mut self) -> EventNames {
        let mut names = EventNames::default();
        match self.take("events") {
            None => {}
            Some(Value::Object(map)) => {
                for (name, value) in map {
                    match value {
                        Value::String(to) => names.set(name, Some(to)),
                        Value::Bool(false) => names.set(name, None),
                        // `true` is what the platform's own table says.
                        Value::Bool(true) => {}
                        _ => self.fault(&format!("events.{name}"), "must be a name or false"),
                    }
                }
            }
            Some(_) => self.fault("events", "must be a table"),
        }
        names
    }

    /// A secret: the key may give its name, else it is the default.
    pub fn secret(&mut self, key: &'static str, default: &str) -> Option<Secret> {
        let name = self.text(key);
        let path = format!("{}.{key}", self.path);
        self.reader
            .secret(&path, name.as_deref().unwrap_or(default))
    }

    /// Tells what nobody asked for.
    fn end(self) {
        for key in self.map.keys() {
            let known: Vec<String> = self.known.iter().map(|key| format!("`{key}`")).collect();
            self.reader.fault(
                format!("{}.{key}", self.path),
                format!(
                    "unknown field `{key}`, expected one of {}",
                    known.join(", ")
                ),
            );
        }
    }
}

/// The parameters of an address' query, percent-decoded.
pub fn parameters(
    query: &str,
) -> impl Iterator<Item = (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

fn name_is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        })
}

/// Whether an address is on this very machine.
fn loopback(url: &str) -> bool {
    let Some(rest) = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
    else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // What stands before an `@` is a name, however much it looks like a host.
    if authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

impl Settings {
    /// The shortest `EDGETALLY_KEY`, in characters.
    const SHORTEST_KEY: usize = 32;

    /// Reads the settings. `secret` gives the secret of a name, or nothing.
    ///
    /// # Errors
    /// Every fault that was found, in the order of the settings.
    pub fn load(json: &str, secret: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader {
            faults: Vec::new(),
            secret,
        };
        match Self::read(json, &mut reader) {
            Some(settings) if reader.faults.is_empty() => Ok(settings),
            _ => Err(reader.faults),
        }
    }

    fn read(json: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let draft: Draft<'_> = parse(reader, "", json)?;
        let development = match draft.environment.as_deref() {
            None | Some("production") => false,
            Some("development") => true,
            Some(_) => {
                reader.fault("environment", "must be `production` or `development`");
                false
            }
        };
        let twin = draft.twin.map(|twin| twin.trim_end_matches('/').to_owned());
        if let Some(twin) = &twin {
            if !development {
                reader.fault("twin", "is for environment = \"development\" only");
            }
            if !loopback(twin) {
                reader.fault(
                    "twin",
                    "must be a loopback address such as http://127.0.0.1:8799",
                );
            }
        }
        if draft.dedup.as_deref().is_some_and(|dedup| dedup != "kv") {
            reader.fault("dedup", "must be \"kv\"");
        }
        let days = draft.dedup_window_days.unwrap_or(7);
        if !(1..=90).contains(&days) {
            reader.fault("dedup_window_days", "must be from 1 to 90");
        }
        let schedule = Schedule::default();
        let schedule = Schedule {
            base_seconds: draft
                .delivery
                .retry_base_seconds
                .unwrap_or(schedule.base_seconds),
            max_seconds: draft
                .delivery
                .retry_max_seconds
                .unwrap_or(schedule.max_seconds),
            max_attempts: draft.delivery.max_attempts.unwrap_or(schedule.max_attempts),
        };
        if schedule.base_seconds == 0 || schedule.max_seconds < schedule.base_seconds {
            reader.fault(
                "delivery.retry_base_seconds",
                "must be at least 1 and at most retry_max_seconds",
            );
        }
        if !(1..=100).contains(&schedule.max_attempts) {
            reader.fault("delivery.max_attempts", "must be from 1 to 100");
        }
        let timeout_ms = draft.delivery.timeout_ms.unwrap_or(5000);
        if !(100..=30_000).contains(&timeout_ms) {
            reader.fault("delivery.timeout_ms", "must be from 100 to 30000");
        }
        let pause_seconds = draft.delivery.pause_seconds.unwrap_or(60);
        if !(1..=3600).contains(&pause_seconds) {
            reader.fault("delivery.pause_seconds", "must be from 1 to 3600");
        }

        let mut configured = Vec::new();
        for (name, raw) in draft.destinations.iter() {
            let path = format!("destinations.{name}");
            if !name_is_plain(name) {
                reader.fault(
                    &path,
                    "a name is a lower-case letter followed by at most 39 of a-z, 0-9, _ and -",
                );
            }
            if let Some(destination) = open_destination(name, raw, &path, reader) {
                configured.push(Configured {
                    name: name.clone(),
                    destination,
                });
            }
        }
        let mut sources = Vec::new();
        for (name, raw) in draft.sources.iter() {
            let path = format!("sources.{name}");
            if !name_is_plain(name) {
                reader.fault(
                    &path,
                    "a name is a lower-case letter followed by at most 39 of a-z, 0-9, _ and -",
                );
            }
            if let Some(source) = open_source(
                name,
                raw.get(),
                &path,
                &draft.destinations,
                &configured,
                reader,
            ) {
                sources.push(source);
            }
        }
        if sources.is_empty() && draft.sources.is_empty() {
            reader.fault("sources", "there is no source, so nobody may send");
        }
        for (index, source) in sources.iter().enumerate() {
            let rest = sources.get(index + 1..).unwrap_or_default();
            if source.key.is_some() && rest.iter().any(|other| other.key == source.key) {
                reader.fault(
                    format!("sources.{}.key", source.name),
                    "another source has the same key",
                );
            }
            if source.secret.is_some() && rest.iter().any(|other| other.secret == source.secret) {
                reader.fault(
                    format!("sources.{}.secret", source.name),
                    "another source has the same secret",
                );
            }
        }
        let claims = match reader.secret("EDGETALLY_KEY", "EDGETALLY_KEY") {
            Some(key) if key.expose().len() < Self::SHORTEST_KEY => {
                reader.fault(
                    "EDGETALLY_KEY",
                    "must have at least 32 characters: openssl rand -hex 32",
                );
                Claims::new(b"")
            }
            Some(key) => Claims::new(key.expose().as_bytes()),
            None => Claims::new(b""),
        };
        let admin_token = (reader.secret)("EDGETALLY_ADMIN_TOKEN")
            .filter(|token| !token.is_empty())
            .map(Secret);
        if admin_token
            .as_ref()
            .is_some_and(|token| token.expose().len() < 16)
        {
            reader.fault(
                "EDGETALLY_ADMIN_TOKEN",
                "must have at least 16 characters: openssl rand -hex 32",
            );
        }
        Some(Self {
            sources,
            destinations: configured,
            twin,
            window_ms: i64::from(days) * DAY_MS,
            schedule,
            timeout_ms,
            pause_seconds,
            claims,
            admin_token,
        })
    }

    /// The destination of that name.
    pub fn destination(&self, name: &str) -> Option<&Configured> {
        self.destinations
            .iter()
            .find(|configured| configured.name == name)
    }

    /// The source of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// Where a platform request goes: to the platform, or in development to the twin, under the platform's host.
    pub fn address(&self, uri: &http::Uri) -> String {
        match (&self.twin, uri.host()) {
            (Some(twin), Some(host)) => {
                format!(
                    "{twin}/{host}{}",
                    uri.path_and_query()
                        .map_or("/", http::uri::PathAndQuery::as_str)
                )
            }
            _ => uri.to_string(),
        }
    }
}

fn open_destination(
    name: &str,
    raw: &RawValue,
    path: &str,
    reader: &mut Reader<'_>,
) -> Option<Box<dyn Destination>> {
    let mut table: serde_json::Map<String, Value> = parse(reader, path, raw.get())?;
    let platform = match table.remove("platform") {
        None => name.to_owned(),
        Some(Value::String(platform)) => platform,
        Some(_) => {
            reader.fault(format!("{path}.platform"), "must be a string");
            return None;
        }
    };
    let Some(entry) = destinations::ALL
        .iter()
        .find(|entry| entry.platform == platform)
    else {
        let known: Vec<_> = destinations::ALL
            .iter()
            .map(|entry| entry.platform)
            .collect();
        let place = if platform == name {
            path.to_owned()
        } else {
            format!("{path}.platform")
        };
        reader.fault(
            place,
            format!("there is no such platform; there are {}", known.join(", ")),
        );
        return None;
    };
    let mut fields = Fields::new(table, path, reader);
    let opened = (entry.open)(name, &mut fields);
    fields.end();
    opened
}

fn open_source(
    name: &str,
    text: &str,
    path: &str,
    declared: &Table<String, &RawValue>,
    configured: &[Configured],
    reader: &mut Reader<'_>,
) -> Option<Source> {
    let draft: SourceDraft = parse(reader, path, text)?;
    if draft.key.is_none() && draft.secret.is_none() {
        reader.fault(
            path,
            "needs a `key` for pages, a `secret` for servers, or both",
        );
    }
    if draft
        .key
        .as_ref()
        .is_some_and(|key| key.len() < 16 || !key.is_ascii() || key.contains(char::is_whitespace))
    {
        reader.fault(
            format!("{path}.key"),
            "must have at least 16 ASCII characters and no spaces",
        );
    }
    if draft.key.is_some() && draft.origins.is_empty() {
        reader.fault(
            format!("{path}.origins"),
            "a key needs the origins of the pages that may use it",
        );
    }
    for (index, origin) in draft.origins.iter().enumerate() {
        let authority = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        let plain = authority.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.contains(['/', '?', '#', '@', '*', ' '])
                && *rest == rest.to_ascii_lowercase()
        });
        if !plain {
            reader.fault(
                format!("{path}.origins[{index}]"),
                "must be an origin as browsers send it: scheme and host in lower case, no path, no wildcard",
            );
        }
    }
    let consent = match draft.consent.as_deref() {
        None | Some("required") => Policy::Required,
        Some("implied") => Policy::Implied,
        Some(_) => {
            reader.fault(format!("{path}.consent"), "must be `required` or `implied`");
            Policy::Required
        }
    };
    let default_country = draft.default_country.as_deref().and_then(|code| {
        let country = crate::identity::Country2::parse(code);
        if country.is_none() {
            reader.fault(
                format!("{path}.default_country"),
                "must be a two-letter ISO 3166-1 code",
            );
        }
        country
    });
    let secret = draft
        .secret
        .and_then(|name| reader.secret(&format!("{path}.secret"), &name));
    if secret
        .as_ref()
        .is_some_and(|secret| secret.expose().len() < 16)
    {
        reader.fault(
            format!("{path}.secret"),
            "the secret must have at least 16 characters",
        );
    }
    let mut destinations = Vec::new();
    let mut spellings = Spellings::empty();
    for (index, wanted) in draft.destinations.iter().enumerate() {
        match configured
            .iter()
            .position(|configured| configured.name == *wanted)
        {
            Some(place) if destinations.contains(&place) => {
                reader.fault(format!("{path}.destinations[{index}]"), "is named twice");
            }
            Some(place) => {
                destinations.push(place);
                if let Some(configured) = configured.get(place) {
                    spellings = spellings.union(configured.destination.spellings());
                }
            }
            // One that is declared and did not open has said so itself.
            None if declared.contains(wanted) => {}
            None => {
                reader.fault(
                    format!("{path}.destinations[{index}]"),
                    format!("there is no destination `{wanted}`"),
                );
            }
        }
    }
    Some(Source {
        name: name.to_owned(),
        key: draft.key,
        origins: draft.origins,
        secret,
        consent,
        hints: Hints { default_country },
        cookie_domain: draft.cookie_domain,
        test: draft.test,
        destinations,
        spellings,
    })
}

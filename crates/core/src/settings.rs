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

use serde_json::{Map, Value};

use crate::consent::Policy;
use crate::dedup::Claims;
use crate::destinations::{self, Destination, EventNames};
use crate::identity::{Hints, Spellings};
use crate::json;
use crate::outcome::{Limits, Schedule};
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
    /// How much one invocation may do.
    pub limits: Limits,
    /// How long to wait for a platform's answer, in milliseconds.
    pub timeout_ms: u32,
    /// How long a destination pauses after its credential was refused, in seconds.
    pub pause_seconds: u32,
    /// Makes claim keys.
    pub claims: Claims,
    /// What the admin routes ask for; without one they are closed.
    pub admin_token: Option<Secret>,
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

/// A table of the settings, taken key by key; what is left over at the end is told as unknown.
///
/// By hand and not by a derived reader, which would be several kilobytes of wasm for each table.
#[derive(Debug)]
pub struct Fields<'f, 's> {
    map: Map<String, Value>,
    path: String,
    reader: &'f mut Reader<'s>,
    known: Vec<&'static str>,
}

impl<'f, 's> Fields<'f, 's> {
    /// `None` where it is no table, which is a fault.
    fn new(value: Value, path: &str, reader: &'f mut Reader<'s>) -> Option<Self> {
        let Value::Object(map) = value else {
            reader.fault(path, "must be a table");
            return None;
        };
        Some(Self {
            map,
            path: path.to_owned(),
            reader,
            known: Vec::new(),
        })
    }

    fn at(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Notes a fault of a key, or of a key inside one.
    pub fn fault(&mut self, key: &str, message: &str) {
        let path = self.at(key);
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

    /// A list of strings.
    fn list(&mut self, key: &'static str) -> Vec<String> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        json::list_of(value, json::text).unwrap_or_else(|| {
            self.fault(key, "must be a list of strings");
            Vec::new()
        })
    }

    /// Tables by name.
    fn tables(&mut self, key: &'static str) -> Map<String, Value> {
        match self.take(key) {
            None => Map::new(),
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.fault(key, "must be a table");
                Map::new()
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
        let path = self.at(key);
        self.reader
            .secret(&path, name.as_deref().unwrap_or(default))
    }

    /// A secret as the value of a header that is not shown, with a word such as `Bearer ` in front.
    pub fn credential(
        &mut self,
        key: &'static str,
        default: &str,
        word: &str,
    ) -> Option<http::HeaderValue> {
        let secret = self.secret(key, default)?;
        let Ok(mut value) = http::HeaderValue::from_str(&[word, secret.expose()].concat()) else {
            self.fault(key, "the secret has characters that a header cannot hold");
            return None;
        };
        value.set_sensitive(true);
        Some(value)
    }

    /// Tells what nobody asked for.
    fn end(self) {
        for key in self.map.keys() {
            let known: Vec<String> = self.known.iter().map(|key| format!("`{key}`")).collect();
            self.reader.fault(
                self.at(key),
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
        let value = match serde_json::from_str(json) {
            Ok(value) => value,
            Err(error) => {
                // Settings are the operator's own and hold no visitor, so the reader's own words may be shown.
                reader.fault("", error.to_string());
                return None;
            }
        };
        let mut fields = Fields::new(value, "", reader)?;
        let development = fields.word("environment", &["production", "development"]);
        let twin = fields.text("twin");
        let twin = twin.map(|twin| twin.trim_end_matches('/').to_owned());
        if let Some(twin) = &twin {
            if development != "development" {
                fields.fault("twin", "is for environment = \"development\" only");
            }
            if !loopback(twin) {
                fields.fault(
                    "twin",
                    "must be a loopback address such as http://127.0.0.1:8799",
                );
            }
        }
        if fields.text("dedup").is_some_and(|dedup| dedup != "kv") {
            fields.fault("dedup", "must be \"kv\"");
        }
        let days = fields.whole("dedup_window_days", 7, (1, 90));
        let delivery = fields.tables("delivery");
        let limits = fields.tables("limits");
        let declared = fields.tables("destinations");
        let named = fields.tables("sources");
        fields.end();

        let mut fields = Fields::new(Value::Object(delivery), "delivery", reader)?;
        let schedule = Schedule::default();
        let any = (0, u32::MAX);
        let schedule = Schedule {
            base_seconds: fields.whole("retry_base_seconds", schedule.base_seconds, any),
            max_seconds: fields.whole("retry_max_seconds", schedule.max_seconds, any),
            max_attempts: fields.whole("max_attempts", schedule.max_attempts, (1, 100)),
        };
        if schedule.base_seconds == 0 || schedule.max_seconds < schedule.base_seconds {
            fields.fault(
                "retry_base_seconds",
                "must be at least 1 and at most retry_max_seconds",
            );
        }
        let timeout_ms = fields.whole("timeout_ms", 5000, (100, 30_000));
        let pause_seconds = fields.whole("pause_seconds", 60, (1, 3600));
        fields.end();

        let mut fields = Fields::new(Value::Object(limits), "limits", reader)?;
        let limits = Limits::default();
        let limits = Limits {
            requests: fields.whole("requests", limits.requests, (50, 10_000_000)),
            // 15 minutes less what is under way then, and what is done with it.
            seconds: fields.whole("seconds", limits.seconds, (1, 780)),
            bytes: fields.whole("bytes", limits.bytes, (1024 * 1024, u32::MAX)),
        };
        fields.end();

        let mut configured = Vec::new();
        for (name, value) in &declared {
            let path = format!("destinations.{name}");
            if !name_is_plain(name) {
                reader.fault(
                    &path,
                    "a name is a lower-case letter followed by at most 39 of a-z, 0-9, _ and -",
                );
            }
            if let Some(destination) = open_destination(name, value.clone(), &path, reader) {
                configured.push(Configured {
                    name: name.clone(),
                    destination,
                });
            }
        }
        let mut sources = Vec::new();
        if named.is_empty() {
            reader.fault("sources", "there is no source, so nobody may send");
        }
        for (name, value) in named {
            let path = format!("sources.{name}");
            if !name_is_plain(&name) {
                reader.fault(
                    &path,
                    "a name is a lower-case letter followed by at most 39 of a-z, 0-9, _ and -",
                );
            }
            sources.extend(open_source(
                name,
                value,
                &path,
                &declared,
                &configured,
                reader,
            ));
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
            limits,
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
    value: Value,
    path: &str,
    reader: &mut Reader<'_>,
) -> Option<Box<dyn Destination>> {
    let mut fields = Fields::new(value, path, reader)?;
    let platform = if fields.has("platform") {
        fields.text("platform")?
    } else {
        name.to_owned()
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
        fields.reader.fault(
            place,
            format!("there is no such platform; there are {}", known.join(", ")),
        );
        return None;
    };
    let opened = (entry.open)(name, &mut fields);
    fields.end();
    opened
}

fn open_source(
    name: String,
    value: Value,
    path: &str,
    declared: &Map<String, Value>,
    configured: &[Configured],
    reader: &mut Reader<'_>,
) -> Option<Source> {
    let mut fields = Fields::new(value, path, reader)?;
    if !fields.has("key") && !fields.has("secret") {
        fields.reader.fault(
            path,
            "needs a `key` for pages, a `secret` for servers, or both",
        );
    }
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
    let consent = match fields.word("consent", &["required", "implied"]) {
        "implied" => Policy::Implied,
        _ => Policy::Required,
    };
    let country = fields.text("default_country");
    let default_country = country
        .as_deref()
        .and_then(crate::identity::Country2::parse);
    if country.is_some() && default_country.is_none() {
        fields.fault("default_country", "must be a two-letter ISO 3166-1 code");
    }
    let secret = fields
        .text("secret")
        .and_then(|name| fields.reader.secret(&format!("{path}.secret"), &name));
    if secret
        .as_ref()
        .is_some_and(|secret| secret.expose().len() < 16)
    {
        fields.fault("secret", "the secret must have at least 16 characters");
    }
    let cookie_domain = fields.text("cookie_domain");
    let test = fields.flag("test", false);
    let mut destinations = Vec::new();
    let mut spellings = Spellings::empty();
    for (index, wanted) in fields.list("destinations").iter().enumerate() {
        match configured
            .iter()
            .position(|configured| configured.name == *wanted)
        {
            Some(place) if destinations.contains(&place) => {
                fields.fault(&format!("destinations[{index}]"), "is named twice");
            }
            Some(place) => {
                destinations.push(place);
                if let Some(configured) = configured.get(place) {
                    spellings = spellings.union(configured.destination.spellings());
                }
            }
            // One that is declared and did not open has said so itself.
            None if declared.contains_key(wanted) => {}
            None => {
                fields.fault(
                    &format!("destinations[{index}]"),
                    &format!("there is no destination `{wanted}`"),
                );
            }
        }
    }
    fields.end();
    Some(Source {
        name,
        key,
        origins,
        secret,
        consent,
        hints: Hints { default_country },
        cookie_domain,
        test,
        destinations,
        spellings,
    })
}

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

mod address;

use std::fmt;

use self::address::is_loopback;
pub use self::address::public_address;

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
    /// Path in the settings, such as `sources.shop.origins[0]`. A key that does not look like one is not in it: it could be a
    /// secret that slipped into the wrong place, and everybody may ask for the faults.
    pub path: String,
    /// The rule that was broken. Never what was given instead.
    pub message: String,
}

/// What stands in a path or message instead of a key or name that does not look like one.
pub const NOT_SHOWN: &str = "(not shown)";

/// Whether a text is made of words, with a number behind some of them at most: keys and names are, tokens hardly ever.
fn is_words(text: &str, letter: fn(&u8) -> bool) -> bool {
    text.len() <= 60
        && text.split(['_', '-']).all(|word| {
            let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
            stem.len() <= 16
                && word.len() - stem.len() <= 4
                && stem.bytes().all(|byte| letter(&byte))
        })
}

/// A key of the settings, unless it does not look like one.
pub fn shown_key(key: &str) -> &str {
    // One capital in front is an honest mistake.
    let rest = key
        .strip_prefix(|c: char| c.is_ascii_uppercase())
        .unwrap_or(key);
    if key.starts_with(|c: char| c.is_ascii_alphabetic()) && is_words(rest, u8::is_ascii_lowercase)
    {
        key
    } else {
        NOT_SHOWN
    }
}

/// The name of a source or destination, unless it cannot be one. Names that can are public, and shown with the events.
pub fn shown_name(name: &str) -> &str {
    if name_is_plain(name) {
        name
    } else {
        shown_key(name)
    }
}

/// The name of a secret or variable, unless it does not look like one.
pub fn shown_secret_name(name: &str) -> &str {
    if name.starts_with(|c: char| c.is_ascii_uppercase()) && is_words(name, u8::is_ascii_uppercase)
    {
        name
    } else {
        NOT_SHOWN
    }
}

/// A path in which every step may be shown.
fn shown_path(path: &str) -> String {
    let mut shown = String::new();
    let mut named = false;
    for (place, step) in path.split('.').enumerate() {
        if place > 0 {
            shown.push('.');
        }
        let (key, index) = step.split_at(step.find('[').unwrap_or(step.len()));
        let inner = index
            .strip_prefix('[')
            .and_then(|index| index.strip_suffix(']'));
        let key = if named {
            shown_name(key)
        } else {
            shown_key(key)
        };
        shown.push_str(key);
        if inner
            .is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_digit()) && inner.len() < 6)
        {
            shown.push_str(index);
        }
        named = place == 0 && matches!(key, "sources" | "destinations");
    }
    shown
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
    pub fn fault(&mut self, path: impl AsRef<str>, message: impl Into<String>) {
        let path = path.as_ref();
        self.faults.push(Fault {
            path: match path {
                "" | Settings::KEY | Settings::ADMIN_TOKEN => path.to_owned(),
                _ => shown_path(path),
            },
            message: message.into(),
        });
    }

    /// Every secret is read here, without what a terminal, an editor or a shell left at its ends; nothing but that is none.
    fn optional_secret(&self, name: &str) -> Option<Secret> {
        let secret = (self.secret)(name)?;
        let secret =
            secret.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
        (!secret.is_empty()).then(|| Secret(secret.to_owned()))
    }

    /// The secret of a name that we chose; its absence is a fault.
    fn known_secret(&mut self, path: &str, name: &str) -> Option<Secret> {
        let secret = self.optional_secret(name);
        if secret.is_none() {
            self.fault(
                path,
                format!("the secret {name} is not set: wrangler secret put {name}"),
            );
        }
        secret
    }

    /// The secret whose name the operator chose; its absence is a fault. The name is not repeated: it may be the secret itself.
    fn secret(&mut self, path: &str, name: &str) -> Option<Secret> {
        if !is_binding_name(name) {
            self.fault(path, "is the NAME of a secret: upper-case letters, digits and _; the secret itself is put with `wrangler secret put`");
            return None;
        }
        let secret = self.optional_secret(name);
        if secret.is_none() {
            self.fault(
                path,
                "there is no secret of the name that stands here: wrangler secret put NAME",
            );
        }
        secret
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
        let path = self.at(key);
        if self.has(key) {
            let name = self.text(key)?;
            self.reader.secret(&path, &name)
        } else {
            self.known.push(key);
            self.reader.known_secret(&path, default)
        }
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
            // Dots would make steps of it.
            let key = shown_key(key);
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

/// Upper-case letters, digits and `_`: what secrets and bindings are called here.
fn is_binding_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn name_is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        })
}

impl Settings {
    const KEY: &str = "EDGETALLY_KEY";
    const ADMIN_TOKEN: &str = "EDGETALLY_ADMIN_TOKEN";

    /// The shortest `EDGETALLY_KEY`, in characters.
    const SHORTEST_KEY: usize = 32;

    /// Reads the settings. `secret` gives the secret of a name, or nothing.
    ///
    /// # Errors
    /// Every fault that was found, in the order of the settings.
    pub fn load(json: &str, secret: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Fault>> {
        match serde_json::from_str(json) {
            Ok(value) => Self::load_value(value, Vec::new(), secret),
            Err(error) => Err(vec![no_json("", &error)]),
        }
    }

    /// Reads the settings out of a deployment's variables: a JSON object of those whose names begin with `EDGETALLY`; see
    /// [`merge`].
    ///
    /// # Errors
    /// Every fault that was found: those of single variables first.
    pub fn load_variables(
        variables: &str,
        secret: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let (merged, faults) = merge(variables);
        Self::load_value(merged, faults, secret)
    }

    fn load_value(
        value: Value,
        faults: Vec<Fault>,
        secret: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { faults, secret };
        match Self::read(value, &mut reader) {
            Some(settings) if reader.faults.is_empty() => Ok(settings),
            _ => Err(reader.faults),
        }
    }

    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Self> {
        let mut fields = Fields::new(value, "", reader)?;
        let development = fields.word("environment", &["production", "development"]);
        let twin = fields.text("twin");
        let twin = twin.map(|twin| twin.trim_end_matches('/').to_owned());
        if let Some(twin) = &twin {
            if development != "development" {
                fields.fault("twin", "is for environment = \"development\" only");
            }
            if !is_loopback(twin) {
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
        let claims = match reader.known_secret(Self::KEY, Self::KEY) {
            Some(key) if key.expose().len() < Self::SHORTEST_KEY => {
                reader.fault(
                    Self::KEY,
                    "must have at least 32 characters: openssl rand -hex 32",
                );
                Claims::new(b"")
            }
            Some(key) => Claims::new(key.expose().as_bytes()),
            None => Claims::new(b""),
        };
        let admin_token = reader.optional_secret(Self::ADMIN_TOKEN);
        if admin_token
            .as_ref()
            .is_some_and(|token| token.expose().len() < 16)
        {
            reader.fault(
                Self::ADMIN_TOKEN,
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

/// Text that is no JSON: where it breaks off, not what stands there.
fn no_json(path: &str, error: &serde_json::Error) -> Fault {
    Fault {
        path: path.to_owned(),
        message: error.to_string(),
    }
}

/// The settings that a deployment's variables hold, merged, and what is wrong with the variables themselves.
///
/// Cloudflare holds a variable to 5 kB, so settings may be spread over several: all those whose names begin with `EDGETALLY`, be
/// they tables or texts that begin with `{`. Any other text is a secret of that name, and so are `EDGETALLY_KEY` and
/// `EDGETALLY_ADMIN_TOKEN` whatever they hold. Tables of the same path become one; a value may stand in one variable only.
pub fn merge(variables: &str) -> (Value, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut merged = Map::new();
    let Ok(variables) = serde_json::from_str::<Map<String, Value>>(variables) else {
        return (Value::Object(merged), faults);
    };
    for (name, value) in variables {
        if !name.starts_with("EDGETALLY")
            || matches!(name.as_str(), Settings::KEY | Settings::ADMIN_TOKEN)
        {
            continue;
        }
        let value = match value {
            Value::String(text) => {
                let text = text.trim().trim_start_matches('\u{feff}');
                if name != "EDGETALLY" && !text.starts_with('{') {
                    continue;
                }
                match serde_json::from_str(text) {
                    Ok(value) => value,
                    Err(error) => {
                        faults.push(no_json(shown_secret_name(&name), &error));
                        continue;
                    }
                }
            }
            value => value,
        };
        match value {
            Value::Object(table) => merge_tables(&mut merged, table, "", &mut faults),
            _ => faults.push(Fault {
                path: shown_secret_name(&name).to_owned(),
                message: "must be a table".to_owned(),
            }),
        }
    }
    (Value::Object(merged), faults)
}

fn merge_tables(
    into: &mut Map<String, Value>,
    from: Map<String, Value>,
    path: &str,
    faults: &mut Vec<Fault>,
) {
    for (key, value) in from {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (into.get_mut(&key), value) {
            (None, value) => {
                into.insert(key, value);
            }
            (Some(Value::Object(known)), Value::Object(more)) => {
                merge_tables(known, more, &path, faults);
            }
            _ => faults.push(Fault {
                path: shown_path(&path),
                message: "is set in two variables".to_owned(),
            }),
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
    for about_pages in ["page_events", "event_token", "rate_limit"] {
        if key.is_none() && fields.has(about_pages) {
            fields.fault(
                about_pages,
                "is about pages, and there is no `key` for them",
            );
        }
    }
    let page_events = page_events(&mut fields);
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
    let event_token_required = fields.flag("event_token_required", true) && event_token.is_some();
    let rate_limit = fields.text("rate_limit");
    if rate_limit
        .as_ref()
        .is_some_and(|name| !is_binding_name(name))
    {
        fields.fault(
            "rate_limit",
            "is the name of a rate limiting binding: upper-case letters, digits and _",
        );
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
                    &format!("there is no destination `{}`", shown_key(wanted)),
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
        page_events,
        event_token,
        event_token_required,
        rate_limit,
        consent,
        hints: Hints { default_country },
        cookie_domain,
        test,
        destinations,
        spellings,
    })
}

fn page_events(fields: &mut Fields<'_, '_>) -> PageEvents {
    if !fields.has("page_events") {
        fields.known.push("page_events");
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

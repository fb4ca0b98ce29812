//! Reading tables of settings key by key: every fault with its path, nothing of a value, and what nobody asked for named.

use std::fmt;

use serde_json::{Map, Value};

use crate::base::members;
use crate::base::secret::{ADMIN_TOKEN, KEY, Secret};
use crate::base::table::Table;

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
pub(crate) fn shown_path(path: &str) -> String {
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

/// Collects faults and hands out secrets while settings are read.
pub struct Reader<'s> {
    pub(crate) faults: Vec<Fault>,
    pub(crate) secret: &'s dyn Fn(&str) -> Option<String>,
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
                "" | KEY | ADMIN_TOKEN => path.to_owned(),
                _ => shown_path(path),
            },
            message: message.into(),
        });
    }

    /// Every secret is read here, without what a terminal, an editor or a shell left at its ends; nothing but that is none.
    pub(crate) fn optional_secret(&self, name: &str) -> Option<Secret> {
        let secret = (self.secret)(name)?;
        let secret =
            secret.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
        (!secret.is_empty()).then(|| Secret::new(secret))
    }

    /// The secret of a name that we chose; its absence is a fault.
    pub(crate) fn known_secret(&mut self, path: &str, name: &str) -> Option<Secret> {
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
    pub(crate) fn secret(&mut self, path: &str, name: &str) -> Option<Secret> {
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
    pub(crate) reader: &'f mut Reader<'s>,
    known: Vec<&'static str>,
}

impl<'f, 's> Fields<'f, 's> {
    /// `None` where it is no table, which is a fault.
    pub(crate) fn new(value: Value, path: &str, reader: &'f mut Reader<'s>) -> Option<Self> {
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

    pub(crate) fn at(&self, key: &str) -> String {
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

    pub(crate) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.map.remove(key)
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Whether a key is there, which is known from now on.
    pub(crate) fn asked(&mut self, key: &'static str) -> bool {
        self.known.push(key);
        self.has(key)
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

    /// A list of small whole numbers within limits; nothing where it is not there.
    pub(crate) fn wholes(&mut self, key: &'static str, limits: (u8, u8)) -> Option<Vec<u8>> {
        let value = self.take(key)?;
        let number = |value: &Value| {
            let number = u8::try_from(value.as_u64()?).ok()?;
            (limits.0..=limits.1).contains(&number).then_some(number)
        };
        let numbers: Option<Vec<u8>> = value
            .as_array()
            .and_then(|all| all.iter().map(number).collect());
        if numbers.is_none() {
            self.fault(
                key,
                &format!(
                    "must be a list of whole numbers from {} to {}",
                    limits.0, limits.1
                ),
            );
        }
        numbers
    }

    /// A list of strings.
    pub(crate) fn list(&mut self, key: &'static str) -> Vec<String> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        members::list_of(value, members::text).unwrap_or_else(|| {
            self.fault(key, "must be a list of strings");
            Vec::new()
        })
    }

    /// Tables by name.
    pub(crate) fn tables(&mut self, key: &'static str) -> Map<String, Value> {
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

    /// The same for a secret that need not be there: without its name in the settings there is none.
    pub fn optional_credential(
        &mut self,
        key: &'static str,
        word: &str,
    ) -> Option<http::HeaderValue> {
        if self.has(key) {
            self.credential(key, "", word)
        } else {
            self.known.push(key);
            None
        }
    }

    /// A secret that need not be there: without its name in the settings there is none.
    pub fn optional_secret(&mut self, key: &'static str) -> Option<Secret> {
        if self.has(key) {
            self.secret(key, "")
        } else {
            self.known.push(key);
            None
        }
    }

    /// Tells what nobody asked for.
    pub(crate) fn end(self) {
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

/// Upper-case letters, digits and `_`: what secrets and bindings are called here.
pub(crate) fn is_binding_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

pub(crate) fn name_is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        })
}

//! A deployment's configuration as text: `wrangler.toml`, or the settings alone as JSON.

use std::cell::RefCell;

use edgetally_core::base::fields::Fault;
use edgetally_core::settings::{Settings, merge};
use serde_json::{Map, Value};

/// Why a text is no configuration. Nothing of the text: what stands in it may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

/// The whole file, and of its variables those that hold settings.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) all: Value,
    pub(crate) variables: Map<String, Value>,
}

impl Config {
    /// Reads `wrangler.toml`. A text that begins with `{` is JSON: the same file in that form, the variables, or the settings.
    pub(crate) fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches('\u{feff}');
        let all = if text.trim_start().starts_with('{') {
            from_json(text)?
        } else {
            from_toml(text)?
        };
        let variables: Map<String, Value> = all
            .get("vars")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.starts_with("EDGETALLY"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if variables.is_empty() {
            return Err(Unreadable("has no [vars.EDGETALLY]".to_owned()));
        }
        Ok(Self { all, variables })
    }

    /// The settings of all variables as one table, whatever is wrong with them.
    pub(crate) fn merged(&self) -> Value {
        merge(&self.text()).0
    }

    /// Settings, with a secret that a closure makes up for each name that is asked for; and those names.
    pub(crate) fn load(
        &self,
        secret: &dyn Fn(&str) -> String,
    ) -> (Result<Settings, Vec<Fault>>, Vec<String>) {
        load(&self.text(), secret)
    }

    fn text(&self) -> String {
        Value::Object(self.variables.clone()).to_string()
    }
}

/// Settings out of variables, and the names of the secrets that they ask for.
pub(crate) fn load(
    variables: &str,
    secret: &dyn Fn(&str) -> String,
) -> (Result<Settings, Vec<Fault>>, Vec<String>) {
    let asked: RefCell<Vec<String>> = RefCell::default();
    let noting = |name: &str| {
        let mut asked = asked.borrow_mut();
        if !asked.iter().any(|known| known == name) {
            asked.push(name.to_owned());
        }
        Some(secret(name))
    };
    let loaded = Settings::load_variables(variables, &noting);
    (loaded, asked.into_inner())
}

fn from_toml(text: &str) -> Result<Value, Unreadable> {
    toml::from_str(text).map_err(|error| {
        // The whole error would repeat the line, and what stands on it may be a secret.
        let place = error.span().map_or(0, |span| span.start);
        let line = text.get(..place).unwrap_or_default().matches('\n').count() + 1;
        Unreadable(format!("is not TOML, line {line}"))
    })
}

fn from_json(text: &str) -> Result<Value, Unreadable> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Unreadable(format!("is not JSON, line {}", error.line())))?;
    let is_variable = |name: &String| name.starts_with("EDGETALLY");
    let keys = || value.as_object().into_iter().flat_map(Map::keys);
    Ok(if keys().any(|name| name == "vars") {
        value
    } else if keys().any(is_variable) {
        serde_json::json!({ "vars": value })
    } else {
        serde_json::json!({ "vars": { "EDGETALLY": value } })
    })
}

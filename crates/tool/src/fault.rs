//! Why a question has no answer.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::fields::Fault;
use serde_json::{Map, Value, json};

use crate::config::Unreadable;

/// Why a question has no answer, in the words of the gateway: `{"error": {code, message, path?, faults?}}`.
#[derive(Debug)]
pub(crate) struct Refused {
    code: Code,
    message: String,
    path: String,
    faults: Vec<Fault>,
}

impl Refused {
    /// The question itself is wrong.
    pub(crate) fn question(path: &str, message: &str) -> Self {
        Self {
            code: Code::RequestInvalid,
            message: message.to_owned(),
            path: path.to_owned(),
            faults: Vec::new(),
        }
    }

    /// The settings are.
    pub(crate) fn settings(faults: Vec<Fault>) -> Self {
        let first = faults.first().map(ToString::to_string);
        Self {
            code: Code::SettingsInvalid,
            message: first.unwrap_or_else(|| "the settings cannot be read".to_owned()),
            path: String::new(),
            faults,
        }
    }

    pub(crate) fn told(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), self.code.as_str().into());
        error.insert("message".to_owned(), self.message.as_str().into());
        if !self.path.is_empty() {
            error.insert("path".to_owned(), self.path.as_str().into());
        }
        if !self.faults.is_empty() {
            error.insert("faults".to_owned(), json!(self.faults));
        }
        json!({ "error": error })
    }
}

impl From<Unreadable> for Refused {
    fn from(Unreadable(message): Unreadable) -> Self {
        Self {
            code: Code::SettingsInvalid,
            message,
            path: String::new(),
            faults: Vec::new(),
        }
    }
}

impl From<ParseError> for Refused {
    fn from(error: ParseError) -> Self {
        Self {
            code: error.code,
            message: error.message.into_owned(),
            path: error.path,
            faults: Vec::new(),
        }
    }
}

/// An answer, or why there is none.
pub(crate) fn told(answer: Result<Value, Refused>) -> String {
    answer.unwrap_or_else(|refused| refused.told()).to_string()
}

/// The members of a question, taken one by one; what nobody takes is a fault.
#[derive(Debug)]
pub(crate) struct Question(Map<String, Value>);

impl Question {
    pub(crate) fn read(text: &str) -> Result<Self, Refused> {
        let value = serde_json::from_str(text);
        Self::of(value.map_err(|_| Refused::question("", "is not JSON"))?)
    }

    pub(crate) fn of(value: Value) -> Result<Self, Refused> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Refused::question("", "must be an object")),
        }
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, Refused> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refused::question(key, "must be a text")),
        }
    }

    pub(crate) fn flag(&mut self, key: &str) -> Result<bool, Refused> {
        match self.take(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(Refused::question(key, "must be true or false")),
        }
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&mut self, key: &str) -> Result<f64, Refused> {
        self.take(key)
            .and_then(|value| value.as_f64())
            .ok_or_else(|| Refused::question(key, "must be milliseconds since 1970"))
    }

    pub(crate) fn end(self, known: &[&str]) -> Result<(), Refused> {
        if self.0.is_empty() {
            return Ok(());
        }
        let message = format!("has a key that is none of {}", known.join(", "));
        Err(Refused::question("", &message))
    }
}

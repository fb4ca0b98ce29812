//! An object's members as they stand, taken out one by one: SDKs send much that nobody asked for, in any order.
//!
//! Nothing here is inlined: there are dozens of callers, none of them is in a hurry, and the worker's size is a budget.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::base::error::{Code, ParseError};
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::intake::reader::{Key, TWICE, is_empty_list, malformed};

/// The members of an object, in the sender's order.
#[derive(Default)]
pub(super) struct Members<'a> {
    all: Vec<(Text<'a>, &'a RawValue)>,
    /// How many bytes the object has.
    bytes: usize,
    /// A member that stood there twice and was asked for.
    twice: Option<&'static str>,
}

/// A member's text; nothing where it is empty or none.
#[inline(never)]
pub(super) fn text(raw: &RawValue) -> Option<Text<'_>> {
    let text: Text<'_> = serde_json::from_str(raw.get()).ok()?;
    (!text.is_empty()).then_some(text)
}

/// A time as SDKs write it, or nothing that can be read.
#[inline(never)]
pub(super) fn time(raw: &RawValue) -> Option<UnixMillis> {
    match text(raw) {
        Some(text) => UnixMillis::parse_text(&text),
        None => UnixMillis::parse_number(raw.get()),
    }
}

impl<'a> Members<'a> {
    /// Those of an object.
    #[inline(never)]
    pub(super) fn read(text: &'a str) -> Result<Self, ParseError> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Text<'de>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(key) = map.next_key_seed(Key { careful: true })? {
                    all.push((key, map.next_value()?));
                }
                Ok(all)
            }
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let all = reader
            .deserialize_map(Object)
            .and_then(|all| reader.end().map(|()| all));
        let all = all.map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                ParseError::new(Code::WrongType, "", "must be an object")
            }
            _ => malformed(&error),
        })?;
        Ok(Self {
            all,
            bytes: text.len(),
            twice: None,
        })
    }

    /// How many bytes the object has.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// A member that says something: neither `null` nor an empty text nor what PHP makes of an empty object.
    #[inline(never)]
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.all.iter().find(|(key, _)| key.as_str() == name)?;
        says_something(raw).then_some(*raw)
    }

    /// Takes a member out, if it says something.
    #[inline(never)]
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a RawValue> {
        let place =
            |all: &[(Text<'a>, &'a RawValue)]| all.iter().position(|(key, _)| key.as_str() == name);
        let (_, raw) = self.all.remove(place(&self.all)?);
        while let Some(again) = place(&self.all) {
            self.all.remove(again);
            self.twice = Some(name);
        }
        says_something(raw).then_some(raw)
    }

    /// A member's text.
    #[inline(never)]
    pub(super) fn text(&self, name: &str) -> Option<Text<'a>> {
        self.get(name).and_then(text)
    }

    /// The members of a member.
    #[inline(never)]
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::of(self.get(name)?)
    }

    /// The members of a value, if it is an object.
    #[inline(never)]
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        Self::read(raw.get()).ok()
    }

    /// A member that is a list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// What was not taken out.
    pub(super) fn rest(self) -> impl Iterator<Item = (Text<'a>, &'a RawValue)> {
        self.all.into_iter()
    }

    /// A fault where one of those that were taken out stood there twice: only one can be meant.
    #[inline(never)]
    pub(super) fn once(&self, within: &str) -> Result<(), ParseError> {
        match self.twice {
            None => Ok(()),
            Some(name) => Err(ParseError::new(
                Code::DuplicateKey,
                [within, name].concat(),
                TWICE,
            )),
        }
    }
}

/// Whether a value is more than nothing.
#[inline(never)]
fn says_something(raw: &RawValue) -> bool {
    let json = raw.get();
    json != "null" && json != "\"\"" && !is_empty_list(json)
}

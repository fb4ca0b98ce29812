//! Reading JSON by hand-written visitors, so that a fault is told by code, path and rule and never by its value.
//!
//! `serde_json`'s own messages quote what they found; a conversion event is mostly personal data, so none of them is
//! kept. A [`Fault`] collects the path while the error travels up; the way down costs nothing.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Code, ParseError};
use crate::text::Text;

/// What went wrong on the way through one event; filled once, by the innermost reader.
#[derive(Debug, Default)]
pub(crate) struct Fault {
    error: Option<ParseError>,
}

impl Fault {
    /// Notes a fault at the value being read and gives the marker that stops the reading.
    pub(crate) fn raise<E: serde::de::Error>(
        &mut self,
        code: Code,
        rule: impl Into<Cow<'static, str>>,
    ) -> E {
        if self.error.is_none() {
            self.error = Some(ParseError {
                code,
                path: String::new(),
                message: rule.into(),
            });
        }
        E::custom("fault")
    }

    /// Says that what failed below stands under `key`.
    fn under(&mut self, key: &str) {
        if let Some(error) = &mut self.error {
            let rest = std::mem::take(&mut error.path);
            error.path = match rest.as_bytes().first() {
                None => key.to_owned(),
                Some(b'[') => format!("{key}{rest}"),
                Some(_) => format!("{key}.{rest}"),
            };
        }
    }

    /// Says that what failed below stands at `index` of a list.
    fn at(&mut self, index: usize) {
        if let Some(error) = &mut self.error {
            let rest = std::mem::take(&mut error.path);
            let dot = if rest.is_empty() || rest.starts_with('[') {
                ""
            } else {
                "."
            };
            error.path = format!("[{index}]{dot}{rest}");
        }
    }

    /// Notes a key that the format does not have. The key is repeated only when it looks like one: somebody's
    /// e-mail address in the place of a key must not travel back in an error.
    pub(crate) fn unknown_key<E: serde::de::Error>(
        &mut self,
        key: &str,
        known: &[&'static str],
    ) -> E {
        let named = !key.is_empty()
            && key.len() <= 40
            && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let message: Cow<'static, str> = match nearest(key, known) {
            Some(hint) => {
                format!("unknown key; did you mean `{hint}`? free data goes into `properties`")
                    .into()
            }
            None => "unknown key; free data goes into `properties`".into(),
        };
        let error = self.raise(Code::UnknownKey, message);
        if named {
            self.under(key);
        } else {
            self.under("(unnamed)");
        }
        error
    }

    /// The fault, if one was noted.
    pub(crate) fn take(self) -> Option<ParseError> {
        self.error
    }
}

/// The known key that a misspelt one most likely meant: at most two edits away, or one that starts with it.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let key = key.to_ascii_lowercase();
    if key.len() > 64 {
        return None;
    }
    let squeezed = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    known
        .iter()
        .map(|candidate| {
            let same = squeezed(candidate) == squeezed(&key);
            (if same { 0 } else { edits(&key, candidate) }, *candidate)
        })
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len().div_ceil(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance over bytes.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, byte) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(b.bytes()) {
            let above = *cell;
            left = (diagonal + usize::from(byte != other))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A JSON object key, borrowed where it can be.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

/// A thing that is read from a JSON object, key by key.
pub(crate) trait Object<'de>: Default {
    /// What it is, for the rule in an error: "must be an object".
    const KEYS: &'static [&'static str];

    /// Reads the value of `key`, or gives `Ok(false)` when there is no such key.
    fn read<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fault: &mut Fault,
    ) -> Result<bool, A::Error>;
}

/// Reads an [`Object`]; `null` is its default.
pub(crate) struct ObjectSeed<'f, T>(pub(crate) &'f mut Fault, pub(crate) PhantomData<T>);

impl<'de, T: Object<'de>> DeserializeSeed<'de> for ObjectSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The visits that every reader refuses in the same way.
macro_rules! refuse {
    ($rule:expr; $($visit:ident($kind:ty)),*) => {
        $(fn $visit<E: serde::de::Error>(self, _: $kind) -> Result<Self::Value, E> {
            Err(self.0.raise(Code::WrongType, $rule))
        })*
    };
}

macro_rules! refuse_containers {
    ($rule:expr; $($name:ident),*) => { $(refuse_containers!(@ $name $rule);)* };
    (@ seq $rule:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(self.0.raise(Code::WrongType, $rule))
        }
    };
    (@ map $rule:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(self.0.raise(Code::WrongType, $rule))
        }
    };
}

const OBJECT: &str = "must be an object";

impl<'de, T: Object<'de>> Visitor<'de> for ObjectSeed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    refuse!(OBJECT; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
    refuse_containers!(OBJECT; seq);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        while let Some(key) = map.next_key_seed(Key)? {
            let known = object.read(&key, &mut map, self.0);
            match known {
                Ok(true) => {}
                Ok(false) => return Err(self.0.unknown_key(&key, T::KEYS)),
                Err(error) => {
                    if self.0.error.is_none() {
                        // The number is beyond what JSON readers hold, such as 1e400 in the place of a string.
                        let _: A::Error = self
                            .0
                            .raise(Code::WrongType, "is not a value that can be read");
                    }
                    // A key that is known is a plain word of the format, so it may stand in the path.
                    self.0.under(&key);
                    return Err(error);
                }
            }
        }
        Ok(object)
    }
}

/// A string or nothing.
pub(crate) struct TextSeed<'f>(pub(crate) &'f mut Fault);

const STRING: &str = "must be a string";

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = Option<Text<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed<'_> {
    type Value = Option<Text<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Text(Cow::Owned(text.to_owned()))))
    }

    refuse!(STRING; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
    refuse_containers!(STRING; seq, map);
}

/// A boolean; `null` and absence are `false`.
pub(crate) struct FlagSeed<'f>(pub(crate) &'f mut Fault);

const BOOLEAN: &str = "must be true or false";

impl<'de> DeserializeSeed<'de> for FlagSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FlagSeed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<bool, E> {
        Ok(flag)
    }

    refuse!(BOOLEAN; visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
    refuse_containers!(BOOLEAN; seq, map);
}

/// Any value in the sender's own spelling; `null` is nothing.
pub(crate) fn raw<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<&'de RawValue>, A::Error> {
    let value: &'de RawValue = map.next_value()?;
    Ok((value.get() != "null").then_some(value))
}

/// A list of objects.
pub(crate) struct ListSeed<'f, T> {
    pub(crate) fault: &'f mut Fault,
    pub(crate) most: usize,
    pub(crate) what: PhantomData<T>,
}

const LIST: &str = "must be a list of objects";

impl<'de, T: Object<'de>> DeserializeSeed<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        struct List<'f, T>(&'f mut Fault, usize, PhantomData<T>);
        impl<'de, T: Object<'de>> Visitor<'de> for List<'_, T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Vec<T>, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
                let mut list = Vec::new();
                loop {
                    if list.len() >= self.1 {
                        return if seq.next_element::<IgnoredAny>()?.is_some() {
                            Err(self
                                .0
                                .raise(Code::TooManyItems, format!("at most {} entries", self.1)))
                        } else {
                            Ok(list)
                        };
                    }
                    match seq.next_element_seed(ObjectSeed(&mut *self.0, PhantomData)) {
                        Ok(Some(item)) => list.push(item),
                        Ok(None) => return Ok(list),
                        Err(error) => {
                            self.0.at(list.len());
                            return Err(error);
                        }
                    }
                }
            }

            refuse!(LIST; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
            refuse_containers!(LIST; map);
        }
        deserializer.deserialize_any(List(self.fault, self.most, PhantomData))
    }
}

/// A map from free keys to strings; entries that are `null` are left out.
pub(crate) struct PairsSeed<'f>(pub(crate) &'f mut Fault);

const PAIRS: &str = "must be an object of strings";

impl<'de> DeserializeSeed<'de> for PairsSeed<'_> {
    type Value = Vec<(Text<'de>, Text<'de>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PairsSeed<'_> {
    type Value = Vec<(Text<'de>, Text<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            match map.next_value_seed(TextSeed(&mut *self.0)) {
                Ok(Some(value)) => pairs.push((key, value)),
                Ok(None) => {}
                // The key is free text of the sender, so it stays out of the path.
                Err(error) => return Err(error),
            }
        }
        Ok(pairs)
    }

    refuse!(PAIRS; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
    refuse_containers!(PAIRS; seq);
}

/// A list of small whole numbers (`gpp_sid`).
pub(crate) struct NumbersSeed<'f>(pub(crate) &'f mut Fault);

const NUMBERS: &str = "must be a list of whole numbers from 1 to 255";

impl<'de> DeserializeSeed<'de> for NumbersSeed<'_> {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NumbersSeed<'_> {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_unit<E>(self) -> Result<Vec<u8>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(raw) = seq.next_element::<&'de RawValue>()? {
            match raw.get().parse::<u8>() {
                Ok(number) if number > 0 && numbers.len() < 32 => numbers.push(number),
                _ => return Err(self.0.raise(Code::WrongType, NUMBERS)),
            }
        }
        Ok(numbers)
    }

    refuse!(NUMBERS; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
    refuse_containers!(NUMBERS; map);
}

/// Reads one object from its text.
pub(crate) fn object<'de, T: Object<'de>>(text: &'de str) -> Result<T, ParseError> {
    let mut fault = Fault::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = ObjectSeed(&mut fault, PhantomData).deserialize(&mut deserializer);
    match read.and_then(|object| deserializer.end().map(|()| object)) {
        Ok(object) => Ok(object),
        Err(error) => Err(match fault.take() {
            // The text may have stopped being JSON in the middle of a value, which is no fault of the value.
            Some(fault) if error.is_data() || is_json(text) => fault,
            _ => malformed(&error),
        }),
    }
}

/// Whether a text is JSON, whatever it says.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Where a text stops being JSON.
pub(crate) fn malformed(error: &serde_json::Error) -> ParseError {
    let place = format!(
        "is not valid JSON at line {}, column {}",
        error.line(),
        error.column()
    );
    ParseError::new(Code::MalformedJson, "", place)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_key_is_given_its_nearest_neighbour() {
        let known = &["event", "event_id", "currency", "client_id", "email"];
        assert_eq!(nearest("eventId", known), Some("event_id"));
        assert_eq!(nearest("curency", known), Some("currency"));
        assert_eq!(nearest("emial", known), Some("email"));
        assert_eq!(nearest("clientid", known), Some("client_id"));
        assert_eq!(nearest("zzz", known), None);
    }
}

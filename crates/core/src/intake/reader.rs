//! Reading JSON by hand-written visitors, so that a fault is told by code, path and rule and never by its value.
//!
//! `serde_json`'s own messages quote what they found; a conversion event is mostly personal data, so none of them is
//! kept. A [`Reading`] collects the path while the error travels up; the way down costs nothing.
//!
//! An event is read once, quickly. Only where that fails over the form of a value (a list in the place of a text, half an
//! emoji, a number beyond all numbers) is it read again, [carefully](Reading::careful): each value is first taken as it
//! stands, and what decorates the event is left out where it cannot be used.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::base::error::{Code, ParseError};
use crate::base::members::Keys;
use crate::base::remarks::Remarks;
use crate::base::text::{Text, is_placeholder, part, trimmed};
use crate::consent::{ILLEGIBLE, section_in_force};
use crate::event::Item;

/// The most that is told of the members of one object.
const MOST_TOLD: usize = 200;

/// The largest whole number of JavaScript that is itself and no neighbour: 2^53 - 1.
const LARGEST_SAFE: u64 = (1 << 53) - 1;

/// What becomes of a text that cannot be used as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Part of what the event is: an error.
    Strict,
    /// An id of the event: an error, but a whole number is its digits.
    Id,
    /// Free text: numbers are text, and what is too long is cut.
    Free,
    /// Somebody's id: whole or not at all, without what stands around it.
    Opaque,
    /// An address of a page: cut in front of a parameter.
    Url,
    /// A list of network addresses: cut in front of one.
    Addresses,
    /// The visitor's: whole or not at all, as it came.
    Visitor,
}

/// What went wrong on the way through one event, filled once, by the innermost reader; and what was left out or
/// changed.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Whether every value is looked at before it is read.
    careful: bool,
    error: Option<ParseError>,
    /// Whether it was left out, where, and why.
    told: Vec<(bool, String, &'static str)>,
}

fn join(key: &str, path: &mut String) {
    let rest = std::mem::take(path);
    *path = match rest.as_bytes().first() {
        None => key.to_owned(),
        Some(b'[') => format!("{key}{rest}"),
        Some(_) if key.is_empty() => rest,
        Some(_) => format!("{key}.{rest}"),
    };
}

/// Whether a key of the sender may be repeated in a path: nobody's name, address or number looks like this, nor does what
/// base64 and hexadecimal digits make of them.
pub(crate) fn is_plain(key: &str) -> bool {
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    (1..=40).contains(&key.len())
        && digits <= 4
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !crate::base::personal::holds_email(key)
}

impl Reading {
    /// A second reading, after a first one failed over the form of a value.
    pub(crate) fn careful() -> Self {
        Self {
            careful: true,
            ..Self::default()
        }
    }

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

    /// Notes that the value being read is left out.
    pub(crate) fn removed(&mut self, path: &str, code: &'static str) {
        self.tell(true, path, code);
    }

    /// Notes that the value being read is used in another form.
    pub(crate) fn changed(&mut self, path: &str, code: &'static str) {
        self.tell(false, path, code);
    }

    fn tell(&mut self, left_out: bool, path: &str, code: &'static str) {
        self.told.push((left_out, path.to_owned(), code));
    }

    /// Forgets what was told since then and had been told since the start: a thousand wrong cookies are one remark.
    pub(crate) fn fold(&mut self, start: usize, since: usize) {
        // Nobody is told of more than a few dozen, so nobody looks for the thousandth among all others.
        if since - start >= MOST_TOLD {
            self.told.truncate(since);
            return;
        }
        for new in self.told.split_off(since) {
            if self.told.iter().skip(start).all(|known| *known != new) {
                self.told.push(new);
            }
        }
    }

    /// Says that what failed below stands under `key`.
    pub(crate) fn under(&mut self, key: &str) {
        if let Some(error) = &mut self.error {
            join(key, &mut error.path);
        }
    }

    /// How much was told so far.
    pub(crate) fn told(&self) -> usize {
        self.told.len()
    }

    /// Says that what is told meanwhile stands under `key`.
    pub(crate) fn within(&mut self, key: &str, read: impl FnOnce(&mut Self)) {
        let since = self.told();
        read(self);
        self.place(since, key);
    }

    /// Says that what was told since then stands under `key`.
    pub(crate) fn place(&mut self, since: usize, key: &str) {
        for (_, path, _) in self.told.iter_mut().skip(since) {
            join(key, path);
        }
    }

    /// Notes a key that the format does not have. The key is repeated only when it looks like one: somebody's
    /// e-mail address in the place of a key must not travel back in an error.
    pub(crate) fn unknown_key<E: serde::de::Error>(
        &mut self,
        key: &str,
        known: &[&'static str],
    ) -> E {
        let hint = nearest(key, known);
        // `pageUrl` is `page_url`, and shows nobody.
        let bare = |key: &str| key.replace('_', "").to_ascii_lowercase();
        let spelt = hint.is_some_and(|hint| bare(hint) == bare(key));
        let message: Cow<'static, str> = match hint {
            Some(hint) => {
                format!("unknown key; did you mean `{hint}`? free data goes into `properties`")
                    .into()
            }
            None => "unknown key; free data goes into `properties`".into(),
        };
        let shown = spelt || is_plain(key);
        self.key_fault(if shown { key } else { "" }, Code::UnknownKey, message)
    }

    /// Notes a fault of a key, which is repeated unless it is empty.
    pub(crate) fn key_fault<E: serde::de::Error>(
        &mut self,
        key: &str,
        code: Code,
        message: Cow<'static, str>,
    ) -> E {
        let error = self.raise(code, message);
        self.under(if key.is_empty() { "(unnamed)" } else { key });
        error
    }

    /// The fault, if one was noted.
    pub(crate) fn take(&mut self) -> Option<ParseError> {
        self.error.take()
    }

    /// What was left out and changed.
    pub(crate) fn remarks(self) -> Remarks {
        let mut remarks = Remarks::default();
        for (left_out, path, code) in self.told {
            if left_out {
                remarks.removed(path, code);
            } else {
                remarks.changed(path, code);
            }
        }
        remarks
    }

    /// Reads a text that was taken as it stands.
    pub(crate) fn text<'de, E: serde::de::Error>(
        &mut self,
        raw: &'de RawValue,
        manner: Manner,
    ) -> Result<Option<Text<'de>>, E> {
        let json = raw.get();
        let digits = json.bytes().all(|byte| byte.is_ascii_digit());
        let number = match manner {
            Manner::Strict => false,
            Manner::Id => digits && json.parse().is_ok_and(|id: u64| id <= LARGEST_SAFE),
            Manner::Visitor => digits,
            Manner::Opaque => json.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
            Manner::Free | Manner::Url | Manner::Addresses => {
                crate::base::number::number(json).is_some_and(f64::is_finite)
            }
        };
        match json.as_bytes().first() {
            Some(b'n') => return Ok(None),
            Some(b'"') => {
                if let Ok(text) = serde_json::from_str(json) {
                    return Ok(Some(text));
                }
                match manner {
                    Manner::Strict => {}
                    Manner::Id => {
                        return Err(
                            self.raise(Code::EventIdInvalid, "must not hold half characters")
                        );
                    }
                    Manner::Free | Manner::Url | Manner::Addresses => {
                        self.changed("", "lone_surrogate");
                        return Ok(whole_characters(json).map(Text::from));
                    }
                    Manner::Opaque | Manner::Visitor => {
                        self.removed("", "lone_surrogate");
                        return Ok(None);
                    }
                }
            }
            Some(b'-' | b'0'..=b'9') if number => {
                self.changed("", "number_as_text");
                return Ok(Some(json.into()));
            }
            Some(b'-' | b'0'..=b'9') if manner == Manner::Id => {
                return Err(self.raise(Code::WrongType, ID));
            }
            _ => {}
        }
        if matches!(manner, Manner::Strict | Manner::Id) {
            if is_empty_list(json) {
                return Ok(None);
            }
            return Err(self.raise(Code::WrongType, STRING));
        }
        self.unusable(json);
        Ok(None)
    }

    /// A value of a form that its field has not is left out and told, but silently where it is an empty list, as PHP
    /// writes whatever is empty, or an empty text.
    pub(crate) fn unusable(&mut self, json: &str) {
        if !is_empty_list(json) && json != "\"\"" {
            self.removed("", "wrong_type");
        }
    }
}

/// Whether JSON is `[]`.
pub(crate) fn is_empty_list(json: &str) -> bool {
    json.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inside| inside.trim().is_empty())
}

/// A JSON string whose halves of characters are replaced: programs that count in UTF-16, such as JavaScript, cut
/// texts in the middle of an emoji, and RFC 8259 allows what is left (section 8.2) although it is no text.
pub(crate) fn whole_characters(json: &str) -> Option<String> {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        mended.push_str(before);
        let unit = |at: usize| {
            let unit = escape.get(at..at + 6)?.strip_prefix("\\u")?;
            u16::from_str_radix(unit, 16).ok()
        };
        let end = match (unit(0), unit(6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push('\u{fffd}');
                rest = escape.get(6..).unwrap_or("");
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        mended.push_str(escape.get(..end)?);
        rest = escape.get(end..)?;
    }
    mended.push_str(rest);
    serde_json::from_str(&mended).ok()
}

/// The known key that a misspelt one most likely meant: at most two edits away, or one that starts with it.
pub(crate) fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let key = key.to_ascii_lowercase();
    if key.len() > 64 {
        return None;
    }
    let plain = |byte: &u8| !matches!(byte, b'_' | b'-');
    known
        .iter()
        .filter_map(|candidate| {
            let same = candidate
                .bytes()
                .filter(plain)
                .eq(key.bytes().filter(plain));
            let distance = match candidate.len().abs_diff(key.len()) {
                _ if same => 0,
                0..=2 => edits(&key, candidate),
                _ => return None,
            };
            Some((distance, *candidate))
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
pub(crate) struct Key {
    /// Whether halves of characters are let through, as their replacement.
    pub(crate) careful: bool,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_bytes<E>(self, key: &'de [u8]) -> Result<Text<'de>, E> {
                Ok(String::from_utf8_lossy(key).into())
            }

            fn visit_bytes<E>(self, key: &[u8]) -> Result<Text<'de>, E> {
                Ok(String::from_utf8_lossy(key).into_owned().into())
            }
        }
        if self.careful {
            deserializer.deserialize_bytes(Bytes)
        } else {
            serde::Deserialize::deserialize(deserializer)
        }
    }
}

/// A thing that is read from a JSON object, key by key. Without type parameters, or each of them would bring a reader of
/// JSON of its own into the worker.
pub(crate) trait Object<'de> {
    /// The keys that it has.
    fn keys(&self) -> &'static [&'static str];

    /// Whether it decorates an event, so that something else in its place is left out.
    fn lenient(&self) -> bool;

    /// Reads the value of `key`, or gives `Ok(false)` when there is no such key.
    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop>;
}

/// The reading stops; why is in the [`Reading`], or in the [`Values`] where the text is no JSON.
#[derive(Debug)]
pub(crate) struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fault")
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// What the values of an object may be.
pub(crate) trait Values<'de> {
    /// Any value as it stands.
    fn raw(&mut self) -> Result<&'de RawValue, Stop>;
    /// See [`TextSeed`].
    fn text(&mut self, reading: &mut Reading, manner: Manner) -> Result<Option<Text<'de>>, Stop>;
    /// See [`FlagSeed`].
    fn flag(&mut self, reading: &mut Reading) -> Result<Option<bool>, Stop>;
    /// See [`NumbersSeed`].
    fn numbers(&mut self, reading: &mut Reading) -> Result<Vec<i64>, Stop>;
    /// See [`PairsSeed`].
    fn pairs(&mut self, reading: &mut Reading, known: fn(&str) -> bool) -> Pairs<'de>;
    /// See [`ListSeed`].
    fn items(&mut self, reading: &mut Reading, most: usize) -> Result<Vec<Item<'de>>, Stop>;
    /// See [`ObjectSeed`].
    fn object(&mut self, reading: &mut Reading, into: &mut dyn Object<'de>) -> Result<(), Stop>;
}

type Pairs<'de> = Result<Vec<(Text<'de>, Text<'de>)>, Stop>;

/// The values of a map, and the error that its reading ended with.
struct Members<A, E> {
    map: A,
    error: Option<E>,
}

impl<'de, A: MapAccess<'de>> Members<A, A::Error> {
    fn value<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        self.map.next_value_seed(seed).map_err(|error| {
            self.error = Some(error);
            Stop
        })
    }
}

impl<'de, A: MapAccess<'de>> Values<'de> for Members<A, A::Error> {
    fn raw(&mut self) -> Result<&'de RawValue, Stop> {
        self.value(PhantomData)
    }

    fn text(&mut self, reading: &mut Reading, manner: Manner) -> Result<Option<Text<'de>>, Stop> {
        self.value(TextSeed(reading, manner))
    }

    fn flag(&mut self, reading: &mut Reading) -> Result<Option<bool>, Stop> {
        self.value(FlagSeed(reading))
    }

    fn numbers(&mut self, reading: &mut Reading) -> Result<Vec<i64>, Stop> {
        self.value(NumbersSeed(reading))
    }

    fn pairs(&mut self, reading: &mut Reading, known: fn(&str) -> bool) -> Pairs<'de> {
        self.value(PairsSeed(reading, known))
    }

    fn items(&mut self, reading: &mut Reading, most: usize) -> Result<Vec<Item<'de>>, Stop> {
        self.value(ListSeed { reading, most })
    }

    fn object(&mut self, reading: &mut Reading, into: &mut dyn Object<'de>) -> Result<(), Stop> {
        self.value(ObjectSeed(reading, into))
    }
}

/// Reads an [`Object`] that is still its default, as which `null` and PHP's empty array leave it.
struct ObjectSeed<'f, 'o, 'de>(&'f mut Reading, &'o mut dyn Object<'de>);

/// Reads on within a value that was taken as it stands.
pub(crate) fn within<'de, V: Visitor<'de>, E: serde::de::Error>(
    raw: &'de RawValue,
    visitor: V,
) -> Result<V::Value, E> {
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_any(visitor)
        .map_err(|_| E::custom("fault"))
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.0.careful {
            return deserializer.deserialize_any(self);
        }
        let raw = <&'de RawValue as serde::Deserialize>::deserialize(deserializer)?;
        let json = raw.get();
        if json.starts_with('{') {
            return within(raw, self);
        }
        if json != "null" && json != "\"\"" && !is_empty_list(json) {
            if !self.1.lenient() {
                return Err(self.0.raise(Code::WrongType, OBJECT));
            }
            self.0.unusable(json);
        }
        Ok(())
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
    // PHP writes an empty map as an empty list.
    (@ filled_seq $rule:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            match seq.next_element::<IgnoredAny>()? {
                None => Ok(Default::default()),
                Some(_) => Err(self.0.raise(Code::WrongType, $rule)),
            }
        }
    };
    (@ filled_map $rule:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            match map.next_key::<IgnoredAny>()? {
                None => Ok(Default::default()),
                Some(_) => Err(self.0.raise(Code::WrongType, $rule)),
            }
        }
    };
}

const OBJECT: &str = "must be an object";

impl<'de> Visitor<'de> for ObjectSeed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    refuse!(OBJECT; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
    refuse_containers!(OBJECT; filled_seq);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self(reading, object) = self;
        let mut members = Members { map, error: None };
        let mut keys = Keys::default();
        while let Some(key) = members.map.next_key_seed(Key {
            careful: reading.careful,
        })? {
            let Ok(known) = keys.add(object.keys(), &key) else {
                return Err(reading.key_fault(&key, Code::DuplicateKey, TWICE.into()));
            };
            let since = reading.told.len();
            match object.read(&key, &mut members, reading) {
                Ok(true) => {
                    if reading.told.len() > since {
                        // A key that is known is a plain word of the format, so it may stand in the path.
                        let named = known || is_plain(&key);
                        reading.place(since, if named { &key } else { "" });
                    }
                }
                Ok(false) => return Err(reading.unknown_key(&key, object.keys())),
                Err(Stop) => {
                    if reading.error.is_none() {
                        // The number is beyond what JSON readers hold, such as 1e400 in the place of a string.
                        let _: A::Error =
                            reading.raise(Code::WrongType, "is not a value that can be read");
                    }
                    reading.under(if known { &key } else { "" });
                    let fault = || serde::de::Error::custom("fault");
                    return Err(members.error.take().unwrap_or_else(fault));
                }
            }
        }
        Ok(())
    }
}

/// The rule that a member stands in an object once.
pub(crate) const TWICE: &str = "stands twice in one object, and only one of them can be meant";

/// A string or nothing.
struct TextSeed<'f>(&'f mut Reading, Manner);

const STRING: &str = "must be a string";

const ID: &str = "must be a string, or a whole number in digits below 2^53";

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = Option<Text<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.careful {
            let raw = <&'de RawValue as serde::Deserialize>::deserialize(deserializer)?;
            return self.0.text(raw, self.1);
        }
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

    /// Whole numbers in the place of an id or a text are common enough to need no second reading.
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        match self.1 {
            Manner::Strict => Err(self.0.raise(Code::WrongType, STRING)),
            Manner::Id if number > LARGEST_SAFE => Err(self.0.raise(Code::WrongType, ID)),
            _ => {
                self.0.changed("", "number_as_text");
                Ok(Some(Text::from(number.to_string())))
            }
        }
    }

    refuse!(STRING; visit_bool(bool), visit_i64(i64), visit_f64(f64));
    refuse_containers!(STRING; seq, map);
}

/// A boolean; `null`, an empty text and absence are `None`.
struct FlagSeed<'f>(&'f mut Reading);

const BOOLEAN: &str = "must be true or false";

impl<'de> DeserializeSeed<'de> for FlagSeed<'_> {
    type Value = Option<bool>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FlagSeed<'_> {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Some(flag))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        Err(self.0.raise(Code::WrongType, BOOLEAN))
    }

    refuse!(BOOLEAN; visit_i64(i64), visit_u64(u64), visit_f64(f64));
    refuse_containers!(BOOLEAN; filled_seq, map);
}

/// Any value in the sender's own spelling; `null` is nothing.
pub(crate) fn raw<'de>(map: &mut dyn Values<'de>) -> Result<Option<&'de RawValue>, Stop> {
    let value = map.raw()?;
    Ok((value.get() != "null").then_some(value))
}

/// A list of objects that decorates an event.
struct ListSeed<'f> {
    reading: &'f mut Reading,
    most: usize,
}

const LIST: &str = "must be a list of objects";

/// An object of a list, or nothing in the place of one that is none.
struct Entry<'f>(&'f mut Reading);

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = Option<Item<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let since = self.0.told.len();
        let was_careful = self.0.careful;
        let mut object = Item::default();
        ObjectSeed(&mut *self.0, &mut object).deserialize(deserializer)?;
        // Told of the object itself and of none of its members: it was no object.
        let is_none = was_careful
            && (self.0.told.iter().skip(since))
                .any(|(_, path, code)| path.is_empty() && *code == "wrong_type");
        Ok((!is_none).then_some(object))
    }
}

impl<'de> DeserializeSeed<'de> for ListSeed<'_> {
    type Value = Vec<Item<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        struct List<'f>(&'f mut Reading, usize);
        impl<'de> Visitor<'de> for List<'_> {
            type Value = Vec<Item<'de>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                let mut index = 0_usize;
                while list.len() < self.1 {
                    let since = self.0.told.len();
                    match seq.next_element_seed(Entry(&mut *self.0)) {
                        Ok(Some(item)) => list.extend(item),
                        Ok(None) => return Ok(list),
                        Err(error) => {
                            self.0.under(&format!("[{index}]"));
                            return Err(error);
                        }
                    }
                    if self.0.told.len() > since {
                        self.0.place(since, &format!("[{index}]"));
                    }
                    index += 1;
                }
                let mut more = false;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    more = true;
                }
                if more {
                    self.0.removed("", "too_many");
                }
                Ok(list)
            }

            refuse!(LIST; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
            refuse_containers!(LIST; filled_map);
        }
        let list = List(self.reading, self.most);
        if !list.0.careful {
            return deserializer.deserialize_any(list);
        }
        let raw = <&'de RawValue as serde::Deserialize>::deserialize(deserializer)?;
        match raw.get() {
            json if json.starts_with('[') => return within(raw, list),
            "null" | "{}" => {}
            json => list.0.unusable(json),
        }
        Ok(Vec::new())
    }
}

/// A map from free keys to texts; entries that are `null` are left out, and of equal keys the last one counts.
struct PairsSeed<'f>(&'f mut Reading, fn(&str) -> bool);

/// The most cookies and click ids of one event, beside those that a platform reads.
pub(crate) const MOST_PAIRS: usize = 200;

/// The longest cookie or click id, in characters. (TikTok's click ids may have 1,000.)
pub(crate) const LONGEST_PAIR: usize = 1024;

const PAIRS: &str = "must be an object of strings";

impl<'de> DeserializeSeed<'de> for PairsSeed<'_> {
    type Value = Vec<(Text<'de>, Text<'de>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if !self.0.careful {
            return deserializer.deserialize_any(self);
        }
        let raw = <&'de RawValue as serde::Deserialize>::deserialize(deserializer)?;
        match raw.get() {
            json if json.starts_with('{') => return within(raw, self),
            "null" => {}
            json => self.0.unusable(json),
        }
        Ok(Vec::new())
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
        let Self(reading, is_known) = self;
        let start = reading.told.len();
        let mut pairs: Vec<(Text<'de>, Text<'de>)> = Vec::new();
        while let Some(key) = map.next_key_seed(Key {
            careful: reading.careful,
        })? {
            let known = is_known(&key);
            let since = reading.told.len();
            let value = map.next_value_seed(TextSeed(&mut *reading, Manner::Opaque))?;
            let value = value.and_then(|value| tidy(value, reading, Manner::Opaque, LONGEST_PAIR));
            if let Some(value) = value {
                if let Some((_, last)) = pairs.iter_mut().find(|(name, _)| *name == key) {
                    reading.changed("", "duplicate_key");
                    *last = value;
                } else if pairs.len() < MOST_PAIRS || (known && pairs.len() < 2 * MOST_PAIRS) {
                    pairs.push((key.clone(), value));
                } else {
                    reading.removed("", "too_many");
                }
            }
            if reading.told.len() > since {
                // Other keys are free text of the sender.
                let named = known
                    && key.len() <= 40
                    && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                reading.place(since, if named { &key } else { "" });
                reading.fold(start, since);
            }
        }
        Ok(pairs)
    }

    refuse!(PAIRS; visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
    refuse_containers!(PAIRS; filled_seq);
}

/// A list of small whole numbers (`gpp_sid`).
struct NumbersSeed<'f>(&'f mut Reading);

/// The sections of a GPP string that apply: a list of numbers, or as a text with commas between. One that nobody can make out
/// is taken for none, by which all of them count.
impl NumbersSeed<'_> {
    fn push(&mut self, text: &str, numbers: &mut Vec<i64>) -> Option<()> {
        let number = section_in_force(text.trim_matches('"'));
        if number == ILLEGIBLE {
            self.0.changed("", "section_unclear");
        }
        numbers.push(number);
        (numbers.len() <= MOST_NUMBERS).then_some(())
    }

    fn too_many<E: serde::de::Error>(&mut self) -> E {
        self.0.raise(Code::TooManyItems, "at most 32 entries")
    }
}

/// The most numbers in one list.
const MOST_NUMBERS: usize = 32;

impl<'de> DeserializeSeed<'de> for NumbersSeed<'_> {
    type Value = Vec<i64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<i64>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NumbersSeed<'_> {
    type Value = Vec<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_unit<E>(self) -> Result<Vec<i64>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<Vec<i64>, E> {
        let mut numbers = Vec::new();
        if !text.is_empty() {
            for text in text.split(',') {
                self.push(text, &mut numbers)
                    .ok_or_else(|| self.too_many())?;
            }
        }
        Ok(numbers)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Vec<i64>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Vec<i64>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Vec<i64>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(raw) = seq.next_element::<&'de RawValue>()? {
            self.push(raw.get(), &mut numbers)
                .ok_or_else(|| self.too_many())?;
        }
        Ok(numbers)
    }

    refuse!(SECTIONS; visit_bool(bool), visit_f64(f64));
    refuse_containers!(SECTIONS; map);
}

const SECTIONS: &str = "must be a list of sections' numbers";

/// Reads one object from its text.
pub(crate) fn object<'de, T: Object<'de> + Default>(
    text: &'de str,
    reading: &mut Reading,
) -> Result<T, ParseError> {
    let mut object = T::default();
    fill(text, reading, &mut object)?;
    Ok(object)
}

/// The same into one that is there: compiled once for all of them.
fn fill<'de>(
    text: &'de str,
    reading: &mut Reading,
    object: &mut dyn Object<'de>,
) -> Result<(), ParseError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = ObjectSeed(&mut *reading, object).deserialize(&mut deserializer);
    match read.and_then(|()| deserializer.end()) {
        Ok(()) => Ok(()),
        Err(error) => Err(match reading.take() {
            // The text may have stopped being JSON in the middle of a value, which is no fault of the value.
            Some(fault) if error.is_data() || is_json(text) => fault,
            _ => malformed(&error),
        }),
    }
}

/// Whether a text is JSON, whatever it says.
pub(crate) fn is_json(text: &str) -> bool {
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

/// What of a text can be used: nothing of a placeholder, the visible part, and no more than fits.
pub(crate) fn tidy<'a>(
    mut text: Text<'a>,
    reading: &mut Reading,
    manner: Manner,
    longest: usize,
) -> Option<Text<'a>> {
    if text.is_empty() {
        return None;
    }
    if is_placeholder(&text) {
        reading.removed("", "placeholder");
        return None;
    }
    let kept_whole = matches!(manner, Manner::Opaque | Manner::Visitor);
    if manner == Manner::Opaque {
        let was_trimmed;
        (text, was_trimmed) = trimmed(text);
        if was_trimmed {
            reading.changed("", "trimmed");
        }
    }
    // JSON has control characters as escapes only, and a text with escapes is owned.
    if matches!(text.0, Cow::Owned(_))
        && manner != Manner::Visitor
        && text.contains(char::is_control)
    {
        if kept_whole {
            reading.removed("", "control_characters");
            return None;
        }
        let blank = if manner == Manner::Free { " " } else { "" };
        let mut visible = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\t' | '\n' | '\r' => visible.push_str(blank),
                c if c.is_control() => {}
                c => visible.push(c),
            }
        }
        reading.changed("", "control_characters");
        text = visible.into();
    }
    // Bytes bound characters from above, so most texts are never counted.
    if text.len() <= longest {
        return Some(text);
    }
    let Some((end, _)) = text.char_indices().nth(longest) else {
        return Some(text);
    };
    let kept = text.get(..end).unwrap_or_default();
    let end = match manner {
        Manner::Url => kept.rfind(['&', '?']).filter(|_| kept.contains('?')),
        Manner::Addresses => kept.rfind(','),
        _ if kept_whole => None,
        _ => Some(end),
    };
    let Some(end) = end else {
        reading.removed("", "too_long");
        return None;
    };
    reading.changed("", "cut");
    Some(part(text, 0..end))
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

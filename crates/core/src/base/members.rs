//! Reading objects member by member, where a derived reader would be several kilobytes of wasm for each type.

use serde_json::{Map, Value};

use crate::base::time::UnixMillis;

/// Reads a struct from an object, member by member, borrowing its texts. The first members have to be there, and none may
/// stand there twice; a member that is not known is passed over.
///
/// A derived reader keeps each member in a variable of its own, and takes a list in the place of the object as well: three
/// times as much wasm.
macro_rules! read_members {
    (
        $type:ident = $empty:expr;
        $($must:literal => $needed:ident,)* ;
        $($may:literal => $field:ident,)*
    ) => {
        impl<'de: 'a, 'a> serde::Deserialize<'de> for $type<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader<'a>(std::marker::PhantomData<&'a ()>);
                impl<'de: 'a, 'a> serde::de::Visitor<'de> for Reader<'a> {
                    type Value = $type<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        const NEEDED: usize = <[&str]>::len(&[$($must,)*]);
                        let mut all: $type<'a> = $empty;
                        let mut keys = $crate::base::members::Keys::default();
                        while let Some(key) = map.next_key::<$crate::base::text::Text<'de>>()? {
                            if keys.add(&[$($must,)* $($may,)*], &key).is_err() {
                                return Err(serde::de::Error::custom("a member twice"));
                            }
                            match key.as_str() {
                                $($must => all.$needed = map.next_value()?,)*
                                $($may => all.$field = map.next_value()?,)*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        if !keys.has_first(NEEDED) {
                            return Err(serde::de::Error::custom("a member is missing"));
                        }
                        Ok(all)
                    }
                }
                deserializer.deserialize_map(Reader(std::marker::PhantomData))
            }
        }
    };
}

pub(crate) use read_members;

/// Which of the known keys an object has had.
#[derive(Default)]
pub(crate) struct Keys {
    seen: u64,
    next: usize,
}

impl Keys {
    /// Whether the key is known; an error when it comes again.
    pub(crate) fn add(&mut self, known: &[&str], key: &str) -> Result<bool, ()> {
        // Most senders keep to the order of the documentation, so the search starts where the last one ended.
        let (before, after) = known.split_at(self.next.min(known.len()));
        let mut at = self.next;
        let found = after.iter().position(|name| *name == key);
        if let Some(found) = found {
            at += found;
        } else {
            match before.iter().position(|name| *name == key) {
                Some(found) => at = found,
                None => return Ok(false),
            }
        }
        self.next = at + 1;
        let bit = 1_u64 << (at & 63);
        let again = self.seen & bit != 0;
        self.seen |= bit;
        if again { Err(()) } else { Ok(true) }
    }

    /// Whether the first so many of the known keys were there.
    pub(crate) const fn has_first(&self, many: usize) -> bool {
        self.seen.trailing_ones() as usize >= many
    }
}

/// The members of an object that was read, taken out one by one.
///
/// `None` says that a member is missing or of another kind. A derived reader is several kilobytes of wasm for each type;
/// this is for messages that are few and own their texts, not for events.
#[derive(Debug)]
pub struct Members(Map<String, Value>);

impl Members {
    /// Those of an object; `None` for anything else.
    pub fn of(value: Value) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    /// Any value.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    /// A string.
    pub fn text(&mut self, key: &str) -> Option<String> {
        text(self.take(key)?)
    }

    /// A string that is left out where it is empty.
    pub fn text_or_empty(&mut self, key: &str) -> Option<String> {
        self.take(key).map_or(Some(String::new()), text)
    }

    /// A whole number.
    pub fn whole<T: TryFrom<i64>>(&mut self, key: &str) -> Option<T> {
        self.take(key)?.as_i64()?.try_into().ok()
    }

    /// A point in time.
    pub fn time(&mut self, key: &str) -> Option<UnixMillis> {
        self.whole(key).map(UnixMillis)
    }

    /// A list that is left out where it is empty.
    pub fn list<T>(&mut self, key: &str, read: fn(Value) -> Option<T>) -> Option<Vec<T>> {
        self.take(key)
            .map_or(Some(Vec::new()), |list| list_of(list, read))
    }
}

/// A string.
pub fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A list whose elements can all be read.
pub fn list_of<T>(value: Value, read: fn(Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Array(values) => values.into_iter().map(read).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_there_and_of_their_kind_or_are_not() {
        let value = serde_json::json!({"a": "b", "n": 300, "l": ["c", 1], "m": ["d"]});
        let mut members = Members::of(value).unwrap();
        assert_eq!(members.text("a").as_deref(), Some("b"));
        assert_eq!(members.text("a"), None);
        assert_eq!(members.text_or_empty("a").as_deref(), Some(""));
        assert_eq!(members.whole::<u8>("n"), None);
        assert_eq!(members.list("l", text), None);
        assert_eq!(members.list("l", text), Some(Vec::new()));
        assert_eq!(members.list("m", text), Some(vec!["d".to_owned()]));
        assert!(Members::of(Value::Null).is_none());
    }
}

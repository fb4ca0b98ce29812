//! Writing JSON by hand: objects and lists in the order they are written, what is absent left out.
//!
//! Platforms refuse `null`, `""` and `[]`, so leaving out is the rule and not the exception. One writer for all bodies
//! also keeps the worker small: a serialiser derived for each platform's structs compiles to several times as much.
//!
//! ```
//! use edgetally_core::json::Object;
//!
//! let text = Object::write(|body| {
//!     body.put("event", "Purchase");
//!     body.put("test", None::<&str>);
//!     body.object("user", |user| user.put("email", None::<&str>));
//!     body.list("items", ["a", "b"]);
//!     body.objects("contents", [1_i64, 2], |content, n| content.put("n", *n));
//! });
//! assert_eq!(text, br#"{"event":"Purchase","items":["a","b"],"contents":[{"n":1},{"n":2}]}"#);
//! ```

use std::borrow::Cow;

use crate::identity::Hashed;
use crate::money::{Amount, Currency};
use crate::text::Text;
use crate::time::{UnixMillis, UnixSeconds};

/// A value that has no parts.
#[derive(Debug, Clone)]
pub enum Leaf<'a> {
    /// Left out, with its key.
    Nothing,
    /// A string.
    Text(Cow<'a, str>),
    /// A whole number.
    Whole(i64),
    /// `true` or `false`.
    Flag(bool),
    /// JSON that is written as it stands.
    Raw(&'a str),
}

impl Leaf<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => {}
            Self::Text(text) => quote(out, text),
            Self::Whole(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Raw(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
}

impl<'a> From<&'a str> for Leaf<'a> {
    /// An empty string counts as absent.
    fn from(text: &'a str) -> Self {
        if text.is_empty() {
            Self::Nothing
        } else {
            Self::Text(Cow::Borrowed(text))
        }
    }
}

impl<'a> From<&'a String> for Leaf<'a> {
    fn from(text: &'a String) -> Self {
        text.as_str().into()
    }
}

impl<'a> From<String> for Leaf<'a> {
    fn from(text: String) -> Self {
        Cow::<'a, str>::Owned(text).into()
    }
}

impl<'a> From<Cow<'a, str>> for Leaf<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        if text.is_empty() {
            Self::Nothing
        } else {
            Self::Text(text)
        }
    }
}

impl<'a> From<&'a Text<'_>> for Leaf<'a> {
    fn from(text: &'a Text<'_>) -> Self {
        text.as_str().into()
    }
}

impl From<i64> for Leaf<'_> {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<UnixSeconds> for Leaf<'_> {
    fn from(time: UnixSeconds) -> Self {
        Self::Whole(time.0)
    }
}

impl From<UnixMillis> for Leaf<'_> {
    fn from(time: UnixMillis) -> Self {
        Self::Whole(time.0)
    }
}

impl From<bool> for Leaf<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a> From<Amount<'a>> for Leaf<'a> {
    /// A number, in the sender's own spelling.
    fn from(amount: Amount<'a>) -> Self {
        Self::Raw(amount.as_str())
    }
}

impl<'a> From<&'a Currency> for Leaf<'a> {
    fn from(currency: &'a Currency) -> Self {
        currency.as_str().into()
    }
}

impl<S> From<Hashed<S>> for Leaf<'_> {
    /// 64 lower-case hexadecimal digits.
    fn from(hash: Hashed<S>) -> Self {
        Self::Text(Cow::Owned(hash.to_hex()))
    }
}

impl<'a, T: Into<Leaf<'a>>> From<Option<T>> for Leaf<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

fn quote(out: &mut Vec<u8>, text: &str) {
    // Writing a string to a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// An object that is being written.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl Object<'_> {
    /// Writes a whole body.
    pub fn write(fill: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        object(&mut out, |object| fill(object));
        out
    }

    /// Whether nothing has been put in so far.
    pub fn is_empty(&self) -> bool {
        self.out.len() == self.start
    }

    fn key(&mut self, key: &str) {
        if !self.is_empty() {
            self.out.push(b',');
        }
        quote(self.out, key);
        self.out.push(b':');
    }

    /// A value, or nothing where it is absent.
    pub fn put<'a>(&mut self, key: &str, value: impl Into<Leaf<'a>>) {
        self.put_leaf(key, &value.into());
    }

    fn put_leaf(&mut self, key: &str, leaf: &Leaf<'_>) {
        if !matches!(leaf, Leaf::Nothing) {
            self.key(key);
            leaf.write(self.out);
        }
    }

    /// An object, or nothing where it stays empty.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let before = self.out.len();
        self.key(key);
        let start = self.out.len();
        object(self.out, |object| fill(object));
        if self.out.len() == start + 2 {
            self.out.truncate(before);
        }
    }

    /// A list of the values that are there, or nothing where there are none.
    pub fn list<'a, T: Into<Leaf<'a>>>(&mut self, key: &str, values: impl IntoIterator<Item = T>) {
        let leaves: Vec<Leaf<'a>> = values
            .into_iter()
            .map(Into::into)
            .filter(|leaf| !matches!(leaf, Leaf::Nothing))
            .collect();
        if leaves.is_empty() {
            return;
        }
        self.key(key);
        for (at, leaf) in leaves.iter().enumerate() {
            self.out.push(if at == 0 { b'[' } else { b',' });
            leaf.write(self.out);
        }
        self.out.push(b']');
    }

    /// A list of objects, without those that stay empty; nothing where there are none.
    pub fn objects<T>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Object<'_>, &T),
    ) {
        let before = self.out.len();
        self.key(key);
        self.out.push(b'[');
        let first = self.out.len();
        for value in values {
            let place = self.out.len();
            if place > first {
                self.out.push(b',');
            }
            let start = self.out.len();
            object(self.out, |object| fill(object, &value));
            if self.out.len() == start + 2 {
                self.out.truncate(place);
            }
        }
        if self.out.len() == first {
            self.out.truncate(before);
        } else {
            self.out.push(b']');
        }
    }
}

fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    let start = out.len();
    fill(&mut Object { out, start });
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_leaves_no_trace() {
        let text = Object::write(|body| {
            body.put("a", "");
            body.put("b", Some(3_i64));
            body.list("c", [None::<&str>, Some("")]);
            body.objects("d", [1, 2], |_, _| {});
            body.objects("e", [1_i64, 2, 3], |one, n| {
                one.put("n", Some(*n).filter(|n| *n != 2));
            });
            body.object("f", |inner| inner.object("g", |_| {}));
            body.put("h", false);
        });
        assert_eq!(text, br#"{"b":3,"e":[{"n":1},{"n":3}],"h":false}"#);
        assert_eq!(Object::write(|_| {}), b"{}");
    }

    #[test]
    fn text_is_escaped() {
        let text = Object::write(|body| body.put("a\"", "\u{1}\"é\\"));
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "{\"a\\\"\":\"\\u0001\\\"é\\\\\"}"
        );
    }
}

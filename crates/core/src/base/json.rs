//! Writing JSON by hand: objects and lists in the order they are written, what is absent left out. And reading it by
//! hand, where it is short.
//!
//! Platforms refuse `null`, `""` and `[]`, so leaving out is the rule and not the exception. One writer for all bodies
//! also keeps the worker small: a serialiser derived for each platform's structs compiles to several times as much.
//!
//! ```
//! use edgetally_core::base::json::Object;
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

mod writer;

use std::borrow::Cow;

use crate::base::hex::Hex;
use crate::base::text::Text;

pub(crate) use writer::{append, text_of};

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
    /// 32 bytes, as 64 lower-case hexadecimal digits.
    Hex([u8; 32]),
    /// JSON that is written as it stands.
    Raw(&'a str),
}

impl Leaf<'_> {
    /// Whether it is left out.
    pub const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => {}
            Self::Text(text) => quote(out, text),
            Self::Whole(number) => {
                writer::digits(number.unsigned_abs(), *number < 0, |digits| {
                    out.extend_from_slice(digits.as_bytes());
                });
            }
            Self::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Hex(bytes) => {
                out.push(b'"');
                out.extend_from_slice(&Hex::of(bytes).bytes());
                out.push(b'"');
            }
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

impl From<usize> for Leaf<'_> {
    fn from(number: usize) -> Self {
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Leaf<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a, T: Into<Leaf<'a>>> From<Option<T>> for Leaf<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// How many bytes a text takes in JSON, but for its quotes.
pub(crate) fn escaped(text: &str) -> usize {
    let more = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    });
    more.sum()
}

fn quote(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    writer::escaped(text, |piece| out.extend_from_slice(piece.as_bytes()));
    out.push(b'"');
}

/// An object that is being written.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

/// Brackets that are open: where to cut when nothing comes between them, and where that begins.
///
/// What opens and closes is not generic, so the methods below, which are, compile to little more than their closures.
struct Open {
    before: usize,
    start: usize,
}

impl Open {
    fn new(out: &mut Vec<u8>, before: usize, bracket: u8) -> Self {
        out.push(bracket);
        let start = out.len();
        Self { before, start }
    }

    /// An object in a list.
    fn element(&self, out: &mut Vec<u8>) -> Self {
        let before = out.len();
        if before > self.start {
            out.push(b',');
        }
        Self::new(out, before, b'{')
    }

    const fn object<'o>(&self, out: &'o mut Vec<u8>) -> Object<'o> {
        Object {
            out,
            start: self.start,
        }
    }

    fn shut(self, out: &mut Vec<u8>, bracket: u8) {
        if out.len() > self.start {
            out.push(bracket);
        } else {
            out.truncate(self.before);
        }
    }
}

impl Object<'_> {
    /// Writes a whole body.
    pub fn write(fill: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        let open = Open::new(&mut out, 0, b'{');
        fill(&mut open.object(&mut out));
        out.push(b'}');
        out
    }

    /// Writes a whole body as text.
    pub fn write_text(fill: impl FnOnce(&mut Object<'_>)) -> String {
        String::from_utf8(Self::write(fill)).unwrap_or_default()
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

    fn open(&mut self, key: &str, bracket: u8) -> Open {
        let before = self.out.len();
        self.key(key);
        Open::new(self.out, before, bracket)
    }

    /// A value, or nothing where it is absent.
    pub fn put<'a>(&mut self, key: &str, value: impl Into<Leaf<'a>>) {
        self.put_leaf(key, value.into());
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "dropped here once and not wherever a value is put"
    )]
    fn put_leaf(&mut self, key: &str, leaf: Leaf<'_>) {
        if !leaf.is_nothing() {
            self.key(key);
            leaf.write(self.out);
        }
    }

    /// An object, or nothing where it stays empty.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let open = self.open(key, b'{');
        fill(&mut open.object(self.out));
        open.shut(self.out, b'}');
    }

    /// An object, `{}` where it stays empty.
    pub fn whole_object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let open = self.open(key, b'{');
        fill(&mut open.object(self.out));
        self.out.push(b'}');
    }

    /// A list of the values that are there, or nothing where there are none.
    pub fn list<'a, T: Into<Leaf<'a>>>(&mut self, key: &str, values: impl IntoIterator<Item = T>) {
        let open = self.open(key, b'[');
        for value in values {
            self.add_leaf(&open, value.into());
        }
        open.shut(self.out, b']');
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "dropped here once and not wherever a value is put"
    )]
    fn add_leaf(&mut self, list: &Open, leaf: Leaf<'_>) {
        if !leaf.is_nothing() {
            if self.out.len() > list.start {
                self.out.push(b',');
            }
            leaf.write(self.out);
        }
    }

    /// A list of objects, without those that stay empty; nothing where there are none.
    pub fn objects<T>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Object<'_>, &T),
    ) {
        let list = self.open(key, b'[');
        for value in values {
            let element = list.element(self.out);
            fill(&mut element.object(self.out), &value);
            element.shut(self.out, b'}');
        }
        list.shut(self.out, b']');
    }
}

/// An object that takes each key once, and only so many keys: what is put first counts.
///
/// For platforms that let a sender's free data stand beside their own fields.
#[derive(Debug)]
pub struct Once<'p, 'o, 'k> {
    object: &'p mut Object<'o>,
    taken: Vec<&'k str>,
    most: usize,
}

impl<'p, 'o, 'k> Once<'p, 'o, 'k> {
    /// Writes into an object at most so many keys.
    pub const fn new(object: &'p mut Object<'o>, most: usize) -> Self {
        Self {
            object,
            taken: Vec::new(),
            most,
        }
    }

    /// The object, for a key that is free, and is taken from now on.
    pub fn take(&mut self, key: &'k str) -> Option<&mut Object<'o>> {
        if self.taken.len() >= self.most || self.taken.contains(&key) {
            return None;
        }
        self.taken.push(key);
        Some(self.object)
    }

    /// A value, where it is there and its key is free.
    pub fn put<'a>(&mut self, key: &'k str, value: impl Into<Leaf<'a>>) {
        self.put_leaf(key, value.into());
    }

    fn put_leaf(&mut self, key: &'k str, leaf: Leaf<'_>) {
        if !leaf.is_nothing()
            && let Some(object) = self.take(key)
        {
            object.put_leaf(key, leaf);
        }
    }
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
    fn what_has_to_be_there_may_be_empty() {
        let text = Object::write(|body| {
            body.whole_object("a", |_| {});
            body.put("b", Leaf::Raw("[]"));
            body.whole_object("c", |inner| inner.put("d", 1_usize));
        });
        assert_eq!(text, br#"{"a":{},"b":[],"c":{"d":1}}"#);
    }

    #[test]
    fn the_first_of_equal_keys_counts() {
        let text = Object::write(|body| {
            let mut once = Once::new(body, 3);
            once.put("a", None::<&str>);
            once.put("a", 1_i64);
            once.put("a", 2_i64);
            if let Some(object) = once.take("b") {
                object.list("b", ["c"]);
            }
            assert!(once.take("b").is_none());
            once.put("d", true);
            once.put("e", true);
        });
        assert_eq!(text, br#"{"a":1,"b":["c"],"d":true}"#);
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

//! Writing what serde describes, and quoting texts, quickly.
//!
//! `serde_json` looks at a text byte by byte; nearly all of ours need no escape at all, which eight bytes at once show.
//! What is written is the same.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

/// Whether JSON writes a byte of a text in another way than as it is.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The same byte eight times.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Of eight bytes the highest bit of each that needs an escape, up to the first such; bits behind it mean nothing.
const fn special(bytes: u64) -> u64 {
    let below = bytes.wrapping_sub(eight(0x20));
    let quote = (bytes ^ eight(b'"')).wrapping_sub(eight(1));
    let backslash = (bytes ^ eight(b'\\')).wrapping_sub(eight(1));
    (below | quote | backslash) & !bytes & eight(0x80)
}

/// How many bytes stand in front of the first that needs an escape.
fn plain(bytes: &[u8]) -> usize {
    let (steps, rest) = bytes.as_chunks::<8>();
    let mut clean = 0;
    for step in steps {
        let special = special(u64::from_le_bytes(*step));
        if special != 0 {
            return clean + special.trailing_zeros() as usize / 8;
        }
        clean += 8;
    }
    // The last eight, or twice four, whether or not some of them have been looked at: most texts end with a few more.
    let end = match (
        bytes.last_chunk::<8>(),
        bytes.first_chunk::<4>(),
        bytes.last_chunk::<4>(),
    ) {
        (Some(end), _, _) => u64::from_le_bytes(*end),
        (None, Some(one), Some(two)) => {
            u64::from(u32::from_le_bytes(*one)) | u64::from(u32::from_le_bytes(*two)) << 32
        }
        _ => 0,
    };
    if special(end) == 0 {
        return bytes.len();
    }
    clean
        + rest
            .iter()
            .position(|byte| is_special(*byte))
            .unwrap_or(rest.len())
}

/// Hands over the pieces that a text is written in, without its quotes.
#[inline]
pub(super) fn escaped(text: &str, mut put: impl FnMut(&str)) {
    let mut rest = text;
    loop {
        let clean = plain(rest.as_bytes());
        if clean == rest.len() {
            return put(rest);
        }
        let Some((before, special)) = rest.split_at_checked(clean) else {
            return;
        };
        put(before);
        let Some(byte) = special.bytes().next() else {
            return;
        };
        match byte {
            b'"' => put("\\\""),
            b'\\' => put("\\\\"),
            0x08 => put("\\b"),
            0x0C => put("\\f"),
            b'\n' => put("\\n"),
            b'\r' => put("\\r"),
            b'\t' => put("\\t"),
            byte => {
                put("\\u00");
                put(if byte < 0x10 { "0" } else { "1" });
                let digit = usize::from(byte & 15);
                put("0123456789abcdef".get(digit..=digit).unwrap_or_default());
            }
        }
        rest = special.get(1..).unwrap_or_default();
    }
}

/// Writes a text in quotes.
pub(super) fn quote(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    escaped(text, |piece| out.push_str(piece));
    out.push('"');
}

/// Writes a whole number.
pub(super) fn digits(mut number: u64, negative: bool, put: impl FnOnce(&str)) {
    let mut buffer = [b'0'; 21];
    let mut start = buffer.len();
    loop {
        start -= 1;
        if let Some(place) = buffer.get_mut(start) {
            *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
        }
        number /= 10;
        if number == 0 {
            break;
        }
    }
    if negative {
        start -= 1;
        if let Some(place) = buffer.get_mut(start) {
            *place = b'-';
        }
    }
    let text = buffer.get(start..).unwrap_or_default();
    put(str::from_utf8(text).unwrap_or_default());
}

/// Writes a value behind what is there already. Where it cannot be written, nothing is.
pub(crate) fn append(out: &mut String, value: &impl Serialize) -> bool {
    let before = out.len();
    let done = value.serialize(into(out)).is_ok();
    if !done {
        out.truncate(before);
    }
    done
}

/// A value as JSON, or nothing where it cannot be written.
pub(crate) fn text_of(value: &impl Serialize) -> String {
    let mut out = String::new();
    append(&mut out, value);
    out
}

/// The writer. It takes what messages are made of; floating-point numbers and bytes are not.
struct Writer<'o> {
    out: &'o mut String,
    /// A text is JSON already.
    raw: bool,
}

fn into(out: &mut String) -> Writer<'_> {
    Writer { out, raw: false }
}

/// A value cannot be written.
#[derive(Debug)]
pub(crate) struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unwritable")
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// By this name `RawValue` says that its text is JSON already.
const RAW: &str = "$serde_json::private::RawValue";

/// A list, a map or a struct that is being written.
struct Open<'o> {
    out: &'o mut String,
    first: bool,
    close: &'static str,
}

impl<'o> Open<'o> {
    fn new(out: &'o mut String, open: char, close: &'static str) -> Self {
        out.push(open);
        Self {
            out,
            first: true,
            close,
        }
    }

    fn next(&mut self) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.next();
        value.serialize(into(self.out))
    }

    fn key(&mut self, key: &str) {
        self.next();
        quote(self.out, key);
        self.out.push(':');
    }

    #[expect(clippy::unnecessary_wraps, reason = "what serde's traits give back")]
    fn shut(self) -> Result<(), Unwritable> {
        self.out.push_str(self.close);
        Ok(())
    }
}

macro_rules! unwritable {
    ($($name:ident: $kind:ty),*) => {
        $(fn $name(self, _: $kind) -> Result<(), Unwritable> {
            Err(Unwritable)
        })*
    };
}

macro_rules! whole {
    ($($name:ident: $kind:ty),*) => {
        $(fn $name(self, number: $kind) -> Result<(), Unwritable> {
            self.serialize_u64(u64::from(number))
        })*
    };
}

macro_rules! signed {
    ($($name:ident: $kind:ty),*) => {
        $(fn $name(self, number: $kind) -> Result<(), Unwritable> {
            self.serialize_i64(i64::from(number))
        })*
    };
}

impl<'o> Serializer for Writer<'o> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Open<'o>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Open<'o>;
    type SerializeStruct = Struct<'o>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    fn serialize_bool(self, flag: bool) -> Result<(), Unwritable> {
        self.out.push_str(if flag { "true" } else { "false" });
        Ok(())
    }

    whole!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32);
    signed!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32);
    unwritable!(serialize_f32: f32, serialize_f64: f64, serialize_bytes: &[u8], serialize_unit_struct: &'static str);

    fn serialize_u64(self, number: u64) -> Result<(), Unwritable> {
        digits(number, false, |text| self.out.push_str(text));
        Ok(())
    }

    fn serialize_i64(self, number: i64) -> Result<(), Unwritable> {
        digits(number.unsigned_abs(), number < 0, |text| {
            self.out.push_str(text);
        });
        Ok(())
    }

    fn serialize_char(self, c: char) -> Result<(), Unwritable> {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Unwritable> {
        if self.raw {
            self.out.push_str(text);
        } else {
            quote(self.out, text);
        }
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), Unwritable> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unwritable> {
        Err(Unwritable)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Unwritable> {
        Ok(Open::new(self.out, '[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'o>, Unwritable> {
        Ok(Open::new(self.out, '[', "]"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o>, Unwritable> {
        Ok(Open::new(self.out, '{', "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Struct<'o>, Unwritable> {
        Ok(if name == RAW {
            Struct::Raw(self.out)
        } else {
            Struct::Members(Open::new(self.out, '{', "}"))
        })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        Err(Unwritable)
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.element(value)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.shut()
    }
}

impl ser::SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.element(value)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.shut()
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        self.element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.out.push(':');
        value.serialize(into(self.out))
    }

    fn end(self) -> Result<(), Unwritable> {
        self.shut()
    }
}

/// A struct, or the disguise of one in which text comes that is JSON already.
enum Struct<'o> {
    Members(Open<'o>),
    Raw(&'o mut String),
}

impl ser::SerializeStruct for Struct<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(match self {
            Self::Members(open) => {
                open.key(key);
                into(open.out)
            }
            Self::Raw(out) => Writer { out, raw: true },
        })
    }

    fn end(self) -> Result<(), Unwritable> {
        match self {
            Self::Members(open) => open.shut(),
            Self::Raw(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::value::RawValue;

    use super::{append, text_of};

    #[derive(Serialize)]
    enum Kind {
        #[serde(rename = "plain \"one\"")]
        One,
    }

    #[derive(Serialize)]
    struct Inner<'a> {
        raw: &'a RawValue,
        kind: Kind,
        none: Option<u8>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        nothing: Vec<u8>,
    }

    #[derive(Serialize)]
    struct Wrapped(i32);

    #[derive(Serialize)]
    struct Outer<'a> {
        inner: Inner<'a>,
        list: Vec<(String, u16)>,
        map: std::collections::BTreeMap<&'a str, Wrapped>,
        numbers: [i64; 4],
        large: u64,
        flags: (bool, bool),
        unit: (),
        letter: char,
    }

    #[test]
    fn what_is_written_is_what_serde_json_writes() {
        let raw = RawValue::from_string(r#"{"a": [1.50, "\u00e9"]}"#.to_owned()).unwrap();
        let value = Outer {
            inner: Inner {
                raw: &raw,
                kind: Kind::One,
                none: None,
                nothing: Vec::new(),
            },
            list: vec![("a".to_owned(), 1), (String::new(), 0)],
            map: [("k\n", Wrapped(-1)), ("l", Wrapped(7))].into(),
            numbers: [0, -1, i64::MIN, i64::MAX],
            large: u64::MAX,
            flags: (true, false),
            unit: (),
            letter: '"',
        };
        assert_eq!(text_of(&value), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn a_text_is_escaped_wherever_the_sign_stands() {
        let signs = (0..0x80_u8).map(char::from).chain(['é', '\u{2028}', '😀']);
        for sign in signs {
            for before in 0..40 {
                let text = format!("{}{sign}{}{sign}", "a".repeat(before), "é".repeat(9));
                assert_eq!(text_of(&text), serde_json::to_string(&text).unwrap());
            }
            // Short ones are looked at four bytes at once, and one at a time.
            for (before, after) in
                (0..10).flat_map(|before| (0..10).map(move |after| (before, after)))
            {
                let text = format!("{}{sign}{}", "a".repeat(before), "z".repeat(after));
                assert_eq!(text_of(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn what_cannot_be_written_leaves_no_trace() {
        let mut out = "[".to_owned();
        assert!(!append(&mut out, &("a", 1.5)));
        assert_eq!(out, "[");
    }
}

//! Text that is borrowed from the bytes it arrived in wherever it can be.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A string that borrows from its input unless an escape forced a copy.
///
/// A type of its own because serde borrows through `Option<Cow<str>>` only by hand.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    /// The same text, owning its bytes.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(text)
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Whether a text is what programs write where they have nothing to write: a blank, a word for "no value", or the
/// placeholder of a template that nobody filled in.
///
/// ```
/// use edgetally_core::base::text::is_placeholder;
/// for nothing in ["", "  ", "undefined", "NULL", "NaN", "None", "[object Object]", "(not set)", "{{event_id}}", "{gclid}", "%%x%%",
///     "undefined.undefined", "undefinedundefined", "%7Bgclid%7D", "%257Bgclid%257D", "\u{feff}null", "[object HTMLInputElement]", "<nil>", "{}",
///     "[event_id]", "<your-id>", "$order_id", "{0}", "#REF!"] {
///     assert!(is_placeholder(nothing), "{nothing}");
/// }
/// for something in ["Nullabor", "none of them", "{a} and {b}", "100%", "<b>", "EAIaIQob", "nullnummer", "[NEU]", "$AAPL",
///     "{9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d}"] {
///     assert!(!is_placeholder(something), "{something}");
/// }
/// ```
pub fn is_placeholder(text: &str) -> bool {
    // All of them begin with a sign or with one of a few letters, and few texts do.
    if text.bytes().next().is_some_and(|first| {
        first.is_ascii_alphanumeric() && !matches!(first | 0x20, b'i' | b'n' | b'u' | b'v')
    }) {
        return false;
    }
    let text = text.trim_matches(|c: char| is_blank(c) || matches!(c, '\0' | '"' | '\''));
    if text.is_empty() {
        return true;
    }
    if text.len() > LONGEST_PLACEHOLDER || is_ordinary(text) {
        return false;
    }
    is_no_value(text) || is_template(text) || {
        let decoded = percent_decoded(text);
        decoded.len() < text.len() && is_placeholder(&decoded)
    }
}

/// Whether a text begins like a word, and like none for "no value": templates begin with a sign. Percent signs may hide
/// anything.
fn is_ordinary(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && !bytes.contains(&b'%')
        && bytes.first_chunk().is_none_or(|start: &[u8; 3]| {
            !matches!(
                &start.map(|byte| byte.to_ascii_lowercase()),
                b"und" | b"nul" | b"nan" | b"non" | b"nil" | b"voi" | b"n/a" | b"not" | b"inf"
            )
        })
}

/// Whether a character shows nothing: white space, and the invisible ones that copying brings along (of the general
/// category `Cf`, those that are of no word).
const fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// A text without the blanks and invisible characters around it.
///
/// ```
/// assert_eq!(edgetally_core::base::text::trim("\u{feff} ord-1\u{200b}\n"), "ord-1");
/// ```
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The longest text that is looked at as a placeholder, in bytes.
const LONGEST_PLACEHOLDER: usize = 128;

/// The words that programs write for "no value", in lower case.
///
/// JavaScript (`undefined`, `null`, `NaN`, `[object Object]`), Python (`None`, `nan`), Ruby and Lua (`nil`), Java
/// (`null`), Go (`<nil>`), SQL (`\N`), Google Analytics (`(not set)`, `(none)`, `(not provided)`), spreadsheets (`#N/A`, `#REF!`).
pub const NO_VALUE: &[&str] = &[
    "undefined",
    "null",
    "nan",
    "none",
    "nil",
    "void",
    "[object object]",
    "[object undefined]",
    "[object null]",
    "(not set)",
    "(not provided)",
    "(none)",
    "(null)",
    "(undefined)",
    "<null>",
    "<undefined>",
    "<none>",
    "<nil>",
    "[null]",
    "[]",
    "{}",
    "{{}}",
    "\\n",
    "n/a",
    "#n/a",
    "#ref!",
    "#value!",
    "#name?",
    "#null!",
    "#num!",
    "#div/0!",
    "not set",
    "not_set",
    "notset",
    "infinity",
    "-infinity",
    "(not+set)",
];

/// A word of [`NO_VALUE`] or any other object of JavaScript, or the same ones again and again: `undefined.undefined` is the
/// client id that a script puts together from two parts that it does not have.
fn is_no_value(text: &str) -> bool {
    let is_word = |text: &str| NO_VALUE.iter().any(|word| text.eq_ignore_ascii_case(word));
    let head = |word: &str| {
        text.get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    let repeated = |word: &str| {
        head(word)
            && text
                .as_bytes()
                .chunks(word.len())
                .all(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    let between = ['.', ',', '-', '_', '|', ':', ';', '/', '@'];
    is_word(text)
        || (head("[object ") && text.ends_with(']'))
        || repeated("undefined")
        || repeated("null")
        || text.split(between).all(is_word)
        || text.split(' ').all(is_word)
}

/// The pairs that the templates of tag managers, mailers, ad platforms and programs put around a name: `{{event_id}}`,
/// `{gclid}`, `${id}`, `%%x%%`, `__CLICKID__`, `<%= id %>`, `[[id]]`, `*|ID|*`, `[CLICK_ID]`, `<your-id>`; and PHP's `$order_id`.
fn is_template(text: &str) -> bool {
    const PAIRS: &[(&str, &str)] = &[
        ("{", "}"),
        ("${", "}"),
        ("#{", "}"),
        ("@{", "}"),
        ("%{", "}"),
        ("%%", "%%"),
        ("%", "%"),
        ("__", "__"),
        ("@@", "@@"),
        ("<%", "%>"),
        ("<<", ">>"),
        ("[[", "]]"),
        ("[%", "%]"),
        ("*|", "|*"),
    ];
    let within = |open: &str, close: &str| text.strip_prefix(open)?.strip_suffix(close);
    // The name of a variable, which no name of a thing or a person looks like.
    let variable = |name: &str, signs: [char; 2]| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphabetic() || signs.contains(&c) || c == '.')
            && (name.contains(signs) || name.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    PAIRS.iter().any(|(open, close)| {
        within(open, close).is_some_and(|name| {
            let around = ['{', '}', '%', '$', '!', '=', '#', '@', ' ', '_'];
            let inner = name.trim_matches(around);
            // Of a name or a small number, and of nothing else: real ids stand in one pair of braces too, of 32 digits
            // and dashes.
            (inner.starts_with(char::is_alphabetic)
                || (open.ends_with('{')
                    && (1..3).contains(&inner.len())
                    && inner.bytes().all(|byte| byte.is_ascii_digit())))
                && !inner.contains(['{', '}', '%'])
                && !is_guid(inner)
        })
    }) || [("[", "]"), ("<", ">")]
        .iter()
        .any(|(open, close)| within(open, close).is_some_and(|name| variable(name, ['_', '-'])))
        || text
            .strip_prefix('$')
            .is_some_and(|name| variable(name, ['_', '_']))
}

/// 32 hexadecimal digits with dashes between: Windows writes them in braces.
fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// A text with its percent-encoding taken away once.
pub(crate) fn percent_decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Part of a text, borrowed where the text is.
pub(crate) fn part(text: Text<'_>, range: std::ops::Range<usize>) -> Text<'_> {
    match text.0 {
        Cow::Borrowed(text) => text.get(range).unwrap_or_default().into(),
        Cow::Owned(text) => text.get(range).unwrap_or_default().to_owned().into(),
    }
}

/// A text without the blanks and invisible characters around it.
pub(crate) fn trimmed(text: Text<'_>) -> (Text<'_>, bool) {
    let inner = trim(&text);
    if inner.len() == text.len() {
        return (text, false);
    }
    let (start, length) = (
        inner.as_ptr() as usize - text.as_ptr() as usize,
        inner.len(),
    );
    (part(text, start..start + length), true)
}

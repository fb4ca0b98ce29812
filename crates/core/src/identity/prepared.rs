//! A visitor's identifiers, normalised and hashed for the platforms that will get them.

use crate::base::json::Leaf;

use core::fmt;
use core::marker::PhantomData;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::digest::Digest;
use super::spelling::{ClearSpelling, Field, Form, HashedSpelling, Spelling, Spellings};
use super::{Given, Hints, User, apply, country, email, phone, plain, text};
use crate::base::remarks::Remarks;

/// A visitor's identifiers in the spellings that were asked for; the only way out of [`Plain`](super::Plain).
///
/// At most one value per spelling. Stored compactly: a JSON object from spelling code to digest (base64url without
/// padding) or text.
///
/// ```
/// use edgetally_core::identity::{Hints, Plain, Prepared, Spelling, Spellings, User, spelling};
///
/// let user = User { email: Some(Plain::new(" John_Smith@gmail.com ")), ..User::default() };
/// let prepared = Prepared::new(&user, Spellings::of(&[Spelling::MetaEmail]), &Hints::default());
///
/// let em = prepared.hashed::<spelling::MetaEmail>().map(|hashed| hashed.to_hex());
/// assert_eq!(em.as_deref(), Some("62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"));
/// assert!(prepared.hashed::<spelling::GoogleEmail>().is_none());
/// assert_eq!(serde_json::to_string(&prepared)?, r#"{"em.meta":"YqFORPdlQZ0Q_qmTZzYacnwSNl4lIPMiGNUF7Zqg9i8"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Prepared(Vec<(Spelling, Value)>);

#[derive(Clone, PartialEq, Eq)]
enum Value {
    Digest(Digest),
    Text(Box<str>),
}

/// The texts to be hashed, each distinct one of a field once, end to end; and where the current field's begin.
struct Texts {
    all: String,
    ends: Vec<usize>,
    field: usize,
}

impl Texts {
    /// The place of a text among those to be hashed.
    fn place(&mut self, text: &str) -> usize {
        let mut start = self
            .field
            .checked_sub(1)
            .and_then(|last| self.ends.get(last))
            .copied()
            .unwrap_or(0);
        for (place, end) in self.ends.iter().enumerate().skip(self.field) {
            if self.all.get(start..*end) == Some(text) {
                return place;
            }
            start = *end;
        }
        self.all.push_str(text);
        self.ends.push(self.all.len());
        self.ends.len() - 1
    }
}

/// A field on its way through its spellings.
struct Reading<'a> {
    field: Field,
    given: Option<Given<'a>>,
    /// Whether there is not even a character to be seen.
    blank: bool,
    kept: bool,
    dropped: bool,
}

impl Reading<'_> {
    /// Says what became of the value, where that is not what the sender expects.
    fn note(&self, hints: Hints, remarks: &mut Remarks) {
        let path = || format!("user.{}", self.field.name());
        match &self.given {
            Some(Given::Nothing(_)) if self.blank => {}
            Some(Given::Nothing(code)) => remarks.removed(path(), code),
            Some(Given::Digest(_)) if self.kept => remarks.changed(path(), "hashed_by_sender"),
            // Every platform that is asked wants it in clear.
            Some(Given::Digest(_)) => remarks.removed(path(), "hashed_by_sender"),
            Some(Given::Text(tidy)) if !self.kept => {
                remarks.removed(path(), fault(self.field, tidy, hints));
            }
            // Meta takes numbers of unknown country, and the others do not.
            Some(Given::Text(tidy)) if self.dropped && self.field == Field::Phone => {
                if let Some(fault) = phone::fault(phone::Rule::E164, tidy, hints.default_country) {
                    remarks.removed(path(), fault.code());
                }
            }
            None | Some(Given::Text(_)) => {}
        }
    }
}

/// Why a value is dropped in every spelling.
fn fault(field: Field, tidy: &str, hints: Hints) -> &'static str {
    match field {
        Field::Email => email::fault(tidy),
        Field::Phone => phone::fault(phone::Rule::E164, tidy, hints.default_country)
            .unwrap_or(phone::Fault::Invalid)
            .code(),
        Field::BirthDate => "date_invalid",
        Field::Gender => "gender_unknown",
        Field::Country => "country_unknown",
        _ => "unusable",
    }
}

impl Prepared {
    /// Normalises and hashes what the spellings ask for.
    ///
    /// A value that its rule drops leaves no entry. A `*_sha256` digest stands in for every hashed spelling of its field
    /// whose plain value is absent or dropped. A plain value that is a digest already is taken as it is. Each distinct text
    /// is hashed once.
    #[must_use]
    pub fn new(user: &User<'_>, spellings: Spellings, hints: &Hints) -> Self {
        Self::noting(user, spellings, hints, &mut Remarks::default())
    }

    /// [`Prepared::new`], which also says what could not be used, and which digests were taken for the sender's own.
    ///
    /// A value that only one platform's rule drops, such as a postcode without digits at Pinterest, is not said.
    #[must_use]
    pub fn noting(
        user: &User<'_>,
        spellings: Spellings,
        hints: &Hints,
        remarks: &mut Remarks,
    ) -> Self {
        let mut values = Vec::with_capacity(spellings.len());
        let mut places = Vec::with_capacity(spellings.len());
        let mut out = String::with_capacity(64);
        let mut texts = Texts {
            all: String::with_capacity(256),
            ends: Vec::with_capacity(spellings.len()),
            field: 0,
        };
        let visitor_country = user
            .country
            .as_ref()
            .and_then(|country| text::tidy(country.text()))
            .and_then(|tidy| country::resolve(&tidy));
        let mut current: Option<Reading<'_>> = None;
        for spelling in spellings.iter() {
            let field = spelling.source();
            if current
                .as_ref()
                .is_none_or(|reading| reading.field != field)
            {
                if let Some(reading) = current.take() {
                    reading.note(*hints, remarks);
                }
                if user
                    .any_digest(field)
                    .is_some_and(|digest| digest.of_nothing())
                {
                    remarks.removed(format!("user.{}_sha256", field.name()), "digest_of_nothing");
                }
                texts.field = texts.ends.len();
            }
            let reading = current.get_or_insert_with(|| Reading {
                field,
                given: user.plain(field).map(|raw| Given::read(field, raw)),
                blank: user.plain(field).is_none_or(|raw| raw.trim().is_empty()),
                kept: false,
                dropped: false,
            });
            out.clear();
            let form = spelling.form();
            let value = match &reading.given {
                Some(Given::Text(tidy))
                    if apply(spelling, tidy, *hints, visitor_country, &mut out) =>
                {
                    Some(match form {
                        Form::Hashed => {
                            places.push((values.len(), texts.place(&out)));
                            Value::Digest(Digest([0; 32]))
                        }
                        Form::Clear => Value::Text(out.as_str().into()),
                    })
                }
                Some(Given::Digest(digest)) if form == Form::Hashed => Some(Value::Digest(*digest)),
                _ => None,
            };
            reading.kept |= value.is_some();
            reading.dropped |= value.is_none();
            let value = value.or_else(|| match form {
                Form::Hashed => user.given_digest(field).map(Value::Digest),
                Form::Clear => None,
            });
            values.extend(value.map(|value| (spelling, value)));
        }
        if let Some(reading) = current {
            reading.note(*hints, remarks);
        }
        // All at once, because some machines hash four texts in the time of one.
        let digests = Digest::of_all(&texts.all, &texts.ends);
        for (at, place) in places {
            if let (Some((_, value)), Some(digest)) = (values.get_mut(at), digests.get(place)) {
                *value = Value::Digest(*digest);
            }
        }
        Self(values)
    }

    /// Whether there is no identifier at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The spellings that have a value.
    #[must_use]
    pub fn spellings(&self) -> Spellings {
        self.0
            .iter()
            .fold(Spellings::empty(), |all, (spelling, _)| {
                all.union(Spellings::of(&[*spelling]))
            })
    }

    /// The digest in this spelling.
    #[must_use]
    pub fn hashed<S: HashedSpelling>(&self) -> Option<Hashed<S>> {
        match self.value(S::SPELLING) {
            Some(Value::Digest(digest)) => Some(Hashed(*digest, PhantomData)),
            _ => None,
        }
    }

    /// The text in this spelling.
    #[must_use]
    pub fn clear<S: ClearSpelling>(&self) -> Option<&str> {
        match self.value(S::SPELLING) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Leaves out texts in clear that show what only digests may, as they came or as they are spelt; whether there was
    /// one.
    pub(crate) fn drop_clear(&mut self, user: &User<'_>, shows: impl Fn(&str) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|(spelling, value)| match value {
            Value::Text(text) => !shows(text) && !user.plain(spelling.source()).is_some_and(&shows),
            Value::Digest(_) => true,
        });
        self.0.len() < before
    }

    fn value(&self, spelling: Spelling) -> Option<&Value> {
        self.0
            .iter()
            .find(|(of, _)| *of == spelling)
            .map(|(_, value)| value)
    }
}

/// Only which spellings are there.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared")?;
        f.debug_list()
            .entries(self.0.iter().map(|(spelling, _)| spelling.code()))
            .finish()
    }
}

/// A digest known to be of one spelling, so that no platform can be given another's.
pub struct Hashed<S>(Digest, PhantomData<fn() -> S>);

impl<S> Hashed<S> {
    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.to_hex()
    }

    /// Without its spelling, for the writer of bodies.
    pub(crate) const fn digest(&self) -> Digest {
        self.0
    }
}

impl<S> Clone for Hashed<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Hashed<S> {}

impl<S> PartialEq for Hashed<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S> Eq for Hashed<S> {}

impl<S: HashedSpelling> fmt::Debug for Hashed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hashed<{}>(..)", S::SPELLING.code())
    }
}

impl<S> Serialize for Hashed<S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        self.0.serialize(serializer)
    }
}

impl Serialize for Prepared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (spelling, value) in &self.0 {
            match value {
                Value::Text(text) => map.serialize_entry(spelling.code(), text)?,
                Value::Digest(digest) => {
                    let text = encode(*digest);
                    let text = str::from_utf8(&text).unwrap_or_default();
                    map.serialize_entry(spelling.code(), text)?;
                }
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Prepared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> de::Visitor<'de> for Entries {
    type Value = Prepared;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("prepared identifiers")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Prepared, A::Error> {
        let mut values: Vec<(Spelling, Value)> =
            Vec::with_capacity(map.size_hint().unwrap_or(8).min(64));
        while let Some(code) = map.next_key::<plain::Text<'de>>()? {
            let Some(spelling) = Spelling::from_code(code.as_str()) else {
                map.next_value::<de::IgnoredAny>()?;
                continue;
            };
            let text = map.next_value::<plain::Text<'de>>()?;
            let value = match spelling.form() {
                Form::Clear => Value::Text(text.as_str().into()),
                Form::Hashed => Value::Digest(decode(text.as_str()).ok_or_else(|| {
                    de::Error::custom(format_args!(
                        "`{}` is not the base64url text of 32 bytes",
                        spelling.code()
                    ))
                })?),
            };
            if values.iter().any(|(of, _)| *of == spelling) {
                return Err(de::Error::custom(format_args!(
                    "`{}` is there twice",
                    spelling.code()
                )));
            }
            values.push((spelling, value));
        }
        // The order of the set, whoever wrote the object.
        crate::base::table::sort(&mut values, |(one, _), (other, _)| one < other);
        Ok(Prepared(values))
    }
}

/// The digits of base64url (RFC 4648, section 5).
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// No digit.
const NONE: u8 = 64;

/// What each byte is worth as a digit, or [`NONE`].
#[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
static VALUES: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        table[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    table
};

/// 32 bytes in base64url without padding. For this one length, in a tenth of the work that a general encoder does.
fn encode(digest: Digest) -> [u8; 43] {
    let digit = |value: u32| {
        let place = usize::try_from(value & 63).unwrap_or_default();
        DIGITS.get(place).map_or(b'A', |digit| *digit)
    };
    let mut text = [0; 43];
    let (groups, end) = text.as_chunks_mut::<4>();
    let (bytes, rest) = digest.0.as_chunks::<3>();
    for (group, [one, two, three]) in groups.iter_mut().zip(bytes) {
        let bits = u32::from_be_bytes([0, *one, *two, *three]);
        *group = [bits >> 18, bits >> 12, bits >> 6, bits].map(digit);
    }
    if let [one, two] = rest {
        let bits = u32::from_be_bytes([0, *one, *two, 0]);
        end.copy_from_slice(&[bits >> 18, bits >> 12, bits >> 6].map(digit));
    }
    text
}

fn decode(text: &str) -> Option<Digest> {
    let text: &[u8; 43] = text.as_bytes().try_into().ok()?;
    let mut wrong = 0;
    let mut bits = |digits: [u8; 4]| {
        digits.into_iter().fold(0_u32, |bits, digit| {
            let value = VALUES.get(usize::from(digit)).map_or(NONE, |value| *value);
            wrong |= value & NONE;
            bits << 6 | u32::from(value & 63)
        })
    };
    let mut digest = [0; 32];
    let (groups, rest) = text.as_chunks::<4>();
    let (bytes, end) = digest.as_chunks_mut::<3>();
    for (to, group) in bytes.iter_mut().zip(groups) {
        let [_, one, two, three] = bits(*group).to_be_bytes();
        *to = [one, two, three];
    }
    let [one, two, three] = *rest else {
        return None;
    };
    let [_, one, two, over] = bits([one, two, three, b'A']).to_be_bytes();
    end.copy_from_slice(&[one, two]);
    // What is over stays zero, or two texts would be one digest.
    (wrong == 0 && over == 0).then_some(Digest(digest))
}

impl<S> From<Hashed<S>> for Leaf<'_> {
    fn from(hash: Hashed<S>) -> Self {
        Self::Hex(hash.digest().0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::spelling;
    use super::super::{Country2, Plain};
    use super::*;

    fn visitor() -> User<'static> {
        User {
            external_id: Some(Plain::new("User 1")),
            email: Some(Plain::new("Jo.An+sale@gmail.com")),
            phone: Some(Plain::new("0151 23456789")),
            city: Some(Plain::new("Berlin 1")),
            country: Some(Plain::new("Germany")),
            ..User::default()
        }
    }

    fn germany() -> Hints {
        Hints {
            default_country: Country2::parse("DE"),
        }
    }

    #[test]
    fn what_is_stored_comes_back() {
        let prepared = Prepared::new(&visitor(), Spellings::of(Spelling::ALL), &germany());
        let json = serde_json::to_string(&prepared).unwrap();
        assert_eq!(serde_json::from_str::<Prepared>(&json).unwrap(), prepared);
        assert_eq!(
            serde_json::from_slice::<Prepared>(json.as_bytes()).unwrap(),
            prepared
        );
        assert_eq!(
            serde_json::from_value::<Prepared>(serde_json::to_value(&prepared).unwrap()).unwrap(),
            prepared
        );
        assert_eq!(prepared.clear::<spelling::Ga4City>(), Some("berlin"));
        assert_eq!(prepared.clear::<spelling::CountryText>(), Some("de"));
        assert_eq!(
            prepared.clear::<spelling::GoogleCountry>(),
            Some("DE"),
            "a name is looked up for Google too"
        );
        let google = prepared
            .hashed::<spelling::GooglePhone>()
            .map(|h| h.to_hex());
        assert_eq!(
            google,
            prepared.hashed::<spelling::E164Phone>().map(|h| h.to_hex())
        );
        assert_eq!(google, Some(Digest::of("+4915123456789").to_hex()));
    }

    #[test]
    fn a_stored_digest_must_be_thirty_two_bytes_and_unknown_codes_are_ignored() {
        for text in [
            "",
            "YWJj",
            "jo@shop.example",
            &"A".repeat(44),
            &"A".repeat(42),
            &"A".repeat(4000),
            &"é".repeat(20),
        ] {
            let json = serde_json::json!({ "em.meta": text }).to_string();
            let error = serde_json::from_str::<Prepared>(&json)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("em.meta") && (text.is_empty() || !error.contains(text)),
                "{error}"
            );
        }
        let json = r#"{"em.unheard":[{"a":1}],"city.ga4":"berlin","zz":null}"#;
        let prepared: Prepared = serde_json::from_str(json).unwrap();
        assert_eq!(prepared.spellings(), Spellings::of(&[Spelling::Ga4City]));
        assert!(serde_json::from_str::<Prepared>(r#"{"city.ga4":"a","city.ga4":"b"}"#).is_err());
    }

    #[test]
    fn a_given_digest_fills_what_the_plain_value_leaves_open() {
        let given = Digest::of("somebody");
        let spellings = Spellings::of(&[
            Spelling::MetaEmail,
            Spelling::GoogleEmail,
            Spelling::MetaPhone,
            Spelling::Ga4City,
        ]);
        for email in [None, Some("not an address"), Some("null")] {
            let user = User {
                email: email.map(Plain::new),
                email_sha256: Some(given),
                ..User::default()
            };
            let prepared = Prepared::new(&user, spellings, &Hints::default());
            assert_eq!(
                prepared.hashed::<spelling::MetaEmail>().map(|h| h.to_hex()),
                Some(given.to_hex())
            );
            assert_eq!(
                prepared
                    .hashed::<spelling::GoogleEmail>()
                    .map(|h| h.to_hex()),
                Some(given.to_hex())
            );
            assert!(prepared.hashed::<spelling::MetaPhone>().is_none());
        }
        let user = User {
            email: Some(Plain::new("jo@shop.example")),
            email_sha256: Some(given),
            ..User::default()
        };
        let prepared = Prepared::new(&user, spellings, &Hints::default());
        assert_eq!(
            prepared.hashed::<spelling::MetaEmail>().map(|h| h.to_hex()),
            Some(Digest::of("jo@shop.example").to_hex())
        );
    }

    #[test]
    fn debug_shows_no_value() {
        let prepared = Prepared::new(
            &visitor(),
            Spellings::of(&[Spelling::MetaEmail, Spelling::Ga4City]),
            &germany(),
        );
        assert_eq!(
            format!("{prepared:?}"),
            r#"Prepared["em.meta", "city.ga4"]"#
        );
        let hashed = prepared.hashed::<spelling::MetaEmail>().unwrap();
        assert_eq!(format!("{hashed:?}"), "Hashed<em.meta>(..)");
        let shown = format!("{:?}", visitor());
        assert!(
            !shown.contains("gmail") && !shown.contains("Berlin"),
            "{shown}"
        );
    }

    #[test]
    fn digests_are_written_as_base64url_and_read_only_so() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        for word in ["", "a", "jo@shop.example", "4915123456789"] {
            let digest = Digest::of(word);
            let text = encode(digest);
            let text = str::from_utf8(&text).unwrap();
            assert_eq!(text, URL_SAFE_NO_PAD.encode(digest.0));
            assert!(decode(text) == Some(digest));
            for at in 0..43 {
                for wrong in ["+", "/", "=", "."] {
                    let mut other = text.to_owned();
                    other.replace_range(at..=at, wrong);
                    assert!(decode(&other).is_none(), "{other}");
                }
            }
            assert!(decode(&text[1..]).is_none() && decode(&format!("{text}A")).is_none());
        }
        // The last digit holds four bits, and its other two are zero.
        let zeros = "A".repeat(42);
        for (last, good) in [
            ("A", true),
            ("B", false),
            ("D", false),
            ("E", true),
            ("8", true),
            ("9", false),
        ] {
            let text = format!("{zeros}{last}");
            assert_eq!(decode(&text).is_some(), good, "{text}");
            assert_eq!(URL_SAFE_NO_PAD.decode(&text).is_ok(), good, "{text}");
        }
    }
}

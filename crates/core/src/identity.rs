//! A visitor's identifiers: read once, spelled as each platform wants them, hashed, and never shown in clear.
//!
//! One person yields different digests per platform, because each platform normalises differently before SHA-256.
//! Identifiers therefore arrive as [`Plain`], which cannot be written anywhere, and leave as [`Prepared`]: one value per
//! [`Spelling`] that the platforms behind the source ask for. A value that its rule refuses is dropped, never repaired by
//! guessing.
//!
//! ```
//! use edgetally_core::identity::{Country2, Hints, Plain, Prepared, Spelling, Spellings, User, spelling};
//!
//! let user = User {
//!     email: Some(Plain::new("Elena.Brandt+shop@gmail.com")),
//!     phone: Some(Plain::new("01512 3456789")),
//!     city: Some(Plain::new("Berlin")),
//!     ..User::default()
//! };
//! let hints = Hints { default_country: Country2::parse("DE") };
//! let needed = Spellings::of(&[Spelling::MetaEmail, Spelling::MetaPhone, Spelling::GoogleEmail, Spelling::Ga4City]);
//!
//! let prepared = Prepared::new(&user, needed, &hints);
//! let hex = |digest: Option<String>| digest.unwrap_or_default();
//! assert_eq!(
//!     hex(prepared.hashed::<spelling::MetaEmail>().map(|d| d.to_hex())), // of elena.brandt+shop@gmail.com
//!     "40cb76afcc5c980865a27520641ad6415b799b8874019fc39fa7148fb3577776",
//! );
//! assert_eq!(
//!     hex(prepared.hashed::<spelling::GoogleEmail>().map(|d| d.to_hex())), // of elenabrandt@gmail.com
//!     "2b83df161703c8325f5a37094cd023273a28a3db56d63eee74b0b5f0cbefab89",
//! );
//! assert_eq!(
//!     hex(prepared.hashed::<spelling::MetaPhone>().map(|d| d.to_hex())), // of 4915123456789
//!     "c0f8f0bebbbac96451ee8d8def84a02ae9e34c877775437cb9d458328315afa7",
//! );
//! assert_eq!(prepared.clear::<spelling::Ga4City>(), Some("berlin"));
//! ```
//!
//! # The rules and where they come from
//!
//! Every value loses its invisible characters, is brought to Unicode NFC and trimmed; empty ones, signs alone and what
//! [`is_placeholder`](crate::base::text::is_placeholder) knows are dropped. [`Spelling`] lists the rest, one line each, and [`spelling`] the pages
//! that they are from. //! Where a platform's text and its examples disagree, the text is followed.
//!
//! # Limits
//!
//! 64 hexadecimal digits in any field are the SHA-256 that the sender has made, and go as they are to the platforms that
//! take that field hashed; in whose spelling the sender hashed, nobody can see. The digests of the empty text and of
//! placeholders ([`Digest::of_nothing`]) are no digests, and MD5 and SHA-1 are dropped. National telephone numbers need [`Hints::default_country`]; the visitor's own country is not used for them, since people keep
//! their number when they move. The numbering plans' limits are listed at their table (`identity/plan.rs`).

mod ascii;
mod birth;
mod calling_code;
mod country;
mod digest;
mod email;
mod external_id;
mod gender;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes;
mod name;
mod phone;
mod place;
mod plain;
mod plan;
mod prepared;
mod sha256;
pub mod spelling;
mod text;

pub use country::Country2;
pub use digest::{Digest, sha256_hex};
pub use plain::{
    BirthDate, City, Country, Email, ExternalId, FirstName, Gender, Kind, LastName, Phone, Plain,
    PostalCode, Region, Street,
};
pub use prepared::{Hashed, Prepared};
pub use spelling::{Form, Spelling, Spellings};

use std::borrow::Cow;

use crate::base::match_keys::{Key, Keys};
use spelling::{Field, Rule};

/// What an event says about its visitor.
#[derive(Debug, Default)]
pub struct User<'a> {
    /// The site's own id.
    pub external_id: Option<Plain<'a, ExternalId>>,
    /// An e-mail address.
    pub email: Option<Plain<'a, Email>>,
    /// A telephone number.
    pub phone: Option<Plain<'a, Phone>>,
    /// A given name.
    pub first_name: Option<Plain<'a, FirstName>>,
    /// A family name.
    pub last_name: Option<Plain<'a, LastName>>,
    /// A date of birth.
    pub date_of_birth: Option<Plain<'a, BirthDate>>,
    /// A gender.
    pub gender: Option<Plain<'a, Gender>>,
    /// Street and house number.
    pub street: Option<Plain<'a, Street>>,
    /// A city.
    pub city: Option<Plain<'a, City>>,
    /// A state, province or region.
    pub region: Option<Plain<'a, Region>>,
    /// A postcode.
    pub postal_code: Option<Plain<'a, PostalCode>>,
    /// A country, as code or name.
    pub country: Option<Plain<'a, Country>>,
    /// The e-mail address already hashed by the site: stands in where `email` is absent or dropped.
    pub email_sha256: Option<Digest>,
    /// The telephone number already hashed by the site: stands in where `phone` is absent or dropped.
    pub phone_sha256: Option<Digest>,
}

impl User<'_> {
    /// The country that the visitor gives, if it is one; what is made of it must not be told.
    pub fn country(&self) -> Option<Country2> {
        let tidy = text::tidy(self.country.as_ref()?.text())?;
        country::resolve(&tidy).map(Country2::of)
    }

    /// What the external id is told by, however often it is sent: the digest of its trimmed text, or the one that the sender
    /// has made of that.
    pub(crate) fn external_digest(&self) -> Option<Digest> {
        match Given::read(Field::ExternalId, self.external_id.as_ref()?.text()) {
            Given::Text(tidy) => {
                let mut text = String::with_capacity(tidy.len());
                external_id::normalise(external_id::Rule::Trimmed, &tidy, &mut text)
                    .then(|| Digest::of(&text))
            }
            Given::Digest(digest) => Some(digest),
            Given::Nothing(_) => None,
        }
    }

    /// Which match keys it has that some platform could use, whatever consent says: only that they are there leaves here.
    pub fn keys(&self, hints: &Hints) -> Keys {
        let mut out = String::new();
        let mut usable = |spelling: Spelling| {
            let field = spelling.source();
            self.given_digest(field).is_some()
                || self
                    .plain(field)
                    .is_some_and(|raw| match Given::read(field, raw) {
                        Given::Digest(_) => true,
                        Given::Nothing(_) => false,
                        Given::Text(tidy) => {
                            out.clear();
                            apply(spelling, &tidy, *hints, None, &mut out)
                        }
                    })
        };
        let person = [
            Spelling::MetaFirstName,
            Spelling::MetaLastName,
            Spelling::MetaBirthDate,
            Spelling::MetaCity,
            Spelling::MetaZip,
            Spelling::CountryHash,
        ];
        Keys::NONE
            .with(Key::Email, usable(Spelling::MetaEmail))
            // The one that takes the most.
            .with(Key::Phone, usable(Spelling::MetaPhone))
            .with(Key::ExternalId, usable(Spelling::MetaExternalId))
            .with(Key::Person, person.into_iter().any(usable))
    }

    fn plain(&self, field: Field) -> Option<&str> {
        match field {
            Field::Email => self.email.as_ref().map(Plain::text),
            Field::Phone => self.phone.as_ref().map(Plain::text),
            Field::FirstName => self.first_name.as_ref().map(Plain::text),
            Field::LastName => self.last_name.as_ref().map(Plain::text),
            Field::BirthDate => self.date_of_birth.as_ref().map(Plain::text),
            Field::Gender => self.gender.as_ref().map(Plain::text),
            Field::Street => self.street.as_ref().map(Plain::text),
            Field::City => self.city.as_ref().map(Plain::text),
            Field::Region => self.region.as_ref().map(Plain::text),
            Field::PostalCode => self.postal_code.as_ref().map(Plain::text),
            Field::Country => self.country.as_ref().map(Plain::text),
            Field::ExternalId => self.external_id.as_ref().map(Plain::text),
        }
    }

    /// What shows the visitor in clear, to be looked for in texts that are to show nobody.
    pub(crate) fn in_clear(&self, hints: Hints) -> crate::base::personal::Visitor {
        let mut digits = String::new();
        let phone = self.plain(Field::Phone);
        let known = phone
            .filter(|phone| normalise(Spelling::DigitsPhone, phone, &hints, None, &mut digits))
            .and_then(|_| plan::calling_code(digits.as_bytes()))
            .map(|(_, length)| (digits.as_str(), length));
        crate::base::personal::Visitor::new(
            phone,
            known,
            self.plain(Field::FirstName),
            self.plain(Field::LastName),
            self.plain(Field::Email),
        )
    }

    /// The digest that the site has made; that of nothing is none.
    fn given_digest(&self, field: Field) -> Option<Digest> {
        self.any_digest(field).filter(|digest| !digest.of_nothing())
    }

    fn any_digest(&self, field: Field) -> Option<Digest> {
        match field {
            Field::Email => self.email_sha256,
            Field::Phone => self.phone_sha256,
            _ => None,
        }
    }
}

/// What a source knows about its visitors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The country whose calling code and trunk prefix complete a telephone number typed without `+`.
    pub default_country: Option<Country2>,
}

/// Writes the spelling of a raw value into `out`, which is cleared first; `false` (and no meaning in `out`) when the
/// rule drops the value.
///
/// `country` is the visitor's own country as typed; only state and postcode rules look at it. The rules allocate nothing
/// but `out`'s growth, except for text that is not in Unicode NFC and for countries written as names.
///
/// A digest that the sender has made (64 hexadecimal digits) has no spelling and gives `false`; [`hash_rows`] and
/// [`Prepared`] take it as it is.
///
/// Normalising a result again gives the same result, with one exception that lies in the platforms' rules: a telephone
/// number spelled without its `+` no longer says that it is international.
///
/// ```
/// use edgetally_core::identity::{Hints, Spelling, normalise};
///
/// let mut out = String::new();
/// assert!(normalise(Spelling::MetaZip, "94025-1234", &Hints::default(), Some("US"), &mut out));
/// assert_eq!(out, "94025");
/// assert!(!normalise(Spelling::MetaEmail, "jo at shop", &Hints::default(), None, &mut out));
/// ```
pub fn normalise(
    spelling: Spelling,
    raw: &str,
    hints: &Hints,
    country: Option<&str>,
    out: &mut String,
) -> bool {
    out.clear();
    if let Rule::Email(rule) = spelling.rule() {
        let mut bytes = [0; 64];
        let len = ascii::copy(raw, &mut bytes);
        let len = len.and_then(|len| ascii::email(rule, &mut bytes, len));
        let short = len.and_then(|len| bytes.get(..len));
        if let Some(Ok(text)) = short.map(str::from_utf8) {
            out.push_str(text);
            return true;
        }
    }
    at_length(spelling, raw, *hints, country, out)
}

/// [`normalise`] for whatever has no shorter way.
fn at_length(
    spelling: Spelling,
    raw: &str,
    hints: Hints,
    country: Option<&str>,
    out: &mut String,
) -> bool {
    let Given::Text(tidy) = Given::read(spelling.source(), raw) else {
        return false;
    };
    let country = match spelling.rule() {
        Rule::Place(_) => country
            .and_then(text::tidy)
            .and_then(|tidy| country::resolve(&tidy)),
        _ => None,
    };
    apply(spelling, &tidy, hints, country, out)
}

/// What a plain field holds.
enum Given<'a> {
    /// A value as it was typed, tidied.
    Text(Cow<'a, str>),
    /// A digest that the sender has made already: nothing is left to normalise.
    Digest(Digest),
    /// Nothing that could be used, and why.
    Nothing(&'static str),
}

impl<'a> Given<'a> {
    fn read(field: Field, raw: &'a str) -> Self {
        let Some(tidy) = text::tidy(raw) else {
            return Self::Nothing("placeholder");
        };
        match tidy.len() {
            64 => match Digest::parse(&tidy) {
                Some(digest) if digest.of_nothing() => Self::Nothing("digest_of_nothing"),
                Some(digest) => Self::Digest(digest),
                None => Self::Text(tidy),
            },
            // MD5 and SHA-1, which no platform takes: hashed again they would be nobody. An id may look like that.
            32 | 40
                if field != Field::ExternalId && tidy.bytes().all(|b| b.is_ascii_hexdigit()) =>
            {
                Self::Nothing("hash_not_sha256")
            }
            _ => Self::Text(tidy),
        }
    }
}

/// One visitor in a table of them.
#[derive(Clone, Copy, Default)]
#[expect(missing_debug_implementations, reason = "the value must not be shown")]
pub struct Row<'a> {
    /// The identifier as typed.
    pub value: Option<&'a str>,
    /// The visitor's own country as typed.
    pub country: Option<&'a str>,
    /// What else is known about the visitor.
    pub hints: Hints,
}

/// [`normalise`] and SHA-256 for the rows of a table.
///
/// `take` gets the answers in order: the digest as 64 lower-case hexadecimal digits, or `None` for a value that is missing
/// or that its rule drops. A value that is a digest already is its own answer. Whether the platform wants a digest at all is not asked; [`Spelling::form`] says it.
///
/// ```
/// use edgetally_core::identity::{Row, Spelling, hash_rows, sha256_hex};
///
/// let emails = [Some(" Jo@Shop.example"), None, Some("nobody")];
/// let rows = emails.map(|value| Row { value, ..Row::default() });
/// let mut digests = Vec::new();
/// hash_rows(Spelling::MetaEmail, rows, |digest| digests.push(digest.copied()));
/// assert_eq!(digests, [Some(sha256_hex("jo@shop.example")), None, None]);
/// ```
pub fn hash_rows<'a>(
    spelling: Spelling,
    rows: impl IntoIterator<Item = Row<'a>>,
    mut take: impl FnMut(Option<&[u8; 64]>),
) {
    let mut round = digest::Round::new();
    let mut room = String::new();
    let mut long_way = |row: &Row<'_>, place: &mut digest::Place<'_>| {
        let Some(raw) = row.value else { return };
        if raw.len() >= 64
            && let Given::Digest(digest) = Given::read(spelling.source(), raw)
        {
            if spelling.form() == Form::Hashed {
                place.put_digest(digest);
            }
            return;
        }
        room.clear();
        if at_length(spelling, raw, row.hints, row.country, &mut room) {
            place.put(&room);
        }
    };
    let mut rows = rows.into_iter();
    let mut batch = [Row::default(); digest::ROUND];
    loop {
        let mut count = 0;
        for (place, row) in batch.iter_mut().zip(&mut rows) {
            *place = row;
            count += 1;
        }
        let some = batch.get(..count).unwrap_or_default();
        if some.is_empty() {
            return;
        }
        match spelling.rule() {
            Rule::Email(rule) => {
                let mut lengths = [None; digest::ROUND];
                let written = round.places(count).zip(some).zip(&mut lengths);
                for ((place, row), length) in written {
                    *length = row.value.and_then(|raw| ascii::copy(raw, place.block));
                }
                for ((mut place, row), length) in round.places(count).zip(some).zip(lengths) {
                    let short = |block: &mut _| ascii::email(rule, block, length?);
                    if !place.fill(short) {
                        long_way(row, &mut place);
                    }
                }
            }
            _ => {
                for (mut place, row) in round.places(count).zip(some) {
                    long_way(row, &mut place);
                }
            }
        }
        round.finish(count, &mut take);
    }
}

/// [`normalise`] for a text and a country that are tidied and resolved already.
fn apply(
    spelling: Spelling,
    tidy: &str,
    hints: Hints,
    country: Option<[u8; 2]>,
    out: &mut String,
) -> bool {
    match spelling.rule() {
        Rule::Email(rule) => email::normalise(rule, tidy, out),
        Rule::Phone(rule) => phone::normalise(rule, tidy, hints.default_country, out),
        Rule::Name(rule) => name::normalise(rule, tidy, out),
        Rule::BirthDate => birth::normalise(tidy, out),
        Rule::Gender(rule) => gender::normalise(rule, tidy, out),
        Rule::Place(rule) => place::normalise(rule, tidy, country, out),
        Rule::CountryLower => country::code(tidy, false, out),
        Rule::CountryUpper => country::code(tidy, true, out),
        Rule::CountryStrict => country::strict(tidy, out),
        // In clear an address would be somebody's name for everybody to read; hashed it is an id like any other.
        Rule::ExternalId(_)
            if spelling.form() == Form::Clear && crate::base::personal::holds_email(tidy) =>
        {
            false
        }
        Rule::ExternalId(rule) => external_id::normalise(rule, tidy, out),
    }
}

//! The spellings that platforms ask for, as values ([`Spelling`]) and as types (one marker per spelling).
//!
//! Each line of the table below is a spelling: its stable code, whether it is hashed, the visitor field it comes from and
//! the rule. The rule's own file says what it does; `Platforms` says who asks for it.
//!
//! The rules are those of these pages, as they stood on 2026-11-22; where a page could not be opened, of published copies of
//! it and of the platform's own code:
//!
//! | Platform | Page or code |
//! |---|---|
//! | Meta | Conversions API, `parameters/customer-information-parameters` |
//! | GA4 | Measurement Protocol, `uid-data` (user-provided data) |
//! | Google Ads | Data Manager API, `devguides/concepts/formatting`, and the `data-manager-*` utilities |
//! | TikTok | "Events API Parameters", and `tiktok/gtm-template-eapi` |
//! | Pinterest | `pinterest/api-description` 5.23.0, `user_data` |
//! | Snapchat | Conversions API v3, "Parameters" |
//! | Reddit | Conversions API v3, and `reddit/reddit-ss-gtm-template` |
//! | LinkedIn | Conversions API 202609, "Schema" |
//! | X | "Conversion API" in `xdevplatform/docs` |
//! | Microsoft | `advertising/guides/uet-conversion-api-integration` |

use super::{email, external_id, gender, name, phone, place};

/// Whether a spelling leaves as a digest or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// SHA-256 of the normalised text.
    Hashed,
    /// The normalised text itself, because the platform asks for it in clear.
    Clear,
}

/// The visitor field that a spelling comes from, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    Phone,
    FirstName,
    LastName,
    BirthDate,
    Gender,
    Street,
    City,
    Region,
    PostalCode,
    Country,
    ExternalId,
}

impl Field {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::BirthDate => "date_of_birth",
            Self::Gender => "gender",
            Self::Street => "street",
            Self::City => "city",
            Self::Region => "region",
            Self::PostalCode => "postal_code",
            Self::Country => "country",
            Self::ExternalId => "external_id",
        }
    }
}

/// The rule behind a spelling; several spellings may share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Email(email::Rule),
    Phone(phone::Rule),
    Name(name::Rule),
    BirthDate,
    Gender(gender::Rule),
    Place(place::Rule),
    CountryLower,
    CountryUpper,
    CountryStrict,
    ExternalId(external_id::Rule),
}

/// A marker type whose spelling is hashed.
pub trait HashedSpelling: sealed::Sealed {
    /// The spelling as a value.
    const SPELLING: Spelling;
}

/// A marker type whose spelling is sent in clear.
pub trait ClearSpelling: sealed::Sealed {
    /// The spelling as a value.
    const SPELLING: Spelling;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! form {
    (Hashed, $marker:ident) => {
        impl HashedSpelling for $marker {
            const SPELLING: Spelling = Spelling::$marker;
        }
    };
    (Clear, $marker:ident) => {
        impl ClearSpelling for $marker {
            const SPELLING: Spelling = Spelling::$marker;
        }
    };
}

macro_rules! spellings {
    ($($(#[$doc:meta])* $spelling:ident $code:literal $form:ident $field:ident $rule:expr;)+) => {
        /// One way to write one identifier, as some platform asks for it.
        ///
        /// The order is by visitor field and never changes the meaning of stored values: those carry the
        /// [`code`](Self::code).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Spelling { $($(#[$doc])* $spelling,)+ }

        impl Spelling {
            /// Every spelling, in order.
            pub const ALL: &[Self] = &[$(Self::$spelling),+];

            /// The stable code under which a value of this spelling is stored.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$spelling => $code,)+ }
            }

            /// Digest or text.
            #[must_use]
            pub const fn form(self) -> Form {
                match self { $(Self::$spelling => Form::$form,)+ }
            }

            /// The visitor field it is made from, as events name it.
            #[must_use]
            pub const fn field(self) -> &'static str {
                self.source().name()
            }

            pub(super) const fn source(self) -> Field {
                match self { $(Self::$spelling => Field::$field,)+ }
            }

            pub(super) const fn rule(self) -> Rule {
                match self { $(Self::$spelling => $rule,)+ }
            }
        }

        $($(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $spelling {}
        impl sealed::Sealed for $spelling {}
        form!($form, $spelling);)+
    };
}

spellings! {
    /// Trimmed, lower case; dots and `+tag` kept. Platforms: Meta.
    MetaEmail "em.meta" Hashed Email Rule::Email(email::Rule::Trimmed);
    /// White space deleted, lower case (E1). Platforms: TikTok, Pinterest, Snapchat, LinkedIn, X.
    PlainEmail "em.plain" Hashed Email Rule::Email(email::Rule::Spaceless);
    /// E1 with only `a`–`z` and digits before the `@`, no alias (E2). Platforms: Reddit.
    RedditEmail "em.reddit" Hashed Email Rule::Email(email::Rule::Alphanumeric);
    /// E1 without dots and alias at every domain (E3). Platforms: Microsoft.
    MicrosoftEmail "em.microsoft" Hashed Email Rule::Email(email::Rule::Dotless);
    /// E1 without dots and alias at Gmail. Platforms: Google Ads, GA4.
    GoogleEmail "em.google" Hashed Email Rule::Email(email::Rule::Gmail);

    /// Digits without `+`; a number of unknown country as it is. Platforms: Meta.
    MetaPhone "ph.meta" Hashed Phone Rule::Phone(phone::Rule::MetaDigits);
    /// E.164 with `+` (P1). Platforms: TikTok, Reddit, X, Microsoft.
    E164Phone "ph.e164" Hashed Phone Rule::Phone(phone::Rule::E164);
    /// E.164 without `+` (P2). Platforms: Pinterest, Snapchat.
    DigitsPhone "ph.digits" Hashed Phone Rule::Phone(phone::Rule::Digits);
    /// E.164 with `+`. Platforms: Google Ads, GA4.
    GooglePhone "ph.google" Hashed Phone Rule::Phone(phone::Rule::E164);

    /// No white space, no ASCII punctuation. Platforms: Meta.
    MetaFirstName "fn.meta" Hashed FirstName Rule::Name(name::Rule::Meta);
    /// No white space, no punctuation (N). Platforms: TikTok, Pinterest, Snapchat, LinkedIn.
    FirstName "fn.plain" Hashed FirstName Rule::Name(name::Rule::Compact);
    /// Without a title in front. Platforms: Google Ads.
    GoogleGivenName "fn.google" Hashed FirstName Rule::Name(name::Rule::WithoutTitle);
    /// Without digits and symbols. Platforms: GA4.
    Ga4FirstName "fn.ga4" Hashed FirstName Rule::Name(name::Rule::LettersAndSpaces);

    /// No white space, no ASCII punctuation. Platforms: Meta.
    MetaLastName "ln.meta" Hashed LastName Rule::Name(name::Rule::Meta);
    /// No white space, no punctuation (N). Platforms: TikTok, Pinterest, Snapchat, LinkedIn.
    LastName "ln.plain" Hashed LastName Rule::Name(name::Rule::Compact);
    /// Without `jr.`, `iii`, `phd` and the like behind. Platforms: Google Ads.
    GoogleFamilyName "ln.google" Hashed LastName Rule::Name(name::Rule::WithoutSuffix);
    /// Without digits and symbols. Platforms: GA4.
    Ga4LastName "ln.ga4" Hashed LastName Rule::Name(name::Rule::LettersAndSpaces);

    /// `YYYYMMDD`. Platforms: Meta.
    MetaBirthDate "db.meta" Hashed BirthDate Rule::BirthDate;
    /// `YYYYMMDD` (B). Platforms: Pinterest.
    BirthDate "db.plain" Hashed BirthDate Rule::BirthDate;

    /// `f` or `m`. Platforms: Meta, Snapchat.
    MetaGender "ge.meta" Hashed Gender Rule::Gender(gender::Rule::Binary);
    /// `f`, `m` or `n` (G). Platforms: Pinterest.
    Gender "ge.plain" Hashed Gender Rule::Gender(gender::Rule::WithNeutral);

    /// Without symbols. Platforms: GA4, Google Ads (for GA destinations).
    Ga4Street "street.ga4" Hashed Street Rule::Place(place::Rule::WordsAndNumbers);

    /// No white space, punctuation or digits. Platforms: Meta.
    MetaCity "city.meta" Hashed City Rule::Place(place::Rule::CompactLetters);
    /// No white space, no punctuation (C). Platforms: Pinterest, Snapchat.
    City "city.plain" Hashed City Rule::Place(place::Rule::Compact);
    /// C in clear. Platforms: TikTok.
    CityText "city.text" Clear City Rule::Place(place::Rule::Compact);
    /// Without digits and symbols. Platforms: GA4.
    Ga4City "city.ga4" Clear City Rule::Place(place::Rule::LettersAndSpaces);

    /// Two letters in the United States and Canada. Platforms: Meta.
    MetaState "region.meta" Hashed Region Rule::Place(place::Rule::State);
    /// Two letters in the United States and Canada (S). Platforms: Pinterest, Snapchat.
    State "region.plain" Hashed Region Rule::Place(place::Rule::State);
    /// S in clear. Platforms: TikTok.
    StateText "region.text" Clear Region Rule::Place(place::Rule::State);
    /// Without digits and symbols. Platforms: GA4.
    Ga4Region "region.ga4" Clear Region Rule::Place(place::Rule::RegionLetters);

    /// Up to the first dash, no white space; five digits in the United States. Platforms: Meta.
    MetaZip "zip.meta" Hashed PostalCode Rule::Place(place::Rule::MetaZip);
    /// No white space, no punctuation (Z1). Platforms: TikTok, Snapchat.
    Zip "zip.plain" Hashed PostalCode Rule::Place(place::Rule::Zip);
    /// Digits only (Z2). Platforms: Pinterest.
    ZipDigits "zip.digits" Hashed PostalCode Rule::Place(place::Rule::ZipDigits);
    /// Without `.` and `~`. Platforms: Google Ads, GA4.
    GooglePostalCode "zip.google" Clear PostalCode Rule::Place(place::Rule::GoogleZip);

    /// ISO 3166-1 alpha-2, lower case (K). Platforms: Meta, Pinterest, Snapchat.
    CountryHash "country.hash" Hashed Country Rule::CountryLower;
    /// K in clear. Platforms: TikTok.
    CountryText "country.text" Clear Country Rule::CountryLower;
    /// K in clear, upper case. Platforms: LinkedIn.
    CountryCode "country.code" Clear Country Rule::CountryUpper;
    /// Two letters, upper case; names are looked up, three-letter codes refused. Platforms: Google Ads.
    GoogleCountry "country.google" Clear Country Rule::CountryStrict;

    /// Lower case, no white space. Platforms: Meta.
    MetaExternalId "id.meta" Hashed ExternalId Rule::ExternalId(external_id::Rule::LowerSpaceless);
    /// Trimmed, case kept (X). Platforms: TikTok, Pinterest, Reddit, Microsoft.
    ExternalId "id.plain" Hashed ExternalId Rule::ExternalId(external_id::Rule::Trimmed);
    /// X in lower case. Platforms: Snapchat.
    LowerExternalId "id.lower" Hashed ExternalId Rule::ExternalId(external_id::Rule::Lower);
    /// X in clear. Platforms: LinkedIn.
    ExternalIdText "id.text" Clear ExternalId Rule::ExternalId(external_id::Rule::Trimmed);
}

impl Spelling {
    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|spelling| spelling.code() == code)
    }
}

const _: () = assert!(Spelling::ALL.len() <= 64, "a set of spellings is one u64");

/// A set of spellings: what a platform, or all platforms of a source, need.
///
/// ```
/// use edgetally_core::identity::{Spelling, Spellings};
///
/// const NEEDED: Spellings = Spellings::of(&[Spelling::MetaEmail, Spelling::GoogleEmail]);
/// assert!(NEEDED.contains(Spelling::MetaEmail) && !NEEDED.contains(Spelling::MetaPhone));
/// assert_eq!(NEEDED.iter().count(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spellings(u64);

impl Spellings {
    /// No spelling.
    #[must_use]
    pub const fn empty() -> Self {
        Self(0)
    }

    /// The spellings listed.
    #[must_use]
    pub const fn of(spellings: &[Spelling]) -> Self {
        let mut bits = 0;
        let mut rest = spellings;
        while let [first, tail @ ..] = rest {
            bits |= 1 << (*first as u8);
            rest = tail;
        }
        Self(bits)
    }

    /// Those in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the spelling is in the set.
    #[must_use]
    pub const fn contains(self, spelling: Spelling) -> bool {
        self.0 & (1 << (spelling as u8)) != 0
    }

    /// Whether the set has no spelling.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many spellings are in the set.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The spellings in order of visitor field.
    pub fn iter(self) -> impl Iterator<Item = Spelling> {
        let mut bits = self.0;
        core::iter::from_fn(move || {
            let at = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            Spelling::ALL.get(at).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_lead_back() {
        for spelling in Spelling::ALL {
            assert_eq!(Spelling::from_code(spelling.code()), Some(*spelling));
        }
        assert_eq!(Spelling::from_code("em.unheard"), None);
    }

    #[test]
    fn a_set_yields_its_members_once_in_order() {
        let all = Spellings::of(Spelling::ALL);
        assert_eq!(all.iter().collect::<Vec<_>>(), Spelling::ALL);
        assert_eq!(all.len(), Spelling::ALL.len());
        assert_eq!(Spellings::empty().iter().count(), 0);
        assert!(
            Spelling::ALL.is_sorted_by_key(|spelling| spelling.source() as u8),
            "a field's spellings stand together"
        );
    }
}

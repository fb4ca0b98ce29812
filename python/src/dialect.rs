//! Dialects: which spelling of an identifier a platform asks for.

use edgetally_core::identity::{Form, Spelling};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::problem::{Code, Problem};

macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($variant:ident $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum $kind { $($variant,)+ }

        impl $kind {
            const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in Python.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

named! {
    /// A platform's way to spell identifiers.
    Dialect {
        Meta "meta",
        GoogleAds "google_ads",
        Ga4 "ga4",
        Tiktok "tiktok",
        Pinterest "pinterest",
        Snapchat "snapchat",
        Reddit "reddit",
        Linkedin "linkedin",
        X "x",
        Microsoft "microsoft",
    }
}

named! {
    /// An identifier, as the functions are called.
    Field {
        Email "email",
        Phone "phone",
        FirstName "first_name",
        LastName "last_name",
        BirthDate "birth_date",
        Gender "gender",
        Street "street",
        City "city",
        Region "region",
        PostalCode "postal_code",
        Country "country",
        ExternalId "external_id",
    }
}

impl Dialect {
    pub(crate) fn parse(name: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().find(|dialect| dialect.name() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|dialect| dialect.name()).collect();
            Problem::new(
                Code::DialectUnknown,
                format!("dialect is none of {}", names.join(", ")),
            )
        })
    }

    /// The spelling of an identifier, where the platform takes that identifier at all.
    const fn find(self, field: Field) -> Option<Spelling> {
        use Dialect as D;
        use Field as F;
        use Spelling as S;
        Some(match (field, self) {
            (F::Email, D::Meta) => S::MetaEmail,
            (F::Email, D::GoogleAds | D::Ga4) => S::GoogleEmail,
            (F::Email, D::Reddit) => S::RedditEmail,
            (F::Email, D::Microsoft) => S::MicrosoftEmail,
            (F::Email, D::Tiktok | D::Pinterest | D::Snapchat | D::Linkedin | D::X) => {
                S::PlainEmail
            }

            (F::Phone, D::Meta) => S::MetaPhone,
            (F::Phone, D::GoogleAds | D::Ga4) => S::GooglePhone,
            (F::Phone, D::Tiktok | D::Reddit | D::X | D::Microsoft) => S::E164Phone,
            (F::Phone, D::Pinterest | D::Snapchat) => S::DigitsPhone,

            (F::FirstName, D::Meta) => S::MetaFirstName,
            (F::FirstName, D::GoogleAds) => S::GoogleGivenName,
            (F::FirstName, D::Ga4) => S::Ga4FirstName,
            (F::FirstName, D::Tiktok | D::Pinterest | D::Snapchat | D::Linkedin) => S::FirstName,

            (F::LastName, D::Meta) => S::MetaLastName,
            (F::LastName, D::GoogleAds) => S::GoogleFamilyName,
            (F::LastName, D::Ga4) => S::Ga4LastName,
            (F::LastName, D::Tiktok | D::Pinterest | D::Snapchat | D::Linkedin) => S::LastName,

            (F::BirthDate, D::Meta) => S::MetaBirthDate,
            (F::BirthDate, D::Pinterest) => S::BirthDate,

            (F::Gender, D::Meta | D::Snapchat) => S::MetaGender,
            (F::Gender, D::Pinterest) => S::Gender,

            (F::Street, D::Ga4) => S::Ga4Street,

            (F::City, D::Meta) => S::MetaCity,
            (F::City, D::Pinterest | D::Snapchat) => S::City,
            (F::City, D::Tiktok) => S::CityText,
            (F::City, D::Ga4) => S::Ga4City,

            (F::Region, D::Meta) => S::MetaState,
            (F::Region, D::Pinterest | D::Snapchat) => S::State,
            (F::Region, D::Tiktok) => S::StateText,
            (F::Region, D::Ga4) => S::Ga4Region,

            (F::PostalCode, D::Meta) => S::MetaZip,
            (F::PostalCode, D::Tiktok | D::Snapchat) => S::Zip,
            (F::PostalCode, D::Pinterest) => S::ZipDigits,
            (F::PostalCode, D::GoogleAds | D::Ga4) => S::GooglePostalCode,

            (F::Country, D::Meta | D::Pinterest | D::Snapchat) => S::CountryHash,
            (F::Country, D::Tiktok) => S::CountryText,
            (F::Country, D::Linkedin | D::Ga4) => S::CountryCode,
            (F::Country, D::GoogleAds) => S::GoogleCountry,

            (F::ExternalId, D::Meta) => S::MetaExternalId,
            (F::ExternalId, D::Tiktok | D::Pinterest | D::Reddit | D::Microsoft) => S::ExternalId,
            (F::ExternalId, D::Snapchat) => S::LowerExternalId,
            (F::ExternalId, D::Linkedin) => S::ExternalIdText,

            _ => return None,
        })
    }

    /// The spelling of an identifier.
    pub(crate) fn spelling(self, field: Field) -> Result<Spelling, Problem> {
        self.find(field).ok_or_else(|| {
            Problem::new(
                Code::DialectUnsupported,
                format!("{} takes no {}", self.name(), field.name()),
            )
        })
    }

    /// The spelling of an identifier that the platform wants hashed.
    pub(crate) fn hashed(self, field: Field) -> Result<Spelling, Problem> {
        let spelling = self.spelling(field)?;
        match spelling.form() {
            Form::Hashed => Ok(spelling),
            Form::Clear => Err(Problem::new(
                Code::SentInClear,
                format!(
                    "{} takes the {field} in clear: send what normalize_{field} returns",
                    self.name(),
                    field = field.name()
                ),
            )),
        }
    }
}

// A spelling that the core gains must be given to a platform here, or the wheel does not compile.
const _: () = {
    let mut spellings = Spelling::ALL;
    while let [spelling, more @ ..] = spellings {
        let mut used = false;
        let mut dialects = Dialect::ALL;
        while let [dialect, others @ ..] = dialects {
            let mut fields = Field::ALL;
            while let [field, rest @ ..] = fields {
                if let Some(found) = dialect.find(*field) {
                    used |= found as u8 == *spelling as u8;
                }
                fields = rest;
            }
            dialects = others;
        }
        assert!(used, "a spelling belongs to no dialect");
        spellings = more;
    }
};

/// The table of dialects: which identifiers each platform takes, and whether ``"hashed"`` or ``"clear"``.
///
/// >>> import edgetally
/// >>> edgetally.dialects()["reddit"]
/// {'email': 'hashed', 'phone': 'hashed', 'external_id': 'hashed'}
/// >>> edgetally.dialects()["tiktok"]["city"]
/// 'clear'
#[pyfunction]
fn dialects(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let table = PyDict::new(py);
    for dialect in Dialect::ALL {
        let row = PyDict::new(py);
        for field in Field::ALL {
            if let Some(spelling) = dialect.find(*field) {
                let form = match spelling.form() {
                    Form::Hashed => "hashed",
                    Form::Clear => "clear",
                };
                row.set_item(field.name(), form)?;
            }
        }
        table.set_item(dialect.name(), row)?;
    }
    Ok(table)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(dialects, module)?)
}

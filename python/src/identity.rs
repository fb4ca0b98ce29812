//! The functions: `normalize_*` and `hash_*`, one pair per identifier.

use std::sync::atomic::{AtomicUsize, Ordering};

use edgetally_core::identity::{
    Country2, Hints, Row, Spelling, hash_rows, normalise, sha256_hex as digits,
};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::column::{self, Input, Sources, Width};
use crate::dialect::{Dialect, Field};
use crate::problem::{Code, Problem};

/// What a function returns of a spelled value.
#[derive(Clone, Copy, Debug)]
enum Want {
    Text,
    Digest,
}

/// The arguments that all functions share.
#[derive(Debug)]
struct Options<'a, 'py> {
    dialect: &'a Word<'py>,
    default_country: Option<&'a Bound<'py, PyAny>>,
    country: Option<&'a Bound<'py, PyAny>>,
    threads: Option<&'a Bound<'py, PyAny>>,
}

/// A word among some, which may be anything when it comes in.
#[derive(Debug)]
enum Word<'py> {
    Default(&'static str),
    Given(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Word<'py> {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(value.to_owned()))
    }
}

impl Word<'_> {
    /// What is not text is none of the words.
    fn text(&self) -> &str {
        match self {
            Self::Default(word) => word,
            Self::Given(value) => value
                .cast::<PyString>()
                .ok()
                .and_then(|text| text.to_str().ok())
                .unwrap_or_default(),
        }
    }
}

/// Whose calling code completes a telephone number; `None` when there is no such country.
fn home(raw: Option<&str>) -> Option<Hints> {
    let default_country = match raw {
        Some(raw) => Some(Country2::parse(raw)?),
        None => None,
    };
    Some(Hints { default_country })
}

fn no_country(row: &str) -> Problem {
    Problem::new(
        Code::DefaultCountryInvalid,
        format!("default_country{row} is not the two letters of a country in ISO 3166-1"),
    )
}

fn run<'py>(
    value: &Bound<'py, PyAny>,
    want: Want,
    field: Field,
    options: &Options<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let dialect = Dialect::parse(options.dialect.text())?;
    let spelling = match want {
        Want::Text => dialect.spelling(field)?,
        Want::Digest => dialect.hashed(field)?,
    };
    let default_country = Input::read_optional("default_country", options.default_country)?;
    let country = Input::read_optional("country", options.country)?;
    let value_input = Input::read("value", value)?;
    if let Input::Column(_) = value_input {
        let inputs = [
            ("value", &value_input),
            ("country", &country),
            ("default_country", &default_country),
        ];
        return columns(value.py(), spelling, want, inputs, options);
    }
    column::threads(options.threads, 1)?;
    let row = Row {
        value: value_input.scalar("value")?,
        country: country.scalar("country")?,
        hints: home(default_country.scalar("default_country")?).ok_or_else(|| no_country(""))?,
    };
    one(value.py(), spelling, want, row)
}

fn one<'py>(
    py: Python<'py>,
    spelling: Spelling,
    want: Want,
    row: Row<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let answer = match want {
        Want::Text => {
            let mut text = String::new();
            let kept = row.value.is_some_and(|value| {
                normalise(spelling, value, &row.hints, row.country, &mut text)
            });
            kept.then(|| PyString::new(py, &text))
        }
        Want::Digest => {
            let mut digest = None;
            hash_rows(spelling, [row], |hex| digest = hex.copied());
            digest
                .map(|hex| PyString::from_bytes(py, &hex))
                .transpose()?
        }
    };
    Ok(answer.map_or_else(|| py.None().into_bound(py), Bound::into_any))
}

fn columns<'py>(
    py: Python<'py>,
    spelling: Spelling,
    want: Want,
    inputs: [(&'static str, &Input<'py>); 3],
    options: &Options<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let [.., (_, default_country)] = inputs;
    let same = match default_country {
        Input::Scalar(_) => {
            let text = default_country.scalar("default_country")?;
            Some(home(text).ok_or_else(|| no_country(""))?)
        }
        Input::Column(_) => None,
    };
    let Some(sources) = Sources::new(inputs)? else {
        return Ok(py.None().into_bound(py));
    };
    let threads = column::threads(options.threads, sources.rows())?;
    let width = match want {
        Want::Text => Width::Any,
        Want::Digest => Width::Fixed(64),
    };
    // The first row whose country is none, whichever thread comes upon it.
    let refused = AtomicUsize::new(usize::MAX);
    let [answers] = column::map(py, &sources, [width], threads, |walk, [answers]| {
        let rows = walk.map(|(at, [value, country, default_country])| {
            let hints = same.or_else(|| home(default_country));
            if hints.is_none() {
                refused.fetch_min(at, Ordering::Relaxed);
            }
            Row {
                value,
                country,
                hints: hints.unwrap_or_default(),
            }
        });
        match want {
            Want::Text => {
                let mut text = String::new();
                for row in rows {
                    let kept = row.value.is_some_and(|value| {
                        normalise(spelling, value, &row.hints, row.country, &mut text)
                    });
                    answers.push(kept.then_some(&*text));
                }
            }
            Want::Digest => hash_rows(spelling, rows, |hex| answers.push_fixed(hex)),
        }
    })?;
    match refused.into_inner() {
        usize::MAX => Ok(answers),
        row => Err(no_country(&format!("[{row}]")).into()),
    }
}

/// The SHA-256 of a text as it stands, in UTF-8, as 64 lower-case hexadecimal digits.
///
/// Nothing is normalised: for identifiers, call the ``hash_*`` function of the field.
///
/// >>> import edgetally
/// >>> edgetally.sha256_hex("")
/// 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
#[pyfunction]
#[pyo3(signature = (text, /))]
fn sha256_hex<'py>(text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let Ok(string) = text.cast::<PyString>() else {
        let kind = text.get_type().name()?;
        let message = format!("text is not str, but {kind}");
        return Err(Problem::new(Code::WrongType, message).into());
    };
    let hex = digits(column::utf8("text", None, string)?);
    PyString::from_bytes(text.py(), &hex)
}

macro_rules! function {
    ($field:ident $want:ident $name:ident $(#[$doc:meta])+) => {
        $(#[$doc])+
        #[pyfunction]
        #[pyo3(signature = (value, *, dialect=Word::Default("meta"), default_country=None, country=None, threads=None))]
        fn $name<'py>(
            value: &Bound<'py, PyAny>,
            dialect: Word<'py>,
            default_country: Option<&Bound<'py, PyAny>>,
            country: Option<&Bound<'py, PyAny>>,
            threads: Option<&Bound<'py, PyAny>>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let options = Options { dialect: &dialect, default_country, country, threads };
            run(value, Want::$want, Field::$field, &options)
        }
    };
}

macro_rules! functions {
    ($($field:ident { $(#[$text:meta])+ $normalize:ident $(#[$digest:meta])+ $hash:ident })+) => {
        $(function! { $field Text $normalize $(#[$text])+ }
        function! { $field Digest $hash $(#[$digest])+ })+

        pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(module.add_function(wrap_pyfunction!($normalize, module)?)?;
            module.add_function(wrap_pyfunction!($hash, module)?)?;)+
            module.add_function(wrap_pyfunction!(sha256_hex, module)?)
        }
    };
}

functions! {
    Email {
        /// Spells an e-mail address as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Lower case without outer white space, and what else the platform asks for: Google drops dots and ``+tag`` at Gmail,
        /// Reddit and Microsoft at every domain. ``mailto:``, a name beside the address, quotation marks and invisible characters go.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_email(" Elena.Brandt+shop@Gmail.com ")
        /// 'elena.brandt+shop@gmail.com'
        /// >>> edgetally.normalize_email("Elena.Brandt+shop@gmail.com", dialect="google_ads")
        /// 'elenabrandt@gmail.com'
        /// >>> edgetally.normalize_email(["Jo <jo@shop.example>", None, "not an address"])
        /// ['jo@shop.example', None, None]
        normalize_email
        /// The SHA-256 of an e-mail address in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// A value that is such a digest already, of any field, is returned in lower case; the digest of the empty text is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_email(" John_Smith@gmail.com ")
        /// '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'
        /// >>> edgetally.hash_email([None, "not an address"])
        /// [None, None]
        hash_email
    }
    Phone {
        /// Spells a telephone number as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Digits with the country's calling code, with ``+`` where the platform wants it. A number typed without ``+`` or ``00`` is
        /// completed by ``default_country``, the country that the form or the shop is for. Extensions are cut; what could be read as
        /// two numbers is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_phone("01512 3456789", default_country="DE")
        /// '4915123456789'
        /// >>> edgetally.normalize_phone("0049 30 901820", dialect="tiktok")
        /// '+4930901820'
        /// >>> edgetally.normalize_phone("none") is None
        /// True
        normalize_phone
        /// The SHA-256 of a telephone number in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_phone("(650)555-1212", default_country="US")
        /// 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'
        hash_phone
    }
    FirstName {
        /// Spells a given name as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Lower case. Google Ads also drops a title in front, GA4 digits and symbols, the others white space and punctuation.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_first_name(" Mary-Ann ")
        /// 'maryann'
        /// >>> edgetally.normalize_first_name("Dr. Alex", dialect="google_ads")
        /// 'alex'
        normalize_first_name
        /// The SHA-256 of a given name in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_first_name("Valéry")
        /// '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c'
        hash_first_name
    }
    LastName {
        /// Spells a family name as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Lower case. Google Ads also drops ``jr.``, ``iii`` and the like behind, GA4 digits and symbols, the others white space
        /// and punctuation.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_last_name("O'Neil")
        /// 'oneil'
        /// >>> edgetally.normalize_last_name("Quinn, Jr.", dialect="google_ads")
        /// 'quinn'
        normalize_last_name
        /// The SHA-256 of a family name in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_last_name("Brandt", dialect="ga4")
        /// '6c0c9335d5aa8d6156bfc296e86e1011ecd5cdeb7a090168486e4c055ccb95e9'
        hash_last_name
    }
    BirthDate {
        /// Spells a date of birth as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// ``YYYYMMDD``. Day and month in either order where only one makes a date: 3/5/1995 is dropped, and so is what the calendar lacks.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_birth_date("2/16/1997")
        /// '19970216'
        /// >>> edgetally.normalize_birth_date("1997-02-30") is None
        /// True
        normalize_birth_date
        /// The SHA-256 of a date of birth in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_birth_date("2/16/1997")
        /// '01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c'
        hash_birth_date
    }
    Gender {
        /// Spells a gender as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// ``f`` or ``m``; Pinterest and Snapchat have ``n`` too.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_gender("Female")
        /// 'f'
        normalize_gender
        /// The SHA-256 of a gender in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_gender("F")
        /// '252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111'
        hash_gender
    }
    Street {
        /// Spells street and house number as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Lower case, without symbols. Only GA4 takes it.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_street("12 Main St., Apt #4", dialect="ga4")
        /// '12 main st apt 4'
        normalize_street
        /// The SHA-256 of street and house number in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_street("12 Main St., Apt #4", dialect="ga4")
        /// '354db2edfdce6cb85166f6c37f6fb7d9d18639fadaa1bb8673ccc453517a1f4f'
        hash_street
    }
    City {
        /// Spells a city as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Lower case, without punctuation; GA4 keeps the spaces. TikTok and GA4 take it in clear.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_city("São Paulo")
        /// 'sãopaulo'
        /// >>> edgetally.normalize_city("New York", dialect="ga4")
        /// 'new york'
        normalize_city
        /// The SHA-256 of a city in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_city("London")
        /// '6089854c94ca5454b76be6752c562901a985f64c9a946f62976aeab593b83161'
        hash_city
    }
    Region {
        /// Spells a state, province or region as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// States of the United States and Canada become their two letters where the platform asks for it; ``country``, the
        /// visitor's own, says whether the region is one of those.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_region("California", country="US")
        /// 'ca'
        /// >>> edgetally.normalize_region(["Ontario", "Bayern"], country=["CA", "DE"])
        /// ['on', 'bayern']
        normalize_region
        /// The SHA-256 of a state, province or region in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_region("California", country="US")
        /// '6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126'
        hash_region
    }
    PostalCode {
        /// Spells a postcode as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Lower case, without white space. Meta wants five digits in the United States; ``country``, the visitor's own, says
        /// whether that applies.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_postal_code("94025-1234", country="US")
        /// '94025'
        /// >>> edgetally.normalize_postal_code("SW1A 1AA", dialect="tiktok")
        /// 'sw1a1aa'
        normalize_postal_code
        /// The SHA-256 of a postcode in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_postal_code("94025")
        /// 'b9a9cf3cd3723a2e91b7c23ecf68456e872b6e5d86e5cab7f3d45a7302da32c7'
        hash_postal_code
    }
    Country {
        /// Spells a country as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// The two letters of ISO 3166-1, from code or name; upper case for LinkedIn and Google, which take it in clear. Google Ads'
        /// rule refuses three-letter codes.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_country("Germany")
        /// 'de'
        /// >>> edgetally.normalize_country("de", dialect="ga4")
        /// 'DE'
        normalize_country
        /// The SHA-256 of a country in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_country("US")
        /// '79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'
        hash_country
    }
    ExternalId {
        /// Spells the site's own id of a visitor as a platform wants it; ``None`` when the platform's rule drops the value.
        ///
        /// Without outer white space; Meta and Snapchat want lower case. LinkedIn takes it in clear.
        ///
        /// >>> import edgetally
        /// >>> edgetally.normalize_external_id(" User-42 ")
        /// 'user-42'
        /// >>> edgetally.normalize_external_id(" User-42 ", dialect="tiktok")
        /// 'User-42'
        normalize_external_id
        /// The SHA-256 of the site's own id of a visitor in a platform's spelling, as 64 lower-case hexadecimal digits; ``None`` when it is dropped.
        ///
        /// >>> import edgetally
        /// >>> edgetally.hash_external_id("User-42")
        /// '6d894aa3ee802549d7f340e7c1cf0d1c1cb14cd84f768d92ffaa6785337c4997'
        hash_external_id
    }
}

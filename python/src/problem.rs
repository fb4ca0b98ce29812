//! The one exception, `EdgetallyError`, and its codes.
//!
//! A message names the argument, the row and the type, never the value: what is refused here is a visitor's.

use std::borrow::Cow;

use edgetally_core::metrics::DomainError;
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

create_exception!(
    edgetally,
    EdgetallyError,
    PyValueError,
    "An argument that edgetally cannot work with.\n\n\
     ``code`` is stable and meant for programs (see ``error_codes()``); the message is meant for people and never\n\
     holds the value that was passed.\n\n\
     >>> import edgetally\n\
     >>> try:\n\
     ...     edgetally.normalize_city(\"Berlin\", dialect=\"reddit\")\n\
     ... except edgetally.EdgetallyError as error:\n\
     ...     print(error.code)\n\
     dialect_unsupported"
);

macro_rules! codes {
    ($($code:ident $text:literal $meaning:literal,)+) => {
        /// Why a call was refused.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Code { $($code,)+ }

        impl Code {
            const ALL: &[Self] = &[$(Self::$code),+];

            const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)+ }
            }

            const fn meaning(self) -> &'static str {
                match self { $(Self::$code => $meaning,)+ }
            }
        }
    };
}

codes! {
    DialectUnknown "dialect_unknown" "There is no such dialect.",
    DialectUnsupported "dialect_unsupported" "The platform of this dialect takes no such identifier.",
    SentInClear "sent_in_clear" "The platform takes this identifier in clear, so a digest of it would match nobody.",
    DefaultCountryInvalid "default_country_invalid" "Not the two letters of a country in ISO 3166-1.",
    WrongType "wrong_type" "Neither text nor None, nor a sequence of them.",
    InvalidUnicode "invalid_unicode" "The text holds half a surrogate pair and has no UTF-8 form.",
    LengthMismatch "length_mismatch" "Two columns that belong together differ in length.",
    ThreadsInvalid "threads_invalid" "Not a whole number from 1.",
}

/// A refusal: its code and, where the meaning does not say it all, what exactly is wrong.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    message: Cow<'static, str>,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<Problem> for PyErr {
    fn from(problem: Problem) -> Self {
        raise(problem.code.as_str(), problem.message.into_owned())
    }
}

/// A calculator's refusal: the message names argument, first row, count, value and rule.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn domain(error: DomainError) -> PyErr {
    raise(error.code(), error.to_string())
}

fn raise(code: &str, message: String) -> PyErr {
    Python::attach(|py| {
        let error = EdgetallyError::new_err(message);
        match error.value(py).setattr("code", code) {
            Ok(()) => error,
            Err(failure) => failure,
        }
    })
}

/// Every code that an ``EdgetallyError`` can have, and what it means.
///
/// >>> import edgetally
/// >>> edgetally.error_codes()["dialect_unknown"]
/// 'There is no such dialect.'
#[pyfunction]
fn error_codes(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let table = PyDict::new(py);
    for code in Code::ALL {
        table.set_item(code.as_str(), code.meaning())?;
    }
    Ok(table)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("EdgetallyError", module.py().get_type::<EdgetallyError>())?;
    module.add_function(wrap_pyfunction!(error_codes, module)?)
}

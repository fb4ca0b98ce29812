//! The one exception, `EdgetallyError`, and its codes.
//!
//! A message names the argument, the row and the type, never the value: what is refused here is a visitor's.

use std::borrow::Cow;

use edgetally_core::base::error::{Code as Fault, ParseError};
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
    WrongType "wrong_type" "Not of a type that the argument takes, or a column of something else.",
    InvalidUnicode "invalid_unicode" "The text holds half a surrogate pair and has no UTF-8 form.",
    LengthMismatch "length_mismatch" "Two columns that belong together differ in length.",
    ThreadsInvalid "threads_invalid" "Not a whole number from 1.",
}

/// The codes of the refusals of calculators and ledger, which the core and the Python layer raise.
const CALCULATORS: &[(&str, &str)] = &[
    ("age_missing", "A touch has no age."),
    (
        "answer_too_new",
        "An answer of a gateway that is newer than this release.",
    ),
    (
        "baseline_with_multiplicative_noise",
        "A baseline cannot be fitted with multiplicative noise.",
    ),
    (
        "changed",
        "A column was changed in place before the result's fields were read.",
    ),
    (
        "confidence_low",
        "A confidence below a half, which is nearly always an error rate.",
    ),
    ("date_invalid", "Not a day of the calendar."),
    ("empty_path", "A path holds no touch."),
    ("equal", "Two arguments that have to differ are equal."),
    ("exceeds", "An argument is more than another allows."),
    (
        "gateway_busy",
        "The gateway did not answer for now; ask again later.",
    ),
    ("impossible", "No data can have such sums."),
    (
        "index_mismatch",
        "Two pandas columns have different indexes.",
    ),
    ("infeasible", "No plan keeps all limits."),
    ("label_unknown", "Nothing of the source has that label."),
    (
        "mismatch",
        "Two reports have different windows or settings.",
    ),
    ("missing", "A required argument is missing."),
    ("missing_parameter", "A parameter of the model is missing."),
    ("missing_values", "A column has missing values."),
    ("negative", "Not a finite number from 0."),
    (
        "never_decays",
        "The weights of the carry-over have no finite sum.",
    ),
    ("no_candidates", "No model was named."),
    ("no_response_curve", "The data do not rise and level off."),
    (
        "no_such_curve",
        "No curve of the model passes through both points.",
    ),
    ("no_variation", "The data do not vary enough."),
    ("no_weight", "All weights are zero."),
    ("not_a_count", "Not a whole number in the range of counts."),
    ("not_a_rate", "Not a fraction from 0 to 1."),
    ("not_above_alpha", "A power has to be above the error rate."),
    ("not_after", "An end is not after its start."),
    ("not_drawable", "The result has nothing that can be drawn."),
    ("not_finite", "Infinite, or too large."),
    ("not_found", "The gateway has nothing at this address."),
    (
        "not_identified",
        "The data cannot determine the parameters.",
    ),
    ("not_inside_0_1", "Not above 0 and below 1."),
    ("not_positive", "Not a finite number above 0."),
    (
        "not_the_gateway",
        "What answers is not an edgetally gateway.",
    ),
    (
        "not_totals",
        "Not the totals that were stored, or not all of them.",
    ),
    ("not_two", "Not exactly two points."),
    ("not_zero_or_one", "Neither 0 nor 1."),
    ("one_goal", "Exactly one of several goals is needed."),
    ("out_of_range", "Outside the range that can be computed."),
    ("redirected", "The gateway's address sends to another one."),
    (
        "request_invalid",
        "The gateway does not understand the filters.",
    ),
    (
        "resamples_out_of_range",
        "Not from 1 to 1,000,000 resamples.",
    ),
    (
        "several_windows",
        "A report has several windows where one is needed.",
    ),
    (
        "survivors_increase",
        "More survivors than the period before.",
    ),
    ("token_invalid", "Not the form of a token."),
    ("token_missing", "The gateway's admin token is required."),
    ("too_few_rows", "Fewer rows than are needed."),
    ("too_long", "A text or a list is longer than is allowed."),
    (
        "too_many_states",
        "The chain of touches has too many states.",
    ),
    ("too_small", "Below the least value allowed."),
    (
        "tz_mismatch",
        "A column has another time zone than the argument tz.",
    ),
    ("tz_missing", "A time of day without its zone."),
    ("tz_unknown", "No time zone that this system knows."),
    ("unauthorized", "The gateway does not take the token."),
    ("unknown_argument", "No argument of this calculator."),
    ("unknown_channel", "No channel of this report."),
    ("unknown_choice", "None of the words that are allowed."),
    ("unknown_column", "The table has no such column."),
    ("unknown_group", "A group's number is too large."),
    ("unknown_window", "No window of this report."),
    (
        "unlike_reports",
        "The reports have different metrics or segments.",
    ),
    ("unlike_totals", "The totals were made of other sums."),
    ("unreachable", "The gateway cannot be reached."),
    (
        "url_insecure",
        "An address that shows the token on the way.",
    ),
    ("url_invalid", "Not the address of a gateway."),
    ("window_mismatch", "The windows have different lengths."),
    (
        "wrong_parameters",
        "Not exactly the parameters of the model.",
    ),
    ("zero_weight", "An arm that has users has a weight of zero."),
];

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

/// What is wrong with a question about consent: the argument and the rule.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn question(error: ParseError) -> PyErr {
    let code = match error.code {
        Fault::InvalidChoice => "unknown_choice",
        Fault::WrongType => "wrong_type",
        _ => "too_long",
    };
    let name = error.path.rsplit('.').next().unwrap_or_default();
    raise(code, format!("{name}: {}", error.message))
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
    for (code, meaning) in CALCULATORS {
        table.set_item(code, meaning)?;
    }
    Ok(table)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("EdgetallyError", module.py().get_type::<EdgetallyError>())?;
    module.add_function(wrap_pyfunction!(error_codes, module)?)
}

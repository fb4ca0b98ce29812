//! `POST /v1/consent/explain`.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::intake::error_of;
use edgetally_core::intake::explain::Question;

use crate::admin::{admit, tell};
use crate::routes::Call;
use crate::runtime::{self, Response};
use crate::state;

/// What consent strings mean, and what each destination would get.
pub(crate) async fn explain_consent(call: &Call<'_>) -> Response {
    tell(explain(call).await)
}

async fn explain(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let settings = state::settings(&call.env).map_err(|_| error_of(Code::SettingsInvalid))?;
    let body = runtime::body(call.request, Question::MOST_BYTES).await;
    let body = body
        .map_err(|_| error_of(Code::MalformedJson))?
        .ok_or_else(|| ParseError::new(Code::BodyTooLarge, "", "the question is over 64 KiB"))?;
    Question::read(&body)?.told_by(settings, runtime::now())
}

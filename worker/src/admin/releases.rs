//! Whether a release changed what arrives: the core says what has to be known, the ledger answers it, the core compares.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::intake::{Response as Answer, error_of};
use edgetally_core::ledger::{Line, Query};
use edgetally_core::quality::releases::{self, Comparison, Evidence, Form, Plan, Question};

use crate::admin::{admit, quality};
use crate::routes::{self, Call};
use crate::runtime::{self, Env, Response, respond};
use crate::state;

/// The verdict on two labels.
pub(crate) async fn compare(call: &Call<'_>) -> Response {
    match compared(call).await {
        Ok(answer) => respond(&answer, &[]),
        Err(error) => routes::refuse(&error),
    }
}

async fn compared(call: &Call<'_>) -> Result<Answer, ParseError> {
    admit(call)?;
    let accept = runtime::headers(call.request, &["accept"]);
    let (question, form) = Question::of_address(call.query, &accept, runtime::now())?;
    let comparison = comparison(&call.env, &question).await?;
    Ok(match form {
        Form::Json => Answer::json(200, comparison.json()),
        Form::Markdown => Answer {
            media: Form::MARKDOWN,
            ..Answer::json(200, comparison.markdown())
        },
    })
}

/// Two labels, compared.
pub(crate) async fn comparison(env: &Env, question: &Question) -> Result<Comparison, ParseError> {
    Ok(releases::compare(
        question,
        &evidence(env, question).await?,
    )?)
}

async fn evidence(env: &Env, question: &Question) -> Result<Evidence, ParseError> {
    let settings = state::settings(env).map_err(|_| error_of(Code::SettingsInvalid))?;
    let platforms = settings.destinations.iter().map(|configured| {
        let platform = configured.destination.facts().platform;
        (configured.name.clone(), platform.to_owned())
    });
    let mut evidence = Evidence {
        adoption: lines(env, &question.adoption()).await?,
        platforms: platforms.collect(),
        ..Evidence::default()
    };
    if let Plan::Ready(windows) = question.plan(&evidence.adoption)? {
        let queries = windows.queries(question);
        evidence.after = lines(env, &queries.after).await?;
        evidence.before = lines(env, &queries.before).await?;
        evidence.history = lines(env, &queries.history).await?;
    }
    Ok(evidence)
}

async fn lines(env: &Env, query: &Query) -> Result<Vec<(Line, i64)>, ParseError> {
    Ok(Evidence::without_full(quality::lines(env, query).await?))
}

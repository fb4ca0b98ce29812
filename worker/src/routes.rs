//! From a request to whoever answers it. Which addresses there are is the core's table.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::intake::{Headers, Response as Answer, error_of, segment};
use edgetally_core::routes::{Handler, Target, find, stray};

use crate::runtime::{Context, Described, Env, Request, Response, respond};
use crate::{admin, dashboard, intake, state, withdrawal};

/// A request, taken apart.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request,
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) country: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    pub(crate) headers: Headers<'a>,
    pub(crate) env: Env,
    pub(crate) context: &'a Context,
}

/// Answers a request.
pub(crate) async fn answer(request: &Request, env: Env, context: &Context) -> Response {
    let described = Described::new(request);
    let lines = described.lines();
    let (host, path, query) = split(lines.url());
    let call = Call {
        request,
        method: lines.method(),
        host,
        path,
        query,
        country: lines.country(),
        region: lines.region(),
        headers: lines.headers(),
        env,
        context,
    };
    match find(call.method, path) {
        Target::Handler(handler) => handle(handler, call, false).await,
        Target::Head(handler) => handle(handler, call, true).await,
        Target::Preflight { methods, headers } => intake::preflight(&call, &methods, headers),
        Target::MethodNotAllowed(allow) => respond(
            &Answer::refusal(&error_of(Code::MethodNotAllowed)),
            &["allow", &allow],
        ),
        Target::NotFound => {
            let error = error_of(Code::NotFound);
            if let Some(name) = stray(call.method, path)
                && let Ok(settings) = state::settings(&call.env)
            {
                intake::refuse(&call.env, settings, None, &error, name).await;
            }
            refuse(&error)
        }
    }
}

/// `HEAD` is answered as `GET` is where reading changes nothing; the runtime leaves the body out.
async fn handle(handler: Handler, call: Call<'_>, head: bool) -> Response {
    match handler {
        Handler::Intake(format) => intake::events(format, call, head).await,
        Handler::SegmentSettings => intake::setup(&call, segment::setup::segment, head).await,
        Handler::RudderStackSettings => {
            intake::setup(&call, segment::setup::rudderstack, head).await
        }
        Handler::SdkMetrics => intake::metrics(&call).await,
        Handler::Region => intake::region(&call),
        Handler::Health => admin::health(&call.env).await,
        Handler::Ledger => admin::ledger(&call).await,
        Handler::Quality => admin::quality(&call).await,
        Handler::Metrics => admin::metrics(&call).await,
        Handler::Compare => admin::compare(&call).await,
        Handler::Alerts => admin::alerts(&call).await,
        Handler::TestAlert => admin::test_alert(&call).await,
        Handler::Recent => admin::recent(&call).await,
        Handler::DeadLetters => admin::dead_letters(&call).await,
        Handler::Receipt => admin::receipt(&call).await,
        Handler::Receipts => admin::receipts(&call).await,
        Handler::ReceiptHeads => admin::heads(&call).await,
        Handler::Replay => admin::replay(&call).await,
        Handler::Dismiss => admin::dismiss(&call).await,
        Handler::ExplainConsent => admin::explain_consent(&call).await,
        Handler::Withdraw => withdrawal::withdraw(&call).await,
        Handler::Dashboard(page) => dashboard::answer(page, &call).await,
    }
}

/// An answer of JSON.
pub(crate) fn json(status: u16, text: String) -> Response {
    respond(&Answer::json(status, text), &[])
}

/// A refusal of the whole request.
pub(crate) fn refuse(error: &ParseError) -> Response {
    respond(&Answer::refusal(error), &[])
}

/// Host, path and query of an absolute address.
fn split(url: &str) -> (&str, &str, &str) {
    let after = url
        .find("://")
        .and_then(|at| url.get(at + 3..))
        .unwrap_or(url);
    let (host, path) = after
        .find('/')
        .and_then(|at| after.split_at_checked(at))
        .unwrap_or((after, "/"));
    let path = path.split('#').next().unwrap_or(path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (host, path, query)
}

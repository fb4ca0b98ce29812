//! The dashboard: asks the ledger and the settings, and hands the core's pages on. What a page says, the core decides.

mod data;
mod entry;

use edgetally_core::base::query::parameters;
use edgetally_core::dashboard::Overview;
use edgetally_core::dashboard::access::Denied;
use edgetally_core::dashboard::assets::Asset;
use edgetally_core::dashboard::login::{again, login};
use edgetally_core::dashboard::session::is_ours;
use edgetally_core::intake::{Header, Response as Answer};
use edgetally_core::routes::{Page, parameter};

use crate::routes::Call;
use crate::runtime::{self, Response, respond};

pub(crate) use self::entry::SIGN_IN_LIMIT;

/// Nothing but what comes from here: no script within a page, no style, no frame around it, no form to anywhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The longest form: a hundred ids.
const MOST_BYTES: usize = 64 * 1024;

/// Answers at `/dashboard`.
pub(crate) async fn answer(page: Page, call: &Call<'_>) -> Response {
    match page {
        Page::Asset => asset(call),
        Page::Login => entry::door(call).await,
        Page::SignIn => entry::sign_in(call).await,
        Page::SignOut if is_from_here(call) => entry::sign_out(),
        Page::SignOut => see("/dashboard", None),
        Page::Replay if !is_from_here(call) => outside(call, None),
        Page::Overview | Page::Event | Page::Letters | Page::Live | Page::Replay => {
            match entry::enter(call).await {
                Ok(_) => inside(page, call).await,
                Err(denied) => outside(call, denied),
            }
        }
    }
}

/// Answers whoever is in.
async fn inside(page: Page, call: &Call<'_>) -> Response {
    match page {
        Page::Event => html(200, data::event(call).await.page()),
        Page::Letters => html(200, data::letters(call).await.page()),
        // It asks for itself again, if somebody wants to follow it.
        Page::Live => page_of(200, data::live(call).await.page(), "; connect-src 'self'"),
        Page::Replay => data::replay(call).await,
        _ => {
            let view = data::overview(call).await;
            html(200, Overview::new(&view).page())
        }
    }
}

/// Headers that only the dashboard asks for.
fn site(call: &Call<'_>) -> String {
    runtime::headers(call.request, &["sec-fetch-site"])
}

/// Whether a page of the dashboard sent the form.
fn is_from_here(call: &Call<'_>) -> bool {
    is_ours(
        Some(site(call).as_str()),
        call.headers.get(Header::ContentType),
    )
}

/// Whoever has not signed in is asked to. The cookie is no part of a request that another site's link makes, so whoever follows
/// one asks once more, from here.
fn outside(call: &Call<'_>, denied: Option<Denied>) -> Response {
    let asked = if call.query.is_empty() {
        call.path.to_owned()
    } else {
        format!("{}?{}", call.path, call.query)
    };
    if call.method == "GET" && site(call) == "cross-site" {
        return html(200, again(&asked));
    }
    entry::ask(call, denied, &asked)
}

/// The fields of a form.
async fn form(call: &Call<'_>) -> Option<Vec<(String, String)>> {
    let body = runtime::body(call.request, MOST_BYTES).await.ok()??;
    let text = String::from_utf8(body).ok()?;
    let fields = parameters(&text).map(|(name, value)| (name.into_owned(), value.into_owned()));
    Some(fields.collect())
}

/// A page.
fn html(status: u16, text: String) -> Response {
    page_of(status, text, "")
}

/// A page that may do something more.
fn page_of(status: u16, text: String, more: &str) -> Response {
    let answer = Answer {
        media: "text/html; charset=utf-8",
        ..Answer::json(status, text)
    };
    respond(
        &answer,
        &[
            "content-security-policy",
            &[POLICY, more].concat(),
            "referrer-policy",
            "no-referrer",
            "cross-origin-opener-policy",
            "same-origin",
        ],
    )
}

/// Sends a browser on to a page of the dashboard.
fn see(place: &str, cookie: Option<&str>) -> Response {
    let answer = Answer::json(303, String::new());
    let mut headers = vec!["location", place, "referrer-policy", "no-referrer"];
    headers.extend(cookie.iter().flat_map(|cookie| ["set-cookie", cookie]));
    respond(&answer, &headers)
}

/// A style or a script. Its name changes with it, so whoever has it keeps it.
fn asset(call: &Call<'_>) -> Response {
    match Asset::named(&parameter(call.path)) {
        Some(asset) => respond(
            &Answer {
                media: asset.media,
                ..Answer::json(200, asset.text.to_owned())
            },
            &["cache-control", "public, max-age=31536000, immutable"],
        ),
        None => html(404, login(None, "")),
    }
}

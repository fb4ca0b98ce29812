//! `GET /v1/region`: what silence about consent means where a page's visitor is.
//!
//! The script of a source with `consent = "by_region"` asks it, since only the edge knows the country. It is told the word and
//! not the country, so that the answer says no more of the visitor than it has to. Nothing is counted, and nothing is kept here.

use crate::base::error::ParseError;
use crate::base::json::Object;
use crate::consent::Regime;
use crate::identity::Country2;
use crate::intake::answer::{Response, error_of};
use crate::intake::arrival::Arrival;
use crate::intake::auth::recognise_page;
use crate::intake::visit::Visit;
use crate::settings::Settings;

/// For how long a browser may keep the answer, and nobody on the way: until then it holds for the pages that come next.
const KEPT: &str = "private, max-age=3600";

/// The answer, by the same policy as the page's events will be judged by: `{"consent": "required"}`, or `implied`.
///
/// # Errors
/// Those of [`recognise_page`].
pub fn answer(settings: &Settings, arrival: &Arrival<'_>) -> Result<Response, ParseError> {
    let caller =
        recognise_page(settings, arrival.key(), arrival.page_origin()).map_err(error_of)?;
    let seen = Visit::of(arrival).seen_in();
    let terms = caller
        .source
        .terms([seen.as_ref().map(Country2::as_str), None]);
    let word = match terms.regime {
        Regime::OptIn => "required",
        Regime::OptOut => "implied",
    };
    let text = Object::write_text(|to| to.put("consent", word));
    Ok(Response {
        headers: vec![("cache-control", KEPT.into())],
        ..Response::json(200, text)
    })
}

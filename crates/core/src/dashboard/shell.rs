//! What all pages have in common.

use super::assets::{SCRIPT, STYLE};
use super::html::Html;

/// Begins a page.
pub(super) fn begin(title: &str) -> Html {
    let mut html = Html::default();
    html.put(
        r##"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>{}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="{}"><script src="{}" defer></script></head><body><a class="skip" href="#main">To the content</a>"##,
        &[title, &STYLE.path(), &SCRIPT.path()],
    );
    html
}

/// The places that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Letters,
    Event,
    Live,
}

/// The head of a page for whoever has signed in.
pub(super) fn head(html: &mut Html, place: Place, overview: &str) {
    html.put(
        r#"<header class="top"><a class="brand" href="{}"><svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><path d="M3 3v14M7.5 3v14M12 3v14M16.5 3v14M1 13.5 19 6.5"/></svg>edgetally</a><nav aria-label="Pages">"#,
        &[overview],
    );
    for (one, path, name) in [
        (Place::Overview, overview, "Overview"),
        (Place::Letters, "/dashboard/dead-letters", "Dead letters"),
        (Place::Event, "/dashboard/event", "One event"),
        (Place::Live, "/dashboard/live", "Live"),
    ] {
        if one == place {
            html.put(r#"<a href="{}" aria-current="page">{}</a>"#, &[path, name]);
        } else {
            html.put(r#"<a href="{}">{}</a>"#, &[path, name]);
        }
    }
    html.markup(r#"</nav><form method="post" action="/dashboard/logout"><button class="quiet">Sign out</button></form></header>"#);
}

/// Where everything is explained.
pub(super) const DOCS: &str = "https://github.com/edgetally/edgetally/blob/main/docs/";

/// What stands where there is nothing: that there is none, what to do next, and the page that helps.
pub(super) fn nothing(
    html: &mut Html,
    what: &str,
    next: &'static str,
    page: &'static str,
    about: &'static str,
) {
    html.put(
        r#"<div class="none-yet"><p class="answer">{}</p><p class="soft">"#,
        &[what],
    );
    html.markup(next);
    html.put(
        r#" <a href="{}">{}</a></p></div>"#,
        &[&[DOCS, page].concat(), about],
    );
}

/// One of the texts that a person can choose.
pub(super) fn option(html: &mut Html, value: &str, name: &str, chosen: bool) {
    if chosen {
        html.put(r#"<option value="{}" selected>{}</option>"#, &[value, name]);
    } else {
        html.put(r#"<option value="{}">{}</option>"#, &[value, name]);
    }
}

/// Ends a page.
pub(super) fn end(mut html: Html) -> String {
    html.markup("</body></html>");
    html.finish()
}

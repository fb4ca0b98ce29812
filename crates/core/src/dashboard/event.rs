//! One event by its id: what the ledger knows of it.

use super::details::chip;
use super::html::Html;
use super::shell::{Place, begin, end, head};
use super::view::Seen;
use super::words::{moment, stamp};
use crate::base::reason::meaning;

/// What consent decided about a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When, as the receipt has it.
    pub at: String,
    /// The source.
    pub source: String,
    /// Which signals came.
    pub signals: Vec<String>,
    /// `opt_in` or `opt_out`.
    pub regime: String,
    /// By destination the verdict, and a code where there is one.
    pub verdicts: Vec<(String, String, String)>,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// The id that is asked for.
    pub id: Option<String>,
    /// What happened to its copies, the latest first.
    pub seen: Vec<Seen>,
    /// What consent decided.
    pub decisions: Vec<Decision>,
    /// The ledger did not answer.
    pub away: bool,
}

impl Event {
    /// Writes it.
    pub fn page(&self) -> String {
        let mut html = begin("One event · edgetally");
        head(&mut html, Place::Event, "/dashboard");
        html.markup(r#"<main id="main"><h1>One event</h1>"#);
        search(&mut html, self.id.as_deref());
        if self.away {
            html.markup(
                r#"<p class="card bad">The ledger does not answer. Reload in a moment.</p>"#,
            );
        } else if let Some(id) = &self.id {
            self.found(&mut html, id);
        }
        html.markup("</main>");
        end(html)
    }

    fn found(&self, html: &mut Html, id: &str) {
        if self.seen.is_empty() && self.decisions.is_empty() {
            html.put(
                r#"<div class="card empty"><p><b>Nothing is known of</b> <code>{}</code><b>.</b> The latest 2,000 copies are kept one by one, and of a large request its first 25; counts cover all. An event that was refused as malformed has no id here.</p></div>"#,
                &[id],
            );
            return;
        }
        html.markup(
            r#"<section class="card" aria-labelledby="copies"><h2 id="copies">Its copies</h2>"#,
        );
        if self.seen.is_empty() {
            html.markup(r#"<p class="soft">They are not among the latest 2,000 any more.</p>"#);
        }
        html.markup(r#"<ol class="story">"#);
        for seen in &self.seen {
            html.put(
                r#"<li><p><time datetime="{}">{}</time> <code>{}</code> from <b>{}</b></p><p class="chips">"#,
                &[
                    &stamp(seen.at),
                    &moment(seen.at),
                    &seen.event,
                    &seen.source,
                ],
            );
            for (destination, what) in &seen.became {
                chip(html, destination, what);
            }
            html.markup("</p>");
            explain(html, &seen.became);
            html.markup("</li>");
        }
        html.markup("</ol></section>");
        self.consent(html);
    }

    fn consent(&self, html: &mut Html) {
        html.markup(r#"<section class="card" aria-labelledby="consent"><h2 id="consent">What consent decided</h2>"#);
        if self.decisions.is_empty() {
            html.markup(r#"<p class="soft">No receipt of it is kept.</p>"#);
        }
        for of in &self.decisions {
            let signals = if of.signals.is_empty() {
                "none".to_owned()
            } else {
                of.signals.join(", ")
            };
            html.put(
                r#"<p><time datetime="{}">{}</time>, source <b>{}</b>. Signals: {}. Law of the region: {}.</p><div class="wide" tabindex="0" role="region" aria-label="Verdicts of {}"><table class="verdicts"><thead><tr><th scope="col">Destination</th><th scope="col">Verdict</th><th scope="col">Why</th></tr></thead><tbody>"#,
                &[
                    &of.at,
                    &of.at,
                    &of.source,
                    &signals,
                    &of.regime.replace('_', "-"),
                    &of.at,
                ],
            );
            for (destination, verdict, code) in &of.verdicts {
                let class = if verdict == "send" {
                    "chip good"
                } else {
                    "chip"
                };
                html.put(
                    r#"<tr><th scope="row">{}</th><td><span class="{}">{}</span></td><td>"#,
                    &[destination, class, &verdict.replace('_', " ")],
                );
                if !code.is_empty() {
                    html.put("<code>{}</code> ", &[code]);
                }
                super::platforms::sentence(html, meaning(code).unwrap_or_default());
                html.markup("</td></tr>");
            }
            html.markup("</tbody></table></div>");
        }
        html.markup("</section>");
    }
}

/// Says what the codes mean, each once.
fn explain(html: &mut Html, became: &[(String, String)]) {
    let mut codes: Vec<(&str, Vec<&str>)> = Vec::new();
    for (destination, what) in became {
        let code = what.split_once(':').map_or("", |(_, code)| code);
        if let Some((_, places)) = codes.iter_mut().find(|(known, _)| *known == code) {
            places.push(destination);
        } else {
            codes.push((code, vec![destination]));
        }
    }
    for (code, places) in codes {
        if let Some(said) = meaning(code) {
            html.put(r#"<p class="soft">{}: "#, &[&places.join(", ")]);
            super::platforms::sentence(html, said);
            html.markup("</p>");
        }
    }
}

/// Asks for an id.
pub(super) fn search(html: &mut Html, id: Option<&str>) {
    html.put(
        r#"<form class="filter" method="get" action="/dashboard/event"><div class="grow"><label for="event_id">Event id, or the order's number</label><input id="event_id" name="event_id" value="{}" required autocomplete="off" spellcheck="false"></div><button>Find</button></form>"#,
        &[id.unwrap_or_default()],
    );
}

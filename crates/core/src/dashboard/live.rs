//! The latest copies, the newest first: what a person watches while they try something. Which ones stands in the address.

use super::details::latest;
use super::html::Html;
use super::shell::{Place, begin, end, head, option};
use super::view::Seen;
use super::words::{moment, stamp};
use crate::base::query::{parameters, written};
use crate::base::time::UnixMillis;
use crate::ledger::State;

/// What became of copies, as it is asked for: a word for the address, one for people, and the states.
const OUTCOMES: [(&str, &str, &[State]); 4] = [
    ("taken", "Taken", &[State::Delivered]),
    (
        "lost",
        "Refused or given up",
        &[State::Rejected, State::Dead],
    ),
    (
        "waiting",
        "On the way",
        &[State::Retrying, State::Processing],
    ),
    (
        "held",
        "Not meant to be sent",
        &[State::Duplicate, State::Blocked, State::Skipped],
    ),
];

/// Which copies are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only of that source.
    pub source: Option<String>,
    /// Only of that name.
    pub event: Option<String>,
    /// Only what that destination was to have.
    pub destination: Option<String>,
    /// Only what became of them; a word.
    outcome: Option<&'static str>,
}

impl Wanted {
    /// How many are shown.
    pub const MOST: u32 = 50;

    /// Of the parameters of an address. What cannot be read is as if it were not there.
    pub fn read(query: &str) -> Self {
        let mut wanted = Self::default();
        for (name, value) in parameters(query).filter(|(_, value)| !value.is_empty()) {
            let text = Some(value.to_string());
            match name.as_ref() {
                "source" => wanted.source = text,
                "event" => wanted.event = text,
                "destination" => wanted.destination = text,
                "outcome" => {
                    let known = OUTCOMES.iter().find(|(word, ..)| *word == value);
                    wanted.outcome = known.map(|(word, ..)| *word);
                }
                _ => {}
            }
        }
        wanted
    }

    /// The states that are asked for; all where there are none.
    pub fn states(&self) -> &'static [State] {
        let of = |(word, ..): &&(&str, &str, &[State])| Some(*word) == self.outcome;
        OUTCOMES.iter().find(of).map_or(&[], |(.., states)| states)
    }

    /// Its address.
    fn address(&self) -> String {
        let all = [
            ("source", self.source.as_deref()),
            ("event", self.event.as_deref()),
            ("destination", self.destination.as_deref()),
            ("outcome", self.outcome),
        ];
        let given = all.into_iter();
        let query = written(given.filter_map(|(name, value)| Some((name, value?))));
        format!("/dashboard/live?{query}")
    }
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Now.
    pub now: UnixMillis,
    /// What is shown.
    pub wanted: Wanted,
    /// The sources of the settings.
    pub sources: Vec<String>,
    /// The destinations of the settings.
    pub destinations: Vec<String>,
    /// The copies, the newest first.
    pub seen: Vec<Seen>,
    /// The ledger did not answer.
    pub away: bool,
}

impl Live {
    /// Writes it.
    pub fn page(&self) -> String {
        let mut html = begin("Live · edgetally");
        head(&mut html, Place::Live, "/dashboard");
        html.markup(r#"<main id="main"><h1>Live</h1><p class="lead">What became of the latest copies of events, the newest first. A copy is here when it has been worked off, some seconds after it came.</p>"#);
        self.filter(&mut html);
        if self.away {
            html.markup(
                r#"<p class="card bad">The ledger does not answer. Reload in a moment.</p>"#,
            );
        } else {
            self.copies(&mut html);
        }
        html.markup("</main>");
        end(html)
    }

    fn filter(&self, html: &mut Html) {
        let of = &self.wanted;
        html.markup(r#"<form class="filter" method="get" action="/dashboard/live" data-filter>"#);
        choice(html, "source", "Source", &self.sources, of.source.as_ref());
        html.put(
            r#"<div><label for="event">Event</label><input id="event" name="event" value="{}" autocomplete="off" spellcheck="false"></div>"#,
            &[of.event.as_deref().unwrap_or_default()],
        );
        choice(
            html,
            "destination",
            "Destination",
            &self.destinations,
            of.destination.as_ref(),
        );
        html.markup(r#"<div><label for="outcome">What became of it</label><select id="outcome" name="outcome"><option value="">Anything</option>"#);
        for (word, name, _) in OUTCOMES {
            option(html, word, name, of.outcome == Some(word));
        }
        html.markup("</select></div><button>Show</button></form>");
    }

    fn copies(&self, html: &mut Html) {
        html.put(
            r#"<section class="card" aria-labelledby="copies"><h2 id="copies">The latest copies</h2><div class="follow" data-live><a href="{}">Reload</a><span class="soft">as of <time datetime="{}">{}</time></span><p class="soft" role="status"></p></div>"#,
            &[
                &self.wanted.address(),
                &stamp(self.now),
                &moment(self.now),
            ],
        );
        latest(html, &self.seen);
        if self.seen.is_empty() {
            self.nothing(html);
        }
        html.markup(r#"<p class="soft">Up to 50 of the latest 2,000 are shown, and of a large request its first 25 are among those; counts cover all. No visitor’s data is kept with them.</p></section>"#);
    }

    fn nothing(&self, html: &mut Html) {
        if self.wanted == Wanted::default() {
            html.markup(r#"<div class="empty"><p><b>None yet.</b> Send one from a checkout of your project, and reload: <code>npx edgetally send purchase --id first-1 --value 129.90 --currency EUR --granted</code>. If something came and is not here, <a href="https://github.com/edgetally/edgetally/blob/main/docs/not-arriving.md">“My events are not arriving”</a> says where to look.</p></div>"#);
        } else {
            html.markup(r#"<div class="empty"><p><b>None of these</b> is among the latest 2,000. <a href="/dashboard/live">Show all</a>, or look for a single one by its id under <a href="/dashboard/event">One event</a>.</p></div>"#);
        }
    }
}

/// One of some names, or all; one that is asked for and is not among them can be seen all the same.
fn choice(
    html: &mut Html,
    id: &'static str,
    name: &'static str,
    names: &[String],
    chosen: Option<&String>,
) {
    html.put(
        r#"<div><label for="{}">{}</label><select id="{}" name="{}"><option value="">All</option>"#,
        &[id, name, id, id],
    );
    let other = chosen.filter(|chosen| !names.contains(chosen));
    for one in names.iter().chain(other) {
        option(html, one, one, Some(one) == chosen);
    }
    html.markup("</select></div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_its_address() {
        for address in [
            "/dashboard/live?",
            "/dashboard/live?source=shop&event=a%26b&destination=meta&outcome=lost",
        ] {
            let (_, query) = address.split_once('?').unwrap();
            assert_eq!(Wanted::read(query).address(), address);
        }
        let odd = Wanted::read("source=&outcome=everything&colour=red");
        assert_eq!(odd, Wanted::default());
        assert!(odd.states().is_empty());
        let states = Wanted::read("outcome=lost").states();
        assert_eq!(states, [State::Rejected, State::Dead]);
    }

    #[test]
    fn what_can_be_asked_for_is_everything_that_becomes_of_events() {
        let mut all: Vec<State> = OUTCOMES
            .iter()
            .flat_map(|(.., states)| states.iter().copied())
            .collect();
        all.sort();
        let mut law = State::FINAL.to_vec();
        law.sort();
        assert_eq!(all, law);
    }
}

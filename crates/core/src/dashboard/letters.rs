//! Dead letters, to be replayed or dismissed by selection.

use super::details::of_event;
use super::html::Html;
use super::shell::{Place, begin, end, head, option};
use super::words::{count, counted, moment, stamp, state};
use crate::base::query::written;
use crate::base::reason::meaning;
use crate::base::time::UnixMillis;
use crate::ledger::State;

/// The head of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// When it was given up.
    pub at: UnixMillis,
    /// The source.
    pub source: String,
    /// The destination.
    pub destination: String,
    /// The event's name.
    pub event: String,
    /// The event's id.
    pub event_id: String,
    /// `rejected` or `dead`.
    pub state: String,
    /// Why.
    pub code: String,
    /// How many bytes are kept of it; without any it cannot be replayed.
    pub bytes: i64,
    /// Whether somebody is offering it again.
    pub replaying: bool,
}

/// A message that nobody could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its id.
    pub id: String,
    /// When it was put aside.
    pub at: UnixMillis,
    /// Why.
    pub code: String,
    /// How many bytes are kept of it.
    pub bytes: i64,
}

/// What was done with letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// So many are on their way again; so many the queue refused; so many stay letters, since their platforms take them no more
    /// or nobody can read them.
    Replayed(i64, i64, i64),
    /// So many are forgotten.
    Dismissed(i64),
    /// Nothing was chosen.
    Nothing,
    /// The ledger did not answer.
    Away,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Letters {
    /// Of that destination only.
    pub destination: Option<String>,
    /// The destinations of the settings.
    pub destinations: Vec<String>,
    /// The letters, the oldest first.
    pub letters: Vec<Letter>,
    /// What nobody could read.
    pub unread: Vec<Unread>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// What was done just now.
    pub done: Option<Done>,
    /// The ledger did not answer.
    pub away: bool,
}

impl Letters {
    /// Writes it.
    pub fn page(&self) -> String {
        let mut html = begin("Dead letters · edgetally");
        head(&mut html, Place::Letters, "/dashboard");
        html.markup(r#"<main id="main"><h1>Dead letters</h1><p class="lead">Events that a platform refused for good or that were given up. Mend the cause, then replay them: each is offered again under its own id, so that a platform that has it already counts it once.</p>"#);
        self.notice(&mut html);
        self.choose(&mut html);
        if self.away {
            html.markup(
                r#"<p class="card bad">The ledger does not answer. Reload in a moment.</p>"#,
            );
        } else if self.letters.is_empty() && self.unread.is_empty() {
            html.markup(r#"<div class="card empty"><p><b>There are none.</b> What a platform refuses or what is given up after the last attempt is listed here for 30 days.</p></div>"#);
        } else {
            self.form(&mut html);
        }
        if let Some(next) = &self.next {
            let of = self.destination.as_deref();
            let of = of.map(|name| ("destination", name));
            let query = written(of.into_iter().chain([("cursor", next.as_str())]));
            html.put(
                r#"<p><a href="/dashboard/dead-letters?{}">Later ones</a></p>"#,
                &[&query],
            );
        }
        html.markup("</main>");
        end(html)
    }

    fn notice(&self, html: &mut Html) {
        let (class, text) = match self.done {
            None => return,
            Some(Done::Replayed(n, unsent, stay)) => {
                let sent = counted(n, "letter is", "letters are");
                let refused = match unsent {
                    0 => String::new(),
                    n => format!(
                        "; the queue refused {}. Try those again in a minute",
                        count(n)
                    ),
                };
                let old = match counted(stay, "letter stays", "letters stay") {
                    _ if stay == 0 => String::new(),
                    old => format!(
                        " {old} here: their platforms take events of that age no more. Dismiss them."
                    ),
                };
                (
                    if unsent + stay == 0 { "good" } else { "bad" },
                    format!(
                        "{sent} on the way again{refused}. What becomes of them is in the ledger in a few seconds.{old}"
                    ),
                )
            }
            Some(Done::Dismissed(n)) => (
                "good",
                format!(
                    "{} dismissed. No count has changed.",
                    counted(n, "letter", "letters")
                ),
            ),
            Some(Done::Nothing) => ("wait", "Nothing was chosen.".to_owned()),
            Some(Done::Away) => (
                "bad",
                "The ledger did not answer. Try again in a moment.".to_owned(),
            ),
        };
        html.put(
            r#"<p class="card {}" role="status">{}</p>"#,
            &[class, &text],
        );
    }

    fn choose(&self, html: &mut Html) {
        html.markup(r#"<form class="filter" method="get" action="/dashboard/dead-letters"><div><label for="destination">Destination</label><select id="destination" name="destination"><option value="">All</option>"#);
        for name in &self.destinations {
            option(html, name, name, self.destination.as_ref() == Some(name));
        }
        html.markup("</select></div><button>Show</button></form>");
    }

    fn form(&self, html: &mut Html) {
        html.put(
            r#"<form method="post" action="/dashboard/replay" class="card" data-letters><input type="hidden" name="of" value="{}"><div class="wide" tabindex="0" role="region" aria-label="Dead letters"><table class="letters"><thead><tr><th scope="col"><span class="unseen">Choose</span></th><th scope="col">When</th><th scope="col">Destination</th><th scope="col">Event</th><th scope="col">Id</th><th scope="col">Why</th></tr></thead><tbody>"#,
            &[self.destination.as_deref().unwrap_or_default()],
        );
        for letter in &self.letters {
            letter.row(html);
        }
        for unread in &self.unread {
            html.put(
                r#"<tr><td><input type="checkbox" name="id" value="{}" aria-label="Message of {}"></td><td><time datetime="{}">{}</time></td><td>all</td><td colspan="2">A message with several events</td><td><code>{}</code><p class="soft">This release could not work it off. After a rollback, deploy the release that wrote it, then replay.</p></td></tr>"#,
                &[
                    &unread.id,
                    &moment(unread.at),
                    &stamp(unread.at),
                    &moment(unread.at),
                    &unread.code,
                ],
            );
        }
        html.markup(r#"</tbody></table></div><div class="buttons"><button name="do" value="replay">Replay the chosen</button><button name="do" value="dismiss" class="quiet">Dismiss the chosen</button>"#);
        if let Some(name) = &self.destination {
            html.put(
                r#"<button name="do" value="all" class="quiet">Replay all of {}</button>"#,
                &[name],
            );
        }
        html.markup(r#"</div><p class="soft">A call takes up to 100; where there are more, do it again.</p></form>"#);
    }
}

impl Letter {
    fn row(&self, html: &mut Html) {
        html.markup("<tr><td>");
        if self.replaying {
            html.markup(r#"<span class="chip wait">Replaying</span>"#);
        } else if self.bytes == 0 {
            html.put(
                r#"<input type="checkbox" name="id" value="{}" aria-label="{} {}, kept as a head only">"#,
                &[&self.id, &self.event, &self.event_id],
            );
        } else {
            html.put(
                r#"<input type="checkbox" name="id" value="{}" aria-label="{} {} at {}">"#,
                &[&self.id, &self.event, &self.event_id, &self.destination],
            );
        }
        let known = State::read(&self.state).unwrap_or(State::Dead);
        html.put(
            r#"</td><td><time datetime="{}">{}</time></td><td>{}</td><td><code>{}</code></td><td class="id"><a href="/dashboard/event?{}">{}</a></td><td><span class="chip bad">{}</span> <code>{}</code><p class="soft">"#,
            &[
                &stamp(self.at),
                &moment(self.at),
                &self.destination,
                &self.event,
                &of_event(&self.event_id),
                &self.event_id,
                state(known).0,
                &self.code,
            ],
        );
        let said = meaning(&self.code).unwrap_or("The platform's own code.");
        super::platforms::sentence(html, said);
        if self.bytes == 0 {
            html.markup(" Its body is older than 30 days and gone, so it can only be dismissed.");
        }
        html.markup("</p></td></tr>");
    }
}

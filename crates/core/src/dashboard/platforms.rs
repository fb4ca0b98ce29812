//! Whether every platform took what it was to have, and what was refused and why.

use super::chart::shared;
use super::html::Html;
use super::shell::DOCS;
use super::view::View;
use super::words::{count, percent, state};
use crate::base::error::Code;
use crate::base::reason::meaning;
use crate::base::table::sort_many;
use crate::ledger::{Balance, Dimension, State, balance};
use crate::quality::quality;
use crate::quality::report::{AtDestination, Intake, Shown};

/// The states in the order of the bar, with their classes.
const BAR: [(State, &str); 8] = [
    (State::Delivered, "s-good"),
    (State::Processing, "s-judged"),
    (State::Retrying, "s-waiting"),
    (State::Duplicate, "s-double"),
    (State::Blocked, "s-blocked"),
    (State::Skipped, "s-skipped"),
    (State::Rejected, "s-refused"),
    (State::Dead, "s-dead"),
];

/// One destination of the settings.
#[derive(Debug)]
pub(super) struct Platform {
    pub(super) name: String,
    pub(super) paused: Option<(i64, String)>,
    pub(super) at: Option<AtDestination>,
    pub(super) balance: Balance,
}

impl Platform {
    /// What the platform will not have unless a person does something.
    pub(super) fn lost(&self) -> i64 {
        self.balance.rejected + self.balance.dead
    }

    /// What is on its way.
    pub(super) fn waiting(&self) -> i64 {
        self.balance.retrying + self.balance.processing
    }

    /// Of the events that the platform has decided on, the share that it took.
    fn taken(&self) -> Option<f64> {
        taken(self.balance.delivered, self.lost())
    }

    /// More than one in a hundred of what it was sent is lost.
    pub(super) fn is_failing(&self) -> bool {
        self.lost() * 100 > self.balance.delivered + self.lost()
    }
}

/// Why events did not reach destinations. A code of ours means the same everywhere; a platform's own stands for itself.
#[derive(Debug)]
struct Reason {
    state: State,
    code: String,
    n: i64,
    places: Vec<(String, i64)>,
}

/// What became of everything.
#[derive(Debug)]
pub(super) struct Platforms {
    pub(super) intake: Option<Intake>,
    pub(super) all: Vec<Platform>,
    reasons: Vec<Reason>,
}

impl Platforms {
    pub(super) fn new(view: &View) -> Self {
        let lines = view.answers.iter().flat_map(|all| &all.platforms).cloned();
        let mut balances = balance(lines.clone());
        let by = [Dimension::Destination];
        let report = quality(lines, &by, &Shown::default(), |name| view.platform(name));
        let row = report.rows.into_iter().next();
        let (intake, mut at) = row.map_or((None, Vec::new()), |row| {
            (Some(row.intake), row.destinations)
        });
        let mut reasons = Vec::new();
        for (code, n) in intake.iter().flat_map(|intake| intake.malformed.iter()) {
            Reason::add(&mut reasons, State::Malformed, code, *n, None);
        }
        for one in &at {
            for (name, codes) in one.codes.iter() {
                let state = State::read(name).unwrap_or(State::Delivered);
                for (code, n) in codes.iter().filter(|_| state != State::Delivered) {
                    Reason::add(&mut reasons, state, code, *n, one.destination.as_deref());
                }
            }
        }
        sort_many(&mut reasons, |one, other| {
            let key = |reason: &Reason| (group(reason.state), -reason.n);
            key(one) < key(other)
        });
        let mut names: Vec<(String, Option<(i64, String)>)> = view
            .destinations
            .iter()
            .map(|one| (one.name.clone(), one.paused.clone()))
            .collect();
        for known in &balances {
            if !names.iter().any(|(name, _)| *name == known.destination) {
                names.push((known.destination.clone(), None));
            }
        }
        let all = names.into_iter().map(|(name, paused)| {
            let own = balances.iter().position(|one| one.destination == name);
            let counted = at
                .iter()
                .position(|one| one.destination.as_ref() == Some(&name));
            Platform {
                paused,
                balance: own.map(|at| balances.swap_remove(at)).unwrap_or_default(),
                at: counted.map(|place| at.swap_remove(place)),
                name,
            }
        });
        Self {
            all: all.collect(),
            intake,
            reasons,
        }
    }

    /// Of the events that platforms have decided on, the share that they took, everywhere.
    pub(super) fn taken(&self) -> Option<f64> {
        let delivered = self.all.iter().map(|one| one.balance.delivered).sum();
        taken(delivered, self.lost())
    }

    /// The names of those to look at.
    pub(super) fn failing(&self) -> Vec<&str> {
        let failing = |one: &&Platform| one.paused.is_some() || one.is_failing();
        let names = self.all.iter().filter(failing);
        names.map(|one| one.name.as_str()).collect()
    }

    /// What was refused or given up, everywhere.
    pub(super) fn lost(&self) -> i64 {
        self.all.iter().map(Platform::lost).sum()
    }

    /// What the books are out by.
    pub(super) fn remainder(&self) -> i64 {
        self.all.iter().map(|one| one.balance.remainder.abs()).sum()
    }

    /// The bars, and the numbers beside them.
    pub(super) fn draw(&self, html: &mut Html) {
        html.markup(r#"<ul class="legend" aria-label="Colours of the bars">"#);
        for (of, class) in BAR {
            html.put(
                r#"<li class="key {}" title="{}">{}</li>"#,
                &[class, state(of).1, state(of).0],
            );
        }
        html.markup(r#"</ul><div class="wide" tabindex="0" role="region" aria-label="What became of events at each destination"><table class="law"><thead><tr><th scope="col">Destination</th><th scope="col" class="share">Shared out</th><th scope="col">Taken</th><th scope="col">Accepted</th>"#);
        for (of, _) in BAR {
            html.put(r#"<th scope="col">{}</th>"#, &[state(of).0]);
        }
        html.markup(r#"<th scope="col">Remainder</th></tr></thead><tbody>"#);
        for one in &self.all {
            one.row(html);
        }
        html.markup("</tbody></table></div>");
    }

    /// What was refused and why.
    pub(super) fn explain(&self, html: &mut Html, platform: impl Fn(&str) -> Option<&'static str>) {
        for (at, (title, about)) in GROUPS.into_iter().enumerate() {
            let of = |one: &&Reason| group(one.state) == at;
            let reasons: Vec<&Reason> = self.reasons.iter().filter(of).collect();
            if reasons.is_empty() {
                continue;
            }
            let n = count(reasons.iter().map(|reason| reason.n).sum());
            // What is as it should be stands behind a click.
            let usual = at == USUAL;
            html.put(
                if usual {
                    r#"<details class="group"><summary>{} <span class="n">{}</span></summary><p class="soft">{}</p><ul class="reasons">"#
                } else {
                    r#"<h3>{} <span class="n">{}</span></h3><p class="soft">{}</p><ul class="reasons">"#
                },
                &[title, &n, about],
            );
            let (first, more) = reasons.split_at_checked(MOST).unwrap_or((&reasons, &[]));
            for reason in first {
                reason.item(html, &platform);
            }
            html.markup("</ul>");
            if !more.is_empty() {
                html.put(
                    r#"<details class="more"><summary>{} more</summary><ul class="reasons">"#,
                    &[&count(i64::try_from(more.len()).unwrap_or(0))],
                );
                for reason in more {
                    reason.item(html, &platform);
                }
                html.markup("</ul></details>");
            }
            if usual {
                html.markup("</details>");
            }
        }
    }

    /// Whether nothing was to be sent anywhere.
    pub(super) fn is_idle(&self) -> bool {
        self.all.iter().all(|one| one.balance.accepted == 0)
    }

    /// Whether there is anything to explain.
    pub(super) fn has_reasons(&self) -> bool {
        !self.reasons.is_empty()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of events")]
fn taken(delivered: i64, lost: i64) -> Option<f64> {
    let all = delivered + lost;
    (all > 0).then(|| delivered as f64 / all as f64)
}

/// How many reasons of a group are told at once.
const MOST: usize = 5;

const GROUPS: [(&str, &str); 4] = [
    (
        "Refused or given up",
        "These conversions are missing at the platform. Mend the cause, then replay the dead letters.",
    ),
    (
        "Waiting for another attempt",
        "Nothing is lost; they are sent again by themselves.",
    ),
    (
        "Malformed",
        "Senders got these back with the same code; nothing of them was sent on.",
    ),
    (
        "Not meant to be sent",
        "Consent, or what the destination has no use for.",
    ),
];

/// The group of what needs nobody.
const USUAL: usize = 3;

/// Which group a state's reasons are told in.
const fn group(state: State) -> usize {
    match state {
        State::Rejected | State::Dead => 0,
        State::Retrying | State::Processing => 1,
        State::Malformed => 2,
        _ => USUAL,
    }
}

impl Platform {
    fn row(&self, html: &mut Html) {
        let of = &self.balance;
        html.put(r#"<tr><th scope="row">{}"#, &[&self.name]);
        if let Some((_, code)) = &self.paused {
            html.put(r#" <span class="chip bad">Paused: {}</span>"#, &[code]);
        }
        html.markup(r#"</th><td class="share">"#);
        let numbers = [
            of.delivered,
            of.processing,
            of.retrying,
            of.duplicate,
            of.blocked,
            of.skipped,
            of.rejected,
            of.dead,
        ];
        let parts: Vec<_> = BAR
            .into_iter()
            .zip(numbers)
            .map(|((of, class), n)| (class, n, state(of).0))
            .collect();
        let said = format!(
            "{} of {} delivered",
            count(of.delivered),
            count(of.accepted)
        );
        shared(html, &said, &parts);
        html.put(
            r#"</td><td class="strong">{}</td><td>{}</td>"#,
            &[&percent(self.taken()), &count(of.accepted)],
        );
        for ((state, _), n) in BAR.into_iter().zip(numbers) {
            let bad = matches!(state, State::Rejected | State::Dead) && n > 0;
            html.put(
                r#"<td class="{}">{}</td>"#,
                &[
                    if bad {
                        "bad"
                    } else if n == 0 {
                        "zero"
                    } else {
                        ""
                    },
                    &count(n),
                ],
            );
        }
        let out = of.remainder != 0;
        html.put(
            r#"<td class="{}">{}</td></tr>"#,
            &[if out { "bad" } else { "zero" }, &count(of.remainder)],
        );
    }
}

impl Reason {
    fn add(all: &mut Vec<Self>, state: State, code: &str, n: i64, place: Option<&str>) {
        let ours = state == State::Malformed || meaning(code).is_some();
        let same = |one: &&mut Self| ours && one.state == state && one.code == code;
        let place = place.map(|name| (name.to_owned(), n));
        if let Some(known) = all.iter_mut().find(same) {
            known.n += n;
            known.places.extend(place);
        } else {
            all.push(Self {
                state,
                code: code.to_owned(),
                n,
                places: place.into_iter().collect(),
            });
        }
    }

    fn item(&self, html: &mut Html, platform: impl Fn(&str) -> Option<&'static str>) {
        let of = self.places.first().map(|(name, _)| name.as_str());
        html.put(
            r#"<li><span class="n">{}</span><div><p><b>{}</b>"#,
            &[&count(self.n), state(self.state).0],
        );
        html.put(r" <code>{}</code>", &[&self.code]);
        for (at, (name, n)) in self.places.iter().enumerate() {
            html.put(
                "{}{} {}",
                &[if at == 0 { " at " } else { ", " }, name, &count(*n)],
            );
        }
        html.markup(r#"</p><p class="soft">"#);
        let malformed = Code::ALL
            .iter()
            .find(|code| self.state == State::Malformed && code.as_str() == self.code);
        let known = malformed
            .map(|code| code.meaning())
            .or_else(|| meaning(&self.code));
        sentence(html, known.unwrap_or(state(self.state).1));
        let page = match (known, of.and_then(platform)) {
            _ if self.state == State::Malformed => "events.md#error-codes".to_owned(),
            (None, Some(platform)) => format!("destinations/{platform}.md"),
            _ => "not-arriving.md#codes".to_owned(),
        };
        html.put(
            r#" <a href="{}">{}</a></p></div></li>"#,
            &[
                &[DOCS, &page].concat(),
                if known.is_some() {
                    "What to do"
                } else {
                    "The platform's own code"
                },
            ],
        );
    }
}

/// A sentence of the tables of codes, where names stand between backticks.
pub(super) fn sentence(html: &mut Html, sentence: &str) {
    for (at, part) in sentence.split('`').enumerate() {
        if at % 2 == 0 {
            html.text(part);
        } else {
            html.put("<code>{}</code>", &[part]);
        }
    }
}

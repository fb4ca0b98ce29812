//! How the match keys of the event that matters most went over time: given by senders, and sent on after consent; and what
//! visitors decided meanwhile. A key that a release has lost is a step down at its mark.

use super::chart::{Mark, Plot, Scale, broken_line, steps};
use super::filter::Filter;
use super::html::Html;
use super::releases::Releases;
use super::view::View;
use super::words::{self, count, moment, percent, stamp};
use crate::base::match_keys::{Key, Keys};
use crate::base::time::{HOUR_MS, UnixMillis};
use crate::ledger::{Line, State};

/// Counts of one column: of so many it is known, and so many have it.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    of: i64,
    with: i64,
}

impl Part {
    #[expect(clippy::cast_precision_loss, reason = "counts of events")]
    fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.with as f64 / self.of as f64)
    }

    /// In tenths of a percent.
    fn tenths(self) -> Option<i64> {
        (self.of > 0).then(|| (self.with * 1000 + self.of / 2) / self.of)
    }
}

/// What visitors decided on advertising, by the word in the code, with its class and how it is said.
const DECIDED: [(&str, &str, &str); 3] = [
    ("granted", "s-good", "Granted"),
    ("denied", "s-blocked", "Denied"),
    ("unknown", "s-skipped", "Nothing said"),
];

/// A key over time.
#[derive(Debug)]
pub(super) struct Coverage {
    key: Key,
    /// The destination that it is shown for, where there is one.
    to: Option<String>,
    destinations: Vec<String>,
    /// When the first column begins, on the clock of everybody.
    since: i64,
    /// How many hours a column has.
    hours: i64,
    given: Vec<Part>,
    sent: Vec<Part>,
    decided: Vec<[i64; 3]>,
}

impl Coverage {
    pub(super) fn new(view: &View, releases: &Releases) -> Self {
        let filter = &view.filter;
        let columns = filter.columns();
        let since = columns.begin(filter.since(view.now)).0;
        let length = columns.hours * HOUR_MS;
        let span = Filter::until(view.now).0 - since;
        let many = usize::try_from((span + length - 1) / length).unwrap_or(0);
        let lines = || view.answers.iter().flat_map(|all| &all.coverage);
        // Those of the settings first, as everywhere on the page, and what was sent to others before.
        let configured = view.destinations.iter().map(|one| &one.name);
        let counted = lines().map(|(line, _)| &line.destination);
        let mut destinations: Vec<String> = Vec::new();
        for name in configured.chain(counted).filter(|name| !name.is_empty()) {
            let is_counted = lines().any(|(line, _)| line.destination == *name);
            if is_counted && !destinations.contains(name) {
                destinations.push(name.clone());
            }
        }
        let key = filter.key.unwrap_or_else(|| foremost(view, releases));
        let to = filter.to.clone().or_else(|| destinations.first().cloned());
        let mut coverage = Self {
            key,
            destinations,
            since,
            hours: columns.hours,
            given: vec![Part::default(); many],
            sent: vec![Part::default(); many],
            decided: vec![[0; 3]; many],
            to,
        };
        for (line, n) in lines() {
            let column = (line.hour.0 - since).div_euclid(length);
            if let Ok(at) = usize::try_from(column) {
                coverage.add(at, line, *n);
            }
        }
        coverage
    }

    fn add(&mut self, at: usize, line: &Line, n: i64) {
        let intake = line.destination.is_empty();
        if line.state == State::Consent {
            let word = line.code.split(':').next().unwrap_or_default();
            let place = DECIDED.iter().position(|(known, ..)| *known == word);
            let column = self.decided.get_mut(at).filter(|_| intake);
            if let Some(sum) = column.zip(place).and_then(|(all, at)| all.get_mut(at)) {
                *sum += n;
            }
            return;
        }
        let parts = if intake {
            &mut self.given
        } else if self.to.as_ref() == Some(&line.destination) {
            &mut self.sent
        } else {
            return;
        };
        if let (Some(part), Some(keys)) = (parts.get_mut(at), Keys::read(&line.code)) {
            part.of += n;
            part.with += if keys.has(self.key) { n } else { 0 };
        }
    }

    /// Whether nothing is known of any key.
    pub(super) fn is_empty(&self) -> bool {
        self.given.iter().chain(&self.sent).all(|part| part.of == 0)
    }

    /// Whether nobody's decision is known.
    pub(super) fn is_undecided(&self) -> bool {
        self.decided.iter().flatten().all(|n| *n == 0)
    }

    /// The middle of each column with its share, in hours since the first one began.
    fn points(&self, parts: &[Part]) -> Vec<(i64, Option<i64>)> {
        let middles = (0..).map(|at: i64| at * self.hours + self.hours / 2);
        middles
            .zip(parts.iter().map(|part| part.tenths()))
            .collect()
    }

    fn wide(&self) -> i64 {
        i64::try_from(self.given.len()).unwrap_or(1) * self.hours
    }

    fn marks(&self, releases: &Releases) -> Vec<Mark> {
        let marks = releases.marks().map(|(number, release)| Mark {
            at: (release.first.0 - self.since) / HOUR_MS,
            sign: number.to_string(),
        });
        marks.collect()
    }

    fn ticks(&self, filter: &Filter) -> Vec<(i64, String)> {
        Releases::ticks(filter, UnixMillis(self.since), HOUR_MS, self.wide())
    }

    /// Which key and which destination: what can be chosen stands in addresses.
    fn choose(&self, html: &mut Html, view: &View) {
        html.markup(r#"<nav class="choose" aria-label="Match key"><span class="soft">Key</span>"#);
        for key in Key::ALL {
            let filter = Filter {
                key: Some(key),
                ..view.filter.clone()
            };
            link(html, &filter, words::key(key), key == self.key);
        }
        html.markup("</nav>");
        if self.destinations.is_empty() {
            return;
        }
        html.markup(
            r#"<nav class="choose" aria-label="Destination"><span class="soft">Sent to</span>"#,
        );
        for name in &self.destinations {
            let filter = Filter {
                key: Some(self.key),
                to: Some(name.clone()),
                ..view.filter.clone()
            };
            link(html, &filter, name, self.to.as_ref() == Some(name));
        }
        html.markup("</nav>");
    }

    /// Draws the key.
    pub(super) fn draw(&self, html: &mut Html, view: &View, releases: &Releases) {
        self.choose(html, view);
        let name = words::key(self.key);
        let mut shapes = vec![(
            "usual",
            broken_line(Scale::SHARES, self.hours, &self.points(&self.given)),
        )];
        let to = self.to.as_deref();
        if to.is_some() {
            let sent = broken_line(Scale::SHARES, self.hours, &self.points(&self.sent));
            shapes.push(("today", sent));
        }
        html.markup(r#"<figure class="chart">"#);
        Plot {
            title: &format!(
                "{name} with {}: how many of the events had it, by time",
                view.filter.event
            ),
            scale: Scale::SHARES,
            said: tenths,
            wide: self.wide(),
            shapes,
            marks: self.marks(releases),
            ticks: self.ticks(&view.filter),
        }
        .draw(html);
        html.markup(r#"<figcaption><span class="key k-usual">Given by senders</span>"#);
        if let Some(to) = to {
            html.put(
                r#"<span class="key k-today">Sent to {}, after consent</span>"#,
                &[to],
            );
        }
        html.markup(r#"</figcaption><p class="readout" aria-live="polite"></p>"#);
        html.put(
            r#"<details><summary>The same as a table</summary><div class="wide" tabindex="0" role="region" aria-label="{} over time"><table><thead><tr><th scope="col">From</th><th scope="col">Given</th>"#,
            &[name],
        );
        if let Some(to) = to {
            html.put(r#"<th scope="col">Sent to {}</th>"#, &[to]);
        }
        html.markup("</tr></thead><tbody>");
        for (at, (given, sent)) in (0..).zip(self.given.iter().zip(&self.sent)) {
            self.row(html, at);
            html.put("<td>{}</td>", &[&percent(given.share())]);
            if to.is_some() {
                html.put("<td>{}</td>", &[&percent(sent.share())]);
            }
            html.markup("</tr>");
        }
        html.markup("</tbody></table></div></details></figure>");
    }

    fn row(&self, html: &mut Html, at: i64) {
        let from = UnixMillis(self.since + at * self.hours * HOUR_MS);
        html.put(
            r#"<tr><th scope="row"><time datetime="{}">{}</time></th>"#,
            &[&stamp(from), &moment(from)],
        );
    }

    /// Draws what visitors decided.
    pub(super) fn draw_decisions(&self, html: &mut Html, view: &View, releases: &Releases) {
        let shares = |upto: usize| -> Vec<i64> {
            let share = |all: &[i64; 3]| {
                let part = Part {
                    of: all.iter().sum(),
                    with: all.iter().take(upto).sum(),
                };
                part.tenths().unwrap_or(0)
            };
            let columns = self.decided.iter().map(share);
            let hours = usize::try_from(self.hours).unwrap_or(1);
            columns
                .flat_map(|n| std::iter::repeat_n(n, hours))
                .collect()
        };
        html.markup(r#"<figure class="chart">"#);
        let layers = (1..4_usize).zip(DECIDED).rev();
        Plot {
            title: &format!(
                "What visitors decided on advertising, of {} by time",
                view.filter.event
            ),
            scale: Scale::SHARES,
            said: tenths,
            wide: self.wide(),
            shapes: layers
                .map(|(upto, (_, class, _))| (class, steps(Scale::SHARES, &shares(upto))))
                .collect(),
            marks: self.marks(releases),
            ticks: self.ticks(&view.filter),
        }
        .draw(html);
        html.markup("<figcaption>");
        for (_, class, name) in DECIDED {
            html.put(r#"<span class="key {}">{}</span>"#, &[class, name]);
        }
        html.markup(r#"</figcaption><p class="readout" aria-live="polite"></p><details><summary>The same as a table</summary><div class="wide" tabindex="0" role="region" aria-label="What visitors decided on advertising, by time"><table><thead><tr><th scope="col">From</th>"#);
        for (.., name) in DECIDED {
            html.put(r#"<th scope="col">{}</th>"#, &[name]);
        }
        html.markup("</tr></thead><tbody>");
        for (at, column) in (0..).zip(&self.decided) {
            self.row(html, at);
            for n in column {
                html.put("<td>{}</td>", &[&count(*n)]);
            }
            html.markup("</tr>");
        }
        html.markup("</tbody></table></div></details></figure>");
    }
}

/// The key that is shown where none is chosen: what the last release has moved most, or else what most depends on.
fn foremost(view: &View, releases: &Releases) -> Key {
    let lines = || view.answers.iter().flat_map(|all| &all.coverage);
    let has = |code: &str, key: Key| Keys::read(code).is_some_and(|keys| keys.has(key));
    let given = |key: &Key| {
        let mut keys = lines().filter(|(line, _)| line.state == State::Keys);
        keys.any(|(line, _)| has(&line.code, *key))
    };
    let mut usual = [Key::Email, Key::Click, Key::Browser, Key::Network].into_iter();
    let moved = releases.moved_key(&view.filter.event);
    moved.or_else(|| usual.find(given)).unwrap_or(Key::Email)
}

fn tenths(n: i64) -> String {
    format!("{} %", n / 10)
}

fn link(html: &mut Html, filter: &Filter, name: &str, chosen: bool) {
    let address = format!("/dashboard?{}#coverage", filter.address());
    html.put(
        if chosen {
            r#"<a href="{}" aria-current="true">{}</a>"#
        } else {
            r#"<a href="{}">{}</a>"#
        },
        &[&address, name],
    );
}

//! Whether the last release changed anything: all events by hour and release, and the last release beside the one before.

use super::arrivals::volume;
use super::chart::{Mark, Plot, Scale, steps};
use super::filter::Filter;
use super::html::Html;
use super::view::View;
use super::words::{self, count, day_of_month, hour_of_day, moment, percent, stamp, tenth};
use crate::base::match_keys::Key;
use crate::base::table::{Table, sort_many};
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::Dimension;
use crate::ledger::measured::PARTS;
use crate::quality::quality;
use crate::quality::report::{Coverage, Row, Shown};

/// A release, as far as it is seen in what is shown.
#[derive(Debug, Clone)]
pub(super) struct Release {
    /// What senders call it; empty where they say nothing.
    pub(super) name: String,
    /// The first hour of it.
    pub(super) first: UnixMillis,
    events: i64,
    columns: Vec<i64>,
}

/// How something of an event was before, and how it is now.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// What it is, such as `E-mail given`.
    pub(super) what: String,
    pub(super) event: String,
    pub(super) before: f64,
    pub(super) after: f64,
    /// More than chance and enough to matter.
    pub(super) notable: bool,
    /// A share of all events, where a small number may be twice as large.
    relative: bool,
    /// The match key that it is about.
    key: Option<Key>,
}

/// The releases that are seen.
#[derive(Debug)]
pub(super) struct Releases {
    all: Vec<Release>,
    since: UnixMillis,
    /// How long a column of the picture is.
    column: i64,
    /// The last one and the one before, by their places.
    pair: Option<(usize, usize)>,
    pub(super) changes: Vec<Change>,
}

/// How many releases have a shade of their own.
const SHADES: [&str; 4] = ["r1", "r2", "r3", "r4"];

/// How many events a release has before it is looked at.
const ENOUGH: i64 = 50;

impl Releases {
    pub(super) fn new(view: &View) -> Self {
        let filter = &view.filter;
        let since = filter.since(view.now);
        let column = if filter.days > 7 {
            6 * HOUR_MS
        } else {
            HOUR_MS
        };
        let span = Filter::until(view.now).0 - since.0;
        let columns = usize::try_from((span + column - 1) / column).unwrap_or(0);
        let mut all: Vec<Release> = Vec::new();
        for (line, n) in view.answers.iter().flat_map(|all| &all.traffic) {
            let place = all.iter().position(|known| known.name == line.release);
            let place = place.unwrap_or_else(|| {
                all.push(Release {
                    name: line.release.clone(),
                    first: line.hour,
                    events: 0,
                    columns: vec![0; columns],
                });
                all.len() - 1
            });
            let Some(release) = all.get_mut(place) else {
                continue;
            };
            let n = volume(line, *n);
            release.events += n;
            release.first = release.first.min(line.hour);
            let at = usize::try_from((line.hour.0 - since.0).div_euclid(column)).ok();
            if let Some(sum) = at.and_then(|at| release.columns.get_mut(at)) {
                *sum += n;
            }
        }
        all.retain(|release| release.events > 0);
        sort_many(&mut all, |one, other| {
            (one.first, &one.name) < (other.first, &other.name)
        });
        let pair = pair(&all);
        let changes = pair
            .and_then(|(last, before)| Some((all.get(last)?, all.get(before)?)))
            .map(|(last, before)| changes(view, &before.name, &last.name));
        Self {
            pair,
            changes: changes.unwrap_or_default(),
            all,
            since,
            column,
        }
    }

    /// The last one, and the one that it is held against.
    pub(super) fn pair(&self) -> Option<(&Release, &Release)> {
        let (last, before) = self.pair?;
        Some((self.all.get(last)?, self.all.get(before)?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether senders say at all which release they are.
    pub(super) fn named(&self) -> bool {
        self.all.iter().any(|release| !release.name.is_empty())
    }

    /// The changes to look at.
    pub(super) fn notable(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.notable)
    }

    /// The match key that the last release has moved most in an event.
    pub(super) fn moved_key(&self, event: &str) -> Option<Key> {
        let moved = |change: &Change| (change.after - change.before).abs();
        let of_event = self.notable().filter(|change| change.event == event);
        let keys = of_event.filter_map(|change| Some((change.key?, moved(change))));
        let most = keys.max_by(|(_, one), (_, other)| one.total_cmp(other));
        most.map(|(key, _)| key)
    }

    /// Draws the hours.
    pub(super) fn draw(&self, html: &mut Html, view: &View) {
        let mut largest: Vec<usize> = (0..self.all.len()).collect();
        let events = |at: &usize| self.all.get(*at).map(|release| release.events);
        sort_many(&mut largest, |one, other| events(one) > events(other));
        largest.truncate(SHADES.len() - 1);
        sort_many(&mut largest, |one, other| one < other);
        // From the bottom up, and drawn from the top down.
        let columns = self.all.first().map_or(0, |release| release.columns.len());
        let mut sums = vec![0_i64; columns];
        let mut layers: Vec<(&'static str, Vec<i64>, String)> = Vec::new();
        let add = |sums: &mut Vec<i64>, release: &Release| {
            for (sum, n) in sums.iter_mut().zip(&release.columns) {
                *sum += n.max(&0);
            }
        };
        for (at, shade) in largest.iter().zip(SHADES) {
            if let Some(release) = self.all.get(*at) {
                add(&mut sums, release);
                layers.push((shade, sums.clone(), named(&release.name)));
            }
        }
        let others = self.all.len() - layers.len();
        if others > 0 {
            for (at, release) in self.all.iter().enumerate() {
                if !largest.contains(&at) {
                    add(&mut sums, release);
                }
            }
            let others = i64::try_from(others).unwrap_or(0);
            layers.push((
                "r4",
                sums.clone(),
                words::counted(others, "other", "others"),
            ));
        }
        let scale = Scale::over(sums.iter().copied().max().unwrap_or(0));
        let filter = &view.filter;
        let wide = i64::try_from(columns).unwrap_or(1);
        let marks = self.marks().map(|(number, release)| Mark {
            at: (release.first.0 - self.since.0) / self.column,
            sign: number.to_string(),
        });
        html.put(r#"<figure class="chart">"#, &[]);
        Plot {
            title: "All events by time and release",
            scale,
            said: count,
            wide,
            shapes: layers
                .iter()
                .rev()
                .map(|(shade, sums, _)| (*shade, steps(scale, sums)))
                .collect(),
            marks: marks.collect(),
            ticks: Self::ticks(filter, self.since, self.column, wide),
        }
        .draw(html);
        html.markup("<figcaption>");
        for (shade, _, name) in &layers {
            html.put(r#"<span class="key k-{}">{}</span>"#, &[shade, name]);
        }
        html.markup(r#"</figcaption><p class="readout" aria-live="polite"></p>"#);
        self.table(html, &layers);
        html.markup("</figure>");
    }

    /// What begins in the picture, with its number.
    pub(super) fn marks(&self) -> impl Iterator<Item = (usize, &Release)> {
        // One event in a hundred, or it is somebody trying something.
        let all: i64 = self.all.iter().map(|release| release.events).sum();
        let begun =
            move |release: &&Release| release.first > self.since && release.events * 100 >= all;
        let first = self.all.first().map(|release| release.first);
        let later = move |release: &&Release| Some(release.first) != first;
        (1..).zip(self.all.iter().filter(begun).filter(later))
    }

    /// What stands below a picture that begins then and is so many units wide, each of so many milliseconds.
    pub(super) fn ticks(
        filter: &Filter,
        since: UnixMillis,
        unit: i64,
        wide: i64,
    ) -> Vec<(i64, String)> {
        let (step, hours) = match filter.days {
            1 => (6 * HOUR_MS, true),
            30 => (5 * DAY_MS, false),
            _ => (DAY_MS, false),
        };
        let first = filter.local(since);
        let whole = step.min(DAY_MS);
        let begin = first.0 + (whole - first.0.rem_euclid(whole)).rem_euclid(whole);
        (0..wide)
            .map(|n| UnixMillis(begin + n * step))
            .map(|at| ((at.0 - first.0) / unit, at))
            .take_while(|(place, _)| *place < wide - wide / 20)
            .map(|(place, at)| {
                let text = if hours {
                    hour_of_day(at)
                } else {
                    day_of_month(at)
                };
                (place, text)
            })
            .collect()
    }

    fn table(&self, html: &mut Html, layers: &[(&'static str, Vec<i64>, String)]) {
        html.markup(r#"<details><summary>The same as a table</summary><div class="wide" tabindex="0" role="region" aria-label="All events by time and release"><table><thead><tr><th scope="col">From</th>"#);
        for (_, _, name) in layers {
            html.put(r#"<th scope="col">{}</th>"#, &[name]);
        }
        html.markup("</tr></thead><tbody>");
        let columns = layers.first().map_or(0, |(_, sums, _)| sums.len());
        for (place, at) in (0..columns).zip(0..) {
            let from = UnixMillis(self.since.0 + at * self.column);
            html.put(
                r#"<tr><th scope="row"><time datetime="{}">{}</time></th>"#,
                &[&stamp(from), &moment(from)],
            );
            let mut below = 0;
            for (_, sums, _) in layers {
                let sum = sums.get(place).copied().unwrap_or(0);
                html.put("<td>{}</td>", &[&count(sum - below)]);
                below = sum;
            }
            html.markup("</tr>");
        }
        html.markup("</tbody></table></div></details>");
    }

    /// The releases that began, and what is different with the last one.
    pub(super) fn compare(&self, html: &mut Html) {
        html.markup(r#"<ol class="begun">"#);
        for (number, release) in self.marks() {
            html.put(
                r#"<li><span class="sign" aria-hidden="true">{}</span> <b>{}</b> since <time datetime="{}">{}</time>, {} events</li>"#,
                &[
                    &number.to_string(),
                    &named(&release.name),
                    &stamp(release.first),
                    &moment(release.first),
                    &count(release.events),
                ],
            );
        }
        html.markup("</ol>");
        let Some((last, before)) = self.pair() else {
            return;
        };
        let mut shown: Vec<&Change> = self.changes.iter().collect();
        sort_many(&mut shown, |one, other| {
            let key = |change: &Change| (!change.notable, !change.differs());
            key(one) < key(other)
        });
        let (first, more) = shown
            .split_at_checked(MOST_CHANGES)
            .unwrap_or((&shown, &[]));
        html.put(
            r"<h3>{} beside {}</h3>",
            &[&named(&last.name), &named(&before.name)],
        );
        if self.notable().any(Change::fell) {
            html.put(
                r#"<p class="soft">Not meant? Take the site back to {}, or mend {}; until then every hour adds to what is missing.</p>"#,
                &[&named(&before.name), &named(&last.name)],
            );
        }
        Change::table(
            html,
            first,
            [&before.name, &last.name],
            "What is different with the last release",
        );
        if !more.is_empty() {
            html.put(
                r#"<details class="more"><summary>{} more</summary>"#,
                &[&count(i64::try_from(more.len()).unwrap_or(0))],
            );
            Change::table(
                html,
                more,
                [&before.name, &last.name],
                "What else was looked at",
            );
            html.markup("</details>");
        }
    }
}

const MOST_CHANGES: usize = 8;

/// A release as people read it.
pub(super) fn named(release: &str) -> String {
    if release.is_empty() {
        "no release named".to_owned()
    } else {
        release.to_owned()
    }
}

/// The last release that began in what is shown, and the one that had most events before.
fn pair(all: &[Release]) -> Option<(usize, usize)> {
    let enough = |release: &&(usize, &Release)| release.1.events >= ENOUGH;
    let listed: Vec<(usize, &Release)> = all.iter().enumerate().collect();
    let last = listed.iter().rev().find(enough)?;
    let earlier = listed.iter().filter(enough);
    let before = earlier
        .filter(|(_, release)| release.first < last.1.first)
        .max_by_key(|(_, release)| release.events)?;
    Some((last.0, before.0))
}

/// How often something was there.
#[derive(Debug, Clone, Copy)]
struct Part {
    with: i64,
    of: i64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of events")]
impl Part {
    fn share(self) -> f64 {
        self.with as f64 / self.of.max(1) as f64
    }

    /// How many standard errors two shares are apart.
    fn apart(self, other: Self) -> f64 {
        let both = Self {
            with: self.with + other.with,
            of: self.of + other.of,
        };
        let (share, one) = (both.share(), |part: Self| 1.0 / part.of.max(1) as f64);
        let error = (share * (1.0 - share) * (one(self) + one(other))).sqrt();
        if error > 0.0 {
            (self.share() - other.share()).abs() / error
        } else {
            0.0
        }
    }
}

/// So many standard errors are no chance, however many things are looked at. It is no test: days differ, and the gate knows.
const BEYOND_CHANCE: f64 = 5.0;

/// Everything that can be different between two releases, the event that matters most first.
fn changes(view: &View, before: &str, last: &str) -> Vec<Change> {
    let lines = view.answers.iter().flat_map(|all| &all.releases).cloned();
    let by = [Dimension::Release, Dimension::Event];
    let report = quality(lines, &by, &Shown::default(), |_| None);
    let mut events: Table<String, [Option<Row>; 2]> = Table::new();
    let mut all = [0, 0];
    for row in report.rows {
        let release = row.release.as_deref().unwrap_or_default();
        let Some(place) = [before, last].iter().position(|name| *name == release) else {
            continue;
        };
        if let Some(sum) = all.get_mut(place) {
            *sum += row.intake.volume;
        }
        let event = row.event.clone().unwrap_or_default();
        events.change(event, |pair| {
            if let Some(one) = pair.get_mut(place) {
                *one = Some(row);
            }
        });
    }
    let growth = growth(&events);
    let mut found = Vec::new();
    for (event, [old, new]) in events.iter().filter(|(event, _)| !event.is_empty()) {
        let volume = |row: &Option<Row>| row.as_ref().map_or(0, |row| row.intake.volume);
        let [of_old, of_new] = all;
        let (old_part, new_part) = (
            Part {
                with: volume(old),
                of: of_old,
            },
            Part {
                with: volume(new),
                of: of_new,
            },
        );
        found.push(share(event, old_part, new_part, growth));
        if let (Some(old), Some(new)) = (old, new) {
            let (old, new) = (&old.intake, &new.intake);
            for key in Key::ALL {
                let what = format!("{} given", words::key(key));
                let change = coverage(event, what, key.as_str(), &old.keys, &new.keys);
                found.extend(change.map(|change| Change {
                    key: Some(key),
                    ..change
                }));
            }
            for (_, part) in PARTS.into_iter().filter(|(_, part)| *part != "release") {
                let what = format!("{part} there").replace('_', " ");
                found.extend(coverage(event, what, part, &old.parts, &new.parts));
            }
        }
    }
    let is_other = |change: &Change| change.event != view.filter.event;
    sort_many(&mut found, |one, other| !is_other(one) && is_other(other));
    found
}

/// How much the releases differ in how many events they have: the middle of all events' ratios. So one event that doubles does
/// not make all others look as if they were fewer.
#[expect(clippy::cast_precision_loss, reason = "counts of events")]
fn growth(events: &Table<String, [Option<Row>; 2]>) -> Option<f64> {
    let mut ratios: Vec<f64> = events
        .values()
        .filter_map(|[old, new]| {
            let (old, new) = (old.as_ref()?.intake.volume, new.as_ref()?.intake.volume);
            (old >= ENOUGH / 5).then(|| new as f64 / old as f64)
        })
        .collect();
    sort_many(&mut ratios, |one, other| one.total_cmp(other).is_lt());
    ratios.get(ratios.len() / 2).copied()
}

#[expect(clippy::cast_precision_loss, reason = "counts of events")]
fn share(event: &str, old: Part, new: Part, growth: Option<f64>) -> Change {
    let (before, after) = (old.share(), new.share());
    let moved = |ratio: f64| !(0.85..=1.15).contains(&ratio);
    // Against all events and against the other events.
    let own = growth.map(|growth| new.with as f64 / (old.with.max(1) as f64 * growth));
    let same_way = |own: f64| moved(own) && (own > 1.0) == (after > before);
    let enough = (old.with + new.with) >= ENOUGH / 5;
    Change {
        what: "share of all events".to_owned(),
        event: event.to_owned(),
        before,
        after,
        notable: enough
            && moved(after / before)
            && own.is_none_or(same_way)
            && new.apart(old) > BEYOND_CHANCE,
        relative: true,
        key: None,
    }
}

fn coverage(
    event: &str,
    what: String,
    name: &str,
    old: &Coverage,
    new: &Coverage,
) -> Option<Change> {
    let of = |coverage: &Coverage| Part {
        with: coverage.with.get(name).copied().unwrap_or(0),
        of: coverage.counted,
    };
    let (old, new) = (of(old), of(new));
    if old.of == 0 || new.of == 0 || old.with + new.with == 0 {
        return None;
    }
    let (before, after) = (old.share(), new.share());
    Some(Change {
        what,
        event: event.to_owned(),
        before,
        after,
        notable: (after - before).abs() >= 0.05 && new.apart(old) > BEYOND_CHANCE,
        relative: false,
        key: None,
    })
}

impl Change {
    /// Whether it is less than before.
    pub(super) fn fell(&self) -> bool {
        self.after < self.before
    }

    /// Whether one can see that it is different.
    fn differs(&self) -> bool {
        percent(Some(self.before)) != percent(Some(self.after))
    }

    /// By how much.
    pub(super) fn by(&self) -> String {
        let points = (self.after - self.before).abs() * 100.0;
        let (size, unit) = if self.relative && self.before > 0.0 {
            (points / self.before, "%")
        } else {
            (points, "points")
        };
        let sign = match self.fell() {
            _ if size < 0.05 => "±",
            true => "−",
            false => "+",
        };
        format!("{sign}{} {unit}", tenth(size))
    }

    fn table(html: &mut Html, changes: &[&Self], [before, last]: [&str; 2], name: &str) {
        html.put(
            r#"<div class="wide" tabindex="0" role="region" aria-label="{}"><table class="changes"><thead><tr><th scope="col">Event</th><th scope="col">What</th><th scope="col">{}</th><th scope="col">{}</th><th scope="col">Change</th></tr></thead><tbody>"#,
            &[name, &named(before), &named(last)],
        );
        for change in changes {
            let class = match (change.notable, change.fell()) {
                (true, true) => "chip bad",
                (true, false) => "chip wait",
                (false, _) => "soft",
            };
            html.put(
                r#"<tr><th scope="row"><code>{}</code></th><td class="what">{}</td><td>{}</td><td>{}</td><td><span class="{}">{}</span></td></tr>"#,
                &[
                    &change.event,
                    &change.what,
                    &percent(Some(change.before)),
                    &percent(Some(change.after)),
                    class,
                    &change.by(),
                ],
            );
        }
        html.markup("</tbody></table></div>");
    }
}

/// What the gate says, or how it is asked.
pub(super) fn gate(html: &mut Html, view: &View, pair: Option<(&Release, &Release)>) {
    if let Some(of) = &view.verdict {
        let (class, said) = match of.verdict {
            "pass" => ("good", "The gate passes it"),
            "fail" => ("bad", "The gate fails it"),
            _ => ("wait", "The gate cannot say yet"),
        };
        html.put(
            r#"<div class="gate {}"><p><b>{}:</b> {} beside {}. {}</p>"#,
            &[
                class,
                said,
                &named(&of.release),
                &named(&of.against),
                &of.reason,
            ],
        );
        if !of.findings.is_empty() {
            html.markup("<ul>");
            for finding in &of.findings {
                html.put("<li>{}</li>", &[finding]);
            }
            html.markup("</ul>");
        }
        if of.smallest.is_some() {
            html.put(
                r#"<p class="soft">The smallest drop that it could have seen: {}.</p>"#,
                &[&percent(of.smallest)],
            );
        }
        html.markup("</div>");
    } else if let Some((last, before)) = pair
        && !last.name.is_empty()
        && !before.name.is_empty()
    {
        html.markup(r#"<p class="soft">Marked is what is far beyond chance in these counts. Whether a release is to be rolled back, the gate tests with the noise of the weeks before: "#);
        if view.source().is_some() {
            html.put(r#"<a href="{}">ask it</a>, or "#, &[&view.judged()]);
        }
        html.put(
            "<code>npx edgetally gate --before {} --after {}</code></p>",
            &[&shell(&before.name), &shell(&last.name)],
        );
    }
}

/// A name as a word of a shell.
fn shell(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+/@:".contains(c);
    if name.chars().all(plain) && !name.starts_with('-') {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_whatever_is_in_it() {
        for (name, word) in [
            ("web-1.2", "web-1.2"),
            ("a b", "'a b'"),
            ("$(rm)'", r"'$(rm)'\'''"),
            ("--help", "'--help'"),
        ] {
            assert_eq!(shell(name), word);
        }
    }

    #[test]
    fn what_is_notable_is_large_and_no_chance() {
        let part = |with, of| Part { with, of };
        let notable = |old, new, growth| share("purchase", old, new, growth).notable;
        assert!(notable(part(400, 10_000), part(200, 10_000), Some(1.0)));
        assert!(
            !notable(part(400, 10_000), part(390, 10_000), Some(1.0)),
            "small"
        );
        assert!(!notable(part(10, 250), part(5, 250), Some(1.0)), "chance");
        // Page views doubled: every other share is halved, and only page views are to blame.
        assert!(!notable(part(400, 10_000), part(400, 19_000), Some(1.0)));
        assert!(notable(part(4_000, 10_000), part(8_000, 14_000), Some(1.0)));
    }
}

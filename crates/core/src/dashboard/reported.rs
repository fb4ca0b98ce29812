//! What platforms report about quality themselves, beside what was counted here for the same hours. A report covers a span of
//! time, so it is drawn as a band and not as a point.

use super::chart::{Scale, band, line};
use super::filter::REPORT_DAYS as DAYS;
use super::html::Html;
use super::shell::DOCS;
use super::view::View;
use super::words::{count, counted, moment, percent, platform, stamp, tenth};
use crate::base::match_keys::{Key, Keys};
use crate::base::reported::{Amount, Figure, Metric, Reported, Unit};
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::State;
use crate::quality::score::{as_float, estimate};

/// The height of the pictures: hundredths of a percent, or thousandths of the ten.
const WHOLE: i64 = 10_000;

/// The match key of ours that a platform's name is about. It has address and browser apart, which count here together.
fn key(name: &str) -> Option<Key> {
    Some(match name {
        "email" | "em" | "hashed_email" => Key::Email,
        "phone" | "ph" => Key::Phone,
        "external_id" | "advertiser_external_id" => Key::ExternalId,
        "fbc" | "click_id" | "click_id_epik" => Key::Click,
        "fbp" | "browser_id" => Key::Browser,
        "ip_address" | "user_agent" => Key::Network,
        _ => return None,
    })
}

/// What was counted here that can stand beside a figure.
#[derive(Clone, Copy)]
enum Ours {
    Key(Key),
    Estimate(&'static str),
}

/// The section's part about them; nothing where no platform reports.
pub(super) fn draw(html: &mut Html, view: &View) {
    for destination in &view.destinations {
        let name = destination.name.as_str();
        let of_it = |one: &&Reported| one.destination == name;
        let all: Vec<&Reported> = view.reported.iter().filter(of_it).collect();
        let fault = view.unreported.iter().find(|(at, _)| at == name);
        let theirs = platform(destination.platform);
        if all.is_empty() && fault.is_none() {
            continue;
        }
        html.put(
            r#"<h3>Reported by {} <span class="soft">{}</span></h3>"#,
            &[theirs, name],
        );
        if let Some((_, code)) = fault {
            html.put(
                r#"<p class="soft">Report unavailable: when it was last asked, {} answered <code>{}</code>. Sending has nothing to do with it. <a href="{}quality.md#where-a-report-is-unavailable">What to do</a></p>"#,
                &[theirs, code, DOCS],
            );
        }
        let shown = all
            .into_iter()
            .filter(|one| one.event.is_empty() || one.event == view.filter.event);
        let shown: Vec<&Reported> = shown.collect();
        if !shown.is_empty() {
            html.put(
                r#"<p class="soft">Its own words and numbers, and no part of ours. The band is what {} says, over the span that it covers; the line is what was counted here, by day. Beside its match quality stands our estimate.</p>"#,
                &[theirs],
            );
            table(html, view, (name, destination.platform), &shown);
        }
    }
}

fn table(html: &mut Html, view: &View, at: (&str, &'static str), reported: &[&Reported]) {
    let theirs = platform(at.1);
    html.put(
        r#"<div class="wide" tabindex="0" role="region" aria-label="What {} reports, and what was counted here"><table class="reported"><thead><tr><th scope="col">What</th><th scope="col">Counted here</th><th scope="col">{} says</th><th scope="col" class="share">The last {} days</th><th scope="col">Reported by {}, covers</th></tr></thead><tbody>"#,
        &[theirs, theirs, &DAYS.to_string(), theirs],
    );
    for one in reported {
        for figure in &one.figures {
            row(html, view, at, one, figure);
        }
    }
    html.markup("</tbody></table></div>");
}

fn row(html: &mut Html, view: &View, at: (&str, &'static str), one: &Reported, figure: &Figure) {
    let (metric, of, amount) = figure;
    let ours = match metric {
        _ if one.event.is_empty() => None,
        Metric::Coverage => key(of).map(Ours::Key),
        Metric::MatchQuality => Some(Ours::Estimate(at.1)),
        _ => None,
    };
    let here = ours.and_then(|ours| counted_here(view, at.0, ours, one.since, one.until));
    html.put(r#"<tr><th scope="row">{}"#, &[metric.words()]);
    if !of.is_empty() {
        html.put(" <code>{}</code>", &[of]);
    }
    let event = if one.event.is_empty() {
        "all events"
    } else {
        one.event.as_str()
    };
    let (here, said) = (
        here.map_or_else(|| "–".to_owned(), |n| number(metric.unit(), n)),
        match amount {
            Amount::Number(n) => number(metric.unit(), *n),
            Amount::Word(word) => word.to_ascii_lowercase().replace('_', " "),
        },
    );
    html.put(
        r#" <span class="soft">{}</span></th><td>{}</td><td class="strong">{}</td><td class="share">"#,
        &[event, &here, &said],
    );
    if let Some(high) = height(metric.unit(), amount) {
        let title = format!(
            "{} {of}: {said} reported by {}, {}; counted here {here}",
            metric.words(),
            platform(at.1),
            covers(one)
        );
        picture(html, view.now, &title, (one, high), |since, until| {
            let n = counted_here(view, at.0, ours?, since, until)?;
            height(metric.unit(), &Amount::Number(n))
        });
    }
    html.put(
        r#"</td><td>{} <time datetime="{}">{}</time></td></tr>"#,
        &[&covers(one), &stamp(one.until), &moment(one.until)],
    );
}

/// The span that it covers, up to its end.
fn covers(one: &Reported) -> String {
    let days = (one.until.0 - one.since.0 + DAY_MS - 1) / DAY_MS;
    match days {
        1 => "the day up to".to_owned(),
        days => format!("{} up to", counted(days, "day", "days")),
    }
}

fn number(unit: Unit, n: f64) -> String {
    match unit {
        Unit::Percent => percent(Some(n / 100.0)),
        Unit::OfTen => tenth(n),
        #[expect(clippy::cast_possible_truncation, reason = "a count")]
        Unit::Events | Unit::Word => count(n as i64),
    }
}

/// How high a number lies in the picture.
fn height(unit: Unit, amount: &Amount) -> Option<i64> {
    let most = match unit {
        Unit::Percent => 100.0,
        Unit::OfTen => 10.0,
        Unit::Events | Unit::Word => return None,
    };
    let Amount::Number(n) = amount else {
        return None;
    };
    #[expect(clippy::cast_possible_truncation, reason = "a share of the whole")]
    Some((n / most * as_float(WHOLE)).round() as i64)
}

/// The same that a platform reports, of what went along to it in those hours.
fn counted_here(
    view: &View,
    destination: &str,
    ours: Ours,
    since: UnixMillis,
    until: UnixMillis,
) -> Option<f64> {
    let lines = view.answers.iter().flat_map(|all| &all.sent);
    let taken = lines.filter(|(line, _)| {
        line.destination == destination
            && line.state == State::Keys
            && (since.hour()..until).contains(&line.hour)
    });
    let keys = taken.filter_map(|(line, n)| Some((Keys::read(&line.code)?, *n)));
    match ours {
        Ours::Estimate(platform) => estimate(platform, keys),
        Ours::Key(key) => {
            let (with, all) = keys.fold((0, 0), |(with, all), (keys, n)| {
                (with + if keys.has(key) { n } else { 0 }, all + n)
            });
            (all > 0).then(|| as_float(with) / as_float(all) * 100.0)
        }
    }
}

/// A band for what is reported, from the beginning to the end of what it covers, and a line for what was counted here, by day.
fn picture(
    html: &mut Html,
    now: UnixMillis,
    title: &str,
    (one, high): (&Reported, i64),
    ours: impl Fn(UnixMillis, UnixMillis) -> Option<i64>,
) {
    let scale = Scale::over(WHOLE);
    let (until, wide) = (now.0, DAYS * 24);
    let at = |time: UnixMillis| (wide - (until - time.0) / HOUR_MS).clamp(0, wide);
    // What covers less than an hour would not be seen.
    let to = at(one.until).max(1);
    let (from, to) = (at(one.since).min(to - 1), to);
    html.put(
        r#"<svg class="spark" width="100%" height="34" viewBox="0 0 {} 2000" preserveAspectRatio="none" role="img" aria-label="{}"><path class="grid" d="M0 2000h{}"/><path class="told" d="{}"/>"#,
        &[
            &wide.to_string(),
            title,
            &wide.to_string(),
            &band(scale, &[(from, 0), (to, 0)], &[(from, high), (to, high)]),
        ],
    );
    let days = (0..DAYS).filter_map(|day| {
        let end = until - (DAYS - 1 - day) * DAY_MS;
        let n = ours(UnixMillis(end - DAY_MS), UnixMillis(end))?;
        Some((day * 24 + 12, n))
    });
    let points: Vec<(i64, i64)> = days.collect();
    if !points.is_empty() {
        html.put(r#"<path class="today" d="{}"/>"#, &[&line(scale, &points)]);
    }
    html.markup("</svg>");
}

//! What stands behind the five answers: keys, consent, latency, tests and robots, the latest copies.

use super::chart::shared;
use super::html::Html;
use super::platforms::Platforms;
use super::shell::nothing;
use super::view::Seen;
use super::words::{self, count, moment, percent, stamp, tenth};
use crate::base::match_keys::Key;
use crate::base::query::written;
use crate::base::table::Table;
use crate::quality::report::{AtDestination, Intake};

/// The match keys: how many events had them, and how many went along with them.
pub(super) fn keys(html: &mut Html, platforms: &Platforms) {
    let sent: Vec<(&str, &AtDestination)> = platforms
        .all
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.at.as_ref()?)))
        .filter(|(_, at)| at.keys.counted > 0)
        .collect();
    let Some(intake) = &platforms.intake else {
        return;
    };
    html.markup(r#"<div class="wide" tabindex="0" role="region" aria-label="Match keys, given and sent"><table class="keys"><thead><tr><th scope="col">Events</th>"#);
    for key in Key::ALL {
        html.put(r#"<th scope="col">{}</th>"#, &[words::key(key)]);
    }
    html.markup(r#"<th scope="col">Match-quality estimate</th></tr></thead><tbody><tr><th scope="row">Given by senders</th>"#);
    for key in Key::ALL {
        meter(html, intake.keys.share.get(key.as_str()).copied().flatten());
    }
    html.markup("<td></td></tr>");
    for (name, at) in sent {
        html.put(r#"<tr><th scope="row">Sent to {}</th>"#, &[name]);
        for key in Key::ALL {
            meter(html, at.keys.share.get(key.as_str()).copied().flatten());
        }
        let estimate = at.estimate.map_or_else(|| "–".to_owned(), tenth);
        html.put(r#"<td class="strong">{}</td></tr>"#, &[&estimate]);
    }
    html.markup("</tbody></table></div>");
}

/// A share with a little bar below it.
fn meter(html: &mut Html, share: Option<f64>) {
    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    let wide = (share.unwrap_or(0.0) * 100.0).round() as i64;
    html.put(
        r#"<td>{}<svg class="meter" width="100%" height="4" aria-hidden="true"><rect class="none" width="100%" height="4"/><rect class="s-good" width="{}%" height="4"/></svg></td>"#,
        &[&percent(share), &wide.to_string()],
    );
}

/// The states of one purpose, with their classes.
const CONSENT: [(&str, &str, &str); 3] = [
    ("granted", "s-good", "Granted"),
    ("denied", "s-blocked", "Denied"),
    ("unknown", "s-skipped", "Nothing said"),
];

/// What visitors decided.
pub(super) fn consent(html: &mut Html, intake: &Intake) {
    let sums = |place: usize| {
        let mut sums: Table<&str, i64> = Table::new();
        for (code, n) in intake.consent.iter() {
            let word = code.split(':').nth(place).unwrap_or_default();
            sums.change(word, |sum| *sum += n);
        }
        CONSENT.map(|(word, class, name)| (class, sums.get(word).copied().unwrap_or(0), name))
    };
    html.markup(r#"<div class="wide" tabindex="0" role="region" aria-label="Table of what visitors decided"><table class="mix"><thead><tr><th scope="col">For</th><th scope="col" class="share">Shared out</th><th scope="col">Granted</th><th scope="col">Denied</th><th scope="col">Nothing said</th></tr></thead><tbody>"#);
    for (place, name) in ["Advertising", "Analytics"].into_iter().enumerate() {
        let parts = sums(place);
        html.put(r#"<tr><th scope="row">{}</th><td class="share">"#, &[name]);
        shared(html, &format!("{name}: what visitors decided"), &parts);
        html.markup("</td>");
        for (_, n, _) in parts {
            html.put("<td>{}</td>", &[&count(n)]);
        }
        html.markup("</tr>");
    }
    html.markup("</tbody></table></div>");
}

/// How long events took.
pub(super) fn latency(html: &mut Html, platforms: &Platforms) {
    let all = || platforms.all.iter().filter_map(|one| one.at.as_ref());
    if all().all(|at| at.latency.counted == 0) {
        nothing(
            html,
            "Nothing has been timed.",
            "Every event that a platform takes is, from receipt until it had it.",
            "quality.md#what-is-counted",
            "What is counted",
        );
        return;
    }
    html.markup(r#"<p class="soft">From receipt until the platform had it.</p>"#);
    html.markup(r#"<div class="wide" tabindex="0" role="region" aria-label="Table of how long it took"><table><thead><tr><th scope="col">Destination</th><th scope="col">Half within</th><th scope="col">95 % within</th><th scope="col">Counted</th></tr></thead><tbody>"#);
    for (name, at) in platforms
        .all
        .iter()
        .filter_map(|one| Some((&one.name, one.at.as_ref()?)))
        .filter(|(_, at)| at.latency.counted > 0)
    {
        let within = |bound: Option<u32>| bound.map_or_else(|| words::within(""), words::seconds);
        html.put(
            r#"<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>"#,
            &[
                name,
                &within(at.latency.p50),
                &within(at.latency.p95),
                &count(at.latency.counted),
            ],
        );
    }
    html.markup("</tbody></table></div>");
}

/// What is in no number above but those of the law.
pub(super) fn apart(html: &mut Html, intake: Option<&Intake>) {
    let n = |code: &str| {
        let apart = intake.and_then(|intake| intake.apart.get(code).copied());
        count(apart.unwrap_or(0))
    };
    html.put(
        r#"<dl class="pairs"><div><dt>Test events</dt><dd>{}</dd></div><div><dt>Robots</dt><dd>{}</dd></div></dl><p class="soft">They are in the bars above, since the books have to balance, and in none of the other numbers.</p>"#,
        &[&n("test"), &n("bot")],
    );
}

/// The latest copies.
pub(super) fn latest(html: &mut Html, all: &[Seen]) {
    html.markup(r#"<div class="wide" tabindex="0" role="region" aria-label="Table of the latest copies"><table class="latest"><thead><tr><th scope="col">When</th><th scope="col">Event</th><th scope="col">Id</th><th scope="col">Source</th><th scope="col">What became of it</th></tr></thead><tbody>"#);
    for seen in all {
        row(html, seen);
    }
    html.markup("</tbody></table></div>");
}

fn row(html: &mut Html, seen: &Seen) {
    html.put(
        r#"<tr><td><time datetime="{}">{}</time></td><td><code>{}</code></td><td class="id"><a href="/dashboard/event?{}">{}</a></td><td>{}</td><td class="chips">"#,
        &[
            &stamp(seen.at),
            &moment(seen.at),
            &seen.event,
            &of_event(&seen.event_id),
            &seen.event_id,
            &seen.source,
        ],
    );
    for (destination, what) in &seen.became {
        chip(html, destination, what);
    }
    html.markup("</td></tr>");
}

/// What became of an event somewhere.
pub(super) fn chip(html: &mut Html, destination: &str, what: &str) {
    let (state, code) = what.split_once(':').unwrap_or((what, ""));
    let class = match state {
        "delivered" => "chip good",
        "rejected" | "dead" => "chip bad",
        "retrying" | "processing" => "chip wait",
        _ => "chip",
    };
    html.put(
        r#"<span class="{}">{} <b>{}</b>"#,
        &[class, destination, state],
    );
    if !code.is_empty() {
        html.put(" {}", &[code]);
    }
    html.markup("</span> ");
}

/// The parameters of an event's page.
pub(super) fn of_event(id: &str) -> String {
    written([("event_id", id)])
}

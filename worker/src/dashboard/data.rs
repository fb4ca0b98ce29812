//! What the pages are made of: the ledger's answers, as the core wants them.

use edgetally_core::alerts;
use edgetally_core::base::query::{parameters, written};
use edgetally_core::base::reported::Reported;
use edgetally_core::base::table::sort_many;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::dashboard::event::{Decision, Event};
use edgetally_core::dashboard::letters::{Done, Letter, Letters, Unread};
use edgetally_core::dashboard::live::{Live, Wanted};
use edgetally_core::dashboard::view::{
    Answers, Destination, Ending, Incident, Seen, Sums, Verdict, View,
};
use edgetally_core::dashboard::{Filter, Overview};
use edgetally_core::delivery::Visits;
use edgetally_core::destinations::versions;
use edgetally_core::destinations::versions::{VERSION_WARNING_DAYS, days_until};
use edgetally_core::ledger::Query;
use edgetally_core::ledger::sums::Sum;
use edgetally_core::quality::releases::Question;
use edgetally_core::settings::Settings;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{form, see};
use crate::admin::reading::{heads, read_cursor};
use crate::admin::releases::comparison;
use crate::admin::replay::{MOST_REPLAYS, offer};
use crate::admin::sums::{MOST_SUMS, line};
use crate::admin::{
    Attention, MOST_AGE_MS, ask, member, number, put, reports_unavailable, sentences, take,
};
use crate::routes::Call;
use crate::runtime::{self, Response};
use crate::state;

/// What the ledger says for the page.
#[derive(Default, Deserialize)]
struct Told {
    /// The answers to the questions, each in parts.
    answers: Vec<Vec<Vec<Sum>>>,
    notes: Vec<Value>,
    letters: Vec<Value>,
    waiting: Vec<Value>,
    incidents: Vec<Value>,
    reported: Vec<Value>,
    attention: Value,
}

/// The answers, in the order of the questions: those of arrivals last. What was sent is asked only where a platform reports.
fn answers(told: Vec<Vec<Vec<Sum>>>, reports: bool) -> Option<Answers> {
    let mut crowded = false;
    let mut sums = told.into_iter().map(|parts| -> Sums {
        crowded |= parts.iter().any(|part| part.len() > MOST_SUMS);
        parts.into_iter().flatten().filter_map(line).collect()
    });
    let (traffic, releases) = (sums.next()?, sums.next()?);
    let (platforms, coverage) = (sums.next()?, sums.next()?);
    let sent = if reports { sums.next()? } else { Sums::new() };
    let arrivals = sums.collect();
    Some(Answers {
        arrivals,
        traffic,
        releases,
        platforms,
        sent,
        coverage,
        crowded,
    })
}

async fn told(call: &Call<'_>, filter: &Filter, now: UnixMillis, reports: bool) -> Option<Told> {
    let of = filter.questions(now);
    let mut queries: Vec<Query> = vec![of.traffic, of.releases, of.platforms, of.coverage];
    queries.extend(Some(of.sent).filter(|_| reports));
    queries.extend(of.arrivals);
    let since = reports.then_some(now.0 - MOST_AGE_MS);
    let question = json!({"queries": queries, "source": filter.source, "reported_since": since});
    let text = runtime::ledger(&call.env, "/overview", &runtime::json(&question)).await;
    serde_json::from_str(&text.ok()?).ok()
}

/// The page of every morning.
pub(super) async fn overview(call: &Call<'_>) -> View {
    let now = runtime::now();
    let filter = Filter::read(call.query);
    let settings = state::settings(&call.env).ok();
    let reports = settings.is_some_and(Visits::any);
    let (mut told, there) = match told(call, &filter, now, reports).await {
        Some(told) => (told, true),
        None => (Told::default(), false),
    };
    let destinations = settings.iter().flat_map(|settings| &settings.destinations);
    let destinations = destinations.map(|one| Destination {
        name: one.name.clone(),
        platform: one.destination.facts().platform,
        paused: state::gates(|gates| {
            let (_, gate) = gates.iter().find(|(name, _)| **name == one.name)?;
            Some((gate.closed_for(now)?.into(), gate.code().to_owned()))
        }),
    });
    let sources = settings.iter().flat_map(|settings| &settings.sources);
    let letters = told.letters.iter();
    let attention = Attention::read(&told.attention);
    let tasks = sentences(&attention);
    let unreported = reports_unavailable(&call.env, &attention);
    let mut view = View {
        now,
        filter,
        destinations: destinations.collect(),
        sources: sources.clone().map(|source| source.name.clone()).collect(),
        idle: sources
            .filter(|source| source.destinations.is_empty())
            .map(|source| source.name.clone())
            .collect(),
        answers: answers(std::mem::take(&mut told.answers), reports).filter(|_| there),
        latest: told.notes.iter().map(seen).collect(),
        letters: letters
            .map(|row| (member(row, "destination").to_owned(), number(row, "n")))
            .collect(),
        tasks,
        endings: settings.map_or_else(Vec::new, |settings| endings(settings, now)),
        incidents: told.incidents.into_iter().filter_map(incident).collect(),
        waiting: told.waiting.first().map_or(0, |row| number(row, "n")),
        verdict: None,
        reported: told
            .reported
            .into_iter()
            .filter_map(Reported::read)
            .collect(),
        unreported: unreported.into_iter().collect(),
    };
    if view.filter.gate {
        view.verdict = judged(call, &view).await;
    }
    view
}

/// What the gate says of the last release. It looks back four weeks, so it is asked only where somebody wants to know.
async fn judged(call: &Call<'_>, view: &View) -> Option<Verdict> {
    let page = Overview::new(view);
    let (last, before) = page.pair()?;
    let asked = written([
        ("source", view.source()?),
        ("before", before),
        ("after", last),
    ]);
    let (question, _) = Question::of_address(&asked, "", view.now).ok()?;
    let found = comparison(&call.env, &question).await.ok()?;
    let mut sight = found.sight.iter();
    let sight = sight.find(|sight| sight.event == view.filter.event);
    Some(Verdict {
        verdict: found.verdict.as_str(),
        release: last.to_owned(),
        against: before.to_owned(),
        reason: found.reason,
        findings: found.findings.into_iter().map(|one| one.text).collect(),
        smallest: sight.and_then(|sight| sight.smallest_drop),
    })
}

/// An incident that is open.
fn incident(value: Value) -> Option<Incident> {
    let alerts::Incident { condition, .. } = alerts::Incident::read(value)?;
    Some(Incident {
        kind: condition.kind.as_str(),
        source: condition.source,
        text: condition.text,
        since: condition.since,
    })
}

/// Which credentials end soon, and which interfaces of platforms that there are destinations for; the soonest first.
fn endings(settings: &Settings, now: UnixMillis) -> Vec<Ending> {
    let used = |platform: &str| {
        let mut all = settings.destinations.iter();
        all.any(|one| one.destination.facts().platform == platform)
    };
    let near = versions(now).into_iter().filter(|of| used(of.platform));
    let mut endings: Vec<Ending> = near
        .filter_map(|of| {
            let days = of.days_left.filter(|days| *days <= VERSION_WARNING_DAYS)?;
            Some(Ending {
                what: format!("{} {}", of.platform, of.api_version),
                on: of.ends?.to_owned(),
                days,
                advice: "Deploy a release of edgetally that speaks the next version.",
            })
        })
        .collect();
    endings.extend(settings.destinations.iter().filter_map(|one| {
        let on = one.credential_ends.as_ref()?;
        let days = days_until(now, on).filter(|days| *days <= VERSION_WARNING_DAYS)?;
        Some(Ending {
            what: format!("The credential of {}", one.name),
            on: on.clone(),
            days,
            advice: "Put a new one, and its date into the settings.",
        })
    }));
    sort_many(&mut endings, |one, other| one.days < other.days);
    endings
}

/// A note of the ledger.
fn seen(row: &Value) -> Seen {
    let what: Value = serde_json::from_str(member(row, "what")).unwrap_or_default();
    let became = what.as_object().into_iter().flatten();
    Seen {
        at: UnixMillis(number(row, "at")),
        source: member(row, "source").to_owned(),
        event: member(row, "event").to_owned(),
        event_id: member(row, "event_id").to_owned(),
        became: became
            .map(|(name, what)| (name.clone(), what.as_str().unwrap_or_default().to_owned()))
            .collect(),
    }
}

/// The latest copies.
pub(super) async fn live(call: &Call<'_>) -> Live {
    let wanted = Wanted::read(call.query);
    let question = json!({
        "source": wanted.source,
        "event": wanted.event,
        "destination": wanted.destination,
        "states": wanted.states(),
        "limit": Wanted::MOST,
    });
    let notes = ask(&call.env, "/notes", &question).await;
    let away = notes.is_err();
    let notes = take(&mut notes.unwrap_or_default(), "events");
    let mut page = Live {
        now: runtime::now(),
        wanted,
        seen: notes.iter().map(seen).collect(),
        away,
        ..Live::default()
    };
    if let Ok(settings) = state::settings(&call.env) {
        let (sources, destinations) = (&settings.sources, &settings.destinations);
        page.sources = sources.iter().map(|one| one.name.clone()).collect();
        page.destinations = destinations.iter().map(|one| one.name.clone()).collect();
    }
    page
}

/// What the ledger knows of one event.
pub(super) async fn event(call: &Call<'_>) -> Event {
    let mut asked = parameters(call.query);
    let id = asked.find_map(|(name, value)| (name == "event_id").then(|| value.trim().to_owned()));
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Event::default();
    };
    let question = json!({"event_id": id, "limit": 100});
    let notes = ask(&call.env, "/notes", &question).await;
    let receipts = ask(&call.env, "/receipt", &question).await;
    let away = notes.is_err() || receipts.is_err();
    let notes = take(&mut notes.unwrap_or_default(), "events");
    let receipts = take(&mut receipts.unwrap_or_default(), "receipts");
    Event {
        id: Some(id),
        seen: notes.iter().map(seen).collect(),
        decisions: receipts.iter().map(decision).collect(),
        away,
    }
}

fn decision(line: &Value) -> Decision {
    let receipt = line.get("receipt").unwrap_or(&Value::Null);
    let signals = receipt.get("signals").and_then(Value::as_array);
    let verdicts = receipt.get("destinations").and_then(Value::as_object);
    Decision {
        at: member(receipt, "at").to_owned(),
        source: member(line, "source").to_owned(),
        signals: signals
            .into_iter()
            .flatten()
            .filter_map(|signal| signal.as_str().map(str::to_owned))
            .collect(),
        regime: member(receipt, "regime").to_owned(),
        verdicts: verdicts
            .into_iter()
            .flatten()
            .map(|(name, of)| {
                let text = |name| member(of, name).to_owned();
                (name.clone(), text("verdict"), text("code"))
            })
            .collect(),
    }
}

/// Dead letters, one page of them.
pub(super) async fn letters(call: &Call<'_>) -> Letters {
    let mut page = Letters::default();
    let mut filter = json!({"limit": 100});
    let (mut replayed, mut refused, mut too_old) = (None, 0, 0);
    for (name, value) in parameters(call.query) {
        let n = || value.parse::<u32>().ok().map(i64::from);
        match name.as_ref() {
            "destination" if !value.is_empty() => {
                page.destination = Some(value.into_owned());
            }
            "cursor" => put(&mut filter, "after", json!(read_cursor(&value))),
            "replayed" => replayed = n(),
            "refused" => refused = n().unwrap_or(0),
            "too_old" => too_old = n().unwrap_or(0),
            "dismissed" => page.done = n().map(Done::Dismissed),
            "nothing" => page.done = Some(Done::Nothing),
            "away" => page.done = Some(Done::Away),
            _ => {}
        }
    }
    if let Some(replayed) = replayed {
        page.done = Some(Done::Replayed(replayed, refused, too_old));
    }
    put(&mut filter, "destination", json!(page.destination));
    if let Ok(settings) = state::settings(&call.env) {
        let names = settings.destinations.iter().map(|one| one.name.clone());
        page.destinations = names.collect();
    }
    match heads(&call.env, &filter).await {
        Ok(mut found) => {
            page.letters = take(&mut found, "dead_letters")
                .iter()
                .map(letter)
                .collect();
            page.unread = take(&mut found, "quarantined").iter().map(unread).collect();
            let more = found.get("more").and_then(Value::as_bool) == Some(true);
            page.next = more.then(|| member(&found, "cursor").to_owned());
        }
        Err(_) => page.away = true,
    }
    page
}

fn at(row: &Value) -> UnixMillis {
    UnixMillis::parse_rfc3339(member(row, "at")).unwrap_or_default()
}

fn letter(row: &Value) -> Letter {
    let text = |name| member(row, name).to_owned();
    Letter {
        id: text("id"),
        at: at(row),
        source: text("source"),
        destination: text("destination"),
        event: text("event"),
        event_id: text("event_id"),
        state: text("state"),
        code: text("code"),
        bytes: number(row, "bytes"),
        replaying: row.get("replaying").is_some(),
    }
}

fn unread(row: &Value) -> Unread {
    Unread {
        id: member(row, "id").to_owned(),
        at: at(row),
        code: member(row, "code").to_owned(),
        bytes: number(row, "bytes"),
    }
}

/// `POST /dashboard/replay`: letters that were chosen are offered again, or forgotten.
pub(super) async fn replay(call: &Call<'_>) -> Response {
    let fields = form(call).await.unwrap_or_default();
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let chosen = fields.iter().filter(|(name, _)| name == "id");
    let ids: Vec<&str> = chosen.map(|(_, id)| id.as_str()).collect();
    let (wanted, of) = (field("do"), field("of"));
    let question = if wanted == "all" && !of.is_empty() {
        json!({"destination": of, "limit": MOST_REPLAYS})
    } else {
        json!({"ids": ids, "limit": MOST_REPLAYS})
    };
    let done = if ids.is_empty() && wanted != "all" {
        "nothing=1".to_owned()
    } else if wanted == "dismiss" {
        match ask(&call.env, "/dismiss", &question).await {
            Ok(mut gone) => format!("dismissed={}", take(&mut gone, "gone").len()),
            Err(_) => "away=1".to_owned(),
        }
    } else {
        match offer(&call.env, question, MOST_REPLAYS as usize).await {
            Ok(offered) => format!(
                "replayed={}&refused={}&too_old={}",
                offered.sent.len(),
                offered.unsent.len(),
                offered.refused.len()
            ),
            Err(_) => "away=1".to_owned(),
        }
    };
    let of = written([("destination", of)]);
    see(&format!("/dashboard/dead-letters?{of}&{done}"), None)
}

//! Outcomes as lines of JSON: they say what the counts say, and whose.

use std::collections::BTreeSet;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::ledger::movement::{Movement, Step};
use edgetally_core::ledger::outcomes::portions;
use edgetally_core::ledger::{Counts, Line, Report, State};
use edgetally_core::queue::envelope::{self, Message, close_report};
use edgetally_core::settings::Settings;
use serde_json::{Value, json};

use crate::support::{NOW, platform_settings, shop};
use crate::world::*;

fn settings(names: &[&str], more: &Value) -> Settings {
    let all: Vec<_> = names
        .iter()
        .map(|name| (*name, platform_settings(name)))
        .collect();
    shop(&all, &Value::Null, more).exporting(true)
}

fn line(destination: &str, state: State, code: &str) -> Line {
    Line {
        hour: NOW.hour(),
        source: "shop".to_owned(),
        release: String::new(),
        event: "purchase".to_owned(),
        destination: destination.to_owned(),
        state,
        code: code.to_owned(),
        worker: String::new(),
    }
}

fn report(counts: &[(Line, i64)], moved: Vec<Movement>) -> Report {
    let mut sum = Counts::default();
    for (line, n) in counts {
        sum.add(line.clone(), *n);
    }
    Report {
        id: "e1".to_owned(),
        counts: sum,
        moved,
        ..Report::default()
    }
}

fn movement(id: &str, steps: Vec<Step>) -> Movement {
    Movement {
        received: UnixMillis(NOW.0 + 1),
        source: "shop".to_owned(),
        event: "purchase".to_owned(),
        event_id: id.to_owned(),
        value: "129.90".to_owned(),
        currency: "EUR".to_owned(),
        kind: "page".to_owned(),
        attempt: Some(2),
        took: Some(1250),
        steps,
        ..Movement::default()
    }
}

fn lines(report: &Report) -> Vec<Value> {
    let key = |of: &Movement| Some(format!("key of {}", of.event_id));
    let portions = portions(&[report], UnixMillis(NOW.0 + 2000), key);
    let each = portions.iter().flat_map(|portion| portion.text.lines());
    each.map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_line_says_all_that_is_known() {
    let counted = report(
        &[
            (line("meta", State::Retrying, ""), -1),
            (line("meta", State::Delivered, "fine"), 1),
            (line("meta", State::Keys, "en"), 1),
        ],
        vec![movement(
            "o-1",
            vec![
                Step::out_of("meta", State::Retrying, ""),
                Step::into("meta", State::Delivered, "fine"),
            ],
        )],
    );
    let found = lines(&counted);
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[1],
        json!({
            "at": "2026-11-22T10:15:33.000Z", "received_hour": "2026-11-22T10:00:00.000Z",
            "received_at": "2026-11-22T10:15:31.001Z", "source": "shop", "release": "", "worker": "",
            "event": "purchase", "event_key": "key of o-1", "destination": "meta", "state": "delivered",
            "code": "fine", "n": 1, "kind": "page", "apart": null, "attempt": 2, "latency_s": 1.25,
            "value": 129.9, "currency": "EUR",
        })
    );
    // What is left takes a line back, and nothing was delivered with it.
    assert_eq!(
        (&found[0]["state"], &found[0]["n"], &found[0]["latency_s"]),
        (&json!("retrying"), &json!(-1), &Value::Null)
    );
    // As it travels.
    let text = serde_json::to_string(&counted).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), counted);
}

#[test]
fn whatever_a_report_says_of_whose_its_counts_are_the_sums_are_its_counts() {
    let counts = [
        (line("meta", State::Delivered, ""), 2),
        (line("meta", State::Retrying, ""), -3),
        (line("", State::Malformed, "x"), 4),
        (line("", State::Removed, "y"), 9),
        (line("meta", State::Accepted, ""), 2),
    ];
    let into = |state, code: &str| Step::into("meta", state, code);
    for moved in [
        vec![],
        vec![movement("a", vec![into(State::Delivered, "")])],
        // Of others, too many, another code, the wrong way.
        vec![
            movement("a", vec![into(State::Delivered, ""); 5]),
            movement(
                "b",
                vec![into(State::Dead, ""), into(State::Delivered, "z")],
            ),
            movement(
                "c",
                vec![
                    into(State::Retrying, ""),
                    Step::out_of("ga4", State::Retrying, ""),
                ],
            ),
            movement(
                "d",
                vec![Step {
                    n: 0,
                    ..into(State::Delivered, "")
                }],
            ),
            movement(
                "e",
                vec![Step {
                    n: -3,
                    ..into(State::Retrying, "")
                }],
            ),
        ],
    ] {
        let of = report(&counts, moved);
        let sum = |destination: &str, state: &str| -> i64 {
            let found = lines(&of);
            let found = found
                .iter()
                .filter(|line| line["destination"] == destination && line["state"] == state);
            found.map(|line| line["n"].as_i64().unwrap()).sum()
        };
        assert_eq!(
            (
                sum("meta", "delivered"),
                sum("meta", "retrying"),
                sum("", "malformed"),
                sum("meta", "dead"),
                sum("ga4", "retrying")
            ),
            (2, -3, 4, 0, 0),
            "{of:?}"
        );
        // No part of events, and what a destination accepted is the sum of its states.
        let told: BTreeSet<String> = lines(&of)
            .iter()
            .map(|line| line["state"].to_string())
            .collect();
        assert_eq!(told.len(), 3, "{told:?}");
    }
}

#[test]
fn portions_are_of_one_hour_and_source_and_no_larger_than_a_row_may_be() {
    let mut counts = Vec::new();
    for n in 0..2000 {
        let mut one = line("meta", State::Dead, &format!("{}{n}", "c".repeat(100)));
        one.hour.0 += i64::from(n % 2) * 3_600_000;
        one.source = ["shop", "app"][n as usize % 3 % 2].to_owned();
        counts.push((one, 1));
    }
    let all = portions(&[&report(&counts, Vec::new())], NOW, |_| None);
    assert!(all.len() > 4);
    assert_eq!(all.iter().map(|one| one.lines).sum::<i64>(), 2000);
    for portion in &all {
        assert!(portion.text.len() < 300_000, "{}", portion.text.len());
        assert_eq!(portion.text.lines().count() as i64, portion.lines);
        let hour = portion.hour.to_rfc3339();
        for text in portion.text.lines() {
            let line: Value = serde_json::from_str(text).unwrap();
            assert_eq!(
                (line["received_hour"].as_str(), line["source"].as_str()),
                (Some(hour.as_str()), Some(portion.source.as_str()))
            );
        }
    }
}

#[test]
fn what_goes_and_what_intake_decides_is_told_by_event_and_only_where_it_is_exported() {
    let names = ["meta", "ga4", "webhook"];
    let mut events = events("purchase", 4);
    events[1]["consent"] = json!({"ad_user_data": "denied", "ad_storage": "denied", "ad_personalization": "denied", "analytics_storage": "granted"});
    events[2]["event_id"] = events[0]["event_id"].clone();
    events[3] = json!({"event": "purchase"});
    let all = settings(&names, &Value::Null);
    let mut world = World::new(&all);
    world.send(&events, "e1");
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    world.check_outcomes();
    let of = |id: &Value| -> Vec<String> {
        let lines = world
            .outcomes
            .iter()
            .filter(|line| &line["event_key"] == id);
        let mut told: Vec<String> = lines
            .map(|line| {
                [&line["destination"], &line["state"], &line["kind"]]
                    .map(|text| text.as_str().unwrap_or("-"))
                    .join(" ")
            })
            .collect();
        told.sort();
        told
    };
    assert_eq!(
        of(&events[0]["event_id"]),
        [
            " accepted server",
            " accepted server",
            "ga4 delivered server",
            "ga4 duplicate server",
            "meta delivered server",
            "meta duplicate server",
            "webhook delivered server",
            "webhook duplicate server",
        ]
    );
    assert_eq!(
        of(&events[1]["event_id"]),
        [
            " accepted server",
            "ga4 delivered server",
            "meta blocked server",
            "webhook blocked server"
        ]
    );
    assert_eq!(of(&Value::Null), [" malformed -"]);

    let quiet = shop(
        &names.map(|name| (name, platform_settings(name))),
        &Value::Null,
        &Value::Null,
    );
    let mut same = World::new(&quiet);
    same.send(&events, "e1");
    assert!(
        same.queue
            .iter()
            .all(|(_, _, text)| !text.contains("\"moved\""))
    );
    same.run(&mut |outgoing, _| Some(received(outgoing)));
    same.check_outcomes();
    assert!(same.outcomes.iter().all(|line| line["event_key"].is_null()));
}

#[test]
fn a_large_batch_is_told_in_parts_that_messages_have_room_for_each_with_its_own_counts() {
    let all = settings(&["meta", "ga4", "webhook"], &Value::Null);
    let mut world = World::new(&all);
    let mut events = events("purchase", 400);
    for (n, event) in events.iter_mut().enumerate() {
        event["consent"] = json!({"ad_user_data": "denied", "ad_storage": "denied", "ad_personalization": "denied", "analytics_storage": "denied"});
        event["release"] = json!(format!("web-{}", n % 7));
    }
    world.send(&events, "e1");
    assert!(world.queue.len() > 5, "{}", world.queue.len());
    for (_, _, text) in &world.queue {
        assert!(text.len() <= envelope::LARGEST, "{}", text.len());
        let (counts, moved) = match envelope::open(text).unwrap() {
            Message::Events(envelope) => (envelope.counts, envelope.moved),
            Message::Report(report) => (report.counts, report.moved),
        };
        // What is told of an event stands with its counts.
        let told = report(
            &counts
                .iter()
                .map(|(line, n)| (line.clone(), n))
                .collect::<Vec<_>>(),
            moved,
        );
        assert!(lines(&told).iter().all(|line| !line["event_key"].is_null()));
    }
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    world.check_outcomes();
    let keys: BTreeSet<String> = world
        .outcomes
        .iter()
        .map(|line| line["event_key"].to_string())
        .collect();
    assert_eq!(keys.len(), 400);
}

#[test]
fn reports_stay_as_large_as_a_queue_takes_whatever_they_tell() {
    let names = [
        "meta",
        "ga4",
        "google_ads",
        "webhook",
        "tiktok",
        "pinterest",
    ];
    let all = settings(&names, &json!({"delivery": {"max_attempts": 1}}));
    let mut world = World::new(&all);
    world.send(&events("purchase", 500), "e1");
    let texts: Vec<String> = world
        .queue
        .iter()
        .map(|(_, _, text)| text.clone())
        .collect();
    for text in &texts {
        if !matches!(envelope::open(text), Ok(Message::Events(_))) {
            continue;
        }
        let envelopes = crate::support::envelopes(std::slice::from_ref(text));
        let gates = world.gates.clone();
        let mut delivery = edgetally_core::delivery::Delivery::new(&all, &envelopes, &gates, NOW);
        world.fly(&mut delivery, &mut |_, _| Some(reply(500, "{}")));
        for effects in delivery.finish(NOW) {
            for report in &effects.reports {
                assert!(close_report(report).len() <= Report::LARGEST);
            }
        }
    }
    world.run(&mut |_, _| Some(reply(500, "{}")));
    world.check_outcomes();
    assert!(
        world
            .outcomes
            .iter()
            .all(|line| !line["event_key"].is_null())
    );
}

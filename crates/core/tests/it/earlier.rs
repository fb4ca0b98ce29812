//! What 0.1.0 left in the queue and in the ledger. `messages-0.1.0.json` was written by that release: one request of four
//! events, what it left for another try, and the report of a delivery that went well, was refused, failed and was taken
//! in for a later verdict.

use edgetally_core::delivery::{Delivery, Gates, Polling, releases, replay};
use edgetally_core::exchange::http::Reply;
use edgetally_core::ledger::{Counts, Report, State, balance};
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::Settings;
use serde_json::{Value, json};

use crate::support::{NOW, envelopes, fixtures, platform_settings, read, shop};

fn recorded(what: &str) -> Vec<String> {
    let all: Value = serde_json::from_str(&read(&fixtures().join("messages-0.1.0.json"))).unwrap();
    serde_json::from_value(all[what].clone()).unwrap()
}

fn settings() -> Settings {
    let all = ["meta", "ga4", "google_ads", "tiktok", "webhook"];
    let all = all.map(|name| (name, platform_settings(name)));
    shop(&all, &Value::Null, &Value::Null)
}

/// Delivers messages where everything is taken. Gives the platforms that were asked, with what they were sent, and the
/// reports.
fn delivered(messages: &[String]) -> (Vec<(String, String)>, Vec<Report>) {
    let (settings, envelopes) = (settings(), envelopes(messages));
    let mut gates = Gates::new();
    let mut delivery = Delivery::new(&settings, &envelopes, &gates, NOW);
    let mut sent = Vec::new();
    while let Some(outgoing) = delivery.next(&mut gates, NOW) {
        if !outgoing.request.uri().path().contains("token") {
            let body = String::from_utf8_lossy(outgoing.request.body()).into_owned();
            sent.push((outgoing.destination.clone(), body));
        }
        let body = json!({"access_token": "FIXTURE_TOKEN", "expires_in": 3600, "requestId": "r1", "events_received": 2, "code": 0});
        let reply = Reply {
            status: 200,
            retry_after: None,
            body: body.to_string().into_bytes(),
        };
        delivery.answer(outgoing.ticket, &Ok(reply), &mut gates, NOW);
    }
    let effects = delivery.finish(NOW);
    assert!(effects.iter().all(|after| after.messages.is_empty()));
    let reports = effects.into_iter().flat_map(|after| after.reports);
    (sent, reports.collect())
}

fn report() -> Report {
    match envelope::open(&recorded("reports")[0]).unwrap() {
        Message::Report(report) => report,
        Message::Events(_) => panic!("the message is a report"),
    }
}

#[test]
fn events_of_0_1_0_in_the_queue_are_delivered() {
    let (sent, reports) = delivered(&recorded("events"));
    for name in ["meta", "ga4", "google_ads", "tiktok", "webhook"] {
        let to =
            |(destination, body): &&(String, String)| destination == name && body.contains("o1");
        assert_eq!(sent.iter().filter(to).count(), 1, "{name}: {sent:?}");
    }
    // Everything that the old release had read stands in what is sent.
    let all = sent
        .iter()
        .map(|(_, body)| body.as_str())
        .collect::<String>();
    for part in [
        "129.9",
        "410.5",
        "SKU-44",
        "EUR",
        "1380133182.1764792191",
        "198.51.100.7",
        "Mozilla/5.0",
        "utm_source=news",
        "fb.1.1795000000000.1098115397",
        "fb.1.1795342531000.IwAR0example_fbclid",
        "Cj0KCQiAexample_gclid",
        "6c1939d80f0799c77ea86dc9d132d2ffe9aa32d61f8891a17a4ee067826fe505",
        "AUTUMN",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let mut counts = Counts::default();
    for report in &reports {
        counts.merge(&report.counts);
    }
    for balance in balance(counts.iter().map(|(line, n)| (line.clone(), n))) {
        assert_eq!((balance.accepted, balance.remainder), (3, 0), "{balance:?}");
    }
}

#[test]
fn what_0_1_0_wanted_to_try_again_is_delivered_and_comes_down_in_the_ledger() {
    let (sent, reports) = delivered(&recorded("again"));
    assert!(sent.iter().all(|(name, _)| name == "tiktok") && !sent.is_empty());
    let mut counts = report().counts;
    for report in &reports {
        counts.merge(&report.counts);
    }
    for balance in balance(counts.iter().map(|(line, n)| (line.clone(), n))) {
        assert_eq!(balance.remainder, 0, "{balance:?}");
    }
    assert!(
        counts
            .iter()
            .all(|(line, n)| line.state != State::Retrying || n == 0)
    );
}

#[test]
fn a_report_of_0_1_0_has_letters_that_can_be_replayed_and_receipts_that_can_be_asked_about() {
    let (settings, report) = (settings(), report());
    assert_eq!(
        (report.dead.len(), report.pending.len(), report.notes.len()),
        (2, 1, 5)
    );
    // The test event made no claim; the purchase has one key, its order's.
    assert_eq!(releases(&settings, &[&report]).len(), 1);
    for letter in &report.dead {
        let (sent, _) = delivered(&[replay(letter, 1).unwrap().message]);
        assert_eq!(sent.len(), 1);
        assert!(
            sent[0].0 == "meta" && sent[0].1.contains(&letter.event_id),
            "{sent:?}"
        );
    }
    let mut polling = Polling::new(&settings, &report.pending);
    let outgoing = polling.next(&mut Gates::new(), NOW).unwrap();
    assert_eq!(outgoing.destination, "google_ads");
}

//! Every golden event against every destination, and every reply that a platform documents.
//!
//! The snapshots are read by people: a change of one is a change of what leaves the house.

use edgetally_core::destinations::ALL;
use edgetally_core::destinations::input::Input;
use edgetally_core::exchange::http::Reply;
use edgetally_core::exchange::outcome::{Answer, Outcome};
use edgetally_core::intake::Visit;
use insta::assert_snapshot;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::{
    NOW, envelopes, files, fixtures, plan, platform_settings, requests, shop, show,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Golden<'a> {
    about: String,
    #[serde(default)]
    pub(crate) source: Value,
    #[serde(default)]
    pub(crate) visit: Option<Visitor>,
    #[serde(borrow)]
    pub(crate) event: &'a RawValue,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Visitor {
    ip: Option<String>,
    user_agent: Option<String>,
    referer: Option<String>,
    cookies: Option<String>,
    gpc: bool,
    country: Option<String>,
    region: Option<String>,
}

impl Visitor {
    pub(crate) fn visit(&self) -> Visit<'_> {
        Visit {
            ip: self.ip.as_deref(),
            user_agent: self.user_agent.as_deref(),
            referer: self.referer.as_deref(),
            cookies: self.cookies.as_deref(),
            gpc: self.gpc,
            country: self.country.as_deref(),
            region: self.region.as_deref(),
        }
    }
}

fn snapshot(name: &str, about: &str, text: &str) {
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => about,
    }, { assert_snapshot!(name, text) });
}

#[test]
fn every_golden_event_reaches_every_destination_as_recorded() {
    let events = files(&fixtures().join("events"));
    assert!(events.len() >= 12);
    for entry in ALL {
        for (name, text) in &events {
            let golden: Golden<'_> = serde_json::from_str(text).unwrap();
            let settings = shop(
                &[(entry.platform, platform_settings(entry.platform))],
                &golden.source,
                &Value::Null,
            );
            let visit = golden.visit.as_ref().map(Visitor::visit);
            let plan = plan(&settings, visit.as_ref(), golden.event.get());
            let answer: Value = serde_json::from_str(plan.answer.text()).unwrap();
            let verdict = &answer["results"][0]["destinations"][entry.platform];
            let mut shown = format!("{}\n", verdict.as_str().unwrap());
            for (_, request) in requests(&settings, &plan.messages, NOW) {
                shown.push('\n');
                shown.push_str(&show(&request));
            }
            // A page is told `received`.
            assert_eq!(
                verdict == "queued" || verdict == "received",
                shown.contains("POST "),
                "{name} at {}",
                entry.platform
            );
            snapshot(
                &format!("{}__{name}", entry.platform),
                &golden.about,
                &shown,
            );
        }
    }
}

/// What intake tells the sender of each golden event, with every destination at once.
#[test]
fn every_golden_event_is_answered_as_recorded() {
    for (name, text) in files(&fixtures().join("events")) {
        let golden: Golden<'_> = serde_json::from_str(&text).unwrap();
        let settings = crate::support::all_platforms(&golden.source);
        let visit = golden.visit.as_ref().map(Visitor::visit);
        let plan = plan(&settings, visit.as_ref(), golden.event.get());
        snapshot(
            &format!("answer__{name}"),
            &golden.about,
            &crate::support::spread(plan.answer.text()),
        );
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredReply {
    about: String,
    status: u16,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    test: bool,
    batch: usize,
    body: Value,
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Delivered => "delivered".to_owned(),
        Outcome::Remarked { code } => format!("delivered, {code}"),
        Outcome::Processing { receipt } => format!("processing {receipt}"),
        Outcome::Rejected { code } => format!("rejected {code}"),
        Outcome::Retry { code, after: None } => format!("retry {code}"),
        Outcome::Retry {
            code,
            after: Some(seconds),
        } => format!("retry {code} after {seconds} s"),
        Outcome::Unauthorized { code } => format!("unauthorised {code}"),
    }
}

fn answer(answer: &Answer) -> String {
    match answer {
        Answer::All(all) => format!("all: {}", outcome(all)),
        Answer::Each(each) => format!(
            "each: {}",
            each.iter().map(outcome).collect::<Vec<_>>().join(", ")
        ),
        Answer::Isolate(those) => {
            let those: Vec<_> = those
                .iter()
                .map(|(place, fault)| format!("{place} {}", outcome(fault)))
                .collect();
            format!("isolate: {}", those.join(", "))
        }
        Answer::Split(fault) => format!("split, down to: {}", outcome(fault)),
    }
}

/// One line for each stored reply of a platform.
#[test]
fn every_documented_reply_is_read_as_recorded() {
    for entry in ALL {
        let settings = shop(&[("it", it(entry.platform))], &Value::Null, &Value::Null);
        let destination = &settings.destination("it").unwrap().destination;
        let mut lines = String::new();
        let replies = files(
            &fixtures()
                .join("destinations")
                .join(entry.platform)
                .join("replies"),
        );
        assert!(!replies.is_empty(), "{} has no replies", entry.platform);
        for (name, text) in replies {
            let stored: StoredReply = serde_json::from_str(&text).unwrap();
            assert!(
                name.starts_with(&stored.status.to_string()),
                "{name} is named for its status: {}",
                stored.about
            );
            let events: Vec<Value> = (0..stored.batch)
                .map(|n| {
                    json!({
                        "event": "contact", "event_id": format!("r-{n}"), "test": stored.test, "action_source": "email",
                        "user": {"email": "reply@reader.example"}, "context": {"client_id": "12.34"},
                        "consent": {"ad_user_data": "granted", "analytics_storage": "granted"},
                    })
                })
                .collect();
            let plan = plan(&settings, None, &Value::from(events).to_string());
            let envelopes = envelopes(&plan.messages);
            let batch: Vec<Input<'_>> = envelopes
                .iter()
                .flat_map(|envelope| &envelope.parcels)
                .map(|parcel| Input::new(parcel, parcel.legs[0].grant))
                .collect();
            assert_eq!(batch.len(), stored.batch);
            let body = match &stored.body {
                Value::String(text) => text.clone(),
                json => json.to_string(),
            };
            let retry_after = stored
                .headers
                .get("retry-after")
                .and_then(|value| Reply::parse_retry_after(value, NOW));
            let reply = Reply {
                status: stored.status,
                retry_after,
                body: body.into_bytes(),
            };
            lines.push_str(&format!(
                "{name}: {}\n",
                answer(&destination.read(&batch, &reply))
            ));
        }
        snapshot(&format!("replies__{}", entry.platform), "", &lines);
    }
}

fn it(platform: &str) -> Value {
    let mut settings = platform_settings(platform);
    settings["platform"] = json!(platform);
    settings
}

#[test]
fn a_property_named_like_an_amount_or_a_list_does_not_pass_for_one() {
    use edgetally_core::base::time::UnixMillis;
    use edgetally_core::delivery::{Delivery, Gates};

    use edgetally_core::queue::envelope::{self, Message};
    use edgetally_core::settings::Settings;

    let settings = Settings::load(
        r#"{"sources": {"shop": {"secret": "SHOP_SECRET", "destinations": ["meta", "ga4"]}},
            "destinations": {"meta": {"dataset_id": "1234567890123456"}, "ga4": {"measurement_id": "G-9ABCDE1234"}}}"#,
        &|name| Some(format!("a secret called {name}, long enough")),
    )
    .unwrap();
    let body = br#"{"event": "contact", "event_id": "c-1", "action_source": "email", "user": {"email": "ada@mail.example"},
        "context": {"client_id": "1380133182.1764792191"}, "consent": {"ad_user_data": "granted", "analytics_storage": "granted"},
        "properties": {"value": 12, "currency": "EUR", "items": 3, "contents": "x", "content_ids": "y", "topic": "lamps"}}"#;
    let now = UnixMillis(1_795_342_531_000);
    let batch = edgetally_core::intake::native::batch(
        &settings,
        settings.source("shop").unwrap(),
        None,
        body,
        now,
    )
    .unwrap();
    let plan = batch.finish(|_| None, "a1");
    let Ok(Message::Events(envelope)) = envelope::open(&plan.messages[0]) else {
        panic!("the message does not open")
    };
    let envelopes = [envelope];
    let mut gates = Gates::new();
    let mut delivery = Delivery::new(&settings, &envelopes, &gates, now);
    let mut sent = 0;
    while let Some(flight) = delivery.next(&mut gates, now) {
        sent += 1;
        let text = String::from_utf8(flight.request.body().clone()).unwrap();
        assert!(text.contains(r#""topic":"lamps""#), "{text}");
        for name in ["value", "currency", "contents", "content_ids"] {
            let kept = flight.destination == "ga4" && name.starts_with("content");
            assert_eq!(
                text.contains(&format!("\"{name}\":")),
                kept,
                "{name} in {text}"
            );
        }
    }
    assert_eq!(sent, 2);
}

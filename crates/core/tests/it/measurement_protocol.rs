//! GA4's Measurement Protocol on its way in: who may send, what an event is known by, and what is only looked at.

use std::collections::BTreeMap;

use edgetally_core::dedup::{Claim, ClaimKey};
use edgetally_core::intake::measurement_protocol::{DEBUG, FORMAT, read};
use edgetally_core::intake::{Arrival, Batch, Format, Headers, Plan, Visit, native};
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, platform_settings, secret, shop};

const QUERY: &str =
    "api_secret=FIXTURE_COLLECT_SECRET_0123456789abcdef&measurement_id=G-9ABCDE1234";

fn settings() -> Settings {
    let all = ["webhook", "ga4", "meta"].map(|name| (name, platform_settings(name)));
    let collect = json!({"measurement_id": "G-9ABCDE1234", "api_secret": "COLLECT_SECRET"});
    let source = json!({"measurement_protocol": collect, "consent": "implied"});
    shop(&all, &source, &Value::Null)
}

fn arrival<'a>(query: &'a str, body: &'a str) -> Arrival<'a> {
    Arrival {
        path: "/mp/collect",
        query,
        headers: Headers::default(),
        ..Arrival::of_body(body.as_bytes(), NOW)
    }
}

type Store = BTreeMap<ClaimKey, Claim>;

/// One request through the door, with what is claimed already; what it claims itself is added.
fn send(format: &'static Format, body: &str, store: &mut Store) -> Plan {
    let settings = settings();
    let arrival = arrival(QUERY, body);
    let caller = (format.recognise)(&settings, &arrival).unwrap();
    let batch = Batch::open(format, &settings, caller.source, None, &arrival).unwrap();
    let plan = batch.finish(|key| store.get(&key).cloned(), "e1");
    for made in &plan.claims {
        store.insert(made.key, made.claim.clone());
    }
    plan
}

fn results(plan: &Plan) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&plan.answer.body).unwrap_or_default();
    body["results"].as_array().cloned().unwrap_or_default()
}

fn body(events: &Value) -> String {
    json!({"client_id": "1380133182.1764792191", "events": events}).to_string()
}

/// The ids of a body's events.
fn ids(body: &str) -> Vec<String> {
    let events = read(&arrival("", body)).unwrap();
    let id = |event: Result<edgetally_core::event::Event<'_>, _>| {
        event.map(|event| event.id.as_str().to_owned()).unwrap()
    };
    events.into_iter().map(id).collect()
}

/// Without the stream's secret nobody is recognised, and neither is a sender who has one but names another's stream.
#[test]
fn a_stream_and_its_secret_open_the_door_together() {
    let one = json!({"measurement_id": "G-ONE", "api_secret": "ONE_SECRET"});
    let app = json!({"firebase_app_id": "1:2:ios:3", "api_secret": "TWO_SECRET"});
    let source = |collect: &Value| json!({"measurement_protocol": collect, "destinations": []});
    let all = json!({"sources": {"one": source(&one), "two": source(&app)}, "destinations": {}});
    let settings = Settings::load(&all.to_string(), &secret).unwrap();
    let (first, second) = (
        "FIXTURE_ONE_SECRET_0123456789abcdef",
        "FIXTURE_TWO_SECRET_0123456789abcdef",
    );
    for (query, told) in [
        (format!("measurement_id=G-ONE&api_secret={first}"), "one"),
        // Escaped, as some clients write whatever they are given.
        (format!("measurement_id=G%2DONE&api_secret={first}"), "one"),
        (
            format!("firebase_app_id=1%3A2%3Aios%3A3&api_secret={second}"),
            "two",
        ),
        (
            format!("measurement_id=G-ONE&api_secret={second}"),
            "secret_unknown",
        ),
        (
            format!("firebase_app_id=1%3A2%3Aios%3A3&api_secret={first}"),
            "secret_unknown",
        ),
        (
            format!("measurement_id=G-TWO&api_secret={first}"),
            "secret_unknown",
        ),
        (
            format!("measurement_id=G-ONE&api_secret={first}x"),
            "secret_unknown",
        ),
        (
            "measurement_id=G-ONE&api_secret=".to_owned(),
            "credentials_missing",
        ),
        ("measurement_id=G-ONE".to_owned(), "credentials_missing"),
        (format!("api_secret={first}"), "credentials_missing"),
        (
            format!("measurement_id=&api_secret={first}"),
            "credentials_missing",
        ),
        (String::new(), "credentials_missing"),
    ] {
        let told_now = match (FORMAT.recognise)(&settings, &arrival(&query, "")) {
            Ok(caller) => {
                assert!(!caller.is_page(), "a server's copy is worth a server's");
                caller.source.name.clone()
            }
            Err(code) => code.as_str().to_owned(),
        };
        assert_eq!(told_now, told, "{query}");
    }
}

/// A page sends its order natively, the shop's server the same order as it sends it to Google.
#[test]
fn an_order_that_a_page_has_sent_is_met() {
    let settings = settings();
    let mut store = Store::new();
    let page = json!({"event": "purchase", "transaction_id": "118842", "value": 129.90, "currency": "EUR",
        "context": {"client_id": "1380133182.1764792191", "page_url": "https://shop.example/thanks"}});
    let page = page.to_string();
    let source = settings.source("shop").unwrap();
    let visit = Visit::default();
    let first = native::batch(&settings, source, Some(&visit), page.as_bytes(), NOW).unwrap();
    for made in first.finish(|_| None, "e0").claims {
        store.insert(made.key, made.claim);
    }
    assert!(!store.is_empty());
    let params = |value: &str| {
        format!(
            r#"{{"client_id": "1380133182.1764792191", "events": [{{"name": "purchase", "params": {{
                "transaction_id": "118842", "currency": "EUR", "value": {value}, "page_location": "https://shop.example/thanks"}}}}]}}"#
        )
    };
    let plan = send(&FORMAT, &params("129.90"), &mut store);
    assert_eq!(plan.answer.status, 200, "what is held back is told");
    assert_eq!(results(&plan)[0]["status"], "duplicate");
    assert_eq!(results(&plan)[0]["event_id"], "118842");
    // The server knows better what the order came to.
    let plan = send(&FORMAT, &params("119.90"), &mut Store::clone(&store));
    assert_eq!(results(&plan)[0]["code"], "conflict");
    assert!(plan.messages.concat().contains("119.90"));
}

#[test]
fn an_event_without_an_id_is_known_by_who_when_and_what() {
    let timed = |micros: &str, event: &str| {
        format!(r#"{{"client_id": "1.2", "timestamp_micros": {micros}, "events": [{event}]}}"#)
    };
    let event = r#"{"name": "sign_up", "params": {"method": "form"}}"#;
    let first = ids(&timed("1795342500123456", event));
    assert_eq!(first, ids(&timed("1795342500123456", event)), "a retry");
    assert_eq!(
        first,
        ids(&timed("\"1795342500123456\"", event)),
        "in a text, as protocol buffers write it"
    );
    assert!(first[0].starts_with("mp-") && first[0].len() == 35);
    for other in [
        timed("1795342500123457", event),
        timed("1795342500123456", &event.replace("form", "phone")),
        timed("1795342500123456", event).replace("1.2", "1.3"),
        timed("1795342500123456", event).replace("\"client_id\"", "\"user_id\""),
    ] {
        assert_ne!(first, ids(&other), "{other}");
    }
    // Two that are alike in one request are two, and the same two when they come again.
    let twins = format!("{event},{event}");
    let both = ids(&timed("1795342500123456", &twins));
    assert_eq!(both, [first[0].clone(), format!("{}-2", first[0])]);
    assert_eq!(both, ids(&timed("1795342500123456", &twins)));
    // An id of the sender's own goes before.
    let own = json!([{"name": "sign_up", "params": {"event_id": "s-7"}}]);
    assert_eq!(ids(&body(&own)), ["s-7"]);
}

/// Nobody can tell a retry from a second event that came without an id and a time; the answer says so.
#[test]
fn what_an_id_was_made_of_is_told() {
    let event = json!([{"name": "sign_up", "params": {"method": "form"}}]);
    let code = |body: &str| {
        let plan = send(&FORMAT, body, &mut Store::new());
        assert_eq!(plan.answer.status, 200);
        results(&plan)[0]["changed"].clone()
    };
    let told = |code: &str| json!([{"path": "params.event_id", "code": code}]);
    assert_eq!(code(&body(&event)), told("id_of_arrival"));
    let timed = body(&event).replace(
        "{\"client_id",
        "{\"timestamp_micros\": 1795342500123456, \"client_id",
    );
    assert_eq!(code(&timed), told("id_derived"));
    let later = Arrival {
        now: edgetally_core::base::time::UnixMillis(NOW.0 + 1),
        ..arrival("", "")
    };
    let untimed = body(&event);
    let again = read(&Arrival {
        body: untimed.as_bytes(),
        ..later
    })
    .unwrap();
    assert_ne!(
        ids(&untimed),
        [again[0].as_ref().unwrap().id.as_str().to_owned()]
    );
}

#[test]
fn money_leaves_as_it_was_written() {
    for (written, told) in [
        ("129.90", Ok("129.90")),
        ("\"129.90\"", Ok("129.90")),
        ("0.10", Ok("0.10")),
        ("1e2", Ok("1e2")),
        ("\"129,90\"", Err("value_invalid")),
        ("\"EUR 5\"", Err("value_invalid")),
        ("[5]", Err("value_invalid")),
        ("-5", Err("value_out_of_range")),
        ("\"\"", Err("value_missing")),
        ("null", Err("value_missing")),
        ("\"undefined\"", Err("value_missing")),
    ] {
        let body = format!(
            r#"{{"events": [{{"name": "purchase", "params": {{"transaction_id": "a", "currency": "EUR", "value": {written}}}}}]}}"#
        );
        let events = read(&arrival("", &body)).unwrap();
        let amount = match &events[0] {
            Ok(event) => Ok(event.money.as_ref().unwrap().amount.as_str()),
            Err(error) => {
                assert_eq!(error.path, "params.value");
                Err(error.code.as_str())
            }
        };
        assert_eq!(amount, told, "{written}");
    }
}

#[test]
fn a_time_is_one_in_microseconds() {
    let time = |written: &str| {
        let body = format!(
            r#"{{"timestamp_micros": {written}, "events": [{{"name": "sign_up", "params": {{"event_id": "a"}}}}]}}"#
        );
        let mut events = read(&arrival("", &body)).unwrap();
        events
            .remove(0)
            .map(|event| event.time.0)
            .map_err(|error| (error.code.as_str(), error.path))
    };
    for written in [
        "1795342500123456",
        "\"1795342500123456\"",
        "1795342500123456.0",
    ] {
        assert_eq!(time(written), Ok(1_795_342_500_123), "{written}");
    }
    for nothing in ["null", "\"\"", "\"{{timestamp}}\""] {
        assert_eq!(time(nothing), Ok(NOW.0), "{nothing}");
    }
    for wrong in [
        "1795342500123",
        "1795342500",
        "-1795342500123456",
        "1.795e15",
        "true",
        "[]",
        "\"2026-11-22T10:15:30Z\"",
    ] {
        let told = ("event_time_invalid", "timestamp_micros".to_owned());
        assert_eq!(time(wrong), Err(told), "{wrong}");
    }
    // Nanoseconds.
    let told = ("event_time_in_future", "timestamp_micros".to_owned());
    assert_eq!(time("1795342500123456789"), Err(told));
    // The nearest one counts.
    let nested = r#"{"timestamp_micros": 1795342500000000, "events": [
        {"name": "sign_up", "timestamp_micros": 1795342400000000, "params": {"event_id": "a", "timestamp_micros": 1795342300000000}},
        {"name": "sign_up", "timestamp_micros": 1795342400000000, "params": {"event_id": "b"}},
        {"name": "sign_up", "params": {"event_id": "c"}}]}"#;
    let times: Vec<i64> = read(&arrival("", nested))
        .unwrap()
        .into_iter()
        .map(|event| event.unwrap().time.0)
        .collect();
    assert_eq!(
        times,
        [1_795_342_300_000, 1_795_342_400_000, 1_795_342_500_000]
    );
}

/// Where nobody is told of anything, nothing was done to it.
#[test]
fn silence_means_that_everything_goes_as_it_was_sent() {
    let params = r#"{"transaction_id": "118842", "currency": "EUR", "value": 5, "page_location": "https://shop.example/"}"#;
    let sound = format!(
        r#"{{"client_id": "1.2", "ip_override": "203.0.113.24", "user_agent": "Mozilla/5.0", "events": [{{"name": "purchase", "params": {params}}}]}}"#
    );
    let status = |body: &str| send(&FORMAT, body, &mut Store::new()).answer.status;
    assert_eq!(status(&sound), 204);
    for (what, body) in [
        (
            "left out",
            sound.replace("\"currency\"", "\"debug_mode\": 1, \"currency\""),
        ),
        ("changed", sound.replace(": 5", ": \"5\"")),
        ("skipped at Meta", sound.replace("Mozilla/5.0", "")),
        (
            "blocked",
            sound.replace(
                "\"events\"",
                "\"consent\": {\"ad_user_data\": \"DENIED\"}, \"events\"",
            ),
        ),
    ] {
        assert_eq!(status(&body), 200, "{what}");
    }
    assert_eq!(status(&sound.replace("EUR", "euro")), 422);
}

/// Whatever is asked of the validation, nothing is queued, counted or claimed, and no claim is looked at.
#[test]
fn a_validation_leaves_no_trace() {
    let params = json!({"transaction_id": "118842", "currency": "EUR", "value": 5});
    for events in [
        json!([{"name": "purchase", "params": params}]),
        json!([{"name": "purchase", "params": params}, {"name": "Purchase"}]),
        json!([{"name": "purchase"}]),
    ] {
        let settings = settings();
        let body = body(&events);
        let arrival = arrival(QUERY, &body);
        let source = settings.source("shop").unwrap();
        let batch = Batch::open(&DEBUG, &settings, source, None, &arrival).unwrap();
        assert_eq!(batch.wanted().count(), 0);
        let plan = batch.finish(|_| None, "e1");
        assert_eq!(
            (plan.messages.len(), plan.claims.len(), plan.taken),
            (0, 0, false)
        );
        let answer: Value = serde_json::from_slice(&plan.answer.body).unwrap();
        assert!(answer["validationMessages"].is_array(), "{answer}");
        assert!(answer["edgetally"]["results"].is_array());
        // The same request for good does leave one.
        assert!(!send(&FORMAT, &body, &mut Store::new()).messages.is_empty());
    }
}

#[test]
fn a_source_without_a_stream_or_with_anothers_is_refused() {
    let faults = |one: Value, other: Value| {
        let source = |collect: Value| json!({"measurement_protocol": collect, "destinations": []});
        let all =
            json!({"sources": {"one": source(one), "two": source(other)}, "destinations": {}});
        let short = |name: &str| {
            if name == "SHORT" {
                Some("0123".to_owned())
            } else {
                secret(name)
            }
        };
        let faults = Settings::load(&all.to_string(), &short)
            .err()
            .unwrap_or_default();
        faults
            .into_iter()
            .map(|fault| fault.path)
            .collect::<Vec<_>>()
    };
    let sound = json!({"measurement_id": "G-TWO", "api_secret": "TWO_SECRET"});
    let at = |key: &str| vec![format!("sources.one.measurement_protocol{key}")];
    for (wrong, path) in [
        (json!({"api_secret": "ONE_SECRET"}), at(".measurement_id")),
        (json!({"measurement_id": "G-ONE"}), at(".api_secret")),
        (
            json!({"measurement_id": "UA-1", "api_secret": "ONE_SECRET"}),
            at(".measurement_id"),
        ),
        (
            json!({"firebase_app_id": "1 2", "api_secret": "ONE_SECRET"}),
            at(".firebase_app_id"),
        ),
        (
            json!({"measurement_id": "G-ONE", "api_secret": "SHORT"}),
            at(".api_secret"),
        ),
        (
            json!({"measurement_id": "G-ONE", "api_secret": "ONE_SECRET", "secret": "X"}),
            at(".secret"),
        ),
        (sound.clone(), at("")),
    ] {
        assert_eq!(faults(wrong.clone(), sound.clone()), path, "{wrong}");
    }
    // One secret for two streams is fine, as one stream with two secrets is.
    assert_eq!(
        faults(
            json!({"measurement_id": "G-ONE", "api_secret": "TWO_SECRET"}),
            sound.clone()
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        faults(
            json!({"measurement_id": "G-TWO", "api_secret": "ONE_SECRET"}),
            sound
        ),
        Vec::<String>::new()
    );
}

/// A value of any kind.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "undefined",
            "GRANTED",
            "EUR",
            "118842",
            "129.90",
            "purchase",
            "1795342500123456"
        ])
        .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(
                prop::sample::select(vec![
                    "name",
                    "params",
                    "value",
                    "address",
                    "sha256_email_address",
                    "ad_user_data",
                    "items",
                    "x"
                ])
                .prop_map(str::to_owned),
                inner,
                0..3,
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Any mixture of the protocol's keys is events or a fault, and both formats agree on which.
    #[test]
    fn any_mixture_of_keys_is_answered(
        beside in prop::collection::btree_map(prop::sample::select(vec![
            "client_id", "app_instance_id", "user_id", "timestamp_micros", "user_properties", "user_data", "consent",
            "non_personalized_ads", "user_location", "ip_override", "user_agent", "device", "events",
        ]), value(), 0..6),
        params in prop::collection::btree_map(prop::sample::select(vec![
            "session_id", "transaction_id", "value", "currency", "items", "event_id", "timestamp_micros", "page_location",
            "page_title", "page_referrer", "debug_mode", "gclid", "tax", "engagement_time_msec",
        ]), value(), 0..8),
        whole in any::<bool>(),
    ) {
        let mut body = json!(beside);
        if whole {
            body["events"] = json!([{"name": "purchase", "params": params}]);
        }
        let body = body.to_string();
        match read(&arrival("", &body)) {
            Ok(events) => {
                prop_assert!(!events.is_empty());
                for event in events {
                    match event {
                        Ok(event) => prop_assert!(!event.name.is_empty() && !event.id.is_empty()),
                        Err(error) => prop_assert!(matches!(error.code.status(), 400 | 413 | 422), "{}", error.code),
                    }
                }
                let plan = send(&FORMAT, &body, &mut Store::new());
                prop_assert!(matches!(plan.answer.status, 200 | 204 | 422));
                let looked = send(&DEBUG, &body, &mut Store::new());
                prop_assert_eq!(looked.answer.status, 200);
                let looked: Value = serde_json::from_slice(&looked.answer.body).unwrap();
                let refused = looked["edgetally"]["rejected"].as_u64().unwrap() > 0;
                prop_assert_eq!(refused, plan.answer.status == 422);
                if refused {
                    prop_assert!(!looked["validationMessages"].as_array().unwrap().is_empty());
                }
            }
            Err(error) => prop_assert!(matches!(error.code.status(), 400 | 413), "{}", error.code),
        }
    }
}

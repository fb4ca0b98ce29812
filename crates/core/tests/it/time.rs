//! Every point in time in a body lies between 2020 and 2035: a wrong unit lands centuries away.

use edgetally_core::base::time::UnixMillis;
use serde_json::{Value, json};

use crate::support::{NOW, all_platforms, plan, requests};

const SECONDS: std::ops::Range<i64> = 1_577_836_800..2_051_222_400;

/// Keys whose values are points in time, and how many of their units make a second.
const TIMES: &[(&str, i64)] = &[
    ("event_time", 1),
    ("eventTime", 1),
    ("event_at", 1000),
    ("timestamp_micros", 1_000_000),
    ("conversionHappenedAt", 1000),
];
/// Keys whose values are points in time as text.
const TEXTS: &[&str] = &[
    "timestamp",
    "event_time",
    "conversion_time",
    "eventTimestamp",
    "adjustmentDateTime",
];

fn look(value: &Value, found: &mut usize, path: &str) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let per_second = TIMES
                    .iter()
                    .find(|(name, _)| name == key)
                    .map(|(_, per_second)| *per_second);
                match (value, per_second) {
                    (Value::Number(number), Some(per_second)) => {
                        let number = number.as_i64().unwrap();
                        assert!(
                            SECONDS.contains(&(number / per_second)),
                            "{path}.{key}: {number}"
                        );
                        *found += 1;
                    }
                    (Value::String(text), _) if TEXTS.contains(&key.as_str()) => {
                        let time = UnixMillis::parse_rfc3339(&text.replacen(' ', "T", 1)).unwrap();
                        assert!(SECONDS.contains(&time.seconds().0), "{path}.{key}: {text}");
                        *found += 1;
                    }
                    (value, None) => {
                        assert!(
                            !key.contains("time") || key == "engagement_time_msec",
                            "{path}.{key} is not in the table"
                        );
                        look(value, found, &format!("{path}.{key}"));
                    }
                    (value, Some(_)) => assert!(value.is_null(), "{path}.{key}: {value}"),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| look(value, found, path)),
        Value::String(text) => {
            // fbc and fbp carry milliseconds.
            let mut fields = text.split('.');
            if fields.next() == Some("fb") && fields.next().is_some() {
                let millis: i64 = fields.next().unwrap().parse().unwrap();
                assert!(SECONDS.contains(&(millis / 1000)), "{path}: {text}");
                *found += 1;
            }
        }
        _ => {}
    }
}

/// A request for a token, which holds no event.
fn token(request: &edgetally_core::exchange::request::Request) -> bool {
    request.headers()["content-type"] == "application/x-www-form-urlencoded"
}

#[test]
fn every_time_in_a_body_is_one_of_this_age() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    for time in [
        "1795342530",
        "1795342530250",
        "1795342530.25",
        r#""2026-11-22T10:15:30Z""#,
        r#""2026-11-22T11:15:30.999+01:00""#,
        "null",
        "1795342600",
    ] {
        let body = format!(
            r#"{{"event": "purchase", "event_id": "t", "value": 1, "currency": "EUR", "event_time": {time}, "user": {{"email": "jo@mail.example"}},
                "context": {{"page_url": "https://shop.example/?fbclid=Iw", "user_agent": "ua", "client_id": "1.2", "ip": "203.0.113.9"}}}}"#
        );
        let plan = plan(&settings, None, &body);
        let requests = requests(&settings, &plan.messages, NOW);
        let requests: Vec<_> = requests
            .into_iter()
            .filter(|(_, request)| !token(request))
            .collect();
        assert_eq!(requests.len(), settings.destinations.len());
        for (name, request) in requests {
            let mut found = 0;
            look(
                &serde_json::from_slice(request.body()).unwrap(),
                &mut found,
                &name,
            );
            assert!(found > 0, "{name} sends no time");
            for (header, value) in request.headers() {
                if header.as_str().ends_with("timestamp") {
                    assert!(
                        SECONDS.contains(&value.to_str().unwrap().parse().unwrap()),
                        "{name} {header}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_golden_events_are_of_this_age_too() {
    let settings = all_platforms(&json!({"consent": "implied", "default_country": "DE"}));
    for (name, text) in crate::support::files(&crate::support::fixtures().join("events")) {
        let golden: Value = serde_json::from_str(&text).unwrap();
        let plan = plan(&settings, None, &golden["event"].to_string());
        for (destination, request) in requests(&settings, &plan.messages, NOW) {
            if token(&request) {
                continue;
            }
            let mut found = 0;
            look(
                &serde_json::from_slice(request.body()).unwrap(),
                &mut found,
                &format!("{name} {destination}"),
            );
            assert!(found > 0, "{name} {destination}");
        }
    }
}

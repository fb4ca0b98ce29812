//! What senders get wrong, and what they are told.

use edgetally_core::error::Code;
use edgetally_core::event::{
    Event, LARGEST_BODY, LARGEST_EVENT, LONGEST_ID, MOST_EVENTS, MOST_ITEMS,
};
use edgetally_core::intake::{Batch, Plan};
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, all_platforms};

/// The fault of a single event: code, path, message.
fn fault(event: &str) -> (&'static str, String, String) {
    let error = Event::parse(event, NOW).unwrap_err();
    (error.code.as_str(), error.path, error.message.into_owned())
}

/// A purchase without fault, one key of it replaced or added (`null` is absence).
fn with(path: &str, value: &str) -> String {
    let mut event = json!({"event": "purchase", "event_id": "p-1", "value": 1, "currency": "EUR"});
    let mut place = &mut event;
    let steps: Vec<&str> = path.split('.').collect();
    for step in steps.iter().take(steps.len() - 1) {
        place = &mut place[*step];
    }
    place[*steps.last().unwrap()] = json!("\u{1}PLACE\u{1}");
    event.to_string().replace("\"\\u0001PLACE\\u0001\"", value)
}

/// What stands in every bad value, so that a message that repeats it is seen.
const MARK: &str = "Zq7marker";

/// Changes to a good event, and the fault that each of them is.
fn faults_of_events() -> Vec<(String, &'static str, &'static str, &'static str)> {
    let long = |n: usize| format!("\"{}\"", "x".repeat(n));
    let items = format!("[{}]", vec!["{}"; MOST_ITEMS + 1].join(","));
    let m = |text: &str| format!("\"{text}{MARK}\"");
    [
        ("event", "null".to_owned(), "event_missing", "event", "is required"),
        ("event", m("Add To Cart "), "event_name_invalid", "event", "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _"),
        ("event", long(41), "event_name_invalid", "event", "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _"),
        ("event", "\"\"".into(), "event_name_invalid", "event", "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _"),
        ("event", "7".into(), "wrong_type", "event", "must be a string"),
        ("event", long(4097), "text_too_long", "event", "at most 4096 characters"),
        ("event_id", "null".into(), "event_id_missing", "event_id", "is required, or a transaction_id in its place: without an id, copies cannot be told apart"),
        ("event_id", "\"  \"".into(), "event_id_invalid", "event_id", "must not be empty: all empty ids would be one event"),
        ("event_id", long(LONGEST_ID + 1), "event_id_invalid", "event_id", "at most 128 characters"),
        ("event_id", format!("\"a\\u0000{MARK}\""), "event_id_invalid", "event_id", "must not hold control characters"),
        ("event_id", format!("\"{MARK}@post.example\""), "event_id_invalid", "event_id", "must not hold an e-mail address"),
        ("event_id", format!("\"{MARK}@post.example-2026\""), "event_id_invalid", "event_id", "must not hold an e-mail address"),
        ("event_id", format!("\"{MARK}%40post%2Eexample\""), "event_id_invalid", "event_id", "must not hold an e-mail address"),
        ("transaction_id", format!("\"{MARK}@post.example\""), "event_id_invalid", "transaction_id", "must not hold an e-mail address"),
        ("event_id", "[]".into(), "wrong_type", "event_id", "must be a string"),
        ("value", "null".into(), "value_missing", "value", "is required for a purchase"),
        ("value", m(""), "value_invalid", "value", "must be a JSON number, not a string or a list"),
        ("value", "[1]".into(), "value_invalid", "value", "must be a JSON number, not a string or a list"),
        ("value", "true".into(), "value_invalid", "value", "must be a JSON number, not a string or a list"),
        ("value", "-1".into(), "value_out_of_range", "value", "must be finite, not negative, and at most 10^12 major units"),
        ("value", "-0.0".into(), "value_out_of_range", "value", "must be finite, not negative, and at most 10^12 major units"),
        ("value", "1e400".into(), "value_out_of_range", "value", "must be finite, not negative, and at most 10^12 major units"),
        ("value", "1000000000001".into(), "value_out_of_range", "value", "must be finite, not negative, and at most 10^12 major units"),
        ("value", format!("0.{}", "1".repeat(40)), "value_out_of_range", "value", "must be finite, not negative, and at most 10^12 major units"),
        ("currency", "null".into(), "currency_missing", "currency", "is required with a value"),
        ("currency", m("EURO"), "currency_invalid", "currency", "is not a three-letter ISO 4217 code"),
        ("currency", "\"ZZZ\"".into(), "currency_invalid", "currency", "is not a three-letter ISO 4217 code"),
        ("currency", "978".into(), "wrong_type", "currency", "must be a string"),
        ("event_time", m("2026-11-22T10:15:30"), "event_time_invalid", "event_time", "must be RFC 3339 with a zone, or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "\"2026-11-22T10:15:30\"".into(), "event_time_invalid", "event_time", "must be RFC 3339 with a zone, or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "0".into(), "event_time_invalid", "event_time", "must be RFC 3339 with a zone, or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "1795342530250000".into(), "event_time_invalid", "event_time", "must be RFC 3339 with a zone, or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "-1e308".into(), "event_time_invalid", "event_time", "must be RFC 3339 with a zone, or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "{}".into(), "event_time_invalid", "event_time", "must be RFC 3339 with a zone, or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "1795342832".into(), "event_time_in_future", "event_time", "must not lie more than five minutes ahead of the time of receipt"),
        ("items", "{}".into(), "wrong_type", "items", "must be a list of objects"),
        ("items", "[1]".into(), "wrong_type", "items[0]", "must be an object"),
        ("items", items, "too_many_items", "items", "at most 200 entries"),
        ("items", r#"[{}, {"price": "9"}]"#.into(), "value_invalid", "items[1].price", "must be a JSON number, not a string or a list"),
        ("items", r#"[{}, {}, {"item_id": 9}]"#.into(), "wrong_type", "items[2].item_id", "must be a string"),
        ("items", r#"[{"sku": "9"}]"#.into(), "unknown_key", "items[0].sku", "unknown key; free data goes into `properties`"),
        ("user", m(""), "wrong_type", "user", "must be an object"),
        ("user", "[]".into(), "wrong_type", "user", "must be an object"),
        ("user", format!(r#"{{"email": ["{MARK}"]}}"#), "wrong_type", "user.email", "must be a string"),
        ("user", r#"{"phone": 4915123456789}"#.into(), "wrong_type", "user.phone", "must be a string"),
        ("user", r#"{"phone": 1e400}"#.into(), "wrong_type", "user.phone", "is not a value that can be read"),
        ("user", format!(r#"{{"email_sha256": "{MARK}"}}"#), "invalid_digest", "user.email_sha256", "must be 64 hexadecimal digits of SHA-256"),
        ("user", r#"{"emial": "x"}"#.into(), "unknown_key", "user.emial", "unknown key; did you mean `email`? free data goes into `properties`"),
        ("user", format!(r#"{{"{MARK}@post.example": 1}}"#), "unknown_key", "user.(unnamed)", "unknown key; free data goes into `properties`"),
        ("context", r#"{"pageUrl": "x"}"#.into(), "unknown_key", "context.pageUrl", "unknown key; did you mean `page_url`? free data goes into `properties`"),
        ("context", format!(r#"{{"cookies": {{"{MARK}": 1}}}}"#), "wrong_type", "context.cookies", "must be a string"),
        ("context", r#"{"click_ids": []}"#.into(), "wrong_type", "context.click_ids", "must be an object of strings"),
        ("consent", format!(r#"{{"ad_storage": "{MARK}"}}"#), "invalid_choice", "consent.ad_storage", "must be `granted` or `denied`"),
        ("consent", r#"{"ad_user_data": true}"#.into(), "wrong_type", "consent.ad_user_data", "must be a string"),
        ("consent", r#"{"gpp_sid": [300]}"#.into(), "wrong_type", "consent.gpp_sid", "must be a list of whole numbers from 1 to 255"),
        ("consent", r#"{"legal_basis": "because"}"#.into(), "invalid_choice", "consent.legal_basis", "must be one of consent, contract, legal_obligation, vital_interests, public_task, legitimate_interests"),
        ("consent", r#"{"ad_userdata": "granted"}"#.into(), "unknown_key", "consent.ad_userdata", "unknown key; did you mean `ad_user_data`? free data goes into `properties`"),
        ("action_source", m("web"), "invalid_choice", "action_source", "must be one of website, app, email, phone_call, chat, physical_store, system_generated, business_messaging, other"),
        ("test", "1".into(), "wrong_type", "test", "must be true or false"),
        ("properties", "[]".into(), "wrong_type", "properties", "must be an object"),
        ("properties", format!("{}1{}", r#"{"a":"#.repeat(8), "}".repeat(8)), "too_deep", "properties", "at most 8 levels"),
        ("eventId", m(""), "unknown_key", "eventId", "unknown key; did you mean `event_id`? free data goes into `properties`"),
        ("curency", m(""), "unknown_key", "curency", "unknown key; did you mean `currency`? free data goes into `properties`"),
        ("release", long(65), "text_too_long", "release", "at most 64 characters"),
    ]
    .into_iter()
    .map(|(path, value, code, at, message)| {
        let event = if value == "null" {
            let mut event: Value = serde_json::from_str(&with(path, "null")).unwrap();
            event.as_object_mut().unwrap().remove(path);
            event.to_string()
        } else {
            with(path, &value)
        };
        (event, code, at, message)
    })
    .collect()
}

#[test]
fn every_fault_is_told_by_code_path_and_rule_and_never_by_its_value() {
    for (event, code, path, message) in faults_of_events() {
        let told = fault(&event);
        assert_eq!(
            (told.0, told.1.as_str(), told.2.as_str()),
            (code, path, message),
            "{event}"
        );
        assert!(!format!("{told:?}").contains(MARK), "{event}");
    }
}

/// Bodies that are refused as a whole.
fn faults_of_requests() -> Vec<(Vec<u8>, &'static str, u16)> {
    let good = r#"{"event":"contact","event_id":"c"}"#;
    let many = |n: usize| format!("[{}]", vec![good; n].join(","));
    let deep = format!(
        r#"{{"event":"contact","event_id":"c","user":{}{}}}"#,
        "[".repeat(50),
        "]".repeat(50)
    );
    let properties = |size: usize| {
        let empty = r#"{"event":"contact","event_id":"c","properties":{"a":""}}"#;
        empty.replace(
            r#""a":"""#,
            &format!(r#""a":"{}""#, "x".repeat(size - empty.len())),
        )
    };
    vec![
        (b"".to_vec(), "malformed_json", 400),
        (b"   ".to_vec(), "malformed_json", 400),
        (b"{".to_vec(), "malformed_json", 400),
        (b"nonsense".to_vec(), "malformed_json", 400),
        (br#"{"event": "pur"#.to_vec(), "malformed_json", 400),
        (
            br#"{"event": "purchase", "value": 12"#.to_vec(),
            "malformed_json",
            400,
        ),
        (
            br#"{"event": "purchase", "user": {"email": tru}}"#.to_vec(),
            "malformed_json",
            400,
        ),
        (
            br#"{"event": "purchase", "value": NaN}"#.to_vec(),
            "malformed_json",
            400,
        ),
        (
            br#"{"event": "purchase", "value": Infinity}"#.to_vec(),
            "malformed_json",
            400,
        ),
        (
            br#"{"event": "purchase", "value": 01}"#.to_vec(),
            "malformed_json",
            400,
        ),
        (
            br#"{"event": "contact", "event_id": 'c'}"#.to_vec(),
            "malformed_json",
            400,
        ),
        (
            format!("{good} trailing").into_bytes(),
            "malformed_json",
            400,
        ),
        (format!("{good}{good}").into_bytes(), "malformed_json", 400),
        (format!("[{good},]").into_bytes(), "malformed_json", 400),
        (b"\xff\xfe".to_vec(), "invalid_utf8", 400),
        (b"{\"event\":\"\xc3\x28\"}".to_vec(), "invalid_utf8", 400),
        (b"[]".to_vec(), "empty_batch", 400),
        (br#"{"events": []}"#.to_vec(), "empty_batch", 400),
        (many(MOST_EVENTS + 1).into_bytes(), "too_many_events", 413),
        (br#"{"events": {}}"#.to_vec(), "wrong_type", 422),
        (vec![b' '; LARGEST_BODY + 1], "body_too_large", 413),
        (
            properties(LARGEST_EVENT + 1).into_bytes(),
            "event_too_large",
            413,
        ),
        (deep.into_bytes(), "too_deep", 400),
        (
            format!("{}{}", "{\"a\":".repeat(3000), "}".repeat(3000)).into_bytes(),
            "too_deep",
            400,
        ),
    ]
}

fn read(settings: &Settings, body: &[u8]) -> Result<Plan, edgetally_core::error::ParseError> {
    Batch::read(settings, settings.source("shop").unwrap(), None, body, NOW)
        .map(|batch| batch.finish(|_| None, "e"))
}

#[test]
fn a_request_that_is_no_batch_is_refused_as_a_whole() {
    let settings = all_platforms(&Value::Null);
    for (body, code, status) in faults_of_requests() {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let Err(error) = read(&settings, &body) else {
            panic!("{shown} was taken")
        };
        assert_eq!(
            (error.code.as_str(), error.code.status()),
            (code, status),
            "{shown}"
        );
        let refusal: Value =
            serde_json::from_str(&edgetally_core::intake::refusal(&error)).unwrap();
        assert_eq!(refusal["error"]["code"], code);
    }
}

/// Codes that other parts raise: who is asking, what for, and the worker's own.
const ELSEWHERE: &[Code] = &[
    Code::CredentialsMissing,
    Code::KeyUnknown,
    Code::SecretUnknown,
    Code::SignatureInvalid,
    Code::SignatureStale,
    Code::SignatureReplayed,
    Code::OriginMissing,
    Code::OriginNotAllowed,
    Code::NotFound,
    Code::MethodNotAllowed,
    Code::UnsupportedMediaType,
    Code::AdminTokenInvalid,
    Code::RequestInvalid,
    Code::SettingsInvalid,
    Code::QueueUnavailable,
    Code::LedgerUnavailable,
];

#[test]
fn the_tables_cover_every_code_of_intake() {
    let mut covered: Vec<&str> = faults_of_events().iter().map(|row| row.1).collect();
    covered.extend(faults_of_requests().iter().map(|row| row.1));
    for code in Code::ALL {
        let elsewhere = ELSEWHERE.contains(code);
        assert_ne!(covered.contains(&code.as_str()), elsewhere, "{code}");
    }
}

#[test]
fn codes_are_told_apart_and_explained() {
    let mut texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(
            code.as_str()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        );
        assert!(
            (400..600).contains(&code.status()) && code.meaning().ends_with('.'),
            "{code}"
        );
    }
}

#[test]
fn amounts_stay_as_they_were_written() {
    for amount in [
        "129.90",
        "1e2",
        "0.1",
        "0",
        "0.0",
        "1E+2",
        "1000000000000",
        "0.30000000000000004",
        "12345678901.23",
    ] {
        let text = with("value", amount);
        let event = Event::parse(&text, NOW).unwrap();
        assert_eq!(event.money.unwrap().amount.as_str(), amount);
    }
}

#[test]
fn the_limits_are_inclusive() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let empty = r#"{"event":"contact","event_id":"c","properties":{"a":""}}"#;
    let largest = empty.replace(
        r#""a":"""#,
        &format!(r#""a":"{}""#, "x".repeat(LARGEST_EVENT - empty.len())),
    );
    assert_eq!(largest.len(), LARGEST_EVENT);
    assert_eq!(read(&settings, largest.as_bytes()).unwrap().status, 202);

    let most: Vec<Value> = (0..MOST_EVENTS)
        .map(|n| json!({"event": "contact", "event_id": n.to_string()}))
        .collect();
    let answer: Value = serde_json::from_str(
        &read(&settings, Value::from(most).to_string().as_bytes())
            .unwrap()
            .answer,
    )
    .unwrap();
    assert_eq!(answer["accepted"], MOST_EVENTS);

    let mut body = r#"{"event":"contact","event_id":"c"}"#.to_owned();
    body.push_str(&" ".repeat(LARGEST_EVENT - body.len()));
    assert!(read(&settings, body.as_bytes()).is_ok());

    let deepest = format!(
        r#"{{"event":"contact","event_id":"c","properties":{}{}}}"#,
        r#"{"a":"#.repeat(6).as_str(),
        "{}".to_owned() + &"}".repeat(6)
    );
    assert!(read(&settings, deepest.as_bytes()).is_ok());

    let soon = with("event_time", "1795342831000");
    assert_eq!(
        Event::parse(&soon, NOW).unwrap().time,
        NOW,
        "within the tolerance it is set back"
    );
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    let settings = all_platforms(&Value::Null);
    let body = "\u{feff}{\"event\":\"contact\",\"event_id\":\"c\"}";
    assert_eq!(read(&settings, body.as_bytes()).unwrap().status, 202);
}

#[test]
fn one_bad_event_among_a_hundred_is_the_only_one_refused() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let mut events: Vec<Value> = (0..100)
        .map(
            |n| json!({"event": "contact", "event_id": format!("c-{n}"), "action_source": "email"}),
        )
        .collect();
    events[61] = json!({"event": "purchase", "event_id": "p", "value": 3});
    for body in [Value::from(events.clone()), json!({"events": events})] {
        let plan = read(&settings, body.to_string().as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&plan.answer).unwrap();
        assert_eq!(plan.status, 202);
        assert_eq!(
            (&answer["accepted"], &answer["rejected"]),
            (&json!(99), &json!(1))
        );
        assert_eq!(
            answer["results"][61],
            json!({"index": 61, "status": "rejected", "code": "currency_missing", "path": "currency",
                   "message": "is required with a value"})
        );
    }
}

#[test]
fn a_batch_of_nothing_but_faults_is_unprocessable() {
    let settings = all_platforms(&Value::Null);
    for body in [
        r#"[{"event": "contact"}, 7, null, [], "x"]"#,
        r#"{"event": "contact"}"#,
    ] {
        let plan = read(&settings, body.as_bytes()).unwrap();
        assert_eq!(plan.status, 422, "{}", plan.answer);
        assert!(plan.claims.is_empty());
    }
}

#[test]
fn the_second_copy_in_one_batch_is_a_duplicate() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let copy = json!({"event": "purchase", "event_id": "o-1", "value": 1, "currency": "EUR"});
    let other = json!({"event": "refund", "event_id": "o-1", "value": 1, "currency": "EUR"});
    let plan = read(&settings, json!([copy, other, copy]).to_string().as_bytes()).unwrap();
    let answer: Value = serde_json::from_str(&plan.answer).unwrap();
    let statuses: Vec<&Value> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["status"])
        .collect();
    assert_eq!(statuses, ["accepted", "accepted", "duplicate"]);
    assert_eq!(plan.claims.len(), 2);
    // A purchase that is known by its order is the same event as one whose id is the order.
    let by_order =
        json!({"event": "purchase", "transaction_id": "o-1", "value": 1, "currency": "EUR"});
    let plan = read(&settings, json!([copy, by_order]).to_string().as_bytes()).unwrap();
    assert!(plan.answer.contains(r#""duplicates":1"#));
}

#[test]
fn of_equal_keys_the_last_one_counts_and_only_once() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let body = r#"{"event": "contact", "event_id": "c", "items": [{"item_brand": "A", "item_brand": "B"}],
        "properties": {"size": 1, "size": 2}}"#;
    let plan = read(&settings, body.as_bytes()).unwrap();
    let message = &plan.messages[0];
    assert_eq!(message.matches("size").count(), 1, "{message}");
    assert_eq!(message.matches("item_brand").count(), 1, "{message}");
}

/// Cloudflare's queues take 128 KB in one message.
const LARGEST_MESSAGE: usize = 128_000;

#[test]
fn no_batch_makes_a_message_that_the_queue_refuses() {
    let settings = all_platforms(&Value::Null);
    let named = |consent: Value| -> Vec<Value> {
        (0..MOST_EVENTS)
            .map(|n| {
                json!({"event": format!("a_name_of_the_shops_own_number_{n:05}"), "event_id": n.to_string(),
                       "action_source": "email", "user": {"email": "a@b.example"}, "release": format!("{n:064}"),
                       "consent": consent})
            })
            .collect()
    };
    for events in [
        named(Value::Null),
        named(json!({"ad_user_data": "granted"})),
    ] {
        let plan = read(&settings, Value::from(events).to_string().as_bytes()).unwrap();
        for message in &plan.messages {
            assert!(message.len() <= LARGEST_MESSAGE, "{} bytes", message.len());
        }
    }
    let wide = format!(
        r#"{{"event":"contact","event_id":"c","properties":{{"a":"{}"}}}}"#,
        "\\u0001".repeat(10_800)
    );
    let settings = all_platforms(&json!({"consent": "implied"}));
    for message in read(&settings, wide.as_bytes()).unwrap().messages {
        assert!(message.len() <= LARGEST_MESSAGE, "{} bytes", message.len());
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("event".to_owned()),
        Just("event_id".to_owned()),
        Just("value".to_owned()),
        Just("items".to_owned()),
        Just("user".to_owned()),
        Just("email".to_owned()),
        Just("context".to_owned()),
        Just("cookies".to_owned()),
        Just("consent".to_owned()),
        Just("properties".to_owned()),
        Just("events".to_owned()),
        Just("event_time".to_owned()),
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!("purchase")),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let settings = all_platforms(&Value::Null);
        let _ = read(&settings, &body);
    }

    #[test]
    fn no_json_makes_the_reader_panic(body in any_json(), cut in any::<prop::sample::Index>()) {
        let settings = all_platforms(&json!({"consent": "implied"}));
        let text = body.to_string();
        let _ = read(&settings, text.as_bytes());
        // Torn off anywhere it is no JSON, and told so.
        let mut end = cut.index(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let torn = &text[..end];
        if serde_json::from_str::<Value>(torn).is_err()
            && let Err(error) = Event::parse(torn, NOW)
        {
            prop_assert!(matches!(error.code.as_str(), "malformed_json" | "unknown_key" | "wrong_type" | "too_deep"
                | "value_invalid" | "value_out_of_range"), "{error}");
        }
    }

    #[test]
    fn a_misspelt_key_is_never_silently_ignored(key in "[a-z_]{1,12}") {
        prop_assume!(!["event", "event_id", "event_time", "value", "currency", "transaction_id", "predicted_ltv", "items",
            "user", "context", "consent", "action_source", "release", "test", "properties"].contains(&key.as_str()));
        for event in [with(&key, "1"), with(&format!("user.{key}"), "1"), with(&format!("consent.{key}"), "1")] {
            let (code, path, _) = fault(&event);
            prop_assert!(code == "unknown_key" || code == "wrong_type", "{event}");
            prop_assert!(path.ends_with(&key), "{path}");
        }
    }
}

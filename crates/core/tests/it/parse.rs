//! What senders get wrong, and what they are told.

use edgetally_core::base::error::Code;
use edgetally_core::event::{
    Event, Item, LARGEST_BODY, LARGEST_EVENT, LONGEST_ID, MOST_EVENTS, MOST_ITEMS, MOST_PROPERTIES,
    Property,
};
use edgetally_core::intake::Plan;
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, all_platforms};

/// The fault of a single event: code, path, message.
fn fault(event: &str) -> (&'static str, String, String) {
    let error = edgetally_core::intake::native::parse(event, NOW).unwrap_err();
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

const TWICE: &str = "stands twice in one object, and only one of them can be meant";

/// Changes to a good event, and the fault that each of them is.
fn faults_of_events() -> Vec<(String, &'static str, &'static str, &'static str)> {
    let long = |n: usize| format!("\"{}\"", "x".repeat(n));
    let m = |text: &str| format!("\"{text}{MARK}\"");
    [
        ("event", "null".to_owned(), "event_missing", "event", "is required"),
        ("event", m("Add To Cart "), "event_name_invalid", "event", "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _"),
        ("event", long(41), "event_name_invalid", "event", "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _"),
        ("event", "\"\"".into(), "event_missing", "event", "is required"),
        ("event", "\"undefined\"".into(), "event_name_invalid", "event", "must not be a placeholder such as `undefined`"),
        ("event", "\"{{Event}}\"".into(), "event_name_invalid", "event", "must not be a placeholder such as `undefined`"),
        ("event", "7".into(), "wrong_type", "event", "must be a string"),
        ("event", long(4097), "text_too_long", "event", "at most 4096 characters"),
        ("event_id", "null".into(), "event_id_missing", "event_id", "is required, or a transaction_id in its place: without an id, copies cannot be told apart"),
        ("event_id", r#""  ""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""undefined""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""NULL""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""NaN""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""None""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""[object Object]""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""(not set)""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""{{event_id}}""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""{gclid}""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""%%id%%""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""undefined-undefined""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", r#""\u200b\ufeff""#.into(), "event_id_placeholder", "event_id", "must not be a placeholder such as `undefined`: all events without an id would be one"),
        ("event_id", "[1]".into(), "wrong_type", "event_id", "must be a string"),
        ("event_id", "true".into(), "wrong_type", "event_id", "must be a string"),
        ("event_id", "118842.0".into(), "wrong_type", "event_id", "must be a string, or a whole number in digits below 2^53"),
        ("event_id", "1e5".into(), "wrong_type", "event_id", "must be a string, or a whole number in digits below 2^53"),
        ("event_id", "-7".into(), "wrong_type", "event_id", "must be a string, or a whole number in digits below 2^53"),
        ("event_id", "9007199254740992".into(), "wrong_type", "event_id", "must be a string, or a whole number in digits below 2^53"),
        ("event_id", "123456789012345678901234567890".into(), "wrong_type", "event_id", "must be a string, or a whole number in digits below 2^53"),
        ("event_id", r#""a\ud83d""#.into(), "event_id_invalid", "event_id", "must not hold half characters"),
        ("transaction_id", r#""a\udc00b""#.into(), "event_id_invalid", "transaction_id", "must not hold half characters"),
        ("event_id", long(LONGEST_ID + 1), "event_id_invalid", "event_id", "at most 128 characters"),
        ("event_id", format!("\"a\\u0000{MARK}\""), "event_id_invalid", "event_id", "must not hold control characters"),
        ("event_id", format!("\"{MARK}@post.example\""), "event_id_invalid", "event_id", "must not hold an e-mail address"),
        ("event_id", format!("\"{MARK}@post.example-2026\""), "event_id_invalid", "event_id", "must not hold an e-mail address"),
        ("event_id", format!("\"{MARK}%40post%2Eexample\""), "event_id_invalid", "event_id", "must not hold an e-mail address"),
        ("transaction_id", format!("\"{MARK}@post.example\""), "event_id_invalid", "transaction_id", "must not hold an e-mail address"),
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
        ("currency", "\"undefined\"".into(), "currency_invalid", "currency", "is not a three-letter ISO 4217 code"),
        ("event_time", "\"noon\"".into(), "event_time_invalid", "event_time", "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", m("2026-11-22T10:15:30"), "event_time_invalid", "event_time", "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "\"2026-11-22T10:15:30\"".into(), "event_time_invalid", "event_time", "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "0".into(), "event_time_invalid", "event_time", "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "1795342530250000".into(), "event_time_invalid", "event_time", "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "-1e308".into(), "event_time_invalid", "event_time", "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "{}".into(), "event_time_invalid", "event_time", "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000"),
        ("event_time", "1795342832".into(), "event_time_in_future", "event_time", "must not lie more than five minutes ahead of the time of receipt"),
        ("items", r#"[{}, {"item_brand": "A", "item_brand": "A"}]"#.into(), "duplicate_key", "items[1].item_brand", TWICE),
        ("user", r#"{"email": "a", "phone": "1", "email": "b"}"#.into(), "duplicate_key", "user.email", TWICE),
        ("context", r#"{"ip": "a", "ip": "b"}"#.into(), "duplicate_key", "context.ip", TWICE),
        ("consent", r#"{"gpc": true, "gpc": false}"#.into(), "duplicate_key", "consent.gpc", TWICE),
        ("release", r#""a", "release": "b""#.into(), "duplicate_key", "release", TWICE),
        ("user", r#"{"emial": "x"}"#.into(), "unknown_key", "user.emial", "unknown key; did you mean `email`? free data goes into `properties`"),
        ("user", format!(r#"{{"{MARK}@post.example": 1}}"#), "unknown_key", "user.(unnamed)", "unknown key; free data goes into `properties`"),
        ("user", r#"{"bm9yYS5mZWxkdEBtYWlsLmV4YW1wbGU": 1}"#.into(), "unknown_key", "user.(unnamed)", "unknown key; free data goes into `properties`"),
        ("user", r#"{"6e6f7261406d61696c2e6578616d706c65": 1}"#.into(), "unknown_key", "user.(unnamed)", "unknown key; free data goes into `properties`"),
        ("user", r#"{"NoraFeldt": 1}"#.into(), "unknown_key", "user.(unnamed)", "unknown key; free data goes into `properties`"),
        ("user", r#"{"_4915123456789": 1}"#.into(), "unknown_key", "user.(unnamed)", "unknown key; free data goes into `properties`"),
        ("user", r#"{"emailX": 1}"#.into(), "unknown_key", "user.(unnamed)", "unknown key; did you mean `email`? free data goes into `properties`"),
        ("user", r#"{"address_2": 1}"#.into(), "unknown_key", "user.address_2", "unknown key; free data goes into `properties`"),
        ("context", r#"{"pageUrl": "x"}"#.into(), "unknown_key", "context.pageUrl", "unknown key; did you mean `page_url`? free data goes into `properties`"),
        ("consent", format!(r#"{{"ad_storage": "{MARK}"}}"#), "invalid_choice", "consent.ad_storage", "must be `granted` or `denied`"),
        ("consent", r#"{"ad_user_data": true}"#.into(), "wrong_type", "consent.ad_user_data", "must be a string"),
        ("consent", r#"{"gpp_sid": true}"#.into(), "wrong_type", "consent.gpp_sid", "must be a list of sections' numbers"),
        ("consent", r#"{"legal_basis": "because"}"#.into(), "invalid_choice", "consent.legal_basis", "must be one of consent, contract, legal_obligation, vital_interests, public_task, legitimate_interests"),
        ("consent", format!(r#"{{"gpp_sid": [{}1]}}"#, "7,".repeat(32)), "too_many_items", "consent.gpp_sid", "at most 32 entries"),
        ("consent", "[1]".into(), "wrong_type", "consent", "must be an object"),
        ("consent", m(""), "wrong_type", "consent", "must be an object"),
        ("consent", r#"{"tcf": 1e400}"#.into(), "wrong_type", "consent.tcf", "must be a string"),
        ("consent", r#"{"ad_userdata": "granted"}"#.into(), "unknown_key", "consent.ad_userdata", "unknown key; did you mean `ad_user_data`? free data goes into `properties`"),
        ("test", "1".into(), "wrong_type", "test", "must be true or false"),
        ("properties", format!("{}1{}", r#"{"a":"#.repeat(8), "}".repeat(8)), "too_deep", "properties", "at most 8 levels"),
        ("test", "1e400".into(), "wrong_type", "test", "is not a value that can be read"),
        ("eventId", m(""), "unknown_key", "eventId", "unknown key; did you mean `event_id`? free data goes into `properties`"),
        ("curency", m(""), "unknown_key", "curency", "unknown key; did you mean `currency`? free data goes into `properties`"),
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
        (br#"{"events": null}"#.to_vec(), "wrong_type", 422),
        (
            br#"{"events": [], "events": []}"#.to_vec(),
            "duplicate_key",
            422,
        ),
        (
            format!(r#"{{"events": [{good}], "tset": true}}"#).into_bytes(),
            "unknown_key",
            422,
        ),
        (
            format!(r#"{{"events": [{good}], "user": {{}}}}"#).into_bytes(),
            "unknown_key",
            422,
        ),
        (
            format!(r#"{{"consent": {{"ad_storage": "yes"}}, "events": [{good}]}}"#).into_bytes(),
            "invalid_choice",
            422,
        ),
        (
            format!(r#"{{"events": [{good}], "test": "yes"}}"#).into_bytes(),
            "wrong_type",
            422,
        ),
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

fn read(settings: &Settings, body: &[u8]) -> Result<Plan, edgetally_core::base::error::ParseError> {
    edgetally_core::intake::native::batch(
        settings,
        settings.source("shop").unwrap(),
        None,
        body,
        NOW,
    )
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
    Code::EventNotForPages,
    Code::EventTokenMissing,
    Code::EventTokenInvalid,
    Code::ServerOnly,
    Code::WithdrawalsFull,
    Code::RateLimited,
    Code::NotAConversion,
    Code::TrackNotMapped,
    Code::NotFound,
    Code::MethodNotAllowed,
    Code::UnsupportedMediaType,
    Code::AdminTokenInvalid,
    Code::RequestInvalid,
    Code::SettingsInvalid,
    Code::QueueUnavailable,
    Code::LedgerUnavailable,
    Code::LabelUnknown,
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
        let event = edgetally_core::intake::native::parse(&text, NOW).unwrap();
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
    assert_eq!(
        read(&settings, largest.as_bytes()).unwrap().answer.status,
        202
    );

    let most: Vec<Value> = (0..MOST_EVENTS)
        .map(|n| json!({"event": "contact", "event_id": n.to_string()}))
        .collect();
    let answer: Value = serde_json::from_str(
        read(&settings, Value::from(most).to_string().as_bytes())
            .unwrap()
            .answer
            .text(),
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
        edgetally_core::intake::native::parse(&soon, NOW)
            .unwrap()
            .time,
        NOW,
        "within the tolerance it is set back"
    );
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    let settings = all_platforms(&Value::Null);
    let body = "\u{feff}{\"event\":\"contact\",\"event_id\":\"c\"}";
    assert_eq!(read(&settings, body.as_bytes()).unwrap().answer.status, 202);
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
        let answer: Value = serde_json::from_str(plan.answer.text()).unwrap();
        assert_eq!(plan.answer.status, 202);
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
        assert_eq!(plan.answer.status, 422, "{}", plan.answer.text());
        assert!(plan.claims.is_empty());
    }
}

#[test]
fn the_second_copy_in_one_batch_is_a_duplicate() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let copy = json!({"event": "purchase", "event_id": "o-1", "value": 1, "currency": "EUR"});
    let other = json!({"event": "refund", "event_id": "o-1", "value": 1, "currency": "EUR"});
    let plan = read(&settings, json!([copy, other, copy]).to_string().as_bytes()).unwrap();
    let answer: Value = serde_json::from_str(plan.answer.text()).unwrap();
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
    assert!(plan.answer.text().contains(r#""duplicates":1"#));
}

/// Every field that decorates an event.
const DECORATION: &[&str] = &[
    "predicted_ltv",
    "items",
    "user",
    "context",
    "action_source",
    "release",
    "properties",
    "properties.color",
    "user.external_id",
    "user.email",
    "user.phone",
    "user.first_name",
    "user.last_name",
    "user.date_of_birth",
    "user.gender",
    "user.street",
    "user.city",
    "user.region",
    "user.postal_code",
    "user.country",
    "user.email_sha256",
    "user.phone_sha256",
    "context.page_url",
    "context.page_title",
    "context.referrer",
    "context.ip",
    "context.user_agent",
    "context.client_id",
    "context.session_id",
    "context.cookies",
    "context.cookies._ga",
    "context.cookies.other",
    "context.click_ids",
    "context.click_ids.gclid",
];

/// Values that say nothing, and so are absent without a word.
const NOTHING: &[&str] = &["null", r#""""#, "[]", "[ ]"];

/// Whether the event has the field.
fn is_used(event: &Event<'_>, path: &str) -> bool {
    let (user, context) = (&event.user, &event.context);
    match path {
        "user" | "context" => DECORATION.iter().any(|part| {
            part.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
                && is_used(event, part)
        }),
        "predicted_ltv" => event.predicted_ltv.is_some(),
        "items" => !event.items.is_empty(),
        "release" => event.release.is_some(),
        "action_source" => event.action_source.as_str() != "website",
        "properties" | "properties.color" => !event.properties.is_empty(),
        "user.external_id" => user.external_id.is_some(),
        "user.email" => user.email.is_some(),
        "user.phone" => user.phone.is_some(),
        "user.first_name" => user.first_name.is_some(),
        "user.last_name" => user.last_name.is_some(),
        "user.date_of_birth" => user.date_of_birth.is_some(),
        "user.gender" => user.gender.is_some(),
        "user.street" => user.street.is_some(),
        "user.city" => user.city.is_some(),
        "user.region" => user.region.is_some(),
        "user.postal_code" => user.postal_code.is_some(),
        "user.country" => user.country.is_some(),
        "user.email_sha256" => user.email_sha256.is_some(),
        "user.phone_sha256" => user.phone_sha256.is_some(),
        "context.page_url" => context.page_url.is_some(),
        "context.page_title" => context.page_title.is_some(),
        "context.referrer" => context.referrer.is_some(),
        "context.ip" => context.ip.is_some(),
        "context.user_agent" => context.user_agent.is_some(),
        "context.client_id" => context.client_id.is_some(),
        "context.session_id" => context.session_id.is_some(),
        "context.cookies" | "context.cookies._ga" | "context.cookies.other" => {
            !context.cookies.is_empty()
        }
        "context.click_ids" | "context.click_ids.gclid" => !context.click_ids.is_empty(),
        _ => false,
    }
}

/// Whether there is nothing in it at any depth.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.iter().all(says_nothing),
        Value::Object(members) => members.values().all(says_nothing),
        _ => false,
    }
}

/// Whether the field is there, or said nothing, or is named by a remark.
fn used_or_told(event: &Event<'_>, path: &str, value: &str) -> bool {
    let place = match path {
        "context.cookies.other" => "context.cookies",
        path => path,
    };
    let told = |remark: &edgetally_core::base::remarks::Remark| remark.path.starts_with(place);
    NOTHING.contains(&value)
        || matches!((path, value), ("action_source", r#""website""#))
        || matches!(path, "items" | "user" | "context" | "properties" | "context.cookies" | "context.click_ids")
            && serde_json::from_str(value).is_ok_and(|value| says_nothing(&value))
        || is_used(event, path)
        // An object of nothing but `null` and the like has nothing to tell of.
        || value.starts_with('{') && matches!(path, "properties" | "context.cookies" | "context.click_ids")
        || event.remarks.removed.iter().any(told)
}

#[test]
fn decoration_of_any_kind_is_used_or_told_and_the_purchase_counts() {
    let long = format!("\"{}\"", "x".repeat(9000));
    let values = [
        r#""undefined""#,
        r#""  ""#,
        r#""(not set)""#,
        r#""{{value}}""#,
        "5",
        "-1.5",
        "2e0",
        "1e400",
        "true",
        "false",
        "{}",
        "[1]",
        r#"["a", "b"]"#,
        r#"[{}, 5, "x", null, [], {"item_id": "A"}]"#,
        r#""half \ud83d an emoji""#,
        r#""\udc00""#,
        r#""a\u0000b\u0007""#,
        r#""a\nb""#,
        &long,
        r#"" blanks ""#,
        r#""12.50""#,
    ];
    for path in DECORATION {
        for value in values.iter().chain(NOTHING) {
            let text = with(path, value);
            let event = edgetally_core::intake::native::parse(&text, NOW)
                .unwrap_or_else(|error| panic!("{path} {value:.40}: {error}"));
            assert!(used_or_told(&event, path, value), "{path} {value:.40}");
            if NOTHING.contains(value) {
                assert_eq!(
                    event.remarks,
                    edgetally_core::base::remarks::Remarks::default(),
                    "{path} {value}"
                );
            }
            let told = format!("{:?}", event.remarks);
            assert!(
                !told.contains("undefined") && !told.contains("emoji"),
                "{told}"
            );
        }
    }
}

/// What is left out (`-`) or changed (`+`): a field, a value, and where and why.
const REMARKS: &[(&str, &str, &str)] = &[
    (
        "context.client_id",
        r#""undefined""#,
        "-context.client_id placeholder",
    ),
    (
        "context.cookies",
        r#"{"_ga": "undefined", "mine": "null"}"#,
        "-context.cookies._ga placeholder -context.cookies placeholder",
    ),
    (
        "context.cookies",
        r#"{"a": "null", "b": "null", "_fbp": "NaN", "c": "NaN"}"#,
        "-context.cookies placeholder -context.cookies._fbp placeholder",
    ),
    (
        "context.click_ids",
        r#"{"gclid": "{gclid}", "gbraid": "0AAA"}"#,
        "-context.click_ids.gclid placeholder",
    ),
    (
        "context.click_ids",
        r#"{"gclid": "A", "gclid": "B"}"#,
        "+context.click_ids.gclid duplicate_key",
    ),
    (
        "context.click_ids",
        r#"{"msclkid": " A "}"#,
        "+context.click_ids.msclkid trimmed",
    ),
    (
        "context.click_ids",
        r#"{"msclkid": "A\u0000B"}"#,
        "-context.click_ids.msclkid control_characters",
    ),
    (
        "context.client_id",
        "1380133182.1764792191",
        "+context.client_id number_as_text",
    ),
    (
        "context.session_id",
        "1795182060",
        "+context.session_id number_as_text",
    ),
    (
        "context.page_title",
        "2026",
        "+context.page_title number_as_text",
    ),
    (
        "context.page_title",
        "true",
        "-context.page_title wrong_type",
    ),
    (
        "context.page_title",
        r#""Danke \ud83d""#,
        "+context.page_title lone_surrogate",
    ),
    (
        "context.page_title",
        r#""a\u0000b""#,
        "+context.page_title control_characters",
    ),
    ("context", r#""x""#, "-context wrong_type"),
    ("user", r#"["x"]"#, "-user wrong_type"),
    ("user.phone", "4915123456789", "+user.phone number_as_text"),
    ("user.phone", "4.9e12", "-user.phone wrong_type"),
    ("user.email", r#"["a"]"#, "-user.email wrong_type"),
    (
        "user.first_name",
        r#""Nora \ud83d""#,
        "-user.first_name lone_surrogate",
    ),
    (
        "user.email_sha256",
        r#""none of it""#,
        "-user.email_sha256 invalid_digest",
    ),
    (
        "user.email_sha256",
        r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
        "-user.email_sha256 placeholder",
    ),
    (
        "user.email_sha256",
        r#""EB045D78D273107348B0300C01D29B7552D622ABBC6FAF81B3EC55359AA9950C""#,
        "-user.email_sha256 placeholder",
    ),
    ("action_source", r#""web""#, "-action_source invalid_choice"),
    (
        "transaction_id",
        r#""undefined""#,
        "-transaction_id placeholder",
    ),
    ("transaction_id", "118842", "+transaction_id number_as_text"),
    ("event_id", r#"" p-1 ""#, "+event_id trimmed"),
    ("event_id", r#""\ufeffp-1\u200b""#, "+event_id trimmed"),
    ("event", r#"" purchase\n""#, "+event trimmed"),
    ("predicted_ltv", "-1", "-predicted_ltv out_of_range"),
    ("predicted_ltv", r#""480""#, "+predicted_ltv text_as_number"),
    (
        "consent",
        r#"{"ad_storage": "undefined"}"#,
        "-consent.ad_storage placeholder",
    ),
    (
        "properties",
        r#"{"a": [1], "b": {"c": 1}, "C d": [1], "e": "undefined", "f": 1e999}"#,
        "-properties.a not_a_scalar -properties.b not_a_scalar -properties not_a_scalar -properties.e placeholder -properties.f out_of_range",
    ),
    (
        "properties",
        r#"{"a": "x\ud83d", "a": 2}"#,
        "+properties.a lone_surrogate +properties.a duplicate_key",
    ),
    (
        "properties",
        r#"{"half \ud83d": 1, "b": 2}"#,
        "-properties key_invalid",
    ),
    (
        "context.cookies",
        r#"{"\ud83d": "x", "_fbp": "NaN"}"#,
        "-context.cookies._fbp placeholder",
    ),
    ("properties", r#"{"": 1}"#, "-properties key_invalid"),
    ("properties", "7", "-properties wrong_type"),
    (
        "items",
        r#"[{"item_id": 9, "price": "9.90", "quantity": "two", "discount": true}]"#,
        "+items[0].item_id number_as_text +items[0].price text_as_number -items[0].quantity wrong_type -items[0].discount wrong_type",
    ),
    (
        "items",
        r#"[{}, 5, {"item_naem": "x", "color": "red", "tags": ["a"]}]"#,
        "-items[1] wrong_type +items[2].item_naem item_property -items[2].tags not_a_scalar",
    ),
    (
        "items",
        r#"[{"properties": {"color": "red", "color": "blue", "sizes": [1]}, "color": "green"}]"#,
        "+items[0].properties.color duplicate_key -items[0].properties.sizes not_a_scalar +items[0].color duplicate_key",
    ),
    (
        "items",
        r#"[{"Nora Feldt": []}, {"Nora Feldt": [1]}]"#,
        "-items[1] not_a_scalar",
    ),
    ("items", r#"{"0": {}}"#, "-items wrong_type"),
    (
        "items",
        r#"[{"item_name": {}, "quantity": 1e400}]"#,
        "-items[0].item_name wrong_type -items[0].quantity out_of_range",
    ),
];

#[test]
fn what_is_left_out_or_changed_is_told_by_place_and_code() {
    for (path, value, told) in REMARKS {
        let text = with(path, value);
        let event = edgetally_core::intake::native::parse(&text, NOW)
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        let signed = |sign: char, list: &[edgetally_core::base::remarks::Remark]| -> Vec<String> {
            let line = |remark: &edgetally_core::base::remarks::Remark| {
                format!("{sign}{} {}", remark.path, remark.code)
            };
            list.iter().map(line).collect()
        };
        let mut got = signed('-', &event.remarks.removed);
        got.extend(signed('+', &event.remarks.changed));
        let mut wanted: Vec<String> = told
            .replace(" -", "\n-")
            .replace(" +", "\n+")
            .lines()
            .map(str::to_owned)
            .collect();
        got.sort();
        wanted.sort();
        assert_eq!(got, wanted, "{text}");
        let docs = include_str!("../../../../docs/events.md");
        for code in told.split(' ').skip(1).step_by(2) {
            assert!(
                docs.contains(&format!("| `{code}` |")),
                "{code} is not in docs/events.md"
            );
        }
    }
}

#[test]
fn long_texts_are_cut_and_long_ids_left_out() {
    let cut = |path: &str, value: &str| {
        let text = with(path, &json!(value).to_string());
        let event = edgetally_core::intake::native::parse(&text, NOW).unwrap();
        let context = &event.context;
        let kept = [
            &context.page_title,
            &context.user_agent,
            &context.page_url,
            &context.ip,
            &context.client_id,
            &event.release,
        ];
        let kept = kept
            .into_iter()
            .flatten()
            .next()
            .map(|text| text.as_str().to_owned());
        let remark = event
            .remarks
            .changed
            .first()
            .or(event.remarks.removed.first())
            .unwrap();
        assert_eq!(remark.path, path);
        (kept, remark.code)
    };
    let title = "Dänke ".repeat(200);
    assert_eq!(
        cut("context.page_title", &title),
        (Some(title.chars().take(1024).collect()), "cut")
    );
    let release = "é".repeat(65);
    assert_eq!(cut("release", &release), (Some("é".repeat(64)), "cut"));
    assert_eq!(
        cut("release", "web\n2"),
        (Some("web 2".to_owned()), "control_characters")
    );
    let page = format!(
        "https://shop.example/?gclid=A&utm_source={}",
        "n".repeat(9000)
    );
    assert_eq!(
        cut("context.page_url", &page),
        (Some("https://shop.example/?gclid=A".to_owned()), "cut")
    );
    let page = format!("https://shop.example/{}", "n".repeat(9000));
    assert_eq!(cut("context.page_url", &page), (None, "too_long"));
    let list = "203.0.113.24, ".repeat(100);
    let (kept, code) = cut("context.ip", &list);
    assert!(code == "cut" && kept.unwrap().ends_with("203.0.113.24"));
    assert_eq!(
        cut("context.client_id", &"1".repeat(257)),
        (None, "too_long")
    );
    let name = "x".repeat(600);
    let text = with(
        "items",
        &json!([{"item_name": name, "item_id": name, "item_list_id": name}]).to_string(),
    );
    let event = edgetally_core::intake::native::parse(&text, NOW).unwrap();
    assert_eq!(event.items[0].item_name.as_deref().map(str::len), Some(512));
    assert_eq!(
        (
            event.items[0].item_id.is_none(),
            event.remarks.removed.len()
        ),
        (true, 2)
    );
}

#[test]
fn of_too_many_the_first_are_kept() {
    let items: Vec<Value> = (0..MOST_ITEMS + 3)
        .map(|n| json!({"item_id": n.to_string()}))
        .collect();
    let properties: serde_json::Map<String, Value> = (0..MOST_PROPERTIES + 3)
        .map(|n| (format!("p{n:03}"), json!(n)))
        .collect();
    let mut cookies: serde_json::Map<String, Value> =
        (0..300).map(|n| (format!("c{n:03}"), json!("x"))).collect();
    cookies.insert("zz".into(), json!("x"));
    cookies.insert("_ga".into(), json!("GA1.1.1.2"));
    cookies.insert("ttclid".into(), json!("E.C"));
    let text =
        json!({"event": "purchase", "event_id": "p", "value": 1, "currency": "EUR", "items": items,
        "properties": properties, "context": {"cookies": cookies}})
        .to_string();
    let event = edgetally_core::intake::native::parse(&text, NOW).unwrap();
    assert_eq!(
        (event.items.len(), event.properties.len()),
        (MOST_ITEMS, MOST_PROPERTIES)
    );
    assert!(
        event
            .context
            .cookies
            .iter()
            .any(|(name, _)| name.as_str() == "ttclid")
    );
    let told: Vec<(&str, &str)> = event
        .remarks
        .removed
        .iter()
        .map(|remark| (remark.path.as_str(), remark.code))
        .collect();
    assert!(
        told.contains(&("items", "too_many")) && told.contains(&("context.cookies", "too_many")),
        "{told:?}"
    );
    assert!(told.contains(&("properties.p200", "too_many")), "{told:?}");

    let wrong: Vec<Value> = (0..60).map(|_| json!({"quantity": "two"})).collect();
    let text = with("items", &Value::from(wrong).to_string());
    let event = edgetally_core::intake::native::parse(&text, NOW).unwrap();
    assert_eq!(event.remarks.removed.len(), 51);
    assert_eq!(event.remarks.removed[50].code, "more");
}

#[test]
fn numbers_of_items_are_taken_by_value() {
    let item = |text: &'static str| -> Item<'static> {
        let text: &'static str = with("items", &format!("[{text}]")).leak();
        // A line of nothing is none.
        let mut items = edgetally_core::intake::native::parse(text, NOW)
            .unwrap()
            .items;
        items.pop().unwrap_or_default()
    };
    for (quantity, text, pieces) in [
        ("2", "2", Some(2)),
        ("2.0", "2", Some(2)),
        ("2e0", "2", Some(2)),
        ("1.5e1", "15", Some(15)),
        ("\"2\"", "2", Some(2)),
        ("\" +2.00 \"", "2", Some(2)),
        ("0", "0", Some(0)),
        ("-0.0", "0", Some(0)),
        ("-1", "-1", Some(-1)),
        ("1.5", "1.5", None),
        ("null", "1", Some(1)),
        ("\"two\"", "1", Some(1)),
    ] {
        let item = item(format!(r#"{{"quantity": {quantity}}}"#).leak());
        assert_eq!(
            (&*item.quantity_or_one(), item.pieces()),
            (text, pieces),
            "{quantity}"
        );
    }
    let voucher = item(r#"{"price": -10.00, "discount": "0.50"}"#);
    assert!(voucher.price.unwrap().is_negative());
    assert_eq!(voucher.price.unwrap().as_str(), "-10.00");
    assert_eq!(voucher.price.unwrap().fixed(1), "-10.0");
    assert_eq!(voucher.discount.unwrap().as_str(), "0.50");
    // An item of a message of 0.1.0, and one that goes into a queue and comes out of it.
    let old: Item<'_> =
        serde_json::from_str(r#"{"item_id":"a","price":9.90,"quantity":1}"#).unwrap();
    assert!(old.properties.is_empty());
    let own = item(
        r#"{"price": -1, "quantity": 2.0, "color": "red", "properties": {"size": 4.50, "new": true}}"#,
    );
    let wire = serde_json::to_string(&own).unwrap();
    assert_eq!(serde_json::from_str::<Item<'_>>(&wire).unwrap(), own);
    assert_eq!(own.properties.len(), 3);
    let number =
        |property: &Property<'_>| matches!(property, Property::Number(n) if n.as_str() == "4.50");
    assert!(
        own.properties
            .iter()
            .any(|(key, value)| key.as_str() == "size" && number(value))
    );
}

#[test]
fn the_digests_of_placeholders_are_known() {
    let spelled = ["", " ", "None", "NaN", "NULL", "[object Object]"];
    for word in edgetally_core::base::text::NO_VALUE.iter().chain(&spelled) {
        let digest = edgetally_core::identity::sha256_hex(word);
        let text = with(
            "user.email_sha256",
            &json!(String::from_utf8_lossy(&digest)).to_string(),
        );
        assert!(
            edgetally_core::intake::native::parse(&text, NOW)
                .unwrap()
                .user
                .email_sha256
                .is_none(),
            "{word}"
        );
    }
}

#[test]
fn what_says_nothing_is_absent() {
    for (path, value) in [
        ("value", "null"),
        ("value", "\"\""),
        ("currency", "\"\""),
        ("currency", "\"undefined\""),
        ("event_time", "\"\""),
        ("transaction_id", "\"\""),
        ("test", "\"\""),
        ("consent", "[]"),
        (
            "consent",
            r#"{"ad_storage": "", "tcf": "", "gpp": "", "gpp_sid": "", "gpc": "", "legal_basis": null}"#,
        ),
        (
            "consent",
            r#"{"functionality_storage": "granted", "security_storage": "granted", "personalization_storage": 1,
            "functional_storage": "granted", "wait_for_update": 500, "region": ["DE"]}"#,
        ),
    ] {
        let text = with(path, value).replace("\"purchase\"", "\"generate_lead\"");
        let text = if path == "currency" {
            text.replace("\"value\":1", "\"value\":null")
        } else {
            text
        };
        let event = edgetally_core::intake::native::parse(&text, NOW)
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(event.signals, edgetally_core::consent::Signals::default());
        assert!(event.transaction_id.is_none() && event.time == NOW && !event.test);
        assert_eq!(
            event.money.is_some(),
            !matches!(path, "value" | "currency"),
            "{text}"
        );
    }
    let text = with("event_id", r#""", "transaction_id": "o-1""#);
    assert_eq!(
        edgetally_core::intake::native::parse(&text, NOW)
            .unwrap()
            .id
            .as_str(),
        "o-1"
    );
}

#[test]
fn times_are_understood_as_programs_write_them() {
    for text in [
        "2026-11-22T11:15:30+0100",
        "2026-11-22T11:15:30+01",
        "2026-11-22 10:15:30+00:00",
        "2026-11-22 11:15:30 +0100",
        "2026-11-22t10:15:30z",
        "2026-11-22T10:15:30,000Z",
        "2026-11-22T10:15:30.0000000000001Z",
        "\\ufeff 2026-11-22T10:15:30Z ",
        "2026-11-22 10:15:30 UTC",
        "2026-11-22T11:15:30+01:00[Europe/Berlin]",
        "1795342530",
        "1795342530000",
        " 1795342530.0 ",
    ] {
        let body = with("event_time", &format!("\"{text}\""));
        assert_eq!(
            edgetally_core::intake::native::parse(&body, NOW)
                .unwrap()
                .time
                .0,
            1_795_342_530_000,
            "{text}"
        );
    }
    let body = with("event_time", "\"2026-11-22T10:15Z\"");
    assert_eq!(
        edgetally_core::intake::native::parse(&body, NOW)
            .unwrap()
            .time
            .0,
        1_795_342_500_000
    );
    for text in [
        "2026-11-22T10:15:30",
        "2026-11-22",
        "2026-11-22T10:15:30 CET",
        "2026-13-22T10:15:30+0100",
        "2026-11-22T10:15:30+1",
        "tomorrow",
        "Sun Nov 22 2026",
        "é026-11-22T10:15:30+0100",
        "1e9",
        "",
    ] {
        let body = with(
            "event_time",
            &format!("\"{text}x\"").replace("x\"", if text.is_empty() { "x\"" } else { "\"" }),
        );
        assert_eq!(fault(&body).0, "event_time_invalid", "{text}");
    }
}

#[test]
fn a_number_and_blanks_around_make_no_other_event() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let copy = |id: &str| {
        format!(r#"{{"event": "purchase", "event_id": {id}, "value": 1, "currency": "EUR"}}"#)
    };
    let body = [
        copy("118842"),
        copy("\"118842\""),
        copy("\" 118842\\n\""),
        copy("\"\\u200b118842\""),
    ]
    .join(",");
    let plan = read(&settings, format!("[{body}]").as_bytes()).unwrap();
    assert!(
        plan.answer.text().contains(r#""duplicates":3"#),
        "{}",
        plan.answer.text()
    );
}

#[test]
fn of_equal_free_keys_the_last_one_counts_and_only_once() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let body = r#"{"event": "contact", "event_id": "c", "properties": {"size": 1, "size": 2}}"#;
    let plan = read(&settings, body.as_bytes()).unwrap();
    let message = &plan.messages[0];
    assert_eq!(message.matches("size").count(), 1, "{message}");
    assert!(
        plan.answer
            .text()
            .contains(r#""changed":[{"path":"properties.size","code":"duplicate_key"}]"#),
        "{}",
        plan.answer.text()
    );
}

#[test]
fn what_stands_beside_the_events_holds_for_each() {
    let settings = all_platforms(&json!({"consent": "implied"}));
    let event = |id: &str, more: &str| {
        format!(
            r#"{{"event": "contact", "event_id": "{id}", "action_source": "email", "user": {{"email": "a@b.example"}}{more}}}"#
        )
    };
    let answer = |beside: &str, events: &[String]| -> Value {
        let body = format!(r#"{{{beside}, "events": [{}]}}"#, events.join(","));
        let plan =
            read(&settings, body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
        let mut answer: Value = serde_json::from_str(plan.answer.text()).unwrap();
        answer["messages"] = json!(plan.messages);
        answer
    };
    let granted = r#", "consent": {"ad_storage": "granted", "analytics_storage": "granted", "ad_user_data": "granted"}"#;
    let denied = r#""consent": {"ad_storage": "denied", "analytics_storage": "denied", "ad_user_data": "denied"}"#;
    // No event opens what was closed for all, and what one closes stays closed.
    assert_eq!(
        answer(denied, &[event("a", granted), event("b", "")])["blocked"],
        2
    );
    let open = granted.trim_start_matches(", ");
    let mixed = answer(open, &[event("a", &format!(", {denied}")), event("b", "")]);
    assert_eq!(
        (&mixed["blocked"], &mixed["accepted"]),
        (&json!(1), &json!(1))
    );
    // A test of all, but for one that says otherwise.
    let tests = answer(
        r#""test": true, "release": "r-7""#,
        &[
            event("a", ""),
            event("b", r#", "test": false, "release": "r-8""#),
        ],
    );
    let messages = tests["messages"].to_string();
    assert_eq!(messages.matches(r#"\"z\":true"#).count(), 1, "{messages}");
    assert!(messages.contains("r-7") && messages.contains("r-8"));
    let told = answer(
        r#""release": "a\u0000", "action_source": "undefined""#,
        &[event("a", "")],
    );
    assert_eq!(
        told["results"][0]["removed"],
        json!([{"path": "action_source", "code": "placeholder"}])
    );
    assert_eq!(
        told["results"][0]["changed"],
        json!([{"path": "release", "code": "control_characters"}])
    );
    // One event with the word in a value is no batch.
    let one = r#"{"event": "contact", "event_id": "c", "properties": {"a": "events", "b": {"events": 1}}}"#;
    assert!(
        read(&settings, one.as_bytes())
            .unwrap()
            .answer
            .text()
            .contains("\"accepted\":1")
    );
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
            && let Err(error) = edgetally_core::intake::native::parse(torn, NOW)
        {
            prop_assert!(matches!(error.code.as_str(), "malformed_json" | "unknown_key" | "wrong_type" | "too_deep"
                | "value_invalid" | "value_out_of_range"), "{error}");
        }
    }

    #[test]
    fn no_decoration_rejects_a_purchase_or_goes_in_silence(
        path in prop::sample::select(DECORATION), value in any_json(), more in any_json(),
    ) {
        let text = with(path, &value.to_string());
        let unknown = matches!(path, "user" | "context") && value.is_object();
        let event = match edgetally_core::intake::native::parse(&text, NOW) {
            Err(error) if unknown => {
                prop_assert_eq!(error.code, Code::UnknownKey, "{}", text);
                return Ok(());
            }
            event => event,
        };
        prop_assert!(event.is_ok(), "{text}: {:?}", event.err());
        prop_assert!(used_or_told(&event.unwrap(), path, &value.to_string()), "{text}");
        let items = with("items", &json!([more, {"properties": value}]).to_string());
        if let Err(error) = edgetally_core::intake::native::parse(&items, NOW) {
            // Nesting beyond what an event may have is an attack and no decoration.
            prop_assert_eq!(error.code, Code::TooDeep, "{}", items);
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

#[test]
fn every_currency_of_iso_4217_is_known_with_its_places() {
    for number in 0..26_u32.pow(3) {
        let letters = [number / 676, number / 26 % 26, number % 26];
        let code: String = letters
            .iter()
            .filter_map(|letter| char::from_digit(letter + 10, 36))
            .collect::<String>()
            .to_uppercase();
        let listed = iso_currency::Currency::from_code(&code);
        let known = edgetally_core::base::money::Currency::parse(&code);
        assert_eq!(known.is_some(), listed.is_some(), "{code}");
        if let (Some(known), Some(listed)) = (known, listed) {
            let places = listed.exponent().map_or(2, usize::from);
            assert_eq!(known.places(), places, "{code}");
        }
    }
}

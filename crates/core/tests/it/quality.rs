//! What is counted for the quality of events, and what is computed of it.

use std::collections::{BTreeMap, BTreeSet};

use edgetally_core::base::match_keys::{Key, Keys};
use edgetally_core::destinations::ALL;
use edgetally_core::destinations::input::Input;
use edgetally_core::intake::Visit;
use edgetally_core::ledger::{Counts, Line, State};
use edgetally_core::quality::report::{BY, Shown};
use edgetally_core::quality::{prometheus, quality};
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::golden::{Golden, Visitor};
use crate::support::{NOW, envelopes, files, fixtures, plan, platform_settings, requests, shop};
use crate::world::{World, ids, is_question, only, received, reply};

/// The fields of each platform's requests that hold a match key, as the platform's pages have them: one of the names, or
/// with `+` all of them.
const FIELDS: &[(&str, &[(char, &str)])] = &[
    (
        "ga4",
        &[
            ('e', "sha256_email_address"),
            ('p', "sha256_phone_number"),
            ('x', "user_id"),
            ('b', "client_id"),
            ('n', "ip_override+user_agent"),
            ('a', "address"),
        ],
    ),
    (
        "google_ads",
        &[
            ('c', "gclid gbraid wbraid"),
            ('e', "emailAddress"),
            ('p', "phoneNumber"),
            ('n', "userAgent+ipAddress"),
            ('a', "address"),
        ],
    ),
    (
        "linkedin",
        &[
            ('c', "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID"),
            ('e', "SHA256_EMAIL"),
            ('x', "externalIds"),
            ('a', "hashedFirstName"),
        ],
    ),
    (
        "meta",
        &[
            ('c', "fbc"),
            ('e', "em"),
            ('p', "ph"),
            ('x', "external_id"),
            ('b', "fbp"),
            ('n', "client_ip_address+client_user_agent"),
            ('a', "fn ln db ct zp country"),
        ],
    ),
    (
        "microsoft",
        &[
            ('c', "msclkid"),
            ('e', "em"),
            ('p', "ph"),
            ('x', "externalId"),
            ('b', "anonymousId"),
            ('n', "clientIpAddress+clientUserAgent"),
        ],
    ),
    (
        "pinterest",
        &[
            ('c', "click_id"),
            ('e', "em"),
            ('p', "ph"),
            ('x', "external_id"),
            ('n', "client_ip_address+client_user_agent"),
            ('a', "fn ln db ct zp country"),
        ],
    ),
    (
        "reddit",
        &[
            ('c', "click_id"),
            ('e', "email"),
            ('p', "phone_number"),
            ('x', "external_id"),
            ('b', "uuid"),
            ('n', "ip_address+user_agent"),
        ],
    ),
    (
        "snapchat",
        &[
            ('c', "sc_click_id"),
            ('e', "em"),
            ('p', "ph"),
            ('x', "external_id"),
            ('b', "sc_cookie1"),
            ('n', "client_ip_address+client_user_agent"),
            ('a', "fn ln ct zp country"),
        ],
    ),
    (
        "tiktok",
        &[
            ('c', "ttclid"),
            ('e', "email"),
            ('p', "phone"),
            ('x', "external_id"),
            ('b', "ttp"),
            ('n', "ip+user_agent"),
            ('a', "first_name last_name zip_code city country"),
        ],
    ),
    (
        "webhook",
        &[
            ('c', "click_ids"),
            ('e', "email_sha256"),
            ('p', "phone_sha256"),
            ('x', "external_id_sha256"),
            ('b', "client_id"),
            ('n', "ip+user_agent"),
            (
                'a',
                "first_name_sha256 last_name_sha256 date_of_birth_sha256 city_sha256 postal_code_sha256 country_sha256",
            ),
        ],
    ),
    (
        "x",
        &[
            ('c', "twclid"),
            ('e', "hashed_email"),
            ('p', "hashed_phone_number"),
            ('n', "ip_address+user_agent"),
        ],
    ),
];

/// All names in a body, and what LinkedIn has for names.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "idType" {
                    found.insert(value.as_str().unwrap().to_owned());
                }
                // What the sender has called so is no field of the platform's.
                if !matches!(name.as_str(), "properties" | "custom_data" | "params") {
                    found.insert(name.clone());
                    names(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

/// The letters of the keys that a body holds.
fn held(platform: &str, body: &Value) -> String {
    let mut there = BTreeSet::new();
    names(body, &mut there);
    let (_, fields) = FIELDS.iter().find(|(of, _)| *of == platform).unwrap();
    let fields = fields
        .iter()
        .filter(|(_, fields)| match fields.split_once('+') {
            Some((one, other)) => there.contains(one) && there.contains(other),
            None => fields.split(' ').any(|name| there.contains(name)),
        });
    fields.map(|(letter, _)| *letter).collect()
}

#[test]
fn the_keys_of_every_golden_event_at_every_platform_are_those_of_its_request() {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for entry in ALL {
        let more: &[Value] = if entry.platform == "ga4" {
            &[
                json!({}),
                json!({"user_id": true}),
                json!({"user_data": false}),
            ]
        } else {
            &[json!({})]
        };
        for (more, (name, text)) in more.iter().flat_map(|more| {
            files(&fixtures().join("events"))
                .into_iter()
                .map(move |file| (more, file))
        }) {
            let golden: Golden<'_> = serde_json::from_str(&text).unwrap();
            let mut own = platform_settings(entry.platform);
            own.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let settings = shop(&[(entry.platform, own)], &golden.source, &Value::Null);
            let visit = golden.visit.as_ref().map(Visitor::visit);
            let plan = plan(&settings, visit.as_ref(), golden.event.get());
            let opened = envelopes(&plan.messages);
            let Some(parcel) = opened.iter().flat_map(|one| &one.parcels).next() else {
                continue;
            };
            let destination = &settings.destination(entry.platform).unwrap().destination;
            let keys = destination.keys(&Input::new(parcel, parcel.legs[0].grant));
            let sent = requests(&settings, &plan.messages, NOW);
            let body = sent
                .iter()
                .find_map(|(_, request)| serde_json::from_slice::<Value>(request.body()).ok())
                .unwrap();
            assert_eq!(
                keys.code(),
                held(entry.platform, &body),
                "{name} at {}: {body}",
                entry.platform
            );
            seen.entry(entry.platform)
                .or_default()
                .push_str(&keys.code());
        }
        // Each of its keys is in one of them, so that none of the above is true of nothing.
        let (_, fields) = FIELDS.iter().find(|(of, _)| *of == entry.platform).unwrap();
        for (letter, _) in *fields {
            let all = &seen[entry.platform];
            assert!(
                all.contains(*letter),
                "{}: {letter} is never there: {all}",
                entry.platform
            );
        }
    }
}

/// What intake counts of a body, by state and code, under the empty destination or another.
fn counted(
    settings: &Settings,
    visit: Option<&Visit<'_>>,
    body: &Value,
    at: &str,
) -> BTreeMap<String, i64> {
    let plan = plan(settings, visit, &body.to_string());
    let mut counted = BTreeMap::new();
    for message in &plan.messages {
        let counts = match envelope::open(message).unwrap() {
            Message::Events(envelope) => envelope.counts,
            Message::Report(report) => report.counts,
        };
        for (line, n) in counts.iter().filter(|(line, _)| line.destination == at) {
            let code = format!("{}:{}", line.state.as_str(), line.code);
            *counted.entry(code).or_default() += n;
        }
    }
    counted
}

fn of(pairs: &[(&str, i64)]) -> BTreeMap<String, i64> {
    pairs
        .iter()
        .map(|(code, n)| ((*code).to_owned(), *n))
        .collect()
}

fn two() -> Settings {
    let all = ["meta", "ga4"].map(|name| (name, platform_settings(name)));
    shop(&all, &Value::Null, &Value::Null)
}

const GRANTED: &str = "granted";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

fn order(more: &Value) -> Value {
    let mut order = json!({
        "event": "purchase", "event_id": "o-1", "value": 129.90, "currency": "EUR", "action_source": "email",
        "user": {"email": "elena.brandt@shop.example"},
        "context": {"page_url": "https://shop.example/thanks", "client_id": "12.34"},
        "consent": {"ad_storage": GRANTED, "ad_user_data": GRANTED, "analytics_storage": "denied"},
    });
    order
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    order["properties"] = json!({"ep": order["event_id"]});
    order
}

#[test]
fn what_was_given_is_counted_before_consent_and_once() {
    let settings = two();
    assert_eq!(
        counted(&settings, None, &order(&json!({})), ""),
        of(&[
            ("keys:eb", 1),
            ("parts:vcu", 1),
            ("priced:EUR", 1),
            ("money:EUR", 129_900_000),
            ("consent:granted:denied", 1),
        ])
    );
    // Nobody may see any of it, and it was given all the same.
    let denied = json!({"consent": {"ad_user_data": "denied", "analytics_storage": "denied"}, "transaction_id": "77",
        "items": [{"item_id": "1"}], "event_time": "2026-11-22T10:15:00Z", "release": "r1"});
    assert_eq!(
        counted(&settings, None, &order(&denied), ""),
        of(&[
            ("accepted:server", 1),
            ("keys:eb", 1),
            ("parts:vcoitur", 1),
            ("priced:EUR", 1),
            ("money:EUR", 129_900_000),
            ("consent:denied:denied", 1),
        ])
    );
    // What cannot be used is not given.
    let junk = json!({"user": {"email": "undefined", "phone": "no", "external_id": " ", "city": "-"},
        "context": {"client_id": "undefined", "ip": "10.0.0.1", "user_agent": FIREFOX, "page_url": "javascript:alert(1)",
            "cookies": {"_fbp": "x"}, "click_ids": {"gclid": "null"}},
        "value": 20_000_000_000_i64, "consent": {}});
    assert_eq!(
        counted(&settings, None, &order(&junk), ""),
        of(&[
            ("accepted:server", 1),
            ("keys:", 1),
            ("parts:vc", 1),
            ("priced:too_large", 1),
            ("consent:unknown:unknown", 1),
            ("removed:placeholder", 4),
        ])
    );
}

#[test]
fn every_key_has_its_letter_where_it_was_given() {
    let settings = two();
    for (user, context, code) in [
        (json!({}), json!({}), ""),
        (json!({"phone": "+4915123456789"}), json!({}), "p"),
        (json!({"external_id": "c-7"}), json!({}), "x"),
        (json!({"postal_code": "10117"}), json!({}), "a"),
        (json!({"first_name": "Elena"}), json!({}), "a"),
        (json!({"gender": "f"}), json!({}), ""),
        (
            json!({"email_sha256": "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"}),
            json!({}),
            "e",
        ),
        (
            json!({}),
            json!({"click_ids": {"gclid": "Cj0Kabcdefghij"}}),
            "c",
        ),
        (
            json!({}),
            json!({"page_url": "https://shop.example/?gclid=Cj0Kabcdefghij"}),
            "c",
        ),
        (
            json!({}),
            json!({"cookies": {"_fbc": "fb.1.1795182060000.IwAR0AbCdEfGhIjKl"}}),
            "c",
        ),
        (
            json!({}),
            json!({"cookies": {"_fbp": "fb.1.1794870011223.1098115397"}}),
            "b",
        ),
        (
            json!({}),
            json!({"cookies": {"_ga_9ABCDE1234": "GS2.1.s1760000000$o5$g1$t1760000100$j0$l0$h0"}}),
            "",
        ),
        (json!({}), json!({"ip": "203.0.113.24"}), ""),
        (
            json!({}),
            json!({"ip": "203.0.113.24", "user_agent": FIREFOX}),
            "n",
        ),
    ] {
        let event = order(&json!({"user": user, "context": context}));
        let found = counted(&settings, None, &event, "");
        let keys: Vec<&String> = found
            .keys()
            .filter(|code| code.starts_with("keys:"))
            .collect();
        assert_eq!(keys, [&format!("keys:{code}")], "{event}");
    }
    let visit = Visit {
        ip: Some("203.0.113.24"),
        user_agent: Some(FIREFOX),
        cookies: Some("_ga=GA1.1.1380133182.1764792191"),
        referer: Some("https://shop.example/?fbclid=IwAR0AbCdEfGhIjKl"),
        ..Visit::default()
    };
    let found = counted(
        &settings,
        Some(&visit),
        &order(&json!({"user": {}, "context": {}})),
        "",
    );
    assert_eq!((found["keys:cbn"], found["parts:vcu"]), (1, 1), "{found:?}");
}

#[test]
fn a_time_that_is_off_is_counted_and_one_that_was_not_given_is_not() {
    let settings = two();
    for (time, code) in [
        (Value::Null, None),
        (json!("2026-11-22T10:15:00Z"), None),
        (json!("2026-11-22T10:18:31Z"), Some("skew:ahead_1m")),
        (json!("2026-11-22T09:00:00Z"), Some("skew:behind_1h")),
        (json!("2026-11-20T09:00:00Z"), Some("skew:behind_1d")),
        (json!("2026-11-10T09:00:00Z"), Some("skew:behind_7d")),
    ] {
        let found = counted(&settings, None, &order(&json!({"event_time": time})), "");
        let skew: Vec<&String> = found
            .keys()
            .filter(|code| code.starts_with("skew"))
            .collect();
        assert_eq!(skew.first().map(|code| code.as_str()), code);
    }
}

#[test]
fn tests_and_robots_are_apart_and_in_nothing_that_is_measured() {
    let settings = two();
    let crawler = json!({"context": {"client_id": "12.34", "user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}});
    for (more, kind) in [(json!({"test": true}), "test"), (crawler.clone(), "bot")] {
        let mut event = order(&more);
        event["consent"]["analytics_storage"] = json!("denied");
        assert_eq!(
            counted(&settings, None, &event, ""),
            of(&[(&format!("apart:{kind}"), 1)])
        );
        assert_eq!(
            counted(&settings, None, &event, "ga4"),
            of(&[
                ("accepted:", 1),
                ("blocked:analytics_storage_denied", 1),
                (&format!("apart:{kind}:blocked"), 1),
            ])
        );
    }
    // A robot's event goes where any other goes, and what became of it is apart as well.
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&[order(&crawler)], "e1");
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    let lines: BTreeMap<_, _> = world
        .counts
        .iter()
        .map(|(line, n)| {
            (
                format!("{} {}:{}", line.destination, line.state.as_str(), line.code),
                n,
            )
        })
        .collect();
    assert_eq!(
        lines,
        of(&[
            (" accepted:server", 1),
            (" apart:bot", 1),
            ("meta accepted:", 1),
            ("meta delivered:", 1),
            ("meta apart:bot:delivered", 1),
        ])
    );
}

/// The lines of a state at a destination.
fn lines(world: &World<'_>, state: State) -> BTreeMap<String, i64> {
    let own = world.counts.iter();
    let own =
        own.filter(|(line, n)| line.state == state && !line.destination.is_empty() && *n != 0);
    own.map(|(line, n)| (line.code.clone(), n)).collect()
}

#[test]
fn what_went_along_is_counted_when_it_was_taken_and_how_long_that_took() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&[order(&json!({}))], "e1");
    let mut times = 0;
    world.run(&mut |outgoing, _| {
        times += 1;
        Some(if times == 1 {
            reply(503, "")
        } else {
            received(outgoing)
        })
    });
    assert_eq!(times, 2);
    assert_eq!(lines(&world, State::Keys), of(&[("e", 1)]));
    let latency = lines(&world, State::Latency);
    let bound: i64 = latency.keys().next().unwrap().parse().unwrap();
    let took = (world.got[1].at - NOW.0) / 1000;
    assert!(
        took > 0 && bound >= took && latency.len() == 1,
        "{latency:?} {took}"
    );
    // What was refused has brought nobody anything.
    let mut world = World::new(&settings);
    world.send(&[order(&json!({}))], "e1");
    world.run(&mut |_, _| {
        Some(reply(
            400,
            r#"{"error": {"code": 100, "error_subcode": 2804016}}"#,
        ))
    });
    assert_eq!(lines(&world, State::Keys), of(&[]));
    assert_eq!(lines(&world, State::Latency), of(&[]));
}

#[test]
fn a_platform_that_judges_later_counts_robots_apart_from_visitors() {
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    let robot = json!({"event_id": "o-2", "context": {"user_agent": "somebot"}});
    world.send(&[order(&json!({})), order(&robot)], "e1");
    let mut receipts = 0;
    world.run(&mut |outgoing, _| {
        Some(if is_question(outgoing) {
            reply(200, r#"{"requestStatusPerDestination": [{"requestStatus": "SUCCESS"}]}"#)
        } else {
            receipts += usize::from(!ids(outgoing).is_empty());
            reply(
                200,
                &json!({"requestId": format!("r-{receipts}"), "access_token": "T", "expires_in": 3600}).to_string(),
            )
        })
    });
    assert!(world.pending.is_empty());
    assert_eq!(receipts, 2, "a request for each kind");
    assert_eq!(lines(&world, State::Apart), of(&[("bot:delivered", 1)]));
    assert_eq!(lines(&world, State::Keys), of(&[("e", 1)]));
    assert_eq!(world.state("google_ads", State::Delivered), 2);
}

#[test]
fn a_robots_letter_that_is_offered_again_is_apart_once() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(
        &[order(&json!({"context": {"user_agent": "somebot"}}))],
        "e1",
    );
    world.run(&mut |_, _| {
        Some(reply(
            400,
            r#"{"error": {"code": 100, "error_subcode": 2804016}}"#,
        ))
    });
    assert_eq!(lines(&world, State::Apart), of(&[("bot:rejected", 1)]));
    let letter = world.dead.values().next().unwrap().clone();
    let again = edgetally_core::delivery::replay(&letter, 1).unwrap();
    world.apply(&again.booked);
    world.apply(&again.sent);
    assert_eq!(lines(&world, State::Apart), of(&[]));
    world.queue.push((
        world.now,
        edgetally_core::delivery::Queue::Main,
        again.message,
    ));
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    assert_eq!(lines(&world, State::Apart), of(&[("bot:delivered", 1)]));
    // One that was withdrawn instead.
    let mut world = World::new(&settings);
    world.apply(&edgetally_core::ledger::Report {
        id: "x".to_owned(),
        counts: {
            let mut counts = Counts::default();
            for (state, code) in [
                (State::Rejected, letter.code.as_str()),
                (State::Apart, "bot:rejected"),
            ] {
                counts.add(
                    Line {
                        hour: NOW.hour(),
                        source: letter.source.clone(),
                        release: String::new(),
                        event: letter.event.clone(),
                        destination: "meta".to_owned(),
                        state,
                        code: code.to_owned(),
                        worker: letter.worker.clone(),
                    },
                    1,
                );
            }
            counts
        },
        ..Default::default()
    });
    world.apply(&edgetally_core::delivery::withdraw(&letter, NOW).unwrap());
    assert_eq!(lines(&world, State::Apart), of(&[("bot:blocked", 1)]));
}

/// The codes that a state may have, whatever anybody sends.
fn bounded(state: State, code: &str) -> bool {
    let within = |letters: &str| {
        let mut rest = letters.chars();
        code.chars().all(|c| rest.any(|letter| letter == c))
    };
    match state {
        State::Keys => within("cepxbna"),
        State::Parts => within("vcoitur"),
        State::Consent => {
            let words = ["granted", "denied", "unknown"];
            code.split_once(':')
                .is_some_and(|(ads, analytics)| words.contains(&ads) && words.contains(&analytics))
        }
        State::Priced | State::Money => {
            code == "too_large" || (code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()))
        }
        State::Skew => ["ahead_1m", "behind_1h", "behind_1d", "behind_7d"].contains(&code),
        State::Latency => [
            "1", "2", "5", "10", "30", "60", "300", "1800", "7200", "86400", "more",
        ]
        .contains(&code),
        State::Apart => {
            let (kind, state) = code.split_once(':').unwrap_or((code, "delivered"));
            let known = State::FINAL.iter().any(|one| one.as_str() == state);
            ["test", "bot"].contains(&kind) && known
        }
        State::Accepted => ["", "page", "server"].contains(&code),
        State::Duplicate => ["page", "server", "page_differs", "server_differs"].contains(&code),
        _ => true,
    }
}

fn any_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(json!("ada@shop.example")),
        Just(json!("203.0.113.24")),
        Just(json!(
            "https://shop.example/?gclid=Cj0Kabcdefghij&q=\u{202e}"
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody can make the ledger keep codes without end.
    #[test]
    fn the_codes_of_what_is_measured_are_few_whatever_is_sent(
        texts in prop::collection::vec(any_text(), 9),
        value in prop_oneof![Just(Value::Null), (0_f64..1e12).prop_map(Value::from), any::<i64>().prop_map(Value::from)],
        currency in "[A-Za-z]{0,4}",
        at in prop_oneof![Just(Value::Null), (1_700_000_000_i64..1_795_342_800).prop_map(Value::from)],
        test in any::<bool>(),
        lag in 0_i64..200_000,
    ) {
        let event = json!([{
            "event": "contact", "event_id": "c-1", "properties": {"ep": "c-1"}, "event_time": at, "value": value, "currency": currency, "test": test,
            "transaction_id": texts[0], "user": {"email": texts[1], "phone": texts[2], "external_id": texts[3], "city": texts[4]},
            "context": {"page_url": texts[5], "ip": texts[6], "user_agent": texts[7], "client_id": "12.34", "cookies": {"_fbp": texts[8]}},
            "consent": {"ad_user_data": texts[0], "analytics_storage": GRANTED, "ad_storage": texts[3]},
        }, {"event": "contact", "event_id": "c-1", "properties": {"ep": "c-1"}, "consent": {"analytics_storage": GRANTED}, "context": {"client_id": "12.34"}}]);
        let settings = two();
        let mut world = World::new(&settings);
        world.lag.extend([("meta".to_owned(), lag), ("ga4".to_owned(), lag)]);
        if let Value::Array(events) = event {
            world.send(&events, "e1");
        }
        world.run(&mut |outgoing, _| Some(received(outgoing)));
        for (line, _) in world.counts.iter() {
            prop_assert!(bounded(line.state, &line.code), "{line:?}");
        }
    }
}

fn line(event: &str, destination: &str, state: State, code: &str, n: i64) -> (Line, i64) {
    let line = Line {
        hour: NOW.hour(),
        source: "shop".to_owned(),
        release: String::new(),
        event: event.to_owned(),
        destination: destination.to_owned(),
        state,
        code: code.to_owned(),
        worker: String::new(),
    };
    (line, n)
}

fn platform(name: &str) -> Option<&'static str> {
    ALL.iter()
        .map(|entry| entry.platform)
        .find(|platform| *platform == name)
}

#[test]
fn a_report_is_what_the_lines_say_and_nothing_where_they_say_nothing() {
    let lines = [
        line("page_view", "", State::Accepted, "page", 100),
        line("purchase", "", State::Accepted, "page", 10),
        line("purchase", "", State::Accepted, "server", 12),
        line("purchase", "", State::Apart, "test", 2),
        line("purchase", "", State::Keys, "en", 15),
        line("purchase", "", State::Keys, "", 5),
        line("purchase", "", State::Parts, "vco", 18),
        line("purchase", "", State::Parts, "vct", 2),
        line("purchase", "", State::Priced, "EUR", 20),
        line("purchase", "", State::Money, "EUR", 2_000_500_000),
        line("purchase", "", State::Consent, "granted:granted", 20),
        line("purchase", "", State::Skew, "behind_1h", 1),
        line("purchase", "meta", State::Accepted, "", 22),
        line("purchase", "meta", State::Delivered, "", 9),
        line("purchase", "meta", State::Delivered, "remarked", 1),
        line("purchase", "meta", State::Duplicate, "server", 10),
        line("purchase", "meta", State::Duplicate, "", 1),
        line("purchase", "meta", State::Rejected, "2804016", 1),
        line("purchase", "meta", State::Keys, "en", 6),
        line("purchase", "meta", State::Keys, "n", 2),
        line("purchase", "meta", State::Latency, "1", 4),
        line("purchase", "meta", State::Latency, "60", 3),
        line("purchase", "meta", State::Latency, "more", 1),
        line("purchase", "hook", State::Accepted, "", 0),
    ];
    let report = quality(lines.clone(), &BY, &Shown::default(), platform);
    let report = serde_json::to_value(&report).unwrap();
    let purchase = &report["rows"][1];
    assert_eq!(
        (&report["by"], &report["estimate_by"], &purchase["event"]),
        (
            &json!(["source", "event", "destination"]),
            &json!("edgetally"),
            &json!("purchase")
        )
    );
    let intake = &purchase["intake"];
    assert_eq!(intake["volume"], 20);
    assert_eq!(intake["accepted"], json!({"page": 10, "server": 12}));
    assert_eq!(intake["share_of_events"], json!(20.0 / 120.0));
    assert_eq!(intake["share_of_page_views"], json!(0.2));
    assert_eq!(intake["keys"]["counted"], 20);
    assert_eq!(intake["keys"]["with"]["email"], 15);
    assert_eq!(intake["keys"]["share"]["email"], json!(0.75));
    assert_eq!(intake["parts"]["share"]["transaction_id"], json!(0.9));
    assert_eq!(
        intake["money"],
        json!({"EUR": {"events": 20, "sum": 2000.5, "mean": 100.025}})
    );
    assert_eq!(intake["skew"], json!({"behind_1h": 1}));
    let meta = &purchase["destinations"][1];
    assert_eq!(
        (
            &purchase["destinations"][0]["destination"],
            &meta["destination"]
        ),
        (&json!("hook"), &json!("meta"))
    );
    assert_eq!(meta["states"]["delivered"], 10);
    assert_eq!(meta["states"]["dead"], 0);
    assert_eq!(
        meta["codes"],
        json!({"delivered": {"remarked": 1}, "rejected": {"2804016": 1}})
    );
    assert_eq!(meta["delivered_share"], json!(10.0 / 11.0));
    assert_eq!(meta["duplicates"], json!({"server": 10, "unknown": 1}));
    assert_eq!(
        (
            &meta["latency"]["p50"],
            &meta["latency"]["p95"],
            &meta["latency"]["counted"]
        ),
        (&json!(1), &Value::Null, &json!(8))
    );
    // 10 · (6 · (1 − 0.4 · 0.9) + 2 · 0.1) / 8
    assert_eq!(meta["estimate"], json!(5.05));
    // Where there is nothing there is no share, and it is not zero.
    let hook = &purchase["destinations"][0];
    assert_eq!(
        (
            &hook["delivered_share"],
            &hook["estimate"],
            &hook["keys"]["share"]["email"],
            &hook["latency"]["p50"]
        ),
        (&Value::Null, &Value::Null, &Value::Null, &Value::Null)
    );
    let only = Shown {
        event: Some("purchase".to_owned()),
        destination: Some("meta".to_owned()),
    };
    let shown = quality(lines.clone(), &BY, &only, platform);
    assert_eq!((shown.rows.len(), shown.rows[0].destinations.len()), (1, 1));
    assert_eq!(shown.rows[0].intake.share_of_page_views, Some(0.2));
    let text = prometheus::text(lines, &[]);
    assert!(
        text.contains("edgetally_keys_total{source=\"shop\",event=\"purchase\",destination=\"meta\",key=\"email\"} 6\n"),
        "{text}"
    );
}

#[test]
fn whatever_is_in_the_lines_no_share_is_above_one_and_none_is_made_up() {
    for key in Key::ALL {
        assert_eq!(Keys::NONE.with(key, true).code().len(), 1);
    }
    let report = quality([], &BY, &Shown::default(), platform);
    assert!(report.rows.is_empty());
    let sum = i64::MAX;
    let full = quality(
        [line("lead", "", State::Money, "EUR", sum)],
        &BY,
        &Shown::default(),
        platform,
    );
    let full = serde_json::to_value(&full).unwrap();
    assert_eq!(
        full["rows"][0]["intake"]["money"]["EUR"]["sum"],
        Value::Null
    );
}

/// How many rows of the ledger a message of so many events at so many destinations comes to, and how many of them are of what
/// is measured.
fn rows(events: usize, platforms: &[&str]) -> (usize, usize) {
    let all: Vec<_> = platforms
        .iter()
        .map(|name| (*name, platform_settings(name)))
        .collect();
    let settings = shop(&all, &Value::Null, &Value::Null);
    let mut world = World::new(&settings);
    let page_views = (0..events).map(|n| {
        let email = n % 3 == 0;
        let mut event = order(&json!({"event_id": format!("o-{n}"), "consent": {"ad_storage": GRANTED, "ad_user_data": GRANTED, "analytics_storage": GRANTED}}));
        event["context"] = json!({"page_url": "https://shop.example/", "client_id": format!("{n}.7"), "ip": "203.0.113.24", "user_agent": FIREFOX});
        if !email {
            event["user"] = json!({"external_id": format!("c-{n}")});
        }
        event
    });
    world.send(&page_views.collect::<Vec<_>>(), "e1");
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    let written = world.counts.iter().filter(|(_, n)| *n != 0);
    let measured = |(line, _): &(&Line, i64)| State::MEASURED.contains(&line.state);
    let (measured, others): (Vec<_>, Vec<_>) = written.partition(measured);
    (others.len(), measured.len())
}

/// The price that `docs/ledger.md` and `docs/quality.md` state.
#[test]
fn what_is_measured_costs_so_many_rows() {
    let eleven: Vec<&str> = ALL.iter().map(|entry| entry.platform).collect();
    let told = [1, 10, 50].map(|events| [rows(events, &["meta"]), rows(events, &eleven)]);
    assert_eq!(
        told,
        [[(3, 7), (23, 27)], [(3, 9), (24, 38)], [(3, 9), (24, 38)]]
    );
}

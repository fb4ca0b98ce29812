//! What platforms report about quality: the questions, what every documented answer is read as, and who is asked when.
//!
//! The answers are in `fixtures/reports`, with invented numbers: `place` says to which question, `reported` what is kept of them
//! (event, how far back the span begins and ends, figures), `fault` what is told where nothing is.

use std::collections::BTreeSet;

use edgetally_core::base::reported::{Amount, MOST_REPORTED, Metric, Reported, Visit};
use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::delivery::{OutgoingRequest, Told, Visits};
use edgetally_core::destinations::destination::Reporting;
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::exchange::outcome::Outcome;
use edgetally_core::quality::reported::told;
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, files, fixtures, platform_settings, secret, shop};

const HOUR: u32 = 3_600;

/// The settings of a platform's fixtures with a credential for reports, and more.
fn settings(platform: &str, more: &Value) -> Value {
    let mut settings = platform_settings(platform);
    settings["quality_token"] = "QUALITY".into();
    for (key, value) in more.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    settings
}

fn one(platform: &str, more: &Value) -> Settings {
    shop(
        &[(platform, settings(platform, more))],
        &json!({}),
        &Value::Null,
    )
}

fn reporting(settings: &Settings) -> &dyn Reporting {
    settings.destinations[0].destination.reporting().unwrap()
}

fn reply(status: u16, body: &str) -> Result<Reply, Failure> {
    Ok(Reply {
        status,
        retry_after: None,
        body: body.as_bytes().to_vec(),
    })
}

fn visited(name: &str, at: i64, next: i64) -> Visit {
    Visit {
        destination: name.to_owned(),
        at: UnixMillis(at),
        next: UnixMillis(next),
        fault: String::new(),
    }
}

fn amount(value: &Value) -> Amount {
    value.as_str().map_or_else(
        || Amount::Number(value.as_f64().unwrap()),
        |word| Amount::Word(word.to_owned()),
    )
}

#[test]
fn every_documented_answer_is_read_as_what_it_says() {
    let mut places = BTreeSet::new();
    for (name, text) in files(&fixtures().join("reports")) {
        let fixture: Value = serde_json::from_str(&text).unwrap();
        let platform = fixture["platform"].as_str().unwrap();
        let place = usize::try_from(fixture["place"].as_u64().unwrap()).unwrap();
        places.insert((platform.to_owned(), place));
        let settings = one(platform, &fixture["settings"]);
        let body = match &fixture["body"] {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let retry_after = fixture["headers"]["retry-after"].as_str();
        let reply = Reply {
            status: u16::try_from(fixture["status"].as_u64().unwrap()).unwrap(),
            retry_after: retry_after.and_then(|text| Reply::parse_retry_after(text, NOW)),
            body: body.into_bytes(),
        };
        let read = reporting(&settings).read(place, &reply, NOW);
        let expected = match fixture["fault"].as_array() {
            Some(fault) => {
                let after = fault[2].as_u64().map(|n| u32::try_from(n).unwrap());
                let outcome = read.clone().unwrap_err();
                let (kind, code, told) = match &outcome {
                    Outcome::Rejected { code } => ("rejected", code, None),
                    Outcome::Unauthorized { code } => ("unauthorized", code, None),
                    Outcome::Retry { code, after } => ("retry", code, *after),
                    other => panic!("{name}: {other:?}"),
                };
                assert_eq!(
                    (json!(kind), code.as_str(), told),
                    (fault[0].clone(), fault[1].as_str().unwrap(), after),
                    "{name}"
                );
                continue;
            }
            None => fixture["reported"].as_array().unwrap(),
        };
        let expected: Vec<Reported> = expected
            .iter()
            .map(|row| Reported {
                destination: String::new(),
                event: row[0].as_str().unwrap().to_owned(),
                since: UnixMillis(NOW.0 - row[1].as_i64().unwrap()),
                until: UnixMillis(NOW.0 - row[2].as_i64().unwrap()),
                observed_at: NOW,
                figures: row[3]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|figure| {
                        let metric = Metric::read(figure[0].as_str().unwrap()).unwrap();
                        (
                            metric,
                            figure[1].as_str().unwrap().to_owned(),
                            amount(&figure[2]),
                        )
                    })
                    .collect(),
            })
            .collect();
        assert_eq!(read, Ok(expected), "{name}");
    }
    let all: Vec<(&str, usize)> = places
        .iter()
        .map(|(of, place)| (of.as_str(), *place))
        .collect();
    assert_eq!(
        all,
        [
            ("google_ads", 0),
            ("google_ads", 1),
            ("meta", 0),
            ("meta", 1),
            ("pinterest", 0)
        ]
    );
}

/// All requests of visits, each answered with the same.
fn asked(settings: &Settings, known: &[Visit], answer: &str) -> (Vec<OutgoingRequest>, Told) {
    let mut visits = Visits::new(settings, known, NOW);
    let mut all = Vec::new();
    while let Some(outgoing) = visits.next(NOW) {
        visits.answer(&reply(200, answer), NOW);
        all.push(outgoing);
    }
    (all, visits.finish())
}

#[test]
fn the_questions_are_the_documented_ones_and_no_address_holds_a_credential() {
    let lines = |platform: &str, more: Value| {
        let (all, _) = asked(
            &one(platform, &more),
            &[],
            r#"{"access_token": "ya29.token", "expires_in": 3599, "web": [], "data": []}"#,
        );
        let lines = all.iter().map(|outgoing| {
            let request = &outgoing.request;
            assert!(!outgoing.address.contains("QUALITY") && !outgoing.address.contains("ya29"));
            let header = |name: &str| {
                request
                    .headers()
                    .get(name)
                    .map_or("", |value| value.to_str().unwrap())
                    .to_owned()
            };
            assert!(
                request
                    .headers()
                    .get("authorization")
                    .is_none_or(http::HeaderValue::is_sensitive)
            );
            format!(
                "{} {} [{}] {}",
                request.method(),
                outgoing.address,
                header("authorization"),
                String::from_utf8_lossy(request.body())
            )
        });
        lines.collect::<Vec<String>>()
    };
    let bearer = "[Bearer FIXTURE_QUALITY_0123456789abcdef] ";
    let quality = "GET https://graph.facebook.com/v26.0/dataset_quality?dataset_id=1234567890123456&fields=web%7Bevent_name%2Cevent_match_quality%7Bcomposite_score%2Cmatch_key_feedback%7Bidentifier%2Ccoverage%7Bpercentage%7D%7D%7D%2Cevent_coverage%7Bpercentage%2Cgoal_percentage%7D%2Cdedupe_key_feedback%2Cdata_freshness%7Bupload_frequency%7D%7D";
    let stats = "GET https://graph.facebook.com/v26.0/1234567890123456/stats?aggregation=event_source&start_time=1795258800";
    assert_eq!(
        lines("meta", json!({})),
        [
            format!("{quality}&agent_name=edgetally {bearer}"),
            format!("{stats} {bearer}")
        ]
    );
    assert_eq!(
        lines(
            "meta",
            json!({"quality_of": "dataset", "quality_stats": false})
        ),
        [format!("{quality} {bearer}")]
    );
    let account = platform_settings("pinterest")["ad_account_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        lines("pinterest", json!({})),
        [format!(
            "GET https://api.pinterest.com/v5/ad_accounts/{account}/conversion_eqs?lookback_period=1d&source_platform=WEB&ingestion_source=CONVERSIONS_API {bearer}"
        )]
    );
    let ads = lines("google_ads", json!({}));
    assert_eq!(
        ads[0],
        "POST https://oauth2.googleapis.com/token [] grant_type=refresh_token&client_id=410-edgetally.apps.googleusercontent.example&client_secret=FIXTURE_GOOGLE_ADS_CLIENT_SECRET_0123456789abcdef&refresh_token=FIXTURE_QUALITY_0123456789abcdef"
    );
    for (line, resource) in ads[1..].iter().zip([
        "offline_conversion_upload_client_summary",
        "offline_conversion_upload_conversion_action_summary",
    ]) {
        let begin = format!(
            "POST https://googleads.googleapis.com/v25/customers/1234567890/googleAds:search [Bearer ya29.token] {{\"query\":\"SELECT {resource}.client, "
        );
        assert!(
            line.starts_with(&begin) && line.ends_with(&format!(" FROM {resource}\"}}")),
            "{line}"
        );
    }
    assert_eq!(ads.len(), 3);
}

#[test]
fn the_agent_that_is_asked_about_is_the_one_that_sends() {
    let settings = one("meta", &json!({}));
    let plan = crate::support::plan(
        &settings,
        None,
        r#"{"event": "purchase", "event_id": "a", "value": 1, "currency": "EUR", "action_source": "other",
            "user": {"email": "jo@mail.example"}, "consent": {"ad_user_data": "granted"}}"#,
    );
    let requests = crate::support::requests(&settings, &plan.messages, NOW);
    let body: Value = serde_json::from_slice(requests[0].1.body()).unwrap();
    let agent = body["partner_agent"].as_str().unwrap();
    // `name_major_minor`, of which Meta knows the name.
    let parts: Vec<&str> = agent.split('_').collect();
    let numbers = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    assert!(
        parts.len() == 3 && parts[1..].iter().all(numbers),
        "{agent}"
    );
    let (asked, _) = asked(&settings, &[], "{}");
    assert!(
        asked[0]
            .address
            .ends_with(&format!("&agent_name={}", parts[0]))
    );
}

#[test]
fn without_a_credential_of_its_own_nobody_is_asked() {
    let without = crate::support::all_platforms(&json!({}));
    assert!(!Visits::any(&without));
    assert!(Visits::new(&without, &[], NOW).next(NOW).is_none());
    let reports: Vec<&str> = edgetally_core::destinations::ALL
        .iter()
        .map(|entry| entry.platform)
        .filter(|platform| {
            let with = json!({
                "sources": {"shop": {"secret": "S", "destinations": []}},
                "destinations": {*platform: settings(platform, &json!({}))},
            });
            Settings::load(&with.to_string(), &secret).is_ok_and(|with| Visits::any(&with))
        })
        .collect();
    assert_eq!(reports, ["google_ads", "meta", "pinterest"]);
}

#[test]
fn a_credential_is_the_name_of_a_secret_that_there_is() {
    let faults = |token: &str| {
        let mut of = settings("meta", &json!({}));
        of["quality_token"] = token.into();
        let all = json!({"sources": {"shop": {"secret": "S", "destinations": ["meta"]}}, "destinations": {"meta": of}});
        let secrets =
            |name: &str| (name != "GONE").then(|| format!("{name} of thirty-two letters or more"));
        Settings::load(&all.to_string(), &secrets)
            .err()
            .map(|faults| {
                let one = &faults[0];
                (faults.len(), one.path.clone(), one.message.contains(token))
            })
    };
    assert_eq!(faults("THERE"), None);
    for wrong in ["GONE", "EAAB-the-token-itself"] {
        let path = "destinations.meta.quality_token".to_owned();
        assert_eq!(faults(wrong), Some((1, path, false)), "{wrong}");
    }
}

#[test]
fn a_visit_is_one_question_at_a_time_and_what_fails_is_a_code() {
    let settings = one("meta", &json!({}));
    let quality =
        r#"{"web": [{"event_name": "Purchase", "event_match_quality": {"composite_score": 7.5}}]}"#;
    let refused = r#"{"error": {"code": 10}}"#;
    let stats = r#"{"data": [{"data": [{"value": "SERVER", "count": 3}]}]}"#;
    let run = |replies: [Result<Reply, Failure>; 2]| {
        let mut visits = Visits::new(&settings, &[], NOW);
        let mut asked = 0;
        for reply in replies {
            if visits.next(NOW).is_none() {
                break;
            }
            asked += 1;
            visits.answer(&reply, NOW);
        }
        assert!(visits.next(NOW).is_none());
        let told = visits.finish();
        assert_eq!(told.visits.len(), 1);
        let visit = told.visits[0].clone();
        let events: Vec<String> = told
            .reported
            .iter()
            .map(|one| {
                assert_eq!((one.destination.as_str(), one.observed_at), ("meta", NOW));
                one.event.clone()
            })
            .collect();
        (asked, visit.fault, events, visit.next.0 - NOW.0)
    };
    let few = |wait: i64| (HOUR_MS / 2..HOUR_MS * 3 / 2).contains(&wait);
    let (asked, fault, events, wait) = run([reply(200, quality), reply(200, stats)]);
    assert_eq!(
        (asked, fault.as_str(), events),
        (2, "", vec!["purchase".to_owned(), String::new()])
    );
    assert!(few(wait), "{wait}");
    // One that is not allowed is told of, and the other is read.
    let (asked, fault, events, _) = run([reply(403, refused), reply(200, stats)]);
    assert_eq!(
        (asked, fault.as_str(), events),
        (2, "10", vec![String::new()])
    );
    let (asked, fault, events, _) = run([reply(200, quality), reply(200, "{")]);
    assert_eq!(
        (asked, fault.as_str(), events),
        (2, "reply_unreadable", vec!["purchase".to_owned()])
    );
    // Whoever is not there is not asked again at once.
    let (asked, fault, _, wait) = run([Err(Failure::Timeout), reply(200, stats)]);
    assert_eq!((asked, fault.as_str()), (1, "timeout"));
    assert!(few(wait), "{wait}");
    // A pause is kept, and no longer than two days.
    for (seconds, kept) in [(3 * HOUR, 3 * HOUR), (30 * 24 * HOUR, 48 * HOUR)] {
        let pause = Ok(Reply {
            status: 429,
            retry_after: Some(seconds),
            body: Vec::new(),
        });
        let (asked, fault, events, wait) = run([pause, reply(200, stats)]);
        assert_eq!((asked, fault.as_str(), events.len()), (1, "http_429", 0));
        assert_eq!(wait, i64::from(kept) * 1000);
    }
}

#[test]
fn a_token_that_is_refused_is_a_code_and_nothing_more_is_asked() {
    let settings = one("google_ads", &json!({}));
    for (answer, code) in [
        (reply(400, r#"{"error": "invalid_grant"}"#), "invalid_grant"),
        (reply(500, ""), "http_500"),
        (Err(Failure::Connection), "connection_failed"),
    ] {
        let mut visits = Visits::new(&settings, &[], NOW);
        assert!(visits.next(NOW).unwrap().address.ends_with("/token"));
        visits.answer(&answer, NOW);
        assert!(visits.next(NOW).is_none());
        let told = visits.finish();
        assert_eq!(told.visits[0].fault, code);
        // It reports once a day, and what may pass is tried again sooner.
        let wait = told.visits[0].next.0 - NOW.0;
        assert_eq!(
            wait < 2 * HOUR_MS,
            code != "invalid_grant",
            "{code}: {wait}"
        );
    }
}

#[test]
fn who_is_due_is_asked_the_longest_waiting_first_and_few_at_once() {
    let of = settings("meta", &json!({"quality_stats": false}));
    let names: Vec<String> = (0..20).map(|n| format!("m{n}")).collect();
    let all: Vec<(&str, Value)> = names
        .iter()
        .map(|name| {
            let mut of = of.clone();
            of["platform"] = "meta".into();
            (name.as_str(), of)
        })
        .collect();
    let settings = shop(&all, &json!({}), &Value::Null);
    let now = NOW.0;
    let mut known: Vec<Visit> = (3..20)
        .map(|n| visited(&format!("m{n}"), now - 1, now + 1))
        .collect();
    known.push(visited("m0", now - 10, now));
    known.push(visited("m1", now - 20, now - 5));
    // A clock that was ahead.
    known.push(visited("m2", now + DAY_MS, now + 2 * DAY_MS));
    let order = |known: &[Visit]| {
        let (all, told) = asked(&settings, known, r#"{"web": []}"#);
        assert_eq!(all.len(), told.visits.len());
        all.into_iter()
            .map(|one| one.destination)
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&known), ["m1", "m0", "m2"]);
    assert_eq!(order(&[]).len(), 8);
}

#[test]
fn whatever_is_answered_is_bounded() {
    let settings = one("meta", &json!({}));
    let events: Vec<Value> = (0..1000)
        .map(|n| {
            let keys: Vec<Value> = (0..200)
                .map(|k| json!({"identifier": format!("k{k}"), "coverage": {"percentage": 1}}))
                .collect();
            json!({"event_name": format!("e{n}"), "event_match_quality": {"match_key_feedback": keys}})
        })
        .collect();
    let (_, told) = asked(&settings, &[], &json!({"web": events}).to_string());
    assert_eq!(told.reported.len(), MOST_REPORTED);
    assert!(told.reported.iter().all(|one| one.figures.len() <= 40));
}

#[test]
fn what_is_told_is_of_the_destinations_and_the_event_that_are_asked_for() {
    let of = |destination: &str, event: &str| Reported {
        destination: destination.to_owned(),
        event: event.to_owned(),
        since: UnixMillis(NOW.0 - DAY_MS),
        until: NOW,
        observed_at: NOW,
        figures: vec![
            (Metric::Coverage, "email".to_owned(), Amount::Number(81.2)),
            (
                Metric::Status,
                String::new(),
                Amount::Word("GOOD".to_owned()),
            ),
        ],
    };
    let all = vec![
        of("meta", "purchase"),
        of("meta", ""),
        of("gone", "purchase"),
    ];
    let platform = |name: &str| (name == "meta").then_some("meta");
    assert_eq!(
        serde_json::to_value(told(all.clone(), None, platform)).unwrap(),
        json!([
            {
                "destination": "meta", "platform": "meta", "event": "purchase",
                "since": "2026-11-21T10:15:31.000Z", "until": "2026-11-22T10:15:31.000Z", "observed_at": "2026-11-22T10:15:31.000Z",
                "figures": [
                    {"metric": "coverage", "of": "email", "value": 81.2, "unit": "percent"},
                    {"metric": "status", "of": null, "value": "GOOD", "unit": "word"},
                ],
            },
            {
                "destination": "meta", "platform": "meta", "event": null,
                "since": "2026-11-21T10:15:31.000Z", "until": "2026-11-22T10:15:31.000Z", "observed_at": "2026-11-22T10:15:31.000Z",
                "figures": [
                    {"metric": "coverage", "of": "email", "value": 81.2, "unit": "percent"},
                    {"metric": "status", "of": null, "value": "GOOD", "unit": "word"},
                ],
            },
        ])
    );
    let events: Vec<_> = told(all, Some("purchase"), platform)
        .into_iter()
        .map(|one| one.event)
        .collect();
    assert_eq!(events, [Some("purchase".to_owned())]);
}

proptest! {
    #[test]
    fn nobody_is_asked_twice_within_half_a_span_and_everybody_within_one_and_a_half(at in 1_700_000_000_000_i64..1_900_000_000_000) {
        for (platform, span) in [("meta", HOUR_MS), ("pinterest", DAY_MS)] {
            let settings = one(platform, &json!({}));
            let now = UnixMillis(at);
            let mut visits = Visits::new(&settings, &[], now);
            while visits.next(now).is_some() {
                visits.answer(&reply(200, if platform == "meta" { r#"{"web": [], "data": []}"# } else { "[]" }), now);
            }
            let told = visits.finish();
            prop_assert_eq!(&told.visits[0].fault, "");
            let wait = told.visits[0].next.0 - at;
            prop_assert!((span / 2..=span * 3 / 2).contains(&wait), "{}", wait);
        }
    }

    #[test]
    fn no_answer_upsets_it(status in 100_u16..600, body in "\\PC*", place in 0_usize..3) {
        for platform in ["meta", "pinterest", "google_ads"] {
            let settings = one(platform, &json!({}));
            let reply = Reply { status, retry_after: None, body: body.clone().into_bytes() };
            let _ = reporting(&settings).read(place, &reply, NOW);
        }
    }
}

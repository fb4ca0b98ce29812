//! What the snapshots do not show: credentials, cookies, addresses, refunds, verdicts.

#![expect(
    clippy::needless_pass_by_value,
    reason = "JSON is written where it is handed in"
)]

use serde_json::{Value, json};

use super::conversion::{address, click};
use crate::base::reason::Skip;
use crate::base::secret::Secret;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::destinations::harness::{self, NOW, envelopes, inputs, only, plan, reply};
use crate::exchange::access::Access;
use crate::exchange::outcome::{Answer, Judged, Meaning, Outcome, Verdict};
use crate::exchange::request::Request;
use crate::intake::Visit;
use crate::settings::Settings;
use crate::web::click_id_from_gcl;

fn key_file() -> String {
    json!({
        "client_email": "edgetally@demo.iam.gserviceaccount.example",
        "private_key": "-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----\n",
    })
    .to_string()
}

/// Settings whose only destination is this platform, with these settings laid over plain ones.
fn load(over: &Value) -> Result<Settings, Vec<String>> {
    let mut ads = json!({
        "customer_id": "1234567890", "client_id": "app", "refunds": true,
        "conversion_actions": {"purchase": "11", "contact": "22"},
    });
    for (key, value) in over.as_object().unwrap() {
        if value.is_null() {
            ads.as_object_mut().unwrap().remove(key);
        } else {
            ads[key] = value.clone();
        }
    }
    let all = ads.to_string();
    harness::load(
        "google_ads",
        &all[1..all.len() - 1],
        &[("GOOGLE_ADS_SERVICE_ACCOUNT", &key_file())],
    )
    .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// The envelopes of events, each of which only has to say what is special about it.
fn messages(settings: &Settings, country: Option<&str>, events: Value) -> Vec<String> {
    let events: Vec<Value> = events
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(place, event)| {
            let mut whole = json!({
                "event": "contact", "event_id": format!("e-{place}"), "event_time": "2026-11-22T10:00:00Z",
                "user": {"email": "jo@mail.example"},
            });
            for (key, value) in event.as_object().unwrap() {
                whole[key] = value.clone();
            }
            whole
        })
        .collect();
    let visit = country.map(|country| Visit {
        ip: Some("203.0.113.25"),
        country: Some(country),
        ..Visit::default()
    });
    plan(settings, visit.as_ref(), &Value::from(events).to_string()).messages
}

/// What intake says about an event.
fn verdict(settings: &Settings, event: &Value) -> String {
    let mut event = event.clone();
    event["event_id"] = json!("e");
    harness::verdict(settings, &event.to_string())
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

#[test]
fn settings_that_cannot_work_are_told_by_their_place() {
    let digits = "must be digits without dashes, as a string";
    for (over, fault) in [
        (json!({"customer_id": "123-456-7890"}), format!("customer_id: {digits}")),
        (json!({"login_customer_id": ""}), format!("login_customer_id: {digits}")),
        (json!({"merchant_id": "shop"}), format!("merchant_id: {digits}")),
        (
            json!({"conversion_actions": {}, "refunds": false}),
            "conversion_actions: names no event, so none would be sent".to_owned(),
        ),
        (
            json!({"conversion_actions": {"purchase": "customers/1/conversionActions/11"}}),
            "conversion_actions.purchase: must be the number of a conversion action (`ctId` in its address), as a string".to_owned(),
        ),
        (
            json!({"conversion_actions": {"purchase": "11", "refund": "12"}}),
            "conversion_actions.refund: would count the money back as a conversion: set `refunds` instead".to_owned(),
        ),
        (
            json!({"conversion_actions": {"contact": "22"}}),
            "refunds: adjusts the conversion action of `purchase`, which has none".to_owned(),
        ),
        (json!({"ads_api_version": "25"}), "ads_api_version: must be like `v25`".to_owned()),
        (json!({"status_seconds": 0}), "status_seconds: must be from 1 to 3600".to_owned()),
        (
            json!({"quota_project": "a b"}),
            "quota_project: must have ASCII letters, digits, `-`, `_`, `.` and `:` only".to_owned(),
        ),
        (
            json!({"service_account": "KEY"}),
            "service_account: a refresh token is used where there is a `client_id`: leave one of them out".to_owned(),
        ),
        (
            json!({"client_id": null, "service_account": "OTHER"}),
            "service_account: the secret must be a service account's JSON key file with client_email and private_key".to_owned(),
        ),
        (
            json!({"conversion_action": {}}),
            "conversion_action: unknown field `conversion_action`".to_owned(),
        ),
    ] {
        let faults = load(&over).unwrap_err();
        let expected = format!("destinations.google_ads.{fault}");
        assert!(faults.iter().any(|told| told.starts_with(&expected)), "{over}: {faults:?}");
    }
}

#[test]
fn a_client_has_a_refresh_token_and_everything_else_a_service_account() {
    let settings = load(&json!({})).unwrap();
    let Some(Access::Refresh {
        url,
        client_id,
        client_secret,
        refresh_token,
    }) = only(&settings).access()
    else {
        panic!("a client id stands for a refresh token");
    };
    assert_eq!(
        (*url, client_id.as_str()),
        ("https://oauth2.googleapis.com/token", "app")
    );
    assert!(client_secret.expose().contains("GOOGLE_ADS_CLIENT_SECRET"));
    assert!(refresh_token.expose().contains("GOOGLE_ADS_REFRESH_TOKEN"));

    for (refunds, scope) in [
        (false, "https://www.googleapis.com/auth/datamanager\""),
        (
            true,
            "https://www.googleapis.com/auth/datamanager https://www.googleapis.com/auth/adwords\"",
        ),
    ] {
        use base64::Engine as _;
        let settings = load(&json!({"client_id": null, "refunds": refunds})).unwrap();
        let access = only(&settings).access().unwrap();
        assert!(matches!(access, Access::ServiceAccount(_)));
        let (_, signing) = access.request(NOW).unwrap();
        let message = signing.unwrap().message;
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(message.split('.').nth(1).unwrap())
            .unwrap();
        let claims = String::from_utf8(claims).unwrap();
        assert!(claims.contains(&format!("\"scope\":\"{scope}")), "{claims}");
    }
}

#[test]
fn a_token_goes_into_a_header_that_does_not_show_it() {
    let settings = load(&json!({"quota_project": "shop", "login_customer_id": "99"})).unwrap();
    let messages = messages(
        &settings,
        None,
        json!([{}, {"event": "refund", "transaction_id": "T-1"}]),
    );
    let envelopes = envelopes(&messages);
    let inputs = inputs(&envelopes);
    let token = Secret::new("ya29.token");
    let destination = only(&settings);
    let ingest = destination
        .request(&inputs[..1], Some(&token), NOW)
        .unwrap();
    let refund = destination
        .request(&inputs[1..], Some(&token), NOW)
        .unwrap();
    let question = destination
        .inquiry()
        .unwrap()
        .request("t/1 &", Some(&token))
        .unwrap();
    for request in [&ingest, &refund, &question] {
        assert_eq!(request.headers()["authorization"], "Bearer ya29.token");
        assert_eq!(request.headers()["x-goog-user-project"], "shop");
        assert!(!format!("{request:?}").contains("ya29"), "{request:?}");
    }
    // The account stands in the body there, and in a header here.
    assert!(!ingest.headers().contains_key("login-customer-id"));
    assert_eq!(refund.headers()["login-customer-id"], "99");
    assert_eq!(question.method(), "GET");
    assert_eq!(
        question.uri(),
        "https://datamanager.googleapis.com/v1/requestStatus:retrieve?requestId=t%2F1+%26"
    );
    let unusable = Secret::new("two\nlines");
    assert!(matches!(
        destination.request(&inputs[..1], Some(&unusable), NOW),
        Err(Outcome::Unauthorized { .. })
    ));
}

#[test]
fn a_cookie_of_googles_tag_is_unwrapped_or_left() {
    for (cookie, id) in [
        ("GCL.1795300111.Cj0KCQ_x-Y", Some("Cj0KCQ_x-Y")),
        ("GCL.1795300111.Cj0KCQ.label", Some("Cj0KCQ")),
        ("GCL.1795300111.", None),
        ("GCL.1795300111", None),
        ("GCL..Cj0KCQ", None),
        ("GCL.now.Cj0KCQ", None),
        ("2.1.kCj0KCQ$i1795300111", None),
        ("GCL.1795300111.jo@mail", None),
        ("", None),
    ] {
        assert_eq!(click_id_from_gcl(cookie), id, "{cookie}");
    }
}

#[test]
fn one_click_id_is_sent_and_it_is_the_one_that_says_most() {
    let settings = load(&json!({})).unwrap();
    let cases = json!([
        {"context": {"click_ids": {"wbraid": "W", "gbraid": "B", "gclid": "C"}}},
        {"context": {"click_ids": {"wbraid": "W", "gbraid": "B"}, "cookies": {"_gcl_aw": "GCL.1795300111.K"}}},
        {"context": {"click_ids": {"wbraid": "W", "gbraid": "B"}, "cookies": {"_gcl_aw": "broken"}}},
        {"context": {"click_ids": {"wbraid": "W"}}},
        {"context": {"cookies": {"_gcl_gb": "GCL.1795300111.V"}}},
        {},
    ]);
    let messages = messages(&settings, None, cases);
    let envelopes = envelopes(&messages);
    let clicks: Vec<_> = inputs(&envelopes).iter().map(click).collect();
    assert_eq!(
        clicks,
        [
            Some(("gclid", "C")),
            Some(("gclid", "K")),
            Some(("gbraid", "B")),
            Some(("wbraid", "W")),
            Some(("wbraid", "V")),
            None
        ]
    );
}

#[test]
fn an_address_is_sent_only_of_somebody_known_to_live_where_google_matches_it() {
    let settings = load(&json!({})).unwrap();
    let of = |visit: Option<&str>, home: Option<&str>| {
        let mut event = json!({"context": {"ip": "203.0.113.25"}});
        if let Some(home) = home {
            event["user"] = json!({"email": "jo@mail.example", "country": home});
        }
        let messages = messages(&settings, visit, json!([event]));
        let envelopes = envelopes(&messages);
        address(&inputs(&envelopes)[0]).is_some()
    };
    for (visit, home, sent) in [
        (None, None, false),
        (None, Some("US"), true),
        (None, Some("Germany"), false),
        (None, Some("uk"), false),
        (Some("US"), None, true),
        (Some("US"), Some("FR"), false),
        (Some("NO"), Some("US"), false),
        (Some("CH"), None, false),
        (Some("XX"), None, false),
        (Some("T1"), None, false),
        (Some("JP"), Some("Japan"), true),
    ] {
        assert_eq!(of(visit, home), sent, "{visit:?} {home:?}");
    }
}

#[test]
fn an_address_alone_is_enough_and_a_browser_alone_is_not() {
    let settings = load(&json!({})).unwrap();
    let event = |country: &str| {
        json!({"event": "contact", "user": {"country": country},
               "context": {"ip": "203.0.113.25", "user_agent": "Browser"}})
    };
    assert_eq!(verdict(&settings, &event("US")), "queued");
    assert_eq!(
        verdict(&settings, &event("DE")),
        "skipped:identifiers_missing"
    );
}

#[test]
fn a_home_has_four_parts_and_a_postal_code_that_google_takes() {
    let settings = load(&json!({})).unwrap();
    let sent = |country: &str, code: &str, family: &str| {
        let user = json!({"email": "jo@mail.example", "first_name": "Jo", "last_name": family,
                          "country": country, "postal_code": code});
        let messages = messages(&settings, None, json!([{"user": user}]));
        let envelopes = envelopes(&messages);
        let request = only(&settings)
            .request(&inputs(&envelopes), None, NOW)
            .unwrap();
        body(&request)["events"][0]["userData"]["userIdentifiers"]
            .as_array()
            .unwrap()
            .len()
            == 2
    };
    for (country, code, family, whole) in [
        ("US", "94103", "Doe", true),
        ("US", "94103-1234", "Doe", true),
        ("US", "9410", "Doe", false),
        ("US", "94103-12", "Doe", false),
        ("US", "SW1A 1AA", "Doe", false),
        ("GB", "SW1A 1AA", "Doe", true),
        ("", "10117", "Doe", false),
        ("DE", "", "Doe", false),
        ("DE", "10117", "", false),
    ] {
        assert_eq!(
            sent(country, code, family),
            whole,
            "{country} {code} {family}"
        );
    }
}

#[test]
fn an_id_that_is_too_long_gives_way_and_a_cart_by_weight_stays_out() {
    let settings = load(&json!({"merchant_id": "5"})).unwrap();
    let long = "x".repeat(65);
    let items = |quantity: Value| json!([{"item_id": "A", "price": 1.5, "quantity": quantity}, {"price": 2}]);
    let messages = messages(
        &settings,
        None,
        json!([
            {"transaction_id": long, "items": items(json!(2))},
            {"event_id": long, "items": items(json!(0.5))},
            {"items": items(json!(1)), "context": {"click_ids": {"gbraid": "B"}}},
        ]),
    );
    let envelopes = envelopes(&messages);
    let request = only(&settings)
        .request(&inputs(&envelopes), None, NOW)
        .unwrap();
    let events = body(&request)["events"].clone();
    assert_eq!(events[0]["transactionId"], "e-0");
    assert_eq!(events[1]["transactionId"], Value::Null);
    // The second article has no id that the catalogue could know.
    assert_eq!(
        events[0]["cartData"],
        json!({"merchantId": "5", "items": [{"merchantProductId": "A", "quantity": "2", "unitPrice": 1.5}]})
    );
    assert_eq!(events[1]["cartData"], Value::Null);
    assert_eq!(events[2]["cartData"], Value::Null);
}

#[test]
fn a_click_lasts_ninety_days_and_a_person_sixty_three() {
    let settings = load(&json!({})).unwrap();
    let messages = messages(
        &settings,
        None,
        json!([{"context": {"click_ids": {"gclid": "C"}}}, {}, {"event": "refund", "transaction_id": "T"}]),
    );
    let envelopes = envelopes(&messages);
    let destination = only(&settings);
    for (input, days) in inputs(&envelopes).iter().zip([90, 63, 54]) {
        let ends = input.event_time().0 + days * DAY_MS;
        assert_eq!(destination.expires(input), UnixMillis(ends));
        assert_eq!(destination.check(input, UnixMillis(ends - 1)), Ok(()));
        assert_eq!(
            destination.check(input, UnixMillis(ends)),
            Err(Skip::TooOld)
        );
    }
}

#[test]
fn actions_tests_and_refunds_do_not_share_a_request() {
    let settings = load(&json!({})).unwrap();
    let messages = messages(
        &settings,
        None,
        json!([
            {}, {"test": true}, {"event": "purchase", "value": 1, "currency": "EUR"},
            {"event": "refund", "transaction_id": "T"}, {"event": "refund", "transaction_id": "U", "test": true},
        ]),
    );
    let envelopes = envelopes(&messages);
    let groups: Vec<String> = inputs(&envelopes)
        .iter()
        .map(|input| only(&settings).group(input))
        .collect();
    assert_eq!(groups, ["22", "22/test", "11", "refund", "refund/test"]);
}

#[test]
fn a_refund_says_what_remains_or_that_nothing_does() {
    let refund = |more: Value| {
        let mut event =
            json!({"event": "refund", "transaction_id": "118842", "value": 30, "currency": "EUR"});
        for (key, value) in more.as_object().unwrap() {
            event[key] = value.clone();
        }
        event
    };
    let items = json!([{"item_id": "A"}]);
    let off = load(&json!({"refunds": false})).unwrap();
    assert_eq!(
        verdict(&off, &refund(json!({}))),
        "skipped:event_not_mapped"
    );

    let settings = load(&json!({})).unwrap();
    for (more, expected) in [
        (json!({}), "skipped:refund_remaining_value_missing"),
        (json!({"value": null}), "queued"),
        (json!({"properties": {"refund": "full"}}), "queued"),
        (
            json!({"value": null, "properties": {"refund": "partial"}}),
            "skipped:refund_remaining_value_missing",
        ),
        (
            json!({"value": null, "items": items}),
            "skipped:refund_remaining_value_missing",
        ),
        (
            json!({"items": items, "properties": {"remaining_value": 0}}),
            "queued",
        ),
        (
            json!({"items": items, "properties": {"remaining_value": 69.75}}),
            "queued",
        ),
        (
            json!({"properties": {"remaining_value": -1}}),
            "skipped:refund_remaining_value_invalid",
        ),
        (
            json!({"properties": {"remaining_value": "69.75"}}),
            "skipped:refund_remaining_value_invalid",
        ),
        (
            json!({"transaction_id": "x".repeat(65)}),
            "skipped:transaction_id_too_long",
        ),
    ] {
        assert_eq!(
            verdict(&settings, &refund(more.clone())),
            expected,
            "{more}"
        );
    }
    assert_eq!(
        verdict(&settings, &json!({"event": "refund"})),
        "skipped:transaction_id_missing"
    );
    assert_eq!(
        verdict(
            &settings,
            &json!({"event": "refund", "transaction_id": "T", "properties": {"remaining_value": 5}})
        ),
        "skipped:refund_currency_missing"
    );

    let messages = messages(
        &settings,
        None,
        json!([
            refund(json!({"items": items, "properties": {"remaining_value": 69.75}})),
            refund(
                json!({"transaction_id": "118799", "test": true, "properties": {"refund": "full"}})
            ),
        ]),
    );
    let envelopes = envelopes(&messages);
    let inputs = inputs(&envelopes);
    let request = only(&settings).request(&inputs[..1], None, NOW).unwrap();
    assert_eq!(
        request.uri(),
        "https://googleads.googleapis.com/v25/customers/1234567890:uploadConversionAdjustments"
    );
    assert_eq!(
        String::from_utf8(request.body().clone()).unwrap(),
        concat!(
            r#"{"partialFailure":true,"conversionAdjustments":[{"#,
            r#""conversionAction":"customers/1234567890/conversionActions/11","adjustmentType":"RESTATEMENT","#,
            r#""orderId":"118842","adjustmentDateTime":"2026-11-22 10:00:00+00:00","#,
            r#""restatementValue":{"adjustedValue":69.75,"currencyCode":"EUR"}}]}"#
        )
    );
    let request = only(&settings).request(&inputs[1..], None, NOW).unwrap();
    assert_eq!(
        body(&request),
        json!({"partialFailure": true, "validateOnly": true, "conversionAdjustments": [{
            "conversionAction": "customers/1234567890/conversionActions/11", "adjustmentType": "RETRACTION",
            "orderId": "118799", "adjustmentDateTime": "2026-11-22 10:00:00+00:00"}]})
    );
}

/// Google takes one adjustment of an order per request, so that the second one's value was lost, and called delivered.
#[test]
fn several_refunds_of_one_order_are_what_remains_after_the_last() {
    let settings = load(&json!({"refunds": true})).unwrap();
    let part = |id: &str, order: &str, remaining: f64, time: &str| {
        json!({"event": "refund", "event_id": id, "transaction_id": order, "value": 20, "currency": "EUR", "event_time": time,
               "properties": {"remaining_value": remaining}})
    };
    let sent = |refunds: Value| {
        let messages = messages(&settings, None, refunds);
        let envelopes = envelopes(&messages);
        let inputs = inputs(&envelopes);
        let body = body(&only(&settings).request(&inputs, None, NOW).unwrap());
        let rows = body["conversionAdjustments"].as_array().unwrap().clone();
        rows.into_iter()
            .map(|row| {
                (
                    row["orderId"].as_str().unwrap().to_owned(),
                    row["restatementValue"]["adjustedValue"].as_f64(),
                )
            })
            .collect::<Vec<_>>()
    };
    let early = "2026-11-22T10:00:00Z";
    let late = "2026-11-22T10:05:00Z";
    let a = |left: Option<f64>| ("A".to_owned(), left);
    assert_eq!(
        sent(json!([
            part("1", "A", 109.9, early),
            part("2", "B", 50.0, early),
            part("3", "A", 79.9, early)
        ])),
        [a(Some(79.9)), ("B".to_owned(), Some(50.0)), a(Some(79.9))]
    );
    // The later one counts, whatever it leaves and wherever it stands.
    assert_eq!(
        sent(json!([
            part("1", "A", 90.0, late),
            part("2", "A", 80.0, early)
        ])),
        [a(Some(90.0)), a(Some(90.0))]
    );
    let mut whole = part("2", "A", 0.0, early);
    whole["properties"] = json!({"refund": "full"});
    assert_eq!(
        sent(json!([part("1", "A", 90.0, late), whole])),
        [a(None), a(None)]
    );
}

fn fault(index: Value, reason: &str) -> Value {
    json!({"errorCode": {"conversionAdjustmentUploadError": reason}, "message": "of order jo@mail.example",
           "location": {"fieldPathElements": [{"fieldName": "conversion_adjustments", "index": index}, {"fieldName": "order_id"}]}})
}

fn failure(faults: &Value) -> Value {
    json!({"code": 3, "message": "…", "status": "INVALID_ARGUMENT", "details": [
        {"@type": "type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure", "errors": faults, "requestId": "r"}]})
}

/// The answer to three refunds.
fn answered(test: bool, status: u16, body: &Value) -> Answer {
    let settings = load(&json!({})).unwrap();
    let refund = |id: &str| json!({"event": "refund", "transaction_id": id, "test": test});
    let messages = messages(
        &settings,
        None,
        json!([refund("A"), refund("B"), refund("C")]),
    );
    let envelopes = envelopes(&messages);
    only(&settings).read(&inputs(&envelopes), &reply(status, body))
}

#[test]
fn refunds_succeed_and_fail_one_by_one() {
    let delivered = Outcome::Delivered;
    let done = json!({"orderId": "A", "adjustmentType": "RETRACTION"});
    assert_eq!(
        answered(
            false,
            200,
            &json!({"results": [done, done, done], "jobId": "7"})
        ),
        Answer::Each(vec![delivered.clone(); 3])
    );
    let later = |code: &str, after| Outcome::Retry {
        code: code.into(),
        after: Some(after),
    };
    let remarked = |code: &str| Outcome::Remarked { code: code.into() };
    for (reason, expected) in [
        ("CONVERSION_NOT_FOUND", later("CONVERSION_NOT_FOUND", 3600)),
        (
            "TOO_RECENT_CONVERSION",
            later("TOO_RECENT_CONVERSION", 21_600),
        ),
        (
            "TOO_RECENT_CONVERSION_ACTION",
            later("TOO_RECENT_CONVERSION_ACTION", 21_600),
        ),
        (
            "CONVERSION_ALREADY_RETRACTED",
            remarked("CONVERSION_ALREADY_RETRACTED"),
        ),
        (
            "RESTATEMENT_ALREADY_EXISTS",
            remarked("RESTATEMENT_ALREADY_EXISTS"),
        ),
        (
            "MORE_RECENT_RESTATEMENT_FOUND",
            remarked("MORE_RECENT_RESTATEMENT_FOUND"),
        ),
        (
            "DUPLICATE_ADJUSTMENT_IN_REQUEST",
            remarked("DUPLICATE_ADJUSTMENT_IN_REQUEST"),
        ),
        (
            "CONVERSION_EXPIRED",
            Outcome::rejected("CONVERSION_EXPIRED"),
        ),
        (
            "INVALID_CONVERSION_ACTION_TYPE",
            Outcome::rejected("INVALID_CONVERSION_ACTION_TYPE"),
        ),
        ("SOMETHING_NEW", Outcome::rejected("SOMETHING_NEW")),
        ("of jo@mail.example", Outcome::rejected("UNKNOWN")),
    ] {
        for index in [json!(1), json!("1")] {
            let faults = json!([fault(index, reason), fault(json!(7), "CONVERSION_EXPIRED")]);
            let body =
                json!({"partialFailureError": failure(&faults), "results": [done, {}, done]});
            let expected = vec![delivered.clone(), expected.clone(), delivered.clone()];
            assert_eq!(
                answered(false, 200, &body),
                Answer::Each(expected),
                "{reason}"
            );
        }
    }
}

#[test]
fn a_refund_that_nothing_is_said_about_is_not_delivered() {
    let unread = Outcome::retry("reply_unreadable");
    for body in [
        json!("<html>"),
        json!([1]),
        json!({"partialFailureError": "x"}),
        json!({"partialFailureError": {"code": 3, "details": [{"errors": []}]}}),
    ] {
        assert_eq!(
            answered(false, 200, &body),
            Answer::All(unread.clone()),
            "{body}"
        );
    }
    assert_eq!(
        answered(false, 200, &json!({"results": [{"orderId": "A"}, {}]})),
        Answer::Each(vec![Outcome::Delivered, unread.clone(), unread])
    );
    let nobody = json!({"errors": [{"errorCode": {"databaseError": "CONCURRENT_MODIFICATION"}}]});
    let body = json!({"partialFailureError": {"details": [nobody]}, "results": [{"orderId": "A"}, {}, {}]});
    let again = Outcome::retry("CONCURRENT_MODIFICATION");
    assert_eq!(
        answered(false, 200, &body),
        Answer::Each(vec![Outcome::Delivered, again.clone(), again])
    );
    // What was only validated has no results.
    assert_eq!(
        answered(true, 200, &json!({})),
        Answer::Each(vec![Outcome::Delivered; 3])
    );
}

#[test]
fn a_refused_request_for_refunds_says_who_is_at_fault() {
    let error = |status: &str, errors: Value| json!({"error": {"status": status, "details": [{"errors": errors}]}});
    let kind = |kind: &str, reason: &str| json!([{"errorCode": {kind: reason}}]);
    let unauthorised = |code: &str| Answer::All(Outcome::Unauthorized { code: code.into() });
    for (http, body, expected) in [
        (
            401,
            error(
                "UNAUTHENTICATED",
                kind("authenticationError", "OAUTH_TOKEN_EXPIRED"),
            ),
            unauthorised("OAUTH_TOKEN_EXPIRED"),
        ),
        (
            403,
            error(
                "PERMISSION_DENIED",
                kind("authorizationError", "USER_PERMISSION_DENIED"),
            ),
            unauthorised("USER_PERMISSION_DENIED"),
        ),
        (
            400,
            error(
                "INVALID_ARGUMENT",
                kind("requestError", "UNSUPPORTED_VERSION"),
            ),
            unauthorised("UNSUPPORTED_VERSION"),
        ),
        (
            429,
            error(
                "RESOURCE_EXHAUSTED",
                kind("quotaError", "RESOURCE_EXHAUSTED"),
            ),
            Answer::All(Outcome::Retry {
                code: "RESOURCE_EXHAUSTED".into(),
                after: Some(60),
            }),
        ),
        (
            400,
            error(
                "INVALID_ARGUMENT",
                json!([fault(json!(2), "ORDER_ID_CONTAINS_PII")]),
            ),
            Answer::Isolate(vec![(2, Outcome::rejected("ORDER_ID_CONTAINS_PII"))]),
        ),
        (
            500,
            error("INTERNAL", kind("internalError", "INTERNAL_ERROR")),
            Answer::All(Outcome::retry("INTERNAL_ERROR")),
        ),
    ] {
        assert_eq!(answered(false, http, &body), expected, "{body}");
    }
}

fn inquired(status: u16, body: &Value) -> Verdict {
    let settings = load(&json!({})).unwrap();
    only(&settings)
        .inquiry()
        .unwrap()
        .read(&reply(status, body))
}

fn status(state: &str, errors: Value, more: Value) -> Value {
    let mut one = json!({"destination": {"productDestinationId": "22"}, "requestStatus": state,
                         "errorInfo": {"errorCounts": errors}, "eventsIngestionStatus": {"recordCount": "50"}});
    for (key, value) in more.as_object().unwrap() {
        one[key] = value.clone();
    }
    json!({"requestStatusPerDestination": [one]})
}

fn counted(code: &str, events: u64, meaning: Meaning) -> Judged {
    Judged {
        code: code.to_owned(),
        events,
        meaning,
    }
}

#[test]
fn a_verdict_is_a_number_of_events_by_reason() {
    assert_eq!(
        inquired(200, &status("SUCCESS", json!([]), json!({}))),
        Verdict::Settled(vec![])
    );
    // Somebody failed, and nobody says how many.
    assert_eq!(
        inquired(200, &status("PARTIAL_SUCCESS", json!([]), json!({}))),
        Verdict::Unanswered(Outcome::retry("reply_unreadable"))
    );
    for state in ["PROCESSING", "REQUEST_STATUS_UNKNOWN", "SOMETHING_NEW"] {
        assert_eq!(
            inquired(200, &status(state, json!([]), json!({}))),
            Verdict::Pending
        );
    }
    let count = |reason: &str, count: Value| json!({"recordCount": count, "reason": format!("PROCESSING_ERROR_{reason}")});
    let errors = json!([
        count("REASON_INVALID_GCLID", json!("3")),
        count("REASON_TOO_RECENT_CLICK", json!(2)),
        count("REASON_INTERNAL_ERROR", json!("1")),
        count("REASON_DUPLICATE_TRANSACTION_ID", json!("4")),
        count("REASON_CLICK_NOT_FOUND", json!("5")),
        count("REASON_DENIED_CONSENT", json!("6")),
        count("REASON_DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED", json!("7")),
        count("OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER", json!("8")),
        count("REASON_SOMETHING_NEW", json!("9")),
        count("REASON_EVENT_TOO_OLD", json!("0")),
        {"recordCount": "1", "reason": "a text about jo@mail.example"},
    ]);
    let warnings = json!({"warningInfo": {"warningCounts": [{"recordCount": "2", "reason": "PROCESSING_WARNING_REASON_INTERNAL_ERROR"}]}});
    assert_eq!(
        inquired(200, &status("PARTIAL_SUCCESS", errors, warnings)),
        Verdict::Settled(vec![
            counted("INVALID_GCLID", 3, Meaning::Rejected),
            counted("TOO_RECENT_CLICK", 2, Meaning::Again { after: 21_600 }),
            counted("INTERNAL_ERROR", 1, Meaning::Again { after: 3600 }),
            counted("DUPLICATE_TRANSACTION_ID", 4, Meaning::Remarked),
            counted("CLICK_NOT_FOUND", 5, Meaning::Remarked),
            counted("DENIED_CONSENT", 6, Meaning::Rejected),
            counted(
                "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
                7,
                Meaning::Rejected
            ),
            counted(
                "OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER",
                8,
                Meaning::Rejected
            ),
            counted("SOMETHING_NEW", 9, Meaning::Rejected),
            counted("UNSPECIFIED", 1, Meaning::Rejected),
            counted("INTERNAL_ERROR", 2, Meaning::Remarked),
        ])
    );
}

#[test]
fn a_request_that_failed_failed_for_all_its_events() {
    let error = json!([{"recordCount": "20", "reason": "PROCESSING_ERROR_REASON_INVALID_EVENT"}]);
    assert_eq!(
        inquired(200, &status("FAILED", error.clone(), json!({}))),
        Verdict::Settled(vec![
            counted("INVALID_EVENT", 20, Meaning::Rejected),
            counted("FAILED", 30, Meaning::Rejected)
        ])
    );
    assert_eq!(
        inquired(200, &status("FAILED", json!([]), json!({}))),
        Verdict::Settled(vec![counted("FAILED", 50, Meaning::Rejected)])
    );
    let uncounted = json!({"eventsIngestionStatus": null});
    assert_eq!(
        inquired(200, &status("FAILED", error, uncounted.clone())),
        Verdict::Settled(vec![counted("INVALID_EVENT", 20, Meaning::Rejected)])
    );
    assert_eq!(
        inquired(200, &status("FAILED", json!([]), uncounted)),
        Verdict::Unanswered(Outcome::retry("reply_unreadable"))
    );
}

#[test]
fn a_question_may_fail_in_every_way() {
    let error = |status: &str| json!({"error": {"status": status}});
    for (http, body, expected) in [
        (404, error("NOT_FOUND"), Verdict::Unknown),
        (400, error("INVALID_ARGUMENT"), Verdict::Unknown),
        (
            401,
            error("UNAUTHENTICATED"),
            Verdict::Unanswered(Outcome::Unauthorized {
                code: "UNAUTHENTICATED".into(),
            }),
        ),
        (
            429,
            json!(""),
            Verdict::Unanswered(Outcome::Retry {
                code: "http_429".into(),
                after: Some(60),
            }),
        ),
        (
            503,
            json!("<html>"),
            Verdict::Unanswered(Outcome::retry("http_503")),
        ),
        (
            418,
            json!(""),
            Verdict::Unanswered(Outcome::retry("http_418")),
        ),
        (
            200,
            json!("<html>"),
            Verdict::Unanswered(Outcome::retry("reply_unreadable")),
        ),
        (
            200,
            json!({}),
            Verdict::Unanswered(Outcome::retry("reply_unreadable")),
        ),
        (
            200,
            json!({"requestStatusPerDestination": []}),
            Verdict::Unanswered(Outcome::retry("reply_unreadable")),
        ),
        (
            200,
            json!({"requestStatusPerDestination": [{"requestStatus": "PARTIAL_SUCCESS",
                   "errorInfo": {"errorCounts": [{"recordCount": "many", "reason": "X"}]}}]}),
            Verdict::Unanswered(Outcome::retry("reply_unreadable")),
        ),
    ] {
        assert_eq!(inquired(http, &body), expected, "{http} {body}");
    }
}

#[test]
fn questions_come_a_third_later_each_time_up_to_an_hour() {
    let waits = |first: Value| {
        let settings = load(&json!({"status_seconds": first})).unwrap();
        let inquiry = only(&settings).inquiry().unwrap();
        [0, 1, 2, 3, u32::MAX].map(|asked| inquiry.wait(asked))
    };
    assert_eq!(waits(Value::Null), [1800, 2340, 3042, 3600, 3600]);
    assert_eq!(waits(json!(1)), [1, 2, 3, 4, 3600]);
    assert_eq!(waits(json!(3600)), [3600; 5]);
}

#[test]
fn replies_of_any_shape_are_read_without_a_panic() {
    let deep = "[".repeat(100_000);
    let odd = [
        json!({"error": 7}),
        json!({"error": {"details": 7}}),
        json!({"error": {"details": [7, {"fieldViolations": [7]}, {"errors": [7, {"errorCode": []}]}]}}),
        json!({"error": {"details": [{"fieldViolations": [{"field": "events.events[99999999999999999999999]"}]}]}}),
        json!({"error": {"details": [{"fieldViolations": [{"field": "events[x]"}, {"field": "events["}]}]}}),
        json!({"requestId": 7}),
        json!({"fieldWarnings": {"reason": 1}}),
        json!({"results": 7, "partialFailureError": [7]}),
        json!({"requestStatusPerDestination": {"requestStatus": 7}}),
        json!(null),
        json!(deep),
    ];
    let settings = load(&json!({})).unwrap();
    let messages = messages(&settings, None, json!([{}, {"test": true}]));
    let envelopes = envelopes(&messages);
    let inputs = inputs(&envelopes);
    for body in &odd {
        for http in [200, 400, 500] {
            let reply = reply(http, body);
            for batch in [&inputs[..1], &inputs[1..]] {
                let answer = only(&settings).read(batch, &reply);
                assert_ne!(answer, Answer::All(Outcome::Delivered), "{body}");
            }
            answered(false, http, body);
            inquired(http, body);
        }
    }
}

#[test]
fn what_is_printed_shows_no_secret() {
    let settings = load(&json!({})).unwrap();
    let shown = format!("{:?}", only(&settings));
    assert!(shown.starts_with("GoogleAds"), "{shown}");
    assert!(!shown.contains("a secret by the name of"), "{shown}");
}

//! What the social platforms' pages say of names, times, amounts and addresses, as their fixtures tell it.

use std::collections::BTreeSet;

use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::destinations::{ALL, Entry};
use edgetally_core::exchange::http::Reply;
use serde_json::{Value, json};

use crate::platforms::{Pages, Unit, Written, known};
use crate::support::{NOW, envelopes, files, fixtures, plan, platform_settings, requests, shop};

/// The platforms whose fixtures say where things stand, with that.
fn social() -> impl Iterator<Item = (&'static str, &'static Pages)> {
    ALL.iter().filter_map(|entry| {
        let pages = known(entry.platform).pages.as_ref()?;
        Some((entry.platform, pages))
    })
}

/// What intake says of an event, and its part of the body.
fn sent(platform: &str, settings: Value, event: &Value) -> (String, Value) {
    let settings = shop(&[(platform, settings)], &Value::Null, &Value::Null);
    let plan = plan(&settings, None, &event.to_string());
    let answer: Value = serde_json::from_str(plan.answer.text()).unwrap();
    let verdict = answer["results"][0]["destinations"][platform].clone();
    let mut requests = requests(&settings, &plan.messages, NOW);
    let body = requests.pop().map_or(Value::Null, |(_, request)| {
        serde_json::from_slice::<Value>(request.body()).unwrap()
    });
    assert!(requests.is_empty());
    let found = ["/elements/0", "/data/events/0", "/conversions/0", "/data/0"]
        .into_iter()
        .find_map(|place| body.pointer(place));
    (
        verdict.as_str().unwrap().to_owned(),
        found.cloned().unwrap_or_default(),
    )
}

fn event(name: &str) -> Value {
    json!({
        "event": name, "event_id": "c-1", "event_time": "2026-11-22T10:15:30.250Z", "value": 129.9, "currency": "USD",
        "user": {"email": "table@reader.example"}, "context": {"page_url": "https://shop.example/a"},
        "consent": {"ad_user_data": "granted", "ad_storage": "granted", "ad_personalization": "granted"},
    })
}

#[test]
fn every_event_has_the_name_that_its_platform_documents() {
    let mut named = 0;
    for Entry { platform, .. } in ALL {
        let known = known(platform);
        for (event_name, expected) in &known.names {
            let mut settings = platform_settings(platform);
            // The operator's own names, such as those for Snapchat's slots.
            settings.as_object_mut().unwrap().remove("events");
            let mut event = event(event_name);
            event["context"]["user_agent"] = json!("Browser");
            let (verdict, body) = sent(platform, settings, &event);
            let parts = known.name_at.iter();
            let parts: Vec<&str> = parts.filter_map(|at| body.pointer(at)?.as_str()).collect();
            assert_eq!(
                parts.join(":"),
                expected.as_deref().unwrap_or_default(),
                "{event_name} at {platform}: {verdict}"
            );
            assert_eq!(verdict == "skipped:event_not_mapped", expected.is_none());
            named += 1;
        }
    }
    assert!(named >= 100);
}

#[test]
fn times_and_amounts_have_the_unit_and_the_type_that_each_platform_documents() {
    for (platform, pages) in social() {
        let moment = match known(platform).time {
            Unit::Seconds => json!(1_795_342_530),
            Unit::Millis => json!(1_795_342_530_250_i64),
            Unit::Micros => json!(1_795_342_530_250_000_i64),
            Unit::Text => json!("2026-11-22T10:15:30.250Z"),
        };
        for (amount, currency, number, text, two_digits) in [
            ("129.9", "USD", json!(129.9), "129.90", "129.90"),
            ("5000", "JPY", json!(5000), "5000", "5000.00"),
            ("0", "EUR", json!(0), "0.00", "0.00"),
        ] {
            let mut purchase = event("purchase");
            purchase["value"] = serde_json::from_str(amount).unwrap();
            purchase["currency"] = json!(currency);
            let (verdict, body) = sent(platform, platform_settings(platform), &purchase);
            assert_eq!(verdict, "queued", "{platform}");
            assert_eq!(body.pointer(&pages.time_at), Some(&moment), "{platform}");
            let expected = match pages.value_as {
                Written::Number => number,
                Written::Text => json!(text),
                Written::TwoDigits => json!(two_digits),
            };
            assert_eq!(body.pointer(&pages.value_at), Some(&expected), "{platform}");
        }
    }
}

#[test]
fn addresses_are_public_and_of_the_kind_that_each_platform_takes() {
    for (platform, pages) in social() {
        for (ip, goes) in [
            ("203.0.113.24", true),
            ("2001:db8::7", pages.ipv6),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("192.168.0.9", false),
            ("fd00::1", false),
            ("999.999.999.999", false),
        ] {
            let mut contact = event("purchase");
            contact["context"]["ip"] = json!(ip);
            contact["context"]["user_agent"] = json!("Browser");
            let (verdict, body) = sent(platform, platform_settings(platform), &contact);
            assert_eq!(verdict, "queued");
            assert_eq!(body.to_string().contains(ip), goes, "{ip} at {platform}");
        }
    }
}

#[test]
fn who_cannot_be_recognised_is_skipped_with_the_minimum_of_each_platform() {
    let mut unused: BTreeSet<&str> = social()
        .flat_map(|(_, pages)| &pages.recognised_by)
        .map(String::as_str)
        .collect();
    for (what, user, context) in [
        ("", json!({}), json!({})),
        ("email", json!({"email": "table@reader.example"}), json!({})),
        ("phone", json!({"phone": "+14155552671"}), json!({})),
        (
            "address_and_browser",
            json!({}),
            json!({"ip": "203.0.113.24", "user_agent": "Browser"}),
        ),
        ("address", json!({}), json!({"ip": "203.0.113.24"})),
        ("browser", json!({}), json!({"user_agent": "Browser"})),
        ("external_id", json!({"external_id": "c-84"}), json!({})),
        (
            "name",
            json!({"first_name": "Jo", "last_name": "Roe"}),
            json!({}),
        ),
        ("ttclid", json!({}), json!({"click_ids": {"ttclid": "a"}})),
        ("twclid", json!({}), json!({"click_ids": {"twclid": "a"}})),
        (
            "li_fat_id",
            json!({}),
            json!({"click_ids": {"li_fat_id": "a"}}),
        ),
        ("epik", json!({}), json!({"click_ids": {"epik": "a"}})),
        ("sccid", json!({}), json!({"click_ids": {"ScCid": "b"}})),
    ] {
        unused.remove(what);
        for (platform, pages) in social() {
            let mut contact = event("purchase");
            contact["user"] = user.clone();
            contact["context"] = context.clone();
            contact["context"]["page_url"] = json!("https://shop.example/a");
            let (verdict, _) = sent(platform, platform_settings(platform), &contact);
            let expected = if pages.recognised_by.iter().any(|enough| enough == what) {
                "queued"
            } else {
                "skipped:identifiers_missing"
            };
            assert_eq!(verdict, expected, "{what} at {platform}");
        }
    }
    assert!(unused.is_empty(), "{unused:?}");
}

/// A platform that answers every request alike, whatever it says, is asked about twice per event at the most.
#[test]
fn no_reply_leads_to_requests_without_end() {
    const EVENTS: usize = 24;
    for (platform, _) in social() {
        let settings = shop(
            &[(platform, platform_settings(platform))],
            &Value::Null,
            &Value::Null,
        );
        let events: Vec<Value> = (0..EVENTS)
            .map(|n| {
                let mut one = event("contact");
                one["event_id"] = json!(format!("r-{n}"));
                one
            })
            .collect();
        let plan = plan(&settings, None, &Value::from(events).to_string());
        let envelopes = envelopes(&plan.messages);
        let folder = fixtures()
            .join("destinations")
            .join(platform)
            .join("replies");
        for (name, text) in files(&folder) {
            let stored: Value = serde_json::from_str(&text).unwrap();
            let body = match &stored["body"] {
                Value::String(text) => text.clone(),
                json => json.to_string(),
            };
            let reply = Reply {
                status: stored["status"].as_u64().unwrap() as u16,
                retry_after: None,
                body: body.into_bytes(),
            };
            let mut gates = Gates::new();
            let mut delivery = Delivery::new(&settings, &envelopes, &gates, NOW);
            let mut sent = 0;
            while let Some(flight) = delivery.next(&mut gates, NOW) {
                sent += 1;
                assert!(sent <= 2 * EVENTS, "{platform} {name}");
                delivery.answer(flight.ticket, &Ok(reply.clone()), &mut gates, NOW);
            }
            assert!(sent > 0, "{platform} {name}");
        }
    }
}

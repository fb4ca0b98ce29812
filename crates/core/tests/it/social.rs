//! What the social platforms' pages say of names, times, amounts and addresses, as one table for all six.

use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::exchange::http::Reply;
use serde_json::{Value, json};

use crate::support::{NOW, envelopes, files, fixtures, plan, platform_settings, requests, shop};

const PLATFORMS: [&str; 6] = ["linkedin", "pinterest", "reddit", "snapchat", "tiktok", "x"];

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
    // Snapchat's slots are the advertiser's own to give. `-` is not sent.
    let table = "
        page_view          Pageview             page_visit         PAGE_VIEW       PAGE_VISIT
        view_item          ViewContent          view_content       VIEW_CONTENT    VIEW_CONTENT
        search             Search               search             SEARCH          SEARCH
        add_to_cart        AddToCart            add_to_cart        ADD_CART        ADD_TO_CART
        add_to_wishlist    AddToWishlist        add_to_wishlist    ADD_TO_WISHLIST ADD_TO_WISHLIST
        begin_checkout     InitiateCheckout     initiate_checkout  START_CHECKOUT  CUSTOM:BeginCheckout
        add_payment_info   AddPaymentInfo       add_payment_info   ADD_BILLING     CUSTOM:AddPaymentInfo
        purchase           Purchase             checkout           PURCHASE        PURCHASE
        refund             -                    -                  -               -
        generate_lead      Lead                 lead               SIGN_UP         LEAD
        sign_up            CompleteRegistration signup             SIGN_UP         SIGN_UP
        subscribe          Subscribe            subscribe          SUBSCRIBE       CUSTOM:Subscribe
        start_trial        StartTrial           start_trial        START_TRIAL     CUSTOM:StartTrial
        contact            Contact              contact            -               LEAD
        schedule           Backoff             schedule           RESERVE         CUSTOM:Backoff
        submit_application SubmitApplication    submit_application -               LEAD
        find_location      FindLocation         find_location      -               CUSTOM:FindLocation
        customize_product  CustomizeProduct     customize_product  -               CUSTOM:CustomizeProduct
        donate             Donate               custom             -               CUSTOM:Donate
        raffle_won         raffle_won           raffle_won         -               CUSTOM:raffle_won";
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let row: Vec<&str> = line.split_whitespace().collect();
        for (platform, expected) in ["tiktok", "pinterest", "snapchat", "reddit"]
            .into_iter()
            .zip(&row[1..])
        {
            let mut settings = platform_settings(platform);
            settings.as_object_mut().unwrap().remove("events");
            let (verdict, body) = sent(platform, settings, &event(row[0]));
            let named = match platform {
                "tiktok" => body["event"].as_str().map(str::to_owned),
                "reddit" => body["type"]["tracking_type"].as_str().map(|kind| {
                    match body["type"]["custom_event_name"].as_str() {
                        Some(custom) => format!("{kind}:{custom}"),
                        None => kind.to_owned(),
                    }
                }),
                _ => body["event_name"].as_str().map(str::to_owned),
            };
            assert_eq!(
                named.as_deref().unwrap_or("-"),
                *expected,
                "{} at {platform}: {verdict}",
                row[0]
            );
            assert_eq!(verdict == "skipped:event_not_mapped", *expected == "-");
        }
    }
}

#[test]
fn times_and_amounts_have_the_unit_and_the_type_that_each_platform_documents() {
    for (platform, time, value) in [
        ("tiktok", "/event_time", "/properties/value"),
        ("pinterest", "/event_time", "/custom_data/value"),
        ("snapchat", "/event_time", "/custom_data/value"),
        ("reddit", "/event_at", "/metadata/value"),
        (
            "linkedin",
            "/conversionHappenedAt",
            "/conversionValue/amount",
        ),
        ("x", "/conversion_time", "/value"),
    ] {
        let moment = match platform {
            "tiktok" | "pinterest" | "snapchat" => json!(1_795_342_530),
            "x" => json!("2026-11-22T10:15:30.250Z"),
            _ => json!(1_795_342_530_250_i64),
        };
        for (amount, currency, number, text, at_x) in [
            ("129.9", "USD", json!(129.9), "129.90", "129.90"),
            ("5000", "JPY", json!(5000), "5000", "5000.00"),
            ("0", "EUR", json!(0), "0.00", "0.00"),
        ] {
            let mut purchase = event("purchase");
            purchase["value"] = serde_json::from_str(amount).unwrap();
            purchase["currency"] = json!(currency);
            let (verdict, body) = sent(platform, platform_settings(platform), &purchase);
            assert_eq!(verdict, "queued", "{platform}");
            assert_eq!(body.pointer(time), Some(&moment), "{platform}");
            let expected = match platform {
                "tiktok" | "snapchat" | "reddit" => number,
                "x" => json!(at_x),
                _ => json!(text),
            };
            assert_eq!(body.pointer(value), Some(&expected), "{platform}");
        }
    }
}

#[test]
fn addresses_are_public_and_of_the_kind_that_each_platform_takes() {
    for platform in PLATFORMS {
        for (ip, goes) in [
            ("203.0.113.24", true),
            (
                "2001:db8::7",
                matches!(platform, "pinterest" | "reddit" | "snapchat" | "tiktok"),
            ),
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
    let everyone = json!({"ip": "203.0.113.24", "user_agent": "Browser"});
    for (user, context, enough) in [
        (json!({}), json!({}), ""),
        (
            json!({"email": "table@reader.example"}),
            json!({}),
            "linkedin pinterest reddit snapchat tiktok x",
        ),
        (
            json!({"phone": "+14155552671"}),
            json!({}),
            "reddit snapchat tiktok x",
        ),
        (
            json!({}),
            everyone,
            "linkedin pinterest reddit snapchat tiktok x",
        ),
        (json!({}), json!({"ip": "203.0.113.24"}), "linkedin reddit"),
        (json!({}), json!({"user_agent": "Browser"}), ""),
        (
            json!({"external_id": "c-84"}),
            json!({}),
            "linkedin reddit tiktok",
        ),
        (
            json!({"first_name": "Jo", "last_name": "Roe"}),
            json!({}),
            "linkedin",
        ),
        (json!({}), json!({"click_ids": {"ttclid": "a"}}), "tiktok"),
        (json!({}), json!({"click_ids": {"twclid": "a"}}), "x"),
        (
            json!({}),
            json!({"click_ids": {"li_fat_id": "a"}}),
            "linkedin",
        ),
        (
            json!({}),
            json!({"click_ids": {"epik": "a", "ScCid": "b"}}),
            "",
        ),
    ] {
        for platform in PLATFORMS {
            let mut contact = event("purchase");
            contact["user"] = user.clone();
            contact["context"] = context.clone();
            contact["context"]["page_url"] = json!("https://shop.example/a");
            let (verdict, _) = sent(platform, platform_settings(platform), &contact);
            let expected = if enough.split(' ').any(|name| name == platform) {
                "queued"
            } else {
                "skipped:identifiers_missing"
            };
            assert_eq!(verdict, expected, "{user} {context} at {platform}");
        }
    }
}

/// A platform that answers every request alike, whatever it says, is asked about twice per event at the most.
#[test]
fn no_reply_leads_to_requests_without_end() {
    const EVENTS: usize = 24;
    for platform in PLATFORMS {
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

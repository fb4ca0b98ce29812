//! A request's body through intake and delivery: every request that comes of it is JSON of bearable size, and every
//! message opens again.
#![no_main]

use std::sync::LazyLock;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::intake::{Batch, Visit};
use edgetally_core::queue::envelope::{Message, open};
use edgetally_core::settings::Settings;
use libfuzzer_sys::fuzz_target;

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let json = r#"{
        "sources": {"shop": {"key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "consent": "implied",
                             "default_country": "DE", "destinations": ["meta", "ga4", "hook"]}},
        "destinations": {"meta": {"dataset_id": "1", "test_event_code": "T"},
                         "ga4": {"measurement_id": "G-1", "user_id": true},
                         "hook": {"platform": "webhook", "url": "https://hooks.example/"}}
    }"#;
    Settings::load(json, &|name| {
        Some(format!("{name}-0123456789abcdef0123456789abcdef"))
    })
    .unwrap()
});

fuzz_target!(|data: (&str, &str, &[u8])| {
    let (url, cookies, body) = data;
    let now = UnixMillis(1_795_342_531_000);
    let visit = Visit {
        ip: Some("203.0.113.9"),
        user_agent: Some("browser"),
        referer: Some(url),
        cookies: Some(cookies),
        gpc: false,
        country: Some("US"),
        region: Some("CA"),
    };
    let source = SETTINGS.source("shop").unwrap();
    let Ok(batch) =
        edgetally_core::intake::native::batch(&SETTINGS, source, Some(&visit), body, now)
    else {
        return;
    };
    let plan = batch.finish(|_| None, "e");
    serde_json::from_str::<serde_json::Value>(plan.answer.text()).unwrap();
    for message in &plan.messages {
        let envelope = match open(message).unwrap() {
            Message::Events(envelope) => envelope,
            Message::Report(_) => continue,
        };
        let envelopes = [envelope];
        let mut gates = Gates::new();
        let mut delivery = Delivery::new(&SETTINGS, &envelopes, &gates, now);
        while let Some(flight) = delivery.next(&mut gates, now) {
            serde_json::from_slice::<serde_json::Value>(flight.request.body()).unwrap();
            delivery.answer(flight.ticket, &Ok(Default::default()), &mut gates, now);
        }
        for aftermath in delivery.finish(now) {
            for message in aftermath.messages {
                open(&message.text).unwrap();
            }
        }
    }
});

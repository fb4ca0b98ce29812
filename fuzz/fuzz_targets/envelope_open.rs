//! A message of the queue: whatever lies there is opened or refused, and what was opened can be worked off.
#![no_main]

use std::sync::LazyLock;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::queue::envelope::{Message, close_report, open};
use edgetally_core::settings::Settings;
use libfuzzer_sys::fuzz_target;

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let json = r#"{
        "sources": {"shop": {"secret": "SHOP_SECRET", "destinations": ["meta", "ga4"]}},
        "destinations": {"meta": {"dataset_id": "1"}, "ga4": {"measurement_id": "G-1"}}
    }"#;
    Settings::load(json, &|name| {
        Some(format!("{name}-0123456789abcdef0123456789abcdef"))
    })
    .unwrap()
});

fuzz_target!(|text: &str| {
    let now = UnixMillis(1_795_342_531_000);
    match open(text) {
        Err(_) => {}
        Ok(Message::Report(report)) => {
            // Lines that count nothing are left out the first time.
            let closed = close_report(&report);
            assert!(
                matches!(open(&closed), Ok(Message::Report(again)) if close_report(&again) == closed)
            );
        }
        Ok(Message::Events(envelope)) => {
            let envelopes = [envelope];
            let mut gates = Gates::new();
            let mut delivery = Delivery::new(&SETTINGS, &envelopes, &gates, now);
            while let Some(flight) = delivery.next(&mut gates, now) {
                delivery.answer(flight.ticket, &Ok(Default::default()), &mut gates, now);
            }
            for aftermath in delivery.finish(now) {
                for message in aftermath.messages {
                    open(&message.text).unwrap();
                }
            }
        }
    }
});

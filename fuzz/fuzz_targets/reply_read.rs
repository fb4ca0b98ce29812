//! What platforms say: every reply is read to an answer of the right length.
#![no_main]

use std::sync::LazyLock;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::destinations::ALL;
use edgetally_core::destinations::input::Input;
use edgetally_core::exchange::http::Reply;
use edgetally_core::exchange::outcome::Answer;
use edgetally_core::intake::Batch;
use edgetally_core::queue::envelope::{Message, open};
use edgetally_core::settings::Settings;
use libfuzzer_sys::fuzz_target;

const NOW: UnixMillis = UnixMillis(1_795_342_531_000);

/// A destination of each platform, as the fixtures of the core set them up.
static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let names: Vec<&str> = ALL.iter().map(|entry| entry.platform).collect();
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/core/tests/fixtures/destinations"
    );
    let destinations: Vec<String> = names
        .iter()
        .map(|name| {
            let json = std::fs::read_to_string(format!("{folder}/{name}/settings.json")).unwrap();
            format!("{name:?}: {json}")
        })
        .collect();
    let json = format!(
        r#"{{"sources": {{"shop": {{"secret": "SHOP_SECRET", "consent": "implied", "destinations": {names:?}}}}},
            "destinations": {{{}}}}}"#,
        destinations.join(",")
    );
    Settings::load(&json, &|name| {
        Some(format!("{name}-0123456789abcdef0123456789abcdef"))
    })
    .unwrap()
});

static MESSAGE: LazyLock<String> = LazyLock::new(|| {
    let event = |n| {
        format!(
            r#"{{"event": "contact", "event_id": "{n}", "action_source": "email", "user": {{"email": "a@b.example"}},
                "context": {{"client_id": "1.2"}}}}"#
        )
    };
    let body = format!("[{},{},{}]", event(1), event(2), event(3));
    let batch = edgetally_core::intake::native::batch(
        &SETTINGS,
        SETTINGS.source("shop").unwrap(),
        None,
        body.as_bytes(),
        NOW,
    )
    .unwrap();
    batch.finish(|_| None, "e").messages.remove(0)
});

fuzz_target!(|data: (u16, &str, &[u8])| {
    let (status, retry_after, body) = data;
    let Ok(Message::Events(envelope)) = open(&MESSAGE) else {
        unreachable!()
    };
    let reply = Reply {
        status,
        retry_after: Reply::parse_retry_after(retry_after, NOW),
        body: body.to_vec(),
    };
    for configured in &SETTINGS.destinations {
        let batch: Vec<Input<'_>> = envelope
            .parcels
            .iter()
            .filter_map(|parcel| {
                let leg = parcel
                    .legs
                    .iter()
                    .find(|leg| leg.destination.as_str() == configured.name)?;
                Some(Input::new(parcel, leg.grant))
            })
            .collect();
        assert_eq!(batch.len(), 3);
        match configured.destination.read(&batch, &reply) {
            Answer::Each(outcomes) => assert_eq!(outcomes.len(), batch.len()),
            Answer::Isolate(those) => {
                assert!(!those.is_empty() && those.iter().all(|(place, _)| *place < batch.len()));
            }
            Answer::All(_) | Answer::Split(_) => {}
        }
        if let Some(access) = configured.destination.access() {
            let _ = access.read(&reply, NOW);
        }
        if let Some(inquiry) = configured.destination.inquiry() {
            let _ = inquiry.read(&reply);
        }
    }
});

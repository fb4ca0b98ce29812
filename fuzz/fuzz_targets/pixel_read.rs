//! Any address and headers of an image through the door: the answer is the image, with a code or a word, and every message
//! opens again.
#![no_main]

use std::sync::LazyLock;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::intake::{Arrival, Batch, Header, Headers, Outcome, Visit, error_of, pixel};
use edgetally_core::queue::envelope::open;
use edgetally_core::settings::Settings;
use libfuzzer_sys::fuzz_target;

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let json = r#"{
        "sources": {"shop": {"key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "consent": "implied",
                             "default_country": "DE", "destinations": ["meta", "hook"]}},
        "destinations": {"meta": {"dataset_id": "1"}, "hook": {"platform": "webhook", "url": "https://hooks.example/"}}
    }"#;
    Settings::load(json, &|name| {
        Some(format!("{name}-0123456789abcdef0123456789abcdef"))
    })
    .unwrap()
});

// Three lines: what stands behind the `?`, the page, the cookies.
fuzz_target!(|data: &str| {
    let mut lines = data.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (query, referer, cookies) = (line(), line(), line());
    let mut common = [""; Header::NAMES.len()];
    common[Header::Key as usize] = "pk_shop_0123456789abcdef";
    common[Header::Origin as usize] = if referer.is_empty() {
        "https://shop.example"
    } else {
        ""
    };
    common[Header::Referer as usize] = referer;
    common[Header::Cookie as usize] = cookies;
    let arrival = Arrival {
        query,
        headers: Headers::new(&common),
        ..Arrival::of_body(b"", UnixMillis(1_795_342_531_000))
    };
    let format = &pixel::FORMAT;
    let plan = (format.recognise)(&SETTINGS, &arrival)
        .map_err(error_of)
        .and_then(|caller| {
            assert!(caller.is_page());
            let visit = Visit::of(&arrival);
            let batch = Batch::open(format, &SETTINGS, caller.source, Some(&visit), &arrival)?;
            Ok(batch.finish(|_| None, "e"))
        });
    let answer = match &plan {
        Ok(plan) => plan.answer.clone(),
        Err(error) => (format.answer)(None, &arrival, &Outcome::Refused(error)),
    };
    assert_eq!(*answer.body, pixel::GIF);
    assert!(matches!(answer.status, 200 | 400..=429 | 503));
    assert!(
        answer
            .headers
            .iter()
            .any(|(name, value)| *name == "x-edgetally-result" && !value.is_empty())
    );
    for message in plan.iter().flat_map(|plan| &plan.messages) {
        open(message).unwrap();
    }
});

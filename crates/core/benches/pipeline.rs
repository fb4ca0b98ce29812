//! What one event costs on its whole way through the core, and which step costs what.
//!
//! `pipeline` prints JSON: nanoseconds per event as the median over many small batches, so that whatever else the
//! machine does falls out. `pipeline count N` takes N events through and prints nothing: run under an instruction
//! counter with two values of N, the difference is what an event costs on any day and any machine.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    clippy::print_stdout,
    reason = "a program for people, not a library"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench is about the clock, and is told by arguments what to do"
)]

use std::hint::black_box;
use std::time::Instant;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::identity::Prepared;
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::{Settings, Source};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A purchase with every identifier and three items, as a shop's server sends it.
const BODY: &str = include_str!("../../../bench/purchase.json");
/// A minute after the purchase.
const NOW: UnixMillis = UnixMillis(1_795_338_991_000);
/// What is hashed for Meta: that it is all of it and nothing else is checked before anything is measured.
const HASHED: [&str; 11] = [
    "elena.brandt+shop@mail.example",
    "4915123456789",
    "elena",
    "brandt",
    "19880409",
    "f",
    "köln",
    "nw",
    "50667",
    "de",
    "cust-10482",
];
/// Events per batch, and batches: a batch is short enough to fall between two interruptions.
const EVENTS: u32 = 50;
const BATCHES: usize = 600;

fn settings() -> Settings {
    Settings::load(
        r#"{"sources": {"shop": {"secret": "SHOP_SECRET", "default_country": "DE", "destinations": ["meta"]}},
            "destinations": {"meta": {"dataset_id": "1234567890123456"}}}"#,
        &|name| Some(format!("a secret called {name}, long enough")),
    )
    .unwrap()
}

/// From the bytes of a request to the message for the queue.
fn intake(settings: &Settings, source: &Source) -> String {
    let batch = edgetally_core::intake::native::batch(
        settings,
        source,
        None,
        black_box(BODY).as_bytes(),
        NOW,
    )
    .unwrap();
    let plan = batch.finish(|_| None, "a1");
    black_box(&plan.answer);
    plan.messages.into_iter().next().unwrap()
}

/// From the message to the request.
fn delivery(settings: &Settings, message: &str) -> Vec<u8> {
    let Ok(Message::Events(envelope)) = envelope::open(message) else {
        panic!("the message does not open")
    };
    encode(settings, &[envelope])
}

fn encode(settings: &Settings, envelopes: &[envelope::Envelope<'_>]) -> Vec<u8> {
    let mut gates = Gates::new();
    let mut delivery = Delivery::new(settings, envelopes, &gates, NOW);
    delivery.next(&mut gates, NOW).unwrap().request.into_body()
}

/// The hashes of an event and nothing else: its identifiers' and the keyed one of its claim.
fn hashes(claims: &Hmac<Sha256>) {
    for text in HASHED {
        black_box(Sha256::digest(black_box(text).as_bytes()));
    }
    let mut mac = claims.clone();
    for part in [
        "e",
        "\u{4}\0\0\0\0\0\0\0",
        "shop",
        "\u{8}\0\0\0\0\0\0\0",
        "purchase",
        "\u{f}\0\0\0\0\0\0\0",
        "ord-118842-7f3a",
    ] {
        mac.update(black_box(part).as_bytes());
    }
    black_box(mac.finalize());
}

/// The least that anybody does with such a body: reads it as JSON and hashes the address.
fn plain() {
    let value: serde_json::Value = serde_json::from_str(black_box(BODY)).unwrap();
    let email = value
        .pointer("/user/email")
        .and_then(serde_json::Value::as_str)
        .unwrap();
    black_box(Sha256::digest(email.trim().to_lowercase().as_bytes()));
}

fn check(settings: &Settings, source: &Source) {
    let body = String::from_utf8(delivery(settings, &intake(settings, source))).unwrap();
    let digests = body
        .split('"')
        .filter(|text| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(digests.count(), HASHED.len(), "{body}");
    for text in HASHED {
        let hex: String = Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert!(body.contains(&hex), "{text} is not what is hashed");
    }
}

type Step<'a> = (&'static str, Box<dyn FnMut() + 'a>);

fn main() {
    let settings = settings();
    let source = settings.source("shop").unwrap();
    check(&settings, source);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, count] = arguments.as_slice()
        && word == "count"
    {
        for _ in 0..count.parse().unwrap() {
            black_box(delivery(&settings, &intake(&settings, source)));
        }
        return;
    }

    let claims = Hmac::<Sha256>::new_from_slice(b"a secret").unwrap();
    let message = intake(&settings, source);
    let Ok(Message::Events(opened)) = envelope::open(&message) else {
        panic!("the message does not open")
    };
    let opened = [opened];
    let event = edgetally_core::intake::native::parse(BODY, NOW).unwrap();
    let batch =
        edgetally_core::intake::native::batch(&settings, source, None, BODY.as_bytes(), NOW)
            .unwrap();
    let mut steps: Vec<Step<'_>> = vec![
        (
            "whole",
            Box::new(|| drop(black_box(delivery(&settings, &intake(&settings, source))))),
        ),
        (
            "parse",
            Box::new(|| {
                drop(black_box(edgetally_core::intake::native::parse(
                    black_box(BODY),
                    NOW,
                )));
            }),
        ),
        (
            "read",
            Box::new(|| {
                drop(black_box(edgetally_core::intake::native::batch(
                    &settings,
                    source,
                    None,
                    black_box(BODY).as_bytes(),
                    NOW,
                )));
            }),
        ),
        (
            "identifiers",
            Box::new(|| {
                drop(black_box(Prepared::new(
                    black_box(&event.user),
                    source.spellings,
                    &source.hints,
                )));
            }),
        ),
        (
            "pack",
            Box::new(|| drop(black_box(batch.finish(|_| None, "a1")))),
        ),
        (
            "open",
            Box::new(|| drop(black_box(envelope::open(black_box(&message))))),
        ),
        (
            "encode",
            Box::new(|| drop(black_box(encode(&settings, black_box(&opened))))),
        ),
        ("sha256", Box::new(|| hashes(&claims))),
        ("plain", Box::new(plain)),
    ];
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(BATCHES); steps.len()];
    for _ in 0..BATCHES {
        // In turn, so that a slow moment of the machine meets all of them.
        for ((_, step), times) in steps.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..EVENTS {
                step();
            }
            times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(EVENTS));
        }
    }
    let medians: Vec<String> = steps
        .iter()
        .zip(&mut times)
        .map(|((name, _), times)| {
            times.sort_unstable_by(f64::total_cmp);
            format!(r#""{name}":{:.1}"#, times.get(BATCHES / 2).unwrap())
        })
        .collect();
    println!(
        r#"{{"bytes":{},"hashes":{},{}}}"#,
        BODY.trim_end().len(),
        HASHED.len() + 1,
        medians.join(",")
    );
}

//! One event of the native format: no text makes the reader panic, and no error repeats what it read.
#![no_main]

use edgetally_core::event::{Event, LARGEST_EVENT};
use edgetally_core::time::UnixMillis;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Event::parse(text, UnixMillis(1_795_342_531_000)) {
        Ok(event) => {
            assert!(text.len() <= LARGEST_EVENT && !event.id.trim().is_empty());
            assert!(event.time.0 > 0 && event.time.0 <= 1_795_342_531_000);
            if let Some(money) = event.money {
                let amount = money.amount.to_f64();
                assert!(
                    amount.is_finite() && amount >= 0.0 && text.contains(money.amount.as_str())
                );
            }
        }
        Err(error) => assert!(!error.message.is_empty() && error.path.len() < 200),
    }
});

//! One event of the native format: no text makes the reader panic, no error repeats what it read, and what says nothing
//! is no id.
#![no_main]

use edgetally_core::base::text::is_placeholder;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::event::{Event, LARGEST_EVENT, LONGEST_ID, MOST_ITEMS, MOST_PROPERTIES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match edgetally_core::intake::native::parse(text, UnixMillis(1_795_342_531_000)) {
        Ok(event) => {
            assert!(text.len() <= LARGEST_EVENT);
            for id in [Some(&event.id), event.transaction_id.as_ref()]
                .into_iter()
                .flatten()
            {
                assert!(!is_placeholder(id) && id.chars().count() <= LONGEST_ID);
            }
            assert!(event.time.0 > 0 && event.time.0 <= 1_795_342_531_000);
            assert!(event.items.len() <= MOST_ITEMS && event.properties.len() <= MOST_PROPERTIES);
            if let Some(money) = event.money {
                let amount = money.amount.to_f64();
                assert!(
                    amount.is_finite() && amount >= 0.0 && text.contains(money.amount.as_str())
                );
            }
            for item in &event.items {
                for figure in [item.price, item.quantity, item.discount, item.index]
                    .into_iter()
                    .flatten()
                {
                    assert!(figure.to_f64().abs() <= 1e12 && figure.as_str().len() <= 32);
                    assert!(!figure.fixed(2).is_empty());
                }
                // What goes into the queue comes out of it.
                let wire = serde_json::to_string(item).unwrap();
                assert!(
                    serde_json::from_str::<edgetally_core::event::Item<'_>>(&wire).unwrap()
                        == *item
                );
            }
            for remark in event.remarks.removed.iter().chain(&event.remarks.changed) {
                assert!(remark.path.len() < 200 && !remark.path.contains('@'));
            }
        }
        Err(error) => assert!(!error.message.is_empty() && error.path.len() < 200),
    }
});

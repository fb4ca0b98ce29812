//! Identifiers: no text makes a normaliser panic, and normalising its result again changes nothing.
#![no_main]

use edgetally_core::identity::{Country2, Hints, Spelling, normalise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str, u8)| {
    let (raw, country, pick) = data;
    let hints = Hints {
        default_country: ["DE", "US", "IT", "GB"]
            .get(usize::from(pick % 5))
            .and_then(|code| Country2::parse(code)),
    };
    let country = (!country.is_empty()).then_some(country);
    let (mut once, mut twice) = (String::new(), String::new());
    for spelling in Spelling::ALL.iter().copied() {
        if normalise(spelling, raw, &hints, country, &mut once) {
            assert!(!once.is_empty(), "{}", spelling.code());
            let _ = normalise(spelling, &once, &hints, country, &mut twice);
        }
    }
});

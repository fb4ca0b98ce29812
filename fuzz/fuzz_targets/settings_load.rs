//! Settings: no text makes the reader panic, and no fault tells a secret.
#![no_main]

use edgetally_core::settings::Settings;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "s3cr3t-0123456789abcdef0123456789abcdef";

fuzz_target!(|text: &str| {
    match Settings::load(text, &|_| Some(SECRET.to_owned())) {
        Ok(settings) => assert!(!format!("{settings:?}").contains(SECRET)),
        Err(faults) => {
            assert!(!faults.is_empty());
            assert!(text.contains("s3cr3t") || !format!("{faults:?}").contains(SECRET));
        }
    }
});

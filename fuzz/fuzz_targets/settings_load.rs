//! Settings: no text makes the reader panic, and no fault tells a secret.
#![no_main]

use edgetally_core::settings::Settings;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "s3cr3t-0123456789abcdef0123456789abcdef";

fuzz_target!(|text: &str| {
    let secret = |_: &str| Some(SECRET.to_owned());
    let text_twice = serde_json::json!({"EDGETALLY": text, "EDGETALLY_2": text}).to_string();
    let one = serde_json::json!({"EDGETALLY": text, "EDGETALLY_2": "a secret"}).to_string();
    let alone = Settings::load(text, &secret);
    assert_eq!(
        alone.is_ok(),
        Settings::load_variables(&one, &secret).is_ok()
    );
    for loaded in [
        alone,
        Settings::load_variables(text, &secret),
        Settings::load_variables(&text_twice, &secret),
    ] {
        match loaded {
            Ok(settings) => assert!(!format!("{settings:?}").contains(SECRET)),
            Err(faults) => {
                assert!(!faults.is_empty());
                assert!(text.contains("s3cr3t") || !format!("{faults:?}").contains(SECRET));
                for fault in faults {
                    // Words of whatever length are no secret, and nothing else is repeated.
                    let steps = fault.path.split(['.', '[', ']']);
                    assert!(
                        steps.clone().all(|step| step == "(not shown)"
                            || step
                                .bytes()
                                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))),
                        "{fault}"
                    );
                }
            }
        }
    }
});

//! Personal data in texts: no panic, no work beyond the length, and what is cleaned stays clean.
#![no_main]

use edgetally_core::base::personal::Visitor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, name) = input;
    let visitor = Visitor::new(
        Some("+49 1512 3456789"),
        Some(("4915123456789", 2)),
        Some("Nora"),
        Some(name),
        Some("nora.feldt@mail.example"),
    );
    let _ = visitor.shows(text);
    if let Some(clean) = visitor.clean_address(text) {
        assert!(!visitor.shows(&clean) || clean.ends_with('/'), "{clean}");
    }
    assert!(visitor.shows(&format!("{text} nora.feldt%2540mail.example")));
});

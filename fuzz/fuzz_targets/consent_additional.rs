//! Additional Consent strings: no panic, bounded work, and no provider that the string does not list.
#![no_main]

use edgetally_core::base::time::UnixMillis;
use edgetally_core::consent::{
    AdditionalConsent, Choice, Decision, Party, Purpose, Reading, Regime, Signals, Use,
    explain_additional,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = explain_additional(text);
    let signals = Signals {
        ad_user_data: Some(Choice::Granted),
        additional_consent: Some(text.into()),
        ..Signals::default()
    };
    let wanted = Use::new(Purpose::Advertising, Party::Provider(89));
    let reading = Reading::new(&signals, Regime::OptIn, UnixMillis(1_796_000_000_000));
    if let Decision::Granted(_) = reading.decide(&wanted) {
        assert!(AdditionalConsent::read(text).unwrap().consents(89));
        assert!(
            text.split(['~', '.', ' '])
                .any(|id| id.trim_start_matches('0') == "89")
        );
    }
});

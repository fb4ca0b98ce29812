//! The short forms, US Privacy and `gcs` and `gcd`: no panic, and nothing but a known form permits anything.
#![no_main]

use edgetally_core::base::time::UnixMillis;
use edgetally_core::consent::{
    Decision, Party, Purpose, Reading, Regime, Signals, Terms, Use, explain_us_privacy, gcd, gcs,
    us_privacy_opt_out,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = explain_us_privacy(text);
    let decide = |signals: &Signals<'_>| {
        let terms = Terms {
            regime: Regime::OptOut,
            gdpr: false,
            gcd_answers: true,
            legal_bases: &[],
        };
        let wanted = Use::new(Purpose::Advertising, Party::Own);
        Reading::new(signals, terms, UnixMillis(1_796_000_000_000)).decide(&wanted)
    };
    let us_privacy = decide(&Signals {
        us_privacy: Some(text.into()),
        ..Signals::default()
    });
    if let Decision::Granted(grant) = us_privacy {
        assert_eq!(us_privacy_opt_out(text), Some(grant.limited()));
    }
    let granted = |signals: Signals<'_>| matches!(decide(&signals), Decision::Granted(_));
    let mode = Signals {
        gcs: Some(text.into()),
        ..Signals::default()
    };
    assert!(!granted(mode) || gcs(text).is_ok());
    let mode = Signals {
        gcd: Some(text.into()),
        ..Signals::default()
    };
    assert!(!granted(mode) || gcd(text).is_ok());
});

//! TC strings: no panic, bounded work, and no permission that the string does not spell out.
#![no_main]

use edgetally_core::base::time::UnixMillis;
use edgetally_core::consent::{
    Decision, Party, Purpose, Reading, Regime, Signals, TcString, Use, explain_tcf,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = UnixMillis(1_796_000_000_000);
    let _ = explain_tcf(text, now);
    let signals = Signals {
        tcf: Some(text.into()),
        ..Signals::default()
    };
    let wanted = Use::new(Purpose::Advertising, Party::Vendor(755));
    let decision = Reading::new(&signals, Regime::OptIn, now).decide(&wanted);
    if let Decision::Granted(_) = decision {
        let tc = TcString::read(text).unwrap();
        assert!(tc.fault(now).is_none() && tc.consents(1) && tc.consents(7));
        assert!(tc.vendor_consents.contains(755) && tc.discloses(755));
    }
});

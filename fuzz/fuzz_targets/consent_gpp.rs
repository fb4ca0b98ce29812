//! GPP strings and their sections: no panic, bounded work, and no string that cannot be read lets anything through.
#![no_main]

use edgetally_core::base::time::UnixMillis;
use edgetally_core::consent::{
    Choice, Decision, Gpp, Party, Purpose, Reading, Regime, Signals, Use, explain_gpp,
    explain_us_section, us_opt_outs,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = UnixMillis(1_796_000_000_000);
    let _ = explain_gpp(text, &[], now);
    for id in 7..=27 {
        let _ = explain_us_section(id, text);
    }
    let signals = Signals {
        ad_user_data: Some(Choice::Granted),
        gpp: Some(text.into()),
        ..Signals::default()
    };
    let wanted = Use::new(Purpose::Advertising, Party::Own);
    if let Decision::Granted(grant) = Reading::new(&signals, Regime::OptOut, now).decide(&wanted) {
        let gpp = Gpp::read(text).unwrap();
        let found = us_opt_outs(&gpp, &[]).unwrap();
        assert!(!found.child && grant.limited() == found.any());
    }
});

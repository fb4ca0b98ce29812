//! Addresses of webhooks: what passes is what the runtime's own rules make of it, unchanged, and a public name.
#![no_main]

use edgetally_core::base::address::public_address;
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    for given in [text.to_owned(), format!("https://{text}")] {
        let Ok(canonical) = public_address(&given) else {
            continue;
        };
        assert_eq!(
            public_address(&canonical).as_deref(),
            Ok(canonical.as_str())
        );
        let parsed = match (Url::parse(&given), Url::parse(&canonical)) {
            (Ok(mut given), Ok(canonical)) => {
                given.set_fragment(None);
                let host = given
                    .host_str()
                    .unwrap_or_default()
                    .trim_end_matches('.')
                    .to_owned();
                given.set_host(Some(&host)).unwrap();
                assert_eq!(given, canonical);
                canonical
            }
            // Punycode that decodes to nothing: a request to it fails.
            _ => {
                assert!(canonical.contains("xn--"), "{given}");
                continue;
            }
        };
        assert_eq!(parsed.scheme(), "https");
        assert_eq!(parsed.port(), None);
        assert!(parsed.username().is_empty() && parsed.password().is_none());
        let Some(Host::Domain(host)) = parsed.host() else {
            panic!("{given} leads to an address literal");
        };
        assert!(
            canonical.starts_with(&format!("https://{host}/")),
            "{given}"
        );
        assert!(host.contains('.') && !host.ends_with(".local") && !host.ends_with(".internal"));
    }
});

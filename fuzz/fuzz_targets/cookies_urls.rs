//! Cookies, page addresses and click ids: no panic, and nothing leaves an address that holds an e-mail address.
#![no_main]

use edgetally_core::base::personal::{Visitor, holds_email};
use edgetally_core::base::time::UnixMillis;
use edgetally_core::web::{
    clean_url, click_ids_from_url, client_id_from_ga, cookies_from_header, fb_cookie_payload, fbc,
    public_ip, session_id_from_ga, without_click_ids,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(clean) = clean_url(text) {
        if let Some(nobodys) = Visitor::default().clean_address(&clean) {
            assert!(!holds_email(&nobodys), "{nobodys}");
        }
        assert_eq!(clean_url(&clean).as_deref(), Some(clean.as_str()));
        assert_eq!(
            click_ids_from_url(&without_click_ids(&clean)).count(),
            0,
            "{clean}"
        );
    }
    for (_, value) in click_ids_from_url(text) {
        assert!(!value.is_empty());
    }
    for (name, value) in cookies_from_header(text) {
        assert!(!name.is_empty() && !value.is_empty());
    }
    if let Some(id) = session_id_from_ga(text) {
        assert!(id.bytes().all(|byte| byte.is_ascii_digit()));
    }
    let _ = client_id_from_ga(text);
    let _ = public_ip(text);
    if let Some(fbc) = fbc(Some(text), None, None, UnixMillis(1)) {
        assert!(fb_cookie_payload(&fbc).is_some());
    }
});

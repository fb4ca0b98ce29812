//! Click ids, first-party cookies, campaign parameters and page addresses: what they hold and what of them may travel.
//!
//! ```
//! use edgetally_core::web::{clean_url, client_id_from_ga, session_id_from_ga};
//!
//! assert_eq!(client_id_from_ga("GA1.1.1380133182.1764792191"), Some("1380133182.1764792191"));
//! assert_eq!(session_id_from_ga("GS2.1.s1760000000$o5$g1$t1760000100$j0$l0$h0"), Some("1760000000"));
//! assert_eq!(session_id_from_ga("GS1.1.1760000000.5.1.1760000100.0.0.0"), Some("1760000000"));
//! assert_eq!(
//!     clean_url("https://shop.example/thanks?email=jo%40example.com&gclid=Cj0K&utm_source=news#paid"),
//!     Some("https://shop.example/thanks?gclid=Cj0K&utm_source=news".to_owned()),
//! );
//! ```

mod address;
mod analytics;
mod channel;
mod click_ids;
mod cookies;
mod kept;
mod robot;
mod utm;

pub use address::{clean_url, has_credentials, possible_host, public_ip, visitor_ip};
pub use analytics::{client_id_from_ga, session_id, session_id_from_ga};
pub use channel::{Channel, SourceCategory, Traffic, channel_group, is_paid, source_category};
pub use click_ids::{
    CLICK_ID_INVALID, CLICK_IDS, PLACEHOLDER, click_id, click_ids_from_url, click_parameters,
    known_click_id, plausible_click_id, without_click_ids,
};
pub use cookies::{
    CLICK_ID_EXPIRED, CLICK_LIFE_MS, COOKIE_INVALID, Fbc, click_id_from_gcl, cookie,
    cookies_from_header, fb_cookie_payload, fbc, is_stream_cookie, known_cookie, names_browser,
};
pub use kept::{Common, KEPT, Kept, common_domain, fits_a_cookie};
pub use robot::is_robot;
pub use utm::{Utm, parse_utm};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::UnixMillis;

    #[test]
    fn a_new_click_replaces_the_cookie_and_its_time() {
        let now = UnixMillis(1_700_000_000_000);
        assert_eq!(
            fbc(Some("fb.1.1600000000000.Old"), Some("New"), None, now).as_deref(),
            Some("fb.1.1700000000000.New")
        );
        assert_eq!(
            fbc(Some("fb.1.1600000000000.Old"), None, None, now).as_deref(),
            Some("fb.1.1600000000000.Old")
        );
        assert_eq!(fbc(Some("nonsense"), None, None, now), None);
        assert_eq!(
            fbc(None, Some("A"), Some("localhost"), now).as_deref(),
            Some("fb.0.1700000000000.A")
        );
    }

    #[test]
    fn addresses_of_the_infrastructure_are_not_the_visitors() {
        for private in [
            "10.1.2.3",
            "127.0.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "100.64.0.1",
            "0.0.0.0",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(public_ip(private), None, "{private}");
        }
        for public in ["203.0.113.24", "2001:db8:4a1f::7c", " 198.51.100.7 "] {
            assert!(public_ip(public).is_some(), "{public}");
        }
        assert_eq!(public_ip("shop.example"), None);
    }

    #[test]
    fn an_address_travels_without_what_the_site_put_into_it() {
        for (url, clean) in [
            ("https://shop.example", Some("https://shop.example/")),
            (
                "https://user:secret@shop.example/a?token=1",
                Some("https://shop.example/a"),
            ),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(clean_url(url).as_deref(), clean, "{url}");
        }
    }
}

//! Who is let in, and who is told what.

use edgetally_core::base::hmac::sign;
use edgetally_core::base::secret::Secret;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::intake::auth::{
    Credentials, Proof, SIGNATURE_TOLERANCE_SECONDS, is_admin, recognise,
};
use edgetally_core::settings::Settings;

const AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const RAW: &str = "a plain secret of some length";

fn settings() -> Settings {
    let json = r#"{"sources": {
        "shop": {"key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example", "https://shop.example:8443"], "secret": "WHSEC"},
        "other": {"secret": "RAW"},
        "pages": {"key": "pk_page_0123456789abcdef", "origins": ["https://pages.example"]}
    }}"#;
    Settings::load(json, &|name| match name {
        "WHSEC" => Some(WHSEC.to_owned()),
        "RAW" => Some(RAW.to_owned()),
        "EDGETALLY_KEY" => Some("0123456789abcdef0123456789abcdef".to_owned()),
        "EDGETALLY_ADMIN_TOKEN" => Some("admin-0123456789abcdef".to_owned()),
        _ => None,
    })
    .unwrap()
}

fn told(credentials: &Credentials<'_>) -> String {
    match recognise(&settings(), credentials, BODY, UnixMillis(AT * 1000)) {
        Ok(caller) => format!(
            "{} by {}",
            caller.source.name,
            match caller.proof {
                Proof::Page => "key",
                Proof::App { .. } => "app",
                Proof::Bearer => "secret",
                Proof::Signature { .. } => "signature",
            }
        ),
        Err(code) => code.as_str().to_owned(),
    }
}

#[test]
fn pages_and_servers_are_recognised() {
    let none = Credentials::default();
    let page = |key, origin| Credentials {
        key: Some(key),
        origin,
        ..none
    };
    let bearer = |authorization| Credentials {
        authorization: Some(authorization),
        ..none
    };
    let key = "pk_shop_0123456789abcdef";
    let whsec = format!("Bearer {WHSEC}");
    let raw = format!("bearer   {RAW} ");
    for (credentials, expected) in [
        (none, "credentials_missing"),
        (
            Credentials {
                origin: Some("https://shop.example"),
                ..none
            },
            "credentials_missing",
        ),
        (page(key, Some("https://shop.example")), "shop by key"),
        (page(key, Some("https://shop.example:8443")), "shop by key"),
        (page(key, None), "origin_missing"),
        (page(key, Some("null")), "origin_not_allowed"),
        (
            page(key, Some("https://shop.example.evil.example")),
            "origin_not_allowed",
        ),
        (page(key, Some("http://shop.example")), "origin_not_allowed"),
        (
            page(key, Some("https://shop.example/")),
            "origin_not_allowed",
        ),
        (
            page(key, Some("https://SHOP.example")),
            "origin_not_allowed",
        ),
        (
            page(key, Some("https://pages.example")),
            "origin_not_allowed",
        ),
        (
            page("pk_shop_0123456789abcdeF", Some("https://shop.example")),
            "key_unknown",
        ),
        (page("", Some("https://shop.example")), "key_unknown"),
        (bearer(&whsec), "shop by secret"),
        (bearer(&raw), "other by secret"),
        (bearer("Bearer "), "secret_unknown"),
        (bearer("Bearer wrong"), "secret_unknown"),
        (bearer("Basic YTpi"), "secret_unknown"),
        (bearer(WHSEC), "secret_unknown"),
        // A key beside a wrong secret opens nothing.
        (
            Credentials {
                authorization: Some("Bearer wrong"),
                ..page(key, Some("https://shop.example"))
            },
            "secret_unknown",
        ),
    ] {
        assert_eq!(told(&credentials), expected, "{credentials:?}");
    }
}

#[test]
fn signatures_are_checked_as_standard_webhooks_says() {
    let at = |seconds: i64| (AT + seconds).to_string();
    let of = |secret: &str, timestamp: &str| sign(&Secret::new(secret), ID, timestamp, BODY);
    let edge = SIGNATURE_TOLERANCE_SECONDS;
    let several = format!("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,xxxx {GOOD}");
    let other_version = GOOD.replace("v1,", "v2,");
    let torn = GOOD.trim_end_matches('=');
    let rows: Vec<(&str, Option<&str>, Option<String>, String, &str)> = vec![
        (
            "the libraries' own example",
            Some(ID),
            Some(at(0)),
            GOOD.to_owned(),
            "shop by signature",
        ),
        (
            "a raw secret",
            Some(ID),
            Some(at(0)),
            of(RAW, &at(0)),
            "other by signature",
        ),
        (
            "one of several",
            Some(ID),
            Some(at(0)),
            several,
            "shop by signature",
        ),
        (
            "another version",
            Some(ID),
            Some(at(0)),
            other_version,
            "signature_invalid",
        ),
        (
            "another id",
            Some("msg_other"),
            Some(at(0)),
            GOOD.to_owned(),
            "signature_invalid",
        ),
        (
            "no id",
            None,
            Some(at(0)),
            GOOD.to_owned(),
            "signature_invalid",
        ),
        (
            "no time",
            Some(ID),
            None,
            GOOD.to_owned(),
            "signature_invalid",
        ),
        (
            "another time",
            Some(ID),
            Some(at(1)),
            GOOD.to_owned(),
            "signature_invalid",
        ),
        (
            "a time that is none",
            Some(ID),
            Some("soon".to_owned()),
            of(WHSEC, "soon"),
            "signature_invalid",
        ),
        (
            "the last second of the past",
            Some(ID),
            Some(at(-edge)),
            of(WHSEC, &at(-edge)),
            "shop by signature",
        ),
        (
            "a second too late",
            Some(ID),
            Some(at(-edge - 1)),
            of(WHSEC, &at(-edge - 1)),
            "signature_stale",
        ),
        (
            "the last second of the future",
            Some(ID),
            Some(at(edge)),
            of(WHSEC, &at(edge)),
            "shop by signature",
        ),
        (
            "a second too early",
            Some(ID),
            Some(at(edge + 1)),
            of(WHSEC, &at(edge + 1)),
            "signature_stale",
        ),
        (
            "a forged and stale one",
            Some(ID),
            Some(at(-9999)),
            GOOD.to_owned(),
            "signature_invalid",
        ),
        (
            "the end of time",
            Some(ID),
            Some(i64::MIN.to_string()),
            of(WHSEC, &i64::MIN.to_string()),
            "signature_stale",
        ),
        (
            "another secret",
            Some(ID),
            Some(at(0)),
            of("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &at(0)),
            "signature_invalid",
        ),
        (
            "the secret's text instead of its bytes",
            Some(ID),
            Some(at(0)),
            of(&WHSEC[6..], &at(0)),
            "signature_invalid",
        ),
        (
            "without padding",
            Some(ID),
            Some(at(0)),
            torn.to_owned(),
            "signature_invalid",
        ),
        (
            "nothing",
            Some(ID),
            Some(at(0)),
            String::new(),
            "signature_invalid",
        ),
        (
            "an empty one",
            Some(ID),
            Some(at(0)),
            "v1,".to_owned(),
            "signature_invalid",
        ),
    ];
    for (what, id, timestamp, signature, expected) in &rows {
        let credentials = Credentials {
            webhook_id: *id,
            webhook_timestamp: timestamp.as_deref(),
            webhook_signature: Some(signature),
            ..Credentials::default()
        };
        assert_eq!(told(&credentials), *expected, "{what}");
        // A signature that fails is not made good by anything beside it.
        let beside = Credentials {
            key: Some("pk_shop_0123456789abcdef"),
            origin: Some("https://shop.example"),
            ..credentials
        };
        assert_eq!(told(&beside), *expected, "{what}");
    }
    // One byte of the body.
    let credentials = Credentials {
        webhook_id: Some(ID),
        webhook_timestamp: Some("1614265330"),
        webhook_signature: Some(GOOD),
        ..Credentials::default()
    };
    let settings = settings();
    assert!(
        recognise(
            &settings,
            &credentials,
            br#"{"test": 2432232314} "#,
            UnixMillis(AT * 1000)
        )
        .is_err()
    );
    // The signature that matched is the one that is good once.
    let Ok(caller) = recognise(&settings, &credentials, BODY, UnixMillis(AT * 1000)) else {
        panic!()
    };
    assert_eq!(
        caller.proof,
        Proof::Signature {
            id: ID,
            signature: GOOD
        }
    );
}

#[test]
fn the_admin_is_who_knows_the_token() {
    let settings = settings();
    assert!(is_admin(&settings, Some("Bearer admin-0123456789abcdef")));
    for wrong in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("admin-0123456789abcdef"),
        Some("Bearer admin-0123456789abcdeF"),
    ] {
        assert!(!is_admin(&settings, wrong), "{wrong:?}");
    }
    // Without a token in the settings nobody is.
    let closed = crate::support::shop(&[], &serde_json::Value::Null, &serde_json::Value::Null);
    assert!(closed.admin_token.is_some());
    let none = Settings::load(r#"{"sources": {"a": {"secret": "RAW"}}}"#, &|name| {
        (name != "EDGETALLY_ADMIN_TOKEN").then(|| "0123456789abcdef0123456789abcdef".to_owned())
    })
    .unwrap();
    assert!(!is_admin(&none, Some("Bearer ")) && !is_admin(&none, None));
}

//! Settings: every fault is told with its place, and no secret is.

use edgetally_core::base::fields::Fault;
use edgetally_core::intake::auth::is_admin;
use edgetally_core::settings::Settings;
use serde_json::{Value, json};

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";

fn good() -> Value {
    json!({
        "sources": {"shop": {"key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "secret": "SHOP_SECRET",
                             "default_country": "DE", "destinations": ["meta", "ga4", "hook"]}},
        "destinations": {"meta": {"dataset_id": "1234567890123456"}, "ga4": {"measurement_id": "G-9ABCDE1234"},
                         "hook": {"platform": "webhook", "url": "https://hooks.example/edgetally"}},
    })
}

fn faults(settings: &Value) -> Vec<Fault> {
    Settings::load(&settings.to_string(), &|_| Some(SECRET.to_owned()))
        .err()
        .unwrap_or_default()
}

/// Good settings with one place changed; the steps of the path are parted by slashes.
fn with(path: &str, value: Value) -> Value {
    let mut settings = good();
    let mut place = &mut settings;
    for step in path.split('/') {
        place = match step.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[step],
        };
    }
    *place = value;
    settings
}

#[test]
fn good_settings_have_no_fault() {
    assert_eq!(faults(&good()), []);
    for (path, value) in [
        ("environment", json!("production")),
        ("dedup", json!("exact")),
        ("dedup_shards", json!(16)),
        ("dedup_shards_before", json!(4)),
        ("kv_front", json!(true)),
        ("on_dedup_failure", json!("send")),
        ("sources/shop/dedup_answer", json!("exact")),
        ("dedup_window_days", json!(90)),
        ("sources/shop/consent", json!("implied")),
        ("sources/shop/page_events", json!(["page_view", "refund"])),
        ("sources/shop/event_token", json!("SHOP_EVENT_TOKEN")),
        ("sources/shop/rate_limit", json!("PAGE_LIMIT")),
        (
            "sources/shop/client",
            json!({"consent": [], "pixels": ["meta", "google_ads"], "hold_ms": 0, "cookies": false, "page_views": true,
                   "categories": {"C0002": "analytics", "C0004": "ads"}, "send_to": {"purchase": "AW-123456789/AbC-D_efG"}}),
        ),
        (
            "destinations/meta/events",
            json!({"refund": "Refund", "contact": false, "search": true}),
        ),
        ("destinations/ga4/eu", json!(true)),
        ("destinations/hook/purpose", json!("analytics")),
    ] {
        assert_eq!(faults(&with(path, value)), [], "{path}");
    }
}

#[test]
fn what_consent_is_decided_by_is_read_as_strictly() {
    let purposes = "must be a list of whole numbers from 1 to 11";
    let bases = "must be one of contract, legal_obligation, vital_interests, public_task, legitimate_interests";
    for (path, value, at, message) in [
        (
            "destinations/hook/purposes",
            json!([]),
            "",
            "must name one at least: a string that denies everything would permit it",
        ),
        ("destinations/hook/purposes", json!([1, 12]), "", purposes),
        ("destinations/hook/purposes", json!([0]), "", purposes),
        ("destinations/hook/purposes", json!("1"), "", purposes),
        (
            "sources/shop/gcd",
            json!("trusted"),
            "",
            "must be `denials` or `answers`",
        ),
        ("sources/shop/legal_basis", json!(["consent"]), "[0]", bases),
        (
            "sources/shop/legal_basis",
            json!(["contract", "law"]),
            "[1]",
            bases,
        ),
        (
            "sources/shop/markets",
            json!(["DE"]),
            "",
            "is for consent = \"by_region\" only",
        ),
        ("receipt_days", json!(3661), "", "must be from 0 to 3660"),
    ] {
        let found = faults(&with(path, value.clone()));
        let at = [&path.replace('/', "."), at].concat();
        let told: Vec<(&str, &str)> = found
            .iter()
            .map(|fault| (fault.path.as_str(), fault.message.as_str()))
            .collect();
        assert_eq!(told, [(at.as_str(), message)], "{path} {value}");
    }
}

#[test]
fn who_is_told_is_read_as_strictly() {
    let quiet = "must be two different hours of the day in UTC, such as `22-06`";
    let whole = json!({
        "webhook": "ALERTS_WEBHOOK", "format": "signed", "secret": "ALERTS_KEY", "quiet_hours": "22-06", "urgent": false,
        "address": "https://events.shop.example/", "volume_percent": 20, "coverage_points": 10, "dead_letters": 50,
    });
    assert_eq!(faults(&with("alerts", whole)), []);
    assert_eq!(
        faults(&with(
            "destinations/meta/credential_ends",
            json!("2027-01-31")
        )),
        []
    );
    for (path, value, at, message) in [
        ("alerts", json!({}), ".webhook", "missing field `webhook`"),
        ("alerts", json!("ALERTS"), "", "must be a table"),
        (
            "alerts",
            json!({"webhook": "https://hooks.slack.example/T0/B0"}),
            ".webhook",
            "is the NAME of a secret: upper-case letters, digits and _; the secret itself is put with `wrangler secret put`",
        ),
        (
            "alerts",
            json!({"webhook": "HOOK", "secret": "KEY"}),
            ".secret",
            "is for format = \"signed\" only",
        ),
        (
            "alerts",
            json!({"webhook": "HOOK", "quiet_hours": "10pm-6am"}),
            ".quiet_hours",
            quiet,
        ),
        (
            "alerts",
            json!({"webhook": "HOOK", "quiet_hours": "22-22"}),
            ".quiet_hours",
            quiet,
        ),
        (
            "alerts",
            json!({"webhook": "HOOK", "address": "http://events.shop.example"}),
            ".address",
            "must begin with https://",
        ),
        (
            "alerts",
            json!({"webhook": "HOOK", "volume_percent": 0}),
            ".volume_percent",
            "must be from 1 to 90",
        ),
        (
            "destinations/meta/credential_ends",
            json!("31.01.2027"),
            "",
            "must be a date, such as `2027-01-31`",
        ),
    ] {
        let found = faults(&with(path, value.clone()));
        let at = [&path.replace('/', "."), at].concat();
        let told: Vec<(&str, &str)> = found
            .iter()
            .map(|fault| (fault.path.as_str(), fault.message.as_str()))
            .collect();
        assert_eq!(told, [(at.as_str(), message)], "{path} {value}");
    }
}

#[test]
fn every_fault_is_told_with_its_place() {
    let name = "a name is a lower-case letter followed by at most 39 of a-z, 0-9, _ and -";
    let platforms: Vec<&str> = edgetally_core::destinations::ALL
        .iter()
        .map(|entry| entry.platform)
        .collect();
    let platforms = format!(
        "there is no such platform; there are {}",
        platforms.join(", ")
    );
    let origin = "must be an origin as browsers send it: scheme and host in lower case, no path, no wildcard";
    for (path, value, at, message) in [
        (
            "environment",
            json!("staging"),
            "environment",
            "must be `production` or `development`",
        ),
        (
            "twin",
            json!("http://127.0.0.1:8799"),
            "twin",
            "is for environment = \"development\" only",
        ),
        ("dedup", json!("memory"), "dedup", "must be `kv` or `exact`"),
        (
            "dedup_shards",
            json!(2),
            "dedup_shards",
            "must be 1, 4 or 16",
        ),
        (
            "dedup_shards_before",
            json!(17),
            "dedup_shards_before",
            "must be from 1 to 16",
        ),
        (
            "on_dedup_failure",
            json!("drop"),
            "on_dedup_failure",
            "must be `hold` or `send`",
        ),
        (
            "dedup_window_days",
            json!(0),
            "dedup_window_days",
            "must be from 1 to 90",
        ),
        (
            "delivery",
            json!({"retry_base_seconds": 0}),
            "delivery.retry_base_seconds",
            "must be from 1 to 4294967295",
        ),
        (
            "delivery",
            json!({"retry_base_seconds": 10, "retry_max_seconds": 5}),
            "delivery.retry_base_seconds",
            "must be at most retry_max_seconds",
        ),
        (
            "delivery",
            json!({"max_attempts": 101}),
            "delivery.max_attempts",
            "must be from 1 to 100",
        ),
        (
            "delivery",
            json!({"timeout_ms": 99}),
            "delivery.timeout_ms",
            "must be from 100 to 30000",
        ),
        (
            "delivery",
            json!({"pause_seconds": 0}),
            "delivery.pause_seconds",
            "must be from 1 to 3600",
        ),
        (
            "sources",
            json!({}),
            "sources",
            "there is no source, so nobody may send",
        ),
        (
            "sources/Shop",
            json!({"secret": "OTHER"}),
            "sources.Shop",
            name,
        ),
        (
            "sources/shop",
            json!({}),
            "sources.shop",
            "needs a `key` for pages, a `secret` for servers, or both",
        ),
        (
            "sources/shop/key",
            json!("short"),
            "sources.shop.key",
            "must have at least 16 ASCII characters and no spaces",
        ),
        (
            "sources/shop/origins",
            json!([]),
            "sources.shop.origins",
            "a key needs the origins of the pages that may use it",
        ),
        (
            "sources/shop/origins",
            json!(["https://a.example", "https://b.example/path"]),
            "sources.shop.origins[1]",
            origin,
        ),
        (
            "sources/shop/origins/0",
            json!("https://*.example"),
            "sources.shop.origins[0]",
            origin,
        ),
        (
            "sources/shop/origins/0",
            json!("https://Shop.example"),
            "sources.shop.origins[0]",
            origin,
        ),
        (
            "sources/shop/origins/0",
            json!("shop.example"),
            "sources.shop.origins[0]",
            origin,
        ),
        (
            "sources/shop/consent",
            json!("none"),
            "sources.shop.consent",
            "must be `required` or `implied` or `by_region`",
        ),
        (
            "sources/shop/default_country",
            json!("Germany"),
            "sources.shop.default_country",
            "must be a two-letter ISO 3166-1 code",
        ),
        (
            "sources/shop/destinations/1",
            json!("meta"),
            "sources.shop.destinations[1]",
            "is named twice",
        ),
        (
            "sources/shop/destinations/1",
            json!("tiktak"),
            "sources.shop.destinations[1]",
            "there is no destination `tiktak`",
        ),
        (
            "sources/shop/secret",
            json!("sk_live_Abc"),
            "sources.shop.secret",
            "is the NAME of a secret: upper-case letters, digits and _; the secret itself is put with `wrangler secret put`",
        ),
        (
            "sources/shop/page_events",
            json!([]),
            "sources.shop.page_events",
            "names no event, so pages could send none; without it they may send all but refund",
        ),
        (
            "sources/shop/page_events",
            json!(["purchase", "Add To Cart"]),
            "sources.shop.page_events[1]",
            "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _",
        ),
        (
            "sources/shop/page_events",
            json!("purchase"),
            "sources.shop.page_events",
            "must be a list of strings",
        ),
        (
            "sources/shop/event_token",
            json!("hunter2"),
            "sources.shop.event_token",
            "is the NAME of a secret: upper-case letters, digits and _; the secret itself is put with `wrangler secret put`",
        ),
        (
            "sources/shop/event_token_required",
            json!(false),
            "sources.shop.event_token_required",
            "needs an `event_token`",
        ),
        (
            "sources/shop/rate_limit",
            json!(600),
            "sources.shop.rate_limit",
            "must be a string",
        ),
        (
            "sources/shop/rate_limit",
            json!("page-limit"),
            "sources.shop.rate_limit",
            "is the name of a rate limiting binding: upper-case letters, digits and _",
        ),
        (
            "sources/two",
            json!({"secret": "TWO", "page_events": ["purchase"]}),
            "sources.two.page_events",
            "is about pages, and there is no `key` for them",
        ),
        (
            "sources/two",
            json!({"secret": "TWO", "client": {}}),
            "sources.two.client",
            "is about pages, and there is no `key` for them",
        ),
        (
            "sources/shop/client",
            json!(["meta"]),
            "sources.shop.client",
            "must be a table",
        ),
        (
            "sources/shop/client",
            json!({"consent": ["tcf", "tfc"]}),
            "sources.shop.client.consent[1]",
            "must be one of consent_mode, tcf, gpp, cookiebot, onetrust, usercentrics, didomi, cookieyes, complianz, klaro, shopify, wordpress, borlabs, real_cookie_banner, cookiefirst",
        ),
        (
            "sources/shop/client",
            json!({"consent": ["tcf", "klaro"]}),
            "sources.shop.client.consent[1]",
            "needs `categories`, which say what the names that your site gave stand for",
        ),
        (
            "sources/shop/client",
            json!({"pixels": ["meta", "meta"]}),
            "sources.shop.client.pixels[1]",
            "is named twice",
        ),
        (
            "sources/shop/client",
            json!({"pixels": "meta"}),
            "sources.shop.client.pixels",
            "must be a list of strings",
        ),
        (
            "sources/shop/client",
            json!({"pixels": ["linkedin"]}),
            "sources.shop.client.pixels",
            "`linkedin` needs the source to send to such a destination: its `conversions` say what an event is to the tag",
        ),
        (
            "sources/shop/client",
            json!({"pixels": ["x"]}),
            "sources.shop.client.pixels",
            "`x` needs the source to send to such a destination: its `tags` say what an event is to the tag",
        ),
        (
            "sources/shop/client",
            json!({"pixels": ["google_ads"]}),
            "sources.shop.client.send_to",
            "names no event, so the tag of Google Ads would be told of none",
        ),
        (
            "sources/shop/client",
            json!({"send_to": {"purchase": "AW-1/a"}}),
            "sources.shop.client.send_to",
            "is for `google_ads` among `pixels` only",
        ),
        (
            "sources/shop/client",
            json!({"pixels": ["google_ads"], "send_to": {"purchase": "987654321"}}),
            "sources.shop.client.send_to.purchase",
            "must be as Google Ads shows it for the tag, such as AW-123456789/AbC-D_efG",
        ),
        (
            "sources/shop/client",
            json!({"categories": {"C0004": "advertising"}}),
            "sources.shop.client.categories.C0004",
            "must be `analytics` or `ads`",
        ),
        (
            "sources/shop/client",
            json!({"hold_ms": 60_001}),
            "sources.shop.client.hold_ms",
            "must be from 0 to 60000",
        ),
        (
            "sources/two",
            json!({"key": "pk_shop_0123456789abcdef", "origins": ["https://b.example"]}),
            "sources.shop.key",
            "another source has the same key",
        ),
        (
            "sources/two",
            json!({"secret": "TWO"}),
            "sources.shop.secret",
            "another source has the same secret",
        ),
        (
            "destinations/tiktak",
            json!({}),
            "destinations.tiktak",
            &platforms,
        ),
        (
            "destinations/hook/platform",
            json!("carrier_pigeon"),
            "destinations.hook.platform",
            &platforms,
        ),
        (
            "destinations/hook/platform",
            json!(7),
            "destinations.hook.platform",
            "must be a string",
        ),
        (
            "destinations/meta/dataset_id",
            json!("12a"),
            "destinations.meta.dataset_id",
            "must be digits, as a string",
        ),
        (
            "destinations/meta/content_type",
            json!("thing"),
            "destinations.meta.content_type",
            "must be `product` or `product_group`",
        ),
        (
            "destinations/meta/events",
            json!({"contact": ""}),
            "destinations.meta.events.contact",
            "must have 1 to 50 characters",
        ),
        (
            "destinations/ga4/measurement_id",
            json!("UA-1"),
            "destinations.ga4.measurement_id",
            "must be `G-` followed by capital letters and digits",
        ),
        (
            "destinations/ga4/cookie_prefix",
            json!("x"),
            "destinations.ga4.cookie_prefix",
            "is not supported: send client_id and session_id in `context`",
        ),
        (
            "destinations/ga4/events",
            json!({"contact": "session_start"}),
            "destinations.ga4.events.contact",
            "is not a name that GA4 takes, or one that it reserves",
        ),
        (
            "destinations/hook/url",
            json!("https://127.0.0.1/"),
            "destinations.hook.url",
            "must be a public host name",
        ),
        (
            "destinations/hook/purpose",
            json!("fun"),
            "destinations.hook.purpose",
            "must be `advertising` or `analytics`",
        ),
        (
            "destinations/hook/most_events",
            json!(0),
            "destinations.hook.most_events",
            "must be from 1 to 1000",
        ),
        (
            "destinations/hook/most_age_days",
            json!(366),
            "destinations.hook.most_age_days",
            "must be from 1 to 365",
        ),
    ] {
        let told = faults(&with(path, value.clone()));
        assert!(
            told.iter()
                .any(|fault| fault.path == at && fault.message == message),
            "{path} = {value}: {told:?}"
        );
        assert!(!format!("{told:?}").contains("hunter2"));
    }
}

#[test]
fn unknown_and_missing_keys_are_told_by_name() {
    for (path, at) in [
        ("sorces", "sorces"),
        ("delivery/retries", "delivery.retries"),
        ("sources/shop/origin", "sources.shop.origin"),
        ("sources/shop/client/pixel", "sources.shop.client.pixel"),
        ("destinations/meta/dataset", "destinations.meta.dataset"),
        ("destinations/ga4/api_key", "destinations.ga4.api_key"),
    ] {
        let mut settings = with(path, json!("x"));
        if path.starts_with("delivery") {
            settings["delivery"] = json!({"retries": 3});
        }
        if path.starts_with("sources/shop/client") {
            settings["sources"]["shop"]["client"] = json!({"pixel": ["meta"]});
        }
        let told = faults(&settings);
        let last = at.rsplit('.').next().unwrap();
        assert!(
            told.iter()
                .any(|fault| fault.path.ends_with(last)
                    && fault.message.starts_with("unknown field")),
            "{path}: {told:?}"
        );
    }
    let mut settings = good();
    settings["destinations"]["meta"] = json!({});
    assert_eq!(faults(&settings)[0].path, "destinations.meta.dataset_id");
}

#[test]
fn who_lets_people_through_is_named_as_it_is_called() {
    const TAG: &str = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
    let access = |team: &str, audience: &str| {
        with(
            "access",
            json!({"team": team, "audience": audience, "only": true}),
        )
    };
    let loaded = Settings::load(&access("shop-2", TAG).to_string(), &|_| {
        Some(SECRET.to_owned())
    });
    let access_of = loaded.unwrap().access.unwrap();
    assert_eq!(
        access_of.certs().uri(),
        "https://shop-2.cloudflareaccess.com/cdn-cgi/access/certs"
    );
    assert!(access_of.only);
    let team =
        "must be the team's name alone: of NAME.cloudflareaccess.com the NAME, in lower case";
    let tag =
        "must be the application's audience (AUD) tag: 32 to 128 hexadecimal digits, in lower case";
    for (settings, at, message) in [
        (access("", TAG), "access.team", team),
        (access("shop.example", TAG), "access.team", team),
        (access("shop/x", TAG), "access.team", team),
        (access("-shop", TAG), "access.team", team),
        (access(&"s".repeat(64), TAG), "access.team", team),
        (access("Shop", TAG), "access.team", team),
        (access("shop", "32eafc76"), "access.audience", tag),
        (access("shop", &TAG.to_uppercase()), "access.audience", tag),
        (access("shop", &TAG.repeat(3)), "access.audience", tag),
    ] {
        let told = faults(&settings);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (told[0].path.as_str(), told[0].message.as_str()),
            (at, message)
        );
    }
    // A table without a word is no way in, and no setting that says nothing.
    let told = faults(&with("access", json!({})));
    let missing: Vec<&str> = told.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(missing, ["access.team", "access.audience"]);
    assert_eq!(
        faults(&with("access", json!(true)))[0].message,
        "must be a table"
    );
}

#[test]
fn every_fault_is_told_at_once() {
    let mut settings = with("environment", json!("x"));
    settings["dedup_window_days"] = json!(0);
    settings["destinations"]["meta"]["dataset_id"] = json!("");
    assert_eq!(faults(&settings).len(), 3);
}

#[test]
fn the_twin_is_on_this_machine_and_in_development_only() {
    let twin = |twin: &str| {
        faults(&{
            let mut settings = with("environment", json!("development"));
            settings["twin"] = json!(twin);
            settings
        })
    };
    for here in [
        "http://127.0.0.1:8799",
        "http://localhost:8799/",
        "http://[::1]:8799",
        "https://127.1.2.3",
    ] {
        assert_eq!(twin(here), [], "{here}");
    }
    for elsewhere in [
        "http://127.0.0.1:8799@evil.example/",
        "http://localhost@evil.example",
        "http://evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:8799",
        "http://[::1]@evil.example",
        "",
    ] {
        assert!(!twin(elsewhere).is_empty(), "{elsewhere}");
    }
    let mut settings = with("environment", json!("development"));
    settings["twin"] = json!("http://127.0.0.1:8799/");
    let settings = Settings::load(&settings.to_string(), &|_| Some(SECRET.to_owned())).unwrap();
    let uri = "https://graph.facebook.com/v26.0/1/events?a=b"
        .parse()
        .unwrap();
    assert_eq!(
        settings.address(&uri),
        "http://127.0.0.1:8799/graph.facebook.com/v26.0/1/events?a=b"
    );
}

#[test]
fn secrets_that_are_missing_or_short_are_told_by_name() {
    for (missing, at) in [
        ("EDGETALLY_KEY", "EDGETALLY_KEY"),
        ("META_ACCESS_TOKEN", "destinations.meta.access_token"),
        ("GA4_API_SECRET", "destinations.ga4.api_secret"),
        ("HOOK_SECRET", "destinations.hook.secret"),
        ("SHOP_SECRET", "sources.shop.secret"),
    ] {
        for nothing in [
            None,
            Some(String::new()),
            Some("  ".to_owned()),
            Some("\u{feff}\r\n".to_owned()),
        ] {
            let told = Settings::load(&good().to_string(), &|name| {
                if name == missing {
                    nothing.clone()
                } else {
                    Some(SECRET.to_owned())
                }
            })
            .unwrap_err();
            assert_eq!(told.len(), 1, "{told:?}");
            let rule = match missing {
                // Names that the operator chose are not repeated.
                "SHOP_SECRET" => {
                    "there is no secret of the name that stands here: wrangler secret put NAME"
                        .to_owned()
                }
                _ => format!("the secret {missing} is not set: wrangler secret put {missing}"),
            };
            assert_eq!((told[0].path.as_str(), &told[0].message), (at, &rule));
        }
    }
    for (short, at) in [
        ("EDGETALLY_KEY", "EDGETALLY_KEY"),
        ("EDGETALLY_ADMIN_TOKEN", "EDGETALLY_ADMIN_TOKEN"),
        ("SHOP_SECRET", "sources.shop.secret"),
    ] {
        let told = Settings::load(&good().to_string(), &|name| {
            Some(if name == short { "hunter2" } else { SECRET }.to_owned())
        })
        .unwrap_err();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].path, at);
        assert!(!told[0].message.contains("hunter2"));
    }
}

#[test]
fn no_secret_is_shown() {
    let settings = Settings::load(&good().to_string(), &|_| Some(SECRET.to_owned())).unwrap();
    assert!(!format!("{settings:?} {:?}", settings.sources[0].secret).contains("hunter2"));
}

#[test]
fn what_pages_may_send() {
    let source = |more: &[(&str, Value)]| {
        let mut settings = good();
        for (key, value) in more {
            settings["sources"]["shop"][key] = value.clone();
        }
        let mut settings =
            Settings::load(&settings.to_string(), &|_| Some(SECRET.to_owned())).unwrap();
        settings.sources.remove(0)
    };
    let plain = source(&[]);
    assert!(plain.page_events.allows("purchase") && plain.page_events.allows("spin_the_wheel"));
    assert!(!plain.page_events.allows("refund"));
    assert!(plain.event_token.is_none() && !plain.event_token_required);
    assert_eq!(plain.rate_limit, None);

    let limited = source(&[
        ("page_events", json!(["page_view", "refund"])),
        ("event_token", json!("SHOP_EVENT_TOKEN")),
        ("rate_limit", json!("PAGE_LIMIT")),
    ]);
    assert!(limited.page_events.allows("page_view") && limited.page_events.allows("refund"));
    assert!(!limited.page_events.allows("purchase"));
    assert_eq!(limited.event_token.unwrap().expose(), SECRET);
    assert!(limited.event_token_required);
    assert_eq!(limited.rate_limit.as_deref(), Some("PAGE_LIMIT"));

    let client = plain.client.unwrap();
    assert_eq!(client.consent, ["consent_mode", "tcf", "gpp"]);
    assert!(client.pixels.is_empty() && client.categories.is_empty() && client.cookies);
    assert_eq!((client.hold_ms, client.page_views), (4000, false));

    let changing = source(&[
        ("event_token", json!("SHOP_EVENT_TOKEN")),
        ("event_token_required", json!(false)),
    ]);
    assert!(changing.event_token.is_some() && !changing.event_token_required);
}

#[test]
fn what_a_shell_left_around_a_secret_is_no_part_of_it() {
    let mut settings = good();
    settings["sources"]["shop"]["event_token"] = json!("SHOP_EVENT_TOKEN");
    settings["destinations"]["x"] =
        json!({"pixel_id": "o8z6j", "tags": {"purchase": "tw-o8z6j-q4x9m"}, "oauth": true});
    for (before, after) in [
        ("", "\n"),
        ("", "\r\n"),
        (" ", " "),
        ("\u{feff}", "\0"),
        ("\t", "\u{a0}\n\n"),
    ] {
        let load = |before: &str, after: &str| {
            Settings::load(&settings.to_string(), &|_| {
                Some(format!("{before}{SECRET}{after}"))
            })
            .unwrap()
        };
        let (plain, wrapped) = (load("", ""), load(before, after));
        assert!(
            is_admin(&wrapped, Some(&format!("Bearer {SECRET}"))),
            "{before:?} {after:?}"
        );
        let all = |settings: &Settings| {
            let shop = settings.source("shop").unwrap();
            [
                shop.secret.clone(),
                shop.event_token.clone(),
                settings.admin_token.clone(),
            ]
        };
        assert!(all(&plain) == all(&wrapped));
        assert!(
            all(&wrapped)
                .iter()
                .flatten()
                .all(|secret| secret.expose() == SECRET)
        );
        let key = |settings: &Settings| settings.claims.event("shop", "purchase", "1");
        assert_eq!(key(&plain), key(&wrapped));
    }
}

#[test]
fn what_an_operator_typed_is_not_repeated() {
    for token in [
        "EAABSBCS1IHGBA0X7Q2Z9K4T8",
        "EAABsbCS1iHgBAKx7Q2zZC9",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "f3a9c4e17b2d4f60a1b8c7d6e5f40312",
        "correct horse battery staple",
        "a.b4c2d.e",
    ] {
        for path in [
            "sources/shop/secret",
            "sources/shop/event_token",
            "sources/shop/rate_limit",
            "sources/shop/origins/0",
            "sources/shop/default_country",
            "sources/shop/destinations/0",
            "sources/shop/consent",
            "destinations/meta/access_token",
            "destinations/ga4/api_secret",
            "destinations/ga4/measurement_id",
            "destinations/hook/secret",
            "destinations/hook/platform",
            "destinations/hook/url",
            "environment",
            "twin",
        ] {
            let settings = with(path, json!(token)).to_string();
            // Neither where there is a secret of that name nor where there is none.
            for there in [Some("short".to_owned()), None] {
                let told = Settings::load(&settings, &|name| {
                    if name == token {
                        there.clone()
                    } else {
                        Some(format!("{SECRET}{name}"))
                    }
                })
                .err();
                // A short secret will do for some, a name in capitals for others.
                assert!(
                    told.is_some()
                        || path.ends_with("token")
                        || path.ends_with("secret")
                        || path.ends_with("limit")
                );
                assert!(!format!("{told:?}").contains(token), "{path}: {told:?}");
            }
        }
        for path in [
            "",
            "sources/shop",
            "destinations/meta",
            "destinations/meta/events",
            "delivery",
        ] {
            let mut settings = good();
            let mut place = &mut settings;
            for step in path.split('/').filter(|step| !step.is_empty()) {
                place = &mut place[step];
            }
            place[token] = json!(7);
            let told = format!("{:?}", faults(&settings));
            assert!(told != "[]" && !told.contains(token), "{path}: {told}");
        }
        assert!(!format!("{:?}", Settings::load(token, &|_| None)).contains(token));
    }
}

/// Variables as the runtime has them.
fn spread(variables: &Value) -> Result<Settings, Vec<Fault>> {
    Settings::load_variables(&variables.to_string(), &|_| Some(SECRET.to_owned()))
}

#[test]
fn settings_may_be_spread_over_variables() {
    let whole = good();
    let sources = json!({"sources": whole["sources"]});
    let meta = json!({"destinations": {"meta": whole["destinations"]["meta"]}});
    let mut rest = json!({"dedup_window_days": 9, "destinations": whole["destinations"]});
    rest["destinations"].as_object_mut().unwrap().remove("meta");
    for variables in [
        json!({"EDGETALLY": sources, "EDGETALLY_META": meta, "EDGETALLY_2": rest}),
        json!({"EDGETALLY": sources.to_string(), "EDGETALLY_META": meta, "EDGETALLY_2": format!(" {rest}\n")}),
        // No one is the first among them.
        json!({"EDGETALLY_A": sources, "EDGETALLYB": meta, "EDGETALLY_2": rest}),
        // Secrets are not settings, however they are called, nor is what belongs to somebody else.
        json!({"EDGETALLY": sources, "EDGETALLY_META": meta, "EDGETALLY_2": rest, "EDGETALLY_KEY": "{not settings",
               "EDGETALLY_ADMIN_TOKEN": "{\"sources\": 7}", "EDGETALLY_SHOP_SECRET": SECRET, "OTHER": {"sources": 7}}),
        // The same table in two, with different members.
        json!({"EDGETALLY": sources, "EDGETALLY_META": meta, "EDGETALLY_2": rest,
               "EDGETALLY_TEST": {"sources": {"shop": {"test": true}}, "destinations": {"meta": {"events": {"search": false}}}}}),
    ] {
        let settings = spread(&variables).unwrap();
        assert_eq!(settings.destinations.len(), 3, "{variables}");
        assert_eq!(settings.sources[0].destinations.len(), 3);
        assert_eq!(settings.window_ms, 9 * 86_400_000);
        assert_eq!(
            settings.sources[0].test,
            variables["EDGETALLY_TEST"].is_object()
        );
    }
}

#[test]
fn a_path_stands_in_one_variable_only() {
    for (path, again) in [
        (
            "sources.shop.key",
            json!({"sources": {"shop": {"key": "pk_shop_0123456789abcdef"}}}),
        ),
        (
            "sources.shop.origins",
            json!({"sources": {"shop": {"origins": []}}}),
        ),
        ("sources.shop", json!({"sources": {"shop": "hunter2"}})),
        (
            "destinations.hook.url",
            json!({"destinations": {"hook": {"url": {"hunter2": 1}}}}),
        ),
        ("destinations", json!({"destinations": null})),
    ] {
        let told = spread(&json!({"EDGETALLY": good(), "EDGETALLY_2": again})).unwrap_err();
        assert_eq!(
            told,
            [Fault {
                path: path.to_owned(),
                message: "is set in two variables".to_owned()
            }]
        );
    }
}

#[test]
fn a_variable_that_is_no_table_is_told_by_its_name() {
    for (name, value, rule) in [
        (
            "EDGETALLY",
            json!("hunter2"),
            "expected value at line 1 column 1",
        ),
        ("EDGETALLY", json!("[]"), "must be a table"),
        ("EDGETALLY", json!(["hunter2"]), "must be a table"),
        ("EDGETALLY_2", json!(7), "must be a table"),
        (
            "EDGETALLY_2",
            json!("{\"sources\": hunter2}"),
            "expected value at line 1 column 13",
        ),
        (
            "EDGETALLY_2",
            json!("{\"hunter2"),
            "EOF while parsing a string at line 1 column 9",
        ),
    ] {
        let mut variables = json!({"EDGETALLY_1": good()});
        variables[name] = value;
        let told = spread(&variables).unwrap_err();
        assert_eq!(
            told,
            [Fault {
                path: name.to_owned(),
                message: rule.to_owned()
            }]
        );
    }
    for text in ["[]", "hunter2"] {
        let told = Settings::load(text, &|_| None).unwrap_err();
        assert_eq!(told[0].path, "", "{told:?}");
    }
    let none = spread(&json!({"OTHER": {}})).unwrap_err();
    assert_eq!(none[0].message, "there is no source, so nobody may send");
}

//! Cookies, click ids and signals against the reference rows that may lie beside the repository.
//!
//! They lie in `../shared/vectors` or where `EDGETALLY_VECTORS` points; without them this says so and passes, since
//! every rule is tested by rows of our own elsewhere.

#![expect(
    clippy::disallowed_methods,
    reason = "the rows are a file, and a variable may say where"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edgetally_core::base::hmac::sign;
use edgetally_core::base::secret::Secret;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::consent::{gpc_header, us_privacy_opt_out};
use edgetally_core::intake::auth::{Credentials, recognise};
use edgetally_core::settings::Settings;
use edgetally_core::web::{
    Channel, SourceCategory, Traffic, Utm, channel_group, clean_url, click_ids_from_url,
    client_id_from_ga, fb_cookie_payload, fbc, is_paid, parse_utm, session_id_from_ga,
    source_category,
};
use serde_json::Value;

fn rows() -> Option<Vec<Value>> {
    let folder = std::env::var_os("EDGETALLY_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let file = folder.join("consent-intake-utm.json");
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            println!("skipped: {} cannot be read ({error})", file.display());
            None
        }
    }
}

/// What a row says, by our functions; `None` for kinds that are tested elsewhere or not built yet.
fn read(row: &Value) -> Option<(Value, Value)> {
    let (input, expected) = (&row["input"], &row["expected"]);
    let text = input.as_str().unwrap_or_default();
    Some(match row["kind"].as_str().unwrap() {
        "fbc_parse" | "fbp_parse" => (fb_cookie_payload(text).into(), expected["payload"].clone()),
        "fbc_build" => {
            let now = UnixMillis(input["now_ms"].as_i64().unwrap());
            (
                fbc(
                    None,
                    input["fbclid"].as_str(),
                    input["registrable_domain"].as_str(),
                    now,
                )
                .into(),
                expected["fbc"].clone(),
            )
        }
        "fbc_update" => {
            let now = UnixMillis(input["now_ms"].as_i64().unwrap());
            let built = fbc(
                input["existing"].as_str(),
                input["fbclid"].as_str(),
                None,
                now,
            );
            (
                (built.as_deref() != input["existing"].as_str()).into(),
                expected["rewrite"].clone(),
            )
        }
        "ga_cookie" => (
            client_id_from_ga(text).into(),
            expected["client_id"].clone(),
        ),
        "ga_stream_cookie" => (
            session_id_from_ga(text).into(),
            expected["session_id"].clone(),
        ),
        "click_ids_from_query" => {
            let url = format!("https://shop.example/?{text}");
            let found: BTreeMap<&str, String> = click_ids_from_url(&url)
                .map(|(name, value)| (name, value.as_str().to_owned()))
                .collect();
            (serde_json::to_value(found).unwrap(), expected.clone())
        }
        "utm_parse" => {
            let utm = parse_utm(text);
            let found: BTreeMap<&str, &str> = Utm::NAMES
                .into_iter()
                .zip(utm.values())
                .filter_map(|(name, value)| Some((name, value?)))
                .collect();
            (serde_json::to_value(found).unwrap(), expected.clone())
        }
        "channel_group" | "channel_group_ai" => {
            let text = |key: &str| input[key].as_str().unwrap_or_default();
            let category = input["source_category"].as_str().map(|name| {
                SourceCategory::parse(name).unwrap_or_else(|| panic!("{name} is no category"))
            });
            // Our own list of sources is smaller than Google's, and says nothing else.
            let ours = source_category(text("source"));
            assert!(ours.is_none() || ours == category, "{row}");
            let channel = channel_group(text("source"), text("medium"), text("campaign"), category);
            (channel.name().into(), expected.clone())
        }
        "paid_medium_regex" => (is_paid(text).into(), expected.clone()),
        "shopping_campaign_regex" => {
            let shop = channel_group("", "", text, None) == Channel::OrganicShopping;
            (shop.into(), expected.clone())
        }
        "sec_gpc" => (
            input["header"].as_str().is_some_and(gpc_header).into(),
            expected["gpc"].clone(),
        ),
        "us_privacy" => {
            let expected = match &expected["opt_out_sale"] {
                _ if !expected["error"].is_null() => Value::Null,
                // "Does not apply" is no opt-out.
                Value::Null => false.into(),
                opt_out => opt_out.clone(),
            };
            (us_privacy_opt_out(text).into(), expected)
        }
        "standard_webhook_signature" => {
            let text = |key: &str| input[key].as_str().unwrap();
            let signed = sign(
                &Secret::new(text("secret")),
                text("webhook-id"),
                text("webhook-timestamp"),
                text("body").as_bytes(),
            );
            (signed.into(), expected["webhook-signature"].clone())
        }
        "standard_webhook_verify" => {
            let text = |key: &str| input[key].as_str().unwrap();
            let settings = Settings::load(
                r#"{"sources": {"shop": {"secret": "SHOP_SECRET"}}}"#,
                &|name| {
                    Some(
                        if name == "SHOP_SECRET" {
                            text("secret")
                        } else {
                            "0123456789abcdef0123456789abcdef"
                        }
                        .to_owned(),
                    )
                },
            )
            .unwrap();
            let credentials = Credentials {
                webhook_id: Some(text("webhook-id")),
                webhook_timestamp: Some(text("webhook-timestamp")),
                webhook_signature: Some(text("webhook-signature")),
                ..Credentials::default()
            };
            let now = UnixMillis(input["now"].as_i64().unwrap() * 1000);
            (
                recognise(&settings, &credentials, text("body").as_bytes(), now)
                    .is_ok()
                    .into(),
                expected["valid"].clone(),
            )
        }
        _ => return None,
    })
}

#[test]
fn the_reference_rows_beside_the_repository_are_read_as_they_say() {
    let Some(rows) = rows() else { return };
    let mut wrong = Vec::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        if let Some((read, expected)) = read(row) {
            *kinds.entry(row["kind"].as_str().unwrap()).or_default() += 1;
            if read != expected {
                wrong.push(format!("{row}: {read}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        kinds.len() == 16 && kinds.values().sum::<usize>() >= 120,
        "{kinds:?}"
    );
}

#[test]
fn every_channel_has_its_rule_and_case_does_not_matter() {
    use SourceCategory::{Search, Shopping, Social, Video};
    let rows = [
        ("(direct)", "(none)", "", None, "Direct"),
        ("(direct)", "(not set)", "", None, "Direct"),
        ("(direct)", "", "", None, "Unassigned"),
        ("(direct)", "referral", "", None, "Referral"),
        (
            "google",
            "cpc",
            "x cross-network y",
            Some(Search),
            "Cross-network",
        ),
        (
            "bing",
            "ai-assistant",
            "(ai-assistant)",
            Some(Search),
            "AI Assistant",
        ),
        ("etsy", "cpc", "", Some(Shopping), "Paid Shopping"),
        ("google", "cpc", "shopping", Some(Search), "Paid Shopping"),
        ("google", "cpm", "", Some(Search), "Paid Search"),
        ("fb", "paid", "", Some(Social), "Paid Social"),
        ("youtube", "cpv", "", Some(Video), "Paid Video"),
        ("youtube", "display", "", Some(Video), "Display"),
        ("etsy", "banner", "", Some(Shopping), "Display"),
        ("news.example", "cpm", "", None, "Display"),
        ("news.example", "cpa", "", None, "Paid Other"),
        ("etsy", "", "", Some(Shopping), "Organic Shopping"),
        (
            "google",
            "organic",
            "myshop",
            Some(Search),
            "Organic Search",
        ),
        (
            "google",
            "organic",
            "my shop",
            Some(Search),
            "Organic Shopping",
        ),
        ("fb", "email", "", Some(Social), "Organic Social"),
        ("blog.example", "social media", "", None, "Organic Social"),
        ("blog.example", "myvideos", "", None, "Organic Video"),
        ("google", "referral", "", Some(Search), "Organic Search"),
        ("blog.example", "organic", "", None, "Organic Search"),
        ("blog.example", "link", "", None, "Referral"),
        ("e_mail", "news", "", None, "Email"),
        ("crm", "e mail", "", None, "Email"),
        ("crm", "emails", "", None, "Unassigned"),
        ("crm", "affiliate", "", None, "Affiliates"),
        ("radio", "audio", "", None, "Audio"),
        ("sms", "", "", None, "SMS"),
        ("firebase", "", "", None, "Mobile Push Notifications"),
        ("crm", "mobile-x", "", None, "Mobile Push Notifications"),
        (
            "crm",
            "notifications",
            "",
            None,
            "Mobile Push Notifications",
        ),
        ("crm", "web push", "", None, "Mobile Push Notifications"),
        ("crm", "pushed", "", None, "Unassigned"),
        ("", "", "", None, "Unassigned"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (source, medium, campaign, category, channel) in rows {
        let found = channel_group(source, medium, campaign, category);
        assert_eq!(found.name(), channel, "{source} / {medium} / {campaign}");
        let upper = |text: &str| text.to_uppercase();
        let loud = channel_group(&upper(source), &upper(medium), &upper(campaign), category);
        assert_eq!(loud, found, "{source} / {medium} / {campaign} in capitals");
        seen.insert(found);
    }
    assert_eq!(seen.len(), 20);
    for (name, category) in [
        ("SOURCE_CATEGORY_SEARCH", Some(Search)),
        ("source_category_shopping", Some(Shopping)),
        ("social", Some(Social)),
        ("Video", Some(Video)),
        ("EMAIL", None),
        ("SOURCE_CATEGORY_", None),
        ("SOURCE_CATEGORÿ_X", None),
    ] {
        assert_eq!(SourceCategory::parse(name), category);
    }
}

#[test]
fn campaign_parameters_are_read_once_and_as_they_are_written() {
    let utm = parse_utm(
        "https://shop.example/a?utm_source=&utm_source=News&utm_source=late&UTM_MEDIUM=x&utm_term=a%2520b+c\
         &utm_campaign=%FF&utm_content&xutm_id=1#utm_id=2",
    );
    assert_eq!(utm.source.as_deref(), Some("News"));
    assert_eq!(utm.term.as_deref(), Some("a%20b c"));
    assert_eq!(utm.campaign.as_deref(), Some("\u{fffd}"));
    assert_eq!((utm.medium, utm.content, utm.id), (None, None, None));
    assert!(parse_utm("").is_empty() && parse_utm("utm_source=x").is_empty());
    // What stands in an address needs no copy.
    let utm = parse_utm("?utm_id=abc");
    assert!(matches!(
        utm.id.unwrap().0,
        std::borrow::Cow::Borrowed("abc")
    ));
    // Every name that travels in a page address is read from it.
    for (place, name) in Utm::NAMES.into_iter().enumerate() {
        let url = format!("https://shop.example/?{name}=v");
        assert_eq!(clean_url(&url).as_deref(), Some(url.as_str()));
        let values = parse_utm(&url).values().map(|value| value == Some("v"));
        assert!(
            (0..9).all(|other| values[other] == (other == place)),
            "{name}"
        );
    }
}

#[test]
fn a_visit_is_traced_by_its_tags_its_click_and_its_referrer_in_this_order() {
    let own = ["shop.example", "pay.example"];
    let rows = [
        // Google's click id goes before written tags, and the campaign is kept.
        (
            "/?gclid=A&utm_source=news&utm_medium=email&utm_campaign=c",
            None,
            "google / cpc / c",
            "Paid Search",
        ),
        (
            "/?wbraid=A",
            None,
            "google / cpc / (not set)",
            "Paid Search",
        ),
        // Written tags go before other click ids, which fill what is missing.
        (
            "/?fbclid=A&utm_source=ig&utm_medium=paid",
            None,
            "ig / paid / (not set)",
            "Paid Social",
        ),
        (
            "/?ttclid=A&utm_source=tiktok",
            None,
            "tiktok / paid_social / (not set)",
            "Paid Social",
        ),
        (
            "/?utm_source=news",
            Some("https://www.google.com/"),
            "news / (not set) / (not set)",
            "Unassigned",
        ),
        (
            "/?utm_medium=email",
            None,
            "(not set) / email / (not set)",
            "Email",
        ),
        ("/?msclkid=A", None, "bing / cpc / (not set)", "Paid Search"),
        (
            "/?twclid=A",
            None,
            "twitter / paid_social / (not set)",
            "Paid Social",
        ),
        (
            "/?li_fat_id=A",
            None,
            "linkedin / paid_social / (not set)",
            "Paid Social",
        ),
        (
            "/?rdt_cid=A",
            None,
            "reddit / paid_social / (not set)",
            "Paid Social",
        ),
        (
            "/?sccid=A",
            None,
            "snapchat / paid_social / (not set)",
            "Paid Social",
        ),
        ("/?dclid=A", None, "dv360 / display / (not set)", "Display"),
        // Links that nobody paid for carry these too.
        (
            "/?fbclid=A",
            Some("https://l.facebook.com/"),
            "facebook / referral / (not set)",
            "Organic Social",
        ),
        (
            "/?epik=A",
            None,
            "pinterest / referral / (not set)",
            "Organic Social",
        ),
        (
            "/?fbclid=A&msclkid=B",
            None,
            "bing / cpc / (not set)",
            "Paid Search",
        ),
        (
            "/?msclkid=B&gbraid=A&fbclid=A",
            None,
            "google / cpc / (not set)",
            "Paid Search",
        ),
        ("/?GCLID=A", None, "(direct) / (none) / (direct)", "Direct"),
        (
            "/?utm_campaign=spring",
            Some("https://blog.example/post"),
            "blog.example / referral / spring",
            "Referral",
        ),
        (
            "/",
            Some("https://www.bing.com/search?q=x"),
            "bing / organic / (organic)",
            "Organic Search",
        ),
        (
            "/",
            Some("https://WWW.Blog.example/"),
            "blog.example / referral / (referral)",
            "Referral",
        ),
        (
            "/",
            Some("https://chatgpt.com/"),
            "chatgpt.com / ai-assistant / (ai-assistant)",
            "AI Assistant",
        ),
        (
            "/",
            Some("https://t.co/x"),
            "t.co / referral / (referral)",
            "Organic Social",
        ),
        (
            "/",
            Some("https://checkout.stripe.com/"),
            "checkout.stripe.com / referral / (referral)",
            "Organic Shopping",
        ),
        ("/", None, "(direct) / (none) / (direct)", "Direct"),
        (
            "/",
            Some("about:blank"),
            "(direct) / (none) / (direct)",
            "Direct",
        ),
    ];
    for (landing, referrer, traced, channel) in rows {
        let url = format!("https://shop.example{landing}");
        let traffic = Traffic::read(&url, referrer, &own);
        let found = format!(
            "{} / {} / {}",
            traffic.source, traffic.medium, traffic.campaign
        );
        assert_eq!(found, traced, "{landing} after {referrer:?}");
        assert_eq!(
            traffic.channel().name(),
            channel,
            "{landing} after {referrer:?}"
        );
        assert!(!traffic.internal, "{landing} after {referrer:?}");
    }
}

#[test]
fn a_site_does_not_refer_visitors_to_itself() {
    let internal = |url: &str, referrer: &str, own: &[&str]| {
        let traffic = Traffic::read(url, Some(referrer), own);
        assert!(!traffic.internal || &*traffic.source == "(direct)");
        traffic.internal
    };
    for (url, referrer, own, is) in [
        (
            "https://shop.example/",
            "https://shop.example/a",
            &[][..],
            true,
        ),
        (
            "https://www.shop.example/",
            "https://SHOP.example/a",
            &[],
            true,
        ),
        (
            "https://pay.shop.example/",
            "https://www.shop.example/a",
            &[],
            true,
        ),
        (
            "https://shop.example/",
            "http://blog.shop.example:80/a",
            &[],
            true,
        ),
        (
            "https://a.shop.example/",
            "https://b.shop.example/",
            &[],
            false,
        ),
        (
            "https://a.shop.example/",
            "https://b.shop.example/",
            &["shop.example"],
            true,
        ),
        (
            "https://shop.example/",
            "https://notshop.example/",
            &["shop.example"],
            false,
        ),
        (
            "https://shop.example/",
            "https://shop.example.org/",
            &["shop.example"],
            false,
        ),
        (
            "https://shop.example/",
            "https://www.pay.example/ok",
            &["Pay.example"],
            true,
        ),
        (
            "https://shop.example/?_gl=1*x",
            "https://other.example/",
            &[],
            true,
        ),
        (
            "https://shop.example/?_gl=",
            "https://other.example/",
            &[],
            false,
        ),
        ("https://shop.com/", "https://com/", &[""], false),
    ] {
        assert_eq!(internal(url, referrer, own), is, "{url} after {referrer}");
    }
    // Tags on links within a site are taken at their word, and can be told.
    let traffic = Traffic::read(
        "https://shop.example/?utm_source=banner",
        Some("https://shop.example/"),
        &[],
    );
    assert!(traffic.internal && &*traffic.source == "banner");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_096))]
    #[test]
    fn any_text_is_traced(
        url in "([a-z]{0,3}(://)?)?[a-z.@:\\[\\]]{0,8}[/?]{0,2}((utm_source|utm_medium|gclid|fbclid|_gl)=[^&]{0,4}&?){0,3}",
        referrer in "\\PC{0,30}",
        own in "\\PC{0,5}",
    ) {
        for (url, referrer) in [(&url, &referrer), (&referrer, &url)] {
            let traffic = Traffic::read(url, Some(referrer), &[&own]);
            let _ = traffic.channel();
            proptest::prop_assert!(![&traffic.source, &traffic.medium, &traffic.campaign].iter().any(|text| text.is_empty()));
        }
    }
}

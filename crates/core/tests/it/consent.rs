//! Denied is denied: no leg, no request, and nothing of the visitor in the envelope.

use edgetally_core::consent::Purpose;
use edgetally_core::destinations::ALL;
use edgetally_core::intake::{Arrival, Header, Headers, Response, Visit, region};
use edgetally_core::ledger::State;
use edgetally_core::settings::Settings;
use serde_json::{Value, json};

use crate::platforms::known;
use crate::support::{NOW, envelopes, plan, platform_settings, requests, shop};

const EMAIL: &str = "visitor.zq@home.example";
/// Everything of the visitor that could stand in an envelope.
const OF_THE_VISITOR: &[&str] = &[
    "203.0.113.77",
    "ZqBrowser",
    "Cj0Zq",
    "IwZq",
    "7707.8808",
    "1795342777",
    "fb.1.1794000000777.777",
    "landing-zq",
    "came-from-zq",
];
/// What advertising consent alone covers.
const OF_ADVERTISING: &[&str] = &["Cj0Zq", "IwZq", "fb.1.1794000000777.777"];

fn event(consent: &Value) -> String {
    json!({
        "event": "generate_lead", "event_id": "l-1", "event_time": "2026-11-22T10:00:00Z",
        "user": {"email": EMAIL, "phone": "+49 1512 7654321", "city": "Potsdam", "postal_code": "14467",
                 "region": "Brandenburg", "country": "DE", "external_id": "zq-1"},
        "context": {"page_url": "https://shop.example/landing-zq?gclid=Cj0Zq&fbclid=IwZq",
                    "referrer": "https://shop.example/came-from-zq?gclid=Cj0Zq", "ip": "203.0.113.77", "user_agent": "ZqBrowser/1",
                    "client_id": "7707.8808", "session_id": "1795342777",
                    "cookies": {"_fbp": "fb.1.1794000000777.777", "_ga": "GA1.1.7707.8808"}, "click_ids": {"ttclid": "Cj0Zq"}},
        "consent": consent,
    })
    .to_string()
}

/// What has to hold, written down a second time and without looking: who may have the event, and with identifiers?
fn expected(
    [ad_storage, analytics, user_data]: [Option<&str>; 3],
    implied: bool,
    purpose: Purpose,
) -> (bool, bool) {
    let yes = |choice: Option<&str>| choice == Some("granted") || (choice.is_none() && implied);
    let identifiers = yes(user_data) && ad_storage != Some("denied");
    match purpose {
        Purpose::Advertising => (identifiers, identifiers),
        Purpose::Analytics => (yes(analytics), yes(analytics) && identifiers),
    }
}

#[test]
fn a_denied_visitor_produces_no_request() {
    let choices = [None, Some("granted"), Some("denied")];
    let mut combinations = 0;
    for entry in ALL {
        for implied in [false, true] {
            let settings = shop(
                &[(entry.platform, platform_settings(entry.platform))],
                &json!({"consent": if implied { "implied" } else { "required" }}),
                &Value::Null,
            );
            let purpose = settings.destinations[0].destination.purpose();
            for ad_storage in choices {
                for analytics in choices {
                    for user_data in choices {
                        for personalisation in choices {
                            for gpc in [false, true] {
                                combinations += 1;
                                let consent = json!({"ad_storage": ad_storage, "analytics_storage": analytics,
                                    "ad_user_data": user_data, "ad_personalization": personalisation, "gpc": gpc});
                                let context =
                                    format!("{} implied={implied} {consent}", entry.platform);
                                let plan = plan(&settings, None, &event(&consent));
                                let requests = requests(&settings, &plan.messages, NOW);
                                let (may, identifiers) =
                                    expected([ad_storage, analytics, user_data], implied, purpose);
                                let left_out = may && gpc && !known(entry.platform).limited_use;
                                let may = may && !left_out;
                                assert_eq!(!requests.is_empty(), may, "{context}");
                                let legs = envelopes(&plan.messages)
                                    .iter()
                                    .flat_map(|e| &e.parcels)
                                    .map(|p| p.legs.len())
                                    .sum::<usize>();
                                assert_eq!(legs, usize::from(may), "{context}");
                                let queued = plan.messages.concat();
                                let sent: String = requests
                                    .iter()
                                    .map(|(_, request)| {
                                        format!(
                                            "{} {}",
                                            request.uri(),
                                            String::from_utf8(request.body().clone()).unwrap()
                                        )
                                    })
                                    .collect();
                                if !may {
                                    for of in OF_THE_VISITOR {
                                        assert!(!queued.contains(of), "{of}: {context}");
                                    }
                                    let told = if left_out {
                                        "skipped:limited_use_unsupported"
                                    } else {
                                        "blocked:"
                                    };
                                    assert!(plan.answer.text().contains(told), "{context}");
                                }
                                if !identifiers {
                                    for of in OF_ADVERTISING {
                                        assert!(
                                            !queued.contains(of) && !sent.contains(of),
                                            "{of}: {context}\n{sent}"
                                        );
                                    }
                                    assert!(
                                        !queued.contains(r#""p":{"#)
                                            && !sent.contains("user_data\":{"),
                                        "{context}"
                                    );
                                }
                                // What says no to personalisation, and what says that a US state's law limits the use.
                                let flags = match entry.platform {
                                    "meta" => Some((r#""opt_out":true"#, r#"["LDU"]"#)),
                                    "pinterest" => {
                                        Some((r#""opt_out":true"#, r#""opt_out_type":"LDP""#))
                                    }
                                    "tiktok" => Some((r#""limited_data_use":true"#, "")),
                                    _ => None,
                                };
                                if may && let Some((no, limit)) = flags {
                                    let personalised = !gpc
                                        && match personalisation {
                                            Some(choice) => choice == "granted",
                                            // Who was asked about advertising has said nothing of this.
                                            None if ad_storage.or(user_data).is_some() => false,
                                            None => implied,
                                        };
                                    assert_eq!(!sent.contains(no), personalised, "{context}");
                                    if !limit.is_empty() {
                                        assert_eq!(sent.contains(limit), gpc, "{context}");
                                    }
                                }
                                if may && entry.platform == "ga4" {
                                    assert_eq!(
                                        sent.contains(r#""ad_user_data":"DENIED""#),
                                        user_data == Some("denied"),
                                        "{context}"
                                    );
                                    assert_eq!(
                                        sent.contains(r#""ad_personalization":"DENIED""#),
                                        gpc || personalisation == Some("denied"),
                                        "{context}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(combinations, ALL.len() * 2 * 81 * 2);
}

#[test]
fn a_signal_of_the_browser_counts_as_one_of_the_event() {
    let settings = shop(
        &[("meta", platform_settings("meta"))],
        &Value::Null,
        &Value::Null,
    );
    let visit = Visit {
        gpc: true,
        ip: Some("203.0.113.77"),
        user_agent: Some("ZqBrowser/1"),
        ..Visit::default()
    };
    let consent = json!({"ad_user_data": "granted", "ad_personalization": "granted"});
    let plan = plan(&settings, Some(&visit), &event(&consent));
    let (_, request) = requests(&settings, &plan.messages, NOW).remove(0);
    assert!(String::from_utf8_lossy(request.body()).contains(r#"["LDU"]"#));
}

#[test]
fn a_consent_string_that_cannot_be_read_is_never_a_yes() {
    for entry in ALL {
        for string in [
            json!({"tcf": "CPXxRfA"}),
            json!({"gpp": "DBABLA~BVQq"}),
            json!({"gpp_sid": [7]}),
            json!({"us_privacy": "1YN"}),
            json!({"gcs": "G11"}),
            json!({"gcd": "13t3t"}),
        ] {
            let settings = shop(
                &[(entry.platform, platform_settings(entry.platform))],
                &json!({"consent": "implied"}),
                &Value::Null,
            );
            let plan = plan(&settings, None, &event(&string));
            assert!(
                requests(&settings, &plan.messages, NOW).is_empty(),
                "{} {string}",
                entry.platform
            );
        }
    }
}

/// One source, two destinations, one of which is denied: what the other may have is all that travels.
#[test]
fn each_destination_sees_only_what_its_own_grant_covers() {
    let settings = crate::support::all_platforms(&Value::Null);
    let consent =
        json!({"ad_user_data": "granted", "ad_storage": "granted", "analytics_storage": "denied"});
    let plan = plan(&settings, None, &event(&consent));
    // The first request of some is for a token.
    let to: std::collections::BTreeSet<String> = requests(&settings, &plan.messages, NOW)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let advertising: Vec<&str> = ALL
        .iter()
        .map(|entry| entry.platform)
        .filter(|platform| *platform != "ga4")
        .collect();
    assert_eq!(to, advertising);
}

/// What the one destination is told of a lead from somebody of this country, in a request from that one.
fn told(settings: &Settings, given: Option<&str>, seen: Option<&str>, consent: &Value) -> String {
    let lead = json!({"event": "generate_lead", "event_id": "l-1", "user": {"email": EMAIL, "country": given}, "consent": consent});
    let visit = Visit {
        country: seen,
        user_agent: Some("ZqBrowser/1"),
        ..Visit::default()
    };
    let plan = plan(settings, Some(&visit), &lead.to_string());
    let answer: Value = serde_json::from_str(plan.answer.text()).unwrap();
    let name = &settings.destinations[0].name;
    answer["results"][0]["destinations"][name]
        .as_str()
        .unwrap()
        .to_owned()
}

/// One source with these settings, and a webhook.
fn hook(source: &Value) -> Settings {
    let webhook = (
        "hook",
        json!({"platform": "webhook", "url": "https://hook.example/in", "secret": "HOOK_SECRET"}),
    );
    shop(&[webhook], source, &Value::Null)
}

#[test]
fn silence_is_what_the_law_of_the_visitors_country_takes_it_for() {
    let by_region = json!({"consent": "by_region", "consent_elsewhere": "implied"});
    let american =
        json!({"consent": "by_region", "consent_elsewhere": "implied", "markets": ["US", "CA"]});
    let missing = "blocked:ad_user_data_missing";
    for (source, given, seen, expected) in [
        (&by_region, None, Some("US"), "received"),
        (&by_region, None, Some("DE"), missing),
        (&by_region, Some("Germany"), Some("US"), missing),
        (&by_region, Some("US"), Some("GB"), missing),
        (&by_region, Some("us"), None, "received"),
        (&by_region, None, None, missing),
        // No countries, but what the edge writes for the Tor network and for what it does not know.
        (&by_region, None, Some("T1"), missing),
        (&by_region, Some("nowhere"), Some("XX"), missing),
        (&american, None, Some("T1"), "received"),
        (&american, None, None, "received"),
        (&american, None, Some("FR"), missing),
    ] {
        let settings = hook(source);
        let context = format!("{source} {given:?} {seen:?}");
        assert_eq!(
            told(&settings, given, seen, &json!({})),
            expected,
            "{context}"
        );
    }
}

/// What a page of the source is told in a country.
fn told_to_the_page(settings: &Settings, country: Option<&str>, region: Option<&str>) -> Response {
    let mut headers = vec![""; Header::NAMES.len()];
    headers[Header::Origin as usize] = "https://shop.example";
    let arrival = Arrival {
        query: "key=pk_shop_0123456789abcdef",
        headers: Headers::new(&headers),
        country,
        region,
        ..Arrival::of_body(&[], NOW)
    };
    region::answer(settings, &arrival).unwrap()
}

#[test]
fn a_page_is_told_what_silence_means_where_its_visitor_is() {
    let by_region = |more: Value| {
        let mut source = json!({"consent": "by_region"});
        source
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        source
    };
    let plain = by_region(json!({}));
    let elsewhere = by_region(json!({"consent_elsewhere": "implied"}));
    let american = by_region(json!({"consent_elsewhere": "implied", "markets": ["US", "CA"]}));
    let mixed = by_region(json!({"consent_elsewhere": "implied", "markets": ["US", "DE"]}));
    let strict = by_region(json!({"markets": ["US", "CA"]}));
    for (source, country, region, word) in [
        (&plain, Some("DE"), Some("BE"), "required"),
        (&plain, Some("GB"), None, "required"),
        (&plain, Some("CH"), None, "required"),
        // Réunion, Guadeloupe and Åland have codes of their own and Europe's law.
        (&plain, Some("RE"), None, "required"),
        (&plain, Some("GP"), None, "required"),
        (&plain, Some("AX"), None, "required"),
        (&plain, Some("US"), None, "implied"),
        (&plain, Some("us"), Some("TX"), "implied"),
        // California's law is one of opting out.
        (&plain, Some("US"), Some("CA"), "implied"),
        (&plain, Some("JP"), None, "required"),
        (&elsewhere, Some("JP"), None, "implied"),
        (&elsewhere, Some("DE"), None, "required"),
        // Nobody knows the country: the strictest of the markets. So for the edge's codes that are no countries.
        (&elsewhere, None, None, "required"),
        (&elsewhere, Some("T1"), None, "required"),
        (&american, None, None, "implied"),
        (&american, Some("XX"), None, "implied"),
        (&american, Some("FR"), None, "required"),
        (&mixed, None, None, "required"),
        (&strict, None, None, "required"),
        (&strict, Some("CA"), None, "required"),
        // The word of a source that asks everywhere, or nowhere, is the same everywhere.
        (&json!({}), Some("US"), None, "required"),
        (&json!({"consent": "implied"}), Some("DE"), None, "implied"),
    ] {
        let settings = hook(source);
        let context = format!("{source} {country:?}");
        let answer = told_to_the_page(&settings, country, region);
        assert_eq!(
            answer.text(),
            json!({"consent": word}).to_string(),
            "{context}"
        );
        // It is what the gateway does with an event of such a visitor.
        let taken = told(&settings, None, country, &json!({})) == "received";
        assert_eq!(taken, word == "implied", "{context}");
    }
}

#[test]
fn what_a_page_is_told_of_the_region_is_kept_by_its_browser_alone() {
    let settings = hook(&json!({"consent": "by_region"}));
    let answer = told_to_the_page(&settings, Some("US"), Some("CA"));
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers,
        [("cache-control", "private, max-age=3600".into())]
    );
}

#[test]
fn what_googles_tags_say_counts_as_answers() {
    let (plain, trusting) = (json!({}), json!({"gcd": "answers"}));
    let denied = "blocked:ad_user_data_denied";
    let missing = "blocked:ad_user_data_missing";
    let (all, none, half) = ("13r3r3r3r5l1", "13q3qPq2q5l1", "13r3rPp2r5l1");
    for (source, consent, expected) in [
        // `gcs` has no answer to `ad_user_data`, and a no to storage is one.
        (&plain, json!({"gcs": "G111"}), missing),
        (
            &plain,
            json!({"gcs": "G101", "ad_user_data": "granted"}),
            "blocked:ad_storage_denied",
        ),
        (
            &plain,
            json!({"gcs": "G111", "ad_user_data": "granted"}),
            "received",
        ),
        // What is not documented can only say no.
        (&plain, json!({"gcd": all}), missing),
        (&plain, json!({"gcd": none}), denied),
        (
            &plain,
            json!({"gcd": half, "ad_user_data": "granted"}),
            denied,
        ),
        (&trusting, json!({"gcd": all, "gcs": "G111"}), "received"),
        (&trusting, json!({"gcd": half}), denied),
        (
            &trusting,
            json!({"gcd": all, "ad_user_data": "denied"}),
            denied,
        ),
        (
            &trusting,
            json!({"gcd": all, "gcs": "G100"}),
            "blocked:ad_storage_denied",
        ),
        (
            &trusting,
            json!({"gcd": "13R3R"}),
            "blocked:consent_mode_unreadable",
        ),
    ] {
        let settings = hook(source);
        assert_eq!(
            told(&settings, None, None, &consent),
            expected,
            "{source} {consent}"
        );
    }
}

#[test]
fn a_legal_basis_is_an_answer_only_where_the_settings_accept_it_and_nobody_gave_another() {
    let (plain, accepting) = (json!({}), json!({"legal_basis": ["contract"]}));
    let missing = "blocked:ad_user_data_missing";
    for (source, consent, expected) in [
        (&plain, json!({"legal_basis": "contract"}), missing),
        (&accepting, json!({"legal_basis": "contract"}), "received"),
        (
            &accepting,
            json!({"legal_basis": "legitimate_interests"}),
            missing,
        ),
        (&accepting, json!({"legal_basis": "consent"}), missing),
        (&accepting, json!({}), missing),
        (
            &accepting,
            json!({"legal_basis": "contract", "ad_user_data": "denied"}),
            "blocked:ad_user_data_denied",
        ),
        (
            &accepting,
            json!({"legal_basis": "contract", "tcf": "CPXxRfA"}),
            "blocked:tcf_unreadable",
        ),
        (
            &accepting,
            json!({"legal_basis": "contract", "us_privacy": "1YN"}),
            "blocked:us_privacy_malformed",
        ),
    ] {
        let settings = hook(source);
        assert_eq!(
            told(&settings, None, None, &consent),
            expected,
            "{source} {consent}"
        );
    }
    // It is no yes to personalisation.
    let meta = ("meta", platform_settings("meta"));
    let settings = shop(&[meta], &accepting, &Value::Null);
    let sent = plan(&settings, None, &event(&json!({"legal_basis": "contract"})));
    let (_, request) = requests(&settings, &sent.messages, NOW).remove(0);
    assert!(String::from_utf8_lossy(request.body()).contains(r#""opt_out":true"#));
}

#[test]
fn nobody_says_of_a_visitor_in_europe_that_the_law_does_not_apply() {
    let settings = hook(&json!({"consent": "implied"}));
    let consent = json!({"gdpr_applies": false, "tcf": "CPXxRfA"});
    for (given, seen, expected) in [
        (None, Some("DE"), "blocked:tcf_unreadable"),
        (Some("CH"), Some("US"), "blocked:tcf_unreadable"),
        (None, Some("US"), "received"),
        (None, None, "received"),
    ] {
        let told = told(&settings, given, seen, &consent);
        assert_eq!(told, expected, "{given:?} {seen:?}");
    }
}

#[test]
fn what_batch_and_event_say_to_be_in_force_is() {
    let settings = hook(&json!({"consent": "implied"}));
    // usca without an opt-out, usva with one.
    let two = "DBABh4A~BAoAAABA.QA~BAUAABA";
    for (all, own, expected) in [
        (json!({}), json!({"gpp": two, "gpp_sid": [8]}), Some(false)),
        (
            json!({"gpp_sid": [8]}),
            json!({"gpp": two, "gpp_sid": [8]}),
            Some(false),
        ),
        (
            json!({"gpp_sid": [9]}),
            json!({"gpp": two, "gpp_sid": [8]}),
            Some(true),
        ),
        (
            json!({"gpp": two, "gpp_sid": [8]}),
            json!({"gpp_sid": [9]}),
            Some(true),
        ),
        (
            json!({"gpp": two, "gpp_sid": [8]}),
            json!({"gpp_sid": [8]}),
            Some(false),
        ),
        (
            json!({"gpp": two, "gpp_sid": [8]}),
            json!({"gpp_sid": [10]}),
            None,
        ),
        (
            json!({"gpp_sid": [10]}),
            json!({"gpp": two, "gpp_sid": [8]}),
            None,
        ),
    ] {
        let one: Value = serde_json::from_str(&event(&own)).unwrap();
        let batch = json!({"consent": all, "events": [one]});
        let sent = plan(&settings, None, &batch.to_string());
        let parcels = envelopes(&sent.messages);
        let legs = parcels
            .iter()
            .flat_map(|envelope| &envelope.parcels)
            .flat_map(|parcel| &parcel.legs);
        let limited: Vec<bool> = legs.map(|leg| leg.grant.limited()).collect();
        assert_eq!(limited.first().copied(), expected, "{batch}");
    }
}

/// What went wrong for others, by where it was reported.
#[test]
fn what_senders_write_in_practice_is_never_read_as_a_yes() {
    let settings = hook(&json!({"consent": "implied"}));
    let of = |consent: &Value| {
        let sent = plan(&settings, None, &event(consent));
        let answer: Value = serde_json::from_str(sent.answer.text()).unwrap();
        let line = &answer["results"][0];
        if let Some(code) = line["code"].as_str() {
            return code.to_owned();
        }
        let told = line["destinations"]["hook"].as_str().unwrap().to_owned();
        let parcels = envelopes(&sent.messages);
        let limited = parcels
            .iter()
            .flat_map(|envelope| &envelope.parcels)
            .flat_map(|parcel| &parcel.legs)
            .any(|leg| leg.grant.limited());
        if limited { "limited".to_owned() } else { told }
    };
    // usca without an opt-out, usva with one.
    let two = "DBABh4A~BAoAAABA.QA~BAUAABA";
    for (consent, expected) in [
        // IABTechLab/iabgpp-es#84: sixty bits, with and without what the opt-out is in.
        (
            json!({"gpp": "DBABL~BVQVAAAAAg", "gpp_sid": [7]}),
            "limited",
        ),
        (json!({"gpp": "DBABL~BVQqAAAAAg", "gpp_sid": [7]}), "queued"),
        // IABTechLab/iabgpp-es#110: the layout is by the number of bits, whatever the version says.
        (
            json!({"gpp": "DBABLA~BVVKqqqqqoCA.QA", "gpp_sid": [7]}),
            "blocked:known_child",
        ),
        (
            json!({"gpp": "DBABLA~CVVKqqqqqoCA.QA", "gpp_sid": [7]}),
            "blocked:known_child",
        ),
        // IABTechLab/iabgpp-es#25: nothing is not full of zeros.
        (
            json!({"gpp": "DBABLA~", "gpp_sid": [7]}),
            "blocked:gpp_unreadable",
        ),
        (
            json!({"gpp": "DBABLA~.YA", "gpp_sid": [7]}),
            "blocked:gpp_unreadable",
        ),
        (json!({"gpp": "DBABBg~YA"}), "blocked:gpp_unreadable"),
        // ethyca/fides#4727: that nobody knows is no licence.
        (
            json!({"gpp": "DBABLA~BVQVAAAAAg", "gpp_sid": [-1]}),
            "limited",
        ),
        (
            json!({"gpp": "DBABLA~BVQVAAAAAg", "gpp_sid": "-1"}),
            "limited",
        ),
        // Automattic/jetpack#21337: no string, one that says nothing, and one that was lost are three things.
        (json!({}), "queued"),
        (json!({"us_privacy": null}), "queued"),
        (json!({"us_privacy": "1---"}), "queued"),
        (json!({"us_privacy": "1yyn"}), "limited"),
        (json!({"us_privacy": ""}), "blocked:us_privacy_malformed"),
        (
            json!({"us_privacy": "null"}),
            "blocked:us_privacy_malformed",
        ),
        // rudderlabs/rudder-transformer#3213: a word is one of two, or an error.
        (json!({"ad_user_data": "Granted "}), "queued"),
        (
            json!({"ad_user_data": "DENIED"}),
            "blocked:ad_user_data_denied",
        ),
        (json!({"ad_user_data": "yes"}), "invalid_choice"),
        (json!({"ad_user_data": true}), "wrong_type"),
    ] {
        assert_eq!(of(&consent), expected, "{consent}");
    }
    // InteractiveAdvertisingBureau/Global-Privacy-Platform#108: whoever names no section has not said that none applies.
    for (sections, expected) in [
        (json!([8]), "queued"),
        (json!("8"), "queued"),
        (json!(8), "queued"),
        (json!([9]), "limited"),
        (json!(["9"]), "limited"),
        (json!([8, 9]), "limited"),
        (json!("8,9"), "limited"),
        (json!("8,abc"), "limited"),
        (json!([8, -1]), "limited"),
        (json!([8, 300]), "limited"),
        (json!("-1"), "limited"),
        (json!(""), "limited"),
        (json!(null), "limited"),
        (json!([10]), "blocked:gpp_section_missing"),
        (json!([8, 10]), "blocked:gpp_section_missing"),
    ] {
        let consent = json!({"gpp": two, "gpp_sid": sections});
        assert_eq!(of(&consent), expected, "{consent}");
    }
    // Sections without their string, whether they can be made out or not.
    for (sections, expected) in [
        (json!([7]), "blocked:gpp_section_missing"),
        (json!(["x7"]), "blocked:gpp_section_missing"),
        (json!("7;8"), "blocked:gpp_section_missing"),
        (json!([300]), "blocked:gpp_section_missing"),
        (json!([-1]), "queued"),
        (json!("-1"), "queued"),
    ] {
        let consent = json!({"gpp_sid": sections});
        assert_eq!(of(&consent), expected, "{consent}");
    }
    // A section in force that nobody here can read may say no: Canada's, and one that is to come.
    for (header, section) in [("DBABDA", 5), ("DBABKY", 28)] {
        let gpp = format!("{header}~BAA");
        let consent = json!({"gpp": gpp, "gpp_sid": [section]});
        assert_eq!(of(&consent), "blocked:gpp_unreadable", "{consent}");
    }
}

/// Everything granted to vendor 755 in the test's year, who is in its list.
const TC: &str = "CQtDjkAQtDjkAEEADBENCyFsAP_gAEPgAAYgF5wBAAKgAgABkAvMC84AIC8wAAAA.IF5wBAAKgAgABkAvMAAA.YAAAAAAAAAAA";

#[test]
fn the_ledger_says_which_banner_lets_nothing_through_and_why() {
    let destinations = [755, 804].map(|vendor| {
        let name = if vendor == 755 { "listed" } else { "unlisted" };
        (name, json!({"platform": "webhook", "url": "https://hook.example/in", "secret": "HOOK_SECRET", "vendor": vendor}))
    });
    let settings = shop(&destinations, &Value::Null, &Value::Null);
    let counted = |consent: &Value| {
        let sent = plan(&settings, None, &event(consent));
        let mut all: Vec<String> = envelopes(&sent.messages)
            .iter()
            .flat_map(|envelope| {
                let lines = envelope.counts.iter();
                let lines = lines.filter(|(line, _)| line.state == State::ConsentString);
                lines
                    .map(|(line, n)| format!("{}|{} {n}", line.destination, line.code))
                    .collect::<Vec<_>>()
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(
        counted(&json!({"tcf": TC})),
        ["unlisted|cmp_260:tcf_vendor_not_disclosed 1", "|cmp_260 1"]
    );
    // An explicit no is the visitor's, not the banner's.
    let denied = json!({"tcf": TC, "ad_user_data": "denied"});
    assert_eq!(counted(&denied).len(), 2);
    assert!(counted(&json!({"tcf": "CPXxRfA"})).is_empty());
    assert!(counted(&json!({"ad_user_data": "granted"})).is_empty());
}

#[test]
fn the_settings_say_who_a_destination_is() {
    let of = |more: &Value| {
        let mut settings = json!({"platform": "webhook", "url": "https://hook.example/in", "secret": "HOOK_SECRET"});
        let (settings_of, more) = (settings.as_object_mut().unwrap(), more.as_object().unwrap());
        settings_of.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
        shop(&[("hook", settings)], &Value::Null, &Value::Null)
    };
    let tcf = json!({"tcf": TC});
    let both = json!({"tcf": TC, "additional_consent": "2~89~dv.43"});
    // A list that says no, or that cannot be read, is no yes because the string beside it is missing.
    let refused = json!({"ad_user_data": "granted", "additional_consent": "2~43~dv.89"});
    let unreadable = json!({"ad_user_data": "granted", "additional_consent": "2~89"});
    for (settings, consent, expected) in [
        (
            json!({"provider": 89}),
            &refused,
            "blocked:ac_not_consented",
        ),
        (
            json!({"provider": 89}),
            &unreadable,
            "blocked:ac_unreadable",
        ),
        (json!({}), &refused, "received"),
        (json!({}), &tcf, "received"),
        (json!({"vendor": 755}), &tcf, "received"),
        (
            json!({"vendor": 804}),
            &tcf,
            "blocked:tcf_vendor_not_disclosed",
        ),
        (json!({"provider": 89}), &tcf, "blocked:ac_missing"),
        (json!({"provider": 89}), &both, "received"),
        (json!({"provider": 43}), &both, "blocked:ac_not_consented"),
        (json!({"purposes": [1, 11]}), &tcf, "received"),
    ] {
        assert_eq!(
            told(&of(&settings), None, None, consent),
            expected,
            "{settings} {consent}"
        );
    }
}

//! Who may get what: visitors of every kind against every destination, by the way that events really take, from the body
//! that a page sends to the requests that platforms see. `docs/consent.md` shows the table.

use std::collections::BTreeMap;

use edgetally_core::consent::Grant;
use edgetally_core::destinations::destination::Facts;
use edgetally_core::destinations::{ALL, FACTS};
use edgetally_core::intake::Visit;
use edgetally_core::intake::explain::Question;
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::platforms::known;
use crate::support::{
    NOW, all_platforms, envelopes, generated, plan, platform_settings, requests, shop,
};

/// Six bits a character.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u64, bits: usize) -> &mut Self {
        self.0
            .extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    /// A bit for each id up to a largest one.
    fn flags(&mut self, ids: &[u16], largest: u16) -> &mut Self {
        for id in 1..=largest {
            self.put(u64::from(ids.contains(&id)), 1);
        }
        self
    }

    fn vendors(&mut self, ids: &[u16]) -> &mut Self {
        let largest = ids.iter().copied().max().unwrap_or(0);
        self.put(largest.into(), 16).put(0, 1).flags(ids, largest)
    }

    fn text(&self) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let six = |bits: &[bool]| {
            let value = (0..6).fold(0, |value, at| {
                value << 1 | usize::from(bits.get(at) == Some(&true))
            });
            char::from(ALPHABET[value])
        };
        self.0.chunks(6).map(six).collect()
    }
}

/// A TC string of yesterday, of one site, of the policy of TCF 2.3.
fn tc(purposes: &[u16], vendors: &[u16], disclosed: Option<&[u16]>) -> String {
    restricted(purposes, vendors, disclosed, &[])
}

/// The same, whose publisher forbids some purposes to vendor 755.
fn restricted(
    purposes: &[u16],
    vendors: &[u16],
    disclosed: Option<&[u16]>,
    forbidden: &[u16],
) -> String {
    const DAY_DS: i64 = 864_000;
    let yesterday = (NOW.0 / 100 / DAY_DS - 1) * DAY_DS;
    let made = u64::try_from(yesterday).unwrap();
    let mut core = Bits::default();
    // Version, dates, consent platform 260, its version and screen, EN, vendor list 178, policy 5, of this site.
    core.put(2, 6).put(made, 36).put(made, 36).put(260, 12);
    core.put(1, 12).put(1, 6).put(4, 6).put(13, 6).put(178, 12);
    core.put(5, 6).put(1, 1).put(0, 1).put(0, 12);
    core.flags(purposes, 24).put(0, 24).put(0, 1);
    // Published in Germany; vendors with consent, none by legitimate interest, no restrictions.
    core.put(3, 6).put(4, 6).vendors(vendors).vendors(&[]);
    core.put(forbidden.len() as u64, 12);
    for purpose in forbidden {
        core.put((*purpose).into(), 6)
            .put(0, 2)
            .put(1, 12)
            .put(0, 1)
            .put(755, 16);
    }
    match disclosed {
        None => core.text(),
        Some(shown) => {
            let mut segment = Bits::default();
            segment.put(1, 3).vendors(shown);
            [core.text(), segment.text()].join(".")
        }
    }
}

/// A GPP string with the section of California alone: 1 is out, 2 is not; of children 0 is that none is known.
fn california(opt_out: u64, child: u64) -> String {
    let mut core = Bits::default();
    core.put(1, 6).put(1, 2).put(1, 2).put(1, 2);
    core.put(opt_out, 2).put(opt_out, 2).put(0, 18);
    core.put(child, 2).put(0, 2).put(0, 2);
    core.put(2, 2).put(0, 2).put(0, 2);
    ["DBABBg~", &core.text(), ".QA"].concat()
}

const ALL_PURPOSES: &[u16] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const GOOGLE: &[u16] = &[755];
/// Meta, of Google's list of providers.
const AC_META: &str = "2~89~dv.";
const AC_NOT_META: &str = "2~~dv.89";

/// A kind of visitor: what people call it, and what is said of its consent.
struct Kind {
    name: &'static str,
    consent: Value,
}

fn kinds() -> Vec<Kind> {
    let answers = |ads: &str, analytics: &str, data: &str, personal: &str| json!({"ad_storage": ads, "analytics_storage": analytics, "ad_user_data": data, "ad_personalization": personal});
    let (yes, no) = ("granted", "denied");
    let granted = answers(yes, yes, yes, yes);
    let with = |base: &Value, more: Value| {
        let mut all = base.clone();
        let (into, more) = (
            all.as_object_mut().unwrap(),
            more.as_object().unwrap().clone(),
        );
        into.extend(more);
        all
    };
    let none = json!({});
    let everything = tc(ALL_PURPOSES, GOOGLE, Some(GOOGLE));
    let rows = [
        ("everything granted", granted.clone()),
        ("everything denied", answers(no, no, no, no)),
        ("analytics only", answers(no, yes, no, no)),
        ("ads, not personalised", answers(yes, yes, yes, no)),
        ("undecided", none.clone()),
        (
            "a legal basis (contract) and nothing else",
            json!({"legal_basis": "contract"}),
        ),
        (
            "TCF: everything, and Meta in Google's list",
            json!({"tcf": everything, "additional_consent": AC_META}),
        ),
        (
            "TCF and answers: everything, and Meta in Google's list",
            with(
                &granted,
                json!({"tcf": everything, "additional_consent": AC_META}),
            ),
        ),
        (
            "TCF: everything, Meta refused in Google's list",
            json!({"tcf": everything, "additional_consent": AC_NOT_META}),
        ),
        (
            "TCF: everything, without Google's list",
            json!({"tcf": everything}),
        ),
        (
            "TCF: measurement (1, 7), no profiles",
            json!({"tcf": tc(&[1, 7, 8, 9], GOOGLE, Some(GOOGLE)), "additional_consent": AC_META}),
        ),
        (
            "TCF: analytics (1, 8, 9), no advertising",
            json!({"tcf": tc(&[1, 8, 9], GOOGLE, Some(GOOGLE)), "additional_consent": AC_META}),
        ),
        (
            "TCF: everything, the publisher forbids Google purpose 7",
            json!({"tcf": restricted(ALL_PURPOSES, GOOGLE, Some(GOOGLE), &[7]), "additional_consent": AC_META}),
        ),
        (
            "TCF: purpose 1 only",
            json!({"tcf": tc(&[1], GOOGLE, Some(GOOGLE)), "additional_consent": AC_META}),
        ),
        (
            "TCF: vendor 755 refused",
            json!({"tcf": tc(ALL_PURPOSES, &[21], Some(&[21, 755])), "additional_consent": AC_META}),
        ),
        (
            "TCF: vendor 755 not shown",
            json!({"tcf": tc(ALL_PURPOSES, GOOGLE, Some(&[21])), "additional_consent": AC_META}),
        ),
        (
            "TCF 2.3 without disclosed vendors",
            json!({"tcf": tc(ALL_PURPOSES, GOOGLE, None), "additional_consent": AC_META}),
        ),
        (
            "TCF: unreadable",
            json!({"tcf": &everything[..50], "additional_consent": AC_META}),
        ),
        (
            "everything granted, TCF: everything denied",
            with(
                &granted,
                json!({"tcf": tc(&[], &[], Some(GOOGLE)), "additional_consent": AC_META}),
            ),
        ),
        (
            "everything denied, TCF: everything",
            with(
                &answers(no, no, no, no),
                json!({"tcf": everything, "additional_consent": AC_META}),
            ),
        ),
        ("US Privacy: opted out", json!({"us_privacy": "1YYN"})),
        (
            "GPP: opted out in California",
            json!({"gpp": california(1, 0), "gpp_sid": [8]}),
        ),
        (
            "GPP: not opted out",
            json!({"gpp": california(2, 0), "gpp_sid": [8]}),
        ),
        ("Global Privacy Control", json!({"gpc": true})),
        (
            "everything granted, Global Privacy Control",
            with(&granted, json!({"gpc": true})),
        ),
        (
            "GPP: a known child",
            json!({"gpp": california(2, 1), "gpp_sid": [8]}),
        ),
        (
            "everything granted, a known child",
            with(&granted, json!({"gpp": california(2, 1), "gpp_sid": [8]})),
        ),
    ];
    rows.into_iter()
        .map(|(name, consent)| Kind { name, consent })
        .collect()
}

/// Where a visitor is: a country of either law.
const PLACES: [(&str, &str, &str); 2] = [("DE", "BE", "opt-in"), ("US", "CA", "opt-out")];

/// What became of a visitor's lead at one destination.
#[derive(Debug, Clone, PartialEq)]
enum Fate {
    Sent {
        grant: Grant,
        body: Value,
    },
    /// `blocked` or `skipped`, and why.
    Kept {
        code: String,
    },
}

fn settings() -> Settings {
    all_platforms(&json!({"consent": "by_region"}))
}

/// The visitor's lead, by way of intake, queue and encoders.
fn fates(
    settings: &Settings,
    consent: &Value,
    country: &str,
    region: &str,
) -> BTreeMap<String, Fate> {
    let visit = Visit {
        ip: Some("203.0.113.77"),
        user_agent: Some("ZqBrowser/1"),
        country: Some(country),
        region: Some(region),
        ..Visit::default()
    };
    let event = json!({
        "event": "generate_lead", "event_id": "l-1", "event_time": "2026-11-22T10:00:00Z",
        "user": {"email": "visitor.zq@home.example", "external_id": "zq-1", "country": country, "region": region},
        "context": {"page_url": "https://shop.example/landing-zq?gclid=Cj0Zq&fbclid=IwZq", "client_id": "7707.8808",
                    "cookies": {"_fbp": "fb.1.1794000000777.777"}},
        "consent": consent,
    });
    let plan = plan(settings, Some(&visit), &event.to_string());
    let answer: Value = serde_json::from_str(plan.answer.text()).unwrap();
    let told = &answer["results"][0]["destinations"];
    let mut fates: BTreeMap<String, Fate> = told
        .as_object()
        .unwrap_or_else(|| panic!("{answer}"))
        .iter()
        .filter_map(|(name, told)| {
            let (_, code) = told.as_str()?.split_once(':')?;
            Some((
                name.clone(),
                Fate::Kept {
                    code: code.to_owned(),
                },
            ))
        })
        .collect();
    let mut bodies: BTreeMap<String, Value> = BTreeMap::new();
    for (name, request) in requests(settings, &plan.messages, NOW) {
        // The first request of some is for a token, which is no JSON.
        if let Ok(body) = serde_json::from_slice(request.body()) {
            bodies.insert(name, body);
        }
    }
    for envelope in envelopes(&plan.messages) {
        for leg in envelope.parcels.iter().flat_map(|parcel| &parcel.legs) {
            let name = leg.destination.to_string();
            let body = bodies
                .remove(&name)
                .unwrap_or_else(|| panic!("{name} got no request"));
            let before = fates.insert(
                name,
                Fate::Sent {
                    grant: leg.grant,
                    body,
                },
            );
            assert_eq!(before, None);
        }
    }
    assert!(bodies.is_empty(), "a request without a leg");
    assert_eq!(fates.len(), ALL.len());
    fates
}

fn facts(platform: &str) -> &'static Facts {
    FACTS
        .into_iter()
        .find(|facts| facts.platform == platform)
        .unwrap()
}

/// Why nothing is sent, in few words.
fn in_words(code: &str) -> &'static str {
    match code {
        "ad_user_data_denied" | "ad_storage_denied" => "advertising denied",
        "analytics_storage_denied" => "analytics denied",
        "ad_user_data_missing" | "analytics_storage_missing" => "never asked",
        "tcf_unreadable" => "unreadable",
        "tcf_no_disclosed_vendors" => "no disclosed vendors",
        "tcf_vendor_not_disclosed" => "vendor not shown",
        "tcf_vendor" => "vendor refused",
        "tcf_purpose" => "purpose missing",
        "tcf_restriction" => "publisher forbids",
        "tcf_unlisted" => "in no list",
        "ac_missing" => "Google's list missing",
        "ac_not_consented" => "provider refused",
        "known_child" => "child",
        "limited_use_unsupported" => "no field for opt-outs",
        other => panic!("{other} has no words"),
    }
}

/// A cell of the table.
fn cell(platform: &str, fate: &Fate) -> String {
    let grant = match fate {
        Fate::Kept { code } => return format!("blocked: {}", in_words(code)),
        Fate::Sent { grant, .. } => grant,
    };
    let facts = facts(platform);
    let mut text = if !grant.identifiers() {
        "no identifiers".to_owned()
    } else if grant.limited() {
        "limited".to_owned()
    } else if grant.personalised() {
        "full".to_owned()
    } else {
        "not personalised".to_owned()
    };
    let untold = !grant.limited() && !grant.personalised() && facts.impersonal.is_none();
    if untold {
        text.push_str(" (no switch)");
    }
    text
}

const ORDER: [&str; 11] = [
    "google_ads",
    "ga4",
    "meta",
    "tiktok",
    "pinterest",
    "snapchat",
    "reddit",
    "linkedin",
    "x",
    "microsoft",
    "webhook",
];

/// All visitors, in either place.
fn matrix() -> Vec<(&'static str, Value, [BTreeMap<String, Fate>; 2])> {
    let settings = settings();
    let of = |kind: Kind| {
        let fates =
            PLACES.map(|(country, region, _)| fates(&settings, &kind.consent, country, region));
        (kind.name, kind.consent, fates)
    };
    kinds().into_iter().map(of).collect()
}

#[test]
fn who_may_get_what_is_a_table_that_people_can_read() {
    const TITLES: [&str; 11] = [
        "Google Ads",
        "GA4",
        "Meta",
        "TikTok",
        "Pinterest",
        "Snapchat",
        "Reddit",
        "LinkedIn",
        "X",
        "Microsoft",
        "webhook",
    ];
    let mut rows: Vec<([&str; 2], [String; 11])> = Vec::new();
    for (name, _, fates) in matrix() {
        let [opt_in, opt_out] =
            fates.map(|fates| ORDER.map(|platform| cell(platform, &fates[platform])));
        if opt_in == opt_out {
            rows.push(([name, "either"], opt_in));
        } else {
            rows.push(([name, "opt-in"], opt_in));
            rows.push(([name, "opt-out"], opt_out));
        }
    }
    // Neighbours that nobody can tell apart share a column.
    let new = |at: &usize| *at == 0 || rows.iter().any(|(_, cells)| cells[*at] != cells[at - 1]);
    let columns: Vec<usize> = (0..ORDER.len()).filter(new).collect();
    let title = |(place, at): (usize, &usize)| {
        let end = columns.get(place + 1).copied().unwrap_or(ORDER.len());
        TITLES[*at..end].join(", ")
    };
    let titles: Vec<String> = columns.iter().enumerate().map(title).collect();
    let mut table = format!("\n| visitor | law | {} |\n", titles.join(" | "));
    table.push_str(&format!("|{}\n", "---|".repeat(columns.len() + 2)));
    for ([name, law], cells) in &rows {
        let cells: Vec<&str> = columns.iter().map(|at| cells[*at].as_str()).collect();
        table.push_str(&format!("| {name} | {law} | {} |\n", cells.join(" | ")));
    }
    generated("consent.md", "matrix", &table);
}

/// The members of a body that are about consent, by their places.
fn switches(body: &Value, at: &str, found: &mut Vec<String>) {
    const NAMES: &[&str] = &[
        "data_processing_options",
        "data_processing_options_country",
        "data_processing_options_state",
        "opt_out",
        "opt_out_type",
        "consent",
        "limited_data_use",
        "adStorageConsent",
    ];
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                let at = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                if NAMES.contains(&name.as_str()) {
                    found.push(format!("{at}: {value}"));
                } else {
                    switches(value, &at, found);
                }
            }
        }
        // The one event of the batch.
        Value::Array(all) => all.iter().for_each(|value| switches(value, at, found)),
        _ => {}
    }
}

/// Whether the member of a body at the end of this path, wherever it begins, says that something is not permitted.
fn says(body: &Value, path: &[&str]) -> bool {
    let here = path.iter().try_fold(body, |value, name| value.get(name));
    match here {
        // The webhook is told what is permitted, the platforms what is not.
        Some(Value::Bool(permitted)) if path == ["consent", "personalised"] => !permitted,
        Some(Value::Bool(forbidden)) => *forbidden,
        Some(Value::String(word)) => word != "GRANTED" && word != "CONSENT_GRANTED",
        Some(Value::Array(options)) => !options.is_empty(),
        Some(Value::Object(options)) => !options.is_empty(),
        _ => match body {
            Value::Object(members) => members.values().any(|value| says(value, path)),
            Value::Array(all) => all.iter().any(|value| says(value, path)),
            _ => false,
        },
    }
}

#[test]
fn each_platforms_own_switches_as_they_stand_in_its_requests() {
    let mut by_platform: BTreeMap<&str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (name, _, fates) in matrix() {
        for (fates, (.., law)) in fates.iter().zip(PLACES) {
            for platform in ORDER {
                let Fate::Sent { grant, body } = &fates[platform] else {
                    continue;
                };
                let mut found = Vec::new();
                switches(body, "", &mut found);
                let context = format!("{platform}: {name}, {law}: {found:?}");
                // What the facts say that it is told by, it is told by, and only then.
                let facts = facts(platform);
                let says = |field: &str| says(body, &field.split('.').collect::<Vec<_>>());
                if let Some(field) = facts.impersonal {
                    assert_eq!(says(field), !grant.personalised(), "{context}");
                }
                if facts.limited_use != facts.impersonal {
                    let told = facts.limited_use.is_some_and(says);
                    assert_eq!(told, grant.limited(), "{context}");
                }
                let said = if found.is_empty() {
                    "nothing".to_owned()
                } else {
                    found.join(", ")
                };
                let visitor = format!("{name}, {law}");
                by_platform
                    .entry(platform)
                    .or_default()
                    .entry(said)
                    .or_default()
                    .push(visitor);
            }
        }
    }
    let mut text = String::new();
    for (platform, said) in by_platform {
        text.push_str(&format!("{platform}\n"));
        for (said, visitors) in said {
            text.push_str(&format!("  {said}\n"));
            for visitor in visitors {
                text.push_str(&format!("    {visitor}\n"));
            }
        }
    }
    keep("switches", &text);
}

/// Of advertising, which a grant without identifiers keeps from everybody.
const OF_ADVERTISING: [&str; 4] = ["Cj0Zq", "IwZq", "fb.1.1794000000777.777", "zq-1"];

#[test]
fn who_may_measure_and_not_identify_gets_no_identifiers() {
    // GA4 with all that it can take.
    let destinations = ORDER.map(|platform| {
        let mut of = platform_settings(platform);
        if platform == "ga4" {
            of["user_data"] = true.into();
        }
        (platform, of)
    });
    let source = json!({"consent": "by_region"});
    let settings = shop(&destinations, &source, &Value::Null);
    let (mut without, mut with) = (0, 0);
    for Kind { name, consent } in kinds() {
        for (country, region, _) in PLACES {
            for (platform, fate) in fates(&settings, &consent, country, region) {
                let Fate::Sent { grant, body } = fate else {
                    continue;
                };
                let body = body.to_string();
                let shown =
                    body.contains("sha256") || OF_ADVERTISING.iter().any(|of| body.contains(of));
                if !grant.identifiers() {
                    without += 1;
                    assert!(!shown, "{platform}: {name}");
                } else if platform == "ga4" {
                    with += 1;
                    assert!(shown, "{platform}: {name}");
                }
            }
        }
    }
    assert!(without >= 6 && with >= 6, "{without} {with}");
}

/// Holds a text against the one that is kept, beside the goldens.
fn keep(name: &str, text: &str) {
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(format!("consent__{name}"), text);
    });
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What the explanation says of a destination, in the words of a fate.
fn explained(row: &Value) -> (String, Vec<String>) {
    let verdict = match row["code"].as_str() {
        Some(code) => code.to_owned(),
        None => row["verdict"].as_str().unwrap().to_owned(),
    };
    let flags = row["flags"].as_array().into_iter().flatten();
    let flags = flags.map(|flag| flag.as_str().unwrap().to_owned());
    (verdict, flags.collect())
}

fn fated(fate: &Fate) -> (String, Vec<String>) {
    let grant = match fate {
        Fate::Kept { code } => return (code.clone(), Vec::new()),
        Fate::Sent { grant, .. } => grant,
    };
    let flags = [
        (grant.limited(), "limited_data_use"),
        (!grant.personalised(), "no_personalisation"),
        (!grant.identifiers(), "no_identifiers"),
    ];
    let flags: Vec<String> = flags
        .iter()
        .filter(|(there, _)| *there)
        .map(|(_, flag)| (*flag).to_owned())
        .collect();
    let verdict = if flags.is_empty() {
        "send"
    } else {
        "send_limited"
    };
    (verdict.to_owned(), flags)
}

#[test]
fn the_explanation_is_what_happens() {
    let settings = settings();
    for (name, consent, fates) in matrix() {
        for (fates, (country, ..)) in fates.iter().zip(PLACES) {
            let source = json!({"source": "shop", "country": country, "consent": consent});
            let without = json!({"country": country, "consent": consent});
            for question in [source, without] {
                let question = question.to_string();
                let question = Question::read(question.as_bytes()).unwrap();
                let told = json_of(&question.told_by(&settings, NOW).unwrap());
                let rows = told["destinations"].as_array().unwrap();
                assert_eq!(rows.len(), ALL.len());
                for row in rows {
                    let platform = row["destination"].as_str().unwrap();
                    assert_eq!(
                        explained(row),
                        fated(&fates[platform]),
                        "{platform}: {name}, {country}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_facts_say_which_platforms_have_a_field_for_opt_outs() {
    for facts in FACTS {
        let has = facts.limited_use.is_some();
        assert_eq!(has, known(facts.platform).limited_use, "{}", facts.platform);
    }
    let listed: Vec<&str> = FACTS.iter().map(|facts| facts.platform).collect();
    let all: Vec<&str> = ALL.iter().map(|entry| entry.platform).collect();
    assert_eq!(listed, all);
}

/// The strings of the vectors, and pieces of them.
#[test]
fn nothing_that_is_explained_is_repeated() {
    let rows: Value = serde_json::from_str(&crate::support::read(
        &crate::support::fixtures().join("consent-strings.json"),
    ))
    .unwrap();
    let mut asked = 0;
    for row in rows.as_array().unwrap() {
        let Some(text) = row["input"].as_str().filter(|text| text.len() > 12) else {
            continue;
        };
        for name in [
            "tcf",
            "gpp",
            "us_privacy",
            "additional_consent",
            "gcs",
            "gcd",
        ] {
            let question = json!({"consent": {name: text}}).to_string();
            let Ok(question) = Question::read(question.as_bytes()) else {
                continue;
            };
            let told = question.told(NOW);
            asked += 1;
            assert!(!told.contains(&text[..12]), "{name} {text}");
        }
    }
    assert!(asked > 500, "{asked}");
}

/// A TC string with restrictions of a range of vendors each.
fn crammed(restrictions: &[(u64, u64, u16, u16)]) -> String {
    let mut core = Bits::default();
    core.put(2, 6).put(0, 36).put(0, 36).put(0, 12);
    core.put(0, 12).put(0, 6).put(0, 12).put(0, 12);
    core.put(5, 6).put(0, 2).put(0, 12);
    core.put(0, 24).put(0, 24).put(0, 1).put(0, 12);
    for _ in 0..2 {
        core.put(2000, 16).put(1, 1).put(1, 12);
        core.put(1, 1).put(1, 16).put(2000, 16);
    }
    core.put(restrictions.len() as u64, 12);
    for (purpose, kind, start, end) in restrictions {
        core.put(*purpose, 6).put(*kind, 2).put(1, 12);
        core.put(1, 1)
            .put((*start).into(), 16)
            .put((*end).into(), 16);
    }
    core.text()
}

/// How long an answer about two TC strings and everything else may be, in bytes.
const LONGEST_ANSWER: usize = 320 * 1024;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_string_makes_a_long_answer(
        restrictions in prop::collection::vec((0..64_u64, 0..4_u64, 1..63_000_u16, 0..2500_u16), 0..450),
        providers in prop::collection::vec(0..30_000_u32, 0..600),
    ) {
        let restrictions: Vec<_> = restrictions
            .into_iter()
            .map(|(purpose, kind, start, more)| (purpose, kind, start, start + more))
            .collect();
        let tcf = crammed(&restrictions);
        let providers: Vec<String> = providers.iter().map(ToString::to_string).collect();
        let question = json!({"consent": {
            "tcf": tcf,
            "gpp": format!("DBABMA~{tcf}"),
            "gpp_sid": vec![2; 32],
            "additional_consent": format!("2~{}~dv.", providers.join(".")),
        }});
        let question = question.to_string();
        let told = Question::read(question.as_bytes()).unwrap().told(NOW);
        prop_assert!(told.len() < LONGEST_ANSWER, "{}", told.len());
        let told = json_of(&told);
        let fields = &told["signals"][0]["fields"];
        prop_assert_eq!(&fields["error"], &Value::Null);
        // Whatever is not listed is said as a number.
        let listed = fields["publisher_restrictions"].as_array().map_or(0, Vec::len);
        let further = fields["publisher_restrictions_further"].as_u64().unwrap_or(0);
        prop_assert_eq!(listed as u64 + further, restrictions.len() as u64);
        let mut ids = 4000;
        for one in fields["publisher_restrictions"].as_array().into_iter().flatten() {
            match &one["vendor_ids"] {
                Value::Array(list) => ids += list.len(),
                more => prop_assert!(more["count"].as_u64().unwrap() > 0),
            }
        }
        prop_assert!(ids <= 20_000, "{ids}");
    }
}

#[test]
fn a_publisher_with_many_restrictions_is_listed_whole() {
    let all: Vec<_> = (1..=10).map(|purpose| (purpose, 0, 1, 1200)).collect();
    let question = json!({"consent": {"tcf": crammed(&all)}}).to_string();
    let told = json_of(&Question::read(question.as_bytes()).unwrap().told(NOW));
    let fields = &told["signals"][0]["fields"];
    let listed = fields["publisher_restrictions"].as_array().unwrap();
    let ids = |one: &Value| one["vendor_ids"].as_array().unwrap().len();
    assert_eq!(listed.iter().map(ids).collect::<Vec<_>>(), [1200; 10]);
    assert_eq!(fields["vendor_consents"].as_array().unwrap().len(), 2000);
    assert_eq!(fields["publisher_restrictions_further"], Value::Null);
}

#[test]
fn a_question_that_is_wrong_is_told_why() {
    for (question, path, code) in [
        (
            r#"{"consent": {"tcff": "x"}}"#,
            "consent.tcff",
            "unknown_key",
        ),
        (r#"{"consent": {"gpc": "x"}}"#, "consent.gpc", "wrong_type"),
        (r#"{"country": "Atlantis"}"#, "country", "invalid_choice"),
        (r#"{"source": "nobody"}"#, "source", "request_invalid"),
        ("[1]", "", "wrong_type"),
        ("{", "", "malformed_json"),
    ] {
        let read = Question::read(question.as_bytes());
        let error = read
            .and_then(|question| question.told_by(&settings(), NOW))
            .unwrap_err();
        assert_eq!(
            (&*error.path, error.code.as_str()),
            (path, code),
            "{question}"
        );
    }
}

/// A question and its answer, as an operator sees them.
#[test]
fn an_answer_that_people_read() {
    let question = json!({
        "source": "shop", "country": "FR",
        "consent": {
            "ad_user_data": "granted", "ad_personalization": "granted", "gcs": "G101",
            "tcf": tc(&[1, 3, 7, 8], &[21, 755], Some(&[21, 755])), "additional_consent": AC_NOT_META,
            "gpp": california(1, 0), "gpp_sid": [8], "us_privacy": "1YNN", "gdpr_applies": false, "legal_basis": "contract",
        },
    })
    .to_string();
    let told = Question::read(question.as_bytes()).unwrap();
    let told = json_of(&told.told_by(&settings(), NOW).unwrap());
    keep(
        "explained",
        &format!(
            "{question}\n\n{}",
            serde_json::to_string_pretty(&told).unwrap()
        ),
    );
    let unreadable = json!({"consent": {"tcf": "CQtDjkAQtDjkAEEADB", "gpp": "DBABBg~BVqq!", "additional_consent": "2~89", "us_privacy": "1YN", "gcd": "13"}}).to_string();
    let told = Question::read(unreadable.as_bytes()).unwrap();
    let told = json_of(&told.told(NOW));
    keep(
        "unreadable",
        &serde_json::to_string_pretty(&told["signals"]).unwrap(),
    );
}

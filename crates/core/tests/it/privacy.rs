//! Nobody's plain identifier leaves, is queued, is answered or is shown, however it is spelt and wherever it stood.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::event::Event;
use edgetally_core::identity::{Country2, Hints};
use edgetally_core::intake::Batch;
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::guards::{takes_in_clear, texts};
use crate::support::{NOW, all_platforms, envelopes};

/// Every way in which a text could still be read.
fn spellings(text: &str) -> Vec<String> {
    let percent: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let json = serde_json::to_string(text).unwrap();
    let mut spellings = vec![
        text.to_owned(),
        percent.clone(),
        percent.replace('+', "%20"),
        STANDARD.encode(text),
        URL_SAFE_NO_PAD.encode(text),
        json.trim_matches('"').to_owned(),
        text.chars()
            .flat_map(|c| {
                if c.is_ascii_alphanumeric() {
                    vec![c]
                } else {
                    format!("\\u{:04x}", u32::from(c)).chars().collect()
                }
            })
            .collect(),
    ];
    // Base64 of a text inside another one, at the three places where it may begin.
    for skip in 1..3 {
        let shifted = STANDARD.encode(format!("{}{text}", "x".repeat(skip)));
        spellings.push(
            shifted
                .get(4..shifted.len() - 4)
                .unwrap_or_default()
                .to_owned(),
        );
    }
    spellings.retain(|spelling| spelling.len() >= 6);
    spellings
}

/// What to look for, in lower case: made once for each visitor.
pub(crate) fn needles<'a>(identifiers: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut needles: Vec<String> = identifiers
        .into_iter()
        .flat_map(|identifier| spellings(identifier))
        .map(|spelling| spelling.to_lowercase())
        .collect();
    needles.sort();
    needles.dedup();
    needles
}

/// Which of the needles a text shows, in any case of its letters.
pub(crate) fn shows<'n>(text: &str, needles: &'n [String]) -> Option<&'n String> {
    let lower = text.to_lowercase();
    needles
        .iter()
        .find(|needle| lower.contains(needle.as_str()))
}

/// Everything that becomes visible of a request: by name.
fn traces(settings: &Settings, body: &str) -> Vec<(String, String)> {
    let mut traces = Vec::new();
    let source = settings.source("shop").unwrap();
    if let Ok(event) = Event::parse(body, NOW) {
        traces.push(("Debug of the event".to_owned(), format!("{event:?}")));
    }
    let batch = match Batch::read(settings, source, None, body.as_bytes(), NOW) {
        Ok(batch) => batch,
        Err(error) => return vec![("error".to_owned(), format!("{error} {error:?}"))],
    };
    traces.push(("Debug of the batch".to_owned(), format!("{batch:?}")));
    let plan = batch.finish(|_| None, "e1");
    traces.push(("Debug of the plan".to_owned(), format!("{plan:?}")));
    traces.push(("answer".to_owned(), plan.answer.clone()));
    traces.push(("queue".to_owned(), plan.messages.concat()));
    let envelopes = envelopes(&plan.messages);
    traces.push(("Debug of the envelope".to_owned(), format!("{envelopes:?}")));
    let mut gates = Gates::new();
    let mut delivery = Delivery::new(settings, &envelopes, &gates, NOW);
    while let Some(flight) = delivery.next(&mut gates, NOW) {
        let request = &flight.request;
        traces.push((
            format!("request to {}", flight.destination),
            format!(
                "{} {} {:?} {} {}",
                flight.address,
                request.uri(),
                request.headers(),
                String::from_utf8(request.body().clone()).unwrap(),
                STANDARD
                    .decode(request.body())
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                    .unwrap_or_default()
            ),
        ));
        traces.push(("Debug of the flight".to_owned(), format!("{flight:?}")));
        delivery.answer(
            flight.ticket,
            &Ok(edgetally_core::outcome::Reply {
                status: 400,
                ..Default::default()
            }),
            &mut gates,
            NOW,
        );
    }
    traces.push(("Debug of the delivery".to_owned(), format!("{delivery:?}")));
    let aftermath = delivery.finish(NOW);
    traces.push((
        "Debug of the aftermath".to_owned(),
        format!("{aftermath:?}"),
    ));
    for after in aftermath {
        traces.push((
            "report".to_owned(),
            serde_json::to_string(&after.reports).unwrap(),
        ));
        traces.extend(
            after
                .messages
                .into_iter()
                .map(|message| ("retry".to_owned(), message.text)),
        );
    }
    traces
}

/// A visitor whose every identifier is long and strange enough to be found again.
#[derive(Debug, Clone)]
struct Visitor {
    email: String,
    phone: String,
    first_name: String,
    last_name: String,
    street: String,
    external_id: String,
}

fn visitor() -> impl Strategy<Value = Visitor> {
    let word = "[bdfgkmnprtvz][aeiou][bdfgkmnprtvz]{2}[aeiou][bdfgkmnprtvz]";
    (
        (
            word,
            word,
            prop_oneof![
                Just("Gmail.com"),
                Just("post.example"),
                Just("mx.xn--p1ai"),
                Just("büro.example")
            ],
            prop_oneof![Just(""), Just("+shop")],
        ),
        prop_oneof![
            "\\+49 1512 [1-9][0-9]{6}",
            "\\(0\\)1512/[1-9][0-9]{6}",
            "0049-151-2[1-9][0-9]{6}",
            "01512[1-9][0-9]{6}"
        ],
        (word, "[A-Z][a-z]{4}-O’[A-Z][a-z]{4}ß"),
        "[A-Z][a-z]{6}strasse [1-9][0-9]{2}",
        "cust-[a-f0-9]{10}",
    )
        .prop_map(
            |((a, b, domain, plus), phone, (first, last), street, external_id)| Visitor {
                email: format!("{}.{b}{plus}@{domain}", a.to_uppercase()),
                phone,
                first_name: first.to_uppercase(),
                last_name: last,
                street,
                external_id,
            },
        )
}

impl Visitor {
    /// The identifiers that have to vanish from whatever text they stand in, with the spellings of their dialects.
    fn everywhere(&self) -> Vec<String> {
        let lower = self.email.to_lowercase();
        let (local, domain) = lower.split_once('@').unwrap();
        let digits: String = self.phone.chars().filter(char::is_ascii_digit).collect();
        let national = digits[digits.len() - 10..].to_owned();
        vec![
            self.email.clone(),
            format!("{}@{domain}", local.replace('.', "")),
            format!(
                "{}@{domain}",
                local.split('+').next().unwrap().replace('.', "")
            ),
            self.phone.clone(),
            national,
        ]
    }

    /// Those that only come in fields of their own.
    fn in_fields(&self) -> Vec<String> {
        vec![
            self.first_name.clone(),
            self.last_name.clone(),
            self.last_name.to_lowercase().replace(['-', '’'], ""),
            self.street.clone(),
        ]
    }
}

/// An event with the visitor's identifiers in their own fields, and `planted` wherever a site might put it.
fn event(visitor: &Visitor, planted: &str, place: usize) -> Value {
    let encoded: String = form_urlencoded::byte_serialize(planted.as_bytes()).collect();
    let mut event = json!({
        "event": "purchase", "event_id": "ord-1", "value": 12.50, "currency": "EUR", "transaction_id": "T-1",
        "items": [{"item_id": "SKU", "item_name": "Lamp"}],
        "user": {"email": visitor.email, "phone": visitor.phone, "first_name": visitor.first_name,
                 "last_name": visitor.last_name, "street": visitor.street, "external_id": visitor.external_id,
                 "date_of_birth": "1983-11-27", "gender": "female"},
        "context": {"page_url": "https://shop.example/thanks", "user_agent": "Browser", "client_id": "11.22", "ip": "203.0.113.8"},
        "consent": {"ad_storage": "granted", "analytics_storage": "granted", "ad_user_data": "granted", "ad_personalization": "granted"},
        "properties": {},
    });
    match place {
        0 => {}
        1 => event["properties"]["note"] = json!(format!("call {planted} back")),
        2 => event["properties"]["search_term"] = json!(planted),
        3 => event["properties"][planted] = json!(true),
        4 => {
            event["context"]["page_url"] =
                json!(format!("https://shop.example/u/{encoded}/thanks?gclid=A"));
        }
        5 => {
            event["context"]["page_url"] = json!(format!(
                "https://shop.example/thanks?email={encoded}&gclid={encoded}&utm_term={encoded}#{planted}"
            ));
        }
        6 => event["context"]["page_url"] = json!(format!("https://{encoded}@shop.example/thanks")),
        7 => event["context"]["page_title"] = json!(format!("Hello {planted}!")),
        8 => {
            event["context"]["referrer"] = json!(format!(
                "https://shop.example/{encoded}?utm_source={encoded}"
            ));
        }
        9 => event["items"][0]["item_name"] = json!(format!("Voucher for {planted}")),
        10 => event["items"][0]["item_variant"] = json!(planted),
        11 => event["items"][0]["coupon"] = json!(planted.to_uppercase()),
        12 => event["context"]["client_id"] = json!(planted),
        13 => event["context"]["session_id"] = json!(planted.chars().take(60).collect::<String>()),
        14 => event["context"]["user_agent"] = json!(format!("Browser ({planted})")),
        15 => {
            event["context"]["cookies"] = json!({"_ga": encoded, "_fbp": format!("fb.1.1794000000000.{encoded}"), "li_fat_id": planted});
        }
        16 => event["context"]["click_ids"] = json!({"gclid": encoded, "ttclid": planted}),
        17 => event["release"] = json!(planted.chars().take(60).collect::<String>()),
        18 => event["action_source"] = json!(planted.chars().take(60).collect::<String>()),
        19 => event["user"][planted] = json!(1),
        20 => event["event"] = json!(planted),
        21 => event["currency"] = json!(planted),
        22 => event["event_time"] = json!(planted),
        23 => event["consent"]["us_privacy"] = json!(planted.chars().take(60).collect::<String>()),
        24 => {
            event["properties"]["digits"] = json!(
                planted
                    .chars()
                    .filter(char::is_ascii_digit)
                    .collect::<String>()
                    .parse::<u64>()
                    .unwrap_or(0)
            );
        }
        _ => event["context"]["ip"] = json!(planted.chars().take(60).collect::<String>()),
    }
    event
}

const PLACES: usize = 26;

/// Where the shop's own id of a visitor may be read: LinkedIn takes it in clear where its settings say so, and the queue, or
/// the letter of a refused event, brings it there.
const KNOWS_THE_ID: &[&str] = &[
    "request to linkedin",
    "queue",
    "Debug of the plan",
    "retry",
    "report",
    "Debug of the aftermath",
];

/// Places that take no more than an e-mail address away: texts in which digits are at home.
const KEEPS_DIGITS: &[usize] = &[15, 16];

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_plain_identifier_leaves_or_is_shown(visitor in visitor()) {
        let settings = all_platforms(&json!({"default_country": "DE"}));
        let id = needles([&visitor.external_id]);
        let needles = needles(visitor.everywhere().iter().chain(&visitor.in_fields()));
        for planted in [&visitor.email, &visitor.phone] {
            for place in 0..PLACES {
                if planted == &visitor.phone && KEEPS_DIGITS.contains(&place) {
                    continue;
                }
                let body = event(&visitor, planted, place).to_string();
                for (name, trace) in traces(&settings, &body) {
                    let shown = shows(&trace, &needles);
                    prop_assert!(shown.is_none(), "{planted} planted at {place}: {shown:?} is shown in {name}: {trace}");
                    let shown = shows(&trace, &id).filter(|_| !KNOWS_THE_ID.contains(&name.as_str()));
                    prop_assert!(shown.is_none(), "{shown:?} is shown in {name}: {trace}");
                }
            }
        }
    }

    #[test]
    fn an_id_that_holds_an_address_is_refused_without_repeating_it(visitor in visitor()) {
        let settings = all_platforms(&Value::Null);
        let needles = needles([&visitor.email]);
        for key in ["event_id", "transaction_id"] {
            for id in [visitor.email.clone(), format!("order of {}", visitor.email), format!("{}-7", visitor.email), visitor.email.replace('@', "%40")] {
                let mut event = event(&visitor, "", 0);
                event[key] = json!(id);
                let traces = traces(&settings, &event.to_string());
                prop_assert!(traces.iter().any(|(name, trace)| name == "answer" && trace.contains("event_id_invalid")));
                for (name, trace) in traces {
                    prop_assert!(shows(&trace, &needles).is_none(), "{name}: {trace}");
                }
            }
        }
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let email = "Jane.Doe+x@post.example";
    let needles = needles([&email.to_owned()]);
    for text in [
        "to jane.doe+x@POST.example!".to_owned(),
        "q=Jane.Doe%2Bx%40post.example".to_owned(),
        STANDARD.encode(email),
        STANDARD.encode(format!("a{email}, and more")),
        STANDARD.encode(format!("ab{email}, and more")),
        r#"{"a":"jane.doe+x\u0040post.example"}"#
            .replace(".doe+x", "\\u002edoe\\u002bx")
            .replace("post.e", "post\\u002ee"),
    ] {
        assert!(shows(&text, &needles).is_some(), "{text}");
    }
    assert!(shows("somebody else", &needles).is_none());
}

#[test]
fn what_a_platform_takes_in_clear_goes_to_that_platform_only() {
    let settings = all_platforms(&json!({"default_country": "DE"}));
    // None of them can stand in a digest by chance. Countries are too short to be looked for like this; guards.rs does.
    let user = [
        ("email", "Kirsten.Zweig@post.example"),
        ("phone", "+49 1512 7788990"),
        ("first_name", "Kirsten"),
        ("last_name", "Zweig-Löwe"),
        ("date_of_birth", "1979-04-17"),
        ("street", "Prinzenpark 12 a"),
        ("city", "Zweibrücken-Süd"),
        ("region", "Rheinland-Pfalz"),
        ("postal_code", "QX7 4ZB"),
        ("external_id", "Kunde-Zwölf-77"),
    ];
    let mut body = json!({
        "event": "contact", "event_id": "c", "action_source": "email", "user": {"country": "DE"},
        "context": {"client_id": "1.2"},
        "consent": {"ad_user_data": "granted", "ad_personalization": "granted", "analytics_storage": "granted"},
    });
    for (identifier, text) in user {
        body["user"][identifier] = json!(text);
    }
    let hints = Hints {
        default_country: Country2::parse("DE"),
    };
    let mut read = BTreeSet::new();
    for (name, trace) in traces(&settings, &body.to_string()) {
        let Some(platform) = name.strip_prefix("request to ") else {
            continue;
        };
        for (identifier, text) in user {
            if shows(&trace, &needles(&texts(identifier, text, hints))).is_some() {
                assert!(
                    takes_in_clear(platform, identifier),
                    "{identifier} is shown to {platform}"
                );
                read.insert((platform.to_owned(), identifier));
            }
        }
    }
    for identifier in ["city", "region", "postal_code"] {
        assert!(read.contains(&("ga4".to_owned(), identifier)), "{read:?}");
    }
}

#[test]
fn no_secret_is_shown_by_what_is_printed() {
    let settings = all_platforms(&Value::Null);
    assert!(!format!("{settings:?}").contains("FIXTURE_"));
    let body = json!({
        "event": "contact", "event_id": "c", "action_source": "email", "user": {"email": "k@post.example"},
        "context": {"client_id": "1.2"}, "consent": {"ad_user_data": "granted", "analytics_storage": "granted"},
    });
    let traces = traces(&settings, &body.to_string());
    assert!(
        traces
            .iter()
            .any(|(name, trace)| name == "request to ga4"
                && trace.contains("FIXTURE_GA4_API_SECRET"))
    );
    for (name, trace) in traces
        .iter()
        .filter(|(name, _)| !name.starts_with("request to"))
    {
        assert!(!trace.contains("FIXTURE_"), "{name}: {trace}");
    }
}

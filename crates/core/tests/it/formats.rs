//! Every format through the door, as its fixtures say: who sends, what arrived, what is answered, what leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use edgetally_core::intake::{
    Arrival, Batch, Format, Header, Headers, Outcome, Plan, Response, error_of, pixel,
};
use edgetally_core::ledger::State;
use edgetally_core::queue::envelope::{Message, open};
use edgetally_core::routes::{Handler, ROUTES, Route};
use edgetally_core::settings::Settings;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{NOW, files, fixtures, platform_settings, requests, shop, show};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Golden {
    about: String,
    source: Value,
    headers: BTreeMap<String, String>,
    country: Option<String>,
    region: Option<String>,
    query: String,
    body: String,
    /// Of a format with several addresses: the one that it came to.
    path: Option<String>,
}

/// What the worker does with a request, less the claims, the queue and the runtime.
fn through(
    settings: &Settings,
    format: &'static Format,
    path: &str,
    golden: &Golden,
) -> (Response, Option<Plan>) {
    let value = |name: &str| golden.headers.get(name).map_or("", String::as_str);
    let common: Vec<&str> = Header::NAMES.iter().map(|name| value(name)).collect();
    let own: Vec<&str> = format.headers.iter().map(|name| value(name)).collect();
    let arrival = Arrival {
        host: "events.shop.example",
        path,
        query: &golden.query,
        headers: Headers::new(&common).with(format.headers, &own),
        country: golden.country.as_deref(),
        region: golden.region.as_deref(),
        body: golden.body.as_bytes(),
        now: NOW,
    };
    let plan = format.check_headers(&arrival.headers).and_then(|()| {
        let caller = (format.recognise)(settings, &arrival).map_err(error_of)?;
        let visit = caller.visit(&arrival);
        let batch = Batch::open(format, settings, caller.source, visit.as_ref(), &arrival)?;
        Ok(batch.finish(|_| None, "e1"))
    });
    match plan {
        Ok(plan) => (plan.answer.clone(), Some(plan)),
        Err(error) => (
            (format.answer)(None, &arrival, &Outcome::Refused(&error)),
            None,
        ),
    }
}

fn settings(source: &Value) -> Settings {
    let destinations = ["webhook", "meta"].map(|name| (name, platform_settings(name)));
    shop(&destinations, source, &Value::Null)
}

fn intakes() -> impl Iterator<Item = (&'static Route, &'static Format)> {
    ROUTES.iter().filter_map(|route| match route.handler {
        Handler::Intake(format) => Some((route, format)),
        _ => None,
    })
}

/// What a plan counts: destination, state, code and number.
fn counted(plan: &Plan) -> Vec<String> {
    let mut counted = Vec::new();
    for message in &plan.messages {
        let counts = match open(message).unwrap() {
            Message::Events(envelope) => envelope.counts,
            Message::Report(report) => report.counts,
        };
        // What is measured of every event is tested where it is counted.
        let told = counts.iter();
        for (line, n) in told.filter(|(line, _)| !State::MEASURED.contains(&line.state)) {
            counted.push(format!(
                "{} {} {} {n}",
                line.destination,
                line.state.as_str(),
                line.code
            ));
        }
    }
    counted
}

#[test]
fn every_format_answers_and_sends_as_recorded() {
    let mut seen = BTreeSet::new();
    for (route, format) in intakes() {
        let found = files(&fixtures().join("formats").join(format.name));
        assert!(!found.is_empty(), "{} has no fixtures", format.name);
        for (name, text) in found {
            let golden: Golden = serde_json::from_str(&text).unwrap();
            if golden
                .path
                .as_deref()
                .is_some_and(|path| path != route.path)
            {
                continue;
            }
            seen.insert(format!("{}/{name}", format.name));
            let settings = settings(&golden.source);
            let (answer, plan) = through(&settings, format, route.path, &golden);
            let mut shown = format!("{} {}\n", answer.status, answer.media);
            for (name, value) in &answer.headers {
                writeln!(shown, "{name}: {value}").unwrap();
            }
            match answer.text() {
                "" => writeln!(shown, "\n({} bytes)", answer.body.len()).unwrap(),
                text => writeln!(shown, "\n{}", crate::support::spread(text)).unwrap(),
            }
            if let Some(plan) = plan {
                for line in counted(&plan) {
                    writeln!(shown, "counted: {line}").unwrap();
                }
                for (_, request) in requests(&settings, &plan.messages, NOW) {
                    shown.push('\n');
                    shown.push_str(&show(&request));
                }
            }
            insta::with_settings!({
                prepend_module_to_snapshot => false,
                omit_expression => true,
                description => &golden.about,
            }, { assert_snapshot!(format!("format__{}__{name}", format.name), shown) });
        }
    }
    for (_, format) in intakes() {
        for (name, _) in files(&fixtures().join("formats").join(format.name)) {
            let name = format!("{}/{name}", format.name);
            assert!(
                seen.contains(&name),
                "{name} came to an address that there is not"
            );
        }
    }
}

/// Headers of a format's own are asked for by name, and in lower case since that is how they are compared.
#[test]
fn a_formats_own_headers_are_none_of_the_common_ones() {
    for (_, format) in intakes() {
        for name in format.headers {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert!(!Header::NAMES.contains(name), "{name}");
        }
    }
    let values: Vec<String> = (0..Header::NAMES.len()).map(|n| n.to_string()).collect();
    let common: Vec<&str> = values.iter().map(String::as_str).collect();
    let headers = Headers::new(&common).with(&["x-shop-hmac", "x-shop-topic"], &["", "orders"]);
    assert_eq!(headers.get(Header::Key), Some("0"));
    assert_eq!(
        headers.get(Header::Ip),
        values.last().map(String::as_str),
        "the last variant is the last name"
    );
    assert_eq!(headers.own("x-shop-topic"), Some("orders"));
    assert_eq!(headers.own("x-shop-hmac"), None);
    assert_eq!(headers.own("origin"), None);
}

fn page(query: &str) -> Golden {
    let headers = [("referer", "https://shop.example/thanks")];
    Golden {
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        query: query.to_owned(),
        ..Golden::default()
    }
}

fn pixel_of(golden: &Golden) -> (Response, Option<Plan>) {
    through(
        &settings(&Value::Null),
        &pixel::FORMAT,
        "/v1/pixel.gif",
        golden,
    )
}

fn result(response: &Response) -> &str {
    let mut headers = response.headers.iter();
    let found = headers.find(|(name, _)| *name == "x-edgetally-result");
    found.map_or("", |(_, value)| value)
}

/// What decides on a fault is the native format's: the same code for the same mistake.
#[test]
fn a_pixel_is_refused_as_the_native_event_is() {
    let settings = settings(&Value::Null);
    let source = settings.source("shop").unwrap();
    for (query, native) in [
        ("", json!({})),
        ("event=Purchase", json!({"event": "Purchase"})),
        ("event=undefined", json!({"event": "undefined"})),
        ("event=contact", json!({"event": "contact"})),
        (
            "event=contact&event_id=%7B%7Bid%7D%7D",
            json!({"event": "contact", "event_id": "{{id}}"}),
        ),
        (
            "event=contact&event_id=jo%40example.com",
            json!({"event": "contact", "event_id": "jo@example.com"}),
        ),
        (
            "event=purchase&event_id=a",
            json!({"event": "purchase", "event_id": "a"}),
        ),
        (
            "event=purchase&event_id=a&value=null",
            json!({"event": "purchase", "event_id": "a", "value": "null"}),
        ),
        (
            "event=purchase&event_id=a&value=1",
            json!({"event": "purchase", "event_id": "a", "value": 1}),
        ),
        (
            "event=purchase&event_id=a&value=1&currency=euro",
            json!({"event": "purchase", "event_id": "a", "value": 1, "currency": "euro"}),
        ),
        (
            "event=purchase&event_id=a&value=-1&currency=EUR",
            json!({"event": "purchase", "event_id": "a", "value": -1, "currency": "EUR"}),
        ),
        (
            "event=purchase&event_id=a&value=1,5&currency=EUR",
            json!({"event": "purchase", "event_id": "a", "value": "1,5", "currency": "EUR"}),
        ),
        (
            "event=purchase&event_id=a&value=1e99&currency=EUR",
            json!({"event": "purchase", "event_id": "a", "value": 1e99, "currency": "EUR"}),
        ),
        (
            "event=contact&event_id=a&event_time=yesterday",
            json!({"event": "contact", "event_id": "a", "event_time": "yesterday"}),
        ),
        (
            "event=contact&event_id=a&event_time=2027-01-01T00:00:00Z",
            json!({"event": "contact", "event_id": "a", "event_time": "2027-01-01T00:00:00Z"}),
        ),
        (
            "event=contact&event_id=a&ad_storage=yes",
            json!({"event": "contact", "event_id": "a", "consent": {"ad_storage": "yes"}}),
        ),
        (
            "event=contact&event_id=a&legal_basis=law",
            json!({"event": "contact", "event_id": "a", "consent": {"legal_basis": "law"}}),
        ),
        (
            "event=contact&event_id=a&gpc=maybe",
            json!({"event": "contact", "event_id": "a", "consent": {"gpc": "maybe"}}),
        ),
        (
            "event=contact&event_id=a&test=perhaps",
            json!({"event": "contact", "event_id": "a", "test": "perhaps"}),
        ),
        (
            "event=contact&event_id=a&evnt_time=1",
            json!({"event": "contact", "event_id": "a", "evnt_time": 1}),
        ),
    ] {
        let native = native.to_string();
        let native = edgetally_core::intake::native::parse(&native, NOW).unwrap_err();
        let mine = pixel::event(query, NOW).unwrap_err();
        assert_eq!(mine.code, native.code, "{query}");
        let path = native.path.trim_start_matches("consent.");
        assert_eq!(mine.path, path.trim_end_matches("[0]"), "{query}");
        let (answer, plan) = pixel_of(&page(&format!("key=pk_shop_0123456789abcdef&{query}")));
        assert_eq!(
            (answer.status, result(&answer)),
            (native.code.status(), native.code.as_str())
        );
        // It is in the ledger as any other refused event is.
        let counted = counted(&plan.unwrap());
        assert_eq!(
            counted,
            [format!(" malformed {} 1", native.code)],
            "{query}"
        );
    }
    assert!(source.key.is_some());
}

#[test]
fn a_pixel_reads_what_the_native_format_reads() {
    let pixel = pixel::event(
        "event=purchase&transaction_id=118842&value=129.90&currency=EUR&event_time=1795342530&release=w%C3%A4g&test=1\
         &ad_storage=granted&analytics_storage=denied&gpp=DBABLA~BVQqAAAAAgA.QA&gpp_sid=7,%208&us_privacy=1YNN&gpc=1",
        NOW,
    )
    .unwrap();
    let native = edgetally_core::intake::native::parse(
        r#"{"event": "purchase", "transaction_id": "118842", "value": 129.90, "currency": "EUR", "event_time": 1795342530,
            "release": "wäg", "test": true, "consent": {"ad_storage": "granted", "analytics_storage": "denied",
            "gpp": "DBABLA~BVQqAAAAAgA.QA", "gpp_sid": [7, 8], "us_privacy": "1YNN", "gpc": true}}"#,
        NOW,
    )
    .unwrap();
    assert_eq!(pixel.signals, native.signals);
    assert_eq!((pixel.id, pixel.time), (native.id, native.time));
    assert_eq!((pixel.release, pixel.test), (native.release, native.test));
    assert_eq!(pixel.money.unwrap().amount.as_str(), "129.90");
}

/// An id in another encoding than UTF-8 would be one with every other that differs in what cannot be read.
#[test]
fn a_pixels_id_has_to_be_readable() {
    let error = pixel::event("event=contact&event_id=M%FCller-1", NOW).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.path.as_str()),
        ("event_id_invalid", "event_id")
    );
    assert!(pixel::event("event=contact&event_id=M%C3%BCller-1", NOW).is_ok());
}

#[test]
fn a_pixels_image_is_kept_by_nobody() {
    assert_eq!(pixel::GIF.len(), 43);
    assert!(pixel::GIF.starts_with(b"GIF89a") && pixel::GIF.ends_with(b"\x3b"));
    let asked = (pixel::FORMAT.answer)(None, &Arrival::of_body(b"", NOW), &Outcome::Asked);
    let (taken, _) = pixel_of(&page(
        "key=pk_shop_0123456789abcdef&event=contact&event_id=a&ad_storage=granted&ad_user_data=granted",
    ));
    let (refused, _) = pixel_of(&page("event=contact"));
    for answer in [&asked, &taken, &refused] {
        assert_eq!(
            (answer.media, &*answer.body),
            ("image/gif", &pixel::GIF[..])
        );
        let said = |header: &str| {
            answer
                .headers
                .iter()
                .find(|(name, _)| *name == header)
                .map(|(_, value)| &**value)
        };
        assert!(said("cache-control").is_some_and(|value| value.contains("no-store")));
        assert_eq!(
            (said("pragma"), said("expires")),
            (Some("no-cache"), Some("0"))
        );
        // Whatever could make an answer of "you have it already".
        assert_eq!((said("etag"), said("last-modified")), (None, None));
    }
    assert_eq!((asked.status, result(&asked)), (200, ""));
    assert_eq!((taken.status, result(&taken)), (200, "received"));
    assert_eq!(
        (refused.status, result(&refused)),
        (401, "credentials_missing")
    );
}

proptest! {
    /// Whatever stands in the address, the answer is the image, with a code that the docs know or a word of the answer.
    #[test]
    fn any_query_is_an_image(query in ".{0,200}", tail in "([a-z_]{1,12}=[ -~]{0,20}&){0,6}") {
        let known = ["received", "blocked", "accepted"];
        for query in [query.clone(), format!("key=pk_shop_0123456789abcdef&{tail}{query}")] {
            let (answer, plan) = pixel_of(&page(&query));
            prop_assert_eq!(&*answer.body, &pixel::GIF[..]);
            let result = result(&answer);
            let code = edgetally_core::base::error::Code::ALL.iter().find(|code| code.as_str() == result);
            match code {
                Some(code) => prop_assert_eq!(answer.status, code.status()),
                None => prop_assert!(answer.status == 200 && known.contains(&result), "{}", result),
            }
            for message in plan.iter().flat_map(|plan| &plan.messages) {
                prop_assert!(matches!(open(message), Ok(Message::Events(_) | Message::Report(_))));
            }
        }
    }

    /// Names and values of the format in any mixture.
    #[test]
    fn any_mixture_of_parameters_is_an_event_or_a_fault(
        pairs in prop::collection::vec((
            prop::sample::select(vec!["event", "event_id", "event_time", "value", "currency", "transaction_id", "release", "test",
                "page_url", "client_id", "session_id", "ad_storage", "ad_user_data", "tcf", "gpp_sid", "gpc", "legal_basis", "cb"]),
            prop_oneof![
                prop::sample::select(vec!["purchase", "contact", "118842", "129.90", "EUR", "granted", "denied", "1", "true",
                    "undefined", "%7B%7Bx%7D%7D", "https%3A%2F%2Fshop.example%2F", "1795342530", "7,8", ""]).prop_map(str::to_owned),
                "[ -~]{0,12}",
                "(%[0-9a-fA-F]{2}){0,6}",
            ],
        ), 0..10),
    ) {
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        match pixel::event(&query.join("&"), NOW) {
            Ok(event) => prop_assert!(!event.name.is_empty() && !event.id.is_empty()),
            Err(error) => prop_assert_eq!(error.code.status(), 422),
        }
    }
}

/// A shop that signs the body it sends with a header of its own, reports more than conversions, wants `200` and nothing else,
/// and has a dialect: what the door has to let through.
mod shop_webhook {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use edgetally_core::base::error::{Code, ParseError};
    use edgetally_core::base::money::{Amount, Currency};
    use edgetally_core::event::draft::{Draft, Sent};
    use edgetally_core::intake::auth::{Caller, Proof};
    use edgetally_core::intake::{Arrival, Events, Format, Outcome, Response};
    use edgetally_core::settings::{Settings, Source};
    use hmac::{Hmac, KeyInit, Mac};
    use serde::Deserialize;
    use serde_json::value::RawValue;
    use sha2::Sha256;

    pub(super) const FORMAT: Format = Format {
        name: "shop",
        media: &[],
        most_bytes: 1 << 20,
        headers: &["x-shop-hmac-sha256", "x-shop-topic"],
        sdk: false,
        page_headers: None,
        dry: false,
        recognise,
        read,
        answer: |_, arrival, outcome| match outcome {
            Outcome::Refused(error) if error.code.status() >= 500 => Response::refusal(error),
            Outcome::Refused(error) => Response {
                media: "text/plain",
                ..Response::json(401, format!("no: {}", error.code))
            },
            Outcome::Read(summary) if summary.taken() => {
                Response::json(200, format!(r#"{{"ok":"{}"}}"#, arrival.path))
            }
            Outcome::Read(_) | Outcome::Asked => Response::json(200, String::new()),
        },
    };

    #[derive(Deserialize)]
    struct Order<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
        #[serde(borrow)]
        total: &'a str,
    }

    pub(super) fn mac(secret: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body);
        mac
    }

    fn recognise<'a>(settings: &'a Settings, arrival: &Arrival<'a>) -> Result<Caller<'a>, Code> {
        let given = arrival.headers.own("x-shop-hmac-sha256");
        let signature = given.ok_or(Code::CredentialsMissing)?;
        let given = STANDARD
            .decode(signature)
            .map_err(|_| Code::SignatureInvalid)?;
        let source = settings.sources.iter().find(|source| {
            let secret = source.secret.as_ref();
            secret.is_some_and(|secret| {
                mac(secret.expose(), arrival.body)
                    .verify_slice(&given)
                    .is_ok()
            })
        });
        let source = source.ok_or(Code::SignatureInvalid)?;
        Ok(Caller {
            source,
            proof: Proof::Bearer,
        })
    }

    fn read<'a>(_: &'a Source, arrival: &Arrival<'a>) -> Result<Events<'a>, ParseError> {
        if arrival.headers.own("x-shop-topic") != Some("orders/paid") {
            return Ok(Vec::new());
        }
        let orders: Vec<Order<'a>> = serde_json::from_slice(arrival.body)
            .map_err(|_| ParseError::new(Code::MalformedJson, "", "is not a list of orders"))?;
        let draft = |order: Order<'a>| Draft {
            name: Some("purchase".into()),
            transaction_id: Some(order.id.get().into()),
            value: Amount::parse(order.total).ok(),
            currency: Currency::parse("EUR").map_or(Sent::Absent, Sent::Known),
            ..Draft::default()
        };
        Ok(orders
            .into_iter()
            .map(|order| draft(order).check(arrival.now))
            .collect())
    }
}

#[test]
fn a_shop_with_a_signature_and_a_dialect_of_its_own_fits_through_the_door() {
    let settings = settings(&json!({"consent": "implied"}));
    let send = |topic: &str, body: &str, signed: &str| {
        let mac = shop_webhook::mac("FIXTURE_SHOP_SECRET_0123456789abcdef", signed.as_bytes());
        let signature = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(hmac::Mac::finalize(mac).into_bytes())
        };
        let headers = [
            ("x-shop-topic", topic),
            ("x-shop-hmac-sha256", signature.as_str()),
        ];
        let golden = Golden {
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: body.to_owned(),
            ..Golden::default()
        };
        through(&settings, &shop_webhook::FORMAT, "/v1/shop", &golden)
    };
    // Beyond 2^53, and white space that a second spelling of the body would not have.
    let order = r#"[ {"id": 820982911946154508, "total": "409.94"} ]"#;
    let (answer, plan) = send("orders/paid", order, order);
    assert_eq!(
        (answer.status, answer.text()),
        (200, r#"{"ok":"/v1/shop"}"#)
    );
    assert!(
        plan.unwrap()
            .messages
            .concat()
            .contains("820982911946154508")
    );
    let (answer, plan) = send("products/update", order, order);
    assert_eq!(
        (answer.status, plan.map(|plan| plan.messages.len())),
        (200, Some(0))
    );
    let (answer, plan) = send(
        "orders/paid",
        order,
        r#"[{"id":820982911946154508,"total":"409.94"}]"#,
    );
    assert_eq!(
        (answer.status, answer.text()),
        (401, "no: signature_invalid")
    );
    assert!(plan.is_none());
    let many: Vec<String> = (0..500)
        .map(|n| format!(r#"{{"id": {n}, "total": "1.50"}}"#))
        .collect();
    let many = format!("[{}]", many.join(","));
    let (answer, plan) = send("orders/paid", &many, &many);
    assert_eq!(
        (answer.status, plan.unwrap().claims.is_empty()),
        (200, false)
    );
}

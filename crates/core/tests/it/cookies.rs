//! The cookies that an answer sets: whose, of what, and for whom not.

use edgetally_core::intake::native::FORMAT;
use edgetally_core::intake::{Arrival, Batch, Header, Headers, Visit};
use edgetally_core::web::KEPT;
use serde_json::{Value, json};

use crate::support::{NOW, all_platforms};

const GRANTED: [&str; 4] = ["granted"; 4];

fn consent([ads, analytics, data, personal]: [&str; 4]) -> Value {
    let all = json!({
        "ad_storage": ads, "analytics_storage": analytics, "ad_user_data": data, "ad_personalization": personal,
    });
    let said = all.as_object().unwrap().iter();
    said.filter(|(_, word)| word.as_str() != Some(""))
        .map(|(key, word)| (key.clone(), word.clone()))
        .collect()
}

struct Asked {
    source: Value,
    query: &'static str,
    origin: &'static str,
    host: &'static str,
    gpc: bool,
    event: Value,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            source: json!({}),
            query: "key=pk_shop_0123456789abcdef&cookies=1",
            origin: "https://shop.example",
            host: "events.shop.example",
            gpc: false,
            event: event(&consent(GRANTED)),
        }
    }
}

/// A visit with every click id and every cookie that is set.
fn event(consent: &Value) -> Value {
    let clicks: serde_json::Map<String, Value> = KEPT
        .iter()
        .filter_map(|kept| kept.click_id)
        .map(|name| {
            let id = if name == "msclkid" {
                "0123456789abcdef0123456789abcdef"
            } else {
                "Ab-12"
            };
            (name.to_owned(), id.into())
        })
        .chain([("fbclid".to_owned(), "IwAR1a-b".into())])
        .collect();
    json!({"event": "page_view", "event_id": "pv-1", "consent": consent, "context": {
        "page_url": "https://shop.example/", "click_ids": clicks, "cookies": {
            "_ga": "GA1.1.1380133182.1764792191", "_fbp": "fb.1.1794870011223.1098115397", "_ttp": "t1", "_scid": "s1",
            "_rdt_uuid": "1794870011223.35009a79-1a05-49d7-b876-2b884d0f825b", "_uetvid": "u1",
        },
    }})
}

/// The answer's `Set-Cookie` headers.
fn set(asked: &Asked) -> Vec<String> {
    let settings = all_platforms(&asked.source);
    let body = asked.event.to_string();
    let mut common = [""; Header::NAMES.len()];
    common[Header::Origin as usize] = asked.origin;
    common[Header::SecGpc as usize] = if asked.gpc { "1" } else { "" };
    let arrival = Arrival {
        host: asked.host,
        query: asked.query,
        headers: Headers::new(&common),
        ..Arrival::of_body(body.as_bytes(), NOW)
    };
    let visit = Visit::of(&arrival);
    let source = &settings.sources[0];
    let batch = Batch::open(&FORMAT, &settings, source, Some(&visit), &arrival).unwrap();
    let answer = batch.finish(|_| None, "e1").answer;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let cookies = answer
        .headers
        .iter()
        .filter(|(name, _)| *name == "set-cookie");
    cookies.map(|(_, line)| line.to_string()).collect()
}

fn names(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line.split('=').next().unwrap())
        .collect()
}

fn all() -> Vec<&'static str> {
    let mut all: Vec<&str> = KEPT.iter().map(|kept| kept.cookie).collect();
    all.sort_unstable();
    all
}

#[test]
fn whoever_agrees_gets_them_all_in_one_answer() {
    let lines = set(&Asked::default());
    assert_eq!(names(&lines), all());
    let line = |name: &str| {
        lines
            .iter()
            .find(|line| line.starts_with(&format!("{name}=")))
            .unwrap()
            .as_str()
    };
    assert_eq!(
        line("_fbc"),
        "_fbc=fb.1.1795342531000.IwAR1a-b; Max-Age=7776000; Path=/; SameSite=Lax; Domain=shop.example; Secure"
    );
    assert!(line("_gcl_aw").starts_with("_gcl_aw=GCL.1795342531.Ab-12; Max-Age=7776000;"));
    assert!(line("_uetmsclkid").starts_with("_uetmsclkid=_uet0123456789abcdef0123456789abcdef;"));
    assert!(line("_ga").starts_with("_ga=GA1.1.1380133182.1764792191; Max-Age=31536000;"));
    for line in &lines {
        assert!(line.len() < 1024, "{line}");
    }
}

#[test]
fn nobody_gets_one_unasked_or_without_storage() {
    let none: &[&str] = &[];
    let of = |words: [&str; 4]| Asked {
        event: event(&consent(words)),
        ..Asked::default()
    };
    let only_ga: &[&str] = &["_ga"];
    let ads: Vec<&str> = all().into_iter().filter(|name| *name != "_ga").collect();
    for (why, asked, expected) in [
        (
            "not asked",
            Asked {
                query: "key=pk_shop_0123456789abcdef",
                ..Asked::default()
            },
            none,
        ),
        ("denied", of(["denied"; 4]), none),
        ("silence", of([""; 4]), none),
        (
            "data may be sent, nothing stored",
            of(["", "", "granted", ""]),
            none,
        ),
        (
            "storage denied",
            of(["denied", "denied", "granted", "granted"]),
            none,
        ),
        (
            "analytics alone",
            of(["denied", "granted", "denied", "denied"]),
            only_ga,
        ),
        (
            "ads alone",
            of(["granted", "denied", "granted", "denied"]),
            &*ads,
        ),
        (
            "an opt-out of sale",
            Asked {
                gpc: true,
                ..Asked::default()
            },
            only_ga,
        ),
        (
            "another site's worker",
            Asked {
                host: "edgetally.mine.workers.dev",
                ..Asked::default()
            },
            none,
        ),
        (
            "a source whose worker sets none",
            Asked {
                source: json!({"client": {"cookies": false}}),
                ..Asked::default()
            },
            none,
        ),
        (
            "no host",
            Asked {
                host: "",
                ..Asked::default()
            },
            none,
        ),
    ] {
        assert_eq!(names(&set(&asked)), expected, "{why}");
    }
}

#[test]
fn a_click_that_the_cookie_has_keeps_its_time() {
    let mut event = event(&consent(GRANTED));
    event["context"]["cookies"]["_gcl_aw"] = "GCL.1795000000.Ab-12".into();
    event["context"]["cookies"]["_gcl_gb"] = "GCL.1795000000.Other".into();
    let lines = set(&Asked {
        event,
        ..Asked::default()
    });
    let starts = |with: &str| lines.iter().any(|line| line.starts_with(with));
    assert!(starts("_gcl_aw=GCL.1795000000.Ab-12;"));
    assert!(starts("_gcl_gb=GCL.1795342531.Ab-12;"));
}

#[test]
fn only_the_sources_platforms_and_its_own_domain() {
    let lines = set(&Asked {
        source: json!({"destinations": ["meta"], "cookie_domain": "www.shop.example"}),
        ..Asked::default()
    });
    assert_eq!(names(&lines), ["_fbc", "_fbp"]);
    assert!(
        lines
            .iter()
            .all(|line| line.contains("Domain=www.shop.example"))
    );
    let here = set(&Asked {
        origin: "http://127.0.0.1:8000",
        host: "127.0.0.1:8787",
        ..Asked::default()
    });
    assert!(
        here.iter()
            .all(|line| !line.contains("Domain") && !line.contains("Secure"))
    );
    assert_eq!(names(&here), all());
}

#[test]
fn what_is_no_cookie_stays_out_of_the_header() {
    let mut event = event(&consent(GRANTED));
    for (name, value) in [
        ("ttclid", "a;b"),
        ("_scid", "x\r\nset-cookie: y=1"),
        ("_ga", "GA1.1.1 2.3"),
        ("_epik", "ä"),
    ] {
        event["context"]["cookies"][name] = value.into();
    }
    event["context"]["click_ids"] = json!({"ttclid": "a b", "epik": "c,d", "ScCid": "e\"f"});
    let lines = set(&Asked {
        event,
        ..Asked::default()
    });
    for name in ["ttclid", "_scid", "_ga", "_epik", "_scclid"] {
        assert!(!names(&lines).contains(&name), "{name}");
    }
    assert!(
        lines
            .iter()
            .all(|line| line.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
    );
}

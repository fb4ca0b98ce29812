//! What holds for every request that a golden event leads to, whatever the platform: the snapshots say what is sent, this
//! says what may be.

use std::collections::{BTreeMap, BTreeSet};

use edgetally_core::base::time::UnixMillis;
use edgetally_core::destinations::{ALL, Entry};
use edgetally_core::exchange::request::Request;
use edgetally_core::identity::{Country2, Hints, Spelling, normalise};
use serde_json::Value;

use crate::golden::{Golden, Visitor};
use crate::platforms::{Unit, known, takes_in_clear};
use crate::privacy::{needles, shows};
use crate::support::{NOW, files, fixtures, plan, platform_settings, requests, shop};

/// Named like a time and none.
const DURATIONS: &[&str] = &["engagement_time_msec"];

/// Strings that a golden event has twice, by file and with the reason.
const TWICE: &[(&str, &str, &str)] = &[
    (
        "purchase_complete",
        "Berlin",
        "a city that is a state of its own; purchase_all_clicks tells the two apart",
    ),
    (
        "search_browser",
        "https://shop.example/search?q=floor+lamp&utm_campaign=autumn",
        "a browser's request names the page that it comes from, which is the event's page",
    ),
];

/// Words of a fixed list, which events share with each other and with the code.
const WORDS: &[&str] = &[
    "event",
    "action_source",
    "currency",
    "gender",
    "delivery_category",
];

/// A value with the names that lead to it, without the numbers of lists.
struct Leaf {
    path: String,
    value: Value,
}

impl Leaf {
    fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap()
    }

    fn is_at(&self, end: &str) -> bool {
        self.path == end || self.path.ends_with(&format!(".{end}"))
    }

    fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

fn leaves(path: &str, value: &Value, out: &mut Vec<Leaf>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(&path, value, out);
            }
        }
        Value::Array(list) => {
            for value in list {
                leaves(path, value, out);
            }
        }
        leaf => out.push(Leaf {
            path: path.to_owned(),
            value: leaf.clone(),
        }),
    }
}

/// What a golden event led to at one platform.
struct Sent {
    name: String,
    golden: Value,
    platform: &'static str,
    settings: Value,
    requests: Vec<Request>,
}

fn sent() -> Vec<Sent> {
    let mut all = Vec::new();
    for (name, text) in files(&fixtures().join("events")) {
        let golden: Golden<'_> = serde_json::from_str(&text).unwrap();
        for entry in ALL {
            let platform = platform_settings(entry.platform);
            let settings = shop(
                &[(entry.platform, platform.clone())],
                &golden.source,
                &Value::Null,
            );
            let visit = golden.visit.as_ref().map(Visitor::visit);
            let plan = plan(&settings, visit.as_ref(), golden.event.get());
            all.push(Sent {
                name: name.clone(),
                golden: serde_json::from_str(&text).unwrap(),
                platform: entry.platform,
                settings: platform,
                requests: requests(&settings, &plan.messages, NOW)
                    .into_iter()
                    .map(|(_, request)| request)
                    .collect(),
            });
        }
    }
    for entry in ALL {
        assert!(
            all.iter()
                .any(|sent| sent.platform == entry.platform && !sent.requests.is_empty()),
            "no golden event reaches {}",
            entry.platform
        );
    }
    all
}

/// The body, where it tells of events: those that ask for a token are forms.
fn body(request: &Request) -> Option<Value> {
    let kind = request.headers()["content-type"].to_str().unwrap();
    match kind.split(';').next().unwrap() {
        "application/json" => Some(serde_json::from_slice(request.body()).unwrap()),
        "application/x-www-form-urlencoded" => None,
        other => panic!("{other} is not looked into"),
    }
}

fn digits(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty())
}

#[test]
fn no_string_of_a_golden_event_stands_in_it_twice() {
    let mut excused = BTreeSet::new();
    for (name, text) in files(&fixtures().join("events")) {
        let golden: Value = serde_json::from_str(&text).unwrap();
        let mut all = Vec::new();
        for part in ["event", "visit"] {
            leaves(part, &golden[part], &mut all);
        }
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for leaf in all {
            let Value::String(text) = &leaf.value else {
                continue;
            };
            if leaf.path.starts_with("event.consent.") || WORDS.contains(&leaf.name()) {
                continue;
            }
            let parts: Vec<&str> = if leaf.path == "visit.cookies" {
                text.split("; ")
                    .map(|pair| pair.split_once('=').unwrap().1)
                    .collect()
            } else {
                vec![text]
            };
            for part in parts {
                let text = part.trim().to_owned();
                if text.chars().count() < 6 {
                    continue;
                }
                let Some(first) = seen.insert(text.clone(), leaf.path.clone()) else {
                    continue;
                };
                let excuse = TWICE
                    .iter()
                    .position(|(file, twice, _)| (*file, *twice) == (&*name, &*text));
                assert!(
                    excuse.is_some(),
                    "{name}: {first} and {} are both {text:?}: no snapshot would show one in the other's place",
                    leaf.path
                );
                excused.extend(excuse);
            }
        }
    }
    assert_eq!(excused.len(), TWICE.len(), "an excuse has no string");
}

/// When the event happened, read apart from the core's own reader.
fn happened(golden: &Value) -> i64 {
    let at = match &golden["event"]["event_time"] {
        Value::Null => NOW.0,
        Value::String(text) => UnixMillis::parse_rfc3339(text).unwrap().0,
        number => {
            let number = number.as_f64().unwrap();
            let millis = if number < 1e11 {
                number * 1000.0
            } else {
                number
            };
            millis.floor() as i64
        }
    };
    at.min(NOW.0)
}

fn is_time(name: &str) -> bool {
    let lower = name.to_lowercase();
    let named = ["time", "happened", "occurred", "created"]
        .iter()
        .any(|word| lower.contains(word));
    (named || lower.ends_with("_at")) && !DURATIONS.contains(&name)
}

impl Unit {
    /// The instant, in microseconds, that a value says in this unit.
    fn read(self, value: &Value) -> Option<i64> {
        let number = value
            .as_i64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        match self {
            Self::Seconds => number?.checked_mul(1_000_000),
            Self::Millis => number?.checked_mul(1000),
            Self::Micros => number,
            Self::Text => Some(UnixMillis::parse_rfc3339(value.as_str()?)?.0 * 1000),
        }
    }

    /// An instant in milliseconds as this unit can say it, in microseconds.
    fn keeps(self, millis: i64) -> i64 {
        match self {
            Self::Seconds => millis.div_euclid(1000) * 1_000_000,
            _ => millis * 1000,
        }
    }
}

#[test]
fn every_time_is_in_the_platforms_unit_and_neither_before_the_event_nor_ahead() {
    for sent in sent() {
        let unit = known(sent.platform).time;
        let event = happened(&sent.golden);
        // Ids that look like times: those that the sender or the operator gave, but not the event's own time.
        let mut given = sent.golden.clone();
        given["event"]["event_time"].take();
        let given = format!("{given} {}", sent.settings);
        let given: BTreeSet<&str> = digits(&given).collect();
        for request in &sent.requests {
            let at = format!("{} at {}", sent.name, sent.platform);
            let Some(body) = body(request) else { continue };
            let mut all = Vec::new();
            leaves("", &body, &mut all);
            let mut told = false;
            for leaf in &all {
                let text = leaf.text();
                if is_time(leaf.name()) {
                    let instant = unit.read(&leaf.value).unwrap_or_else(|| {
                        panic!("{at}: {} is {text}, which is not {unit:?}", leaf.path)
                    });
                    assert!(
                        ((event - 1000) * 1000..=NOW.0 * 1000).contains(&instant),
                        "{at}: {} is {text}, which in {unit:?} is not from the event to now",
                        leaf.path
                    );
                    told |= instant == unit.keeps(event);
                    continue;
                }
                let large = leaf.value.as_f64().is_some_and(|number| number >= 1e9);
                let numeric = text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
                assert!(
                    !(large || numeric) || given.contains(text.as_str()),
                    "{at}: {} is {text}: a time that nobody recognises, or an id that nobody gave",
                    leaf.path
                );
                // Meta's cookies carry milliseconds, and seconds there are a mistake often made.
                if let Some(cookie) = text.strip_prefix("fb.") {
                    let made: i64 = cookie.split('.').nth(1).unwrap().parse().unwrap();
                    assert!(
                        (1_577_836_800_000..=NOW.0).contains(&made),
                        "{at}: {} is {text}",
                        leaf.path
                    );
                }
            }
            assert!(told, "{at}: no field says when the event happened");
            for (name, value) in request.headers() {
                let text = value.to_str().unwrap();
                if is_time(name.as_str()) {
                    // Of headers only the webhook's is a time, and that of the sending, in seconds.
                    assert_eq!(text, NOW.seconds().0.to_string(), "{at}: {name}");
                }
            }
        }
    }
}

/// How an identifier might be read: as typed, and in every spelling that some platform wants, in lower case.
pub(crate) fn texts(identifier: &str, raw: &str, hints: Hints) -> Vec<String> {
    let mut texts = vec![raw.trim().to_owned()];
    for spelling in Spelling::ALL {
        let mut out = String::new();
        if spelling.field() == identifier && normalise(*spelling, raw, &hints, None, &mut out) {
            texts.push(out);
        }
    }
    if identifier == "phone" {
        let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
        // Without whatever country code or zero it began with.
        texts.push(digits[digits.len().saturating_sub(8)..].to_owned());
        texts.push(digits);
    }
    for text in &mut texts {
        *text = text.to_lowercase();
    }
    texts.sort();
    texts.dedup();
    texts.retain(|text| !text.is_empty());
    texts
}

/// Whether a text can be read in another one. Short ones count as words only, and the shortest only by themselves; of
/// numbers the end has to be the same, since ids are long enough to have anything in their middle.
fn is_in(needle: &str, text: &str) -> bool {
    if needle.len() > 5 && needle.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(text).any(|run| run.ends_with(needle));
    }
    match needle.chars().count() {
        0..3 => text.trim() == needle,
        3..6 => text.match_indices(needle).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + needle.len()..].chars().next();
            ![before, after]
                .into_iter()
                .flatten()
                .any(char::is_alphanumeric)
        }),
        _ => text.contains(needle),
    }
}

/// The fixtures' secrets end in digits that also are somebody's telephone number.
fn without_secrets(text: &str) -> String {
    text.replace("_0123456789abcdef", "")
}

/// Everything of a request that can be read: its body, its headers, and its address decoded.
fn readable(request: &Request) -> Vec<Leaf> {
    let leaf = |path: String, text: &str| Leaf {
        path,
        value: Value::String(text.to_owned()),
    };
    let mut all = Vec::new();
    match body(request) {
        Some(body) => leaves("", &body, &mut all),
        None => all.extend(
            form_urlencoded::parse(request.body())
                .map(|(key, text)| leaf(format!("form.{key}"), &text)),
        ),
    }
    // A name is as readable as a value.
    let names: BTreeSet<String> = all.iter().map(|leaf| leaf.path.clone()).collect();
    all.extend(names.iter().map(|path| leaf("names".to_owned(), path)));
    for (name, value) in request.headers() {
        all.push(leaf(format!("headers.{name}"), value.to_str().unwrap()));
    }
    let uri = request.uri();
    for (key, text) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        all.push(leaf(format!("query.{key}"), &text));
    }
    // Decoded as a form, which a path is close enough to.
    for (part, _) in uri
        .path()
        .split('/')
        .flat_map(|part| form_urlencoded::parse(part.as_bytes()))
    {
        all.push(leaf("path".to_owned(), &part));
    }
    all
}

#[test]
fn no_identifier_of_a_golden_event_can_be_read_where_no_platform_asks_for_it() {
    let (mut looked_for, mut used) = (BTreeSet::new(), BTreeSet::new());
    for sent in sent() {
        let country = sent.golden["source"]["default_country"].as_str();
        let hints = Hints {
            default_country: country.and_then(Country2::parse),
        };
        let empty = serde_json::Map::new();
        let identifiers: Vec<(&str, Vec<String>)> = sent.golden["event"]["user"]
            .as_object()
            .unwrap_or(&empty)
            .iter()
            .filter(|(name, _)| !name.ends_with("_sha256"))
            .map(|(name, value)| (name.as_str(), texts(name, value.as_str().unwrap(), hints)))
            .collect();
        for request in &sent.requests {
            let at = format!("{} at {}", sent.name, sent.platform);
            for leaf in readable(request) {
                let platform = known(sent.platform);
                let elsewhere = &platform.not_of_the_visitor;
                if elsewhere.iter().any(|end| leaf.is_at(end)) {
                    continue;
                }
                let text = without_secrets(&leaf.text()).to_lowercase();
                let asked_for = |name: &str| {
                    let end = platform.in_clear.get(name);
                    end.is_some_and(|end| leaf.is_at(end))
                };
                let found: Vec<(&str, &String)> = identifiers
                    .iter()
                    .flat_map(|(name, texts)| texts.iter().map(|needle| (*name, needle)))
                    .filter(|(_, needle)| is_in(needle, &text))
                    .collect();
                for (name, needle) in &found {
                    // Two identifiers may have the same text, and one of them be asked for here.
                    let allowed = found
                        .iter()
                        .any(|(other, same)| same == needle && asked_for(other));
                    assert!(
                        allowed,
                        "{at}: {name} can be read in {}: {text:?}",
                        leaf.path
                    );
                    if asked_for(name) {
                        used.insert((sent.platform, (*name).to_owned()));
                    }
                }
                looked_for.extend(identifiers.iter().map(|(name, _)| (*name).to_owned()));
            }
            // And encoded, wherever it may be.
            let whole = without_secrets(&format!(
                "{} {:?} {}",
                request.uri(),
                request.headers(),
                String::from_utf8_lossy(request.body())
            ));
            for (name, texts) in &identifiers {
                if !takes_in_clear(sent.platform, name) {
                    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                    let shown = needles(
                        texts
                            .iter()
                            .filter(|text| text.len() >= 10 || !number(text)),
                    );
                    let shown = shows(&whole, &shown);
                    assert!(shown.is_none(), "{at}: {name} is shown as {shown:?}");
                }
            }
        }
    }
    assert_eq!(looked_for.len(), 12, "{looked_for:?}");
    for Entry { platform, .. } in ALL {
        for (identifier, place) in &known(platform).in_clear {
            assert!(
                used.contains(&(*platform, identifier.clone())),
                "no golden event has {platform}'s {place}"
            );
        }
    }
}

#[test]
fn the_search_for_identifiers_finds_them() {
    let hints = Hints::default();
    for (identifier, raw, text) in [
        ("first_name", "Jane", "dear jane!"),
        ("first_name", "Dr. Reto", "reto"),
        ("country", "Germany", "de"),
        ("region", "California", "ca"),
        ("postal_code", "114 55", "11455"),
        ("phone", "+1 415 555 2671", "tel:4155552671"),
        ("phone", "(011) 91234-5678", "5511912345678"),
        ("date_of_birth", "16/02/1997", "19970216"),
        ("gender", "female", "f"),
        ("external_id", " BR 19 ", "id=br 19"),
        (
            "email",
            " Elena.Brandt+shop@gmail.com ",
            "elenabrandt@gmail.com",
        ),
    ] {
        let texts = texts(identifier, raw, hints);
        assert!(
            texts.iter().any(|needle| is_in(needle, text)),
            "{identifier} {raw}: {texts:?}"
        );
    }
    for (needle, text) in [
        ("jane", "janeiro"),
        ("us", "us-20061"),
        ("23456789", "1234567890"),
    ] {
        assert!(!is_in(needle, text), "{needle} in {text}");
    }
}

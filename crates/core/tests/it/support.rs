//! What several of the test files need: fixtures, settings, and the way through the whole pipeline.

#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::path::{Path, PathBuf};

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::exchange::http::Reply;
use edgetally_core::exchange::request::Request;
use edgetally_core::intake::{Plan, Visit};
use edgetally_core::queue::envelope::{self, Envelope, Message};
use edgetally_core::settings::Settings;
use serde_json::{Value, json};

/// 2026-11-22T10:15:31Z.
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_342_531_000);

/// The folder of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The JSON files of a folder, by name without its ending, in order.
pub(crate) fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// The text of one file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Holds the part of a page in `docs` between `<!-- name -->` and `<!-- /name -->` against what it has to be, and writes it
/// anew where the environment asks for that.
pub(crate) fn generated(page: &str, name: &str, part: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page);
    let stored = read(&path);
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let (before, rest) = stored.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    let fresh = [before, &begin, part, "\n", &end, after].concat();
    if std::env::var("EDGETALLY_UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(
        stored == fresh,
        "docs/{page}: EDGETALLY_UPDATE=1 rewrites it"
    );
}

/// A secret that shows its name where it goes.
pub(crate) fn secret(name: &str) -> Option<String> {
    Some(format!("FIXTURE_{name}_0123456789abcdef"))
}

/// The settings of a platform's fixture folder.
pub(crate) fn platform_settings(platform: &str) -> Value {
    let path = fixtures()
        .join("destinations")
        .join(platform)
        .join("settings.json");
    serde_json::from_str(&read(&path)).unwrap()
}

/// Settings with the source `shop` and these destinations; `source` is laid over the source's defaults.
pub(crate) fn shop(destinations: &[(&str, Value)], source: &Value, more: &Value) -> Settings {
    let names: Vec<&str> = destinations.iter().map(|(name, _)| *name).collect();
    let mut shop = json!({
        "key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "secret": "SHOP_SECRET",
        "destinations": names,
    });
    lay(&mut shop, source);
    let destinations: serde_json::Map<String, Value> = destinations
        .iter()
        .map(|(name, settings)| ((*name).to_owned(), settings.clone()))
        .collect();
    let mut all = json!({"sources": {"shop": shop}, "destinations": destinations});
    lay(&mut all, more);
    Settings::load(&all.to_string(), &secret).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn lay(under: &mut Value, over: &Value) {
    if let (Some(under), Some(over)) = (under.as_object_mut(), over.as_object()) {
        under.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}

/// Settings with every platform under its own name, as the fixtures have them.
pub(crate) fn all_platforms(source: &Value) -> Settings {
    let destinations: Vec<(&str, Value)> = edgetally_core::destinations::ALL
        .iter()
        .map(|entry| (entry.platform, platform_settings(entry.platform)))
        .collect();
    shop(&destinations, source, &Value::Null)
}

/// A body through intake, with no claim taken.
pub(crate) fn plan(settings: &Settings, visit: Option<&Visit<'_>>, body: &str) -> Plan {
    let source = settings.source("shop").unwrap();
    match edgetally_core::intake::native::batch(settings, source, visit, body.as_bytes(), NOW) {
        Ok(batch) => batch.finish(|_| None, "e1"),
        Err(error) => panic!("{error}"),
    }
}

/// The envelopes of messages.
pub(crate) fn envelopes(messages: &[String]) -> Vec<Envelope<'_>> {
    messages
        .iter()
        .map(|message| match envelope::open(message) {
            Ok(Message::Events(envelope)) => envelope,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Every request that the messages lead to, with the destination's name, when all goes well.
pub(crate) fn requests(
    settings: &Settings,
    messages: &[String],
    now: UnixMillis,
) -> Vec<(String, Request)> {
    let envelopes = envelopes(messages);
    let mut gates = Gates::new();
    let mut delivery = Delivery::new(settings, &envelopes, &gates, now);
    let mut requests = Vec::new();
    while let Some(flight) = delivery.next(&mut gates, now) {
        requests.push((flight.destination, flight.request));
        let reply = Reply {
            status: 200,
            retry_after: None,
            body: br#"{"events_received": 1000, "status": "VALID", "data": {"message": "ok"}, "access_token": "FIXTURE_ACCESS_TOKEN", "expires_in": 3600}"#.to_vec(),
        };
        delivery.answer(flight.ticket, &Ok(reply), &mut gates, now);
    }
    requests
}

/// A request as people read it: the line, the headers in order, the body spread out.
pub(crate) fn show(request: &Request) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    let mut headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    text.extend(headers);
    text.push('\n');
    text.push_str(&spread(std::str::from_utf8(request.body()).unwrap()));
    text
}

/// JSON over several lines, every token as it stands: a reader of numbers would hide what became of them.
pub(crate) fn spread(json: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    let mut previous = ' ';
    for c in json.chars() {
        if quoted {
            out.push(c);
            quoted = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
            previous = c;
            continue;
        }
        match c {
            '"' => {
                if matches!(previous, '{' | '[') {
                    line(&mut out, depth);
                }
                quoted = true;
                out.push(c);
            }
            '{' | '[' => {
                if matches!(previous, '{' | '[') {
                    line(&mut out, depth);
                }
                depth += 1;
                out.push(c);
            }
            '}' | ']' => {
                depth -= 1;
                if !matches!(previous, '{' | '[') {
                    line(&mut out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => {
                if matches!(previous, '{' | '[') {
                    line(&mut out, depth);
                }
                out.push(c);
            }
        }
        previous = c;
    }
    out.push('\n');
    out
}

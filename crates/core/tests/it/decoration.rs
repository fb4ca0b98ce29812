//! What other products lost conversions over: cookies, click ids, addresses, lines of a cart and refunds that are not what
//! they should be. The event arrives, wrong values do not, and the answer says what was left out.
//!
//! A row of `fixtures/faults/decoration.jsonl` is an input and what is expected: the verdicts of `destinations`, the values
//! `sent` by JSON pointer (`null`: left out), words that are `never` readable, and the remarks, all of them unless
//! `skip_remarks`.

use std::collections::{BTreeMap, BTreeSet};

use edgetally_core::base::time::UnixMillis;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{all_platforms, fixtures, read, requests};

/// 2026-11-28T21:06:40Z.
const NOW: UnixMillis = UnixMillis(1_795_900_000_000);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    about: String,
    input: Value,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Expected {
    result: usize,
    destinations: BTreeMap<String, String>,
    sent: BTreeMap<String, BTreeMap<String, Value>>,
    never: Vec<String>,
    removed: BTreeSet<(String, String)>,
    changed: BTreeSet<(String, String)>,
    skip_remarks: bool,
}

/// The answer to a body, and what each destination is sent.
fn through(body: &str) -> (Value, BTreeMap<String, Vec<Value>>) {
    let settings = all_platforms(&Value::Null);
    let source = settings.source("shop").unwrap();
    let batch =
        edgetally_core::intake::native::batch(&settings, source, None, body.as_bytes(), NOW)
            .unwrap_or_else(|error| panic!("{error}"));
    let plan = batch.finish(|_| None, "e1");
    let mut sent: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    if !plan.messages.is_empty() {
        for (destination, request) in requests(&settings, &plan.messages, NOW) {
            if let Ok(body) = serde_json::from_slice(request.body()) {
                sent.entry(destination).or_default().push(body);
            }
        }
    }
    (serde_json::from_str(plan.answer.text()).unwrap(), sent)
}

fn remarks(result: &Value, kind: &str) -> BTreeSet<(String, String)> {
    let text = |remark: &Value, key: &str| remark[key].as_str().unwrap().to_owned();
    let list = result[kind]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter()
        .map(|remark| (text(remark, "path"), text(remark, "code")))
        .collect()
}

#[test]
fn what_is_wrong_with_its_decoration_costs_no_event() {
    let rows = read(&fixtures().join("faults/decoration.jsonl"));
    let mut wrong = Vec::new();
    for line in rows.lines() {
        let row: Row = serde_json::from_str(line).unwrap();
        let body = match &row.input {
            Value::String(text) => text.clone(),
            input => input.to_string(),
        };
        let (answer, sent) = through(&body);
        let result = &answer["results"][row.expect.result];
        let mut check = |holds: bool, what: String| {
            if !holds {
                wrong.push(format!("{} ({}): {what}", row.id, row.about));
            }
        };
        check(result["status"] == "accepted", result.to_string());
        for (destination, verdict) in &row.expect.destinations {
            let said = &result["destinations"][destination];
            check(said == verdict, format!("{destination}: {said}"));
        }
        for (destination, values) in &row.expect.sent {
            let bodies = sent.get(destination).map(Vec::as_slice).unwrap_or_default();
            // The last request is of the last event of a row.
            let Some(body) = bodies.last() else {
                check(false, format!("nothing is sent to {destination}: {result}"));
                continue;
            };
            for (pointer, expected) in values {
                let found = body.pointer(pointer).unwrap_or(&Value::Null);
                // A number is one in either spelling.
                let same =
                    found == expected || (found.is_number() && found.as_f64() == expected.as_f64());
                check(
                    same,
                    format!("{destination} {pointer}: {found}, not {expected}"),
                );
            }
        }
        let everything = json!(sent).to_string();
        for word in &row.expect.never {
            check(
                !everything.contains(word.as_str()),
                format!("{word} is sent"),
            );
        }
        if !row.expect.skip_remarks {
            for (kind, expected) in [
                ("removed", &row.expect.removed),
                ("changed", &row.expect.changed),
            ] {
                let told = remarks(result, kind);
                check(
                    told == *expected,
                    format!("{kind}: {told:?}, not {expected:?}"),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is expected of a row of `fixtures/faults/edge.jsonl`: of each event of the request, of what is sent, and how often.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EdgeRow {
    id: String,
    about: String,
    input: Value,
    expect: Edge,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edge {
    results: Vec<Verdict>,
    #[serde(default)]
    sent: BTreeMap<String, BTreeMap<String, Value>>,
    /// How many requests a destination gets.
    #[serde(default)]
    counts: BTreeMap<String, usize>,
    #[serde(default)]
    never: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    status: String,
    code: Option<String>,
    path: Option<String>,
    #[serde(default)]
    destinations: BTreeMap<String, String>,
    #[serde(default)]
    removed: BTreeSet<(String, String)>,
    #[serde(default)]
    changed: BTreeSet<(String, String)>,
    #[serde(default)]
    skip_remarks: bool,
}

#[test]
fn events_with_faults_fare_as_they_should() {
    let rows = read(&fixtures().join("faults/edge.jsonl"));
    let mut wrong = Vec::new();
    for line in rows.lines() {
        let row: EdgeRow = serde_json::from_str(line).unwrap();
        let body = match &row.input {
            Value::String(text) => text.clone(),
            input => input.to_string(),
        };
        let (answer, sent) = through(&body);
        let mut check = |holds: bool, what: String| {
            if !holds {
                wrong.push(format!("{} ({}): {what}", row.id, row.about));
            }
        };
        let results = answer["results"].as_array().unwrap();
        check(
            results.len() == row.expect.results.len(),
            answer.to_string(),
        );
        for (result, expected) in results.iter().zip(&row.expect.results) {
            let said = |key: &str| result[key].as_str().map(str::to_owned);
            check(
                said("status").as_ref() == Some(&expected.status)
                    && said("code") == expected.code
                    && said("path") == expected.path,
                result.to_string(),
            );
            for (destination, verdict) in &expected.destinations {
                let said = &result["destinations"][destination];
                check(said == verdict, format!("{destination}: {said}"));
            }
            for (kind, expected) in [
                ("removed", &expected.removed),
                ("changed", &expected.changed),
            ]
            .into_iter()
            .filter(|_| !expected.skip_remarks)
            {
                let told = remarks(result, kind);
                check(told == *expected, format!("{kind}: {told:?}"));
            }
        }
        let none = Vec::new();
        for (destination, count) in &row.expect.counts {
            let bodies = sent.get(destination).unwrap_or(&none);
            check(
                bodies.len() == *count,
                format!("{destination} gets {}", bodies.len()),
            );
        }
        for (destination, values) in &row.expect.sent {
            let body = sent.get(destination).and_then(|bodies| bodies.last());
            for (pointer, expected) in values {
                let found = body.and_then(|body| body.pointer(pointer));
                let found = found.unwrap_or(&Value::Null);
                check(
                    body.is_some() && found == expected,
                    format!("{destination} {pointer}: {found}, not {expected}"),
                );
            }
        }
        let everything = json!(sent).to_string();
        for word in &row.expect.never {
            check(
                !everything.contains(word.as_str()),
                format!("{word} is sent"),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

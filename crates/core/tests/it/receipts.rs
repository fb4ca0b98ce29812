//! Receipts: what they say, that every copy has one, and that tampering with an export shows.

use std::collections::BTreeSet;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::ledger::Decided;
use edgetally_core::ledger::chain::{
    self, GENESIS, Place, Receipt, close, closing, digests, lines,
};
use edgetally_core::ledger::decided::{Allowed, Gathered, Ruled, Ruling, SIGNALS};
use edgetally_core::ledger::verify::{Finding, Verified, Verifier};
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, fixtures, plan, platform_settings, read, shop};
use crate::world::{World, received};

/// A chain as the ledger keeps it.
#[derive(Debug)]
struct Kept {
    source: String,
    day: i64,
    blocks: Vec<(i64, String, String)>,
    rulings: Vec<(String, String)>,
    count: i64,
    head: String,
}

/// What the ledger's object does, without a database.
#[derive(Debug, Default)]
struct Chains(Vec<Kept>);

impl Chains {
    fn write(&mut self, source: &str, day: i64, decided: &[&Decided]) {
        // Days are written in their order.
        let last = self.0.iter().rfind(|chain| chain.source == source);
        let before = last.map_or(GENESIS.to_owned(), |chain| chain.head.clone());
        let last = last.filter(|chain| chain.day == day);
        let seq = last.map_or(0, |chain| chain.count);
        let place = Place {
            source,
            day,
            seq,
            before: &before,
        };
        let block = close(&place, b"fixture key", decided, |_| true);
        if last.is_none() {
            self.0.push(Kept {
                source: source.to_owned(),
                day,
                blocks: Vec::new(),
                rulings: Vec::new(),
                count: 0,
                head: before.clone(),
            });
        }
        let chain = self.0.iter_mut().rfind(|chain| chain.source == source);
        let chain = chain.unwrap();
        chain.blocks.push((seq, before, block.body));
        chain.rulings.extend(block.rulings);
        chain.count = seq + block.count;
        chain.head = block.head;
    }

    /// The lines of an export, each chain with its closing line.
    fn export(&self) -> Vec<String> {
        let mut all = Vec::new();
        for chain in &self.0 {
            for (seq, before, body) in &chain.blocks {
                let place = Place {
                    source: &chain.source,
                    day: chain.day,
                    seq: *seq,
                    before,
                };
                let ruling = |digest: &str| {
                    let found = chain.rulings.iter().find(|(known, _)| known == digest);
                    found.map(|(_, words)| words.clone())
                };
                let lines = lines(&place, body, ruling).unwrap();
                all.extend(lines.into_iter().map(|line| line.text));
            }
            all.push(closing(
                &chain.source,
                chain.day,
                chain.count,
                &chain.head,
                false,
            ));
        }
        all
    }
}

fn verify(lines: &[String], heads: &[String]) -> Verified {
    let mut verifier = Verifier::default();
    for line in lines {
        verifier.line(line);
    }
    for line in heads {
        verifier.head(line);
    }
    verifier.finish()
}

fn is_closing(line: &str) -> bool {
    line.starts_with(r#"{"count":"#)
}

fn decided(messages: &[String]) -> Vec<Decided> {
    let of = |message: &String| match envelope::open(message).unwrap() {
        Message::Events(envelope) => envelope.decided,
        Message::Report(report) => report.decided,
    };
    messages.iter().flat_map(of).collect()
}

fn settings(more: &Value) -> Settings {
    let all = ["ga4", "google_ads", "linkedin", "meta"];
    let all = all.map(|name| (name, platform_settings(name)));
    shop(&all, &json!({"consent": "by_region"}), more)
}

fn event(id: &str, consent: &Value) -> Value {
    json!({
        "event": "purchase", "event_id": id, "event_time": NOW.0, "value": 59, "currency": "EUR",
        "user": {"email": "visitor@home.example", "country": consent["country"].as_str().unwrap_or("DE")},
        "context": {"client_id": "12.34"}, "consent": consent["signals"],
    })
}

/// Consent to purposes 1 to 10 for vendors 755 and some, as of November 2026.
const TC: &str = "CQtDjkAQtDjkAEEADBENCyFsAP_gAEPgAAYgF5wBAAKgAgABkAvMC84AIC8wAAAA.IF5wBAAKgAgABkAvMAAA.YAAAAAAAAAAA";

/// Visitors of several kinds.
fn visitors() -> [Value; 7] {
    [
        json!({"signals": {"ad_storage": "granted", "ad_user_data": "granted", "ad_personalization": "granted", "analytics_storage": "granted"}}),
        json!({"signals": {"ad_storage": "granted", "ad_user_data": "granted", "ad_personalization": "denied", "analytics_storage": "granted"}}),
        json!({"signals": {"ad_user_data": "denied", "analytics_storage": "granted"}}),
        json!({"signals": {"tcf": TC}}),
        json!({"signals": {"tcf": "nonsense"}}),
        json!({"signals": {}}),
        json!({"country": "US", "signals": {"us_privacy": "1YYN"}}),
    ]
}

/// Theirs, over two days and two sources.
fn example() -> Chains {
    let visitors = visitors();
    let settings = settings(&Value::Null);
    let of = |prefix: &str| -> Vec<Decided> {
        let events = visitors.iter().enumerate();
        let events = events.map(|(n, visitor)| event(&format!("{prefix}-{n}"), visitor));
        let mut events: Vec<Value> = events.collect();
        events[1]["test"] = json!(true);
        let mut all = decided(&plan(&settings, None, &json!(events).to_string()).messages);
        // Another setting, or other rules, would have another.
        let rulings = all.iter_mut().flat_map(|one| &mut one.rulings);
        for ruling in rulings {
            "0123456789abcdef".clone_into(&mut ruling.policy);
        }
        all
    };
    let mut chains = Chains::default();
    let today = NOW.0.div_euclid(86_400_000);
    for (day, prefix) in [(today, "o"), (today, "p"), (today + 1, "q")] {
        chains.write("shop", day, &of(prefix).iter().collect::<Vec<_>>());
    }
    let mut other = of("r");
    for one in &mut other {
        "bulk".clone_into(&mut one.source);
    }
    chains.write("bulk", today + 1, &other.iter().collect::<Vec<_>>());
    chains
}

/// Blocks are made lines of again whenever somebody asks, so a release that wrote another line would break every chain that
/// there is. The Python tests verify this very file.
#[test]
fn the_form_of_an_export_stays_as_it_is() {
    let mut text = example().export().join("\n");
    text.push('\n');
    let path = fixtures().join("receipts.ndjson");
    if std::env::var("EDGETALLY_UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(read(&path), text, "EDGETALLY_UPDATE=1 rewrites it");
    let all: Vec<String> = text.lines().map(str::to_owned).collect();
    let page = read(&fixtures().join("../../../../docs/receipts.md"));
    let shown = page
        .split("```json\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();
    assert!(
        all.contains(&shown.to_string()),
        "the page shows another receipt"
    );
    let verified = verify(&all, &[]);
    assert!(verified.is_ok(), "{verified}");
    assert_eq!((verified.receipts, verified.chains.len()), (28, 3));
    for shown in ["visitor@home", TC, "nonsense", "1YYN", "12.34"] {
        assert!(!text.contains(shown), "{shown}");
    }
}

#[test]
fn a_receipt_says_what_was_decided_and_by_what() {
    let export = example().export();
    let of = |id: &str| -> Value {
        let mark = format!(r#""event_id":"{id}""#);
        let line = export.iter().find(|line| line.contains(&mark)).unwrap();
        serde_json::from_str::<Value>(line).unwrap()["receipt"].take()
    };
    let verdict = |receipt: &Value, name: &str| {
        let of = &receipt["destinations"][name];
        let code = of["code"]
            .as_str()
            .map_or(String::new(), |code| format!(":{code}"));
        format!("{}{code}", of["verdict"].as_str().unwrap())
    };
    for (id, regime, signals, ga4, google_ads, linkedin, meta) in [
        (
            "o-0",
            "opt_in",
            "ad_storage,analytics_storage,ad_user_data,ad_personalization",
            "send",
            "send",
            "send",
            "send",
        ),
        (
            "o-1",
            "opt_in",
            "ad_storage,analytics_storage,ad_user_data,ad_personalization",
            "send_limited",
            "send_limited",
            "send_limited",
            "send_limited",
        ),
        (
            "o-2",
            "opt_in",
            "analytics_storage,ad_user_data",
            "send_limited",
            "block:ad_user_data_denied",
            "block:ad_user_data_denied",
            "block:ad_user_data_denied",
        ),
        (
            "o-3",
            "opt_in",
            "tcf",
            "send",
            "send",
            "block:tcf_unlisted",
            "block:ac_missing",
        ),
        (
            "o-4",
            "opt_in",
            "tcf",
            "block:tcf_unreadable",
            "block:tcf_unreadable",
            "block:tcf_unreadable",
            "block:tcf_unreadable",
        ),
        (
            "o-5",
            "opt_in",
            "",
            "block:analytics_storage_missing",
            "block:ad_user_data_missing",
            "block:ad_user_data_missing",
            "block:ad_user_data_missing",
        ),
        (
            "o-6",
            "opt_out",
            "us_privacy",
            "send_limited",
            "block:limited_use_unsupported",
            "block:limited_use_unsupported",
            "send_limited",
        ),
    ] {
        let receipt = of(id);
        let named: Vec<&str> = receipt["signals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        let found = ["ga4", "google_ads", "linkedin", "meta"].map(|name| verdict(&receipt, name));
        assert_eq!(
            (receipt["regime"].as_str().unwrap(), named.join(",")),
            (regime, signals.to_owned()),
            "{id}"
        );
        assert_eq!(found, [ga4, google_ads, linkedin, meta], "{id}");
        assert_eq!(receipt["test"].as_bool(), (id == "o-1").then_some(true));
        assert_eq!(receipt["at"], "2026-11-22T10:15:31.000Z");
    }
    let google = &of("o-3")["destinations"]["google_ads"];
    assert_eq!(
        (&google["purposes"], &google["consented"]),
        (&json!([1, 7]), &json!([1, 7]))
    );
    assert_eq!(of("o-4")["destinations"]["ga4"]["consented"], json!([]));
    assert_eq!(of("o-5")["destinations"]["ga4"].get("consented"), None);
    // The same signals have the same digest, others another one.
    let digests: BTreeSet<String> = (0..7)
        .map(|n| of(&format!("o-{n}"))["inputs"].to_string())
        .collect();
    assert_eq!(digests.len(), 7);
    assert_eq!(of("o-3")["inputs"], of("p-3")["inputs"]);
}

#[test]
fn a_digest_of_inputs_is_of_no_use_without_the_ledgers_key() {
    let decided = decided(
        &plan(
            &settings(&Value::Null),
            None,
            &event("o", &json!({})).to_string(),
        )
        .messages,
    );
    let decided: Vec<&Decided> = decided.iter().collect();
    let place = Place {
        source: "shop",
        day: 20_000,
        seq: 0,
        before: GENESIS,
    };
    let bodies = [b"one", b"two"].map(|key| close(&place, key, &decided, |_| true).body);
    assert_ne!(bodies[0], bodies[1]);
    let sent = &decided[0].inputs[0].1;
    assert_eq!(sent.len(), 64);
    assert!(bodies.iter().all(|body| !body.contains(&sent[..32])));
}

/// Of events with the same signals the second takes over what was made for the first.
#[test]
fn a_receipt_is_the_same_whatever_came_before_it() {
    let (settings, visitors) = (settings(&Value::Null), visitors());
    let order = [0, 0, 3, 3, 0, 6, 6, 5, 0, 5, 5, 4, 2, 2, 1];
    let events: Vec<Value> = order
        .iter()
        .enumerate()
        .map(|(at, n)| {
            let mut one = event(&at.to_string(), &visitors[*n]);
            // Where Meta has to know the state of somebody who opted out, one of the two shows it.
            if at == 6 {
                one["user"]["region"] = json!("CA");
                one["event"] = json!("page_view");
            }
            one
        })
        .collect();
    let of = |events: &[Value]| -> Vec<(Ruling, String)> {
        let all = decided(&plan(&settings, None, &json!(events).to_string()).messages);
        let each = all
            .iter()
            .flat_map(|part| part.events.iter().map(move |event| (part, event)));
        each.map(|(part, event)| {
            let (ruling, inputs) = &part.inputs[event.inputs];
            (part.rulings[*ruling].clone(), inputs.clone())
        })
        .collect()
    };
    let together = of(&events);
    let alone: Vec<_> = events
        .iter()
        .flat_map(|one| of(std::slice::from_ref(one)))
        .collect();
    assert_eq!(together, alone);
}

#[test]
fn every_copy_has_a_receipt_and_every_report_fits() {
    let settings = settings(&Value::Null);
    let events: Vec<Value> = (0..500)
        .map(|n| {
            let consent = json!({"signals": {"tcf": format!("{n}"), "ad_user_data": "granted"}});
            let mut one = event(&format!("{n:0>100}"), &consent);
            one["event"] = json!(format!("name_{n}"));
            one
        })
        .collect();
    let messages = plan(&settings, None, &json!(events).to_string()).messages;
    let all = decided(&messages);
    assert!(all.len() > 2, "{}", all.len());
    let ids: BTreeSet<&str> = all
        .iter()
        .flat_map(|one| &one.events)
        .map(|one| &*one.event_id)
        .collect();
    assert_eq!(
        (
            ids.len(),
            all.iter().map(|one| one.events.len()).sum::<usize>()
        ),
        (500, 500)
    );
    let reports = messages
        .iter()
        .filter(|message| message.contains(r#""kind":"report""#));
    let unique: BTreeSet<&str> = reports
        .clone()
        .map(|text| {
            text.split(r#""id":""#)
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(unique.len(), reports.count());
    for part in &all {
        let text = serde_json::to_string(part).unwrap();
        assert!(text.len() <= Decided::PART, "{}", text.len());
        let read: Decided = serde_json::from_str(&text).unwrap();
        assert_eq!(&read, part);
    }
    // And all of them reach the ledger.
    let mut world = World::new(&settings);
    world.send(&events, "e1");
    world.run_together(&mut |outgoing, _| Some(received(outgoing)));
    assert_eq!(world.receipts.len(), 500);
    assert!(world.receipts.values().all(|n| *n == 1));
}

#[test]
fn where_they_are_kept_for_no_day_none_are_written() {
    let without = settings(&json!({"receipt_days": 0}));
    let body = event("o", &json!({})).to_string();
    for (settings, expected) in [(&without, 0), (&settings(&Value::Null), 1)] {
        assert_eq!(
            decided(&plan(settings, None, &body).messages).len(),
            expected
        );
    }
}

#[test]
fn the_version_of_a_policy_is_that_of_what_decides() {
    let version = |source: Value, meta: Value, ga4: Value| {
        let mut platforms = ["meta", "ga4"].map(|name| (name, platform_settings(name)));
        for ((_, settings), more) in platforms.iter_mut().zip([meta, ga4]) {
            let more = more.as_object().into_iter().flatten();
            more.for_each(|(key, value)| settings[key] = value.clone());
        }
        let settings = shop(&platforms, &source, &Value::Null);
        settings.sources[0].policy.clone()
    };
    let none = || Value::Null;
    let usual = version(none(), none(), none());
    assert_eq!(usual.len(), 16);
    for same in [
        version(json!({"consent": "required"}), none(), none()),
        version(
            json!({"test": true, "default_country": "DE"}),
            none(),
            none(),
        ),
        version(json!({"destinations": ["ga4", "meta"]}), none(), none()),
        version(none(), json!({"purposes": [7, 1]}), none()),
    ] {
        assert_eq!(same, usual);
    }
    let by_region = |more: Value| {
        let mut source = json!({"consent": "by_region"});
        let more = more.as_object().unwrap().clone();
        source.as_object_mut().unwrap().extend(more);
        version(source, none(), none())
    };
    let all = [
        usual,
        version(json!({"consent": "implied"}), none(), none()),
        version(json!({"gcd": "answers"}), none(), none()),
        by_region(json!({})),
        by_region(json!({"consent_elsewhere": "implied"})),
        by_region(json!({"consent_elsewhere": "implied", "markets": ["US"]})),
        version(json!({"destinations": ["meta"]}), none(), none()),
        version(none(), json!({"vendor": 755}), none()),
        version(none(), json!({"provider": 755}), none()),
        version(none(), json!({"purposes": [1]}), none()),
        version(none(), none(), json!({"purposes": [1, 7]})),
        version(none(), json!({"legitimate_interest": true}), none()),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

/// Where a kind of problem is found, in the order of the lines.
fn found(verified: &Verified) -> Vec<(usize, &'static str)> {
    let problems = verified.problems.iter();
    problems
        .map(|problem| (problem.line, problem.finding.as_str()))
        .collect()
}

#[test]
fn tampering_shows_and_says_what_it_was() {
    let good = example().export();
    let heads: Vec<String> = good
        .iter()
        .filter(|line| is_closing(line))
        .cloned()
        .collect();
    assert!(verify(&good, &heads).is_ok());
    // 14 receipts of a day and their closing line, then 7 of the next one, then 7 of another source.
    let tampered = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = good.clone();
        change(&mut lines);
        verify(&lines, &[])
    };
    let removed = tampered(&|lines| drop(lines.remove(3)));
    assert_eq!(found(&removed), [(4, "removed")]);
    assert!(
        removed
            .to_string()
            .ends_with("line 4: removed: shop 2026-11-22"),
        "{removed}"
    );
    let altered = tampered(&|lines| {
        lines[3] = lines[3].replace(r#""verdict":"send""#, r#""verdict":"block""#);
    });
    assert_eq!(found(&altered), [(4, "altered")]);
    assert_eq!(
        found(&tampered(&|lines| lines.swap(3, 4))),
        [(5, "reordered")]
    );
    assert_eq!(
        found(&tampered(&|lines| lines.insert(5, lines[3].clone()))),
        [(6, "duplicated")]
    );
    // The tail with its closing line, and without it.
    assert_eq!(
        found(&tampered(&|lines| drop(lines.drain(12..15)))),
        [(12, "truncated"), (13, "removed")]
    );
    assert_eq!(
        found(&tampered(&|lines| drop(lines.drain(12..14)))),
        [(13, "truncated")]
    );
    assert_eq!(
        found(&tampered(&|lines| drop(lines.remove(14)))),
        [(14, "truncated")]
    );
    // More than the closing line knows of.
    assert_eq!(found(&tampered(&|lines| lines.swap(13, 14))), []);
    let short = tampered(&|lines| lines[14] = lines[14].replace(r#""count":14"#, r#""count":13"#));
    assert_eq!(found(&short), [(14, "truncated"), (15, "altered")]);
    assert_eq!(
        found(&tampered(&|lines| lines[2].push(' '))),
        [(3, "unreadable"), (4, "removed")]
    );
    assert_eq!(
        found(&tampered(&|lines| lines.push("{}".to_owned()))),
        [(32, "unreadable")]
    );
}

#[test]
fn a_line_that_is_written_anew_with_its_digest_is_found_by_the_next_one() {
    let good = example().export();
    let mut lines = good.clone();
    let altered = good[3].replace(r#""regime":"opt_in""#, r#""regime":"opt_out""#);
    let mut line: Value = serde_json::from_str(&altered).unwrap();
    let members = line.as_object_mut().unwrap();
    members.remove("hash");
    let digest = edgetally_core::identity::sha256_hex(&line.to_string());
    line["hash"] = json!(std::str::from_utf8(&digest).unwrap());
    lines[3] = line.to_string();
    assert_eq!(found(&verify(&lines, &[])), [(5, "altered")]);
}

#[test]
fn a_day_that_is_not_there_shows_by_the_next_one_or_by_a_head() {
    let mut chains = example();
    let day = chains.0[1].day;
    let decided = decided(
        &plan(
            &settings(&Value::Null),
            None,
            &event("z", &json!({})).to_string(),
        )
        .messages,
    );
    chains.write("shop", day + 1, &decided.iter().collect::<Vec<_>>());
    let all = chains.export();
    assert!(verify(&all, &[]).is_ok());
    let heads: Vec<String> = all
        .iter()
        .filter(|line| is_closing(line))
        .cloned()
        .collect();
    let without = |date: &str| -> Vec<String> {
        let mark = format!(r#""day":"{date}""#);
        all.iter()
            .filter(|line| !(line.contains(&mark) && line.contains(r#""source":"shop""#)))
            .cloned()
            .collect()
    };
    let middle = without("2026-11-23");
    let first = middle
        .iter()
        .position(|line| line.contains(r#""day":"2026-11-24""#))
        .unwrap();
    assert_eq!(found(&verify(&middle, &[])), [(first + 1, "removed")]);
    // The first and the last can be shown by a head only.
    for date in ["2026-11-22", "2026-11-24"] {
        let lines = without(date);
        assert!(verify(&lines, &[]).is_ok());
        let verified = verify(&lines, &heads);
        assert_eq!(found(&verified), [(0, "removed")]);
        assert_eq!(verified.problems[0].chain, format!("shop {date}"));
    }
}

#[test]
fn a_day_that_was_forgotten_is_no_tampering_and_still_has_to_fit() {
    let all = example().export();
    let closings: Vec<&String> = all.iter().filter(|line| is_closing(line)).collect();
    let first = closings[0];
    let forgotten = first.replace(r#","head""#, r#","forgotten":true,"head""#);
    let shop_first = |line: &&String| {
        line.contains(r#""day":"2026-11-22""#) && line.contains(r#""source":"shop""#)
    };
    let rest: Vec<String> = all
        .iter()
        .filter(|line| !shop_first(line))
        .cloned()
        .collect();
    assert!(rest.len() < all.len());
    let with = |line: &str| {
        let mut lines = rest.clone();
        lines.push(line.to_owned());
        lines
    };
    let last = rest.len() + 1;
    let verified = verify(&with(&forgotten), &[]);
    assert!(verified.is_ok(), "{verified}");
    assert!(
        verified.to_string().ends_with(", 1 forgotten"),
        "{verified}"
    );
    let (day, count) = (&verified.forgotten[0].day, verified.forgotten[0].count);
    assert_eq!((day.as_str(), count), ("2026-11-22", 14));
    // Without the word it is an end that is missing.
    assert_eq!(found(&verify(&with(first), &[])), [(last, "truncated")]);
    // A head that was noted before has to be the one that it went by, or on the way to it.
    let noted = |line: &String| verify(&with(&forgotten), std::slice::from_ref(line));
    assert!(noted(first).is_ok());
    assert!(noted(&first.replace(r#""count":14"#, r#""count":9"#)).is_ok());
    assert_eq!(
        found(&noted(&first.replace(r#""count":14"#, r#""count":15"#))),
        [(0, "truncated")]
    );
    let other = first.replace(r#""head":""#, r#""head":"0"#);
    let next = rest
        .iter()
        .position(|line| line.contains(r#""source":"shop""#))
        .unwrap();
    assert_eq!(
        found(&noted(&other)),
        [(0, "altered"), (next + 1, "removed")]
    );
    // It is the digest that the next day goes on from.
    let wrong = forgotten.replace(r#""head":""#, r#""head":"0"#);
    assert_eq!(found(&verify(&with(&wrong), &[])), [(next + 1, "removed")]);
    // Lines that were kept elsewhere are checked as ever, and nothing else in it passes.
    assert!(
        verify(&[all.clone(), vec![forgotten.clone()]].concat(), &[])
            .forgotten
            .is_empty()
    );
    for odd in [r#""forgotten":false"#, r#""forgotten":1"#] {
        let odd = forgotten.replace(r#""forgotten":true"#, odd);
        assert_eq!(found(&verify(&with(&odd), &[])), [(last, "unreadable")]);
    }
    // A head that says so stands for the day that is not in the export at all.
    let verified = verify(&rest, &[forgotten]);
    assert!(
        verified.is_ok() && verified.forgotten.len() == 1,
        "{verified}"
    );
}

#[test]
fn a_ruling_without_room_says_so_and_nothing_that_is_not_so() {
    let settings = settings(&Value::Null);
    let events = visitors().map(|visitor| event("o", &visitor).to_string());
    let decided: Vec<Decided> = events
        .iter()
        .flat_map(|text| decided(&plan(&settings, None, text).messages))
        .collect();
    let decided: Vec<&Decided> = decided.iter().collect();
    let place = Place {
        source: "shop",
        day: 20_000,
        seq: 0,
        before: GENESIS,
    };
    let digests = digests(&decided);
    let whole = close(&place, b"key", &decided, |digest| digest == digests[0]);
    assert_eq!(whole.omitted, whole.count - 1);
    let words = |digest: &str| {
        let known = whole.rulings.iter().find(|(known, _)| known == digest);
        known.map(|(_, words)| words.clone())
    };
    let all = lines(&place, &whole.body, words).unwrap();
    assert_eq!(all.last().unwrap().hash, whole.head);
    let read = |line: &Receipt| -> Value { serde_json::from_str(&line.text).unwrap() };
    assert_eq!(read(&all[0])["receipt"].get("omitted"), None);
    for line in &all[1..] {
        let receipt = &read(line)["receipt"];
        assert_eq!(receipt["omitted"], json!(["destinations", "signals"]));
        assert_eq!(
            (&receipt["destinations"], &receipt["signals"]),
            (&json!({}), &json!([]))
        );
        assert_eq!(receipt["policy"], read(&all[0])["receipt"]["policy"]);
    }
    // The law of the visitor's region is there all the same.
    assert_eq!(read(all.last().unwrap())["receipt"]["regime"], "opt_out");
    let mut export: Vec<String> = all.into_iter().map(|line| line.text).collect();
    export.push(closing("shop", place.day, whole.count, &whole.head, false));
    assert!(verify(&export, &[]).is_ok());
}

#[test]
fn a_chain_that_is_written_anew_is_shown_by_a_head_that_was_noted() {
    let good = example();
    let heads: Vec<String> = good
        .export()
        .into_iter()
        .filter(|line| is_closing(line))
        .collect();
    let today = NOW.0.div_euclid(86_400_000);
    let mut other = Chains::default();
    let mut gathered = Gathered::new("shop", NOW);
    let ruling = Ruling {
        policy: "0".to_owned(),
        opt_in: true,
        signals: 0,
        ruled: Vec::new(),
    };
    (0..14).for_each(|n| gathered.add(&ruling, "0", "purchase", &format!("o-{n}"), false));
    other.write("shop", today, &gathered.finish().iter().collect::<Vec<_>>());
    let lines = other.export();
    assert!(verify(&lines, &[]).is_ok());
    assert_eq!(found(&verify(&lines, &heads[..1])), [(14, "altered")]);
    // And one that went on from it is as it should be.
    assert!(verify(&good.export(), &heads[..1]).is_ok());
}

#[test]
fn what_is_no_export_is_no_panic() {
    for line in [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "\u{0}",
        r#"{"count":-1,"day":"2026-11-30","head":"","source":"s"}"#,
        r#"{"count":1e3,"day":"2026-11-30","head":"","source":"s"}"#,
        r#"{"count":9223372036854775807,"day":"2026-11-30","head":"","source":"s"}"#,
        r#"{"day":"2026-11-30","hash":"","prev":"","receipt":{},"seq":9223372036854775807,"source":"s"}"#,
        r#"{"day":"0000-00-00","hash":"","prev":"","receipt":{},"seq":0,"source":"s"}"#,
    ] {
        let mut verifier = Verifier::default();
        verifier.line(line);
        verifier.head(line);
        assert_eq!(verifier.finish().is_ok(), line.is_empty(), "{line}");
    }
    let many: Vec<String> = vec!["?".to_owned(); 5000];
    let verified = verify(&many, &[]);
    assert_eq!(verified.problems.len(), Verified::MOST_PROBLEMS);
    assert_eq!(verified.problems[0].finding, Finding::Unreadable);
}

#[test]
fn a_name_of_a_signal_keeps_its_bit() {
    let names = "ad_storage analytics_storage ad_user_data ad_personalization tcf gpp gpp_sid additional_consent \
                 gdpr_applies us_privacy gpc legal_basis gcs gcd";
    assert_eq!(SIGNALS.join(" "), names);
}

fn any_ruling() -> impl Strategy<Value = Ruling> {
    let verdict = prop_oneof![
        any::<(bool, bool, bool, Option<bool>, Option<bool>)>().prop_map(
            |(identifiers, personalised, limited, ad_user_data, ad_personalization)| Ok(Allowed {
                identifiers,
                personalised,
                limited,
                ad_user_data,
                ad_personalization,
            })
        ),
        "[a-z_]{1,20}".prop_map(Err),
    ];
    let ruled = (
        "[a-z][a-z0-9_-]{0,8}",
        verdict,
        0_u32..1 << 24,
        prop::option::of(0_u32..1 << 24),
    );
    let ruled = ruled.prop_map(|(destination, verdict, needs, consented)| Ruled {
        destination,
        verdict,
        needs,
        consented,
    });
    let all = prop::collection::vec(ruled, 0..5);
    ("[0-9a-f]{16}", any::<bool>(), 0_u16..1 << 12, all).prop_map(
        |(policy, opt_in, signals, mut ruled)| {
            ruled.sort_by(|one, other| one.destination.cmp(&other.destination));
            ruled.dedup_by(|one, other| one.destination == other.destination);
            Ruling {
                policy,
                opt_in,
                signals,
                ruled,
            }
        },
    )
}

fn any_chains() -> impl Strategy<Value = Chains> {
    let event = (
        "[a-z_]{1,8}",
        "[^\u{0}-\u{1f}]{1,12}",
        any::<bool>(),
        0_usize..3,
    );
    let events = prop::collection::vec(event, 1..8);
    let rulings = prop::collection::vec((any_ruling(), "[0-9a-f]{4}"), 3);
    let write = (
        prop::sample::select(vec!["shop", "bulk"]),
        0_i64..4,
        rulings,
        events,
    );
    prop::collection::vec(write, 1..8).prop_map(|mut writes| {
        writes.sort_by_key(|(_, day, ..)| *day);
        let mut chains = Chains::default();
        for (source, day, rulings, events) in writes {
            let mut gathered = Gathered::new(source, UnixMillis(NOW.0 + day));
            for (name, id, test, ruling) in &events {
                let (ruling, inputs) = &rulings[*ruling];
                gathered.add(ruling, inputs, name, id, *test);
            }
            // As they come out of a queue.
            let parts = gathered.finish();
            let text = serde_json::to_string(&parts).unwrap();
            let read: Vec<Decided> = serde_json::from_str(&text).unwrap();
            assert_eq!(read, parts);
            chains.write(source, 20_000 + day, &read.iter().collect::<Vec<_>>());
        }
        chains
    })
}

/// What somebody may do to an export.
#[derive(Debug, Clone)]
enum Tampering {
    Remove(prop::sample::Index),
    Duplicate(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, prop::sample::Index, u8),
    Drop(prop::sample::Index, prop::sample::Index),
}

fn any_tampering() -> impl Strategy<Value = Tampering> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        at().prop_map(Tampering::Remove),
        (at(), at()).prop_map(|(of, to)| Tampering::Duplicate(of, to)),
        (at(), at()).prop_map(|(one, other)| Tampering::Swap(one, other)),
        at().prop_map(Tampering::Cut),
        (at(), at(), 0x21_u8..0x7e).prop_map(|(line, at, byte)| Tampering::Flip(line, at, byte)),
        (at(), at()).prop_map(|(line, at)| Tampering::Drop(line, at)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_export_is_as_it_was_and_nothing_that_is_done_to_it_goes_unseen(
        chains in any_chains(),
        tampering in any_tampering(),
    ) {
        let good = chains.export();
        let heads: Vec<String> = good.iter().filter(|line| is_closing(line)).cloned().collect();
        let verified = verify(&good, &heads);
        prop_assert!(verified.is_ok(), "{}", verified);
        prop_assert_eq!(verified.chains.len(), chains.0.len());
        let mut lines = good.clone();
        match &tampering {
            Tampering::Remove(of) => drop(lines.remove(of.index(good.len()))),
            Tampering::Duplicate(of, to) => {
                let line = good[of.index(good.len())].clone();
                lines.insert(to.index(good.len()), line);
            }
            Tampering::Swap(one, other) => lines.swap(one.index(good.len()), other.index(good.len())),
            Tampering::Cut(at) => lines.truncate(at.index(good.len())),
            Tampering::Flip(of, at, byte) => {
                let line = &mut lines[of.index(good.len())];
                let mut chars: Vec<char> = line.chars().collect();
                let at = at.index(chars.len());
                chars[at] = char::from(*byte);
                *line = chars.into_iter().collect();
            }
            Tampering::Drop(of, at) => {
                let line = &mut lines[of.index(good.len())];
                let at = at.index(line.chars().count());
                *line = line.chars().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| c).collect();
            }
        }
        let verified = verify(&lines, &heads);
        // Where a closing line stands, and how often, says nothing about the receipts.
        let receipts = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| !is_closing(line)).cloned().collect()
        };
        let by_chain = |lines: &[String]| {
            let mut of = receipts(lines);
            of.sort_by_key(|line| {
                let line: Value = serde_json::from_str(line).unwrap_or_default();
                (line["source"].to_string(), line["day"].to_string())
            });
            of
        };
        let closings: BTreeSet<&String> = lines.iter().filter(|line| is_closing(line)).collect();
        let harmless = by_chain(&lines) == by_chain(&good) && closings == heads.iter().collect();
        prop_assert_eq!(verified.is_ok(), harmless, "{:?}\n{}", tampering, verified);
    }

    #[test]
    fn nothing_that_is_read_as_an_export_panics(text in "(?s).{0,200}", parts in prop::collection::vec("[{}\\[\\]\",:a-z0-9]{0,20}", 0..20)) {
        let mut verifier = Verifier::default();
        text.lines().for_each(|line| verifier.line(line));
        verifier.line(&parts.concat());
        verifier.finish();
        chain::day(&text);
        let place = Place { source: "shop", day: i64::MAX, seq: 0, before: GENESIS };
        lines(&place, &parts.concat(), |_| Some(text.clone()));
    }
}

//! Several copies of one event: which destination gets which, what the sender is told, and what the ledger says of it.

use std::collections::BTreeMap;

use edgetally_core::dedup::{Claim, ClaimKey};
use edgetally_core::delivery::{Delivery, Gates, releases};
use edgetally_core::exchange::http::Reply;
use edgetally_core::intake::Visit;
use edgetally_core::ledger::{Counts, State, balance};
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, envelopes, platform_settings, shop};

const DESTINATIONS: [&str; 4] = ["meta", "ga4", "google_ads", "webhook"];

fn settings() -> Settings {
    let all = DESTINATIONS.map(|name| (name, platform_settings(name)));
    shop(&all, &Value::Null, &Value::Null)
}

/// The store of claims, the ledger, and what each platform was sent.
#[derive(Default)]
struct World {
    store: BTreeMap<ClaimKey, String>,
    counts: Counts,
    arrived: usize,
    sent: BTreeMap<String, usize>,
    letters: Vec<edgetally_core::ledger::DeadLetter>,
}

/// One copy, and whether Meta refuses its content.
#[derive(Debug, Clone)]
struct Arrival {
    page: bool,
    event: Value,
    refused: bool,
}

impl World {
    /// One copy through intake and delivery. Gives the answer, and which platforms were sent it.
    fn arrive(&mut self, settings: &Settings, copy: &Arrival) -> (Value, Vec<String>) {
        self.arrived += 1;
        let visit = copy.page.then(Visit::default);
        let source = settings.source("shop").unwrap();
        let body = copy.event.to_string();
        let batch = edgetally_core::intake::native::batch(
            settings,
            source,
            visit.as_ref(),
            body.as_bytes(),
            NOW,
        )
        .unwrap();
        let known = |key| self.store.get(&key).map(|text| Claim::parse(text));
        let plan = batch.finish(known, &format!("e{}", self.arrived));
        for made in plan.claims {
            self.store.insert(made.key, made.claim.to_text());
        }
        let envelopes = envelopes(&plan.messages);
        let mut gates = Gates::new();
        let mut delivery = Delivery::new(settings, &envelopes, &gates, NOW);
        let mut sent = Vec::new();
        while let Some(flight) = delivery.next(&mut gates, NOW) {
            let token = flight.request.uri().path().contains("token");
            let refuse = copy.refused && flight.destination == "meta";
            let (status, body) = if refuse {
                (400, r#"{"error": {"code": 100, "error_subcode": 2804003}}"#)
            } else {
                (
                    200,
                    r#"{"events_received": 1, "access_token": "FIXTURE_TOKEN", "expires_in": 3600, "requestId": "r1"}"#,
                )
            };
            if !token && !refuse {
                sent.push(flight.destination.clone());
                *self.sent.entry(flight.destination.clone()).or_default() += 1;
            }
            let reply = Reply {
                status,
                retry_after: None,
                body: body.as_bytes().to_vec(),
            };
            delivery.answer(flight.ticket, &Ok(reply), &mut gates, NOW);
        }
        for aftermath in delivery.finish(NOW) {
            for report in &aftermath.reports {
                self.counts.merge(&report.counts);
                self.letters.extend(report.dead.iter().cloned());
            }
            let reports: Vec<_> = aftermath.reports.iter().collect();
            for release in releases(settings, &reports) {
                let stored = self.store.get_mut(&release.key).unwrap();
                let mut claim = Claim::parse(stored);
                assert!(claim.release(&release.destination, release.worth));
                *stored = claim.to_text();
            }
        }
        for message in &plan.messages {
            if let Ok(edgetally_core::queue::envelope::Message::Report(report)) =
                edgetally_core::queue::envelope::open(message)
            {
                self.counts.merge(&report.counts);
            }
        }
        sent.sort();
        (serde_json::from_str(plan.answer.text()).unwrap(), sent)
    }

    fn count(&self, destination: &str, state: State) -> i64 {
        self.counts
            .iter()
            .filter(|(line, _)| line.destination == destination && line.state == state)
            .map(|(_, n)| n)
            .sum()
    }
}

fn purchase(changes: &Value) -> Value {
    let mut event = json!({
        "event": "purchase", "event_id": "o1", "transaction_id": "o1", "value": 129.9, "currency": "EUR",
        "user": {"email": "nora.feldt@mail.example"},
        "context": {"page_url": "https://shop.example/thanks", "client_id": "1380133182.1764792191", "user_agent": "Mozilla/5.0"},
        "consent": {"ad_storage": "granted", "analytics_storage": "granted", "ad_user_data": "granted", "ad_personalization": "granted"},
    });
    event
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    event
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    event
}

fn server(changes: &Value) -> Arrival {
    Arrival {
        page: false,
        event: purchase(changes),
        refused: false,
    }
}

fn page(changes: &Value) -> Arrival {
    Arrival {
        page: true,
        ..server(changes)
    }
}

/// Which platforms are sent each of some copies, one after the other.
fn sent(copies: &[Arrival]) -> Vec<Vec<String>> {
    let (settings, mut world) = (settings(), World::default());
    copies
        .iter()
        .map(|copy| world.arrive(&settings, copy).1)
        .collect()
}

const ALL: [&str; 4] = ["ga4", "google_ads", "meta", "webhook"];

#[test]
fn a_richer_copy_goes_where_the_poor_one_had_no_use() {
    let none: [&str; 0] = [];
    let analytics = json!({"ad_storage": "denied", "analytics_storage": "granted", "ad_user_data": "denied", "ad_personalization": "denied"});
    for (first, firsts, seconds) in [
        (
            json!({"user": null}),
            &["ga4", "webhook"][..],
            &["google_ads", "meta"][..],
        ),
        (
            json!({"consent": analytics}),
            &["ga4"],
            &["google_ads", "meta", "webhook"],
        ),
        (
            json!({"event_time": NOW.0 - 8 * 86_400_000}),
            &["google_ads", "webhook"],
            &["ga4", "meta"],
        ),
        (
            json!({"context": {}}),
            &["google_ads", "webhook"],
            &["ga4", "meta"],
        ),
        (json!({}), &ALL, &none),
    ] {
        assert_eq!(
            sent(&[server(&first), server(&json!({}))]),
            [firsts, seconds],
            "{first}"
        );
    }
}

#[test]
fn a_test_claims_nothing_and_is_held_back_by_nothing() {
    let (settings, mut world) = (settings(), World::default());
    let test = server(&json!({"test": true}));
    for copy in [&test, &server(&json!({})), &test] {
        let (answer, _) = world.arrive(&settings, copy);
        assert_eq!(answer["results"][0]["status"], "accepted", "{answer}");
    }
    assert_eq!(world.count("meta", State::Duplicate), 0);
    assert_eq!(world.store.len(), 1);
}

#[test]
fn a_refused_copy_makes_room_for_a_corrected_one() {
    let refused = Arrival {
        refused: true,
        ..server(&json!({}))
    };
    let copies = [refused, server(&json!({})), server(&json!({}))];
    assert_eq!(
        sent(&copies),
        [vec!["ga4", "google_ads", "webhook"], vec!["meta"], vec![]]
    );
}

#[test]
fn forged_orders_do_not_silence_the_shop() {
    let (settings, mut world) = (settings(), World::default());
    for n in 0..100 {
        let id = format!("order-{n}");
        let forged = page(&json!({"event_id": id, "transaction_id": id, "value": 1}));
        assert_eq!(world.arrive(&settings, &forged).1, ALL);
        let own = server(&json!({"event_id": id, "transaction_id": id}));
        let (answer, sent) = world.arrive(&settings, &own);
        assert_eq!(sent, ALL, "{answer}");
        assert_eq!(answer["results"][0]["code"], "conflict");
        // And from then on the shop's own copy is what holds.
        assert!(world.arrive(&settings, &forged).1.is_empty());
        assert!(world.arrive(&settings, &own).1.is_empty());
    }
    for name in DESTINATIONS {
        assert_eq!(world.count(name, State::Conflict), 100);
    }
}

#[test]
fn a_forged_copy_takes_no_claim_of_the_shop_away() {
    let own = server(&json!({}));
    let other_id = server(&json!({"event_id": "s-12"}));
    let forged = page(&json!({"event_id": "forged", "value": 1}));
    let refused = Arrival {
        refused: true,
        ..forged.clone()
    };
    let another = page(&json!({"event_id": "p-77"}));
    // Whichever way it names the order, what the forger sends in between, or whether that is refused: once.
    for forged in [forged, refused] {
        for first in [&own, &other_id, &another] {
            for last in [&own, &other_id, &another] {
                let arrivals = [first.clone(), forged.clone(), last.clone()];
                let sent = sent(&arrivals);
                assert_eq!(sent[2], [""; 0], "{} {}", first.event, last.event);
            }
        }
    }
    // Refused after the shop's copy has overruled it, it lets nothing of the shop's go.
    let (settings, mut world) = (settings(), World::default());
    let forged = page(&json!({"value": 1}));
    world.arrive(&settings, &own);
    let late = edgetally_core::ledger::Report {
        dead: vec![letter(&settings, &forged)],
        ..Default::default()
    };
    for release in releases(&settings, &[&late]) {
        let mut claim = Claim::parse(&world.store[&release.key]);
        assert!(!claim.release(&release.destination, release.worth));
    }
}

/// The letter of a copy that Meta has refused.
fn letter(settings: &Settings, copy: &Arrival) -> edgetally_core::ledger::DeadLetter {
    let mut world = World::default();
    let refused = Arrival {
        refused: true,
        ..copy.clone()
    };
    world.arrive(settings, &refused);
    world.letters.remove(0)
}

#[test]
fn honest_copies_of_page_and_server_are_one_event() {
    for (first, second) in [
        (page(&json!({})), server(&json!({}))),
        (server(&json!({})), page(&json!({}))),
        (page(&json!({"transaction_id": null})), server(&json!({}))),
        // Two ids made up for one order.
        (
            page(&json!({"event_id": "p-77"})),
            server(&json!({"event_id": "s-12"})),
        ),
        (
            server(&json!({"event_id": "s-12"})),
            page(&json!({"event_id": "p-77"})),
        ),
        (page(&json!({"event_id": "p-77"})), server(&json!({}))),
        (server(&json!({})), page(&json!({"event_id": "p-77"}))),
    ] {
        let about = format!("{} {}", first.event, second.event);
        assert_eq!(sent(&[first, second]), [ALL.to_vec(), vec![]], "{about}");
    }
}

#[test]
fn another_order_under_the_same_id_is_told() {
    let (settings, mut world) = (settings(), World::default());
    world.arrive(&settings, &server(&json!({})));
    let renewal = server(&json!({"transaction_id": "o1-renewal", "value": 19.99}));
    let (answer, sent) = world.arrive(&settings, &renewal);
    assert!(sent.is_empty());
    assert_eq!(answer["duplicates"], 1);
    assert_eq!(answer["results"][0]["code"], "duplicate_differs");
    let differs = |(line, _): &(&edgetally_core::ledger::Line, i64)| line.code == "server_differs";
    assert_eq!(world.counts.iter().filter(differs).count(), 4);
    // One order id for two purchases of different worth: both are sold.
    let second = server(&json!({"event_id": "o1-b", "value": 20}));
    let (answer, sent) = world.arrive(&settings, &second);
    assert_eq!(
        (sent.len(), &answer["results"][0]["code"]),
        (4, &json!("conflict"))
    );
}

#[test]
fn nobody_can_ask_a_page_key_which_orders_exist() {
    let (settings, mut world) = (settings(), World::default());
    let copy = page(&json!({}));
    let (first, _) = world.arrive(&settings, &copy);
    let (second, sent) = world.arrive(&settings, &copy);
    assert!(sent.is_empty());
    assert_eq!(first, second);
    assert_eq!(
        (&first["received"], &first["results"][0]["status"]),
        (&json!(1), &json!("received"))
    );
    let differs = page(&json!({"value": 5}));
    assert_eq!(world.arrive(&settings, &differs).0, first);
    let tested = shop(
        &[("meta", platform_settings("meta"))],
        &json!({"test": true}),
        &Value::Null,
    );
    let (answer, _) = World::default().arrive(&tested, &copy);
    assert_eq!(answer["results"][0]["status"], "accepted", "{answer}");
}

#[test]
fn pages_send_what_they_may() {
    let all = [("meta", platform_settings("meta"))];
    for (allowed, event, taken) in [
        (Value::Null, "purchase", true),
        (Value::Null, "refund", false),
        (json!(["page_view", "add_to_cart"]), "purchase", false),
        (json!(["refund"]), "refund", true),
    ] {
        let mut source = json!({});
        if !allowed.is_null() {
            source["page_events"] = allowed;
        }
        let settings = shop(&all, &source, &Value::Null);
        for page in [true, false] {
            let copy = Arrival {
                page,
                event: purchase(&json!({"event": event})),
                refused: false,
            };
            let (answer, _) = World::default().arrive(&settings, &copy);
            let status = &answer["results"][0];
            assert_eq!(status["status"] != "rejected", taken || !page, "{answer}");
            if !taken && page {
                assert_eq!(
                    (&status["code"], &status["path"]),
                    (&json!("event_not_for_pages"), &json!("event"))
                );
            }
        }
    }
}

#[test]
fn an_order_that_the_shop_has_signed_is_as_good_as_its_own() {
    let secret = edgetally_core::base::secret::Secret::new(
        crate::support::secret("SHOP_EVENT_TOKEN").unwrap(),
    );
    let token = edgetally_core::intake::auth::event_token(&secret, "o1", "129.90", "EUR");
    let shop = |required: bool| {
        let source = json!({"event_token": "SHOP_EVENT_TOKEN", "event_token_required": required});
        shop(
            &[("meta", platform_settings("meta"))],
            &source,
            &Value::Null,
        )
    };
    let signed = page(&json!({"event_token": token}));
    let forged = page(&json!({"event_token": token, "value": 1}));
    let bare = page(&json!({}));
    for (required, copy, code) in [
        (true, &signed, None),
        (true, &forged, Some("event_token_invalid")),
        (true, &bare, Some("event_token_missing")),
        (false, &signed, None),
        (false, &forged, Some("event_token_invalid")),
        (false, &bare, None),
    ] {
        let (answer, _) = World::default().arrive(&shop(required), copy);
        assert_eq!(answer["results"][0]["code"].as_str(), code, "{answer}");
    }
    // Only purchases are signed, and a server needs no token.
    let view = page(&json!({"event": "add_to_cart"}));
    assert_eq!(World::default().arrive(&shop(true), &view).1, ["meta"]);
    assert_eq!(
        World::default().arrive(&shop(true), &server(&json!({}))).1,
        ["meta"]
    );
    // Signed, it is the stronger copy.
    let settings = shop(false);
    let mut world = World::default();
    world.arrive(&settings, &page(&json!({"value": 1})));
    assert_eq!(world.arrive(&settings, &signed).1, ["meta"]);
    assert_eq!(world.count("meta", State::Conflict), 1);
}

#[test]
fn parts_of_an_order_are_taken_back_one_by_one() {
    let id = |changes: &Value| {
        let mut changes = changes.clone();
        changes["event"] = json!("refund");
        changes["event_id"] = Value::Null;
        let copy = server(&changes);
        let (answer, _) = World::default().arrive(&settings(), &copy);
        answer["results"][0]["event_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    };
    let whole = json!({"value": null, "currency": null});
    assert_eq!(id(&whole), "o1");
    let part = |value: f64| json!({"value": value, "items": [{"item_id": "SKU-44", "quantity": 1, "price": value}]});
    let mut ids = vec![id(&whole)];
    for other in [
        part(20.0),
        part(30.0),
        json!({"value": 20}),
        json!({"value": 20, "event_time": NOW.0 - 1000}),
        json!({"value": 20, "event_time": NOW.0 - 2000}),
        json!({"value": 20, "properties": {"remaining_value": 109.9}}),
        json!({"value": 20, "properties": {"remaining_value": 89.9}}),
    ] {
        let new = id(&other);
        assert_eq!(id(&other), new, "a copy is a copy");
        assert!(!ids.contains(&new), "{other}");
        ids.push(new);
    }
    let long = "x".repeat(128);
    assert_eq!(id(&json!({"transaction_id": long, "value": 20})).len(), 128);
}

#[test]
fn copies_in_one_request_are_held_against_each_other() {
    let (settings, mut world) = (settings(), World::default());
    let mut copy = server(&json!({}));
    copy.event = json!([
        purchase(&json!({"user": null})),
        purchase(&json!({})),
        purchase(&json!({}))
    ]);
    let (answer, _) = world.arrive(&settings, &copy);
    let statuses: Vec<&Value> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["status"])
        .collect();
    assert_eq!(statuses, ["accepted", "accepted", "duplicate"]);
    let google: Vec<&Value> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["destinations"]["google_ads"])
        .collect();
    assert_eq!(
        google,
        ["skipped:identifiers_missing", "queued", "duplicate"]
    );
    assert_eq!(world.sent["meta"], 1);
    assert_eq!(world.sent["google_ads"], 1);
}

/// A copy of one order as any of several senders would send it.
fn any_copy() -> impl Strategy<Value = Arrival> {
    let event_id = prop_oneof![Just("o1"), Just("o1"), Just("o2"), Just("x")];
    let order = prop_oneof![Just(Some("o1")), Just(None), Just(Some("o2"))];
    let consent = prop_oneof![Just("gggg"), Just("gggg"), Just("dgdd"), Just("dddd")];
    (
        any::<bool>(),
        event_id,
        order,
        prop_oneof![Just(129.9), Just(1.0)],
        consent,
        any::<[bool; 3]>(),
        0..6_u8,
    )
        .prop_map(|(page, id, order, value, consent, [user, client, old], odd)| {
            let choice = |place: usize| if consent.as_bytes()[place] == b'g' { "granted" } else { "denied" };
            let mut changes = json!({
                "event_id": id, "transaction_id": order, "value": value,
                "consent": {"ad_storage": choice(0), "analytics_storage": choice(1), "ad_user_data": choice(2), "ad_personalization": choice(3)},
            });
            if user {
                changes["user"] = Value::Null;
            }
            if client {
                changes["context"] = json!({"page_url": "https://shop.example/", "user_agent": "Mozilla/5.0"});
            }
            if old {
                changes["event_time"] = json!(NOW.0 - 8 * 86_400_000);
            }
            if odd == 0 {
                changes["test"] = json!(true);
            }
            Arrival {
                page,
                event: purchase(&changes),
                refused: odd == 1,
            }
        })
}

/// A copy that a destination has of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Has {
    page: bool,
    value: u64,
    order: Option<&'static str>,
}

fn agree(one: Has, other: Has) -> bool {
    one.value == other.value
        && (one.order.is_none() || other.order.is_none() || one.order == other.order)
}

fn named(value: &Value) -> Option<&'static str> {
    ["o1", "o2", "x"].into_iter().find(|name| value == name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Random copies, held against a model that knows nothing of claims: by destination and id, what is there.
    #[test]
    fn each_destination_gets_each_event_once(copies in prop::collection::vec(any_copy(), 1..5)) {
        let settings = settings();
        let mut world = World::default();
        let mut has: BTreeMap<(&str, &str), Vec<Has>> = BTreeMap::new();
        let mut expected: BTreeMap<(&str, State), i64> = BTreeMap::new();
        for copy in &copies {
            // Alone in the world: where it would go if nothing had come before.
            let (alone, _) = World::default().arrive(&settings, &Arrival { page: false, ..copy.clone() });
            let (_, sent) = world.arrive(&settings, copy);
            let id = named(&copy.event["event_id"]).unwrap();
            let order = named(&copy.event["transaction_id"]);
            let me = Has { page: copy.page, value: copy.event["value"].as_f64().unwrap().to_bits(), order };
            let test = copy.event["test"] == true;
            for name in DESTINATIONS {
                let verdict = alone["results"][0]["destinations"][name].as_str().unwrap();
                let refused = copy.refused && name == "meta";
                let mut add = |state| *expected.entry((name, state)).or_default() += 1;
                add(State::Accepted);
                if verdict.starts_with("blocked") {
                    add(State::Blocked);
                    prop_assert!(!sent.contains(&name.to_owned()));
                    continue;
                }
                if verdict.starts_with("skipped") {
                    add(State::Skipped);
                    prop_assert!(!sent.contains(&name.to_owned()));
                    continue;
                }
                let known = |id| has.get(&(name, id)).map_or(&[][..], Vec::as_slice);
                let by_id = known(id);
                let by_order = order.filter(|order| *order != id).map_or(&[][..], known);
                let held = !test
                    && (by_id.iter().any(|it| agree(*it, me) || it.page <= me.page)
                        || by_order.iter().any(|it| agree(*it, me)));
                if held {
                    add(State::Duplicate);
                    prop_assert!(!sent.contains(&name.to_owned()), "{name} was sent {}", copy.event);
                    continue;
                }
                prop_assert_eq!(sent.contains(&name.to_owned()), !refused, "{} {}", name, &copy.event);
                if refused {
                    add(State::Rejected);
                } else if name == "google_ads" && !test {
                    add(State::Processing);
                } else {
                    add(State::Delivered);
                }
                if test {
                    continue;
                }
                if !by_id.is_empty() || !by_order.is_empty() {
                    add(State::Conflict);
                }
                for known in [Some(id), order].into_iter().flatten() {
                    if !refused {
                        has.entry((name, known)).or_default().push(me);
                    }
                }
            }
        }
        for name in DESTINATIONS {
            for state in [State::Accepted, State::Blocked, State::Skipped, State::Duplicate, State::Delivered, State::Processing, State::Rejected, State::Conflict] {
                let expected = expected.get(&(name, state)).copied().unwrap_or(0);
                prop_assert_eq!(world.count(name, state), expected, "{} {:?}", name, state);
            }
        }
        for balance in balance(world.counts.iter().map(|(line, n)| (line.clone(), n))) {
            prop_assert_eq!(balance.remainder, 0);
        }
    }
}

//! A consent that is withdrawn: nothing that it covers is sent any more, wherever it is on its way, and the books stay even.

use std::collections::BTreeSet;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Gates, Queue, receipts};
use edgetally_core::intake::withdrawal::{Withdrawal, answer, refusal};
use edgetally_core::ledger::chain::{GENESIS, Place, close, lines};
use edgetally_core::ledger::decided::Ruling;
use edgetally_core::ledger::{State, Withdrawals, Withdrawn};
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    NOW, all_platforms, envelopes, fixtures, plan, platform_settings, read, shop,
};
use crate::world::*;

/// An event of a visitor.
fn of_visitor(visitor: &str, id: &str) -> Value {
    let mut event = event("contact", id, NOW.0);
    event["user"]["external_id"] = json!(visitor);
    event
}

/// What a server's body withdraws.
fn withdrawal(settings: &Settings, body: &Value) -> Withdrawal {
    let source = settings.source("shop").unwrap();
    Withdrawal::read(settings, source, body.to_string().as_bytes()).unwrap()
}

/// The mark of a visitor.
fn mark(settings: &Settings, visitor: &str) -> String {
    withdrawal(settings, &json!({"external_id": visitor}))
        .visitor
        .unwrap()
}

/// The ids that a destination got.
fn arrived(world: &World<'_>, destination: &str) -> BTreeSet<String> {
    let requests = world.requests(destination).into_iter();
    requests.flat_map(|got| got.ids.clone()).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn a_visitor_who_withdraws_while_a_platform_is_down_never_gets_there() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(
        &[
            of_visitor("u1", "a"),
            of_visitor("u2", "b"),
            of_visitor("u1", "c"),
            event("contact", "d", NOW.0),
        ],
        "e1",
    );
    let messages = std::mem::take(&mut world.queue);
    for (_, queue, message) in &messages {
        world.work(*queue, message, &mut |_, _| Some(reply(503, "")), true);
    }
    assert_eq!(world.state("meta", State::Retrying), 4);
    world.got.clear();
    world.withdraw(Withdrawn::Visitor, &mark(&settings, "u1"));
    // What is received later brings its own consent.
    world.now += 1000;
    world.send(&[of_visitor("u1", "e")], "e2");
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    assert_eq!(arrived(&world, "meta"), set(&["b", "d", "e"]));
    assert_eq!(world.code(State::Blocked, "consent_withdrawn"), 2);
    assert_eq!(world.state("meta", State::Delivered), 3);
    assert_eq!(world.state("meta", State::Retrying), 0);
}

#[test]
fn an_event_that_is_withdrawn_is_blocked_in_the_queue_and_in_every_later_copy() {
    let settings = shop(
        &["meta", "ga4"].map(|name| (name, platform_settings(name))),
        &Value::Null,
        &Value::Null,
    );
    let mut world = World::new(&settings);
    world.send(&[of_visitor("u1", "a"), of_visitor("u1", "b")], "e1");
    world.withdraw(Withdrawn::Event, "a");
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    world.now += 86_400_000;
    world.send(&[of_visitor("u1", "a")], "e2");
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    for destination in ["meta", "ga4"] {
        assert_eq!(arrived(&world, destination), set(&["b"]));
        assert_eq!(world.state(destination, State::Blocked), 2);
        assert_eq!(world.balance(destination).accepted, 3);
    }
}

#[test]
fn letters_that_are_withdrawn_are_no_letters_any_more() {
    let more = json!({"delivery": {"max_attempts": 1}});
    let settings = only("meta", &more);
    let mut world = World::new(&settings);
    world.send(
        &[
            of_visitor("u1", "a"),
            of_visitor("u2", "b"),
            of_visitor("u1", "c"),
        ],
        "e1",
    );
    world.run(&mut |_, _| Some(reply(503, "")));
    assert_eq!((world.state("meta", State::Dead), world.dead.len()), (3, 3));
    world.withdraw(Withdrawn::Visitor, &mark(&settings, "u1"));
    let left: Vec<&str> = world
        .dead
        .values()
        .map(|letter| &*letter.event_id)
        .collect();
    assert_eq!(left, ["b"]);
    assert_eq!(world.state("meta", State::Dead), 1);
    assert_eq!(world.code(State::Blocked, "consent_withdrawn"), 2);
    // Again, it is the same.
    world.withdraw(Withdrawn::Visitor, &mark(&settings, "u1"));
    assert_eq!(world.state("meta", State::Blocked), 2);
    assert_eq!(world.balance("meta").remainder, 0);
}

#[test]
fn what_was_to_go_to_a_removed_destination_or_to_a_closed_one_is_no_letter_and_does_not_wait() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&[of_visitor("u1", "a"), of_visitor("u2", "b")], "e1");
    world.withdraw(Withdrawn::Visitor, &mark(&settings, "u1"));
    let other = only("ga4", &Value::Null);
    let settings = std::mem::replace(&mut world.settings, &other);
    world.run(&mut |_, _| None);
    assert_eq!(world.dead.len(), 1);
    assert_eq!(
        (
            world.state("meta", State::Dead),
            world.state("meta", State::Blocked)
        ),
        (1, 1)
    );

    let mut world = World::new(settings);
    world.send(&[event("contact", "first", NOW.0)], "e1");
    let (_, queue, message) = world.queue.remove(0);
    world.work(
        queue,
        &message,
        &mut |_, _| Some(reply(401, r#"{"error": {"code": 190}}"#)),
        true,
    );
    world.send(&[of_visitor("u1", "a")], "e2");
    world.withdraw(Withdrawn::Visitor, &mark(settings, "u1"));
    let (_, queue, message) = world.queue.pop().unwrap();
    world.work(queue, &message, &mut |_, _| None, true);
    assert_eq!(world.state("meta", State::Blocked), 1);
    assert_eq!(world.state("meta", State::Retrying), 1);
}

#[test]
fn what_a_platform_gives_back_is_not_offered_again() {
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    let mut one = of_visitor("u1", "a");
    one["event"] = json!("purchase");
    (one["value"], one["currency"]) = (json!(1), json!("EUR"));
    let mut other = one.clone();
    (other["event_id"], other["user"]["external_id"]) = (json!("b"), json!("u2"));
    world.send(&[one, other], "e1");
    let (_, queue, message) = world.queue.remove(0);
    world.work(
        queue,
        &message,
        &mut |outgoing, _| Some(received(outgoing)),
        true,
    );
    assert_eq!(world.state("google_ads", State::Processing), 2);
    world.withdraw(Withdrawn::Visitor, &mark(&settings, "u1"));
    world.got.clear();
    let mut asked = 0;
    world.run(&mut |outgoing, _| {
        asked += i32::from(is_question(outgoing));
        Some(if is_question(outgoing) && asked == 1 {
            judged("TOO_RECENT_CLICK", 2)
        } else {
            received(outgoing)
        })
    });
    assert_eq!(arrived(&world, "google_ads"), set(&["b"]));
    assert_eq!(world.state("google_ads", State::Blocked), 1);
    assert_eq!(world.state("google_ads", State::Delivered), 1);
}

/// What the ledger tells of these withdrawals.
fn told(version: i64, all: &[(Withdrawn, &str)], at: UnixMillis) -> Value {
    let rows: Vec<Value> = all
        .iter()
        .map(|(kind, id)| json!({"kind": kind.as_str(), "source": "shop", "id": id, "at": at}))
        .collect();
    json!({"version": version, "withdrawn": rows})
}

#[test]
fn nothing_is_given_out_by_word_that_is_too_old() {
    let settings = only("ga4", &Value::Null);
    let plan = plan(
        &settings,
        None,
        &Value::from(visitors("contact", "v", 4)).to_string(),
    );
    let envelopes = envelopes(&plan.messages);
    let mut gates = Gates::new();
    let mut all = Withdrawals::new();
    assert!(all.hear(all.version(), told(0, &[], NOW), NOW, NOW));
    let mut delivery = Delivery::on(Queue::Main, &settings, &envelopes, &gates, NOW);
    delivery.heed(&all);
    let first = delivery.next(&mut gates, NOW).unwrap();
    let later = UnixMillis(NOW.0 + Withdrawals::LEASE_MS);
    assert!(!delivery.stale(UnixMillis(later.0 - 1)) && delivery.stale(later));
    assert!(delivery.next(&mut gates, later).is_none());
    assert!(all.hear(
        all.version(),
        told(
            2,
            &[(Withdrawn::Event, "v-0"), (Withdrawn::Event, "v-2")],
            later
        ),
        later,
        later
    ));
    delivery.heed(&all);
    let mut got = Vec::new();
    while let Some(outgoing) = delivery.next(&mut gates, later) {
        got.extend(ids(&outgoing));
        delivery.answer(outgoing.ticket, &reply(204, ""), &mut gates, later);
    }
    // The one that was under way fails, and is not sent again.
    delivery.answer(first.ticket, &reply(503, ""), &mut gates, later);
    assert_eq!(
        (ids(&first), got),
        (
            vec!["v-0".to_owned()],
            vec!["v-1".to_owned(), "v-3".to_owned()]
        )
    );
    let effects = delivery.finish(later);
    assert!(effects[0].messages.is_empty());
    let mut states: Vec<&str> = effects[0].reports[0]
        .notes
        .iter()
        .map(|note| note.what.values().next().unwrap().as_str())
        .collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [
            "blocked:consent_withdrawn",
            "blocked:consent_withdrawn",
            "delivered",
            "delivered"
        ]
    );
}

#[test]
fn what_nobody_can_vouch_for_is_left_to_another_invocation() {
    let settings = only("meta", &Value::Null);
    let plan = plan(
        &settings,
        None,
        &Value::from(events("contact", 3)).to_string(),
    );
    let envelopes = envelopes(&plan.messages);
    let mut gates = Gates::new();
    let mut all = Withdrawals::new();
    assert!(all.hear(all.version(), told(0, &[], NOW), NOW, NOW));
    let mut delivery = Delivery::on(Queue::Main, &settings, &envelopes, &gates, NOW);
    delivery.heed(&all);
    let later = UnixMillis(NOW.0 + Withdrawals::LEASE_MS);
    assert!(delivery.next(&mut gates, later).is_none());
    delivery.leave();
    assert!(!delivery.stale(later) && delivery.next(&mut gates, later).is_none());
    let effects = delivery.finish(later);
    assert_eq!(effects[0].messages.len(), 1);
    assert_eq!(effects[0].messages[0].delay, 0);
}

/// Senders and a ledger, each with a clock of its own, and what is on its way between them.
#[derive(Default)]
struct Ways {
    /// How far the clocks of the senders are ahead, and what they have heard.
    senders: Vec<(i64, Withdrawals)>,
    /// What was withdrawn, in order.
    withdrawn: Vec<String>,
    /// What the ledger has written down.
    leased: UnixMillis,
    /// How many withdrawals are acknowledged.
    acknowledged: usize,
    coming: Vec<(i64, Coming)>,
}

/// What comes to somebody.
enum Coming {
    /// A question to the ledger: whose, the last withdrawal that it has heard of, the lease, when it was asked by its own
    /// clock, and how long the answer will take.
    Question(usize, i64, i64, UnixMillis, i64),
    /// The answer.
    Answer(usize, i64, Value, UnixMillis),
    /// The next withdrawal.
    Withdrawal,
    /// So many are acknowledged.
    Acknowledged(usize),
}

impl Ways {
    /// The ledger's clock is an hour ahead.
    const AHEAD: i64 = 3_600_000;

    fn ask(&mut self, now: i64, sender: usize, there: i64, back: i64) {
        let (ahead, all) = &self.senders[sender];
        let asked = UnixMillis(now + ahead);
        let question = Coming::Question(sender, all.version(), all.wanted(), asked, back);
        self.coming.push((now + there, question));
    }

    fn comes(&mut self, now: i64, coming: Coming) {
        let clock = UnixMillis(now + Self::AHEAD);
        match coming {
            Coming::Question(sender, since, wanted, asked, back) => {
                let lease = Withdrawals::granted(Some(wanted));
                if lease > Withdrawals::LEASE_MS {
                    self.leased = self.leased.max(UnixMillis(clock.0 + lease));
                }
                let news = self.withdrawn.iter().skip(since as usize);
                let news: Vec<_> = news.map(|id| (Withdrawn::Event, id.as_str())).collect();
                let mut answer = told(self.withdrawn.len() as i64, &news, clock);
                answer["lease"] = json!(lease);
                self.coming
                    .push((now + back, Coming::Answer(sender, since, answer, asked)));
            }
            Coming::Answer(sender, since, answer, asked) => {
                let (ahead, all) = &mut self.senders[sender];
                assert!(all.hear(since, answer, asked, UnixMillis(now + *ahead)));
            }
            Coming::Withdrawal => {
                self.withdrawn.push(format!("w-{}", self.withdrawn.len()));
                let wait = Withdrawals::acknowledged_after(self.leased, clock);
                self.coming
                    .push((now + wait, Coming::Acknowledged(self.withdrawn.len())));
            }
            Coming::Acknowledged(many) => self.acknowledged = self.acknowledged.max(many),
        }
        for (ahead, all) in &self.senders {
            for id in &self.withdrawn[..self.acknowledged] {
                let may_send = all.fresh(UnixMillis(now + ahead));
                assert!(
                    !may_send || all.cover("shop", id, None, clock),
                    "{id} at {now}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn whoever_may_send_has_heard_of_what_is_acknowledged_however_slow_the_ledger_is(
        steps in prop::collection::vec((0..6_usize, 0..3_usize, 0..12_000_i64, 0..12_000_i64, 0..4000_i64), 1..80)
    ) {
        let mut ways = Ways { senders: [0, -86_400_000, 7_200_000].map(|ahead| (ahead, Withdrawals::new())).into(), ..Ways::default() };
        let mut now = NOW.0;
        for (what, sender, there, back, pause) in steps {
            match what {
                0 => ways.coming.push((now + there, Coming::Withdrawal)),
                // Some are quick.
                1 => ways.ask(now, sender, there / 100, back / 100),
                _ => ways.ask(now, sender, there, back),
            }
            now += pause;
            while let Some(next) = ways.coming.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(next, _)| next) {
                if ways.coming[next].0 > now {
                    break;
                }
                let (at, coming) = ways.coming.swap_remove(next);
                ways.comes(at, coming);
            }
        }
    }

    #[test]
    fn a_ledger_that_takes_ten_seconds_stops_nobody(took in 0..=10_000_i64) {
        let mut ways = Ways { senders: vec![(0, Withdrawals::new())], ..Ways::default() };
        let mut now = NOW.0;
        // The first answer of a slow one says how long the lease has to be; the next one has it.
        for round in 0..3 {
            ways.ask(now, 0, took / 2, took - took / 2);
            while let Some((at, coming)) = ways.coming.pop() {
                now = at;
                ways.comes(now, coming);
            }
            let all = &ways.senders[0].1;
            prop_assert!(round == 0 || all.fresh(UnixMillis(now + took)), "{round}");
            prop_assert!(round == 0 || !all.fresh(UnixMillis(now + Withdrawals::MOST_LEASE_MS)));
        }
    }
}

#[test]
fn a_visitor_has_one_mark_however_the_id_is_sent_and_it_tells_nobody_who() {
    let settings = all_platforms(&Value::Null);
    let digest = edgetally_core::identity::sha256_hex("User-118842");
    let digest = std::str::from_utf8(&digest).unwrap();
    let one = mark(&settings, "User-118842");
    assert_eq!(one, mark(&settings, "  User-118842 "));
    assert_eq!(one, mark(&settings, digest));
    assert_eq!(one, mark(&settings, &digest.to_uppercase()));
    assert_ne!(one, mark(&settings, "user-118842"));
    assert!(one.len() == 32 && !digest.contains(&one));
    let parcel = |user: Value, consent: &str| {
        let mut event = event("contact", "a", NOW.0);
        event["user"] = user;
        event["consent"] = json!({"ad_user_data": consent, "analytics_storage": consent});
        plan(&settings, None, &json!([event]).to_string())
            .messages
            .concat()
    };
    for id in ["User-118842", " User-118842", digest] {
        let message = parcel(
            json!({"external_id": id, "email": "queue@worker.example"}),
            "granted",
        );
        assert!(message.contains(&format!(r#""w":"{one}""#)), "{message}");
    }
    for message in [
        parcel(json!({"email": "queue@worker.example"}), "granted"),
        parcel(
            json!({"external_id": "undefined", "email": "queue@worker.example"}),
            "granted",
        ),
        // Nobody gets it, so nothing of the visitor is kept.
        parcel(json!({"external_id": "User-118842"}), "denied"),
    ] {
        assert!(!message.contains(r#""w":""#), "{message}");
    }
    // A visitor of whom a platform gets no identifiers is found as well.
    let mut event = event("contact", "a", NOW.0);
    event["user"]["external_id"] = json!("User-118842");
    event["consent"] = json!({"analytics_storage": "granted", "ad_user_data": "denied"});
    let message = plan(&settings, None, &json!([event]).to_string())
        .messages
        .concat();
    assert!(
        message.contains(&one) && !message.contains(r#""p":{"#),
        "{message}"
    );
}

#[test]
fn a_body_is_read_strictly() {
    let settings = only("meta", &Value::Null);
    let source = settings.source("shop").unwrap();
    for (body, code, path, hint) in [
        ("", "malformed_json", "", ""),
        ("{", "malformed_json", "", ""),
        ("[]", "request_invalid", "", "external_id"),
        ("7", "wrong_type", "", "object"),
        ("{}", "request_invalid", "", "external_id"),
        (r#"{"event_id": null}"#, "request_invalid", "", "event_id"),
        (
            r#"{"eventId": "1"}"#,
            "unknown_key",
            "(unnamed)",
            "did you mean `event_id`",
        ),
        (
            r#"{"external": "1"}"#,
            "unknown_key",
            "external",
            "did you mean `external_id`",
        ),
        (
            r#"{"event_id": "1", "source": "shop"}"#,
            "unknown_key",
            "source",
            "",
        ),
        (
            r#"{"event_id": "1", "event_id": "2"}"#,
            "duplicate_key",
            "event_id",
            "",
        ),
        (r#"{"event_id": {}}"#, "wrong_type", "event_id", ""),
        (
            r#"{"external_id": ["u1"]}"#,
            "wrong_type",
            "external_id",
            "",
        ),
        (r#"{"external_id": true}"#, "wrong_type", "external_id", ""),
        (
            r#"{"event_id": "undefined"}"#,
            "request_invalid",
            "event_id",
            "placeholder",
        ),
        (
            r#"{"event_id": "jo@shop.example"}"#,
            "event_id_invalid",
            "event_id",
            "",
        ),
        (
            r#"{"external_id": "  "}"#,
            "request_invalid",
            "external_id",
            "placeholder",
        ),
        (
            r#"{"external_id": "null"}"#,
            "request_invalid",
            "external_id",
            "placeholder",
        ),
    ] {
        let error = Withdrawal::read(&settings, source, body.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.path.as_str()),
            (code, path),
            "{body}: {error}"
        );
        assert!(error.message.contains(hint), "{body}: {error}");
    }
    for (length, fits) in [(1024, true), (1025, false)] {
        let body = json!({"external_id": "é".repeat(length)}).to_string();
        let read = Withdrawal::read(&settings, source, body.as_bytes());
        assert_eq!(read.is_ok(), fits, "{length}");
    }
    assert!(Withdrawal::read(&settings, source, b"{\"event_id\": \"\xff\"}").is_err());
    // Numbers are ids as they are in events.
    let both = withdrawal(&settings, &json!({"external_id": 118_842, "event_id": 7}));
    assert_eq!(both.event_id.as_deref(), Some("7"));
    assert_eq!(both.visitor, Some(mark(&settings, "118842")));
    assert!(
        !both
            .question(&settings, source)
            .to_string()
            .contains("118842")
    );
}

#[test]
fn the_answer_says_what_is_known_and_how_each_platform_deletes() {
    let settings = all_platforms(&Value::Null);
    let source = settings.source("shop").unwrap();
    let golden: Value = serde_json::from_str(&read(&fixtures().join("withdrawal.json"))).unwrap();
    let asked = withdrawal(&settings, &golden["request"]);
    assert_eq!(
        {
            let mut question = asked.question(&settings, source);
            question["ruling"] = json!(null);
            question
        },
        json!({"source": "shop", "event": "o-1", "visitor": null, "ruling": null, "sources": 1})
    );
    let told: Value = serde_json::from_str(&answer(&settings, source, &golden["found"])).unwrap();
    assert_eq!(told, golden["answer"], "{told:#}");
}

#[test]
fn an_answer_that_does_not_tell_all_says_so_where_it_does_not() {
    let settings = shop(
        &["meta", "ga4"].map(|name| (name, platform_settings(name))),
        &Value::Null,
        &Value::Null,
    );
    let source = settings.source("shop").unwrap();
    let told = |n: usize, more: bool, untold: bool| -> [bool; 3] {
        let pending: Vec<Value> = (0..n)
            .map(|n| json!({"destination": "meta", "event": "purchase", "event_id": format!("o-{n}")}))
            .collect();
        let found = json!({"at": NOW.0, "letters": [], "more": more, "pending": pending, "notes": [], "untold": untold});
        let told: Value = serde_json::from_str(&answer(&settings, source, &found)).unwrap();
        let meta = &told["destinations"][0];
        assert_eq!(meta["name"], "meta");
        assert_eq!(meta["events"].as_array().unwrap().len(), n.min(100));
        [&told, meta, &told["destinations"][1]].map(|of| of["more"] == json!(true))
    };
    assert_eq!(told(100, false, false), [false, false, false]);
    assert_eq!(told(101, false, false), [false, true, false]);
    assert_eq!(told(1, true, false), [true, false, false]);
    assert_eq!(told(1, false, true), [false, true, true]);
    let refused = refusal(&json!({"full": true, "kept": 12, "free": NOW.0}));
    assert_eq!(refused.code.as_str(), "withdrawals_full");
    assert!(
        refused.message.contains("keeps 12 withdrawals"),
        "{refused}"
    );
}

#[test]
fn a_receipt_says_that_it_was_withdrawn_and_nothing_of_the_visitor() {
    let settings = shop(
        &["meta", "ga4"].map(|name| (name, platform_settings(name))),
        &Value::Null,
        &Value::Null,
    );
    let source = settings.source("shop").unwrap();
    let asked = withdrawal(&settings, &json!({"external_id": "User-118842"}));
    let ruling = Ruling::read(asked.question(&settings, source)["ruling"].clone()).unwrap();
    let mark = asked.visitor.unwrap();
    let events = [("purchase", "o-1"), ("", "")].map(|(name, id)| (name.to_owned(), id.to_owned()));
    let report = receipts("shop", &ruling, &mark, &events, NOW);
    let again = receipts("shop", &ruling, &mark, &events, UnixMillis(NOW.0 + 1));
    assert_ne!(report.id, again.id);
    let place = Place {
        source: "shop",
        day: 20_779,
        seq: 0,
        before: GENESIS,
    };
    let block = close(
        &place,
        b"key",
        &report.decided.iter().collect::<Vec<_>>(),
        |_| true,
    );
    let words = |digest: &str| {
        let known = block.rulings.iter().find(|(known, _)| known == digest);
        known.map(|(_, words)| words.clone())
    };
    let lines = lines(&place, &block.body, words).unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].event_id, "o-1");
    for line in lines {
        assert!(
            !line.text.contains(&mark) && !line.text.contains("118842"),
            "{}",
            line.text
        );
        let line: Value = serde_json::from_str(&line.text).unwrap();
        for destination in ["meta", "ga4"] {
            let ruled = &line["receipt"]["destinations"][destination];
            assert_eq!(
                (&ruled["verdict"], &ruled["code"]),
                (&json!("withdrawn"), &json!("consent_withdrawn"))
            );
        }
    }
    // A deployment without receipts has none of these either.
    let none = only("meta", &json!({"receipt_days": 0}));
    let source = none.source("shop").unwrap();
    let asked = withdrawal(&none, &json!({"event_id": "o-1"}));
    assert_eq!(asked.question(&none, source)["ruling"], Value::Null);
}

#[test]
fn the_docs_say_how_each_platform_deletes_in_the_words_of_the_table() {
    let docs = read(&fixtures().join("../../../../docs/consent.md"));
    for entry in edgetally_core::destinations::ALL {
        let deletion = entry.facts.deletion;
        assert!(
            docs.contains(deletion.how),
            "{}: {}",
            entry.platform,
            deletion.how
        );
        assert!(
            docs.contains(deletion.page),
            "{}: {}",
            entry.platform,
            deletion.page
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_withdrawn_is_not_sent_and_everything_else_is(
        visitors in prop::collection::vec(0_usize..4, 1..12),
        by_visitor in prop::collection::btree_set(0_usize..4, 0..3),
        by_id in prop::collection::btree_set(0_usize..12, 0..3),
        failures in 0_usize..6,
    ) {
        let settings = shop(
            &["meta", "ga4", "pinterest"].map(|name| (name, platform_settings(name))),
            &Value::Null,
            &Value::Null,
        );
        let mut world = World::new(&settings);
        let events: Vec<Value> = visitors.iter().enumerate()
            .map(|(n, visitor)| of_visitor(&format!("u{visitor}"), &format!("id-{n}")))
            .collect();
        world.send(&events, "e1");
        // Some attempts fail before it is withdrawn.
        let mut left = failures;
        while left > 0 && !world.queue.is_empty() {
            let (at, queue, message) = world.queue.remove(0);
            world.now = world.now.max(at);
            world.work(queue, &message, &mut |_, _| Some(reply(503, "")), true);
            left -= 1;
        }
        world.got.clear();
        for visitor in &by_visitor {
            world.withdraw(Withdrawn::Visitor, &mark(&settings, &format!("u{visitor}")));
        }
        for id in &by_id {
            world.withdraw(Withdrawn::Event, &format!("id-{id}"));
        }
        world.run(&mut |outgoing, _| Some(received(outgoing)));
        let free: BTreeSet<String> = visitors.iter().enumerate()
            .filter(|(n, visitor)| !by_visitor.contains(visitor) && !by_id.contains(n))
            .map(|(n, _)| format!("id-{n}"))
            .collect();
        let n = i64::try_from(visitors.len()).unwrap();
        for balance in world.balances() {
            prop_assert_eq!(&arrived(&world, &balance.destination), &free);
            prop_assert_eq!(balance.accepted, n);
            prop_assert_eq!(balance.delivered, i64::try_from(free.len()).unwrap());
            prop_assert_eq!(balance.blocked, n - balance.delivered);
            prop_assert_eq!(balance.remainder, 0);
        }
    }
}

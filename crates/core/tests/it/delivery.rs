//! Whole days at the queue: scripted platforms, a clock that is turned by hand, and a ledger that counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{
    Delivery, MOST_IN_FLIGHT, MOST_UNPAIRED, OutgoingRequest, Polling, Queue, replay,
};
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::ledger::{DeadLetter, Pending, State};
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, platform_settings, shop};
use crate::world::*;

#[test]
fn bad_events_are_found_and_the_others_delivered_once() {
    for bad in [
        vec!["contact-17"],
        vec!["contact-0", "contact-24", "contact-49"],
    ] {
        let settings = only("meta", &Value::Null);
        let mut world = World::new(&settings);
        world.send(&events("contact", 50), "e1");
        world.run(&mut |outgoing, _| {
            let poisoned = ids(outgoing).iter().any(|id| bad.contains(&id.as_str()));
            Some(if poisoned {
                reply(400, TOO_OLD)
            } else {
                received(outgoing)
            })
        });
        let k = bad.len();
        assert_eq!(
            world.state("meta", State::Delivered),
            50 - i64::try_from(k).unwrap()
        );
        assert_eq!(
            world.code(State::Rejected, "100/2804016"),
            i64::try_from(k).unwrap()
        );
        assert!(world.taken.len() == 50 - k && world.taken.values().all(|times| *times == 1));
        // A search tree: at most two requests on each of its levels for each bad event, and the first one.
        let requests = world.requests("meta").len();
        assert!(requests <= 2 * k * 6 + 1, "{requests} requests for {k}");
        let letters: BTreeSet<&str> = world
            .dead
            .values()
            .map(|letter| letter.event_id.as_str())
            .collect();
        assert_eq!(letters, bad.iter().copied().collect());
    }
}

#[test]
fn a_refused_token_pauses_the_destination_and_costs_no_event() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 450), "e1");
    let mended = NOW.0 + 3 * 3_600_000;
    world.run(&mut |outgoing, now| {
        Some(if now < mended {
            reply(400, r#"{"error": {"code": 190, "error_subcode": 463}}"#)
        } else {
            received(outgoing)
        })
    });
    assert_eq!(world.state("meta", State::Delivered), 450);
    assert_eq!(world.balance("meta").retries, 0, "a pause is no attempt");
    let before = world
        .requests("meta")
        .iter()
        .filter(|got| got.at < mended)
        .count();
    assert!(
        before <= 2 * 3 * 60 * 5,
        "{before} requests against a dead token"
    );
    // The second request was under way when the first one was refused; the third waits.
    assert!(
        world
            .requests("meta")
            .iter()
            .filter(|got| got.at == NOW.0)
            .count()
            <= 2 * world.settings.sources.len().max(3)
    );
}

#[test]
fn too_many_requests_close_the_gate_for_as_long_as_the_platform_says() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    for n in 0..5 {
        let events: Vec<Value> = (0..3)
            .map(|m| event("contact", &format!("{n}-{m}"), NOW.0))
            .collect();
        world.send(&events, &format!("e{n}"));
    }
    let mut first = true;
    world.run(&mut |outgoing, _| {
        let answer = if first {
            Ok(Reply {
                status: 429,
                retry_after: Some(90),
                body: Vec::new(),
            })
        } else {
            received(outgoing)
        };
        first = false;
        Some(answer)
    });
    let got = world.requests("meta");
    assert_eq!(got[0].at, NOW.0);
    assert!(
        got[1..].iter().all(|got| got.at >= NOW.0 + 90_000),
        "{got:?}"
    );
    assert_eq!(
        (
            world.state("meta", State::Delivered),
            world.balance("meta").retries
        ),
        (15, 3)
    );
}

#[test]
fn no_platform_closes_its_gate_for_more_than_a_day() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 3), "e1");
    let mut first = true;
    world.run(&mut |outgoing, _| {
        Some(if std::mem::take(&mut first) {
            Ok(Reply {
                status: 429,
                retry_after: Some(u32::MAX),
                body: Vec::new(),
            })
        } else {
            received(outgoing)
        })
    });
    assert_eq!(world.state("meta", State::Delivered), 3);
}

#[test]
fn a_success_of_a_request_under_way_does_not_take_the_platforms_word_back() {
    let settings = only("webhook", &Value::Null);
    let mut world = World::new(&settings);
    // 300 events are three requests: two fly, the first is told to wait, the second succeeds.
    world.send(&events("contact", 300), "e1");
    let mut n = 0;
    world.run(&mut |outgoing, _| {
        n += 1;
        Some(if n == 1 {
            Ok(Reply {
                status: 429,
                retry_after: Some(60),
                body: Vec::new(),
            })
        } else {
            received(outgoing)
        })
    });
    let at_once = world
        .got
        .iter()
        .filter(|got| got.at == NOW.0)
        .map(|got| got.ids.len())
        .sum::<usize>();
    assert_eq!(at_once, 200, "the third waits");
    assert_eq!(world.state("webhook", State::Delivered), 300);
}

#[test]
fn a_platform_that_is_down_for_a_minute_gets_everything_once() {
    for failure in [
        Err(Failure::Connection),
        reply(503, ""),
        reply(500, r#"{"error": {"code": 2}}"#),
    ] {
        let settings = only("meta", &Value::Null);
        let mut world = World::new(&settings);
        for n in 0..20 {
            world.send(
                &[event("purchase", &format!("o-{n}"), NOW.0)],
                &format!("e{n}"),
            );
        }
        world.run(&mut |outgoing, now| {
            Some(if now < NOW.0 + 60_000 {
                failure.clone()
            } else {
                received(outgoing)
            })
        });
        assert_eq!(world.state("meta", State::Delivered), 20);
        assert!(world.taken.len() == 20 && world.taken.values().all(|times| *times == 1));
        let refused = world
            .got
            .iter()
            .filter(|got| got.at < NOW.0 + 60_000)
            .count();
        assert!(refused < 20, "{refused}: three failures close the gate");
    }
}

#[test]
fn a_lost_reply_is_repeated_only_where_the_platform_recognises_the_event() {
    let settings = only("ga4", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&[event("purchase", "o-1", NOW.0)], "e1");
    world.send(&[event("page_view", "v-1", NOW.0)], "e2");
    let mut seen = BTreeSet::new();
    world.run(&mut |outgoing, _| {
        Some(if seen.insert(ids(outgoing)) {
            Err(Failure::Timeout)
        } else {
            reply(204, "")
        })
    });
    assert_eq!(world.state("ga4", State::Delivered), 1);
    assert_eq!(world.code(State::Rejected, "reply_lost"), 1);
    assert_eq!(
        world.taken.get(&("ga4".to_owned(), "o-1".to_owned())),
        Some(&1)
    );
    assert_eq!(world.dead.values().next().unwrap().event_id, "v-1");

    // A connection that was never made is another matter, and so is a setting.
    let patient = shop(
        &[(
            "ga4",
            json!({"measurement_id": "G-9ABCDE1234", "retry_lost_replies": true}),
        )],
        &Value::Null,
        &Value::Null,
    );
    for (settings, failure) in [
        (&settings, Failure::Connection),
        (&patient, Failure::Timeout),
    ] {
        let mut world = World::new(settings);
        world.send(&[event("page_view", "v-1", NOW.0)], "e2");
        let mut first = true;
        world.run(&mut |_, _| {
            Some(if std::mem::take(&mut first) {
                Err(failure)
            } else {
                reply(204, "")
            })
        });
        assert_eq!(world.state("ga4", State::Delivered), 1);
    }
}

#[test]
fn an_event_that_outlives_the_platforms_limit_is_dead() {
    let settings = only("meta", &json!({"delivery": {"max_attempts": 100}}));
    let mut world = World::new(&settings);
    let almost = NOW.0 - 7 * 86_400_000 + 20 * 60_000;
    world.send(
        &[
            event("purchase", "old", almost),
            event("purchase", "new", NOW.0),
        ],
        "e1",
    );
    world.run(&mut |outgoing, now| {
        Some(if now < NOW.0 + 7_200_000 {
            reply(503, "")
        } else {
            received(outgoing)
        })
    });
    assert_eq!(
        (
            world.state("meta", State::Delivered),
            world.state("meta", State::Dead)
        ),
        (1, 1)
    );
    assert_eq!(world.dead.values().next().unwrap().event_id, "old");
    assert!(
        world
            .got
            .iter()
            .all(|got| got.at < almost + 7 * 86_400_000 || !got.ids.contains(&"old".to_owned()))
    );
}

#[test]
fn an_event_that_waits_at_a_dead_token_until_it_is_too_old_is_dead() {
    let settings = only("ga4", &Value::Null);
    let mut world = World::new(&settings);
    world
        .gates
        .entry("ga4".to_owned())
        .unwrap()
        .close("pause", 90 * 3600, NOW);
    world.send(&[event("purchase", "o", NOW.0)], "e1");
    world.run(&mut |_, _| panic!("the gate is closed"));
    assert_eq!(world.code(State::Dead, "too_old"), 1);
}

#[test]
fn the_last_attempt_is_the_last() {
    let settings = only(
        "meta",
        &json!({"delivery": {"max_attempts": 4, "retry_base_seconds": 61}}),
    );
    let mut world = World::new(&settings);
    world.send(&events("contact", 2), "e1");
    world.run(&mut |_, _| Some(reply(500, "")));
    assert_eq!(world.code(State::Dead, "http_500"), 2);
    assert_eq!(
        (world.requests("meta").len(), world.balance("meta").retries),
        (4, 6)
    );
    let waits: Vec<i64> = world
        .got
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .collect();
    for (wait, base) in waits.iter().zip([61_000, 122_000, 244_000]) {
        assert!((base..=base + base / 4 + 3000).contains(wait), "{waits:?}");
    }
}

#[test]
fn requests_that_nobody_answered_are_tried_again() {
    let settings = only("webhook", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 3), "e1");
    let mut first = true;
    world.run(&mut |outgoing, _| {
        if std::mem::take(&mut first) {
            None
        } else {
            Some(received(outgoing))
        }
    });
    assert_eq!(
        (
            world.state("webhook", State::Delivered),
            world.balance("webhook").retries
        ),
        (3, 3)
    );
}

/// Five webhooks; the one called `a` fails in every way there is.
fn five() -> Settings {
    let hook = |name: &'static str| {
        (
            name,
            json!({"platform": "webhook", "url": format!("https://{name}.example/in"), "secret": "HOOK_SECRET", "most_events": 10}),
        )
    };
    shop(
        &["a", "b", "c", "d", "e"].map(hook),
        &Value::Null,
        &Value::Null,
    )
}

#[test]
fn one_failing_destination_changes_nothing_for_the_others() {
    let settings = five();
    let run = |failing: &dyn Fn() -> Option<Answer>| {
        let mut world = World::new(&settings);
        world.send(&events("contact", 95), "e1");
        world.run(&mut |outgoing, now| {
            if outgoing.destination == "a" && now < NOW.0 + 600_000 {
                failing()
            } else {
                Some(received(outgoing))
            }
        });
        world
    };
    let well = run(&|| Some(reply(200, "")));
    for failing in [
        &(|| Some(Err(Failure::Timeout))) as &dyn Fn() -> Option<Answer>,
        &|| Some(reply(401, "")),
        &|| Some(reply(503, "")),
        &|| Some(reply(400, "")),
        &|| None,
    ] {
        let ill = run(failing);
        for name in ["b", "c", "d", "e"] {
            let times = |world: &World<'_>| {
                world
                    .requests(name)
                    .into_iter()
                    .cloned()
                    .collect::<Vec<_>>()
            };
            assert_eq!(times(&ill), times(&well), "{name}");
            assert_eq!(ill.balance(name), well.balance(name));
            assert_eq!(ill.state(name, State::Delivered), 95);
        }
        assert!(
            ill.most_in_flight <= MOST_IN_FLIGHT && ill.most_each <= 2,
            "{} {}",
            ill.most_in_flight,
            ill.most_each
        );
    }
    assert_eq!((well.most_in_flight, well.most_each), (MOST_IN_FLIGHT, 2));
    // They take turns: each has had its first request before any has its third.
    let first: Vec<&str> = well
        .got
        .iter()
        .take(5)
        .map(|got| got.destination.as_str())
        .collect();
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 5, "{first:?}");
}

#[test]
fn a_slow_destination_is_served_on_a_road_of_its_own_until_it_is_quick() {
    let settings = five();
    let mut world = World::new(&settings);
    let mut when: BTreeMap<String, i64> = BTreeMap::new();
    let send = |world: &mut World<'_>, id: &str| {
        world.send(&[event("contact", id, NOW.0)], id);
    };
    // Slow: the first message shares its batch with it, and pays for it once.
    world.lag.insert("a".to_owned(), 1800);
    for (n, id) in ["s0", "s1", "s2"].into_iter().enumerate() {
        send(&mut world, id);
        let started = world.now;
        let (_, queue, message) = world.queue.remove(0);
        world.work(
            queue,
            &message,
            &mut |outgoing, _| Some(received(outgoing)),
            true,
        );
        when.insert(id.to_owned(), world.now - started);
        let handed: Vec<_> = world
            .queue
            .iter()
            .map(|(at, queue, _)| (*at, *queue))
            .collect();
        let expected = if n == 0 {
            vec![]
        } else {
            vec![(world.now, Queue::Slow)]
        };
        assert_eq!(handed, expected, "{id}");
        // The other queue takes its time.
        for (_, queue, message) in std::mem::take(&mut world.queue) {
            world.work(
                queue,
                &message,
                &mut |outgoing, _| Some(received(outgoing)),
                true,
            );
        }
    }
    assert_eq!(
        when,
        BTreeMap::from([
            ("s0".to_owned(), 1800),
            ("s1".to_owned(), 0),
            ("s2".to_owned(), 0)
        ])
    );
    // Quick again: one exchange on the slow queue, and the main one has it back.
    world.lag.clear();
    send(&mut world, "s3");
    world.run(&mut |outgoing, _| Some(received(outgoing)));
    send(&mut world, "s4");
    let (_, queue, message) = world.queue.remove(0);
    world.work(
        queue,
        &message,
        &mut |outgoing, _| Some(received(outgoing)),
        true,
    );
    assert!(world.queue.is_empty());
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(world.state(name, State::Delivered), 5, "{name}");
        assert_eq!(
            (world.balance(name).retries, world.balance(name).remainder),
            (0, 0)
        );
    }
    assert!(world.taken.values().all(|times| *times == 1));
}

#[test]
fn a_dead_letter_can_be_offered_again() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 3), "e1");
    world.run(&mut |_, _| Some(reply(400, TOO_OLD)));
    assert_eq!(
        (world.dead.len(), world.state("meta", State::Rejected)),
        (3, 3)
    );
    // The first replay is refused again, the second is not.
    for (round, answer) in [(1, Some(TOO_OLD)), (2, None)] {
        let letters: Vec<DeadLetter> = world.dead.values().cloned().collect();
        for letter in letters {
            let replay = replay(&letter, round).unwrap();
            world.apply(&replay.booked);
            world.queue.push((world.now, Queue::Main, replay.message));
            world.apply(&replay.booked);
            world.apply(&replay.sent);
            world.apply(&replay.sent);
        }
        assert!(world.dead.is_empty());
        world.run(&mut |outgoing, _| {
            Some(answer.map_or_else(|| received(outgoing), |body| reply(400, body)))
        });
    }
    assert_eq!(
        (world.dead.len(), world.state("meta", State::Delivered)),
        (0, 3)
    );
    assert_eq!(world.state("meta", State::Rejected), 0);
}

#[test]
fn a_destination_that_was_removed_leaves_dead_letters() {
    let settings = only("meta", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 2), "e1");
    let without = only("webhook", &Value::Null);
    world.settings = &without;
    world.run(&mut |_, _| panic!("nothing is sent"));
    assert_eq!(world.code(State::Dead, "destination_removed"), 2);
}

#[test]
fn what_is_too_large_for_one_request_goes_in_several() {
    let settings = shop(
        &[("ga4", json!({"measurement_id": "G-1", "events": {}}))],
        &Value::Null,
        &Value::Null,
    );
    let mut world = World::new(&settings);
    let items: Vec<Value> = (0..50)
        .map(|n| json!({"item_id": format!("{n:0>100}"), "item_name": "n".repeat(100)}))
        .collect();
    let many: Vec<Value> = (0..20)
        .map(|n| {
            let mut event = event("view_item", &format!("v-{n}"), NOW.0);
            event["items"] = json!(items);
            event
        })
        .collect();
    world.send(&many, "e1");
    world.run(&mut |outgoing, _| {
        assert!(outgoing.request.body().len() <= 130_000);
        Some(reply(204, ""))
    });
    assert_eq!(world.state("ga4", State::Delivered), 20);
    assert!(world.taken.values().all(|times| *times == 1));
}

#[test]
fn a_receipt_of_several_envelopes_is_offered_again_whole() {
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    // As the worker makes ids: of the isolate, and a counter.
    for n in 0..3 {
        world.send(
            &[event("contact", &format!("c-{n}"), NOW.0)],
            &format!("a1b2c3-{n}"),
        );
    }
    world.run_together(&mut |outgoing, _| Some(received(outgoing)));
    assert_eq!(world.pending.len(), 3);
    let mut asked = 0;
    world.run(&mut |outgoing, _| {
        asked += usize::from(is_question(outgoing));
        Some(if is_question(outgoing) && asked == 1 {
            judged("TOO_RECENT_CLICK", 1)
        } else {
            received(outgoing)
        })
    });
    let balance = world.balance("google_ads");
    assert_eq!(
        (balance.delivered, balance.retrying, balance.processing),
        (3, 0, 0)
    );
}

#[test]
fn replayed_letters_of_one_envelope_may_be_offered_again_by_a_verdict() {
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 3), "a1b2c3-0");
    world.run(&mut |outgoing, _| {
        Some(if is_question(outgoing) {
            judged("INVALID_GCLID", 3)
        } else {
            received(outgoing)
        })
    });
    assert_eq!(world.state("google_ads", State::Rejected), 3);
    for letter in world.dead.values().cloned().collect::<Vec<_>>() {
        let replay = replay(&letter, 7).unwrap();
        world.apply(&replay.booked);
        world.queue.push((world.now, Queue::Main, replay.message));
        world.apply(&replay.sent);
    }
    world.run_together(&mut |outgoing, _| Some(received(outgoing)));
    let mut asked = 0;
    world.run(&mut |outgoing, _| {
        asked += usize::from(is_question(outgoing));
        Some(if is_question(outgoing) && asked == 1 {
            judged("TOO_RECENT_CLICK", 1)
        } else {
            received(outgoing)
        })
    });
    let balance = world.balance("google_ads");
    assert_eq!(
        (balance.delivered, balance.retrying, balance.rejected),
        (3, 0, 0)
    );
}

#[test]
fn verdicts_that_want_it_again_for_ever_end_and_ids_stay_short() {
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 2), "a1b2c3-0");
    let mut n = 0;
    let mut platform = |outgoing: &OutgoingRequest, _: i64| {
        n += 1;
        Some(if is_question(outgoing) {
            judged("INTERNAL_ERROR", 2)
        } else {
            reply(
                200,
                &json!({"requestId": format!("r-{n}"), "access_token": "T", "expires_in": 3600})
                    .to_string(),
            )
        })
    };
    for round in 0..4 {
        world.run(&mut platform);
        assert_eq!(world.code(State::Dead, "INTERNAL_ERROR"), 2);
        for letter in world.dead.values().cloned().collect::<Vec<_>>() {
            assert!(letter.id.len() < 120, "{}", letter.id);
            if round < 3 {
                let replay = replay(&letter, 1).unwrap();
                world.apply(&replay.booked);
                world.queue.push((world.now, Queue::Main, replay.message));
                world.apply(&replay.sent);
            }
        }
    }
    let attempts = usize::try_from(settings.schedule.max_attempts).unwrap();
    let sent = world.requests("google_ads");
    let sent = sent.iter().filter(|got| !got.ids.is_empty()).count();
    assert!(sent <= (1 + 3 * 2) * attempts, "{sent}");
}

#[test]
fn a_token_that_cannot_be_used_is_trouble_of_the_endpoint() {
    let token = |more: &Value| {
        let mut body = json!({"access_token": "T", "requestId": "r"});
        let members = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        reply(200, &body.to_string())
    };
    for bad in [
        json!({"expires_in": 0}),
        json!({"expires_in": -5}),
        json!({"access_token": "T\nX", "expires_in": 3600}),
        json!({"access_token": "ü", "expires_in": 3600}),
    ] {
        let settings = only("google_ads", &Value::Null);
        let mut world = World::new(&settings);
        world.send(&events("contact", 3), "e1");
        let mut tokens = 0;
        world.run(&mut |outgoing, _| {
            if outgoing.address.ends_with("/token") {
                tokens += 1;
                assert!(tokens < 100, "{bad}: fetched in a circle");
                if tokens < 3 {
                    return Some(token(&bad));
                }
            }
            Some(received(outgoing))
        });
        assert_eq!(tokens, 3, "{bad}");
        assert_eq!(world.state("google_ads", State::Delivered), 3);
    }
    // A short one is used for as long as it is one.
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 3), "e1");
    world.run(&mut |outgoing, _| {
        Some(if outgoing.address.ends_with("/token") {
            token(&json!({"expires_in": 30}))
        } else {
            received(outgoing)
        })
    });
    assert_eq!(world.state("google_ads", State::Delivered), 3);
    assert_eq!(world.balance("google_ads").retries, 0);
}

#[test]
fn a_code_that_is_called_slow_is_not_handed_on() {
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    world.send(&events("contact", 3), "e1");
    let mut first = true;
    world.run(&mut |outgoing, _| {
        Some(if std::mem::take(&mut first) {
            reply(400, r#"{"error": "slow"}"#)
        } else {
            received(outgoing)
        })
    });
    assert_eq!(world.state("google_ads", State::Delivered), 3);
}

#[test]
fn reports_fit_into_the_queue() {
    let settings = crate::support::all_platforms(&Value::Null);
    let sets: [Vec<Value>; 2] = [
        // Every event by a name of its own, so that nothing is counted together.
        (0..300)
            .map(|n| {
                event(
                    &format!("custom_event_by_a_long_name_{n:0>9}"),
                    &format!("c-{n}"),
                    NOW.0,
                )
            })
            .collect(),
        // Texts that are escaped twice in a letter.
        (0..200)
            .map(|n| {
                let mut event = event("contact", &format!("q-{n}"), NOW.0);
                for k in 0..12 {
                    event["properties"][format!("quote_{k}")] = json!("\"\\".repeat(40));
                }
                event
            })
            .collect(),
    ];
    for events in sets {
        let mut world = World::new(&settings);
        world.send(&events, "e1");
        for (_, _, message) in std::mem::take(&mut world.queue) {
            assert!(message.len() < 64 * 1024, "{}", message.len());
            let Ok(Message::Events(envelope)) = envelope::open(&message) else {
                continue;
            };
            let envelopes = [envelope];
            let mut delivery = Delivery::new(&settings, &envelopes, &world.gates, NOW);
            while let Some(outgoing) = delivery.next(&mut world.gates, NOW) {
                let answer = if outgoing.address.ends_with("/token") {
                    received(&outgoing)
                } else {
                    reply(400, "{}")
                };
                delivery.answer(outgoing.ticket, &answer, &mut world.gates, NOW);
            }
            for one in delivery.finish(NOW) {
                for report in &one.reports {
                    let length = envelope::close_report(report).len();
                    assert!(length < 127 * 1024, "{length}");
                }
            }
        }
    }
}

#[test]
fn a_receipt_is_booked_once_by_whoever_asks() {
    let settings = only("google_ads", &Value::Null);
    let mut world = World::new(&settings);
    for n in 0..2 {
        world.send(
            &[event("contact", &format!("c-{n}"), NOW.0)],
            &format!("p-{n}"),
        );
    }
    world.run_together(&mut |outgoing, _| Some(received(outgoing)));
    world.now += 3_600_000;
    let due: Vec<Pending> = world.pending.values().cloned().collect();
    // Another one that asked a little earlier and was postponed, and has the parts in another order.
    let other: Vec<Pending> = due
        .iter()
        .rev()
        .map(|one| Pending {
            asked: 1,
            ..one.clone()
        })
        .collect();
    for pending in [due, other] {
        let mut polling = Polling::new(&settings, &pending);
        world.fly(&mut polling, &mut |outgoing, _| Some(received(outgoing)));
        let effects = polling.finish(UnixMillis(world.now));
        world.follow(effects, true);
    }
    let balance = world.balance("google_ads");
    assert_eq!((balance.delivered, balance.processing), (2, 0));
}

fn ga4(more: &Value) -> Settings {
    only("ga4", more)
}

#[test]
fn a_bulk_sender_is_worked_off_within_what_an_invocation_may_do() {
    for (limit, name, fewest) in [
        (50, "contact", 20),
        (50, "purchase", 20),
        (2000, "purchase", 1500),
    ] {
        let settings = ga4(&json!({"limits": {"requests": limit}}));
        let mut world = World::new(&settings);
        let n = if limit == 50 { 25 } else { 250 };
        for m in 0..50_i64 {
            // Visitors of their own: a time of their own does as well.
            let mut events = visitors(name, &m.to_string(), n);
            for event in &mut events {
                event["event_time"] = json!(NOW.0 - m * 1000);
            }
            world.send(&events, &format!("e{m}"));
        }
        let batches = world.run_batches(
            50,
            &mut |outgoing, _| Some(received(outgoing)),
            limit,
            &mut || Kill::Never,
        );
        let total = 50 * n;
        let balance = world.balance("ga4");
        assert_eq!(balance.delivered, i64::try_from(total).unwrap());
        assert_eq!((balance.retrying, balance.retries), (0, 0));
        assert!(world.taken.len() == total && world.taken.values().all(|times| *times == 1));
        assert!(batches <= total.div_ceil(fewest) + 1, "{batches} batches");
    }
}

#[test]
fn one_bulk_destination_leaves_the_others_their_turns() {
    let settings = shop(
        &[
            ("ga4", platform_settings("ga4")),
            ("meta", platform_settings("meta")),
        ],
        &Value::Null,
        &json!({"limits": {"requests": 60}}),
    );
    let mut world = World::new(&settings);
    world.send(&visitors("purchase", "p", 200), "e1");
    world.run_together(&mut |outgoing, _| Some(received(outgoing)));
    assert_eq!(world.state("meta", State::Delivered), 200);
    let ga4 = world.state("ga4", State::Delivered);
    assert!((20..60).contains(&ga4), "{ga4}");
    assert_eq!(world.state("ga4", State::Retrying), 200 - ga4);
}

#[test]
fn nothing_is_given_out_when_the_time_or_the_bytes_are_spent() {
    let settings = ga4(&json!({"limits": {"seconds": 1}}));
    let mut world = World::new(&settings);
    world.send(&visitors("purchase", "p", 100), "e1");
    world.lag.insert("ga4".to_owned(), 90);
    let batches = world.run_batches(
        9,
        &mut |outgoing, _| Some(received(outgoing)),
        1000,
        &mut || Kill::Never,
    );
    // Two at a time, for a second.
    assert!((4..7).contains(&batches), "{batches}");
    assert_eq!(world.state("ga4", State::Delivered), 100);

    let settings = only("webhook", &json!({"limits": {"bytes": 1_048_576}}));
    let mut world = World::new(&settings);
    let text = "x".repeat(1500);
    let long: Vec<Value> = (0..1200)
        .map(|n| {
            let mut event = event("contact", &format!("long-{n}"), NOW.0);
            event["properties"]["text"] = json!(&text);
            event
        })
        .collect();
    for (n, part) in long.chunks(100).enumerate() {
        world.send(part, &format!("e{n}"));
    }
    let batches = world.run_batches(
        100,
        &mut |outgoing, _| Some(received(outgoing)),
        1000,
        &mut || Kill::Never,
    );
    assert!((2..5).contains(&batches), "{batches}");
    assert_eq!(world.state("webhook", State::Delivered), 1200);
}

#[test]
fn parts_of_an_envelope_that_go_different_ways_keep_their_attempts_apart() {
    let settings = ga4(&json!({"limits": {"requests": 50}, "delivery": {"max_attempts": 2}}));
    let mut world = World::new(&settings);
    world.send(&visitors("purchase", "p", 200), "e1");
    let mut failed = BTreeSet::new();
    // Some are refused once. Were the others' attempts counted with theirs, these would be used up.
    world.run_batches(
        50,
        &mut |outgoing, _| {
            let id = ids(outgoing).remove(0);
            Some(
                if id.ends_with("07") | id.ends_with("57") && failed.insert(id) {
                    reply(500, "")
                } else {
                    received(outgoing)
                },
            )
        },
        50,
        &mut || Kill::Never,
    );
    assert_eq!(failed.len(), 3);
    let balance = world.balance("ga4");
    assert_eq!(
        (balance.delivered, balance.retrying, balance.retries),
        (200, 0, 3)
    );
}

#[test]
fn what_may_have_arrived_twice_is_counted_where_no_platform_can_tell() {
    let mut options = platform_settings("ga4");
    options["retry_lost_replies"] = json!(true);
    let settings = shop(&[("ga4", options)], &Value::Null, &Value::Null);
    // Not answered, then handed on twice.
    let mut world = World::new(&settings);
    world.send(&visitors("contact", "c", 5), "e1");
    world.send(&visitors("purchase", "p", 5), "e2");
    let mut lost = 4;
    world.run(&mut |outgoing, _| {
        lost -= 1;
        Some(if lost >= 0 {
            Err(Failure::Timeout)
        } else {
            received(outgoing)
        })
    });
    assert_eq!(world.state("ga4", State::Delivered), 10);
    let at = |name: &str| -> i64 {
        let here = |line: &edgetally_core::ledger::Line| {
            line.state == State::MaybeTwice && line.event == name && line.destination == "ga4"
        };
        world
            .counts
            .iter()
            .filter(|(line, _)| here(line))
            .map(|(_, n)| n)
            .sum()
    };
    // Three timeouts close the gate; the rest waits and was never sent.
    assert!((1..=4).contains(&at("contact")), "{}", at("contact"));
    assert_eq!(at("purchase"), 0);

    // An answer that says no is no reason to suspect anything.
    let mut world = World::new(&settings);
    world.send(&visitors("contact", "c", 5), "e1");
    let mut refused = 2;
    world.run(&mut |outgoing, _| {
        refused -= 1;
        Some(if refused >= 0 {
            reply(503, "")
        } else {
            received(outgoing)
        })
    });
    assert_eq!(
        (world.state("ga4", State::Delivered), maybe_twice(&world)),
        (5, 0)
    );
}

#[test]
fn a_kill_repeats_few_events_that_do_not_pair_and_they_are_counted() {
    for kill in [Kill::Early, Kill::Sent, Kill::Told] {
        let settings = ga4(&Value::Null);
        let mut world = World::new(&settings);
        world.send(&visitors("contact", "c", 200), "e1");
        world.send(&visitors("purchase", "p", 30), "e2");
        let mut kills = vec![Kill::Never, kill];
        world.run_batches(
            1,
            &mut |outgoing, _| Some(received(outgoing)),
            1000,
            &mut || kills.pop().unwrap_or(Kill::Never),
        );
        let balance = world.balance("ga4");
        assert_eq!((balance.delivered, balance.retrying), (230, 0), "{kill:?}");
        let repeats = world.taken.iter().filter(|(_, times)| **times > 1).count();
        let expected = match kill {
            Kill::Early | Kill::Sent => MOST_UNPAIRED,
            Kill::Told | Kill::Never => 0,
        };
        assert_eq!(repeats, expected, "{kill:?}");
        assert_eq!(
            maybe_twice(&world),
            i64::try_from(expected).unwrap(),
            "{kill:?}"
        );
    }
}

/// An invocation dies after it has handed on what is left and before it has told the ledger, and the second time another
/// part is left: only that is worked, since it is what the ledger knows of, and its letter is kept.
#[test]
fn another_part_that_is_left_the_second_time_is_other_work() {
    let settings = only("ga4", &Value::Null);
    let mut world = World::new(&settings);
    let said: HashMap<&str, Vec<u16>> = HashMap::from([
        ("0-0", vec![503, 204, 204]),
        ("0-1", vec![204, 503, 400]),
        ("0-2", vec![204, 204]),
    ]);
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut kills = vec![Kill::Sent].into_iter();
    world.send(&visitors("purchase", "0", 3), "e0");
    world.run_batches(
        1,
        &mut |outgoing, _| {
            let id = ids(outgoing).remove(0);
            let time = times.entry(id.clone()).or_default();
            *time += 1;
            Some(reply(said[id.as_str()][*time - 1], ""))
        },
        60,
        &mut || kills.next().unwrap_or(Kill::Never),
    );
    assert_eq!(
        times,
        [("0-0", 2), ("0-1", 3), ("0-2", 2)]
            .map(|(id, n)| (id.to_owned(), n))
            .into()
    );
    let dead: Vec<&str> = world
        .dead
        .values()
        .map(|letter| letter.event_id.as_str())
        .collect();
    assert_eq!(dead, ["0-1"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the platforms say, every event ends in exactly one state, and the books are even at every step.
    #[test]
    fn no_event_is_lost_or_counted_twice(
        answers in prop::collection::vec(any_answer(), 1..60),
        n in 1_usize..30,
    ) {
        let settings = crate::support::all_platforms(&Value::Null);
        let mut world = World::new(&settings);
        world.send(&events("purchase", n), "e1");
        world.send(&events("contact", n), "e2");
        let mut script = answers.into_iter();
        world.run(&mut |outgoing, _| script.next().unwrap_or_else(|| Some(received(outgoing))));
        for balance in world.balances() {
            let states = states(&balance);
            let sum: i64 = states.values().sum();
            prop_assert_eq!(balance.accepted, i64::try_from(2 * n).unwrap());
            prop_assert_eq!(sum, balance.accepted);
            prop_assert!(states.values().all(|n| *n >= 0), "{:?}", balance);
            prop_assert_eq!(states["retrying"] + states["processing"], 0);
            let letters = world.dead.values().filter(|letter| letter.destination == balance.destination).count();
            prop_assert_eq!(states["dead"] + states["rejected"], i64::try_from(letters).unwrap());
        }
        // Intake's own line counts every event once.
        let intake = world.counts.iter().filter(|(line, _)| line.destination.is_empty() && line.state == State::Accepted);
        let intake: i64 = intake.map(|(_, n)| n).sum();
        prop_assert_eq!(intake, i64::try_from(2 * n).unwrap());
    }

    /// Whatever a platform that judges later says, and whoever is told of it: every event ends in one state.
    #[test]
    fn no_verdict_loses_an_event_or_counts_it_twice(
        answers in prop::collection::vec(any_verdict(), 1..60),
        told in prop::collection::vec(any::<bool>(), 1..20),
        n in 1_usize..8,
        all_at_once in any::<bool>(),
    ) {
        let settings = only("google_ads", &json!({"delivery": {"max_attempts": 5}}));
        let mut world = World::new(&settings);
        for n in 0..n {
            world.send(&events("contact", 3), &format!("a1b2-{n}"));
            world.send(&events("purchase", 2), &format!("a1b2-x{n}.1"));
        }
        let mut script = answers.into_iter();
        let mut receipts = 0;
        let mut platform = |outgoing: &OutgoingRequest, _: i64| {
            receipts += 1;
            assert!(outgoing.ticket < 10_000);
            Some(match script.next() {
                Some(answer) => answer,
                None => reply(200, &json!({
                    "requestId": format!("r-{receipts}"), "access_token": "T", "expires_in": 3600,
                    "requestStatusPerDestination": [{"requestStatus": "SUCCESS"}],
                }).to_string()),
            })
        };
        if all_at_once {
            world.run_together(&mut platform);
        }
        // Questions whose verdict does not reach the ledger are asked again.
        for told in told {
            let due = world.pending.values().map(|one| one.due.0).max();
            world.now = world.now.max(due.unwrap_or(0));
            if told {
                world.ask(&mut platform);
            } else {
                let due: Vec<Pending> = world.pending.values().cloned().collect();
                let mut polling = Polling::new(&settings, &due);
                world.fly(&mut polling, &mut platform);
                drop(polling.finish(UnixMillis(world.now)));
            }
            for balance in world.balances() {
                prop_assert_eq!(balance.remainder, 0);
            }
        }
        world.run(&mut platform);
        let balance = world.balance("google_ads");
        let states = states(&balance);
        prop_assert_eq!(balance.accepted, i64::try_from(5 * n).unwrap());
        prop_assert!(states.values().all(|n| *n >= 0), "{:?}", balance);
        prop_assert_eq!(states["retrying"] + states["processing"], 0);
    }

    /// Whatever an invocation may do, whatever the platforms say, and whenever it is killed: it is within the limit, every
    /// event ends in one state, and nothing is lost.
    #[test]
    fn no_budget_loses_an_event_or_counts_it_twice(
        answers in prop::collection::vec(any_answer(), 1..60),
        kills in prop::collection::vec(prop_oneof![
            4 => Just(Kill::Never), 1 => Just(Kill::Early), 1 => Just(Kill::Sent), 1 => Just(Kill::Told),
        ], 0..12),
        limit in 50_usize..80,
        seconds in 1_u32..4,
        most in 1_usize..10,
        envelopes in 1_usize..6,
        n in 20_usize..40,
    ) {
        let settings = shop(
            &["ga4", "meta", "x"].map(|name| (name, platform_settings(name))),
            &Value::Null,
            &json!({"limits": {"requests": limit, "seconds": seconds}, "delivery": {"max_attempts": 60}}),
        );
        let mut world = World::new(&settings);
        world.lag.insert("ga4".to_owned(), 70);
        for m in 0..envelopes {
            let mut events = visitors("purchase", &m.to_string(), n);
            for (k, event) in events.iter_mut().enumerate() {
                event["event_time"] = json!(NOW.0 - i64::try_from(m).unwrap() * 1000);
                if k % 2 == 0 {
                    event["event"] = json!("contact");
                }
            }
            world.send(&events, &format!("e{m}"));
        }
        let quiet = kills.iter().all(|kill| *kill == Kill::Never);
        let mut script = answers.into_iter();
        let mut kills = kills.into_iter();
        let batches = world.run_batches(
            most,
            &mut |outgoing, _| script.next().unwrap_or_else(|| Some(received(outgoing))),
            limit,
            &mut || kills.next().unwrap_or(Kill::Never),
        );
        prop_assert!(batches < 2000, "{batches}");
        let total = envelopes * n;
        for balance in world.balances() {
            prop_assert_eq!(balance.accepted, i64::try_from(total).unwrap());
            if quiet {
                prop_assert_eq!(states(&balance)["retrying"], 0);
                prop_assert!(states(&balance).values().all(|n| *n >= 0), "{:?}", balance);
            }
            for m in 0..envelopes {
                for k in 0..n {
                    let id = format!("{m}-{k}");
                    let taken = world.taken.contains_key(&(balance.destination.clone(), id.clone()));
                    let dead = world.dead.values().any(|letter| letter.destination == balance.destination && letter.event_id == id);
                    prop_assert!(taken || dead || balance.skipped > 0, "{} {}", balance.destination, id);
                }
            }
        }
        // No copy more than there were kills and answers that nobody can rely on.
        if quiet && maybe_twice(&world) == 0 {
            for ((destination, id), times) in &world.taken {
                prop_assert!(destination != "ga4" || *times == 1, "{destination} {id} {times}");
            }
        }
    }

    /// The queue may hand any message over twice, and a worker may die before or after the ledger was told.
    #[test]
    fn redelivery_keeps_the_books_even_and_loses_nothing(
        answers in prop::collection::vec(any_answer(), 1..60),
        twice in prop::collection::vec((any::<bool>(), any::<bool>()), 1..40),
        n in 1_usize..20,
    ) {
        let settings = crate::support::all_platforms(&Value::Null);
        let mut world = World::new(&settings);
        world.send(&events("purchase", n), "e1");
        let mut script = answers.into_iter();
        let mut platform = |outgoing: &OutgoingRequest, _: i64| script.next().unwrap_or_else(|| Some(received(outgoing)));
        let mut faults = twice.into_iter();
        let mut steps = 0;
        while let Some(next) = (0..world.queue.len()).min_by_key(|place| world.queue[*place].0) {
            let (at, queue, message) = world.queue.remove(next);
            world.now = world.now.max(at);
            let (again, told) = faults.next().unwrap_or_default();
            if again {
                world.work(queue, &message, &mut platform, told);
            }
            world.work(queue, &message, &mut platform, true);
            for balance in world.balances() {
                prop_assert_eq!(balance.remainder, 0);
            }
            steps += 1;
            prop_assert!(steps < 20_000);
        }
        for balance in world.balances() {
            prop_assert_eq!(balance.accepted, i64::try_from(n).unwrap());
            // Nothing is lost: each event was taken, or is a dead letter.
            for m in 0..n {
                let id = format!("purchase-{m}");
                let taken = world.taken.contains_key(&(balance.destination.clone(), id.clone()));
                let dead = world.dead.values().any(|letter| letter.destination == balance.destination && letter.event_id == id);
                prop_assert!(taken || dead, "{} {}", balance.destination, id);
            }
        }
    }
}

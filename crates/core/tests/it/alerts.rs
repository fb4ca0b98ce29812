//! Alerts: what is told, how often, and in which words.

mod month;

use edgetally_core::alerts::standing::{self, DeadLetters, Facts};
use edgetally_core::alerts::{
    Condition, Incident, Kind, Look, News, Round, follow, notices, trial,
};
use edgetally_core::base::hmac::sign;
use edgetally_core::base::secret::Secret;
use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::ledger::{Line, State};
use edgetally_core::settings::Settings;
use edgetally_core::settings::alerts::{Alerts, Form, QuietHours};
use serde_json::{Value, json};

use self::month::{BEFORE, Broken, Month, found, quiet, rules};
use crate::gate::world;
use crate::gate::world::{Damage, Dice};

/// 2026-11-30, 12:00 UTC.
const NOW: UnixMillis = UnixMillis(1_796_040_000_000);

fn later(minutes: i64) -> UnixMillis {
    UnixMillis(NOW.0 + minutes * 60_000)
}

fn condition(value: Value) -> Condition {
    let mut whole = json!({
        "kind": "event_gone", "source": "shop", "event": "purchase", "destination": "", "what": "", "since": NOW.0,
        "before": 21.0, "after": 0.0, "text": "purchase is gone: none came, where 21 were to be expected by page_view.",
        "release": {"label": "web-42", "since": NOW.0 - HOUR_MS}, "worker": null, "stage": 0, "window": 0,
    });
    for (name, value) in value.as_object().unwrap() {
        whole[name] = value.clone();
    }
    Condition::read(whole).unwrap()
}

fn gone() -> Condition {
    condition(json!({}))
}

fn round(conditions: &[Condition]) -> Round {
    Round {
        conditions: conditions.to_vec(),
        sources: vec!["shop".to_owned()],
        looked: vec![("shop".to_owned(), true)],
        standing: true,
    }
}

/// One round, and what is sent of it where everything arrives.
fn step(
    incidents: &mut Vec<Incident>,
    conditions: &[Condition],
    now: UnixMillis,
) -> Vec<(String, News)> {
    *incidents = follow(std::mem::take(incidents), round(conditions), now);
    let mut told = Vec::new();
    for notice in notices(incidents, &rules(), now) {
        for (at, news) in &notice.of {
            incidents[*at].tell(*news, now);
            told.push((notice.id.clone(), *news));
        }
    }
    told
}

fn news(told: Vec<(String, News)>) -> Vec<News> {
    told.into_iter().map(|(_, news)| news).collect()
}

#[test]
fn what_lasts_is_told_once_then_once_a_day_and_then_once_a_week_and_once_when_it_is_over() {
    let mut all = Vec::new();
    let mut days = Vec::new();
    for look in 0..20 * 144 {
        let told = step(&mut all, &[gone()], later(look * 10));
        days.extend(told.into_iter().map(|(id, news)| (look / 144, id, news)));
    }
    let when: Vec<(i64, News)> = days.iter().map(|(day, _, news)| (*day, *news)).collect();
    let still = News::Lasts;
    assert_eq!(
        when,
        [
            (0, News::Begun),
            (1, still),
            (2, still),
            (9, still),
            (16, still)
        ]
    );
    assert_eq!(all.len(), 1);
    // Each message has a name of its own, with the incident's in it.
    let mut ids: Vec<&String> = days.iter().map(|(_, id, _)| id).collect();
    assert!(ids.iter().all(|id| id.starts_with(&all[0].id)), "{ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), days.len());
    // Two looks without it are chance; three are not.
    let end = 20 * 1440;
    for (minute, expected) in [
        (0, vec![]),
        (10, vec![]),
        (20, vec![News::Over]),
        (30, vec![]),
    ] {
        let told = step(&mut all, &[], later(end + minute));
        assert_eq!(news(told), expected, "{minute}");
    }
    assert_eq!(all[0].over, Some(later(end + 20)));
}

#[test]
fn what_comes_and_goes_is_one_incident_and_no_more_than_one_message_a_day() {
    let mut all = Vec::new();
    let mut told = Vec::new();
    // An hour with it, and an hour without, for two days.
    for look in 0..288 {
        let seen = if look % 12 < 6 {
            vec![gone()]
        } else {
            Vec::new()
        };
        told.extend(
            step(&mut all, &seen, later(look * 10))
                .into_iter()
                .map(|(_, news)| (look / 144, news)),
        );
    }
    assert_eq!(all.len(), 1);
    assert_eq!(
        told,
        [
            (0, News::Begun),
            (0, News::Over),
            (1, News::Lasts),
            (1, News::Over)
        ]
    );
    // After a quiet day it is another one.
    let told = step(&mut all, &[gone()], later(3 * 1440 + 10));
    assert_eq!(news(told), [News::Begun]);
    assert_ne!(all[0].id, all[1].id);
}

#[test]
fn what_is_not_looked_at_is_neither_new_nor_over() {
    let mut all = Vec::new();
    step(
        &mut all,
        &[
            gone(),
            condition(
                json!({"kind": "volume", "event": "lead", "what": "volume fell", "window": 4}),
            ),
        ],
        NOW,
    );
    assert_eq!(all.len(), 2);
    for look in 1..10 {
        let nobody = Round {
            looked: vec![],
            ..round(&[])
        };
        all = follow(all, nobody, later(look * 10));
    }
    assert!(all.iter().all(|incident| incident.over.is_none()));
    // Between the hours only what does not need whole ones is looked at.
    for look in 10..20 {
        let running = Round {
            looked: vec![("shop".to_owned(), false)],
            ..round(&[])
        };
        all = follow(all, running, later(look * 10));
    }
    let over: Vec<bool> = all.iter().map(|incident| incident.over.is_some()).collect();
    assert_eq!(over, [true, false]);
    // A source that is no more has no incidents.
    for look in 20..23 {
        let without = Round {
            sources: vec![],
            looked: vec![],
            ..round(&[])
        };
        all = follow(all, without, later(look * 10));
    }
    assert!(all.iter().all(|incident| incident.over.is_some()));
}

#[test]
fn long_hours_that_still_hold_what_is_over_neither_keep_it_open_nor_open_it_again() {
    let fell =
        |window: u8| condition(json!({"kind": "volume", "what": "volume fell", "window": window}));
    let mut all = Vec::new();
    step(&mut all, &[fell(1), fell(24)], NOW);
    for hour in 1..=3 {
        step(&mut all, &[fell(24)], later(hour * 60));
    }
    assert!(all[0].over.is_some());
    assert_eq!(step(&mut all, &[fell(24)], later(4 * 60)), []);
    // What only they see lasts as long as they do.
    let mut slow = Vec::new();
    for hour in 0..8 {
        step(&mut slow, &[fell(24)], later(hour * 60));
    }
    assert!(slow[0].over.is_none());
    // What was gone is missing from long hours for a day, and that is no news.
    let mut all = Vec::new();
    step(&mut all, &[gone()], NOW);
    for hour in 1..20 {
        assert_eq!(
            news(step(&mut all, &[fell(24)], later(hour * 60))),
            if hour == 3 { vec![News::Over] } else { vec![] },
            "{hour}"
        );
    }
}

#[test]
fn what_is_not_certain_keeps_open_and_begins_nothing() {
    let unsure = Condition {
        certain: false,
        ..gone()
    };
    let mut all = Vec::new();
    assert_eq!(step(&mut all, std::slice::from_ref(&unsure), NOW), []);
    assert!(all.is_empty());
    step(&mut all, &[gone()], NOW);
    for look in 1..20 {
        step(&mut all, std::slice::from_ref(&unsure), later(look * 10));
    }
    assert!(all[0].over.is_none());
    assert!(all[0].condition.text.starts_with("purchase is gone"));
}

#[test]
fn a_message_that_did_not_arrive_is_the_same_one_the_next_time() {
    let mut all = follow(Vec::new(), round(&[gone()]), NOW);
    let first = notices(&all, &rules(), NOW);
    for look in 1..4 {
        all = follow(all, round(&[gone()]), later(look * 10));
        let again = notices(&all, &rules(), later(look * 10));
        assert_eq!((again.len(), &again[0].id), (1, &first[0].id));
    }
    // It is over before anybody has heard of it: that is still told, once.
    let over: Vec<Vec<News>> = (4..8)
        .map(|look| news(step(&mut all, &[], later(look * 10))))
        .collect();
    assert_eq!(over[..2], [vec![News::Begun], vec![]]);
    let mut all = follow(Vec::new(), round(&[gone()]), NOW);
    for look in 1..4 {
        all = follow(all, round(&[]), later(look * 10));
    }
    assert_eq!(news(step(&mut all, &[], later(40))), [News::Over]);
    assert_eq!(news(step(&mut all, &[], later(50))), []);
}

#[test]
fn in_quiet_hours_only_what_cannot_wait_is_told_and_the_rest_afterwards() {
    let at = |hour: i64| UnixMillis(NOW.0 + (hour - 12) * HOUR_MS);
    let rules = Alerts {
        quiet_hours: Some(QuietHours { from: 22, until: 6 }),
        ..rules()
    };
    let fell =
        condition(json!({"kind": "volume", "event": "lead", "what": "volume fell", "window": 4}));
    let lead = condition(json!({"event": "generate_lead"}));
    let all = follow(Vec::new(), round(&[gone(), fell, lead]), at(23));
    let kinds = |rules: &Alerts, now| {
        let notices = notices(&all, rules, now);
        let places = notices.iter().flat_map(|notice| &notice.of);
        let mut told: Vec<&str> = places
            .map(|(at, _)| all[*at].condition.event.as_str())
            .collect();
        told.sort_unstable();
        told
    };
    assert_eq!(kinds(&rules, at(23)), ["purchase"]);
    assert_eq!(kinds(&rules, at(29)), ["purchase"]);
    assert_eq!(kinds(&rules, at(30)), ["generate_lead", "lead", "purchase"]);
    let strict = Alerts {
        urgent: false,
        ..rules
    };
    assert_eq!(kinds(&strict, at(23)), Vec::<&str>::new());
    assert_eq!(
        kinds(&strict, at(30)),
        ["generate_lead", "lead", "purchase"]
    );
}

#[test]
fn many_at_once_are_a_handful_of_messages() {
    let many: Vec<Condition> = (0..12)
        .map(|n| condition(json!({"event": format!("event_{n}")})))
        .collect();
    let all = follow(Vec::new(), round(&many), NOW);
    let sent = notices(&all, &rules(), NOW);
    let sizes: Vec<usize> = sent.iter().map(|notice| notice.of.len()).collect();
    assert_eq!(sizes, [1, 1, 1, 1, 8]);
    assert!(text(&sent[4], &rules()).starts_with("edgetally: 8 more incidents.\n"));
    let five = follow(Vec::new(), round(&many[..5]), NOW);
    assert_eq!(notices(&five, &rules(), NOW).len(), 5);
}

fn body(notice: &edgetally_core::alerts::Notice, rules: &Alerts) -> Value {
    serde_json::from_slice(notice.request(rules, NOW).unwrap().body()).unwrap()
}

fn text(notice: &edgetally_core::alerts::Notice, rules: &Alerts) -> String {
    body(notice, rules)["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_message_says_what_since_when_with_which_release_and_where_to_look() {
    let all = follow(Vec::new(), round(&[gone()]), NOW);
    let sent = notices(&all, &rules(), NOW);
    assert_eq!(
        text(&sent[0], &rules()),
        "edgetally, shop: purchase is gone: none came, where 21 were to be expected by page_view. Since 2026-11-30 12:00 UTC. \
         Release web-42 began 2026-11-30 11:00 UTC.\n\
         <https://events.shop.example/dashboard?source=shop&amp;event=purchase&amp;days=7|Dashboard> · \
         <https://github.com/edgetally/edgetally/blob/main/docs/alerts.md#event_gone|What to do>"
    );
    let request = sent[0].request(&rules(), NOW).unwrap();
    assert_eq!(request.uri(), "https://hooks.example/alerts");
    assert_eq!(request.headers()["webhook-id"], sent[0].id.as_str());
    assert!(text(&trial(&rules(), NOW), &rules()).contains("this is a trial"));
    let inside = Alerts {
        webhook: Secret::new("http://10.0.0.1/"),
        ..rules()
    };
    assert!(sent[0].request(&inside, NOW).is_none());
}

#[test]
fn nothing_that_senders_say_is_more_than_text_to_a_chat() {
    let nasty = "<!channel> @here *x* `y` <https://evil.example|click> [a](https://evil.example) :fire: &amp;";
    let bad = condition(json!({
        "event": nasty, "text": format!("{nasty} fell by 40 %."), "release": {"label": nasty, "since": NOW.0},
    }));
    let all = follow(Vec::new(), round(&[bad]), NOW);
    let said = text(&notices(&all, &rules(), NOW)[0], &rules());
    let (said, links) = said.rsplit_once('\n').unwrap();
    for sign in [
        "<",
        ">",
        "@here",
        "https://evil",
        "evil.example",
        ":fire",
        "](",
        "*x*",
        "`y`",
        "\n",
    ] {
        assert!(!said.contains(sign), "{sign}: {said}");
    }
    // Of a link there is nothing but its address, percent-encoded.
    assert_eq!(links.matches('<').count(), 2);
    assert!(
        !links.contains("evil.example|") && !links.contains("@here"),
        "{links}"
    );
}

#[test]
fn a_signed_message_is_the_incident_and_whoever_has_the_secret_can_tell() {
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let rules = Alerts {
        form: Form::Signed(secret.clone()),
        ..rules()
    };
    let all = follow(Vec::new(), round(&[gone()]), NOW);
    let notice = &notices(&all, &rules, NOW)[0];
    let request = notice.request(&rules, NOW).unwrap();
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    assert_eq!(
        header("webhook-signature"),
        sign(&secret, &notice.id, "1796040000", request.body())
    );
    assert_eq!(header("webhook-timestamp"), "1796040000");
    let body = body(notice, &rules);
    assert_eq!(body["type"], "edgetally.alert.v1");
    assert_eq!(body["news"], "begun");
    let incident = &body["incidents"][0];
    assert_eq!(
        [&incident["id"], &incident["kind"], &incident["event"]],
        [all[0].id.as_str(), "event_gone", "purchase"]
    );
    assert_eq!(
        (&incident["before"], &incident["after"]),
        (&json!(21.0), &json!(0.0))
    );
    assert_eq!(incident["release"]["label"], "web-42");
}

#[test]
fn an_incident_is_kept_as_it_is() {
    let mut all = Vec::new();
    step(&mut all, &[gone()], NOW);
    step(&mut all, &[], later(10));
    let kept: Value = serde_json::from_str(&all[0].kept()).unwrap();
    assert_eq!(Incident::read(kept.clone()), Some(all[0].clone()), "{kept}");
    assert_eq!(Incident::read(json!({"id": "inc-1"})), None);
    let shown: Value = serde_json::from_str(&all[0].shown()).unwrap();
    assert_eq!(
        (&shown["before"], &shown["after"]),
        (&json!(21.0), &json!(0.0))
    );
    assert_eq!(shown["opened"], "2026-11-30T12:00:00.000Z");
    assert_eq!(shown.get("missed"), None);
    for kind in Kind::ALL {
        assert_eq!(Kind::read(kind.as_str()), Some(*kind));
        let page = include_str!("../../../../docs/alerts.md");
        assert!(
            page.contains(&format!("\n### {}\n", kind.as_str())),
            "docs/alerts.md: {}",
            kind.as_str()
        );
    }
}

fn settings(ends: &str) -> Settings {
    let settings = json!({
        "sources": {"shop": {"secret": "SHOP_SECRET", "destinations": ["meta", "hook"]}},
        "destinations": {
            "meta": {"dataset_id": "1234567890123456", "credential_ends": ends},
            "hook": {"platform": "webhook", "url": "https://hooks.example/edgetally"},
        },
        "alerts": {"webhook": "ALERTS_WEBHOOK"},
    });
    Settings::load(&settings.to_string(), &|name| {
        Some(format!("a secret called {name}, long enough"))
    })
    .unwrap()
}

fn standing_of(facts: Facts, ends: &str) -> Vec<Condition> {
    standing::conditions(&settings(ends), &rules(), facts, NOW)
}

fn at(hours: i64, destination: &str, state: State, n: i64) -> (Line, i64) {
    let line = Line {
        hour: UnixMillis(NOW.0 + hours * HOUR_MS),
        source: String::new(),
        release: String::new(),
        event: String::new(),
        destination: destination.to_owned(),
        state,
        code: String::new(),
        worker: String::new(),
    };
    (line, n)
}

#[test]
fn a_destination_that_takes_nothing_is_told_and_one_that_is_slow_is_not() {
    let stuck = |lines: Vec<(Line, i64)>| {
        let facts = Facts {
            answers: vec![vec![], lines],
            paused: vec![("meta".to_owned(), "http_401".to_owned())],
            ..Facts::default()
        };
        let found = standing_of(facts, "2099-01-01");
        found
            .into_iter()
            .map(|it| (it.destination, it.text))
            .collect::<Vec<_>>()
    };
    let (waits, took) = (State::Retrying, State::Delivered);
    assert_eq!(
        stuck(vec![at(-4, "meta", took, 9), at(-3, "meta", waits, 7), at(-2, "meta", waits, 5), at(0, "meta", waits, 2), at(-2, "hook", took, 5)]),
        [("meta".to_owned(), "meta has taken nothing that was received since 2026-11-30 09:00 UTC; 12 events wait (http_401).".to_owned())]
    );
    // It takes something of a later hour; what waits came only now; too few.
    assert_eq!(
        stuck(vec![at(-2, "meta", waits, 7), at(-1, "meta", took, 1)]),
        []
    );
    assert_eq!(
        stuck(vec![at(-2, "meta", waits, 7), at(0, "meta", took, 1)]),
        []
    );
    assert_eq!(
        stuck(vec![at(-1, "meta", took, 1), at(0, "meta", waits, 50)]),
        []
    );
    assert_eq!(stuck(vec![at(-3, "meta", waits, 2)]), []);
}

#[test]
fn books_that_are_out_and_letters_that_grow_are_told() {
    let letters = |hour, day, week| DeadLetters {
        destination: "meta".to_owned(),
        hour,
        day,
        week,
    };
    let of = |letters: DeadLetters| {
        standing_of(
            Facts {
                letters: vec![letters],
                ..Facts::default()
            },
            "2099-01-01",
        )
    };
    assert_eq!(
        of(letters(2, 57, 21))[0].text,
        "meta: 57 events of the last 24 hours refused or given up, and more are coming; 3 a day are usual."
    );
    for quiet in [letters(0, 57, 21), letters(2, 9, 0), letters(5, 60, 150)] {
        assert_eq!(of(quiet.clone()), [], "{quiet:?}");
    }
    let out = vec![
        at(0, "meta", State::Accepted, 10),
        at(0, "meta", State::Delivered, 8),
        at(0, "hook", State::Accepted, 1),
        at(0, "hook", State::Delivered, 1),
    ];
    let found = standing_of(
        Facts {
            answers: vec![out],
            ..Facts::default()
        },
        "2099-01-01",
    );
    assert_eq!((found.len(), found[0].kind), (1, Kind::Remainder));
    assert!(
        found[0]
            .text
            .contains("at meta, 2 events of the last two days are accounted for nowhere"),
        "{}",
        found[0].text
    );
}

#[test]
fn what_ends_is_told_two_weeks_and_three_days_before() {
    let stage = |ends: &str| {
        standing_of(Facts::default(), ends)
            .first()
            .map(|it| it.stage)
    };
    for (ends, expected) in [
        ("2026-12-16", None),
        ("2026-12-15", Some(1)),
        ("2026-12-05", Some(1)),
        ("2026-12-04", Some(2)),
        ("2026-11-30", Some(3)),
        ("2026-11-01", Some(3)),
    ] {
        assert_eq!(stage(ends), expected, "{ends}");
    }
    let mut all = Vec::new();
    let told: Vec<News> = [("2026-12-14", 0), ("2026-12-14", 5), ("2026-12-14", 11)]
        .into_iter()
        .flat_map(|(ends, days)| {
            let now = UnixMillis(NOW.0 + days * DAY_MS);
            let found = standing::conditions(&settings(ends), &rules(), Facts::default(), now);
            news(step(&mut all, &found, now))
        })
        .collect();
    assert_eq!(told, [News::Begun, News::Worse]);
}

#[test]
fn the_worlds_answers_are_those_that_the_ledger_gives() {
    let mut dice = Dice(7);
    let month = Month::new(20.0, BEFORE + 2, None, &mut dice);
    let looked_at = BEFORE * 24 + 31;
    let look = Look::new("shop", Month::now(looked_at), None, &rules());
    let lines = month.lines(looked_at);
    let sorted = |lines: Vec<(Line, i64)>| {
        let mut lines = lines;
        for (line, _) in &mut lines {
            line.release.clear();
        }
        lines.sort();
        lines
    };
    for (at, (query, answer)) in look
        .queries()
        .iter()
        .zip(month.answers(looked_at))
        .enumerate()
    {
        let fresh = sorted(query.fold(lines.iter().cloned()));
        // The traffic is asked for by hour and label, of which there is one.
        let answer = sorted(answer);
        assert_eq!(fresh.len(), answer.len(), "{at}");
        assert_eq!(fresh, answer, "{at}");
    }
}

/// `make alert-rates` in short: bounds that no chance breaks, and a broken test does.
#[test]
fn it_rarely_cries_wolf_and_tells_what_is_broken() {
    let told = quiet(20.0, 2, 14, 1);
    // Of 28 days; the level is one in a hundred days.
    assert!(told.len() <= 3, "{told:?}");
    for (per_hour, damage, hours, least) in [
        (200.0, Damage::Times(0.6), 4, 6),
        (200.0, Damage::Times(0.0), 1, 7),
        (20.0, Damage::Times(0.0), 6, 7),
        (20.0, Damage::Field, 4, 7),
    ] {
        let found = found(per_hour, damage, 8, hours, 3);
        let told = found.iter().flatten().count();
        assert!(told >= least, "{per_hour} {damage:?}: {found:?}");
    }
}

#[test]
fn an_hour_without_purchases_is_one_incident_that_is_over_when_they_are_back() {
    let mut dice = Dice(11);
    let from = BEFORE * 24 + 12;
    let broken = Broken {
        damage: Damage::Times(0.0),
        from,
        until: from + 3,
    };
    let month = Month::new(200.0, BEFORE + 3, Some(broken), &mut dice);
    let all = month.watch(from - 6, from + 40);
    let kinds: Vec<Kind> = all.iter().map(|incident| incident.condition.kind).collect();
    assert_eq!(kinds, [Kind::Gone], "{all:#?}");
    assert!(all[0].opened <= Month::now(from + 1));
    let over = all[0].over.unwrap();
    assert!(
        over > Month::now(from + 3) && over <= Month::now(from + 8),
        "{}",
        over.to_rfc3339()
    );
}

#[test]
fn an_hour_is_judged_once_and_not_before_what_is_on_its_way_has_come() {
    let hour = |hours: i64| UnixMillis(NOW.0 + hours * HOUR_MS);
    let look = |minutes: i64, judged: Option<UnixMillis>| {
        Look::new("shop", later(minutes), judged, &rules())
    };
    // At noon the hour before it is over, but not all of it is counted.
    assert_eq!(look(0, None).judges(), Some(hour(-1)));
    assert_eq!(look(9, Some(hour(-1))).judges(), None);
    assert_eq!(look(10, Some(hour(-1))).judges(), Some(hour(0)));
    // Whoever looks every ten minutes asks the same hours once: the level is shared by that many looks.
    let mut judged = Some(hour(-1));
    let mut looks = 0;
    for minutes in (0..24 * 60).step_by(10) {
        let look = look(minutes, judged);
        let asked = look.queries().len();
        match look.judges() {
            Some(end) => {
                assert_eq!(asked, 3 + 2 * Look::WINDOWS.len());
                (judged, looks) = (Some(end), looks + 1);
            }
            None => assert_eq!(asked, 3),
        }
    }
    assert_eq!(looks, 24);
}

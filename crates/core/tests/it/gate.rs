//! The release gate, in worlds whose truth is known.

pub(crate) mod world;

use edgetally_core::base::match_keys::Keys;
use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::ledger::{Counts, Dimension, Line, Query, State};
use edgetally_core::quality::releases::{
    By, Comparison, Evidence, Finding, Looks, Question, Severity, Verdict, compare,
};
use edgetally_core::quality::score::estimate;
use proptest::prelude::*;

use self::world::{APPEARED, Damage, Dice, World, hourly_looks, one_look};

fn line(
    hour: i64,
    release: &str,
    event: &str,
    destination: &str,
    state: State,
    code: &str,
) -> Line {
    Line {
        hour: UnixMillis(APPEARED + hour * HOUR_MS),
        source: "shop".to_owned(),
        release: release.to_owned(),
        event: event.to_owned(),
        destination: destination.to_owned(),
        state,
        code: code.to_owned(),
        worker: "7f3a".to_owned(),
    }
}

type Lines = Vec<(Line, i64)>;

/// Four quiet weeks of so many events of each name an hour, and then `hours` of the new release as `change` has it.
fn lines(usual: &[(&str, i64)], hours: i64, change: impl Fn(&str, i64, i64) -> i64) -> Lines {
    let mut lines = Vec::new();
    for hour in -28 * 24..hours {
        for (event, n) in usual {
            // Not the same each time, so that there is a variance, and none that depends on chance.
            let wave = [-2, 1, 0, 2, -1, 0, 0][(hour.rem_euclid(7)) as usize] * (*n / 40).max(1);
            let (release, n) = if hour < 0 {
                ("r1", n + wave)
            } else {
                ("r2", change(event, hour, n + wave))
            };
            lines.push((line(hour, release, event, "", State::Accepted, "page"), n));
        }
    }
    lines.retain(|(_, n)| *n != 0);
    lines
}

const USUAL: [(&str, i64); 4] = [
    ("page_view", 1000),
    ("view_item", 300),
    ("add_to_cart", 160),
    ("purchase", 80),
];

fn ask(hours: i64) -> Question {
    Question {
        before: Some("r1".to_owned()),
        ..Question::new("shop", "r2", UnixMillis(APPEARED + hours * HOUR_MS))
    }
}

fn answer(question: &Question, lines: &Lines) -> Comparison {
    compare(question, &Evidence::gather(question, lines).unwrap()).unwrap()
}

fn failed(comparison: &Comparison) -> Vec<(&str, &str, &str, &str)> {
    let findings = comparison.findings.iter();
    findings
        .filter(|finding| finding.severity == Severity::Fail)
        .map(|it| {
            (
                it.test,
                it.event.as_str(),
                it.destination.as_str(),
                it.what.as_str(),
            )
        })
        .collect()
}

#[test]
fn a_quiet_release_passes_and_says_what_it_would_have_seen() {
    let comparison = answer(&ask(4), &lines(&USUAL, 4, |_, _, n| n));
    assert_eq!(comparison.verdict, Verdict::Pass, "{comparison:#?}");
    assert_eq!(comparison.exit_code(), 0);
    assert!(comparison.findings.is_empty());
    let drop = |event: &str| {
        let sight = comparison.sight.iter().find(|sight| sight.event == event);
        sight.unwrap().smallest_drop.unwrap()
    };
    assert!(drop("page_view") < drop("purchase") && drop("purchase") < 0.4);
    assert!(comparison.reason.contains("would have been seen"));
}

#[test]
fn an_event_that_is_gone_is_named_with_its_first_hour() {
    let gone = |event: &str, hour: i64, n: i64| {
        if event == "purchase" && hour >= 2 {
            0
        } else {
            n
        }
    };
    // From the third hour on: it is no longer gone as a whole, but it fell.
    let comparison = answer(&ask(6), &lines(&USUAL, 6, gone));
    assert_eq!(failed(&comparison), [("T2", "purchase", "", "volume")]);
    assert_eq!(
        comparison.findings[0].since,
        Some(UnixMillis(APPEARED + 2 * HOUR_MS))
    );
    assert_eq!(comparison.exit_code(), 1);
    let all = |event: &str, _, n| if event == "purchase" { 0 } else { n };
    let comparison = answer(&ask(1), &lines(&USUAL, 1, all));
    assert_eq!(failed(&comparison), [("T1", "purchase", "", "volume")]);
    assert!(
        comparison
            .reason
            .starts_with("purchase is gone: none came, where 7"),
        "{}",
        comparison.reason
    );
}

#[test]
fn what_is_counted_twice_is_found_as_that_and_nothing_else_looks_gone() {
    for doubled in ["page_view", "add_to_cart", "purchase"] {
        let twice = |event: &str, _, n| if event == doubled { 2 * n } else { n };
        for looks in [Looks::Once, Looks::Hourly] {
            let question = Question { looks, ..ask(4) };
            let comparison = answer(&question, &lines(&USUAL, 4, twice));
            assert_eq!(
                failed(&comparison),
                [("T2", doubled, "", "volume")],
                "{looks:?} {comparison:#?}"
            );
            assert!((comparison.findings[0].change.estimate - 2.0).abs() < 0.05);
        }
    }
    // With two events, each is the other's only denominator: their usual numbers tell which of them moved.
    let two = [("page_view", 1000), ("purchase", 80)];
    for doubled in ["page_view", "purchase"] {
        let twice = |event: &str, _, n| if event == doubled { 2 * n } else { n };
        let comparison = answer(&ask(4), &lines(&two, 4, twice));
        assert_eq!(
            failed(&comparison),
            [("T2", doubled, "", "volume")],
            "{comparison:#?}"
        );
    }
}

#[test]
fn too_little_is_inconclusive_and_a_label_of_nobody_is_a_mistake() {
    let all = lines(&USUAL, 4, |_, _, n| n);
    let comparison = answer(
        &Question {
            min_events: 100_000,
            ..ask(4)
        },
        &all,
    );
    assert_eq!(
        (comparison.verdict, comparison.exit_code()),
        (Verdict::Inconclusive, 2)
    );
    assert!(comparison.more_events > 90_000.0 && comparison.more_events < 100_000.0);
    // Rare purchases: nothing is found, and nothing could have been.
    let rare = [("page_view", 1000), ("view_item", 300), ("purchase", 6)];
    let comparison = answer(&ask(2), &lines(&rare, 2, |_, _, n| n));
    assert_eq!(comparison.verdict, Verdict::Inconclusive);
    assert!(
        comparison.reason.contains("of purchase"),
        "{}",
        comparison.reason
    );
    assert!(comparison.more_events > 20.0 && comparison.more_events < 200.0);
    // What is watched decides.
    let watched = |name: &str| {
        let question = Question {
            watched: vec![name.to_owned()],
            ..ask(2)
        };
        answer(&question, &lines(&rare, 2, |_, _, n| n)).verdict
    };
    assert_eq!(watched("view_item"), Verdict::Pass);
    assert_eq!(watched("lead"), Verdict::Inconclusive);
    for (before, after) in [("r1", "r3"), ("r0", "r2")] {
        let question = Question {
            before: Some(before.to_owned()),
            ..Question::new("shop", after, UnixMillis(APPEARED + 4 * HOUR_MS))
        };
        let usage = Evidence::gather(&question, &all).unwrap_err();
        assert_eq!(usage.code, "label_unknown");
    }
    // Nothing at all, in the ledger or of that source.
    let empty = Evidence::default();
    assert_eq!(compare(&ask(4), &empty).unwrap_err().code, "label_unknown");
}

#[test]
fn a_source_that_has_fallen_silent_fails_whatever_the_labels_are() {
    let all = lines(&USUAL, 0, |_, _, n| n);
    let comparison = answer(&ask(3), &all);
    assert_eq!(comparison.verdict, Verdict::Fail);
    assert_eq!(comparison.findings[0].since, Some(UnixMillis(APPEARED)));
    assert!(comparison.reason.starts_with("Nothing at all"));
}

#[test]
fn the_label_before_is_found_where_the_question_names_none() {
    let all = lines(&USUAL, 4, |_, _, n| n);
    let question = Question {
        before: None,
        ..ask(4)
    };
    let comparison = answer(&question, &all);
    assert_eq!(comparison.before.unwrap().label, "r1");
}

#[test]
fn hours_in_which_the_label_is_not_alone_are_left_out_or_compared_with_themselves() {
    // Caches: in the first two hours a third of the pages is still of the old release.
    let mut all = lines(&USUAL, 5, |_, _, n| n);
    for (line, n) in &mut all {
        if line.hour.0 >= APPEARED && line.hour.0 < APPEARED + 2 * HOUR_MS {
            *n = *n * 2 / 3;
        }
    }
    for hour in 0..2 {
        for (event, n) in USUAL {
            all.push((line(hour, "r1", event, "", State::Accepted, "page"), n / 3));
        }
    }
    let comparison = answer(&ask(5), &all);
    assert_eq!(
        (comparison.concurrent, comparison.after.unwrap().hours),
        (false, 3)
    );
    let curve: Vec<i64> = comparison
        .adoption
        .iter()
        .map(|hour| (hour.after * 100.0) as i64)
        .collect();
    assert_eq!((curve.len(), curve[0] / 10, curve[2]), (5, 6, 100));

    // A canary: a tenth of the traffic in every hour, with a day that is three times as busy as any before.
    for (broken, expected) in [(1, vec![]), (2, vec![("T7", "add_to_cart", "", "volume")])] {
        let mut all = lines(&USUAL, 0, |_, _, n| n);
        for hour in 0..6 {
            for (event, n) in USUAL {
                let times = if event == "add_to_cart" { broken } else { 1 };
                all.push((
                    line(hour, "r1", event, "", State::Accepted, "page"),
                    27 * n / 10 + hour,
                ));
                all.push((
                    line(hour, "r2", event, "", State::Accepted, "page"),
                    times * 3 * n / 10,
                ));
            }
        }
        let comparison = answer(&ask(6), &all);
        assert!(comparison.concurrent);
        assert_eq!(failed(&comparison), expected, "{comparison:#?}");
    }
}

#[test]
fn our_own_versions_are_compared_by_the_same_gate() {
    let mut all = lines(
        &USUAL,
        4,
        |event, _, n| if event == "purchase" { n / 3 } else { n },
    );
    for (line, _) in &mut all {
        line.worker.clone_from(&line.release);
        line.release = "site".to_owned();
    }
    let question = Question {
        by: By::Worker,
        ..ask(4)
    };
    assert_eq!(
        failed(&answer(&question, &all)),
        [("T2", "purchase", "", "volume")]
    );
}

/// What an hour of purchases at two destinations looks like.
fn delivered(
    lines: &mut Lines,
    hour: i64,
    release: &str,
    with: i64,
    without: i64,
    rejected: (&str, i64),
) {
    let all = with + without;
    let mut put = |destination: &str, state, code: &str, n: i64| {
        if n != 0 {
            lines.push((line(hour, release, "purchase", destination, state, code), n));
        }
    };
    put("", State::Keys, "en", with);
    put("", State::Keys, "n", without);
    for destination in ["ga4", "meta"] {
        put(destination, State::Accepted, "", all);
        put(destination, State::Keys, "en", with);
        put(destination, State::Keys, "n", without);
        let refused = if destination == "meta" { rejected.1 } else { 0 };
        put(destination, State::Rejected, rejected.0, refused);
        put(destination, State::Delivered, "", all - refused);
    }
}

#[test]
fn a_field_that_is_lost_is_one_finding_that_names_the_places() {
    let mut all = lines(&USUAL, 4, |_, _, n| n);
    for hour in -28 * 24..4_i64 {
        let wave = [-1, 1, 0][hour.rem_euclid(3) as usize];
        if hour < 0 {
            delivered(&mut all, hour, "r1", 64 + wave, 16, ("old", 0));
        } else {
            delivered(&mut all, hour, "r2", 0, 80, ("param_missing", 9));
        }
    }
    for looks in [Looks::Once, Looks::Hourly] {
        let comparison = answer(&Question { looks, ..ask(4) }, &all);
        let mut found = failed(&comparison);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("T4", "purchase", "", "email"),
                ("T4", "purchase", "meta", "rejected")
            ],
            "{comparison:#?}"
        );
        let lost = comparison
            .findings
            .iter()
            .find(|it| it.what == "email")
            .unwrap();
        assert_eq!(lost.also, ["ga4", "meta"]);
        assert!((lost.before - 0.8).abs() < 0.01 && lost.after == 0.0 && lost.change.high < -0.7);
        assert_eq!(lost.since, Some(UnixMillis(APPEARED)));
        // T5 tells of the code, which was never there before.
        let new = comparison
            .findings
            .iter()
            .find(|it| it.test == "T5")
            .unwrap();
        assert_eq!(
            (new.destination.as_str(), new.what.as_str()),
            ("meta", "new code rejected: param_missing")
        );
    }
}

#[test]
fn test_events_and_robots_are_nobodys() {
    let mut all = lines(&USUAL, 4, |_, _, n| n);
    for hour in 0..4 {
        for (code, n) in [("test", 300), ("bot", 200)] {
            all.push((line(hour, "r2", "purchase", "", State::Accepted, "page"), n));
            all.push((line(hour, "r2", "purchase", "", State::Apart, code), n));
            all.push((
                line(hour, "r2", "purchase", "meta", State::Rejected, "x"),
                n,
            ));
            all.push((
                line(
                    hour,
                    "r2",
                    "purchase",
                    "meta",
                    State::Apart,
                    &format!("{code}:rejected"),
                ),
                n,
            ));
        }
    }
    let comparison = answer(&ask(4), &all);
    assert_eq!(failed(&comparison), [], "{comparison:#?}");
    assert_eq!(comparison.verdict, Verdict::Pass);
}

#[test]
fn a_mean_order_of_a_hundredth_is_found() {
    let mut all = lines(&USUAL, 4, |_, _, n| n);
    for hour in -28 * 24..4_i64 {
        let release = if hour < 0 { "r1" } else { "r2" };
        let order = 60_000_000 + [-5, 3, 2][hour.rem_euclid(3) as usize] * 1_000_000;
        let order = if hour < 0 { order } else { order / 100 };
        all.push((
            line(hour, release, "purchase", "", State::Priced, "EUR"),
            80,
        ));
        all.push((
            line(hour, release, "purchase", "", State::Money, "EUR"),
            80 * order,
        ));
    }
    let comparison = answer(&ask(4), &all);
    assert_eq!(
        failed(&comparison),
        [("T6", "purchase", "", "value in EUR")],
        "{comparison:#?}"
    );
}

#[test]
fn half_of_all_traffic_is_a_failure_and_a_fifth_is_none() {
    for (times, expected) in [(0.4, vec![("T3", "", "", "volume")]), (0.8, vec![])] {
        let less = |_: &str, _, n: i64| (n as f64 * times) as i64;
        let comparison = answer(&ask(4), &lines(&USUAL, 4, less));
        assert_eq!(failed(&comparison), expected, "{comparison:#?}");
    }
}

#[test]
fn a_senders_words_are_no_markup_in_a_jobs_summary() {
    let evil = "a|b`c\nd<script>@team[x](https://evil.example)*_#";
    let mut usual = USUAL.to_vec();
    usual[3].0 = evil;
    let mut all = lines(
        &usual,
        4,
        |event, _, n| if event == evil { n / 4 } else { n },
    );
    for (line, _) in &mut all {
        if line.release == "r2" {
            line.release = format!("r2{evil}");
        }
    }
    let question = Question {
        after: format!("r2{evil}"),
        ..ask(4)
    };
    let comparison = answer(&question, &all);
    assert_eq!(comparison.verdict, Verdict::Fail);
    let text = comparison.markdown();
    for markup in ["<script", "`", "@team", "](", "https://", "evil.example"] {
        assert!(!text.contains(markup), "{markup} in {text}");
    }
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert!(table.len() >= 3, "{text}");
    for row in table {
        assert_eq!(row.matches('|').count(), 10, "{row}");
    }
    // And JSON has every number or null.
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["verdict"], "fail");
    assert_eq!(json["findings"][0]["event"], evil);
}

#[test]
fn a_question_is_read_from_parameters_and_from_json() {
    let now = UnixMillis(APPEARED);
    let of = |pairs: &'static [(&str, &str)]| {
        let find = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        Question::from_parameters(find, now)
    };
    let question = of(&[
        ("source", "shop"),
        ("before", ""),
        ("after", "r2"),
        ("by", "worker"),
        ("looks", "hourly"),
        ("until", "2026-11-19T12:00:00Z"),
        ("min_events", "50"),
        ("watch", "purchase, lead"),
        ("see", "0.2"),
    ]);
    let question = question.unwrap();
    assert_eq!(question.before.as_deref(), Some(""));
    assert_eq!(question.watched, ["purchase", "lead"]);
    assert_eq!((question.thresholds.see, question.min_events), (0.2, 50));
    let json = serde_json::to_string(&question).unwrap();
    assert_eq!(serde_json::from_str::<Question>(&json).unwrap(), question);
    for (pairs, code) in [
        (&[("after", "r2")][..], "parameter_missing"),
        (&[("source", "shop")], "parameter_missing"),
        (
            &[("source", "shop"), ("after", "a"), ("before", "a")],
            "labels_equal",
        ),
        (
            &[("source", "shop"), ("after", "a"), ("by", "weather")],
            "parameter_invalid",
        ),
        (
            &[("source", "shop"), ("after", "a"), ("see", "40")],
            "parameter_invalid",
        ),
        (
            &[("source", "shop"), ("after", "a"), ("until", "soon")],
            "parameter_invalid",
        ),
        (
            &[("source", "shop"), ("after", "a"), ("min_events", "-1")],
            "parameter_invalid",
        ),
    ] {
        let find = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        assert_eq!(
            Question::from_parameters(find, now).unwrap_err().code,
            code,
            "{pairs:?}"
        );
    }
}

#[test]
fn the_worlds_answers_are_those_of_its_lines() {
    for (hours, looks) in [(3, Looks::Once), (20, Looks::Hourly)] {
        let mut dice = Dice(7);
        let world = World::new(50.0, hours, Damage::Times(0.7), &mut dice);
        let question = World::question(hours, looks);
        let gathered = compare(
            &question,
            &Evidence::gather(&question, &world.lines()).unwrap(),
        )
        .unwrap();
        assert_eq!(gathered, world.compare(hours, looks));
    }
}

#[test]
fn the_dice_are_fair() {
    let mut dice = Dice(1);
    for mean in [0.5, 7.0, 40.0, 900.0] {
        let many = 20_000;
        let counts: Vec<f64> = (0..many).map(|_| dice.poisson(mean)).collect();
        let average = counts.iter().sum::<f64>() / f64::from(many);
        let variance = counts.iter().map(|k| (k - average).powi(2)).sum::<f64>() / f64::from(many);
        let error = (mean / f64::from(many)).sqrt();
        assert!((average - mean).abs() < 4.0 * error, "{mean}: {average}");
        assert!((variance / mean - 1.0).abs() < 0.06, "{mean}: {variance}");
        let low = (mean - mean.sqrt()).max(0.0).floor();
        let share = counts.iter().filter(|k| **k <= low).count() as f64 / f64::from(many);
        assert!(
            (share - world::poisson_tail(low, mean)).abs() < 0.015,
            "{mean}"
        );
    }
    // Of three against three one in ten is as far out; of six against six the farthest are two in 924.
    assert!((world::mann_whitney_p(0.0, 3) - 0.1).abs() < 1e-12);
    assert!((world::mann_whitney_p(36.0, 6) - 2.0 / 924.0).abs() < 1e-12);
    assert!((world::mann_whitney_p(2.0, 2) - 1.0).abs() < 1e-12);
}

/// Purchases at a destination by the keys that went along, so many in an hour; each release has its own.
fn keys(destination: &str, before: &[(&str, i64)], after: &[(&str, i64)]) -> Lines {
    let mut all = lines(&USUAL, 6, |_, _, n| n);
    for hour in -28 * 24..6_i64 {
        // Some days are a little better than others.
        let more = [0, 1, -1, 2, 0, -2, 0][(hour.div_euclid(24).rem_euclid(7)) as usize];
        let (release, of) = if hour < 0 {
            ("r1", before)
        } else {
            ("r2", after)
        };
        for (at, (code, n)) in of.iter().enumerate() {
            let line = line(hour, release, "purchase", destination, State::Keys, code);
            all.push((line, n + [more, -more].get(at).unwrap_or(&0)));
        }
    }
    all
}

fn estimates(lines: &Lines, platforms: &[(&str, &str)]) -> Vec<Finding> {
    let question = ask(6);
    let mut evidence = Evidence::gather(&question, lines).unwrap();
    let pairs = platforms.iter();
    evidence.platforms = pairs
        .map(|(name, of)| ((*name).to_owned(), (*of).to_owned()))
        .collect();
    let findings = compare(&question, &evidence).unwrap().findings;
    let is_estimate = |finding: &Finding| finding.test == "T6";
    findings.into_iter().filter(is_estimate).collect()
}

#[test]
fn an_estimate_that_falls_is_found_and_one_that_rises_is_none_of_the_gates_business() {
    // Four keys, of which each is a little rarer: none of them fails by itself.
    let usual = [("e", 25), ("p", 25), ("x", 25), ("b", 25)];
    let worse = [("e", 20), ("p", 20), ("x", 20), ("b", 20), ("", 20)];
    let score = |events: &[(&str, i64)]| {
        let keys = |code| Keys::read(code).unwrap();
        estimate("meta", events.iter().map(|(code, n)| (keys(code), *n))).unwrap()
    };
    let found = estimates(&keys("meta", &usual, &worse), &[]);
    let [finding] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(finding.severity, Severity::Fail, "{finding:?}");
    assert_eq!(
        (
            finding.what.as_str(),
            finding.event.as_str(),
            finding.destination.as_str(),
            finding.unit
        ),
        ("match-quality estimate", "purchase", "meta", "ratio")
    );
    assert!((finding.before - score(&usual)).abs() < 0.1, "{finding:?}");
    assert!((finding.after - score(&worse)).abs() < 0.1, "{finding:?}");
    let text = "purchase at meta: a mean match-quality estimate of 3, 3.8 before (−20 %).";
    assert_eq!(finding.text, text);
    // Better, as good, less than half a point of ten, and where nobody is matched.
    assert!(estimates(&keys("meta", &worse, &usual), &[]).is_empty());
    assert!(estimates(&keys("meta", &usual, &usual), &[]).is_empty());
    let little = [("e", 24), ("p", 24), ("x", 24), ("b", 24), ("", 4)];
    let found = estimates(&keys("meta", &usual, &little), &[]);
    assert!(
        found.iter().all(|it| it.severity == Severity::Note),
        "{found:?}"
    );
    assert!(estimates(&keys("ga4", &usual, &worse), &[]).is_empty());
    // By what the destination is, and not by what it is called.
    let named = keys("shop_ads", &usual, &worse);
    assert!(estimates(&named, &[]).is_empty());
    assert_eq!(estimates(&named, &[("shop_ads", "meta")]).len(), 1);
    // What fails by a key does not fail a second time.
    let found = estimates(
        &keys("meta", &usual, &[("", 25), ("p", 25), ("x", 25), ("b", 25)]),
        &[],
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Note);
    assert!(
        found[0]
            .text
            .ends_with("It fell with the keys that are missing."),
        "{found:?}"
    );
}

/// `make gate-rates` in short: bounds that no chance breaks, and a broken test does.
#[test]
fn it_rarely_cries_wolf_and_sees_what_it_is_to_see() {
    let quiet = one_look(20.0, 3, Damage::Quiet, 200, 1).gate
        + one_look(200.0, 1, Damage::Quiet, 200, 2).gate;
    // Of 400, six are expected at most.
    assert!(quiet <= 14, "{quiet} false alarms in 400");
    let found = |per_hour, hours, damage, seed| one_look(per_hour, hours, damage, 100, seed).gate;
    for (per_hour, hours, damage, least) in [
        (20.0, 3, Damage::Times(0.6), 55),
        (200.0, 1, Damage::Times(0.6), 90),
        (20.0, 3, Damage::Field, 97),
        (20.0, 3, Damage::Times(2.0), 85),
    ] {
        let many = found(per_hour, hours, damage, 3);
        assert!(
            many >= least,
            "{per_hour}, {hours} h, {damage:?}: {many} of 100"
        );
    }
    let alarms = hourly_looks(20.0, 6, Damage::Quiet, 100, 4);
    let many = alarms.iter().filter(|hour| **hour > 0).count();
    assert!(many <= 5, "{many} false alarms in 100, with six looks each");
    let seen = hourly_looks(200.0, 3, Damage::Times(0.6), 50, 5);
    assert!(seen.iter().filter(|hour| **hour > 0).count() >= 47);
}

fn small_world() -> impl Strategy<Value = (u64, usize, f64)> {
    (
        any::<u64>(),
        1_usize..5,
        prop::sample::select(vec![1.0, 0.6, 2.0, 0.0]),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn neither_the_order_of_lines_nor_names_nor_the_week_change_the_verdict((seed, hours, times) in small_world(), weeks in 1_i64..200) {
        let mut dice = Dice(seed);
        let world = World::new(40.0, hours, Damage::Times(times), &mut dice);
        let question = World::question(hours, Looks::Once);
        let mut lines = world.lines();
        let first = answer(&question, &lines);
        lines.reverse();
        prop_assert_eq!(&answer(&question, &lines), &first);
        // Other labels, and so many weeks later.
        let shift = weeks * 7 * DAY_MS;
        for (line, _) in &mut lines {
            line.hour.0 += shift;
            line.release = format!("release {}", line.release);
        }
        let later = Question {
            after: "release r2".to_owned(),
            before: Some("release r1".to_owned()),
            until: UnixMillis(question.until.0 + shift),
            ..question
        };
        let moved = answer(&later, &lines);
        prop_assert_eq!(moved.verdict, first.verdict);
        let p = |it: &Comparison| it.findings.iter().map(|finding| (finding.what.clone(), finding.p)).collect::<Vec<_>>();
        prop_assert_eq!(p(&moved), p(&first));
    }

    #[test]
    fn hours_that_are_like_those_before_never_fail(n in 30_i64..3000, hours in 1_i64..6) {
        let usual = [("page_view", 10 * n), ("view_item", 3 * n), ("purchase", n)];
        let comparison = answer(&ask(hours), &lines(&usual, hours, |_, _, n| n));
        prop_assert!(comparison.verdict != Verdict::Fail, "{:?}", comparison.findings);
    }

    #[test]
    fn a_fold_of_all_is_the_sum_of_the_folds_of_parts(
        parts in prop::collection::vec((0_i64..50, 0_usize..3, 0_usize..4, -5_i64..50), 0..60),
        cut in 0_usize..60,
        by in prop::sample::subsequence(Dimension::ALL.to_vec(), 0..=Dimension::ALL.len()),
        hours_of_day in any::<u32>(),
    ) {
        let states = [State::Accepted, State::Delivered, State::Keys, State::Dead];
        let all: Lines = parts
            .into_iter()
            .map(|(hour, event, state, n)| (line(hour, "r1", USUAL[event].0, "", states[state], "c"), n))
            .collect();
        let asked = Query {
            by,
            hours_of_day,
            ..Query::between(UnixMillis(APPEARED), UnixMillis(APPEARED + 40 * HOUR_MS))
        };
        let (one, other) = all.split_at(cut.min(all.len()));
        let mut sum = Counts::default();
        for part in [one, other] {
            for (line, n) in asked.fold(part.iter().cloned()) {
                sum.add(line, n);
            }
        }
        let parts: Lines = sum.iter().map(|(line, n)| (line.clone(), n)).collect();
        prop_assert_eq!(asked.fold(all), parts);
    }
}

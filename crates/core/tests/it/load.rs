//! How far it scales: on paper by the limits that are documented, and in an hour of a queue with one platform away. The short
//! form; `make load-model` lets the whole hour pass and writes it into `docs/reliability.md`.

#[allow(dead_code, reason = "its table is what the long form prints")]
mod hour;
mod paper;

use std::fmt::Write as _;

use self::hour::{BATCH, DESTINATIONS, GOAL, Hour, check, invocation, quantile, run};
use self::paper::{ALL, Load, QUEUE_CONSUMERS, QUEUE_MESSAGES, rows};
use crate::gate::world::Dice;
use crate::support::generated;

/// The loads of the page: events in a request, and the destination that is left out.
const LOADS: [(usize, Option<&str>); 4] =
    [(1, None), (10, None), (1, Some("ga4")), (10, Some("ga4"))];

fn load((of_message, without): (usize, Option<&str>)) -> Load {
    let (seconds, reports) = invocation(of_message, without);
    Load {
        events: GOAL,
        of_message: of_message as f64,
        of_batch: BATCH as f64,
        seconds,
        reports,
    }
}

fn on_paper() -> String {
    let mut out = String::from("| limit | value | page | read |\n|---|---|---|---|\n");
    for one in ALL {
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            one.name, one.value, one.page, one.read
        )
        .unwrap();
    }
    for of in LOADS {
        let load = load(of);
        let places: Vec<&str> = DESTINATIONS
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| Some(*name) != of.1)
            .collect();
        writeln!(
            out,
            "\n**{}, {} in a request.** An invocation takes {:.2} s over {BATCH} messages and reports to the ledger in {}.\n\n\
            | what is full | at events a second | how many are needed for 100,000 a second |\n|---|---|---|",
            places.join(", "),
            if of.0 == 1 { "one event".to_owned() } else { format!("{} events", of.0) },
            load.seconds,
            if load.reports == 1.0 { "one call".to_owned() } else { format!("{} calls", load.reports) },
        )
        .unwrap();
        for row in rows(load) {
            let full = row.full.round();
            writeln!(
                out,
                "| one {}: {} | {full} | {} |",
                row.thing, row.limit.name, row.needed
            )
            .unwrap();
        }
    }
    out
}

#[test]
fn the_first_limit_is_named_by_what_is_documented() {
    generated("reliability.md", "load on paper", &on_paper());
    let first = LOADS.map(|of| rows(load(of))[0].limit.name);
    let limits = [
        QUEUE_MESSAGES,
        QUEUE_CONSUMERS,
        QUEUE_MESSAGES,
        QUEUE_MESSAGES,
    ];
    assert_eq!(first, limits.map(|one| one.name));
}

#[test]
fn a_platform_that_is_away_loses_nothing_and_holds_no_other_up() {
    let hour = Hour {
        rate: 10.0,
        consumers: 1,
        seconds: 150,
        away: (30, 90),
    };
    let seen = run(hour, 7);
    check(&seen);
    for (place, (name, _)) in DESTINATIONS.iter().enumerate().skip(1) {
        let slowest = quantile(&seen.took_meanwhile[place], 0.99);
        assert!(slowest < 30_000, "{name}: {slowest} ms");
        assert_eq!(seen.again[place], 0, "{name}");
    }
    assert!(
        quantile(&seen.took_meanwhile[0], 0.5) > 20_000,
        "it was away"
    );
    assert!(
        seen.waiting_at_end_of_away > 100 && seen.most_waiting < 1500,
        "{}",
        seen.most_waiting
    );
}

//! How often the gate cries wolf, and how often it sees what is broken: the tables of `docs/quality.md`.
//!
//! `make gate-rates` writes them. `cargo run --release -p edgetally-core --example gate_rates -- 100` prints those of a hundred
//! runs for each cell.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "it prints a table, and reads and writes a page"
)]

#[path = "../tests/it/gate/world.rs"]
mod world;

use std::fmt::Write as _;

use world::{Alarms, Damage, hourly_looks, one_look};

const DAMAGES: [Damage; 5] = [
    Damage::Quiet,
    Damage::Times(0.8),
    Damage::Times(0.6),
    Damage::Field,
    Damage::Times(2.0),
];
/// Purchases an hour, and hours.
const CELLS: [(f64, usize); 7] = [
    (20.0, 1),
    (20.0, 3),
    (20.0, 12),
    (200.0, 1),
    (200.0, 6),
    (2000.0, 1),
    (2000.0, 6),
];
const LOOKS: usize = 24;

/// In two threads; each run has its own seed, so their number changes nothing.
fn both<T: Send>(jobs: &[Box<dyn Fn() -> T + Send + Sync>]) -> Vec<T> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { break };
                    let result = job();
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn percent(n: usize, runs: usize) -> String {
    let share = 100.0 * n as f64 / runs as f64;
    if share >= 10.0 {
        format!("{share:.0} %")
    } else {
        format!("{share:.1} %")
    }
}

fn runs_of(damage: Damage, runs: usize) -> usize {
    if damage == Damage::Quiet {
        2 * runs
    } else {
        runs
    }
}

fn main() {
    let argument = std::env::args().nth(1);
    let write = argument.as_deref() == Some("--write");
    let runs: usize = argument.and_then(|text| text.parse().ok()).unwrap_or(500);

    let mut jobs: Vec<Box<dyn Fn() -> Alarms + Send + Sync>> = Vec::new();
    for (at, (per_hour, hours)) in CELLS.into_iter().enumerate() {
        for (of, damage) in DAMAGES.into_iter().enumerate() {
            let seed = 1 + (10 * at + of) as u64;
            jobs.push(Box::new(move || {
                one_look(per_hour, hours, damage, runs_of(damage, runs), seed)
            }));
        }
    }
    let alarms = both(&jobs);
    let mut out = String::new();
    writeln!(
        out,
        "One look. Quiet releases: {} worlds for each row; broken ones: {runs} each.\n",
        2 * runs
    )
    .unwrap();
    out.push_str("| purchases an hour, hours | method | alarm though quiet | −20 % found | −40 % found | e-mail lost, found | doubled, found |\n");
    out.push_str("|---|---|---|---|---|---|---|\n");
    for (at, (per_hour, hours)) in CELLS.into_iter().enumerate() {
        let row = &alarms[at * DAMAGES.len()..(at + 1) * DAMAGES.len()];
        type Method = (&'static str, fn(&Alarms) -> usize);
        let methods: [Method; 4] = [
            ("**gate**", |it| it.gate),
            ("exact test on volume", |it| it.exact),
            ("Mann–Whitney", |it| it.mann_whitney),
            ("±20 %", |it| it.threshold),
        ];
        for (name, of) in methods {
            let cells: Vec<String> = row
                .iter()
                .zip(DAMAGES)
                .map(|(it, damage)| match damage {
                    // They look at nothing but counts.
                    Damage::Field if name != "**gate**" => "–".to_owned(),
                    _ => percent(of(it), runs_of(damage, runs)),
                })
                .collect();
            let what = if name == "**gate**" {
                format!("{per_hour}, {hours} h")
            } else {
                String::new()
            };
            writeln!(out, "| {what} | {name} | {} |", cells.join(" | ")).unwrap();
        }
        eprintln_row(per_hour, hours, &row[0], 2 * runs);
    }

    let runs = runs.div_ceil(2);
    let mut jobs: Vec<Box<dyn Fn() -> Vec<usize> + Send + Sync>> = Vec::new();
    for (at, per_hour) in [20.0, 200.0, 2000.0].into_iter().enumerate() {
        for (of, damage) in DAMAGES.into_iter().enumerate() {
            let seed = 1000 + (10 * at + of) as u64;
            jobs.push(Box::new(move || {
                hourly_looks(per_hour, LOOKS, damage, runs_of(damage, runs), seed)
            }));
        }
    }
    let found = both(&jobs);
    writeln!(
        out,
        "\nA look every hour for {LOOKS} hours, and in brackets the median hour of those that were found. {} quiet worlds for each row, {runs} broken ones each.\n",
        2 * runs
    )
    .unwrap();
    out.push_str("| purchases an hour | alarm though quiet, at any look | −20 % found | −40 % found | e-mail lost, found | doubled, found |\n");
    out.push_str("|---|---|---|---|---|---|\n");
    for (at, per_hour) in [20.0, 200.0, 2000.0].into_iter().enumerate() {
        let row = &found[at * DAMAGES.len()..(at + 1) * DAMAGES.len()];
        let cells: Vec<String> = row
            .iter()
            .zip(DAMAGES)
            .map(|(hours, damage)| {
                let mut seen: Vec<usize> = hours.iter().copied().filter(|hour| *hour > 0).collect();
                seen.sort_unstable();
                let share = percent(seen.len(), runs_of(damage, runs));
                match seen.get(seen.len() / 2) {
                    Some(median) if damage != Damage::Quiet => format!("{share} ({median} h)"),
                    _ => share,
                }
            })
            .collect();
        writeln!(out, "| {per_hour} | {} |", cells.join(" | ")).unwrap();
    }
    if write {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/quality.md");
        let text = std::fs::read_to_string(page).unwrap();
        let (start, end) = ("<!-- rates: make gate-rates -->\n", "<!-- end of rates -->");
        let (before, rest) = text.split_once(start).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        std::fs::write(page, format!("{before}{start}\n{out}\n{end}{after}")).unwrap();
    } else {
        print!("{out}");
    }
}

#[expect(clippy::print_stderr, reason = "how far it is")]
fn eprintln_row(per_hour: f64, hours: usize, quiet: &Alarms, runs: usize) {
    eprintln!(
        "{per_hour} an hour, {hours} h: {} inconclusive of {runs} quiet ones",
        quiet.inconclusive
    );
}

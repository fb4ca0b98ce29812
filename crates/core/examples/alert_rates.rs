//! How often alerts cry wolf, and how soon they tell what is broken: the table of `docs/alerts.md`.
//!
//! `make alert-rates` writes it, `make alert-rates WORLDS=30` that of thirty quiet months. `cargo run --release -p edgetally-core
//! --example alert_rates -- 5` prints that of five.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
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

#[path = "../tests/it/alerts/month.rs"]
mod month;
#[path = "../tests/it/gate/world.rs"]
mod world;

use std::fmt::Write as _;

use edgetally_core::alerts::Kind;
use month::{found, quiet};
use world::Damage;

const RATES: [f64; 4] = [5.0, 20.0, 200.0, 2000.0];
const DAMAGES: [Damage; 5] = [
    Damage::Times(0.0),
    Damage::Times(0.6),
    Damage::Times(0.8),
    Damage::Field,
    Damage::Times(2.0),
];
/// So many days are looked at in each quiet world.
const DAYS: usize = 30;

/// What one job has come to.
enum Done {
    Quiet(Vec<Kind>),
    Found(Vec<Option<usize>>),
}

/// In two threads; each job has its own seed, so their number changes nothing.
fn both(jobs: &[Box<dyn Fn() -> Done + Send + Sync>]) -> Vec<Done> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { break };
                    let result = job();
                    eprintln!("{} of {}", at + 1, jobs.len());
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let write = arguments.iter().any(|argument| argument == "--write");
    let worlds: usize = arguments
        .iter()
        .find_map(|text| text.parse().ok())
        .unwrap_or(100);
    let mut jobs: Vec<Box<dyn Fn() -> Done + Send + Sync>> = Vec::new();
    for (at, per_hour) in RATES.into_iter().enumerate() {
        let seed = 2000 + 10 * at as u64;
        jobs.push(Box::new(move || {
            Done::Quiet(quiet(per_hour, worlds, DAYS, seed))
        }));
        for (of, damage) in DAMAGES.into_iter().enumerate() {
            let seed = seed + 1 + of as u64;
            jobs.push(Box::new(move || {
                Done::Found(found(per_hour, damage, 2 * worlds, 24, seed))
            }));
        }
    }
    let done = both(&jobs);
    let mut out = String::new();
    writeln!(
        out,
        "{worlds} quiet months, and {} worlds for each thing that breaks, at another hour of the week in each: what was told within 24 hours, and in brackets the median hours from then on.\n",
        2 * worlds
    )
    .unwrap();
    out.push_str("| purchases an hour | false incidents a month | purchases gone | −40 % | −20 % | e-mail lost | doubled |\n");
    out.push_str("|---|---|---|---|---|---|---|\n");
    for (row, per_hour) in done.chunks(1 + DAMAGES.len()).zip(RATES) {
        write!(out, "| {per_hour} |").unwrap();
        for cell in row {
            match cell {
                Done::Quiet(told) => {
                    let a_month = told.len() as f64 / worlds as f64;
                    eprintln!("{per_hour} an hour: {told:?}");
                    write!(out, " {a_month:.2} |").unwrap();
                }
                Done::Found(found) => {
                    let mut after: Vec<usize> = found.iter().flatten().copied().collect();
                    after.sort_unstable();
                    let share = 100.0 * after.len() as f64 / found.len() as f64;
                    let median = after.get(after.len() / 2);
                    let median = median.map_or_else(String::new, |hours| format!(" ({hours} h)"));
                    write!(out, " {share:.0} %{median} |").unwrap();
                }
            }
        }
        out.push('\n');
    }
    if write {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/alerts.md");
        let text = std::fs::read_to_string(page).unwrap();
        let (start, end) = (
            "<!-- rates: make alert-rates -->\n",
            "<!-- end of rates -->",
        );
        let (before, rest) = text.split_once(start).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        std::fs::write(page, format!("{before}{start}\n{out}\n{end}{after}")).unwrap();
    } else {
        print!("{out}");
    }
}

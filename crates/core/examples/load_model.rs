//! An hour at a hundred thousand events a second, with one platform away for ten minutes: a table of `docs/reliability.md`.
//!
//! `make load-model` writes it. `cargo run --release -p edgetally-core --example load_model -- 600` prints that of ten minutes, of
//! which the platform is away for the third sixth.

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
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "it prints a table, and reads and writes a page"
)]

#[path = "../tests/it/load/hour.rs"]
mod hour;
#[path = "../tests/it/load/paper.rs"]
mod paper;
#[path = "../tests/it/support.rs"]
mod support;
#[path = "../tests/it/gate/world.rs"]
mod world;

use hour::{CONSUMERS, GOAL, Hour, QUEUES, check, in_simulation, run};
use paper::{ISOLATE_BYTES, QUEUE_BACKLOG, QUEUE_CONSUMERS};
use world::Dice;

fn main() {
    let argument = std::env::args().nth(1);
    let write = argument.as_deref() == Some("--write");
    let seconds: i64 = argument.and_then(|text| text.parse().ok()).unwrap_or(3600);
    let share = CONSUMERS as f64 / QUEUE_CONSUMERS.value;
    let hour = Hour {
        rate: GOAL / QUEUES * share,
        consumers: CONSUMERS,
        seconds,
        away: (seconds / 3, seconds / 2),
    };
    let seen = run(hour, 11);
    check(&seen);
    assert!((seen.most_bytes as f64) < QUEUE_BACKLOG.value * share);
    assert!((seen.most_held as f64) < ISOLATE_BYTES.value / 4.0);
    let table = in_simulation(hour, &seen);
    if write {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reliability.md");
        let text = std::fs::read_to_string(page).unwrap();
        let (start, end) = ("<!-- hour: make load-model -->\n", "<!-- end of hour -->");
        let (before, rest) = text.split_once(start).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        std::fs::write(page, format!("{before}{start}\n{table}\n{end}{after}")).unwrap();
    } else {
        print!("{table}");
    }
}

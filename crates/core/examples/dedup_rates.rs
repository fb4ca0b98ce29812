//! How many copies pass twice where the store behind the memory lags: the tables of `docs/dedup.md`.
//!
//! `make dedup-rates` writes them. `cargo run --release -p edgetally-core --example dedup_rates -- 1000` prints those of a thousand
//! pairs for each cell.

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

#[path = "../tests/it/copies/pairs.rs"]
mod pairs;
#[path = "../tests/it/copies/store.rs"]
mod store;
#[path = "../tests/it/support.rs"]
mod support;
#[path = "../tests/it/gate/world.rs"]
mod world;

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pairs::{KINDS, Site, expected, settings};
use store::{ASSUMPTIONS, Kv, Owners, Store};
use world::Dice;

/// The 95 % interval of a share by Wilson, in percent.
fn interval(twice: usize, pairs: usize) -> (f64, f64) {
    let (n, z) = (pairs as f64, 1.959_963_984_540_054_f64);
    let share = twice as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let of = |value: f64| 100.0 * value / (1.0 + z * z / n);
    (of(middle - half).max(0.0), of(middle + half))
}

fn percent(value: f64) -> String {
    if value >= 10.0 || value == 0.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn cell(twice: usize, pairs: usize, of: f64) -> String {
    let (low, high) = interval(twice, pairs);
    let share = 100.0 * twice as f64 / pairs as f64;
    format!(
        "**{} %** ({} to {}; {})",
        percent(share),
        percent(low),
        percent(high),
        percent(100.0 * of)
    )
}

/// One cell: a row's kind, a column's store, and the share that meets one isolate.
#[derive(Clone, Copy)]
struct Cell {
    kind: usize,
    /// Nothing is the exact store.
    assumed: Option<usize>,
    one_isolate: f64,
}

fn count(cell: Cell, pairs: usize) -> usize {
    let settings = settings();
    let seed = 1 + 10 * cell.kind as u64 + cell.assumed.map_or(9, |at| at as u64);
    let store: Box<dyn Store> = match cell.assumed {
        Some(at) => Box::new(Kv::new(ASSUMPTIONS[at], seed)),
        None => Box::new(Owners::default()),
    };
    Site::new(&settings, store, cell.one_isolate, seed + 1000).twice(KINDS[cell.kind], pairs)
}

/// In two threads; each cell has its own seed, so their number changes nothing.
fn all(cells: &[Cell], pairs: usize) -> Vec<usize> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![0; cells.len()]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let at = cells
                        .iter()
                        .position(|one| std::ptr::eq(one, cell))
                        .unwrap();
                    let twice = count(*cell, pairs);
                    done.lock().unwrap()[at] = twice;
                }
            });
        }
    });
    done.into_inner().unwrap()
}

fn main() {
    let argument = std::env::args().nth(1);
    let write = argument.as_deref() == Some("--write");
    let pairs: usize = argument
        .and_then(|text| text.parse().ok())
        .unwrap_or(50_000);
    let columns: Vec<Option<usize>> = (0..ASSUMPTIONS.len()).map(Some).chain([None]).collect();
    let mut cells = Vec::new();
    for one_isolate in [0.0, 1.0] {
        for kind in 0..KINDS.len() {
            for assumed in &columns {
                cells.push(Cell {
                    kind,
                    assumed: *assumed,
                    one_isolate,
                });
            }
        }
    }
    let twice = all(&cells, pairs);
    let mut out = String::new();
    writeln!(out, "{pairs} pairs in each cell, fixed seeds.").unwrap();
    let tables = [
        "No two copies meet one isolate:",
        "One isolate at each location, so that copies that come in by one location meet it:",
    ];
    for (table, about) in tables.into_iter().enumerate() {
        let names = ASSUMPTIONS.map(|assumed| assumed.name).join(" | ");
        writeln!(out, "\n{about}\n\n| copies | {names} | an exact store |").unwrap();
        writeln!(out, "|---|{}", "---|".repeat(columns.len())).unwrap();
        for (place, kind) in KINDS.iter().enumerate() {
            let start = (table * KINDS.len() + place) * columns.len();
            let row = cells[start..start + columns.len()]
                .iter()
                .zip(&twice[start..]);
            let row: Vec<String> = row
                .map(|(of, twice)| {
                    let share = of
                        .assumed
                        .map_or(0.0, |at| expected(*kind, ASSUMPTIONS[at], of.one_isolate));
                    cell(*twice, pairs, share)
                })
                .collect();
            writeln!(out, "| {} | {} |", kind.name, row.join(" | ")).unwrap();
        }
    }
    if write {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/dedup.md");
        let text = std::fs::read_to_string(page).unwrap();
        let (start, end) = (
            "<!-- rates: make dedup-rates -->\n",
            "<!-- end of rates -->",
        );
        let (before, rest) = text.split_once(start).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        std::fs::write(page, format!("{before}{start}\n{out}\n{end}{after}")).unwrap();
    } else {
        print!("{out}");
    }
}

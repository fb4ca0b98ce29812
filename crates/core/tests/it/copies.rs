//! How many copies pass twice where the store behind the memory lags: the short form of `make dedup-rates`.

pub(crate) mod pairs;
pub(crate) mod store;

use self::pairs::{KINDS, Kind, Site, expected, settings};
use self::store::{ASSUMPTIONS, Assumption, Kv, Owners};
use crate::gate::world::Dice;

const PAIRS: usize = 300;

/// Whether so many of the pairs are within what chance does to that share: six standard deviations, and one pair.
fn within(twice: usize, share: f64) -> bool {
    let mean = PAIRS as f64 * share;
    let deviation = (mean * (1.0 - share)).sqrt();
    (twice as f64 - mean).abs() <= 6.0 * deviation + 1.0
}

fn seed(kind: usize, assumed: usize) -> u64 {
    17 + (10 * kind + assumed) as u64
}

fn of_kv(kind: Kind, assumed: Assumption, one_isolate: f64, seed: u64) -> usize {
    let settings = settings();
    let store = Box::new(Kv::new(assumed, seed));
    Site::new(&settings, store, one_isolate, seed + 1000).twice(kind, PAIRS)
}

#[test]
fn of_kv_as_many_copies_pass_twice_as_have_to() {
    for (place, kind) in KINDS.into_iter().enumerate() {
        for (of, assumed) in ASSUMPTIONS.into_iter().enumerate() {
            for one_isolate in [0.0, 1.0] {
                let twice = of_kv(kind, assumed, one_isolate, seed(place, of));
                let share = expected(kind, assumed, one_isolate);
                assert!(
                    within(twice, share),
                    "{}, {}, {one_isolate}: {twice} of {PAIRS}, and not {share}",
                    kind.name,
                    assumed.name
                );
            }
        }
    }
}

#[test]
fn the_published_shares_are_what_the_assumptions_come_to() {
    let page = crate::support::fixtures().join("../../../../docs/dedup.md");
    let page = crate::support::read(&page);
    let (_, tables) = page.split_once("<!-- rates: make dedup-rates -->").unwrap();
    let (tables, _) = tables.split_once("<!-- end of rates -->").unwrap();
    let rows = tables
        .lines()
        .filter(|line| line.contains('%') && line.starts_with('|'));
    // Two tables, by whether copies meet one isolate.
    let kinds = [0.0, 1.0]
        .into_iter()
        .flat_map(|of| KINDS.map(|kind| (kind, of)));
    let mut seen = 0;
    for (row, (kind, one_isolate)) in rows.zip(kinds) {
        let cells: Vec<&str> = row.split(" | ").collect();
        assert_eq!(cells[0].trim_start_matches("| "), kind.name);
        for (cell, assumed) in cells[1..].iter().zip(ASSUMPTIONS) {
            let shown = cell.trim_start_matches("**").split(' ').next().unwrap();
            let share = 100.0 * expected(kind, assumed, one_isolate);
            let shown: f64 = shown.parse().unwrap();
            assert!(
                (shown - share).abs() < 1.0,
                "{}, {}: {shown}, {share}",
                kind.name,
                assumed.name
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 2 * KINDS.len() * ASSUMPTIONS.len());
}

#[test]
fn of_an_exact_store_no_copy_passes_twice() {
    let settings = settings();
    for kind in KINDS {
        for one_isolate in [0.0, 1.0] {
            let store = Box::new(Owners::default());
            let twice = Site::new(&settings, store, one_isolate, 5).twice(kind, PAIRS);
            assert_eq!(twice, 0, "{}", kind.name);
        }
    }
}

#[test]
fn the_memory_in_front_takes_what_meets_one_isolate() {
    // With a store that never tells anything, what is left is what the memory does.
    struct Deaf;
    impl store::Store for Deaf {
        fn ask(&mut self, _: store::Caller, _: edgetally_core::dedup::ClaimKey) -> Option<String> {
            None
        }
        fn mark(
            &mut self,
            _: store::Caller,
            _: edgetally_core::dedup::ClaimKey,
            _: &edgetally_core::dedup::Claim,
        ) {
        }
    }
    let settings = settings();
    for (one_isolate, share) in [
        (0.0, 1.0),
        (0.5, 1.0 - pairs::SAME / 2.0),
        (1.0, 1.0 - pairs::SAME),
    ] {
        for kind in KINDS {
            let mut site = Site::new(&settings, Box::new(Deaf), one_isolate, 6);
            let twice = site.twice(kind, PAIRS);
            assert!(within(twice, share), "{}: {twice}, {share}", kind.name);
        }
    }
}

//! Stores of claims as copies of an event meet them: Workers KV with the delays that its documentation leaves open, and one that
//! is asked and written in one step.

use std::collections::HashMap;

use edgetally_core::dedup::{Claim, ClaimKey};

use super::Dice;

/// Locations of the network that a site's visitors and servers come in by.
pub const LOCATIONS: usize = 8;
/// How many of them share a regional tier.
pub const LOCATIONS_OF_REGION: usize = 2;

/// A request that turns to the store.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// When, in milliseconds.
    pub at: i64,
    /// Which location it came in by.
    pub location: usize,
    /// Which copy it has in hand.
    pub copy: u64,
}

/// Where claims are kept, on a clock that is turned by hand. A store that is exact answers `ask` so that of two copies one hears
/// of the other, whenever they ask.
pub trait Store {
    /// What a caller is told of a key.
    fn ask(&mut self, caller: Caller, key: ClaimKey) -> Option<String>;

    /// Takes in what a caller claims.
    fn mark(&mut self, caller: Caller, key: ClaimKey, claim: &Claim);
}

/// How far a miss that was read stands in the way of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// At the location that read it.
    Location,
    /// At every location of its region.
    Region,
    /// Everywhere.
    World,
}

/// What is assumed of Workers KV where its documentation says no more than "usually" and "or more".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assumption {
    /// In words.
    pub name: &'static str,
    /// How far misses spread.
    pub misses: Spread,
    /// Whether a location sees at once what was written there, whatever misses it has read.
    pub own: bool,
    /// At most so long, in milliseconds, until another location sees what the central store has; evenly spread from 0 on.
    pub lag_ms: i64,
}

/// From the kindest to the unkindest.
pub const ASSUMPTIONS: [Assumption; 4] = [
    Assumption {
        name: "a miss is cached only where it was read",
        misses: Spread::Location,
        own: true,
        lag_ms: 0,
    },
    Assumption {
        name: "a miss is shared by a region",
        misses: Spread::Region,
        own: true,
        lag_ms: 0,
    },
    Assumption {
        name: "other locations see a write after 0 to 60 s",
        misses: Spread::Location,
        own: true,
        lag_ms: 60_000,
    },
    Assumption {
        name: "nobody sees a write for 60 s",
        misses: Spread::World,
        own: false,
        lag_ms: 0,
    },
];

/// For how long a hit or a miss that was read is cached, in milliseconds: `cacheTtl`, which is 60 s unless it is set.
pub const TTL_MS: i64 = 60_000;
/// How long a write takes to the central store, in milliseconds. Not documented.
pub const WRITE_MS: i64 = 300;

/// What a write left in the central store.
#[derive(Debug)]
struct Written {
    text: String,
    location: usize,
    /// From when on each location sees it.
    seen: [i64; LOCATIONS],
}

/// Workers KV: a central store, and in front of it caches that keep hits and misses alike.
#[derive(Debug)]
pub struct Kv {
    assumed: Assumption,
    dice: Dice,
    central: HashMap<ClaimKey, Vec<Written>>,
    /// By key and cache: until when, and what.
    caches: HashMap<(ClaimKey, usize), (i64, Option<String>)>,
}

impl Kv {
    /// Empty, with chance from a seed.
    pub fn new(assumed: Assumption, seed: u64) -> Self {
        Self {
            assumed,
            dice: Dice(seed),
            central: HashMap::new(),
            caches: HashMap::new(),
        }
    }

    /// The caches that a location reads through, the nearest first.
    fn tiers(&self, location: usize) -> Vec<usize> {
        match self.assumed.misses {
            Spread::Location => vec![location],
            Spread::Region => vec![location, LOCATIONS + location / LOCATIONS_OF_REGION],
            Spread::World => vec![location, 2 * LOCATIONS],
        }
    }
}

impl Store for Kv {
    fn ask(&mut self, caller: Caller, key: ClaimKey) -> Option<String> {
        let writes = self.central.get(&key).map_or(&[][..], Vec::as_slice);
        let seen = |one: &&Written| one.seen[caller.location] <= caller.at;
        let own = |one: &&Written| self.assumed.own && one.location == caller.location;
        // The last write wins, and a location's own is in its cache.
        if let Some(own) = writes.iter().rev().find(|one| seen(one) && own(one)) {
            return Some(own.text.clone());
        }
        let tiers = self.tiers(caller.location);
        let cached = tiers.iter().find_map(|tier| {
            let kept = self.caches.get(&(key, *tier));
            kept.filter(|(until, _)| caller.at < *until).cloned()
        });
        let (until, found) = cached.unwrap_or_else(|| {
            let last = writes.iter().rev().find(seen);
            (caller.at + TTL_MS, last.map(|one| one.text.clone()))
        });
        for tier in tiers {
            self.caches.insert((key, tier), (until, found.clone()));
        }
        found
    }

    fn mark(&mut self, caller: Caller, key: ClaimKey, claim: &Claim) {
        let central = caller.at + WRITE_MS;
        let seen = std::array::from_fn(|location| {
            let lag = (self.dice.uniform() * self.assumed.lag_ms as f64) as i64;
            central + if location == caller.location { 0 } else { lag }
        });
        self.central.entry(key).or_default().push(Written {
            text: claim.to_text(),
            location: caller.location,
            seen,
        });
    }
}

/// The first copy that asks for a key has it: what an object with one thread and a table can do.
#[derive(Debug, Default)]
pub struct Owners(HashMap<ClaimKey, u64>);

impl Store for Owners {
    fn ask(&mut self, caller: Caller, key: ClaimKey) -> Option<String> {
        let owner = *self.0.entry(key).or_insert(caller.copy);
        (owner != caller.copy).then(|| Claim::everywhere().to_text())
    }

    fn mark(&mut self, _caller: Caller, _key: ClaimKey, _claim: &Claim) {}
}

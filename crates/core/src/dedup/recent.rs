//! What this isolate remembers, so that the store is asked less often.

use std::collections::{HashMap, VecDeque};

use crate::base::time::UnixMillis;
use crate::dedup::claim::{Claim, ClaimKey, Worth};

/// What the memory knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing.
    New,
    /// Another request has it in hand and has not yet made it durable.
    InFlight,
    /// It is claimed.
    Claimed {
        /// By which destinations.
        claim: Claim,
        /// Seen within [`Recent::FRESH_MS`]; later, the store may know better.
        fresh: bool,
    },
}

/// The claims that this process has seen lately, in front of a slower store.
///
/// Bounded by entries; the oldest go first. An entry in flight is forgotten after [`Recent::IN_FLIGHT_MS`], so that a
/// request that died cannot hold its events back. Such a request may end all the same, later, when its retry has the events in
/// hand; so each has a [`Holder`] of its own, and lets go of what it holds and of nothing else.
#[derive(Debug)]
pub struct Recent {
    most: usize,
    holders: u64,
    entries: HashMap<ClaimKey, Entry>,
    pub(super) order: VecDeque<(ClaimKey, UnixMillis)>,
}

/// A request that has keys in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder(u64);

#[derive(Debug, Clone)]
struct Entry {
    at: UnixMillis,
    claim: Claim,
    /// When the claim was last made here or found in the store.
    learnt: UnixMillis,
    /// Who has it in hand.
    holder: Option<Holder>,
}

impl Recent {
    /// How long a request may hold an event in flight.
    pub const IN_FLIGHT_MS: i64 = 10_000;
    /// How long the memory is taken at its word. A store that forgets misses only after a minute is behind for as long;
    /// after that it is asked again, since another process may have added to a claim or let go of a part of it.
    pub const FRESH_MS: i64 = 60_000;

    /// A memory of at most `most` keys.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            holders: 0,
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// What is known of a key now.
    pub fn look(&self, key: ClaimKey, now: UnixMillis, window_ms: i64) -> Known {
        match self.entries.get(&key) {
            Some(entry) if entry.holder.is_some() && now.0 - entry.at.0 < Self::IN_FLIGHT_MS => {
                Known::InFlight
            }
            Some(entry) if !entry.claim.is_empty() && now.0 - entry.learnt.0 < window_ms => {
                Known::Claimed {
                    claim: entry.claim.clone(),
                    fresh: now.0 - entry.learnt.0 < Self::FRESH_MS,
                }
            }
            _ => Known::New,
        }
    }

    fn put(&mut self, key: ClaimKey, entry: Entry) {
        self.order.push_back((key, entry.at));
        self.entries.insert(key, entry);
        while self.order.len() > self.most {
            let Some((old, at)) = self.order.pop_front() else {
                break;
            };
            // A key that was put again since has a later place in the order.
            if self.entries.get(&old).is_some_and(|entry| entry.at == at) {
                self.entries.remove(&old);
            }
        }
    }

    /// One more request.
    pub const fn holder(&mut self) -> Holder {
        self.holders += 1;
        Holder(self.holders)
    }

    /// Takes a key in hand, from whoever has held it for too long.
    pub fn start(&mut self, key: ClaimKey, holder: Holder, now: UnixMillis) {
        let before = self.entries.remove(&key);
        self.put(
            key,
            Entry {
                at: now,
                learnt: before.as_ref().map_or(now, |entry| entry.learnt),
                claim: before.map(|entry| entry.claim).unwrap_or_default(),
                holder: Some(holder),
            },
        );
    }

    /// Takes in what the store says of a key, and gives what is known then: the store's word, and with it what was
    /// learnt here within [`Recent::FRESH_MS`], which the store may not show yet. A store without a claim contradicts
    /// nothing: it is behind, or the claim was never stored.
    pub fn hear(
        &mut self,
        key: ClaimKey,
        stored: Option<&str>,
        now: UnixMillis,
        window_ms: i64,
    ) -> Claim {
        let known = self
            .entries
            .get(&key)
            .filter(|entry| !entry.claim.is_empty() && now.0 - entry.learnt.0 < window_ms);
        let claim = match (stored.map(Claim::parse), known) {
            (None, known) => return known.map(|entry| entry.claim.clone()).unwrap_or_default(),
            (Some(stored), Some(entry)) if now.0 - entry.learnt.0 < Self::FRESH_MS => {
                let mut claim = entry.claim.clone();
                claim.add(&stored);
                claim
            }
            (Some(stored), _) => stored,
        };
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.claim = claim.clone();
            entry.learnt = now;
        }
        claim
    }

    /// Notes the claim on an event that is durable.
    pub fn claim(&mut self, key: ClaimKey, claim: Claim, now: UnixMillis) {
        self.put(
            key,
            Entry {
                at: now,
                learnt: now,
                claim,
                holder: None,
            },
        );
    }

    /// Notes that a destination refused what the claim of a key was made for. Gives whether it was known here.
    pub fn refused(&mut self, key: ClaimKey, destination: &str, worth: Worth) -> bool {
        let entry = self.entries.get_mut(&key);
        entry.is_some_and(|entry| entry.claim.release(destination, worth))
    }

    /// Lets a key go that this one has in hand: the event did not become durable.
    pub fn release(&mut self, key: ClaimKey, holder: Holder) {
        if let Some(entry) = self.entries.get_mut(&key)
            && entry.holder == Some(holder)
        {
            entry.holder = None;
            if entry.claim.is_empty() {
                self.entries.remove(&key);
            }
        }
    }

    /// How many keys are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

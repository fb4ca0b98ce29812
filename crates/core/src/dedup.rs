//! When two copies are one event, and the memory that says so.
//!
//! A copy is the first of its event when nobody has a claim on `(source, event, event_id)`. The claim is made after
//! the event is durable, never before: a crash in between repeats a copy, which platforms recognise by its event id,
//! and cannot lose one.

use std::collections::{HashMap, VecDeque};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::time::UnixMillis;

/// Makes claim keys. Keyed, so that no sender can aim a collision at another's event or look an id up.
#[derive(Clone)]
pub struct Claims(Hmac<Sha256>);

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claims(key)")
    }
}

/// 128 bits of HMAC-SHA-256: what the claim of an event is stored under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimKey([u8; 16]);

impl Claims {
    /// A maker of keys with the deployment's secret.
    pub fn new(secret: &[u8]) -> Self {
        // HMAC takes a key of any length, so the other arm is never reached; it hashes the empty key.
        Self(
            Hmac::new_from_slice(secret)
                .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default())),
        )
    }

    fn key(&self, kind: u8, parts: [&str; 3]) -> ClaimKey {
        let mut mac = self.0.clone();
        mac.update(&[kind]);
        for part in parts {
            // A length in front of each part, so that ("ab", "c") and ("a", "bc") differ.
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        ClaimKey(key)
    }

    /// The key of an event: two copies with the same source, name and id are one event.
    pub fn event(&self, source: &str, event: &str, event_id: &str) -> ClaimKey {
        self.key(b'e', [source, event, event_id])
    }

    /// The key of a signed request, so that it is accepted once.
    pub fn signature(&self, source: &str, webhook_id: &str, signature: &str) -> ClaimKey {
        self.key(b's', [source, webhook_id, signature])
    }
}

impl ClaimKey {
    /// 32 hexadecimal digits, the key's name in a store.
    pub fn to_hex(self) -> String {
        let mut hex = String::with_capacity(32);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        hex
    }
}

/// What the memory knows of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing.
    New,
    /// Another request has it in hand and has not yet made it durable.
    InFlight,
    /// It is claimed.
    Claimed,
}

/// The claims that this process has seen lately, in front of a slower store.
///
/// Bounded by entries; the oldest go first. An entry in flight is forgotten after [`Recent::IN_FLIGHT_MS`], so that a
/// request that died cannot hold its events back.
#[derive(Debug)]
pub struct Recent {
    most: usize,
    entries: HashMap<ClaimKey, Entry>,
    order: VecDeque<(ClaimKey, UnixMillis)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at: UnixMillis,
    claimed: bool,
}

impl Recent {
    /// How long a request may hold an event in flight.
    pub const IN_FLIGHT_MS: i64 = 10_000;

    /// A memory of at most `most` keys.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// What is known of a key now.
    pub fn look(&self, key: ClaimKey, now: UnixMillis, window_ms: i64) -> Known {
        match self.entries.get(&key) {
            Some(entry) if entry.claimed && now.0 - entry.at.0 < window_ms => Known::Claimed,
            Some(entry) if !entry.claimed && now.0 - entry.at.0 < Self::IN_FLIGHT_MS => {
                Known::InFlight
            }
            _ => Known::New,
        }
    }

    fn put(&mut self, key: ClaimKey, entry: Entry) {
        self.entries.insert(key, entry);
        self.order.push_back((key, entry.at));
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

    /// Takes a key in hand.
    pub fn start(&mut self, key: ClaimKey, now: UnixMillis) {
        self.put(
            key,
            Entry {
                at: now,
                claimed: false,
            },
        );
    }

    /// Notes that the event of a key is durable, or was found claimed in the store.
    pub fn claim(&mut self, key: ClaimKey, now: UnixMillis) {
        self.put(
            key,
            Entry {
                at: now,
                claimed: true,
            },
        );
    }

    /// Lets a key go again: the event did not become durable.
    pub fn release(&mut self, key: ClaimKey) {
        if self.entries.get(&key).is_some_and(|entry| !entry.claimed) {
            self.entries.remove(&key);
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

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: i64 = 7 * crate::time::DAY_MS;

    #[test]
    fn parts_of_a_key_do_not_run_together() {
        let claims = Claims::new(b"secret");
        assert_ne!(claims.event("a", "bc", "d"), claims.event("ab", "c", "d"));
        assert_ne!(
            claims.event("a", "b", "c"),
            Claims::new(b"other").event("a", "b", "c")
        );
        assert_ne!(claims.event("a", "b", "c"), claims.signature("a", "b", "c"));
        assert_eq!(claims.event("a", "b", "c").to_hex().len(), 32);
    }

    #[test]
    fn a_claim_lasts_for_the_window_and_a_flight_for_seconds() {
        let claims = Claims::new(b"secret");
        let key = claims.event("shop", "purchase", "1");
        let mut recent = Recent::new(8);
        let at = UnixMillis(1_000_000);
        assert_eq!(recent.look(key, at, WEEK), Known::New);
        recent.start(key, at);
        assert_eq!(recent.look(key, at, WEEK), Known::InFlight);
        assert_eq!(
            recent.look(key, UnixMillis(at.0 + Recent::IN_FLIGHT_MS), WEEK),
            Known::New
        );
        recent.claim(key, at);
        recent.release(key);
        assert_eq!(
            recent.look(key, UnixMillis(at.0 + WEEK - 1), WEEK),
            Known::Claimed
        );
        assert_eq!(recent.look(key, UnixMillis(at.0 + WEEK), WEEK), Known::New);
    }

    #[test]
    fn the_oldest_go_first_and_the_memory_stays_bounded() {
        let claims = Claims::new(b"secret");
        let mut recent = Recent::new(100);
        for n in 0..1000 {
            let key = claims.event("shop", "purchase", &n.to_string());
            recent.start(key, UnixMillis(n));
            recent.claim(key, UnixMillis(n));
        }
        assert!(recent.len() <= 100 && recent.order.len() <= 100);
        assert_eq!(
            recent.look(
                claims.event("shop", "purchase", "999"),
                UnixMillis(1000),
                WEEK
            ),
            Known::Claimed
        );
        assert_eq!(
            recent.look(
                claims.event("shop", "purchase", "0"),
                UnixMillis(1000),
                WEEK
            ),
            Known::New
        );
    }
}

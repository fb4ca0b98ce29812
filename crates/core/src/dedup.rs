//! When two copies are one event, and the memory that says so.
//!
//! Two copies are one event when they have source, name and event id in common; two purchases also when they name the
//! same order and agree on what it was worth. A claim says which destinations have the event. A further copy goes to
//! the others and is a duplicate only where the event has been. The claim is made after the event is durable, never
//! before: a crash in between repeats a copy, which platforms recognise by its event id, and cannot lose one.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::money::Money;
use crate::outcome::mix;
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

    /// The second key of a purchase that names its order beside an event id of its own: the key that it would have if
    /// the order's id were its event id. Page and server that make up different ids still mean one order.
    pub fn order(
        &self,
        source: &str,
        event: &str,
        event_id: &str,
        transaction_id: Option<&str>,
    ) -> Option<ClaimKey> {
        let id = transaction_id.filter(|id| event == "purchase" && *id != event_id)?;
        Some(self.event(source, event, id))
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

/// How well a copy proves where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// A write key, which everybody can read in the page.
    Page,
    /// A secret, a signature, or an event token that the shop's server made.
    Server,
}

/// What copies of one event have to agree on: value and currency, and the order. Fingerprints, so that a store holds
/// neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    /// Of value and currency; 0 without a value.
    money: u32,
    /// Of the order's id; 0 without one.
    order: u32,
}

impl Worth {
    /// The fingerprints of a copy. Amounts are compared as numbers: `129.90` is `129.9`.
    pub fn new(money: Option<&Money<'_>>, transaction_id: Option<&str>) -> Self {
        let print = |text: &str, seed: u64| {
            let hash = text
                .bytes()
                .fold(seed, |seed, byte| mix(seed ^ u64::from(byte)));
            // 0 says that there is none.
            u32::try_from(hash >> 32).unwrap_or_default().max(1)
        };
        Self {
            money: money.map_or(0, |money| {
                let amount = crate::json::number(money.amount.as_str()).unwrap_or_default();
                print(money.currency.as_str(), amount.to_bits())
            }),
            order: transaction_id.map_or(0, |id| print(id, 0)),
        }
    }

    /// Whether two copies agree. One that names no order says nothing against the other's.
    fn agrees(self, other: Self) -> bool {
        self.money == other.money
            && (self.order == other.order || self.order == 0 || other.order == 0)
    }
}

/// What a copy shows of itself when claims are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// How well it proves where it comes from.
    pub strength: Strength,
    /// What it says that the event was worth.
    pub worth: Worth,
}

/// What a claim means for a further copy at one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The destination does not have the event: the copy goes there.
    Free,
    /// The destination has the event: the copy is a duplicate there.
    Held {
        /// The copies differ in value, currency or order.
        differs: bool,
    },
    /// The destination has a copy of weaker proof, from which this one differs: it goes there, and is told apart.
    Overruled,
}

/// Which destinations have an event, and by what kind of copy.
///
/// As text, which is what a store holds: `2`, then for each kind of copy a letter (`p` page, `s` server), eight
/// hexadecimal digits for value and currency, eight for the order, `:`, and the destinations, the kinds parted by `;`.
///
/// ```
/// use edgetally_core::dedup::{Claim, Evidence, Standing, Strength, Worth};
///
/// let page = Evidence { strength: Strength::Page, worth: Worth::default() };
/// let mut claim = Claim::default();
/// claim.take("meta", page);
/// let claim = Claim::parse(&claim.to_text());
/// assert_eq!(claim.standing("meta", page), Standing::Held { differs: false });
/// assert_eq!(claim.standing("tiktok", page), Standing::Free);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// Made by a release that knew no destinations, or by one still to come: everything has the event.
    everywhere: bool,
    parts: Vec<Part>,
}

/// The destinations that have copies of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    copy: Evidence,
    /// Their names, parted by commas: one text takes less room in the memory than many.
    destinations: String,
}

impl Part {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.destinations.split(',').filter(|name| !name.is_empty())
    }

    fn has(&self, destination: &str) -> bool {
        self.names().any(|name| name == destination)
    }

    fn add(&mut self, destination: &str) {
        if !self.destinations.is_empty() {
            self.destinations.push(',');
        }
        self.destinations.push_str(destination);
    }
}

impl Claim {
    const VERSION: char = '2';
    /// The most kinds of copies that a claim tells apart.
    const MOST_PARTS: usize = 8;

    /// A claim that needs no destination, such as that on a signature.
    pub fn everywhere() -> Self {
        Self {
            everywhere: true,
            parts: Vec::new(),
        }
    }

    /// Reads a claim. What is not of this version counts as a claim on every destination: a store that was written by
    /// another release must not let everything through twice.
    pub fn parse(text: &str) -> Self {
        Self::read(text).unwrap_or_else(Self::everywhere)
    }

    fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(Self::VERSION)?;
        let mut parts = Vec::new();
        for part in rest.split(';').filter(|part| !part.is_empty()) {
            let (head, destinations) = part.split_once(':')?;
            let strength = match head.get(..1)? {
                "p" => Strength::Page,
                "s" => Strength::Server,
                _ => return None,
            };
            let worth = Worth {
                money: u32::from_str_radix(head.get(1..9)?, 16).ok()?,
                order: u32::from_str_radix(head.get(9..)?, 16).ok()?,
            };
            parts.push(Part {
                copy: Evidence { strength, worth },
                destinations: destinations.to_owned(),
            });
        }
        Some(Self {
            everywhere: false,
            parts,
        })
    }

    /// The claim as a store holds it.
    pub fn to_text(&self) -> String {
        if self.everywhere {
            return String::new();
        }
        let mut text = String::from(Self::VERSION);
        for (place, part) in self.parts.iter().enumerate() {
            if place > 0 {
                text.push(';');
            }
            text.push(match part.copy.strength {
                Strength::Page => 'p',
                Strength::Server => 's',
            });
            let Worth { money, order } = part.copy.worth;
            let _ = write!(text, "{money:08x}{order:08x}:");
            text.push_str(&part.destinations);
        }
        text
    }

    /// Whether no destination has the event.
    pub fn is_empty(&self) -> bool {
        !self.everywhere && self.parts.is_empty()
    }

    /// The kinds of copies that a destination has.
    fn parts_of(&self, destination: &str) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.has(destination))
    }

    /// Whether a destination has the event.
    pub fn has(&self, destination: &str) -> bool {
        self.everywhere || self.parts_of(destination).next().is_some()
    }

    /// What the claim means for a copy at a destination.
    ///
    /// A copy is held back where the event has been, but never by one of weaker proof unless both agree on value,
    /// currency and order: with the public write key anybody could otherwise claim the orders to come.
    pub fn standing(&self, destination: &str, copy: Evidence) -> Standing {
        if self.everywhere {
            return Standing::Held { differs: false };
        }
        let mut standing = Standing::Free;
        for part in self.parts_of(destination) {
            if part.copy.worth.agrees(copy.worth) {
                return Standing::Held { differs: false };
            }
            if part.copy.strength >= copy.strength {
                standing = Standing::Held { differs: true };
            } else if standing == Standing::Free {
                standing = Standing::Overruled;
            }
        }
        standing
    }

    /// What the claim of an order under another event id means for a copy: held back only where both agree, whatever
    /// their proof. Sites that use one order's id for several purchases have different values.
    pub fn standing_of_order(&self, destination: &str, copy: Evidence) -> Standing {
        match self.standing(destination, copy) {
            Standing::Held { differs: true } => Standing::Overruled,
            standing => standing,
        }
    }

    /// Notes that a destination gets a copy, beside those of another worth that it has: under one order's id there may be
    /// several, and a forged one must not take the place of the shop's.
    pub fn take(&mut self, destination: &str, copy: Evidence) {
        if let Some(part) = self.parts.iter_mut().find(|part| part.copy == copy) {
            if !part.has(destination) {
                part.add(destination);
            }
            return;
        }
        if self.parts.len() >= Self::MOST_PARTS {
            // A page can make up any number of kinds; they give way to the shop's, and among themselves the first stay.
            let page = |part: &Part| part.copy.strength == Strength::Page;
            match (self.parts.iter().rposition(page), copy.strength) {
                (Some(place), Strength::Server) => drop(self.parts.remove(place)),
                (None, Strength::Server) => drop(self.parts.remove(0)),
                (_, Strength::Page) => return,
            }
        }
        self.parts.push(Part {
            copy,
            destinations: destination.to_owned(),
        });
    }

    /// Notes that a destination does not have a copy of this worth after all, because it refused it for its content. Other
    /// copies that it has keep their claim. Gives whether it had been claimed there.
    pub fn release(&mut self, destination: &str, worth: Worth) -> bool {
        let mut found = false;
        for part in &mut self.parts {
            if part.copy.worth == worth && part.has(destination) {
                found = true;
                let names = std::mem::take(&mut part.destinations);
                let rest = names.split(',').filter(|name| *name != destination);
                rest.for_each(|name| part.add(name));
            }
        }
        self.parts.retain(|part| !part.destinations.is_empty());
        found
    }

    /// Adds the destinations of another claim.
    fn add(&mut self, other: &Self) {
        self.everywhere |= other.everywhere;
        for part in &other.parts {
            for destination in part.names() {
                self.take(destination, part.copy);
            }
        }
    }
}

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
/// request that died cannot hold its events back.
#[derive(Debug)]
pub struct Recent {
    most: usize,
    entries: HashMap<ClaimKey, Entry>,
    order: VecDeque<(ClaimKey, UnixMillis)>,
}

#[derive(Debug, Clone)]
struct Entry {
    at: UnixMillis,
    claim: Claim,
    /// When the claim was last made here or found in the store.
    learnt: UnixMillis,
    in_flight: bool,
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
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// What is known of a key now.
    pub fn look(&self, key: ClaimKey, now: UnixMillis, window_ms: i64) -> Known {
        match self.entries.get(&key) {
            Some(entry) if entry.in_flight && now.0 - entry.at.0 < Self::IN_FLIGHT_MS => {
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

    /// Takes a key in hand.
    pub fn start(&mut self, key: ClaimKey, now: UnixMillis) {
        let before = self.entries.remove(&key);
        self.put(
            key,
            Entry {
                at: now,
                learnt: before.as_ref().map_or(now, |entry| entry.learnt),
                claim: before.map(|entry| entry.claim).unwrap_or_default(),
                in_flight: true,
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
                in_flight: false,
            },
        );
    }

    /// Notes that a destination refused what the claim of a key was made for. Gives whether it was known here.
    pub fn refused(&mut self, key: ClaimKey, destination: &str, worth: Worth) -> bool {
        let entry = self.entries.get_mut(&key);
        entry.is_some_and(|entry| entry.claim.release(destination, worth))
    }

    /// Lets a key go again: the event did not become durable.
    pub fn release(&mut self, key: ClaimKey) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.in_flight = false;
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

    fn copy(strength: Strength, money: u32, order: u32) -> Evidence {
        Evidence {
            strength,
            worth: Worth { money, order },
        }
    }

    fn claimed(at: &[&str], by: Evidence) -> Claim {
        let mut claim = Claim::default();
        for name in at {
            claim.take(name, by);
        }
        claim
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
        let claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        recent.claim(key, claim.clone(), at);
        recent.release(key);
        let known = |fresh| Known::Claimed {
            claim: claim.clone(),
            fresh,
        };
        assert_eq!(recent.look(key, at, WEEK), known(true));
        assert_eq!(
            recent.look(key, UnixMillis(at.0 + WEEK - 1), WEEK),
            known(false)
        );
        assert_eq!(recent.look(key, UnixMillis(at.0 + WEEK), WEEK), Known::New);
    }

    #[test]
    fn a_key_in_hand_keeps_its_claim() {
        let key = Claims::new(b"secret").event("shop", "purchase", "1");
        let mut recent = Recent::new(8);
        let claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        recent.claim(key, claim.clone(), UnixMillis(0));
        recent.start(key, UnixMillis(1000));
        assert_eq!(recent.look(key, UnixMillis(1000), WEEK), Known::InFlight);
        recent.release(key);
        assert!(matches!(
            recent.look(key, UnixMillis(1000), WEEK),
            Known::Claimed { claim: found, .. } if found == claim
        ));
    }

    #[test]
    fn the_store_is_heard_and_what_it_does_not_show_yet_is_kept() {
        let key = Claims::new(b"secret").event("shop", "purchase", "1");
        let page = copy(Strength::Page, 1, 1);
        let mut recent = Recent::new(8);
        recent.claim(key, claimed(&["meta"], page), UnixMillis(0));
        let stored = claimed(&["tiktok"], page).to_text();
        let soon = recent.hear(key, Some(&stored), UnixMillis(1000), WEEK);
        assert!(soon.has("meta") && soon.has("tiktok"));
        assert!(recent.hear(key, None, UnixMillis(2000), WEEK).has("meta"));
        // Later the store knows better: meta has refused the copy since.
        let later = UnixMillis(1000 + Recent::FRESH_MS);
        let later = recent.hear(key, Some(&stored), later, WEEK);
        assert!(!later.has("meta") && later.has("tiktok"));
    }

    #[test]
    fn claims_survive_the_store_and_other_releases() {
        let mut claim = claimed(&["meta", "ga4"], copy(Strength::Page, 0xdead_beef, 7));
        claim.take("hook", copy(Strength::Server, 0, 0));
        assert_eq!(
            claim.to_text(),
            "2pdeadbeef00000007:meta,ga4;s0000000000000000:hook"
        );
        assert_eq!(Claim::parse(&claim.to_text()), claim);
        assert_eq!(Claim::parse("2"), Claim::default());
        for other in [
            "",
            "1",
            "3whatever",
            "2x0000000000000000:meta",
            "2p00:meta",
            "2pé",
        ] {
            assert!(Claim::parse(other).has("meta"), "{other}");
        }
        assert_eq!(Claim::parse("").to_text(), "");
    }

    #[test]
    fn a_weaker_copy_never_holds_back_a_stronger_one_that_differs() {
        use Standing::{Free, Held, Overruled};
        use Strength::{Page, Server};
        for (first, second, standing) in [
            ((Page, 1, 1), (Page, 1, 1), Held { differs: false }),
            ((Page, 1, 1), (Page, 2, 1), Held { differs: true }),
            ((Page, 1, 1), (Server, 1, 1), Held { differs: false }),
            ((Page, 1, 0), (Server, 1, 1), Held { differs: false }),
            ((Page, 1, 2), (Server, 1, 1), Overruled),
            ((Page, 2, 1), (Server, 1, 1), Overruled),
            ((Page, 0, 1), (Server, 1, 1), Overruled),
            ((Server, 1, 1), (Page, 2, 1), Held { differs: true }),
            ((Server, 1, 1), (Server, 2, 1), Held { differs: true }),
        ] {
            let [first, second] = [first, second].map(|(s, m, o)| copy(s, m, o));
            let mut claim = claimed(&["meta"], first);
            assert_eq!(
                claim.standing("meta", second),
                standing,
                "{first:?} {second:?}"
            );
            assert_eq!(claim.standing("ga4", second), Free);
            claim.take("meta", second);
            assert_eq!(claim.standing("meta", second), Held { differs: false });
            // What is refused lets its own claim go, and no other's.
            assert!(claim.release("meta", second.worth) && !claim.release("meta", second.worth));
            let left = if first.worth == second.worth {
                Claim::default()
            } else {
                claimed(&["meta"], first)
            };
            assert_eq!(claim, left);
        }
        let order = claimed(&["meta"], copy(Server, 1, 1));
        assert_eq!(
            order.standing_of_order("meta", copy(Page, 1, 1)),
            Held { differs: false }
        );
        assert_eq!(order.standing_of_order("meta", copy(Page, 2, 1)), Overruled);
    }

    #[test]
    fn a_claim_stays_small_and_the_shops_own_copies_stay_in_it() {
        let mut claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        claim.take("meta", copy(Strength::Server, 2, 1));
        for money in 3..1000 {
            claim.take("meta", copy(Strength::Page, money, 1));
        }
        assert!(claim.to_text().len() < 256);
        for kept in [copy(Strength::Page, 1, 1), copy(Strength::Server, 2, 1)] {
            let held = Standing::Held { differs: false };
            assert_eq!(claim.standing_of_order("meta", kept), held);
        }
        for money in 1000..2000 {
            let late = copy(Strength::Server, money, 1);
            claim.take("meta", late);
            assert!(claim.has("meta") && claim.to_text().len() < 256);
            assert_eq!(
                claim.standing_of_order("meta", late),
                Standing::Held { differs: false }
            );
        }
    }

    #[test]
    fn worth_is_compared_by_value() {
        let worth = |json: &str, currency: &str, id: Option<&str>| {
            let amount: crate::money::Amount<'_> = serde_json::from_str(json).unwrap();
            let currency = crate::money::Currency::parse(currency).unwrap();
            Worth::new(Some(&Money { amount, currency }), id)
        };
        let one = worth("129.90", "EUR", Some("118842"));
        assert_eq!(one, worth("129.9", "EUR", Some("118842")));
        assert_eq!(one, worth("1.299e2", "EUR", Some("118842")));
        assert!(one.agrees(worth("129.9", "EUR", None)));
        for other in [
            worth("129.91", "EUR", Some("118842")),
            worth("129.9", "USD", Some("118842")),
            worth("129.9", "EUR", Some("118843")),
            Worth::new(None, Some("118842")),
        ] {
            assert!(!one.agrees(other));
        }
    }

    #[test]
    fn the_oldest_go_first_and_the_memory_stays_bounded() {
        let claims = Claims::new(b"secret");
        let mut recent = Recent::new(100);
        let claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        for n in 0..1000 {
            let key = claims.event("shop", "purchase", &n.to_string());
            recent.start(key, UnixMillis(n));
            recent.claim(key, claim.clone(), UnixMillis(n));
        }
        assert!(recent.len() <= 100 && recent.order.len() <= 100);
        let look =
            |id: &str| recent.look(claims.event("shop", "purchase", id), UnixMillis(1000), WEEK);
        assert!(matches!(look("999"), Known::Claimed { .. }));
        assert_eq!(look("0"), Known::New);
    }
}

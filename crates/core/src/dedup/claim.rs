//! A claim: which destinations have an event, by what proof, and what it was worth.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::base::backoff::mix;
use crate::base::money::Money;
use crate::base::secret::Secret;

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
        let length = parts.iter().map(|part| 8 + part.len()).sum::<usize>();
        let mut text = Vec::with_capacity(1 + length);
        text.push(kind);
        for part in parts {
            // A length in front of each part, so that ("ab", "c") and ("a", "bc") differ.
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            text.extend_from_slice(&length.to_le_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        let mut mac = self.0.clone();
        mac.update(&text);
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

    /// What a visitor's events are marked with, so that they are found when the visitor withdraws: of the digest of the
    /// external id. Keyed, since ids are short and can be guessed.
    pub fn visitor(&self, source: &str, external_id: &str) -> ClaimKey {
        self.key(b'v', [source, external_id, ""])
    }

    /// What an event goes by in exported outcomes: whoever has the secret finds it by its id, and nobody else does.
    pub fn exported(&self, source: &str, event: &str, event_id: &str) -> ClaimKey {
        self.key(b'x', [source, event, event_id])
    }

    /// A key for something else than claims: what sessions of the dashboard are signed with.
    pub fn session_key(&self) -> Secret {
        Secret::new(self.key(b'd', ["", "", ""]).to_hex())
    }

    /// The key of a signed request, so that it is accepted once.
    pub fn signature(&self, source: &str, webhook_id: &str, signature: &str) -> ClaimKey {
        self.key(b's', [source, webhook_id, signature])
    }
}

impl ClaimKey {
    /// Its first byte, by which keys are spread over shards.
    pub(super) const fn first(self) -> u8 {
        self.0[0]
    }

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

impl Strength {
    const fn letter(self) -> char {
        match self {
            Self::Page => 'p',
            Self::Server => 's',
        }
    }
}

/// What copies of one event have to agree on: value and currency, and the order. Fingerprints, so that a store holds
/// neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    /// Of value and currency; 0 without a value.
    pub(super) money: u32,
    /// Of the order's id; 0 without one.
    pub(super) order: u32,
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
                let amount = crate::base::number::number(money.amount.as_str()).unwrap_or_default();
                print(money.currency.as_str(), amount.to_bits())
            }),
            order: transaction_id.map_or(0, |id| print(id, 0)),
        }
    }

    /// Whether two copies agree. One that names no order says nothing against the other's.
    pub(super) fn agrees(self, other: Self) -> bool {
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

impl Evidence {
    /// As in a claim: `p` or `s`, and the fingerprints.
    pub(super) fn to_text(self) -> String {
        let letter = self.strength.letter();
        let Worth { money, order } = self.worth;
        format!("{letter}{money:08x}{order:08x}")
    }

    /// From the beginning of a text, 17 bytes of it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = |at| u32::from_str_radix(text.get(at)?, 16).ok();
        Some(Self {
            strength: match text.get(..1)? {
                "p" => Strength::Page,
                "s" => Strength::Server,
                _ => return None,
            },
            worth: Worth {
                money: digits(1..9)?,
                order: digits(9..17)?,
            },
        })
    }
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

/// Which copy of an event it is: a number of 64 bits that looks like chance, the same wherever the copy goes again. 0 where
/// nobody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Owner(pub(super) u64);

impl Owner {
    /// Nobody in particular.
    pub const NONE: Self = Self(0);

    /// Of the n-th event of a request, whose id is the runtime's own chance.
    pub fn new(request: &str, n: usize) -> Self {
        Self::of([request, &n.to_string()])
    }

    /// Of these texts.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut seed = 0;
        for text in texts {
            // The length tells "a", "b" from "ab".
            let begun = mix(seed ^ text.len() as u64);
            let add = |seed: u64, byte: u8| mix(seed ^ u64::from(byte));
            seed = text.bytes().fold(begun, add);
        }
        // 0 says that there is none.
        Self(seed.max(1))
    }
}

/// Which destinations have an event, and by what kind of copy.
///
/// As text, which is what a store holds: `2`, then for each kind of copy a letter (`p` page, `s` server), eight
/// hexadecimal digits for value and currency, eight for the order, `:`, and the destinations, the kinds parted by `;`.
/// Where copies are told apart (`dedup = "exact"`) it is `3`, and before the `:` there are sixteen digits more for the copy's
/// [`Owner`] and eight for the Unix second in which it came.
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
    /// The very copy, where they are told apart.
    owner: Owner,
    /// When it came, in seconds since 1970; 0 where copies are not told apart.
    came: u32,
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
    /// Of claims by kinds of copies.
    const KINDS: char = '2';
    /// Of claims by single copies. Only the claims object holds such: an earlier release would take one in the shared store
    /// for a claim on everything.
    const COPIES: char = '3';
    /// The most kinds of copies that a claim tells apart.
    const MOST_PARTS: usize = 8;
    /// The most single copies: those of one event at all of its destinations, and of several sales under one order's id.
    const MOST_COPIES: usize = 64;

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
        let (rest, copies) = match text.strip_prefix(Self::KINDS) {
            Some(rest) => (rest, false),
            None => (text.strip_prefix(Self::COPIES)?, true),
        };
        let mut parts = Vec::new();
        for part in rest.split(';').filter(|part| !part.is_empty()) {
            let (head, destinations) = part.split_once(':')?;
            let copy = Evidence::read(head)?;
            let (owner, came) = if copies {
                let owner = u64::from_str_radix(head.get(17..33)?, 16).ok()?;
                let came = u32::from_str_radix(head.get(33..)?, 16).ok()?;
                (Owner(owner), came)
            } else if head.len() > 17 {
                return None;
            } else {
                (Owner::NONE, 0)
            };
            parts.push(Part {
                copy,
                owner,
                came,
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
        let copies = self.parts.iter().any(|part| part.owner != Owner::NONE);
        let version = if copies { Self::COPIES } else { Self::KINDS };
        let mut text = String::from(version);
        for (place, part) in self.parts.iter().enumerate() {
            if place > 0 {
                text.push(';');
            }
            text.push_str(&part.copy.to_text());
            if copies {
                let _ = write!(text, "{:016x}{:08x}", part.owner.0, part.came);
            }
            text.push(':');
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

    /// What the claim means for the very copy at a destination: what it has claimed itself never holds it back, so that it may
    /// come again as often as the queue likes.
    pub(super) fn standing_of_copy(
        &self,
        destination: &str,
        copy: Evidence,
        owner: Owner,
        by_order: bool,
    ) -> Standing {
        let mut parts = self.parts_of(destination);
        match parts.position(|part| part.owner == owner && owner != Owner::NONE) {
            Some(0) => Standing::Free,
            // Those before it did not hold it back either: it overruled them, and is told so again.
            Some(_) => Standing::Overruled,
            None if by_order => self.standing_of_order(destination, copy),
            None => self.standing(destination, copy),
        }
    }

    /// Notes that a destination gets a copy, beside those of another worth that it has: under one order's id there may be
    /// several, and a forged one must not take the place of the shop's.
    pub fn take(&mut self, destination: &str, copy: Evidence) {
        self.take_copy(destination, copy, Owner::NONE, 0);
    }

    /// The same of the very copy, which came then. Gives whether there was anything to note.
    pub(super) fn take_copy(
        &mut self,
        destination: &str,
        copy: Evidence,
        owner: Owner,
        came: u32,
    ) -> bool {
        let same = |part: &&mut Part| part.copy == copy && part.owner == owner;
        if let Some(part) = self.parts.iter_mut().find(same) {
            let new = !part.has(destination);
            if new {
                part.add(destination);
            }
            return new;
        }
        let most = if owner == Owner::NONE {
            Self::MOST_PARTS
        } else {
            Self::MOST_COPIES
        };
        if self.parts.len() >= most {
            // A page can make up any number of kinds; they give way to the shop's, and among themselves the first stay.
            let page = |part: &Part| part.copy.strength == Strength::Page;
            match (self.parts.iter().rposition(page), copy.strength) {
                (Some(place), Strength::Server) => drop(self.parts.remove(place)),
                (None, Strength::Server) => drop(self.parts.remove(0)),
                (_, Strength::Page) => return false,
            }
        }
        self.parts.push(Part {
            copy,
            owner,
            came,
            destinations: destination.to_owned(),
        });
        true
    }

    /// Notes that a destination does not have a copy of this worth after all, because it refused it for its content. Other
    /// copies that it has keep their claim. Gives whether it had been claimed there.
    pub fn release(&mut self, destination: &str, worth: Worth) -> bool {
        self.let_go(destination, |part| part.copy.worth == worth)
    }

    /// The same of the very copy.
    pub(super) fn release_copy(&mut self, destination: &str, owner: Owner) -> bool {
        self.let_go(destination, |part| part.owner == owner)
    }

    fn let_go(&mut self, destination: &str, refused: impl Fn(&Part) -> bool) -> bool {
        let mut found = false;
        for part in &mut self.parts {
            if refused(part) && part.has(destination) {
                found = true;
                let names = std::mem::take(&mut part.destinations);
                let rest = names.split(',').filter(|name| *name != destination);
                rest.for_each(|name| part.add(name));
            }
        }
        self.parts.retain(|part| !part.destinations.is_empty());
        found
    }

    /// The same claim by kinds of copies, whichever copies they were: as every store has them but the claims object.
    #[must_use]
    pub(super) fn of_kinds(&self) -> Self {
        let mut kinds = Self {
            everywhere: self.everywhere,
            parts: Vec::new(),
        };
        for part in &self.parts {
            for destination in part.names() {
                kinds.take(destination, part.copy);
            }
        }
        kinds
    }

    /// Adds the destinations of another claim.
    pub fn add(&mut self, other: &Self) {
        self.everywhere |= other.everywhere;
        for part in &other.parts {
            for destination in part.names() {
                self.take_copy(destination, part.copy, part.owner, part.came);
            }
        }
    }
}

//! Receipts, chained: what was decided about each event, one line for each, and every line holds the digest of the one
//! before.
//!
//! A chain is of one source and one day (UTC) of writing. Its first line holds the last digest of the source's day before,
//! so that a day that is taken out shows. The digest of a line is the SHA-256 of the line without it, as JSON with sorted
//! keys and without spaces, so anybody can check one:
//!
//! ```
//! use edgetally_core::ledger::chain::{GENESIS, Place, close, lines};
//! use edgetally_core::ledger::decided::{Gathered, Ruling};
//! use edgetally_core::base::time::UnixMillis;
//! use sha2::{Digest, Sha256};
//!
//! let ruling = Ruling { policy: "0f".into(), opt_in: true, signals: 0, ruled: Vec::new() };
//! let mut gathered = Gathered::new("shop", UnixMillis(1_795_342_530_000));
//! gathered.add(&ruling, "ab", "purchase", "order-1", false);
//! let place = Place { source: "shop", day: 20_787, seq: 0, before: GENESIS };
//! let block = close(&place, b"key", &gathered.finish().iter().collect::<Vec<_>>(), |_| true);
//! let all = lines(&place, &block.body, |digest| {
//!     block.rulings.iter().find(|(known, _)| known == digest).map(|(_, words)| words.clone())
//! });
//!
//! let mut line: serde_json::Value = serde_json::from_str(&all.unwrap()[0].text).unwrap();
//! let hash = line.as_object_mut().unwrap().remove("hash").unwrap();
//! let digest: String = Sha256::digest(line.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
//! assert_eq!(hash, digest);
//! ```

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::decided::{Copied, Decided, Ruled, Ruling, SIGNALS, inputs};
use crate::base::hex::Hex;
use crate::base::json::{Leaf, Object, text_of};
use crate::base::members::{Members, list_of, text};
use crate::base::reason::Refusal;
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};

/// What the first line of a source's first chain holds in the place of a digest.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where a chain goes on.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The source.
    pub source: &'a str,
    /// The day since 1970, UTC.
    pub day: i64,
    /// The number of the next line, from 0.
    pub seq: i64,
    /// The digest of the line before it.
    pub before: &'a str,
}

/// The date of a day, or nothing that is one.
pub fn date(day: i64) -> String {
    let text = UnixMillis(day.saturating_mul(DAY_MS)).to_rfc3339();
    text.get(..10).unwrap_or_default().to_owned()
}

/// The day of a date.
///
/// ```
/// use edgetally_core::ledger::chain::{date, day};
/// assert_eq!(day("2026-11-30"), Some(20_787));
/// assert_eq!(date(20_787), "2026-11-30");
/// assert_eq!(day("2026-11-31"), None);
/// ```
pub fn day(date: &str) -> Option<i64> {
    let at = UnixMillis::parse_rfc3339(&format!("{date}T00:00:00Z"))?;
    (date.len() == 10).then(|| at.0.div_euclid(DAY_MS))
}

/// Where the receipts of an event id are looked for: a number that JavaScript can hold. Two ids may have the same.
pub fn key(event_id: &str) -> i64 {
    let digest = Sha256::digest(event_id.as_bytes());
    let bytes = digest.iter().take(6);
    bytes.fold(0, |key, byte| key << 8 | i64::from(*byte))
}

/// Lines of a chain as they are stored: what they have in common is there once, and the lines are made again of it whenever
/// somebody asks. So the form of a line must not change for blocks that are there; that of a ruling may, since its words
/// are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What [`lines`] makes them of.
    pub body: String,
    /// How many they are.
    pub count: i64,
    /// The digest of the last one.
    pub head: String,
    /// The rulings that they refer to: the digest of each, and its words.
    pub rulings: Vec<(String, String)>,
    /// Where the events are looked for, one for each.
    pub keys: Vec<i64>,
    /// How many of the receipts do not say what was decided, since there was no room for their rulings.
    pub omitted: i64,
}

/// A receipt, as a line of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub seq: i64,
    /// The event that it is about.
    pub event_id: String,
    /// Its digest.
    pub hash: String,
    /// Its text.
    pub text: String,
}

/// A ruling in the words of a receipt, in the two pieces that a receipt has it in.
struct Words {
    destinations: String,
    rest: String,
}

impl Words {
    fn of(ruling: &Ruling) -> Self {
        // In the order of their names.
        let ruled: Table<&str, &Ruled> = ruling
            .ruled
            .iter()
            .map(|one| (one.destination.as_str(), one))
            .collect();
        let destinations = Object::write_text(|all| {
            for (name, one) in ruled {
                all.object(name, |of| {
                    let verdict = match &one.verdict {
                        Ok(terms) => {
                            of.put("ad_personalization", answer(terms.ad_personalization));
                            of.put("ad_user_data", answer(terms.ad_user_data));
                            if terms.are_full() {
                                "send"
                            } else {
                                "send_limited"
                            }
                        }
                        Err(code) => {
                            of.put("code", code);
                            if code == Refusal::ConsentWithdrawn.code() {
                                "withdrawn"
                            } else {
                                "block"
                            }
                        }
                    };
                    if let Some(consented) = one.consented {
                        of.put("consented", Leaf::Raw(&purposes(consented)));
                    }
                    if let Ok(terms) = &one.verdict {
                        of.put("identifiers", terms.identifiers);
                        of.put("limited", terms.limited);
                        of.put("personalised", terms.personalised);
                    }
                    of.put("purposes", Leaf::Raw(&purposes(one.needs)));
                    of.put("verdict", verdict);
                });
            }
        });
        let signals: Vec<&str> = SIGNALS
            .iter()
            .enumerate()
            .filter(|(bit, _)| ruling.signals >> bit & 1 == 1)
            .map(|(_, name)| *name)
            .collect();
        let rest = Object::write_text(|all| {
            all.put("policy", &ruling.policy);
            all.put("regime", if ruling.opt_in { "opt_in" } else { "opt_out" });
            all.put("signals", Leaf::Raw(&text_of(&signals)));
        });
        let rest = rest
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        Self {
            destinations,
            rest: rest.unwrap_or_default().to_owned(),
        }
    }

    /// In the place of a ruling that there is no room for: what cannot be made up by whoever sends the event, and that the
    /// rest is not there.
    fn omitted(ruling: &Ruling) -> Self {
        let bare = Self::of(&Ruling {
            signals: 0,
            ruled: Vec::new(),
            policy: ruling.policy.clone(),
            ..*ruling
        });
        Self {
            rest: format!(r#""omitted":["destinations","signals"],{}"#, bare.rest),
            ..bare
        }
    }

    fn text(&self) -> String {
        format!(r#"{{"destinations":{},{}}}"#, self.destinations, self.rest)
    }

    /// What it is known by among a day's.
    fn digest(&self) -> String {
        let digest = Hex::of(&Sha256::digest(self.text().as_bytes()).into());
        digest.as_str().get(..16).unwrap_or_default().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        let mut of = Members::of(serde_json::from_str(text).ok()?)?;
        let mut raw = |key| of.take(key).map(|value| text_of(&value));
        let omitted = raw("omitted").map(|omitted| format!(r#""omitted":{omitted},"#));
        Some(Self {
            destinations: raw("destinations")?,
            rest: format!(
                r#"{}"policy":{},"regime":{},"signals":{}"#,
                omitted.unwrap_or_default(),
                raw("policy")?,
                raw("regime")?,
                raw("signals")?
            ),
        })
    }
}

fn answer(said: Option<bool>) -> Option<&'static str> {
    said.map(|yes| if yes { "granted" } else { "denied" })
}

fn purposes(bits: u32) -> String {
    let all: Vec<u8> = (1..=32).filter(|id| bits >> (id - 1) & 1 == 1).collect();
    text_of(&all)
}

/// Events that came together, as they are stored.
#[derive(Debug, Serialize)]
struct Kept {
    at: UnixMillis,
    /// By their digests.
    rulings: Vec<String>,
    inputs: Vec<(usize, String)>,
    events: Vec<Copied>,
}

impl Kept {
    fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value)?;
        Some(Self {
            at: of.time("at")?,
            rulings: of.list("rulings", text)?,
            inputs: of.list("inputs", inputs)?,
            events: of.list("events", Copied::read)?,
        })
    }
}

/// Writes the lines of a chain one after the other.
struct Writer<'a> {
    source: &'a str,
    day: String,
    seq: i64,
    before: String,
}

impl<'a> Writer<'a> {
    fn new(place: &Place<'a>) -> Self {
        Self {
            source: place.source,
            day: date(place.day),
            seq: place.seq,
            before: place.before.to_owned(),
        }
    }

    /// The line of an event.
    fn line(&mut self, at: &str, words: &Words, inputs: &str, of: &Copied) -> Receipt {
        let receipt = Object::write_text(|all| {
            all.put("at", at);
            all.put("destinations", Leaf::Raw(&words.destinations));
            all.put("event", &of.event);
            all.put("event_id", &of.event_id);
            all.put("inputs", inputs);
        });
        let test = if of.test { r#","test":true"# } else { "" };
        let front = receipt.strip_suffix('}').unwrap_or_default();
        let body = Object::write_text(|line| {
            line.put("prev", &self.before);
            line.put(
                "receipt",
                Leaf::Raw(&format!("{front},{}{test}}}", words.rest)),
            );
            line.put("seq", self.seq);
            line.put("source", self.source);
        });
        let body = body.strip_prefix('{').unwrap_or_default();
        // What the digest is of has a day in front, and the line the digest behind that.
        let hash = Sha256::new()
            .chain_update(format!(r#"{{"day":"{}","#, self.day))
            .chain_update(body)
            .finalize();
        let hash = Hex::of(&hash.into()).as_str().to_owned();
        let line = Receipt {
            seq: self.seq,
            event_id: of.event_id.clone(),
            text: format!(r#"{{"day":"{}","hash":"{hash}",{body}"#, self.day),
            hash: hash.clone(),
        };
        self.before = hash;
        self.seq += 1;
        line
    }
}

/// The digests of all rulings, each as often as it comes.
pub fn digests(decided: &[&Decided]) -> Vec<String> {
    let rulings = decided.iter().flat_map(|one| &one.rulings);
    rulings.map(|one| Words::of(one).digest()).collect()
}

/// Closes what was decided about events into the next block of their source's chain. `key` is the ledger's own: nobody
/// without it can say by trying whether inputs were these or those. `has_room` says of the digest of a ruling whether it can
/// be kept; where it cannot, its receipts say that it is missing.
pub fn close(
    place: &Place<'_>,
    key: &[u8],
    decided: &[&Decided],
    mut has_room: impl FnMut(&str) -> bool,
) -> Block {
    let mut writer = Writer::new(place);
    let mut rulings: Vec<(String, String)> = Vec::new();
    let mut keys = Vec::new();
    let mut omitted = 0;
    let mut kept = Vec::with_capacity(decided.len());
    for one in decided {
        // Each with its digest, and whether it is the ruling.
        let words: Vec<(Words, String, bool)> = one
            .rulings
            .iter()
            .map(|ruling| {
                let mut words = Words::of(ruling);
                let mut digest = words.digest();
                let whole = has_room(&digest);
                if !whole {
                    words = Words::omitted(ruling);
                    digest = words.digest();
                }
                if rulings.iter().all(|(known, _)| *known != digest) {
                    rulings.push((digest.clone(), words.text()));
                }
                (words, digest, whole)
            })
            .collect();
        let inputs: Vec<(usize, String)> = one
            .inputs
            .iter()
            .map(|(ruling, digest)| (*ruling, rekeyed(key, digest)))
            .collect();
        let at = one.at.to_rfc3339();
        for event in &one.events {
            let Some((ruling, inputs)) = inputs.get(event.inputs) else {
                continue;
            };
            if let Some((words, _, whole)) = words.get(*ruling) {
                writer.line(&at, words, inputs, event);
                keys.push(self::key(&event.event_id));
                omitted += i64::from(!whole);
            }
        }
        kept.push(Kept {
            at: one.at,
            rulings: words.into_iter().map(|(_, digest, _)| digest).collect(),
            inputs,
            events: one.events.clone(),
        });
    }
    Block {
        body: text_of(&kept),
        count: writer.seq - place.seq,
        head: writer.before,
        rulings,
        keys,
        omitted,
    }
}

/// A digest of inputs under the ledger's own key: 128 bits of HMAC-SHA-256, as digits.
fn rekeyed(key: &[u8], digest: &str) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    let bytes = mac.chain_update(digest).finalize().into_bytes();
    let digits = Hex::of(&bytes.into());
    digits.as_str().get(..32).unwrap_or_default().to_owned()
}

/// The digests of the rulings that a block refers to; none where it cannot be read.
pub fn rulings(body: &str) -> Vec<String> {
    let kept = serde_json::from_str(body)
        .ok()
        .and_then(|kept| list_of(kept, Kept::read));
    let mut all: Vec<String> = kept
        .into_iter()
        .flatten()
        .flat_map(|kept| kept.rulings)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The lines of a block, made again as they were. `ruling` gives the words of a ruling by its digest.
///
/// Nothing where the block cannot be read.
pub fn lines(
    place: &Place<'_>,
    body: &str,
    ruling: impl Fn(&str) -> Option<String>,
) -> Option<Vec<Receipt>> {
    let mut writer = Writer::new(place);
    let mut lines = Vec::new();
    for kept in list_of(serde_json::from_str(body).ok()?, Kept::read)? {
        let words: Option<Vec<Words>> = kept
            .rulings
            .iter()
            .map(|digest| Words::read(&ruling(digest)?))
            .collect();
        let words = words?;
        let at = kept.at.to_rfc3339();
        for event in &kept.events {
            let (ruling, inputs) = kept.inputs.get(event.inputs)?;
            lines.push(writer.line(&at, words.get(*ruling)?, inputs, event));
        }
    }
    Some(lines)
}

/// The line that closes a chain: how many lines it has, and the digest of the last one. Of a day that was forgotten it is
/// all there is.
pub fn closing(source: &str, day: i64, count: i64, head: &str, forgotten: bool) -> String {
    Object::write_text(|line| {
        line.put("count", count);
        line.put("day", date(day));
        if forgotten {
            line.put("forgotten", true);
        }
        line.put("head", head);
        line.put("source", source);
    })
}

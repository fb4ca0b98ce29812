//! Claims in one place (`dedup = "exact"`): what the consumer asks before it makes a request, and what the object that keeps the
//! claims answers.
//!
//! A claim has an owner, the very copy. "Seen before?" alone would lose events: a copy that was claimed and not delivered yet
//! comes again, and would find itself. So the question is "may this copy go?", and to its owner the answer stays yes.
//!
//! [`Claiming`] asks and [`Question`] answers; between them there is text. An event has one key or two, and each lies in a
//! shard. Where an event's keys lie apart, that of the event is asked for first and that of the order among what is left: then a
//! copy that gets no further has claimed nothing but its own event's key, and of that event another copy has been there.

use serde_json::{Value, json};

use super::claim::{Claim, ClaimKey, Evidence, Owner, Standing, Strength, Worth};
use crate::base::members::{Members, list_of, text};
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};

/// The most copies that are asked for in one call.
pub const MOST_ASKED: usize = 500;

/// How many shards a source may have.
pub const SHARDS: [u32; 3] = [1, 4, 16];

/// What a message says of a copy, so that it is recognised wherever it goes again.
///
/// As text: `p` from a page, `t` from a page with an event token, `s` from a server, and the owner's sixteen hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// A visitor's browser has sent it.
    pub page: bool,
    /// How well it proves where it comes from.
    pub strength: Strength,
    /// Which copy it is.
    pub owner: Owner,
}

impl Mark {
    /// Reads one; nothing where it is of a release to come.
    pub fn read(text: &str) -> Option<Self> {
        let (page, strength) = match text.get(..1)? {
            "p" => (true, Strength::Page),
            "t" => (true, Strength::Server),
            "s" => (false, Strength::Server),
            _ => return None,
        };
        let owner = Owner(u64::from_str_radix(text.get(1..)?, 16).ok()?);
        Some(Self {
            page,
            strength,
            owner,
        })
    }

    /// Its text.
    pub fn to_text(self) -> String {
        let letter = match (self.page, self.strength) {
            (false, _) => 's',
            (true, Strength::Server) => 't',
            (true, Strength::Page) => 'p',
        };
        format!("{letter}{:016x}", self.owner.0)
    }

    /// Of a copy whose message says nothing, since a release wrote it that did not know of owners: made of what it has that
    /// other copies do not, so that it is the same when the message comes again.
    pub fn of_unmarked(page: bool, event_id: &str, received: UnixMillis, worth: Worth) -> Self {
        let Worth { money, order } = worth;
        let numbers = format!("{}/{money}/{order}", received.0);
        Self {
            page,
            strength: if page {
                Strength::Page
            } else {
                Strength::Server
            },
            owner: Owner::of([event_id, &numbers]),
        }
    }
}

/// Where the claims of a source lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How many objects a source's claims lie in.
    pub shards: u32,
    /// How many they lay in before; those are asked as well, first, until what they know is out of date.
    pub before: Option<u32>,
    /// For how many days a claim holds at least.
    pub days: u32,
}

impl Layout {
    fn shards(&self) -> impl Iterator<Item = u32> {
        let before = self.before.filter(|before| *before != self.shards);
        before.into_iter().chain([self.shards])
    }

    /// The objects that a key of a source may be in.
    pub fn objects(&self, source: &str, key: ClaimKey) -> Vec<String> {
        self.shards()
            .map(|shards| object(source, shards, key))
            .collect()
    }

    /// What is asked for in which order.
    fn steps(&self, asked: &Asked) -> Vec<Step> {
        let own = |shards, key| object(&asked.source, shards, key);
        let mut steps: Vec<Step> = self
            .shards()
            .map(|shards| Step {
                object: own(shards, asked.key),
                event: true,
                order: false,
            })
            .collect();
        let Some(order) = asked.order else {
            return steps;
        };
        if let [only] = steps.as_mut_slice()
            && only.object == own(self.shards, order)
        {
            // In one object, both at once. Not while there are two layouts: every key has to be asked for in the old one
            // first, or two copies could each have it in another and hold each other back.
            only.order = true;
            return steps;
        }
        steps.extend(self.shards().map(|shards| Step {
            object: own(shards, order),
            event: false,
            order: true,
        }));
        steps
    }
}

/// The name of the object that holds a key.
fn object(source: &str, shards: u32, key: ClaimKey) -> String {
    let shard = u32::from(key.first()) * shards / 256;
    format!("{source}:{shards}:{shard}")
}

/// A copy that may go where no other has been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The source.
    pub source: String,
    /// The key of the event.
    pub key: ClaimKey,
    /// The second key of a purchase, that of its order.
    pub order: Option<ClaimKey>,
    /// What it shows of itself.
    pub copy: Evidence,
    /// Which copy it is.
    pub owner: Owner,
    /// When it came.
    pub came: UnixMillis,
    /// Where it is to go.
    pub destinations: Vec<String>,
}

/// What is to become of a copy at one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes: it is the first, or it is its own redelivery.
    Goes,
    /// It goes although one of weaker proof has been there, from which it differs.
    Overrules,
    /// Another copy has the destination.
    Duplicate {
        /// The two differ in value, currency or order.
        differs: bool,
    },
}

impl Verdict {
    const fn letter(self) -> char {
        match self {
            Self::Goes => 'g',
            Self::Overrules => 'o',
            Self::Duplicate { differs: false } => 'd',
            Self::Duplicate { differs: true } => 'x',
        }
    }

    const fn read(letter: u8) -> Option<Self> {
        Some(match letter {
            b'g' => Self::Goes,
            b'o' => Self::Overrules,
            b'd' => Self::Duplicate { differs: false },
            b'x' => Self::Duplicate { differs: true },
            _ => return None,
        })
    }

    const fn is_duplicate(self) -> bool {
        matches!(self, Self::Duplicate { .. })
    }

    /// By event and by order.
    const fn of(by_id: Standing, by_order: Standing) -> Self {
        match (by_id, by_order) {
            (Standing::Held { differs }, _) | (_, Standing::Held { differs }) => {
                Self::Duplicate { differs }
            }
            (Standing::Overruled, _) | (_, Standing::Overruled) => Self::Overrules,
            (Standing::Free, Standing::Free) => Self::Goes,
        }
    }
}

/// One of the calls that a copy needs.
#[derive(Debug, Clone)]
struct Step {
    object: String,
    event: bool,
    order: bool,
}

#[derive(Debug)]
struct Progress {
    /// Those to come, the next one last.
    steps: Vec<Step>,
    verdicts: Vec<Verdict>,
    failed: bool,
}

/// A call of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub object: String,
    /// What it is asked.
    pub text: String,
    /// Places of the copies among those that are asked for.
    members: Vec<usize>,
}

/// Copies being asked for. Whoever drives it makes the calls of a [round](Self::round), all at once, and hands in the answers.
#[derive(Debug)]
pub struct Claiming<'a> {
    asked: &'a [Asked],
    days: u32,
    progress: Vec<Progress>,
}

impl<'a> Claiming<'a> {
    /// Asks for copies.
    pub fn new(layout: &Layout, asked: &'a [Asked]) -> Self {
        let progress = asked.iter().map(|one| {
            let mut steps = layout.steps(one);
            steps.reverse();
            Progress {
                steps,
                verdicts: vec![Verdict::Goes; one.destinations.len()],
                failed: false,
            }
        });
        Self {
            asked,
            days: layout.days,
            progress: progress.collect(),
        }
    }

    /// The calls that may be made now, at most one of each object; none when all is known.
    pub fn round(&self) -> Vec<Call> {
        let mut objects: Table<&str, (Vec<usize>, Vec<Value>)> = Table::new();
        for (place, (asked, progress)) in self.asked.iter().zip(&self.progress).enumerate() {
            let Some(step) = progress.steps.last() else {
                continue;
            };
            let open = asked.destinations.iter().zip(&progress.verdicts);
            let open: Vec<&str> = open
                .filter(|(_, verdict)| !verdict.is_duplicate())
                .map(|(name, _)| name.as_str())
                .collect();
            let hex = |wanted: bool, key: Option<ClaimKey>| {
                let key = key.filter(|_| wanted);
                key.map_or_else(String::new, ClaimKey::to_hex)
            };
            objects.change(&step.object, |(members, list)| {
                // The rest in another round, behind these.
                if members.len() < MOST_ASKED {
                    members.push(place);
                    list.push(json!([
                        hex(step.event, Some(asked.key)),
                        hex(step.order, asked.order),
                        asked.copy.to_text(),
                        owner_text(asked.owner),
                        seconds(asked.came),
                        open.join(","),
                    ]));
                }
            });
        }
        let calls = objects.into_iter().map(|(object, (members, list))| Call {
            object: object.to_owned(),
            text: json!({"days": self.days, "ask": list}).to_string(),
            members,
        });
        calls.collect()
    }

    /// Takes the answer to a call, or nothing where there was none: what it was about stays unknown.
    pub fn hear(&mut self, call: &Call, answer: Option<&str>) {
        let said = answer.and_then(|answer| {
            let mut of = Members::of(serde_json::from_str(answer).ok()?)?;
            of.list("said", text)
        });
        let said = said.filter(|said| said.len() == call.members.len());
        for (at, place) in call.members.iter().enumerate() {
            let Some(progress) = self.progress.get_mut(*place) else {
                continue;
            };
            progress.steps.pop();
            let letters = said.as_ref().and_then(|said| said.get(at));
            let heard = letters.is_some_and(|letters| merge(&mut progress.verdicts, letters));
            if !heard {
                progress.failed = true;
                progress.steps.clear();
            }
            if progress.verdicts.iter().all(|one| one.is_duplicate()) {
                progress.steps.clear();
            }
        }
    }

    /// What is to become of each copy at each of its destinations, in their order; nothing where it is not known.
    pub fn finish(self) -> Vec<Option<Vec<Verdict>>> {
        let all = self.progress.into_iter();
        all.map(|one| (!one.failed && one.steps.is_empty()).then_some(one.verdicts))
            .collect()
    }
}

/// Adds what an object says of the destinations that were open. Gives whether it said something of each.
fn merge(verdicts: &mut [Verdict], letters: &str) -> bool {
    let mut letters = letters.bytes();
    for verdict in verdicts.iter_mut().filter(|one| !one.is_duplicate()) {
        match letters.next().and_then(Verdict::read) {
            None => return false,
            // What was overruled at one key stays so.
            Some(Verdict::Goes) => {}
            Some(said) => *verdict = said,
        }
    }
    letters.next().is_none()
}

fn owner_text(owner: Owner) -> String {
    format!("{:016x}", owner.0)
}

fn seconds(at: UnixMillis) -> u32 {
    u32::try_from(at.0 / 1000).unwrap_or_default()
}

/// A copy that a destination refused for its content, so that another may go there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The key that it claimed.
    pub key: ClaimKey,
    /// The destination.
    pub destination: String,
    /// Which copy.
    pub owner: Owner,
}

impl Refused {
    /// What an object is told of the copies that were refused.
    pub fn question(days: u32, all: &[&Self]) -> String {
        let list = all.iter().map(|one| {
            let owner = owner_text(one.owner);
            json!([one.key.to_hex(), one.destination, owner])
        });
        json!({"days": days, "let_go": list.collect::<Value>()}).to_string()
    }
}

/// What an object is asked about what it holds under keys.
pub fn look(days: u32, keys: &[ClaimKey]) -> String {
    let keys = keys.iter().map(|key| key.to_hex());
    json!({"days": days, "look": keys.collect::<Vec<_>>()}).to_string()
}

/// The claims that an object holds under the keys that it was [asked](look) about, in their order; nothing where the answer is
/// none.
pub fn found(answer: &str) -> Option<Vec<Claim>> {
    let mut of = Members::of(serde_json::from_str(answer).ok()?)?;
    let texts = of.list("found", text)?;
    let claim = |text: &String| {
        if text.is_empty() {
            Claim::default()
        } else {
            Claim::parse(text).of_kinds()
        }
    };
    Some(texts.iter().map(claim).collect())
}

/// A table of claims, by the day that it was begun on and for how many days it is written. A claim in it holds for as long
/// again, so what it forgets is at least that old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation {
    start: i64,
    days: i64,
}

impl Generation {
    /// The one that is written now.
    pub fn current(days: u32, now: UnixMillis) -> Self {
        let days = i64::from(days.max(1));
        Self {
            start: now.0.div_euclid(DAY_MS).div_euclid(days) * days,
            days,
        }
    }

    /// Its table's name.
    pub fn name(self) -> String {
        format!("g{}_{}", self.start, self.days)
    }

    /// By its table's name.
    pub fn read(name: &str) -> Option<Self> {
        let (start, days) = name.strip_prefix('g')?.split_once('_')?;
        Some(Self {
            start: start.parse().ok()?,
            days: days.parse().ok()?,
        })
    }

    /// Whether what it holds still counts.
    pub const fn holds(self, now: UnixMillis) -> bool {
        now.0 < (self.start + 2 * self.days) * DAY_MS
    }
}

/// What an object is asked.
#[derive(Debug)]
pub struct Question {
    /// For how many days a claim holds at least.
    pub days: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Ask(Vec<Item>),
    LetGo(Vec<Item>),
    Look(Vec<Item>),
}

/// One of the things that it is asked about.
#[derive(Debug)]
struct Item {
    key: String,
    order: String,
    copy: Evidence,
    owner: Owner,
    came: u32,
    destinations: String,
}

impl Item {
    fn of_key(key: String) -> Self {
        Self {
            key,
            order: String::new(),
            copy: Evidence {
                strength: Strength::Page,
                worth: Worth::default(),
            },
            owner: Owner::NONE,
            came: 0,
            destinations: String::new(),
        }
    }

    fn asked(value: Value) -> Option<Self> {
        let mut of = list_of(value, Some)?.into_iter();
        let mut next = || of.next();
        let (key, order) = (text(next()?)?, text(next()?)?);
        Some(Self {
            order,
            copy: Evidence::read(&text(next()?)?)?,
            owner: owner(&text(next()?)?)?,
            came: u32::try_from(next()?.as_u64()?).ok()?,
            destinations: text(next()?)?,
            ..Self::of_key(key)
        })
    }

    fn let_go(value: Value) -> Option<Self> {
        let [key, destination, by] = list_of(value, text)?.try_into().ok()?;
        Some(Self {
            destinations: destination,
            owner: owner(&by)?,
            ..Self::of_key(key)
        })
    }

    fn looked_for(value: Value) -> Option<Self> {
        text(value).map(Self::of_key)
    }
}

fn owner(digits: &str) -> Option<Owner> {
    u64::from_str_radix(digits, 16).ok().map(Owner)
}

impl Question {
    /// Reads what an object is asked.
    pub fn read(question: &str) -> Option<Self> {
        let mut of = Members::of(serde_json::from_str(question).ok()?)?;
        let days = of.whole("days")?;
        let what = if let Some(all) = of.take("ask") {
            What::Ask(list_of(all, Item::asked)?)
        } else if let Some(all) = of.take("let_go") {
            What::LetGo(list_of(all, Item::let_go)?)
        } else {
            What::Look(list_of(of.take("look")?, Item::looked_for)?)
        };
        Some(Self { days, what })
    }

    const fn items(&self) -> &[Item] {
        match &self.what {
            What::Ask(all) | What::LetGo(all) | What::Look(all) => all.as_slice(),
        }
    }

    /// The keys whose rows have to be read, each once.
    pub fn keys(&self) -> Vec<&str> {
        let keys = self.items().iter();
        let keys = keys.flat_map(|item| [item.key.as_str(), item.order.as_str()]);
        let mut all: Table<&str, ()> = Table::new();
        for key in keys.filter(|key| !key.is_empty()) {
            all.insert(key, ());
        }
        all.into_iter().map(|(key, ())| key).collect()
    }

    /// Answers, with the rows that were read: those of the oldest generation first. Gives the rows to be written as well.
    pub fn answer(&self, rows: Vec<Row>, current: Generation) -> Answer {
        match &self.what {
            What::Ask(items) => ask(items, rows, current),
            What::LetGo(items) => let_go(items, rows),
            What::Look(items) => {
                let claims = union(rows);
                let held = |item: &Item| claims.get(item.key.as_str()).map(Claim::to_text);
                let found = items.iter().map(|item| held(item).unwrap_or_default());
                Answer {
                    member: "found",
                    texts: found.collect(),
                    changed: Vec::new(),
                }
            }
        }
    }
}

/// A row of an object's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The table.
    pub generation: Generation,
    /// The key, as 32 hexadecimal digits.
    pub key: String,
    /// The claim.
    pub claim: Claim,
}

/// What an object answers.
#[derive(Debug)]
pub struct Answer {
    member: &'static str,
    texts: Vec<String>,
    /// The rows to be written; those whose claim is empty are to go.
    pub changed: Vec<Row>,
}

impl Answer {
    /// Its text, with the number of rows that were written.
    pub fn to_text(&self, written: u32) -> String {
        json!({(self.member): self.texts, "written": written}).to_string()
    }
}

/// What is known under each key, whichever generation says so.
fn union(rows: Vec<Row>) -> Table<String, Claim> {
    let mut claims: Table<String, Claim> = Table::new();
    for row in rows {
        claims.change(row.key, |claim| claim.add(&row.claim));
    }
    claims
}

/// Decides on copies one after the other, and claims for those that may go.
fn ask(items: &[Item], rows: Vec<Row>, generation: Generation) -> Answer {
    let mut claims = union(rows);
    let mut changed: Table<&str, ()> = Table::new();
    let texts = items.iter().map(|item| {
        let mut letters = String::new();
        for name in item.destinations.split(',').filter(|name| !name.is_empty()) {
            let standing = |key: &str, by_order: bool| {
                claims.get(key).map_or(Standing::Free, |claim| {
                    claim.standing_of_copy(name, item.copy, item.owner, by_order)
                })
            };
            let verdict = Verdict::of(standing(&item.key, false), standing(&item.order, true));
            letters.push(verdict.letter());
            if verdict.is_duplicate() {
                continue;
            }
            for key in [&item.key, &item.order] {
                if !key.is_empty() {
                    claims.change(key.clone(), |claim| {
                        if claim.take_copy(name, item.copy, item.owner, item.came) {
                            changed.insert(key, ());
                        }
                    });
                }
            }
        }
        letters
    });
    let texts = texts.collect();
    let changed = changed.into_iter().filter_map(|(key, ())| {
        Some(Row {
            generation,
            key: key.to_owned(),
            claim: claims.get(key)?.clone(),
        })
    });
    Answer {
        member: "said",
        texts,
        changed: changed.collect(),
    }
}

/// Lets claims of refused copies go, in each generation that has them.
fn let_go(items: &[Item], rows: Vec<Row>) -> Answer {
    let changed = rows.into_iter().filter_map(|mut row| {
        let mut change = false;
        for item in items.iter().filter(|item| item.key == row.key) {
            change |= row.claim.release_copy(&item.destinations, item.owner);
        }
        change.then_some(row)
    });
    Answer {
        member: "said",
        texts: Vec::new(),
        changed: changed.collect(),
    }
}

//! Two copies of one event, on their way through intake as the worker drives it: the memory of their isolates in front, the
//! store behind it, the queue, and the claims made when the event is durable (`take` in `worker/src/intake.rs`).

use edgetally_core::base::time::UnixMillis;
use edgetally_core::dedup::{Claim, ClaimKey, Holder, Known, Recent};
use edgetally_core::intake::{Batch, Plan, Visit, native};
use edgetally_core::metrics::math::{exp, ln};
use edgetally_core::metrics::special::normal_sf;
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::Settings;
use serde_json::{Value, json};

use super::Dice;
use super::store::{
    Assumption, Caller, LOCATIONS, LOCATIONS_OF_REGION, Spread, Store, TTL_MS, WRITE_MS,
};
use crate::support::{NOW, platform_settings, shop};

/// How long the store takes to answer, and the queue to take a message, in milliseconds.
const READ_MS: i64 = 50;
const QUEUE_MS: i64 = 100;
/// How often it is looked whether another request has made the event durable: `PATIENCE_MS` of the worker.
const PATIENCE_MS: i64 = 20;
/// From a copy's arrival until its claim is in the central store.
pub const VISIBLE_MS: i64 = READ_MS + QUEUE_MS + WRITE_MS;
/// The worker's `RECENT_KEYS`.
const RECENT_KEYS: usize = 10_000;

/// How far apart two copies are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gap {
    /// Exponential, with a mean in seconds.
    Mean(f64),
    /// Lognormal, with a median in seconds; its logarithm has the standard deviation [`SIGMA`].
    Median(f64),
}

/// 80 % of the gaps lie between a fifth and five times the median.
pub const SIGMA: f64 = 1.2;

impl Gap {
    fn draw(self, dice: &mut Dice) -> i64 {
        let seconds = match self {
            Self::Mean(mean) => -mean * ln(dice.uniform()),
            Self::Median(median) => median * exp(SIGMA * dice.normal()),
        };
        (1000.0 * seconds) as i64
    }

    /// The probability that a gap is shorter.
    fn below(self, ms: i64) -> f64 {
        let seconds = ms as f64 / 1000.0;
        match self {
            _ if ms <= 0 => 0.0,
            Self::Mean(mean) => 1.0 - exp(-seconds / mean),
            Self::Median(median) => normal_sf(-ln(seconds / median) / SIGMA),
        }
    }
}

/// Who sends the two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// A page, twice.
    Page,
    /// A page and the shop's server, which made up different event ids for one order.
    Both,
    /// A server, and the same again.
    Server,
}

/// A kind of copies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    pub name: &'static str,
    pub gap: Gap,
    pub senders: Senders,
}

/// From the shortest gap to the longest.
#[rustfmt::skip]
pub const KINDS: [Kind; 5] = [
    Kind { name: "double click, mean 0.2 s", gap: Gap::Mean(0.2), senders: Senders::Page },
    Kind { name: "pixel and webhook, median 3 s", gap: Gap::Median(3.0), senders: Senders::Both },
    Kind { name: "pixel and webhook, median 10 s", gap: Gap::Median(10.0), senders: Senders::Both },
    Kind { name: "retry, mean 30 s", gap: Gap::Mean(30.0), senders: Senders::Server },
    Kind { name: "reload, mean 5 min", gap: Gap::Mean(300.0), senders: Senders::Page },
];

/// Half of the pairs come in by one location for sure, the others by one of eight at random.
pub const TOGETHER: f64 = 0.5;
/// So of all pairs, this share does.
pub const SAME: f64 = TOGETHER + (1.0 - TOGETHER) / LOCATIONS as f64;

/// Where copies end up.
pub struct Site<'s> {
    settings: &'s Settings,
    /// For each location the memory of two isolates.
    memories: Vec<[Recent; 2]>,
    store: Box<dyn Store>,
    /// Of the pairs that come in by one location, the share that meets one isolate.
    one_isolate: f64,
    dice: Dice,
    now: i64,
    pairs: u64,
}

/// What a copy waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// To be looked at, while nobody else of the isolate has the event in hand.
    Look,
    /// For the store.
    Heard,
    /// For the queue.
    Durable,
    Done,
}

/// One copy on its way.
struct Copy<'b> {
    batch: Batch<'b>,
    isolate: usize,
    caller: Caller,
    step: Step,
    holder: Option<Holder>,
    asked: Vec<(ClaimKey, Option<String>)>,
    known: Vec<(ClaimKey, Claim)>,
    plan: Option<Plan>,
}

/// A shop with two platforms.
pub fn settings() -> Settings {
    let both = ["meta", "webhook"].map(|name| (name, platform_settings(name)));
    shop(&both, &Value::Null, &Value::Null)
}

fn body(pair: u64, id: &str) -> String {
    let order = format!("o-{pair}");
    json!({
        "event": "purchase", "event_id": id, "transaction_id": order, "value": 129.9, "currency": "EUR",
        "user": {"email": "nora.feldt@mail.example"},
        "context": {"page_url": "https://shop.example/thanks", "user_agent": "Mozilla/5.0"},
        "consent": {"ad_storage": "granted", "analytics_storage": "granted", "ad_user_data": "granted", "ad_personalization": "granted"},
    })
    .to_string()
}

impl<'s> Site<'s> {
    /// With empty memories. `seed` is for everything that chance decides.
    pub fn new(settings: &'s Settings, store: Box<dyn Store>, one_isolate: f64, seed: u64) -> Self {
        let memories = (0..LOCATIONS).map(|_| [(); 2].map(|()| Recent::new(RECENT_KEYS)));
        Self {
            settings,
            memories: memories.collect(),
            store,
            one_isolate,
            dice: Dice(seed),
            now: NOW.0,
            pairs: 0,
        }
    }

    /// How many of so many pairs pass twice, at any destination.
    pub fn twice(&mut self, kind: Kind, pairs: usize) -> usize {
        (0..pairs).filter(|_| self.pair(kind) == 2).count()
    }

    /// One pair; gives how many of its copies went into the queue.
    fn pair(&mut self, kind: Kind) -> usize {
        self.pairs += 1;
        let pair = self.pairs;
        let gap = kind.gap.draw(&mut self.dice);
        let first = self.location();
        let together = self.dice.uniform() < TOGETHER;
        let second = if together { first } else { self.location() };
        let isolate = usize::from(self.dice.uniform() >= self.one_isolate);
        let own = |who: &str| body(pair, &format!("{who}-{pair}"));
        let ((one, page), (two, other)) = match kind.senders {
            Senders::Page => ((own("o"), true), (own("o"), true)),
            Senders::Server => ((own("o"), false), (own("o"), false)),
            Senders::Both => ((own("p"), true), (own("s"), false)),
        };
        let visit = Visit::default();
        let settings = self.settings;
        let copy = |body, page: bool, location, isolate, at, copy| {
            let source = settings.source("shop").unwrap();
            let visit = page.then_some(&visit);
            let batch = native::batch(settings, source, visit, str::as_bytes(body), UnixMillis(at));
            Copy {
                batch: batch.unwrap(),
                isolate,
                caller: Caller { at, location, copy },
                step: Step::Look,
                holder: None,
                asked: Vec::new(),
                known: Vec::new(),
                plan: None,
            }
        };
        let mut copies = [
            copy(&one, page, first, 0, self.now, 2 * pair),
            copy(&two, other, second, isolate, self.now + gap, 2 * pair + 1),
        ];
        loop {
            let open = copies.iter_mut().filter(|one| one.step != Step::Done);
            let Some(next) = open.min_by_key(|one| one.caller.at) else {
                break;
            };
            self.now = next.caller.at;
            self.step(next);
        }
        self.now += 1000;
        let plans = copies.iter().filter_map(|one| one.plan.as_ref());
        plans.filter(|plan| went(plan)).count()
    }

    fn location(&mut self) -> usize {
        (self.dice.uniform() * LOCATIONS as f64) as usize
    }

    /// Carries a copy on as far as it comes without waiting.
    fn step(&mut self, copy: &mut Copy<'_>) {
        let recent = &mut self.memories[copy.caller.location][copy.isolate];
        let (now, window) = (UnixMillis(copy.caller.at), self.settings.window_ms);
        match copy.step {
            Step::Look => {
                let mut wanted = copy.batch.wanted();
                if wanted.any(|one| recent.look(one.key, now, window) == Known::InFlight) {
                    copy.caller.at += PATIENCE_MS;
                    return;
                }
                let holder = recent.holder();
                copy.holder = Some(holder);
                for one in copy.batch.wanted() {
                    match recent.look(one.key, now, window) {
                        Known::Claimed { claim, fresh: true } if one.settled_by(&claim) => {
                            copy.known.push((one.key, claim));
                        }
                        _ => copy.asked.push((one.key, None)),
                    }
                }
                for (key, stored) in &mut copy.asked {
                    recent.start(*key, holder, now);
                    *stored = self.store.ask(copy.caller, *key);
                }
                copy.step = Step::Heard;
                copy.caller.at += if copy.asked.is_empty() { 0 } else { READ_MS };
            }
            Step::Heard => {
                for (key, stored) in &copy.asked {
                    let claim = recent.hear(*key, stored.as_deref(), now, window);
                    if !claim.is_empty() {
                        copy.known.push((*key, claim));
                    }
                }
                let known = |key| {
                    let mut known = copy.known.iter();
                    known
                        .find(|(of, _)| *of == key)
                        .map(|(_, claim)| claim.clone())
                };
                let id = format!("e{}", copy.caller.copy);
                let plan = copy.batch.finish(known, &id);
                copy.caller.at += if plan.messages.is_empty() {
                    0
                } else {
                    QUEUE_MS
                };
                copy.plan = Some(plan);
                copy.step = Step::Durable;
            }
            Step::Durable => {
                for made in copy.plan.iter().flat_map(|plan| &plan.claims) {
                    recent.claim(made.key, made.claim.clone(), now);
                    self.store.mark(copy.caller, made.key, &made.claim);
                }
                for (key, _) in &copy.asked {
                    recent.release(*key, copy.holder.unwrap());
                }
                copy.step = Step::Done;
            }
            Step::Done => {}
        }
    }
}

/// Whether an event is on its way to any platform.
fn went(plan: &Plan) -> bool {
    plan.messages.iter().any(|message| {
        let Ok(Message::Events(envelope)) = envelope::open(message) else {
            return false;
        };
        envelope
            .parcels
            .iter()
            .any(|parcel| !parcel.legs.is_empty())
    })
}

/// The share of pairs that has to pass twice.
pub fn expected(kind: Kind, assumed: Assumption, one_isolate: f64) -> f64 {
    let together = SAME * (1.0 - one_isolate);
    let apart = 1.0 - SAME;
    let soon = kind.gap.below(VISIBLE_MS);
    let blind = kind.gap.below(TTL_MS);
    let late = |lag: i64| {
        // The mean of the probability over all lags, by the rule of midpoints.
        let steps = if lag == 0 { 1 } else { 20_000 };
        let at = |step: i64| VISIBLE_MS + (2 * step + 1) * lag / (2 * steps);
        (0..steps).map(|step| kind.gap.below(at(step))).sum::<f64>() / steps as f64
    };
    match assumed.misses {
        Spread::World => (together + apart) * blind,
        Spread::Location => together * soon + apart * late(assumed.lag_ms),
        Spread::Region => {
            let others = (LOCATIONS_OF_REGION - 1) as f64 / (LOCATIONS - 1) as f64;
            let near = apart * others;
            together * soon + near * blind.max(soon) + (apart - near) * soon
        }
    }
}

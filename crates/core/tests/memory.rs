//! What one isolate keeps in memory does not grow with the events that it has seen: a million ids, and every byte counted.
//!
//! A binary of its own, since it counts what is allocated.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    missing_docs,
    unreachable_pub,
    reason = "a test that panics has done its work"
)]
#![expect(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::dashboard::session::Tries;
use edgetally_core::dedup::{Claim, Claims, Evidence, Recent, Strength, Worth};
use edgetally_core::delivery::{Delivery, Gates};
use edgetally_core::exchange::http::Reply;
use edgetally_core::intake::native;
use edgetally_core::ledger::Withdrawals;
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::Settings;
use serde_json::json;

struct Counting;

thread_local! {
    /// Bytes that this thread has allocated and not given back, and the most that it ever was.
    static LIVE: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    let _ = LIVE.try_with(|live| {
        let now = live.get().0 + bytes;
        live.set((now, live.get().1.max(now)));
    });
}

// SAFETY: everything is the system's allocator's; a cell of numbers is changed beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn live() -> isize {
    LIVE.get().0
}

/// The most that was allocated at once while something is done, beyond what was there before, and what it leaves.
fn measure<T>(work: impl FnOnce() -> T) -> (isize, isize, T) {
    let before = live();
    LIVE.set((before, before));
    let kept = work();
    let (now, most) = LIVE.get();
    (most - before, now - before, kept)
}

/// The worker's `RECENT_KEYS`.
const RECENT_KEYS: usize = 10_000;
const IDS: i64 = 1_000_000;
const WEEK: i64 = 7 * 86_400_000;

/// A claim of every one of `kinds` kinds of copies at three destinations.
fn claim(kinds: u32) -> Claim {
    let mut claim = Claim::default();
    for kind in 0..kinds {
        let amount = format!("{kind}.5");
        let money = edgetally_core::base::money::Money {
            amount: serde_json::from_str(&amount).unwrap(),
            currency: edgetally_core::base::money::Currency::parse("EUR").unwrap(),
        };
        let copy = Evidence {
            strength: Strength::Server,
            worth: Worth::new(Some(&money), Some("o-1")),
        };
        for name in ["meta", "ga4", "hook"] {
            claim.take(name, copy);
        }
    }
    claim
}

/// So many ids through the memory of claims, ten a millisecond, each asked for, claimed and let go as a request does.
fn remember(recent: &mut Recent, ids: i64, kinds: u32) {
    let claims = Claims::new(b"secret");
    let claim = claim(kinds);
    for id in 0..ids {
        let now = UnixMillis(id / 10);
        let key = claims.event("shop", "purchase", &id.to_string());
        recent.look(key, now, WEEK);
        let holder = recent.holder();
        recent.start(key, holder, now);
        recent.hear(key, None, now, WEEK);
        recent.claim(key, claim.clone(), now);
        recent.release(key, holder);
    }
}

/// What one isolate's memory of claims takes, and the most that it takes for a moment while its table grows, in bytes, natively.
/// Where it runs, addresses are half as long, so it is less. With claims of one kind of copy, and of the most kinds.
const RECENT_BYTES: [isize; 2] = [3_000_000, 5_000_000];

#[test]
fn a_million_ids_leave_what_ten_thousand_left() {
    // The large ones are as many as the memory sees ten times over.
    for ((kinds, ids), most) in [(1, IDS), (8, IDS / 10)].into_iter().zip(RECENT_BYTES) {
        let mut recent = Recent::new(RECENT_KEYS);
        let (peak, full, ()) = measure(|| remember(&mut recent, 50_000, kinds));
        let (_, grown, ()) = measure(|| remember(&mut recent, ids, kinds));
        println!(
            "claims of {kinds} kinds: {full} bytes, {peak} at most, {grown} more after {ids} ids; {} keys",
            recent.len()
        );
        assert!(full > 500_000, "{full}");
        assert!(peak < most, "{peak}");
        assert!(grown <= full / 10, "{full} and {grown}");
    }
}

fn settings() -> Settings {
    let all = json!({
        "sources": {"shop": {"key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "secret": "SHOP_SECRET", "destinations": ["meta", "hook"]}},
        "destinations": {"meta": {"dataset_id": "1234567890123456"}, "hook": {"platform": "webhook", "url": "https://hooks.example/e"}},
    });
    let secret = |name: &str| Some(format!("FIXTURE_{name}_0123456789abcdef"));
    Settings::load(&all.to_string(), &secret).unwrap()
}

/// So many events through intake, memory and delivery at platforms that are away, beginning with an id.
fn deliver(settings: &Settings, recent: &mut Recent, gates: &mut Gates, ids: std::ops::Range<i64>) {
    let source = settings.source("shop").unwrap();
    for id in ids {
        let now = UnixMillis(1_795_342_531_000 + id);
        let body = json!({
            "event": "purchase", "event_id": format!("o-{id}"), "value": 1, "currency": "EUR", "action_source": "email",
            "user": {"email": format!("queue{id}@worker.example")}, "consent": {"ad_user_data": "granted"},
        })
        .to_string();
        let batch = native::batch(settings, source, None, body.as_bytes(), now).unwrap();
        let holder = recent.holder();
        for one in batch.wanted() {
            recent.start(one.key, holder, now);
        }
        let plan = batch.finish(|_| None, &format!("e{id}"));
        for made in &plan.claims {
            recent.claim(made.key, made.claim.clone(), now);
            recent.release(made.key, holder);
        }
        let envelopes: Vec<_> = plan
            .messages
            .iter()
            .map(|text| match envelope::open(text) {
                Ok(Message::Events(envelope)) => envelope,
                other => panic!("{other:?}"),
            })
            .collect();
        let mut delivery = Delivery::new(settings, &envelopes, gates, now);
        while let Some(outgoing) = delivery.next(gates, now) {
            let reply = Reply {
                status: 503,
                retry_after: None,
                body: Vec::new(),
            };
            delivery.answer(outgoing.ticket, &Ok(reply), gates, now);
        }
        assert!(!delivery.finish(now).is_empty());
    }
}

#[test]
fn the_whole_way_of_an_event_leaves_nothing_but_its_claim() {
    let settings = settings();
    let (mut recent, mut gates) = (Recent::new(400), Gates::new());
    deliver(&settings, &mut recent, &mut gates, 0..600);
    let (_, grown, ()) = measure(|| deliver(&settings, &mut recent, &mut gates, 600..2600));
    assert_eq!(gates.iter().count(), settings.destinations.len());
    println!("2,000 events more leave {grown} bytes");
    assert!(grown.abs() < 20_000, "{grown}");
}

#[test]
fn tries_and_withdrawals_have_their_bounds() {
    let (peak, kept, _tries) = measure(|| {
        let mut tries = Tries::new();
        for id in 0..20_000_i64 {
            tries.exceeds(&format!("2001:db8::{id:x}"), UnixMillis(id));
        }
        tries
    });
    println!("tries: {kept} bytes, {peak} at most");
    assert!(peak < 100_000, "{peak}");

    // All that the ledger ever tells, each of a visitor.
    let (peak, kept, all) = measure(|| {
        let mut all = Withdrawals::new();
        let row =
            |id| json!({"kind": "visitor", "source": "shop", "id": format!("{id:032x}"), "at": id});
        let rows: Vec<_> = (0..Withdrawals::MOST).map(row).collect();
        let answer = json!({"version": Withdrawals::MOST, "withdrawn": rows});
        assert!(all.hear(0, answer, UnixMillis(0), UnixMillis(0)));
        all
    });
    println!("withdrawals: {kept} bytes, {peak} at most");
    assert!(all.cover("shop", "o-1", Some(&format!("{:032x}", 7)), UnixMillis(0)));
    assert!(kept < 4_000_000, "{kept}");
}

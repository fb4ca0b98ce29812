//! What lives as long as the isolate: the settings, the claims seen lately, the gates, the next id.

use std::cell::{Cell, OnceCell, RefCell};

use edgetally_core::base::fields::Fault;
use edgetally_core::dashboard::access::KeyRing;
use edgetally_core::dashboard::session::Tries;
use edgetally_core::dedup::Recent;
use edgetally_core::delivery::Gates;
use edgetally_core::intake::Refusals;
use edgetally_core::ledger::Withdrawals;
use edgetally_core::settings::Settings;
use serde_json::Value;

use crate::exporter::OUTCOMES;
use crate::runtime::{self, Env};

/// At most some 4 MB of keys: docs/dedup.md, "What an isolate remembers".
const RECENT_KEYS: usize = 10_000;

thread_local! {
    static SETTINGS: OnceCell<Result<&'static Settings, Vec<Fault>>> = const { OnceCell::new() };
    static RECENT: RefCell<Recent> = RefCell::new(Recent::new(RECENT_KEYS));
    static GATES: RefCell<Gates> = const { RefCell::new(Gates::new()) };
    static WITHDRAWALS: RefCell<Withdrawals> = const { RefCell::new(Withdrawals::new()) };
    static TRIES: RefCell<Tries> = const { RefCell::new(Tries::new()) };
    static REFUSALS: RefCell<Refusals> = RefCell::new(Refusals::default());
    static KEY_RING: RefCell<KeyRing> = const { RefCell::new(KeyRing::new()) };
    static PREFIX: OnceCell<String> = const { OnceCell::new() };
    static COUNTER: Cell<u64> = const { Cell::new(0) };
    static CLAIMS_ANSWER: Cell<(i64, bool)> = const { Cell::new((i64::MIN, false)) };
    static ATTENTION: RefCell<(i64, Option<Value>)> = const { RefCell::new((i64::MIN, None)) };
}

/// The settings, read once per isolate: a deploy or a new secret makes a new one.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn settings(env: &Env) -> Result<&'static Settings, Vec<Fault>> {
    SETTINGS.with(|cell| {
        cell.get_or_init(|| {
            Settings::load_variables(&runtime::settings(env), &|name| runtime::secret(env, name))
                .map(|settings| {
                    let exports = runtime::bindings(env, &[OUTCOMES]).contains(&true);
                    let settings = settings.running(&runtime::version(env)).exporting(exports);
                    &*Box::leak(Box::new(settings))
                })
        })
        .clone()
    })
}

/// Looks into or changes the claims seen lately. Never across an await.
pub(crate) fn recent<T>(look: impl FnOnce(&mut Recent) -> T) -> T {
    RECENT.with(|recent| look(&mut recent.borrow_mut()))
}

/// Looks into or changes the gates. Never across an await.
pub(crate) fn gates<T>(look: impl FnOnce(&mut Gates) -> T) -> T {
    GATES.with(|gates| look(&mut gates.borrow_mut()))
}

/// Looks into or changes what was withdrawn, as far as it was heard. Never across an await.
pub(crate) fn withdrawals<T>(look: impl FnOnce(&mut Withdrawals) -> T) -> T {
    WITHDRAWALS.with(|withdrawals| look(&mut withdrawals.borrow_mut()))
}

/// Counts who tries to sign in. Never across an await.
pub(crate) fn tries<T>(look: impl FnOnce(&mut Tries) -> T) -> T {
    TRIES.with(|tries| look(&mut tries.borrow_mut()))
}

/// Counts what is refused of senders that do not read answers. Never across an await.
pub(crate) fn refusals<T>(look: impl FnOnce(&mut Refusals) -> T) -> T {
    REFUSALS.with(|refusals| look(&mut refusals.borrow_mut()))
}

/// The keys of Cloudflare Access. Never across an await.
pub(crate) fn key_ring<T>(look: impl FnOnce(&mut KeyRing) -> T) -> T {
    KEY_RING.with(|ring| look(&mut ring.borrow_mut()))
}

/// An id that no other envelope has: the isolate's own chance and a counter.
pub(crate) fn new_id() -> String {
    let number = COUNTER.with(|counter| counter.replace(counter.get() + 1));
    PREFIX.with(|prefix| format!("{}-{number:x}", prefix.get_or_init(runtime::random)))
}

/// Whether the claims could be asked for when that was last tried, if that was after `since`.
pub(crate) fn claims_answer(since: i64) -> Option<bool> {
    let (at, answers) = CLAIMS_ANSWER.get();
    (at > since).then_some(answers)
}

/// Keeps whether they could then.
pub(crate) fn keep_claims_answer(now: i64, answers: bool) {
    CLAIMS_ANSWER.set((now, answers));
}

/// What the ledger answered when it was last asked what a person has to see to, if that was after `since`.
pub(crate) fn attention(since: i64) -> Option<Option<Value>> {
    ATTENTION.with(|kept| {
        let kept = kept.borrow();
        (kept.0 > since).then(|| kept.1.clone())
    })
}

/// Keeps what the ledger answered then.
pub(crate) fn keep_attention(now: i64, answer: Option<Value>) {
    ATTENTION.with(|kept| *kept.borrow_mut() = (now, answer));
}

//! How much one of everything takes by what Cloudflare documents, and which limit comes first.

use edgetally_core::ledger::Withdrawals;

/// A limit that is documented.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Documented {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) page: &'static str,
    /// When the page was read.
    pub(crate) read: &'static str,
}

/// Messages a second that one queue takes.
pub(crate) const QUEUE_MESSAGES: Documented = Documented {
    name: "messages a second that one queue takes",
    value: 5000.0,
    page: "queues/platform/limits",
    read: "2026-11-22",
};
/// Invocations of a consumer at one time.
pub(crate) const QUEUE_CONSUMERS: Documented = Documented {
    name: "invocations of one queue's consumer at a time",
    value: 250.0,
    page: "queues/platform/limits",
    read: "2026-11-22",
};
/// What waits in one queue, in bytes.
pub(crate) const QUEUE_BACKLOG: Documented = Documented {
    name: "bytes that wait in one queue",
    value: 25e9,
    page: "queues/platform/limits",
    read: "2026-11-22",
};
/// Calls a second of one object, where each writes: from 200 to 500; the lower figure.
pub(crate) const OBJECT_WRITES: Documented = Documented {
    name: "writing calls a second of one object (200 to 500)",
    value: 200.0,
    page: "durable-objects/best-practices/rules-of-durable-objects",
    read: "2026-11-29",
};
/// Calls a second of one object that read JSON: from 500 to 750; the lower figure.
pub(crate) const OBJECT_CALLS: Documented = Documented {
    name: "calls a second of one object that parse JSON (500 to 750)",
    value: 500.0,
    page: "durable-objects/best-practices/rules-of-durable-objects",
    read: "2026-11-29",
};
/// Memory of an isolate, in bytes.
pub(crate) const ISOLATE_BYTES: Documented = Documented {
    name: "bytes of an isolate's memory",
    value: 128e6,
    page: "workers/platform/limits",
    read: "2026-11-22",
};

/// All of them. KV has no limit to its rate but one write a second for each key, and every event has a key of its own.
pub(crate) const ALL: [Documented; 6] = [
    QUEUE_MESSAGES,
    QUEUE_CONSUMERS,
    QUEUE_BACKLOG,
    OBJECT_WRITES,
    OBJECT_CALLS,
    ISOLATE_BYTES,
];

/// What comes in, and how the queue hands it over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Events a second.
    pub(crate) events: f64,
    /// Events in one request, which make one message.
    pub(crate) of_message: f64,
    /// Messages in one batch: `max_batch_size` in `wrangler.toml`.
    pub(crate) of_batch: f64,
    /// How long an invocation takes over a full batch, in seconds.
    pub(crate) seconds: f64,
    /// How often an invocation calls the ledger so that it writes.
    pub(crate) reports: f64,
}

/// One limit under a load.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) limit: Documented,
    /// What there is one of.
    pub(crate) thing: &'static str,
    /// Events a second at which one is full.
    pub(crate) full: f64,
    /// How many are needed.
    pub(crate) needed: f64,
}

/// The limits that a rate runs into, the first one first.
pub(crate) fn rows(load: Load) -> Vec<Row> {
    let batch = load.of_message * load.of_batch;
    let row = |limit: Documented, thing, full: f64| Row {
        limit,
        thing,
        full,
        needed: (load.events / full).ceil(),
    };
    // Each isolate asks again what was withdrawn when its lease is over; at worst each invocation is one.
    let asked = load.seconds * 1000.0 / Withdrawals::LEASE_MS as f64;
    let mut rows = vec![
        row(
            QUEUE_MESSAGES,
            "queue",
            QUEUE_MESSAGES.value * load.of_message,
        ),
        row(
            QUEUE_CONSUMERS,
            "queue",
            QUEUE_CONSUMERS.value * batch / load.seconds,
        ),
        row(OBJECT_CALLS, "ledger", OBJECT_CALLS.value * batch / asked),
        row(
            OBJECT_WRITES,
            "ledger",
            OBJECT_WRITES.value * batch / load.reports,
        ),
    ];
    rows.sort_by(|one, other| one.full.total_cmp(&other.full));
    rows
}

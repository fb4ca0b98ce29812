// A shop for end-to-end tests: the built worker, the twin behind it, senders in front of it, and the ledger's law at
// the end.
//
//   const shop = await openShop();
//   await shop.server([purchase("ord-1")]);
//   await shop.close(); // waits until everything is settled, and checks that nothing was lost, doubled or shown

import assert from "node:assert/strict";
import {createHmac} from "node:crypto";
import {readFile} from "node:fs/promises";
import {startTwin} from "../../twin/server.mjs";
import {DESTINATIONS, NAMES, PLATFORMS, PLATFORM_SECRETS} from "../../npm/src/platforms.mjs";
import {startWorker} from "../../npm/src/runtime.mjs";

/**
 * @typedef {Awaited<ReturnType<typeof startTwin>>} Twin
 * @typedef {Awaited<ReturnType<typeof startWorker>>} Worker
 * @typedef {Record<string, any>} Json
 *
 * @typedef {object} Store What is used of a KV namespace; its published types are those of a page.
 * @property {() => Promise<{keys: {name: string}[]}>} list
 * @property {(name: string) => Promise<string | null>} get
 */

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {Headers} headers
 * @property {any} body what the text is as JSON, or nothing
 * @property {string} text
 */

/** What the three senders prove themselves with. */
export const KEY = "pk_shop_0123456789abcdef";
export const ORIGIN = "https://shop.example";
export const ADMIN = "admin-token-0123456789";
export const BULK_KEY = "pk_bulk_0123456789abcdef";

/** @type {Record<string, string>} */
export const SECRETS = {
  SHOP_SECRET: "shop-secret-0123456789",
  BULK_SECRET: "whsec_YnVsay1zZWNyZXQtZm9yLXRlc3RzLTAxMjM0NTY3ODk=",
  ...PLATFORM_SECRETS,
  EDGETALLY_KEY: "0123456789abcdef0123456789abcdef",
  EDGETALLY_ADMIN_TOKEN: ADMIN,
};

/** How long a condition is waited for, in seconds, before the test fails. Far more than any needs. */
const PATIENCE_SECONDS = 25;

/** The three destinations that most tests do with: all or nothing, says nothing, any shape. */
const THREE = ["meta", "ga4", "hook"];

/**
 * Settings of a shop with these destinations, and of a bulk sender with one.
 * @param {string} twin
 * @param {Json} [delivery]
 * @param {readonly string[]} [names]
 * @returns {Json}
 */
export function settingsFor(twin, delivery = {}, names = THREE) {
  return {
    environment: "development",
    twin,
    delivery: {retry_base_seconds: 1, retry_max_seconds: 2, max_attempts: 40, timeout_ms: 1000, pause_seconds: 1, ...delivery},
    sources: {
      shop: {
        key: KEY,
        origins: [ORIGIN, "https://m.shop.example"],
        secret: "SHOP_SECRET",
        default_country: "DE",
        destinations: [...names],
      },
      bulk: {key: BULK_KEY, origins: ["https://bulk.example"], secret: "BULK_SECRET", destinations: ["hook"]},
    },
    destinations: Object.fromEntries([...new Set([...names, "hook"])].map((name) => [name, structuredClone(DESTINATIONS[name])])),
  };
}

/** Everything granted. */
export const GRANTED = {ad_storage: "granted", analytics_storage: "granted", ad_user_data: "granted", ad_personalization: "granted"};

/** A customer, made up; none of these values may be seen again outside of the request. */
export const CUSTOMER = {
  external_id: "cust-10482",
  email: " Elena.Brandt+shop@Gmail.com",
  phone: "01512 3456789",
  first_name: "Elena",
  last_name: "Brandt",
  date_of_birth: "1988-03-14",
  gender: "female",
  street: "Torstrasse 117",
  city: "Potsdam",
  postal_code: "14467",
  country: "DE",
};

/** The address that pages of these tests are visited from. */
export const VISITOR_IP = "203.0.113.24";

/**
 * @param {string} id
 * @param {Json} [more]
 * @returns {Json}
 */
export function purchase(id, more = {}) {
  return {
    event: "purchase",
    event_id: id,
    value: 129.9,
    currency: "EUR",
    items: [{item_id: "SKU-44", item_name: "Desk lamp", price: 129.9, quantity: 1, item_brand: "Lumo", item_category: "Lighting"}],
    user: {...CUSTOMER},
    context: {
      page_url: "https://shop.example/thanks",
      client_id: "1380133182.1764792191",
      session_id: "1795182060",
      user_agent: "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
      ip: "198.51.100.7",
    },
    consent: {...GRANTED},
    ...more,
  };
}

/**
 * @param {string} id
 * @param {Json} [more]
 */
export function pageView(id, more = {}) {
  const {value: _value, currency: _currency, items: _items, ...rest} = purchase(id, more);
  return {...rest, event: "page_view", ...more};
}

/**
 * An event that is only a name and an id, for the bulk source.
 * @param {string} id
 * @param {Json} [more]
 */
export function small(id, more = {}) {
  return {event: "page_view", event_id: id, consent: {ad_user_data: "granted"}, ...more};
}

/**
 * The headers of Standard Webhooks.
 * @param {string} secret
 * @param {string} body
 * @param {{id?: string, timestamp?: number | string}} [options]
 * @returns {Record<string, string>}
 */
export function signature(secret, body, options = {}) {
  const id = options.id ?? `msg_${Math.random().toString(36).slice(2)}`;
  const timestamp = String(options.timestamp ?? Math.floor(Date.now() / 1000));
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${mac}`};
}

/**
 * @param {unknown} value
 * @returns {any}
 */
function body(value) {
  return typeof value === "string" || value instanceof Uint8Array || value instanceof ReadableStream ? value : JSON.stringify(value);
}

/**
 * Waits until the condition gives something; what it last said is in the error.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} condition
 * @param {number} [seconds]
 * @returns {Promise<NonNullable<T>>}
 */
export async function waitFor(what, condition, seconds = PATIENCE_SECONDS) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/**
 * @typedef {object} Options
 * @property {Json} [delivery] replaces values of the settings' delivery
 * @property {readonly string[] | "all"} [destinations] those of the shop; Meta, GA4 and the webhook unless told otherwise
 * @property {(settings: Json) => Json} [settings] changes the settings
 * @property {Record<string, string>} [secrets] instead of SECRETS
 * @property {import("../../npm/src/runtime.mjs").QueueOptions} [queue]
 * @property {Json} [cf]
 * @property {Json} [ratelimits] rate limiting bindings by name
 * @property {string[]} [buckets] R2 bindings by name
 * @property {boolean} [exact] claims are exact, and the object that keeps them is bound
 * @property {boolean} [faulty] bindings that can be broken, and a look at what was sent to the queue
 * @property {string} [wrap] another module in front of the built one than that of `faulty`, beside this file
 * @property {string} [persist]
 * @property {string} [version] which version of the worker it is said to be
 * @property {Twin} [twin] one that is running already, and stays
 */

/** @param {Options} [options] */
export async function openShop(options = {}) {
  const twin = options.twin ?? (await startTwin());
  const names = options.destinations === "all" ? NAMES : options.destinations;
  const settings = settingsFor(twin.url, options.delivery, names);
  if (options.exact) settings.dedup = "exact";
  const wrap = options.wrap ?? (options.faulty && "./faulty.js");
  const worker = await startWorker({
    settings: options.settings ? options.settings(settings) : settings,
    // What is tested is the worker, and not what serves files in front of it.
    assets: "",
    secrets: options.secrets ?? SECRETS,
    queue: {maxBatchTimeout: 0.05, ...options.queue},
    ...(options.cf && {cf: options.cf}),
    ...(options.ratelimits && {ratelimits: options.ratelimits}),
    ...(options.buckets && {buckets: options.buckets}),
    ...(options.exact !== undefined && {objects: {CLAIMS_OBJECT: "Claims"}}),
    ...(options.persist && {persist: options.persist}),
    ...(options.version && {version: options.version}),
    ...(wrap && {wrap: await readFile(new URL(wrap, import.meta.url), "utf8")}),
  });
  return new Shop(worker, twin, options.twin === undefined);
}

export class Shop {
  /** What the answers said about single events, by source: the ledger has to agree. */
  tally = {accepted: 0, malformed: 0};

  /**
   * @param {Worker} worker
   * @param {Twin} twin
   * @param {boolean} owner
   */
  constructor(worker, twin, owner) {
    this.worker = worker;
    this.twin = twin;
    this.owner = owner;
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   * @returns {Promise<Reply>}
   */
  async fetch(path, init = {}) {
    const url = new URL(path, this.worker.url);
    // A worker may get the port that one before it had, to which a connection is still kept that nobody answers.
    const once = (/** @type {any} */ error) => {
      if (error?.cause?.code !== "UND_ERR_SOCKET" || (init.method ?? "GET") !== "GET") throw error;
      return fetch(url, init);
    };
    const response = await fetch(url, init).catch(once);
    const text = await response.text();
    let body;
    try {
      body = JSON.parse(text);
    } catch {
      body = undefined;
    }
    return {status: response.status, headers: response.headers, body, text};
  }

  /**
   * `POST /v1/events` with just these headers.
   * @param {unknown} events a text or bytes as they are, anything else as JSON
   * @param {Record<string, string>} headers
   * @param {string} [path]
   */
  async post(events, headers, path = "/v1/events") {
    const content = body(events);
    const stream = content instanceof ReadableStream ? {duplex: "half"} : {};
    const all = {"content-type": "application/json", ...headers};
    const reply = await this.fetch(path, /** @type {RequestInit} */ ({method: "POST", headers: all, body: content, ...stream}));
    if (reply.body?.results) {
      // Pages are not told which of their events were known.
      const {received = 0, accepted = 0, duplicates = 0, blocked} = reply.body;
      this.tally.accepted += received + accepted + duplicates + blocked;
      this.tally.malformed += reply.body.rejected;
    }
    return reply;
  }

  /**
   * As the shop's server, with its secret.
   * @param {unknown} events
   * @param {Record<string, string>} [headers]
   */
  server(events, headers = {}) {
    return this.post(events, {authorization: `Bearer ${SECRETS.SHOP_SECRET}`, ...headers});
  }

  /**
   * As the bulk sender, whose events go to the webhook only.
   * @param {unknown} events
   * @param {Record<string, string>} [headers]
   */
  bulk(events, headers = {}) {
    return this.post(events, {authorization: `Bearer ${SECRETS.BULK_SECRET}`, ...headers});
  }

  /**
   * As a page of the shop, visited from VISITOR_IP.
   * @param {unknown} events
   * @param {Record<string, string>} [headers]
   */
  page(events, headers = {}) {
    return this.post(events, {"x-edgetally-key": KEY, origin: ORIGIN, "cf-connecting-ip": VISITOR_IP, "user-agent": "PageBrowser/1.0", ...headers});
  }

  /**
   * As an operator.
   * @param {string} path
   * @param {Json} [posted]
   */
  async admin(path, posted) {
    const reply = await this.fetch(path, {
      headers: {authorization: `Bearer ${ADMIN}`},
      ...(posted && {method: "POST", body: JSON.stringify(posted)}),
    });
    assert.equal(reply.status, 200, `${path}: ${reply.text}`);
    return reply.body;
  }

  /** @param {string} [query] */
  ledger(query = "") {
    return this.admin(`/v1/ledger${query}`);
  }

  /**
   * The ledger's row of a destination; zeroes when there is none yet.
   * @param {string} destination
   * @param {string} [source]
   * @returns {Promise<Json>}
   */
  async row(destination, source = "shop") {
    const {balances} = await this.ledger();
    const found = balances.find((/** @type {Json} */ row) => row.source === source && row.destination === destination);
    return found ?? {accepted: 0, delivered: 0, duplicate: 0, blocked: 0, skipped: 0, rejected: 0, processing: 0, retrying: 0, dead: 0, remainder: 0};
  }

  /** @returns {Promise<Json[]>} */
  async deadLetters() {
    return (await this.admin("/v1/dead-letters?limit=500")).dead_letters;
  }

  /** @returns {Promise<Json[]>} */
  async quarantined() {
    return (await this.admin("/v1/dead-letters?limit=500")).quarantined;
  }

  /**
   * Ids that a platform counted, sorted; one that it counted twice stands there twice.
   * @param {string} platform
   */
  arrived(platform) {
    return this.twin.received({platform, limit: 10_000}).events.map((event) => event.event_id ?? "").sort();
  }

  /**
   * Waits until the platform has counted this many different events.
   * @param {string} platform
   * @param {number} n
   */
  arrival(platform, n) {
    return waitFor(`${n} events at ${platform}`, () => (this.twin.stats().platforms[platform]?.unique ?? 0) >= n);
  }

  /**
   * The one event of that id that a platform received.
   * @param {string} platform
   * @param {string} id
   */
  async one(platform, id) {
    await waitFor(`${id} at ${platform}`, () => this.twin.received({platform, event_id: id}).total > 0);
    const {events} = this.twin.received({platform, event_id: id});
    assert.equal(events.length, 1, `${id} at ${platform}`);
    return /** @type {NonNullable<typeof events[0]>} */ (events[0]);
  }

  /**
   * Breaks bindings (only with `faulty`), a number meaning so many times; those that are not named work again.
   * @param {Record<string, boolean | number>} faults
   */
  async faults(faults) {
    await this.fetch("/_test/faults", {method: "POST", body: JSON.stringify(faults)});
  }

  /**
   * What the worker gave to the queue (only with `faulty`).
   * @returns {Promise<{sent: string[], counts: Record<string, number>}>}
   */
  async sent() {
    return (await this.fetch("/_test/sent")).body;
  }

  /**
   * Puts a message on the queue past the worker.
   * @param {string} text
   */
  async enqueue(text) {
    const queue = await this.worker.mf.getQueueProducer("EVENTS");
    await queue.send(text, {contentType: "text"});
  }

  /**
   * What the store holds, by name.
   * @returns {Promise<Record<string, string | null>>}
   */
  async claims() {
    /** @type {unknown} */
    const namespace = await this.worker.mf.getKVNamespace("CLAIMS");
    const store = /** @type {Store} */ (namespace);
    /** @type {Record<string, string | null>} */
    const found = {};
    for (const {name} of (await store.list()).keys) found[name] = await store.get(name);
    return found;
  }

  /** Runs the cron trigger now: receipts that are due are asked about. */
  async cron() {
    const worker = await this.worker.mf.getWorker();
    await /** @type {Json} */ (worker).scheduled({cron: "*/10 * * * *"});
  }

  /** Waits until the ledger knows of every event that was answered for, and none is on its way. */
  async settle() {
    let last;
    try {
      await waitFor("the ledger to settle", async () => {
        last = await this.ledger();
        const sum = {accepted: 0, malformed: 0};
        for (const counts of Object.values(last.intake)) {
          sum.accepted += counts.accepted ?? 0;
          sum.malformed += counts.malformed ?? 0;
        }
        const waiting = last.balances.some((/** @type {Json} */ row) => row.retrying !== 0);
        return !waiting && sum.accepted >= this.tally.accepted && sum.malformed >= this.tally.malformed;
      });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}; answered ${JSON.stringify(this.tally)}, ledger ${JSON.stringify(last)}`);
    }
    return this.check();
  }

  /** The law, at any time: whatever the ledger knows of is in one state. */
  async check() {
    const ledger = await this.ledger();
    assert.equal(ledger.remainder, 0, JSON.stringify(ledger.balances));
    for (const row of ledger.balances) {
      assert.ok(Object.values(row).every((n) => typeof n === "string" || /** @type {number} */ (n) >= 0), JSON.stringify(row));
    }
    return ledger;
  }

  /**
   * Settles, checks what must hold after every test, and stops.
   * @param {{lossy?: string[], crossed?: boolean}} [exceptions] platforms whose count may differ from the ledger's,
   *   because replies were lost; `crossed`: other workers shared the twin or the ledger
   */
  async close(exceptions = {}) {
    try {
      const ledger = await this.settle();
      if (!exceptions.crossed) {
        let [accepted, malformed] = [0, 0];
        for (const counts of /** @type {Json[]} */ (Object.values(ledger.intake))) {
          accepted += counts.accepted ?? 0;
          malformed += counts.malformed ?? 0;
        }
        assert.deepEqual({accepted, malformed}, this.tally, "the ledger counts what the answers said");
        for (const {name, platform} of PLATFORMS) {
          if (exceptions.lossy?.includes(platform)) continue;
          const rows = ledger.balances.filter((/** @type {Json} */ row) => row.destination === name);
          // What is being judged has arrived.
          const delivered = rows.reduce((/** @type {number} */ sum, /** @type {Json} */ row) => sum + row.delivered + row.processing, 0);
          const stats = this.twin.stats().platforms[platform];
          assert.deepEqual([stats?.unique, stats?.duplicates, stats?.dropped], [delivered, 0, 0], `what ${platform} counted`);
        }
      }
      assert.deepEqual(this.twin.stats().violations, []);
    } finally {
      await this.stop();
    }
  }

  /** Stops without a look. */
  async stop() {
    await this.worker.dispose();
    if (this.owner) await this.twin.close();
  }
}

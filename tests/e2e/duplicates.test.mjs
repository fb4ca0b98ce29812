// Two copies of one event are one event: within a batch, across requests, across isolates, and at the same moment.

import assert from "node:assert/strict";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, before, describe, test} from "node:test";
import {startTwin} from "../../twin/server.mjs";
import {openShop, pageView, purchase, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Reply} Reply */

/** @param {Reply} reply */
const statuses = (reply) => reply.body.results.map((/** @type {any} */ one) => one.status);

describe("in one worker", () => {
  /** @type {Shop} */
  let shop;
  before(async () => {
    shop = await openShop({faulty: true});
  });
  after(() => shop.close());

  test("a copy in the same batch", async () => {
    const reply = await shop.server([purchase("batch-1"), purchase("batch-2"), purchase("batch-1"), purchase("batch-1", {value: 1})]);
    assert.deepEqual(statuses(reply), ["accepted", "accepted", "duplicate", "duplicate"]);
    await shop.settle();
    for (const platform of ["meta", "webhook"]) {
      assert.equal((await shop.one(platform, "batch-1")).duplicate, false);
    }
  });

  test("a copy in a later request, whoever sends it", async () => {
    assert.deepEqual(statuses(await shop.page(purchase("later-1"))), ["received"]);
    assert.deepEqual(statuses(await shop.page(purchase("later-1"))), ["received"]);
    assert.deepEqual(statuses(await shop.server(purchase("later-1"))), ["duplicate"]);
    assert.deepEqual(statuses(await shop.server([purchase("later-1"), purchase("later-2")])), ["duplicate", "accepted"]);
  });

  test("another name, another source or another case of the id is another event", async () => {
    assert.deepEqual(statuses(await shop.server(purchase("same-1"))), ["accepted"]);
    assert.deepEqual(statuses(await shop.server(pageView("same-1"))), ["accepted"]);
    assert.deepEqual(statuses(await shop.server(purchase("SAME-1"))), ["accepted"]);
    assert.deepEqual(statuses(await shop.bulk(small("same-1", {event: "add_to_wishlist"}))), ["accepted"]);
  });

  test("ten at once: one is accepted, nine are duplicates, and each platform gets one", async () => {
    const replies = await Promise.all(Array.from({length: 10}, () => shop.server(purchase("ten-1"))));
    assert.deepEqual(replies.map((reply) => reply.status), Array(10).fill(202));
    assert.deepEqual(replies.flatMap(statuses).sort(), ["accepted", ...Array(9).fill("duplicate")]);
    await shop.settle();
    for (const platform of ["meta", "ga4", "webhook"]) await shop.one(platform, "ten-1");
  });

  test("ten at once from pages in overlapping batches", async () => {
    const replies = await Promise.all(
      Array.from({length: 10}, (_, i) => shop.page([purchase(`overlap-${i}`), purchase("overlap-all"), purchase(`overlap-${(i + 1) % 10}`)])),
    );
    assert.deepEqual(replies.flatMap(statuses), Array(30).fill("received"));
    await shop.settle();
    for (const id of [...Array(10).keys()].map((i) => `overlap-${i}`).concat("overlap-all")) await shop.one("meta", id);
  });

  test("a copy that comes while the first is not yet durable waits for it, and takes over when it fails", async () => {
    // The queue refuses both tries of whichever request comes first.
    await shop.faults({queue: 2});
    const replies = await Promise.all([shop.server(purchase("takeover-1")), shop.server(purchase("takeover-1")), shop.server(purchase("takeover-1"))]);
    assert.deepEqual(replies.map((reply) => reply.status).sort(), [202, 202, 503]);
    const answered = replies.filter((reply) => reply.status === 202);
    assert.deepEqual(answered.flatMap(statuses).sort(), ["accepted", "duplicate"]);
    await shop.settle();
    await shop.one("meta", "takeover-1");
  });

  test("a richer copy goes where the first had no use, and nowhere twice", async () => {
    const poor = purchase("richer-1", {user: {}, context: {page_url: "https://shop.example/thanks", user_agent: "Mozilla/5.0"}});
    const first = (await shop.server(poor)).body.results[0];
    assert.deepEqual(first.destinations, {meta: "skipped:identifiers_missing", ga4: "skipped:client_id_missing", hook: "queued"});
    const second = (await shop.server(purchase("richer-1"))).body.results[0];
    assert.deepEqual([second.status, second.destinations], ["accepted", {meta: "queued", ga4: "queued", hook: "duplicate"}]);
    await shop.settle();
    for (const platform of ["meta", "ga4", "webhook"]) await shop.one(platform, "richer-1");
  });

  test("a refused copy makes room for a corrected one", async () => {
    shop.twin.faults({platform: "meta", kind: "reject_event_id", event_id: "corrected-1"});
    await shop.server(purchase("corrected-1"));
    await shop.settle();
    assert.equal((await shop.deadLetters()).length, 1);
    shop.twin.clearFaults();
    await waitFor("the claim to let go", async () => Object.values(await shop.claims()).some((claim) => claim?.startsWith("2s") && claim.endsWith(":ga4,hook")));
    const reply = (await shop.server(purchase("corrected-1"))).body.results[0];
    assert.deepEqual([reply.status, reply.destinations], ["accepted", {meta: "queued", ga4: "duplicate", hook: "duplicate"}]);
    await shop.settle();
    await shop.one("meta", "corrected-1");
  });

  test("an event that may go nowhere makes no claim", async () => {
    assert.deepEqual(statuses(await shop.server(purchase("later-consent", {consent: {}}))), ["blocked"]);
    assert.deepEqual(statuses(await shop.server(purchase("later-consent"))), ["accepted"]);
  });
});

test("a second isolate knows what the first one took, through the store", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-test-"));
  const twin = await startTwin();
  try {
    const events = Array.from({length: 150}, (_, i) => small(`isolate-${i}`));
    const first = await openShop({persist, twin});
    assert.equal((await first.bulk(events)).body.accepted, 150);
    await first.settle();
    await waitFor("150 claims", async () => Object.keys(await first.claims()).length >= 150);
    await first.stop();

    // Behind bindings that answer bulk questions in another order than they were asked.
    const second = await openShop({persist, twin, faulty: true});
    const reply = await second.bulk([small("isolate-new"), ...events.slice(0, 130), small("isolate-newer"), ...events.slice(130)]);
    const expected = reply.body.results.map((/** @type {any} */ one) => (one.event_id.startsWith("isolate-new") ? "accepted" : "duplicate"));
    assert.deepEqual(statuses(reply), expected);
    assert.deepEqual([reply.body.accepted, reply.body.duplicates], [2, 150]);
    // Now from memory.
    assert.equal((await second.bulk(events)).body.duplicates, 150);
    second.tally.accepted += first.tally.accepted;
    await second.close();
    assert.equal(twin.stats().platforms.webhook?.received, 152);
  } finally {
    await twin.close();
    await rm(persist, {recursive: true, force: true});
  }
});

test("a refusal that the ledger hears of late lets no later claim go", async () => {
  const shop = await openShop({faulty: true});
  try {
    await shop.server(purchase("late-refusal-1"));
    await shop.settle();
    const before = await waitFor("the claim", async () => {
      const claims = await shop.claims();
      return Object.keys(claims).length === 1 ? claims : undefined;
    });
    const [message = ""] = (await shop.sent()).sent;
    const [parcel] = JSON.parse(message).parcels;
    // As the consumer writes it when the ledger is away: the copy that was refused said the same as the corrected one.
    const letter = {id: "late#0#meta", at: Date.now(), source: "shop", destination: "meta", event: "purchase", event_id: parcel.i, state: "rejected", code: "100", parcel: JSON.stringify(parcel)};
    await shop.enqueue(JSON.stringify({v: 1, kind: "report", id: "late", counts: [], dead: [letter]}));
    await waitFor("the letter", async () => (await shop.deadLetters()).length === 1);
    assert.deepEqual(await shop.claims(), before);
    assert.deepEqual(statuses(await shop.server(purchase("late-refusal-1"))), ["duplicate"]);
  } catch (error) {
    await shop.stop();
    throw error;
  }
  await shop.close();
});

test("a page key that sends too much is asked to come again, and the shop's server is not", async () => {
  const shop = await openShop({
    ratelimits: {PAGES: {simple: {limit: 5, period: 60}}},
    settings: (settings) => {
      settings.sources.shop.rate_limit = "PAGES";
      return settings;
    },
  });
  const replies = [];
  for (let i = 0; i < 12; i += 1) replies.push(await shop.page(purchase(`many-${i}`)));
  const refused = replies.filter((reply) => reply.status === 429);
  // The runtime counts in windows of the clock, so the twelve may lie in two of them.
  assert.ok(refused.length >= 2 && refused.length <= 7, `${refused.length}`);
  assert.deepEqual([refused[0]?.body.error.code, refused[0]?.headers.get("retry-after")], ["rate_limited", "60"]);
  assert.equal((await shop.server(purchase("many-12"))).status, 202);
  assert.equal((await shop.fetch("/v1/health")).body.bindings.PAGES, true);
  await shop.close();
});

test("a rate limit without its binding limits nobody, and health says so", async () => {
  const shop = await openShop({
    settings: (settings) => {
      settings.sources.shop.rate_limit = "PAGES";
      return settings;
    },
  });
  assert.equal((await shop.page(purchase("unlimited-1"))).status, 202);
  const health = await shop.fetch("/v1/health");
  assert.deepEqual([health.status, health.body.bindings.PAGES], [503, false]);
  await shop.close();
});

test("a page's forged orders do not hold the shop's own back", async () => {
  const shop = await openShop();
  const forged = (/** @type {string} */ id) => purchase(id, {value: 1, transaction_id: id, user: {email: "forger@mail.example"}});
  const ids = Array.from({length: 100}, (_, i) => `forged-${i}`);
  await shop.page(ids.map(forged));
  await shop.settle();
  const reply = await shop.server(ids.map((id) => purchase(id, {transaction_id: id})));
  assert.equal(reply.body.accepted, 100);
  assert.ok(reply.body.results.every((/** @type {any} */ one) => one.code === "conflict" && one.destinations.meta === "queued"));
  await shop.settle();
  assert.equal((await shop.row("meta")).conflict, 100);
  const {events} = await shop.admin("/v1/recent?event_id=forged-0");
  assert.ok(events.some((/** @type {any} */ one) => one.what.meta === "conflict"), JSON.stringify(events));
  // Both are at the platform, and there the first of an id wins: docs/security.md says so.
  assert.equal(shop.twin.received({platform: "meta", event_id: "forged-0"}).total, 2);
  // The platforms count an id once.
  await shop.close({lossy: ["meta", "ga4", "webhook"]});
});

test("a test is no copy of the real event, and the real event none of the test", async () => {
  const shop = await openShop();
  const trial = purchase("trial-1", {test: true});
  for (const [event, status] of /** @type {const} */ ([[trial, "accepted"], [purchase("trial-1"), "accepted"], [purchase("trial-1"), "duplicate"], [trial, "accepted"]])) {
    assert.deepEqual(statuses(await shop.server(event)), [status]);
  }
  // Google checks test events elsewhere, where nothing is counted; Meta's and the webhook's have the same id as the real one.
  await shop.close({lossy: ["meta", "ga4", "webhook"]});
});

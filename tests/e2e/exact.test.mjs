// Exact claims (`dedup = "exact"`): two copies at the same moment, in several consumers, behind objects that fail, across a kill
// and a change of the mode.

import assert from "node:assert/strict";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {startTwin} from "../../twin/server.mjs";
import {openShop, purchase, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */
/** @typedef {import("../support/shop.mjs").Shop} Shop */

/**
 * @param {import("../support/shop.mjs").Options} [options]
 */
const open = (options = {}) => openShop({exact: true, faulty: true, ...options});

/**
 * Asks an object of claims, past the worker.
 * @param {Shop} shop
 * @param {string} name
 * @param {Json} question
 * @returns {Promise<Json>}
 */
async function ask(shop, name, question) {
  const objects = /** @type {Json} */ (/** @type {unknown} */ (await shop.worker.mf.getDurableObjectNamespace("CLAIMS_OBJECT")));
  const reply = await objects.get(objects.idFromName(name)).fetch("https://claims/", {method: "POST", body: JSON.stringify(question)});
  assert.equal(reply.status, 200, await reply.clone().text());
  return reply.json();
}

/** @param {import("../support/shop.mjs").Reply} reply */
const statuses = (reply) => reply.body.results.map((/** @type {Json} */ one) => one.status);

/**
 * Puts a message on the queue that another isolate would have made of a copy, which had not heard of the first.
 * @param {Shop} shop
 * @param {string} message
 * @param {string} id of the envelope
 * @param {string} copy
 * @param {(parcel: Json) => void} [change]
 */
async function another(shop, message, id, copy, change = () => {}) {
  const envelope = JSON.parse(message);
  envelope.id = id;
  envelope.parcels.forEach((/** @type {Json} */ parcel, /** @type {number} */ n) => {
    if (copy === "") delete parcel.o;
    else parcel.o = `${copy}${String(n).padStart(16 - 4, "0")}`.padEnd(17, "7");
    change(parcel);
  });
  delete envelope.decided;
  await shop.enqueue(JSON.stringify(envelope));
  shop.tally.accepted += envelope.parcels.length;
}

test("copies that several consumers have at once: one arrives, and KV is not touched", async () => {
  // A reply that is lost would send the same copy again, which is another matter.
  const shop = await open({queue: {maxBatchSize: 1, maxBatchTimeout: 0}, delivery: {timeout_ms: 20_000}});
  const ids = Array.from({length: 12}, (_, i) => `race-${i}`);
  await shop.server(ids.map((id) => purchase(id)));
  const [message = ""] = (await shop.sent()).sent;
  assert.match(message, /"o":"s[0-9a-f]{16}"/);
  await Promise.all(["pa", "pb", "sa", "sb"].map((copy, n) => another(shop, message, `race${n}`, `${copy}00`)));
  // A page's copy in another request: this isolate's memory knows of it.
  await shop.page(ids.map((id) => purchase(id)));
  await shop.settle();
  for (const platform of ["meta", "webhook"]) for (const id of ids) await shop.one(platform, id);
  const row = await shop.row("meta");
  assert.deepEqual([row.delivered, row.duplicate], [12, 12 * 5]);
  assert.deepEqual(await shop.claims(), {});
  const {counts} = await shop.sent();
  assert.deepEqual([counts.claims_get, counts.claims_put], [0, 0]);
  const health = await shop.fetch("/v1/health");
  assert.deepEqual([health.body.dedup, health.body.bindings.CLAIMS_OBJECT, health.status], ["exact", true, 200]);
  await shop.close();
});

test("a new event is one written row, with an order of its own two, and a duplicate none", async () => {
  const shop = await open();
  const copy = "p0000000100000000";
  const key = (/** @type {number} */ n) => n.toString(16).padStart(32, "0");
  const one = (/** @type {number} */ n, /** @type {string} */ owner, order = "") => [key(n), order, copy, owner.padStart(16, "0"), 1, "meta,ga4"];
  const all = (/** @type {string} */ owner) => Array.from({length: 500}, (_, n) => one(n, owner));
  assert.deepEqual(await ask(shop, "rows", {days: 7, ask: all("a")}), {said: Array(500).fill("gg"), written: 500});
  assert.deepEqual(await ask(shop, "rows", {days: 7, ask: all("a")}), {said: Array(500).fill("gg"), written: 0});
  assert.deepEqual(await ask(shop, "rows", {days: 7, ask: all("b")}), {said: Array(500).fill("dd"), written: 0});
  assert.deepEqual(await ask(shop, "rows", {days: 7, ask: [one(1000, "a", key(1001))]}), {said: ["gg"], written: 2});
  // Another window begins another table, and forgets nothing.
  assert.deepEqual(await ask(shop, "rows", {days: 14, ask: [one(0, "b")]}), {said: ["dd"], written: 0});
  const gone = await ask(shop, "rows", {days: 7, let_go: [[key(0), "meta", "a".padStart(16, "0")], [key(0), "ga4", "a".padStart(16, "0")]]});
  assert.equal(gone.written, 1);
  assert.deepEqual((await ask(shop, "rows", {days: 7, look: [key(0), key(1)]})).found, ["", `3${copy}${"a".padStart(16, "0")}00000001:meta,ga4`]);
  const objects = /** @type {Json} */ (/** @type {unknown} */ (await shop.worker.mf.getDurableObjectNamespace("CLAIMS_OBJECT")));
  const refused = await objects.get(objects.idFromName("rows")).fetch("https://claims/", {method: "POST", body: "{}"});
  assert.equal(refused.status, 500);
  await shop.close();
});

test("while the claims cannot be asked for events wait, and are counted once", async () => {
  const shop = await open({queue: {retryDelay: 1}});
  await shop.faults({claims_object: true});
  await shop.server([purchase("held-1"), small("held-2")]);
  await waitFor("the ledger to say that they wait", async () => (await shop.row("hook")).held === 2);
  await waitFor("a second try", async () => ((await shop.sent()).counts.claims_object ?? 0) >= 2, 40);
  assert.equal(shop.twin.stats().platforms.meta?.received ?? 0, 0);
  const health = await shop.fetch("/v1/health");
  assert.ok(health.body.warnings.some((/** @type {string} */ one) => one.includes("claims does not answer")), health.text);
  // What is done is done, though the reply be lost: the copy finds its own claim.
  await shop.faults({claims_object_mute: 1});
  await waitFor("what waited to arrive", async () => (await shop.row("hook")).delivered === 2, 60);
  await shop.one("meta", "held-1");
  const row = await shop.row("hook");
  assert.deepEqual([row.held, row.delivered, row.duplicate, row.unclaimed ?? 0], [2, 2, 0, 0]);
  await shop.close();
});

test("or they go unclaimed where the settings say so, and that is counted", async () => {
  const shop = await open({settings: (settings) => ({...settings, on_dedup_failure: "send"})});
  await shop.faults({claims_object: true});
  await shop.server([purchase("sent-1")]);
  await shop.settle();
  const row = await shop.row("meta");
  assert.deepEqual([row.delivered, row.unclaimed, row.held ?? 0], [1, 1, 0]);
  await shop.close();
});

test("the shop's own copy stands against a forged one, and both are told", async () => {
  const shop = await open();
  await shop.server([purchase("conflict-1", {transaction_id: "conflict-1"})]);
  const [message = ""] = (await shop.sent()).sent;
  await shop.settle();
  // A forged copy before the shop's own, and one behind it.
  const order = purchase("conflict-2", {transaction_id: "conflict-2", value: 1});
  await shop.page([order]);
  await shop.settle();
  const answer = await shop.server([{...order, value: 129.9}]);
  assert.equal(answer.body.results[0].code, "conflict");
  await shop.settle();
  await another(shop, message, "forged", "pf00", (parcel) => {
    parcel.m = {...parcel.m, amount: "5", value: "5", ...(Array.isArray(parcel.m) ? ["5", parcel.m[1]] : {})};
    if (Array.isArray(JSON.parse(message).parcels[0].m)) parcel.m = ["5", JSON.parse(message).parcels[0].m[1]];
  });
  await shop.settle();
  const row = await shop.row("meta");
  assert.deepEqual([row.conflict, row.delivered, row.duplicate], [1, 3, 1]);
  const {events} = await shop.admin("/v1/recent?event_id=conflict-2");
  assert.ok(events.some((/** @type {Json} */ one) => one.what.meta === "conflict"), JSON.stringify(events));
  await shop.close({lossy: ["meta", "ga4", "webhook"]});
});

test("a refused copy makes room for a corrected one", async () => {
  const shop = await open();
  shop.twin.faults({platform: "meta", kind: "reject_event_id", event_id: "refused-1"});
  await shop.server([purchase("refused-1")]);
  await shop.settle();
  assert.equal((await shop.row("meta")).rejected, 1);
  shop.twin.clearFaults();
  await shop.server([purchase("refused-1")]);
  await shop.settle();
  await shop.one("meta", "refused-1");
  await shop.one("webhook", "refused-1");
  await shop.close();
});

test("a source may have it said in the answer, whichever isolate knows", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-exact-"));
  const twin = await startTwin();
  try {
    const settings = (/** @type {Json} */ all) => {
      all.sources.shop.dedup_answer = "exact";
      return {...all, dedup_shards: 4};
    };
    const first = await open({persist, twin, settings});
    await first.server([purchase("told-1"), purchase("told-2", {transaction_id: "order-2"})]);
    await first.settle();
    await first.stop();
    const second = await open({persist, twin, settings});
    const reply = await second.server([purchase("told-1"), purchase("other-2", {transaction_id: "order-2"}), purchase("told-3")]);
    assert.deepEqual(statuses(reply), ["duplicate", "duplicate", "accepted"]);
    second.tally.accepted += first.tally.accepted;
    await second.close();
  } finally {
    await twin.close();
    await rm(persist, {recursive: true, force: true});
  }
});

test("a kill, a change of shards and of the mode, and an earlier release's messages: nothing is lost", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-exact-"));
  const twin = await startTwin();
  const tally = {accepted: 0, malformed: 0};
  /** @param {import("../support/shop.mjs").Options} options */
  const next = async (options) => {
    const shop = await open({persist, twin, ...options});
    shop.tally = tally;
    return shop;
  };
  try {
    // As it was before: claims in KV, and messages that name no copy.
    let shop = await next({exact: false});
    await shop.server([purchase("mode-1")]);
    await shop.settle();
    const [message = ""] = (await shop.sent()).sent;
    assert.doesNotMatch(message, /"o":"[pts][0-9a-f]{16}"/);
    await shop.stop();
    shop = await next({});
    await another(shop, message, "old-1", "", (parcel) => (parcel.i = "old-1"));
    await shop.settle();
    await shop.one("meta", "old-1");
    // Another copy of it, now with a name of its own.
    await shop.server([purchase("old-1"), purchase("new-1")]);
    await shop.settle();
    await shop.one("meta", "old-1");
    assert.ok(shop.worker.pid);
    process.kill(shop.worker.pid, "SIGKILL");
    await shop.stop().catch(() => {});
    // In four objects, of which the one before is asked as well.
    shop = await next({settings: (all) => ({...all, dedup_shards: 4, dedup_shards_before: 1})});
    await shop.server([purchase("old-1"), purchase("new-1"), purchase("new-2")]);
    await shop.settle();
    for (const id of ["old-1", "new-1", "new-2"]) await shop.one("meta", id);
    await shop.stop();
    // With KV in front while the mode is changed back, its claims are there.
    shop = await next({settings: (all) => ({...all, dedup_shards: 4, kv_front: true})});
    assert.deepEqual(statuses(await shop.server([purchase("mode-1")])), ["duplicate"]);
    await shop.server([purchase("front-1")]);
    await shop.settle();
    await waitFor("the claim in KV", async () => Object.keys(await shop.claims()).length === 2);
    for (const claim of Object.values(await shop.claims())) assert.match(String(claim), /^2/);
    await shop.stop();
    shop = await next({exact: false});
    assert.deepEqual(statuses(await shop.server([purchase("front-1"), purchase("mode-1")])), ["duplicate", "duplicate"]);
    await shop.settle();
    await shop.close();
  } finally {
    await twin.close();
    await rm(persist, {recursive: true, force: true});
  }
});

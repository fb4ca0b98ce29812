// Outcomes in a bucket: their lines add up to what the ledger counts, whatever is delivered again, dies in between or is away.

import assert from "node:assert/strict";
import {createHmac} from "node:crypto";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {startTwin} from "../../twin/server.mjs";
import {CUSTOMER, GRANTED, openShop, pageView, purchase, SECRETS, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */
/** @typedef {import("../support/shop.mjs").Shop} Shop */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LAW = ["delivered", "duplicate", "blocked", "skipped", "rejected", "processing", "retrying", "dead"];

/** A bucket, a ledger that can be broken, and a stand-in that is slow on a busy machine lost no reply. */
const BUCKET = {buckets: ["OUTCOMES"], wrap: "./ledger.js", delivery: {timeout_ms: 10_000}};

/** @param {Shop} shop */
async function objects(shop) {
  const bucket = /** @type {Json} */ (/** @type {unknown} */ (await shop.worker.mf.getR2Bucket("OUTCOMES")));
  const {objects: found} = await bucket.list({limit: 1000});
  /** @type {[string, string][]} */
  const all = [];
  for (const {key} of found) all.push([key, await (await bucket.get(key)).text()]);
  return all;
}

/** The lines of all objects, each in the object of its hour. @param {Shop} shop @returns {Promise<Json[]>} */
async function outcomes(shop) {
  const all = [];
  for (const [key, text] of await objects(shop)) {
    assert.ok(text.endsWith("\n"), key);
    for (const line of text.trimEnd().split("\n").map((one) => JSON.parse(one))) {
      const hour = line.received_hour;
      assert.equal(key.split("/").slice(0, 3).join("/"), `outcomes/dt=${hour.slice(0, 10)}/hour=${hour.slice(11, 13)}`);
      all.push(line);
    }
  }
  return all;
}

/**
 * Sums by hour, source, destination and state, those that come to nothing left out.
 * @param {[string, number][]} rows
 */
function sums(rows) {
  /** @type {Record<string, number>} */
  const sum = {};
  for (const [name, n] of rows) sum[name] = (sum[name] ?? 0) + n;
  return Object.fromEntries(Object.entries(sum).filter(([, n]) => n !== 0).sort());
}

/** @param {Shop} shop */
async function exported(shop) {
  return sums((await outcomes(shop)).map(({received_hour: hour, source, destination, state, n}) => [[hour, source, destination, state].join(" "), n]));
}

/** What the ledger counts of the same. @param {Shop} shop */
async function counted(shop) {
  const {lines, more} = await shop.ledger("?hours=1&limit=5000");
  assert.notEqual(more, true);
  const told = lines.filter((/** @type {Json} */ {destination, state}) => (destination ? LAW.includes(state) : ["accepted", "malformed"].includes(state)));
  return sums(told.map((/** @type {Json} */ {hour, source, destination, state, n}) => [[new Date(hour).toISOString(), source, destination ?? "", state].join(" "), n]));
}

/** The two agree, and there is something to agree on. @param {Shop} shop */
async function balanced(shop) {
  const [bucket, ledger] = [await exported(shop), await counted(shop)];
  assert.deepEqual(bucket, ledger);
  assert.ok(Object.keys(ledger).length > 0);
}

/**
 * What an event goes by, as docs/export.md has it.
 * @param {string} source
 * @param {string} event
 * @param {string} id
 */
function keyOf(source, event, id) {
  const mac = createHmac("sha256", SECRETS.EDGETALLY_KEY ?? "").update("x");
  for (const part of [source, event, id].map((text) => Buffer.from(text))) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(part.length));
    mac.update(length).update(part);
  }
  return mac.digest("hex").slice(0, 32);
}

/**
 * @param {Shop} shop
 * @param {Json} faults
 */
const broken = (shop, faults) => shop.fetch("/_test/break", {method: "POST", body: JSON.stringify(faults)});

/**
 * @param {Shop} shop
 * @param {Json[]} reports
 */
async function report(shop, reports) {
  const reply = await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify(reports)});
  assert.equal(reply.status, 200, reply.text);
}

/**
 * @param {Shop} shop
 * @param {string} query
 * @returns {Promise<Json[]>}
 */
async function sql(shop, query) {
  return (await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query})})).body;
}

const THIS_HOUR = Math.floor(Date.now() / HOUR) * HOUR;

/**
 * @param {string} state
 * @param {number} n
 * @param {Json} [more]
 */
const count = (state, n, more = {}) => [{h: THIS_HOUR, s: "shop", e: "purchase", d: "hook", o: state, ...more}, n];

/**
 * An event as a report names it.
 * @param {string} id
 * @param {[string, string, string, number][]} to
 */
const moved = (id, to) => [String(THIS_HOUR + 1000), "shop", "", "purchase", id, ...Array(7).fill(""), ...to.flat().map(String)];

/** What became of an order, by its key: `destination state:n`. @param {Json[]} lines @param {string} key */
const storyOf = (lines, key) =>
  lines.filter((line) => line.event_key === key).map(({destination, state, n}) => `${destination || "intake"} ${state} ${n}`).sort();

test("every outcome has its line, by which an order is found, and the sums are the ledger's", async () => {
  const shop = await openShop({...BUCKET, destinations: ["meta", "ga4", "google_ads", "hook"], delivery: {...BUCKET.delivery, max_attempts: 2}});
  try {
    // Delivered, a copy, refused for want of consent, malformed, a test, a robot, nothing worth.
    await shop.server([purchase("ord-1", {release: "web-1"}), pageView("view-1"), purchase("ord-2", {consent: {...GRANTED, ad_user_data: "denied", ad_storage: "denied"}})]);
    await shop.server([purchase("ord-1", {release: "web-1"}), {event: "purchase"}, purchase("ord-test", {test: true})]);
    await shop.page([{...pageView("view-2"), user: {}}]);
    await shop.settle();
    // One attempt fails; then both do, and the letter is replayed.
    shop.twin.faults({platform: "webhook", kind: "status", status: 500, times: 1});
    await shop.bulk([small("slow-1")]);
    await shop.settle();
    shop.twin.faults({platform: "webhook", kind: "status", status: 500});
    await shop.bulk([small("dead-1")]);
    await waitFor("the letter", async () => (await shop.row("hook", "bulk")).dead === 1);
    await shop.cron();
    await balanced(shop);
    shop.twin.clearFaults();
    await waitFor("the end of the pause", async () => (await shop.fetch("/v1/health")).body.paused_here.hook === undefined);
    await shop.admin("/v1/dead-letters/replay", {destination: "hook"});
    await waitFor("the letter's end", async () => (await shop.row("hook", "bulk")).dead === 0);
    await shop.settle();
    await shop.cron();
    await balanced(shop);

    const lines = await outcomes(shop);
    const order = lines.filter((line) => line.event_key === keyOf("shop", "purchase", "ord-1"));
    assert.deepEqual(
      order.map(({destination, state, n}) => `${destination || "intake"} ${state} ${n}`).sort(),
      [
        "ga4 delivered 1", "ga4 duplicate 1", "google_ads delivered 1", "google_ads duplicate 1", "google_ads processing -1",
        "google_ads processing 1", "hook delivered 1", "hook duplicate 1", "intake accepted 1", "intake accepted 1", "meta delivered 1", "meta duplicate 1",
      ],
    );
    for (const line of order) {
      // A platform that judges later does so when nobody knows any more who sent it.
      const kind = line.destination === "google_ads" && (line.n < 0 || line.state === "delivered") ? null : "server";
      assert.deepEqual([line.source, line.release, line.event, line.value, line.currency, line.kind, line.apart], ["shop", "web-1", "purchase", 129.9, "EUR", kind, null]);
      assert.ok(Math.abs(Date.parse(line.received_at) - Date.now()) < HOUR && line.at >= line.received_at, JSON.stringify(line));
    }
    const sent = order.find(({destination, state}) => destination === "meta" && state === "delivered");
    assert.deepEqual([sent?.attempt, sent?.latency_s >= 0 && sent?.latency_s < 60], [1, true]);
    assert.equal(order.find(({state}) => state === "duplicate")?.latency_s, null);
    assert.deepEqual(storyOf(lines, keyOf("bulk", "page_view", "slow-1")), ["hook delivered 1", "hook retrying -1", "hook retrying 1", "intake accepted 1"]);
    assert.deepEqual(storyOf(lines, keyOf("bulk", "page_view", "dead-1")), [
      "hook dead -1", "hook dead 1", "hook delivered 1", "hook retrying -1", "hook retrying -1", "hook retrying 1", "hook retrying 1", "intake accepted 1",
    ]);
    const blocked = lines.find(({event_key: key, destination}) => key === keyOf("shop", "purchase", "ord-2") && destination === "meta");
    assert.deepEqual([blocked?.state, blocked?.code, blocked?.value], ["blocked", "ad_user_data_denied", 129.9]);
    assert.equal(lines.find(({event_key: key}) => key === keyOf("shop", "purchase", "ord-test"))?.apart, "test");
    assert.equal(lines.find(({event_key: key, destination}) => key === keyOf("shop", "page_view", "view-2") && !destination)?.kind, "page");
    // What has no id has a line all the same.
    assert.deepEqual(lines.filter(({state}) => state === "malformed").map(({event_key: key, n, code}) => [key, n, code]), [[null, 1, "event_id_missing"]]);
    assert.deepEqual(lines.filter(({event_key: key, state}) => key === null && state !== "malformed"), []);
    // Every line has every member, and no object shows anybody.
    const members = Object.keys(/** @type {Json} */ (lines[0]));
    for (const line of lines) assert.deepEqual(Object.keys(line), members);
    const text = (await objects(shop)).map(([key, one]) => key + one).join("");
    for (const secret of ["ord-1", "slow-1", CUSTOMER.external_id, "Brandt", "brandt", "3456789", "198.51.100.7", "1380133182", "ExampleBrowser"]) {
      assert.ok(!text.includes(secret), secret);
    }
    // The ledger keeps none of it.
    assert.deepEqual(await sql(shop, "SELECT (SELECT count(*) FROM outcomes) + (SELECT count(*) FROM exporting) AS n"), [{n: 0}]);
    await shop.settle();
  } finally {
    await shop.stop();
  }
});

test("a bucket that is away holds nothing up, and whatever breaks in between, nothing is there twice", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-test-"));
  const twin = await startTwin();
  const open = () => openShop({...BUCKET, twin, persist});
  let shop = await open();
  try {
    await broken(shop, {bucket: true});
    await shop.server([purchase("away-1"), purchase("away-2")]);
    await shop.settle();
    await shop.cron();
    assert.deepEqual(await objects(shop), []);

    // The bucket has it, and the ledger never hears of that; meanwhile more comes.
    await broken(shop, {deaf: "/exported"});
    await shop.cron();
    const first = await objects(shop);
    assert.ok(first.length > 0);
    await shop.server([purchase("away-3")]);
    await shop.settle();
    await shop.cron();
    assert.deepEqual(await objects(shop), first);

    // It hears, and its reply is lost.
    await broken(shop, {lost: "/exported"});
    await shop.cron();
    await broken(shop, {});
    await shop.cron();
    await shop.cron();
    await balanced(shop);
    assert.deepEqual((await objects(shop)).filter(([key]) => first.some(([known]) => known === key)), first);

    // Everything goes down while something waits.
    await shop.server([purchase("away-4")]);
    await shop.settle();
    const {tally} = shop;
    await shop.stop();
    shop = await open();
    shop.tally = tally;
    await shop.cron();
    await balanced(shop);
    await shop.settle();
  } finally {
    await shop.stop();
    await twin.close();
    await rm(persist, {recursive: true, force: true});
  }
});

test("of what is worked off twice, and by two versions, only what the ledger applies has lines", async () => {
  const shop = await openShop(BUCKET);
  try {
    // Two runs of one message came to two results: the first that the ledger hears of counts.
    const one = {id: "e1", run: "r1", counts: [count("accepted", 2), count("delivered", 1), count("retrying", 1)], moved: [moved("a", [["hook", "delivered", "", 1]]), moved("b", [["hook", "retrying", "", 1]])]};
    const other = {id: "e1", run: "r2", counts: [count("accepted", 2), count("retrying", 2)], moved: ["a", "b"].map((id) => moved(id, [["hook", "retrying", "", 1]]))};
    await report(shop, [one]);
    await report(shop, [other]);
    await report(shop, [one]);
    // What the other one left is superseded; what overtakes waits until it is its turn.
    await report(shop, [{id: "e1/hook.1~b", after: ["e1", "r2"], counts: [count("retrying", -2), count("delivered", 2)], superseded: [count("maybe_twice", 1)], moved: ["a", "b"].map((id) => moved(id, [["hook", "retrying", "", -1], ["hook", "delivered", "", 1]]))}]);
    await report(shop, [{id: "e2/hook.1~c", after: ["e2", "r1"], counts: [count("retrying", -1), count("dead", 1, {c: "http_500"})], moved: [moved("c", [["hook", "retrying", "", -1], ["hook", "dead", "http_500", 1]])]}]);
    await shop.cron();
    await balanced(shop);
    await report(shop, [{id: "e2", run: "r1", counts: [count("accepted", 1), count("retrying", 1)], moved: [moved("c", [["hook", "retrying", "", 1]])]}]);
    // An earlier version says nothing of whose its counts are, and what a report says beyond its counts is not believed.
    await report(shop, [{id: "e3", counts: [count("accepted", 3), count("delivered", 3)]}]);
    await report(shop, [{id: "e4", counts: [count("accepted", 1), count("skipped", 1, {c: "order_known"})], moved: [moved("d", [["hook", "delivered", "", 1], ["hook", "skipped", "order_known", 1], ["hook", "skipped", "order_known", 1]])]}]);
    // One that cannot be applied leaves no lines.
    const failing = await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify([{id: "e5", counts: [count("delivered", 1)], dead: [{id: "no letter"}]}])});
    assert.equal(failing.status, 500);
    await shop.cron();
    await balanced(shop);
    const lines = await outcomes(shop);
    const of = (/** @type {string} */ id) => storyOf(lines, keyOf("shop", "purchase", id));
    assert.deepEqual([of("a"), of("b"), of("c"), of("d")], [["hook delivered 1"], ["hook retrying 1"], ["hook dead 1", "hook retrying -1", "hook retrying 1"], ["hook skipped 1"]]);
    assert.deepEqual(lines.filter(({event_key: key}) => key === null).map(({state, n}) => `${state} ${n}`), ["delivered 3"]);
  } finally {
    await shop.stop();
  }
});

test("a large batch that goes nowhere has its keys in whatever parts it takes", async () => {
  const shop = await openShop({...BUCKET, destinations: ["meta", "ga4", "hook"]});
  try {
    const denied = {ad_storage: "denied", analytics_storage: "denied", ad_user_data: "denied", ad_personalization: "denied"};
    const ids = Array.from({length: 400}, (_, n) => `none-${n}`);
    const reply = await shop.server(ids.map((id, n) => ({...pageView(id, {consent: denied}), release: `web-${n % 7}`})));
    assert.equal(reply.body?.blocked, ids.length, reply.text);
    await shop.settle();
    await shop.cron();
    await balanced(shop);
    const lines = await outcomes(shop);
    assert.deepEqual(lines.filter(({event_key: key}) => key === null), []);
    for (const id of ids) assert.equal(storyOf(lines, keyOf("shop", "page_view", id)).length, 4, id);
  } finally {
    await shop.stop();
  }
});

test("what waits for long is told, and after a week it is dropped and counted", async () => {
  const shop = await openShop(BUCKET);
  try {
    const health = async () => (await shop.fetch("/v1/health")).body;
    await report(shop, [{id: "w1", counts: [count("accepted", 2), count("delivered", 2)]}]);
    assert.deepEqual((await health()).attention, {});
    await broken(shop, {clock: 2 * HOUR});
    const {attention, warnings, status} = await health();
    assert.equal(status, "ok");
    assert.ok(Math.abs(Date.parse(attention.outcomes_waiting) - Date.now()) < HOUR, JSON.stringify(attention));
    assert.match(warnings.join(), /outcomes have been waiting for the bucket since/);
    // Handed out, and then too old: what is left has another name.
    await shop.fetch("/_test/ask/outcomes", {method: "POST", body: "{}"});
    await broken(shop, {clock: 7 * DAY + HOUR});
    await report(shop, [{id: "w2", counts: [count("accepted", 1), count("delivered", 1)]}]);
    await shop.fetch("/_test/alarm", {method: "POST"});
    assert.deepEqual((await health()).attention.outcomes_dropped, {shop: 1});
    assert.equal((await shop.ledger()).outcomes_dropped?.shop, 1);
    await shop.cron();
    assert.deepEqual((await outcomes(shop)).map(({state, n}) => [state, n]), [["delivered", 1]]);
    // So is what there is no room for.
    await broken(shop, {clock: 7 * DAY + 2 * HOUR, bytes: 8e9});
    await report(shop, [{id: "w3", counts: [count("accepted", 5), count("delivered", 5)]}]);
    await shop.cron();
    assert.equal((await outcomes(shop)).length, 1);
    assert.equal((await shop.ledger()).outcomes_dropped?.shop, 2);
    assert.equal((await shop.row("hook")).delivered, 8);
  } finally {
    await shop.stop();
  }
});

test("without a bucket nothing is kept for one", async () => {
  const shop = await openShop({wrap: "./ledger.js"});
  try {
    await shop.server([purchase("none-1")]);
    await shop.settle();
    await shop.cron();
    assert.deepEqual(await sql(shop, "SELECT count(*) AS n FROM outcomes"), [{n: 0}]);
    await shop.settle();
  } finally {
    await shop.stop();
  }
});

// Receipts: each copy has one, it says what was decided, and the chain that it is in holds.

import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {canonical, exported, heads, receipts} from "../support/receipts.mjs";
import {ADMIN, CUSTOMER, openShop, pageView, purchase, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const DAY = 86_400_000;
const headers = {authorization: `Bearer ${ADMIN}`};
const TC = "CQtDjkAQtDjkAEEADBENCyFsAP_gAEPgAAYgF5wBAAKgAgABkAvMC84AIC8wAAAA.IF5wBAAKgAgABkAvMAAA.YAAAAAAAAAAA";

/**
 * @param {Shop} shop
 * @param {string} query
 * @param {unknown[]} [parameters]
 * @returns {Promise<Json[]>}
 */
async function sql(shop, query, parameters = []) {
  const reply = await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query, parameters})});
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
}

/** @param {Shop} shop @param {Json} faults */
const broken = (shop, faults) => shop.fetch("/_test/break", {method: "POST", body: JSON.stringify(faults)});

/**
 * Hands the ledger a report with one decision, as the consumer does.
 * @param {Shop} shop
 * @param {string} id
 */
async function tell(shop, id) {
  const rulings = [["0123456789abcdef", 1, 4, [["hook", "", 3, 65, null]]]];
  await decide(shop, id, {source: "bulk", rulings, inputs: [[0, "ab"]], events: [[0, "page_view", id]]});
}

/**
 * Hands the ledger a report with these decisions.
 * @param {Shop} shop
 * @param {string} id
 * @param {Json} what
 */
async function decide(shop, id, what) {
  const decided = [{at: Date.now(), ...what}];
  const reply = await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify([{id: `report-${id}`, counts: [], decided}])});
  assert.equal(reply.status, 200, reply.text);
}

/** @param {Shop} shop @param {string} id */
const of = async (shop, id) => (await shop.admin(`/v1/receipts/${encodeURIComponent(id)}`)).receipts;

describe("receipts", {concurrency: 2}, () => {
  /** @type {Shop} */
  let shop;
  before(async () => {
    shop = await openShop({wrap: "./ledger.js"});
    await shop.server([
      purchase("all"),
      purchase("silent", {consent: {}}),
      purchase("tcf", {consent: {tcf: TC}}),
      purchase("child/b+7", {consent: {ad_storage: "denied", ad_user_data: "granted", analytics_storage: "granted"}}),
      purchase("test", {test: true}),
      {event: "purchase"},
    ]);
    await shop.server(purchase("all"));
    await shop.page([pageView("page", {consent: {us_privacy: "1YYN"}})], {"sec-gpc": "1"});
    await shop.bulk([small("led-6"), small("led-7")]);
    await shop.settle();
  });
  after(() => shop.stop());

  test("by event id: what was decided for each destination, and by what", async () => {
    const [line, again, ...more] = await of(shop, "all");
    assert.deepEqual(more, []);
    assert.deepEqual(again.receipt.destinations, line.receipt.destinations);
    const {destinations, at, inputs, policy, ...rest} = line.receipt;
    assert.deepEqual(rest, {
      event: "purchase", event_id: "all", regime: "opt_in",
      signals: ["ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"],
    });
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 600_000);
    assert.match(inputs, /^[0-9a-f]{32}$/);
    assert.match(policy, /^[0-9a-f]{16}$/);
    assert.deepEqual(destinations.meta, {
      verdict: "send", identifiers: true, personalised: true, limited: false, ad_user_data: "granted", ad_personalization: "granted", purposes: [1, 7],
    });
    const verdicts = async (/** @type {string} */ id) => {
      const [{receipt}] = await of(shop, id);
      return Object.values(/** @type {Record<string, Json>} */ (receipt.destinations)).map(({verdict, code}) => code ?? verdict);
    };
    assert.deepEqual(await verdicts("silent"), ["analytics_storage_missing", "ad_user_data_missing", "ad_user_data_missing"]);
    assert.deepEqual(await verdicts("tcf"), ["send", "send", "ac_missing"]);
    assert.deepEqual(await verdicts("child/b+7"), ["send_limited", "ad_storage_denied", "ad_storage_denied"]);
    assert.equal((await of(shop, "test"))[0].receipt.test, true);
    assert.deepEqual((await of(shop, "page"))[0].receipt.signals, ["us_privacy", "gpc"]);
    assert.deepEqual((await of(shop, "tcf"))[0].receipt.destinations.hook.consented, [1, 7]);
    assert.deepEqual(await of(shop, "nobody"), []);
    assert.deepEqual((await shop.admin("/v1/receipts/led-6?source=shop")).receipts, []);
    assert.equal((await shop.admin("/v1/receipts/all?limit=1")).receipts.length, 1);
  });

  test("every copy has one, the chain holds page by page, and nothing of a visitor is in it", async () => {
    for (const limit of [undefined, 1, 3]) {
      assert.equal((await receipts(shop, "shop", limit)).length, 7);
      assert.equal((await receipts(shop, "bulk", limit)).length, 2);
    }
    const [head] = await heads(shop, "?source=shop");
    const text = await exported(shop, "shop", head?.day);
    for (const shown of [TC, "1YYN", "198.51.100.7", "1380133182", ...Object.values(CUSTOMER)]) assert.ok(!text.includes(shown), shown);
    const [{n} = {n: -1}] = await sql(shop, "SELECT count(*) AS n FROM receipt_key");
    assert.equal(n, 1);
    const [{key} = {key: ""}] = await sql(shop, "SELECT key FROM receipt_key");
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.ok(!text.includes(key));
  });

  test("who asks is an operator, and asks for what there is", async () => {
    for (const path of ["/v1/receipts?source=shop&day=2026-11-30", "/v1/receipts/all", "/v1/receipt-heads"]) {
      assert.equal((await shop.fetch(path)).status, 401, path);
      assert.equal((await shop.fetch(path, {method: "HEAD", headers})).status, 200, path);
      const refused = await shop.fetch(path, {method: "DELETE", headers});
      assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD"], path);
    }
    for (const path of [
      "/v1/receipts", "/v1/receipts?source=shop", "/v1/receipts?day=2026-11-30", "/v1/receipts?source=shop&day=today",
      "/v1/receipts?source=shop&day=2026-11-30&after=x", "/v1/receipts?source=shop&day=2026-11-30&limit=0",
      "/v1/receipts/all?day=2026-11-30", "/v1/receipt-heads?after=1", "/v1/receipt-heads?limit=2",
    ]) assert.equal((await shop.fetch(path, {headers})).status, 400, path);
    assert.equal((await shop.fetch("/v1/receipts/", {headers})).status, 404);
    assert.equal((await shop.fetch("/v1/receipts/a/b", {headers})).status, 404);
    assert.equal(await exported(shop, "shop", "2020-01-01"), "");
    assert.deepEqual(await heads(shop, "?after=2999-01-01"), []);
  });

  test("a report that is handed in again writes nothing twice", async () => {
    const other = await openShop({wrap: "./ledger.js"});
    await other.ledger();
    await broken(other, {lost: "/report"});
    await other.bulk([small("a"), small("b")]);
    await waitFor("a report", async () => (await sql(other, "SELECT count(*) AS n FROM seen"))[0]?.n > 0);
    await broken(other, {});
    await other.settle();
    await other.bulk([small("c")]);
    await other.settle();
    assert.deepEqual((await receipts(other, "bulk")).map(({event_id: id}) => id), ["a", "b", "c"]);
    await other.stop();
  });

  test("days: one goes on from the other, old ones go as a whole, and how far they were stays", async () => {
    const other = await openShop({wrap: "./ledger.js"});
    for (const [day, id, n] of /** @type {[number, string, number][]} */ ([[0, "a", 1], [1, "b", 2], [397, "c", 3]])) {
      await broken(other, {clock: day * DAY});
      await tell(other, id);
      assert.equal((await receipts(other, "bulk")).length, n);
    }
    await other.fetch("/_test/alarm", {method: "POST"});
    const all = await heads(other);
    assert.deepEqual(all.map(({count}) => count), [1, 1, 1]);
    assert.deepEqual((await of(other, "a")), []);
    assert.equal((await of(other, "b")).length, 1);
    const [last] = await of(other, "c");
    assert.equal(last.prev, all[1]?.head);
    assert.deepEqual(await sql(other, "SELECT count(DISTINCT day) AS n FROM receipts UNION ALL SELECT count(DISTINCT day) FROM receipt_events UNION ALL SELECT count(DISTINCT day) FROM receipt_rulings"), [{n: 2}, {n: 2}, {n: 2}]);
    // A clock that is put back goes on where the chain ends.
    await broken(other, {});
    await tell(other, "d");
    const [after] = await of(other, "d");
    assert.deepEqual([after.day, after.seq, after.prev], [last.day, 1, last.hash]);
    await other.stop();
  });

  test("where the database is large the oldest days go before their time, and the others still hold", async () => {
    const other = await openShop({wrap: "./ledger.js"});
    for (const [day, id] of /** @type {[number, string][]} */ ([[0, "a"], [0, "a2"], [1, "b"], [2, "c"]])) {
      await broken(other, {clock: day * DAY});
      await tell(other, id);
    }
    const before = await heads(other);
    const export1 = await exported(other, "bulk", before[1]?.day);
    // With one call the oldest day is forgotten, and with the next what is left of it goes.
    await broken(other, {clock: 2 * DAY, bytes: 8e9});
    await tell(other, "d");
    await broken(other, {clock: 2 * DAY});
    const first = before[0];
    const closing = {...first, forgotten: true};
    const told = async () => {
      assert.deepEqual((await heads(other)).map(({forgotten}) => forgotten), [true, undefined, undefined]);
      assert.equal(await exported(other, "bulk", first?.day), `${canonical(closing)}\n`);
      assert.deepEqual(await other.admin("/v1/receipts/a"), {receipts: [], more: false, forgotten_before: before[1]?.day});
      assert.equal((await of(other, "b")).length, 1);
      assert.equal(await exported(other, "bulk", before[1]?.day), export1);
      assert.deepEqual((await other.ledger()).receipts_forgotten, {bulk: 2});
    };
    await told();
    await tell(other, "e");
    await told();
    assert.deepEqual(
      await sql(other, "SELECT count(DISTINCT day) AS n FROM receipts UNION ALL SELECT count(DISTINCT day) FROM receipt_events UNION ALL SELECT count(DISTINCT day) FROM receipt_rulings"),
      [{n: 2}, {n: 2}, {n: 2}],
    );
    const chain = (await exported(other, "bulk", before[2]?.day)).split("\n").filter(Boolean).map((line) => JSON.parse(line));
    assert.deepEqual(chain.map(({receipt}) => receipt?.event_id), ["c", "d", "e", undefined]);
    assert.equal(chain[0].prev, before[1]?.head);
    const health = (await other.fetch("/v1/health")).body;
    assert.deepEqual(health.attention, {receipts_forgotten: {bulk: 2}});
    assert.ok(health.warnings.some((/** @type {string} */ one) => /^bulk: 2 receipts were forgotten/.test(one)), JSON.stringify(health.warnings));
    // Today's are not forgotten, however large the database is; where it is nearly full none are written, and counts are.
    await broken(other, {clock: 2 * DAY, bytes: 9e9});
    await decide(other, "f", {source: "shop", rulings: [["0", 1, 0, []]], inputs: [[0, "ab"]], events: [[0, "page_view", "f"], [0, "page_view", "g"]]});
    for (const id of ["h", "i", "j"]) await tell(other, id);
    assert.deepEqual((await sql(other, "SELECT id FROM seen WHERE id = 'report-f'")).length, 1);
    await broken(other, {clock: 2 * DAY});
    assert.equal((await of(other, "c")).length, 1);
    assert.deepEqual([await of(other, "b"), await of(other, "f")], [[], []]);
    const {receipts_forgotten: forgotten, receipts_unwritten: unwritten} = await other.ledger();
    assert.deepEqual([forgotten, unwritten], [{bulk: 3}, {shop: 2, bulk: 3}]);
    await tell(other, "k");
    assert.deepEqual((await of(other, "k"))[0]?.seq, 3);
    // A month later nobody has to see to it any more.
    await broken(other, {clock: 33 * DAY});
    await other.fetch("/_test/alarm", {method: "POST"});
    assert.equal((await other.ledger()).receipts_forgotten, undefined);
    await other.stop();
  });

  test("what is deleted makes room in the database", async () => {
    const other = await openShop({wrap: "./ledger.js"});
    await other.ledger();
    const size = async () => (await other.fetch("/_test/size")).body;
    const empty = await size();
    await sql(other, `WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 99999)
      INSERT INTO receipt_events SELECT 1, i * 7919 % 1000003, 'bulk', i FROM i`);
    await sql(other, "INSERT INTO receipt_heads (source, day, count, hash) VALUES ('bulk', 1, 100000, '00')");
    const full = await size();
    assert.ok(full > empty + 1_000_000, `${empty} and ${full}`);
    await other.fetch("/_test/alarm", {method: "POST"});
    assert.deepEqual(await sql(other, "SELECT count(*) AS n FROM receipt_events"), [{n: 0}]);
    assert.ok((await size()) < empty + 100_000, `${await size()}`);
    await other.stop();
  });

  test("made-up signals bring so many rulings into a day, and then one that says what is missing", async () => {
    const other = await openShop({wrap: "./ledger.js"});
    /** @param {number} n */
    const ruling = (n) => ["0123456789abcdef", 1, 4, [["hook", "", 3, 65, n]]];
    /** @param {string} id @param {string} source @param {number[]} numbers */
    const bring = (id, source, numbers) => decide(other, id, {
      source, rulings: numbers.map(ruling), inputs: numbers.map((_, n) => [n, `ab${n}`]), events: numbers.map((number, n) => [n, "page_view", `${source}-${number}`]),
    });
    const from = (/** @type {number} */ first, /** @type {number} */ n) => Array.from({length: n}, (_, i) => first + i);
    await bring("r1", "bulk", from(0, 995));
    await bring("r2", "bulk", from(995, 20));
    await bring("r3", "bulk", [3, 2000, 2001, 1000]);
    const all = await receipts(other, "bulk");
    assert.equal(all.length, 1019);
    const missing = all.filter((receipt) => receipt.omitted);
    assert.deepEqual(missing.map(({event_id: id}) => id), [...from(1000, 15).map((n) => `bulk-${n}`), "bulk-2000", "bulk-2001", "bulk-1000"]);
    for (const {destinations, omitted, policy, regime, signals} of missing) {
      assert.deepEqual({destinations, omitted, policy, regime, signals}, {
        destinations: {}, omitted: ["destinations", "signals"], policy: "0123456789abcdef", regime: "opt_in", signals: [],
      });
    }
    assert.deepEqual(await sql(other, "SELECT count(*) AS n FROM receipt_rulings"), [{n: 1001}]);
    assert.deepEqual((await other.ledger()).rulings_omitted, {bulk: 18});
    // Another source has its own room, and so has the next day.
    await bring("r4", "shop", [5, 3000]);
    assert.ok((await receipts(other, "shop")).every((receipt) => receipt.destinations.hook && !receipt.omitted));
    await broken(other, {clock: DAY});
    await bring("r5", "bulk", [4000]);
    assert.equal((await receipts(other, "bulk")).at(-1)?.omitted, undefined);
    await other.stop();
  });

  test("kept for no day, none are written", async () => {
    const other = await openShop({wrap: "./ledger.js", settings: (settings) => ({...settings, receipt_days: 0})});
    await other.bulk([small("a")]);
    await other.settle();
    assert.deepEqual(await heads(other), []);
    await other.stop();
  });

  test("what a receipt costs", async (t) => {
    const other = await openShop({wrap: "./ledger.js"});
    await other.server(Array.from({length: 100}, (_, n) => purchase(`order-${n}`)));
    await other.settle();
    const rows = async (/** @type {string} */ table) => (await sql(other, `SELECT count(*) AS n FROM ${table}`))[0]?.n;
    const written = {blocks: await rows("receipts"), events: await rows("receipt_events"), rulings: await rows("receipt_rulings"), heads: await rows("receipt_heads")};
    const [{n: bytes} = {n: 0}] = await sql(other, "SELECT sum(length(body) + length(prev)) AS n FROM receipts");
    t.diagnostic(`100 events: rows ${JSON.stringify(written)}, ${bytes / 100} bytes of blocks each`);
    assert.equal(written.events, 100);
    assert.ok(written.blocks <= 20 && written.rulings <= 2 && bytes < 10_000, JSON.stringify({...written, bytes}));
    await other.stop();
  });
});

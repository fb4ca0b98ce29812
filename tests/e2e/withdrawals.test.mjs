// A consent that is withdrawn: nothing that it covers is sent any more, wherever it is on its way.

import assert from "node:assert/strict";
import {mkdtemp, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {describe, test} from "node:test";
import {receipts} from "../support/receipts.mjs";
import {KEY, ORIGIN, SECRETS, openShop, purchase, signature, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const PATH = "/v1/consent/withdraw";

/**
 * An order of a visitor.
 * @param {string} id
 * @param {string} visitor
 */
const order = (id, visitor) => purchase(id, {user: {external_id: visitor, email: `${visitor}@mail.example`}, transaction_id: id});

/**
 * @param {Shop} shop
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
const withdraw = (shop, body, headers = {authorization: `Bearer ${SECRETS.SHOP_SECRET}`}) =>
  shop.fetch(PATH, {method: "POST", headers: {"content-type": "application/json", ...headers}, body: typeof body === "string" ? body : JSON.stringify(body)});

/**
 * @param {Json} answer
 * @param {string} name
 * @returns {Json}
 */
const at = (answer, name) => answer.destinations.find((/** @type {Json} */ one) => one.name === name);

/**
 * @param {Shop} shop
 * @param {number} n
 */
const blocked = (shop, n) =>
  waitFor(`${n} blocked events`, async () => {
    const {reasons} = await shop.ledger();
    const found = reasons.filter((/** @type {Json} */ row) => row.code === "consent_withdrawn");
    return found.reduce((/** @type {number} */ sum, /** @type {Json} */ row) => sum + row.n, 0) === n;
  });

describe("what is on its way", () => {
  test("of a visitor never arrives, and another visitor's does", async () => {
    const shop = await openShop();
    shop.twin.faults({platform: "meta", kind: "status", status: 503});
    const sent = await shop.server([order("w-1", "visitor-1"), order("w-2", "visitor-2"), order("w-3", "visitor-1")]);
    assert.equal(sent.status, 202, sent.text);
    await waitFor("the attempts to fail", async () => (await shop.row("meta")).retrying === 3);
    await waitFor("the others to arrive", async () => (await shop.row("ga4")).delivered === 3);
    const {status, body} = await withdraw(shop, {external_id: " visitor-1 "});
    assert.equal(status, 200, JSON.stringify(body));
    const states = (/** @type {Json} */ one) => one.events.map((/** @type {Json} */ event) => [event.event_id, event.state]);
    assert.deepEqual(states(at(body, "meta")), [["w-1", "blocked"], ["w-3", "blocked"]]);
    assert.equal(at(body, "meta").state, "unknown");
    assert.equal(at(body, "ga4").state, "delivered");
    assert.deepEqual(states(at(body, "ga4")), [["w-1", "delivered"], ["w-3", "delivered"]]);
    assert.match(at(body, "ga4").deletion.how, /User Deletion API/);
    assert.ok(!JSON.stringify(body).includes("visitor-1"));
    shop.twin.clearFaults();
    await blocked(shop, 2);
    await shop.one("meta", "w-2");
    // What comes later brings its own consent.
    await shop.server(order("w-4", "visitor-1"));
    await shop.one("meta", "w-4");
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ["w-2", "w-4"]);
    assert.equal((await shop.row("meta")).blocked, 2);
    // The same withdrawal again is one.
    assert.equal((await withdraw(shop, {external_id: "visitor-1"})).status, 200);
    assert.equal((await shop.row("meta")).blocked, 2);
    await shop.close();
  });

  test("and an event by its id, in every copy", async () => {
    const shop = await openShop();
    shop.twin.faults({platform: "meta", kind: "status", status: 503});
    await shop.server([order("e-1", "visitor-1"), order("e-2", "visitor-1")]);
    await waitFor("the attempts to fail", async () => (await shop.row("meta")).retrying === 2);
    const {status, body} = await withdraw(shop, {event_id: "e-1"});
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal((await withdraw(shop, {event_id: "e-9"})).status, 200);
    shop.twin.clearFaults();
    await shop.one("meta", "e-2");
    await shop.server(order("e-9", "visitor-3"));
    await blocked(shop, 1 + 3);
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ["e-2"]);
    // What was withdrawn has receipts, in the chain with those of what was sent.
    const told = (await receipts(shop, "shop")).map(({event_id, destinations}) => [event_id, destinations.meta.verdict]);
    for (const id of ["e-1", "e-9"]) assert.ok(told.some(([of, verdict]) => of === id && verdict === "withdrawn"), JSON.stringify(told));
    assert.equal(told.filter(([, verdict]) => verdict === "withdrawn").length, 2, JSON.stringify(told));
    // Another source's event of that id is another event.
    await shop.bulk(order("e-9", "visitor-3"));
    await shop.one("webhook", "e-9");
    await shop.close();
  });

  test("a dead letter is none any more, and cannot be replayed", async () => {
    const shop = await openShop({delivery: {max_attempts: 1}});
    shop.twin.faults({platform: "meta", kind: "status", status: 500});
    await shop.server([order("d-1", "visitor-1"), order("d-2", "visitor-2")]);
    await waitFor("the letters", async () => (await shop.row("meta")).dead === 2);
    const {body} = await withdraw(shop, {external_id: "visitor-1"});
    assert.equal(body.dead_letters_removed, 1, JSON.stringify(body));
    assert.deepEqual(at(body, "meta").events, [{event: "purchase", event_id: "d-1", state: "blocked"}]);
    const letters = await shop.deadLetters();
    assert.deepEqual(letters.map((letter) => letter.event_id), ["d-2"]);
    const row = await shop.row("meta");
    assert.deepEqual([row.dead, row.blocked, row.remainder], [1, 1, 0]);
    shop.twin.clearFaults();
    await waitFor("the end of the pause", async () => (await shop.fetch("/v1/health")).body.paused_here.meta === undefined);
    await shop.admin("/v1/dead-letters/replay", {destination: "meta"});
    await shop.one("meta", "d-2");
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ["d-2"]);
    const [note] = (await shop.admin("/v1/recent?event_id=d-1")).events;
    assert.deepEqual(note.what, {meta: "blocked:consent_withdrawn"});
    await shop.close();
  });

  test("waits for a ledger that never said what was withdrawn", async () => {
    const shop = await openShop({faulty: true});
    await shop.faults({ledger: true});
    await shop.server([order("l-1", "visitor-1"), order("l-2", "visitor-2")]);
    await new Promise((done) => setTimeout(done, 2000));
    assert.deepEqual(shop.arrived("meta"), []);
    assert.equal((await withdraw(shop, {event_id: "l-1"})).body.error.code, "ledger_unavailable");
    await shop.faults({});
    assert.equal((await withdraw(shop, {event_id: "l-1"})).status, 200);
    await shop.one("meta", "l-2");
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ["l-2"]);
    await shop.close();
  });
});

describe("a ledger that is slow", () => {
  test("stops nothing, though every answer comes when the shortest lease is over", async () => {
    const shop = await openShop({faulty: true});
    await shop.faults({ledger_ms: 4000});
    await shop.server([order("s-1", "visitor-1"), order("s-2", "visitor-2")]);
    await shop.one("meta", "s-1");
    await shop.one("meta", "s-2");
    await shop.faults({});
    await shop.close();
  });

  test("has a withdrawal wait for the longest lease that it gave, whoever is started anew meanwhile", async () => {
    const persist = await mkdtemp(join(tmpdir(), "edgetally-"));
    const open = () => openShop({wrap: "./ledger.js", persist});
    let shop = await open();
    const ask = async (/** @type {string} */ path, /** @type {unknown} */ question) => {
      const reply = await shop.fetch(`/_test/ask${path}`, {method: "POST", body: JSON.stringify(question)});
      assert.equal(reply.status, 200, reply.text);
      return reply.body;
    };
    const lease = async (/** @type {number | undefined} */ wanted) => (await ask("/gate", {turns: [], since: 0, lease: wanted})).lease;
    const wait = async () => (await ask("/withdraw", {source: "shop", event: "1"})).wait;
    // An earlier release asks without one; the shortest is in what every withdrawal waits.
    assert.deepEqual([await lease(undefined), await lease(10), await lease(3000)], [3000, 3000, 3000]);
    assert.equal(await wait(), 4000);
    assert.deepEqual(await ask("/_sql", {query: "SELECT * FROM leased"}), []);
    assert.deepEqual([await lease(20_000), await lease(9000), await lease(1e12)], [20_000, 9000, 30_000]);
    const within = (/** @type {number} */ found, /** @type {number} */ most) => assert.ok(found > 4000 && found <= most, `${found}`);
    within(await wait(), 31_000);
    await shop.close();
    shop = await open();
    within(await wait(), 31_000);
    // When it is over, all is as it was.
    await shop.fetch("/_test/break", {method: "POST", body: JSON.stringify({clock: 31_000})});
    assert.equal(await wait(), 4000);
    await shop.close();
    await rm(persist, {recursive: true});
  });
});

const NOW = Date.now();
const DAY = 86_400_000;

/** @param {Shop} shop @param {string} query @param {unknown[]} [parameters] @returns {Promise<Json[]>} */
async function sql(shop, query, parameters = []) {
  const reply = await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query, parameters})});
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
}

/** Asks the ledger itself, as the worker does. @param {Shop} shop @param {string} path @param {unknown} body */
async function ask(shop, path, body) {
  const reply = await shop.fetch(`/_test/ask${path}`, {method: "POST", body: JSON.stringify(body)});
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
}

/** An event as the ledger keeps it. @param {string} id @param {string} mark @param {Json} [more] */
const parcel = (id, mark, more = {}) => JSON.stringify({n: "purchase", i: id, t: NOW, r: NOW, ...more, w: mark, to: [["hook", 0]]});

/** What the queue has no room for as it is. @param {string} json */
const folded = (json) => Buffer.from(json).toString("base64url");

/** @param {string} id @param {string[]} parcels @param {Json} [more] */
const pending = (id, parcels, more = {}) =>
  ({id, destination: "gads", receipt: id, source: "shop", taken: NOW, due: NOW, asked: 0, attempt: 0, parcels, ...more});

/** @param {string} id @param {string} of the event's id @param {string} text the parcel @param {Json} [more] */
const letter = (id, of, text, more = {}) =>
  ({id, at: NOW, source: "shop", destination: "hook", event: "purchase", event_id: of, state: "dead", code: "x", parcel: text, ...more});

/** @param {Json[]} rows */
const ids = (rows) => rows.map((row) => row.event_id).sort();

describe("what the ledger keeps is found", {concurrency: 3}, () => {
  const long = {pr: Array.from({length: 40}, (_, n) => [`p${n}`, '"'.repeat(1000)])};

  test("with a platform that has not judged it, however many others are like it, and however it is written", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const others = Array.from({length: 30}, (_, n) => pending(`a${n}`, [parcel("order", "mark")], {source: "bulk"}));
    const folding = pending("c", [folded(parcel("long", "mark", long)), parcel("other", "nobody")]);
    await ask(shop, "/report", [{id: "r", counts: [], pending: [...others, pending("b", [parcel("order", "m2")]), folding]}]);
    const found = await ask(shop, "/withdraw", {source: "shop", event: "order", visitor: "mark"});
    assert.deepEqual(ids(found.pending), ["long", "order"]);
    assert.deepEqual([found.more, found.untold], [false, false]);
    // What is judged goes, by whichever way it goes.
    await ask(shop, "/report", [{id: "s", counts: [], settled: ["b"]}]);
    assert.deepEqual(ids((await ask(shop, "/withdraw", {source: "shop", event: "order", visitor: "mark"})).pending), ["long"]);
    await sql(shop, "UPDATE pending SET taken = 1");
    await shop.fetch("/_test/alarm", {method: "POST"});
    assert.deepEqual(await sql(shop, "SELECT pending FROM pending_events"), []);
    await shop.stop();
  });

  test("and of very many what fits is told, and that there are more", async () => {
    const shop = await openShop({wrap: "./ledger.js", destinations: ["meta", "google_ads"]});
    const {body: first} = await withdraw(shop, {external_id: "many"});
    assert.equal(at(first, "google_ads").more, undefined);
    const [{id: mark} = {id: ""}] = await sql(shop, "SELECT id FROM withdrawals");
    const parcels = Array.from({length: 600}, (_, n) => parcel(`order-${n}`, mark));
    const letters = Array.from({length: 501}, (_, n) => letter(`l${n}`, `l-${n}`, parcel(`l-${n}`, mark)));
    await ask(shop, "/report", [{id: "r", counts: [], pending: [pending("p", parcels, {destination: "google_ads"})], dead: letters}]);
    const {body} = await withdraw(shop, {external_id: "many"});
    const google = at(body, "google_ads");
    assert.deepEqual([google.state, google.events.length, google.more], ["processing", 100, true]);
    assert.deepEqual([body.dead_letters_removed, body.more], [500, true]);
    const {body: again} = await withdraw(shop, {external_id: "many"});
    assert.deepEqual([again.dead_letters_removed, again.more], [1, undefined]);
    assert.deepEqual(await sql(shop, "SELECT id FROM dead"), []);
    await shop.stop();
  });

  test("among the letters: those of the source, by id or mark, but for those that are on their way", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await ask(shop, "/report", [{id: "r", counts: [], dead: [
      letter("l1", "order", parcel("order", "m1")),
      letter("l2", "long", folded(parcel("long", "mark", long))),
      letter("l3", "other", parcel("other", "m3")),
      letter("l4", "order", parcel("order", "mark"), {source: "bulk"}),
      letter("l5", "sent", parcel("sent", "mark")),
    ]}]);
    assert.equal((await ask(shop, "/claim", {ids: ["l5"]})).letters.length, 1);
    const found = await ask(shop, "/withdraw", {source: "shop", event: "order", visitor: "mark"});
    assert.deepEqual(ids(found.letters), ["long", "order"]);
    assert.deepEqual((await sql(shop, "SELECT id FROM dead ORDER BY id")).map(({id}) => id), ["l3", "l4", "l5"]);
    // What was in a letter is not kept for longer than a month, and nor is whose it was.
    await sql(shop, "UPDATE dead SET at = 1, code = 'destination_removed' WHERE id = 'l3'");
    await shop.fetch("/_test/alarm", {method: "POST"});
    assert.deepEqual(await sql(shop, "SELECT event_id, visitor, parcel FROM dead WHERE id = 'l3'"), [{event_id: "", visitor: "", parcel: ""}]);
    await shop.stop();
  });

  test("and a source that has used up its room keeps no other from withdrawing", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await shop.ledger();
    // Of two sources: its share of 5,000, and the 10,000 that are for both.
    await sql(shop, `WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 14999)
      INSERT INTO withdrawals (kind, source, id, at) SELECT 'visitor', 'shop', 'v' || i, ?1 + i FROM i`, [NOW - DAY]);
    const {status, body} = await withdraw(shop, {event_id: "one-more"});
    assert.deepEqual([status, body.error.code], [429, "withdrawals_full"]);
    const free = new Date(NOW + 49 * DAY).toISOString().slice(0, 10);
    assert.equal(body.error.message, `This source keeps 15000 withdrawals, and there is no room for another of them; the next one is forgotten on ${free}.`);
    assert.deepEqual((await shop.ledger()).withdrawals_refused, {shop: 1});
    // What is kept may be withdrawn again, and the other source has its share.
    assert.notEqual((await ask(shop, "/withdraw", {source: "shop", visitor: "v7", sources: 2})).at, undefined);
    assert.equal((await withdraw(shop, {event_id: "quiet"}, signature(SECRETS.BULK_SECRET ?? "", JSON.stringify({event_id: "quiet"})))).status, 200);
    assert.deepEqual((await shop.ledger()).withdrawals_refused, {shop: 1});
    await shop.stop();
  });

  test("in a database of 0.1.0, and in one that an earlier release wrote into meanwhile", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const old = await readFile(new URL("../support/ledger-0.1.0.sql", import.meta.url), "utf8");
    for (const statement of old.split(";\n").filter((text) => text.trim())) await sql(shop, statement);
    const keep = async (/** @type {string} */ name) => {
      const columns = "id, at, source, destination, event, event_id, state, code, parcel";
      const dead = (/** @type {string} */ id, /** @type {string} */ text) =>
        sql(shop, `INSERT INTO dead (${columns}) VALUES (?, ?, 'shop', 'hook', 'purchase', ?, 'dead', 'x', ?)`, [id, NOW, id, text]);
      await dead(`${name}-1`, parcel(`${name}-1`, "mark"));
      await dead(`${name}-2`, folded(parcel(`${name}-2`, "mark", long)));
      await dead(`${name}-3`, "unreadable");
      const insert = "INSERT INTO pending (id, receipt, due, asked, taken, body) VALUES (?1, ?1, ?2, 0, ?2, ?3)";
      await sql(shop, insert, [`${name}-p`, NOW, JSON.stringify(pending(`${name}-p`, [parcel(`${name}-4`, "mark"), parcel(`${name}-5`, "m5")]))]);
      await sql(shop, insert, [`${name}-q`, NOW, "{}"]);
    };
    await keep("old");
    let found = await ask(shop, "/withdraw", {source: "shop", event: "old-5", visitor: "mark"});
    assert.deepEqual([ids(found.letters), ids(found.pending), found.more], [["old-1", "old-2"], ["old-4", "old-5"], false]);
    // As after a rollback, and with more than is brought in at once.
    await keep("back");
    await sql(shop, `WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 999)
      INSERT INTO dead (id, at, source, destination, event, event_id, state, code, parcel)
      SELECT 'a' || i, ?, 'shop', 'hook', 'purchase', 'a' || i, 'dead', 'x', replace(?, 'ID', 'a' || i) FROM i`, [NOW, parcel("ID", "nobody")]);
    await shop.fetch("/_test/renew", {method: "POST"});
    found = await ask(shop, "/withdraw", {source: "shop", event: "back-5", visitor: "mark"});
    assert.deepEqual([ids(found.letters), ids(found.pending)], [["back-1", "back-2"], ["back-4", "back-5", "old-4"]]);
    const [left] = await sql(shop, "SELECT (SELECT count(*) FROM dead WHERE visitor IS NULL) + (SELECT count(*) FROM pending WHERE listed IS NULL) AS n");
    assert.equal(left?.n, 0);
    await shop.stop();
  });
});

describe("who may withdraw", () => {
  test("a server may, by secret or signature, and a page may not", async () => {
    const shop = await openShop();
    const refused = async (/** @type {Promise<Json>} */ reply, /** @type {number} */ status, /** @type {string} */ code) => {
      const {status: told, text, body} = await reply;
      assert.deepEqual([told, body?.error?.code], [status, code], text);
    };
    await refused(withdraw(shop, {event_id: "1"}, {}), 401, "credentials_missing");
    await refused(withdraw(shop, {event_id: "1"}, {"x-edgetally-key": KEY, origin: ORIGIN}), 403, "server_only");
    await refused(withdraw(shop, {event_id: "1"}, {authorization: "Bearer wrong-secret-0123456789"}), 401, "secret_unknown");
    await refused(withdraw(shop, {eventId: "1"}), 422, "unknown_key");
    await refused(withdraw(shop, {}), 400, "request_invalid");
    await refused(withdraw(shop, "{"), 400, "malformed_json");
    await refused(withdraw(shop, JSON.stringify({event_id: "1", external_id: "x".repeat(20_000)})), 413, "body_too_large");
    const text = JSON.stringify({event_id: "signed-1"});
    const signed = signature(SECRETS.SHOP_SECRET ?? "", text);
    assert.equal((await withdraw(shop, text, signed)).status, 200);
    await refused(withdraw(shop, text, signed), 401, "signature_replayed");
    await refused(withdraw(shop, JSON.stringify({event_id: "signed-2"}), signature(SECRETS.SHOP_SECRET ?? "", text)), 401, "signature_invalid");
    assert.equal((await shop.fetch(PATH)).status, 405);
    await shop.server([order("signed-1", "visitor-1"), order("signed-2", "visitor-1")]);
    await shop.one("meta", "signed-2");
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ["signed-2"]);
    await shop.close();
  });
});

// A consent that is withdrawn: nothing that it covers is sent any more, wherever it is on its way.

import assert from "node:assert/strict";
import {mkdtemp, rm} from "node:fs/promises";
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

// What operators may ask, and who is an operator.

import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {ADMIN, SECRETS, openShop, pageView, purchase, small} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop();
  await shop.server([purchase("led-1", {release: "web-1"}), purchase("led-2", {release: "web-2"}), pageView("led-3", {release: "web-2"})]);
  await shop.server([purchase("led-1", {release: "web-2"}), purchase("led-4", {consent: {}}), {event: "purchase"}]);
  await shop.server(purchase("led-5", {event: "refund", transaction_id: "led-1"}));
  await shop.bulk([small("led-6"), small("led-7")]);
  await shop.settle();
});
after(() => shop.close());

/** @param {Json} ledger */
const sums = (ledger) => Object.fromEntries(ledger.balances.map((/** @type {Json} */ row) => [`${row.source}/${row.destination}`, row.accepted]));

test("all of it: every copy in one state, at every destination", async () => {
  const ledger = await shop.ledger();
  assert.deepEqual(sums(ledger), {"bulk/hook": 2, "shop/ga4": 6, "shop/hook": 6, "shop/meta": 6});
  const {remainder: _, retries: _retries, ...meta} = await shop.row("meta");
  assert.deepEqual(meta, {
    source: "shop", destination: "meta", accepted: 6, delivered: 3, duplicate: 1, blocked: 1, skipped: 1, rejected: 0, processing: 0, retrying: 0, dead: 0,
  });
  assert.deepEqual(ledger.intake.shop, {accepted: 6, malformed: 1, received: 7});
  assert.deepEqual(ledger.intake.bulk, {accepted: 2, received: 2});
  const reasons = ledger.reasons.map((/** @type {Json} */ one) => [one.source, one.destination, one.state, one.code, one.n].join(" "));
  assert.deepEqual(reasons.sort(), [
    "shop  malformed event_id_missing 1",
    "shop ga4 blocked analytics_storage_missing 1",
    "shop ga4 duplicate server 1",
    "shop hook blocked ad_user_data_missing 1",
    "shop hook duplicate server 1",
    "shop meta blocked ad_user_data_missing 1",
    "shop meta duplicate server 1",
    "shop meta skipped event_not_mapped 1",
  ]);
});

test("filters", async () => {
  assert.deepEqual(sums(await shop.ledger("?source=bulk")), {"bulk/hook": 2});
  assert.deepEqual(sums(await shop.ledger("?destination=hook")), {"bulk/hook": 2, "shop/hook": 6});
  assert.deepEqual(sums(await shop.ledger("?source=shop&event=page_view")), {"shop/ga4": 1, "shop/hook": 1, "shop/meta": 1});
  assert.deepEqual(sums(await shop.ledger("?release=web-2")), {"shop/ga4": 3, "shop/hook": 3, "shop/meta": 3});
  assert.deepEqual(sums(await shop.ledger("?release=web-2&event=purchase&destination=meta")), {"shop/meta": 2});
  assert.deepEqual(sums(await shop.ledger("?source=nobody")), {});
  const yesterday = new Date(Date.now() - 86_400_000).toISOString();
  const tomorrow = Date.now() + 86_400_000;
  assert.deepEqual(sums(await shop.ledger(`?since=${yesterday}&source=bulk`)), {"bulk/hook": 2});
  assert.deepEqual(sums(await shop.ledger(`?since=${tomorrow}`)), {});
  assert.deepEqual(sums(await shop.ledger(`?until=${yesterday}`)), {});
  assert.deepEqual(sums(await shop.ledger(`?until=${Math.floor(tomorrow / 1000)}&source=bulk`)), {"bulk/hook": 2});
  for (const query of ["?since=", "?source=shop", "?destination=meta", "?event=purchase", "?release=web-1", "?hours=1"].slice(1)) {
    assert.equal((await shop.ledger(query)).remainder, 0, query);
  }
});

test("by the hour", async () => {
  const {lines} = await shop.ledger("?hours=1&source=bulk");
  assert.ok(lines.length >= 3);
  for (const line of lines) assert.match(line.hour, /^\d{4}-\d\d-\d\dT\d\d:00:00/);
  const delivered = lines.filter((/** @type {Json} */ line) => line.destination === "hook" && line.state === "delivered");
  assert.equal(delivered.reduce((/** @type {number} */ sum, /** @type {Json} */ line) => sum + line.n, 0), 2);
  assert.equal((await shop.ledger()).lines, undefined);
});

test("what happened lately, newest first", async () => {
  const {events} = await shop.admin("/v1/recent");
  assert.ok(events.length >= 8);
  const times = events.map((/** @type {Json} */ one) => Date.parse(one.at));
  assert.ok(times.every(Number.isFinite));
  const first = (await shop.admin("/v1/recent?event_id=led-1")).events;
  assert.deepEqual(
    first.map((/** @type {Json} */ one) => one.what),
    [{meta: "duplicate:server", ga4: "duplicate:server", hook: "duplicate:server"}, {meta: "delivered", ga4: "delivered", hook: "delivered"}],
  );
  // Page by page it is the same list, and the last page says that it is.
  /** @type {Json[]} */
  const paged = [];
  for (let cursor = ""; ; ) {
    const page = await shop.admin(`/v1/recent?limit=3${cursor && `&cursor=${cursor}`}`);
    assert.ok(page.events.length <= 3);
    paged.push(...page.events);
    if (!page.more) break;
    cursor = page.cursor;
  }
  assert.deepEqual(paged, events);
  for (const query of ["since=2026-11-01T00:00:00Z", "release=web-1", "code=x"]) {
    assert.equal((await shop.fetch(`/v1/recent?${query}`, {headers: {authorization: `Bearer ${ADMIN}`}})).status, 400, query);
  }
  // What is named is what is told: neither is passed over in silence.
  for (const [asked, holds] of /** @type {[string, (one: Json) => boolean][]} */ ([
    ["event=purchase", (one) => one["event"] === "purchase"],
    ["event=nothing_of_that_name", () => false],
    ["destination=hook", (one) => "hook" in one["what"]],
    ["destination=nowhere", () => false],
  ])) {
    const {events} = await shop.admin(`/v1/recent?${asked}`);
    const all = (await shop.admin("/v1/recent")).events;
    assert.deepEqual(events, all.filter(holds), asked);
  }
  assert.ok((await shop.admin("/v1/recent?source=bulk")).events.every((/** @type {Json} */ one) => one.source === "bulk"));
  assert.deepEqual((await shop.admin("/v1/recent?event_id=led-4")).events[0].what, {
    meta: "blocked:ad_user_data_missing", ga4: "blocked:analytics_storage_missing", hook: "blocked:ad_user_data_missing",
  });
});

test("operators show their token", async () => {
  /** @type {[string, string][]} */
  const routes = [["GET", "/v1/ledger"], ["GET", "/v1/recent"], ["GET", "/v1/dead-letters"], ["POST", "/v1/dead-letters/replay"]];
  for (const [method, path] of routes) {
    for (const authorization of [undefined, "Bearer wrong", "Bearer", `Basic ${ADMIN}`, `Bearer ${ADMIN}x`, `Bearer ${SECRETS.SHOP_SECRET}`]) {
      const reply = await shop.fetch(path, {method, ...(authorization && {headers: {authorization}}), ...(method === "POST" && {body: "{}"})});
      assert.deepEqual([reply.status, reply.body.error.code], [401, "admin_token_invalid"], `${path} ${authorization}`);
      assert.equal(reply.headers.get("access-control-allow-origin"), null);
    }
  }
  const {EDGETALLY_ADMIN_TOKEN: _, ...rest} = SECRETS;
  const closed = await openShop({secrets: rest});
  for (const authorization of ["Bearer ", "Bearer undefined", `Bearer ${ADMIN}`]) {
    assert.equal((await closed.fetch("/v1/ledger", {headers: {authorization}})).status, 401);
  }
  await closed.stop();
});

test("questions that nobody understands", async () => {
  const headers = {authorization: `Bearer ${ADMIN}`};
  for (const query of ["?colour=red", "?since=yesterday", "?limit=none", "?limit=0", "?limit=-1"]) {
    const reply = await shop.fetch(`/v1/ledger${query}`, {headers});
    assert.deepEqual([reply.status, reply.body.error.code], [400, "request_invalid"], query);
  }
  for (const body of ["", "{}", "[]", '{"dry_run": true}', '{"since": "yesterday"}', '{"ids": "all"}', '{"idz": []}', '{"ids": [7]}']) {
    const reply = await shop.fetch("/v1/dead-letters/replay", {method: "POST", headers, body});
    assert.deepEqual([reply.status, reply.body.error.code], [400, "request_invalid"], body);
  }
  // Texts are values, never part of a query.
  assert.deepEqual(sums(await shop.ledger(`?source=${encodeURIComponent("x' OR '1'='1")}`)), {});
});

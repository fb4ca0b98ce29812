// The quality of events: a day whose numbers are known by heart, and a ledger with more lines than one answer has.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {ADMIN, openShop, pageView, purchase, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const HOUR = 3_600_000;
const CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/**
 * Rows, of which some member says which is meant.
 * @param {Json[]} rows
 * @param {string} member
 * @param {string} value
 * @returns {Json}
 */
function find(rows, member, value) {
  const found = rows.find((row) => row[member] === value);
  assert.ok(found, `${member} ${value} in ${JSON.stringify(rows)}`);
  return found;
}

/**
 * Whatever is not 0.
 * @param {Json} counts
 */
const some = (counts) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0));

describe("quality", {concurrency: 2}, () => {
  test("a day that is known is told as it was", async () => {
    const shop = await openShop();
    const denied = {ad_storage: "denied", ad_user_data: "denied", analytics_storage: "granted"};
    await shop.server([
      purchase("q-1", {release: "web-1"}),
      purchase("q-2", {consent: denied}),
      purchase("q-test", {test: true}),
      {event: "purchase"},
      pageView("q-3"),
      pageView("q-4", {user: {}}),
      pageView("q-bot", {context: {...purchase("").context, user_agent: CRAWLER}}),
    ]);
    // Each in a request of its own, so that the first is claimed.
    await shop.arrival("meta", 4);
    await shop.server([purchase("q-1", {release: "web-1"})]);
    await shop.page([purchase("q-1")]);
    await shop.page([purchase("q-1", {value: 1})]);
    await shop.settle();

    const {by, estimate_by, rows} = await shop.admin("/v1/quality");
    assert.deepEqual([by, estimate_by], [["source", "event", "destination"], "edgetally"]);
    const {intake, destinations} = find(rows, "event", "purchase");
    assert.equal(intake.volume, 5);
    assert.deepEqual([intake.accepted, intake.apart], [{page: 2, server: 4}, {test: 1}]);
    assert.deepEqual([intake.share_of_events, intake.share_of_page_views], [5 / 7, 5 / 2]);
    assert.deepEqual([intake.keys.counted, some(intake.keys.with)],
      [5, {email: 5, phone: 5, external_id: 5, browser_id: 5, ip_and_user_agent: 5, name_and_place: 5}]);
    assert.deepEqual([intake.parts.counted, some(intake.parts.with)], [5, {value: 5, currency: 5, items: 5, page_url: 5, release: 2}]);
    assert.equal(intake.parts.share.release, 0.4);
    assert.deepEqual(intake.money, {EUR: {events: 5, sum: 520.6, mean: 104.12}});
    assert.deepEqual(intake.consent, {"denied:granted": 1, "granted:granted": 4});
    assert.deepEqual(intake.skew, {});
    const nothing = find(rows, "event", "");
    assert.deepEqual([nothing.intake.malformed, nothing.intake.keys.share.email], [{event_id_missing: 1}, null]);

    const meta = find(destinations, "destination", "meta");
    assert.equal(meta.accepted, 6);
    assert.deepEqual(some(meta.states), {delivered: 1, duplicate: 3, blocked: 1, skipped: 1});
    assert.deepEqual(meta.codes, {blocked: {ad_user_data_denied: 1}, skipped: {test_event_code_missing: 1}});
    assert.deepEqual(meta.duplicates, {page: 1, page_differs: 1, server: 1});
    assert.deepEqual(meta.apart, {"test:skipped": 1});
    assert.equal(meta.delivered_share, 1 / 3);
    assert.deepEqual([meta.keys.counted, some(meta.keys.with)], [1, {email: 1, phone: 1, external_id: 1, ip_and_user_agent: 1, name_and_place: 1}]);
    assert.equal(meta.estimate, 8.41);
    assert.equal(meta.latency.counted, 1);
    assert.ok(meta.latency.p50 >= 1, JSON.stringify(meta.latency));
    // Whoever said no to advertising is told to nobody who could match them, and was taken.
    const ga4 = find(destinations, "destination", "ga4");
    assert.deepEqual([ga4.keys.counted, ga4.keys.with.email, ga4.keys.with.browser_id, ga4.estimate], [2, 1, 2, null]);

    const views = find(rows, "event", "page_view");
    assert.deepEqual([views.intake.volume, views.intake.apart, views.intake.keys.with.email], [2, {bot: 1}, 1]);
    const hook = find(views.destinations, "destination", "hook");
    assert.deepEqual([hook.states.delivered, hook.apart, hook.keys.counted, hook.estimate], [3, {"bot:delivered": 1}, 2, null]);

    // Less at once, and by something else.
    const one = await shop.admin("/v1/quality?by=release,destination&event=purchase&destination=meta");
    assert.deepEqual(one.rows.map((/** @type {Json} */ row) => [row.release, row.intake.volume, row.destinations.length]), [["", 3, 1], ["web-1", 2, 1]]);
    assert.deepEqual((await shop.admin("/v1/quality?since=2030-01-01T00:00:00Z")).rows, []);
    const headers = {authorization: `Bearer ${ADMIN}`};
    for (const query of ["by=weather", "colour=red", "since=never"]) {
      const reply = await shop.fetch(`/v1/quality?${query}`, {headers});
      assert.deepEqual([reply.status, reply.body?.error?.code], [400, "request_invalid"], query);
    }
    for (const path of ["/v1/quality", "/v1/metrics"]) assert.equal((await shop.fetch(path)).status, 401, path);

    const scraped = await shop.fetch("/v1/metrics", {headers});
    assert.equal(scraped.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for (const line of [
      'edgetally_received_total{source="shop",event="purchase",sender="server"} 4',
      'edgetally_became_total{source="shop",event="purchase",destination="meta",state="duplicate"} 3',
      'edgetally_keys_total{source="shop",event="purchase",destination="meta",key="email"} 1',
      'edgetally_money_total{source="shop",event="purchase",currency="EUR"} 520.6',
      'edgetally_apart_total{source="shop",event="page_view",kind="bot"} 1',
    ]) {
      assert.ok(scraped.text.includes(`${line}\n`), `${line} in ${scraped.text}`);
    }
    for (const line of scraped.text.trimEnd().split("\n")) {
      assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="[^"\\\n]*",?)+\} -?[0-9.]+)$/);
    }
    // The ledger's own answers are about the law, as they were.
    const ledger = await shop.ledger();
    assert.deepEqual(ledger.intake.shop, {accepted: 9, malformed: 1, received: 10});
    for (const {state} of ledger.reasons) assert.ok(["malformed", "duplicate", "blocked", "skipped", "rejected"].includes(state), state);
    // GA4 has a place for tests where it stores nothing.
    await shop.close({lossy: ["ga4"]});
  });

  test("more lines than one answer has are all there, by version too, and sums are exact", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const now = Math.floor(Date.now() / HOUR) * HOUR;
    /** @param {Json} line @param {number} n */
    const told = (line, n) => [{h: now, s: "shop", e: "lead", ...line}, n];
    const big = "9007199254740993";
    const counts = [
      told({o: "accepted", c: "page", w: "v1"}, 3),
      told({o: "accepted", c: "page", w: "v2"}, 4),
      told({o: "priced", c: "EUR", w: "v1"}, 2),
    ];
    await shop.ledger();
    const sql = (/** @type {string} */ query, /** @type {unknown[]} */ parameters) =>
      shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query, parameters})});
    const reply = await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify([{id: "a", counts}])});
    assert.equal(reply.status, 200, reply.text);
    // No number that JavaScript has, and the same twice.
    await sql(`INSERT INTO counts VALUES (?, 'shop', '', 'lead', '', 'money', 'EUR', 'v1', ${big}), (?, 'shop', '', 'lead', '', 'money', 'EUR', 'v2', ${big})`, [now, now]);
    await sql(
      `WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 11999)
       INSERT INTO counts SELECT ?, 'many', '', 'event_' || i, '', 'accepted', 'page', '', 1 + i % 2 FROM i`,
      [now],
    );
    const versions = await shop.admin("/v1/quality?source=shop&by=worker");
    assert.deepEqual(versions.rows.map((/** @type {Json} */ row) => [row.worker, row.intake.volume]), [["v1", 3], ["v2", 4]]);
    const text = (await shop.fetch("/v1/quality?source=shop", {headers: {authorization: `Bearer ${ADMIN}`}})).text;
    assert.ok(text.includes('"sum":18014398509.481986'), text);
    const many = await shop.admin("/v1/quality?source=many");
    assert.equal(many.rows.length, 12_000);
    assert.equal(many.rows.reduce((/** @type {number} */ sum, /** @type {Json} */ row) => sum + row.intake.volume, 0), 18_000);
    // What is full has no sum, and takes no more.
    await sql("UPDATE counts SET n = 5000000000000000000 WHERE state = 'money' AND worker = 'v1'", []);
    const more = [told({o: "money", c: "EUR", w: "v1"}, 5_000_000_000_000), told({o: "money", c: "EUR", w: "v1"}, 1)];
    assert.equal((await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify([{id: "b", counts: more}])})).status, 200);
    const full = await shop.admin("/v1/quality?source=shop");
    assert.deepEqual(full.rows[0].intake.money, {EUR: {events: 2, sum: null, mean: null}});
    await shop.stop();
  });

  test("what is the same in many reports is a row once", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await shop.ledger();
    const written = async () => (await shop.fetch("/_test/written")).body;
    const hour = Math.floor(Date.now() / HOUR) * HOUR;
    const reports = (/** @type {string} */ id) => Array.from({length: 20}, (_, at) => ({
      id: `${id}${at}`,
      counts: ["", "hook"].map((d) => [{h: hour, s: "shop", e: "lead", ...(d && {d}), o: "accepted"}, 1]),
    }));
    await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify(reports("a"))});
    await written();
    await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify(reports("b"))});
    // Twenty ids that are remembered, and two lines.
    assert.equal(await written(), 22);
    await waitFor("the lines", async () => (await shop.ledger()).balances[0]?.accepted === 40);
    await shop.stop();
  });
});

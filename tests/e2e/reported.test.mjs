// What platforms report about quality: fetched by the cron trigger with a credential of its own, kept, shown, and of no consequence.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {credentials} from "../../twin/credentials.mjs";
import {ADMIN, SECRETS, openShop, purchase} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const HOUR = 3_600_000;
const TOKENS = {META_QUALITY: credentials.meta.qualityToken, PINTEREST_QUALITY: credentials.pinterest.qualityToken};

/**
 * A shop with destinations that report.
 * @param {string[]} destinations
 * @param {Json} [more] settings of destinations, over the others
 */
const open = (destinations, more = {}) =>
  openShop({
    wrap: "./ledger.js",
    // Nothing here is about what is slow, but for one fault that is slower than this.
    delivery: {timeout_ms: 6000},
    destinations,
    secrets: {...SECRETS, ...TOKENS},
    settings: (settings) => {
      const tokens = {meta: "META_QUALITY", pinterest: "PINTEREST_QUALITY", google_ads: "GOOGLE_ADS_SERVICE_ACCOUNT"};
      for (const [name, token] of Object.entries(tokens)) if (settings.destinations[name]) settings.destinations[name].quality_token = token;
      for (const [name, members] of Object.entries(more)) Object.assign(settings.destinations[name], members);
      return settings;
    },
  });

/** @param {Shop} shop @param {number} ms how much later it is */
const later = (shop, ms) => shop.fetch("/_test/break", {method: "POST", body: JSON.stringify({clock: ms})});

/** @param {Shop} shop @param {string} query @param {unknown[]} [parameters] @returns {Promise<Json[]>} */
const sql = async (shop, query, parameters = []) => (await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query, parameters})})).body;

/** How often a platform was asked, by the path. @param {Shop} shop @param {string} part */
const asked = (shop, part) => shop.twin.requests({limit: 5000}).requests.filter(({path}) => path.includes(part)).length;

/** What is told of a destination and event: metric, or metric and key, with its value. @param {Json[]} reported @param {string} destination @param {string | null} event */
const figures = (reported, destination, event) =>
  Object.fromEntries(
    reported
      .filter((one) => one.destination === destination && one.event === event)
      .flatMap((one) => one.figures.map((/** @type {Json} */ figure) => [[figure.metric, ...(figure.of ? [figure.of] : [])].join(" "), figure.value])),
  );

/** What the health says of reports. @param {Shop} shop */
const health = async (shop) => {
  const {body} = await shop.fetch("/v1/health");
  return {status: body.status, warnings: body.warnings, paused: body.paused_here, unavailable: body.reports_unavailable};
};

describe("reported", {concurrency: 2}, () => {
  test("three platforms say what they got, once in their time, and it stands beside what was counted", async () => {
    const shop = await open(["meta", "pinterest", "google_ads"]);
    // Nothing came yet: nothing is reported, and nothing is wrong.
    await shop.cron();
    assert.deepEqual((await shop.admin("/v1/quality")).reported, []);
    assert.deepEqual((await health(shop)).unavailable, {});
    const poor = {user: {external_id: "cust-1", country: "DE"}};
    await shop.server([purchase("r-1"), purchase("r-2"), purchase("r-3", poor)]);
    await shop.arrival("meta", 3);
    await shop.arrival("google_ads", 2);
    await shop.settle();
    await sql(shop, "DELETE FROM visits");
    await shop.cron();

    const {reported, rows} = await shop.admin("/v1/quality");
    const meta = figures(reported, "meta", "purchase");
    assert.deepEqual([meta["coverage email"], meta["coverage external_id"], meta["coverage ip_address"]], [66.7, 100, 100]);
    assert.deepEqual([meta["dedup_server event_id"], meta.freshness], [100, "real_time"]);
    assert.ok(meta.match_quality > 0 && meta.match_quality <= 10);
    assert.deepEqual(figures(reported, "meta", null), {"counted server": 3});
    // Ours, of the same events, beside it and not mixed with it.
    const ours = rows.find((/** @type {Json} */ row) => row.event === "purchase").destinations.find((/** @type {Json} */ one) => one.destination === "meta");
    assert.equal(Math.round(ours.keys.share.email * 1000) / 10, 66.7);
    const pinterest = figures(reported, "pinterest", "purchase");
    assert.equal(pinterest["coverage external_event_id"], 100);
    assert.equal(figures(reported, "pinterest", null).status, "FAIR");
    const google = figures(reported, "google_ads", "purchase");
    assert.deepEqual([google.uploaded, google.status], [figures(reported, "google_ads", null).uploaded, "EXCELLENT"]);
    for (const one of reported) {
      const span = Date.parse(one.until) - Date.parse(one.since);
      assert.ok(span > 0 && span <= 7 * 24 * HOUR, JSON.stringify(one));
      assert.ok(Math.abs(Date.parse(one.observed_at) - Date.now()) < HOUR, one.observed_at);
      assert.equal(one.platform, one.destination);
    }

    // Less of it.
    const only = (/** @type {string} */ query) => shop.admin(`/v1/quality?${query}`).then(({reported: all}) => [...new Set(all.map((/** @type {Json} */ one) => `${one.destination} ${one.event}`))].sort());
    assert.deepEqual(await only("destination=meta"), ["meta null", "meta purchase"]);
    assert.deepEqual(await only("event=purchase&destination=pinterest"), ["pinterest purchase"]);
    assert.deepEqual(await only("source=bulk"), []);
    assert.deepEqual((await only("source=shop")).length, 6);
    assert.deepEqual(await only("since=2020-01-01T00:00:00Z&until=2020-02-01T00:00:00Z"), []);
    const scraped = (await shop.fetch("/v1/metrics", {headers: {authorization: `Bearer ${ADMIN}`}})).text;
    assert.ok(scraped.includes('edgetally_reported_coverage{event="purchase",destination="meta",key="email"} 66.7\n'), scraped);
    assert.ok(scraped.includes('edgetally_reported_status{destination="pinterest",word="FAIR"} 1\n'), scraped);

    // Nobody is asked again before it is time, and Meta sooner than the others.
    const counts = () => ["dataset_quality", "/stats", "conversion_eqs", "googleAds:search"].map((part) => asked(shop, part));
    const before = counts();
    await shop.cron();
    assert.deepEqual(counts(), before);
    const [{n: kept}] = /** @type {[Json]} */ (await sql(shop, "SELECT count(*) AS n FROM reported"));
    await later(shop, 2 * HOUR);
    await shop.cron();
    assert.deepEqual(counts(), before.map((n, at) => n + (at < 2 ? 1 : 0)));
    // What was said stays, and is joined by what is said now.
    const [{n: more}] = /** @type {[Json]} */ (await sql(shop, "SELECT count(*) AS n FROM reported"));
    assert.equal(more, kept + 3);

    // No credential in an address, in a log, or in the ledger.
    for (const {path} of shop.twin.requests({limit: 5000}).requests) for (const token of Object.values(TOKENS)) assert.ok(!path.includes(token), path);
    const everything = JSON.stringify([await sql(shop, "SELECT * FROM reported"), await sql(shop, "SELECT * FROM visits"), shop.worker.logs]);
    for (const token of Object.values(TOKENS)) assert.ok(!everything.includes(token));
    // After 400 days it goes.
    await later(shop, 401 * 24 * HOUR);
    await shop.fetch("/_test/alarm", {method: "POST"});
    assert.deepEqual(await sql(shop, "SELECT * FROM reported"), []);
    assert.deepEqual(shop.twin.stats().violations, []);
    await shop.stop();
  });

  test("whatever a platform answers, a code is noted and nothing else happens", async () => {
    const shop = await open(["meta"], {meta: {quality_stats: false}});
    await shop.server([purchase("f-1")]);
    await shop.arrival("meta", 1);
    await shop.settle();
    const {warnings} = await health(shop);
    const graph = (/** @type {number} */ code) => ({error: {message: `(#${code}) invented`, type: "OAuthException", code}});
    let clock = 0;
    for (const [fault, code] of /** @type {[Json, string][]} */ ([
      [{kind: "status", status: 400, body: graph(100)}, "100"],
      [{kind: "status", status: 403, body: graph(10)}, "10"],
      [{kind: "status", status: 403, body: graph(200)}, "200"],
      [{kind: "status", status: 401, body: ""}, "http_401"],
      [{kind: "error_in_200", body: {web: [{event_name: "Purchase"}]}, variant: "truncated"}, "reply_unreadable"],
      [{kind: "error_in_200", variant: "html"}, "reply_unreadable"],
      [{kind: "reset"}, "connection_failed"],
      [{kind: "timeout", ms: 20_000}, "timeout"],
      [{kind: "status", status: 429, body: "", retry_after: 5 * 3600}, "http_429"],
    ])) {
      clock += 2 * HOUR;
      await later(shop, clock);
      shop.twin.faults({platform: "meta", times: 1, ...fault});
      await shop.cron();
      shop.twin.clearFaults();
      const told = await health(shop);
      assert.deepEqual(told, {status: "ok", warnings, paused: {}, unavailable: {meta: code}}, JSON.stringify(fault));
      assert.deepEqual((await shop.admin("/v1/quality")).reported, []);
    }
    // Somebody who asks for five hours is left alone for as long.
    const before = asked(shop, "dataset_quality");
    await later(shop, clock + 4 * HOUR);
    await shop.cron();
    assert.equal(asked(shop, "dataset_quality"), before);
    await later(shop, clock + 6 * HOUR);
    await shop.cron();
    assert.deepEqual((await health(shop)).unavailable, {});
    // The event is long ago by now; what is asked is answered all the same.
    assert.equal(asked(shop, "dataset_quality"), before + 1);
    // Sending never knew of any of it.
    await later(shop, 0);
    await shop.server([purchase("f-2")]);
    await shop.arrival("meta", 2);
    await shop.close();
  });

  test("a ledger that does not answer, or does not keep it, is asked the next time", async () => {
    const shop = await open(["meta"], {meta: {quality_stats: false}});
    await shop.server([purchase("g-1")]);
    await shop.arrival("meta", 1);
    await shop.settle();
    const broken = (/** @type {Json} */ how) => shop.fetch("/_test/break", {method: "POST", body: JSON.stringify(how)});
    await broken({lost: "/visits"});
    await shop.cron();
    assert.equal(asked(shop, "dataset_quality"), 0);
    await broken({lost: "/keep-reported"});
    await shop.cron();
    assert.equal(asked(shop, "dataset_quality"), 1);
    await broken({});
    assert.equal((await shop.admin("/v1/quality")).reported.length, 2);
    // Half of what is to be kept is nothing of it.
    await sql(shop, "DELETE FROM visits");
    await sql(shop, "DELETE FROM reported");
    const question = {reported: [{destination: "meta", event: "", since: 0, until: 1, observed_at: 1, figures: []}], visits: [{destination: null}]};
    assert.equal((await shop.fetch("/_test/ask/keep-reported", {method: "POST", body: JSON.stringify(question)})).status, 500);
    assert.deepEqual(await sql(shop, "SELECT * FROM reported"), []);
    // A visit of a purchase is two rows for the event's two spans, and one for itself.
    await shop.fetch("/_test/written");
    await shop.cron();
    assert.equal((await shop.fetch("/_test/written")).body, 3);
    await shop.close();
  });

  test("where no credential is set nothing is asked and nothing is said", async () => {
    const shop = await openShop({wrap: "./ledger.js", destinations: ["meta", "pinterest"]});
    await shop.server([purchase("n-1")]);
    await shop.arrival("meta", 1);
    await shop.settle();
    await shop.fetch("/_test/break", {method: "POST", body: "{}"});
    await shop.cron();
    assert.equal(asked(shop, "dataset_quality") + asked(shop, "conversion_eqs"), 0);
    assert.deepEqual([(await shop.admin("/v1/quality")).reported, (await health(shop)).unavailable], [[], {}]);
    assert.deepEqual(await sql(shop, "SELECT * FROM visits"), []);
    await shop.close();
  });
});

// Alerts end to end: what is wrong is told once, in the form that was asked for, and again only when it should be.

import assert from "node:assert/strict";
import {createHmac} from "node:crypto";
import {createServer} from "node:http";
import {test} from "node:test";
import {ADMIN, SECRETS, openShop} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SIGNING = "alerts-signing-secret-0123456789";

/** What an hour of the shop usually has. @type {Record<string, number>} */
const USUAL = {page_view: 200, view_item: 60, add_to_cart: 24, purchase: 20};

/** Whatever is posted to it, and the status that it answers with. */
async function startReceiver() {
  /** @type {{path: string | undefined, headers: import("node:http").IncomingHttpHeaders, text: string}[]} */
  const got = [];
  const receiver = {got, status: 200, url: "", close: async () => {}};
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (receiver.status < 300) got.push({path: request.url, headers: request.headers, text: Buffer.concat(chunks).toString()});
    response.writeHead(receiver.status).end("a word that nobody reads");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  assert.ok(address && typeof address === "object");
  receiver.url = `http://127.0.0.1:${address.port}`;
  receiver.close = () => new Promise((resolve) => server.close(() => resolve(undefined)));
  return receiver;
}

/** A shop with five weeks behind it, and somebody who is told. The first hour is the one that runs now. */
class Watched {
  report = 0;

  /**
   * @param {Shop} shop
   * @param {Awaited<ReturnType<typeof startReceiver>>} receiver
   */
  constructor(shop, receiver) {
    this.shop = shop;
    this.receiver = receiver;
    this.first = Math.floor(Date.now() / HOUR) * HOUR;
  }

  /** @param {Json} alerts @param {Json} [destinations] */
  static async open(alerts, destinations = {}) {
    const receiver = await startReceiver();
    const shop = await openShop({
      wrap: "./ledger.js",
      secrets: {...SECRETS, ALERTS_WEBHOOK: "https://hooks.example/alerts/T0/B0", ALERTS_SECRET: SIGNING},
      settings: (settings) => ({
        ...settings,
        twin: receiver.url,
        alerts: {webhook: "ALERTS_WEBHOOK", address: "https://events.shop.example", ...alerts},
        destinations: Object.fromEntries(Object.entries(settings.destinations).map(([name, table]) => [name, {...table, ...destinations[name]}])),
      }),
    });
    const watched = new Watched(shop, receiver);
    for (let week = -5; week < 0; week += 1) {
      /** @type {[number, string, Record<string, number>][]} */
      const hours = Array.from({length: 168}, (_, at) => {
        const wave = [0, 1, -1, 2, -2, 1, -1][at % 7] ?? 0;
        return [week * 168 + at, "web-1", {...USUAL, view_item: 60 + 2 * wave, purchase: 20 + wave}];
      });
      await watched.hours(hours);
    }
    return watched;
  }

  /**
   * Counts events in hours, as the worker reports them.
   * @param {[number, string, Record<string, number>][]} hours
   */
  async hours(hours) {
    const counts = hours.flatMap(([at, release, events]) =>
      Object.entries(events).map(([event, n]) => [{h: this.first + at * HOUR, s: "shop", v: release, e: event, o: "accepted", c: "page"}, n]),
    );
    await this.tell({counts});
  }

  /** @param {Json} report */
  async tell(report) {
    this.report += 1;
    const reply = await this.shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify([{id: `alerts-${this.report}`, counts: [], ...report}])});
    assert.equal(reply.status, 200, reply.text);
  }

  /**
   * A look, so many hours and minutes after the first hour began; what was sent since the last one.
   * @param {number} hours
   * @param {number} minutes
   */
  async look(hours, minutes) {
    await this.at(hours, minutes);
    await this.shop.cron();
    return this.sent();
  }

  /** Moves the clock. @param {number} hours @param {number} minutes */
  async at(hours, minutes) {
    const clock = this.first + hours * HOUR + minutes * MINUTE - Date.now();
    await this.shop.fetch("/_test/break", {method: "POST", body: JSON.stringify({clock})});
  }

  /** What was sent since the last time. */
  sent() {
    return this.receiver.got.splice(0).map(({text}) => JSON.parse(text));
  }

  async close() {
    await this.shop.stop();
    await this.receiver.close();
  }
}

test("purchases that are gone are told once, shown while they are, and told once when they are back", async () => {
  const watched = await Watched.open({});
  const {shop} = watched;
  try {
    await watched.hours([[0, "web-1", {page_view: 40, view_item: 12, purchase: 4}]]);
    assert.deepEqual(await watched.look(0, 12), []);
    assert.deepEqual((await shop.admin("/v1/alerts")).incidents, []);
    // The hour goes on as usual; with the next one comes a release, and no purchase.
    await watched.hours([
      [0, "web-1", {page_view: 160, view_item: 48, add_to_cart: 24, purchase: 16}],
      [1, "web-2 <!channel>", {page_view: 200, view_item: 60, add_to_cart: 24}],
      [2, "web-2 <!channel>", {page_view: 30, view_item: 10, add_to_cart: 4}],
    ]);
    const [message, ...others] = await watched.look(2, 12);
    assert.deepEqual(others, []);
    assert.match(message.text, /^edgetally, shop: purchase is gone: none came, where \d+ were to be expected by page_view/);
    assert.match(message.text, /Release web-2 &lt;!\u200bchannel&gt; began /);
    assert.ok(message.text.includes("<https://events.shop.example/dashboard?source=shop&amp;event=purchase&amp;days=7|Dashboard>"), message.text);
    assert.ok(!message.text.includes("<!"), message.text);

    for (const minutes of [20, 30, 40]) assert.deepEqual(await watched.look(2, minutes), [], `${minutes}`);
    const {configured, incidents, last_message} = await shop.admin("/v1/alerts");
    assert.deepEqual([configured, incidents.length, last_message.taken], [true, 1, true]);
    const [incident] = incidents;
    assert.deepEqual([incident.kind, incident.event, incident.over, incident.tellings, incident.after], ["event_gone", "purchase", undefined, 1, 0]);
    assert.deepEqual([incident.release.label, Date.parse(incident.release.since)], ["web-2 <!channel>", watched.first + HOUR]);
    const health = (await shop.fetch("/v1/health")).body;
    assert.deepEqual(health.alerts, {configured: true, open: 1});
    assert.ok(health.warnings.includes("incidents that are open: 1; /v1/alerts lists them"), JSON.stringify(health.warnings));

    await watched.hours([[2, "web-2 <!channel>", {page_view: 100, view_item: 30, add_to_cart: 12, purchase: 11}]]);
    assert.deepEqual([await watched.look(2, 50), await watched.look(2, 58)], [[], []]);
    const [over] = await watched.look(3, 5);
    assert.match(over.text, /^edgetally, shop, over after \d+ minutes: purchase is gone/);
    assert.deepEqual(await watched.look(3, 9), []);
    assert.deepEqual((await shop.fetch("/v1/health")).body.alerts, {configured: true, open: 0});
  } finally {
    await watched.close();
  }
});

test("a webhook that is away is told when it is back, and two looks at once tell nothing twice", async () => {
  const watched = await Watched.open({format: "signed"});
  const {shop, receiver} = watched;
  try {
    await watched.hours([
      [0, "web-1", {...USUAL, purchase: 0}],
      [1, "web-1", {page_view: 60, view_item: 20, add_to_cart: 8}],
    ]);
    receiver.status = 503;
    assert.deepEqual(await watched.look(1, 12), []);
    const health = (await shop.fetch("/v1/health")).body;
    assert.deepEqual(health.alerts, {configured: true, open: 1, failure: "http_503"});
    assert.ok(health.warnings.some((/** @type {string} */ line) => line.startsWith("the last alert was not taken (http_503)")), JSON.stringify(health.warnings));
    receiver.status = 200;
    await watched.at(1, 22);
    await Promise.all([shop.cron(), shop.cron(), shop.cron()]);
    // Whoever came first has told it.
    assert.equal(receiver.got.length, 1);
    const [{headers, text, path}] = /** @type {[typeof receiver.got[0]]} */ (receiver.got);
    assert.equal(path, "/hooks.example/alerts/T0/B0");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
    const mac = createHmac("sha256", SIGNING).update(signed).digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${mac}`);
    const [body] = watched.sent();
    assert.deepEqual([body.type, body.news, body.incidents.length], ["edgetally.alert.v1", "begun", 1]);
    const [incident] = body.incidents;
    assert.deepEqual([incident.kind, incident.source, incident.event], ["event_gone", "shop", "purchase"]);
    assert.ok(String(headers["webhook-id"]).startsWith(incident.id));
    assert.deepEqual(await watched.look(1, 32), []);

    // A day later it is still gone.
    const day = Array.from({length: 24}, (_, at) => /** @type {[number, string, Record<string, number>]} */ ([2 + at, "web-1", {...USUAL, purchase: 0}]));
    await watched.hours(day);
    const still = await watched.look(25, 32);
    assert.deepEqual(still.map(({news}) => news), ["lasts"]);
    assert.match(still[0].text, /^edgetally, shop, still, after 24 hours: purchase is gone/);
  } finally {
    await watched.close();
  }
});

test("quiet hours hold back what can wait, and what ends, letters and a platform that takes nothing are told", async () => {
  const first = new Date(Math.floor(Date.now() / HOUR) * HOUR).getUTCHours();
  const two = (/** @type {number} */ hour) => String(hour % 24).padStart(2, "0");
  const ends = new Date(Date.now() + 5 * 24 * HOUR).toISOString().slice(0, 10);
  const watched = await Watched.open({quiet_hours: `${two(first)}-${two(first + 2)}`}, {meta: {credential_ends: ends}});
  const {shop} = watched;
  try {
    const now = watched.first;
    const letters = Array.from({length: 12}, (_, at) => ({
      id: `l-${at}`, at: now - at * MINUTE, source: "shop", destination: "hook", event: "refund", event_id: `ref-${at}`, state: "dead", code: "unreachable", parcel: "{}",
    }));
    const place = {s: "shop", e: "page_view", d: "meta"};
    const waits = [-3, -2].flatMap((hour) => [[{...place, h: now + hour * HOUR, o: "accepted"}, 4], [{...place, h: now + hour * HOUR, o: "retrying"}, 4]]);
    await watched.tell({counts: waits, dead: letters});
    assert.deepEqual(await watched.look(0, 12), []);
    // One that nobody may wait for.
    await watched.hours([[0, "web-1", {...USUAL, purchase: 0}], [1, "web-1", {page_view: 60, view_item: 20, add_to_cart: 8}]]);
    const urgent = await watched.look(1, 12);
    assert.equal(urgent.length, 1);
    assert.match(urgent[0].text, /purchase is gone/);
    const kinds = (await shop.admin("/v1/alerts")).incidents.map((/** @type {Json} */ one) => one.kind).sort();
    assert.deepEqual(kinds, ["dead_letters", "destination_paused", "ends", "event_gone"]);
    const morning = (await watched.look(2, 2)).map(({text}) => text.split("\n")[0]);
    const all = morning.join("\n");
    assert.match(all, /edgetally: meta has taken nothing that was received since /);
    assert.match(all, /8 events wait/);
    assert.match(all, /edgetally: hook: 12 events of the last 24 hours refused or given up/);
    assert.match(all, new RegExp(`The credential of meta ends on ${ends}, in \\d days`));
  } finally {
    await watched.close();
  }
});

test("a trial shows whether messages arrive, and without settings nobody is told", async () => {
  const watched = await Watched.open({});
  try {
    const trial = await watched.shop.admin("/v1/alerts/test", {});
    assert.deepEqual([trial.taken, trial.failure], [true, null]);
    assert.match(watched.sent()[0].text, /this is a trial/);
    watched.receiver.status = 404;
    const failed = await watched.shop.admin("/v1/alerts/test", {});
    assert.deepEqual([failed.taken, failed.failure], [false, "http_404"]);
    for (const [path, init] of /** @type {[string, RequestInit][]} */ ([["/v1/alerts", {}], ["/v1/alerts/test", {method: "POST"}]])) {
      assert.equal((await watched.shop.fetch(path, init)).status, 401, path);
    }
  } finally {
    await watched.close();
  }
  const shop = await openShop();
  try {
    const reply = await shop.fetch("/v1/alerts/test", {method: "POST", headers: {authorization: `Bearer ${ADMIN}`}});
    assert.deepEqual([reply.status, reply.body.error.code], [400, "request_invalid"]);
    await shop.cron();
    const told = await shop.admin("/v1/alerts");
    assert.deepEqual(told, {configured: false, last_message: null, incidents: [], more: false});
    await shop.close();
  } catch (error) {
    await shop.stop();
    throw error;
  }
});

// The SDKs for servers from the registry, unchanged but for the address: batches, gzip, retries, the flush at the end of a program.

import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {createServer} from "node:http";
import {after, before, describe, test} from "node:test";
import {Analytics} from "@segment/analytics-node";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import {GRANTED, SECRETS, openShop} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const SECRET = SECRETS["SHOP_SECRET"] ?? "";

/** @type {Shop} */
let shop;
/** What came to the gateway's door. @type {{path: string, type: string, coding: string, status: number, retry: string}[]} */
let seen = [];
/** What the door answers by itself, before it lets a request through. @type {{status: number, headers?: Record<string, string>}[]} */
let answers = [];
/** @type {import("node:http").Server} */
let door;
let host = "";

before(async () => {
  shop = await openShop();
  door = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const {host: _, connection: __, "content-length": ___, "transfer-encoding": ____, ...headers} = /** @type {Record<string, string>} */ (request.headers);
    const own = answers.shift();
    const say = (/** @type {number} */ status) => seen.push({path: request.url ?? "", type: headers["content-type"] ?? "", coding: headers["content-encoding"] ?? "", status, retry: headers["x-retry-count"] ?? ""});
    if (own) {
      say(own.status);
      response.writeHead(own.status, own.headers).end("{}");
      return;
    }
    const reply = await fetch(new URL(request.url ?? "/", shop.worker.url), {method: request.method ?? "GET", headers, body: Buffer.concat(chunks), redirect: "manual"});
    say(reply.status);
    response.writeHead(reply.status, {"content-type": "application/json", ...(reply.headers.has("retry-after") && {"retry-after": reply.headers.get("retry-after") ?? ""})}).end(await reply.text());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => door.once("listening", resolve));
  host = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (door.address()).port}`;
});
after(async () => {
  door.close();
  await shop.close();
});

/** @param {string} id */
const order = (id) => ({
  event: "Order Completed",
  properties: {order_id: id, total: 129.9, currency: "EUR", products: [{product_id: "SKU-44", name: "Desk lamp", price: 129.9, quantity: 1}]},
  context: {
    consent: GRANTED, traits: {email: "elena.brandt@gmail.com"}, ip: "198.51.100.7", userAgent: "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
    page: {url: "https://shop.example/thanks"},
  },
  integrations: {"Google Analytics 4": {clientId: "1380133182.1764792191"}},
});

/** Waits for an order at the webhook and looks at it. @param {string} id */
async function arrived(id) {
  const {event} = await shop.one("webhook", id);
  assert.deepEqual([event?.["event"], event?.["transaction_id"], event?.["value"], event?.["context"]?.ip], ["purchase", id, 129.9, "198.51.100.7"]);
  await shop.one("meta", id);
  await shop.one("ga4", id);
}

/**
 * Runs a program of a customer's; gives its exit code and what it printed.
 * @param {string} command @param {string[]} args
 * @returns {Promise<{code: number | null, text: string}>}
 */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {env: {...process.env, HOST: host, KEY: SECRET}, stdio: ["ignore", "pipe", "pipe"]});
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    child.on("close", (code) => resolve({code, text}));
  });
}

describe("@segment/analytics-node", () => {
  test("a batch of calls, flushed at the end", async () => {
    seen = [];
    const analytics = new Analytics({writeKey: SECRET, host, flushInterval: 200});
    analytics.track({userId: "cust-1", ...order("node-1")});
    analytics.track({anonymousId: "anon-1", ...order("node-2")});
    analytics.identify({userId: "cust-1", traits: {email: "elena.brandt@gmail.com"}});
    analytics.page({userId: "cust-1", properties: {url: "https://shop.example/"}, context: {consent: GRANTED}});
    await analytics.closeAndFlush();
    shop.tally.accepted += 3;
    await arrived("node-1");
    await arrived("node-2");
    assert.deepEqual([...new Set(seen.map((one) => `${one.path} ${one.status}`))], ["/v1/batch 200"]);
  });

  test("it comes back after 503 and counts once", async () => {
    seen = [];
    answers = [{status: 503, headers: {"retry-after": "1"}}];
    const analytics = new Analytics({writeKey: SECRET, host, flushInterval: 100});
    analytics.track({userId: "cust-1", ...order("node-3")});
    await analytics.closeAndFlush();
    shop.tally.accepted += 1;
    await arrived("node-3");
    assert.deepEqual(seen.map((one) => [one.status, one.retry]), [[503, ""], [200, "1"]]);
  });

  test("a wrong key is no error to its host, and is sent once", async () => {
    seen = [];
    /** @type {unknown[]} */
    const errors = [];
    const analytics = new Analytics({writeKey: "pk_nobody_0123456789", host, flushInterval: 100});
    analytics.on("error", (error) => errors.push(error));
    analytics.track({userId: "cust-1", ...order("node-4")});
    await analytics.closeAndFlush();
    shop.tally.malformed += 1;
    assert.deepEqual([errors, seen.map((one) => one.status)], [[], [200]]);
  });
});

describe("@rudderstack/rudder-sdk-node", () => {
  test("gzip typed as a form, the first call alone, the rest in a batch", async () => {
    seen = [];
    const rudder = new RudderAnalytics(SECRET, {dataPlaneUrl: host, flushInterval: 200});
    for (const id of ["rudder-1", "rudder-2", "rudder-3"]) rudder.track({userId: "cust-1", .../** @type {any} */ (order(id))});
    await rudder.flush();
    shop.tally.accepted += 3;
    for (const id of ["rudder-1", "rudder-2", "rudder-3"]) await arrived(id);
    assert.deepEqual([...new Set(seen.map((one) => `${one.path} ${one.type} ${one.coding} ${one.status}`))], ["/v1/batch application/x-www-form-urlencoded gzip 200"]);
  });

  test("it comes back after 429, when it is told to", async () => {
    seen = [];
    answers = [{status: 429, headers: {"retry-after": "1"}}];
    const rudder = new RudderAnalytics(SECRET, {dataPlaneUrl: host, flushInterval: 100});
    rudder.track({userId: "cust-1", .../** @type {any} */ (order("rudder-4"))});
    await arrived("rudder-4");
    shop.tally.accepted += 1;
    assert.deepEqual(seen.map((one) => one.status), [429, 200]);
  });

  test("its host lives through a wrong key, a fault and a body that is too large", async () => {
    seen = [];
    const program = (/** @type {string} */ key, /** @type {string} */ call) => `
      import Rudder from "@rudderstack/rudder-sdk-node";
      const rudder = new Rudder(${key}, {dataPlaneUrl: process.env.HOST, flushInterval: 100, maxQueueSize: 1 << 30});
      rudder.track(${call});
      await new Promise((resolve) => setTimeout(resolve, 600));
      console.log("alive");
    `;
    const runs = await Promise.all([
      program('"pk_nobody_0123456789"', '{userId: "c", event: "Signed Up"}'),
      program("process.env.KEY", '{userId: "c", event: "Order Completed", properties: {}}'),
    ].map((text) => run(process.execPath, ["--input-type=module", "-e", text])));
    shop.tally.malformed += 2;
    for (const {code, text} of runs) assert.deepEqual([code, text.trim()], [0, "alive"]);
    assert.deepEqual(seen.map((one) => one.status), [200, 200]);
  });
});

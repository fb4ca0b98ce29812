// The SDKs for pages from the registry, unchanged but for the address, in Chromium and in front of the real worker: their settings,
// their preflights, what they send, and that they come back when they are told to.

import assert from "node:assert/strict";
import {createServer, request as further} from "node:http";
import {after, before, test} from "node:test";
import {build} from "esbuild";
import {openShop as openGateway, waitFor} from "../support/shop.mjs";
import {GRANTED, KEY, browser} from "./harness.mjs";

/** @typedef {Record<string, any>} Json */

const ORDER = {order_id: "118842", total: 129.9, currency: "EUR", products: [{product_id: "SKU-44", name: "Desk lamp", price: 129.9, quantity: 1}]};

/** What a page that bundles the SDKs has. */
const SOURCE = `
  import {AnalyticsBrowser} from "@segment/analytics-next";
  import {RudderAnalytics} from "@rudderstack/analytics-js/bundled";
  window.AnalyticsBrowser = AnalyticsBrowser;
  window.RudderAnalytics = RudderAnalytics;
`;

/** @type {Awaited<ReturnType<typeof openGateway>>} */
let gateway;
/** @type {import("node:http").Server} */
let server;
let origin = "";
let events = "";
/** What came to the gateway. @type {{method: string, path: string, status: number, at: number}[]} */
let seen = [];
/** How many posts are answered 429 at the door, with the permissions of the worker's own answer. */
let busy = 0;

before(async () => {
  const bundle = await build({stdin: {contents: SOURCE, resolveDir: import.meta.dirname}, bundle: true, write: false, format: "iife", platform: "browser", logLevel: "silent"});
  const script = bundle.outputFiles[0]?.text ?? "";
  server = createServer(async (request, response) => {
    if (!request.headers.host?.startsWith("events.")) {
      if (request.url === "/sdks.js") return void response.setHeader("content-type", "text/javascript").end(script);
      return void response.setHeader("content-type", "text/html; charset=utf-8").end(`<!doctype html><title>Thank you</title><script src="/sdks.js"></script>`);
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const {method = "", url: path = "", headers} = request;
    const {hostname, port} = gateway.worker.url;
    // What the door answers by itself must not have arrived.
    const body = method === "POST" && busy > 0 ? Buffer.from("[]") : Buffer.concat(chunks);
    const length = chunks.length > 0 ? {"content-length": String(body.length)} : {};
    const asked = further({hostname, port, method, path, headers: {...headers, ...length, host: `${hostname}:${port}`}}, (reply) => {
      let status = reply.statusCode ?? 0;
      const own = {...reply.headers};
      if (method === "POST" && busy > 0) {
        busy -= 1;
        status = 429;
        own["retry-after"] = "2";
      }
      seen.push({method, path: path.replace(/\?.*/, ""), status, at: Date.now()});
      response.writeHead(status, own);
      reply.pipe(response);
    });
    asked.on("error", () => response.destroy());
    asked.end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const {port} = /** @type {import("node:net").AddressInfo} */ (server.address());
  origin = `http://shop.localhost:${port}`;
  events = `http://events.shop.localhost:${port}`;
  gateway = await openGateway({settings: (settings) => ({...settings, sources: {...settings["sources"], shop: {...settings["sources"].shop, origins: [origin]}}})});
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await gateway.stop();
});

/** @param {import("node:test").TestContext} t */
async function visit(t) {
  seen = [];
  busy = 0;
  const context = await (await browser()).newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${origin}/thanks?gclid=Cj0Kabcdefghij`);
  return /** @type {any} */ (page);
}

/** @param {string} method @param {string} path */
const count = (method, path) => seen.filter((one) => one.method === method && one.path === path).length;

/** Segment's SDK as docs/intake/segment.md has it, but for the scheme. @param {any} page @param {Json} [more] */
const segment = (page, more = {}) =>
  page.evaluate((/** @type {any} */ [key, events, more]) => {
    const host = new URL(events).host;
    window.analytics = window.AnalyticsBrowser.load({writeKey: key, cdnURL: events}, {integrations: {"Segment.io": {apiHost: `${host}/v1`, protocol: "http", ...more}}});
    return window.analytics.ready().then(() => true);
  }, [KEY, events, more]);

test("Segment's SDK: settings, a preflight for each path, page, identify, order", async (t) => {
  const page = await visit(t);
  await segment(page);
  await page.evaluate((/** @type {any} */ [order, consent]) => {
    const options = {context: {consent}};
    return Promise.all([
      window.analytics.page(undefined, undefined, {}, options),
      window.analytics.identify("cust-10482", {email: "elena.brandt@gmail.com"}),
      window.analytics.track("Order Completed", order, {...options, context: {consent, traits: {email: "elena.brandt@gmail.com"}}}),
    ]).then(() => true);
  }, [{...ORDER, order_id: "next-1"}, GRANTED]);
  const {event} = await gateway.one("webhook", "next-1");
  assert.equal(event?.["context"].page_url, `${origin}/thanks?gclid=Cj0Kabcdefghij`);
  assert.equal(event?.["value"], 129.9);
  assert.ok(event?.["user"].email_sha256 && event?.["user"].external_id_sha256, JSON.stringify(event));
  assert.equal(count("GET", `/v1/projects/${KEY}/settings`), 1);
  for (const letter of ["p", "i", "t"]) assert.deepEqual([count("OPTIONS", `/v1/${letter}`), count("POST", `/v1/${letter}`)], [1, 1], letter);
  assert.ok(seen.every((one) => [200, 204].includes(one.status)), JSON.stringify(seen));
  await waitFor("the page view", async () => gateway.twin.received({platform: "webhook"}).events.some((one) => one.event?.["event"] === "page_view"));
});

test("Segment's SDK with batches sends what waits when the page is left", async (t) => {
  const page = await visit(t);
  await segment(page, {deliveryStrategy: {strategy: "batching", config: {size: 10, timeout: 60_000}}});
  await page.evaluate((/** @type {any} */ [order, consent]) => {
    for (const id of ["next-2", "next-3"]) window.analytics.track("Order Completed", {...order, order_id: id}, {context: {consent}});
    return new Promise((done) => setTimeout(done, 300));
  }, [ORDER, GRANTED]);
  assert.equal(count("POST", "/v1/b"), 0, "they wait");
  await page.goto(`${origin}/other`);
  await gateway.one("webhook", "next-2");
  await gateway.one("webhook", "next-3");
  assert.equal(count("POST", "/v1/b"), 1);
});

test("Segment's SDK waits as long as it is told to, which it can read", async (t) => {
  const page = await visit(t);
  await segment(page);
  busy = 1;
  await page.evaluate((/** @type {any} */ [order, consent]) => window.analytics.track("Order Completed", order, {context: {consent}}).then(() => true), [{...ORDER, order_id: "next-4"}, GRANTED]);
  await gateway.one("webhook", "next-4");
  const posts = seen.filter((one) => one.method === "POST");
  assert.deepEqual(posts.map((one) => one.status), [429, 200]);
  assert.ok((posts[1]?.at ?? 0) - (posts[0]?.at ?? 0) >= 1900, "sooner where it cannot read the header: it is not exposed");
  assert.equal(count("OPTIONS", "/v1/t"), 1, "a retry has a header more, which the first preflight has permitted");
});

/** RudderStack's SDK as docs/intake/rudderstack.md has it. @param {any} page @param {Json} [more] */
const rudder = (page, more = {}) =>
  page.evaluate((/** @type {any} */ [key, events, more]) => new Promise((done) => {
    window.rudder = new window.RudderAnalytics();
    window.rudder.ready(() => done(true));
    window.rudder.load(key, events, {configUrl: events, ...more});
  }), [KEY, events, more]);

test("RudderStack's bundled SDK: configuration, page, order", async (t) => {
  const page = await visit(t);
  await rudder(page);
  await page.evaluate((/** @type {any} */ [order, consent]) => {
    window.rudder.page("", "Thank you", {}, {context: {consent}});
    window.rudder.track("Order Completed", order, {context: {consent}});
  }, [{...ORDER, order_id: "rjs-1"}, GRANTED]);
  const {event} = await gateway.one("webhook", "rjs-1");
  assert.deepEqual([event?.["event"], event?.["context"].page_url, event?.["release"]], ["purchase", `${origin}/thanks?gclid=Cj0Kabcdefghij`, undefined]);
  assert.deepEqual([count("OPTIONS", "/sourceConfig/"), count("GET", "/sourceConfig/"), count("POST", "/v1/page"), count("POST", "/v1/track")], [1, 1, 1, 1]);
  assert.ok(seen.every((one) => [200, 204].includes(one.status)), JSON.stringify(seen));
});

test("RudderStack's bundled SDK by beacon, which has its key in the address", async (t) => {
  const page = await visit(t);
  await rudder(page, {useBeacon: true, beaconQueueOptions: {flushQueueInterval: 200}});
  await page.evaluate((/** @type {any} */ [order, consent]) => window.rudder.track("Order Completed", order, {context: {consent}}), [{...ORDER, order_id: "rjs-2"}, GRANTED]);
  await gateway.one("webhook", "rjs-2");
  assert.ok(count("POST", "/beacon/v1/batch") >= 1, JSON.stringify(seen));
});

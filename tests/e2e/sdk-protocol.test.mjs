// The protocol of Segment's and RudderStack's SDKs: what arrives in which form, and that every answer is one that no SDK trips over.

import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {gzipSync} from "node:zlib";
import {BULK_KEY, GRANTED, KEY, ORIGIN, SECRETS, VISITOR_IP, openShop, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const SECRET = SECRETS["SHOP_SECRET"] ?? "";
/** @param {string} key */
const basic = (key) => `Basic ${Buffer.from(`${key}:`).toString("base64")}`;

/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop({
    faulty: true,
    settings: (settings) => {
      settings["sources"].strict = {secret: "STRICT_SECRET", destinations: ["hook"], sdk: {strict_answers: true}};
      settings["sources"].bulk.sdk = {apps: true};
      settings["sources"].shop.sdk = {events: {"Trial Ended": "trial_ended"}};
      return settings;
    },
    secrets: {...SECRETS, STRICT_SECRET: "strict-secret-0123456789"},
  });
});
// What was mirrored to two sources goes to one webhook, with one id.
after(() => shop.close({lossy: ["webhook"]}));

/**
 * @param {string} id
 * @param {Json} [more]
 */
const order = (id, more = {}) => ({
  type: "track", event: "Order Completed", messageId: `m-${id}`, userId: "cust-10482", timestamp: new Date().toISOString(),
  properties: {order_id: id, total: 129.9, currency: "EUR", products: [{product_id: "SKU-44", name: "Desk lamp", price: 129.9, quantity: 1}]},
  context: {
    consent: GRANTED, traits: {email: "elena.brandt@gmail.com"}, ip: "198.51.100.7", userAgent: "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
    page: {url: "https://shop.example/thanks"}, library: {name: "@segment/analytics-node", version: "3.1.0"},
  },
  integrations: {"Google Analytics 4": {clientId: "1380133182.1764792191"}},
  ...more,
});

/** @param {Json[]} batch */
const batch = (...batch) => JSON.stringify({batch, sentAt: new Date().toISOString()});

/**
 * As a server's SDK sends.
 * @param {unknown} content
 * @param {{path?: string, headers?: Record<string, string>, key?: string}} [options]
 */
function send(content, {path = "/v1/batch", headers = {}, key = SECRET} = {}) {
  return shop.post(content, {...(key && {authorization: basic(key)}), ...headers}, path);
}

/** How many copies intake has refused with a code, for a source. @param {string} source @param {string} code @param {string} [state] */
async function refused(source, code, state = "malformed") {
  const {reasons} = await shop.ledger();
  return reasons.filter((/** @type {Json} */ row) => row["source"] === source && row["state"] === state && row["code"] === code).reduce((/** @type {number} */ sum, /** @type {Json} */ row) => sum + row["n"], 0);
}

describe("what arrives", () => {
  test("JSON is told by its bytes, and gzip too", async () => {
    /** @type {[string, unknown, Record<string, string>][]} */
    const forms = [
      ["as-form", batch(order("as-form")), {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}],
      ["as-text", batch(order("as-text")), {"content-type": "text/plain;charset=UTF-8"}],
      ["zipped-form", gzipSync(batch(order("zipped-form"))), {"content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip"}],
      ["zipped-json", gzipSync(batch(order("zipped-json"))), {"content-encoding": "gzip"}],
      ["zipped-unsaid", gzipSync(batch(order("zipped-unsaid"))), {}],
      ["said-unzipped", batch(order("said-unzipped")), {"content-encoding": "gzip"}],
      ["marked", `\u{feff}${batch(order("marked"))}`, {}],
    ];
    for (const [id, content, headers] of forms) {
      const reply = await send(content, {headers});
      assert.deepEqual([reply.status, reply.body?.success, reply.body?.accepted], [200, true, 1], `${id}: ${reply.text}`);
      const {event} = await shop.one("webhook", id);
      assert.equal(event?.["user"]?.email, undefined);
    }
  });

  test("an address may have a slash too many, and none is redirected", async () => {
    for (const [n, path] of ["/v1/batch/", "/v1//batch", "//v1/batch", "/v1/b", "/v1/b/"].entries()) {
      const reply = await shop.fetch(`${shop.worker.url.origin}${path}`, {method: "POST", redirect: "manual", headers: {authorization: basic(SECRET)}, body: batch(order(`slash-${n}`))});
      assert.deepEqual([reply.status, reply.body?.accepted], [200, 1], `${path}: ${reply.text}`);
      shop.tally.accepted += 1;
    }
  });

  test("one call alone, by its address", async () => {
    const {type: _, ...bare} = order("alone");
    assert.equal((await send(bare, {path: "/v1/track"})).body.accepted, 1);
    const page = await send({messageId: "p-1", properties: {url: "https://shop.example/"}, context: {consent: GRANTED}}, {path: "/v1/p"});
    assert.equal(page.body.results[0].status, "accepted", page.text);
    for (const path of ["/v1/identify", "/v1/i", "/v1/group", "/v1/g", "/v1/alias", "/v1/a", "/v1/screen", "/v1/s"]) {
      const reply = await send({messageId: `x-${path}`, userId: "c", traits: {email: "elena.brandt@gmail.com"}}, {path});
      assert.deepEqual([reply.status, reply.body.success, reply.body.ignored, reply.body.results[0].code], [200, true, 1, "not_a_conversion"], path);
    }
    const custom = await send(batch(order("custom", {event: "Trial Ended", properties: {}}), order("unmapped", {event: "Lamp Switched On"})));
    assert.deepEqual(custom.body.results.map((/** @type {Json} */ one) => one["code"] ?? one["status"]), ["accepted", "track_not_mapped"]);
    await waitFor("what was ignored", async () => (await refused("shop", "not_a_conversion", "ignored")) === 8 && (await refused("shop", "track_not_mapped", "ignored")) === 1);
  });
});

describe("answers", () => {
  test("whatever another attempt would not change is 200, and counted", async () => {
    const large = JSON.stringify({batch: [order("large", {properties: {text: "x".repeat(600 * 1024)}})]});
    /** @type {[string, string, Promise<import("../support/shop.mjs").Reply>][]} */
    const cases = [
      ["(unknown)", "key_unknown", send(batch(order("r1")), {key: "pk_nobody_0123456789"})],
      ["(unknown)", "credentials_missing", send(batch(order("r2")), {key: ""})],
      ["shop", "origin_missing", send(batch(order("r3")), {key: KEY})],
      ["shop", "origin_not_allowed", send(batch(order("r4")), {key: KEY, headers: {origin: "https://other.example"}})],
      ["shop", "malformed_json", send("{not json")],
      ["shop", "malformed_json", send(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from("no gzip behind it")]))],
      ["shop", "wrong_type", send("[]")],
      ["shop", "too_many_events", send(JSON.stringify({batch: Array.from({length: 2501}, () => 7)}))],
      ["shop", "body_too_large", send(large)],
      ["shop", "body_too_large", send(gzipSync(large))],
      ["shop", "body_too_large", send(gzipSync(Buffer.alloc(64 << 20)))],
    ];
    for (const [source, code, sent] of cases) {
      const reply = await sent;
      assert.deepEqual([reply.status, reply.body?.success, reply.body?.code ?? reply.body?.error?.code], [200, false, code], `${source} ${code}: ${reply.text.slice(0, 300)}`);
      shop.tally.malformed += 1;
    }
    await waitFor("what was refused", async () => {
      for (const [source, code] of cases) {
        const n = cases.filter((other) => other[0] === source && other[1] === code).length;
        if ((await refused(source, code)) !== n) return false;
      }
      return true;
    });
    const {events: recent} = await shop.admin("/v1/recent?source=(unknown)");
    assert.ok(recent.some((/** @type {Json} */ one) => JSON.stringify(one).includes("key_unknown")), JSON.stringify(recent));
  });

  test("a call with a fault does not sink the others", async () => {
    const reply = await send(batch(order("good-1"), order("bad-1", {properties: {order_id: "bad-1"}}), order("good-2")));
    assert.deepEqual([reply.status, reply.body.success, reply.body.accepted, reply.body.rejected], [200, false, 2, 1]);
    assert.deepEqual([reply.body.results[1].code, reply.body.results[1].path], ["value_missing", "properties.value"]);
    const many = await send(batch(...Array.from({length: 501}, (_, n) => ({type: "track", event: "Signed Up", messageId: `many-${n}`}))));
    assert.deepEqual([many.status, many.body.blocked, many.body.rejected, many.body.results[500].code], [200, 500, 1, "too_many_events"]);
    assert.equal(many.body.results.length, 501);
  });

  test("a source may ask for statuses", async () => {
    const strict = {key: "strict-secret-0123456789"};
    const replies = [await send("{not json", strict), await send(batch(order("s1", {event: ""})), strict), await send(batch(order("s2", {event: ""}), order("s3")), strict)];
    assert.deepEqual(replies.map((reply) => reply.status), [400, 400, 200]);
    shop.tally.malformed += 1;
  });

  test("what was not made durable comes again, and counts once", async () => {
    await shop.faults({queue: true});
    const lost = await send(batch(order("again")));
    assert.deepEqual([lost.status, lost.headers.get("retry-after"), lost.body.success], [503, "2", false], lost.text);
    await shop.faults({});
    assert.equal((await send(batch(order("again")))).body.accepted, 1);
    // Its message id is another, and its order is the same.
    assert.equal((await send(batch(order("again", {messageId: "m-other"})))).body.duplicates, 1);
    await shop.one("webhook", "again");
  });

  test("a message id is of one source", async () => {
    const call = {type: "track", event: "Signed Up", messageId: "mirrored", userId: "c", context: {consent: GRANTED}};
    const app = {key: BULK_KEY};
    assert.equal((await send(batch(call))).body.accepted, 1);
    assert.equal((await send(batch(call), app)).body.received, 1);
    assert.equal((await send(batch(call))).body.duplicates, 1);
    await waitFor("one of each source", () => shop.twin.received({platform: "webhook", event_id: "mirrored"}).total === 2);
  });

  test("an address that there is not is counted with its name", async () => {
    for (const path of ["/v1/trakc", "/v1/elena@example.com"]) {
      assert.equal((await shop.fetch(path, {method: "POST", body: "{}"})).status, 404);
      shop.tally.malformed += 1;
    }
    await waitFor("two strays", async () => (await refused("(unknown)", "not_found")) === 2);
    const {events: recent} = await shop.admin("/v1/recent?source=(unknown)&event=trakc");
    assert.equal(recent.length, 1);
    assert.ok(!JSON.stringify(await shop.admin("/v1/recent?source=(unknown)")).includes("elena"));
  });
});

describe("apps", () => {
  test("the connection is the visitor's in an app, and nobody's from a server", async () => {
    for (const [id, library, ip] of [["app-1", "analytics-ios", VISITOR_IP], ["app-2", "analytics-node", undefined]]) {
      const call = {type: "track", event: "Signed Up", messageId: id, anonymousId: "a", context: {consent: GRANTED, library: {name: library}}};
      const reply = await send({batch: [call], writeKey: BULK_KEY}, {path: "/v1/b", key: "", headers: {"cf-connecting-ip": VISITOR_IP}});
      assert.equal(reply.body.received, 1, reply.text);
      const {event} = await shop.one("webhook", /** @type {string} */ (id));
      assert.equal(event?.["context"]?.ip, ip, id);
    }
  });
});

describe("pages", () => {
  test("every address is permitted to a page of the shop, with the headers of a retry", async () => {
    for (const path of ["/v1/t", "/v1/p", "/v1/i", "/v1/b", "/v1/batch", "/v1/track", "/v1/page", "/v1/m", "/beacon/v1/batch", "/sourceConfig", "/sourceConfig/", `/v1/projects/${KEY}/settings`]) {
      const reply = await shop.fetch(path, {method: "OPTIONS", headers: {origin: ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-retry-count"}});
      assert.equal(reply.status, 204, path);
      assert.equal(reply.headers.get("access-control-allow-origin"), ORIGIN, path);
      for (const header of ["authorization", "content-type", "x-retry-count", "anonymousid", "sentat", "rsa-recovered", "rsa-retry-attempt", "rsa-since-last-attempt", "rsa-since-first-attempt", "rsa-retry-reason"]) {
        assert.ok(reply.headers.get("access-control-allow-headers")?.split(", ").includes(header), `${path}: ${header}`);
      }
    }
    const reply = await send({event: "Signed Up", messageId: "cors", context: {consent: GRANTED}}, {path: "/v1/t", key: KEY, headers: {origin: ORIGIN}});
    assert.ok(reply.headers.get("access-control-expose-headers")?.includes("retry-after"));
    assert.equal(reply.headers.get("access-control-allow-origin"), ORIGIN);
  });

  test("what SDKs ask for first is there, and a wrong key is counted", async () => {
    const settings = await shop.fetch(`/v1/projects/${KEY}/settings`, {headers: {origin: ORIGIN}});
    assert.equal(settings.body.integrations["Segment.io"].apiKey, KEY);
    assert.equal(settings.headers.get("access-control-allow-origin"), ORIGIN);
    for (const path of [`/sourceConfig/?p=npm&writeKey=${KEY}`, `/sourceConfig?writeKey=${KEY}`]) {
      const {body} = await shop.fetch(path);
      assert.deepEqual([body.source.writeKey, body.source.enabled, body.source.destinations, body.source.connections], [KEY, true, [], []]);
    }
    assert.equal((await shop.fetch("/sourceConfig", {headers: {authorization: basic(KEY)}})).status, 200);
    assert.equal((await shop.fetch("/sourceConfig?view=ad", {method: "HEAD"})).status, 200);
    for (const path of ["/v1/projects/pk_nobody_0123456789/settings", `/v1/projects/${SECRET}/settings`, "/sourceConfig?writeKey=pk_nobody_0123456789"]) {
      const before = await refused("(unknown)", "key_unknown");
      const reply = await shop.fetch(path);
      assert.deepEqual([reply.status, reply.body.error.code], [401, "key_unknown"], path);
      shop.tally.malformed += 1;
      await waitFor("the wrong key", async () => (await refused("(unknown)", "key_unknown")) > before);
    }
    assert.equal((await shop.fetch("/v1/m", {method: "POST", body: "{}"})).status, 200);
  });
});

// Every address with every method, and what `Allow` says; the pixel, whose event stands in its address.

import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {ADMIN, GRANTED, KEY, ORIGIN, SECRETS, VISITOR_IP, openShop, purchase} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Reply} Reply */

/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop();
});
// A copy that overrules another is one that platforms see twice.
after(() => shop.close({lossy: ["meta", "ga4", "webhook"]}));

/** @type {Record<string, string>} */
const ROUTES = {
  "/v1/events": "POST, OPTIONS",
  "/v1/pixel.gif": "GET, HEAD, OPTIONS",
  "/v1/region": "GET, HEAD",
  "/v1/health": "GET, HEAD",
  "/v1/ledger": "GET, HEAD",
  "/v1/quality": "GET, HEAD",
  "/v1/metrics": "GET, HEAD",
  "/v1/recent": "GET, HEAD",
  "/v1/dead-letters": "GET, HEAD",
  "/v1/dead-letters/replay": "POST",
  "/v1/consent/explain": "POST",
  "/dashboard": "GET, HEAD",
  "/dashboard/login": "GET, HEAD, POST",
  "/dashboard/replay": "POST",
};

describe("methods and addresses", () => {
  test("what is not answered says what is", async () => {
    for (const [path, allow] of Object.entries(ROUTES)) {
      const allowed = allow.split(", ");
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const reply = await shop.fetch(path, {method});
        const line = `${method} ${path}: ${reply.status}`;
        if (allowed.includes(method)) {
          assert.ok(![404, 405].includes(reply.status), line);
          assert.equal(reply.headers.get("allow"), null, line);
        } else {
          assert.equal(reply.status, 405, line);
          assert.equal(reply.headers.get("allow"), allow, line);
          if (method !== "HEAD") assert.equal(reply.body?.error?.code, "method_not_allowed", line);
        }
        if (method === "HEAD") assert.equal(reply.text, "", line);
      }
    }
  });

  test("HEAD says what GET says, without the body", async () => {
    const headers = {authorization: `Bearer ${ADMIN}`};
    for (const path of ["/v1/health", "/v1/ledger", "/v1/quality", "/v1/metrics", "/v1/recent", "/v1/dead-letters"]) {
      const [head, get] = await Promise.all(["HEAD", "GET"].map((method) => shop.fetch(path, {method, headers})));
      assert.equal(head?.status, 200, path);
      assert.deepEqual([get?.status, get?.headers.get("content-type")], [200, head?.headers.get("content-type")], path);
    }
    assert.equal((await shop.fetch("/v1/ledger", {method: "HEAD"})).status, 401);
  });

  test("there is nothing anywhere else", async () => {
    for (const path of ["/", "/v1", "/v1/events/", "/v1/Events", "/v2/events", "/v1/events%2f", "/.env", "/v1/pixel", "/v1/pixel.gif/"]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const reply = await shop.fetch(path, {method});
        assert.deepEqual([reply.status, reply.body?.error?.code], [404, "not_found"], `${method} ${path}`);
        // An SDK that builds a wrong address never says so; so what is sent to one is counted.
        if (method === "POST" && path.startsWith("/v1/")) shop.tally.malformed += 1;
      }
    }
    await shop.settle();
    const {reasons} = await shop.ledger();
    assert.equal(reasons.find((/** @type {any} */ row) => row.state === "malformed" && row.code === "not_found")?.n, shop.tally.malformed);
  });
});

/** What a browser sends for an image of the shop's page. */
const IMAGE = {referer: `${ORIGIN}/thanks?gclid=Cj0Kabcdefghij`, accept: "image/*", "user-agent": "PageBrowser/1.0", "cf-connecting-ip": VISITOR_IP};

/**
 * @param {Record<string, string>} parameters
 * @param {Record<string, string>} [headers]
 * @param {string} [method]
 */
async function pixel(parameters, headers = {}, method = "GET") {
  const query = new URLSearchParams({key: KEY, ...parameters});
  const response = await fetch(new URL(`/v1/pixel.gif?${query}`, shop.worker.url), {method, headers: {...IMAGE, ...headers}});
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {status: response.status, headers: response.headers, bytes, result: response.headers.get("x-edgetally-result")};
}

/** @param {string} id */
const order = (id) => ({event: "purchase", transaction_id: id, value: "129.90", currency: "EUR", ...GRANTED});

/** @param {Awaited<ReturnType<typeof pixel>>} reply */
function isImage(reply) {
  assert.equal(reply.headers.get("content-type"), "image/gif");
  assert.match(reply.headers.get("cache-control") ?? "", /no-store/);
  assert.equal(reply.headers.get("etag"), null);
  assert.deepEqual([...reply.bytes.subarray(0, 6)], [..."GIF89a"].map((c) => c.charCodeAt(0)));
  assert.equal(reply.bytes.length, 43);
}

describe("the pixel", () => {
  test("an image is an event", async () => {
    const reply = await pixel({...order("pixel-1"), cb: "1"});
    shop.tally.accepted += 1;
    assert.deepEqual([reply.status, reply.result], [200, "received"]);
    isImage(reply);
    assert.equal((await shop.one("meta", "pixel-1")).event_id, "pixel-1");
    // What was left out is told, by name and cause.
    const spoilt = await pixel({...order("pixel-1b"), release: "{{release}}", page_url: "undefined"});
    shop.tally.accepted += 1;
    assert.deepEqual([spoilt.status, spoilt.result], [200, "received"]);
    assert.match(spoilt.headers.get("x-edgetally-removed") ?? "", /(^|, )release=placeholder(,|$)/);
    assert.equal(spoilt.headers.get("x-edgetally-path"), null);
    assert.equal((await shop.one("meta", "pixel-1b")).event_id, "pixel-1b");
    // A second look at the same image is the same order.
    assert.equal((await pixel({...order("pixel-1"), cb: "2"})).result, "received");
    shop.tally.accepted += 1;
  });

  test("a pixel is a page's copy and never more", async () => {
    const secret = {authorization: `Bearer ${SECRETS.SHOP_SECRET}`};
    const reply = await pixel(order("pixel-2"), secret);
    shop.tally.accepted += 1;
    // Servers are told `accepted`.
    assert.deepEqual([reply.status, reply.result], [200, "received"]);
    // The shop's own copy, of another value, overrules it.
    const server = await shop.server(purchase("pixel-2", {transaction_id: "pixel-2", value: 12.5}));
    assert.equal(server.body.results[0].code, "conflict", server.text);
    const bare = await pixel(order("pixel-3"), {...secret, referer: ""});
    assert.deepEqual([bare.status, bare.result], [403, "origin_missing"]);
    isImage(bare);
  });

  test("HEAD counts nothing", async () => {
    const before = await shop.ledger();
    const head = await pixel(order("pixel-4"), {}, "HEAD");
    assert.deepEqual([head.status, head.result, head.bytes.length], [200, null, 0]);
    assert.equal(head.headers.get("content-type"), "image/gif");
    await pixel({key: ""}, {}, "HEAD");
    await shop.settle();
    assert.equal(shop.twin.received({platform: "meta", event_id: "pixel-4"}).total, 0);
    assert.deepEqual((await shop.ledger()).intake.shop.malformed, before.intake.shop?.malformed);
  });

  test("a refusal is an image too, and says why", async () => {
    for (const [parameters, headers, status, code] of /** @type {[Record<string, string>, Record<string, string>, number, string][]} */ ([
      [{key: ""}, {}, 401, "credentials_missing"],
      [{key: "pk_nobody_0123456789"}, {}, 401, "key_unknown"],
      [order("x"), {referer: "https://evil.example/"}, 403, "origin_not_allowed"],
      [order("x"), {origin: "null"}, 403, "origin_not_allowed"],
      [{event: "purchase", transaction_id: "x", value: "1"}, {}, 422, "currency_missing"],
      [{event: "refund", transaction_id: "x"}, {}, 422, "event_not_for_pages"],
      [{...order("x"), emial: "x"}, {}, 422, "unknown_key"],
    ])) {
      const reply = await pixel(parameters, headers);
      assert.deepEqual([reply.status, reply.result], [status, code]);
      isImage(reply);
      if (status === 422) shop.tally.malformed += 1;
    }
    await shop.settle();
    const {reasons} = await shop.ledger();
    for (const code of ["currency_missing", "event_not_for_pages", "unknown_key"]) {
      assert.equal(reasons.find((/** @type {any} */ row) => row.state === "malformed" && row.code === code)?.n, 1, code);
    }
  });

  test("no consent is no failure", async () => {
    const {ad_user_data: _, ...less} = order("pixel-5");
    const reply = await pixel(less);
    shop.tally.accepted += 1;
    assert.equal(reply.status, 200);
    const ledger = await (await shop.settle(), shop.row("meta"));
    assert.equal(ledger.blocked, 1);
  });
});

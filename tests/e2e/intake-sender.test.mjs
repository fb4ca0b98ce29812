// Who may send: keys and origins of pages, secrets and signatures of servers, and what browsers may read.

import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {gzipSync} from "node:zlib";
import {BULK_KEY, GRANTED, KEY, ORIGIN, SECRETS, openShop, purchase, signature, small} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Reply} Reply */

/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop();
});
after(() => shop.close());

/**
 * @param {Reply} reply
 * @param {number} status
 * @param {string} code
 */
function refused(reply, status, code) {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.body?.error?.code, code, reply.text);
}

describe("pages", () => {
  test("key and origin together are what it takes", async () => {
    refused(await shop.post(small("p"), {origin: ORIGIN}), 401, "credentials_missing");
    refused(await shop.post(small("p"), {origin: ORIGIN, "x-edgetally-key": "pk_shop_0123456789abcdeX"}), 401, "key_unknown");
    refused(await shop.post(small("p"), {"x-edgetally-key": KEY}), 403, "origin_missing");
    for (const origin of ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "https://shop.example:444", "null", "https://bulk.example"]) {
      refused(await shop.post(small("p"), {"x-edgetally-key": KEY, origin}), 403, "origin_not_allowed");
    }
    const reply = await shop.page(purchase("page-1"));
    assert.equal(reply.status, 202, reply.text);
    await shop.one("meta", "page-1");
  });

  test("a beacon sends text/plain with the key in the address", async () => {
    const headers = {"content-type": "text/plain;charset=UTF-8", origin: ORIGIN};
    const reply = await shop.post(purchase("beacon-1", {event_id: "beacon-1"}), headers, `/v1/events?key=${KEY}`);
    assert.equal(reply.status, 202, reply.text);
    refused(await shop.post(small("beacon-2"), headers, "/v1/events?key=pk_nobody"), 401, "key_unknown");
    refused(await shop.post(small("beacon-2"), headers, "/v1/events?key="), 401, "credentials_missing");
  });

  test("a key opens no more than its own source", async () => {
    const reply = await shop.post(small("bulk-page"), {"x-edgetally-key": BULK_KEY, origin: "https://bulk.example"});
    assert.deepEqual(Object.keys(reply.body.results[0].destinations), ["hook"]);
  });
});

describe("what browsers may read", () => {
  test("an answer names the origin that asked, and no other", async () => {
    for (const origin of [ORIGIN, "https://m.shop.example"]) {
      const reply = await shop.page(purchase(`cors-${origin.length}`), {origin});
      assert.equal(reply.headers.get("access-control-allow-origin"), origin);
      assert.match(reply.headers.get("vary") ?? "", /\borigin\b/i);
      // For the cookies of the page's site, of which the worker's host is a part.
      assert.equal(reply.headers.get("access-control-allow-credentials"), "true");
      assert.match(reply.headers.get("access-control-expose-headers") ?? "", /retry-after, date/);
      assert.ok(reply.headers.get("date"));
    }
    // Refusals too, or the page would never see the reason.
    const bad = await shop.page("{bad");
    assert.deepEqual([bad.status, bad.headers.get("access-control-allow-origin")], [400, ORIGIN]);
  });

  test("strangers are told nothing", async () => {
    const reply = await shop.post(small("p"), {"x-edgetally-key": KEY, origin: "https://evil.example"});
    assert.equal(reply.headers.get("access-control-allow-origin"), null);
    assert.equal(reply.headers.get("access-control-allow-credentials"), null);
    assert.match(reply.headers.get("vary") ?? "", /\borigin\b/i);
    const server = await shop.server(purchase("cors-server"));
    assert.equal(server.headers.get("access-control-allow-origin"), null);
  });

  test("a preflight is answered for known origins only", async () => {
    const ask = (/** @type {string} */ origin) =>
      shop.fetch("/v1/events", {
        method: "OPTIONS",
        headers: {origin, "access-control-request-method": "POST", "access-control-request-headers": "x-edgetally-key"},
      });
    const known = await ask(ORIGIN);
    assert.equal(known.status, 204);
    assert.equal(known.headers.get("access-control-allow-origin"), ORIGIN);
    assert.match(known.headers.get("access-control-allow-headers") ?? "", /x-edgetally-key/);
    assert.match(known.headers.get("access-control-allow-methods") ?? "", /POST/);
    assert.match(known.headers.get("vary") ?? "", /\borigin\b/i);
    const stranger = await ask("https://evil.example");
    assert.equal(stranger.headers.get("access-control-allow-origin"), null);
    assert.match(stranger.headers.get("vary") ?? "", /\borigin\b/i);
  });
});

describe("cookies", () => {
  // Where the worker listens is no part of the shop's site, unless the page is there too.
  const visit = {
    event: "page_view", event_id: "cookies-1", consent: GRANTED,
    context: {page_url: "https://shop.example/?fbclid=IwAR1a-b", client_id: "1.2", cookies: {_fbp: "fb.1.1794870011223.1098115397", _ga: "GA1.1.1380133182.1764792191"}},
  };

  test("a page that asks gets them in one answer, each in a header of its own", async () => {
    const here = await openShop({
      settings(settings) {
        settings.sources.shop.origins.push("http://127.0.0.1:8000");
        return settings;
      },
    });
    try {
      const ask = (/** @type {string} */ origin, /** @type {string} */ more) =>
        here.post(visit, {origin, "content-type": "text/plain"}, `/v1/events?key=${KEY}${more}`);
      const reply = await ask("http://127.0.0.1:8000", "&cookies=1");
      assert.equal(reply.status, 202, reply.text);
      const set = reply.headers.getSetCookie();
      assert.deepEqual(set.map((line) => line.split("=")[0]).sort(), ["_fbc", "_fbp", "_ga"]);
      assert.match(set.find((line) => line.startsWith("_ga=")) ?? "", /^_ga=GA1\.1\.1380133182\.1764792191; Max-Age=31536000; Path=\/; SameSite=Lax$/);
      assert.deepEqual((await ask("http://127.0.0.1:8000", "")).headers.getSetCookie(), []);
      assert.deepEqual((await ask(ORIGIN, "&cookies=1")).headers.getSetCookie(), []);
    } finally {
      await here.close();
    }
  });
});

describe("the request itself", () => {
  test("compressed bodies and forms are not read", async () => {
    const gzip = gzipSync(JSON.stringify(small("gzip")));
    refused(await shop.bulk(gzip, {"content-encoding": "gzip"}), 415, "unsupported_media_type");
    refused(await shop.bulk("event=page_view&event_id=1", {"content-type": "application/x-www-form-urlencoded"}), 415, "unsupported_media_type");
    refused(await shop.bulk("--x--", {"content-type": "multipart/form-data; boundary=x"}), 415, "unsupported_media_type");
    assert.equal((await shop.bulk(small("charset"), {"content-type": "Application/JSON; charset=utf-8"})).status, 202);
    assert.equal((await shop.bulk(small("identity"), {"content-encoding": "identity"})).status, 202);
  });
});

describe("a server's secret", () => {
  test("right, wrong, and of another form", async () => {
    assert.equal((await shop.server(purchase("bearer-1"))).status, 202);
    assert.equal((await shop.server(purchase("bearer-2"), {authorization: `bearer  ${SECRETS.SHOP_SECRET}`})).status, 202);
    for (const authorization of ["Bearer wrong", "Bearer shop-secret-012345678", "Bearer", `Basic ${SECRETS.SHOP_SECRET}`, String(SECRETS.SHOP_SECRET)]) {
      refused(await shop.server(purchase("bearer-3"), {authorization}), 401, "secret_unknown");
    }
    // A wrong secret is not made good by a right key.
    refused(await shop.page(purchase("bearer-3"), {authorization: "Bearer wrong"}), 401, "secret_unknown");
    // Neither the admin's token nor a platform's.
    refused(await shop.server(purchase("bearer-3"), {authorization: `Bearer ${SECRETS.EDGETALLY_ADMIN_TOKEN}`}), 401, "secret_unknown");
  });
});

describe("a server's signature (Standard Webhooks)", () => {
  const secret = String(SECRETS.BULK_SECRET);
  const now = () => Math.floor(Date.now() / 1000);

  test("valid, by a whsec_ secret and by a plain one", async () => {
    const body = JSON.stringify(small("signed-1"));
    const reply = await shop.post(body, signature(secret, body));
    assert.equal(reply.status, 202, reply.text);
    assert.deepEqual(Object.keys(reply.body.results[0].destinations), ["hook"]);
    const other = JSON.stringify(purchase("signed-2"));
    const headers = signature(String(SECRETS.SHOP_SECRET), other);
    // Several signatures may stand side by side while a secret is exchanged.
    headers["webhook-signature"] = `v1,AAAA v1a,xyz ${headers["webhook-signature"]}`;
    assert.equal((await shop.post(other, headers)).status, 202);
    await shop.one("webhook", "signed-1");
    await shop.one("meta", "signed-2");
  });

  test("forged, or of another body, id or time", async () => {
    const body = JSON.stringify(small("forged"));
    refused(await shop.post(body, signature("whsec_d3Jvbmctc2VjcmV0LXdyb25nLXNlY3JldA==", body)), 401, "signature_invalid");
    const good = signature(secret, body);
    refused(await shop.post(body.replace("forged", "forgee"), good), 401, "signature_invalid");
    refused(await shop.post(`${body} `, good), 401, "signature_invalid");
    refused(await shop.post(body, {...good, "webhook-id": "msg_other"}), 401, "signature_invalid");
    refused(await shop.post(body, {...good, "webhook-timestamp": String(Number(good["webhook-timestamp"]) - 1)}), 401, "signature_invalid");
    refused(await shop.post(body, {...good, "webhook-signature": "v1,"}), 401, "signature_invalid");
    refused(await shop.post(body, {...good, "webhook-signature": "v2,abc"}), 401, "signature_invalid");
    const {"webhook-id": _, ...without} = good;
    refused(await shop.post(body, without), 401, "signature_invalid");
    assert.equal(shop.twin.received({platform: "webhook", event_id: "forged"}).total, 0);
  });

  test("stale on either side of five minutes", async () => {
    const body = JSON.stringify(small("stale"));
    refused(await shop.post(body, signature(secret, body, {timestamp: now() - 301})), 401, "signature_stale");
    // One second of grace, since the clock may turn between here and there.
    refused(await shop.post(body, signature(secret, body, {timestamp: now() + 302})), 401, "signature_stale");
    refused(await shop.post(body, signature(secret, body, {timestamp: "soon"})), 401, "signature_invalid");
    assert.equal((await shop.post(body, signature(secret, body, {timestamp: now() - 298}))).status, 202);
    const ahead = JSON.stringify(small("ahead"));
    assert.equal((await shop.post(ahead, signature(secret, ahead, {timestamp: now() + 299}))).status, 202);
  });

  test("replayed: refused, and what the first brought stays and is sent once", async () => {
    const body = JSON.stringify([small("replay-1"), small("replay-2")]);
    const headers = signature(secret, body);
    assert.equal((await shop.post(body, headers)).body.accepted, 2);
    refused(await shop.post(body, headers), 401, "signature_replayed");
    refused(await shop.post(body, headers), 401, "signature_replayed");
    // A fresh signature over the same events is a sender that was not sure: it is told that all is well.
    const again = await shop.post(body, signature(secret, body));
    assert.deepEqual([again.status, again.body.accepted, again.body.duplicates], [202, 0, 2]);
    await shop.settle();
    await shop.one("webhook", "replay-1");
    await shop.one("webhook", "replay-2");
  });

  test("replayed at the same moment: the events are sent once", async () => {
    const body = JSON.stringify([small("race-1"), small("race-2")]);
    const headers = signature(secret, body);
    const replies = await Promise.all(Array.from({length: 6}, () => shop.post(body, headers)));
    assert.equal(replies.filter((reply) => reply.body.accepted === 2).length, 1);
    for (const reply of replies) {
      if (reply.status === 202) assert.equal(reply.body.accepted + reply.body.duplicates, 2);
      else refused(reply, 401, "signature_replayed");
    }
    await shop.settle();
    await shop.one("webhook", "race-1");
  });

  test("a request that was refused leaves its signature good", async () => {
    const body = JSON.stringify([{event: "purchase"}]);
    const headers = signature(secret, body);
    assert.equal((await shop.post(body, headers)).status, 422);
    assert.equal((await shop.post(body, headers)).status, 422);
  });
});

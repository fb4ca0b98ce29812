// Bad days of the worker's own surroundings: queue, store, ledger, settings, and messages that nobody can read.

import assert from "node:assert/strict";
import {createServer} from "node:http";
import {after, before, describe, test} from "node:test";
import {SECRETS, openShop, purchase, settingsFor, signature, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

describe("bindings that fail", () => {
  /** @type {Shop} */
  let shop;
  before(async () => {
    shop = await openShop({faulty: true});
  });
  after(() => shop.close());

  test("the queue refuses: 503 with Retry-After, and the sender's second try is accepted", async () => {
    await shop.faults({queue: true});
    const events = [purchase("queue-1"), purchase("queue-2")];
    for (let i = 0; i < 2; i += 1) {
      const reply = await shop.page(events);
      assert.deepEqual([reply.status, reply.body.error.code], [503, "queue_unavailable"]);
      assert.match(reply.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
    }
    assert.ok(((await shop.sent()).counts.queue ?? 0) >= 4, "each request tries twice");
    await shop.faults({});
    const reply = await shop.page(events);
    assert.deepEqual([reply.status, reply.body.received], [202, 2]);
    await shop.settle();
    for (const id of ["queue-1", "queue-2"]) for (const platform of ["meta", "ga4", "webhook"]) await shop.one(platform, id);
  });

  test("the queue refuses many messages: all come again", async () => {
    const filler = "x".repeat(2000);
    const events = Array.from({length: 200}, (_, i) => small(`large-${i}`, {properties: {filler}}));
    await shop.faults({queue: true});
    assert.equal((await shop.bulk(events)).status, 503);
    await shop.faults({});
    assert.equal((await shop.bulk(events)).body.accepted, 200);
    await shop.settle();
    assert.equal(shop.arrived("webhook").filter((id) => id.startsWith("large-")).length, 200);
  });

  test("the queue takes the first half and refuses the rest: what it took is not taken again", async () => {
    const filler = "x".repeat(2000);
    const events = Array.from({length: 200}, (_, i) => small(`half-${i}`, {properties: {filler}}));
    const before = await shop.row("hook", "bulk");
    // The first call goes through; the second is refused, and so is its second try.
    await shop.faults({queue_later: 2});
    assert.equal((await shop.bulk(events)).status, 503);
    await shop.faults({});
    const reply = await shop.bulk(events);
    assert.equal(reply.status, 202);
    assert.ok(reply.body.duplicates > 0 && reply.body.accepted > 0, reply.text.slice(0, 80));
    assert.equal(reply.body.accepted + reply.body.duplicates, 200);
    // The half that the first request made durable was accepted too, though its sender was told 503.
    shop.tally.accepted += reply.body.duplicates;
    await shop.settle();
    assert.equal(shop.arrived("webhook").filter((id) => id.startsWith("half-")).length, 200);
    const now = await shop.row("hook", "bulk");
    assert.deepEqual([now.delivered - before.delivered, now.duplicate - before.duplicate], [200, reply.body.duplicates]);
  });

  test("the queue refuses a signed request: its signature stays good", async () => {
    const body = JSON.stringify(small("signed-503"));
    const headers = signature(String(SECRETS.BULK_SECRET), body);
    await shop.faults({queue: true});
    assert.equal((await shop.post(body, headers)).status, 503);
    await shop.faults({});
    assert.equal((await shop.post(body, headers)).body.accepted, 1);
    assert.equal((await shop.post(body, headers)).status, 401);
  });

  test("the store fails on reading and writing: events are accepted all the same", async () => {
    await shop.faults({claims_get: true, claims_put: true});
    const batch = [purchase("store-1"), purchase("store-2")];
    assert.equal((await shop.server(batch)).body.accepted, 2);
    // This isolate remembers by itself.
    assert.equal((await shop.server(batch)).body.duplicates, 2);
    await waitFor("a word about it", () => shop.worker.logs.some((line) => line.message.includes("claims were not stored")));
    const {counts} = await shop.sent();
    assert.ok((counts.claims_get ?? 0) >= 1 && (counts.claims_put ?? 0) >= 2);
    await shop.faults({claims_get: true});
    assert.equal((await shop.server(purchase("store-3"))).body.accepted, 1);
    await shop.faults({claims_put: true});
    assert.equal((await shop.server(purchase("store-4"))).body.accepted, 1);
    await shop.faults({});
    await shop.settle();
    for (const id of ["store-1", "store-2", "store-3", "store-4"]) await shop.one("meta", id);
  });

  test("the ledger is away: delivery goes on, and the counts catch up", async () => {
    const before = await shop.row("meta");
    await shop.faults({ledger: true});
    const refused = await shop.fetch("/v1/ledger", {headers: {authorization: `Bearer ${SECRETS.EDGETALLY_ADMIN_TOKEN}`}});
    assert.deepEqual([refused.status, refused.body.error.code], [503, "ledger_unavailable"]);
    for (let i = 0; i < 5; i += 1) await shop.server([purchase(`ledger-${i}`), purchase(`ledger-${i}`)]);
    await waitFor("delivery", () => shop.arrived("meta").filter((id) => id.startsWith("ledger-")).length === 5);
    const reports = async () => (await shop.sent()).sent.filter((text) => JSON.parse(text).kind === "report").length;
    await waitFor("reports on the queue", async () => (await reports()) >= 3);
    await shop.faults({});
    await shop.settle();
    const now = await shop.row("meta");
    assert.deepEqual([now.accepted - before.accepted, now.delivered - before.delivered, now.duplicate - before.duplicate], [10, 5, 5]);
    for (let i = 0; i < 5; i += 1) await shop.one("meta", `ledger-${i}`);
  });
});

describe("messages on the queue", () => {
  /** @type {Shop} */
  let shop;
  before(async () => {
    // Twenty messages are one batch, so bad ones lie beside good ones.
    shop = await openShop({faulty: true, queue: {maxBatchTimeout: 0.3, maxBatchSize: 20}});
  });
  // Copies are put on the queue by hand here, so the twin counts more than the ledger.
  after(() => shop.close({crossed: true}));

  test("an envelope of a version that nobody knows is quarantined, once, and not tried again", async () => {
    await shop.enqueue(JSON.stringify({v: 99, kind: "events", id: "future-1", source: "shop", parcels: [{new: "shape"}]}));
    const [message] = await waitFor("the quarantine", async () => {
      const found = await shop.quarantined();
      return found.length > 0 ? found : undefined;
    });
    assert.equal(message?.code, "envelope_version_unknown");
    assert.ok(message?.bytes > 50);
    // Replayed, it is looked at again: by a release that knows it, it would be delivered.
    assert.deepEqual(await shop.admin("/v1/dead-letters/replay", {ids: [message?.id]}), {replayed: [message?.id]});
    await waitFor("the second look", async () => {
      const found = await shop.quarantined();
      return found.length === 1 && found[0]?.id !== message?.id;
    });
    await shop.check();
  });

  test("garbage beside good messages costs only itself", async () => {
    const known = new Set((await shop.quarantined()).map((message) => message.id));
    const garbage = ["", "not json", "{}", "[]", "null", '{"v":1}', '{"v":1,"kind":"events"}', '{"v":1,"kind":"events","id":7}', '{"v":1,"kind":"other","id":"x"}', "{".repeat(5000), '{"v":1,"kind":"report","id":"x","counts":"many"}'];
    const good = Array.from({length: 4}, (_, i) => small(`beside-${i}`));
    await Promise.all([
      ...garbage.slice(0, 6).map((text) => shop.enqueue(text)),
      ...good.map((event) => shop.bulk(event)),
      ...garbage.slice(6).map((text) => shop.enqueue(text)),
    ]);
    for (const event of good) await shop.one("webhook", event.event_id);
    const fresh = await waitFor("the quarantine", async () => {
      const found = (await shop.quarantined()).filter((message) => !known.has(message.id));
      return found.length >= garbage.length ? found : undefined;
    });
    assert.equal(fresh.length, garbage.length);
    assert.deepEqual(new Set(fresh.map((message) => message.code)), new Set(["envelope_malformed"]));
  });

  test("a body that is no text is quarantined as well", async () => {
    const known = (await shop.quarantined()).length;
    const queue = await shop.worker.mf.getQueueProducer("EVENTS");
    await queue.send({v: 1, kind: "events"}, {contentType: "json"});
    await queue.send(new Uint8Array([1, 2, 3, 255]), {contentType: "bytes"});
    await shop.bulk(small("beside-bytes"));
    await shop.one("webhook", "beside-bytes");
    await waitFor("the quarantine", async () => (await shop.quarantined()).length === known + 2);
  });

  test("the same message twice: the counts are applied once", async () => {
    assert.equal((await shop.server([purchase("twice-1"), purchase("twice-2"), purchase("twice-1"), purchase("twice-3", {consent: {}})])).body.accepted, 2);
    await shop.settle();
    const before = (await shop.ledger()).balances;
    const {sent} = await shop.sent();
    const envelope = sent.find((text) => text.includes("twice-1"));
    assert.ok(envelope);
    // Together in one batch, where the second waits for what becomes of the first, and once more in another.
    const copies = () => shop.twin.received({platform: "meta", event_id: "twice-1"}).total;
    await Promise.all([shop.enqueue(envelope), shop.enqueue(envelope)]);
    await waitFor("a copy at meta", () => copies() >= 2);
    const known = copies();
    await shop.enqueue(envelope);
    await waitFor("the last copy", () => copies() > known);
    // A later event's count can only be there once the earlier ones have been handed in.
    await shop.server(purchase("twice-after"));
    await shop.settle();
    const after = (await shop.ledger()).balances;
    for (const [index, row] of after.entries()) {
      if (row.source !== "shop") continue;
      assert.deepEqual([row.accepted, row.delivered], [before[index].accepted + 1, before[index].delivered + 1]);
    }
    const {meta, webhook, ga4} = shop.twin.stats().platforms;
    assert.deepEqual([meta?.unique, ga4?.unique], [3, 3]);
    assert.ok([meta?.duplicates, webhook?.duplicates].every((n) => n && n >= 4), "platforms recognise every further copy");
  });
});

/**
 * What a worker says that cannot work.
 * @param {import("../support/shop.mjs").Options} options
 * @param {[path: string, rule: RegExp][]} faults
 */
async function unhealthy(options, faults) {
  const shop = await openShop(options);
  try {
    const health = await shop.fetch("/v1/health");
    assert.deepEqual([health.status, health.body.status], [503, "unhealthy"]);
    for (const [path, rule] of faults) {
      const found = health.body.settings.find((/** @type {Json} */ fault) => fault.path === path);
      assert.ok(found, `${path} in ${JSON.stringify(health.body.settings)}`);
      assert.match(found.message, rule);
    }
    assert.equal(health.body.settings.length, faults.length, JSON.stringify(health.body.settings));
    for (const reply of [await shop.page(purchase("nobody")), await shop.server(purchase("nobody"))]) {
      assert.deepEqual([reply.status, reply.body.error.code], [503, "settings_invalid"]);
      assert.match(reply.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      assert.ok(!reply.text.includes("SECRET"), "senders are not told what");
    }
    const admin = await shop.fetch("/v1/ledger", {headers: {authorization: `Bearer ${SECRETS.EDGETALLY_ADMIN_TOKEN}`}});
    assert.equal(admin.status, 503);
    for (const secret of Object.values(SECRETS)) assert.ok(!health.text.includes(secret));
    assert.equal(shop.twin.requests().total, 0);
  } finally {
    await shop.stop();
  }
}

describe("settings", () => {
  test("faults in the settings are told by path and rule", () =>
    unhealthy(
      {
        settings(settings) {
          settings.sources.shop.origins = ["https://shop.example/", "https://m.shop.example"];
          settings.sources.bulk.destinations = ["hook", "tiktok"];
          settings.destinations.meta = {dataset: "1234567890123456"};
          settings.destinations.hook.url = "https://169.254.169.254/latest";
          return settings;
        },
      },
      [
        ["sources.shop.origins[0]", /no path/],
        ["sources.bulk.destinations[1]", /tiktok/],
        ["destinations.meta.dataset_id", /missing field/],
        ["destinations.meta.dataset", /unknown field/],
        ["destinations.hook.url", /public host/],
      ],
    ));

  test("a twin is for development, on this machine", () =>
    unhealthy(
      {settings: (settings) => ({...settings, environment: "production", twin: "http://twin.example"})},
      [["twin", /development|loopback/], ["twin", /development|loopback/]],
    ));

  test("secrets that are missing are told by their names", () => {
    const {META_ACCESS_TOKEN: _meta, EDGETALLY_KEY: _key, ...rest} = SECRETS;
    return unhealthy({secrets: rest}, [
      ["destinations.meta.access_token", /wrangler secret put META_ACCESS_TOKEN/],
      ["EDGETALLY_KEY", /wrangler secret put EDGETALLY_KEY/],
    ]);
  });

  test("nothing that an operator typed is shown, be it a token in the wrong place", async () => {
    const tokens = ["EAABSBCS1IHGBA0X7Q2Z9K4T8", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "f3a9c4e17b2d4f60a1b8c7d6e5f40312"];
    for (const token of tokens) {
      const shop = await openShop({
        settings(settings) {
          settings.sources.shop.secret = token;
          settings.sources.bulk[token] = token;
          settings.destinations.meta.access_token = token;
          settings.destinations.meta.events = {[token]: 7};
          settings.destinations.hook.url = `https://${token}@hooks.example/`;
          return settings;
        },
      });
      const health = await shop.fetch("/v1/health");
      assert.equal(health.status, 503);
      const paths = health.body.settings.map((/** @type {Json} */ fault) => fault.path);
      for (const path of ["sources.shop.secret", "sources.bulk.(not shown)", "destinations.meta.access_token", "destinations.meta.events.(not shown)", "destinations.hook.url"]) {
        assert.ok(paths.includes(path), `${path} in ${paths}`);
      }
      assert.ok(!health.text.includes(token), health.text);
      await shop.stop();
    }
  });

  test("a line end behind a secret is no part of it", async () => {
    const secrets = Object.fromEntries(Object.entries(SECRETS).map(([name, secret]) => [name, `${secret}\r\n`]));
    const shop = await openShop({secrets});
    assert.equal((await shop.fetch("/v1/health")).status, 200);
    assert.equal((await shop.server(purchase("line-end"))).status, 202);
    const bulk = await shop.post(small("line-end-bulk"), {...signature(SECRETS.BULK_SECRET ?? "", JSON.stringify(small("line-end-bulk")))});
    assert.equal(bulk.status, 202);
    for (const platform of ["meta", "ga4", "webhook"]) await shop.one(platform, "line-end");
    // The ledger is asked with the admin token as it was meant.
    await shop.settle();
    await shop.stop();
  });

  test("settings spread over variables are one", async () => {
    const {hook, ...others} = settingsFor("").destinations;
    const shop = await openShop({
      settings: (settings) => ({...settings, destinations: others}),
      // One as the runtime hands tables over, one as a text; a secret of a similar name stays one.
      secrets: /** @type {any} */ ({...SECRETS, EDGETALLY_HOOK: {destinations: {hook}}, EDGETALLY_2: '{"dedup_window_days": 9}', EDGETALLY_SPARE: "not settings"}),
    });
    const health = await shop.fetch("/v1/health");
    assert.deepEqual([health.status, health.body.settings], [200, []]);
    await shop.bulk(small("spread"));
    await shop.one("webhook", "spread");
    await shop.close();
    return unhealthy(
      {secrets: /** @type {any} */ ({...SECRETS, EDGETALLY_2: {sources: {shop: {key: "pk_shop_fedcba9876543210"}}}})},
      [["sources.shop.key", /two variables/]],
    );
  });

  test("a redirect is an answer, and nobody goes where it leads", async () => {
    /** @type {string[]} */
    const asked = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      request.resume();
      response.writeHead(307, {location: "/elsewhere"}).end();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const {port} = /** @type {import("node:net").AddressInfo} */ (server.address());
    const shop = await openShop({settings: (settings) => ({...settings, twin: `http://127.0.0.1:${port}`})});
    try {
      assert.equal((await shop.bulk(small("redirected"))).status, 202);
      await waitFor("a second attempt", () => asked.length > 1);
      assert.ok(!asked.some((path) => path.includes("elsewhere")), asked.join(" "));
    } finally {
      await shop.stop();
      server.close();
    }
  });

  test("a healthy worker says so, with the versions that it speaks", async () => {
    const shop = await openShop();
    const health = await shop.fetch("/v1/health");
    assert.deepEqual([health.status, health.body.status, health.body.settings], [200, "ok", []]);
    assert.deepEqual(health.body.bindings, {CLAIMS: true, EVENTS: true, LEDGER: true, SLOW: true});
    assert.ok(health.body.versions.some((/** @type {Json} */ version) => version.platform === "meta" && /^v\d+\.\d$/.test(version.api_version)));
    await shop.close();
  });
});

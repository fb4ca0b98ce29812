// `GET /v1/region`: what a page is told of what silence means where its visitor is.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {KEY, ORIGIN, openShop} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */

/** @param {Shop} shop @param {Record<string, string>} [headers] @param {string} [key] @param {string} [method] */
const ask = (shop, headers = {origin: ORIGIN}, key = KEY, method = "GET") => shop.fetch(`/v1/region?key=${key}`, {method, headers});

/**
 * @param {Record<string, string>} cf
 * @param {Record<string, unknown>} source
 * @param {(shop: Shop) => Promise<void>} run
 */
async function at(cf, source, run) {
  const shop = await openShop({
    cf,
    settings(settings) {
      settings["sources"].shop = {...settings["sources"].shop, ...source};
      return settings;
    },
  });
  try {
    await run(shop);
  } finally {
    await shop.close();
  }
}

const BY_REGION = {consent: "by_region"};

describe("what a page is told", () => {
  test("by the visitor's country, or where nobody knows it by the markets; the gateway goes by the same", async () => {
    for (const [cf, source, word] of /** @type {[Record<string, string>, Record<string, unknown>, string][]} */ ([
      [{country: "US", regionCode: "CA"}, BY_REGION, "implied"],
      [{country: "DE", regionCode: "BE"}, BY_REGION, "required"],
      [{country: "GB"}, BY_REGION, "required"],
      [{country: "T1"}, BY_REGION, "required"],
      [{country: "T1"}, {...BY_REGION, markets: ["US"]}, "implied"],
      [{country: "BR"}, {...BY_REGION, consent_elsewhere: "implied"}, "implied"],
      [{country: "US"}, {}, "required"],
    ])) {
      await at(cf, source, async (shop) => {
        const reply = await ask(shop);
        assert.deepEqual([reply.status, reply.text], [200, JSON.stringify({consent: word})], JSON.stringify(cf));
        const lead = await shop.page({event: "generate_lead", event_id: "l-1", user: {email: "lena.winter@example.com"}, context: {page_url: `${ORIGIN}/contact`}});
        assert.equal(lead.body.results[0].destinations.meta, word === "implied" ? "received" : "blocked:ad_user_data_missing", JSON.stringify(cf));
      });
    }
  });

  test("who may ask, who may read and keep the answer; no question is an event", async () => {
    await at({country: "US"}, BY_REGION, async (shop) => {
      const reply = await ask(shop);
      assert.equal(reply.headers.get("cache-control"), "private, max-age=3600");
      assert.equal(reply.headers.get("access-control-allow-origin"), ORIGIN);
      assert.match(reply.headers.get("vary") ?? "", /\borigin\b/i);
      assert.deepEqual(reply.headers.getSetCookie(), []);
      // A page on the gateway's own host sends no Origin with what it reads.
      assert.equal((await ask(shop, {referer: `${ORIGIN}/`})).status, 200);

      const head = await ask(shop, {origin: ORIGIN}, KEY, "HEAD");
      assert.deepEqual([head.status, head.text, head.headers.get("cache-control")], [200, "", "private, max-age=3600"]);

      const stranger = {origin: "https://evil.example"};
      for (const [headers, key, status, code] of /** @type {[Record<string, string>, string, number, string][]} */ ([
        [{origin: ORIGIN}, "", 401, "credentials_missing"],
        [{origin: ORIGIN}, "pk_nobody_0123456789", 401, "key_unknown"],
        [{}, KEY, 403, "origin_missing"],
        [stranger, KEY, 403, "origin_not_allowed"],
        [{origin: "null"}, KEY, 403, "origin_not_allowed"],
        [{referer: "https://evil.example/?https://shop.example/"}, KEY, 403, "origin_not_allowed"],
      ])) {
        const refused = await ask(shop, headers, key);
        assert.deepEqual([refused.status, refused.body?.error?.code], [status, code]);
        assert.equal(refused.headers.get("cache-control"), "no-store", "a mistake that is mended is not kept");
        assert.equal(refused.headers.get("access-control-allow-origin"), headers["origin"] === ORIGIN ? ORIGIN : null);
      }
      await shop.settle();
      assert.deepEqual((await shop.ledger()).intake, {});
      assert.deepEqual((await shop.admin("/v1/recent")).events, []);
    });
  });

  test("settings that are wrong are no permission", async () => {
    const shop = await openShop({cf: {country: "US"}, settings: (settings) => ({...settings, sources: {...settings["sources"], shop: {...settings["sources"].shop, consent: "by_regoin"}}})});
    try {
      const reply = await ask(shop);
      assert.deepEqual([reply.status, reply.body.error.code, reply.headers.get("retry-after")], [503, "settings_invalid", "30"]);
    } finally {
      await shop.stop();
    }
  });
});

// What one invocation may do, and calls that never end. The emulator knows neither, so a wrapper plays both.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {openShop, pageView, purchase, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */

const wrap = "./limits.js";

/**
 * Events of as many visitors, which GA4 takes one by one.
 * @param {(id: string, more?: Json) => Json} make
 * @param {string} prefix
 * @param {number} n
 */
const visitors = (make, prefix, n) =>
  Array.from({length: n}, (_, i) => {
    const event = make(`${prefix}-${i}`);
    return {...event, context: {...event.context, client_id: `${1000 + i}.${i}`}};
  });

/**
 * @param {import("../support/shop.mjs").Shop} shop
 * @param {Json} [body]
 * @returns {Promise<Json>}
 */
async function limits(shop, body) {
  return (await shop.fetch("/_test/limits", body && {method: "POST", body: JSON.stringify(body)})).body;
}

describe("what one invocation may do", () => {
  test("a bulk sender is worked off on the free plan's 50 subrequests: once each, and nothing is quarantined", async () => {
    const shop = await openShop({wrap, settings: (settings) => ({...settings, limits: {requests: 50}})});
    try {
      await limits(shop, {subrequests: 50});
      const views = visitors(pageView, "view", 120);
      const orders = visitors(purchase, "order", 120);
      for (const events of [views, orders]) await shop.server(events);
      await shop.settle();
      const {invocations, most, refused} = await limits(shop);
      assert.equal(refused, 0);
      assert.ok(most <= 50 && most >= 30, `${most}`);
      assert.ok(invocations >= 5, `${invocations}`);
      for (const platform of ["meta", "ga4", "webhook"]) assert.equal(shop.arrived(platform).length, 240, platform);
      const row = await shop.row("ga4");
      assert.deepEqual([row.delivered, row.retries, row.retrying], [240, 0, 0]);
      assert.deepEqual(await shop.quarantined(), []);
      await shop.close();
    } finally {
      await shop.stop().catch(() => {});
    }
  });

  for (const hang of ["fetch", "body", "cancel", "signal"]) {
    test(`a call that never ends (${hang}) ends with the timeout, and its events go again`, async () => {
      const shop = await openShop({wrap, destinations: ["meta"], delivery: {timeout_ms: 300}});
      try {
        await limits(shop, {hang});
        await shop.server([purchase(`hang-${hang}`)]);
        await waitFor("the delivery", async () => (await shop.row("meta")).delivered === 1);
        await shop.close({lossy: ["meta"]});
        assert.deepEqual(shop.twin.stats().violations, []);
      } finally {
        await shop.stop().catch(() => {});
      }
    });
  }
});

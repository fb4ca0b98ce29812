// One destination that is down, slow or limiting costs the other ten nothing: the time from an answer to each arrival,
// with and without.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {PLATFORMS} from "../../npm/src/platforms.mjs";
import {openShop, purchase, waitFor} from "../support/shop.mjs";

/** How many events are measured in each phase. */
const EVENTS = 8;
/** Far more than a shared machine's noise, far less than waiting for each of the timeouts would cost. */
const BOUND_MS = 1500;

/** @type {[string, string, object][]} */
const TROUBLES = [
  ["meta", "does not answer", {kind: "timeout", ms: 60_000}],
  ["google_ads", "is down", {kind: "status", status: 503}],
  ["tiktok", "limits its callers", {kind: "status", status: 401, body: {code: 40100, message: "Too many requests", request_id: "r", data: {}}}],
  ["webhook", "is slow", {kind: "latency", ms: 1800}],
];

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

describe("isolation of destinations", {concurrency: 2}, () => {
  for (const [troubled, what, fault] of TROUBLES) {
    test(`${troubled} ${what}: the others do not notice`, async () => {
      const shop = await openShop({destinations: "all", delivery: {timeout_ms: 2000, retry_base_seconds: 2, retry_max_seconds: 4}});
      const others = PLATFORMS.map(({platform}) => platform).filter((platform) => platform !== troubled);
      /**
       * The median time from an answer to its arrival, by platform.
       * @param {string} phase
       */
      const measure = async (phase) => {
        /** @type {Record<string, number[]>} */
        const times = Object.fromEntries(others.map((platform) => [platform, []]));
        for (let i = 0; i < EVENTS; i += 1) {
          const id = `${phase}-${i}`;
          await shop.server(purchase(id));
          const sent = Date.now();
          for (const [platform, list] of Object.entries(times)) {
            const {at} = await shop.one(platform, id);
            list.push(Math.max(0, Date.parse(at) - sent));
          }
        }
        return Object.fromEntries(Object.entries(times).map(([platform, list]) => [platform, median(list)]));
      };
      try {
        const calm = await measure("calm");
        shop.twin.faults({platform: troubled, ...fault});
        const stormy = await measure("stormy");
        const seen = shop.twin.stats().platforms[troubled];
        assert.ok((seen?.requests ?? 0) > EVENTS || (seen?.faulted ?? 0) >= 1, `${troubled} was asked`);
        for (const platform of others) {
          const [before, during] = [calm[platform] ?? 0, stormy[platform] ?? 0];
          assert.ok(during - before < BOUND_MS, `${platform}: median ${before} ms before, ${during} ms while ${troubled} ${what}`);
        }
        console.log(`# medians in ms, before and while ${troubled} ${what}: ${others.map((platform) => `${platform} ${calm[platform]} ${stormy[platform]}`).join(", ")}`);
        shop.twin.clearFaults();
        if (troubled !== "tiktok") {
          // TikTok's wish to be left alone for five minutes outlasts the test.
          await waitFor(`${troubled} to catch up`, () => (shop.twin.stats().platforms[troubled]?.unique ?? 0) === 2 * EVENTS);
          await shop.close({lossy: [troubled]});
        } else {
          await shop.check();
        }
      } finally {
        await shop.stop().catch(() => {});
      }
    });
  }
});

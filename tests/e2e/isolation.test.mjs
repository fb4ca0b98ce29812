// One destination that does not answer costs the others no time worth speaking of.

import assert from "node:assert/strict";
import {test} from "node:test";
import {openShop, purchase, waitFor} from "../support/shop.mjs";

/** How many events are measured in each phase. */
const EVENTS = 15;
/** Far more than a shared machine's noise, far less than waiting for each of Meta's timeouts would cost. */
const BOUND_MS = 1500;

test("GA4 and the webhook are served while Meta times out", async () => {
  const shop = await openShop({delivery: {timeout_ms: 2000, retry_base_seconds: 2, retry_max_seconds: 4}});
  /**
   * The median time from an answer to its arrival, by platform.
   * @param {string} phase
   */
  const measure = async (phase) => {
    /** @type {Record<string, number[]>} */
    const times = {ga4: [], webhook: []};
    for (let i = 0; i < EVENTS; i += 1) {
      const id = `${phase}-${i}`;
      await shop.server(purchase(id));
      const sent = Date.now();
      for (const [platform, list] of Object.entries(times)) {
        const {at} = await shop.one(platform, id);
        list.push(Math.max(0, Date.parse(at) - sent));
      }
    }
    return Object.fromEntries(Object.entries(times).map(([platform, list]) => [platform, list.sort((a, b) => a - b)[EVENTS >> 1] ?? 0]));
  };
  try {
    const healthy = await measure("healthy");
    shop.twin.faults({platform: "meta", kind: "timeout", ms: 60_000});
    const failing = await measure("failing");
    assert.ok((shop.twin.stats().platforms.meta?.faulted ?? 0) >= 1, "Meta was asked");
    for (const platform of ["ga4", "webhook"]) {
      const [before, during] = [healthy[platform] ?? 0, failing[platform] ?? 0];
      assert.ok(during - before < BOUND_MS, `${platform}: median ${before} ms with Meta, ${during} ms without`);
    }
    console.log(`# medians in ms: Meta healthy ${JSON.stringify(healthy)}, Meta timing out ${JSON.stringify(failing)}`);
    shop.twin.clearFaults();
    await waitFor("Meta to catch up", () => (shop.twin.stats().platforms.meta?.unique ?? 0) === 2 * EVENTS);
    await shop.close();
  } finally {
    await shop.stop().catch(() => {});
  }
});

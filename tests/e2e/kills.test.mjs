// The runtime is killed in the middle of a flood, with its queue in a process of its own: no event that was accepted may be
// lost, and the books have to be even. What was under way goes again; how much of it a platform counts twice is told.
//
// KILLS=20 kills that often (make test-kills).

import assert from "node:assert/strict";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {startTwin} from "../../twin/server.mjs";
import {openBroker} from "../support/queue.mjs";
import {receipts} from "../support/receipts.mjs";
import {openShop, pageView, purchase, SECRETS, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */
/** @typedef {import("../support/shop.mjs").Shop} Shop */

const KILLS = Number(process.env.KILLS ?? 2);
/** How many requests one kill interrupts, and how many events each of them has. */
const REQUESTS = 8;
const EVENTS = 30;
/** The ids of events by their visitors, since GA4 is not told the ids of page views. @type {Map<string, string>} */
const IDS = new Map();

const wrap = "./external.js";

/**
 * Half orders, which GA4 knows a second time, half page views, which it does not; one visitor each.
 * @param {number} round
 * @param {number} request
 * @param {number} n
 * @returns {Json}
 */
function one(round, request, n) {
  const id = `${round}-${request}-${n}`;
  /** @type {Json} */
  const event = n % 2 === 0 ? purchase(`order-${id}`) : pageView(`view-${id}`);
  const visitor = `${1 + round * REQUESTS + request}.${n}`;
  IDS.set(visitor, event.event_id);
  return {...event, context: {...event.context, client_id: visitor}};
}

test(`${KILLS} kills in a flood: nothing that was accepted is lost, and the books are even`, async (t) => {
  const state = await mkdtemp(join(tmpdir(), "edgetally-kills-"));
  const twin = await startTwin();
  const broker = await openBroker({folder: state});
  const open = async () => {
    const shop = await openShop({twin, wrap, persist: state, secrets: {...SECRETS, BROKER: broker.url}});
    await broker.ask({worker: shop.worker.url.origin});
    return shop;
  };
  /** @type {Set<string>} */
  const accepted = new Set();
  let shop = await open();
  try {
    for (let round = 0; round <= KILLS; round++) {
      const dying = shop;
      const flood = Array.from({length: REQUESTS}, async (_, request) => {
        const events = Array.from({length: EVENTS}, (_, n) => one(round, request, n));
        // Whoever got no answer does not know, and is not counted on.
        const reply = await dying.server(events).catch(() => undefined);
        if (reply?.status === 200 || reply?.status === 202) for (const {event_id: id} of events) accepted.add(id);
      });
      if (round < KILLS) {
        // In the middle of it: some of this round's events have arrived, others have not.
        const before = twin.stats().platforms.ga4?.received ?? 0;
        await waitFor("a part of the flood", () => (twin.stats().platforms.ga4?.received ?? 0) >= before + 40 + 30 * (round % 3));
        await broker.ask({worker: ""});
        assert.ok(dying.worker.pid);
        process.kill(dying.worker.pid, "SIGKILL");
        await Promise.all(flood);
        await dying.worker.dispose().catch(() => {});
        shop = await open();
      } else {
        await Promise.all(flood);
      }
    }
    await waitFor("the queue to be empty", async () => (await broker.ask({})).waiting === 0, 120);
    const ledger = await shop.settle();
    assert.equal(ledger.remainder, 0);
    assert.ok(accepted.size >= EVENTS * REQUESTS, `${accepted.size}`);
    const ga4 = twin.received({platform: "ga4", limit: 100_000}).events.map(({context}) => IDS.get(String(context.client_id)) ?? "");
    for (const [platform, ids] of Object.entries({meta: shop.arrived("meta"), webhook: shop.arrived("webhook"), ga4})) {
      const arrived = new Set(ids);
      const lost = [...accepted].filter((id) => !arrived.has(id));
      assert.deepEqual(lost, [], `lost at ${platform}`);
    }
    const views = ga4.filter((id) => id.startsWith("view-"));
    const twice = views.length - new Set(views).size;
    const {lines} = await shop.ledger("?hours=1&destination=ga4");
    const counted = lines
      .filter((/** @type {Json} */ line) => line.state === "maybe_twice")
      .reduce((/** @type {number} */ sum, /** @type {Json} */ line) => sum + line.n, 0);
    const {meta, webhook, ga4: google} = twin.stats().platforms;
    t.diagnostic(
      `${accepted.size} accepted, 0 lost; repeats that a platform recognised: Meta ${meta?.duplicates}, webhook ${webhook?.duplicates}, ` +
        `GA4 (orders) ${google?.by_event?.purchase?.duplicates}; page views that GA4 counted twice: ${twice} of ${views.length}, in the books: ${counted}`,
    );
    assert.deepEqual(twin.stats().violations, []);
    assert.deepEqual(await shop.quarantined(), []);
    // One for each copy that the books have, whatever was told twice.
    const written = (await receipts(shop, "shop")).map(({event_id: id}) => id);
    assert.equal(written.length, ledger.intake.shop.accepted);
    assert.deepEqual([...accepted].filter((id) => !written.includes(id)), []);
  } finally {
    await shop.stop().catch(() => {});
    broker.close();
    await twin.close();
    await rm(state, {recursive: true, force: true});
  }
});

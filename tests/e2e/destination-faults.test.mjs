// Bad days of the platforms: whatever one of them does, every event ends once in one state, and the others never notice.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {openShop, pageView, purchase, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

/**
 * Events with ids of their own, so that a platform's count can be compared with them.
 * @param {string} prefix
 * @param {number} n
 */
const orders = (prefix, n) => Array.from({length: n}, (_, i) => purchase(`${prefix}-${String(i).padStart(3, "0")}`));

/** @param {Json[]} events */
const ids = (events) => events.map((event) => event.event_id).sort();

/**
 * Its own worker and twin for each test, since all of them wait most of the time.
 * @param {string} name
 * @param {(shop: Shop) => Promise<{lossy?: string[]} | void>} body
 * @param {import("../support/shop.mjs").Options} [options]
 */
function faulty(name, body, options = {}) {
  test(name, async () => {
    const shop = await openShop(options);
    try {
      const exceptions = await body(shop);
      await shop.close(exceptions ?? {});
    } finally {
      await shop.stop().catch(() => {});
    }
  });
}

describe("faults of destinations", {concurrency: 4}, () => {
  faulty("down for seconds: all is delivered afterwards, once each, and the others at once", async (shop) => {
    shop.twin.faults({platform: "meta", kind: "status", status: 503});
    const events = orders("down", 20);
    for (let i = 0; i < 20; i += 5) await shop.server(events.slice(i, i + 5));
    await shop.arrival("webhook", 20);
    await shop.arrival("ga4", 20);
    assert.equal(shop.twin.stats().platforms.meta?.received, 0);
    await waitFor("the ledger to know", async () => (await shop.row("meta")).retrying === 20);
    await shop.check();
    await waitFor("repeated failures", () => (shop.twin.stats().platforms.meta?.requests ?? 0) >= 4);
    shop.twin.clearFaults("meta");
    await shop.arrival("meta", 20);
    await shop.settle();
    for (const platform of ["meta", "ga4", "webhook"]) assert.deepEqual(shop.arrived(platform), ids(events), platform);
    const row = await shop.row("meta");
    assert.deepEqual([row.accepted, row.delivered, row.retrying], [20, 20, 0]);
    assert.ok(row.retries >= 20);
    assert.equal((await shop.row("ga4")).retries, 0);
    assert.deepEqual(await shop.deadLetters(), []);
  });

  faulty("one of fifty is refused: 49 are delivered, the one is kept, and replayed when the fault is gone", async (shop) => {
    shop.twin.faults({platform: "meta", kind: "reject_event_id", event_id: "fifty-017"});
    const events = orders("fifty", 50);
    assert.equal((await shop.server(events)).body.accepted, 50);
    await shop.settle();
    const others = ids(events).filter((id) => id !== "fifty-017");
    assert.deepEqual(shop.arrived("meta"), others);
    let row = await shop.row("meta");
    assert.deepEqual([row.accepted, row.delivered, row.rejected], [50, 49, 1]);
    const [letter, ...more] = await shop.deadLetters();
    assert.deepEqual(more, []);
    assert.deepEqual(
      [letter?.source, letter?.destination, letter?.event, letter?.event_id, letter?.state],
      ["shop", "meta", "purchase", "fifty-017", "rejected"],
    );
    assert.match(letter?.code, /^100/);
    const {reasons} = await shop.ledger("?destination=meta");
    assert.deepEqual(reasons, [{source: "shop", destination: "meta", state: "rejected", code: letter?.code, n: 1}]);

    // Replayed too early, it is refused again and kept again.
    assert.deepEqual(await shop.admin("/v1/dead-letters/replay", {ids: [letter?.id]}), {replayed: [letter?.id]});
    await waitFor("the second refusal", async () => {
      const letters = await shop.deadLetters();
      return letters.length === 1 && letters[0]?.id !== letter?.id;
    });
    await shop.check();
    shop.twin.clearFaults("meta");
    const {replayed} = await shop.admin("/v1/dead-letters/replay", {destination: "meta"});
    assert.equal(replayed.length, 1);
    await shop.one("meta", "fifty-017");
    await waitFor("the ledger to know", async () => (await shop.row("meta")).delivered === 50);
    row = await shop.row("meta");
    assert.deepEqual([row.accepted, row.delivered, row.rejected, row.retrying, row.remainder], [50, 50, 0, 0, 0]);
    assert.deepEqual(await shop.deadLetters(), []);
    // A letter that is gone is no error, and sends nothing.
    assert.deepEqual(await shop.admin("/v1/dead-letters/replay", {ids: [letter?.id, "nonsense"]}), {replayed: []});
    assert.deepEqual(shop.arrived("meta"), ids(events));
    assert.deepEqual(shop.arrived("webhook"), ids(events));
  });

  faulty("three of sixty are refused by the webhook", async (shop) => {
    const events = Array.from({length: 60}, (_, i) => small(`three-${String(i).padStart(3, "0")}`));
    const bad = ["three-000", "three-031", "three-059"];
    shop.twin.faults(bad.map((event_id) => ({platform: "webhook", kind: "reject_event_id", event_id})));
    await shop.bulk(events);
    await shop.settle();
    assert.deepEqual(shop.arrived("webhook"), ids(events).filter((id) => !bad.includes(id)));
    const letters = await shop.deadLetters();
    assert.deepEqual(letters.map((letter) => [letter.event_id, letter.code]).sort(), bad.map((id) => [id, "http_422"]));
  });

  faulty("a revoked token: the destination pauses, and what waited is delivered when the token is back", async (shop) => {
    shop.twin.faults({platform: "meta", kind: "revoke_token"});
    const events = orders("token", 6);
    await shop.server(events.slice(0, 3));
    const code = await waitFor("the pause", async () => (await shop.fetch("/v1/health")).body.paused_here.meta?.code);
    assert.equal(code, "190/463");
    await shop.server(events.slice(3));
    await shop.arrival("webhook", 6);
    await waitFor("the ledger to know", async () => (await shop.row("meta")).retrying === 6);
    // Waiting is no attempt, so it does not use any up.
    await waitFor("several pauses", () => (shop.twin.stats().platforms.meta?.requests ?? 0) >= 4);
    assert.deepEqual(await shop.deadLetters(), []);
    shop.twin.faults({platform: "meta", kind: "restore"});
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ids(events));
    assert.equal((await shop.row("meta")).retries, 0);
    assert.deepEqual((await shop.fetch("/v1/health")).body.paused_here, {});
  }, {delivery: {max_attempts: 2}});

  faulty("429 with Retry-After: nothing is sent before its time", async (shop) => {
    shop.twin.faults({platform: "webhook", kind: "status", status: 429, retry_after: 3, times: 1});
    await shop.bulk(small("wait-1"));
    const refused = await waitFor("the 429", () => shop.twin.requests({platform: "webhook"}).requests[0]);
    // Other events of that destination wait too.
    await shop.bulk(small("wait-2"));
    await shop.settle();
    const {requests} = shop.twin.requests({platform: "webhook"});
    const gap = Date.parse(requests[1]?.at ?? "") - Date.parse(refused.at);
    assert.ok(gap >= 3000, `${gap} ms`);
    assert.deepEqual(shop.arrived("webhook"), ["wait-1", "wait-2"]);
  });

  faulty("no reply in time: sent again, and counted once", async (shop) => {
    shop.twin.faults([
      {platform: "meta", kind: "timeout", times: 2, ms: 5000},
      {platform: "webhook", kind: "timeout", times: 2, ms: 5000},
    ]);
    const events = orders("timeout", 4);
    await shop.server(events);
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ids(events));
    assert.deepEqual(shop.arrived("webhook"), ids(events));
  }, {delivery: {timeout_ms: 300}});

  faulty("processed, but the reply was lost: the platforms recognise the second copy", async (shop) => {
    shop.twin.faults([
      {platform: "meta", kind: "timeout", times: 1, ms: 5000, record: true},
      {platform: "webhook", kind: "reset", times: 1, record: true},
    ]);
    const events = orders("lost", 3);
    await shop.server(events);
    await shop.settle();
    const {meta, webhook} = shop.twin.stats().platforms;
    assert.deepEqual([meta?.unique, meta?.duplicates], [3, 3]);
    assert.deepEqual([webhook?.unique, webhook?.duplicates], [3, 3]);
    assert.deepEqual([(await shop.row("meta")).delivered, (await shop.row("hook")).delivered], [3, 3]);
    // The same attempt again has the same id and the same bytes: the twin would call anything else a violation.
    const webhookIds = shop.twin.received({platform: "webhook"}).events.map((event) => event.context.webhook_id);
    assert.equal(new Set(webhookIds).size, 1);
    return {lossy: ["meta", "webhook"]};
  }, {delivery: {timeout_ms: 300}});

  faulty("a connection that is reset", async (shop) => {
    shop.twin.faults([
      {platform: "meta", kind: "reset", times: 2},
      {platform: "ga4", kind: "reset", times: 2},
      {platform: "webhook", kind: "reset", times: 2},
    ]);
    const events = [...orders("reset", 3), pageView("reset-view")];
    await shop.server(events);
    await shop.settle();
    assert.deepEqual(shop.arrived("meta"), ids(events));
    assert.deepEqual(shop.arrived("webhook"), ids(events));
    assert.equal((await shop.row("ga4")).delivered, 4);
  });

  faulty("an answer in crumbs: not waited for beyond the timeout", async (shop) => {
    shop.twin.faults({platform: "meta", kind: "slow_body", times: 1, ms: 400});
    const events = orders("crumbs", 3);
    const started = Date.now();
    await shop.server(events);
    await shop.settle();
    assert.ok(Date.now() - started < 6000, `${Date.now() - started} ms`);
    assert.deepEqual(shop.arrived("meta"), ids(events));
  }, {delivery: {timeout_ms: 400}});

  faulty("errors in a 200, half answers and web pages are no delivery", async (shop) => {
    shop.twin.faults([
      {platform: "meta", kind: "error_in_200", variant: "error", times: 1},
      {platform: "meta", kind: "error_in_200", variant: "truncated", times: 1},
      {platform: "meta", kind: "error_in_200", variant: "html", times: 1},
    ]);
    const events = orders("liar", 3);
    await shop.server(events);
    await shop.settle();
    assert.equal(shop.twin.stats().platforms.meta?.requests, 4);
    assert.deepEqual(shop.arrived("meta"), ids(events));
    assert.equal((await shop.row("meta")).delivered, 3);
  });

  faulty("a server's error page, and a redirect, are no delivery", async (shop) => {
    shop.twin.faults([
      {platform: "meta", kind: "status", status: 502, body: "<!DOCTYPE html><title>Bad gateway</title>", times: 1},
      {platform: "webhook", kind: "status", status: 302, headers: {location: "http://127.0.0.1:1/"}, body: "", times: 1},
      {platform: "ga4", kind: "status", status: 500, body: "", times: 1},
    ]);
    await shop.server(orders("page", 1));
    await shop.settle();
    for (const platform of ["meta", "ga4", "webhook"]) assert.deepEqual(shop.arrived(platform), ["page-000"], platform);
  });

  faulty("GA4 does not answer: a purchase is sent again, a page view is not, since it would count twice", async (shop) => {
    shop.twin.faults({platform: "ga4", kind: "timeout", times: 2, ms: 5000, record: true});
    await shop.server([purchase("ga4-order"), pageView("ga4-view", {context: {...purchase("").context, client_id: "7.7"}})]);
    await shop.settle();
    const {by_event: counted} = /** @type {Json} */ (shop.twin.stats().platforms.ga4);
    assert.deepEqual([counted.purchase.unique, counted.purchase.duplicates], [1, 1]);
    assert.deepEqual([counted.page_view.received], [1]);
    const row = await shop.row("ga4");
    assert.deepEqual([row.accepted, row.delivered, row.rejected], [2, 1, 1]);
    const letters = await shop.deadLetters();
    assert.deepEqual(letters.map((letter) => [letter.destination, letter.event_id, letter.code]), [["ga4", "ga4-view", "reply_lost"]]);
    return {lossy: ["ga4"]};
  }, {delivery: {timeout_ms: 300}});

  faulty("when all attempts are used up, an event is dead, and can be replayed", async (shop) => {
    shop.twin.faults({platform: "webhook", kind: "status", status: 500});
    await shop.bulk([small("dead-1"), small("dead-2")]);
    await waitFor("two dead letters", async () => (await shop.deadLetters()).length === 2);
    const letters = await shop.deadLetters();
    assert.deepEqual(letters.map((letter) => [letter.state, letter.code]), [["dead", "http_500"], ["dead", "http_500"]]);
    assert.equal(shop.twin.stats().platforms.webhook?.requests, 2);
    await shop.check();
    shop.twin.clearFaults();
    await shop.admin("/v1/dead-letters/replay", {destination: "hook"});
    await shop.arrival("webhook", 2);
    await waitFor("the ledger to know", async () => (await shop.row("hook", "bulk")).delivered === 2);
    assert.deepEqual(shop.arrived("webhook"), ["dead-1", "dead-2"]);
  }, {delivery: {max_attempts: 2}});
});

// Dead letters offered again: once each, whoever asks, whatever gets lost, and no line of the ledger ever below zero.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {openShop, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const TODAY = Math.floor(Date.now() / 86_400_000) * 86_400_000;

/**
 * @param {Shop} shop
 * @param {Json} faults
 */
const broken = (shop, faults) => shop.fetch("/_test/break", {method: "POST", body: JSON.stringify(faults)});

/**
 * @param {Shop} shop
 * @param {string} path
 * @param {unknown} body
 */
async function ask(shop, path, body) {
  const reply = await shop.fetch(`/_test/ask${path}`, {method: "POST", body: JSON.stringify(body)});
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
}

/**
 * @param {Shop} shop
 * @param {string} query
 */
async function sql(shop, query) {
  const reply = await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query})});
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
}

/** @param {Shop} shop */
const negative = (shop) => sql(shop, "SELECT * FROM counts WHERE n < 0");

/**
 * A shop with so many dead letters at the webhook, which works again.
 * @param {number} n
 */
async function withLetters(n) {
  const shop = await openShop({wrap: "./ledger.js", delivery: {max_attempts: 1, timeout_ms: 20_000}});
  shop.twin.faults({platform: "webhook", kind: "status", status: 500});
  await shop.bulk(Array.from({length: n}, (_, i) => small(`again-${String(i).padStart(3, "0")}`)));
  // A gate that closed lets nothing through for a while.
  await waitFor("the letters", async () => (await shop.row("hook", "bulk")).dead === n);
  shop.twin.clearFaults();
  await waitFor("the end of the pause", async () => (await shop.fetch("/v1/health")).body.paused_here.hook === undefined);
  return shop;
}

/** @param {Shop} shop */
const replay = (shop) => shop.fetch("/v1/dead-letters/replay", {method: "POST", headers: {authorization: "Bearer admin-token-0123456789"}, body: '{"destination": "hook"}'});

/**
 * All of them arrived once, and the ledger knows.
 * @param {Shop} shop
 * @param {number} n
 */
async function allOnce(shop, n) {
  await shop.arrival("webhook", n);
  await waitFor("the ledger to know", async () => (await shop.row("hook", "bulk")).delivered === n);
  await waitFor("the letters to go", async () => (await shop.deadLetters()).length === 0);
  const {webhook} = shop.twin.stats().platforms;
  assert.deepEqual([webhook?.unique, webhook?.duplicates], [n, 0]);
  const row = await shop.row("hook", "bulk");
  assert.deepEqual([row.accepted, row.dead, row.retrying, row.remainder], [n, 0, 0, 0]);
  assert.deepEqual(await negative(shop), []);
}

describe("replay", {concurrency: 3}, () => {
  test("three at once send every letter once", async () => {
    const shop = await withLetters(80);
    const replies = await Promise.all([replay(shop), replay(shop), replay(shop)]);
    const sent = replies.flatMap(({body}) => body.replayed);
    assert.deepEqual([sent.length, new Set(sent).size], [80, 80]);
    await allOnce(shop, 80);
    await shop.stop();
  });

  for (const lost of ["/claim", "/report"]) {
    test(`the ledger's reply to ${lost} is lost, and nobody hears of it again`, async () => {
      const shop = await withLetters(20);
      await broken(shop, {lost});
      const first = await replay(shop);
      assert.equal(first.status, lost === "/claim" ? 503 : 200);
      assert.deepEqual(await negative(shop), []);
      await broken(shop, {});
      assert.deepEqual((await replay(shop)).body.replayed, []);
      assert.equal((await shop.check()).remainder, 0);
      if (lost === "/claim") {
        assert.deepEqual([(await shop.row("hook", "bulk")).retrying, (await shop.row("hook", "bulk")).dead], [20, 0]);
        assert.ok((await shop.deadLetters()).every(({replaying}) => replaying));
        // When the lease is over, the cron trigger goes on with it.
        await shop.cron();
        assert.equal(shop.twin.stats().platforms.webhook?.unique ?? 0, 0);
        await sql(shop, "UPDATE replays SET until = 1");
        await shop.cron();
      }
      await allOnce(shop, 20);
      await shop.stop();
    });
  }

  test("the queue takes nothing: said so, and the letters can be offered at once when it does", async () => {
    const shop = await withLetters(5);
    await broken(shop, {queue: true});
    const {body} = await replay(shop);
    assert.deepEqual([body.replayed, body.refused_by_the_queue.length], [[], 5]);
    assert.equal((await shop.check()).remainder, 0);
    await broken(shop, {});
    assert.equal((await replay(shop)).body.replayed.length, 5);
    await allOnce(shop, 5);
    await shop.stop();
  });

  test("a letter that cannot be read stays where it is, and holds no other up", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const counts = [[{h: TODAY, s: "shop", e: "contact", d: "hook", o: "accepted"}, 1], [{h: TODAY, s: "shop", e: "contact", d: "hook", o: "dead", c: "x"}, 1]];
    const letter = {id: "bad#0#hook", at: TODAY, source: "shop", destination: "hook", event: "contact", event_id: "1", state: "dead", code: "x", parcel: "{"};
    await ask(shop, "/report", [{id: "bad", counts, dead: [letter]}]);
    for (let i = 0; i < 2; i += 1) assert.deepEqual((await replay(shop)).body.replayed, []);
    const row = await shop.row("hook");
    assert.deepEqual([row.dead, row.retrying], [1, 0]);
    const [found] = await shop.deadLetters();
    assert.deepEqual([found?.id, found?.replaying], ["bad#0#hook", undefined]);
    await shop.stop();
  });

  // The object itself, and a queue and a consumer made up, in any order.
  test("no interleaving of claims, sends, losses and redeliveries counts anything twice, or below zero", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await shop.ledger();
    let seed = 20261129;
    const random = (/** @type {number} */ below) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const place = (/** @type {string} */ o, /** @type {string} */ c = "") => ({h: TODAY, s: "shop", e: "contact", d: "hook", o, ...(c && {c})});
    let clock = 0;
    for (let round = 0; round < 12; round += 1) {
      const n = 1 + random(6);
      const reports = [{id: `r${round}`, counts: [[place("accepted"), n], [place("dead", "x"), n]]}, {
        id: `r${round}!1`, counts: [],
        dead: Array.from({length: n}, (_, i) => ({
          id: `r${round}#${i}#hook`, at: TODAY, source: "shop", destination: "hook", event: "contact", event_id: `${round}-${i}`, state: "dead", code: "x",
          parcel: JSON.stringify({n: "contact", i: `${round}-${i}`, t: TODAY, r: TODAY, to: [["hook", 0]]}),
        })),
      }];
      /** @type {Json[]} what is to be reported, in any order */
      let reporting = reports.map((one) => [one]);
      /** @type {Json[]} what was claimed and not sent */
      let claimed = [];
      /** @type {Json[]} the queue */
      let queue = [];
      /** @type {Map<string, Set<string>>} by event, the messages that the consumer had */
      const had = new Map();
      for (let step = 0; step < 60; step += 1) {
        const quiet = step >= 40;
        switch (quiet ? 4 + (step % 3) : random(8)) {
          case 0: {
            const {letters} = await ask(shop, "/claim", {destination: "hook", limit: 1 + random(4)});
            claimed.push(...letters);
            break;
          }
          case 1: // Whoever claimed is gone, and its lease ends.
            claimed = [];
            clock += 1_000_000;
            await broken(shop, {clock});
            break;
          case 2:
          case 3: {
            const letter = claimed.shift();
            if (!letter) break;
            queue.push(letter);
            // The word of it may be lost.
            if (random(3) > 0) reporting.push([{id: `replayed:${letter.id}:${letter.round}`, counts: [], revived: [letter.id]}]);
            break;
          }
          case 4:
          case 5: {
            const at = random(queue.length);
            const letter = queue[at];
            if (!letter) break;
            // A queue may hand the same message over twice.
            if (quiet || random(3) > 0) queue.splice(at, 1);
            const {id, parcels} = JSON.parse(letter.message);
            had.set(parcels[0].i, (had.get(parcels[0].i) ?? new Set()).add(id));
            reporting.push([{id, counts: [[place("retrying"), -1], [place("delivered"), 1]]}]);
            break;
          }
          default: {
            const [batch] = reporting.splice(random(reporting.length), 1);
            if (batch) await ask(shop, "/report", batch);
            if (batch && !quiet && random(3) === 0) reporting.push(batch);
          }
        }
        assert.deepEqual(await negative(shop), [], `round ${round}, step ${step}`);
      }
      for (const letter of claimed) queue.push(letter);
      for (const batch of reporting) await ask(shop, "/report", batch);
      for (;;) {
        // In the end somebody offers what is left again, and everything is worked off.
        clock += 1_000_000;
        await broken(shop, {clock});
        queue.push(...(await ask(shop, "/claim", {destination: "hook", limit: 100})).letters);
        if (queue.length === 0) break;
        for (const {message} of queue) {
          const {id, parcels} = JSON.parse(message);
          had.set(parcels[0].i, (had.get(parcels[0].i) ?? new Set()).add(id));
          await ask(shop, "/report", [{id, counts: [[place("retrying"), -1], [place("delivered"), 1]]}]);
        }
        queue = [];
      }
      assert.deepEqual([had.size, [...had.values()].every((ids) => ids.size === 1)], [n, true]);
      const ledger = await shop.check();
      const [row] = ledger.balances;
      assert.deepEqual([row.dead, row.retrying, row.delivered === row.accepted, ledger.reports_waiting], [0, 0, true, undefined]);
    }
    await shop.stop();
  });
});

describe("letters by selection", {concurrency: 2}, () => {
  const DAY = 86_400_000;
  const ADMIN = {authorization: "Bearer admin-token-0123456789"};

  /**
   * A letter as the worker keeps one, and its counts.
   * @param {string} id
   * @param {Json} more
   */
  const kept = (id, more = {}) => {
    const {at = TODAY, received = TODAY, source = "shop", destination = "hook", event = "contact", code = "http_500"} = more;
    const place = {h: Math.floor(received / 3_600_000) * 3_600_000, s: source, e: event, d: destination};
    const parcel = JSON.stringify({n: event, i: id, t: received, r: received, to: [[destination, 0]]});
    return {
      id,
      counts: [[{...place, o: "accepted"}, 1], [{...place, o: "dead", c: code}, 1]],
      dead: [{id: `${id}#0#${destination}`, at, source, destination, event, event_id: id, state: "dead", code, parcel}],
    };
  };

  /** @param {Shop} shop @param {string} query */
  const listed = async (shop, query) => {
    const {body, status} = await shop.fetch(`/v1/dead-letters?${query}`, {headers: ADMIN});
    assert.equal(status, 200);
    return body;
  };
  const ids = (/** @type {Json} */ body) => body.dead_letters.map((/** @type {Json} */ one) => one.event_id);

  test("each word chooses, in the list, the preview, the replay and the dismissal alike", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await ask(shop, "/report", [
      kept("a"),
      kept("b", {source: "bulk", at: TODAY + 1}),
      kept("c", {destination: "meta", at: TODAY + 2}),
      kept("d", {event: "lead", at: TODAY + 3}),
      kept("e", {code: "timeout", at: TODAY + 4}),
      kept("f", {at: TODAY - DAY}),
      {id: "q", counts: [], quarantined: [{id: "q", at: TODAY, code: "envelope_malformed", body: "nonsense"}]},
    ]);
    const iso = (/** @type {number} */ at) => new Date(at).toISOString();
    for (const [selection, expected, unread] of /** @type {[Json, string[], number][]} */ ([
      [{source: "bulk"}, ["b"], 0],
      [{destination: "meta"}, ["c"], 0],
      [{event: "lead"}, ["d"], 0],
      [{event_id: "a"}, ["a"], 0],
      [{code: "timeout"}, ["e"], 0],
      [{code: "envelope_malformed"}, [], 1],
      [{since: iso(TODAY + 3)}, ["d", "e"], 0],
      [{until: iso(TODAY)}, ["f"], 0],
      [{since: iso(TODAY), until: iso(TODAY + 2)}, ["a", "b"], 1],
      [{source: "shop", code: "http_500", since: iso(TODAY)}, ["a", "c", "d"], 0],
      [{source: "nobody"}, [], 0],
    ])) {
      const told = await listed(shop, new URLSearchParams(selection).toString());
      assert.deepEqual([ids(told), told.quarantined.length], [expected, unread], JSON.stringify(selection));
      const all = expected.length + unread;
      assert.deepEqual(await shop.admin("/v1/dead-letters/replay", {...selection, dry_run: true}), {dry_run: true, would_replay: all});
      assert.deepEqual(await shop.admin("/v1/dead-letters/dismiss", {...selection, dry_run: true}), {dry_run: true, would_dismiss: all});
    }
    // Page by page as well.
    const first = await listed(shop, "source=shop&limit=2");
    const second = await listed(shop, `source=shop&limit=3&cursor=${first.cursor}`);
    assert.deepEqual([ids(first), first.more, ids(second), second.more, second.cursor], [["f", "a"], true, ["c", "d", "e"], false, undefined]);
    // A preview books nothing.
    assert.deepEqual([(await shop.row("hook")).dead, (await shop.row("hook")).retrying], [4, 0]);
    assert.deepEqual((await shop.admin("/v1/dead-letters/dismiss", {code: "timeout"})).dismissed, ["e#0#hook"]);
    const {replayed} = await shop.admin("/v1/dead-letters/replay", {event: "contact", source: "shop", destination: "hook"});
    assert.deepEqual(replayed, ["f#0#hook", "a#0#hook"]);
    // The same again sends nothing again.
    assert.deepEqual((await shop.admin("/v1/dead-letters/replay", {event: "contact", source: "shop", destination: "hook"})).replayed, []);
    for (const body of ["{}", '{"limit": 5}', '{"dry_run": true}', '{"sauce": "shop"}', '{"since": "yesterday"}', '{"code": "x", "cursor": "zz"}']) {
      assert.equal((await shop.fetch("/v1/dead-letters/replay", {method: "POST", headers: ADMIN, body})).status, 400, body);
    }
    for (const query of ["release=web-1", "hours=1", "state=dead", "since=yesterday"]) {
      assert.equal((await shop.fetch(`/v1/dead-letters?${query}`, {headers: ADMIN})).status, 400, query);
    }
    await shop.stop();
  });

  test("what its platform takes no more is refused before it is sent, stays a letter, and holds no other up", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const old = Date.now() - 31 * DAY;
    const reports = [];
    for (let i = 0; i < 120; i += 1) reports.push(kept(`old-${String(i).padStart(3, "0")}`, {received: old, at: TODAY - DAY}));
    for (let i = 0; i < 5; i += 1) reports.push(kept(`new-${i}`, {received: Date.now() - 20 * DAY}));
    await ask(shop, "/report", reports);
    const preview = await shop.admin("/v1/dead-letters/replay", {destination: "hook", dry_run: true});
    assert.deepEqual([preview.would_replay, preview.refused.length, preview.more], [5, 120, undefined]);
    assert.deepEqual(preview.refused[0], {
      id: "old-000#0#hook", code: "too_old", rule: `webhook takes this event until ${new Date(old + 30 * DAY).toISOString()}`,
    });
    // A hundred of them are before the others, and five are asked for.
    const done = await shop.admin("/v1/dead-letters/replay", {destination: "hook", limit: 5});
    assert.deepEqual([done.replayed.length, done.refused.length], [0, 50]);
    assert.equal(done.more, true);
    const on = await shop.admin("/v1/dead-letters/replay", {destination: "hook", cursor: done.cursor});
    assert.deepEqual([on.replayed.length, on.refused.length, on.more], [5, 70, undefined]);
    await shop.arrival("webhook", 5);
    await waitFor("the ledger to know", async () => (await shop.row("hook")).delivered === 5);
    const row = await shop.row("hook");
    assert.deepEqual([row.accepted, row.dead, row.retrying, row.remainder], [125, 120, 0, 0]);
    const left = await shop.deadLetters();
    assert.deepEqual([left.length, left.every(({code, replaying}) => code === "http_500" && !replaying)], [120, true]);
    // Of whom only a head is left, and who has one in hand.
    await sql(shop, "UPDATE dead SET parcel = '' WHERE id = 'old-000#0#hook'");
    const heads = await shop.admin("/v1/dead-letters/replay", {event_id: "old-000"});
    assert.deepEqual(heads, {replayed: [], without_body: 1});
    await shop.stop();
  });
});

// Which of our own versions counted what: their lines stand apart, and what goes down goes down where it went up.

import assert from "node:assert/strict";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {startTwin} from "../../twin/server.mjs";
import {openShop, small, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */

test("an event that one version gave up and the next delivered is counted at each for what it did", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-test-"));
  const twin = await startTwin();
  const options = {persist, twin, delivery: {max_attempts: 1}};
  const lines = async (/** @type {import("../support/shop.mjs").Shop} */ shop) => {
    const {lines} = await shop.ledger("?source=bulk&hours=1");
    return lines
      .filter((/** @type {Json} */ {state}) => ["accepted", "dead", "delivered", "retrying", "replayed"].includes(state))
      .map((/** @type {Json} */ line) => [line.destination, line.state, line.worker, line.n].join(" "))
      .sort();
  };
  try {
    twin.faults({platform: "webhook", kind: "status", status: 500});
    const first = await openShop({...options, version: "v1"});
    assert.equal((await first.fetch("/v1/health")).body.version, "v1");
    await first.bulk([small("turn-1"), small("turn-2")]);
    await waitFor("the letters", async () => (await first.row("hook", "bulk")).dead === 2);
    assert.deepEqual(await lines(first), [" accepted v1 2", "hook accepted v1 2", "hook dead v1 2"]);
    await first.settle();
    await first.stop();

    twin.clearFaults();
    const second = await openShop({...options, version: "v2"});
    await second.bulk([small("turn-3")]);
    assert.equal((await second.admin("/v1/dead-letters/replay", {destination: "hook"})).replayed.length, 2);
    await waitFor("all three", async () => (await second.row("hook", "bulk")).delivered === 3);
    assert.deepEqual(await lines(second), [" accepted v1 2", " accepted v2 1", "hook accepted v1 2", "hook accepted v2 1", "hook delivered v2 3", "hook replayed v1 2"]);
    assert.equal((await second.ledger()).remainder, 0);
    second.tally.accepted += first.tally.accepted;
    await second.close();
  } finally {
    await twin.close();
    await rm(persist, {recursive: true, force: true});
  }
});

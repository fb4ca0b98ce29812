// What an event costs in operations that are billed, against the table that is checked in: one more for each event, or for
// each message, is seen here. `node bench/cost/main.mjs --write` counts the table anew where that is meant.

import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {TABLE, count, nameOf, rowOf} from "../../bench/cost/count.mjs";

/** @type {Record<string, import("../../bench/cost/count.mjs").Counts>} */
const table = JSON.parse(readFileSync(new URL("../../bench/cost/counts.json", import.meta.url), "utf8"));

/**
 * How often a batch tells the ledger depends on how long platforms take, so these have some room: a third, and for each event
 * never more than a tenth of a request and seven tenths of a row. What is as far below was saved, and the table is old.
 */
const ROOM = 1 / 3;

for (const [dedup, destinations] of /** @type {const} */ ([["kv", 1], ["kv", 11], ["exact", 1]])) {
  const one = TABLE.find((row) => row.dedup === dedup && row.destinations === destinations && row.perMessage === 10 && row.duplicates === 25);
  assert.ok(one);
  test(nameOf(one), async () => {
    const counts = await count(one);
    const known = table[nameOf(one)];
    assert.ok(known);
    const {object_requests: requests, rows_read: read, rows_written: written, ...exact} = counts;
    const {object_requests: knownRequests, rows_read: knownRead, rows_written: knownWritten, ...knownExact} = known;
    assert.deepEqual(exact, knownExact);
    const near = (/** @type {string} */ what, /** @type {number} */ n, /** @type {number} */ before, /** @type {number} */ most) => {
      const room = Math.min(most, Math.ceil(before * ROOM));
      assert.ok(Math.abs(n - before) <= room + 3, `${what}: ${n}, in the table ${before}`);
    };
    near("object requests", requests, knownRequests, 100);
    near("rows read", read, knownRead, Infinity);
    near("rows written", written, knownWritten, 700);
    // The point of exact claims: the store has no part in it.
    if (dedup === "exact") assert.deepEqual([counts.kv_reads, counts.kv_writes], [0, 0]);
  });
}

test("the table, and the page that shows it, have each kind of traffic", () => {
  assert.deepEqual(Object.keys(table), TABLE.map(nameOf));
  const page = readFileSync(new URL("../../docs/bench.md", import.meta.url), "utf8");
  for (const one of TABLE) {
    const counts = table[nameOf(one)];
    assert.ok(counts && page.includes(rowOf(one, counts)), `docs/bench.md lacks ${counts && rowOf(one, counts)}`);
  }
});

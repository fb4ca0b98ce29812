// A short bad day (tests/chaos): a flood with everything failing, and nothing lost. `make chaos SECONDS=120` has a long one.

import assert from "node:assert/strict";
import {test} from "node:test";
import {chaos} from "../chaos/run.mjs";

const SEED = 11;

test(`a bad day of six seconds, seed ${SEED}: nothing is lost, and whatever came twice has its cause`, async (t) => {
  const day = await chaos({seconds: 6, seed: SEED});
  assert.deepEqual(day.broken, [], `seed ${SEED}`);
  assert.equal(day.lost, 0);
  assert.equal(day.remainder, 0);
  // That it was a bad day.
  assert.equal(day.kills, 2);
  assert.equal(day.queueKills, 1);
  assert.ok(day.spells.length > 0 && day.struck.length > 0);
  assert.ok(day.expected > 100 && day.expected === day.delivered + day.lettered, `${day.expected}`);
  t.diagnostic(`${day.events} events, ${day.delivered} deliveries, drained in ${day.drainedIn} s; twice: ${JSON.stringify(day.counted)}`);
});

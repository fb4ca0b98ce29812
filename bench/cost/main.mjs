// What a month costs at Cloudflare, by counted operations and list prices:
//
//   make cost EVENTS=1000000 [PER_MESSAGE=10] [DESTINATIONS=3] [DUPLICATES=10] [BATCH=50] [DEDUP=kv|exact]
//   node bench/cost/main.mjs --write     counts the table anew: bench/cost/counts.json

import {readFileSync, writeFileSync} from "node:fs";
import {parseArgs} from "node:util";
import {NAMES} from "../../npm/src/platforms.mjs";
import {TABLE, count, nameOf, rowOf} from "./count.mjs";

/** @typedef {import("./count.mjs").Counts} Counts */

const SECONDS_OF_A_MONTH = 30 * 86_400;
/** As wrangler.toml has them: how long a batch waits, and what it holds. */
const [WAIT_SECONDS, MOST] = [2, 50];
/** @type {{as_of: string, source: string, base_per_month: number, items: Record<string, {included: number, per_million: number}>}} */
const prices = JSON.parse(readFileSync(new URL("prices-2026-11.json", import.meta.url), "utf8"));

const option = /** @type {const} */ ({type: "string"});
const {values} = parseArgs({
  options: {events: option, "per-message": option, destinations: option, duplicates: option, batch: option, dedup: option, write: {type: "boolean"}},
});

/** @param {string | undefined} text @param {number} fallback @param {number} least @param {number} most */
function whole(text, fallback, least, most) {
  const value = text ? Number(text) : fallback;
  if (!Number.isInteger(value) || value < least || value > most) throw new Error(`${text} is no whole number from ${least} to ${most}`);
  return value;
}

if (values.write) {
  /** @type {Record<string, Counts>} */
  const table = {};
  for (const one of TABLE) {
    const counts = await count(one);
    table[nameOf(one)] = counts;
    // What docs/bench.md has.
    console.log(rowOf(one, counts));
  }
  writeFileSync(new URL("counts.json", import.meta.url), `${JSON.stringify(table, null, 2)}\n`);
} else {
  const events = whole(values.events, 1_000_000, 1, 1e12);
  const perMessage = whole(values["per-message"], 1, 1, 100);
  // Spread evenly over the month, which is dearest: a batch holds what comes while it waits.
  const filled = Math.round(1 + (events / perMessage / SECONDS_OF_A_MONTH) * WAIT_SECONDS);
  const batch = whole(values.batch, Math.min(MOST, filled), 1, 100);
  const dedup = values.dedup === "exact" ? "exact" : "kv";
  const one = /** @type {const} */ ({
    perMessage, batch, dedup, destinations: whole(values.destinations, 3, 1, NAMES.length), duplicates: whole(values.duplicates, 10, 0, 90),
  });
  const counts = await count(one);
  console.log(`${events.toLocaleString("en-US")} events a month: ${nameOf(one)}`);
  console.log(`list prices as of ${prices.as_of}, with what Workers Paid includes if nothing else uses it up\n`);
  console.log(`  ${"".padEnd(20)}${"per 1,000 events".padStart(18)}${"a month".padStart(18)}${"$".padStart(12)}`);
  let sum = prices.base_per_month;
  for (const [name, n] of Object.entries(counts)) {
    const {included = 0, per_million: price = 0} = prices.items[name] ?? {};
    const month = (n * events) / 1000;
    const dollars = (Math.max(0, month - included) / 1e6) * price;
    sum += dollars;
    console.log(`  ${name.padEnd(20)}${n.toLocaleString("en-US").padStart(18)}${Math.round(month).toLocaleString("en-US").padStart(18)}${dollars.toFixed(2).padStart(12)}`);
  }
  console.log(`  ${"base fee".padEnd(56)}${prices.base_per_month.toFixed(2).padStart(12)}`);
  console.log(`  ${"sum".padEnd(56)}${sum.toFixed(2).padStart(12)}`);
  console.log("\nNot counted: CPU, storage, the objects' seconds awake (one object's are included), cron, and what people ask the ledger.");
}

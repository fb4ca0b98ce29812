// What 1,000 events cost in operations that Cloudflare bills: counted in the built worker on workerd, at its bindings and by
// its database's cursors. No times, so that the same events come to the same counts.

import {openShop, pageView, purchase} from "../../tests/support/shop.mjs";
import {NAMES} from "../../npm/src/platforms.mjs";

/** @typedef {import("../../tests/support/shop.mjs").Json} Json */

/** How many events are sent; whatever is counted is per thousand. */
export const EVENTS = 1000;
/** One purchase among so many page views and itself. */
const PURCHASE_EVERY = 10;

/**
 * @typedef {object} Traffic
 * @property {number} perMessage events of a request, and so of a message of the queue
 * @property {number} destinations the first so many
 * @property {number} duplicates percent of all events that are second copies
 * @property {number} batch messages that the queue hands over at once
 * @property {"kv" | "exact"} dedup
 *
 * @typedef {Record<"worker_requests" | "kv_reads" | "kv_writes" | "queue_operations" | "object_requests" | "rows_read" | "rows_written", number>} Counts
 */

/**
 * The first copies, then the second ones. An order has an id of its own, as shops' have.
 * @param {number} duplicates
 */
function traffic(duplicates) {
  const first = Math.round(EVENTS * (1 - duplicates / 100));
  return Array.from({length: EVENTS}, (_, n) => {
    const i = n % first;
    return i % PURCHASE_EVERY === 0 ? purchase(`buy-${i}`, {transaction_id: `order-${i}`}) : pageView(`view-${i}`);
  });
}

/**
 * @param {Traffic} wanted
 * @returns {Promise<Counts>}
 */
export async function count({perMessage, destinations, duplicates, batch, dedup}) {
  const shop = await openShop({
    wrap: "./counting.js",
    destinations: NAMES.slice(0, destinations),
    exact: dedup === "exact",
  });
  try {
    const post = async (/** @type {string} */ path, /** @type {Json} */ body = {}) =>
      (await shop.fetch(path, {method: "POST", body: JSON.stringify(body)})).body;
    // The first one makes the tables and fetches the tokens.
    await shop.server(purchase("before", {transaction_id: "order-before"}));
    await post("/_count/drain", {most: batch});
    await post("/_count/take");
    const events = traffic(duplicates);
    for (let n = 0; n < EVENTS; n += perMessage) {
      const reply = await shop.server(events.slice(n, n + perMessage));
      if (reply.status !== 202) throw new Error(`${reply.status}: ${reply.text.slice(0, 300)}`);
    }
    await post("/_count/drain", {most: batch});
    const {requests, batches, messages: _messages, ...counts} = await post("/_count/take");
    const ledger = await shop.ledger();
    if (ledger.remainder !== 0 || ledger.intake.shop.accepted !== EVENTS + 1) throw new Error(`the ledger has ${JSON.stringify(ledger.intake)}`);
    return {worker_requests: requests + batches, ...counts};
  } finally {
    await shop.stop();
  }
}

/** What stands in the table: busy hours, whose batches are full. @type {readonly Traffic[]} */
export const TABLE = /** @type {const} */ (["kv", "exact"]).flatMap((dedup) =>
  [1, 11].flatMap((destinations) =>
    [0, 25].flatMap((duplicates) => [1, 10, 50].map((perMessage) => ({perMessage, destinations, duplicates, batch: 50, dedup}))),
  ),
);

/** @param {Traffic} one */
export const nameOf = ({perMessage, destinations, duplicates, batch, dedup}) =>
  `${dedup}, ${perMessage} per message, ${destinations} destinations, ${duplicates} % duplicates, ${batch} per batch`;

/**
 * A row of the table in docs/bench.md.
 * @param {Traffic} one
 * @param {Counts} counts
 */
export function rowOf({perMessage, destinations, duplicates, dedup}, counts) {
  const {kv_reads: reads, kv_writes: writes, queue_operations: queue, object_requests: object, rows_read: read, rows_written: written} = counts;
  const cells = [`\`${dedup}\``, perMessage, destinations, `${duplicates} %`, reads, writes, queue, object, read, written];
  return `| ${cells.map((cell) => cell.toLocaleString("en-US")).join(" | ")} |`;
}

// A gateway for those who test from another language: a shop with a day behind it, until standard input ends.
//
//   node tests/support/gateway.mjs
//
// Prints one line of JSON when everything is settled: its address, its admin token, and what the ledger was told. Beside
// what the shop's senders send, four weeks of hours and some letters are told to the ledger, as the worker tells it.

import {ADMIN, openShop, pageView, purchase, small} from "./shop.mjs";

const HOUR = 3_600_000;
/** Letters more than fit in one answer, and names that make more lines than do. */
const LETTERS = 503;
const WEEKS = 4;

const shop = await openShop({wrap: "./ledger.js"});
try {
  await shop.server([purchase("led-1", {release: "web-1"}), purchase("led-2", {release: "web-2"}), pageView("led-3", {release: "web-2"})]);
  await shop.server([purchase("led-1", {release: "web-2"}), purchase("led-4", {consent: {}}), {event: "purchase"}]);
  await shop.bulk([small("led-6"), small("led-7")]);
  await shop.settle();

  const now = Math.floor(Date.now() / HOUR) * HOUR;
  const first = now - WEEKS * 7 * 24 * HOUR;
  const counts = [];
  for (let hour = first, at = 0; hour < now; hour += HOUR, at += 1) {
    // The fifth hour of each day is silent: no line, which is a count of 0.
    if (at % 24 === 5) continue;
    const n = 20 + (at % 24);
    const place = {h: hour, s: "past", v: "web-1", e: "purchase"};
    counts.push([{...place, o: "accepted"}, n], [{...place, d: "hook", o: "accepted"}, n], [{...place, d: "hook", o: "delivered"}, n - 1]);
    counts.push([{...place, d: "hook", o: "skipped", c: "order_known"}, 1]);
  }
  const letters = Array.from({length: LETTERS}, (_, at) => ({
    id: `past#${String(at).padStart(4, "0")}#hook`, at: first + at * 60_000, source: "past", destination: "hook", event: "refund", event_id: `ref-${at}`,
    state: "dead", code: "unreachable", parcel: "{}",
  }));
  const refunds = {h: first, s: "past", e: "refund"};
  counts.push([{...refunds, o: "accepted"}, LETTERS], [{...refunds, d: "hook", o: "accepted"}, LETTERS], [{...refunds, d: "hook", o: "dead", c: "unreachable"}, LETTERS]);
  const reply = await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify([{id: "past", counts, dead: letters}])});
  if (reply.status !== 200) throw new Error(`the ledger answered ${reply.status}`);
  await shop.check();
  console.log(JSON.stringify({url: shop.worker.url.origin, token: ADMIN, first, now, letters: LETTERS, lines: counts.length}));
  for await (const _ of process.stdin);
} finally {
  await shop.stop();
}

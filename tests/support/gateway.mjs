// A gateway for those who test from another language: a shop with a day behind it, until standard input ends.
//
//   node tests/support/gateway.mjs
//
// Prints one line of JSON when everything is settled: its address, its admin token, what the ledger was told, and a folder
// with the outcomes that were exported. Beside what the shop's senders send, four weeks of hours, some letters and a
// release that loses the e-mail address are told to the ledger, as the worker tells it.

import {mkdir, mkdtemp, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {ADMIN, openShop, pageView, purchase, SECRETS, small} from "./shop.mjs";

/** @typedef {import("./shop.mjs").Json} Json */

const HOUR = 3_600_000;
/** Letters more than fit in one answer, and names that make more lines than do. */
const LETTERS = 503;
const WEEKS = 4;

/** Of a source that has two releases: how many of each event come in an hour, and in how many hours the new one has them. */
const EVENTS = {page_view: 300, view_item: 90, purchase: 40};
const NEW_HOURS = 3;

const shop = await openShop({wrap: "./ledger.js", delivery: {timeout_ms: 10_000}, buckets: ["OUTCOMES"]});
const folder = await mkdtemp(join(tmpdir(), "edgetally-outcomes-"));
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
  const told = counts.length;
  for (let hour = first, at = 0; hour < now; hour += HOUR, at += 1) {
    const v = hour < now - NEW_HOURS * HOUR ? "web-1" : "web-2";
    for (const [e, usual] of Object.entries(EVENTS)) {
      const n = usual + (at % 5) - 2;
      const lost = v === "web-2" && e === "purchase" ? n : Math.floor(n / 4) + (at % 3);
      const place = {h: hour, s: "two", v, e};
      const meta = {...place, d: "meta"};
      counts.push([{...place, o: "accepted", c: "page"}, n], [{...meta, o: "accepted"}, n], [{...meta, o: "delivered"}, n]);
      for (const of of [place, meta]) counts.push([{...of, o: "keys", c: "en"}, n - lost], [{...of, o: "keys", c: "n"}, lost]);
    }
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
  await shop.cron();
  const bucket = /** @type {Json} */ (/** @type {unknown} */ (await shop.worker.mf.getR2Bucket("OUTCOMES")));
  /** @type {Json} */
  let found = {truncated: true};
  while (found.truncated) {
    found = await bucket.list(found.cursor ? {cursor: found.cursor} : {});
    for (const {key} of found.objects) {
      await mkdir(dirname(join(folder, key)), {recursive: true});
      await writeFile(join(folder, key), await (await bucket.get(key)).text());
    }
  }
  console.log(JSON.stringify({url: shop.worker.url.origin, token: ADMIN, key: SECRETS.EDGETALLY_KEY, first, now, letters: LETTERS, lines: told + 3, folder}));
  for await (const _ of process.stdin);
} finally {
  await rm(folder, {recursive: true, force: true});
  await shop.stop();
}

// What a page of the dashboard costs: 30 days of a busy shop in the ledger, and a page asked for again and again while events are
// counted. Times are of the whole request on this machine, runtime and browserless.
//
//   node bench/dashboard.mjs

import {performance} from "node:perf_hooks";
import {month, tell} from "../tests/support/ledger-month.mjs";
import {ADMIN, openShop} from "../tests/support/shop.mjs";

const PAGES = 100;
const EVENTS = 15;

const shop = await openShop({wrap: "./ledger.js", destinations: ["meta", "ga4", "google_ads", "tiktok"]});
try {
  const now = Date.now();
  const lines = month({now, events: EVENTS});
  await tell(shop, lines);
  const {headers} = await fetch(new URL("/dashboard/login", shop.worker.url), {
    method: "POST",
    redirect: "manual",
    headers: {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"},
    body: new URLSearchParams({token: ADMIN}).toString(),
  });
  const cookie = (headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const [{n = 0} = {}] = (await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query: "SELECT count(*) AS n FROM counts"})})).body;
  console.log(`${n} lines in the ledger`);
  for (const days of [1, 7, 30]) {
    /** @type {number[]} */
    const times = [];
    let bytes = 0;
    for (let page = 0; page < PAGES; page += 1) {
      // What has just been counted is on the page.
      const place = {h: Math.floor(Date.now() / 3_600_000) * 3_600_000, s: "shop", v: "web-43", e: "purchase"};
      await tell(shop, [[{...place, o: "accepted", c: "page"}, 1]]);
      const begin = performance.now();
      const reply = await shop.fetch(`/dashboard?days=${days}`, {headers: {cookie}});
      times.push(performance.now() - begin);
      if (reply.status !== 200) throw new Error(`the page answered ${reply.status}`);
      bytes = reply.text.length;
    }
    const [first = 0, ...others] = times;
    others.sort((one, other) => one - other);
    const at = (/** @type {number} */ share) => (others[Math.floor(others.length * share)] ?? 0).toFixed(1);
    // As after a deploy: nothing is in the object's memory.
    await shop.fetch("/_test/renew", {method: "POST"});
    await shop.fetch("/_test/read");
    const anew = performance.now();
    await shop.fetch(`/dashboard?days=${days}`, {headers: {cookie}});
    const renewed = performance.now() - anew;
    const read = (await shop.fetch("/_test/read")).text;
    console.log(`${days} days, object anew: ${renewed.toFixed(0)} ms, ${read} rows read`);
    console.log(`${days} days: first ${first.toFixed(0)} ms, then median ${at(0.5)} ms, p95 ${at(0.95)} ms; ${bytes} bytes`);
  }
} finally {
  await shop.stop();
}

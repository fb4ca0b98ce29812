// What a client costs the page's main thread, and how many requests it makes.
//
// Chromium counts the time of the main thread's tasks. In its "threadTicks" that is the CPU time of that thread, not of a clock on
// the wall, so that a busy machine hardly shows in it and no throttle is needed that would only multiply it. Everything counts that the
// client has caused, later timers and answers too: the page is watched until it has been still. What the same page costs without a client
// is taken off, round by round, and the clients take turns within a round.

import {open, pause} from "./browser.mjs";

const EVENTS = 50;
const GAP = 20;
const STILL = 1000;

/** @param {import("playwright-core").CDPSession} session */
async function taken(session) {
  const {metrics} = await session.send("Performance.getMetrics");
  return (metrics.find(({name}) => name === "TaskDuration")?.value ?? NaN) * 1e3;
}

/** @param {import("playwright-core").Browser} browser @param {import("./browser.mjs").Server} server @param {string} client @param {string} tab */
async function once(browser, server, client, tab) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await page.goto(`${server.pages}/`);
  await session.send("Performance.enable", {timeDomain: "threadTicks"});
  await page.goto(`${server.pages}/page/${client}`, {waitUntil: "load"});
  await page.waitForFunction("globalThis.bench && bench.ready()", undefined, {polling: 50});
  await pause(STILL);
  const ready = await taken(session);
  await page.evaluate(
    `new Promise((done) => { let i = 0; (function next() { if (i == ${EVENTS}) return done(); benchEvents(${JSON.stringify(tab)}, i++, 1); setTimeout(next, ${GAP}); })() })`,
  );
  await pause(STILL);
  const events = (await taken(session)) - ready;
  await context.close();
  return {ready, event: events / EVENTS};
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** @param {import("playwright-core").Browser} browser @param {import("./browser.mjs").Server} server @param {string[]} clients @param {number} rounds */
export async function cost(browser, server, clients, rounds) {
  /** @type {Record<string, {ready: number[], event: number[]}>} */
  const seen = Object.fromEntries(clients.map((client) => [client, {ready: [], event: []}]));
  for (let round = 0; round < rounds; round++) {
    const bare = await once(browser, server, "none", "");
    for (const client of clients) {
      const one = await once(browser, server, client, `cost-${client}-${round}`);
      seen[client]?.ready.push(one.ready - bare.ready);
      seen[client]?.event.push(one.event - bare.event);
    }
    process.stderr.write(`  round ${round + 1} of ${rounds}\n`);
  }
  return Object.fromEntries(Object.entries(seen).map(([client, {ready, event}]) => [client, {ready: median(ready), event: median(event)}]));
}

/**
 * Requests of a page with ten events: all at once, and one every half second.
 * @param {import("playwright-core").Browser} browser @param {import("./browser.mjs").Server} server @param {string[]} clients
 */
export async function requests(browser, server, clients) {
  /** @type {Record<string, {before: number, together: number, apart: number, bytes: number}>} */
  const seen = {};
  for (const client of clients) {
    const since = (/** @type {number} */ from) => server.requests.slice(from).filter((request) => request.client === client);
    let start = server.requests.length;
    const context = await browser.newContext();
    const page = await open(context, server, client);
    await pause(STILL);
    const before = since(start).length;
    start = server.requests.length;
    await page.evaluate(`benchEvents("together-${client}", 0, 10); undefined`);
    await pause(7000);
    const together = since(start);
    await context.close();

    const other = await browser.newContext();
    const second = await open(other, server, client);
    start = server.requests.length;
    for (let i = 0; i < 10; i++) {
      await second.evaluate(`benchEvents("apart-${client}", ${i}, 1); undefined`);
      await pause(500);
    }
    await pause(7000);
    seen[client] = {before, together: together.length, apart: since(start).length, bytes: together.reduce((sum, {bytes}) => sum + bytes, 0)};
    await other.close();
  }
  return seen;
}

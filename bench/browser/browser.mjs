// The browser, and what all measurements do with it.

import {chromium} from "playwright-core";

/** Debian's, or another. */
const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

export const launch = () => chromium.launch({executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-timer-throttling"]});

/** @typedef {Awaited<ReturnType<typeof import("./server.mjs").serve>>} Server */
/** @typedef {import("playwright-core").BrowserContext} Context */

export const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** So that an answer that does not come holds nothing up. @template T @param {Promise<T>} work @param {string} what @returns {Promise<T>} */
export function soon(work, what, ms = 30_000) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`no answer: ${what}`)), ms)));
  return /** @type {Promise<T>} */ (Promise.race([work, late])).finally(() => clearTimeout(timer));
}

/**
 * A page of the shop, in which the client is ready.
 * @param {Context} context @param {Server} server @param {string} client
 */
export async function open(context, server, client) {
  const page = await context.newPage();
  await page.goto(`${server.pages}/page/${client}`, {waitUntil: "load"});
  await page.waitForFunction("globalThis.bench && bench.ready()", undefined, {timeout: 30_000, polling: 20});
  return page;
}

/** Ids of a tab's events. @param {string} tab @param {number} n */
export const ids = (tab, n) => Array.from({length: n}, (_, i) => `${tab}.${i}`);

/** Waits until all have arrived, or the time is up. @param {Server} server @param {string} client @param {string[]} wanted @param {number} ms */
export async function arrived(server, client, wanted, ms) {
  const end = Date.now() + ms;
  while (Date.now() < end && !wanted.every((id) => server.of(client).has(id))) await pause(100);
}

/** @param {Server} server @param {string} client @param {string[]} wanted */
export function count(server, client, wanted) {
  const seen = wanted.map((id) => server.of(client).get(id));
  return {
    sent: wanted.length,
    lost: seen.filter((arrival) => arrival === undefined).length,
    doubles: seen.reduce((sum, arrival) => sum + (arrival ? arrival.copies - 1 : 0), 0),
    /** Doubles that nobody can tell for what they are: the client gave the copies different ids. */
    strangers: seen.reduce((sum, arrival) => sum + (arrival ? arrival.ids.size - 1 : 0), 0),
  };
}

/** @typedef {ReturnType<typeof count>} Count */

/** @param {Count[]} counts @returns {Count} */
export const sum = (counts) =>
  counts.reduce((all, one) => ({sent: all.sent + one.sent, lost: all.lost + one.lost, doubles: all.doubles + one.doubles, strangers: all.strangers + one.strangers}), {sent: 0, lost: 0, doubles: 0, strangers: 0});

// What happens to events while they cannot arrive. Four tabs of each client, twenty events each, one every 100 ms.

import {arrived, count, ids, open, pause, sum} from "./browser.mjs";

const TABS = 4;
const EVENTS = 20;
const GAP = 100;
/** How long it lasts, and how long is waited after it. Who comes back later than that has lost an event for all that a report can use. */
const LASTS = 5000;
const WAIT = 30_000;

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {boolean} [offline] the browser knows that it is offline
 * @property {import("./server.mjs").Mode} [mode] or what the receiver does
 * @property {boolean} [closed] the tab is closed before it is over, and the visitor comes back afterwards
 * @property {number} [burst] nothing is wrong; so many events in one task instead
 */

const asked = RegExp(process.env.CASES ?? "");

/** @type {Case[]} */
const ALL = [
  {name: "offline for 5 s", offline: true},
  {name: "offline, closed, back online", offline: true, closed: true},
  {name: "connections cut for 5 s", mode: "cut"},
  {name: "connections cut, closed, back", mode: "cut", closed: true},
  {name: "500 for 5 s", mode: "500"},
  {name: "taken for 5 s, no answer", mode: "lost"},
  {name: "60 events of a tab in one task", burst: 60},
];
/** Those whose name is asked for: CASES="offline|500". */
export const CASES = ALL.filter(({name}) => asked.test(name));

/**
 * @param {import("playwright-core").Browser} browser @param {import("./browser.mjs").Server} server
 * @param {string} client @param {Case} of
 */
async function outage(browser, server, client, {name, offline, mode, closed, burst}) {
  const tabs = await Promise.all(
    Array.from({length: TABS}, async (_, n) => {
      const context = await browser.newContext();
      const tab = `${name.replace(/\W+/g, "_")}-${client}-${n}`;
      return {tab, context, page: await open(context, server, client), wanted: ids(tab, burst ?? EVENTS)};
    }),
  );
  if (mode) server.mode(client, mode);
  await Promise.all(
    tabs.map(async ({tab, context, page}) => {
      if (offline) await context.setOffline(true);
      const begun = Date.now();
      if (burst) return void (await page.evaluate(`benchEvents(${JSON.stringify(tab)}, 0, ${burst}); undefined`));
      for (let i = 0; i < EVENTS; i++) {
        await page.evaluate(`benchEvents(${JSON.stringify(tab)}, ${i}, 1); undefined`);
        await pause(GAP);
      }
      if (closed) await page.close();
      await pause(LASTS - (Date.now() - begun));
      if (offline) await context.setOffline(false);
    }),
  );
  server.mode(client, "well");
  const counts = await Promise.all(
    tabs.map(async ({context, wanted}) => {
      if (closed) await open(context, server, client);
      await arrived(server, client, wanted, WAIT);
      await pause(3000);
      await context.close();
      return count(server, client, wanted);
    }),
  );
  return sum(counts);
}

/** @param {import("playwright-core").Browser} browser @param {import("./browser.mjs").Server} server @param {string[]} clients */
export async function outages(browser, server, clients) {
  /** @type {Record<string, Record<string, import("./browser.mjs").Count>>} */
  const seen = {};
  for (const of of CASES) {
    // Side by side: what takes the time is waiting.
    const counts = await Promise.all(clients.map((client) => outage(browser, server, client, of)));
    for (const [i, client] of clients.entries()) (seen[client] ??= {})[of.name] = /** @type {import("./browser.mjs").Count} */ (counts[i]);
    process.stderr.write(`  ${of.name}\n`);
  }
  return seen;
}

// Tabs that end in the moment after their events: 200 of them, each with five events in one task, a quarter of them each way.
//
//   tab     the tab is closed
//   window  the browser's window is closed, and its storage with it: a private one, whose visitor is new the next time
//   left    the visitor follows a link to another site, in the same task as the events
//   killed  the tab's process is gone without a word, as phones do it to what they need the memory of
//
// What has not arrived three seconds later was lost at once. Then the visitor comes back (but for "window"), and a page of the shop
// is open for as long as it takes, half a minute at most: what has not arrived then is lost.

import {arrived, count, ids, open, pause, soon, sum} from "./browser.mjs";

export const WAYS = /** @type {const} */ (["tab", "window", "left", "killed"]);
export const EVENTS = 5;
const BACK = 30_000;
/** Tabs of each client before all of them come back, and how many are opened or ended at a time. */
const TOGETHER = 20;
const AT_A_TIME = 6;

/** @typedef {import("./browser.mjs").Server} Server */
/** @typedef {import("./browser.mjs").Count} Count */
/** @typedef {{client: string, way: typeof WAYS[number], tab: string, wanted: string[], context?: import("./browser.mjs").Context, atOnce?: Count}} Tab */

/** Opens a tab, has its events happen, and ends it. @param {import("playwright-core").Browser} browser @param {Server} server @param {Tab} tab */
async function end(browser, server, tab) {
  const {client, way} = tab;
  const context = await soon(browser.newContext(), "a new window");
  const page = await soon(open(context, server, client), "a new tab");
  const events = `benchEvents(${JSON.stringify(tab.tab)}, 0, ${EVENTS})`;
  if (way === "killed") {
    const session = await soon(context.newCDPSession(page), "a session");
    await soon(page.evaluate(`${events}; undefined`), "events");
    await soon(Promise.race([session.send("Page.crash").catch(() => {}), new Promise((resolve) => page.once("crash", resolve))]), "killed");
  } else if (way === "left") {
    await soon(page.evaluate(`${events}; location.href = "${server.pages.replace("www.shop", "elsewhere")}/"; undefined`).catch(() => {}), "events");
    await page.waitForURL("**//elsewhere.*/**");
  } else {
    await soon(page.evaluate(`${events}; undefined`), "events");
    await soon((way === "tab" ? page : context).close(), way);
  }
  if (way !== "window") tab.context = context;
}

/** The visitor is back on a page of the shop. @param {Server} server @param {Tab} tab */
async function back(server, {context, client, wanted}) {
  if (!context) return;
  await soon(Promise.all(context.pages().map((page) => page.close())), "a tab that is closed");
  await soon(open(context, server, client), "the tab of who comes back");
  await arrived(server, client, wanted, BACK);
  // Time for a second copy.
  await pause(1500);
  await soon(context.close(), "a window that is closed");
}

/**
 * A tab that hangs is left out, and another is opened in its place.
 * @param {Tab} tab @param {(tab: Tab) => Promise<void>} run
 */
async function orAnother(tab, run) {
  for (let again = 1; again < 5; again++) {
    try {
      return await run(tab);
    } catch (error) {
      process.stderr.write(`  ${tab.tab}: ${error instanceof Error ? error.message.split("\n")[0] : error}; another tab\n`);
      tab.tab += "a";
      tab.wanted = ids(tab.tab, EVENTS);
    }
  }
}

/** @template T @param {T[]} list @param {number} atATime @param {(one: T) => Promise<void>} run */
async function each(list, atATime, run) {
  const left = [...list];
  await Promise.all(
    Array.from({length: atATime}, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await run(one);
    }),
  );
}

/**
 * @param {import("playwright-core").Browser} browser @param {Server} server
 * @param {string[]} clients @param {number} number of tabs of each client
 */
export async function closing(browser, server, clients, number) {
  /** @type {Tab[]} */
  const all = [];
  for (let first = 0; first < number; first += TOGETHER) {
    /** @type {Tab[]} */
    const tabs = [];
    for (let n = first; n < Math.min(number, first + TOGETHER); n++) {
      for (const client of clients) {
        const tab = `close-${client}-${n}`;
        tabs.push({client, way: WAYS[n % WAYS.length] ?? "tab", tab, wanted: ids(tab, EVENTS)});
      }
    }
    await each(tabs, AT_A_TIME, (tab) => orAnother(tab, (one) => end(browser, server, one)));
    await pause(3000);
    for (const tab of tabs) tab.atOnce = count(server, tab.client, tab.wanted);
    await each(tabs, TOGETHER, (tab) => back(server, tab).catch((error) => void process.stderr.write(`  ${tab.tab}: ${error.message}\n`)));
    all.push(...tabs);
    process.stderr.write(`  ended ${all.length / clients.length} of ${number} tabs of each\n`);
  }
  /** @param {string} client @param {typeof WAYS[number][]} ways */
  return (client, ways) => {
    const mine = all.filter((tab) => tab.client === client && ways.includes(tab.way));
    return {
      atOnce: sum(mine.flatMap(({atOnce}) => atOnce ?? [])),
      later: sum(mine.map(({wanted}) => count(server, client, wanted))),
    };
  };
}

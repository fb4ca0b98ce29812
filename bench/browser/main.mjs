// The browser clients side by side: what they weigh, what they cost the page, and what they lose. Real Chromium, the same page and the
// same events for each, in turn within one run. Nothing here is asserted; docs/bench.md tells what the figures mean.
//
//   node bench/browser/main.mjs                                  all of it, the better part of an hour on two cores
//   TABS=8 ROUNDS=1 CLIENTS=edgetally node bench/browser/main.mjs   one client, quickly
//   ONLY=closing,outages node bench/browser/main.mjs

import {launch} from "./browser.mjs";
import {CLIENTS, CONSENT, page, scripts, sizes, snippet, version} from "./bundles.mjs";
import {closing, EVENTS, WAYS} from "./closing.mjs";
import {cost, requests} from "./cost.mjs";
import {CASES, outages} from "./outages.mjs";
import {LINE, serve} from "./server.mjs";

const tabs = Number(process.env.TABS ?? 200);
const rounds = Number(process.env.ROUNDS ?? 15);
const clients = process.env.CLIENTS?.split(",") ?? Object.keys(CLIENTS);
const only = process.env.ONLY?.split(",") ?? ["size", "cost", "requests", "closing", "outages"];

const served = new Map();
const server = await serve((client) => page(client, server.collector), served);
for (const [path, code] of await scripts(server.collector)) served.set(path, code);
const browser = await launch();

/** @param {string} name @param {(client: string) => string | number} cell */
const row = (name, cell) => console.log(`  ${name.padEnd(40)}${clients.map((client) => String(cell(client)).padStart(13)).join("")}`);
const head = (/** @type {string} */ title) => {
  console.log(`\n${title}`);
  row("", (client) => client);
};
const kilobytes = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`;

console.log(`Chromium ${browser.version()}, node ${process.versions.node}; a line of ${LINE} ms each way between browser and receiver`);
for (const client of clients) {
  const named = (CLIENTS[client] ?? []).map((name) => `${name} ${version(name)}`);
  console.log(`  ${client}: ${named.join(" + ") || `this tree; consent sources ${CONSENT.join(", ") || "none but the site's own word"}`}`);
}

if (only.includes("size")) {
  head("What the page loads");
  const of = (/** @type {string} */ client) => sizes((client === "edgetally" ? snippet() : "") + served.get(`/scripts/${client}.js`));
  row("gzipped", (client) => kilobytes(of(client).gzip));
  row("brotli", (client) => kilobytes(of(client).brotli));
  row("as it is", (client) => kilobytes(of(client).raw));
}

if (only.includes("cost")) {
  const seen = await cost(browser, server, clients, rounds);
  head(`CPU of the main thread, medians of ${rounds} rounds, over the same page without a client`);
  row("until ready", (client) => `${seen[client]?.ready.toFixed(1)} ms`);
  row("per event, until it is answered", (client) => `${seen[client]?.event.toFixed(3)} ms`);
}

if (only.includes("requests")) {
  const seen = await requests(browser, server, clients);
  head("Requests, permissions asked for (CORS) included");
  row("before the first event", (client) => seen[client]?.before ?? "");
  row("ten events at once", (client) => seen[client]?.together ?? "");
  row("  their bytes", (client) => kilobytes(seen[client]?.bytes ?? NaN));
  row("ten events, one every half second", (client) => seen[client]?.apart ?? "");
}

if (only.includes("closing")) {
  const seen = await closing(browser, server, clients, tabs);
  head(`Lost of ${tabs * EVENTS} events, when the tab ends in the moment after: ${tabs} tabs with ${EVENTS} events`);
  row("when it has ended", (client) => seen(client, [...WAYS]).atOnce.lost);
  for (const way of WAYS) row(`  ${way}`, (client) => `${seen(client, [way]).atOnce.lost} of ${seen(client, [way]).atOnce.sent}`);
  row("when the visitor has come back", (client) => seen(client, [...WAYS]).later.lost);
  for (const way of WAYS.filter((way) => way !== "window")) row(`  ${way}`, (client) => `${seen(client, [way]).later.lost} of ${seen(client, [way]).later.sent}`);
  row("copies too many at the receiver", (client) => seen(client, [...WAYS]).later.doubles);
  row("  under an id of their own", (client) => seen(client, [...WAYS]).later.strangers);
}

if (only.includes("outages")) {
  const seen = await outages(browser, server, clients);
  const of = (/** @type {string} */ name) => seen[clients[0] ?? ""]?.[name]?.sent;
  head("Lost / copies too many, when events cannot arrive for a while");
  for (const {name} of CASES) row(`${name}, of ${of(name)}`, (client) => `${seen[client]?.[name]?.lost} / ${seen[client]?.[name]?.doubles}`);
  row("copies under an id of their own", (client) => CASES.reduce((all, {name}) => all + (seen[client]?.[name]?.strangers ?? 0), 0));
}

await browser.close();
server.close();
